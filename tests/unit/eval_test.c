/* The evaluator: normalisation, absence, operators, key kinds, header edits, outcomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/eval_state.h"
#include "tests/unit/ir_build.h"

static struct slice text(const char *s)
{
    return s ? slice_of(s) : (struct slice){NULL, 0};
}

struct sent {
    struct eval_header headers[8];
    struct eval_request q;
};

/* "Name: value" lines; a Host is added where there is none among them. */
static void send_request(struct sent *s, const char *method, const char *target, const char *const *lines)
{
    *s = (struct sent){.q = {.method = text(method), .target = text(target), .headers = s->headers}};
    bool host = false;
    for (; lines && *lines; lines++) {
        struct slice line = text(*lines);
        size_t colon = (size_t)((const char *)memchr(line.p, ':', line.len) - line.p);
        s->headers[s->q.nheaders++] = (struct eval_header){{line.p, colon}, slice_from(line, colon + 2)};
        host |= colon == 4 && slice_starts(line, SLICE("Host"));
    }
    if (!host)
        s->headers[s->q.nheaders++] = (struct eval_header){SLICE("Host"), SLICE("a.com")};
    ip_parse(SLICE("10.1.2.3"), &s->q.client_ip);
    s->q.client_port = 5000;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Whether `guard` holds for a request. */
static bool holds(struct ir_build *b, struct ir_expr *guard, const char *target, const char *const *lines)
{
    struct sent s;
    struct eval_result r;
    struct ir_backend yes = {.index = 0}, no = {.index = 1};
    b->f->route.n = 0;
    build_use(b, &yes, guard);
    build_use(b, &no, NULL);
    send_request(&s, "GET", target, lines);
    eval_run(&b->a, b->f, &s.q, NULL, NULL, &r);
    assert_int_equal(r.outcome, EVAL_USE);
    return r.backend == &yes;
}

static void requests_are_normalised(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *host, *want_host, *want_path, *want_uri; /* want_host NULL: refused */
    } cases[] = {
        {"GET", "/a/%62/../c//d?x=%2F", "Host: A.Com.:80", "a.com", "/a/c/d", "/a/c/d?x=%2F"},
        {"GET", "/a?", "Host: a.com", "a.com", "/a", "/a?"},
        {"GET", "http://B.com:81/x?y", "Host: a.com", "b.com", "/x", "/x?y"},
        {"GET", "https://b.com", "Host: a.com", "b.com", "/", "/"},
        {"GET", "http://b.com?q", "Host: a.com", "b.com", "/", "/?q"},
        {"OPTIONS", "*", "Host: a.com", "a.com", "*", "*"},
        {"OPTIONS", "http://b.com", "Host: a.com", "b.com", "*", "*"},
        {"GET", "/", "Host: ", "", "/", "/"},
        {"GET", "*", "Host: a.com", NULL, NULL, NULL},
        {"GET", "/a%2fb", "Host: a.com", NULL, NULL, NULL},
        {"GET", "/", "Host: a b", NULL, NULL, NULL},
        {"GET", "a", "Host: a.com", NULL, NULL, NULL},
        {"GET", "ftp://a.com/", "Host: a.com", NULL, NULL, NULL},
        {"GET", "http:///x", "Host: a.com", NULL, NULL, NULL},
        {"GET", "http://b.com/", "Host: a b", NULL, NULL, NULL},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ir_build b;
        struct sent s;
        struct eval_result r;
        build_begin(&b);
        struct ir_rule *rule = build_use(&b, NULL, NULL);
        rule->kind = IR_REDIRECT;
        struct ir_expr *e = rule->value = build_expr(&b, IR_CONCAT, IR_STR, 5);
        e->args[0] = build_field(&b, IR_FIELD_HOST, NULL);
        e->args[2] = build_field(&b, IR_FIELD_PATH, NULL);
        e->args[4] = build_field(&b, IR_FIELD_URI, NULL);
        e->args[1] = e->args[3] = build_str(&b, SLICE(" "));
        send_request(&s, cases[i].method, cases[i].target, LINES(cases[i].host));
        eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
        assert_int_equal(r.outcome, cases[i].want_host ? EVAL_REDIRECT : EVAL_BAD_REQUEST);
        if (cases[i].want_host) {
            struct slice want =
                arena_printf(&b.a, "%s %s %s", cases[i].want_host, cases[i].want_path, cases[i].want_uri);
            if (want.p[0] == ' ')
                want = slice_from(want, 1); /* a Location is clean: no white space at its ends */
            if (!slice_eq(r.value, want))
                fail_msg("%s: \"%.*s\"", cases[i].target, SLICE_ARG(r.value));
        }
        arena_free(&b.a);
    }
}

static void a_request_has_one_host(void **state)
{
    (void)state;
    struct ir_build b;
    struct sent s;
    struct eval_result r;
    build_begin(&b);
    build_use(&b, build_backend(&b, "x"), NULL);
    send_request(&s, "GET", "/", LINES("Host: a.com", "host: a.com"));
    s.headers[1].name = SLICE("hOST");
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    assert_int_equal(r.outcome, EVAL_BAD_REQUEST);
    s.q.nheaders = 0;
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    assert_int_equal(r.outcome, EVAL_BAD_REQUEST);
    assert_non_null(r.refused);
    arena_free(&b.a);
}

static void absent_operands_make_tests_false(void **state)
{
    (void)state;
    struct ir_build b;
    build_begin(&b);
    static const enum ir_op ops[] = {IR_EQ,       IR_UNDER, IR_STARTS_WITH, IR_ENDS_WITH,
                                     IR_CONTAINS, IR_LIKE,  IR_MATCHES};
    for (uint32_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        struct ir_expr *e = build_test(&b, ops[i], build_field(&b, IR_FIELD_HEADER, "x-a"), "/v");
        assert_false(holds(&b, e, "/", NULL));
        assert_true(holds(&b, build_not(&b, e), "/", NULL));
        assert_true(holds(&b, e, "/", LINES("X-A: /v")));
        assert_false(holds(&b, e, "/", LINES("x-a: z")));
    }
    struct ir_expr *exists = build_expr(&b, IR_EXISTS, IR_BOOL, 1);
    exists->args[0] = build_field(&b, IR_FIELD_QUERY, "k");
    assert_true(holds(&b, exists, "/?k", NULL));
    assert_true(holds(&b, exists, "/?k=", NULL));
    assert_false(holds(&b, exists, "/?K=1", NULL));
    assert_false(holds(&b, exists, "/", NULL));
    struct ir_expr *def = build_expr(&b, IR_DEFAULT, IR_STR, 2);
    def->args[0] = build_field(&b, IR_FIELD_COOKIE, "c");
    def->args[1] = build_str(&b, SLICE("none"));
    struct ir_expr *is_none = build_two(&b, IR_EQ, def, build_str(&b, SLICE("none")));
    assert_true(holds(&b, is_none, "/", NULL));
    assert_false(holds(&b, is_none, "/", LINES("Cookie: a=1", "Cookie: c=2")));
    arena_free(&b.a);
}

static void headers_join_and_cookies_are_searched(void **state)
{
    (void)state;
    struct ir_build b;
    build_begin(&b);
    struct ir_expr *e = build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "x-a"), "1, 2");
    assert_true(holds(&b, e, "/", LINES("X-A: 1", "x-a: 2")));
    e = build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "cookie"), "a=1; c=2");
    assert_true(holds(&b, e, "/", LINES("Cookie: a=1", "Cookie: c=2")));
    e = build_test(&b, IR_EQ, build_field(&b, IR_FIELD_COOKIE, "c"), "2");
    assert_true(holds(&b, e, "/", LINES("Cookie: a=1", "Cookie: c=2; c=3")));
    e = build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "host"), "b.com:80");
    assert_true(holds(&b, e, "http://b.com:80/", NULL));
    arena_free(&b.a);
}

static void patterns_mean_what_they_say(void **state)
{
    (void)state;
    static const struct {
        enum ir_op op;
        const char *pattern, *path;
        bool expect;
    } cases[] = {
        {IR_UNDER, "/api", "/api", true},   {IR_UNDER, "/api", "/api/x", true},
        {IR_UNDER, "/api", "/apix", false}, {IR_UNDER, "/", "/x", true},
        {IR_UNDER, "", "/x", true},         {IR_LIKE, "/a/*", "/a/b", true},
        {IR_LIKE, "/a/*", "/a/b/c", false}, {IR_LIKE, "/a/*", "/a/", false},
        {IR_LIKE, "/a/**", "/a/b/c", true}, {IR_LIKE, "/a/**", "/a/", false},
        {IR_LIKE, "/*/c", "/b/c", true},    {IR_LIKE, "/a*c", "/ac", false},
        {IR_LIKE, "/a*c", "/abcc", true},   {IR_LIKE, "**", "/", true},
        {IR_LIKE, "/***", "/a/b", true},    {IR_LIKE, "/***", "/a", false},
        {IR_MATCHES, "b+$", "/abb", true},  {IR_MATCHES, "^b", "/abb", false},
    };
    struct ir_build b;
    build_begin(&b);
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ir_expr *e =
            build_test(&b, cases[i].op, build_field(&b, IR_FIELD_PATH, NULL), cases[i].pattern);
        if (holds(&b, e, cases[i].path, NULL) != cases[i].expect)
            fail_msg("%s on %s", cases[i].pattern, cases[i].path);
    }
    struct ir_expr *e = build_test(&b, IR_LIKE, build_field(&b, IR_FIELD_HOST, NULL), "*.a.com");
    assert_true(holds(&b, e, "http://x.a.com/", NULL));
    assert_false(holds(&b, e, "http://y.x.a.com/", NULL));
    assert_false(holds(&b, e, "http://a.com/", NULL));
    arena_free(&b.a);
}

/* What a map of `kind` with the given keys (each its own value) finds for a request, or "-". */
static void finds(enum ir_key_kind kind, struct ir_expr *(*subject)(struct ir_build *),
                  const char *const *keys, const char *target, const char *want)
{
    struct ir_build b;
    struct sent s;
    struct eval_result r;
    build_begin(&b);
    struct ir_set *map = build_set(&b, kind);
    map->is_map = true;
    map->value_kind = IR_STR;
    for (; *keys; keys++)
        build_row(&b, map, *keys)->str = slice_of(*keys);
    struct ir_rule *rule = build_use(&b, NULL, NULL);
    struct ir_expr *def = build_expr(&b, IR_DEFAULT, IR_STR, 2);
    def->args[0] = build_lookup(&b, map, subject(&b));
    def->args[1] = build_str(&b, SLICE("-"));
    rule->kind = IR_REDIRECT;
    rule->value = def;
    send_request(&s, "GET", target, NULL);
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    if (!slice_eq(r.value, slice_of(want)))
        fail_msg("%s finds %.*s, not %s", target, SLICE_ARG(r.value), want);
    arena_free(&b.a);
}

static struct ir_expr *the_host(struct ir_build *b)
{
    return build_field(b, IR_FIELD_HOST, NULL);
}

static struct ir_expr *the_path(struct ir_build *b)
{
    return build_field(b, IR_FIELD_PATH, NULL);
}

static struct ir_expr *the_ip(struct ir_build *b)
{
    return build_field(b, IR_FIELD_CLIENT_IP, NULL);
}

static void the_longest_key_is_found(void **state)
{
    (void)state;
    const char *const *keys = LINES("a.com", "*.a.com", "**.a.com", "**.com", "*.b.a.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://a.com/", "a.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://x.a.com/", "*.a.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://y.x.a.com/", "**.a.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://x.b.a.com/", "*.b.a.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://b.com/", "**.com");
    finds(IR_KEY_HOST_PATTERN, the_host, keys, "http://com/", "-");
    finds(IR_KEY_HOST, the_host, LINES("a.com", "b.com"), "http://B.com/", "b.com");
    keys = LINES("/", "/a", "/a/b");
    finds(IR_KEY_PATH, the_path, keys, "/a/b/c", "/a/b");
    finds(IR_KEY_PATH, the_path, keys, "/a/bc", "/a");
    finds(IR_KEY_PATH, the_path, keys, "/ab", "/");
    finds(IR_KEY_PREFIX, the_path, LINES("/a", "/ab"), "/abc", "/ab");
    finds(IR_KEY_SUFFIX, the_path, LINES("c", "bc"), "/abc", "bc");
    finds(IR_KEY_SUFFIX, the_path, LINES("c", "bc"), "/abcd", "-");
    finds(IR_KEY_CIDR, the_ip, LINES("10.0.0.0/8", "10.1.0.0/16", "10.1.2.4"), "/", "10.1.0.0/16");
    finds(IR_KEY_CIDR, the_ip, LINES("::/0", "11.0.0.0/8"), "/", "-");
}

static struct ir_rule *on_request(struct ir_build *b, enum ir_action_kind kind, const char *name,
                                  const char *value)
{
    struct ir_rule *r = vec_push(&b->a, &b->f->on_request);
    r->kind = kind;
    r->name = slice_of(name);
    r->value = value ? build_str(b, slice_of(value)) : NULL;
    return r;
}

static void later_rules_see_header_edits(void **state)
{
    (void)state;
    struct ir_build b;
    struct sent s;
    struct eval_result r;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x"), *y = build_backend(&b, "y");
    on_request(&b, IR_ADD_HEADER, "X-A", "two\r\n");
    on_request(&b, IR_DEL_HEADER, "x-b", NULL)->guard =
        build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "x-a"), "one, two");
    on_request(&b, IR_SET_HEADER, "X-A", "");
    struct ir_expr *has_b = build_expr(&b, IR_EXISTS, IR_BOOL, 1);
    has_b->args[0] = build_field(&b, IR_FIELD_HEADER, "x-b");
    build_use(&b, x, has_b);
    build_use(&b, x, build_not(&b, build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "x-a"), "")));
    build_use(&b, y, NULL);
    send_request(&s, "GET", "/", LINES("x-a: one", "X-B: b"));
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    assert_ptr_equal(r.backend, y);
    assert_true(r.in_route);
    assert_int_equal(r.edits.n, 3);
    assert_int_equal(r.edits.v[0].kind, IR_ADD_HEADER);
    assert_true(slice_eq(r.edits.v[0].value, SLICE("two")));
    assert_int_equal(r.edits.v[1].kind, IR_DEL_HEADER);
    assert_true(slice_eq(r.edits.v[2].name, SLICE("X-A")));
    arena_free(&b.a);
}

struct traced {
    char rules[8];
    uint32_t n;
};

static void note_rule(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route,
                      bool applied)
{
    struct traced *t = ctx;
    assert_true(slice_eq(eval_path(s), SLICE("/")));
    assert_true(in_route && rule);
    t->rules[t->n++] = applied ? 'y' : 'n';
}

static void maps_pass_on_what_they_lack(void **state)
{
    (void)state;
    struct ir_build b;
    struct sent s;
    struct eval_result r;
    struct traced t = {{0}, 0};
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    struct ir_set *map = build_set(&b, IR_KEY_HOST);
    map->is_map = true;
    map->value_kind = IR_BACKEND;
    build_row(&b, map, "b.com")->backend = x;
    build_use(&b, NULL, NULL)->kind = IR_USE_MAP;
    b.f->route.v[0].value = build_lookup(&b, map, the_host(&b));
    struct ir_rule *reply = build_use(&b, NULL, NULL);
    reply->kind = IR_REPLY;
    reply->status = 404;
    struct ir_header_value *h = vec_push(&b.a, &reply->headers);
    h->name = SLICE("X-Ip");
    h->value = build_expr(&b, IR_TO_STR, IR_STR, 1);
    h->value->args[0] = the_ip(&b);
    send_request(&s, "GET", "/", NULL);
    eval_run(&b.a, b.f, &s.q, note_rule, &t, &r);
    assert_int_equal(r.outcome, EVAL_REPLY);
    assert_int_equal(r.status, 404);
    assert_null(r.value.p);
    assert_int_equal(r.reply_headers.n, 1);
    assert_true(slice_eq(r.reply_headers.v[0].value, SLICE("10.1.2.3")));
    assert_string_equal(t.rules, "ny");
    send_request(&s, "GET", "/", LINES("Host: b.com"));
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    assert_ptr_equal(r.backend, x);
    map->has_default = true;
    map->fallback.backend = x;
    send_request(&s, "GET", "/", NULL);
    eval_run(&b.a, b.f, &s.q, NULL, NULL, &r);
    assert_ptr_equal(r.backend, x);
    arena_free(&b.a);
}

static void numbers_are_exact(void **state)
{
    (void)state;
    struct ir_build b;
    build_begin(&b);
    static const struct {
        const char *query;
        int64_t below; /* the number is less than this, and not less than one under it */
        bool present;
    } cases[] = {
        {"/?n=41", 42, true},
        {"/?n=-1", 0, true},
        {"/?n=9223372036854775806", INT64_MAX, true},
        {"/?n=-9223372036854775808", INT64_MIN + 1, true},
        {"/?n=9223372036854775808", INT64_MAX, false},
        {"/?n=-9223372036854775809", INT64_MAX, false},
        {"/?n=", INT64_MAX, false},
        {"/?n=-", INT64_MAX, false},
        {"/?n=%2B1", INT64_MAX, false},
        {"/?n=1x", INT64_MAX, false},
        {"/", INT64_MAX, false},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ir_expr *n = build_expr(&b, IR_TO_INT, IR_INT, 1);
        n->args[0] = build_field(&b, IR_FIELD_QUERY, "n");
        struct ir_expr *less = build_two(&b, IR_LT, n, build_int(&b, cases[i].below));
        struct ir_expr *at_most = build_two(&b, IR_LE, n, build_int(&b, cases[i].below - 1));
        struct ir_expr *lower = build_two(&b, IR_LE, build_int(&b, cases[i].below - 1), n);
        assert_int_equal(holds(&b, less, cases[i].query, NULL), cases[i].present);
        assert_int_equal(holds(&b, at_most, cases[i].query, NULL), cases[i].present);
        assert_int_equal(holds(&b, lower, cases[i].query, NULL), cases[i].present);
    }
    arena_free(&b.a);
}

/* All paths and prefixes of up to three signs: a prefix ends where a segment does; the empty one has every path. */
static void paths_are_under_their_beginnings(void **state)
{
    (void)state;
    static const char signs[] = "/a*";
    char path[4], prefix[4];
    for (uint32_t code = 0; code < 4 * 27 * 4 * 27; code++) {
        struct slice p = {path, code % 4}, q = {prefix, code / 4 % 4};
        for (uint32_t i = 0, x = code / 16 % 27, y = code / 432; i < 3; i++, x /= 3, y /= 3) {
            path[i] = signs[x % 3];
            prefix[i] = signs[y % 3];
        }
        bool want = slice_starts(p, q) && (q.len == 0 ? p.len > 0 && path[0] == '/'
                                                      : p.len == q.len || prefix[q.len - 1] == '/' || path[q.len] == '/');
        assert_int_equal(eval_under(p, q), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_under_their_beginnings),
        cmocka_unit_test(requests_are_normalised),
        cmocka_unit_test(a_request_has_one_host),
        cmocka_unit_test(absent_operands_make_tests_false),
        cmocka_unit_test(headers_join_and_cookies_are_searched),
        cmocka_unit_test(patterns_mean_what_they_say),
        cmocka_unit_test(the_longest_key_is_found),
        cmocka_unit_test(later_rules_see_header_edits),
        cmocka_unit_test(maps_pass_on_what_they_lack),
        cmocka_unit_test(numbers_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
