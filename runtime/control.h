/* The control socket: a unix socket that answers one request a connection. Reads requests and writes replies
 * without blocking; what a request does is another's concern (command.c). Control thread.
 *
 * The protocol: the request is one line, `weir1 BYTES WORD…` LF, and BYTES bytes of payload. The reply is `ok
 * BYTES` LF or `error BYTES` LF and BYTES bytes of text; then the connection ends. */
#ifndef WEIR_CONTROL_H
#define WEIR_CONTROL_H

#include <sys/types.h>

#include "runtime/base/buf.h"
#include "runtime/loop.h"
#include "runtime/timers.h"

enum { CONTROL_CLIENTS_MAX = 32, CONTROL_LINE_MAX = 4096, CONTROL_IDLE_MS = 30000 };
#define CONTROL_PAYLOAD_MAX (UINT64_C(1) << 30)

enum control_state { CONTROL_READING, CONTROL_ASKS, CONTROL_BUSY, CONTROL_WRITING, CONTROL_ENDED };

struct control_client {
    struct loop_io io;
    struct timer timer;
    struct control *control;
    struct control_client *next;
    enum control_state state;
    struct buf in;        /* the request as far as it has come */
    struct slice command; /* ASKS, BUSY: its words; in `in` */
    struct slice payload;
    struct buf out;
    size_t sent;
};

struct control {
    struct loop *loop;
    struct timers *timers;
    struct loop_io io; /* the listening socket */
    char *path;
    dev_t dev; /* of the socket file that we made */
    ino_t ino;
    struct control_client *clients;
    unsigned nclients;
};

/* Listens at `path`, mode 0600; a socket file there that nobody answers on is replaced. False with the reason
 * in `why`; then control_end() is not needed. */
bool control_begin(struct control *c, const char *path, struct loop *loop, struct timers *timers,
                   struct buf *why);

/* The next client whose request is complete and was not returned yet; NULL where there is none. Until
 * control_reply() it is the caller's. */
struct control_client *control_next(struct control *c);
/* Puts a client back: control_next() returns it again. */
void control_put_back(struct control_client *x);
void control_reply(struct control_client *x, bool ok, struct slice text);

/* Frees what has ended. Between two waits of the loop; see note [stale events] in loop.h. */
void control_sweep(struct control *c);
/* Closes all and removes the socket file, where it is still ours. Fine on a control that never began ({0}).
 */
void control_end(struct control *c);

#endif
