/* Constants: literals, and names that `let` gives them; their types; what goes wrong with them. */
#include "compiler/check_state.h"

enum { TEXT_MAX = 1 << 20 }; /* of a constant made of others */

static const char *const type_texts[TYPE_COUNT] = {
#define TYPE(id, text, use, doc) [TYPE_##id] = text,
#include "grammar/types.def"
#undef TYPE
};

const char *check_type_text(enum type_id t)
{
    return type_texts[t];
}

const char *check_an(const char *noun)
{
    return strchr("aeiou", noun[0]) ? "an" : "a";
}

bool check_word(const struct ast_expr *e, const char *word)
{
    return e->kind == AST_NAME && slice_eq(e->text, slice_of(word));
}

enum type_id check_literal_type(const struct ast_expr *lit)
{
    switch ((enum ast_kind)lit->kind) {
    case AST_BOOL:
        return TYPE_BOOL;
    case AST_INT:
        return TYPE_INT;
    case AST_FLOAT:
        return TYPE_FLOAT;
    case AST_DURATION:
        return TYPE_DURATION;
    case AST_SIZE:
        return TYPE_SIZE;
    case AST_PERCENT:
        return TYPE_PERCENT;
    case AST_BANDWIDTH:
        return TYPE_BANDWIDTH;
    case AST_RATE:
        return TYPE_RATE;
    case AST_RANGE:
        return TYPE_RANGE;
    case AST_CIDR:
        return lit->has_prefix ? TYPE_CIDR : TYPE_IP;
    case AST_IP_RANGE:
        return TYPE_CIDR;
    case AST_ENDPOINT:
        return TYPE_ENDPOINT;
    case AST_REGEX:
        return TYPE_REGEX;
    case AST_HEX:
        return TYPE_BYTES;
    case AST_STRING:
        return TYPE_STRING;
    case AST_LIST:
        return TYPE_LIST;
    case AST_ERROR:
    case AST_NAME:
    case AST_INTERP:
    case AST_MEMBER:
    case AST_INDEX:
    case AST_CALL:
    case AST_NAMED:
    case AST_NOT:
    case AST_AND:
    case AST_OR:
    case AST_COMPARE:
    case AST_ARITH:
    case AST_NEGATE:
    case AST_PIPE:
        break;
    }
    return TYPE_ERROR;
}

/* -5, as a literal. */
static const struct ast_expr *negated(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *of = check_literal_quietly(k, e->args[0]);
    if (!of || of->kind != AST_INT || of->num == INT64_MIN)
        return NULL;
    struct ast_expr *lit = arena_new(k->a, struct ast_expr);
    *lit = *of;
    lit->num = -of->num;
    lit->span = e->span;
    return lit;
}

/* A string whose parts are constants. */
static const struct ast_expr *joined(struct checker *k, const struct ast_expr *e)
{
    struct slice text = SLICE("");
    for (uint32_t i = 0; i < e->nargs; i++) {
        const struct ast_expr *part = check_literal_quietly(k, e->args[i]);
        struct ast_expr number;
        if (part && (part->kind == AST_INT || part->kind == AST_BOOL)) {
            number = *part;
            number.text = part->kind == AST_BOOL ? part->num ? SLICE("true") : SLICE("false")
                                                 : arena_printf(k->a, "%lld", (long long)part->num);
            number.kind = AST_STRING;
            part = &number;
        }
        if (!part || part->kind != AST_STRING)
            return NULL;
        if (text.len + part->text.len > TEXT_MAX) {
            diag_label(
                k->d,
                diag_report(k->d, DIAG_E0901, e->span, "a constant text of more than %d bytes", TEXT_MAX),
                "too long");
            text = SLICE("");
            break;
        }
        char *p = arena_alloc(k->a, text.len + part->text.len + 1);
        memcpy(p, text.p, text.len);
        memcpy(p + text.len, part->text.p, part->text.len);
        text = (struct slice){p, text.len + part->text.len};
    }
    struct ast_expr *lit = arena_new(k->a, struct ast_expr);
    *lit = (struct ast_expr){.kind = AST_STRING, .span = e->span};
    lit->text = text;
    return lit;
}

/* 2 * 60, as a literal. */
static const struct ast_expr *computed(struct checker *k, const struct ast_expr *e)
{
    const struct ast_expr *x = check_literal_quietly(k, e->args[0]), *y = check_literal_quietly(k, e->args[1]);
    if (!x || !y || x->kind != AST_INT || y->kind != AST_INT)
        return NULL;
    __int128 a = x->num, b = y->num, r = 0;
    if ((e->op == AST_DIV || e->op == AST_MOD) && (b == 0 || a / b > INT64_MAX))
        return NULL;
    r = e->op == AST_ADD ? a + b : e->op == AST_SUB ? a - b : e->op == AST_MUL ? a * b : e->op == AST_DIV ? a / b : a % b;
    if (r < INT64_MIN || r > INT64_MAX)
        return NULL;
    struct ast_expr *lit = arena_new(k->a, struct ast_expr);
    *lit = (struct ast_expr){.kind = AST_INT, .span = e->span};
    lit->num = (int64_t)r;
    return lit;
}

const struct ast_expr *check_closed(struct checker *k, const struct ast_expr *lit)
{
    struct ast_expr *copy = NULL;
    for (uint32_t i = 0; lit->kind == AST_LIST && i < lit->nargs; i++) {
        const struct ast_expr *item = check_literal_quietly(k, lit->args[i]);
        if (!item || item == lit->args[i])
            continue;
        if (!copy) {
            copy = arena_new(k->a, struct ast_expr);
            *copy = *lit;
            copy->args = arena_alloc(k->a, lit->nargs * sizeof *copy->args);
            memcpy(copy->args, lit->args, lit->nargs * sizeof *copy->args);
        }
        copy->args[i] = arena_new(k->a, struct ast_expr);
        *copy->args[i] = *item;
        copy->args[i]->span = lit->args[i]->span;
    }
    return copy ? copy : lit;
}

const struct ast_expr *check_literal_quietly(struct checker *k, const struct ast_expr *e)
{
    if (check_literal_type(e) != TYPE_ERROR)
        return e;
    if (e->kind == AST_NEGATE)
        return negated(k, e);
    if (e->kind == AST_INTERP)
        return joined(k, e);
    if (e->kind == AST_ARITH)
        return computed(k, e);
    if (e->kind == AST_PIPE)
        return check_converted(k, e);
    if (e->kind == AST_CALL && check_word(e->args[0], "env"))
        return check_env(k, e, true);
    if (e->kind == AST_CALL) {
        const struct ast_expr *lit = check_converted(k, e);
        return lit ? lit : check_call_literal(k, e);
    }
    if (e->kind != AST_NAME && e->kind != AST_MEMBER)
        return NULL;
    if (check_is_parameter(e))
        return check_literal_type(e->bound->value) != TYPE_ERROR ? e->bound->value : NULL;
    struct decl *d = check_lookup(k, e);
    k->circle |= d && d->kind == DECL_LET && d->state == DECL_BUSY;
    if (!d || d->kind != DECL_LET || d->state == DECL_BUSY)
        return NULL;
    d->used = true;
    if (d->stmt->nparams)
        return check_call_literal(k, e);
    if (d->literal)
        return d->literal;
    if (k->level >= ACL_DEPTH_MAX) {
        struct ast_expr *empty =
            arena_new(k->a, struct ast_expr); /* stands in, so that nothing else is said */
        *empty = (struct ast_expr){.kind = AST_STRING, .span = e->span};
        empty->text = SLICE("");
        check_too_deep(k, d->at, "constants", ACL_DEPTH_MAX);
        return d->literal = empty;
    }
    struct module *here = k->m;
    k->m = d->module;
    k->level++;
    d->state = DECL_BUSY;
    d->literal = check_literal_quietly(k, d->stmt->tail_expr);
    if (d->literal)
        d->literal = check_closed(k, d->literal);
    d->state = DECL_NEW;
    k->m = here;
    k->level--;
    return d->literal;
}

const struct ast_expr *check_literal(struct checker *k, const struct ast_expr *e)
{
    if (e->kind == AST_ERROR)
        return NULL;
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (lit)
        return lit;
    if (check_is_unknown(e))
        return NULL;
    if (check_is_parameter(e)) {
        struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "a constant is expected here");
        diag_label(k->d, x, "`%.*s` is given a value that is known only for each request", SLICE_ARG(e->text));
    } else if (e->kind == AST_CALL && check_word(e->args[0], "env")) {
        check_env(k, e, false);
    } else if ((e->kind == AST_CALL && check_call(k, e).type == TYPE_ERROR) ||
               (e->kind == AST_PIPE && check_pipe(k, e).type == TYPE_ERROR)) {
        ; /* reported */
    } else if (e->kind == AST_NAME || e->kind == AST_MEMBER) {
        if (check_names_field(e)) {
            struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "a constant is expected here");
            diag_label(k->d, x, "a field, known only for each request");
        } else {
            check_ref(k, e, 1u << DECL_LET, "constant");
        }
    } else {
        bool of_constant = e->kind == AST_PIPE && check_literal_quietly(k, e->args[0]);
        diag_label(k->d, diag_report(k->d, DIAG_E0302, e->span, "a constant is expected here"),
                   of_constant ? "no value: it is always absent, or too long" : "not a constant");
    }
    return NULL;
}

/* ---- mistakes ---------------------------------------------------------------------------------- */

struct diag *check_mismatch(struct checker *k, const struct ast_expr *e, const char *is, const char *expected)
{
    struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "%s %s is expected here, not %s %s",
                                 check_an(expected), expected, check_an(is), is);
    diag_label(k->d, x, "%s, expected %s", is, expected);
    return x;
}

static void without_unit(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                         enum type_id want, const char *what)
{
    struct diag *x = diag_report(k->d, DIAG_E0301, e->span, "%s needs a unit", what);
    diag_label(k->d, x, "int, expected %s", check_type_text(want));
    if (want == TYPE_DURATION)
        diag_note(k->d, x, "HAProxy reads this as %lld milliseconds", (long long)lit->num);
    /* A number of milliseconds is seldom meant as so many seconds: from 100 on, it is taken over as it is read there. */
    bool ms = want == TYPE_DURATION && lit->num >= 100;
    struct slice fix = arena_printf(k->a,
                                    ms && lit->num % 1000    ? "%lldms"
                                    : want == TYPE_DURATION  ? "%llds"
                                    : want == TYPE_RATE      ? "%lld/1s"
                                    : want == TYPE_PERCENT   ? "%lld%%"
                                    : want == TYPE_BANDWIDTH ? "%lldB/s"
                                                             : "%lldB",
                                    (long long)(ms && lit->num % 1000 == 0 ? lit->num / 1000 : lit->num));
    diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(fix));
    if (e == lit)
        diag_fix(x, FIX_MAYBE, e->span, fix);
}

static bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.len > 0 && s.len < 18;
}

/* A string that would be right without its quotes. */
bool check_is_quoted(enum type_id want, struct slice text)
{
    struct ip_prefix p;
    if (want == TYPE_IP || want == TYPE_CIDR)
        return ip_prefix_parse(text, &p);
    return (want == TYPE_INT || want == TYPE_STATUS || want == TYPE_PORT) && is_number(text);
}

void check_wrong_literal(struct checker *k, const struct ast_expr *e, const struct ast_expr *lit,
                         enum type_id want, const char *what)
{
    enum type_id is = check_literal_type(lit);
    if (is == TYPE_INT && (want == TYPE_DURATION || want == TYPE_SIZE || want == TYPE_RATE ||
                           want == TYPE_PERCENT || want == TYPE_BANDWIDTH)) {
        without_unit(k, e, lit, want, what);
        return;
    }
    struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "%s is %s %s; `%.*s` is %s %s", what,
                                 check_an(check_type_text(want)), check_type_text(want),
                                 SLICE_ARG(check_source_text(k, e->span)), check_an(check_type_text(is)),
                                 check_type_text(is));
    diag_label(k->d, x, "%s, expected %s", check_type_text(is), check_type_text(want));
    if (lit->kind == AST_STRING && check_is_quoted(want, lit->text)) {
        diag_help(k->d, x, "remove the quotes");
        if (e == lit)
            diag_fix(x, FIX_SAFE, e->span, lit->text);
    } else if (want == TYPE_REGEX && is == TYPE_STRING) {
        diag_help(k->d, x, "a regular expression is written re\"…\"");
        diag_fix(x, FIX_MAYBE, (struct span){e->span.file, e->span.off, 0}, SLICE("re"));
    } else if (want == TYPE_STRING && (is == TYPE_INT || is == TYPE_IP || is == TYPE_CIDR) && e == lit) {
        const char *text = k->c->sources.files.v[e->span.file]->text.p + e->span.off;
        diag_help(k->d, x, "write it in quotes");
        diag_fix(x, FIX_SAFE, e->span, arena_printf(k->a, "\"%.*s\"", (int)e->span.len, text));
    }
}

static void out_of_range(struct checker *k, const struct ast_expr *e, const char *what, struct slice lo,
                         struct slice hi)
{
    struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%s is outside its range", what);
    diag_label(k->d, x, "must be from %.*s to %.*s", SLICE_ARG(lo), SLICE_ARG(hi));
}

/* ---- values of one type ------------------------------------------------------------------------ */

bool check_int(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi,
               int64_t *out)
{
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    if (lit->kind != AST_INT) {
        check_wrong_literal(k, e, lit, TYPE_INT, what);
        return false;
    }
    if (lit->num < lo || lit->num > hi) {
        out_of_range(k, e, what, arena_printf(k->a, "%lld", (long long)lo),
                     arena_printf(k->a, "%lld", (long long)hi));
        return false;
    }
    *out = lit->num;
    return true;
}

bool check_percent(struct checker *k, const struct ast_expr *e, const char *what, int64_t *out)
{
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    if (lit->kind != AST_PERCENT) {
        check_wrong_literal(k, e, lit, TYPE_PERCENT, what);
        return false;
    }
    if (!(lit->real <= 100)) {
        out_of_range(k, e, what, SLICE("0%"), SLICE("100%"));
        return false;
    }
    double parts = lit->real * IR_PERCENT;
    *out = (int64_t)(parts + 0.5);
    if (parts - (double)*out < 1e-3 && (double)*out - parts < 1e-3)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%s is finer than 0.000001%%", what);
    diag_label(k->d, x, "has too many digits");
    return false;
}

bool check_milliseconds(struct checker *k, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi,
                        int64_t *out)
{
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    if (lit->kind != AST_DURATION) {
        check_wrong_literal(k, e, lit, TYPE_DURATION, what);
        return false;
    }
    if (lit->num < lo * 1000 || lit->num / 1000 > hi) {
        out_of_range(k, e, what, arena_printf(k->a, "%lldms", (long long)lo),
                     arena_printf(k->a, "%lldd", (long long)hi / 86400000));
        return false;
    }
    if (lit->num % 1000) {
        struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%s is a whole number of milliseconds", what);
        diag_label(k->d, x, "has a part below 1ms");
        return false;
    }
    *out = lit->num / 1000;
    return true;
}

bool check_size(struct checker *k, const struct ast_expr *e, const char *what, int64_t *out)
{
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    if (lit->kind != AST_SIZE) {
        check_wrong_literal(k, e, lit, TYPE_SIZE, what);
        return false;
    }
    if (lit->num < 1) {
        struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%s is outside its range", what);
        diag_label(k->d, x, "must be at least 1B");
        diag_note(k->d, x, "without this setting there is no limit");
        return false;
    }
    *out = lit->num;
    return true;
}

bool check_string(struct checker *k, const struct ast_expr *e, const char *what, struct slice *out)
{
    const struct ast_expr *lit = check_literal(k, e);
    if (lit && lit->kind != AST_STRING)
        check_wrong_literal(k, e, lit, TYPE_STRING, what);
    if (!lit || lit->kind != AST_STRING)
        return false;
    *out = lit->text;
    return true;
}

bool check_bytes(struct checker *k, const struct ast_expr *e, const char *what, struct slice *out)
{
    if (e->kind == AST_CALL) {
        check_made_bytes(k, e);
        return false;
    }
    const struct ast_expr *lit = check_literal(k, e);
    if (!lit)
        return false;
    if (lit->kind != AST_HEX)
        return check_string(k, e, what, out);
    *out = lit->text;
    return true;
}

const struct ast_expr *check_endpoint(struct checker *k, const struct ast_expr *e, const char *what)
{
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (lit && lit->kind == AST_ENDPOINT)
        return lit;
    if (check_is_unknown(e) || (!lit && e->kind == AST_CALL && !check_literal(k, e)))
        return NULL;
    const struct decl *named = lit ? NULL : check_lookup(k, e);
    if (named && named->kind == DECL_LET && !named->stmt->nparams)
        return NULL; /* check_let() reports it */
    const char *text = k->c->sources.files.v[e->span.file]->text.p + e->span.off;
    bool bare = (lit == e && lit->kind == AST_CIDR && !lit->has_prefix) ||
                (!lit && (e->kind == AST_NAME || e->kind == AST_MEMBER));
    struct diag *x =
        diag_report(k->d, DIAG_E0302, e->span, bare ? "%s needs a port" : "%s is an endpoint", what);
    diag_label(k->d, x,
               bare ? "no port" : "expected an endpoint such as 10.0.0.1:80, [::1]:80 or web.local:80");
    if (bare) {
        bool v6 = lit && !ip_is_v4(&lit->cidr->addr);
        diag_fix(x, FIX_PLACEHOLDER, e->span,
                 arena_printf(k->a, v6 ? "[%.*s]:80" : "%.*s:80", (int)e->span.len, text));
        diag_help(k->d, x, "write `%.*s`", SLICE_ARG(x->fix_text));
    } else if (lit && lit->kind == AST_STRING && memchr(lit->text.p, ':', lit->text.len)) {
        diag_help(k->d, x, "endpoints stand without quotes");
        diag_fix(x, FIX_SAFE, e->span, lit->text);
    } else if (lit == e && lit->kind == AST_INT && lit->num > 0 && lit->num <= UINT16_MAX) {
        diag_help(k->d, x, "a port of every address is written `:%lld`", (long long)lit->num);
        diag_fix(x, FIX_MAYBE, (struct span){e->span.file, e->span.off, 0}, SLICE(":"));
    }
    return NULL;
}

/* ---- let --------------------------------------------------------------------------------------- */

enum type_id check_type_id_quietly(const struct ast_type *type)
{
    for (size_t t = 1; type->name.p && t < TYPE_COUNT; t++)
        if (slice_eq(type->name, slice_of(type_texts[t])))
            return (enum type_id)t;
    return TYPE_ERROR;
}

enum type_id check_type_id(struct checker *k, const struct ast_type *type)
{
    enum type_id known = check_type_id_quietly(type);
    if (!type->name.p || known != TYPE_ERROR)
        return known;
    struct slice names[TYPE_COUNT];
    for (size_t t = 1; t < TYPE_COUNT; t++)
        names[t - 1] = slice_of(type_texts[t]);
    struct diag *x = diag_report(k->d, DIAG_E0201, type->span, "no type `%.*s`", SLICE_ARG(type->name));
    check_suggest(k, x, type->span, type->name, names, TYPE_COUNT - 1);
    return TYPE_ERROR;
}

/* Whether the list or value `lit` may be of `type`; reports why not. */
static void let_type(struct checker *k, const struct ast_type *type, const struct ast_expr *lit, const char *what)
{
    enum type_id want = check_type_id(k, type);
    if (want == TYPE_ERROR)
        return;
    if (want == TYPE_LIST) {
        if (lit->kind != AST_LIST)
            check_wrong_literal(k, lit, lit, want, what);
        for (uint32_t i = 0; lit->kind == AST_LIST && type->nargs && i < lit->nargs; i++) {
            const struct ast_expr *e = lit->args[i], *item = NULL;
            if (check_type_id(k, type->args[0]) != TYPE_METHOD || e->kind != AST_NAME || !check_is_method_word(e->text))
                item = check_literal(k, e);
            if (item)
                let_type(k, type->args[0], item, what);
        }
        return;
    }
    enum type_id is = check_literal_type(lit);
    bool textual = want == TYPE_HOST || want == TYPE_PATH || want == TYPE_METHOD || want == TYPE_HOST_PATTERN;
    struct text_error err = {0};
    struct slice out;
    int64_t n;
    if (want == TYPE_PORT || want == TYPE_STATUS)
        check_int(k, lit, want == TYPE_PORT ? "a port" : "a status", want == TYPE_PORT ? 1 : 100,
                  want == TYPE_PORT ? 65535 : 599, &n);
    else if (textual && is == TYPE_STRING) {
        if (!check_text_type(k->a, want, lit->text, &out, &err))
            check_bad_text(k, lit, lit->text, check_type_text(want), &err);
    } else if (is != want && !(want == TYPE_CIDR && is == TYPE_IP) &&
               !(want == TYPE_BYTES && is == TYPE_STRING))
        check_wrong_literal(k, lit, lit, want, what);
}

bool check_let_type(struct checker *k, const struct ast_type *type, const struct ast_expr *lit, const char *what)
{
    uint32_t n = k->d->list.n;
    let_type(k, type, lit, what);
    return k->d->list.n == n;
}

/* The members of a list are constants. */
static void let_items(struct checker *k, const struct ast_expr *lit)
{
    for (uint32_t i = 0; lit->kind == AST_LIST && i < lit->nargs; i++)
        if (!(lit->args[i]->kind == AST_NAME && check_is_method_word(lit->args[i]->text)))
            check_literal(k, lit->args[i]);
}

/* Whether `d` comes back to itself, by which other constant. Of a circle, the one that is looked at first
 * tells. */
static bool in_circle(struct checker *k, const struct decl *d, const struct decl **through)
{
    struct module *m = k->m;
    bool circle = false;
    const struct decl *at = d;
    for (uint32_t steps = 0; steps < 1000; steps++) {
        const struct ast_expr *e = at->stmt->tail_expr;
        k->m = at->module;
        const struct decl *next = e->kind == AST_NAME || e->kind == AST_MEMBER ? check_lookup(k, e) : NULL;
        if (!next || next->kind != DECL_LET || next->state == DECL_DONE)
            break;
        *through = at;
        at = next;
        if (at == d) {
            circle = true;
            break;
        }
    }
    k->m = m;
    return circle;
}

void check_let(struct checker *k, struct decl *d)
{
    const struct decl *through = d;
    const struct ast_expr *e = d->stmt->tail_expr;
    if (in_circle(k, d, &through)) {
        struct diag *x =
            diag_report(k->d, DIAG_E0205, d->at,
                        through == d ? "`let %.*s` uses itself" : "`let %.*s` uses itself through `%.*s`",
                        SLICE_ARG(d->name), SLICE_ARG(through->name));
        diag_label(k->d, x, "a constant cannot be made of itself");
        d->state = DECL_DONE;
        return;
    }
    if (d->stmt->nparams || d->stmt->told)
        return; /* check_call_alone(); reported */
    k->circle = false;
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (!lit && k->circle && e->kind != AST_NAME && e->kind != AST_MEMBER) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0205, d->at, "`let %.*s` uses itself, or another that does",
                               SLICE_ARG(d->name)),
                   "a constant cannot be made of itself");
        return;
    }
    if (!lit && e->kind != AST_ERROR) {
        const struct decl *other = e->kind == AST_NAME || e->kind == AST_MEMBER ? check_lookup(k, e) : NULL;
        if (e->kind == AST_ARITH && check_expr(k, e, TYPE_INT).type == TYPE_ERROR) {
            ; /* reported */
        } else if (other && other->kind == DECL_LET) {
            return; /* reported there */
        } else if (check_literal(k, e) == NULL && k->d->list.n && !other) {
            struct diag *x = k->d->list.v[k->d->list.n - 1];
            if (x->code == DIAG_E0302)
                diag_help(k->d, x, "`let` names a constant; `acl` names a condition");
        }
        return;
    }
    if (lit)
        let_items(k, lit);
    if (lit && d->stmt->type)
        let_type(k, d->stmt->type, lit, "the constant");
}
