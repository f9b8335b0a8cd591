/* A comparison of the plan (compiler/decider.h) with the evaluator: both sides describe what they decided in the same
 * words, so that a disagreement is a difference of two texts. */
#ifndef WEIR_TEST_PLAN_SIDE_H
#define WEIR_TEST_PLAN_SIDE_H

#include "compiler/decider.h"

/* What the plan of `p`, and what the evaluator, make of a request: one line for the outcome (as `use app`, `redirect
 * 301 URL`, `reply 404`), then the body, the headers of a reply, the header edits, and which rule decided. `d` is
 * compiled. */
void plan_side_describe(struct decider *d, const struct ir_program *p, const struct ir_frontend *f,
                        const struct eval_request *q, struct buf *out);
void eval_side_describe(const struct ir_frontend *f, const struct eval_request *q, struct buf *out);

#endif
