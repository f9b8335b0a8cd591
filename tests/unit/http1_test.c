/* Heads of requests and responses: what is accepted, what it means, what is refused with which status. Each
 * input is in memory of exactly its size, and each accepted head is cut at every byte: a beginning is never
 * an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/http1.h"

enum kind { REQUEST, RESPONSE, RESPONSE_TO_HEAD };

static int parse(enum kind kind, struct slice bytes, bool full, struct http1_head *h)
{
    return kind == REQUEST ? http1_parse_request(bytes, full, h)
                           : http1_parse_response(bytes, full, kind == RESPONSE_TO_HEAD, h);
}

/* Of a copy of exactly that size. The caller frees `*copy` once it is done with `h`. */
static int parse_copy(enum kind kind, const char *p, size_t n, struct http1_head *h, char **copy)
{
    *copy = malloc(n ? n : 1);
    memcpy(*copy, p, n);
    memset(h, 0xa5, sizeof *h); /* the struct is used again and again: nothing may be left from before */
    return parse(kind, (struct slice){*copy, n}, false, h);
}

static char *accept_head(enum kind kind, const char *text, struct http1_head *h)
{
    char *copy;
    for (size_t n = 0; n < strlen(text); n++) {
        int got = parse_copy(kind, text, n, h, &copy);
        free(copy);
        if (got != 0)
            fail_msg("%d after %zu bytes of %s", got, n, text);
    }
    int got = parse_copy(kind, text, strlen(text), h, &copy);
    if (got != 1)
        fail_msg("%d for %s", got, text);
    assert_int_equal(h->size, strlen(text));
    return copy;
}

static void refuse(enum kind kind, const char *text, size_t n, int status)
{
    static struct http1_head h;
    char *copy;
    int got = parse_copy(kind, text, n, &h, &copy);
    free(copy);
    if (got != -status)
        fail_msg("%d instead of %d for %s", got, -status, text);
}

static void is_text(struct slice s, const char *want)
{
    if (!want) {
        assert_null(s.p);
        return;
    }
    if (!s.p || !slice_eq(s, slice_of(want)))
        fail_msg("'%.*s' instead of '%s'", SLICE_ARG(s), want);
}

static struct http1_head h;

static void test_request(void **state)
{
    (void)state;
    char *copy = accept_head(
        REQUEST,
        "GET /a?b=c HTTP/1.1\r\nHost: x.example\r\nUser-Agent:\t curl/8 (a b)\t \r\nAccept:*/*\r\nX:\r\n\r\n",
        &h);
    is_text(h.method, "GET");
    is_text(h.target, "/a?b=c");
    is_text(h.path_query, "/a?b=c");
    is_text(h.host, "x.example");
    is_text(h.scheme_authority, NULL);
    assert_int_equal(h.minor, 1);
    assert_int_equal(h.framing, HTTP1_NONE);
    assert_false(h.close || h.upgrade || h.expect_continue || h.is_head);
    assert_int_equal(h.nfields, 4);
    is_text(h.fields[1].name, "User-Agent");
    is_text(h.fields[1].value, "curl/8 (a b)");
    assert_int_equal(h.fields[0].id, HTTP1_HOST);
    assert_int_equal(h.fields[1].id, HTTP1_OTHER);
    is_text(h.fields[2].value, "*/*");
    is_text(h.fields[3].value, "");
    free(copy);
}

static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *line, *authority, *path_query, *host;
    } good[] = {
        {"GET / HTTP/1.1", NULL, "/", "field"},
        {"M-SEARCH //x/../y?z HTTP/1.1", NULL, "//x/../y?z", "field"},
        {"OPTIONS * HTTP/1.1", NULL, "*", "field"},
        {"GET http://a.example/x HTTP/1.1", "http://a.example", "/x", "a.example"},
        {"GET HTTPS://a.example:8443/x?y HTTP/1.1", "HTTPS://a.example:8443", "/x?y", "a.example:8443"},
        {"GET http://a.example HTTP/1.1", "http://a.example", "/", "a.example"},
        {"GET http://a.example?q HTTP/1.1", "http://a.example", "?q", "a.example"},
        {"OPTIONS http://a.example:80 HTTP/1.1", "http://a.example:80", "*", "a.example:80"},
        {"GET http://[::1]:80/ HTTP/1.1", "http://[::1]:80", "/", "[::1]:80"},
        {"GET / HTTP/1.7", NULL, "/", "field"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s\r\nHost: field\r\n\r\n", good[i].line);
        char *copy = accept_head(REQUEST, text, &h);
        is_text(h.scheme_authority, good[i].authority);
        is_text(h.path_query, good[i].path_query);
        is_text(h.host, good[i].host);
        assert_int_equal(h.minor, 1);
        free(copy);
    }
}

static void test_flags(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t minor;
        bool close, upgrade, expect, head;
    } good[] = {
        {"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 1, false, false, false, true},
        {"GET / HTTP/1.0\r\n\r\n", 0, true, false, false, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 0, false, false, false, false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 0, true, false, false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: , CLOSE ,\r\n\r\n", 1, true,
         false, false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", 1,
         false, true, false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\r\n", 1, false, false, false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 1, false, false, false, false},
        {"GET / HTTP/1.0\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 0, true, false,
         false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
         "h2c\r\nHTTP2-Settings: AA\r\n\r\n",
         1, false, false, false, false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket, H2C/1\r\n\r\n", 1, false,
         false, false, false},
        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", 1, false, false,
         true, false},
        {"POST / HTTP/1.0\r\nHost: x\r\nExpect: what\r\nContent-Length: 1\r\n\r\n", 0, true, false, false,
         false},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *copy = accept_head(REQUEST, good[i].text, &h);
        if (h.minor != good[i].minor || h.close != good[i].close || h.upgrade != good[i].upgrade ||
            h.expect_continue != good[i].expect || h.is_head != good[i].head)
            fail_msg("minor %d close %d upgrade %d expect %d head %d for %s", h.minor, h.close, h.upgrade,
                     h.expect_continue, h.is_head, good[i].text);
        free(copy);
    }
}

static void test_hop(void **state)
{
    (void)state;
    char *copy = accept_head(
        REQUEST,
        "GET / HTTP/1.1\r\nx-early: 1\r\nHost: x\r\nConnection: X-Early, host, content-length, X-late\r\n"
        "X-Late: 1\r\nX-Stays: 1\r\nKeep-Alive: 1\r\nProxy-Connection: 1\r\nTE: trailers\r\nUpgrade: a\r\n"
        "Trailer: X-Sum\r\nCookie: a=b\r\nContent-Length: 0\r\n\r\n",
        &h);
    static const bool hop[] = {true, false, true, true, false, true, true, true, true, false, false, false};
    assert_int_equal(h.nfields, sizeof hop / sizeof *hop);
    for (uint32_t i = 0; i < h.nfields; i++)
        if (h.fields[i].hop != hop[i])
            fail_msg("%.*s", SLICE_ARG(h.fields[i].name));
    free(copy);
}

static void test_request_framing(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        enum http1_framing framing;
        uint64_t length;
    } good[] = {
        {"", HTTP1_NONE, 0},
        {"Content-Length: 0\r\n", HTTP1_NONE, 0},
        {"content-length:12\r\n", HTTP1_LENGTH, 12},
        {"Content-Length: 0007 \r\n", HTTP1_LENGTH, 7},
        {"CONTENT-LENGTH: 9223372036854775807\r\n", HTTP1_LENGTH, INT64_MAX},
        {"Transfer-Encoding: chunked\r\n", HTTP1_CHUNKED, 0},
        {"Transfer-Encoding:\t Chunked \t\r\n", HTTP1_CHUNKED, 0},
        {"Transfer-Encodings: gzip\r\nXContent-Length: x\r\n", HTTP1_NONE, 0},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[256];
        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", good[i].fields);
        char *copy = accept_head(REQUEST, text, &h);
        assert_int_equal(h.framing, good[i].framing);
        assert_int_equal(h.length, good[i].length);
        free(copy);
    }
}

/* Leading zeros do not reach the server. */
static void test_length_value(void **state)
{
    (void)state;
    char *copy =
        accept_head(REQUEST, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 010\r\nA: b\r\n\r\n", &h);
    assert_int_equal(h.length, 10);
    is_text(h.fields[1].value, "10");
    free(copy);
    copy = accept_head(REQUEST, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 000\r\n\r\n", &h);
    is_text(h.fields[1].value, "0");
    free(copy);
}

static void test_bad_fields(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        int status;
    } bad[] = {
        /* lengths */
        {"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
        {"Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
        {"Content-Length: 3, 3\r\n\r\n", 400},
        {"Content-Length: +3\r\n\r\n", 400},
        {"Content-Length: -1\r\n\r\n", 400},
        {"Content-Length: 0x3\r\n\r\n", 400},
        {"Content-Length: \r\n\r\n", 400},
        {"Content-Length: 3 4\r\n\r\n", 400},
        {"Content-Length: 1.0\r\n\r\n", 400},
        {"Content-Length: 1;\r\n\r\n", 400},
        {"Content-Length: \"1\"\r\n\r\n", 400},
        {"Content-Length: 9223372036854775808\r\n\r\n", 400},
        {"Content-Length: 18446744073709551617\r\n\r\n", 400},
        {"Content-Length: 99999999999999999999\r\n\r\n", 400},
        /* both framings, in either order */
        {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        {"Transfer-Encoding: chunked\r\ncontent-length: 0\r\n\r\n", 400},
        /* codings */
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n\r\n", 400},
        {"Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
        {"Transfer-Encoding: chunked, identity\r\n\r\n", 400},
        {"Transfer-Encoding: chunked,\r\n\r\n", 400},
        {"Transfer-Encoding: ,chunked\r\n\r\n", 400},
        {"Transfer-Encoding: chunked;q=1\r\n\r\n", 400},
        {"Transfer-Encoding: chunked x\r\n\r\n", 400},
        {"Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
        {"Transfer-Encoding: chu\tnked\r\n\r\n", 400},
        {"Transfer-Encoding:\r\n\r\n", 400},
        {"Transfer-Encoding: \x0b"
         "chunked\r\n\r\n",
         400},
        {"Transfer-Encoding: chunked\x0c\r\n\r\n", 400},
        {"Transfer-Encoding:\r\n chunked\r\n\r\n", 400},
        {"Transfer-Encoding : chunked\r\n\r\n", 400},
        {"Transfer-Encoding\t: chunked\r\n\r\n", 400},
        {"Transfer-Encoding: gzip\r\n\r\n", 501},
        {"Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"Transfer-Encoding: gzip;level=9 , chunked\r\n\r\n", 501},
        {"Transfer-Encoding: identity\r\n\r\n", 501},
        {"Transfer-Encoding: xchunked\r\n\r\n", 501},
        {"Transfer-Encoding: chunkedx\r\n\r\n", 501},
        /* lines: reported at once, before the head is whole */
        {"X-A: 1\r\n folded", 400},
        {"X-A: 1\r\n\tfolded", 400},
        {"X-A: 1\rX", 400},
        {"X-A: 1\n", 400},
        {"X-A: 1\r\r", 400},
        {"\n", 400},
        {"\rX", 400},
        {"X A", 400},
        {"X-A ", 400},
        {":", 400},
        {"X-A\r", 400},
        {"X(", 400},
        {"X\x80", 400},
        {"X-A: \x01", 400},
        {"X-A: \x7f", 400},
        {"X-A: \x1b", 400},
        /* the rest */
        {"Host: x\r\n", 400},
        {"hOST: y\r\n", 400},
        {"Connection: a b\r\n\r\n", 400},
        {"Connection: \"close\"\r\n\r\n", 400},
        {"Expect: 100-continue, more\r\n", 417},
        {"Expect: pay\r\n", 417},
        {"Expect:\r\n", 417},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        int n = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: x\r\n%s", bad[i].fields);
        refuse(REQUEST, text, (size_t)n, bad[i].status);
    }
    refuse(REQUEST, "GET / HTTP/1.1\r\nHost: x\r\nX: \0", 29, 400);
    refuse(REQUEST, "GET / HTTP/1.1\r\nHost: x\r\n\0", 26, 400);
}

static void test_bad_requests(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } bad[] = {
        {" GET", 400},
        {"\n", 400},
        {"\rG", 400},
        {"\r\n\r\n", 400},
        {"\r\n\nGET", 400},
        {"G(", 400},
        {"GET\t/", 400},
        {"GET\r", 400},
        {"GET  ", 400},
        {"GET /\r\n", 400},
        {"GET /\t", 400},
        {"GET /a b", 400},
        {"GET /#", 400},
        {"GET /?a#", 400},
        {"GET /\xc3\xa9", 400},
        {"GET / http/1.1\r\n", 400},
        {"GET / HTTP/1\r", 400},
        {"GET / HTTP/1.1 ", 400},
        {"GET / HTTP/1.10", 400},
        {"GET / HTTP/1.1\n", 400},
        {"GET / HTTP/1.1\rX", 400},
        {"GET / HTTP/11", 400},
        {"GET / HTTP/1.x", 400},
        {"GET / HTTP/2.0\r\n", 505},
        {"GET / HTTP/0.9\r\n", 505},
        {"PRI * HTTP/2.0\r\n", 505},
        {"CONNECT x:443 HTTP/1.1\r\n", 501},
        {"GET x HTTP/1.1\r\n", 400},
        {"GET * HTTP/1.1\r\n", 400},
        {"OPTIONS ** HTTP/1.1\r\n", 400},
        {"GET ?x HTTP/1.1\r\n", 400},
        {"GET ftp://x/ HTTP/1.1\r\n", 400},
        {"GET http:/x HTTP/1.1\r\n", 400},
        {"GET http:// HTTP/1.1\r\n", 400},
        {"GET http:///x HTTP/1.1\r\n", 400},
        {"GET http://:80/x HTTP/1.1\r\n", 400},
        {"GET https://?x HTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\r\nX: y\r\n\r\n", 400},
        {"GET http://a/ HTTP/1.1\r\n\r\n", 400},
        {"GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n", 400},
        {"GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n", 400},
        {"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: x\n\n", 400},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(REQUEST, bad[i].text, strlen(bad[i].text), bad[i].status);
    refuse(REQUEST, "GE\0T", 4, 400);
    refuse(REQUEST, "GET /\0", 6, 400);
    refuse(REQUEST, "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 29, 400);
}

/* Where a request ends, whatever follows; and the empty line before one. */
static void test_what_follows(void **state)
{
    (void)state;
    static const char text[] = "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET\0\x01 \n\n";
    char *copy;
    assert_int_equal(parse_copy(REQUEST, text, sizeof text - 1, &h, &copy), 1);
    assert_int_equal(h.size, strlen("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    is_text(h.method, "GET");
    free(copy);
    assert_int_equal(http1_parse_request((struct slice){NULL, 0}, false, &h), 0);
}

static void test_sizes(void **state)
{
    (void)state;
    enum { ROOM = 20000 };
    char *text = malloc(ROOM);
    memset(text, 'a', ROOM);
    memcpy(text, "GET /", 5);
    memcpy(text + 4 + HTTP1_TARGET_MAX, " HTTP/1.1\r\nHost: x\r\n\r\n", 22);
    assert_int_equal(http1_parse_request((struct slice){text, 4 + HTTP1_TARGET_MAX + 22}, false, &h), 1);
    assert_int_equal(http1_parse_request((struct slice){text, 4 + HTTP1_TARGET_MAX + 3}, false, &h), 0);
    assert_int_equal(http1_parse_request((struct slice){text, 4 + HTTP1_TARGET_MAX}, false, &h), 0);
    text[4 + HTTP1_TARGET_MAX] = 'a';
    assert_int_equal(http1_parse_request((struct slice){text, 4 + HTTP1_TARGET_MAX + 1}, false, &h), -414);
    memcpy(text + 5 + HTTP1_TARGET_MAX, " HTTP/1.1\r\nHost: x\r\n\r\n", 22);
    assert_int_equal(http1_parse_request((struct slice){text, 5 + HTTP1_TARGET_MAX + 22}, false, &h), -414);
    assert_int_equal(http1_parse_request(SLICE("GET /aaa"), true, &h), -414);
    assert_int_equal(http1_parse_request(SLICE("GET / HTTP/1.1\r\nHost: x\r\nA: b"), true, &h), -431);
    assert_int_equal(http1_parse_request(SLICE("GET / HTTP/1.1\r\nHost: x\r\nA: b\n"), true, &h), -400);
    assert_int_equal(http1_parse_response(SLICE("HTTP/1.1 200 OK\r\nA: b"), true, false, &h), -502);
    assert_int_equal(http1_parse_response(SLICE("HTTP/1.1 200"), true, false, &h), -502);
    free(text);
}

static size_t many(char *out, size_t cap, const char *first, const char *unit, unsigned n, const char *last)
{
    size_t len = (size_t)snprintf(out, cap, "%s", first);
    for (unsigned i = 0; i < n; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s", unit);
    return len + (size_t)snprintf(out + len, cap - len, "%s", last);
}

static void test_counts(void **state)
{
    (void)state;
    char text[4096];
    size_t n =
        many(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n", "A: 1\r\n", HTTP1_FIELDS_MAX - 1, "\r\n");
    assert_int_equal(http1_parse_request((struct slice){text, n}, false, &h), 1);
    assert_int_equal(h.nfields, HTTP1_FIELDS_MAX);
    n = many(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\n", "A: 1\r\n", HTTP1_FIELDS_MAX, "");
    assert_int_equal(http1_parse_request((struct slice){text, n}, false, &h), -431);
    n = many(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\nConnection: ", "a, ", HTTP1_OPTIONS_MAX,
             "\r\n\r\n");
    assert_int_equal(http1_parse_request((struct slice){text, n}, false, &h), 1);
    n = many(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\nConnection: ", "a, ", HTTP1_OPTIONS_MAX + 1,
             "\r\n\r\n");
    assert_int_equal(http1_parse_request((struct slice){text, n}, false, &h), -431);
}

static void test_response(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum kind kind;
        uint16_t status;
        uint8_t minor;
        const char *reason;
        enum http1_framing framing;
        uint64_t length;
        bool close;
    } good[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", RESPONSE, 200, 1, "OK", HTTP1_LENGTH, 5, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RESPONSE, 200, 1, "OK", HTTP1_LENGTH, 0, false},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", RESPONSE, 200, 1, "", HTTP1_CHUNKED, 0,
         false},
        {"HTTP/1.1 200\r\n\r\n", RESPONSE, 200, 1, "", HTTP1_CLOSE, 0, false},
        {"HTTP/1.0 404 Not \xc3\xa9 Found\r\nConnection: x\r\n\r\n", RESPONSE, 404, 0, "Not \xc3\xa9 Found",
         HTTP1_CLOSE, 0, true},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", RESPONSE, 200, 0, "OK",
         HTTP1_LENGTH, 1, false},
        {"HTTP/1.9 200 OK\r\nconnection: close\r\n\r\n", RESPONSE, 200, 1, "OK", HTTP1_CLOSE, 0, true},
        {"HTTP/1.1 100 Continue\r\n\r\n", RESPONSE, 100, 1, "Continue", HTTP1_NONE, 0, false},
        {"HTTP/1.1 204 No Content\r\n\r\n", RESPONSE, 204, 1, "No Content", HTTP1_NONE, 0, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", RESPONSE, 304, 1, "Not Modified",
         HTTP1_NONE, 77, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", RESPONSE_TO_HEAD, 200, 1, "OK", HTTP1_NONE,
         12345, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", RESPONSE_TO_HEAD, 200, 1, "OK", HTTP1_NONE,
         0, false},
        {"HTTP/1.1 599 x\r\nHost: a\r\nHost: b\r\nExpect: c\r\n\r\n", RESPONSE, 599, 1, "x", HTTP1_CLOSE, 0,
         false},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *copy = accept_head(good[i].kind, good[i].text, &h);
        assert_int_equal(h.status, good[i].status);
        assert_int_equal(h.minor, good[i].minor);
        is_text(h.reason, good[i].reason);
        assert_int_equal(h.framing, good[i].framing);
        assert_int_equal(h.length, good[i].length);
        assert_int_equal(h.close, good[i].close);
        free(copy);
    }
}

static void test_bad_responses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "SSH-2.0-OpenSSH\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 600 OK\r\n",
        "HTTP/1.1 200 OK\n",
        "HTTP/1.1 200\tOK\r\n",
        "HTTP/1.1 200 O\x01K\r\n",
        "HTTP/1.1 +20 OK\r\n",
        "http/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: 1\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3,3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(RESPONSE, bad[i], strlen(bad[i]), 502);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),         cmocka_unit_test(test_targets),
        cmocka_unit_test(test_flags),           cmocka_unit_test(test_hop),
        cmocka_unit_test(test_request_framing), cmocka_unit_test(test_length_value),
        cmocka_unit_test(test_bad_fields),      cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_what_follows),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_counts),          cmocka_unit_test(test_response),
        cmocka_unit_test(test_bad_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
