/* Walking nodes, rows and atoms; see decide.h. */
#include "runtime/decide.h"

#include "runtime/automaton.h"
#include "runtime/match.h"
#include "runtime/route.h"
#include "runtime/table.h"

static inline struct weir_str subject_of(const struct decide *d, uint32_t slot)
{
    if (slot == WEIR_SUBJECT_IP)
        return (struct weir_str){(const char *)d->facts->client_ip, sizeof d->facts->client_ip};
    if (slot == WEIR_SUBJECT_RANDOM)
        return (struct weir_str){(const char *)&d->facts->random, sizeof d->facts->random};
    return d->facts->str[slot];
}

static bool is_in(struct decide *d, const struct weir_atom *a, struct weir_str s)
{
    const struct weir_record *r = table_find(d->tables, a->a, s);
    if (!r)
        return false;
    d->found_table = a->a;
    d->found_slot = a->slot;
    d->found = r;
    return true;
}

/* Whether the test itself holds; a test on an absent subject does not. */
static inline bool test_holds(struct decide *d, const struct weir_atom *a)
{
    if (a->op == WEIR_ATOM_TLS)
        return d->facts->tls_active;
    if (a->op == WEIR_ATOM_GLUE)
        return d->pred(&route_abi, d->facts, d->tables, a->a, a->b);
    struct weir_str s = subject_of(d, a->slot);
    struct weir_str part = {(const char *)d->tables + a->a, a->b};
    if (!s.p)
        return false;
    switch ((enum weir_atom_op)a->op) {
    case WEIR_ATOM_EQ:
        return match_eq(s, part);
    case WEIR_ATOM_UNDER:
        return match_under(s, part);
    case WEIR_ATOM_STARTS:
        return match_starts(s, part);
    case WEIR_ATOM_ENDS:
        return match_ends(s, part);
    case WEIR_ATOM_CONTAINS:
        return match_contains(s, part);
    case WEIR_ATOM_LIKE:
    case WEIR_ATOM_MATCHES:
        return automaton_matches(d->tables, a->a, s);
    case WEIR_ATOM_IN:
        return is_in(d, a, s);
    case WEIR_ATOM_EXISTS:
        return true;
    case WEIR_ATOM_TLS:
    case WEIR_ATOM_GLUE:
        break;
    }
    return false;
}

static inline uint32_t decide_rows(struct decide *d, uint32_t off, uint32_t limit)
{
    const struct weir_row *row = table_at(d->tables, off);
    for (;;) {
        if (row->rule >= limit)
            return limit;
        const struct weir_atom *a = (const void *)(row + 1), *end = a + row->natoms;
        while (a < end && test_holds(d, a) != a->negate)
            a++;
        if (a == end)
            return row->rule;
        if (row->last)
            return limit;
        row = (const void *)end;
    }
}

struct best {
    struct decide *d;
    uint32_t rule;
};

static bool visit_node(void *ctx, const struct weir_record *r)
{
    struct best *best = ctx;
    best->rule = decide_rule(best->d, r->value, best->rule);
    return false;
}

static inline uint32_t decide_keys(struct decide *d, const struct weir_group *g, uint32_t limit)
{
    struct weir_str s = subject_of(d, g->slot);
    struct best best = {d, limit};
    if (s.p)
        table_walk(d->tables, table_at(d->tables, g->at), s, visit_node, &best);
    return best.rule;
}

uint32_t decide_rule(struct decide *d, uint32_t node, uint32_t limit)
{
    if (node & 1)
        return decide_rows(d, node & ~1u, limit);
    for (const struct weir_group *g; node; node = g->next) {
        g = table_at(d->tables, node);
        if (g->least >= limit)
            continue;
        if (g->kind == WEIR_GROUP_ROWS)
            limit = decide_rows(d, g->at, limit);
        else
            limit = decide_keys(d, g, limit);
    }
    return limit;
}
