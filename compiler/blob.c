/* The growing tables of blob.h. */
#include "compiler/blob.h"

uint32_t blob_add(struct blob *b, const void *p, size_t n, size_t align)
{
    buf_align(b->out, align);
    uint32_t off = (uint32_t)b->out->len;
    if (p)
        buf_add(b->out, p, n);
    else if (n)
        memset(buf_reserve(b->out, n), 0, n);
    if (!p)
        b->out->len += n;
    return off;
}

uint32_t blob_string(struct blob *b, struct slice s)
{
    bool added;
    uint32_t *off = strmap_put(&b->strings, b->a, s, 0, &added);
    if (added)
        *off = blob_add(b, s.p ? s.p : "", s.len, 1);
    return *off;
}

struct weir_ref blob_ref(struct blob *b, struct slice s)
{
    return (struct weir_ref){blob_string(b, s), (uint32_t)s.len};
}

uint32_t blob_share(struct blob *b, const void *p, size_t n)
{
    uint32_t *off = strmap_get(&b->shared, (struct slice){p, n});
    if (off)
        return *off;
    uint32_t at = blob_add(b, p, n, 4);
    strmap_put(&b->shared, b->a, arena_copy(b->a, (struct slice){p, n}), at, NULL);
    return at;
}

bool blob_is_full(const struct blob *b)
{
    return b->out->len > UINT32_MAX;
}
