/* One request, decided three times: by the tables, by the evaluator, and rule by rule by the analyser's formulas; see
 * validate_state.h. */
#include "compiler/validate_state.h"

#include <stdlib.h>

enum { FORM_ROWS = 256 /* of a map that is taken apart */, PICKED = 16, WIDE = 1000 /* rules */ };

/* ---- lists of rules ---------------------------------------------------------------------------- */

static int compare_numbers(const void *x, const void *y)
{
    const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static uint32_t sort_numbers(uint32_t *v, uint32_t n)
{
    uint32_t k = 0;
    if (n > 1)
        qsort(v, n, sizeof *v, compare_numbers);
    for (uint32_t i = 0; i < n; i++)
        if (k == 0 || v[k - 1] != v[i])
            v[k++] = v[i];
    return k;
}

static uint32_t number_in(const struct ir_frontend *f, const struct ir_rule *r)
{
    bool in_route = r >= f->route.v && r < f->route.v + f->route.n;
    return in_route ? f->on_request.n + (uint32_t)(r - f->route.v) : (uint32_t)(r - f->on_request.v);
}

/* A frontend of these rules alone. */
static struct ir_frontend frontend_of(struct arena *a, const struct ir_frontend *f, const uint32_t *numbers, uint32_t n)
{
    struct ir_frontend out = *f;
    uint32_t requests = 0;
    while (requests < n && numbers[requests] < f->on_request.n)
        requests++;
    struct ir_rule *rules = arena_alloc(a, (n + 1) * sizeof *rules);
    for (uint32_t i = 0; i < n; i++)
        rules[i] = *validate_rule(f, numbers[i]);
    out.on_request.v = rules;
    out.on_request.n = out.on_request.cap = requests;
    out.route.v = rules + requests;
    out.route.n = out.route.cap = n - requests;
    return out;
}

/* ---- formulas ---------------------------------------------------------------------------------- */

static bool is_large(const struct ir_expr *e, uint32_t rows)
{
    if (!e)
        return false;
    if (ir_op_own(e->op) == IR_OWN_SET && e->set->rows.n > rows)
        return true;
    for (uint32_t i = 0; i < e->nargs; i++)
        if (is_large(e->args[i], rows))
            return true;
    return false;
}

/* Whether a formula of it needs an automaton of its own. */
static bool needs_automaton(const struct ir_expr *e)
{
    if (!e)
        return false;
    if (e->op == IR_MATCHES || (ir_op_own(e->op) == IR_OWN_SET && e->set->key_kind == IR_KEY_REGEX))
        return true;
    if (e->op == IR_LIKE) {
        const char *first = memchr(e->str.p, '*', e->str.len), *last = memrchr(e->str.p, '*', e->str.len);
        if (first && first != e->str.p && last != e->str.p + e->str.len - 1)
            return true;
    }
    for (uint32_t i = 0; i < e->nargs; i++)
        if (needs_automaton(e->args[i]))
            return true;
    return false;
}

/* Rules with large sets have no formula; nor those for which there is no time. Of rules with automata, these that requests
 * were made from have one. */
static bool skip(const void *ctx, const struct ir_rule *r, const struct ir_row *row)
{
    const struct validate_form *x = ctx;
    bool large = is_large(r->guard, VALIDATE_LARGE_SET) || is_large(r->value, FORM_ROWS);
    for (uint32_t i = 0; i < r->headers.n; i++)
        large |= is_large(r->headers.v[i].value, FORM_ROWS);
    if (row || !ir_rule_decides(r))
        return !row && large;
    uint32_t place = number_in(x->f, r);
    bool spare = x->n > VALIDATE_FEW_RULES && needs_automaton(r->guard) &&
                 !bsearch(&x->numbers[place], x->sources, x->nsources, sizeof *x->sources, compare_numbers);
    return large || spare || validate_is_over(x->b);
}

/* Headers that a rule without a formula changes are not known to later ones. */
static bool edits_are_known(const struct validate_form *x, const struct ir_frontend *f)
{
    for (uint32_t i = 0; i < x->n; i++) {
        const struct ir_rule *r = validate_rule(f, i);
        if (!ir_rule_decides(r) && skip(x, r, NULL))
            return false;
    }
    return true;
}

void validate_form_begin(struct validate_form *x, const struct validate_batch *b)
{
    struct arena *a = &x->l.a;
    VEC(uint32_t) all = {0}, sources = {0};
    *x = (struct validate_form){.b = b};
    logic_begin(&x->l);
    for (uint32_t i = 0; i < b->always.n; i++)
        vec_add(a, &all, b->always.v[i]);
    for (uint32_t k = 0; k < b->requests.n; k++) {
        vec_add(a, &sources, b->requests.v[k].source);
        vec_add(a, &all, b->requests.v[k].source);
        for (uint32_t i = 0; i < b->requests.v[k].open.n; i++)
            vec_add(a, &all, b->requests.v[k].open.v[i]);
    }
    x->numbers = all.v;
    x->n = sort_numbers(all.v, all.n);
    x->sources = sources.v;
    x->nsources = sort_numbers(sources.v, sources.n);
    struct ir_frontend *f = arena_new(a, struct ir_frontend);
    *f = frontend_of(a, b->f, x->numbers, x->n);
    x->f = f;
    const struct ir_frontend *one = f;
    x->none = !edits_are_known(x, f);
    if (x->none)
        return;
    an_rules_begin(&x->rules, &x->l, &one, 1);
    x->rules.skip = skip;
    x->rules.skip_ctx = x;
    an_rules_add(&x->rules, &x->side, b->p, f);
    x->items = arena_array(a, uint32_t, x->n + 2);
    for (uint32_t i = 0, at = 0; i <= x->n; i++) {
        while (at < x->side.items.n && x->side.items.v[at].number < i)
            at++;
        x->items[i] = at;
    }
    x->values = arena_array(a, struct logic_value, x->l.vars.n);
    x->known = arena_array(a, uint32_t, x->l.vars.n);
}

void validate_form_end(struct validate_form *x)
{
    logic_end(&x->l);
}

/* ---- a formula for a request ------------------------------------------------------------------- */

static struct logic_value field_value(struct eval_state *s, const struct variable *v)
{
    struct ir_expr field = {.op = IR_FIELD, .kind = IR_STR, .field = (uint8_t)v->field, .str = v->key};
    struct eval_value x = eval_expr(s, &field);
    return (struct logic_value){.absent = x.absent, .text = x.str};
}

/* `s`: the request as the rule at hand sees it, which is what expressions that are not looked into read. */
static const struct logic_value *value_of(struct validate_form *x, struct eval_state *s, uint32_t var)
{
    const struct variable *v = &x->l.vars.v[var];
    const struct eval_request *q = s->request;
    struct logic_value *out = &x->values[var];
    if (x->known[var] == x->generation)
        return out;
    x->known[var] = x->generation;
    *out = (struct logic_value){0};
    switch (v->kind) {
    case VAR_TEXT:
        *out = field_value(&x->raw, v);
        break;
    case VAR_INT:
        out->num = v->field == IR_FIELD_RANDOM ? q->random : q->client_port;
        break;
    case VAR_IP:
        out->ip = q->client_ip;
        break;
    case VAR_BOOL:
        out->truth = q->tls;
        break;
    case VAR_OPAQUE: {
        struct eval_value e = eval_expr(s, v->expr);
        out->truth = !e.absent && e.truth;
        break;
    }
    }
    return out;
}

static bool formula_holds(struct validate_form *x, struct eval_state *s, uint32_t f)
{
    while (f != LOGIC_TRUE && f != LOGIC_FALSE) {
        uint32_t var = logic_least_var(&x->l, f);
        const struct logic_value *v = value_of(x, s, var);
        logic_new_round(&x->l);
        f = logic_assign(&x->l, f, var, v);
    }
    return f == LOGIC_TRUE;
}

/* -1: the rule has no formula. */
static int form_says(struct validate_form *x, struct eval_state *s, uint32_t number)
{
    const uint32_t *at = x->none ? NULL : bsearch(&number, x->numbers, x->n, sizeof number, compare_numbers);
    if (!at)
        return -1;
    uint32_t place = (uint32_t)(at - x->numbers), from = x->items[place], to = x->items[place + 1];
    if (from == to) /* it was left out */
        return -1;
    for (uint32_t i = from; i < to; i++)
        if (formula_holds(x, s, x->side.items.v[i].guard))
            return 1;
    return 0;
}

/* ---- messages ---------------------------------------------------------------------------------- */

static void put_result(const struct eval_result *r, const struct ir_rule *rule, struct buf *out)
{
    switch (r->outcome) {
    case EVAL_USE:
        buf_printf(out, "use %.*s", SLICE_ARG(r->backend->name));
        break;
    case EVAL_REDIRECT:
        buf_printf(out, "redirect %u to %.*s", r->status, SLICE_ARG(r->value));
        break;
    case EVAL_REPLY:
    case EVAL_BAD_REQUEST:
        buf_printf(out, r->status ? "reply %u" : "a rule that is not there", r->status);
        break;
    }
    for (uint32_t i = 0; i < r->edits.n; i++) {
        const struct eval_edit *e = &r->edits.v[i];
        buf_printf(out, ", %s header %.*s", e->kind == IR_SET_HEADER ? "set" : e->kind == IR_ADD_HEADER ? "add" : "del",
                   SLICE_ARG(e->name));
        if (e->kind != IR_DEL_HEADER)
            buf_printf(out, " = \"%.*s\"", SLICE_ARG(e->value));
    }
    if (rule)
        buf_printf(out, "  (%.*s, line %u)", SLICE_ARG(rule->label), rule->pos.line);
}

static void put_request(const struct ir_frontend *f, const struct eval_request *q, struct buf *out)
{
    buf_printf(out, "  request      ");
    an_request_text(q, out);
    buf_printf(out, "  (frontend %.*s)\n", SLICE_ARG(f->name));
}

/* ---- one request ------------------------------------------------------------------------------- */

struct hold {
    struct validate_form *x;
    struct arena a;
    struct validate_request *r;
    const struct ir_frontend *f; /* as evaluated */
    const uint32_t *numbers;     /* of its rules; NULL: its own */
    struct eval_result want;
    uint32_t wanted; /* number of the rule */
    bool doubt;
    uint32_t doubtful;
};

static uint32_t number_of(const struct hold *h, const struct ir_rule *r)
{
    uint32_t at = r ? number_in(h->f, r) : UINT32_MAX;
    return h->numbers && r ? h->numbers[at] : at;
}

static void trace(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct hold *h = ctx;
    (void)in_route;
    uint32_t number = number_of(h, rule);
    int says = h->doubt ? -1 : form_says(h->x, s, number);
    if (says < 0 || says == applied)
        return;
    h->doubt = true;
    h->doubtful = number;
}

static void evaluate(struct hold *h, const struct ir_frontend *f, const uint32_t *numbers)
{
    h->f = f;
    h->numbers = numbers;
    h->x->generation++;
    h->x->raw = h->r->raw;
    h->x->raw.a = &h->a;
    eval_run(&h->a, f, &h->r->q, trace, h, &h->want);
    h->wanted = number_of(h, h->want.rule);
}

struct numbers {
    uint32_t *v, n, cap;
};

/* Some of `n` rules, spread evenly; `from` NULL: of all. */
static void add_picked(struct hold *h, const uint32_t *from, uint32_t n, uint32_t picked, struct numbers *out)
{
    for (uint32_t i = 0; i < picked && n; i++) {
        uint32_t at = (uint32_t)((h->x->b->seed + h->r->source + (uint64_t)n * i / picked) % n);
        vec_add(&h->a, out, from ? from[at] : at);
    }
}

/* The rules that the request leaves open, the one that it was made from, the one that the tables name; where there are
 * too many of unknown need, some of these. `wide`: and some of all rules, none of which may apply unless it is open. */
static void evaluate_open(struct hold *h, uint32_t answered, bool wide)
{
    const struct validate_batch *b = h->x->b;
    struct numbers n = {0};
    for (uint32_t i = 0; i < b->always.n; i++)
        vec_add(&h->a, &n, b->always.v[i]);
    for (uint32_t i = 0; i < h->r->open.n; i++)
        vec_add(&h->a, &n, h->r->open.v[i]);
    add_picked(h, b->loose.v, b->loose.n, PICKED, &n);
    add_picked(h, NULL, b->nrules, wide ? WIDE : 0, &n);
    vec_add(&h->a, &n, h->r->source);
    if (answered < b->nrules)
        vec_add(&h->a, &n, answered);
    n.n = sort_numbers(n.v, n.n);
    struct ir_frontend *f = arena_new(&h->a, struct ir_frontend);
    *f = frontend_of(&h->a, b->f, n.v, n.n);
    evaluate(h, f, n.v);
}

static bool agrees(const struct hold *h, const struct eval_result *got, uint32_t answered)
{
    return h->wanted == answered && !an_results_differ(&h->want, got);
}

static void put_doubt(const struct hold *h, struct buf *out)
{
    const struct ir_rule *r = validate_rule(h->x->b->f, h->doubtful);
    put_request(h->x->b->f, &h->r->q, out);
    buf_printf(out, "  in doubt     whether %.*s applies (line %u)\n", SLICE_ARG(r->label), r->pos.line);
}

bool validate_hold(struct validate_form *x, struct decider *d, struct validate_request *r, bool wide,
                   struct validate_report *report, struct buf *why, struct buf *doubt)
{
    struct hold h = {.x = x, .r = r};
    const struct ir_frontend *f = x->b->f;
    struct eval_result got;
    bool same = true, decided = decider_try(d, &h.a, f, &r->q, &got);
    if (decided) {
        uint32_t answered = got.rule ? number_in(f, got.rule) : UINT32_MAX;
        bool whole = x->b->nrules <= (wide ? WIDE : VALIDATE_FEW_RULES);
        if (!whole)
            evaluate_open(&h, answered, wide);
        if (whole || !agrees(&h, &got, answered))
            evaluate(&h, f, NULL);
        decided = h.want.outcome != EVAL_BAD_REQUEST;
        same = !decided || agrees(&h, &got, answered);
    }
    if (!same) {
        put_request(f, &r->q, why);
        buf_printf(why, "  the program  ");
        put_result(&h.want, h.want.rule, why);
        buf_printf(why, "\n  the tables   ");
        put_result(&got, got.rule, why);
        buf_printf(why, "\n");
    }
    if (h.doubt && doubt && doubt->len == 0)
        put_doubt(&h, doubt);
    report->requests += decided && same;
    report->wide += decided && same && wide;
    report->undecided += !decided;
    arena_free(&h.a);
    return same;
}
