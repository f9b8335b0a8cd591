/* The exact comparison against brute force: pairs of small random programs, and every request of a small
 * domain evaluated under both. What brute force finds must be among the classes, and every class must have a
 * request that evaluation confirms, so that the two sets of (old rule, new rule) are equal. Prints the
 * program pair and the seed where they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/analyze.h"
#include "compiler/check.h"
#include "compiler/compilation.h"
#include "compiler/diff.h"
#include "runtime/base/clock.h"
#include "runtime/base/norm.h"

/* ---- random programs --------------------------------------------------------------------------- */

struct random {
    uint64_t state;
    uint32_t groups[2]; /* of tests */
};

static uint32_t draw(struct random *r, uint32_t below)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((r->state >> 33) % below);
}

#define COUNT(list)  (uint32_t)(sizeof(list) / sizeof *(list))
#define ONE_OF(list) (list)[draw(r, COUNT(list))]

static const char *const hosts[] = {"a", "b", "a.b", "b.b", "a.a.b", "ab", "", "c.a"};
static const char *const headers[] = {NULL, "a", "b", "ab", "", "A"};
static const char *const addresses[] = {"10.0.0.1", "10.1.0.1", "192.0.2.1", "::1"};
static const char *const methods[] = {"GET", "POST", "OPTIONS", "X"};
/* What is drawn: on both sides of each bound that programs name. */
static const int64_t draws[] = {0, 4999999, 5000000, 29999999, 30000000, 30000001, 50000000, 99999999};

/* What a program reads, so that no more is tried. */
struct reads {
    bool host, path, method, header, ip, tls, port, query, random;
};

/* Tests by what they read. A pair of programs reads two of these groups, so that brute force has an end. */
enum { GROUPS = 6, GROUP_TESTS = 24 };
static const char *const tests[GROUPS][GROUP_TESTS] = {
    {"host == \"a\"", "host == \"a.b\"", "host != \"b\"", "host like \"*.b\"", "host like \"**.b\"",
     "host in [\"a\", \"b.b\"]", "host in [\"*.b\", \"a\"]", "host ends-with \"b\"", "host contains \"a\"",
     "host starts-with \"a\"", "host in hosts", "limits[host] > 4", "limits[host] in [1, 5]", "flags[host] | default(true)",
     "flags[host] == false", "3 != limits[host]", "host like \"a*\"", "host matches re\"^a+$\""},
    {"path == \"/a\"",           "path == \"/\"",          "path != \"/b\"",
     "path under \"/a\"",        "path under \"/a/b\"",    "path under \"/\"",
     "path starts-with \"/a\"",  "path ends-with \"b\"",   "path ends-with \"/\"",
     "path contains \"ab\"",     "path in shapes",         "path like \"/*\"",
     "path like \"/a/*\"",       "path like \"/*/b\"",     "path like \"/a**\"",
     "path matches re\"^/a*$\"", "path matches re\"b+a\"", "path matches re\"^/(a|b)/\"",
     "path in [\"/a\", \"/b\"]", "path in prefixes"},
    {"req.method == GET", "req.method in [POST, PUT]", "req.method != GET", "client.ip in 10.0.0.0/8",
     "tls.active", "client.ip in [10.0.0.0/16, 192.0.2.0/24]", "client.ip == 10.1.0.1", "client.ip in ::/0",
     "client.port < 1024", "client.port in low-ports",
     "homes[req.method] == client.ip", "homes[req.method] in 10.0.0.0/16", "client.port < (numbers[client.ip] | default(90))"},
    {"req.header[\"X\"] == \"a\"", "req.header[\"X\"] != \"a\"", "exists(req.header[\"X\"])",
     "req.header[\"X\"] starts-with \"a\"", "req.header[\"X\"] | lower == \"a\"",
     "req.header[\"X\"] | default(\"b\") == \"b\"", "req.header[\"X\"] in [\"a\", \"b\"]",
     "req.header[\"X\"] contains \"b\""},
    {"path == \"/a\"", "path under \"/a\"", "path ends-with \"b\"", "req.uri starts-with \"/a\"",
     "req.uri ends-with \"b\"", "words[path] == \"one\"", "req.query[\"q\"] == \"a\"",
     "exists(req.query[\"q\"])", "path | upper == \"/A\"", "req.uri == \"/a\"", "path matches re\"^/a*$\""},
    {"random < 5%", "random >= 30%", "random <= 30%", "random == 30%", "50% > random", "tls.active",
     "random < rollout[host]", "(rollout[host] | default(30%)) > random"},
};

static void add_test(struct random *r, struct buf *out)
{
    uint32_t group = r->groups[draw(r, 2)], n = 0;
    while (n < GROUP_TESTS && tests[group][n])
        n++;
    buf_str(out, draw(r, 100) < 20 ? "not (" : "(");
    buf_str(out, tests[group][draw(r, n)]);
    buf_char(out, ')');
}

static void add_guard(struct random *r, struct buf *out)
{
    uint32_t n = draw(r, 10) < 5 ? 1 : 2 + draw(r, 2);
    const char *joint = draw(r, 2) ? " and " : " or ";
    buf_str(out, " if ");
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, i ? joint : "");
        if (n > 1 && draw(r, 6) == 0) {
            buf_char(out, '(');
            add_test(r, out);
            buf_str(out, joint[1] == 'a' ? " or " : " and ");
            add_test(r, out);
            buf_char(out, ')');
        } else {
            add_test(r, out);
        }
    }
    buf_char(out, '\n');
}

struct lines {
    struct buf v[8];
    uint32_t n, edits; /* the first `edits` are of `on request` */
};

static void draw_line(struct random *r, bool edit, struct buf *out)
{
    static const char *const actions[] = {"use p",     "use q",     "use s",
                                          "reply 403", "reply 404", "redirect to \"/x\" 302"},
                             *const maps[GROUPS] = {"use by-host[host]", "use by-path[path]",
                                                    "use by-net[client.ip]", "use p", "use by-shape[path]", "use shares"},
                             *const edits[] = {
                                 "set req.header[\"X\"] = \"a\"", "delete req.header[\"X\"]",
                                 "add req.header[\"X\"] = \"b\"", "set req.header[\"Y\"] = \"1\"",
                                 "set req.header[\"Y\"] = path",  "reply 405"};
    out->len = 0;
    buf_printf(out, "    %s", edit ? ONE_OF(edits) : draw(r, 4) == 0 ? maps[r->groups[0]] : ONE_OF(actions));
    add_guard(r, out);
}

static void draw_lines(struct random *r, struct lines *l)
{
    l->edits = draw(r, 3) == 0 ? 1 + draw(r, 2) : 0;
    l->n = l->edits + 1 + draw(r, 5);
    l->n = l->n > 6 ? 6 : l->n;
    for (uint32_t i = 0; i < l->n; i++)
        draw_line(r, i < l->edits, &l->v[i]);
}

static void copy_lines(const struct lines *from, struct lines *to)
{
    to->n = from->n;
    to->edits = from->edits;
    for (uint32_t i = 0; i < from->n; i++) {
        to->v[i].len = 0;
        buf_slice(&to->v[i], buf_view(&from->v[i]));
    }
}

static void mutate(struct random *r, struct lines *l)
{
    uint32_t i = draw(r, l->n), k = draw(r, l->n);
    struct buf swap;
    switch (draw(r, 4)) {
    case 0:
        draw_line(r, i < l->edits, &l->v[i]);
        break;
    case 1:
        if ((i < l->edits) == (k < l->edits)) {
            swap = l->v[i];
            l->v[i] = l->v[k];
            l->v[k] = swap;
        }
        break;
    case 2:
        if (l->n < 7)
            draw_line(r, false, &l->v[l->n++]);
        break;
    default:
        if (l->n > 1 && l->n - 1 >= l->edits && l->n > l->edits)
            l->n--;
    }
}

static void put_program(const struct lines *l, uint32_t variant, struct buf *out)
{
    buf_printf(out,
               "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
               "backend s { server x 127.0.0.1:1 }\n"
               "map by-host: host-pattern -> backend {\n \"a\" -> p\n \"*.b\" -> q\n \"**.b\" -> s\n%s}\n"
               "map by-path: path -> backend {\n \"/a\" -> p\n \"/a/b\" -> %s\n}\n"
               "map by-net: cidr -> backend {\n 10.0.0.0/8 -> p\n 10.1.0.0/16 -> q\n ::/0 -> s\n}\n"
               "map words: path -> string {\n \"/a\" -> \"one\"\n \"/a/b\" -> \"two\"\n}\n"
               "map by-shape: regex -> backend {\n re\"b$\" -> p\n re\"^/a\" -> %s\n re\"/$\" -> q\n}\n"
               "list shapes: regex {\n re\"b.?a\"\n re\"^/..$\"\n}\nlist low-ports: range<int> {\n 1..1023\n}\n"
               "map limits: host -> int {\n \"a\" -> 5\n \"a.b\" -> %s\n \"b.b\" -> 1\n}\n"
               "map flags: host-pattern -> bool {\n \"a\" -> true\n \"*.b\" -> false\n \"**.b\" -> true\n}\n"
               "map homes: method -> ip {\n GET -> 10.0.0.1\n POST -> 10.1.0.1\n default -> %s\n}\n"
               "map numbers: cidr -> int {\n 10.0.0.0/8 -> 100\n 10.1.0.0/16 -> 60000\n}\n"
               "map rollout: host -> percent {\n \"a\" -> 5%%\n \"b\" -> %s\n}\n"
               "split shares {\n p -> %s\n q -> %s\n}\n"
               "list hosts: host {\n \"a\"\n \"a.b\"\n%s}\nlist prefixes: prefix {\n \"/a\"\n \"/b/\"\n}\n"
               "frontend f {\n  listen 127.0.0.1:2\n",
               variant & 1 ? " \"b.b\" -> p\n" : "", variant & 2 ? "s" : "q", variant & 2 ? "s" : "q",
               variant & 1 ? "3" : "9", variant & 2 ? "::1" : "192.0.2.1", variant & 4 ? "50%" : "30%", variant & 1 ? "30%" : "5%", variant & 1 ? "70%" : "95%", variant & 4 ? " \"b\"\n" : "");
    if (l->edits)
        buf_str(out, "  on request {\n");
    for (uint32_t i = 0; i < l->n; i++) {
        if (i == l->edits)
            buf_printf(out, "%s  route {\n", l->edits ? "  }\n" : "");
        buf_slice(out, buf_view(&l->v[i]));
    }
    if (l->n == l->edits)
        buf_str(out, "  }\n  route {\n");
    buf_str(out, "    reply 400\n  }\n}\n");
}

/* ---- brute force ------------------------------------------------------------------------------- */

enum { PATHS_MAX = 256, PAIRS_MAX = 16 * 16 };

struct brute {
    struct reads reads;
    const struct ir_frontend *old, *new;
    bool pairs[PAIRS_MAX][2]; /* by old rule * 16 + new rule, and whether headers alone differ */
    uint32_t requests, differing;
};

static uint32_t rule_number(const struct ir_frontend *f, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < f->on_request.n; i++)
        if (rule == &f->on_request.v[i])
            return i;
    return f->on_request.n + (uint32_t)(rule - f->route.v);
}

static void try_request(struct brute *b, const struct eval_request *q)
{
    struct arena a = {0};
    struct eval_result x, y;
    eval_run(&a, b->old, q, NULL, NULL, &x);
    eval_run(&a, b->new, q, NULL, NULL, &y);
    b->requests++;
    if (an_results_differ(&x, &y)) {
        bool edits =
            x.outcome == EVAL_USE && y.outcome == EVAL_USE && slice_eq(x.backend->name, y.backend->name);
        b->differing++;
        b->pairs[rule_number(b->old, x.rule) * 16 + rule_number(b->new, y.rule)][edits] = true;
    }
    arena_free(&a);
}

/* All paths over {a, b, /, .} that normalisation leaves alone, up to a length. */
static uint32_t all_paths(char paths[PATHS_MAX][8])
{
    static const char letters[] = "ab/.";
    uint32_t n = 0;
    for (uint32_t len = 0; len <= 3; len++)
        for (uint32_t code = 0; code < 1u << 2 * len; code++) {
            char raw[8] = "/", out[8];
            struct slice path;
            for (uint32_t i = 0; i < len; i++)
                raw[1 + i] = letters[code >> 2 * i & 3];
            if (norm_path(slice_of(raw), out, &path) && slice_eq(path, slice_of(raw)))
                strcpy(paths[n++], raw);
        }
    strcpy(paths[n++], "*");
    return n;
}

static void each_rest(struct brute *b, struct eval_request q, const char *host)
{
    for (uint32_t m = 0; m < (b->reads.method ? COUNT(methods) : 1); m++)
        for (uint32_t h = 0; h < (b->reads.header ? COUNT(headers) : 1); h++)
            for (uint32_t i = 0; i < (b->reads.ip ? COUNT(addresses) : 1); i++)
                for (uint32_t tls = 0; tls < (b->reads.port ? 4 : b->reads.tls ? 2 : 1); tls++) {
                    struct eval_header lines[2] = {{SLICE("Host"), slice_of(host)}, {SLICE("X"), SLICE("")}};
                    if (headers[h])
                        lines[1].value = slice_of(headers[h]);
                    q.headers = lines;
                    q.nheaders = headers[h] ? 2 : 1;
                    q.method = slice_of(q.target.p[0] == '*' ? "OPTIONS" : methods[m]);
                    q.tls = tls & 1;
                    q.client_port = tls & 2 ? 80 : 50000;
                    ip_parse(slice_of(addresses[i]), &q.client_ip);
                    for (uint32_t n = 0; n < (b->reads.random ? COUNT(draws) : 1); n++) {
                        q.random = draws[n];
                        try_request(b, &q);
                    }
                }
}

static void try_all(struct brute *b)
{
    static const char *const queries[] = {"", "?", "?q=a", "?q=b", "?b"};
    char paths[PATHS_MAX][8];
    uint32_t npaths = b->reads.path ? all_paths(paths) : 1;
    if (npaths == 1)
        strcpy(paths[0], "/");
    for (uint32_t h = 0; h < (b->reads.host ? COUNT(hosts) : 1); h++)
        for (uint32_t p = 0; p < npaths; p++)
            for (uint32_t k = 0; k < (b->reads.query && paths[p][0] == '/' ? COUNT(queries) : 1); k++) {
                char target[32];
                snprintf(target, sizeof target, "%.8s%.8s", paths[p], queries[k]);
                struct eval_request q = {.target = slice_of(target), .client_port = 50000};
                each_rest(b, q, hosts[h]);
            }
}

static struct reads reads_of(struct slice text)
{
    const char *from = memmem(text.p, text.len, "frontend", 8);
    struct slice s = slice_from(text, (size_t)(from - text.p));
    return (struct reads){slice_contains(s, SLICE("host")),
                          slice_contains(s, SLICE("path")) || slice_contains(s, SLICE("uri")),
                          slice_contains(s, SLICE("req.method")),
                          slice_contains(s, SLICE("\"X\"")),
                          slice_contains(s, SLICE("client.ip")),
                          slice_contains(s, SLICE("tls")),
                          slice_contains(s, SLICE("port")),
                          slice_contains(s, SLICE("query")) || slice_contains(s, SLICE("uri")),
                          slice_contains(s, SLICE("random")) || slice_contains(s, SLICE("shares"))};
}

/* ---- comparison -------------------------------------------------------------------------------- */

struct totals {
    uint32_t pairs, equivalent, unknown, classes, differing;
    uint64_t requests;
};

static const struct ir_program *checked(struct compilation *c, const char *name, struct slice text)
{
    source_from_text(&c->sources, slice_of(name), arena_copy(&c->arena, text));
    return check_file(c, name);
}

/* Two views of the query are independent to the analyser, and it does not look into headers that were added
 * to: then a class may have no request, and is not confirmed. */
static bool agree(const struct brute *b, const struct diff_frontend *f, bool may_be_unknown, struct totals *t,
                  char why[200])
{
    bool have[PAIRS_MAX][2] = {{false}};
    if (f->exceeded)
        return snprintf(why, 200, "the search was not finished"), false;
    for (uint32_t i = 0; i < f->classes.n; i++) {
        const struct diff_class *x = f->classes.v[i];
        if (!x->old_item->rule || !x->new_item->rule)
            return snprintf(why, 200, "a request that no rule decides"), false;
        have[x->old_item->number * 16 + x->new_item->number][x->edits] = true;
        const struct diff_class *first = x->like ? x->like : x;
        if (!first->confirmed && !may_be_unknown)
            return snprintf(why, 200, "old rule %u, new rule %u: no request found", x->old_item->number,
                            x->new_item->number),
                   false;
        t->classes++;
    }
    for (uint32_t i = 0; i < PAIRS_MAX; i++)
        for (int edits = 0; edits <= 1; edits++)
            if (b->pairs[i][edits] && !have[i][edits])
                return snprintf(why, 200, "old rule %u, new rule %u: brute force alone finds it", i / 16,
                                i % 16),
                       false;
    if (f->verdict == DIFF_EQUIVALENT && b->differing)
        return snprintf(why, 200, "called equivalent"), false;
    if (f->verdict == DIFF_UNKNOWN && !may_be_unknown)
        return snprintf(why, 200, "unknown"), false;
    t->equivalent += f->verdict == DIFF_EQUIVALENT;
    t->unknown += f->verdict == DIFF_UNKNOWN;
    return true;
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
    b.reads = (struct reads){p.host | q.host, p.path | q.path, p.method | q.method, p.header | q.header,
                             p.ip | q.ip,     p.tls | q.tls,   p.port | q.port,     p.query | q.query,
                             p.random | q.random};
    diff_programs(&c.arena, x, y, &o, &d);
    try_all(&b);
    t->pairs++;
    t->requests += b.requests;
    t->differing += b.differing > 0;
    bool adds =
        slice_contains(buf_view(old), SLICE("add req")) || slice_contains(buf_view(new), SLICE("add req"));
    if (!agree(&b, d.frontends.v[0], b.reads.query || adds, t, why)) {
        printf("--- old\n%.*s--- new\n%.*s", SLICE_ARG(buf_view(old)), SLICE_ARG(buf_view(new)));
        fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    }
    compilation_end(&c);
}

static void random_pairs(void **state)
{
    (void)state;
    const char *given = getenv("DIFF_SEED"), *seconds = getenv("DIFF_SECONDS");
    uint64_t from = given ? strtoull(given, NULL, 10) : 1,
             end = clock_ns() + (seconds ? strtoull(seconds, NULL, 10) : 6) * 1000000000ull;
    struct totals t = {0};
    struct lines x = {0}, y = {0};
    struct buf old = {0}, new = {0};
    for (uint64_t seed = from; (clock_ns() < end || t.pairs < 40) && seed < from + 100000; seed++) {
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
        put_program(&y, draw(r, 3) == 0 ? draw(r, 8) : 0, &new);
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
    uint32_t programs, rules, found, unknown;
};

static const struct analyze_finding *finding_of(const struct analyze_result *r, const struct ir_rule *rule)
{
    for (uint32_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].rule == rule)
            return &r->findings.v[i];
    return NULL;
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
    if (found ? b->differing > 0 || x.verdict != DIFF_EQUIVALENT : !edit && x.verdict == DIFF_EQUIVALENT)
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
    t->programs++;
    compilation_end(&c);
}

static void random_analyses(void **state)
{
    (void)state;
    const char *given = getenv("DIFF_SEED"), *seconds = getenv("DIFF_SECONDS");
    uint64_t from = given ? strtoull(given, NULL, 10) : 1,
             end = clock_ns() + (seconds ? strtoull(seconds, NULL, 10) : 5) * 1000000000ull;
    struct analyzed t = {0};
    struct lines x = {0};
    struct buf text = {0};
    for (uint64_t seed = from; (clock_ns() < end || t.programs < 40) && seed < from + 100000; seed++) {
        struct random random = {.state = seed * 0x9e3779b97f4a7c15u}, *r = &random;
        r->groups[0] = draw(r, GROUPS);
        r->groups[1] = draw(r, GROUPS);
        draw_lines(r, &x);
        text.len = 0;
        put_program(&x, 0, &text);
        /* Two views of the same bytes are told apart by the pairs above. */
        struct slice rules = buf_view(&text);
        if (slice_contains(rules, SLICE("add req")) ||
            (slice_contains(rules, SLICE("req.query")) && slice_contains(rules, SLICE("req.uri"))))
            continue;
        if (given)
            printf("seed %llu\n%.*s", (unsigned long long)seed, SLICE_ARG(buf_view(&text)));
        check_analyses(&text, &t);
    }
    printf("%u programs, %u rules, %u found, %u unknown\n", t.programs, t.rules, t.found, t.unknown);
    assert_true(t.programs > 10 && t.found > 0 && t.found < t.rules);
    for (uint32_t i = 0; i < 8; i++)
        buf_free(&x.v[i]);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_pairs), cmocka_unit_test(random_analyses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
