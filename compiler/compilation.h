/* The context of one compilation, handed to every pass: memory, texts, messages. No pass keeps state of its
 * own outside it. */
#ifndef WEIR_COMPILATION_H
#define WEIR_COMPILATION_H

#include "compiler/diag.h"
#include "compiler/source.h"
#include "runtime/base/arena.h"

struct compilation {
    struct arena arena;
    struct sources sources;
    struct diags diags;
};

/* Sets up `c` (its parts point at each other, so it must not be copied); compilation_end() frees everything. */
void compilation_begin(struct compilation *c);
void compilation_end(struct compilation *c);

#endif
