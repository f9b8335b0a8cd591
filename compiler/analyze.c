/* Analyses of one frontend; see analyze.h. The walks are analyze_walk.c. */
#include "compiler/analyze_walk.h"

enum { EXPLAINED_MAX = 40, REPORTED_MAX = 200, ROWS_EXPLAINED = 10 };

/* ---- one rule ---------------------------------------------------------------------------------- */

static struct analyze_finding *add_finding(struct analysis *x, enum analyze_kind kind,
                                           const struct ir_rule *rule)
{
    struct analyze_finding *f = vec_push(x->a, &x->out->findings);
    f->kind = kind;
    f->rule = rule;
    return f;
}

/* A rule that was not reached. */
static void unreached(struct analysis *x, uint32_t number, const struct ir_rule *rule)
{
    struct range r = analysis_range(x, number);
    int possible = r.from == UINT32_MAX ? 0 : analysis_meets(x, r.guard);
    if (possible < 0)
        x->out->exceeded = true;
    else if (possible == 0)
        analyze_contradiction(x, add_finding(x, ANALYZE_NEVER, rule), number, r.guard);
    else
        analyze_cover(x, add_finding(x, ANALYZE_UNREACHABLE, rule), r);
}

/* ---- all rules --------------------------------------------------------------------------------- */

static const struct ir_rule *rule_at(const struct ir_frontend *f, uint32_t number)
{
    return number < f->on_request.n ? &f->on_request.v[number] : &f->route.v[number - f->on_request.n];
}

/* A change of a header: reached where nothing before decides. -1: not known. */
static int edit_reached(struct analysis *x, uint32_t number)
{
    struct walk w = {0};
    uint32_t guard = LOGIC_FALSE;
    for (uint32_t i = 0; i < x->side.items.n; i++) {
        const struct an_item *item = &x->side.items.v[i];
        if (item->number == number)
            guard = item->guard;
        if (item->number < number && (item->outcome & OUTCOME_TERMINAL))
            walk_add(x, &w, item);
    }
    return walk_meets(x, &w, guard);
}

/* `nexts`: the walk looked at what comes next, too. By rule: whether one of its items decides somewhere, and whether that ever matters. */
static void judge(struct analysis *x, const struct walk *w, bool nexts)
{
    uint32_t n = x->f->on_request.n + x->f->route.n;
    bool *reached = arena_array(x->a, bool, n + 1), *matters = arena_array(x->a, bool, n + 1);
    struct an_sample *samples = arena_array(x->a, struct an_sample, n + 1);
    for (uint32_t i = 0; i < w->side.items.n; i++) {
        uint32_t number = w->side.items.v[i].number;
        reached[number] |= w->reached[i];
        matters[number] |= w->reached[i] && w->differs[i];
        if (w->reached[i])
            samples[number] = w->samples[i];
    }
    x->out->samples = samples;
    for (uint32_t i = 0; i < n && x->out->findings.n < REPORTED_MAX; i++) {
        const struct ir_rule *r = rule_at(x->f, i);
        bool edit = !ir_rule_decides(r);
        int there = edit ? edit_reached(x, i) : reached[i];
        if (there < 0)
            x->out->exceeded = true;
        else if (!there && x->out->findings.n < EXPLAINED_MAX)
            unreached(x, i, r);
        else if (!there)
            add_finding(x, ANALYZE_UNREACHABLE, r);
        else if (nexts && !edit && !matters[i] && i + 1 < n)
            add_finding(x, ANALYZE_REDUNDANT, r);
    }
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* Rows by which a rule decides nothing, while it does by others. */
static void judge_rows(struct analysis *x, const struct walk *w, uint32_t from, uint32_t to)
{
    const struct an_item *items = w->side.items.v;
    const struct ir_set *set = items[from].rule->value->set;
    bool any = false, *there = arena_array(x->a, bool, set->rows.n + 1);
    uint32_t explained = 0;
    for (uint32_t i = from; i < to; i++)
        any |= w->reached[i];
    for (uint32_t i = from; any && i < to; i++)
        if (w->reached[i] && items[i].row != &set->fallback)
            there[items[i].row - set->rows.v] = true;
    for (uint32_t i = 0; any && i < set->rows.n && x->out->findings.n < REPORTED_MAX; i++)
        if (!there[i])
            add_finding(x, ANALYZE_ROW, items[from].rule)->row = &set->rows.v[i];
    for (uint32_t i = 0; any && i < x->out->findings.n && explained < ROWS_EXPLAINED; i++) {
        struct analyze_finding *f = &x->out->findings.v[i];
        for (uint32_t k = 0; f->kind == ANALYZE_ROW && f->rule == items[from].rule && k < x->side.items.n; k++)
            if (x->side.items.v[k].row == f->row && x->side.items.v[k].rule == f->rule) {
                analyze_cover(x, f, (struct range){k, k + 1, x->side.items.v[k].guard});
                explained++;
            }
    }
}

static void judge_maps(struct analysis *x, const struct walk *w)
{
    const struct an_item *items = w->side.items.v;
    for (uint32_t i = 0, to; i < w->side.items.n; i = to) {
        for (to = i + 1; to < w->side.items.n && items[to].number == items[i].number; to++)
            ;
        if (items[i].row)
            judge_rows(x, w, i, to);
    }
}

/* ------------------------------------------------------------------------------------------------ */

void analyze_frontend(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                      double seconds, struct analyze_result *out)
{
    struct analysis x;
    struct walk w = {0}, first = {0};
    *out = (struct analyze_result){0};
    analysis_begin(&x, a, p, f, seconds, out);
    for (uint32_t i = 0; i < x.side.items.n; i++)
        if (x.side.items.v[i].outcome & OUTCOME_TERMINAL)
            vec_add(a, &w.side.items, x.side.items.v[i]);
    first.side.items = w.side.items;
    out->exceeded = !walk_run(&x, &w, 2, 0.5);
    /* Which rule decides is easier to know than which would be next. */
    bool finished = !out->exceeded;
    if (finished)
        judge(&x, &w, true);
    else if ((finished = walk_run(&x, &first, 1, 0.7)))
        judge(&x, &first, false);
    if (finished)
        judge_maps(&x, out->exceeded ? &first : &w);
    if (w.s.exceeded)
        out->why = an_search_excess(a, &w.s);
    analysis_end(&x);
}
