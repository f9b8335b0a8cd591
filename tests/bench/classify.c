/* What one decision costs: compiles generated rule sets with the compiler, loads the plan as weir-edge does, and times
 * route_run() over the facts of many requests, in this process. `make bench-classify`.
 *
 * note [timing]: requests are decided in batches of BATCH. The facts of a batch are copied to one place first, as they
 * would be hot from parsing; the tables are as warm or cold as the requests before left them. A batch's time is
 * the shortest of `rounds` passes over all requests (other processes of the machine can only add), divided by its
 * size. The table shows mean, median and 99th percentile over the batches. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/driver.h"
#include "compiler/eval.h"
#include "compiler/ir_codec.h"
#include "runtime/base/clock.h"
#include "runtime/plan_load.h"
#include "runtime/route.h"
#include "tests/bench/classify_rules.h"

enum { BATCH = 64, SAMPLE = 1 << 20, SLOTS_MAX = 8, CHECKED_TESTS = 20 * 1000 * 1000 };

struct options {
    const char *rules, *family;
    uint32_t requests, rounds;
};

/* One rule set, compiled and loaded. */
struct bench {
    struct rule_set set;
    struct plan *plan;
    struct buf file;
    uint32_t rules, wrong;
    double build_s, load_ms;
    int header_slot; /* of X-Canary, or -1 */
};

static void die(const char *what, struct slice why)
{
    fprintf(stderr, "classify: %s: %.*s\n", what, SLICE_ARG(why));
    exit(3);
}

static double seconds_since(uint64_t began)
{
    return (double)(clock_ns() - began) / 1e9;
}

/* ---- compiling ----------------------------------------------------------------------------------- */

static void build(struct bench *b)
{
    char path[] = "/tmp/weir-classify-XXXXXX.weir";
    int fd = mkstemps(path, 5);
    struct driver_options o = {.build.cc = getenv("CC")};
    struct buf said = {0};
    if (fd < 0 || close(fd) != 0 || buf_write_file(path, buf_view(&b->set.text), 0600) != 0)
        die("cannot write", slice_of(path));
    uint64_t began = clock_ns();
    bool ok = driver_build_memory(path, &o, &b->file, &said);
    b->build_s = seconds_since(began);
    unlink(path);
    if (!ok)
        die("the rules are refused", buf_view(&said));
    buf_free(&said);
}

static void load(struct bench *b)
{
    struct buf why = {0};
    uint64_t began = clock_ns();
    b->plan = plan_load(buf_view(&b->file), &why);
    b->load_ms = seconds_since(began) * 1e3;
    if (!b->plan)
        die("the plan is refused", buf_view(&why));
    b->header_slot = -1;
    const struct weir_slot *slots = (const void *)(b->plan->tables + b->plan->head->slots.off);
    for (uint32_t i = 0; i < b->plan->head->slots.count; i++)
        if (slots[i].kind == WEIR_SLOT_HEADER)
            b->header_slot = (int)(WEIR_SLOT_FIXED + i);
}

/* ---- requests ------------------------------------------------------------------------------------ */

struct batch {
    struct weir_facts facts[BATCH];
    struct weir_str str[BATCH][SLOTS_MAX];
    char bytes[BATCH * 1024];
    size_t used;
    struct weir_scratch scratch;
};

static struct weir_str keep(struct batch *k, struct slice s)
{
    if (!s.p)
        return (struct weir_str){NULL, 0};
    if (s.len > sizeof k->bytes - k->used)
        die("a request is too long", s);
    char *at = memcpy(k->bytes + k->used, s.p, s.len);
    k->used += s.len;
    return (struct weir_str){at, (uint32_t)s.len};
}

static void fill(const struct bench *b, struct batch *k, const struct request *v)
{
    k->used = 0;
    k->scratch = (struct weir_scratch){k->bytes, k->bytes, false};
    for (uint32_t i = 0; i < BATCH; i++) {
        struct weir_facts *f = &k->facts[i];
        *f = (struct weir_facts){.str = k->str[i], .client_ip = {[10] = 0xff, [11] = 0xff}, .scratch = &k->scratch};
        memcpy(f->client_ip + 12, v[i].ip, 4);
        f->str[WEIR_SLOT_HOST] = keep(k, v[i].host);
        f->str[WEIR_SLOT_PATH] = f->str[WEIR_SLOT_URI] = keep(k, v[i].path);
        f->str[WEIR_SLOT_METHOD] = keep(k, v[i].method);
        if (b->header_slot >= 0)
            f->str[b->header_slot] = keep(k, v[i].header);
    }
}

/* ---- whether the decisions are right ------------------------------------------------------------- */

static uint32_t evaluated_rule(const struct ir_frontend *f, const struct request *r)
{
    struct arena a = {0};
    struct eval_result result;
    struct eval_header headers[] = {{SLICE("Host"), r->host}, {SLICE("X-Canary"), r->header}};
    struct eval_request q = {.method = r->method, .target = r->path, .headers = headers, .nheaders = r->header.p ? 2 : 1};
    q.client_ip = (struct ip_addr){{[10] = 0xff, [11] = 0xff}};
    memcpy(q.client_ip.b + 12, r->ip, 4);
    eval_run(&a, f, &q, NULL, NULL, &result);
    arena_free(&a);
    return result.rule ? (uint32_t)(result.rule - f->route.v) : WEIR_NONE;
}

/* Holds as many requests as there is time for against the evaluator, which tries the rules one by one. */
static void check_decisions(struct bench *b)
{
    struct arena a = {0};
    struct plan_contents parts;
    const char *why = "no plan";
    const struct ir_program *p = NULL;
    if (plan_read(buf_view(&b->file), &parts, &why))
        p = ir_decode(&a, parts.ir, parts.places, &why);
    if (!p)
        die("the plan cannot be read", slice_of(why));
    b->rules = p->frontends.v[0]->route.n;
    uint32_t n = CHECKED_TESTS / b->rules;
    static struct batch k;
    for (uint32_t i = 0; i < n && i < 2000; i++) {
        struct request v[BATCH];
        for (uint32_t x = 0; x < BATCH; x++)
            v[x] = rule_set_request(&b->set, (enum request_mix)(i % REQUEST_MIXES));
        struct route_plan plan = {b->plan->tables, b->plan->pred, b->plan->value};
        struct route_result r;
        fill(b, &k, v);
        route_run(&plan, 0, &k.facts[0], &r);
        b->wrong += r.rule != evaluated_rule(p->frontends.v[0], &v[0]);
    }
    arena_free(&a);
}

/* ---- timing -------------------------------------------------------------------------------------- */

struct timing {
    double mean, p50, p99;
};

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static struct timing summary(double *v, uint32_t n)
{
    struct timing t = {0};
    for (uint32_t i = 0; i < n; i++)
        t.mean += v[i] / n;
    qsort(v, n, sizeof *v, by_value);
    t.p50 = v[n / 2];
    t.p99 = v[n - 1 - n / 100];
    return t;
}

static double time_batch(const struct route_plan *plan, struct batch *k)
{
    static struct route_result r;
    uint64_t began = clock_ns();
    for (uint32_t i = 0; i < BATCH; i++)
        route_run(plan, 0, &k->facts[i], &r);
    return (double)(clock_ns() - began) / BATCH;
}

static struct timing measure(struct bench *b, enum request_mix mix, const struct options *o)
{
    static struct batch k;
    uint32_t n = o->requests / BATCH;
    struct request *v = malloc((size_t)n * BATCH * sizeof *v);
    double *best = malloc(n * sizeof *best);
    struct route_plan plan = {b->plan->tables, b->plan->pred, b->plan->value};
    if (!v || !best)
        die("out of memory", SLICE(""));
    for (uint32_t i = 0; i < n * BATCH; i++)
        v[i] = rule_set_request(&b->set, mix);
    for (uint32_t round = 0; round < o->rounds; round++)
        for (uint32_t i = 0; i < n; i++) {
            fill(b, &k, v + (size_t)i * BATCH);
            double ns = time_batch(&plan, &k);
            if (round == 0 || ns < best[i])
                best[i] = ns;
        }
    struct timing t = summary(best, n);
    free(best);
    free(v);
    return t;
}

static void run(enum rule_family family, const char *name, uint32_t n, const struct options *o)
{
    struct bench b = {0};
    rule_set_make(&b.set, family, n, 42);
    build(&b);
    load(&b);
    check_decisions(&b);
    printf("%-12s %8u", name, b.rules);
    for (enum request_mix mix = 0; mix < REQUEST_MIXES; mix++) {
        struct timing t = measure(&b, mix, o);
        printf(" | %6.0f %6.0f %6.0f", t.mean, t.p50, t.p99);
        fflush(stdout);
    }
    double size = (double)b.plan->head->size_lo;
    printf(" | %7.1f %7.2f %8.1f\n", size / b.rules, b.build_s, b.load_ms);
    if (b.wrong)
        die("decisions differ from the evaluator's", slice_of(name));
    plan_unload(&b.plan);
    buf_free(&b.file);
    rule_set_free(&b.set);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
#define RULE_FAMILY(id, name) name,
        RULE_FAMILIES(RULE_FAMILY)
#undef RULE_FAMILY
    };
    struct options o = {.requests = 65536, .rounds = 5};
    for (int c; (c = getopt(argc, argv, "n:f:r:k:")) != -1;) {
        if (c == 'n')
            o.rules = optarg;
        else if (c == 'f')
            o.family = optarg;
        else if (c == 'r')
            o.rounds = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'k')
            o.requests = (uint32_t)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (o.requests < BATCH || o.rounds < 1)
        return 2;
    printf("%-12s %8s | %-20s | %-20s | %-20s | %-20s |\n", "", "", "uniform, ns", "Zipf, ns", "miss, ns",
           "adversarial, ns");
    printf("%-12s %8s", "rules", "number");
    for (uint32_t mix = 0; mix < REQUEST_MIXES; mix++)
        printf(" | %6s %6s %6s", "mean", "p50", "p99");
    printf(" | %7s %7s %8s\n", "B/rule", "build s", "load ms");
    for (uint32_t f = 0; f < sizeof names / sizeof *names; f++) {
        const char *sizes = o.rules ? o.rules : f <= RULES_TEMPLATE ? "10,1000,10000,100000,1000000" : "10,100,1000,10000";
        if (o.family && strcmp(o.family, names[f]) != 0)
            continue;
        for (const char *p = sizes; *p; p += strspn(p, ",")) {
            char *end;
            uint32_t n = (uint32_t)strtoul(p, &end, 10);
            if (n == 0 || end == p)
                return 2;
            run((enum rule_family)f, names[f], n, &o);
            p = end;
        }
    }
    return 0;
}
