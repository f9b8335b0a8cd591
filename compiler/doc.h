/* What a Weir file has to offer: its declarations with their parameters, types and `##` comments. */
#ifndef WEIR_DOC_H
#define WEIR_DOC_H

#include "compiler/compilation.h"

/* The `##` comment that stands right above the line of byte `off`, without its marks; p == NULL where there is none. */
struct slice doc_comment(struct arena *a, const struct source *src, uint32_t off);
/* The `##` comment that a file begins with, where an empty line or `language` follows it. */
struct slice doc_of_file(struct arena *a, const struct source *src);

/* The documentation of the file as text; `name` is how it is called. Syntax errors are in c->diags. */
void doc_text(struct compilation *c, struct source *src, struct slice name, struct buf *out);

#endif
