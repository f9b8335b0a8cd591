/* The checksum at the end of plan files; see seal.h. */
#include "seal.h"

#include "hash.h"

static const char magic[] = "WEIRPLAN";
enum { HASH_SIZE = sizeof(XXH128_canonical_t) };

void seal_add(struct buf *file)
{
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, XXH3_128bits(file->p, file->len));
    buf_add(file, &c, sizeof c);
    buf_add(file, magic, SEAL_SIZE - HASH_SIZE);
}

bool seal_is_whole(struct slice file)
{
    if (file.len < SEAL_SIZE ||
        memcmp(file.p + file.len - (SEAL_SIZE - HASH_SIZE), magic, SEAL_SIZE - HASH_SIZE) != 0)
        return false;
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, XXH3_128bits(file.p, file.len - SEAL_SIZE));
    return memcmp(&c, file.p + file.len - SEAL_SIZE, sizeof c) == 0;
}
