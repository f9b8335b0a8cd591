/* Health checks: which servers are up. One state a server with a check, run on the control thread's loop.
 *
 * note [whose definition]: a check reads its definition from the tables of the newest plan. checks_follow()
 * points it at those before the plan that it read until then can be unloaded. What it knows of the server
 * (up, in a row) stays. */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "runtime/loop.h"
#include "runtime/plan.h"
#include "runtime/timers.h"

struct check;

struct checks {
    struct loop *loop;
    struct timers *timers;
    struct check *all;
    struct check *dead; /* freed between two waits of the loop */
    uint64_t seed;      /* of the jitter */
};

/* A new one is {.loop, .timers}. Checks the servers of `newest` as it says, and no others. Where memory ran
 * out, a server stays unchecked (and up), which is logged. */
void checks_follow(struct checks *c, struct plan *newest);
/* Frees checks that have ended. Between two waits of the loop; see note [stale events] in loop.h. */
void checks_sweep(struct checks *c);
/* Ends all checks and frees them. */
void checks_end(struct checks *c);

#endif
