/* Evaluates a program on one request: normalises, then takes the rules one after the other; see eval.h. */
#include "compiler/eval.h"

#include "compiler/eval_state.h"
#include "runtime/base/norm.h"

struct slice eval_host(const struct eval_state *s)
{
    return s->host;
}

struct slice eval_path(const struct eval_state *s)
{
    return s->path;
}

struct slice eval_uri(const struct eval_state *s)
{
    return s->uri;
}

void eval_listener(const struct ir_frontend *f, uint16_t port, struct ip_addr *ip, uint16_t *at)
{
    static const struct ip_addr all;
    uint32_t i = 0;
    while (i < f->listens.n && f->listens.v[i].port != port)
        i++;
    i = i < f->listens.n ? i : 0;
    ip_parse(SLICE("192.0.2.2"), ip);
    *at = port;
    if (f->listens.n == 0)
        return;
    *at = f->listens.v[i].port;
    if (memcmp(&f->listens.v[i].addr, &all, sizeof all) != 0)
        *ip = f->listens.v[i].addr;
}

/* ---- the request ------------------------------------------------------------------------------- */

/* Splits http(s)://authority[path][?query] (RFC 9112 section 3.2.2). */
static bool take_absolute(struct eval_state *s, struct slice target, struct slice *rest)
{
    static const struct slice schemes[] = {SLICE("http://"), SLICE("https://")};
    size_t from = 0;
    for (unsigned i = 0; i < 2; i++)
        if (target.len > schemes[i].len &&
            slice_eq_nocase((struct slice){target.p, schemes[i].len}, schemes[i]))
            from = schemes[i].len;
    size_t end = from;
    while (end < target.len && target.p[end] != '/' && target.p[end] != '?')
        end++;
    if (from == 0 || end == from || target.p[from] == ':')
        return false;
    s->authority = (struct slice){target.p + from, end - from};
    *rest = slice_from(target, end);
    return true;
}

/* Sets path, query and uri from the target without its authority. */
static const char *take_path(struct eval_state *s, struct slice t)
{
    const char *mark = memchr(t.p, '?', t.len);
    struct slice raw = {t.p, mark ? (size_t)(mark - t.p) : t.len};
    if (mark)
        s->query = slice_from(t, raw.len + 1);
    if (raw.len == 0)
        raw = SLICE("/");
    s->raw_path = raw;
    char *out = arena_alloc(s->a, raw.len + s->query.len + 2);
    if (!norm_path(raw, out, &s->path))
        return "the path is malformed, or holds an encoded slash or NUL";
    s->uri = s->path;
    if (s->query.p) {
        out[s->uri.len++] = '?';
        if (s->query.len)
            memcpy(out + s->uri.len, s->query.p, s->query.len);
        s->uri.len += s->query.len;
    }
    return NULL;
}

static const char *take_target(struct eval_state *s)
{
    struct slice t = s->request->target, rest = t;
    bool options = slice_eq(s->request->method, SLICE("OPTIONS"));
    if (t.len == 0 || (t.p[0] != '/' && !slice_eq(t, SLICE("*")) && !take_absolute(s, t, &rest)))
        return "the target is neither a path nor a URL";
    if (slice_eq(t, SLICE("*")) && !options)
        return "only OPTIONS has the target *";
    if (slice_eq(t, SLICE("*")) || (options && s->authority.p && rest.len == 0)) {
        s->path = s->uri = s->raw_path = SLICE("*"); /* RFC 9112 section 3.2.4 */
        return NULL;
    }
    return take_path(s, rest);
}

/* One Host field, also where the target overrules it (RFC 9112 section 3.2). */
static const char *take_host(struct eval_state *s)
{
    struct slice raw = {NULL, 0};
    for (uint32_t i = 0; i < s->request->nheaders; i++) {
        if (!slice_eq_nocase(s->request->headers[i].name, SLICE("host")))
            continue;
        if (raw.p)
            return "there are several Host fields";
        raw = s->request->headers[i].value;
        raw.p = raw.p ? raw.p : "";
    }
    if (!raw.p && !s->request->http10)
        return "there is no Host field";
    if (!raw.p)
        s->host = SLICE("");
    else if (!norm_host(raw, arena_alloc(s->a, raw.len + 1), &s->host))
        return "the Host field is malformed";
    if (s->authority.p && !norm_host(s->authority, arena_alloc(s->a, s->authority.len + 1), &s->host))
        return "the host of the target is malformed";
    return NULL;
}

static struct slice joined(struct eval_state *s, struct slice x, struct slice separator, struct slice y)
{
    char *out = arena_alloc(s->a, x.len + separator.len + y.len + 1);
    memcpy(out, x.p, x.len);
    memcpy(out + x.len, separator.p, separator.len);
    if (y.len)
        memcpy(out + x.len + separator.len, y.p, y.len);
    return (struct slice){out, x.len + separator.len + y.len};
}

/* The lines of a header as one value (RFC 9110 section 5.3; Cookie: RFC 6265 section 5.4). */
static struct slice header_received(struct eval_state *s, struct slice name)
{
    struct slice value = {NULL, 0};
    struct slice separator = slice_eq_nocase(name, SLICE("cookie")) ? SLICE("; ") : SLICE(", ");
    if (s->authority.p && slice_eq_nocase(name, SLICE("host")))
        return s->authority;
    for (uint32_t i = 0; i < s->request->nheaders; i++) {
        const struct eval_header *h = &s->request->headers[i];
        if (!slice_eq_nocase(h->name, name))
            continue;
        if (value.p)
            value = joined(s, value, separator, h->value);
        else
            value = h->value.p ? h->value : SLICE("");
    }
    return value;
}

static struct eval_changed *find_changed(struct eval_state *s, struct slice name)
{
    for (uint32_t i = 0; i < s->changed.n; i++)
        if (slice_eq_nocase(s->changed.v[i].name, name))
            return &s->changed.v[i];
    return NULL;
}

struct slice eval_header_get(struct eval_state *s, struct slice name)
{
    const struct eval_changed *c = find_changed(s, name);
    return c ? c->value : header_received(s, name);
}

struct eval_value eval_header_lines(struct eval_state *s, struct slice name)
{
    const struct eval_changed *c = find_changed(s, name);
    VEC(struct slice) lines = {0};
    if (c)
        return (struct eval_value){.kind = IR_LIST, .list = {c->lines.v, c->lines.n}};
    if (s->authority.p && slice_eq_nocase(name, SLICE("host"))) {
        vec_add(s->a, &lines, s->authority);
        return (struct eval_value){.kind = IR_LIST, .list = {lines.v, lines.n}};
    }
    for (uint32_t i = 0; i < s->request->nheaders; i++) {
        const struct eval_header *h = &s->request->headers[i];
        struct slice value = h->value.p ? h->value : SLICE("");
        if (slice_eq_nocase(h->name, name))
            vec_add(s->a, &lines, value);
    }
    return (struct eval_value){.kind = IR_LIST, .list = {lines.v, lines.n}};
}

/* ---- rules ------------------------------------------------------------------------------------- */

/* A value as a field value: clean, and empty where it is absent. */
static struct slice clean_value(struct eval_state *s, const struct ir_expr *e)
{
    struct eval_value v = e ? eval_expr(s, e) : (struct eval_value){.absent = true};
    if (v.absent || v.kind != IR_STR)
        return SLICE("");
    char *out = arena_alloc(s->a, v.str.len + 1);
    return (struct slice){out, norm_field_value(v.str, out)};
}

static void edit(struct eval_state *s, const struct ir_rule *r, struct eval_result *out)
{
    struct slice value = {NULL, 0}, before = eval_header_get(s, r->name);
    if (r->kind != IR_DEL_HEADER)
        value = clean_value(s, r->value);
    *vec_push(s->a, &out->edits) = (struct eval_edit){r->kind, r->name, value, r};
    struct eval_value lines = eval_header_lines(s, r->name);
    struct slice line = value;
    if (r->kind == IR_ADD_HEADER && before.p)
        value = joined(s, before, SLICE(", "), value);
    struct eval_changed *c = find_changed(s, r->name);
    if (!c) {
        c = vec_push(s->a, &s->changed);
        c->name = r->name;
    }
    c->value = value;
    memset(&c->lines, 0, sizeof c->lines);
    for (uint32_t i = 0; r->kind == IR_ADD_HEADER && i < lines.list.n; i++)
        vec_add(s->a, &c->lines, lines.list.v[i]);
    if (r->kind != IR_DEL_HEADER)
        vec_add(s->a, &c->lines, line);
}

static void reply(struct eval_state *s, const struct ir_rule *r, struct eval_result *out)
{
    out->outcome = EVAL_REPLY;
    out->status = r->status;
    out->value = (struct slice){NULL, 0};
    if (r->value) {
        struct eval_value body = eval_expr(s, r->value);
        if (!body.absent && body.kind == IR_STR)
            out->value = body.str;
    }
    for (uint32_t i = 0; i < r->headers.n; i++) {
        const struct ir_header_value *h = &r->headers.v[i];
        *vec_push(s->a, &out->reply_headers) = (struct eval_header){h->name, clean_value(s, h->value)};
    }
}

/* Does what the rule says. True where it ends the evaluation. */
static bool act(struct eval_state *s, const struct ir_rule *r, struct eval_result *out)
{
    switch (r->kind) {
    case IR_USE:
        out->outcome = EVAL_USE;
        out->backend = r->backend;
        return true;
    case IR_USE_MAP:
        out->outcome = EVAL_USE;
        out->backend = eval_expr(s, r->value).backend;
        return true;
    case IR_REDIRECT:
        out->outcome = EVAL_REDIRECT;
        out->status = r->status;
        out->value = clean_value(s, r->value);
        return true;
    case IR_REPLY:
        reply(s, r, out);
        return true;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
    case IR_DEL_HEADER:
        edit(s, r, out);
        return false;
    }
    return false;
}

/* A rule applies where its guard holds and, for `use map[…]`, the map has something for it. */
static bool applies(struct eval_state *s, const struct ir_rule *r)
{
    if (r->guard && !eval_expr(s, r->guard).truth)
        return false;
    if (r->kind != IR_USE_MAP)
        return true;
    struct eval_value v = eval_expr(s, r->value);
    return !v.absent && v.kind == IR_BACKEND;
}

void eval_run(struct arena *a, const struct ir_frontend *f, const struct eval_request *q,
              eval_trace_fn *trace, void *ctx, struct eval_result *out)
{
    struct eval_state s = {
        .a = a, .request = q, .listener_ip = q->listener_ip, .listener_port = q->listener_port};
    if (!q->listener_port)
        eval_listener(f, q->tls ? 443 : 80, &s.listener_ip, &s.listener_port);
    *out = (struct eval_result){0};
    out->refused = take_target(&s);
    if (!out->refused)
        out->refused = take_host(&s);
    if (out->refused) {
        out->outcome = EVAL_BAD_REQUEST;
        out->status = 400;
        return;
    }
    for (uint32_t i = 0, n = f->on_request.n + f->route.n; i < n; i++) {
        bool in_route = i >= f->on_request.n;
        const struct ir_rule *r = in_route ? &f->route.v[i - f->on_request.n] : &f->on_request.v[i];
        bool applied = applies(&s, r);
        if (trace)
            trace(ctx, &s, r, in_route, applied);
        if (!applied || !act(&s, r, out))
            continue;
        out->rule = r;
        out->in_route = in_route;
        return;
    }
    /* A checked program does not get here: its route ends in a rule that always applies. */
    out->outcome = EVAL_REPLY;
    out->status = 500;
}
