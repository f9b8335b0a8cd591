/* Connections to servers: opening them, keeping idle ones for the next request, noticing that they ended. Knows nothing of
 * what flows over them. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "runtime/conn.h"

enum { IDLE_MOST = 4096 }; /* of one server in one worker */

static struct server_worker *share_of(const struct upstream *u)
{
    return &u->server->workers[u->w->options.index];
}

static void idle_remove(struct upstream *u)
{
    *u->idle_link = u->idle_next;
    if (u->idle_next)
        u->idle_next->idle_link = u->idle_link;
    u->idle_link = NULL;
    share_of(u)->idle_count--;
}

void upstream_close(struct upstream *u)
{
    struct worker *w = u->w;
    if (u->io.fd < 0)
        return;
    if (u->idle_link)
        idle_remove(u);
    loop_close(&u->io);
    timers_remove(&w->timers, &u->timer);
    iobuf_put(&w->bufs, &u->in);
    atomic_fetch_sub_explicit(&u->server->refs, 1, memory_order_release);
    u->idle_next = w->dead_upstreams;
    w->dead_upstreams = u;
}

static void on_idle_timer(struct timer *timer)
{
    upstream_close((struct upstream *)((char *)timer - offsetof(struct upstream, timer)));
}

static int socket_error(int fd)
{
    int err = 0;
    socklen_t len = sizeof err;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 ? err : errno;
}

static void on_event(struct loop_io *io, uint32_t events)
{
    struct upstream *u = (struct upstream *)io;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        u->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        u->hup = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        u->writable = true;
    if (!u->txn) { /* idle: its end, or bytes that nobody asked for */
        if (u->readable)
            upstream_close(u);
        return;
    }
    struct downstream *c = u->txn->c;
    if (u->connecting) {
        if (!u->writable)
            return;
        if (socket_error(io->fd) != 0)
            txn_server_failed(u->txn, 503);
        else
            u->connecting = false;
    }
    downstream_run(c);
}

static struct upstream *open_new(struct worker *w, struct server *s)
{
    struct upstream *u = pool_get(&w->upstreams);
    if (!u) {
        errno = ENOMEM;
        return NULL;
    }
    *u = (struct upstream){.io = {on_event, -1}, .timer.fire = on_idle_timer, .w = w, .server = s};
    u->io.fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (u->io.fd < 0)
        goto fail;
    int on = 1;
    if (s->addr.ss_family != AF_UNIX)
        setsockopt(u->io.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(u->io.fd, (const struct sockaddr *)&s->addr, s->addr_len) != 0) {
        if (errno != EINPROGRESS)
            goto fail;
        u->connecting = true;
    }
    u->writable = !u->connecting;
    if (!loop_add(&w->loop, &u->io))
        goto fail;
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    COUNT(s->workers[w->options.index].connects, 1);
    return u;
fail:;
    int err = errno;
    loop_close(&u->io);
    pool_put(&w->upstreams, u);
    errno = err;
    return NULL;
}

struct upstream *upstream_take(struct txn *t, struct server *s, bool fresh)
{
    struct worker *w = t->c->w;
    struct upstream *u = fresh ? NULL : s->workers[w->options.index].idle;
    if (u) {
        idle_remove(u);
        timers_off(&u->timer);
        u->reused = true;
        COUNT(share_of(u)->reuses, 1);
    } else {
        u = open_new(w, s);
        if (!u)
            return NULL;
    }
    u->txn = t;
    return u;
}

/* Bytes after the end of an answer, or the server's end: not fit for another request. */
static bool has_news(struct upstream *u)
{
    char byte;
    return u->readable && (recv(u->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN);
}

void upstream_release(struct upstream *u, uint32_t idle_ms)
{
    struct server_worker *share = share_of(u);
    u->txn = NULL;
    if (u->hup || iobuf_len(u->in) || share->idle_count >= IDLE_MOST ||
        atomic_load_explicit(&u->server->gone, memory_order_relaxed) || has_news(u)) {
        upstream_close(u);
        return;
    }
    u->readable = false;
    iobuf_put(&u->w->bufs, &u->in);
    u->idle_next = share->idle;
    u->idle_link = &share->idle;
    if (u->idle_next)
        u->idle_next->idle_link = &u->idle_next;
    share->idle = u;
    share->idle_count++;
    timers_set(&u->w->timers, &u->timer, idle_ms);
}

int upstream_read(struct upstream *u)
{
    if (!u->in && !(u->in = iobuf_get(&u->w->bufs)))
        return -1;
    if (iobuf_room(u->in) < IOBUF_ROOM / 4)
        iobuf_compact(u->in);
    uint32_t room = iobuf_room(u->in);
    if (room == 0)
        return 0;
    ssize_t n = recv(u->io.fd, u->in->p + u->in->end, room, 0);
    if (n > 0) {
        u->in->end += (uint32_t)n;
        /* Less than asked for: nothing is left (epoll(7)), so that the next event tells of more. */
        if ((uint32_t)n < room && !u->hup)
            u->readable = false;
        return (int)n;
    }
    if (n < 0 && errno == EINTR)
        return 0;
    u->readable = false;
    if (n < 0 && errno == EAGAIN)
        return 0;
    u->ended = u->hup = true;
    return -1;
}

void upstream_forget(struct worker *w, struct server *s)
{
    while (s->workers[w->options.index].idle)
        upstream_close(s->workers[w->options.index].idle);
}
