/* The filter between scanner and grammar. It ends statements, keeps brackets balanced whatever the source holds, and so
 * lets the grammar recover: a missing partner is reported here, once, and supplied.
 *
 * note [lines]: a line's end ends the statement unless it stands in ( or [, or after an operator, or before a line
 * that begins with `if and or else |`. The decision needs the token after it, so one raw token is held back. */
#include <stdarg.h>
#include <stdio.h>

#include "compiler/parse_state.h"
#include "parser.h"

void parse_begin(struct parser *p, struct compilation *c, struct source *src)
{
    memset(p, 0, sizeof *p);
    p->arena = &c->arena;
    p->diags = &c->diags;
    p->source = src;
    p->at_line_start = true;
    parse_layout_begin(p);
    p->scanner = parse_scanner_new(p);
}

void parse_end(struct parser *p)
{
    parse_scanner_free(p->scanner);
    buf_free(&p->text);
}

struct span parse_span(const struct parser *p, uint32_t off, uint32_t end)
{
    return (struct span){p->source->id, off, end - off};
}

struct slice parse_clip(struct parser *p, struct slice s)
{
    enum { SHOWN = 40 };
    if (s.len <= SHOWN)
        return s;
    size_t n = SHOWN;
    while (n > 0 && (s.p[n] & 0xc0) == 0x80)
        n--;
    return arena_printf(p->arena, "%.*s…", (int)n, s.p);
}

struct diag *parse_report(struct parser *p, enum diag_code code, struct span at, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    p->quiet = true;
    if (++p->nerrors >= PARSE_ERRORS_MAX)
        p->gives_up = true;
    return diag_report(p->diags, code, at, "%s", text);
}

void parse_too_deep(struct parser *p, struct span at)
{
    if (!p->gives_up)
        parse_report(p, DIAG_E0107, at, "nested more than %d deep", PARSE_DEPTH_MAX);
    p->gives_up = true;
}

/* After these a statement goes on in the next line. `>` is none of them: it ends a type. */
static bool is_operator(int kind)
{
    switch (kind) {
    case AND: case OR: case NOT: case IN: case IF: case WHEN: case UNDER: case LIKE: case MATCHES: case CONTAINS:
    case STARTS_WITH: case ENDS_WITH: case EQ: case NE: case LE: case GE: case LT: case ARROW: case ASSIGN: case COLON:
    case COMMA: case PIPE: case PLUS: case MINUS: case STAR: case SLASH: case PERCENT:
        return true;
    default:
        return false;
    }
}

static bool continues_line(int kind)
{
    return kind == IF || kind == AND || kind == OR || kind == ELSE || kind == PIPE;
}

static bool ends_operand(int kind)
{
    switch (kind) {
    case ID: case LIT: case STR: case STAIL: case RPAREN: case RBRACKET: case TRUE: case FALSE:
        return true;
    default:
        return false;
    }
}

static bool begins_operand(int kind)
{
    switch (kind) {
    case ID: case LIT: case STR: case SHEAD: case LPAREN: case LBRACKET: case TRUE: case FALSE: case ACL: case LET: case TEMPLATE:
    case WHEN: case AT:
        return true;
    default:
        return false;
    }
}

static struct parse_open *top(struct parser *p)
{
    return p->nopen ? &p->open[p->nopen - 1] : NULL;
}

/* The innermost `{` or `"`, whichever is further in, and NULL at the top level. */
static const struct parse_open *frame(const struct parser *p)
{
    for (uint32_t i = p->nopen; i > 0; i--)
        if (p->open[i - 1].kind == '{' || p->open[i - 1].kind == '"')
            return &p->open[i - 1];
    return NULL;
}

bool parse_open_string(const struct parser *p, uint32_t *off)
{
    const struct parse_open *f = frame(p);
    if (f && f->kind == '"')
        *off = f->off;
    return f && f->kind == '"';
}

bool parse_in_interpolation(const struct parser *p)
{
    uint32_t off;
    return !p->newline && parse_open_string(p, &off); /* a string ends with its line */
}

bool parse_names_argument(struct parser *p, uint32_t *word_len)
{
    const struct parse_open *o = p->nopen ? &p->open[p->nopen - 1] : NULL;
    if (!o || o->kind != '(' || !o->is_call || (p->last.kind != CALL && p->last.kind != COMMA))
        return false;
    struct slice s = parse_lexeme(p);
    const char *colon = memchr(s.p, ':', s.len);
    *word_len = (uint32_t)(colon - s.p);
    bool digit_first = s.p[0] >= '0' && s.p[0] <= '9';
    if (digit_first || memchr(s.p, '.', *word_len) || colon[-1] == '-')
        return false;
    p->argument_end = p->off + *word_len;
    return true;
}

/* --- brackets without a partner ------------------------------------------------------------------- */

/* Returns the kind of the token to hand on, 0 to skip it. */
static int open_bracket(struct parser *p, char kind, const struct parse_token *t, bool is_call, int token)
{
    if (p->nopen == PARSE_DEPTH_MAX) {
        parse_too_deep(p, parse_span(p, t->off, t->off + 1));
        return 0;
    }
    bool in_brackets = p->nopen && p->open[p->nopen - 1].kind != '{';
    if (kind == '{' && in_brackets) {
        if (!p->quiet)
            parse_report(p, DIAG_E0100, parse_span(p, t->off, t->off + 1), "a block cannot stand in %s",
                         parse_in_interpolation(p) ? "a string" : "brackets");
        return 0;
    }
    if (kind == '{')
        parse_note_open(p, t);
    p->open[p->nopen++] =
        (struct parse_open){.kind = kind, .is_call = is_call, .off = t->off, .indent = p->indent, .head = p->head};
    return token;
}

static void report_unclosed_bracket(struct parser *p, const struct parse_open *o, uint32_t needed_at)
{
    if (p->quiet || p->gives_up)
        return;
    struct diag *d = parse_report(p, DIAG_E0101, parse_span(p, o->off, o->off + 1), "`%c` is not closed", o->kind);
    diag_secondary(p->diags, d, parse_span(p, needed_at, needed_at), "`%c` is missing here", o->kind == '(' ? ')' : ']');
}

/* What the indentation says about where the missing } belongs. */
static void report_unclosed_brace(struct parser *p)
{
    const struct parse_open *o = NULL;
    for (uint32_t i = 0; i < p->nopen; i++)
        if (p->open[i].kind == '{')
            o = &p->open[i];
    struct parse_open *early = p->closed_early.kind ? &p->closed_early : NULL;
    uint32_t ends = p->layout.indented ? o->seems_to_end : 0;
    for (uint32_t i = p->nopen; i > 0 && !ends && p->layout.indented; i--)
        if (p->open[i - 1].kind == '{' && p->open[i - 1].seems_to_end) {
            o = &p->open[i - 1];
            ends = o->seems_to_end;
        }
    if (early && (!ends || p->closed_early_by < ends)) {
        o = early;
        ends = early->seems_to_end ? early->seems_to_end : p->closed_early_by;
    }
    parse_propose_close(p, o, ends);
    struct diag *d = parse_report(p, DIAG_E0101, parse_span(p, o->off, o->off + 1), "`{` is not closed");
    diag_label(p->diags, d, "opened here");
    if (ends)
        parse_say_end(p, d, ends);
    else
        diag_secondary(p->diags, d, parse_span(p, p->last.off + p->last.len, p->last.off + p->last.len),
                       "the file ends before its `}`");
}

static int close_top(struct parser *p)
{
    struct parse_open *o = &p->open[--p->nopen];
    switch (o->kind) {
    case '(':
        return RPAREN;
    case '[':
        return RBRACKET;
    case '"':
        p->value.expr = parse_string_unclosed(p, NULL);
        return STAIL;
    default:
        return RBRACE;
    }
}

/* True where the bracket `o` is closed further on in the line of `t`: then it is `t`, a brace, that is out of place. */
static bool is_closed_later(const struct parser *p, const struct parse_open *o, const struct parse_token *t)
{
    enum { LOOK_AHEAD = 200 };
    struct slice text = p->source->text;
    char closer = o->kind == '(' ? ')' : ']';
    int depth = 0;
    for (size_t i = t->off + 1; i < text.len && i < t->off + LOOK_AHEAD && text.p[i] != '\n'; i++) {
        depth += text.p[i] == o->kind;
        depth -= text.p[i] == closer;
        if (depth < 0)
            return true;
    }
    return false;
}

/* Where `t` cannot come before what is open has been closed: the kind of the token that closes it, else 0. */
static int missing_closer(struct parser *p, const struct parse_token *t)
{
    struct parse_open *o = top(p);
    if (!o)
        return 0;
    uint32_t string;
    bool ends_all = t->kind == 0, in_string = parse_open_string(p, &string);
    if (in_string && (ends_all || p->newline)) {
        if (!p->quiet && !p->gives_up) {
            struct diag *d = parse_report(p, DIAG_E0105, parse_span(p, string, p->last.off + p->last.len),
                                          "the string does not end on its line");
            diag_note(p->diags, d, "`${` waits for its `}`");
        }
        return close_top(p);
    }
    if (o->kind == '(' || o->kind == '[') {
        bool new_statement = p->newline && ends_operand(p->last.kind) && begins_operand(t->kind);
        bool brace = (t->kind == LBRACE || t->kind == RBRACE) && !is_closed_later(p, o, t);
        if (ends_all || new_statement || brace || t->kind == SMID || t->kind == STAIL || p->semicolon) {
            report_unclosed_bracket(p, o, p->last.off + p->last.len);
            return close_top(p);
        }
        return 0;
    }
    if (ends_all && o->kind == '{') {
        if (!p->gives_up)
            report_unclosed_brace(p);
        p->gives_up = true; /* once */
        return close_top(p);
    }
    return 0;
}

/* The partner of `kind` was found at `t`. Returns the kind to hand on, 0 to skip it. */
static int close_bracket(struct parser *p, const struct parse_token *t, char kind)
{
    struct parse_open *o = top(p);
    struct span at = parse_span(p, t->off, t->off + 1);
    char close = kind == '(' ? ')' : kind == '[' ? ']' : '}';
    if (kind == '{' && o && o->kind != '{') {
        if (!p->quiet)
            parse_report(p, DIAG_E0101, at, "`}` cannot close `%c`", o->kind);
        return 0;
    }
    if (!o || o->kind == '"' || (o->kind == '{') != (kind == '{')) {
        if (kind == '{' && !o)
            parse_propose_open(p, t->off);
        if (!p->quiet) {
            struct diag *d = parse_report(p, DIAG_E0101, at, "`%c` closes nothing", close);
            bool alone = p->at_line_start || (p->last.kind == RBRACE && p->last.off + p->last.len == t->off);
            diag_label(p->diags, d, kind != '{' ? "nothing is open here"
                                    : alone     ? "every block before it is closed"
                                                : "a `{` is missing before it in this line, or this is too many");
            if (kind != '{')
                diag_fix(d, FIX_MAYBE, at, SLICE(""));
        }
        return 0;
    }
    if (o->kind != kind && !p->quiet) {
        struct diag *d = parse_report(p, DIAG_E0101, at, "`%c` cannot close `%c`", close, o->kind);
        diag_secondary(p->diags, d, parse_span(p, o->off, o->off + 1), "opened here");
        diag_fix(d, FIX_MAYBE, at, o->kind == '(' ? SLICE(")") : SLICE("]"));
    }
    if (kind == '{') {
        parse_note_close(p, o, t);
        p->head = o->head; /* `else` goes on with it */
    }
    if (kind == '{' && p->at_line_start && p->indent < o->indent && !p->closed_early.kind) {
        p->closed_early = *o;
        p->closed_early_by = t->off;
    }
    return close_top(p);
}

/* A line in a block that is indented like the line which opens the block: perhaps a } is missing before it. */
static void note_indentation(struct parser *p, const struct parse_token *t)
{
    struct parse_open *o = top(p);
    p->layout.indented |= p->indent > 0;
    if (o && o->kind == '{' && !o->seems_to_end && p->indent <= o->indent && t->kind != RBRACE && t->off > o->off)
        o->seems_to_end = t->off;
}

/* --- the stream ----------------------------------------------------------------------------------- */

/* Holds the next token, and what of lines came before it. */
static void read_raw(struct parser *p)
{
    bool outer = p->quiet;
    for (;;) {
        int kind = 0;
        if (p->gives_up)
            p->off = p->end;
        else
            kind = parse_scan(p);
        p->raw = (struct parse_token){kind, p->quiet, p->off, p->end - p->off, p->value};
        if (kind == SEMICOLON && parse_in_interpolation(p)) {
            parse_report(p, DIAG_E0106, parse_span(p, p->off, p->end), "`;` has no meaning in a string's `${…}`");
            continue;
        }
        if (kind == LINE || kind == SEMICOLON)
            p->quiet = false;
        if (kind == LINE) {
            p->newline = true;
            p->line_start = p->end;
            p->at_line_start = true;
        } else if (kind == SEMICOLON) {
            p->semicolon = true;
        } else {
            break;
        }
    }
    p->has_raw = true;
    p->quiet = outer;
    if (p->at_line_start)
        p->indent = p->off - p->line_start;
}

static bool needs_end(const struct parser *p, const struct parse_token *t)
{
    int last = p->last.kind;
    if (last == 0 || last == NL || last == LBRACE)
        return false;
    if (t->kind == 0 || t->kind == RBRACE || p->semicolon)
        return true;
    return p->newline && !is_operator(last) && !continues_line(t->kind);
}

/* True where a string that does not end on its line holds the } of a block which begins there: `{ body "abc }`. */
static bool closes_swallowed(struct parser *p, const struct parse_token *t)
{
    const struct parse_open *o = top(p);
    if (p->swallowed && (p->newline || t->kind == 0)) {
        if (o && (o->kind != '{' || o->off >= p->swallowed_from))
            return o->kind == '{';
        p->swallowed = 0;
    }
    return false;
}

static struct parse_token hand_on(struct parser *p, struct parse_token t)
{
    if (p->last.kind == 0 || p->last.kind == NL || p->last.kind == LBRACE)
        p->head = t.kind == RBRACE ? p->head : t;
    p->before = p->last;
    p->last = t;
    if (p->ends_quiet)
        p->quiet = p->ends_quiet = false;
    p->quiet |= t.is_bad;
    if (t.kind == NL || t.kind == LBRACE)
        p->ends_quiet = true;
    return t;
}

/* A token that is not in the source, at the end of the last one. */
static struct parse_token supplied(struct parser *p, int kind)
{
    struct parse_token t = {kind, false, p->last.off + p->last.len, 0, p->value};
    return t;
}

struct parse_token parse_next(struct parser *p)
{
    for (;;) {
        if (!p->has_raw)
            read_raw(p);
        struct parse_token *t = &p->raw;
        bool at_brace = !p->nopen || p->open[p->nopen - 1].kind == '{';
        struct parse_token extra;
        if (p->repair.kind == REPAIR_SKIP && t->off == p->repair.at) {
            p->has_raw = p->at_line_start = false;
            p->repair.kind = REPAIR_DONE;
            continue;
        }
        if (parse_repair_next(p, at_brace, &extra))
            return hand_on(p, extra);
        bool swallowed = closes_swallowed(p, t);
        if (at_brace && (needs_end(p, t) || (swallowed && p->last.kind != NL && p->last.kind != LBRACE))) {
            p->newline = p->semicolon = swallowed && p->newline;
            p->joined = 0;
            return hand_on(p, supplied(p, NL));
        }
        if (at_brace && swallowed) {
            p->swallowed--;
            return hand_on(p, supplied(p, close_top(p)));
        }
        int closer = missing_closer(p, t);
        if (closer)
            return hand_on(p, supplied(p, closer));
        if (p->newline && at_brace && is_operator(p->last.kind))
            p->joined = p->last.off + p->last.len;
        if (p->at_line_start) {
            note_indentation(p, t);
            parse_note_layout(p, t);
        }

        p->has_raw = p->newline = p->semicolon = false;
        bool glued = t->off == p->last.off + p->last.len &&
                     (p->last.kind == ID || p->last.kind == RBRACKET || p->last.kind == RPAREN);
        switch (t->kind) {
        case LBRACE:
            t->kind = open_bracket(p, '{', t, false, LBRACE);
            break;
        case LPAREN:
            t->kind = open_bracket(p, '(', t, glued, glued ? CALL : LPAREN);
            break;
        case LBRACKET:
            t->kind = open_bracket(p, '[', t, glued, glued ? IDX : LBRACKET);
            break;
        case SHEAD:
            t->kind = open_bracket(p, '"', t, false, SHEAD);
            break;
        case STAIL:
            p->nopen--; /* the scanner goes on with a string only where one is open, and what is open in it was closed */
            break;
        case RBRACE:
            t->kind = close_bracket(p, t, '{');
            break;
        case RPAREN:
            t->kind = close_bracket(p, t, '(');
            break;
        case RBRACKET:
            t->kind = close_bracket(p, t, '[');
            break;
        default: /* a word after a dot is a name: bytes.in */
            if (p->last.kind == DOT && t->kind >= ACL && t->kind <= ENDS_WITH)
                t->kind = ID;
            break;
        }
        p->at_line_start = false;
        if (t->kind || p->raw.len == 0)
            return hand_on(p, *t);
    }
}
