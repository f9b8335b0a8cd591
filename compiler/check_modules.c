/* Files of a program: reads the one that was asked for and what it imports, each once, and looks at
 * `language`. Files are found below the folder of the first one and nowhere else. */
#include "compiler/check_state.h"
#include "compiler/parse.h"
#include "compiler/stdconf.h"

#include <errno.h>

static struct slice folder_of(struct slice path)
{
    const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;
    return slash ? (struct slice){path.p, (size_t)(slash - path.p) + 1} : SLICE("");
}

static bool leaves_folder(struct slice name)
{
    if (name.len && name.p[0] == '/')
        return true;
    for (size_t i = 0; i + 1 < name.len; i++)
        if (name.p[i] == '.' && name.p[i + 1] == '.' && (i == 0 || name.p[i - 1] == '/') &&
            (i + 2 == name.len || name.p[i + 2] == '/'))
            return true;
    return false;
}

struct source *check_open(struct checker *k, const struct ast_expr *e, struct slice folder, struct slice name)
{
    if (memmem(name.p, name.len, "://", 3)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0004, e->span, "files come from this machine, not from an address");
        diag_help(k->d, x, "fetch the file first, so that what was checked is what is served");
        return NULL;
    }
    if (leaves_folder(name)) {
        struct diag *x = diag_report(k->d, DIAG_E0004, e->span,
                                     "`%.*s` leaves the folder of the configuration", SLICE_ARG(name));
        diag_note(k->d, x, "files are named relative to that folder, without `..` and without a leading `/`");
        diag_help(k->d, x, "copy or link the file below the folder of the configuration");
        return NULL;
    }
    int err = name.len ? 0 : ENOENT;
    struct slice path =
        arena_printf(k->a, "%.*s%.*s%.*s", SLICE_ARG(k->root), SLICE_ARG(folder), SLICE_ARG(name));
    struct source *src = err ? NULL : source_open(&k->c->sources, path, &err);
    if (!src) {
        struct diag *x = diag_report(k->d, DIAG_E0001, e->span, "`%.*s` cannot be read: %s", SLICE_ARG(path),
                                     strerror(err));
        diag_label(k->d, x, "named here");
    } else {
        check_index_file(k, e->span, src);
    }
    return src;
}

static struct span no_place(const struct source *src)
{
    return (struct span){src->id, 0, 0};
}

static void check_edition(struct checker *k, struct module *m)
{
    bool seen = false;
    struct span first = {0};
    for (uint32_t i = 0; i < m->ast->top->stmts.n; i++) {
        const struct ast_stmt *s = m->ast->top->stmts.v[i];
        if (s->kind != AST_STMT_WORD || !slice_eq(s->word, SLICE("language")))
            continue;
        if (seen)
            check_twice(k, s->word_span, first, "`language` is given twice");
        else if (i > 0)
            diag_label(
                k->d,
                diag_report(k->d, DIAG_E0003, s->word_span, "`language` is the first statement of a file"),
                "move it to the top");
        else if (s->nargs == 1 && s->args[0]->kind != AST_ERROR &&
                 (s->args[0]->kind != AST_INT || s->args[0]->num != 1)) {
            struct diag *x = diag_report(k->d, DIAG_E0003, s->args[0]->span,
                                         "this compiler knows edition 1 of the language");
            diag_label(k->d, x, "another edition");
            diag_fix(x, FIX_MAYBE, s->args[0]->span, SLICE("1"));
        }
        seen = true;
        first = s->word_span;
    }
    if (seen || k->incomplete || m != k->modules.v[0])
        return;
    struct slice language = SLICE("language");
    const struct ast_block *top = m->ast->top;
    if (top->stmts.n && top->stmts.v[0]->kind == AST_STMT_WORD && diag_nearest(top->stmts.v[0]->word, &language, 1).p)
        return; /* misspelt: check_statement() reports it */
    struct span at = no_place(m->source);
    at.off = slice_starts(m->source->text, SLICE("\xef\xbb\xbf")) ? 3 : 0;
    struct diag *x = diag_report(k->d, DIAG_E0003, at,
                                 "the file does not say which edition of the language it is written in");
    diag_help(k->d, x, "begin it with `language 1`");
    diag_fix(x, FIX_SAFE, at, SLICE("language 1\n\n"));
}

/* The name by which an import without `as` is used: the file's, without folder and extension. */
static struct slice base_name(struct slice path)
{
    struct slice s = slice_from(path, folder_of(path).len);
    const char *dot = s.len ? memrchr(s.p, '.', s.len) : NULL;
    return dot ? (struct slice){s.p, (size_t)(dot - s.p)} : s;
}

static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        bool letter = (c >= 'a' && c <= 'z') || c == '_', digit = c >= '0' && c <= '9';
        if (!letter && !(i && (digit || (c == '-' && i + 1 < s.len && s.p[i + 1] != '-'))))
            return false;
    }
    return s.len > 0;
}

static void read_module(struct checker *k, struct source *src, struct slice path, struct decl *as,
                        struct span at);

static struct module *find_module(struct checker *k, const struct source *src)
{
    for (uint32_t i = 0; i < k->modules.n; i++)
        if (k->modules.v[i]->source == src)
            return k->modules.v[i];
    return NULL;
}

/* The name that an import is given; reports what is no import. */
static bool import_name(struct checker *k, const struct ast_stmt *s, struct slice file, struct slice *name,
                        struct span *at)
{
    *name = base_name(file);
    *at = s->args[0]->span;
    if (s->nargs >= 2 && !check_word(s->args[1], "as")) {
        if (s->args[1]->kind == AST_NAME)
            check_unknown_option(k, "import", IN_FILE, s->args[1]->text, s->args[1]->span);
        else if (s->args[1]->kind != AST_ERROR)
            check_misformed(k, STATEMENT_IMPORT, s->args[1]->span, "`as` and a name may follow the file");
        return false;
    }
    if (s->nargs >= 2) {
        if (s->nargs != 3 || s->args[2]->kind != AST_NAME) {
            check_misformed(k, STATEMENT_IMPORT, s->args[s->nargs - 1]->span, "a name belongs after `as`");
            return false;
        }
        *name = s->args[2]->text;
        *at = s->args[2]->span;
    } else if (!is_name(*name)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0310, *at, "the name of this file is no name of the language");
        diag_help(k->d, x, "give it one: `import \"%.*s\" as NAME`", SLICE_ARG(file));
        return false;
    }
    return true;
}

/* How the circle goes: from `target`, which is being read, back to itself. */
static void report_circle(struct checker *k, const struct module *target, struct span at)
{
    struct diag *x =
        diag_report(k->d, DIAG_E0002, at, "`%.*s` imports itself%s", SLICE_ARG(target->source->path),
                    k->m == target ? "" : " through other files");
    diag_label(k->d, x, "imported again here");
    for (const struct module *m = k->m; m != target && m->as; m = m->as->module)
        diag_secondary(k->d, x, m->imported_at, "`%.*s` is imported here", SLICE_ARG(m->source->path));
}

/* A file of the standard library, which `weir` has in itself. */
static struct source *open_stdconf(struct checker *k, const struct ast_expr *e, struct slice file)
{
    struct slice text, names[STDCONF_MAX];
    for (uint32_t i = 0; i < k->c->sources.files.n; i++)
        if (slice_eq(k->c->sources.files.v[i]->path, file))
            return k->c->sources.files.v[i];
    if (stdconf_text(file, &text))
        return source_from_text(&k->c->sources, file, arena_copy(k->a, text));
    struct diag *x = diag_report(k->d, DIAG_E0001, e->span, "the standard library has no file `%.*s`", SLICE_ARG(file));
    diag_label(k->d, x, "named here");
    uint32_t n = stdconf_names(names);
    struct slice near = diag_nearest(file, names, n), all = names[0];
    for (uint32_t i = 1; i < n; i++)
        all = arena_printf(k->a, "%.*s, %.*s", SLICE_ARG(all), SLICE_ARG(names[i]));
    diag_note(k->d, x, "there are: %.*s", SLICE_ARG(all));
    if (near.p) {
        diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
        diag_fix(x, FIX_MAYBE, e->span, arena_printf(k->a, "\"%.*s\"", SLICE_ARG(near)));
    }
    return NULL;
}

static void read_import(struct checker *k, const struct ast_stmt *s)
{
    struct slice file, name;
    struct span at;
    const struct ast_expr *e = s->nargs ? s->args[0] : NULL;
    if (!e || e->kind == AST_ERROR)
        return; /* reported, or by check_statement() */
    if (e->kind != AST_STRING) {
        diag_label(
            k->d,
            check_misformed(k, STATEMENT_IMPORT, e->span, "the name of a file in quotes is expected here"),
            "not a text");
        return;
    }
    file = e->text;
    if (!import_name(k, s, file, &name, &at))
        return;
    if (k->modules.n >= MODULES_MAX) {
        diag_label(k->d, diag_report(k->d, DIAG_E0901, e->span, "more than %d files", MODULES_MAX),
                   "one too many");
        return;
    }
    struct source *src = stdconf_is(file) ? open_stdconf(k, e, file) : check_open(k, e, SLICE(""), file);
    if (!src)
        return;
    struct decl *d = arena_new(k->a, struct decl);
    *d = (struct decl){
        .kind = DECL_MODULE, .name = name, .at = at, .stmt = (struct ast_stmt *)(uintptr_t)s, .module = k->m};
    d->target = find_module(k, src);
    if (d->target && !d->target->ast)
        report_circle(k, d->target, e->span);
    if (!d->target) {
        struct module *importer = k->m;
        read_module(k, src, file, d, e->span);
        k->m = importer;
        d->target = find_module(k, src);
    }
    vec_add(k->a, &k->m->decls, d);
}

/* Names of a file that could not be imported are not reported where they are used. */
static void import(struct checker *k, const struct ast_stmt *s)
{
    uint32_t imported = k->m->decls.n;
    read_import(k, s);
    if (k->m->decls.n > imported)
        return;
    for (uint32_t i = 0; i < s->nargs; i++) {
        const struct ast_expr *e = s->args[i];
        if (e->kind == AST_NAME || e->kind == AST_STRING)
            check_name_told(k, e->kind == AST_STRING ? base_name(e->text) : e->text, NULL);
    }
}

static void read_module(struct checker *k, struct source *src, struct slice path, struct decl *as,
                        struct span at)
{
    struct module *m = arena_new(k->a, struct module);
    *m = (struct module){.source = src, .path = path, .folder = folder_of(path), .as = as, .imported_at = at};
    vec_add(k->a, &k->modules, m);
    uint32_t errors = k->d->errors;
    struct ast_file *ast = parse_source(k->c, src);
    k->incomplete |= k->d->errors > errors;
    k->m = m;
    for (uint32_t i = 0; i < ast->top->stmts.n; i++) {
        const struct ast_stmt *s = ast->top->stmts.v[i];
        if (s->kind == AST_STMT_WORD && slice_eq(s->word, SLICE("import")))
            import(k, s);
    }
    m->ast = ast;
    check_edition(k, m);
}

/* Names in plans are told apart by file: by the name of the import, or by the path where two files share
 * that. */
static void make_prefixes(struct checker *k)
{
    for (uint32_t i = 1; i < k->modules.n; i++) {
        struct module *m = k->modules.v[i];
        bool shared = false;
        for (uint32_t j = 1; j < k->modules.n; j++)
            shared |= j != i && slice_eq(k->modules.v[j]->as->name, m->as->name);
        struct slice name = shared ? m->path : m->as->name;
        m->prefix = arena_printf(k->a, "%.*s.", SLICE_ARG(name));
    }
}

bool check_read_modules(struct checker *k, const char *path)
{
    int err = 0;
    k->root = folder_of(slice_of(path));
    struct source *src = source_open(&k->c->sources, slice_of(path), &err);
    if (!src) {
        /* There is no text to point into: an empty one takes its place. */
        src = source_from_text(&k->c->sources, slice_of(path), SLICE(""));
        diag_report(k->d, DIAG_E0001, no_place(src), "`%s` cannot be read: %s", path, strerror(err));
        return false;
    }
    read_module(k, src, SLICE(""), NULL, no_place(src));
    make_prefixes(k);
    return true;
}
