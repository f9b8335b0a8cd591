/* The last step of a build: is the plan one that the runtime will take? */
#ifndef WEIR_PLAN_VERIFY_H
#define WEIR_PLAN_VERIFY_H

#include "runtime/base/slice.h"

/* Reads the plan's parts back, verifies its tables as the runtime does, and, where the plan is a shared
 * object for this machine, loads it once. NULL, or what is wrong (good until the next call on this thread).
 */
const char *plan_verify(struct slice plan);

#endif
