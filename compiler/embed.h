/* Files that `weir` carries in itself, so that a C compiler is all that a build needs besides. See the
 * Makefile. */
#ifndef WEIR_EMBED_H
#define WEIR_EMBED_H

#include "runtime/base/slice.h"

extern const char embed_abi_h[], embed_abi_h_end[];   /* runtime/abi.h */
extern const char embed_stdconf[], embed_stdconf_end[]; /* stdconf/, see stdconf.h */
extern const char embed_explanations[], embed_explanations_end[]; /* grammar/explanations, joined */
extern const char embed_edge_a[], embed_edge_a_end[]; /* the runtime library, for standalone executables */

static inline struct slice embed_slice(const char *from, const char *end)
{
    return (struct slice){from, (size_t)(end - from)};
}

#endif
