/* From a regular expression or a glob to the automaton that the runtime runs (struct weir_automaton): a DFA over
 * classes of bytes where it stays within the budget, else the NFA itself, which is simulated. Both decide in time
 * linear in the subject. */
#ifndef WEIR_REGEX_DFA_H
#define WEIR_REGEX_DFA_H

#include "compiler/blob.h"

struct nfa_op {
    enum weir_nfa_kind kind;
    uint32_t next, other;    /* other: the second way of SPLIT */
    const uint64_t *set;     /* CLASS: 256 bits */
};

struct regex_automaton {
    enum weir_automaton_kind kind;
    uint8_t classes[256];
    uint32_t nclasses;
    uint32_t size, start, first_final;
    const uint16_t *trans;    /* DFA: [size][nclasses] */
    const struct nfa_op *ops; /* NFA: size of them */
};

/* Builds the automaton of `text`: a glob whose segments `separator` separates, or a regular expression where that is 0.
 * `small`: a DFA must have few states. Returns NULL, or the limit that was hit. */
const char *regex_dfa_build(struct arena *a, struct slice text, char separator, bool small, struct regex_automaton *out);

struct regex_node;

/* The same of a tree, which may have BEGIN and END in it. */
const char *regex_dfa_build_tree(struct arena *a, const struct regex_node *tree, bool small, struct regex_automaton *out);

/* Builds the NFA of a regular expression whose matches are replaced, of at most WEIR_REPLACE_MAX ops. Returns the same. */
const char *regex_nfa_build(struct arena *a, struct slice text, struct regex_automaton *out);

/* Many patterns read at once. Of those that match, the ones that can decide are told: none behind one that decides alone. */
struct regex_union_part {
    struct slice text;
    char separator; /* as above */
    bool decides;   /* where it matches, no later part matters */
};

struct regex_union {
    struct regex_automaton m; /* DFA; state 0 refuses whatever follows, state 1 is one like others */
    const struct regex_matches *matches; /* by state in which the subject ends */
};

struct regex_matches {
    uint32_t n;
    const uint32_t *parts; /* ascending */
};

/* False where that goes over a budget, or over what is left of `*visits`: steps, some of which each call takes. */
bool regex_union_build(struct arena *a, const struct regex_union_part *parts, uint32_t n, uint64_t *visits,
                       struct regex_union *out);

/* Appends it to the tables; returns its offset. */
uint32_t regex_dfa_write(const struct regex_automaton *m, struct blob *b);

#endif
