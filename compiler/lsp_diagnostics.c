/* Diagnostics and their fixes in the protocol's form. */
#include "compiler/check.h"
#include "compiler/lsp.h"

enum level { ERROR = 1, WARNING = 2 }; /* DiagnosticSeverity */
static const struct {
    const char *code;
    enum level level;
} codes[] = {
#define DIAG(code, level, title) [DIAG_##code] = {#code, level},
#include "grammar/diagnostics.def"
#undef DIAG
};

static void put_position(struct lsp_position at, struct buf *out)
{
    buf_printf(out, "{\"line\":%u,\"character\":%u}", at.line, at.character);
}

void lsp_range(const struct lsp_lines *l, size_t from, size_t to, struct buf *out)
{
    buf_str(out, "{\"start\":");
    put_position(lsp_position_of(l, from), out);
    buf_str(out, ",\"end\":");
    put_position(lsp_position_of(l, to), out);
    buf_char(out, '}');
}

/* The message with what helps: editors show one text. */
static void put_message(const struct diag *x, struct buf *out)
{
    struct buf text = {0};
    buf_slice(&text, x->message);
    if (x->primary.text.len)
        buf_printf(&text, " (%.*s)", SLICE_ARG(x->primary.text));
    for (uint32_t i = 0; i < x->notes.n; i++)
        buf_printf(&text, "\nnote: %.*s", SLICE_ARG(x->notes.v[i]));
    for (uint32_t i = 0; i < x->helps.n; i++)
        buf_printf(&text, "\nhelp: %.*s", SLICE_ARG(x->helps.v[i]));
    buf_json(out, buf_view(&text));
    buf_free(&text);
}

static void put_related(struct lsp *s, const struct diags *d, const struct diag *x,
                        const struct lsp_lines *own, struct buf *out)
{
    bool any = false;
    for (uint32_t i = 0; i < x->secondary.n; i++) {
        const struct diag_label *l = &x->secondary.v[i];
        if (l->span.file >= d->sources->files.n)
            continue;
        struct source *src = d->sources->files.v[l->span.file];
        struct lsp_lines lines = *own;
        struct buf clean = {0}, uri = {0};
        if (src->text.p != own->text.p)
            lsp_lines_make(d->arena, src->text, s->utf8, &lines);
        lsp_path_clean(src->path, &clean);
        lsp_uri(s, buf_view(&clean), &uri);
        buf_str(out, any ? ",{\"location\":{\"uri\":" : ",\"relatedInformation\":[{\"location\":{\"uri\":");
        buf_json(out, buf_view(&uri));
        buf_str(out, ",\"range\":");
        lsp_range(&lines, l->span.off, l->span.off + l->span.len, out);
        buf_str(out, "},\"message\":");
        buf_json(out, l->text.len ? l->text : SLICE("here"));
        buf_char(out, '}');
        any = true;
        buf_free(&clean);
        buf_free(&uri);
    }
    buf_str(out, any ? "]" : "");
}

void lsp_diagnostic(struct lsp *s, const struct diags *d, const struct diag *x, const struct lsp_lines *lines,
                    struct buf *out)
{
    struct span at = x->primary.span;
    if (at.file >= d->sources->files.n)
        at = (struct span){0, 0, 0};
    buf_str(out, "{\"range\":");
    lsp_range(lines, at.off, (size_t)at.off + at.len, out);
    buf_printf(out, ",\"severity\":%d,\"code\":\"%s\",\"source\":\"weir\",\"message\":", codes[x->code].level,
               codes[x->code].code);
    put_message(x, out);
    if (s->related)
        put_related(s, d, x, lines, out);
    if (x->code == DIAG_W0505 || x->code == DIAG_W0501)
        buf_str(out, ",\"tags\":[1]"); /* Unnecessary */
    buf_char(out, '}');
}

/* ---- fixes ------------------------------------------------------------------------------------- */

static void put_title(const struct diag *x, struct slice old, struct buf *out)
{
    struct buf t = {0};
    struct slice text = x->fix_text;
    while (text.len && text.p[text.len - 1] == '\n')
        text.len--;
    if (x->more_edits.n && x->helps.n) /* several places: the help says what is done */
        buf_slice(&t, x->helps.v[x->helps.n - 1]);
    else if (!old.len)
        buf_printf(&t, "Insert `%.*s`", SLICE_ARG(text));
    else if (!text.len)
        buf_printf(&t, "Remove `%.*s`", SLICE_ARG(old));
    else
        buf_printf(&t, "Replace by `%.*s`", SLICE_ARG(text));
    buf_json(out, buf_view(&t));
    buf_free(&t);
}

static void put_action(struct lsp *s, struct lsp_analysis *a, const struct diag *x, struct buf *out)
{
    struct source *src = a->c.sources.files.v[x->fix_at.file];
    struct slice old = {src->text.p + x->fix_at.off, x->fix_at.len};
    buf_str(out, "{\"title\":");
    put_title(x, old, out);
    buf_printf(out, ",\"kind\":\"quickfix\",\"isPreferred\":%s,\"diagnostics\":[",
               x->applicability == FIX_SAFE ? "true" : "false");
    lsp_diagnostic(s, &a->c.diags, x, &a->lines, out);
    buf_str(out, "],\"edit\":{\"changes\":{");
    buf_json(out, buf_view(&a->doc->uri));
    buf_str(out, ":[{\"range\":");
    lsp_range(&a->lines, x->fix_at.off, (size_t)x->fix_at.off + x->fix_at.len, out);
    buf_str(out, ",\"newText\":");
    buf_json(out, x->fix_text);
    for (uint32_t i = 0; i < x->more_edits.n; i++) { /* of the same file */
        const struct diag_edit *e = &x->more_edits.v[i];
        buf_str(out, "},{\"range\":");
        lsp_range(&a->lines, e->at.off, (size_t)e->at.off + e->at.len, out);
        buf_str(out, ",\"newText\":");
        buf_json(out, e->text);
    }
    buf_str(out, "}]}}}");
}

static bool touches(struct span at, uint32_t file, size_t from, size_t to)
{
    return at.file == file && at.off <= to && from <= (size_t)at.off + at.len;
}

void lsp_code_action(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    const struct json *range = json_member(json_member(m->json, "params"), "range");
    struct lsp_position from, to;
    struct buf out = {0};
    if (!lsp_read_position(json_member(range, "start"), &from) ||
        !lsp_read_position(json_member(range, "end"), &to)) {
        lsp_reply_error(s, m, LSP_INVALID_PARAMS, SLICE("`range` is missing"));
        return;
    }
    if (!lsp_analyse(s, m, &a))
        return;
    size_t first = lsp_offset_of(&a.lines, from), last = lsp_offset_of(&a.lines, to);
    buf_char(&out, '[');
    for (uint32_t i = 0; a.source && i < a.c.diags.list.n; i++) {
        const struct diag *x = a.c.diags.list.v[i];
        if (!x->has_fix || x->fix_at.file != a.source->id || x->primary.span.file != a.source->id ||
            (!touches(x->primary.span, a.source->id, first, last) &&
             !touches(x->fix_at, a.source->id, first, last)))
            continue;
        buf_str(&out, out.len > 1 ? "," : "");
        put_action(s, &a, x, &out);
    }
    buf_char(&out, ']');
    lsp_reply(s, m, &out);
    buf_free(&out);
    lsp_analysis_end(&a);
}
