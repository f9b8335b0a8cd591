/* Validation of tables: whole ones are held against thousands of requests without a word; of damaged ones that the verifier
 * accepts and that decide otherwise, nearly all are noticed; and a compile whose tables are wrong makes no plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/driver.h"
#include "compiler/lower.h"
#include "compiler/validate.h"
#include "runtime/base/fault.h"
#include "runtime/route.h"
#include "tests/unit/ir_build.h"
#include "tests/unit/random.h"
#include "tests/unit/small.h"

/* `object`: the code, where there is some and it is wanted. */
static bool validate_with(const struct ir_program *p, const struct lowered *low, struct slice tables, struct slice object,
                          uint64_t budget_ns, struct validate_report *report, struct buf *why, struct buf *doubt)
{
    struct validate_options o = {.seed = "0123456789abcdef", .budget_ns = budget_ns};
    bool code = low->pred_shapes + low->value_shapes > 0;
    struct decider *d = decider_open_made(p, tables, code, object);
    bool same = validate_tables(p, d, &o, report, why, doubt);
    decider_close(&d);
    return same;
}

static bool validate(const struct ir_program *p, const struct lowered *low, struct slice tables, uint64_t budget_ns,
                     struct validate_report *report, struct buf *why, struct buf *doubt)
{
    return validate_with(p, low, tables, (struct slice){NULL, 0}, budget_ns, report, why, doubt);
}

static void refuse(const struct buf *why)
{
    if (why->len)
        fail_msg("%.*s", SLICE_ARG(buf_view(why)));
}

/* ---- programs as they are ---------------------------------------------------------------------- */

static void random_programs_pass(void **state)
{
    (void)state;
    uint64_t requests = 0, undecided = 0, coded = 0;
    for (uint32_t seed = 1; seed <= 150; seed++) {
        struct random r = {.state = seed * 7919};
        struct compilation c;
        struct lines l = {0};
        struct buf text = {0}, object = {0}, why = {0}, doubt = {0};
        struct lowered low = {0};
        struct validate_report report;
        compilation_begin(&c);
        draw_lines(&r, &l);
        put_program(&l, seed, &text);
        const struct ir_program *p = checked(&c, "random.weir", buf_view(&text));
        assert_non_null(p);
        assert_null(lower_program(&c.arena, p, &low));
        if (seed % 16 == 0) {
            struct plan_build_options o = {0};
            assert_true(plan_glue(buf_view(&low.glue), &o, &object, NULL, &why));
            why.len = 0;
        }
        validate_with(p, &low, buf_view(&low.tables), buf_view(&object), UINT64_MAX, &report, &why, &doubt);
        refuse(&why);
        refuse(&doubt);
        assert_true(report.complete);
        coded += object.len && report.undecided == 0;
        buf_free(&object);
        buf_free(&why);
        requests += report.requests;
        undecided += report.undecided;
        buf_free(&low.tables);
        buf_free(&low.glue);
        buf_free(&text);
        for (uint32_t i = 0; i < COUNT(l.v); i++)
            buf_free(&l.v[i]);
        compilation_end(&c);
    }
    print_message("%u requests, %u undecided\n", (unsigned)requests, (unsigned)undecided);
    assert_true(requests > 1500);
    assert_true(coded > 3);
}

static struct ir_expr *host_is(struct ir_build *b, uint32_t tenant, uint64_t *seed)
{
    char s[64];
    static const char *const forms[] = {"www.t%u.example", "*.t%u.example", "**.u%u.example", "t%u.example"};
    uint32_t form = rnd(seed, 4);
    snprintf(s, sizeof s, forms[form], tenant);
    return build_test(b, form == 1 || form == 2 ? IR_LIKE : IR_EQ, build_field(b, IR_FIELD_HOST, NULL), s);
}

static struct ir_expr *rest_is(struct ir_build *b, uint32_t i, uint64_t *seed)
{
    char s[64];
    struct ir_expr *path = build_field(b, IR_FIELD_PATH, NULL);
    switch (rnd(seed, 9)) {
    case 0:
        return build_test(b, IR_UNDER, path, (snprintf(s, sizeof s, "/api/v%u", i % 7), s));
    case 1:
        return build_test(b, IR_STARTS_WITH, path, (snprintf(s, sizeof s, "/p%u-", i % 11), s));
    case 2:
        return build_test(b, IR_ENDS_WITH, path, i % 2 ? ".png" : "/index");
    case 3:
        return build_test(b, IR_CONTAINS, path, (snprintf(s, sizeof s, "/part%u/", i), s));
    case 4:
        return build_test(b, IR_LIKE, path, (snprintf(s, sizeof s, "/a%u/*/z", i % 5), s));
    case 5:
        return build_test(b, IR_MATCHES, path, (snprintf(s, sizeof s, "^/r%u/[0-9]+$", i), s));
    case 6:
        return build_test(b, IR_EQ, build_field(b, IR_FIELD_HEADER, "x-tenant"), (snprintf(s, sizeof s, "n%u", i), s));
    case 7:
        return build_test(b, IR_EQ, build_field(b, IR_FIELD_METHOD, NULL), i % 2 ? "POST" : "PUT");
    default: {
        struct ir_set *nets = build_set(b, IR_KEY_CIDR);
        build_row(b, nets, (snprintf(s, sizeof s, "10.%u.0.0/16", i % 200), s));
        return build_in(b, build_field(b, IR_FIELD_CLIENT_IP, NULL), nets);
    }
    }
}

static void make_program(struct ir_build *b, uint64_t seed, uint32_t rules)
{
    build_begin(b);
    struct ir_backend *x = build_backend(b, "x"), *y = build_backend(b, "y");
    for (uint32_t i = 0; i < rules; i++) {
        struct ir_expr *rest = rest_is(b, i, &seed);
        build_use(b, i % 2 ? x : y, rnd(&seed, 3) ? build_two(b, IR_AND, host_is(b, rnd(&seed, rules / 4 + 1), &seed), rest) : rest);
    }
    build_use(b, x, NULL);
    for (uint32_t i = 0; i < b->f->route.n; i++)
        b->f->route.v[i].label = SLICE("rule");
}

static void end_program(struct ir_build *b, struct lowered *low)
{
    buf_free(&low->tables);
    buf_free(&low->glue);
    arena_free(&b->a);
}

/* Of many rules, each request meets few; and a budget is kept. */
static void many_rules_pass(void **state)
{
    (void)state;
    struct ir_build b;
    struct lowered low = {0};
    struct validate_report report;
    struct buf why = {0}, doubt = {0};
    make_program(&b, 17, 1500);
    assert_null(lower_program(&b.a, &b.p, &low));
    validate(&b.p, &low, buf_view(&low.tables), UINT64_MAX, &report, &why, &doubt);
    refuse(&why);
    refuse(&doubt);
    assert_true(report.complete);
    print_message("%u rules, %u requests, %u wide\n", (unsigned)report.rules, (unsigned)report.requests, (unsigned)report.wide);
    assert_true(report.rules > 1200);
    assert_true(report.requests > 10000);
    assert_true(report.wide > 100);
    uint64_t all = report.requests;
    validate(&b.p, &low, buf_view(&low.tables), 2000 * 1000, &report, &why, &doubt);
    refuse(&why);
    assert_true(report.requests > 0);
    assert_true(report.requests < all / 10);
    assert_false(report.complete);
    end_program(&b, &low);
}

/* ---- damage ------------------------------------------------------------------------------------ */

enum { ASKED = 400 };

struct asked {
    char host[64], target[96];
    struct eval_header headers[2];
    struct eval_request q;
};

/* Requests for which the rules of make_program() were not looked at. */
static void make_asked(struct asked *x, uint64_t *seed, uint32_t rules)
{
    static const char *const hosts[] = {"www.t%u.example", "a.t%u.example", "a.b.u%u.example", "t%u.example", "b.u%u.example"};
    static const char *const targets[] = {"/api/v%u/x", "/p%u-x", "/a%u/x/z", "/r%u/17", "/x/part%u/y", "/v%u.png", "/%u/index"};
    static const char *const methods[] = {"GET", "GET", "POST", "PUT"};
    char value[16], ip[32];
    uint32_t few = rnd(seed, 2) ? 12 : rules;
    snprintf(x->host, sizeof x->host, PICK(seed, hosts), rnd(seed, rules / 4 + 1));
    snprintf(x->target, sizeof x->target, PICK(seed, targets), rnd(seed, few));
    snprintf(value, sizeof value, "n%u", rnd(seed, rules));
    snprintf(ip, sizeof ip, "10.%u.3.4", rnd(seed, 200));
    static char values[ASKED][16];
    char *kept = values[rnd(seed, ASKED)];
    memcpy(kept, value, sizeof value);
    x->headers[0] = (struct eval_header){SLICE("Host"), slice_of(x->host)};
    x->headers[1] = (struct eval_header){SLICE("X-Tenant"), slice_of(kept)};
    x->q = (struct eval_request){.method = slice_of(PICK(seed, methods)), .target = slice_of(x->target), .headers = x->headers,
                                 .nheaders = 1 + rnd(seed, 2), .client_port = 50000};
    ip_parse(slice_of(ip), &x->q.client_ip);
}

struct damage {
    struct ir_build b;
    struct lowered low;
    struct decider *whole, *damaged;
    char *copy;
    struct asked asked[ASKED];
};

static bool decides_otherwise(struct damage *d)
{
    struct arena a = {0};
    bool differs = false;
    for (uint32_t i = 0; i < ASKED && !differs; i++) {
        struct eval_result x = {0}, y = {0};
        bool p = decider_try(d->whole, &a, d->b.f, &d->asked[i].q, &x), q = decider_try(d->damaged, &a, d->b.f, &d->asked[i].q, &y);
        differs = p && q && x.rule != y.rule;
    }
    arena_free(&a);
    return differs;
}

static void damage_is_noticed(void **state)
{
    (void)state;
    enum { RULES = 120 };
    struct damage *d = calloc(1, sizeof *d);
    uint64_t seed = 5;
    uint32_t changed = 0, noticed = 0, harmless = 0;
    make_program(&d->b, 23, RULES);
    assert_null(lower_program(&d->b.a, &d->b.p, &d->low));
    struct slice tables = buf_view(&d->low.tables);
    d->copy = malloc(tables.len);
    for (uint32_t i = 0; i < ASKED; i++)
        make_asked(&d->asked[i], &seed, RULES);
    d->whole = decider_open_made(&d->b.p, tables, false, (struct slice){NULL, 0});
    d->damaged = decider_open_made(&d->b.p, (memcpy(d->copy, tables.p, tables.len), (struct slice){d->copy, tables.len}), false,
                                   (struct slice){NULL, 0});
    for (size_t at = 0; at + 4 <= tables.len && changed < 150; at += 4 + 4 * rnd(&seed, 3)) {
        uint32_t word;
        memcpy(d->copy, tables.p, tables.len);
        memcpy(&word, d->copy + at, 4);
        word ^= rnd(&seed, 3) ? 1u << rnd(&seed, 8) : 0xff00u;
        memcpy(d->copy + at, &word, 4);
        if (route_tables_verify((const uint8_t *)d->copy, tables.len))
            continue;
        if (!decides_otherwise(d)) {
            harmless++;
            continue;
        }
        struct validate_report report;
        struct buf why = {0};
        changed++;
        noticed += !validate(&d->b.p, &d->low, (struct slice){d->copy, tables.len}, UINT64_MAX, &report, &why, NULL);
        buf_free(&why);
    }
    print_message("%u damages decide otherwise, %u noticed (%u others)\n", changed, noticed, harmless);
    assert_true(changed > 40);
    assert_true(noticed * 100 >= changed * 95);
    decider_close(&d->whole);
    decider_close(&d->damaged);
    free(d->copy);
    end_program(&d->b, &d->low);
    free(d);
}

/* ---- the command ------------------------------------------------------------------------------- */

#ifdef WEIR_FAULTS
static const char source[] = "language 1\n"
                             "backend x { server s 127.0.0.1:9001 }\n"
                             "backend y { server s 127.0.0.1:9002 }\n"
                             "frontend edge {\n"
                             "  listen 127.0.0.1:8080\n"
                             "  route {\n"
                             "    use y if host == \"www.a.example\" and path under \"/api\"\n"
                             "    use y if host == \"www.b.example\"\n"
                             "    use x\n"
                             "  }\n"
                             "}\n";

/* Tables that the verifier takes and that are wrong, at the first word where that is so. */
static void wrong_tables_make_no_plan(void **state)
{
    (void)state;
    char folder[] = "/tmp/weir-validate-XXXXXX", path[64], out[64];
    uint32_t refused = 0;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/site.weir", folder);
    snprintf(out, sizeof out, "%s/site.plan", folder);
    assert_int_equal(buf_write_file(path, slice_of(source), 0666), 0);
    struct driver_options o = {.format = DIAG_TEXT};
    for (size_t at = 0; at < 4096 && !refused; at += 4) {
        struct buf plan = {0}, said = {0};
        fault_flip_arm(at, 1);
        bool made = driver_build_memory(path, &o, &plan, &said);
        struct slice text = buf_view(&said);
        refused = !made && slice_contains(text, SLICE("the tables do not decide as the program says"));
        if (refused) {
            assert_true(slice_contains(text, SLICE("please report it")));
            assert_true(slice_contains(text, SLICE("\n  the program  use ")));
            fault_flip_arm(at, 1);
            assert_int_equal(driver_build(path, out, &o), 3);
            assert_int_equal(access(out, F_OK), -1);
        }
        buf_free(&plan);
        buf_free(&said);
    }
    fault_flip_arm(0, 0);
    assert_int_equal(refused, 1);
    assert_int_equal(driver_build(path, out, &o), 0);
    assert_int_equal(unlink(out) | unlink(path) | rmdir(folder), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(random_programs_pass), cmocka_unit_test(many_rules_pass), cmocka_unit_test(damage_is_noticed),
#ifdef WEIR_FAULTS
        cmocka_unit_test(wrong_tables_make_no_plan),
#endif
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
