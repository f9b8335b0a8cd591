/* Heads that go out; see message.h. A head is written from left to right into a bounded buffer; what does not
 * fit is counted only. */
#include "runtime/message.h"

#include "runtime/http1_scan.h"

struct out {
    char *p;
    size_t cap, len;
};

static void put(struct out *o, const char *p, size_t n)
{
    if (o->len <= o->cap && n <= o->cap - o->len && n)
        memcpy(o->p + o->len, p, n);
    o->len += n;
}

#define PUT(o, literal) put(o, literal, sizeof(literal) - 1)

static void put_slice(struct out *o, struct slice s)
{
    put(o, s.p, s.len);
}

static void put_number(struct out *o, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    put(o, digits + at, sizeof digits - at);
}

static void put_field(struct out *o, struct slice name, struct slice value)
{
    put_slice(o, name);
    PUT(o, ": ");
    put_slice(o, value);
    PUT(o, "\r\n");
}

static struct slice slice_of_str(struct weir_str s)
{
    return (struct slice){s.p, s.len};
}

/* ---- fields as received -------------------------------------------------------------------------- */

/* note [runs]: most lines go out as they came in, and neighbours among them are copied at once. `run` is the
 * part of the received head that waits to be copied. */
struct run {
    const char *from, *to;
};

static void run_flush(struct out *o, struct run *r)
{
    put(o, r->from, (size_t)(r->to - r->from));
    *r = (struct run){NULL, NULL};
}

/* The line has the form that put_field() writes. All bytes looked at are within the head: a line's CRLF
 * follows the value. */
static bool is_plain_line(const struct http1_field *f)
{
    const char *p = f->name.p + f->name.len;
    return f->value.p == p + 2 && p[1] == ' ' && f->value.p[f->value.len] == '\r';
}

static void run_field(struct out *o, struct run *r, const struct http1_field *f)
{
    bool plain = is_plain_line(f);
    if (!plain || f->name.p != r->to)
        run_flush(o, r);
    if (!plain) {
        put_field(o, f->name, f->value);
        return;
    }
    if (!r->from)
        r->from = f->name.p;
    r->to = f->value.p + f->value.len + 2;
}

/* ---- edits --------------------------------------------------------------------------------------- */

/* Fields that the proxy makes itself. The compiler refuses edits of them; one that came here would break the
 * framing. */
static bool is_ours(uint8_t id)
{
    switch ((enum http1_field_id)id) {
    case HTTP1_HOST:
    case HTTP1_CONTENT_LENGTH:
    case HTTP1_TRANSFER_ENCODING:
    case HTTP1_CONNECTION:
    case HTTP1_KEEP_ALIVE:
    case HTTP1_PROXY_CONNECTION:
    case HTTP1_TE:
    case HTTP1_UPGRADE:
        return true;
    case HTTP1_OTHER:
    case HTTP1_TRAILER:
    case HTTP1_EXPECT:
    case HTTP1_COOKIE:
        return false;
    }
    return true;
}

/* Whether an edit from number `from` on takes away what has this name before it. */
static bool is_edited(const struct route_result *r, uint32_t from, struct slice name)
{
    for (uint32_t i = from; i < r->nedits; i++)
        if (r->edits[i].op != ROUTE_EDIT_ADD && slice_eq_nocase(slice_of_str(r->edits[i].name), name))
            return true;
    return false;
}

/* What is added and survives the edits after it. */
static void put_edits(struct out *o, const struct route_result *r)
{
    for (uint32_t i = 0; i < r->nedits; i++) {
        struct slice name = slice_of_str(r->edits[i].name);
        if (r->edits[i].op != ROUTE_EDIT_DEL && !is_ours(http1_field_id(name)) && !is_edited(r, i + 1, name))
            put_field(o, name, slice_of_str(r->edits[i].value));
    }
}

/* The one Host: of the last edit that names it, else as received, else empty (RFC 9112 section 3.2 wants the
 * field even so). There cannot be two, so that ADD is SET, and DEL leaves it empty. */
static struct slice host_of(const struct http1_head *h, const struct route_result *r)
{
    for (uint32_t i = r->nedits; i > 0; i--)
        if (http1_field_id(slice_of_str(r->edits[i - 1].name)) == HTTP1_HOST)
            return r->edits[i - 1].op == ROUTE_EDIT_DEL ? (struct slice){NULL, 0}
                                                        : slice_of_str(r->edits[i - 1].value);
    return h->host;
}

/* ---- requests ------------------------------------------------------------------------------------ */

static void put_request_fields(struct out *o, const struct http1_head *h, const struct route_result *r)
{
    struct run run = {NULL, NULL};
    for (uint32_t i = 0; i < h->nfields; i++) {
        const struct http1_field *f = &h->fields[i];
        bool keep = f->id == HTTP1_UPGRADE ? h->upgrade : !f->hop && f->id != HTTP1_HOST;
        if (keep && (r->nedits == 0 || is_ours(f->id) || !is_edited(r, 0, f->name)))
            run_field(o, &run, f);
    }
    run_flush(o, &run);
}

size_t message_request(char *out, size_t cap, const struct http1_head *h, struct weir_str uri,
                       const struct route_result *r)
{
    struct out o = {out, cap, 0};
    put_slice(&o, h->method);
    PUT(&o, " ");
    put(&o, uri.p, uri.len);
    PUT(&o, " HTTP/1.1\r\n");
    put_field(&o, SLICE("Host"), host_of(h, r));
    put_request_fields(&o, h, r);
    put_edits(&o, r);
    if (h->framing == HTTP1_CHUNKED)
        PUT(&o, "Transfer-Encoding: chunked\r\n");
    if (h->upgrade)
        PUT(&o, "Connection: Upgrade\r\n");
    PUT(&o, "\r\n");
    return o.len;
}

/* ---- responses ----------------------------------------------------------------------------------- */

static void put_status_line(struct out *o, uint32_t status, struct slice reason)
{
    PUT(o, "HTTP/1.1 ");
    put_number(o, status);
    PUT(o, " ");
    put_slice(o, reason);
    PUT(o, "\r\n");
}

static void put_connection(struct out *o, const struct message_client *c)
{
    if (c->close)
        PUT(o, "Connection: close\r\n");
    else if (c->keep_alive)
        PUT(o, "Connection: keep-alive\r\n");
}

/* RFC 9110 section 8.6: no Content-Length in 1xx and 204; section 6.6.2: a Trailer field announces what is
 * sent. */
static bool is_passed_on(const struct http1_head *h, const struct http1_field *f,
                         const struct message_client *c)
{
    if (f->id == HTTP1_UPGRADE)
        return h->status == 101;
    if (f->id == HTTP1_CONTENT_LENGTH)
        return !c->chunk && h->status >= 200 && h->status != 204;
    return !f->hop && !(f->id == HTTP1_TRAILER && c->unchunk);
}

size_t message_response(char *out, size_t cap, const struct http1_head *h, const struct message_client *c)
{
    struct out o = {out, cap, 0};
    struct run run = {NULL, NULL};
    put_status_line(&o, h->status, h->reason);
    for (uint32_t i = 0; i < h->nfields; i++)
        if (is_passed_on(h, &h->fields[i], c))
            run_field(&o, &run, &h->fields[i]);
    run_flush(&o, &run);
    if (c->chunk || (h->framing == HTTP1_CHUNKED && !c->unchunk))
        PUT(&o, "Transfer-Encoding: chunked\r\n");
    if (h->status == 101)
        PUT(&o, "Connection: Upgrade\r\n");
    else
        put_connection(&o, c);
    PUT(&o, "\r\n");
    return o.len;
}

/* ---- answers of our own -------------------------------------------------------------------------- */

/* RFC 9110 sections 6.4.1 and 8.6. */
static bool has_no_body(uint32_t status)
{
    return status < 200 || status == 204 || status == 304;
}

static void put_default_page(struct out *o, uint32_t status)
{
    const char *reason = message_reason(status);
    for (int i = 0; i < 2; i++) {
        put_slice(o, i == 0 ? SLICE("<!doctype html><title>") : SLICE("<h1>"));
        put_number(o, status);
        if (*reason)
            PUT(o, " ");
        put_slice(o, slice_of(reason));
        put_slice(o, i == 0 ? SLICE("</title>") : SLICE("</h1>\n"));
    }
}

/* The headers of the reply, but for fields that are made here. True where Content-Type is among them. */
static bool put_reply_headers(struct out *o, const struct message_reply *r)
{
    bool typed = false;
    for (uint32_t i = 0; i < r->nheaders; i++) {
        struct slice name = slice_of_str(r->headers[i].name);
        if (is_ours(http1_field_id(name)))
            continue;
        typed |= slice_eq_nocase(name, SLICE("Content-Type"));
        put_field(o, name, slice_of_str(r->headers[i].value));
    }
    return typed;
}

/* What a body brings: its type and length, the end of the head, itself. */
static void put_body(struct out *o, const struct message_reply *r, bool typed)
{
    bool page = !r->body.p && r->status / 100 != 3 && r->status != 205;
    struct out counted = {NULL, 0, 0};
    if (page)
        put_default_page(&counted, r->status);
    if (!typed && page)
        PUT(o, "Content-Type: text/html\r\n");
    else if (!typed && r->body.len)
        PUT(o, "Content-Type: text/plain; charset=utf-8\r\n");
    PUT(o, "Content-Length: ");
    put_number(o, page ? counted.len : r->body.len);
    PUT(o, "\r\n\r\n");
    if (r->to_head)
        return;
    if (page)
        put_default_page(o, r->status);
    else
        put(o, r->body.p, r->body.len);
}

size_t message_reply(char *out, size_t cap, const struct message_reply *r)
{
    struct out o = {out, cap, 0};
    put_status_line(&o, r->status, slice_of(message_reason(r->status)));
    if (r->location.p)
        put_field(&o, SLICE("Location"), slice_of_str(r->location));
    bool typed = put_reply_headers(&o, r);
    put_connection(&o, &r->client);
    if (has_no_body(r->status))
        PUT(&o, "\r\n");
    else
        put_body(&o, r, typed);
    return o.len;
}

/* ---- reasons ------------------------------------------------------------------------------------- */

/* RFC 9110 section 15; RFC 6585, 8297, 8470, 7725, 7538 and 4918 for the others. Sorted. */
static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *message_reason(uint32_t status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons && reasons[i].status <= status; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
