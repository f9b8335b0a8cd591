/* One compilation's context: its parts share one arena. */
#include "compiler/compilation.h"

void compilation_begin(struct compilation *c)
{
    memset(c, 0, sizeof *c);
    c->sources.arena = &c->arena;
    c->diags.arena = &c->arena;
    c->diags.sources = &c->sources;
}

void compilation_end(struct compilation *c)
{
    arena_free(&c->arena);
    memset(c, 0, sizeof *c);
}
