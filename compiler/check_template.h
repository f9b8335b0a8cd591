/* What check_template.c and check_extend.c share. */
#ifndef WEIR_CHECK_TEMPLATE_H
#define WEIR_CHECK_TEMPLATE_H

#include "compiler/check_state.h"

/* What templates are for. */
struct template_subject {
    struct slice word;
    enum context use;
    enum decl_kind kind;
    enum statement_id statement;
    const char *many;
    bool later; /* E0900 */
};

/* What the template declared as `d` is for; NULL: checks. */
const struct template_subject *template_subject(const struct decl *d);
/* The same for declarations of that kind, which there must be templates for. */
const struct template_subject *template_subject_of(enum decl_kind kind);
/* The template that `e` (a name or a call) uses, for `uses`; NULL where reported. */
struct decl *template_ref(struct checker *k, const struct ast_expr *e, uint64_t uses);

/* ---- check_extend.c ---- */

struct ast_block *template_copy_block(struct checker *k, const struct bindings *b, const struct ast_block *from);
/* What stands after `extends`, at argument `i`: NULL where there is nothing or it was reported. */
const struct ast_expr *template_extends_of(struct checker *k, enum statement_id id, const struct ast_stmt *s, uint32_t i);
/* Gives `d` the statements of the templates that `extends` names. */
void template_extend_with(struct checker *k, struct decl *d, const struct ast_expr *extends, enum context use);

#endif
