/* Verifying the tables of a plan: every offset that the runtime can reach is looked at here once, so that nothing
 * later checks a range. See route_tables_verify() in route.h.
 *
 * note [one kind a place]: what has been verified is remembered by its offset together with the kind of thing that it
 * was verified as. Two kinds at one offset are refused, so a thing is never trusted for having been something else. */
#include "runtime/base/fault.h"
#include "runtime/route.h"
#include "runtime/table.h"

enum seen { NOT_SEEN, SEEN_TABLE, SEEN_GROUP, SEEN_ROWS, SEEN_AUTOMATON, SEEN_ACTION };

struct verify {
    const uint8_t *t;
    uint32_t size;
    const struct weir_tables *head;
    uint8_t *seen; /* enum seen of each fourth byte */
    const char *why;
};

static bool fail(struct verify *v, const char *why)
{
    if (!v->why)
        v->why = why;
    return false;
}

static bool in_range(const struct verify *v, uint32_t off, uint64_t len)
{
    return off <= v->size && len <= v->size - off;
}

/* An array of `count` elements, 4-aligned, not in the place of the header. */
static bool array_ok(struct verify *v, uint32_t off, uint64_t count, size_t elem)
{
    if (off % 4 != 0)
        return fail(v, "an offset is not aligned");
    if (off == 0 && count > 0)
        return fail(v, "an offset is missing");
    return in_range(v, off, count * elem) || fail(v, "an offset points outside the tables");
}

static bool span_ok(struct verify *v, struct weir_span s, size_t elem)
{
    return array_ok(v, s.off, s.count, elem);
}

static bool bytes_ok(struct verify *v, uint32_t off, uint32_t len)
{
    return in_range(v, off, len) || fail(v, "a string points outside the tables");
}

static bool ref_ok(struct verify *v, struct weir_ref r)
{
    return bytes_ok(v, r.off, r.len);
}

/* The object at `off` with room for its struct. `*done` where it has been verified before. */
static bool enter(struct verify *v, uint32_t off, size_t len, enum seen kind, bool *done)
{
    *done = false;
    if (!array_ok(v, off, 1, len))
        return false;
    uint8_t *seen = &v->seen[off / 4];
    if (*seen != NOT_SEEN && *seen != kind)
        return fail(v, "two things share one place");
    *done = *seen == kind;
    *seen = (uint8_t)kind;
    return true;
}

static bool node_ok(struct verify *v, uint32_t node, uint32_t depth_limit);

/* ---- key tables -------------------------------------------------------------------------------- */

static bool record_value_ok(struct verify *v, const struct weir_table *t, uint32_t value, uint32_t depth_limit)
{
    switch ((enum weir_table_use)t->use) {
    case WEIR_TABLE_LIST:
        return true;
    case WEIR_TABLE_BACKENDS:
        return value < v->head->backends.count || fail(v, "a map names an unknown backend");
    case WEIR_TABLE_STRINGS:
        return array_ok(v, value, 1, sizeof(struct weir_ref)) && ref_ok(v, *(const struct weir_ref *)table_at(v->t, value));
    case WEIR_TABLE_NODES:
        return node_ok(v, value, depth_limit);
    }
    return fail(v, "a key table is for no known use");
}

/* Records of these have a struct weir_lead before them. */
static bool has_lead(const struct weir_table *t)
{
    return t->use == WEIR_TABLE_NODES || t->probe == WEIR_PROBE_HOST;
}

static bool record_ok(struct verify *v, const struct weir_table *t, uint32_t off, uint32_t depth_limit)
{
    if (!array_ok(v, off, 1, sizeof(struct weir_record)))
        return false;
    if (has_lead(t) && off < sizeof(struct weir_tables) + sizeof(struct weir_lead))
        return fail(v, "a key is in the place of another thing");
    const struct weir_record *r = table_at(v->t, off);
    if (!bytes_ok(v, off + (uint32_t)sizeof *r, table_record_len(r)))
        return false;
    if (t->probe == WEIR_PROBE_CIDR && table_record_len(r) != 17)
        return fail(v, "a key is no address prefix");
    return record_value_ok(v, t, r->value, depth_limit);
}

/* See note [parents] in abi.h: keys get shorter on the way, so it ends. */
static bool parents_ok(struct verify *v, const struct weir_table *t, uint32_t off, uint32_t depth_limit)
{
    const struct weir_record *r = table_at(v->t, off);
    for (uint32_t n = 0; table_lead(r)->parent; n++) {
        uint32_t at = table_lead(r)->parent;
        if (n == WEIR_PARENTS_MAX)
            return fail(v, "host patterns nest too deeply");
        if (!record_ok(v, t, at, depth_limit))
            return false;
        const struct weir_record *parent = table_at(v->t, at);
        bool same = table_record_len(parent) == table_record_len(r) && table_record_form(r) == 1 && table_record_form(parent) == 2;
        if (table_record_len(parent) >= table_record_len(r) && !same)
            return fail(v, "host patterns are not in order");
        r = parent;
    }
    return true;
}

/* It has a value, and a key that is not looked at. */
static bool fallback_ok(struct verify *v, const struct weir_table *t, uint32_t depth_limit)
{
    if (t->fallback == 0)
        return true;
    if (!array_ok(v, t->fallback, 1, sizeof(struct weir_record)))
        return false;
    const struct weir_record *r = table_at(v->t, t->fallback);
    return record_value_ok(v, t, r->value, depth_limit);
}

static bool lens_ok(struct verify *v, const struct weir_table *t)
{
    if (!span_ok(v, t->lens, sizeof(uint32_t)))
        return false;
    const uint32_t *lens = table_at(v->t, t->lens.off);
    for (uint32_t i = 1; i < t->lens.count; i++)
        if (lens[i] >= lens[i - 1])
            return fail(v, "the key lengths of a table are not in order");
    if (t->probe == WEIR_PROBE_CIDR && t->lens.count > 0 && lens[0] > 128)
        return fail(v, "an address has no prefix of such a length");
    return true;
}

static bool automaton_ok(struct verify *v, uint32_t off);

static bool ranges_ok(struct verify *v, const struct weir_table *t)
{
    if (t->slots % 8 != 0 || !array_ok(v, t->slots, t->count, sizeof(struct weir_range)))
        return fail(v, "a table of ranges has a wrong size");
    const struct weir_range *r = table_at(v->t, t->slots);
    for (uint32_t i = 0; i < t->count; i++) {
        if (r[i].lo > r[i].hi || (i > 0 && r[i - 1].hi >= r[i].lo))
            return fail(v, "the ranges of a table are not in order");
        if (!record_ok(v, t, r[i].record, 0))
            return false;
    }
    return true;
}

static bool patterns_ok(struct verify *v, const struct weir_table *t)
{
    if (!array_ok(v, t->slots, t->count, sizeof(struct weir_pattern)))
        return fail(v, "a table of patterns has a wrong size");
    const struct weir_pattern *p = table_at(v->t, t->slots);
    for (uint32_t i = 0; i < t->count; i++)
        if (!automaton_ok(v, p[i].automaton) || !record_ok(v, t, p[i].record, 0))
            return false;
    return true;
}

static bool infix_ok(struct verify *v, const struct weir_table *t)
{
    const uint32_t *lens = table_at(v->t, t->lens.off);
    if (t->use != WEIR_TABLE_NODES)
        return fail(v, "a key table is for another use");
    if (t->lens.count > 0 && (lens[0] > WEIR_INFIX_MAX || lens[t->lens.count - 1] == 0))
        return fail(v, "a part of a text has a wrong length");
    return true;
}

static bool bloom_ok(struct verify *v, const struct weir_table *t)
{
    if (t->probe != WEIR_PROBE_INFIX && t->probe != WEIR_PROBE_CIDR)
        return true;
    if (t->bloom_bits < 3 || t->bloom_bits > 32)
        return fail(v, "a key table has a wrong size");
    return bytes_ok(v, t->bloom, (uint32_t)(1ull << (t->bloom_bits - 3)));
}

static bool bucket_ok(struct verify *v, const struct weir_table *t, const struct weir_bucket *b, uint32_t depth_limit)
{
    for (uint32_t i = 0; i < WEIR_BUCKET; i++) {
        if (b->tag[i] == 0)
            continue;
        if (!record_ok(v, t, b->record[i], depth_limit))
            return false;
        if (t->probe == WEIR_PROBE_HOST && !parents_ok(v, t, b->record[i], depth_limit))
            return false;
    }
    return true;
}

static bool buckets_ok(struct verify *v, const struct weir_table *t, uint32_t depth_limit)
{
    if (t->buckets == 0 || !array_ok(v, t->slots, t->buckets, sizeof(struct weir_bucket)))
        return fail(v, "a key table has a wrong size");
    const struct weir_bucket *b = table_at(v->t, t->slots);
    bool ends = false;
    for (uint32_t i = 0; i < t->buckets; i++) {
        ends |= b[i].more == 0;
        if (!bucket_ok(v, t, &b[i], depth_limit))
            return false;
    }
    /* Every search ends. */
    return ends || fail(v, "a key table is full");
}

/* A table of one of the uses in the set `uses` (bits by enum weir_table_use). */
static bool table_ok(struct verify *v, uint32_t off, unsigned uses, uint32_t depth_limit)
{
    bool done;
    if (!enter(v, off, sizeof(struct weir_table), SEEN_TABLE, &done))
        return false;
    const struct weir_table *t = table_at(v->t, off);
    if (t->use > WEIR_TABLE_NODES || !(uses >> t->use & 1))
        return fail(v, "a key table is for another use");
    /* The table of a group is verified with that group, which is seen once. */
    if (done)
        return t->use != WEIR_TABLE_NODES || fail(v, "two groups share one key table");
    if (t->probe > WEIR_PROBE_FIRST)
        return fail(v, "a key table has no known way of lookup");
    if (t->probe > WEIR_PROBE_INFIX && t->use == WEIR_TABLE_NODES)
        return fail(v, "a key table is for another use");
    if (t->probe > WEIR_PROBE_INFIX)
        return fallback_ok(v, t, depth_limit) && (t->probe == WEIR_PROBE_RANGE ? ranges_ok(v, t) : patterns_ok(v, t));
    return fallback_ok(v, t, depth_limit) && lens_ok(v, t) && (t->probe != WEIR_PROBE_INFIX || infix_ok(v, t)) &&
           bloom_ok(v, t) && buckets_ok(v, t, depth_limit);
}

enum {
    USE_MEMBERSHIP = 1u << WEIR_TABLE_LIST | 1u << WEIR_TABLE_BACKENDS | 1u << WEIR_TABLE_STRINGS,
    USE_BACKENDS = 1u << WEIR_TABLE_BACKENDS,
    USE_STRINGS = 1u << WEIR_TABLE_STRINGS,
    USE_NODES = 1u << WEIR_TABLE_NODES,
};

/* ---- automata ---------------------------------------------------------------------------------- */

static bool dfa_ok(struct verify *v, const struct weir_automaton *m)
{
    uint64_t cells = (uint64_t)m->size * m->nclasses;
    if (m->size < 2 || m->size > 65536 || m->start >= m->size || !array_ok(v, m->at, cells, sizeof(uint16_t)))
        return fail(v, "an automaton has a wrong size");
    const uint16_t *trans = table_at(v->t, m->at);
    for (uint64_t i = 0; i < cells; i++)
        if (trans[i] >= m->size)
            return fail(v, "an automaton leads to no state");
    return true;
}

static bool nfa_ok(struct verify *v, const struct weir_automaton *m)
{
    if (m->size == 0 || m->size > WEIR_NFA_MAX || m->start >= m->size ||
        !array_ok(v, m->at, m->size, sizeof(struct weir_nfa_op)))
        return fail(v, "an automaton has a wrong size");
    const struct weir_nfa_op *ops = table_at(v->t, m->at);
    for (uint32_t i = 0; i < m->size; i++) {
        if (ops[i].kind > WEIR_NFA_ACCEPT || ops[i].next >= m->size)
            return fail(v, "an automaton leads to no state");
        if (ops[i].kind == WEIR_NFA_SPLIT && ops[i].a >= m->size)
            return fail(v, "an automaton leads to no state");
        if (ops[i].kind == WEIR_NFA_CLASS && !bytes_ok(v, ops[i].a, m->nclasses))
            return false;
    }
    return true;
}

/* What replaces matches looks at each op for each byte. */
static bool replace_ok(struct verify *v, const struct weir_automaton *m)
{
    return (m->kind == WEIR_AUTOMATON_NFA && m->size <= WEIR_REPLACE_MAX) ||
           fail(v, "an automaton is none that replaces matches");
}

static bool automaton_ok(struct verify *v, uint32_t off)
{
    bool done;
    if (!enter(v, off, sizeof(struct weir_automaton), SEEN_AUTOMATON, &done) || done)
        return v->why == NULL;
    const struct weir_automaton *m = table_at(v->t, off);
    if (m->nclasses == 0 || m->nclasses > 256 || !bytes_ok(v, m->classes, 256))
        return fail(v, "an automaton has a wrong size");
    for (uint32_t i = 0; i < 256; i++)
        if (v->t[m->classes + i] >= m->nclasses)
            return fail(v, "an automaton has a wrong size");
    if (m->kind == WEIR_AUTOMATON_DFA)
        return dfa_ok(v, m);
    return m->kind == WEIR_AUTOMATON_NFA ? nfa_ok(v, m) : fail(v, "an automaton is of no known kind");
}

/* ---- arguments of generated code, values ------------------------------------------------------- */

static bool slot_ok(struct verify *v, uint32_t slot)
{
    return slot < WEIR_SLOT_FIXED + v->head->slots.count || fail(v, "a test is about an unknown slot");
}

static bool arg_ok(struct verify *v, uint8_t kind, const struct weir_arg *arg)
{
    switch ((enum weir_arg_kind)kind) {
    case WEIR_ARG_STR:
        return bytes_ok(v, arg->a, arg->b);
    case WEIR_ARG_INT:
        return true;
    case WEIR_ARG_SLOT:
        return slot_ok(v, arg->a);
    case WEIR_ARG_IP:
        return bytes_ok(v, arg->a, 16);
    case WEIR_ARG_LIST:
        return table_ok(v, arg->a, USE_MEMBERSHIP, 0);
    case WEIR_ARG_MAP:
        return table_ok(v, arg->a, USE_STRINGS, 0);
    case WEIR_ARG_AUTOMATON:
        return automaton_ok(v, arg->a);
    case WEIR_ARG_CIDR:
        return bytes_ok(v, arg->a, sizeof(struct weir_cidr));
    case WEIR_ARG_REPLACE:
        return automaton_ok(v, arg->a) && replace_ok(v, table_at(v->t, arg->a));
    }
    return fail(v, "an argument is of no known kind");
}

static bool args_ok(struct verify *v, struct weir_span shapes, uint32_t shape, uint32_t args)
{
    if (shape >= shapes.count)
        return fail(v, "an expression has no code");
    const struct weir_shape *s = (const struct weir_shape *)table_at(v->t, shapes.off) + shape;
    if (!array_ok(v, args, s->kinds.len, sizeof(struct weir_arg)))
        return false;
    const struct weir_arg *arg = table_at(v->t, args);
    for (uint32_t i = 0; i < s->kinds.len; i++)
        if (!arg_ok(v, v->t[s->kinds.off + i], &arg[i]))
            return false;
    return true;
}

static bool value_ok(struct verify *v, const struct weir_value *x)
{
    switch ((enum weir_value_kind)x->kind) {
    case WEIR_VALUE_NONE:
    case WEIR_VALUE_IP:
    case WEIR_VALUE_RANDOM:
        return true;
    case WEIR_VALUE_CONST:
        return bytes_ok(v, x->a, x->b);
    case WEIR_VALUE_SLOT:
        return slot_ok(v, x->slot);
    case WEIR_VALUE_GLUE:
        return args_ok(v, v->head->value_shapes, x->a, x->b);
    }
    return fail(v, "a value is of no known kind");
}

/* ---- decisions --------------------------------------------------------------------------------- */

static bool atom_ok(struct verify *v, const struct weir_atom *a)
{
    if (a->negate > 1)
        return fail(v, "a test is malformed");
    if (a->op == WEIR_ATOM_GLUE)
        return args_ok(v, v->head->pred_shapes, a->a, a->b);
    if (a->op == WEIR_ATOM_TLS)
        return true;
    if (!(a->op == WEIR_ATOM_IN && a->slot >= WEIR_SUBJECT_RANDOM) && !slot_ok(v, a->slot))
        return false;
    switch ((enum weir_atom_op)a->op) {
    case WEIR_ATOM_EQ:
    case WEIR_ATOM_UNDER:
    case WEIR_ATOM_STARTS:
    case WEIR_ATOM_ENDS:
    case WEIR_ATOM_CONTAINS:
        return bytes_ok(v, a->a, a->b);
    case WEIR_ATOM_LIKE:
    case WEIR_ATOM_MATCHES:
        return automaton_ok(v, a->a);
    case WEIR_ATOM_IN:
        return table_ok(v, a->a, USE_MEMBERSHIP, 0);
    case WEIR_ATOM_EXISTS:
    case WEIR_ATOM_TLS:
    case WEIR_ATOM_GLUE:
        return true;
    }
    return fail(v, "a test is of no known kind");
}

/* One block; `*off` moves behind it. See struct weir_rows. */
static bool block_ok(struct verify *v, uint32_t *off, bool *more)
{
    if (!array_ok(v, *off, 1, sizeof(struct weir_rows)))
        return false;
    const struct weir_rows *rows = table_at(v->t, *off);
    uint32_t n = rows->count, head = (8 + 16 * n) / 4; /* in units of 4 bytes */
    if (n == 0 || n > WEIR_ROWS_MAX)
        return fail(v, "a run of rows has a wrong size");
    if (!array_ok(v, *off, head, 4))
        return false;
    const uint16_t *atoms = table_at(v->t, *off + 4 + 12 * n);
    const uint8_t *from = (const uint8_t *)(atoms + n + 1), *shift = from + n;
    for (uint32_t i = 0; i < n; i++)
        if (from[i] > WEIR_FILTER_LAST || shift[i] > 63 || atoms[i] < head || atoms[i + 1] < atoms[i] ||
            (atoms[i + 1] - atoms[i]) % (sizeof(struct weir_atom) / 4) != 0)
            return fail(v, "a run of rows is malformed");
    if (!array_ok(v, *off, atoms[n], 4))
        return false;
    const struct weir_atom *a = table_at(v->t, *off + 4 * atoms[0]), *end = table_at(v->t, *off + 4 * atoms[n]);
    for (; a < end; a++)
        if (!atom_ok(v, a))
            return false;
    *more = rows->more;
    *off += 4 * atoms[n];
    return true;
}

static bool rows_ok(struct verify *v, uint32_t off)
{
    bool done, more = true;
    if (!enter(v, off, sizeof(struct weir_rows), SEEN_ROWS, &done) || done)
        return v->why == NULL;
    while (more)
        if (!block_ok(v, &off, &more))
            return false;
    return true;
}

static bool group_ok(struct verify *v, const struct weir_group *g)
{
    if (g->kind == WEIR_GROUP_ROWS)
        return rows_ok(v, g->at);
    if (g->kind != WEIR_GROUP_KEYS)
        return fail(v, "a group is of no known kind");
    if (g->slot != WEIR_SUBJECT_IP && !slot_ok(v, g->slot))
        return false;
    return table_ok(v, g->at, USE_NODES, g->depth);
}

/* See note [depth] in abi.h: a node's groups have less depth than what leads to them. */
static bool node_ok(struct verify *v, uint32_t node, uint32_t depth_limit)
{
    if (node & 1)
        return rows_ok(v, node & ~1u);
    if (node == 0)
        return fail(v, "a decision is missing");
    for (uint32_t next; node; node = next) {
        bool done;
        if (!enter(v, node, sizeof(struct weir_group), SEEN_GROUP, &done))
            return false;
        const struct weir_group *g = table_at(v->t, node);
        if (g->depth == 0 || g->depth >= depth_limit)
            return fail(v, "a decision is too deep");
        next = g->next;
        if (next && next <= node)
            return fail(v, "the groups of a decision are not in order");
        if (!done && !group_ok(v, g))
            return false;
        depth_limit = g->depth + 1u;
    }
    return true;
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static bool header_action_ok(struct verify *v, const struct weir_action *a)
{
    return ref_ok(v, a->name) && value_ok(v, &a->value) && (a->slot == 0xffff || slot_ok(v, a->slot)) &&
           (a->lines == 0xffff || slot_ok(v, a->lines));
}

static bool reply_ok(struct verify *v, const struct weir_action *a)
{
    if (!value_ok(v, &a->value) || !span_ok(v, a->headers, sizeof(struct weir_header)))
        return false;
    const struct weir_header *h = table_at(v->t, a->headers.off);
    for (uint32_t i = 0; i < a->headers.count; i++)
        if (!ref_ok(v, h[i].name) || !value_ok(v, &h[i].value))
            return false;
    return true;
}

static bool action_ok(struct verify *v, uint32_t off)
{
    bool done;
    if (!enter(v, off, sizeof(struct weir_action), SEEN_ACTION, &done) || done)
        return v->why == NULL;
    const struct weir_action *a = table_at(v->t, off);
    switch ((enum weir_action_kind)a->kind) {
    case WEIR_USE:
        return a->backend < v->head->backends.count || fail(v, "a rule names an unknown backend");
    case WEIR_USE_MAP:
        return value_ok(v, &a->value) && table_ok(v, a->map, USE_BACKENDS, 0);
    case WEIR_REDIRECT:
        return value_ok(v, &a->value);
    case WEIR_REPLY:
        return reply_ok(v, a);
    case WEIR_SET_HEADER:
    case WEIR_ADD_HEADER:
    case WEIR_DEL_HEADER:
        return header_action_ok(v, a);
    }
    return fail(v, "an action is of no known kind");
}

static bool step_ok(struct verify *v, const struct weir_step *s)
{
    if (s->rules == 0 || s->phase > 1)
        return fail(v, "a step is malformed");
    if (!array_ok(v, s->outcomes, s->rules, sizeof(struct weir_outcome)))
        return false;
    const struct weir_outcome *o = table_at(v->t, s->outcomes);
    for (uint32_t i = 0; i < s->rules; i++)
        if (!action_ok(v, o[i].action))
            return false;
    if (!span_ok(v, s->files, sizeof(struct weir_file_run)) || s->files.count == 0)
        return fail(v, "a step stands in no file");
    return s->node == 0 || node_ok(v, s->node, WEIR_DEPTH_MAX + 1);
}

/* ---- objects ----------------------------------------------------------------------------------- */

static bool frontends_ok(struct verify *v)
{
    const struct weir_frontend *f = table_at(v->t, v->head->frontends.off);
    for (uint32_t i = 0; i < v->head->frontends.count; i++) {
        if (!ref_ok(v, f[i].name) || !span_ok(v, f[i].listens, sizeof(struct weir_listen)) ||
            !span_ok(v, f[i].steps, sizeof(struct weir_step)))
            return false;
        const struct weir_step *s = table_at(v->t, f[i].steps.off);
        for (uint32_t k = 0; k < f[i].steps.count; k++)
            if (!step_ok(v, &s[k]))
                return false;
    }
    return true;
}

static bool backends_ok(struct verify *v)
{
    const struct weir_backend *b = table_at(v->t, v->head->backends.off);
    for (uint32_t i = 0; i < v->head->backends.count; i++) {
        if (!ref_ok(v, b[i].name) || !span_ok(v, b[i].servers, sizeof(struct weir_server)))
            return false;
        if (b[i].balance > WEIR_BALANCE_LEAST_CONN)
            return fail(v, "a backend balances in no known way");
        if (b[i].check != WEIR_NONE && b[i].check >= v->head->checks.count)
            return fail(v, "a backend names an unknown check");
        const struct weir_server *s = table_at(v->t, b[i].servers.off);
        for (uint32_t k = 0; k < b[i].servers.count; k++)
            if (!ref_ok(v, s[k].name) || !ref_ok(v, s[k].host))
                return false;
    }
    return true;
}

static bool checks_ok(struct verify *v)
{
    const struct weir_check *c = table_at(v->t, v->head->checks.off);
    for (uint32_t i = 0; i < v->head->checks.count; i++) {
        if (c[i].kind > WEIR_CHECK_TCP)
            return fail(v, "a check is of no known kind");
        if (!ref_ok(v, c[i].name) || !ref_ok(v, c[i].request) || !ref_ok(v, c[i].headers) ||
            !ref_ok(v, c[i].body_contains) || !span_ok(v, c[i].steps, sizeof(struct weir_check_step)))
            return false;
        const struct weir_check_step *s = table_at(v->t, c[i].steps.off);
        for (uint32_t k = 0; k < c[i].steps.count; k++)
            if (s[k].kind > WEIR_STEP_EXPECT_STARTS || !ref_ok(v, s[k].data))
                return fail(v, "a step of a check is malformed");
    }
    return true;
}

static bool shapes_ok(struct verify *v, struct weir_span shapes)
{
    if (!span_ok(v, shapes, sizeof(struct weir_shape)))
        return false;
    const struct weir_shape *s = table_at(v->t, shapes.off);
    for (uint32_t i = 0; i < shapes.count; i++)
        if (!ref_ok(v, s[i].kinds))
            return false;
    return true;
}

static bool names_ok(struct verify *v)
{
    const struct weir_slot *slots = table_at(v->t, v->head->slots.off);
    for (uint32_t i = 0; i < v->head->slots.count; i++)
        if (slots[i].kind > WEIR_SLOT_ID || !ref_ok(v, slots[i].name))
            return fail(v, "a slot is malformed");
    const struct weir_ref *sources = table_at(v->t, v->head->sources.off);
    for (uint32_t i = 0; i < v->head->sources.count; i++)
        if (!ref_ok(v, sources[i]))
            return false;
    const uint32_t *maps = table_at(v->t, v->head->maps.off);
    for (uint32_t i = 0; i < v->head->maps.count; i++)
        if (!table_ok(v, maps[i], USE_MEMBERSHIP, 0))
            return false;
    return true;
}

static bool head_ok(struct verify *v)
{
    const struct weir_tables *h = v->head;
    if (h->magic != WEIR_TABLES_MAGIC)
        return fail(v, "these are no tables of a plan");
    if (h->abi != WEIR_ABI_VERSION)
        return fail(v, "the plan is for another version of the runtime");
    if (h->size_lo != v->size || h->size_hi != 0)
        return fail(v, "the tables are cut short");
    /* Slots are numbered in 16 bits, of which the last ones mean chance and the address. */
    if (h->slots.count >= WEIR_SUBJECT_RANDOM - WEIR_SLOT_FIXED)
        return fail(v, "there are too many slots");
    return span_ok(v, h->slots, sizeof(struct weir_slot)) && span_ok(v, h->sources, sizeof(struct weir_ref)) &&
           span_ok(v, h->frontends, sizeof(struct weir_frontend)) &&
           span_ok(v, h->backends, sizeof(struct weir_backend)) && span_ok(v, h->checks, sizeof(struct weir_check)) &&
           span_ok(v, h->maps, sizeof(uint32_t)) && shapes_ok(v, h->pred_shapes) && shapes_ok(v, h->value_shapes);
}

const char *route_tables_verify(const uint8_t *tables, size_t size)
{
    if (size < sizeof(struct weir_tables) || size > UINT32_MAX || (uintptr_t)tables % 8 != 0)
        return "the tables are cut short";
    struct verify v = {.t = tables, .size = (uint32_t)size, .head = (const void *)tables};
    v.seen = fault_calloc(size / 4 + 1, 1);
    if (!v.seen)
        return "out of memory";
    bool ok = head_ok(&v) && names_ok(&v) && backends_ok(&v) && checks_ok(&v) && frontends_ok(&v);
    free(v.seen);
    return ok ? NULL : v.why ? v.why : "the tables are damaged";
}
