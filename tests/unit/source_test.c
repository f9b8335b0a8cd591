/* Texts: reading files once, and lines and columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/compilation.h"
#include "runtime/base/buf.h"

static void expect_place(struct compilation *c, struct source *s, uint32_t off, uint32_t line, uint32_t col)
{
    uint32_t l, k;
    source_line_col(&c->arena, s, off, &l, &k);
    assert_int_equal(l, line);
    assert_int_equal(k, col);
}

static void test_lines(void **state)
{
    (void)state;
    struct compilation c;
    compilation_begin(&c);
    struct source *s = source_from_text(&c.sources, SLICE("a.weir"), SLICE("ab\n\ncd\r\ne"));
    expect_place(&c, s, 0, 1, 1);
    expect_place(&c, s, 2, 1, 3); /* the line end belongs to its line */
    expect_place(&c, s, 3, 2, 1);
    expect_place(&c, s, 4, 3, 1);
    expect_place(&c, s, 8, 4, 1);
    expect_place(&c, s, 9, 4, 2);   /* the end */
    expect_place(&c, s, 999, 4, 2); /* and beyond it */
    struct source *empty = source_from_text(&c.sources, SLICE("b.weir"), SLICE(""));
    expect_place(&c, empty, 0, 1, 1);
    assert_int_equal(empty->id, 1);
    compilation_end(&c);
}

static void test_open(void **state)
{
    (void)state;
    char folder[] = "/tmp/weir-source-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x", folder);
    assert_int_equal(buf_write_file(path, SLICE("one\ntwo\n"), 0644), 0);
    struct compilation c;
    compilation_begin(&c);
    int err = 0;
    struct source *s = source_open(&c.sources, slice_of(path), &err);
    assert_non_null(s);
    assert_int_equal(s->text.len, 8);
    assert_int_equal(s->text.p[8], 0);
    assert_true(slice_eq(s->path, slice_of(path)));
    assert_ptr_equal(source_open(&c.sources, slice_of(path), &err), s);
    assert_int_equal(c.sources.files.n, 1);

    assert_null(source_open(&c.sources, slice_of(folder), &err));
    assert_int_equal(err, EISDIR);
    err = 0;
    assert_null(source_open(&c.sources, SLICE("/tmp/weir-no-such-file"), &err));
    assert_int_equal(err, ENOENT);
    err = 0;
    assert_null(source_open(&c.sources, SLICE("a\0b"), &err));
    assert_int_equal(err, ENOENT);
    assert_int_equal(c.sources.files.n, 1);
    err = 0;
    s = source_open(&c.sources, SLICE("/proc/self/maps"), &err); /* its size is not known beforehand */
    assert_non_null(s);
    assert_true(s->text.len > 0 && s->text.p[s->text.len] == 0);
    compilation_end(&c);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_open)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
