/* Integers, addresses and networks as C; see cgen_emit.h. */
#include "compiler/cgen_emit.h"

/* ---- addresses and networks -------------------------------------------------------------------- */

uint32_t emit_ip(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, y, v;
    if (e->op == IR_LOOKUP) {
        x = emit_lookup(m, e);
        v = m->vars++;
        buf_printf(&m->body, "const uint8_t *p%u = weir_str_ip(s%u);\n", v, x);
        return v;
    }
    if (e->op == IR_DEFAULT) {
        x = emit_ip(m, e->args[0]);
        y = emit_ip(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "const uint8_t *p%u = p%u ? p%u : p%u;\n", v, x, x, y);
        return v;
    }
    v = m->vars++;
    if (e->op == IR_CONST_IP)
        buf_printf(&m->body, "const uint8_t *p%u = t + a[%u].a;\n", v,
                   emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_IP, .ip = e->ip}));
    else if (e->op == IR_FIELD && e->field == IR_FIELD_CLIENT_IP)
        buf_printf(&m->body, "const uint8_t *p%u = f->client_ip;\n", v);
    else if (e->op == IR_FIELD && e->field == IR_FIELD_LISTENER_IP)
        buf_printf(&m->body, "const uint8_t *p%u = f->listener_ip;\n", v);
    else
        m->failed = true;
    return v;
}

uint32_t emit_cidr(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, y, z, v;
    if (e->op == IR_CONST_CIDR) {
        v = m->vars++;
        buf_printf(&m->body, "const struct weir_cidr *c%u = (const void *)(t + a[%u].a);\n", v,
                   emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_CIDR, .cidr = e->cidr}));
        return v;
    }
    if (e->op == IR_DEFAULT) {
        x = emit_cidr(m, e->args[0]);
        y = emit_cidr(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "const struct weir_cidr *c%u = c%u ? c%u : c%u;\n", v, x, x, y);
        return v;
    }
    if (e->op != IR_MASK) {
        m->failed = true;
        return 0;
    }
    x = emit_ip(m, e->args[0]);
    y = emit_int(m, e->args[1]);
    z = emit_int(m, e->args[2]);
    v = m->vars++;
    if (e->optional) {
        buf_printf(&m->body, "struct weir_cidr net%u;\nconst struct weir_cidr *c%u = NULL;\nif (p%u) {\n", v, v, x);
        buf_printf(&m->body, "abi->mask(p%u, n%u, n%u, &net%u);\nc%u = &net%u;\n}\n", x, y, z, v, v, v);
        return v;
    }
    buf_printf(&m->body, "struct weir_cidr net%u;\nconst struct weir_cidr *c%u = &net%u;\n", v, v, v);
    buf_printf(&m->body, "abi->mask(p%u, n%u, n%u, &net%u);\n", x, y, z, v);
    return v;
}

/* ---- integers ---------------------------------------------------------------------------------- */

static uint32_t emit_int_default(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    buf_printf(&m->body, "int64_t n%u;\nbool h%u;\n{\n", v, v);
    uint32_t x = emit_int(m, e->args[0]);
    buf_printf(&m->body, "n%u = n%u;\nh%u = h%u;\n}\nif (!h%u) {\n", v, x, v, x, v);
    x = emit_int(m, e->args[1]);
    buf_printf(&m->body, "n%u = n%u;\nh%u = h%u;\n}\n", v, x, v, x);
    return v;
}

static bool is_arithmetic(const struct ir_expr *e)
{
    return e->op == IR_ADD || e->op == IR_SUB || e->op == IR_MUL || e->op == IR_DIV || e->op == IR_MOD;
}

/* There is a result where both operands are there and it fits. */
static uint32_t emit_arithmetic(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_int(m, e->args[0]), y = emit_int(m, e->args[1]), v = m->vars++;
    if (e->op == IR_DIV || e->op == IR_MOD) {
        buf_printf(&m->body, "bool h%u = h%u && h%u && n%u != 0 && !(n%u == INT64_MIN && n%u == -1);\n", v, x, y, y, x, y);
        buf_printf(&m->body, "int64_t n%u = h%u ? n%u %s n%u : 0;\n", v, v, x, ir_op_text(e->op), y);
        return v;
    }
    const char *name = e->op == IR_ADD ? "add" : e->op == IR_SUB ? "sub" : "mul";
    buf_printf(&m->body, "int64_t n%u = 0;\nbool h%u = h%u && h%u && !__builtin_%s_overflow(n%u, n%u, &n%u);\n", v, v, x, y,
               name, x, y, v);
    return v;
}

/* Of a text, which may be absent. */
static uint32_t emit_measure(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_str(m, e->args[0]), v = m->vars++;
    buf_printf(&m->body, "bool h%u = s%u.p != NULL;\nint64_t n%u = ", v, x, v);
    if (e->op == IR_LENGTH)
        buf_printf(&m->body, "s%u.len;\n", x);
    else
        buf_printf(&m->body, "h%u ? abi->hash(s%u) : 0;\n", v, x);
    return v;
}

static uint32_t emit_int_field(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    const char *fact = e->field == IR_FIELD_CLIENT_PORT     ? "client_port"
                       : e->field == IR_FIELD_LISTENER_PORT ? "listener_port"
                                                            : "random";
    m->failed |= e->field != IR_FIELD_CLIENT_PORT && e->field != IR_FIELD_LISTENER_PORT && e->field != IR_FIELD_RANDOM;
    buf_printf(&m->body, "int64_t n%u = f->%s;\nbool h%u = true;\n", v, fact, v);
    return v;
}

uint32_t emit_int(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, v;
    if (e->op == IR_LENGTH || e->op == IR_HASH)
        return emit_measure(m, e);
    if (e->op == IR_FIELD)
        return emit_int_field(m, e);
    if (is_arithmetic(e))
        return emit_arithmetic(m, e);
    if (e->op == IR_DEFAULT)
        return emit_int_default(m, e);
    if (e->op == IR_TO_INT) {
        x = emit_str(m, e->args[0]);
        v = m->vars++;
        buf_printf(&m->body, "int64_t n%u = 0;\nbool h%u = abi->to_int(s%u, &n%u);\n", v, v, x, v);
        return v;
    }
    if (e->op == IR_LOOKUP) {
        x = emit_lookup(m, e);
        v = m->vars++;
        buf_printf(&m->body, "int64_t n%u = 0;\nbool h%u = weir_str_int(s%u, &n%u);\n", v, v, x, v);
        return v;
    }
    if (e->op == IR_LINES) {
        x = emit_lines(m, e->args[0]);
        v = m->vars++;
        buf_printf(&m->body, "int64_t n%u = abi->lines(s%u);\nbool h%u = true;\n", v, x, v);
        return v;
    }
    v = m->vars++;
    if (e->op == IR_CONST_INT)
        buf_printf(&m->body, "int64_t n%u = weir_arg_int(&a[%u]);\nbool h%u = true;\n", v,
                   emit_arg(m, (struct cgen_arg){.kind = WEIR_ARG_INT, .num = e->num}), v);
    else
        m->failed = true;
    return v;
}
