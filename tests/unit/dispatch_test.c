/* Decisions of many rules: what only large plans have (keys with parents, parts of patterns, nodes shared by tenants, filters)
 * against the evaluator; and such plans damaged on purpose, which must be refused or do no harm (run under ASan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "compiler/eval.h"
#include "compiler/lower.h"
#include "runtime/route.h"
#include "runtime/table.h"
#include "tests/unit/ir_build.h"
#include "tests/unit/random.h"
#include "tests/unit/table_plan.h"

enum { SCRATCH = 4096 };

static char *print(char out[128], const char *format, uint32_t n)
{
    snprintf(out, 128, format, n);
    return out;
}

/* ---- programs ---------------------------------------------------------------------------------- */

static struct ir_expr *both(struct ir_build *b, struct ir_expr *x, struct ir_expr *y)
{
    return x && y ? build_two(b, IR_AND, x, y) : x ? x : y;
}

static struct ir_expr *host_test(struct ir_build *b, uint64_t *seed)
{
    static const char *const wide[] = {"**.com", "*.com", "**.x.com", "*.x.com", "**.org", "*.t1.x.com"};
    struct ir_expr *host = build_field(b, IR_FIELD_HOST, NULL);
    char s[128];
    switch (rnd(seed, 9)) {
    case 0:
        return build_test(b, IR_LIKE, host, print(s, "*.t%u.x.com", rnd(seed, 12)));
    case 1:
        return build_test(b, IR_LIKE, host, print(s, "**.t%u.x.com", rnd(seed, 12)));
    case 2:
        return build_test(b, IR_LIKE, host, PICK(seed, wide));
    case 3:
        return build_test(b, IR_EQ, host, print(s, "a.b.t%u.x.com", rnd(seed, 12)));
    case 4:
        return NULL;
    case 5:
        return build_test(b, IR_LIKE, host, print(s, rnd(seed, 2) ? "w*.t%u.x.com" : "*.b.t%u.x.com", rnd(seed, 12)));
    default:
        return build_test(b, IR_EQ, host, print(s, "www.t%u.x.com", rnd(seed, 12)));
    }
}

static struct ir_expr *path_test(struct ir_build *b, uint64_t *seed)
{
    static const char *const texts[] = {"/a", "/api", "/api/v1", "/longer/than/eight", "/", "/api/v1/x", "/img", "/1234567", "/12345678"};
    static const char *const ends[] = {".png", "x", "/y", "/longer/than/eight", "12345678", "2345678"};
    struct ir_expr *path = build_field(b, IR_FIELD_PATH, NULL);
    char s[128];
    uint32_t n = rnd(seed, 40);
    static const char *const globs[] = {"/*/x", "/*.png", "/**/y", "/api/*", "/a*/x", "**/v1", "/*/v1/*"};
    switch (rnd(seed, 20)) {
    case 19:
        return build_test(b, IR_LIKE, path, PICK(seed, globs));
    case 0:
        return build_test(b, IR_EQ, path, PICK(seed, texts));
    case 1:
        return build_test(b, IR_UNDER, path, PICK(seed, texts));
    case 2:
        return build_test(b, IR_STARTS_WITH, path, PICK(seed, texts));
    case 3:
        return build_test(b, IR_ENDS_WITH, path, PICK(seed, ends));
    case 4:
        return build_test(b, IR_CONTAINS, path, print(s, "/part%u/", n));
    case 5:
        return build_test(b, IR_CONTAINS, path, print(s, "%u", n));
    case 6:
        return build_test(b, IR_LIKE, path, print(s, "/*/part%u/**", n));
    case 7:
        return build_test(b, IR_MATCHES, path, print(s, "^/[a-z]+/part%u(/|$)", n));
    case 8:
        return build_test(b, IR_MATCHES, path, print(s, "(one%u|two[0-9]+/x|part3)/y?", n));
    case 9:
        return build_test(b, IR_MATCHES, path, print(s, "(?i)PART%u|[a-c]x+", n));
    case 10:
        return build_test(b, IR_MATCHES, path, print(s, "(part%u/){2}", n));
    /* By what they begin or end with. */
    case 11:
        return build_test(b, IR_MATCHES, path, print(s, "^/part%u(/[a-z]+)?$", n));
    case 12:
        return build_test(b, IR_LIKE, path, print(s, "/part%u/*", n));
    case 13:
        return build_test(b, IR_LIKE, path, print(s, "/**/*/part%u", n));
    /* Without a text: read at once. */
    case 14:
        return build_test(b, IR_MATCHES, path, print(s, "^/[a-z]{%u}[0-9]", n % 9));
    case 15:
        return build_test(b, IR_MATCHES, path, print(s, "(?i)A.*[B-Y]{%u}.*T", n % 5));
    case 16:
        return build_test(b, IR_MATCHES, path, print(s, "[a-z/]{%u}[0-9]+$", n % 13));
    case 17:
        return build_test(b, IR_LIKE, path, n % 2 ? "/*/*" : "/*/*/*");
    default:
        return build_not(b, build_test(b, IR_CONTAINS, path, "/part1/"));
    }
}

static void make_program(struct ir_build *b, uint64_t *seed, uint32_t rules)
{
    static const char *const methods[] = {"GET", "POST", "PROPFIND", "PROPPATCH"};
    build_begin(b);
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t i = 0; i < rules; i++) {
        struct ir_expr *guard = both(b, host_test(b, seed), rnd(seed, 6) ? path_test(b, seed) : NULL);
        if (rnd(seed, 5) == 0 || !guard)
            guard = both(b, guard, build_test(b, IR_EQ, build_field(b, IR_FIELD_METHOD, NULL), PICK(seed, methods)));
        build_use(b, x, guard);
    }
    build_use(b, x, NULL);
}

/* ---- requests ---------------------------------------------------------------------------------- */

struct request {
    struct weir_str str[WEIR_SLOT_FIXED];
    struct weir_facts facts;
    struct weir_scratch scratch;
    char host[128], path[512], memory[SCRATCH];
};

static void add_segment(struct request *q, uint64_t *seed)
{
    static const char *const plain[] = {"/a", "/api", "/v1", "/x", "/y", "/img.png", "/longer/than/eight", "/1234567", "/12345678",
                                        "/-12345678", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    char s[128];
    const char *add = rnd(seed, 2)   ? PICK(seed, plain)
                      : rnd(seed, 6) ? print(s, "/part%u", rnd(seed, 40))
                      : rnd(seed, 2) ? print(s, "/one%u", rnd(seed, 40))
                                     : print(s, "/two%u", rnd(seed, 40));
    if (strlen(q->path) + strlen(add) < sizeof q->path)
        strcat(q->path, add);
}

static void make_request(struct request *q, uint64_t *seed)
{
    static const char *const hosts[] = {"www.t%u.x.com", "a.b.t%u.x.com", "t%u.x.com", "b.t%u.x.com", "c.b.a.t%u.x.com", "w.b.t%u.x.com", "x.com", "a.com",
                                        "com", "www.t%u.x.org", "x.t%ux.com"};
    static const char *const methods[] = {"GET", "POST", "PROPFIND", "PROPPATCH", "PROPFINDS"};
    *q = (struct request){.facts.str = q->str, .facts.scratch = &q->scratch};
    q->scratch = (struct weir_scratch){q->memory, q->memory + SCRATCH, false};
    print(q->host, PICK(seed, hosts), rnd(seed, 14));
    for (uint32_t n = 1 + rnd(seed, 4); n > 0; n--)
        add_segment(q, seed);
    if (rnd(seed, 20) == 0)
        for (uint32_t n = 0; n < 60; n++)
            add_segment(q, seed);
    if (rnd(seed, 4) == 0 && strlen(q->path) + 1 < sizeof q->path)
        strcat(q->path, "/");
    const char *method = PICK(seed, methods);
    q->str[WEIR_SLOT_HOST] = (struct weir_str){q->host, (uint32_t)strlen(q->host)};
    q->str[WEIR_SLOT_PATH] = q->str[WEIR_SLOT_URI] = (struct weir_str){q->path, (uint32_t)strlen(q->path)};
    q->str[WEIR_SLOT_METHOD] = (struct weir_str){method, (uint32_t)strlen(method)};
}

/* Puts the path where nothing behind it can be read. */
static void end_at_edge(struct request *q)
{
    static char *page;
    enum { PAGE = 4096 };
    struct weir_str *path = &q->str[WEIR_SLOT_PATH];
    if (!page) {
        page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(page != MAP_FAILED && mprotect(page + PAGE, PAGE, PROT_NONE) == 0);
    }
    assert_true(path->len <= PAGE);
    path->p = memcpy(page + PAGE - path->len, path->p, path->len);
    q->str[WEIR_SLOT_URI] = *path;
}

static uint32_t decided(const uint8_t *tables, struct request *q)
{
    static struct route_result r;
    struct route_plan plan = table_plan(tables);
    route_run(&plan, 0, &q->facts, &r);
    return r.rule;
}

static struct slice slice_str(struct weir_str s)
{
    return (struct slice){s.p, s.len};
}

static uint32_t evaluated(const struct ir_frontend *f, const struct request *q)
{
    struct arena a = {0};
    struct eval_result r;
    struct eval_header host = {SLICE("Host"), slice_str(q->str[WEIR_SLOT_HOST])};
    struct eval_request e = {.method = slice_str(q->str[WEIR_SLOT_METHOD]), .target = slice_str(q->str[WEIR_SLOT_PATH]),
                             .headers = &host, .nheaders = 1};
    eval_run(&a, f, &e, NULL, NULL, &r);
    uint32_t rule = r.rule ? (uint32_t)(r.rule - f->route.v) : WEIR_NONE;
    arena_free(&a);
    return rule;
}

/* ---- programs against the evaluator ------------------------------------------------------------ */


static void many_rules_decide_as_evaluated(void **state)
{
    (void)state;
    static struct request q;
    uint32_t differ = 0;
    for (uint64_t round = 0; round < 24; round++) {
        uint64_t seed = round * 4711 + 3;
        struct ir_build b;
        struct lowered low;
        make_program(&b, &seed, 40 + rnd(&seed, 400));
        assert_null(lower_program(&b.a, &b.p, &low));
        const char *why = route_tables_verify((const uint8_t *)low.tables.p, low.tables.len);
        if (why)
            fail_msg("round %u: %s", (unsigned)round, why);
        for (uint32_t k = 0; k < 150; k++) {
            make_request(&q, &seed);
            if (k % 2)
                end_at_edge(&q);
            uint32_t want = evaluated(b.f, &q), got = decided((const uint8_t *)low.tables.p, &q);
            if (want == WEIR_NONE)
                continue; /* refused before any rule is asked */
            if (got != want)
                fail_msg("round %u: %s %s: rule %u, not %u", (unsigned)round, q.host, q.path, got, want);
            differ |= want != b.f->route.n - 1;
        }
        buf_free(&low.tables);
        buf_free(&low.glue);
        arena_free(&b.a);
    }
    assert_true(differ);
}

/* ---- patterns in patterns ---------------------------------------------------------------------- */

/* "TOP.a.a…" with n labels behind the first. */
static struct slice nested(char out[1024], const char *top, uint32_t n)
{
    char *p = out + sprintf(out, "%s", top);
    while (n-- > 0)
        p += sprintf(p, ".a");
    return (struct slice){out, (size_t)(p - out)};
}

/* A map of `depth` patterns each inside the one before. Where a plan has it, each decides the host that is its own. */
static bool nested_patterns_decide(uint32_t depth)
{
    static struct request q;
    static struct route_result r;
    struct ir_build b;
    struct lowered low = {.rules = 0};
    char text[1024];
    build_begin(&b);
    struct ir_set *map = build_set(&b, IR_KEY_HOST_PATTERN);
    map->is_map = true;
    map->value_kind = IR_BACKEND;
    for (uint32_t i = 0; i <= depth; i++) {
        struct ir_backend *x = build_backend(&b, "x");
        if (i > 0)
            build_row(&b, map, nested(text, "**", i).p)->backend = x;
    }
    struct ir_rule *rule = build_use(&b, NULL, NULL);
    rule->kind = IR_USE_MAP;
    rule->value = build_lookup(&b, map, build_field(&b, IR_FIELD_HOST, NULL));
    build_use(&b, b.p.backends.v[0], NULL);
    bool ok = lower_program(&b.a, &b.p, &low) == NULL;
    if (ok) {
        assert_null(route_tables_verify((const uint8_t *)low.tables.p, low.tables.len));
        struct route_plan plan = table_plan((const uint8_t *)low.tables.p);
        for (uint32_t i = 0; i <= depth + 1; i++) {
            uint64_t seed = i;
            make_request(&q, &seed);
            struct slice host = nested(text, "x", i);
            q.str[WEIR_SLOT_HOST] = (struct weir_str){host.p, (uint32_t)host.len};
            route_run(&plan, 0, &q.facts, &r);
            assert_int_equal(r.backend, i > depth ? depth : i);
        }
    }
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
    return ok;
}

static void patterns_nest_as_deep_as_a_plan_may_have_them(void **state)
{
    (void)state;
    assert_true(nested_patterns_decide(1));
    assert_true(nested_patterns_decide(40));
    assert_true(nested_patterns_decide(WEIR_PARENTS_MAX));
    assert_false(nested_patterns_decide(WEIR_PARENTS_MAX + 1));
}

/* ---- what is shared ---------------------------------------------------------------------------- */

static size_t tables_of_tenants(uint32_t tenants, const char *path)
{
    struct ir_build b;
    struct lowered low;
    char s[128];
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    for (uint32_t i = 0; i < tenants * 4; i++) {
        struct ir_expr *host = build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HOST, NULL), print(s, "www.t%u.x.com", i / 4));
        build_use(&b, x, both(&b, host, build_test(&b, IR_UNDER, build_field(&b, IR_FIELD_PATH, NULL), print(s, path, i % 4 + i / 4 * 10))));
    }
    build_use(&b, x, NULL);
    assert_null(lower_program(&b.a, &b.p, &low));
    size_t size = low.tables.len;
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
    return size;
}

/* Tenants whose rules differ in where they stand alone have them once; others do not. */
/* Rows that are alike but for a pattern share a node where that is known to hold; what the pattern says of the end is then no
 * filter. */
static void patterns_that_hold_filter_nothing(void **state)
{
    (void)state;
    static struct request q;
    static const char *const paths[] = {"/abc", "/ab", "/b", "/abcb", "/c", "/aab", "/x1b"};
    struct ir_build b;
    struct lowered low;
    char s[128];
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x");
    build_use(&b, x, build_test(&b, IR_MATCHES, build_field(&b, IR_FIELD_PATH, NULL), "b$"));
    build_use(&b, x, build_test(&b, IR_MATCHES, build_field(&b, IR_FIELD_PATH, NULL), "(a|b){2,3}"));
    for (uint32_t i = 1; i < 8; i++)
        build_use(&b, x, build_test(&b, IR_MATCHES, build_field(&b, IR_FIELD_PATH, NULL), print(s, "[x-z]{%u}[0-9]", i)));
    build_use(&b, x, NULL);
    assert_null(lower_program(&b.a, &b.p, &low));
    assert_null(route_tables_verify((const uint8_t *)low.tables.p, low.tables.len));
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        make_request(&q, &seed);
        q.str[WEIR_SLOT_PATH] = q.str[WEIR_SLOT_URI] = (struct weir_str){paths[i], (uint32_t)strlen(paths[i])};
        assert_int_equal(decided((const uint8_t *)low.tables.p, &q), evaluated(b.p.frontends.v[0], &q));
    }
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

static void tenants_of_one_form_share_their_rules(void **state)
{
    (void)state;
    size_t few = tables_of_tenants(1000, "/api"), more = tables_of_tenants(2000, "/api"), apart = tables_of_tenants(1000, "/api/%u");
    assert_true((more - few) / 4000 <= 24);
    assert_true(apart > 2 * few);
}

/* ---- damage ------------------------------------------------------------------------------------ */

struct damage {
    const uint8_t *whole;
    uint8_t *copy;
    size_t len;
    uint32_t refused, accepted;
};

static void try_it(struct damage *d, uint64_t *seed)
{
    static struct request q;
    if (route_tables_verify(d->copy, d->len)) {
        d->refused++;
        return;
    }
    const struct weir_tables *head = (const void *)d->copy;
    d->accepted++;
    if (head->frontends.count == 0 || head->slots.count > 0)
        return;
    for (uint32_t i = 0; i < 6; i++) {
        make_request(&q, seed);
        decided(d->copy, &q);
    }
}

/* Each word of the tables in turn becomes something near or far that an offset, a count or a kind could be. */
static void words_replaced_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 99;
    struct ir_build b;
    struct lowered low;
    make_program(&b, &seed, 300);
    assert_null(lower_program(&b.a, &b.p, &low));
    struct damage d = {.whole = (const uint8_t *)low.tables.p, .copy = malloc(low.tables.len), .len = low.tables.len};
    for (size_t at = 0; at + 4 <= d.len; at += 4 + 4 * rnd(&seed, 6)) {
        uint32_t was, word;
        memcpy(&was, d.whole + at, 4);
        const uint32_t values[] = {0, 1, was + 4, was - 4, was ^ 1, was << 16 | was >> 16, 0xffffffff, 0x7fffffff, (uint32_t)d.len - 4,
                                   rnd(&seed, (uint32_t)d.len) & ~3u, rnd(&seed, 256)};
        word = PICK(&seed, values);
        memcpy(d.copy, d.whole, d.len);
        memcpy(d.copy + at, &word, 4);
        try_it(&d, &seed);
    }
    assert_true(d.refused > 100);
    assert_true(d.accepted > 100);
    free(d.copy);
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

/* Each test below changes one thing in a plan of hosts and patterns. */
static const struct weir_group *find_group(uint8_t *t, enum weir_probe probe)
{
    const struct weir_tables *head = (const void *)t;
    const struct weir_frontend *f = table_at(t, head->frontends.off);
    const struct weir_step *s = table_at(t, f->steps.off);
    const struct weir_group *g;
    for (uint32_t node = s->node; node; node = g->next) {
        assert_int_equal(node & 1, 0);
        g = table_at(t, node);
        if (g->kind == WEIR_GROUP_KEYS && ((const struct weir_table *)table_at(t, g->at))->probe == probe)
            return g;
    }
    fail_msg("the program has no such table");
    return NULL;
}

static struct weir_table *find_table(uint8_t *t, enum weir_probe probe)
{
    return (struct weir_table *)(uintptr_t)table_at(t, find_group(t, probe)->at);
}

static struct weir_record *find_record(uint8_t *t, const struct weir_table *table, uint32_t form)
{
    const struct weir_bucket *b = table_at(t, table->slots);
    for (uint32_t i = 0; i < table->buckets * WEIR_BUCKET; i++) {
        uint32_t at = b[i / WEIR_BUCKET].record[i % WEIR_BUCKET];
        if (b[i / WEIR_BUCKET].tag[i % WEIR_BUCKET] && table_record_form(table_at(t, at)) == form)
            return (struct weir_record *)(uintptr_t)table_at(t, at);
    }
    fail_msg("the table has no such key");
    return NULL;
}

static void set_parent(struct weir_record *r, uint32_t to)
{
    ((struct weir_lead *)(void *)r)[-1].parent = to;
}

static void parent_is_itself(uint8_t *t)
{
    struct weir_record *r = find_record(t, find_table(t, WEIR_PROBE_HOST), 2);
    set_parent(r, (uint32_t)((uint8_t *)r - t));
}

static void parent_is_longer(uint8_t *t)
{
    struct weir_table *table = find_table(t, WEIR_PROBE_HOST);
    set_parent(find_record(t, table, 1), (uint32_t)((uint8_t *)find_record(t, table, 0) - t));
}

static void parent_is_outside(uint8_t *t)
{
    set_parent(find_record(t, find_table(t, WEIR_PROBE_HOST), 0), 0xfffffff0);
}

static void parent_is_the_head(uint8_t *t)
{
    set_parent(find_record(t, find_table(t, WEIR_PROBE_HOST), 0), 4);
}

static void search_has_no_end(uint8_t *t)
{
    struct weir_table *table = find_table(t, WEIR_PROBE_HOST);
    struct weir_bucket *b = (struct weir_bucket *)(uintptr_t)table_at(t, table->slots);
    for (uint32_t i = 0; i < table->buckets; i++)
        b[i].more = 1;
}

static void table_has_no_bucket(uint8_t *t)
{
    find_table(t, WEIR_PROBE_HOST)->buckets = 0;
}

static void part_is_too_long(uint8_t *t)
{
    *(uint32_t *)(uintptr_t)table_at(t, find_table(t, WEIR_PROBE_INFIX)->lens.off) = 9;
}

static void part_is_empty(uint8_t *t)
{
    struct weir_table *table = find_table(t, WEIR_PROBE_INFIX);
    ((uint32_t *)(uintptr_t)table_at(t, table->lens.off))[table->lens.count - 1] = 0;
}

static void bloom_is_too_large(uint8_t *t)
{
    find_table(t, WEIR_PROBE_INFIX)->bloom_bits = 33;
}

static void bloom_is_too_small(uint8_t *t)
{
    find_table(t, WEIR_PROBE_INFIX)->bloom_bits = 2;
}

static void bloom_is_outside(uint8_t *t)
{
    find_table(t, WEIR_PROBE_INFIX)->bloom_bits = 31;
}

/* A run of more than one row. */
static struct weir_rows *find_rows(uint8_t *t)
{
    const struct weir_table *table = find_table(t, WEIR_PROBE_HOST);
    const struct weir_bucket *b = table_at(t, table->slots);
    for (uint32_t i = 0; i < table->buckets * WEIR_BUCKET; i++) {
        const struct weir_record *r = table_at(t, b[i / WEIR_BUCKET].record[i % WEIR_BUCKET]);
        if (b[i / WEIR_BUCKET].tag[i % WEIR_BUCKET] && r->value & 1)
            return (struct weir_rows *)(uintptr_t)table_at(t, r->value & ~1u);
    }
    fail_msg("no host leads to a run");
    return NULL;
}

static void run_is_empty(uint8_t *t)
{
    find_rows(t)->count = 0;
}

static void run_is_too_large(uint8_t *t)
{
    find_rows(t)->count = WEIR_ROWS_MAX + 1;
}

static uint16_t *row_atoms(struct weir_rows *rows)
{
    return (uint16_t *)((uint8_t *)(rows + 1) + 12 * rows->count);
}

static void tests_are_in_the_head(uint8_t *t)
{
    row_atoms(find_rows(t))[0] = 1;
}

static void tests_are_cut(uint8_t *t)
{
    struct weir_rows *rows = find_rows(t);
    row_atoms(rows)[rows->count] += 1;
}

static void tests_go_backwards(uint8_t *t)
{
    row_atoms(find_rows(t))[1] = 0;
}

static void filter_is_outside(uint8_t *t)
{
    struct weir_rows *rows = find_rows(t);
    ((uint8_t *)(row_atoms(rows) + rows->count + 1))[0] = WEIR_FILTER_LAST + 1;
}

static void filter_shifts_too_far(uint8_t *t)
{
    struct weir_rows *rows = find_rows(t);
    ((uint8_t *)(row_atoms(rows) + rows->count + 1))[rows->count] = 64;
}

static const struct weir_group *find_union(uint8_t *t)
{
    const struct weir_tables *head = (const void *)t;
    const struct weir_frontend *f = table_at(t, head->frontends.off);
    const struct weir_step *s = table_at(t, f->steps.off);
    const struct weir_group *g;
    for (uint32_t node = s->node; node; node = g->next) {
        g = table_at(t, node);
        if (g->kind == WEIR_GROUP_UNION)
            return g;
    }
    fail_msg("no patterns are read at once");
    return NULL;
}

static struct weir_union *union_of(uint8_t *t)
{
    return (struct weir_union *)(uintptr_t)table_at(t, find_union(t)->at);
}

static void choices_are_outside(uint8_t *t)
{
    union_of(t)->choices = ((const struct weir_tables *)(void *)t)->size_lo - 8;
}

static void union_is_no_dfa(uint8_t *t)
{
    ((struct weir_automaton *)(uintptr_t)table_at(t, union_of(t)->automaton))->kind = WEIR_AUTOMATON_PIECES;
}

static void choice_leads_to_its_own_group(uint8_t *t)
{
    const struct weir_union *u = union_of(t);
    const struct weir_automaton *m = table_at(t, u->automaton);
    ((struct weir_choice *)(uintptr_t)table_at(t, u->choices))[m->size - 1].node = (uint32_t)((const uint8_t *)find_union(t) - t);
}

static void union_is_about_the_address(uint8_t *t)
{
    ((struct weir_group *)(uintptr_t)find_union(t))->slot = WEIR_SUBJECT_IP;
}

static void step_is_in_no_file(uint8_t *t)
{
    const struct weir_tables *head = (const void *)t;
    const struct weir_frontend *f = table_at(t, head->frontends.off);
    ((struct weir_step *)(uintptr_t)table_at(t, f->steps.off))->files.count = 0;
}

static void host_program(struct ir_build *b)
{
    char s[128];
    build_begin(b);
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t i = 0; i < 90; i++) {
        struct ir_expr *host = build_field(b, IR_FIELD_HOST, NULL), *path = build_field(b, IR_FIELD_PATH, NULL);
        static const char *const forms[] = {"*.t%u.x.com", "**.s%u.x.com", "www.t%u.x.com"};
        build_use(b, x, build_test(b, i % 3 == 2 ? IR_EQ : IR_LIKE, host, print(s, forms[i % 3], i / 3)));
        build_use(b, x, build_test(b, IR_CONTAINS, path, print(s, "/part%u/", i)));
    }
    for (uint32_t i = 1; i < 12; i++)
        build_use(b, x, build_test(b, IR_MATCHES, build_field(b, IR_FIELD_PATH, NULL), print(s, "^/[a-z]{%u}[0-9]", i)));
    build_use(b, x, NULL);
}

static void each_damage_is_refused(void **state)
{
    (void)state;
    static const struct {
        void (*make)(uint8_t *t);
        const char *why;
    } damages[] = {
        {parent_is_itself, "not in order"},   {parent_is_longer, "not in order"},      {parent_is_outside, "outside"},
        {parent_is_the_head, "another thing"}, {search_has_no_end, "is full"},          {table_has_no_bucket, "wrong size"},
        {part_is_too_long, "wrong length"},   {part_is_empty, "wrong length"},         {bloom_is_too_large, "wrong size"},
        {bloom_is_too_small, "wrong size"},   {bloom_is_outside, "outside"},           {run_is_empty, "wrong size"},
        {run_is_too_large, "wrong size"},     {tests_are_in_the_head, "malformed"},    {tests_are_cut, "malformed"},
        {tests_go_backwards, "malformed"},    {filter_is_outside, "malformed"},        {filter_shifts_too_far, "malformed"},
        {step_is_in_no_file, "no file"},      {choices_are_outside, "outside"},        {union_is_no_dfa, "no DFA"},
        {choice_leads_to_its_own_group, "too deep"}, {union_is_about_the_address, "unknown slot"},
    };
    struct ir_build b;
    struct lowered low;
    host_program(&b);
    assert_null(lower_program(&b.a, &b.p, &low));
    uint8_t *copy = malloc(low.tables.len);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        memcpy(copy, low.tables.p, low.tables.len);
        assert_null(route_tables_verify(copy, low.tables.len));
        damages[i].make(copy);
        const char *why = route_tables_verify(copy, low.tables.len);
        if (!why || !strstr(why, damages[i].why))
            fail_msg("damage %zu: %s, not %s", i, why ? why : "accepted", damages[i].why);
    }
    free(copy);
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

/* The fuzzer of tables mutates these: tables of another ABI would be refused at once, whatever is done to them. */
static void the_fuzzer_has_tables_that_verify(void **state)
{
    (void)state;
    static const char *const names[] = {"hosts", "patterns", "rest"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        struct buf file = {0};
        snprintf(path, sizeof path, "tests/fuzz/tables/%s", names[i]);
        assert_int_equal(buf_read_file(&file, path), 0);
        const char *why = route_tables_verify((const uint8_t *)file.p, file.len);
        if (why)
            fail_msg("%s: %s; run tests/fuzz/tables.sh", path, why);
        buf_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rules_decide_as_evaluated),
        cmocka_unit_test(patterns_nest_as_deep_as_a_plan_may_have_them),
        cmocka_unit_test(tenants_of_one_form_share_their_rules),
        cmocka_unit_test(patterns_that_hold_filter_nothing),
        cmocka_unit_test(words_replaced_do_no_harm),
        cmocka_unit_test(each_damage_is_refused),
        cmocka_unit_test(the_fuzzer_has_tables_that_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
