/* A plan in the process: the mapped tables and code of one plan file, bound to the long-lived objects of
 * the registry. Loaded, bound, published and unloaded by the control thread alone; workers read it.
 *
 * note [plan lifetime]: a worker holds a plan while it is its current one, and while any of its requests
 * in flight began under it (plan_worker.in_flight). Nothing else holds one: a tunnel pins its server
 * object, a kept-alive connection its listener. So a plan may be unloaded once every worker has
 * adopted a newer one and counts no request in flight under it. */
#ifndef WEIR_PLAN_H
#define WEIR_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/abi.h"
#include "runtime/registry.h"

enum plan_state {
#define PLAN_STATE(id, text, doc) PLAN_##id,
#include "grammar/plan_states.def"
#undef PLAN_STATE
};

enum { PLAN_MAGIC = 0x504c414e, PLAN_DIGEST_TEXT = 33 };

/* What one worker counts of one plan. Written by that worker alone; read by the control thread with relaxed
 * loads (on every machine we build for, plain moves). One cache line each. */
struct plan_worker {
    _Atomic uint64_t requests;
    _Atomic uint32_t in_flight;
    struct weir_str *str;               /* room for weir_facts.str: WEIR_SLOT_FIXED + slots.count entries; allocated by bind */
} __attribute__((aligned(64)));

/* A backend as this plan defines it: the plan's numbers, and the registry's servers. */
struct plan_backend {
    const struct weir_backend *conf;
    struct backend *shared;             /* identity and counters that outlive the plan */
    const struct weir_server *server_conf; /* conf->servers.count of them */
    struct server **servers;            /* as many */
};

/* A frontend as this plan defines it. */
struct plan_frontend {
    const struct weir_frontend *conf;
    struct frontend *shared;
};

struct plan {
    uint32_t magic;
    _Atomic int state;                  /* enum plan_state; written by the control thread */
    char digest[PLAN_DIGEST_TEXT];      /* 32 hex digits and NUL */
    uint64_t serial;                    /* 1, 2, 3 … in order of publication */
    uint64_t published_ms;              /* clock_coarse_ms() at publication */
    /* the file */
    void *map;                          /* the mapped file, `map_size` bytes (plan_map.h); NULL when linked into the executable */
    size_t map_size;
    const uint8_t *tables;
    const struct weir_tables *head;     /* == tables */
    weir_pred_fn *pred;
    weir_value_fn *value;
    /* bindings, in the order of the tables */
    struct plan_backend *backends;
    struct plan_frontend *frontends;
    struct listener **listeners;        /* where this plan listens; nlisteners of them, none once a newer plan is adopted */
    uint32_t nlisteners;
    uint32_t *frontend_of_listener;     /* by listener->id: index of the frontend, WEIR_NONE where it is gone */
    uint32_t listener_ids;              /* entries in frontend_of_listener */
    struct plan_worker *workers;        /* by worker index, nworkers of them */
    uint32_t nworkers;
};

#endif
