/* The tree as text, for --dump=ast and for tests: one statement a line, blocks indented, expressions as (op a b). */
#include "compiler/parse.h"

static const char *op_name(enum ast_op op)
{
    switch (op) {
    case AST_OP_NONE: return "";
    case AST_EQ: return "==";
    case AST_NE: return "!=";
    case AST_LT: return "<";
    case AST_LE: return "<=";
    case AST_GT: return ">";
    case AST_GE: return ">=";
    case AST_IN: return "in";
    case AST_NOT_IN: return "not-in";
    case AST_UNDER: return "under";
    case AST_LIKE: return "like";
    case AST_MATCHES: return "matches";
    case AST_CONTAINS: return "contains";
    case AST_STARTS_WITH: return "starts-with";
    case AST_ENDS_WITH: return "ends-with";
    case AST_ADD: return "+";
    case AST_SUB: return "-";
    case AST_MUL: return "*";
    case AST_DIV: return "/";
    case AST_MOD: return "%";
    }
    return "?";
}

static void dump_expr(const struct ast_expr *e, struct buf *out);

static void dump_args(const char *head, struct ast_expr *const *args, uint32_t n, struct buf *out)
{
    buf_char(out, '(');
    buf_str(out, head);
    for (uint32_t i = 0; i < n; i++) {
        buf_char(out, ' ');
        dump_expr(args[i], out);
    }
    buf_char(out, ')');
}

static void dump_text(const char *head, struct slice text, struct buf *out)
{
    buf_str(out, head);
    buf_json(out, text);
}

static void dump_cidr(const struct ast_expr *e, struct buf *out)
{
    char text[IP_TEXT_MAX];
    size_t n = e->has_prefix ? ip_prefix_format(e->cidr, text) : ip_format(&e->cidr->addr, text);
    buf_add(out, text, n);
}

static void dump_ips(const struct ast_expr *e, struct buf *out)
{
    char text[IP_TEXT_MAX];
    buf_add(out, text, ip_format(&e->ips->first, text));
    buf_str(out, "..");
    buf_add(out, text, ip_format(&e->ips->last, text));
}

static void dump_endpoint(const struct ast_expr *e, struct buf *out)
{
    static const struct ip_addr any;
    char text[IP_TEXT_MAX];
    if (e->endpoint->is_unix) {
        dump_text("unix:", e->endpoint->host, out);
        return;
    }
    if (e->endpoint->host.p)
        buf_slice(out, e->endpoint->host);
    else if (memcmp(&e->endpoint->addr, &any, sizeof any) == 0)
        buf_char(out, '*');
    else if (ip_is_v4(&e->endpoint->addr))
        buf_add(out, text, ip_format(&e->endpoint->addr, text));
    else
        buf_printf(out, "[%.*s]", (int)ip_format(&e->endpoint->addr, text), text);
    buf_printf(out, ":%u", e->endpoint->port);
}

static void dump_expr(const struct ast_expr *e, struct buf *out)
{
    switch ((enum ast_kind)e->kind) {
    case AST_ERROR: buf_str(out, "<error>"); break;
    case AST_NAME: buf_slice(out, e->text); break;
    case AST_BOOL: buf_str(out, e->num ? "true" : "false"); break;
    case AST_INT: buf_printf(out, "%lld", (long long)e->num); break;
    case AST_FLOAT: buf_printf(out, "%.17gf", e->real); break;
    case AST_DURATION: buf_printf(out, "%lldus", (long long)e->num); break;
    case AST_SIZE: buf_printf(out, "%lldB", (long long)e->num); break;
    case AST_PERCENT: buf_printf(out, "%.17g%%", e->real); break;
    case AST_BANDWIDTH: buf_printf(out, "%lldB/s", (long long)e->num); break;
    case AST_RATE: buf_printf(out, "%lld/%lldus", (long long)e->rate.num, (long long)e->rate.per_us); break;
    case AST_RANGE: buf_printf(out, "%lld..%lld", (long long)e->range.lo, (long long)e->range.hi); break;
    case AST_CIDR: dump_cidr(e, out); break;
    case AST_IP_RANGE: dump_ips(e, out); break;
    case AST_ENDPOINT: dump_endpoint(e, out); break;
    case AST_REGEX: dump_text("re", e->text, out); break;
    case AST_HEX:
        buf_str(out, "hex\"");
        for (size_t i = 0; i < e->text.len; i++)
            buf_printf(out, "%02x", (unsigned char)e->text.p[i]);
        buf_char(out, '"');
        break;
    case AST_STRING: dump_text("", e->text, out); break;
    case AST_INTERP: dump_args("interpolate", e->args, e->nargs, out); break;
    case AST_LIST: dump_args("list", e->args, e->nargs, out); break;
    case AST_MEMBER:
        dump_expr(e->args[0], out);
        buf_printf(out, ".%.*s", SLICE_ARG(e->text));
        break;
    case AST_INDEX: dump_args("index", e->args, e->nargs, out); break;
    case AST_CALL: dump_args("call", e->args, e->nargs, out); break;
    case AST_NAMED:
        buf_printf(out, "%.*s: ", SLICE_ARG(e->text));
        dump_expr(e->args[0], out);
        break;
    case AST_NOT: dump_args("not", e->args, e->nargs, out); break;
    case AST_AND: dump_args("and", e->args, e->nargs, out); break;
    case AST_OR: dump_args("or", e->args, e->nargs, out); break;
    case AST_COMPARE:
    case AST_ARITH: dump_args(op_name((enum ast_op)e->op), e->args, e->nargs, out); break;
    case AST_NEGATE: dump_args("-", e->args, e->nargs, out); break;
    case AST_PIPE: dump_args("|", e->args, e->nargs, out); break;
    }
}

static void dump_type(const struct ast_type *t, struct buf *out)
{
    buf_slice(out, t->name);
    for (uint32_t i = 0; i < t->nargs; i++) {
        buf_str(out, i ? ", " : "<");
        dump_type(t->args[i], out);
    }
    buf_str(out, t->nargs ? ">" : "");
    buf_str(out, t->optional ? "?" : "");
}

static void dump_params(const struct ast_stmt *s, struct buf *out)
{
    for (uint32_t i = 0; i < s->nparams; i++) {
        const struct ast_param *p = &s->params[i];
        buf_printf(out, "%s%.*s: ", i ? ", " : "(", SLICE_ARG(p->name));
        dump_type(p->type, out);
        if (p->value) {
            buf_str(out, " = ");
            dump_expr(p->value, out);
        }
    }
    buf_str(out, s->nparams ? ")" : "");
}

static const char *stmt_kind_name(enum ast_stmt_kind kind)
{
    switch (kind) {
    case AST_STMT_WORD: return "";
    case AST_STMT_ROW: return "row";
    case AST_STMT_ACL: return "acl ";
    case AST_STMT_LET: return "let ";
    case AST_STMT_WHEN: return "";
    case AST_STMT_TEMPLATE: return "template ";
    case AST_STMT_ANNOTATION: return "@";
    }
    return "?";
}

static void dump_tail(const struct ast_stmt *s, struct buf *out)
{
    switch ((enum ast_tail)s->tail) {
    case AST_TAIL_NONE:
        return;
    case AST_TAIL_TYPE:
    case AST_TAIL_TYPE_ARROW:
    case AST_TAIL_TYPE_ASSIGN:
        buf_str(out, " : ");
        dump_type(s->type, out);
        break;
    case AST_TAIL_ARROW:
    case AST_TAIL_ASSIGN:
    case AST_TAIL_RELOP:
        break;
    }
    if (s->to) {
        buf_str(out, " -> ");
        dump_type(s->to, out);
    }
    if (s->ntail_args)
        buf_str(out, " ->");
    for (uint32_t i = 0; i < s->ntail_args; i++) {
        buf_char(out, ' ');
        dump_expr(s->tail_args[i], out);
    }
    if (s->tail_expr) {
        buf_printf(out, " %s ", s->tail == AST_TAIL_RELOP ? op_name((enum ast_op)s->tail_op) : "=");
        dump_expr(s->tail_expr, out);
    }
}

static void dump_block(const struct ast_block *b, int depth, struct buf *out);

static void dump_stmt(const struct ast_stmt *s, int depth, struct buf *out)
{
    buf_str(out, stmt_kind_name((enum ast_stmt_kind)s->kind));
    buf_slice(out, s->word);
    dump_params(s, out);
    for (uint32_t i = 0; i < s->nargs; i++) {
        buf_char(out, ' ');
        dump_expr(s->args[i], out);
    }
    dump_tail(s, out);
    if (s->cond) {
        buf_str(out, s->kind == AST_STMT_WHEN ? " " : " if ");
        dump_expr(s->cond, out);
    }
    if (s->block) {
        buf_char(out, ' ');
        dump_block(s->block, depth, out);
    }
    if (s->else_block) {
        buf_str(out, " else ");
        dump_block(s->else_block, depth, out);
    }
    if (s->else_when) {
        buf_str(out, " else ");
        dump_stmt(s->else_when, depth, out);
    }
}

static void dump_stmts(const struct ast_block *b, int depth, struct buf *out)
{
    for (uint32_t i = 0; i < b->stmts.n; i++) {
        buf_printf(out, "%*s", 2 * depth, "");
        dump_stmt(b->stmts.v[i], depth, out);
        buf_char(out, '\n');
    }
}

static void dump_block(const struct ast_block *b, int depth, struct buf *out)
{
    buf_str(out, "{\n");
    dump_stmts(b, depth + 1, out);
    buf_printf(out, "%*s}", 2 * depth, "");
}

void parse_dump_ast(const struct ast_file *f, struct buf *out)
{
    dump_stmts(f->top, 0, out);
}
