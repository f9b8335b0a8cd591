/* Hover: what a name or a word of the language is. Of declared names, the declaration's first line and the
 * `##` comments above it. */
#include "compiler/lsp.h"
#include "compiler/lsp_context.h"

/* ---- declared names ---------------------------------------------------------------------------- */

static struct slice line_before(struct slice text, size_t *at)
{
    size_t end = *at - 1, from = end;
    while (from > 0 && text.p[from - 1] != '\n')
        from--;
    *at = from;
    struct slice line = {text.p + from, end - from};
    while (line.len && (line.p[0] == ' ' || line.p[0] == '\t'))
        line = slice_from(line, 1);
    while (line.len && strchr(" \t\r", line.p[line.len - 1]))
        line.len--;
    return line;
}

/* The `##` comments in the lines right above byte `off`. */
static void put_doc(struct slice text, size_t off, struct buf *out)
{
    size_t begin = off;
    while (begin > 0 && text.p[begin - 1] != '\n')
        begin--;
    size_t first = begin, at = begin;
    while (at > 0 && slice_starts(line_before(text, &at), SLICE("##")))
        first = at;
    while (first < begin) {
        const char *nl = memchr(text.p + first, '\n', begin - first);
        size_t next = (size_t)(nl - text.p) + 1, end = next;
        struct slice line = slice_from(line_before(text, &end), 2);
        while (line.len && line.p[0] == ' ')
            line = slice_from(line, 1);
        buf_slice(out, line);
        buf_char(out, '\n');
        first = next;
    }
}

/* The statement up to its block, or its first line. */
static struct slice head(struct slice text, struct span at)
{
    struct slice s = {text.p + at.off, at.len};
    size_t n = 0;
    while (n < s.len && s.p[n] != '{' && s.p[n] != '\n' && s.p[n] != '\r')
        n++;
    while (n && s.p[n - 1] == ' ')
        n--;
    return (struct slice){s.p, n};
}

static bool hover_name(struct lsp_analysis *a, struct span *at, struct buf *out)
{
    uint32_t i = lsp_symbol_at(a, at);
    if (i == NAME_NONE || a->names.symbols.v[i].whole.off == a->names.symbols.v[i].at.off)
        return false; /* of a phase, the word itself is what is asked for */
    const struct name_symbol *x = &a->names.symbols.v[i];
    struct source *src = a->c.sources.files.v[x->whole.file];
    buf_printf(out, "```weir\n%.*s\n```\n", SLICE_ARG(head(src->text, x->whole)));
    put_doc(src->text, x->whole.off, out);
    if (src != a->source)
        buf_printf(out, "\nin `%.*s`\n", SLICE_ARG(src->path));
    return true;
}

/* ---- words of the language --------------------------------------------------------------------- */

static void put_code(struct buf *out, struct slice code, const struct lsp_word *w)
{
    buf_printf(out, "```weir\n%.*s\n```\n%s\n", SLICE_ARG(code), w->doc);
    if (w->later)
        buf_str(out, "\nPart of the language, but not done by this version (E0900).\n");
}

static void put_word(struct lsp_analysis *a, const struct lsp_word *w, struct buf *out)
{
    struct arena *arena = &a->c.arena;
    char type[32] = "";
    for (size_t i = 0; i < w->of.len && i + 1 < sizeof type; i++)
        type[i] = w->of.p[i] == '_' ? '-' : ascii_lower(w->of.p[i]);
    switch (w->kind) {
    case LSP_STATEMENT:
    case LSP_TEST:
    case LSP_LOGIC:
        put_code(out, slice_of(w->extra), w);
        break;
    case LSP_OPTION:
        put_code(out, arena_printf(arena, "%.*s … %.*s %s", SLICE_ARG(w->of), SLICE_ARG(w->text), w->extra),
                 w);
        break;
    case LSP_SETTING:
        put_code(out, arena_printf(arena, "%.*s %.*s %s", SLICE_ARG(w->of), SLICE_ARG(w->text), w->extra), w);
        break;
    case LSP_FIELD:
        put_code(out, arena_printf(arena, "%.*s: %s%s", SLICE_ARG(w->text), type, w->extra), w);
        break;
    case LSP_KEYED_FIELD:
        put_code(out, arena_printf(arena, "%.*s[\"NAME\"]: %s%s", SLICE_ARG(w->text), type, w->extra), w);
        break;
    case LSP_CONVERTER:
        put_code(out, arena_printf(arena, "%.*s | %.*s%s", SLICE_ARG(w->of), SLICE_ARG(w->text), w->extra),
                 w);
        break;
    case LSP_KEY_TYPE:
    case LSP_TYPE:
        put_code(out, arena_printf(arena, "%.*s", SLICE_ARG(w->text)), w);
        break;
    }
}

/* Whether `w` is what the word at the end of `c` is. */
static bool is_meant(const struct lsp_word *w, const struct lsp_context *c, bool condition)
{
    struct slice last = c->ntokens ? c->tokens[c->ntokens - 1].text : SLICE(""),
                 first = c->ntokens ? c->tokens[0].text : SLICE("");
    bool after_bar = slice_eq(last, SLICE("|")), after_colon = slice_eq(last, SLICE(":"));
    switch (w->kind) {
    case LSP_STATEMENT:
        return c->ntokens == 0 && w->where & c->context;
    case LSP_OPTION:
        return c->ntokens && !condition && lsp_is_option_of(w, c);
    case LSP_SETTING:
        return c->ntokens && !condition && slice_eq(w->of, first) && w->where & c->context && w->text.len;
    case LSP_FIELD:
    case LSP_KEYED_FIELD:
        return c->ntokens && !after_bar && !after_colon;
    case LSP_CONVERTER:
        return after_bar;
    case LSP_KEY_TYPE:
        return after_colon && (slice_eq(first, SLICE("map")) || slice_eq(first, SLICE("list")));
    case LSP_TYPE:
        return after_colon || slice_eq(last, SLICE("->"));
    case LSP_TEST:
    case LSP_LOGIC:
        return c->ntokens && !after_bar && !after_colon;
    }
    return false;
}

static bool hover_word(struct lsp_analysis *a, struct span *at, struct buf *out)
{
    struct slice text = a->lines.text;
    struct lsp_context c;
    size_t end = lsp_word_end(text, a->offset);
    lsp_context_at(text, end, &c);
    struct slice whole = {text.p + c.partial, end - c.partial};
    bool condition = false;
    if (c.in_comment || c.in_string || !whole.len)
        return false;
    for (uint32_t i = 0; i < c.ntokens; i++)
        condition |= slice_eq(c.tokens[i].text, SLICE("if")) || slice_eq(c.tokens[i].text, SLICE("="));
    for (uint32_t i = 0; i < lsp_nwords; i++)
        if (slice_eq(lsp_words[i].text, whole) && is_meant(&lsp_words[i], &c, condition)) {
            put_word(a, &lsp_words[i], out);
            *at = (struct span){0, (uint32_t)c.partial, (uint32_t)whole.len};
            return true;
        }
    return false;
}

void lsp_hover(struct lsp *s, const struct lsp_message *m)
{
    struct lsp_analysis a;
    struct buf text = {0}, out = {0};
    struct span at = {0};
    if (!lsp_analyse(s, m, &a))
        return;
    if (hover_name(&a, &at, &text) || hover_word(&a, &at, &text)) {
        buf_str(&out, "{\"contents\":{\"kind\":\"markdown\",\"value\":");
        buf_json(&out, buf_view(&text));
        buf_str(&out, "},\"range\":");
        lsp_range(&a.lines, at.off, (size_t)at.off + at.len, &out);
        buf_char(&out, '}');
    } else {
        buf_str(&out, "null");
    }
    lsp_reply(s, m, &out);
    buf_free(&text);
    buf_free(&out);
    lsp_analysis_end(&a);
}
