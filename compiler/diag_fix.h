/* `weir check --fix`: the safe fixes of messages, applied to texts in memory, round by round, until none applies; the
 * files are written at the end. A fix is applied as a whole or not at all. */
#ifndef WEIR_DIAG_FIX_H
#define WEIR_DIAG_FIX_H

#include "compiler/compilation.h"

enum { FIX_ROUNDS_MAX = 10 };

/* A file that the checks of several rounds have read. */
struct fix_file {
    struct slice path, before, now;
    enum { FIX_UNKNOWN, FIX_EDITABLE, FIX_NOT_EDITABLE } state; /* editable: the disk holds `before` */
};

/* Lives over several compilations; begins as {0}. */
struct fix_set {
    struct arena arena;
    VEC(struct fix_file) files;
    uint32_t fixed; /* so many fixes were applied */
};

/* Gives a new compilation the texts as they are now. */
void fix_preload(const struct fix_set *s, struct compilation *c);
/* Applies the safe fixes of c's messages, but those that overlap another. Returns how many, and adds a line for each to
 * `said`. */
uint32_t fix_apply(struct fix_set *s, const struct compilation *c, struct buf *said);
/* Appends what changed as a unified diff. */
void fix_diff(struct fix_set *s, struct buf *out);
/* Writes what changed, each file in one step and with its mode. Returns how many files; errors go to `said`, with *failed
 * set. */
uint32_t fix_write(struct fix_set *s, struct buf *said, bool *failed);
void fix_end(struct fix_set *s);

#endif
