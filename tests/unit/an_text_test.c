/* Texts as the analyser reads them: automata against the tests that they stand for, classes of bytes against the states to
 * which they lead, and the domains of fields against the normaliser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/an_text.h"
#include "compiler/regex_dfa.h"
#include "runtime/base/norm.h"
#include "tests/unit/random.h"

/* ---- classes of bytes -------------------------------------------------------------------------- */

/* Two bytes are of one class where no label told them apart, and nowhere else; the sizes add up. */
static void classes_are_what_labels_tell_apart(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (uint32_t round = 0; round < 60; round++) {
        struct text_classes c;
        uint32_t id[256] = {0}, size[256] = {0}, n = 0;
        uint8_t label[256];
        text_classes_begin(&c);
        for (uint32_t splits = 1 + rnd(&seed, 4); splits > 0; splits--) {
            uint32_t labels = 1 + rnd(&seed, round % 3 ? 7 : 40);
            if (rnd(&seed, 3) == 0) {
                unsigned char one = (unsigned char)rnd(&seed, 256);
                text_classes_single(&c, one);
                for (uint32_t b = 0; b < 256; b++)
                    id[b] = b == one ? 100000000 + b : id[b];
                continue;
            }
            for (uint32_t b = 0; b < 256; b++) {
                label[b] = (uint8_t)(rnd(&seed, 2) ? rnd(&seed, labels) : 0);
                id[b] = id[b] >= 100000000 ? id[b] : id[b] * 40 + label[b];
            }
            text_classes_split(&c, label);
        }
        for (uint32_t b = 0; b < 256; b++) {
            bool first = true;
            for (uint32_t i = 0; i < b; i++) {
                assert_int_equal(c.of[i] == c.of[b], id[i] == id[b]);
                first &= id[i] != id[b];
            }
            n += first;
            size[c.of[b]]++;
        }
        assert_int_equal(c.n, n);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(c.size[i], size[i]);
    }
}

/* ---- automata ---------------------------------------------------------------------------------- */

/* From the place `at` of a glob on. */
static bool glob(const struct text_automaton *t, size_t at, struct slice s)
{
    if (at == t->lit.len)
        return s.len == 0;
    if (t->lit.p[at] != '*')
        return s.len && s.p[0] == t->lit.p[at] && glob(t, at + 1, slice_from(s, 1));
    bool deep = t->deep && at + 1 == t->lit.len;
    for (size_t n = 1; n <= s.len && (deep || s.p[n - 1] != t->separator); n++)
        if (glob(t, at + 1, slice_from(s, n)))
            return true;
    return false;
}

static bool naive(const struct text_automaton *t, struct slice s)
{
    size_t n = t->lit.len;
    if (t->until_query && memchr(s.p, '?', s.len))
        s.len = (size_t)((const char *)memchr(s.p, '?', s.len) - s.p);
    char text[16];
    for (size_t i = 0; i < s.len; i++)
        text[i] = t->bytes ? (char)t->bytes[(unsigned char)s.p[i]] : s.p[i];
    memcpy(text + s.len, t->suffix.p ? t->suffix.p : "", t->suffix.len);
    s = (struct slice){text, s.len + t->suffix.len};
    switch (t->kind) {
    case TEXT_EQUAL:
        return slice_eq(s, t->lit);
    case TEXT_PREFIX:
        return slice_starts(s, t->lit);
    case TEXT_UNDER:
        return slice_starts(s, t->lit) && (s.len == n || s.p[n] == '/');
    case TEXT_CONTAINS:
        return slice_contains(s, t->lit);
    case TEXT_ENDS:
        return slice_ends(s, t->lit);
    case TEXT_GLOB:
        return glob(t, 0, s);
    case TEXT_DFA:
        break;
    }
    return false;
}

/* Where most bytes are refused, those that are not are said; and what is said to follow, must. */
static void check_narrow(const struct text_automaton *t, uint32_t state)
{
    uint8_t bytes[TEXT_FEW];
    char forced[8];
    int n = text_narrow(t, state, bytes);
    for (uint32_t b = 0; n >= 0 && b < 256; b++) {
        bool said = false;
        for (int i = 0; i < n; i++)
            said |= bytes[i] == b;
        assert_true(said || text_step(t, state, (unsigned char)b) == TEXT_REFUSE);
    }
    size_t len = text_forced(t, state, forced, sizeof forced);
    for (size_t i = 0; i < len; i++) {
        assert_false(text_final(t, state));
        for (uint32_t b = 0; b < 256; b++)
            assert_true(b == (uint8_t)forced[i] || text_step(t, state, (unsigned char)b) == TEXT_REFUSE);
        state = text_step(t, state, (unsigned char)forced[i]);
    }
}

/* Bytes of one class lead to one state, and there are not many classes more than states. */
static void check_classes(const struct text_automaton *t, uint32_t state)
{
    struct text_classes c;
    uint32_t to[256], different = 0;
    int32_t of_class[256];
    text_classes_begin(&c);
    text_refine(t, state, &c);
    memset(of_class, -1, sizeof of_class);
    for (uint32_t b = 0; b < 256; b++) {
        bool first = true;
        to[b] = text_step(t, state, (unsigned char)b);
        for (uint32_t i = 0; i < b; i++)
            first &= to[i] != to[b];
        different += first;
        if (of_class[c.of[b]] >= 0)
            assert_int_equal(to[of_class[c.of[b]]], to[b]);
        of_class[c.of[b]] = (int32_t)b;
    }
    assert_true(c.n <= different + 2);
}

static void check_automaton(const struct text_automaton *t)
{
    static const char letters[] = "aB/?";
    for (uint32_t code = 0; code < 5 * 256; code++) {
        char text[8];
        uint32_t len = code / 256, state = text_start(t);
        for (uint32_t i = 0; i < len; i++)
            text[i] = letters[code >> 2 * i & 3];
        struct slice s = {text, len};
        for (uint32_t i = 0; i < len; i++)
            state = text_step(t, state, (unsigned char)text[i]);
        if (text_final(t, state) != naive(t, s))
            fail_msg("kind %d, \"%.*s\", suffix \"%.*s\": \"%.*s\" is %d", (int)t->kind, SLICE_ARG(t->lit),
                     SLICE_ARG(t->suffix), SLICE_ARG(s), text_final(t, state));
        if (code % 16 == 0) {
            check_classes(t, state);
            check_narrow(t, state);
        }
    }
}

static void automata_read_what_tests_say(void **state)
{
    (void)state;
    static const char *const literals[] = {"", "a", "/", "ab", "/a", "aa", "aab", "aba", "a/a", "?"}, *const suffixes[] = {"", "a", "/a"},
                             *const globs[] = {"*", "a*", "/*", "ab*", "a*/a", "*/a", "a*/*", "*/*/a", "aa*/", "/*/"};
    uint8_t lower[256];
    for (uint32_t b = 0; b < 256; b++)
        lower[b] = (uint8_t)(b >= 'A' && b <= 'Z' ? b | 0x20 : b);
    for (uint32_t kind = TEXT_EQUAL; kind < TEXT_DFA; kind++)
        for (uint32_t i = 0; i < sizeof literals / sizeof *literals; i++)
            for (uint32_t how = 0; how < 24; how++) {
                struct arena a = {0};
                struct text_automaton t = {.kind = (enum text_kind)kind, .lit = slice_of(literals[i]), .deep = how & 1,
                                           .separator = '/', .until_query = how & 2, .bytes = how & 4 ? lower : NULL};
                t.suffix = slice_of(suffixes[how / 8]);
                if (kind == TEXT_GLOB)
                    t.lit = slice_of(globs[i]);
                assert_true(kind != TEXT_GLOB || text_is_glob(t.lit, '/'));
                if (t.until_query && (t.suffix.len || memchr(t.lit.p, '?', t.lit.len)))
                    continue; /* the analyser makes no such */
                text_prepare(&a, &t);
                check_automaton(&t);
                arena_free(&a);
            }
}

static void automata_of_expressions_have_their_classes(void **state)
{
    (void)state;
    static const char *const patterns[] = {"^/a", "[a-m]x", "(?i)ab|c[0-9]", "^(a|b)*c$", "[^a]{3}", "a.*b|c", "^[a-c]1|[d-f]2|[g-i]3|[j-l]4|[m-o]5$"};
    for (uint32_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct arena a = {0};
        struct text_automaton t = {.kind = TEXT_DFA, .dfa = text_compile(&a, slice_of(patterns[i]), 0)};
        text_prepare(&a, &t);
        for (uint32_t s = TEXT_ACCEPT + 1; s < t.nstates; s++) {
            check_classes(&t, s);
            check_narrow(&t, s);
        }
        arena_free(&a);
    }
    struct arena a = {0};
    assert_null(text_compile(&a, SLICE("a[ab]{30}"), 0)); /* too large for a DFA */
    arena_free(&a);
}

/* ---- domains ----------------------------------------------------------------------------------- */

/* Calls `fn` for each text over the letters up to `max` bytes. */
static void each_text(const char *letters, uint32_t max, void (*fn)(void *ctx, struct slice s), void *ctx)
{
    uint32_t n = (uint32_t)strlen(letters), codes = 1;
    for (uint32_t len = 0; len <= max; len++, codes *= n)
        for (uint32_t code = 0; code < codes; code++) {
            char text[8];
            for (uint32_t i = 0, rest = code; i < len; i++, rest /= n)
                text[i] = letters[rest % n];
            fn(ctx, (struct slice){text, len});
        }
}

static void check_path(void *ctx, struct slice s)
{
    char raw[64] = "/", out[64];
    struct slice path;
    memcpy(raw + 1, s.p, s.len);
    struct slice whole = {raw, s.len + 1};
    bool want = norm_path(whole, out, &path) && slice_eq(path, whole);
    if (domain_has(ctx, whole) != want)
        fail_msg("the path %.*s is %d", SLICE_ARG(whole), !want);
}

static void paths_are_what_is_normal(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct text_domain *d = text_domain(&a, DOMAIN_PATH), *uri = text_domain(&a, DOMAIN_URI);
    each_text("/.ab", 6, check_path, (void *)(uintptr_t)d);
    each_text("%2FeE0/", 5, check_path, (void *)(uintptr_t)d);
    for (uint32_t b = 0; b < 256; b++) { /* each byte by itself, and what decodes to it */
        static const char upper[] = "0123456789ABCDEF";
        char escape[] = {'%', upper[b / 16], upper[b % 16], 'x'}, plain[] = {'x', (char)b};
        check_path((void *)(uintptr_t)d, (struct slice){escape, 4});
        if (b != '?' && b != '#') /* what ends a path */
            check_path((void *)(uintptr_t)d, (struct slice){plain, 2});
    }
    assert_false(domain_has(d, SLICE("")));
    assert_true(domain_has(uri, SLICE("/a?")) && domain_has(uri, SLICE("/a?x/../?%2")) && domain_has(uri, SLICE("/")));
    assert_false(domain_has(uri, SLICE("/a/../b?x")) || domain_has(uri, SLICE("/a?x y")) || domain_has(uri, SLICE("?")));
    arena_free(&a);
}

/* The texts of a state's rest, by their shortest; and which states have all the texts of which others. */
static void check_ways(const struct text_domain *d)
{
    const struct regex_automaton *m = d->dfa;
    for (uint32_t s = 0; s < m->size; s++) {
        uint32_t least = domain_final(d, s) ? 0 : UINT32_MAX, at = s, n = 0;
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t to = d->distance[domain_step(d, s, (unsigned char)b)];
            least = to < least ? to + 1 : least;
        }
        assert_int_equal(d->distance[s], least);
        for (; least != UINT32_MAX && n < least; n++)
            at = domain_step(d, at, d->toward[at]);
        assert_true(least == UINT32_MAX || domain_final(d, at));
    }
    if (!d->wider)
        return;
    static bool wider[256][256];
    for (uint32_t x = 0; x < m->size; x++)
        for (uint32_t y = 0; y < m->size; y++)
            wider[x][y] = !domain_final(d, x) || domain_final(d, y);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t x = 0; x < m->size; x++)
            for (uint32_t y = 0; y < m->size; y++)
                for (uint32_t b = 0; b < 256 && wider[x][y]; b++)
                    if (!wider[domain_step(d, x, (unsigned char)b)][domain_step(d, y, (unsigned char)b)])
                        changed = true, wider[x][y] = false;
    }
    for (uint32_t x = 0; x < m->size; x++)
        for (uint32_t y = 0; y < m->size; y++)
            assert_int_equal(text_states_has(&d->wider[x], y), wider[x][y]);
}

static void domains_know_their_rests(void **state)
{
    (void)state;
    static const struct {
        enum text_domain_kind kind;
        const char *in, *out;
    } all[] = {
        {DOMAIN_HOST, "a.b-c_9", "A"},        {DOMAIN_HOST, "[::1]", "[g]"},     {DOMAIN_HOST, "", "a b"},
        {DOMAIN_HOST_REVERSED, "]1::[", "[1]"}, {DOMAIN_METHOD, "GET", ""},      {DOMAIN_METHOD, "a!x", "a b"},
        {DOMAIN_HEADER, "a b", " a"},         {DOMAIN_HEADER, "", "a "},         {DOMAIN_HEADER, "a\tb, ", "a\n"},
        {DOMAIN_HEADER, ", ", "a\t"},         {DOMAIN_COOKIE, "a b", "a;b"},     {DOMAIN_COOKIE, "", " "},
        {DOMAIN_COOKIE, "x", "a "},           {DOMAIN_ANY, "\n\xff", NULL},      {DOMAIN_PATH, "/a/", "/a//"},
        {DOMAIN_URI, "/?", "/ "},
    };
    struct arena a = {0};
    for (uint32_t kind = 0; kind < DOMAIN_COUNT; kind++) {
        const struct text_domain *d = text_domain(&a, (enum text_domain_kind)kind);
        assert_non_null(d);
        check_ways(d);
    }
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct text_domain *d = text_domain(&a, all[i].kind);
        if (!domain_has(d, slice_of(all[i].in)))
            fail_msg("domain %d lacks \"%s\"", (int)all[i].kind, all[i].in);
        if (all[i].out && domain_has(d, slice_of(all[i].out)))
            fail_msg("domain %d has \"%s\"", (int)all[i].kind, all[i].out);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_what_labels_tell_apart),
        cmocka_unit_test(automata_read_what_tests_say),
        cmocka_unit_test(automata_of_expressions_have_their_classes),
        cmocka_unit_test(paths_are_what_is_normal),
        cmocka_unit_test(domains_know_their_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
