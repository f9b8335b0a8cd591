/* Messages: how they are rendered, ordered and shortened, and the nearest word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/compilation.h"

static struct compilation c;
static struct source *src;

static void begin(struct slice text)
{
    compilation_begin(&c);
    src = source_from_text(&c.sources, SLICE("edge.weir"), text);
}

static struct span at(uint32_t off, uint32_t len)
{
    return (struct span){src->id, off, len};
}

/* Renders what was reported, holds it against `expected`, and ends the compilation. */
static void expect(enum diag_format format, bool color, const char *expected)
{
    struct buf out = {0};
    diag_render(&c.diags, format, color, &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, expected);
    buf_free(&out);
    compilation_end(&c);
}

static void test_text(void **state)
{
    (void)state;
    begin(SLICE("\n\n\n\n\n\n\n\n\n\n\n  timeout connect 5\n"));
    struct diag *d = diag_report(&c.diags, DIAG_E0301, at(29, 1), "`timeout %s` needs a unit", "connect");
    diag_label(&c.diags, d, "int, expected duration");
    diag_note(&c.diags, d, "HAProxy reads this as 5 milliseconds");
    diag_help(&c.diags, d, "did you mean `5s`?");
    diag_fix(d, FIX_MAYBE, at(29, 1), SLICE("5s"));
    assert_int_equal(c.diags.errors, 1);
    expect(DIAG_TEXT, false,
           "error[E0301]: `timeout connect` needs a unit\n"
           "  --> edge.weir:12:19\n"
           "   |\n"
           "12 |   timeout connect 5\n"
           "   |                   ^ int, expected duration\n"
           "   = note: HAProxy reads this as 5 milliseconds\n"
           "   = help: did you mean `5s`?   [fix: maybe]\n");
}

static void test_json(void **state)
{
    (void)state;
    begin(SLICE("ab\ncd \"x\"\n"));
    struct diag *d = diag_report(&c.diags, DIAG_W0504, at(6, 3), "a \"quoted\" word");
    diag_secondary(&c.diags, d, at(0, 2), "first here");
    diag_note(&c.diags, d, "n");
    diag_help(&c.diags, d, "h");
    diag_fix(d, FIX_SAFE, at(6, 3), SLICE("y"));
    diag_report(&c.diags, DIAG_E0001, (struct span){UINT32_MAX, 0, 0}, "nowhere");
    assert_int_equal(c.diags.warnings, 1);
    expect(DIAG_JSON, false,
           "{\"code\":\"W0504\",\"level\":\"warning\",\"message\":\"a \\\"quoted\\\" word\",\"spans\":["
           "{\"file\":\"edge.weir\",\"byte\":6,\"len\":3,\"line\":2,\"col\":4,\"label\":\"\",\"primary\":true},"
           "{\"file\":\"edge.weir\",\"byte\":0,\"len\":2,\"line\":1,\"col\":1,\"label\":\"first here\",\"primary\":false}],"
           "\"notes\":[\"n\"],\"helps\":[\"h\"],\"fixes\":[{\"applicability\":\"safe\",\"edits\":["
           "{\"file\":\"edge.weir\",\"byte\":6,\"len\":3,\"line\":2,\"col\":4,\"text\":\"y\"}]}]}\n"
           "{\"code\":\"E0001\",\"level\":\"error\",\"message\":\"nowhere\",\"spans\":[],\"notes\":[],\"helps\":[],\"fixes\":[]}\n");
}

static void test_several_places(void **state)
{
    (void)state;
    begin(SLICE("map m {\n  a\n  b\n  c\n}\n"));
    struct source *data = source_from_text(&c.sources, SLICE("m.map"), SLICE("x y\n"));
    struct diag *d = diag_report(&c.diags, DIAG_E0307, (struct span){data->id, 2, 1}, "no backend `y`");
    diag_secondary(&c.diags, d, at(18, 1), "and here");
    diag_secondary(&c.diags, d, at(4, 1), "map declared here");
    diag_secondary(&c.diags, d, at(0, 3), "%s", "");
    expect(DIAG_TEXT, false,
           "error[E0307]: no backend `y`\n"
           " --> m.map:1:3\n"
           "  |\n"
           "1 | x y\n"
           "  |   ^\n"
           " ::: edge.weir:4:3\n"
           "  |\n"
           "1 | map m {\n"
           "  | ---\n"
           "  |     - map declared here\n"
           "...\n"
           "4 |   c\n"
           "  |   - and here\n");
}

static void test_columns(void **state)
{
    (void)state;
    begin(SLICE("\té日x\xff\x1b[0m y\r\nz"));
    diag_report(&c.diags, DIAG_E0106, at(6, 1), "a letter");
    diag_report(&c.diags, DIAG_E0106, at(7, 1), "a byte");
    diag_report(&c.diags, DIAG_E0106, at(13, 99), "to the end of the line alone");
    diag_report(&c.diags, DIAG_E0106, at(17, 0), "the end of the file");
    expect(DIAG_TEXT, false,
           "error[E0106]: a letter\n"
           " --> edge.weir:1:7\n"
           "  |\n"
           "1 |     é日x\xef\xbf\xbd\xef\xbf\xbd[0m y\n"
           "  |        ^\n"
           "\n"
           "error[E0106]: a byte\n"
           " --> edge.weir:1:8\n"
           "  |\n"
           "1 |     é日x\xef\xbf\xbd\xef\xbf\xbd[0m y\n"
           "  |         ^\n"
           "\n"
           "error[E0106]: to the end of the line alone\n"
           " --> edge.weir:1:14\n"
           "  |\n"
           "1 |     é日x\xef\xbf\xbd\xef\xbf\xbd[0m y\n"
           "  |               ^\n"
           "\n"
           "error[E0106]: the end of the file\n"
           " --> edge.weir:2:2\n"
           "  |\n"
           "2 | z\n"
           "  |  ^\n");
}

static void test_long_line(void **state)
{
    (void)state;
    char text[1001];
    memset(text, 'a', 1000);
    memcpy(text + 500, "WORD", 4);
    text[1000] = 0;
    begin((struct slice){text, 1000});
    diag_report(&c.diags, DIAG_E0100, at(500, 4), "far");
    struct buf out = {0};
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    buf_char(&out, 0);
    const char *line = strstr(out.p, "1 | "), *under = strstr(line, "\n  | ");
    assert_true(under - line < 200);
    assert_memory_equal(line + 4, "…a", 4);
    assert_memory_equal(under - 4, "a…", 4);
    /* the caret is under the word; … takes three bytes and one column */
    assert_int_equal(strstr(line, "WORD") - line - 2, strstr(under, "^^^^") - under - 1);
    buf_free(&out);
    compilation_end(&c);
}

static void test_order_and_number(void **state)
{
    (void)state;
    begin(SLICE("abcdefghij"));
    diag_report(&c.diags, DIAG_E0201, at(5, 1), "second");
    diag_report(&c.diags, DIAG_E0201, at(1, 1), "first");
    diag_report(&c.diags, DIAG_E0202, at(5, 1), "second too");
    diag_report(&c.diags, DIAG_E0201, at(5, 1), "second");
    struct buf out = {0};
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    buf_char(&out, 0);
    const char *first = strstr(out.p, "]: first\n"), *second = strstr(out.p, "]: second\n"), *third = strstr(out.p, "]: second too\n");
    assert_true(first && second && third && first < second && second < third);
    assert_null(strstr(second + 1, "]: second\n"));
    for (int i = 0; i < 53; i++)
        diag_report(&c.diags, DIAG_E0203, at(9, 1), "one of many: %d", i);
    out.len = 0;
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    buf_char(&out, 0);
    assert_non_null(strstr(out.p, "one of many: 46\n"));
    assert_null(strstr(out.p, "one of many: 47\n"));
    assert_non_null(strstr(out.p, "\nand 6 more errors: 6 E0203\n"));
    for (int i = 0; i < 23; i++)
        diag_report(&c.diags, DIAG_W0510, at(8, 1), "much the same: %d", i);
    diag_report(&c.diags, DIAG_W0506, at(9, 1), "the only one");
    out.len = 0;
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    buf_char(&out, 0);
    assert_non_null(strstr(out.p, "much the same: 19\n"));
    assert_null(strstr(out.p, "much the same: 20\n"));
    assert_non_null(strstr(out.p, "the only one\n"));
    assert_non_null(strstr(out.p, "\nand 3 more warnings: 3 W0510\n"));
    out.len = 0;
    diag_render(&c.diags, DIAG_JSON, false, &out);
    buf_char(&out, 0);
    assert_non_null(strstr(out.p, "much the same: 22\"")); /* programs get all */
    buf_free(&out);
    compilation_end(&c);
}

static void test_color(void **state)
{
    (void)state;
    begin(SLICE("ab\n"));
    diag_fix(diag_report(&c.diags, DIAG_W0505, at(0, 2), "unused"), FIX_SAFE, at(0, 2), SLICE(""));
    expect(DIAG_TEXT, true,
           "\x1b[1;33mwarning[W0505]\x1b[1m: unused\x1b[0m\n"
           "\x1b[1;34m --> \x1b[0medge.weir:1:1\n"
           "\x1b[1;34m  |\x1b[0m\n"
           "\x1b[1;34m1 |\x1b[0m ab\n"
           "\x1b[1;34m  |\x1b[0m \x1b[1;33m^^\x1b[0m\n"
           "  \x1b[1;34m=\x1b[1m help: \x1b[0mremove this   [fix: safe]\n");
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct slice words[] = {SLICE("api"), SLICE("weight"), SLICE("backup"), SLICE("max-conns")};
    static const struct {
        struct slice word;
        const char *nearest;
    } cases[] = {
        {SLICE("ap1"), "api"},      {SLICE("wieght"), "weight"},  {SLICE("bakcpu"), "backup"}, {SLICE("max-conn"), "max-conns"},
        {SLICE("maxconns"), "max-conns"}, {SLICE("x1i"), NULL}, {SLICE("ap"), "api"},     {SLICE("a"), NULL},
        {SLICE("wxyzht"), NULL},    {SLICE(""), NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice n = diag_nearest(cases[i].word, words, 4);
        assert_true(cases[i].nearest ? n.p && slice_eq(n, slice_of(cases[i].nearest)) : n.p == NULL);
    }
    char longest[100];
    memset(longest, 'x', sizeof longest);
    assert_null(diag_nearest((struct slice){longest, sizeof longest}, words, 4).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_json),  cmocka_unit_test(test_several_places),
        cmocka_unit_test(test_columns),   cmocka_unit_test(test_long_line), cmocka_unit_test(test_order_and_number),
        cmocka_unit_test(test_color),     cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
