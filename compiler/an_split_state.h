/* What the parts of an_split share. For them alone. */
#ifndef WEIR_AN_SPLIT_STATE_H
#define WEIR_AN_SPLIT_STATE_H

#include "compiler/an_search.h"

struct trie_node {
    uint32_t first, next; /* child, sibling; 0: none */
    uint8_t byte;
    bool end;
};

struct scan_node {
    uint32_t state, domain, trie, parent;
    uint8_t byte;
};

/* The entries that a value leaves, of those that need some values. */
struct posting {
    VEC(uint32_t) entries;
};

struct splitter {
    struct an_search *s;
    uint32_t var, from; /* the state that is taken apart */
    bool reversed;
    const struct strmap *known;
    struct strmap exact; /* texts that conditions name */
    VEC(struct slice) texts;
    VEC(int64_t) ints;
    VEC(struct ip_addr) ips;
    struct an_cells *out;
    /* by value, where there are many entries: see note [postings] */
    bool posted;
    VEC(uint32_t) common; /* entries that need no particular values */
    struct posting *postings;
    /* the walk */
    bool use_trie, missing;
    VEC(struct trie_node) trie;
    VEC(struct scan_node) nodes;
    struct strmap seen, domains; /* nodes; and by state, outside of the trie, states of the domain */
    VEC(struct text_states) masks;
    struct text_classes classes;
};

/* Adds the cell to which the value leads, unless it is there. `k_and` restricts what may happen there. */
void split_value(struct splitter *p, const struct logic_value *v, uint32_t k_and);
/* The same for a value with a number, of those for which entries are noted (see note [postings]). */
void split_posted(struct splitter *p, const struct logic_value *v, uint32_t at);
bool split_is_worth_posting(const struct splitter *p, uint32_t values);
void split_visit_atoms(struct splitter *p, uint32_t id, void (*fn)(void *, const struct atom *, uint32_t));

/* ---- an_split_value.c: numbers, addresses, truth ---- */

void split_int(struct splitter *p);
void split_ip(struct splitter *p);
void split_bool(struct splitter *p);

#endif
