/* @allow(CODE, reason: "…"): silences that lint for the next statement and all that stands in it. Looked at
 * before all else, so that diag_report() knows of it. */
#include "compiler/check_state.h"

static const struct {
    struct slice text;
    enum diag_code code;
} codes[] = {
#define DIAG(code, level, title) {SLICE(#code), DIAG_##code},
#include "grammar/diagnostics.def"
#undef DIAG
};
enum { NCODES = sizeof codes / sizeof *codes };

static void misformed(struct checker *k, struct span at)
{
    struct diag *x = diag_report(k->d, DIAG_E0211, at, "`@allow` takes the code of a lint");
    diag_label(k->d, x, "not a code");
    diag_help(k->d, x, "it is written `@allow(W0504, reason: \"TEXT\")`");
}

/* The lint that `e` names. False where it is none, reported. */
static bool lint(struct checker *k, const struct ast_expr *e, enum diag_code *code)
{
    struct slice lints[NCODES];
    uint32_t n = 0;
    if (e->kind != AST_NAME) {
        if (e->kind != AST_ERROR)
            misformed(k, e->span);
        return false;
    }
    for (size_t i = 0; i < NCODES; i++) {
        bool warning = codes[i].text.p[0] == 'W';
        if (warning)
            lints[n++] = codes[i].text;
        if (!slice_eq(codes[i].text, e->text))
            continue;
        *code = codes[i].code;
        if (!warning)
            diag_label(k->d,
                       diag_report(k->d, DIAG_E0202, e->span, "%.*s is an error; only lints can be allowed",
                                   SLICE_ARG(e->text)),
                       "not a lint");
        return warning;
    }
    struct diag *x = diag_report(k->d, DIAG_E0201, e->span, "no lint `%.*s`", SLICE_ARG(e->text));
    diag_label(k->d, x, "unknown");
    check_suggest(k, x, e->span, e->text, lints, n);
    return false;
}

static void allow(struct checker *k, const struct ast_stmt *s, const struct ast_stmt *next)
{
    bool any = false;
    struct slice reason;
    if (!next)
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0206, s->word_span, "`@allow` is about the statement after it"),
                   "there is none");
    for (uint32_t i = 0; i < s->nargs; i++) {
        enum diag_code code;
        const struct ast_expr *e = s->args[i];
        if (e->kind == AST_NAMED) {
            static const struct slice name = SLICE("reason");
            if (slice_eq(e->text, name)) {
                check_string(k, e->args[0], "the reason", &reason);
                continue;
            }
            struct span at = {e->span.file, e->span.off, (uint32_t)e->text.len};
            struct diag *x =
                diag_report(k->d, DIAG_E0210, at, "`@allow` has no option `%.*s`", SLICE_ARG(e->text));
            diag_label(k->d, x, "unknown");
            check_suggest(k, x, at, e->text, &name, 1);
            continue;
        }
        any = true;
        if (lint(k, e, &code) && next)
            diag_allow(k->d, code, next->span);
    }
    if (!any)
        misformed(k, s->word_span);
}

static void block(struct checker *k, const struct ast_block *b)
{
    for (uint32_t i = 0; b && i < b->stmts.n; i++) {
        const struct ast_stmt *s = b->stmts.v[i];
        if (s->kind == AST_STMT_ANNOTATION) {
            uint32_t j = i + 1;
            while (j < b->stmts.n && b->stmts.v[j]->kind == AST_STMT_ANNOTATION)
                j++;
            if (slice_eq(s->word, SLICE("allow")))
                allow(k, s, j < b->stmts.n ? b->stmts.v[j] : NULL);
            continue;
        }
        block(k, s->block);
        block(k, s->else_block);
        for (const struct ast_stmt *w = s->else_when; w; w = w->else_when) {
            block(k, w->block);
            block(k, w->else_block);
        }
    }
}

void check_allows(struct checker *k)
{
    for (uint32_t i = 0; i < k->modules.n; i++) {
        k->m = k->modules.v[i];
        block(k, k->m->ast->top);
    }
}
