/* A request and its answer: what the plan decides about it, the connection to a server and further tries, answers of our
 * own, the end. How bytes move is relay.c's business. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/conn.h"
#include "runtime/facts.h"
#include "runtime/message.h"

enum {
    TRIES = 4,          /* connections, at most: one and three more, as HAProxy's `retries 3` */
    STEPS_A_TURN = 64,  /* of reading and writing before other connections have a turn */
    NO_PLAN_MS = 5000,  /* times of an answer that no frontend gives */
};

/* ---- beginning and end --------------------------------------------------------------------------- */

static struct txn *txn_new(struct downstream *c)
{
    struct txn *t = pool_get(&c->w->txns);
    if (!t)
        return NULL;
    t->c = c;
    t->req.body.done = true;
    t->client_ms = t->server_ms = t->tunnel_ms = NO_PLAN_MS;
    t->client_close = c->w->stopping || c->orphan;
    c->txn = t;
    c->heard = true;
    timers_off(&c->timer);
    return t;
}

static void pin_plan(struct txn *t, const struct plan_frontend *f)
{
    struct worker *w = t->c->w;
    struct plan *p = w->plan;
    uint32_t i = w->options.index;
    t->plan = p;
    COUNT(p->workers[i].requests, 1);
    COUNT(p->workers[i].in_flight, 1);
    COUNT(w->requests, 1);
    t->counts = &f->shared->workers[i];
    COUNT(t->counts->requests, 1);
    t->client_ms = f->conf->client_ms;
    t->max_body = (uint64_t)f->conf->max_body_hi << 32 | f->conf->max_body_lo;
}

/* Released: what the requests read of the plan is done before the control thread sees the count and unloads it. */
static void unpin_plan(struct txn *t)
{
    if (!t->plan)
        return;
    _Atomic uint32_t *n = &t->plan->workers[t->c->w->options.index].in_flight;
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) - 1, memory_order_release);
    t->plan = NULL;
}

static void count_status(struct txn *t)
{
    if (t->counts)
        COUNT(t->counts->status_class[t->status / 100 % 6], 1);
    t->counts = NULL;
}

static void leave_server(struct txn *t)
{
    struct upstream *u = t->u;
    struct server_worker *share = &u->server->workers[t->c->w->options.index];
    COUNT(share->in_flight, -1);
    t->u = NULL;
}

static void drop_server(struct txn *t)
{
    struct upstream *u = t->u;
    if (!u)
        return;
    leave_server(t);
    u->txn = NULL;
    upstream_close(u);
}

static void txn_free(struct txn *t)
{
    struct worker *w = t->c->w;
    drop_server(t);
    if (t->state == TXN_TUNNEL)
        atomic_store_explicit(&w->shown_tunnels, --w->ntunnels, memory_order_relaxed);
    count_status(t);
    unpin_plan(t);
    iobuf_put(&w->bufs, &t->head);
    iobuf_put(&w->bufs, &t->out);
    free(t->big);
    t->c->txn = NULL;
    pool_put(&w->txns, t);
}

void txn_abort(struct txn *t)
{
    struct downstream *c = t->c;
    txn_free(t);
    downstream_close(c);
}

static bool server_is_reusable(const struct txn *t)
{
    return !t->server_close && !t->send_broken && t->req.body.done && t->req.ready == 0 && t->head_sent == t->head->end &&
           t->res.body.framing != HTTP1_CLOSE;
}

void txn_complete(struct txn *t)
{
    struct downstream *c = t->c;
    bool keep = !t->client_close && t->req.body.done && t->req.ready == 0;
    if (t->u && server_is_reusable(t)) {
        struct upstream *u = t->u;
        uint32_t idle_ms = t->backend->conf->idle_ms;
        leave_server(t);
        upstream_release(u, idle_ms);
    }
    txn_free(t);
    if (keep)
        downstream_next(c);
    else
        downstream_close_gently(c);
}

/* The backend's settings are the plan's, so they are kept here as numbers; see note [plan lifetime]. */
void txn_become_tunnel(struct txn *t)
{
    struct worker *w = t->c->w;
    count_status(t);
    unpin_plan(t);
    iobuf_put(&w->bufs, &t->head);
    t->backend = NULL;
    t->state = TXN_TUNNEL;
    atomic_store_explicit(&w->shown_tunnels, ++w->ntunnels, memory_order_relaxed);
}

/* ---- answers of our own -------------------------------------------------------------------------- */

static struct message_client client_of(const struct txn *t)
{
    return (struct message_client){.minor = t->minor, .close = t->client_close,
                                   .keep_alive = t->client_keeps_10 && !t->client_close};
}

/* Writes the answer to t->out, or to t->big where it is larger. False where memory ran out. */
static bool write_reply(struct txn *t, const struct message_reply *m)
{
    struct worker *w = t->c->w;
    if (!t->out && !(t->out = iobuf_get(&w->bufs)))
        return false;
    iobuf_compact(t->out);
    uint32_t room = iobuf_room(t->out);
    size_t n = message_reply(t->out->p + t->out->end, room, m);
    if (n <= room) {
        t->out->end += (uint32_t)n;
        return true;
    }
    t->big = fault_malloc(n);
    if (!t->big)
        return false;
    t->big_len = message_reply(t->big, n, m);
    return true;
}

static void reply(struct txn *t, struct message_reply *m)
{
    drop_server(t);
    t->state = TXN_REPLY;
    t->status = (uint16_t)m->status;
    /* Who waits for 100 (Continue) may send its body or not: what comes next cannot be told apart (RFC 9110 section 10.1.1). */
    if (t->expects_continue && !t->req.body.done)
        t->client_close = true;
    m->to_head = t->is_head;
    m->client = client_of(t);
    if (!write_reply(t, m))
        txn_abort(t);
}

void txn_fail(struct txn *t, uint32_t status)
{
    if (t->answered || t->state == TXN_REPLY || t->state == TXN_TUNNEL) {
        txn_abort(t);
        return;
    }
    if (status < 500)
        t->client_close = true;
    reply(t, &(struct message_reply){.status = status});
}

void txn_refuse(struct downstream *c, uint32_t status)
{
    struct txn *t = txn_new(c);
    if (!t) {
        downstream_close(c);
        return;
    }
    t->minor = 1;
    t->client_close = true;
    iobuf_put(&c->w->bufs, &c->in);
    txn_fail(t, status);
}

/* Room for the headers of a reply, in the scratch of the decision. */
static struct message_header *header_room(struct weir_scratch *s, uint32_t n)
{
    uintptr_t at = ((uintptr_t)s->next + 7) & ~(uintptr_t)7;
    if (at > (uintptr_t)s->end || ((uintptr_t)s->end - at) / sizeof(struct message_header) < n)
        return NULL;
    s->next = (char *)at + n * sizeof(struct message_header);
    return (struct message_header *)at;
}

/* A `reply` or `redirect` of the plan. False where the scratch is used up. */
static bool reply_as_decided(struct txn *t, const struct route_plan *rp, struct weir_facts *f, const struct route_result *r)
{
    struct message_reply m = {.status = r->status};
    if (r->kind == WEIR_REDIRECT) {
        m.location = r->value;
    } else {
        m.body = r->value;
        m.nheaders = r->action->headers.count;
        struct message_header *h = header_room(f->scratch, m.nheaders);
        if (!h)
            return false;
        for (uint32_t i = 0; i < m.nheaders; i++)
            route_reply_header(rp, f, r->action, i, &h[i].name, &h[i].value);
        m.headers = h;
        if (f->scratch->full)
            return false;
    }
    reply(t, &m);
    return true;
}

/* ---- a server ------------------------------------------------------------------------------------ */

static void no_server(struct txn *t)
{
    txn_fail(t, 503);
}

static void connect_server(struct txn *t, bool fresh)
{
    struct worker *w = t->c->w;
    while (t->tries < TRIES) {
        int i = balance_choose(w, t->backend, t->avoid);
        if (i < 0)
            break;
        struct server *s = t->backend->servers[i];
        struct server_worker *share = &s->workers[w->options.index];
        t->u = upstream_take(t, s, fresh);
        if (t->u) {
            COUNT(share->requests, 1);
            COUNT(share->in_flight, 1);
            t->server = (uint32_t)i;
            t->head_sent = 0;
            t->send_broken = false;
            t->state = t->u->connecting ? TXN_CONNECT : TXN_EXCHANGE;
            if (t->u->connecting)
                downstream_wait(t->c, WAIT_CONNECT, t->backend->conf->connect_ms);
            return;
        }
        COUNT(share->failures, 1);
        t->avoid = balance_avoid(t->avoid, (uint32_t)i);
        t->tries++;
    }
    no_server(t);
}

/* True where nothing of the request can have been acted on, or acting on it twice does no harm (RFC 9112 section 9.3.1). */
static bool may_send_again(const struct txn *t)
{
    return t->u->reused && !t->res_bytes && !t->body_used && (t->idempotent || t->head_sent == 0);
}

void txn_server_failed(struct txn *t, uint32_t status)
{
    if (t->state != TXN_CONNECT && t->state != TXN_EXCHANGE) {
        txn_abort(t);
        return;
    }
    bool connecting = t->u->connecting, again = status == 502 && may_send_again(t);
    struct server_worker *share = &t->u->server->workers[t->c->w->options.index];
    if (!again)
        COUNT(share->failures, 1);
    drop_server(t);
    if (t->answered || t->res_began) {
        txn_abort(t);
    } else if (connecting) {
        t->avoid = balance_avoid(t->avoid, t->server);
        t->tries++;
        connect_server(t, false);
    } else if (again) {
        connect_server(t, true);
    } else {
        txn_fail(t, status);
    }
}

/* ---- a request begins ---------------------------------------------------------------------------- */

static bool is_idempotent(struct slice method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (slice_eq(method, slice_of(methods[i])))
            return true;
    return false;
}

static void take_head(struct txn *t, const struct http1_head *h)
{
    t->is_head = h->is_head;
    t->minor = h->minor;
    t->upgrade = h->upgrade;
    t->expects_continue = h->expect_continue;
    t->client_close |= h->close;
    t->client_keeps_10 = h->minor == 0 && !h->close;
    t->idempotent = is_idempotent(h->method);
    http1_body_begin(&t->req.body, h);
}

/* The request goes to a server: its head is written as it is forwarded. */
static uint32_t use_backend(struct txn *t, const struct http1_head *h, struct weir_str uri, const struct route_result *r)
{
    struct worker *w = t->c->w;
    t->backend = &t->plan->backends[r->backend];
    t->server_ms = t->backend->conf->server_ms;
    t->tunnel_ms = t->backend->conf->tunnel_ms;
    t->head = iobuf_get(&w->bufs);
    if (!t->head)
        return 500;
    size_t n = message_request(t->head->p, IOBUF_ROOM, h, uri, r);
    if (n > IOBUF_ROOM)
        return 431;
    t->head->end = (uint32_t)n;
    return 0;
}

/* Facts → decision → action. Returns 0, or the status of the answer where the request cannot be decided or forwarded. */
static uint32_t decide(struct txn *t, const struct http1_head *h, uint32_t frontend)
{
    struct downstream *c = t->c;
    struct worker *w = c->w;
    const struct plan *p = t->plan;
    struct route_result *r = &w->result;
    w->scratch = (struct weir_scratch){w->scratch_room, w->scratch_room + sizeof w->scratch_room, false};
    struct weir_facts f = {.str = p->workers[w->options.index].str,
                           .client_port = c->ends.client_port,
                           .listener_port = c->ends.listener_port,
                           .id = {w->id[0], ++w->id[1]},
                           .scratch = &w->scratch};
    memcpy(f.client_ip, c->ends.client_ip, sizeof f.client_ip);
    memcpy(f.listener_ip, c->ends.listener_ip, sizeof f.listener_ip);
    int refused = facts_fill(p->tables, h, &f);
    if (refused)
        return (uint32_t)refused;
    if (t->max_body && h->framing == HTTP1_LENGTH && h->length > t->max_body)
        return 413;
    struct route_plan rp = {p->tables, p->pred, p->value};
    route_run(&rp, frontend, &f, r);
    if (r->failed)
        return 500;
    if (r->kind == WEIR_USE)
        return use_backend(t, h, f.str[WEIR_SLOT_URI], r);
    return reply_as_decided(t, &rp, &f, r) ? 0 : 500;
}

void txn_begin(struct downstream *c)
{
    struct worker *w = c->w;
    const struct plan *p = w->plan;
    struct http1_head *h = &w->head;
    struct txn *t = txn_new(c);
    if (!t) {
        downstream_close(c);
        return;
    }
    take_head(t, h);
    uint32_t frontend = c->orphan || c->listener >= p->listener_ids ? WEIR_NONE : p->frontend_of_listener[c->listener];
    uint32_t status = 503, size = h->size;
    if (frontend != WEIR_NONE) {
        pin_plan(t, &p->frontends[frontend]);
        COUNT(t->counts->bytes_in, size);
        status = decide(t, h, frontend);
        if (!c->txn) /* out of memory on the way */
            return;
    }
    c->in->start += size;
    if (!iobuf_len(c->in))
        iobuf_put(&w->bufs, &c->in);
    if (status) {
        t->client_close |= frontend == WEIR_NONE;
        txn_fail(t, status);
    } else if (t->state != TXN_REPLY) {
        connect_server(t, false);
    }
}

/* ---- going on ------------------------------------------------------------------------------------ */

static enum relay exchange(struct txn *t)
{
    enum relay a = relay_request(t);
    if (a == RELAY_OVER)
        return a;
    enum relay b = relay_response(t);
    return b == RELAY_WAIT ? a : b;
}

static enum relay step(struct txn *t)
{
    switch ((enum txn_state)t->state) {
    case TXN_CONNECT:
        if (t->u->connecting)
            return RELAY_WAIT;
        t->state = TXN_EXCHANGE;
        return RELAY_AGAIN;
    case TXN_EXCHANGE:
        return exchange(t);
    case TXN_TUNNEL:
        return relay_tunnel(t);
    case TXN_REPLY:
        return relay_reply(t);
    }
    return RELAY_WAIT;
}

static bool has_bytes_for_client(const struct txn *t)
{
    return iobuf_len(t->out) || t->big_sent < t->big_len || t->res.ready;
}

/* What is waited for. */
static enum wait_for awaited(const struct txn *t)
{
    switch ((enum txn_state)t->state) {
    case TXN_CONNECT:
        return WAIT_CONNECT;
    case TXN_TUNNEL:
        return WAIT_TUNNEL;
    case TXN_REPLY:
        return has_bytes_for_client(t) ? WAIT_CLIENT_ROOM : WAIT_CLIENT_BODY;
    case TXN_EXCHANGE:
        break;
    }
    if (has_bytes_for_client(t))
        return WAIT_CLIENT_ROOM;
    bool wants_body = !t->req.body.done && !t->req.ready && !t->send_broken && !t->expects_continue;
    return wants_body && t->head_sent == t->head->end ? WAIT_CLIENT_BODY : WAIT_SERVER;
}

/* The time runs anew when bytes have moved, and not because something else happened: a client that sends the next request
 * byte by byte does not prolong the wait for a server. */
static void arm_timer(struct txn *t)
{
    struct downstream *c = t->c;
    enum wait_for what = awaited(t);
    if (what == WAIT_CONNECT || (what == c->wait && !t->moved && c->timer.deadline))
        return; /* WAIT_CONNECT was armed when it began */
    t->moved = false;
    uint32_t ms = what == WAIT_SERVER ? t->server_ms : what == WAIT_TUNNEL ? t->tunnel_ms : t->client_ms;
    downstream_wait(c, what, ms);
}

void txn_run(struct txn *t)
{
    struct downstream *c = t->c;
    for (unsigned left = STEPS_A_TURN; c->txn == t; left--) {
        if (left == 0) {
            downstream_later(c);
            return;
        }
        if (step(t) == RELAY_WAIT && c->txn == t) {
            arm_timer(t);
            return;
        }
    }
}
