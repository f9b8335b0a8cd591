/* Standalone executables: a plan's glue and tables linked with the runtime library that `weir` carries. */
#ifndef WEIR_PLAN_STANDALONE_H
#define WEIR_PLAN_STANDALONE_H

#include "compiler/plan_file.h"

/* The executable's bytes go to `out`, which is empty. False with a message in `why`. */
bool plan_standalone(const struct plan_contents *c, const struct plan_build_options *o, struct buf *out,
                     struct buf *why);

#endif
