/* What the parts of cgen.c share: one expression on its way to C. For cgen*.c alone.
 *
 * Each operand is computed into a variable of its own, named by its kind and a number: struct weir_str s1; bool b2, false
 * where it is absent; int64_t n3 with bool h3 (whether it is there); const uint8_t *p4, NULL where it is absent; const
 * struct weir_cidr *c5. Operands of and, or and default that do not matter are not evaluated, since computed text uses up
 * scratch. */
#ifndef WEIR_CGEN_EMIT_H
#define WEIR_CGEN_EMIT_H

#include "compiler/cgen.h"

struct emit {
    struct arena *a;
    const struct rows_program *rows;
    struct buf body, kinds, origin;
    struct cgen_use *use;
    uint32_t vars;
    bool failed; /* there is no code for it */
};

/* Adds an argument; returns its number. */
uint32_t emit_arg(struct emit *m, struct cgen_arg arg);
uint32_t emit_set_arg(struct emit *m, enum weir_arg_kind kind, const struct ir_set *set);

/* Each writes the statements that compute `e`, and returns the number of its variable. */
uint32_t emit_bool(struct emit *m, const struct ir_expr *e);   /* cgen_tests.c */
uint32_t emit_int(struct emit *m, const struct ir_expr *e);    /* cgen_numbers.c */
uint32_t emit_ip(struct emit *m, const struct ir_expr *e);
uint32_t emit_cidr(struct emit *m, const struct ir_expr *e);
uint32_t emit_str(struct emit *m, const struct ir_expr *e);    /* cgen_texts.c */
uint32_t emit_lines(struct emit *m, const struct ir_expr *e);  /* of a header, as a slot has them: a text */
/* What the map has, as a text: WEIR_TABLE_STRINGS in abi.h. */
uint32_t emit_lookup(struct emit *m, const struct ir_expr *e);
/* Whether the value is there: a bool. */
uint32_t emit_present(struct emit *m, const struct ir_expr *e);

#endif
