/* Connections of clients: reading the head of a request, waiting between requests, ending so that nothing is lost. What a
 * request means is txn.c's business. */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "runtime/conn.h"

enum {
    LINGER_MS = 1000,       /* for the client's end after ours */
    REQUESTS_A_TURN = 32,   /* pipelined requests answered before other connections have a turn */
    ORPHAN_MS = 1000,       /* for a head on a connection whose listener is gone */
};

static const struct weir_frontend *frontend_of(const struct downstream *c)
{
    const struct plan *p = c->w->plan;
    if (c->orphan || c->listener >= p->listener_ids || p->frontend_of_listener[c->listener] == WEIR_NONE)
        return NULL;
    return p->frontends[p->frontend_of_listener[c->listener]].conf;
}

void downstream_wait(struct downstream *c, enum wait_for what, uint32_t ms)
{
    c->wait = (uint8_t)what;
    timers_set(&c->w->timers, &c->timer, ms);
}

void downstream_close(struct downstream *c)
{
    struct worker *w = c->w;
    if (c->io.fd < 0)
        return;
    loop_close(&c->io);
    timers_remove(&w->timers, &c->timer);
    iobuf_put(&w->bufs, &c->in);
    linked_remove(c, all);
    w->nclients--;
    atomic_store_explicit(&w->shown_clients, w->nclients, memory_order_relaxed);
    if (!c->queued) { /* else it is buried when its turn has come */
        c->again = w->dead_downstreams;
        w->dead_downstreams = c;
    }
}

/* Closing with bytes unread resets the connection, and the reset can overtake the answer: so end our side first, and read
 * until the client has ended, for a while. */
void downstream_close_gently(struct downstream *c)
{
    if (c->ended || shutdown(c->io.fd, SHUT_WR) != 0) {
        downstream_close(c);
        return;
    }
    c->linger = true;
    iobuf_put(&c->w->bufs, &c->in);
    downstream_wait(c, WAIT_LINGER, LINGER_MS);
}

static void linger_read(struct downstream *c)
{
    char sink[4096];
    for (unsigned i = 0; c->readable && i < 16; i++) {
        ssize_t n = recv(c->io.fd, sink, sizeof sink, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            downstream_close(c);
            return;
        }
        if (n < 0 && errno == EAGAIN)
            c->readable = false;
    }
    if (c->readable) /* a flood: enough was read */
        downstream_close(c);
}

int downstream_read(struct downstream *c)
{
    if (!c->in && !(c->in = iobuf_get(&c->w->bufs)))
        return -1;
    if (iobuf_room(c->in) < IOBUF_ROOM / 4) {
        iobuf_compact(c->in);
        if (iobuf_room(c->in) == 0)
            return 0;
    }
    uint32_t room = iobuf_room(c->in);
    ssize_t n = recv(c->io.fd, c->in->p + c->in->end, room, 0);
    if (n > 0) {
        c->in->end += (uint32_t)n;
        /* Less than asked for: nothing is left (epoll(7)), so that the next event tells of more. */
        if ((uint32_t)n < room && !c->hup)
            c->readable = false;
        return (int)n;
    }
    if (n < 0 && errno == EINTR)
        return 0;
    c->readable = false;
    if (n < 0 && errno == EAGAIN)
        return 0;
    c->ended = c->hup = true;
    return -1;
}

/* Parses what is there once a line is complete. True where the connection has something to go on with. */
static bool parse_head(struct downstream *c)
{
    uint32_t len = iobuf_len(c->in);
    if (len <= c->seen)
        return false;
    bool full = len == IOBUF_ROOM;
    const char *unseen = c->in->p + c->in->start + c->seen;
    if (!full && !memchr(unseen, '\n', len - c->seen)) {
        c->seen = len;
        return false;
    }
    int r = http1_parse_request(iobuf_bytes(c->in), full, &c->w->head);
    c->seen = r == 0 ? len : 0;
    if (r > 0)
        txn_begin(c);
    else if (r < 0)
        txn_refuse(c, (uint32_t)-r);
    return r != 0;
}

/* The time for a head runs from its first byte, and is not extended by further ones. */
static void wait_for_head(struct downstream *c)
{
    if (!iobuf_len(c->in)) {
        iobuf_put(&c->w->bufs, &c->in);
    } else if (c->wait != WAIT_HEAD) {
        const struct weir_frontend *f = frontend_of(c);
        downstream_wait(c, WAIT_HEAD, f ? f->request_ms : ORPHAN_MS);
    }
}

/* True where the connection has something to go on with. */
static bool read_head(struct downstream *c)
{
    for (;;) {
        if (parse_head(c))
            return true;
        if (!c->readable) {
            wait_for_head(c);
            return false;
        }
        if (downstream_read(c) < 0) {
            downstream_close(c);
            return false;
        }
    }
}

void downstream_later(struct downstream *c)
{
    if (c->queued)
        return;
    c->queued = true;
    c->again = c->w->again;
    c->w->again = c;
}

void downstream_run(struct downstream *c)
{
    for (unsigned left = REQUESTS_A_TURN; c->io.fd >= 0; left--) {
        if (left == 0) {
            downstream_later(c);
            return;
        }
        if (c->linger) {
            linger_read(c);
            return;
        }
        if (c->txn) {
            txn_run(c->txn);
            if (c->txn)
                return;
        } else if (!read_head(c)) {
            return;
        }
    }
}

void downstream_next(struct downstream *c)
{
    const struct weir_frontend *f = frontend_of(c);
    c->seen = 0;
    if (!iobuf_len(c->in))
        iobuf_put(&c->w->bufs, &c->in);
    downstream_wait(c, WAIT_REQUEST, f ? f->idle_ms : ORPHAN_MS);
}

static void on_event(struct loop_io *io, uint32_t events)
{
    struct downstream *c = (struct downstream *)io;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP))
        c->hup = true;
    if (events & EPOLLOUT)
        c->writable = true;
    if (events & EPOLLERR) { /* reset: nobody is there any more */
        if (c->txn)
            txn_abort(c->txn);
        else
            downstream_close(c);
        return;
    }
    downstream_run(c);
}

static void on_timer(struct timer *timer)
{
    struct downstream *c = (struct downstream *)((char *)timer - offsetof(struct downstream, timer));
    switch ((enum wait_for)c->wait) {
    case WAIT_REQUEST:
        if (c->heard)
            downstream_close_gently(c);
        else
            downstream_close(c);
        return;
    case WAIT_HEAD:
        txn_refuse(c, 408);
        break;
    case WAIT_CLIENT_BODY:
        txn_fail(c->txn, 408);
        break;
    case WAIT_CONNECT:
        txn_server_failed(c->txn, 503);
        break;
    case WAIT_SERVER:
        txn_server_failed(c->txn, 504);
        break;
    case WAIT_CLIENT_ROOM:
    case WAIT_TUNNEL:
        txn_abort(c->txn);
        return;
    case WAIT_LINGER:
        downstream_close(c);
        return;
    }
    downstream_run(c);
}

void downstream_open(struct worker *w, int fd, uint32_t listener, const struct conn_ends *ends)
{
    struct downstream *c = pool_get(&w->downstreams);
    if (!c) {
        struct loop_io io = {NULL, fd};
        loop_close(&io);
        return;
    }
    c->io = (struct loop_io){on_event, fd};
    c->timer.fire = on_timer;
    c->w = w;
    c->listener = listener;
    c->ends = *ends;
    c->writable = true;
    if (!loop_add(&w->loop, &c->io)) {
        loop_close(&c->io);
        pool_put(&w->downstreams, c);
        return;
    }
    linked_insert(&w->clients, c, all);
    w->nclients++;
    atomic_store_explicit(&w->shown_clients, w->nclients, memory_order_relaxed);
    const struct weir_frontend *f = frontend_of(c);
    c->orphan = !f;
    downstream_wait(c, WAIT_REQUEST, f ? f->request_ms : ORPHAN_MS);
    if (f)
        COUNT(w->plan->frontends[w->plan->frontend_of_listener[listener]].shared->workers[w->options.index].connections, 1);
}
