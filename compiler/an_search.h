/* The search of the exact analyser: from lists of rules whose conditions are open, one variable of the
 * request after the other is decided, until every condition is. The values of a variable that leave the same
 * rules open are one cell, with one value that stands for it: texts are taken apart by a breadth-first walk
 * over all their automata at once, so that states are told apart by what is still open and not by which
 * patterns have matched. States are interned, and each is searched once.
 *
 * A state holds one list of rules or two (old and new), and a condition K that restricts it. Two lists that
 * are equal need no search, nor does a K that is false. */
#ifndef WEIR_AN_SEARCH_H
#define WEIR_AN_SEARCH_H

#include "compiler/an_rules.h"

struct an_entry {
    uint32_t guard, outcome;
    uint32_t item; /* what the caller calls it */
    uint32_t rule; /* where `keep` is 2: equal for the rows of one rule, which do not follow each other */
};

struct an_state {
    uint32_t k, n[2], hash;
    struct an_entry *e; /* the first list, then the second */
    uint64_t vars;
    uint32_t seen, mark;
    uint32_t walk, mask; /* for an_split_walk.c */
};

enum { AN_NOTHING = UINT32_MAX };

struct an_cell {
    uint32_t state;
    struct logic_value value;
};

struct an_cells {
    VEC(struct an_cell) v;
};

/* What was used up: time; memory; an automaton of all patterns at once. */
enum an_excess { AN_TIME, AN_MEMORY, AN_AUTOMATON };

struct an_search;
/* A state that is decided: the last entry of each list is what decides (of one list: the one before it, where
 * there are two that do), others change headers. Values that led there are in s->values, where s->has is set.
 */
typedef void an_leaf_fn(void *ctx, struct an_search *s, const struct an_state *state);

struct walk_room;

struct an_search {
    struct logic *l;
    struct arena a;
    struct arena work; /* of splitting: what is needed until its cells were looked at */
    uint32_t keep; /* rules that decide, as many as a list keeps: 1, or 2 to know the next after the first */
    uint32_t asterisk; /* see an_asterisk() */
    VEC(struct an_state) states; /* in storage of its own */
    uint32_t *slots, nslots;     /* of the hash table over states: number plus one, 0 where empty */
    VEC(struct an_entry) raw[2], scratch;
    VEC(uint32_t) run;
    struct logic_value *values;
    bool *has;
    uint32_t serial, split, walk; /* of the search, of splitting, of walks through texts */
    struct walk_room *room;       /* of an_split_walk.c */
    an_leaf_fn *leaf;
    void *ctx;
    bool merge;  /* which rule decides does not count: neighbours of one outcome become one */
    bool done;   /* set by the caller: nothing more is asked for */
    double seconds;
    size_t given; /* memory of the rules themselves */
    uint64_t deadline_ns, ticks;
    bool exceeded; /* over the budget: what was found is true, but there may be more */
    enum an_excess excess;
    uint32_t splitting; /* the variable that is taken apart, or was when the budget was used up */
};

/* Time of the processor that this thread has used, in ns: what budgets are measured in. */
uint64_t an_search_clock(void);

/* `seconds`: of that time, for all of it. The variables of `l` must be complete. */
void an_search_begin(struct an_search *s, struct logic *l, uint32_t keep, uint32_t asterisk, double seconds);
/* Another search among the states that are known, which has time up to `deadline_ns` of an_search_clock(). */
void an_search_again(struct an_search *s, uint64_t deadline_ns);
void an_search_end(struct an_search *s);

/* The state of the entries in s->raw, which is emptied; AN_NOTHING where there is nothing to search. */
uint32_t an_state_make(struct an_search *s, uint32_t k);
/* The cells of a variable, in s->work. `known` (or NULL): texts that are looked at elsewhere, and are left out. */
void an_split(struct an_search *s, uint32_t state, uint32_t var, const struct strmap *known,
              struct an_cells *out);
/* What an_split() keeps between calls: its memory; and gives it back. */
size_t an_split_memory(const struct an_search *s);
void an_split_end(struct an_search *s);
/* Calls s->leaf for every state that can be reached from there, once each. */
void an_search_run(struct an_search *s, uint32_t state);

/* True where time or memory is used up, then s->exceeded; or where the caller has enough. */
bool an_search_over(struct an_search *s);
void an_search_exceed(struct an_search *s, enum an_excess what);
/* What was used up, where: a sentence for people. */
struct slice an_search_excess(struct arena *a, const struct an_search *s);

#endif
