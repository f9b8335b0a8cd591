/* Any bytes as a Weir file: the parser ends, its tree can be walked, its messages can be rendered. */
#include <stdint.h>
#include <stdlib.h>

#include "compiler/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What callers rely on: every span lies in the source, errors are counted, an AST_ERROR has a message. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool has_error(const struct ast_expr *e, size_t size)
{
    check((size_t)e->span.off + e->span.len <= size);
    bool any = e->kind == AST_ERROR;
    for (uint32_t i = 0; i < e->nargs; i++)
        any |= has_error(e->args[i], size);
    return any;
}

static bool block_has_error(const struct ast_block *b, size_t size)
{
    bool any = false;
    check((size_t)b->span.off + b->span.len <= size);
    for (uint32_t i = 0; i < b->stmts.n; i++)
        for (const struct ast_stmt *s = b->stmts.v[i]; s; s = s->else_when) {
            check((size_t)s->span.off + s->span.len <= size);
            for (uint32_t k = 0; k < s->nargs; k++)
                any |= has_error(s->args[k], size);
            for (uint32_t k = 0; k < s->ntail_args; k++)
                any |= has_error(s->tail_args[k], size);
            any |= s->cond && has_error(s->cond, size);
            any |= s->tail_expr && has_error(s->tail_expr, size);
            any |= s->block && block_has_error(s->block, size);
            any |= s->else_block && block_has_error(s->else_block, size);
        }
    return any;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compilation c;
    compilation_begin(&c);
    struct slice text = arena_copy(&c.arena, (struct slice){size ? (const char *)data : "", size});
    struct source *src = source_from_text(&c.sources, SLICE("fuzz.weir"), text);
    struct buf out = {0};
    struct ast_file *f = parse_source(&c, src);
    check(!block_has_error(f->top, size) || c.diags.errors > 0);
    parse_dump_ast(f, &out);
    parse_dump_tokens(&c, src, &out);
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    diag_render(&c.diags, DIAG_JSON, false, &out);
    buf_free(&out);
    compilation_end(&c);
    return 0;
}
