/* Lays a source out: reads it, lets the passes decide, writes tokens and comments, and reads the result once more. A
 * formatter that loses a word would be worse than none, so what does not read back equal is not handed out. */
#include "compiler/fmt.h"

#include "compiler/fmt_state.h"
#include "compiler/parse.h"

static void spaces(struct buf *out, uint32_t n)
{
    if (n)
        memset(buf_reserve(out, n), ' ', n);
    out->len += n;
}

static void new_line(struct buf *out, bool blank)
{
    if (out->len)
        buf_str(out, blank ? "\n\n" : "\n");
}

/* Whether nothing stands in the block or bracket before token `i`, or there is no block yet. */
static bool is_first(const struct fmt *f, uint32_t i)
{
    return i == 0 || fmt_at(f, i - 1)->kind == LBRACE || fmt_opens(fmt_at(f, i - 1)->kind);
}

static bool closes(int kind)
{
    return kind == RBRACE || kind == RPAREN || kind == RBRACKET;
}

/* The comments before token `i`. */
static void write_comments(const struct fmt *f, uint32_t i, struct buf *out)
{
    const struct fmt_token *t = fmt_at(f, i);
    uint32_t indent = (uint32_t)t->line + (closes(t->kind) ? FMT_INDENT : 0);
    for (uint32_t k = 0; k < t->ncomments; k++) {
        const struct fmt_comment *c = &f->comments.v[t->comment + k];
        if (c->own_line) {
            new_line(out, c->after_blank && !(k == 0 && is_first(f, i)));
            spaces(out, indent);
        } else {
            spaces(out, 2 + c->pad);
        }
        buf_slice(out, c->text);
    }
}

static void write_token(const struct fmt *f, uint32_t i, struct buf *out)
{
    const struct fmt_token *t = fmt_at(f, i);
    bool ends_list = t->kind == RBRACKET && t->line != FMT_SAME_LINE && fmt_at(f, t->partner)->kind == LBRACKET;
    if (ends_list && t->partner + 1 < i)
        buf_char(out, ',');
    if (t->ncomments)
        write_comments(f, i, out);
    if (t->kind == 0) {
        new_line(out, false);
        return;
    }
    if (t->line != FMT_SAME_LINE) {
        bool blank = t->blank && t->keeps_blank && !(t->ncomments == 0 && is_first(f, i));
        new_line(out, blank);
        spaces(out, (uint32_t)t->line);
    } else {
        spaces(out, !t->glued + t->pad);
    }
    buf_slice(out, t->text);
}

/* --- the proof ------------------------------------------------------------------------------------ */

/* Whether both have the same words and comments in the same order. */
static bool is_same(const struct fmt *a, const struct fmt *b)
{
    if (a->tokens.n != b->tokens.n || a->comments.n != b->comments.n)
        return false;
    for (uint32_t i = 0; i < a->tokens.n; i++)
        if (a->tokens.v[i].kind != b->tokens.v[i].kind || a->tokens.v[i].ends != b->tokens.v[i].ends ||
            !slice_eq(a->tokens.v[i].text, b->tokens.v[i].text))
            return false;
    for (uint32_t i = 0; i < a->comments.n; i++)
        if (!slice_eq(a->comments.v[i].text, b->comments.v[i].text))
            return false;
    return true;
}

static bool reads_back(const struct fmt *f, struct slice text)
{
    struct compilation c;
    struct fmt again;
    compilation_begin(&c);
    struct source *src = source_from_text(&c.sources, f->source->path, arena_copy(&c.arena, text));
    parse_source(&c, src);
    bool same = c.diags.errors == 0;
    if (same) {
        fmt_read(&again, &c, src);
        same = is_same(f, &again);
    }
    compilation_end(&c);
    return same;
}

enum fmt_result fmt_source(struct compilation *c, struct source *src, struct buf *out)
{
    uint32_t errors = c->diags.errors;
    struct fmt f;
    struct buf text = {0};
    parse_source(c, src);
    if (c->diags.errors > errors)
        return FMT_REFUSED;
    fmt_read(&f, c, src);
    fmt_break(&f);
    fmt_align(&f);
    for (uint32_t i = 0; i < f.tokens.n; i++)
        write_token(&f, i, &text);
    bool same = reads_back(&f, buf_view(&text));
    if (same)
        buf_slice(out, buf_view(&text));
    buf_free(&text);
    return same ? FMT_DONE : FMT_FAULT;
}
