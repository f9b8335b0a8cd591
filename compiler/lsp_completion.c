/* Completion: what could stand at a place, by the statement around it. Words come from the tables of the
 * language, names from the program. The editor narrows the list by what is typed. */
#include "compiler/lsp.h"
#include "compiler/lsp_context.h"

enum want {
    WANT_STATEMENT = 1 << 0,
    WANT_OPTION = 1 << 1, /* of the statement: its options and settings */
    WANT_VALUE = 1 << 2,  /* fields, constants, conditions, maps by key */
    WANT_TEST = 1 << 3,   /* what may follow a value in a condition */
    WANT_IF = 1 << 4,
    WANT_SET = 1 << 5, /* what `in` asks */
    WANT_CONVERTER = 1 << 6,
    WANT_TYPE = 1 << 7,
    WANT_KEY_TYPE = 1 << 8,
    WANT_VALUE_TYPE = 1 << 9,
    WANT_BACKEND = 1 << 10,
    WANT_OWN = 1 << 11, /* names that the statement's own word declares: `check alive` */
    WANT_PROTOCOL = 1 << 12,
    WANT_HEADER = 1 << 13,  /* what `set` changes */
    WANT_OBJECT = 1 << 14,  /* what `defaults` are for */
    WANT_SUBJECT = 1 << 15, /* what `expect` looks at */
    WANT_ROW = 1 << 16,     /* the value of a row of a map */
    WANT_NAMED = 1 << 17,   /* names that the statement list.names declares */
};

struct list {
    struct lsp *s;
    struct lsp_analysis *a;
    struct lsp_context c;
    struct slice names; /* WANT_NAMED: the statement that declares them */
    size_t segment;     /* where the last part of the word behind dots begins */
    struct buf *out;
    bool any;
};

/* CompletionItemKind */
enum item_kind {
    ITEM_FUNCTION = 3,
    ITEM_FIELD = 5,
    ITEM_VARIABLE = 6,
    ITEM_MODULE = 9,
    ITEM_PROPERTY = 10,
    ITEM_ENUM = 13,
    ITEM_KEYWORD = 14,
    ITEM_REFERENCE = 18,
    ITEM_CONSTANT = 21,
    ITEM_OPERATOR = 24,
    ITEM_TYPE = 25,
};

/* ---- items ------------------------------------------------------------------------------------- */

/* `key`: the text goes on with ["…"]. */
static void add(struct list *l, struct slice label, enum item_kind kind, struct slice detail,
                struct slice doc, bool key)
{
    struct buf *out = l->out, text = {0};
    buf_slice(&text, label);
    if (key)
        buf_str(&text, l->s->snippets ? "[\"${1:NAME}\"]" : "[\"\"]");
    buf_str(out, l->any ? ",{\"label\":" : "{\"label\":");
    buf_json(out, label);
    buf_printf(out, ",\"kind\":%d,\"detail\":", kind);
    buf_json(out, detail);
    if (doc.len) {
        buf_str(out, ",\"documentation\":");
        buf_json(out, doc);
    }
    if (key && l->s->snippets)
        buf_str(out, ",\"insertTextFormat\":2");
    buf_str(out, ",\"textEdit\":{\"range\":");
    lsp_range(&l->a->lines, l->segment, l->a->offset, out);
    buf_str(out, ",\"newText\":");
    buf_json(out, buf_view(&text));
    buf_str(out, "}}");
    l->any = true;
    buf_free(&text);
}

static void add_text(struct list *l, const char *label, enum item_kind kind, const char *detail)
{
    add(l, slice_of(label), kind, slice_of(detail), SLICE(""), false);
}

static struct slice lower_type(struct list *l, const struct lsp_word *w)
{
    char *p = arena_alloc(&l->a->c.arena, w->of.len + 1);
    for (size_t i = 0; i < w->of.len; i++)
        p[i] = w->of.p[i] == '_' ? '-' : ascii_lower(w->of.p[i]);
    return arena_printf(&l->a->c.arena, "%.*s%s", (int)w->of.len, p, w->extra);
}

/* ---- words of the language --------------------------------------------------------------------- */

/* A field goes in whole, or behind dots that are there already. */
static void add_field(struct list *l, const struct lsp_word *w)
{
    struct slice label = w->text, before = {l->a->lines.text.p + l->c.partial, l->segment - l->c.partial};
    if (!slice_starts(label, before) || w->later || !lsp_is_there(l->c.context, w->id))
        return;
    add(l, slice_from(label, before.len), ITEM_FIELD, lower_type(l, w), slice_of(w->doc),
        w->kind == LSP_KEYED_FIELD);
}

static struct slice statement(const struct list *l)
{
    return l->c.ntokens ? l->c.tokens[0].text : SLICE("");
}

static bool fits(const struct list *l, const struct lsp_word *w, unsigned wants)
{
    if (w->later)
        return false;
    switch (w->kind) {
    case LSP_STATEMENT:
        return wants & WANT_STATEMENT && w->where & l->c.context;
    case LSP_OPTION:
        return wants & WANT_OPTION && lsp_is_option_of(w, &l->c);
    case LSP_SETTING:
        return wants & WANT_OPTION && w->text.len && slice_eq(w->of, statement(l)) && w->where & l->c.context;
    case LSP_CONVERTER:
        return wants & WANT_CONVERTER;
    case LSP_KEY_TYPE:
        return wants & WANT_KEY_TYPE;
    case LSP_TYPE:
        return wants & WANT_TYPE && !slice_eq(w->text, SLICE("error"));
    case LSP_TEST:
        return wants & WANT_TEST;
    case LSP_LOGIC:
        if (slice_eq(w->text, SLICE("if")))
            return wants & WANT_IF;
        if (slice_eq(w->text, SLICE("and")) || slice_eq(w->text, SLICE("or")))
            return wants & WANT_TEST;
        return wants & WANT_VALUE;
    case LSP_FIELD:
    case LSP_KEYED_FIELD:
        break;
    }
    return false;
}

static enum item_kind item_kind(enum lsp_word_kind kind)
{
    switch (kind) {
    case LSP_STATEMENT:
    case LSP_LOGIC:
        return ITEM_KEYWORD;
    case LSP_OPTION:
    case LSP_SETTING:
        return ITEM_PROPERTY;
    case LSP_FIELD:
    case LSP_KEYED_FIELD:
        return ITEM_FIELD;
    case LSP_CONVERTER:
        return ITEM_FUNCTION;
    case LSP_KEY_TYPE:
    case LSP_TYPE:
        return ITEM_TYPE;
    case LSP_TEST:
        return ITEM_OPERATOR;
    }
    return ITEM_KEYWORD;
}

/* One word may stand in the tables more than once, as `expect` of two kinds of checks does. */
static bool came_before(const struct list *l, const struct lsp_word *w, unsigned wants)
{
    for (const struct lsp_word *x = lsp_words; x < w; x++)
        if (slice_eq(x->text, w->text) && fits(l, x, wants))
            return true;
    return false;
}

static void add_words(struct list *l, unsigned wants)
{
    for (uint32_t i = 0; i < lsp_nwords; i++) {
        const struct lsp_word *w = &lsp_words[i];
        bool field = w->kind == LSP_FIELD || w->kind == LSP_KEYED_FIELD;
        if (field && (wants & WANT_VALUE || (wants & WANT_HEADER && slice_eq(w->text, SLICE("req.header")))))
            add_field(l, w);
        if (field || !fits(l, w, wants) || came_before(l, w, wants) || l->segment != l->c.partial)
            continue;
        struct slice detail = w->kind == LSP_CONVERTER
                                  ? arena_printf(&l->a->c.arena, "%.*s%s", SLICE_ARG(w->of), w->extra)
                                  : slice_of(w->extra);
        add(l, w->text, item_kind(w->kind), detail, slice_of(w->doc), false);
    }
}

/* ---- names of the program ---------------------------------------------------------------------- */

static bool names_fit(const struct list *l, const struct name_symbol *x, unsigned wants)
{
    static const struct {
        const char *word;
        unsigned wants;
    } kinds[] = {
        {"backend", WANT_BACKEND | WANT_ROW},
        {"split", WANT_BACKEND},
        {"map", WANT_BACKEND | WANT_VALUE | WANT_SET},
        {"list", WANT_SET},
        {"let", WANT_VALUE | WANT_SET | WANT_ROW},
        {"acl", WANT_VALUE},
        {"import", WANT_BACKEND | WANT_VALUE | WANT_SET | WANT_OWN | WANT_ROW | WANT_NAMED},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_eq(x->word, slice_of(kinds[i].word)) && kinds[i].wants & wants)
            return true;
    if (wants & WANT_NAMED && slice_eq(x->word, l->names))
        return true;
    return wants & WANT_OWN && slice_eq(x->word, statement(l));
}

/* The source whose names count: the document's, or that of the imported file before the dot. */
static uint32_t names_of(const struct list *l)
{
    if (!l->a->source)
        return NAME_NONE;
    if (l->segment == l->c.partial)
        return l->a->source->id;
    struct slice file = {l->a->lines.text.p + l->c.partial, l->segment - l->c.partial - 1};
    for (uint32_t i = 0; i < l->a->names.symbols.n; i++) {
        const struct name_symbol *x = &l->a->names.symbols.v[i];
        if (x->at.file == l->a->source->id && x->target != NAME_NONE && slice_eq(x->name, file))
            return x->target;
    }
    return NAME_NONE;
}

static void add_names(struct list *l, unsigned wants)
{
    uint32_t file = names_of(l);
    bool imported = l->segment != l->c.partial;
    for (uint32_t i = 0; i < l->a->names.symbols.n; i++) {
        const struct name_symbol *x = &l->a->names.symbols.v[i];
        bool hidden = imported && (x->target != NAME_NONE || (x->name.len && x->name.p[0] == '_'));
        if (x->at.file != file || x->parent != NAME_NONE || hidden || !names_fit(l, x, wants))
            continue;
        enum item_kind kind = x->target != NAME_NONE            ? ITEM_MODULE
                              : slice_eq(x->word, SLICE("let")) ? ITEM_CONSTANT
                              : slice_eq(x->word, SLICE("acl")) ? ITEM_VARIABLE
                                                                : ITEM_REFERENCE;
        add(l, x->name, kind, x->word, SLICE(""), false);
    }
}

/* ---- what the place wants ---------------------------------------------------------------------- */

static bool is_sign(struct slice s, const char *const *signs)
{
    for (; *signs; signs++)
        if (slice_eq(s, slice_of(*signs)))
            return true;
    return false;
}

/* Behind these, a value or condition begins. */
static bool begins_value(struct slice s)
{
    static const char *const words[] = {
        "if",        "when", "and", "or", "not", "=",     "==",   "!=",      "<",        ">",
        "<=",        ">=",   "(",   "[",  ",",   "under", "like", "matches", "contains", "starts-with",
        "ends-with", "+",    "-",   "*",  "/",   "%",     "${",   NULL};
    return is_sign(s, words);
}

/* The first of `sign` outside brackets, or NULL. */
static const struct lsp_token *find(const struct lsp_context *c, const char *sign)
{
    for (uint32_t i = 0; i < c->ntokens; i++)
        if (!c->tokens[i].depth && slice_eq(c->tokens[i].text, slice_of(sign)))
            return &c->tokens[i];
    return NULL;
}

static bool takes_if(const struct list *l)
{
    const struct lsp_word *w = lsp_statement(l->c.context, statement(l));
    return w && w->parts & WITH_IF;
}

/* ---- statements of forms.def ------------------------------------------------------------------- */

static struct slice next_item(struct slice *rest, char sign)
{
    const char *end = rest->len ? memchr(rest->p, sign, rest->len) : NULL;
    struct slice item = {rest->p, end ? (size_t)(end - rest->p) : rest->len};
    *rest = slice_from(*rest, end ? item.len + 1 : item.len);
    return item;
}

static void add_each(struct list *l, struct slice words)
{
    while (words.len)
        add(l, next_item(&words, '|'), ITEM_ENUM, SLICE(""), SLICE(""), false);
}

/* What an item of a pattern stands for: words, names that another statement declares, a value. */
static unsigned add_item(struct list *l, struct slice item)
{
    if (item.len < 2 || item.p[0] != '<') {
        add_each(l, item);
        return 0;
    }
    struct slice kind = {item.p + 1, item.len - 2}, detail = kind;
    kind = next_item(&detail, ':');
    if (slice_eq(kind, SLICE("bool")))
        add_each(l, SLICE("true|false"));
    if (slice_eq(kind, SLICE("words")) || slice_eq(kind, SLICE("list")) || slice_eq(kind, SLICE("format")))
        add_each(l, detail);
    l->names = kind;
    return slice_eq(kind, SLICE("by"))     ? WANT_VALUE
           : slice_eq(kind, SLICE("key"))  ? WANT_KEY_TYPE
           : slice_eq(kind, SLICE("type")) ? WANT_TYPE
                                           : WANT_NAMED;
}

/* Arguments of the statement before the place. */
static uint32_t count_arguments(const struct lsp_context *c)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < c->ntokens; i++) {
        const struct lsp_token *t = &c->tokens[i];
        n += !t->depth && !slice_eq(t->text, SLICE("]")) && !slice_eq(t->text, SLICE(")"));
    }
    return n;
}

/* Adds what the row says of the next argument. False where what is written is not of this row. */
static bool add_form(struct list *l, const struct lsp_form *f, unsigned *wants)
{
    struct slice rest = f->pattern;
    uint32_t n = count_arguments(&l->c);
    for (uint32_t i = 0; i < n && rest.len; i++) {
        struct slice item = next_item(&rest, ' ');
        if (item.p[0] != '<' && i + 1 < l->c.ntokens && !memchr(item.p, '|', item.len) &&
            !slice_eq(item, l->c.tokens[i + 1].text))
            return false;
    }
    *wants |= rest.len ? add_item(l, next_item(&rest, ' ')) : f->options.len ? (unsigned)WANT_OPTION : 0;
    return true;
}

/* Whether the statement has rows there. */
static bool add_forms(struct list *l, unsigned *wants)
{
    const struct lsp_word *w = lsp_statement(l->c.context, statement(l));
    bool any = false;
    for (uint32_t i = 0; w && i < lsp_nforms; i++)
        if (strcmp(lsp_forms[i].id, w->id) == 0) {
            any = true;
            add_form(l, &lsp_forms[i], wants);
        }
    if (any && l->c.ntokens > 1 && takes_if(l))
        *wants |= WANT_IF;
    return any;
}

/* What stands after the colon of the statement. */
static unsigned wants_type(struct list *l)
{
    struct slice word = statement(l);
    const struct lsp_word *w = lsp_statement(l->c.context, word);
    if (slice_eq(word, SLICE("map")) || slice_eq(word, SLICE("list")))
        return WANT_KEY_TYPE;
    if (slice_eq(word, SLICE("check")) || slice_eq(word, SLICE("frontend")) ||
        slice_eq(word, SLICE("backend")))
        return WANT_PROTOCOL;
    for (uint32_t i = 0; w && i < lsp_nforms; i++) {
        struct slice rest = lsp_forms[i].pattern;
        next_item(&rest, ':');
        if (strcmp(lsp_forms[i].id, w->id) == 0 && rest.len > 1 && rest.p[0] == ' ')
            return add_item(l, slice_from(rest, 1));
    }
    return WANT_TYPE;
}

/* Arguments, before any `if` or tail. */
static unsigned wants_argument(struct list *l)
{
    struct slice word = statement(l);
    bool first = l->c.ntokens == 1;
    unsigned form = 0;
    if (l->segment == l->c.partial && add_forms(l, &form))
        return form;
    unsigned condition = !first && takes_if(l) ? WANT_IF : 0;
    if (slice_eq(word, SLICE("use")))
        return first ? WANT_BACKEND : WANT_IF;
    if (slice_eq(word, SLICE("set")) || slice_eq(word, SLICE("add")) || slice_eq(word, SLICE("delete")))
        return first ? WANT_HEADER : condition;
    if (slice_eq(word, SLICE("defaults")))
        return first ? WANT_OBJECT : 0;
    if (slice_eq(word, SLICE("expect")))
        return first ? WANT_SUBJECT : WANT_TEST;
    if (slice_eq(word, SLICE("server")))
        return l->c.ntokens > 2 ? WANT_OPTION : 0;
    if (slice_eq(word, SLICE("import")))
        return first ? 0 : WANT_OPTION;
    if (l->c.context == IN_FILE)
        return 0; /* names that are made up here */
    bool one_of = slice_eq(word, SLICE("timeout")) || slice_eq(word, SLICE("balance")) ||
                  slice_eq(word, SLICE("on")) || slice_eq(word, SLICE("redirect"));
    return (one_of && !first ? 0u : (unsigned)WANT_OPTION) | (first ? (unsigned)WANT_OWN : 0u) | condition;
}

static unsigned wanted(struct list *l)
{
    const struct lsp_context *c = &l->c;
    if (!c->ntokens)
        return WANT_STATEMENT;
    struct slice last = c->tokens[c->ntokens - 1].text, word = statement(l);
    if (slice_eq(last, SLICE("|")))
        return WANT_CONVERTER;
    if (slice_eq(last, SLICE("in")))
        return WANT_SET;
    bool condition = find(c, "if") || slice_eq(word, SLICE("when"));
    if (find(c, "->") && !condition) {
        bool head = slice_eq(word, SLICE("map")) && c->context == IN_FILE;
        return slice_eq(last, SLICE("->")) ? (head ? WANT_VALUE_TYPE : WANT_ROW) : 0;
    }
    if (condition || c->in_interpolation || find(c, "=") || c->depth)
        return begins_value(last) ? WANT_VALUE
                                  : WANT_TEST | (takes_if(l) && !condition ? (unsigned)WANT_IF : 0u);
    if (slice_eq(last, SLICE(":")))
        return wants_type(l);
    if (find(c, ":") || begins_value(last))
        return 0;
    return wants_argument(l);
}

static void add_fixed(struct list *l, unsigned wants)
{
    if (wants & WANT_PROTOCOL) {
        add_text(l, "http", ITEM_ENUM, "HTTP");
        if (slice_eq(statement(l), SLICE("check")))
            add_text(l, "tcp", ITEM_ENUM, "TCP");
    }
    if (wants & WANT_VALUE_TYPE) {
        add_text(l, "backend", ITEM_TYPE, "rows name backends");
        add_text(l, "string", ITEM_TYPE, "rows hold texts");
    }
    if (wants & WANT_OBJECT) {
        add_text(l, "backend", ITEM_KEYWORD, "for this file's backends");
        add_text(l, "frontend", ITEM_KEYWORD, "for this file's frontends");
    }
    if (wants & WANT_SUBJECT && l->c.context == IN_TCP_CHECK)
        add_text(l, "data", ITEM_ENUM, "what the server sends");
    if (wants & WANT_SUBJECT && l->c.context == IN_HTTP_CHECK) {
        add_text(l, "status", ITEM_ENUM, "of the answer");
        add_text(l, "body", ITEM_ENUM, "of the answer");
    }
}

void lsp_completion(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct buf out = {0};
    if (!lsp_analyse(s, m, &a))
        return;
    struct list l = {.s = s, .a = &a, .out = &out};
    lsp_context_at(a.lines.text, a.offset, &l.c);
    l.segment = a.offset;
    while (l.segment > l.c.partial && a.lines.text.p[l.segment - 1] != '.')
        l.segment--;
    buf_char(&out, '[');
    if (!l.c.in_comment && !l.c.in_string && a.doc->roots.n) {
        unsigned wants = wanted(&l);
        if (l.segment == l.c.partial)
            add_fixed(&l, wants);
        add_names(&l, wants);
        add_words(&l, wants);
    }
    buf_char(&out, ']');
    lsp_reply(s, m, &out);
    buf_free(&out);
    lsp_analysis_end(&a);
}
