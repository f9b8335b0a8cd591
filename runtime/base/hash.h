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

/* XXH3-128 as 32 hex digits and NUL: how digests of files and plans are written. */
static inline void hash_hex(struct slice s, char out[33])
{
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, XXH3_128bits(s.p, s.len));
    for (int i = 0; i < 16; i++) {
        out[2 * i] = "0123456789abcdef"[c.digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[c.digest[i] & 15];
    }
    out[32] = 0;
}

#endif
