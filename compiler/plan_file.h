/* Plan files: ELF shared objects of tables, glue, canonical IR, places and manifest. Writing one needs the C compiler
 * only where the glue is not in the cache; the tables are spliced in by our own ELF writer. */
#ifndef WEIR_PLAN_FILE_H
#define WEIR_PLAN_FILE_H

#include "runtime/base/buf.h"

struct plan_contents {
    struct slice tables, glue_c, ir, places;
    struct slice manifest; /* JSON, one object; see manifest.h */
};

struct plan_build_options {
    const char *cc;        /* the C compiler; NULL: $CC, else cc */
    const char *cache_dir; /* NULL: $XDG_CACHE_HOME/weir, else ~/.cache/weir, else no cache */
    bool standalone;       /* an executable with the runtime in it instead of a plan */
};

/* Writes `out_path`. Returns true, or false with a message for people in `why` (the compiler's own output included). */
bool plan_write(const char *out_path, const struct plan_contents *c, const struct plan_build_options *o, struct buf *why);

/* Reads the parts of a plan file back; slices point into `file`. `glue_c` is not kept and comes back empty. False
 * with `*why` where it is not a plan. */
bool plan_read(struct slice file, struct plan_contents *out, const char **why);

#endif
