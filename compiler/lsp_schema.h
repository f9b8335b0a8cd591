/* The language's words for editors, from the tables in grammar/: what may be written where, and what it says. */
#ifndef WEIR_LSP_SCHEMA_H
#define WEIR_LSP_SCHEMA_H

#include "compiler/schema.h"
#include "runtime/base/slice.h"

enum lsp_word_kind {
    LSP_STATEMENT, /* where: contexts; extra: how it is written */
    LSP_OPTION,    /* of: the statement; extra: what follows it */
    LSP_SETTING,   /* of: the statement; where: contexts; extra: its type */
    LSP_FIELD,     /* extra: its type, "?" behind it where it may be absent */
    LSP_KEYED_FIELD,
    LSP_CONVERTER, /* of: the type that it takes; extra: arguments and the type that it gives */
    LSP_KEY_TYPE,  /* extra: how it is looked up */
    LSP_TYPE,
    LSP_TEST,      /* a word between two values; extra: how it is written */
    LSP_LOGIC,     /* and, or, not, if … */
};

struct lsp_word {
    enum lsp_word_kind kind;
    struct slice text, of;
    unsigned where, parts;
    const char *extra, *doc;
};

/* All words, in the order of the tables. */
extern const struct lsp_word lsp_words[];
extern const uint32_t lsp_nwords;

/* The context within the block that statement `word` opens in `context`; `kind` is what follows the word or its colon: the
 * phase of `on`, the protocol of `check`, the objects of `defaults`. 0: none that is known. */
unsigned lsp_context_within(unsigned context, struct slice word, struct slice kind);

#endif
