/* Lints of tests of texts: segments of paths and labels of hosts that are not whole, and texts that the
 * operand never has. */
#include "compiler/lint.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_upper(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    return false;
}

static bool has_lower(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] >= 'a' && s.p[i] <= 'z')
            return true;
    return false;
}

static struct slice lowered(struct checker *k, struct slice s)
{
    char *p = arena_alloc(k->a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = ascii_lower(s.p[i]);
    return (struct slice){p, s.len};
}

/* `text` as a string literal, where it needs no escapes; else p NULL. */
static struct slice quoted(struct checker *k, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] < ' ' || text.p[i] == '"' || text.p[i] == '\\' || text.p[i] == '$')
            return (struct slice){0};
    return arena_printf(k->a, "\"%.*s\"", SLICE_ARG(text));
}

/* ---- texts that never are ------------------------------------------------------------------------ */

static struct diag *never(struct checker *k, const struct ast_expr *e, struct span at, const char *label)
{
    struct diag *x = diag_report(k->d, DIAG_W0506, e->span, "this condition never holds");
    if (at.len && at.off != e->span.off) {
        diag_label(k->d, x, "always false");
        diag_secondary(k->d, x, at, "%s", label);
    } else {
        diag_label(k->d, x, "%s", label);
    }
    return x;
}

static void never_cased(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                        struct slice text, bool lower, const char *what)
{
    struct diag *x = never(k, e, lit->span, lower ? "has upper case" : "has lower case");
    diag_note(k->d, x, "%s is %s case", what, lower ? "lower" : "upper");
    struct slice fix = lower ? quoted(k, lowered(k, text)) : (struct slice){0};
    if (fix.p && lit->kind == AST_STRING) {
        diag_help(k->d, x, "write `%.*s`", SLICE_ARG(fix));
        diag_fix(x, FIX_MAYBE, lit->span, fix);
    }
}

/* Text that no path has anywhere. */
static const char *not_in_paths(struct slice s)
{
    if (slice_contains(s, SLICE("//")))
        return "slashes are merged: no path has two in a row";
    if (slice_contains(s, SLICE("/./")) || slice_contains(s, SLICE("/../")))
        return "no path has dot segments: they are removed";
    if (slice_contains(s, SLICE("?")))
        return "what follows `?` is no part of the path; `req.query[\"…\"]` and `req.uri` have it";
    if (slice_contains(s, SLICE(" ")))
        return "no path has a space";
    return NULL;
}

static bool never_path(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit, enum ir_op op,
                       struct slice text)
{
    const char *why = not_in_paths(text);
    bool slash = op == IR_STARTS_WITH && text.p[0] != '/';
    if (!why && !slash)
        return false;
    struct diag *x = never(k, e, lit->span, why ? "no path has this" : "no `/` at its beginning");
    diag_note(k->d, x, "%s", why ? why : "every path begins with `/`");
    struct slice fix = slash && !why ? quoted(k, text) : (struct slice){0};
    if (fix.p && lit->kind == AST_STRING) {
        diag_fix(x, FIX_MAYBE, lit->span, arena_printf(k->a, "\"/%.*s", (int)fix.len - 1, fix.p + 1));
        diag_help(k->d, x, "write `%.*s`", SLICE_ARG(x->fix_text));
    }
    return true;
}

static bool ends_in_port(struct slice s)
{
    size_t n = s.len;
    while (n && s.p[n - 1] >= '0' && s.p[n - 1] <= '9')
        n--;
    return n && n < s.len && s.p[n - 1] == ':' && !memchr(s.p, '[', s.len);
}

static bool never_host(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit, enum ir_op op,
                       struct slice text)
{
    if (has_upper(text)) {
        never_cased(k, e, lit, text, true, "`host`");
        return true;
    }
    bool slash = slice_contains(text, SLICE("/")), port = op == IR_ENDS_WITH && ends_in_port(text);
    bool dot = op == IR_ENDS_WITH && text.p[text.len - 1] == '.';
    if (!slash && !port && !dot)
        return false;
    struct diag *x = never(k, e, lit->span, slash ? "holds `/`" : port ? "ends in a port" : "ends in a dot");
    diag_note(k->d, x, "`host` is the name alone: without scheme, port and path, without a dot at its end");
    return true;
}

/* ---- parts of segments and labels ---------------------------------------------------------------- */

static void path_prefix(struct checker *k, const struct ast_expr *e, struct slice text)
{
    size_t segment = text.len;
    while (segment && text.p[segment - 1] != '/')
        segment--;
    /* "/v" before a number is meant to be part of a segment. */
    if (text.len - segment < 2 || !is_alnum(text.p[text.len - 1]))
        return;
    struct diag *x =
        diag_report(k->d, DIAG_W0510, ast_op_span(e), "this also holds for `%.*sx`", SLICE_ARG(text));
    diag_label(k->d, x, "compares bytes, not segments");
    diag_help(k->d, x, "`path under \"%.*s\"` holds for `%.*s` and what is below it", SLICE_ARG(text),
              SLICE_ARG(text));
    diag_fix(x, FIX_MAYBE, ast_op_span(e), SLICE("under"));
}

static void host_suffix(struct checker *k, const struct ast_expr *e, struct slice text)
{
    if (!is_alnum(text.p[0]))
        return;
    struct diag *x =
        diag_report(k->d, DIAG_W0511, e->span, "this also holds for `evil%.*s`", SLICE_ARG(text));
    diag_label(k->d, x, "compares bytes, not labels");
    diag_help(k->d, x, "the host and all below it: `host in [\"%.*s\", \"**.%.*s\"]`", SLICE_ARG(text),
              SLICE_ARG(text));
    diag_help(k->d, x, "only those below it: `host like \"**.%.*s\"`", SLICE_ARG(text));
}

static void host_part(struct checker *k, const struct ast_expr *e, enum ir_op op, struct slice text)
{
    bool starts = op == IR_STARTS_WITH, dot = slice_contains(text, SLICE("."));
    if (starts && (!dot || text.p[text.len - 1] == '.'))
        return; /* "www." */
    bool letters = false;
    for (size_t i = 0; i < text.len; i++)
        letters |= is_alnum(text.p[i]);
    if (!letters)
        return;
    struct diag *x = diag_report(k->d, DIAG_W0515, e->span, "this also holds for `%s%.*s.evil.example`",
                                 starts ? "" : "not-", SLICE_ARG(text));
    diag_label(k->d, x, "whoever owns a domain chooses what stands before it");
    if (dot && is_alnum(text.p[0]) && is_alnum(text.p[text.len - 1]))
        diag_help(k->d, x, "the host and all below it: `host in [\"%.*s\", \"**.%.*s\"]`", SLICE_ARG(text),
                  SLICE_ARG(text));
    else
        diag_help(k->d, x, "name whole hosts: `host in [\"a.example\", \"**.b.example\"]`");
}

/* ---- all ----------------------------------------------------------------------------------------- */

static void empty_text(struct checker *k, const struct ast_expr *e, const struct ir_expr *subject)
{
    struct slice text = check_source_text(k, e->args[0]->span);
    struct diag *x = diag_report(k->d, DIAG_W0507, e->span,
                                 subject->optional ? "this holds wherever `%.*s` is there"
                                                   : "this always holds: every text has the empty one",
                                 SLICE_ARG(text));
    diag_label(k->d, x, "every text has the empty one");
    if (subject->optional)
        diag_help(k->d, x, "write `exists(%.*s)`", SLICE_ARG(text));
}

/* A text that was made lower or upper case, against one that is not. */
static bool recased(struct checker *k, const struct ast_expr *e, const struct ir_expr *t, struct slice text)
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    bool lower = subject->op == IR_LOWER;
    if (subject->op != IR_LOWER && subject->op != IR_UPPER)
        return false;
    if (!(lower ? has_upper(text) : has_lower(text)))
        return false;
    never_cased(k, e, e->args[t->args[0] == c ? 0 : 1], text, lower,
                lower ? "what `lower` yields" : "what `upper` yields");
    return true;
}

void lint_text_test(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    enum ir_op op = (enum ir_op)t->op;
    if (t->op == IR_EQ && t->kind == IR_BOOL && !t->args[0]->optional && lint_same(t->args[0], t->args[1])) {
        diag_label(k->d, diag_report(k->d, DIAG_W0507, e->span, "this always holds"),
                   "a value is equal to itself");
        return;
    }
    if (!subject || !c || c->op != IR_CONST_STR)
        return;
    bool bytes = op == IR_STARTS_WITH || op == IR_ENDS_WITH || op == IR_CONTAINS;
    struct slice text = c->str;
    if (bytes && !text.len)
        empty_text(k, e, subject);
    if (!text.len || recased(k, e, t, text) || !bytes)
        return;
    if (lint_is_field(subject, IR_FIELD_PATH)) {
        if (!never_path(k, e, e->args[1], op, text) && op == IR_STARTS_WITH)
            path_prefix(k, e, text);
    } else if (lint_is_field(subject, IR_FIELD_HOST)) {
        if (never_host(k, e, e->args[1], op, text))
            return;
        if (op == IR_ENDS_WITH)
            host_suffix(k, e, text);
        else
            host_part(k, e, op, text);
    }
}
