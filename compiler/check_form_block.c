/* Blocks of statements that forms.def describes: what may stand in them once, what may not be missing, and names. */
#include "compiler/check_form.h"

static void add_name(struct checker *k, struct strmap *names, const struct ast_expr *e)
{
    bool added;
    if (e->kind == AST_NAME)
        strmap_put(names, k->a, e->text, 0, &added);
    else
        return;
    if (!added)
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0203, e->span, "`%.*s` is declared twice", SLICE_ARG(e->text)),
                   "declared again");
}

/* Of two rows of `errors` for one status the second would never be sent. */
static void add_row(struct checker *k, struct strmap *rows_seen, const struct ast_expr *key)
{
    bool added;
    strmap_put(rows_seen, k->a, check_source_text(k, key->span), 0, &added);
    if (!added)
        diag_label(k->d, diag_report(k->d, DIAG_E0308, key->span, "this key stands in two rows"),
                   "again here");
}

void check_once(struct checker *k, const struct ast_block *block, enum context context)
{
    struct span seen[STATEMENT_COUNT] = {0};
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        enum statement_id id =
            s->kind == AST_STMT_WORD ? check_statement_named(s->word, context) : STATEMENT_NONE;
        if (id == STATEMENT_NONE || !(check_parts(id) & ONCE))
            continue;
        if (seen[id].len)
            check_twice(k, s->word_span, seen[id], "`%.*s` is given twice", SLICE_ARG(s->word));
        else
            seen[id] = s->word_span;
    }
}

/* What may not be left out. */
static void complete(struct checker *k, const struct span *seen, enum context context, struct slice what,
                     struct span at)
{
    for (size_t id = 1; id < STATEMENT_COUNT && !k->incomplete && !k->partial; id++) {
        if (seen[id].len || !(check_parts((enum statement_id)id) & NEEDED) ||
            !check_may_stand((enum statement_id)id, context))
            continue;
        struct diag *x = diag_report(k->d, DIAG_E0501, at, "this %.*s has no `%.*s`", SLICE_ARG(what),
                                     SLICE_ARG(check_word_of((enum statement_id)id)));
        diag_label(k->d, x, "not complete");
        diag_help(k->d, x, "add `%s`", check_usage((enum statement_id)id));
    }
}

void check_form_block(struct checker *k, const struct ast_block *block, enum context context,
                      struct slice what, struct span at)
{
    struct span seen[STATEMENT_COUNT] = {0};
    struct strmap names = {0};
    bool failed = false;
    enum phase outer = k->phase;
    k->phase = context == IN_LOG ? PHASE_LOG : outer;
    check_once(k, block, context);
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        if (context == IN_ERRORS && s->kind == AST_STMT_ROW) {
            check_error_row(k, s);
            add_row(k, &names, s->args[0]);
            continue;
        }
        enum statement_id id = check_statement(k, s, context);
        failed |= id == STATEMENT_NONE && s->kind != AST_STMT_ANNOTATION;
        if (id == STATEMENT_NONE)
            continue;
        seen[id] = s->word_span;
        if (form_declares(id) && s->nargs)
            add_name(k, &names, s->args[0]);
        check_form(k, id, s, context);
    }
    k->phase = outer;
    if (!failed)
        complete(k, seen, context, what, at);
}
