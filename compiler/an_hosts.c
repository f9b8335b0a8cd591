/* Cells of hosts; see an_hosts.h. */
#include "compiler/an_hosts.h"

struct posting {
    VEC(uint32_t) items[2];
    bool changed; /* one of them is */
};

struct hosts {
    struct an_search *s;
    struct an_side *const *sides;
    uint32_t nsides;
    an_host_fn *fn;
    void *ctx;
    struct strmap index; /* of postings, by host */
    VEC(struct posting) postings;
    VEC(struct slice) names;
    VEC(uint32_t) common[2]; /* items that any host may meet */
    bool all; /* a changed rule is for any host, or there is one side alone: hosts that count are all */
    VEC(uint32_t) changed;                /* conditions of changed rules, of the host at hand */
    VEC(struct an_entry) first;           /* one side: the entries of the first cell, with items of its own */
    uint32_t *number, *stamp, generation; /* by outcome: its number in the state at hand */
    uint32_t decided_by;                  /* the last rule of the list at hand that decides */
    struct an_host host;
};

/* ---- the index --------------------------------------------------------------------------------- */

/* The hosts of which the condition needs one, or NULL. */
static const struct exact_set *needed_hosts(const struct logic *l, uint32_t f)
{
    const struct atom *a = logic_needed(l, f, VAR_HOST, ATOM_EXACT);
    return a ? a->exact : NULL;
}

static struct posting *posting_of(struct hosts *h, struct slice host)
{
    bool added;
    uint32_t at = *strmap_put(&h->index, &h->s->a, host, h->postings.n, &added);
    if (added) {
        vec_push(&h->s->a, &h->postings);
        vec_add(&h->s->a, &h->names, host);
    }
    return &h->postings.v[at];
}

/* Hosts that conditions for all hosts name are hosts of their own, too. */
static void add_named(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    for (uint32_t i = 0; a->kind == ATOM_EXACT && i < a->n; i++)
        posting_of(ctx, a->exact->v[i]);
}

static void index_item(struct hosts *h, uint32_t side, uint32_t i)
{
    const struct an_item *item = &h->sides[side]->items.v[i];
    const struct exact_set *needed = needed_hosts(h->s->l, item->guard);
    if (!needed) {
        vec_add(&h->s->a, &h->common[side], i);
        if (h->all)
            logic_visit(h->s->l, item->guard, VAR_HOST, add_named, h);
        return;
    }
    for (uint32_t k = 0; k < needed->n; k++) {
        if (!h->all && !strmap_get(&h->index, needed->v[k]))
            continue;
        struct posting *p = posting_of(h, needed->v[k]);
        vec_add(&h->s->a, &p->items[side], i);
    }
}

/* Where all changed rules need some hosts, these are all that there is to look at. */
static void find_changed(struct hosts *h, uint32_t side, uint32_t i)
{
    const struct an_item *item = &h->sides[side]->items.v[i];
    const struct exact_set *needed = item->changed ? needed_hosts(h->s->l, item->guard) : NULL;
    h->all |= item->changed && !needed;
    for (uint32_t k = 0; needed && k < needed->n; k++)
        posting_of(h, needed->v[k])->changed = true;
}

static void make_index(struct hosts *h)
{
    uint32_t outcomes = 0;
    h->all = h->nsides == 1;
    for (uint32_t side = 0; side < h->nsides && !h->all; side++)
        for (uint32_t i = 0; i < h->sides[side]->items.n; i++)
            find_changed(h, side, i);
    logic_new_value(h->s->l);
    for (uint32_t side = 0; side < h->nsides; side++)
        for (uint32_t i = 0; i < h->sides[side]->items.n; i++) {
            uint32_t number = (h->sides[side]->items.v[i].outcome >> OUTCOME_BITS) + 1;
            outcomes = number > outcomes ? number : outcomes;
            index_item(h, side, i);
        }
    h->number = arena_array(&h->s->a, uint32_t, outcomes);
    h->stamp = arena_array(&h->s->a, uint32_t, outcomes);
}

/* ---- one host ---------------------------------------------------------------------------------- */

/* Outcomes that decide get numbers by appearance; changes of headers keep theirs. */
static uint32_t local_outcome(struct hosts *h, uint32_t *next, uint32_t outcome)
{
    uint32_t global = outcome >> OUTCOME_BITS, flags = outcome & ((1u << OUTCOME_BITS) - 1);
    if (!(outcome & OUTCOME_TERMINAL))
        return outcome;
    if (h->stamp[global] != h->generation) {
        h->stamp[global] = h->generation;
        h->number[global] = (*next)++;
    }
    return h->number[global] << OUTCOME_BITS | flags;
}

/* With lists that merge, a rule that cannot apply makes them equal by itself. */
static uint32_t cone(struct hosts *h)
{
    return h->nsides == 1 || h->s->merge ? LOGIC_TRUE : logic_junction(h->s->l, LOGIC_OR, h->changed.v, h->changed.n);
}

/* What must hold for a request to meet an entry by which the list at hand differs from the first. */
static uint32_t difference(struct hosts *h)
{
    const struct an_entry *x = h->s->raw[0].v, *y = h->first.v;
    uint32_t i = 0, k = 0, n = h->s->raw[0].n, m = h->first.n;
    h->changed.n = 0;
    while (i < n || k < m) {
        if (i < n && k < m && x[i].item == y[k].item && x[i].guard == y[k].guard) {
            i++, k++;
            continue;
        }
        bool own = k == m || (i < n && x[i].item <= y[k].item);
        uint32_t guard = own ? x[i++].guard : y[k++].guard;
        if (guard == LOGIC_TRUE)
            return LOGIC_TRUE;
        vec_add(&h->s->a, &h->changed, guard);
    }
    return logic_junction(h->s->l, LOGIC_OR, h->changed.v, h->changed.n);
}

static uint32_t beside_first(struct hosts *h)
{
    if (h->first.n)
        return difference(h);
    for (uint32_t i = 0; i < h->s->raw[0].n; i++)
        vec_add(&h->s->a, &h->first, h->s->raw[0].v[i]);
    return LOGIC_TRUE;
}

/* Makes the state of the entries in s->raw, whose items are the sides' own, and tells of it. */
static void emit(struct hosts *h, uint32_t k)
{
    uint32_t next = 0;
    if (h->nsides == 1)
        k = beside_first(h);
    h->generation++;
    for (uint32_t side = 0; side < h->nsides; side++) {
        uint32_t rule = 0, last = 0;
        h->host.items[side].n = 0;
        for (uint32_t i = 0; i < h->s->raw[side].n; i++) {
            struct an_entry *e = &h->s->raw[side].v[i];
            vec_add(&h->s->a, &h->host.items[side], e->item);
            e->item = i;
            e->outcome = local_outcome(h, &next, e->outcome);
            rule += i > 0 && e->rule != last;
            last = e->rule;
            e->rule = rule;
        }
    }
    h->host.state = an_state_make(h->s, k);
    if (h->host.state != AN_NOTHING)
        h->fn(h->ctx, &h->host);
}

static uint32_t rule_of(const struct hosts *h, const struct an_item *item)
{
    return h->s->keep == 1 ? 0 : item->number;
}

/* Returns true where what follows cannot count. */
static bool add_entry(struct hosts *h, uint32_t side, uint32_t i, const struct logic_value *v,
                      uint32_t *decided)
{
    const struct an_item *item = &h->sides[side]->items.v[i];
    uint32_t guard = logic_assign(h->s->l, item->guard, VAR_HOST, v);
    if (guard == LOGIC_FALSE)
        return false;
    if (item->changed)
        vec_add(&h->s->a, &h->changed, guard);
    *vec_push(&h->s->a, &h->s->raw[side]) = (struct an_entry){guard, item->outcome, i, rule_of(h, item)};
    if (guard == LOGIC_TRUE && (item->outcome & OUTCOME_TERMINAL) && item->number != h->decided_by) {
        h->decided_by = item->number;
        ++*decided;
    }
    return *decided >= h->s->keep;
}

static void add_side(struct hosts *h, uint32_t side, const struct posting *p, const struct logic_value *v)
{
    uint32_t i = 0, k = 0, decided = 0;
    h->decided_by = UINT32_MAX;
    const uint32_t *own = p->items[side].v, *common = h->common[side].v;
    while (i < p->items[side].n || k < h->common[side].n) {
        bool from_own = k == h->common[side].n || (i < p->items[side].n && own[i] < common[k]);
        if (add_entry(h, side, from_own ? own[i++] : common[k++], v, &decided))
            return;
    }
}

/* Whether a request can have this host. */
static bool is_host(struct hosts *h, struct slice host)
{
    const struct text_domain *d = logic_domain(h->s->l, VAR_HOST);
    uint32_t state = domain_start(d);
    for (size_t i = 0; i < host.len; i++)
        state = domain_step(d, state, (unsigned char)host.p[h->s->l->reversed_host ? host.len - 1 - i : i]);
    return domain_final(d, state);
}

static void visit_host(struct hosts *h, uint32_t at)
{
    struct logic_value v = {.text = h->names.v[at]};
    if (!is_host(h, v.text))
        return;
    h->changed.n = 0;
    logic_new_value(h->s->l);
    for (uint32_t side = 0; side < h->nsides; side++)
        add_side(h, side, &h->postings.v[at], &v);
    h->host.host = v.text;
    h->host.named = true;
    h->host.number = at;
    h->host.any = false;
    emit(h, cone(h));
}

/* All hosts that no condition names. */
static void visit_others(struct hosts *h)
{
    struct an_cells cells = {0};
    h->changed.n = 0;
    for (uint32_t side = 0; side < h->nsides; side++)
        for (uint32_t i = 0; i < h->common[side].n; i++) {
            const struct an_item *item = &h->sides[side]->items.v[h->common[side].v[i]];
            *vec_push(&h->s->a, &h->s->raw[side]) =
                (struct an_entry){item->guard, item->outcome, h->common[side].v[i], rule_of(h, item)};
            if (item->changed)
                vec_add(&h->s->a, &h->changed, item->guard);
        }
    uint32_t state = an_state_make(h->s, cone(h));
    if (state == AN_NOTHING)
        return;
    an_split(h->s, state, VAR_HOST, &h->index, &cells);
    for (uint32_t i = 0; i < cells.v.n; i++) {
        struct an_state x = h->s->states.v[cells.v.v[i].state];
        for (uint32_t k = 0; k < x.n[0] + x.n[1]; k++)
            *vec_push(&h->s->a, &h->s->raw[k >= x.n[0]]) = x.e[k];
        h->host.host = cells.v.v[i].value.text;
        h->host.named = false;
        h->host.cells = cells.v.n;
        h->host.any = h->names.n == 0 && cells.v.n == 1;
        emit(h, x.k);
    }
}

void an_hosts_visit(struct an_search *s, struct an_side *const *sides, uint32_t nsides, an_host_fn *fn,
                    void *ctx)
{
    struct hosts h = {.s = s, .sides = sides, .nsides = nsides, .fn = fn, .ctx = ctx};
    make_index(&h);
    h.host.names = h.names.v;
    h.host.nnames = h.names.n;
    if (h.all)
        visit_others(&h);
    for (uint32_t i = 0; i < h.names.n && !an_search_over(s); i++)
        if (h.all || h.postings.v[i].changed)
            visit_host(&h, i);
}
