/* Typed programs as text, in the language's own words: for --dump=ir, and for what explain says about
 * conditions. */
#ifndef WEIR_IR_PRINT_H
#define WEIR_IR_PRINT_H

#include "compiler/ir.h"
#include "runtime/base/buf.h"

/* An expression as it could be written; sets without a name show their first keys. */
void ir_print_expr(const struct ir_expr *e, struct buf *out);
/* The same, where the opposite of a condition is meant: `not (…)`, `!=`, `not in`. */
void ir_print_negated(const struct ir_expr *e, struct buf *out);
/* A rule without its condition: `use app`. */
void ir_print_action(const struct ir_rule *r, struct buf *out);
/* A text in quotes, with the escapes of the language. */
void ir_print_text(struct slice s, struct buf *out);

/* The whole program, one object after the other. */
void ir_dump(const struct ir_program *p, struct buf *out);

/* A percent (ir.h): `4.9%`. */
void ir_print_percent(int64_t n, struct buf *out);
/* A key of a set, as it is written in rows; that of a split as the percents that it holds. */
void ir_print_key(const struct ir_set *set, const struct ir_key *k, struct buf *out);
/* The value of a row of a map; texts and backends as they are. */
void ir_print_row_value(const struct ir_set *map, const struct ir_row *row, struct buf *out);

#endif
