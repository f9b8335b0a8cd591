/* The checker: from files to a typed program. This file is its order of passes; see check_state.h for what
 * the others do. */
#include "compiler/lint.h"

typedef void decl_fn(struct checker *k, struct decl *d);

static void each_decl(struct checker *k, unsigned kinds, decl_fn *f)
{
    for (uint32_t i = 0; i < k->modules.n; i++) {
        k->m = k->modules.v[i];
        for (uint32_t j = 0; j < k->m->decls.n; j++)
            if (kinds >> k->m->decls.v[j]->kind & 1)
                f(k, k->m->decls.v[j]);
    }
}

/* Objects exist before any of them is looked into, so that the order of declarations does not matter. */
static void make_object(struct checker *k, struct decl *d)
{
    struct slice name = check_full_name(k, d->module, d->name);
    struct ir_pos pos = check_pos(k, d->at);
    if (d->kind == DECL_BACKEND) {
        d->backend = arena_new(k->a, struct ir_backend);
        *d->backend = (struct ir_backend){.name = name, .index = k->p->backends.n, .pos = pos};
        vec_add(k->a, &k->p->backends, d->backend);
    } else if (d->kind == DECL_CHECK) {
        d->check = arena_new(k->a, struct ir_check);
        *d->check = (struct ir_check){.name = name, .index = k->p->checks.n, .pos = pos};
        vec_add(k->a, &k->p->checks, d->check);
    } else {
        d->frontend = arena_new(k->a, struct ir_frontend);
        *d->frontend = (struct ir_frontend){.name = name, .index = k->p->frontends.n, .pos = pos};
        vec_add(k->a, &k->p->frontends, d->frontend);
    }
}

/* What is to come, and has a name by which it is used. */
static const unsigned to_come = 1u << DECL_TLS | 1u << DECL_LIMIT | 1u << DECL_LOG | 1u << DECL_ERRORS;
static const unsigned named_later = to_come | 1u << DECL_TABLE | 1u << DECL_RESOLVER | 1u << DECL_PEERS | 1u << DECL_EXTERN;

/* A declaration of what is to come, with the statements of its templates. */
static void check_named_later(struct checker *k, struct module *m, const struct decl *d)
{
    bool library = check_library_begin(k, m), partial = k->partial;
    k->partial |= d->lacking;
    check_statement(k, d->stmt, IN_FILE);
    k->partial = partial;
    check_library_end(k, library);
}

/* Statements of a file that declare nothing, and what declarations do not look at: names, parts, order. */
static void check_top(struct checker *k, struct module *m)
{
    uint32_t next = 0; /* of the declarations, which are in the same order */
    k->m = m;
    check_once(k, m->ast->top, IN_FILE);
    for (uint32_t i = 0; i < m->ast->top->stmts.n; i++) {
        const struct ast_stmt *s = m->ast->top->stmts.v[i];
        while (next < m->decls.n && (!(named_later >> m->decls.v[next]->kind & 1) ||
                                     m->decls.v[next]->stmt->span.off < s->span.off))
            next++;
        if (next < m->decls.n && m->decls.v[next]->stmt->span.off == s->span.off) {
            check_named_later(k, m, m->decls.v[next]);
            continue;
        }
        enum statement_id id = check_statement(k, s, IN_FILE);
        if (id == STATEMENT_DEFAULTS)
            check_defaults(k, s, m);
    }
}

/* What an imported file declares and this version does not do is refused where it is used. */
static void check_needed(struct checker *k, struct decl *d)
{
    if (d->needed && d->module != k->modules.v[0] && !k->d->errors)
        check_later(k, d->at, "%s", check_decl_text(d->kind));
}

/* A backend or a frontend with what it is made of. */
static void check_object(struct checker *k, struct decl *d)
{
    uint32_t mark = k->d->list.n;
    bool partial = k->partial;
    k->partial |= d->lacking;
    if (d->kind == DECL_BACKEND)
        check_backend(k, d);
    else
        check_frontend(k, d);
    k->partial = partial;
    for (const struct expansion *x = d->expansions; x; x = x->next)
        check_expanded(k, mark, x->template, x->at);
}

/* What has parameters by itself, whether it is used or not. Nothing of it stays in the program. */
static void check_alone(struct checker *k)
{
    uint32_t sets = k->p->sets.n, checks = k->p->checks.n;
    for (uint32_t i = 0; i < k->modules.n; i++) {
        k->m = k->modules.v[i];
        for (uint32_t j = 0; j < k->m->decls.n; j++) {
            struct decl *d = k->m->decls.v[j];
            uint32_t mark = k->d->list.n;
            bool library = check_library_begin(k, k->m);
            if (d->kind == DECL_TEMPLATE)
                check_template_alone(k, d);
            else if (d->kind == DECL_ACL || d->kind == DECL_LET)
                check_call_alone(k, d);
            check_library_end(k, library);
            check_told(k, mark);
        }
    }
    k->p->sets.n = sets;
    k->p->checks.n = checks;
}

static struct ir_program *check_program(struct checker *k)
{
    check_allows(k);
    for (uint32_t i = 0; i < k->modules.n; i++)
        check_declare(k, k->modules.v[i]);
    for (uint32_t i = 0; i < k->modules.n; i++)
        check_collect_vars(k, k->modules.v[i]);
    each_decl(k, 1u << DECL_BACKEND | 1u << DECL_CHECK | 1u << DECL_FRONTEND, make_object);
    each_decl(k, 1u << DECL_MAP | 1u << DECL_LIST, check_set_head);
    each_decl(k, 1u << DECL_TEMPLATE, check_template_head);
    each_decl(k, to_come, check_extend);
    for (uint32_t i = 0; i < k->modules.n; i++)
        check_top(k, k->modules.v[i]);
    each_decl(k, 1u << DECL_LET, check_let);
    each_decl(k, 1u << DECL_CHECK, check_check);
    each_decl(k, 1u << DECL_BACKEND | 1u << DECL_FRONTEND, check_extend);
    each_decl(k, 1u << DECL_BACKEND, check_object);
    each_decl(k, 1u << DECL_MAP | 1u << DECL_LIST, check_set_rows);
    each_decl(k, 1u << DECL_SPLIT, check_split);
    each_decl(k, 1u << DECL_ACL, check_acl);
    each_decl(k, 1u << DECL_FRONTEND, check_object);
    check_alone(k);
    for (uint32_t i = 0; i < k->modules.n; i++)
        check_tests_of(k, k->modules.v[i]);
    each_decl(k, named_later, check_needed);
    lint_program(k);
    check_index_end(k);
    for (uint32_t i = 0; i < k->c->sources.files.n; i++)
        vec_push(k->a, &k->p->sources)->path = k->c->sources.files.v[i]->path;
    return k->d->errors || k->d->denied ? NULL : k->p;
}

struct ir_program *check_file(struct compilation *c, const char *path)
{
    struct checker k = {.c = c, .a = &c->arena, .d = &c->diags, .p = arena_new(&c->arena, struct ir_program), .phase = PHASE_ANY};
    k.p->edition = 1;
    return check_read_modules(&k, path) ? check_program(&k) : NULL;
}
