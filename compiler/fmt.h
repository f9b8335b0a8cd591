/* The canonical layout of a Weir file: one, without options. Works on tokens, so that what is not layout stays as it was
 * written; comments, blank lines and the order of statements are kept. grammar/LANGUAGE.md, "Formatting", has the
 * rules. */
#ifndef WEIR_FMT_H
#define WEIR_FMT_H

#include "compiler/compilation.h"

enum fmt_result {
    FMT_DONE,
    FMT_REFUSED, /* syntax errors, reported in c->diags */
    FMT_FAULT,   /* the layout would not read back as what was written: a bug of the formatter */
};

/* Appends `src`, laid out, to `out`; where the result is not FMT_DONE, `out` stays as it was. Laying out what comes out
 * changes nothing. */
enum fmt_result fmt_source(struct compilation *c, struct source *src, struct buf *out);

/* Appends the unified diff from `old` to `new`, two layouts of one file, to `out`; nothing where they are equal. */
void fmt_diff(struct slice path, struct slice old, struct slice new, struct buf *out);

#endif
