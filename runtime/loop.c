/* The epoll loop of loop.h. */
#include "runtime/loop.h"

#include <errno.h>
#include <unistd.h>

bool loop_begin(struct loop *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll >= 0;
}

void loop_end(struct loop *l)
{
    if (l->epoll >= 0)
        close(l->epoll);
    l->epoll = -1;
}

static bool control(struct loop *l, int op, struct loop_io *io, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = io};
    return epoll_ctl(l->epoll, op, io->fd, &e) == 0;
}

bool loop_add(struct loop *l, struct loop_io *io)
{
    return control(l, EPOLL_CTL_ADD, io, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

bool loop_add_level(struct loop *l, struct loop_io *io)
{
    return control(l, EPOLL_CTL_ADD, io, EPOLLIN);
}

void loop_pause(struct loop *l, struct loop_io *io, bool paused)
{
    control(l, EPOLL_CTL_MOD, io, paused ? 0 : EPOLLIN);
}

void loop_remove(struct loop *l, struct loop_io *io)
{
    control(l, EPOLL_CTL_DEL, io, 0);
}

void loop_close(struct loop_io *io)
{
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}

void loop_wait(struct loop *l, uint32_t timeout_ms)
{
    l->pending = epoll_wait(l->epoll, l->events, LOOP_BATCH, (int)timeout_ms);
}

void loop_dispatch(struct loop *l)
{
    for (int i = 0; i < l->pending; i++) {
        struct loop_io *io = l->events[i].data.ptr;
        if (io->fd >= 0)
            io->on_event(io, l->events[i].events);
    }
}
