/* Statements whose arguments, options and blocks forms.def and options.def describe: each argument is held
 * against one item of a pattern, and what is wrong with it is reported as for any other statement. */
#include "compiler/check_state.h"

static const struct row {
    enum statement_id id;
    const char *pattern, *options;
    uint64_t block;
} rows[] = {
#define FORM(id, pattern, options, block) {STATEMENT_##id, pattern, options, block},
#include "grammar/forms.def"
#undef FORM
};
enum { NROWS = sizeof rows / sizeof *rows };

struct form {
    struct checker *k;
    enum statement_id id;
    const struct ast_stmt *s;
    uint32_t i;            /* the next argument */
    const char *what;      /* `word`, for messages */
    const struct decl *of; /* the table or limit that was named */
};

/* ---- patterns ---------------------------------------------------------------------------------- */

static struct slice next_item(struct slice *rest)
{
    while (rest->len && rest->p[0] == ' ')
        *rest = (struct slice){rest->p + 1, rest->len - 1};
    const char *end = memchr(rest->p, ' ', rest->len);
    struct slice item = {rest->p, end ? (size_t)(end - rest->p) : rest->len};
    *rest = (struct slice){rest->p + item.len, rest->len - item.len};
    return item;
}

/* The words of "a|b|c". */
static uint32_t split_words(struct slice s, struct slice *out, uint32_t max)
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
enum { WORDS_MAX = 32 };

static struct slice listed(struct arena *a, const struct slice *words, uint32_t n)
{
    struct slice all = words[0];
    for (uint32_t i = 1; i < n; i++)
        all = arena_printf(a, "%.*s%s%.*s", SLICE_ARG(all), i + 1 == n ? " or " : ", ", SLICE_ARG(words[i]));
    return all;
}

/* Whether `e` is one of the words; reports where it is none. */
static bool one_word(struct form *f, const struct ast_expr *e, struct slice set)
{
    struct slice words[WORDS_MAX], text = check_source_text(f->k, e->span);
    uint32_t n = split_words(set, words, WORDS_MAX);
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
    struct slice all = listed(f->k->a, words, n);
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
            one_word(f, e, set);
        } else if (one_word(f, e, set)) {
            struct diag *x = check_misformed(f->k, f->id, e->span, "%s needs a list", f->what);
            struct slice fix = arena_printf(f->k->a, "[%.*s]", SLICE_ARG(e->text));
            diag_label(f->k->d, x, "a word alone");
            diag_help(f->k->d, x, "write `%.*s`", SLICE_ARG(fix));
            diag_fix(x, FIX_SAFE, e->span, fix);
        }
        return;
    }
    for (uint32_t i = 0; i < e->nargs; i++) {
        one_word(f, e->args[i], set);
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
static void split_kind(struct slice item, struct slice *kind, struct slice *detail)
{
    struct slice inner = {item.p + 1, item.len - 2};
    const char *colon = memchr(inner.p, ':', inner.len);
    *kind = (struct slice){inner.p, colon ? (size_t)(colon - inner.p) : inner.len};
    *detail = colon ? (struct slice){colon + 1, inner.len - kind->len - 1} : (struct slice){inner.p, 0};
}

static void value(struct form *f, struct slice item, const struct ast_expr *e)
{
    struct slice kind, detail;
    split_kind(item, &kind, &detail);
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
        one_word(
            f, e,
            SLICE("balance|check|timeout|max-body|compress|errors|log|retry|queue|persist|on-down|cache"));
        f->i = f->s->nargs; /* which of the timeouts */
    } else if (!reference(f, e, kind)) {
        text(f, e, kind);
    }
}

/* ---- types ------------------------------------------------------------------------------------- */

static void type_item(struct form *f, struct slice item)
{
    const struct ast_type *t = f->s->type;
    struct slice kind, words[2], detail;
    split_kind(item, &kind, &detail);
    if (!t && f->k->partial)
        return;
    if (!t) {
        struct span at = f->s->nargs ? f->s->args[f->s->nargs - 1]->span : f->s->word_span;
        diag_label(f->k->d,
                   check_misformed(f->k, f->id, (struct span){at.file, at.off + at.len, 0}, "%s needs a type",
                                   f->what),
                   "`: TYPE` is missing here");
    } else if (slice_eq(kind, SLICE("key"))) {
        check_key_type(f->k, t);
        if (f->s->to && f->s->to->name.p && !slice_eq(f->s->to->name, SLICE("server")))
            diag_label(f->k->d,
                       diag_report(f->k->d, DIAG_E0302, f->s->to->span, "a table holds counters, or servers"),
                       "expected server");
    } else if (slice_eq(kind, SLICE("type"))) {
        check_key_type(f->k, t);
        check_key_type(f->k, f->s->to);
    } else {
        uint32_t n = split_words(detail, words, 2);
        for (uint32_t i = 0; i < n; i++)
            if (!t->name.p || slice_eq(t->name, words[i]))
                return;
        struct diag *x =
            diag_report(f->k->d, DIAG_E0302, t->span, "%s has no form `%.*s`", f->what, SLICE_ARG(t->name));
        diag_label(f->k->d, x, "expected %.*s", SLICE_ARG(listed(f->k->a, words, n)));
        check_suggest(f->k, x, t->span, t->name, words, n);
    }
}

/* ---- arguments --------------------------------------------------------------------------------- */

static void missing(struct form *f, struct slice item)
{
    struct span at = f->i ? f->s->args[f->i - 1]->span : f->s->word_span;
    struct slice kind = {0}, detail;
    if (item.p[0] == '<')
        split_kind(item, &kind, &detail);
    struct diag *x = check_misformed(f->k, f->id, (struct span){at.file, at.off + at.len, 0},
                                     "%s is not complete", f->what);
    if (item.p[0] != '<')
        diag_label(f->k->d, x, "`%.*s` is missing here", SLICE_ARG(item));
    else
        diag_label(f->k->d, x, "something is missing here");
}

/* The items of `pattern` against arguments from f->i on. False where it does not go on after that. */
static bool match(struct form *f, struct slice pattern)
{
    for (struct slice item = next_item(&pattern); item.len; item = next_item(&pattern)) {
        if (slice_eq(item, SLICE("="))) {
            value(f, next_item(&pattern), f->s->tail_expr);
        } else if (slice_eq(item, SLICE(":"))) {
            type_item(f, next_item(&pattern));
        } else if (f->i >= f->s->nargs) {
            missing(f, item);
            return false;
        } else {
            const struct ast_expr *e = f->s->args[f->i++];
            if (item.p[0] == '<')
                value(f, item, e);
            else if (!one_word(f, e, item))
                return false;
        }
    }
    return true;
}

/* ---- options ----------------------------------------------------------------------------------- */

/* What follows the option at argument f->i. */
static bool option_value(struct form *f, const char *arguments)
{
    const struct ast_expr *word = f->s->args[f->i++];
    const char *outer = f->what;
    f->what = arena_printf(f->k->a, "`%.*s`", SLICE_ARG(word->text)).p;
    bool good = match(f, slice_of(arguments));
    f->what = outer;
    return good;
}

static void unknown_option(struct form *f, const char *statement, const struct ast_expr *e)
{
    if (e->kind == AST_NAME && *statement)
        check_unknown_option(f->k, statement, IN_FILE, e->text, e->span);
    else if (e->kind != AST_ERROR)
        diag_label(f->k->d, check_misformed(f->k, f->id, e->span, "%s does not take this argument", f->what),
                   "not expected");
}

static void options(struct form *f, const char *statement)
{
    const char *arguments;
    bool later;
    while (f->i < f->s->nargs) {
        const struct ast_expr *e = f->s->args[f->i];
        if (e->kind != AST_NAME || !check_find_option(slice_of(statement), e->text, &arguments, &later)) {
            unknown_option(f, statement, e);
            return;
        }
        for (uint32_t j = 0; j < f->i; j++)
            if (f->s->args[j]->kind == AST_NAME && slice_eq(f->s->args[j]->text, e->text) &&
                check_find_option(slice_of(statement), e->text, &arguments, &later)) {
                check_twice(f->k, e->span, f->s->args[j]->span, "`%.*s` is given twice", SLICE_ARG(e->text));
                break;
            }
        if (!option_value(f, arguments))
            return;
    }
}

static struct form form_of(struct checker *k, enum statement_id id, const struct ast_stmt *s, uint32_t i)
{
    struct form f = {.k = k, .id = id, .s = s, .i = i};
    f.what = arena_printf(k->a, "`%.*s`", SLICE_ARG(s->word)).p;
    return f;
}

void check_options(struct checker *k, const char *statement, enum statement_id id, const struct ast_stmt *s,
                   uint32_t i)
{
    struct form f = form_of(k, id, s, i);
    options(&f, statement);
}

bool check_later_option(struct checker *k, const char *statement, const struct ast_stmt *s, uint32_t *i,
                        struct diag **told)
{
    const struct ast_expr *e = s->args[*i];
    const char *arguments;
    bool later;
    if (e->kind != AST_NAME || !check_find_option(slice_of(statement), e->text, &arguments, &later) || !later)
        return false;
    if (!*told)
        *told = check_later(k, e->span, "`%s %.*s`", statement, SLICE_ARG(e->text));
    else
        diag_secondary(k->d, *told, e->span, "nor this");
    struct form f = form_of(k, STATEMENT_NONE, s, *i);
    for (size_t id = 1; id < STATEMENT_COUNT && !f.id; id++)
        if (slice_eq(check_word_of((enum statement_id)id), s->word))
            f.id = (enum statement_id)id;
    k->later++;
    option_value(&f, arguments);
    k->later--;
    *i = f.i - 1;
    return true;
}

/* ---- statements -------------------------------------------------------------------------------- */

/* The row of `id` that begins as `s` does; NULL where none does, reported, or where it has none. */
static const struct row *find_row(struct form *f, bool *has)
{
    const struct row *first = NULL;
    struct slice words[WORDS_MAX], all = {0};
    uint32_t n = 0;
    *has = true;
    for (size_t i = 0; i < NROWS; i++) {
        if (rows[i].id != f->id)
            continue;
        if (n && all.p)
            all = arena_printf(f->k->a, "%.*s|", SLICE_ARG(all));
        struct slice rest = slice_of(rows[i].pattern), item = next_item(&rest);
        all = arena_printf(f->k->a, "%.*s%.*s", SLICE_ARG(all), SLICE_ARG(item));
        first = first ? first : &rows[i];
        n++;
        uint32_t m = item.len && item.p[0] != '<' ? split_words(item, words, WORDS_MAX) : 0;
        for (uint32_t j = 0; j < m; j++)
            if (f->s->nargs && f->s->args[0]->kind == AST_NAME && slice_eq(f->s->args[0]->text, words[j]))
                return &rows[i];
    }
    *has = n > 0;
    if (n <= 1 || !f->s->nargs)
        return first;
    one_word(f, f->s->args[0], all);
    return NULL;
}

bool check_form(struct checker *k, enum statement_id id, const struct ast_stmt *s, enum context context)
{
    struct form f = form_of(k, id, s, 0);
    bool has;
    if (id == STATEMENT_DRY_RUN) {
        check_dry_run(k, s, context);
        return true;
    }
    const struct row *row = find_row(&f, &has);
    if (!has)
        return false;
    uint32_t mark = k->present.n;
    enum phase outer = k->phase;
    if (id == STATEMENT_LEARN) /* from a response */
        k->phase = PHASE_RESPONSE;
    struct ir_expr *cond = s->cond ? check_condition(k, s->cond) : NULL;
    if (cond)
        check_assume(k, cond);
    if (row && match(&f, slice_of(row->pattern)))
        options(&f, row->options);
    check_forget(k, mark);
    k->phase = outer;
    if (!row)
        return true;
    if (s->block && row->block == IN_REPLY)
        check_reply_block(k, s->block, 429);
    else if (s->block && row->block)
        check_form_block(k, s->block, (enum context)row->block, slice_of(f.what),
                         s->nargs ? s->args[0]->span : s->word_span);
    return true;
}

/* ---- blocks ------------------------------------------------------------------------------------ */

/* Whether a row of `id` begins with a name that must be one of its kind in the block. */
static bool declares(enum statement_id id)
{
    for (size_t i = 0; i < NROWS; i++)
        if (rows[i].id == id)
            return slice_starts(slice_of(rows[i].pattern), SLICE("<new>"));
    return false;
}

static void add_name(struct checker *k, struct strmap *names, const struct ast_expr *e)
{
    bool added;
    if (e->kind == AST_NAME)
        strmap_put(names, k->a, e->text, 0, &added);
    else
        return;
    if (!added)
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0203, e->span, "`%.*s` is declared twice", SLICE_ARG(e->text)),
                   "declared again");
}

/* Of two rows of `errors` for one status the second would never be sent. */
static void add_row(struct checker *k, struct strmap *rows_seen, const struct ast_expr *key)
{
    bool added;
    strmap_put(rows_seen, k->a, check_source_text(k, key->span), 0, &added);
    if (!added)
        diag_label(k->d, diag_report(k->d, DIAG_E0308, key->span, "this key stands in two rows"),
                   "again here");
}

void check_once(struct checker *k, const struct ast_block *block, enum context context)
{
    struct span seen[STATEMENT_COUNT] = {0};
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        enum statement_id id =
            s->kind == AST_STMT_WORD ? check_statement_named(s->word, context) : STATEMENT_NONE;
        if (id == STATEMENT_NONE || !(check_parts(id) & ONCE))
            continue;
        if (seen[id].len)
            check_twice(k, s->word_span, seen[id], "`%.*s` is given twice", SLICE_ARG(s->word));
        else
            seen[id] = s->word_span;
    }
}

/* What may not be left out. */
static void complete(struct checker *k, const struct span *seen, enum context context, struct slice what,
                     struct span at)
{
    for (size_t id = 1; id < STATEMENT_COUNT && !k->incomplete && !k->partial; id++) {
        if (seen[id].len || !(check_parts((enum statement_id)id) & NEEDED) ||
            !check_may_stand((enum statement_id)id, context))
            continue;
        struct diag *x = diag_report(k->d, DIAG_E0501, at, "this %.*s has no `%.*s`", SLICE_ARG(what),
                                     SLICE_ARG(check_word_of((enum statement_id)id)));
        diag_label(k->d, x, "not complete");
        diag_help(k->d, x, "add `%s`", check_usage((enum statement_id)id));
    }
}

void check_form_block(struct checker *k, const struct ast_block *block, enum context context,
                      struct slice what, struct span at)
{
    struct span seen[STATEMENT_COUNT] = {0};
    struct strmap names = {0};
    bool failed = false;
    enum phase outer = k->phase;
    k->phase = context == IN_LOG ? PHASE_LOG : outer;
    check_once(k, block, context);
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        if (context == IN_ERRORS && s->kind == AST_STMT_ROW) {
            check_error_row(k, s);
            add_row(k, &names, s->args[0]);
            continue;
        }
        enum statement_id id = check_statement(k, s, context);
        failed |= id == STATEMENT_NONE && s->kind != AST_STMT_ANNOTATION;
        if (id == STATEMENT_NONE)
            continue;
        seen[id] = s->word_span;
        if (declares(id) && s->nargs)
            add_name(k, &names, s->args[0]);
        check_form(k, id, s, context);
    }
    k->phase = outer;
    if (!failed)
        complete(k, seen, context, what, at);
}
