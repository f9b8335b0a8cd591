/* Fields of a request by fields.def: what is written for one, and what is nearly one. */
#include "compiler/check_state.h"

static const struct field {
    struct slice text;
    enum type_id type;
    bool optional, keyed;
} fields[IR_FIELD_COUNT] = {
#define FIELD(id, text, type, optional, keyed, doc)                                                          \
    [IR_FIELD_##id] = {SLICE(text), TYPE_##type, optional, keyed},
#include "grammar/fields.def"
#undef FIELD
};

static const struct slice later_fields[] = {
#define LATER_FIELD(text) SLICE(text),
#include "grammar/names.def"
};
static const struct slice response_fields[] = {
#define RESPONSE_FIELD(text) SLICE(text),
#include "grammar/names.def"
};
#define COUNT(v) ((uint32_t)(sizeof(v) / sizeof *(v)))

/* Whether `e`, of names and dots, is written as `text`. */
static bool written_as(const struct ast_expr *e, struct slice text)
{
    if (e->kind == AST_NAME)
        return slice_eq(e->text, text);
    return e->kind == AST_MEMBER && slice_ends(text, e->text) && text.len > e->text.len + 1 &&
           text.p[text.len - e->text.len - 1] == '.' &&
           written_as(e->args[0], (struct slice){text.p, text.len - e->text.len - 1});
}

/* Whether `e` or a beginning of it is written as `text`. */
static bool begins_as(const struct ast_expr *e, struct slice text)
{
    return written_as(e, text) || (e->kind == AST_MEMBER && begins_as(e->args[0], text));
}

static bool first_word_is(struct slice text, struct slice word)
{
    return slice_starts(text, word) && (text.len == word.len || text.p[word.len] == '.');
}

bool check_reserved(struct slice name)
{
    for (uint32_t i = 0; i < IR_FIELD_COUNT; i++)
        if (first_word_is(fields[i].text, name))
            return true;
    for (uint32_t i = 0; i < COUNT(later_fields); i++)
        if (first_word_is(later_fields[i], name))
            return true;
    for (uint32_t i = 0; i < COUNT(response_fields); i++)
        if (first_word_is(response_fields[i], name))
            return true;
    return false;
}

bool check_names_field(const struct ast_expr *e)
{
    while (e->kind == AST_MEMBER || e->kind == AST_INDEX)
        e = e->args[0];
    return e->kind == AST_NAME && check_reserved(e->text);
}

static struct typed unknown_field(struct checker *k, const struct ast_expr *e)
{
    struct slice text = check_source_text(k, e->span);
    for (uint32_t i = 0; i < COUNT(later_fields); i++)
        if (begins_as(e, later_fields[i])) {
            check_later(k, e->span, "`%.*s`", SLICE_ARG(text));
            return check_failed();
        }
    for (uint32_t i = 0; i < COUNT(response_fields); i++)
        if (begins_as(e, response_fields[i])) {
            struct diag *x = diag_report(k->d, DIAG_E0401, e->span, "`%.*s` does not exist in this phase",
                                         SLICE_ARG(text));
            diag_label(k->d, x, "there is no response yet");
            diag_note(k->d, x, "it is available from `on response` on");
            return check_failed();
        }
    struct diag *x = diag_report(k->d, DIAG_E0208, e->span, "there is no field `%.*s`", SLICE_ARG(text));
    diag_label(k->d, x, "unknown");
    check_suggest_field(k, x, e->span, text);
    return check_failed();
}

static const struct field *find_field(const struct ast_expr *e)
{
    for (uint32_t i = 0; i < IR_FIELD_COUNT; i++)
        if (written_as(e, fields[i].text))
            return &fields[i];
    return NULL;
}

/* text["key"]; the names of headers in lower case. */
static bool field_key(struct checker *k, const struct ast_expr *e, const struct field *f, struct slice *key)
{
    if (f != &fields[IR_FIELD_HEADER])
        return check_string(k, e, "the key of a field", key);
    if (!check_header_name(k, e, false, key))
        return false;
    char *p = arena_alloc(k->a, key->len + 1);
    for (size_t i = 0; i < key->len; i++)
        p[i] = ascii_lower(key->p[i]);
    *key = (struct slice){p, key->len};
    return true;
}

struct typed check_field(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *name = e->kind == AST_INDEX ? e->args[0] : e;
    const struct field *f = find_field(name);
    if (!f)
        return unknown_field(k, name);
    if (f->keyed != (e->kind == AST_INDEX)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0208, e->span, f->keyed ? "`%.*s` needs a key" : "`%.*s` has no keys",
                        SLICE_ARG(f->text));
        diag_label(k->d, x, f->keyed ? "which one?" : "one value");
        if (f->keyed)
            diag_help(k->d, x, "write `%.*s[\"NAME\"]`", SLICE_ARG(f->text));
        return check_failed();
    }
    struct slice key = {0};
    if (f->keyed && !field_key(k, e->args[1], f, &key))
        return check_failed();
    struct ir_expr *x = check_new(k, IR_FIELD, check_kind(f->type), 0, e->span);
    x->field = (uint8_t)(f - fields);
    x->optional = f->optional;
    x->str = key;
    return check_result(k, x, f->type);
}

void check_suggest_field(struct checker *k, struct diag *x, struct span at, struct slice text)
{
    struct slice names[IR_FIELD_COUNT];
    for (uint32_t i = 0; i < IR_FIELD_COUNT; i++)
        names[i] = fields[i].text;
    check_suggest(k, x, at, text, names, IR_FIELD_COUNT, true);
}
