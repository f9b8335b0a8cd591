/* Taking numbers, addresses and truth apart; see an_split_state.h. */
#include "compiler/an_split_state.h"

#include <stdlib.h>

static void collect_ints(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    struct splitter *p = ctx;
    for (uint32_t i = 0; a->kind == ATOM_INT && i < a->n; i++) {
        vec_add(p->a, &p->ints, a->ints[i].lo);
        if (a->ints[i].hi < INT64_MAX)
            vec_add(p->a, &p->ints, a->ints[i].hi + 1);
    }
}

/* A port, or what was drawn by chance. Intervals begin where one of the conditions changes. */
void split_int(struct splitter *p)
{
    bool chance = p->var == VAR_RANDOM;
    int64_t first = chance ? 0 : 1, last = chance ? IR_RANDOM_END - 1 : UINT16_MAX;
    vec_add(p->a, &p->ints, chance ? IR_RANDOM_END / 2 : 50000);
    vec_add(p->a, &p->ints, first);
    split_visit_atoms(p, p->from, collect_ints);
    for (uint32_t i = 0; i < p->ints.n && !an_search_over(p->s); i++) {
        struct logic_value v = {.num = p->ints.v[i]};
        if (v.num >= first && v.num <= last)
            split_value(p, &v, LOGIC_TRUE, NULL);
    }
}

static void collect_ips(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    struct splitter *p = ctx;
    for (uint32_t i = 0; a->kind == ATOM_IP && i < a->n; i++) {
        struct ip_addr after = a->ips[i].hi;
        vec_add(p->a, &p->ips, a->ips[i].lo);
        for (int k = 15; k >= 0 && ++after.b[k] == 0; k--)
            ;
        vec_add(p->a, &p->ips, after);
    }
}

/* The address after the first of a network reads better in an example, and is most often as good. */
static void add_hosts(struct splitter *p)
{
    for (uint32_t i = 0, n = p->ips.n; n < 200 && i < n; i++) {
        struct ip_addr a = p->ips.v[i];
        if (a.b[15]++ < 255)
            vec_add(p->a, &p->ips, a);
    }
}

/* An address with its number in p->ips. */
struct place {
    struct ip_addr ip;
    uint32_t at;
};

static int compare_places(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct ip_addr));
}

/* The first place that is not before the address. */
static uint32_t place_of(const struct place *v, uint32_t n, const struct ip_addr *ip)
{
    uint32_t lo = 0;
    while (lo < n) {
        uint32_t mid = lo + (n - lo) / 2;
        if (memcmp(&v[mid].ip, ip, sizeof *ip) < 0)
            lo = mid + 1;
        else
            n = mid;
    }
    return lo;
}

/* Which entries may hold for an address: those that need it, and those that need none. */
struct ip_postings {
    struct place *places; /* in order */
    struct an_list *at;   /* by the number of the address */
    struct an_list others;
    struct an_needs needs;
};

/* Notes the entry at the places of the intervals that it needs: how many these are. */
static uint64_t post_entry(struct splitter *p, struct ip_postings *x, uint32_t entry)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < x->needs.v.n; i++) {
        const struct atom *a = &p->s->l->atoms.v[x->needs.v.v[i].atom];
        for (uint32_t k = 0; k < a->n; k++) {
            const struct ip_addr *hi = &a->ips[k].hi;
            uint32_t at = place_of(x->places, p->ips.n, &a->ips[k].lo);
            for (; at < p->ips.n && memcmp(&x->places[at].ip, hi, sizeof *hi) <= 0; at++, all++) {
                struct an_list *to = &x->at[x->places[at].at];
                if (to->v.n == 0 || to->v.v[to->v.n - 1] != entry)
                    vec_add(p->a, &to->v, entry);
            }
        }
    }
    return all;
}

/* NULL where it does not pay, or would take too much. */
static struct ip_postings *post_entries(struct splitter *p)
{
    enum { POSTED_MAX = 4 << 20 };
    struct an_state state = p->s->states.v[p->from];
    uint64_t all = 0;
    if (!split_is_worth_posting(p, p->ips.n))
        return NULL;
    struct ip_postings *x = arena_new(p->a, struct ip_postings);
    x->places = arena_array(p->a, struct place, p->ips.n);
    for (uint32_t i = 0; i < p->ips.n; i++)
        x->places[i] = (struct place){p->ips.v[i], i};
    qsort(x->places, p->ips.n, sizeof *x->places, compare_places);
    x->at = arena_array(p->a, struct an_list, p->ips.n);
    for (uint32_t i = 0; i < state.n[0] + state.n[1] && all < POSTED_MAX; i++)
        if (an_needs_find(p->s->l, state.e[i].guard, p->var, NEEDS_IP, &x->needs))
            all += post_entry(p, x, i);
        else
            vec_add(p->a, &x->others.v, i);
    return all < POSTED_MAX ? x : NULL;
}

void split_ip(struct splitter *p)
{
    enum { SAMPLES = 5 };
    static const char *const samples[SAMPLES] = {"192.0.2.1", "203.0.113.1", "10.0.0.1", "2001:db8::1", "::"};
    for (uint32_t i = 0; i < SAMPLES; i++)
        ip_parse(slice_of(samples[i]), vec_push(p->a, &p->ips));
    split_visit_atoms(p, p->from, collect_ips);
    add_hosts(p);
    /* From the last: the samples are tried first, then those after the bounds of conditions, then the bounds. */
    struct ip_postings *x = post_entries(p);
    struct an_list found = {0};
    for (uint32_t k = 0, n = p->ips.n; k < n && !an_search_over(p->s); k++) {
        uint32_t at = k < SAMPLES ? k : n - 1 - (k - SAMPLES);
        struct logic_value v = {.ip = p->ips.v[at]};
        found.v.n = 0;
        for (int own = 0; x && own <= 1; own++)
            an_list_join(p->a, &found, own ? &x->at[at] : &x->others);
        split_value(p, &v, LOGIC_TRUE, x ? &found : NULL);
    }
}

void split_bool(struct splitter *p)
{
    for (int truth = 0; truth <= 1; truth++) {
        struct logic_value v = {.truth = truth};
        split_value(p, &v, LOGIC_TRUE, NULL);
    }
}
