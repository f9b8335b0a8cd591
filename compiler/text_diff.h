/* The unified diff of two texts (POSIX `diff -u`), for people and for `patch`. */
#ifndef WEIR_TEXT_DIFF_H
#define WEIR_TEXT_DIFF_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"

/* Appends the diff from `from` to `to`, both called `path`; nothing where they are equal. */
void text_diff(struct arena *a, struct slice path, struct slice from, struct slice to, struct buf *out);

#endif
