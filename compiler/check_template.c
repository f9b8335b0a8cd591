/* Templates: what they are for, checks that are made of them, and each by itself. check_extend.c puts their statements
 * into what extends them. */
#include "compiler/check_template.h"

/* ---- the head ---------------------------------------------------------------------------------- */

static const struct template_subject subjects[] = {
    {SLICE("backend"), IN_BACKEND, DECL_BACKEND, STATEMENT_BACKEND, "backends", false},
    {SLICE("frontend"), IN_FRONTEND, DECL_FRONTEND, STATEMENT_FRONTEND, "frontends", false},
    {SLICE("tls"), IN_TLS, DECL_TLS, STATEMENT_TLS, "`tls`", true},
    {SLICE("limit"), IN_LIMIT, DECL_LIMIT, STATEMENT_LIMIT, "limits", true},
    {SLICE("log"), IN_LOG, DECL_LOG, STATEMENT_LOG, "logs", true},
    {SLICE("errors"), IN_ERRORS, DECL_ERRORS, STATEMENT_ERRORS, "error pages", true},
};
enum { NSUBJECTS = sizeof subjects / sizeof *subjects };

static const struct {
    struct slice word;
    enum context use;
} check_kinds[] = {
    {SLICE("http"), IN_HTTP_CHECK}, {SLICE("tcp"), IN_TCP_CHECK},   {SLICE("tls"), IN_TLS_CHECK},
    {SLICE("grpc"), IN_GRPC_CHECK}, {SLICE("agent"), IN_AGENT_CHECK}, {SLICE("exec"), IN_EXEC_CHECK},
};
enum { NCHECK_KINDS = sizeof check_kinds / sizeof *check_kinds };

static const uint64_t all_checks =
    IN_HTTP_CHECK | IN_TCP_CHECK | IN_TLS_CHECK | IN_GRPC_CHECK | IN_AGENT_CHECK | IN_EXEC_CHECK;

/* What the template declared as `d` is for; NULL: checks. */
const struct template_subject *template_subject(const struct decl *d)
{
    for (size_t i = 0; i < NSUBJECTS; i++)
        if (d->use == subjects[i].use)
            return &subjects[i];
    return NULL;
}

const struct template_subject *template_subject_of(enum decl_kind kind)
{
    const struct template_subject *subject = subjects;
    while (subject->kind != kind)
        subject++;
    return subject;
}

static bool check_kind_of(struct checker *k, struct decl *d)
{
    const struct ast_type *type = d->stmt->type;
    if (type && !type->name.p)
        return false;
    for (size_t i = 0; type && i < NCHECK_KINDS; i++)
        if (slice_eq(type->name, check_kinds[i].word)) {
            d->use = check_kinds[i].use;
            if (!(d->use & (IN_HTTP_CHECK | IN_TCP_CHECK)))
                check_later(k, type->span, "checks of kind %.*s", SLICE_ARG(type->name));
            return true;
        }
    struct span at = d->stmt->args[1]->span, end = {at.file, at.off + at.len, 0};
    struct diag *x = check_misformed(k, STATEMENT_TEMPLATE, type ? type->span : end,
                                     "a template for a check says what the check speaks");
    diag_label(k->d, x, type ? "expected http, tcp, tls, grpc, agent or exec" : "`: http` or `: tcp` is missing here");
    return false;
}

static void wrong_head(struct checker *k, const struct ast_expr *e, struct span at)
{
    struct slice words[NSUBJECTS + 1];
    struct diag *x = check_misformed(k, STATEMENT_TEMPLATE, at, "a template says what it is for");
    diag_label(k->d, x, "expected `for backend`, `for frontend`, `for check`, `for tls`, `for limit`, `for log` or `for errors`");
    for (size_t i = 0; i < NSUBJECTS; i++)
        words[i] = subjects[i].word;
    words[NSUBJECTS] = SLICE("check");
    if (e && e->kind == AST_NAME)
        check_suggest(k, x, at, e->text, words, NSUBJECTS + 1);
}

/* The type after `:`, of those that have one. */
static bool type_fits(struct checker *k, const struct template_subject *subject, const struct ast_type *type)
{
    if (!type || !type->name.p)
        return true;
    bool tcp = slice_eq(type->name, SLICE("tcp")), json = slice_eq(type->name, SLICE("json"));
    if (subject->kind == DECL_LIMIT)
        return check_key_type(k, type) != TYPE_ERROR;
    bool http = !subject->later && slice_eq(type->name, SLICE("http"));
    if (subject->kind == DECL_LOG ? json || slice_eq(type->name, SLICE("text")) : http)
        return true;
    if (!subject->later && tcp) {
        check_later(k, type->span, "templates of TCP connections");
        return false;
    }
    struct diag *x = diag_report(k->d, DIAG_E0302, type->span, "a template for %s has no form `%.*s`", subject->many,
                                 SLICE_ARG(type->name));
    diag_label(k->d, x, "%s", subject->kind == DECL_LOG ? "expected json or text" : subject->later ? "not expected" : "expected http");
    return false;
}

void check_template_head(struct checker *k, struct decl *d)
{
    const struct ast_stmt *s = d->stmt;
    const struct template_subject *subject = NULL;
    struct span end = {d->at.file, d->at.off + d->at.len, 0};
    for (uint32_t i = 0; i < s->nargs; i++)
        if (s->args[i]->kind == AST_ERROR)
            return;
    if (s->told)
        return;
    if (k->incomplete && !s->nargs)
        return;
    if (s->nargs < 2 || !check_word(s->args[0], "for")) {
        wrong_head(k, NULL, s->nargs ? s->args[0]->span : end);
        return;
    }
    bool library = check_library_begin(k, d->module);
    for (size_t i = 0; i < NSUBJECTS && s->args[1]->kind == AST_NAME; i++)
        if (slice_eq(s->args[1]->text, subjects[i].word))
            subject = &subjects[i];
    if (subject) {
        if (subject->later)
            check_later(k, s->args[1]->span, "templates for %s", subject->many);
        if (type_fits(k, subject, s->type))
            d->use = subject->use;
    } else if (check_word(s->args[1], "check")) {
        if (s->nargs > 2)
            check_misformed(k, STATEMENT_TEMPLATE, s->args[2]->span, "a template for a check extends no other");
        check_kind_of(k, d);
    } else {
        wrong_head(k, s->args[1], s->args[1]->span);
    }
    check_library_end(k, library);
}

static const char *use_text(uint64_t use)
{
    for (size_t i = 0; i < NSUBJECTS; i++)
        if (use == subjects[i].use)
            return subjects[i].many;
    return "checks";
}

/* The template that `e` (a name or a call) uses, for `uses`; NULL where reported. */
struct decl *template_ref(struct checker *k, const struct ast_expr *e, uint64_t uses)
{
    const struct ast_expr *callee = e->kind == AST_CALL ? e->args[0] : e;
    struct decl *d = check_ref(k, callee, 1u << DECL_TEMPLATE, "template");
    if (!d || !d->use || d->use & uses)
        return d && d->use ? d : NULL;
    struct diag *x = diag_report(k->d, DIAG_E0202, callee->span, "`%.*s` is a template for %s", SLICE_ARG(d->name),
                                 use_text(d->use));
    diag_label(k->d, x, "not for %s", use_text(uses));
    diag_secondary(k->d, x, d->at, "declared here");
    return NULL;
}

/* ---- checks made of templates -------------------------------------------------------------------- */

enum { NAME_MAX_LEN = 100 };

/* Arguments as they are shown in the name of a check; false where they take too much room. */
static bool add_text(struct checker *k, struct buf *out, const struct ast_expr *e)
{
    if (e->kind == AST_STRING) {
        buf_char(out, '"');
        for (size_t i = 0; i < e->text.len; i++)
            if (e->text.p[i] == '"' || e->text.p[i] == '\\' || (unsigned char)e->text.p[i] < ' ' ||
                (unsigned char)e->text.p[i] > '~')
                buf_printf(out, "\\x%02x", (unsigned char)e->text.p[i]);
            else
                buf_char(out, e->text.p[i]);
        buf_char(out, '"');
    } else if (e->kind == AST_INT) {
        buf_printf(out, "%lld", (long long)e->num);
    } else if (check_literal_type(e) == TYPE_ERROR || e->kind == AST_LIST || e->span.len > NAME_MAX_LEN) {
        return false;
    } else {
        buf_slice(out, (struct slice){k->c->sources.files.v[e->span.file]->text.p + e->span.off, e->span.len});
    }
    return out->len <= NAME_MAX_LEN;
}

/* What tells uses of `t` apart: the same use is the same check. */
static struct slice instance_key(struct checker *k, const struct decl *t, const struct bindings *b)
{
    struct buf text = {0};
    bool good = true;
    struct slice name = check_full_name(k, t->module, t->name);
    buf_slice(&text, name);
    buf_str(&text, b->n ? "(" : "");
    for (uint32_t i = 0; i < b->n && good; i++) {
        buf_str(&text, i ? ", " : "");
        good = add_text(k, &text, b->v[i]->value);
    }
    buf_str(&text, b->n ? ")" : "");
    struct slice out = good ? arena_copy(k->a, buf_view(&text))
                            : arena_printf(k->a, "%.*s(#%u)", SLICE_ARG(name), k->instances.n);
    buf_free(&text);
    return out;
}

/* The name of the check in plans and logs. What a TCP check sends may be a password: its arguments are not shown. */
static struct slice instance_name(struct checker *k, const struct decl *t, struct slice key)
{
    if (t->use == IN_HTTP_CHECK || !t->stmt->nparams)
        return key;
    struct slice name = check_full_name(k, t->module, t->name);
    return arena_printf(k->a, "%.*s(#%u)", SLICE_ARG(name), k->instances.n);
}

static struct ast_stmt *check_statement_of(struct checker *k, const struct decl *t, const struct bindings *b)
{
    struct ast_stmt *s = arena_new(k->a, struct ast_stmt);
    *s = *t->stmt;
    s->kind = AST_STMT_WORD;
    s->nargs = s->nparams = 0;
    s->block = template_copy_block(k, b, t->stmt->block);
    return s;
}

static struct decl *new_check(struct checker *k, struct decl *t, const struct bindings *b, struct slice name)
{
    struct decl *d = arena_new(k->a, struct decl);
    *d = (struct decl){.kind = DECL_CHECK, .name = t->name, .at = t->at, .module = t->module, .used = true};
    d->stmt = check_statement_of(k, t, b);
    d->check = arena_new(k->a, struct ir_check);
    *d->check = (struct ir_check){.name = name, .index = k->p->checks.n, .pos = check_pos(k, t->at)};
    return d;
}

static struct decl *instance(struct checker *k, struct decl *t, const struct ast_expr *use)
{
    struct bindings b;
    bool added;
    uint32_t mark = k->d->list.n;
    if (!t->stmt->block || !check_bind(k, t, use, false, &b))
        return NULL;
    struct slice key = instance_key(k, t, &b);
    uint32_t at = *strmap_put(&k->instance_names, k->a, key, k->instances.n, &added);
    if (!added)
        return k->instances.v[at];
    if (!check_expand(k, CALL_PARTS, use->span) || !check_enter(k, t, use->span, 0, false)) {
        vec_add(k->a, &k->instances, NULL); /* reported */
        return NULL;
    }
    struct module *m = k->m;
    struct decl *d = new_check(k, t, &b, instance_name(k, t, key));
    vec_add(k->a, &k->instances, d);
    vec_add(k->a, &k->p->checks, d->check);
    k->m = t->module;
    check_check(k, d);
    k->m = m;
    check_leave(k, 0);
    check_expanded(k, mark, t, use->span);
    return d;
}

struct decl *check_check_ref(struct checker *k, const struct ast_expr *e)
{
    while (check_is_parameter(e))
        e = e->bound->value;
    if (check_is_unknown(e))
        return NULL;
    const struct ast_expr *callee = e->kind == AST_CALL ? e->args[0] : e;
    struct decl *t = callee->kind == AST_NAME || callee->kind == AST_MEMBER ? check_lookup(k, callee) : NULL;
    if (t && t->kind == DECL_TEMPLATE) {
        t = template_ref(k, e, all_checks);
        return t ? instance(k, t, e) : NULL;
    }
    struct decl *d = check_ref(k, callee, t ? 1u << DECL_CHECK : 1u << DECL_CHECK | 1u << DECL_TEMPLATE, "check");
    if (!d || e->kind != AST_CALL)
        return d;
    struct diag *x = diag_report(k->d, DIAG_E0220, e->span, "check `%.*s` has no parameters", SLICE_ARG(d->name));
    diag_label(k->d, x, "a template for a check has them");
    diag_secondary(k->d, x, d->at, "declared here");
    return NULL;
}

/* ---- a template by itself ------------------------------------------------------------------------ */

/* What is wrong whatever the arguments are. Its objects belong to no program. */
void check_template_alone(struct checker *k, struct decl *t)
{
    struct bindings b;
    struct ir_backend backend = {.name = t->name};
    struct ir_frontend frontend = {.name = t->name};
    check_params(k, t);
    if (!t->use || !t->stmt->block || !check_enter(k, t, t->at, 0, false))
        return;
    check_bind_nothing(k, t, &b);
    struct decl *d = new_check(k, t, &b, t->name);
    const struct template_subject *subject = template_subject(t);
    const struct ast_expr *extends = subject ? template_extends_of(k, subject->statement, t->stmt, 2) : NULL;
    k->partial = true;
    if (subject)
        d->kind = subject->kind;
    if (extends)
        template_extend_with(k, d, check_copy_expr(k, &b, (struct ast_expr *)(uintptr_t)extends), t->use);
    if (!subject) {
        check_check(k, d);
    } else if (subject->later) {
        k->later++;
        check_form_block(k, d->stmt->block, t->use, SLICE("template"), t->at);
        k->later--;
    } else if (d->kind == DECL_BACKEND) {
        d->stmt->tail = AST_TAIL_NONE;
        d->backend = &backend;
        check_backend(k, d);
    } else {
        d->stmt->tail = AST_TAIL_NONE;
        d->frontend = &frontend;
        check_frontend(k, d);
    }
    k->partial = false;
    check_leave(k, 0);
}
