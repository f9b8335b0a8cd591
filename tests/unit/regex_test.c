/* The parser of regular expressions: what it accepts, the trees, and that hostile input is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/regex.h"
#include "runtime/base/buf.h"

static struct regex_node *parse(struct arena *a, struct slice text, uint32_t *off, const char **err)
{
    struct regex_node *n = regex_parse(a, text, off, err);
    assert_true((n == NULL) == (*err != NULL));
    assert_true(*off <= text.len);
    return n;
}

static void test_trees(void **state)
{
    (void)state;
    struct arena a = {0};
    uint32_t off;
    const char *err;
    struct regex_node *n = parse(&a, SLICE("^/v[0-9]{1,3}(?:/|$)"), &off, &err);
    assert_int_equal(n->op, REGEX_CAT);
    assert_int_equal(n->nkids, 5);
    assert_int_equal(n->kids[0]->op, REGEX_BEGIN);
    assert_int_equal(n->kids[3]->op, REGEX_REPEAT);
    assert_int_equal(n->kids[3]->max, 3);
    assert_true(regex_set_has(n->kids[3]->kids[0], '7'));
    assert_false(regex_set_has(n->kids[3]->kids[0], 'a'));
    assert_int_equal(n->kids[4]->op, REGEX_ALT);
    n = parse(&a, SLICE("(?i)[^k]"), &off, &err);
    assert_int_equal(n->op, REGEX_SET);
    assert_false(regex_set_has(n, 'K'));
    assert_true(regex_set_has(n, '\n'));
    n = parse(&a, SLICE("\xc3\xa9?"), &off, &err);
    assert_int_equal(n->op, REGEX_REPEAT);
    assert_int_equal(n->kids[0]->nkids, 2);
    assert_int_equal(parse(&a, SLICE(""), &off, &err)->op, REGEX_EMPTY);
    assert_int_equal(parse(&a, SLICE("a||b"), &off, &err)->nkids, 3);
    n = parse(&a, SLICE("[]a-]"), &off, &err);
    assert_true(regex_set_has(n, ']') && regex_set_has(n, '-') && regex_set_has(n, 'a'));
    arena_free(&a);
}

static void test_accepts(void **state)
{
    (void)state;
    static const char *const good[] = {"a*?b+?c??d{2}?", "\\.\\/\\-\\x41\\n", "\\d\\w\\s\\D\\W\\S", "[\\d.-]+", "(a(b(c)))", "]}",
                                       "^$|^a$", "(?:)", "a{0}", "a{255}", "a{3,}", "[\\]\\\\]"};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint32_t off;
        const char *err;
        assert_non_null(parse(&a, slice_of(good[i]), &off, &err));
    }
    arena_free(&a);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t off;
    } bad[] = {{"(a)\\1", 3},  {"a(?=b)", 1}, {"a(?<!b)", 1}, {"(?P<n>a)", 0}, {"a**", 2},   {"a*+", 2},     {"*a", 0},
               {"(a", 0},      {"a)", 1},     {"[a", 0},      {"[z-a]", 1},    {"[\\d-z]", 1}, {"a{", 1},    {"a{256}", 2},
               {"a{3,2}", 1},  {"\\", 0},     {"\\q", 0},     {"\\x4", 0},     {"a(?i)b", 1}, {"[[:alpha:]]", 1},
               {"((((a{200}){200}){200}){200})", 0}, {"\\b", 0}, {"[\xc3\xa9]", 1}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t off;
        const char *err;
        assert_null(parse(&a, slice_of(bad[i].text), &off, &err));
        assert_int_equal(off, bad[i].off);
    }
    arena_free(&a);
}

/* "(((…a…)))" with `after` behind each group. */
static bool parses(const char *before, const char *inner, const char *after, uint32_t n)
{
    struct arena a = {0};
    struct buf text = {0};
    uint32_t off;
    const char *err;
    for (uint32_t i = 0; i < n; i++)
        buf_str(&text, before);
    buf_str(&text, inner);
    for (uint32_t i = 0; i < n; i++)
        buf_str(&text, after);
    bool good = parse(&a, buf_view(&text), &off, &err) != NULL;
    buf_free(&text);
    arena_free(&a);
    return good;
}

/* What is within the limits that the header states is accepted, and no more. */
static void test_limits(void **state)
{
    (void)state;
    assert_true(parses("(", "a", ")", REGEX_MAX_DEPTH) && parses("(?:", "a", ")*", REGEX_MAX_DEPTH));
    assert_false(parses("(", "a", ")", REGEX_MAX_DEPTH + 1) || parses("(?:", "a", ")*", REGEX_MAX_DEPTH + 1));
    assert_true(parses("a{250}", "", "", 39) && parses("(a{200}){9}", "", "", 4));
    assert_false(parses("a{250}", "", "", 40) || parses("(a{200}){9}", "", "", 5));
    /* Each of them is a node, and all of them are one. */
    assert_true(parses("a", "", "", REGEX_MAX_NODES - 1));
    assert_false(parses("a", "", "", REGEX_MAX_NODES));
}

/* How many steps there are: a set is one, a choice is one more; what is repeated is written out. */
static void test_ops(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ops;
    } all[] = {{"a", 1}, {"abc", 3}, {"a|b", 3}, {"a|b|c", 5}, {"a*", 2}, {"a+", 2}, {"a?", 2}, {"a{3}", 3}, {"a{2,4}", 6},
               {"(ab){3}", 6}, {"a{2,}", 3}, {"^a$", 3}, {"", 0}, {"(a|b){2}c", 7}, {"a{0}", 0}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint32_t off;
        const char *err;
        uint64_t n = regex_ops(parse(&a, slice_of(all[i].text), &off, &err));
        if (n != all[i].ops)
            fail_msg("%s has %u steps, not %u", all[i].text, (unsigned)n, all[i].ops);
    }
    arena_free(&a);
}

static void test_hostile(void **state)
{
    (void)state;
    static char deep[200000];
    struct arena a = {0};
    uint32_t off;
    const char *err;
    memset(deep, '(', sizeof deep);
    assert_null(parse(&a, (struct slice){deep, sizeof deep}, &off, &err));
    memset(deep, 'a', sizeof deep);
    assert_null(parse(&a, (struct slice){deep, sizeof deep}, &off, &err));
    memset(deep, '|', sizeof deep);
    assert_null(parse(&a, (struct slice){deep, sizeof deep}, &off, &err));
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        static const char alphabet[] = "ab(?:)[]^-\\dx4{1,9}*+?|$.i\xc3\xa9";
        char text[24];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        parse(&a, (struct slice){text, seed % sizeof text}, &off, &err);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ops),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
