/* What a plan of many rules costs: a decision among thousands takes about what one among a hundred takes, whatever the rules
 * ask; a rule takes few bytes; and the requests are decided right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/lower.h"
#include "runtime/base/clock.h"
#include "runtime/route.h"
#include "tests/unit/ir_build.h"
#include "tests/unit/random.h"
#include "tests/unit/table_plan.h"

enum { FEW = 100, MANY = 6000, REQUESTS = 64, SCRATCH = 4096, TEXT = 128 };

/* Rules of one kind: the test of rule N, and a request that it decides. Where a second field is asked, too, eight rules
 * have the first in common. */
struct form {
    const char *name;
    enum ir_field field;
    enum ir_op op;
    const char *test, *value;
    const char *under;        /* NULL: no second test; else `path under` */
    uint32_t bytes;           /* that a rule may take */
};

static const struct form forms[] = {
    {"hosts", IR_FIELD_HOST, IR_EQ, "www.t%u.example", "www.t%u.example", NULL, 64},
    {"hosts and paths", IR_FIELD_HOST, IR_EQ, "www.t%u.example", "www.t%u.example", "/api/p%u", 72},
    {"host patterns", IR_FIELD_HOST, IR_LIKE, "*.t%u.example", "x.t%u.example", NULL, 64},
    {"deep host patterns", IR_FIELD_HOST, IR_LIKE, "**.t%u.example", "x.y.t%u.example", NULL, 64},
    {"host ends", IR_FIELD_HOST, IR_ENDS_WITH, ".t%u.example", "x.y.t%u.example", NULL, 80},
    {"host globs", IR_FIELD_HOST, IR_LIKE, "www.t%u.*", "www.t%u.com", NULL, 400},
    {"paths", IR_FIELD_PATH, IR_EQ, "/shop/item/%u", "/shop/item/%u", NULL, 64},
    {"path trees", IR_FIELD_PATH, IR_UNDER, "/shop/item%u", "/shop/item%u/x", NULL, 64},
    {"path prefixes", IR_FIELD_PATH, IR_STARTS_WITH, "/shop/item%u-", "/shop/item%u-x", NULL, 80},
    {"path globs", IR_FIELD_PATH, IR_LIKE, "/shop%u/*/edit", "/shop%u/x/edit", NULL, 800},
    {"path ends", IR_FIELD_PATH, IR_ENDS_WITH, "-%u.png", "/img/x-%u.png", NULL, 80},
    {"parts of paths", IR_FIELD_PATH, IR_CONTAINS, "/part%u/", "/a/part%u/b", NULL, 96},
    {"expressions", IR_FIELD_PATH, IR_MATCHES, "^/[a-z]+/part%u(/|$)", "/abc/part%u/b", NULL, 700},
    {"a common part", IR_FIELD_PATH, IR_MATCHES, "^/[a-z]+/part%u/[a-z]+/details$", "/abc/part%u/xyz/details", NULL, 900},
    {"alternatives", IR_FIELD_PATH, IR_MATCHES, "^/[a-z]+/(one%1$u|two%1$u)/[a-z]+$", "/abc/two%u/x", NULL, 1200},
    {"repeated parts", IR_FIELD_PATH, IR_MATCHES, "^/[a-z]+/(part%u-)+$", "/abc/part%u-", NULL, 900},
    {"globs with inner texts", IR_FIELD_PATH, IR_LIKE, "/*/part%u/*/x", "/abc/part%u/xyz/x", NULL, 900},
    {"methods", IR_FIELD_METHOD, IR_EQ, "M%u", "M%u", NULL, 64},
};

static const struct weir_str no_text = {NULL, 0};

struct request {
    struct weir_str str[WEIR_SLOT_FIXED];
    struct weir_facts facts;
    struct weir_scratch scratch;
    char text[TEXT], path[TEXT], memory[SCRATCH];
};

static void make_program(struct ir_build *b, const struct form *f, uint32_t rules)
{
    char text[TEXT];
    build_begin(b);
    struct ir_backend *x = build_backend(b, "x");
    for (uint32_t i = 0; i < rules; i++) {
        snprintf(text, sizeof text, f->test, f->under ? i / 8 : i);
        struct ir_expr *guard = build_test(b, f->op, build_field(b, f->field, NULL), text);
        if (f->under) {
            snprintf(text, sizeof text, f->under, i);
            guard = build_two(b, IR_AND, guard, build_test(b, IR_UNDER, build_field(b, IR_FIELD_PATH, NULL), text));
        }
        build_use(b, x, guard);
    }
    build_use(b, x, NULL);
}

static void make_request(struct request *q, const struct form *f, uint32_t rule)
{
    *q = (struct request){.facts.str = q->str, .facts.scratch = &q->scratch};
    q->scratch = (struct weir_scratch){q->memory, q->memory + SCRATCH, false};
    static const struct weir_str plain[] = {[IR_FIELD_HOST] = {"h.example", 9}, [IR_FIELD_PATH] = {"/x", 2}, [IR_FIELD_METHOD] = {"GET", 3}};
    for (uint32_t i = 0; i < WEIR_SLOT_FIXED; i++)
        q->str[i] = no_text;
    q->str[WEIR_SLOT_HOST] = plain[IR_FIELD_HOST];
    q->str[WEIR_SLOT_PATH] = q->str[WEIR_SLOT_URI] = plain[IR_FIELD_PATH];
    q->str[WEIR_SLOT_METHOD] = plain[IR_FIELD_METHOD];
    uint32_t len = (uint32_t)snprintf(q->text, TEXT, f->value, f->under ? rule / 8 : rule);
    q->str[f->field == IR_FIELD_HOST ? WEIR_SLOT_HOST : f->field == IR_FIELD_PATH ? WEIR_SLOT_PATH : WEIR_SLOT_METHOD] =
        (struct weir_str){q->text, len};
    if (f->under)
        q->str[WEIR_SLOT_PATH] = (struct weir_str){q->path, (uint32_t)snprintf(q->path, TEXT, f->under, rule)};
}

/* The least time that a decision takes, in picoseconds; each is right. */
static uint64_t time_of(const struct lowered *low, const struct form *f, uint32_t rules)
{
    static struct request all[REQUESTS];
    static struct route_result r;
    struct route_plan plan = table_plan((const uint8_t *)low->tables.p);
    uint64_t least = UINT64_MAX, seed = 9;
    uint32_t want[REQUESTS];
    for (uint32_t i = 0; i < REQUESTS; i++) {
        want[i] = rnd(&seed, rules + rules / 8); /* some are decided by the last rule */
        make_request(&all[i], f, want[i]);
        want[i] = want[i] < rules ? want[i] : rules;
    }
    for (uint32_t round = 0; round < 12; round++) {
        uint64_t begin = clock_ns();
        for (uint32_t i = 0; i < REQUESTS; i++) {
            route_run(&plan, 0, &all[i].facts, &r);
            if (r.rule != want[i])
                fail_msg("%s: rule %u, not %u", f->name, r.rule, want[i]);
        }
        uint64_t took = (clock_ns() - begin) * 1000 / REQUESTS;
        least = took < least ? took : least;
    }
    return least;
}

static void measure(const struct form *f, uint32_t rules, uint64_t *time, uint64_t *bytes)
{
    struct ir_build b;
    struct lowered low;
    make_program(&b, f, rules);
    assert_null(lower_program(&b.a, &b.p, &low));
    assert_null(route_tables_verify((const uint8_t *)low.tables.p, low.tables.len));
    *time = time_of(&low, f, rules);
    *bytes = low.tables.len;
    buf_free(&low.tables);
    buf_free(&low.glue);
    arena_free(&b.a);
}

static void many_rules_cost_what_few_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        uint64_t few, many, bytes, least;
        measure(&forms[i], FEW, &few, &least);
        measure(&forms[i], MANY, &many, &bytes);
        uint64_t each = (bytes - least) / (MANY - FEW);
        print_message("%-20s %4u ns, %4u ns, %3u bytes\n", forms[i].name, (unsigned)(few / 1000), (unsigned)(many / 1000), (unsigned)each);
        /* Rules that are tried one by one take 60 times as long. */
        if (many > few * 8 + 200000)
            fail_msg("%s: a decision takes %llu ps, where few rules are %llu", forms[i].name, (unsigned long long)many,
                     (unsigned long long)few);
        if (each > forms[i].bytes)
            fail_msg("%s: a rule takes %u bytes", forms[i].name, (unsigned)each);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_rules_cost_what_few_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
