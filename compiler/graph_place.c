/* Where everything is: conditions in one column beside the rail, groups around theirs, outcomes in a column at the
 * right; see graph.h. */
#include "compiler/graph.h"

enum {
    GAP = 10,          /* between rows */
    INDENT = 14,       /* of what is in a group */
    INSET = 10,        /* of it at the right */
    RAIL_TO_BOXES = 30,
    ARROWS = 58,       /* between the columns */
    GROUP_HEAD = 14,   /* above and below a group's words, together */
    SECTION = 34,
    LABEL_LETTER = 13, /* halves of a pixel */
};

struct placing {
    struct graph *g;
    int boxes, right; /* the column of conditions */
    int outcomes, outcomes_width;
    const struct graph_node *last; /* the row before, where it is in the same list */
};

/* ---- widths ------------------------------------------------------------------------------------ */

static uint32_t widest(const graph_lines *v)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        uint32_t n = graph_columns(v->v[i].text);
        most = n > most ? n : most;
    }
    return most;
}

static int outcome_width(const struct graph_outcome *o)
{
    int most = 0;
    for (uint32_t i = 0; i < o->lines.n; i++) {
        int w = graph_text(graph_columns(o->lines.v[i].text));
        w += o->lines.v[i].color == GRAPH_NO_COLOR ? 0 : GRAPH_SWATCH;
        most = w > most ? w : most;
    }
    return most + 2 * GRAPH_PAD;
}

struct widths {
    int condition, outcome;
    uint32_t label;
};

static void most(int *x, int y)
{
    *x = *x > y ? *x : y;
}

static void measure(const graph_nodes *list, struct widths *w)
{
    for (uint32_t i = 0; i < list->n; i++) {
        const struct graph_node *x = list->v[i];
        uint32_t label = graph_columns(x->label);
        most(&w->condition, graph_text(widest(&x->lines)) + 2 * GRAPH_PAD + (int)x->depth * (INDENT + INSET));
        if (label > w->label)
            w->label = label;
        if (x->kind == GRAPH_GROUP)
            measure(&x->kids, w);
        else
            most(&w->outcome, outcome_width(&x->outcome));
    }
}

/* ---- rows -------------------------------------------------------------------------------------- */

static struct graph_box box_at(const struct placing *p, uint32_t depth, int y, int h)
{
    int x = p->boxes + (int)depth * INDENT;
    return (struct graph_box){x, y, p->right - (int)depth * INSET - x, h};
}

static bool shares_target(const struct placing *p, const struct graph_node *x)
{
    const struct graph_node *last = p->last;
    return last && last->outcome.key.len && slice_eq(last->outcome.key, x->outcome.key);
}

static int place_row(struct placing *p, struct graph_node *x, int y)
{
    struct graph *g = p->g;
    int own = graph_height(x->lines.n), theirs = graph_height(x->outcome.lines.n);
    x->box = box_at(p, x->depth, y, own);
    if (shares_target(p, x)) {
        struct graph_target *t = &g->targets.v[g->targets.n - 1];
        most(&t->box.h, y + own - t->box.y);
        vec_add(g->a, &t->rows, x);
    } else {
        struct graph_target *t = vec_push(g->a, &g->targets);
        *t = (struct graph_target){.outcome = &x->outcome, .box = {p->outcomes, y, p->outcomes_width, theirs}};
        vec_add(g->a, &t->rows, x);
    }
    p->last = x;
    most(&own, g->targets.v[g->targets.n - 1].box.y + g->targets.v[g->targets.n - 1].box.h - y);
    g->rail_end = y + GRAPH_PAD_Y + GRAPH_LINE / 2;
    return y + own;
}

static int place_list(struct placing *p, graph_nodes *list, int y);

static int place_group(struct placing *p, struct graph_node *x, int y)
{
    int head = (int)x->lines.n * GRAPH_LINE + GROUP_HEAD;
    p->last = NULL;
    int end = place_list(p, &x->kids, y + head) + GAP;
    p->last = NULL;
    x->box = box_at(p, x->depth, y, end - y);
    return end;
}

/* Where the last of the list ends. */
static int place_list(struct placing *p, graph_nodes *list, int y)
{
    for (uint32_t i = 0; i < list->n; i++) {
        y += i ? GAP : 0;
        y = list->v[i]->kind == GRAPH_GROUP ? place_group(p, list->v[i], y) : place_row(p, list->v[i], y);
    }
    return y;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void place_legend(struct graph *g, int y)
{
    uint32_t n = g->backends.n < GRAPH_LEGEND_MAX ? g->backends.n : GRAPH_LEGEND_MAX;
    int width = 0;
    for (uint32_t i = 0; i < n; i++)
        most(&width, graph_text(graph_columns(g->backends.v[i].ir->name)));
    g->legend = y;
    /* `12 servers, 1,234 rules` beside the name. */
    g->legend_width = (width > graph_text(30) ? graph_text(30) : width) + 2 * GRAPH_PAD + graph_text(26);
    int columns = (g->width - 2 * GRAPH_MARGIN) / g->legend_width;
    columns = columns > 0 ? columns : 1;
    int lines = ((int)n + columns - 1) / columns + (g->backends.n > n);
    g->height = y + (n ? 30 + lines * GRAPH_LEGEND_LINE : 0) + GRAPH_MARGIN;
}

void graph_place(struct graph *g)
{
    struct widths w = {.condition = 240, .outcome = 120, .label = 8};
    for (int i = 0; i < 2; i++)
        measure(&g->phases[i], &w);
    uint32_t label = w.label < GRAPH_LABEL_MAX ? w.label : GRAPH_LABEL_MAX;
    g->rail = GRAPH_MARGIN + (int)(label * LABEL_LETTER + 1) / 2 + 16;
    struct placing p = {.g = g, .boxes = g->rail + RAIL_TO_BOXES};
    p.right = p.boxes + w.condition;
    p.outcomes = p.right + ARROWS;
    p.outcomes_width = w.outcome;
    g->width = p.outcomes + w.outcome + GRAPH_MARGIN;
    int y = GRAPH_START + 34, title = GRAPH_MARGIN * 2 + graph_text(graph_columns(g->f->name) * 2 + 26);
    most(&g->width, title < 1600 ? title : 1600);
    most(&g->width, 640);
    for (int i = 0; i < 2; i++) {
        if (g->phases[i].n == 0)
            continue;
        g->section[i] = y;
        p.last = NULL;
        y = place_list(&p, &g->phases[i], y + SECTION) + GAP;
    }
    place_legend(g, y + 18);
}
