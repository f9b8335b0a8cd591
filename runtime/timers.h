/* Deadlines of connections: a wheel of lists, one a tick. Made for timers that are set again at each request and almost
 * never fire: moving a deadline to a later time is one store, and the timer is linked anew only when its old slot comes up.
 * Accurate to TIMERS_TICK_MS; never early. Knows no HTTP. */
#ifndef WEIR_TIMERS_H
#define WEIR_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMERS_TICK_MS = 16, TIMERS_SLOTS = 1024 };

struct timer;
typedef void timer_fn(struct timer *t);

/* Embedded in what it belongs to. A new one is {.fire = …}. */
struct timer {
    struct timer *next, **link; /* link: NULL where not in the wheel */
    uint64_t deadline;          /* ms; 0: off */
    uint64_t slot_at;           /* tick of the slot that it is in */
    timer_fn *fire;
};

struct timers {
    struct timer *slots[TIMERS_SLOTS];
    uint64_t now;  /* ms, as of the last timers_advance() */
    uint64_t tick; /* slots before this tick are done */
    uint32_t linked;
};

void timers_begin(struct timers *w, uint64_t now_ms);
/* Fires once `ms` from now (0 counts as 1). */
void timers_set(struct timers *w, struct timer *t, uint32_t ms);
/* Turns it off; it stays linked until its slot comes up. */
static inline void timers_off(struct timer *t)
{
    t->deadline = 0;
}
/* Takes it out, before its memory goes. */
void timers_remove(struct timers *w, struct timer *t);
/* Sets the time and fires what is due. A timer that fires is off; it may be set again or removed by its function. */
void timers_advance(struct timers *w, uint64_t now_ms);
/* Milliseconds that a loop may sleep, at most `most`. */
uint32_t timers_wait(const struct timers *w, uint32_t most);

#endif
