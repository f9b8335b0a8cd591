/* Heads that go out, byte for byte, in a buffer of exactly the size that was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/message.h"

static struct http1_head head;

static struct weir_str str_of(const char *text)
{
    return (struct weir_str){text, text ? (uint32_t)strlen(text) : 0};
}

typedef size_t write_fn(char *out, size_t cap, const void *what);

/* The size is the same whatever the room; with room enough the bytes are `want`. */
static void writes(write_fn *write, const void *what, const char *want)
{
    size_t n = write(NULL, 0, what);
    char *out = malloc(n);
    assert_int_equal(write(out, n, what), n);
    if (n != strlen(want) || memcmp(out, want, n) != 0)
        fail_msg("\n%.*s\ninstead of\n%s", (int)n, out, want);
    free(out);
    out = malloc(n - 1);
    assert_int_equal(write(out, n - 1, what), n);
    free(out);
}

struct request {
    const char *uri;
    struct route_result route;
};

static size_t write_request(char *out, size_t cap, const void *what)
{
    const struct request *r = what;
    return message_request(out, cap, &head, str_of(r->uri), &r->route);
}

static void edit(struct request *r, enum route_edit_op op, const char *name, const char *value)
{
    r->route.edits[r->route.nedits++] = (struct route_edit){op, str_of(name), str_of(value)};
}

static void parse(const char *text)
{
    assert_int_equal(http1_parse_request(slice_of(text), false, &head), 1);
}

static void forwards(const char *text, const char *uri, const char *want)
{
    static struct request r;
    parse(text);
    r.uri = uri;
    writes(write_request, &r, want);
}

static void test_forwarded(void **state)
{
    (void)state;
    forwards("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nAccept: */*\r\n\r\n", "/",
             "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nAccept: */*\r\n\r\n");
    forwards("GET //y HTTP/1.1\r\nA: 1\r\nB:2\r\nhost:X:80 \r\nC:  3\t\r\nD: 4\r\nE:\r\n\r\n", "/y",
             "GET /y HTTP/1.1\r\nHost: X:80\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\n\r\n");
    forwards("GET / HTTP/1.0\r\nExpect: x\r\n\r\n", "/", "GET / HTTP/1.1\r\nHost: \r\n\r\n");
    forwards("GET http://b:81/z HTTP/1.1\r\nA: 1\r\nHost: a\r\n\r\n", "/z",
             "GET /z HTTP/1.1\r\nHost: b:81\r\nA: 1\r\n\r\n");
    forwards("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "*", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_hop_and_framing(void **state)
{
    (void)state;
    forwards("POST / HTTP/1.1\r\nHost: x\r\nConnection: X-A, close, Host\r\nX-A: 1\r\nKeep-Alive: 1\r\nX-B: "
             "1\r\nTE: a\r\n"
             "Proxy-Connection: a\r\nUpgrade: h2c\r\nContent-Length: 007\r\nExpect: 100-continue\r\n\r\n",
             "/",
             "POST / HTTP/1.1\r\nHost: x\r\nX-B: 1\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n");
    forwards("POST / HTTP/1.1\r\ntransfer-encoding: CHUNKED\r\nTrailer: X\r\nHost: x\r\n\r\n", "/",
             "POST / HTTP/1.1\r\nHost: x\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n");
    forwards(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, X\r\nUpgrade: websocket\r\nX: 1\r\nY: 1\r\n\r\n",
        "/", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nY: 1\r\nConnection: Upgrade\r\n\r\n");
}

static void test_edits(void **state)
{
    (void)state;
    static struct request r;
    r = (struct request){.uri = "/"};
    parse("GET / HTTP/1.1\r\nHost: x\r\nX-Secret: 1\r\nx-list: z\r\nX-Keep: k\r\nX-List: y\r\nX-Real: "
          "forged\r\n\r\n");
    edit(&r, ROUTE_EDIT_DEL, "X-Secret", NULL);
    edit(&r, ROUTE_EDIT_SET, "X-Real", "127.0.0.1");
    edit(&r, ROUTE_EDIT_ADD, "X-LIST", "gone");
    edit(&r, ROUTE_EDIT_SET, "X-List", "a");
    edit(&r, ROUTE_EDIT_ADD, "x-list", "b");
    edit(&r, ROUTE_EDIT_ADD, "X-Keep", "l");
    edit(&r, ROUTE_EDIT_ADD, "X-Gone", "1");
    edit(&r, ROUTE_EDIT_DEL, "x-gone", NULL);
    edit(&r, ROUTE_EDIT_DEL, "X-Back", NULL);
    edit(&r, ROUTE_EDIT_ADD, "X-Back", "");
    edit(&r, ROUTE_EDIT_SET, "Host", "inner.example");
    writes(write_request, &r,
           "GET / HTTP/1.1\r\nHost: inner.example\r\nX-Keep: k\r\nX-Real: 127.0.0.1\r\nX-List: a\r\nx-list: "
           "b\r\nX-Keep: l\r\n"
           "X-Back: \r\n\r\n");
}

/* One Host and the framing as received, whatever the edits say. */
static void test_edits_of_ours(void **state)
{
    (void)state;
    static struct request r;
    r = (struct request){.uri = "/"};
    parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    edit(&r, ROUTE_EDIT_SET, "content-length", "9");
    edit(&r, ROUTE_EDIT_ADD, "Transfer-Encoding", "chunked");
    edit(&r, ROUTE_EDIT_ADD, "Connection", "close");
    edit(&r, ROUTE_EDIT_ADD, "Host", "y");
    writes(write_request, &r, "POST / HTTP/1.1\r\nHost: y\r\nContent-Length: 3\r\n\r\n");
    edit(&r, ROUTE_EDIT_DEL, "hOST", NULL);
    writes(write_request, &r, "POST / HTTP/1.1\r\nHost: \r\nContent-Length: 3\r\n\r\n");
}

static size_t write_response(char *out, size_t cap, const void *what)
{
    return message_response(out, cap, &head, what);
}

static void answers(const char *text, bool to_head, struct message_client c, const char *want)
{
    assert_int_equal(http1_parse_response(slice_of(text), false, to_head, &head), 1);
    writes(write_response, &c, want);
}

static void test_responses(void **state)
{
    (void)state;
    struct message_client plain = {.minor = 1}, ends = {.minor = 1, .close = true},
                          kept = {.keep_alive = true};
    struct message_client chunk = {.minor = 1, .chunk = true}, unchunk = {.close = true, .unchunk = true};
    answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close, X\r\nX: 1\r\nKeep-Alive: "
            "1\r\nY:1\r\n\r\n",
            false, plain, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nY: 1\r\n\r\n");
    answers("HTTP/1.0 404\r\nContent-Length: 5\r\nHost: a\r\n\r\n", false, ends,
            "HTTP/1.1 404 \r\nContent-Length: 5\r\nHost: a\r\nConnection: close\r\n\r\n");
    answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, kept,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
    answers("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", false, chunk,
            "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n");
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\n\r\n", false, plain,
            "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n");
    answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n", false, unchunk,
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    answers("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", true, plain,
            "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
    answers("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", false, plain,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
    answers("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false, plain,
            "HTTP/1.1 204 No Content\r\n\r\n");
    answers("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n", false, plain,
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
    answers("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false,
            plain, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

static size_t write_reply(char *out, size_t cap, const void *what)
{
    return message_reply(out, cap, what);
}

static void test_replies(void **state)
{
    (void)state;
    struct message_header headers[] = {{str_of("X-Kind"), str_of("teapot")},
                                       {str_of("content-type"), str_of("text/x-tea")}};
    struct message_reply r = {.status = 404, .client = {.minor = 1, .close = true}};
    writes(
        write_reply, &r,
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 66\r\n\r\n"
        "<!doctype html><title>404 Not Found</title><h1>404 Not Found</h1>\n");
    r.client.close = false;
    r.to_head = true;
    writes(write_reply, &r,
           "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 66\r\n\r\n");
    r = (struct message_reply){
        .status = 418, .headers = headers, .nheaders = 2, .body = str_of("short and stout")};
    writes(write_reply, &r,
           "HTTP/1.1 418 I'm a teapot\r\nX-Kind: teapot\r\ncontent-type: text/x-tea\r\nContent-Length: "
           "15\r\n\r\nshort and stout");
    r.nheaders = 1;
    r.client.keep_alive = true;
    writes(write_reply, &r,
           "HTTP/1.1 418 I'm a teapot\r\nX-Kind: teapot\r\nConnection: keep-alive\r\nContent-Type: "
           "text/plain; charset=utf-8\r\n"
           "Content-Length: 15\r\n\r\nshort and stout");
    r = (struct message_reply){.status = 308, .location = str_of("https://a/b?c")};
    writes(write_reply, &r,
           "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a/b?c\r\nContent-Length: 0\r\n\r\n");
    r = (struct message_reply){.status = 204, .body = str_of("ignored")};
    writes(write_reply, &r, "HTTP/1.1 204 No Content\r\n\r\n");
    r = (struct message_reply){.status = 100};
    writes(write_reply, &r, "HTTP/1.1 100 Continue\r\n\r\n");
    r = (struct message_reply){.status = 299, .body = str_of("")};
    writes(write_reply, &r, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
    r = (struct message_reply){.status = 299};
    writes(write_reply, &r,
           "HTTP/1.1 299 \r\nContent-Type: text/html\r\nContent-Length: 46\r\n\r\n<!doctype "
           "html><title>299</title><h1>299</h1>\n");
}

static void test_reply_framing_is_ours(void **state)
{
    (void)state;
    struct message_header headers[] = {{str_of("Content-Length"), str_of("9")},
                                       {str_of("Connection"), str_of("x")},
                                       {str_of("A"), str_of("b")}};
    struct message_reply r = {.status = 200, .headers = headers, .nheaders = 3, .body = str_of("ok")};
    writes(
        write_reply, &r,
        "HTTP/1.1 200 OK\r\nA: b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nok");
}

static void test_reasons(void **state)
{
    (void)state;
    static const uint32_t known[] = {100, 200, 301, 308, 400, 413, 414, 417, 426,
                                     431, 500, 501, 502, 503, 504, 505, 511};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(*message_reason(known[i]));
    assert_string_equal(message_reason(503), "Service Unavailable");
    assert_string_equal(message_reason(0), "");
    assert_string_equal(message_reason(306), "");
    assert_string_equal(message_reason(999), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forwarded),
        cmocka_unit_test(test_hop_and_framing),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_edits_of_ours),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_reply_framing_is_ours),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
