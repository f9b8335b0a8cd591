/* Programs: which there are, when they are checked, and what is published of what was found. A file's
 * diagnostics are those of all programs that read it. */
#include <stdlib.h>

#include "compiler/check.h"
#include "compiler/lsp.h"

enum { ITEMS_MAX = 500 }; /* diagnostics of one file of one program */

/* ---- compilations over buffers ----------------------------------------------------------------- */

static bool overlay(void *context, struct slice path, struct slice *text)
{
    struct lsp *s = context;
    struct buf clean = {0};
    lsp_path_clean(path, &clean);
    const struct lsp_doc *d = lsp_doc_by_path(s, buf_view(&clean));
    bool found = d || s->no_files;
    *text = d ? buf_view(&d->text) : SLICE("");
    for (uint32_t i = 0; i < s->ntrials; i++)
        if (slice_eq(s->trials[i].path, buf_view(&clean))) {
            *text = s->trials[i].text;
            found = true;
        }
    buf_free(&clean);
    return found;
}

void lsp_compilation_begin(struct lsp *s, struct compilation *c)
{
    compilation_begin(c);
    c->sources.overlay = overlay;
    c->sources.overlay_context = s;
}

/* ---- which programs ---------------------------------------------------------------------------- */

void lsp_program_free(struct lsp_program *p)
{
    buf_free(&p->root);
    arena_free(&p->arena);
    free(p);
}

static void want(struct lsp *s, struct slice root)
{
    for (struct lsp_program *p = s->programs; p; p = p->next)
        if (slice_eq(buf_view(&p->root), root)) {
            p->wanted = true;
            return;
        }
    struct lsp_program *p = lsp_alloc(sizeof *p);
    buf_slice(&p->root, root);
    p->wanted = p->stale = true;
    p->next = s->programs;
    s->programs = p;
}

/* Makes the programs that open documents are part of, and lets go of others. */
static void settle(struct lsp *s)
{
    for (struct lsp_program *p = s->programs; p; p = p->next)
        p->wanted = false;
    for (struct lsp_doc *d = s->docs; d; d = d->next)
        for (uint32_t i = 0; i < d->roots.n; i++)
            want(s, d->roots.v[i]);
    for (struct lsp_program **at = &s->programs; *at;) {
        struct lsp_program *p = *at;
        if (p->wanted) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        lsp_program_free(p);
    }
}

void lsp_all_stale(struct lsp *s)
{
    s->stale = true;
    for (struct lsp_program *p = s->programs; p; p = p->next)
        p->stale = true;
}

static struct lsp_findings *findings(struct lsp_program *p, struct slice path)
{
    for (uint32_t i = 0; i < p->files.n; i++)
        if (slice_eq(p->files.v[i].path, path))
            return &p->files.v[i];
    return NULL;
}

void lsp_path_changed(struct lsp *s, struct slice path)
{
    s->stale = true;
    for (struct lsp_program *p = s->programs; p; p = p->next)
        p->stale |= findings(p, path) != NULL;
}

struct slice lsp_root_of(struct lsp *s, struct slice path)
{
    for (struct lsp_program *p = s->programs; p; p = p->next)
        if (findings(p, path))
            return buf_view(&p->root);
    return SLICE("");
}

bool lsp_is_stale(const struct lsp *s)
{
    return s->stale;
}

/* ---- checking ---------------------------------------------------------------------------------- */

static bool is_there(const struct lsp_findings *f, struct slice item)
{
    for (uint32_t i = 0; i < f->items.n; i++)
        if (slice_eq(f->items.v[i], item))
            return true;
    return false;
}

/* The diagnostics whose place is in source `id` (or nowhere, which counts as the first file). */
static void collect(struct lsp *s, struct lsp_program *p, struct compilation *c, uint32_t id)
{
    struct buf clean = {0}, item = {0};
    struct lsp_lines lines = {0};
    lsp_path_clean(c->sources.files.v[id]->path, &clean);
    struct lsp_findings *f = findings(p, buf_view(&clean));
    if (!f) {
        f = vec_push(&p->arena, &p->files);
        f->path = arena_copy(&p->arena, buf_view(&clean));
    }
    for (uint32_t i = 0; i < c->diags.list.n && f->items.n < ITEMS_MAX; i++) {
        const struct diag *x = c->diags.list.v[i];
        uint32_t file = x->primary.span.file;
        if (file != id && !(id == 0 && file >= c->sources.files.n))
            continue;
        if (!lines.starts.n)
            lsp_lines_make(&c->arena, c->sources.files.v[id]->text, s->utf8, &lines);
        item.len = 0;
        lsp_diagnostic(s, &c->diags, x, &lines, &item);
        if (!is_there(f, buf_view(&item)))
            vec_add(&p->arena, &f->items, arena_copy(&p->arena, buf_view(&item)));
    }
    buf_free(&clean);
    buf_free(&item);
}

static void check(struct lsp *s, struct lsp_program *p)
{
    struct compilation c;
    arena_free(&p->arena);
    p->arena = (struct arena){0};
    memset(&p->files, 0, sizeof p->files);
    p->stale = false;
    lsp_compilation_begin(s, &c);
    check_file(&c, arena_copy(&c.arena, buf_view(&p->root)).p);
    for (uint32_t i = 0; i < c.sources.files.n; i++)
        collect(s, p, &c, i);
    compilation_end(&c);
}

/* ---- publishing -------------------------------------------------------------------------------- */

static struct lsp_published *published(struct lsp *s, struct slice path)
{
    for (struct lsp_published *p = s->published; p; p = p->next)
        if (slice_eq(buf_view(&p->path), path))
            return p;
    struct lsp_published *p = lsp_alloc(sizeof *p);
    buf_slice(&p->path, path);
    p->next = s->published;
    s->published = p;
    return p;
}

/* What all programs found in the file. */
static void merge(struct lsp *s, struct slice path, struct buf *items)
{
    struct arena a = {0};
    struct lsp_findings all = {0};
    for (struct lsp_program *p = s->programs; p; p = p->next) {
        const struct lsp_findings *f = findings(p, path);
        for (uint32_t i = 0; f && i < f->items.n; i++)
            if (!is_there(&all, f->items.v[i]))
                vec_add(&a, &all.items, f->items.v[i]);
    }
    for (uint32_t i = 0; i < all.items.n; i++) {
        buf_str(items, i ? "," : "");
        buf_slice(items, all.items.v[i]);
    }
    arena_free(&a);
}

/* Publishes where there is something new, and for each version of an open document. */
static void publish(struct lsp *s, struct slice path)
{
    struct lsp_doc *d = lsp_doc_by_path(s, path);
    struct lsp_published *p = published(s, path);
    struct buf items = {0}, params = {0};
    merge(s, path, &items);
    if ((d && !d->told) || !slice_eq(buf_view(&items), buf_view(&p->items))) {
        if (d || !p->uri.len) {
            p->uri.len = 0;
            lsp_uri(s, path, &p->uri);
        }
        buf_str(&params, "{\"uri\":");
        buf_json(&params, buf_view(&p->uri));
        if (d && d->has_version)
            buf_printf(&params, ",\"version\":%lld", (long long)d->version);
        buf_printf(&params, ",\"diagnostics\":[%.*s]}", SLICE_ARG(buf_view(&items)));
        lsp_notify(s, "textDocument/publishDiagnostics", &params);
        p->items.len = 0;
        buf_slice(&p->items, buf_view(&items));
    }
    if (d)
        d->told = true;
    buf_free(&items);
    buf_free(&params);
}

void lsp_publish(struct lsp *s)
{
    s->stale = false;
    settle(s);
    for (struct lsp_program *p = s->programs; p; p = p->next)
        if (p->stale)
            check(s, p);
    for (struct lsp_doc *d = s->docs; d; d = d->next)
        publish(s, buf_view(&d->path));
    for (struct lsp_program *p = s->programs; p; p = p->next)
        for (uint32_t i = 0; i < p->files.n; i++)
            publish(s, p->files.v[i].path);
    for (struct lsp_published *p = s->published; p; p = p->next)
        publish(s, buf_view(&p->path)); /* what no program reads any more */
}
