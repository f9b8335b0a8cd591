/* Objects of one size, taken and given back often: slabs with a free list, never returned to the system while the pool lives.
 * One thread's own. Knows no HTTP. */
#ifndef WEIR_POOL_H
#define WEIR_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool_slab;
struct pool {
    size_t size;      /* of an object, a multiple of 8 */
    uint32_t a_slab;  /* objects a slab */
    void *free;       /* linked through their first word */
    struct pool_slab *slabs;
};

void pool_begin(struct pool *p, size_t size, uint32_t a_slab);
/* Frees all slabs, with whatever is in them. */
void pool_end(struct pool *p);
/* A cleared object, or NULL where memory ran out. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *object);

#endif
