/* Conditions taken apart into what has to hold, for explain_*.c alone: tests, and what is made of them by `and`,
 * `or` and `not`. */
#ifndef WEIR_EXPLAIN_PART_H
#define WEIR_EXPLAIN_PART_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

/* A part of a condition as it stands there: `e`, or its opposite. */
struct explain_part {
    const struct ir_expr *e;
    bool negated;
    bool lookup; /* `e` is that of `use MAP[KEY]`: it has to find a row */
};

enum explain_part_kind {
    EXPLAIN_TEST,
    EXPLAIN_ALL, /* every part in it has to hold */
    EXPLAIN_ANY, /* one of them has to */
};

/* What has to hold for `rule` to apply: none, one or two parts, in order. */
uint32_t explain_parts_of(const struct ir_rule *rule, struct explain_part out[2]);

enum explain_part_kind explain_part_kind(const struct explain_part *x);
/* Part `i` of x->e->nargs, where the kind is ALL or ANY. */
struct explain_part explain_part_in(const struct explain_part *x, uint32_t i);
bool explain_part_holds(struct eval_state *s, const struct explain_part *x);

/* `not tls.active`, as it could be written; a long one is cut. */
void explain_part_print(const struct explain_part *x, struct buf *out);
/* `path is "/x", host is "a"`: what the request has for the fields in it; nothing where it reads none. */
void explain_part_values(struct eval_state *s, const struct explain_part *x, struct buf *out);

#endif
