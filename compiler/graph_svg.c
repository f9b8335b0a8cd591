/* Writing the picture; see graph.h. It carries its styles in itself, for light and dark backgrounds, and needs nothing
 * from anywhere. */
#include "compiler/explain_render.h"
#include "compiler/graph.h"

/* ---- colours ----------------------------------------------------------------------------------- */

struct color {
    const char *name;
    struct {
        const char *fill, *line, *text;
    } light, dark;
};

static const struct color colors[] = {
    {"c0", {"#dbeafe", "#3b82f6", "#1e3a8a"}, {"#172a4d", "#60a5fa", "#dbeafe"}},
    {"c1", {"#dcfce7", "#22a559", "#14532d"}, {"#12331f", "#4ade80", "#dcfce7"}},
    {"c2", {"#ede9fe", "#8b5cf6", "#4c1d95"}, {"#2a1f4d", "#a78bfa", "#ede9fe"}},
    {"c3", {"#ccfbf1", "#14a098", "#134e4a"}, {"#0f3532", "#2dd4bf", "#ccfbf1"}},
    {"c4", {"#fce7f3", "#ec4899", "#831843"}, {"#43142c", "#f472b6", "#fce7f3"}},
    {"c5", {"#f3ead7", "#a9812f", "#5c4312"}, {"#372a10", "#d9b25f", "#f3ead7"}},
    {"c6", {"#cffafe", "#0ea5c4", "#164e63"}, {"#0e3440", "#22d3ee", "#cffafe"}},
    {"c7", {"#e2e8f0", "#64748b", "#1e293b"}, {"#2a3442", "#94a3b8", "#e2e8f0"}},
    {"c8", {"#ecfccb", "#76a312", "#3a5208"}, {"#26340a", "#a3e635", "#ecfccb"}},
    {"c9", {"#fae8ff", "#c44ad9", "#701a75"}, {"#3d1244", "#e879f9", "#fae8ff"}},
    {"redirect", {"#fef3c7", "#d99a06", "#78350f"}, {"#3a2a06", "#fbbf24", "#fef3c7"}},
    {"reply", {"#f4f4f5", "#71717a", "#27272a"}, {"#27272a", "#a1a1aa", "#f4f4f5"}},
    {"refuse", {"#fee2e2", "#ef4444", "#7f1d1d"}, {"#421616", "#f87171", "#fee2e2"}},
    {"plain", {"#ffffff", "#8c959f", "#1f2328"}, {"#0d1117", "#6e7681", "#e6edf3"}},
    {"card", {"#ffffff", "#c3ccd6", "#1f2328"}, {"#0d1117", "#3d444d", "#e6edf3"}},
    {"p0", {"#f3f6f9", "#d0d7de", "#1f2328"}, {"#151b23", "#30363d", "#e6edf3"}},
    {"p1", {"#e8edf2", "#c6ced6", "#1f2328"}, {"#1c242e", "#3a424b", "#e6edf3"}},
    {"p2", {"#dde4ea", "#bcc5ce", "#1f2328"}, {"#242d38", "#454e58", "#e6edf3"}},
};
enum { BACKEND_COLORS = 10, COLORS = sizeof colors / sizeof *colors };

static void put_colors(struct buf *out, bool dark)
{
    for (int i = 0; i < COLORS; i++) {
        const struct color *c = &colors[i];
        buf_printf(out, ".%s{fill:%s;stroke:%s}.%s-t{fill:%s}\n", c->name, dark ? c->dark.fill : c->light.fill,
                   dark ? c->dark.line : c->light.line, c->name, dark ? c->dark.text : c->light.text);
    }
}

static void put_style(struct buf *out)
{
    buf_str(out, "<style>\n"
                 "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;"
                 "fill:#1f2328}\n"
                 ".h{font-size:20px;font-weight:600}.s{font-size:11px;letter-spacing:1px}.l{font-size:10.5px}"
                 ".b{font-weight:700}.i{font-style:italic}\n"
                 ".bg{fill:#fff}.dim{fill:#59636e}.rail{stroke:#8c959f;stroke-width:2;fill:none}"
                 ".wire{stroke:#8c959f;stroke-width:1.25;fill:none}\n"
                 ".dot{fill:#fff;stroke:#57606a;stroke-width:2}.full{fill:#57606a}.tip{fill:#8c959f}"
                 ".dash{stroke-dasharray:4 3}.again{stroke-width:2.5}\n");
    put_colors(out, false);
    buf_str(out, "@media (prefers-color-scheme:dark){\n"
                 "text{fill:#e6edf3}.bg{fill:#0d1117}.dim{fill:#9198a1}.rail,.wire{stroke:#6e7681}"
                 ".dot{fill:#0d1117;stroke:#9198a1}.full{fill:#9198a1}.tip{fill:#6e7681}\n");
    put_colors(out, true);
    buf_str(out, "}\n</style>\n");
}

static void put_color_class(uint32_t color, struct buf *out)
{
    buf_printf(out, "c%u%s", color % BACKEND_COLORS, color >= BACKEND_COLORS ? " again" : "");
}

/* ---- text -------------------------------------------------------------------------------------- */

/* XML 1.0 has no control characters but three, and no U+FFFE and U+FFFF. */
static void put_escaped(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len;) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t n = utf8_len(p, s.len - i);
        bool none = n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
        if (n == 0 || none || (p[0] < ' ' && p[0] != '\n') || p[0] == 0x7f)
            buf_str(out, "\xef\xbf\xbd");
        else if (*p == '&' || *p == '<' || *p == '>' || *p == '"')
            buf_str(out, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&quot;");
        else
            buf_add(out, p, n);
        i += n ? n : 1;
    }
}

static void put_text(int x, int y, const char *class, struct slice s, struct buf *out)
{
    buf_printf(out, "<text x=\"%d\" y=\"%d\"", x, y);
    if (class[0])
        buf_printf(out, " class=\"%s\"", class);
    buf_char(out, '>');
    put_escaped(s, out);
    buf_str(out, "</text>\n");
}

/* The first letters of a long one. */
static struct slice shortened(struct arena *a, struct slice s, uint32_t columns)
{
    graph_lines v = {0};
    graph_wrap(a, &v, s, columns, 1, false);
    return v.n ? v.v[0].text : s;
}

static void put_box(const struct graph_box *b, const char *class, struct buf *out)
{
    buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" class=\"%s\"/>\n", b->x, b->y, b->w,
               b->h, class);
}

/* ---- conditions -------------------------------------------------------------------------------- */

/* The height at which the row's line leaves the rail. */
static int middle(const struct graph_node *x)
{
    int pad = x->kind == GRAPH_GROUP ? 7 : GRAPH_PAD_Y;
    return x->box.y + pad + GRAPH_LINE / 2;
}

static void put_words(const struct graph_node *x, struct buf *out)
{
    int y = middle(x) + 4;
    for (uint32_t i = 0; i < x->lines.n; i++, y += GRAPH_LINE) {
        struct slice s = x->lines.v[i].text;
        bool joined = x->kind == GRAPH_RULE && slice_starts(s, SLICE("and "));
        if (!joined) {
            put_text(x->box.x + GRAPH_PAD, y, x->lines.v[i].dim ? "dim i" : x->kind == GRAPH_GROUP ? "b" : "", s, out);
            continue;
        }
        buf_printf(out, "<text x=\"%d\" y=\"%d\"><tspan class=\"dim\">and</tspan> ", x->box.x + GRAPH_PAD, y);
        put_escaped(slice_from(s, 4), out);
        buf_str(out, "</text>\n");
    }
}

static void put_label(const struct graph *g, const struct graph_node *x, struct buf *out)
{
    int y = middle(x);
    struct slice label = shortened(g->a, x->label, GRAPH_LABEL_MAX);
    bool line = x->rule && x->rule->pos.line;
    buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"l\" text-anchor=\"end\">", g->rail - 12, line ? y - 1 : y + 4);
    put_escaped(label, out);
    buf_str(out, "</text>\n");
    if (line)
        buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"l dim\" text-anchor=\"end\">line %u</text>\n", g->rail - 12, y + 11,
                   x->rule->pos.line);
}

static void put_joint(const struct graph *g, const struct graph_node *x, bool last, struct buf *out)
{
    int y = middle(x), r = g->rail;
    buf_printf(out, "<path d=\"M%d %dH%d\" class=\"wire\"/>\n", r, y, x->box.x);
    if (x->kind == GRAPH_GROUP)
        buf_printf(out, "<path d=\"M%d %dl6 6l-6 6l-6 -6z\" class=\"dot\"/>\n", r, y - 6);
    else
        buf_printf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" class=\"dot%s\"/>\n", r, y, last ? " full" : "");
}

/* What a pointer that rests on it is told. */
static void put_hint(const struct graph *g, const struct graph_node *x, struct buf *out)
{
    struct buf text = {0};
    if (!x->rule)
        return;
    explain_rule_text(g->p, x->rule, &text);
    buf_str(out, "<title>");
    put_escaped(buf_view(&text), out);
    buf_str(out, "</title>\n");
    buf_free(&text);
}

static void put_nodes(const struct graph *g, const graph_nodes *list, struct buf *out)
{
    static const char *const panels[] = {"p0", "p1", "p2"};
    for (uint32_t i = 0; i < list->n; i++) {
        const struct graph_node *x = list->v[i];
        buf_str(out, "<g>\n");
        put_hint(g, x, out);
        put_box(&x->box, x->kind == GRAPH_GROUP ? panels[x->depth] : x->kind == GRAPH_MORE ? "card dash" : "card", out);
        put_joint(g, x, middle(x) == g->rail_end, out);
        put_words(x, out);
        put_label(g, x, out);
        if (x->kind == GRAPH_GROUP)
            put_nodes(g, &x->kids, out);
        buf_str(out, "</g>\n");
    }
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static const char *class_of(enum graph_outcome_kind kind)
{
    switch (kind) {
    case GRAPH_REDIRECT:
        return "redirect";
    case GRAPH_REPLY:
        return "reply";
    case GRAPH_REFUSE:
        return "refuse";
    case GRAPH_USE:
    case GRAPH_MAP:
    case GRAPH_EDIT:
    case GRAPH_MANY:
        break;
    }
    return "plain";
}

static void put_target(const struct graph_target *t, struct buf *out)
{
    const struct graph_outcome *o = t->outcome;
    const struct graph_box *b = &t->box;
    struct buf class = {0};
    if (o->kind == GRAPH_USE)
        put_color_class(o->color, &class);
    else
        buf_printf(&class, "%s%s", class_of(o->kind), o->kind == GRAPH_EDIT || o->kind == GRAPH_MANY ? " dash" : "");
    buf_char(&class, 0);
    for (uint32_t i = 0; i < t->rows.n; i++) {
        const struct graph_node *row = t->rows.v[i];
        int y = middle(row);
        buf_printf(out, "<path d=\"M%d %dH%d\" class=\"wire%s\"/>", row->box.x + row->box.w, y, b->x - 7,
                   o->kind == GRAPH_EDIT || o->kind == GRAPH_MANY ? " dash" : "");
        buf_printf(out, "<path d=\"M%d %dl-8 -4v8z\" class=\"tip\"/>\n", b->x - 1, y);
    }
    put_box(b, class.p, out);
    int y = b->y + (b->h - (int)o->lines.n * GRAPH_LINE) / 2 + 13;
    for (uint32_t i = 0; i < o->lines.n; i++, y += GRAPH_LINE) {
        const struct graph_line *line = &o->lines.v[i];
        int x = b->x + GRAPH_PAD;
        if (line->color != GRAPH_NO_COLOR) {
            buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" rx=\"2\" class=\"", x, y - 9);
            put_color_class(line->color, out);
            buf_str(out, "\"/>");
            x += GRAPH_SWATCH;
        } else if (i > 0 && o->kind == GRAPH_MAP && slice_starts(line->text, SLICE("\u00a0"))) {
            x += GRAPH_SWATCH;
        }
        struct buf c = {0};
        if (o->kind == GRAPH_USE)
            buf_printf(&c, "c%u-t b", o->color % BACKEND_COLORS);
        else
            buf_printf(&c, "%s-t%s%s", class_of(o->kind), i == 0 && o->kind != GRAPH_EDIT && o->kind != GRAPH_MANY ? " b" : "",
                       line->dim && o->kind != GRAPH_REDIRECT ? " dim" : "");
        buf_char(&c, 0);
        put_text(x, y, c.p, line->text, out);
        buf_free(&c);
    }
    buf_free(&class);
}

/* ---- what is around them ----------------------------------------------------------------------- */

static void put_listens(const struct graph *g, struct buf *out)
{
    enum { SHOWN = 6 };
    static const struct ip_addr any;
    char ip[IP_TEXT_MAX];
    for (uint32_t i = 0; i < g->f->listens.n && i < SHOWN; i++) {
        const struct ir_listen *l = &g->f->listens.v[i];
        buf_str(out, i ? ", " : "listens on ");
        if (memcmp(l->addr.b, any.b, sizeof any.b) != 0) {
            size_t n = ip_format(&l->addr, ip);
            buf_printf(out, ip_is_v4(&l->addr) ? "%.*s" : "[%.*s]", (int)n, ip);
        }
        buf_printf(out, ":%u", l->port);
    }
    if (g->f->listens.n > SHOWN)
        buf_printf(out, " and %u more", g->f->listens.n - SHOWN);
}

static void put_summary(const struct graph *g, struct buf *out)
{
    uint32_t rules = g->f->on_request.n + g->f->route.n;
    buf_grouped(out, rules);
    buf_str(out, rules == 1 ? " rule, " : " rules, ");
    buf_grouped(out, g->backends.n);
    buf_str(out, g->backends.n == 1 ? " backend; " : " backends; ");
    put_listens(g, out);
}

static void put_head(const struct graph *g, struct buf *out)
{
    struct buf summary = {0}, title = {0};
    put_summary(g, &summary);
    buf_printf(&title, "frontend %.*s", SLICE_ARG(g->f->name));
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
               "aria-labelledby=\"t d\">\n<title id=\"t\">Decisions of ",
               g->width, g->height, g->width, g->height);
    put_escaped(buf_view(&title), out);
    buf_str(out, "</title>\n<desc id=\"d\">");
    put_escaped(buf_view(&summary), out);
    buf_str(out, ". Rules are tried from the top; the first that decides ends it. Conditions stand at the left, what "
                 "follows from them at the right.</desc>\n");
    put_style(out);
    buf_printf(out, "<rect width=\"%d\" height=\"%d\" class=\"bg\"/>\n", g->width, g->height);
    uint32_t columns = (uint32_t)(g->width - 2 * GRAPH_MARGIN) * 4 / 29;
    put_text(GRAPH_MARGIN, GRAPH_MARGIN + GRAPH_TITLE, "h", shortened(g->a, buf_view(&title), columns * 12 / 20), out);
    put_text(GRAPH_MARGIN, GRAPH_MARGIN + GRAPH_TITLE + 22, "dim", shortened(g->a, buf_view(&summary), columns), out);
    buf_free(&summary);
    buf_free(&title);
}

static void put_rail(const struct graph *g, struct buf *out)
{
    static const char *const titles[] = {"ON REQUEST", "ROUTE"};
    buf_printf(out, "<path d=\"M%d %dV%d\" class=\"rail\"/>\n", g->rail, GRAPH_START + 24, g->rail_end);
    buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"72\" height=\"24\" rx=\"12\" class=\"plain\"/>\n", g->rail - 36,
               GRAPH_START);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">request</text>\n", g->rail, GRAPH_START + 16);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"l dim\">tried from the top; the first that decides ends it</text>\n",
               g->rail + 48, GRAPH_START + 16);
    for (int i = 0; i < 2; i++)
        if (g->section[i])
            put_text(g->rail + 14, g->section[i] + 22, "s dim", slice_of(titles[i]), out);
}

static void put_legend(const struct graph *g, struct buf *out)
{
    uint32_t n = g->backends.n < GRAPH_LEGEND_MAX ? g->backends.n : GRAPH_LEGEND_MAX;
    int columns = (g->width - 2 * GRAPH_MARGIN) / g->legend_width, y = g->legend + 30;
    columns = columns > 0 ? columns : 1;
    if (n)
        put_text(GRAPH_MARGIN, g->legend + 10, "s dim", SLICE("BACKENDS"), out);
    for (uint32_t i = 0; i < n; i++) {
        const struct graph_backend *b = &g->backends.v[i];
        int x = GRAPH_MARGIN + (int)i % columns * g->legend_width, row = y + (int)i / columns * GRAPH_LEGEND_LINE;
        struct slice name = shortened(g->a, b->ir->name, 28);
        buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"3\" class=\"", x, row - 10);
        put_color_class(i, out);
        buf_str(out, "\"/>\n");
        put_text(x + 20, row, "", name, out);
        struct buf more = {0};
        buf_printf(&more, "%u server%s, ", b->ir->servers.n, b->ir->servers.n == 1 ? "" : "s");
        buf_grouped(&more, b->rules);
        buf_str(&more, b->rules == 1 ? " rule" : " rules");
        put_text(x + 20 + graph_text(graph_columns(name) + 2), row, "l dim", buf_view(&more), out);
        buf_free(&more);
    }
    if (g->backends.n > n)
        put_text(GRAPH_MARGIN, y + ((int)n + columns - 1) / columns * GRAPH_LEGEND_LINE, "dim",
                 arena_printf(g->a, "and %u more", g->backends.n - n), out);
}

void graph_svg(const struct graph *g, struct buf *out)
{
    put_head(g, out);
    put_rail(g, out);
    for (int i = 0; i < 2; i++)
        put_nodes(g, &g->phases[i], out);
    for (uint32_t i = 0; i < g->targets.n; i++)
        put_target(&g->targets.v[i], out);
    put_legend(g, out);
    buf_str(out, "</svg>\n");
}
