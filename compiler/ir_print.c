/* Expressions and rules as text; see ir_print.h. The program is ir_dump.c. */
#include "compiler/ir_print.h"

#include <stdio.h>

enum { KEYS_SHOWN = 8 };

/* Binding, from loose to tight: an operand that binds looser than its place stands in parentheses. */
enum binding { LOOSE, TEST, CONVERTED, ARITHMETIC, TIGHT };

/* What stands between quotes. "${" would begin an interpolation. */
static void print_inner(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\' || (c == '$' && i + 1 < s.len && s.p[i + 1] == '{'))
            buf_printf(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            buf_str(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < ' ' || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_char(out, (char)c);
    }
}

void ir_print_text(struct slice s, struct buf *out)
{
    buf_char(out, '"');
    print_inner(s, out);
    buf_char(out, '"');
}

static void print_regex(struct slice s, struct buf *out)
{
    buf_str(out, "re\"");
    for (size_t i = 0; i < s.len; i++)
        buf_printf(out, s.p[i] == '"' ? "\\%c" : "%c", s.p[i]);
    buf_char(out, '"');
}

static void print_cidr(const struct ip_prefix *c, struct buf *out)
{
    char text[IP_TEXT_MAX];
    buf_add(out, text, ip_prefix_format(c, text));
}

void ir_print_percent(int64_t n, struct buf *out)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld.%06lld", (long long)(n / IR_PERCENT), (long long)(n % IR_PERCENT));
    while (digits[len - 1] == '0')
        len--;
    len -= digits[len - 1] == '.';
    buf_printf(out, "%.*s%%", len, digits);
}

void ir_print_key(const struct ir_set *set, const struct ir_key *k, struct buf *out)
{
    enum ir_key_kind kind = set->key_kind;
    if (set->is_split) {
        buf_str(out, "from ");
        ir_print_percent(k->range.lo, out);
        buf_str(out, " to below ");
        ir_print_percent(k->range.hi + 1, out);
    } else if (kind == IR_KEY_INT)
        buf_printf(out, "%lld", (long long)k->num);
    else if (kind == IR_KEY_RANGE)
        buf_printf(out, "%lld..%lld", (long long)k->range.lo, (long long)k->range.hi);
    else if (kind == IR_KEY_REGEX)
        print_regex(k->str, out);
    else if (kind == IR_KEY_CIDR)
        print_cidr(&k->cidr, out);
    else if (kind == IR_KEY_METHOD)
        buf_slice(out, k->str);
    else
        ir_print_text(k->str, out);
}

void ir_print_row_value(const struct ir_set *map, const struct ir_row *row, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    switch (map->value_kind) {
    case IR_BACKEND:
        buf_slice(out, row->backend->name);
        break;
    case IR_STR:
        buf_slice(out, row->str);
        break;
    case IR_BOOL:
        buf_str(out, row->num ? "true" : "false");
        break;
    case IR_INT:
        if (map->percents)
            ir_print_percent(row->num, out);
        else
            buf_printf(out, "%lld", (long long)row->num);
        break;
    case IR_IP:
        buf_add(out, ip, ip_format(&row->ip, ip));
        break;
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
}

static void print_set(const struct ir_set *set, struct buf *out)
{
    if (set->name.len) {
        buf_slice(out, set->name);
        return;
    }
    buf_char(out, '[');
    for (uint32_t i = 0; i < set->rows.n && i < KEYS_SHOWN; i++) {
        buf_str(out, i ? ", " : "");
        ir_print_key(set, &set->rows.v[i].key, out);
    }
    if (set->rows.n > KEYS_SHOWN)
        buf_printf(out, ", … %u in all", set->rows.n);
    buf_char(out, ']');
}

static void print_at(const struct ir_expr *e, enum binding place, struct buf *out);

static bool is_method(const struct ir_expr *e)
{
    return e->op == IR_FIELD && e->field == IR_FIELD_METHOD;
}

static void print_field(const struct ir_expr *e, struct buf *out)
{
    buf_str(out, ir_field_text(e->field));
    if (!e->str.p)
        return;
    buf_char(out, '[');
    ir_print_text(e->str, out);
    buf_char(out, ']');
}

/* Whether the int is a percent. */
static bool is_percent(const struct ir_expr *e)
{
    while (e->op == IR_DEFAULT)
        e = e->args[0];
    return (e->op == IR_FIELD && e->field == IR_FIELD_RANDOM) || (e->op == IR_LOOKUP && e->set->percents);
}

/* An operand beside `other`, whose type it has. */
static void print_operand(const struct ir_expr *e, const struct ir_expr *other, struct buf *out)
{
    if (is_percent(other) && e->op == IR_CONST_INT)
        ir_print_percent(e->num, out);
    else
        print_at(e, CONVERTED, out);
}

/* a OP b, negated or not. */
static void print_test(const struct ir_expr *e, bool negate, struct buf *out)
{
    const char *op = ir_op_text(e->op);
    print_operand(e->args[0], e->args[e->nargs - 1], out);
    if (e->op == IR_EQ)
        op = negate ? "!=" : "==";
    buf_printf(out, " %s%s ", negate && (e->op == IR_IN || e->op == IR_AMONG) ? "not " : "", op);
    if (e->op == IR_IN)
        print_set(e->set, out);
    else if (e->op == IR_LIKE)
        ir_print_text(e->str, out);
    else if (e->op == IR_MATCHES)
        print_regex(e->str, out);
    else if (is_method(e->args[0]) && e->args[1]->op == IR_CONST_STR)
        buf_slice(out, e->args[1]->str);
    else
        print_operand(e->args[1], e->args[0], out);
}

static void print_concat(const struct ir_expr *e, struct buf *out)
{
    buf_char(out, '"');
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (e->args[i]->op == IR_CONST_STR) {
            print_inner(e->args[i]->str, out);
            continue;
        }
        buf_str(out, "${");
        print_at(e->args[i], LOOSE, out);
        buf_char(out, '}');
    }
    buf_char(out, '"');
}

static void print_junction(const struct ir_expr *e, struct buf *out)
{
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (i)
            buf_printf(out, " %s ", ir_op_text(e->op));
        print_at(e->args[i], TEST, out);
    }
}

static void print_not(const struct ir_expr *e, struct buf *out)
{
    bool own = e->op == IR_EQ || e->op == IR_IN || e->op == IR_AMONG;
    if (own) {
        print_test(e, true, out);
        return;
    }
    buf_str(out, "not ");
    print_at(e, TEST, out);
}

/* x | name, or x | name(y, z) */
static void print_converted(const struct ir_expr *e, struct buf *out)
{
    const char *before = "(";
    print_at(e->args[0], CONVERTED, out);
    buf_printf(out, " | %s", ir_op_text(e->op));
    if (e->op == IR_REPLACE) {
        buf_char(out, '(');
        print_regex(e->str, out);
        before = ", ";
    }
    for (uint32_t i = 1; i < e->nargs; i++) {
        buf_str(out, before);
        if (is_percent(e->args[0]))
            print_operand(e->args[i], e->args[0], out);
        else
            print_at(e->args[i], LOOSE, out);
        before = ", ";
    }
    buf_str(out, e->nargs > 1 ? ")" : "");
}

static enum binding binding_of(const struct ir_expr *e)
{
    switch ((enum ir_op)e->op) {
    case IR_AND:
    case IR_OR:
        return LOOSE;
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
    case IR_AMONG:
        return TEST;
    case IR_LOWER:
    case IR_UPPER:
    case IR_DEFAULT:
    case IR_TO_INT:
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
        return CONVERTED;
    case IR_TO_STR:
        return binding_of(e->args[0]);
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
        return ARITHMETIC;
    case IR_CONST_BOOL:
    case IR_CONST_INT:
    case IR_CONST_STR:
    case IR_CONST_IP:
    case IR_FIELD:
    case IR_EXISTS:
    case IR_LOOKUP:
    case IR_CONCAT:
    case IR_CONST_CIDR:
        return TIGHT;
    }
    return TIGHT;
}

static void print_bare(const struct ir_expr *e, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
        buf_str(out, e->num ? "true" : "false");
        break;
    case IR_CONST_INT:
        buf_printf(out, "%lld", (long long)e->num);
        break;
    case IR_CONST_STR:
        ir_print_text(e->str, out);
        break;
    case IR_CONST_IP:
        buf_add(out, ip, ip_format(&e->ip, ip));
        break;
    case IR_CONST_CIDR:
        print_cidr(&e->cidr, out);
        break;
    case IR_FIELD:
        print_field(e, out);
        break;
    case IR_AND:
    case IR_OR:
        print_junction(e, out);
        break;
    case IR_NOT:
        print_not(e->args[0], out);
        break;
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
    case IR_AMONG:
        print_test(e, false, out);
        break;
    case IR_EXISTS:
        buf_str(out, "exists(");
        print_at(e->args[0], LOOSE, out);
        buf_char(out, ')');
        break;
    case IR_LOOKUP:
        print_set(e->set, out);
        if (e->set->is_split)
            break;
        buf_char(out, '[');
        print_at(e->args[0], LOOSE, out);
        buf_char(out, ']');
        break;
    case IR_LOWER:
    case IR_UPPER:
    case IR_DEFAULT:
    case IR_TO_INT:
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
        print_converted(e, out);
        break;
    case IR_TO_STR:
        print_bare(e->args[0], out);
        break;
    case IR_CONCAT:
        print_concat(e, out);
        break;
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
        print_at(e->args[0], TIGHT, out);
        buf_printf(out, " %s ", ir_op_text(e->op));
        print_at(e->args[1], TIGHT, out);
        break;
    }
}

static void print_at(const struct ir_expr *e, enum binding place, struct buf *out)
{
    bool wrap = binding_of(e) < place;
    buf_str(out, wrap ? "(" : "");
    print_bare(e, out);
    buf_str(out, wrap ? ")" : "");
}

void ir_print_expr(const struct ir_expr *e, struct buf *out)
{
    print_bare(e, out);
}

void ir_print_negated(const struct ir_expr *e, struct buf *out)
{
    if (e->op == IR_NOT)
        print_bare(e->args[0], out);
    else
        print_not(e, out);
}

/* ---- rules ------------------------------------------------------------------------------------- */

static void print_header_action(const struct ir_rule *r, const char *verb, struct buf *out)
{
    buf_printf(out, "%s req.header[", verb);
    ir_print_text(r->name, out);
    buf_char(out, ']');
    if (!r->value)
        return;
    buf_str(out, " = ");
    ir_print_expr(r->value, out);
}

void ir_print_action(const struct ir_rule *r, struct buf *out)
{
    switch (r->kind) {
    case IR_USE:
        buf_printf(out, "use %.*s", SLICE_ARG(r->backend->name));
        break;
    case IR_USE_MAP:
        buf_str(out, "use ");
        ir_print_expr(r->value, out);
        break;
    case IR_REDIRECT:
        buf_str(out, "redirect to ");
        ir_print_expr(r->value, out);
        buf_printf(out, " %u", r->status);
        break;
    case IR_REPLY:
        buf_printf(out, "reply %u", r->status);
        break;
    case IR_SET_HEADER:
        print_header_action(r, "set", out);
        break;
    case IR_ADD_HEADER:
        print_header_action(r, "add", out);
        break;
    case IR_DEL_HEADER:
        print_header_action(r, "delete", out);
        break;
    }
}
