/* Facts from heads: what the slots of a plan hold. The plan's tables are built here by hand: a header and
 * slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/facts.h"

enum { SLOTS_MAX = 8 };

struct tables {
    struct weir_tables head;
    struct weir_slot slots[SLOTS_MAX];
    char names[256];
};

static void add_slot(struct tables *t, enum weir_slot_kind kind, const char *name)
{
    uint32_t at = 0, i = t->head.slots.count++;
    if (i)
        at = t->slots[i - 1].name.off + t->slots[i - 1].name.len - (uint32_t)offsetof(struct tables, names);
    memcpy(t->names + at, name, strlen(name));
    t->head.slots.off = offsetof(struct tables, slots);
    t->slots[i] =
        (struct weir_slot){kind, {(uint32_t)offsetof(struct tables, names) + at, (uint32_t)strlen(name)}};
}

static struct http1_head head;
static struct weir_str str[WEIR_SLOT_FIXED + SLOTS_MAX];
static char *memory; /* of the scratch, exactly as large as asked for */

static int fill(const struct tables *t, const char *text, size_t room, size_t *used)
{
    free(memory);
    memory = malloc(room ? room : 1);
    struct weir_scratch scratch = {memory, memory + room, false};
    struct weir_facts f = {.str = str, .id = {0x0123456789abcdef, 0xff}, .scratch = &scratch};
    memset(str, 0xa5, sizeof str);
    assert_int_equal(http1_parse_request(slice_of(text), false, &head), 1);
    int status = facts_fill((const uint8_t *)t, &head, &f);
    *used = (size_t)(scratch.next - memory);
    assert_true(scratch.next <= scratch.end);
    assert_int_equal(scratch.full, status == 500);
    return status;
}

static void is_text(struct weir_str s, const char *want)
{
    if (!want) {
        assert_null(s.p);
        return;
    }
    if (!s.p || s.len != strlen(want) || memcmp(s.p, want, s.len) != 0)
        fail_msg("'%.*s' instead of '%s'", s.p ? (int)s.len : 6, s.p ? s.p : "absent", want);
}

static void test_fixed(void **state)
{
    (void)state;
    static const struct tables none;
    static const struct {
        const char *text, *host, *path, *method, *uri;
        size_t used; /* of the scratch */
    } good[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "x", "/", "GET", "/", 1},
        {"get /a/b?c=%zz HTTP/1.1\r\nHost: X.Example.:80\r\n\r\n", "x.example", "/a/b", "get", "/a/b?c=%zz",
         9},
        {"GET /x/..//%61pi/./b%7e?q=%2e%2E/../x HTTP/1.1\r\nHost: x\r\n\r\n", "x", "/api/b~", "GET",
         "/api/b~?q=%2e%2E/../x", 22},
        {"GET /. HTTP/1.1\r\nHost:\r\n\r\n", "", "/", "GET", "/", 1},
        {"GET //? HTTP/1.1\r\nHost: x\r\n\r\n", "x", "/", "GET", "/?", 3},
        {"GET / HTTP/1.0\r\n\r\n", "", "/", "GET", "/", 0},
        {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "x", "*", "OPTIONS", "*", 1},
        {"GET http://A.example/x?y=1 HTTP/1.1\r\nHost: other\r\n\r\n", "a.example", "/x", "GET", "/x?y=1", 9},
        {"GET http://a HTTP/1.1\r\nHost: other\r\n\r\n", "a", "/", "GET", "/", 1},
        {"GET http://a?y HTTP/1.1\r\nHost: other\r\n\r\n", "a", "/", "GET", "/?y", 4},
        {"OPTIONS http://a HTTP/1.1\r\nHost: other\r\n\r\n", "a", "*", "OPTIONS", "*", 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t used;
        assert_int_equal(fill(&none, good[i].text, 256, &used), 0);
        is_text(str[WEIR_SLOT_HOST], good[i].host);
        is_text(str[WEIR_SLOT_PATH], good[i].path);
        is_text(str[WEIR_SLOT_METHOD], good[i].method);
        is_text(str[WEIR_SLOT_URI], good[i].uri);
        assert_int_equal(used, good[i].used);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct tables none;
    static const char *const bad[] = {
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",         "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n",       "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",          "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n",        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a%41/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a,b c\r\n\r\n",
    };
    size_t used;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fill(&none, bad[i], 256, &used), 400);
}

static void test_headers(void **state)
{
    (void)state;
    static struct tables t;
    size_t used;
    t = (struct tables){0};
    add_slot(&t, WEIR_SLOT_HEADER, "x-one");
    add_slot(&t, WEIR_SLOT_HEADER, "x-two");
    add_slot(&t, WEIR_SLOT_HEADER, "cookie");
    add_slot(&t, WEIR_SLOT_HEADER, "x-none");
    add_slot(&t, WEIR_SLOT_HEADER, "host");
    add_slot(&t, WEIR_SLOT_HEADER, "x-empty");
    assert_int_equal(fill(&t,
                          "GET / HTTP/1.1\r\nX-ONE: a b\r\nx-two: 1\r\nHost: X:80\r\nCookie: a=1\r\nX-Two: "
                          "2\r\nX-Empty:\r\nx-two:\r\n"
                          "Cookie: b=2\r\nx-twos: 9\r\nX-Two: 3\r\n\r\n",
                          256, &used),
                     0);
    is_text(str[WEIR_SLOT_FIXED + 0], "a b");
    is_text(str[WEIR_SLOT_FIXED + 1], "1, 2, , 3");
    is_text(str[WEIR_SLOT_FIXED + 2], "a=1; b=2");
    is_text(str[WEIR_SLOT_FIXED + 3], NULL);
    is_text(str[WEIR_SLOT_FIXED + 4], "X:80");
    is_text(str[WEIR_SLOT_FIXED + 5], "");
    assert_int_equal(fill(&t, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_FIXED + 4], "b");
}

static void test_query_and_cookies(void **state)
{
    (void)state;
    static struct tables t;
    size_t used;
    t = (struct tables){0};
    add_slot(&t, WEIR_SLOT_QUERY, "a");
    add_slot(&t, WEIR_SLOT_QUERY, "b");
    add_slot(&t, WEIR_SLOT_QUERY, "c");
    add_slot(&t, WEIR_SLOT_COOKIE, "sid");
    add_slot(&t, WEIR_SLOT_COOKIE, "SID");
    add_slot(&t, WEIR_SLOT_QUERY, "d");
    assert_int_equal(fill(&t,
                          "GET /?a=x%20y+z&b&d=%41%42&a=2 HTTP/1.1\r\nHost: x\r\nCookie: q=1\r\nCookie: r=2; "
                          "sid = 3; sid=4\r\n\r\n",
                          256, &used),
                     0);
    is_text(str[WEIR_SLOT_FIXED + 0], "x y z");
    is_text(str[WEIR_SLOT_FIXED + 1], "");
    is_text(str[WEIR_SLOT_FIXED + 2], NULL);
    is_text(str[WEIR_SLOT_FIXED + 3], "3");
    is_text(str[WEIR_SLOT_FIXED + 4], NULL);
    is_text(str[WEIR_SLOT_FIXED + 5], "AB");
    assert_int_equal(used, 1 + 5 + 2);
    assert_int_equal(fill(&t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_FIXED + 0], NULL);
    is_text(str[WEIR_SLOT_FIXED + 3], NULL);
    assert_int_equal(fill(&t, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_FIXED + 0], NULL);
}

static void test_lines_and_raw(void **state)
{
    (void)state;
    static struct tables t;
    t = (struct tables){0};
    size_t used;
    add_slot(&t, WEIR_SLOT_LINES, "x-a");
    add_slot(&t, WEIR_SLOT_LINES, "host");
    add_slot(&t, WEIR_SLOT_ID, "");
    assert_int_equal(fill(&t, "GET /a/../%7e?q HTTP/1.1\r\nX-A: 1, 2\r\nHost: x\r\nx-a:\r\nX-A: 3\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_RAW_PATH], "/a/../%7e");
    is_text(str[WEIR_SLOT_VERSION], "HTTP/1.1");
    is_text(str[WEIR_SLOT_FIXED + 0], "1, 2\n\n3");
    is_text(str[WEIR_SLOT_FIXED + 1], "x");
    is_text(str[WEIR_SLOT_FIXED + 2], "0123456789abcdef00000000000000ff");
    assert_int_equal(fill(&t, "GET http://y:80?q HTTP/1.0\r\nX-A: 1\r\nHost: x\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_RAW_PATH], "/");
    is_text(str[WEIR_SLOT_VERSION], "HTTP/1.0");
    is_text(str[WEIR_SLOT_FIXED + 0], "1");
    is_text(str[WEIR_SLOT_FIXED + 1], "y:80");
    assert_int_equal(fill(&t, "OPTIONS * HTTP/1.0\r\n\r\n", 256, &used), 0);
    is_text(str[WEIR_SLOT_RAW_PATH], "*");
    is_text(str[WEIR_SLOT_FIXED + 0], NULL);
    is_text(str[WEIR_SLOT_FIXED + 1], NULL);
    for (size_t room = 0; room < 64; room++)
        assert_int_equal(fill(&t, "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\n\r\n", room, &used),
                         room < 1 + 3 + 32 ? 500 : 0);
}

/* With less scratch than is needed the answer is 500, with enough it is not: no byte beyond is written either
 * way (ASan). */
static void test_scratch(void **state)
{
    (void)state;
    static struct tables t;
    t = (struct tables){0};
    add_slot(&t, WEIR_SLOT_HEADER, "x-two");
    add_slot(&t, WEIR_SLOT_QUERY, "a");
    size_t used, least = 0;
    for (size_t room = 0; room < 64; room++) {
        int status =
            fill(&t, "GET /%61/..?a=%41 HTTP/1.1\r\nHost: host\r\nX-Two: 1\r\nX-Two: 2\r\nX-Two: 3\r\n\r\n",
                 room, &used);
        assert_true(status == 500 || status == 0);
        if (status == 0 && !least)
            least = room;
        assert_int_equal(status == 0, least && room >= least);
    }
    assert_int_equal(least,
                     4 + 7 + 7 + 5); /* host, path with query, joined lines; room to decode the query in */
    free(memory);
    memory = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_headers), cmocka_unit_test(test_query_and_cookies),
        cmocka_unit_test(test_lines_and_raw),
        cmocka_unit_test(test_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
