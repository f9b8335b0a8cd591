/* What the index of names answers: definitions, references and the outline of a file. */
#include "compiler/check.h"
#include "compiler/lsp.h"

/* ---- the program around a document ------------------------------------------------------------- */

bool lsp_analyse(struct lsp *s, const struct lsp_message *m, struct lsp_analysis *a)
{
    const struct json *params = json_member(m->json, "params"), *position = json_member(params, "position");
    struct lsp_doc *d = lsp_doc_by_uri(s, params);
    struct lsp_position at = {0, 0};
    if (!d) {
        lsp_reply_error(s, m, LSP_INVALID_PARAMS, SLICE("no such document is open"));
        return false;
    }
    if (position && !lsp_read_position(position, &at)) {
        lsp_reply_error(s, m, LSP_INVALID_PARAMS, SLICE("`position` is none"));
        return false;
    }
    *a = (struct lsp_analysis){.doc = d};
    lsp_compilation_begin(s, &a->c);
    a->c.names = &a->names;
    a->root = arena_copy(&a->c.arena, d->roots.n ? d->roots.v[0] : lsp_root_of(s, buf_view(&d->path)));
    if (a->root.len)
        check_file(&a->c, a->root.p);
    for (uint32_t i = 0; i < a->c.sources.files.n && !a->source; i++) {
        struct buf clean = {0};
        lsp_path_clean(a->c.sources.files.v[i]->path, &clean);
        if (slice_eq(buf_view(&clean), buf_view(&d->path)))
            a->source = a->c.sources.files.v[i];
        buf_free(&clean);
    }
    lsp_lines_make(&a->c.arena, buf_view(&d->text), s->utf8, &a->lines);
    a->offset = lsp_offset_of(&a->lines, at);
    return true;
}

void lsp_analysis_end(struct lsp_analysis *a)
{
    compilation_end(&a->c);
}

static bool holds(const struct lsp_analysis *a, struct span at)
{
    return a->source && at.file == a->source->id && at.off <= a->offset &&
           a->offset <= (size_t)at.off + at.len;
}

uint32_t lsp_symbol_at(const struct lsp_analysis *a, struct span *at)
{
    for (uint32_t i = 0; i < a->names.uses.n; i++)
        if (holds(a, a->names.uses.v[i].at)) {
            *at = a->names.uses.v[i].at;
            return a->names.uses.v[i].symbol;
        }
    for (uint32_t i = 0; i < a->names.symbols.n; i++)
        if (holds(a, a->names.symbols.v[i].at)) {
            *at = a->names.symbols.v[i].at;
            return i;
        }
    return NAME_NONE;
}

void lsp_location(struct lsp *s, struct lsp_analysis *a, struct span at, struct buf *out)
{
    struct source *src = a->c.sources.files.v[at.file];
    struct lsp_lines lines = a->lines;
    struct buf clean = {0}, uri = {0};
    lsp_path_clean(src->path, &clean);
    lsp_uri(s, buf_view(&clean), &uri);
    if (src != a->source)
        lsp_lines_make(&a->c.arena, src->text, s->utf8, &lines);
    buf_str(out, "{\"uri\":");
    buf_json(out, buf_view(&uri));
    buf_str(out, ",\"range\":");
    lsp_range(&lines, at.off, (size_t)at.off + at.len, out);
    buf_char(out, '}');
    buf_free(&clean);
    buf_free(&uri);
}

/* ---- going there ------------------------------------------------------------------------------- */

/* The declaration of a name, or the file that a text names. */
static bool find_definition(struct lsp_analysis *a, struct span *out)
{
    struct span at;
    for (uint32_t i = 0; i < a->names.files.n; i++)
        if (holds(a, a->names.files.v[i].at)) {
            *out = (struct span){a->names.files.v[i].source, 0, 0};
            return true;
        }
    uint32_t i = lsp_symbol_at(a, &at);
    if (i == NAME_NONE)
        return false;
    *out = a->names.symbols.v[i].at;
    return true;
}

void lsp_definition(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct buf out = {0};
    struct span at;
    if (!lsp_analyse(s, m, &a))
        return;
    if (find_definition(&a, &at))
        lsp_location(s, &a, at, &out);
    else
        buf_str(&out, "null");
    lsp_reply(s, m, &out);
    buf_free(&out);
    lsp_analysis_end(&a);
}

static void add_location(struct lsp *s, struct lsp_analysis *a, struct span at, struct buf *out)
{
    buf_str(out, out->len > 1 ? "," : "");
    lsp_location(s, a, at, out);
}

void lsp_references(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct buf out = {0};
    struct span at;
    const struct json *context = json_member(json_member(m->json, "params"), "context"),
                      *declaration = json_member(context, "includeDeclaration");
    if (!lsp_analyse(s, m, &a))
        return;
    uint32_t symbol = lsp_symbol_at(&a, &at);
    buf_char(&out, '[');
    if (symbol != NAME_NONE && declaration && declaration->num)
        add_location(s, &a, a.names.symbols.v[symbol].at, &out);
    for (uint32_t i = 0; i < a.names.uses.n; i++)
        if (a.names.uses.v[i].symbol == symbol)
            add_location(s, &a, a.names.uses.v[i].at, &out);
    buf_char(&out, ']');
    lsp_reply(s, m, &out);
    buf_free(&out);
    lsp_analysis_end(&a);
}

/* ---- outline ----------------------------------------------------------------------------------- */

/* SymbolKind of a declaring word. */
static int symbol_kind(struct slice word)
{
    static const struct {
        struct slice word;
        int kind;
    } kinds[] = {
        {SLICE("let"), 14},                          /* Constant */
        {SLICE("acl"), 17},                          /* Boolean */
        {SLICE("map"), 19},                          /* Object */
        {SLICE("list"), 18},                         /* Array */
        {SLICE("check"), 24},                        /* Event */
        {SLICE("backend"), 5},                       /* Class */
        {SLICE("frontend"), 11},                     /* Interface */
        {SLICE("import"), 2},                        /* Module */
        {SLICE("server"), 8},                        /* Field */
        {SLICE("on"), 12},                           /* Function */
        {SLICE("route"), 12},    {SLICE("test"), 6}, /* Method */
        {SLICE("template"), 26},                     /* TypeParameter */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_eq(kinds[i].word, word))
            return kinds[i].kind;
    return 23; /* Struct */
}

static void put_symbol(const struct lsp_analysis *a, uint32_t i, struct buf *out);

static void put_children(const struct lsp_analysis *a, uint32_t parent, struct buf *out)
{
    bool any = false;
    for (uint32_t i = parent == NAME_NONE ? 0 : parent + 1; i < a->names.symbols.n; i++) {
        const struct name_symbol *x = &a->names.symbols.v[i];
        if (parent != NAME_NONE && x->parent != parent)
            break; /* parts follow what they are parts of */
        if (x->parent != parent || x->whole.file != a->source->id)
            continue;
        buf_str(out, any ? "," : "");
        put_symbol(a, i, out);
        any = true;
    }
}

static void put_symbol(const struct lsp_analysis *a, uint32_t i, struct buf *out)
{
    const struct name_symbol *x = &a->names.symbols.v[i];
    buf_str(out, "{\"name\":");
    buf_json(out, x->name.len ? x->name : SLICE("?"));
    buf_str(out, ",\"detail\":");
    buf_json(out, x->word);
    buf_printf(out, ",\"kind\":%d,\"range\":", symbol_kind(x->word));
    lsp_range(&a->lines, x->whole.off, (size_t)x->whole.off + x->whole.len, out);
    buf_str(out, ",\"selectionRange\":");
    lsp_range(&a->lines, x->at.off, (size_t)x->at.off + x->at.len, out);
    if (x->parent == NAME_NONE) {
        buf_str(out, ",\"children\":[");
        put_children(a, i, out);
        buf_char(out, ']');
    }
    buf_char(out, '}');
}

void lsp_symbols(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct buf out = {0};
    if (!lsp_analyse(s, m, &a))
        return;
    buf_char(&out, '[');
    if (a.source)
        put_children(&a, NAME_NONE, &out);
    buf_char(&out, ']');
    lsp_reply(s, m, &out);
    buf_free(&out);
    lsp_analysis_end(&a);
}
