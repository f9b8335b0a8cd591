/* Evaluator against plan: random programs as text go through the scanner, the parser and the checker; random
 * requests are decided by the evaluator over the typed program and, as bytes, by the compiled plan. Any
 * difference ends it with 1. differential [--seconds N] [--seed S] [--programs N] [--glue N] One program in N
 * (GLUE_EVERY) may need generated code, which takes a run of the C compiler. One in CODEC_EVERY is read back
 * from its canonical form before it is evaluated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/check.h"
#include "compiler/ir_codec.h"
#include "runtime/base/clock.h"
#include "tests/fuzz/generate.h"
#include "tests/route/plan_side.h"

enum { REQUESTS = 400, GLUE_EVERY = 60, CODEC_EVERY = 8 };

struct totals {
    uint64_t programs, glued, requests, refused;
};

static void show(const char *title, struct slice text)
{
    printf("--- %s\n%.*s", title, SLICE_ARG(text));
}

/* The lines that differ are what people look for, so everything is printed. */
static void show_difference(struct slice program, const struct eval_request *q, const struct buf *said,
                            const struct buf *planned)
{
    struct buf bytes = {0};
    char ip[IP_TEXT_MAX];
    decider_write_request(q, &bytes);
    show("program", program);
    show("request", buf_view(&bytes));
    printf("--- from %.*s:%u%s\n", (int)ip_format(&q->client_ip, ip), ip, q->client_port,
           q->tls ? ", TLS" : "");
    show("evaluator", buf_view(said));
    show("plan", buf_view(planned));
    buf_free(&bytes);
}

/* The program as its canonical form says it. */
static const struct ir_program *recoded(struct arena *a, const struct ir_program *p)
{
    struct buf canonical = {0}, places = {0};
    const char *why;
    ir_encode(a, p, &canonical, &places);
    const struct ir_program *again = ir_decode(a, buf_view(&canonical), buf_view(&places), &why);
    if (!again)
        printf("the canonical form does not come back: %s\n", why);
    buf_free(&canonical);
    buf_free(&places);
    return again;
}

static bool compare_requests(struct generate *g, const struct ir_program *evaluated,
                             const struct ir_program *p, struct decider *plan, struct slice text,
                             struct totals *t)
{
    struct buf said = {0}, planned = {0};
    bool same = true;
    for (uint32_t i = 0; i < REQUESTS && same; i++) {
        struct generated_request r;
        said.len = planned.len = 0;
        generate_request(g, &r);
        eval_side_describe(evaluated->frontends.v[0], &r.q, &said);
        plan_side_describe(plan, p, p->frontends.v[0], &r.q, &planned);
        same = slice_eq(buf_view(&said), buf_view(&planned));
        if (!same)
            show_difference(text, &r.q, &said, &planned);
        t->requests++;
        t->refused += slice_starts(buf_view(&said), SLICE("refused"));
        arena_free(&r.a);
    }
    buf_free(&said);
    buf_free(&planned);
    return same;
}

static bool run_checked(struct generate *g, struct compilation *c, const struct ir_program *p,
                        struct slice text, struct totals *t)
{
    struct buf why = {0};
    const struct ir_program *evaluated = t->programs % CODEC_EVERY == 0 ? recoded(&c->arena, p) : p;
    struct decider *plan = decider_open(p, g->glue ? DECIDER_COMPILES : DECIDER_TABLES_ONLY, &why);
    bool ok = evaluated != NULL;
    if (decider_plan(plan) && ok) {
        t->glued += decider_has_code(plan);
        ok = compare_requests(g, evaluated, p, plan, text, t);
    } else if (!decider_plan(plan) && why.len) {
        show("program", text);
        printf("--- no plan: %.*s\n", SLICE_ARG(buf_view(&why)));
        ok = false;
    }
    decider_close(&plan);
    buf_free(&why);
    return ok;
}

static bool run_program(struct generate *g, struct totals *t)
{
    struct compilation c;
    struct buf text = {0}, said = {0};
    generate_program(g, &text);
    compilation_begin(&c);
    source_from_text(&c.sources, SLICE("fuzz.weir"), arena_copy(&c.arena, buf_view(&text)));
    const struct ir_program *p = check_file(&c, "fuzz.weir");
    bool ok = false;
    if (p) {
        ok = run_checked(g, &c, p, buf_view(&text), t);
    } else {
        diag_render(&c.diags, DIAG_TEXT, false, &said);
        show("program", buf_view(&text));
        show("the checker refuses it", buf_view(&said));
    }
    t->programs++;
    buf_free(&text);
    buf_free(&said);
    compilation_end(&c);
    return ok;
}

int main(int argc, char **argv)
{
    uint64_t seconds = 10, seed = 1, programs = UINT64_MAX, glue = GLUE_EVERY;
    for (int i = 1; i < argc; i += 2) {
        uint64_t *to = strcmp(argv[i], "--seconds") == 0    ? &seconds
                       : strcmp(argv[i], "--seed") == 0     ? &seed
                       : strcmp(argv[i], "--programs") == 0 ? &programs
                       : strcmp(argv[i], "--glue") == 0     ? &glue
                                                            : NULL;
        if (!to || i + 1 == argc || strtoull(argv[i + 1], NULL, 0) < (to == &glue)) {
            fprintf(stderr, "usage: %s [--seconds N] [--seed S] [--programs N] [--glue N]\n", argv[0]);
            return 2;
        }
        *to = strtoull(argv[i + 1], NULL, 0);
    }
    struct totals t = {0};
    uint64_t end = clock_ns() + seconds * 1000000000u;
    while (clock_ns() < end && t.programs < programs) {
        struct generate g = {.random = seed * 0x9e3779b97f4a7c15u + t.programs,
                             .glue = t.programs % glue == glue - 1};
        uint64_t number = t.programs;
        if (!run_program(&g, &t)) {
            printf("--- seed %llu, program %llu\n", (unsigned long long)seed, (unsigned long long)number);
            return 1;
        }
    }
    printf("%llu programs (%llu with generated code), %llu requests (%llu refused), no difference\n",
           (unsigned long long)t.programs, (unsigned long long)t.glued, (unsigned long long)t.requests,
           (unsigned long long)t.refused);
    return t.requests > 0 ? 0 : 1;
}
