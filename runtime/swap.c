/* Hot swap; see swap.h. */
#include "runtime/swap.h"

#include <assert.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/plan_load.h"

enum { ABORT_AGAIN_MS = 1000, SETTLE_POLL_MS = 1, DRAIN_POLL_MS = 20 };

struct plan *swap_active(const struct swap *s)
{
    return s->n ? s->entries[s->n - 1].plan : NULL;
}

uint64_t swap_requests(const struct plan *p)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < p->nworkers; i++)
        n += atomic_load_explicit(&p->workers[i].requests, memory_order_relaxed);
    return n;
}

/* Acquire: what requests read of the plan comes before the count that says that they are done. */
uint32_t swap_in_flight(const struct plan *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->nworkers; i++)
        n += atomic_load_explicit(&p->workers[i].in_flight, memory_order_acquire);
    return n;
}

static bool reserve(struct swap *s)
{
    if (s->n < s->cap)
        return true;
    uint32_t cap = s->cap ? 2 * s->cap : 8;
    void *p = fault_realloc(s->entries, cap * sizeof *s->entries);
    if (!p)
        return false;
    s->entries = p;
    s->cap = cap;
    return true;
}

typedef void server_fn(struct swap *s, struct server *server);

static void each_server(struct swap *s, struct plan *p, server_fn *fn)
{
    for (uint32_t i = 0; i < p->head->backends.count; i++)
        for (uint32_t k = 0; k < p->backends[i].conf->servers.count; k++)
            fn(s, p->backends[i].servers[k]);
}

static void mark_server(struct swap *s, struct server *server)
{
    server->newest = s->serial;
    atomic_store_explicit(&server->gone, false, memory_order_relaxed);
}

/* Before the new plan is posted, so that a worker that has adopted it has closed what was idle. */
static void forget_if_gone(struct swap *s, struct server *server)
{
    if (server->newest == s->serial)
        return;
    server->newest = s->serial; /* once, also where the plan names it again */
    atomic_store_explicit(&server->gone, true,
                          memory_order_relaxed); /* before the worker is told: none becomes idle after it */
    for (unsigned i = 0; i < s->registry->workers && s->workers[i]; i++)
        worker_forget_server(s->workers[i], server);
}

static void post(struct swap *s)
{
    while (s->posted < s->registry->workers && s->workers[s->posted] &&
           worker_post_plan(s->workers[s->posted], swap_active(s)))
        s->posted++;
}

bool swap_publish(struct swap *s, struct plan *p, uint64_t now_ms)
{
    struct plan *before = swap_active(s);
    if (!reserve(s))
        return false;
    p->serial = ++s->serial;
    p->published_ms = now_ms;
    each_server(s, p, mark_server);
    if (before) {
        s->entries[s->n - 1].drain_at = now_ms + s->drain_ms;
        plan_move(before, PLAN_DRAINING);
        each_server(s, before, forget_if_gone);
    }
    s->entries[s->n++] = (struct swap_entry){.plan = p};
    plan_move(p, PLAN_ACTIVE);
    s->posted = 0;
    s->settled = false;
    if (before)
        post(s);
    else
        s->posted = s->registry->workers; /* worker_start() hands it over */
    return true;
}

static bool all_adopted(const struct swap *s, uint64_t serial)
{
    for (unsigned i = 0; i < s->registry->workers; i++)
        if (!s->workers[i] || !worker_has_adopted(s->workers[i], serial))
            return false;
    return true;
}

static void remember(struct swap *s, const struct plan *p)
{
    struct swap_gone *g = &s->gone[s->ngone++ % SWAP_GONE_MAX];
    *g = (struct swap_gone){
        .serial = p->serial, .requests = swap_requests(p), .published_ms = p->published_ms};
    memcpy(g->digest, p->digest, sizeof g->digest);
}

static void abort_requests(struct swap *s, struct swap_entry *e, uint64_t now_ms)
{
    log_line(LOG_WARN, "plan %s: %u requests still in flight at its drain deadline are ended",
             e->plan->digest, swap_in_flight(e->plan));
    for (unsigned i = 0; i < s->registry->workers; i++)
        worker_abort_plan(s->workers[i], e->plan);
    e->drain_at = now_ms + ABORT_AGAIN_MS;
}

/* One old plan. True where it is unloaded. */
static bool retire(struct swap *s, struct swap_entry *e, uint64_t now_ms)
{
    if (!e->left && all_adopted(s, e->plan->serial + 1)) {
        e->left = true;
        plan_release_listeners(e->plan);
    }
    if (e->left && swap_in_flight(e->plan) == 0) {
        plan_move(e->plan, PLAN_COLD);
        remember(s, e->plan);
        plan_unload(&e->plan);
        return true;
    }
    if (e->left && now_ms >= e->drain_at)
        abort_requests(s, e, now_ms);
    return false;
}

unsigned swap_turn(struct swap *s, uint64_t now_ms)
{
    post(s);
    if (!s->settled && s->posted == s->registry->workers)
        s->settled = all_adopted(s, s->serial);
    uint32_t kept = 0, n = s->n;
    for (uint32_t i = 0; i < n; i++)
        if (i + 1 == n || !retire(s, &s->entries[i], now_ms))
            s->entries[kept++] = s->entries[i];
    s->n = kept;
    return n - kept;
}

uint32_t swap_wait(const struct swap *s, uint32_t most)
{
    uint32_t ms = !s->settled ? SETTLE_POLL_MS : s->n > 1 ? DRAIN_POLL_MS : most;
    return ms < most ? ms : most;
}

void swap_end(struct swap *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct plan *p = s->entries[i].plan;
        while (atomic_load_explicit(&p->state, memory_order_relaxed) < PLAN_COLD)
            plan_move(p, atomic_load_explicit(&p->state, memory_order_relaxed) + 1);
        plan_unload(&s->entries[i].plan);
    }
    free(s->entries);
    s->entries = NULL;
    s->n = s->cap = 0;
}
