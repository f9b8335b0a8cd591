/* Objects that live longer than a plan, kept by identity: listeners, frontends' and backends' counters,
 * servers with their health and idle connections. Only the control thread adds or removes; workers reach
 * them through the plan they run. An object is freed when no plan in the process and no connection
 * refers to it. Listeners alone stay to the end of the process, their sockets closed: connections that came in by one
 * know it by its id, which is never given to another address.
 *
 * Identities: a listener is (address, port); a frontend and a backend is its name; a server is (backend name,
 * server name, address, port). Weight, backup, timeouts and checks may change without a new identity. */
#ifndef WEIR_REGISTRY_H
#define WEIR_REGISTRY_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;
struct upstream; /* a connection to a server (runtime/upstream.h) */

struct listener {
    uint32_t id;  /* small, never reused; index of plan.frontend_of_listener */
    uint8_t addr[16];
    uint16_t port;
    int *fds;     /* one listening socket a worker (SO_REUSEPORT), non-blocking; NULL while closed */
    uint32_t refs; /* plans that listen here, until a newer one is adopted; control thread */
};

/* Counters of one worker. Written by that worker alone, relaxed; summed on read. */
struct frontend_worker {
    _Atomic uint64_t connections, requests, bytes_in, bytes_out;
    _Atomic uint64_t status_class[6]; /* [0]: no answer was sent, [1]..[5]: 1xx..5xx */
} __attribute__((aligned(64)));

struct frontend {
    char *name;
    struct frontend_worker *workers;
    uint32_t refs;
};

struct backend {
    char *name;
    uint32_t refs;
    uint32_t *round_robin; /* by worker index: where the next walk begins; each worker's own, 64 bytes apart (index * 16) */
};

/* What one worker keeps of one server: idle connections and counters. The worker's own, but for the relaxed
 * counters. */
struct server_worker {
    struct upstream *idle; /* newest first; linked by the upstream module */
    uint32_t idle_count;
    int32_t credit;        /* smooth weighted round-robin */
    _Atomic uint32_t in_flight;
    _Atomic uint64_t requests, connects, reuses, failures;
} __attribute__((aligned(64)));

struct server {
    char *name, *backend_name;
    struct sockaddr_storage addr;
    socklen_t addr_len;
    _Atomic bool up;          /* written by the checks, read by every worker (relaxed); true at start */
    _Atomic bool gone;        /* not in the newest plan: connections end instead of becoming idle (relaxed) */
    _Atomic uint32_t refs;    /* plans (control thread) and open connections (workers) */
    struct server_worker *workers;
    uint64_t newest;          /* serial of the newest plan that has it, or has seen it gone; control thread */
    /* health, control thread only */
    uint32_t check_ok, check_failed; /* in a row */
    void *check;                     /* the running check (runtime/check.c) */
    char check_why[96];              /* last result for people: "200 in 1 ms", "connection refused" */
};

#endif
