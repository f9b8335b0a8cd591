/* What building automata shares: the NFA of one or more patterns, and the sets of its ops.
 *   regex_dfa.c    one pattern
 *   regex_union.c  many patterns at once
 * For these alone. */
#ifndef WEIR_REGEX_BUILD_H
#define WEIR_REGEX_BUILD_H

#include "compiler/regex.h"
#include "compiler/regex_dfa.h"
#include "runtime/base/vec.h"

enum { REFUSE = 0 };

struct dfa_state {
    const uint32_t *ops; /* CLASS ops, in order */
    uint32_t nops;
    bool final;
};

struct dfa_build {
    struct arena *a;
    VEC(struct nfa_op) ops;
    uint32_t start;
    struct regex_automaton *out;
    uint32_t representative[256]; /* a byte of each class */
    /* subset construction */
    uint32_t max_states;
    uint64_t visits, max_visits; /* max_visits: of unions */
    VEC(struct dfa_state) states;
    struct strmap by_ops;
    uint32_t *mark, generation; /* by op */
    VEC(uint32_t) work, found;
    /* unions */
    const struct regex_union_part *parts;
    VEC(uint32_t) owner, starts, accepted; /* owner: by op, the part; accepted: parts' ACCEPT ops */
    VEC(struct regex_matches) matches;     /* by state */
};

static inline bool dfa_set_has(const uint64_t *set, uint32_t byte)
{
    return set[byte / 64] >> (byte % 64) & 1;
}

struct regex_node *dfa_glob_tree(struct arena *a, struct slice text, char separator);

/* ---- the NFA ---- */

uint32_t dfa_add_op(struct dfa_build *b, enum weir_nfa_kind kind, uint32_t next, uint32_t other);
/* The op to begin at for `n` followed by `next`. */
uint32_t dfa_compile(struct dfa_build *b, const struct regex_node *n, uint32_t next);
/* Bytes that no set tells apart are one class. */
void dfa_find_classes(struct dfa_build *b);

/* ---- sets of ops ---- */

void dfa_begin_set(struct dfa_build *b);
void dfa_reach(struct dfa_build *b, uint32_t op);
/* Follows what reads no byte from the ops reached so far; CLASS ops go to `found`, of a union ACCEPT ops to `accepted`. True
 * where the end of an expression is among it. */
bool dfa_close_over(struct dfa_build *b, bool at_begin, bool at_end);
void dfa_sort_ops(uint32_t *v, uint32_t n);

/* The table of the DFA moves out of the scratch memory. */
void dfa_keep(struct arena *a, struct regex_automaton *out);

#endif
