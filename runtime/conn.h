/* What a worker is made of: its connections to clients and to servers, and the transactions between them. Shared by the
 * files that run them and by nobody else:
 *   worker.c       the thread, its mailbox, adoption of plans, accepting
 *   downstream.c   connections of clients: reading heads, waiting, closing
 *   upstream.c     connections to servers: opening, pooling
 *   balance.c      which server
 *   txn.c          a request and its answer: deciding, answering, retrying, ending
 *   relay.c        bytes of bodies and tunnels in both directions
 *
 * note [progress]: everything that can happen to a client connection ends in downstream_run(), which goes on until it has to
 * wait. Events only note what became possible (readable, writable) and call it; so there is one way through, and no
 * recursion from one pipelined request into the next. */
#ifndef WEIR_CONN_H
#define WEIR_CONN_H

#include <pthread.h>

#include "runtime/http1.h"
#include "runtime/iobuf.h"
#include "runtime/loop.h"
#include "runtime/plan.h"
#include "runtime/pool.h"
#include "runtime/route.h"
#include "runtime/timers.h"
#include "runtime/worker.h"

struct downstream;
struct upstream;
struct txn;

/* A doubly linked list threaded through the struct, so that a member leaves in O(1). */
#define LINKED(T) \
    struct {      \
        T *next;  \
        T **link; \
    }

#define linked_insert(head, x, field)                \
    do {                                             \
        (x)->field.next = *(head);                   \
        (x)->field.link = (head);                    \
        if (*(head))                                 \
            (*(head))->field.link = &(x)->field.next; \
        *(head) = (x);                               \
    } while (0)

#define linked_remove(x, field)                          \
    do {                                                 \
        *(x)->field.link = (x)->field.next;              \
        if ((x)->field.next)                             \
            (x)->field.next->field.link = (x)->field.link; \
        (x)->field.link = NULL;                          \
    } while (0)

/* What an armed timer of a client connection says when it fires. */
enum wait_for {
    WAIT_REQUEST,      /* the first byte of a request */
    WAIT_HEAD,         /* the rest of a head */
    WAIT_CLIENT_BODY,  /* more of the request's body */
    WAIT_CLIENT_ROOM,  /* room to send to the client */
    WAIT_CONNECT,      /* a connection to the server */
    WAIT_SERVER,       /* the server's answer, or more of it, or room to send to it */
    WAIT_TUNNEL,
    WAIT_LINGER,       /* the client's end, after ours */
};

/* The two ends of an accepted connection, as the ABI has addresses: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
struct conn_ends {
    uint8_t client_ip[16], listener_ip[16];
    uint16_t client_port, listener_port;
};

/* A connection from a client. Idle, it is this struct and nothing else. */
struct downstream {
    struct loop_io io;
    struct timer timer;
    LINKED(struct downstream) all; /* of the worker */
    struct downstream *again;      /* in worker.again; see downstream_later() */
    struct worker *w;
    struct iobuf *in;              /* received and not used up, or NULL */
    struct txn *txn;               /* the request in progress, or NULL */
    uint32_t listener;             /* id */
    uint32_t seen;                 /* bytes of `in` that a parse has been tried on */
    struct conn_ends ends;
    uint8_t wait;                  /* enum wait_for, while the timer is set */
    bool readable : 1;  /* a read may give something */
    bool writable : 1;
    bool hup : 1;       /* the client's end has been announced: reads go on until they say so */
    bool ended : 1;     /* a read said so */
    bool orphan : 1;    /* the newest plan does not listen there any more */
    bool linger : 1;    /* we have sent our end, and read what comes until the client's */
    bool queued : 1;    /* in worker.again */
    bool heard : 1;     /* at least one request came */
};

/* A connection to a server: in use by one transaction, or idle in the worker's list of the server. */
struct upstream {
    struct loop_io io;
    struct timer timer;            /* of an idle one */
    struct worker *w;
    struct server *server;
    struct txn *txn;               /* or NULL: idle */
    struct upstream *idle_next, **idle_link;
    struct iobuf *in;
    bool readable : 1;
    bool writable : 1;
    bool hup : 1;
    bool ended : 1;
    bool connecting : 1;
    bool reused : 1;               /* has carried a request before this one */
};

enum txn_state {
    TXN_CONNECT,  /* waiting for the connection to a server */
    TXN_EXCHANGE, /* request and response flow */
    TXN_TUNNEL,   /* bytes flow */
    TXN_REPLY,    /* an answer of our own flows; the rest of the request's body is thrown away */
};

/* A run of bytes that belong to a body at the start of a buffer: scanned, not sent yet. */
struct flow {
    struct http1_body body;
    uint32_t ready;
};

/* One request and its answer. */
struct txn {
    struct downstream *c;
    struct upstream *u;                 /* while it has one */
    struct plan *plan;                  /* pinned; NULL once it is a tunnel, and where the head was refused */
    struct frontend_worker *counts;     /* of the frontend, or NULL */
    struct plan_backend *backend;
    struct iobuf *head;                 /* the request head as forwarded, kept until the answer begins, for another try */
    struct iobuf *out;                  /* bytes of our own for the client: heads, chunk framing, answers */
    char *big;                          /* an answer that fits no iobuf: malloc'd, sent from big_sent to big_len */
    size_t big_sent, big_len;
    struct flow req, res;
    uint64_t avoid;                     /* servers that refused: bit by index (those beyond 63 share the last) */
    uint64_t max_body;                  /* bytes; 0: no limit */
    uint64_t thrown;                    /* bytes of the request's body that were read and dropped */
    uint32_t client_ms, server_ms, tunnel_ms;
    uint32_t head_sent;
    uint32_t chunk_left;                /* of the chunk that we frame; see relay.c */
    uint16_t status;                    /* of the answer that the client gets, 0 while there is none */
    uint8_t state;                      /* enum txn_state */
    uint32_t server;                    /* index of the server in use */
    uint8_t tries;                      /* connections that failed */
    uint8_t minor;                      /* of the request */
    bool is_head : 1, idempotent : 1, upgrade : 1, expects_continue : 1;
    bool client_close : 1;              /* the client's connection ends after this answer */
    bool client_keeps_10 : 1;           /* an HTTP/1.0 client that asked for keep-alive */
    bool server_close : 1;              /* the server's connection ends after its answer */
    bool body_used : 1;                 /* bytes of the request's body are gone: it cannot be sent again */
    bool send_broken : 1;               /* the server takes no more of the request */
    bool moved : 1;                     /* bytes moved since the timer was armed */
    bool answered : 1;                  /* bytes of the answer were sent */
    bool res_began : 1;                 /* the server's final head was read */
    bool res_bytes : 1;                 /* the server sent something */
    bool chunk : 1, unchunk : 1;        /* we frame the body as chunks; we take its chunks off */
    bool chunk_open : 1;
    bool from_client_done : 1, from_server_done : 1; /* tunnels: that end was passed on */
};

struct worker_command;

enum { WORKER_MAGIC = 0x574b4552, WORKER_SCRATCH = 32768 };

struct worker {
    uint32_t magic;
    struct worker_options options;
    struct loop loop;
    struct timers timers;
    struct plan *plan;                 /* the newest that was adopted */
    struct downstream *clients;        /* all of them */
    struct downstream *again;          /* to be run in the next turn */
    uint32_t nclients, ntunnels;
    bool stopping;
    uint64_t stop_at;                  /* ms; the end at the latest */
    struct accepting *accepts;         /* listening sockets of `plan` */
    bool accept_paused;                /* at the limit of connections, or for a moment after EMFILE and the like */
    struct timer accept_pause;
    /* pools, and what waits for the end of the turn: see note [stale events] in loop.h */
    struct pool downstreams, upstreams, txns;
    struct iobuf_pool bufs;
    struct downstream *dead_downstreams; /* through `again` */
    struct upstream *dead_upstreams;     /* through `idle_next` */
    uint64_t id[2];                    /* of the next request (req.id): a random one of the worker, and a count */
    /* scratch of the one decision that is being made */
    struct http1_head head;
    struct route_result result;
    struct weir_scratch scratch;
    char scratch_room[WORKER_SCRATCH];
    /* mailbox */
    struct loop_io wake;
    pthread_mutex_t lock;
    struct worker_command *first, **last; /* under lock */
    _Atomic bool mail;                 /* there are commands */
    _Atomic uint32_t stop_ms;          /* not 0: asked to stop, in so many ms at most */
    _Atomic uint64_t adopted;          /* serial of `plan` */
    _Atomic bool done;
    _Atomic uint64_t accepted, requests;
    _Atomic uint32_t shown_clients, shown_tunnels;
    pthread_t thread;
};

/* Adds to a counter that this worker alone writes. */
#define COUNT(counter, n) \
    atomic_store_explicit(&(counter), atomic_load_explicit(&(counter), memory_order_relaxed) + (n), memory_order_relaxed)

/* ---- downstream.c ------------------------------------------------------------------------------- */

/* Takes over an accepted descriptor. Closes it where memory ran out. */
void downstream_open(struct worker *w, int fd, uint32_t listener, const struct conn_ends *ends);
/* Goes on with the connection until it has to wait. See note [progress]. */
void downstream_run(struct downstream *c);
/* Runs it in the next turn, so that one connection does not hold up the others. */
void downstream_later(struct downstream *c);
/* Arms the timer of the connection. */
void downstream_wait(struct downstream *c, enum wait_for what, uint32_t ms);
/* Reads more into c->in. Returns bytes read; 0: nothing now, or no room (c->readable stays); -1: the client's end or an error. */
int downstream_read(struct downstream *c);
/* The transaction is over: the connection waits for the next request. */
void downstream_next(struct downstream *c);
/* Ends the connection: at once, or so that the client surely gets what was sent (lingering, RFC 9112 section 9.6). */
void downstream_close(struct downstream *c);
void downstream_close_gently(struct downstream *c);

/* ---- upstream.c --------------------------------------------------------------------------------- */

/* A connection for the transaction: an idle one (not where `fresh`), or a new one that may still be connecting. NULL where
 * none could be had; errno says why. */
struct upstream *upstream_take(struct txn *t, struct server *s, bool fresh);
/* Gives it back for the next request. */
void upstream_release(struct upstream *u, uint32_t idle_ms);
void upstream_close(struct upstream *u);
/* Reads more into u->in: as downstream_read(). */
int upstream_read(struct upstream *u);
/* Closes all idle connections of this worker to the server. */
void upstream_forget(struct worker *w, struct server *s);

/* ---- balance.c ---------------------------------------------------------------------------------- */

/* The index of the server that gets the request, or -1 where no server can take it. `avoid`: see struct txn. */
int balance_choose(const struct worker *w, const struct plan_backend *b, uint64_t avoid);
/* `avoid` with that server in it. */
uint64_t balance_avoid(uint64_t avoid, uint32_t server);

/* ---- txn.c -------------------------------------------------------------------------------------- */

/* A head was parsed into w->head: decides and acts. The head's bytes are used up. */
void txn_begin(struct downstream *c);
/* The bytes that came are no request: answers `status` and closes. */
void txn_refuse(struct downstream *c, uint32_t status);
/* Goes on until it has to wait, or is over (then c->txn is NULL). */
void txn_run(struct txn *t);
/* The connection to the server broke or its time is over: another try, or an answer of our own. `status` is 502, 503 or 504. */
void txn_server_failed(struct txn *t, uint32_t status);
/* Answers `status` in the place of the server, or ends the connection where the answer has begun. */
void txn_fail(struct txn *t, uint32_t status);
/* All of both messages is done. */
void txn_complete(struct txn *t);
/* Ends it without an answer; the client's connection is closed. */
void txn_abort(struct txn *t);
/* From now on bytes flow; the plan is let go. */
void txn_become_tunnel(struct txn *t);

/* ---- relay.c ------------------------------------------------------------------------------------ */

/* What came of an attempt to move bytes on. */
enum relay { RELAY_WAIT, RELAY_AGAIN, RELAY_OVER }; /* OVER: the transaction is gone, or in another state */

/* Sends the head and the body to the server. */
enum relay relay_request(struct txn *t);
/* Passes the answer on to the client. */
enum relay relay_response(struct txn *t);
/* Sends our own answer; throws the request's body away. */
enum relay relay_reply(struct txn *t);
enum relay relay_tunnel(struct txn *t);

#endif
