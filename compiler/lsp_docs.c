/* Documents: the buffers that the editor has open, kept in step by its edits. */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/lsp.h"

enum { TEXT_MAX = 256 << 20 };

static const struct json *text_member(const struct json *j, const char *name)
{
    const struct json *x = json_member(j, name);
    return x && x->kind == JSON_STRING ? x : NULL;
}

void *lsp_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (!p) {
        fprintf(stderr, "weir: out of memory\n");
        exit(3);
    }
    return p;
}

struct lsp_doc *lsp_doc_by_path(struct lsp *s, struct slice path)
{
    for (struct lsp_doc *d = s->docs; d; d = d->next)
        if (slice_eq(buf_view(&d->path), path))
            return d;
    return NULL;
}

struct lsp_doc *lsp_doc_by_uri(struct lsp *s, const struct json *params)
{
    const struct json *uri = text_member(json_member(params, "textDocument"), "uri");
    struct buf path = {0};
    struct lsp_doc *d = uri && lsp_path_of_uri(uri->text, &path) ? lsp_doc_by_path(s, buf_view(&path)) : NULL;
    buf_free(&path);
    return d;
}

void lsp_doc_free(struct lsp_doc *d)
{
    buf_free(&d->uri);
    buf_free(&d->path);
    buf_free(&d->text);
    arena_free(&d->roots_arena);
    free(d);
}

void lsp_uri(struct lsp *s, struct slice path, struct buf *out)
{
    struct lsp_doc *d = lsp_doc_by_path(s, path);
    if (d)
        buf_slice(out, buf_view(&d->uri));
    else
        lsp_uri_of_path(path, out);
}

bool lsp_read_position(const struct json *j, struct lsp_position *out)
{
    const struct json *line = json_member(j, "line"), *character = json_member(j, "character");
    if (!line || line->kind != JSON_NUMBER || !character || character->kind != JSON_NUMBER)
        return false;
    out->line = line->num < UINT32_MAX ? (uint32_t)line->num : UINT32_MAX;
    out->character = character->num < UINT32_MAX ? (uint32_t)character->num : UINT32_MAX;
    return true;
}

/* The scanner reads up to a NUL behind the text. */
static void end_text(struct lsp_doc *d)
{
    *buf_reserve(&d->text, 1) = 0;
}

static void read_version(struct lsp_doc *d, const struct json *doc)
{
    const struct json *v = json_member(doc, "version");
    d->has_version = v && v->kind == JSON_NUMBER && v->num <= INT32_MAX;
    d->version = d->has_version ? (int64_t)v->num : 0;
}

void lsp_did_open(struct lsp *s, const struct json *params)
{
    const struct json *doc = json_member(params, "textDocument"), *uri = text_member(doc, "uri"),
                      *text = text_member(doc, "text");
    struct buf path = {0};
    if (!uri || !text || !lsp_path_of_uri(uri->text, &path)) {
        buf_free(&path);
        return;
    }
    struct lsp_doc *d = lsp_doc_by_path(s, buf_view(&path));
    if (!d) {
        d = lsp_alloc(sizeof *d);
        d->next = s->docs;
        s->docs = d;
        buf_slice(&d->path, buf_view(&path));
    }
    d->uri.len = d->text.len = 0;
    d->told = false;
    buf_slice(&d->uri, uri->text);
    buf_slice(&d->text, text->text);
    end_text(d);
    read_version(d, doc);
    buf_free(&path);
    for (struct lsp_doc *other = s->docs; other; other = other->next) /* it may be what imports another */
        lsp_find_roots(s, other);
    lsp_all_stale(s);
}

/* Puts `text` in the place of bytes `from` to `to`. */
static void splice(struct buf *b, size_t from, size_t to, struct slice text)
{
    size_t rest = b->len - to;
    buf_reserve(b, text.len + 1);
    memmove(b->p + from + text.len, b->p + to, rest);
    if (text.len)
        memcpy(b->p + from, text.p, text.len);
    b->len = from + text.len + rest;
}

static void apply(struct lsp *s, struct lsp_doc *d, const struct json *change)
{
    const struct json *text = text_member(change, "text"), *range = json_member(change, "range");
    struct lsp_position from, to;
    if (!text)
        return;
    if (!range || range->kind != JSON_OBJECT) {
        d->text.len = 0;
        buf_slice(&d->text, text->text);
    } else if (lsp_read_position(json_member(range, "start"), &from) &&
               lsp_read_position(json_member(range, "end"), &to) &&
               d->text.len + text->text.len <= TEXT_MAX) {
        struct arena a = {0};
        struct lsp_lines l;
        lsp_lines_make(&a, buf_view(&d->text), s->utf8, &l);
        size_t at = lsp_offset_of(&l, from), end = lsp_offset_of(&l, to);
        splice(&d->text, at < end ? at : end, at < end ? end : at, text->text);
        arena_free(&a);
    }
    end_text(d);
}

void lsp_did_change(struct lsp *s, const struct json *params)
{
    struct lsp_doc *d = lsp_doc_by_uri(s, params);
    const struct json *changes = json_member(params, "contentChanges");
    if (!d || !changes || changes->kind != JSON_ARRAY)
        return;
    for (uint32_t i = 0; i < changes->items.n; i++)
        apply(s, d, &changes->items.v[i]);
    read_version(d, json_member(params, "textDocument"));
    d->told = false;
    lsp_path_changed(s, buf_view(&d->path));
}

void lsp_did_close(struct lsp *s, const struct json *params)
{
    struct lsp_doc *d = lsp_doc_by_uri(s, params), **at = &s->docs;
    if (!d)
        return;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    lsp_doc_free(d);
    for (struct lsp_doc *other = s->docs; other; other = other->next)
        lsp_find_roots(s, other);
    lsp_all_stale(s);
}
