/* The tables of statements, settings and options: which words there are and where they belong; and the messages about
 * them that many share. */
#include "compiler/check_schema.h"

#include <stdarg.h>
#include <stdio.h>

const struct statement schema_statements[STATEMENT_COUNT] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                           \
    [STATEMENT_##id] = {SLICE(word), contexts, parts, min, max, usage, false},
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc)                                     \
    [STATEMENT_##id] = {SLICE(word), contexts, parts, min, max, usage, true},
#include "grammar/statements.def"
};

const struct later schema_laters[NLATER] = {
#define LATER(word, contexts, doc) {SLICE(word), contexts, doc},
#include "grammar/statements.def"
};

const struct setting schema_settings[SETTING_COUNT] = {
#define TYPE_WORD TYPE_ERROR
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc)                                \
    [SETTING_##id] = {SLICE(statement), SLICE(word), contexts, TYPE_##type, fallback, min, max},
#include "grammar/settings.def"
#undef SETTING
#undef TYPE_WORD
};

const struct option schema_options[NOPTIONS] = {
#define OPTION(statement, word, arguments, doc)       {SLICE(statement), SLICE(word), arguments, false},
#define LATER_OPTION(statement, word, arguments, doc) {SLICE(statement), SLICE(word), arguments, true},
#include "grammar/options.def"
};

static const struct {
    enum context context;
    const char *text;
} places[] = {
#define CONTEXT(id, name, text) {IN_##id, text},
#include "grammar/contexts.def"
#undef CONTEXT
};
enum { NPLACES = sizeof places / sizeof *places };

/* What is not said where the rest says enough: TCP where HTTP has it too, and blocks within other objects. */
static uint64_t main_places(uint64_t contexts)
{
    static const struct {
        uint64_t of, without;
    } pairs[] = {{IN_TCP_BACKEND, IN_BACKEND}, {IN_TCP_FRONTEND, IN_FRONTEND}, {IN_TCP_ROUTE, IN_ROUTE}};
    uint64_t outer = contexts & (IN_TLS - 1);
    contexts = outer ? outer : contexts;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (contexts & pairs[i].without)
            contexts &= ~pairs[i].of;
    return contexts;
}

struct slice check_places(struct arena *a, uint64_t contexts)
{
    struct slice s = {0};
    uint64_t left = main_places(contexts);
    for (size_t i = 0; i < NPLACES; i++) {
        if (!(left & places[i].context))
            continue;
        left &= ~(uint64_t)places[i].context;
        s = s.p ? arena_printf(a, "%.*s%s %s", SLICE_ARG(s), left ? "," : " or", places[i].text)
                : slice_of(places[i].text);
    }
    return s.p ? s : SLICE("elsewhere");
}

const struct later *schema_later(struct slice word, uint64_t contexts)
{
    for (size_t i = 0; i < NLATER; i++)
        if (schema_laters[i].contexts & contexts && slice_eq(schema_laters[i].word, word))
            return &schema_laters[i];
    return NULL;
}

const char *check_usage(enum statement_id id)
{
    return schema_statements[id].usage;
}

enum statement_id check_statement_named(struct slice word, enum context context)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (schema_statements[i].contexts & context && slice_eq(schema_statements[i].word, word))
            return (enum statement_id)i;
    return STATEMENT_NONE;
}

bool check_is_rule(struct slice word)
{
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (schema_statements[i].contexts & IN_RULES && slice_eq(schema_statements[i].word, word))
            return true;
    return false;
}

unsigned check_parts(enum statement_id id)
{
    return schema_statements[id].parts;
}

bool check_may_stand(enum statement_id id, enum context context)
{
    return (schema_statements[id].contexts & context) != 0;
}

struct slice check_word_of(enum statement_id id)
{
    return schema_statements[id].word;
}

struct diag *check_later(struct checker *k, struct span at, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (k->inert && !k->later && !k->left_out.p)
        k->left_out = arena_copy(k->a, slice_of(what));
    if (k->later || k->inert) /* what it is within was reported, or is where it is used */
        return arena_new(k->a, struct diag);
    struct diag *x =
        diag_report(k->d, DIAG_E0900, at, "%s: part of the language, but not done by this version", what);
    diag_label(k->d, x, "not done yet");
    return x;
}

void check_too_deep(struct checker *k, struct span at, const char *what, uint32_t max)
{
    if (!k->too_deep)
        diag_label(
            k->d, diag_report(k->d, DIAG_E0107, at, "%s are made of each other more than %u deep", what, max),
            "too deep");
    k->too_deep = true;
}

void check_twice(struct checker *k, struct span at, struct span first, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct diag *x = diag_report(k->d, DIAG_E0204, at, "%s", what);
    diag_label(k->d, x, "given again");
    diag_secondary(k->d, x, first, "first given here");
}

struct diag *check_misformed(struct checker *k, enum statement_id id, struct span at, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct diag *x = diag_report(k->d, DIAG_E0211, at, "%s", what);
    diag_help(k->d, x, "it is written `%s`", schema_statements[id].usage);
    return x;
}

uint64_t check_contexts(struct slice word, const struct ast_expr *first)
{
    uint64_t all = 0, of = 0;
    for (size_t i = 1; i < STATEMENT_COUNT; i++)
        if (slice_eq(schema_statements[i].word, word))
            all |= schema_statements[i].contexts;
    for (size_t i = 0; i < NLATER; i++)
        if (slice_eq(schema_laters[i].word, word))
            all |= schema_laters[i].contexts;
    for (size_t i = 0; i < SETTING_COUNT && first && first->kind == AST_NAME; i++)
        if (slice_eq(schema_settings[i].statement, word) && slice_eq(schema_settings[i].word, first->text))
            of |= schema_settings[i].contexts;
    return slice_eq(word, SLICE("timeout")) && of ? of : all;
}

bool check_find_option(struct slice statement, struct slice word, const char **arguments, bool *later)
{
    for (size_t i = 0; i < NOPTIONS; i++)
        if (slice_eq(schema_options[i].statement, statement) && slice_eq(schema_options[i].word, word)) {
            *arguments = schema_options[i].arguments;
            *later = schema_options[i].later;
            return true;
        }
    return false;
}

bool check_setting_is_for(enum setting_id id, enum context context)
{
    return schema_settings[id].contexts & context || context == IN_DEFAULTS;
}
