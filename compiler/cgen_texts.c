/* Texts as C; see cgen_emit.h. */
#include "compiler/cgen_emit.h"

static uint32_t emit_str_field(struct emit *m, const struct ir_expr *e);

/* The lines of a header, as a slot has them. */
uint32_t emit_lines(struct emit *m, const struct ir_expr *e)
{
    if (e->op == IR_FIELD)
        return emit_str_field(m, e);
    m->failed = true;
    return 0;
}

/* The bytes that the map has for the key, whatever they mean. */
uint32_t emit_lookup(struct emit *m, const struct ir_expr *e)
{
    const struct ir_expr *key = e->args[0];
    uint32_t x, v, table;
    if (e->kind == IR_BACKEND) {
        m->failed = true;
        return 0;
    }
    if (key->kind == IR_INT) {
        x = emit_int(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_MAP, e->set);
        buf_printf(&m->body, "struct weir_str none%u = {NULL, 0};\n", v);
        buf_printf(&m->body, "struct weir_str s%u = h%u ? abi->map_int(t, a[%u].a, n%u) : abi->map_str(t, a[%u].a, none%u);\n",
                   v, x, table, x, table, v);
    } else if (key->kind == IR_IP) {
        x = emit_ip(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_MAP, e->set);
        if (key->optional)
            buf_printf(&m->body,
                       "struct weir_str none%u = {NULL, 0};\n"
                       "struct weir_str s%u = p%u ? abi->map_ip(t, a[%u].a, p%u) : abi->map_str(t, a[%u].a, none%u);\n",
                       v, v, x, table, x, table, v);
        else
            buf_printf(&m->body, "struct weir_str s%u = abi->map_ip(t, a[%u].a, p%u);\n", v, table, x);
    } else if (key->kind == IR_CIDR) {
        x = emit_cidr(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_MAP, e->set);
        if (key->optional)
            buf_printf(&m->body,
                       "struct weir_str none%u = {NULL, 0};\n"
                       "struct weir_str s%u = c%u ? abi->map_cidr(t, a[%u].a, c%u) : abi->map_str(t, a[%u].a, none%u);\n",
                       v, v, x, table, x, table, v);
        else
            buf_printf(&m->body, "struct weir_str s%u = abi->map_cidr(t, a[%u].a, c%u);\n", v, table, x);
    } else {
        x = emit_str(m, key);
        v = m->vars++;
        table = emit_set_arg(m, WEIR_ARG_MAP, e->set);
        buf_printf(&m->body, "struct weir_str s%u = abi->map_str(t, a[%u].a, s%u);\n", v, table, x);
    }
    return v;
}

static uint32_t emit_text(struct emit *m, const struct ir_expr *e)
{
    const struct ir_expr *of = e->args[0];
    uint32_t x, v;
    switch ((enum ir_kind)of->kind) {
    case IR_STR:
        return emit_str(m, of);
    case IR_INT:
        x = emit_int(m, of);
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (h%u)\ns%u = abi->int_text(f, n%u);\n", v, x, v, x);
        return v;
    case IR_IP:
        x = emit_ip(m, of);
        v = m->vars++;
        if (of->optional)
            buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (p%u)\ns%u = abi->ip_text(f, p%u);\n", v, x, v, x);
        else
            buf_printf(&m->body, "struct weir_str s%u = abi->ip_text(f, p%u);\n", v, x);
        return v;
    case IR_CIDR:
        x = emit_cidr(m, of);
        v = m->vars++;
        if (of->optional)
            buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (c%u)\ns%u = abi->cidr_text(f, c%u);\n", v, x, v, x);
        else
            buf_printf(&m->body, "struct weir_str s%u = abi->cidr_text(f, c%u);\n", v, x);
        return v;
    case IR_BOOL:
        x = emit_bool(m, of);
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = {\"false\", 5};\nif (b%u) {\ns%u.p = \"true\";\ns%u.len = 4;\n}\n", v, x, v,
                   v);
        if (of->optional) {
            x = emit_present(m, of);
            buf_printf(&m->body, "if (!b%u)\ns%u.p = NULL;\n", x, v);
        }
        return v;
    case IR_BACKEND:
    case IR_LIST:
        break;
    }
    m->failed = true;
    return 0;
}

static uint32_t emit_str_default(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    buf_printf(&m->body, "struct weir_str s%u;\n{\n", v);
    uint32_t x = emit_str(m, e->args[0]);
    buf_printf(&m->body, "s%u = s%u;\n}\nif (!s%u.p) {\n", v, x, v);
    x = emit_str(m, e->args[1]);
    buf_printf(&m->body, "s%u = s%u;\n}\n", v, x);
    return v;
}

/* Parts are assigned one by one: an initialiser could become a call of memset, which a plan has not. */
static uint32_t emit_concat(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    buf_printf(&m->body, "struct weir_str parts%u[%u];\n", v, e->nargs);
    for (uint32_t i = 0; i < e->nargs; i++) {
        uint32_t x = emit_str(m, e->args[i]);
        buf_printf(&m->body, "parts%u[%u] = s%u;\n", v, i, x);
    }
    buf_printf(&m->body, "struct weir_str s%u = abi->concat(f, parts%u, %u);\n", v, v, e->nargs);
    return v;
}

static uint32_t emit_str_field(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    int subject = rows_subject(m->rows, e);
    m->failed |= subject < 0 || subject >= ROW_SUBJECT_RANDOM;
    buf_printf(&m->body, "struct weir_str s%u = f->str[a[%u].a];\n", v,
               emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_SLOT, .slot = (uint32_t)subject}));
    return v;
}

/* The call of a converter from text to text that has no arguments. */
static const char *text_call(enum ir_op op)
{
    return op == IR_LOWER           ? "lower"
           : op == IR_UPPER         ? "upper"
           : op == IR_BASE64        ? "base64"
           : op == IR_BASE64_DECODE ? "base64_decode"
                                    : "url_decode";
}

/* A part between separators, or a line of a header. */
static uint32_t emit_part(struct emit *m, const struct ir_expr *e)
{
    bool part = e->op == IR_PART;
    uint32_t x = part ? emit_str(m, e->args[0]) : emit_lines(m, e->args[0]), y = emit_int(m, e->args[1]),
             z = part ? emit_str(m, e->args[2]) : 0, v = m->vars++;
    if (part)
        buf_printf(&m->body, "struct weir_str s%u = abi->part(s%u, n%u, s%u);\n", v, x, y, z);
    else
        buf_printf(&m->body, "struct weir_str s%u = abi->nth(s%u, n%u);\n", v, x, y);
    return v;
}

static uint32_t emit_replace(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_str(m, e->args[0]), y = emit_str(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "struct weir_str s%u = abi->replace(f, t, a[%u].a, s%u, s%u);\n", v,
               emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_REPLACE, .text = e->str}), x, y);
    return v;
}

uint32_t emit_str(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, v;
    switch ((enum ir_op)e->op) {
    case IR_CONST_STR:
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = weir_arg_str(t, &a[%u]);\n", v,
                   emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_STR, .str = e->str}));
        return v;
    case IR_FIELD:
        return emit_str_field(m, e);
    case IR_LOOKUP:
        return emit_lookup(m, e);
    case IR_LOWER:
    case IR_UPPER:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
        x = emit_str(m, e->args[0]);
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = abi->%s(f, s%u);\n", v, text_call((enum ir_op)e->op), x);
        return v;
    case IR_PART:
    case IR_NTH:
        return emit_part(m, e);
    case IR_REPLACE:
        return emit_replace(m, e);
    case IR_DEFAULT:
        return emit_str_default(m, e);
    case IR_TO_STR:
        return emit_text(m, e);
    case IR_CONCAT:
        return emit_concat(m, e);
    case IR_CONST_BOOL:
    case IR_CONST_INT:
    case IR_CONST_IP:
    case IR_AND:
    case IR_OR:
    case IR_NOT:
    case IR_EQ:
    case IR_LT:
    case IR_LE:
    case IR_IN:
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
    case IR_LIKE:
    case IR_MATCHES:
    case IR_EXISTS:
    case IR_TO_INT:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_CONST_CIDR:
    case IR_LENGTH:
    case IR_HASH:
    case IR_MASK:
    case IR_LINES:
    case IR_AMONG:
        break;
    }
    m->failed = true;
    return 0;
}
