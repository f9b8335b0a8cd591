/* Manifests; see manifest.h. Times, machines and absolute paths are not in it: a plan is the same wherever it
 * is built. */
#include "compiler/manifest.h"

#include "compiler/ir_print.h"
#include "compiler/json.h"
#include "runtime/base/hash.h"

/* ---- from a program ----------------------------------------------------------------------------- */

static struct slice listen_text(struct arena *a, const struct ir_listen *l)
{
    static const struct ip_addr any;
    char text[64];
    struct buf b = {0};
    if (memcmp(l->addr.b, any.b, sizeof any.b) != 0) {
        ip_format(&l->addr, text);
        buf_printf(&b, strchr(text, ':') ? "[%s]" : "%s", text);
    }
    buf_printf(&b, ":%u", l->port);
    struct slice out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static void count_sets(struct manifest *m, const struct ir_program *p)
{
    for (uint32_t i = 0; i < p->sets.n; i++) {
        const struct ir_set *s = p->sets.v[i];
        m->counts.splits += s->is_split;
        m->counts.maps += s->is_map && !s->is_split;
        m->counts.lists += !s->is_map && s->name.len > 0;
        m->counts.map_rows += s->is_map && !s->is_split ? s->rows.n : 0;
    }
}

static void describe_splits(struct manifest *m, struct arena *a, const struct ir_program *p)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < p->sets.n; i++) {
        const struct ir_set *s = p->sets.v[i];
        if (!s->is_split)
            continue;
        struct manifest_split *x = vec_push(a, &m->splits);
        x->name = s->name;
        for (uint32_t j = 0; j < s->rows.n; j++) {
            const struct ir_row *r = &s->rows.v[j];
            b.len = 0;
            buf_printf(&b, "%.*s ", SLICE_ARG(r->backend->name));
            ir_print_percent(r->key.range.hi + 1 - r->key.range.lo, &b);
            vec_add(a, &x->shares, arena_copy(a, buf_view(&b)));
        }
    }
    buf_free(&b);
}

void manifest_describe(struct manifest *m, struct arena *a, const struct ir_program *p,
                       const struct lowered *l)
{
    m->edition = p->edition;
    m->counts.frontends = p->frontends.n;
    m->counts.backends = p->backends.n;
    m->counts.checks = p->checks.n;
    count_sets(m, p);
    describe_splits(m, a, p);
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        struct manifest_frontend *x = vec_push(a, &m->frontends);
        x->name = f->name;
        for (uint32_t j = 0; j < f->listens.n; j++)
            vec_add(a, &x->listens, listen_text(a, &f->listens.v[j]));
    }
    for (uint32_t i = 0; i < p->backends.n; i++) {
        vec_add(a, &m->backends,
                ((struct manifest_backend){p->backends.v[i]->name, p->backends.v[i]->servers.n}));
        m->counts.servers += p->backends.v[i]->servers.n;
    }
    if (l) {
        m->counts.rules = l->rules;
        m->counts.rows = l->rows;
        m->counts.pred_shapes = l->pred_shapes;
        m->counts.value_shapes = l->value_shapes;
    }
}

void manifest_add_sources(struct manifest *m, struct arena *a, const struct sources *s)
{
    for (uint32_t i = 0; i < s->files.n; i++) {
        char digest[33];
        const struct source *f = s->files.v[i];
        hash_hex(f->text, digest);
        vec_add(a, &m->sources,
                ((struct manifest_source){f->path, arena_copy(a, slice_of(digest)), f->text.len}));
    }
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void write_text(struct buf *b, const char *name, struct slice value)
{
    buf_printf(b, "\"%s\": ", name);
    buf_json(b, value);
}

static void write_number(struct buf *b, const char *name, uint64_t value)
{
    buf_printf(b, "\"%s\": %llu", name, (unsigned long long)value);
}

/* What stands before item `i` of a list with an item a line. */
static void write_line(struct buf *b, uint32_t i)
{
    buf_str(b, i ? ",\n    " : "\n    ");
}

/* {"name": NAME, "LIST": [texts]} */
static void write_named_list(struct buf *b, struct slice name, const char *list, const struct slice *v, uint32_t n)
{
    buf_char(b, '{');
    write_text(b, "name", name);
    buf_printf(b, ", \"%s\": [", list);
    for (uint32_t j = 0; j < n; j++) {
        buf_str(b, j ? ", " : "");
        buf_json(b, v[j]);
    }
    buf_str(b, "]}");
}

static void write_frontends(const struct manifest *m, struct buf *b)
{
    buf_str(b, "  \"frontends\": [");
    for (uint32_t i = 0; i < m->frontends.n; i++) {
        const struct manifest_frontend *f = &m->frontends.v[i];
        write_line(b, i);
        write_named_list(b, f->name, "listens", f->listens.v, f->listens.n);
    }
    buf_str(b, m->frontends.n ? "\n  ],\n" : "],\n");
}

static void write_splits(const struct manifest *m, struct buf *b)
{
    buf_str(b, "  \"splits\": [");
    for (uint32_t i = 0; i < m->splits.n; i++) {
        const struct manifest_split *s = &m->splits.v[i];
        write_line(b, i);
        write_named_list(b, s->name, "shares", s->shares.v, s->shares.n);
    }
    buf_str(b, m->splits.n ? "\n  ],\n" : "],\n");
}

static void write_backends(const struct manifest *m, struct buf *b)
{
    buf_str(b, "  \"backends\": [");
    for (uint32_t i = 0; i < m->backends.n; i++) {
        write_line(b, i);
        buf_char(b, '{');
        write_text(b, "name", m->backends.v[i].name);
        buf_str(b, ", ");
        write_number(b, "servers", m->backends.v[i].servers);
        buf_char(b, '}');
    }
    buf_str(b, m->backends.n ? "\n  ],\n" : "],\n");
}

static void write_sources(const struct manifest *m, struct buf *b)
{
    buf_str(b, "  \"sources\": [");
    for (uint32_t i = 0; i < m->sources.n; i++) {
        write_line(b, i);
        buf_char(b, '{');
        write_text(b, "path", m->sources.v[i].path);
        buf_str(b, ", ");
        write_number(b, "size", m->sources.v[i].size);
        buf_str(b, ", ");
        write_text(b, "digest", m->sources.v[i].digest);
        buf_char(b, '}');
    }
    buf_str(b, m->sources.n ? "\n  ]\n" : "]\n");
}

static void write_numbers(const struct manifest *m, struct buf *b)
{
    const char *comma = "";
#define SIZE(name) buf_str(b, comma), comma = ", ", write_number(b, #name, m->sizes.name);
    buf_str(b, "  \"sizes\": {");
    MANIFEST_SIZES(SIZE)
#undef SIZE
#define COUNT(name) buf_str(b, comma), comma = ", ", write_number(b, #name, m->counts.name);
    comma = "";
    buf_str(b, "},\n  \"counts\": {");
    MANIFEST_COUNTS(COUNT)
#undef COUNT
    buf_str(b, "},\n");
}

void manifest_write(const struct manifest *m, struct buf *b)
{
    buf_str(b, "{\n  ");
    write_number(b, "schema", m->schema);
    buf_str(b, ",\n  ");
    write_text(b, "digest", m->digest);
    buf_str(b, ",\n  ");
    write_text(b, "weir", m->weir);
    buf_str(b, ",\n  ");
    write_number(b, "language", m->edition);
    buf_str(b, ",\n  ");
    write_number(b, "abi", m->abi);
    buf_str(b, ",\n");
    write_numbers(m, b);
    write_frontends(m, b);
    write_backends(m, b);
    write_splits(m, b);
    write_sources(m, b);
    buf_str(b, "}\n");
}

/* ---- reading ------------------------------------------------------------------------------------ */

static uint64_t number_of(const struct json *object, const char *name)
{
    const struct json *x = json_member(object, name);
    return x && x->kind == JSON_NUMBER ? x->num : 0;
}

static struct slice text_of(const struct json *object, const char *name)
{
    const struct json *x = json_member(object, name);
    return x && x->kind == JSON_STRING ? x->text : SLICE("");
}

/* Item `i` of the list `name` of `object`, NULL behind its end. */
static const struct json *item_of(const struct json *object, const char *name, uint32_t i)
{
    const struct json *x = json_member(object, name);
    return x && x->kind == JSON_ARRAY && i < x->items.n ? &x->items.v[i] : NULL;
}

static void read_lists(struct manifest *m, struct arena *a, const struct json *top)
{
    const struct json *x, *y;
    for (uint32_t i = 0; (x = item_of(top, "sources", i)) != NULL; i++)
        vec_add(a, &m->sources,
                ((struct manifest_source){text_of(x, "path"), text_of(x, "digest"), number_of(x, "size")}));
    for (uint32_t i = 0; (x = item_of(top, "backends", i)) != NULL; i++)
        vec_add(a, &m->backends, ((struct manifest_backend){text_of(x, "name"), number_of(x, "servers")}));
    for (uint32_t i = 0; (x = item_of(top, "splits", i)) != NULL; i++) {
        struct manifest_split *s = vec_push(a, &m->splits);
        s->name = text_of(x, "name");
        for (uint32_t j = 0; (y = item_of(x, "shares", j)) != NULL; j++)
            vec_add(a, &s->shares, y->text);
    }
    for (uint32_t i = 0; (x = item_of(top, "frontends", i)) != NULL; i++) {
        struct manifest_frontend *f = vec_push(a, &m->frontends);
        f->name = text_of(x, "name");
        for (uint32_t j = 0; (y = item_of(x, "listens", j)) != NULL; j++)
            vec_add(a, &f->listens, y->text);
    }
}

bool manifest_read(struct manifest *m, struct arena *a, struct slice text, const char **why)
{
    const struct json *top = json_read(a, text), *sizes = json_member(top, "sizes"),
                      *counts = json_member(top, "counts");
    *m = (struct manifest){.schema = number_of(top, "schema"),
                           .edition = number_of(top, "language"),
                           .abi = number_of(top, "abi"),
                           .weir = text_of(top, "weir"),
                           .digest = text_of(top, "digest")};
    if (!top || m->schema != MANIFEST_SCHEMA) {
        *why = top ? "its manifest is of another schema" : "its manifest is damaged";
        return false;
    }
#define SIZE(name) m->sizes.name = number_of(sizes, #name);
    MANIFEST_SIZES(SIZE)
#undef SIZE
#define COUNT(name) m->counts.name = number_of(counts, #name);
    MANIFEST_COUNTS(COUNT)
#undef COUNT
    read_lists(m, a, top);
    return true;
}
