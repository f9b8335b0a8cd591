/* Our ELF writer: adds the tables and the other parts of a plan to the shared object that the C compiler made
 * of the glue. No linker runs when only data changes. */
#ifndef WEIR_PLAN_ELF_H
#define WEIR_PLAN_ELF_H

#include "compiler/plan_file.h"

/* NULL where `object` can become a plan: an ELF64 little-endian shared object with sections, that needs no
 * other library, no relocation and no symbol from outside, and exports what a plan exports. Else what is
 * wrong. */
const char *plan_elf_check(struct slice object);
/* Bytes of its code and of its constants. `object` has passed plan_elf_check(). */
uint64_t plan_elf_code_size(struct slice object);
/* Appends the plan: c->object, and the tables (loaded) and IR, places and manifest (not loaded). c->object
 * has passed plan_elf_check(). Returns NULL, or the limit that was hit. */
const char *plan_elf_write(const struct plan_contents *c, struct buf *out);

#endif
