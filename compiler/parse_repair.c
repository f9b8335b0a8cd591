/* Braces without a partner. Where the braces of a file do not match, its layout says which one is wrong; the file is then
 * read again with that one left out or supplied, so that one mistake gives one message and all statements are seen where
 * they belong. Layout decides nothing else: a file whose braces match may be indented as it likes. */
#include "compiler/parse_state.h"
#include "parser.h"

enum { NOT_KNOWN = UINT32_MAX };

/* Called for each token that begins a line, before it is handed on: a statement that is indented deeper than those before
 * it in its block, though nothing was opened. */
void parse_note_layout(struct parser *p, const struct parse_token *t)
{
    bool begins = p->last.kind == 0 || p->last.kind == NL || p->last.kind == LBRACE;
    if (!begins || t->kind == 0 || t->kind == RBRACE)
        return;
    struct parse_open *o = p->nopen ? &p->open[p->nopen - 1] : NULL;
    uint32_t *inner = o ? &o->inner : &p->layout.top;
    if (!(o ? o->has_inner : p->layout.has_top)) {
        *inner = p->indent;
        *(o ? &o->has_inner : &p->layout.has_top) = true;
    } else if (p->indent > *inner && p->layout.deeper == NOT_KNOWN) {
        p->layout.deeper = t->off;
        p->layout.deeper_after = p->last.off;
        p->layout.has_head = p->last.kind == NL && p->before.kind != RBRACE && p->before.kind != 0;
    }
}

/* Called for each `}` that closes `o`. */
void parse_note_close(struct parser *p, const struct parse_open *o, const struct parse_token *t)
{
    bool odd = p->at_line_start ? p->indent != o->indent : o->off < p->line_start;
    if (odd && p->layout.odd_close == NOT_KNOWN)
        p->layout.odd_close = t->off;
}

/* Called for each `{`. */
void parse_note_open(struct parser *p, const struct parse_token *t)
{
    if (p->last.kind == LBRACE && p->last.off >= p->line_start && p->layout.doubled_open == NOT_KNOWN)
        p->layout.doubled_open = t->off;
}

void parse_layout_begin(struct parser *p)
{
    p->layout.deeper = p->layout.odd_close = p->layout.doubled_open = NOT_KNOWN;
}

/* The block `o` has no end; it `ends` (0: nothing says where) before that byte. */
void parse_propose_close(struct parser *p, const struct parse_open *o, uint32_t ends)
{
    if (p->repair.kind != REPAIR_NONE || p->proposal.kind != REPAIR_NONE)
        return;
    if (p->layout.doubled_open != NOT_KNOWN && (!ends || p->layout.doubled_open < ends))
        p->proposal = (struct parse_repair){.kind = REPAIR_SKIP, .at = p->layout.doubled_open};
    else if (ends)
        p->proposal = (struct parse_repair){.kind = REPAIR_CLOSE, .at = ends, .of = o->off, .indent = o->indent};
}

/* The `}` at `off` closes nothing. */
void parse_propose_open(struct parser *p, uint32_t off)
{
    uint32_t odd = p->layout.odd_close, deeper = p->layout.deeper;
    if (p->repair.kind != REPAIR_NONE || p->proposal.kind != REPAIR_NONE)
        return;
    if (odd != NOT_KNOWN && odd < off && (deeper == NOT_KNOWN || odd < deeper))
        p->proposal = (struct parse_repair){.kind = REPAIR_SKIP, .at = odd, .of = off};
    else if (deeper != NOT_KNOWN)
        p->proposal = (struct parse_repair){
            .kind = REPAIR_OPEN, .at = deeper, .of = off, .after = p->layout.deeper_after, .has_head = p->layout.has_head};
}

/* ---- the second reading -------------------------------------------------------------------------- */

static struct parse_token supplied(const struct parser *p, int kind)
{
    return (struct parse_token){kind, false, p->last.off + p->last.len, 0, p->value};
}

bool parse_repair_next(struct parser *p, bool at_brace, struct parse_token *out)
{
    const struct parse_token *t = &p->raw;
    bool begins = p->last.kind == 0 || p->last.kind == NL || p->last.kind == LBRACE;
    if (!at_brace || p->repair.kind == REPAIR_NONE || p->repair.kind == REPAIR_SKIP || t->off < p->repair.at || p->gives_up)
        return false;
    bool closes = p->repair.kind == REPAIR_CLOSE, attaches = !closes && p->repair.has_head;
    if ((closes && !p->nopen) || (!closes && p->nopen == PARSE_DEPTH_MAX)) {
        p->repair.kind = REPAIR_DONE;
        return false;
    }
    if (p->repair.kind == REPAIR_DONE)
        return false;
    if (!attaches && !begins) {
        *out = supplied(p, NL);
        return true;
    }
    p->repair.kind = REPAIR_DONE;
    *out = supplied(p, closes ? RBRACE : LBRACE);
    if (closes) {
        p->nopen--;
    } else {
        out->is_bad = !attaches; /* it has no statement: that is known */
        p->open[p->nopen++] = (struct parse_open){.kind = '{', .off = out->off};
    }
    return true;
}

/* ---- messages ------------------------------------------------------------------------------------ */

/* Before which word the indentation says that a block ends. */
void parse_say_end(struct parser *p, struct diag *d, uint32_t at)
{
    struct slice text = p->source->text;
    uint32_t to = at;
    while (to < text.len && !strchr(" \t\r\n;#{}()", text.p[to]) && to - at < 40)
        to++;
    if (to > at)
        diag_secondary(p->diags, d, parse_span(p, at, to), "the indentation suggests that it ends before `%.*s`",
                       (int)(to - at), text.p + at);
    else
        diag_secondary(p->diags, d, parse_span(p, at, at + 1), "the indentation suggests that it ends before this");
}

static void report_close(struct parser *p, const struct parse_repair *r)
{
    struct diag *d = diag_report(p->diags, DIAG_E0101, parse_span(p, r->of, r->of + 1), "`{` is not closed");
    diag_label(p->diags, d, "opened here");
    parse_say_end(p, d, r->at);
    uint32_t line = r->at;
    while (line > 0 && p->source->text.p[line - 1] != '\n')
        line--;
    diag_fix(d, FIX_MAYBE, parse_span(p, line, line), arena_printf(p->arena, "%*s}\n", (int)r->indent, ""));
    diag_help(p->diags, d, "add its `}` on a line before");
}

static void report_skip(struct parser *p, const struct parse_repair *r)
{
    bool opens = p->source->text.p[r->at] == '{';
    struct diag *d = diag_report(p->diags, DIAG_E0101, parse_span(p, r->at, r->at + 1), "one `%c` too many", opens ? '{' : '}');
    diag_label(p->diags, d, opens ? "this opens nothing" : "the indentation suggests that it is this one");
    if (!opens && r->of != r->at)
        diag_secondary(p->diags, d, parse_span(p, r->of, r->of + 1), "so this closes nothing");
    diag_fix(d, FIX_MAYBE, parse_span(p, r->at, r->at + 1), SLICE(""));
}

static void report_open(struct parser *p, const struct parse_repair *r)
{
    struct diag *d;
    if (r->has_head) {
        d = diag_report(p->diags, DIAG_E0101, parse_span(p, r->after, r->after), "the `{` of a block is missing");
        diag_label(p->diags, d, "the indentation suggests that a block begins here");
        diag_help(p->diags, d, "add it at the end of that line");
        diag_fix(d, FIX_MAYBE, parse_span(p, r->after, r->after), SLICE(" {"));
    } else {
        d = diag_report(p->diags, DIAG_E0101, parse_span(p, r->at, r->at), "a block without its head");
        diag_label(p->diags, d, "nothing opens a block before this line");
        diag_help(p->diags, d, "write the statement that these lines belong to, such as `backend NAME {`");
    }
    diag_secondary(p->diags, d, parse_span(p, r->of, r->of + 1), "this closes nothing");
}

void parse_report_repair(struct parser *p, const struct parse_repair *r)
{
    switch (r->kind) {
    case REPAIR_NONE:
    case REPAIR_DONE:
        break;
    case REPAIR_SKIP:
        report_skip(p, r);
        break;
    case REPAIR_CLOSE:
        report_close(p, r);
        break;
    case REPAIR_OPEN:
        report_open(p, r);
        break;
    }
}
