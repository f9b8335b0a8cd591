/* One epoll loop. A descriptor is added once, edge-triggered, and taken out by closing it: requests make no epoll_ctl.
 *
 * note [stale events]: epoll_wait returns a batch, and handling one event may close the descriptor of a later one. So
 * an owner sets io->fd to -1 when it closes, events for such an io are dropped, and the memory of an io must not be
 * reused before the batch is over (see graves in worker.c). Knows no HTTP. */
#ifndef WEIR_LOOP_H
#define WEIR_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_io;
/* `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR. */
typedef void loop_event_fn(struct loop_io *io, uint32_t events);

/* Embedded in what owns the descriptor. */
struct loop_io {
    loop_event_fn *on_event;
    int fd; /* -1: closed */
};

enum { LOOP_BATCH = 256 };

struct loop {
    int epoll;
    int pending; /* events of the last wait */
    struct epoll_event events[LOOP_BATCH];
};

/* False, with errno, where no epoll instance could be had. */
bool loop_begin(struct loop *l);
void loop_end(struct loop *l);

/* Watches io->fd for reading, writing and the peer's end, edge-triggered. False with errno. */
bool loop_add(struct loop *l, struct loop_io *io);
/* Watches io->fd for reading, level-triggered: listening sockets, eventfds. False with errno. */
bool loop_add_level(struct loop *l, struct loop_io *io);
/* Stops or takes up again the events of a level-triggered io. */
void loop_pause(struct loop *l, struct loop_io *io, bool paused);
/* Takes io out without closing its descriptor. */
void loop_remove(struct loop *l, struct loop_io *io);
/* Closes the descriptor, which also takes it out. */
void loop_close(struct loop_io *io);

/* Waits for events, at most `timeout_ms` (0: not at all). */
void loop_wait(struct loop *l, uint32_t timeout_ms);
/* Hands them out. */
void loop_dispatch(struct loop *l);

#endif
