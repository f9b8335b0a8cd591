/* What the parts of an_split share. For them alone. */
#ifndef WEIR_AN_SPLIT_STATE_H
#define WEIR_AN_SPLIT_STATE_H

#include "compiler/an_needs.h"
#include "compiler/an_search.h"

/* What becomes of a state's formulas. */
struct derivation {
    enum { DERIVE_ASSIGN, DERIVE_INEXACT, DERIVE_STEP, DERIVE_FINISH, DERIVE_PASS, DERIVE_FAIL } how;
    const struct logic_value *value; /* ASSIGN */
    struct slice text;               /* STEP: what was read */
    uint32_t k_and;                  /* restricts what may happen there */
    const struct an_list *list;      /* entries that the value may leave, or NULL: all */
};

struct splitter {
    struct an_search *s;
    struct arena *a; /* s->work */
    uint32_t var, from; /* the state that is taken apart */
    bool reversed;
    const struct strmap *known;
    struct strmap exact; /* texts that conditions name */
    VEC(struct slice) texts;
    VEC(int64_t) ints;
    VEC(struct ip_addr) ips;
    struct an_cells *out;
};

/* The state that becomes of this one, or AN_NOTHING. */
uint32_t split_derived(struct splitter *p, uint32_t state, const struct derivation *d);
bool split_has_cell(const struct splitter *p, uint32_t state);
void split_add_cell(struct splitter *p, uint32_t state, const struct logic_value *v);
/* Adds the cell to which the value leads, unless it is there. `k_and`, `list`: see struct derivation. */
void split_value(struct splitter *p, const struct logic_value *v, uint32_t k_and, const struct an_list *list);
/* Whether it pays to note for so many values which entries they leave: see note [postings]. */
bool split_is_worth_posting(const struct splitter *p, uint32_t values);
void split_visit_atoms(struct splitter *p, uint32_t id, void (*fn)(void *, const struct atom *, uint32_t));
/* A text as it is read. */
struct slice split_turned(struct splitter *p, struct slice text);
const struct text_domain *split_domain(const struct splitter *p);

/* ---- an_split_walk.c: texts that no condition names ---- */

void split_walk(struct splitter *p);

/* ---- an_split_value.c: numbers, addresses, truth ---- */

void split_int(struct splitter *p);
void split_ip(struct splitter *p);
void split_bool(struct splitter *p);

#endif
