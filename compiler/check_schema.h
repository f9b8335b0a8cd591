/* The tables of statements.def, settings.def and options.def, as the files about statements and settings read them. */
#ifndef WEIR_CHECK_SCHEMA_H
#define WEIR_CHECK_SCHEMA_H

#include "compiler/check_state.h"

struct statement {
    struct slice word;
    uint64_t contexts;
    unsigned parts;
    uint32_t min, max;
    const char *usage;
    bool later;
};

/* A word that is to come, and not looked into. */
struct later {
    struct slice word;
    uint64_t contexts;
    const char *doc;
};

struct setting {
    struct slice statement, word;
    uint64_t contexts;
    enum type_id type;
    int64_t fallback, min, max;
};

struct option {
    struct slice statement, word;
    const char *arguments;
    bool later;
};

enum {
    NLATER = 0
#define LATER(word, contexts, doc) +1
#include "grammar/statements.def"
    ,
    NOPTIONS = 0
#define OPTION(statement, word, arguments, doc)       +1
#define LATER_OPTION(statement, word, arguments, doc) +1
#include "grammar/options.def"
};

extern const struct statement schema_statements[STATEMENT_COUNT];
extern const struct later schema_laters[NLATER];
extern const struct setting schema_settings[SETTING_COUNT];
extern const struct option schema_options[NOPTIONS];

/* The word that is to come in one of `contexts`; NULL: there is none. */
const struct later *schema_later(struct slice word, uint64_t contexts);

#endif
