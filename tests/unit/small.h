/* Every request of a small domain that the random programs of diff_generate.h can tell apart: for tests that hold the
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
#include "tests/unit/diff_generate.h"

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

static inline void each_rest(const struct reads *r, struct eval_request q, const char *host, small_request_fn *fn,
                             void *ctx)
{
    for (uint32_t m = 0; m < (r->method ? COUNT(methods) : 1); m++)
        for (uint32_t h = 0; h < (r->header ? COUNT(headers) : 1); h++)
            for (uint32_t i = 0, n = r->ip ? COUNT(addresses) : 1,
                          nc = r->cookie ? COUNT(cookies) : 1;
                 i < n * nc; i++)
                for (int tls = 0; tls < (r->port ? 4 : r->tls ? 2 : 1); tls++) {
                    struct eval_header lines[3] = {{SLICE("Host"), slice_of(host)}};
                    q.nheaders = 1;
                    if (headers[h])
                        lines[q.nheaders++] = (struct eval_header){SLICE("X"), slice_of(headers[h])};
                    if (cookies[i / n])
                        lines[q.nheaders++] = (struct eval_header){SLICE("Cookie"), slice_of(cookies[i / n])};
                    q.headers = lines;
                    q.method = slice_of(q.target.p[0] == '*' ? "OPTIONS" : methods[m]);
                    q.tls = tls & 1;
                    q.client_port = tls & 2 ? 80 : 50000;
                    ip_parse(slice_of(addresses[i % n]), &q.client_ip);
                    for (uint32_t d = 0; d < (r->random ? COUNT(draws) : 1); d++) {
                        q.random = draws[d];
                        fn(ctx, &q);
                    }
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
                          slice_contains(s, SLICE("cookie")),
                          slice_contains(s, SLICE("client.ip")),
                          slice_contains(s, SLICE("tls")),
                          slice_contains(s, SLICE("port")),
                          slice_contains(s, SLICE("query")) || slice_contains(s, SLICE("uri")),
                          slice_contains(s, SLICE("random")) || slice_contains(s, SLICE("shares"))};
}

static inline const struct ir_program *checked(struct compilation *c, const char *name, struct slice text)
{
    source_from_text(&c->sources, slice_of(name), arena_copy(&c->arena, text));
    return check_file(c, name);
}

#endif
