/* Formatting: the canonical layout as one edit, of the lines from the first to the last that change. */
#include "compiler/fmt.h"
#include "compiler/lsp.h"

/* Bytes of whole lines that `a` and `b` begin with alike. */
static size_t same_lines(struct slice a, struct slice b)
{
    size_t n = 0, line = 0;
    while (n < a.len && n < b.len && a.p[n] == b.p[n])
        if (a.p[n++] == '\n')
            line = n;
    return line;
}

/* The same at their ends. */
static size_t same_end(struct slice a, struct slice b)
{
    size_t n = 0, line = 0;
    while (n < a.len && n < b.len && a.p[a.len - 1 - n] == b.p[b.len - 1 - n]) {
        n++;
        if (n == a.len || n == b.len || (a.p[a.len - 1 - n] == '\n' && b.p[b.len - 1 - n] == '\n'))
            line = n;
    }
    return line;
}

static void put_edit(const struct lsp_lines *l, struct slice new, struct buf *out)
{
    struct slice old = l->text;
    size_t from = same_lines(old, new);
    size_t end = same_end(slice_from(old, from), slice_from(new, from));
    buf_str(out, "[{\"range\":");
    lsp_range(l, from, old.len - end, out);
    buf_str(out, ",\"newText\":");
    buf_json(out, (struct slice){new.p + from, new.len - end - from});
    buf_str(out, "}]");
}

void lsp_formatting(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_doc *d = lsp_doc_by_uri(s, json_member(m->json, "params"));
    struct compilation c;
    struct lsp_lines lines;
    struct buf laid_out = {0}, out = {0};
    if (!d) {
        lsp_reply_error(s, m, LSP_INVALID_PARAMS, SLICE("no such document is open"));
        return;
    }
    struct slice text = buf_view(&d->text);
    compilation_begin(&c);
    lsp_lines_make(&c.arena, text, s->utf8, &lines);
    enum fmt_result r = fmt_source(&c, source_from_text(&c.sources, buf_view(&d->path), text), &laid_out);
    if (r == FMT_FAULT) {
        lsp_reply_error(s, m, LSP_REQUEST_FAILED,
                        SLICE("the formatter failed: this is a bug in weir, please report it"));
    } else {
        /* With syntax errors there is no layout; their messages are there already. */
        if (r == FMT_DONE && !slice_eq(buf_view(&laid_out), text))
            put_edit(&lines, buf_view(&laid_out), &out);
        else
            buf_str(&out, "[]");
        lsp_reply(s, m, &out);
    }
    buf_free(&laid_out);
    buf_free(&out);
    compilation_end(&c);
}
