/* Converters: known values on both sides, the evaluator's and the runtime's, which share no code for them; agreement on
 * random texts; no byte beyond the scratch; time that is linear in the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/eval_state.h"
#include "compiler/regex.h"
#include "compiler/regex_dfa.h"
#include "runtime/base/clock.h"
#include "runtime/convert.h"
#include "runtime/route.h"
#include "tests/unit/ir_build.h"

enum { ROOM = 1 << 20 };

/* One use of a converter; `text` NULL: absent. */
struct use {
    enum ir_op op;
    const char *text;
    int64_t place;      /* of a part or a line */
    const char *by;     /* the separator, or the replacement */
    const char *regex;  /* of REPLACE */
};

static struct slice view(const char *s)
{
    return s ? slice_of(s) : (struct slice){NULL, 0};
}

/* ---- the evaluator ----------------------------------------------------------------------------- */

static struct eval_value list_of(struct arena *a, const char *text)
{
    VEC(struct slice) lines = {0};
    struct slice s = view(text);
    while (s.p) {
        const char *end = memchr(s.p, '\n', s.len);
        vec_add(a, &lines, ((struct slice){s.p, end ? (size_t)(end - s.p) : s.len}));
        s = end ? slice_from(s, (size_t)(end - s.p) + 1) : (struct slice){NULL, 0};
    }
    return (struct eval_value){.kind = IR_LIST, .list = {lines.v, lines.n}};
}

static struct slice evaluated(struct arena *a, const struct use *u)
{
    struct eval_value args[3] = {{.kind = IR_STR, .str = view(u->text)},
                                 {.kind = IR_STR, .str = view(u->by)},
                                 {.kind = IR_STR, .str = view(u->by)}};
    struct ir_expr e = {.op = (uint8_t)u->op, .kind = IR_STR, .str = view(u->regex)};
    if (u->op == IR_NTH)
        args[0] = list_of(a, u->text);
    if (u->op == IR_NTH || u->op == IR_PART)
        args[1] = (struct eval_value){.kind = IR_INT, .num = u->place};
    struct eval_value v = eval_convert(a, &e, args);
    return v.absent ? (struct slice){NULL, 0} : v.str;
}

/* ---- the runtime ------------------------------------------------------------------------------- */

static struct weir_str str_of(const char *s)
{
    return (struct weir_str){s, s ? (uint32_t)strlen(s) : 0};
}

/* Where the automaton of `regex` is in the blob, with 8 bytes before it: offset 0 is none. */
static uint32_t automaton_of(struct arena *a, const char *regex, struct buf *out)
{
    struct blob b = {.a = a, .out = out};
    struct regex_automaton m;
    const char *limit = regex_nfa_build(a, slice_of(regex), &m);
    if (limit)
        fail_msg("%s: %s", regex, limit);
    blob_add(&b, "padding", 8, 8);
    return regex_dfa_write(&m, &b);
}

/* Made in `room` bytes, which are exactly as many as there are. The result points into *memory. */
static struct weir_str converted(const struct use *u, size_t room, char **memory, bool *full)
{
    struct arena a = {0};
    struct buf tables = {0};
    *memory = malloc(room ? room : 1);
    struct weir_scratch scratch = {*memory, *memory + room, false};
    struct weir_facts f = {.scratch = &scratch};
    struct weir_str s = str_of(u->text), by = str_of(u->by), r = {NULL, 0};
    if (u->op == IR_PART)
        r = route_abi.part(s, u->place, by);
    else if (u->op == IR_NTH)
        r = route_abi.nth(s, u->place);
    else if (u->op == IR_BASE64)
        r = route_abi.base64(&f, s);
    else if (u->op == IR_BASE64_DECODE)
        r = route_abi.base64_decode(&f, s);
    else if (u->op == IR_URL_DECODE)
        r = route_abi.url_decode(&f, s);
    else if (u->op == IR_REPLACE) {
        uint32_t at = automaton_of(&a, u->regex, &tables);
        r = route_abi.replace(&f, (const uint8_t *)tables.p, at, s, by);
    }
    *full = scratch.full;
    assert_true(scratch.next >= *memory && scratch.next <= scratch.end);
    buf_free(&tables);
    arena_free(&a);
    return r;
}

static bool is_same(struct weir_str s, struct slice want)
{
    return s.p ? want.p && s.len == want.len && memcmp(s.p, want.p, want.len) == 0 : !want.p;
}

/* ---- known values ------------------------------------------------------------------------------ */

static const struct {
    struct use use;
    const char *want; /* NULL: absent */
} known[] = {
    {{IR_PART, "a,b,c", 1, ",", NULL}, "a"},
    {{IR_PART, "a,b,c", 3, ",", NULL}, "c"},
    {{IR_PART, "a,b,c", 4, ",", NULL}, NULL},
    {{IR_PART, "a,b,c", -1, ",", NULL}, "c"},
    {{IR_PART, "a,b,c", -3, ",", NULL}, "a"},
    {{IR_PART, "a,b,c", -4, ",", NULL}, NULL},
    {{IR_PART, "", 1, ",", NULL}, ""},
    {{IR_PART, "", -1, ",", NULL}, ""},
    {{IR_PART, "", 2, ",", NULL}, NULL},
    {{IR_PART, ",", 2, ",", NULL}, ""},
    {{IR_PART, "abc", 1, "abcd", NULL}, "abc"},
    {{IR_PART, "abcd", 2, "abcd", NULL}, ""},
    {{IR_PART, "aaaaa", 3, "aa", NULL}, "a"},
    {{IR_PART, "a, b,c", 2, ", ", NULL}, "b,c"},
    {{IR_PART, "a", INT64_MAX, ",", NULL}, NULL},
    {{IR_PART, "a", INT64_MIN, ",", NULL}, NULL},
    {{IR_NTH, "one\ntwo\n", 1, NULL, NULL}, "one"},
    {{IR_NTH, "one\ntwo\n", -1, NULL, NULL}, ""},
    {{IR_NTH, "one\ntwo\n", -2, NULL, NULL}, "two"},
    {{IR_NTH, "one\ntwo\n", 4, NULL, NULL}, NULL},
    {{IR_NTH, NULL, 1, NULL, NULL}, NULL},
    {{IR_NTH, NULL, -1, NULL, NULL}, NULL},
    /* RFC 4648 section 10 */
    {{IR_BASE64, "", 0, NULL, NULL}, ""},
    {{IR_BASE64, "f", 0, NULL, NULL}, "Zg=="},
    {{IR_BASE64, "fo", 0, NULL, NULL}, "Zm8="},
    {{IR_BASE64, "foo", 0, NULL, NULL}, "Zm9v"},
    {{IR_BASE64, "foob", 0, NULL, NULL}, "Zm9vYg=="},
    {{IR_BASE64, "foobar", 0, NULL, NULL}, "Zm9vYmFy"},
    {{IR_BASE64, "\xff\xfe\xfb", 0, NULL, NULL}, "//77"},
    {{IR_BASE64_DECODE, "Zm9vYg==", 0, NULL, NULL}, "foob"},
    {{IR_BASE64_DECODE, "//77", 0, NULL, NULL}, "\xff\xfe\xfb"},
    {{IR_BASE64_DECODE, "", 0, NULL, NULL}, ""},
    {{IR_BASE64_DECODE, "Zg=", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "Zh==", 0, NULL, NULL}, NULL}, /* bits that nothing encodes to */
    {{IR_BASE64_DECODE, "Zm9=", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "Zm+=", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "Zg==Zg==", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "Z===", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "====", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "Zm9\n", 0, NULL, NULL}, NULL},
    {{IR_BASE64_DECODE, "_-_-", 0, NULL, NULL}, NULL},
    {{IR_URL_DECODE, "a%20b+c", 0, NULL, NULL}, "a b+c"},
    {{IR_URL_DECODE, "%c3%A9", 0, NULL, NULL}, "\xc3\xa9"},
    {{IR_URL_DECODE, "%2525", 0, NULL, NULL}, "%25"},
    {{IR_URL_DECODE, "%", 0, NULL, NULL}, NULL},
    {{IR_URL_DECODE, "%4", 0, NULL, NULL}, NULL},
    {{IR_URL_DECODE, "%4g", 0, NULL, NULL}, NULL},
    {{IR_URL_DECODE, "%:0", 0, NULL, NULL}, NULL},
    {{IR_URL_DECODE, "%`0", 0, NULL, NULL}, NULL},
    {{IR_REPLACE, "", 0, "x", "a*"}, ""},
    {{IR_REPLACE, "abc", 0, "", "a|ab|abc"}, ""},
    {{IR_REPLACE, "aab", 0, "-", "a*?"}, "-b"}, /* lazy: the same language, and so the same longest match */
    {{IR_REPLACE, "abab", 0, "x", "^ab"}, "xab"},
    {{IR_REPLACE, "abab", 0, "x", "ab$"}, "abx"},
    {{IR_REPLACE, "ab", 0, "x", "^(a|b)$|b"}, "ax"},
    {{IR_REPLACE, "aXbX", 0, "[&\\]", "(?i)x"}, "a[&\\]b[&\\]"},
    {{IR_REPLACE, "abcd", 0, "x", "(a|ab)(c|bcd)"}, "x"},
    {{IR_REPLACE, "aaab", 0, "x", "((a*)*)*b?"}, "x"},
    {{IR_REPLACE, "a\nb", 0, "x", "."}, "x\nx"},
    {{IR_REPLACE, "abba", 0, "x", "(a|$){2}|bb"}, "axx"},
};

static void known_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct arena a = {0};
        char *memory;
        bool full;
        struct slice want = view(known[i].want), said = evaluated(&a, &known[i].use);
        struct weir_str made = converted(&known[i].use, 4096, &memory, &full);
        if (!is_same((struct weir_str){said.p, (uint32_t)said.len}, want) || !is_same(made, want) || full)
            fail_msg("case %zu: evaluator '%.*s', runtime '%.*s', not '%s'", i, (int)said.len, said.p, (int)made.len,
                     made.p, known[i].want ? known[i].want : "(absent)");
        free(memory);
        arena_free(&a);
    }
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(convert_hash(str_of("")), 0x2d06800538d394c2);    /* XXH3-64 of nothing, below 2^63 */
    assert_int_equal(convert_hash(str_of("abc")), 0x78af5f94892f3950); /* and of these */
    for (char text[2] = {0}; text[0] < 'z'; text[0]++)
        assert_true(convert_hash(str_of(text)) >= 0);
    assert_int_equal(convert_lines((struct weir_str){NULL, 0}), 0);
    assert_int_equal(convert_lines(str_of("")), 1);
    assert_int_equal(convert_lines(str_of("\n\nx")), 3);
    assert_true(convert_among(str_of(""), str_of("a\n\nb")));
    assert_true(convert_among(str_of("b"), str_of("a\nb")));
    assert_false(convert_among(str_of("a\nb"), str_of("a\nb")));
    assert_false(convert_among(str_of(""), str_of("a")));
    assert_false(convert_among(str_of(""), (struct weir_str){NULL, 0}));
    assert_false(convert_among((struct weir_str){NULL, 0}, str_of("")));
}

static void networks(void **state)
{
    (void)state;
    static const char *const addresses[] = {"10.1.2.3", "255.255.255.255", "0.0.0.0", "2001:db8:ffff::1", "::", "::1"};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        for (int64_t bits = 0; bits <= 128; bits++) {
            struct eval_value args[3] = {
                {.kind = IR_IP}, {.kind = IR_INT, .num = bits % 33}, {.kind = IR_INT, .num = bits}};
            struct ir_expr e = {.op = IR_MASK, .kind = IR_CIDR};
            struct weir_cidr made;
            assert_true(ip_parse(slice_of(addresses[i]), &args[0].ip));
            struct eval_value said = eval_convert(&a, &e, args);
            convert_mask(args[0].ip.b, bits % 33, bits, &made);
            assert_memory_equal(made.addr, said.cidr.addr.b, sizeof made.addr);
            assert_int_equal(made.bits, said.cidr.bits);
            assert_true(ip_prefix_is_clean(&said.cidr) && ip_in_prefix(&args[0].ip, &said.cidr));
        }
    arena_free(&a);
}

/* ---- random texts ------------------------------------------------------------------------------ */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*seed >> 33) % below);
}

static void draw_text(uint64_t *seed, const char *letters, uint32_t most, char *out)
{
    uint32_t n = draw(seed, most + 1);
    for (uint32_t i = 0; i < n; i++)
        out[i] = letters[draw(seed, (uint32_t)strlen(letters))];
    out[n] = 0;
}

static void both_sides_agree(void **state)
{
    (void)state;
    static const char *const regexes[] = {"a",      "a|ab",      "a*b",  "(ab?)+", "^a+", "b+$", "a(b+a)?",  "[^a]+",
                                          "a{2,3}", "(a|b$){2}", "b|^a", "(^|b)a", ".",   "a?b", "(a*)*b|a$", "aab|b(a|$)"};
    static const char *const letters[] = {"ab", "ab,", "%4aG", "ABcd01+/=", "a\n"};
    static const enum ir_op ops[] = {IR_PART, IR_NTH, IR_BASE64, IR_BASE64_DECODE, IR_URL_DECODE, IR_REPLACE, IR_REPLACE};
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[24], by[4], *memory;
        bool full;
        struct arena a = {0};
        struct use u = {.op = ops[draw(&seed, 7)], .text = text, .by = by};
        draw_text(&seed, letters[draw(&seed, 5)], 20, text);
        draw_text(&seed, "ab", 2, by);
        if (u.op == IR_PART && !by[0])
            strcpy(by, ",");
        u.place = draw(&seed, 2) ? 1 + (int64_t)draw(&seed, 5) : -1 - (int64_t)draw(&seed, 5);
        u.regex = regexes[draw(&seed, sizeof regexes / sizeof *regexes)];
        struct slice said = evaluated(&a, &u);
        struct weir_str made = converted(&u, 4096, &memory, &full);
        if (!is_same(made, said) || full)
            fail_msg("operator %d of '%s' (%lld, '%s', re'%s'): evaluator '%.*s', runtime '%.*s'", u.op, text,
                     (long long)u.place, by, u.regex, (int)said.len, said.p, (int)made.len, made.p);
        free(memory);
        arena_free(&a);
    }
}

/* ---- limits ------------------------------------------------------------------------------------ */

/* Below some size of the scratch it is marked full, from there on the result is the same; ASan sees what is written beyond. */
static void scratch_is_exact(void **state)
{
    (void)state;
    static const struct use uses[] = {{IR_BASE64, "foob", 0, NULL, NULL},
                                      {IR_BASE64_DECODE, "Zm9vYg==", 0, NULL, NULL},
                                      {IR_URL_DECODE, "a%20b", 0, NULL, NULL},
                                      {IR_REPLACE, "a-b-c", 0, "--", "-"}};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        struct arena a = {0};
        struct slice want = evaluated(&a, &uses[i]);
        size_t least = 0;
        for (size_t room = 0; room < 48; room++) {
            char *memory;
            bool full;
            struct weir_str made = converted(&uses[i], room, &memory, &full);
            if (!full && !least)
                least = room;
            assert_int_equal(full, !least || room < least);
            assert_true(full ? made.p && made.len == 0 : is_same(made, want));
            free(memory);
        }
        assert_true(least >= want.len && least > 0);
        arena_free(&a);
    }
}

/* Expressions that take other engines for ever: a match is looked for at each byte, and may end at any later one. */
static void replacing_is_linear(void **state)
{
    (void)state;
    static const char *const regexes[] = {"a|a.*b", "(a*)*b", "(a|aa)+$", "(((a*)*)*)*c", "a{1,60}b"};
    char *text = malloc(UINT16_MAX + 2), *memory;
    memset(text, 'a', UINT16_MAX + 1);
    text[UINT16_MAX] = 0;
    for (size_t i = 0; i < sizeof regexes / sizeof *regexes; i++) {
        bool full;
        uint64_t begin = clock_ns();
        struct use u = {IR_REPLACE, text, 0, "b", regexes[i]};
        struct weir_str made = converted(&u, ROOM, &memory, &full);
        assert_true(!full && made.p);
        assert_int_equal(made.len, i == 2 ? 1 : UINT16_MAX);
        assert_true(clock_ns() - begin < 10000000000u); /* some hundred milliseconds; 2^32 steps would be more */
        free(memory);
    }
    text[UINT16_MAX] = 'a';
    text[UINT16_MAX + 1] = 0;
    bool full;
    struct use u = {IR_REPLACE, text, 0, "b", "a"};
    struct weir_str made = converted(&u, ROOM, &memory, &full);
    assert_true(full && made.len == 0);
    free(memory);
    free(text);
}

/* The checker counts as the automaton is built. */
static void sizes_are_known(void **state)
{
    (void)state;
    static const char *const regexes[] = {"a",        "^a$",   "a|b|cd", "(a|b)*",   "a+",       "(ab){3}", "(ab){3,}",
                                          "(ab){0,}", "a{2,5}", "a?b??",  "((a*)*)*", "(a{2}){3}", "(|a)b"};
    for (size_t i = 0; i < sizeof regexes / sizeof *regexes; i++) {
        struct arena a = {0};
        struct regex_automaton m;
        uint32_t off;
        const char *why;
        const struct regex_node *tree = regex_parse(&a, slice_of(regexes[i]), &off, &why);
        assert_non_null(tree);
        assert_null(regex_nfa_build(&a, slice_of(regexes[i]), &m));
        if (regex_ops(tree) + 1 != m.size)
            fail_msg("%s: %llu, not %u", regexes[i], (unsigned long long)regex_ops(tree) + 1, m.size);
        arena_free(&a);
    }
}

static void large_expressions_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct regex_automaton m;
    assert_null(regex_nfa_build(&a, SLICE("(abcdefgh){50}"), &m));
    assert_true(m.size <= WEIR_REPLACE_MAX);
    assert_non_null(regex_nfa_build(&a, SLICE("(abcdefgh){80}"), &m));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),     cmocka_unit_test(numbers),
        cmocka_unit_test(networks),         cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(scratch_is_exact), cmocka_unit_test(replacing_is_linear),
        cmocka_unit_test(sizes_are_known),  cmocka_unit_test(large_expressions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
