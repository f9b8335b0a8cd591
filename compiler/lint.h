/* Lints: warnings about what is valid and most likely not meant. One file a concept; this header is for them
 * and for the checker. Lints of an expression run when it has been checked, with both its forms at hand;
 * lints of the whole program run at the end, where nothing has an error.
 *
 * A lint is sound or is not there: it may overlook, it never warns about what cannot happen. Each is linear,
 * or n log n, in the size of the program; where a pair of things is compared there is a cap. */
#ifndef WEIR_LINT_H
#define WEIR_LINT_H

#include "compiler/check_state.h"

/* ---- hooks of the checker ---- */

/* A test was checked: `e` is how it is written, `t` what it means, without the negation of != and not in. */
void lint_test(struct checker *k, const struct ast_expr *e, const struct ir_expr *t);
/* An `and` or `or` was checked: `t` has an operand for each of `e`. */
void lint_junction(struct checker *k, const struct ast_expr *e, const struct ir_expr *t);
/* A whole condition, after `if`, `when` or `acl NAME =`. */
void lint_condition(struct checker *k, const struct ast_expr *e, const struct ir_expr *t);
/* A rule at `at` with condition `cond` stands under `when` conditions `around` (either may be NULL). */
void lint_under(struct checker *k, struct span at, const struct ir_expr *around, const struct ir_expr *cond);
/* A setting got its value from the configuration. */
void lint_setting(struct checker *k, enum setting_id id, int64_t value, struct span at);
/* The program is complete and has no error. */
void lint_program(struct checker *k);

/* Whether an error was reported, or left out for now: what is there may not be what is meant. */
bool lint_silent(const struct checker *k);

/* ---- places ---- */

struct span lint_span(struct checker *k, struct ir_pos pos, uint32_t len);
struct span lint_expr_span(struct checker *k, const struct ir_expr *e);
/* The word that begins at `pos`. */
struct span lint_word_span(struct checker *k, struct ir_pos pos);

/* ---- lint_facts.c: what conditions say about each other ---- */

/* A condition, or its negation. */
struct lint_fact {
    const struct ir_expr *e;
    bool no;
};
enum { LINT_FACTS = 24 };

/* The parts that `e` (NULL: none) is the conjunction of (for `no`: the negation of `e`), at most `max`;
 * returns how many there are, `max + 1` where there are more. */
uint32_t lint_parts(const struct ir_expr *e, bool no, struct lint_fact *out, uint32_t max);
/* Whether two expressions always have the same value. */
bool lint_same(const struct ir_expr *a, const struct ir_expr *b);
uint64_t lint_hash(const struct ir_expr *e);
/* Whether every request for which x holds has y; false: not known. */
bool lint_implies(struct lint_fact x, struct lint_fact y);
bool lint_excludes(struct lint_fact x, struct lint_fact y);
/* The operand that a test is about, and the constant that it is held against (NULL: the test has it in
 * itself); NULL where it is no test of one thing. */
const struct ir_expr *lint_subject(const struct ir_expr *t, const struct ir_expr **constant);
/* Whether a text satisfies test `t` of one thing: 1 yes, 0 no, -1 not known. */
int lint_satisfies(struct slice text, const struct ir_expr *t);
bool lint_is_field(const struct ir_expr *e, enum ir_field field);
/* Whether `e` reads what changing header `name` changes. */
bool lint_reads(const struct ir_expr *e, struct slice name);

/* ---- concepts ---- */

void lint_regex(struct checker *k, const struct ast_expr *e, const struct ir_expr *t);     /* lint_regex.c */
void lint_text_test(struct checker *k, const struct ast_expr *e, const struct ir_expr *t); /* lint_paths.c */
void lint_header_test(struct checker *k, const struct ast_expr *e,
                      const struct ir_expr *t); /* lint_headers.c */
void lint_empty_header(struct checker *k, const struct ast_expr *cond);
void lint_headers(struct checker *k, const struct ir_frontend *f);
void lint_rules(struct checker *k, const struct ir_frontend *f);     /* lint_rules.c */
void lint_redirects(struct checker *k, const struct ir_frontend *f); /* lint_redirect.c */
void lint_rows(struct checker *k, const struct decl *d);             /* lint_maps.c */
void lint_object(struct checker *k, const struct decl *d);           /* lint_objects.c */

#endif
