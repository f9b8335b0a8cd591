/* Choosing the server of a request: round-robin and least-conn, both weighted, over the servers that are up; backups only
 * where no other server is. Counts are this worker's own, but for least-conn, which reads the other workers' too. */
#include "runtime/conn.h"

static uint64_t avoid_bit(uint32_t i)
{
    return 1ull << (i < 63 ? i : 63);
}

static bool is_candidate(const struct plan_backend *b, uint32_t i, uint64_t avoid, bool backup)
{
    const struct weir_server *conf = &b->server_conf[i];
    return conf->weight > 0 && (conf->backup != 0) == backup && !(avoid & avoid_bit(i)) &&
           atomic_load_explicit(&b->servers[i]->up, memory_order_relaxed);
}

/* Smooth weighted round-robin: each candidate earns its weight, the richest pays the whole. Spreads the turns of a heavy
 * server among those of the others. */
static int round_robin(const struct worker *w, const struct plan_backend *b, uint64_t avoid, bool backup)
{
    uint32_t n = b->conf->servers.count;
    int best = -1;
    int32_t total = 0, most = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_candidate(b, i, avoid, backup))
            continue;
        struct server_worker *share = &b->servers[i]->workers[w->options.index];
        share->credit += b->server_conf[i].weight;
        total += b->server_conf[i].weight;
        if (best < 0 || share->credit > most) {
            best = (int)i;
            most = share->credit;
        }
    }
    if (best >= 0)
        b->servers[best]->workers[w->options.index].credit -= total;
    return best;
}

static uint64_t load_of(const struct server *s, uint32_t nworkers)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < nworkers; i++)
        sum += atomic_load_explicit(&s->workers[i].in_flight, memory_order_relaxed);
    return sum;
}

/* The fewest requests in flight for its weight; among equals, in turn. */
static int least_conn(const struct worker *w, const struct plan_backend *b, uint64_t avoid, bool backup)
{
    uint32_t n = b->conf->servers.count;
    uint32_t *turn = &b->shared->round_robin[w->options.index * 16];
    int best = -1;
    uint64_t least = 0;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = (*turn + k) % n;
        if (!is_candidate(b, i, avoid, backup))
            continue;
        uint64_t load = load_of(b->servers[i], w->options.workers);
        /* load / weight < least / weight of the best, without division */
        if (best < 0 || load * b->server_conf[best].weight < least * b->server_conf[i].weight) {
            best = (int)i;
            least = load;
        }
    }
    if (best >= 0)
        *turn = (uint32_t)best + 1;
    return best;
}

static int choose(const struct worker *w, const struct plan_backend *b, uint64_t avoid, bool backup)
{
    switch ((enum weir_balance)b->conf->balance) {
    case WEIR_BALANCE_ROUND_ROBIN:
        return round_robin(w, b, avoid, backup);
    case WEIR_BALANCE_LEAST_CONN:
        return least_conn(w, b, avoid, backup);
    }
    return -1;
}

int balance_choose(const struct worker *w, const struct plan_backend *b, uint64_t avoid)
{
    int i = choose(w, b, avoid, false);
    return i >= 0 ? i : choose(w, b, avoid, true);
}

uint64_t balance_avoid(uint64_t avoid, uint32_t server)
{
    return avoid | avoid_bit(server);
}
