/* How long random tests of programs go on: DIFF_SEED=N begins at another one, DIFF_SECONDS=N is their time, and
 * WEIR_PAIRS=N their number, whatever time it takes. */
#ifndef WEIR_TEST_BOUNDS_H
#define WEIR_TEST_BOUNDS_H

#include <stdlib.h>

#include "runtime/base/clock.h"

/* At least so many programs, and as many as there is time for. */
struct bounds {
    uint64_t from, least, end;
};

static inline struct bounds bounds_of(uint64_t least, uint64_t seconds)
{
    const char *seed = getenv("DIFF_SEED"), *given = getenv("DIFF_SECONDS"), *pairs = getenv("WEIR_PAIRS");
    seconds = pairs ? 0 : given ? strtoull(given, NULL, 10) : seconds;
    return (struct bounds){seed ? strtoull(seed, NULL, 10) : 1, pairs ? strtoull(pairs, NULL, 10) : least,
                           clock_ns() + seconds * 1000000000ull};
}

static inline bool go_on(const struct bounds *b, uint64_t seed, uint64_t done)
{
    return (clock_ns() < b->end || done < b->least) && seed < b->from + 100000;
}

#endif
