/* The normaliser of norm.h. */
#include "norm.h"

enum { UNRESERVED = 1, HOST = 2 };

/* Classes of bytes. UNRESERVED: RFC 3986 section 2.3. HOST: what a registered name may hold. */
static uint8_t byte_class(unsigned char c)
{
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alnum || (c && strchr("-._~", c)))
        return UNRESERVED | HOST;
    return c && strchr("!$&'()*+,;=", c) ? HOST : 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of the escape at s.p[i], or -1 where there is no well-formed escape. */
static int escape_at(struct slice s, size_t i)
{
    if (i + 2 >= s.len || s.p[i] != '%')
        return -1;
    int hi = hex_digit(s.p[i + 1]), lo = hex_digit(s.p[i + 2]);
    return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

static bool is_port(struct slice s)
{
    if (s.len > 5)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

static bool norm_ip_literal(struct slice raw, char *out, struct slice *host)
{
    size_t n = 1;
    while (n < raw.len && raw.p[n] != ']') {
        char c = raw.p[n];
        if (hex_digit(c) < 0 && c != ':' && c != '.')
            return false;
        n++;
    }
    if (n == 1 || n == raw.len)
        return false;
    n++;
    if (n < raw.len && (raw.p[n] != ':' || !is_port(slice_from(raw, n + 1))))
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = ascii_lower(raw.p[i]);
    *host = (struct slice){out, n};
    return true;
}

bool norm_host(struct slice raw, char *out, struct slice *host)
{
    if (raw.len && raw.p[0] == '[')
        return norm_ip_literal(raw, out, host);
    size_t n = 0;
    for (; n < raw.len && raw.p[n] != ':'; n++) {
        unsigned char c = (unsigned char)raw.p[n];
        /* The common bytes first: this runs for each request. */
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-')
            out[n] = (char)c;
        else if (byte_class(c) & HOST)
            out[n] = ascii_lower((char)c);
        else
            return false;
    }
    if (n < raw.len && !is_port(slice_from(raw, n + 1)))
        return false;
    if (n && out[n - 1] == '.')
        n--;
    *host = (struct slice){out, n};
    return true;
}

bool norm_path_is_clean(struct slice raw)
{
    if (raw.len == 0 || raw.p[0] != '/')
        return false;
    bool after_slash = true;
    for (size_t i = 1; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        /* A dot at the start of a segment may be a dot segment: let norm_path() look. */
        if (c <= ' ' || c >= 0x7f || c == '%' || c == '#' || c == '?' ||
            (after_slash && (c == '/' || c == '.')))
            return false;
        after_slash = c == '/';
    }
    return true;
}

/* Ends the segment that began at `seg`: removes it if it is a dot segment. Returns the new length. */
static size_t end_segment(char *out, size_t o, size_t seg)
{
    size_t n = o - seg;
    if (n == 1 && out[seg] == '.')
        return seg;
    if (n == 2 && out[seg] == '.' && out[seg + 1] == '.') {
        o = seg;
        if (o > 1)
            for (o--; out[o - 1] != '/'; o--)
                ;
    }
    return o;
}

bool norm_path(struct slice raw, char *out, struct slice *path)
{
    static const char hex[] = "0123456789ABCDEF";
    if (raw.len == 0 || raw.p[0] != '/')
        return false;
    size_t o = 1, seg = 1;
    out[0] = '/';
    for (size_t i = 1; i < raw.len; i++) {
        int c = (unsigned char)raw.p[i];
        if (c == '/') {
            o = end_segment(out, o, seg);
            if (out[o - 1] != '/')
                out[o++] = '/';
            seg = o;
        } else if (c == '%') {
            int e = escape_at(raw, i);
            if (e <= 0 || e == '/')
                return false;
            if (byte_class((unsigned char)e) & UNRESERVED) {
                out[o++] = (char)e;
            } else {
                out[o++] = '%';
                out[o++] = hex[e >> 4];
                out[o++] = hex[e & 15];
            }
            i += 2;
        } else if (c <= ' ' || c >= 0x7f || c == '#' || c == '?') {
            return false;
        } else {
            out[o++] = (char)c;
        }
    }
    *path = (struct slice){out, end_segment(out, o, seg)};
    return true;
}

/* Decodes one byte of a query at `*i`, and steps over it. */
static char query_byte(struct slice s, size_t *i)
{
    int e = escape_at(s, *i);
    if (e >= 0) {
        *i += 3;
        return (char)e;
    }
    char c = s.p[(*i)++];
    return c == '+' ? ' ' : c;
}

static bool query_name_is(struct slice raw, struct slice name)
{
    size_t i = 0, k = 0;
    while (i < raw.len)
        if (k == name.len || query_byte(raw, &i) != name.p[k++])
            return false;
    return k == name.len;
}

bool norm_query_get(struct slice query, struct slice name, char *out, struct slice *value)
{
    for (size_t at = 0; at < query.len;) {
        const char *amp = memchr(query.p + at, '&', query.len - at);
        size_t end = amp ? (size_t)(amp - query.p) : query.len;
        const char *eq = memchr(query.p + at, '=', end - at);
        size_t name_end = eq ? (size_t)(eq - query.p) : end;
        if (query_name_is((struct slice){query.p + at, name_end - at}, name) &&
            (end > at || name.len)) {
            size_t from = eq ? name_end + 1 : end;
            struct slice raw = {query.p + from, end - from};
            *value = raw;
            if (raw.len && (memchr(raw.p, '%', raw.len) || memchr(raw.p, '+', raw.len))) {
                size_t o = 0;
                for (size_t i = 0; i < raw.len;)
                    out[o++] = query_byte(raw, &i);
                *value = (struct slice){out, o};
            }
            return true;
        }
        at = end + 1;
    }
    return false;
}

bool norm_cookie_get(struct slice field, struct slice name, struct slice *value)
{
    for (size_t at = 0; at < field.len;) {
        const char *semi = memchr(field.p + at, ';', field.len - at);
        size_t end = semi ? (size_t)(semi - field.p) : field.len;
        const char *eq = memchr(field.p + at, '=', end - at);
        if (eq && slice_eq(slice_trim((struct slice){field.p + at, (size_t)(eq - field.p) - at}), name)) {
            *value = slice_trim((struct slice){eq + 1, (size_t)(field.p + end - eq - 1)});
            return true;
        }
        at = end + 1;
    }
    return false;
}

size_t norm_field_value(struct slice value, char *out)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.p[i];
        out[i] = (c < 0x20 && c != '\t') || c == 0x7f ? ' ' : (char)c;
    }
    struct slice t = slice_trim((struct slice){out, value.len});
    memmove(out, t.p, t.len);
    return t.len;
}
