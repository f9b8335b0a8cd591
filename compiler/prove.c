/* Deciding claims; see prove.h.
 *
 * note [sides]: rules that break the claim get one outcome, all others another, and what asks for the claim's
 * condition is part of the conditions of those that break it. The list of rules is then compared with one that
 * has the good outcome alone, as diff.c compares programs: a difference is a request that breaks the claim, and
 * only the requests that rules which break it may take are searched. What stands after the last of these rules
 * does not count. */
#include "compiler/prove.h"

#include "compiler/an_hosts.h"
#include "compiler/an_witness.h"
#include "compiler/ir_print.h"
#include "runtime/base/norm.h"

enum { SAMPLES = 6, TRIES_MAX = 400, NAMED_MAX = 3, ALONE_MAX = 32 };
enum { GOOD = OUTCOME_TERMINAL, BAD = 1 << OUTCOME_BITS | OUTCOME_TERMINAL };

/* Requests that may break the claim, of one state. */
struct suspects {
    struct an_sample v[SAMPLES];
    uint32_t n;
};

struct proving {
    struct arena *a;
    const struct ir_frontend *f;
    const struct test_proof *claim;
    struct prove_result *out;
    struct logic l;
    struct an_rules rules;
    struct an_search s;
    struct an_side sides[2];
    uint32_t condition, asterisk;
    double seconds;
    struct strmap by_state;
    VEC(struct suspects) found;
    uint32_t current; /* in `found` */
    uint32_t tries;
    struct an_sample open; /* one for which no request was found */
    bool is_open;
    bool counting; /* no requests are tried */
};

/* ---- outcomes ---------------------------------------------------------------------------------- */

bool prove_outcome_is(const struct test_outcome *o, const struct eval_result *x)
{
    /* A rule decides with REPLY; a refused request is answered all the same. */
    enum eval_outcome kind = x->outcome == EVAL_BAD_REQUEST ? EVAL_REPLY : x->outcome;
    if (o->kind != kind)
        return false;
    if (o->kind == EVAL_USE)
        return o->backend == x->backend;
    return o->status == x->status &&
           (!o->location.p || o->kind != EVAL_REDIRECT || slice_eq(o->location, x->value));
}

enum answer { NO, YES, PERHAPS };

static enum answer redirects(struct arena *a, const struct ir_rule *r, const struct test_outcome *o)
{
    if (o->kind != EVAL_REDIRECT || r->status != o->status)
        return NO;
    if (!o->location.p)
        return YES;
    if (r->value->op != IR_CONST_STR)
        return PERHAPS;
    char *clean = arena_alloc(a, r->value->str.len + 1);
    return slice_eq(o->location, (struct slice){clean, norm_field_value(r->value->str, clean)}) ? YES : NO;
}

/* Whether what the item decides is what the claim names. */
static enum answer does(struct arena *a, const struct an_item *item, const struct test_outcome *o)
{
    const struct ir_rule *r = item->rule;
    if (!r)
        return NO;
    switch (r->kind) {
    case IR_USE:
        return o->kind == EVAL_USE && r->backend == o->backend;
    case IR_USE_MAP:
        return o->kind != EVAL_USE ? NO : !item->row ? PERHAPS : item->row->backend == o->backend;
    case IR_REDIRECT:
        return redirects(a, r, o);
    case IR_REPLY:
        return o->kind == EVAL_REPLY && r->status == o->status;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
    case IR_DEL_HEADER:
        break;
    }
    return NO;
}

/* ---- the two sides ----------------------------------------------------------------------------- */

static void add_good(struct proving *p, struct an_side *side)
{
    vec_add(p->a, &side->items, ((struct an_item){.guard = LOGIC_TRUE, .outcome = GOOD}));
}

static void make_sides(struct proving *p, const struct an_side *all)
{
    struct an_side *side = &p->sides[0];
    uint32_t last = 0;
    for (uint32_t i = 0; i < all->items.n; i++) {
        struct an_item item = all->items.v[i];
        if (!(item.outcome & OUTCOME_TERMINAL))
            continue;
        item.changed = item.rule && does(p->a, &item, &p->claim->outcome) != (p->claim->always ? YES : NO);
        item.outcome = item.changed ? BAD : GOOD;
        if (item.changed)
            item.guard = logic_and(&p->l, item.guard, p->condition);
        if (item.guard == LOGIC_FALSE)
            continue;
        vec_add(p->a, &side->items, item);
        last = item.changed ? side->items.n : last;
    }
    side->items.n = last;
    add_good(p, side);
    add_good(p, &p->sides[1]);
}

/* ---- counterexamples --------------------------------------------------------------------------- */

struct trying {
    struct proving *p;
    bool begun, holds; /* whether the condition does */
};

/* At the first rule the headers are as they came. */
static void ask(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct trying *t = ctx;
    const struct ir_expr *condition = t->p->claim->condition;
    (void)rule, (void)in_route, (void)applied;
    if (t->begun)
        return;
    t->begun = true;
    struct eval_value v = {.truth = true};
    if (condition)
        v = eval_expr(s, condition);
    t->holds = !v.absent && v.truth;
}

static bool breaks(void *ctx, const struct eval_request *q)
{
    struct proving *p = ctx;
    struct trying t = {.p = p};
    eval_run(p->a, p->f, q, ask, &t, &p->out->came);
    return t.holds && p->out->came.rule && prove_outcome_is(&p->claim->outcome, &p->out->came) != p->claim->always;
}

static void leaf(void *ctx, struct an_search *s, const struct an_state *x)
{
    struct proving *p = ctx;
    struct suspects *f = &p->found.v[p->current];
    /* Outcomes have numbers of their own in a state; the other side has the good one alone. */
    if (x->e[x->n[0] - 1].outcome != x->e[x->n[0] + x->n[1] - 1].outcome && f->n < SAMPLES)
        f->v[f->n++] = an_sample_take(p->a, s);
}

static void visit(void *ctx, const struct an_host *h)
{
    struct proving *p = ctx;
    bool added;
    struct slice key = arena_copy(p->a, (struct slice){(const char *)&h->state, sizeof h->state});
    uint32_t at = *strmap_put(&p->by_state, p->a, key, p->found.n, &added);
    if (added) {
        vec_push(p->a, &p->found);
        p->current = at;
        p->s.serial++;
        an_search_run(&p->s, h->state);
    }
    const struct suspects f = p->found.v[at];
    for (uint32_t i = 0; i < f.n && !p->counting && !p->s.done && p->tries < TRIES_MAX; i++, p->tries++) {
        struct an_sample sample = f.v[i];
        sample.host = arena_copy(p->a, h->host);
        if (an_find_witness(p->a, &sample, breaks, p, &p->out->request)) {
            p->out->verdict = PROVE_FALSE;
            p->s.done = true;
        } else if (!p->is_open) {
            p->open = sample;
            p->is_open = true;
        }
    }
    p->is_open |= f.n > 0;
}

/* Looks for differences of the list and the good outcome, in `part` of the time. */
static void search(struct proving *p, struct an_side *side, double part)
{
    struct an_side *const sides[2] = {side, &p->sides[1]};
    p->found.n = 0;
    p->by_state = (struct strmap){0};
    p->is_open = false;
    p->tries = 0;
    an_search_begin(&p->s, &p->l, 1, p->asterisk, p->seconds * part);
    p->s.merge = true;
    p->s.leaf = leaf;
    p->s.ctx = p;
    an_hosts_visit(&p->s, sides, 2, visit, p);
    an_search_end(&p->s);
}

/* Where all rules together are too hard: requests that one of those asks for which break the claim, if no rule
 * before takes them. */
static void guess(struct proving *p)
{
    const struct an_side *all = &p->sides[0];
    uint32_t n = 0, done = 0;
    for (uint32_t i = 0; i < all->items.n; i++)
        n += all->items.v[i].changed;
    n = n < ALONE_MAX ? n : ALONE_MAX;
    for (uint32_t i = 0; i < all->items.n && done < n && p->out->verdict != PROVE_FALSE; i++) {
        struct an_side one = {0};
        if (!all->items.v[i].changed)
            continue;
        vec_add(p->a, &one.items, all->items.v[i]);
        add_good(p, &one);
        search(p, &one, 0.3 / n);
        done++;
    }
}

/* ---- what is said ------------------------------------------------------------------------------ */

/* The parts of the open sample that the analyser did not look into. */
static struct slice open_text(struct proving *p)
{
    struct buf b = {0};
    buf_str(&b, "it may be broken, but no request was found that does it: ");
    for (uint32_t i = 0; i < p->open.opaque.n && i < NAMED_MAX; i++) {
        buf_str(&b, i ? ", `" : "the analyser does not look into `");
        ir_print_expr(p->open.opaque.v[i], &b);
        buf_char(&b, '`');
    }
    if (p->open.opaque.n > NAMED_MAX)
        buf_printf(&b, " and %u more", p->open.opaque.n - NAMED_MAX);
    if (p->open.opaque.n == 0)
        buf_str(&b, "it depends on what headers become, or on two views of the same bytes");
    struct slice s = arena_copy(p->a, buf_view(&b));
    buf_free(&b);
    return s;
}

/* Whether no request meets the condition. */
static void find_vacuous(struct proving *p)
{
    struct an_side side = {0};
    struct an_item item = {.guard = p->condition, .outcome = BAD, .changed = true};
    if (!p->claim->condition)
        return;
    vec_add(p->a, &side.items, item);
    add_good(p, &side);
    p->counting = true;
    if (p->condition != LOGIC_FALSE)
        search(p, &side, 1);
    p->out->vacuous = p->condition == LOGIC_FALSE || (!p->is_open && !p->s.exceeded);
}

static void decide(struct proving *p)
{
    struct prove_result *out = p->out;
    search(p, &p->sides[0], 0.7);
    if (out->verdict == PROVE_FALSE)
        return;
    out->verdict = p->is_open || p->s.exceeded ? PROVE_UNKNOWN : PROVE_TRUE;
    if (p->s.exceeded) {
        out->why = an_search_excess(p->a, &p->s);
        guess(p);
    } else if (p->is_open) {
        out->why = open_text(p);
    } else {
        find_vacuous(p);
    }
}

void prove_claim(struct arena *a, const struct ir_program *program, const struct ir_frontend *f,
                 const struct test_proof *claim, double seconds, struct prove_result *out)
{
    struct proving p = {.a = a, .f = f, .claim = claim, .out = out, .seconds = seconds};
    struct an_side all;
    /* The condition is read as a rule of its own is, before any other. */
    struct ir_rule asking = {.kind = IR_REPLY, .guard = claim->condition};
    struct ir_frontend only = {.route = {&asking, 1, 1}};
    const struct ir_frontend *both[2] = {f, &only};
    *out = (struct prove_result){.verdict = PROVE_UNKNOWN};
    logic_begin(&p.l);
    an_rules_begin(&p.rules, &p.l, both, 2);
    p.condition = claim->condition ? guard_formula(&p.rules.m, claim->condition) : LOGIC_TRUE;
    an_rules_add(&p.rules, &all, program, f);
    p.asterisk = an_asterisk(&p.rules);
    make_sides(&p, &all);
    decide(&p);
    logic_end(&p.l);
}
