/* The normaliser: what host, path, query and cookie mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/norm.h"

/* In memory of exactly the input's size, so that ASan sees a byte too many. */
static void path_is(const char *raw, const char *want)
{
    size_t n = strlen(raw);
    char *out = malloc(n ? n : 1);
    struct slice got;
    bool ok = norm_path(slice_of(raw), out, &got);
    assert_int_equal(ok, want != NULL);
    if (want) {
        assert_int_equal(got.len, strlen(want));
        assert_memory_equal(got.p, want, got.len);
    }
    if (norm_path_is_clean(slice_of(raw)))
        assert_true(want && strcmp(raw, want) == 0);
    free(out);
}

static void test_path(void **state)
{
    (void)state;
    path_is("/", "/");
    path_is("/a/b", "/a/b");
    path_is("/a//b///c", "/a/b/c");
    path_is("//", "/");
    path_is("/./a/./b/.", "/a/b/");
    path_is("/a/b/../c", "/a/c");
    path_is("/a/..", "/");
    path_is("/../../etc", "/etc");
    path_is("/a/../..", "/");
    path_is("/..a/.b./...", "/..a/.b./...");
    path_is("/%61%2E%2e/x", "/a../x");
    path_is("/a/%2e%2e/b", "/b");
    path_is("/%7euser", "/~user");
    path_is("/caf%c3%a9", "/caf%C3%A9");
    path_is("/a;b=1,c", "/a;b=1,c");
    path_is("/a/b/../../c/", "/c/");
}

static void test_path_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a", "/%", "/%2", "/%zz", "/a%2Fb", "/a%2fb", "/%00", "/a b", "/a\tb", "/\x80", "/a#b", "/\x7f", "/a?b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        path_is(bad[i], NULL);
}

static void host_is(const char *raw, const char *want)
{
    size_t n = strlen(raw);
    char *out = malloc(n ? n : 1);
    struct slice got;
    assert_int_equal(norm_host(slice_of(raw), out, &got), want != NULL);
    if (want) {
        assert_int_equal(got.len, strlen(want));
        assert_memory_equal(got.p, want, got.len);
    }
    free(out);
}

static void test_host(void **state)
{
    (void)state;
    host_is("Example.COM", "example.com");
    host_is("example.com.", "example.com");
    host_is("example.com:8080", "example.com");
    host_is("example.com.:80", "example.com");
    host_is("example.com:", "example.com");
    host_is("", "");
    host_is("[2001:DB8::1]:443", "[2001:db8::1]");
    host_is("[::1]", "[::1]");
    host_is("a_b.example", "a_b.example");
    host_is("a b", NULL);
    host_is("a/b", NULL);
    host_is("user@host", NULL);
    host_is("host:80x", NULL);
    host_is("host:123456", NULL);
    host_is("[::1", NULL);
    host_is("[::1]x", NULL);
    host_is("[]", NULL);
    host_is("a\x80", NULL);
}

static void query_is(const char *query, const char *name, const char *want)
{
    size_t n = strlen(query);
    char *out = malloc(n ? n : 1);
    struct slice got;
    assert_int_equal(norm_query_get(slice_of(query), slice_of(name), out, &got), want != NULL);
    if (want) {
        assert_int_equal(got.len, strlen(want));
        assert_memory_equal(got.p, want, got.len);
    }
    free(out);
}

static void test_query(void **state)
{
    (void)state;
    query_is("a=1&b=2", "b", "2");
    query_is("a=1&a=2", "a", "1");
    query_is("k", "k", "");
    query_is("k=", "k", "");
    query_is("x=a%20b+c%zz%4", "x", "a b c%zz%4");
    query_is("%61=1", "a", "1");
    query_is("ab=1", "a", NULL);
    query_is("a=1", "ab", NULL);
    query_is("", "a", NULL);
    query_is("&&a=1", "a", "1");
    query_is("a=b=c", "a", "b=c");
}

static void cookie_is(const char *field, const char *name, const char *want)
{
    struct slice got;
    assert_int_equal(norm_cookie_get(slice_of(field), slice_of(name), &got), want != NULL);
    if (want) {
        assert_int_equal(got.len, strlen(want));
        assert_memory_equal(got.p, want, got.len);
    }
}

static void test_cookie(void **state)
{
    (void)state;
    cookie_is("a=1; b=2", "b", "2");
    cookie_is(" a = x y ;b=2", "a", "x y");
    cookie_is("ab=1; b=2", "a", NULL);
    cookie_is("a; b=2", "a", NULL);
    cookie_is("A=1", "a", NULL);
    cookie_is("a=", "a", "");
    cookie_is("a=b=c", "a", "b=c");
    cookie_is("", "a", NULL);
}

static void test_field_value(void **state)
{
    (void)state;
    char out[32];
    size_t n = norm_field_value(SLICE("  a\r\nSet-Cookie: x\0y \t"), out);
    assert_int_equal(n, 18);
    assert_memory_equal(out, "a  Set-Cookie: x y", n);
    assert_int_equal(norm_field_value(SLICE(" \t "), out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),  cmocka_unit_test(test_path_refuses), cmocka_unit_test(test_host),
        cmocka_unit_test(test_query), cmocka_unit_test(test_cookie),       cmocka_unit_test(test_field_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
