/* XXH3, inlined from the header so that neither program needs the shared library. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "slice.h"

static inline uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

static inline uint64_t hash_slice(struct slice s)
{
    return XXH3_64bits(s.p, s.len);
}

#endif
