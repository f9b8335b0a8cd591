/* The timer wheel of timers.h. A deadline beyond the wheel's span is linked in its last slot and looked at again there. */
#include "runtime/timers.h"

#include <stddef.h>

static void unlink_timer(struct timers *w, struct timer *t)
{
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    t->link = NULL;
    w->linked--;
}

/* The first tick at whose end the deadline has passed: never early. */
static uint64_t tick_of(const struct timers *w, uint64_t deadline)
{
    uint64_t tick = deadline / TIMERS_TICK_MS + 1;
    if (tick < w->tick)
        tick = w->tick;
    if (tick >= w->tick + TIMERS_SLOTS)
        tick = w->tick + TIMERS_SLOTS - 1;
    return tick;
}

static void link_timer(struct timers *w, struct timer *t)
{
    t->slot_at = tick_of(w, t->deadline);
    struct timer **slot = &w->slots[t->slot_at % TIMERS_SLOTS];
    t->next = *slot;
    if (t->next)
        t->next->link = &t->next;
    t->link = slot;
    *slot = t;
    w->linked++;
}

void timers_begin(struct timers *w, uint64_t now_ms)
{
    *w = (struct timers){.now = now_ms, .tick = now_ms / TIMERS_TICK_MS + 1};
}

void timers_set(struct timers *w, struct timer *t, uint32_t ms)
{
    t->deadline = w->now + (ms ? ms : 1);
    if (t->link) {
        if (t->deadline / TIMERS_TICK_MS + 1 >= t->slot_at)
            return;
        unlink_timer(w, t);
    }
    link_timer(w, t);
}

void timers_remove(struct timers *w, struct timer *t)
{
    t->deadline = 0;
    if (t->link)
        unlink_timer(w, t);
}

static void run_slot(struct timers *w)
{
    /* Taken out of the wheel as a list of its own: what fires may link timers into this very slot. */
    struct timer *due = w->slots[w->tick % TIMERS_SLOTS];
    w->slots[w->tick % TIMERS_SLOTS] = NULL;
    if (due)
        due->link = &due;
    w->tick++;
    while (due) {
        struct timer *t = due;
        unlink_timer(w, t);
        if (t->deadline > w->now) {
            link_timer(w, t);
        } else if (t->deadline) {
            t->deadline = 0;
            t->fire(t);
        }
    }
}

void timers_advance(struct timers *w, uint64_t now_ms)
{
    w->now = now_ms;
    uint64_t end = now_ms / TIMERS_TICK_MS;
    while (w->tick <= end) {
        if (!w->linked)
            w->tick = end;
        run_slot(w);
    }
}

uint32_t timers_wait(const struct timers *w, uint32_t most)
{
    if (!w->linked)
        return most;
    /* The next slot that holds something, looked for as far as `most` reaches. */
    for (uint64_t tick = w->tick; tick < w->tick + TIMERS_SLOTS; tick++) {
        uint64_t at = tick * TIMERS_TICK_MS;
        uint64_t wait = at > w->now ? at - w->now : 0;
        if (wait >= most)
            return most;
        if (w->slots[tick % TIMERS_SLOTS])
            return (uint32_t)wait;
    }
    return most;
}
