/* Rules: actions with their conditions, in source order. `when` blocks become conditions of the rules within
 * them. */
#include "compiler/lint.h"

struct rules {
    struct checker *k;
    struct slice owner; /* the name of the frontend or backend */
    enum phase phase;
    enum context context;
    struct {
        struct ir_rule *v;
        uint32_t n, cap;
    } out;
    const struct ast_stmt *name; /* @name for the next rule */
    struct strmap names;
    uint64_t guard_size; /* of the conditions of the `when` around */
    uint32_t level;      /* of `when` */
};

static struct ir_expr *conjunction(struct checker *k, struct ir_expr *x, struct ir_expr *y, struct span at)
{
    return !x ? y : !y ? x : check_new2(k, IR_AND, IR_BOOL, x, y, at);
}

/* ---- what a rule does -------------------------------------------------------------------------- */

/* The header that `set`, `add` or `delete` is about. */
static bool edited_header(struct checker *k, enum statement_id id, const struct ast_stmt *s,
                          struct slice *name)
{
    const struct ast_expr *e = s->args[0];
    if (!check_header_name(k, e->args[1], true, name))
        return false;
    if (id == STATEMENT_SET || !slice_eq_nocase(*name, SLICE("host")))
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0504, e->args[1]->span, "a request has exactly one `Host`");
    diag_label(k->d, x, "only `set` may change it");
    diag_note(k->d, x, "RFC 9112 section 3.2");
    return false;
}

/* A value that becomes the value of a header. */
struct ir_expr *check_header_value(struct checker *k, const struct ast_expr *e, const char *what)
{
    const struct ast_expr *lit = check_literal_quietly(k, e);
    if (lit && lit->kind == AST_STRING && !check_header_text(k, e, lit->text))
        return NULL;
    return check_text(k, e, what);
}

static bool is_request_header(const struct ast_expr *e)
{
    const struct ast_expr *of = e->kind == AST_INDEX ? e->args[0] : NULL;
    return of && of->kind == AST_MEMBER && slice_eq(of->text, SLICE("header")) &&
           check_word(of->args[0], "req");
}

static bool edit(struct checker *k, enum statement_id id, const struct ast_stmt *s, struct ir_rule *r)
{
    if (!is_request_header(s->args[0]) || (k->phase != PHASE_REQUEST && k->phase != PHASE_BACKEND)) {
        check_target(k, id, s);
        return false;
    }
    r->kind = id == STATEMENT_SET ? IR_SET_HEADER : id == STATEMENT_ADD ? IR_ADD_HEADER : IR_DEL_HEADER;
    bool good = edited_header(k, id, s, &r->name);
    if (id == STATEMENT_DELETE)
        return good;
    r->value = check_header_value(k, s->tail_expr, "the value of a header");
    return good && r->value;
}

static void wrong_mode(struct checker *k, const struct ast_expr *e, const struct decl *map)
{
    struct diag *x =
        diag_report(k->d, DIAG_E0306, e->span, "%s frontend cannot use %s backends, which `%.*s` holds",
                    k->tcp ? "TCP" : "HTTP", k->tcp ? "HTTP" : "TCP", SLICE_ARG(map->name));
    diag_label(k->d, x, "backends of another kind");
    diag_secondary(k->d, x, map->at, "declared here");
    if (k->tcp)
        diag_help(k->d, x, "a map of TCP backends has the type `KEY -> backend<tcp>`");
}

static bool use_map(struct checker *k, const struct ast_expr *e, struct ir_rule *r)
{
    struct typed t = check_expr(k, e, TYPE_BACKEND);
    const struct decl *map = e->kind == AST_INDEX ? check_lookup(k, e->args[0]) : NULL;
    if (t.type == TYPE_BACKEND && map && map->kind == DECL_MAP && map->rows.tcp != k->tcp) {
        wrong_mode(k, e, map);
        return false;
    }
    if (t.type == TYPE_BACKEND && t.ir->op == IR_LOOKUP) {
        r->kind = IR_USE_MAP;
        r->value = t.ir;
        return true;
    }
    if (t.type != TYPE_ERROR) {
        struct slice text = check_source_text(k, e->span);
        struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "`use` needs a backend; `%.*s` is %s",
                                     SLICE_ARG(text), check_type_text(t.type));
        diag_label(k->d, x, "%s, expected backend", check_type_text(t.type));
    }
    return false;
}

static bool use(struct checker *k, const struct ast_stmt *s, struct ir_rule *r)
{
    const struct ast_expr *e = s->args[0];
    if (e->kind != AST_NAME && e->kind != AST_MEMBER && e->kind != AST_STRING)
        return use_map(k, e, r);
    struct decl *d = check_used(k, e, k->tcp);
    if (!d) {
        const struct decl *other = e->kind == AST_STRING ? NULL : check_lookup(k, e);
        if (other && other->kind == DECL_MAP)
            diag_help(k->d, k->d->list.v[k->d->list.n - 1], "look a key up in the map: `use %.*s[host]`",
                      SLICE_ARG(other->name));
        return false;
    }
    if (d->kind == DECL_SPLIT) {
        r->kind = IR_USE_MAP;
        r->value = check_use_split(k, d, e->span);
        return r->value != NULL;
    }
    r->kind = IR_USE;
    r->backend = d->backend;
    return true;
}

static struct ir_expr *field_of(struct checker *k, enum ir_field field, struct span at)
{
    struct ir_expr *e = check_new(k, IR_FIELD, IR_STR, 0, at);
    e->field = (uint8_t)field;
    return e;
}

/* https://${host}${req.uri} */
static struct ir_expr *https_location(struct checker *k, struct span at)
{
    struct ir_expr *e = check_new(k, IR_CONCAT, IR_STR, 3, at),
                   *scheme = check_new(k, IR_CONST_STR, IR_STR, 0, at);
    scheme->str = SLICE("https://");
    e->args[0] = scheme;
    e->args[1] = field_of(k, IR_FIELD_HOST, at);
    e->args[2] = field_of(k, IR_FIELD_URI, at);
    return e;
}

bool check_redirect_status(struct checker *k, const struct ast_expr *e, uint32_t *out)
{
    int64_t n;
    if (check_status_word(k, e, "the status of a redirect", 301, 308))
        return false;
    if (!check_int(k, e, "the status of a redirect", INT64_MIN, INT64_MAX, &n))
        return false;
    *out = (uint32_t)n;
    if (n == 301 || n == 302 || n == 303 || n == 307 || n == 308)
        return true;
    struct diag *x = diag_report(k->d, DIAG_E0303, e->span, "%lld is no status of a redirect", (long long)n);
    diag_label(k->d, x, "expected 301, 302, 303, 307 or 308");
    diag_note(k->d, x,
              "permanent: 301, or 308 which keeps the method; temporary: 302, or 307 which keeps the method; "
              "303 goes on with GET");
    return false;
}

static bool redirect(struct checker *k, const struct ast_stmt *s, struct ir_rule *r)
{
    bool to = check_word(s->args[0], "to"), https = check_word(s->args[0], "https");
    r->kind = IR_REDIRECT;
    if (!to && !https) {
        if (s->args[0]->kind == AST_NAME)
            check_unknown_option(k, "redirect", IN_ROUTE, s->args[0]->text, s->args[0]->span);
        else
            diag_label(k->d,
                       check_misformed(k, STATEMENT_REDIRECT, s->args[0]->span,
                                       "`redirect` goes `to` a place, or to `https`"),
                       "expected to or https");
        return false;
    }
    if (s->nargs != (to ? 3 : 2)) {
        struct span at = s->args[s->nargs - 1]->span, end = {at.file, at.off + at.len, 0};
        struct diag *x =
            check_misformed(k, STATEMENT_REDIRECT, to ? end : at,
                            to ? "`redirect` needs a status" : "`redirect https` takes a status alone");
        diag_label(k->d, x, to ? "301, 302, 303, 307 or 308 is missing here" : "not expected");
        return false;
    }
    bool good = check_redirect_status(k, s->args[s->nargs - 1], &r->status);
    r->value =
        to ? check_header_value(k, s->args[1], "the place to go to") : https_location(k, s->args[0]->span);
    return good && r->value;
}

static bool reply_part(struct checker *k, const struct ast_stmt *s, struct ir_rule *r, struct span *body)
{
    enum statement_id id = check_statement(k, s, IN_REPLY);
    if (id == STATEMENT_HEADER) {
        struct ir_header_value h = {.pos = check_pos(k, s->word_span)};
        bool good = check_header_name(k, s->args[0], true, &h.name);
        h.value = check_header_value(k, s->tail_expr, "the value of a header");
        vec_add(k->a, &r->headers, h);
        return good && h.value;
    }
    if (id != STATEMENT_BODY)
        return false;
    if (body->len) {
        check_twice(k, s->word_span, *body, "`body` is given twice");
        return false;
    }
    *body = s->word_span;
    if (r->status == 204 || r->status == 304) { /* RFC 9110 sections 15.3.5 and 15.4.5 */
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0206, s->word_span, "a reply of status %u has no body", r->status),
                   "does not belong here");
        return false;
    }
    r->value = check_text(k, s->args[0], "the body of a reply");
    return r->value != NULL;
}

static bool reply(struct checker *k, const struct ast_stmt *s, struct ir_rule *r)
{
    int64_t status = 0;
    struct span body = {0};
    bool good = !check_status_word(k, s->args[0], "the status of a reply", 200, 599) &&
                check_int(k, s->args[0], "the status of a reply", 200, 599, &status);
    r->kind = IR_REPLY;
    r->status = (uint32_t)status;
    for (uint32_t i = 0; s->block && i < s->block->stmts.n; i++)
        good &= reply_part(k, s->block->stmts.v[i], r, &body);
    return good;
}

void check_reply_block(struct checker *k, const struct ast_block *block, int64_t status)
{
    struct ir_rule r = {.kind = IR_REPLY, .status = (uint32_t)status};
    struct span body = {0};
    for (uint32_t i = 0; i < block->stmts.n; i++)
        reply_part(k, block->stmts.v[i], &r, &body);
}

static bool action(struct checker *k, enum statement_id id, const struct ast_stmt *s, struct ir_rule *r)
{
    if (id == STATEMENT_USE)
        return use(k, s, r);
    if (id == STATEMENT_REDIRECT)
        return redirect(k, s, r);
    if (id == STATEMENT_REPLY)
        return reply(k, s, r);
    return edit(k, id, s, r);
}

/* ---- names ------------------------------------------------------------------------------------- */

static void annotation(struct rules *b, const struct ast_stmt *s)
{
    struct slice text;
    check_statement(b->k, s, b->context);
    if (!slice_eq(s->word, SLICE("name")))
        return;
    if (s->nargs != 1 || s->args[0]->kind == AST_NAMED)
        diag_label(b->k->d, diag_report(b->k->d, DIAG_E0211, s->span, "a name is written `@name(\"TEXT\")`"),
                   "not one text");
    else if (check_string(b->k, s->args[0], "the name of a rule", &text)) {
        if (!text.len)
            diag_label(b->k->d,
                       diag_report(b->k->d, DIAG_E0303, s->args[0]->span, "the name of a rule is empty"),
                       "empty");
        b->name = s;
    }
}

static struct slice label(struct rules *b)
{
    struct slice text = {0};
    const char *phase = b->phase == PHASE_ROUTE ? "route" : "request";
    if (!b->name)
        return arena_printf(b->k->a, "%.*s.%s[%u]", SLICE_ARG(b->owner), phase, b->out.n - 1);
    const struct ast_expr *e = b->name->args[0];
    text = check_literal_quietly(b->k, e)->text;
    bool added;
    strmap_put(&b->names, b->k->a, text, 0, &added);
    if (!added) {
        struct diag *x =
            diag_report(b->k->d, DIAG_E0203, e->span, "two rules are named `%.*s`", SLICE_ARG(text));
        diag_label(b->k->d, x, "the second");
    }
    b->name = NULL;
    return text;
}

/* ---- when -------------------------------------------------------------------------------------- */

/* Whether `e` reads what changing header `name` changes. */
static bool reads(const struct ir_expr *e, struct slice name)
{
    if (e->op == IR_FIELD)
        return (e->field == IR_FIELD_HEADER && slice_eq_nocase(e->str, name)) ||
               (e->field == IR_FIELD_COOKIE && slice_eq_nocase(name, SLICE("cookie"))) ||
               (e->field == IR_FIELD_HOST && slice_eq_nocase(name, SLICE("host")));
    for (uint32_t i = 0; i < e->nargs; i++)
        if (reads(e->args[i], name))
            return true;
    return false;
}

/* The condition is asked once for each rule within: none of them may change its answer. */
static void check_stable(struct rules *b, const struct ast_stmt *when, const struct ir_expr *cond,
                         uint32_t first)
{
    for (uint32_t i = first; i < b->out.n; i++) {
        const struct ir_rule *r = &b->out.v[i];
        bool edits = r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER;
        if (!edits || !reads(cond, r->name))
            continue;
        struct diag *x =
            check_later(b->k, when->cond->span, "`when` whose rules change `%.*s`, which its condition reads",
                        SLICE_ARG(r->name));
        diag_help(b->k->d, x, "give each rule its own `if`");
        return;
    }
}

static bool block_rules(struct rules *b, const struct ast_block *block, struct ir_expr *guard);

/* Returns whether it always decides. */
static bool when(struct rules *b, const struct ast_stmt *s, struct ir_expr *guard)
{
    struct checker *k = b->k;
    uint32_t mark = k->present.n, first = b->out.n;
    uint64_t around = b->guard_size;
    if (b->level >= WHEN_DEPTH_MAX) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0107, s->word_span,
                               "more than %d `when` within each other or after each other's `else`",
                               WHEN_DEPTH_MAX),
                   "too deep");
        return true;
    }
    b->level++;
    k->size = 0;
    struct ir_expr *cond = check_condition(k, s->cond);
    k->rules_lost |= !cond;
    b->guard_size += k->size + 2;
    if (cond) {
        lint_under(k, s->word_span, guard, cond);
        lint_condition(k, s->cond, cond);
        check_assume(k, cond);
    }
    bool then = block_rules(b, s->block, conjunction(k, guard, cond, s->cond->span));
    check_forget(k, mark);
    bool otherwise = false;
    if (s->else_when || s->else_block) {
        struct ir_expr *no = cond ? check_new1(k, IR_NOT, IR_BOOL, cond, s->cond->span) : NULL;
        struct ir_expr *rest = conjunction(k, guard, no, s->cond->span);
        otherwise = s->else_when ? when(b, s->else_when, rest) : block_rules(b, s->else_block, rest);
    }
    if (cond)
        check_stable(b, s, cond, first);
    b->guard_size = around;
    b->level--;
    return then && otherwise;
}

/* ---- rules ------------------------------------------------------------------------------------- */

/* Whether the rule decides whenever it is asked, apart from `when`. */
static bool always(const struct ir_rule *r, const struct ast_stmt *s)
{
    return !s->cond && (r->kind == IR_USE || r->kind == IR_REDIRECT || r->kind == IR_REPLY ||
                        (r->kind == IR_USE_MAP && !r->value->optional));
}

/* What a rule says itself is bounded by the length of the file; what it repeats by name is not. */
static void too_large(struct checker *k, const struct ast_stmt *s)
{
    struct diag *x = diag_report(k->d, DIAG_E0901, s->word_span,
                                 "the acls and `when` conditions of all rules, written out, have more than %d parts",
                                 REPEATED_MAX);
    diag_label(k->d, x, "from here on");
    diag_help(k->d, x, "a large set is a `list` or a `map`, which is one part: `host in NAME`");
}

/* Returns whether it always decides. A rule with an error counts as one that does: it silences what would
 * follow. */
static bool rule(struct rules *b, const struct ast_stmt *s, struct ir_expr *guard)
{
    struct checker *k = b->k;
    enum statement_id id = check_statement(k, s, b->context);
    if (id == STATEMENT_NONE) {
        b->name = NULL;
        k->rules_lost |= s->kind != AST_STMT_ANNOTATION;
        return !s->cond && s->kind != AST_STMT_ANNOTATION;
    }
    uint32_t mark = k->present.n;
    k->later_field = (struct slice){0};
    k->size = k->repeated = b->guard_size;
    struct ir_rule *r = vec_push(k->a, &b->out);
    struct ir_expr *cond = s->cond ? check_condition(k, s->cond) : NULL;
    r->pos = check_pos(k, s->word_span);
    if (cond) {
        lint_under(k, s->word_span, guard, cond);
        lint_condition(k, s->cond, cond);
        check_assume(k, cond);
    }
    bool good = action(k, id, s, r);
    k->rules_lost |= !good || (s->cond && !cond);
    check_forget(k, mark);
    r->guard = conjunction(k, guard, cond, s->cond ? s->cond->span : s->word_span);
    r->label = label(b);
    k->total += k->repeated;
    if (k->total > REPEATED_MAX && k->total - k->repeated <= REPEATED_MAX)
        too_large(k, s);
    if (!good) {
        b->out.n--;
        return !s->cond && check_parts(id) & DECIDES;
    }
    return always(r, s);
}

static void unreachable(struct rules *b, const struct ast_stmt *s, const struct ast_stmt *closing)
{
    struct diag *x = diag_report(b->k->d, DIAG_W0501, s->word_span, "this rule can never apply");
    diag_label(b->k->d, x, "never reached");
    diag_secondary(b->k->d, x, closing->word_span, "this decides every request that comes so far");
    if (s->cond) {
        diag_help(b->k->d, x, "write it before that rule");
        check_fix_move(b->k, x, FIX_MAYBE, s->span, closing->span);
    }
}

/* Returns whether the block always decides. What follows such a rule is checked, and left out. */
static bool block_rules(struct rules *b, const struct ast_block *block, struct ir_expr *guard)
{
    const struct ast_stmt *closing = NULL;
    bool told = false;
    uint32_t kept = 0;
    if (!b->out.cap && block->stmts.n) {
        b->out.v = arena_alloc(b->k->a, sizeof *b->out.v * block->stmts.n);
        b->out.cap = block->stmts.n;
    }
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        if (s->kind == AST_STMT_ANNOTATION) {
            annotation(b, s);
            continue;
        }
        if (closing && !told && b->k->d->errors == 0) {
            unreachable(b, s, closing);
            told = true;
        }
        bool decides = s->kind == AST_STMT_WHEN && check_statement(b->k, s, b->context) == STATEMENT_WHEN
                           ? when(b, s, guard)
                           : rule(b, s, guard);
        if (decides && !closing) {
            closing = s;
            kept = b->out.n;
        }
    }
    if (b->name) {
        diag_label(b->k->d,
                   diag_report(b->k->d, DIAG_E0206, b->name->word_span, "`@name` names the rule after it"),
                   "there is none");
        b->name = NULL;
    }
    if (closing)
        b->out.n = kept;
    return closing != NULL;
}

/* Returns whether the rules always decide. */
static bool phase_rules(struct rules *b, const struct ir_frontend *f, const struct ast_block *block)
{
    enum phase outer = b->k->phase;
    b->k->phase = b->phase;
    b->context = b->k->tcp && b->phase == PHASE_ROUTE ? IN_TCP_ROUTE : check_phase_context(b->phase);
    bool decides = block_rules(b, block, NULL);
    if (b->phase == PHASE_ROUTE && !decides && !b->k->incomplete && !b->k->partial)
        check_undecided(b->k, f, block, b->out.v, b->out.n);
    b->k->phase = outer;
    return decides;
}

void check_rules(struct checker *k, struct ir_frontend *f, const struct ast_block *block,
                 enum context context)
{
    struct rules b = {.k = k, .owner = f->name, .phase = context == IN_ROUTE ? PHASE_ROUTE : PHASE_REQUEST};
    bool decides = phase_rules(&b, f, block);
    if (b.phase == PHASE_REQUEST) {
        f->on_request.v = b.out.v;
        f->on_request.n = f->on_request.cap = b.out.n;
        return;
    }
    /* Where the last `when` decides in all its branches, reaching the last rule implies its condition. */
    if (decides && b.out.n)
        b.out.v[b.out.n - 1].guard = NULL;
    f->route.v = b.out.v;
    f->route.n = f->route.cap = b.out.n;
}

void check_one_rule(struct checker *k, const struct ast_stmt *s)
{
    struct rules b = {.k = k, .owner = SLICE(""), .phase = k->phase};
    b.context = k->tcp && k->phase == PHASE_ROUTE ? IN_TCP_ROUTE : check_phase_context(k->phase);
    rule(&b, s, NULL);
}

void check_other_rules(struct checker *k, struct slice name, const struct ast_block *block, enum phase phase)
{
    struct rules b = {.k = k, .owner = name, .phase = phase};
    phase_rules(&b, NULL, block);
}
