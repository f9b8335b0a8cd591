/* Analyses of one frontend; see analyze.h. A list of rules is searched with their indices as outcomes: a rule
 * that decides nowhere is not reached, and one that is always followed by a rule of the same outcome is
 * redundant. */
#include "compiler/analyze.h"

#include "compiler/an_hosts.h"

enum { EXPLAINED_MAX = 40, COVER_MAX = 8, REPORTED_MAX = 200 };

/* What is known of an item, or of a place in a state. */
struct fact {
    uint32_t place;
    bool differs; /* what comes next has another outcome */
    struct an_sample sample;
};

struct facts {
    VEC(struct fact) v;
};

/* A walk over one list of items. */
struct walk {
    struct arena *a;
    struct an_search s;
    struct an_side side;
    struct strmap by_state;
    VEC(struct facts) found;
    uint32_t current;
    bool *reached, *differs; /* by item */
    struct an_sample *samples;
};

struct analysis {
    struct arena *a;
    struct logic l;
    struct an_rules rules;
    struct an_side side; /* all items */
    uint32_t asterisk;
    double seconds;
    const struct ir_program *p;
    const struct ir_frontend *f;
    struct analyze_result *out;
};

/* ---- walks ------------------------------------------------------------------------------------- */

static void leaf(void *ctx, struct an_search *s, const struct an_state *x)
{
    struct walk *w = ctx;
    struct facts *all = &w->found.v[w->current];
    uint32_t first = 0;
    struct fact *f = NULL;
    while (!(x->e[first].outcome & OUTCOME_TERMINAL))
        first++;
    for (uint32_t i = 0; i < all->v.n; i++)
        if (all->v.v[i].place == x->e[first].item)
            f = &all->v.v[i];
    if (!f) {
        f = vec_push(w->a, &all->v);
        f->place = x->e[first].item;
        f->sample = an_sample_take(w->a, s);
    }
    f->differs |= first + 1 >= x->n[0] || x->e[first].outcome != x->e[x->n[0] - 1].outcome;
}

static void visit(void *ctx, const struct an_host *h)
{
    struct walk *w = ctx;
    bool added;
    struct slice key = arena_copy(w->a, (struct slice){(const char *)&h->state, sizeof h->state});
    uint32_t at = *strmap_put(&w->by_state, w->a, key, w->found.n, &added);
    if (added) {
        vec_push(w->a, &w->found);
        w->current = at;
        w->s.serial++;
        an_search_run(&w->s, h->state);
    }
    for (uint32_t i = 0; i < w->found.v[at].v.n; i++) {
        const struct fact *f = &w->found.v[at].v.v[i];
        uint32_t item = h->items[0].v[f->place];
        if (!w->reached[item]) {
            w->samples[item] = f->sample;
            w->samples[item].host = arena_copy(w->a, h->host);
        }
        w->reached[item] = true;
        w->differs[item] |= f->differs;
    }
}

/* Walks over w->side.items. `keep`: see an_search. False where it was not finished. */
static bool walk(struct analysis *x, struct walk *w, uint32_t keep)
{
    struct an_side *const sides[1] = {&w->side};
    uint32_t n = w->side.items.n;
    w->a = x->a;
    w->reached = arena_array(x->a, bool, n);
    w->differs = arena_array(x->a, bool, n);
    w->samples = arena_array(x->a, struct an_sample, n);
    an_search_begin(&w->s, &x->l, keep, x->asterisk, x->seconds);
    w->s.leaf = leaf;
    w->s.ctx = w;
    an_hosts_visit(&w->s, sides, 1, visit, w);
    bool finished = !w->s.exceeded;
    an_search_end(&w->s);
    return finished;
}

/* ---- one rule ---------------------------------------------------------------------------------- */

static struct an_item end_item(const struct analysis *x)
{
    return x->side.items.v[x->side.items.n - 1];
}

static void add_terminal(struct analysis *x, struct walk *w, const struct an_item *item)
{
    struct an_item *to = vec_push(x->a, &w->side.items);
    *to = *item;
    to->outcome |= OUTCOME_TERMINAL;
}

/* The items of a rule are `from` to `to`, all of which are alike here: what is asked is whether one of them
 * applies. */
struct range {
    uint32_t from, to;
    uint32_t guard; /* of any of them */
};

static struct range range_of(struct analysis *x, uint32_t number)
{
    struct range r = {UINT32_MAX, 0, LOGIC_FALSE};
    for (uint32_t i = 0; i < x->side.items.n; i++)
        if (x->side.items.v[i].number == number && x->side.items.v[i].rule) {
            r.from = r.from < i ? r.from : i;
            r.to = i + 1;
        }
    VEC(uint32_t) guards = {0};
    for (uint32_t i = r.from; i < r.to; i++)
        vec_add(x->a, &guards, x->side.items.v[i].guard);
    r.guard = logic_junction(&x->l, LOGIC_OR, guards.v, guards.n);
    return r;
}

/* Whether a request meets `guard` and none of the items of w, which may be none. -1: not known. */
static int meets(struct analysis *x, struct walk *w, uint32_t guard)
{
    struct an_item item = end_item(x), end = item;
    item.guard = guard;
    add_terminal(x, w, &item);
    add_terminal(x, w, &end);
    bool finished = walk(x, w, 1);
    return w->reached[w->side.items.n - 2] ? 1 : finished ? 0 : -1;
}

/* The rules before that decide requests which meet the guard. */
static bool find_takers(struct analysis *x, struct range r, struct walk *w)
{
    for (uint32_t i = 0; i < r.from; i++) {
        struct an_item item = x->side.items.v[i];
        item.guard = logic_and(&x->l, item.guard, r.guard);
        if ((item.outcome & OUTCOME_TERMINAL) && item.guard != LOGIC_FALSE)
            vec_add(x->a, &w->side.items, item);
    }
    add_terminal(x, w, &(struct an_item){.guard = LOGIC_TRUE, .outcome = end_item(x).outcome});
    return walk(x, w, 1);
}

/* Leaves out what is spare. */
static void reduce(struct analysis *x, uint32_t guard, struct an_item *v, uint32_t *n)
{
    for (uint32_t i = *n; i-- > 0 && *n > 1;) {
        struct walk w = {0};
        for (uint32_t k = 0; k < *n; k++)
            if (k != i)
                add_terminal(x, &w, &v[k]);
        if (meets(x, &w, guard) != 0)
            continue;
        memmove(v + i, v + i + 1, (*n - i - 1) * sizeof *v);
        --*n;
    }
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

/* Which rules take it all: those that are needed, and among them those of another outcome first. */
static void explain(struct analysis *x, struct analyze_finding *f, struct range r)
{
    struct walk w = {0};
    if (!find_takers(x, r, &w))
        return;
    VEC(struct an_item) takers = {0};
    for (uint32_t i = 0; i + 1 < w.side.items.n; i++)
        if (w.reached[i])
            vec_add(x->a, &takers, w.side.items.v[i]);
    if (takers.n <= COVER_MAX)
        reduce(x, r.guard, takers.v, &takers.n);
    for (int same = 0; same <= 1; same++)
        for (uint32_t i = 0; i < takers.n; i++)
            if (same_outcome(x, r, &takers.v[i]) == same)
                add_by(x, f, takers.v[i].rule);
    for (uint32_t i = 0; i + 1 < w.side.items.n && !f->winner; i++) {
        struct proving p = {x, w.side.items.v[i].rule};
        if (w.reached[i] && f->by.n && p.winner == f->by.v[0] &&
            an_find_witness(x->a, &w.samples[i], decided_by, &p, &f->request))
            f->winner = p.winner;
    }
}

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
    struct range r = range_of(x, number);
    struct walk w = {0};
    int possible = r.from == UINT32_MAX ? 0 : meets(x, &w, r.guard);
    if (possible < 0)
        x->out->exceeded = true;
    else if (possible == 0)
        add_finding(x, ANALYZE_NEVER, rule);
    else
        explain(x, add_finding(x, ANALYZE_UNREACHABLE, rule), r);
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
            add_terminal(x, &w, item);
    }
    return meets(x, &w, guard);
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

void analyze_frontend(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                      double seconds, struct analyze_result *out)
{
    struct analysis x = {.a = a, .seconds = seconds, .p = p, .f = f, .out = out};
    struct walk w = {0}, first = {0};
    *out = (struct analyze_result){0};
    logic_begin(&x.l);
    an_rules_begin(&x.rules, &x.l, &f, 1);
    an_rules_add(&x.rules, &x.side, p, f);
    x.asterisk = an_asterisk(&x.rules);
    for (uint32_t i = 0; i < x.side.items.n; i++)
        if (x.side.items.v[i].outcome & OUTCOME_TERMINAL)
            vec_add(a, &w.side.items, x.side.items.v[i]);
    first.side.items = w.side.items;
    out->exceeded = !walk(&x, &w, 2);
    /* Which rule decides is easier to know than which would be next. */
    if (!out->exceeded)
        judge(&x, &w, true);
    else if (walk(&x, &first, 1))
        judge(&x, &first, false);
    logic_end(&x.l);
}

/* ---- one rule alone ---------------------------------------------------------------------------- */

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
            add_terminal(x, &w, &item);
    }
    int met = meets(x, &w, r.guard);
    struct showing show = {x, rule, false};
    if (met <= 0)
        return met < 0 ? REACH_UNKNOWN : REACH_TAKEN;
    return an_find_witness(x->a, &w.samples[w.side.items.n - 2], applies_to, &show, request) ? REACH_WITNESS
                                                                                             : REACH_SOME;
}

static void reach(struct analysis *x, uint32_t number, const struct ir_rule *rule, struct analyze_rule *out)
{
    struct range all = range_of(x, number), some = all;
    struct walk w = {0};
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
    int possible = meets(x, &w, all.guard);
    if (possible == 0)
        out->reach = REACH_NEVER;
    else
        explain(x, &out->taken, all);
}

void analyze_rule(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                  const struct ir_rule *rule, double seconds, struct analyze_rule *out)
{
    uint32_t number = 0;
    while (rule_at(f, number) != rule)
        number++;
    /* Those after it do not matter. */
    struct ir_frontend until = *f;
    if (number < f->on_request.n)
        until.on_request.n = number + 1;
    until.route.n = number < f->on_request.n ? 0 : number - f->on_request.n + 1;
    struct analysis x = {.a = a, .seconds = seconds, .p = p, .f = &until};
    logic_begin(&x.l);
    an_rules_begin(&x.rules, &x.l, &x.f, 1);
    an_rules_add(&x.rules, &x.side, p, x.f);
    x.asterisk = an_asterisk(&x.rules);
    *out = (struct analyze_rule){0};
    reach(&x, number, rule, out);
    logic_end(&x.l);
}
