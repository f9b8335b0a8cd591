/* The object pool of pool.h. */
#include "runtime/pool.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"

struct pool_slab {
    struct pool_slab *next;
    uint64_t pad; /* keeps what follows 16-aligned */
};

void pool_begin(struct pool *p, size_t size, uint32_t a_slab)
{
    *p = (struct pool){.size = (size + 7) & ~(size_t)7, .a_slab = a_slab};
}

void pool_end(struct pool *p)
{
    for (struct pool_slab *s = p->slabs, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    *p = (struct pool){0};
}

static void add_slab(struct pool *p)
{
    struct pool_slab *s = fault_malloc(sizeof *s + p->size * p->a_slab);
    if (!s)
        return;
    s->next = p->slabs;
    p->slabs = s;
    char *at = (char *)(s + 1);
    for (uint32_t i = 0; i < p->a_slab; i++, at += p->size)
        pool_put(p, at);
}

void *pool_get(struct pool *p)
{
    if (!p->free)
        add_slab(p);
    void *object = p->free;
    if (!object)
        return NULL;
    memcpy(&p->free, object, sizeof p->free);
    return memset(object, 0, p->size);
}

void pool_put(struct pool *p, void *object)
{
    memcpy(object, &p->free, sizeof p->free);
    p->free = object;
}
