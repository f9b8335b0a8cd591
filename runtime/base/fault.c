/* The counting allocator and the damage of fault.h; empty unless built with -DWEIR_FAULTS. */
#include "fault.h"

#ifdef WEIR_FAULTS
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

static atomic_long countdown;

void fault_arm(long nth)
{
    atomic_store(&countdown, nth);
}

static bool fails_now(void)
{
    return atomic_load(&countdown) > 0 && atomic_fetch_sub(&countdown, 1) == 1;
}

void *fault_malloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

void *fault_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : calloc(n, size);
}

void *fault_realloc(void *p, size_t size)
{
    return fails_now() ? NULL : realloc(p, size);
}

void *fault_aligned_alloc(size_t align, size_t size)
{
    return fails_now() ? NULL : aligned_alloc(align, size);
}

static _Atomic size_t flip_at;
static _Atomic uint32_t flip_bits;

void fault_flip_arm(size_t at, uint32_t bits)
{
    atomic_store(&flip_at, at);
    atomic_store(&flip_bits, bits);
}

void fault_flip(char *p, size_t n)
{
    size_t at = atomic_load(&flip_at);
    uint32_t bits = atomic_exchange(&flip_bits, 0), word;
    if (at + sizeof word > n)
        return;
    memcpy(&word, p + at, sizeof word);
    word ^= bits;
    memcpy(p + at, &word, sizeof word);
}
#else
typedef int fault_is_off; /* ISO C wants one declaration a file */
#endif
