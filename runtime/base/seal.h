/* The end of a plan file: a checksum of all before it and a magic, so that a file which was cut or damaged on
 * its way is refused before anything of it is used. Against accidents, not against attackers. ELF readers do
 * not mind it. */
#ifndef WEIR_BASE_SEAL_H
#define WEIR_BASE_SEAL_H

#include "buf.h"

enum { SEAL_SIZE = 24 }; /* XXH3-128 in canonical form, then "WEIRPLAN" */

void seal_add(struct buf *file);
bool seal_is_whole(struct slice file);

#endif
