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
        [DECL_TEMPLATE] = "a template",
        [DECL_SPLIT] = "a split",
    };
    return text[kind];
}

struct slice check_full_name(struct checker *k, const struct module *m, struct slice name)
{
    return m->prefix.len ? arena_printf(k->a, "%.*s%.*s", SLICE_ARG(m->prefix), SLICE_ARG(name)) : name;
}

bool check_library_begin(struct checker *k, const struct module *m)
{
    bool library = m != k->modules.v[0];
    if (!k->inert)
        k->left_out = (struct slice){0};
    k->inert += library;
    return library;
}

void check_library_end(struct checker *k, bool began)
{
    k->inert -= began;
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
        {SLICE("extern"), DECL_EXTERN},   {SLICE("split"), DECL_SPLIT},
    };
    if (s->kind == AST_STMT_LET)
        return DECL_LET;
    if (s->kind == AST_STMT_ACL)
        return DECL_ACL;
    if (s->kind == AST_STMT_TEMPLATE)
        return DECL_TEMPLATE;
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

static struct slice told_key(const struct checker *k, struct slice name)
{
    return arena_printf(k->a, "%.*s %.*s", SLICE_ARG(k->m->path), SLICE_ARG(name));
}

static bool same_span(struct span a, struct span b)
{
    return a.file == b.file && a.off == b.off && a.len == b.len;
}

/* A template that is used twice comes to the same place again. */
static bool is_place_of(const struct diag *x, struct span at)
{
    bool there = same_span(x->primary.span, at);
    for (uint32_t i = 0; i < x->secondary.n; i++)
        there |= same_span(x->secondary.v[i].span, at);
    return there;
}

bool check_is_name_told(struct checker *k, struct slice name, struct span at)
{
    enum { PLACES_SHOWN = 5 };
    const uint32_t *i = strmap_get(&k->unknown, told_key(k, name));
    struct diag *x = i ? k->unknown_told.v[*i] : NULL;
    if (x && x->secondary.n < PLACES_SHOWN && !is_place_of(x, at))
        diag_secondary(k->d, x, at, "and here");
    return i != NULL;
}

void check_name_told(struct checker *k, struct slice name, struct diag *x)
{
    strmap_put(&k->unknown, k->a, told_key(k, name), k->unknown_told.n, NULL);
    vec_add(k->a, &k->unknown_told, x);
}

/* What a statement seems to declare that is misspelt or not done yet is reported there, and not where it is used. */
static void note_undeclared(struct checker *k, const struct ast_stmt *s)
{
    uint32_t at[] = {0, s->nargs - 1}; /* `bakend NAME`, `imprt "FILE" as NAME` */
    for (int i = 0; s->kind == AST_STMT_WORD && s->nargs && i < 2; i++)
        if (s->args[at[i]]->kind == AST_NAME)
            check_name_told(k, s->args[at[i]]->text, NULL);
}

void check_declare(struct checker *k, struct module *m)
{
    k->m = m;
    for (uint32_t i = 0; i < m->decls.n; i++) /* imports are there */
        add_name(k, m, m->decls.v[i], i);
    for (uint32_t i = 0; i < m->ast->top->stmts.n; i++) {
        struct ast_stmt *s = m->ast->top->stmts.v[i];
        int kind = declares(s);
        struct decl *made = kind < 0 ? check_proxy(k, m, s) : NULL;
        if (made) {
            vec_add(k->a, &m->decls, made);
            add_name(k, m, made, m->decls.n - 1);
            vec_add(k->a, &m->decls, made->twin);
        }
        if (kind < 0) {
            if (!made && check_statement_named(s->word, IN_FILE) == STATEMENT_NONE)
                note_undeclared(k, s);
            continue;
        }
        bool defines = s->kind != AST_STMT_WORD;
        if (!defines && s->nargs && s->args[0]->kind == AST_STRING)
            check_name_told(k, s->args[0]->text, NULL);
        if (!defines && (s->nargs == 0 || s->args[0]->kind != AST_NAME))
            continue; /* check_statement() reports it */
        struct decl *d = arena_new(k->a, struct decl);
        *d = (struct decl){.kind = (enum decl_kind)kind, .stmt = s, .module = m};
        d->name = defines ? s->word : s->args[0]->text;
        d->at = defines ? s->word_span : s->args[0]->span;
        bool speaks = kind == DECL_BACKEND || kind == DECL_FRONTEND;
        d->tcp = speaks && s->tail == AST_TAIL_TYPE && slice_eq(s->type->name, SLICE("tcp"));
        d->tcp |= speaks && s->nargs == 2 && check_word(s->args[1], "tcp"); /* the `:` is missing: reported */
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

/* The file whose names `e`, a name, means. */
static struct module *file_of(struct checker *k, const struct ast_expr *e)
{
    return e->bound ? (struct module *)(uintptr_t)e->bound->module : k->m;
}

/* The imported file that `e` (of NAME.name) begins with. */
static struct decl *module_of(struct checker *k, const struct ast_expr *e)
{
    if (e->kind != AST_MEMBER || e->args[0]->kind != AST_NAME || check_is_parameter(e->args[0]))
        return NULL;
    struct decl *d = find(file_of(k, e->args[0]), e->args[0]->text);
    return d && d->kind == DECL_MODULE ? d : NULL;
}

struct decl *check_lookup(struct checker *k, const struct ast_expr *e)
{
    while (check_is_parameter(e))
        e = e->bound->value;
    if (e->kind == AST_NAME) {
        struct decl *d = find(file_of(k, e), e->text);
        check_index_use(k, e->span.file, e->text, d);
        return d;
    }
    if (e->kind != AST_MEMBER)
        return NULL;
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
    bool sure;
    struct slice near = diag_nearest_sure(word, v, n, &sure);
    if (!near.p)
        return;
    diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
    diag_fix(x, sure && word.len >= 4 ? FIX_SAFE : FIX_MAYBE, at, near);
}

static void suggest_from(struct checker *k, struct diag *x, struct span at, struct slice word,
                         const struct module *m, unsigned kinds)
{
    enum { SUGGESTED_MAX = 200 }; /* each is looked for among all names */
    VEC(struct slice) names = {0};
    if (k->d->list.n > SUGGESTED_MAX)
        return;
    for (uint32_t i = 0; i < m->decls.n; i++)
        if (kinds >> m->decls.v[i]->kind & 1 && (m == k->m || m->decls.v[i]->name.p[0] != '_'))
            vec_add(k->a, &names, m->decls.v[i]->name);
    struct slice near = diag_nearest(word, names.v, names.n);
    if (!near.p)
        return;
    diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
    diag_fix(x, FIX_MAYBE, at, near);
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
    struct diag *x = diag_report(k->d, DIAG_E0201, ast_op_span(e), "no %s `%.*s` in `%.*s`", what,
                                 SLICE_ARG(e->text), SLICE_ARG(file->target->source->path));
    if (hidden && hidden->kind != DECL_MODULE) {
        diag_label(k->d, x, "private");
        diag_note(k->d, x, "names that begin with `_` are for their own file only");
    } else {
        suggest_from(k, x, ast_op_span(e), e->text, file->target, kinds);
    }
}

bool check_is_lost(const struct checker *k, const struct ast_expr *e)
{
    while (e->kind == AST_MEMBER || e->kind == AST_INDEX || e->kind == AST_CALL)
        e = e->args[0];
    const uint32_t *i = e->kind == AST_NAME ? strmap_get(&k->unknown, told_key(k, e->text)) : NULL;
    return i && !k->unknown_told.v[*i];
}

/* What is expected where a parameter stands. */
static void report_parameter(struct checker *k, const struct ast_expr *e, const char *what)
{
    struct diag *x = diag_report(k->d, DIAG_E0202, e->span, "`%.*s` is a parameter of type %.*s; a %s is expected here",
                                 SLICE_ARG(e->text), SLICE_ARG(e->bound->type->name), what);
    diag_label(k->d, x, "not a %s", what);
}

void check_suggest_quotes(struct checker *k, struct diag *x, struct span at, struct slice text)
{
    struct slice quoted = arena_printf(k->a, "\"%.*s\"", SLICE_ARG(text));
    diag_help(k->d, x, "a text stands in quotes: `%.*s`", SLICE_ARG(quoted));
    diag_fix(x, FIX_MAYBE, at, quoted);
}

static void report_unknown(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what)
{
    const struct decl *file = module_of(k, e);
    if (k->incomplete || check_is_lost(k, e) || check_is_unknown(e))
        return;
    struct module *m = k->m;
    const struct ast_expr *first = e->kind == AST_MEMBER ? e->args[0] : e;
    if (first->kind == AST_NAME)
        k->m = file_of(k, first);
    if (check_is_parameter(e)) {
        report_parameter(k, e, what);
    } else if (file) {
        report_in_module(k, e, file, kinds, what);
    } else if (e->kind == AST_NAME) {
        if (check_is_name_told(k, e->text, e->span))
            return;
        struct diag *x = diag_report(k->d, DIAG_E0201, e->span, "no %s `%.*s`", what, SLICE_ARG(e->text));
        check_name_told(k, e->text, x);
        diag_label(k->d, x, "not declared");
        check_suggest_name(k, x, e->span, e->text, kinds);
        if (kinds == 1u << DECL_LET && !x->has_fix && slice_contains(e->text, SLICE(".")))
            check_suggest_quotes(k, x, e->span, e->text);
    } else {
        const struct ast_expr *of = e;
        while (of->kind == AST_MEMBER)
            of = of->args[0];
        bool named = of->kind == AST_NAME, value = kinds & 1u << DECL_ACL;
        if (named && check_is_name_told(k, of->text, of->span))
            return;
        struct diag *x = diag_report(k->d, DIAG_E0201, of->span, "no %simported file `%.*s`", value ? "field or " : "",
                                     named ? (int)of->text.len : 1, named ? of->text.p : "?");
        diag_label(k->d, x, value ? "no field begins with this word" : "not declared");
        if (named)
            check_name_told(k, of->text, x);
        if (named)
            check_suggest_name(k, x, of->span, of->text, 1u << DECL_MODULE);
        if (value && !x->has_fix)
            check_suggest_field(k, x, e->span, check_source_text(k, e->span));
    }
    k->m = m;
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
    d->needed |= !k->inert;
    if (kinds >> d->kind & 1)
        return d;
    if (d->twin && kinds >> d->twin->kind & 1)
        return d->twin;
    struct diag *x = diag_report(k->d, DIAG_E0202, e->span, "`%.*s` is %s; a %s is expected here",
                                 SLICE_ARG(d->name), check_decl_text(d->kind), what);
    diag_label(k->d, x, "not a %s", what);
    diag_secondary(k->d, x, d->at, "declared here");
    check_suggest_name(k, x, e->span, d->name, kinds);
    return NULL;
}
