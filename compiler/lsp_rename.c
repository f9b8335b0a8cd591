/* Renaming: all places of a name in all files of the program, data files included. An edit is offered only
 * after it was tried: the program with the new name must be as sound as before, and the name must stand in as
 * many places. */
#include "compiler/check.h"
#include "compiler/lsp.h"

/* Letters, digits and _, in words joined by -, as grammar/lexer.l has it. */
static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        bool letter = (c >= 'a' && c <= 'z') || c == '_', digit = c >= '0' && c <= '9';
        bool joins = c == '-' && i && i + 1 < s.len && s.p[i - 1] != '-';
        if (!letter && !(digit && i) && !joins)
            return false;
    }
    return s.len > 0;
}

static bool is_keyword(struct slice s)
{
    static const char *const words[] = {"acl",   "let",  "template", "when",     "if",          "else",
                                        "and",   "or",   "not",      "in",       "true",        "false",
                                        "under", "like", "matches",  "contains", "starts-with", "ends-with"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_eq(s, slice_of(words[i])))
            return true;
    return false;
}

static bool can_rename(const struct name_symbol *x)
{
    return x->parent == NAME_NONE || slice_eq(x->word, SLICE("server"));
}

/* The name at the position; NAME_NONE where there is none to rename, answered. */
static uint32_t subject(struct lsp *s, const struct lsp_message *m, struct lsp_analysis *a, struct span *at)
{
    uint32_t i = lsp_symbol_at(a, at);
    if (i != NAME_NONE && can_rename(&a->names.symbols.v[i]))
        return i;
    lsp_reply_error(s, m, LSP_REQUEST_FAILED, SLICE("this is not a name that the program declares"));
    return NAME_NONE;
}

void lsp_prepare_rename(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct span at;
    struct buf out = {0};
    if (!lsp_analyse(s, m, &a))
        return;
    uint32_t i = subject(s, m, &a, &at);
    if (i != NAME_NONE) {
        buf_str(&out, "{\"range\":");
        lsp_range(&a.lines, at.off, (size_t)at.off + at.len, &out);
        buf_str(&out, ",\"placeholder\":");
        buf_json(&out, a.names.symbols.v[i].name);
        buf_char(&out, '}');
        lsp_reply(s, m, &out);
    }
    buf_free(&out);
    lsp_analysis_end(&a);
}

/* ---- edits ------------------------------------------------------------------------------------- */

struct edit {
    struct span at;
    struct slice text;
};

struct edits {
    struct lsp_analysis *a;
    VEC(struct edit) v; /* sorted by place */
};

static void add_edit(struct edits *e, struct span at, struct slice text)
{
    struct arena *arena = &e->a->c.arena;
    vec_add(arena, &e->v, ((struct edit){at, text}));
    for (uint32_t i = e->v.n - 1; i > 0; i--) {
        struct edit *x = &e->v.v[i - 1], *y = &e->v.v[i];
        if (x->at.file < y->at.file || (x->at.file == y->at.file && x->at.off <= y->at.off))
            break;
        struct edit t = *x;
        *x = *y;
        *y = t;
    }
}

static void make_edits(struct edits *e, uint32_t symbol, struct slice name)
{
    struct arena *arena = &e->a->c.arena;
    const struct name_index *names = &e->a->names;
    const struct name_symbol *x = &names->symbols.v[symbol];
    for (uint32_t i = 0; i < names->uses.n; i++)
        if (names->uses.v[i].symbol == symbol)
            add_edit(e, names->uses.v[i].at, name);
    struct slice there = {e->a->c.sources.files.v[x->at.file]->text.p + x->at.off, x->at.len};
    if (slice_eq(there, x->name))
        add_edit(e, x->at, name);
    else /* an import without `as` */
        add_edit(e, (struct span){x->at.file, x->at.off + x->at.len, 0},
                 arena_printf(arena, " as %.*s", SLICE_ARG(name)));
}

static struct slice clean_path(struct lsp_analysis *a, uint32_t file)
{
    struct buf b = {0};
    lsp_path_clean(a->c.sources.files.v[file]->path, &b);
    struct slice path = arena_copy(&a->c.arena, buf_view(&b));
    buf_free(&b);
    return path;
}

/* The text of `file` with the edits in it. */
static struct slice edited(const struct edits *e, uint32_t file)
{
    struct slice text = e->a->c.sources.files.v[file]->text;
    struct buf b = {0};
    size_t at = 0;
    for (uint32_t i = 0; i < e->v.n; i++) {
        const struct edit *x = &e->v.v[i];
        if (x->at.file != file)
            continue;
        buf_add(&b, text.p + at, x->at.off - at);
        buf_slice(&b, x->text);
        at = (size_t)x->at.off + x->at.len;
    }
    buf_slice(&b, slice_from(text, at));
    struct slice out = arena_copy(&e->a->c.arena, buf_view(&b));
    buf_free(&b);
    return out;
}

/* ---- trying them ------------------------------------------------------------------------------- */

/* Of the name whose declaration begins at byte `off` of `file`. */
static uint32_t count_uses(const struct name_index *names, uint32_t file, struct slice name)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < names->uses.n; i++) {
        const struct name_symbol *x = &names->symbols.v[names->uses.v[i].symbol];
        n += x->at.file == file && slice_eq(x->name, name);
    }
    return n;
}

/* The first message of the new program that the old one did not have. */
static const struct diag *news(const struct diags *now, const struct diags *before)
{
    for (uint32_t i = 0; i < now->list.n; i++) {
        bool known = false;
        for (uint32_t k = 0; k < before->list.n; k++)
            known |= before->list.v[k]->code == now->list.v[i]->code &&
                     before->list.v[k]->primary.span.file == now->list.v[i]->primary.span.file;
        if (!known)
            return now->list.v[i];
    }
    return now->list.n ? now->list.v[0] : NULL;
}

/* Checks the program with the edits made. False where it suffers from them; `why` says how. */
static bool try_edits(struct lsp *s, struct edits *e, uint32_t symbol, struct slice name, struct buf *why)
{
    struct lsp_analysis *a = e->a;
    const struct name_symbol *x = &a->names.symbols.v[symbol];
    VEC(struct lsp_trial) trials = {0};
    for (uint32_t i = 0; i < e->v.n; i++)
        if (i == 0 || e->v.v[i].at.file != e->v.v[i - 1].at.file)
            vec_add(&a->c.arena, &trials,
                    ((struct lsp_trial){clean_path(a, e->v.v[i].at.file), edited(e, e->v.v[i].at.file)}));
    struct compilation c;
    struct name_index names = {0};
    lsp_compilation_begin(s, &c);
    c.names = &names;
    s->trials = trials.v;
    s->ntrials = trials.n;
    check_file(&c, a->root.p);
    s->trials = NULL;
    s->ntrials = 0;
    const struct diag *first = news(&c.diags, &a->c.diags);
    if ((c.diags.errors > a->c.diags.errors || c.diags.warnings > a->c.diags.warnings) && first)
        buf_slice(why, first->message);
    else if (x->parent == NAME_NONE &&
             count_uses(&names, x->at.file, name) != count_uses(&a->names, x->at.file, x->name))
        buf_printf(why, "`%.*s` would mean something else in some places", SLICE_ARG(name));
    compilation_end(&c);
    return why->len == 0;
}

/* Errors hide uses of names, but for parts of the language that are to come. */
static bool is_sound(const struct diags *d)
{
    uint32_t later = 0;
    for (uint32_t i = 0; i < d->list.n; i++)
        later += d->list.v[i]->code == DIAG_E0900;
    return d->errors == later;
}

static void put_edits(struct lsp *s, const struct edits *e, struct buf *out)
{
    struct lsp_analysis *a = e->a;
    buf_str(out, "{\"changes\":{");
    for (uint32_t i = 0; i < e->v.n; i++) {
        uint32_t file = e->v.v[i].at.file;
        struct lsp_lines lines;
        struct buf uri = {0};
        lsp_lines_make(&a->c.arena, a->c.sources.files.v[file]->text, s->utf8, &lines);
        lsp_uri(s, clean_path(a, file), &uri);
        buf_str(out, i ? "," : "");
        buf_json(out, buf_view(&uri));
        buf_str(out, ":[");
        for (bool first = true; i < e->v.n && e->v.v[i].at.file == file; i++, first = false) {
            struct span at = e->v.v[i].at;
            buf_str(out, first ? "{\"range\":" : ",{\"range\":");
            lsp_range(&lines, at.off, (size_t)at.off + at.len, out);
            buf_str(out, ",\"newText\":");
            buf_json(out, e->v.v[i].text);
            buf_char(out, '}');
        }
        i--;
        buf_char(out, ']');
        buf_free(&uri);
    }
    buf_str(out, "}}");
}

/* What speaks against the name, or NULL. */
static const char *objection(const struct lsp_analysis *a, const struct json *to)
{
    if (!to || to->kind != JSON_STRING || !is_name(to->text))
        return "a name is letters, digits and `_`, in words joined by `-`";
    if (is_keyword(to->text))
        return "this word belongs to the grammar";
    if (!is_sound(&a->c.diags))
        return "the program has errors: mend them first, so that no place of the name is missed";
    if (a->doc->roots.n > 1)
        return "several programs use this file, and a name can be changed in one only";
    return NULL;
}

void lsp_rename(struct lsp *s, const struct lsp_message *m)
{
    const struct json *to = json_member(json_member(m->json, "params"), "newName");
    struct lsp_analysis a;
    struct span at;
    struct buf out = {0}, why = {0};
    if (!lsp_analyse(s, m, &a))
        return;
    struct edits e = {.a = &a};
    uint32_t symbol = subject(s, m, &a, &at);
    const char *against = objection(&a, to);
    if (symbol != NAME_NONE && against) {
        lsp_reply_error(s, m, LSP_REQUEST_FAILED, slice_of(against));
    } else if (symbol != NAME_NONE) {
        bool same = slice_eq(to->text, a.names.symbols.v[symbol].name);
        if (!same)
            make_edits(&e, symbol, to->text);
        if (!same && !try_edits(s, &e, symbol, to->text, &why)) {
            lsp_reply_error(s, m, LSP_REQUEST_FAILED, buf_view(&why));
        } else {
            put_edits(s, &e, &out);
            lsp_reply(s, m, &out);
        }
    }
    buf_free(&out);
    buf_free(&why);
    lsp_analysis_end(&a);
}
