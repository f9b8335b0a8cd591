/* Comparing the rules of frontends; see diff.h.
 *
 * note [cone]: let C be the rules that are in one list alone, once the lists are aligned by content. A
 * request that no rule of C matches ends alike in both: its matches are rules of both lists, in the same
 * order. So the search is restricted to the conditions of C, and costs what the change costs. Any alignment
 * will do; a longer one is only faster. */
#include "compiler/diff.h"

#include <stdlib.h>

#include "compiler/an_hosts.h"
#include "compiler/diff_cone.h"
#include "runtime/base/hash.h"

/* Kinds that are confirmed one by one: so many always, and more where programs are small. */
enum { CONFIRMED_MIN = 200, CONFIRMED_WORK = 20 << 20 };

/* ---- alignment --------------------------------------------------------------------------------- */

static bool same_item(const struct an_item *x, const struct an_item *y)
{
    return x->guard == y->guard && x->outcome == y->outcome;
}

/* Where items that occur once in each list stand: candidates for pairs. */
struct pairing {
    uint32_t old, new, before; /* before: the pair that precedes it in the chain, plus one */
};

static uint32_t count_of(struct arena *a, struct strmap *m, const struct an_item *item, uint32_t by)
{
    uint32_t key[2] = {item->guard, item->outcome};
    struct slice k = {(const char *)key, sizeof key};
    uint32_t *v = strmap_get(m, k);
    if (!v)
        v = strmap_put(m, a, arena_copy(a, k), 0, NULL);
    return *v += by;
}

/* The longest chain of pairs that rises in both lists (patience sorting). */
static void take_chain(struct arena *a, struct pairing *p, uint32_t n, struct an_side *x, struct an_side *y)
{
    uint32_t *top = arena_array(a, uint32_t, n + 1), piles = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t lo = 0, hi = piles;
        while (lo < hi) {
            uint32_t mid = (lo + hi) / 2;
            if (p[top[mid]].new < p[i].new)
                lo = mid + 1;
            else
                hi = mid;
        }
        p[i].before = lo ? top[lo - 1] + 1 : 0;
        top[lo] = i;
        piles += lo == piles;
    }
    for (uint32_t i = piles ? top[piles - 1] + 1 : 0; i; i = p[i - 1].before)
        x->items.v[p[i - 1].old].changed = y->items.v[p[i - 1].new].changed = false;
}

static void align(struct arena *a, struct an_side *x, struct an_side *y)
{
    uint32_t from = 0, n = x->items.n, m = y->items.n, count = 0;
    struct strmap olds = {0}, news = {0}, places = {0};
    while (from < n && from < m && same_item(&x->items.v[from], &y->items.v[from]))
        from++;
    while (n > from && m > from && same_item(&x->items.v[n - 1], &y->items.v[m - 1]))
        n--, m--;
    for (uint32_t i = from; i < n; i++) {
        x->items.v[i].changed = true;
        count_of(a, &olds, &x->items.v[i], 1);
    }
    for (uint32_t i = from; i < m; i++) {
        y->items.v[i].changed = true;
        if (count_of(a, &news, &y->items.v[i], 1) == 1)
            count_of(a, &places, &y->items.v[i], i);
    }
    struct pairing *p = arena_array(a, struct pairing, n - from + 1);
    for (uint32_t i = from; i < n; i++) {
        const struct an_item *item = &x->items.v[i];
        if (count_of(a, &olds, item, 0) == 1 && count_of(a, &news, item, 0) == 1)
            p[count++] = (struct pairing){i, count_of(a, &places, item, 0), 0};
    }
    take_chain(a, p, count, x, y);
}

/* ---- what the search finds --------------------------------------------------------------------- */

/* A difference within a state: places of what decides. */
struct leaf {
    uint32_t old, new;
    bool edits;
    struct an_sample samples[DIFF_SAMPLES];
    uint32_t nsamples;
    const char *first; /* the same address for what is of one kind */
};

struct leaves {
    VEC(struct leaf) v;
};

struct comparing {
    struct diff *d;
    struct diff_frontend *f;
    struct an_rules rules;
    struct an_search s;
    struct strmap by_kind;           /* the first classes of kinds */
    struct strmap by_state, by_pair; /* leaves of states that were searched; classes by what decides */
    VEC(struct leaves) found;
    uint32_t current; /* in `found` */
    struct strmap by_edits;
    VEC(const char *) first_edits;
};

static const struct an_entry *next_edit(const struct comparing *c, const struct an_entry *e, uint32_t n,
                                        struct slice name, uint32_t *at)
{
    while (*at < n)
        if (slice_eq_nocase(an_edited_header(&c->rules, e[(*at)++].outcome), name))
            return &e[*at - 1];
    return NULL;
}

/* For each header that `y` changes: are its changes the same in `x`? */
static bool covers(const struct comparing *c, const struct an_entry *x, uint32_t nx, const struct an_entry *y,
                   uint32_t ny)
{
    for (uint32_t i = 0; i < ny; i++) {
        struct slice name = an_edited_header(&c->rules, y[i].outcome);
        uint32_t p = 0, q = 0;
        const struct an_entry *a, *b;
        do {
            a = next_edit(c, x, nx, name, &p);
            b = next_edit(c, y, ny, name, &q);
            if (!a != !b || (a && a->outcome != b->outcome))
                return false;
        } while (a);
    }
    return true;
}

/* Classes that differ in the same changes of headers are of one kind. */
static const char *first_with(struct comparing *c, const struct an_entry *old, uint32_t n,
                              const struct an_entry *new, uint32_t m)
{
    struct buf key = {0};
    bool added;
    for (uint32_t i = 0; i < n + m; i++)
        buf_printf(&key, i == n ? "| %u " : "%u ", i < n ? old[i].outcome : new[i - n].outcome);
    if (m == 0)
        buf_char(&key, '|');
    uint32_t at =
        *strmap_put(&c->by_edits, c->d->a, arena_copy(c->d->a, buf_view(&key)), c->first_edits.n, &added);
    buf_free(&key);
    if (added)
        vec_add(c->d->a, &c->first_edits, arena_new(c->d->a, char));
    return c->first_edits.v[at];
}

static void leaf(void *ctx, struct an_search *s, const struct an_state *x)
{
    struct comparing *c = ctx;
    const struct an_entry *old = x->e, *new = x->e + x->n[0];
    uint32_t n = x->n[0] - 1, m = x->n[1] - 1;
    bool same = old[n].outcome == new[m].outcome;
    if (same &&
        (!(old[n].outcome & OUTCOME_FORWARDS) || (covers(c, old, n, new, m) && covers(c, new, m, old, n))))
        return;
    struct leaves *all = &c->found.v[c->current];
    struct leaf *l = NULL;
    for (uint32_t i = 0; i < all->v.n; i++)
        if (all->v.v[i].old == old[n].item && all->v.v[i].new == new[m].item && all->v.v[i].edits == same)
            l = &all->v.v[i];
    if (!l) {
        l = vec_push(c->d->a, &all->v);
        l->old = old[n].item;
        l->new = new[m].item;
        l->edits = same;
        l->first = same ? first_with(c, old, n, new, m) : arena_new(c->d->a, char);
    }
    if (l->nsamples < DIFF_SAMPLES)
        l->samples[l->nsamples++] = an_sample_take(c->d->a, s);
}

/* ---- classes ----------------------------------------------------------------------------------- */

/* Whether evaluation may show that the difference is none. */
static bool is_open(const struct leaf *l)
{
    bool open = false;
    for (uint32_t i = 0; i < l->nsamples; i++)
        open |= l->samples[i].opaque.n > 0;
    return open;
}

/* Classes are of one kind where the same happens: of other hosts, by other rules or rows. Rows of one map
 * against one rule are one kind, wherever they lead. */
static void join_kind(struct comparing *c, struct diff_class *x, const struct leaf *l)
{
    const struct an_item *old = x->old_item, *new = x->new_item;
    const void *rules[2] = {old->rule, new->rule}, *first[2] = {l->first, NULL};
    bool one_map = !x->edits && !old->row != !new->row && !is_open(l);
    struct buf key = {0};
    bool added;
    buf_add(&key, one_map ? rules : first, sizeof rules);
    if (!one_map && !x->edits)
        buf_printf(&key, "%u %u", old->outcome, new->outcome);
    uint32_t at = *strmap_put(&c->by_kind, c->d->a, arena_copy(c->d->a, buf_view(&key)), x->number, &added);
    buf_free(&key);
    if (added)
        return;
    x->like = c->f->classes.v[at];
    x->like->alike++;
}

static struct diff_class *class_of(struct comparing *c, const struct an_host *h, struct leaf *l)
{
    uint32_t key[3] = {h->items[0].v[l->old], h->items[1].v[l->new], l->edits};
    bool added;
    struct slice k = arena_copy(c->d->a, (struct slice){(const char *)key, sizeof key});
    uint32_t at = *strmap_put(&c->by_pair, c->d->a, k, c->f->classes.n, &added);
    if (!added)
        return c->f->classes.v[at];
    struct diff_class *x = arena_new(c->d->a, struct diff_class);
    x->old_item = &c->f->sides[0].items.v[key[0]];
    x->new_item = &c->f->sides[1].items.v[key[1]];
    x->edits = l->edits;
    x->number = c->f->classes.n;
    join_kind(c, x, l);
    vec_add(c->d->a, &c->f->classes, x);
    return x;
}

static void add_hosts(struct comparing *c, struct diff_class *x, const struct an_host *h)
{
    x->any |= h->any;
    if (!h->named) {
        if (x->others++ == 0)
            x->other = arena_copy(c->d->a, h->host);
        x->of_others = h->cells;
        return;
    }
    if (h->number < 64)
        x->named |= 1ull << h->number;
    if (x->nhosts++ < DIFF_HOSTS)
        x->hosts[x->nhosts - 1] = arena_copy(c->d->a, h->host);
}

static void add_class(struct comparing *c, const struct an_host *h, struct leaf *l)
{
    struct diff_class *x = class_of(c, h, l);
    add_hosts(c, x, h);
    uint32_t most = x->like ? 1 : DIFF_SAMPLES;
    for (uint32_t i = 0; i < l->nsamples && x->nsamples < most; i++) {
        x->samples[x->nsamples] = l->samples[i];
        x->samples[x->nsamples++].host = arena_copy(c->d->a, h->host);
    }
}

/* Names of hosts outlive the search. */
static void keep_names(struct comparing *c, const struct an_host *h)
{
    struct slice *names = arena_array(c->d->a, struct slice, h->nnames + 1);
    for (uint32_t i = 0; i < h->nnames; i++)
        names[i] = arena_copy(c->d->a, h->names[i]);
    c->f->names = names;
    c->f->nnames = h->nnames;
}

static void visit(void *ctx, const struct an_host *h)
{
    struct comparing *c = ctx;
    bool added;
    if (!h->named && !c->f->names)
        keep_names(c, h);
    struct slice key = arena_copy(c->d->a, (struct slice){(const char *)&h->state, sizeof h->state});
    uint32_t at = *strmap_put(&c->by_state, c->d->a, key, c->found.n, &added);
    if (added) {
        vec_push(c->d->a, &c->found);
        c->current = at;
        c->s.serial++;
        an_search_run(&c->s, h->state);
    }
    for (uint32_t i = 0; i < c->found.v[at].v.n; i++)
        add_class(c, h, &c->found.v[at].v.v[i]);
}

/* ---- witnesses --------------------------------------------------------------------------------- */

struct confirming {
    struct diff *d;
    const struct diff_frontend *f;
    struct diff_class *x;
    struct eval_request shown; /* the last request that showed the difference */
};

/* The request as it arrives at the old frontend: both are asked about one and the same. */
static struct eval_request placed(const struct confirming *c, const struct eval_request *q)
{
    struct eval_request same = *q;
    eval_listener(c->f->old, q->tls ? 443 : 80, &same.listener_ip, &same.listener_port);
    return same;
}

/* The request shows the difference, and by the rules of the class. */
static bool shows(void *ctx, const struct eval_request *q)
{
    struct confirming *c = ctx;
    struct diff_class *x = c->x;
    struct eval_request same = placed(c, q);
    eval_run(c->d->a, c->f->old, q, NULL, NULL, &x->before);
    eval_run(c->d->a, c->f->new, &same, NULL, NULL, &x->after);
    bool differs = x->before.rule == x->old_item->rule && x->after.rule == x->new_item->rule &&
                   an_results_differ(&x->before, &x->after);
    if (differs)
        c->shown = *q;
    return differs;
}

/* Says where the request arrives if that matters and the new frontend listens elsewhere. */
static void say_place(const struct confirming *c)
{
    struct eval_request *q = &c->x->request;
    struct eval_result own;
    struct ip_addr ip[2];
    uint16_t port[2];
    for (uint32_t i = 0; i < 2; i++)
        eval_listener(i ? c->f->new : c->f->old, q->tls ? 443 : 80, &ip[i], &port[i]);
    if (memcmp(&ip[0], &ip[1], sizeof *ip) == 0 && port[0] == port[1])
        return;
    eval_run(c->d->a, c->f->new, q, NULL, NULL, &own);
    if (own.rule != c->x->after.rule || an_results_differ(&own, &c->x->after))
        *q = placed(c, q);
}

bool diff_confirm(struct diff *d, const struct diff_frontend *f, struct diff_class *x,
                  const struct eval_request *q)
{
    struct confirming c = {.d = d, .f = f, .x = x};
    if (!shows(&c, q))
        return false;
    struct eval_header *headers = arena_array(d->a, struct eval_header, q->nheaders + 1);
    for (uint32_t i = 0; i < q->nheaders; i++)
        headers[i] =
            (struct eval_header){arena_copy(d->a, q->headers[i].name), arena_copy(d->a, q->headers[i].value)};
    x->request = *q;
    x->request.method = arena_copy(d->a, q->method);
    x->request.target = arena_copy(d->a, q->target);
    x->request.headers = headers;
    return x->confirmed = true;
}

/* How much there is to read in a request; GET reads best. */
static size_t cost_of(const struct eval_request *q)
{
    struct buf text = {0};
    an_request_text(q, &text);
    size_t cost = text.len + (slice_eq(q->method, SLICE("GET")) ? 0 : 10);
    buf_free(&text);
    return cost;
}

/* Hosts as people know them: no label is empty. Keeps the request where that does not show the difference. */
static void fill_labels(struct confirming *c, struct eval_request *q)
{
    struct slice host = q->nheaders ? q->headers[0].value : SLICE("");
    struct eval_header *headers = arena_array(c->d->a, struct eval_header, q->nheaders + 1);
    struct buf filled = {0};
    for (size_t i = 0; i < host.len; i++) {
        if (host.p[i] == '.' && (i == 0 || host.p[i - 1] == '.'))
            buf_char(&filled, 'x');
        buf_char(&filled, host.p[i]);
    }
    struct eval_request better = *q;
    if (filled.len > host.len && q->nheaders) {
        memcpy(headers, q->headers, q->nheaders * sizeof *headers);
        headers[0].value = arena_copy(c->d->a, buf_view(&filled));
        better.headers = headers;
        if (shows(c, &better))
            *q = better;
    }
    buf_free(&filled);
}

/* A method that people know, where one of them shows the difference. */
static void know_method(struct confirming *c, struct eval_request *q)
{
    static const struct slice known[] = {SLICE("GET"),   SLICE("POST"),    SLICE("PUT"),   SLICE("DELETE"),
                                         SLICE("PATCH"), SLICE("OPTIONS"), SLICE("TRACE"), SLICE("PROPFIND")};
    struct eval_request better = *q;
    if (slice_eq(q->method, SLICE("HEAD")))
        return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eq(q->method, known[i]))
            return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        better.method = known[i];
        if (shows(c, &better)) {
            *q = better;
            return;
        }
    }
}

/* The best of what shows the difference; in large programs, where each try takes time, the first. */
static void find_witness(struct diff *d, const struct diff_frontend *f, struct diff_class *x)
{
    enum { LARGE = 2000 }; /* rules and rows */
    bool large = f->sides[0].items.n + f->sides[1].items.n > LARGE;
    struct confirming c = {.d = d, .f = f, .x = x};
    struct eval_request q;
    for (uint32_t k = 0; k < x->nsamples && !(x->confirmed && large); k++) {
        if (!an_find_witness(d->a, &x->samples[k], shows, &c, &q))
            continue;
        fill_labels(&c, &q);
        know_method(&c, &q);
        if (!x->confirmed || cost_of(&q) < cost_of(&x->request))
            x->request = q;
        x->confirmed = true;
    }
    if (x->confirmed) {
        if (memcmp(&c.shown, &x->request, sizeof c.shown) != 0)
            shows(&c, &x->request); /* another one was tried since: what is kept is of this */
        say_place(&c);
    }
}

static void confirm(struct diff *d, struct diff_frontend *f)
{
    uint32_t tried = 0, most = CONFIRMED_WORK / (f->sides[0].items.n + f->sides[1].items.n + 1);
    bool any = false;
    for (uint32_t i = 0; i < f->classes.n; i++) {
        struct diff_class *x = f->classes.v[i];
        if (x->like)
            continue;
        if (tried++ < CONFIRMED_MIN || tried < most)
            find_witness(d, f, x);
        any |= x->confirmed;
        f->unconfirmed += !x->confirmed;
    }
    f->verdict = any ? DIFF_DIFFERENT : f->classes.n > 0 || f->exceeded ? DIFF_UNKNOWN : DIFF_EQUIVALENT;
}

/* ---- order ------------------------------------------------------------------------------------- */

static uint64_t weight_of(const struct diff_class *x)
{
    return x->others ? UINT64_MAX : x->nhosts + x->alike;
}

/* What moves most requests first; then what is sure, what changes where requests end, and what is about most
 * hosts. */
static int compare_classes(const void *a, const void *b)
{
    const struct diff_class *x = *(struct diff_class *const *)a, *y = *(struct diff_class *const *)b;
    if (x->requests != y->requests)
        return x->requests < y->requests ? 1 : -1;
    if (x->confirmed != y->confirmed)
        return x->confirmed ? -1 : 1;
    if (x->edits != y->edits)
        return x->edits ? 1 : -1;
    if (weight_of(x) != weight_of(y))
        return weight_of(x) < weight_of(y) ? 1 : -1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void diff_sort(struct diff *d)
{
    for (uint32_t i = 0; i < d->frontends.n; i++) {
        struct diff_frontend *f = d->frontends.v[i];
        if (f->classes.n)
            qsort(f->classes.v, f->classes.n, sizeof *f->classes.v, compare_classes);
    }
}

static void take_cone(const struct diff_cone *cone, struct an_side *const sides[2])
{
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t i = 0; i < sides[side]->items.n; i++)
            sides[side]->items.v[i].changed = diff_cone_has(cone, side, &sides[side]->items.v[i]);
}

/* ---- frontends --------------------------------------------------------------------------------- */

void diff_compare_frontends(struct diff *d, struct diff_frontend *f, double seconds)
{
    struct logic l;
    struct comparing c = {.d = d, .f = f};
    const struct ir_frontend *both[2] = {f->old, f->new};
    struct an_side *const sides[2] = {&f->sides[0], &f->sides[1]};
    struct diff_cone cone;
    diff_cone_find(d->a, f->old, f->new, &cone);
    logic_begin(&l);
    an_rules_begin(&c.rules, &l, both, 2);
    if (cone.confined) {
        c.rules.skip = diff_cone_skips;
        c.rules.skip_ctx = &cone;
    }
    an_rules_add(&c.rules, sides[0], d->old, f->old);
    an_rules_add(&c.rules, sides[1], d->new, f->new);
    /* Items outlive the formulas. */
    for (uint32_t i = 0; i < 2; i++) {
        struct an_item *kept = arena_array(d->a, struct an_item, sides[i]->items.n);
        memcpy(kept, sides[i]->items.v, sides[i]->items.n * sizeof *kept);
        sides[i]->items.v = kept;
    }
    uint32_t asterisk = an_asterisk(&c.rules);
    an_search_begin(&c.s, &l, 1, asterisk, seconds);
    c.s.leaf = leaf;
    c.s.ctx = &c;
    if (cone.confined)
        take_cone(&cone, sides);
    else
        align(&l.a, sides[0], sides[1]);
    an_hosts_visit(&c.s, sides, 2, visit, &c);
    f->exceeded = c.s.exceeded;
    confirm(d, f);
    an_search_end(&c.s);
    logic_end(&l);
}

static struct ir_frontend *frontend_named(const struct ir_program *p, struct slice name)
{
    for (uint32_t i = 0; i < p->frontends.n; i++)
        if (slice_eq(p->frontends.v[i]->name, name))
            return p->frontends.v[i];
    return NULL;
}

static void add_frontend(struct diff *d, struct slice name, const struct diff_options *o)
{
    struct diff_frontend *f = arena_new(d->a, struct diff_frontend);
    f->name = name;
    f->old = frontend_named(d->old, name);
    f->new = frontend_named(d->new, name);
    f->verdict = DIFF_DIFFERENT;
    if (f->old && f->new)
        diff_compare_frontends(d, f, o->seconds);
    vec_add(d->a, &d->frontends, f);
}

void diff_programs(struct arena *a, const struct ir_program *old, const struct ir_program *new,
                   const struct diff_options *o, struct diff *out)
{
    *out = (struct diff){.a = a, .old = old, .new = new};
    for (uint32_t i = 0; i < old->frontends.n; i++)
        if (!o->frontend || slice_eq(old->frontends.v[i]->name, slice_of(o->frontend)))
            add_frontend(out, old->frontends.v[i]->name, o);
    for (uint32_t i = 0; i < new->frontends.n; i++)
        if (!frontend_named(old, new->frontends.v[i]->name) &&
            (!o->frontend || slice_eq(new->frontends.v[i]->name, slice_of(o->frontend))))
            add_frontend(out, new->frontends.v[i]->name, o);
    if (!o->frontend)
        diff_compare_objects(out);
    diff_sort(out);
}

bool diff_is_equivalent(const struct diff *d)
{
    bool all = d->objects.n == 0;
    for (uint32_t i = 0; i < d->frontends.n; i++)
        all &= d->frontends.v[i]->verdict == DIFF_EQUIVALENT;
    return d->same_digest || all;
}

bool diff_is_different(const struct diff *d)
{
    bool any = d->objects.n > 0;
    for (uint32_t i = 0; i < d->frontends.n; i++)
        any |= d->frontends.v[i]->verdict == DIFF_DIFFERENT;
    return any && !d->same_digest;
}
