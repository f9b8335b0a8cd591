/* The base library: addresses, maps, buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/buf.h"
#include "runtime/base/ip.h"
#include "runtime/base/strmap.h"
#include "runtime/base/vec.h"

static struct ip_addr addr(const char *text)
{
    struct ip_addr a;
    assert_true(ip_parse(slice_of(text), &a));
    return a;
}

static bool within(const char *address, const char *prefix)
{
    struct ip_addr a = addr(address);
    struct ip_prefix p;
    assert_true(ip_prefix_parse(slice_of(prefix), &p));
    return ip_in_prefix(&a, &p);
}

static void test_ip_prefixes(void **state)
{
    (void)state;
    assert_true(within("10.1.2.3", "10.0.0.0/8"));
    assert_false(within("11.0.0.0", "10.0.0.0/8"));
    assert_true(within("10.255.255.255", "10.0.0.0/8"));
    assert_true(within("1.2.3.4", "0.0.0.0/0"));
    assert_true(within("2001:db8::1", "2001:db8::/32"));
    assert_true(within("::1", "::/0"));
    assert_false(within("1.2.3.4", "::/0"));
    assert_false(within("::1", "0.0.0.0/0"));
    assert_true(within("::ffff:10.0.0.1", "10.0.0.1"));
    assert_true(within("10.0.0.127", "10.0.0.0/25"));
    assert_false(within("10.0.0.128", "10.0.0.0/25"));
}

static void test_ip_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "10.0.0", "10.0.0.256", "1.2.3.4.5", ":::", "10.0.0.1/33", "10.0.0.1/",
                                      "10.0.0.1/x", "::/129", "2001:db8::g", "10.0.0.1/8/8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ip_prefix p;
        assert_false(ip_prefix_parse(slice_of(bad[i]), &p));
    }
    struct ip_prefix dirty;
    assert_true(ip_prefix_parse(SLICE("10.1.2.3/8"), &dirty));
    assert_false(ip_prefix_is_clean(&dirty));
}

static void test_ip_text(void **state)
{
    (void)state;
    char text[IP_TEXT_MAX];
    struct ip_prefix p;
    static const char *const same[] = {"10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_true(ip_prefix_parse(slice_of(same[i]), &p));
        size_t n = ip_prefix_format(&p, text);
        assert_int_equal(n, strlen(same[i]));
        assert_memory_equal(text, same[i], n);
    }
}

static void test_strmap_grows(void **state)
{
    (void)state;
    struct arena a = {0};
    struct strmap m = {0};
    for (uint32_t i = 0; i < 5000; i++) {
        bool added;
        strmap_put(&m, &a, arena_printf(&a, "key-%u", i), i, &added);
        assert_true(added);
    }
    bool added;
    assert_int_equal(*strmap_put(&m, &a, SLICE("key-77"), 1, &added), 77);
    assert_false(added);
    assert_int_equal(*strmap_get(&m, SLICE("key-4999")), 4999);
    assert_null(strmap_get(&m, SLICE("key-5000")));
    assert_null(strmap_get(&m, SLICE("")));
    strmap_put(&m, &a, SLICE(""), 9, NULL);
    assert_int_equal(*strmap_get(&m, SLICE("")), 9);
    arena_free(&a);
}

static void test_vec_keeps_order(void **state)
{
    (void)state;
    struct arena a = {0};
    VEC(uint32_t) v = {0};
    for (uint32_t i = 0; i < 1000; i++)
        vec_add(&a, &v, i * 3);
    assert_int_equal(v.n, 1000);
    for (uint32_t i = 0; i < v.n; i++)
        assert_int_equal(v.v[i], i * 3);
    arena_free(&a);
}

static void test_json_escapes(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_json(&b, SLICE("a\"b\\\n\x01\xc3\xa9\xff\xed\xa0\x80"));
    buf_char(&b, 0);
    assert_string_equal(b.p, "\"a\\\"b\\\\\\n\\u0001\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\"");
    buf_free(&b);
}

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-base-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct buf large = {0}, back = {0}; /* longer than the pieces that it is compared in */
    for (uint32_t i = 0; large.len < 3 << 20; i++)
        buf_printf(&large, "%u,", i);
    struct slice all = buf_view(&large);
    assert_int_equal(buf_write_file(path, all, 0600), 0);
    assert_int_equal(buf_read_file(&back, path), 0);
    assert_true(slice_eq(buf_view(&back), all));
    assert_true(buf_file_is(path, all));
    assert_false(buf_file_is(path, slice_from(all, 1)));
    assert_false(buf_file_is(path, (struct slice){all.p, all.len - 1}));
    assert_false(buf_file_is(path, SLICE("")));
    buf_char(&back, 'x');
    assert_false(buf_file_is(path, buf_view(&back)));
    back.len--;
    back.p[back.len - 1] ^= 1;
    assert_false(buf_file_is(path, buf_view(&back)));
    assert_int_equal(buf_write_file(path, SLICE(""), 0600), 0);
    assert_true(buf_file_is(path, SLICE("")));
    assert_false(buf_file_is(path, SLICE("x")));
    unlink(path);
    assert_false(buf_file_is(path, SLICE("")));
    buf_free(&large);
    buf_free(&back);
}

/* A text that does not fit into what is left of a block is made in the next one. */
static void test_arena_texts(void **state)
{
    (void)state;
    struct arena a = {0};
    char want[300];
    for (int i = 0; i < 2000; i++) {
        int n = snprintf(want, sizeof want, "%d %0*d", i, 1 + i % 250, 7);
        struct slice s = arena_printf(&a, "%d %0*d", i, 1 + i % 250, 7), next = arena_printf(&a, "%s", "");
        assert_true(slice_eq(s, (struct slice){want, (size_t)n}));
        assert_int_equal(s.p[s.len], 0);
        assert_true(next.p > s.p + s.len || next.p < s.p);
        assert_int_equal(next.len, 0);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip_prefixes), cmocka_unit_test(test_ip_refuses),   cmocka_unit_test(test_ip_text),
        cmocka_unit_test(test_strmap_grows), cmocka_unit_test(test_vec_keeps_order), cmocka_unit_test(test_json_escapes),
        cmocka_unit_test(test_files), cmocka_unit_test(test_arena_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
