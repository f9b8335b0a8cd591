/* Lints of rows: a row within a wider one that gives the same value, and networks whose order misleads. Rows
 * are sorted so that a wider one stands right before those within it; kinds of keys that match exactly have
 * neither. */
#include "compiler/lint.h"

#include <stdlib.h>

enum { TOLD = 3, STACK_LOOKS = 16 };

struct rows {
    struct checker *k;
    const struct decl *d;
    const struct ir_set *set;
    uint32_t redundant;
};

/* One row as what it is sorted by: bytes that a wider key begins, and the row. */
struct sorted {
    struct slice bytes; /* CIDR: the address */
    uint32_t bits, row; /* bits: CIDR alone; else 0 */
};

static int compare(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int d = slice_cmp(x->bytes, y->bytes);
    return d ? d : (x->bits > y->bits) - (x->bits < y->bits);
}

static struct slice reversed(struct checker *k, struct slice s)
{
    char *p = arena_alloc(k->a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = s.p[s.len - 1 - i];
    return (struct slice){p, s.len};
}

/* Whether the key of `wide` takes everything that the key of `row` does. */
static bool within(enum ir_key_kind kind, const struct ir_key *wide, const struct ir_key *row)
{
    if (kind == IR_KEY_CIDR)
        return wide->cidr.bits <= row->cidr.bits && ip_in_prefix(&row->cidr.addr, &wide->cidr);
    struct slice w = wide->str, r = row->str;
    if (kind == IR_KEY_PREFIX)
        return slice_starts(r, w);
    if (kind == IR_KEY_SUFFIX)
        return slice_ends(r, w);
    if (kind == IR_KEY_PATH)
        return slice_starts(r, w) && (r.len == w.len || w.p[w.len - 1] == '/' || r.p[w.len] == '/');
    return false;
}

static bool same_value(const struct ir_set *set, const struct ir_row *a, const struct ir_row *b)
{
    if (!set->is_map)
        return true;
    switch (set->value_kind) {
    case IR_BACKEND:
        return a->backend == b->backend;
    case IR_STR:
        return slice_eq(a->str, b->str);
    case IR_BOOL:
    case IR_INT:
        return a->num == b->num;
    case IR_IP:
        return memcmp(&a->ip, &b->ip, sizeof a->ip) == 0;
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
    return false;
}

static struct span row_span(struct rows *r, const struct ir_row *row)
{
    struct span at = lint_span(r->k, row->pos, 0);
    struct slice text = r->k->c->sources.files.v[at.file]->text;
    bool quoted = at.off < text.len && text.p[at.off] == '"';
    for (at.len = quoted; at.off + at.len < text.len; at.len++) {
        char c = text.p[at.off + at.len];
        if (c == '\n' || (quoted ? c == '"' : c == ' ' || c == '\t' || c == '\r' || c == ';' || c == ','))
            break;
    }
    at.len += quoted;
    return at;
}

static void redundant(struct rows *r, const struct ir_row *row, const struct ir_row *wide)
{
    if (r->redundant++ >= TOLD)
        return;
    struct diag *x = diag_report(r->k->d, DIAG_W0530, row_span(r, row),
                                 r->set->is_map ? "this row changes nothing: a wider one gives the same value"
                                                : "this row changes nothing: a wider one is in the list");
    diag_label(r->k->d, x, "within the other");
    diag_secondary(r->k->d, x, row_span(r, wide), "the wider row");
}

/* A network inside of one that is written before it: read from the top, the wider one seems to win. */
static bool misleads(struct rows *r, const struct ir_row *row, const struct ir_row *wide)
{
    if (r->set->key_kind != IR_KEY_CIDR || !r->set->is_map || row->pos.file != wide->pos.file ||
        wide->pos.line > row->pos.line || row->pos.file != r->d->at.file)
        return false;
    struct diag *x = diag_report(r->k->d, DIAG_W0531, row_span(r, row),
                                 "this network is part of one that is written before it");
    diag_label(r->k->d, x, "wins within it: the longest row does, whatever the order");
    diag_secondary(r->k->d, x, row_span(r, wide), "has another value");
    diag_help(r->k->d, x, "write it before the wider one, so that both ways of reading agree");
    return true;
}

static void sort_rows(struct rows *r, struct sorted *v)
{
    for (uint32_t i = 0; i < r->set->rows.n; i++) {
        const struct ir_key *key = &r->set->rows.v[i].key;
        v[i] = (struct sorted){.row = i};
        if (r->set->key_kind == IR_KEY_CIDR) {
            v[i].bytes = (struct slice){(const char *)key->cidr.addr.b, 16};
            v[i].bits = key->cidr.bits;
        } else {
            v[i].bytes = r->set->key_kind == IR_KEY_SUFFIX ? reversed(r->k, key->str) : key->str;
        }
    }
    qsort(v, r->set->rows.n, sizeof *v, compare);
}

/* The narrowest row that `row` is within, or NULL. Rows that nothing further can be within leave the stack.
 * Between /a and /a/b come /a-x and the like: they are not within /a, /a/b is. */
static const struct ir_row *nearest(struct rows *r, const uint32_t *stack, uint32_t *depth,
                                    const struct ir_row *row)
{
    enum ir_key_kind kind = r->set->key_kind;
    const struct ir_row *rows = r->set->rows.v;
    for (uint32_t looked = 0, at = *depth; at > 0 && looked < STACK_LOOKS; at--, looked++) {
        const struct ir_row *wide = &rows[stack[at - 1]];
        if (within(kind, &wide->key, &row->key))
            return wide;
        if (at == *depth && !(kind == IR_KEY_PATH && slice_starts(row->key.str, wide->key.str)))
            --*depth;
    }
    return NULL;
}

/* The rows that may hold the current one are a stack. */
static void nested(struct rows *r)
{
    uint32_t n = r->set->rows.n, depth = 0;
    struct arena scratch = {0};
    struct sorted *v = arena_array(&scratch, struct sorted, n);
    uint32_t *stack = arena_array(&scratch, uint32_t, n);
    const struct ir_row *rows = r->set->rows.v;
    bool told = false;
    sort_rows(r, v);
    for (uint32_t i = 0; i < n; i++) {
        const struct ir_row *row = &rows[v[i].row];
        const struct ir_row *wide = nearest(r, stack, &depth, row);
        if (wide && same_value(r->set, row, wide))
            redundant(r, row, wide);
        else if (wide && !told)
            told = misleads(r, row, wide);
        stack[depth++] = v[i].row;
    }
    arena_free(&scratch);
}

/* Patterns of hosts: the wider ones of a key are few, and each is looked up. */
static void patterns(struct rows *r)
{
    struct strmap keys = {0};
    struct arena scratch = {0};
    for (uint32_t i = 0; i < r->set->rows.n; i++)
        strmap_put(&keys, &scratch, r->set->rows.v[i].key.str, i, NULL);
    for (uint32_t i = 0; i < r->set->rows.n; i++) {
        const struct ir_row *row = &r->set->rows.v[i];
        struct slice key = row->key.str;
        bool deep = slice_starts(key, SLICE("**.")), one = !deep && slice_starts(key, SLICE("*."));
        const uint32_t *wide = NULL;
        char text[300];
        for (size_t at = deep ? 3 : 1, n = 0; at < key.len && !wide && key.len < 256; at++) {
            if (key.p[at] != '.')
                continue;
            struct slice suffix = slice_from(key, at);
            memcpy(text, "**", 2);
            memcpy(text + 2, suffix.p, suffix.len);
            if (!n++ && !deep && !one)
                wide = strmap_get(&keys, (struct slice){text + 1, suffix.len + 1});
            if (!wide)
                wide = strmap_get(&keys, (struct slice){text, suffix.len + 2});
        }
        if (wide && same_value(r->set, row, &r->set->rows.v[*wide]))
            redundant(r, row, &r->set->rows.v[*wide]);
    }
    arena_free(&scratch);
}

void lint_rows(struct checker *k, const struct decl *d)
{
    if ((d->kind != DECL_MAP && d->kind != DECL_LIST) || d->rows.broken || !d->rows.set)
        return;
    struct rows r = {.k = k, .d = d, .set = d->rows.set};
    enum ir_key_kind kind = r.set->key_kind;
    if (r.set->rows.n < 2)
        return;
    if (kind == IR_KEY_HOST_PATTERN)
        patterns(&r);
    else if (kind == IR_KEY_CIDR || kind == IR_KEY_PATH || kind == IR_KEY_PREFIX || kind == IR_KEY_SUFFIX)
        nested(&r);
    if (r.redundant > TOLD) {
        struct diag *x = diag_report(k->d, DIAG_W0530, d->at, "%u more row%s of `%.*s` change%s nothing",
                                     r.redundant - TOLD, r.redundant - TOLD == 1 ? "" : "s",
                                     SLICE_ARG(d->name), r.redundant - TOLD == 1 ? "s" : "");
        diag_label(k->d, x, "within wider rows of the same value");
    }
}
