/* Strings: escapes, pieces around `${…}`, and characters that stand where none of the language can. */
#include "compiler/ast_build.h"
#include "parser.h"

void parse_string_begin(struct parser *p, bool goes_on)
{
    p->string_off = p->off;
    p->string_goes_on = goes_on;
    p->string_is_bad = false;
    p->text.len = 0;
}

void parse_string_add(struct parser *p, struct slice s)
{
    buf_slice(&p->text, s);
}

static void add_utf8(struct parser *p, uint32_t c)
{
    if (c < 0x80) {
        buf_char(&p->text, (char)c);
    } else if (c < 0x800) {
        buf_char(&p->text, (char)(0xc0 | c >> 6));
        buf_char(&p->text, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_char(&p->text, (char)(0xe0 | c >> 12));
        buf_char(&p->text, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(&p->text, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_char(&p->text, (char)(0xf0 | c >> 18));
        buf_char(&p->text, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_char(&p->text, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(&p->text, (char)(0x80 | (c & 0x3f)));
    }
}

/* The value of hex digits, up to the first other byte. */
static uint32_t hex_of(const char *s)
{
    uint32_t v = 0;
    for (;; s++) {
        char c = ascii_lower(*s);
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint32_t)(c - 'a' + 10);
        else
            return v;
    }
}

static void bad_escape(struct parser *p, const char *note)
{
    uint32_t end = p->end;
    while (end < p->source->text.len && (p->source->text.p[end] & 0xc0) == 0x80)
        end++; /* the whole character */
    struct span at = parse_span(p, p->off, end);
    struct diag *d = parse_report(p, DIAG_E0105, at, "unknown escape `%.*s` in a string", (int)at.len, p->source->text.p + at.off);
    diag_note(p->diags, d, "%s", note);
    p->string_is_bad = true;
}

void parse_string_escape(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    switch (s.p[1]) {
    case 'n':
        buf_char(&p->text, '\n');
        return;
    case 'r':
        buf_char(&p->text, '\r');
        return;
    case 't':
        buf_char(&p->text, '\t');
        return;
    case '"': case '\\': case '$':
        buf_char(&p->text, s.p[1]);
        return;
    case 'x':
        if (s.len == 2) {
            bad_escape(p, "`\\x` is followed by two hex digits");
            return;
        }
        buf_char(&p->text, (char)hex_of(s.p + 2));
        return;
    case 'u': {
        uint32_t c = s.len > 2 ? hex_of(s.p + 3) : UINT32_MAX;
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            bad_escape(p, "`\\u{…}` holds the number of a character in hex digits, at most 10ffff");
            return;
        }
        add_utf8(p, c);
        return;
    }
    default:
        bad_escape(p, "the escapes are \\\" \\\\ \\n \\r \\t \\$ \\xHH and \\u{…}; a regular expression is written re\"…\"");
    }
}

static struct ast_expr *finish(struct parser *p, struct slice text, enum ast_kind kind, uint32_t off, uint32_t end)
{
    struct ast_expr *e = ast_leaf(p, kind, parse_span(p, off, end));
    if (kind == AST_STRING)
        e->text = text;
    p->off = off; /* the token is all of it */
    return e;
}

struct ast_expr *parse_string_piece(struct parser *p)
{
    return finish(p, arena_copy(p->arena, buf_view(&p->text)), p->string_is_bad ? AST_ERROR : AST_STRING, p->string_off, p->end);
}

struct ast_expr *parse_string_plain(struct parser *p)
{
    return finish(p, (struct slice){p->source->text.p + p->off + 1, p->end - p->off - 2}, AST_STRING, p->off, p->end);
}

struct ast_expr *parse_string_unclosed(struct parser *p, const char *what)
{
    if (!what) /* reported */
        return ast_leaf(p, AST_ERROR, parse_span(p, p->last.off + p->last.len, p->last.off + p->last.len));
    bool in_pieces = what[0] == 's' && what[6] == 0;
    uint32_t off = in_pieces ? p->string_off : p->off, end = p->end;
    while (end > off + 1 && p->source->text.p[end - 1] == '\r')
        end--;
    uint32_t begin = off;
    bool in_other = parse_open_string(p, &begin) && !(in_pieces && p->string_goes_on);
    if (!p->quiet) {
        struct diag *d = parse_report(p, DIAG_E0105, parse_span(p, begin, end), "the %s does not end on its line", begin < off ? "string" : what);
        if (in_other)
            diag_note(p->diags, d, "`${` waits for its `}`");
        else if (in_pieces)
            diag_note(p->diags, d, "a line end within a string is written \\n");
    }
    p->swallowed = 0;
    p->swallowed_from = p->line_start;
    for (uint32_t i = off; i < p->end; i++)
        p->swallowed += p->source->text.p[i] == '}';
    return finish(p, (struct slice){0}, AST_ERROR, off, p->end);
}

/* --- characters that no token begins with --------------------------------------------------------- */

static const struct {
    struct slice text;
    const char *help;
    struct slice fix;
    int token;
} odd[] = {
    {SLICE("&&"), "write `and`", SLICE("and"), AND},
    {SLICE("||"), "write `or`", SLICE("or"), OR},
    {SLICE("!"), "write `not`", SLICE("not "), NOT},
    {SLICE("'"), "strings stand in double quotes: \"…\"", {0}, 0},
    {SLICE("`"), "strings stand in double quotes: \"…\"", {0}, 0},
    {SLICE("\xe2\x80\x9c"), "use the plain quote `\"`", {0}, 0},
    {SLICE("\xe2\x80\x9d"), "use the plain quote `\"`", {0}, 0},
    {SLICE("\xe2\x80\x93"), "use the plain `-`", {0}, 0},
    {SLICE("\xc2\xa0"), "this is a no-break space; use a plain one", SLICE(" "), 0},
    {SLICE("\\"), "a line goes on in the next after an operator, in parentheses, or where the next begins with `if`, `and` or `or`", {0}, 0},
    {SLICE("$"), "`${…}` stands in strings only; a name needs no `$`", {0}, 0},
    {SLICE("~"), "a regular expression is tested with `matches re\"…\"`", {0}, 0},
    {SLICE("&"), "write `and`", {0}, 0},
};

/* The bytes of the character at `s`, 1 where it is not UTF-8. */
static uint32_t char_length(struct slice s)
{
    uint32_t n = 1;
    while (n < 4 && n < s.len && (s.p[n] & 0xc0) == 0x80 && (s.p[0] & 0xc0) == 0xc0)
        n++;
    return n;
}

int parse_odd_character(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    uint32_t n = s.p[0] == '&' || s.p[0] == '|' ? (uint32_t)s.len : char_length(s);
    struct span at = parse_span(p, p->off, p->off + n);
    unsigned char c = (unsigned char)s.p[0];
    if (p->quiet)
        return 0;
    bool printable = c > 0x20 && c != 0x7f;
    struct diag *d = printable ? parse_report(p, DIAG_E0106, at, "`%.*s` has no meaning here", (int)n, s.p)
                               : parse_report(p, DIAG_E0106, at, "the byte 0x%02x has no meaning here", c);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        if (!slice_eq(odd[i].text, (struct slice){s.p, n}))
            continue;
        diag_help(p->diags, d, "%s", odd[i].help);
        if (odd[i].fix.p)
            diag_fix(d, FIX_SAFE, at, odd[i].fix);
        if (odd[i].token)
            p->value.text = s;
        return odd[i].token;
    }
    diag_label(p->diags, d, "only comments and strings may hold it");
    return 0;
}
