/* What one decision costs: compiles generated rule sets with the compiler, loads the plan as weir-edge does, and times
 * route_run() over the facts of many requests, in this process. `make bench-classify`; CLASSIFY holds options: -n SIZES,
 * -f FAMILY, -r ROUNDS, -k REQUESTS, or --file PROGRAM, which asks for what the rules of any program ask for.
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

enum { BATCH = 64, SLOTS_MAX = 64, SCRATCH = 1 << 16, CHECKED_TESTS = 20 * 1000 * 1000 };

struct options {
    const char *rules, *family, *file; /* file: a program of one's own */
    uint32_t requests, rounds;
};

/* One rule set, compiled and loaded. */
struct bench {
    struct rule_set set;
    struct plan *plan;
    struct buf file;
    uint32_t rules, wrong;
    double build_s, load_ms;
    const struct weir_slot *slots;
    uint32_t nslots;
    int header_slot; /* of X-Canary, or -1 */
    struct arena a;
    const struct ir_program *ir; /* as the plan carries it */
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

static void build_file(struct bench *b, const char *path)
{
    struct driver_options o = {.build.cc = getenv("CC")};
    struct buf said = {0};
    uint64_t began = clock_ns();
    bool ok = driver_build_memory(path, &o, &b->file, &said);
    b->build_s = seconds_since(began);
    if (!ok)
        die("the rules are refused", buf_view(&said));
    buf_free(&said);
}

static void build(struct bench *b)
{
    char path[] = "/tmp/weir-classify-XXXXXX.weir";
    int fd = mkstemps(path, 5);
    if (fd < 0 || close(fd) != 0 || buf_write_file(path, buf_view(&b->set.text), 0600) != 0)
        die("cannot write", slice_of(path));
    build_file(b, path);
    unlink(path);
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
    b->slots = (const void *)(b->plan->tables + b->plan->head->slots.off);
    b->nslots = b->plan->head->slots.count;
    for (uint32_t i = 0; i < b->nslots; i++)
        if (b->slots[i].kind == WEIR_SLOT_HEADER)
            b->header_slot = (int)i;
    if (b->nslots + WEIR_SLOT_FIXED > SLOTS_MAX)
        die("too many headers, parameters and cookies are read", SLICE(""));
}

/* The rules as the plan carries them, for the evaluator. */
static void read_rules(struct bench *b)
{
    struct plan_contents parts;
    const char *why = "no plan";
    if (plan_read(buf_view(&b->file), &parts, &why))
        b->ir = ir_decode(&b->a, parts.ir, parts.places, &why);
    if (!b->ir)
        die("the plan cannot be read", slice_of(why));
    if (b->ir->frontends.n == 0)
        die("there is no frontend", SLICE(""));
    const struct ir_frontend *f = b->ir->frontends.v[0];
    b->rules = f->on_request.n + f->route.n;
}

/* ---- requests ------------------------------------------------------------------------------------ */

struct batch {
    struct weir_facts facts[BATCH];
    struct weir_str str[BATCH * SLOTS_MAX];
    char bytes[BATCH * 2048], made[SCRATCH];
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

static bool same_header(const struct bench *b, const struct weir_slot *x, const struct weir_slot *y)
{
    return (x->kind == WEIR_SLOT_HEADER || x->kind == WEIR_SLOT_LINES) && (y->kind == WEIR_SLOT_HEADER || y->kind == WEIR_SLOT_LINES) &&
           x->name.len == y->name.len && memcmp(b->plan->tables + x->name.off, b->plan->tables + y->name.off, x->name.len) == 0;
}

/* Headers have two slots where their lines are asked for too. */
static void fill_values(const struct bench *b, struct batch *k, const struct request *r, struct weir_str *slots)
{
    for (uint32_t i = 0; i < b->nslots; i++) {
        slots[i] = (struct weir_str){NULL, 0};
        if (b->slots[i].kind == WEIR_SLOT_ID)
            slots[i] = keep(k, EVAL_ID);
        for (uint32_t x = 0; x < r->nvalues; x++)
            if (r->values[x].slot == i || same_header(b, &b->slots[r->values[x].slot], &b->slots[i]))
                slots[i] = keep(k, r->values[x].text);
    }
    if (r->header.p && b->header_slot >= 0)
        slots[b->header_slot] = keep(k, r->header);
}

/* The target as sent: the path, and the parameters that are asked for. */
static struct slice target_of(const struct bench *b, const struct request *r, char out[4096])
{
    if (r->nvalues == 0)
        return r->path;
    int n = snprintf(out, 4096, "%.*s", SLICE_ARG(r->path)), first = n;
    for (uint32_t i = 0; i < r->nvalues; i++) {
        const struct weir_slot *s = &b->slots[r->values[i].slot];
        if (s->kind == WEIR_SLOT_QUERY && n < 4096)
            n += snprintf(out + n, 4096 - (size_t)n, "%c%.*s=%.*s", n == first ? '?' : '&', (int)s->name.len,
                          (const char *)b->plan->tables + s->name.off, SLICE_ARG(r->values[i].text));
    }
    return (struct slice){out, n < 4096 ? (size_t)n : 4095};
}

static void fill(const struct bench *b, struct batch *k, const struct request *v)
{
    char target[4096];
    k->used = 0;
    k->scratch = (struct weir_scratch){k->made, k->made + SCRATCH, false};
    for (uint32_t i = 0; i < BATCH; i++) {
        struct weir_facts *f = &k->facts[i];
        struct weir_str *str = k->str + i * (WEIR_SLOT_FIXED + b->nslots);
        *f = (struct weir_facts){.str = str, .scratch = &k->scratch, .tls_active = v[i].tls, .random = v[i].random,
                                 .client_port = 40000, .listener_port = 80};
        memcpy(f->client_ip, v[i].ip, sizeof f->client_ip);
        str[WEIR_SLOT_HOST] = keep(k, v[i].host);
        str[WEIR_SLOT_METHOD] = keep(k, v[i].method);
        str[WEIR_SLOT_URI] = keep(k, target_of(b, &v[i], target));
        str[WEIR_SLOT_PATH] = str[WEIR_SLOT_RAW_PATH] = (struct weir_str){str[WEIR_SLOT_URI].p, (uint32_t)v[i].path.len};
        str[WEIR_SLOT_VERSION] = (struct weir_str){"HTTP/1.1", 8};
        fill_values(b, k, &v[i], str + WEIR_SLOT_FIXED);
    }
}

/* ---- whether the decisions are right ------------------------------------------------------------- */

static const struct ir_rule *evaluated_rule(const struct bench *b, const struct request *r)
{
    struct arena a = {0};
    struct eval_result result;
    struct eval_header headers[SLOTS_MAX + 2] = {{SLICE("Host"), r->host}, {SLICE("X-Canary"), r->header}};
    char target[4096];
    struct eval_request q = {.method = r->method, .target = target_of(b, r, target), .headers = headers,
                             .nheaders = r->header.p ? 2 : 1, .tls = r->tls, .random = r->random,
                             .client_port = 40000, .listener_port = 80};
    for (uint32_t i = 0; i < r->nvalues; i++) {
        const struct weir_slot *s = &b->slots[r->values[i].slot];
        struct slice name = {(const char *)b->plan->tables + s->name.off, s->name.len};
        if (s->kind == WEIR_SLOT_HEADER || s->kind == WEIR_SLOT_LINES)
            headers[q.nheaders++] = (struct eval_header){name, r->values[i].text};
        else if (s->kind == WEIR_SLOT_COOKIE)
            headers[q.nheaders++] = (struct eval_header){SLICE("Cookie"), arena_printf(&a, "%.*s=%.*s", SLICE_ARG(name),
                                                                                       SLICE_ARG(r->values[i].text))};
    }
    memcpy(q.client_ip.b, r->ip, sizeof q.client_ip.b);
    eval_run(&a, b->ir->frontends.v[0], &q, NULL, NULL, &result);
    arena_free(&a);
    return result.rule;
}

/* Holds as many requests as there is time for against the evaluator, which tries the rules one by one. */
static void check_decisions(struct bench *b)
{
    static struct batch k;
    const struct ir_frontend *f = b->ir->frontends.v[0];
    uint32_t n = CHECKED_TESTS / b->rules;
    for (uint32_t i = 0; i < n && i < 2000; i++) {
        struct request v[BATCH];
        for (uint32_t x = 0; x < BATCH; x++)
            v[x] = rule_set_request(&b->set, (enum request_mix)(i % REQUEST_MIXES));
        struct route_plan plan = {b->plan->tables, b->plan->pred, b->plan->value};
        struct route_result r;
        fill(b, &k, v);
        route_run(&plan, 0, &k.facts[0], &r);
        const struct ir_rule *rule = r.phase == 1 ? &f->route.v[r.rule] : &f->on_request.v[r.rule];
        b->wrong += rule != evaluated_rule(b, &v[0]);
    }
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

static void report(struct bench *b, const char *name, const struct options *o)
{
    check_decisions(b);
    printf("%-12s %8u", name, b->rules);
    for (enum request_mix mix = 0; mix < REQUEST_MIXES; mix++) {
        struct timing t = measure(b, mix, o);
        printf(" | %6.0f %6.0f %6.0f", t.mean, t.p50, t.p99);
        fflush(stdout);
    }
    double size = (double)b->plan->head->size_lo;
    printf(" | %7.1f %7.2f %8.1f\n", size / b->rules, b->build_s, b->load_ms);
    if (b->wrong)
        die("decisions differ from the evaluator's", slice_of(name));
    plan_unload(&b->plan);
    buf_free(&b->file);
    rule_set_free(&b->set);
    arena_free(&b->a);
}

static void run(enum rule_family family, const char *name, uint32_t n, const struct options *o)
{
    struct bench b = {0};
    rule_set_make(&b.set, family, n, 42);
    build(&b);
    load(&b);
    read_rules(&b);
    report(&b, name, o);
}

static void run_file(const struct options *o)
{
    struct bench b = {0};
    const char *slash = strrchr(o->file, '/');
    build_file(&b, o->file);
    load(&b);
    read_rules(&b);
    rule_set_read(&b.set, b.ir, 42);
    if (b.set.of_rule.n == 0)
        die("no rule has a condition", slice_of(o->file));
    report(&b, slash ? slash + 1 : o->file, o);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
#define RULE_FAMILY(id, name) name,
        RULE_FAMILIES(RULE_FAMILY)
#undef RULE_FAMILY
    };
    struct options o = {.requests = 65536, .rounds = 5};
    static const struct option words[] = {{"file", required_argument, NULL, 'F'}, {0}};
    for (int c; (c = getopt_long(argc, argv, "n:f:r:k:", words, NULL)) != -1;) {
        if (c == 'n')
            o.rules = optarg;
        else if (c == 'f')
            o.family = optarg;
        else if (c == 'F')
            o.file = optarg;
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
    if (o.file) {
        run_file(&o);
        return 0;
    }
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
