/* A diff as Markdown, for comments on pull requests; see diff.h. */
#include "compiler/diff_view.h"

/* GitHub takes 65,536 characters in a comment. Bytes are counted here, which are no fewer. */
enum { ROOM_CLASSES = 48000, ROOM_ALL = 64000 };

static const char *const verb[] = {
    [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};

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

/* Words between code, within a table. */
static void words(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.p[i]) {
        case '|':
        case '*':
        case '_':
        case '<':
        case '[':
        case '`':
        case '\\':
            buf_char(out, '\\');
            buf_char(out, s.p[i]);
            break;
        case '\n':
        case '\r':
            buf_char(out, ' ');
            break;
        default:
            buf_char(out, s.p[i]);
        }
}

static void markdown_class(const struct diff *d, const struct diff_frontend *f, const struct diff_class *x,
                           struct buf *out)
{
    struct diff_view v;
    diff_describe(d->a, d, f, x, &v);
    buf_str(out, "| ");
    if (d->traffic) {
        diff_put_share(x->requests, d->traffic->requests, out);
        buf_str(out, " | ");
    }
    code(v.when, out);
    buf_str(out, "<br>hosts: ");
    words(v.hosts, out);
    buf_printf(out, "%s%.*s", v.alike.p ? "; and " : "", SLICE_ARG(v.alike));
    buf_str(out, " | ");
    code(v.before, out);
    buf_str(out, "<br>");
    words(v.old_place, out);
    buf_str(out, " | ");
    code(v.after, out);
    buf_str(out, "<br>");
    words(v.new_place, out);
    buf_str(out, " | ");
    if (v.request.p)
        code(v.request, out);
    else
        buf_str(out, "none found: unknown");
    buf_str(out, " |\n");
}

/* Appends what `one` holds where there is room. */
static bool fits(struct buf *out, struct buf *one, size_t room)
{
    bool fit = out->len + one->len <= room;
    if (fit)
        buf_slice(out, buf_view(one));
    buf_free(one);
    return fit;
}

static void markdown_classes(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    uint32_t kinds = diff_kinds(f), shown = 0;
    bool fit = true;
    if (kinds && d->traffic)
        buf_str(out, "\n| traffic | requests | before | now | such as |\n|--:|---|---|---|---|\n");
    else if (kinds)
        buf_str(out, "\n| requests | before | now | such as |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < f->classes.n && shown < DIFF_SHOWN && fit; i++) {
        struct buf one = {0};
        if (f->classes.v[i]->like)
            continue;
        markdown_class(d, f, f->classes.v[i], &one);
        fit = fits(out, &one, ROOM_CLASSES);
        shown += fit;
    }
    if (kinds > shown)
        buf_printf(out, "\n… and %u more, which %s here: `weir diff` as text or JSON has them.\n",
                   kinds - shown, fit ? "are not shown" : "have no room");
}

static void markdown_frontend(const struct diff *d, const struct diff_frontend *f, struct buf *out)
{
    struct slice unclassed = diff_unclassed(d->a, d, f);
    buf_printf(out, "\n### Frontend `%.*s`: ", SLICE_ARG(f->name));
    diff_frontend_says(f, out);
    buf_char(out, '\n');
    markdown_classes(d, f, out);
    if (unclassed.p) {
        buf_char(out, '\n');
        words(unclassed, out);
        buf_str(out, ".\n");
    }
    if (f->exceeded)
        buf_str(out, "\nThe search went over its budget: there may be more differences.\n");
}

static void markdown_object(const struct diff_change *c, struct buf *out)
{
    buf_printf(out, "- %s ", verb[c->what]);
    code(c->object, out);
    buf_char(out, '\n');
    for (uint32_t k = 0; k < c->details.n; k++) {
        buf_str(out, "  - ");
        code(c->details.v[k], out);
        buf_char(out, '\n');
    }
}

static void markdown_objects(const struct diff *d, struct buf *out)
{
    uint32_t shown = 0;
    bool fit = true;
    if (d->objects.n)
        buf_str(out, "\n### Objects\n\n");
    for (; shown < d->objects.n && fit; shown += fit) {
        struct buf one = {0};
        markdown_object(&d->objects.v[shown], &one);
        fit = fits(out, &one, ROOM_ALL);
    }
    if (shown < d->objects.n)
        buf_printf(out, "\n… and %u more, which have no room here: `weir diff` as text or JSON has them.\n",
                   d->objects.n - shown);
}

void diff_markdown(const struct diff *d, const struct diff_names *n, struct buf *out)
{
    struct diff_lines lines = {0};
    buf_str(out, "## Weir: ");
    diff_summary(d, out);
    buf_printf(out, "\n\nFrom `%s` to `%s`.\n", n->old, n->new);
    diff_traffic_lines(d->a, d, &lines);
    for (uint32_t i = 0; i < lines.v.n; i++) {
        buf_str(out, i ? "- " : "\nLogged traffic:\n\n- ");
        words(lines.v.v[i], out);
        buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < d->frontends.n && !d->same_digest; i++)
        if (diff_tells_frontend(d, d->frontends.v[i]) && out->len < ROOM_CLASSES)
            markdown_frontend(d, d->frontends.v[i], out);
    struct slice unchanged = diff_unchanged(d->a, d);
    if (unchanged.p) {
        buf_str(out, "\nFrontend ");
        words(unchanged, out);
        buf_str(out, ": every request ends as before.\n");
    }
    markdown_objects(d, out);
}
