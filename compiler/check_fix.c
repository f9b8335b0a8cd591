/* Fixes that are more than another word in the same place: statements that move, texts with their quotes, statuses by
 * their names. */
#include "compiler/check_state.h"

/* ---- moving a statement -------------------------------------------------------------------------- */

static uint32_t line_begin(struct slice text, uint32_t off)
{
    while (off > 0 && text.p[off - 1] != '\n')
        off--;
    return off;
}

/* Behind the line's end. */
static uint32_t line_end(struct slice text, uint32_t off)
{
    const char *nl = memchr(text.p + off, '\n', text.len - off);
    return nl ? (uint32_t)(nl + 1 - text.p) : (uint32_t)text.len;
}

static bool is_blank(struct slice text, uint32_t from, uint32_t to)
{
    for (; from < to; from++)
        if (!memchr(" \t\r\n", text.p[from], 4))
            return false;
    return true;
}

/* Nothing but a comment. */
static bool is_comment(struct slice text, uint32_t from, uint32_t to)
{
    while (from < to && (text.p[from] == ' ' || text.p[from] == '\t'))
        from++;
    return from < to && text.p[from] == '#';
}

/* The lines of the statement at `at`, with the comments right above. False where it shares them with another. */
static bool lines_of(struct slice text, struct span at, uint32_t *from, uint32_t *to)
{
    uint32_t begin = line_begin(text, at.off), end = line_end(text, at.off + at.len);
    if (!is_blank(text, begin, at.off) ||
        !(is_blank(text, at.off + at.len, end) || is_comment(text, at.off + at.len, end)))
        return false;
    while (begin > 0 && is_comment(text, line_begin(text, begin - 1), begin))
        begin = line_begin(text, begin - 1);
    *from = begin;
    *to = end;
    return true;
}

void check_fix_move(struct checker *k, struct diag *x, enum diag_applicability how, struct span what,
                    struct span before)
{
    struct slice text = k->c->sources.files.v[what.file]->text;
    uint32_t from, to, there, ignored;
    if (!lines_of(text, what, &from, &to) || to == from || text.p[to - 1] != '\n')
        return;
    if (!lines_of(text, before, &there, &ignored) || there >= from)
        return;
    struct slice moved = arena_copy(k->a, (struct slice){text.p + from, to - from});
    if (from > 0 && is_blank(text, line_begin(text, from - 1), from)) { /* the empty line above goes along, below */
        moved = arena_printf(k->a, "%.*s\n", SLICE_ARG(moved));
        from = line_begin(text, from - 1);
    }
    diag_fix(x, how, (struct span){what.file, there, 0}, moved);
    diag_fix_also(k->d, x, (struct span){what.file, from, to - from}, SLICE(""));
}

/* The last of the block's statements that does not begin after `off`. */
static const struct ast_stmt *statement_before(const struct ast_block *b, uint32_t file, uint32_t off)
{
    uint32_t lo = 0, hi = b->stmts.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct ast_stmt *s = b->stmts.v[mid];
        bool later = s->span.file != file || s->span.off > off;
        lo = later ? lo : mid + 1;
        hi = later ? mid : hi;
    }
    return lo ? b->stmts.v[lo - 1] : NULL;
}

const struct ast_stmt *check_statement_at(struct checker *k, struct span at, const struct ast_block **in)
{
    const struct ast_block *b = NULL;
    for (uint32_t i = 0; i < k->modules.n; i++)
        if (k->modules.v[i]->source == k->c->sources.files.v[at.file])
            b = k->modules.v[i]->ast->top;
    while (b) {
        const struct ast_stmt *s = statement_before(b, at.file, at.off);
        *in = b;
        if (!s || s->word_span.off == at.off)
            return s;
        for (b = NULL; s && !b; s = s->else_when) {
            const struct ast_block *blocks[] = {s->block, s->else_block};
            for (int i = 0; i < 2; i++)
                if (blocks[i] && blocks[i]->span.off < at.off && at.off < blocks[i]->span.off + blocks[i]->span.len)
                    b = blocks[i];
        }
    }
    return NULL;
}

/* ---- texts --------------------------------------------------------------------------------------- */

struct slice check_quoted(struct checker *k, struct slice text)
{
    struct buf b = {0};
    buf_char(&b, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\' || c == '$')
            buf_printf(&b, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_printf(&b, "\\x%02x", c);
        else
            buf_char(&b, (char)c);
    }
    buf_char(&b, '"');
    struct slice s = arena_copy(k->a, buf_view(&b));
    buf_free(&b);
    return s;
}

bool check_is_name(struct slice s)
{
    static const struct slice reserved[] = {
        SLICE("acl"), SLICE("let"), SLICE("template"), SLICE("when"), SLICE("if"), SLICE("else"), SLICE("and"), SLICE("or"),
        SLICE("not"), SLICE("in"), SLICE("true"), SLICE("false"), SLICE("under"), SLICE("like"), SLICE("matches"),
        SLICE("contains"), SLICE("starts-with"), SLICE("ends-with")};
    bool dash = true; /* none at the front, none after another */
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i], l = ascii_lower(c);
        bool letter = (l >= 'a' && l <= 'z') || c == '_', digit = c >= '0' && c <= '9';
        if (c == '-' ? dash : !letter && !(digit && i > 0))
            return false;
        dash = c == '-';
    }
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (slice_eq(s, reserved[i]))
            return false;
    return s.len > 0 && !dash;
}

/* ---- statuses ------------------------------------------------------------------------------------ */

/* RFC 9110 section 15, RFC 6585. */
static const struct {
    struct slice word;
    unsigned status;
} statuses[] = {
    {SLICE("ok"), 200},
    {SLICE("created"), 201},
    {SLICE("accepted"), 202},
    {SLICE("no-content"), 204},
    {SLICE("moved-permanently"), 301},
    {SLICE("found"), 302},
    {SLICE("see-other"), 303},
    {SLICE("not-modified"), 304},
    {SLICE("temporary-redirect"), 307},
    {SLICE("permanent-redirect"), 308},
    {SLICE("bad-request"), 400},
    {SLICE("unauthorized"), 401},
    {SLICE("forbidden"), 403},
    {SLICE("not-found"), 404},
    {SLICE("method-not-allowed"), 405},
    {SLICE("not-acceptable"), 406},
    {SLICE("request-timeout"), 408},
    {SLICE("conflict"), 409},
    {SLICE("gone"), 410},
    {SLICE("length-required"), 411},
    {SLICE("content-too-large"), 413},
    {SLICE("uri-too-long"), 414},
    {SLICE("unsupported-media-type"), 415},
    {SLICE("im-a-teapot"), 418},
    {SLICE("misdirected-request"), 421},
    {SLICE("too-many-requests"), 429},
    {SLICE("internal-server-error"), 500},
    {SLICE("not-implemented"), 501},
    {SLICE("bad-gateway"), 502},
    {SLICE("service-unavailable"), 503},
    {SLICE("gateway-timeout"), 504},
};

/* "not-found", "Not Found" and NOT_FOUND are one word. */
static bool is_status_word(struct slice s, struct slice word)
{
    bool same = s.len == word.len;
    for (size_t i = 0; same && i < s.len; i++)
        same = word.p[i] == '-' ? strchr("-_ ", s.p[i]) && s.p[i] : ascii_lower(s.p[i]) == word.p[i];
    return same;
}

bool check_status_word(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi)
{
    if ((e->kind != AST_NAME && e->kind != AST_STRING) || (e->kind == AST_NAME && check_lookup(k, e)))
        return false;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        unsigned n = statuses[i].status;
        if (n < lo || n > hi || !is_status_word(e->text, statuses[i].word))
            continue;
        struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "%s is a number", what);
        diag_label(k->d, x, "expected %u", n);
        diag_help(k->d, x, "write `%u`", n);
        diag_fix(x, FIX_SAFE, e->span, arena_printf(k->a, "%u", n));
        return true;
    }
    return false;
}
