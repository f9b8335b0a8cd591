/* Fields of a request by fields.def: what is written for one, and what is nearly one. */
#include "compiler/check_state.h"

/* Those of this version by enum ir_field; those that are to come after them. */
static const struct field {
    struct slice text;
    enum type_id type;
    bool optional, keyed;
    enum phase from;
} fields[] = {
#define FIELD(id, text, type, optional, keyed, phase, doc)                                                   \
    [IR_FIELD_##id] = {SLICE(text), TYPE_##type, optional, keyed, PHASE_##phase},
#include "grammar/fields.def"
#undef FIELD
#define FIELD(id, text, type, optional, keyed, phase, doc)
#define LATER_FIELD(text, type, optional, keyed, phase, doc)                                                 \
    {SLICE(text), TYPE_##type, optional, keyed, PHASE_##phase},
#include "grammar/fields.def"
#undef FIELD
};
enum { NFIELDS = sizeof fields / sizeof *fields };
_Static_assert(NFIELDS < UINT8_MAX, "fields are numbered in a byte");

/* Whether `e`, of names and dots, is written as `text`. */
static bool written_as(const struct ast_expr *e, struct slice text)
{
    if (e->kind == AST_NAME)
        return slice_eq(e->text, text);
    return e->kind == AST_MEMBER && slice_ends(text, e->text) && text.len > e->text.len + 1 &&
           text.p[text.len - e->text.len - 1] == '.' &&
           written_as(e->args[0], (struct slice){text.p, text.len - e->text.len - 1});
}

static bool first_word_is(struct slice text, struct slice word)
{
    return slice_starts(text, word) && (text.len == word.len || text.p[word.len] == '.');
}

bool check_reserved(struct slice name)
{
    for (uint32_t i = 0; i < NFIELDS; i++)
        if (first_word_is(fields[i].text, name))
            return true;
    return slice_eq(name, SLICE("var"));
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
    struct diag *x = diag_report(k->d, DIAG_E0208, e->span, "there is no field `%.*s`", SLICE_ARG(text));
    diag_label(k->d, x, "unknown");
    if (check_peer_word(k, x, PEER_NAME, text))
        return check_failed();
    for (uint32_t i = 0; i < NFIELDS; i++) /* req.path, request.host and the like */
        if (slice_ends(text, fields[i].text) && text.len > fields[i].text.len &&
            text.p[text.len - fields[i].text.len - 1] == '.') {
            diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(fields[i].text));
            diag_fix(x, FIX_MAYBE, e->span, fields[i].text);
            return check_failed();
        }
    check_suggest_field(k, x, e->span, text);
    return check_failed();
}

static const struct field *find_field(const struct ast_expr *e)
{
    for (uint32_t i = 0; i < NFIELDS; i++)
        if (written_as(e, fields[i].text))
            return &fields[i];
    return NULL;
}

bool check_is_field(const struct ast_expr *e)
{
    return find_field(e) != NULL;
}

/* text["key"]; the names of headers in lower case. */
static bool field_key(struct checker *k, const struct ast_expr *e, const struct field *f, struct slice *key)
{
    if (!slice_ends(f->text, SLICE(".header")) && !slice_ends(f->text, SLICE(".headers")))
        return check_string(k, e, "the key of a field", key);
    if (!check_header_name(k, e, false, key))
        return false;
    char *p = arena_alloc(k->a, key->len + 1);
    for (size_t i = 0; i < key->len; i++)
        p[i] = ascii_lower(key->p[i]);
    *key = (struct slice){p, key->len};
    return true;
}

bool check_is_status(const struct ast_expr *e)
{
    const struct field *f = find_field(e);
    return f && f->type == TYPE_STATUS;
}

void check_later_field(struct checker *k, struct span at, struct slice text)
{
    if (!slice_eq(text, k->later_field))
        check_later(k, at, "`%.*s`", SLICE_ARG(text));
    k->later_field = text;
}

struct typed check_field(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *name = e->kind == AST_INDEX ? e->args[0] : e;
    const struct field *f = find_field(name);
    if (!f && e->kind == AST_MEMBER && check_word(e->args[0], "var"))
        return check_var(k, e);
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
    if (!check_phase(k, e->span, f->text, f->from))
        return check_failed();
    if (f - fields >= IR_FIELD_COUNT)
        check_later_field(k, e->span, f->text);
    struct slice key = {0};
    if (f->keyed && !field_key(k, e->args[1], f, &key))
        return check_failed();
    struct ir_expr *x = check_new(k, IR_FIELD, check_kind(f->type), 0, e->span);
    x->field = (uint8_t)(f - fields);
    x->optional = f->optional;
    x->str = key;
    return check_result(k, x, f->type == TYPE_STATUS ? TYPE_INT : f->type);
}

void check_suggest_field(struct checker *k, struct diag *x, struct span at, struct slice text)
{
    struct slice names[NFIELDS];
    for (uint32_t i = 0; i < NFIELDS; i++)
        names[i] = fields[i].text;
    check_suggest(k, x, at, text, names, NFIELDS);
}
