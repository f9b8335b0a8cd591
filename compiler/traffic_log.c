/* Lines of access logs; see traffic_log.h. Each reader is strict, so that a line is in one format alone and
 * the first line that one of them takes tells a file's format. JSON is traffic_json.c. */
#include "compiler/traffic_log.h"

#include "compiler/url.h"

const char *traffic_format_text(enum traffic_format f)
{
    static const char *const texts[] = {
#define X(id, text) [TRAFFIC_##id] = text,
        TRAFFIC_FORMATS(X)
#undef X
            [TRAFFIC_UNKNOWN] = "unknown"};
    return texts[f];
}

enum traffic_format traffic_format_named(const char *name)
{
    for (int f = 0; f < TRAFFIC_UNKNOWN; f++)
        if (strcmp(traffic_format_text(f), name) == 0)
            return f;
    return TRAFFIC_UNKNOWN;
}

/* ---- parts of a line --------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_byte(struct slice s, size_t at)
{
    return at + 1 < s.len && hex(s.p[at]) >= 0 && hex(s.p[at + 1]) >= 0 ? hex(s.p[at]) << 4 | hex(s.p[at + 1])
                                                                        : -1;
}

/* A word up to the next space; NULL at the end. */
static struct slice take_word(struct slice *s)
{
    size_t n = 0;
    while (s->len && s->p[0] == ' ')
        *s = slice_from(*s, 1);
    while (n < s->len && s->p[n] != ' ')
        n++;
    struct slice word = {n ? s->p : NULL, n};
    *s = slice_from(*s, n);
    return word;
}

/* What stands in quotes, as nginx and Apache write it: \xHH, \" and \\. */
static bool take_quoted(struct slice *s, char **scratch, struct slice *out)
{
    char *o = *scratch;
    size_t i = 1;
    while (s->len && s->p[0] == ' ')
        *s = slice_from(*s, 1);
    if (s->len == 0 || s->p[0] != '"')
        return false;
    for (; i < s->len && s->p[i] != '"'; i++) {
        int byte = (unsigned char)s->p[i];
        if (byte == '\\' && i + 1 < s->len) {
            char c = s->p[++i];
            byte = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : (unsigned char)c;
            if (c == 'x' && hex_byte(*s, i + 1) >= 0) {
                byte = hex_byte(*s, i + 1);
                i += 2;
            }
        }
        *o++ = (char)byte;
    }
    if (i >= s->len)
        return false;
    *out = (struct slice){*scratch, (size_t)(o - *scratch)};
    *scratch = o;
    *s = slice_from(*s, i + 1);
    return true;
}

bool traffic_is_method(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '-' ||
              s.p[i] == '_'))
            return false;
    return s.len > 0;
}

const char *traffic_take_target(struct slice target, struct traffic_line *out)
{
    struct url url;
    if (target.len == 0)
        return "the target of the request is empty";
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 0x7f)
            return "the target of the request holds a space or control characters";
    out->target = target;
    if (target.p[0] == '/' || slice_eq(target, SLICE("*")))
        return NULL;
    if (!url_split(target, &url))
        return "the target of the request is neither a path nor a URL";
    out->host = url.authority;
    out->has_tls = true;
    out->tls = url.tls;
    out->target = url.rest.len && url.rest.p[0] == '/' ? url.rest : SLICE("/");
    if (url.rest.len == 0 && slice_eq(out->method, SLICE("OPTIONS")))
        out->target = SLICE("*");
    return NULL;
}

const char *traffic_take_request(struct slice text, struct traffic_line *out)
{
    const char *first = memchr(text.p, ' ', text.len), *last = memrchr(text.p, ' ', text.len);
    if (!first || first == last)
        return text.len <= 1 ? "it holds no request" : "the request is not METHOD TARGET HTTP/VERSION";
    out->method = (struct slice){text.p, (size_t)(first - text.p)};
    if (!traffic_is_method(out->method) ||
        !slice_starts(slice_from(text, (size_t)(last + 1 - text.p)), SLICE("HTTP/")))
        return "the request is not METHOD TARGET HTTP/VERSION";
    out->http10 = slice_eq(slice_from(text, (size_t)(last + 1 - text.p)), SLICE("HTTP/1.0"));
    return traffic_take_target((struct slice){first + 1, (size_t)(last - first - 1)}, out);
}

static bool take_number(struct slice s, uint16_t *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || n > UINT16_MAX)
            return false;
        n = n * 10 + (uint32_t)(s.p[i] - '0');
    }
    *out = (uint16_t)n;
    return s.len > 0 && n <= UINT16_MAX;
}

bool traffic_take_client(struct slice text, struct traffic_line *out)
{
    out->has_ip = text.len && ip_parse(text, &out->ip);
    if (out->has_ip)
        return true;
    const char *colon = text.len ? memrchr(text.p, ':', text.len) : NULL;
    if (!colon)
        return false;
    struct slice ip = {text.p, (size_t)(colon - text.p)};
    if (ip.len > 2 && ip.p[0] == '[' && ip.p[ip.len - 1] == ']')
        ip = (struct slice){ip.p + 1, ip.len - 2};
    out->has_ip = ip_parse(ip, &out->ip);
    out->has_port =
        out->has_ip && take_number(slice_from(text, ip.len + (ip.p == text.p ? 1 : 3)), &out->port);
    return out->has_ip && out->has_port;
}

void traffic_take_header(struct slice name, struct slice value, struct traffic_line *out)
{
    if (value.len == 0 || slice_eq(value, SLICE("-")) || out->nheaders == TRAFFIC_HEADERS_MAX)
        return;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
            return; /* no request can carry it */
    out->headers[out->nheaders++] = (struct eval_header){name, value};
}

/* ---- combined and vhost ------------------------------------------------------------------------ */

/* `CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES "REFERER" "AGENT"`; what follows the request may be
 * missing. */
static const char *read_combined(struct slice s, char *scratch, struct traffic_line *out)
{
    static const char *const no = "it is not CLIENT IDENT USER [TIME] \"REQUEST\" …";
    struct slice client = take_word(&s), ident = take_word(&s), request, value;
    const char *time = s.len ? memmem(s.p, s.len, " [", 2) : NULL;
    if (!ident.p || !time || time == s.p || client.p[0] == '"')
        return no;
    s = slice_from(s, (size_t)(time - s.p));
    const char *end = memmem(s.p, s.len, "] \"", 3);
    if (!end)
        return no;
    s = slice_from(s, (size_t)(end + 2 - s.p));
    traffic_take_client(client, out); /* a name of a host says no address */
    if (!take_quoted(&s, &scratch, &request))
        return no;
    const char *why = traffic_take_request(request, out);
    take_word(&s);
    take_word(&s);
    if (take_quoted(&s, &scratch, &value))
        traffic_take_header(SLICE("Referer"), value, out);
    if (take_quoted(&s, &scratch, &value))
        traffic_take_header(SLICE("User-Agent"), value, out);
    return why;
}

/* The host in front of it, with the port at which it was received: 443 is TLS. */
static const char *read_vhost(struct slice s, char *scratch, struct traffic_line *out)
{
    struct slice host = take_word(&s), rest = s, client = take_word(&s);
    struct traffic_line probe = {0};
    if (!host.p || !client.p || traffic_take_client(host, &probe) || take_word(&s).p == NULL ||
        take_word(&s).p == NULL || s.len < 2 || !memmem(s.p, s.len, " [", 2))
        return "it is not HOST:PORT CLIENT IDENT USER [TIME] \"REQUEST\" …";
    const char *colon = memrchr(host.p, ':', host.len);
    const char *why = read_combined(rest, scratch, out);
    if (!out->host.p)
        out->host = (struct slice){host.p, colon ? (size_t)(colon - host.p) : host.len};
    if (colon && !out->has_tls) {
        out->has_tls = true;
        out->tls = slice_eq(slice_from(host, (size_t)(colon + 1 - host.p)), SLICE("443"));
    }
    return why;
}

/* ---- HAProxy ----------------------------------------------------------------------------------- */

/* Bytes that HAProxy does not log as they are: #HH. */
static struct slice decode_haproxy(struct slice s, char **scratch)
{
    char *o = *scratch;
    for (size_t i = 0; i < s.len; i++) {
        int byte = s.p[i] == '#' ? hex_byte(s, i + 1) : -1;
        *o++ = byte >= 0 ? (char)byte : s.p[i];
        i += byte >= 0 ? 2 : 0;
    }
    struct slice out = {*scratch, (size_t)(o - *scratch)};
    *scratch = o;
    return out;
}

static bool could_be_host(struct slice s)
{
    bool any = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        any |= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-._:[]", c)) || c == 0)
            return false;
    }
    return any;
}

/* `CLIENT:PORT [` behind whatever a logger put in front. Leaves what follows the time. */
static bool take_haproxy_client(struct slice *s, struct traffic_line *out)
{
    for (const char *at = s->p; (at = memmem(at, s->len - (size_t)(at - s->p), " [", 2)); at += 2) {
        const char *from = at;
        while (from > s->p && from[-1] != ' ')
            from--;
        const char *end = memchr(at, ']', s->len - (size_t)(at - s->p));
        if (!traffic_take_client((struct slice){from, (size_t)(at - from)}, out) || !out->has_port || !end)
            continue;
        *s = slice_from(*s, (size_t)(end + 1 - s->p));
        return true;
    }
    return false;
}

static const char *read_haproxy(struct slice s, char *scratch, struct traffic_line *out)
{
    static const char *const no = "it is no line of HAProxy's HTTP log";
    if (s.len == 0 || !take_haproxy_client(&s, out))
        return no;
    struct slice frontend = take_word(&s), server = take_word(&s), timers = take_word(&s);
    if (!timers.p || !memchr(server.p, '/', server.len) || !memchr(timers.p, '/', timers.len))
        return no;
    out->has_tls = true;
    out->tls = frontend.p[frontend.len - 1] == '~';
    out->frontend = (struct slice){frontend.p, frontend.len - out->tls};
    const char *open = memchr(s.p, '"', s.len), *close = s.len ? memrchr(s.p, '"', s.len) : NULL;
    if (!open || close == open)
        return "the request is missing, or cut short";
    /* The first captured header, as `capture request header Host len 64` gives it. */
    const char *brace = memmem(s.p, (size_t)(open - s.p), " {", 2);
    if (brace) {
        struct slice host = slice_from(s, (size_t)(brace + 2 - s.p));
        host.len = (size_t)(open - host.p);
        for (size_t i = 0; i < host.len; i++)
            if (host.p[i] == '|' || host.p[i] == '}')
                host.len = i;
        if (could_be_host(host))
            out->host = host;
    }
    bool tls = out->tls;
    const char *why = traffic_take_request(
        decode_haproxy((struct slice){open + 1, (size_t)(close - open - 1)}, &scratch), out);
    out->tls = tls; /* of the connection, whatever the target says */
    return why;
}

/* ---- all --------------------------------------------------------------------------------------- */

const char *traffic_read(enum traffic_format format, struct slice line, char *scratch, struct arena *a,
                         struct traffic_line *out)
{
    out->method = out->target = out->host = out->frontend = (struct slice){NULL, 0};
    out->has_ip = out->has_port = out->has_tls = out->tls = out->all_headers = out->http10 = false;
    out->nheaders = 0;
    const char *why = "its format is not known";
    switch (format) {
    case TRAFFIC_JSON:
        why = traffic_read_json(line, a, out);
        break;
    case TRAFFIC_HAPROXY:
        why = read_haproxy(line, scratch, out);
        break;
    case TRAFFIC_VHOST:
        why = read_vhost(line, scratch, out);
        break;
    case TRAFFIC_COMBINED:
        why = read_combined(line, scratch, out);
        break;
    case TRAFFIC_UNKNOWN:
        break;
    }
    for (size_t i = 0; !why && i < out->host.len; i++)
        if ((unsigned char)out->host.p[i] <= ' ' || out->host.p[i] == 0x7f)
            why = "the host holds a space or control characters";
    return why;
}
