/* What explain says: outcomes, places, reasons, how a frontend is chosen, and which questions are malformed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/check.h"
#include "compiler/explain.h"

static const char program_text[] =
    "language 1\n"
    "map tenants: host -> backend { \"a.example\" -> app }\n"
    "backend app { server s 127.0.0.1:1 }\n"
    "frontend edge {\n"
    "  listen :80\n"
    "  on request {\n"
    "    set req.header[\"X-Tls\"] = \"yes\" if tls.active\n"
    "    delete req.header[\"X-Old\"]\n"
    "  }\n"
    "  route {\n"
    "    reply 403 if path under \"/admin\" and client.ip not in [10.0.0.0/8]\n"
    "    redirect to \"https://new.example${req.uri}\" 301 if not (tls.active or path == \"/ok\")\n"
    "    use tenants[host]\n"
    "    reply 404 { header \"X-R\" = \"r\"; body \"no\" }\n"
    "  }\n"
    "}\n"
    "frontend other { listen :81\n"
    "  route { reply 200 }\n"
    "}\n";

struct told {
    struct compilation c;
    struct buf text;
    bool ok;
};

static void tell_as(struct told *t, const char *program, const struct explain_query *q, bool json)
{
    struct explain e;
    *t = (struct told){.ok = false};
    compilation_begin(&t->c);
    source_from_text(&t->c.sources, SLICE("site.weir"), arena_copy(&t->c.arena, slice_of(program)));
    const struct ir_program *p = check_file(&t->c, "site.weir");
    assert_non_null(p);
    t->ok = explain_run(&t->c.arena, p, q, &e, &t->text);
    if (t->ok && json)
        explain_json(&e, &t->text);
    else if (t->ok)
        explain_text(&e, &t->text);
    buf_char(&t->text, 0);
}

static void told_end(struct told *t)
{
    buf_free(&t->text);
    compilation_end(&t->c);
}

static void outcomes_and_reasons(void **state)
{
    (void)state;
    struct told t;
    tell_as(&t, program_text, &(struct explain_query){.request = SLICE("GET https://b.example//x/../y?q")},
            false);
    assert_true(t.ok);
    assert_string_equal(
        t.text.p,
        "reply 404\n"
        "  rule      edge.route[3] at site.weir:14: reply 404\n"
        "  request   GET, host \"b.example\", path \"/y\", query \"q\", from 192.0.2.1, over TLS\n"
        "  frontend  edge (the first one, since none listens on port 443; --frontend names another)\n"
        "  header    set X-Tls: yes (edge.request[0] at site.weir:7)\n"
        "  header    delete X-Old (edge.request[1] at site.weir:8)\n"
        "  answers   X-R: r\n"
        "  body      \"no\"\n"
        "\n"
        "near misses: rules that one condition alone kept from applying, the nearest first\n"
        "  edge.route[2] at site.weir:13: use tenants[host]\n"
        "    would have decided if tenants[host] had a row; host is \"b.example\"\n"
        "  edge.route[1] at site.weir:12: redirect to \"https://new.example${req.uri}\" 301\n"
        "    would have decided if not tls.active; tls.active is true\n"
        "  edge.route[0] at site.weir:11: reply 403\n"
        "    would have decided if path under \"/admin\"; path is \"/y\"\n"
        "\n"
        "rules before it that did not apply:\n"
        "  edge.route[0] at site.weir:11: reply 403\n"
        "    path under \"/admin\" is false: path is \"/y\"\n"
        "  edge.route[1] at site.weir:12: redirect to \"https://new.example${req.uri}\" 301\n"
        "    not tls.active is false: tls.active is true\n"
        "  edge.route[2] at site.weir:13: use tenants[host]\n"
        "    tenants[host] finds no row: host is \"b.example\"\n");
    told_end(&t);
}

/* The first line, for a request and where it comes from. */
static void first_line_is(const char *request, const char *from, const char *header, const char *want)
{
    struct told t;
    struct explain_query q = {
        .request = slice_of(request), .from = from, .headers = &header, .nheaders = header != NULL};
    tell_as(&t, program_text, &q, false);
    assert_true(t.ok);
    *strchr(t.text.p, '\n') = 0;
    assert_string_equal(t.text.p, want);
    told_end(&t);
}

static void where_it_arrives(void **state)
{
    (void)state;
    static const char text[] = "language 1\n"
                               "frontend edge { listen 10.0.0.5:8080; listen :80\n"
                               "  route { redirect to \"http://${listener.ip}:${listener.port}/${req.version}\" 302 }\n"
                               "}\n";
    static const struct {
        const char *request, *listener;
        bool http10;
        const char *want; /* NULL: refused */
    } cases[] = {
        {"http://x/", NULL, false, "redirect 302 http://192.0.2.2:80/HTTP/1.1"},
        {"http://x:8080/", NULL, true, "redirect 302 http://10.0.0.5:8080/HTTP/1.0"},
        {"http://x:9999/", NULL, false, "redirect 302 http://10.0.0.5:8080/HTTP/1.1"},
        {"http://x/", "127.0.0.1", false, "redirect 302 http://127.0.0.1:80/HTTP/1.1"},
        {"http://x/", "127.0.0.1:81", false, "redirect 302 http://127.0.0.1:81/HTTP/1.1"},
        {"http://x/", "[::1]:81", false, "redirect 302 http://::1:81/HTTP/1.1"},
        {"http://x/", "localhost:81", false, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct told t;
        tell_as(&t, text,
                &(struct explain_query){.request = slice_of(cases[i].request),
                                        .listener = cases[i].listener,
                                        .http10 = cases[i].http10},
                false);
        assert_int_equal(t.ok, cases[i].want != NULL);
        if (!cases[i].want)
            assert_non_null(strstr(t.text.p, "--listener takes an address"));
        else
            *strchr(t.text.p, '\n') = 0;
        if (cases[i].want)
            assert_string_equal(t.text.p, cases[i].want);
        told_end(&t);
    }
}

static void first_lines(void **state)
{
    (void)state;
    first_line_is("GET https://A.example:443/", NULL, NULL, "use app");
    first_line_is("https://a.example", NULL, NULL, "use app");
    first_line_is("GET http://a.example/x?y", NULL, NULL, "redirect 301 https://new.example/x?y");
    first_line_is("GET http://a.example/admin", NULL, NULL, "reply 403");
    first_line_is("GET http://a.example/admin", "10.1.1.1", NULL, "redirect 301 https://new.example/admin");
    first_line_is("GET http://a.example/admin", "10.1.1.1:99", NULL,
                  "redirect 301 https://new.example/admin");
    first_line_is("GET https://x/", NULL, "Host: a.example", "use app");
    first_line_is("GET http://x:81/", NULL, NULL, "reply 200");
    first_line_is("GET http://x/a%2fb", NULL, NULL, "reply 400");
}

static void malformed(const struct explain_query *q, const char *part)
{
    struct told t;
    tell_as(&t, program_text, q, false);
    assert_false(t.ok);
    if (!strstr(t.text.p, part))
        fail_msg("`%s` says nothing of `%s`", t.text.p, part);
    told_end(&t);
}

static void malformed_questions(void **state)
{
    (void)state;
    const char *no_colon = "Host", *control = "X: a\x01";
    struct slice ok = SLICE("GET http://a/");
    malformed(&(struct explain_query){.request = SLICE("GET /path")}, "'GET https://host/path'");
    malformed(&(struct explain_query){.request = SLICE("GET http://a/ x")}, "'GET https://host/path'");
    malformed(&(struct explain_query){.request = SLICE("G(T http://a/")}, "'GET https://host/path'");
    malformed(&(struct explain_query){.request = SLICE("")}, "'GET https://host/path'");
    malformed(&(struct explain_query){.request = ok, .from = "10.0.0"}, "--from takes an address");
    malformed(&(struct explain_query){.request = ok, .from = "10.0.0.1:x"}, "--from takes an address");
    malformed(&(struct explain_query){.request = ok, .frontend = "egde"}, "did you mean `edge`?");
    malformed(&(struct explain_query){.request = ok, .headers = &no_colon, .nheaders = 1}, "'Name: value'");
    malformed(&(struct explain_query){.request = ok, .headers = &control, .nheaders = 1},
              "control characters");
}

static void json_is_one_object(void **state)
{
    (void)state;
    struct told t;
    tell_as(&t, program_text,
            &(struct explain_query){.request = SLICE("GET https://a.example/"), .frontend = "edge"}, true);
    assert_true(t.ok);
    assert_string_equal(
        t.text.p,
        "{\"outcome\":\"use "
        "app\",\"backend\":\"app\",\"rule\":{\"name\":\"edge.route[2]\",\"file\":\"site.weir\",\"line\":13},"
        "\"request\":{\"method\":\"GET\",\"host\":\"a.example\",\"path\":\"/\",\"uri\":\"/"
        "\",\"from\":\"192.0.2.1\","
        "\"port\":50000,\"tls\":true,\"listener\":\"192.0.2.2\",\"listener-port\":80},\"frontend\":\"edge\",\"headers\":[{\"edit\":\"set\",\"name\":\"X-"
        "Tls\",\"value\":\"yes\","
        "\"rule\":{\"name\":\"edge.request[0]\",\"file\":\"site.weir\",\"line\":7}},{\"edit\":\"delete\","
        "\"name\":\"X-Old\","
        "\"rule\":{\"name\":\"edge.request[1]\",\"file\":\"site.weir\",\"line\":8}}],\"reply_headers\":[],"
        "\"near_misses\":2,\"near\":[{\"name\":\"edge.route[1]\",\"file\":\"site.weir\",\"line\":12,"
        "\"action\":\"redirect to \\\"https://new.example${req.uri}\\\" 301\",\"if\":\"not tls.active\","
        "\"got\":\"tls.active is true\"},{\"name\":\"edge.route[0]\",\"file\":\"site.weir\",\"line\":11,"
        "\"action\":\"reply 403\",\"if\":\"path under \\\"/admin\\\"\",\"got\":\"path is \\\"/\\\"\"}],"
        "\"passed_over\":2,"
        "\"rules\":[{\"name\":\"edge.route[0]\",\"file\":\"site.weir\",\"line\":11,\"why\":\"path under "
        "\\\"/admin\\\" is "
        "false: path is "
        "\\\"/\\\"\"},{\"name\":\"edge.route[1]\",\"file\":\"site.weir\",\"line\":12,\"why\":\"not "
        "tls.active is "
        "false: tls.active is true\"}]}\n");
    told_end(&t);
}

/* A frontend of many tenants, each with rules for two paths, and one whose name is often mistyped. */
static struct buf many_rules(uint32_t tenants)
{
    struct buf b = {0};
    buf_str(&b, "language 1\nbackend app { server s 127.0.0.1:1 }\nfrontend edge {\n  listen :80\n  route {\n");
    for (uint32_t i = 0; i < tenants; i++)
        buf_printf(&b,
                   "    use app if host == \"t%u.example\" and path under \"/api\"\n"
                   "    use app if host == \"t%u.example\" and path under \"/static\"\n",
                   i, i);
    buf_str(&b, "    reply 403 if host == \"bookings.example\" and path under \"/admin\" and req.method == DELETE\n"
                "    use app if host == \"bookings.example\" and path under \"/shop\"\n"
                "    reply 404\n  }\n}\n");
    buf_char(&b, 0);
    return b;
}

static void near_is(const char *program, const char *request, const char *first)
{
    struct told t;
    tell_as(&t, program, &(struct explain_query){.request = slice_of(request)}, false);
    assert_true(t.ok);
    const char *near = strstr(t.text.p, "the nearest first\n");
    assert_non_null(near);
    near += strlen("the nearest first\n");
    if (strncmp(near, first, strlen(first)) != 0)
        fail_msg("wanted %s\nbut got %.400s", first, near);
    told_end(&t);
}

static void near_misses_of_many_rules(void **state)
{
    (void)state;
    struct told t;
    struct buf program = many_rules(2000);
    /* The rules of the host itself, the one whose path stops short first. */
    near_is(program.p, "GET http://t77.example/stati",
            "  edge.route[155] at site.weir:161: use app\n"
            "    would have decided if path under \"/static\"; path is \"/stati\"\n"
            "  edge.route[154] at site.weir:160: use app\n"
            "    would have decided if path under \"/api\"; path is \"/stati\"\n\n4002 rules");
    near_is(program.p, "GET http://bokings.example/shop/1",
            "  edge.route[4001] at site.weir:4007: use app\n"
            "    would have decided if host == \"bookings.example\"; host is \"bokings.example\"\n");
    near_is(program.p, "GET http://bookings.example/admin",
            "  edge.route[4000] at site.weir:4006: reply 403\n"
            "    would have decided if req.method == DELETE; req.method is \"GET\"\n");
    /* Nothing but the near ones is listed, unless all are asked for. */
    tell_as(&t, program.p, &(struct explain_query){.request = SLICE("GET http://x.example/api")}, false);
    assert_non_null(strstr(t.text.p, "\n  … and 1990 more\n\n4002 rules before it did not apply, 2002 of them by more "
                                     "than one condition; --all shows them\n"));
    assert_true(t.text.len < 3000);
    told_end(&t);
    tell_as(&t, program.p, &(struct explain_query){.request = SLICE("GET http://x.example/api"), .all = true}, false);
    assert_non_null(strstr(t.text.p, "\n  edge.route[0] at site.weir:6: use app\n"));
    assert_non_null(strstr(t.text.p, "\n  edge.route[3999] at site.weir:4005: use app\n"));
    told_end(&t);
    buf_free(&program);
}

/* What counts is what the rule saw: headers as they were then, alternatives, and what a map lacks. */
static void near_misses_of_all_kinds(void **state)
{
    (void)state;
    static const char head[] = "language 1\nmap m: path -> backend { \"/users\" -> app }\n"
                               "backend app { server s 127.0.0.1:1 }\nfrontend edge {\n  listen :80\n"
                               "  on request {\n    set req.header[\"X-A\"] = \"seen\" if tls.active\n  }\n  route {\n";
    static const char *const rules[][3] = {
        {"    reply 403 if req.header[\"X-A\"] == \"sean\" and path == \"/\"\n", "GET https://a/",
         "  edge.route[0] at site.weir:10: reply 403\n"
         "    would have decided if req.header[\"x-a\"] == \"sean\"; req.header[\"x-a\"] is \"seen\"\n"},
        {"    reply 403 if tls.active and (path == \"/q\" or path == \"/admin\" or host == \"zz\")\n", "GET https://a/amdin",
         "  edge.route[0] at site.weir:10: reply 403\n"
         "    would have decided if path == \"/admin\"; path is \"/amdin\"\n"},
        {"    use m[path] if not (host == \"x\" and tls.active)\n", "GET http://a/user",
         "  edge.route[0] at site.weir:10: use m[path]\n"
         "    would have decided if m[path] had a row; path is \"/user\"\n"},
        {"    reply 403 if client.ip in [192.0.3.0/24] and path == \"/\"\n", "GET http://a/",
         "  edge.route[0] at site.weir:10: reply 403\n"
         "    would have decided if client.ip in [192.0.3.0/24]; client.ip is 192.0.2.1\n"},
        {"    reply 403 if path ends-with \".php\"\n    reply 402 if path ends-with \".png\"\n", "GET http://a/x/y/z/index.phq",
         "  edge.route[0] at site.weir:10: reply 403\n"},
        {"    reply 402 if client.port == 7\n    reply 403 if client.port < 50000\n", "GET http://a/",
         "  edge.route[1] at site.weir:11: reply 403\n"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct buf program = {0};
        buf_printf(&program, "%s%s    reply 404\n  }\n}\n", head, rules[i][0]);
        buf_char(&program, 0);
        near_is(program.p, rules[i][1], rules[i][2]);
        buf_free(&program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_and_reasons),        cmocka_unit_test(first_lines),
        cmocka_unit_test(where_it_arrives),
        cmocka_unit_test(malformed_questions),         cmocka_unit_test(json_is_one_object),
        cmocka_unit_test(near_misses_of_many_rules),   cmocka_unit_test(near_misses_of_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
