/* Reading sections of 64-bit little-endian ELF files in memory, with every range checked. */
#ifndef WEIR_BASE_ELF_H
#define WEIR_BASE_ELF_H

#include "slice.h"

/* Sections of a plan. The tables' section is loaded (SHF_ALLOC) at an 8-aligned address. */
#define WEIR_SECTION_TABLES   ".weir.tables"
#define WEIR_SECTION_IR       ".weir.ir"
#define WEIR_SECTION_PLACES   ".weir.places"
#define WEIR_SECTION_MANIFEST ".weir.manifest"

/* Finds section `name`. False where the file is no such ELF file or has no such section. `*addr` (may be
 * NULL) is its virtual address, 0 where it is not loaded; a section with an address is covered by a PT_LOAD
 * segment that maps just these bytes there. */
bool elf_section(struct slice file, const char *name, struct slice *data, uint64_t *addr);

#endif
