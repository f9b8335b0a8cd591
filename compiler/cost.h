/* What rules cost at run time, read off the tables that a plan has: which look-ups lead to a rule, which tests are left
 * then, and what no table can do, with the reason. For `weir check --cost`.
 *   cost_walk.c    reads the tables
 *   cost.c         puts that beside the rules, and says why
 *   cost_render.c  writes
 * A step is one probe of a key table or one test of a row; a pattern looks at each byte of its subject, and code is a
 * call. What is counted as the most is a bound: no request takes more. */
#ifndef WEIR_COST_H
#define WEIR_COST_H

#include "compiler/ir.h"
#include "compiler/rows.h"
#include "runtime/base/buf.h"

enum { COST_KEYS_SHOWN = 4 };

struct cost_steps {
    uint64_t probes, tests; /* of key tables; of rows */
    uint64_t patterns, code; /* of the tests: expressions and globs; calls */
};

/* Where a rule is in the tables of its decision. */
struct cost_place {
    uint32_t rows;  /* that lead to it, copies for several keys included; 0: none does */
    uint32_t loose; /* of them, those to which no key leads: all requests that come so far try them */
    uint32_t nkeys; /* tables on the way to the first of the others, */
    struct slice keys[COST_KEYS_SHOWN]; /* as far as they are named: "host", "path by segments" */
    struct cost_steps left; /* tests of the dearest row, after the look-ups */
};

/* A decision: rules of which the first that applies is found at once. */
struct cost_decision {
    uint32_t phase, first, nrules; /* 0: on request, 1: route; number of the first rule within it */
    bool always;                   /* one rule without a condition: nothing is looked at */
    struct cost_steps most;
    uint32_t tables; /* key tables in it */
    struct cost_place *places; /* by rule */
};
typedef VEC(struct cost_decision) cost_decisions;

/* Reads what the tables of a plan do for frontend `index`. `slots` beyond the fixed ones are named in the tables. */
void cost_walk(struct arena *a, struct slice tables, uint32_t index, cost_decisions *out);

struct cost_rule {
    const struct ir_rule *rule;
    const struct cost_place *place;
    bool always;
    double dear; /* orders rules: those that all requests try before those behind a key */
    VEC(struct slice) why; /* what no table can do, each once */
};

struct cost_frontend {
    const struct ir_frontend *f;
    uint32_t rules, rows, decisions, tables;
    uint32_t keyed, loose, always, never; /* rules: a key leads to all rows of; not; without a condition; without rows */
    struct cost_steps most;               /* of the whole frontend */
    VEC(struct cost_rule) dearest;        /* `limit` of them */
};

struct cost {
    const struct ir_program *p;
    uint64_t bytes; /* of the tables */
    VEC(struct cost_frontend) frontends;
};

/* Lowers the program. Returns NULL, or what limit was hit. */
const char *cost_of(struct arena *a, const struct ir_program *p, uint32_t limit, struct cost *out);

void cost_text(const struct cost *c, const char *path, struct buf *out);
/* One object and a line end. */
void cost_json(const struct cost *c, const char *path, struct buf *out);

#endif
