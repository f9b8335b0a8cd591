/* A decision: the first rule, in the order of the sources, whose condition holds for the facts. Walks the nodes of
 * abi.h. Pure, allocates nothing. Knows the ABI and base alone. */
#ifndef WEIR_DECIDE_H
#define WEIR_DECIDE_H

#include "runtime/abi.h"

struct decide {
    const uint8_t *tables;
    const struct weir_facts *facts;
    weir_pred_fn *pred;
    /* The last table that an atom found its slot in, and where: `use map[key]` asks first whether there is a record
     * and then for the same one. */
    uint32_t found_table;
    uint32_t found_slot;
    const struct weir_record *found;
    const struct weir_outcome *outcomes; /* of the step: fetched ahead */
    /* Made by decide_begin(). */
    uint64_t host_hash;               /* XXH3-64 */
    uint8_t filter[WEIR_FILTER_SIZE]; /* see note [filters] in abi.h */
};

/* Makes what all decisions about these facts share. `node`: that of the first one. */
void decide_begin(struct decide *d, uint32_t node);

/* The least rule below `node` that applies, or `limit` where none less than it does. `base`: what the rules of the node
 * count from; 0 for that of a step. */
uint32_t decide_rule(struct decide *d, uint32_t node, uint32_t base, uint32_t limit);

#endif
