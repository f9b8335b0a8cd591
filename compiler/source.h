/* The texts of one compilation: Weir files and data files, each read once, with its lines indexed. */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "runtime/base/vec.h"

struct source {
    uint32_t id;              /* index in sources.files */
    struct slice path;        /* for messages: relative to where the user stands, as given or imported */
    struct slice text;        /* mapped or in the arena; NUL follows */
    VEC(uint32_t) line_starts; /* made on first use */
};

struct sources {
    struct arena *arena;
    VEC(struct source *) files;
    /* Where not NULL: asked before the file is. True: `*text` (NUL follows; kept by whoever gives it until the
     * compilation ends) takes the file's place, as an editor's buffer does. */
    bool (*overlay)(void *context, struct slice path, struct slice *text);
    void *overlay_context;
};

/* Reads `path`; a file that is already there is returned again. NULL and `*err` (an errno) where it cannot
 * be read. */
struct source *source_open(struct sources *s, struct slice path, int *err);
/* A source from memory (tests, the standard library). `text` must be followed by a NUL. */
struct source *source_from_text(struct sources *s, struct slice path, struct slice text);
/* Line and column (from 1; columns count bytes) of byte `off`. */
void source_line_col(struct arena *a, struct source *src, uint32_t off, uint32_t *line, uint32_t *col);

#endif
