/* The buffers of iobuf.h. A few are kept for the next use; what a burst took beyond that goes back to the system. */
#include "runtime/iobuf.h"

#include <stdlib.h>

#include "runtime/base/fault.h"

enum { KEPT = 256 };

struct iobuf *iobuf_get(struct iobuf_pool *p)
{
    struct iobuf *b = p->free;
    if (b) {
        p->free = b->next;
        p->nfree--;
    } else {
        b = fault_malloc(sizeof *b);
        if (!b)
            return NULL;
    }
    b->start = b->end = 0;
    return b;
}

void iobuf_put(struct iobuf_pool *p, struct iobuf **b)
{
    if (!*b)
        return;
    if (p->nfree < KEPT) {
        (*b)->next = p->free;
        p->free = *b;
        p->nfree++;
    } else {
        free(*b);
    }
    *b = NULL;
}

void iobuf_pool_end(struct iobuf_pool *p)
{
    while (p->free) {
        struct iobuf *b = p->free;
        p->free = b->next;
        free(b);
    }
    p->nfree = 0;
}

void iobuf_compact(struct iobuf *b)
{
    if (b->start == 0)
        return;
    memmove(b->p, b->p + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
}
