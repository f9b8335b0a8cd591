/* From one source to its tree, by the flex scanner and the bison grammar in grammar/. Syntax errors are reported and
 * the parser goes on with the next statement, so one run reports several. */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include "compiler/ast.h"
#include "compiler/compilation.h"

/* Never NULL; after an error the tree holds what could be understood, with AST_ERROR in the place of broken expressions. */
struct ast_file *parse_source(struct compilation *c, struct source *src);

/* Readable forms for --dump=tokens and --dump=ast. */
void parse_dump_tokens(struct compilation *c, struct source *src, struct buf *out);
void parse_dump_ast(const struct ast_file *f, struct buf *out);

#endif
