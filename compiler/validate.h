/* Validation of the tables of a plan, at each compile: requests made from the conditions of its rules, on both sides of each
 * test, are decided by the tables and, apart from them, by the analyser's formulas and the evaluator. Which rules are taken
 * is the digest's choice, spread over each frontend; all of them where there is time for all.
 *
 * note [open rules]: the evaluator takes the rules one by one, which is too slow for many. So for a batch of requests, one
 * scan over the rules finds by what text, address or number each needs (validate_open.c) which rules a request leaves open;
 * the evaluator gets these alone. Some requests meet many others, to check that; and before a plan is refused, the evaluator
 * decides over all of them. */
#ifndef WEIR_VALIDATE_H
#define WEIR_VALIDATE_H

#include "compiler/decider.h"

struct validate_options {
    const char *seed;  /* the digest of the program */
    uint64_t budget_ns; /* processor time of this thread; UINT64_MAX: all rules */
};

struct validate_report {
    uint64_t rules;    /* of these (and rows of `use MAP[…]`), requests were made */
    uint64_t requests; /* were decided alike */
    uint64_t wide;     /* of which over many rules, or all, at once */
    uint64_t undecided; /* the plan did not decide: the runtime refuses the request, or the code is another machine's */
    bool complete;     /* no rule was left out */
};

/* False where the tables do not decide as the program says; `why` shows a request. Where the analyser's formulas alone
 * say otherwise, the plan is right: `doubt` (may be NULL) tells. */
bool validate_tables(const struct ir_program *p, struct decider *d, const struct validate_options *o,
                     struct validate_report *report, struct buf *why, struct buf *doubt);

#endif
