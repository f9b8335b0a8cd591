/* Plans in the process, from publication to unloading. Control thread.
 *
 * note [publication]: a plan is posted to every worker's mailbox; a worker adopts it at the top of its loop.
 * Nothing can be taken back after the first post, so all that may fail comes before, and a post that finds no
 * memory is tried again at the next turn. The plan before it is DRAINING from then on. Once every worker has
 * adopted a newer plan, its listeners that no other plan has are closed; once no request in flight began
 * under it besides, it is COLD, and is unloaded. */
#ifndef WEIR_SWAP_H
#define WEIR_SWAP_H

#include "runtime/base/buf.h"
#include "runtime/plan.h"
#include "runtime/registry_set.h"
#include "runtime/worker.h"

enum { SWAP_GONE_MAX = 32, SWAP_ADOPTION_MS = 10000 };

/* A plan that serves or drains. */
struct swap_entry {
    struct plan *plan;
    uint64_t drain_at; /* ms: when its requests are aborted (again); once DRAINING */
    bool left;         /* every worker has adopted a newer one */
};

/* What is remembered of an unloaded plan. */
struct swap_gone {
    char digest[PLAN_DIGEST_TEXT];
    uint64_t serial, requests, published_ms;
};

struct swap {
    struct registry *registry;
    struct worker **workers; /* registry->workers of them; the caller's */
    uint32_t drain_ms;
    uint64_t serial;            /* of the newest plan */
    struct swap_entry *entries; /* oldest first; the last one is ACTIVE */
    uint32_t n, cap;
    unsigned posted;                      /* workers that the newest plan was posted to */
    bool settled;                         /* all of them have adopted it */
    struct swap_gone gone[SWAP_GONE_MAX]; /* ring: number i is at i % SWAP_GONE_MAX */
    uint64_t ngone;
};

/* Makes `p` (WARM) the active plan. With workers that are not started yet, it is for worker_start(). True:
 * `p` belongs to `s`. False where memory ran out; then nothing has changed. */
bool swap_publish(struct swap *s, struct plan *p, uint64_t now_ms);

/* The newest plan, or NULL before the first. */
struct plan *swap_active(const struct swap *s);

/* Moves everything on that can be: posts, adoption, listeners, drained plans. Returns how many plans were
 * unloaded. */
unsigned swap_turn(struct swap *s, uint64_t now_ms);

/* How soon another swap_turn() is worth while, at most `most` ms. */
uint32_t swap_wait(const struct swap *s, uint32_t most);

/* Sums over the workers. */
uint64_t swap_requests(const struct plan *p);
uint32_t swap_in_flight(const struct plan *p);

/* Unloads all. The workers have been joined, or never were started. */
void swap_end(struct swap *s);

#endif
