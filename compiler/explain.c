/* Evaluating one request for explain: what the user wrote becomes a request; see explain.h. */
#include "compiler/explain.h"

#include <stdlib.h>

#include "compiler/diag.h"
#include "compiler/explain_near.h"
#include "compiler/url.h"

/* ---- the request ------------------------------------------------------------------------------- */

/* RFC 9110 section 5.6.2. */
static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.len > 0;
}

static struct slice trim(struct slice s)
{
    while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool take_header(struct explain *e, struct eval_header *out, const char *line, struct buf *why)
{
    struct slice s = slice_of(line);
    const char *colon = memchr(s.p, ':', s.len);
    if (!colon || !is_token((struct slice){s.p, (size_t)(colon - s.p)})) {
        buf_printf(why, "a header is written 'Name: value', not '%s'", line);
        return false;
    }
    *out = (struct eval_header){{s.p, (size_t)(colon - s.p)}, trim(slice_from(s, (size_t)(colon + 1 - s.p)))};
    for (size_t i = 0; i < out->value.len; i++)
        if ((unsigned char)out->value.p[i] < ' ' && out->value.p[i] != '\t') {
            buf_printf(why, "the value of the header `%.*s` holds control characters", SLICE_ARG(out->name));
            return false;
        }
    e->request.nheaders++;
    return true;
}

static bool has_host(const struct explain *e)
{
    for (uint32_t i = 0; i < e->request.nheaders; i++)
        if (slice_eq_nocase(e->request.headers[i].name, SLICE("host")))
            return true;
    return false;
}

/* METHOD URL. The URL is what a browser is given, so its path goes into the target and its authority into
 * Host. */
static bool take_url(struct explain *e, const struct explain_query *q, struct slice *authority,
                     uint16_t *port, struct buf *why)
{
    struct slice url = trim(q->request);
    const char *space = memchr(url.p, ' ', url.len);
    e->request.method = SLICE("GET");
    if (space) {
        e->request.method = (struct slice){url.p, (size_t)(space - url.p)};
        url = trim(slice_from(url, e->request.method.len));
    }
    struct url parts;
    if (!is_token(e->request.method) || !url_split(url, &parts)) {
        buf_printf(why, "a request is written 'GET https://host/path', not '%.*s'", SLICE_ARG(q->request));
        return false;
    }
    e->request.tls = parts.tls;
    e->request.target = url_target(e->a, e->request.method, parts.rest);
    *authority = parts.authority;
    *port = parts.port;
    return true;
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; *port stays where none is given. */
static bool take_end(const char *option, const char *text, struct ip_addr *ip, uint16_t *port, struct buf *why)
{
    struct slice s = slice_of(text), addr = s;
    if (ip_parse(s, ip))
        return true;
    const char *colon = memrchr(s.p, ':', s.len);
    uint16_t n = colon ? url_port(s, 0) : 0;
    if (colon) {
        addr.len = (size_t)(colon - s.p);
        if (addr.len > 2 && addr.p[0] == '[' && addr.p[addr.len - 1] == ']')
            addr = (struct slice){addr.p + 1, addr.len - 2};
    }
    if (n && ip_parse(addr, ip)) {
        *port = n;
        return true;
    }
    buf_printf(why, "--%s takes an address, as 10.0.0.1, or with a port, as 10.0.0.1:4000, not `%s`", option, text);
    return false;
}

/* PERCENT */
static bool take_random(struct explain *e, const char *text, struct buf *why)
{
    char *end;
    e->request.random = EVAL_RANDOM;
    if (!text)
        return true;
    double n = strtod(text, &end);
    bool digits = text[0] >= '0' && text[0] <= '9' && !strpbrk(text, "xXeEnN");
    if (digits && strcmp(end, "%") == 0 && n * IR_PERCENT < IR_RANDOM_END - 0.5) {
        e->request.random = (int64_t)(n * IR_PERCENT + 0.5);
        return true;
    }
    buf_printf(why, "--random takes a percent from 0%% to below 100%%, as 4.9%%, not `%s`", text);
    return false;
}

static bool reads_random(const struct ir_expr *e)
{
    bool reads = e && e->op == IR_FIELD && e->field == IR_FIELD_RANDOM;
    for (uint32_t i = 0; e && i < e->nargs && !reads; i++)
        reads = reads_random(e->args[i]);
    return reads;
}

static bool draws(const struct ir_rule *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (reads_random(v[i].guard) || (v[i].kind == IR_USE_MAP && reads_random(v[i].value)))
            return true;
    return false;
}

/* ---- the frontend ------------------------------------------------------------------------------ */

static bool take_named(struct explain *e, const char *name, struct buf *why)
{
    const struct ir_program *p = e->p;
    struct slice *names = arena_array(e->a, struct slice, p->frontends.n);
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        names[i] = p->frontends.v[i]->name;
        if (slice_eq(names[i], slice_of(name)))
            e->frontend = p->frontends.v[i];
    }
    if (e->frontend)
        return true;
    struct slice near = diag_nearest(slice_of(name), names, p->frontends.n);
    buf_printf(why, "no frontend `%s`", name);
    if (near.p)
        buf_printf(why, "; did you mean `%.*s`?", SLICE_ARG(near));
    return false;
}

static bool listens_at(const struct ir_frontend *f, uint16_t port)
{
    for (uint32_t i = 0; i < f->listens.n; i++)
        if (f->listens.v[i].port == port)
            return true;
    return false;
}

static void take_by_port(struct explain *e, uint16_t port)
{
    const struct ir_program *p = e->p;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->frontends.n; i++)
        if (listens_at(p->frontends.v[i], port)) {
            n++;
            e->frontend = p->frontends.v[i];
        }
    if (n == 1) {
        e->frontend_note = arena_printf(e->a, "it listens on port %u", port);
        return;
    }
    e->frontend = p->frontends.v[0];
    if (p->frontends.n > 1)
        e->frontend_note = arena_printf(e->a, "the first one, since %s on port %u; --frontend names another",
                                        n == 0 ? "none listens" : "several listen", port);
}

/* ---- evaluation -------------------------------------------------------------------------------- */

struct tracing {
    struct explain *e;
    struct near near;
    bool reasons; /* for all rules */
};

static void note(struct explain *e, const struct eval_state *s)
{
    e->host = eval_host(s);
    e->path = eval_path(s);
    e->uri = eval_uri(s);
}

/* The first round counts, and finds what is near. */
static void trace_all(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    (void)in_route;
    struct tracing *t = ctx;
    note(t->e, s);
    if (applied)
        return;
    t->e->passed_over++;
    near_add(&t->near, s, rule);
}

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

/* The second one says why, for the rules that are shown: a rule has to be asked while headers are as it saw them. */
static void trace_shown(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    (void)in_route;
    struct tracing *t = ctx;
    struct explain *e = t->e;
    if (applied)
        return;
    for (uint32_t i = 0; i < e->near.n; i++) {
        struct buf test = {0}, got = {0};
        if (e->near.v[i].rule != rule)
            continue;
        explain_part_print(&t->near.rules.v[i].part, &test);
        explain_part_values(s, &t->near.rules.v[i].part, &got);
        e->near.v[i].test = kept(e->a, &test);
        e->near.v[i].got = kept(e->a, &got);
    }
    struct buf why = {0};
    if (!t->reasons)
        return;
    explain_why(s, rule, &why);
    *vec_push(e->a, &e->rules) = (struct explain_rule){rule, kept(e->a, &why)};
}

static void evaluate(struct explain *e, bool all)
{
    struct tracing t = {.e = e, .near = {.a = e->a}};
    eval_run(e->a, e->frontend, &e->request, trace_all, &t, &e->result);
    near_sort(&t.near);
    e->misses = t.near.rules.n;
    for (uint32_t i = 0; i < e->misses && i < EXPLAIN_NEAR; i++)
        *vec_push(e->a, &e->near) = (struct explain_miss){
            .rule = t.near.rules.v[i].rule, .lookup = t.near.rules.v[i].part.lookup};
    t.reasons = all || e->passed_over <= EXPLAIN_ALL_SHOWN;
    eval_run(e->a, e->frontend, &e->request, trace_shown, &t, &e->result);
}

bool explain_run(struct arena *a, const struct ir_program *p, const struct explain_query *q,
                 struct explain *out, struct buf *why)
{
    struct eval_header *headers = arena_array(a, struct eval_header, q->nheaders + 1);
    struct slice authority;
    uint16_t port;
    *out = (struct explain){.a = a, .p = p, .request = {.headers = headers}};
    for (uint32_t i = 0; i < q->nheaders; i++)
        if (!take_header(out, &headers[i], q->headers[i], why))
            return false;
    struct eval_request *r = &out->request;
    r->client_port = 50000;
    r->http10 = q->http10;
    if (!take_url(out, q, &authority, &port, why) ||
        !take_end("from", q->from ? q->from : "192.0.2.1", &r->client_ip, &r->client_port, why) ||
        !take_random(out, q->random, why))
        return false;
    if (!has_host(out))
        headers[out->request.nheaders++] = (struct eval_header){SLICE("Host"), authority};
    if (!q->frontend)
        take_by_port(out, port);
    else if (!take_named(out, q->frontend, why))
        return false;
    out->draws = draws(out->frontend->on_request.v, out->frontend->on_request.n) ||
                 draws(out->frontend->route.v, out->frontend->route.n);
    eval_listener(out->frontend, port, &r->listener_ip, &r->listener_port);
    if (q->listener && !take_end("listener", q->listener, &r->listener_ip, &r->listener_port, why))
        return false;
    evaluate(out, q->all);
    return true;
}
