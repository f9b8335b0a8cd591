/* The worker's thread: its mailbox, the adoption of plans, accepting, the loop, the end. See worker.h and conn.h. */
#include "runtime/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/conn.h"

enum {
    SLEEP_MS = 1000,        /* the loop looks around at least this often */
    ACCEPTS_A_TURN = 64,
    STOP_IDLE_MS = 100,     /* at a stop, idle connections wait this long for a request that is under way */
    STOP_FIRST_MS = 1000,   /* and those that have not brought one yet */
    ACCEPT_PAUSE_MS = 50,   /* when descriptors or memory ran out */
};

/* A listening socket of this worker. */
struct accepting {
    struct loop_io io;
    struct worker *w;
    struct listener *listener;
    struct accepting *next;
    bool kept; /* in adopt() */
};

enum command_kind { COMMAND_PLAN, COMMAND_ABORT, COMMAND_FORGET };

struct worker_command {
    struct worker_command *next;
    enum command_kind kind;
    struct plan *plan;
    struct server *server;
    struct accepting *accepts; /* PLAN: memory for its listeners */
};

/* ---- accepting ----------------------------------------------------------------------------------- */

static void pause_accepting(struct worker *w, bool paused)
{
    if (w->accept_paused == paused)
        return;
    w->accept_paused = paused;
    for (struct accepting *a = w->accepts; a; a = a->next)
        loop_pause(&w->loop, &a->io, paused);
}

static void on_accept_pause(struct timer *t)
{
    struct worker *w = (struct worker *)((char *)t - offsetof(struct worker, accept_pause));
    pause_accepting(w, false);
}

/* The address as struct conn_ends has it; returns the port. */
static uint16_t end_of(const struct sockaddr_storage *ss, uint8_t addr[16])
{
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)ss;
        memset(addr, 0, 10);
        memset(addr + 10, 0xff, 2);
        memcpy(addr + 12, &in->sin_addr, 4);
        return ntohs(in->sin_port);
    }
    if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)ss;
        memcpy(addr, &in6->sin6_addr, 16);
        return ntohs(in6->sin6_port);
    }
    memset(addr, 0, 16);
    return 0;
}

/* One connection. False where none is waiting, or none can be taken. */
static bool accept_one(struct accepting *a)
{
    struct worker *w = a->w;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    int fd = accept4(a->io.fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == ECONNABORTED || errno == EINTR)
            return true;
        if (errno != EAGAIN) { /* EMFILE, ENFILE, ENOBUFS, ENOMEM: they wait in the kernel's queue */
            log_line(LOG_WARN, "cannot accept: %s", strerror(errno));
            pause_accepting(w, true);
            timers_set(&w->timers, &w->accept_pause, ACCEPT_PAUSE_MS);
        }
        return false;
    }
    struct conn_ends ends;
    struct sockaddr_storage here = {0};
    ends.client_port = end_of(&peer, ends.client_ip);
    len = sizeof here;
    if (getsockname(fd, (struct sockaddr *)&here, &len) != 0)
        here.ss_family = AF_UNSPEC;
    ends.listener_port = end_of(&here, ends.listener_ip);
    COUNT(w->accepted, 1);
    downstream_open(w, fd, a->listener->id, &ends);
    return true;
}

static void on_accept(struct loop_io *io, uint32_t events)
{
    (void)events;
    struct accepting *a = (struct accepting *)io;
    struct worker *w = a->w;
    for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
        if (w->nclients >= w->options.max_conns) {
            pause_accepting(w, true);
            timers_set(&w->timers, &w->accept_pause, ACCEPT_PAUSE_MS);
            return;
        }
        if (!accept_one(a))
            return;
    }
}

/* Leaves a listening socket. What the kernel has accepted for it already is taken over, so that nobody is reset. */
static void stop_accepting(struct accepting *a)
{
    unsigned left = 65536;
    while (left-- > 0 && accept_one(a))
        ;
    loop_remove(&a->w->loop, &a->io);
    free(a);
}

static void start_accepting(struct worker *w, struct accepting *a)
{
    int on = 1; /* accepted sockets inherit it */
    setsockopt(a->io.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!loop_add_level(&w->loop, &a->io))
        log_line(LOG_ERROR, "cannot watch a listening socket: %s", strerror(errno));
    if (w->accept_paused)
        loop_pause(&w->loop, &a->io, true);
}

/* ---- plans --------------------------------------------------------------------------------------- */

/* Memory for the listeners of `p`, taken by the control thread so that adoption cannot fail. */
static bool prepare_accepts(struct worker *w, struct plan *p, struct accepting **out)
{
    *out = NULL;
    for (uint32_t i = 0; i < p->nlisteners; i++) {
        struct accepting *a = fault_calloc(1, sizeof *a);
        if (!a)
            return false;
        struct listener *l = p->listeners[i];
        *a = (struct accepting){.io = {on_accept, l->fds[w->options.index]}, .w = w, .listener = l, .next = *out};
        *out = a;
    }
    return true;
}

static void free_accepts(struct accepting *a)
{
    for (struct accepting *next; a; a = next) {
        next = a->next;
        free(a);
    }
}

static struct accepting *find_accepting(struct worker *w, const struct listener *l)
{
    for (struct accepting *a = w->accepts; a; a = a->next)
        if (a->listener == l)
            return a;
    return NULL;
}

/* Listens where the new plan listens. Returns true where a listener is gone. */
static bool change_listeners(struct worker *w, struct accepting *wanted)
{
    bool gone = false;
    struct accepting *added = NULL, **tail = &added;
    for (struct accepting *a = wanted, *next; a; a = next) {
        next = a->next;
        struct accepting *old = find_accepting(w, a->listener);
        if (old) {
            old->kept = true;
            free(a);
        } else {
            a->next = NULL;
            a->kept = true;
            *tail = a;
            tail = &a->next;
        }
    }
    for (struct accepting **at = &w->accepts; *at;) {
        struct accepting *a = *at;
        if (a->kept) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        stop_accepting(a);
        gone = true;
    }
    for (struct accepting *a = added; a; a = a->next)
        start_accepting(w, a);
    *tail = w->accepts;
    w->accepts = added;
    for (struct accepting *a = w->accepts; a; a = a->next)
        a->kept = false;
    return gone;
}

static bool is_idle(const struct downstream *c)
{
    return !c->txn && !c->linger && !iobuf_len(c->in);
}

/* Connections whose listener the plan does not have: the request in flight is answered, then they end. */
static void orphan_clients(struct worker *w)
{
    const struct plan *p = w->plan;
    for (struct downstream *c = w->clients, *next; c; c = next) {
        next = c->all.next;
        if (c->listener < p->listener_ids && p->frontend_of_listener[c->listener] != WEIR_NONE)
            continue;
        c->orphan = true;
        if (is_idle(c) && c->heard)
            downstream_close_gently(c);
    }
}

static void adopt(struct worker *w, struct plan *p, struct accepting *wanted)
{
    bool gone = change_listeners(w, wanted);
    w->plan = p;
    if (gone)
        orphan_clients(w);
    atomic_store_explicit(&w->adopted, p->serial, memory_order_release);
}

static void abort_plan(struct worker *w, const struct plan *p)
{
    for (struct downstream *c = w->clients, *next; c; c = next) {
        next = c->all.next;
        if (c->txn && c->txn->plan == p)
            txn_abort(c->txn);
    }
}

/* ---- mailbox ------------------------------------------------------------------------------------- */

static void wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake.fd, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

static void on_wake(struct loop_io *io, uint32_t events)
{
    (void)events;
    uint64_t n;
    ssize_t got = read(io->fd, &n, sizeof n);
    (void)got;
}

static void send_command(struct worker *w, struct worker_command *m)
{
    pthread_mutex_lock(&w->lock);
    *w->last = m;
    w->last = &m->next;
    pthread_mutex_unlock(&w->lock);
    atomic_store_explicit(&w->mail, true, memory_order_release);
    wake(w);
}

/* At the top of a turn, so that no event and no request sees a plan change under it. */
static void take_commands(struct worker *w)
{
    if (!atomic_load_explicit(&w->mail, memory_order_acquire))
        return;
    pthread_mutex_lock(&w->lock);
    atomic_store_explicit(&w->mail, false, memory_order_relaxed);
    struct worker_command *m = w->first;
    w->first = NULL;
    w->last = &w->first;
    pthread_mutex_unlock(&w->lock);
    for (struct worker_command *next; m; m = next) {
        next = m->next;
        switch (m->kind) {
        case COMMAND_PLAN:
            adopt(w, m->plan, m->accepts);
            break;
        case COMMAND_ABORT:
            abort_plan(w, m->plan);
            break;
        case COMMAND_FORGET:
            upstream_forget(w, m->server);
            break;
        }
        free(m);
    }
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* No more connections; idle ones end, the others after their answer. */
static void begin_stop(struct worker *w, uint32_t ms)
{
    w->stopping = true;
    w->stop_at = w->timers.now + ms;
    while (w->accepts) {
        struct accepting *a = w->accepts;
        w->accepts = a->next;
        int fd = a->io.fd;
        stop_accepting(a);
        shutdown(fd, SHUT_RD); /* who comes now is refused, and does not wait for a process that is ending */
    }
    for (struct downstream *c = w->clients, *next; c; c = next) {
        next = c->all.next;
        if (c->txn)
            continue;
        downstream_run(c); /* a request that is here already is answered */
        /* A kept-alive client may have a request under way: it is told to close by that one's answer. */
        uint32_t grace = is_idle(c) && c->heard ? STOP_IDLE_MS : STOP_FIRST_MS;
        if (c->io.fd >= 0 && !c->txn && !c->linger)
            downstream_wait(c, WAIT_REQUEST, ms < grace ? ms : grace);
    }
}

static bool is_finished(struct worker *w)
{
    uint32_t ms = atomic_load_explicit(&w->stop_ms, memory_order_acquire);
    if (!ms)
        return false;
    if (!w->stopping)
        begin_stop(w, ms);
    if (w->stop_at > w->timers.now + ms) /* asked again, for an earlier end */
        w->stop_at = w->timers.now + ms;
    if (w->timers.now < w->stop_at)
        return !w->clients;
    while (w->clients) {
        struct downstream *c = w->clients;
        if (c->txn)
            txn_abort(c->txn);
        else
            downstream_close(c);
    }
    return true;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

static void run_again(struct worker *w)
{
    struct downstream *c = w->again;
    w->again = NULL;
    for (struct downstream *next; c; c = next) {
        next = c->again;
        c->queued = false;
        if (c->io.fd >= 0) {
            downstream_run(c);
        } else {
            c->again = w->dead_downstreams;
            w->dead_downstreams = c;
        }
    }
}

/* What was closed in this turn can be used anew; see note [stale events]. */
static void bury(struct worker *w)
{
    for (struct downstream *c = w->dead_downstreams, *next; c; c = next) {
        next = c->again;
        pool_put(&w->downstreams, c);
    }
    w->dead_downstreams = NULL;
    for (struct upstream *u = w->dead_upstreams, *next; u; u = next) {
        next = u->idle_next;
        pool_put(&w->upstreams, u);
    }
    w->dead_upstreams = NULL;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    while (!is_finished(w)) {
        take_commands(w);
        loop_wait(&w->loop, w->again ? 0 : timers_wait(&w->timers, SLEEP_MS));
        timers_advance(&w->timers, clock_coarse_ms());
        loop_dispatch(&w->loop);
        run_again(w);
        bury(w);
    }
    bury(w);
    atomic_store_explicit(&w->done, true, memory_order_release);
    return NULL;
}

/* ---- what the control thread calls --------------------------------------------------------------- */

static void worker_free(struct worker *w)
{
    free_accepts(w->accepts);
    for (struct worker_command *m = w->first, *next; m; m = next) {
        next = m->next;
        free_accepts(m->accepts);
        free(m);
    }
    loop_close(&w->wake);
    loop_end(&w->loop);
    pool_end(&w->downstreams);
    pool_end(&w->upstreams);
    pool_end(&w->txns);
    iobuf_pool_end(&w->bufs);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static bool start_thread(struct worker *w)
{
    sigset_t all, old;
    sigfillset(&all); /* signals are the control thread's */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return err == 0;
}

/* Workers draw different numbers and name requests differently, each time they start; early at boot, when the kernel
 * has none yet, by the clock. */
static uint64_t seed(const struct worker *w)
{
    uint64_t n;
    if (getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
        n = clock_ns() ^ (uint64_t)(uintptr_t)w;
    return n;
}

struct worker *worker_start(const struct worker_options *o, struct plan *first)
{
    struct worker *w = fault_calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->magic = WORKER_MAGIC;
    w->options = *o;
    w->chance = seed(w);
    w->id[0] = seed(w);
    w->last = &w->first;
    w->accept_pause.fire = on_accept_pause;
    w->wake = (struct loop_io){on_wake, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    pthread_mutex_init(&w->lock, NULL);
    pool_begin(&w->downstreams, sizeof(struct downstream), 64);
    pool_begin(&w->upstreams, sizeof(struct upstream), 32);
    pool_begin(&w->txns, sizeof(struct txn), 32);
    timers_begin(&w->timers, clock_coarse_ms());
    struct accepting *accepts = NULL;
    if (!loop_begin(&w->loop) || w->wake.fd < 0 || !loop_add_level(&w->loop, &w->wake))
        goto fail;
    if (!prepare_accepts(w, first, &accepts))
        goto fail;
    adopt(w, first, accepts);
    if (!start_thread(w))
        goto fail_adopted;
    return w;
fail:
    free_accepts(accepts);
fail_adopted:
    worker_free(w);
    return NULL;
}

bool worker_post_plan(struct worker *w, struct plan *p)
{
    struct worker_command *m = fault_calloc(1, sizeof *m);
    if (!m)
        return false;
    m->kind = COMMAND_PLAN;
    m->plan = p;
    if (!prepare_accepts(w, p, &m->accepts)) {
        free_accepts(m->accepts);
        free(m);
        return false;
    }
    send_command(w, m);
    return true;
}

bool worker_has_adopted(struct worker *w, uint64_t serial)
{
    return atomic_load_explicit(&w->adopted, memory_order_acquire) >= serial;
}

void worker_abort_plan(struct worker *w, struct plan *p)
{
    struct worker_command *m = fault_calloc(1, sizeof *m);
    if (!m)
        return; /* asked again at the next sweep */
    m->kind = COMMAND_ABORT;
    m->plan = p;
    send_command(w, m);
}

void worker_forget_server(struct worker *w, struct server *s)
{
    struct worker_command *m = fault_calloc(1, sizeof *m);
    if (!m)
        return; /* its idle connections end by their timers */
    m->kind = COMMAND_FORGET;
    m->server = s;
    send_command(w, m);
}

void worker_stop(struct worker *w, uint32_t deadline_ms)
{
    atomic_store_explicit(&w->stop_ms, deadline_ms ? deadline_ms : 1, memory_order_release);
    wake(w);
}

bool worker_is_done(struct worker *w)
{
    return atomic_load_explicit(&w->done, memory_order_acquire);
}

void worker_join(struct worker **w)
{
    pthread_join((*w)->thread, NULL);
    /* Idle connections to servers: closed here, where no other thread is left that could use them. */
    for (uint32_t i = 0; i < (*w)->plan->head->backends.count; i++) {
        struct plan_backend *b = &(*w)->plan->backends[i];
        for (uint32_t k = 0; k < b->conf->servers.count; k++)
            upstream_forget(*w, b->servers[k]);
    }
    worker_free(*w);
    *w = NULL;
}

void worker_read_counts(struct worker *w, struct worker_counts *out)
{
    out->accepted = atomic_load_explicit(&w->accepted, memory_order_relaxed);
    out->requests = atomic_load_explicit(&w->requests, memory_order_relaxed);
    out->clients = atomic_load_explicit(&w->shown_clients, memory_order_relaxed);
    out->tunnels = atomic_load_explicit(&w->shown_tunnels, memory_order_relaxed);
}
