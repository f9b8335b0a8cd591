/* The ties between a plan and the registry; see plan_load.h for plan_bind(). */
#ifndef WEIR_PLAN_BIND_H
#define WEIR_PLAN_BIND_H

#include "runtime/plan.h"

/* Lets go of whatever is bound, in part or whole, and frees the arrays. */
void plan_unbind(struct plan *p);

#endif
