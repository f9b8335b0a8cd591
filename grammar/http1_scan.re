/* Scanners for the lines of HTTP/1 messages; see runtime/http1_scan.h. Those of heads are compiled twice:
 * `bounded` checks the end at each byte, the other relies on an LF ahead (note [lf]). NUL is in no rule, so that it can stand for the end. */
#include "runtime/http1_scan.h"

#define YYCTYPE unsigned char
#define YYPEEK() (!bounded || at < end ? (unsigned char)*at : (short_of = true, (unsigned char)0))
#define YYSKIP() (at++)
#define YYBACKUP() (marker = at)
#define YYRESTORE() (at = marker)
#define SCANNER static inline __attribute__((always_inline)) enum http1_scan
#define STOPPED (short_of ? HTTP1_SCAN_MORE : HTTP1_SCAN_BAD)

/*!re2c
re2c:api = custom;
re2c:api:style = functions;
re2c:yyfill:enable = 0;
re2c:bit-vectors = 1;

crlf   = "\r\n";
digit  = [0-9];
tchar  = [-!#$%&'*+.^_`|~0-9A-Za-z];          // RFC 9110 section 5.6.2
fchar  = [\t \x21-\x7e\x80-\xff];             // field-vchar, SP, HTAB: RFC 9110 section 5.5
uchar  = [\x21\x22\x24-\x7e];                 // visible, and no "#": a target holds no fragment (RFC 9112 section 3.2)
ows    = [ \t]*;
quoted = ["] ([\t \x21\x23-\x5b\x5d-\x7e\x80-\xff] | "\\" fchar)* ["]; // RFC 9110 section 5.6.4
*/

static struct slice between(const char *from, const char *to)
{
    return (struct slice){from, (size_t)(to - from)};
}

/* Without white space at both ends. */
static struct slice trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return between(from, to);
}

/* method SP request-target SP HTTP-version CRLF: RFC 9112 section 3. */
SCANNER request_line(struct http1_cursor *c, struct http1_request_line *line, const bool bounded)
{
    const char *at = c->at, *const end = c->end, *from = at, *marker = at;
    bool short_of = false;
    /*!re2c
    tchar+ " " { goto target; }
    *          { return STOPPED; }
    */
target:
    line->method = between(from, at - 1);
    from = at;
    /*!re2c
    uchar+ " " { goto version; }
    *          { return STOPPED; }
    */
version:
    line->target = between(from, at - 1);
    from = at;
    /*!re2c
    "HTTP/" digit "." digit crlf { goto done; }
    *                            { return STOPPED; }
    */
done:
    (void)marker;
    line->major = (uint8_t)(from[5] - '0');
    line->minor = (uint8_t)(from[7] - '0');
    c->at = at;
    return HTTP1_SCAN_LINE;
}

/* HTTP-version SP status-code SP [ reason-phrase ] CRLF: RFC 9112 section 4. Servers that leave out the second SP are
 * common enough. */
SCANNER status_line(struct http1_cursor *c, struct http1_status_line *line, const bool bounded)
{
    const char *at = c->at, *const end = c->end, *const from = at, *marker = at;
    bool short_of = false;
    /*!re2c
    "HTTP/" digit "." digit " " digit{3} { goto reason; }
    *                                    { return STOPPED; }
    */
reason:
    line->major = (uint8_t)(from[5] - '0');
    line->minor = (uint8_t)(from[7] - '0');
    line->status = (uint16_t)((from[9] - '0') * 100 + (from[10] - '0') * 10 + (from[11] - '0'));
    /*!re2c
    (" " fchar*)? crlf { goto done; }
    *                  { return STOPPED; }
    */
done:
    (void)marker;
    line->reason = trimmed(from + 12, at - 2);
    c->at = at;
    return HTTP1_SCAN_LINE;
}

SCANNER field_line(struct http1_cursor *c, struct slice *name, struct slice *value, const bool bounded)
{
    const char *at = c->at, *const end = c->end, *from = at, *marker = at;
    bool short_of = false;
    /*!re2c
    tchar+ ":" { goto value; }
    crlf       { c->at = at; return HTTP1_SCAN_EMPTY; }
    *          { return STOPPED; }
    */
value:
    *name = between(from, at - 1);
    from = at;
    /*!re2c
    fchar* crlf { goto done; }
    *           { return STOPPED; }
    */
done:
    (void)marker;
    *value = trimmed(from, at - 2);
    c->at = at;
    return HTTP1_SCAN_LINE;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Sizes of more than 16 digits or beyond 63 bits are refused: RFC 9112 section 7.1 asks to look out for overflow. */
enum http1_scan http1_scan_chunk_line(struct http1_cursor *c, uint64_t *size)
{
    const char *at = c->at, *const end = c->end, *const from = at, *marker = at;
    const bool bounded = true;
    bool short_of = false;
    /*!re2c
    [0-9a-fA-F]+ (ows ";" ows tchar+ (ows "=" ows (tchar+ | quoted))?)* crlf { goto done; }
    * { return STOPPED; }
    */
done:
    (void)marker;
    *size = 0;
    for (const char *p = from; hex_value(*p) >= 0; p++) {
        if (p == from + 16 || *size >> 59)
            return HTTP1_SCAN_BAD;
        *size = *size << 4 | (uint64_t)hex_value(*p);
    }
    c->at = at;
    return HTTP1_SCAN_LINE;
}

struct http1_cursor http1_cursor(struct slice bytes)
{
    const char *lf = bytes.len ? memrchr(bytes.p, '\n', bytes.len) : NULL;
    return (struct http1_cursor){bytes.p, bytes.p + bytes.len, lf ? lf + 1 : bytes.p};
}

enum http1_scan http1_scan_request_line(struct http1_cursor *c, struct http1_request_line *line)
{
    return c->at < c->whole ? request_line(c, line, false) : request_line(c, line, true);
}

enum http1_scan http1_scan_status_line(struct http1_cursor *c, struct http1_status_line *line)
{
    return c->at < c->whole ? status_line(c, line, false) : status_line(c, line, true);
}

enum http1_scan http1_scan_field(struct http1_cursor *c, struct slice *name, struct slice *value)
{
    return c->at < c->whole ? field_line(c, name, value, false) : field_line(c, name, value, true);
}
