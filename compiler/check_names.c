/* Names: one space a file for all that is declared in it; other files' names by NAME.name; did-you-mean. */
#include "compiler/check_state.h"

const char *check_decl_text(enum decl_kind kind)
{
    static const char *const text[] = {
        [DECL_LET] = "a constant",
        [DECL_ACL] = "a condition (acl)",
        [DECL_MAP] = "a map",
        [DECL_LIST] = "a list",
        [DECL_CHECK] = "a check",
        [DECL_BACKEND] = "a backend",
        [DECL_FRONTEND] = "a frontend",
        [DECL_MODULE] = "an imported file",
        [DECL_TLS] = "a set of certificates (tls)",
        [DECL_LIMIT] = "a limit",
        [DECL_TABLE] = "a table",
        [DECL_ERRORS] = "a set of error pages (errors)",
        [DECL_LOG] = "a log",
        [DECL_RESOLVER] = "a resolver",
        [DECL_PEERS] = "a set of peers",
        [DECL_EXTERN] = "an external function",
    };
    return text[kind];
}

struct slice check_full_name(struct checker *k, const struct module *m, struct slice name)
{
    return m->prefix.len ? arena_printf(k->a, "%.*s%.*s", SLICE_ARG(m->prefix), SLICE_ARG(name)) : name;
}

/* ---- declaring --------------------------------------------------------------------------------- */

/* The kind of declaration that `s` is, or -1. */
static int declares(const struct ast_stmt *s)
{
    static const struct {
        struct slice word;
        enum decl_kind kind;
    } words[] = {
        {SLICE("map"), DECL_MAP},         {SLICE("list"), DECL_LIST},         {SLICE("check"), DECL_CHECK},
        {SLICE("backend"), DECL_BACKEND}, {SLICE("frontend"), DECL_FRONTEND}, {SLICE("tls"), DECL_TLS},
        {SLICE("limit"), DECL_LIMIT},     {SLICE("table"), DECL_TABLE},       {SLICE("errors"), DECL_ERRORS},
        {SLICE("log"), DECL_LOG},         {SLICE("resolver"), DECL_RESOLVER}, {SLICE("peers"), DECL_PEERS},
        {SLICE("extern"), DECL_EXTERN},
    };
    if (s->kind == AST_STMT_LET)
        return DECL_LET;
    if (s->kind == AST_STMT_ACL)
        return DECL_ACL;
    for (size_t i = 0; s->kind == AST_STMT_WORD && i < sizeof words / sizeof *words; i++)
        if (slice_eq(s->word, words[i].word))
            return (int)words[i].kind;
    return -1;
}

/* Names that expressions use must not hide fields. */
static void check_not_reserved(struct checker *k, const struct decl *d)
{
    bool in_expressions = d->kind == DECL_LET || d->kind == DECL_ACL || d->kind == DECL_MAP ||
                          d->kind == DECL_LIST || d->kind == DECL_MODULE || d->kind == DECL_TABLE ||
                          d->kind == DECL_EXTERN;
    if (!in_expressions || !check_reserved(d->name))
        return;
    struct diag *x =
        diag_report(k->d, DIAG_E0203, d->at, "`%.*s` is a name of the language itself", SLICE_ARG(d->name));
    diag_label(k->d, x, "a field begins with this word");
    diag_help(k->d, x, "choose another name");
}

static void add_name(struct checker *k, struct module *m, struct decl *d, uint32_t index)
{
    bool added;
    uint32_t first = *strmap_put(&m->names, k->a, d->name, index, &added);
    check_not_reserved(k, d);
    check_index_decl(k, d);
    if (added)
        return;
    const struct decl *other = m->decls.v[first];
    struct diag *x = diag_report(k->d, DIAG_E0203, d->at, "`%.*s` is declared twice", SLICE_ARG(d->name));
    diag_label(k->d, x, "declared again, as %s", check_decl_text(d->kind));
    diag_secondary(k->d, x, other->at, "first declared here, as %s", check_decl_text(other->kind));
    if (other->kind != d->kind)
        diag_note(k->d, x, "all names of a file share one space, whatever they name");
}

void check_declare(struct checker *k, struct module *m)
{
    k->m = m;
    for (uint32_t i = 0; i < m->decls.n; i++) /* imports are there */
        add_name(k, m, m->decls.v[i], i);
    for (uint32_t i = 0; i < m->ast->top->stmts.n; i++) {
        struct ast_stmt *s = m->ast->top->stmts.v[i];
        int kind = declares(s);
        if (kind < 0) {
            if (s->kind == AST_STMT_WORD && s->nargs && s->args[0]->kind == AST_NAME &&
                !check_is_known(s->word, IN_FILE))
                strmap_put(&k->lost, k->a, s->args[0]->text, 0, NULL);
            continue;
        }
        bool defines = s->kind != AST_STMT_WORD;
        if (!defines && (s->nargs == 0 || s->args[0]->kind != AST_NAME))
            continue; /* check_statement() reports it */
        struct decl *d = arena_new(k->a, struct decl);
        *d = (struct decl){.kind = (enum decl_kind)kind, .stmt = s, .module = m};
        d->name = defines ? s->word : s->args[0]->text;
        d->at = defines ? s->word_span : s->args[0]->span;
        d->tcp = (kind == DECL_BACKEND || kind == DECL_FRONTEND) && s->tail == AST_TAIL_TYPE &&
                 slice_eq(s->type->name, SLICE("tcp"));
        vec_add(k->a, &m->decls, d);
        add_name(k, m, d, m->decls.n - 1);
    }
}

/* ---- looking up -------------------------------------------------------------------------------- */

static struct decl *find(const struct module *m, struct slice name)
{
    const uint32_t *at = strmap_get(&m->names, name);
    return at ? m->decls.v[*at] : NULL;
}

/* The imported file that `e` (of NAME.name) begins with. */
static struct decl *module_of(struct checker *k, const struct ast_expr *e)
{
    if (e->kind != AST_MEMBER || e->args[0]->kind != AST_NAME)
        return NULL;
    struct decl *d = find(k->m, e->args[0]->text);
    return d && d->kind == DECL_MODULE ? d : NULL;
}

struct decl *check_lookup(struct checker *k, const struct ast_expr *e)
{
    if (e->kind == AST_NAME) {
        struct decl *d = find(k->m, e->text);
        check_index_use(k, e->span.file, e->text, d);
        return d;
    }
    struct decl *file = module_of(k, e);
    if (!file)
        return NULL;
    file->used = true;
    check_index_use(k, e->span.file, e->args[0]->text, file);
    struct decl *d = e->text.len && e->text.p[0] == '_' ? NULL : find(file->target, e->text);
    if (d && d->kind == DECL_MODULE)
        return NULL;
    check_index_use(k, e->span.file, e->text, d);
    return d;
}

void check_suggest(struct checker *k, struct diag *x, struct span at, struct slice word,
                   const struct slice *v, uint32_t n)
{
    struct slice near = diag_nearest(word, v, n);
    if (!near.p)
        return;
    diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
    diag_fix(x, FIX_MAYBE, at, near);
}

static void suggest_from(struct checker *k, struct diag *x, struct span at, struct slice word,
                         const struct module *m, unsigned kinds)
{
    VEC(struct slice) names = {0};
    for (uint32_t i = 0; i < m->decls.n; i++)
        if (kinds >> m->decls.v[i]->kind & 1 && (m == k->m || m->decls.v[i]->name.p[0] != '_'))
            vec_add(k->a, &names, m->decls.v[i]->name);
    struct slice near = diag_nearest(word, names.v, names.n);
    if (!near.p)
        return;
    check_suggest(k, x, at, word, &near, 1);
    diag_secondary(k->d, x, find(m, near)->at, "`%.*s` is declared here", SLICE_ARG(near));
}

void check_suggest_name(struct checker *k, struct diag *x, struct span at, struct slice word, unsigned kinds)
{
    suggest_from(k, x, at, word, k->m, kinds);
}

/* NAME.name where NAME is an imported file without such a name. */
static void report_in_module(struct checker *k, const struct ast_expr *e, const struct decl *file,
                             unsigned kinds, const char *what)
{
    const struct decl *hidden = find(file->target, e->text);
    struct diag *x = diag_report(k->d, DIAG_E0201, e->op_span, "no %s `%.*s` in `%.*s`", what,
                                 SLICE_ARG(e->text), SLICE_ARG(file->target->source->path));
    if (hidden && hidden->kind != DECL_MODULE) {
        diag_label(k->d, x, "private");
        diag_note(k->d, x, "names that begin with `_` are for their own file only");
    } else {
        suggest_from(k, x, e->op_span, e->text, file->target, kinds);
    }
}

bool check_is_lost(const struct checker *k, const struct ast_expr *e)
{
    while (e->kind == AST_MEMBER || e->kind == AST_INDEX || e->kind == AST_CALL)
        e = e->args[0];
    return e->kind == AST_NAME && strmap_get(&k->lost, e->text);
}

static void report_unknown(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what)
{
    const struct decl *file = module_of(k, e);
    if (k->incomplete || check_is_lost(k, e))
        return;
    if (file) {
        report_in_module(k, e, file, kinds, what);
    } else if (e->kind == AST_NAME) {
        struct diag *x = diag_report(k->d, DIAG_E0201, e->span, "no %s `%.*s`", what, SLICE_ARG(e->text));
        diag_label(k->d, x, "not declared");
        check_suggest_name(k, x, e->span, e->text, kinds);
    } else {
        const struct ast_expr *of = e->args[0];
        struct diag *x = diag_report(k->d, DIAG_E0201, of->span, "no imported file `%.*s`",
                                     of->kind == AST_NAME ? (int)of->text.len : 1,
                                     of->kind == AST_NAME ? of->text.p : "?");
        if (of->kind == AST_NAME)
            check_suggest_name(k, x, of->span, of->text, 1u << DECL_MODULE);
    }
}

struct decl *check_ref(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what)
{
    if (e->kind == AST_ERROR)
        return NULL;
    if (e->kind != AST_NAME && e->kind != AST_MEMBER) {
        struct diag *x = diag_report(k->d, DIAG_E0202, e->span, "the name of a %s is expected here", what);
        const uint32_t *at = e->kind == AST_STRING ? strmap_get(&k->m->names, e->text) : NULL;
        diag_label(k->d, x, "not a name");
        if (at && kinds >> k->m->decls.v[*at]->kind & 1) {
            diag_help(k->d, x, "names stand without quotes");
            diag_fix(x, FIX_SAFE, e->span, e->text);
        }
        return NULL;
    }
    struct decl *d = check_lookup(k, e);
    if (!d) {
        report_unknown(k, e, kinds, what);
        return NULL;
    }
    d->used = true;
    if (kinds >> d->kind & 1)
        return d;
    struct diag *x = diag_report(k->d, DIAG_E0202, e->span, "`%.*s` is %s; a %s is expected here",
                                 SLICE_ARG(d->name), check_decl_text(d->kind), what);
    diag_label(k->d, x, "not a %s", what);
    diag_secondary(k->d, x, d->at, "declared here");
    check_suggest_name(k, x, e->span, d->name, kinds);
    return NULL;
}
