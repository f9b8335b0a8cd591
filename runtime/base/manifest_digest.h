/* The one thing of a plan's manifest that the runtime needs. */
#ifndef WEIR_BASE_MANIFEST_DIGEST_H
#define WEIR_BASE_MANIFEST_DIGEST_H

#include "slice.h"

/* The member "digest" of the manifest's outermost object: 32 lower-case hex digits and NUL. False where there
 * is none. */
bool manifest_digest(struct slice manifest_json, char out[33]);

#endif
