/* Requests as witnesses; see an_witness.h. */
#include "compiler/an_witness.h"

/* ---- samples ----------------------------------------------------------------------------------- */

struct an_sample an_sample_take(struct arena *a, const struct an_search *s)
{
    struct an_sample out = {0};
    for (uint32_t i = 0; i < s->l->vars.n; i++) {
        const struct variable *v = &s->l->vars.v[i];
        if (!s->has[i])
            continue;
        struct an_part part = {v->field, v->key, s->values[i]};
        if (part.value.text.p)
            part.value.text = arena_copy(a, part.value.text);
        if (v->kind != VAR_OPAQUE)
            vec_add(a, &out.parts, part);
        else if (v->expr)
            vec_add(a, &out.opaque, v->expr);
    }
    return out;
}

static const struct an_part *part_of(const struct an_sample *s, enum ir_field field)
{
    for (uint32_t i = s->parts.n; i-- > 0;)
        if (s->parts.v[i].field == field)
            return &s->parts.v[i];
    return NULL;
}

/* ---- the request ------------------------------------------------------------------------------- */

static void put_escaped(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c && strchr("-._~", c));
        buf_printf(out, plain ? "%c" : "%%%02X", c);
    }
}

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

static struct slice target_of(struct arena *a, const struct an_sample *s)
{
    const struct an_part *path = part_of(s, IR_FIELD_URI);
    struct buf b = {0};
    if (!path)
        path = part_of(s, IR_FIELD_PATH);
    buf_slice(&b, path ? path->value.text : SLICE("/"));
    bool more = b.len && memchr(b.p, '?', b.len);
    for (uint32_t i = 0; i < s->parts.n; i++) {
        const struct an_part *q = &s->parts.v[i];
        if (q->field != IR_FIELD_QUERY || q->value.absent)
            continue;
        buf_char(&b, more ? '&' : '?');
        more = true;
        put_escaped(q->key, &b);
        buf_char(&b, '=');
        put_escaped(q->value.text, &b);
    }
    return kept(a, &b);
}

struct headers {
    struct eval_header *v;
    uint32_t n;
};

/* A value that ends as joined lines do becomes lines (RFC 9110 section 5.3). */
static void add_header(struct headers *h, struct slice name, struct slice value)
{
    if (value.len >= 2 && value.p[value.len - 1] == ' ' && value.p[value.len - 2] == ',') {
        add_header(h, name, (struct slice){value.p, value.len - 2});
        value = SLICE("");
    }
    if (h->n < 64)
        h->v[h->n++] = (struct eval_header){name, slice_trim(value)};
}

static void add_cookies(struct arena *a, const struct an_sample *s, struct headers *h)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < s->parts.n; i++) {
        const struct an_part *p = &s->parts.v[i];
        if (p->field == IR_FIELD_COOKIE && !p->value.absent)
            buf_printf(&b, "%s%.*s=%.*s", b.len ? "; " : "", SLICE_ARG(p->key), SLICE_ARG(p->value.text));
    }
    bool any = b.len > 0;
    struct slice value = kept(a, &b);
    if (any)
        add_header(h, SLICE("Cookie"), value);
}

static void add_headers(struct arena *a, const struct an_sample *s, struct headers *h)
{
    bool host = false;
    h->v = arena_array(a, struct eval_header, 64);
    for (uint32_t i = 0; i < s->parts.n; i++)
        host |= s->parts.v[i].field == IR_FIELD_HEADER && slice_eq_nocase(s->parts.v[i].key, SLICE("host"));
    /* Of dots at its end, normalisation takes one away. */
    bool dot = s->host.len && s->host.p[s->host.len - 1] == '.';
    if (!host)
        add_header(h, SLICE("Host"), dot ? arena_printf(a, "%.*s.", SLICE_ARG(s->host)) : s->host);
    for (uint32_t i = 0; i < s->parts.n; i++) {
        const struct an_part *p = &s->parts.v[i];
        if (p->field == IR_FIELD_HEADER && !p->value.absent)
            add_header(h, p->key, p->value.text);
    }
    add_cookies(a, s, h);
}

struct eval_request an_request(struct arena *a, const struct an_sample *s)
{
    const struct an_part *method = part_of(s, IR_FIELD_METHOD), *ip = part_of(s, IR_FIELD_CLIENT_IP),
                         *port = part_of(s, IR_FIELD_CLIENT_PORT), *tls = part_of(s, IR_FIELD_TLS_ACTIVE);
    struct headers h = {0};
    struct eval_request q = {.target = target_of(a, s)};
    add_headers(a, s, &h);
    q.headers = h.v;
    q.nheaders = h.n;
    q.method = method ? method->value.text : slice_eq(q.target, SLICE("*")) ? SLICE("OPTIONS") : SLICE("GET");
    q.client_port = port ? (uint16_t)port->value.num : 50000;
    q.tls = tls && tls->value.truth;
    ip_parse(SLICE("192.0.2.1"), &q.client_ip);
    if (ip)
        q.client_ip = ip->value.ip;
    return q;
}

/* ---- conditions that are left open ------------------------------------------------------------- */

/* Values that may make conditions true or false: the constants in them and what is near to those. */
struct guesses {
    struct arena *a;
    VEC(struct an_part) fields; /* without values */
    VEC(struct slice) texts;
};

static void add_text(struct guesses *g, struct slice s)
{
    for (uint32_t i = 0; i < g->texts.n; i++)
        if (slice_eq(g->texts.v[i], s))
            return;
    if (g->texts.n < 64)
        vec_add(g->a, &g->texts, s);
}

static void add_field(struct guesses *g, const struct ir_expr *e)
{
    enum ir_field field = e->field == IR_FIELD_HEADERS ? IR_FIELD_HEADER : (enum ir_field)e->field;
    bool keyed = field == IR_FIELD_HEADER || field == IR_FIELD_QUERY || field == IR_FIELD_COOKIE;
    if (!keyed || g->fields.n == 8)
        return;
    for (uint32_t i = 0; i < g->fields.n; i++)
        if (g->fields.v[i].field == field && slice_eq(g->fields.v[i].key, e->str))
            return;
    vec_add(g->a, &g->fields, ((struct an_part){.field = field, .key = e->str}));
}

static void guess(struct guesses *g, const struct ir_expr *e)
{
    if (e->op == IR_CONST_STR)
        add_text(g, e->str);
    for (int d = -1; e->op == IR_CONST_INT && d <= 1; d++)
        add_text(g, arena_printf(g->a, "%lld", (long long)((uint64_t)e->num + (uint64_t)(int64_t)d)));
    if (e->op == IR_FIELD)
        add_field(g, e);
    for (uint32_t i = 0; (e->op == IR_IN || e->op == IR_LOOKUP) && i < e->set->rows.n && i < 8; i++)
        if (e->set->key_kind != IR_KEY_INT && e->set->key_kind != IR_KEY_CIDR)
            add_text(g, e->set->rows.v[i].key.str);
    for (uint32_t i = 0; i < e->nargs; i++)
        guess(g, e->args[i]);
}

enum { GUESSES_MAX = 300 };

/* Each field is absent or has one of the texts, in turn. */
static bool try_guesses(struct guesses *g, const struct an_sample *s, an_confirm_fn *confirm, void *ctx,
                        struct eval_request *out)
{
    uint32_t base = g->texts.n + 1;
    uint64_t all = 1;
    for (uint32_t i = 0; i < g->fields.n && all < GUESSES_MAX; i++)
        all *= base;
    for (uint64_t n = 0; n < all && n < GUESSES_MAX; n++) {
        struct an_sample x = {.host = s->host};
        uint64_t digits = n;
        for (uint32_t i = 0; i < s->parts.n; i++)
            vec_add(g->a, &x.parts, s->parts.v[i]);
        for (uint32_t i = 0; i < g->fields.n; i++, digits /= base) {
            struct an_part p = g->fields.v[i];
            if (digits % base == 0)
                continue;
            p.value.text = g->texts.v[digits % base - 1];
            vec_add(g->a, &x.parts, p);
        }
        *out = an_request(g->a, &x);
        if (confirm(ctx, out))
            return true;
    }
    return false;
}

bool an_find_witness(struct arena *a, const struct an_sample *s, an_confirm_fn *confirm, void *ctx,
                     struct eval_request *out)
{
    struct guesses g = {.a = a};
    *out = an_request(a, s);
    if (confirm(ctx, out))
        return true;
    for (uint32_t i = 0; i < s->opaque.n; i++)
        guess(&g, s->opaque.v[i]);
    if (g.fields.n == 0)
        return false;
    add_text(&g, s->host);
    const struct an_part *path = part_of(s, IR_FIELD_PATH);
    add_text(&g, path ? path->value.text : SLICE("/"));
    return try_guesses(&g, s, confirm, ctx, out);
}

/* ---- results ----------------------------------------------------------------------------------- */

static bool same_text(struct slice x, struct slice y)
{
    return !x.p == !y.p && slice_eq(x, y);
}

static bool same_headers(const struct eval_result *x, const struct eval_result *y)
{
    if (x->reply_headers.n != y->reply_headers.n)
        return false;
    for (uint32_t i = 0; i < x->reply_headers.n; i++)
        if (!slice_eq_nocase(x->reply_headers.v[i].name, y->reply_headers.v[i].name) ||
            !slice_eq(x->reply_headers.v[i].value, y->reply_headers.v[i].value))
            return false;
    return true;
}

/* The next change of `name` from `*at` on. */
static const struct eval_edit *next_edit(const struct eval_result *r, struct slice name, uint32_t *at)
{
    while (*at < r->edits.n)
        if (slice_eq_nocase(r->edits.v[(*at)++].name, name))
            return &r->edits.v[*at - 1];
    return NULL;
}

/* The changes of each header of `x` are the same in `y`. */
static bool covers_edits(const struct eval_result *x, const struct eval_result *y)
{
    for (uint32_t i = 0; i < y->edits.n; i++) {
        uint32_t p = 0, q = 0;
        const struct eval_edit *a, *b;
        do {
            a = next_edit(x, y->edits.v[i].name, &p);
            b = next_edit(y, y->edits.v[i].name, &q);
            if (!a != !b || (a && (a->kind != b->kind || !same_text(a->value, b->value))))
                return false;
        } while (a);
    }
    return true;
}

bool an_results_differ(const struct eval_result *x, const struct eval_result *y)
{
    if (x->outcome != y->outcome)
        return true;
    switch (x->outcome) {
    case EVAL_USE:
        return !slice_eq(x->backend->name, y->backend->name) || !covers_edits(x, y) || !covers_edits(y, x);
    case EVAL_REDIRECT:
        return x->status != y->status || !slice_eq(x->value, y->value);
    case EVAL_REPLY:
        return x->status != y->status || !same_text(x->value, y->value) || !same_headers(x, y);
    case EVAL_BAD_REQUEST:
        break;
    }
    return false;
}

/* ---- as text ----------------------------------------------------------------------------------- */

static void put_quoted(struct slice s, struct buf *out)
{
    buf_char(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\'')
            buf_str(out, "'\\''");
        else if (c < ' ' || c >= 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_char(out, (char)c);
    }
    buf_char(out, '\'');
}

void an_request_text(const struct eval_request *q, struct buf *out)
{
    struct buf url = {0};
    char ip[IP_TEXT_MAX];
    struct slice host = SLICE(""), address = {ip, ip_format(&q->client_ip, ip)};
    for (uint32_t i = 0; i < q->nheaders; i++)
        if (slice_eq_nocase(q->headers[i].name, SLICE("host")))
            host = q->headers[i].value;
    buf_printf(&url, "%.*s %s://%.*s%.*s", SLICE_ARG(q->method), q->tls ? "https" : "http", SLICE_ARG(host),
               SLICE_ARG(slice_eq(q->target, SLICE("*")) ? SLICE("") : q->target));
    put_quoted(buf_view(&url), out);
    for (uint32_t i = 0; i < q->nheaders; i++) {
        if (slice_eq_nocase(q->headers[i].name, SLICE("host")))
            continue;
        url.len = 0;
        buf_printf(&url, "%.*s: %.*s", SLICE_ARG(q->headers[i].name), SLICE_ARG(q->headers[i].value));
        buf_str(out, " -H ");
        put_quoted(buf_view(&url), out);
    }
    if (q->client_port != 50000)
        buf_printf(out, ip_is_v4(&q->client_ip) ? " --from %.*s:%u" : " --from '[%.*s]:%u'",
                   SLICE_ARG(address), q->client_port);
    else if (!slice_eq(address, SLICE("192.0.2.1")))
        buf_printf(out, " --from %.*s", SLICE_ARG(address));
    if (q->listener_port) {
        address.len = ip_format(&q->listener_ip, ip);
        buf_printf(out, ip_is_v4(&q->listener_ip) ? " --listener %.*s:%u" : " --listener '[%.*s]:%u'",
                   SLICE_ARG(address), q->listener_port);
    }
    buf_free(&url);
}
