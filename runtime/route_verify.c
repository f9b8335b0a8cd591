/* Verifying the tables of a plan: every offset that the runtime can reach is looked at here once, so that nothing
 * later checks a range. See route_tables_verify() in route.h.
 *
 * note [one kind a place]: what has been verified is remembered by its offset together with the kind of thing that it
 * was verified as. Two kinds at one offset are refused, so a thing is never trusted for having been something else. */
#include "runtime/route_verify.h"

#include "runtime/base/fault.h"

/* ---- arguments of generated code, values ------------------------------------------------------- */

static bool slot_ok(struct verify *v, uint32_t slot)
{
    return slot < WEIR_SLOT_FIXED + v->head->slots.count || verify_fail(v, "a test is about an unknown slot");
}

/* What replaces matches looks at each op for each byte. */
static bool replace_ok(struct verify *v, const struct weir_automaton *m)
{
    return (m->kind == WEIR_AUTOMATON_NFA && m->size <= WEIR_REPLACE_MAX) ||
           verify_fail(v, "an automaton is none that replaces matches");
}

static bool arg_ok(struct verify *v, uint8_t kind, const struct weir_arg *arg)
{
    switch ((enum weir_arg_kind)kind) {
    case WEIR_ARG_STR:
        return verify_bytes(v, arg->a, arg->b);
    case WEIR_ARG_INT:
        return true;
    case WEIR_ARG_SLOT:
        return slot_ok(v, arg->a);
    case WEIR_ARG_IP:
        return verify_bytes(v, arg->a, 16);
    case WEIR_ARG_LIST:
        return verify_table(v, arg->a, USE_MEMBERSHIP, 0);
    case WEIR_ARG_MAP:
        return verify_table(v, arg->a, USE_STRINGS, 0);
    case WEIR_ARG_AUTOMATON:
        return verify_automaton(v, arg->a);
    case WEIR_ARG_CIDR:
        return verify_bytes(v, arg->a, sizeof(struct weir_cidr));
    case WEIR_ARG_REPLACE:
        return verify_automaton(v, arg->a) && replace_ok(v, table_at(v->t, arg->a));
    }
    return verify_fail(v, "an argument is of no known kind");
}

static bool args_ok(struct verify *v, struct weir_span shapes, uint32_t shape, uint32_t args)
{
    if (shape >= shapes.count)
        return verify_fail(v, "an expression has no code");
    const struct weir_shape *s = (const struct weir_shape *)table_at(v->t, shapes.off) + shape;
    if (!verify_array(v, args, s->kinds.len, sizeof(struct weir_arg)))
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
        return verify_bytes(v, x->a, x->b);
    case WEIR_VALUE_SLOT:
        return slot_ok(v, x->slot);
    case WEIR_VALUE_GLUE:
        return args_ok(v, v->head->value_shapes, x->a, x->b);
    }
    return verify_fail(v, "a value is of no known kind");
}

/* ---- decisions --------------------------------------------------------------------------------- */

static bool atom_ok(struct verify *v, const struct weir_atom *a)
{
    if (a->negate > 1)
        return verify_fail(v, "a test is malformed");
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
        return verify_bytes(v, a->a, a->b);
    case WEIR_ATOM_LIKE:
    case WEIR_ATOM_MATCHES:
        return verify_automaton(v, a->a);
    case WEIR_ATOM_IN:
        return verify_table(v, a->a, USE_MEMBERSHIP, 0);
    case WEIR_ATOM_EXISTS:
    case WEIR_ATOM_TLS:
    case WEIR_ATOM_GLUE:
        return true;
    }
    return verify_fail(v, "a test is of no known kind");
}

/* One block; `*off` moves behind it. See struct weir_rows. */
static bool block_ok(struct verify *v, uint32_t *off, bool *more)
{
    if (!verify_array(v, *off, 1, sizeof(struct weir_rows)))
        return false;
    const struct weir_rows *rows = table_at(v->t, *off);
    uint32_t n = rows->count, head = (8 + 16 * n) / 4; /* in units of 4 bytes */
    if (n == 0 || n > WEIR_ROWS_MAX)
        return verify_fail(v, "a run of rows has a wrong size");
    if (!verify_array(v, *off, head, 4))
        return false;
    const uint16_t *atoms = table_at(v->t, *off + 4 + 12 * n);
    const uint8_t *from = (const uint8_t *)(atoms + n + 1), *shift = from + n;
    for (uint32_t i = 0; i < n; i++)
        if (from[i] > WEIR_FILTER_LAST || shift[i] > 63 || atoms[i] < head || atoms[i + 1] < atoms[i] ||
            (atoms[i + 1] - atoms[i]) % (sizeof(struct weir_atom) / 4) != 0)
            return verify_fail(v, "a run of rows is malformed");
    if (!verify_array(v, *off, atoms[n], 4))
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
    if (!verify_enter(v, off, sizeof(struct weir_rows), SEEN_ROWS, &done) || done)
        return v->why == NULL;
    while (more)
        if (!block_ok(v, &off, &more))
            return false;
    return true;
}

static bool union_ok(struct verify *v, const struct weir_group *g)
{
    if (!slot_ok(v, g->slot) || !verify_array(v, g->at, 1, sizeof(struct weir_union)))
        return false;
    const struct weir_union *u = table_at(v->t, g->at);
    if (!verify_automaton(v, u->automaton))
        return false;
    const struct weir_automaton *m = table_at(v->t, u->automaton);
    if (m->kind != WEIR_AUTOMATON_DFA)
        return verify_fail(v, "patterns are read at once by no DFA");
    if (!verify_array(v, u->choices, m->size, sizeof(struct weir_choice)))
        return false;
    const struct weir_choice *c = table_at(v->t, u->choices);
    for (uint32_t i = 0; i < m->size; i++)
        if (c[i].node && !verify_node(v, c[i].node, g->depth))
            return false;
    return true;
}

static bool group_ok(struct verify *v, const struct weir_group *g)
{
    if (g->kind == WEIR_GROUP_UNION)
        return union_ok(v, g);
    if (g->kind == WEIR_GROUP_ROWS)
        return rows_ok(v, g->at);
    if (g->kind != WEIR_GROUP_KEYS)
        return verify_fail(v, "a group is of no known kind");
    if (g->slot != WEIR_SUBJECT_IP && !slot_ok(v, g->slot))
        return false;
    return verify_table(v, g->at, USE_NODES, g->depth);
}

/* See note [depth] in abi.h: a node's groups have less depth than what leads to them. */
bool verify_node(struct verify *v, uint32_t node, uint32_t depth_limit)
{
    if (node & 1)
        return rows_ok(v, node & ~1u);
    if (node == 0)
        return verify_fail(v, "a decision is missing");
    for (uint32_t next; node; node = next) {
        bool done;
        if (!verify_enter(v, node, sizeof(struct weir_group), SEEN_GROUP, &done))
            return false;
        const struct weir_group *g = table_at(v->t, node);
        if (g->depth == 0 || g->depth >= depth_limit)
            return verify_fail(v, "a decision is too deep");
        next = g->next;
        if (next && next <= node)
            return verify_fail(v, "the groups of a decision are not in order");
        if (!done && !group_ok(v, g))
            return false;
        depth_limit = g->depth + 1u;
    }
    return true;
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static bool header_action_ok(struct verify *v, const struct weir_action *a)
{
    return verify_ref(v, a->name) && value_ok(v, &a->value) && (a->slot == 0xffff || slot_ok(v, a->slot)) &&
           (a->lines == 0xffff || slot_ok(v, a->lines));
}

static bool reply_ok(struct verify *v, const struct weir_action *a)
{
    if (!value_ok(v, &a->value) || !verify_span(v, a->headers, sizeof(struct weir_header)))
        return false;
    const struct weir_header *h = table_at(v->t, a->headers.off);
    for (uint32_t i = 0; i < a->headers.count; i++)
        if (!verify_ref(v, h[i].name) || !value_ok(v, &h[i].value))
            return false;
    return true;
}

static bool action_ok(struct verify *v, uint32_t off)
{
    bool done;
    if (!verify_enter(v, off, sizeof(struct weir_action), SEEN_ACTION, &done) || done)
        return v->why == NULL;
    const struct weir_action *a = table_at(v->t, off);
    switch ((enum weir_action_kind)a->kind) {
    case WEIR_USE:
        return a->backend < v->head->backends.count || verify_fail(v, "a rule names an unknown backend");
    case WEIR_USE_MAP:
        return value_ok(v, &a->value) && verify_table(v, a->map, USE_BACKENDS, 0);
    case WEIR_REDIRECT:
        return value_ok(v, &a->value);
    case WEIR_REPLY:
        return reply_ok(v, a);
    case WEIR_SET_HEADER:
    case WEIR_ADD_HEADER:
    case WEIR_DEL_HEADER:
        return header_action_ok(v, a);
    }
    return verify_fail(v, "an action is of no known kind");
}

static bool step_ok(struct verify *v, const struct weir_step *s)
{
    if (s->rules == 0 || s->phase > 1)
        return verify_fail(v, "a step is malformed");
    if (!verify_array(v, s->outcomes, s->rules, sizeof(struct weir_outcome)))
        return false;
    const struct weir_outcome *o = table_at(v->t, s->outcomes);
    for (uint32_t i = 0; i < s->rules; i++)
        if (!action_ok(v, o[i].action))
            return false;
    if (!verify_span(v, s->files, sizeof(struct weir_file_run)) || s->files.count == 0)
        return verify_fail(v, "a step stands in no file");
    return s->node == 0 || verify_node(v, s->node, WEIR_DEPTH_MAX + 1);
}

/* ---- objects ----------------------------------------------------------------------------------- */

static bool frontends_ok(struct verify *v)
{
    const struct weir_frontend *f = table_at(v->t, v->head->frontends.off);
    for (uint32_t i = 0; i < v->head->frontends.count; i++) {
        if (!verify_ref(v, f[i].name) || !verify_span(v, f[i].listens, sizeof(struct weir_listen)) ||
            !verify_span(v, f[i].steps, sizeof(struct weir_step)))
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
        if (!verify_ref(v, b[i].name) || !verify_span(v, b[i].servers, sizeof(struct weir_server)))
            return false;
        if (b[i].balance > WEIR_BALANCE_LEAST_CONN)
            return verify_fail(v, "a backend balances in no known way");
        if (b[i].check != WEIR_NONE && b[i].check >= v->head->checks.count)
            return verify_fail(v, "a backend names an unknown check");
        const struct weir_server *s = table_at(v->t, b[i].servers.off);
        for (uint32_t k = 0; k < b[i].servers.count; k++)
            if (!verify_ref(v, s[k].name) || !verify_ref(v, s[k].host))
                return false;
    }
    return true;
}

static bool checks_ok(struct verify *v)
{
    const struct weir_check *c = table_at(v->t, v->head->checks.off);
    for (uint32_t i = 0; i < v->head->checks.count; i++) {
        if (c[i].kind > WEIR_CHECK_TCP)
            return verify_fail(v, "a check is of no known kind");
        if (!verify_ref(v, c[i].name) || !verify_ref(v, c[i].request) || !verify_ref(v, c[i].headers) ||
            !verify_ref(v, c[i].body_contains) || !verify_span(v, c[i].steps, sizeof(struct weir_check_step)))
            return false;
        const struct weir_check_step *s = table_at(v->t, c[i].steps.off);
        for (uint32_t k = 0; k < c[i].steps.count; k++)
            if (s[k].kind > WEIR_STEP_EXPECT_STARTS || !verify_ref(v, s[k].data))
                return verify_fail(v, "a step of a check is malformed");
    }
    return true;
}

static bool shapes_ok(struct verify *v, struct weir_span shapes)
{
    if (!verify_span(v, shapes, sizeof(struct weir_shape)))
        return false;
    const struct weir_shape *s = table_at(v->t, shapes.off);
    for (uint32_t i = 0; i < shapes.count; i++)
        if (!verify_ref(v, s[i].kinds))
            return false;
    return true;
}

static bool names_ok(struct verify *v)
{
    const struct weir_slot *slots = table_at(v->t, v->head->slots.off);
    for (uint32_t i = 0; i < v->head->slots.count; i++)
        if (slots[i].kind > WEIR_SLOT_ID || !verify_ref(v, slots[i].name))
            return verify_fail(v, "a slot is malformed");
    const struct weir_ref *sources = table_at(v->t, v->head->sources.off);
    for (uint32_t i = 0; i < v->head->sources.count; i++)
        if (!verify_ref(v, sources[i]))
            return false;
    const uint32_t *maps = table_at(v->t, v->head->maps.off);
    for (uint32_t i = 0; i < v->head->maps.count; i++)
        if (!verify_table(v, maps[i], USE_MEMBERSHIP, 0))
            return false;
    return true;
}

static bool head_ok(struct verify *v)
{
    const struct weir_tables *h = v->head;
    if (h->magic != WEIR_TABLES_MAGIC)
        return verify_fail(v, "these are no tables of a plan");
    if (h->abi != WEIR_ABI_VERSION)
        return verify_fail(v, "the plan is for another version of the runtime");
    if (h->size_lo != v->size || h->size_hi != 0)
        return verify_fail(v, "the tables are cut short");
    /* Slots are numbered in 16 bits, of which the last ones mean chance and the address. */
    if (h->slots.count >= WEIR_SUBJECT_RANDOM - WEIR_SLOT_FIXED)
        return verify_fail(v, "there are too many slots");
    return verify_span(v, h->slots, sizeof(struct weir_slot)) && verify_span(v, h->sources, sizeof(struct weir_ref)) &&
           verify_span(v, h->frontends, sizeof(struct weir_frontend)) &&
           verify_span(v, h->backends, sizeof(struct weir_backend)) && verify_span(v, h->checks, sizeof(struct weir_check)) &&
           verify_span(v, h->maps, sizeof(uint32_t)) && shapes_ok(v, h->pred_shapes) && shapes_ok(v, h->value_shapes);
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
