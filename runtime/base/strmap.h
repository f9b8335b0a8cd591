/* A hash map from byte strings to 32-bit values for the compiler and the control plane: open
 * addressing, arena memory, keys borrowed. A new one is `{0}`. No deletion. */
#ifndef WEIR_BASE_STRMAP_H
#define WEIR_BASE_STRMAP_H

#include "arena.h"

struct strmap_slot {
    struct slice key; /* p == NULL: empty */
    uint32_t hash, value;
};

struct strmap {
    struct strmap_slot *slots;
    uint32_t cap, n; /* cap is 0 or a power of two */
};

/* Room for `n` keys without growing. */
void strmap_reserve(struct strmap *m, struct arena *a, uint32_t n);
/* The value of `key`, or NULL. The pointer is good until the next strmap_put. */
uint32_t *strmap_get(const struct strmap *m, struct slice key);
/* Finds `key`, or adds it with `value`. `*added` (may be NULL) says which. Returns its value's place. */
uint32_t *strmap_put(struct strmap *m, struct arena *a, struct slice key, uint32_t value, bool *added);

#endif
