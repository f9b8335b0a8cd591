/* Huge pages for large memory that is filled soon: one fault in 2 MiB instead of 512, which is most of what the first
 * write to fresh memory costs. */
#ifndef WEIR_BASE_HUGE_H
#define WEIR_BASE_HUGE_H

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/* Asks for them where whole ones lie within the `size` bytes at `p`. */
static inline void huge_pages(void *p, size_t size)
{
    uintptr_t from = ((uintptr_t)p + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t to = ((uintptr_t)p + size) & ~(uintptr_t)(HUGE_PAGE - 1);
    if (from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* a hint: failure changes nothing */
}

#endif
