/* Moving bytes between the two connections of a transaction, with backpressure: nothing is read while what was read before
 * waits for room. Each call scans, sends and reads once; txn_run() repeats it as long as something moves. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "runtime/conn.h"
#include "runtime/message.h"

enum {
    THROWN_MOST = 256 << 10, /* of a request's body that is read only to keep the connection */
    FRAMING_ROOM = 64,       /* of chunk framing that is appended to t->out at once */
};

/* Sends the pieces. Returns bytes sent; 0 where there is no room now; -1 where the connection is broken. */
static ssize_t send_pieces(int fd, struct iovec *v, unsigned n)
{
    struct msghdr m = {.msg_iov = v, .msg_iovlen = n};
    ssize_t sent = n == 1 ? send(fd, v->iov_base, v->iov_len, MSG_NOSIGNAL) : sendmsg(fd, &m, MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static struct iovec piece(const char *p, size_t n)
{
    return (struct iovec){(void *)(uintptr_t)p, n};
}

static size_t total(const struct iovec *v, unsigned n)
{
    size_t sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += v[i].iov_len;
    return sum;
}

/* Takes up to `n` of the sent bytes off `sent`. */
static uint32_t taken(size_t *sent, size_t n)
{
    uint32_t k = (uint32_t)(*sent < n ? *sent : n);
    *sent -= k;
    return k;
}

/* Extends f->ready over what has come of the body. False where it is malformed. */
static bool scan(struct flow *f, struct iobuf *b)
{
    uint32_t len = iobuf_len(b);
    if (f->body.done || len <= f->ready)
        return true;
    ssize_t n = http1_body_scan(&f->body, (struct slice){b->p + b->start + f->ready, len - f->ready});
    if (n < 0)
        return false;
    f->ready += (uint32_t)n;
    return true;
}

/* ---- the request to the server ------------------------------------------------------------------- */

/* False where the transaction is over. */
static bool scan_request(struct txn *t)
{
    if (!scan(&t->req, t->c->in)) {
        txn_fail(t, 400);
        return false;
    }
    if (t->max_body && t->req.body.payload > t->max_body) {
        txn_fail(t, 413);
        return false;
    }
    return true;
}

static enum relay read_request_body(struct txn *t)
{
    struct downstream *c = t->c;
    if (t->req.body.done || !c->readable)
        return RELAY_WAIT;
    int n = downstream_read(c);
    if (n < 0) { /* gone in the middle of its request */
        txn_abort(t);
        return RELAY_OVER;
    }
    t->moved |= n > 0;
    if (n > 0 && t->counts)
        COUNT(t->counts->bytes_in, n);
    return n > 0 ? RELAY_AGAIN : RELAY_WAIT;
}

static void sent_to_server(struct txn *t, size_t sent)
{
    struct downstream *c = t->c;
    t->moved |= sent > 0;
    t->head_sent += taken(&sent, t->head->end - t->head_sent);
    if (sent == 0)
        return;
    c->in->start += (uint32_t)sent;
    t->req.ready -= (uint32_t)sent;
    t->body_used = true;
    if (!iobuf_len(c->in))
        iobuf_put(&c->w->bufs, &c->in);
}

enum relay relay_request(struct txn *t)
{
    struct downstream *c = t->c;
    struct upstream *u = t->u;
    if (t->send_broken)
        return RELAY_WAIT;
    if (!scan_request(t))
        return RELAY_OVER;
    struct iovec v[2];
    unsigned n = 0;
    if (t->head_sent < t->head->end)
        v[n++] = piece(t->head->p + t->head_sent, t->head->end - t->head_sent);
    if (t->req.ready)
        v[n++] = piece(c->in->p + c->in->start, t->req.ready);
    if (n == 0)
        return read_request_body(t);
    if (!u->writable)
        return RELAY_WAIT;
    size_t all = total(v, n);
    ssize_t sent = send_pieces(u->io.fd, v, n);
    if (sent < 0) { /* the server may have answered before it closed: read on */
        t->send_broken = true;
        u->readable = u->hup = true;
        return RELAY_AGAIN;
    }
    if ((size_t)sent < all)
        u->writable = false;
    sent_to_server(t, (size_t)sent);
    return u->writable && !t->req.body.done ? RELAY_AGAIN : RELAY_WAIT;
}

/* ---- the answer to the client -------------------------------------------------------------------- */

/* Appends bytes of our own; they go out before what is ready of the body. False where there is no room. */
static bool append(struct txn *t, const char *bytes, size_t n)
{
    if (!t->out && !(t->out = iobuf_get(&t->c->w->bufs)))
        return false;
    if (iobuf_room(t->out) < n)
        iobuf_compact(t->out);
    if (iobuf_room(t->out) < n)
        return false;
    memcpy(t->out->p + t->out->end, bytes, n);
    t->out->end += (uint32_t)n;
    return true;
}

/* How the client learns where the body ends, where it cannot be as the server says it. */
static void choose_framing(struct txn *t, const struct http1_head *h)
{
    http1_body_begin(&t->res.body, h);
    if (h->framing == HTTP1_CLOSE) {
        t->server_close = true;
        t->chunk = t->minor == 1;
        t->client_close |= t->minor == 0;
    } else if (h->framing == HTTP1_CHUNKED && t->minor == 0) {
        t->unchunk = true;
        t->client_close = true;
    }
}

static bool write_head(struct txn *t, const struct http1_head *h)
{
    struct worker *w = t->c->w;
    struct message_client m = {.minor = t->minor, .chunk = t->chunk, .unchunk = t->unchunk};
    if (h->status >= 200) {
        m.close = t->client_close;
        m.keep_alive = t->client_keeps_10 && !t->client_close;
    }
    if (!t->out && !(t->out = iobuf_get(&w->bufs)))
        return false;
    iobuf_compact(t->out);
    uint32_t room = iobuf_room(t->out);
    size_t n = message_response(t->out->p + t->out->end, room, h, &m);
    if (n > room)
        return false;
    t->out->end += (uint32_t)n;
    return true;
}

/* A head of the server has been read. False where the transaction is over or in another state. */
static bool take_response(struct txn *t, const struct http1_head *h)
{
    struct worker *w = t->c->w;
    bool interim = h->status < 200 && h->status != 101;
    if (h->status == 101 && !t->upgrade) {
        txn_server_failed(t, 502);
        return false;
    }
    if (!interim) {
        t->res_began = true;
        t->status = h->status;
        t->server_close |= h->close;
        /* Also where the client has not sent its whole body yet: what follows it cannot be waited for. */
        t->client_close |= w->stopping || t->c->orphan;
        if (h->status != 101)
            choose_framing(t, h);
    } else if (t->minor == 0) { /* an HTTP/1.0 client knows no interim answers (RFC 9110 section 15.2) */
        t->u->in->start += h->size;
        return true;
    }
    if (h->status == 100)
        t->expects_continue = false;
    if (!write_head(t, h)) {
        t->res_began = false; /* nothing of it was sent */
        txn_server_failed(t, 502);
        return false;
    }
    t->u->in->start += h->size;
    if (h->status == 101) {
        txn_become_tunnel(t);
        return false;
    }
    return true;
}

/* Reads heads, interim ones too, until the final one. False where the transaction is over or in another state. */
static bool parse_response(struct txn *t)
{
    struct upstream *u = t->u;
    while (!t->res_began && iobuf_len(u->in)) {
        t->res_bytes = true;
        bool full = iobuf_len(u->in) == IOBUF_ROOM;
        int r = http1_parse_response(iobuf_bytes(u->in), full, t->is_head, &t->c->w->head);
        if (r == 0)
            return true;
        if (r < 0) {
            txn_server_failed(t, 502);
            return false;
        }
        if (!take_response(t, &t->c->w->head))
            return false;
    }
    return true;
}

/* As scan(), but takes the chunked framing off: the content moves up, and the bytes behind it close the gap. */
static bool scan_unchunked(struct flow *f, struct iobuf *b)
{
    uint32_t len = iobuf_len(b);
    if (f->body.done || len <= f->ready)
        return true;
    char *from = b->p + b->start + f->ready;
    size_t content, rest = len - f->ready;
    ssize_t used = http1_body_unchunk(&f->body, from, rest, &content);
    if (used < 0)
        return false;
    memmove(from + content, from + used, rest - (size_t)used);
    b->end -= (uint32_t)((size_t)used - content);
    f->ready += (uint32_t)content;
    return true;
}

/* Opens and closes the chunks that we frame. */
static bool frame_chunk(struct txn *t)
{
    if (t->chunk_open && t->chunk_left == 0) {
        t->chunk_open = false;
        if (!append(t, "\r\n", 2))
            return false;
    }
    if (!t->chunk_open && t->res.ready) {
        char line[FRAMING_ROOM];
        int n = snprintf(line, sizeof line, "%x\r\n", t->res.ready);
        if (!append(t, line, (size_t)n))
            return false;
        t->chunk_open = true;
        t->chunk_left = t->res.ready;
    }
    return true;
}

static void sent_to_client(struct txn *t, size_t sent)
{
    struct worker *w = t->c->w;
    t->answered = t->moved = true;
    if (t->counts)
        COUNT(t->counts->bytes_out, sent);
    if (t->out) {
        t->out->start += taken(&sent, iobuf_len(t->out));
        if (!iobuf_len(t->out))
            iobuf_put(&w->bufs, &t->out);
    }
    if (t->big) {
        t->big_sent += sent;
    } else if (sent) {
        t->res.ready -= (uint32_t)sent;
        t->u->in->start += (uint32_t)sent;
        if (t->chunk)
            t->chunk_left -= (uint32_t)sent;
    }
}

static enum relay send_to_client(struct txn *t, struct iovec *v, unsigned n)
{
    struct downstream *c = t->c;
    size_t all = total(v, n);
    ssize_t sent = send_pieces(c->io.fd, v, n);
    if (sent < 0) {
        txn_abort(t);
        return RELAY_OVER;
    }
    if ((size_t)sent < all)
        c->writable = false;
    if (sent)
        sent_to_client(t, (size_t)sent);
    return c->writable ? RELAY_AGAIN : RELAY_WAIT;
}

/* The server's end, where it is not the end of a message that goes until then. */
static enum relay server_ended(struct txn *t, bool error)
{
    if (!t->res_began) {
        txn_server_failed(t, 502);
        return RELAY_OVER;
    }
    if (t->res.body.framing != HTTP1_CLOSE || error) { /* cut short: the client must see that */
        txn_abort(t);
        return RELAY_OVER;
    }
    t->res.body.done = true;
    if (t->chunk && !append(t, "0\r\n\r\n", 5)) {
        txn_abort(t);
        return RELAY_OVER;
    }
    t->chunk = false;
    return RELAY_AGAIN;
}

static enum relay read_response(struct txn *t)
{
    struct upstream *u = t->u;
    if (!u->readable)
        return RELAY_WAIT;
    errno = 0;
    int n = upstream_read(u);
    if (n < 0)
        return server_ended(t, errno != 0);
    t->moved |= n > 0;
    return n > 0 || u->readable ? RELAY_AGAIN : RELAY_WAIT;
}

enum relay relay_response(struct txn *t)
{
    struct upstream *u = t->u;
    if (!parse_response(t))
        return RELAY_OVER;
    if (t->res_began && !(t->unchunk ? scan_unchunked(&t->res, u->in) : scan(&t->res, u->in))) {
        txn_server_failed(t, 502);
        return RELAY_OVER;
    }
    if (t->chunk && !frame_chunk(t)) {
        txn_abort(t);
        return RELAY_OVER;
    }
    struct iovec v[2];
    unsigned n = 0;
    if (iobuf_len(t->out))
        v[n++] = piece(t->out->p + t->out->start, iobuf_len(t->out));
    uint32_t ready = t->chunk && t->chunk_left < t->res.ready ? t->chunk_left : t->res.ready;
    if (ready)
        v[n++] = piece(u->in->p + u->in->start, ready);
    if (n && !t->c->writable)
        return RELAY_WAIT;
    if (n)
        return send_to_client(t, v, n);
    if (t->res_began && t->res.body.done) {
        txn_complete(t);
        return RELAY_OVER;
    }
    return read_response(t);
}

/* ---- an answer of our own ------------------------------------------------------------------------ */

/* Reads the rest of the request's body to keep the connection, where that is not too much. */
static enum relay throw_body(struct txn *t)
{
    struct downstream *c = t->c;
    if (t->client_close || t->req.body.done) {
        t->client_close |= !t->req.body.done;
        t->req.ready = 0;
        txn_complete(t);
        return RELAY_OVER;
    }
    if (!scan(&t->req, c->in) || t->thrown > THROWN_MOST) {
        t->client_close = true;
        return RELAY_AGAIN;
    }
    if (t->req.ready) {
        c->in->start += t->req.ready;
        t->thrown += t->req.ready;
        t->req.ready = 0;
        return RELAY_AGAIN;
    }
    return read_request_body(t);
}

enum relay relay_reply(struct txn *t)
{
    struct downstream *c = t->c;
    struct iovec v[2];
    unsigned n = 0;
    if (iobuf_len(t->out))
        v[n++] = piece(t->out->p + t->out->start, iobuf_len(t->out));
    if (t->big_sent < t->big_len)
        v[n++] = piece(t->big + t->big_sent, t->big_len - t->big_sent);
    if (n == 0)
        return throw_body(t);
    return c->writable ? send_to_client(t, v, n) : RELAY_WAIT;
}

/* ---- tunnels ------------------------------------------------------------------------------------- */

/* Sends what is in `*b`. Returns false where the connection is broken. */
static bool drain(struct iobuf_pool *pool, int fd, struct iobuf **b, bool *moved, bool *room)
{
    if (!iobuf_len(*b) || !*room)
        return true;
    struct iovec v = piece((*b)->p + (*b)->start, iobuf_len(*b));
    ssize_t sent = send_pieces(fd, &v, 1);
    if (sent < 0)
        return false;
    *room = (size_t)sent == v.iov_len;
    *moved |= sent > 0;
    (*b)->start += (uint32_t)sent;
    if (!iobuf_len(*b))
        iobuf_put(pool, b);
    return true;
}

enum relay relay_tunnel(struct txn *t)
{
    struct downstream *c = t->c;
    struct upstream *u = t->u;
    struct iobuf_pool *pool = &c->w->bufs;
    bool moved = false, client_room = c->writable, server_room = u->writable;
    if (!drain(pool, c->io.fd, &t->out, &moved, &client_room) ||
        (!iobuf_len(t->out) && !drain(pool, c->io.fd, &u->in, &moved, &client_room)) ||
        !drain(pool, u->io.fd, &c->in, &moved, &server_room))
        goto broken;
    c->writable = client_room;
    u->writable = server_room;
    if (!iobuf_len(u->in) && u->readable)
        moved |= upstream_read(u) > 0;
    if (!iobuf_len(c->in) && c->readable)
        moved |= downstream_read(c) > 0;
    /* An end is passed on when all before it has been. */
    if (u->ended && !iobuf_len(u->in) && !iobuf_len(t->out) && !t->from_server_done) {
        t->from_server_done = true;
        shutdown(c->io.fd, SHUT_WR);
    }
    if (c->ended && !iobuf_len(c->in) && !t->from_client_done) {
        t->from_client_done = true;
        shutdown(u->io.fd, SHUT_WR);
    }
    if (t->from_client_done && t->from_server_done)
        goto broken;
    t->moved |= moved;
    return moved ? RELAY_AGAIN : RELAY_WAIT;
broken:
    txn_abort(t);
    return RELAY_OVER;
}
