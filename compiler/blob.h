/* The tables of a plan while they are written: bytes with alignment, and what is shared. Offsets only, never
 * pointers; equal strings and equal small structs are stored once. */
#ifndef WEIR_BLOB_H
#define WEIR_BLOB_H

#include "runtime/abi.h"
#include "runtime/base/buf.h"
#include "runtime/base/strmap.h"

struct blob {
    struct arena *a;
    struct buf *out;
    struct strmap strings, shared;
};

/* Appends `n` bytes at a multiple of `align`; returns their offset. `p` NULL: zeros. */
uint32_t blob_add(struct blob *b, const void *p, size_t n, size_t align);
/* What is at `off`; good until the next call that appends. */
static inline void *blob_at(struct blob *b, uint32_t off)
{
    return b->out->p + off;
}
/* The offset of equal bytes, wherever they are. `s` must outlive the blob. */
uint32_t blob_string(struct blob *b, struct slice s);
struct weir_ref blob_ref(struct blob *b, struct slice s);
/* The offset of an equal struct (4-aligned), stored once. Its padding must be cleared. */
uint32_t blob_share(struct blob *b, const void *p, size_t n);
/* True once offsets no longer fit 32 bits: the blob is then of no use. */
bool blob_is_full(const struct blob *b);

#endif
