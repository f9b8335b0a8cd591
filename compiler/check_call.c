/* Parameters: what is declared with them (acl, let, template), the arguments of a use, and copies of bodies in which
 * names are bound. A use is the body with the arguments in the place of the parameters; names of the body keep the
 * meaning that they have in its file, names of arguments the meaning that they have where they are written. */
#include "compiler/check_state.h"

#include <stdio.h>

bool check_is_parameter(const struct ast_expr *e)
{
    return e->kind == AST_NAME && e->bound && e->bound->value;
}

bool check_is_unknown(const struct ast_expr *e)
{
    if (e->kind == AST_ERROR || (e->kind == AST_NAME && e->bound && e->bound->unknown))
        return true;
    for (uint32_t i = 0; i < e->nargs; i++)
        if (check_is_unknown(e->args[i]))
            return true;
    return false;
}

bool check_expand(struct checker *k, uint64_t n, struct span at)
{
    k->expanded += n;
    if (k->expanded <= EXPANSION_MAX)
        return true;
    if (!k->too_large)
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0901, at,
                               "templates and calls, written out, have more than %d parts", EXPANSION_MAX),
                   "from here on");
    k->too_large = true;
    return false;
}

/* ---- copies ------------------------------------------------------------------------------------ */

static const struct ast_binding *binding_of(const struct bindings *b, struct slice name)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (slice_eq(b->params[i].name, name))
            return b->v[i];
    return b->file;
}

struct ast_expr *check_copy_expr(struct checker *k, const struct bindings *b, struct ast_expr *e)
{
    if (e->kind == AST_NAME && !e->bound) {
        struct ast_expr *name = arena_new(k->a, struct ast_expr);
        *name = *e;
        name->bound = binding_of(b, e->text);
        k->expanded++;
        return name;
    }
    struct ast_expr **args = NULL;
    for (uint32_t i = 0; i < e->nargs; i++) {
        struct ast_expr *x = check_copy_expr(k, b, e->args[i]);
        if (x == e->args[i] && !args)
            continue;
        if (!args) {
            args = arena_alloc(k->a, e->nargs * sizeof *args);
            memcpy(args, e->args, e->nargs * sizeof *args);
        }
        args[i] = x;
    }
    if (!args)
        return e; /* no names in it */
    struct ast_expr *copy = arena_new(k->a, struct ast_expr);
    *copy = *e;
    copy->args = args;
    k->expanded++;
    return copy;
}

static const struct ast_binding *file_binding(struct checker *k, const struct module *m)
{
    struct ast_binding *b = arena_new(k->a, struct ast_binding);
    b->module = m;
    b->frame = k->frame;
    return b;
}

/* ---- messages ---------------------------------------------------------------------------------- */

static bool points_into(const struct diag *x, const struct decl *d)
{
    struct span all = d->stmt->span, at = x->primary.span;
    return at.file == all.file && at.off >= all.off && at.off + at.len <= all.off + all.len;
}

static struct diag *told_before(struct checker *k, uint32_t n, const struct diag *x)
{
    for (uint32_t i = 0; i < n; i++) {
        struct diag *y = k->d->list.v[i];
        struct span a = x->primary.span, b = y->primary.span;
        if (y->code == x->code && a.file == b.file && a.off == b.off && a.len == b.len &&
            slice_eq(x->message, y->message))
            return y;
    }
    return NULL;
}

static void untell(struct checker *k, const struct diag *x)
{
    bool error = diag_is_error(x->code);
    k->d->errors -= error;
    k->d->warnings -= !error;
}

void check_told(struct checker *k, uint32_t mark)
{
    uint32_t kept = mark;
    for (uint32_t i = mark; i < k->d->list.n; i++) {
        struct diag *x = k->d->list.v[i], *y = told_before(k, kept, x);
        if (!y) {
            k->d->list.v[kept++] = x;
            continue;
        }
        if (x->has_fix && !y->has_fix)
            diag_fix(y, x->applicability, x->fix_at, x->fix_text);
        untell(k, x);
    }
    k->d->list.n = kept;
}

void check_expanded(struct checker *k, uint32_t mark, const struct decl *d, struct span use)
{
    uint32_t kept = mark;
    for (uint32_t i = mark; i < k->d->list.n; i++) {
        struct diag *x = k->d->list.v[i];
        if (points_into(x, d)) {
            if (told_before(k, kept, x)) {
                untell(k, x);
                continue;
            }
            diag_secondary(k->d, x, use, "in `%.*s` as it is used here", SLICE_ARG(d->name));
            x->has_fix = false; /* what is right for this use may be wrong for others */
        }
        k->d->list.v[kept++] = x;
    }
    k->d->list.n = kept;
}

/* ---- parameters -------------------------------------------------------------------------------- */

static bool is_runtime(enum type_id t)
{
    return t == TYPE_BOOL || t == TYPE_INT || t == TYPE_PERCENT || t == TYPE_IP || check_is_text(t);
}

static bool param_type(struct checker *k, const struct ast_type *type)
{
    enum type_id id = check_type_id(k, type);
    bool later = id == TYPE_MAP || id == TYPE_SERVER || id == TYPE_TLS || id == TYPE_TABLE || id == TYPE_TIME;
    if (later)
        check_later(k, type->span, "parameters of type %s", check_type_text(id));
    else if (id != TYPE_ERROR && type->optional && !is_runtime(id))
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0302, type->span, "a %s is never absent", check_type_text(id)),
                   "drop the `?`");
    else
        return id != TYPE_ERROR;
    return false;
}

static const struct ast_binding *bind_argument(struct checker *k, const struct ast_param *p, struct ast_expr *e,
                                               bool quiet);

static bool one_param(struct checker *k, const struct decl *d, uint32_t i)
{
    const struct ast_param *p = &d->stmt->params[i];
    for (uint32_t j = 0; j < i; j++)
        if (slice_eq(d->stmt->params[j].name, p->name)) {
            struct diag *x =
                diag_report(k->d, DIAG_E0203, p->span, "two parameters are named `%.*s`", SLICE_ARG(p->name));
            diag_label(k->d, x, "the second");
            diag_secondary(k->d, x, d->stmt->params[j].span, "the first");
            return false;
        }
    if (check_reserved(p->name)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0203, p->span, "`%.*s` is a name of the language itself", SLICE_ARG(p->name));
        diag_label(k->d, x, "a field begins with this word");
        diag_help(k->d, x, "choose another name");
        return false;
    }
    return param_type(k, p->type) && (!p->value || bind_argument(k, p, p->value, false));
}

bool check_params(struct checker *k, struct decl *d)
{
    if (d->params != PARAMS_NEW)
        return d->params == PARAMS_GOOD;
    struct module *m = k->m;
    k->m = d->module;
    d->params = PARAMS_BAD; /* while they are looked at: a default that uses `d` */
    bool good = true;
    for (uint32_t i = 0; i < d->stmt->nparams; i++)
        good &= one_param(k, d, i);
    d->params = good ? PARAMS_GOOD : PARAMS_BAD;
    k->m = m;
    return good;
}

/* ---- arguments --------------------------------------------------------------------------------- */

/* A literal argument in the form of its type; NULL where it does not fit. */
static const struct ast_expr *constant(struct checker *k, const struct ast_param *p, const struct ast_expr *e,
                                       const struct ast_expr *lit, enum type_id type, bool quiet)
{
    struct ast_expr *here = arena_new(k->a, struct ast_expr);
    uint32_t n = k->d->list.n, errors = k->d->errors, warnings = k->d->warnings;
    *here = *check_closed(k, lit);
    here->span = e->span;
    char what[120];
    snprintf(what, sizeof what, "argument `%.*s`", (int)(p->name.len < 90 ? p->name.len : 90), p->name.p);
    bool good = check_let_type(k, p->type, here, what);
    if (quiet) {
        k->d->list.n = n;
        k->d->errors = errors;
        k->d->warnings = warnings;
    }
    if (!good)
        return NULL;
    here->span = lit->span;
    struct text_error err;
    if (lit->kind == AST_STRING && type != TYPE_ERROR)
        check_text_type(k->a, type, lit->text, &here->text, &err);
    return here;
}

static bool refers_to_set(struct checker *k, const struct ast_expr *e)
{
    const struct decl *d = check_lookup(k, e);
    return d && (d->kind == DECL_LIST || d->kind == DECL_MAP);
}

/* An argument whose value is known for each request only. */
static bool fits_at_run_time(struct checker *k, const struct ast_param *p, const struct ast_expr *e,
                             enum type_id type)
{
    struct typed t = check_expr(k, e, type);
    if (t.type == TYPE_ERROR)
        return false;
    if (!check_convertible(t.type, type)) {
        struct diag *x = check_mismatch(k, e, check_type_text(t.type), check_type_text(type));
        diag_secondary(k->d, x, p->span, "parameter `%.*s`", SLICE_ARG(p->name));
        return false;
    }
    return p->type->optional || check_present(k, e, &t);
}

static const struct ast_binding *bind_argument(struct checker *k, const struct ast_param *p, struct ast_expr *e,
                                               bool quiet)
{
    enum type_id type = check_type_id(k, p->type);
    const struct ast_expr *lit = e->kind == AST_ERROR ? NULL : check_literal_quietly(k, e);
    const struct ast_expr *value = NULL;
    struct bindings names = {.file = file_binding(k, k->m)};
    if (check_is_unknown(e))
        value = e;
    else if (type == TYPE_BACKEND)
        value = !quiet && check_ref(k, e, 1u << DECL_BACKEND, "backend") ? e : NULL;
    else if (type == TYPE_CHECK)
        value = !quiet && check_check_ref(k, e) ? e : NULL;
    else if (lit)
        value = constant(k, p, e, lit, type, quiet);
    else if (type == TYPE_METHOD && e->kind == AST_NAME && check_is_method_word(e->text))
        value = e;
    else if (type == TYPE_LIST && refers_to_set(k, e))
        value = e;
    else if (quiet)
        value = NULL;
    else if (is_runtime(type))
        value = fits_at_run_time(k, p, e, type) ? e : NULL;
    else
        check_literal(k, e); /* says that it is no constant */
    if (!value)
        return NULL;
    struct ast_binding *b = arena_new(k->a, struct ast_binding);
    *b = (struct ast_binding){.module = k->m,
                              .value = check_copy_expr(k, &names, (struct ast_expr *)(uintptr_t)value),
                              .type = p->type,
                              .frame = k->frame,
                              .unknown = check_is_unknown(e)};
    return b;
}

/* ---- the arguments of a use -------------------------------------------------------------------- */

struct given {
    struct ast_expr **v; /* one a parameter; NULL: not given */
    bool bad;
};

static void wrong_arguments(struct checker *k, const struct decl *d, struct span at, bool quiet, const char *message,
                            const char *label)
{
    if (quiet)
        return;
    struct diag *x = diag_report(k->d, DIAG_E0220, at, "%s", message);
    diag_label(k->d, x, "%s", label);
    diag_secondary(k->d, x, d->at, "declared here");
}

static void named_argument(struct checker *k, const struct decl *d, const struct ast_expr *e, bool quiet,
                           struct given *g)
{
    struct span at = {e->span.file, e->span.off, (uint32_t)e->text.len};
    uint32_t n = d->stmt->nparams, i = 0;
    while (i < n && !slice_eq(d->stmt->params[i].name, e->text))
        i++;
    if (i < n && !g->v[i]) {
        g->v[i] = e->args[0];
        return;
    }
    g->bad = true;
    if (quiet)
        return;
    struct diag *x = diag_report(k->d, DIAG_E0220, at, i < n ? "argument `%.*s` is given twice" : "no parameter `%.*s`",
                                 SLICE_ARG(e->text));
    diag_label(k->d, x, i < n ? "again" : "unknown");
    diag_secondary(k->d, x, d->at, "declared here");
    struct slice *names = arena_alloc(k->a, (n + 1) * sizeof *names);
    for (uint32_t j = 0; j < n; j++)
        names[j] = d->stmt->params[j].name;
    if (i == n)
        check_suggest(k, x, at, e->text, names, n);
}

static void give(struct checker *k, const struct decl *d, const struct ast_expr *use, bool quiet, struct given *g)
{
    uint32_t n = d->stmt->nparams;
    bool named = false;
    for (uint32_t i = 1; use->kind == AST_CALL && i < use->nargs; i++) {
        struct ast_expr *e = use->args[i];
        if (e->kind == AST_NAMED) {
            named = true;
            named_argument(k, d, e, quiet, g);
        } else if (named) {
            g->bad = true;
            wrong_arguments(k, d, e->span, quiet, "after an argument by name, all are given by name",
                            "which parameter is this?");
        } else if (i > n) {
            g->bad = true;
            struct slice text = arena_printf(k->a, "`%.*s` takes %u argument%s", SLICE_ARG(d->name), n, n == 1 ? "" : "s");
            wrong_arguments(k, d, e->span, quiet, text.p, "one too many");
            return;
        } else {
            g->v[i - 1] = e;
        }
    }
}

static const struct ast_binding *bind_default(struct checker *k, struct decl *d, uint32_t i, bool quiet)
{
    struct module *m = k->m;
    k->m = d->module;
    const struct ast_binding *b = bind_argument(k, &d->stmt->params[i], d->stmt->params[i].value, quiet);
    k->m = m;
    return b;
}

static struct slice type_written(struct checker *k, const struct ast_type *t)
{
    struct slice s = k->c->sources.files.v[t->span.file]->text;
    return (struct slice){s.p + t->span.off, t->span.len};
}

bool check_bind(struct checker *k, struct decl *d, const struct ast_expr *use, bool quiet, struct bindings *out)
{
    uint32_t n = d->stmt->nparams;
    if (!check_params(k, d))
        return false;
    struct given g = {.v = arena_alloc(k->a, (n + 1) * sizeof *g.v)};
    const struct ast_binding **v = arena_alloc(k->a, (n + 1) * sizeof *v);
    memset(g.v, 0, (n + 1) * sizeof *g.v);
    give(k, d, use, quiet, &g);
    bool good = !g.bad;
    for (uint32_t i = 0; i < n; i++) {
        const struct ast_param *p = &d->stmt->params[i];
        if (!g.v[i] && !p->value && good) {
            struct slice text = arena_printf(k->a, "`%.*s` needs the argument `%.*s`", SLICE_ARG(d->name), SLICE_ARG(p->name));
            struct slice label = arena_printf(k->a, "`%.*s: %.*s` is missing", SLICE_ARG(p->name),
                                              SLICE_ARG(type_written(k, p->type)));
            wrong_arguments(k, d, use->span, quiet, text.p, label.p);
            good = false;
        }
        v[i] = g.v[i] ? bind_argument(k, p, g.v[i], quiet) : p->value ? bind_default(k, d, i, quiet) : NULL;
        good &= v[i] || (!g.v[i] && !p->value);
    }
    *out = (struct bindings){.params = d->stmt->params, .v = v, .n = n, .file = file_binding(k, d->module)};
    return good;
}

void check_bind_nothing(struct checker *k, struct decl *d, struct bindings *out)
{
    uint32_t n = d->stmt->nparams;
    const struct ast_binding **v = arena_alloc(k->a, (n + 1) * sizeof *v);
    struct ast_expr *unknown = arena_new(k->a, struct ast_expr);
    for (uint32_t i = 0; i < n; i++) {
        struct ast_binding *b = arena_new(k->a, struct ast_binding);
        *b = (struct ast_binding){.module = d->module, .value = unknown, .type = d->stmt->params[i].type, .unknown = true};
        v[i] = b;
    }
    *out = (struct bindings){.params = d->stmt->params, .v = v, .n = n, .file = file_binding(k, d->module)};
}

/* ---- what parameters are worth ------------------------------------------------------------------ */

/* A value of which the type alone is known: of no program, for what is checked by itself. */
static struct typed some_value(struct checker *k, const struct ast_expr *e, enum type_id type)
{
    if (!is_runtime(type) || e->bound->value->kind != AST_ERROR)
        return check_failed();
    struct ir_expr *x = check_new(k, IR_FIELD, check_kind(type), 0, e->span);
    x->field = IR_FIELD_QUERY;
    x->str = e->text;
    x->optional = e->bound->type->optional;
    return check_result(k, x, type);
}

struct typed check_parameter(struct checker *k, const struct ast_expr *e, enum type_id want)
{
    const struct ast_binding *b = e->bound;
    enum type_id type = check_type_id_quietly(b->type);
    if (check_is_unknown(e))
        return some_value(k, e, type);
    if (!check_expand(k, 1, e->span))
        return check_failed();
    const struct ast_expr *lit = check_literal_quietly(k, e);
    bool text = type != TYPE_STRING && check_is_text(type);
    if (lit) {
        struct ast_expr here = *lit;
        here.span = e->span;
        return check_expr(k, &here, text ? type : want);
    }
    if (k->height + b->value->depth + 1 > HEIGHT_MAX) {
        check_too_deep(k, e->span, "arguments", HEIGHT_MAX);
        return check_failed();
    }
    const struct frame *frame = k->frame;
    uint32_t height = b->value->depth + 1u;
    k->frame = b->frame;
    k->height += height;
    struct typed t = check_expr(k, b->value, is_runtime(type) ? type : want);
    k->height -= height;
    k->frame = frame;
    if (t.type != TYPE_ERROR && is_runtime(type) && check_convertible(t.type, type))
        t.type = type;
    return t;
}

/* ---- calls ------------------------------------------------------------------------------------- */

bool check_enter(struct checker *k, const struct decl *d, struct span use, uint32_t height, bool quiet)
{
    uint32_t depth = 0;
    for (const struct frame *f = k->frame; f; f = f->outer, depth++) {
        if (f->d != d)
            continue;
        k->circle = true;
        if (!quiet) {
            struct diag *x = diag_report(k->d, DIAG_E0205, use, "`%.*s` uses itself%s", SLICE_ARG(d->name),
                                         f == k->frame ? "" : " through others");
            diag_label(k->d, x, "used within itself");
            diag_secondary(k->d, x, d->at, "declared here");
        }
        return false;
    }
    if (depth >= ACL_DEPTH_MAX || k->height + height > HEIGHT_MAX) {
        if (!quiet)
            check_too_deep(k, d->at, "calls and templates", ACL_DEPTH_MAX);
        return false;
    }
    struct frame *f = arena_new(k->a, struct frame);
    *f = (struct frame){d, k->frame};
    k->frame = f;
    k->height += height;
    return true;
}

void check_leave(struct checker *k, uint32_t height)
{
    k->frame = k->frame->outer;
    k->height -= height;
}

/* The value of the body, of the type that `d` says. */
static struct typed body_value(struct checker *k, const struct decl *d, const struct ast_expr *body)
{
    if (d->kind == DECL_ACL) {
        bool tight = k->tight;
        k->tight = false;
        struct ir_expr *c = check_condition(k, body);
        k->tight = tight;
        return c ? check_yes(c) : check_failed();
    }
    enum type_id type = d->stmt->type ? check_type_id(k, d->stmt->type) : TYPE_ERROR;
    const struct ast_expr *lit = check_literal_quietly(k, body);
    if (lit && d->stmt->type && !check_let_type(k, d->stmt->type, lit, "the value"))
        return check_failed();
    struct typed t = check_expr(k, body, type);
    if (t.type == TYPE_ERROR || type == TYPE_ERROR)
        return t;
    if (!check_convertible(t.type, type)) {
        check_mismatch(k, body, check_type_text(t.type), check_type_text(type));
        return check_failed();
    }
    t.type = type;
    return d->stmt->type->optional || check_present(k, body, &t) ? t : check_failed();
}

struct typed check_call_decl(struct checker *k, const struct ast_expr *e, struct decl *d)
{
    struct bindings b;
    d->used = true;
    if (!d->stmt->nparams && e->kind == AST_CALL) {
        wrong_arguments(k, d, e->span, false, "this name has no parameters", "not to be called");
        return check_failed();
    }
    if (!check_bind(k, d, e, false, &b))
        return check_failed();
    struct ast_expr *body = d->stmt->tail_expr;
    uint32_t height = body->depth + 1u, mark = k->d->list.n;
    if (!check_expand(k, CALL_PARTS, e->span) || !check_enter(k, d, e->span, height, false))
        return check_failed();
    struct typed t = body_value(k, d, check_copy_expr(k, &b, body));
    check_leave(k, height);
    check_expanded(k, mark, d, e->span);
    return t;
}

const struct ast_expr *check_call_literal(struct checker *k, const struct ast_expr *e)
{
    struct bindings b;
    const struct ast_expr *callee = e->kind == AST_CALL ? e->args[0] : e, *lit = NULL;
    struct decl *d = callee->kind == AST_NAME || callee->kind == AST_MEMBER ? check_lookup(k, callee) : NULL;
    if (!d || d->kind != DECL_LET || !d->stmt->nparams || !check_bind(k, d, e, true, &b))
        return NULL;
    d->used = true;
    uint32_t height = d->stmt->tail_expr->depth + 1u;
    if (!check_expand(k, CALL_PARTS, e->span) || !check_enter(k, d, e->span, height, true))
        return NULL;
    lit = check_literal_quietly(k, check_copy_expr(k, &b, d->stmt->tail_expr));
    check_leave(k, height);
    return lit;
}

void check_call_alone(struct checker *k, struct decl *d)
{
    struct bindings b;
    const struct ast_type *type = d->stmt->type;
    if (!d->stmt->nparams || d->stmt->tail_expr->kind == AST_ERROR)
        return;
    if (d->kind == DECL_ACL && type && type->name.p && check_type_id(k, type) != TYPE_BOOL)
        diag_label(k->d, diag_report(k->d, DIAG_E0302, type->span, "an acl is a condition, of type bool"),
                   "expected bool");
    check_params(k, d);
    check_bind_nothing(k, d, &b);
    uint32_t height = d->stmt->tail_expr->depth + 1u;
    if (!check_enter(k, d, d->at, height, false))
        return;
    body_value(k, d, check_copy_expr(k, &b, d->stmt->tail_expr));
    check_leave(k, height);
}
