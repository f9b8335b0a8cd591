/* Derivatives: known matches, hostile expressions, and agreement with the automata that the runtime runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/regex_derivative.h"
#include "compiler/regex_dfa.h"
#include "runtime/automaton.h"
#include "runtime/base/clock.h"
#include "tests/unit/random.h"

static bool matches(const char *pattern, struct slice subject)
{
    struct arena a = {0};
    uint32_t off;
    const char *err = NULL;
    struct regex_node *n = regex_parse(&a, slice_of(pattern), &off, &err);
    if (!n)
        fail_msg("%s: %s", pattern, err);
    bool m = regex_derivative_matches(n, subject);
    arena_free(&a);
    return m;
}

static void known_matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *subject;
        bool expect;
    } cases[] = {
        {"", "", true},
        {"", "x", true},
        {"a", "", false},
        {"a", "bab", true},
        {"^a", "ba", false},
        {"^a", "ab", true},
        {"a$", "ab", false},
        {"a$", "ba", true},
        {"^$", "", true},
        {"^$", "a", false},
        {"^a*$", "aaaa", true},
        {"^a*$", "aabaa", false},
        {"^(a|ab)(c|bcd)$", "abcd", true},
        {"^a{2,3}$", "a", false},
        {"^a{2,3}$", "aa", true},
        {"^a{2,3}$", "aaaa", false},
        {"^(a{2}){2}$", "aaaa", true},
        {"^(a{2}){2}$", "aaa", false},
        {"(^|b){2}$", "b", true},
        {"(^|b){3}$", "b", true},
        {"^(^|b){3}$", "bbbb", false},
        {"(a|$){2}", "xa", true},
        {"a^b", "ab", false},
        {"(a*)*$", "b", true},
        {"^(a?){3}b", "ab", true},
        {"^[^a]+$", "bcd", true},
        {"^[^a]+$", "bad", false},
        {".", "\n", false},
        {"(?i)AbC", "xaBcx", true},
        {"^/users/[0-9]+$", "/users/42", true},
        {"^/users/[0-9]+$", "/users/42x", false},
        {"^a{0}$", "", true},
        {"^a{0}$", "a", false},
        {"x*$", "", true},
        {"^(ab|a)*b$", "aab", true},
        {"^(ab|a)*b$", "aa", false},
        {"\\x00", "", false},
        {"$a", "a", false},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (matches(cases[i].pattern, slice_of(cases[i].subject)) != cases[i].expect)
            fail_msg("\"%s\" on \"%s\" is not %d", cases[i].pattern, cases[i].subject, cases[i].expect);
    assert_true(matches("\\x00", (struct slice){"a\0b", 3}));
}

/* What takes other engines exponential time or space. */
static void hostile_expressions_end(void **state)
{
    (void)state;
    char subject[4096];
    memset(subject, 'a', sizeof subject);
    uint64_t begin = clock_ns();
    assert_false(matches("^(a+)+$x", (struct slice){subject, sizeof subject}));
    assert_false(matches("^(a|a|aa)*b$", (struct slice){subject, 2000}));
    assert_false(matches("(a|b)*a(a|b){60}c", (struct slice){subject, 2000}));
    assert_false(matches("^(a{1,100}){1,90}b", (struct slice){subject, 300}));
    assert_true((clock_ns() - begin) / 1000000 < 60000);
}

/* ---- against the automata ---------------------------------------------------------------------- */

static void random_pattern(struct buf *out, uint64_t *seed, uint32_t depth)
{
    static const char *const leaf[] = {"a", "b", ".", "[ab]", "[^a]", "^", "$", "", "ab", "c"};
    static const char *const repeat[] = {"*", "+", "?", "{2}", "{0,2}", "{1,3}", "{2,}", "*?"};
    uint32_t kind = depth == 0 ? 0 : rnd(seed, 5);
    if (kind == 0) {
        buf_str(out, leaf[rnd(seed, 10)]);
    } else if (kind == 1) {
        buf_str(out, "(");
        random_pattern(out, seed, depth - 1);
        buf_str(out, "|");
        random_pattern(out, seed, depth - 1);
        buf_str(out, ")");
    } else if (kind == 2) {
        buf_str(out, "(");
        random_pattern(out, seed, depth - 1);
        buf_str(out, ")");
        buf_str(out, repeat[rnd(seed, 8)]);
    } else {
        random_pattern(out, seed, depth - 1);
        random_pattern(out, seed, depth - 1);
    }
}

/* All texts over {a, b, c, newline} up to four bytes. */
static void compare(struct slice pattern, const struct regex_node *tree, const uint8_t *tables, uint32_t at)
{
    static const char alphabet[] = "abc\n";
    for (uint32_t len = 0; len <= 4; len++)
        for (uint32_t n = 0; n < 1u << (2 * len); n++) {
            char text[4];
            for (uint32_t i = 0; i < len; i++)
                text[i] = alphabet[n >> (2 * i) & 3];
            bool mine = regex_derivative_matches(tree, (struct slice){text, len});
            if (mine != automaton_matches(tables, at, (struct weir_str){text, len}))
                fail_msg("%.*s on \"%.*s\": derivatives say %d", SLICE_ARG(pattern), (int)len, text, mine);
        }
}

static void derivatives_and_automata_agree(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint32_t compared = 0;
    for (uint32_t round = 0; round < 300; round++) {
        struct arena a = {0};
        struct buf pattern = {0}, tables = {0};
        struct blob blob = {.a = &a, .out = &tables};
        struct regex_automaton m;
        uint32_t off;
        const char *err;
        bool anchored = round % 4 != 0; /* most others match everything */
        buf_str(&pattern, anchored ? "^(" : "c");
        random_pattern(&pattern, &seed, 4);
        buf_str(&pattern, anchored ? ")$" : "");
        struct regex_node *tree = regex_parse(&a, buf_view(&pattern), &off, &err);
        if (tree && !regex_dfa_build(&a, buf_view(&pattern), 0, false, &m)) {
            compared++;
            blob_add(&blob, NULL, 16, 8);
            uint32_t at = regex_dfa_write(&m, &blob);
            compare(buf_view(&pattern), tree, (const uint8_t *)tables.p, at);
        }
        buf_free(&pattern);
        buf_free(&tables);
        arena_free(&a);
    }
    assert_true(compared > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_matches),
        cmocka_unit_test(hostile_expressions_end),
        cmocka_unit_test(derivatives_and_automata_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
