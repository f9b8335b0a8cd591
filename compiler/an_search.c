/* States and the search through them; see an_search.h. How a variable is taken apart is an_split.c. */
#include "compiler/an_search.h"

#include <stdlib.h>

#include "compiler/ir_print.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"

enum { STATES_MAX = 1 << 20, MEMORY_MAX = 320 << 20 }; /* memory: beside what the rules themselves take */

/* Other processes do not use up the budget. */
uint64_t an_search_clock(void)
{
    return clock_thread_ns();
}

void an_search_begin(struct an_search *s, struct logic *l, uint32_t keep, uint32_t asterisk, double seconds)
{
    *s = (struct an_search){.l = l, .keep = keep, .asterisk = asterisk};
    s->values = arena_array(&s->a, struct logic_value, l->vars.n);
    s->has = arena_array(&s->a, bool, l->vars.n);
    s->seconds = seconds;
    s->deadline_ns = an_search_clock() + (uint64_t)(seconds * 1e9);
    s->given = logic_memory(l);
    s->splitting = UINT32_MAX;
}

void an_search_again(struct an_search *s, uint64_t deadline_ns)
{
    s->deadline_ns = deadline_ns;
    s->exceeded = s->done = false;
    s->ticks = 0; /* the clock is read at the first one */
    s->serial++;
    memset(s->has, 0, s->l->vars.n * sizeof *s->has);
}

void an_search_end(struct an_search *s)
{
    free(s->states.v);
    free(s->slots);
    an_split_end(s);
    arena_free(&s->work);
    arena_free(&s->a);
}

void an_search_exceed(struct an_search *s, enum an_excess what)
{
    if (!s->exceeded)
        s->excess = what;
    s->exceeded = true;
}

static size_t memory(const struct an_search *s)
{
    return s->a.total + s->work.total + s->states.cap * sizeof *s->states.v + s->nslots * sizeof *s->slots +
           logic_memory(s->l) + an_split_memory(s);
}

bool an_search_over(struct an_search *s)
{
    if (s->exceeded || s->done)
        return true;
    if (s->ticks++ % 64 == 0 && an_search_clock() > s->deadline_ns)
        an_search_exceed(s, AN_TIME);
    if (s->states.n > STATES_MAX || s->l->nodes.n > LOGIC_NODES_MAX ||
        memory(s) > s->given + MEMORY_MAX)
        an_search_exceed(s, AN_MEMORY);
    return s->exceeded;
}

struct slice an_search_excess(struct arena *a, const struct an_search *s)
{
    static const char *const what[] = {
        [AN_TIME] = "the time for it", [AN_MEMORY] = "the memory for it", [AN_AUTOMATON] = "the states for one text"};
    struct buf b = {0};
    buf_printf(&b, "%s ran out", what[s->excess]);
    if (s->excess == AN_TIME)
        buf_printf(&b, " (%.3g s)", s->seconds);
    if (s->splitting < s->l->vars.n) {
        const struct variable *v = &s->l->vars.v[s->splitting];
        struct ir_expr field = {.op = IR_FIELD, .kind = IR_STR, .field = (uint8_t)v->field, .str = v->key};
        buf_str(&b, ", while it told apart values of `");
        ir_print_expr(v->kind == VAR_OPAQUE && v->expr ? v->expr : &field, &b);
        buf_char(&b, '`');
    }
    struct slice text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
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

/* The same where which rule decides does not count. */
static uint32_t take_merged(struct an_search *s, const struct an_entry *e, uint32_t n)
{
    uint32_t taken = 0;
    for (uint32_t i = 0, next; i < n; i = next) {
        struct an_entry x = e[i];
        s->run.n = 0;
        for (next = i; next < n && e[next].outcome == x.outcome && (next == i || (x.outcome & OUTCOME_TERMINAL)); next++)
            vec_add(&s->a, &s->run, e[next].guard);
        x.guard = s->run.n > 1 ? logic_junction(s->l, LOGIC_OR, s->run.v, s->run.n) : x.guard;
        x.item = x.rule = 0;
        if (x.guard == LOGIC_FALSE)
            continue;
        *vec_push(&s->a, &s->scratch) = x;
        taken++;
        if (x.guard == LOGIC_TRUE && (x.outcome & OUTCOME_TERMINAL))
            break;
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

static void grow_slots(struct an_search *s)
{
    free(s->slots);
    s->nslots = s->nslots ? s->nslots * 2 : 1024;
    s->slots = calloc(s->nslots, sizeof *s->slots);
    if (!s->slots)
        abort();
    for (uint32_t i = 0; i < s->states.n; i++) {
        uint32_t at = s->states.v[i].hash & (s->nslots - 1);
        while (s->slots[at])
            at = (at + 1) & (s->nslots - 1);
        s->slots[at] = i + 1;
    }
}

static bool is_state(const struct an_search *s, const struct an_state *x, uint32_t k, const uint32_t n[2])
{
    return x->k == k && x->n[0] == n[0] && x->n[1] == n[1] &&
           memcmp(x->e, s->scratch.v, (n[0] + n[1]) * sizeof *x->e) == 0;
}

/* The state of what is in s->scratch. */
static uint32_t intern(struct an_search *s, uint32_t k, const uint32_t n[2])
{
    uint32_t total = n[0] + n[1], head[3] = {k, n[0], n[1]};
    size_t size = total * sizeof *s->scratch.v;
    uint32_t hash = (uint32_t)hash_bytes(s->scratch.v, size, hash_bytes(head, sizeof head, 0));
    if (s->states.n * 2 >= s->nslots)
        grow_slots(s);
    uint32_t at = hash & (s->nslots - 1);
    for (; s->slots[at]; at = (at + 1) & (s->nslots - 1)) {
        const struct an_state *x = &s->states.v[s->slots[at] - 1];
        if (x->hash == hash && is_state(s, x, k, n))
            return s->slots[at] - 1;
    }
    struct an_state *x = vec_push_own(&s->states);
    s->slots[at] = s->states.n;
    *x = (struct an_state){.k = k, .n = {n[0], n[1]}, .hash = hash, .e = arena_alloc(&s->a, size)};
    if (size)
        memcpy(x->e, s->scratch.v, size);
    x->vars = s->l->nodes.v[k].vars;
    for (uint32_t i = 0; i < total; i++)
        x->vars |= s->l->nodes.v[x->e[i].guard].vars;
    return s->states.n - 1;
}

uint32_t an_state_make(struct an_search *s, uint32_t k)
{
    uint32_t n[2], id = AN_NOTHING;
    s->scratch.n = 0;
    for (int side = 0; side <= 1; side++)
        n[side] = (s->merge ? take_merged : take_list)(s, s->raw[side].v, s->raw[side].n);
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
    struct arena_mark mark = arena_mark(&s->work);
    s->splitting = var;
    an_split(s, id, var, NULL, &cells);
    s->has[var] = true;
    for (uint32_t i = 0; i < cells.v.n; i++) {
        s->values[var] = cells.v.v[i].value;
        an_search_run(s, cells.v.v[i].state);
    }
    s->has[var] = false;
    arena_release(&s->work, mark);
}
