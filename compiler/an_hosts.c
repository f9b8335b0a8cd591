/* Cells of hosts; see an_hosts.h. */
#include "compiler/an_hosts.h"

#include "compiler/an_needs.h"

struct hosts {
    struct an_search *s;
    struct an_side *const *sides;
    uint32_t nsides;
    an_host_fn *fn;
    void *ctx;
    struct strmap index; /* of named hosts, by name */
    VEC(struct slice) names;
    VEC(bool) is_changed;          /* by named host: a changed rule needs it */
    struct an_postings by_host[2]; /* items */
    VEC(uint32_t) common[2];       /* items that need no named host */
    bool all; /* a changed rule is for any host, or there is one side alone: hosts that count are all */
    struct an_needs needs;
    struct buf turned;
    VEC(uint32_t) changed;                /* conditions of changed rules, of the host at hand */
    VEC(struct an_entry) first;           /* one side: the entries of the first cell, with items of its own */
    uint32_t *number, *stamp, generation; /* by outcome: its number in the state at hand */
    uint32_t decided_by;                  /* the last rule of the list at hand that decides */
    struct an_host host;
};

/* ---- the index --------------------------------------------------------------------------------- */

/* The hosts of which the item needs one are in h->needs; false where it needs none by name. */
static bool needs_named(struct hosts *h, const struct an_item *item)
{
    return an_needs_find(h->s->l, item->guard, VAR_HOST, NEEDS_EXACT, &h->needs);
}

static const struct exact_set *needed_hosts(const struct hosts *h, uint32_t i)
{
    return h->s->l->atoms.v[h->needs.v.v[i].atom].exact;
}

static uint32_t name_host(struct hosts *h, struct slice host)
{
    bool added;
    uint32_t at = *strmap_put(&h->index, &h->s->a, host, h->names.n, &added);
    if (added) {
        vec_add(&h->s->a, &h->names, host);
        vec_push(&h->s->a, &h->is_changed);
    }
    return at;
}

static void add_named(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    for (uint32_t i = 0; a->kind == ATOM_EXACT && i < a->n; i++)
        name_host(ctx, a->exact->v[i]);
}

/* Whether one of the needed hosts is looked at. */
static bool name_needed(struct hosts *h)
{
    bool any = h->all;
    for (uint32_t i = 0; i < h->needs.v.n; i++) {
        const struct exact_set *hosts = needed_hosts(h, i);
        for (uint32_t k = 0; k < hosts->n && h->all; k++)
            name_host(h, hosts->v[k]);
        for (uint32_t k = 0; k < hosts->n && !any; k++)
            any = strmap_get(&h->index, hosts->v[k]) != NULL;
    }
    return any;
}

static void index_item(struct hosts *h, uint32_t side, uint32_t i)
{
    const struct an_item *item = &h->sides[side]->items.v[i];
    if (needs_named(h, item)) {
        if (!name_needed(h))
            return;
    } else {
        vec_add(&h->s->a, &h->common[side], i);
        /* Hosts that conditions for all hosts name are hosts of their own, too. */
        if (h->all)
            logic_visit(h->s->l, item->guard, VAR_HOST, add_named, h);
    }
    an_postings_add(&h->by_host[side], item->guard, i);
}

/* Where all changed rules need some hosts, these are all that there is to look at. */
static void find_changed(struct hosts *h, uint32_t side, uint32_t i)
{
    const struct an_item *item = &h->sides[side]->items.v[i];
    if (!item->changed)
        return;
    bool named = needs_named(h, item);
    h->all |= !named;
    for (uint32_t n = 0; named && n < h->needs.v.n; n++)
        for (uint32_t k = 0; k < needed_hosts(h, n)->n; k++) {
            uint32_t at = name_host(h, needed_hosts(h, n)->v[k]);
            h->is_changed.v[at] = true;
        }
}

static void make_index(struct hosts *h)
{
    uint32_t outcomes = 0;
    h->all = h->nsides == 1;
    for (uint32_t side = 0; side < h->nsides && !h->all; side++)
        for (uint32_t i = 0; i < h->sides[side]->items.n; i++)
            find_changed(h, side, i);
    logic_new_round(h->s->l);
    for (uint32_t side = 0; side < h->nsides; side++) {
        an_postings_begin(&h->by_host[side], h->s->l, &h->s->a, VAR_HOST);
        for (uint32_t i = 0; i < h->sides[side]->items.n; i++) {
            uint32_t number = (h->sides[side]->items.v[i].outcome >> OUTCOME_BITS) + 1;
            outcomes = number > outcomes ? number : outcomes;
            index_item(h, side, i);
        }
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

/* The host as it is read. */
static struct slice turned(struct hosts *h, struct slice host)
{
    if (!h->s->l->reversed_host)
        return host;
    h->turned.len = 0;
    for (size_t i = host.len; i-- > 0;)
        buf_char(&h->turned, host.p[i]);
    return buf_view(&h->turned);
}

static void add_side(struct hosts *h, uint32_t side, const struct logic_value *v)
{
    uint32_t decided = 0;
    const struct an_list *list = an_postings_find(&h->by_host[side], v->text, turned(h, v->text));
    h->decided_by = UINT32_MAX;
    for (uint32_t i = 0; i < list->v.n; i++)
        if (add_entry(h, side, list->v.v[i], v, &decided))
            return;
}

/* Whether a request can have this host. */
static bool is_host(struct hosts *h, struct slice host)
{
    return domain_has(logic_domain(h->s->l, VAR_HOST), turned(h, host));
}

static void visit_host(struct hosts *h, uint32_t at)
{
    struct logic_value v = {.text = h->names.v[at]};
    if (!is_host(h, v.text))
        return;
    h->changed.n = 0;
    logic_new_round(h->s->l);
    for (uint32_t side = 0; side < h->nsides; side++)
        add_side(h, side, &v);
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
        if (h.all || h.is_changed.v[i])
            visit_host(&h, i);
    buf_free(&h.turned);
}
