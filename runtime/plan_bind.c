/* Binding plans to the registry: servers, backends, frontends, listeners, room for workers. See plan_load.h.
 *
 * note [half-bound]: arrays begin cleared and are filled in order, so plan_unbind() undoes what there is. The
 * listeners that were opened for a plan that fails later are closed again by it, since no other plan counts
 * there. */
#include "runtime/plan_bind.h"

#include <assert.h>

#include "runtime/base/fault.h"
#include "runtime/listener.h"
#include "runtime/plan_load.h"
#include "runtime/resolve.h"

static struct slice text_at(const struct plan *p, struct weir_ref r)
{
    return (struct slice){(const char *)p->tables + r.off, r.len};
}

static const void *table_at(const struct plan *p, uint32_t off)
{
    return p->tables + off;
}

static bool no_memory(struct buf *why)
{
    buf_str(why, "out of memory");
    return false;
}

/* ---- servers and backends ----------------------------------------------------------------------- */

static bool bind_server(struct plan *p, struct registry *r, struct plan_backend *b, uint32_t i,
                        struct buf *why)
{
    const struct weir_server *conf = &b->server_conf[i];
    struct sockaddr_storage addr;
    socklen_t len;
    if (!resolve_server(text_at(p, conf->host), conf->addr, conf->port, &addr, &len, why)) {
        buf_printf(why, " (server %.*s of backend %s)", SLICE_ARG(text_at(p, conf->name)), b->shared->name);
        return false;
    }
    b->servers[i] = registry_server(r, text_at(p, b->conf->name), text_at(p, conf->name), &addr, len);
    return b->servers[i] || no_memory(why);
}

static bool bind_backend(struct plan *p, struct registry *r, struct plan_backend *b, struct buf *why)
{
    b->shared = registry_backend(r, text_at(p, b->conf->name));
    b->servers = fault_calloc(b->conf->servers.count + 1, sizeof(struct server *));
    if (!b->shared || !b->servers)
        return no_memory(why);
    for (uint32_t i = 0; i < b->conf->servers.count; i++)
        if (!bind_server(p, r, b, i, why))
            return false;
    return true;
}

static bool bind_backends(struct plan *p, struct registry *r, struct buf *why)
{
    const struct weir_backend *conf = table_at(p, p->head->backends.off);
    uint32_t n = p->head->backends.count;
    p->backends = fault_calloc(n + 1, sizeof *p->backends);
    if (!p->backends)
        return no_memory(why);
    for (uint32_t i = 0; i < n; i++) {
        struct plan_backend *b = &p->backends[i];
        b->conf = &conf[i];
        b->server_conf = table_at(p, conf[i].servers.off);
        if (!bind_backend(p, r, b, why))
            return false;
    }
    return true;
}

/* ---- frontends and listeners -------------------------------------------------------------------- */

static uint32_t count_listens(const struct plan *p)
{
    const struct weir_frontend *conf = table_at(p, p->head->frontends.off);
    uint64_t n = 0;
    for (uint32_t i = 0; i < p->head->frontends.count; i++)
        n += conf[i].listens.count;
    return n < WEIR_NONE ? (uint32_t)n : WEIR_NONE;
}

static bool bind_frontends(struct plan *p, struct registry *r, struct buf *why)
{
    const struct weir_frontend *conf = table_at(p, p->head->frontends.off);
    uint32_t n = p->head->frontends.count;
    p->frontends = fault_calloc(n + 1, sizeof *p->frontends);
    p->listeners = fault_calloc(count_listens(p) + 1ul, sizeof *p->listeners);
    if (!p->frontends || !p->listeners)
        return no_memory(why);
    for (uint32_t i = 0; i < n; i++) {
        p->frontends[i].conf = &conf[i];
        p->frontends[i].shared = registry_frontend(r, text_at(p, conf[i].name));
        if (!p->frontends[i].shared)
            return no_memory(why);
        const struct weir_listen *listens = table_at(p, conf[i].listens.off);
        for (uint32_t k = 0; k < conf[i].listens.count; k++) {
            struct listener *l = registry_listener(r, listens[k].addr, listens[k].port);
            if (!l)
                return no_memory(why);
            p->listeners[p->nlisteners++] = l;
        }
    }
    return true;
}

/* Which frontend a listener's connections belong to, by listener id. */
static bool map_listeners(struct plan *p, const struct registry *r, struct buf *why)
{
    p->listener_ids = r->nlisteners;
    p->frontend_of_listener = fault_malloc((p->listener_ids + 1) * sizeof(uint32_t));
    if (!p->frontend_of_listener)
        return no_memory(why);
    for (uint32_t i = 0; i < p->listener_ids; i++)
        p->frontend_of_listener[i] = WEIR_NONE;
    for (uint32_t i = 0, at = 0; i < p->head->frontends.count; i++)
        for (uint32_t k = 0; k < p->frontends[i].conf->listens.count; k++, at++) {
            struct listener *l = p->listeners[at];
            if (p->frontend_of_listener[l->id] != WEIR_NONE) {
                char text[REGISTRY_ADDRESS_TEXT];
                registry_address_text(l->addr, l->port, text);
                buf_printf(why, "%s is listened on twice (frontend %s)", text, p->frontends[i].shared->name);
                return false;
            }
            p->frontend_of_listener[l->id] = i;
        }
    return true;
}

static bool open_listeners(struct plan *p, const struct registry *r, struct buf *why)
{
    for (uint32_t i = 0; i < p->nlisteners; i++)
        if (!p->listeners[i]->fds && !listener_open(p->listeners[i], r, why))
            return false;
    return true;
}

/* ---- workers ------------------------------------------------------------------------------------ */

static bool bind_workers(struct plan *p, const struct registry *r, struct buf *why)
{
    p->workers = registry_per_worker(r, sizeof *p->workers);
    if (!p->workers)
        return no_memory(why);
    p->nworkers = r->workers;
    for (unsigned i = 0; i < r->workers; i++) {
        p->workers[i].str = fault_calloc(WEIR_SLOT_FIXED + p->head->slots.count, sizeof(struct weir_str));
        if (!p->workers[i].str)
            return no_memory(why);
    }
    return true;
}

bool plan_bind(struct plan *p, struct registry *r, struct buf *why)
{
    if (!bind_workers(p, r, why) || !bind_backends(p, r, why) || !bind_frontends(p, r, why) ||
        !map_listeners(p, r, why) || !open_listeners(p, r, why))
        return false;
    plan_move(p, PLAN_WARM);
    return true;
}

void plan_release_listeners(struct plan *p)
{
    for (uint32_t i = 0; i < p->nlisteners; i++) {
        assert(p->listeners[i]->refs > 0);
        if (--p->listeners[i]->refs == 0)
            listener_close(p->listeners[i]);
    }
    p->nlisteners = 0;
}

void plan_unbind(struct plan *p)
{
    plan_release_listeners(p);
    for (uint32_t i = 0; p->backends && i < p->head->backends.count; i++) {
        struct plan_backend *b = &p->backends[i];
        for (uint32_t k = 0; b->servers && k < b->conf->servers.count; k++)
            if (b->servers[k])
                registry_server_release(b->servers[k]);
        if (b->shared)
            registry_backend_release(b->shared);
        free(b->servers);
    }
    for (uint32_t i = 0; p->frontends && i < p->head->frontends.count; i++)
        if (p->frontends[i].shared)
            registry_frontend_release(p->frontends[i].shared);
    for (uint32_t i = 0; i < p->nworkers; i++)
        free(p->workers[i].str);
    free(p->workers);
    free(p->backends);
    free(p->frontends);
    free(p->listeners);
    free(p->frontend_of_listener);
}
