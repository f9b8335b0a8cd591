/* `extends`: puts the statements of templates beside those of a backend, a frontend or another object, as if they stood in
 * it: its own statement wins over theirs, what may stand several times comes together, and two templates must not give the
 * same single setting. */
#include "compiler/check_template.h"

/* ---- copies of statements ---------------------------------------------------------------------- */

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
    to->block = s->block ? template_copy_block(k, b, s->block) : NULL;
    to->else_block = s->else_block ? template_copy_block(k, b, s->else_block) : NULL;
    to->else_when = s->else_when ? copy_stmt(k, b, s->else_when) : NULL;
    k->expanded++;
    return to;
}

struct ast_block *template_copy_block(struct checker *k, const struct bindings *b, const struct ast_block *from)
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
    const struct ast_block *block = template_copy_block(k, &b, t->stmt->block);
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
const struct ast_expr *template_extends_of(struct checker *k, enum statement_id id, const struct ast_stmt *s, uint32_t i)
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

void template_extend_with(struct checker *k, struct decl *d, const struct ast_expr *extends, enum context use)
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
    const struct template_subject *subject = template_subject_of(d->kind);
    if (subject->later && (d->stmt->nargs < 2 || !check_word(d->stmt->args[1], "extends")))
        return; /* check_statement() knows what else may be wrong with it */
    const struct ast_expr *extends = template_extends_of(k, subject->statement, d->stmt, 1);
    d->lacking = d->stmt->nargs > 1 && !extends;
    bool library = check_library_begin(k, d->module);
    if (extends && d->stmt->block)
        template_extend_with(k, d, extends, subject->use);
    check_library_end(k, library);
    if (!extends && subject->later) { /* reported */
        struct ast_stmt *s = arena_new(k->a, struct ast_stmt);
        *s = *d->stmt;
        s->nargs = 1;
        d->stmt = s;
    }
}
