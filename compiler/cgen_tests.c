/* Conditions as C; see cgen_emit.h. */
#include "compiler/cgen_emit.h"

static uint32_t emit_both(struct emit *m, const struct ir_expr *e, const char *call)
{
    uint32_t x = emit_str(m, e->args[0]), y = emit_str(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = abi->%s(s%u, s%u);\n", v, call, x, y);
    return v;
}

static uint32_t emit_eq_bool(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_bool(m, e->args[0]), y = emit_bool(m, e->args[1]), there[2] = {0}, v;
    for (uint32_t i = 0; i < 2; i++)
        if (e->args[i]->optional)
            there[i] = emit_present(m, e->args[i]);
    v = m->vars++;
    buf_printf(&m->body, "bool b%u = ", v);
    for (uint32_t i = 0; i < 2; i++)
        if (e->args[i]->optional)
            buf_printf(&m->body, "b%u && ", there[i]);
    buf_printf(&m->body, "b%u == b%u;\n", x, y);
    return v;
}

static uint32_t emit_eq(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, y, v;
    switch ((enum ir_kind)e->args[0]->kind) {
    case IR_STR:
        return emit_both(m, e, "eq");
    case IR_INT:
        x = emit_int(m, e->args[0]);
        y = emit_int(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = h%u && h%u && n%u == n%u;\n", v, x, y, x, y);
        return v;
    case IR_BOOL:
        return emit_eq_bool(m, e);
    case IR_IP:
        x = emit_ip(m, e->args[0]);
        y = emit_ip(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = ", v);
        if (e->args[0]->optional)
            buf_printf(&m->body, "p%u && ", x);
        if (e->args[1]->optional)
            buf_printf(&m->body, "p%u && ", y);
        buf_printf(&m->body, "weir_same_ip(p%u, p%u);\n", x, y);
        return v;
    case IR_CIDR:
        x = emit_cidr(m, e->args[0]);
        y = emit_cidr(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = ", v);
        if (e->args[0]->optional)
            buf_printf(&m->body, "c%u && ", x);
        if (e->args[1]->optional)
            buf_printf(&m->body, "c%u && ", y);
        buf_printf(&m->body, "weir_same_cidr(c%u, c%u);\n", x, y);
        return v;
    case IR_BACKEND:
    case IR_LIST:
        break;
    }
    m->failed = true;
    return 0;
}

static uint32_t emit_order(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_int(m, e->args[0]), y = emit_int(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = h%u && h%u && n%u %s n%u;\n", v, x, y, x, e->op == IR_LT ? "<" : "<=", y);
    return v;
}

/* Whether `key` is in `set`. */
static uint32_t emit_in(struct emit *m, const struct ir_expr *key, const struct ir_set *set)
{
    uint32_t x, v, table;
    if (key->kind == IR_INT) {
        x = emit_int(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_LIST, set);
        buf_printf(&m->body, "bool b%u = h%u && abi->in_int(t, a[%u].a, n%u);\n", v, x, table, x);
    } else if (key->kind == IR_IP) {
        x = emit_ip(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_LIST, set);
        if (key->optional)
            buf_printf(&m->body, "bool b%u = p%u && abi->in_ip(t, a[%u].a, p%u);\n", v, x, table, x);
        else
            buf_printf(&m->body, "bool b%u = abi->in_ip(t, a[%u].a, p%u);\n", v, table, x);
    } else if (key->kind == IR_CIDR) {
        x = emit_cidr(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_LIST, set);
        if (key->optional)
            buf_printf(&m->body, "bool b%u = c%u && abi->in_cidr(t, a[%u].a, c%u);\n", v, x, table, x);
        else
            buf_printf(&m->body, "bool b%u = abi->in_cidr(t, a[%u].a, c%u);\n", v, table, x);
    } else {
        x = emit_str(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_LIST, set);
        buf_printf(&m->body, "bool b%u = abi->in_str(t, a[%u].a, s%u);\n", v, table, x);
    }
    return v;
}

static uint32_t emit_pattern(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_str(m, e->args[0]), v = m->vars++;
    struct cgen_arg arg = {.kind = WEIR_ARG_AUTOMATON, .text = e->str};
    if (e->op == IR_LIKE)
        arg.separator = cgen_separator(e->args[0]);
    buf_printf(&m->body, "bool b%u = abi->%s(t, a[%u].a, s%u);\n", v, e->op == IR_LIKE ? "like" : "matches",
               emit_arg(m, arg), x);
    return v;
}

static uint32_t emit_among(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_str(m, e->args[0]), y = emit_lines(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = abi->among(s%u, s%u);\n", v, x, y);
    return v;
}

/* Whether `of` has a value. */
uint32_t emit_present(struct emit *m, const struct ir_expr *of)
{
    if (of->op == IR_LOOKUP && !of->set->has_default)
        return emit_in(m, of->args[0], of->set);
    if (of->kind == IR_STR && of->optional) {
        uint32_t x = emit_str(m, of), v = m->vars++;
        buf_printf(&m->body, "bool b%u = s%u.p != NULL;\n", v, x);
        return v;
    }
    if (of->kind == IR_INT && of->optional) {
        uint32_t x = emit_int(m, of), v = m->vars++;
        buf_printf(&m->body, "bool b%u = h%u;\n", v, x);
        return v;
    }
    if (of->kind == IR_IP && of->optional) {
        uint32_t x = emit_ip(m, of), v = m->vars++;
        buf_printf(&m->body, "bool b%u = p%u != NULL;\n", v, x);
        return v;
    }
    if (of->kind == IR_CIDR && of->optional) {
        uint32_t x = emit_cidr(m, of), v = m->vars++;
        buf_printf(&m->body, "bool b%u = c%u != NULL;\n", v, x);
        return v;
    }
    uint32_t v = m->vars++;
    buf_printf(&m->body, "bool b%u = true;\n", v);
    return v;
}

static uint32_t emit_junction(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    buf_printf(&m->body, "bool b%u;\n", v);
    for (uint32_t i = 0; i < e->nargs; i++) {
        buf_printf(&m->body, i == 0 ? "{\n" : e->op == IR_AND ? "if (b%u) {\n" : "if (!b%u) {\n", v);
        uint32_t x = emit_bool(m, e->args[i]);
        buf_printf(&m->body, "b%u = b%u;\n}\n", v, x);
    }
    return v;
}

static uint32_t emit_bool_default(struct emit *m, const struct ir_expr *e)
{
    uint32_t there = emit_present(m, e->args[0]), x = emit_bool(m, e->args[0]), y = emit_bool(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = b%u ? b%u : b%u;\n", v, there, x, y);
    return v;
}

uint32_t emit_bool(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, v;
    switch ((enum ir_op)e->op) {
    case IR_AND:
    case IR_OR:
        return emit_junction(m, e);
    case IR_NOT:
        x = emit_bool(m, e->args[0]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = !b%u;\n", v, x);
        return v;
    case IR_EQ:
        return emit_eq(m, e);
    case IR_LT:
    case IR_LE:
        return emit_order(m, e);
    case IR_IN:
        return emit_in(m, e->args[0], e->set);
    case IR_UNDER:
        return emit_both(m, e, "under");
    case IR_STARTS_WITH:
        return emit_both(m, e, "starts_with");
    case IR_ENDS_WITH:
        return emit_both(m, e, "ends_with");
    case IR_CONTAINS:
        return emit_both(m, e, "contains");
    case IR_LIKE:
    case IR_MATCHES:
        return emit_pattern(m, e);
    case IR_EXISTS:
        return emit_present(m, e->args[0]);
    case IR_AMONG:
        return emit_among(m, e);
    case IR_DEFAULT:
        return emit_bool_default(m, e);
    case IR_LOOKUP:
        x = emit_lookup(m, e);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = weir_str_bool(s%u);\n", v, x);
        return v;
    case IR_CONST_BOOL:
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = %s;\n", v, e->num ? "true" : "false");
        return v;
    case IR_FIELD:
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = f->tls_active;\n", v);
        m->failed |= e->field != IR_FIELD_TLS_ACTIVE;
        return v;
    case IR_CONST_INT:
    case IR_CONST_STR:
    case IR_CONST_IP:
    case IR_LOWER:
    case IR_UPPER:
    case IR_TO_INT:
    case IR_TO_STR:
    case IR_CONCAT:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_CONST_CIDR:
    case IR_LENGTH:
    case IR_HASH:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
    case IR_PART:
    case IR_REPLACE:
    case IR_MASK:
    case IR_LINES:
    case IR_NTH:
        break;
    }
    m->failed = true;
    return 0;
}
