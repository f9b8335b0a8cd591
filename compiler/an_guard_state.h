/* What the parts of an_guard share. For them alone. */
#ifndef WEIR_AN_GUARD_STATE_H
#define WEIR_AN_GUARD_STATE_H

#include "compiler/an_guard.h"
#include "runtime/base/buf.h"

enum { GUARD_UNKNOWN = UINT32_MAX }; /* no formula: the test is opaque */

/* A test of a text against constants. */
struct text_test {
    enum ir_op
        op; /* EQ, UNDER, STARTS_WITH, ENDS_WITH, CONTAINS, LIKE, MATCHES, IN; EXISTS: of the subject */
    struct slice text;         /* the constant, glob or expression */
    char separator;            /* of LIKE */
    const struct ir_set *set;  /* IN: its key_kind; */
    const struct ir_row *rows; /* these of its rows */
    uint32_t n;
};

/* `bytes` (256, or NULL): what becomes of each byte of the subject before the test. */
uint32_t guard_text(struct guard_maker *m, const struct ir_expr *subject, const struct text_test *t,
                    const uint8_t *bytes);
uint32_t guard_exists(struct guard_maker *m, const struct ir_expr *e);
uint32_t guard_in(struct guard_maker *m, const struct ir_expr *subject, const struct ir_set *set);

/* A test of what maps have; GUARD_UNKNOWN where it is none, or is not taken apart. */
uint32_t guard_rows(struct guard_maker *m, const struct ir_expr *e);

uint32_t guard_opaque(struct guard_maker *m, const struct ir_expr *e);
uint32_t guard_keyed_var(struct guard_maker *m, enum ir_field field, struct slice key);
struct slice guard_set_digest(struct guard_maker *m, const struct ir_set *set);
/* Appends the bytes with their number before them. */
void guard_put(struct buf *out, const void *p, size_t n);

#endif
