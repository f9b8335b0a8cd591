/* What the files of check_form*.c share: a statement that is held against its pattern of forms.def. */
#ifndef WEIR_CHECK_FORM_H
#define WEIR_CHECK_FORM_H

#include "compiler/check_state.h"

/* A statement, and how far it has been looked at. */
struct form {
    struct checker *k;
    enum statement_id id;
    const struct ast_stmt *s;
    uint32_t i;            /* the next argument */
    const char *what;      /* `word`, for messages */
    const struct decl *of; /* the table or limit that was named */
};

enum { WORDS_MAX = 32 };

/* ---- check_form_value.c ---- */

/* The next item of a pattern, taken off `rest`; empty at the end. */
struct slice form_next_item(struct slice *rest);
/* The words of "a|b|c", at most `max`; returns how many. */
uint32_t form_split_words(struct slice s, struct slice *out, uint32_t max);
/* "a, b or c" */
struct slice form_listed(struct arena *a, const struct slice *words, uint32_t n);
/* Whether `e` is one of the words of `set`; reports where it is none. */
bool form_one_word(struct form *f, const struct ast_expr *e, struct slice set);
/* <kind> or <kind:detail> */
void form_split_kind(struct slice item, struct slice *kind, struct slice *detail);
/* Holds the argument `e` against the item <kind> or <kind:detail>. */
void form_value(struct form *f, struct slice item, const struct ast_expr *e);

/* ---- check_form.c ---- */

/* Whether a row of `id` begins with a name that must be one of its kind in the block. */
bool form_declares(enum statement_id id);

#endif
