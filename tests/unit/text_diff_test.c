/* The unified diff: what it says when applied to the first text gives the second, for random edits of random texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/text_diff.h"

static struct slice next_line(struct slice *rest)
{
    const char *nl = memchr(rest->p, '\n', rest->len);
    struct slice line = {rest->p, nl ? (size_t)(nl + 1 - rest->p) : rest->len};
    *rest = slice_from(*rest, line.len);
    return line;
}

/* Applies `diff` to `from`, and holds all that it says about `from` against it. */
static void apply(struct slice diff, struct slice from, struct buf *out)
{
    uint32_t at = 0; /* lines of `from` that are done */
    char sign = 0;
    struct slice line = next_line(&diff);
    assert_true(slice_starts(line, SLICE("--- x")));
    line = next_line(&diff);
    assert_true(slice_starts(line, SLICE("+++ x")));
    while (diff.len) {
        line = next_line(&diff);
        if (slice_starts(line, SLICE("\\ No newline"))) { /* the line before has no end */
            out->len -= sign != '-';
            continue;
        }
        if (slice_starts(line, SLICE("@@"))) {
            unsigned start, n = 1;
            char text[64];
            snprintf(text, sizeof text, "%.*s", (int)line.len, line.p);
            assert_true(sscanf(text, "@@ -%u,%u", &start, &n) >= 1);
            for (unsigned want = n ? start - 1 : start; at < want; at++)
                buf_slice(out, next_line(&from));
            assert_int_equal(at, n ? start - 1 : start);
            continue;
        }
        struct slice text = slice_from(line, 1);
        sign = line.p[0];
        if (sign != '+') {
            struct slice old = next_line(&from);
            size_t len = old.len && old.p[old.len - 1] == '\n' ? old.len : old.len + 1; /* its end is on the next line */
            assert_int_equal(text.len, len);
            assert_memory_equal(text.p, old.p, old.len);
            at++;
        }
        if (sign != '-')
            buf_slice(out, text);
    }
    buf_slice(out, from);
}

static void check_pair(struct slice from, struct slice to)
{
    struct arena a = {0};
    struct buf diff = {0}, back = {0};
    text_diff(&a, SLICE("x"), from, to, &diff);
    if (slice_eq(from, to)) {
        assert_int_equal(diff.len, 0);
    } else {
        apply(buf_view(&diff), from, &back);
        assert_int_equal(back.len, to.len);
        assert_memory_equal(back.p, to.p, to.len);
    }
    buf_free(&diff);
    buf_free(&back);
    arena_free(&a);
}

static uint32_t seed = 1;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void random_texts(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct buf from = {0}, to = {0};
        uint32_t lines = roll(40), kinds = 1 + roll(8), edits = roll(12);
        bool open = roll(4) == 0; /* no end of the last line */
        for (uint32_t i = 0; i < lines; i++) {
            uint32_t word = roll(kinds);
            const char *end = open && i + 1 == lines ? "" : "\n";
            buf_printf(&from, "line %u%s", word, end);
            if (roll(40) < edits)
                buf_printf(&to, "new %u\n", roll(3));
            if (roll(40) >= edits)
                buf_printf(&to, "line %u%s", word, end);
        }
        check_pair(buf_view(&from), buf_view(&to));
        check_pair(buf_view(&to), buf_view(&from));
        buf_free(&from);
        buf_free(&to);
    }
}

static void all_different(void **state)
{
    (void)state;
    struct buf from = {0}, to = {0}; /* more steps than are searched */
    for (int i = 0; i < 2000; i++) {
        buf_printf(&from, "a %d\n", i);
        buf_printf(&to, "b %d\n", i);
    }
    check_pair(buf_view(&from), buf_view(&to));
    check_pair(SLICE(""), buf_view(&to));
    buf_free(&from);
    buf_free(&to);
}

static void shape(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf out = {0};
    text_diff(&a, SLICE("x"), SLICE("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), SLICE("1\n2\n3\n4\nfive\n6\n7\n8\n9"), &out);
    buf_char(&out, 0);
    assert_string_equal(out.p, "--- x\n+++ x\n@@ -2,8 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n-9\n+9\n"
                               "\\ No newline at end of file\n");
    buf_free(&out);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(all_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
