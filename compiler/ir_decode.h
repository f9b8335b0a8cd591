/* Reading the canonical form, in two files: ir_decode.c (objects and rules) and ir_decode_expr.c
 * (expressions). */
#ifndef WEIR_IR_DECODE_H
#define WEIR_IR_DECODE_H

#include "compiler/ir.h"

/* Reads bytes of unknown origin. After the first fault `why` is set, every read yields zeros, and `next`
 * stays. */
struct ir_reader {
    struct arena *a;
    const uint8_t *next, *end;
    const char *why;
    struct ir_program *p;
};

static inline void ir_reader_fail(struct ir_reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    r->next = r->end;
}

uint8_t ir_read_byte(struct ir_reader *r);
uint64_t ir_read_number(struct ir_reader *r);
/* A number up to `max`, or a fault. */
uint64_t ir_read_max(struct ir_reader *r, uint64_t max);
int64_t ir_read_signed(struct ir_reader *r);
/* How many elements follow, each of at least one byte: so not more than there are bytes. */
uint32_t ir_read_count(struct ir_reader *r);
/* `n` bytes where they are, or NULL after a fault. */
const uint8_t *ir_read_bytes(struct ir_reader *r, uint64_t n);
struct slice ir_read_text(struct ir_reader *r);
void ir_read_cidr(struct ir_reader *r, struct ip_prefix *out);

/* An expression whose types fit; NULL after a fault. */
struct ir_expr *ir_read_expr(struct ir_reader *r);
/* The same where it must be of `kind`. */
struct ir_expr *ir_read_expr_of(struct ir_reader *r, enum ir_kind kind);

#endif
