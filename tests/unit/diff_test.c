/* The exact comparison against brute force: pairs of small random programs, and every request of a small
 * domain evaluated under both. What brute force finds must be among the classes, and every class must have a
 * request that evaluation confirms, so that the two sets of (old rule, new rule) are equal. Prints the
 * program pair and the seed where they are not. WEIR_PAIRS=10000 runs as many pairs, DIFF_SEED=N begins at
 * another one. WEIR_PAIRS counts for the other random tests, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/diff_brute.h"

static void try_all(struct brute *b)
{
    small_each_request(&b->reads, try_request, b);
}

/* ---- comparison -------------------------------------------------------------------------------- */

/* Two texts that are put together may be equal for some requests, or for none: and so is what becomes of
 * headers. */
static bool is_open(struct slice text)
{
    return slice_contains(text, SLICE("${"));
}

static void compare(const struct buf *old, const struct buf *new, uint64_t seed, struct totals *t)
{
    struct compilation c;
    struct diff d;
    const struct diff_options o = {.seconds = 20};
    char why[200];
    compilation_begin(&c);
    const struct ir_program *x = checked(&c, "old.weir", buf_view(old)),
                            *y = checked(&c, "new.weir", buf_view(new));
    if (!x || !y) {
        struct buf said = {0};
        diag_render(&c.diags, DIAG_TEXT, false, &said);
        fail_msg("refused: %.*s", SLICE_ARG(buf_view(&said)));
    }
    struct reads p = reads_of(buf_view(old)), q = reads_of(buf_view(new));
    struct brute b = {.old = x->frontends.v[0], .new = y->frontends.v[0]};
    b.reads = (struct reads){p.host | q.host,     p.path | q.path,     p.method | q.method,
                             p.header | q.header, p.cookie | q.cookie, p.ip | q.ip,
                             p.tls | q.tls,       p.port | q.port,     p.query | q.query,
                             p.random | q.random};
    diff_programs(&c.arena, x, y, &o, &d);
    try_all(&b);
    t->pairs++;
    t->requests += b.requests;
    t->differing += b.differing > 0;
    if (!agree(&b, d.frontends.v[0], b.reads.query || is_open(buf_view(old)) || is_open(buf_view(new)), t,
               why)) {
        printf("--- old\n%.*s--- new\n%.*s", SLICE_ARG(buf_view(old)), SLICE_ARG(buf_view(new)));
        fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    }
    compilation_end(&c);
}

static void random_pairs(void **state)
{
    (void)state;
    struct bounds bounds = bounds_of(40, 6);
    struct totals t = {0};
    struct lines x = {0}, y = {0};
    struct buf old = {0}, new = {0};
    for (uint64_t seed = bounds.from; go_on(&bounds, seed, t.pairs); seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        r->groups[0] = draw(r, GROUPS);
        r->groups[1] = draw(r, GROUPS);
        draw_lines(r, &x);
        if (draw(r, 5) == 0)
            draw_lines(r, &y);
        else
            copy_lines(&x, &y);
        for (uint32_t i = draw(r, 3); i > 0; i--)
            mutate(r, &y);
        old.len = new.len = 0;
        put_program(&x, 0, &old);
        put_program(&y, draw(r, 3) == 0 ? draw(r, 64) : 0, &new);
        compare(&old, &new, seed, &t);
    }
    printf("%u pairs, %u equivalent, %u unknown, %u classes, %u with differing requests, %llu requests\n",
           t.pairs, t.equivalent, t.unknown, t.classes, t.differing, (unsigned long long)t.requests);
    assert_true(t.pairs > 20 && t.differing > 0 && t.equivalent > 0);
    for (uint32_t i = 0; i < 8; i++) {
        buf_free(&x.v[i]);
        buf_free(&y.v[i]);
    }
    buf_free(&old);
    buf_free(&new);
}

/* ---- analyses ---------------------------------------------------------------------------------- */

struct analyzed {
    uint32_t programs, rules, found, unknown, rows, rows_found, overlaps;
};

static bool is_row_found(const struct analyze_result *r, const struct ir_rule *rule, const struct ir_row *row)
{
    for (uint32_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].rule == rule && r->findings.v[i].row == row)
            return true;
    return false;
}

/* The frontend without a rule. */
static struct ir_frontend without(struct arena *a, const struct ir_frontend *f, uint32_t number)
{
    struct ir_frontend g = *f;
    bool early = number < f->on_request.n;
    uint32_t at = early ? number : number - f->on_request.n, n = early ? f->on_request.n : f->route.n;
    const struct ir_rule *from = early ? f->on_request.v : f->route.v;
    struct ir_rule *left = arena_array(a, struct ir_rule, n);
    memcpy(left, from, at * sizeof *left);
    memcpy(left + at, from + at + 1, (n - at - 1) * sizeof *left);
    if (early) {
        g.on_request.v = left;
        g.on_request.n--;
    } else {
        g.route.v = left;
        g.route.n--;
    }
    return g;
}

/* A rule is found where, and only where, the program without it is equivalent; brute force agrees; and what
 * is not found decides the request that stands for it. */
static void check_rule(struct arena *a, const struct ir_program *p, struct brute *b,
                       const struct analyze_result *r, uint32_t number, struct analyzed *t)
{
    const struct ir_frontend *f = b->old;
    const struct ir_rule *rule =
        number < f->on_request.n ? &f->on_request.v[number] : &f->route.v[number - f->on_request.n];
    const struct analyze_finding *found = finding_of(r, rule);
    bool edit = rule->kind == IR_SET_HEADER || rule->kind == IR_ADD_HEADER || rule->kind == IR_DEL_HEADER;
    struct ir_frontend g = without(a, f, number);
    struct diff d = {.a = a, .old = p, .new = p};
    struct diff_frontend x = {.name = f->name, .old = f, .new = &g};
    diff_compare_frontends(&d, &x, 20);
    b->new = &g;
    b->differing = 0;
    memset(b->pairs, 0, sizeof b->pairs);
    try_all(b);
    t->rules++;
    t->found += found != NULL;
    t->unknown += x.verdict == DIFF_UNKNOWN;
    /* Unknown: a text holds a header that a rule which never applies would change. */
    if (found ? b->differing > 0 || x.verdict == DIFF_DIFFERENT : !edit && x.verdict == DIFF_EQUIVALENT)
        fail_msg("rule %u is %sfound, the comparison says %d, brute force finds %u requests", number,
                 found ? "" : "not ", (int)x.verdict, b->differing);
    if (edit || (found && found->kind != ANALYZE_REDUNDANT))
        return;
    assert_non_null(r->samples[number].host.p);
    struct eval_request q = an_request(a, &r->samples[number]);
    struct eval_result y;
    eval_run(a, f, &q, NULL, NULL, &y);
    if (r->samples[number].opaque.n == 0)
        assert_ptr_equal(y.rule, rule);
}

/* The frontend where one row of the rule's map leads to a backend of its own. */
static struct ir_frontend marked(struct arena *a, const struct ir_frontend *f, uint32_t number, uint32_t row)
{
    struct ir_frontend g = *f;
    struct ir_rule *rules = arena_array(a, struct ir_rule, f->route.n), *rule = &rules[number];
    struct ir_expr *value = arena_new(a, struct ir_expr);
    struct ir_set *set = arena_new(a, struct ir_set);
    struct ir_backend *mark = arena_new(a, struct ir_backend);
    mark->name = SLICE("mark");
    memcpy(rules, f->route.v, f->route.n * sizeof *rules);
    *value = *rule->value;
    *set = *value->set;
    set->rows.v = arena_array(a, struct ir_row, set->rows.n);
    memcpy(set->rows.v, value->set->rows.v, set->rows.n * sizeof *set->rows.v);
    set->rows.v[row].backend = mark;
    value->set = set;
    rule->value = value;
    g.route.v = rules;
    return g;
}

/* A row is found where, and only where, it may lead anywhere. */
static void check_rows(struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                       const struct analyze_result *r, struct analyzed *t)
{
    for (uint32_t i = 0; i < f->route.n; i++) {
        const struct ir_rule *rule = &f->route.v[i];
        const struct analyze_finding *unreached = finding_of(r, rule);
        if (rule->kind != IR_USE_MAP || (unreached && unreached->kind != ANALYZE_REDUNDANT))
            continue;
        for (uint32_t k = 0; k < rule->value->set->rows.n; k++) {
            struct ir_frontend g = marked(a, f, i, k);
            struct diff d = {.a = a, .old = p, .new = p};
            struct diff_frontend x = {.name = f->name, .old = f, .new = &g};
            bool found = is_row_found(r, rule, &rule->value->set->rows.v[k]);
            diff_compare_frontends(&d, &x, 20);
            t->rows++;
            t->rows_found += found;
            if (found != (x.verdict == DIFF_EQUIVALENT))
                fail_msg("row %u of rule %u is %sfound, the comparison says %d", k, i, found ? "" : "not ", (int)x.verdict);
        }
    }
}

/* The two of an overlap change places, and a request ends otherwise: the one that is shown. */
static void check_overlaps(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, struct analyzed *t)
{
    struct analyze_overlaps all;
    analyze_overlaps(a, p, f, 20, &all);
    assert_false(all.exceeded);
    for (uint32_t i = 0; i < all.v.n; i++) {
        const struct analyze_overlap *o = &all.v.v[i];
        bool early = o->first >= f->on_request.v && o->first < f->on_request.v + f->on_request.n;
        const struct ir_rule *from = early ? f->on_request.v : f->route.v;
        uint32_t n = early ? f->on_request.n : f->route.n, at = (uint32_t)(o->first - from);
        struct ir_rule *rules = arena_array(a, struct ir_rule, n);
        struct ir_frontend g = *f;
        struct eval_result x, y;
        memcpy(rules, from, n * sizeof *rules);
        rules[at] = *o->later;
        rules[o->later - from] = *o->first;
        if (early)
            g.on_request.v = rules;
        else
            g.route.v = rules;
        eval_run(a, f, &o->request, NULL, NULL, &x);
        eval_run(a, &g, &o->request, NULL, NULL, &y);
        t->overlaps++;
        assert_true(an_results_differ(&x, &y));
    }
}

static void check_analyses(const struct buf *text, struct analyzed *t)
{
    struct compilation c;
    compilation_begin(&c);
    const struct ir_program *p = checked(&c, "t.weir", buf_view(text));
    assert_non_null(p);
    const struct ir_frontend *f = p->frontends.v[0];
    struct brute b = {.old = f, .reads = reads_of(buf_view(text))};
    struct analyze_result r;
    analyze_frontend(&c.arena, p, f, 20, &r);
    assert_false(r.exceeded);
    for (uint32_t i = 0; i + 1 < f->on_request.n + f->route.n; i++)
        check_rule(&c.arena, p, &b, &r, i, t);
    check_rows(&c.arena, p, f, &r, t);
    check_overlaps(&c.arena, p, f, t);
    t->programs++;
    compilation_end(&c);
}

static void random_analyses(void **state)
{
    (void)state;
    struct bounds bounds = bounds_of(40, 5);
    struct analyzed t = {0};
    struct lines x = {0};
    struct buf text = {0};
    for (uint64_t seed = bounds.from; go_on(&bounds, seed, t.programs * 3); seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        r->groups[0] = draw(r, GROUPS);
        r->groups[1] = draw(r, GROUPS);
        draw_lines(r, &x);
        text.len = 0;
        put_program(&x, 0, &text);
        /* Two views of the same bytes are told apart by the pairs above. */
        struct slice rules = buf_view(&text);
        if (slice_contains(rules, SLICE("req.query")) && slice_contains(rules, SLICE("req.uri")))
            continue;
        if (getenv("DIFF_SEED"))
            printf("seed %llu\n%.*s", (unsigned long long)seed, SLICE_ARG(buf_view(&text)));
        check_analyses(&text, &t);
    }
    printf("%u programs, %u rules, %u found, %u unknown; %u rows, %u found; %u overlaps\n", t.programs, t.rules, t.found,
           t.unknown, t.rows, t.rows_found, t.overlaps);
    assert_true(t.programs > 10 && t.found > 0 && t.found < t.rules && t.rows_found < t.rows && t.overlaps > 0 &&
                t.unknown * 50 < t.rules);
    for (uint32_t i = 0; i < 8; i++)
        buf_free(&x.v[i]);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_pairs),
        cmocka_unit_test(random_analyses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
