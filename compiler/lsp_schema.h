/* The language's words for editors, from the tables in grammar/: what may be written where, and what it says.
 */
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
    LSP_TEST,  /* a word between two values; extra: how it is written */
    LSP_LOGIC, /* and, or, not, if … */
};

struct lsp_word {
    enum lsp_word_kind kind;
    bool later; /* part of the language, but not done by this version */
    struct slice text, of;
    uint64_t where; /* OPTION, FIELD: anywhere */
    unsigned parts;
    const char *extra, *doc;
    const char *id; /* of a statement or a field's phase, as the tables call it */
};

/* All words, in the order of the tables. */
extern const struct lsp_word lsp_words[];
extern const uint32_t lsp_nwords;

/* What a statement's arguments are, by grammar/forms.def. */
struct lsp_form {
    const char *id;
    struct slice pattern, options;
    uint64_t block;
};
extern const struct lsp_form lsp_forms[];
extern const uint32_t lsp_nforms;

/* The statement `word` of `context`, or NULL. */
const struct lsp_word *lsp_statement(uint64_t context, struct slice word);
/* Whether a field of that phase is there for rules of `context`. */
bool lsp_is_there(uint64_t context, const char *phase);

/* The context within the block that statement `word` opens in `context`; `kind` is what follows the word or
 * its colon: the phase of `on`, the protocol of `check`, the objects of `defaults`. 0: none that is known. */
uint64_t lsp_context_within(uint64_t context, struct slice word, struct slice kind);

#endif
