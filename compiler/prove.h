/* Claims about all requests (`never`, `always` in tests), decided: proved, or false with a request that the
 * evaluator was given, or unknown. A claim is about every request that comes to the rules, as the client sent
 * it: requests that are refused before any rule are not among them, and its condition is held against headers
 * before rules change them. */
#ifndef WEIR_PROVE_H
#define WEIR_PROVE_H

#include "compiler/testing.h"

enum prove_verdict { PROVE_TRUE, PROVE_FALSE, PROVE_UNKNOWN };

struct prove_result {
    enum prove_verdict verdict;
    bool vacuous; /* TRUE: no request meets the condition, and that is proved */
    /* FALSE: the counterexample, and what came of it; its memory is the arena's */
    struct eval_request request;
    struct eval_result came;
    struct slice why; /* UNKNOWN: what made it too hard */
};

/* Memory is the arena's; `seconds` is the time that it may take. */
void prove_claim(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                 const struct test_proof *claim, double seconds, struct prove_result *out);

/* Whether the evaluation is what the outcome says. */
bool prove_outcome_is(const struct test_outcome *o, const struct eval_result *x);

#endif
