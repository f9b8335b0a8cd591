/* Growth of the arrays of vec.h. */
#include "vec.h"

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t elem)
{
    uint32_t want = *cap ? *cap * 2 : 8;
    void *bigger = arena_alloc(a, want * elem);
    if (n)
        memcpy(bigger, v, n * elem);
    *cap = want;
    return bigger;
}
