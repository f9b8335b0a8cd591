/* Why a rule does not apply; see explain.h. */
#include "compiler/explain.h"

#include "compiler/ir_print.h"

enum { VALUES_SHOWN = 4, TEXT_SHOWN = 400 };

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

/* The part of a condition that makes it false: one operand of `and`; of a negated `or`, one that is true.
 * `*negated` says whether the part itself stands under `not`. */
static const struct ir_expr *failing_part(struct eval_state *s, const struct ir_expr *e, bool *negated)
{
    *negated = false;
    for (bool found = true; found;) {
        found = false;
        if (e->op == IR_NOT) {
            *negated = !*negated;
            e = e->args[0];
            found = true;
        } else if (e->op == (*negated ? IR_OR : IR_AND)) {
            for (uint32_t i = 0; i < e->nargs && !found; i++)
                if (eval_expr(s, e->args[i]).truth == *negated) {
                    e = e->args[i];
                    found = true;
                }
        }
    }
    return e;
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
    case IR_CIDR:
        buf_add(out, ip, ip_prefix_format(&v->cidr, ip));
        break;
    case IR_LIST:
        print_list(v, out);
        break;
    case IR_BACKEND:
        buf_slice(out, v->backend->name);
        break;
    }
}

/* `path is "/x"` for each value of the request in `e`, each once. */
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
    buf_str(v->out, v->n++ == 0 ? ": " : ", ");
    ir_print_expr(e, v->out);
    buf_str(v->out, " is ");
    print_value(&value, &text);
    add_cut(v->out, buf_view(&text));
    buf_free(&text);
}

void explain_why(struct eval_state *s, const struct ir_rule *rule, struct buf *out)
{
    struct values values = {.s = s, .out = out};
    struct buf text = {0};
    if (rule->guard && !eval_expr(s, rule->guard).truth) {
        bool negated;
        const struct ir_expr *e = failing_part(s, rule->guard, &negated);
        if (negated)
            ir_print_negated(e, &text);
        else
            ir_print_expr(e, &text);
        add_cut(out, buf_view(&text));
        buf_str(out, " is false");
        if (negated || e->op != IR_FIELD)
            print_values(&values, e);
    } else if (rule->kind == IR_USE_MAP) {
        ir_print_expr(rule->value, &text);
        add_cut(out, buf_view(&text));
        buf_str(out, " finds no row");
        print_values(&values, rule->value);
    }
    buf_free(&text);
}
