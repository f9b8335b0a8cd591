/* Rules whose order matters: some requests meet both, others each alone, and they end differently; see analyze.h.
 * A special case before the general rule is not among them, nor is what stands in different phases. */
#include <stdlib.h>

#include "compiler/analyze_walk.h"

enum { OVERLAPS_MAX = 50 };

/* Whether a request that the first rule decides would end otherwise if the later one stood in its place. */
struct meeting {
    struct analysis *x;
    const struct ir_rule *first, *later;
    struct ir_frontend swapped; /* changes of headers before the first, and then the later rule */
};

static bool shows(void *ctx, const struct eval_request *q)
{
    struct meeting *m = ctx;
    struct eval_result x, y;
    eval_run(m->x->a, m->x->f, q, NULL, NULL, &x);
    eval_run(m->x->a, &m->swapped, q, NULL, NULL, &y);
    return x.rule == m->first && y.rule == m->swapped.route.v && an_results_differ(&x, &y);
}

/* The rules that change headers, and then the one that may decide. */
static void swap_in(struct meeting *m, const struct an_item *first)
{
    const struct ir_frontend *f = m->x->f;
    const struct ir_rule fallback = {.kind = IR_REPLY, .status = 404};
    m->swapped = *f;
    memset(&m->swapped.on_request, 0, sizeof m->swapped.on_request);
    memset(&m->swapped.route, 0, sizeof m->swapped.route);
    for (uint32_t i = 0; i < m->x->side.items.n; i++) {
        const struct an_item *item = &m->x->side.items.v[i];
        if (item->number < first->number && !(item->outcome & OUTCOME_TERMINAL))
            vec_add(m->x->a, &m->swapped.on_request, *item->rule);
    }
    vec_add(m->x->a, &m->swapped.route, *m->later);
    vec_add(m->x->a, &m->swapped.route, fallback);
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
    if (w->pairs.n)
        qsort(w->pairs.v, w->pairs.n, sizeof *w->pairs.v, by_places);
    for (uint32_t i = 0; i < w->pairs.n; i++) {
        const struct an_item *first = &w->side.items.v[w->pairs.v[i].first],
                             *later = &w->side.items.v[w->pairs.v[i].next];
        struct meeting m = {.x = x, .first = first->rule, .later = later->rule};
        struct eval_request q;
        if (!first->rule || !later->rule || is_early(x, first) != is_early(x, later) || !is_partial(x, first, later))
            continue;
        swap_in(&m, first);
        if (!an_find_witness(x->a, &w->pairs.v[i].sample, shows, &m, &q))
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
