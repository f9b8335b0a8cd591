/* The objects that live longer than a plan; see registry.h and registry_set.h. Owns all of them.
 *
 * note [who holds a server]: its count holds plans and open connections. Only the control thread takes it
 * from 0 to 1, under no worker's eyes, since a worker finds a server only through a plan, which holds it. So
 * a sweep that finds 0 may free it. */
#include "runtime/registry_set.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

#include "runtime/base/fault.h"
#include "runtime/base/hash.h"
#include "runtime/base/ip.h"

/* ---- an index by identity --------------------------------------------------------------------- */

typedef bool same_fn(const void *object, const void *key);

static void index_place(struct registry_index *x, uint64_t hash, void *object)
{
    uint32_t i = (uint32_t)hash & (x->cap - 1);
    while (x->slots[i].object)
        i = (i + 1) & (x->cap - 1);
    x->slots[i] = (struct registry_slot){hash, object};
}

static void *index_find(const struct registry_index *x, uint64_t hash, same_fn *same, const void *key)
{
    if (x->cap == 0)
        return NULL;
    for (uint32_t i = (uint32_t)hash & (x->cap - 1); x->slots[i].object; i = (i + 1) & (x->cap - 1))
        if (x->slots[i].hash == hash && same(x->slots[i].object, key))
            return x->slots[i].object;
    return NULL;
}

/* Room for one more, at a load of at most one half. */
static bool index_reserve(struct registry_index *x)
{
    if (2 * (x->n + 1) <= x->cap)
        return true;
    struct registry_index bigger = {.cap = x->cap ? 2 * x->cap : 16, .n = x->n};
    bigger.slots = fault_calloc(bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i < x->cap; i++)
        if (x->slots[i].object)
            index_place(&bigger, x->slots[i].hash, x->slots[i].object);
    free(x->slots);
    *x = bigger;
    return true;
}

static void index_add(struct registry_index *x, uint64_t hash, void *object)
{
    index_place(x, hash, object);
    x->n++;
}

/* Takes slot `i` out and moves up what had to walk past it. */
static void index_remove_at(struct registry_index *x, uint32_t i)
{
    uint32_t mask = x->cap - 1, hole = i;
    for (uint32_t k = (i + 1) & mask; x->slots[k].object; k = (k + 1) & mask) {
        uint32_t home = (uint32_t)x->slots[k].hash & mask;
        if (((k - home) & mask) >= ((k - hole) & mask)) {
            x->slots[hole] = x->slots[k];
            hole = k;
        }
    }
    x->slots[hole].object = NULL;
    x->n--;
}

/* ---- memory ----------------------------------------------------------------------------------- */

static char *copy_text(struct slice s)
{
    char *p = fault_malloc(s.len + 1);
    if (p) {
        memcpy(p, s.p, s.len);
        p[s.len] = 0;
    }
    return p;
}

void *registry_per_worker(const struct registry *r, size_t size)
{
    void *p = fault_aligned_alloc(64, r->workers * size);
    if (p)
        memset(p, 0, r->workers * size);
    return p;
}

static void free_server(struct server *s)
{
    assert(!s->check);
    free(s->name);
    free(s->backend_name);
    free(s->workers);
    free(s);
}

static void free_backend(struct backend *b)
{
    free(b->name);
    free(b->round_robin);
    free(b);
}

static void free_frontend(struct frontend *f)
{
    free(f->name);
    free(f->workers);
    free(f);
}

/* ---- servers ---------------------------------------------------------------------------------- */

struct server_key {
    struct slice backend, name;
    const struct sockaddr_storage *addr;
    socklen_t addr_len;
};

static uint64_t server_hash(const struct server_key *k)
{
    uint64_t h = hash_bytes(k->backend.p, k->backend.len, 1);
    h = hash_bytes(k->name.p, k->name.len, h);
    return hash_bytes(k->addr, k->addr_len, h);
}

static bool same_server(const void *object, const void *key)
{
    const struct server *s = object;
    const struct server_key *k = key;
    return slice_eq(slice_of(s->name), k->name) && slice_eq(slice_of(s->backend_name), k->backend) &&
           s->addr_len == k->addr_len && memcmp(&s->addr, k->addr, k->addr_len) == 0;
}

static struct server *new_server(const struct registry *r, const struct server_key *k)
{
    struct server *s = fault_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->name = copy_text(k->name);
    s->backend_name = copy_text(k->backend);
    s->workers = registry_per_worker(r, sizeof *s->workers);
    if (!s->name || !s->backend_name || !s->workers) {
        free_server(s);
        return NULL;
    }
    memcpy(&s->addr, k->addr, k->addr_len);
    s->addr_len = k->addr_len;
    atomic_store_explicit(&s->up, true, memory_order_relaxed);
    return s;
}

struct server *registry_server(struct registry *r, struct slice backend, struct slice name,
                               const struct sockaddr_storage *addr, socklen_t addr_len)
{
    struct server_key k = {backend, name, addr, addr_len};
    uint64_t hash = server_hash(&k);
    struct server *s = index_find(&r->servers, hash, same_server, &k);
    if (!s) {
        if (!index_reserve(&r->servers) || !(s = new_server(r, &k)))
            return NULL;
        index_add(&r->servers, hash, s);
    }
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void registry_server_release(struct server *s)
{
    uint32_t before = atomic_fetch_sub_explicit(&s->refs, 1, memory_order_release);
    assert(before > 0);
    (void)before;
}

/* ---- backends and frontends ------------------------------------------------------------------- */

static bool same_backend(const void *object, const void *key)
{
    return slice_eq(slice_of(((const struct backend *)object)->name), *(const struct slice *)key);
}

static struct backend *new_backend(const struct registry *r, struct slice name)
{
    struct backend *b = fault_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->name = copy_text(name);
    b->round_robin = registry_per_worker(r, 64);
    if (!b->name || !b->round_robin) {
        free_backend(b);
        return NULL;
    }
    return b;
}

struct backend *registry_backend(struct registry *r, struct slice name)
{
    uint64_t hash = hash_slice(name);
    struct backend *b = index_find(&r->backends, hash, same_backend, &name);
    if (!b) {
        if (!index_reserve(&r->backends) || !(b = new_backend(r, name)))
            return NULL;
        index_add(&r->backends, hash, b);
    }
    b->refs++;
    return b;
}

void registry_backend_release(struct backend *b)
{
    assert(b->refs > 0);
    b->refs--;
}

static bool same_frontend(const void *object, const void *key)
{
    return slice_eq(slice_of(((const struct frontend *)object)->name), *(const struct slice *)key);
}

static struct frontend *new_frontend(const struct registry *r, struct slice name)
{
    struct frontend *f = fault_calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->name = copy_text(name);
    f->workers = registry_per_worker(r, sizeof *f->workers);
    if (!f->name || !f->workers) {
        free_frontend(f);
        return NULL;
    }
    return f;
}

struct frontend *registry_frontend(struct registry *r, struct slice name)
{
    uint64_t hash = hash_slice(name);
    struct frontend *f = index_find(&r->frontends, hash, same_frontend, &name);
    if (!f) {
        if (!index_reserve(&r->frontends) || !(f = new_frontend(r, name)))
            return NULL;
        index_add(&r->frontends, hash, f);
    }
    f->refs++;
    return f;
}

void registry_frontend_release(struct frontend *f)
{
    assert(f->refs > 0);
    f->refs--;
}

/* ---- listeners -------------------------------------------------------------------------------- */

static bool listeners_reserve(struct registry *r)
{
    if (r->nlisteners < r->listeners_cap)
        return true;
    uint32_t cap = r->listeners_cap ? 2 * r->listeners_cap : 8;
    void *p = fault_realloc(r->listeners, cap * sizeof *r->listeners);
    if (!p)
        return false;
    r->listeners = p;
    r->listeners_cap = cap;
    return true;
}

struct listener *registry_listener(struct registry *r, const uint8_t addr[16], uint16_t port)
{
    for (uint32_t i = 0; i < r->nlisteners; i++)
        if (r->listeners[i]->port == port && memcmp(r->listeners[i]->addr, addr, 16) == 0) {
            r->listeners[i]->refs++;
            return r->listeners[i];
        }
    struct listener *l = listeners_reserve(r) ? fault_calloc(1, sizeof *l) : NULL;
    if (!l)
        return NULL;
    l->id = r->nlisteners;
    memcpy(l->addr, addr, 16);
    l->port = port;
    l->refs = 1;
    r->listeners[r->nlisteners++] = l;
    return l;
}

/* ---- the end of objects ----------------------------------------------------------------------- */

/* Frees the object where nobody refers to it, and says whether it did. */
typedef bool reap_fn(void *object);

static bool reap_server(void *object)
{
    struct server *s = object;
    bool unused = !s->check && atomic_load_explicit(&s->refs, memory_order_acquire) == 0;
    if (unused)
        free_server(s);
    return unused;
}

static bool reap_backend(void *object)
{
    struct backend *b = object;
    bool unused = b->refs == 0;
    if (unused)
        free_backend(b);
    return unused;
}

static bool reap_frontend(void *object)
{
    struct frontend *f = object;
    bool unused = f->refs == 0;
    if (unused)
        free_frontend(f);
    return unused;
}

/* Removing moves objects back, around the end of the slots too, so that one walk may miss some: goes on until
 * a walk finds nothing. */
static void sweep(struct registry_index *x, reap_fn *reap)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < x->cap; i++)
            while (x->slots[i].object && reap(x->slots[i].object)) {
                index_remove_at(x, i);
                again = true;
            }
    }
}

void registry_sweep(struct registry *r)
{
    sweep(&r->servers, reap_server);
    sweep(&r->backends, reap_backend);
    sweep(&r->frontends, reap_frontend);
}

void registry_end(struct registry *r)
{
    /* A connection that went idle as its worker ended still counts; nobody is left that could use it. */
    for (uint32_t i = 0; i < r->servers.cap; i++)
        if (r->servers.slots[i].object)
            atomic_store_explicit(&((struct server *)r->servers.slots[i].object)->refs, 0,
                                  memory_order_relaxed);
    registry_sweep(r);
    assert(r->servers.n == 0 && r->backends.n == 0 && r->frontends.n == 0);
    free(r->servers.slots);
    free(r->backends.slots);
    free(r->frontends.slots);
    for (uint32_t i = 0; i < r->nlisteners; i++) {
        assert(!r->listeners[i]->fds);
        free(r->listeners[i]);
    }
    free(r->listeners);
    *r = (struct registry){.workers = r->workers};
}

/* ---- reading ---------------------------------------------------------------------------------- */

static uint64_t read64(const _Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

void registry_read_server(const struct registry *r, const struct server *s,
                          struct registry_server_counts *out)
{
    *out = (struct registry_server_counts){0};
    for (unsigned i = 0; i < r->workers; i++) {
        const struct server_worker *w = &s->workers[i];
        out->requests += read64(&w->requests);
        out->connects += read64(&w->connects);
        out->reuses += read64(&w->reuses);
        out->failures += read64(&w->failures);
        out->in_flight += atomic_load_explicit(&w->in_flight, memory_order_relaxed);
    }
}

void registry_read_frontend(const struct registry *r, const struct frontend *f,
                            struct registry_frontend_counts *out)
{
    *out = (struct registry_frontend_counts){0};
    for (unsigned i = 0; i < r->workers; i++) {
        const struct frontend_worker *w = &f->workers[i];
        out->connections += read64(&w->connections);
        out->requests += read64(&w->requests);
        out->bytes_in += read64(&w->bytes_in);
        out->bytes_out += read64(&w->bytes_out);
        for (int k = 0; k < 6; k++)
            out->status_class[k] += read64(&w->status_class[k]);
    }
}

void registry_address_text(const uint8_t addr[16], uint16_t port, char out[REGISTRY_ADDRESS_TEXT])
{
    static const uint8_t any[16];
    struct ip_addr ip;
    char text[IP_TEXT_MAX];
    memcpy(ip.b, addr, 16);
    ip_format(&ip, text);
    if (memcmp(addr, any, 16) == 0)
        snprintf(out, REGISTRY_ADDRESS_TEXT, "*:%u", port);
    else
        snprintf(out, REGISTRY_ADDRESS_TEXT, ip_is_v4(&ip) ? "%s:%u" : "[%s]:%u", text, port);
}

void registry_sockaddr_text(const struct sockaddr_storage *addr, char out[REGISTRY_ADDRESS_TEXT])
{
    uint8_t bytes[16] = {[10] = 0xff, 0xff};
    uint16_t port;
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)addr;
        memcpy(bytes + 12, &v4->sin_addr, 4);
        port = ntohs(v4->sin_port);
    } else {
        const struct sockaddr_in6 *v6 = (const void *)addr;
        memcpy(bytes, &v6->sin6_addr, 16);
        port = ntohs(v6->sin6_port);
    }
    registry_address_text(bytes, port, out);
}
