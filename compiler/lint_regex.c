/* Lints of regular expressions: those on hosts that match more than they seem to, and those that a simpler
 * test says. */
#include "compiler/lint.h"
#include "compiler/regex.h"

/* ---- the tree ------------------------------------------------------------------------------------ */

static uint32_t set_size(const struct regex_node *n)
{
    uint32_t size = 0;
    for (int i = 0; i < 4; i++)
        size += (uint32_t)__builtin_popcountll(n->set[i]);
    return size;
}

/* The one byte of a set; -1: it has not one. */
static int only_byte(const struct regex_node *n)
{
    if (n->op != REGEX_SET || set_size(n) != 1)
        return -1;
    for (int i = 0; i < 4; i++)
        if (n->set[i])
            return i * 64 + __builtin_ctzll(n->set[i]);
    return -1;
}

/* `.*` and the like: any text in which no line ends. */
static bool is_anything(const struct regex_node *n)
{
    return n->op == REGEX_REPEAT && n->min == 0 && n->max == REGEX_INFINITE && n->kids[0]->op == REGEX_SET &&
           set_size(n->kids[0]) >= 255;
}

/* Whether what matches begins (`end`: ends) at the subject's end, or at a label's: with a dot. */
static bool whole_label(const struct regex_node *n, bool end)
{
    if (n->op == (end ? REGEX_END : REGEX_BEGIN) || only_byte(n) == '.')
        return true;
    if (n->op == REGEX_REPEAT)
        return n->min > 0 && whole_label(n->kids[0], end);
    if (n->op == REGEX_ALT) {
        for (uint32_t i = 0; i < n->nkids; i++)
            if (!whole_label(n->kids[i], end))
                return false;
        return true;
    }
    if (n->op != REGEX_CAT)
        return false;
    uint32_t skip = 0;
    while (skip + 1 < n->nkids && is_anything(n->kids[end ? n->nkids - 1 - skip : skip]))
        skip++;
    return whole_label(n->kids[end ? n->nkids - 1 - skip : skip], end);
}

/* Whether every text that matches has a letter of upper case. */
static bool needs_upper(const struct regex_node *n)
{
    bool all = n->op == REGEX_ALT;
    if (n->op == REGEX_SET) {
        for (int b = 0; b < 256; b++)
            if (regex_set_has(n, (unsigned char)b) && (b < 'A' || b > 'Z'))
                return false;
        return set_size(n) > 0;
    }
    if (n->op == REGEX_REPEAT)
        return n->min > 0 && needs_upper(n->kids[0]);
    for (uint32_t i = 0; i < n->nkids; i++)
        if (needs_upper(n->kids[i]) != all)
            return !all;
    return all && n->nkids;
}

/* ---- hosts --------------------------------------------------------------------------------------- */

/* An unescaped dot between letters: outside of classes, not repeated. -1: none. */
static long careless_dot(struct slice s)
{
    bool in_class = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '\\') {
            i++;
            continue;
        }
        if (s.p[i] == '[')
            in_class = true;
        else if (s.p[i] == ']')
            in_class = false;
        if (in_class || s.p[i] != '.' || i == 0 || i + 1 >= s.len)
            continue;
        char before = ascii_lower(s.p[i - 1]), after = ascii_lower(s.p[i + 1]);
        bool joins = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') || before == ')';
        if (joins && ((after >= 'a' && after <= 'z') || (after >= '0' && after <= '9') || after == '('))
            if (i < 2 || s.p[i - 2] != '\\')
                return (long)i;
    }
    return -1;
}

static bool dot(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    long off = careless_dot(t->str);
    if (off < 0)
        return false;
    struct slice s = t->str;
    long from = off, to = off + 1;
    while (from > 0 && off - from < 12 &&
           (ascii_lower(s.p[from - 1]) >= 'a' && ascii_lower(s.p[from - 1]) <= 'z'))
        from--;
    while (to < (long)s.len && to - off < 12 && (ascii_lower(s.p[to]) >= 'a' && ascii_lower(s.p[to]) <= 'z'))
        to++;
    const struct ast_expr *lit = e->args[1];
    struct diag *x =
        diag_report(k->d, DIAG_W0513, lit->span, "`.` stands for any byte: this also matches `%.*sx%.*s`",
                    (int)(off - from), s.p + from, (int)(to - off - 1), s.p + off + 1);
    diag_label(k->d, x, "an unescaped dot");
    diag_help(k->d, x, "write `\\.` for a dot");
    if (lit->kind == AST_REGEX && !memchr(s.p, '"', s.len))
        diag_fix(
            x, FIX_MAYBE, lit->span,
            arena_printf(k->a, "re\"%.*s\\%.*s\"", (int)off, s.p, (int)(s.len - (size_t)off), s.p + off));
    return true;
}

static bool unanchored(struct checker *k, const struct ast_expr *e, const struct regex_node *tree,
                       struct slice text)
{
    bool names_domain = memchr(text.p, '.', text.len) != NULL;
    bool begin = whole_label(tree, false), end = whole_label(tree, true);
    if (is_anything(tree) || (begin && end) || (begin && !names_domain))
        return false;
    struct diag *x = diag_report(k->d, DIAG_W0512, e->args[1]->span,
                                 begin ? "this also matches hosts that go on after it: `….evil.example`"
                                 : end ? "this also matches hosts in the middle of a label: `evil…`"
                                       : "this also matches within other hosts: `not-….evil.example`");
    diag_label(k->d, x, begin ? "no `$`" : end ? "no `^`" : "neither `^` nor `$`");
    diag_help(k->d, x, "whole hosts: `^…$`; better, a pattern: `host like \"**.example.com\"`");
    return true;
}

static bool host(struct checker *k, const struct ast_expr *e, const struct ir_expr *t,
                 const struct regex_node *tree)
{
    if (needs_upper(tree)) {
        struct diag *x = diag_report(k->d, DIAG_W0506, e->span, "this condition never holds");
        diag_label(k->d, x, "needs a letter in upper case");
        diag_note(k->d, x, "`host` is lower case");
        return true;
    }
    bool told = dot(k, e, t);
    return unanchored(k, e, tree, t->str) || told;
}

/* ---- what a simpler test says -------------------------------------------------------------------- */

struct shape {
    bool begin, end;
    char text[256];
    size_t len;
    bool segment; /* ends with (/|$) or the like: a segment's end */
};

/* (/|$), (/.*)?$ */
static bool is_segment_end(const struct regex_node *n, const struct regex_node *next)
{
    if (n->op == REGEX_ALT && n->nkids == 2 && !next)
        return (only_byte(n->kids[0]) == '/' && n->kids[1]->op == REGEX_END) ||
               (only_byte(n->kids[1]) == '/' && n->kids[0]->op == REGEX_END);
    if (n->op != REGEX_REPEAT || n->min != 0 || n->max != 1 || !next || next->op != REGEX_END)
        return false;
    n = n->kids[0];
    return n->op == REGEX_CAT && n->nkids == 2 && only_byte(n->kids[0]) == '/' && is_anything(n->kids[1]);
}

static bool read_shape(const struct regex_node *tree, bool one_line, struct shape *out)
{
    const struct regex_node *const *kids = (const struct regex_node *const *)tree->kids;
    uint32_t n = tree->nkids, i = 0;
    *out = (struct shape){0};
    if (tree->op != REGEX_CAT) {
        kids = &tree;
        n = 1;
    }
    if (i < n && kids[i]->op == REGEX_BEGIN) {
        out->begin = true;
        i++;
    }
    if (i < n && is_anything(kids[i]) && (one_line || !out->begin)) {
        out->begin = false;
        i++;
    }
    for (; i < n && only_byte(kids[i]) >= 0 && out->len < sizeof out->text; i++)
        out->text[out->len++] = (char)only_byte(kids[i]);
    if (i < n && is_segment_end(kids[i], i + 1 < n ? kids[i + 1] : NULL)) {
        out->segment = true;
        return i + 1 == n || i + 2 == n;
    }
    if (i < n && is_anything(kids[i]) && (one_line || i + 1 == n))
        i += i + 1 < n && kids[i + 1]->op == REGEX_END ? 2 : 1;
    else if (i < n && kids[i]->op == REGEX_END) {
        out->end = true;
        i++;
    }
    return i == n;
}

static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '$')
            return false;
    return true;
}

static void simpler(struct checker *k, const struct ast_expr *e, const struct ir_expr *t,
                    const struct regex_node *tree)
{
    const struct ir_expr *subject = t->args[0];
    bool path = lint_is_field(subject, IR_FIELD_PATH), is_host = lint_is_field(subject, IR_FIELD_HOST);
    struct shape s;
    if (!read_shape(tree, path || is_host || lint_is_field(subject, IR_FIELD_URI), &s))
        return;
    struct slice text = {s.text, s.len}, left = check_source_text(k, e->args[0]->span), canonical;
    struct text_error err;
    if (!is_plain(text) || (s.segment && !(path && s.begin && s.len > 1)))
        return;
    if (!s.len) {
        if (s.begin && s.end)
            return; /* the empty text: `== ""` does not exist for hosts and paths */
        struct diag *x =
            diag_report(k->d, DIAG_W0507, e->span,
                        subject->optional ? "this holds wherever there is a value" : "this always holds");
        diag_label(k->d, x, "matches every text");
        if (subject->optional)
            diag_help(k->d, x, "write `exists(%.*s)`", SLICE_ARG(left));
        return;
    }
    const char *op = s.segment          ? "under"
                     : s.begin && s.end ? "=="
                     : s.begin          ? "starts-with"
                     : s.end            ? "ends-with"
                                        : "contains";
    if (s.begin && s.end && (path || is_host) &&
        !check_text_type(k->a, path ? TYPE_PATH : TYPE_HOST, text, &canonical, &err))
        return;
    struct diag *x = diag_report(k->d, DIAG_W0514, e->span, "a regular expression that a simpler test says");
    bool slash = s.len > 1 && text.p[s.len - 1] == '/';
    bool as_under = path && s.begin && !s.end && !s.segment && s.len > 1;
    diag_label(k->d, x, "the same as `%s \"%.*s\"`", op, SLICE_ARG(text));
    if (as_under)
        diag_help(k->d, x, "a path and all below it: `path under \"%.*s\"`", (int)(s.len - slash), text.p);
    else {
        struct slice fix = arena_printf(k->a, "%.*s %s \"%.*s\"", SLICE_ARG(left), op, SLICE_ARG(text));
        diag_help(k->d, x, "write `%.*s`", SLICE_ARG(fix));
        if (e->args[0]->span.len <= 57 && !e->in_parens)
            diag_fix(x, FIX_MAYBE, e->span, fix);
    }
}

void lint_regex(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    struct arena scratch = {0};
    uint32_t off;
    const char *why;
    if (t->op != IR_MATCHES)
        return;
    struct regex_node *tree = regex_parse(&scratch, t->str, &off, &why);
    if (tree && !(lint_is_field(t->args[0], IR_FIELD_HOST) && host(k, e, t, tree)))
        simpler(k, e, t, tree);
    arena_free(&scratch);
}
