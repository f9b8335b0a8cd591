/* What the analyses of one frontend share: walks over lists of its rules, that tell which of them decide. For
 * analyze*.c alone. */
#ifndef WEIR_ANALYZE_WALK_H
#define WEIR_ANALYZE_WALK_H

#include "compiler/an_hosts.h"
#include "compiler/analyze.h"

enum { WALK_PAIRS = 2000 };

/* What is known of an item, or of a place in a state. */
struct fact {
    uint32_t place;
    uint32_t cells; /* in which it decides */
    bool differs;   /* what comes next has another outcome */
    struct an_sample sample;
};

/* An item that decides where another one, with another outcome, comes next. */
struct pair {
    uint32_t first, next; /* places, or items */
    struct an_sample sample;
};

struct facts {
    VEC(struct fact) v;
    VEC(struct pair) pairs;
};

/* A walk over one list of items. */
struct walk {
    struct arena *a;
    struct an_search s;
    struct an_side side;
    struct strmap by_state;
    VEC(struct facts) found;
    uint32_t current;
    VEC(uint32_t) at; /* by place: where its fact is in the facts at hand, if it is there */
    bool *reached, *differs; /* by item */
    uint32_t *cells;
    struct an_sample *samples;
    bool wants_pairs;
    struct strmap pair_index; /* by the numbers of the rules */
    VEC(struct pair) pairs;
};

struct analysis {
    struct arena *a;
    struct logic l;
    struct an_rules rules;
    struct an_side side; /* all items */
    uint32_t asterisk;
    uint64_t end; /* of the time for all of it, by an_search_clock() */
    const struct ir_program *p;
    const struct ir_frontend *f;
    struct analyze_result *out;
};

/* The items of a rule are `from` to `to`: what is asked is whether one of them applies. */
struct range {
    uint32_t from, to;
    uint32_t guard; /* of any of them */
};

void analysis_begin(struct analysis *x, struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                    double seconds, struct analyze_result *out);
void analysis_end(struct analysis *x);
struct range analysis_range(struct analysis *x, uint32_t number);

void walk_add(struct analysis *x, struct walk *w, const struct an_item *item);
/* Walks over w->side.items, within a part of the time that is left. `keep`: see an_search. False where it was
 * not finished. */
bool walk_run(struct analysis *x, struct walk *w, uint32_t keep, double part);
/* Whether a request meets `guard` and none of the items of w, which may be none. -1: not known. */
int walk_meets(struct analysis *x, struct walk *w, uint32_t guard);
/* Whether a request meets the guard. */
int analysis_meets(struct analysis *x, uint32_t guard);

/* ---- analyze_cover.c: why a rule never decides ---- */

/* Which rules take what meets the guard of the range. */
void analyze_cover(struct analysis *x, struct analyze_finding *f, struct range r);
/* Parts of the condition of a rule that no request meets together, none of which is spare. */
void analyze_contradiction(struct analysis *x, struct analyze_finding *f, uint32_t number, uint32_t guard);

#endif
