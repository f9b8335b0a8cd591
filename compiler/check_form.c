/* Statements whose arguments, options and blocks forms.def and options.def describe: patterns against arguments, and
 * options. */
#include "compiler/check_form.h"

static const struct row {
    enum statement_id id;
    const char *pattern, *options;
    uint64_t block;
} rows[] = {
#define FORM(id, pattern, options, block) {STATEMENT_##id, pattern, options, block},
#include "grammar/forms.def"
#undef FORM
};
enum { NROWS = sizeof rows / sizeof *rows };

bool form_declares(enum statement_id id)
{
    for (size_t i = 0; i < NROWS; i++)
        if (rows[i].id == id)
            return slice_starts(slice_of(rows[i].pattern), SLICE("<new>"));
    return false;
}

/* ---- types ------------------------------------------------------------------------------------- */

static void type_item(struct form *f, struct slice item)
{
    const struct ast_type *t = f->s->type;
    struct slice kind, words[2], detail;
    form_split_kind(item, &kind, &detail);
    if (!t && f->k->partial)
        return;
    if (!t) {
        struct span at = f->s->nargs ? f->s->args[f->s->nargs - 1]->span : f->s->word_span;
        diag_label(f->k->d,
                   check_misformed(f->k, f->id, (struct span){at.file, at.off + at.len, 0}, "%s needs a type",
                                   f->what),
                   "`: TYPE` is missing here");
    } else if (slice_eq(kind, SLICE("key"))) {
        check_key_type(f->k, t);
        if (f->s->to && f->s->to->name.p && !slice_eq(f->s->to->name, SLICE("server")))
            diag_label(f->k->d,
                       diag_report(f->k->d, DIAG_E0302, f->s->to->span, "a table holds counters, or servers"),
                       "expected server");
    } else if (slice_eq(kind, SLICE("type"))) {
        check_key_type(f->k, t);
        check_key_type(f->k, f->s->to);
    } else {
        uint32_t n = form_split_words(detail, words, 2);
        for (uint32_t i = 0; i < n; i++)
            if (!t->name.p || slice_eq(t->name, words[i]))
                return;
        struct diag *x =
            diag_report(f->k->d, DIAG_E0302, t->span, "%s has no form `%.*s`", f->what, SLICE_ARG(t->name));
        diag_label(f->k->d, x, "expected %.*s", SLICE_ARG(form_listed(f->k->a, words, n)));
        check_suggest(f->k, x, t->span, t->name, words, n);
    }
}

/* ---- arguments --------------------------------------------------------------------------------- */

static void missing(struct form *f, struct slice item)
{
    struct span at = f->i ? f->s->args[f->i - 1]->span : f->s->word_span;
    struct slice kind = {0}, detail;
    if (item.p[0] == '<')
        form_split_kind(item, &kind, &detail);
    struct diag *x = check_misformed(f->k, f->id, (struct span){at.file, at.off + at.len, 0},
                                     "%s is not complete", f->what);
    if (item.p[0] != '<')
        diag_label(f->k->d, x, "`%.*s` is missing here", SLICE_ARG(item));
    else
        diag_label(f->k->d, x, "something is missing here");
}

/* The items of `pattern` against arguments from f->i on. False where it does not go on after that. */
static bool match(struct form *f, struct slice pattern)
{
    for (struct slice item = form_next_item(&pattern); item.len; item = form_next_item(&pattern)) {
        if (slice_eq(item, SLICE("="))) {
            form_value(f, form_next_item(&pattern), f->s->tail_expr);
        } else if (slice_eq(item, SLICE(":"))) {
            type_item(f, form_next_item(&pattern));
        } else if (f->i >= f->s->nargs) {
            missing(f, item);
            return false;
        } else {
            const struct ast_expr *e = f->s->args[f->i++];
            if (item.p[0] == '<')
                form_value(f, item, e);
            else if (!form_one_word(f, e, item))
                return false;
        }
    }
    return true;
}

/* ---- options ----------------------------------------------------------------------------------- */

/* What follows the option at argument f->i. */
static bool option_value(struct form *f, const char *arguments)
{
    const struct ast_expr *word = f->s->args[f->i++];
    const char *outer = f->what;
    f->what = arena_printf(f->k->a, "`%.*s`", SLICE_ARG(word->text)).p;
    bool good = match(f, slice_of(arguments));
    f->what = outer;
    return good;
}

static void unknown_option(struct form *f, const char *statement, const struct ast_expr *e)
{
    if (e->kind == AST_NAME && *statement)
        check_unknown_option(f->k, statement, IN_FILE, e->text, e->span);
    else if (e->kind != AST_ERROR)
        diag_label(f->k->d, check_misformed(f->k, f->id, e->span, "%s does not take this argument", f->what),
                   "not expected");
}

static void options(struct form *f, const char *statement)
{
    const char *arguments;
    bool later;
    while (f->i < f->s->nargs) {
        const struct ast_expr *e = f->s->args[f->i];
        if (e->kind != AST_NAME || !check_find_option(slice_of(statement), e->text, &arguments, &later)) {
            unknown_option(f, statement, e);
            return;
        }
        for (uint32_t j = 0; j < f->i; j++)
            if (f->s->args[j]->kind == AST_NAME && slice_eq(f->s->args[j]->text, e->text) &&
                check_find_option(slice_of(statement), e->text, &arguments, &later)) {
                check_twice(f->k, e->span, f->s->args[j]->span, "`%.*s` is given twice", SLICE_ARG(e->text));
                break;
            }
        if (!option_value(f, arguments))
            return;
    }
}

static struct form form_of(struct checker *k, enum statement_id id, const struct ast_stmt *s, uint32_t i)
{
    struct form f = {.k = k, .id = id, .s = s, .i = i};
    f.what = arena_printf(k->a, "`%.*s`", SLICE_ARG(s->word)).p;
    return f;
}

void check_options(struct checker *k, const char *statement, enum statement_id id, const struct ast_stmt *s,
                   uint32_t i)
{
    struct form f = form_of(k, id, s, i);
    options(&f, statement);
}

bool check_later_option(struct checker *k, const char *statement, const struct ast_stmt *s, uint32_t *i,
                        struct diag **told)
{
    const struct ast_expr *e = s->args[*i];
    const char *arguments;
    bool later;
    if (e->kind != AST_NAME || !check_find_option(slice_of(statement), e->text, &arguments, &later) || !later)
        return false;
    if (!*told)
        *told = check_later(k, e->span, "`%s %.*s`", statement, SLICE_ARG(e->text));
    else
        diag_secondary(k->d, *told, e->span, "nor this");
    struct form f = form_of(k, STATEMENT_NONE, s, *i);
    for (size_t id = 1; id < STATEMENT_COUNT && !f.id; id++)
        if (slice_eq(check_word_of((enum statement_id)id), s->word))
            f.id = (enum statement_id)id;
    k->later++;
    option_value(&f, arguments);
    k->later--;
    *i = f.i - 1;
    return true;
}

/* ---- statements -------------------------------------------------------------------------------- */

/* The row of `id` that begins as `s` does; NULL where none does, reported, or where it has none. */
static const struct row *find_row(struct form *f, bool *has)
{
    const struct row *first = NULL;
    struct slice words[WORDS_MAX], all = {0};
    uint32_t n = 0;
    *has = true;
    for (size_t i = 0; i < NROWS; i++) {
        if (rows[i].id != f->id)
            continue;
        if (n && all.p)
            all = arena_printf(f->k->a, "%.*s|", SLICE_ARG(all));
        struct slice rest = slice_of(rows[i].pattern), item = form_next_item(&rest);
        all = arena_printf(f->k->a, "%.*s%.*s", SLICE_ARG(all), SLICE_ARG(item));
        first = first ? first : &rows[i];
        n++;
        uint32_t m = item.len && item.p[0] != '<' ? form_split_words(item, words, WORDS_MAX) : 0;
        for (uint32_t j = 0; j < m; j++)
            if (f->s->nargs && f->s->args[0]->kind == AST_NAME && slice_eq(f->s->args[0]->text, words[j]))
                return &rows[i];
    }
    *has = n > 0;
    if (n <= 1 || !f->s->nargs)
        return first;
    form_one_word(f, f->s->args[0], all);
    return NULL;
}

bool check_form(struct checker *k, enum statement_id id, const struct ast_stmt *s, enum context context)
{
    struct form f = form_of(k, id, s, 0);
    bool has;
    if (id == STATEMENT_DRY_RUN) {
        check_dry_run(k, s, context);
        return true;
    }
    const struct row *row = find_row(&f, &has);
    if (!has)
        return false;
    uint32_t mark = k->present.n;
    enum phase outer = k->phase;
    if (id == STATEMENT_LEARN) /* from a response */
        k->phase = PHASE_RESPONSE;
    struct ir_expr *cond = s->cond ? check_condition(k, s->cond) : NULL;
    if (cond)
        check_assume(k, cond);
    if (row && match(&f, slice_of(row->pattern)))
        options(&f, row->options);
    check_forget(k, mark);
    k->phase = outer;
    if (!row)
        return true;
    if (s->block && row->block == IN_REPLY)
        check_reply_block(k, s->block, 429);
    else if (s->block && row->block)
        check_form_block(k, s->block, (enum context)row->block, slice_of(f.what),
                         s->nargs ? s->args[0]->span : s->word_span);
    return true;
}
