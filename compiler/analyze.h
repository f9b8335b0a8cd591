/* Exact analyses of the rules of a frontend: rules whose condition no request can meet, rules to which those
 * before leave nothing, rules without which nothing would change, rows of maps that decide nothing; and, where it
 * is asked for, rules whose order matters. Each finding is proved; where a request shows it, the request was
 * evaluated. */
#ifndef WEIR_ANALYZE_H
#define WEIR_ANALYZE_H

#include "compiler/an_witness.h"
#include "compiler/compilation.h"

enum analyze_kind {
    ANALYZE_NEVER,       /* no request meets the condition */
    ANALYZE_UNREACHABLE, /* requests that meet it end before */
    ANALYZE_REDUNDANT,   /* what it decides would be decided alike without it */
    ANALYZE_ROW,         /* a row of `use MAP[…]` by which this rule decides nothing */
};

struct analyze_finding {
    enum analyze_kind kind;
    const struct ir_rule *rule;
    const struct ir_row *row;          /* ROW */
    VEC(const struct ir_expr *) parts; /* NEVER: parts of the condition that exclude each other, none of which is
                                        * spare; one: it never holds; none: not known */
    VEC(const struct ir_rule *)
    by;               /* UNREACHABLE, ROW: rules before that take all between them: as few as can be, where there
                       * are few. The rule itself: other rows of it do */
    uint32_t by_more; /* as many again are not named */
    const struct ir_rule *other;  /* of the rules that take it, the one with another outcome that takes most; or NULL */
    const struct ir_rule *winner; /* decides `request`, which meets the condition; NULL: not known */
    struct eval_request request;
};

struct analyze_result {
    VEC(struct analyze_finding) findings; /* in the order of the rules, rows after them */
    const struct an_sample *samples; /* by rule (on_request, then route): of one that decides; host p NULL:
                                      * none is known; NULL where the search was not finished */
    bool exceeded; /* the search was not finished: nothing is said about what was not proved */
    struct slice why; /* exceeded: what made it too hard */
};

/* Two rules of one phase that some requests meet both, and others each alone, with different outcomes. */
struct analyze_overlap {
    const struct ir_rule *first, *later;
    struct eval_request request; /* which the first decides, and which meets the later one */
};

struct analyze_overlaps {
    VEC(struct analyze_overlap) v; /* those that are shown by a request */
    uint32_t more;                 /* are not among them */
    bool exceeded;                 /* the search was not finished: there may be more */
};

/* Memory is the arena's; `seconds` is the time it may take. */
void analyze_frontend(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                      double seconds, struct analyze_result *out);

void analyze_overlaps(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, double seconds,
                      struct analyze_overlaps *out);

/* Whether overlaps are to be looked for: their code was given a level. */
bool analyze_overlaps_asked(const struct diag_levels *levels);

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

/* Reports the findings of all frontends as warnings, but for rules that were warned about already; overlaps where
 * their code was given a level. Returns
 * how many analyses were not finished; `said` tells of them in lines. */
uint32_t analyze_report(struct compilation *c, const struct ir_program *p, double seconds, struct buf *said);

#endif
