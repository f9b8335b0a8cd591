/* From files to a typed program: reads `path` and what it imports, parses, resolves names, checks types, phases and data
 * files. Reports every error it finds. Returns NULL where there was an error (c->diags.errors > 0). The
 * bridge between AST and IR: the only part that knows both. */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "compiler/compilation.h"
#include "compiler/ir.h"

struct ir_program *check_file(struct compilation *c, const char *path);

#endif
