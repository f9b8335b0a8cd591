/* The canonical order of a set's rows: by key; rows of equal keys in source order. */
#ifndef WEIR_IR_SORT_H
#define WEIR_IR_SORT_H

#include "compiler/ir.h"

/* The rows of `set` in canonical order, as many as it has. */
const struct ir_row *const *ir_sort_rows(struct arena *scratch, const struct ir_set *set);

/* The order of two keys: texts by their bytes, numbers by value, prefixes by address and then length. */
int ir_sort_compare(enum ir_key_kind kind, const struct ir_key *x, const struct ir_key *y);

/* Sorted rows lie anywhere in memory: asks for those that come soon after row `i`, so that the walk does not
 * wait for each. */
static inline void ir_sort_prefetch(const struct ir_row *const *rows, uint32_t i, uint32_t n)
{
    enum { AHEAD = 8 };
    if (i + 2 * AHEAD < n) {
        __builtin_prefetch(&rows[i + 2 * AHEAD]->key);
        __builtin_prefetch(&rows[i + 2 * AHEAD]->backend);
    }
    if (i + AHEAD < n) {
        __builtin_prefetch(rows[i + AHEAD]->key.str.p);
        __builtin_prefetch(rows[i + AHEAD]->key.str.p + 32);
    }
}

#endif
