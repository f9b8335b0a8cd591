/* A program as the runtime decides by it, in this process: compiled to tables and code in memory, asked with
 * requests that go through the parser and the normaliser of the runtime. For commands that try many requests;
 * what the results mean is the evaluator's (eval.h), which takes over where the program cannot be compiled.
 */
#ifndef WEIR_DECIDER_H
#define WEIR_DECIDER_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

struct decider;

/* Never NULL. Where there is no C compiler and the program needs one, `why` gets the reason, and the
 * evaluator decides. `p` must outlive it. */
struct decider *decider_open(const struct ir_program *p, struct buf *why);
void decider_close(struct decider **d);

/* What eval_run() would say, but that edits name no rule. Texts of the result are the arena's and the
 * program's. */
void decider_run(struct decider *d, struct arena *a, const struct ir_frontend *f,
                 const struct eval_request *q, struct eval_result *out);

#endif
