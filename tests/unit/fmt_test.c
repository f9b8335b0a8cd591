/* The formatter over every program of the repository: those in files, those in the scripts of tests/http and those in the
 * reference. Each keeps its meaning (the canonical form, and so the digest of the plan), and its layout is its own
 * layout. What
 * layouts look like is in tests/fmt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <string.h>

#include "compiler/check.h"
#include "compiler/fmt.h"
#include "compiler/ir_codec.h"

/* Lays `text` out; false where it is refused. */
static bool format(const char *path, struct slice text, struct buf *out)
{
    struct compilation c;
    compilation_begin(&c);
    enum fmt_result r = fmt_source(&c, source_from_text(&c.sources, slice_of(path), arena_copy(&c.arena, text)), out);
    assert_int_not_equal(r, FMT_FAULT);
    if (r == FMT_REFUSED) {
        assert_true(c.diags.errors > 0);
        assert_int_equal(out->len, 0);
    }
    compilation_end(&c);
    return r == FMT_DONE;
}

/* The digest of the program that `text` is at `path`, or "" where it has errors. */
static void digest(const char *path, struct slice text, char out[IR_DIGEST_TEXT])
{
    struct compilation c;
    struct buf canonical = {0}, places = {0};
    compilation_begin(&c);
    source_from_text(&c.sources, slice_of(path), arena_copy(&c.arena, text));
    struct ir_program *p = check_file(&c, path);
    out[0] = 0;
    if (p) {
        ir_encode(&c.arena, p, &canonical, &places);
        ir_digest(buf_view(&canonical), out);
    }
    buf_free(&canonical);
    buf_free(&places);
    compilation_end(&c);
}

struct counts {
    int seen, laid_out, compiled;
};

static void expect_kept(const char *path, struct slice text, struct counts *n)
{
    struct buf once = {0}, twice = {0};
    char before[IR_DIGEST_TEXT], after[IR_DIGEST_TEXT];
    n->seen++;
    if (format(path, text, &once)) {
        n->laid_out++;
        assert_true(format(path, buf_view(&once), &twice));
        if (!slice_eq(buf_view(&once), buf_view(&twice)))
            fail_msg("%s: laid out twice is another layout", path);
        digest(path, text, before);
        digest(path, buf_view(&once), after);
        if (strcmp(before, after) != 0)
            fail_msg("%s: another program", path);
        n->compiled += before[0] != 0;
    }
    buf_free(&once);
    buf_free(&twice);
}

static void each_file(const char *pattern, void (*with)(const char *, struct slice, struct counts *), struct counts *n)
{
    glob_t g;
    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct buf b = {0};
        assert_int_equal(buf_read_file(&b, g.gl_pathv[i]), 0);
        with(g.gl_pathv[i], buf_view(&b), n);
        buf_free(&b);
    }
    globfree(&g);
}

static void test_files(void **state)
{
    (void)state;
    struct counts n = {0};
    each_file("examples/*/*.weir", expect_kept, &n);
    each_file("tests/*/*.weir", expect_kept, &n);
    each_file("tests/*/*/*.weir", expect_kept, &n);
    each_file("tests/fuzz/check/*", expect_kept, &n);
    assert_true(n.seen > 80);
    assert_true(n.laid_out > 50);
    assert_true(n.compiled > 3);
}

/* `text` with what varnishtest puts in: addresses and ports. */
static void fill_in(struct slice text, struct buf *out)
{
    while (text.len) {
        const char *end = slice_starts(text, SLICE("${")) ? memchr(text.p, '}', text.len) : NULL;
        struct slice name = end ? (struct slice){text.p, (size_t)(end - text.p)} : (struct slice){0};
        if (name.len && slice_ends(name, SLICE("_addr")))
            buf_str(out, "10.0.0.1");
        else if (name.len && slice_ends(name, SLICE("port")))
            buf_str(out, "80");
        else
            name.len = 0;
        if (!name.len)
            buf_char(out, text.p[0]);
        text = slice_from(text, name.len ? name.len + 1 : 1);
    }
}

/* The programs in a script or a page: from `language 1` at the beginning of a line to EOF or ```. */
static void expect_parts_kept(const char *path, struct slice text, struct counts *n)
{
    const char *begin;
    while ((begin = memmem(text.p, text.len, "\nlanguage 1\n", 12))) {
        struct buf b = {0};
        text = slice_from(text, (size_t)(begin + 1 - text.p));
        const char *eof = memmem(text.p, text.len, "\nEOF\n", 5), *fence = memmem(text.p, text.len, "\n```\n", 5);
        const char *end = eof ? eof : fence;
        assert_non_null(end);
        size_t len = (size_t)(end + 1 - text.p);
        int before = n->laid_out;
        fill_in((struct slice){text.p, len}, &b);
        expect_kept("no-such-folder/site.weir", buf_view(&b), n);
        if (n->laid_out == before)
            fail_msg("%s: a program in it is refused", path);
        buf_free(&b);
        text = slice_from(text, len);
    }
}

static void test_scripts(void **state)
{
    (void)state;
    struct counts n = {0};
    each_file("tests/http/*.vtc", expect_parts_kept, &n);
    each_file("grammar/LANGUAGE.md", expect_parts_kept, &n);
    each_file("README.md", expect_parts_kept, &n);
    assert_true(n.laid_out > 30);
    assert_true(n.compiled > 30);
}

static void expect_layout(const char *text, const char *layout)
{
    struct buf b = {0};
    assert_true(format("t.weir", slice_of(text), &b));
    buf_char(&b, 0);
    assert_string_equal(b.p, layout);
    buf_free(&b);
}

/* White space that decides nothing makes no difference. */
static void test_one_layout(void **state)
{
    (void)state;
    const char *layout = "map m: host -> backend {\n  \"a\"   -> b\n  \"c.d\" -> e\n}\n";
    expect_layout("map m: host -> backend { \"a\" -> b; \"c.d\" -> e }", layout);
    expect_layout("map   m :host->backend{\n\n\"a\"->b\n\"c.d\"   ->\n e;;\n\n}\n\n\n", layout);
    expect_layout("\xef\xbb\xbfmap m: host -> backend {\r\n\t\"a\" -> b\r\n\t\"c.d\" -> e\r\n}", layout);
    expect_layout(layout, layout);
    expect_layout("", "");
    expect_layout("\n\n", "");
    expect_layout("# c", "# c\n");
    expect_layout("a; # c", "a  # c\n");
}

/* A token next to another may be read as part of it: there, spaces stay. */
static void test_spaces_that_matter(void **state)
{
    (void)state;
    expect_layout("x ::1 : int", "x ::1 : int\n");
    expect_layout("x [::1] :80", "x [::1] :80\n");
    expect_layout("x 5 .y", "x 5 .y\n");
    expect_layout("x f (y) f(y)", "x f (y) f(y)\n");
    expect_layout("let a = b -c", "let a = b - c\n");
    expect_layout("let a = b - -c", "let a = b - -c\n");
    expect_layout("let a = 5 % 3", "let a = 5 % 3\n");
    expect_layout("let a: list< list <int> > = b", "let a: list<list<int>> = b\n");
    expect_layout("x f(p:80, q: :80)", "x f(p: 80, q: :80)\n");
}

static void test_refused(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_false(format("t.weir", SLICE("backend a {"), &b));
    assert_false(format("t.weir", SLICE("use a if b and c or d"), &b));
    assert_false(format("t.weir", SLICE("x \xff"), &b));
    buf_free(&b);
}

static void expect_diff(const char *old, const char *new, const char *diff)
{
    struct buf b = {0};
    fmt_diff(SLICE("f"), slice_of(old), slice_of(new), &b);
    buf_char(&b, 0);
    assert_string_equal(b.p, diff);
    buf_free(&b);
}

static void test_diff(void **state)
{
    (void)state;
    expect_diff("a\n", "a\n", "");
    expect_diff("a", "a\n", "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    expect_diff("\n\na\n", "a\n", "--- f\n+++ f\n@@ -1,3 +1 @@\n-\n-\n a\n");
    expect_diff("a; b\n", "a\nb\n", "--- f\n+++ f\n@@ -1 +1,2 @@\n-a; b\n+a\n+b\n");
    expect_diff("a\nb\nc\nd\ne\nf\n g\nh\n", "a\nb\nc\nd\ne\nf\ng\nh\n", "--- f\n+++ f\n@@ -4,5 +4,5 @@\n d\n e\n f\n- g\n+g\n h\n");
    expect_diff(" 1\n2\n3\n4\n5\n6\n7\n8\n 9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "--- f\n+++ f\n@@ -1,4 +1,4 @@\n- 1\n+1\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n- 9\n+9\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_scripts), cmocka_unit_test(test_one_layout), cmocka_unit_test(test_spaces_that_matter),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
