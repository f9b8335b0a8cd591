/* Claims against brute force: random programs with random claims, and every request of a small domain. What
 * brute force breaks must be false, what is called proved it must not break, and a counterexample must be one.
 * The rows that a test is given stand in the other program as rows of its own. Prints the program and the seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/analyze.h"
#include "compiler/test_run.h"
#include "tests/unit/bounds.h"
#include "tests/unit/small.h"

enum { CLAIMS = 6 };

static void put_claims(struct random *r, struct buf *out)
{
    static const char *const outcomes[] = {"use p",     "use q",     "use s",        "reply 403",
                                           "reply 404", "reply 400", "redirect 302", "redirect 302 \"/x\"",
                                           "reply 405", "redirect 302 \"/y\""};
    for (uint32_t i = 0; i < CLAIMS; i++) {
        buf_printf(out, "  %s %s", draw(r, 3) ? "never" : "always", ONE_OF(outcomes));
        if (draw(r, 5))
            add_guard(r, out);
        else
            buf_char(out, '\n');
    }
    buf_str(out, "}\n");
}

static void put_givens(uint32_t variant, struct buf *out)
{
    buf_str(out, "test \"t\" on f {\n");
    buf_str(out, variant & 1 ? "  given by-host[\"b.b\"] = p\n  given limits[\"a.b\"] = 3\n" : "");
    buf_str(out, variant & 2 ? "  given by-path[\"/a/b\"] = s\n  given by-shape[re\"^/a\"] = s\n" : "");
    buf_str(out, variant & 4 ? "  given \"b\" in hosts\n  given 192.0.2.0/24 in nets\n  given rollout[\"b\"] = 50%\n" : "");
    buf_str(out, variant & 8 ? "  given by-exact[\"b.b\"] = q\n  given by-shape[re\"^/..\"] = s\n" : "");
    buf_str(out, variant & 16 ? "  given by-exact[\"a.b\"] = q\n" : "");
}

/* ---- brute force ------------------------------------------------------------------------------- */

struct brute {
    const struct ir_frontend *f;
    const struct test *t;
    bool met[CLAIMS], broken[CLAIMS];
};

struct asking {
    const struct test *t;
    bool begun, holds[CLAIMS];
};

static void ask(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct asking *x = ctx;
    (void)rule, (void)in_route, (void)applied;
    for (uint32_t i = 0; i < x->t->proofs.n && !x->begun; i++) {
        const struct ir_expr *e = x->t->proofs.v[i].condition;
        x->holds[i] = !e || eval_expr(s, e).truth;
    }
    x->begun = true;
}

static bool is(const struct test_outcome *o, const struct eval_result *x)
{
    switch (o->kind) {
    case EVAL_USE:
        return x->outcome == EVAL_USE && slice_eq(x->backend->name, o->backend->name);
    case EVAL_REDIRECT:
        return x->outcome == EVAL_REDIRECT && x->status == o->status &&
               (!o->location.p || slice_eq(x->value, o->location));
    case EVAL_REPLY:
        return x->outcome == EVAL_REPLY && x->status == o->status;
    case EVAL_BAD_REQUEST:
        break;
    }
    return false;
}

static void try_request(void *ctx, const struct eval_request *q)
{
    struct brute *b = ctx;
    struct arena a = {0};
    struct eval_result x;
    struct asking asking = {.t = b->t};
    eval_run(&a, b->f, q, ask, &asking, &x);
    for (uint32_t i = 0; x.rule && i < b->t->proofs.n; i++) {
        const struct test_proof *c = &b->t->proofs.v[i];
        b->met[i] |= asking.holds[i];
        b->broken[i] |= asking.holds[i] && is(&c->outcome, &x) != c->always;
    }
    arena_free(&a);
}

/* ---- comparison -------------------------------------------------------------------------------- */

struct totals {
    uint32_t programs, verdicts[3], vacuous, broken;
};

/* NULL, or what is wrong. */
static const char *judge(const struct brute *b, uint32_t i, const struct prove_result *x, bool may_be_unknown)
{
    struct brute again = {.f = b->f, .t = b->t};
    switch (x->verdict) {
    case PROVE_TRUE:
        return b->broken[i] ? "called proved" : x->vacuous && b->met[i] ? "called vacuous" : NULL;
    case PROVE_UNKNOWN:
        return may_be_unknown ? NULL : "unknown";
    case PROVE_FALSE:
        try_request(&again, &x->request);
        return again.broken[i] ? NULL : "the counterexample is none";
    }
    return "no verdict";
}

static void compare(const struct buf *given, const struct buf *plain, uint64_t seed, struct totals *t)
{
    struct compilation c;
    struct test_run run;
    compilation_begin(&c);
    const struct ir_program *x = checked(&c, "given.weir", buf_view(given)),
                            *y = checked(&c, "plain.weir", buf_view(plain));
    if (!x || !y) {
        struct buf said = {0};
        diag_render(&c.diags, DIAG_TEXT, false, &said);
        fail_msg("refused: %.*s", SLICE_ARG(buf_view(&said)));
    }
    struct brute b = {.f = y->frontends.v[0], .t = y->tests.v[0]};
    struct reads reads = reads_of(buf_view(plain));
    small_each_request(&reads, try_request, &b);
    test_run(&c.arena, x, (struct slice){NULL, 0}, &run);
    assert_int_equal(run.results.n, CLAIMS);
    for (uint32_t i = 0; i < CLAIMS; i++) {
        const struct prove_result *r = &run.results.v[i].proved;
        const char *wrong = judge(&b, i, r, reads.query); /* see diff_test.c */
        t->verdicts[r->verdict]++;
        t->vacuous += r->vacuous;
        t->broken += b.broken[i];
        if (wrong) {
            printf("%.*s", SLICE_ARG(buf_view(given)));
            fail_msg("seed %llu, claim %u: %s", (unsigned long long)seed, i, wrong);
        }
    }
    t->programs++;
    compilation_end(&c);
}

static void random_claims(void **state)
{
    (void)state;
    struct bounds bounds = bounds_of(40, 5);
    struct totals t = {0};
    struct lines x = {0};
    struct buf given = {0}, plain = {0}, claims = {0};
    for (uint64_t seed = bounds.from; go_on(&bounds, seed, t.programs); seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        uint32_t variant = draw(r, 32);
        r->groups[0] = draw(r, GROUPS);
        r->groups[1] = draw(r, GROUPS);
        draw_lines(r, &x);
        given.len = plain.len = claims.len = 0;
        put_claims(r, &claims);
        put_program(&x, 0, &given);
        put_givens(variant, &given);
        buf_slice(&given, buf_view(&claims));
        put_program(&x, variant, &plain);
        put_givens(0, &plain);
        buf_slice(&plain, buf_view(&claims));
        compare(&given, &plain, seed, &t);
    }
    printf("%u programs: %u claims proved (%u of no request), %u false, %u unknown; brute force breaks %u\n",
           t.programs, t.verdicts[PROVE_TRUE], t.vacuous, t.verdicts[PROVE_FALSE], t.verdicts[PROVE_UNKNOWN],
           t.broken);
    assert_true(t.verdicts[PROVE_TRUE] > 20 && t.vacuous > 0 && t.broken > 20);
    assert_true(t.verdicts[PROVE_UNKNOWN] * 50 < t.programs * CLAIMS);
    for (uint32_t i = 0; i < 8; i++)
        buf_free(&x.v[i]);
    buf_free(&given);
    buf_free(&plain);
    buf_free(&claims);
}

/* ---- large sets -------------------------------------------------------------------------------- */

static const struct ir_program *program_of(struct compilation *c, struct buf *rules, const char *tests)
{
    struct buf text = {0};
    buf_str(&text, "language 1\nbackend a { server s 127.0.0.1:1 }\nbackend b { server s 127.0.0.1:2 }\n"
                   "frontend f {\n listen :80\n route {\n");
    buf_slice(&text, buf_view(rules));
    buf_printf(&text, "reply 404\n } }\n%s", tests);
    const struct ir_program *p = checked(c, "large.weir", buf_view(&text));
    buf_free(&text);
    buf_free(rules);
    assert_non_null(p);
    return p;
}

/* Nothing of it can be told apart in time: that is said, and soon. */
static void budget_is_kept(void **state)
{
    (void)state;
    struct compilation c;
    struct buf rules = {0};
    struct prove_result r;
    struct analyze_result analysis;
    compilation_begin(&c);
    for (char x = 'a'; x < 'y'; x++)
        buf_printf(&rules, "use %c if path matches re\"%c.*%c.*%c\"\n", 'a' + x % 2, x, x + 1, x + 2);
    const struct ir_program *p = program_of(&c, &rules, "test \"t\" on f {\n always use a if not (path contains \"~\")\n"
                                                     " never reply 404 if path contains \"abc\"\n}\n");
    uint64_t begin = an_search_clock();
    analyze_frontend(&c.arena, p, p->frontends.v[0], 0.3, &analysis);
    assert_true(analysis.exceeded && slice_contains(analysis.why, SLICE("ran out")));
    assert_int_equal(analysis.findings.n, 0);
    /* A request that breaks it is found all the same. */
    prove_claim(&c.arena, p, p->frontends.v[0], &p->tests.v[0]->proofs.v[0], 0.3, &r);
    assert_int_equal(r.verdict, PROVE_FALSE);
    prove_claim(&c.arena, p, p->frontends.v[0], &p->tests.v[0]->proofs.v[1], 0.3, &r);
    assert_int_equal(r.verdict, PROVE_UNKNOWN);
    assert_true(slice_contains(r.why, SLICE("values of `path`")));
    assert_true(an_search_clock() - begin < 3000000000u);
    compilation_end(&c);
}

/* Conditions that are not looked into, and of which no request is known that meets them, are named: the first three. */
static void unknown_names_what_is_not_looked_into(void **state)
{
    (void)state;
    static const char *const ends[] = {NULL, NULL, "`", "`", "` and 1 more", "` and 2 more"};
    for (uint32_t n = 2; n < COUNT(ends); n++) {
        struct compilation c;
        struct buf rules = {0};
        struct prove_result r;
        compilation_begin(&c);
        for (uint32_t i = 0; i < n; i++)
            buf_printf(&rules, "%s req.header[\"X\"] | default(\"\") | base64 == \"!%u\"", i ? " and" : "use a if", i);
        buf_char(&rules, '\n');
        const struct ir_program *p = program_of(&c, &rules, "test \"t\" on f {\n never use a\n}\n");
        prove_claim(&c.arena, p, p->frontends.v[0], &p->tests.v[0]->proofs.v[0], 5, &r);
        assert_int_equal(r.verdict, PROVE_UNKNOWN);
        uint32_t named = 0;
        for (const char *at = memmem(r.why.p, r.why.len, "base64", 6); at; named++)
            at = memmem(at + 6, (size_t)(r.why.p + r.why.len - at - 6), "base64", 6);
        if (named != (n < 3 ? n : 3) || !slice_ends(r.why, slice_of(ends[n])))
            fail_msg("%u: %.*s", n, SLICE_ARG(r.why));
        compilation_end(&c);
    }
}

/* Sets that take long where each pair of rules is looked at. */
static void large_sets_are_decided(void **state)
{
    (void)state;
    static const char *const forms[][2] = {{"host like \"*.h%u.example\" and path under \"/p%u\"", "path under \"/p%u/x\""},
                                           {"path like \"/a%u/*/b%u\"", "path like \"/c%u/*/d/*\""},
                                           {"client.ip in 10.%u.0.0/16", "path == \"/%u\""}};
    static const uint32_t sizes[] = {1000, 1000, 256};
    for (uint32_t k = 0; k < COUNT(forms); k++) {
        struct compilation c;
        struct buf rules = {0};
        struct analyze_result r;
        compilation_begin(&c);
        for (uint32_t part = 0; part < 2; part++)
            for (uint32_t i = 0; i < sizes[k]; i++) {
                buf_printf(&rules, "use %c if ", 'a' + i % 2);
                buf_printf(&rules, forms[k][part], i, i);
                buf_char(&rules, '\n');
            }
        const struct ir_program *p = program_of(&c, &rules, "");
        analyze_frontend(&c.arena, p, p->frontends.v[0], 20, &r);
        assert_false(r.exceeded);
        assert_int_equal(r.findings.n, 0);
        compilation_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(random_claims), cmocka_unit_test(budget_is_kept),
                                     cmocka_unit_test(unknown_names_what_is_not_looked_into),
                                     cmocka_unit_test(large_sets_are_decided)};
    return cmocka_run_group_tests(all, NULL, NULL);
}
