/* Rules as a tree: neighbours that have a condition in common are a group; see graph.h. */
#include "compiler/graph.h"

#include "compiler/explain_part.h"
#include "runtime/base/hash.h"

enum { CONDITION_LINES = 6 };

/* ---- text -------------------------------------------------------------------------------------- */

uint32_t graph_columns(struct slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        n += (c & 0xc0) != 0x80;
        n += c >= 0xe3; /* wide characters begin at U+3000 */
    }
    return n;
}

/* Where a line of at most `columns` ends: after a space, or else within a word. */
static size_t line_end(struct slice s, uint32_t columns)
{
    size_t end = 0, space = 0;
    while (end < s.len) {
        size_t next = end + 1;
        while (next < s.len && ((unsigned char)s.p[next] & 0xc0) == 0x80)
            next++;
        if (graph_columns((struct slice){s.p, next}) > columns)
            return space > end / 2 ? space : end;
        if (s.p[end] == ' ')
            space = next;
        end = next;
    }
    return end;
}

void graph_wrap(struct arena *a, graph_lines *lines, struct slice text, uint32_t columns, uint32_t most, bool dim)
{
    for (uint32_t n = 1; text.len; n++) {
        uint32_t indent = n > 1 ? 2 : 0;
        size_t end = line_end(text, columns - indent);
        bool cut = n == most && end < text.len;
        if (cut)
            end = line_end(text, columns - indent - 2);
        struct slice line = slice_trim((struct slice){text.p, end});
        *vec_push(a, lines) = (struct graph_line){
            arena_printf(a, "%s%.*s%s", indent ? "\u00a0\u00a0" : "", SLICE_ARG(line), cut ? " …" : ""),
            GRAPH_NO_COLOR, dim};
        if (cut)
            return;
        text = slice_from(text, end);
    }
}

/* ---- conditions -------------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t seed, const void *p, size_t n)
{
    return hash_bytes(p, n, seed);
}

/* The expression without its constants. */
static uint64_t shape_of(const struct ir_expr *e, uint64_t seed)
{
    uint8_t head[3] = {e->op, e->field, (uint8_t)e->nargs};
    seed = mixed(seed, head, sizeof head);
    if (e->op == IR_FIELD && e->str.len)
        seed = mixed(seed, e->str.p, e->str.len);
    for (uint32_t i = 0; i < e->nargs; i++)
        seed = shape_of(e->args[i], seed);
    return seed;
}

static void subjects_in(const struct ir_expr *e, bool seen[3])
{
    if (e->op == IR_FIELD)
        seen[e->field == IR_FIELD_HOST                                  ? GRAPH_HOST
             : e->field == IR_FIELD_PATH || e->field == IR_FIELD_URI ? GRAPH_PATH
                                                                        : GRAPH_OTHER] = true;
    for (uint32_t i = 0; i < e->nargs; i++)
        subjects_in(e->args[i], seen);
}

static void add_parts(struct graph *g, const struct explain_part *x, graph_parts *out)
{
    if (explain_part_kind(x) == EXPLAIN_ALL) {
        for (uint32_t i = 0; i < x->e->nargs; i++) {
            struct explain_part in = explain_part_in(x, i);
            add_parts(g, &in, out);
        }
        return;
    }
    struct buf text = {0};
    bool seen[3] = {false};
    explain_part_print(x, &text);
    subjects_in(x->e, seen);
    struct graph_part *part = vec_push(g->a, out);
    part->text = arena_copy(g->a, buf_view(&text));
    part->hash = hash_slice(part->text);
    part->shape = shape_of(x->e, x->negated);
    part->subject = seen[GRAPH_OTHER] || (seen[GRAPH_HOST] && seen[GRAPH_PATH]) ? GRAPH_OTHER
                    : seen[GRAPH_HOST]                                          ? GRAPH_HOST
                    : seen[GRAPH_PATH]                                          ? GRAPH_PATH
                                                                                : GRAPH_OTHER;
    buf_free(&text);
}

/* ---- the tree ---------------------------------------------------------------------------------- */

static struct slice label_of(const struct ir_frontend *f, struct slice label)
{
    size_t n = f->name.len;
    return slice_starts(label, f->name) && label.len > n + 1 && label.p[n] == '.' ? slice_from(label, n + 1) : label;
}

static struct graph_node *rule_node(struct graph *g, const struct ir_rule *r)
{
    struct graph_node *x = arena_new(g->a, struct graph_node);
    x->rule = r;
    x->rules = 1;
    x->label = label_of(g->f, r->label);
    if (r->guard) {
        struct explain_part whole = {.e = r->guard};
        while (whole.e->op == IR_NOT) {
            whole.e = whole.e->args[0];
            whole.negated = !whole.negated;
        }
        add_parts(g, &whole, &x->parts);
    }
    graph_outcome_of(g, x);
    return x;
}

static int find_part(const struct graph_node *x, const struct graph_part *wanted)
{
    for (uint32_t i = 0; i < x->parts.n; i++)
        if (x->parts.v[i].hash == wanted->hash && slice_eq(x->parts.v[i].text, wanted->text))
            return (int)i;
    return -1;
}

/* The condition of v[0] that holds for the longest run; of those, of the host before the path before others. */
static uint32_t longest_run(struct graph_node *const *v, uint32_t n, uint32_t *part)
{
    uint32_t best = 1;
    for (uint32_t i = 0; i < v[0]->parts.n; i++) {
        uint32_t run = 1;
        while (run < n && find_part(v[run], &v[0]->parts.v[i]) >= 0)
            run++;
        if (run > best || (run == best && run > 1 && v[0]->parts.v[i].subject < v[0]->parts.v[*part].subject)) {
            best = run;
            *part = i;
        }
    }
    return best;
}

static void remove_part(struct graph_node *x, const struct graph_part *part)
{
    uint32_t at = (uint32_t)find_part(x, part);
    memmove(x->parts.v + at, x->parts.v + at + 1, (--x->parts.n - at) * sizeof *x->parts.v);
}

/* The nodes of `v` in groups. */
static graph_nodes grouped(struct graph *g, struct graph_node **v, uint32_t n, uint32_t depth)
{
    graph_nodes out = {0};
    for (uint32_t i = 0, run; i < n; i += run) {
        uint32_t part = 0;
        run = depth < GRAPH_DEPTH_MAX ? longest_run(v + i, n - i, &part) : 1;
        if (run == 1) {
            v[i]->depth = depth;
            vec_add(g->a, &out, v[i]);
            continue;
        }
        struct graph_node *group = arena_new(g->a, struct graph_node);
        struct graph_part common = v[i]->parts.v[part];
        *group = (struct graph_node){.kind = GRAPH_GROUP, .depth = depth, .rules = run};
        vec_add(g->a, &group->parts, common);
        for (uint32_t k = 0; k < run; k++)
            remove_part(v[i + k], &common);
        group->kids = grouped(g, v + i, run, depth + 1);
        vec_add(g->a, &out, group);
    }
    return out;
}

/* ---- words ------------------------------------------------------------------------------------- */

static void add_words(struct graph *g, struct graph_node *x)
{
    uint32_t columns = GRAPH_COLUMNS - 3 * x->depth;
    x->lines.n = 0;
    for (uint32_t i = 0; i < x->parts.n && x->lines.n < CONDITION_LINES; i++) {
        struct slice text = arena_printf(g->a, "%s%.*s", i ? "and " : "", SLICE_ARG(x->parts.v[i].text));
        graph_wrap(g->a, &x->lines, text, columns, CONDITION_LINES - x->lines.n, false);
    }
    if (x->kind == GRAPH_RULE && x->parts.n == 0)
        *vec_push(g->a, &x->lines) = (struct graph_line){
            x->depth ? SLICE("every other one of these") : SLICE("every request that comes here"), GRAPH_NO_COLOR, true};
    x->shape = x->kind;
    for (uint32_t i = 0; i < x->parts.n; i++)
        x->shape = mixed(x->shape, &x->parts.v[i].shape, sizeof x->parts.v[i].shape);
    if (x->rule)
        x->shape = mixed(x->shape, &x->rule->kind, sizeof x->rule->kind);
    for (uint32_t i = 0; i < x->kids.n; i++) {
        add_words(g, x->kids.v[i]);
        x->shape = mixed(x->shape, &x->kids.v[i]->shape, sizeof x->shape);
    }
}

static graph_nodes phase_of(struct graph *g, const struct ir_rule *rules, uint32_t n)
{
    struct graph_node **v = arena_array(g->a, struct graph_node *, n);
    for (uint32_t i = 0; i < n; i++)
        v[i] = rule_node(g, &rules[i]);
    graph_nodes out = grouped(g, v, n, 0);
    for (uint32_t i = 0; i < out.n; i++)
        add_words(g, out.v[i]);
    return out;
}

void graph_build(struct arena *a, const struct ir_program *p, const struct ir_frontend *f, struct graph *out)
{
    *out = (struct graph){.a = a, .p = p, .f = f, .colors = arena_array(a, uint32_t, p->backends.n + 1)};
    for (uint32_t i = 0; i < p->backends.n; i++)
        out->colors[i] = GRAPH_NO_COLOR;
    out->phases[0] = phase_of(out, f->on_request.v, f->on_request.n);
    out->phases[1] = phase_of(out, f->route.v, f->route.n);
    graph_prune(out);
    graph_place(out);
}
