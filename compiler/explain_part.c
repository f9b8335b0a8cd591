/* Parts of conditions, and what the request has for them; see explain_part.h. */
#include "compiler/explain_part.h"

#include "compiler/ir_print.h"

enum { VALUES_SHOWN = 4, TEXT_SHOWN = 400 };

/* ---- the parts --------------------------------------------------------------------------------- */

static struct explain_part part_of(const struct ir_expr *e, bool negated)
{
    for (; e->op == IR_NOT; e = e->args[0])
        negated = !negated;
    return (struct explain_part){e, negated, false};
}

uint32_t explain_parts_of(const struct ir_rule *rule, struct explain_part out[2])
{
    uint32_t n = 0;
    if (rule->guard)
        out[n++] = part_of(rule->guard, false);
    if (rule->kind == IR_USE_MAP)
        out[n++] = (struct explain_part){rule->value, false, true};
    return n;
}

enum explain_part_kind explain_part_kind(const struct explain_part *x)
{
    if (x->lookup || (x->e->op != IR_AND && x->e->op != IR_OR))
        return EXPLAIN_TEST;
    return (x->e->op == IR_AND) != x->negated ? EXPLAIN_ALL : EXPLAIN_ANY;
}

struct explain_part explain_part_in(const struct explain_part *x, uint32_t i)
{
    return part_of(x->e->args[i], x->negated);
}

bool explain_part_holds(struct eval_state *s, const struct explain_part *x)
{
    struct eval_value v = eval_expr(s, x->e);
    return x->lookup ? !v.absent && v.kind == IR_BACKEND : v.truth != x->negated;
}

/* ---- as text ----------------------------------------------------------------------------------- */

/* A long text is cut, at a character's begin. */
static void add_cut(struct buf *out, struct slice s)
{
    size_t n = s.len;
    if (n > TEXT_SHOWN)
        for (n = TEXT_SHOWN; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80;)
            n--;
    buf_add(out, s.p, n);
    if (n < s.len)
        buf_str(out, "…");
}

void explain_part_print(const struct explain_part *x, struct buf *out)
{
    struct buf text = {0};
    if (x->negated)
        ir_print_negated(x->e, &text);
    else
        ir_print_expr(x->e, &text);
    add_cut(out, buf_view(&text));
    buf_free(&text);
}

/* The lines of a header, as far as a reader wants to know. */
static void print_list(const struct eval_value *v, struct buf *out)
{
    buf_char(out, '[');
    for (uint32_t i = 0; i < v->list.n; i++) {
        buf_str(out, i ? ", " : "");
        ir_print_text(v->list.v[i], out);
    }
    buf_char(out, ']');
}

static void print_value(const struct eval_value *v, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    if (v->absent) {
        buf_str(out, "absent");
        return;
    }
    switch (v->kind) {
    case IR_BOOL:
        buf_str(out, v->truth ? "true" : "false");
        break;
    case IR_INT:
        buf_printf(out, "%lld", (long long)v->num);
        break;
    case IR_STR:
        ir_print_text(v->str, out);
        break;
    case IR_IP:
        buf_add(out, ip, ip_format(&v->ip, ip));
        break;
    case IR_BACKEND:
        buf_slice(out, v->backend->name);
        break;
    case IR_CIDR:
        buf_add(out, ip, ip_prefix_format(&v->cidr, ip));
        break;
    case IR_LIST:
        print_list(v, out);
        break;
    }
}

struct values {
    struct eval_state *s;
    const struct ir_expr *seen[VALUES_SHOWN];
    uint32_t n;
    struct buf *out;
};

static bool same_field(const struct ir_expr *x, const struct ir_expr *y)
{
    return x->field == y->field && slice_eq(x->str, y->str);
}

/* Each field once. */
static void print_values(struct values *v, const struct ir_expr *e)
{
    for (uint32_t i = 0; i < e->nargs; i++)
        print_values(v, e->args[i]);
    if (e->op != IR_FIELD || v->n == VALUES_SHOWN)
        return;
    for (uint32_t i = 0; i < v->n; i++)
        if (same_field(v->seen[i], e))
            return;
    struct buf text = {0};
    struct eval_value value = eval_expr(v->s, e);
    v->seen[v->n] = e;
    buf_str(v->out, v->n++ == 0 ? "" : ", ");
    ir_print_expr(e, v->out);
    buf_str(v->out, " is ");
    if (e->field == IR_FIELD_RANDOM)
        ir_print_percent(value.num, &text);
    else
        print_value(&value, &text);
    add_cut(v->out, buf_view(&text));
    buf_free(&text);
}

void explain_part_values(struct eval_state *s, const struct explain_part *x, struct buf *out)
{
    struct values values = {.s = s, .out = out};
    print_values(&values, x->e);
}
