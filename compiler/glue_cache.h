/* Compiled glue, kept between builds by the digest of what it was made from. */
#ifndef WEIR_GLUE_CACHE_H
#define WEIR_GLUE_CACHE_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"

struct glue_cache {
    const char *dir; /* NULL: there is none, and nothing is found or kept */
    char source[33]; /* digest of the C and of all that decides what it means, but for the compiler */
    char cc[33];     /* digest of the compiler's identity */
};

/* `dir`: NULL for the user's own: $XDG_CACHE_HOME/weir, else ~/.cache/weir. */
void glue_cache_open(struct glue_cache *g, struct arena *a, const char *dir);
/* Appends the object that this compiler made, or with `any_cc` that any compiler made. False where there is
 * no sound one. */
bool glue_cache_get(const struct glue_cache *g, struct arena *a, bool any_cc, struct buf *object);
/* Keeps `object`. A cache that cannot be written is no error. */
void glue_cache_put(const struct glue_cache *g, struct arena *a, struct slice object);

#endif
