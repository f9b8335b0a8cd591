/* Patterns as the runtime matches them: globs and regular expressions become pieces (note [pieces] in runtime/abi.h) where
 * that is possible, and else one automaton (regex_dfa.h).
 *   pattern.c        globs, and the writing of all
 *   pattern_regex.c  regular expressions */
#ifndef WEIR_PATTERN_H
#define WEIR_PATTERN_H

#include "compiler/regex.h"
#include "compiler/regex_dfa.h"
#include "runtime/base/vec.h"

enum { PATTERN_BYTES_A_PLAN = 64 << 20 }; /* of automata; from there on DFAs must be small */

struct byte_set {
    uint64_t w[4];
};

/* The DFA of a part of an expression. */
struct part_dfa {
    uint32_t at;             /* in the tables; 0: there is none */
    struct byte_set goes_on; /* bytes that it reads where it accepts */
};

/* What the patterns of one plan share. */
struct patterns {
    struct arena *a;
    struct blob *blob;
    struct strmap parts; /* DFAs of parts of regular expressions: places in `dfas`, by the tree of those */
    VEC(struct part_dfa) dfas;
    uint64_t bytes;      /* of automata */
};

/* Appends the pattern `text` to the tables, a glob whose segments `separator` separates, or a regular expression where that
 * is 0. Returns its offset; 0 where `*limit` says why it cannot be. */
uint32_t pattern_write(struct patterns *p, struct slice text, char separator, const char **limit);

/* The same of a regular expression whose matches are replaced: an NFA. */
uint32_t pattern_write_replace(struct patterns *p, struct slice text, const char **limit);

/* ---- for pattern*.c ---- */

/* Pieces while they are collected. `fails`: the pattern is not one of pieces. */
struct pieces {
    struct buf bytes;
    bool fails;
};

void pieces_add_text(struct pieces *out, enum weir_piece piece, struct slice text);
void pieces_add_dfa(struct pieces *out, enum weir_piece piece, uint32_t dfa);

/* The pieces of a regular expression. */
void pattern_regex_pieces(struct patterns *p, const struct regex_node *tree, struct pieces *out);

#endif
