/* Texts as hosts, paths, patterns, methods and header names: a literal must be something that a request can
 * hold, in the form that the normaliser (runtime/base/norm.h) gives it. What it can be folded to without a
 * doubt (the case of a host) is folded; the rest is E0310, with the right form as the fix. */
#include "compiler/check_state.h"

#include "runtime/base/norm.h"

bool check_is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              (c && strchr("!#$%&'*+-.^_`|~", c)))) /* RFC 9110 section 5.6.2 */
            return false;
    }
    return s.len > 0;
}

bool check_is_method_word(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || (i && s.p[i] == '-')))
            return false;
    return s.len > 0;
}

static bool fail(struct text_error *err, const char *why)
{
    err->why = why;
    return false;
}

/* ---- hosts ------------------------------------------------------------------------------------- */

/* The common case: lower-case letters, digits, dots and hyphens, no dot at the end. */
static bool is_plain_host(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
            return false;
    }
    return s.len > 0 && s.p[s.len - 1] != '.';
}

/* The host in a URL or in a host with a path. */
static struct slice host_within(struct slice s)
{
    const char *scheme = memmem(s.p, s.len, "://", 3);
    if (scheme)
        s = slice_from(s, (size_t)(scheme - s.p) + 3);
    const char *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
    return slash ? (struct slice){s.p, (size_t)(slash - s.p)} : s;
}

static bool host_text(struct arena *a, struct slice text, struct slice *out, struct text_error *err)
{
    if (is_plain_host(text)) {
        *out = text;
        return true;
    }
    char *room = arena_alloc(a, text.len + 1);
    if (memchr(text.p, '/', text.len)) {
        struct slice host;
        if (norm_host(host_within(text), room, &host) && host.len)
            err->fix = host;
        return fail(err, memmem(text.p, text.len, "://", 3) ? "a host, not a URL" : "a host has no path");
    }
    if (!norm_host(text, room, out))
        return fail(err, "it holds a byte that no host has");
    if (memchr(text.p, '*', text.len))
        return fail(err, "`*` is no part of a host; `like` and host-pattern have patterns");
    if (out->len == text.len)
        return true;
    err->fix = *out;
    err->safe = text.p[text.len - 1] == '.' && out->len + 1 == text.len;
    return fail(err, text.p[text.len - 1] == '.' ? "hosts are compared without the dot at the end"
                                                 : "hosts are compared without their port");
}

static size_t stars(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.p[n] == '*')
        n++;
    return n;
}

static bool host_pattern_text(struct arena *a, struct slice text, struct slice *out, struct text_error *err)
{
    size_t n = stars(text);
    struct slice rest = slice_from(text, n), host;
    if (n == 0) {
        if (!memchr(text.p, '*', text.len))
            return host_text(a, text, out, err);
        return fail(err, "`*` and `**` stand for the first labels only: `*.example.com`");
    }
    if (n > 2 || rest.len < 2 || rest.p[0] != '.') {
        if (rest.len && rest.p[0] != '.' && n <= 2 && is_plain_host(rest))
            err->fix = arena_printf(a, "%.*s.%.*s", (int)n, text.p, SLICE_ARG(rest));
        return fail(err, rest.len == 0 ? "a pattern needs a suffix after its stars"
                                       : "a pattern is a host, `*.suffix` or `**.suffix`");
    }
    if (!host_text(a, slice_from(rest, 1), &host, err)) {
        if (err->fix.p)
            err->fix = arena_printf(a, "%.*s.%.*s", (int)n, text.p, SLICE_ARG(err->fix));
        return false;
    }
    *out = host.p == rest.p + 1 ? text : arena_printf(a, "%.*s.%.*s", (int)n, text.p, SLICE_ARG(host));
    return true;
}

/* ---- paths ------------------------------------------------------------------------------------- */

static bool path_text(struct arena *a, struct slice text, struct slice *out, struct text_error *err)
{
    *out = text;
    if (norm_path_is_clean(text))
        return true;
    if (text.len == 0 || text.p[0] != '/') {
        if (text.len && check_is_token(text))
            err->fix = arena_printf(a, "/%.*s", SLICE_ARG(text));
        return fail(err, "a path begins with `/`");
    }
    if (memchr(text.p, '?', text.len) || memchr(text.p, '#', text.len))
        return fail(err, "a path ends before `?`; the query is req.query[…]");
    char *room = arena_alloc(a, text.len);
    if (!norm_path(text, room, out))
        return fail(err, "no normalised path holds this: malformed or encoded `/`, space or control byte");
    if (slice_eq(*out, text))
        return true;
    err->fix = *out;
    err->safe = true;
    return fail(err, "no request has this path after normalisation");
}

/* What `under` and keys of type path are: a path without `/` at its end. */
static bool path_prefix_text(struct arena *a, struct slice text, struct slice *out, struct text_error *err)
{
    if (!path_text(a, text, out, err)) {
        while (err->fix.len > 1 && err->fix.p[err->fix.len - 1] == '/')
            err->fix.len--;
        return false;
    }
    if (text.len == 1 || text.p[text.len - 1] != '/')
        return true;
    err->fix = (struct slice){text.p, text.len - 1};
    err->safe = true;
    return fail(err, "a prefix of whole segments has no `/` at its end");
}

static bool method_text(struct arena *a, struct slice text, struct slice *out, struct text_error *err)
{
    static const struct slice known[] = {SLICE("GET"),     SLICE("HEAD"),  SLICE("POST"),
                                         SLICE("PUT"),     SLICE("PATCH"), SLICE("DELETE"),
                                         SLICE("OPTIONS"), SLICE("TRACE"), SLICE("CONNECT")};
    (void)a;
    *out = text;
    if (!check_is_token(text))
        return fail(err, "it holds a byte that no method has");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eq_nocase(text, known[i]) && !slice_eq(text, known[i])) {
            err->fix = known[i];
            err->safe = true;
            return fail(err, "methods are case-sensitive");
        }
    return true;
}

bool check_text_type(struct arena *a, enum type_id type, struct slice text, struct slice *out,
                     struct text_error *err)
{
    *err = (struct text_error){0};
    *out = text;
    if (type == TYPE_HOST)
        return text.len == 0 || host_text(a, text, out, err);
    if (type == TYPE_HOST_PATTERN)
        return host_pattern_text(a, text, out, err);
    if (type == TYPE_PATH)
        return path_text(a, text, out, err);
    return type != TYPE_METHOD || method_text(a, text, out, err);
}

bool check_text_key(struct arena *a, enum ir_key_kind kind, struct slice text, struct slice *out,
                    struct text_error *err)
{
    *err = (struct text_error){0};
    *out = text;
    switch (kind) {
    case IR_KEY_HOST:
        return host_text(a, text, out, err);
    case IR_KEY_HOST_PATTERN:
        return host_pattern_text(a, text, out, err);
    case IR_KEY_PATH:
        return path_prefix_text(a, text, out, err);
    case IR_KEY_METHOD:
        return method_text(a, text, out, err);
    case IR_KEY_STRING:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
        return true;
    case IR_KEY_INT:
    case IR_KEY_CIDR:
    case IR_KEY_RANGE:
    case IR_KEY_REGEX:
        break;
    }
    return fail(err, "it is no text");
}

void check_bad_text(struct checker *k, const struct ast_expr *e, struct slice text, const char *what,
                    const struct text_error *err)
{
    struct diag *x = diag_report(k->d, DIAG_E0310, e->span, "`%.*s` is no %s", SLICE_ARG(text), what);
    diag_label(k->d, x, "%s", err->why);
    if (!err->fix.p)
        return;
    diag_help(k->d, x, "write \"%.*s\"", SLICE_ARG(err->fix));
    if (e->kind == AST_STRING)
        diag_fix(x, err->safe ? FIX_SAFE : FIX_MAYBE, e->span, check_quoted(k, err->fix));
    else if (e->kind == AST_NAME)
        diag_fix(x, err->safe ? FIX_SAFE : FIX_MAYBE, e->span, err->fix);
}

/* ---- headers ----------------------------------------------------------------------------------- */

static const struct {
    struct slice name;
    const char *why;
} protected_headers[] = {
#define PROTECTED_HEADER(text, doc) {SLICE(text), doc},
#include "grammar/names.def"
};

bool check_header_name(struct checker *k, const struct ast_expr *e, bool write, struct slice *out)
{
    if (!check_string(k, e, "the name of a header", out))
        return false;
    if (!check_is_token(*out)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0310, e->span, "`%.*s` is no name of a header", SLICE_ARG(*out));
        diag_label(k->d, x, out->len ? "names are letters, digits and !#$%%&'*+-.^_`|~" : "empty");
        return false;
    }
    for (size_t i = 0; write && i < sizeof protected_headers / sizeof *protected_headers; i++)
        if (slice_eq_nocase(*out, protected_headers[i].name)) {
            struct diag *x =
                diag_report(k->d, DIAG_E0504, e->span, "`%.*s` cannot be changed by a rule", SLICE_ARG(*out));
            diag_label(k->d, x, "the proxy itself is responsible for it");
            diag_note(k->d, x, "%s", protected_headers[i].why);
            return false;
        }
    return true;
}

bool check_header_text(struct checker *k, const struct ast_expr *e, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            struct diag *x =
                diag_report(k->d, DIAG_E0310, e->span, "the value of a header holds no control bytes");
            diag_label(k->d, x, "holds byte %u", c);
            return false;
        }
    }
    return true;
}
