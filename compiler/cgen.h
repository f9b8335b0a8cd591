/* Code for what is no table: residual predicates and computed values become C functions, one a *shape*. A shape is an
 * expression with its constants (texts, numbers, slots, sets, patterns) taken out; each use of it
 * supplies them as arguments, which live in the tables. So the C is as long as the program has
 * different shapes, and stays the same where only data changes. */
#ifndef WEIR_CGEN_H
#define WEIR_CGEN_H

#include "compiler/rows.h"
#include "runtime/abi.h"
#include "runtime/base/buf.h"

struct cgen_arg {
    enum weir_arg_kind kind;
    union {
        struct slice str;
        int64_t num;
        uint32_t slot;
        struct ip_addr ip;
        struct ip_prefix cidr;
        const struct ir_set *set;
        struct {
            struct slice text; /* AUTOMATON, REPLACE: a regular expression, or a glob: */
            char separator;    /* of the glob's segments, else 0 */
        };
    };
};

struct cgen_use {
    uint32_t shape;
    VEC(struct cgen_arg) args;
};

enum cgen_family { CGEN_PREDS, CGEN_VALUES, CGEN_FAMILIES };

struct cgen;

struct cgen *cgen_begin(struct arena *a, const struct rows_program *rows);
/* The shape and arguments of one expression: of a condition (PREDS), or of a text; an integer, an address or a network
 * among VALUES is the bytes that it has as a key. False where there is no code for it (a backend as a value). */
bool cgen_use(struct cgen *g, enum cgen_family family, const struct ir_expr *e, struct cgen_use *out);

uint32_t cgen_count(const struct cgen *g, enum cgen_family family);
/* The kinds of the arguments of a shape, a byte each. */
struct slice cgen_kinds(const struct cgen *g, enum cgen_family family, uint32_t shape);
/* Appends the C of all shapes so far. It includes "abi.h". */
void cgen_write(const struct cgen *g, struct buf *out);

/* What separates the segments of a glob that is held against `subject`. */
char cgen_separator(const struct ir_expr *subject);

#endif
