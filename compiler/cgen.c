/* From expressions to C; see cgen.h.
 *
 * Each operand is computed into a variable of its own, named by its kind and a number: struct weir_str s1; bool b2;
 * int64_t n3 with bool h3 (whether it is there); const uint8_t *p4; struct weir_cidr *c5. Operands of and, or and default that
 * do not matter are not evaluated, since computed text uses up scratch. */
#include "compiler/cgen.h"

struct shape {
    struct slice kinds, origin, body;
};

struct cgen {
    struct arena *a;
    const struct rows_program *rows;
    struct {
        VEC(struct shape) shapes;
        struct strmap by_body;
    } family[CGEN_FAMILIES];
};

/* One expression on its way to C. */
struct emit {
    struct cgen *g;
    struct buf body, kinds, origin;
    struct cgen_use *use;
    uint32_t vars;
    bool failed;
};

struct cgen *cgen_begin(struct arena *a, const struct rows_program *rows)
{
    struct cgen *g = arena_new(a, struct cgen);
    g->a = a;
    g->rows = rows;
    return g;
}

char cgen_separator(const struct ir_expr *subject)
{
    return subject->op == IR_FIELD && subject->field == IR_FIELD_HOST ? '.' : '/';
}

static const char *op_text(uint8_t op)
{
    static const char *const text[] = {
#define IR_OP(id, text, arity) text,
#include "grammar/ops.def"
#undef IR_OP
    };
    return text[op];
}

static const char *field_text(uint8_t field)
{
    static const char *const text[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc) text,
#include "grammar/fields.def"
#undef FIELD
    };
    return text[field];
}

/* The expression for people, constants left out: the comment above its function. */
static void say_origin(struct buf *out, const struct ir_expr *e)
{
    if (e->op == IR_FIELD) {
        buf_printf(out, "%s", field_text(e->field));
        return;
    }
    if (e->nargs == 0) {
        buf_str(out, "_");
        return;
    }
    buf_printf(out, "(%s", op_text(e->op));
    for (uint32_t i = 0; i < e->nargs; i++) {
        buf_char(out, ' ');
        say_origin(out, e->args[i]);
    }
    buf_char(out, ')');
}

/* Adds an argument; returns its number. */
static uint32_t add_arg(struct emit *m, struct cgen_arg arg)
{
    buf_char(&m->kinds, (char)arg.kind);
    vec_add(m->g->a, &m->use->args, arg);
    return m->use->args.n - 1;
}

static uint32_t set_arg(struct emit *m, enum weir_arg_kind kind, const struct ir_set *set)
{
    return add_arg(m, (struct cgen_arg){.kind = kind, .set = set});
}

static uint32_t emit_str(struct emit *m, const struct ir_expr *e);
static uint32_t emit_int(struct emit *m, const struct ir_expr *e);
static uint32_t emit_bool(struct emit *m, const struct ir_expr *e);
static uint32_t emit_str_field(struct emit *m, const struct ir_expr *e);

static uint32_t emit_ip(struct emit *m, const struct ir_expr *e)
{
    uint32_t v = m->vars++;
    if (e->op == IR_CONST_IP)
        buf_printf(&m->body, "const uint8_t *p%u = t + a[%u].a;\n", v,
                   add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_IP, .ip = e->ip}));
    else if (e->op == IR_FIELD && e->field == IR_FIELD_CLIENT_IP)
        buf_printf(&m->body, "const uint8_t *p%u = f->client_ip;\n", v);
    else if (e->op == IR_FIELD && e->field == IR_FIELD_LISTENER_IP)
        buf_printf(&m->body, "const uint8_t *p%u = f->listener_ip;\n", v);
    else
        m->failed = true;
    return v;
}

static uint32_t emit_cidr(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, y, z, v;
    if (e->op == IR_CONST_CIDR) {
        v = m->vars++;
        buf_printf(&m->body, "const struct weir_cidr *c%u = (const void *)(t + a[%u].a);\n", v,
                   add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_CIDR, .cidr = e->cidr}));
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
    buf_printf(&m->body, "struct weir_cidr net%u;\nconst struct weir_cidr *c%u = &net%u;\n", v, v, v);
    buf_printf(&m->body, "abi->mask(p%u, n%u, n%u, &net%u);\n", x, y, z, v);
    return v;
}

/* The lines of a header, as a slot has them. */
static uint32_t emit_lines(struct emit *m, const struct ir_expr *e)
{
    if (e->op == IR_FIELD)
        return emit_str_field(m, e);
    m->failed = true;
    return 0;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static uint32_t emit_both(struct emit *m, const struct ir_expr *e, const char *call)
{
    uint32_t x = emit_str(m, e->args[0]), y = emit_str(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = abi->%s(s%u, s%u);\n", v, call, x, y);
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
        x = emit_bool(m, e->args[0]);
        y = emit_bool(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = b%u == b%u;\n", v, x, y);
        return v;
    case IR_IP:
        x = emit_ip(m, e->args[0]);
        y = emit_ip(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = weir_same_ip(p%u, p%u);\n", v, x, y);
        return v;
    case IR_CIDR:
        x = emit_cidr(m, e->args[0]);
        y = emit_cidr(m, e->args[1]);
        v = m->vars++;
        buf_printf(&m->body, "bool b%u = weir_same_cidr(c%u, c%u);\n", v, x, y);
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
        table = set_arg(m, WEIR_ARG_LIST, set);
        buf_printf(&m->body, "bool b%u = h%u && abi->in_int(t, a[%u].a, n%u);\n", v, x, table, x);
    } else if (key->kind == IR_IP) {
        x = emit_ip(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_LIST, set);
        buf_printf(&m->body, "bool b%u = abi->in_ip(t, a[%u].a, p%u);\n", v, table, x);
    } else if (key->kind == IR_CIDR) {
        x = emit_cidr(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_LIST, set);
        buf_printf(&m->body, "bool b%u = abi->in_cidr(t, a[%u].a, c%u);\n", v, table, x);
    } else {
        x = emit_str(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_LIST, set);
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
               add_arg(m, arg), x);
    return v;
}

static uint32_t emit_among(struct emit *m, const struct ir_expr *e)
{
    uint32_t x = emit_str(m, e->args[0]), y = emit_lines(m, e->args[1]), v = m->vars++;
    buf_printf(&m->body, "bool b%u = abi->among(s%u, s%u);\n", v, x, y);
    return v;
}

static uint32_t emit_exists(struct emit *m, const struct ir_expr *e)
{
    const struct ir_expr *of = e->args[0];
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

static uint32_t emit_bool(struct emit *m, const struct ir_expr *e)
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
        return emit_exists(m, e);
    case IR_AMONG:
        return emit_among(m, e);
    case IR_DEFAULT: /* a test is never absent */
        return emit_bool(m, e->args[0]);
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
    case IR_LOOKUP:
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
        buf_printf(&m->body, "int64_t n%u = h%u ? n%u %s n%u : 0;\n", v, v, x, op_text(e->op), y);
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
    bool client = e->field == IR_FIELD_CLIENT_PORT;
    m->failed |= !client && e->field != IR_FIELD_LISTENER_PORT;
    buf_printf(&m->body, "int64_t n%u = f->%s_port;\nbool h%u = true;\n", v, client ? "client" : "listener", v);
    return v;
}

static uint32_t emit_int(struct emit *m, const struct ir_expr *e)
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
    if (e->op == IR_LINES) {
        x = emit_lines(m, e->args[0]);
        v = m->vars++;
        buf_printf(&m->body, "int64_t n%u = abi->lines(s%u);\nbool h%u = true;\n", v, x, v);
        return v;
    }
    v = m->vars++;
    if (e->op == IR_CONST_INT)
        buf_printf(&m->body, "int64_t n%u = weir_arg_int(&a[%u]);\nbool h%u = true;\n", v,
                   add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_INT, .num = e->num}), v);
    else
        m->failed = true;
    return v;
}

/* ---- texts ------------------------------------------------------------------------------------- */

static uint32_t emit_lookup(struct emit *m, const struct ir_expr *e)
{
    const struct ir_expr *key = e->args[0];
    uint32_t x, v, table;
    if (e->kind != IR_STR) {
        m->failed = true;
        return 0;
    }
    if (key->kind == IR_INT) {
        x = emit_int(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_MAP, e->set);
        buf_printf(&m->body, "struct weir_str none%u = {NULL, 0};\n", v);
        buf_printf(&m->body, "struct weir_str s%u = h%u ? abi->map_int(t, a[%u].a, n%u) : abi->map_str(t, a[%u].a, none%u);\n",
                   v, x, table, x, table, v);
    } else if (key->kind == IR_IP) {
        x = emit_ip(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_MAP, e->set);
        buf_printf(&m->body, "struct weir_str s%u = abi->map_ip(t, a[%u].a, p%u);\n", v, table, x);
    } else if (key->kind == IR_CIDR) {
        x = emit_cidr(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_MAP, e->set);
        buf_printf(&m->body, "struct weir_str s%u = abi->map_cidr(t, a[%u].a, c%u);\n", v, table, x);
    } else {
        x = emit_str(m, key);
        v = m->vars++;
        table = set_arg(m, WEIR_ARG_MAP, e->set);
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
        buf_printf(&m->body, "struct weir_str s%u = abi->ip_text(f, p%u);\n", v, x);
        return v;
    case IR_CIDR:
        x = emit_cidr(m, of);
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = abi->cidr_text(f, c%u);\n", v, x);
        return v;
    case IR_BOOL:
        x = emit_bool(m, of);
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = {\"false\", 5};\nif (b%u) {\ns%u.p = \"true\";\ns%u.len = 4;\n}\n", v, x, v,
                   v);
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
    int subject = rows_subject(m->g->rows, e);
    m->failed |= subject < 0 || subject == ROW_SUBJECT_IP;
    buf_printf(&m->body, "struct weir_str s%u = f->str[a[%u].a];\n", v,
               add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_SLOT, .slot = (uint32_t)subject}));
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
               add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_REPLACE, .text = e->str}), x, y);
    return v;
}

static uint32_t emit_str(struct emit *m, const struct ir_expr *e)
{
    uint32_t x, v;
    switch ((enum ir_op)e->op) {
    case IR_CONST_STR:
        v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = weir_arg_str(t, &a[%u]);\n", v,
                   add_arg(m, (struct cgen_arg){.kind = WEIR_ARG_STR, .str = e->str}));
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

/* ---- shapes ------------------------------------------------------------------------------------ */

static void emit_whole(struct emit *m, enum cgen_family family, const struct ir_expr *e)
{
    if (family == CGEN_PREDS) {
        uint32_t x = emit_bool(m, e);
        buf_printf(&m->body, "return b%u;\n", x);
    } else if (e->kind == IR_INT) {
        uint32_t x = emit_int(m, e), v = m->vars++;
        buf_printf(&m->body, "struct weir_str s%u = {NULL, 0};\nif (h%u)\ns%u = abi->int_key(f, n%u);\nreturn s%u;\n", v, x,
                   v, x, v);
    } else if (e->kind == IR_IP) {
        uint32_t x = emit_ip(m, e);
        buf_printf(&m->body, "return abi->bytes(f, p%u, 16);\n", x);
    } else if (e->kind == IR_CIDR) {
        uint32_t x = emit_cidr(m, e);
        buf_printf(&m->body, "return abi->bytes(f, c%u, sizeof *c%u);\n", x, x);
    } else {
        uint32_t x = emit_str(m, e);
        buf_printf(&m->body, "return s%u;\n", x);
    }
}

bool cgen_use(struct cgen *g, enum cgen_family family, const struct ir_expr *e, struct cgen_use *out)
{
    struct emit m = {.g = g, .use = out};
    *out = (struct cgen_use){0};
    emit_whole(&m, family, e);
    bool added = false;
    if (!m.failed) {
        struct slice body = buf_view(&m.body);
        uint32_t *known = strmap_get(&g->family[family].by_body, body);
        if (known) {
            out->shape = *known;
        } else {
            say_origin(&m.origin, e);
            struct shape *s = vec_push(g->a, &g->family[family].shapes);
            *s = (struct shape){arena_copy(g->a, buf_view(&m.kinds)), arena_copy(g->a, buf_view(&m.origin)),
                                arena_copy(g->a, body)};
            out->shape = g->family[family].shapes.n - 1;
            strmap_put(&g->family[family].by_body, g->a, s->body, out->shape, &added);
        }
    }
    buf_free(&m.body);
    buf_free(&m.kinds);
    buf_free(&m.origin);
    return !m.failed;
}

uint32_t cgen_count(const struct cgen *g, enum cgen_family family)
{
    return g->family[family].shapes.n;
}

struct slice cgen_kinds(const struct cgen *g, enum cgen_family family, uint32_t shape)
{
    return g->family[family].shapes.v[shape].kinds;
}

/* ---- the file ---------------------------------------------------------------------------------- */

/* The body's lines, indented by their braces. */
static void write_body(struct buf *out, struct slice body)
{
    int depth = 1;
    for (size_t at = 0, end; at < body.len; at = end + 1) {
        const char *nl = memchr(body.p + at, '\n', body.len - at);
        end = nl ? (size_t)(nl - body.p) : body.len;
        depth -= body.p[at] == '}';
        buf_printf(out, "%*s%.*s\n", depth * 4, "", (int)(end - at), body.p + at);
        depth += body.p[end - 1] == '{';
    }
}

#define PARAMS "(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *t, "

static void write_shape(struct buf *out, const char *type, const char *prefix, uint32_t i, const struct shape *s)
{
    buf_printf(out, "\n/* %.*s */\nstatic %s %s_%u" PARAMS "const struct weir_arg *a)\n{\n", SLICE_ARG(s->origin), type, prefix,
               i);
    buf_str(out, "    (void)abi, (void)f, (void)t, (void)a;\n");
    write_body(out, s->body);
    buf_str(out, "}\n");
}

static void write_entry(struct buf *out, const char *type, const char *prefix, uint32_t n, const char *none)
{
    buf_printf(out,
               "\nweir_%s_fn weir_%s __attribute__((visibility(\"default\")));\n"
               "%s weir_%s" PARAMS "uint32_t shape, uint32_t args)\n{\n"
               "    const struct weir_arg *a = (const void *)(t + args);\n"
               "    (void)abi, (void)f, (void)a;\n"
               "    switch (shape) {\n",
               prefix, prefix, type, prefix);
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "    case %u:\n        return %s_%u(abi, f, t, a);\n", i, prefix, i);
    buf_printf(out, "    default:\n        break;\n    }\n%s}\n", none);
}

void cgen_write(const struct cgen *g, struct buf *out)
{
    buf_str(out, "/* Generated by weir: the conditions and values of a plan that are no tables, one function a shape. */\n"
                 "#include \"abi.h\"\n");
    for (uint32_t i = 0; i < cgen_count(g, CGEN_PREDS); i++)
        write_shape(out, "bool", "pred", i, &g->family[CGEN_PREDS].shapes.v[i]);
    for (uint32_t i = 0; i < cgen_count(g, CGEN_VALUES); i++)
        write_shape(out, "struct weir_str", "value", i, &g->family[CGEN_VALUES].shapes.v[i]);
    write_entry(out, "bool", "pred", cgen_count(g, CGEN_PREDS), "    return false;\n");
    write_entry(out, "struct weir_str", "value", cgen_count(g, CGEN_VALUES),
                "    struct weir_str none = {NULL, 0};\n    return none;\n");
}
