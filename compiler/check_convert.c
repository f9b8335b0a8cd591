/* Pipes and calls, and texts made of other values. What the converters are: check_converters.c. */
#include "compiler/check_state.h"

static const struct slice converters[] = {
#define CONVERTER(id, text, from, arguments, to, doc) SLICE(text),
#include "grammar/names.def"
};
static const struct slice later_converters[] = {
#define LATER_CONVERTER(text) SLICE(text),
#include "grammar/names.def"
};
static const struct slice later_functions[] = {
#define LATER_FUNCTION(text) SLICE(text),
#include "grammar/names.def"
};
#define COUNT(v) ((uint32_t)(sizeof(v) / sizeof *(v)))

/* ---- converters and calls ---------------------------------------------------------------------- */

static bool one_of(struct slice s, const struct slice *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (slice_eq(s, v[i]))
            return true;
    return false;
}

static struct typed unknown_converter(struct checker *k, struct slice name, struct span at)
{
    if (one_of(name, later_converters, COUNT(later_converters)) ||
        one_of(name, later_functions, COUNT(later_functions))) {
        check_later(k, at, "`%.*s`", SLICE_ARG(name));
        return check_failed();
    }
    if (k->incomplete || check_is_name_told(k, name, at))
        return check_failed();
    static const char all[] = ""
#define CONVERTER(id, text, from, arguments, to, doc) ", " text arguments
#include "grammar/names.def"
        ;
    struct slice names[COUNT(converters) + 1];
    memcpy(names, converters, sizeof converters);
    names[COUNT(converters)] = SLICE("exists");
    struct diag *x = diag_report(k->d, DIAG_E0201, at, "no function or converter `%.*s`", SLICE_ARG(name));
    check_name_told(k, name, x);
    diag_label(k->d, x, "unknown");
    if (check_peer_word(k, x, PEER_NAME, name))
        return check_failed();
    check_suggest(k, x, at, name, names, COUNT(names));
    if (!x->has_fix)
        diag_note(k->d, x, "there are: exists(…)%s", all);
    return check_failed();
}

/* `on` | name(args): `on` is the operand, `args` the rest. */
static struct typed convert(struct checker *k, const struct ast_expr *e, struct slice name,
                            struct span name_at, const struct ast_expr *on, struct ast_expr **args,
                            uint32_t nargs)
{
    enum converter id = check_converter_named(name);
    return id == CONVERTER_COUNT ? unknown_converter(k, name, name_at)
                                 : check_converter(k, e, id, name_at, on, args, nargs);
}

/* The acl or let that is called; NULL: a word of the language, or nothing. */
static struct decl *declared(struct checker *k, const struct ast_expr *callee)
{
    struct decl *d = callee->kind == AST_NAME || callee->kind == AST_MEMBER ? check_lookup(k, callee) : NULL;
    return d && (d->kind == DECL_ACL || d->kind == DECL_LET) ? d : NULL;
}

struct typed check_pipe(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *to = e->args[1], *callee = to->kind == AST_CALL ? to->args[0] : to;
    if (to->kind == AST_ERROR || callee->kind == AST_ERROR)
        return check_failed();
    struct decl *d = declared(k, callee);
    if (d) { /* x | f(a) is f(x, a) */
        struct ast_expr call = *to;
        call.kind = AST_CALL;
        call.span = e->span;
        call.nargs = 2 + (to->kind == AST_CALL ? to->nargs - 1 : 0);
        call.args = arena_alloc(k->a, call.nargs * sizeof *call.args);
        call.args[0] = (struct ast_expr *)(uintptr_t)callee;
        call.args[1] = e->args[0];
        for (uint32_t i = 2; i < call.nargs; i++)
            call.args[i] = to->args[i - 1];
        return check_call_decl(k, &call, d);
    }
    if (callee->kind != AST_NAME) {
        check_ref(k, callee, 1u << DECL_LET | 1u << DECL_ACL, "constant or condition");
        return check_failed();
    }
    return convert(k, e, callee->text, callee->span, e->args[0], to->args + 1,
                   to->kind == AST_CALL ? to->nargs - 1 : 0);
}

static struct typed exists(struct checker *k, const struct ast_expr *e)
{
    if (e->nargs != 2) {
        struct diag *x = diag_report(k->d, DIAG_E0211, e->span, "`exists` takes one value");
        diag_help(k->d, x, "write `exists(req.header[\"NAME\"])`");
        return check_failed();
    }
    struct typed x = check_expr(k, e->args[1], TYPE_STRING);
    if (x.type == TYPE_ERROR)
        return check_failed();
    if (x.type == TYPE_LIST) {
        struct slice text = check_source_text(k, e->args[1]->span);
        struct diag *d = check_mismatch(k, e->args[1], "list", "single value");
        diag_help(k->d, d, "a list is always there, maybe without a value: `%.*s | length > 0`", SLICE_ARG(text));
        return check_failed();
    }
    return (struct typed){check_new1(k, IR_EXISTS, IR_BOOL, x.ir, e->span), TYPE_BOOL, false};
}

struct typed check_call(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *callee = e->args[0];
    if (callee->kind == AST_ERROR)
        return check_failed();
    if (check_word(callee, "env")) {
        const struct ast_expr *lit = check_env(k, e, false);
        struct ast_expr here = lit ? *lit : *callee;
        here.span = e->span;
        return lit ? check_expr(k, &here, TYPE_STRING) : check_failed();
    }
    struct decl *d = declared(k, callee);
    if (d)
        return check_call_decl(k, e, d);
    struct decl *outside = callee->kind == AST_NAME || callee->kind == AST_MEMBER ? check_lookup(k, callee) : NULL;
    if (outside && outside->kind == DECL_EXTERN)
        return check_extern(k, e, outside);
    if (callee->kind != AST_NAME || outside) {
        check_ref(k, callee, 1u << DECL_LET | 1u << DECL_ACL, "constant or condition");
        return check_failed();
    }
    bool known = one_of(callee->text, converters, COUNT(converters)) || slice_eq(callee->text, SLICE("exists"));
    for (uint32_t i = 1; i < e->nargs && known; i++)
        if (e->args[i]->kind == AST_NAMED) {
            struct diag *x = diag_report(k->d, DIAG_E0220, e->args[i]->span, "`%.*s` has no named parameters",
                                         SLICE_ARG(callee->text));
            diag_label(k->d, x, "arguments of functions and converters stand in their order");
            return check_failed();
        }
    if (slice_eq(callee->text, SLICE("exists")))
        return exists(k, e);
    if (e->nargs < 2)
        return unknown_converter(k, callee->text, callee->span);
    return convert(k, e, callee->text, callee->span, e->args[1], e->args + 2, e->nargs - 2);
}

/* ---- texts ------------------------------------------------------------------------------------- */

static struct ir_expr *as_text(struct checker *k, const struct ast_expr *e, struct typed t, const char *what)
{
    if (t.type == TYPE_ERROR || !check_present(k, e, &t))
        return NULL;
    if (check_is_text(t.type))
        return t.ir;
    if (t.type != TYPE_BACKEND && t.type != TYPE_LIST && t.type != TYPE_PERCENT)
        return check_new1(k, IR_TO_STR, IR_STR, t.ir, e->span);
    const char *is = check_type_text(t.type);
    struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "%s is a text; this is a %s", what, is);
    diag_label(k->d, x, "%s, expected string", is);
    if (t.type == TYPE_LIST)
        diag_help(k->d, x, "take one of its values, as in `%.*s | nth(1) | default(\"\")`",
                  SLICE_ARG(check_source_text(k, e->span)));
    return NULL;
}

struct ir_expr *check_text(struct checker *k, const struct ast_expr *e, const char *what)
{
    return as_text(k, e, check_expr(k, e, TYPE_STRING), what);
}

struct typed check_interpolation(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *lit = check_literal_quietly(k, e); /* all parts are constants */
    if (lit)
        return check_expr(k, lit, TYPE_STRING);
    struct ir_expr *x = check_new(k, IR_CONCAT, IR_STR, e->nargs, e->span);
    bool good = true;
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (e->args[i]->kind == AST_STRING && !e->args[i]->text.len)
            continue;
        struct ir_expr *part = check_text(k, e->args[i], "a part of a text");
        good &= part != NULL;
        x->args[n++] = part;
    }
    x->nargs = n;
    if (!good)
        return check_failed();
    return (struct typed){n == 1 ? x->args[0] : x, TYPE_STRING, false};
}
