/* A bump allocator: everything in it lives until arena_free(). Allocation never returns NULL: the
 * compiler ends with a message (exit 3) when memory runs out, so passes need no out-of-memory paths.
 * The runtime does not use it on the request path; see runtime/scratch.h there. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>

#include "slice.h"

struct arena_block;
struct arena {
    struct arena_block *blocks; /* newest first */
    char *next, *end;           /* free room in the newest block */
    size_t total;               /* bytes taken from the system */
};

/* A new arena is `{0}`. */
void arena_free(struct arena *a);

/* A place to which arena_release() goes back: what was allocated since is gone. */
struct arena_mark {
    struct arena_block *blocks;
    char *next, *end;
};

static inline struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->blocks, a->next, a->end};
}

void arena_release(struct arena *a, struct arena_mark to);

/* The slow path of arena_alloc: takes a new block. */
void *arena_grow(struct arena *a, size_t size);

/* `size` bytes, 8-aligned, not cleared. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if ((size_t)(a->end - a->next) < size || !a->next)
        return arena_grow(a, size);
    void *p = a->next;
    a->next += size;
    return p;
}

/* Makes what was allocated last larger where it is, if it was that and there is room. */
static inline bool arena_extend(struct arena *a, void *p, size_t size, size_t larger)
{
    size = (size + 7) & ~(size_t)7;
    larger = (larger + 7) & ~(size_t)7;
    if (!p || (char *)p + size != a->next || (size_t)(a->end - a->next) < larger - size)
        return false;
    a->next += larger - size;
    return true;
}

static inline void *arena_zalloc(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    return size ? memset(p, 0, size) : p; /* nothing, of an empty arena, is NULL */
}

#define arena_new(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))

/* A copy of `s` in the arena, NUL-terminated beyond its length. */
struct slice arena_copy(struct arena *a, struct slice s);
/* A formatted string in the arena. */
struct slice arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
