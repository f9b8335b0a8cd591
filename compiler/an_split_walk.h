/* What an_split_walk.c and an_split_sole.c share: the walk through texts. For them alone. */
#ifndef WEIR_AN_SPLIT_WALK_H
#define WEIR_AN_SPLIT_WALK_H

#include "compiler/an_split_state.h"

enum { WORD_MAX = 256, ALL_AT_ONCE = 8 }; /* bytes; entries of a state that are looked at together */

struct trie_node {
    uint32_t first, next; /* child, sibling; 0: none */
    uint8_t byte;
};

/* A place in the walk. */
struct node {
    uint32_t state, domain, trie, parent;
    struct slice text; /* what led here from the parent */
};

struct walk {
    struct splitter *p;
    struct an_search *s;
    struct arena *a;
    const struct text_domain *d;
    bool use_trie, missing;
    VEC(struct trie_node) trie;
    struct strmap seen;
    struct text_classes classes; /* of the bytes that follow the node at hand */
    bool posted;                 /* entries by the bytes that they ask for are in `room` */
    struct walk_room *room;
};

/* What a step needs, for all walks of a search. */
struct walk_room {
    VEC(struct node) nodes;        /* this and the next: in storage of their own */
    VEC(struct text_states) masks; /* of states: from which states of the domain they were looked at */
    char bytes[256];               /* each of them */
    uint32_t next[256];           /* by class: the state */
    struct text_states done[256]; /* by class: states of the domain to which its bytes led */
    struct an_list any, by_class[256], list;
    struct an_needs needs;
};

/* A text that is being made of the bytes that led to a node and what follows. */
struct word {
    char text[WORD_MAX]; /* what follows */
    size_t len;
    uint32_t domain;
};

/* Whether a condition names the text, which then is looked at by itself. */
bool walk_is_named(const struct walk *w, struct slice text);
/* Appends the bytes that end the text well. */
void walk_end_word(const struct walk *w, struct word *x);
/* The whole text, in s->work. */
struct slice walk_spell(struct walk *w, uint32_t node, const struct word *x);

/* Adds the cells of a node where one test is left. False where the walk must go on for them. */
bool walk_settle(struct walk *w, uint32_t node);

#endif
