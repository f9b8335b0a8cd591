/* Buffers for bytes on their way. A connection holds one only while bytes are pending, so idle connections cost their
 * struct alone. One thread's own. */
#ifndef WEIR_IOBUF_H
#define WEIR_IOBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/slice.h"

/* Also the largest head of a message that is taken or made. */
enum { IOBUF_ROOM = 16384 - 32 };

struct iobuf {
    struct iobuf *next; /* in the free list */
    uint32_t start, end;
    char p[IOBUF_ROOM];
};

struct iobuf_pool {
    struct iobuf *free;
    uint32_t nfree;
};

/* An empty buffer, or NULL where memory ran out. */
struct iobuf *iobuf_get(struct iobuf_pool *p);
/* Gives it back and sets `*b` to NULL; `*b` may be NULL. */
void iobuf_put(struct iobuf_pool *p, struct iobuf **b);
void iobuf_pool_end(struct iobuf_pool *p);
/* Moves the bytes to the front, so that all room is behind them. */
void iobuf_compact(struct iobuf *b);

static inline uint32_t iobuf_len(const struct iobuf *b)
{
    return b ? b->end - b->start : 0;
}

static inline struct slice iobuf_bytes(const struct iobuf *b)
{
    return (struct slice){b->p + b->start, b->end - b->start};
}

static inline uint32_t iobuf_room(const struct iobuf *b)
{
    return IOBUF_ROOM - b->end;
}

#endif
