/* Formulas of the analyser: random ones, against what they say under assignments of their variables; read byte by byte as
 * well as at once; and that equal formulas are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/an_needs.h"
#include "tests/unit/random.h"

/* VAR_TLS and the others from FAR on are truth values; variables beyond the 63rd share a bit. */
enum { FAR = 60, VARS = 70, ATOMS = 40, DEPTH = 5 };

/* What a formula was made of. */
struct tree {
    enum logic_kind kind;
    uint32_t atom, n;
    struct tree *kids[5];
};

struct world {
    struct logic l;
    uint32_t atoms[ATOMS], states[ATOMS], n;
    struct logic_value v[VARS];
};

static const char *const texts[] = {"", "a", "b", "ab", "ba", "aab", "/a", "/a/b", "abab"};

static void add_atom(struct world *w, struct atom a, uint32_t state)
{
    char key[16];
    int n = snprintf(key, sizeof key, "%u", w->n);
    w->states[w->n] = state;
    w->atoms[w->n++] = logic_intern_atom(&w->l, &a, (struct slice){key, (size_t)n});
}

static const struct exact_set *exact(struct world *w, uint32_t n, uint64_t *seed)
{
    struct exact_set *s = arena_new(&w->l.a, struct exact_set);
    s->v = arena_array(&w->l.a, struct slice, n);
    for (uint32_t i = 0, from = rnd(seed, 4); i < n; i++) {
        s->v[i] = slice_of(texts[from + i]);
        *strmap_put(&s->index, &w->l.a, s->v[i], i, NULL) = i;
    }
    s->n = n;
    return s;
}

static void add_text(struct world *w, uint32_t var, enum text_kind kind, const char *lit)
{
    struct text_automaton *t = arena_new(&w->l.a, struct text_automaton);
    *t = (struct text_automaton){.kind = kind, .lit = slice_of(lit), .separator = '/'};
    text_prepare(&w->l.a, t);
    add_atom(w, (struct atom){.kind = ATOM_TEXT, .var = var, .text = t}, text_start(t));
}

static void make_world(struct world *w, uint64_t *seed)
{
    static const struct int_interval ints[] = {{-5, -5}, {1, 10}, {12, 12}, {100, INT64_MAX}};
    struct ip_interval *ips = NULL;
    *w = (struct world){.n = 0};
    logic_begin(&w->l);
    w->l.reversed_host = rnd(seed, 2);
    for (uint32_t i = 0; i < VARS; i++)
        vec_push(&w->l.a, &w->l.vars)->kind = VAR_BOOL;
    for (uint32_t var = VAR_HOST; var <= VAR_PATH; var++) {
        add_atom(w, (struct atom){.kind = ATOM_EXACT, .var = var, .exact = exact(w, 1, seed)}, 0);
        add_atom(w, (struct atom){.kind = ATOM_EXACT, .var = var, .exact = exact(w, 4, seed)}, 0);
        add_atom(w, (struct atom){.kind = ATOM_PRESENT, .var = var}, 0);
        add_text(w, var, TEXT_PREFIX, "a");
        add_text(w, var, TEXT_CONTAINS, "ab");
        add_text(w, var, TEXT_ENDS, "b");
        add_text(w, var, TEXT_UNDER, "/a");
        add_text(w, var, TEXT_GLOB, "a*");
    }
    for (uint32_t n = 1; n <= 4; n++)
        add_atom(w, (struct atom){.kind = ATOM_INT, .var = VAR_CLIENT_PORT, .n = n, .ints = ints}, 0);
    ips = arena_array(&w->l.a, struct ip_interval, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ips[i].lo.b[15] = (uint8_t)(10 * i + 1);
        ips[i].hi.b[15] = (uint8_t)(10 * i + 1 + 4 * i);
        ips[i].hi.b[0] = ips[i].lo.b[0] = (uint8_t)i;
    }
    for (uint32_t n = 1; n <= 3; n++)
        add_atom(w, (struct atom){.kind = ATOM_IP, .var = VAR_CLIENT_IP, .n = n, .ips = ips}, 0);
    for (uint32_t var = FAR; var < VARS; var++)
        add_atom(w, (struct atom){.kind = ATOM_TRUE, .var = var}, 0);
}

static void draw_values(struct world *w, uint64_t *seed)
{
    static const int64_t numbers[] = {-6, -5, -4, 0, 1, 5, 10, 11, 12, 13, 99, 100, INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < VARS; i++) {
        w->v[i] = (struct logic_value){.truth = rnd(seed, 2), .num = PICK(seed, numbers), .text = slice_of(PICK(seed, texts))};
        w->v[i].absent = i == VAR_PATH && rnd(seed, 4) == 0;
        w->v[i].ip.b[0] = (uint8_t)rnd(seed, 3);
        w->v[i].ip.b[15] = (uint8_t)rnd(seed, 32);
    }
}

/* ---- what is said ------------------------------------------------------------------------------ */

static bool text_holds(const struct text_automaton *t, struct slice s)
{
    size_t n = t->lit.len;
    switch (t->kind) {
    case TEXT_PREFIX:
        return slice_starts(s, t->lit);
    case TEXT_CONTAINS:
        return slice_contains(s, t->lit);
    case TEXT_ENDS:
        return slice_ends(s, t->lit);
    case TEXT_UNDER:
        return slice_starts(s, t->lit) && (s.len == n || s.p[n] == '/');
    case TEXT_GLOB:
        return s.len >= n && s.p[0] == t->lit.p[0] && !memchr(s.p + 1, '/', s.len - 1);
    case TEXT_EQUAL:
    case TEXT_DFA:
        break;
    }
    return false;
}

static bool atom_holds(const struct world *w, uint32_t i)
{
    const struct atom *a = &w->l.atoms.v[w->atoms[i]];
    const struct logic_value *v = &w->v[a->var];
    char turned[16];
    struct slice s = v->text;
    bool in = false;
    if (v->absent)
        return false;
    switch (a->kind) {
    case ATOM_TRUE:
        return v->truth;
    case ATOM_PRESENT:
        return true;
    case ATOM_EXACT:
        for (uint32_t k = 0; k < a->exact->n; k++)
            in |= slice_eq(a->exact->v[k], v->text);
        return in;
    case ATOM_TEXT:
        for (size_t k = 0; k < s.len; k++)
            turned[k] = s.p[s.len - 1 - k];
        return text_holds(a->text, w->l.reversed_host && a->var == VAR_HOST ? (struct slice){turned, s.len} : s);
    case ATOM_INT:
        for (uint32_t k = 0; k < a->n; k++)
            in |= v->num >= a->ints[k].lo && v->num <= a->ints[k].hi;
        return in;
    case ATOM_IP:
        for (uint32_t k = 0; k < a->n; k++)
            in |= memcmp(&v->ip, &a->ips[k].lo, 16) >= 0 && memcmp(&v->ip, &a->ips[k].hi, 16) <= 0;
        return in;
    }
    return false;
}

static bool holds(const struct world *w, const struct tree *t)
{
    bool all = t->kind == LOGIC_AND;
    if (t->kind == LOGIC_ATOM)
        return atom_holds(w, t->atom);
    if (t->kind == LOGIC_CONST)
        return t->atom;
    if (t->kind == LOGIC_NOT)
        return !holds(w, t->kids[0]);
    for (uint32_t i = 0; i < t->n; i++)
        if (holds(w, t->kids[i]) != all)
            return !all;
    return all;
}

/* ---- random formulas --------------------------------------------------------------------------- */

static struct tree *random_tree(struct world *w, uint64_t *seed, uint32_t depth)
{
    struct tree *t = arena_new(&w->l.a, struct tree);
    uint32_t kind = depth ? rnd(seed, 8) : 0;
    if (kind < 2) {
        t->kind = rnd(seed, 30) ? LOGIC_ATOM : LOGIC_CONST;
        t->atom = t->kind == LOGIC_ATOM ? rnd(seed, w->n) : rnd(seed, 2);
        return t;
    }
    t->kind = kind == 2 ? LOGIC_NOT : kind < 6 ? LOGIC_AND : LOGIC_OR;
    t->n = kind == 2 ? 1 : rnd(seed, 6);
    for (uint32_t i = 0; i < t->n; i++)
        t->kids[i] = i && rnd(seed, 6) == 0 ? t->kids[0] : random_tree(w, seed, depth - 1);
    return t;
}

/* `turn`: parts in the other order, those of AND and OR two by two. */
static uint32_t formula(struct world *w, const struct tree *t, bool turn)
{
    uint32_t v[5], f = t->kind == LOGIC_AND;
    if (t->kind == LOGIC_ATOM)
        return logic_atom(&w->l, w->atoms[t->atom], w->states[t->atom]);
    if (t->kind == LOGIC_CONST)
        return t->atom;
    if (t->kind == LOGIC_NOT)
        return logic_not(&w->l, formula(w, t->kids[0], turn));
    for (uint32_t i = 0; i < t->n; i++)
        v[turn ? t->n - 1 - i : i] = formula(w, t->kids[i], turn);
    if (!turn)
        return logic_junction(&w->l, t->kind, v, t->n);
    for (uint32_t i = 0; i < t->n; i++)
        f = t->kind == LOGIC_AND ? logic_and(&w->l, f, v[i]) : logic_or(&w->l, f, v[i]);
    return f;
}

static void mark(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    ((bool *)ctx)[a->var] = true;
}

/* The variables that are found in a formula are those that are asked for one by one. */
static void check_looks(struct world *w, uint32_t f)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t var = 0; var < VARS; var++) {
        bool seen[VARS] = {false};
        logic_new_round(&w->l);
        logic_visit(&w->l, f, var, mark, seen);
        for (uint32_t i = 0; i < VARS; i++)
            assert_true(!seen[i] || i == var);
        if (seen[var] && least == UINT32_MAX)
            least = var;
    }
    assert_int_equal(logic_least_var(&w->l, f), least);
}

static void random_formulas_say_what_they_were_made_of(void **state)
{
    (void)state;
    uint32_t counts[2] = {0};
    for (uint64_t round = 0; round < 40; round++) {
        struct world w;
        uint64_t seed = round * 271 + 5;
        make_world(&w, &seed);
        for (uint32_t n = 0; n < 30; n++) {
            const struct tree *t = random_tree(&w, &seed, rnd(&seed, DEPTH));
            uint32_t f = formula(&w, t, false);
            assert_int_equal(formula(&w, t, true), f);
            check_looks(&w, f);
            for (uint32_t k = 0; k < 12; k++) {
                draw_values(&w, &seed);
                uint32_t g = f, from = rnd(&seed, VARS);
                for (uint32_t i = 0; i < VARS; i++) {
                    uint32_t var = (from + i) % VARS;
                    logic_new_round(&w.l);
                    if (rnd(&seed, 4) == 0) /* what is remembered of it holds for the other, too */
                        logic_assign(&w.l, f, var, &w.v[var]);
                    g = logic_assign(&w.l, g, var, &w.v[var]);
                }
                assert_true(g <= LOGIC_TRUE);
                assert_int_equal(g, holds(&w, t));
                counts[g]++;
            }
        }
        logic_end(&w.l);
    }
    assert_true(counts[0] > 1000 && counts[1] > 1000);
}

/* A text that no exact set names is read byte by byte to the same end. */
static void texts_are_read_byte_by_byte(void **state)
{
    (void)state;
    uint32_t compared = 0;
    for (uint64_t round = 0; round < 30; round++) {
        struct world w;
        uint64_t seed = round * 333 + 1;
        make_world(&w, &seed);
        for (uint32_t n = 0; n < 30; n++) {
            static const char *const others[] = {"c", "abba", "/a/", "aXab", "/ab", "bab", "a/b", "bb"};
            struct slice s = slice_of(PICK(&seed, others));
            uint32_t var = rnd(&seed, 2) ? VAR_HOST : VAR_PATH, f = formula(&w, random_tree(&w, &seed, 4), false);
            struct logic_value v = {.text = s};
            bool reversed = var == VAR_HOST && w.l.reversed_host;
            logic_new_round(&w.l);
            uint32_t g = logic_inexact(&w.l, f, var);
            for (size_t i = 0; i < s.len; i++) {
                logic_new_round(&w.l);
                g = logic_step(&w.l, g, var, (struct slice){s.p + (reversed ? s.len - 1 - i : i), 1});
            }
            logic_new_round(&w.l);
            g = logic_finish(&w.l, g, var);
            logic_new_round(&w.l);
            assert_int_equal(g, logic_assign(&w.l, f, var, &v));
            compared += g > LOGIC_TRUE;
        }
        logic_end(&w.l);
    }
    assert_true(compared > 20);
}

/* So many formulas that what holds them grows: each is made once, and simplifies as before. */
static void many_formulas_stay_what_they_are(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static uint32_t atoms[MANY], pairs[MANY][MANY];
    struct logic l;
    uint32_t total = 0;
    logic_begin(&l);
    for (int again = 0; again <= 1; again++) {
        for (uint32_t i = 0; i < MANY; i++) {
            char key[16];
            snprintf(key, sizeof key, "%u", i);
            struct atom a = {.kind = ATOM_TRUE, .var = i};
            uint32_t x = logic_atom(&l, logic_intern_atom(&l, &a, slice_of(key)), 0), no = logic_not(&l, x);
            assert_true(!again || atoms[i] == x);
            atoms[i] = x;
            assert_int_equal(logic_and(&l, x, no), LOGIC_FALSE);
            assert_int_equal(logic_or(&l, no, x), LOGIC_TRUE);
            assert_int_equal(logic_not(&l, no), x);
            for (uint32_t k = 0; k < i; k++) {
                uint32_t f = again ? logic_and(&l, atoms[k], x) : logic_and(&l, x, atoms[k]);
                assert_true(!again || pairs[i][k] == f);
                assert_true(l.nodes.v[f].n == 2 && l.nodes.v[f].kids[0] < l.nodes.v[f].kids[1]);
                pairs[i][k] = f;
            }
        }
        assert_true(!again || l.nodes.n == total);
        total = l.nodes.n;
    }
    assert_int_equal(total, 2 + MANY * 2 + MANY * (MANY - 1) / 2);
    /* Many parts, in any order and more than once, are one formula too. */
    uint32_t f = logic_junction(&l, LOGIC_OR, atoms, MANY), some[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        some[i] = atoms[i * 7 % MANY];
    assert_int_equal(logic_junction(&l, LOGIC_OR, some, MANY), f);
    assert_int_equal(logic_or(&l, f, f), f);
    assert_int_equal(logic_or(&l, f, logic_not(&l, atoms[MANY / 2])), LOGIC_TRUE);
    logic_end(&l);
}

/* The number of needs for named texts, and the first of them. */
static uint32_t needs(struct world *w, uint32_t f, uint32_t var, const struct atom **first)
{
    struct an_needs found = {0};
    bool any = an_needs_find(&w->l, f, var, NEEDS_EXACT, &found);
    assert_int_equal(any, found.v.n > 0);
    *first = any ? &w->l.atoms.v[found.v.v[0].atom] : NULL;
    return found.v.n;
}

/* The smallest of what must hold is found, and all of which one must; what may hold is not. */
static void what_is_needed_is_found(void **state)
{
    (void)state;
    struct world w;
    uint64_t seed = 1;
    make_world(&w, &seed);
    uint32_t one = logic_atom(&w.l, w.atoms[0], 0), four = logic_atom(&w.l, w.atoms[1], 0),
             path = logic_atom(&w.l, w.atoms[8], 0), other = logic_atom(&w.l, w.atoms[w.n - 1], 0);
    const struct atom *least = &w.l.atoms.v[w.atoms[0]], *most = &w.l.atoms.v[w.atoms[1]], *first;
    w.l.atoms.v[w.atoms[0]].n = 1;
    w.l.atoms.v[w.atoms[1]].n = 4;
    assert_int_equal(needs(&w, one, VAR_HOST, &first), 1);
    assert_ptr_equal(first, least);
    assert_int_equal(needs(&w, one, VAR_PATH, &first), 0);
    assert_int_equal(needs(&w, logic_or(&w.l, one, other), VAR_HOST, &first), 0);
    assert_int_equal(needs(&w, logic_not(&w.l, one), VAR_HOST, &first), 0);
    assert_int_equal(needs(&w, logic_or(&w.l, one, four), VAR_HOST, &first), 2);
    uint32_t both[] = {four, path, one, other};
    assert_int_equal(needs(&w, logic_junction(&w.l, LOGIC_AND, both, 4), VAR_HOST, &first), 1);
    assert_ptr_equal(first, least);
    assert_int_equal(needs(&w, logic_and(&w.l, four, other), VAR_HOST, &first), 1);
    assert_ptr_equal(first, most);
    logic_end(&w.l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_formulas_say_what_they_were_made_of),
        cmocka_unit_test(texts_are_read_byte_by_byte),
        cmocka_unit_test(many_formulas_stay_what_they_are),
        cmocka_unit_test(what_is_needed_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
