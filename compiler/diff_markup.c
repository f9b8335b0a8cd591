/* A diff as Markdown, for comments on pull requests, and as one HTML page; see diff.h. */
#include "compiler/diff_view.h"

static const char *const verb[] = {
    [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};

/* ---- Markdown ---------------------------------------------------------------------------------- */

/* Code within a table: no line ends, no bars, no backquotes that would end it. */
static void code(struct slice s, struct buf *out)
{
    buf_str(out, "`` ");
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '|')
            buf_str(out, "\\|");
        else
            buf_char(out, s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i] == '`' ? '\'' : s.p[i]);
    }
    buf_str(out, " ``");
}

static void markdown_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                           struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_str(out, "| ");
    code(v.when, out);
    buf_str(out, "<br>");
    code(v.hosts, out);
    buf_str(out, " | ");
    code(v.before, out);
    buf_str(out, "<br>");
    code(v.old_place, out);
    buf_str(out, " | ");
    code(v.after, out);
    buf_str(out, "<br>");
    code(v.new_place, out);
    buf_str(out, " | ");
    if (v.request.p)
        code(v.request, out);
    else
        buf_str(out, "none found: unknown");
    buf_str(out, " |\n");
}

static const char *frontend_says(const struct diff_frontend *f)
{
    if (!f->old || !f->new)
        return f->old ? "removed" : "added";
    return f->verdict == DIFF_EQUIVALENT ? "every request ends as before"
           : f->verdict == DIFF_UNKNOWN  ? "unknown whether requests end as before"
                                         : "requests end otherwise";
}

static void markdown_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    uint32_t kinds = diff_kinds(f), shown = 0;
    buf_printf(out, "\n### Frontend `%.*s`: %s\n", SLICE_ARG(f->name), frontend_says(f));
    if (kinds)
        buf_str(out, "\n| requests | before | now | such as |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < f->classes.n && shown < DIFF_SHOWN; i++)
        if (!f->classes.v[i]->like) {
            markdown_class(d, f, f->classes.v[i], out);
            shown++;
        }
    if (kinds > shown)
        buf_printf(out, "\n… and %u more.\n", kinds - shown);
    if (f->exceeded)
        buf_str(out, "\nThe search went over its budget: there may be more differences.\n");
}

void diff_markdown(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    buf_str(out, "## Weir: ");
    diff_summary(d, out);
    buf_printf(out, "\n\nFrom `%s` to `%s`.\n", n->old, n->new);
    for (uint32_t i = 0; i < d->frontends.n && !d->same_digest; i++)
        markdown_frontend(d, d->frontends.v[i], out);
    if (d->objects.n)
        buf_str(out, "\n### Objects\n\n");
    for (uint32_t i = 0; i < d->objects.n; i++) {
        const struct diff_change *c = &d->objects.v[i];
        buf_printf(out, "- %s ", verb[c->what]);
        code(c->object, out);
        buf_char(out, '\n');
        for (uint32_t k = 0; k < c->details.n; k++) {
            buf_str(out, "  - ");
            code(c->details.v[k], out);
            buf_char(out, '\n');
        }
    }
}

/* ---- HTML -------------------------------------------------------------------------------------- */

static void escaped(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"')
            buf_str(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : "&quot;");
        else
            buf_char(out, c);
    }
}

static void cell(struct slice head, struct slice small, struct buf *out)
{
    buf_str(out, "<td><code>");
    escaped(head, out);
    buf_str(out, "</code><small>");
    escaped(small, out);
    buf_str(out, "</small></td>");
}

static void html_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                       struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_str(out, "<tr>");
    cell(v.when, v.hosts, out);
    cell(v.before, v.old_rule, out);
    cell(v.after, v.new_rule, out);
    if (v.request.p)
        cell(v.request, SLICE("confirmed under both"), out);
    else
        cell(SLICE("unknown"), SLICE("no request was found that shows this difference; there may be none"),
             out);
    buf_str(out, "</tr>\n");
}

static void html_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    uint32_t kinds = diff_kinds(f), shown = 0;
    buf_str(out, "<h2>Frontend <code>");
    escaped(f->name, out);
    buf_printf(out, "</code></h2>\n<p class=\"%s\">%s</p>\n", diff_verdict_text(f->verdict),
               frontend_says(f));
    if (kinds)
        buf_str(out, "<table><thead><tr><th>Requests</th><th>Before</th><th>Now</th><th>Such "
                     "as</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < f->classes.n && shown < DIFF_SHOWN; i++)
        if (!f->classes.v[i]->like) {
            html_class(d, f, f->classes.v[i], out);
            shown++;
        }
    if (kinds)
        buf_str(out, "</tbody></table>\n");
    if (kinds > shown)
        buf_printf(out, "<p>… and %u more</p>\n", kinds - shown);
    if (f->exceeded)
        buf_str(out,
                "<p class=\"unknown\">The search went over its budget: there may be more differences.</p>\n");
}

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 "
    "1rem;color:#1c2128;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}code{font:13px/1.45 "
    "ui-monospace,monospace;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%;table-layout:fixed}th,td{text-align:left;vertical-align:top;"
    "padding:.5rem .6rem;"
    "border-bottom:1px solid "
    "#d0d7de}th{color:#57606a;font-weight:600}small{display:block;color:#57606a;margin-top:.2rem;"
    "overflow-wrap:anywhere}.different{color:#9a3412}.equivalent{color:#166534}.unknown{color:#854d0e}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,small{color:#9da7b3}th,td{"
    "border-color:#30363d}"
    ".different{color:#fdba74}.equivalent{color:#86efac}.unknown{color:#fde047}}";

void diff_html(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    struct buf summary = {0};
    diff_summary(d, &summary);
    buf_printf(out,
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>weir "
               "diff</title>\n<style>%s</style></head><body>\n<h1>",
               style);
    escaped(buf_view(&summary), out);
    buf_str(out, "</h1>\n<p>From <code>");
    escaped(slice_of(n->old), out);
    buf_str(out, "</code> to <code>");
    escaped(slice_of(n->new), out);
    buf_str(out, "</code></p>\n");
    for (uint32_t i = 0; i < d->frontends.n && !d->same_digest; i++)
        html_frontend(d, d->frontends.v[i], out);
    buf_str(out, d->objects.n ? "<h2>Objects</h2>\n<ul>\n" : "");
    for (uint32_t i = 0; i < d->objects.n; i++) {
        const struct diff_change *c = &d->objects.v[i];
        buf_printf(out, "<li>%s <code>", verb[c->what]);
        escaped(c->object, out);
        buf_str(out, "</code>");
        for (uint32_t k = 0; k < c->details.n; k++) {
            buf_str(out, "<small>");
            escaped(c->details.v[k], out);
            buf_str(out, "</small>");
        }
        buf_str(out, "</li>\n");
    }
    buf_str(out, d->objects.n ? "</ul>\n</body></html>\n" : "</body></html>\n");
    buf_free(&summary);
}
