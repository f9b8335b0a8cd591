/* Messages as SARIF 2.1.0 (OASIS, 2020), as GitHub code scanning reads it: one document for all files of a run. */
#ifndef WEIR_DIAG_SARIF_H
#define WEIR_DIAG_SARIF_H

#include "compiler/compilation.h"
#include "runtime/base/strmap.h"

/* Begins as {0}. */
struct sarif {
    struct arena arena;
    struct buf results, notices; /* members of their arrays, with commas between */
    struct strmap lines;         /* fingerprints seen, and how often */
};

/* Adds the messages of one compilation of `path`. */
void sarif_add(struct sarif *s, const struct compilation *c, struct slice path);
/* Adds that `path` could not be looked at, and why. */
void sarif_failed(struct sarif *s, struct slice path, struct slice why);
/* Appends the document and frees what is held. */
void sarif_end(struct sarif *s, struct buf *out);

#endif
