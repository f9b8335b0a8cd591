/* Templates: blocks with parameters. `extends` puts the statements of templates beside those of a backend or a
 * frontend, as if they stood in it: its own statement wins over theirs, what may stand several times comes together,
 * and two templates must not give the same single setting. A template for a check makes a check of each use. */
#include "compiler/check_state.h"

/* ---- the head ---------------------------------------------------------------------------------- */

/* What templates are for. */
static const struct subject {
    struct slice word;
    enum context use;
    enum decl_kind kind;
    enum statement_id statement;
    const char *many;
    bool later; /* E0900 */
} subjects[] = {
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
static const struct subject *subject_of(const struct decl *d)
{
    for (size_t i = 0; i < NSUBJECTS; i++)
        if (d->use == subjects[i].use)
            return &subjects[i];
    return NULL;
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
static bool type_fits(struct checker *k, const struct subject *subject, const struct ast_type *type)
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
    const struct subject *subject = NULL;
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
static struct decl *template_ref(struct checker *k, const struct ast_expr *e, uint64_t uses)
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

/* ---- copies of statements ---------------------------------------------------------------------- */

static struct ast_block *copy_block(struct checker *k, const struct bindings *b, const struct ast_block *from);

static struct ast_expr **copy_list(struct checker *k, const struct bindings *b, struct ast_expr **v, uint32_t n)
{
    struct ast_expr **to = n ? arena_alloc(k->a, n * sizeof *to) : NULL;
    for (uint32_t i = 0; i < n; i++)
        to[i] = check_copy_expr(k, b, v[i]);
    return to;
}

static struct ast_stmt *copy_stmt(struct checker *k, const struct bindings *b, const struct ast_stmt *s)
{
    struct ast_stmt *to = arena_new(k->a, struct ast_stmt);
    *to = *s;
    to->args = copy_list(k, b, s->args, s->nargs);
    to->tail_args = copy_list(k, b, s->tail_args, s->ntail_args);
    to->tail_expr = s->tail_expr ? check_copy_expr(k, b, s->tail_expr) : NULL;
    to->cond = s->cond ? check_copy_expr(k, b, s->cond) : NULL;
    to->block = s->block ? copy_block(k, b, s->block) : NULL;
    to->else_block = s->else_block ? copy_block(k, b, s->else_block) : NULL;
    to->else_when = s->else_when ? copy_stmt(k, b, s->else_when) : NULL;
    k->expanded++;
    return to;
}

static struct ast_block *copy_block(struct checker *k, const struct bindings *b, const struct ast_block *from)
{
    struct ast_block *to = arena_new(k->a, struct ast_block);
    to->span = from->span;
    for (uint32_t i = 0; i < from->stmts.n && check_expand(k, 1, from->span); i++)
        vec_add(k->a, &to->stmts, copy_stmt(k, b, from->stmts.v[i]));
    return to;
}

/* ---- merging ----------------------------------------------------------------------------------- */

enum how { SINGLE, SEVERAL, PHASE };

static enum how how_often(const struct ast_stmt *s)
{
    static const struct slice several[] = {SLICE("server"), SLICE("listen"), SLICE("log"),  SLICE("serve"),
                                           SLICE("stick"),  SLICE("learn"),  SLICE("certs")};
    if (s->kind == AST_STMT_ROW)
        return SINGLE;
    if (s->kind != AST_STMT_WORD)
        return SEVERAL;
    if (slice_eq(s->word, SLICE("on")) || slice_eq(s->word, SLICE("route")))
        return s->block ? PHASE : SEVERAL;
    for (size_t i = 0; i < sizeof several / sizeof *several; i++)
        if (slice_eq(s->word, several[i]))
            return SEVERAL;
    return SINGLE;
}

/* What tells settings apart: `balance`, `timeout server`, `on request`, `field host`, of a row its key. */
static struct slice key_of(struct checker *k, const struct ast_stmt *s)
{
    bool second = slice_eq(s->word, SLICE("timeout")) || slice_eq(s->word, SLICE("on")) || slice_eq(s->word, SLICE("field"));
    if (s->kind == AST_STMT_ROW)
        return check_source_text(k, s->args[0]->span);
    if (!second || !s->nargs || s->args[0]->kind != AST_NAME)
        return s->word;
    return arena_printf(k->a, "%.*s %.*s", SLICE_ARG(s->word), SLICE_ARG(s->args[0]->text));
}

static int rank_of(struct slice key)
{
    static const struct slice order[] = {SLICE("on connection"), SLICE("on tls"),      SLICE("on request"),
                                         SLICE("route"),         SLICE("on response"), SLICE("on log")};
    int n = sizeof order / sizeof *order;
    for (int i = 0; i < n; i++)
        if (slice_eq(order[i], key))
            return i;
    return n;
}

struct merged {
    struct ast_stmt *s;
    struct slice key;
    const struct ast_expr *parent; /* where its template is named; NULL: the own block */
};

struct merge {
    struct checker *k;
    struct decl *d;
    struct ast_type *type; /* that a template has */
    VEC(struct merged) list;
    bool bad;
};

static struct merged *find(struct merge *m, struct slice key)
{
    for (uint32_t i = 0; i < m->list.n; i++)
        if (how_often(m->list.v[i].s) != SEVERAL && slice_eq(m->list.v[i].key, key))
            return &m->list.v[i];
    return NULL;
}

static void conflict(struct merge *m, const struct merged *first, const struct ast_stmt *s,
                     const struct ast_expr *parent)
{
    struct checker *k = m->k;
    struct slice key = key_of(k, s);
    struct diag *x = diag_report(k->d, DIAG_E0221, parent->span, "`%.*s` comes from two templates", SLICE_ARG(key));
    diag_label(k->d, x, "given again by this one");
    diag_secondary(k->d, x, first->s->word_span, "the first");
    diag_secondary(k->d, x, s->word_span, "the second");
    diag_help(k->d, x, "write `%.*s` in the block itself: what is written there wins", SLICE_ARG(key));
    m->bad = true;
}

/* Appends the rules of `s` to those of the phase that is there. */
static void join_phase(struct merge *m, struct merged *to, const struct ast_stmt *s)
{
    struct ast_stmt *both = arena_new(m->k->a, struct ast_stmt);
    struct ast_block *block = arena_new(m->k->a, struct ast_block);
    *both = *s;
    block->span = s->block->span;
    for (uint32_t i = 0; i < to->s->block->stmts.n; i++)
        vec_add(m->k->a, &block->stmts, to->s->block->stmts.v[i]);
    for (uint32_t i = 0; i < s->block->stmts.n; i++)
        vec_add(m->k->a, &block->stmts, s->block->stmts.v[i]);
    both->block = block;
    to->s = both;
}

/* Statements of a template, in their order; phases come together. */
static void add_parent(struct merge *m, const struct ast_block *block, const struct ast_expr *parent,
                       const struct ast_block *own)
{
    struct checker *k = m->k;
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        struct ast_stmt *s = block->stmts.v[i];
        enum how how = how_often(s);
        struct merged x = {s, key_of(k, s), parent}, *first = how == SEVERAL ? NULL : find(m, x.key);
        bool wins = false;
        for (uint32_t j = 0; how == SINGLE && j < own->stmts.n; j++)
            wins |= how_often(own->stmts.v[j]) == SINGLE && slice_eq(key_of(k, own->stmts.v[j]), x.key);
        if (wins)
            continue;
        if (first && how == PHASE)
            join_phase(m, first, s);
        else if (first && first->parent != parent)
            conflict(m, first, s, parent);
        else
            vec_add(k->a, &m->list, x);
    }
}

/* Own statements come after those of templates; phases of templates alone go where they run. */
static struct ast_block *finish(struct merge *m, const struct ast_block *own)
{
    struct checker *k = m->k;
    struct ast_block *out = arena_new(k->a, struct ast_block);
    out->span = own->span;
    VEC(struct merged) phases = {0};
    for (uint32_t i = 0; i < m->list.n; i++)
        if (how_often(m->list.v[i].s) == PHASE)
            vec_add(k->a, &phases, m->list.v[i]);
        else
            vec_add(k->a, &out->stmts, m->list.v[i].s);
    for (uint32_t i = 0; i < own->stmts.n; i++) {
        struct ast_stmt *s = own->stmts.v[i];
        struct merged *same = NULL;
        struct slice key = key_of(k, s);
        for (uint32_t j = 0; how_often(s) == PHASE && j < phases.n; j++) {
            struct merged *p = &phases.v[j];
            if (!p->s)
                continue;
            if (slice_eq(p->key, key)) {
                same = p;
            } else if (rank_of(key) < rank_of(SLICE("")) && rank_of(p->key) < rank_of(key)) {
                vec_add(k->a, &out->stmts, p->s);
                p->s = NULL;
            }
        }
        if (same) {
            join_phase(m, same, s);
            s = same->s;
            same->s = NULL;
        }
        vec_add(k->a, &out->stmts, s);
    }
    for (int rank = 0; rank <= rank_of(SLICE("")); rank++)
        for (uint32_t j = 0; j < phases.n; j++)
            if (phases.v[j].s && rank_of(phases.v[j].key) == rank)
                vec_add(k->a, &out->stmts, phases.v[j].s);
    return out;
}

static const struct ast_block *with_templates(struct merge *m, const struct ast_block *own,
                                              const struct ast_expr *extends, enum context use);

/* Remembers the first use of each template. */
static void made_of(struct merge *m, const struct decl *t, struct span at)
{
    const struct expansion **last = &m->d->expansions;
    for (; *last; last = (const struct expansion **)(uintptr_t)&(*last)->next)
        if ((*last)->template == t)
            return;
    struct expansion *x = arena_new(m->k->a, struct expansion);
    *x = (struct expansion){t, at, NULL};
    *last = x;
}

/* The statements that the use `e` of a template stands for; NULL where reported. */
static const struct ast_block *expand(struct merge *m, const struct ast_expr *e, enum context use)
{
    struct checker *k = m->k;
    struct decl *t = e->kind == AST_ERROR ? NULL : template_ref(k, e, use);
    struct bindings b;
    if (!t || !t->stmt->block || !check_bind(k, t, e, false, &b) || !check_expand(k, CALL_PARTS, e->span) ||
        !check_enter(k, t, e->span, 0, false))
        return NULL;
    made_of(m, t, e->span);
    m->type = t->stmt->type ? t->stmt->type : m->type;
    const struct ast_block *block = copy_block(k, &b, t->stmt->block);
    if (t->stmt->nargs == 4 && check_word(t->stmt->args[2], "extends")) {
        struct merge inner = {.k = k, .d = m->d};
        block = with_templates(&inner, block, check_copy_expr(k, &b, t->stmt->args[3]), use);
        m->bad |= inner.bad;
        m->type = m->type ? m->type : inner.type;
    }
    check_leave(k, 0);
    return block;
}

static const struct ast_block *with_templates(struct merge *m, const struct ast_block *own,
                                              const struct ast_expr *extends, enum context use)
{
    bool several = extends->kind == AST_LIST;
    for (uint32_t i = 0; i < (several ? extends->nargs : 1); i++) {
        const struct ast_expr *e = several ? extends->args[i] : extends;
        const struct ast_block *block = expand(m, e, use);
        if (block)
            add_parent(m, block, e, own);
        m->bad |= !block;
    }
    return finish(m, own);
}

/* What stands after the name: NULL where there is nothing or it was reported. */
static const struct ast_expr *extends_of(struct checker *k, enum statement_id id, const struct ast_stmt *s, uint32_t i)
{
    if (s->nargs <= i)
        return NULL;
    const struct ast_expr *word = s->args[i];
    if (!check_word(word, "extends")) {
        bool kind = word->kind == AST_NAME && s->tail == AST_TAIL_NONE &&
                    (slice_eq(word->text, SLICE("tcp")) || slice_eq(word->text, SLICE("http")));
        if (kind) {
            struct span gap = {word->span.file, s->args[i - 1]->span.off + s->args[i - 1]->span.len, 0};
            gap.len = word->span.off - gap.off;
            struct diag *x = check_misformed(k, id, word->span, "what it speaks stands behind a `:`");
            diag_label(k->d, x, "write `: %.*s`", SLICE_ARG(word->text));
            diag_fix(x, FIX_SAFE, gap, SLICE(": "));
        } else if (word->kind == AST_NAME)
            check_unknown_option(k, check_word_of(id).p, IN_FILE, word->text, word->span);
        else if (word->kind != AST_ERROR)
            diag_label(k->d, check_misformed(k, id, word->span, "this is not how it is written"), "not expected");
        return NULL;
    }
    if (s->nargs == i + 2)
        return s->args[i + 1];
    struct span end = {word->span.file, word->span.off + word->span.len, 0};
    diag_label(k->d, check_misformed(k, id, end, "`extends` is followed by a template, or by templates in brackets"),
               "a template is missing here");
    return NULL;
}

static void extend_with(struct checker *k, struct decl *d, const struct ast_expr *extends, enum context use)
{
    struct merge m = {.k = k, .d = d};
    struct ast_stmt *s = arena_new(k->a, struct ast_stmt);
    *s = *d->stmt;
    s->nargs = s->nargs ? 1 : 0;
    s->block = (struct ast_block *)(uintptr_t)with_templates(&m, d->stmt->block, extends, use);
    d->stmt = s;
    d->lacking |= m.bad;
    if (!m.type || (use & (IN_BACKEND | IN_FRONTEND)))
        return;
    if (s->tail == AST_TAIL_NONE) { /* `log access extends combined()` is of the type of the template */
        s->tail = AST_TAIL_TYPE;
        s->type = m.type;
    } else if (s->type && s->type->name.p && !slice_eq(s->type->name, m.type->name)) {
        struct diag *x = diag_report(k->d, DIAG_E0302, s->type->span, "the template is for `%.*s`, this is `%.*s`",
                                     SLICE_ARG(m.type->name), SLICE_ARG(s->type->name));
        diag_label(k->d, x, "%.*s, expected %.*s", SLICE_ARG(s->type->name), SLICE_ARG(m.type->name));
        diag_secondary(k->d, x, m.type->span, "of the template");
    }
}

void check_extend(struct checker *k, struct decl *d)
{
    const struct subject *subject = subjects;
    while (subject->kind != d->kind)
        subject++;
    if (subject->later && (d->stmt->nargs < 2 || !check_word(d->stmt->args[1], "extends")))
        return; /* check_statement() knows what else may be wrong with it */
    const struct ast_expr *extends = extends_of(k, subject->statement, d->stmt, 1);
    d->lacking = d->stmt->nargs > 1 && !extends;
    bool library = check_library_begin(k, d->module);
    if (extends && d->stmt->block)
        extend_with(k, d, extends, subject->use);
    check_library_end(k, library);
    if (!extends && subject->later) { /* reported */
        struct ast_stmt *s = arena_new(k->a, struct ast_stmt);
        *s = *d->stmt;
        s->nargs = 1;
        d->stmt = s;
    }
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
    s->block = copy_block(k, b, t->stmt->block);
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
    const struct subject *subject = subject_of(t);
    const struct ast_expr *extends = subject ? extends_of(k, subject->statement, t->stmt, 2) : NULL;
    k->partial = true;
    if (subject)
        d->kind = subject->kind;
    if (extends)
        extend_with(k, d, check_copy_expr(k, &b, (struct ast_expr *)(uintptr_t)extends), t->use);
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
