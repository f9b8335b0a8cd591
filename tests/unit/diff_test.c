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

#include "compiler/analyze.h"
#include "compiler/diff.h"
#include "runtime/base/clock.h"
#include "tests/unit/small.h"

/* ---- brute force ------------------------------------------------------------------------------- */

enum { RULES_MAX = 128, PAIRS_MAX = RULES_MAX * RULES_MAX };

struct brute {
    struct reads reads;
    const struct ir_frontend *old, *new;
    bool pairs[PAIRS_MAX][2]; /* by old rule * RULES_MAX + new rule, and whether headers alone differ */
    uint32_t requests, differing;
};

static uint32_t rule_number(const struct ir_frontend *f, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < f->on_request.n; i++)
        if (rule == &f->on_request.v[i])
            return i;
    return f->on_request.n + (uint32_t)(rule - f->route.v);
}

static void try_request(void *ctx, const struct eval_request *q)
{
    struct brute *b = ctx;
    struct arena a = {0};
    struct eval_result x, y;
    eval_run(&a, b->old, q, NULL, NULL, &x);
    eval_run(&a, b->new, q, NULL, NULL, &y);
    b->requests++;
    if (an_results_differ(&x, &y)) {
        bool edits =
            x.outcome == EVAL_USE && y.outcome == EVAL_USE && slice_eq(x.backend->name, y.backend->name);
        b->differing++;
        b->pairs[rule_number(b->old, x.rule) * RULES_MAX + rule_number(b->new, y.rule)][edits] = true;
    }
    arena_free(&a);
}

static void try_all(struct brute *b)
{
    small_each_request(&b->reads, try_request, b);
}

/* ---- comparison -------------------------------------------------------------------------------- */

struct totals {
    uint32_t pairs, equivalent, unknown, classes, differing;
    uint64_t requests;
};

/* A class that is like another one has a request of its own. */
static bool is_shown(const struct brute *b, const struct diff_class *x)
{
    struct arena a = {0};
    struct eval_result old, new;
    struct eval_request q = an_request(&a, &x->samples[0]);
    eval_run(&a, b->old, &q, NULL, NULL, &old);
    eval_run(&a, b->new, &q, NULL, NULL, &new);
    bool shown =
        old.rule == x->old_item->rule && new.rule == x->new_item->rule &&an_results_differ(&old, &new);
    arena_free(&a);
    return shown;
}

/* Two views of the query are independent to the analyser, and it does not look into headers that were added
 * to: then a class may have no request, and is not confirmed. */
static bool agree(const struct brute *b, const struct diff_frontend *f, bool may_be_unknown, struct totals *t,
                  char why[200])
{
    static bool have[PAIRS_MAX][2];
    memset(have, 0, sizeof have);
    if (f->exceeded)
        return snprintf(why, 200, "the search was not finished"), false;
    for (uint32_t i = 0; i < f->classes.n; i++) {
        const struct diff_class *x = f->classes.v[i];
        if (!x->old_item->rule || !x->new_item->rule)
            return snprintf(why, 200, "a request that no rule decides"), false;
        have[x->old_item->number * RULES_MAX + x->new_item->number][x->edits] = true;
        if (!(x->like ? is_shown(b, x) : x->confirmed) && !may_be_unknown)
            return snprintf(why, 200, "old rule %u, new rule %u: no request found", x->old_item->number,
                            x->new_item->number),
                   false;
        t->classes++;
    }
    for (uint32_t i = 0; i < PAIRS_MAX; i++)
        for (int edits = 0; edits <= 1; edits++)
            if (b->pairs[i][edits] && !have[i][edits])
                return snprintf(why, 200, "old rule %u, new rule %u: brute force alone finds it", i / RULES_MAX,
                                i % RULES_MAX),
                       false;
    if (f->verdict == DIFF_EQUIVALENT && b->differing)
        return snprintf(why, 200, "called equivalent"), false;
    if (f->verdict == DIFF_UNKNOWN && !may_be_unknown)
        return snprintf(why, 200, "unknown"), false;
    t->equivalent += f->verdict == DIFF_EQUIVALENT;
    t->unknown += f->verdict == DIFF_UNKNOWN;
    return true;
}

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

/* How long a random test goes on: at least so many programs, and as many as there is time for. */
struct bounds {
    uint64_t from, least, end;
};

static struct bounds bounds_of(uint64_t least, uint64_t seconds)
{
    const char *seed = getenv("DIFF_SEED"), *given = getenv("DIFF_SECONDS"), *pairs = getenv("WEIR_PAIRS");
    seconds = pairs ? 0 : given ? strtoull(given, NULL, 10) : seconds;
    return (struct bounds){seed ? strtoull(seed, NULL, 10) : 1, pairs ? strtoull(pairs, NULL, 10) : least,
                           clock_ns() + seconds * 1000000000ull};
}

static bool go_on(const struct bounds *b, uint64_t seed, uint64_t done)
{
    return (clock_ns() < b->end || done < b->least) && seed < b->from + 100000;
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

static const struct analyze_finding *finding_of(const struct analyze_result *r, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].rule == rule && r->findings.v[i].kind != ANALYZE_ROW)
            return &r->findings.v[i];
    return NULL;
}

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

/* ---- many hosts -------------------------------------------------------------------------------- */

/* Rules by host: enough of them that lists of rules are shared, indexed and compared, and not few. */
enum { HOSTS = 24, ZONES = 4, HOST_TEXT = 64 };

static void add_host_rule(struct random *r, struct buf *out)
{
    static const char *const rest[] = {"path under \"/a\"", "path == \"/b\"", "req.method == POST", "path starts-with \"/a\"",
                                       "not (path == \"/b\")", "path in [\"/\", \"/b\"]"};
    static const char *const ends[] = {"use p", "use q", "use s", "reply 403"};
    bool bare = false;
    buf_printf(out, "    %s if ", ONE_OF(ends));
    switch (draw(r, 12)) {
    case 0:
        buf_printf(out, "host like \"*.z%u.t\"", draw(r, ZONES));
        break;
    case 1:
        buf_printf(out, "host like \"**.z%u.t\"", draw(r, ZONES));
        break;
    case 2:
        buf_printf(out, "host in [\"h%u.z1.t\", \"h%u.z2.t\", \"*.z%u.t\"]", draw(r, HOSTS), draw(r, HOSTS), draw(r, ZONES));
        break;
    case 3:
        buf_printf(out, "not (host == \"h%u.z%u.t\")", draw(r, HOSTS), draw(r, ZONES));
        bare = draw(r, 4) != 0;
        break;
    case 4:
        buf_printf(out, "host ends-with \"%u.t\"", draw(r, ZONES));
        break;
    case 5:
        buf_printf(out, "(host == \"h%u.z0.t\" or path == \"/b\")", draw(r, HOSTS));
        break;
    default:
        buf_printf(out, "host == \"h%u.z%u.t\"", draw(r, HOSTS), draw(r, ZONES));
    }
    if (bare || draw(r, 3))
        buf_printf(out, " and %s", ONE_OF(rest));
    if (draw(r, 5) == 0)
        buf_printf(out, " and %s", ONE_OF(rest));
    buf_char(out, '\n');
}

static void put_host_program(const struct buf *lines, const uint32_t *order, uint32_t n, struct buf *out)
{
    buf_str(out, "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
                 "backend s { server x 127.0.0.1:1 }\nfrontend f {\n  listen 127.0.0.1:2\n  route {\n");
    for (uint32_t i = 0; i < n; i++)
        buf_slice(out, buf_view(&lines[order[i]]));
    buf_str(out, "    reply 404\n  }\n}\n");
}

/* Every request that these rules can tell apart. */
static void each_host_request(small_request_fn *fn, void *ctx)
{
    static const char *const others[] = {"x.z%u.t", "y.x.z%u.t", "z%u.t", "x%u.t", "x.t"};
    static const char *const paths[] = {"/", "/a", "/a/x", "/b", "/ab", "/c"}, *const ways[] = {"GET", "POST"};
    for (uint32_t h = 0; h < (HOSTS + COUNT(others)) * ZONES; h++) {
        char host[HOST_TEXT];
        if (h / ZONES < HOSTS)
            snprintf(host, sizeof host, "h%u.z%u.t", h / ZONES, h % ZONES);
        else
            snprintf(host, sizeof host, others[h / ZONES - HOSTS], h % ZONES);
        struct eval_header line = {SLICE("Host"), slice_of(host)};
        for (uint32_t i = 0; i < COUNT(paths) * COUNT(ways); i++) {
            struct eval_request q = {.method = slice_of(ways[i % 2]), .target = slice_of(paths[i / 2]),
                                     .headers = &line, .nheaders = 1, .client_port = 50000};
            fn(ctx, &q);
        }
    }
}

/* What is called unreachable decides nothing, and all else does. */
static void check_reached(struct arena *a, const struct ir_program *p, const bool *decides)
{
    const struct ir_frontend *f = p->frontends.v[0];
    struct analyze_result r;
    analyze_frontend(a, p, f, 20, &r);
    assert_false(r.exceeded);
    for (uint32_t i = 0; i + 1 < f->route.n; i++) {
        const struct analyze_finding *found = finding_of(&r, &f->route.v[i]);
        bool unreached = found && found->kind != ANALYZE_REDUNDANT;
        if (unreached == decides[i])
            fail_msg("rule %u is %sfound", i, unreached ? "" : "not ");
    }
}

static void try_deciding(void *ctx, const struct eval_request *q)
{
    struct brute *b = ctx;
    struct arena a = {0};
    struct eval_result x;
    eval_run(&a, b->old, q, NULL, NULL, &x);
    b->pairs[rule_number(b->old, x.rule)][0] = true;
    arena_free(&a);
}

static void compare_hosts(const struct buf *old, const struct buf *new, uint64_t seed, struct totals *t)
{
    struct compilation c;
    struct diff d;
    const struct diff_options o = {.seconds = 20};
    static struct brute b;
    char why[200];
    compilation_begin(&c);
    const struct ir_program *x = checked(&c, "old.weir", buf_view(old)), *y = checked(&c, "new.weir", buf_view(new));
    assert_true(x && y);
    b = (struct brute){.old = x->frontends.v[0], .new = y->frontends.v[0]};
    diff_programs(&c.arena, x, y, &o, &d);
    each_host_request(try_request, &b);
    t->pairs++;
    t->differing += b.differing > 0;
    if (!agree(&b, d.frontends.v[0], false, t, why)) {
        printf("--- old\n%.*s--- new\n%.*s", SLICE_ARG(buf_view(old)), SLICE_ARG(buf_view(new)));
        fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    }
    memset(b.pairs, 0, sizeof b.pairs);
    each_host_request(try_deciding, &b);
    bool decides[RULES_MAX] = {false};
    for (uint32_t i = 0; i < b.old->route.n; i++)
        decides[i] = b.pairs[i][0];
    check_reached(&c.arena, x, decides);
    compilation_end(&c);
}

static void random_pairs_of_many_hosts(void **state)
{
    (void)state;
    enum { LINES = 100 };
    struct bounds bounds = bounds_of(150, 0);
    struct totals t = {0};
    struct buf lines[LINES + 4] = {{0}}, old = {0}, new = {0};
    for (uint64_t seed = bounds.from; go_on(&bounds, seed, t.pairs); seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        uint32_t order[LINES + 4], n = 8 + draw(r, draw(r, 2) ? LINES - 8 : 24), spare = n;
        for (uint32_t i = 0; i < n + 4; i++) {
            lines[i].len = 0;
            add_host_rule(r, &lines[i]);
            order[i] = i;
        }
        old.len = new.len = 0;
        put_host_program(lines, order, n, &old);
        for (uint32_t edits = draw(r, 5); edits > 0; edits--) {
            uint32_t at = draw(r, n), to = draw(r, n), was = order[at];
            if (draw(r, 2)) {
                order[at] = spare++;
            } else {
                order[at] = order[to];
                order[to] = was;
            }
        }
        put_host_program(lines, order, n, &new);
        compare_hosts(&old, &new, seed, &t);
    }
    printf("%u pairs, %u equivalent, %u classes, %u with differing requests\n", t.pairs, t.equivalent, t.classes, t.differing);
    assert_true(t.equivalent > 0 && t.differing > 0);
    for (uint32_t i = 0; i < LINES + 4; i++)
        buf_free(&lines[i]);
    buf_free(&old);
    buf_free(&new);
}

/* ---- what is not looked into ------------------------------------------------------------------- */

/* A condition of which nothing is known but that it is the same one: it is that where its sets have the same rows. */
struct same {
    const char *sets, *condition, *was, *becomes; /* two rows, and these the other way round; NULL for a map, which is
                                                   * looked into */
};

static enum diff_verdict verdict_of(const char *old_sets, const char *new_sets, const char *condition)
{
    static const char head[] = "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n";
    struct compilation c;
    struct diff d;
    const struct diff_options o = {.seconds = 20};
    struct buf old = {0}, new = {0};
    compilation_begin(&c);
    buf_printf(&old, "%s%sfrontend f {\n listen 127.0.0.1:2\n route {\n  use p if %s\n  use q\n }\n}\n", head, old_sets, condition);
    buf_printf(&new, "%s%sfrontend f {\n listen 127.0.0.1:2\n route {\n  use p if %s and tls.active\n"
                     "  use q if not (%s)\n  use p\n }\n}\n", head, new_sets, condition, condition);
    const struct ir_program *x = checked(&c, "old.weir", buf_view(&old)), *y = checked(&c, "new.weir", buf_view(&new));
    if (!x || !y) {
        struct buf said = {0};
        diag_render(&c.diags, DIAG_TEXT, false, &said);
        fail_msg("refused: %.*s", SLICE_ARG(buf_view(&said)));
    }
    diff_programs(&c.arena, x, y, &o, &d);
    enum diff_verdict v = d.frontends.v[0]->verdict;
    buf_free(&old);
    buf_free(&new);
    compilation_end(&c);
    return v;
}

static void opaque_conditions_are_told_apart_by_their_sets(void **state)
{
    (void)state;
#define SIZE "(req.header[\"X\"] | default(\"\") | length)"
#define CODE "(req.header[\"X\"] | default(\"\") | base64)"
    static const struct same all[] = {
        {"list m: string {\n \"a\"\n \"b\"\n}\n", CODE " in m", "\"a\"\n \"b\"", "\"b\"\n \"a\""},
        {"list m: prefix {\n \"a\"\n \"b\"\n}\n", CODE " in m", "\"a\"\n \"b\"", "\"b\"\n \"a\""},
        {"list m: int {\n 1\n 5\n}\n", SIZE " in m", "1\n 5", "5\n 1"},
        {"list m: range<int> {\n 1..3\n 5..9\n}\n", SIZE " in m", "1..3\n 5..9", "5..9\n 1..3"},
        {"list m: cidr {\n 10.0.0.0/16\n 2001:db8::/32\n}\n", "(client.ip | mask(24, 64)) in m",
         "10.0.0.0/16\n 2001:db8::/32", "2001:db8::/32\n 10.0.0.0/16"},
        {"map m: string -> int {\n \"a\" -> 1\n \"b\" -> 2\n default -> 3\n}\n", "m[" CODE "] > client.port", NULL, NULL},
        {"map m: int -> string {\n 1 -> \"a\"\n 2 -> \"b\"\n default -> \"c\"\n}\n", "m[" SIZE "] == path", NULL, NULL},
        {"map m: string -> ip {\n \"a\" -> 10.0.0.1\n \"b\" -> ::1\n default -> 10.0.0.2\n}\n", "m[" CODE "] == client.ip", NULL, NULL},
        {"map m: string -> percent {\n \"a\" -> 10%\n \"b\" -> 20%\n default -> 30%\n}\n", "random < m[" CODE "]", NULL, NULL},
        {"map m: string -> bool {\n \"a\" -> true\n \"b\" -> false\n default -> true\n}\n", "m[" CODE "] == true", NULL, NULL},
    };
    /* Each token of the rows that can be another one. */
    static const char *const edits[][2] = {
        {"\"a\"", "\"z\""}, {"\"b\"", "\"z\""}, {"\"c\"", "\"z\""}, {" 1\n", " 4\n"},      {" 5\n", " 4\n"},      {"1..3", "1..4"},
        {"5..9", "4..9"},   {"10.0.0.0/16", "10.1.0.0/16"},         {"10.0.0.0/16", "10.0.0.0/15"},
        {"2001:db8::/32", "2001:db9::/32"}, {"-> 1", "-> 4"},     {"-> 2", "-> 4"},      {"-> 3", "-> 4"},      {" 1 ->", " 4 ->"},
        {"10.0.0.1", "10.0.0.3"},           {"::1", "::2"},       {"10.0.0.2", "10.0.0.3"}, {"10%", "11%"},    {"20%", "11%"},
        {"30%", "11%"},                     {"-> true\n \"b\"", "-> false\n \"b\""}, {"default -> true", "default -> false"},
        {"string {", "suffix {"}, {"prefix {", "suffix {"},
    };
    uint32_t changes = 0;
    for (uint32_t i = 0; i < COUNT(all); i++) {
        char text[256];
        const char *at = all[i].was ? strstr(all[i].sets, all[i].was) : all[i].sets;
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - all[i].sets), all[i].sets, all[i].was ? all[i].becomes : "",
                 at + (all[i].was ? strlen(all[i].was) : 0));
        if (verdict_of(all[i].sets, text, all[i].condition) != DIFF_EQUIVALENT)
            fail_msg("%s with the same rows is another condition", all[i].condition);
        for (uint32_t k = 0; k < COUNT(edits); k++) {
            at = strstr(all[i].sets, edits[k][0]);
            if (!at || (strchr(edits[k][0], '{') && strstr(all[i].sets, "map")))
                continue;
            snprintf(text, sizeof text, "%.*s%s%s", (int)(at - all[i].sets), all[i].sets, edits[k][1], at + strlen(edits[k][0]));
            changes++;
            if (verdict_of(all[i].sets, text, all[i].condition) == DIFF_EQUIVALENT)
                fail_msg("%s is the same with %s and with %s", all[i].condition, all[i].sets, text);
        }
    }
    assert_true(changes >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_pairs),
        cmocka_unit_test(random_pairs_of_many_hosts),
        cmocka_unit_test(opaque_conditions_are_told_apart_by_their_sets),
        cmocka_unit_test(random_analyses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
