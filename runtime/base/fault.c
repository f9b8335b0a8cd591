/* The counting allocator of fault.h; empty unless built with -DWEIR_FAULTS. */
#include "fault.h"

#ifdef WEIR_FAULTS
#include <stdatomic.h>
#include <stdbool.h>

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
#else
typedef int fault_is_off; /* ISO C wants one declaration a file */
#endif
