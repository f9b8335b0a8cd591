/* The canonical form: round trips, independence of order and places, refusal of what is no program, speed;
 * and the text of expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/ir_codec.h"
#include "compiler/ir_print.h"
#include "runtime/base/clock.h"
#include "tests/unit/ir_build.h"
#include "tests/unit/random.h"

static struct ir_expr *unary(struct ir_build *b, enum ir_op op, enum ir_kind kind, struct ir_expr *x)
{
    struct ir_expr *e = build_expr(b, op, kind, 1);
    e->args[0] = x;
    e->optional = op == IR_TO_INT || (op == IR_LOWER && x->optional);
    return e;
}

static struct ir_expr *header(struct ir_build *b, const char *name)
{
    return build_field(b, IR_FIELD_HEADER, name);
}

static struct ir_expr *junction(struct ir_build *b, enum ir_op op, struct ir_expr *x, struct ir_expr *y)
{
    struct ir_expr *e = build_two(b, op, x, y);
    return e;
}

static struct ir_expr *converted(struct ir_build *b, enum ir_op op, enum ir_kind kind, struct ir_expr *x,
                                 struct ir_expr *y, struct ir_expr *z)
{
    struct ir_expr *e = build_expr(b, op, kind, z ? 3 : y ? 2 : 1);
    e->args[0] = x;
    e->args[1] = y;
    if (z)
        e->args[2] = z;
    return e;
}

/* Tests of what converters make. */
static void add_converters(struct ir_build *b, struct ir_expr *all, struct ir_set *nets)
{
    struct ir_expr *x = header(b, "x-a"), *lines = build_field(b, IR_FIELD_HEADERS, "x-a"),
                   *net = build_expr(b, IR_CONST_CIDR, IR_CIDR, 0), *text = build_str(b, SLICE("t"));
    ip_prefix_parse(SLICE("10.1.0.0/17"), &net->cidr);
    struct ir_expr *mask = converted(b, IR_MASK, IR_CIDR, build_field(b, IR_FIELD_LISTENER_IP, NULL), build_int(b, 32),
                                     build_int(b, 0));
    struct ir_expr *replace = converted(b, IR_REPLACE, IR_STR, x, build_str(b, SLICE("-")), NULL);
    replace->str = SLICE("[a-z]+");
    struct ir_expr *const parts[] = {
        build_two(b, IR_EQ, mask, net),
        build_in(b, mask, nets),
        build_two(b, IR_EQ, converted(b, IR_PART, IR_STR, x, build_int(b, INT64_MIN), build_str(b, SLICE(","))), text),
        build_two(b, IR_EQ, replace, text),
        build_two(b, IR_EQ, unary(b, IR_BASE64, IR_STR, unary(b, IR_URL_DECODE, IR_STR, x)),
                  unary(b, IR_BASE64_DECODE, IR_STR, x)),
        build_two(b, IR_LT, unary(b, IR_LENGTH, IR_INT, x), unary(b, IR_HASH, IR_INT, x)),
        build_two(b, IR_LT, unary(b, IR_LINES, IR_INT, lines), build_field(b, IR_FIELD_LISTENER_PORT, NULL)),
        build_two(b, IR_EQ, converted(b, IR_NTH, IR_STR, lines, build_int(b, -1), NULL),
                  build_field(b, IR_FIELD_RAW_PATH, NULL)),
        build_two(b, IR_AMONG, build_field(b, IR_FIELD_VERSION, NULL), lines),
    };
    for (uint32_t i = 0; i < sizeof parts / sizeof *parts; i++)
        all->args[all->nargs++] = parts[i];
}

/* A condition with every operator in it. */
static struct ir_expr *every_operator(struct ir_build *b, struct ir_set *texts, struct ir_set *numbers,
                                      struct ir_set *nets)
{
    struct ir_expr *path = build_field(b, IR_FIELD_PATH, NULL), *all = build_expr(b, IR_AND, IR_BOOL, 0);
    struct ir_expr *to_int = unary(b, IR_TO_INT, IR_INT, build_field(b, IR_FIELD_QUERY, "n"));
    struct ir_expr *ip = build_expr(b, IR_CONST_IP, IR_IP, 0),
                   *yes = build_expr(b, IR_CONST_BOOL, IR_BOOL, 0);
    struct ir_expr *def = build_expr(b, IR_DEFAULT, IR_STR, 2);
    ip_parse(SLICE("10.0.0.1"), &ip->ip);
    yes->num = 1;
    def->args[0] = header(b, "x-a");
    def->args[1] = build_str(b, SLICE("none\n\"${x}"));
    all->args = arena_array(&b->a, struct ir_expr *, 40);
    struct ir_expr *const parts[] = {
        build_test(b, IR_UNDER, path, "/a"),
        build_test(b, IR_STARTS_WITH, path, "/b"),
        build_test(b, IR_ENDS_WITH, path, "c"),
        build_test(b, IR_CONTAINS, path, "d"),
        build_test(b, IR_LIKE, path, "/*/e"),
        build_test(b, IR_MATCHES, path, "^/[a-z]+$"),
        build_in(b, header(b, "x-b"), texts),
        build_in(b, to_int, numbers),
        junction(b, IR_OR, build_two(b, IR_LT, to_int, build_int(b, -7)),
                 build_two(b, IR_LE, build_int(b, INT64_MAX), to_int)),
        build_not(b, build_two(b, IR_EQ, build_field(b, IR_FIELD_CLIENT_IP, NULL), ip)),
        unary(b, IR_EXISTS, IR_BOOL, header(b, "x-c")),
        build_two(b, IR_EQ, def, unary(b, IR_LOWER, IR_STR, header(b, "x-d"))),
        build_two(b, IR_EQ, unary(b, IR_UPPER, IR_STR, path), build_str(b, SLICE("/X"))),
        yes,
        build_field(b, IR_FIELD_TLS_ACTIVE, NULL),
    };
    for (uint32_t i = 0; i < sizeof parts / sizeof *parts; i++)
        all->args[all->nargs++] = parts[i];
    add_converters(b, all, nets);
    return all;
}

static struct ir_rule *add_rule(struct ir_build *b, bool in_route, enum ir_action_kind kind,
                                struct ir_expr *value)
{
    struct ir_rule *r = in_route ? vec_push(&b->a, &b->f->route) : vec_push(&b->a, &b->f->on_request);
    r->kind = kind;
    r->value = value;
    r->label = arena_printf(&b->a, "edge.%s[%u]", in_route ? "route" : "on-request",
                            in_route ? b->f->route.n : b->f->on_request.n);
    r->pos = (struct ir_pos){0, 10 + 3 * b->f->route.n, 5};
    return r;
}

static void add_checks(struct ir_build *b, struct ir_backend *backend)
{
    struct ir_check *http = arena_new(&b->a, struct ir_check), *tcp = arena_new(&b->a, struct ir_check);
    http->name = SLICE("up");
    http->method = SLICE("GET");
    http->path = SLICE("/healthz");
    http->status_min = 200;
    http->status_max = 299;
    http->body_contains = SLICE("ok");
    *vec_push(&b->a, &http->headers) =
        (struct ir_header_value){SLICE("Host"), build_str(b, SLICE("x")), {0, 3, 1}};
    tcp->name = SLICE("redis");
    tcp->kind = IR_CHECK_TCP;
    tcp->index = 1;
    *vec_push(&b->a, &tcp->steps) = (struct ir_check_step){true, IR_EXPECT_STATUS, SLICE("PING\r\n")};
    *vec_push(&b->a, &tcp->steps) = (struct ir_check_step){false, IR_EXPECT_CONTAINS, SLICE("+PONG")};
    vec_add(&b->a, &b->p.checks, http);
    vec_add(&b->a, &b->p.checks, tcp);
    backend->check = http;
    backend->check_every_ms = 2000;
    backend->balance = IR_BALANCE_LEAST_CONN;
    struct ir_server *s = vec_push(&b->a, &backend->servers);
    *s = (struct ir_server){.name = SLICE("s1"), .port = 80, .weight = 256, .pos = {0, 4, 2}};
    ip_parse(SLICE("2001:db8::1"), &s->addr);
    s = vec_push(&b->a, &backend->servers);
    *s = (struct ir_server){.name = SLICE("s2"), .host = SLICE("web.local"), .port = 81, .backup = true};
}

static struct ir_set *add_set(struct ir_build *b, enum ir_key_kind kind, const char *name, enum ir_kind value)
{
    struct ir_set *s = build_set(b, kind);
    s->name = name ? slice_of(name) : (struct slice){NULL, 0};
    s->is_map = value != IR_BOOL;
    s->value_kind = value;
    s->pos = (struct ir_pos){0, 7, 1};
    return s;
}

/* A program with everything in it. `turned`: the same in another order, and elsewhere. */
static void whole_program(struct ir_build *b, bool turned)
{
    static const char *const nets[] = {"10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32",
                                       "::/0",       "10.0.0.0/9",     "1.2.3.4"};
    static const char *const hosts[] = {"b.com", "a.com", "*.a.com", "**.a.com", "a.com.au"};
    build_begin(b);
    struct ir_backend *x = build_backend(b, turned ? "y" : "x"), *y = build_backend(b, turned ? "x" : "y");
    if (turned) {
        struct ir_backend *t = x;
        x = y;
        y = t;
    }
    add_checks(b, x);
    struct ir_set *texts = add_set(b, IR_KEY_STRING, NULL, IR_BOOL),
                  *numbers = add_set(b, IR_KEY_INT, NULL, IR_BOOL);
    struct ir_set *map = add_set(b, IR_KEY_HOST_PATTERN, "hosts", IR_BACKEND),
                  *cidrs = add_set(b, IR_KEY_CIDR, "nets", IR_STR);
    build_row(b, texts, turned ? "two" : "one");
    build_row(b, texts, turned ? "one" : "two");
    if (turned)
        build_row(b, texts, "two");
    for (uint32_t i = 0; i < 5; i++) {
        vec_push(&b->a, &numbers->rows)->key.num = turned ? (int64_t)i - 2 : 2 - (int64_t)i;
        build_row(b, map, hosts[turned ? 4 - i : i])->backend = (turned ? 4 - i : i) % 2 ? x : y;
    }
    for (uint32_t i = 0; i < 6; i++) {
        const char *net = nets[turned ? 5 - i : i];
        build_row(b, cidrs, net)->str = slice_of(net);
    }
    cidrs->has_default = true;
    cidrs->fallback.str = SLICE("elsewhere");
    vec_push(&b->a, &b->f->listens)->port = 80;
    b->f->client_ms = 30000;
    b->f->max_body = 1ull << 40;
    add_rule(b, false, IR_SET_HEADER, build_str(b, SLICE("v")))->name = SLICE("X-Set");
    add_rule(b, false, IR_ADD_HEADER, unary(b, IR_TO_STR, IR_STR, build_field(b, IR_FIELD_CLIENT_IP, NULL)))
        ->name = SLICE("X-Add");
    add_rule(b, false, IR_DEL_HEADER, NULL)->name = SLICE("X-Del");
    add_rule(b, true, IR_USE, NULL)->guard = every_operator(b, texts, numbers, cidrs);
    b->f->route.v[0].backend = x;
    add_rule(b, true, IR_USE_MAP, build_lookup(b, map, build_field(b, IR_FIELD_HOST, NULL)));
    struct ir_expr *to = build_expr(b, IR_CONCAT, IR_STR, 2);
    to->args[0] = build_str(b, SLICE("https://x"));
    to->args[1] = build_field(b, IR_FIELD_URI, NULL);
    struct ir_rule *r = add_rule(b, true, IR_REDIRECT, to);
    r->status = 308;
    r->guard = build_not(b, build_field(b, IR_FIELD_TLS_ACTIVE, NULL));
    r = add_rule(b, true, IR_REPLY, build_lookup(b, cidrs, build_field(b, IR_FIELD_CLIENT_IP, NULL)));
    r->status = 404;
    *vec_push(&b->a, &r->headers) =
        (struct ir_header_value){SLICE("X-R"), build_str(b, SLICE("")), {0, 30, 1}};
    if (turned)
        for (uint32_t i = 0; i < b->f->route.n; i++)
            b->f->route.v[i].pos.line += 100;
}

struct coded {
    struct buf canonical, places;
    char digest[IR_DIGEST_TEXT];
};

static struct coded encode(const struct ir_program *p)
{
    struct arena scratch = {0};
    struct coded c = {{0}, {0}, {0}};
    ir_encode(&scratch, p, &c.canonical, &c.places);
    ir_digest(buf_view(&c.canonical), c.digest);
    arena_free(&scratch);
    return c;
}

static void coded_free(struct coded *c)
{
    buf_free(&c->canonical);
    buf_free(&c->places);
}

static void programs_come_back(void **state)
{
    (void)state;
    struct ir_build b;
    const char *why;
    whole_program(&b, false);
    struct coded x = encode(&b.p);
    struct ir_program *p = ir_decode(&b.a, buf_view(&x.canonical), buf_view(&x.places), &why);
    if (!p)
        fail_msg("refused: %s", why);
    struct coded y = encode(p);
    assert_true(slice_eq(buf_view(&x.canonical), buf_view(&y.canonical)));
    assert_true(slice_eq(buf_view(&x.places), buf_view(&y.places)));
    assert_int_equal(p->frontends.v[0]->route.v[1].pos.line, b.f->route.v[1].pos.line);
    assert_true(slice_eq(p->frontends.v[0]->route.v[3].label, SLICE("edge.route[4]")));
    assert_true(slice_eq(p->sources.v[0].path, SLICE("test.weir")));
    /* Without places, the same program. */
    p = ir_decode(&b.a, buf_view(&x.canonical), SLICE(""), &why);
    assert_non_null(p);
    coded_free(&y);
    y = encode(p);
    assert_true(slice_eq(buf_view(&x.canonical), buf_view(&y.canonical)));
    coded_free(&x);
    coded_free(&y);
    arena_free(&b.a);
}

static void order_and_places_do_not_matter(void **state)
{
    (void)state;
    struct ir_build a, b;
    whole_program(&a, false);
    whole_program(&b, true);
    struct coded x = encode(&a.p), y = encode(&b.p);
    assert_true(slice_eq(buf_view(&x.canonical), buf_view(&y.canonical)));
    assert_false(slice_eq(buf_view(&x.places), buf_view(&y.places)));
    assert_string_equal(x.digest, y.digest);
    assert_int_equal(strspn(x.digest, "0123456789abcdef"), 32);
    coded_free(&y);
    b.f->route.v[2].status = 307;
    y = encode(&b.p);
    assert_string_not_equal(x.digest, y.digest);
    coded_free(&x);
    coded_free(&y);
    arena_free(&a.a);
    arena_free(&b.a);
}

static void equal_sets_are_one(void **state)
{
    (void)state;
    struct ir_build b;
    const char *why;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    for (uint32_t i = 0; i < 3; i++) {
        struct ir_set *s = build_set(&b, IR_KEY_STRING);
        build_row(&b, s, i == 1 ? "other" : "same");
        build_use(&b, x, build_in(&b, header(&b, "x-a"), s));
    }
    build_use(&b, x, NULL);
    struct coded c = encode(&b.p);
    struct ir_program *p = ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why);
    assert_non_null(p);
    assert_int_equal(p->sets.n, 2);
    const struct ir_rule *r = p->frontends.v[0]->route.v;
    assert_ptr_equal(r[0].guard->set, r[2].guard->set);
    assert_true(slice_eq(r[1].guard->set->rows.v[0].key.str, SLICE("other")));
    coded_free(&c);
    arena_free(&b.a);
}

/* A split over three ranges, which ends at `end`, with a gap of `gap` before the last one. NULL: it comes back. */
static const char *refused_split(int64_t gap, int64_t end)
{
    const int64_t bounds[] = {0, 5 * IR_PERCENT, 50 * IR_PERCENT, end};
    struct ir_build b;
    const char *why;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    struct ir_set *s = build_set(&b, IR_KEY_RANGE);
    s->name = SLICE("release");
    s->is_map = s->is_split = s->has_default = true;
    s->value_kind = IR_BACKEND;
    s->fallback.backend = x;
    for (uint32_t i = 0; i < 3; i++) {
        struct ir_row *row = vec_push(&b.a, &s->rows);
        row->key.range = (struct ir_range){bounds[i] + (i == 2) * gap, bounds[i + 1] - 1};
        row->backend = x;
    }
    struct ir_rule *r = build_use(&b, NULL, NULL);
    r->kind = IR_USE_MAP;
    r->value = build_lookup(&b, s, build_field(&b, IR_FIELD_RANDOM, NULL));
    struct coded c = encode(&b.p);
    ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why);
    coded_free(&c);
    arena_free(&b.a);
    return why;
}

static void splits_are_whole(void **state)
{
    (void)state;
    assert_null(refused_split(0, IR_RANDOM_END));
    assert_string_equal(refused_split(1, IR_RANDOM_END), "a split is not whole");
    assert_string_equal(refused_split(0, IR_RANDOM_END - 1), "a split is not whole");
    assert_string_equal(refused_split(0, IR_RANDOM_END + 1), "a split is not whole");
    assert_string_equal(refused_split(-1, IR_RANDOM_END), "a range overlaps another, or does not end");
}

/* Expressions are tried in the order in which they stand: another order is another program. */
static void expressions_keep_their_order(void **state)
{
    (void)state;
    char digest[2][IR_DIGEST_TEXT];
    for (int turned = 0; turned <= 1; turned++) {
        struct ir_build b;
        const char *why;
        build_begin(&b);
        struct ir_set *s = build_set(&b, IR_KEY_REGEX);
        build_row(&b, s, turned ? "^a" : "b$");
        build_row(&b, s, turned ? "b$" : "^a");
        build_use(&b, build_backend(&b, "x"), build_in(&b, header(&b, "x-a"), s));
        build_use(&b, b.p.backends.v[0], NULL);
        struct coded c = encode(&b.p);
        struct ir_program *p = ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why);
        assert_non_null(p);
        assert_true(slice_eq(p->sets.v[0]->rows.v[0].key.str, slice_of(turned ? "^a" : "b$")));
        memcpy(digest[turned], c.digest, sizeof c.digest);
        coded_free(&c);
        arena_free(&b.a);
    }
    assert_string_not_equal(digest[0], digest[1]);
}

static void frontends_keep_their_order(void **state)
{
    (void)state;
    struct ir_build b;
    const char *why;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    struct ir_frontend *second = arena_new(&b.a, struct ir_frontend), *first = b.f;
    second->name = SLICE("a-second");
    second->pos.line = 9;
    first->pos.line = 8;
    vec_add(&b.a, &b.p.frontends, second);
    build_use(&b, x, NULL);
    b.f = second;
    build_use(&b, x, NULL);
    struct coded c = encode(&b.p);
    struct ir_program *p = ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why);
    assert_non_null(p);
    assert_true(slice_eq(p->frontends.v[0]->name, first->name));
    assert_int_equal(p->frontends.v[1]->index, 1);
    coded_free(&c);
    arena_free(&b.a);
}

/* In memory of its exact size, so that a read too far shows. */
static struct ir_program *decode_copy(struct arena *a, const char *p, size_t n, struct slice places,
                                      const char **why)
{
    char *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    struct ir_program *program = ir_decode(a, (struct slice){copy, n}, places, why);
    free(copy);
    return program;
}

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    struct ir_build b;
    const char *why;
    whole_program(&b, false);
    struct coded c = encode(&b.p);
    uint32_t accepted = 0;
    for (size_t n = 0; n < c.canonical.len; n++) {
        assert_null(decode_copy(&b.a, c.canonical.p, n, SLICE(""), &why));
        assert_non_null(why);
    }
    for (size_t n = 1; n < c.places.len; n++)
        assert_null(ir_decode(&b.a, buf_view(&c.canonical), (struct slice){c.places.p, n}, &why));
    for (uint64_t seed = 1; seed < 6000; seed++) {
        struct arena a = {0};
        uint64_t s = seed;
        size_t at = rnd(&s, (uint32_t)c.canonical.len);
        char was = c.canonical.p[at];
        c.canonical.p[at] ^= (char)(1 << rnd(&s, 8));
        struct ir_program *p = decode_copy(&a, c.canonical.p, c.canonical.len, SLICE(""), &why);
        c.canonical.p[at] = was;
        if (p) {
            /* What is accepted is a program, and has a canonical form that comes back. */
            struct coded x = encode(p), y;
            p = ir_decode(&a, buf_view(&x.canonical), buf_view(&x.places), &why);
            assert_non_null(p);
            y = encode(p);
            assert_true(slice_eq(buf_view(&x.canonical), buf_view(&y.canonical)));
            coded_free(&x);
            coded_free(&y);
            accepted++;
        }
        arena_free(&a);
    }
    assert_true(accepted > 0);
    coded_free(&c);
    arena_free(&b.a);
}

static bool comes_back(struct ir_expr *guard)
{
    struct ir_build b;
    const char *why;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    build_use(&b, x, guard);
    build_use(&b, x, NULL);
    struct coded c = encode(&b.p);
    bool good = ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why) != NULL;
    coded_free(&c);
    arena_free(&b.a);
    return good;
}

/* Arguments that the checker refuses would be taken for granted later. */
static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    struct ir_build b;
    build_begin(&b);
    struct ir_expr *x = header(&b, "x-a"), *lines = build_field(&b, IR_FIELD_HEADERS, "x-a"),
                   *ip = build_field(&b, IR_FIELD_CLIENT_IP, NULL), *comma = build_str(&b, SLICE(","));
    static const int64_t places[] = {1, -1, INT64_MIN, 0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct ir_expr *n = build_int(&b, places[i]);
        assert_int_equal(comes_back(unary(&b, IR_EXISTS, IR_BOOL, converted(&b, IR_PART, IR_STR, x, n, comma))), i < 3);
        assert_int_equal(comes_back(unary(&b, IR_EXISTS, IR_BOOL, converted(&b, IR_NTH, IR_STR, lines, n, NULL))), i < 3);
    }
    assert_false(comes_back(unary(&b, IR_EXISTS, IR_BOOL,
                                  converted(&b, IR_PART, IR_STR, x, build_int(&b, 1), build_str(&b, SLICE(""))))));
    assert_false(comes_back(unary(&b, IR_EXISTS, IR_BOOL, converted(&b, IR_PART, IR_STR, x, build_int(&b, 1), x))));
    assert_false(comes_back(unary(&b, IR_EXISTS, IR_BOOL, converted(&b, IR_NTH, IR_STR, x, build_int(&b, 1), NULL))));
    static const struct {
        int64_t v4, v6;
        bool good;
    } bits[] = {{0, 0, true}, {32, 128, true}, {33, 64, false}, {-1, 64, false}, {24, 129, false}};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        struct ir_expr *mask =
            converted(&b, IR_MASK, IR_CIDR, ip, build_int(&b, bits[i].v4), build_int(&b, bits[i].v6));
        assert_int_equal(comes_back(build_two(&b, IR_EQ, mask, mask)), bits[i].good);
    }
    assert_true(comes_back(build_two(&b, IR_AMONG, x, lines)));
    assert_false(comes_back(build_two(&b, IR_AMONG, x, x)));
    assert_false(comes_back(build_two(&b, IR_EQ, lines, lines)));
    assert_false(comes_back(unary(&b, IR_EXISTS, IR_BOOL, lines)));
    struct ir_expr *replace = converted(&b, IR_REPLACE, IR_STR, x, comma, NULL);
    replace->str = SLICE("a");
    assert_true(comes_back(build_two(&b, IR_EQ, replace, x)));
    replace->str = SLICE("a(");
    assert_false(comes_back(build_two(&b, IR_EQ, replace, x)));
    arena_free(&b.a);
}

/* ---- size -------------------------------------------------------------------------------------- */

static void many_rows(struct ir_build *b, uint32_t n)
{
    uint64_t seed = 5;
    struct ir_set *map = add_set(b, IR_KEY_HOST, "tenants", IR_BACKEND);
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t i = 0; i < n; i++) {
        struct ir_row *r = vec_push(&b->a, &map->rows);
        r->key.str = arena_printf(&b->a, "tenant-%06x-%u.customers.example", rnd(&seed, 1 << 24), i);
        r->backend = x;
    }
    build_use(b, x, build_in(b, build_field(b, IR_FIELD_HOST, NULL), map));
    build_use(b, x, NULL);
}

static void many_rules(struct ir_build *b, uint32_t n)
{
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t i = 0; i < n; i++) {
        struct slice host = arena_printf(&b->a, "host-%u.example", i);
        struct ir_rule *r =
            build_use(b, x,
                      junction(b, IR_AND, build_test(b, IR_EQ, build_field(b, IR_FIELD_HOST, NULL), host.p),
                               build_test(b, IR_UNDER, build_field(b, IR_FIELD_PATH, NULL), "/api")));
        r->label = arena_printf(&b->a, "edge.route[%u]", i);
    }
    build_use(b, x, NULL);
}

static void large_programs_are_quick(void **state)
{
    (void)state;
    for (int rules = 0; rules <= 1; rules++) {
        struct ir_build b;
        const char *why;
        build_begin(&b);
        if (rules)
            many_rules(&b, 100000);
        else
            many_rows(&b, 1000000);
        uint64_t t0 = clock_ns();
        struct coded c = encode(&b.p);
        uint64_t t1 = clock_ns();
        struct ir_program *p = ir_decode(&b.a, buf_view(&c.canonical), buf_view(&c.places), &why);
        uint64_t t2 = clock_ns();
        assert_non_null(p);
        for (uint32_t i = 1; !rules && i < p->sets.v[0]->rows.n; i++)
            assert_true(slice_cmp(p->sets.v[0]->rows.v[i - 1].key.str, p->sets.v[0]->rows.v[i].key.str) < 0);
        print_message("%s: %zu bytes and %zu of places, encoded in %llu ms, decoded in %llu ms\n",
                      rules ? "100,000 rules" : "1,000,000 rows", c.canonical.len, c.places.len,
                      (unsigned long long)(t1 - t0) / 1000000, (unsigned long long)(t2 - t1) / 1000000);
        assert_true(t2 - t0 < 20000000000u); /* generous: sanitizers, busy machines */
        coded_free(&c);
        arena_free(&b.a);
    }
}

/* ---- text -------------------------------------------------------------------------------------- */

static void expressions_print_as_written(void **state)
{
    (void)state;
    struct ir_build b;
    struct buf out = {0};
    whole_program(&b, false);
    ir_print_expr(b.f->route.v[0].guard, &out);
    buf_char(&out, 0);
    assert_string_equal(
        out.p,
        "path under \"/a\" and path starts-with \"/b\" and path ends-with \"c\" and path contains \"d\" and "
        "path like \"/*/e\" and path matches re\"^/[a-z]+$\" and req.header[\"x-b\"] in [\"one\", \"two\"] "
        "and "
        "req.query[\"n\"] | to-int in [2, 1, 0, -1, -2] and "
        "(req.query[\"n\"] | to-int < -7 or 9223372036854775807 <= req.query[\"n\"] | to-int) and "
        "client.ip != 10.0.0.1 and exists(req.header[\"x-c\"]) and "
        "req.header[\"x-a\"] | default(\"none\\n\\\"\\${x}\") == req.header[\"x-d\"] | lower and "
        "path | upper == \"/X\" and true and tls.active and "
        "listener.ip | mask(32, 0) == 10.1.0.0/17 and listener.ip | mask(32, 0) in nets and "
        "req.header[\"x-a\"] | field(-9223372036854775808, \",\") == \"t\" and "
        "req.header[\"x-a\"] | replace(re\"[a-z]+\", \"-\") == \"t\" and "
        "req.header[\"x-a\"] | url-decode | base64 == req.header[\"x-a\"] | base64-decode and "
        "req.header[\"x-a\"] | length < req.header[\"x-a\"] | hash and "
        "req.headers[\"x-a\"] | length < listener.port and "
        "req.headers[\"x-a\"] | nth(-1) == req.raw-path and req.version in req.headers[\"x-a\"]");
    out.len = 0;
    ir_print_action(&b.f->route.v[2], &out);
    buf_str(&out, " if ");
    ir_print_expr(b.f->route.v[2].guard, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, "redirect to \"https://x${req.uri}\" 308 if not tls.active");
    out.len = 0;
    ir_dump(&b.p, &out);
    assert_true(
        slice_contains(buf_view(&out), SLICE("map hosts: host-pattern -> backend {  # test.weir:7\n")));
    assert_true(
        slice_contains(buf_view(&out), SLICE("  server s1 [2001:db8::1]:80 weight 256  # test.weir:4\n")));
    assert_true(slice_contains(buf_view(&out), SLICE("add req.header[\"X-Add\"] = client.ip")));
    buf_free(&out);
    arena_free(&b.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_come_back),           cmocka_unit_test(order_and_places_do_not_matter),
        cmocka_unit_test(equal_sets_are_one),           cmocka_unit_test(frontends_keep_their_order),
        cmocka_unit_test(damaged_bytes_are_refused),    cmocka_unit_test(splits_are_whole),
        cmocka_unit_test(wrong_arguments_are_refused),  cmocka_unit_test(large_programs_are_quick),
        cmocka_unit_test(expressions_print_as_written), cmocka_unit_test(expressions_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
