/* One run of a health check; see probe.h. */
#include "runtime/probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/http1.h"
#include "runtime/registry_set.h"

/* What a look at the answer says. */
enum verdict { WAIT_FOR_MORE, PASSED, FAILED };

static struct slice text_at(const struct probe *p, struct weir_ref r)
{
    return (struct slice){(const char *)p->tables + r.off, r.len};
}

static void finish(struct probe *p, bool ok, const char *why)
{
    loop_close(&p->io);
    p->done(p, ok, why);
}

static void finish_error(struct probe *p, int err)
{
    char why[PROBE_WHY];
    snprintf(why, sizeof why, "%s", strerror(err));
    why[0] = ascii_lower(why[0]);
    finish(p, false, why);
}

/* ---- http --------------------------------------------------------------------------------------- */

static bool has_host(struct slice fields)
{
    while (fields.len > 0) {
        const char *end = memchr(fields.p, '\n', fields.len);
        struct slice line = {fields.p, end ? (size_t)(end - fields.p) + 1 : fields.len};
        if (line.len >= 5 && slice_eq_nocase((struct slice){line.p, 5}, SLICE("host:")))
            return true;
        fields = slice_from(fields, line.len);
    }
    return false;
}

static void http_request(struct probe *p, const struct server *s)
{
    struct slice fields = text_at(p, p->conf->headers);
    buf_slice(&p->out, text_at(p, p->conf->request));
    buf_str(&p->out, " HTTP/1.1\r\n");
    if (!has_host(fields)) {
        char host[REGISTRY_ADDRESS_TEXT];
        registry_sockaddr_text(&s->addr, host);
        buf_printf(&p->out, "Host: %s\r\n", host);
    }
    buf_slice(&p->out, fields);
    buf_str(&p->out, "User-Agent: weir-check\r\nConnection: close\r\n\r\n");
}

/* Looks for the text in the body as far as it has come. The framing of chunks is taken off, on a copy. */
static enum verdict look_for_text(struct probe *p, const struct http1_head *h, struct slice rest, bool ended,
                                  const char **why)
{
    struct http1_body body;
    struct buf copy = {0};
    size_t content = 0;
    http1_body_begin(&body, h);
    buf_slice(&copy, rest);
    bool bad = false;
    if (h->framing == HTTP1_CHUNKED)
        bad = copy.len > 0 && http1_body_unchunk(&body, copy.p, copy.len, &content) < 0;
    else if (h->framing != HTTP1_NONE)
        content = h->framing == HTTP1_LENGTH && h->length < rest.len ? h->length : rest.len;
    bool found =
        content > 0 && slice_contains((struct slice){copy.p, content}, text_at(p, p->conf->body_contains));
    bool complete = ended || body.done || h->framing == HTTP1_NONE ||
                    (h->framing == HTTP1_LENGTH && h->length <= rest.len);
    buf_free(&copy);
    if (bad)
        *why = "the answer's body is malformed";
    else if (!found && complete)
        *why = "the answer lacks the text";
    else if (!found && p->in.len >= PROBE_ANSWER_MAX)
        *why = "the answer's first 64 KiB lack the text";
    return found ? PASSED : *why ? FAILED : WAIT_FOR_MORE;
}

static enum verdict look_at_http(struct probe *p, bool ended, const char **why)
{
    struct http1_head h;
    struct slice rest = buf_view(&p->in);
    do { /* interim answers come first, if any */
        int got = rest.len ? http1_parse_response(rest, rest.len >= PROBE_ANSWER_MAX,
                                                  slice_starts(buf_view(&p->out), SLICE("HEAD ")), &h)
                           : 0;
        if (got == 0) {
            *why = ended ? rest.len ? "the answer was cut short" : "closed without an answer" : NULL;
            return ended ? FAILED : WAIT_FOR_MORE;
        }
        if (got < 0) {
            *why = "the answer is malformed";
            return FAILED;
        }
        rest = slice_from(rest, h.size);
    } while (h.status >= 100 && h.status < 200 && h.status != 101);
    p->status = h.status;
    if (h.status < p->conf->status_min || h.status > p->conf->status_max) {
        *why = "";
        return FAILED;
    }
    if (p->conf->body_contains.off == 0)
        return PASSED;
    return look_for_text(p, &h, rest, ended, why);
}

static void http_received(struct probe *p, bool ended)
{
    const char *why = NULL;
    char text[PROBE_WHY];
    unsigned ms = (unsigned)((clock_ns() - p->began_ns) / 1000000);
    switch (look_at_http(p, ended, &why)) {
    case WAIT_FOR_MORE:
        return;
    case PASSED:
        snprintf(text, sizeof text, "%u in %u ms", p->status, ms);
        finish(p, true, text);
        return;
    case FAILED:
        if (p->status)
            snprintf(text, sizeof text, *why ? "%u, but %s" : "answered %u", p->status, why);
        else
            snprintf(text, sizeof text, "%s", why);
        finish(p, false, text);
        return;
    }
}

/* ---- tcp ---------------------------------------------------------------------------------------- */

static const struct weir_check_step *current_step(const struct probe *p)
{
    const struct weir_check_step *steps = (const void *)(p->tables + p->conf->steps.off);
    return p->step < p->conf->steps.count ? &steps[p->step] : NULL;
}

static enum verdict look_at_step(struct probe *p, const struct weir_check_step *s)
{
    struct slice data = text_at(p, s->data), in = buf_view(&p->in);
    if (s->kind == WEIR_STEP_EXPECT_STARTS) {
        size_t n = in.len < data.len ? in.len : data.len;
        if (memcmp(in.p, data.p, n) != 0)
            return FAILED;
        return n == data.len ? PASSED : WAIT_FOR_MORE;
    }
    if (slice_contains(in, data))
        return PASSED;
    return in.len >= PROBE_ANSWER_MAX ? FAILED : WAIT_FOR_MORE;
}

/* Goes through the steps as far as bytes allow; a sent text must have left before the next step. */
static void tcp_advance(struct probe *p, bool ended)
{
    const struct weir_check_step *s;
    char why[PROBE_WHY];
    while ((s = current_step(p)) != NULL && p->sent == p->out.len) {
        if (s->kind == WEIR_STEP_SEND) {
            p->in.len = 0; /* what is expected next answers this */
            p->out.len = p->sent = 0;
            buf_slice(&p->out, text_at(p, s->data));
            p->step++;
            return;
        }
        enum verdict v = look_at_step(p, s);
        if (v == WAIT_FOR_MORE && !ended)
            return;
        if (v != PASSED) {
            snprintf(why, sizeof why, ended ? "closed before step %u" : "step %u: another answer",
                     p->step + 1);
            finish(p, false, why);
            return;
        }
        p->step++;
    }
    if (!s && p->sent == p->out.len) {
        snprintf(why, sizeof why, "connected in %u ms", (unsigned)((clock_ns() - p->began_ns) / 1000000));
        finish(p, true, why);
    }
}

/* ---- the connection ----------------------------------------------------------------------------- */

/* False where the probe has ended. */
static bool send_rest(struct probe *p)
{
    while (p->sent < p->out.len) {
        ssize_t n = send(p->io.fd, p->out.p + p->sent, p->out.len - p->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0) {
            finish_error(p, errno);
            return false;
        }
        p->sent += (size_t)n;
    }
    return true;
}

/* Reads what there is, up to the limit. False where the probe has ended. */
static bool receive(struct probe *p, bool *ended)
{
    enum { PIECE = 8192 };
    while (p->in.len < PROBE_ANSWER_MAX) {
        ssize_t n = recv(p->io.fd, buf_reserve(&p->in, PIECE), PIECE, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0) {
            finish_error(p, errno);
            return false;
        }
        if (n == 0) {
            *ended = true;
            return true;
        }
        p->in.len += (size_t)n;
    }
    return true;
}

static void run(struct probe *p)
{
    bool ended = false;
    if (p->conf->kind == WEIR_CHECK_TCP &&
        p->conf->steps.count == 0) { /* the connection is all that is asked */
        tcp_advance(p, false);
        return;
    }
    if (!send_rest(p) || !receive(p, &ended))
        return;
    if (p->conf->kind == WEIR_CHECK_HTTP) {
        http_received(p, ended);
        return;
    }
    for (uint32_t step = WEIR_NONE; probe_is_running(p) && step != p->step;) {
        step = p->step;
        tcp_advance(p, ended);
        if (probe_is_running(p) && !send_rest(p))
            return;
    }
}

static void on_event(struct loop_io *io, uint32_t events)
{
    struct probe *p = (struct probe *)io;
    if (p->connecting) {
        int err = 0;
        socklen_t len = sizeof err;
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
            return;
        if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
            err = errno;
        if (err) {
            finish_error(p, err);
            return;
        }
        p->connecting = false;
    }
    run(p);
}

void probe_start(struct probe *p, struct loop *loop, const struct server *s)
{
    p->began_ns = clock_ns();
    p->step = p->status = 0;
    p->out.len = p->in.len = p->sent = 0;
    if (p->conf->kind == WEIR_CHECK_HTTP)
        http_request(p, s);
    p->io =
        (struct loop_io){on_event, socket(s->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (p->io.fd < 0) {
        finish_error(p, errno);
        return;
    }
    int on = 1;
    setsockopt(p->io.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    p->connecting = true;
    /* Added to the loop after connect(): an unconnected socket reports a hang-up. */
    if ((connect(p->io.fd, (const struct sockaddr *)&s->addr, s->addr_len) != 0 && errno != EINPROGRESS) ||
        !loop_add(loop, &p->io))
        finish_error(p, errno);
}

void probe_cancel(struct probe *p)
{
    loop_close(&p->io);
}

void probe_free(struct probe *p)
{
    buf_free(&p->out);
    buf_free(&p->in);
}
