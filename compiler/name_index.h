/* The names of a program and where they stand, for tools that move between them: made by the checker while it
 * resolves names, where it is asked for one (compilation.names). It knows neither the tree nor the typed
 * program. Everything lives in the compilation's arena. */
#ifndef WEIR_NAME_INDEX_H
#define WEIR_NAME_INDEX_H

#include "compiler/diag.h"

enum { NAME_NONE = UINT32_MAX };

struct name_symbol {
    struct slice name;
    struct slice
        word; /* the statement that declares it: backend, acl, import …; of a part: server, on, route */
    struct span at;    /* the name; of an import without `as`: the text that names the file */
    struct span whole; /* the statement */
    uint32_t parent;   /* the symbol that it is a part of, or NAME_NONE */
    uint32_t target;   /* import: the source that it stands for; else NAME_NONE */
};

/* Where a name is used. */
struct name_use {
    struct span at;
    uint32_t symbol;
};

/* Where a text names a file. */
struct name_file {
    struct span at;
    uint32_t source;
};

struct name_index {
    VEC(struct name_symbol) symbols; /* parts follow what they are parts of */
    VEC(struct name_use) uses;       /* sorted by place, each once */
    VEC(struct name_file) files;
};

#endif
