/* Heads of HTTP/1 messages; see http1.h. The scanners find the lines; here is what the lines mean together:
 * which fields belong to the connection, how the body is framed, and what is refused. Statuses are those of a
 * request; for a response each becomes 502. */
#include "runtime/http1.h"

#include "runtime/base/norm.h"
#include "runtime/http1_scan.h"

enum { HOST_FIELD_MAX = 512 }; /* of a Host field that an absolute-form target overrules */

/* What the fields so far have shown. */
struct seen {
    const struct http1_field *host, *length, *coding, *upgrade;
    bool connection, close_option, keep_alive_option, upgrade_option;
    uint32_t options;
};

/* `name` is a field name and `lower` a name of the same length in lower case: among token characters, bit 5
 * alone separates no two that could be confused with a letter, a digit or "-". */
static bool is_name(struct slice name, const char *lower)
{
    for (size_t i = 0; i < name.len; i++)
        if ((name.p[i] | 0x20) != lower[i])
            return false;
    return true;
}

uint8_t http1_field_id(struct slice name)
{
    switch (name.len) {
    case 2:
        return is_name(name, "te") ? HTTP1_TE : HTTP1_OTHER;
    case 4:
        return is_name(name, "host") ? HTTP1_HOST : HTTP1_OTHER;
    case 6:
        return is_name(name, "cookie") ? HTTP1_COOKIE : is_name(name, "expect") ? HTTP1_EXPECT : HTTP1_OTHER;
    case 7:
        return is_name(name, "upgrade")   ? HTTP1_UPGRADE
               : is_name(name, "trailer") ? HTTP1_TRAILER
                                          : HTTP1_OTHER;
    case 10:
        return is_name(name, "connection")   ? HTTP1_CONNECTION
               : is_name(name, "keep-alive") ? HTTP1_KEEP_ALIVE
                                             : HTTP1_OTHER;
    case 14:
        return is_name(name, "content-length") ? HTTP1_CONTENT_LENGTH : HTTP1_OTHER;
    case 16:
        return is_name(name, "proxy-connection") ? HTTP1_PROXY_CONNECTION : HTTP1_OTHER;
    case 17:
        return is_name(name, "transfer-encoding") ? HTTP1_TRANSFER_ENCODING : HTTP1_OTHER;
    default:
        return HTTP1_OTHER;
    }
}

/* ---- lists (RFC 9110 section 5.6.1) -------------------------------------------------------------- */

/* Takes the next element, trimmed and perhaps empty, off a comma-separated list without quoted strings. The
 * list ends with p NULL. */
static bool next_element(struct slice *list, struct slice *element)
{
    if (!list->p)
        return false;
    const char *comma = list->len ? memchr(list->p, ',', list->len) : NULL;
    size_t n = comma ? (size_t)(comma - list->p) : list->len;
    *element = slice_trim((struct slice){list->p, n});
    *list = comma ? slice_from(*list, n + 1) : (struct slice){NULL, 0};
    return true;
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c))))
            return false;
    }
    return s.len > 0;
}

/* ---- framing fields ------------------------------------------------------------------------------ */

/* Content-Length is 1*DIGIT; a sign, a list or white space within is refused. Leading zeros are left out of
 * the value, so that nobody behind takes them for octal. Beyond 63 bits is refused. */
static bool take_length(struct http1_field *f, uint64_t *length)
{
    uint64_t n = 0;
    for (size_t i = 0; i < f->value.len; i++) {
        unsigned d = (unsigned)((unsigned char)f->value.p[i] - '0');
        if (d > 9 || n > ((uint64_t)INT64_MAX - d) / 10)
            return false;
        n = n * 10 + d;
    }
    if (f->value.len == 0)
        return false;
    while (f->value.len > 1 && f->value.p[0] == '0')
        f->value = slice_from(f->value, 1);
    *length = n;
    return true;
}

/* 0 for exactly "chunked" (names of codings compare without case, RFC 9112 section 7), else the status. */
static int coding_status(struct slice value)
{
    struct slice coding;
    bool chunked = false;
    if (slice_eq_nocase(value, SLICE("chunked")))
        return 0;
    while (next_element(&value, &coding)) {
        const char *semi = coding.len ? memchr(coding.p, ';', coding.len) : NULL;
        struct slice name = semi ? slice_trim((struct slice){coding.p, (size_t)(semi - coding.p)}) : coding;
        if (chunked || !is_token(name))
            return 400; /* something after chunked, or nothing that is a coding */
        chunked = slice_eq_nocase(name, SLICE("chunked"));
        if (chunked && semi)
            return 400; /* chunked has no parameters (RFC 9112 section 7.1) */
    }
    return 501;
}

/* Whether an Upgrade field names the protocol h2c. */
static bool names_h2c(struct slice value)
{
    struct slice protocol;
    while (next_element(&value, &protocol))
        if (protocol.len >= 3 && slice_eq_nocase((struct slice){protocol.p, 3}, SLICE("h2c")) &&
            (protocol.len == 3 || protocol.p[3] == '/'))
            return true;
    return false;
}

/* ---- Connection (RFC 9110 section 7.6.1) --------------------------------------------------------- */

/* Marks the fields of that name, before or after the Connection field. */
static void mark_hop(struct http1_head *h, struct slice name)
{
    for (uint32_t i = 0; i < h->nfields; i++) {
        struct http1_field *f = &h->fields[i];
        if (f->name.len == name.len && f->id != HTTP1_HOST && f->id != HTTP1_CONTENT_LENGTH &&
            slice_eq_nocase(f->name, name))
            f->hop = true;
    }
}

static int take_options(struct http1_head *h, struct slice list, struct seen *s)
{
    struct slice option;
    while (next_element(&list, &option)) {
        if (option.len == 0)
            continue; /* empty elements are to be ignored (RFC 9110 section 5.6.1.2) */
        if (++s->options > HTTP1_OPTIONS_MAX)
            return 431; /* each one costs a walk over the fields */
        if (!is_token(option))
            return 400;
        if (slice_eq_nocase(option, SLICE("close")))
            s->close_option = true;
        else if (slice_eq_nocase(option, SLICE("keep-alive")))
            s->keep_alive_option = true;
        else if (slice_eq_nocase(option, SLICE("upgrade")))
            s->upgrade_option = true;
        else
            mark_hop(h, option);
    }
    return 0;
}

/* After the last field. Sets close and upgrade. */
static int finish_connection(struct http1_head *h, struct seen *s)
{
    for (uint32_t i = 0; s->connection && i < h->nfields; i++) {
        int status = h->fields[i].id == HTTP1_CONNECTION ? take_options(h, h->fields[i].value, s) : 0;
        if (status)
            return status;
    }
    h->close = s->close_option || (h->minor == 0 && !s->keep_alive_option);
    h->upgrade = s->upgrade_option && s->upgrade && h->minor == 1;
    for (uint32_t i = 0; h->upgrade && i < h->nfields; i++)
        if (h->fields[i].id == HTTP1_UPGRADE &&
            (h->fields[i].value.len == 0 || names_h2c(h->fields[i].value)))
            h->upgrade = false;
    return 0;
}

/* ---- fields -------------------------------------------------------------------------------------- */

/* RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored, and so not passed on by us as 1.1. */
static int take_expect(struct http1_head *h, struct http1_field *f)
{
    if (h->minor == 0) {
        f->hop = true;
        return 0;
    }
    h->expect_continue = true;
    return slice_eq_nocase(f->value, SLICE("100-continue")) ? 0 : 417;
}

/* One field that the proxy looks at. Returns 0 or a status. */
static int take_field(struct http1_head *h, struct http1_field *f, struct seen *s, bool request)
{
    switch ((enum http1_field_id)f->id) {
    case HTTP1_HOST:
        if (request && s->host)
            return 400;
        s->host = f;
        return 0;
    case HTTP1_CONTENT_LENGTH: /* repeated or with a transfer coding: RFC 9112 section 6.3 */
        if (s->length || s->coding || !take_length(f, &h->length))
            return 400;
        s->length = f;
        return 0;
    case HTTP1_TRANSFER_ENCODING: /* RFC 9112 section 6.1; in HTTP/1.0 its framing is not to be trusted */
        f->hop = true;
        if (s->length || s->coding || h->minor == 0)
            return 400;
        s->coding = f;
        return coding_status(f->value);
    case HTTP1_CONNECTION:
        s->connection = f->hop = true;
        return 0;
    case HTTP1_UPGRADE:
        s->upgrade = f;
        f->hop = true;
        return 0;
    case HTTP1_KEEP_ALIVE:
    case HTTP1_PROXY_CONNECTION:
    case HTTP1_TE:
        f->hop = true;
        return 0;
    case HTTP1_EXPECT:
        return request ? take_expect(h, f) : 0;
    case HTTP1_TRAILER:
    case HTTP1_COOKIE:
    case HTTP1_OTHER:
        return 0;
    }
    return 0;
}

/* All fields and the empty line. Returns 0 where more bytes are needed, 1, or minus a status. */
static int parse_fields(struct http1_cursor *c, bool full, bool request, struct http1_head *h, struct seen *s)
{
    for (;;) {
        struct slice name, value;
        switch (http1_scan_field(c, &name, &value)) {
        case HTTP1_SCAN_MORE:
            return full ? -431 : 0;
        case HTTP1_SCAN_BAD:
            return -400;
        case HTTP1_SCAN_EMPTY:
            return 1;
        case HTTP1_SCAN_LINE:
            break;
        }
        if (h->nfields == HTTP1_FIELDS_MAX)
            return -431;
        struct http1_field *f = &h->fields[h->nfields++];
        *f = (struct http1_field){.name = name, .value = value, .id = http1_field_id(name)};
        int status = f->id == HTTP1_OTHER ? 0 : take_field(h, f, s, request);
        if (status)
            return -status;
    }
}

/* Everything but the fields themselves: the struct is large and used again for each message. */
static void clear(struct http1_head *h)
{
    h->method = h->target = h->scheme_authority = h->path_query = h->host = h->reason =
        (struct slice){NULL, 0};
    h->status = 0;
    h->minor = 0;
    h->framing = HTTP1_NONE;
    h->length = 0;
    h->close = h->upgrade = h->expect_continue = h->is_head = false;
    h->size = h->nfields = 0;
}

/* ---- requests ------------------------------------------------------------------------------------ */

/* http(s)://authority[path][?query]: RFC 9112 section 3.2.2. An empty host is refused (RFC 9110 section 4.2).
 */
static bool take_absolute(struct http1_head *h)
{
    struct slice t = h->target;
    size_t from = t.len > 7 && slice_eq_nocase((struct slice){t.p, 7}, SLICE("http://"))    ? 7
                  : t.len > 8 && slice_eq_nocase((struct slice){t.p, 8}, SLICE("https://")) ? 8
                                                                                            : 0;
    size_t to = from;
    while (to < t.len && t.p[to] != '/' && t.p[to] != '?')
        to++;
    if (from == 0 || to == from || t.p[from] == ':')
        return false;
    h->scheme_authority = (struct slice){t.p, to};
    h->host = (struct slice){t.p + from, to - from};
    h->path_query = slice_from(t, to);
    if (to == t.len) /* RFC 9112 section 3.2.4 for OPTIONS, 3.2.1 for the others */
        h->path_query = slice_eq(h->method, SLICE("OPTIONS")) ? SLICE("*") : SLICE("/");
    return true;
}

static int take_request_line(struct http1_head *h, const struct http1_request_line *line)
{
    h->method = line->method;
    h->target = h->path_query = line->target;
    h->is_head = slice_eq(line->method, SLICE("HEAD"));
    if (line->target.len > HTTP1_TARGET_MAX)
        return 414;
    if (line->major != 1)
        return 505;
    h->minor = line->minor > 0;
    if (slice_eq(line->method, SLICE("CONNECT")))
        return 501;
    if (line->target.p[0] == '/')
        return 0;
    if (slice_eq(line->target, SLICE("*")))
        return slice_eq(line->method, SLICE("OPTIONS")) ? 0 : 400;
    return take_absolute(h) ? 0 : 400;
}

/* A first line that is not complete: is its target too long already? */
static int short_request_line(const struct http1_cursor *c, bool full)
{
    struct slice line = {c->at, (size_t)(c->end - c->at)};
    const char *space = line.len ? memchr(line.p, ' ', line.len) : NULL;
    if (full)
        return -414;
    if (!space)
        return 0;
    struct slice target = slice_from(line, (size_t)(space + 1 - line.p));
    const char *after = target.len ? memchr(target.p, ' ', target.len) : NULL;
    return (after ? (size_t)(after - target.p) : target.len) > HTTP1_TARGET_MAX ? -414 : 0;
}

/* RFC 9112 section 3.2. That a host is well-formed is the normaliser's to say when it is used; the field that
 * an absolute-form target overrules is never used, so it is checked here. */
static int finish_host(struct http1_head *h, const struct seen *s)
{
    if (!s->host)
        return h->minor == 0 ? 0 : 400;
    if (!h->scheme_authority.p) {
        h->host = s->host->value;
        return 0;
    }
    char out[HOST_FIELD_MAX];
    struct slice ignored;
    return s->host->value.len <= sizeof out && norm_host(s->host->value, out, &ignored) ? 0 : 400;
}

static int finish_request(struct http1_head *h, struct seen *s)
{
    if (s->coding)
        h->framing = HTTP1_CHUNKED;
    else if (h->length)
        h->framing = HTTP1_LENGTH;
    int status = finish_host(h, s);
    return status ? status : finish_connection(h, s);
}

/* One empty line before a request, from a client that ends bodies with it. Returns its length, 0 where none,
 * -1 for a CR alone at the end. */
static int empty_line_before(struct slice bytes)
{
    if (bytes.len == 0 || bytes.p[0] != '\r')
        return 0;
    if (bytes.len == 1)
        return -1;
    return bytes.p[1] == '\n' ? 2 : 0;
}

int http1_parse_request(struct slice bytes, bool full, struct http1_head *h)
{
    int skip = empty_line_before(bytes);
    if (skip < 0)
        return full ? -414 : 0;
    struct http1_cursor c = http1_cursor(bytes);
    struct http1_request_line line;
    struct seen s = {0};
    clear(h);
    c.at += skip;
    switch (http1_scan_request_line(&c, &line)) {
    case HTTP1_SCAN_MORE:
        return short_request_line(&c, full);
    case HTTP1_SCAN_BAD:
    case HTTP1_SCAN_EMPTY:
        return -400;
    case HTTP1_SCAN_LINE:
        break;
    }
    int status = take_request_line(h, &line);
    if (status)
        return -status;
    int got = parse_fields(&c, full, true, h, &s);
    if (got <= 0)
        return got;
    h->size = (uint32_t)(c.at - bytes.p);
    status = finish_request(h, &s);
    return status ? -status : 1;
}

/* ---- responses ----------------------------------------------------------------------------------- */

/* RFC 9112 section 6.3, in its order. */
static uint8_t response_framing(const struct http1_head *h, const struct seen *s, bool to_head)
{
    if (to_head || h->status < 200 || h->status == 204 || h->status == 304)
        return HTTP1_NONE;
    if (s->coding)
        return HTTP1_CHUNKED;
    return s->length ? HTTP1_LENGTH : HTTP1_CLOSE;
}

int http1_parse_response(struct slice bytes, bool full, bool to_head, struct http1_head *h)
{
    struct http1_cursor c = http1_cursor(bytes);
    struct http1_status_line line;
    struct seen s = {0};
    clear(h);
    switch (http1_scan_status_line(&c, &line)) {
    case HTTP1_SCAN_MORE:
        return full ? -502 : 0;
    case HTTP1_SCAN_BAD:
    case HTTP1_SCAN_EMPTY:
        return -502;
    case HTTP1_SCAN_LINE:
        break;
    }
    if (line.major != 1 || line.status < 100 || line.status > 599)
        return -502;
    h->minor = line.minor > 0;
    h->status = line.status;
    h->reason = line.reason;
    int got = parse_fields(&c, full, false, h, &s);
    if (got <= 0)
        return got ? -502 : 0;
    if (finish_connection(h, &s))
        return -502;
    h->size = (uint32_t)(c.at - bytes.p);
    h->framing = response_framing(h, &s, to_head);
    return 1;
}
