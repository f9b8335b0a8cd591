/* The standard library: Weir files (stdconf/) that `weir` carries in itself, of edition 1 of the language. `stdconf` is all of
 * them as one file, `stdconf/NAME` one of them. */
#ifndef WEIR_STDCONF_H
#define WEIR_STDCONF_H

#include "runtime/base/slice.h"

enum { STDCONF_MAX = 64 };

/* Whether an import of `name` means the standard library, also where it has no such file. */
bool stdconf_is(struct slice name);
/* The text of `name`. False where there is none. */
bool stdconf_text(struct slice name, struct slice *text);
/* All names: `stdconf`, then each file. Returns how many: at most STDCONF_MAX. */
uint32_t stdconf_names(struct slice *names);

#endif
