/* One run of a check: connects, sends, looks at the answer. Calls back once, unless it is cancelled first.
 * Control thread. */
#ifndef WEIR_PROBE_H
#define WEIR_PROBE_H

#include "runtime/abi.h"
#include "runtime/base/buf.h"
#include "runtime/loop.h"
#include "runtime/registry.h"

enum { PROBE_ANSWER_MAX = 64 * 1024, PROBE_WHY = sizeof((struct server *)0)->check_why };

struct probe;
/* `why` is for people: "200 in 1 ms", "connection refused". */
typedef void probe_done_fn(struct probe *p, bool ok, const char *why);

/* A new one is {.io.fd = -1, .done = …}. */
struct probe {
    struct loop_io io;
    probe_done_fn *done;
    const uint8_t *tables; /* of the plan that `conf` is in */
    const struct weir_check *conf;
    uint64_t began_ns;
    bool connecting;
    uint32_t step;  /* tcp: the next one */
    struct buf out; /* to send */
    size_t sent;
    struct buf in;   /* received; tcp: and not looked at by an earlier step */
    uint32_t status; /* http: of the answer, once known */
};

/* Starts; may call back before it returns. */
void probe_start(struct probe *p, struct loop *loop, const struct server *s);
static inline bool probe_is_running(const struct probe *p)
{
    return p->io.fd >= 0;
}
/* Ends it without calling back. */
void probe_cancel(struct probe *p);
/* Frees its memory; it is not running. */
void probe_free(struct probe *p);

#endif
