/* What rules cost, beside the rules: from the rows that guards became and the tables that rows became; see cost.h. */
#include "compiler/cost.h"

#include <stdlib.h>

#include "compiler/ir_print.h"
#include "compiler/lower.h"

enum { WHY_MAX = 4, TEXT_MAX = 160, LARGE_SET = 256 };

/* ---- why no table ------------------------------------------------------------------------------ */

static void add_why(struct arena *a, struct cost_rule *x, struct slice why)
{
    for (uint32_t i = 0; i < x->why.n; i++)
        if (slice_eq(x->why.v[i], why))
            return;
    if (x->why.n < WHY_MAX)
        vec_add(a, &x->why, why);
}

/* What changes a value before it is compared, or NULL. */
static const char *converter_of(enum ir_op op)
{
    static const struct {
        enum ir_op op;
        const char *why;
    } all[] = {
        {IR_LOWER, "`| lower` changes the value before it is compared"},
        {IR_UPPER, "`| upper` changes the value before it is compared"},
        {IR_DEFAULT, "`| default` may stand in for the value"},
        {IR_TO_INT, "the value is read as a number"},
        {IR_LENGTH, "the length is compared"},
        {IR_LINES, "the number of lines is compared"},
        {IR_HASH, "`| hash` is computed"},
        {IR_BASE64, "`| base64` changes the value before it is compared"},
        {IR_BASE64_DECODE, "`| base64-decode` changes the value before it is compared"},
        {IR_URL_DECODE, "`| url-decode` changes the value before it is compared"},
        {IR_PART, "`| field` takes a part of the value"},
        {IR_REPLACE, "`| replace` changes the value before it is compared"},
        {IR_MASK, "`| mask` changes the address before it is compared"},
        {IR_NTH, "`| nth` takes one of the lines"},
        {IR_AMONG, "the lines of a header are tried one after the other"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].op == op)
            return all[i].why;
    return NULL;
}

static const char *find_converter(const struct ir_expr *e)
{
    const char *why = converter_of((enum ir_op)e->op);
    for (uint32_t i = 0; i < e->nargs && !why; i++)
        why = find_converter(e->args[i]);
    return why;
}

static uint32_t count_fields(const struct ir_expr *e)
{
    uint32_t n = e->op == IR_FIELD;
    for (uint32_t i = 0; i < e->nargs; i++)
        n += count_fields(e->args[i]);
    return n;
}

static bool has_op(const struct ir_expr *e, enum ir_op op)
{
    bool has = e->op == op;
    for (uint32_t i = 0; i < e->nargs; i++)
        has |= has_op(e->args[i], op);
    return has;
}

static const char *why_code(const struct ir_expr *e)
{
    const char *converter = find_converter(e);
    if (e->op == IR_AND || e->op == IR_OR)
        return "its alternatives multiply to more rows than there may be";
    if (converter)
        return converter;
    if (has_op(e, IR_LOOKUP))
        return "what a map has for it is compared";
    if (count_fields(e) > 1)
        return "it compares two fields";
    return e->op == IR_LT || e->op == IR_LE || e->op == IR_EQ || e->op == IR_IN ? "it compares a number"
                                                                                : "no table holds such values";
}

static void put_cut(const struct ir_expr *e, bool negate, struct buf *out)
{
    struct buf text = {0};
    if (negate)
        ir_print_negated(e, &text);
    else
        ir_print_expr(e, &text);
    size_t n = text.len;
    if (n > TEXT_MAX)
        for (n = TEXT_MAX; n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80; n--)
            ;
    buf_add(out, text.p, n);
    buf_str(out, n < text.len ? "…" : "");
    buf_free(&text);
}

static const char *why_not_key(const struct row_atom *atom)
{
    if (atom->negate)
        return "what a request must not be is no key";
    switch ((enum row_test)atom->test) {
    case ROW_EXISTS:
        return "that a value is there is no key";
    case ROW_TLS:
        return "`tls.active` is no key";
    case ROW_CONTAINS:
        return "a text anywhere within is tested row by row";
    case ROW_MATCHES:
        return "a regular expression is matched byte by byte";
    case ROW_IN:
        return atom->keys->n > LARGE_SET ? "a large set is one look-up of its own" : NULL;
    case ROW_EQ:
    case ROW_STARTS:
    case ROW_UNDER:
    case ROW_ENDS:
    case ROW_LIKE:
    case ROW_RESIDUAL:
        break;
    }
    return NULL;
}

/* Code is told of always; other tests where no key leads to the rule. */
static void add_reasons(struct arena *a, const struct row *row, struct cost_rule *x)
{
    bool could = false;
    for (uint32_t i = 0; i < row->natoms; i++) {
        const struct row_atom *atom = &row->atoms[i];
        struct buf b = {0};
        if (atom->test == ROW_RESIDUAL) {
            buf_char(&b, '`');
            put_cut(atom->expr, atom->negate, &b);
            buf_printf(&b, "` is code: %s", why_code(atom->expr));
            add_why(a, x, arena_copy(a, buf_view(&b)));
            buf_free(&b);
            continue;
        }
        const char *why = why_not_key(atom);
        could |= why == NULL;
        if (why && x->place->loose)
            add_why(a, x, slice_of(why));
    }
    if (could && x->place->loose)
        add_why(a, x, SLICE("too few rows beside it share a key: they are tried one by one"));
}

/* ---- rules ------------------------------------------------------------------------------------- */

/* A rule that all requests try is as dear as thousands behind a key. */
static double dearness(const struct cost_place *p)
{
    double tests = (double)p->left.tests + 4.0 * (double)(p->left.patterns + p->left.code);
    return tests * (p->loose ? 10000.0 * p->loose : 1);
}

static int compare(const void *p, const void *q)
{
    const struct cost_rule *x = p, *y = q;
    if (x->dear != y->dear)
        return x->dear > y->dear ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* The decisions are steps in the same order, so that those of rows and tables are the same ones. */
static void add_decision(struct cost_frontend *f, const struct cost_decision *d, const struct ir_rule *rules,
                         struct cost_rule *all, uint32_t *n)
{
    f->tables += d->tables;
    f->most.probes += d->most.probes;
    f->most.tests += d->most.tests;
    f->most.patterns += d->most.patterns;
    f->most.code += d->most.code;
    for (uint32_t i = 0; i < d->nrules; i++) {
        const struct cost_place *p = &d->places[i];
        bool always = d->always || (p->loose && p->left.tests == 0);
        f->always += always;
        f->never += !always && p->rows == 0;
        f->loose += !always && p->loose > 0;
        f->keyed += !always && p->rows > 0 && p->loose == 0;
        all[(*n)++] = (struct cost_rule){.rule = &rules[i], .place = p, .always = always, .dear = dearness(p)};
    }
}

/* Rows are ascending by rule: those of one are a run. */
static const struct row *first_row(const struct rows_step *s, uint32_t rule)
{
    uint32_t low = 0, high = s->rows.n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (s->rows.v[mid].rule < rule)
            low = mid + 1;
        else
            high = mid;
    }
    return s->rows.v + low;
}

static void explain_rule(struct arena *a, const struct rows_frontend *rf, struct cost_rule *x)
{
    for (uint32_t i = 0; i < rf->steps.n; i++) {
        const struct rows_step *s = &rf->steps.v[i];
        if (x->rule < s->rules || x->rule >= s->rules + s->nrules)
            continue;
        uint32_t number = (uint32_t)(x->rule - s->rules);
        for (const struct row *r = first_row(s, number); r < s->rows.v + s->rows.n && r->rule == number; r++)
            add_reasons(a, r, x);
    }
}

static void cost_frontend(struct arena *a, struct slice tables, const struct rows_frontend *rf, uint32_t index,
                          uint32_t limit, struct cost_frontend *out)
{
    cost_decisions decisions = {0};
    *out = (struct cost_frontend){.f = rf->ir, .rules = rf->ir->on_request.n + rf->ir->route.n};
    struct cost_rule *all = arena_array(a, struct cost_rule, out->rules + 1);
    uint32_t n = 0;
    cost_walk(a, tables, index, &decisions);
    out->decisions = decisions.n;
    for (uint32_t i = 0; i < rf->steps.n; i++) {
        out->rows += rf->steps.v[i].rows.n;
        add_decision(out, &decisions.v[i], rf->steps.v[i].rules, all, &n);
    }
    if (n)
        qsort(all, n, sizeof *all, compare);
    for (uint32_t i = 0; i < n && i < limit; i++) {
        explain_rule(a, rf, &all[i]);
        vec_add(a, &out->dearest, all[i]);
    }
}

const char *cost_of(struct arena *a, const struct ir_program *p, uint32_t limit, struct cost *out)
{
    struct lowered lowered;
    const char *over = lower_program(a, p, &lowered);
    *out = (struct cost){.p = p, .bytes = lowered.tables.len};
    struct rows_program *rows = over ? NULL : rows_build(a, p);
    for (uint32_t i = 0; rows && i < rows->frontends.n; i++)
        cost_frontend(a, buf_view(&lowered.tables), &rows->frontends.v[i], i, limit, vec_push(a, &out->frontends));
    buf_free(&lowered.tables);
    buf_free(&lowered.glue);
    return over;
}
