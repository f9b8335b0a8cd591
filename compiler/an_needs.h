/* What a condition needs of a variable, as far as is seen at once: one of some texts, a text that begins in one of some
 * ways, an address of some networks. Of many rules that need something a value leaves few, and those are found by the
 * value instead of by looking at each. */
#ifndef WEIR_AN_NEEDS_H
#define WEIR_AN_NEEDS_H

#include "compiler/an_logic.h"

/* An atom about the variable; `state`: of the automaton of a text. */
struct an_need {
    uint32_t atom, state;
};

struct an_needs {
    VEC(struct an_need) v; /* one of them holds wherever the condition does */
};

/* What to look for. Of texts in languages those alone that refuse most bytes at once (see text_narrow()). */
enum { NEEDS_EXACT = 1 << ATOM_EXACT, NEEDS_TEXT = 1 << ATOM_TEXT, NEEDS_IP = 1 << ATOM_IP };

/* False where the formula needs nothing of these kinds, or too much. `out`, which may be used again, is of the logic's
 * memory. */
bool an_needs_find(struct logic *l, uint32_t f, uint32_t var, uint32_t kinds, struct an_needs *out);

/* Numbers of formulas, rising. */
struct an_list {
    VEC(uint32_t) v;
};

/* Adds to `to` what is in `more`, in order. */
void an_list_join(struct arena *a, struct an_list *to, const struct an_list *more);

/* Formulas by what they need of a text: the whole of it, or how it begins as it is read. */
struct an_postings {
    struct logic *l;
    struct arena *a;
    uint32_t var;
    struct strmap exact, begins; /* places in `lists` */
    VEC(struct an_list) lists;
    VEC(uint8_t) lengths;        /* by length: whether a key of `begins` has it */
    struct an_list others, found; /* others: of formulas that need nothing like that */
    struct an_needs needs;
};

void an_postings_begin(struct an_postings *p, struct logic *l, struct arena *a, uint32_t var);
/* Numbers must rise. */
void an_postings_add(struct an_postings *p, uint32_t f, uint32_t number);
/* Which formulas may hold for the text; `turned`: the text as it is read. Good until the next call. */
const struct an_list *an_postings_find(struct an_postings *p, struct slice text, struct slice turned);

#endif
