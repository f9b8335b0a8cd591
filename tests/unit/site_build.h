/* Plans for tests of the runtime, made in memory: frontends that reply or pass on, backends with servers and
 * checks. Needs a C compiler; its output is kept in /tmp for the next test. */
#ifndef WEIR_TEST_SITE_BUILD_H
#define WEIR_TEST_SITE_BUILD_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/plan_file.h"
#include "runtime/base/hash.h"
#include "tests/unit/ir_build.h"

struct site {
    struct ir_build b;
};

static inline void site_begin(struct site *s)
{
    *s = (struct site){0};
    s->b.p.edition = 1;
    vec_push(&s->b.a, &s->b.p.sources)->path = SLICE("site.weir");
}

/* The rules that follow are this frontend's. */
static inline void site_frontend(struct site *s, const char *name, uint16_t port)
{
    struct ir_frontend *f = arena_new(&s->b.a, struct ir_frontend);
    f->name = arena_copy(&s->b.a, slice_of(name));
    f->index = s->b.p.frontends.n;
    f->client_ms = f->request_ms = f->idle_ms = 10000;
    struct ir_listen *l = vec_push(&s->b.a, &f->listens);
    ip_parse(SLICE("127.0.0.1"), &l->addr);
    l->port = port;
    vec_add(&s->b.a, &s->b.p.frontends, f);
    s->b.f = f;
}

static inline void site_reply(struct site *s, const char *body)
{
    struct ir_rule *r = build_use(&s->b, NULL, NULL);
    r->kind = IR_REPLY;
    r->status = 200;
    r->value = build_str(&s->b, arena_copy(&s->b.a, slice_of(body)));
}

static inline struct ir_backend *site_backend(struct site *s, const char *name)
{
    struct ir_backend *b = build_backend(&s->b, name);
    b->connect_ms = b->server_ms = b->tunnel_ms = b->idle_ms = 5000;
    return b;
}

static inline struct ir_server *site_server(struct site *s, struct ir_backend *b, const char *name,
                                            uint16_t port)
{
    struct ir_server *x = vec_push(&s->b.a, &b->servers);
    *x = (struct ir_server){.name = arena_copy(&s->b.a, slice_of(name)), .port = port, .weight = 1};
    ip_parse(SLICE("127.0.0.1"), &x->addr);
    return x;
}

/* A check of the backend: GET /healthz, 200. */
static inline struct ir_check *site_check(struct site *s, struct ir_backend *b, enum ir_check_kind kind)
{
    struct ir_check *k = arena_new(&s->b.a, struct ir_check);
    *k = (struct ir_check){.name = SLICE("alive"),
                           .kind = kind,
                           .method = SLICE("GET"),
                           .path = SLICE("/healthz"),
                           .status_min = 200,
                           .status_max = 200,
                           .index = s->b.p.checks.n};
    vec_add(&s->b.a, &s->b.p.checks, k);
    b->check = k;
    b->check_every_ms = 50;
    b->check_timeout_ms = 500;
    b->check_rise = b->check_fall = 2;
    return k;
}

/* The bytes of the plan; ends the site. The digest is that of the tables. */
static inline struct buf site_plan(struct site *s)
{
    struct lowered low = {0};
    struct buf plan = {0}, why = {0}, manifest = {0};
    char digest[33];
    assert_null(lower_program(&s->b.a, &s->b.p, &low));
    hash_hex(buf_view(&low.tables), digest);
    buf_printf(&manifest, "{\"digest\": \"%s\"}", digest);
    struct plan_contents c = {.tables = buf_view(&low.tables),
                              .glue_c = buf_view(&low.glue),
                              .ir = SLICE("-"),
                              .places = SLICE("-"),
                              .manifest = buf_view(&manifest)};
    struct plan_build_options o = {.cache_dir = "/tmp/weir-test-glue"};
    if (!plan_build(&c, &o, &plan, &why))
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&low.tables);
    buf_free(&low.glue);
    buf_free(&why);
    buf_free(&manifest);
    arena_free(&s->b.a);
    return plan;
}

/* A port of 127.0.0.1 that nobody uses now. */
static inline uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

#endif
