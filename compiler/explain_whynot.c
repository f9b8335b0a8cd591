/* Asking about one rule; see explain_whynot.h. */
#include "compiler/explain_whynot.h"

#include "compiler/diag.h"
#include "compiler/explain_part.h"

enum { LINES_MAX = 100, NAMES_COMPARED = 5000 };

/* ---- finding it -------------------------------------------------------------------------------- */

struct finding {
    const struct ir_program *p;
    struct slice word, file;
    uint32_t line; /* 0: a name */
    uint32_t found;
    struct whynot_rule first, second;
    const struct ir_rule *before; /* of the file, the last one that begins before the line */
};

/* FILE:LINE, where FILE may lack folders at its begin, or be left out. */
static void read_place(struct finding *x)
{
    const char *colon = memrchr(x->word.p, ':', x->word.len);
    struct slice digits = colon ? slice_from(x->word, (size_t)(colon + 1 - x->word.p)) : x->word;
    uint32_t line = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9' || digits.len > 9)
            return;
        line = line * 10 + (uint32_t)(digits.p[i] - '0');
    }
    x->line = line;
    x->file = (struct slice){x->word.p, colon ? (size_t)(colon - x->word.p) : 0};
}

static bool is_file(const struct finding *x, uint32_t file)
{
    if (file >= x->p->sources.n)
        return false;
    struct slice path = x->p->sources.v[file].path;
    if (x->file.len == 0)
        return file == 0;
    return slice_eq(path, x->file) || (slice_ends(path, x->file) && path.p[path.len - x->file.len - 1] == '/');
}

static void look_at(struct finding *x, struct whynot_rule at)
{
    const struct ir_pos *pos = &at.rule->pos;
    bool here = slice_eq(at.rule->label, x->word);
    if (x->line && is_file(x, pos->file)) {
        here |= pos->line == x->line;
        if (pos->line < x->line && pos->line && (!x->before || pos->line > x->before->pos.line))
            x->before = at.rule;
    }
    if (!here)
        return;
    *(x->found ? &x->second : &x->first) = at;
    x->found++;
}

static void say_missing(const struct finding *x, const struct ir_frontend *only, struct buf *why)
{
    struct arena a = {0};
    VEC(struct slice) names = {0};
    if (x->before) {
        buf_printf(why, "no rule begins at %.*s; the last one before it is %.*s, at line %u", SLICE_ARG(x->word),
                   SLICE_ARG(x->before->label), x->before->pos.line);
        return;
    }
    buf_printf(why, "no rule `%.*s`", SLICE_ARG(x->word));
    for (uint32_t i = 0; i < x->p->frontends.n; i++) {
        const struct ir_frontend *f = x->p->frontends.v[i];
        for (uint32_t k = 0; k < f->on_request.n + f->route.n && names.n < NAMES_COMPARED && (!only || f == only); k++)
            vec_add(&a, &names, (k < f->on_request.n ? f->on_request.v[k] : f->route.v[k - f->on_request.n]).label);
    }
    struct slice near = diag_nearest(x->word, names.v, names.n);
    if (near.p)
        buf_printf(why, "; did you mean `%.*s`?", SLICE_ARG(near));
    else
        buf_str(why, "; a rule is named as edge.route[3], by its @name, or as FILE:LINE");
    arena_free(&a);
}

bool whynot_find(const struct ir_program *p, const char *frontend, const char *word, struct whynot_rule *out,
                 struct buf *why)
{
    struct finding x = {.p = p, .word = slice_of(word[0] == '@' ? word + 1 : word)};
    const struct ir_frontend *only = NULL;
    read_place(&x);
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        if (frontend && !slice_eq(f->name, slice_of(frontend)))
            continue;
        only = frontend ? f : NULL;
        for (uint32_t k = 0; k < f->on_request.n; k++)
            look_at(&x, (struct whynot_rule){f, &f->on_request.v[k], k});
        for (uint32_t k = 0; k < f->route.n; k++)
            look_at(&x, (struct whynot_rule){f, &f->route.v[k], f->on_request.n + k});
    }
    *out = x.first;
    if (frontend && !only)
        buf_printf(why, "no frontend `%s`", frontend);
    else if (x.found == 0)
        say_missing(&x, only, why);
    else if (x.found > 1 && x.first.frontend != x.second.frontend)
        buf_printf(why, "frontends `%.*s` and `%.*s` have a rule `%.*s`; --frontend says which is meant",
                   SLICE_ARG(x.first.frontend->name), SLICE_ARG(x.second.frontend->name), SLICE_ARG(x.word));
    else if (x.found > 1)
        buf_printf(why, "`%.*s` means %u rules; the first two are %.*s at line %u and %.*s at line %u",
                   SLICE_ARG(x.word), x.found, SLICE_ARG(x.first.rule->label), x.first.rule->pos.line,
                   SLICE_ARG(x.second.rule->label), x.second.rule->pos.line);
    return x.found == 1;
}

/* ---- for a request ----------------------------------------------------------------------------- */

struct asking {
    struct arena *a;
    struct whynot *w;
    const struct ir_rule *rule;
};

static struct slice kept(struct arena *a, struct buf *b)
{
    struct slice s = arena_copy(a, buf_view(b));
    buf_free(b);
    return s;
}

/* `needed`: the whole fails where this part does. */
static void add_part(struct asking *x, struct eval_state *s, const struct explain_part *part, uint32_t depth,
                     bool needed)
{
    struct whynot *w = x->w;
    enum explain_part_kind kind = explain_part_kind(part);
    bool holds = explain_part_holds(s, part), flat = kind == EXPLAIN_ALL && needed;
    struct buf test = {0}, got = {0};
    if (!flat && needed) {
        w->tests++;
        w->fails += !holds;
    }
    if (w->lines.n == LINES_MAX && !flat) {
        w->lines_more++;
    } else if (!flat) {
        struct whynot_line *line = vec_push(x->a, &w->lines);
        line->depth = depth;
        line->kind = kind == EXPLAIN_TEST ? WHYNOT_TEST : kind == EXPLAIN_ALL ? WHYNOT_ALL : WHYNOT_ANY;
        line->holds = holds;
        line->lookup = part->lookup;
        if (kind == EXPLAIN_TEST) {
            explain_part_print(part, &test);
            explain_part_values(s, part, &got);
        }
        line->test = kept(x->a, &test);
        line->got = kept(x->a, &got);
    }
    for (uint32_t i = 0; kind != EXPLAIN_TEST && i < part->e->nargs; i++) {
        struct explain_part in = explain_part_in(part, i);
        add_part(x, s, &in, flat ? depth : depth + 1, flat);
    }
}

static void trace(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    (void)in_route;
    struct asking *x = ctx;
    struct explain_part parts[2];
    if (rule != x->rule)
        return;
    x->w->holds = applied;
    for (uint32_t i = 0, n = explain_parts_of(rule, parts); i < n; i++)
        add_part(x, s, &parts[i], 0, true);
}

static const struct ir_rule *rule_at(const struct ir_frontend *f, uint32_t number)
{
    return number < f->on_request.n ? &f->on_request.v[number] : &f->route.v[number - f->on_request.n];
}

/* The frontend without what decides before the rule, so that its condition meets the request as it would there. */
static struct ir_frontend without_deciders(struct arena *a, const struct whynot_rule *of)
{
    struct ir_frontend f = *of->frontend;
    f.on_request.n = f.on_request.cap = 0;
    f.on_request.v = NULL;
    f.route.n = f.route.cap = 0;
    f.route.v = NULL;
    for (uint32_t i = 0; i < of->number; i++)
        if (!ir_rule_decides(rule_at(of->frontend, i)))
            vec_add(a, &f.on_request, *rule_at(of->frontend, i));
    vec_add(a, &f.route, *of->rule);
    return f;
}

static uint32_t number_of(const struct ir_frontend *f, const struct ir_rule *rule)
{
    uint32_t i = 0;
    while (rule_at(f, i) != rule)
        i++;
    return i;
}

bool whynot_request(struct arena *a, const struct ir_program *p, const struct whynot_rule *of,
                    const struct explain_query *q, struct whynot *out, struct buf *why)
{
    struct explain_query own = *q;
    struct eval_result ignored;
    *out = (struct whynot){.p = p, .of = *of, .asked = true};
    own.frontend = arena_printf(a, "%.*s", SLICE_ARG(of->frontend->name)).p;
    own.all = false;
    if (!explain_run(a, p, &own, &out->e, why))
        return false;
    struct ir_frontend f = without_deciders(a, of);
    struct asking x = {a, out, &f.route.v[0]};
    eval_run(a, &f, &out->e.request, trace, &x, &ignored);
    const struct ir_rule *winner = out->e.result.rule;
    out->before = winner && number_of(of->frontend, winner) < of->number;
    return true;
}

/* ---- for any request --------------------------------------------------------------------------- */

void whynot_any(struct arena *a, const struct ir_program *p, const struct whynot_rule *of, double seconds,
                struct whynot *out)
{
    *out = (struct whynot){.p = p, .of = *of};
    analyze_rule(a, p, of->frontend, of->rule, seconds, &out->reach);
}
