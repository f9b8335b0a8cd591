/* The rules of a frontend as the analyser takes them: items, each a formula and an outcome, in the order in
 * which they are tried. The rows of `use MAP[…]` are items of their own. Outcomes are numbers, equal where
 * what happens is equal as far as the expressions show. */
#ifndef WEIR_AN_RULES_H
#define WEIR_AN_RULES_H

#include "compiler/an_guard.h"

/* The low bits of an outcome. */
enum {
    OUTCOME_TERMINAL = 1, /* decides; else it changes a header and goes on */
    OUTCOME_FORWARDS = 2, /* sends the request to a server */
    OUTCOME_BITS = 2,
};

struct an_item {
    uint32_t guard, outcome;
    const struct ir_rule *rule; /* NULL: after the last one */
    const struct ir_row *row;   /* of a map; the default too */
    uint32_t number;            /* of the rule, over on_request and route */
    bool changed;               /* for the diff: not in the other program */
};

struct an_side {
    const struct ir_program *p;
    const struct ir_frontend *f;
    struct guard_headers headers;
    VEC(struct an_item) items;
};

struct an_rules {
    struct logic *l;
    struct guard_maker m;
    struct strmap outcomes;
    VEC(struct slice) edited; /* by outcome number: the header, p NULL where it changes none */
    /* NULL, or whether to leave out a rule (`row` NULL), or a row of the map of a rule that is not left out */
    bool (*skip)(const void *ctx, const struct ir_rule *rule, const struct ir_row *row);
    const void *skip_ctx;
};

/* The rules of all frontends that are to be compared must be prepared together. */
void an_rules_begin(struct an_rules *r, struct logic *l, const struct ir_frontend *const *f, uint32_t n);
void an_rules_add(struct an_rules *r, struct an_side *side, const struct ir_program *p,
                  const struct ir_frontend *f);

/* What holds of a request whose path is "*": it is OPTIONS and has no query. After all rules were added. */
uint32_t an_asterisk(struct an_rules *r);

static inline struct slice an_edited_header(const struct an_rules *r, uint32_t outcome)
{
    return r->edited.v[outcome >> OUTCOME_BITS];
}

#endif
