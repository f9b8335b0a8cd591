/* Growable arrays as plain fields: `struct { T *v; uint32_t n, cap; }`. vec_push(arena, &x) yields a
 * pointer to a new, cleared element. Growth copies inside the arena: old storage stays until the
 * arena goes, so do not keep element pointers over a push. */
#ifndef WEIR_BASE_VEC_H
#define WEIR_BASE_VEC_H

#include "arena.h"

#define VEC(T)           \
    struct {             \
        T *v;            \
        uint32_t n, cap; \
    }

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap, size_t elem);

/* A cleared new last element of `*x` (a pointer to a VEC). */
#define vec_push(a, x)                                                                              \
    ((x)->n == (x)->cap ? (void)((x)->v = vec_grow((a), (x)->v, (x)->n, &(x)->cap, sizeof *(x)->v)) \
                        : (void)0,                                                                  \
     memset(&(x)->v[(x)->n], 0, sizeof *(x)->v), &(x)->v[(x)->n++])

/* The same in storage of its own, which growth gives back: for arrays that become large. The owner frees `v`. */
void *vec_grow_own(void *v, uint32_t *cap, size_t elem);

#define vec_push_own(x)                                                                                          \
    ((x)->n == (x)->cap ? (void)((x)->v = vec_grow_own((x)->v, &(x)->cap, sizeof *(x)->v)) : (void)0,            \
     memset(&(x)->v[(x)->n], 0, sizeof *(x)->v), &(x)->v[(x)->n++])

#define vec_add(a, x, value) (void)(*vec_push(a, x) = (value))

#endif
