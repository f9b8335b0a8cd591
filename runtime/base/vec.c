/* Growth of the arrays of vec.h. */
#include "vec.h"

#include <stdio.h>
#include <stdlib.h>

#include "fault.h"

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t elem)
{
    uint32_t want = *cap ? *cap * 2 : 8;
    void *bigger = arena_extend(a, v, *cap * elem, want * elem) ? v : arena_alloc(a, want * elem);
    if (n && bigger != v)
        memcpy(bigger, v, n * elem);
    *cap = want;
    return bigger;
}

void *vec_grow_own(void *v, uint32_t *cap, size_t elem)
{
    *cap = *cap ? *cap * 2 : 64;
    v = fault_realloc(v, *cap * elem);
    if (!v) {
        fprintf(stderr, "weir: out of memory (%zu bytes for one array)\n", *cap * elem);
        exit(3);
    }
    return v;
}
