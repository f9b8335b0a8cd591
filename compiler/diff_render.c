/* A diff as text and as JSON; see diff.h. */
#include "compiler/diff_view.h"

static const char *const mark[] = {[DIFF_ADDED] = "+", [DIFF_REMOVED] = "-", [DIFF_CHANGED] = "~"};
static const char *const verb[] = {
    [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};

/* ---- text -------------------------------------------------------------------------------------- */

static void text_alike(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    const struct diff_class *y;
    for (uint32_t i = 0, n = 0; n < DIFF_ALIKE && n < x->alike && (y = diff_next_alike(f, x, &i)); n++) {
        struct slice says = diff_describe_alike(d->a, d, f, y);
        buf_printf(out, "    %s %.*s\n", n ? "         " : "likewise ", SLICE_ARG(says));
    }
    if (x->alike > DIFF_ALIKE)
        buf_printf(out, "              … and %u more\n", x->alike - DIFF_ALIKE);
}

static void text_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_printf(out, "\n  %.*s  →  %.*s\n", SLICE_ARG(v.before), SLICE_ARG(v.after));
    buf_printf(out, "    requests  %.*s\n", SLICE_ARG(v.when));
    buf_printf(out, "    hosts     %.*s%s%.*s\n", SLICE_ARG(v.hosts), v.alike.p ? "; and " : "",
               SLICE_ARG(v.alike));
    buf_printf(out, "    before    %.*s\n", SLICE_ARG(v.old_rule));
    buf_printf(out, "    now       %.*s\n", SLICE_ARG(v.new_rule));
    if (v.traffic.p)
        buf_printf(out, "    traffic   %.*s\n", SLICE_ARG(v.traffic));
    if (v.request.p)
        buf_printf(out, "    such as   %.*s\n", SLICE_ARG(v.request));
    else
        buf_str(out, "    unknown   no request was found that shows this difference; there may be none\n");
    text_alike(d, f, x, out);
}

static void text_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    uint32_t kinds = diff_kinds(f), shown = 0;
    struct slice unclassed = diff_unclassed(d->a, d, f);
    buf_printf(out, "\nfrontend %.*s: ", SLICE_ARG(f->name));
    diff_frontend_says(f, out);
    buf_char(out, '\n');
    if ((!f->old || !f->new) && f->requests) {
        buf_str(out, "    traffic   ");
        diff_put_count(f->requests, "request\n", "requests\n", out);
    }
    for (uint32_t i = 0; i < f->classes.n && shown < DIFF_SHOWN; i++)
        if (!f->classes.v[i]->like) {
            text_class(d, f, f->classes.v[i], out);
            shown++;
        }
    if (kinds > shown)
        buf_printf(out, "\n  … and %u more\n", kinds - shown);
    if (unclassed.p)
        buf_printf(out, "\n  %.*s\n", SLICE_ARG(unclassed));
    if (f->exceeded)
        buf_str(out, "\n  The search went over its budget: there may be more differences.\n");
}

static void text_objects(const struct diff *d, struct buf *out)
{
    if (d->objects.n)
        buf_str(out, "\nobjects:\n");
    for (uint32_t i = 0; i < d->objects.n; i++) {
        const struct diff_change *c = &d->objects.v[i];
        buf_printf(out, "  %s %.*s\n", mark[c->what], SLICE_ARG(c->object));
        for (uint32_t k = 0; k < c->details.n; k++)
            buf_printf(out, "      %.*s\n", SLICE_ARG(c->details.v[k]));
    }
}

static void text_traffic(const struct diff *d, struct buf *out)
{
    struct diff_lines lines = {0};
    diff_traffic_lines(d->a, d, &lines);
    for (uint32_t i = 0; i < lines.v.n; i++)
        buf_printf(out, "  %s %.*s\n", i ? "       " : "traffic", SLICE_ARG(lines.v.v[i]));
}

void diff_text(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    diff_summary(d, out);
    buf_printf(out, "\n  before  %s\n  now     %s\n", n->old, n->new);
    text_traffic(d, out);
    for (uint32_t i = 0; i < d->frontends.n && !d->same_digest; i++)
        if (diff_tells_frontend(d, d->frontends.v[i]))
            text_frontend(d, d->frontends.v[i], out);
    struct slice unchanged = diff_unchanged(d->a, d);
    if (unchanged.p)
        buf_printf(out, "\nfrontend %.*s: every request ends as before\n", SLICE_ARG(unchanged));
    text_objects(d, out);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void member(struct buf *out, const char *name, struct slice value)
{
    buf_printf(out, "\"%s\":", name);
    if (value.p)
        buf_json(out, value);
    else
        buf_str(out, "null");
}

static void json_request(const struct eval_request *q, struct slice command, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    member(out, "method", q->method);
    buf_char(out, ',');
    member(out, "target", q->target);
    buf_str(out, ",\"headers\":[");
    for (uint32_t i = 0; i < q->nheaders; i++) {
        buf_str(out, i ? ",[" : "[");
        buf_json(out, q->headers[i].name);
        buf_char(out, ',');
        buf_json(out, q->headers[i].value);
        buf_char(out, ']');
    }
    buf_str(out, "],");
    member(out, "from", (struct slice){ip, ip_format(&q->client_ip, ip)});
    buf_printf(out, ",\"port\":%u,\"tls\":%s,", q->client_port, q->tls ? "true" : "false");
    if (q->listener_port) {
        member(out, "listener", (struct slice){ip, ip_format(&q->listener_ip, ip)});
        buf_printf(out, ",\"listener-port\":%u,", q->listener_port);
    }
    member(out, "explain", command);
}

static void json_hosts(const struct diff_class *x, struct slice text, struct buf *out)
{
    buf_char(out, '{');
    member(out, "text", text);
    buf_printf(out, ",\"others\":%s,\"named\":%u,\"some\":[", x->others ? "true" : "false", x->nhosts);
    for (uint32_t i = 0; i < x->nhosts && i < DIFF_HOSTS; i++) {
        buf_str(out, i ? "," : "");
        buf_json(out, x->hosts[i]);
    }
    buf_str(out, "]}");
}

static void json_alike(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    const struct diff_class *y;
    buf_printf(out, ",\"alike\":%u,\"some_alike\":[", x->alike);
    for (uint32_t i = 0, n = 0; n < DIFF_ALIKE && n < x->alike && (y = diff_next_alike(f, x, &i)); n++) {
        buf_str(out, n ? "," : "");
        buf_json(out, diff_describe_alike(d->a, d, f, y));
    }
    buf_str(out, "],");
}

static void json_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_char(out, '{');
    member(out, "before", v.old_outcome);
    buf_char(out, ',');
    member(out, "now", v.new_outcome);
    buf_char(out, ',');
    member(out, "requests", v.when);
    buf_str(out, ",\"hosts\":");
    json_hosts(x, v.hosts, out);
    json_alike(d, f, x, out);
    member(out, "old_rule", v.old_rule);
    buf_char(out, ',');
    member(out, "new_rule", v.new_rule);
    if (d->traffic) {
        buf_printf(out, ",\"traffic\":{\"requests\":%llu,", (unsigned long long)x->requests);
        member(out, "often", x->often);
        buf_char(out, '}');
    }
    buf_printf(out, ",\"confirmed\":%s,\"request\":", x->confirmed ? "true" : "false");
    if (x->confirmed) {
        buf_char(out, '{');
        json_request(&x->request, v.request, out);
        buf_char(out, '}');
    } else {
        buf_str(out, "null");
    }
    buf_char(out, '}');
}

static void json_counts(uint64_t requests, uint64_t differing, uint64_t unclassed, struct buf *out)
{
    buf_printf(out, "\"requests\":%llu,\"differing\":%llu,\"unclassed\":%llu,", (unsigned long long)requests,
               (unsigned long long)differing, (unsigned long long)unclassed);
}

static void json_traffic(const struct diff_traffic *t, struct buf *out)
{
    buf_str(out, "\"traffic\":{");
    json_counts(t->requests, t->differing, t->unclassed, out);
    buf_printf(out, "\"lines\":%llu,\"unread\":%llu,", (unsigned long long)t->lines,
               (unsigned long long)t->unread);
    member(out, "first_unread", t->why);
    buf_printf(out, ",\"elsewhere\":%llu,\"assumed\":[", (unsigned long long)t->elsewhere);
    for (uint32_t i = 0; i < t->assumed.n; i++) {
        buf_str(out, i ? "," : "");
        buf_json(out, t->assumed.v[i]);
    }
    buf_str(out, "]},");
}

static void json_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    bool first = true;
    buf_char(out, '{');
    member(out, "name", f->name);
    buf_printf(out, ",\"verdict\":\"%s\",\"complete\":%s,", diff_verdict_text(f->verdict),
               f->exceeded ? "false" : "true");
    if (d->traffic)
        json_counts(f->requests, f->differing, f->unclassed, out);
    buf_str(out, "\"classes\":[");
    for (uint32_t i = 0; i < f->classes.n; i++) {
        if (f->classes.v[i]->like)
            continue;
        buf_str(out, first ? "" : ",");
        first = false;
        json_class(d, f, f->classes.v[i], out);
    }
    buf_str(out, "]}");
}

static void json_object(const struct diff_change *c, struct buf *out)
{
    buf_printf(out, "{\"change\":\"%s\",", verb[c->what]);
    member(out, "object", c->object);
    buf_str(out, ",\"details\":[");
    for (uint32_t i = 0; i < c->details.n; i++) {
        buf_str(out, i ? "," : "");
        buf_json(out, c->details.v[i]);
    }
    buf_str(out, "]}");
}

void diff_json(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    buf_printf(out, "{\"verdict\":\"%s\",\"same_digest\":%s,", diff_verdict_text(diff_verdict(d)),
               d->same_digest ? "true" : "false");
    member(out, "old", slice_of(n->old));
    buf_char(out, ',');
    member(out, "new", slice_of(n->new));
    buf_char(out, ',');
    if (d->traffic)
        json_traffic(d->traffic, out);
    buf_str(out, "\"frontends\":[");
    for (uint32_t i = 0; i < d->frontends.n; i++) {
        buf_str(out, i ? "," : "");
        json_frontend(d, d->frontends.v[i], out);
    }
    buf_str(out, "],\"objects\":[");
    for (uint32_t i = 0; i < d->objects.n; i++) {
        buf_str(out, i ? "," : "");
        json_object(&d->objects.v[i], out);
    }
    buf_str(out, "]}\n");
}
