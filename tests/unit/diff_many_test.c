/* The exact comparison and the analyses of programs of many rules: enough that lists of rules are shared, indexed and
 * compared, against brute force over a domain that tells all of them apart; and what is not looked into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/diff_brute.h"

/* ---- rules by one field ------------------------------------------------------------------------ */

enum { HOSTS = 24, ZONES = 4, PATHS = 70, DIGITS = 4, NETS = 40, TEXT_ROOM = 64 };

/* A field that rules tell apart: one of its conditions, and every request that such rules can tell apart. */
struct field {
    void (*condition)(struct random *r, struct buf *out);
    void (*each_request)(small_request_fn *fn, void *ctx);
    const char *rest[6]; /* conditions beside it */
};

static void add_host_condition(struct random *r, struct buf *out)
{
    switch (draw(r, 12)) {
    case 0:
        buf_printf(out, "host like \"*.z%u.t\"", draw(r, ZONES));
        break;
    case 1:
        buf_printf(out, "host like \"**.z%u.t\"", draw(r, ZONES));
        break;
    case 2:
        buf_printf(out, "host in [\"h%u.z1.t\", \"h%u.z2.t\", \"*.z%u.t\"]", draw(r, HOSTS), draw(r, HOSTS), draw(r, ZONES));
        break;
    case 3:
        buf_printf(out, "not (host == \"h%u.z%u.t\")", draw(r, HOSTS), draw(r, ZONES));
        break;
    case 4:
        buf_printf(out, "host ends-with \"%u.t\"", draw(r, ZONES));
        break;
    case 5:
        buf_printf(out, "(host == \"h%u.z0.t\" or path == \"/b\")", draw(r, HOSTS));
        break;
    default:
        buf_printf(out, "host == \"h%u.z%u.t\"", draw(r, HOSTS), draw(r, ZONES));
    }
}

static void add_path_condition(struct random *r, struct buf *out)
{
    uint32_t p = draw(r, PATHS);
    switch (draw(r, 12)) {
    case 0:
        buf_printf(out, "path under \"/p%u\"", p);
        break;
    case 1:
        buf_printf(out, "path in [\"/p%u\", \"/p%u\", \"/p%u/x\"]", p, (p + 7) % PATHS, draw(r, PATHS));
        break;
    case 2:
        buf_printf(out, "path starts-with \"/p%u\"", p);
        break;
    case 3:
        buf_printf(out, "not (path == \"/p%u\")", p);
        break;
    case 4:
        buf_printf(out, "(path ends-with \"%u\" and path starts-with \"/p\")", p % DIGITS);
        break;
    default:
        buf_printf(out, "path == \"/p%u\"", p);
    }
}

static void add_address_condition(struct random *r, struct buf *out)
{
    uint32_t n = draw(r, NETS), bits = 22 + draw(r, 4), base = bits < 24 ? n >> (24 - bits) << (24 - bits) : n;
    switch (draw(r, 8)) {
    case 0:
    case 1:
        buf_printf(out, "client.ip in 10.0.%u.0/%u", base, bits);
        break;
    case 2:
        buf_printf(out, "client.ip in [10.0.%u.0/24, 10.0.%u.128/25]", n, (n + 9) % NETS);
        break;
    case 3:
        buf_printf(out, "not (client.ip in 10.0.%u.0/24)", n);
        break;
    case 4:
        buf_printf(out, "client.ip in [10.0.%u.255, 2001:db8:%x::/48, 10.0.%u.0/32, 10.0.%u.0/31]", n, n, n, n);
        break;
    default:
        buf_printf(out, "client.ip == 10.0.%u.%u", n, draw(r, 2));
    }
}

static void add_rule_by(struct random *r, const struct field *f, struct buf *out)
{
    static const char *const ends[] = {"use p", "use q", "use s", "reply 403"};
    buf_printf(out, "    %s if ", ONE_OF(ends));
    f->condition(r, out);
    if (draw(r, 3))
        buf_printf(out, " and %s", f->rest[draw(r, 6)]);
    if (draw(r, 5) == 0)
        buf_printf(out, " and %s", f->rest[draw(r, 6)]);
    buf_char(out, '\n');
}

static void put_rules(const struct buf *lines, const uint32_t *order, uint32_t n, struct buf *out)
{
    buf_str(out, "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
                 "backend s { server x 127.0.0.1:1 }\nfrontend f {\n  listen 127.0.0.1:2\n  route {\n");
    for (uint32_t i = 0; i < n; i++)
        buf_slice(out, buf_view(&lines[order[i]]));
    buf_str(out, "    reply 404\n  }\n}\n");
}

static void each_of_hosts(small_request_fn *fn, void *ctx)
{
    static const char *const others[] = {"x.z%u.t", "y.x.z%u.t", "z%u.t", "x%u.t", "x.t"};
    static const char *const paths[] = {"/", "/a", "/a/x", "/b", "/ab", "/c"}, *const ways[] = {"GET", "POST"};
    for (uint32_t h = 0; h < (HOSTS + COUNT(others)) * ZONES; h++) {
        char host[TEXT_ROOM];
        if (h / ZONES < HOSTS)
            snprintf(host, sizeof host, "h%u.z%u.t", h / ZONES, h % ZONES);
        else
            snprintf(host, sizeof host, others[h / ZONES - HOSTS], h % ZONES);
        struct eval_header line = {SLICE("Host"), slice_of(host)};
        for (uint32_t i = 0; i < COUNT(paths) * COUNT(ways); i++) {
            struct eval_request q = {.method = slice_of(ways[i % 2]), .target = slice_of(paths[i / 2]),
                                     .headers = &line, .nheaders = 1, .client_port = 50000};
            fn(ctx, &q);
        }
    }
}

/* With each method, by each of two names, with TLS and without. */
static void each_way(struct eval_request q, small_request_fn *fn, void *ctx)
{
    static const char *const ways[] = {"OPTIONS", "GET", "POST"};
    for (uint32_t i = 0; i < (slice_eq(q.target, SLICE("*")) ? 4 : 12); i++) {
        struct eval_header line = {SLICE("Host"), i & 1 ? SLICE("h") : SLICE("other")};
        q.headers = &line;
        q.nheaders = 1;
        q.method = slice_of(ways[i / 4]);
        q.tls = i & 2;
        q.client_port = 50000;
        fn(ctx, &q);
    }
}

static void each_of_paths(small_request_fn *fn, void *ctx)
{
    static const char *const more[] = {"", "/x", "y"};
    char path[TEXT_ROOM];
    for (uint32_t i = 0; i < PATHS * (COUNT(more) + 2 * DIGITS); i++) {
        uint32_t which = i / PATHS;
        if (which < COUNT(more))
            snprintf(path, sizeof path, "/p%u%s", i % PATHS, more[which]);
        else /* each last digit, under the path and beside it */
            snprintf(path, sizeof path, "/p%u%sy%u", i % PATHS, which < COUNT(more) + DIGITS ? "/" : "", (which - COUNT(more)) % DIGITS);
        each_way((struct eval_request){.target = slice_of(path)}, fn, ctx);
    }
    for (uint32_t i = 0; i < DIGITS; i++) {
        snprintf(path, sizeof path, "/px%u", i);
        each_way((struct eval_request){.target = slice_of(path)}, fn, ctx);
    }
    each_way((struct eval_request){.target = SLICE("/q")}, fn, ctx);
    each_way((struct eval_request){.target = SLICE("/px")}, fn, ctx);
    each_way((struct eval_request){.target = SLICE("*")}, fn, ctx);
}

static void each_of_addresses(small_request_fn *fn, void *ctx)
{
    static const uint8_t last[] = {0, 1, 2, 127, 128, 254, 255};
    char text[TEXT_ROOM];
    for (uint32_t i = 0; i < (NETS + 4) * (COUNT(last) + 1) + 2; i++) {
        uint32_t n = i % (NETS + 4), which = i / (NETS + 4);
        struct eval_request q = {.target = SLICE("/")};
        if (which < COUNT(last))
            snprintf(text, sizeof text, "10.0.%u.%u", n, last[which]);
        else
            snprintf(text, sizeof text, which == COUNT(last) ? "2001:db8:%x::7" : n ? "::%u" : "192.0.2.%u", n);
        assert_true(ip_parse(slice_of(text), &q.client_ip));
        each_way(q, fn, ctx);
    }
}

static const struct field
    by_host = {add_host_condition, each_of_hosts,
               {"path under \"/a\"", "path == \"/b\"", "req.method == POST", "path starts-with \"/a\"", "not (path == \"/b\")",
                "path in [\"/\", \"/b\"]"}},
    by_path = {add_path_condition, each_of_paths,
               {"host == \"h\"", "req.method == POST", "tls.active", "not tls.active", "not (host == \"h\")", "req.method == GET"}},
    by_address = {add_address_condition, each_of_addresses,
                  {"host == \"h\"", "req.method == POST", "tls.active", "not tls.active", "not (host == \"h\")", "req.method == GET"}};

/* What is called unreachable decides nothing, and all else does. */
static void check_reached(struct arena *a, const struct ir_program *p, const bool *decides)
{
    const struct ir_frontend *f = p->frontends.v[0];
    struct analyze_result r;
    analyze_frontend(a, p, f, 20, &r);
    assert_false(r.exceeded);
    for (uint32_t i = 0; i + 1 < f->route.n; i++) {
        const struct analyze_finding *found = finding_of(&r, &f->route.v[i]);
        bool unreached = found && found->kind != ANALYZE_REDUNDANT;
        if (unreached == decides[i])
            fail_msg("rule %u is %sfound", i, unreached ? "" : "not ");
    }
}

static void try_deciding(void *ctx, const struct eval_request *q)
{
    struct brute *b = ctx;
    struct arena a = {0};
    struct eval_result x;
    eval_run(&a, b->old, q, NULL, NULL, &x);
    b->pairs[rule_number(b->old, x.rule)][0] = true;
    arena_free(&a);
}

static void compare(const struct field *f, const struct buf *old, const struct buf *new, uint64_t seed, struct totals *t)
{
    struct compilation c;
    struct diff d;
    const struct diff_options o = {.seconds = 20};
    static struct brute b;
    char why[200];
    compilation_begin(&c);
    const struct ir_program *x = checked(&c, "old.weir", buf_view(old)), *y = checked(&c, "new.weir", buf_view(new));
    assert_true(x && y);
    b = (struct brute){.old = x->frontends.v[0], .new = y->frontends.v[0]};
    diff_programs(&c.arena, x, y, &o, &d);
    f->each_request(try_request, &b);
    t->pairs++;
    t->differing += b.differing > 0;
    if (!agree(&b, d.frontends.v[0], false, t, why)) {
        printf("--- old\n%.*s--- new\n%.*s", SLICE_ARG(buf_view(old)), SLICE_ARG(buf_view(new)));
        fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    }
    memset(b.pairs, 0, sizeof b.pairs);
    f->each_request(try_deciding, &b);
    bool decides[RULES_MAX] = {false};
    for (uint32_t i = 0; i < b.old->route.n; i++)
        decides[i] = b.pairs[i][0];
    check_reached(&c.arena, x, decides);
    compilation_end(&c);
}

static void random_pairs(const struct field *f, uint32_t least)
{
    enum { LINES = 120 };
    struct bounds bounds = bounds_of(least, 0);
    struct totals t = {0};
    struct buf lines[LINES + 4] = {{0}}, old = {0}, new = {0};
    for (uint64_t seed = bounds.from; go_on(&bounds, seed, t.pairs); seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        uint32_t order[LINES + 4], n = draw(r, 3) ? LINES - draw(r, 8) : 8 + draw(r, 24), spare = n;
        for (uint32_t i = 0; i < n + 4; i++) {
            lines[i].len = 0;
            add_rule_by(r, f, &lines[i]);
            order[i] = i;
        }
        old.len = new.len = 0;
        put_rules(lines, order, n, &old);
        for (uint32_t edits = draw(r, 3) ? draw(r, 5) : n / 2; edits > 0; edits--) {
            uint32_t at = draw(r, n), to = draw(r, n), was = order[at];
            if (spare < n + 4 && draw(r, 2)) {
                order[at] = spare++;
            } else {
                order[at] = order[to];
                order[to] = was;
            }
        }
        put_rules(lines, order, n, &new);
        compare(f, &old, &new, seed, &t);
    }
    printf("%u pairs, %u equivalent, %u classes, %u with differing requests\n", t.pairs, t.equivalent, t.classes, t.differing);
    assert_true(t.equivalent > 0 && t.differing > 0);
    for (uint32_t i = 0; i < LINES + 4; i++)
        buf_free(&lines[i]);
    buf_free(&old);
    buf_free(&new);
}

static void pairs_of_many_hosts(void **state)
{
    (void)state;
    random_pairs(&by_host, 30);
}

static void pairs_of_many_paths(void **state)
{
    (void)state;
    random_pairs(&by_path, 10);
}

static void pairs_of_many_addresses(void **state)
{
    (void)state;
    random_pairs(&by_address, 16);
}

/* ---- what is not looked into ------------------------------------------------------------------- */

/* A condition of which nothing is known but that it is the same one: it is that where its sets have the same rows. */
struct same {
    const char *sets, *condition, *was, *becomes; /* two rows, and these the other way round; NULL for a map, which is
                                                   * looked into */
};

static enum diff_verdict verdict_of(const char *old_sets, const char *new_sets, const char *condition)
{
    static const char head[] = "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n";
    struct compilation c;
    struct diff d;
    const struct diff_options o = {.seconds = 20};
    struct buf old = {0}, new = {0};
    compilation_begin(&c);
    buf_printf(&old, "%s%sfrontend f {\n listen 127.0.0.1:2\n route {\n  use p if %s\n  use q\n }\n}\n", head, old_sets, condition);
    buf_printf(&new, "%s%sfrontend f {\n listen 127.0.0.1:2\n route {\n  use p if %s and tls.active\n"
                     "  use q if not (%s)\n  use p\n }\n}\n", head, new_sets, condition, condition);
    const struct ir_program *x = checked(&c, "old.weir", buf_view(&old)), *y = checked(&c, "new.weir", buf_view(&new));
    if (!x || !y) {
        struct buf said = {0};
        diag_render(&c.diags, DIAG_TEXT, false, &said);
        fail_msg("refused: %.*s", SLICE_ARG(buf_view(&said)));
    }
    diff_programs(&c.arena, x, y, &o, &d);
    enum diff_verdict v = d.frontends.v[0]->verdict;
    buf_free(&old);
    buf_free(&new);
    compilation_end(&c);
    return v;
}

static void opaque_conditions_are_told_apart_by_their_sets(void **state)
{
    (void)state;
#define SIZE "(req.header[\"X\"] | default(\"\") | length)"
#define CODE "(req.header[\"X\"] | default(\"\") | base64)"
    static const struct same all[] = {
        {"list m: string {\n \"a\"\n \"b\"\n}\n", CODE " in m", "\"a\"\n \"b\"", "\"b\"\n \"a\""},
        {"list m: prefix {\n \"a\"\n \"b\"\n}\n", CODE " in m", "\"a\"\n \"b\"", "\"b\"\n \"a\""},
        {"list m: int {\n 1\n 5\n}\n", SIZE " in m", "1\n 5", "5\n 1"},
        {"list m: range<int> {\n 1..3\n 5..9\n}\n", SIZE " in m", "1..3\n 5..9", "5..9\n 1..3"},
        {"list m: cidr {\n 10.0.0.0/16\n 2001:db8::/32\n}\n", "(client.ip | mask(24, 64)) in m",
         "10.0.0.0/16\n 2001:db8::/32", "2001:db8::/32\n 10.0.0.0/16"},
        {"map m: string -> int {\n \"a\" -> 1\n \"b\" -> 2\n default -> 3\n}\n", "m[" CODE "] > client.port", NULL, NULL},
        {"map m: int -> string {\n 1 -> \"a\"\n 2 -> \"b\"\n default -> \"c\"\n}\n", "m[" SIZE "] == path", NULL, NULL},
        {"map m: string -> ip {\n \"a\" -> 10.0.0.1\n \"b\" -> ::1\n default -> 10.0.0.2\n}\n", "m[" CODE "] == client.ip", NULL, NULL},
        {"map m: string -> percent {\n \"a\" -> 10%\n \"b\" -> 20%\n default -> 30%\n}\n", "random < m[" CODE "]", NULL, NULL},
        {"map m: string -> bool {\n \"a\" -> true\n \"b\" -> false\n default -> true\n}\n", "m[" CODE "] == true", NULL, NULL},
    };
    /* Each token of the rows that can be another one. */
    static const char *const edits[][2] = {
        {"\"a\"", "\"z\""}, {"\"b\"", "\"z\""}, {"\"c\"", "\"z\""}, {" 1\n", " 4\n"},      {" 5\n", " 4\n"},      {"1..3", "1..4"},
        {"5..9", "4..9"},   {"10.0.0.0/16", "10.1.0.0/16"},         {"10.0.0.0/16", "10.0.0.0/15"},
        {"2001:db8::/32", "2001:db9::/32"}, {"-> 1", "-> 4"},     {"-> 2", "-> 4"},      {"-> 3", "-> 4"},      {" 1 ->", " 4 ->"},
        {"10.0.0.1", "10.0.0.3"},           {"::1", "::2"},       {"10.0.0.2", "10.0.0.3"}, {"10%", "11%"},    {"20%", "11%"},
        {"30%", "11%"},                     {"-> true\n \"b\"", "-> false\n \"b\""}, {"default -> true", "default -> false"},
        {"string {", "suffix {"}, {"prefix {", "suffix {"},
    };
    uint32_t changes = 0;
    for (uint32_t i = 0; i < COUNT(all); i++) {
        char text[256];
        const char *at = all[i].was ? strstr(all[i].sets, all[i].was) : all[i].sets;
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - all[i].sets), all[i].sets, all[i].was ? all[i].becomes : "",
                 at + (all[i].was ? strlen(all[i].was) : 0));
        if (verdict_of(all[i].sets, text, all[i].condition) != DIFF_EQUIVALENT)
            fail_msg("%s with the same rows is another condition", all[i].condition);
        for (uint32_t k = 0; k < COUNT(edits); k++) {
            at = strstr(all[i].sets, edits[k][0]);
            if (!at || (strchr(edits[k][0], '{') && strstr(all[i].sets, "map")))
                continue;
            snprintf(text, sizeof text, "%.*s%s%s", (int)(at - all[i].sets), all[i].sets, edits[k][1], at + strlen(edits[k][0]));
            changes++;
            if (verdict_of(all[i].sets, text, all[i].condition) == DIFF_EQUIVALENT)
                fail_msg("%s is the same with %s and with %s", all[i].condition, all[i].sets, text);
        }
    }
    assert_true(changes >= 30);
}

/* A test of a header is of what the rules before have made of it, for each of them anew. */
static void headers_that_rules_set_are_read_as_set(void **state)
{
    (void)state;
    static const char head[] = "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
                               "list m: prefix {\n \"a\"\n \"b\"\n}\nfrontend f {\n listen 127.0.0.1:2\n on request {\n"
                               "  set req.header[\"X\"] = \"axx\" if tls.active\n"
                               "  set req.header[\"X\"] = \"cxx\" if not tls.active\n }\n route {\n";
    static const char *const tests[] = {"in m", "in [\"axx\", \"b\"]", "starts-with \"a\"", "matches re\"^[ab]\"", "not in [\"cxx\"]"};
    for (uint32_t i = 0; i < COUNT(tests); i++) {
        struct compilation c;
        struct diff d;
        const struct diff_options o = {.seconds = 20};
        struct buf old = {0}, new = {0};
        compilation_begin(&c);
        buf_printf(&old, "%s  use p if req.header[\"X\"] %s\n  use q\n }\n}\n", head, tests[i]);
        buf_printf(&new, "%s  use p if tls.active\n  use q\n }\n}\n", head);
        const struct ir_program *x = checked(&c, "old.weir", buf_view(&old)), *y = checked(&c, "new.weir", buf_view(&new));
        assert_true(x && y);
        diff_programs(&c.arena, x, y, &o, &d);
        if (d.frontends.v[0]->verdict != DIFF_EQUIVALENT)
            fail_msg("`%s` is not what was set", tests[i]);
        buf_free(&old);
        buf_free(&new);
        compilation_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(pairs_of_many_hosts),
        cmocka_unit_test(pairs_of_many_paths),
        cmocka_unit_test(pairs_of_many_addresses),
        cmocka_unit_test(opaque_conditions_are_told_apart_by_their_sets),
        cmocka_unit_test(headers_that_rules_set_are_read_as_set),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
