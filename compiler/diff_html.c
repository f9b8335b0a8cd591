/* A diff as one HTML page that needs nothing else; see diff.h. */
#include "compiler/diff_view.h"

static const char *const verb[] = {
    [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};

static void escaped(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"')
            buf_str(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : "&quot;");
        else
            buf_char(out, (unsigned char)c < ' ' && c != '\n' && c != '\t' ? ' ' : c);
    }
}

static void element(const char *open, struct slice text, const char *close, struct buf *out)
{
    buf_str(out, open);
    escaped(text, out);
    buf_str(out, close);
}

/* ---- classes ----------------------------------------------------------------------------------- */

static void html_alike(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct slice says, struct buf *out)
{
    const struct diff_class *y;
    if (x->alike == 0)
        return;
    element("<details><summary>", says, "</summary><ul>", out);
    for (uint32_t i = 0, n = 0; n < DIFF_ALIKE && n < x->alike && (y = diff_next_alike(f, x, &i)); n++)
        element("<li>", diff_describe_alike(d->a, d, f, y), "</li>", out);
    if (x->alike > DIFF_ALIKE)
        buf_printf(out, "<li>… and %u more</li>", x->alike - DIFF_ALIKE);
    buf_str(out, "</ul></details>");
}

static void html_traffic(const struct diff *d, const struct diff_class *x, struct buf *out)
{
    double share = d->traffic->requests ? 100.0 * (double)x->requests / (double)d->traffic->requests : 0;
    buf_str(out, "<td class=\"share\">");
    diff_put_share(x->requests, d->traffic->requests, out);
    if (x->requests) {
        buf_printf(out, "<span class=\"bar\"><span style=\"width:%.1f%%\"></span></span>", share);
        buf_str(out, "<small>");
        diff_put_count(x->requests, "request", "requests", out);
        buf_str(out, "</small>");
    }
    buf_str(out, "</td>");
}

static void html_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_str(out, "<tr>");
    if (d->traffic)
        html_traffic(d, x, out);
    element("<td><code>", v.when, "</code>", out);
    element("<small>hosts: ", v.hosts, "</small>", out);
    html_alike(d, f, x, v.alike, out);
    element("</td><td class=\"old\"><code>", v.before, "</code>", out);
    element("<small>", v.old_rule, "</small>", out);
    element("</td><td class=\"new\"><code>", v.after, "</code>", out);
    element("<small>", v.new_rule, "</small></td><td>", out);
    if (v.request.p) {
        element("<code>", v.request, "</code>", out);
        if (d->traffic && x->requests)
            element("<small>most often in the logs: ", x->often, "</small>", out);
    } else {
        buf_str(out, "<span class=\"unknown\">unknown</span><small>no request was found that shows this "
                     "difference; there may be none</small>");
    }
    buf_str(out, "</td></tr>\n");
}

static void html_classes(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    uint32_t kinds = diff_kinds(f), shown = 0;
    if (kinds == 0)
        return;
    buf_printf(out,
               "<table><thead><tr>%s<th>Requests</th><th>Before</th><th>Now</th><th>Such as</th></tr></thead>"
               "<tbody>\n",
               d->traffic ? "<th class=\"share\">Traffic</th>" : "");
    for (uint32_t i = 0; i < f->classes.n && shown < DIFF_SHOWN; i++)
        if (!f->classes.v[i]->like) {
            html_class(d, f, f->classes.v[i], out);
            shown++;
        }
    buf_str(out, "</tbody></table>\n");
    if (kinds > shown)
        buf_printf(out, "<p>… and %u more, which are not shown here</p>\n", kinds - shown);
}

static void html_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    struct buf says = {0};
    struct slice unclassed = diff_unclassed(d->a, d, f);
    diff_frontend_says(f, &says);
    element("<section><h2>Frontend <code>", f->name, "</code></h2>\n", out);
    buf_printf(out, "<p class=\"%s\">", diff_verdict_text(f->verdict));
    escaped(buf_view(&says), out);
    buf_str(out, "</p>\n");
    html_classes(d, f, out);
    if (unclassed.p)
        element("<p class=\"unknown\">", unclassed, "</p>\n", out);
    if (f->exceeded)
        buf_str(out,
                "<p class=\"unknown\">The search went over its budget: there may be more differences.</p>\n");
    buf_str(out, "</section>\n");
    buf_free(&says);
}

/* ---- objects ----------------------------------------------------------------------------------- */

static void html_objects(const struct diff *d, struct buf *out)
{
    if (d->objects.n == 0)
        return;
    buf_str(out, "<section><h2>Objects</h2>\n<table class=\"objects\"><tbody>\n");
    for (uint32_t i = 0; i < d->objects.n; i++) {
        const struct diff_change *c = &d->objects.v[i];
        buf_printf(out, "<tr><td class=\"%s\">%s</td>", verb[c->what], verb[c->what]);
        element("<td><code>", c->object, "</code></td><td>", out);
        for (uint32_t k = 0; k < c->details.n; k++)
            element("<div>", c->details.v[k], "</div>", out);
        buf_str(out, "</td></tr>\n");
    }
    buf_str(out, "</tbody></table></section>\n");
}

/* ---- the page ---------------------------------------------------------------------------------- */

static const char style[] =
    ":root{--text:#1f2328;--soft:#59636e;--line:#d1d9e0;--page:#fff;--head:#f6f8fa;--old:#fff5f3;--new:#"
    "f0fbf3;"
    "--red:#b3261e;--green:#1a7f37;--amber:#8a5a00;--bar:#0969da}"
    "@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--soft:#9198a1;--line:#3d444d;--page:#0d1117;"
    "--head:#151b23;--old:#25171c;--new:#12261e;--red:#ff8f85;--green:#57d977;--amber:#e3b341;--bar:#58a6ff}}"
    "*{box-sizing:border-box}"
    "body{font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;max-width:84rem;margin:0 auto;"
    "padding:2rem 1.5rem 4rem;color:var(--text);background:var(--page)}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.2rem 0 .2rem}"
    "p{margin:.2rem 0 .8rem}header p,header li{color:var(--soft)}header ul{margin:.6rem "
    "0;padding-left:1.2rem}"
    "header li:first-child{color:var(--text);font-weight:600}"
    "code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}"
    "table{border-collapse:separate;border-spacing:0;width:100%;table-layout:fixed;border:1px solid "
    "var(--line);"
    "border-radius:6px;overflow:hidden}"
    "th,td{text-align:left;vertical-align:top;padding:.6rem .75rem;border-top:1px solid var(--line)}"
    "thead th{border-top:0;background:var(--head);font-weight:600;font-size:13px}tbody:first-child "
    "tr:first-child td{border-top:0}"
    "td+td,th+th{border-left:1px solid var(--line)}td.old{background:var(--old)}td.new{background:var(--new)}"
    "td.old>code{color:var(--red)}td.new>code{color:var(--green)}"
    "th.share,td.share{width:7.5rem;text-align:right;font-variant-numeric:tabular-nums}"
    ".bar{display:block;height:5px;margin:.35rem 0;border-radius:3px;background:var(--line);overflow:hidden}"
    ".bar span{display:block;height:100%;background:var(--bar);min-width:1px}"
    "small{display:block;color:var(--soft);font-size:12.5px;line-height:1.45;margin-top:.25rem;overflow-wrap:"
    "anywhere}"
    "details{font-size:12.5px;color:var(--soft);margin-top:.25rem}summary{cursor:pointer}details "
    "ul{margin:.2rem 0;"
    "padding-left:1.1rem}"
    ".objects td:nth-child(1){width:7rem}.objects td:nth-child(2){width:18rem}.objects div{font-size:14px}"
    ".removed{color:var(--red)}.added,.equivalent{color:var(--green)}.changed,.unknown{color:var(--amber)}"
    ".different{color:var(--soft)}";

static void html_header(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    struct buf summary = {0};
    struct diff_lines lines = {0};
    diff_summary(d, &summary);
    diff_traffic_lines(d->a, d, &lines);
    if (summary.len)
        summary.p[0] -= summary.p[0] >= 'a' ? 'a' - 'A' : 0;
    element("<header><h1>", buf_view(&summary), "</h1>\n<p>From ", out);
    element("<code>", slice_of(n->old), "</code> to ", out);
    element("<code>", slice_of(n->new), "</code></p>\n", out);
    buf_str(out, lines.v.n ? "<ul>" : "");
    for (uint32_t i = 0; i < lines.v.n; i++)
        element(i ? "<li>" : "<li>Logged traffic: ", lines.v.v[i], "</li>", out);
    buf_str(out, lines.v.n ? "</ul></header>\n" : "</header>\n");
    buf_free(&summary);
}

void diff_html(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    buf_printf(out,
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>weir "
               "diff</title>\n<style>%s</style></head><body>\n",
               style);
    html_header(d, n, out);
    for (uint32_t i = 0; i < d->frontends.n && !d->same_digest; i++)
        if (diff_tells_frontend(d, d->frontends.v[i]))
            html_frontend(d, d->frontends.v[i], out);
    struct slice unchanged = diff_unchanged(d->a, d);
    if (unchanged.p)
        element("<section><h2>Frontend <code>", unchanged,
                "</code></h2>\n<p class=\"equivalent\">every request ends as before</p></section>\n", out);
    html_objects(d, out);
    buf_str(out, "</body></html>\n");
}
