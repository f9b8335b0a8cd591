/* A worker: one thread, one epoll loop, its listeners' sockets, its connections, its idle connections to
 * servers. Started, told and joined by the control thread; it shares nothing on the request path.
 *
 * note [mailbox]: the control thread stores the next plan (release) and wakes the worker by its
 * eventfd; the worker looks once at the top of each loop turn (acquire), never per request. */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <stdatomic.h>

#include "runtime/plan.h"

struct worker;

struct worker_options {
    uint32_t index;      /* 0 .. workers - 1 */
    uint32_t workers;    /* of the process */
    uint32_t max_conns;  /* client connections of this worker; more wait in the kernel's queue */
};

/* Starts the thread with its first plan. NULL where memory, a descriptor or a thread could not be had. */
struct worker *worker_start(const struct worker_options *o, struct plan *first);

/* Tells the worker to decide new requests by `p` from its next loop turn on, and to listen where `p` listens: a
 * listener that `p` no longer has is emptied (accepted until EAGAIN) and left. False where memory ran out:
 * nothing changes. Control thread. */
bool worker_post_plan(struct worker *w, struct plan *p);

/* True once the worker has adopted plan `serial` or a newer one (acquire). Control thread. */
bool worker_has_adopted(struct worker *w, uint64_t serial);

/* Asks the worker to end connections whose request in flight began under `p` (drain deadline). */
void worker_abort_plan(struct worker *w, struct plan *p);

/* Asks the worker to close its idle connections to `s` in all workers' pools, because the server left the
 * registry's newest plan. Done before worker_has_adopted() of the plan posted after this call turns true. */
void worker_forget_server(struct worker *w, struct server *s);

/* Graceful end: stop accepting (after emptying the accept queues), answer what is in flight with
 * `Connection: close`, close idle connections, end at the latest `deadline_ms` from now. Asked again with less,
 * it ends earlier. */
void worker_stop(struct worker *w, uint32_t deadline_ms);
/* True once the thread has left its loop. */
bool worker_is_done(struct worker *w);
/* Waits for the end and frees the worker. Sets `*w` to NULL. */
void worker_join(struct worker **w);

/* For `show info`: relaxed reads. */
struct worker_counts {
    uint64_t accepted, requests;
    uint32_t clients, tunnels;
};
void worker_read_counts(struct worker *w, struct worker_counts *out);

#endif
