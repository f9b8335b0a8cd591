/* Comparisons: which tests which types have, how literals adopt the other side's type. A test
 * on an absent operand is false; `!=` and `not in` are `not (==)` and `not (in)`. */
#include "compiler/lint.h"
#include "compiler/regex.h"

struct typed check_yes(struct ir_expr *e)
{
    return (struct typed){e, TYPE_BOOL, false};
}

/* ---- messages ---------------------------------------------------------------------------------- */

static struct diag *unlike(struct checker *k, const struct ast_expr *e, const struct ast_expr *left,
                           const struct typed *l, const struct typed *r)
{
    const struct ast_expr *right = e->args[0] == left ? e->args[1] : e->args[0];
    struct slice lt = check_source_text(k, left->span), rt = check_source_text(k, right->span);
    struct diag *x = diag_report(k->d, DIAG_E0302, right->span, "`%.*s` is %s; `%.*s` is %s", SLICE_ARG(lt),
                                 check_type_text(l->type), SLICE_ARG(rt), check_type_text(r->type));
    diag_label(k->d, x, "%s, expected %s", check_type_text(r->type), check_type_text(l->type));
    if (l->type == TYPE_STRING && r->type == TYPE_INT)
        diag_help(k->d, x, "read the text as a number: `%.*s | to-int`", SLICE_ARG(lt));
    return x;
}

/* `op` is no test of values of `t`. */
struct typed check_no_such_test(struct checker *k, const struct ast_expr *e, const struct ast_expr *operand,
                                const struct typed *t, const char *needs)
{
    if (t->type == TYPE_ERROR)
        return check_failed();
    struct slice op = check_source_text(k, ast_op_span(e)), text = check_source_text(k, operand->span);
    struct diag *x = diag_report(k->d, DIAG_E0311, operand->span, "`%.*s` is a test of %s; `%.*s` is %s",
                                 SLICE_ARG(op), needs, SLICE_ARG(text), check_type_text(t->type));
    diag_label(k->d, x, "%s", check_type_text(t->type));
    if (t->type == TYPE_IP)
        diag_help(k->d, x, "addresses are held against networks: `%.*s in 10.0.0.0/8`", SLICE_ARG(text));
    else if (t->type == TYPE_LIST)
        diag_help(k->d, x, "ask whether it holds a text: `\"…\" in %.*s`, or for one of its texts: `%.*s | nth(1)`",
                  SLICE_ARG(text), SLICE_ARG(text));
    else if (check_is_text(t->type) && e->op == AST_UNDER)
        diag_help(k->d, x, "`starts-with` compares bytes");
    else if (check_is_text(t->type) && e->op == AST_LIKE)
        diag_help(k->d, x, "`matches re\"…\"` tests any text");
    return check_failed();
}

/* ---- == and order ------------------------------------------------------------------------------ */

/* A literal on the right that belongs to another test. */
static bool other_test(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                       const struct typed *l)
{
    if (!lit)
        return false;
    bool set =
        lit->kind == AST_LIST || (lit->kind == AST_RANGE && l->type == TYPE_INT) ||
        ((lit->kind == AST_IP_RANGE || (lit->kind == AST_CIDR && lit->has_prefix)) && l->type == TYPE_IP);
    if (!set && lit->kind != AST_REGEX)
        return false;
    const char *type = check_type_text(check_literal_type(lit));
    struct diag *x = diag_report(k->d, DIAG_E0302, ast_op_span(e), "`==` compares with one value, not with %s %s",
                                 check_an(type), type);
    const char *op = set ? (e->op == AST_NE ? "not in" : "in") : e->op == AST_NE ? NULL : "matches";
    diag_label(k->d, x, set ? "did you mean `in`?" : "did you mean `matches`?");
    if (op)
        diag_fix(x, FIX_SAFE, ast_op_span(e), slice_of(op));
    return true;
}

/* `"10.0.0.1"` where an address or a number is meant. */
bool check_quoted_value(struct checker *k, const struct ast_expr *e, const struct ast_expr *left,
                        const struct ast_expr *right, const struct typed *l)
{
    if (right->kind != AST_STRING || !check_is_quoted(l->type, right->text))
        return false;
    struct typed r = {NULL, TYPE_STRING, false};
    struct diag *x = unlike(k, e, left, l, &r);
    diag_help(k->d, x, "remove the quotes");
    diag_fix(x, FIX_SAFE, right->span, right->text);
    return true;
}

static struct ir_expr *bool_equal(struct checker *k, const struct ast_expr *e, struct ir_expr *x,
                                  struct ir_expr *y)
{
    struct ir_expr *c = x->op == IR_CONST_BOOL   ? x
                        : y->op == IR_CONST_BOOL ? y
                                                 : NULL,
                   *other = c == x ? y : x;
    if (c)
        return c->num ? other : check_new1(k, IR_NOT, IR_BOOL, other, e->span);
    struct ir_expr *both = check_new2(k, IR_AND, IR_BOOL, x, y, e->span);
    struct ir_expr *neither =
        check_new1(k, IR_NOT, IR_BOOL, check_new2(k, IR_OR, IR_BOOL, x, y, e->span), e->span);
    return check_new2(k, IR_OR, IR_BOOL, both, neither, e->span);
}

static bool is_constant(struct checker *k, const struct ast_expr *e)
{
    return check_literal_quietly(k, e) ||
           (e->kind == AST_NAME && check_is_method_word(e->text) && !check_lookup(k, e));
}

static struct typed equal(struct checker *k, const struct ast_expr *e)
{
    /* The side that is no constant says which type is meant. */
    bool swap = is_constant(k, e->args[0]) && !is_constant(k, e->args[1]);
    const struct ast_expr *left = e->args[swap], *right = e->args[!swap];
    struct typed l = check_expr(k, left, TYPE_STRING);
    if (l.type != TYPE_ERROR &&
        (other_test(k, e, check_literal_quietly(k, right), &l) || check_quoted_value(k, e, left, right, &l)))
        return check_failed();
    if (l.type == TYPE_ERROR && is_constant(k, right))
        return check_failed(); /* nothing says which type it should have */
    struct typed r = check_expr(k, right, l.type);
    if (l.type == TYPE_ERROR || r.type == TYPE_ERROR)
        return check_failed();
    if (l.type == TYPE_LIST)
        return check_no_such_test(k, e, left, &l, "single values");
    if (!check_convertible(l.type, r.type) && !check_convertible(r.type, l.type)) {
        unlike(k, e, left, &l, &r);
        return check_failed();
    }
    if (l.type == TYPE_BACKEND) {
        check_later(k, e->span, "comparing backends");
        return check_failed();
    }
    if (l.type == TYPE_BOOL && !l.ir->optional && !r.ir->optional)
        return check_yes(bool_equal(k, e, l.ir, r.ir));
    return check_yes(check_new2(k, IR_EQ, IR_BOOL, l.ir, r.ir, e->span));
}

/* Types that have an order. */
static bool is_ordered(enum type_id t)
{
    return t == TYPE_INT || t == TYPE_PERCENT || t == TYPE_DURATION || t == TYPE_SIZE || t == TYPE_TIME;
}

/* `5` where 5% or 5s is meant. */
static bool needs_unit(struct checker *k, const struct ast_expr *e, const struct ast_expr *with, const struct typed *l)
{
    const struct ast_expr *lit = check_literal_quietly(k, with);
    if (!lit || lit->kind != AST_INT ||
        (l->type != TYPE_DURATION && l->type != TYPE_SIZE && l->type != TYPE_PERCENT))
        return false;
    struct slice text = check_source_text(k, e->span);
    check_wrong_literal(k, with, lit, l->type,
                        arena_printf(k->a, "the value that `%.*s` is held against", SLICE_ARG(text)).p);
    return true;
}

static struct typed order(struct checker *k, const struct ast_expr *e)
{
    /* The side that is no constant says which type is meant. */
    bool first = is_constant(k, e->args[0]) && !is_constant(k, e->args[1]);
    const struct ast_expr *is = e->args[first], *with = e->args[!first];
    struct typed t = check_expr(k, is, TYPE_INT);
    if (t.type != TYPE_ERROR && needs_unit(k, is, with, &t))
        return check_failed();
    struct typed u = t.type == TYPE_ERROR ? t : check_expr(k, with, is_ordered(t.type) ? t.type : TYPE_INT);
    if (t.type == TYPE_ERROR || u.type == TYPE_ERROR)
        return check_failed();
    struct typed l = first ? u : t, r = first ? t : u;
    if (!is_ordered(l.type) && r.type == TYPE_INT) {
        struct typed want = {NULL, TYPE_INT, false};
        struct diag *x = unlike(k, e, e->args[1], &want, &l);
        if (check_is_text(l.type))
            diag_help(k->d, x, "read the text as a number: `%.*s | to-int`",
                      SLICE_ARG(check_source_text(k, e->args[0]->span)));
        return check_failed();
    }
    if (!is_ordered(l.type))
        return check_no_such_test(k, e, e->args[0], &l, "numbers");
    if (r.type != l.type) {
        unlike(k, e, e->args[0], &l, &r);
        return check_failed();
    }
    bool swap = e->op == AST_GT || e->op == AST_GE;
    enum ir_op op = e->op == AST_LT || e->op == AST_GT ? IR_LT : IR_LE;
    return check_yes(check_new2(k, op, IR_BOOL, swap ? r.ir : l.ir, swap ? l.ir : r.ir, e->span));
}

/* ---- tests of texts ---------------------------------------------------------------------------- */

static struct typed under(struct checker *k, const struct ast_expr *e)
{
    struct typed l = check_expr(k, e->args[0], TYPE_PATH);
    const struct ast_expr *lit = check_literal_quietly(k, e->args[1]);
    if (l.type != TYPE_PATH)
        return check_no_such_test(k, e, e->args[0], &l, "paths");
    if (!lit || lit->kind != AST_STRING) {
        struct typed r = check_expr(k, e->args[1], TYPE_PATH);
        if (r.type == TYPE_ERROR)
            return check_failed();
        if (r.type != TYPE_PATH) {
            unlike(k, e, e->args[0], &l, &r);
            return check_failed();
        }
        return check_yes(check_new2(k, IR_UNDER, IR_BOOL, l.ir, r.ir, e->span));
    }
    struct ir_key key;
    if (!check_key(k, IR_KEY_PATH, e->args[1], &key))
        return check_failed();
    struct ir_expr *r = check_new(k, IR_CONST_STR, IR_STR, 0, e->args[1]->span);
    r->str = key.str;
    return check_yes(check_new2(k, IR_UNDER, IR_BOOL, l.ir, r, e->span));
}

static struct typed bytes_test(struct checker *k, const struct ast_expr *e, enum ir_op op)
{
    struct typed l = check_expr(k, e->args[0], TYPE_STRING);
    if (l.type != TYPE_ERROR && !check_is_text(l.type))
        return check_no_such_test(k, e, e->args[0], &l, "texts");
    struct typed r = check_expr(k, e->args[1], TYPE_STRING);
    if (l.type == TYPE_ERROR || r.type == TYPE_ERROR)
        return check_failed();
    if (!check_is_text(r.type)) {
        unlike(k, e, e->args[0], &l, &r);
        return check_failed();
    }
    return check_yes(check_new2(k, op, IR_BOOL, l.ir, r.ir, e->span));
}

/* A glob is well-formed where it is a host or a path once each star is replaced by a letter. */
static bool glob_text(struct checker *k, enum type_id type, struct slice text, struct slice *out,
                      struct text_error *err)
{
    char *p = arena_alloc(k->a, text.len + 2), *lower = arena_alloc(k->a, text.len + 1);
    size_t n = 0;
    if (type == TYPE_PATH && text.len && text.p[0] == '*')
        p[n++] = '/';
    for (size_t i = 0, run = 0; i < text.len; i++) {
        run = text.p[i] == '*' ? run + 1 : 0;
        if (run > 2) {
            err->why = "`*` is one label or segment, `**` any number of them";
            return false;
        }
        if (run == 0)
            p[n++] = text.p[i];
        else if (run == 1)
            p[n++] = 'x';
        lower[i] = type == TYPE_HOST ? ascii_lower(text.p[i]) : text.p[i];
    }
    struct slice probe = {p, n}, canonical;
    *out = (struct slice){lower, text.len};
    bool good = check_text_type(k->a, type, probe, &canonical, err);
    err->fix = (struct slice){0};
    return good;
}

static struct typed like(struct checker *k, const struct ast_expr *e)
{
    struct typed l = check_expr(k, e->args[0], TYPE_STRING);
    struct text_error err = {0};
    struct slice text, glob;
    if (l.type != TYPE_HOST && l.type != TYPE_PATH)
        return check_no_such_test(k, e, e->args[0], &l, "hosts and paths");
    if (!check_string(k, e->args[1], "a pattern", &text))
        return check_failed();
    if (!glob_text(k, l.type, text, &glob, &err)) {
        check_bad_text(k, e->args[1], text, l.type == TYPE_HOST ? "pattern of hosts" : "pattern of paths",
                       &err);
        return check_failed();
    }
    struct ir_expr *x = check_new1(k, IR_LIKE, IR_BOOL, l.ir, e->span);
    x->str = glob;
    return check_yes(x);
}

/* The place of byte `off` of a regular expression in the source, which writes `\"` for `"`. */
static struct span within_regex(const struct ast_expr *use, const struct ast_expr *lit, struct slice source,
                                uint32_t off)
{
    if (use != lit)
        return use->span;
    uint32_t at = lit->span.off + 3, end = lit->span.off + lit->span.len - 1;
    for (uint32_t i = 0; i < off && at < end; i++)
        at += source.p[at] == '\\' && at + 1 < end && source.p[at + 1] == '"' ? 2 : 1;
    return (struct span){lit->span.file, at < end ? at : end, at < end ? 1 : 0};
}

const struct ast_expr *check_regex(struct checker *k, const struct ast_expr *e, const char *what)
{
    const struct ast_expr *lit = check_literal(k, e);
    const char *why;
    uint32_t off;
    if (lit && lit->kind != AST_REGEX)
        check_wrong_literal(k, e, lit, TYPE_REGEX, what);
    if (!lit || lit->kind != AST_REGEX)
        return NULL;
    struct arena scratch = {0};
    bool good = regex_parse(&scratch, lit->text, &off, &why) != NULL;
    arena_free(&scratch);
    if (good)
        return lit;
    struct slice source = k->c->sources.files.v[lit->span.file]->text;
    struct diag *x = diag_report(k->d, DIAG_E0309, within_regex(e, lit, source, off),
                                 "this regular expression cannot be used: %s", why);
    diag_label(k->d, x, "here");
    return NULL;
}

static struct typed matches(struct checker *k, const struct ast_expr *e)
{
    struct typed l = check_expr(k, e->args[0], TYPE_STRING);
    if (l.type != TYPE_ERROR && !check_is_text(l.type))
        return check_no_such_test(k, e, e->args[0], &l, "texts");
    const struct ast_expr *lit = check_regex(k, e->args[1], "what `matches` tests for");
    if (!lit || l.type == TYPE_ERROR)
        return check_failed();
    struct ir_expr *x = check_new1(k, IR_MATCHES, IR_BOOL, l.ir, e->span);
    x->str = lit->text;
    return check_yes(x);
}

/* ---- all --------------------------------------------------------------------------------------- */

static struct typed test(struct checker *k, const struct ast_expr *e)
{
    switch ((enum ast_op)e->op) {
    case AST_EQ:
    case AST_NE:
        return equal(k, e);
    case AST_LT:
    case AST_LE:
    case AST_GT:
    case AST_GE:
        return order(k, e);
    case AST_IN:
    case AST_NOT_IN:
        return check_in(k, e);
    case AST_UNDER:
        return under(k, e);
    case AST_LIKE:
        return like(k, e);
    case AST_MATCHES:
        return matches(k, e);
    case AST_CONTAINS:
        return bytes_test(k, e, IR_CONTAINS);
    case AST_STARTS_WITH:
        return bytes_test(k, e, IR_STARTS_WITH);
    case AST_ENDS_WITH:
        return bytes_test(k, e, IR_ENDS_WITH);
    case AST_OP_NONE:
    case AST_ADD:
    case AST_SUB:
    case AST_MUL:
    case AST_DIV:
    case AST_MOD:
        break;
    }
    return check_failed();
}

/* Reports what no status is, in `e` or in a list that it is. `<` and its like may name the end of the range. */
static void only_statuses(struct checker *k, const struct ast_expr *e, bool order)
{
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (!lit)
        return;
    int64_t lo = lit->kind == AST_RANGE ? lit->range.lo : lit->num, hi = lit->kind == AST_RANGE ? lit->range.hi : lit->num;
    if ((lit->kind == AST_INT || lit->kind == AST_RANGE) && (lo < 100 || hi > 599 + order)) {
        struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "`%.*s` is no status", SLICE_ARG(check_source_text(k, e->span)));
        diag_label(k->d, x, "must be from 100 to 599");
    }
    for (uint32_t i = 0; lit->kind == AST_LIST && i < lit->nargs; i++)
        only_statuses(k, lit->args[i], order);
}

struct typed check_compare(struct checker *k, const struct ast_expr *e)
{
    struct typed t = test(k, e);
    bool order = e->op == AST_LT || e->op == AST_LE || e->op == AST_GT || e->op == AST_GE;
    for (int i = 0; i < 2 && t.type != TYPE_ERROR; i++)
        if (check_is_status(e->args[i]))
            only_statuses(k, e->args[!i], order);
    if (t.type != TYPE_ERROR)
        lint_test(k, e, t.ir);
    if (t.type == TYPE_ERROR || (e->op != AST_NE && e->op != AST_NOT_IN))
        return t;
    if (e != k->undone)
        check_negation(k, e, e, t.ir);
    return check_yes(check_new1(k, IR_NOT, IR_BOOL, t.ir, e->span));
}
