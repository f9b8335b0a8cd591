/* Values of forms: each argument is held against one item of a pattern, and what is wrong with it is reported as for any
 * other statement. */
#include "compiler/check_form.h"

/* ---- patterns ---------------------------------------------------------------------------------- */

struct slice form_next_item(struct slice *rest)
{
    while (rest->len && rest->p[0] == ' ')
        *rest = (struct slice){rest->p + 1, rest->len - 1};
    const char *end = memchr(rest->p, ' ', rest->len);
    struct slice item = {rest->p, end ? (size_t)(end - rest->p) : rest->len};
    *rest = (struct slice){rest->p + item.len, rest->len - item.len};
    return item;
}

/* The words of "a|b|c". */
uint32_t form_split_words(struct slice s, struct slice *out, uint32_t max)
{
    uint32_t n = 0;
    while (s.len && n < max) {
        const char *bar = memchr(s.p, '|', s.len);
        size_t len = bar ? (size_t)(bar - s.p) : s.len;
        out[n++] = (struct slice){s.p, len};
        s = (struct slice){s.p + len + (bar ? 1 : 0), s.len - len - (bar ? 1 : 0)};
    }
    return n;
}

struct slice form_listed(struct arena *a, const struct slice *words, uint32_t n)
{
    struct slice all = words[0];
    for (uint32_t i = 1; i < n; i++)
        all = arena_printf(a, "%.*s%s%.*s", SLICE_ARG(all), i + 1 == n ? " or " : ", ", SLICE_ARG(words[i]));
    return all;
}

/* Whether `e` is one of the words; reports where it is none. */
bool form_one_word(struct form *f, const struct ast_expr *e, struct slice set)
{
    struct slice words[WORDS_MAX], text = check_source_text(f->k, e->span);
    uint32_t n = form_split_words(set, words, WORDS_MAX);
    for (uint32_t i = 0; i < n; i++)
        if (slice_eq(text, words[i]))
            return true;
    if (e->kind == AST_ERROR)
        return false;
    struct diag *x;
    if (e->kind == AST_STRING && set.len) {
        for (uint32_t i = 0; i < n; i++)
            if (slice_eq(e->text, words[i])) {
                x = check_misformed(f->k, f->id, e->span, "`%.*s` stands without quotes", SLICE_ARG(e->text));
                diag_label(f->k->d, x, "a text, expected a word");
                diag_fix(x, FIX_SAFE, e->span, e->text);
                return false;
            }
    }
    struct slice all = form_listed(f->k->a, words, n);
    if (e->kind == AST_NAME) {
        x = diag_report(f->k->d, DIAG_E0210, e->span, "%s does not know `%.*s`", f->what, SLICE_ARG(e->text));
        diag_label(f->k->d, x, "expected %.*s", SLICE_ARG(all));
        check_suggest(f->k, x, e->span, e->text, words, n);
        x->applicability = FIX_SAFE;
    } else {
        x = check_misformed(f->k, f->id, e->span, "%s needs %.*s here", f->what, SLICE_ARG(all));
        diag_label(f->k->d, x, "expected %.*s", SLICE_ARG(all));
    }
    return false;
}

/* ---- values ------------------------------------------------------------------------------------ */

/* A literal of `kind`; NULL where reported. */
static const struct ast_expr *of_kind(struct form *f, const struct ast_expr *e, enum ast_kind kind,
                                      enum type_id type)
{
    const struct ast_expr *lit = check_literal(f->k, e);
    if (lit && lit->kind != (uint8_t)kind) {
        check_wrong_literal(f->k, e, lit, type, f->what);
        return NULL;
    }
    return lit;
}

static void outside(struct form *f, const struct ast_expr *e, const char *range)
{
    struct diag *x = diag_report(f->k->d, DIAG_E0303, e->span, "%s is outside its range", f->what);
    diag_label(f->k->d, x, "must be %s", range);
}

static void bounds(struct slice detail, int64_t *lo, int64_t *hi)
{
    int64_t n = 0;
    *lo = 0;
    for (size_t i = 0; i < detail.len; i++)
        if (detail.p[i] == '.') {
            if (detail.p[i - 1] != '.')
                *lo = n;
            n = 0;
        } else {
            n = n * 10 + (detail.p[i] - '0');
        }
    *hi = n;
}

static void range(struct form *f, const struct ast_expr *e, struct slice detail)
{
    int64_t lo, hi;
    const struct ast_expr *lit = of_kind(f, e, AST_RANGE, TYPE_RANGE);
    bounds(detail, &lo, &hi);
    if (lit && (lit->range.lo < lo || lit->range.hi > hi || lit->range.lo > lit->range.hi))
        outside(f, e, arena_printf(f->k->a, "within %lld..%lld", (long long)lo, (long long)hi).p);
}

static void numbers(struct form *f, const struct ast_expr *e, struct slice kind, struct slice detail)
{
    int64_t n, lo, hi;
    const struct ast_expr *lit;
    bounds(detail, &lo, &hi);
    if (slice_eq(kind, SLICE("int")))
        check_int(f->k, e, f->what, lo, hi, &n);
    else if (slice_eq(kind, SLICE("duration")))
        check_milliseconds(f->k, e, f->what, 1, UINT32_MAX, &n);
    else if (slice_eq(kind, SLICE("size")))
        check_size(f->k, e, f->what, &n);
    else if (slice_eq(kind, SLICE("range")))
        range(f, e, detail);
    else if (slice_eq(kind, SLICE("bool")))
        of_kind(f, e, AST_BOOL, TYPE_BOOL);
    else if (slice_eq(kind, SLICE("percent"))) {
        lit = of_kind(f, e, AST_PERCENT, TYPE_PERCENT);
        if (lit && (lit->real < 0 || lit->real > 100))
            outside(f, e, "from 0% to 100%");
    } else {
        lit = of_kind(f, e, AST_RATE, TYPE_RATE);
        if (lit && (lit->rate.num < 1 || lit->rate.per_us < 1000))
            outside(f, e, "at least 1 in 1ms or more");
    }
}

static void strings(struct form *f, const struct ast_expr *e)
{
    struct slice text;
    const struct ast_expr *lit = check_literal(f->k, e);
    if (lit && lit->kind != AST_LIST) {
        struct diag *x = check_misformed(f->k, f->id, e->span, "%s needs a list of texts", f->what);
        diag_label(f->k->d, x, "expected [\"…\", …]");
        if (lit == e && lit->kind == AST_STRING) {
            diag_fix(x, FIX_SAFE, e->span,
                     arena_printf(f->k->a, "[%.*s]", SLICE_ARG(check_source_text(f->k, e->span))));
            diag_help(f->k->d, x, "write `%.*s`", SLICE_ARG(x->fix_text));
        }
    }
    for (uint32_t i = 0; lit && lit->kind == AST_LIST && i < lit->nargs; i++)
        check_string(f->k, lit->args[i], f->what, &text);
}

/* [a, b], or one of them alone where `alone`. */
static void word_list(struct form *f, const struct ast_expr *e, struct slice set, bool alone)
{
    if (e->kind != AST_LIST) {
        if (alone || e->kind != AST_NAME) {
            form_one_word(f, e, set);
        } else if (form_one_word(f, e, set)) {
            struct diag *x = check_misformed(f->k, f->id, e->span, "%s needs a list", f->what);
            struct slice fix = arena_printf(f->k->a, "[%.*s]", SLICE_ARG(e->text));
            diag_label(f->k->d, x, "a word alone");
            diag_help(f->k->d, x, "write `%.*s`", SLICE_ARG(fix));
            diag_fix(x, FIX_SAFE, e->span, fix);
        }
        return;
    }
    for (uint32_t i = 0; i < e->nargs; i++) {
        form_one_word(f, e->args[i], set);
        for (uint32_t j = 0; j < i; j++)
            if (e->args[i]->kind == AST_NAME && e->args[j]->kind == AST_NAME &&
                slice_eq(e->args[i]->text, e->args[j]->text))
                check_twice(f->k, e->args[i]->span, e->args[j]->span, "`%.*s` stands in the list twice",
                            SLICE_ARG(e->args[i]->text));
    }
}

static void host(struct form *f, const struct ast_expr *e)
{
    struct slice text;
    struct text_error err = {0};
    if (check_string(f->k, e, f->what, &text) && !check_text_type(f->k->a, TYPE_HOST, text, &text, &err))
        check_bad_text(f->k, e, text, "host", &err);
}

/* Networks: one, a list of them, or the name of either. */
static void networks(struct form *f, const struct ast_expr *e)
{
    struct checker *k = f->k;
    struct decl *d = e->kind == AST_NAME || e->kind == AST_MEMBER ? check_lookup(k, e) : NULL;
    if (d && d->kind == DECL_LIST) {
        d->used = true;
        if (!d->rows.broken && d->rows.set->key_kind != IR_KEY_CIDR)
            check_mismatch(k, e, check_key_kind_text(d->rows.set->key_kind), "cidr");
        return;
    }
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return;
    if (lit->kind != AST_LIST) {
        if (lit->kind != AST_CIDR && lit->kind != AST_IP_RANGE)
            check_wrong_literal(k, e, lit, TYPE_CIDR, f->what);
        return;
    }
    for (uint32_t i = 0; i < lit->nargs; i++) {
        const struct ast_expr *item = check_literal(k, lit->args[i]);
        if (item && item->kind != AST_CIDR && item->kind != AST_IP_RANGE)
            check_wrong_literal(k, lit == e ? lit->args[i] : e, item, TYPE_CIDR, f->what);
    }
}

static const struct {
    const char *kind;
    enum decl_kind decl;
    const char *what;
} refs[] = {
    {"tls", DECL_TLS, "set of certificates (tls)"},
    {"limit", DECL_LIMIT, "limit"},
    {"table", DECL_TABLE, "table"},
    {"servers", DECL_TABLE, "table"},
    {"errors", DECL_ERRORS, "set of error pages (errors)"},
    {"log", DECL_LOG, "log"},
    {"resolver", DECL_RESOLVER, "resolver"},
    {"peers", DECL_PEERS, "set of peers"},
    {"check", DECL_CHECK, "check"},
};

static bool reference(struct form *f, const struct ast_expr *e, struct slice kind)
{
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        if (!slice_eq(kind, slice_of(refs[i].kind)))
            continue;
        struct decl *d = check_ref(f->k, e, 1u << refs[i].decl, refs[i].what);
        bool servers = d && d->kind == DECL_TABLE && d->stmt->to;
        if (d && d->kind == DECL_TABLE && servers != (refs[i].kind[0] == 's')) {
            struct diag *x = diag_report(f->k->d, DIAG_E0302, e->span,
                                         servers ? "table `%.*s` holds servers; %s needs counters"
                                                 : "table `%.*s` holds counters; %s needs servers",
                                         SLICE_ARG(d->name), f->what);
            diag_label(f->k->d, x, servers ? "holds servers" : "holds counters");
            diag_secondary(f->k->d, x, d->at, "declared here");
        }
        f->of = d;
        return true;
    }
    return false;
}

static void text(struct form *f, const struct ast_expr *e, struct slice kind)
{
    struct slice out;
    if (slice_eq(kind, SLICE("string")))
        check_string(f->k, e, f->what, &out);
    else if (slice_eq(kind, SLICE("strings")))
        strings(f, e);
    else if (slice_eq(kind, SLICE("bytes")))
        check_bytes(f->k, e, f->what, &out);
    else if (slice_eq(kind, SLICE("host")))
        host(f, e);
    else if (slice_eq(kind, SLICE("text")))
        check_text(f->k, e, f->what);
    else if (slice_eq(kind, SLICE("logged")))
        check_expr(f->k, e, TYPE_STRING);
    else if (slice_eq(kind, SLICE("endpoint")))
        check_endpoint(f->k, e, f->what);
    else
        networks(f, e);
}

static bool is_number(struct slice kind)
{
    static const struct slice kinds[] = {SLICE("int"),  SLICE("duration"), SLICE("size"), SLICE("range"),
                                         SLICE("bool"), SLICE("percent"),  SLICE("rate")};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_eq(kind, kinds[i]))
            return true;
    return false;
}

/* <kind> or <kind:detail> */
void form_split_kind(struct slice item, struct slice *kind, struct slice *detail)
{
    struct slice inner = {item.p + 1, item.len - 2};
    const char *colon = memchr(inner.p, ':', inner.len);
    *kind = (struct slice){inner.p, colon ? (size_t)(colon - inner.p) : inner.len};
    *detail = colon ? (struct slice){colon + 1, inner.len - kind->len - 1} : (struct slice){inner.p, 0};
}

void form_value(struct form *f, struct slice item, const struct ast_expr *e)
{
    struct slice kind, detail;
    form_split_kind(item, &kind, &detail);
    if (e->kind == AST_ERROR)
        return;
    if (is_number(kind)) {
        numbers(f, e, kind, detail);
    } else if (slice_eq(kind, SLICE("new"))) {
        if (e->kind != AST_NAME)
            diag_label(f->k->d, check_misformed(f->k, f->id, e->span, "a name is expected here"),
                       "not a name");
    } else if (slice_eq(kind, SLICE("list")) || slice_eq(kind, SLICE("words"))) {
        word_list(f, e, detail, kind.p[0] == 'w');
    } else if (slice_eq(kind, SLICE("by"))) {
        check_by(f->k, e, f->of);
    } else if (slice_eq(kind, SLICE("setting"))) {
        form_one_word(
            f, e,
            SLICE("balance|check|timeout|max-body|compress|errors|log|retry|queue|persist|on-down|cache"));
        f->i = f->s->nargs; /* which of the timeouts */
    } else if (!reference(f, e, kind)) {
        text(f, e, kind);
    }
}
