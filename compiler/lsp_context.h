/* Where in a program a place of a text is, told from the words and brackets before it: for texts that are
 * being written, whose tree is not there or wrong. */
#ifndef WEIR_LSP_CONTEXT_H
#define WEIR_LSP_CONTEXT_H

#include "compiler/lsp_schema.h"

enum { LSP_TOKENS_MAX = 64 };

struct lsp_token {
    struct slice text; /* a word, a literal, or one sign */
    bool is_word;
    uint32_t depth; /* brackets of the statement that are open around it */
};

struct lsp_context {
    uint64_t context;   /* the enum context of the statement; 0: none that is known */
    struct slice block; /* the word of the statement whose block this is */
    bool in_comment, in_string;
    bool in_interpolation; /* within ${ } of a string: an expression, whatever the statement */
    uint32_t depth;        /* brackets of the statement that are open */
    /* The statement up to the place; of a long one its beginning and its end. */
    struct lsp_token tokens[LSP_TOKENS_MAX];
    uint32_t ntokens;
    size_t partial; /* where the word that ends at the place begins, dots included: req.he; the place where
                       there is none */
};

void lsp_context_at(struct slice text, size_t place, struct lsp_context *out);
/* Whether `w` is an option of the statement, or of it with its first argument, as `persist cookie` has its
 * own. */
bool lsp_is_option_of(const struct lsp_word *w, const struct lsp_context *c);
/* The end of the word, dots included, that stands at `place`. */
size_t lsp_word_end(struct slice text, size_t place);

#endif
