/* Manifests: written, read back, and read by the runtime's little reader; the JSON reader on what is JSON and
 * what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/json.h"
#include "compiler/manifest.h"
#include "runtime/base/manifest_digest.h"
#include "tests/unit/ir_build.h"

#define DIGEST "0123456789abcdef0123456789abcdef"

static void assert_text(struct slice s, const char *text)
{
    if (!slice_eq(s, slice_of(text)))
        fail_msg("`%.*s` is not `%s`", SLICE_ARG(s), text);
}

static void describe(struct ir_build *b, struct manifest *m)
{
    build_begin(b);
    struct ir_backend *app = build_backend(b, "app");
    vec_push(&b->a, &app->servers);
    vec_push(&b->a, &app->servers);
    build_backend(b, "none");
    struct ir_listen *any = vec_push(&b->a, &b->f->listens);
    any->port = 80;
    struct ir_listen *four = vec_push(&b->a, &b->f->listens);
    four->port = 8080;
    ip_parse(SLICE("127.0.0.1"), &four->addr);
    struct ir_listen *six = vec_push(&b->a, &b->f->listens);
    six->port = 443;
    ip_parse(SLICE("::1"), &six->addr);
    struct ir_set *map = build_set(b, IR_KEY_HOST);
    map->is_map = true;
    map->name = SLICE("m");
    build_row(b, map, "a.com");
    build_row(b, map, "b.com");
    build_set(b, IR_KEY_HOST)->name = SLICE("l");
    build_set(b, IR_KEY_HOST); /* a list without a name is part of an expression, and counts as nothing */
    struct lowered l = {.rules = 5, .rows = 7, .pred_shapes = 2, .value_shapes = 3};
    *m = (struct manifest){
        .schema = MANIFEST_SCHEMA, .abi = 9, .weir = SLICE("1.2.3"), .digest = SLICE(DIGEST)};
    m->sizes.tables = 18446744073709551615u;
    manifest_describe(m, &b->a, &b->p, &l);
    vec_add(&b->a, &m->sources, ((struct manifest_source){SLICE("a \"b\" \xff.weir"), SLICE("d1"), 12}));
}

static void comes_back(void **state)
{
    (void)state;
    struct ir_build b;
    struct manifest m, r;
    struct buf json = {0};
    const char *why = NULL;
    char digest[33];
    describe(&b, &m);
    manifest_write(&m, &json);
    assert_true(manifest_digest(buf_view(&json), digest));
    assert_string_equal(digest, DIGEST);
    assert_true(manifest_read(&r, &b.a, buf_view(&json), &why));
    assert_int_equal(r.abi, 9);
    assert_int_equal(r.edition, 1);
    assert_text(r.weir, "1.2.3");
    assert_text(r.digest, DIGEST);
    assert_true(r.sizes.tables == UINT64_MAX);
    assert_int_equal(r.counts.frontends, 1);
    assert_int_equal(r.counts.backends, 2);
    assert_int_equal(r.counts.servers, 2);
    assert_int_equal(r.counts.maps, 1);
    assert_int_equal(r.counts.map_rows, 2);
    assert_int_equal(r.counts.lists, 1);
    assert_int_equal(r.counts.rules, 5);
    assert_int_equal(r.counts.rows, 7);
    assert_int_equal(r.counts.pred_shapes, 2);
    assert_int_equal(r.counts.value_shapes, 3);
    assert_int_equal(r.frontends.n, 1);
    assert_text(r.frontends.v[0].name, "edge");
    assert_int_equal(r.frontends.v[0].listens.n, 3);
    assert_text(r.frontends.v[0].listens.v[0], ":80");
    assert_text(r.frontends.v[0].listens.v[1], "127.0.0.1:8080");
    assert_text(r.frontends.v[0].listens.v[2], "[::1]:443");
    assert_int_equal(r.backends.n, 2);
    assert_text(r.backends.v[0].name, "app");
    assert_int_equal(r.backends.v[0].servers, 2);
    assert_int_equal(r.sources.n, 1);
    assert_text(r.sources.v[0].path, "a \"b\" \xef\xbf\xbd.weir");
    assert_int_equal(r.sources.v[0].size, 12);
    buf_free(&json);
    arena_free(&b.a);
}

static void damaged(void **state)
{
    (void)state;
    struct ir_build b;
    struct manifest m, r;
    struct buf json = {0};
    describe(&b, &m);
    manifest_write(&m, &json);
    for (size_t n = 0; n + 2 < json.len; n++) {
        const char *why = NULL;
        char *cut = malloc(n + 1);
        memcpy(cut, json.p, n);
        assert_false(manifest_read(&r, &b.a, (struct slice){cut, n}, &why));
        assert_non_null(why);
        free(cut);
    }
    const char *why = NULL;
    assert_false(manifest_read(&r, &b.a, SLICE("{\"schema\": 2}"), &why));
    assert_string_equal(why, "its manifest is of another schema");
    assert_false(manifest_read(&r, &b.a, SLICE("[]"), &why));
    buf_free(&json);
    arena_free(&b.a);
}

static void json_values(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct json *x = json_read(
        &a,
        SLICE(" {\"a\\u0041\\n\": [1, -2.5e3, true, false, null, 18446744073709551616], \"e\": [], \"o\": {},"
              " \"s\": \"\\ud83d\\ude00\\u00e9\\\"\"} "));
    assert_non_null(x);
    const struct json *list = json_member(x, "aA\n");
    assert_non_null(list);
    assert_int_equal(list->items.n, 6);
    assert_int_equal(list->items.v[0].num, 1);
    assert_text(list->items.v[1].text, "-2.5e3");
    assert_int_equal(list->items.v[1].num, 0);
    assert_int_equal(list->items.v[2].num, 1);
    assert_int_equal(list->items.v[4].kind, JSON_NULL);
    assert_int_equal(list->items.v[5].num, 0); /* does not fit */
    assert_int_equal(json_member(x, "e")->items.n, 0);
    assert_text(json_member(x, "s")->text, "\xf0\x9f\x98\x80\xc3\xa9\"");
    x = json_read(&a, SLICE("[\"\\ud800\", \"\\udc00\", \"\\ud800\\u0041\"]")); /* without partners */
    assert_non_null(x);
    assert_text(x->items.v[0].text, "\xef\xbf\xbd");
    assert_text(x->items.v[1].text, "\xef\xbf\xbd");
    assert_text(x->items.v[2].text, "\xef\xbf\xbd" "A");
    assert_null(json_member(x, "none"));
    assert_null(json_member(NULL, "none"));
    static const char *const bad[] = {"",         "{",       "[1,]",      "{\"a\"}",     "{\"a\":}",
                                      "{a:1}",    "\"\\x\"", "\"\\u12\"", "\"\\ud800\\u\"", "\"\\udc0\"",
                                      "\"a\nb\"", "1 2",     "nul",       "[1 2]",       "\"\\",
                                      "\"\\u",    "x",       "{\"a\":1,}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]);
        char *copy = malloc(n + 1);
        memcpy(copy, bad[i], n);
        if (json_read(&a, (struct slice){copy, n}))
            fail_msg("taken: %s", bad[i]);
        free(copy);
    }
    char deep[1000];
    memset(deep, '[', sizeof deep);
    assert_null(json_read(&a, (struct slice){deep, sizeof deep}));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(damaged),
        cmocka_unit_test(json_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
