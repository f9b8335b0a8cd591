/* Derivatives: known matches, hostile expressions, and agreement with the automata that the runtime runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* The automata of one expression, as a plan has them: the one that is chosen, one of few states, and the NFA alone. */
struct automata {
    const uint8_t *tables;
    uint32_t chosen, small, nfa; /* nfa: 0 where it is too large to replace with */
};

static bool build_automata(struct arena *a, struct slice text, char separator, struct buf *tables, struct automata *out)
{
    struct blob blob = {.a = a, .out = tables};
    struct regex_automaton m;
    *out = (struct automata){NULL, 0, 0, 0};
    blob_add(&blob, NULL, 16, 8);
    if (regex_dfa_build(a, text, separator, false, &m))
        return false;
    out->chosen = regex_dfa_write(&m, &blob);
    if (regex_dfa_build(a, text, separator, true, &m))
        return false;
    out->small = regex_dfa_write(&m, &blob);
    if (!separator && !regex_nfa_build(a, text, &m))
        out->nfa = regex_dfa_write(&m, &blob);
    out->tables = (const uint8_t *)tables->p;
    return true;
}

/* What each says of one text, and how far the matches reach that begin at each of its bytes. */
static void compare(struct slice pattern, const struct regex_node *tree, const struct automata *m, struct slice text)
{
    struct weir_str s = {text.p, (uint32_t)text.len};
    bool mine = regex_derivative_matches(tree, text);
    if (mine != automaton_matches(m->tables, m->chosen, s) || mine != automaton_matches(m->tables, m->small, s) ||
        (m->nfa && mine != automaton_matches(m->tables, m->nfa, s)))
        fail_msg("%.*s on \"%.*s\": derivatives say %d", SLICE_ARG(pattern), SLICE_ARG(text), mine);
    uint16_t longest[32];
    if (!m->nfa)
        return;
    automaton_longest(m->tables, m->nfa, s, longest);
    for (size_t i = 0; i < text.len; i++)
        if (regex_derivative_longest(tree, text, i) != i + longest[i])
            fail_msg("%.*s on \"%.*s\": from %zu it is %u bytes long", SLICE_ARG(pattern), SLICE_ARG(text), i, longest[i]);
}

/* All texts over {a, b, c, newline} up to four bytes, and some long ones. */
static void compare_all(struct slice pattern, const struct regex_node *tree, const struct automata *m, uint64_t *seed)
{
    static const char alphabet[] = "abc\n";
    char text[32];
    for (uint32_t len = 0; len <= 4; len++)
        for (uint32_t n = 0; n < 1u << (2 * len); n++) {
            for (uint32_t i = 0; i < len; i++)
                text[i] = alphabet[n >> (2 * i) & 3];
            compare(pattern, tree, m, (struct slice){text, len});
        }
    for (uint32_t n = 0; n < 40; n++) {
        uint32_t len = 5 + rnd(seed, 27), letters = 1 + rnd(seed, 4);
        for (uint32_t i = 0; i < len; i++)
            text[i] = alphabet[rnd(seed, letters)];
        compare(pattern, tree, m, (struct slice){text, len});
    }
}

static void derivatives_and_automata_agree(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint32_t compared = 0, with_nfa = 0;
    for (uint32_t round = 0; round < 300; round++) {
        struct arena a = {0};
        struct buf pattern = {0}, tables = {0};
        struct automata m;
        uint32_t off;
        const char *err;
        bool anchored = round % 4 != 0; /* most others match everything */
        buf_str(&pattern, anchored ? "^(" : "c");
        random_pattern(&pattern, &seed, 4);
        buf_str(&pattern, anchored ? ")$" : "");
        struct regex_node *tree = regex_parse(&a, buf_view(&pattern), &off, &err);
        if (tree && build_automata(&a, buf_view(&pattern), 0, &tables, &m)) {
            compared++;
            with_nfa += m.nfa != 0;
            compare_all(buf_view(&pattern), tree, &m, &seed);
        }
        buf_free(&pattern);
        buf_free(&tables);
        arena_free(&a);
    }
    assert_true(compared > 150 && with_nfa > 100);
}

/* An expression whose DFA would have too many states is an NFA, and stays within the bytes that a plan has for it. */
static void what_has_too_many_states_is_simulated(void **state)
{
    (void)state;
    static const char *const patterns[] = {"^(a|b)*a(a|b){20}$", "a.{18}b", "[ab]*a[ab]{16}c$"};
    uint64_t seed = 11;
    for (uint32_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct arena a = {0};
        struct buf tables = {0};
        struct automata m;
        uint32_t off;
        const char *err;
        const struct regex_node *tree = regex_parse(&a, slice_of(patterns[i]), &off, &err);
        assert_true(build_automata(&a, slice_of(patterns[i]), 0, &tables, &m));
        const struct weir_automaton *chosen = (const void *)(m.tables + m.chosen);
        assert_int_equal(chosen->kind, WEIR_AUTOMATON_NFA);
        for (uint32_t k = 0; k < 3; k++)
            compare_all(slice_of(patterns[i]), tree, &m, &seed);
        buf_free(&tables);
        arena_free(&a);
    }
}

static bool glob(const char *p, const char *s, char separator)
{
    if (!*p)
        return !*s;
    if (*p != '*')
        return *s == *p && glob(p + 1, s + 1, separator);
    bool deep = p[1] == '*';
    while (*s && (deep || *s != separator))
        if (glob(p + 1 + deep, ++s, separator))
            return true;
    return false;
}

/* All globs of up to five signs, on all texts of up to four: a star is one byte or more of a segment, two are of several. */
static void automata_of_globs_match_as_they_read(void **state)
{
    (void)state;
    static const char signs[] = "a/*b", letters[] = "a/b";
    for (uint32_t code = 0; code < 1024; code += 1 + code % 3) {
        struct arena a = {0};
        struct buf tables = {0};
        struct automata m;
        char pattern[6] = "", text[5] = "";
        for (uint32_t i = 0; i < 5; i++)
            pattern[i] = signs[code >> 2 * i & 3];
        pattern[1 + code % 5] = 0;
        if (!strstr(pattern, "***")) {
            assert_true(build_automata(&a, slice_of(pattern), '/', &tables, &m));
            for (uint32_t n = 0; n < 5 * 81; n++) {
                for (uint32_t i = 0, rest = n / 5; i < 4; i++, rest /= 3)
                    text[i] = letters[rest % 3];
                text[n % 5] = 0;
                struct weir_str s = {text, n % 5};
                bool want = glob(pattern, text, '/');
                if (automaton_matches(m.tables, m.chosen, s) != want || automaton_matches(m.tables, m.small, s) != want)
                    fail_msg("%s on %s is not %d", pattern, text, want);
            }
        }
        buf_free(&tables);
        arena_free(&a);
    }
}

/* ---- against the C library --------------------------------------------------------------------- */

/* What both languages share: the library's matcher knows nothing of ours. */
static void shared_pattern(struct buf *out, uint64_t *seed, uint32_t depth)
{
    static const char *const leaf[] = {"a", "b", "B", "-", "[ab]", "[^a-b]", "[a-c0-2]", "[^-]", "[]a]", "[^]b]", "\\.", "\\*", "\\{", "[+*.]", "(a|)", "\\w", "\\W", "\\s", "\\S", "[.]b", "0{2}", "x"};
    static const char *const repeat[] = {"*", "+", "?", "{2}", "{0,2}", "{1,3}", "{2,}", "{0}", "{3}"};
    uint32_t kind = depth == 0 ? 0 : rnd(seed, 6);
    if (kind == 0) {
        buf_str(out, PICK(seed, leaf));
    } else if (kind == 1) {
        buf_str(out, "(");
        shared_pattern(out, seed, depth - 1);
        buf_str(out, "|");
        shared_pattern(out, seed, depth - 1);
        buf_str(out, rnd(seed, 3) ? ")" : "|ab)");
    } else if (kind == 2) {
        buf_str(out, "(");
        shared_pattern(out, seed, depth - 1);
        buf_printf(out, ")%s", PICK(seed, repeat));
    } else if (kind == 3) {
        static const char *const single[] = {"a", "[^b]", "\\.", "[0-9]", "\\w", "."};
        buf_printf(out, "%s%s", PICK(seed, single), PICK(seed, repeat));
    } else {
        shared_pattern(out, seed, depth - 1);
        shared_pattern(out, seed, depth - 1);
    }
}

static void patterns_mean_what_the_c_library_says(void **state)
{
    (void)state;
    static const char letters[] = "abBc-.*{]+01 x_\\";
    uint64_t seed = 17;
    uint32_t said[2] = {0};
    for (uint32_t round = 0; round < 500; round++) {
        struct arena a = {0};
        struct buf pattern = {0}, text = {0};
        bool any_case = rnd(&seed, 5) == 0, begin = rnd(&seed, 3), end = rnd(&seed, 3);
        buf_str(&text, begin ? "^" : "");
        buf_str(&text, "(");
        shared_pattern(&text, &seed, 3);
        buf_printf(&text, ")%s", end ? "$" : "");
        buf_char(&text, 0);
        buf_printf(&pattern, "%s%s", any_case ? "(?i)" : "", text.p);
        regex_t theirs;
        uint32_t off;
        const char *err = NULL;
        const struct regex_node *ours = regex_parse(&a, buf_view(&pattern), &off, &err);
        if (!ours)
            fail_msg("%.*s: %s at %u", SLICE_ARG(buf_view(&pattern)), err, off);
        assert_int_equal(regcomp(&theirs, text.p, REG_EXTENDED | REG_NOSUB | (any_case ? REG_ICASE : 0)), 0);
        for (uint32_t k = 0; k < 60; k++) {
            char subject[8];
            uint32_t n = rnd(&seed, 7), from = rnd(&seed, 2) ? 3 : sizeof letters - 1;
            for (uint32_t i = 0; i < n; i++)
                subject[i] = letters[rnd(&seed, from)];
            subject[n] = 0;
            bool want = regexec(&theirs, subject, 0, NULL, 0) == 0;
            said[want]++;
            if (regex_derivative_matches(ours, slice_of(subject)) != want)
                fail_msg("%.*s on \"%s\" is not %d", SLICE_ARG(buf_view(&pattern)), subject, want);
        }
        regfree(&theirs);
        buf_free(&pattern);
        buf_free(&text);
        arena_free(&a);
    }
    assert_true(said[0] > 3000 && said[1] > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_matches),
        cmocka_unit_test(hostile_expressions_end),
        cmocka_unit_test(derivatives_and_automata_agree),
        cmocka_unit_test(patterns_mean_what_the_c_library_says),
        cmocka_unit_test(what_has_too_many_states_is_simulated),
        cmocka_unit_test(automata_of_globs_match_as_they_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
