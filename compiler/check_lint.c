/* Lints over the whole program: what is declared and never used, and servers that nobody checks. */
#include "compiler/check_state.h"

static void unused(struct checker *k, const struct decl *d)
{
    bool library = d->module != k->modules.v[0];
    if (d->used || d->kind == DECL_FRONTEND || d->kind == DECL_MODULE)
        return;
    if (library && d->name.p[0] != '_') /* others may use it */
        return;
    static const char *const text[] = {
        [DECL_LET] = "constant",      [DECL_ACL] = "condition", [DECL_MAP] = "map",
        [DECL_LIST] = "list",         [DECL_CHECK] = "check",   [DECL_BACKEND] = "backend",
        [DECL_FRONTEND] = "frontend", [DECL_MODULE] = "file",  [DECL_TLS] = "set of certificates",
        [DECL_LIMIT] = "limit",       [DECL_TABLE] = "table",  [DECL_ERRORS] = "set of error pages",
        [DECL_LOG] = "log",           [DECL_RESOLVER] = "resolver", [DECL_PEERS] = "set of peers",
        [DECL_EXTERN] = "external function",
    };
    struct diag *x =
        diag_report(k->d, DIAG_W0505, d->at, "%s `%.*s` is never used", text[d->kind], SLICE_ARG(d->name));
    diag_label(k->d, x, "unused");
}

static void unchecked(struct checker *k, const struct decl *d)
{
    if (d->kind != DECL_BACKEND || d->backend->servers.n < 2 || d->backend->check)
        return;
    struct diag *x = diag_report(k->d, DIAG_W0504, d->at, "`%.*s` has %u servers but no check",
                                 SLICE_ARG(d->name), d->backend->servers.n);
    diag_label(k->d, x, "a dead server keeps receiving requests");
    diag_help(k->d, x, "declare a check and name it here: `%s`", check_usage(STATEMENT_USE_CHECK));
}

void check_lints(struct checker *k)
{
    if (k->d->errors) /* what has an error may be what was to use it */
        return;
    for (uint32_t i = 0; i < k->modules.n; i++)
        for (uint32_t j = 0; j < k->modules.v[i]->decls.n; j++) {
            unused(k, k->modules.v[i]->decls.v[j]);
            unchecked(k, k->modules.v[i]->decls.v[j]);
        }
}
