/* States and the search through them; see an_search.h. How a variable is taken apart is an_split.c. */
#include "compiler/an_search.h"

#include "runtime/base/clock.h"

enum { STATES_MAX = 2 << 20, ARENA_MAX = 1 << 30 };

void an_search_begin(struct an_search *s, struct logic *l, uint32_t keep, uint32_t asterisk, double seconds)
{
    *s = (struct an_search){.l = l, .keep = keep, .asterisk = asterisk};
    s->values = arena_array(&s->a, struct logic_value, l->vars.n);
    s->has = arena_array(&s->a, bool, l->vars.n);
    s->deadline_ns = clock_ns() + (uint64_t)(seconds * 1e9);
}

void an_search_end(struct an_search *s)
{
    buf_free(&s->key);
    arena_free(&s->a);
}

bool an_search_over(struct an_search *s)
{
    if (!s->exceeded && s->ticks++ % 64 == 0)
        s->exceeded = clock_ns() > s->deadline_ns;
    if (s->states.n > STATES_MAX || s->l->nodes.n > LOGIC_NODES_MAX || s->a.total + s->l->a.total > ARENA_MAX)
        s->exceeded = true;
    return s->exceeded;
}

/* ---- states ------------------------------------------------------------------------------------ */

/* Appends what is left of a list: no rule that cannot apply, none after those that decide. */
static uint32_t take_list(struct an_search *s, const struct an_entry *e, uint32_t n)
{
    uint32_t decided = 0, taken = 0, rule = UINT32_MAX;
    for (uint32_t i = 0; i < n && decided < s->keep; i++) {
        if (e[i].guard == LOGIC_FALSE || e[i].rule == rule)
            continue;
        *vec_push(&s->a, &s->scratch) = e[i];
        taken++;
        if (e[i].guard != LOGIC_TRUE || !(e[i].outcome & OUTCOME_TERMINAL))
            continue;
        decided++;
        rule = e[i].rule;
    }
    return taken;
}

static bool same(const struct an_entry *x, const struct an_entry *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (x[i].guard != y[i].guard || x[i].outcome != y[i].outcome)
            return false;
    return true;
}

static uint32_t intern(struct an_search *s, uint32_t k, const uint32_t n[2])
{
    uint32_t total = n[0] + n[1], head[3] = {k, n[0], n[1]};
    s->key.len = 0;
    buf_add(&s->key, head, sizeof head);
    buf_add(&s->key, s->scratch.v, total * sizeof *s->scratch.v);
    uint32_t *known = strmap_get(&s->index, buf_view(&s->key));
    if (known)
        return *known;
    struct slice key = arena_copy(&s->a, buf_view(&s->key));
    strmap_put(&s->index, &s->a, key, s->states.n, NULL);
    struct an_state *x = vec_push(&s->a, &s->states);
    *x = (struct an_state){.k = k, .n = {n[0], n[1]}, .e = (struct an_entry *)(key.p + sizeof head)};
    x->vars = s->l->nodes.v[k].vars;
    for (uint32_t i = 0; i < total; i++)
        x->vars |= s->l->nodes.v[x->e[i].guard].vars;
    return s->states.n - 1;
}

uint32_t an_state_make(struct an_search *s, uint32_t k)
{
    uint32_t n[2], id = AN_NOTHING;
    s->scratch.n = 0;
    n[0] = take_list(s, s->raw[0].v, s->raw[0].n);
    n[1] = take_list(s, s->raw[1].v, s->raw[1].n);
    bool equal = n[1] > 0 && n[0] == n[1] && same(s->scratch.v, s->scratch.v + n[0], n[0]);
    if (k != LOGIC_FALSE && !equal)
        id = intern(s, k, n);
    s->raw[0].n = s->raw[1].n = 0;
    return id;
}

/* ---- the search -------------------------------------------------------------------------------- */

static bool is_decided(const struct an_entry *e, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (e[i].guard != LOGIC_TRUE)
            return false;
    return true;
}

static uint32_t least_var(const struct an_search *s, const struct an_state *x, bool k_alone)
{
    uint32_t least = logic_least_var(s->l, x->k);
    for (uint32_t i = 0; !k_alone && i < x->n[0] + x->n[1]; i++) {
        uint32_t v = logic_least_var(s->l, x->e[i].guard);
        least = v < least ? v : least;
    }
    return least;
}

void an_search_run(struct an_search *s, uint32_t id)
{
    struct an_state x = s->states.v[id];
    struct an_cells cells = {0};
    if (x.seen == s->serial || an_search_over(s))
        return;
    s->states.v[id].seen = s->serial;
    bool decided = is_decided(x.e, x.n[0] + x.n[1]);
    if (decided && x.n[1] && x.n[0] == x.n[1] && same(x.e, x.e + x.n[0], x.n[0]))
        return;
    if (decided && x.k == LOGIC_TRUE) {
        s->leaf(s->ctx, s, &x);
        return;
    }
    uint32_t var = least_var(s, &x, decided);
    an_split(s, id, var, NULL, &cells);
    s->has[var] = true;
    for (uint32_t i = 0; i < cells.v.n; i++) {
        s->values[var] = cells.v.v[i].value;
        an_search_run(s, cells.v.v[i].state);
    }
    s->has[var] = false;
}
