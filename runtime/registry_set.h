/* The control thread's side of the registry: finding objects by identity, adding them, letting them go.
 * Nothing here blocks; functions that add return NULL where memory ran out, and then nothing has changed. */
#ifndef WEIR_REGISTRY_SET_H
#define WEIR_REGISTRY_SET_H

#include "runtime/base/slice.h"
#include "runtime/registry.h"

struct registry_slot {
    uint64_t hash;
    void *object; /* NULL: empty */
};

struct registry_index {
    struct registry_slot *slots;
    uint32_t cap, n; /* cap is 0 or a power of two, more than n */
};

/* A new one is {.workers = N}. */
struct registry {
    unsigned workers;
    struct registry_index servers, backends, frontends;
    struct listener **listeners; /* by id */
    uint32_t nlisteners, listeners_cap;
};

/* Each of these finds the object or adds it, and counts the caller as one that refers to it. */
struct server *registry_server(struct registry *r, struct slice backend, struct slice name,
                               const struct sockaddr_storage *addr, socklen_t addr_len);
struct backend *registry_backend(struct registry *r, struct slice name);
struct frontend *registry_frontend(struct registry *r, struct slice name);
/* Its sockets may be closed still: see listener_open(). */
struct listener *registry_listener(struct registry *r, const uint8_t addr[16], uint16_t port);

/* The caller refers to it no more. Memory goes with the next sweep; a listener's sockets with
 * listener_close(). */
void registry_server_release(struct server *s);
void registry_backend_release(struct backend *b);
void registry_frontend_release(struct frontend *f);

/* Frees what nobody refers to. A server without check only: checks are stopped before. */
void registry_sweep(struct registry *r);
/* Frees everything at the end of the process. Workers have been joined, plans unloaded, checks stopped. */
void registry_end(struct registry *r);

/* One cleared element of `size` bytes (a multiple of 64) a worker, each on its own cache lines; freed by
 * free(). NULL where memory ran out. */
void *registry_per_worker(const struct registry *r, size_t size);

/* Sums over the workers. */
struct registry_server_counts {
    uint64_t requests, connects, reuses, failures;
    uint32_t in_flight;
};
void registry_read_server(const struct registry *r, const struct server *s,
                          struct registry_server_counts *out);

struct registry_frontend_counts {
    uint64_t connections, requests, bytes_in, bytes_out;
    uint64_t status_class[6];
};
void registry_read_frontend(const struct registry *r, const struct frontend *f,
                            struct registry_frontend_counts *out);

enum { REGISTRY_ADDRESS_TEXT = 80 };
/* "10.0.0.1:80", "[2001:db8::1]:80"; "*:80" for the address that is all zero. */
void registry_address_text(const uint8_t addr[16], uint16_t port, char out[REGISTRY_ADDRESS_TEXT]);
void registry_sockaddr_text(const struct sockaddr_storage *addr, char out[REGISTRY_ADDRESS_TEXT]);

#endif
