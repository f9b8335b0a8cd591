/* The tree's nodes, as the grammar's actions make them: spans, chains, the bound on the height, and the two errors
 * that only a finished expression shows (`=` in a condition, `and` mixed with `or`). */
#include "compiler/ast_build.h"

struct ast_expr *ast_leaf(struct parser *p, enum ast_kind kind, struct span at)
{
    struct ast_expr *e = arena_new(p->arena, struct ast_expr);
    e->kind = (uint8_t)kind;
    e->span = at;
    return e;
}

struct ast_expr *ast_name(struct parser *p, struct slice text, struct span at)
{
    struct ast_expr *e = ast_leaf(p, AST_NAME, at);
    e->text = text;
    return e;
}

/* Sets the height of `e` above `arg`, or makes an error of it. */
static void grow(struct parser *p, struct ast_expr *e, const struct ast_expr *arg)
{
    if (arg->depth < e->depth)
        return;
    if (arg->depth + 1 < PARSE_DEPTH_MAX) {
        e->depth = (uint8_t)(arg->depth + 1);
        return;
    }
    parse_too_deep(p, e->span);
    e->kind = AST_ERROR;
    e->nargs = 0;
    e->depth = 0;
}

struct ast_expr *ast_node(struct parser *p, enum ast_kind kind, struct span at, struct parse_exprs args)
{
    struct ast_expr *e = ast_leaf(p, kind, at);
    e->args = args.v;
    e->nargs = args.n;
    for (uint32_t i = 0; i < args.n; i++)
        grow(p, e, args.v[i]);
    return e;
}

/* A node over the operands a and b (or a alone). */
static struct ast_expr *over(struct parser *p, enum ast_kind kind, struct span at, struct ast_expr *a, struct ast_expr *b)
{
    struct ast_expr **v = arena_alloc(p->arena, 2 * sizeof *v);
    v[0] = a;
    v[1] = b;
    return ast_node(p, kind, at, (struct parse_exprs){v, b ? 2 : 1, 2});
}

static void set_operator(struct ast_expr *e, struct span at)
{
    e->op_off = at.off;
    e->op_len = at.len;
}

struct ast_expr *ast_unary(struct parser *p, enum ast_kind kind, struct span at, struct ast_expr *arg)
{
    return over(p, kind, at, arg, NULL);
}

struct ast_expr *ast_binary(struct parser *p, enum ast_kind kind, enum ast_op op, struct span op_at, struct ast_expr *left,
                            struct ast_expr *right)
{
    struct ast_expr *e = over(p, kind, ast_span_join(left->span, right->span), left, right);
    e->op = (uint8_t)op;
    set_operator(e, op_at);
    return e;
}

struct ast_expr *ast_member(struct parser *p, struct ast_expr *of, struct slice name, struct span name_at)
{
    struct ast_expr *e = over(p, AST_MEMBER, ast_span_join(of->span, name_at), of, NULL);
    e->op_off = name_at.off;
    e->text = name;
    return e;
}

struct ast_expr *ast_call(struct parser *p, struct span at, struct ast_expr *callee, struct parse_exprs args)
{
    struct ast_expr **v = arena_alloc(p->arena, (args.n + 1) * sizeof *v);
    v[0] = callee;
    if (args.n)
        memcpy(v + 1, args.v, args.n * sizeof *v);
    return ast_node(p, AST_CALL, at, (struct parse_exprs){v, args.n + 1, args.n + 1});
}

struct ast_expr *ast_parens(struct parser *p, struct span at, struct ast_expr *e)
{
    (void)p;
    e->in_parens = true;
    e->span = at;
    return e;
}

struct ast_expr *ast_chain(struct parser *p, enum ast_kind kind, struct span op_at, struct ast_expr *left, struct ast_expr *right)
{
    if (left->kind != kind || left->in_parens) {
        struct ast_expr *e = over(p, kind, ast_span_join(left->span, right->span), left, right);
        set_operator(e, op_at);
        return e;
    }
    if ((left->nargs & (left->nargs - 1)) == 0) { /* room doubles whenever it is full: no count of it is kept */
        struct ast_expr **v = arena_alloc(p->arena, 2 * left->nargs * sizeof *v);
        memcpy(v, left->args, left->nargs * sizeof *v);
        left->args = v;
    }
    left->args[left->nargs++] = right;
    left->span = ast_span_join(left->span, right->span);
    grow(p, left, right);
    return left;
}

static bool is_open_and(const struct ast_expr *e)
{
    return e->kind == AST_AND && !e->in_parens;
}

static void add_source(struct parser *p, struct buf *b, const struct ast_expr *e)
{
    buf_slice(b, (struct slice){p->source->text.p + e->span.off, e->span.len});
}

/* `a or (b and c)` */
static void and_first(struct parser *p, const struct ast_expr *e, struct buf *out)
{
    for (uint32_t i = 0; i < e->nargs; i++) {
        bool wrap = is_open_and(e->args[i]);
        buf_str(out, i ? (wrap ? " or (" : " or ") : (wrap ? "(" : ""));
        add_source(p, out, e->args[i]);
        buf_str(out, wrap ? ")" : "");
    }
}

/* `(a or b) and c`: the last term of one alternative goes with the first of the next. */
static void or_first(struct parser *p, const struct ast_expr *e, struct buf *out)
{
    for (uint32_t i = 0; i < e->nargs; i++) {
        struct ast_expr *arg = e->args[i];
        struct ast_expr **terms = is_open_and(arg) ? arg->args : &e->args[i];
        uint32_t n = is_open_and(arg) ? arg->nargs : 1;
        for (uint32_t k = 0; k < n; k++) {
            bool after_or = k == 0 && i > 0, before_or = k == n - 1 && i + 1 < e->nargs;
            buf_str(out, after_or ? " or " : k ? " and " : "");
            buf_str(out, before_or && !after_or ? "(" : "");
            add_source(p, out, terms[k]);
            buf_str(out, after_or && !before_or ? ")" : "");
        }
    }
}

void ast_check_mix(struct parser *p, struct ast_expr *e)
{
    if (e->kind != AST_OR || e->in_parens)
        return;
    const struct ast_expr *mixed = NULL;
    for (uint32_t i = 0; i < e->nargs && !mixed; i++)
        if (is_open_and(e->args[i]))
            mixed = e->args[i];
    if (!mixed)
        return;
    struct diag *d = parse_report(p, DIAG_E0104, ast_op_span(e), "`or` is mixed with `and`: add parentheses");
    diag_label(p->diags, d, "`or` here");
    diag_secondary(p->diags, d, ast_op_span(mixed), "`and` here");
    enum { READABLE = 200 };
    if (e->span.len > READABLE || memchr(p->source->text.p + e->span.off, '\n', e->span.len))
        return;
    struct buf first = {0}, second = {0};
    and_first(p, e, &first);
    or_first(p, e, &second);
    diag_help(p->diags, d, "either `%.*s`", SLICE_ARG(buf_view(&second)));
    diag_help(p->diags, d, "or `%.*s`", SLICE_ARG(buf_view(&first)));
    diag_fix(d, FIX_MAYBE, e->span, arena_copy(p->arena, buf_view(&first)));
    buf_free(&first);
    buf_free(&second);
}

/* What was reported may have cost words or have put them elsewhere; a wrong unit or sign has not. */
bool ast_is_told(const struct parser *p)
{
    const struct diag *last = p->quiet && p->diags->list.n ? p->diags->list.v[p->diags->list.n - 1] : NULL;
    return last && (last->code == DIAG_E0100 || last->code == DIAG_E0101 || last->code == DIAG_E0105);
}

struct ast_expr *ast_assign_in_condition(struct parser *p, struct span op_at, struct ast_expr *left, struct ast_expr *right)
{
    const struct diag *last = p->diags->list.n ? p->diags->list.v[p->diags->list.n - 1] : NULL;
    if (p->quiet && last && last->code != DIAG_E0103) /* as within a bracket that is not closed */
        return ast_binary(p, AST_COMPARE, AST_EQ, op_at, left, right);
    struct diag *d = parse_report(p, DIAG_E0103, op_at, "`=` sets a value; conditions compare with `==`");
    diag_label(p->diags, d, "no test");
    diag_help(p->diags, d, "write `==`");
    diag_fix(d, FIX_SAFE, op_at, SLICE("=="));
    return ast_binary(p, AST_COMPARE, AST_EQ, op_at, left, right);
}

struct parse_exprs ast_exprs(struct parser *p, struct parse_exprs list, struct ast_expr *e)
{
    if (list.n == list.cap) { /* most lists are short: the first room is small */
        uint32_t cap = list.cap ? list.cap * 2 : 2;
        struct ast_expr **v = arena_alloc(p->arena, cap * sizeof *v);
        if (list.n)
            memcpy(v, list.v, list.n * sizeof *v);
        list.v = v;
        list.cap = cap;
    }
    list.v[list.n++] = e;
    return list;
}

struct ast_type *ast_type_new(struct parser *p, struct slice name, struct span at)
{
    struct ast_type *t = arena_new(p->arena, struct ast_type);
    t->name = name;
    t->span = at;
    return t;
}

bool ast_type_open(struct parser *p, struct span at)
{
    enum { TYPES_MAX = 32 };
    if (++p->type_depth <= TYPES_MAX)
        return true;
    parse_too_deep(p, at);
    return false;
}

struct ast_type *ast_type_args(struct parser *p, struct span at, struct slice name, struct parse_types args)
{
    struct ast_type *t = ast_type_new(p, name, at);
    t->args = args.v;
    t->nargs = args.n;
    p->type_depth--;
    return t;
}

struct ast_block *ast_block_new(struct parser *p)
{
    return arena_new(p->arena, struct ast_block);
}

struct ast_stmt *ast_stmt_new(struct parser *p, enum ast_stmt_kind kind)
{
    struct ast_stmt *s = arena_new(p->arena, struct ast_stmt);
    s->kind = (uint8_t)kind;
    return s;
}

struct parse_whens ast_when(struct parser *p, struct parse_whens chain, struct span at, struct span word_at, struct ast_expr *cond,
                            struct ast_block *block)
{
    struct ast_stmt *s = ast_stmt_new(p, AST_STMT_WHEN);
    s->word = SLICE("when");
    s->word_span = word_at;
    s->span = at;
    s->cond = cond;
    s->block = block;
    if (!chain.first)
        chain.first = s;
    else if (chain.n == PARSE_DEPTH_MAX)
        parse_too_deep(p, word_at);
    else
        chain.last->else_when = s;
    chain.last = s;
    chain.n++;
    return chain;
}
