/* Allocation with faults on demand: tests make the Nth allocation fail and check that nothing is
 * lost. In a build without -DWEIR_FAULTS these are malloc, calloc, realloc and aligned_alloc
 * themselves. */
#ifndef WEIR_BASE_FAULT_H
#define WEIR_BASE_FAULT_H

#include <stdlib.h>

#ifdef WEIR_FAULTS
/* Makes the `nth` allocation from now on fail (1 is the next one); 0 turns faults off. */
void fault_arm(long nth);
void *fault_malloc(size_t size);
void *fault_calloc(size_t n, size_t size);
void *fault_realloc(void *p, size_t size);
void *fault_aligned_alloc(size_t align, size_t size);
#else
#define fault_malloc malloc
#define fault_calloc calloc
#define fault_realloc realloc
#define fault_aligned_alloc aligned_alloc
#endif

#endif
