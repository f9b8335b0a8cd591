/* Health checks; see check.h. A run is a probe (probe.h); here is when one runs, and what its result means.
 */
#include "runtime/check.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/probe.h"
#include "runtime/registry_set.h"

enum { FIRST_WITHIN_MS = 100 };

struct check {
    struct probe probe; /* first, so that a probe leads here */
    struct checks *checks;
    struct check *next;
    struct server *server;
    struct timer timer; /* the next run, or the end of this one */
    uint32_t every_ms, timeout_ms, rise, fall;
};

/* Uniform in 0 .. n - 1. */
static uint32_t below(struct checks *c, uint32_t n)
{
    c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
    return n ? (uint32_t)(c->seed >> 33) % n : 0;
}

/* ---- results ------------------------------------------------------------------------------------ */

static void set_up(struct check *k, bool up)
{
    struct server *s = k->server;
    char address[REGISTRY_ADDRESS_TEXT];
    if (atomic_load_explicit(&s->up, memory_order_relaxed) == up)
        return;
    atomic_store_explicit(&s->up, up, memory_order_relaxed);
    registry_sockaddr_text(&s->addr, address);
    log_line(up ? LOG_INFO : LOG_WARN, "server %s/%s (%s) is %s: %s", s->backend_name, s->name, address,
             up ? "UP" : "DOWN", s->check_why);
}

/* Every interval is a tenth longer or shorter, so that the checks of many servers spread out. */
static void plan_next(struct check *k)
{
    uint32_t tenth = k->every_ms / 10;
    timers_set(k->checks->timers, &k->timer, k->every_ms - tenth + below(k->checks, 2 * tenth + 1));
}

static void on_result(struct probe *p, bool ok, const char *why)
{
    struct check *k = (struct check *)p;
    struct server *s = k->server;
    snprintf(s->check_why, sizeof s->check_why, "%s", why);
    s->check_ok = ok ? s->check_ok + 1 : 0;
    s->check_failed = ok ? 0 : s->check_failed + 1;
    if (s->check_ok >= k->rise)
        set_up(k, true);
    if (s->check_failed >= k->fall && s->check_failed > 0)
        set_up(k, false);
    plan_next(k);
}

/* ---- runs --------------------------------------------------------------------------------------- */

static void on_timer(struct timer *t)
{
    struct check *k = (struct check *)((char *)t - offsetof(struct check, timer));
    if (probe_is_running(&k->probe)) {
        char why[PROBE_WHY];
        snprintf(why, sizeof why, "no %s within %u ms", k->probe.connecting ? "connection" : "answer",
                 k->timeout_ms);
        probe_cancel(&k->probe);
        on_result(&k->probe, false, why);
        return;
    }
    timers_set(k->checks->timers, &k->timer, k->timeout_ms);
    probe_start(&k->probe, k->checks->loop, k->server);
}

static void run_soon(struct check *k)
{
    uint32_t within = k->every_ms < FIRST_WITHIN_MS ? k->every_ms : FIRST_WITHIN_MS;
    timers_set(k->checks->timers, &k->timer, 1 + below(k->checks, within));
}

/* ---- definitions -------------------------------------------------------------------------------- */

static bool same_text(const uint8_t *x, struct weir_ref a, const uint8_t *y, struct weir_ref b)
{
    return a.len == b.len && (a.off == 0) == (b.off == 0) && memcmp(x + a.off, y + b.off, a.len) == 0;
}

static bool same_definition(const uint8_t *x, const struct weir_check *a, const uint8_t *y,
                            const struct weir_check *b)
{
    if (a->kind != b->kind || !same_text(x, a->request, y, b->request) ||
        !same_text(x, a->headers, y, b->headers) || a->status_min != b->status_min ||
        a->status_max != b->status_max || !same_text(x, a->body_contains, y, b->body_contains) ||
        a->steps.count != b->steps.count)
        return false;
    const struct weir_check_step *s = (const void *)(x + a->steps.off), *t = (const void *)(y + b->steps.off);
    for (uint32_t i = 0; i < a->steps.count; i++)
        if (s[i].kind != t[i].kind || !same_text(x, s[i].data, y, t[i].data))
            return false;
    return true;
}

/* A run under an equal definition goes on: under quick swaps it would never end otherwise. */
static void define(struct check *k, const struct plan *p, const struct weir_backend *b)
{
    const struct weir_check *conf =
        (const struct weir_check *)(const void *)(p->tables + p->head->checks.off) + b->check;
    bool same = k->probe.conf && same_definition(k->probe.tables, k->probe.conf, p->tables, conf) &&
                k->every_ms == b->check_every_ms && k->timeout_ms == b->check_timeout_ms;
    k->probe.tables = p->tables;
    k->probe.conf = conf;
    k->every_ms = b->check_every_ms ? b->check_every_ms : 1;
    k->timeout_ms = b->check_timeout_ms ? b->check_timeout_ms : 1;
    k->rise = b->check_rise;
    k->fall = b->check_fall;
    if (!same) {
        probe_cancel(&k->probe);
        run_soon(k);
    }
}

static void add_check(struct checks *c, struct server *s)
{
    struct check *k = fault_calloc(1, sizeof *k);
    if (!k) {
        log_line(LOG_ERROR, "server %s/%s is not checked: out of memory", s->backend_name, s->name);
        return;
    }
    *k = (struct check){.probe = {.io.fd = -1, .done = on_result},
                        .checks = c,
                        .next = c->all,
                        .server = s,
                        .timer.fire = on_timer};
    c->all = k;
    s->check = k;
}

/* The server counts as up from now on: nobody looks. */
static void end_check(struct checks *c, struct check *k)
{
    struct server *s = k->server;
    probe_cancel(&k->probe);
    timers_remove(c->timers, &k->timer);
    s->check = NULL;
    s->check_ok = s->check_failed = 0;
    s->check_why[0] = 0;
    atomic_store_explicit(&s->up, true, memory_order_relaxed);
    k->next = c->dead;
    c->dead = k;
}

void checks_follow(struct checks *c, struct plan *newest)
{
    /* Those that `newest` defines say so by pointing into its tables. */
    for (uint32_t i = 0; i < newest->head->backends.count; i++) {
        const struct plan_backend *b = &newest->backends[i];
        for (uint32_t k = 0; b->conf->check != WEIR_NONE && k < b->conf->servers.count; k++) {
            if (!b->servers[k]->check)
                add_check(c, b->servers[k]);
            if (b->servers[k]->check)
                define(b->servers[k]->check, newest, b->conf);
        }
    }
    for (struct check **at = &c->all; *at;) {
        struct check *k = *at;
        if (k->probe.tables == newest->tables) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        end_check(c, k);
    }
}

void checks_sweep(struct checks *c)
{
    for (struct check *k = c->dead, *next; k; k = next) {
        next = k->next;
        probe_free(&k->probe);
        free(k);
    }
    c->dead = NULL;
}

void checks_end(struct checks *c)
{
    for (struct check *k = c->all, *next; k; k = next) {
        next = k->next;
        end_check(c, k);
    }
    c->all = NULL;
    checks_sweep(c);
}
