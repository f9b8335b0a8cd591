/* The compiled side of a comparison with the evaluator: a program is lowered to tables and glue, a request
 * goes through the parser and the facts of the runtime, and the plan decides. Both sides describe what they
 * decided in the same words, so that a disagreement is a difference of two texts. */
#ifndef WEIR_TEST_PLAN_SIDE_H
#define WEIR_TEST_PLAN_SIDE_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

struct plan_side;

/* What happens where a program needs generated code. */
enum plan_side_code {
    PLAN_SIDE_CACHED,      /* the C compiler runs, or its result is taken from the user's cache */
    PLAN_SIDE_COMPILES,    /* the C compiler runs */
    PLAN_SIDE_TABLES_ONLY, /* there is no plan, and no reason */
};

/* Compiles `p`, which must outlive it. NULL with the reason in `why`. */
struct plan_side *plan_side_open(const struct ir_program *p, enum plan_side_code code, struct buf *why);
void plan_side_close(struct plan_side **side);
/* Whether its code came from the C compiler or the cache. */
bool plan_side_has_glue(const struct plan_side *side);

/* The request as bytes. */
void plan_side_write_request(const struct eval_request *q, struct buf *out);

/* What the plan, and what the evaluator, make of a request: one line for the outcome (as `use app`, `redirect
 * 301 URL`, `reply 404`), then the body, the headers of a reply, the header edits, and which rule decided. */
void plan_side_describe(const struct plan_side *side, const struct ir_frontend *f,
                        const struct eval_request *q, struct buf *out);
void eval_side_describe(const struct ir_frontend *f, const struct eval_request *q, struct buf *out);

#endif
