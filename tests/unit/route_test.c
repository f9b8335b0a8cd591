/* Decisions of compiled tables against the conditions that they were made from, on random programs; header edits; what
 * the verifier makes of damaged tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/lower.h"
#include "runtime/base/hash.h"
#include "runtime/route.h"
#include "tests/unit/ir_build.h"
#include "tests/unit/random.h"
#include "tests/unit/table_plan.h"

/* ---- requests ---------------------------------------------------------------------------------- */

enum { SLOTS_MAX = 16, SCRATCH = 4096 };

struct request {
    struct weir_str str[SLOTS_MAX];
    struct weir_facts facts;
    struct weir_scratch scratch;
    char memory[SCRATCH];
};

static struct weir_str text(const char *s)
{
    return (struct weir_str){s, s ? (uint32_t)strlen(s) : 0};
}

static const char *const hosts[] = {"a.com", "b.com", "x.a.com", "y.x.a.com", "a.org", "", "com", ".a.com"};
static const char *const paths[] = {"/", "/a", "/a/b", "/ab", "/a/b/c", "/b", "*", "/a/", "/a/b.png", "/b/a/b"};
static const char *const methods[] = {"GET", "POST", "HEAD"};
static const char *const values[] = {NULL, "", "v", "vv", "a/b", "v.png", "/a/b"};
static const char *const addresses[] = {"10.0.0.1", "10.1.2.3", "192.168.1.1", "2001:db8::1", "::1"};

static void random_request(struct request *q, const struct weir_tables *head, uint64_t *seed)
{
    memset(q, 0, sizeof *q);
    assert_true(WEIR_SLOT_FIXED + head->slots.count <= SLOTS_MAX);
    q->str[WEIR_SLOT_HOST] = text(PICK(seed, hosts));
    q->str[WEIR_SLOT_PATH] = text(PICK(seed, paths));
    q->str[WEIR_SLOT_METHOD] = text(PICK(seed, methods));
    q->str[WEIR_SLOT_URI] = q->str[WEIR_SLOT_PATH];
    for (uint32_t i = 0; i < head->slots.count; i++)
        q->str[WEIR_SLOT_FIXED + i] = text(PICK(seed, values));
    struct ip_addr ip;
    assert_true(ip_parse(slice_of(PICK(seed, addresses)), &ip));
    memcpy(q->facts.client_ip, ip.b, sizeof ip.b);
    q->facts.str = q->str;
    q->facts.tls_active = rnd(seed, 2);
    q->facts.scratch = &q->scratch;
    q->scratch = (struct weir_scratch){q->memory, q->memory + SCRATCH, false};
}

/* ---- conditions, stated naively ------------------------------------------------------------------ */

struct world {
    const uint8_t *tables;
    const struct request *q;
};

static struct slice field_value(const struct world *w, const struct ir_expr *e)
{
    const struct weir_tables *head = (const void *)w->tables;
    const struct weir_slot *slots = (const void *)(w->tables + head->slots.off);
    uint32_t slot = WEIR_SLOT_HOST;
    if (e->field == IR_FIELD_PATH)
        slot = WEIR_SLOT_PATH;
    if (e->field == IR_FIELD_METHOD)
        slot = WEIR_SLOT_METHOD;
    for (uint32_t i = 0; e->optional && i < head->slots.count; i++) {
        struct slice name = {(const char *)w->tables + slots[i].name.off, slots[i].name.len};
        if (slots[i].kind == (uint32_t)(e->field - IR_FIELD_HEADER) && slice_eq(name, e->str))
            slot = WEIR_SLOT_FIXED + i;
    }
    return (struct slice){w->q->str[slot].p, w->q->str[slot].len};
}

static bool glob(const char *p, const char *pe, const char *s, const char *se, char separator)
{
    if (p == pe)
        return s == se;
    if (*p != '*')
        return s < se && *s == *p && glob(p + 1, pe, s + 1, se, separator);
    bool deep = p + 1 < pe && p[1] == '*';
    for (const char *t = s; t < se && (deep || *t != separator);)
        if (glob(p + 1 + deep, pe, ++t, se, separator))
            return true;
    return false;
}

static bool under(struct slice s, struct slice p)
{
    if (slice_eq(p, SLICE("/")))
        return slice_starts(s, p);
    return slice_starts(s, p) && (s.len == p.len || s.p[p.len] == '/');
}

static bool key_matches(const struct world *w, enum ir_key_kind kind, const struct ir_key *k, struct slice s)
{
    struct ip_addr ip;
    switch (kind) {
    case IR_KEY_CIDR:
        memcpy(ip.b, w->q->facts.client_ip, sizeof ip.b);
        return ip_in_prefix(&ip, &k->cidr);
    case IR_KEY_PATH:
        return under(s, k->str);
    case IR_KEY_PREFIX:
        return slice_starts(s, k->str);
    case IR_KEY_SUFFIX:
        return slice_ends(s, k->str);
    case IR_KEY_HOST_PATTERN:
        return glob(k->str.p, k->str.p + k->str.len, s.p, s.p + s.len, '.');
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_INT:
    case IR_KEY_RANGE:
    case IR_KEY_REGEX:
        return slice_eq(s, k->str);
    }
    return false;
}

static bool in_set(const struct world *w, const struct ir_set *set, struct slice s)
{
    for (uint32_t i = 0; i < set->rows.n; i++)
        if (key_matches(w, set->key_kind, &set->rows.v[i].key, s))
            return true;
    return false;
}

static bool holds(const struct world *w, const struct ir_expr *e)
{
    struct slice s = {NULL, 0}, t = {NULL, 0};
    if (e->op == IR_AND)
        return holds(w, e->args[0]) && holds(w, e->args[1]);
    if (e->op == IR_OR)
        return holds(w, e->args[0]) || holds(w, e->args[1]);
    if (e->op == IR_NOT)
        return !holds(w, e->args[0]);
    if (e->op == IR_FIELD)
        return w->q->facts.tls_active;
    if (e->args[0]->kind == IR_IP)
        return in_set(w, e->set, s);
    s = field_value(w, e->args[0]);
    if (!s.p)
        return false;
    if (e->nargs == 2)
        t = e->args[1]->str;
    switch ((int)e->op) {
    case IR_EQ:
        return slice_eq(s, t);
    case IR_UNDER:
        return under(s, t);
    case IR_STARTS_WITH:
        return slice_starts(s, t);
    case IR_ENDS_WITH:
        return slice_ends(s, t);
    case IR_CONTAINS:
        return slice_contains(s, t);
    case IR_LIKE:
        return glob(e->str.p, e->str.p + e->str.len, s.p, s.p + s.len, e->args[0]->field == IR_FIELD_HOST ? '.' : '/');
    case IR_IN:
        return in_set(w, e->set, s);
    case IR_EXISTS:
        return true;
    }
    fail();
    return false;
}

/* ---- random programs --------------------------------------------------------------------------- */

static struct ir_expr *random_in(struct ir_build *b, uint64_t *seed, struct ir_expr *field)
{
    static const char *const patterns[] = {"a.com", "*.a.com", "**.a.com", "**.com", "*.com", "b.com", "x.a.com"};
    static const char *const cidrs[] = {"10.0.0.0/8", "10.1.0.0/16", "192.168.1.1", "2001:db8::/32", "::/0", "0.0.0.0/0"};
    static const char *const parts[] = {"", "/", "/a", "a.com", ".png", "v", "b", "/a/b"};
    enum ir_key_kind kinds[] = {IR_KEY_STRING, IR_KEY_PATH, IR_KEY_PREFIX, IR_KEY_SUFFIX};
    enum ir_key_kind kind = PICK(seed, kinds);
    if (field->kind == IR_IP)
        kind = IR_KEY_CIDR;
    else if (field->field == IR_FIELD_HOST && rnd(seed, 2))
        kind = IR_KEY_HOST_PATTERN;
    struct ir_set *set = build_set(b, kind);
    for (uint32_t n = 1 + rnd(seed, 4); n > 0; n--) {
        const char *key = kind == IR_KEY_CIDR ? PICK(seed, cidrs) : kind == IR_KEY_HOST_PATTERN ? PICK(seed, patterns)
                          : kind == IR_KEY_STRING                                              ? PICK(seed, hosts)
                                                                                               : PICK(seed, parts);
        if (kind == IR_KEY_PATH && key[0] != '/')
            key = "/b";
        build_row(b, set, key);
    }
    return build_in(b, field, set);
}

static struct ir_expr *random_test(struct ir_build *b, uint64_t *seed)
{
    static const char *const texts[] = {"/a", "/a/b", "a", "b", "com", ".a.com", "v", "/", "GET", "x.a.com", "/b/a"};
    static const char *const prefixes[] = {"/a", "/a/b", "/", "/b"};
    static const char *const globs[] = {"*", "**", "/*", "/a/*", "/**", "/a/**", "/*/b", "**.png", "/a*/b", "*.a.com",
                                        "**.a.com", "**.com", "a.*", "/a/b", "/**/b", "v*", "*/*"};
    enum ir_field fields[] = {IR_FIELD_HOST, IR_FIELD_PATH, IR_FIELD_PATH, IR_FIELD_METHOD, IR_FIELD_HEADER,
                              IR_FIELD_QUERY, IR_FIELD_COOKIE};
    static const char *const keys[] = {"k", "k2"};
    enum ir_field f = PICK(seed, fields);
    struct ir_expr *field = build_field(b, f, f >= IR_FIELD_HEADER ? PICK(seed, keys) : NULL), *e;
    switch (rnd(seed, 10)) {
    case 0:
    case 1:
        return build_test(b, IR_EQ, field, f == IR_FIELD_METHOD ? PICK(seed, methods) : f == IR_FIELD_HOST ? PICK(seed, hosts) : PICK(seed, texts));
    case 2:
        return build_test(b, IR_UNDER, field, PICK(seed, prefixes));
    case 3:
        return build_test(b, IR_STARTS_WITH, field, PICK(seed, texts));
    case 4:
        return build_test(b, IR_ENDS_WITH, field, PICK(seed, texts));
    case 5:
        return build_test(b, IR_CONTAINS, field, PICK(seed, texts));
    case 6:
        return build_test(b, IR_LIKE, field, PICK(seed, globs));
    case 7:
        return random_in(b, seed, field);
    case 8:
        return rnd(seed, 3) ? random_in(b, seed, build_field(b, IR_FIELD_CLIENT_IP, NULL))
                            : build_field(b, IR_FIELD_TLS_ACTIVE, NULL);
    default:
        e = build_expr(b, IR_EXISTS, IR_BOOL, 1);
        e->args[0] = build_field(b, IR_FIELD_HEADER, "k");
        return e;
    }
}

static struct ir_expr *random_guard(struct ir_build *b, uint64_t *seed, uint32_t depth)
{
    uint32_t what = depth ? rnd(seed, 8) : 0;
    if (what < 3)
        return random_test(b, seed);
    if (what == 3)
        return build_not(b, random_guard(b, seed, depth - 1));
    enum ir_op op = what < 7 ? IR_AND : IR_OR;
    return build_two(b, op, random_guard(b, seed, depth - 1), random_guard(b, seed, depth - 1));
}

static void random_program(struct ir_build *b, uint64_t *seed)
{
    build_begin(b);
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t n = 1 + rnd(seed, rnd(seed, 2) ? 160 : 40); n > 0; n--)
        build_use(b, x, random_guard(b, seed, rnd(seed, 4)));
    build_use(b, x, NULL);
}

static uint32_t first_rule(const struct world *w, const struct ir_frontend *f)
{
    for (uint32_t i = 0;; i++)
        if (!f->route.v[i].guard || holds(w, f->route.v[i].guard))
            return i;
}

static void compiled_rules_decide_as_written(void **state)
{
    (void)state;
    static struct request q;
    static struct route_result r;
    for (uint64_t round = 0; round < 400; round++) {
        uint64_t seed = round * 77;
        struct ir_build b;
        struct lowered low;
        random_program(&b, &seed);
        assert_null(lower_program(&b.a, &b.p, &low));
        assert_int_equal(low.pred_shapes, 0);
        const uint8_t *tables = (const uint8_t *)low.tables.p;
        const char *why = route_tables_verify(tables, low.tables.len);
        if (why)
            fail_msg("round %u: %s", (unsigned)round, why);
        struct route_plan plan = table_plan(tables);
        for (uint32_t k = 0; k < 200; k++) {
            random_request(&q, (const void *)tables, &seed);
            struct world w = {tables, &q};
            route_run(&plan, 0, &q.facts, &r);
            uint32_t want = first_rule(&w, b.f);
            if (r.rule != want || r.failed)
                fail_msg("round %u request %u: rule %u, not %u", (unsigned)round, k, r.rule, want);
            assert_int_equal(r.place.line, want + 1);
        }
        buf_free(&low.tables);
        buf_free(&low.glue);
        arena_free(&b.a);
    }
}

/* Whatever verifies must run without touching anything outside the tables (run under ASan). */
static void damaged_tables_never_crash(void **state)
{
    (void)state;
    static struct request q;
    static struct route_result r;
    uint32_t accepted = 0;
    for (uint64_t round = 0; round < 60; round++) {
        uint64_t seed = round * 991;
        struct ir_build b;
        struct lowered low;
        random_program(&b, &seed);
        assert_null(lower_program(&b.a, &b.p, &low));
        char *copy = malloc(low.tables.len);
        for (uint32_t k = 0; k < 60; k++) {
            memcpy(copy, low.tables.p, low.tables.len);
            for (uint32_t flips = 1 + rnd(&seed, 3); flips > 0; flips--)
                copy[rnd(&seed, (uint32_t)low.tables.len)] ^= (char)(1 << rnd(&seed, 8));
            if (route_tables_verify((uint8_t *)copy, low.tables.len))
                continue;
            const struct weir_tables *head = (const void *)copy;
            if (head->frontends.count == 0 || head->slots.count > SLOTS_MAX - WEIR_SLOT_FIXED)
                continue;
            accepted++;
            struct route_plan plan = table_plan((uint8_t *)copy);
            for (uint32_t n = 0; n < 20; n++) {
                random_request(&q, (const void *)low.tables.p, &seed);
                route_run(&plan, 0, &q.facts, &r);
            }
        }
        for (uint32_t cut = 0; cut < low.tables.len; cut += 1 + (uint32_t)low.tables.len / 16)
            assert_non_null(route_tables_verify((uint8_t *)copy, cut));
        free(copy);
        buf_free(&low.tables);
        buf_free(&low.glue);
        arena_free(&b.a);
    }
    assert_true(accepted > 0);
}

/* ---- header edits and maps --------------------------------------------------------------------- */

static struct ir_rule *on_request(struct ir_build *b, enum ir_action_kind kind, const char *name, const char *value)
{
    struct ir_rule *r = vec_push(&b->a, &b->f->on_request);
    r->kind = kind;
    r->name = slice_of(name);
    r->value = value ? build_str(b, slice_of(value)) : NULL;
    return r;
}

static void later_rules_see_header_edits(void **state)
{
    (void)state;
    static struct request q;
    static struct route_result r;
    struct ir_build b;
    struct lowered low;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x"), *y = build_backend(&b, "y");
    on_request(&b, IR_SET_HEADER, "X-A", " one\r\n");
    on_request(&b, IR_ADD_HEADER, "x-a", "two");
    on_request(&b, IR_DEL_HEADER, "X-B", NULL)->guard =
        build_test(&b, IR_EQ, build_field(&b, IR_FIELD_HEADER, "x-a"), "one, two");
    struct ir_expr *has_b = build_expr(&b, IR_EXISTS, IR_BOOL, 1);
    has_b->args[0] = build_field(&b, IR_FIELD_HEADER, "x-b");
    build_use(&b, x, has_b);
    build_use(&b, y, NULL);
    assert_null(lower_program(&b.a, &b.p, &low));
    assert_null(route_tables_verify((uint8_t *)low.tables.p, low.tables.len));
    struct route_plan plan = table_plan((uint8_t *)low.tables.p);
    uint64_t seed = 1;
    random_request(&q, (const void *)low.tables.p, &seed);
    for (uint32_t i = WEIR_SLOT_FIXED; i < SLOTS_MAX; i++)
        q.str[i] = text("here");
    route_run(&plan, 0, &q.facts, &r);
    assert_int_equal(r.kind, WEIR_USE);
    assert_int_equal(r.backend, 1);
    assert_int_equal(r.phase, 1);
    assert_int_equal(r.nedits, 3);
    assert_int_equal(r.edits[0].op, ROUTE_EDIT_SET);
    assert_int_equal(r.edits[0].value.len, 3);
    assert_memory_equal(r.edits[0].value.p, "one", 3);
    assert_memory_equal(r.edits[0].name.p, "X-A", 3);
    assert_int_equal(r.edits[2].op, ROUTE_EDIT_DEL);
    /* Scratch that is used up answers 500: the joined value has no room. */
    random_request(&q, (const void *)low.tables.p, &seed);
    q.scratch.end = q.scratch.next;
    route_run(&plan, 0, &q.facts, &r);
    assert_true(r.failed);
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

static void map_rules_pass_on_what_they_lack(void **state)
{
    (void)state;
    static struct request q;
    static struct route_result r;
    struct ir_build b;
    struct lowered low;
    build_begin(&b);
    struct ir_backend *x = build_backend(&b, "x"), *y = build_backend(&b, "y"), *z = build_backend(&b, "z");
    struct ir_set *map = build_set(&b, IR_KEY_HOST_PATTERN), *nets = build_set(&b, IR_KEY_CIDR);
    map->is_map = nets->is_map = true;
    map->value_kind = nets->value_kind = IR_BACKEND;
    build_row(&b, map, "a.com")->backend = x;
    build_row(&b, map, "**.a.com")->backend = y;
    build_row(&b, nets, "10.0.0.0/8")->backend = x;
    nets->has_default = true;
    nets->fallback.backend = z;
    struct ir_rule *rule = build_use(&b, NULL, NULL);
    rule->kind = IR_USE_MAP;
    rule->value = build_lookup(&b, map, build_field(&b, IR_FIELD_HOST, NULL));
    rule = build_use(&b, NULL, build_test(&b, IR_UNDER, build_field(&b, IR_FIELD_PATH, NULL), "/a"));
    rule->kind = IR_USE_MAP;
    rule->value = build_lookup(&b, nets, build_field(&b, IR_FIELD_CLIENT_IP, NULL));
    build_use(&b, y, NULL);
    assert_null(lower_program(&b.a, &b.p, &low));
    assert_null(route_tables_verify((uint8_t *)low.tables.p, low.tables.len));
    struct route_plan plan = table_plan((uint8_t *)low.tables.p);
    static const struct {
        const char *host, *path, *ip;
        uint32_t rule, backend;
    } cases[] = {
        {"a.com", "/a", "10.0.0.1", 0, 0}, {"q.r.a.com", "/", "10.0.0.1", 0, 1}, {"b.com", "/a", "10.0.0.1", 1, 0},
        {"b.com", "/a/x", "11.0.0.1", 1, 2}, {"b.com", "/b", "11.0.0.1", 2, 1},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t seed = i;
        struct ip_addr ip;
        random_request(&q, (const void *)low.tables.p, &seed);
        q.str[WEIR_SLOT_HOST] = text(cases[i].host);
        q.str[WEIR_SLOT_PATH] = text(cases[i].path);
        assert_true(ip_parse(slice_of(cases[i].ip), &ip));
        memcpy(q.facts.client_ip, ip.b, 16);
        route_run(&plan, 0, &q.facts, &r);
        assert_false(r.failed);
        assert_int_equal(r.rule, cases[i].rule);
        assert_int_equal(r.backend, cases[i].backend);
    }
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_rules_decide_as_written),
        cmocka_unit_test(damaged_tables_never_crash),
        cmocka_unit_test(later_rules_see_header_edits),
        cmocka_unit_test(map_rules_pass_on_what_they_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
