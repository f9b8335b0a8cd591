/* Whether a request reaches one rule; see analyze.h. The walks are analyze_walk.c. */
#include "compiler/analyze_walk.h"

enum { SOME_ROWS = 64 }; /* of a map, which are looked at before all are */

struct showing {
    const struct analysis *x;
    const struct ir_rule *rule;
    bool applied;
};

static void note_applied(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    (void)s;
    (void)in_route;
    struct showing *show = ctx;
    show->applied |= applied && rule == show->rule;
}

static bool applies_to(void *ctx, const struct eval_request *q)
{
    struct showing *show = ctx;
    struct eval_result r;
    show->applied = false;
    eval_run(show->x->a, show->x->f, q, note_applied, show, &r);
    return show->applied;
}

/* Whether a request meets one of the items of the range and none that decides before. */
static enum analyze_reach reach_of(struct analysis *x, struct range r, const struct ir_rule *rule,
                                   struct eval_request *request)
{
    struct walk w = {0};
    for (uint32_t i = 0; i < r.from; i++) {
        struct an_item item = x->side.items.v[i];
        item.guard = logic_and(&x->l, item.guard, r.guard);
        if ((item.outcome & OUTCOME_TERMINAL) && item.guard != LOGIC_FALSE)
            walk_add(x, &w, &item);
    }
    int met = walk_meets(x, &w, r.guard);
    struct showing show = {x, rule, false};
    if (met <= 0)
        return met < 0 ? REACH_UNKNOWN : REACH_TAKEN;
    return an_find_witness(x->a, &w.samples[w.side.items.n - 2], applies_to, &show, request) ? REACH_WITNESS
                                                                                             : REACH_SOME;
}

static void reach(struct analysis *x, uint32_t number, const struct ir_rule *rule, struct analyze_rule *out)
{
    struct range all = analysis_range(x, number), some = all;
    out->taken = (struct analyze_finding){.kind = ANALYZE_UNREACHABLE, .rule = rule};
    out->reach = REACH_NEVER;
    if (all.from == UINT32_MAX)
        return;
    if (all.to - all.from > SOME_ROWS) {
        some.guard = LOGIC_FALSE;
        for (uint32_t i = all.from; i < all.from + SOME_ROWS; i++)
            some.guard = logic_or(&x->l, some.guard, x->side.items.v[i].guard);
        out->reach = reach_of(x, some, rule, &out->request);
        if (out->reach == REACH_WITNESS)
            return;
    }
    out->reach = reach_of(x, all, rule, &out->request);
    if (out->reach != REACH_TAKEN)
        return;
    if (analysis_meets(x, all.guard) == 0)
        out->reach = REACH_NEVER;
    else
        analyze_cover(x, &out->taken, all);
}

static uint32_t number_of(const struct ir_frontend *f, const struct ir_rule *rule)
{
    bool early = rule >= f->on_request.v && rule < f->on_request.v + f->on_request.n;
    return (uint32_t)(early ? rule - f->on_request.v : f->on_request.n + (rule - f->route.v));
}

void analyze_rule(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                  const struct ir_rule *rule, double seconds, struct analyze_rule *out)
{
    uint32_t number = number_of(f, rule);
    /* Those after it do not matter. */
    struct ir_frontend until = *f;
    if (number < f->on_request.n)
        until.on_request.n = number + 1;
    until.route.n = number < f->on_request.n ? 0 : number - f->on_request.n + 1;
    struct analysis x;
    struct analyze_result unused = {0};
    analysis_begin(&x, a, p, &until, seconds, &unused);
    *out = (struct analyze_rule){0};
    reach(&x, number, rule, out);
    analysis_end(&x);
}
