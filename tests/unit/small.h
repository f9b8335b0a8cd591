/* Small random programs, and every request of a small domain that they can tell apart: for tests that hold the
 * exact analyses against brute force. */
#ifndef WEIR_TESTS_SMALL_H
#define WEIR_TESTS_SMALL_H

#include <stdio.h>
#include <string.h>

#include "compiler/check.h"
#include "compiler/compilation.h"
#include "compiler/eval.h"
#include "runtime/base/buf.h"
#include "runtime/base/norm.h"

/* ---- random programs --------------------------------------------------------------------------- */

struct random {
    uint64_t state;
    uint32_t groups[2]; /* of tests */
};

static inline uint32_t draw(struct random *r, uint32_t below)
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

/* What a program reads, so that no more is tried. */
struct reads {
    bool host, path, method, header, ip, tls, port, query;
};

/* Tests by what they read. A pair of programs reads two of these groups, so that brute force has an end. */
enum { GROUPS = 5, GROUP_TESTS = 20 };
static const char *const tests[GROUPS][GROUP_TESTS] = {
    {"host == \"a\"", "host == \"a.b\"", "host != \"b\"", "host like \"*.b\"", "host like \"**.b\"",
     "host in [\"a\", \"b.b\"]", "host in [\"*.b\", \"a\"]", "host ends-with \"b\"", "host contains \"a\"",
     "host starts-with \"a\"", "host in hosts", "host like \"a*\"", "host matches re\"^a+$\""},
    {"path == \"/a\"",           "path == \"/\"",          "path != \"/b\"",
     "path under \"/a\"",        "path under \"/a/b\"",    "path under \"/\"",
     "path starts-with \"/a\"",  "path ends-with \"b\"",   "path ends-with \"/\"",
     "path contains \"ab\"",     "path contains \".\"",    "path like \"/*\"",
     "path like \"/a/*\"",       "path like \"/*/b\"",     "path like \"/a**\"",
     "path matches re\"^/a*$\"", "path matches re\"b+a\"", "path matches re\"^/(a|b)/\"",
     "path in [\"/a\", \"/b\"]", "path in prefixes"},
    {"req.method == GET", "req.method in [POST, PUT]", "req.method != GET", "client.ip in 10.0.0.0/8",
     "tls.active", "client.ip in [10.0.0.0/16, 192.0.2.0/24]", "client.ip == 10.1.0.1", "client.ip in ::/0",
     "client.port < 1024"},
    {"req.header[\"X\"] == \"a\"", "req.header[\"X\"] != \"a\"", "exists(req.header[\"X\"])",
     "req.header[\"X\"] starts-with \"a\"", "req.header[\"X\"] | lower == \"a\"",
     "req.header[\"X\"] | default(\"b\") == \"b\"", "req.header[\"X\"] in [\"a\", \"b\"]",
     "req.header[\"X\"] contains \"b\""},
    {"path == \"/a\"", "path under \"/a\"", "path ends-with \"b\"", "req.uri starts-with \"/a\"",
     "req.uri ends-with \"b\"", "words[path] == \"one\"", "req.query[\"q\"] == \"a\"",
     "exists(req.query[\"q\"])", "path | upper == \"/A\"", "req.uri == \"/a\"", "path matches re\"^/a*$\""},
};

static inline void add_test(struct random *r, struct buf *out)
{
    uint32_t group = r->groups[draw(r, 2)], n = 0;
    while (n < GROUP_TESTS && tests[group][n])
        n++;
    buf_str(out, draw(r, 100) < 20 ? "not (" : "(");
    buf_str(out, tests[group][draw(r, n)]);
    buf_char(out, ')');
}

static inline void add_guard(struct random *r, struct buf *out)
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

static inline void draw_line(struct random *r, bool edit, struct buf *out)
{
    static const char *const actions[] = {"use p",     "use q",     "use s",
                                          "reply 403", "reply 404", "redirect to \"/x\" 302"},
                             *const maps[GROUPS] = {"use by-host[host]", "use by-path[path]",
                                                    "use by-net[client.ip]", "use p", "use by-path[path]"},
                             *const edits[] = {
                                 "set req.header[\"X\"] = \"a\"", "delete req.header[\"X\"]",
                                 "add req.header[\"X\"] = \"b\"", "set req.header[\"Y\"] = \"1\"",
                                 "set req.header[\"Y\"] = path",  "reply 405"};
    out->len = 0;
    buf_printf(out, "    %s", edit ? ONE_OF(edits) : draw(r, 4) == 0 ? maps[r->groups[0]] : ONE_OF(actions));
    add_guard(r, out);
}

static inline void draw_lines(struct random *r, struct lines *l)
{
    l->edits = draw(r, 3) == 0 ? 1 + draw(r, 2) : 0;
    l->n = l->edits + 1 + draw(r, 5);
    l->n = l->n > 6 ? 6 : l->n;
    for (uint32_t i = 0; i < l->n; i++)
        draw_line(r, i < l->edits, &l->v[i]);
}

static inline void copy_lines(const struct lines *from, struct lines *to)
{
    to->n = from->n;
    to->edits = from->edits;
    for (uint32_t i = 0; i < from->n; i++) {
        to->v[i].len = 0;
        buf_slice(&to->v[i], buf_view(&from->v[i]));
    }
}

static inline void mutate(struct random *r, struct lines *l)
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

static inline void put_program(const struct lines *l, uint32_t variant, struct buf *out)
{
    buf_printf(out,
               "language 1\nbackend p { server x 127.0.0.1:1 }\nbackend q { server x 127.0.0.1:1 }\n"
               "backend s { server x 127.0.0.1:1 }\n"
               "map by-host: host-pattern -> backend {\n \"a\" -> p\n \"*.b\" -> q\n \"**.b\" -> s\n%s}\n"
               "map by-path: path -> backend {\n \"/a\" -> p\n \"/a/b\" -> %s\n}\n"
               "map by-net: cidr -> backend {\n 10.0.0.0/8 -> p\n 10.1.0.0/16 -> q\n ::/0 -> s\n}\n"
               "map words: path -> string {\n \"/a\" -> \"one\"\n \"/a/b\" -> \"two\"\n}\n"
               "list hosts: host {\n \"a\"\n \"a.b\"\n%s}\nlist prefixes: prefix {\n \"/a\"\n \"/b/\"\n}\n"
               "frontend f {\n  listen 127.0.0.1:2\n",
               variant & 1 ? " \"b.b\" -> p\n" : "", variant & 2 ? "s" : "q", variant & 4 ? " \"b\"\n" : "");
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

/* ---- the domain -------------------------------------------------------------------------------- */

enum { PATHS_MAX = 256 };

typedef void small_request_fn(void *ctx, const struct eval_request *q);

/* All paths over {a, b, /, .} that normalisation leaves alone, up to a length. */
static inline uint32_t all_paths(char paths[PATHS_MAX][8])
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

static inline void each_rest(const struct reads *r, struct eval_request q, const char *host, small_request_fn *fn, void *ctx)
{
    for (uint32_t m = 0; m < (r->method ? COUNT(methods) : 1); m++)
        for (uint32_t h = 0; h < (r->header ? COUNT(headers) : 1); h++)
            for (uint32_t i = 0; i < (r->ip ? COUNT(addresses) : 1); i++)
                for (int tls = 0; tls < (r->port ? 4 : r->tls ? 2 : 1); tls++) {
                    struct eval_header lines[2] = {{SLICE("Host"), slice_of(host)}, {SLICE("X"), SLICE("")}};
                    if (headers[h])
                        lines[1].value = slice_of(headers[h]);
                    q.headers = lines;
                    q.nheaders = headers[h] ? 2 : 1;
                    q.method = slice_of(q.target.p[0] == '*' ? "OPTIONS" : methods[m]);
                    q.tls = tls & 1;
                    q.client_port = tls & 2 ? 80 : 50000;
                    ip_parse(slice_of(addresses[i]), &q.client_ip);
                    fn(ctx, &q);
                }
}

/* Calls `fn` for every request of the domain. */
static inline void small_each_request(const struct reads *r, small_request_fn *fn, void *ctx)
{
    static const char *const queries[] = {"", "?", "?q=a", "?q=b", "?b"};
    char paths[PATHS_MAX][8];
    uint32_t npaths = r->path ? all_paths(paths) : 1;
    if (npaths == 1)
        strcpy(paths[0], "/");
    for (uint32_t h = 0; h < (r->host ? COUNT(hosts) : 1); h++)
        for (uint32_t p = 0; p < npaths; p++)
            for (uint32_t k = 0; k < (r->query && paths[p][0] == '/' ? COUNT(queries) : 1); k++) {
                char target[32];
                snprintf(target, sizeof target, "%.8s%.8s", paths[p], queries[k]);
                struct eval_request q = {.target = slice_of(target), .client_port = 50000};
                each_rest(r, q, hosts[h], fn, ctx);
            }
}

static inline struct reads reads_of(struct slice text)
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
                          slice_contains(s, SLICE("query")) || slice_contains(s, SLICE("uri"))};
}

static inline const struct ir_program *checked(struct compilation *c, const char *name, struct slice text)
{
    source_from_text(&c->sources, slice_of(name), arena_copy(&c->arena, text));
    return check_file(c, name);
}

#endif
