/* Walks of the analyses; see analyze_walk.h. A list of rules is searched with their places as outcomes: a rule
 * that decides nowhere is not reached, and one that is always followed by a rule of the same outcome is spare. */
#include "compiler/analyze_walk.h"

/* ---- walks ------------------------------------------------------------------------------------- */

static struct fact *fact_of(struct walk *w, struct facts *all, struct an_search *s, uint32_t place)
{
    while (w->at.n <= place)
        vec_push(w->a, &w->at);
    uint32_t at = w->at.v[place];
    if (at < all->v.n && all->v.v[at].place == place)
        return &all->v.v[at];
    w->at.v[place] = all->v.n;
    struct fact *f = vec_push(w->a, &all->v);
    f->place = place;
    f->sample = an_sample_take(w->a, s);
    return f;
}

static void note_pair(struct walk *w, struct facts *all, struct an_search *s, uint32_t first, uint32_t next)
{
    for (uint32_t i = 0; i < all->pairs.n; i++)
        if (all->pairs.v[i].first == first && all->pairs.v[i].next == next)
            return;
    if (all->pairs.n < WALK_PAIRS)
        vec_add(w->a, &all->pairs, ((struct pair){first, next, an_sample_take(w->a, s)}));
}

static void leaf(void *ctx, struct an_search *s, const struct an_state *x)
{
    struct walk *w = ctx;
    struct facts *all = &w->found.v[w->current];
    uint32_t first = 0;
    while (!(x->e[first].outcome & OUTCOME_TERMINAL))
        first++;
    const struct an_entry *decides = &x->e[first], *next = &x->e[x->n[0] - 1];
    struct fact *f = fact_of(w, all, s, decides->item);
    f->cells++;
    f->differs |= decides == next || decides->outcome != next->outcome;
    if (w->wants_pairs && decides != next && decides->outcome != next->outcome)
        note_pair(w, all, s, decides->item, next->item);
}

static void add_pair(struct walk *w, const struct an_host *h, const struct pair *from)
{
    uint32_t first = h->items[0].v[from->first], next = h->items[0].v[from->next];
    uint32_t key[2] = {w->side.items.v[first].number, w->side.items.v[next].number};
    bool added;
    if (w->pairs.n >= WALK_PAIRS)
        return;
    strmap_put(&w->pair_index, w->a, arena_copy(w->a, (struct slice){(const char *)key, sizeof key}), 0, &added);
    if (!added)
        return;
    struct pair *p = vec_push(w->a, &w->pairs);
    *p = (struct pair){first, next, from->sample};
    p->sample.host = arena_copy(w->a, h->host);
}

static void visit(void *ctx, const struct an_host *h)
{
    struct walk *w = ctx;
    bool added;
    struct slice key = arena_copy(w->a, (struct slice){(const char *)&h->state, sizeof h->state});
    uint32_t at = *strmap_put(&w->by_state, w->a, key, w->found.n, &added);
    if (added) {
        vec_push(w->a, &w->found);
        w->current = at;
        w->s.serial++;
        an_search_run(&w->s, h->state);
    }
    const struct facts *all = &w->found.v[at];
    for (uint32_t i = 0; i < all->v.n; i++) {
        const struct fact *f = &all->v.v[i];
        uint32_t item = h->items[0].v[f->place];
        if (!w->reached[item]) {
            w->samples[item] = f->sample;
            w->samples[item].host = arena_copy(w->a, h->host);
        }
        w->reached[item] = true;
        w->differs[item] |= f->differs;
        w->cells[item] += f->cells;
    }
    for (uint32_t i = 0; i < all->pairs.n; i++)
        add_pair(w, h, &all->pairs.v[i]);
}

static double seconds_left(const struct analysis *x)
{
    uint64_t now = an_search_clock();
    return now < x->end ? (double)(x->end - now) / 1e9 : 0;
}

bool walk_run(struct analysis *x, struct walk *w, uint32_t keep, double part)
{
    struct an_side *const sides[1] = {&w->side};
    uint32_t n = w->side.items.n;
    w->a = x->a;
    w->reached = arena_array(x->a, bool, n);
    w->differs = arena_array(x->a, bool, n);
    w->cells = arena_array(x->a, uint32_t, n);
    w->samples = arena_array(x->a, struct an_sample, n);
    an_search_begin(&w->s, &x->l, keep, x->asterisk, seconds_left(x) * part);
    w->s.leaf = leaf;
    w->s.ctx = w;
    an_hosts_visit(&w->s, sides, 1, visit, w);
    bool finished = !w->s.exceeded;
    an_search_end(&w->s);
    return finished;
}

void walk_add(struct analysis *x, struct walk *w, const struct an_item *item)
{
    struct an_item *to = vec_push(x->a, &w->side.items);
    *to = *item;
    to->outcome |= OUTCOME_TERMINAL;
}

int walk_meets(struct analysis *x, struct walk *w, uint32_t guard)
{
    struct an_item item = x->side.items.v[x->side.items.n - 1], end = item;
    if (guard == LOGIC_FALSE)
        return 0;
    item.guard = guard;
    walk_add(x, w, &item);
    walk_add(x, w, &end);
    bool finished = walk_run(x, w, 1, 1);
    return w->reached[w->side.items.n - 2] ? 1 : finished ? 0 : -1;
}

int analysis_meets(struct analysis *x, uint32_t guard)
{
    struct walk w = {0};
    return walk_meets(x, &w, guard);
}

/* ---- analyses ---------------------------------------------------------------------------------- */

struct range analysis_range(struct analysis *x, uint32_t number)
{
    struct range r = {UINT32_MAX, 0, LOGIC_FALSE};
    VEC(uint32_t) guards = {0};
    for (uint32_t i = 0; i < x->side.items.n; i++)
        if (x->side.items.v[i].number == number && x->side.items.v[i].rule) {
            r.from = r.from < i ? r.from : i;
            r.to = i + 1;
            vec_add(x->a, &guards, x->side.items.v[i].guard);
        }
    r.guard = logic_junction(&x->l, LOGIC_OR, guards.v, guards.n);
    return r;
}

void analysis_begin(struct analysis *x, struct arena *a, const struct ir_program *p, const struct ir_frontend *f,
                    double seconds, struct analyze_result *out)
{
    *x = (struct analysis){.a = a, .p = p, .f = f, .out = out};
    x->end = an_search_clock() + (uint64_t)(seconds * 1e9);
    logic_begin(&x->l);
    an_rules_begin(&x->rules, &x->l, &f, 1);
    an_rules_add(&x->rules, &x->side, p, f);
    x->asterisk = an_asterisk(&x->rules);
}

void analysis_end(struct analysis *x)
{
    logic_end(&x->l);
}
