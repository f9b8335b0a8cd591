/* A program as the runtime decides by it, in this process: compiled to tables and code in memory, asked with
 * requests that go through the parser and the normaliser of the runtime. For commands that try many requests;
 * what the results mean is the evaluator's (eval.h), which takes over where the program cannot be compiled.
 */
#ifndef WEIR_DECIDER_H
#define WEIR_DECIDER_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

struct decider;
struct route_plan;
struct route_result;
struct weir_facts;

/* What happens where a program needs generated code. */
enum decider_code {
    DECIDER_CACHED,      /* the C compiler runs, or its result is taken from the user's cache */
    DECIDER_COMPILES,    /* the C compiler runs */
    DECIDER_TABLES_ONLY, /* the program is not compiled; `why` stays empty */
};

/* Never NULL. Where the program cannot be compiled, as without a C compiler that it needs, `why` gets the reason, and the
 * evaluator decides. `p` must outlive it. */
struct decider *decider_open(const struct ir_program *p, enum decider_code code, struct buf *why);
/* The same for tables and code that were made before, and were verified; both must outlive it. Without the object of a
 * program that has code, and where that is another machine's, decider_try() fails where a request needs the code. */
struct decider *decider_open_made(const struct ir_program *p, struct slice tables, bool has_code, struct slice object);
void decider_close(struct decider **d);

/* What eval_run() would say, but that edits name no rule. Texts of the result are the arena's and the
 * program's. */
void decider_run(struct decider *d, struct arena *a, const struct ir_frontend *f,
                 const struct eval_request *q, struct eval_result *out);

/* The same by the plan, which must be there. False where it does not decide: the runtime refuses the request, or
 * what it needs is not there (code, memory). Where tables name a rule or a backend that is not there, the result names none. */
bool decider_try(struct decider *d, struct arena *a, const struct ir_frontend *f, const struct eval_request *q,
                 struct eval_result *out);

/* ---- below that: what the plan itself says, for those who hold it against the evaluator ---- */

/* NULL where the program is not compiled. */
const struct route_plan *decider_plan(const struct decider *d);
bool decider_has_code(const struct decider *d);
/* Decides by the plan, which must be there: 0 with `facts` and `result`, which hold until the next call, or the status
 * with which the runtime refuses the request. */
uint32_t decider_ask(struct decider *d, const struct ir_frontend *f, const struct eval_request *q,
                     struct weir_facts *facts, struct route_result *result);
/* The request as bytes. */
void decider_write_request(const struct eval_request *q, struct buf *out);

#endif
