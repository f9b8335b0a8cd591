/* Near misses: rules that one test alone keeps from applying, those first that agree most with the request. For
 * explain_*.c alone.
 *
 * note [score]: a test that holds is worth more the fewer rules it holds for (the bits that it tells), and the test
 * that fails is worth something where the request nearly meets it: a text that is one letter off, a path that stops
 * short. So of many tenants, the rules of the request's host come first, then those of a host that it may mean. */
#ifndef WEIR_EXPLAIN_NEAR_H
#define WEIR_EXPLAIN_NEAR_H

#include "compiler/explain_part.h"
#include "runtime/base/strmap.h"

enum { NEAR_HELD_MAX = 6 }; /* tests that hold, as many as are counted of a rule */

struct near_rule {
    const struct ir_rule *rule;
    struct explain_part part; /* the test that fails */
    double closeness;         /* of it: 0 … 1 */
    double score;
    uint32_t order, nheld, held[NEAR_HELD_MAX]; /* numbers of tests */
};

struct near {
    struct arena *a;
    struct strmap index; /* of tests, by what they are */
    VEC(uint32_t) holds; /* by test: for how many near rules it holds */
    VEC(struct near_rule) rules;
};

/* Looks at a rule that does not apply to the request as it is. */
void near_add(struct near *n, struct eval_state *s, const struct ir_rule *rule);
/* Sorts n->rules, the nearest first. */
void near_sort(struct near *n);

#endif
