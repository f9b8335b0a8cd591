/* A plan file in memory, ready to run: its segments mapped, its tables found, its code found. Nothing of the
 * file runs or is trusted on the way. */
#ifndef WEIR_PLAN_MAP_H
#define WEIR_PLAN_MAP_H

#include "runtime/abi.h"
#include "runtime/base/buf.h"

struct plan_map {
    void *base; /* of the mapping */
    size_t size;
    const uint8_t *tables; /* not verified yet: route_tables_verify() */
    size_t tables_size;
    weir_pred_fn *pred;
    weir_value_fn *value;
};

/* Checks and maps the bytes of a plan file, which are not needed afterwards. False with the reason appended
 * to `why`; then nothing is mapped. */
bool plan_map_open(struct slice file, struct plan_map *m, struct buf *why);
void plan_map_close(void *base, size_t size);

#endif
