/* The string map of strmap.h. */
#include "strmap.h"

#include "hash.h"

static struct strmap_slot *find(const struct strmap *m, struct slice key, uint32_t hash)
{
    for (uint32_t i = hash;; i++) {
        struct strmap_slot *s = &m->slots[i & (m->cap - 1)];
        if (!s->key.p || (s->hash == hash && slice_eq(s->key, key)))
            return s;
    }
}

static void resize(struct strmap *m, struct arena *a, uint32_t cap)
{
    struct strmap old = *m;
    m->cap = cap;
    m->slots = arena_array(a, struct strmap_slot, cap);
    for (uint32_t i = 0; i < old.cap; i++)
        if (old.slots[i].key.p)
            *find(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
}

void strmap_reserve(struct strmap *m, struct arena *a, uint32_t n)
{
    uint32_t cap = 16;
    while (cap / 4 * 3 < n)
        cap *= 2;
    if (cap > m->cap)
        resize(m, a, cap);
}

uint32_t *strmap_get(const struct strmap *m, struct slice key)
{
    if (!m->cap)
        return NULL;
    struct strmap_slot *s = find(m, key, (uint32_t)hash_slice(key));
    return s->key.p ? &s->value : NULL;
}

uint32_t *strmap_put(struct strmap *m, struct arena *a, struct slice key, uint32_t value, bool *added)
{
    strmap_reserve(m, a, m->n + 1);
    uint32_t hash = (uint32_t)hash_slice(key);
    struct strmap_slot *s = find(m, key, hash);
    if (added)
        *added = !s->key.p;
    if (!s->key.p) {
        *s = (struct strmap_slot){{key.p ? key.p : "", key.len}, hash, value};
        m->n++;
    }
    return &s->value;
}
