/* Allocation with faults on demand: tests make the Nth allocation fail and check that nothing is
 * lost. In a build without -DWEIR_FAULTS these are malloc, calloc, realloc and aligned_alloc
 * themselves. And damage on demand: what a compilation made is changed before it is used. */
#ifndef WEIR_BASE_FAULT_H
#define WEIR_BASE_FAULT_H

#include <stdint.h>
#include <stdlib.h>

#ifdef WEIR_FAULTS
/* Makes the `nth` allocation from now on fail (1 is the next one); 0 turns faults off. */
void fault_arm(long nth);
void *fault_malloc(size_t size);
void *fault_calloc(size_t n, size_t size);
void *fault_realloc(void *p, size_t size);
void *fault_aligned_alloc(size_t align, size_t size);
/* The next fault_flip() turns these bits of the word at offset `at`, where there is one; bits 0 turns that off. */
void fault_flip_arm(size_t at, uint32_t bits);
void fault_flip(char *p, size_t n);
#else
#define fault_malloc malloc
#define fault_calloc calloc
#define fault_realloc realloc
#define fault_aligned_alloc aligned_alloc
#define fault_flip(p, n) ((void)(p), (void)(n))
#endif

#endif
