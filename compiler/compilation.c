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

bool compilation_env(struct compilation *c, const char *given)
{
    const char *eq = strchr(given, '=');
    if (!eq || eq == given)
        return false;
    struct slice name = arena_copy(&c->arena, (struct slice){given, (size_t)(eq - given)});
    struct env_value v = {name, arena_copy(&c->arena, slice_of(eq + 1)), NULL};
    for (uint32_t i = 0; i < c->env.n; i++)
        if (slice_eq(c->env.v[i].name, name)) {
            c->env.v[i] = v;
            return true;
        }
    vec_add(&c->arena, &c->env, v);
    return true;
}
