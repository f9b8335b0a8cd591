/* Any bytes as a configuration: the checker ends, its messages can be rendered, and a program that it accepts
 * keeps the promises of ir.h, also after its tests were run. A byte 0x1e ends the configuration; what follows is the data file "d", and
 * after another one the imported file "m.weir". Files are looked for below a folder that does not exist, so
 * none of the machine is read. */
#include <stdint.h>
#include <stdlib.h>

#include "compiler/check.h"
#include "compiler/test_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_set(const struct ir_program *p, const struct ir_set *s)
{
    check(s->index < p->sets.n && p->sets.v[s->index] == s);
    for (uint32_t i = 0; i < s->rows.n; i++)
        check(!s->is_map || s->value_kind != IR_BACKEND || s->rows.v[i].backend);
    check(!s->has_default || s->value_kind != IR_BACKEND || s->fallback.backend);
}

static void check_expr(const struct ir_program *p, const struct ir_expr *e)
{
    check(e->pos.line > 0 && e->pos.file < p->sources.n);
    if (e->op == IR_IN || e->op == IR_LOOKUP)
        check_set(p, e->set);
    for (uint32_t i = 0; i < e->nargs; i++)
        check_expr(p, e->args[i]);
}

static void check_rule(const struct ir_program *p, const struct ir_rule *r)
{
    if (r->guard)
        check(r->guard->kind == IR_BOOL);
    if (r->guard)
        check_expr(p, r->guard);
    if (r->value)
        check_expr(p, r->value);
    for (uint32_t i = 0; i < r->headers.n; i++)
        check_expr(p, r->headers.v[i].value);
    check(r->kind != IR_USE || r->backend);
    check(r->kind != IR_USE_MAP || (r->value->op == IR_LOOKUP && r->value->kind == IR_BACKEND));
}

static void check_program(const struct ir_program *p)
{
    for (uint32_t i = 0; i < p->backends.n; i++)
        check(p->backends.v[i]->servers.n && p->backends.v[i]->connect_ms && p->backends.v[i]->idle_ms);
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        check(f->listens.n && f->route.n && !f->route.v[f->route.n - 1].guard);
        for (uint32_t k = 0; k < f->on_request.n; k++)
            check_rule(p, &f->on_request.v[k]);
        for (uint32_t k = 0; k < f->route.n; k++)
            check_rule(p, &f->route.v[k]);
    }
}

/* Runs the tests, and writes what came of them. */
static void run_tests(struct compilation *c, const struct ir_program *p)
{
    static const enum test_format formats[] = {TEST_TEXT, TEST_TAP, TEST_JUNIT};
    struct test_run run;
    test_run(&c->arena, p, (struct slice){NULL, 0}, &run);
    check(run.passed + run.failed == p->tests.n);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct test_report report = {.format = formats[i], .coverage = true};
        struct buf out = {0};
        test_report_file(&report, "site.weir", &run);
        test_report_end(&report, &out);
        buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"no-such-folder/site.weir", "no-such-folder/d",
                                        "no-such-folder/m.weir"};
    struct compilation c;
    struct slice rest = {size ? (const char *)data : "", size};
    struct buf out = {0};
    compilation_begin(&c);
    for (size_t i = 0; i < 3; i++) {
        const char *end = i < 2 && rest.len ? memchr(rest.p, 0x1e, rest.len) : NULL;
        struct slice part = {rest.p, end ? (size_t)(end - rest.p) : rest.len};
        source_from_text(&c.sources, slice_of(names[i]), arena_copy(&c.arena, part));
        rest = slice_from(rest, end ? part.len + 1 : rest.len);
    }
    struct ir_program *p = check_file(&c, names[0]);
    check((p != NULL) == (c.diags.errors == 0));
    if (p) {
        check_program(p);
        run_tests(&c, p);
        check_program(p);
    }
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    diag_render(&c.diags, DIAG_JSON, false, &out);
    buf_free(&out);
    compilation_end(&c);
    return 0;
}
