/* The message where the grammar cannot go on. It says what could stand there, what stands there, and for the
 * mistakes that people make, what to write. */
#include "compiler/parse_state.h"
#include "parser.h"

/* A token as it is quoted in a message: its text, or what it is. */
static struct slice quoted(struct parser *p, const struct parse_token *t)
{
    switch (t->kind) {
    case 0:
        return SLICE("the end of the file");
    case NL:
        return SLICE("the end of the line");
    case STR: case SHEAD: case SMID: case STAIL:
        return SLICE("a string");
    default: {
        if (t->len == 0)
            return arena_printf(p->arena, "`%s`", parse_token_name(t->kind));
        struct slice text = parse_clip(p, (struct slice){p->source->text.p + t->off, t->len});
        return arena_printf(p->arena, "`%.*s`", SLICE_ARG(text));
    }
    }
}

/* What can stand there, in words: "a name, a value or a block". */
static struct slice wanted(struct parser *p, uint32_t expected)
{
    const char *v[24];
    uint32_t n = 0;
    bool statement = expected & EXPECT_DEFINITION, condition = expected & EXPECT_IF;
    if (statement)
        v[n++] = "a statement";
    else if (expected & EXPECT_EXPR)
        v[n++] = "a value";
    else if (expected & EXPECT_VALUE)
        v[n++] = expected & EXPECT_NAME ? "a name or value" : "a value";
    else if (expected & EXPECT_NAME)
        v[n++] = "a name";
    if (expected & EXPECT_COMPARE && !condition)
        v[n++] = "a comparison";
    if (expected & EXPECT_LOGIC)
        v[n++] = "`and`, `or`";
    if (expected & EXPECT_ASSIGN && !(expected & EXPECT_COMPARE))
        v[n++] = "`=`";
    if (expected & EXPECT_ARROW && !condition)
        v[n++] = "`->`";
    if (expected & EXPECT_COLON && !(expected & EXPECT_COMPARE))
        v[n++] = "`:`";
    if (expected & EXPECT_COMMA)
        v[n++] = "`,`";
    if (expected & EXPECT_GT && !(expected & EXPECT_COMPARE))
        v[n++] = "`>`";
    if (expected & EXPECT_PAREN)
        v[n++] = "`)`";
    if (expected & EXPECT_BRACKET)
        v[n++] = "`]`";
    if (expected & EXPECT_STRING_END)
        v[n++] = "the `}` of `${`";
    if (expected & EXPECT_BLOCK)
        v[n++] = "a block `{ … }`";
    if (condition)
        v[n++] = "`if`";
    if (expected & EXPECT_ELSE)
        v[n++] = "`else`";
    if (expected & EXPECT_END)
        v[n++] = "the end of the line";
    if (expected & EXPECT_CALL && n == 0)
        v[n++] = "`(` right after it";
    struct buf b = {0};
    for (uint32_t i = 0; i < n; i++) {
        buf_str(&b, i == 0 ? "" : i + 1 == n ? " or " : ", ");
        buf_str(&b, v[i]);
    }
    struct slice s = arena_copy(p->arena, buf_view(&b));
    buf_free(&b);
    return s;
}

static bool is_comparison(int kind)
{
    return kind == IN || (kind >= UNDER && kind <= GT);
}

static bool is_arithmetic(int kind)
{
    return kind >= PIPE && kind <= PERCENT;
}

static struct diag *report(struct parser *p, struct span at, const char *message, const char *help)
{
    struct diag *d = parse_report(p, DIAG_E0100, at, "%s", message);
    if (help)
        diag_help(p->diags, d, "%s", help);
    return d;
}

/* Among the arguments up to `end`, a word that is `if` with a slip. */
static struct span misspelt_if(const struct parser *p, uint32_t end)
{
    struct slice text = p->source->text, word_if = SLICE("if");
    struct span found = {0};
    for (uint32_t i = p->head.off + p->head.len; i < end;) {
        uint32_t from = i;
        while (i < end && ascii_lower(text.p[i]) >= 'a' && ascii_lower(text.p[i]) <= 'z')
            i++;
        struct slice word = {text.p + from, i - from};
        bool apart = from > 0 && text.p[from - 1] == ' ' && i < end && text.p[i] == ' ';
        if (apart && (slice_eq(word, SLICE("i")) || slice_eq(word, SLICE("f")) || diag_nearest(word, &word_if, 1).p))
            found = parse_span(p, from, i);
        i += i == from;
    }
    return found;
}

static struct diag *without_if(struct parser *p, struct span at)
{
    struct span word = misspelt_if(p, at.off);
    struct diag *d = parse_report(p, DIAG_E0100, word.len ? word : at, "a condition begins with `if`");
    if (word.len) {
        diag_label(p->diags, d, "did you mean `if`?");
        diag_fix(d, FIX_MAYBE, word, SLICE("if"));
    } else {
        diag_label(p->diags, d, "there is none before this");
        diag_help(p->diags, d, "write it behind the arguments: `use app if … %s …`",
                  p->last.kind == AND || p->last.kind == OR ? parse_token_name(p->last.kind) : "==");
    }
    return d;
}

/* A `-` that belongs to a name or to an arrow. */
static bool at_minus(const struct parser *p, struct span at)
{
    const char *s = p->source->text.p;
    bool arrow = s[at.off + 1] == ' ' && s[at.off + 2] == '>';
    return arrow || (p->before.kind == ID && p->before.off + p->before.len == at.off);
}

static struct diag *misplaced_minus(struct parser *p, struct span at)
{
    const char *s = p->source->text.p;
    struct diag *d;
    if (s[at.off + 1] == ' ') {
        d = parse_report(p, DIAG_E0100, parse_span(p, at.off, at.off + 3), "`->` is one sign");
        diag_label(p->diags, d, "no space within it");
        diag_fix(d, FIX_SAFE, parse_span(p, at.off, at.off + 3), SLICE("->"));
        return d;
    }
    d = parse_report(p, DIAG_E0100, at, "a `-` that belongs neither to a name nor to a sum");
    diag_label(p->diags, d, "not expected here");
    diag_note(p->diags, d, "a name has single `-` between its parts, as in `api-v2`; a binary `-` has spaces around it");
    if (s[at.off + 1] == '-')
        diag_fix(d, FIX_MAYBE, at, SLICE(""));
    return d;
}

/* `else` behind the block of another statement, which may be a `when` that is misspelt. */
static struct diag *else_without_when(struct parser *p, struct span at)
{
    struct span head_at = parse_span(p, p->head.off, p->head.off + p->head.len);
    struct slice head = {p->source->text.p + p->head.off, p->head.len}, when = SLICE("when");
    struct diag *d = parse_report(p, DIAG_E0100, at, "`else` follows the block of a `when` only");
    diag_label(p->diags, d, "not expected here");
    diag_secondary(p->diags, d, head_at, "this statement is no `when`");
    if (p->head.kind == ID && diag_nearest(head, &when, 1).p) {
        diag_help(p->diags, d, "did you mean `when` there?");
        diag_fix(d, FIX_SAFE, head_at, when);
    } else {
        diag_help(p->diags, d, "it is written `when CONDITION { … } else { … }`");
    }
    return d;
}

static bool ends_bare_text(char c)
{
    return strchr(" \t\r\n\"{}()[],;#", c) != NULL;
}

/* The run of bytes around `at` as far as a text without quotes may reach. */
static struct span bare_text(const struct parser *p, struct span at)
{
    struct slice text = p->source->text;
    uint32_t from = at.off, to = at.off;
    while (from > 0 && !ends_bare_text(text.p[from - 1]))
        from--;
    while (to < text.len && !ends_bare_text(text.p[to]))
        to++;
    return parse_span(p, from, to);
}

static bool is_path_byte(char c)
{
    char l = ascii_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || strchr("/._~-?*%", c);
}

/* A URL, a path, a media type or a pattern of hosts that stands without quotes; NULL where it is none of them. */
static struct diag *without_quotes(struct parser *p, int kind, struct span at)
{
    struct span all = bare_text(p, at);
    struct slice s = {p->source->text.p + all.off, all.len};
    const char *scheme = memmem(s.p, s.len, "://", 3), *slash = s.len ? memchr(s.p, '/', s.len) : NULL, *what = NULL;
    if (scheme && scheme > s.p)
        what = "a URL";
    else if (s.len > 1 && s.p[0] == '/' && is_path_byte(s.p[1]) && s.p[1] != '/')
        what = "a path";
    else if (slice_starts(s, SLICE("*.")) || slice_starts(s, SLICE("**.")))
        what = "a pattern";
    else if (kind == DOT)
        what = "a text";
    else if (slash && slash > s.p && slash + 1 < s.p + s.len && is_path_byte(slash[-1]) && is_path_byte(slash[1]))
        what = "a text";
    if (!what)
        return NULL;
    struct diag *d = parse_report(p, DIAG_E0100, all, "%s stands in quotes", what);
    diag_label(p->diags, d, "without quotes");
    diag_fix(d, slash == s.p || scheme ? FIX_SAFE : FIX_MAYBE, all, arena_printf(p->arena, "\"%.*s\"", SLICE_ARG(s)));
    diag_help(p->diags, d, "write `%.*s`", SLICE_ARG(parse_clip(p, d->fix_text)));
    return d;
}

/* `"exampl"e`, `e"xample"`, `""example"`: a quote that is out of place. */
static struct diag *misplaced_quote(struct parser *p, int kind, struct span at)
{
    const struct parse_token *b = &p->before;
    bool glued = b->len && b->off + b->len == at.off, behind = glued && (b->kind == STR || b->kind == STAIL) && (kind == ID || kind == LIT),
         ahead = glued && b->kind == ID && (kind == STR || kind == SHEAD);
    if (!behind && !ahead)
        return NULL;
    struct slice text = p->source->text;
    struct diag *d = parse_report(p, DIAG_E0100, at, "a quote stands in the wrong place");
    diag_label(p->diags, d, behind ? "outside of the quotes, with no space before it" : "a text begins within a word");
    uint32_t end = at.off + at.len;
    if (behind && b->len == 2 && b->kind == STR) {
        diag_help(p->diags, d, "one `\"` is too many before it");
        diag_fix(d, FIX_MAYBE, parse_span(p, b->off, b->off + 1), SLICE(""));
    } else if (behind && b->kind == STR && end < text.len && text.p[end] != '"') {
        diag_fix(d, FIX_MAYBE, parse_span(p, b->off, end), arena_printf(p->arena, "%.*s%.*s\"", (int)b->len - 1, text.p + b->off, (int)at.len, text.p + at.off));
        diag_help(p->diags, d, "write `%.*s`", SLICE_ARG(d->fix_text));
    } else if (ahead && kind == STR) {
        diag_fix(d, FIX_MAYBE, parse_span(p, b->off, end), arena_printf(p->arena, "\"%.*s%.*s", (int)b->len, text.p + b->off, (int)at.len - 1, text.p + at.off + 1));
        diag_help(p->diags, d, "write `%.*s`", SLICE_ARG(d->fix_text));
    }
    return d;
}

static struct diag *one_sign(struct parser *p, struct span at, const char *message, const char *label, struct slice fix)
{
    struct diag *d = parse_report(p, DIAG_E0100, at, "%s", message);
    diag_label(p->diags, d, "%s", label);
    diag_fix(d, FIX_SAFE, at, fix);
    return d;
}

/* `GET "…" > reply 404`: the sign before the last word. */
static struct diag *half_arrow(struct parser *p, uint32_t expected)
{
    struct slice text = p->source->text;
    uint32_t i = p->before.off;
    while (i > 0 && text.p[i - 1] == ' ')
        i--;
    if (p->before.kind != ID || i == 0 || text.p[i - 1] != '>' || (i > 1 && text.p[i - 2] == '-') || !(expected & EXPECT_END))
        return NULL;
    struct diag *d = parse_report(p, DIAG_E0100, parse_span(p, i - 1, i), "`>` compares; what comes of it is written behind `->`");
    diag_label(p->diags, d, "did you mean `->`?");
    diag_fix(d, FIX_MAYBE, parse_span(p, i - 1, i), SLICE("->"));
    return d;
}

/* Slips of signs. */
static struct diag *slip(struct parser *p, int kind, struct span at, uint32_t expected)
{
    const struct parse_token *b = &p->before;
    struct slice text = p->source->text;
    bool value = kind == ID || kind == LIT || kind == STR || kind == SHEAD;
    if (kind == COMMA && b->kind == COMMA)
        return one_sign(p, at, "one `,` too many", "nothing stands between the two", SLICE(""));
    if (kind == ASSIGN && (b->kind == EQ || b->kind == ASSIGN))
        return one_sign(p, parse_span(p, b->off, at.off + 1), "`==` is one sign of two characters", "write `==`", SLICE("=="));
    if (kind == GT && b->kind == ARROW)
        return one_sign(p, at, "one `>` too many", "`->` is there already", SLICE(""));
    const char *quote = kind == SLASH && at.off + 1 < text.len && text.p[at.off + 1] == '"' ? text.p + at.off + 2 : NULL;
    const char *end = quote ? memchr(quote, '"', text.len - at.off - 2) : NULL;
    if (end && !memchr(quote, '\n', (size_t)(end - quote)))
        return one_sign(p, parse_span(p, at.off, (uint32_t)(end + 1 - text.p)), "the `/` of a path stands within its quotes",
                        "the quote comes first", arena_printf(p->arena, "\"/%.*s\"", (int)(end - quote), quote));
    if (value && b->kind == ID && expected & EXPECT_ASSIGN && (p->head.kind == ACL || p->head.kind == LET))
        return one_sign(p, parse_span(p, at.off, at.off), "`=` is missing before the value", "`=` belongs here", SLICE("="));
    bool operand = b->kind == ID || b->kind == LIT || b->kind == STR || b->kind == STAIL;
    if (value && operand && b->off + b->len < at.off && expected & EXPECT_COMMA && expected & EXPECT_BRACKET)
        return one_sign(p, parse_span(p, b->off + b->len, b->off + b->len), "`,` is missing between two values of a list",
                        "`,` belongs here", SLICE(","));
    if (value && kind != ID && b->kind == ID && b->off + b->len < at.off && expected & EXPECT_COMMA && expected & EXPECT_PAREN)
        return one_sign(p, parse_span(p, b->off + b->len, b->off + b->len), "an argument that is given by its name has a `:`",
                        "`:` belongs here", SLICE(":"));
    return value ? half_arrow(p, expected) : NULL;
}

/* The mistakes that have a message of their own; NULL where it is none of them. */
static struct diag *known_mistake(struct parser *p, int kind, struct span at, uint32_t expected)
{
    bool at_start = p->before.kind == 0 || p->before.kind == NL || p->before.kind == LBRACE;
    bool in_args = expected & EXPECT_BLOCK && expected & EXPECT_END;
    if (at_start) {
        if (kind == LBRACE)
            return report(p, at, "a block without a statement", "the `{` of a block stands on the line of its statement");
        if (kind == ELSE)
            return report(p, at, "`else` without `when`", "`else` follows the `}` of a `when … { … }`");
        if (kind == IF)
            return report(p, at, "a statement cannot begin with `if`",
                          "a condition follows its statement: `use app if …`; `when … { … }` holds several statements");
        if (kind == MINUS)
            return report(p, at, "a statement cannot begin with `-`", NULL);
    }
    if (kind == WHEN && expected & EXPECT_IF) {
        struct diag *d = report(p, at, "a condition begins with `if`", "write `if`; `when … { … }` holds several statements");
        diag_fix(d, FIX_SAFE, at, SLICE("if"));
        return d;
    }
    if (!at_start && kind >= ACL && kind <= ELSE && kind != IF && kind != ELSE && expected & EXPECT_NAME) {
        struct diag *d = parse_report(p, DIAG_E0100, at, "`%s` is a reserved word and cannot be a name", parse_token_name(kind));
        diag_note(p->diags, d, "reserved are acl let template when if else and or not in true false, and the tests: under like matches…");
        return d;
    }
    if (kind == ELSE && p->before.kind == RBRACE)
        return else_without_when(p, at);
    struct slice word_when = SLICE("when"), word = {p->source->text.p + at.off, at.len};
    if (kind == ID && p->before.kind == ELSE && diag_nearest(word, &word_when, 1).p) {
        struct diag *d = report(p, at, "`else` is followed by `when` or by a block", "did you mean `when`?");
        diag_fix(d, FIX_SAFE, at, word_when);
        return d;
    }
    if (kind == IF && p->before.kind == ELSE) {
        struct diag *d = report(p, at, "`else` is followed by `when` or by a block", "write `else when`");
        diag_fix(d, FIX_SAFE, at, SLICE("when"));
        return d;
    }
    if (in_args && kind == CALL && p->before.kind == ID)
        return report(p, at, "a statement is a word and its arguments, apart from each other", "leave out the parentheses, or put a space before them");
    if (in_args && (kind == AND || kind == OR || (is_comparison(kind) && kind != IN)))
        return without_if(p, at);
    if (kind == MINUS && at_minus(p, at))
        return misplaced_minus(p, at);
    struct diag *known = misplaced_quote(p, kind, at);
    if (!known)
        known = slip(p, kind, at, expected);
    if (known)
        return known;
    bool bare = kind == SLASH || kind == STAR || (kind == DOT && p->before.kind == ID) || kind == COLON || p->before.kind == COLON || p->before.kind == SLASH;
    struct diag *text = bare ? without_quotes(p, kind, at) : NULL;
    if (text)
        return text;
    if (in_args && is_arithmetic(kind))
        return report(p, at, "an operator cannot stand among arguments", "put the whole argument in parentheses: `(a + b)`");
    if (is_comparison(kind) && expected & EXPECT_LOGIC)
        return report(p, at, "comparisons do not chain", "compare twice and join both with `and`");
    if (kind == ASSIGN && expected & EXPECT_LOGIC)
        return report(p, at, "`=` has no place here", "a condition compares with `==`");
    if (p->before.kind == NOT && !(expected & EXPECT_EXPR)) {
        struct span not_at = parse_span(p, p->before.off, p->before.off + p->before.len);
        struct diag *d = parse_report(p, DIAG_E0100, not_at, "`not` cannot stand before %.*s", SLICE_ARG(quoted(p, &p->last)));
        diag_help(p->diags, d, "`not` stands before a whole test: `not x == y`; only `in` has a form `not in`");
        return d;
    }
    if (kind == ARROW && expected & EXPECT_ASSIGN && !(expected & EXPECT_ARROW))
        return report(p, at, "`->` cannot stand here", NULL);
    return NULL;
}

/* ---- help ---------------------------------------------------------------------------------------- */

/* What people write for it who know other languages. */
static const struct {
    struct slice wrong;
    uint32_t expected; /* one of these can stand there */
    const char *right;
} other_words[] = {
    {SLICE("unless"), EXPECT_IF, "if not"},
    {SLICE("where"), EXPECT_IF, "if"},
    {SLICE("is"), EXPECT_COMPARE, "=="},
    {SLICE("eq"), EXPECT_COMPARE, "=="},
    {SLICE("equals"), EXPECT_COMPARE, "=="},
    {SLICE("ne"), EXPECT_COMPARE, "!="},
    {SLICE("lt"), EXPECT_COMPARE, "<"},
    {SLICE("gt"), EXPECT_COMPARE, ">"},
    {SLICE("has"), EXPECT_COMPARE, "contains"},
    {SLICE("includes"), EXPECT_COMPARE, "contains"},
    {SLICE("startswith"), EXPECT_COMPARE, "starts-with"},
    {SLICE("starts"), EXPECT_COMPARE, "starts-with"},
    {SLICE("begins-with"), EXPECT_COMPARE, "starts-with"},
    {SLICE("endswith"), EXPECT_COMPARE, "ends-with"},
    {SLICE("ends"), EXPECT_COMPARE, "ends-with"},
    {SLICE("regex"), EXPECT_COMPARE, "matches"},
    {SLICE("within"), EXPECT_COMPARE, "in"},
    {SLICE("elif"), EXPECT_ELSE, "else when"},
    {SLICE("elsif"), EXPECT_ELSE, "else when"},
    {SLICE("elseif"), EXPECT_ELSE, "else when"},
    {SLICE("otherwise"), EXPECT_ELSE, "else"},
};

/* A word where an operator belongs: the one that was meant. */
static bool suggest_operator(struct parser *p, struct diag *d, struct span at, uint32_t expected)
{
    static const struct {
        struct slice word;
        uint32_t expected;
    } words[] = {
        {SLICE("and"), EXPECT_LOGIC},          {SLICE("or"), EXPECT_LOGIC},         {SLICE("if"), EXPECT_IF},
        {SLICE("else"), EXPECT_ELSE},          {SLICE("in"), EXPECT_COMPARE},       {SLICE("under"), EXPECT_COMPARE},
        {SLICE("like"), EXPECT_COMPARE},       {SLICE("matches"), EXPECT_COMPARE},  {SLICE("contains"), EXPECT_COMPARE},
        {SLICE("starts-with"), EXPECT_COMPARE}, {SLICE("ends-with"), EXPECT_COMPARE},
    };
    enum { WORDS = sizeof words / sizeof *words };
    struct slice word = {p->source->text.p + at.off, at.len}, known[WORDS];
    uint32_t n = 0;
    bool sure;
    for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
        if (other_words[i].expected & expected && slice_eq(other_words[i].wrong, word)) {
            diag_help(p->diags, d, "this is written `%s`", other_words[i].right);
            diag_fix(d, FIX_MAYBE, at, slice_of(other_words[i].right));
            return true;
        }
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].expected & expected)
            known[n++] = words[i].word;
    struct slice near = diag_nearest_sure(word, known, n, &sure);
    for (uint32_t i = 0; i < n && word.len == 1; i++) /* `i` or `f` for `if` */
        if (known[i].len == 2 && memchr(known[i].p, word.p[0], 2))
            near = known[i];
    if (!near.p)
        return false;
    diag_help(p->diags, d, "did you mean `%.*s`?", SLICE_ARG(near));
    diag_fix(d, sure && word.len >= 4 ? FIX_SAFE : FIX_MAYBE, at, near);
    return true;
}

/* `nt office`: a word that is `not` with a slip, before what it negates. */
static bool suggest_not(struct parser *p, struct diag *d)
{
    struct slice word = {p->source->text.p + p->before.off, p->before.len}, word_not = SLICE("not");
    bool operand = p->last.kind == ID || p->last.kind == LPAREN || p->last.kind == TRUE || p->last.kind == FALSE;
    if (p->before.kind != ID || !operand || !diag_nearest(word, &word_not, 1).p)
        return false;
    diag_help(p->diags, d, "did you mean `not` before it?");
    diag_fix(d, FIX_MAYBE, parse_span(p, p->before.off, p->before.off + p->before.len), word_not);
    return true;
}

/* `if { src 10.0.0.0/8 }`, as in HAProxy. */
static bool suggest_no_braces(struct parser *p, struct diag *d)
{
    if (p->before.kind != IF || p->last.kind != LBRACE)
        return false;
    diag_help(p->diags, d, "a condition stands without braces, such as `if client.ip in 10.0.0.0/8 and path under \"/admin\"`");
    return true;
}

/* How the statement at hand is written, by its first word. */
static void add_usage(struct parser *p, struct diag *d)
{
    static const struct {
        struct slice word;
        const char *usage;
    } statements[] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc) {SLICE(word), usage},
#include "grammar/statements.def"
    };
    enum { SHOWN = 2 };
    struct slice head = {p->source->text.p + p->head.off, p->head.len}, all = {0};
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof statements / sizeof *statements && n < SHOWN; i++)
        if (slice_eq(statements[i].word, head)) {
            all = n++ ? arena_printf(p->arena, "%.*s` or `%s", SLICE_ARG(all), statements[i].usage)
                      : slice_of(statements[i].usage);
        }
    if (n)
        diag_help(p->diags, d, "it is written `%.*s`", SLICE_ARG(all));
}

void parse_syntax_error(struct parser *p, int kind, struct span at, uint32_t expected)
{
    if (p->quiet || p->gives_up)
        return;
    struct diag *d = known_mistake(p, kind, at, expected);
    if (!d) {
        struct slice what = wanted(p, expected);
        if (p->before.kind == 0 || p->before.kind == NL || p->before.kind == LBRACE)
            d = parse_report(p, DIAG_E0100, at, "expected a statement, found %.*s", SLICE_ARG(quoted(p, &p->last)));
        else
            d = parse_report(p, DIAG_E0100, at, "expected %.*s after %.*s, found %.*s", SLICE_ARG(what), SLICE_ARG(quoted(p, &p->before)),
                             SLICE_ARG(quoted(p, &p->last)));
        if (kind == LIT && expected & EXPECT_NAME && !(expected & EXPECT_VALUE))
            diag_note(p->diags, d, "a name begins with a letter and goes on with letters, digits, `_` and single `-`");
        diag_label(p->diags, d, "not expected here");
        if (!suggest_not(p, d) && !suggest_no_braces(p, d) && (kind != ID || !suggest_operator(p, d, at, expected)))
            add_usage(p, d);
    }
    if (p->joined && p->joined <= at.off)
        diag_secondary(p->diags, d, parse_span(p, p->joined - 1, p->joined), "the statement goes on after this operator");
}
