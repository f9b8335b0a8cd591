/* From a typed program to the parts of a plan: rows.c turns guards into rows of atoms (IR meets rows),
 * layout.c turns rows into decision tables (rows meet tables), cgen.c writes the C of what stays code
 * (tables meet the ABI). This header is what the driver sees of them. */
#ifndef WEIR_LOWER_H
#define WEIR_LOWER_H

#include "compiler/ir.h"
#include "runtime/base/buf.h"

struct lowered {
    struct buf tables; /* the blob of abi.h */
    struct buf glue;   /* C source; the same for programs that differ in data only */
    /* for `weir show` */
    uint32_t rules, rows, pred_shapes, value_shapes, map_rows;
};

/* Lowers; cannot fail on a checked program but for limits. Returns NULL, or what limit was hit. */
const char *lower_program(struct arena *a, const struct ir_program *p, struct lowered *out);

/* A readable form of the rows or of the tables, for --dump=rows and --dump=tables. */
void lower_dump_rows(struct arena *a, const struct ir_program *p, struct buf *out);
void lower_dump_tables(struct slice tables, struct buf *out);

#endif
