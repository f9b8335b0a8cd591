/* `proxy NAME { … }`: a frontend and a backend of that name. Each statement goes where it belongs; without a route,
 * everything is sent to the backend. */
#include "compiler/check_state.h"

static struct ast_stmt *half(struct checker *k, const struct ast_stmt *s, struct slice word)
{
    struct ast_stmt *to = arena_new(k->a, struct ast_stmt);
    *to = *s;
    to->word = word;
    to->block = arena_new(k->a, struct ast_block);
    to->block->span = s->block->span;
    return to;
}

/* route { use NAME } */
static struct ast_stmt *plain_route(struct checker *k, const struct ast_stmt *s)
{
    struct ast_stmt *route = arena_new(k->a, struct ast_stmt), *use = arena_new(k->a, struct ast_stmt);
    *use = (struct ast_stmt){.kind = AST_STMT_WORD, .word = SLICE("use"), .span = s->args[0]->span};
    use->word_span = s->args[0]->span;
    use->args = s->args;
    use->nargs = 1;
    *route = *use;
    route->word = SLICE("route");
    route->args = NULL;
    route->nargs = 0;
    route->block = arena_new(k->a, struct ast_block);
    route->block->span = s->block->span;
    vec_add(k->a, &route->block->stmts, use);
    return route;
}

struct decl *check_proxy(struct checker *k, struct module *m, struct ast_stmt *s)
{
    if (s->kind != AST_STMT_WORD || !slice_eq(s->word, SLICE("proxy")) || !s->nargs || s->args[0]->kind != AST_NAME ||
        !s->block)
        return NULL;
    struct ast_stmt *front = half(k, s, SLICE("frontend")), *back = half(k, s, SLICE("backend"));
    bool routed = false;
    front->nargs = back->nargs = 1;
    for (uint32_t i = 0; i < s->block->stmts.n; i++) {
        struct ast_stmt *x = s->block->stmts.v[i];
        uint64_t where = x->kind == AST_STMT_WORD ? check_contexts(x->word, x->nargs ? x->args[0] : NULL) : 0;
        routed |= x->kind == AST_STMT_WORD && slice_eq(x->word, SLICE("route"));
        bool both = slice_eq(x->word, SLICE("timeout")); /* `timeout idle` is of either */
        if (where & IN_BACKEND && (both || !(where & IN_FRONTEND)))
            vec_add(k->a, &back->block->stmts, x);
        if (where & IN_FRONTEND || !(where & IN_BACKEND))
            vec_add(k->a, &front->block->stmts, x);
    }
    if (!routed)
        vec_add(k->a, &front->block->stmts, plain_route(k, s));
    struct decl *d = arena_new(k->a, struct decl), *twin = arena_new(k->a, struct decl);
    *d = (struct decl){.kind = DECL_BACKEND, .name = s->args[0]->text, .at = s->args[0]->span, .module = m, .twin = twin};
    *twin = *d;
    twin->kind = DECL_FRONTEND;
    twin->twin = NULL;
    d->stmt = back;
    twin->stmt = front;
    return d;
}
