/* What a change is confined to, told from the typed programs alone, before any formula is made. A request
 * that no changed rule and no changed row matches ends alike in both programs (note [cone] in diff.c). Where
 * all of those need one of some hosts, what is about other hosts need not be looked at, so that a comparison
 * costs what the change costs, and not what the program is large. For diff*.c alone. */
#ifndef WEIR_DIFF_CONE_H
#define WEIR_DIFF_CONE_H

#include "compiler/an_rules.h"

/* A row that is in one set alone, or with another value in the other. */
struct diff_row_change {
    const struct ir_row *old, *new; /* one may be NULL */
};

struct diff_row_changes {
    VEC(struct diff_row_change) v; /* by key */
};

/* The value of a row as text: the name of a backend, or the string. */
struct slice diff_row_value(const struct ir_set *s, const struct ir_row *r);
/* Compares two sets of one kind of keys, and of values. Their order does not matter. Rows may be copies. */
void diff_rows(struct arena *a, const struct ir_set *old, const struct ir_set *new,
               struct diff_row_changes *out);

/* Whether two expressions of two programs read the same, sets by what they hold. */
bool diff_same_expr(struct arena *a, const struct ir_expr *x, const struct ir_expr *y);

struct diff_cone {
    bool confined;       /* else the rest says nothing */
    struct strmap hosts; /* those that changed rules and rows need */
    bool *changed[2];    /* by the number of the rule */
};

void diff_cone_find(struct arena *a, const struct ir_frontend *old, const struct ir_frontend *new,
                    struct diff_cone *out);
/* Whether the rule, or the row of a map that it uses, is about other hosts alone: for an_rules.skip. `cone`
 * is a struct diff_cone. */
bool diff_cone_skips(const void *cone, const struct ir_rule *rule, const struct ir_row *row);
/* Whether what was not skipped counts as changed; more than what has changed may. */
bool diff_cone_has(const struct diff_cone *c, uint32_t side, const struct an_item *item);

#endif
