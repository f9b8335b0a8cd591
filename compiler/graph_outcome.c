/* What rules lead to, in words; see graph.h. */
#include <stdlib.h>

#include "compiler/graph.h"
#include "compiler/ir_print.h"

enum {
    ROWS_LISTED = 4,   /* of a map; of larger ones, its backends are */
    BACKENDS_LISTED = 5,
    TEXT_LINES = 3,
};

static uint32_t color_of(struct graph *g, const struct ir_backend *b)
{
    uint32_t *color = &g->colors[b->index];
    if (*color == GRAPH_NO_COLOR) {
        *color = g->backends.n;
        vec_push(g->a, &g->backends)->ir = b;
    }
    return *color;
}

static void add_line(struct graph *g, struct graph_outcome *out, struct slice text, uint32_t color, bool dim)
{
    uint32_t columns = GRAPH_OUTCOME_COLUMNS - (color == GRAPH_NO_COLOR ? 0 : 2), first = out->lines.n;
    graph_wrap(g->a, &out->lines, text, columns, TEXT_LINES, dim);
    if (first < out->lines.n)
        out->lines.v[first].color = color;
}

/* `text`, as far as it stands on one line. */
static void add_one_line(struct graph *g, struct graph_outcome *out, struct slice text, uint32_t color)
{
    uint32_t first = out->lines.n;
    graph_wrap(g->a, &out->lines, text, GRAPH_OUTCOME_COLUMNS - 2, 1, false);
    if (first < out->lines.n)
        out->lines.v[first].color = color;
}

/* ---- maps -------------------------------------------------------------------------------------- */

static const char *keys_noun(enum ir_key_kind kind, uint64_t n)
{
    switch (kind) {
    case IR_KEY_HOST:
    case IR_KEY_HOST_PATTERN:
        return n == 1 ? "host" : "hosts";
    case IR_KEY_PATH:
        return n == 1 ? "path" : "paths";
    case IR_KEY_METHOD:
        return n == 1 ? "method" : "methods";
    case IR_KEY_CIDR:
        return n == 1 ? "network" : "networks";
    case IR_KEY_RANGE:
        return n == 1 ? "range" : "ranges";
    case IR_KEY_REGEX:
        return n == 1 ? "pattern" : "patterns";
    case IR_KEY_STRING:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
    case IR_KEY_INT:
        break;
    }
    return n == 1 ? "key" : "keys";
}

/* A backend of a map, and how many rows lead to it. */
struct share {
    const struct ir_backend *backend;
    const struct ir_row *first;
    uint64_t rows;
};

static int compare_shares(const void *p, const void *q)
{
    const struct share *x = p, *y = q;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static struct share *shares_of(struct graph *g, const struct ir_set *set, uint32_t *n)
{
    uint32_t *at = arena_array(g->a, uint32_t, g->p->backends.n); /* 0: none */
    VEC(struct share) v = {0};
    for (uint32_t i = 0; i < set->rows.n; i++) {
        const struct ir_row *row = &set->rows.v[i];
        uint32_t *place = &at[row->backend->index];
        if (*place == 0) {
            *vec_push(g->a, &v) = (struct share){row->backend, row, 0};
            *place = v.n;
        }
        v.v[*place - 1].rows++;
    }
    if (v.n)
        qsort(v.v, v.n, sizeof *v.v, compare_shares);
    *n = v.n;
    return v.v;
}

static void add_rows(struct graph *g, const struct ir_set *set, struct graph_outcome *out)
{
    for (uint32_t i = 0; i < set->rows.n; i++) {
        struct buf line = {0};
        buf_printf(&line, "%.*s ← ", SLICE_ARG(set->rows.v[i].backend->name));
        const struct ir_key *key = &set->rows.v[i].key;
        if (set->is_split)
            ir_print_percent(key->range.hi + 1 - key->range.lo, &line);
        else
            ir_print_key(set, key, &line);
        add_one_line(g, out, buf_view(&line), color_of(g, set->rows.v[i].backend));
        buf_free(&line);
    }
}

/* `small ← "a.example", 31,203 more hosts` */
static void add_shares(struct graph *g, const struct ir_set *set, const struct share *v, uint32_t n,
                       struct graph_outcome *out)
{
    for (uint32_t i = 0; i < n && i < BACKENDS_LISTED; i++) {
        struct buf key = {0}, line = {0};
        ir_print_key(set, &v[i].first->key, &key);
        bool fits = graph_columns(buf_view(&key)) <= 24;
        buf_printf(&line, "%.*s ← ", SLICE_ARG(v[i].backend->name));
        if (fits)
            buf_slice(&line, buf_view(&key));
        if (v[i].rows > fits) {
            buf_str(&line, fits ? ", " : "");
            buf_grouped(&line, v[i].rows - fits);
            buf_printf(&line, "%s %s", fits ? " more" : "", keys_noun(set->key_kind, v[i].rows - fits));
        }
        uint32_t first = out->lines.n;
        graph_wrap(g->a, &out->lines, buf_view(&line), GRAPH_OUTCOME_COLUMNS - 2, 2, false);
        out->lines.v[first].color = color_of(g, v[i].backend);
        buf_free(&key);
        buf_free(&line);
    }
    if (n > BACKENDS_LISTED)
        add_line(g, out, arena_printf(g->a, "and %u more backends", n - BACKENDS_LISTED), GRAPH_NO_COLOR, true);
}

static void map_outcome(struct graph *g, const struct ir_rule *r, struct graph_outcome *out)
{
    const struct ir_set *set = r->value->set;
    struct buf head = {0};
    uint32_t n;
    struct share *shares = shares_of(g, set, &n);
    ir_print_action(r, &head);
    add_line(g, out, arena_copy(g->a, buf_view(&head)), GRAPH_NO_COLOR, false);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t color = color_of(g, shares[i].backend);
        g->backends.v[color].rules++;
    }
    if (set->is_split || set->rows.n <= ROWS_LISTED)
        add_rows(g, set, out);
    else
        add_shares(g, set, shares, n, out);
    if (set->is_split) {
        ; /* every draw is in a row */
    } else if (set->has_default) {
        uint32_t color = color_of(g, set->fallback.backend);
        g->backends.v[color].rules++;
        add_one_line(g, out, arena_printf(g->a, "%.*s ← any other", SLICE_ARG(set->fallback.backend->name)), color);
    } else {
        add_line(g, out, SLICE("no row: on to the next rule"), GRAPH_NO_COLOR, true);
    }
    buf_free(&head);
}

/* ---- rules ------------------------------------------------------------------------------------- */

void graph_outcome_of(struct graph *g, struct graph_node *x)
{
    const struct ir_rule *r = x->rule;
    struct graph_outcome *out = &x->outcome;
    struct buf text = {0};
    out->color = GRAPH_NO_COLOR;
    switch (r->kind) {
    case IR_USE:
        out->kind = GRAPH_USE;
        out->color = color_of(g, r->backend);
        g->backends.v[out->color].rules++;
        buf_printf(&text, "use %.*s", SLICE_ARG(r->backend->name));
        add_line(g, out, buf_view(&text), GRAPH_NO_COLOR, false);
        break;
    case IR_USE_MAP:
        out->kind = GRAPH_MAP;
        map_outcome(g, r, out);
        break;
    case IR_REDIRECT:
        out->kind = GRAPH_REDIRECT;
        add_line(g, out, arena_printf(g->a, "redirect %u", r->status), GRAPH_NO_COLOR, false);
        buf_str(&text, "to ");
        ir_print_expr(r->value, &text);
        add_line(g, out, buf_view(&text), GRAPH_NO_COLOR, true);
        break;
    case IR_REPLY:
        out->kind = r->status >= 400 ? GRAPH_REFUSE : GRAPH_REPLY;
        add_line(g, out, arena_printf(g->a, "reply %u", r->status), GRAPH_NO_COLOR, false);
        break;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
    case IR_DEL_HEADER:
        out->kind = GRAPH_EDIT;
        ir_print_action(r, &text);
        add_line(g, out, buf_view(&text), GRAPH_NO_COLOR, false);
        break;
    }
    if (r->kind == IR_USE || r->kind == IR_REPLY || r->kind == IR_REDIRECT) {
        text.len = 0;
        ir_print_action(r, &text);
        out->key = arena_copy(g->a, buf_view(&text));
    }
    buf_free(&text);
}

struct counted {
    struct graph *g;
    uint32_t *rules; /* by backend */
    uint32_t maps, redirects, replies, edits;
};

static void count(struct counted *c, const struct graph_node *x)
{
    for (uint32_t i = 0; i < x->kids.n; i++)
        count(c, x->kids.v[i]);
    if (!x->rule)
        return;
    switch (x->rule->kind) {
    case IR_USE:
        c->rules[x->outcome.color]++;
        break;
    case IR_USE_MAP:
        c->maps++;
        break;
    case IR_REDIRECT:
        c->redirects++;
        break;
    case IR_REPLY:
        c->replies++;
        break;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
    case IR_DEL_HEADER:
        c->edits++;
        break;
    }
}

static void add_count(struct graph *g, struct graph_outcome *out, const char *what, uint32_t n)
{
    struct buf b = {0};
    if (n == 0)
        return;
    buf_printf(&b, "%s: ", what);
    buf_grouped(&b, n);
    buf_str(&b, n == 1 ? " rule" : " rules");
    add_line(g, out, buf_view(&b), GRAPH_NO_COLOR, true);
    buf_free(&b);
}

void graph_outcome_many(struct graph *g, struct graph_node *const *nodes, uint32_t n, struct graph_outcome *out)
{
    struct counted c = {.g = g, .rules = arena_array(g->a, uint32_t, g->backends.n + 1)};
    uint32_t others = 0, listed = 0;
    *out = (struct graph_outcome){.kind = GRAPH_MANY, .color = GRAPH_NO_COLOR};
    for (uint32_t i = 0; i < n; i++)
        count(&c, nodes[i]);
    for (;;) {
        uint32_t best = GRAPH_NO_COLOR;
        for (uint32_t i = 0; i < g->backends.n; i++)
            if (c.rules[i] && (best == GRAPH_NO_COLOR || c.rules[i] > c.rules[best]))
                best = i;
        if (best == GRAPH_NO_COLOR)
            break;
        struct buf b = {0};
        buf_printf(&b, "use %.*s, ", SLICE_ARG(g->backends.v[best].ir->name));
        buf_grouped(&b, c.rules[best]);
        buf_str(&b, c.rules[best] == 1 ? " rule" : " rules");
        if (listed < BACKENDS_LISTED)
            add_one_line(g, out, buf_view(&b), best);
        else
            others++;
        listed++;
        c.rules[best] = 0;
        buf_free(&b);
    }
    if (others)
        add_line(g, out, arena_printf(g->a, "and %u more backends", others), GRAPH_NO_COLOR, true);
    add_count(g, out, "by maps", c.maps);
    add_count(g, out, "redirects", c.redirects);
    add_count(g, out, "replies", c.replies);
    add_count(g, out, "changes of headers", c.edits);
}
