/* A readable form of typed IR, for --dump=ir. */
#ifndef WEIR_IR_PRINT_H
#define WEIR_IR_PRINT_H

#include "compiler/ir.h"
#include "runtime/base/buf.h"

void ir_dump(const struct ir_program *p, struct buf *out);

#endif
