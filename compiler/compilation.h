/* The context of one compilation, handed to every pass: memory, texts, messages. No pass keeps state of its
 * own outside it. */
#ifndef WEIR_COMPILATION_H
#define WEIR_COMPILATION_H

#include "compiler/diag.h"
#include "compiler/source.h"
#include "runtime/base/arena.h"

struct name_index;

/* What --env NAME=VALUE gives. */
struct env_value {
    struct slice name, text;
    struct source *source; /* once it is used */
};

struct compilation {
    VEC(struct env_value) env;
    struct arena arena;
    struct sources sources;
    struct diags diags;
    bool no_lints;            /* errors alone count: lints are not looked for */
    struct name_index *names; /* filled by the checker where it is not NULL (name_index.h) */
};

/* Sets up `c` (its parts point at each other, so it must not be copied); compilation_end() frees everything. */
void compilation_begin(struct compilation *c);
void compilation_end(struct compilation *c);

/* Makes `given`, NAME=VALUE, known to env(). False where it is not written so; the last of a name counts. */
bool compilation_env(struct compilation *c, const char *given);

#endif
