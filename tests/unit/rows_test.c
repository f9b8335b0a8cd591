/* What a condition becomes: rows of tests, of which one must hold. The form is what tables and their size are made of, so it is
 * held here, beside that decisions are right (which other tests show). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/check.h"
#include "compiler/compilation.h"
#include "compiler/lower.h"

static const char head[] = "language 1\nbackend p { server s 127.0.0.1:1 }\nbackend q { server s 127.0.0.1:2 }\n"
                           "list hosts: host {\n \"a\"\n \"b\"\n}\n"
                           "list nets: cidr {\n 10.0.0.0/8\n 192.0.2.1/32\n}\n"
                           "map weights: host -> percent {\n \"a\" -> 5%\n default -> 10%\n}\n"
                           "map flags: host -> bool {\n \"a\" -> true\n \"b\" -> false\n}\n"
                           "map numbers: host -> int {\n \"a\" -> 1\n default -> 2\n}\n"
                           "frontend f {\n listen 127.0.0.1:80\n route {\nuse p if ";

/* Conditions, and their rows. */
static const char *const forms[][2] = {
    /* Alternatives of one field are one test, in whatever form they are written. */
    {"host == \"a\" or host == \"b\" or path == \"/b\" or host == \"c\"", "host in [\"a\", \"b\", \"c\"]\npath == \"/b\""},
    {"host in [\"a\", \"b\"] or host == \"b\" or host in hosts", "host in [\"a\", \"b\", \"b\", \"a\", \"b\"]"},
    {"path under \"/a\" or path under \"/b\" or path == \"/c\" or path == \"/d\"",
     "path under \"/a\"\npath under \"/b\"\npath in [\"/c\", \"/d\"]"},
    {"path starts-with \"/a\" or path starts-with \"/b\" or path ends-with \"c\" or path ends-with \"d\"",
     "path starts-with \"/a\"\npath starts-with \"/b\"\npath ends-with \"c\"\npath ends-with \"d\""},
    {"req.method == GET or req.method == PUT or req.method in [HEAD, POST]",
     "req.method in [\"GET\", \"PUT\", \"HEAD\", \"POST\"]"},
    {"client.ip == 10.0.0.1 or client.ip in [10.0.0.2/32, ::/64] or client.ip in nets",
     "client.ip in [10.0.0.1, 10.0.0.2, ::/64, 10.0.0.0/8, 192.0.2.1]"},
    {"req.header[\"A\"] == \"1\" or req.header[\"B\"] == \"1\" or req.header[\"A\"] == \"2\" or req.query[\"A\"] == \"2\"",
     "req.header[\"a\"] in [\"1\", \"2\"]\nreq.header[\"b\"] == \"1\"\nreq.query[\"A\"] == \"2\""},
    {"(host == \"a\" or path == \"/b\") or (path == \"/c\" or host == \"d\")",
     "host in [\"a\", \"d\"]\npath in [\"/b\", \"/c\"]"},
    /* Negation goes down to the tests; conjunctions are multiplied out. */
    {"not (host == \"a\" or path under \"/x\")", "not host == \"a\" and not path under \"/x\""},
    {"not (host == \"a\" and path under \"/x\")", "not host == \"a\"\nnot path under \"/x\""},
    {"(host == \"a\" or tls.active) and (path under \"/x\" or path ends-with \".y\")",
     "host == \"a\" and path under \"/x\"\nhost == \"a\" and path ends-with \".y\"\ntls.active and path under \"/x\"\ntls.active and path ends-with \".y\""},
    {"not (not (host == \"a\") or not (path == \"/b\" and not tls.active))",
     "not tls.active and host == \"a\" and path == \"/b\""},
    {"host != \"a\" and not (host in [\"b\", \"c\"])", "not host == \"a\" and not host in [\"b\", \"c\"]"},
    {"host not in hosts and client.ip not in nets", "not host in hosts and not client.ip in nets"},
    {"not (host == \"a\") or not (host == \"b\") or not tls.active", "not host == \"a\"\nnot host == \"b\"\nnot tls.active"},
    /* What is said twice is tested once; constants go away. */
    {"path starts-with \"\" and host == \"x\"", "host == \"x\" and path starts-with \"\""},
    {"path starts-with \"/\" and host == \"y\"", "host == \"y\" and path starts-with \"/\""},
    {"host == \"a\" and host == \"a\" and path == \"/twice\"", "host == \"a\" and path == \"/twice\""},
    {"path under \"/\" and host == \"z\"", "host == \"z\" and path under \"/\""},
    {"path contains \"\" or host == \"z\"", "path contains \"\"\nhost == \"z\""},
    {"host ends-with \"\" and tls.active and true", "tls.active and host ends-with \"\""},
    {"false or host == \"a\"", "host == \"a\""},
    /* A field that may be absent is not equal to anything. */
    {"req.header[\"A\"] != \"1\" and exists(req.header[\"A\"])",
     "req.header[\"a\"] exists and not req.header[\"a\"] == \"1\""},
    {"req.cookie[\"c\"] starts-with \"x\" or not exists(req.query[\"q\"])",
     "req.cookie[\"c\"] starts-with \"x\"\nnot req.query[\"q\"] exists"},
    {"req.header[\"A\"] not in [\"1\", \"2\"]", "not req.header[\"a\"] in [\"1\", \"2\"]"},
    {"exists(req.header[\"A\"]) or exists(req.header[\"a\"])", "req.header[\"a\"] exists\nreq.header[\"a\"] exists"},
    {"exists(host) and exists(req.cookie[\"A\"])", "req.cookie[\"A\"] exists"},
    /* Globs and expressions. */
    {"host like \"*.a\" or host like \"**.b\" or host like \"plain\"",
     "host like \"*.a\"\nhost like \"**.b\"\nhost == \"plain\""},
    {"path like \"/a/**\" or path like \"**.png\" or path like \"/plain\" or path like \"/a/*/b\"",
     "path like \"/a/**\"\npath like \"**.png\"\npath == \"/plain\"\npath like \"/a/*/b\""},
    {"path matches re\"^/a\" or path matches re\"b$\" or path matches re\"^/c$\" or path contains \"d\"",
     "path matches \"^/a\"\npath matches \"b$\"\npath matches \"^/c$\"\npath contains \"d\""},
    {"not (path like \"/a/*\") and not (path matches re\"x+\")", "not path like \"/a/*\" and not path matches \"x+\""},
    /* Comparisons of the random draw are ranges. */
    {"random < 5% or random >= 95%", "random in [0..4999999]\nrandom in [95000000..99999999]"},
    {"random == 30% or random != 40%", "random in [30000000..30000000]\nnot random in [40000000..40000000]"},
    {"50% > random and not (random <= 10%)", "random in [0..49999999] and not random in [0..10000000]"},
    {"30% <= random and random > 20%", "random in [30000000..99999999] and random in [20000001..99999999]"},
    {"random < weights[host]", "code@27:10"},
    /* What looks values up is code. */
    {"flags[host] == true", "code@27:10"},
    {"flags[host] == false", "code@27:10"},
    {"flags[host] | default(true)", "code@27:10"},
    {"not (flags[host] | default(false))", "not code@27:14"},
    {"numbers[host] > 1", "code@27:10"},
    {"numbers[host] == 2 and tls.active", "tls.active and code@27:10"},
    {"not (numbers[host] <= 2)", "not code@27:14"},
    {"numbers[host] in [1, 3]", "code@27:10"},
    /* What needs code stays code, beside what does not. */
    {"client.port < 1024 and host == \"a\"", "host == \"a\" and code@27:10"},
    {"(host == \"a\" or client.port == 80) and path == \"/b\"",
     "path == \"/b\" and host == \"a\"\npath == \"/b\" and code@27:26"},
    {"not (req.query[\"n\"] | to-int > 5 and host == \"a\")", "not code@27:15\nnot host == \"a\""},
    {"client.port in [80, 443] or host == \"a\"", "code@27:10\nhost == \"a\""},
    {"(client.port == 80 or client.port == 81) and not (client.port == 82 and tls.active)",
     "code@27:11 and not code@27:60\nnot tls.active and code@27:11\ncode@27:32 and not code@27:60\nnot tls.active and code@27:32"},
};

/* The rows of the first rule, a line each, without what names the rule. */
static void rows_of(const char *condition, struct buf *out)
{
    struct compilation c;
    struct buf text = {0}, all = {0};
    compilation_begin(&c);
    buf_printf(&text, "%s%s\n use q\n }\n}\n", head, condition);
    source_from_text(&c.sources, SLICE("t.weir"), buf_view(&text));
    const struct ir_program *p = check_file(&c, "t.weir");
    if (!p)
        fail_msg("refused: %s", condition);
    lower_dump_rows(&c.arena, p, &all);
    buf_char(&all, 0);
    static const char mark[] = "f.route[0]: ";
    for (const char *at = strstr(all.p, mark), *end; at; at = strstr(end, mark)) {
        at += strlen(mark);
        end = strchr(at, '\n');
        buf_str(out, out->len ? "\n" : "");
        buf_add(out, at, (size_t)(end - at));
    }
    buf_char(out, 0);
    buf_free(&text);
    buf_free(&all);
    compilation_end(&c);
}

static void conditions_become_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buf rows = {0};
        rows_of(forms[i][0], &rows);
        if (strcmp(rows.p, forms[i][1]) != 0)
            fail_msg("%s becomes\n%s\nnot\n%s", forms[i][0], rows.p, forms[i][1]);
        buf_free(&rows);
    }
}

/* `tests` times `A or B`, all of which must hold: 2^tests rows, or code where that is too many. */
static uint32_t rows_of_product(uint32_t tests, bool *code)
{
    struct buf text = {0}, rows = {0};
    for (uint32_t i = 0; i < tests; i++)
        buf_printf(&text, "%s(path contains \"a%u\" or host ends-with \"b%u\")", i ? " and " : "", i, i);
    buf_char(&text, 0);
    rows_of(text.p, &rows);
    uint32_t n = 1;
    for (const char *p = rows.p; (p = strchr(p, '\n')); p++)
        n++;
    *code = strstr(rows.p, "code@") != NULL;
    buf_free(&text);
    buf_free(&rows);
    return n;
}

static void products_have_an_end(void **state)
{
    (void)state;
    bool code;
    uint32_t before = 1, tests = 1;
    for (; tests < 12; tests++) {
        uint32_t n = rows_of_product(tests, &code);
        if (code)
            break;
        assert_int_equal(n, 1u << tests);
        before = n;
    }
    assert_true(code);
    assert_int_equal(before, 64);
    for (; tests < 30; tests++) {
        uint32_t n = rows_of_product(tests, &code);
        assert_true(code && n <= before);
    }
}

/* Of more fields than are kept apart, the last stay tests of their own: none is lost, none is in another's. */
static void many_fields_stay_apart(void **state)
{
    (void)state;
    struct buf text = {0}, rows = {0};
    for (uint32_t i = 0; i < 40; i++)
        buf_printf(&text, "%sreq.header[\"h%02u\"] == \"%u\"", i ? " or " : "", i % 20, i);
    buf_char(&text, 0);
    rows_of(text.p, &rows);
    for (uint32_t i = 0; i < 40; i++) {
        char both[64], one[64];
        snprintf(both, sizeof both, "req.header[\"h%02u\"] in [\"%u\", \"%u\"]", i % 20, i % 20, i % 20 + 20);
        snprintf(one, sizeof one, "req.header[\"h%02u\"] == \"%u\"", i % 20, i);
        assert_true((strstr(rows.p, both) != NULL) != (strstr(rows.p, one) != NULL));
    }
    buf_free(&text);
    buf_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_become_rows),
        cmocka_unit_test(products_have_an_end),
        cmocka_unit_test(many_fields_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
