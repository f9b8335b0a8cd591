/* The state of the control thread, shared by process.c (start, loop, end), command.c (what the control socket
 * asks) and show.c (what it shows). Nothing else includes it. */
#ifndef WEIR_PROCESS_STATE_H
#define WEIR_PROCESS_STATE_H

#include "runtime/check.h"
#include "runtime/control.h"
#include "runtime/loop.h"
#include "runtime/process.h"
#include "runtime/registry_set.h"
#include "runtime/swap.h"
#include "runtime/timers.h"

struct process {
    const struct process_options *o;
    struct registry registry;
    struct worker **workers; /* registry.workers of them; NULL where not started */
    struct swap swap;
    struct checks checks;
    struct control control;
    struct loop loop;
    struct timers timers;
    struct loop_io signals;
    uint64_t started_ms;
    struct control_client *pushing; /* waits until its plan is adopted, or NULL */
    uint64_t pushed_ms;
    bool reload;      /* SIGHUP came */
    unsigned stops;   /* SIGTERM and SIGINT so far */
    uint64_t stop_at; /* the end at the latest, once stopping */
};

/* Loads the bytes of a plan file and makes it the active plan; adoption follows. False with the reason in
 * `why`, and the old plan stays. */
bool process_swap(struct process *p, struct slice file, struct buf *why);

/* Serves the requests that have come in by the control socket, but for those that wait for a swap to end. */
void command_turn(struct process *p);
/* Answers those who wait, because the process ends. */
void command_stop(struct process *p);

enum show_format { SHOW_TEXT, SHOW_JSON };
void show_plans(struct process *p, enum show_format format, struct buf *out);
void show_info(struct process *p, enum show_format format, struct buf *out);
void show_servers(struct process *p, enum show_format format, struct buf *out);
void show_frontends(struct process *p, enum show_format format, struct buf *out);

#endif
