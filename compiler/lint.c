/* The list of lints, and their order. */
#include "compiler/lint.h"

struct span lint_span(struct checker *k, struct ir_pos pos, uint32_t len)
{
    struct source *src = k->c->sources.files.v[pos.file];
    uint32_t line, col;
    if (!src->line_starts.n)
        source_line_col(k->a, src, 0, &line, &col);
    return (struct span){pos.file, src->line_starts.v[pos.line - 1] + pos.col - 1, len};
}

struct span lint_expr_span(struct checker *k, const struct ir_expr *e)
{
    return lint_span(k, e->pos, e->len);
}

struct span lint_word_span(struct checker *k, struct ir_pos pos)
{
    struct span at = lint_span(k, pos, 0);
    struct slice text = k->c->sources.files.v[at.file]->text;
    while (at.off + at.len < text.len && !strchr(" \t\r\n;#{}", text.p[at.off + at.len]))
        at.len++;
    return at;
}

bool lint_silent(const struct checker *k)
{
    return k->c->no_lints || k->d->errors > 0 || k->incomplete || (k->inert && k->left_out.p);
}

void lint_test(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    if (lint_silent(k))
        return;
    lint_text_test(k, e, t);
    lint_regex(k, e, t);
    lint_header_test(k, e, t);
}

void lint_program(struct checker *k)
{
    if (lint_silent(k)) /* what has an error may be what was to use it */
        return;
    for (uint32_t i = 0; i < k->modules.n; i++)
        for (uint32_t j = 0; j < k->modules.v[i]->decls.n; j++) {
            const struct decl *d = k->modules.v[i]->decls.v[j];
            lint_object(k, d);
            lint_rows(k, d);
        }
    for (uint32_t i = 0; i < k->p->frontends.n; i++) {
        lint_rules(k, k->p->frontends.v[i]);
        lint_redirects(k, k->p->frontends.v[i]);
        lint_headers(k, k->p->frontends.v[i]);
    }
}
