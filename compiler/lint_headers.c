/* Lints of headers: those that clients can send themselves and that rules then trust, and tests that absence
 * or letters' case makes other than they look. */
#include "compiler/lint.h"

/* Headers by which a proxy in front says who the client is: from the client itself they are claims. */
static const char *const identity[] = {
    "x-forwarded-for", "x-real-ip",        "x-client-ip",          "x-cluster-client-ip", "true-client-ip",
    "forwarded",       "cf-connecting-ip", "fastly-client-ip",     "x-forwarded-user",    "x-remote-user",
    "remote-user",     "x-original-user",  "x-authenticated-user", "x-ssl-client-verify", "x-ssl-client-dn",
};
/* And what else proxies say about the connection. */
static const char *const claims[] = {"x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
                                     "x-forwarded-ssl"};

static bool is_one_of(struct slice name, const char *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq_nocase(name, slice_of(v[i])))
            return true;
    return false;
}

#define IS_ONE_OF(name, table) is_one_of((name), table, sizeof table / sizeof *table)

/* ---- one test ------------------------------------------------------------------------------------ */

static void raw_host(struct checker *k, const struct ast_expr *e, const struct ast_expr *operand)
{
    struct diag *x = diag_report(k->d, DIAG_W0416, operand->span, "the header Host is as clients write it");
    diag_label(k->d, x, "any case, perhaps with a port");
    diag_help(k->d, x, "`host` is lower case and without port");
    if (operand->kind == AST_INDEX && e->args[0] == operand)
        diag_fix(x, FIX_MAYBE, operand->span, SLICE("host"));
}

static bool all_lower(struct slice s)
{
    bool letter = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return false;
        letter |= s.p[i] >= 'a' && s.p[i] <= 'z';
    }
    return letter;
}

void lint_header_test(struct checker *k, const struct ast_expr *e, const struct ir_expr *t)
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    if (!subject || !lint_is_field(subject, IR_FIELD_HEADER) || t->op == IR_EXISTS)
        return;
    if (slice_eq(subject->str, SLICE("host")))
        raw_host(k, e, t->args[0] == subject || e->nargs < 2 ? e->args[0] : e->args[1]);
    if (slice_eq(subject->str, SLICE("user-agent")) && t->op == IR_CONTAINS && all_lower(c->str)) {
        struct slice text = check_source_text(k, e->args[0]->span);
        struct diag *x =
            diag_report(k->d, DIAG_W0417, e->span, "products in User-Agent are written in any case");
        diag_label(k->d, x, "finds `%.*s` in lower case alone", SLICE_ARG(c->str));
        diag_help(k->d, x, "fold it first: `(%.*s | lower) contains \"%.*s\"`", SLICE_ARG(text),
                  SLICE_ARG(c->str));
    }
}

/* ---- == "" --------------------------------------------------------------------------------------- */

static bool may_be_absent(const struct ast_expr *e)
{
    return e->kind == AST_INDEX && e->args[0]->kind == AST_MEMBER && check_names_field(e);
}

/* Whether `exists(x)` stands anywhere in `e`, by its text. */
static bool asks_for(struct checker *k, const struct ast_expr *e, struct slice x)
{
    if (e->kind == AST_CALL && e->nargs == 2 && check_word(e->args[0], "exists") &&
        slice_eq(check_source_text(k, e->args[1]->span), x))
        return true;
    for (uint32_t i = 0; i < e->nargs; i++)
        if (asks_for(k, e->args[i], x))
            return true;
    return false;
}

static void empty_within(struct checker *k, const struct ast_expr *e, const struct ast_expr *all)
{
    if (e->kind == AST_COMPARE && e->op == AST_EQ && e->args[1]->kind == AST_STRING &&
        !e->args[1]->text.len && may_be_absent(e->args[0])) {
        struct slice text = check_source_text(k, e->args[0]->span);
        if (asks_for(k, all, text))
            return;
        struct diag *x = diag_report(k->d, DIAG_W0415, e->span, "this does not hold where `%.*s` is missing",
                                     SLICE_ARG(text));
        diag_label(k->d, x, "there, but empty");
        diag_help(k->d, x, "missing: `not exists(%.*s)`; missing or empty: `(%.*s | default(\"\")) == \"\"`",
                  SLICE_ARG(text), SLICE_ARG(text));
    }
    for (uint32_t i = 0; i < e->nargs && (e->kind == AST_AND || e->kind == AST_OR || e->kind == AST_NOT); i++)
        empty_within(k, e->args[i], all);
}

void lint_empty_header(struct checker *k, const struct ast_expr *cond)
{
    empty_within(k, cond, cond);
}

/* ---- rules of a frontend ------------------------------------------------------------------------- */

struct header_rules {
    struct checker *k;
    struct strmap own; /* headers, in lower case, that a rule so far set or deleted: what they hold is ours */
    struct strmap added; /* that rules add to, with what clients sent before it; value: index in adds */
    VEC(const struct ir_rule *) adds;
    VEC(bool) told;
};

static struct slice lowered(struct checker *k, struct slice s)
{
    char *p = arena_alloc(k->a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = ascii_lower(s.p[i]);
    return (struct slice){p, s.len};
}

static void spoofable_add(struct header_rules *h, const struct ir_rule *r, const struct ir_expr *reader)
{
    struct checker *k = h->k;
    struct diag *x = diag_report(k->d, DIAG_W0414, lint_word_span(k, r->pos),
                                 "clients can send `%.*s` themselves", SLICE_ARG(r->name));
    diag_label(k->d, x, "adds to what the client sent");
    if (reader)
        diag_secondary(k->d, x, lint_expr_span(k, reader), "the client's own value counts here too");
    else
        diag_note(k->d, x, "who reads its first value believes the client");
    diag_help(k->d, x,
              "`set` replaces it; where proxies of yours stand in front, `delete` it first for others: "
              "`delete req.header[\"%.*s\"] if not client.ip in PROXIES`",
              SLICE_ARG(r->name));
}

/* Calls for each header that `e` reads, until it has looked at `steps` parts. */
typedef void header_fn(struct header_rules *h, const struct ir_expr *field);
static void each_header(struct header_rules *h, const struct ir_expr *e, header_fn *f, uint32_t *steps)
{
    if (!*steps)
        return;
    --*steps;
    if (e->op == IR_FIELD && e->field == IR_FIELD_HEADER)
        f(h, e);
    for (uint32_t i = 0; i < e->nargs; i++)
        each_header(h, e->args[i], f, steps);
}

static void read_added(struct header_rules *h, const struct ir_expr *field)
{
    const uint32_t *i = strmap_get(&h->added, field->str);
    if (i && !h->told.v[*i] && !strmap_get(&h->own, field->str)) {
        h->told.v[*i] = true;
        spoofable_add(h, h->adds.v[*i], field);
    }
}

static void trusted(struct header_rules *h, const struct ir_expr *field)
{
    if (!IS_ONE_OF(field->str, identity) || strmap_get(&h->own, field->str))
        return;
    struct diag *x = diag_report(h->k->d, DIAG_W0413, lint_expr_span(h->k, field),
                                 "clients can send this header themselves");
    diag_label(h->k->d, x, "decides here, and is whatever the client says");
    diag_help(h->k->d, x, "`client.ip` is the address of the connection");
    diag_help(h->k->d, x,
              "where proxies of yours stand in front, believe them alone: `… and client.ip in PROXIES`");
}

/* Whether the condition asks for the client's address or for TLS: then it knows whom it believes. */
static bool asks_who(const struct ir_expr *guard)
{
    struct lint_fact part[LINT_FACTS];
    uint32_t n = lint_parts(guard, false, part, LINT_FACTS);
    for (uint32_t i = 0; i < n && i < LINT_FACTS; i++)
        if (!part[i].no && part[i].e->op == IR_IN && lint_is_field(part[i].e->args[0], IR_FIELD_CLIENT_IP))
            return true;
    return false;
}

static void guard(struct header_rules *h, const struct ir_rule *r)
{
    uint32_t steps = 2000;
    each_header(h, r->guard, read_added, &steps);
    steps = 2000;
    if (r->kind != IR_SET_HEADER && r->kind != IR_ADD_HEADER && r->kind != IR_DEL_HEADER &&
        !asks_who(r->guard))
        each_header(h, r->guard, trusted, &steps);
}

static void rule(struct header_rules *h, const struct ir_rule *r)
{
    if (r->guard)
        guard(h, r);
    if (r->kind == IR_SET_HEADER || r->kind == IR_DEL_HEADER) {
        strmap_put(&h->own, h->k->a, lowered(h->k, r->name), 0, NULL);
    } else if (r->kind == IR_ADD_HEADER) {
        struct slice name = lowered(h->k, r->name);
        bool added;
        if (strmap_get(&h->own, name))
            return;
        strmap_put(&h->added, h->k->a, name, h->adds.n, &added);
        if (!added)
            return;
        vec_add(h->k->a, &h->adds, r);
        bool now = IS_ONE_OF(name, identity) || IS_ONE_OF(name, claims);
        vec_add(h->k->a, &h->told, now);
        if (now)
            spoofable_add(h, r, NULL);
    }
}

void lint_headers(struct checker *k, const struct ir_frontend *f)
{
    struct header_rules h = {.k = k};
    for (uint32_t i = 0; i < f->on_request.n; i++)
        rule(&h, &f->on_request.v[i]);
    for (uint32_t i = 0; i < f->route.n; i++)
        rule(&h, &f->route.v[i]);
}
