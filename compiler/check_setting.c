/* Settings and options by their tables: values, and words that are none. */
#include "compiler/check_schema.h"
#include "compiler/lint.h"

void check_unknown_option(struct checker *k, const char *statement, enum context context, struct slice word,
                          struct span at)
{
    struct slice words[NOPTIONS + SETTING_COUNT];
    uint32_t n = 0;
    uint64_t elsewhere = 0;
    for (size_t i = 0; i < NOPTIONS; i++) {
        if (!slice_eq(schema_options[i].statement, slice_of(statement)))
            continue;
        if (schema_options[i].later && slice_eq(schema_options[i].word, word)) {
            check_later(k, at, "`%s %.*s`", statement, SLICE_ARG(word));
            return;
        }
        words[n++] = schema_options[i].word;
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!slice_eq(schema_settings[i].statement, slice_of(statement)) || !schema_settings[i].word.len)
            continue;
        if (slice_eq(schema_settings[i].word, word))
            elsewhere |= schema_settings[i].contexts;
        else if (check_setting_is_for((enum setting_id)i, context))
            words[n++] = schema_settings[i].word;
    }
    struct diag *x = diag_report(k->d, DIAG_E0210, at, "`%s` has no option `%.*s`%s", statement,
                                 SLICE_ARG(word), elsewhere ? " here" : "");
    if (elsewhere) {
        struct slice there = check_places(k->a, elsewhere);
        diag_label(k->d, x, "it belongs %.*s", SLICE_ARG(there));
        return;
    }
    diag_label(k->d, x, "unknown");
    if (check_peer_word(k, x, PEER_OPTION, word))
        return;
    check_suggest(k, x, at, word, words, n);
    if (!x->has_fix && n) {
        struct slice all = words[0];
        for (uint32_t i = 1; i < n; i++)
            all = arena_printf(k->a, "%.*s, %.*s", SLICE_ARG(all), SLICE_ARG(words[i]));
        diag_note(k->d, x, "there are: %.*s", SLICE_ARG(all));
    }
}

void check_set(struct checker *k, struct settings *to, enum setting_id id, int64_t value, struct span at)
{
    if (to->v[id].at.len) {
        check_twice(k, at, to->v[id].at, "`%.*s%s%.*s` is given twice", SLICE_ARG(schema_settings[id].statement),
                    schema_settings[id].word.len ? " " : "", SLICE_ARG(schema_settings[id].word));
        return;
    }
    to->v[id].value = value;
    to->v[id].at = at;
    lint_setting(k, id, value, at);
}

bool check_setting(struct checker *k, const char *statement, struct slice word, struct span word_at,
                   const struct ast_expr *e, enum context context, struct settings *to)
{
    bool found = false, read = false;
    int64_t value = 0;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *d = &schema_settings[i];
        if (!slice_eq(d->statement, slice_of(statement)) || !slice_eq(d->word, word) ||
            !check_setting_is_for((enum setting_id)i, context))
            continue;
        struct slice name = word.len ? arena_printf(k->a, "`%s %.*s`", statement, SLICE_ARG(word))
                                     : arena_printf(k->a, "`%s`", statement);
        /* `timeout idle` in defaults is two settings of one value. */
        if (!found)
            read = d->type == TYPE_DURATION ? check_milliseconds(k, e, name.p, d->min, d->max, &value)
                   : d->type == TYPE_SIZE   ? check_size(k, e, name.p, &value)
                                            : check_int(k, e, name.p, d->min, d->max, &value);
        found = true;
        if (read)
            check_set(k, to, (enum setting_id)i, value, word_at);
    }
    return found;
}

int64_t check_get(const struct settings *own, const struct settings *defaults, enum setting_id id)
{
    return own->v[id].at.len        ? own->v[id].value
           : defaults->v[id].at.len ? defaults->v[id].value
                                    : schema_settings[id].fallback;
}
