/* Plan files: ELF shared objects of tables, glue, canonical IR, places and manifest. Writing one needs the C
 * compiler only where the glue is not in the cache; the tables are spliced in by our own ELF writer. */
#ifndef WEIR_PLAN_FILE_H
#define WEIR_PLAN_FILE_H

#include "runtime/base/buf.h"

struct plan_contents {
    struct slice tables, glue_c, ir, places;
    struct slice manifest; /* JSON, one object; see manifest.h */
    struct slice object;   /* what plan_glue() made of glue_c; empty: plan_build() calls it */
};

struct plan_build_options {
    const char *cc;        /* the C compiler, with words of its own ("ccache gcc"); NULL: $CC, else cc */
    const char *cache_dir; /* NULL: $XDG_CACHE_HOME/weir, else ~/.cache/weir, else no cache */
    bool no_cache;         /* neither reads the cache nor adds to it */
    bool standalone;       /* an executable with the runtime in it instead of a plan */
};

/* Where the code of a plan came from. */
enum plan_glue_source {
    PLAN_GLUE_COMPILED,
    PLAN_GLUE_CACHED,
    PLAN_GLUE_CACHED_OTHER, /* the C compiler failed, and the cache had what another one made of the same C */
};

/* Compiles the glue, or takes it from the cache: a small shared object that plan_build() adds the rest to.
 * `*from` (may be NULL) says which. False with a message for people in `why` (the C compiler's own output
 * included). */
bool plan_glue(struct slice glue_c, const struct plan_build_options *o, struct buf *object,
               enum plan_glue_source *from, struct buf *why);
/* Bytes of code and constants in it. */
uint64_t plan_glue_size(struct slice object);

/* Appends the bytes of a plan, or of an executable, to `out`. False with a message in `why`. */
bool plan_build(const struct plan_contents *c, const struct plan_build_options *o, struct buf *out,
                struct buf *why);

/* Writes `out_path`, as a whole or not at all. Returns true, or false with a message in `why`. */
bool plan_write(const char *out_path, const struct plan_contents *c, const struct plan_build_options *o,
                struct buf *why);

/* Reads the parts of a plan file back; slices point into `file`. `glue_c` is not kept and comes back empty.
 * False with `*why` where it is not a plan. */
bool plan_read(struct slice file, struct plan_contents *out, const char **why);

#endif
