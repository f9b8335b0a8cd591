/* Lints tell the truth: of random programs, what one condition is said to make sure of in another is held
 * against the evaluator, for random requests; rules that are said never to apply never do; a redirect that is
 * said to lead back to itself is followed, and does.   lints [--seconds N] [--seed S] [--programs N] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lint.h"
#include "compiler/eval.h"
#include "runtime/base/clock.h"
#include "tests/fuzz/generate.h"

enum { REQUESTS = 150, CONDITIONS = 40, CLAIMS = 4000 };

struct said {
    uint32_t x, y;
    bool no_x, no_y;
};

struct trial {
    const struct compilation *c;
    struct slice text;
    const struct ir_frontend *f;
    struct ir_expr *conditions[CONDITIONS];
    uint32_t n;
    struct said claims[CLAIMS];
    uint32_t nclaims;
    bool looked, failed;
    uint64_t held, dead,
        loops; /* claims whose first part held; rules that are said to be dead; loops followed */
};

static void fail(struct trial *t, const char *what)
{
    if (!t->failed)
        printf("--- program\n%.*s--- %s\n", SLICE_ARG(t->text), what);
    t->failed = true;
}

/* ---- claims -------------------------------------------------------------------------------------- */

static void collect(struct trial *t, struct ir_expr *e)
{
    if (t->n == CONDITIONS || e->kind != IR_BOOL)
        return;
    for (uint32_t i = 0; i < t->n; i++)
        if (t->conditions[i] == e)
            return;
    t->conditions[t->n++] = e;
    if (e->op == IR_AND || e->op == IR_OR || e->op == IR_NOT)
        for (uint32_t i = 0; i < e->nargs; i++)
            collect(t, e->args[i]);
}

static void make_claims(struct trial *t)
{
    for (uint32_t i = 0; i < t->f->on_request.n; i++)
        if (t->f->on_request.v[i].guard)
            collect(t, t->f->on_request.v[i].guard);
    for (uint32_t i = 0; i < t->f->route.n; i++)
        if (t->f->route.v[i].guard)
            collect(t, t->f->route.v[i].guard);
    for (uint32_t x = 0; x < t->n; x++)
        for (uint32_t y = 0; y < t->n; y++)
            for (int no = 0; no < 4 && x != y; no++) {
                struct said claim = {x, y, no & 1, no >> 1};
                if (lint_implies((struct lint_fact){t->conditions[x], claim.no_x},
                                 (struct lint_fact){t->conditions[y], claim.no_y}) &&
                    t->nclaims < CLAIMS)
                    t->claims[t->nclaims++] = claim;
            }
}

static void hold_claims(struct trial *t, struct eval_state *s)
{
    bool truth[CONDITIONS];
    for (uint32_t i = 0; i < t->n; i++)
        truth[i] = eval_expr(s, t->conditions[i]).truth;
    for (uint32_t i = 0; i < t->nclaims; i++) {
        const struct said *c = &t->claims[i];
        if (truth[c->x] == c->no_x)
            continue;
        t->held++;
        if (truth[c->y] == c->no_y) {
            char what[200];
            snprintf(what, sizeof what, "%u:%u%s does not make sure of %u:%u%s",
                     t->conditions[c->x]->pos.line, t->conditions[c->x]->pos.col, c->no_x ? " negated" : "",
                     t->conditions[c->y]->pos.line, t->conditions[c->y]->pos.col, c->no_y ? " negated" : "");
            fail(t, what);
        }
    }
}

/* Whether lint `code` stands at the rule's place. */
static bool told(const struct trial *t, enum diag_code code, const struct ir_rule *r)
{
    for (uint32_t i = 0; i < t->c->diags.list.n; i++) {
        const struct diag *d = t->c->diags.list.v[i];
        const struct source *src = t->c->sources.files.v[r->pos.file];
        if (d->code == code && d->primary.span.file == r->pos.file &&
            d->primary.span.off == src->line_starts.v[r->pos.line - 1] + r->pos.col - 1)
            return true;
    }
    return false;
}

static void traced(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct trial *t = ctx;
    (void)in_route;
    if (!t->looked)
        hold_claims(t, s);
    t->looked = true;
    if (!told(t, DIAG_W0501, rule))
        return;
    t->dead++;
    if (applied) {
        char what[100];
        snprintf(what, sizeof what, "the rule in line %u applies", rule->pos.line);
        fail(t, what);
    }
}

/* ---- redirects ----------------------------------------------------------------------------------- */

/* The request that a client makes of a Location: http://host:8080/… or /… */
static void follow(const struct eval_request *q, struct eval_header *headers, uint32_t status,
                   struct slice to, struct eval_request *out)
{
    struct slice head = SLICE("http://");
    *out = *q;
    out->headers = headers;
    out->nheaders = 0;
    bool absolute = slice_starts(to, head);
    size_t end = absolute ? head.len : 0;
    while (absolute && end < to.len && to.p[end] != '/')
        end++;
    if (absolute)
        headers[out->nheaders++] = (struct eval_header){SLICE("Host"), {to.p + head.len, end - head.len}};
    for (uint32_t i = 0; i < q->nheaders; i++)
        if (!absolute || !slice_eq_nocase(q->headers[i].name, SLICE("host")))
            headers[out->nheaders++] = q->headers[i];
    out->target = slice_from(to, end);
    if (absolute)
        out->tls = false;
    if (status != 307 && status != 308)
        out->method = SLICE("GET");
}

static void check_loop(struct trial *t, const struct eval_request *q, const struct eval_result *first)
{
    struct eval_header headers[GENERATE_HEADERS_MAX + 1];
    struct eval_request again;
    struct eval_result second;
    struct arena a = {0};
    if (first->outcome != EVAL_REDIRECT || !told(t, DIAG_W0503, first->rule) ||
        q->nheaders > GENERATE_HEADERS_MAX)
        return;
    if (q->target.len && q->target.p[0] != '/')
        return; /* absolute-form: its host is not the header's */
    follow(q, headers, first->status, first->value, &again);
    eval_run(&a, t->f, &again, NULL, NULL, &second);
    t->loops++;
    if (second.rule != first->rule) {
        char what[200];
        snprintf(what, sizeof what, "the redirect in line %u to %.*s does not lead back to itself: %.*s",
                 first->rule->pos.line, SLICE_ARG(first->value),
                 SLICE_ARG(second.rule ? second.rule->label : SLICE("refused")));
        fail(t, what);
    }
    arena_free(&a);
}

/* ---- programs ------------------------------------------------------------------------------------ */

/* The generator's redirects lead away: some are made to lead here. */
static void redirect_here(struct generate *g, struct buf *text)
{
    static const char *const places[] = {
        "\"/a\" 302",
        "\"/api/v1\" 307",
        "\"http://a.com:8080${req.uri}\" 301",
        "\"/\" 303",
        "\"${path}\" 308",
        "\"http://${host}:8080/a/b\" 301",
        "\"${req.uri}\" 302",
        "\"http://x.org:8080/b\" 307",
        "\"/a/${path}\" 302",
    };
    struct buf out = {0};
    const char *at = text->p, *end = text->p + text->len;
    for (const char *p; (p = memmem(at, (size_t)(end - at), "redirect to \"", 13)) != NULL;) {
        const char *status = memmem(p, (size_t)(end - p), " 308", 4);
        buf_add(&out, at, (size_t)(p + 12 - at));
        buf_str(&out, places[generate_draw(g, sizeof places / sizeof *places)]);
        at = status + 4;
    }
    buf_add(&out, at, (size_t)(end - at));
    buf_free(text);
    *text = out;
}

static bool run_program(struct generate *g, struct trial *t)
{
    struct compilation c;
    struct buf text = {0};
    generate_program(g, &text);
    redirect_here(g, &text);
    compilation_begin(&c);
    source_from_text(&c.sources, SLICE("fuzz.weir"), arena_copy(&c.arena, buf_view(&text)));
    const struct ir_program *p = check_file(&c, "fuzz.weir");
    t->c = &c;
    t->text = buf_view(&text);
    t->n = t->nclaims = 0;
    if (p) {
        t->f = p->frontends.v[0];
        make_claims(t);
    } else {
        fail(t, "the checker refuses it");
    }
    for (uint32_t i = 0; i < REQUESTS && !t->failed; i++) {
        struct generated_request r;
        struct eval_result result;
        struct arena a = {0};
        generate_request(g, &r);
        t->looked = false;
        eval_run(&a, t->f, &r.q, traced, t, &result);
        check_loop(t, &r.q, &result);
        arena_free(&a);
        arena_free(&r.a);
    }
    buf_free(&text);
    compilation_end(&c);
    return !t->failed;
}

int main(int argc, char **argv)
{
    uint64_t seconds = 10, seed = 1, programs = UINT64_MAX, n = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t *to = strcmp(argv[i], "--seconds") == 0 ? &seconds
                       : strcmp(argv[i], "--seed") == 0  ? &seed
                                                         : &programs;
        *to = strtoull(argv[i + 1], NULL, 0);
    }
    static struct trial t;
    uint64_t end = clock_ns() + seconds * 1000000000u;
    for (; clock_ns() < end && n < programs; n++) {
        struct generate g = {.random = seed * 0x9e3779b97f4a7c15u + n, .glue = n % 3 == 0};
        if (!run_program(&g, &t)) {
            printf("--- seed %llu, program %llu\n", (unsigned long long)seed, (unsigned long long)n);
            return 1;
        }
    }
    printf("%llu programs: %llu claims held, %llu dead rules passed over, %llu redirects followed\n",
           (unsigned long long)n, (unsigned long long)t.held, (unsigned long long)t.dead,
           (unsigned long long)t.loops);
    return t.held && t.dead && t.loops ? 0 : 1;
}
