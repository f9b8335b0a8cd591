/* Rules whose order matters: some requests meet both, others each alone, and they end differently; see analyze.h.
 * A special case before the general rule is not among them, nor is what stands in different phases. */
#include <stdlib.h>

#include "compiler/analyze_walk.h"

enum { OVERLAPS_MAX = 50 };

/* Looks whether a request that the first rule decides meets the later one. */
struct meeting {
    struct analysis *x;
    const struct ir_rule *first, *later;
    bool meets;
};

static void ask(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct meeting *m = ctx;
    (void)in_route;
    if (rule != m->first || !applied)
        return;
    struct eval_value guard = {.truth = true};
    if (m->later->guard)
        guard = eval_expr(s, m->later->guard);
    m->meets = !guard.absent && guard.truth;
    if (m->meets && m->later->kind == IR_USE_MAP)
        m->meets = !eval_expr(s, m->later->value).absent;
}

static bool meets_both(void *ctx, const struct eval_request *q)
{
    struct meeting *m = ctx;
    struct eval_result r;
    m->meets = false;
    eval_run(m->x->a, m->x->f, q, ask, m, &r);
    return r.rule == m->first && m->meets;
}

static bool is_early(const struct analysis *x, const struct an_item *item)
{
    return item->number < x->f->on_request.n;
}

/* Whether each of them is met alone, too. */
static bool is_partial(struct analysis *x, const struct an_item *first, const struct an_item *later)
{
    uint32_t g = analysis_range(x, first->number).guard, h = analysis_range(x, later->number).guard;
    return g != LOGIC_TRUE && h != LOGIC_TRUE &&
           analysis_meets(x, logic_and(&x->l, g, logic_not(&x->l, h))) == 1 &&
           analysis_meets(x, logic_and(&x->l, h, logic_not(&x->l, g))) == 1;
}

static int by_places(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    return a->next != b->next ? (a->next > b->next) - (a->next < b->next) : (a->first > b->first) - (a->first < b->first);
}

static void judge(struct analysis *x, struct walk *w, struct analyze_overlaps *out)
{
    qsort(w->pairs.v, w->pairs.n, sizeof *w->pairs.v, by_places);
    for (uint32_t i = 0; i < w->pairs.n; i++) {
        const struct an_item *first = &w->side.items.v[w->pairs.v[i].first],
                             *later = &w->side.items.v[w->pairs.v[i].next];
        struct meeting m = {x, first->rule, later->rule, false};
        struct eval_request q;
        if (!first->rule || !later->rule || is_early(x, first) != is_early(x, later) || !is_partial(x, first, later) ||
            !an_find_witness(x->a, &w->pairs.v[i].sample, meets_both, &m, &q))
            continue;
        if (out->v.n < OVERLAPS_MAX)
            vec_add(x->a, &out->v, ((struct analyze_overlap){first->rule, later->rule, q}));
        else
            out->more++;
    }
}

void analyze_overlaps(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, double seconds,
                      struct analyze_overlaps *out)
{
    struct analysis x;
    struct walk w = {.wants_pairs = true};
    *out = (struct analyze_overlaps){.exceeded = false};
    analysis_begin(&x, a, p, f, seconds, NULL);
    for (uint32_t i = 0; i < x.side.items.n; i++)
        if (x.side.items.v[i].outcome & OUTCOME_TERMINAL)
            vec_add(a, &w.side.items, x.side.items.v[i]);
    out->exceeded = !walk_run(&x, &w, 2, 0.5) || w.pairs.n >= WALK_PAIRS;
    judge(&x, &w, out);
    analysis_end(&x);
}
