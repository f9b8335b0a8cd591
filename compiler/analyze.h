/* Exact analyses of the rules of a frontend: rules whose condition no request can meet, rules to which those
 * before leave nothing, and rules without which nothing would change. Each finding is proved; where a request
 * shows it, the request was evaluated. */
#ifndef WEIR_ANALYZE_H
#define WEIR_ANALYZE_H

#include "compiler/an_witness.h"
#include "compiler/compilation.h"

enum analyze_kind {
    ANALYZE_NEVER,       /* no request meets the condition */
    ANALYZE_UNREACHABLE, /* requests that meet it end before */
    ANALYZE_REDUNDANT,   /* what it decides would be decided alike without it */
};

struct analyze_finding {
    enum analyze_kind kind;
    const struct ir_rule *rule;
    VEC(const struct ir_rule *)
    by;               /* UNREACHABLE: rules before that take all between them, none of which is spare
                       * (where there are few); those with another outcome first */
    uint32_t by_more; /* as many again are not named */
    const struct ir_rule
        *winner; /* UNREACHABLE: decides `request`, which meets the condition; NULL: not known */
    struct eval_request request;
};

struct analyze_result {
    VEC(struct analyze_finding) findings; /* in the order of the rules */
    const struct an_sample *samples; /* by rule (on_request, then route): of one that decides; host p NULL:
                                      * none is known; NULL where the search was not finished */
    bool exceeded; /* the search was not finished: nothing is said about what was not proved */
};

/* Memory is the arena's; `seconds` is the time it may take. */
void analyze_frontend(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                      double seconds, struct analyze_result *out);

enum analyze_reach {
    REACH_WITNESS, /* `request` was evaluated, and the rule applies to it */
    REACH_SOME,    /* a request reaches it, but none was found that shows it */
    REACH_NEVER,   /* proved: no request meets its condition */
    REACH_TAKEN,   /* proved: requests that meet it end before; see `taken` */
    REACH_UNKNOWN, /* the search went over its budget */
};

struct analyze_rule {
    enum analyze_reach reach;
    struct eval_request request;
    struct analyze_finding taken; /* of kind UNREACHABLE */
};

/* Whether a request reaches one rule of `f`, as analyze_frontend() would say, without looking at those after it. */
void analyze_rule(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                  const struct ir_rule *rule, double seconds, struct analyze_rule *out);

/* Reports the findings of all frontends as warnings, but for rules that were warned about already. Returns
 * how many analyses were not finished; `said` tells of them in lines. */
uint32_t analyze_report(struct compilation *c, const struct ir_program *p, double seconds, struct buf *said);

#endif
