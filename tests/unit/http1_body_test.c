/* Bodies: where they end, what of the chunked coding is refused, and that it does not matter in which pieces
 * the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/http1.h"

static struct http1_body begin(enum http1_framing framing, uint64_t length)
{
    static struct http1_head h;
    struct http1_body b;
    h.framing = (uint8_t)framing;
    h.length = length;
    http1_body_begin(&b, &h);
    return b;
}

/* The whole at once, in memory of its size. */
static ssize_t scan(struct http1_body *b, const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    ssize_t used = http1_body_scan(b, (struct slice){copy, n});
    free(copy);
    return used;
}

/* Byte by byte, keeping what is not used up yet: the sum of what was used, or -1. */
static ssize_t scan_bytewise(struct http1_body *b, const char *p, size_t n)
{
    size_t used = 0;
    for (size_t end = 1; end <= n && !b->done; end++) {
        ssize_t got = scan(b, p + used, end - used);
        if (got < 0)
            return -1;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static void unchunks_to(const char *text, size_t size, const char *content)
{
    struct http1_body b = begin(HTTP1_CHUNKED, 0);
    char *copy = malloc(size ? size : 1);
    size_t n;
    memcpy(copy, text, size);
    assert_int_equal(http1_body_unchunk(&b, copy, size, &n), size);
    assert_int_equal(n, strlen(content));
    assert_memory_equal(copy, content, n);
    assert_int_equal(b.payload, n);
    free(copy);
}

static void test_counted(void **state)
{
    (void)state;
    struct http1_body b = begin(HTTP1_NONE, 0);
    assert_true(b.done);
    assert_int_equal(scan(&b, "abc", 3), 0);
    b = begin(HTTP1_LENGTH, 0);
    assert_true(b.done);
    b = begin(HTTP1_LENGTH, 5);
    assert_int_equal(scan(&b, "abc", 3), 3);
    assert_false(b.done);
    assert_int_equal(b.left, 2);
    assert_int_equal(scan(&b, "deGET", 5), 2);
    assert_true(b.done);
    assert_int_equal(b.payload, 5);
    b = begin(HTTP1_CLOSE, 0);
    assert_int_equal(scan(&b, "abc", 3), 3);
    assert_int_equal(scan(&b, "", 0), 0);
    assert_false(b.done);
    assert_int_equal(b.payload, 3);
}

static void test_chunked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *content;
    } good[] = {
        {"0\r\n\r\n", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3;a=b\r\nabc\r\n7\r\ndefghij\r\n0\r\n\r\n", "abcdefghij"},
        {"00000003\r\n\r\n0\r\n00;last\r\n\r\n", "\r\n0"},
        {"a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\nX-Sum: 1\r\nB:\r\n\r\n", "01234567890123456789"},
        {"1 ; a = \"q \\\" ;\t\x80\" ;b;c=d\r\nx\r\n0\t;z\r\n\r\n", "x"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[256];
        size_t n = (size_t)snprintf(text, sizeof text, "%sGET /", good[i].text) - 5;
        struct http1_body b = begin(HTTP1_CHUNKED, 0);
        if (scan(&b, text, n + 5) != (ssize_t)n || !b.done)
            fail_msg("%s", text);
        assert_int_equal(b.payload, strlen(good[i].content));
        for (size_t cut = 0; cut < n; cut++) {
            b = begin(HTTP1_CHUNKED, 0);
            assert_true(scan(&b, text, cut) <= (ssize_t)cut);
            assert_false(b.done);
        }
        b = begin(HTTP1_CHUNKED, 0);
        assert_int_equal(scan_bytewise(&b, text, n), n);
        assert_true(b.done);
        unchunks_to(text, n, good[i].content);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "xyz",
        "\r\n",
        "3\nabc\r\n",
        " 3\r\n",
        "3 \r\n",
        "3\t\r\n",
        "-3",
        "+3",
        "0x3",
        "3\rabc",
        "3\r\nabcXX",
        "3\r\nabc\n",
        "3\r\nabc\rX",
        "3\r\nabc0",
        "3\r\nabcd\r\n",
        "fffffffffffffffff\r\n",
        "8000000000000000\r\n",
        "ffffffffffffffff\r\n",
        "00000000000000001\r\n",
        "3;\r\n",
        "3;;",
        "3;a=\r\n",
        "3;a=b c\r\n",
        "3;a\n",
        "3;a\r0",
        "3;a=\"b\n",
        "3;a=\"b\r",
        "3;a=\"b\"c",
        "3;a=\x01",
        "3;a b\r\n",
        "0\r\nX\r\n",
        "0\r\nX : 1\r\n",
        "0\r\nX: 1\n",
        "0\r\nX: \x01",
        "0\r\n X: 1",
        "0\r\nX: 1\r\n b\r\n",
        "0\r\n\n",
        "0\r\nContent-Length: 3\r\n",
        "0\r\ntransfer-encoding: chunked\r\n",
        "0\r\nHost: x\r\n",
        "0\r\nConnection: close\r\n",
        "0\r\nTE: x\r\n",
        "0\r\nTrailer: x\r\n",
        "0\r\nUpgrade: x\r\n",
        "0\r\nExpect: 100-continue\r\n",
        "0\r\nCookie: a=b\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http1_body b = begin(HTTP1_CHUNKED, 0), c = b, d = b;
        size_t n = strlen(bad[i]), content;
        char copy[64];
        memcpy(copy, bad[i], n);
        if (scan(&b, bad[i], n) != -1 || scan_bytewise(&c, bad[i], n) != -1 ||
            http1_body_unchunk(&d, copy, n, &content) != -1)
            fail_msg("%s", bad[i]);
    }
    struct http1_body b = begin(HTTP1_CHUNKED, 0);
    assert_int_equal(scan(&b, "3\0\r\n", 4), -1);
}

static void test_large_size(void **state)
{
    (void)state;
    struct http1_body b = begin(HTTP1_CHUNKED, 0);
    assert_int_equal(scan(&b, "7fffffffffffffff\r\nab", 20), 20);
    assert_int_equal(b.left, INT64_MAX - 2);
}

static void test_limits(void **state)
{
    (void)state;
    enum { ROOM = HTTP1_TRAILERS_MAX + HTTP1_LINE_MAX };
    char *text = malloc(ROOM);
    struct http1_body b = begin(HTTP1_CHUNKED, 0);
    memset(text, 'a', ROOM);
    memcpy(text, "0;", 2);
    assert_int_equal(http1_body_scan(&b, (struct slice){text, HTTP1_LINE_MAX - 1}), 0);
    assert_int_equal(http1_body_scan(&b, (struct slice){text, HTTP1_LINE_MAX}), -1);
    memcpy(text + HTTP1_LINE_MAX - 2, "\r\n", 2);
    assert_int_equal(http1_body_scan(&b, (struct slice){text, HTTP1_LINE_MAX}), HTTP1_LINE_MAX);
    /* trailer fields of 4,096 bytes: the limit lets four of them through */
    memcpy(text, "a:", 2);
    for (int i = 0; i < HTTP1_TRAILERS_MAX / HTTP1_LINE_MAX; i++)
        assert_int_equal(http1_body_scan(&b, (struct slice){text, HTTP1_LINE_MAX}), HTTP1_LINE_MAX);
    assert_int_equal(http1_body_scan(&b, SLICE("a:\r\n")), -1);
    free(text);
}

/* Other framings pass through whole. */
static void test_unchunk_of_others(void **state)
{
    (void)state;
    char text[] = "abcdef";
    size_t n;
    struct http1_body b = begin(HTTP1_LENGTH, 4);
    assert_int_equal(http1_body_unchunk(&b, text, 6, &n), 4);
    assert_int_equal(n, 4);
    assert_true(b.done);
    b = begin(HTTP1_CLOSE, 0);
    assert_int_equal(http1_body_unchunk(&b, text, 6, &n), 6);
    assert_int_equal(n, 6);
    assert_string_equal(text, "abcdef");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),   cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_large_size),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_unchunk_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
