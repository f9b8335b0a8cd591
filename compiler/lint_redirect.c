/* Redirects that lead back to themselves: the request that a client makes of the Location is put to the same
 * frontend, with what is known of it: its host, path and method; of everything else, that it is as it was
 * the first time. Where anything is not known for certain, nothing is said. */
#include "compiler/lint.h"

#include "runtime/base/norm.h"

enum { BUDGET = 2000000, TEXT = 1024 };

/* Whether a condition holds for the second request: where it held for the first, and where it did not. */
enum holds { NO, YES, UNKNOWN };
struct again {
    enum holds if_true, if_false;
};

struct second {
    bool same_host, same_path, same_uri, same_method, same_tls;
    struct slice host, path, method; /* where they are not the same; p NULL: not known */
    bool tls;
    uint16_t port;               /* 0: as for the first */
    const struct strmap *edited; /* headers that rules change */
    int64_t *budget;
};

/* ---- the place ----------------------------------------------------------------------------------- */

enum { HOST_MARK = 1, URI_MARK = 2, PATH_MARK = 3, OTHER_MARK = 4 };

/* The Location with one byte for each part that is not constant. */
static bool spell(const struct ir_expr *e, char *out, size_t *n)
{
    if (e->op == IR_CONCAT) {
        for (uint32_t i = 0; i < e->nargs; i++)
            if (!spell(e->args[i], out, n))
                return false;
        return true;
    }
    if (e->op == IR_CONST_STR) {
        if (*n + e->str.len >= TEXT)
            return false;
        for (size_t i = 0; i < e->str.len; i++)
            if (e->str.p[i] <= ' ')
                return false;
        memcpy(out + *n, e->str.p, e->str.len);
        *n += e->str.len;
        return true;
    }
    if (*n + 1 >= TEXT)
        return false;
    out[(*n)++] = lint_is_field(e, IR_FIELD_HOST)   ? HOST_MARK
                  : lint_is_field(e, IR_FIELD_URI)  ? URI_MARK
                  : lint_is_field(e, IR_FIELD_PATH) ? PATH_MARK
                                                    : OTHER_MARK;
    return true;
}

static bool has_mark(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] >= HOST_MARK && s.p[i] <= OTHER_MARK)
            return true;
    return false;
}

/* host or host:port */
static bool read_authority(struct checker *k, struct slice s, bool https, struct second *to)
{
    const char *colon = s.len ? memrchr(s.p, ':', s.len) : NULL;
    struct slice name = colon ? (struct slice){s.p, (size_t)(colon - s.p)} : s;
    uint32_t port = https ? 443 : 80;
    if (colon) {
        port = 0;
        for (const char *p = colon + 1; p < s.p + s.len; p++) {
            if (*p < '0' || *p > '9' || port > 65535)
                return false;
            port = port * 10 + (uint32_t)(*p - '0');
        }
    }
    to->port = (uint16_t)port;
    if (name.len == 1 && name.p[0] == HOST_MARK) {
        to->same_host = true;
        return port > 0 && port <= 65535;
    }
    char *out = arena_alloc(k->a, name.len + 1);
    return name.len && !has_mark(name) && port > 0 && port <= 65535 && norm_host(name, out, &to->host);
}

static bool read_path(struct checker *k, struct slice s, struct second *to)
{
    size_t n = 0;
    while (n < s.len && s.p[n] != '?' && s.p[n] != '#')
        n++;
    bool rest = n < s.len;
    s.len = n;
    if (s.len == 1 && (s.p[0] == URI_MARK || s.p[0] == PATH_MARK)) {
        to->same_path = true;
        to->same_uri = s.p[0] == URI_MARK && !rest;
        return true;
    }
    if (s.len == 0)
        s = SLICE("/");
    if (has_mark(s))
        return true; /* some path */
    char *out = arena_alloc(k->a, s.len + 1);
    return s.p[0] == '/' && norm_path(s, out, &to->path);
}

/* What is known of the request to `location`. False: it is no place of this frontend, or nobody knows. */
static bool read_location(struct checker *k, const struct ir_rule *r, struct second *to)
{
    char *text = arena_alloc(k->a, TEXT);
    size_t n = 0;
    if (!spell(r->value, text, &n) || !n)
        return false;
    struct slice s = {text, n};
    bool https = slice_starts(s, SLICE("https://"));
    to->same_method = r->status == 307 || r->status == 308;
    to->method = SLICE("GET"); /* else: whoever came with GET comes with GET */
    to->same_tls = true;
    if (https || slice_starts(s, SLICE("http://"))) {
        s = slice_from(s, https ? 8 : 7);
        size_t end = 0;
        while (end < s.len && s.p[end] != '/' && s.p[end] != '?' && s.p[end] != '#' && s.p[end] != URI_MARK &&
               s.p[end] != PATH_MARK)
            end++;
        to->same_tls = false;
        to->tls = https;
        return read_authority(k, (struct slice){s.p, end}, https, to) && read_path(k, slice_from(s, end), to);
    }
    if (slice_starts(s, SLICE("//")) || (s.p[0] != '/' && s.p[0] != URI_MARK && s.p[0] != PATH_MARK))
        return false;
    to->same_host = true;
    return read_path(k, s, to);
}

/* ---- conditions ---------------------------------------------------------------------------------- */

/* Whether a value is as it was. */
static bool unchanged(const struct second *q, const struct ir_expr *e)
{
    if (e->op == IR_FIELD) {
        if (e->field == IR_FIELD_HOST || (e->field == IR_FIELD_HEADER && slice_eq(e->str, SLICE("host"))))
            return q->same_host;
        if (e->field == IR_FIELD_PATH)
            return q->same_path;
        if (e->field == IR_FIELD_URI || e->field == IR_FIELD_QUERY)
            return q->same_uri;
        if (e->field == IR_FIELD_METHOD)
            return q->same_method;
        if (e->field == IR_FIELD_TLS_ACTIVE)
            return q->same_tls;
        /* Referer changes from one request to the next, ports with the connection. */
        if (e->field == IR_FIELD_HEADER || (e->field == IR_FIELD_HEADERS && !slice_eq(e->str, SLICE("host"))))
            return !slice_eq(e->str, SLICE("referer")) && !strmap_get(q->edited, e->str);
        return e->field == IR_FIELD_COOKIE || e->field == IR_FIELD_CLIENT_IP;
    }
    for (uint32_t i = 0; i < e->nargs; i++)
        if (!unchanged(q, e->args[i]))
            return false;
    return e->nargs > 0 || e->op == IR_CONST_BOOL || e->op == IR_CONST_INT || e->op == IR_CONST_STR ||
           e->op == IR_CONST_IP || e->op == IR_CONST_CIDR;
}

static struct again always(enum holds h)
{
    return (struct again){h, h};
}

static struct again test(const struct second *q, const struct ir_expr *e)
{
    const struct ir_expr *c, *subject = lint_subject(e, &c);
    struct slice text = {0};
    if (unchanged(q, e))
        return (struct again){YES, NO};
    if (lint_is_field(e, IR_FIELD_TLS_ACTIVE))
        return always(q->tls ? YES : NO);
    if (subject && lint_is_field(subject, IR_FIELD_HOST))
        text = q->host;
    else if (subject && lint_is_field(subject, IR_FIELD_PATH))
        text = q->path;
    else if (subject && lint_is_field(subject, IR_FIELD_METHOD))
        text = q->method;
    int r = text.p ? lint_satisfies(text, e) : -1;
    return always(r < 0 ? UNKNOWN : r ? YES : NO);
}

static enum holds negate(enum holds h)
{
    return h == UNKNOWN ? UNKNOWN : h == YES ? NO : YES;
}

static struct again evaluate(const struct second *q, const struct ir_expr *e);

/* `and`. If it held, all parts did. If it did not, some part did not: where each such part still would not,
 * neither does the whole. */
static struct again conjunction(const struct second *q, struct ir_expr *const *parts, uint32_t n, bool no)
{
    bool yes_if_true = true, yes = true, stays_false = true;
    bool no_if_true = false;
    for (uint32_t i = 0; i < n; i++) {
        struct again h = evaluate(q, parts[i]);
        if (no)
            h = (struct again){negate(h.if_false), negate(h.if_true)};
        if (h.if_true == NO && h.if_false == NO)
            return always(NO);
        no_if_true |= h.if_true == NO;
        yes_if_true &= h.if_true == YES;
        yes &= h.if_true == YES && h.if_false == YES;
        stays_false &= h.if_false == NO;
    }
    return (struct again){no_if_true    ? NO
                          : yes_if_true ? YES
                                        : UNKNOWN,
                          yes           ? YES
                          : stays_false ? NO
                                        : UNKNOWN};
}

static struct again evaluate(const struct second *q, const struct ir_expr *e)
{
    if (!e || e->op == IR_CONST_BOOL)
        return always(!e || e->num ? YES : NO);
    if (--*q->budget < 0)
        return always(UNKNOWN);
    bool no = e->op == IR_NOT || e->op == IR_OR; /* a or b is not (not a and not b) */
    if (e->op != IR_AND && !no)
        return test(q, e);
    struct again h = conjunction(q, e->args, e->nargs, no && e->op == IR_OR);
    return no ? (struct again){negate(h.if_false), negate(h.if_true)} : h;
}

/* ---- rules --------------------------------------------------------------------------------------- */

static bool is_edit(const struct ir_rule *r)
{
    return r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER;
}

/* Whether a rule that was passed over by the first request is passed over by the second. */
static bool passes(const struct second *q, const struct ir_rule *r)
{
    if (is_edit(r))
        return true;
    struct again h = evaluate(q, r->guard);
    if (h.if_true == NO && h.if_false == NO)
        return true;
    /* Without a row the first time, there is none for the same key. */
    return h.if_false == NO && (r->kind != IR_USE_MAP || unchanged(q, r->value->args[0]));
}

/* Whether some condition names the host that the redirect goes to: else the name may be another machine's. */
static bool host_is_ours(const struct second *q, const struct ir_expr *guard)
{
    struct lint_fact part[LINT_FACTS];
    uint32_t n = lint_parts(guard, false, part, LINT_FACTS);
    if (q->same_host)
        return true;
    for (uint32_t i = 0; i < n && i < LINT_FACTS; i++) {
        const struct ir_expr *c, *subject = part[i].no ? NULL : lint_subject(part[i].e, &c);
        if (subject && lint_is_field(subject, IR_FIELD_HOST) && lint_satisfies(q->host, part[i].e) == 1)
            return true;
    }
    return false;
}

static bool port_is_ours(const struct second *q, const struct ir_frontend *f)
{
    if (!q->port)
        return true;
    for (uint32_t i = 0; i < f->listens.n; i++)
        if (f->listens.v[i].port == q->port)
            return true;
    return false;
}

static bool earlier_pass(const struct second *q, const struct ir_frontend *f, const struct ir_rule *r)
{
    for (uint32_t i = 0; i < f->on_request.n; i++) {
        if (&f->on_request.v[i] == r)
            return true;
        if (!passes(q, &f->on_request.v[i]))
            return false;
    }
    for (uint32_t i = 0; i < f->route.n && &f->route.v[i] != r; i++)
        if (!passes(q, &f->route.v[i]))
            return false;
    return true;
}

static void redirect(struct checker *k, const struct ir_frontend *f, const struct ir_rule *r,
                     const struct strmap *edited, int64_t *budget)
{
    struct second q = {.edited = edited, .budget = budget};
    if (r->kind != IR_REDIRECT || !read_location(k, r, &q) || !port_is_ours(&q, f) ||
        !host_is_ours(&q, r->guard))
        return;
    struct again h = evaluate(&q, r->guard);
    if (h.if_true != YES || !earlier_pass(&q, f, r) || *budget < 0)
        return;
    struct diag *x =
        diag_report(k->d, DIAG_W0503, lint_word_span(k, r->pos), "this redirect leads back to itself");
    diag_label(k->d, x, "decides the request for its own target too");
    if (r->guard && h.if_false != YES)
        diag_note(k->d, x, "its condition does not ask for what changes: it holds the second time too");
    if (q.path.p)
        diag_help(k->d, x, "leave the target out: `… if path != \"%.*s\"`", SLICE_ARG(q.path));
}

void lint_redirects(struct checker *k, const struct ir_frontend *f)
{
    int64_t budget = BUDGET;
    struct strmap edited = {0};
    for (uint32_t i = 0; i < f->on_request.n; i++) {
        struct slice name = f->on_request.v[i].name;
        char *p = arena_alloc(k->a, name.len + 1);
        if (!is_edit(&f->on_request.v[i]))
            continue;
        if (slice_eq_nocase(name, SLICE("host")))
            return; /* which host the second request has is not known */
        for (size_t j = 0; j < name.len; j++)
            p[j] = ascii_lower(name.p[j]);
        strmap_put(&edited, k->a, (struct slice){p, name.len}, 0, NULL);
    }
    for (uint32_t i = 0; i < f->on_request.n; i++)
        redirect(k, f, &f->on_request.v[i], &edited, &budget);
    for (uint32_t i = 0; i < f->route.n; i++)
        redirect(k, f, &f->route.v[i], &edited, &budget);
}
