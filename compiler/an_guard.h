/* From conditions of the typed IR to formulas of the analyser. What the analyser does not look into becomes a
 * boolean of its own, the same wherever the same expression stands: formulas then allow more than what can
 * happen, and never less. Two views of the same bytes (a header and the host, a query and the URI) count as
 * independent, with the same effect; the path and the URI are exact together. */
#ifndef WEIR_AN_GUARD_H
#define WEIR_AN_GUARD_H

#include "compiler/an_logic.h"
#include "runtime/base/buf.h"

/* A change of a header that rules before made. */
struct guard_edit {
    uint32_t guard, outcome;
    enum ir_action_kind kind;
    bool constant; /* `text` is what it becomes, or what is added */
    struct slice text;
};

struct guard_header {
    struct slice name;
    VEC(struct guard_edit) edits; /* in order */
};

/* The headers of a program as they are at one of its rules. */
struct guard_headers {
    VEC(struct guard_header) v;
};

struct guard_maker {
    struct logic *l;
    const struct guard_headers *headers;
    struct strmap sets; /* digests of sets, by address */
    VEC(struct slice) digests;
    uint32_t constant; /* a variable that stands for constants, and occurs in no formula that is kept */
};

enum {
    GUARD_KEYS_MAX = 2000, /* of a set that becomes a disjunction; above it is opaque */
};

/* Decides how texts are read from what the programs test; makes the first variables. Before any formula. */
void guard_prepare(struct guard_maker *m, struct logic *l, const struct ir_frontend *const *f, uint32_t n);

uint32_t guard_formula(struct guard_maker *m, const struct ir_expr *e);
/* Whether `subject` (a text, number or address) finds `row` of a set, were it the set's only one. */
uint32_t guard_key(struct guard_maker *m, const struct ir_expr *subject, const struct ir_set *set,
                   const struct ir_row *row);
/* Orders rows so that the one that a lookup prefers comes first. The array is the arena's. */
const struct ir_row **guard_ranked(struct arena *a, const struct ir_set *set);
bool guard_key_is_exact(enum ir_key_kind kind);

/* Appends what tells the expression apart from others, with what became of the headers that it reads. */
void guard_identify(struct guard_maker *m, const struct ir_expr *e, struct buf *out);

struct guard_header *guard_header_of(struct arena *a, struct guard_headers *h, struct slice name, bool add);

#endif
