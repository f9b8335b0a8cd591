/* env("NAME", default): a value that the build is given by `--env NAME=VALUE`. It is read as a literal of the type of
 * the default, else it is a text. The environment of the process is never looked at: what is built depends on what is
 * written and what is given, and a given value is a source of the plan like a file. */
#include "compiler/check_state.h"
#include "compiler/parse.h"

static bool well_formed(struct checker *k, const struct ast_expr *e, bool quiet, struct slice *name)
{
    const struct ast_expr *first = e->nargs > 1 ? e->args[1] : NULL, *lit;
    for (uint32_t i = 1; i < e->nargs; i++)
        if (e->args[i]->kind == AST_ERROR)
            return false;
    lit = first ? check_literal_quietly(k, first) : NULL;
    if (lit && lit->kind == AST_STRING && lit->text.len && e->nargs <= 3 &&
        (e->nargs < 3 || e->args[2]->kind != AST_NAMED)) {
        *name = lit->text;
        return true;
    }
    if (quiet)
        return false;
    struct diag *x = diag_report(k->d, DIAG_E0220, e->span, "`env` takes a name and a default");
    diag_help(k->d, x, "write `env(\"NAME\", \"default\")`, or `env(\"NAME\")` where it must be given");
    return false;
}

/* A value that is used becomes a source, so that the manifest of the plan names it. */
static struct source *given(struct checker *k, struct slice name)
{
    for (uint32_t i = 0; i < k->c->env.n; i++) {
        struct env_value *v = &k->c->env.v[i];
        if (!slice_eq(v->name, name))
            continue;
        if (!v->source)
            v->source = source_from_text(&k->c->sources, arena_printf(k->a, "--env %.*s", SLICE_ARG(name)), v->text);
        return v->source;
    }
    return NULL;
}

/* The value as a literal of `type`: parsed as if it stood in a file. */
static const struct ast_expr *read_as(struct checker *k, const struct source *src, enum type_id type)
{
    uint32_t n = k->d->list.n, errors = k->d->errors, warnings = k->d->warnings;
    struct slice text = arena_printf(k->a, "let value = %.*s\n", SLICE_ARG(src->text));
    struct source *as_file = arena_new(k->a, struct source);
    *as_file = *src;
    as_file->text = text;
    const struct ast_file *file = parse_source(k->c, as_file);
    const struct ast_expr *lit = NULL;
    if (k->d->list.n == n && file->top->stmts.n == 1 && file->top->stmts.v[0]->kind == AST_STMT_LET &&
        check_literal_type(file->top->stmts.v[0]->tail_expr) == type)
        lit = check_closed(k, file->top->stmts.v[0]->tail_expr);
    k->d->list.n = n;
    k->d->errors = errors;
    k->d->warnings = warnings;
    return lit;
}

const struct ast_expr *check_env(struct checker *k, const struct ast_expr *e, bool quiet)
{
    struct slice name;
    if (!well_formed(k, e, quiet, &name))
        return NULL;
    const struct ast_expr *fallback = e->nargs > 2 ? check_literal_quietly(k, e->args[2]) : NULL;
    if (e->nargs > 2 && !fallback) {
        if (!quiet)
            check_literal(k, e->args[2]);
        return NULL;
    }
    struct source *src = given(k, name);
    if (!src && !fallback && !quiet) {
        struct diag *x = diag_report(k->d, DIAG_E0222, e->span, "`%.*s` is not given", SLICE_ARG(name));
        diag_label(k->d, x, "it has no default");
        diag_help(k->d, x, "give it: `--env %.*s=VALUE`, or a default: `env(\"%.*s\", \"…\")`", SLICE_ARG(name),
                  SLICE_ARG(name));
    }
    if (!src)
        return fallback;
    enum type_id type = fallback ? check_literal_type(fallback) : TYPE_STRING;
    struct ast_expr *lit = arena_new(k->a, struct ast_expr);
    if (type == TYPE_STRING) {
        *lit = (struct ast_expr){.kind = AST_STRING, .span = e->span};
        lit->text = src->text;
        return lit;
    }
    const struct ast_expr *read = read_as(k, src, type);
    if (read) {
        *lit = *read;
        lit->span = e->span;
        for (uint32_t i = 0; i < lit->nargs; i++)
            lit->args[i]->span = e->span;
        return lit;
    }
    if (!quiet) {
        struct diag *x = diag_report(k->d, DIAG_E0222, e->span, "the value given for `%.*s` is no %s: %.*s",
                                     SLICE_ARG(name), check_type_text(type), SLICE_ARG(src->text));
        diag_label(k->d, x, "its default is %s %s", check_an(check_type_text(type)), check_type_text(type));
    }
    return NULL;
}
