/* Summarising what is too much to look at: neighbours that are alike, and then whatever is left over; see graph.h.
 *
 * note [bound]: a picture has at most ROWS_MAX rows and a few more, whatever the frontend has. */
#include "compiler/graph.h"

enum {
    ROWS_FREE = 80,  /* so many rows are all shown */
    ROWS_MAX = 160,  /* cut above that */
    ALIKE_MIN = 5,   /* neighbours that are alike, as many as are worth a summary */
    ALIKE_SHOWN = 2,
    LAST_SHOWN = 3,  /* of the rules that are cut, the last ones remain */
};

static uint32_t rows_of(const graph_nodes *v)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->n; i++)
        n += v->v[i]->kind == GRAPH_GROUP ? rows_of(&v->v[i]->kids) : 1;
    return n;
}

/* ---- what stands for others -------------------------------------------------------------------- */

/* `24,998 more hosts like this` */
static void put_words(struct graph *g, struct graph_node *more, uint32_t n, const char *noun, bool alike)
{
    struct buf b = {0};
    buf_grouped(&b, n);
    buf_printf(&b, " more %s%s", noun, alike ? " like this" : "");
    graph_wrap(g->a, &more->lines, buf_view(&b), GRAPH_COLUMNS - 3 * more->depth, 1, false);
    if (more->rules != n) {
        b.len = 0;
        buf_grouped(&b, more->rules);
        buf_str(&b, more->rules == 1 ? " rule" : " rules");
        graph_wrap(g->a, &more->lines, buf_view(&b), GRAPH_COLUMNS, 1, true);
    }
    buf_free(&b);
}

static struct graph_node *more_of(struct graph *g, struct graph_node *const *v, uint32_t n, const char *noun, bool alike)
{
    struct graph_node *more = arena_new(g->a, struct graph_node);
    more->kind = GRAPH_MORE;
    more->depth = v[0]->depth;
    for (uint32_t i = 0; i < n; i++) {
        more->rules += v[i]->rules;
        vec_add(g->a, &more->kids, v[i]);
    }
    graph_outcome_many(g, v, n, &more->outcome);
    put_words(g, more, n, noun, alike);
    return more;
}

/* What two neighbours that are alike differ in. */
static const char *noun_of(const struct graph_node *x, const struct graph_node *y)
{
    enum graph_subject subject = GRAPH_OTHER;
    uint32_t differ = 0;
    for (uint32_t i = 0; i < x->parts.n && i < y->parts.n; i++)
        if (x->parts.v[i].hash != y->parts.v[i].hash) {
            differ++;
            subject = x->parts.v[i].subject;
        }
    if (differ == 1 && subject == GRAPH_HOST)
        return "hosts";
    if (differ == 1 && subject == GRAPH_PATH)
        return "paths";
    return x->kind == GRAPH_GROUP ? "groups" : "rules";
}

/* ---- alike ------------------------------------------------------------------------------------- */

/* `strict`: in all but constants; else groups by a condition on the same subject are, too. */
static bool are_alike(const struct graph_node *x, const struct graph_node *y, bool strict)
{
    if (x->kind != y->kind || x->kind == GRAPH_MORE)
        return false;
    if (x->shape == y->shape)
        return true;
    return !strict && x->kind == GRAPH_GROUP && x->parts.v[0].shape == y->parts.v[0].shape;
}

static void summarise(struct graph *g, graph_nodes *list, bool strict)
{
    graph_nodes out = {0};
    for (uint32_t i = 0, end; i < list->n; i = end) {
        end = i + 1;
        bool same = true;
        while (end < list->n && are_alike(list->v[i], list->v[end], strict)) {
            same &= list->v[end]->shape == list->v[i]->shape;
            end++;
        }
        uint32_t shown = end - i < ALIKE_MIN ? end - i : list->v[i]->kind == GRAPH_GROUP ? 1 : ALIKE_SHOWN;
        for (uint32_t k = i; k < i + shown; k++) {
            if (list->v[k]->kind == GRAPH_GROUP)
                summarise(g, &list->v[k]->kids, strict);
            vec_add(g->a, &out, list->v[k]);
        }
        if (i + shown < end)
            vec_add(g->a, &out,
                    more_of(g, list->v + i + shown, end - i - shown, noun_of(list->v[i], list->v[i + 1]), same));
    }
    *list = out;
}

/* ---- cutting ----------------------------------------------------------------------------------- */

/* Keeps what comes first, as `*left` allows, and the last ones of the outermost list. */
static void cut(struct graph *g, graph_nodes *list, uint32_t *left, uint32_t last)
{
    uint32_t kept = 0, end = list->n - (last < list->n ? last : list->n);
    for (; kept < end && *left > 0; kept++) {
        if (list->v[kept]->kind == GRAPH_GROUP)
            cut(g, &list->v[kept]->kids, left, 0);
        else
            --*left;
    }
    if (kept >= end)
        return;
    graph_nodes out = {0};
    for (uint32_t i = 0; i < kept; i++)
        vec_add(g->a, &out, list->v[i]);
    vec_add(g->a, &out, more_of(g, list->v + kept, end - kept, "rules", false));
    struct graph_node *more = out.v[out.n - 1];
    more->lines.n = 0;
    put_words(g, more, more->rules, more->rules == 1 ? "rule" : "rules", false);
    for (uint32_t i = end; i < list->n; i++) {
        uint32_t few = 1;
        if (list->v[i]->kind == GRAPH_GROUP)
            cut(g, &list->v[i]->kids, &few, 0);
        vec_add(g->a, &out, list->v[i]);
    }
    *list = out;
}

static uint32_t shown_rules(const graph_nodes *v)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->n; i++)
        n += v->v[i]->kind == GRAPH_GROUP ? shown_rules(&v->v[i]->kids) : v->v[i]->kind == GRAPH_RULE;
    return n;
}

static uint32_t rows(const struct graph *g)
{
    return rows_of(&g->phases[0]) + rows_of(&g->phases[1]);
}

void graph_prune(struct graph *g)
{
    for (int strict = 1; strict >= 0 && rows(g) > ROWS_FREE; strict--)
        for (int i = 0; i < 2; i++)
            summarise(g, &g->phases[i], strict);
    for (int i = 0; i < 2 && rows(g) > ROWS_MAX; i++) {
        uint32_t left = ROWS_MAX / 2;
        cut(g, &g->phases[i], &left, LAST_SHOWN);
    }
    g->hidden = g->f->on_request.n + g->f->route.n - shown_rules(&g->phases[0]) - shown_rules(&g->phases[1]);
}
