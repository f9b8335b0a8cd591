/* A small deterministic random source for tests. */
#ifndef WEIR_TEST_RANDOM_H
#define WEIR_TEST_RANDOM_H

#include <stdint.h>

/* A number below `n`. */
static inline uint32_t rnd(uint64_t *seed, uint32_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % n;
}

#define PICK(seed, list) list[rnd(seed, sizeof list / sizeof *list)]

#endif
