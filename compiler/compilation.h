/* The context of one compilation, handed to every pass: memory, texts, messages. No pass keeps state of its
 * own outside it. */
#ifndef WEIR_COMPILATION_H
#define WEIR_COMPILATION_H

#include "compiler/diag.h"
#include "compiler/source.h"
#include "runtime/base/arena.h"

struct name_index;

struct compilation {
    struct arena arena;
    struct sources sources;
    struct diags diags;
    struct name_index *names; /* filled by the checker where it is not NULL (name_index.h) */
};

/* Sets up `c` (its parts point at each other, so it must not be copied); compilation_end() frees everything. */
void compilation_begin(struct compilation *c);
void compilation_end(struct compilation *c);

#endif
