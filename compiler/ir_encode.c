/* Writing the canonical form; ir_wire.h says how it looks. */
#include "compiler/ir_codec.h"

#include "compiler/ir_sort.h"
#include "compiler/ir_wire.h"
#include "runtime/base/hash.h"

_Static_assert(IR_DIGEST_TEXT == 33, "hash_hex() writes 33 bytes");

/* A set that is written: its rows sorted, its bytes ready. */
struct coded_set {
    const struct ir_set *set;
    struct slice bytes;
};

struct encoder {
    struct arena *a;
    const struct ir_program *p;
    struct buf *out;
    uint32_t *backend_index, *check_index, *set_index; /* canonical index, by ir index */
    const struct ir_backend **backends;                /* in canonical order */
    const struct ir_check **checks;
    const struct ir_frontend **frontends;
    struct buf set_bytes; /* of all sets, in ir order */
    struct coded_set *sets;
    uint32_t nsets; /* without equal ones */
    struct slice last_label;
};

/* ---- numbers and texts ------------------------------------------------------------------------- */

static void put_number(struct buf *out, uint64_t n)
{
    char *p = buf_reserve(out, 10), *from = p;
    for (; n >= 0x80; n >>= 7)
        *p++ = (char)(n | 0x80);
    *p++ = (char)n;
    out->len += (size_t)(p - from);
}

static void put_signed(struct buf *out, int64_t n)
{
    put_number(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static void put_text(struct buf *out, struct slice s)
{
    put_number(out, s.p ? s.len + 1 : 0);
    if (s.len)
        buf_add(out, s.p, s.len);
}

static void put_addr(struct buf *out, const struct ip_addr *addr)
{
    buf_add(out, addr->b, sizeof addr->b);
}

/* What `s` does not share with `before`, which came before it. */
static void put_shared(struct buf *out, struct slice s, struct slice before)
{
    size_t n = 0, max = s.len < before.len ? s.len : before.len;
    while (n < max && s.p[n] == before.p[n])
        n++;
    put_number(out, n);
    put_number(out, s.len - n);
    if (s.len > n)
        buf_add(out, s.p + n, s.len - n);
}

/* ---- sets -------------------------------------------------------------------------------------- */

/* IPv4 prefixes begin with 96 bits that all of them have. */
static void put_cidr(struct buf *out, const struct ip_prefix *c)
{
    bool v4 = c->bits >= 96 && ip_is_v4(&c->addr);
    unsigned bits = v4 ? c->bits - 96u : c->bits, skip = v4 ? 12 : 0;
    buf_char(out, (char)(v4 ? IR_WIRE_V4 + 1 + bits : bits));
    buf_add(out, c->addr.b + skip, (bits + 7) / 8);
}

static void put_key(struct buf *out, enum ir_key_kind kind, const struct ir_key *k,
                    const struct ir_key *before)
{
    if (kind == IR_KEY_INT)
        put_signed(out, k->num);
    else if (kind == IR_KEY_RANGE) {
        put_signed(out, k->range.lo);
        put_number(out, (uint64_t)k->range.hi - (uint64_t)k->range.lo);
    } else if (kind == IR_KEY_CIDR)
        put_cidr(out, &k->cidr);
    else
        put_shared(out, k->str, before ? before->str : SLICE(""));
}

static void put_row_value(struct encoder *e, struct buf *out, const struct ir_set *set,
                          const struct ir_row *row)
{
    switch (set->value_kind) {
    case IR_BACKEND:
        put_number(out, e->backend_index[row->backend->index]);
        break;
    case IR_STR:
        put_text(out, row->str);
        break;
    case IR_BOOL:
    case IR_INT:
        put_signed(out, row->num);
        break;
    case IR_IP:
        put_addr(out, &row->ip);
        break;
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
}

static enum ir_wire_set set_code(const struct ir_set *set)
{
    if (!set->is_map)
        return IR_WIRE_LIST;
    switch (set->value_kind) {
    case IR_BACKEND:
        return set->is_split ? IR_WIRE_SPLIT : IR_WIRE_BACKENDS;
    case IR_STR:
        return IR_WIRE_STRINGS;
    case IR_BOOL:
        return IR_WIRE_BOOLS;
    case IR_INT:
        return set->percents ? IR_WIRE_PERCENTS : IR_WIRE_INTS;
    case IR_IP:
        return IR_WIRE_IPS;
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
    return IR_WIRE_LIST;
}

/* The rows, equal keys once: the first of them in source order. Their number is known at the end alone. */
static void put_rows(struct encoder *e, struct buf *out, const struct ir_set *set)
{
    const struct ir_row *const *rows = ir_sort_rows(e->a, set), *before = NULL;
    size_t at = out->len;
    uint32_t kept = 0;
    buf_add(out, &kept, sizeof kept);
    for (uint32_t i = 0; i < set->rows.n; i++) {
        ir_sort_prefetch(rows, i, set->rows.n);
        if (before && ir_sort_compare(set->key_kind, &before->key, &rows[i]->key) == 0)
            continue;
        put_key(out, set->key_kind, &rows[i]->key, before ? &before->key : NULL);
        if (set->is_map)
            put_row_value(e, out, set, rows[i]);
        before = rows[i];
        kept++;
    }
    for (uint32_t i = 0; i < sizeof kept; i++)
        out->p[at + i] = (char)(kept >> (8 * i));
}

static void put_set(struct encoder *e, struct buf *out, const struct ir_set *set)
{
    put_text(out, set->name);
    buf_char(out, (char)set->key_kind);
    buf_char(out, (char)set_code(set));
    if (set->is_map) {
        buf_char(out, set->has_default);
        if (set->has_default)
            put_row_value(e, out, set, &set->fallback);
    }
    put_rows(e, out, set);
}

/* ---- canonical order of objects ---------------------------------------------------------------- */

struct named {
    struct slice name;
    uint32_t from;
};

static void sort_named(struct named *v, struct named *tmp, uint32_t n)
{
    if (n < 2)
        return;
    uint32_t half = n / 2, i = 0, k = half, o = 0;
    sort_named(v, tmp, half);
    sort_named(v + half, tmp, n - half);
    while (i < half || k < n)
        tmp[o++] = k == n || (i < half && slice_cmp(v[i].name, v[k].name) <= 0) ? v[i++] : v[k++];
    memcpy(v, tmp, n * sizeof *v);
}

/* names[i] is the name of object i; the result is their order, and `index` (may be NULL) its inverse. */
static const uint32_t *order_by_name(struct arena *a, const struct slice *names, uint32_t n, uint32_t *index)
{
    struct named *v = arena_array(a, struct named, n + 1), *tmp = arena_array(a, struct named, n + 1);
    uint32_t *order = arena_array(a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        v[i] = (struct named){names[i], i};
    sort_named(v, tmp, n);
    for (uint32_t i = 0; i < n; i++) {
        order[i] = v[i].from;
        if (index)
            index[v[i].from] = i;
    }
    return order;
}

static void order_objects(struct encoder *e)
{
    const struct ir_program *p = e->p;
    uint32_t most = p->backends.n > p->checks.n ? p->backends.n : p->checks.n;
    most = p->frontends.n > most ? p->frontends.n : most;
    struct slice *names = arena_array(e->a, struct slice, most + 1);
    e->backend_index = arena_array(e->a, uint32_t, p->backends.n + 1);
    e->check_index = arena_array(e->a, uint32_t, p->checks.n + 1);
    e->backends = arena_array(e->a, const struct ir_backend *, p->backends.n + 1);
    e->checks = arena_array(e->a, const struct ir_check *, p->checks.n + 1);
    e->frontends = arena_array(e->a, const struct ir_frontend *, p->frontends.n + 1);
    for (uint32_t i = 0; i < p->backends.n; i++)
        names[i] = p->backends.v[i]->name;
    const uint32_t *order = order_by_name(e->a, names, p->backends.n, e->backend_index);
    for (uint32_t i = 0; i < p->backends.n; i++)
        e->backends[i] = p->backends.v[order[i]];
    for (uint32_t i = 0; i < p->checks.n; i++)
        names[i] = p->checks.v[i]->name;
    order = order_by_name(e->a, names, p->checks.n, e->check_index);
    for (uint32_t i = 0; i < p->checks.n; i++)
        e->checks[i] = p->checks.v[order[i]];
    for (uint32_t i = 0; i < p->frontends.n; i++)
        names[i] = p->frontends.v[i]->name;
    order = order_by_name(e->a, names, p->frontends.n, NULL);
    for (uint32_t i = 0; i < p->frontends.n; i++)
        e->frontends[i] = p->frontends.v[order[i]];
}

/* Sets are ordered by their bytes, which begin with the name; equal ones are one. */
static void order_sets(struct encoder *e)
{
    uint32_t n = e->p->sets.n;
    struct slice *bytes = arena_array(e->a, struct slice, n + 1);
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        put_set(e, &e->set_bytes, e->p->sets.v[i]);
        bytes[i].len = e->set_bytes.len - at;
        at = e->set_bytes.len;
    }
    at = 0;
    for (uint32_t i = 0; i < n; at += bytes[i++].len)
        bytes[i].p = e->set_bytes.p + at;
    const uint32_t *order = order_by_name(e->a, bytes, n, NULL);
    e->sets = arena_array(e->a, struct coded_set, n + 1);
    e->set_index = arena_array(e->a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (e->nsets == 0 || !slice_eq(e->sets[e->nsets - 1].bytes, bytes[order[i]]))
            e->sets[e->nsets++] = (struct coded_set){e->p->sets.v[order[i]], bytes[order[i]]};
        e->set_index[order[i]] = e->nsets - 1;
    }
}

/* ---- expressions and rules --------------------------------------------------------------------- */

static void put_expr(struct encoder *e, const struct ir_expr *x)
{
    buf_char(e->out, (char)(x->op | (x->optional ? IR_WIRE_OPTIONAL : 0)));
    if (ir_op_arity(x->op) < 0)
        put_number(e->out, x->nargs);
    switch (ir_op_own(x->op)) {
    case IR_OWN_NONE:
        break;
    case IR_OWN_NUM:
        put_signed(e->out, x->num);
        break;
    case IR_OWN_STR:
        put_text(e->out, x->str);
        break;
    case IR_OWN_IP:
        put_addr(e->out, &x->ip);
        break;
    case IR_OWN_CIDR:
        put_cidr(e->out, &x->cidr);
        break;
    case IR_OWN_FIELD:
        buf_char(e->out, (char)x->field);
        put_text(e->out, x->str);
        break;
    case IR_OWN_SET:
        put_number(e->out, e->set_index[x->set->index]);
        break;
    }
    for (uint32_t i = 0; i < x->nargs; i++)
        put_expr(e, x->args[i]);
}

static void put_maybe_expr(struct encoder *e, const struct ir_expr *x)
{
    buf_char(e->out, x != NULL);
    if (x)
        put_expr(e, x);
}

static void put_headers(struct encoder *e, const struct ir_header_value *v, uint32_t n)
{
    put_number(e->out, n);
    for (uint32_t i = 0; i < n; i++) {
        put_text(e->out, v[i].name);
        put_expr(e, v[i].value);
    }
}

static void put_rule(struct encoder *e, const struct ir_rule *r)
{
    buf_char(e->out, (char)r->kind);
    put_shared(e->out, r->label, e->last_label);
    e->last_label = r->label;
    put_maybe_expr(e, r->guard);
    switch (r->kind) {
    case IR_USE:
        put_number(e->out, e->backend_index[r->backend->index]);
        break;
    case IR_USE_MAP:
        put_expr(e, r->value);
        break;
    case IR_REDIRECT:
        put_number(e->out, r->status);
        put_expr(e, r->value);
        break;
    case IR_REPLY:
        put_number(e->out, r->status);
        put_headers(e, r->headers.v, r->headers.n);
        put_maybe_expr(e, r->value);
        break;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
        put_text(e->out, r->name);
        put_expr(e, r->value);
        break;
    case IR_DEL_HEADER:
        put_text(e->out, r->name);
        break;
    }
}

/* ---- objects ----------------------------------------------------------------------------------- */

static void put_check(struct encoder *e, const struct ir_check *c)
{
    put_text(e->out, c->name);
    buf_char(e->out, (char)c->kind);
    put_text(e->out, c->method);
    put_text(e->out, c->path);
    put_headers(e, c->headers.v, c->headers.n);
    put_number(e->out, c->status_min);
    put_number(e->out, c->status_max);
    put_text(e->out, c->body_contains);
    put_number(e->out, c->steps.n);
    for (uint32_t i = 0; i < c->steps.n; i++) {
        const struct ir_check_step *s = &c->steps.v[i];
        buf_char(e->out, (char)(s->is_send ? 0 : 1 + (int)s->expect));
        put_text(e->out, s->data);
    }
}

static void put_backend(struct encoder *e, const struct ir_backend *b)
{
    put_text(e->out, b->name);
    buf_char(e->out, (char)b->balance);
    put_number(e->out, b->servers.n);
    for (uint32_t i = 0; i < b->servers.n; i++) {
        const struct ir_server *s = &b->servers.v[i];
        put_text(e->out, s->name);
        put_text(e->out, s->host);
        put_addr(e->out, &s->addr);
        put_number(e->out, s->port);
        put_number(e->out, s->weight);
        buf_char(e->out, s->backup);
    }
    put_number(e->out, b->check ? e->check_index[b->check->index] + 1u : 0);
    const uint32_t numbers[] = {b->check_every_ms, b->check_timeout_ms, b->check_rise, b->check_fall,
                                b->connect_ms,     b->server_ms,        b->tunnel_ms,  b->idle_ms};
    for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(e->out, numbers[i]);
}

static void put_frontend(struct encoder *e, const struct ir_frontend *f)
{
    put_text(e->out, f->name);
    put_number(e->out, f->listens.n);
    for (uint32_t i = 0; i < f->listens.n; i++) {
        put_addr(e->out, &f->listens.v[i].addr);
        put_number(e->out, f->listens.v[i].port);
    }
    put_number(e->out, f->client_ms);
    put_number(e->out, f->request_ms);
    put_number(e->out, f->idle_ms);
    put_number(e->out, f->max_body);
    e->last_label = SLICE("");
    put_number(e->out, f->on_request.n);
    for (uint32_t i = 0; i < f->on_request.n; i++)
        put_rule(e, &f->on_request.v[i]);
    put_number(e->out, f->route.n);
    for (uint32_t i = 0; i < f->route.n; i++)
        put_rule(e, &f->route.v[i]);
}

/* ---- places ------------------------------------------------------------------------------------ */

struct places {
    struct buf *out;
    struct ir_pos last;
};

/* Lines are told by their distance; a file only where it changes. */
static void put_pos(struct places *p, struct ir_pos pos)
{
    int64_t delta = (int64_t)pos.line - p->last.line;
    bool moved = pos.file != p->last.file;
    put_number(p->out, ((uint64_t)delta << 1 ^ (uint64_t)(delta >> 63)) << 1 | moved);
    if (moved)
        put_number(p->out, pos.file);
    put_number(p->out, pos.col);
    p->last = pos;
}

static void put_header_places(struct places *p, const struct ir_header_value *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put_pos(p, v[i].pos);
}

static void put_rule_places(struct places *p, const struct ir_rule *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        put_pos(p, v[i].pos);
        if (v[i].kind == IR_REPLY)
            put_header_places(p, v[i].headers.v, v[i].headers.n);
    }
}

static void put_places(struct encoder *e, struct buf *out)
{
    struct places p = {.out = out};
    buf_slice(out, IR_PLACES_MAGIC);
    put_number(out, e->p->sources.n);
    for (uint32_t i = 0; i < e->p->sources.n; i++)
        put_text(out, e->p->sources.v[i].path);
    for (uint32_t i = 0; i < e->p->checks.n; i++) {
        put_pos(&p, e->checks[i]->pos);
        put_header_places(&p, e->checks[i]->headers.v, e->checks[i]->headers.n);
    }
    for (uint32_t i = 0; i < e->p->backends.n; i++) {
        put_pos(&p, e->backends[i]->pos);
        for (uint32_t k = 0; k < e->backends[i]->servers.n; k++)
            put_pos(&p, e->backends[i]->servers.v[k].pos);
    }
    for (uint32_t i = 0; i < e->nsets; i++)
        put_pos(&p, e->sets[i].set->pos);
    for (uint32_t i = 0; i < e->p->frontends.n; i++) {
        const struct ir_frontend *f = e->frontends[i];
        put_pos(&p, f->pos);
        for (uint32_t k = 0; k < f->listens.n; k++)
            put_pos(&p, f->listens.v[k].pos);
        put_rule_places(&p, f->on_request.v, f->on_request.n);
        put_rule_places(&p, f->route.v, f->route.n);
    }
}

void ir_encode(struct arena *scratch, const struct ir_program *p, struct buf *canonical, struct buf *places)
{
    struct encoder e = {.a = scratch, .p = p, .out = canonical};
    order_objects(&e);
    order_sets(&e);
    buf_slice(canonical, IR_WIRE_MAGIC);
    put_number(canonical, p->edition);
    put_number(canonical, p->backends.n);
    put_number(canonical, p->checks.n);
    put_number(canonical, e.nsets);
    put_number(canonical, p->frontends.n);
    for (uint32_t i = 0; i < p->checks.n; i++)
        put_check(&e, e.checks[i]);
    for (uint32_t i = 0; i < p->backends.n; i++)
        put_backend(&e, e.backends[i]);
    for (uint32_t i = 0; i < e.nsets; i++)
        buf_slice(canonical, e.sets[i].bytes);
    for (uint32_t i = 0; i < p->frontends.n; i++)
        put_frontend(&e, e.frontends[i]);
    put_places(&e, places);
    buf_free(&e.set_bytes);
}

void ir_digest(struct slice canonical, char out[IR_DIGEST_TEXT])
{
    hash_hex(canonical, out);
}
