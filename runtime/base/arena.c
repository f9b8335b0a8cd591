/* The bump allocator of arena.h: blocks double from 64 KiB to 16 MiB. */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "fault.h"
#include "huge.h"

struct arena_block {
    struct arena_block *older;
    size_t size;
};

enum { FIRST_BLOCK = 64 << 10, LARGEST_BLOCK = 16 << 20 };

void *arena_grow(struct arena *a, size_t size)
{
    size_t want = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
    if (want > LARGEST_BLOCK)
        want = LARGEST_BLOCK;
    if (want < size + sizeof(struct arena_block))
        want = size + sizeof(struct arena_block);
    struct arena_block *b = fault_malloc(want);
    if (!b) {
        fprintf(stderr, "weir: out of memory (%zu bytes in use)\n", a->total);
        exit(3);
    }
    huge_pages(b, want);
    b->older = a->blocks;
    b->size = want;
    a->blocks = b;
    a->total += want;
    a->next = (char *)(b + 1);
    a->end = (char *)b + want;
    void *p = a->next;
    a->next += size;
    return p;
}

void arena_release(struct arena *a, struct arena_mark to)
{
    while (a->blocks != to.blocks) {
        struct arena_block *b = a->blocks;
        a->blocks = b->older;
        a->total -= b->size;
        free(b);
    }
    a->next = to.next;
    a->end = to.end;
}

void arena_free(struct arena *a)
{
    arena_release(a, (struct arena_mark){NULL, NULL, NULL});
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(p, s.p, s.len);
    p[s.len] = 0;
    return (struct slice){p, s.len};
}

/* Most texts fit into the room that is left, and are made there at once. */
struct slice arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char *here = a->next;
    int n = vsnprintf(here, here ? (size_t)(a->end - here) : 0, fmt, ap);
    char *p = arena_alloc(a, (size_t)n + 1);
    if (p != here || !here)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct slice){p, (size_t)n};
}

struct slice arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct slice s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}
