/* What tests of the exact comparison share: two programs under every request of a domain, and what the comparison must say
 * then. */
#ifndef WEIR_TEST_DIFF_BRUTE_H
#define WEIR_TEST_DIFF_BRUTE_H

#include "compiler/analyze.h"
#include "compiler/diff.h"
#include "tests/unit/bounds.h"
#include "tests/unit/small.h"

/* ---- brute force ------------------------------------------------------------------------------- */

enum { RULES_MAX = 128, PAIRS_MAX = RULES_MAX * RULES_MAX };

struct brute {
    struct reads reads;
    const struct ir_frontend *old, *new;
    bool pairs[PAIRS_MAX][2]; /* by old rule * RULES_MAX + new rule, and whether headers alone differ */
    uint32_t requests, differing;
};

static inline uint32_t rule_number(const struct ir_frontend *f, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < f->on_request.n; i++)
        if (rule == &f->on_request.v[i])
            return i;
    return f->on_request.n + (uint32_t)(rule - f->route.v);
}

static inline void try_request(void *ctx, const struct eval_request *q)
{
    struct brute *b = ctx;
    struct arena a = {0};
    struct eval_result x, y;
    eval_run(&a, b->old, q, NULL, NULL, &x);
    eval_run(&a, b->new, q, NULL, NULL, &y);
    b->requests++;
    if (an_results_differ(&x, &y)) {
        bool edits =
            x.outcome == EVAL_USE && y.outcome == EVAL_USE && slice_eq(x.backend->name, y.backend->name);
        b->differing++;
        b->pairs[rule_number(b->old, x.rule) * RULES_MAX + rule_number(b->new, y.rule)][edits] = true;
    }
    arena_free(&a);
}

/* ---- comparison -------------------------------------------------------------------------------- */

struct totals {
    uint32_t pairs, equivalent, unknown, classes, differing;
    uint64_t requests;
};

/* A class that is like another one has a request of its own. */
static inline bool is_shown(const struct brute *b, const struct diff_class *x)
{
    struct arena a = {0};
    struct eval_result old, new;
    struct eval_request q = an_request(&a, &x->samples[0]);
    eval_run(&a, b->old, &q, NULL, NULL, &old);
    eval_run(&a, b->new, &q, NULL, NULL, &new);
    bool shown =
        old.rule == x->old_item->rule && new.rule == x->new_item->rule &&an_results_differ(&old, &new);
    arena_free(&a);
    return shown;
}

/* Two views of the query are independent to the analyser, and it does not look into headers that were added
 * to: then a class may have no request, and is not confirmed. */
static inline bool agree(const struct brute *b, const struct diff_frontend *f, bool may_be_unknown, struct totals *t,
                  char why[200])
{
    static bool have[PAIRS_MAX][2];
    memset(have, 0, sizeof have);
    if (f->exceeded)
        return snprintf(why, 200, "the search was not finished"), false;
    for (uint32_t i = 0; i < f->classes.n; i++) {
        const struct diff_class *x = f->classes.v[i];
        if (!x->old_item->rule || !x->new_item->rule)
            return snprintf(why, 200, "a request that no rule decides"), false;
        have[x->old_item->number * RULES_MAX + x->new_item->number][x->edits] = true;
        if (!(x->like ? is_shown(b, x) : x->confirmed) && !may_be_unknown)
            return snprintf(why, 200, "old rule %u, new rule %u: no request found", x->old_item->number,
                            x->new_item->number),
                   false;
        t->classes++;
    }
    for (uint32_t i = 0; i < PAIRS_MAX; i++)
        for (int edits = 0; edits <= 1; edits++)
            if (b->pairs[i][edits] && !have[i][edits])
                return snprintf(why, 200, "old rule %u, new rule %u: brute force alone finds it", i / RULES_MAX,
                                i % RULES_MAX),
                       false;
    if (f->verdict == DIFF_EQUIVALENT && b->differing)
        return snprintf(why, 200, "called equivalent"), false;
    if (f->verdict == DIFF_UNKNOWN && !may_be_unknown)
        return snprintf(why, 200, "unknown"), false;
    t->equivalent += f->verdict == DIFF_EQUIVALENT;
    t->unknown += f->verdict == DIFF_UNKNOWN;
    return true;
}

static inline const struct analyze_finding *finding_of(const struct analyze_result *r, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].rule == rule && r->findings.v[i].kind != ANALYZE_ROW)
            return &r->findings.v[i];
    return NULL;
}

#endif
