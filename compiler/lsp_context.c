/* Reads a text up to a place, with a stack of what is open; see lsp_context.h. It understands what
 * grammar/lexer.l and parse_tokens.c do about strings, comments, brackets and the ends of statements, and
 * nothing else. */
#include "compiler/lsp_context.h"

enum { DEPTH_MAX = 64 };

struct scan {
    struct slice text;
    size_t at, place;
    struct lsp_context *c;
    struct {
        uint64_t context;
        struct slice block;
        uint32_t depth, ntokens;
        bool is_interpolation, in_interpolation;
    } open[DEPTH_MAX];
    uint32_t nopen, too_deep;
    bool ends; /* the line ended: the next word may be of another statement */
};

static bool is_letter(char c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_word_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

size_t lsp_word_end(struct slice text, size_t place)
{
    while (place < text.len &&
           (is_word_byte(text.p[place]) ||
            (text.p[place] == '.' && place + 1 < text.len && is_letter(text.p[place + 1]))))
        place++;
    return place;
}

bool lsp_is_option_of(const struct lsp_word *w, const struct lsp_context *c)
{
    struct slice of = w->of, first = c->ntokens ? c->tokens[0].text : SLICE("");
    if (!slice_starts(of, first) || !first.len)
        return false;
    return of.len == first.len || (c->ntokens > 1 && of.p[first.len] == ' ' &&
                                   slice_eq(slice_from(of, first.len + 1), c->tokens[1].text));
}

static void add_token(struct scan *x, size_t from, size_t to, bool is_word)
{
    struct lsp_context *c = x->c;
    if (c->ntokens == LSP_TOKENS_MAX) { /* drops one of the middle */
        enum { KEPT = LSP_TOKENS_MAX / 2 };
        memmove(c->tokens + KEPT, c->tokens + KEPT + 1, (LSP_TOKENS_MAX - KEPT - 1) * sizeof *c->tokens);
        c->ntokens--;
    }
    c->tokens[c->ntokens++] = (struct lsp_token){{x->text.p + from, to - from}, is_word, c->depth};
}

static void end_statement(struct scan *x)
{
    x->c->ntokens = 0;
    x->c->depth = 0;
    x->ends = false;
}

static bool is_one_of(struct slice s, const char *const *words)
{
    for (; *words; words++)
        if (slice_eq(s, slice_of(*words)))
            return true;
    return false;
}

/* After a new line: the statement goes on where an operator stands before it, or a word that joins after it.
 */
static bool goes_on(const struct scan *x, struct slice next)
{
    static const char *const before[] = {
        "and",   "or",   "not",     "in",       "=",           "==",        "!=", "<", ">", "<=",
        ">=",    "->",   ",",       "|",        "+",           "-",         "*",  "/", "%", ":",
        "under", "like", "matches", "contains", "starts-with", "ends-with", "if", NULL};
    static const char *const after[] = {"if", "and", "or", "else", "|", NULL};
    const struct lsp_context *c = x->c;
    return c->depth || c->in_interpolation || is_one_of(next, after) ||
           (c->ntokens && is_one_of(c->tokens[c->ntokens - 1].text, before));
}

/* The word that tells blocks of one statement apart: after a colon, else the first argument. */
static struct slice block_kind(const struct lsp_context *c)
{
    for (uint32_t i = 1; i + 1 < c->ntokens; i++)
        if (slice_eq(c->tokens[i].text, SLICE(":")))
            return c->tokens[i + 1].text;
    return c->ntokens > 1 ? c->tokens[1].text : SLICE("");
}

static void open_brace(struct scan *x, bool is_interpolation)
{
    struct lsp_context *c = x->c;
    if (x->nopen == DEPTH_MAX) {
        x->too_deep++;
        return;
    }
    x->open[x->nopen].context = c->context;
    x->open[x->nopen].block = c->block;
    x->open[x->nopen].depth = c->depth;
    x->open[x->nopen].ntokens = c->ntokens;
    x->open[x->nopen].in_interpolation = c->in_interpolation;
    x->open[x->nopen++].is_interpolation = is_interpolation;
    c->in_interpolation = is_interpolation;
    if (is_interpolation) {
        add_token(x, x->at, x->at + 2, false);
        return;
    }
    /* `else` is the last word of what is before its block */
    struct slice word = c->ntokens ? c->tokens[0].text : SLICE("");
    if (c->ntokens > 1 && slice_eq(c->tokens[c->ntokens - 1].text, SLICE("else")))
        word = SLICE("else");
    c->context = lsp_context_within(c->context, word, block_kind(c));
    c->block = word;
    end_statement(x);
}

/* Returns whether the string around goes on. */
static bool close_brace(struct scan *x)
{
    struct lsp_context *c = x->c;
    if (x->too_deep) {
        x->too_deep--;
        return false;
    }
    if (!x->nopen)
        return false;
    x->nopen--;
    bool interpolation = x->open[x->nopen].is_interpolation;
    c->context = x->open[x->nopen].context;
    c->block = x->open[x->nopen].block;
    c->in_interpolation = x->open[x->nopen].in_interpolation;
    c->depth = x->open[x->nopen].depth;
    /* The statement around a block goes on only with `else` and `if`: a sign stands for what it was. */
    if (interpolation)
        c->ntokens = x->open[x->nopen].ntokens < c->ntokens ? x->open[x->nopen].ntokens : c->ntokens;
    else
        end_statement(x);
    if (!interpolation)
        add_token(x, x->at, x->at + 1, false);
    return interpolation;
}

/* From within a string to its end, or to the ${ of an interpolation. */
static void read_string(struct scan *x)
{
    while (x->at < x->place && x->text.p[x->at] != '"' && x->text.p[x->at] != '\n') {
        if (x->text.p[x->at] == '$' && x->at + 1 < x->place && x->text.p[x->at + 1] == '{') {
            open_brace(x, true);
            x->at += 2;
            return;
        }
        x->at += x->text.p[x->at] == '\\' && x->at + 1 < x->place ? 2 : 1;
    }
    x->c->in_string = x->at >= x->place;
    if (x->at < x->place && x->text.p[x->at] == '"')
        x->at++;
}

static void read_word(struct scan *x)
{
    size_t from = x->at, to = x->at;
    bool word = is_letter(x->text.p[from]);
    while (to < x->text.len &&
           (is_word_byte(x->text.p[to]) || (!word && (x->text.p[to] == '.' || x->text.p[to] == ':'))))
        to++;
    if (to >= x->place) { /* the word at the place */
        x->c->partial = from;
        x->at = x->place;
        return;
    }
    add_token(x, from, to, word);
    x->at = to;
}

static void read_sign(struct scan *x)
{
    static const char *const twos[] = {"->", "==", "!=", "<=", ">=", NULL};
    char c = x->text.p[x->at];
    struct slice two = {x->text.p + x->at, x->at + 2 <= x->place ? 2 : 1};
    size_t n = is_one_of(two, twos) ? 2 : 1;
    bool closes = c == ')' || c == ']';
    if (closes && x->c->depth)
        x->c->depth--;
    add_token(x, x->at, x->at + n, false);
    if (c == '(' || c == '[')
        x->c->depth++;
    x->at += n;
}

static struct slice next_word(const struct scan *x)
{
    size_t to = x->at;
    if (x->text.p[to] == '|')
        return SLICE("|");
    while (to < x->text.len && is_word_byte(x->text.p[to]))
        to++;
    return (struct slice){x->text.p + x->at, to - x->at};
}

static void read_token(struct scan *x)
{
    char c = x->text.p[x->at];
    if (x->ends && !goes_on(x, next_word(x)))
        end_statement(x);
    x->ends = false;
    if (c == '"') {
        size_t from = x->at++;
        add_token(x, from, from + 1, false);
        read_string(x);
    } else if (c == ';') {
        end_statement(x);
        x->at++;
    } else if (c == '{') {
        open_brace(x, false);
        x->at++;
    } else if (c == '}') {
        bool goes_on_as_string = close_brace(x);
        x->at++;
        if (goes_on_as_string)
            read_string(x);
    } else if (is_word_byte(c) && c != '-') {
        read_word(x);
    } else {
        read_sign(x);
    }
}

/* The dots and words before the partial word belong to it: req.he. */
static void extend_partial(struct scan *x)
{
    struct lsp_context *c = x->c;
    while (c->ntokens >= 2) {
        const struct lsp_token *dot = &c->tokens[c->ntokens - 1], *word = dot - 1;
        if (!slice_eq(dot->text, SLICE(".")) || dot->text.p + 1 != x->text.p + c->partial || !word->is_word ||
            word->text.p + word->text.len != dot->text.p)
            return;
        c->partial = (size_t)(word->text.p - x->text.p);
        c->ntokens -= 2;
    }
}

void lsp_context_at(struct slice text, size_t place, struct lsp_context *out)
{
    *out = (struct lsp_context){.context = IN_FILE, .block = SLICE(""), .partial = place};
    struct scan x = {.text = text, .place = place, .c = out};
    while (x.at < place) {
        char c = text.p[x.at];
        if (c == '#') {
            const char *nl = memchr(text.p + x.at, '\n', place - x.at);
            out->in_comment = !nl;
            x.at = nl ? (size_t)(nl - text.p) : place;
        } else if (c == '\n') {
            x.ends = true;
            x.at++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            x.at++;
        } else {
            read_token(&x);
        }
    }
    if (x.ends && out->partial == place && !goes_on(&x, SLICE("")))
        end_statement(&x);
    extend_partial(&x);
}
