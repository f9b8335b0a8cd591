/* Patterns as the runtime matches them, piece by piece or by one automaton, against the evaluator's ways: all short texts
 * over a few bytes for globs and expressions made at random, and longer ones that nearly match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/eval_state.h"
#include "compiler/pattern.h"
#include "compiler/regex_derivative.h"
#include "runtime/automaton.h"
#include "runtime/base/clock.h"
#include "tests/unit/random.h"

/* One pattern in tables of its own; offset 0 means none. */
struct written {
    struct arena a;
    struct buf tables;
    uint32_t at;
};

static void write_pattern(struct written *w, struct slice text, char separator)
{
    *w = (struct written){0};
    struct blob blob = {.a = &w->a, .out = &w->tables};
    struct patterns p = {.a = &w->a, .blob = &blob};
    const char *limit;
    blob_add(&blob, NULL, 16, 8);
    w->at = pattern_write(&p, text, separator, &limit);
    if (!w->at)
        fail_msg("%.*s: %s", SLICE_ARG(text), limit ? limit : "?");
}

static void end_pattern(struct written *w)
{
    buf_free(&w->tables);
    arena_free(&w->a);
}

/* A copy of its own size, so that a sanitizer sees a read beyond it. */
static bool decided(const struct written *w, struct slice text)
{
    char *own = malloc(text.len + 1);
    memcpy(own + 1, text.p, text.len);
    bool m = automaton_matches((const uint8_t *)w->tables.p, w->at, (struct weir_str){own + 1, (uint32_t)text.len});
    free(own);
    return m;
}

static bool is_pieces(const struct written *w)
{
    const struct weir_automaton *m = (const void *)(w->tables.p + w->at);
    return m->kind == WEIR_AUTOMATON_PIECES;
}

/* ---- globs ------------------------------------------------------------------------------------- */

static void compare_glob(struct slice glob, const struct written *w)
{
    static const char alphabet[] = "ab/";
    for (uint32_t len = 0, count = 1; len <= 6; len++, count *= 3)
        for (uint32_t n = 0; n < count; n++) {
            char text[8];
            uint32_t rest = n;
            for (uint32_t i = 0; i < len; i++, rest /= 3)
                text[i] = alphabet[rest % 3];
            struct slice s = {text, len};
            if (decided(w, s) != eval_glob(glob, s, '/'))
                fail_msg("%.*s on \"%.*s\" is not %d", SLICE_ARG(glob), SLICE_ARG(s), eval_glob(glob, s, '/'));
        }
}

static void globs_match_as_evaluated(void **state)
{
    (void)state;
    static const char *const parts[] = {"*", "**", "a", "b", "/", "ab", "/a", "b/", "*", "**"};
    uint64_t seed = 5;
    uint32_t pieces = 0;
    for (uint32_t round = 0; round < 400; round++) {
        struct buf glob = {0};
        struct written w;
        for (uint32_t n = 1 + rnd(&seed, 6); n > 0; n--)
            buf_str(&glob, PICK(&seed, parts));
        write_pattern(&w, buf_view(&glob), '/');
        pieces += is_pieces(&w);
        compare_glob(buf_view(&glob), &w);
        end_pattern(&w);
        buf_free(&glob);
    }
    assert_true(pieces > 300);
}

/* Texts that are longer than one piece can hold, and more stars than one has bytes for. */
static void long_globs_match(void **state)
{
    (void)state;
    struct buf glob = {0}, text = {0};
    struct written w;
    for (uint32_t i = 0; i < 300; i++) {
        buf_str(&glob, "/seg");
        buf_str(&text, "/seg");
    }
    buf_str(&glob, "/*/");
    buf_str(&text, "/x/");
    for (uint32_t i = 0; i < 300; i++) {
        buf_printf(&glob, "%u", i);
        buf_printf(&text, "%u", i);
    }
    write_pattern(&w, buf_view(&glob), '/');
    assert_true(is_pieces(&w));
    assert_true(decided(&w, buf_view(&text)));
    text.p[text.len - 700]++;
    assert_false(decided(&w, buf_view(&text)));
    text.p[text.len - 700]--;
    text.p[600]++;
    assert_false(decided(&w, buf_view(&text)));
    end_pattern(&w);
    buf_free(&glob);
    buf_free(&text);
}

/* ---- regular expressions ----------------------------------------------------------------------- */

static const struct regex_node *parsed(struct arena *a, struct slice pattern)
{
    uint32_t off;
    const char *err;
    return regex_parse(a, pattern, &off, &err);
}

static void compare_regex(struct slice pattern, const struct regex_node *tree, const struct written *w, struct slice s)
{
    bool mine = regex_derivative_matches(tree, s);
    if (decided(w, s) != mine)
        fail_msg("%.*s on \"%.*s\" is not %d", SLICE_ARG(pattern), SLICE_ARG(s), mine);
}

static void random_regex(struct buf *out, uint64_t *seed)
{
    static const char *const parts[] = {"a",    "b",     "/",     "ab",    "[ab]+", "[^/]+", ".*",      "(a|b)",    "(a|ab)", "b*",
                                        "a{2}", "[0a]+", "(/.*)?", "(ab)+", "a?",    "/a",    "[^a]{1,2}", "(a|b/)*", "b+",     "(a*b)?"};
    buf_str(out, rnd(seed, 6) ? "" : "(?i)");
    buf_str(out, rnd(seed, 3) ? "^" : rnd(seed, 2) ? "(^|/)" : "");
    for (uint32_t n = 1 + rnd(seed, 5); n > 0; n--)
        buf_str(out, PICK(seed, parts));
    buf_str(out, rnd(seed, 3) ? "$" : rnd(seed, 2) ? "(/|$)" : "");
}

/* Texts over a, b and A (which letters of either case take) and the slash. */
static void compare_short(struct slice pattern, const struct regex_node *tree, const struct written *w)
{
    static const char alphabet[] = "ab/A";
    for (uint32_t len = 0; len <= 5; len++)
        for (uint32_t n = 0; n < 1u << (2 * len); n++) {
            char text[5];
            for (uint32_t i = 0; i < len; i++)
                text[i] = alphabet[n >> (2 * i) & 3];
            compare_regex(pattern, tree, w, (struct slice){text, len});
        }
}

static void expressions_match_as_evaluated(void **state)
{
    (void)state;
    uint64_t seed = 11;
    uint32_t pieces = 0;
    for (uint32_t round = 0; round < 250; round++) {
        struct buf pattern = {0};
        struct written w;
        random_regex(&pattern, &seed);
        write_pattern(&w, buf_view(&pattern), 0);
        pieces += is_pieces(&w);
        compare_short(buf_view(&pattern), parsed(&w.a, buf_view(&pattern)), &w);
        end_pattern(&w);
        buf_free(&pattern);
    }
    assert_true(pieces > 120);
}

/* Forms as people write them: pieces, and right on texts that nearly match. */
static void usual_forms_are_pieces(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "^/users/[0-9]+$",
        "^/users/[0-9]+(/.*)?$",
        "^/api/v[0-9]+/users",
        "^[a-z]+-name\\.example\\.com$",
        "^[a-z0-9-]+-name\\.example\\.com$",
        "^(www\\.)?name\\.example\\.com$",
        "\\.(png|gif)$",
        "/users/[0-9]",
        "^/a/(users|groups)/x/[^/]+/y$",
        "(?i)^/users/[a-f]+$",
        "(?i)\\.PNG$",
        "^/users/\\d{4}-\\d{2}/x?$",
        "^/a/.*/users$",
        "users",
        "^$",
        "^/users/[0-9]+(/|$)",
        "(^|\\.)name\\.example\\.com$",
        "^/[a-z]+/users(/x|$|y)",
    };
    static const char *const texts[] = {
        "/users/1", "/users/12345/x", "/users/", "/USERS/abC", "/users/abcg", "/api/v1/users/2", "/api/v/users", "x-name.example.com",
        "x-y-name.example.com", "name.example.com", "www.name.example.com", "a.png", "a.PNG", ".gif", "/a/users/x/q/y", "/a/groups/x/q/y/y",
        "/a/x/users", "/a//users", "/a/users", "/users/2024-01/x", "/users/2024-01/", "/users/2024-011/", "users", "/a/b/users", "",
        "-name.example.com", "x-name.example.comx", "/users/1/", "/users/1x", "/xusers/1/users/2", "/a/x\n/users",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct written w;
        write_pattern(&w, slice_of(patterns[i]), 0);
        if (!is_pieces(&w))
            fail_msg("%s is one automaton", patterns[i]);
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            compare_regex(slice_of(patterns[i]), parsed(&w.a, slice_of(patterns[i])), &w, slice_of(texts[k]));
        end_pattern(&w);
    }
}

/* Equal parts of different patterns are written once. */
static void patterns_share_their_automata(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf tables = {0};
    struct blob blob = {.a = &a, .out = &tables};
    struct patterns p = {.a = &a, .blob = &blob};
    char text[64];
    const char *limit;
    size_t after_first = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "^/name%u/[0-9]+/x%u(/.*)?$", i, i);
        assert_true(pattern_write(&p, arena_copy(&a, slice_of(text)), 0, &limit));
        after_first = i == 0 ? tables.len : after_first;
    }
    assert_true((tables.len - after_first) / 999 < 60);
    buf_free(&tables);
    arena_free(&a);
}

/* Every text of a long subject is looked at a bounded number of times. */
static void hostile_subjects_end(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        char separator;
    } cases[] = {{"a[ab]", 0}, {"ab{1,30}c", 0}, {"^[ab]*c$", 0}, {"*a*b*a*c", '/'}, {"**a**b**c**", '/'}, {"**a*b*aaaaaac*", '/'},
                 {"^a*b*a*c", 0}, {"aaaaaaaaaaaaaaaaaaaac", 0}};
    enum { LEN = 60000 };
    char *subject = malloc(LEN);
    for (uint32_t i = 0; i < LEN; i++)
        subject[i] = i % 50 ? 'a' : 'b';
    uint64_t begin = clock_ns();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct written w;
        write_pattern(&w, slice_of(cases[i].pattern), cases[i].separator);
        for (uint32_t n = 0; n < 20; n++)
            decided(&w, (struct slice){subject, LEN});
        end_pattern(&w);
    }
    assert_true((clock_ns() - begin) / 1000000 < 10000);
    free(subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_match_as_evaluated),       cmocka_unit_test(long_globs_match),
        cmocka_unit_test(expressions_match_as_evaluated), cmocka_unit_test(usual_forms_are_pieces),
        cmocka_unit_test(patterns_share_their_automata),  cmocka_unit_test(hostile_subjects_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
