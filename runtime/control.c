/* The server of the control socket; see control.h. */
#include "runtime/control.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/fault.h"

/* ---- one client --------------------------------------------------------------------------------- */

/* Its memory goes with the next sweep. */
static void end_client(struct control_client *x)
{
    timers_off(&x->timer);
    loop_close(&x->io);
    x->state = CONTROL_ENDED;
}

static void on_idle(struct timer *t)
{
    end_client((struct control_client *)((char *)t - offsetof(struct control_client, timer)));
}

static void touch(struct control_client *x)
{
    timers_set(x->control->timers, &x->timer, CONTROL_IDLE_MS);
}

static void write_reply(struct control_client *x)
{
    while (x->sent < x->out.len) {
        ssize_t n = send(x->io.fd, x->out.p + x->sent, x->out.len - x->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            break;
        x->sent += (size_t)n;
        touch(x);
    }
    end_client(x);
}

void control_reply(struct control_client *x, bool ok, struct slice text)
{
    buf_printf(&x->out, "%s %zu\n", ok ? "ok" : "error", text.len);
    buf_slice(&x->out, text);
    buf_free(&x->in);
    if (x->io.fd < 0) { /* the client has left meanwhile */
        x->state = CONTROL_ENDED;
        return;
    }
    /* Watched anew, for room to write this time. */
    loop_remove(x->control->loop, &x->io);
    x->state = CONTROL_WRITING;
    touch(x);
    if (loop_add(x->control->loop, &x->io))
        write_reply(x);
    else
        end_client(x);
}

/* Where the request is whole, `command` and `payload` are set. Returns NULL, or what is wrong with it. */
static const char *parse(struct control_client *x, bool *whole)
{
    *whole = false;
    const char *end =
        x->in.len ? memchr(x->in.p, '\n', x->in.len < CONTROL_LINE_MAX ? x->in.len : CONTROL_LINE_MAX) : NULL;
    if (!end)
        return x->in.len < CONTROL_LINE_MAX ? NULL : "the command is too long";
    struct slice line = {x->in.p, (size_t)(end - x->in.p)};
    if (!slice_starts(line, SLICE("weir1 ")))
        return "this is no request of version 1 of the protocol";
    uint64_t n = 0;
    size_t at = 6;
    for (; at < line.len && line.p[at] >= '0' && line.p[at] <= '9' && n <= CONTROL_PAYLOAD_MAX; at++)
        n = 10 * n + (uint64_t)(line.p[at] - '0');
    if (at == 6 || at >= line.len || line.p[at] != ' ')
        return "the request does not say how long it is";
    if (n > CONTROL_PAYLOAD_MAX)
        return "more than 1 GiB";
    x->command = slice_from(line, at + 1);
    x->payload = (struct slice){end + 1, (size_t)n};
    *whole = x->in.len - line.len - 1 >= n;
    return NULL;
}

static void read_request(struct control_client *x)
{
    enum { PIECE = 256 * 1024, PIECES = 64 };
    bool whole = false;
    /* At most 16 MiB a turn, then others have theirs: the socket is level-triggered. */
    for (unsigned i = 0; i < PIECES && !whole; i++) {
        ssize_t n = recv(x->io.fd, buf_reserve(&x->in, PIECE), PIECE, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            end_client(x);
            return;
        }
        x->in.len += (size_t)n;
        touch(x);
        const char *wrong = parse(x, &whole);
        if (wrong) {
            control_reply(x, false, slice_of(wrong));
            return;
        }
    }
    if (whole) {
        x->state = CONTROL_ASKS;
        timers_off(&x->timer);
        loop_pause(x->control->loop, &x->io, true);
    }
}

static void on_client(struct loop_io *io, uint32_t events)
{
    struct control_client *x = (struct control_client *)io;
    switch (x->state) {
    case CONTROL_READING:
        read_request(x);
        break;
    case CONTROL_ASKS:
    case CONTROL_BUSY:
        if (events & (EPOLLHUP | EPOLLERR)) /* it does not wait for the answer; control_reply() ends it */
            loop_close(io);
        break;
    case CONTROL_WRITING:
        write_reply(x);
        break;
    case CONTROL_ENDED:
        break;
    }
}

/* ---- all clients -------------------------------------------------------------------------------- */

static void on_accept(struct loop_io *io, uint32_t events)
{
    (void)events;
    struct control *c = (struct control *)((char *)io - offsetof(struct control, io));
    int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct control_client *x = c->nclients < CONTROL_CLIENTS_MAX ? fault_calloc(1, sizeof *x) : NULL;
    if (!x) {
        close(fd);
        return;
    }
    *x = (struct control_client){.io = {on_client, fd}, .timer.fire = on_idle, .control = c};
    if (!loop_add_level(c->loop, &x->io)) {
        close(fd);
        free(x);
        return;
    }
    touch(x);
    struct control_client **tail = &c->clients;
    while (*tail)
        tail = &(*tail)->next;
    *tail = x;
    c->nclients++;
}

struct control_client *control_next(struct control *c)
{
    for (struct control_client *x = c->clients; x; x = x->next)
        if (x->state == CONTROL_ASKS) {
            x->state = CONTROL_BUSY;
            return x;
        }
    return NULL;
}

void control_put_back(struct control_client *x)
{
    x->state = CONTROL_ASKS;
}

void control_sweep(struct control *c)
{
    for (struct control_client **at = &c->clients; *at;) {
        struct control_client *x = *at;
        if (x->state != CONTROL_ENDED) {
            at = &x->next;
            continue;
        }
        *at = x->next;
        c->nclients--;
        timers_remove(c->timers, &x->timer);
        buf_free(&x->in);
        buf_free(&x->out);
        free(x);
    }
}

/* ---- the socket --------------------------------------------------------------------------------- */

/* Makes room for our socket at the path. NULL, or why there is none. */
static const char *make_room(const struct sockaddr_un *a)
{
    struct stat st;
    if (lstat(a->sun_path, &st) != 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "there is a file that is no socket";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return strerror(errno);
    int err = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 ? 0 : errno;
    close(fd);
    if (err == 0)
        return "another process answers there";
    if (err != ECONNREFUSED)
        return strerror(err);
    return unlink(a->sun_path) == 0 ? NULL : strerror(errno);
}

static const char *listen_at(struct control *c, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof a.sun_path)
        return "a socket's path has 1 to 107 bytes";
    memcpy(a.sun_path, path, len);
    const char *wrong = make_room(&a);
    if (wrong)
        return wrong;
    c->io = (struct loop_io){on_accept, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    mode_t old = umask(0177); /* from its first moment it is ours alone */
    bool bound = c->io.fd >= 0 && bind(c->io.fd, (const struct sockaddr *)&a, sizeof a) == 0;
    int err = errno;
    umask(old);
    if (!bound)
        return strerror(err);
    if (lstat(path, &st) != 0 || listen(c->io.fd, 64) != 0 || !loop_add_level(c->loop, &c->io)) {
        err = errno;
        unlink(path);
        return strerror(err);
    }
    c->dev = st.st_dev;
    c->ino = st.st_ino;
    c->path = strdup(path);
    return NULL;
}

bool control_begin(struct control *c, const char *path, struct loop *loop, struct timers *timers,
                   struct buf *why)
{
    *c = (struct control){.loop = loop, .timers = timers, .io.fd = -1};
    const char *wrong = listen_at(c, path);
    if (!wrong)
        return true;
    buf_printf(why, "cannot open the control socket %s: %s", path, wrong);
    loop_close(&c->io);
    return false;
}

void control_end(struct control *c)
{
    struct stat st;
    for (struct control_client *x = c->clients; x; x = x->next)
        end_client(x);
    control_sweep(c);
    if (!c->path)
        return;
    loop_close(&c->io);
    if (lstat(c->path, &st) == 0 && st.st_dev == c->dev && st.st_ino == c->ino)
        unlink(c->path);
    free(c->path);
    c->path = NULL;
}
