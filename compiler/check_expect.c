/* Expectations of tests: the outcome of a request and claims about it, wherever they are written (after `->`,
 * after `expect`, in a block of either). Their words are statements of statements.def like all others. */
#include "compiler/check_state.h"

struct decl *check_test_ref(struct checker *k, const struct ast_expr *e, unsigned kinds, const char *what)
{
    struct decl *d = e->kind == AST_NAME || e->kind == AST_MEMBER ? check_lookup(k, e) : NULL;
    bool used = d && d->used;
    struct decl *found = check_ref(k, e, kinds, what);
    if (d)
        d->used = used;
    return found;
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static bool use(struct checker *k, const struct ast_stmt *s, struct test_outcome *o)
{
    struct decl *d = check_test_ref(k, s->args[0], 1u << DECL_BACKEND, "backend");
    o->kind = EVAL_USE;
    o->backend = d ? d->backend : NULL;
    return d != NULL;
}

static bool redirect(struct checker *k, const struct ast_stmt *s, struct test_outcome *o)
{
    o->kind = EVAL_REDIRECT;
    if (!check_redirect_status(k, s->args[0], &o->status))
        return false;
    return s->nargs == 1 || check_string(k, s->args[1], "the place that a redirect goes to", &o->location);
}

static bool reply(struct checker *k, const struct ast_stmt *s, struct test_outcome *o)
{
    int64_t status = 0;
    o->kind = EVAL_REPLY;
    bool good = check_int(k, s->args[0], "the status of a reply", 200, 599, &status);
    o->status = (uint32_t)status;
    return good;
}

static bool outcome(struct case_build *b, enum statement_id id, const struct ast_stmt *s)
{
    struct test_outcome *o = &b->c->outcome;
    if (b->outcome_at.len) {
        check_twice(b->k, s->word_span, b->outcome_at, "this request has one outcome");
        return false;
    }
    b->outcome_at = s->word_span;
    o->given = true;
    return id == STATEMENT_EXPECT_USE        ? use(b->k, s, o)
           : id == STATEMENT_EXPECT_REDIRECT ? redirect(b->k, s, o)
                                             : reply(b->k, s, o);
}

/* ---- claims ------------------------------------------------------------------------------------ */

static bool relation(struct checker *k, enum statement_id id, const struct ast_stmt *s,
                     enum test_relation *out)
{
    static const struct {
        enum ast_op op;
        enum test_relation relation;
    } known[] = {
        {AST_EQ, TEST_EQ},
        {AST_NE, TEST_NE},
        {AST_CONTAINS, TEST_CONTAINS},
        {AST_STARTS_WITH, TEST_STARTS_WITH},
        {AST_ENDS_WITH, TEST_ENDS_WITH},
        {AST_MATCHES, TEST_MATCHES},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (s->tail_op == known[i].op) {
            *out = known[i].relation;
            return true;
        }
    struct diag *x = check_misformed(k, id, s->tail_expr->span, "an expectation does not compare like this");
    diag_label(k->d, x, "expected ==, !=, contains, starts-with, ends-with or matches before it");
    return false;
}

/* A text that the field can never be is no expectation. */
static bool can_be(struct checker *k, enum statement_id id, const struct ast_expr *e, struct slice *text)
{
    struct text_error err;
    enum type_id type = id == STATEMENT_EXPECT_PATH ? TYPE_PATH : TYPE_HOST;
    if (id != STATEMENT_EXPECT_PATH && id != STATEMENT_EXPECT_HOST)
        return true;
    if (check_text_type(k->a, type, *text, text, &err))
        return true;
    check_bad_text(k, e, *text, check_type_text(type), &err);
    return false;
}

static bool comparison(struct checker *k, enum statement_id id, const struct ast_stmt *s,
                       struct test_claim *c)
{
    if (!relation(k, id, s, &c->relation))
        return false;
    if (c->relation == TEST_MATCHES) {
        const struct ast_expr *lit = check_regex(k, s->tail_expr, "what `matches` tests for");
        if (lit)
            c->text = lit->text;
        return lit != NULL;
    }
    if (!check_string(k, s->tail_expr, "what is expected", &c->text))
        return false;
    return (c->relation != TEST_EQ && c->relation != TEST_NE) || can_be(k, id, s->tail_expr, &c->text);
}

static struct slice lower(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    return (struct slice){p, s.len};
}

static struct ir_expr *field(struct checker *k, enum ir_field id, struct span at)
{
    struct ir_expr *e = check_new(k, IR_FIELD, IR_STR, 0, at);
    e->field = (uint8_t)id;
    return e;
}

/* header "NAME" == "VALUE", header "NAME" exists, header "NAME" absent */
static bool header(struct checker *k, const struct ast_stmt *s, struct test_claim *c)
{
    static const struct slice words[] = {SLICE("exists"), SLICE("absent")};
    c->subject = TEST_HEADER;
    if (!check_header_name(k, s->args[0], false, &c->name))
        return false;
    c->field = field(k, IR_FIELD_HEADER, s->args[0]->span);
    c->field->str = lower(k->a, c->name);
    c->field->optional = 1;
    if (s->tail == AST_TAIL_RELOP && s->nargs == 1)
        return comparison(k, STATEMENT_EXPECT_HEADER, s, c);
    const struct ast_expr *e = s->args[s->nargs - 1];
    if (s->nargs == 2 && s->tail == AST_TAIL_NONE && (check_word(e, "exists") || check_word(e, "absent"))) {
        c->relation = check_word(e, "exists") ? TEST_PRESENT : TEST_ABSENT;
        return true;
    }
    struct diag *x = check_misformed(k, STATEMENT_EXPECT_HEADER, e->span, "what is expected of the header?");
    diag_label(k->d, x, "expected ==, exists or absent%s", s->nargs == 2 ? "" : " after this");
    if (s->nargs == 2 && e->kind == AST_NAME)
        check_suggest(k, x, e->span, e->text, words, 2);
    return false;
}

static bool rule_exists(const struct ir_frontend *f, struct slice name)
{
    for (uint32_t i = 0; i < f->on_request.n; i++)
        if (slice_eq(f->on_request.v[i].label, name))
            return true;
    for (uint32_t i = 0; i < f->route.n; i++)
        if (slice_eq(f->route.v[i].label, name))
            return true;
    return false;
}

/* The name must be one, unless an error may be what hides it. */
static bool rule(struct case_build *b, const struct ast_stmt *s, struct test_claim *c)
{
    struct checker *k = b->k;
    const struct ir_frontend *f = b->f;
    VEC(struct slice) names = {0};
    if (!comparison(k, STATEMENT_EXPECT_RULE, s, c))
        return false;
    if (c->relation != TEST_EQ || !b->sound || rule_exists(f, c->text))
        return true;
    for (uint32_t i = 0; i < f->on_request.n + f->route.n; i++)
        vec_add(k->a, &names,
                i < f->on_request.n ? f->on_request.v[i].label : f->route.v[i - f->on_request.n].label);
    struct span at = s->tail_expr->span;
    struct diag *x = diag_report(k->d, DIAG_E0201, at, "frontend `%.*s` has no rule `%.*s`",
                                 SLICE_ARG(f->name), SLICE_ARG(c->text));
    struct slice near = diag_nearest(c->text, names.v, names.n);
    diag_label(k->d, x, "no rule of this name");
    if (near.p) {
        diag_help(k->d, x, "did you mean `%.*s`?", SLICE_ARG(near));
        diag_fix(x, FIX_MAYBE, at, arena_printf(k->a, "\"%.*s\"", SLICE_ARG(near)));
    }
    return false;
}

static bool claim(struct case_build *b, enum statement_id id, const struct ast_stmt *s, struct test_claim *c)
{
    struct checker *k = b->k;
    if (id == STATEMENT_EXPECT_HEADER)
        return header(k, s, c);
    if (id == STATEMENT_EXPECT_RULE) {
        c->subject = TEST_RULE;
        return rule(b, s, c);
    }
    c->subject = id == STATEMENT_EXPECT_BODY ? TEST_BODY : TEST_FIELD;
    if (c->subject == TEST_FIELD)
        c->field = field(k,
                         id == STATEMENT_EXPECT_PATH   ? IR_FIELD_PATH
                         : id == STATEMENT_EXPECT_HOST ? IR_FIELD_HOST
                                                       : IR_FIELD_URI,
                         s->word_span);
    return comparison(k, id, s, c);
}

/* ---- lines ------------------------------------------------------------------------------------- */

void check_expectation(struct case_build *b, const struct ast_stmt *s)
{
    enum statement_id id = check_statement(b->k, s, IN_EXPECT);
    bool good = id != STATEMENT_NONE;
    if (id == STATEMENT_EXPECT_USE || id == STATEMENT_EXPECT_REDIRECT || id == STATEMENT_EXPECT_REPLY) {
        good = outcome(b, id, s);
    } else if (good) {
        struct test_claim c = {.pos = check_pos(b->k, s->word_span)};
        good = claim(b, id, s, &c);
        if (good)
            vec_add(b->k->a, &b->c->claims, c);
    }
    b->broken |= !good;
}

void check_expectation_words(struct case_build *b, const struct ast_stmt *s, struct ast_expr **v, uint32_t n)
{
    if (v[0]->kind != AST_NAME) {
        b->broken = true;
        if (v[0]->kind == AST_ERROR)
            return;
        struct diag *x = diag_report(b->k->d, DIAG_E0211, v[0]->span, "an outcome is expected here");
        diag_label(b->k->d, x, "expected `use BACKEND`, `redirect STATUS` or `reply STATUS`");
        return;
    }
    struct ast_stmt line = {.kind = AST_STMT_WORD,
                            .word = v[0]->text,
                            .word_span = v[0]->span,
                            .span = s->span,
                            .args = v + 1,
                            .nargs = n - 1};
    if (s->tail == AST_TAIL_RELOP) {
        line.tail = s->tail;
        line.tail_op = s->tail_op;
        line.tail_expr = s->tail_expr;
    }
    check_expectation(b, &line);
}
