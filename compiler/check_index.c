/* Fills the index of names (name_index.h) as declarations and uses come by. */
#include "compiler/name_index.h"

#include <stdlib.h>

#include "compiler/check_state.h"

static struct slice declaring_word(const struct ast_stmt *s)
{
    switch ((enum ast_stmt_kind)s->kind) {
    case AST_STMT_ACL:
        return SLICE("acl");
    case AST_STMT_LET:
        return SLICE("let");
    case AST_STMT_TEMPLATE:
        return SLICE("template");
    case AST_STMT_WORD:
    case AST_STMT_ROW:
    case AST_STMT_WHEN:
    case AST_STMT_ANNOTATION:
        break;
    }
    return s->word;
}

/* Servers and phases have no names of their own in the program, but readers look for them. */
static void add_parts(struct checker *k, const struct ast_block *b, uint32_t parent)
{
    struct name_index *x = k->c->names;
    for (uint32_t i = 0; b && i < b->stmts.n; i++) {
        const struct ast_stmt *s = b->stmts.v[i];
        bool server = slice_eq(s->word, SLICE("server")) && s->nargs && s->args[0]->kind == AST_NAME;
        bool phase = s->block && (slice_eq(s->word, SLICE("route")) || slice_eq(s->word, SLICE("on")));
        if (s->kind != AST_STMT_WORD || !(server || phase))
            continue;
        struct span at = server ? s->args[0]->span : s->word_span;
        struct slice name = server ? s->args[0]->text : s->word;
        if (phase && s->nargs && s->args[0]->kind == AST_NAME)
            name = arena_printf(k->a, "%.*s %.*s", SLICE_ARG(s->word), SLICE_ARG(s->args[0]->text));
        *vec_push(k->a, &x->symbols) = (struct name_symbol){name, s->word, at, s->span, parent, NAME_NONE};
    }
}

void check_index_decl(struct checker *k, struct decl *d)
{
    struct name_index *x = k->c->names;
    if (!x)
        return;
    d->symbol = x->symbols.n;
    *vec_push(k->a, &x->symbols) = (struct name_symbol){
        .name = d->name,
        .word = declaring_word(d->stmt),
        .at = d->at,
        .whole = d->stmt->span,
        .parent = NAME_NONE,
        .target = d->kind == DECL_MODULE ? d->target->source->id : NAME_NONE,
    };
    add_parts(k, d->stmt->block, d->symbol);
}

void check_index_use(struct checker *k, uint32_t file, struct slice text, const struct decl *d)
{
    if (!k->c->names || !d)
        return;
    /* Names are slices of their source, but for those that the checker makes up. */
    struct slice all = k->c->sources.files.v[file]->text;
    uintptr_t p = (uintptr_t)text.p, from = (uintptr_t)all.p;
    if (p < from || p > from + all.len)
        return;
    struct span at = {file, (uint32_t)(p - from), (uint32_t)text.len};
    *vec_push(k->a, &k->c->names->uses) = (struct name_use){at, d->symbol};
}

void check_index_file(struct checker *k, struct span at, const struct source *file)
{
    if (k->c->names)
        *vec_push(k->a, &k->c->names->files) = (struct name_file){at, file->id};
}

static int by_place(const void *pa, const void *pb)
{
    const struct name_use *a = pa, *b = pb;
    if (a->at.file != b->at.file)
        return a->at.file < b->at.file ? -1 : 1;
    return a->at.off < b->at.off ? -1 : a->at.off > b->at.off;
}

/* A name may be looked up more than once: each place counts once. */
void check_index_end(struct checker *k)
{
    struct name_index *x = k->c->names;
    if (!x || !x->uses.n)
        return;
    qsort(x->uses.v, x->uses.n, sizeof *x->uses.v, by_place);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < x->uses.n; i++)
        if (by_place(&x->uses.v[kept - 1], &x->uses.v[i]) != 0)
            x->uses.v[kept++] = x->uses.v[i];
    x->uses.n = kept;
}
