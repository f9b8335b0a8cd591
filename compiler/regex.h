/* Regular expressions of the language as a tree: the one parser of their syntax, shared by the checker (is it
 * well-formed), the lowering (automaton) and the evaluator (derivatives). Expressions are over bytes.
 *
 * Syntax: literals; . (any byte but \n); classes [a-z] [^…]; \d \w \s \D \W \S; \n \r \t \xHH; \ before
 * punctuation; (…) (?:…); |; ? * + {m} {m,} {m,n}, each also lazy (the same language); ^ and $, which hold at the
 * ends of the subject alone; a leading (?i). What no linear-time engine can do (backreferences,
 * look-around) is an error. An expression matches anywhere in the subject unless it is anchored. */
#ifndef WEIR_REGEX_H
#define WEIR_REGEX_H

#include "runtime/base/arena.h"

enum regex_op {
    REGEX_EMPTY,  /* the empty string */
    REGEX_SET,    /* one byte of `set`; an empty set matches nothing */
    REGEX_CAT,    /* kids one after the other (two or more) */
    REGEX_ALT,    /* one of the kids (two or more) */
    REGEX_REPEAT, /* kids[0], min to max times */
    REGEX_BEGIN,  /* empty, at the start of the subject */
    REGEX_END,    /* empty, at the end of the subject */
};

enum {
    REGEX_INFINITE = UINT32_MAX,
    REGEX_MAX_COUNT = 255,   /* in {m,n} */
    REGEX_MAX_DEPTH = 100,   /* of groups: the tree is never deeper than about four times this */
    REGEX_MAX_NODES = 20000, /* of the tree as written */
    REGEX_MAX_SIZE = 20000,  /* of the tree with counted repetitions written out */
    REGEX_MAX_REPLACED = 512, /* regex_ops() of an expression whose matches are replaced */
};

struct regex_node {
    enum regex_op op;
    uint32_t min, max; /* REPEAT; max may be REGEX_INFINITE, else min <= max */
    uint32_t nkids;
    struct regex_node **kids;
    uint64_t *set; /* SET: 256 bits, byte b is bit b % 64 of set[b / 64] */
};

static inline bool regex_set_has(const struct regex_node *n, unsigned char b)
{
    return n->set[b / 64] >> (b % 64) & 1;
}

/* Parses `text`. The tree lives in `a`. NULL where it is malformed or beyond the limits above: `*err` then says why
 * (a static text) and `*err_off` at which byte of `text` (at most text.len). */
struct regex_node *regex_parse(struct arena *a, struct slice text, uint32_t *err_off, const char **err);

/* How many steps an automaton has that tries the expression byte by byte: sets, choices, ends, with counted repetitions
 * written out. */
uint64_t regex_ops(const struct regex_node *n);

#endif
