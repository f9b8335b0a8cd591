/* The manifest of a plan: what it was made from and what it holds, as one JSON object. Written by the driver,
 * read by `weir show`; the runtime reads the digest alone (runtime/base/manifest_digest.h). */
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include "compiler/ir.h"
#include "compiler/lower.h"
#include "compiler/source.h"

enum { MANIFEST_SCHEMA = 1 };

/* Members of "sizes" (bytes) and of "counts". */
#define MANIFEST_SIZES(X) X(tables) X(ir) X(places) X(code)
#define MANIFEST_COUNTS(X)                                                                                   \
    X(frontends)                                                                                             \
    X(backends)                                                                                              \
    X(servers) X(splits) X(maps) X(map_rows) X(lists) X(rules) X(rows) X(checks) X(pred_shapes) X(value_shapes)

struct manifest_source {
    struct slice path, digest; /* XXH3-128, 32 hex digits */
    uint64_t size;
};

struct manifest_frontend {
    struct slice name;
    VEC(struct slice) listens; /* "127.0.0.1:80", "[::1]:80", or ":80" for every address */
};

struct manifest_backend {
    struct slice name;
    uint64_t servers;
};

struct manifest_split {
    struct slice name;
    VEC(struct slice) shares; /* "green 5%" */
};

struct manifest {
    uint64_t schema, edition, abi;
    struct slice weir;   /* the version that built it */
    struct slice digest; /* of the canonical IR */
#define FIELD(name) uint64_t name;
    struct {
        MANIFEST_SIZES(FIELD)
    } sizes;
    struct {
        MANIFEST_COUNTS(FIELD)
    } counts;
#undef FIELD
    VEC(struct manifest_source) sources;
    VEC(struct manifest_frontend) frontends;
    VEC(struct manifest_backend) backends;
    VEC(struct manifest_split) splits;
};

/* Fills counts, frontends, backends and splits. `l` NULL: but for what lowering counts (rules, rows, shapes). Borrows
 * from `p`. */
void manifest_describe(struct manifest *m, struct arena *a, const struct ir_program *p,
                       const struct lowered *l);
/* Adds all sources with their sizes and digests. */
void manifest_add_sources(struct manifest *m, struct arena *a, const struct sources *s);

void manifest_write(const struct manifest *m, struct buf *json);
/* False with `*why` where it is not a manifest of this schema. */
bool manifest_read(struct manifest *m, struct arena *a, struct slice json, const char **why);

#endif
