/* Rows: the form between typed IR and decision tables. A rule's guard becomes rows, each a conjunction of atoms; the rule
 * applies where any of its rows holds. What is no test of one request field against a constant stays whole, as a
 * residual atom that cgen.c turns into code.
 *
 * A frontend's program becomes steps as in abi.h: runs of terminal rules are decided at once, header actions
 * one by one, the route last. */
#ifndef WEIR_ROWS_H
#define WEIR_ROWS_H

#include "compiler/ir.h"
#include "runtime/base/strmap.h"

enum row_test {
    ROW_EXISTS,
    ROW_TLS,
    ROW_EQ,
    ROW_STARTS,
    ROW_UNDER,
    ROW_ENDS,
    ROW_IN,
    ROW_LIKE,
    ROW_CONTAINS,
    ROW_MATCHES,
    ROW_RESIDUAL,
}; /* ORDER: from cheap to dear; the atoms of a row are tried in this order */

/* What an atom is about: a slot of the request's facts (struct rows_slot), or one of these. */
enum {
    ROW_SUBJECT_HOST,
    ROW_SUBJECT_PATH,
    ROW_SUBJECT_METHOD,
    ROW_SUBJECT_URI,
    ROW_SUBJECT_RAW_PATH,
    ROW_SUBJECT_VERSION,
    ROW_SUBJECT_FIXED,
    ROW_SUBJECT_RANDOM = 0xfffe,
    ROW_SUBJECT_IP = 0xffff
};

/* The keys of an IN atom: those of a set of the program, or a few collected from a disjunction. */
struct row_keys {
    enum ir_key_kind kind;
    uint32_t n;
    const struct ir_set *set; /* or NULL, and then: */
    const struct ir_key *own;
};

static inline const struct ir_key *row_key(const struct row_keys *k, uint32_t i)
{
    return k->set ? &k->set->rows.v[i].key : &k->own[i];
}

struct row_atom {
    uint8_t test; /* enum row_test */
    bool negate;
    uint16_t subject;
    union {
        struct slice text;           /* EQ STARTS UNDER ENDS LIKE CONTAINS MATCHES */
        struct row_keys *keys;       /* IN */
        const struct ir_expr *expr;  /* RESIDUAL */
    };
    uint32_t of; /* of a hint: the atom that implies it */
    const struct row_keys *infix; /* set by the layout: texts of which the subject has one where the test holds; or NULL */
};

struct row {
    uint32_t rule; /* index in the step */
    uint32_t natoms;
    struct row_atom *atoms; /* natoms of them, and behind those the hints */
    uint32_t nhints; /* set by the layout: tests that hold where the row does, and are no part of it; for look-ups alone */
};

struct rows_step {
    uint32_t phase, first;       /* as in struct weir_step */
    uint32_t nrules;
    const struct ir_rule *rules; /* nrules of them */
    bool always;                 /* one rule without a condition: no rows */
    VEC(struct row) rows;        /* ascending by rule */
};

struct rows_frontend {
    const struct ir_frontend *ir;
    VEC(struct rows_step) steps;
};

/* LINES: of a header; ID: req.id, without a name. */
enum rows_slot_kind { ROWS_SLOT_HEADER, ROWS_SLOT_QUERY, ROWS_SLOT_COOKIE, ROWS_SLOT_LINES, ROWS_SLOT_ID };
struct rows_slot {
    enum rows_slot_kind kind;
    struct slice name; /* headers in lower case */
};

struct rows_program {
    const struct ir_program *ir;
    VEC(struct rows_slot) slots; /* subjects from ROW_SUBJECT_FIXED on */
    struct strmap slot_index;
    VEC(struct rows_frontend) frontends;
    uint32_t nrules, nrows;
};

/* Lowers all rules. NULL where the program has more fields than there are subjects. */
struct rows_program *rows_build(struct arena *a, const struct ir_program *p);

/* The subject of a field of strings, ROW_SUBJECT_IP for client.ip, ROW_SUBJECT_RANDOM for random, or -1 for what has none. */
int rows_subject(const struct rows_program *r, const struct ir_expr *field);
/* The subject that shows header `name` (any case), or -1 where no expression reads it. */
int rows_header_subject(const struct rows_program *r, struct slice name);
/* The same for the lines of a header. */
int rows_lines_subject(const struct rows_program *r, struct slice name);

#endif
