/* Tests of programs: what they leave of a program (nothing), how they are counted, what they tell. The texts
 * of reports are in tests/weirtest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/check.h"
#include "compiler/ir_codec.h"
#include "compiler/test_run.h"

static const char program[] =
    "language 1\n"
    "map tenants: host -> backend { \"a.example\" -> app; \"b.example\" -> app }\n"
    "map texts: int -> string { 7 -> \"seven\" }\n"
    "list bad: cidr { 198.51.100.0/24 }\n"
    "backend app { server s 127.0.0.1:1 }\n"
    "backend other { server s 127.0.0.1:2 }\n"
    "frontend edge {\n"
    "  listen :80\n"
    "  on request { set req.header[\"X-T\"] = texts[client.port] | default(\"none\") }\n"
    "  route {\n"
    "    reply 403 if client.ip in bad\n"
    "    use tenants[host]\n"
    "    use other if req.method == POST\n"
    "    reply 404\n"
    "  }\n"
    "}\n";

struct told {
    struct compilation c;
    const struct ir_program *p;
    struct test_run run;
    struct buf canonical, places;
};

static void begin(struct told *t, const char *tests, const char *filter)
{
    *t = (struct told){.p = NULL};
    compilation_begin(&t->c);
    struct slice text = arena_printf(&t->c.arena, "%s%s", program, tests);
    source_from_text(&t->c.sources, SLICE("site.weir"), text);
    t->p = check_file(&t->c, "site.weir");
    assert_non_null(t->p);
    test_run(&t->c.arena, t->p, filter ? slice_of(filter) : (struct slice){NULL, 0}, &t->run);
    ir_encode(&t->c.arena, t->p, &t->canonical, &t->places);
}

static void end(struct told *t)
{
    buf_free(&t->canonical);
    buf_free(&t->places);
    compilation_end(&t->c);
}

static void counts(const char *tests, uint32_t passed, uint32_t failed)
{
    struct told t;
    begin(&t, tests, NULL);
    assert_int_equal(t.run.passed, passed);
    assert_int_equal(t.run.failed, failed);
    end(&t);
}

/* `text` for a request of one test. */
static void one(const char *text, bool holds)
{
    char tests[1000];
    snprintf(tests, sizeof tests, "test \"t\" on edge {\n%s\n}\n", text);
    counts(tests, holds, !holds);
}

/* What a program means does not depend on its tests, run or not. */
static void tests_are_beside_the_program(void **state)
{
    (void)state;
    struct told without, with;
    begin(&without, "", NULL);
    begin(&with,
          "test \"t\" on edge {\n"
          "  given tenants[\"c.example\"] = other\n"
          "  given tenants[\"c.example\"] = app\n"
          "  given \"a.example\" not in tenants\n"
          "  given 203.0.113.0/24 in bad\n"
          "  given texts[8] = \"eight\"\n"
          "  GET \"http://c.example/\" -> use app\n"
          "  GET \"http://a.example/\" -> reply 404\n"
          "  never use other if client.ip in [203.0.113.0/24]\n"
          "}\n",
          NULL);
    assert_int_equal(with.run.passed, 2);
    assert_int_equal(with.p->tests.n, 1);
    assert_int_equal(with.canonical.len, without.canonical.len);
    assert_memory_equal(with.canonical.p, without.canonical.p, with.canonical.len);
    end(&without);
    end(&with);
}

static void outcomes(void **state)
{
    (void)state;
    one("GET \"http://a.example/\" -> use app", true);
    one("GET \"http://a.example/\" -> use other", false);
    one("GET \"http://x/\" -> reply 404", true);
    one("GET \"http://x/\" -> reply 403", false);
    one("GET \"http://x/\" -> redirect 301", false);
    one("POST \"http://x/\" -> use other", true);
    one("GET \"http://x/%2f\" -> reply 400", true);
    one("GET \"http://x/\" from 198.51.100.7 -> reply 403", true);
    one("GET \"http://x/\" from [::1]:80 -> reply 404", true);
}

static void givens(void **state)
{
    (void)state;
    one("given tenants[\"A.example\"] = other\nGET \"http://a.example/\" -> use other", true);
    one("given \"A.EXAMPLE\" not in tenants\nGET \"http://a.example/\" -> reply 404", true);
    one("given \"a.example\" not in tenants\nGET \"http://b.example/\" -> use app", true);
    one("given 192.0.2.1 in bad\nGET \"http://x/\" -> reply 403", true);
    one("given 198.51.100.0/24 not in bad\nGET \"http://x/\" from 198.51.100.7 -> reply 404", true);
    one("given 198.51.100.7 not in bad\nGET \"http://x/\" from 198.51.100.7 -> reply 403", true);
    one("given texts[9] = \"nine\"\nGET \"http://a.example/\" from 10.0.0.1:9 -> use app { header \"X-T\" == "
        "\"nine\" }",
        true);
    one("given texts[7] = \"new\"\nGET \"http://a.example/\" from 10.0.0.1:7 -> use app { header \"X-T\" == "
        "\"new\" }",
        true);
    counts("test \"t\" on edge { given tenants[\"c.example\"] = other; GET \"http://c.example/\" -> use "
           "other }\n"
           "test \"after it\" on edge { GET \"http://c.example/\" -> reply 404 }\n",
           2, 0);
}

static void claims(void **state)
{
    static const struct {
        const char *line;
        bool holds;
    } lines[] = {
        {"header \"x-t\" == \"none\"", true},
        {"header \"X-T\" == \"None\"", false},
        {"header \"X-T\" != \"none\"", false},
        {"header \"X-U\" != \"none\"", true},
        {"header \"X-U\" == \"\"", false},
        {"header \"X-U\" absent", true},
        {"header \"X-T\" absent", false},
        {"header \"X-U\" exists", false},
        {"header \"X-T\" exists", true},
        {"header \"X-T\" contains \"on\"", true},
        {"header \"X-T\" contains \"no \"", false},
        {"header \"X-T\" starts-with \"no\"", true},
        {"header \"X-T\" starts-with \"on\"", false},
        {"header \"X-T\" ends-with \"ne\"", true},
        {"header \"X-T\" ends-with \"no\"", false},
        {"header \"X-T\" matches re\"^n.*e$\"", true},
        {"header \"X-T\" matches re\"^o\"", false},
        {"header \"X-U\" matches re\".*\"", false},
        {"path == \"/b\"", true},
        {"path == \"/a\"", false},
        {"uri == \"/b?q\"", true},
        {"uri == \"/b\"", false},
        {"host == \"A.Example\"", true},
        {"host == \"b.example\"", false},
        {"rule == \"edge.route[1]\"", true},
        {"rule == \"edge.route[2]\"", false},
        {"body == \"\"", false},
        {"body != \"\"", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[300];
        snprintf(text, sizeof text, "GET \"http://a.example/a/../b?q\" -> use app { %s }", lines[i].line);
        one(text, lines[i].holds);
        snprintf(text, sizeof text, "GET \"http://a.example/a/../b?q\"\nexpect %s", lines[i].line);
        one(text, lines[i].holds);
    }
}

static void reasons(void **state)
{
    (void)state;
    struct told t;
    begin(
        &t,
        "test \"t\" on edge {\n  GET \"http://x/\" -> use app\n  GET \"http://a.example/\" -> use other\n}\n",
        NULL);
    assert_int_equal(t.run.results.n, 1);
    assert_int_equal(t.run.results.v[0].failures.n, 2);
    const struct test_failure *x = &t.run.results.v[0].failures.v[0];
    assert_int_equal(x->others.n, 1);
    assert_true(slice_eq(x->others.v[0].why, SLICE("tenants[host] finds no row: host is \"x\"")));
    assert_true(slice_eq(x->problems.v[0].expected, SLICE("use app")));
    assert_true(slice_eq(x->problems.v[0].got, SLICE("reply 404")));
    assert_true(slice_eq(x->rule->label, SLICE("edge.route[3]")));
    x = &t.run.results.v[0].failures.v[1];
    assert_int_equal(x->others.n, 1);
    assert_true(slice_eq(x->others.v[0].why, SLICE("it comes after the rule that decided")));
    assert_false(x->nearly);
    end(&t);
}

static void filter_and_coverage(void **state)
{
    static const char tests[] = "test \"one\" on edge { GET \"http://x/\" -> reply 404 }\n"
                                "test \"two\" on edge { GET \"http://a.example/\" -> use app }\n";
    (void)state;
    struct told t;
    begin(&t, tests, "tw");
    assert_int_equal(t.run.passed, 1);
    assert_int_equal(t.run.coverage.n, 1);
    assert_int_equal(t.run.coverage.v[0].rules, 5);
    assert_int_equal(t.run.coverage.v[0].nreached, 2);
    assert_true(t.run.coverage.v[0].reached[0]); /* set */
    assert_true(t.run.coverage.v[0].reached[2]); /* use tenants[host] */
    end(&t);
    begin(&t, tests, "no such test");
    assert_int_equal(t.run.results.n, 0);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_are_beside_the_program),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(givens),
        cmocka_unit_test(claims),
        cmocka_unit_test(reasons),
        cmocka_unit_test(filter_and_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
