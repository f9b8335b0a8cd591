/* Why a rule never decides: the rules before it that take what it asks for, as few as are needed; or the parts of
 * its condition that exclude each other. See analyze_walk.h. */
#include "compiler/analyze_walk.h"

enum { COVER_MAX = 8, ALONE_MAX = 64, PARTS_MAX = 12 };

/* The rules before that decide requests which meet the guard. */
static bool find_takers(struct analysis *x, struct range r, struct walk *w)
{
    for (uint32_t i = 0; i < r.from; i++) {
        struct an_item item = x->side.items.v[i];
        item.guard = logic_and(&x->l, item.guard, r.guard);
        if ((item.outcome & OUTCOME_TERMINAL) && item.guard != LOGIC_FALSE)
            vec_add(x->a, &w->side.items, item);
    }
    walk_add(x, w, &(struct an_item){.guard = LOGIC_TRUE, .outcome = x->side.items.v[x->side.items.n - 1].outcome});
    return walk_run(x, w, 1, 1);
}

/* Whether the items with a bit in `mask` take all that meets the guard. */
static bool covers(struct analysis *x, uint32_t guard, const struct an_item *v, uint32_t n, uint32_t mask)
{
    struct walk w = {0};
    for (uint32_t i = 0; i < n; i++)
        if (mask >> i & 1)
            walk_add(x, &w, &v[i]);
    return walk_meets(x, &w, guard) == 0;
}

/* One rule that takes it all, of those before the range that stand nearest. */
static bool find_one(struct analysis *x, struct range r, struct an_item *out)
{
    for (uint32_t i = r.from, tried = 0; i-- > 0 && tried < ALONE_MAX;) {
        const struct an_item *item = &x->side.items.v[i];
        if (!(item->outcome & OUTCOME_TERMINAL) || logic_and(&x->l, item->guard, r.guard) == LOGIC_FALSE)
            continue;
        tried++;
        *out = *item;
        if (covers(x, r.guard, item, 1, 1))
            return true;
    }
    return false;
}

/* The least set, by trying all of two, of three and so on. All of them together are one. */
static uint32_t least_cover(struct analysis *x, uint32_t guard, const struct an_item *v, uint32_t n)
{
    for (uint32_t size = 2; size < n; size++)
        for (uint32_t mask = 0; mask < 1u << n; mask++)
            if ((uint32_t)__builtin_popcount(mask) == size && covers(x, guard, v, n, mask))
                return mask;
    return (1u << n) - 1;
}

static void add_by(struct analysis *x, struct analyze_finding *f, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < f->by.n; i++)
        if (f->by.v[i] == rule)
            return;
    if (f->by.n < COVER_MAX)
        vec_add(x->a, &f->by, rule);
    else
        f->by_more++;
}

static bool same_outcome(struct analysis *x, struct range r, const struct an_item *item)
{
    return r.to == r.from + 1 && x->side.items.v[r.from].outcome == item->outcome;
}

struct proving {
    struct analysis *x;
    const struct ir_rule *winner;
};

static bool decided_by(void *ctx, const struct eval_request *q)
{
    struct proving *p = ctx;
    struct eval_result r;
    eval_run(p->x->a, p->x->f, q, NULL, NULL, &r);
    return r.rule == p->winner;
}

static bool is_named(const struct analyze_finding *f, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < f->by.n; i++)
        if (f->by.v[i] == rule)
            return true;
    return false;
}

/* Of the takers, in this order: one that ends otherwise and is named, one that ends otherwise, one that is named; of
 * several the one that decides most, as far as cells tell. */
static uint32_t best_taker(struct analysis *x, const struct analyze_finding *f, struct range r, const struct walk *w)
{
    uint32_t best = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i + 1 < w->side.items.n; i++) {
        const struct an_item *item = &w->side.items.v[i];
        uint32_t cells = w->cells[i] < 1u << 28 ? w->cells[i] : 1u << 28;
        uint32_t weight = (!same_outcome(x, r, item) * 2u + is_named(f, item->rule)) << 29 | cells;
        if (!w->reached[i] || weight <= most)
            continue;
        best = i;
        most = weight;
    }
    return best;
}

/* What takes most, and a request that shows it. */
static void find_other(struct analysis *x, struct analyze_finding *f, struct range r, struct walk *w)
{
    uint32_t best = best_taker(x, f, r, w);
    if (best == UINT32_MAX)
        return;
    const struct an_item *item = &w->side.items.v[best];
    struct proving p = {x, item->rule};
    f->other = same_outcome(x, r, item) ? NULL : item->rule;
    if (an_find_witness(x->a, &w->samples[best], decided_by, &p, &f->request))
        f->winner = p.winner;
}

void analyze_cover(struct analysis *x, struct analyze_finding *f, struct range r)
{
    struct walk w = {0};
    struct an_item one;
    if (!find_takers(x, r, &w))
        return;
    VEC(struct an_item) takers = {0};
    for (uint32_t i = 0; i + 1 < w.side.items.n; i++)
        if (w.reached[i])
            vec_add(x->a, &takers, w.side.items.v[i]);
    if (takers.n > 1 && find_one(x, r, &one)) {
        takers.n = 1;
        takers.v[0] = one;
    }
    uint32_t mask = takers.n <= COVER_MAX ? least_cover(x, r.guard, takers.v, takers.n) : UINT32_MAX;
    for (uint32_t i = 0; i < takers.n; i++)
        if (i >= COVER_MAX || mask >> i & 1)
            add_by(x, f, takers.v[i].rule);
    find_other(x, f, r, &w);
}

/* ---- conditions that contradict themselves ----------------------------------------------------- */

struct parts {
    const struct ir_expr *v[PARTS_MAX];
    uint32_t guards[PARTS_MAX], n;
    bool too_many;
};

static void add_parts(struct parts *p, const struct ir_expr *e)
{
    if (e->op == IR_AND) {
        for (uint32_t i = 0; i < e->nargs; i++)
            add_parts(p, e->args[i]);
    } else if (p->n < PARTS_MAX) {
        p->v[p->n++] = e;
    } else {
        p->too_many = true;
    }
}

/* Changes of headers before the rule decide what its condition sees. */
static void see_headers(struct analysis *x, uint32_t number, struct an_side *side)
{
    struct ir_frontend before = {0};
    uint32_t n = x->f->on_request.n;
    for (uint32_t i = 0; i < number; i++) {
        const struct ir_rule *r = i < n ? &x->f->on_request.v[i] : &x->f->route.v[i - n];
        if (r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER)
            vec_add(x->a, &before.route, *r);
    }
    an_rules_add(&x->rules, side, x->p, &before);
}

void analyze_contradiction(struct analysis *x, struct analyze_finding *f, uint32_t number, uint32_t guard)
{
    struct parts p = {.n = 0};
    struct an_side side;
    if (!f->rule->guard || f->rule->kind == IR_USE_MAP)
        return;
    add_parts(&p, f->rule->guard);
    see_headers(x, number, &side);
    for (uint32_t i = 0; i < p.n; i++)
        p.guards[i] = guard_formula(&x->rules.m, p.v[i]);
    if (p.too_many || logic_junction(&x->l, LOGIC_AND, p.guards, p.n) != guard)
        return;
    for (uint32_t i = p.n; i-- > 0 && p.n > 1;) {
        struct parts rest = p;
        memmove(rest.v + i, rest.v + i + 1, (p.n - i - 1) * sizeof *rest.v);
        memmove(rest.guards + i, rest.guards + i + 1, (p.n - i - 1) * sizeof *rest.guards);
        rest.n--;
        if (analysis_meets(x, logic_junction(&x->l, LOGIC_AND, rest.guards, rest.n)) == 0)
            p = rest;
    }
    for (uint32_t i = 0; i < p.n; i++)
        vec_add(x->a, &f->parts, p.v[i]);
}
