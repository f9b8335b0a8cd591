/* Needs of conditions, and formulas by their needs; see an_needs.h. */
#include "compiler/an_needs.h"

enum { NEEDS_MAX = 4096, BEGIN_MAX = 128 };

/* ---- needs ------------------------------------------------------------------------------------- */

static bool take_atom(struct logic *l, const struct logic_node *x, uint32_t var, uint32_t kinds, struct an_needs *out)
{
    const struct atom *a = &l->atoms.v[x->atom];
    uint8_t bytes[TEXT_FEW];
    if (a->var != var || !(kinds >> a->kind & 1))
        return false;
    if (a->kind == ATOM_TEXT && text_narrow(a->text, x->state, bytes) < 0)
        return false;
    vec_add(&l->a, &out->v, ((struct an_need){x->atom, x->state}));
    return true;
}

/* How many values meet the needs from `from` on, in comparison. */
static uint64_t width(const struct logic *l, const struct an_needs *x, uint32_t from)
{
    uint64_t all = 0;
    for (uint32_t i = from; i < x->v.n; i++) {
        const struct atom *a = &l->atoms.v[x->v.v[i].atom];
        all += a->kind == ATOM_TEXT ? 2 : a->n;
    }
    return all;
}

static bool collect(struct logic *l, uint32_t f, uint32_t var, uint32_t kinds, struct an_needs *out);

/* All parts of a disjunction must need something. */
static bool collect_all(struct logic *l, const struct logic_node *x, uint32_t var, uint32_t kinds, struct an_needs *out)
{
    uint32_t from = out->v.n;
    for (uint32_t i = 0; i < x->n; i++)
        if (out->v.n - from > NEEDS_MAX || !collect(l, x->kids[i], var, kinds, out)) {
            out->v.n = from;
            return false;
        }
    return true;
}

/* Of a conjunction the part that needs the least values. */
static bool collect_best(struct logic *l, const struct logic_node *x, uint32_t var, uint32_t kinds,
                         struct an_needs *out)
{
    uint32_t from = out->v.n;
    uint64_t best = UINT64_MAX;
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t own = out->v.n;
        if (!collect(l, x->kids[i], var, kinds, out))
            continue;
        uint64_t w = width(l, out, own);
        if (w < best) {
            memmove(out->v.v + from, out->v.v + own, (out->v.n - own) * sizeof *out->v.v);
            out->v.n = from + out->v.n - own;
            best = w;
        } else {
            out->v.n = own;
        }
    }
    return best != UINT64_MAX;
}

static bool collect(struct logic *l, uint32_t f, uint32_t var, uint32_t kinds, struct an_needs *out)
{
    const struct logic_node x = l->nodes.v[f];
    if (!(x.vars & logic_bit(var)))
        return false;
    switch (x.kind) {
    case LOGIC_ATOM:
        return take_atom(l, &x, var, kinds, out);
    case LOGIC_OR:
        return collect_all(l, &x, var, kinds, out);
    case LOGIC_AND:
        return collect_best(l, &x, var, kinds, out);
    case LOGIC_CONST:
    case LOGIC_NOT:
        break;
    }
    return false;
}

bool an_needs_find(struct logic *l, uint32_t f, uint32_t var, uint32_t kinds, struct an_needs *out)
{
    out->v.n = 0;
    return collect(l, f, var, kinds, out);
}

void an_list_join(struct arena *a, struct an_list *to, const struct an_list *more)
{
    uint32_t n = to->v.n, m = more->v.n, at = n + m;
    while (to->v.n < at)
        vec_push(a, &to->v);
    while (m > 0) {
        bool own = n > 0 && to->v.v[n - 1] > more->v.v[m - 1];
        to->v.v[--at] = own ? to->v.v[--n] : more->v.v[--m];
    }
}

/* ---- postings ---------------------------------------------------------------------------------- */

void an_postings_begin(struct an_postings *p, struct logic *l, struct arena *a, uint32_t var)
{
    *p = (struct an_postings){.l = l, .a = a, .var = var};
}

static void list(struct an_postings *p, struct strmap *m, struct slice key, uint32_t number)
{
    bool added;
    uint32_t *at = strmap_get(m, key);
    if (!at) {
        at = strmap_put(m, p->a, arena_copy(p->a, key), p->lists.n, &added);
        vec_push(p->a, &p->lists);
    }
    struct an_list *to = &p->lists.v[*at];
    if (to->v.n == 0 || to->v.v[to->v.n - 1] != number)
        vec_add(p->a, &to->v, number);
}

/* How texts begin for which the need holds: at least one byte. */
static size_t begin_of(const struct an_postings *p, const struct an_need *need, char *out)
{
    return text_forced(p->l->atoms.v[need->atom].text, need->state, out, BEGIN_MAX);
}

static bool has_begins(const struct an_postings *p)
{
    char begin[BEGIN_MAX];
    for (uint32_t i = 0; i < p->needs.v.n; i++) {
        const struct an_need *need = &p->needs.v.v[i];
        if (p->l->atoms.v[need->atom].kind == ATOM_TEXT && begin_of(p, need, begin) == 0)
            return false;
    }
    return true;
}

static void post(struct an_postings *p, const struct an_need *need, uint32_t number)
{
    const struct atom *a = &p->l->atoms.v[need->atom];
    char begin[BEGIN_MAX];
    for (uint32_t i = 0; a->kind == ATOM_EXACT && i < a->n; i++)
        list(p, &p->exact, a->exact->v[i], number);
    if (a->kind == ATOM_EXACT)
        return;
    struct slice key = {begin, begin_of(p, need, begin)};
    list(p, &p->begins, key, number);
    while (p->lengths.n <= key.len)
        vec_push(p->a, &p->lengths);
    p->lengths.v[key.len] = 1;
}

void an_postings_add(struct an_postings *p, uint32_t f, uint32_t number)
{
    if (!an_needs_find(p->l, f, p->var, NEEDS_EXACT | NEEDS_TEXT, &p->needs) || !has_begins(p)) {
        vec_add(p->a, &p->others.v, number);
        return;
    }
    for (uint32_t i = 0; i < p->needs.v.n; i++)
        post(p, &p->needs.v.v[i], number);
}

static void drop_doubles(struct an_list *x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->v.n; i++)
        if (n == 0 || x->v.v[n - 1] != x->v.v[i])
            x->v.v[n++] = x->v.v[i];
    x->v.n = n;
}

const struct an_list *an_postings_find(struct an_postings *p, struct slice text, struct slice turned)
{
    uint32_t *at = strmap_get(&p->exact, text);
    p->found.v.n = 0;
    an_list_join(p->a, &p->found, &p->others);
    if (at)
        an_list_join(p->a, &p->found, &p->lists.v[*at]);
    for (uint32_t n = 1; n < p->lengths.n && n <= turned.len; n++) {
        at = p->lengths.v[n] ? strmap_get(&p->begins, (struct slice){turned.p, n}) : NULL;
        if (at)
            an_list_join(p->a, &p->found, &p->lists.v[*at]);
    }
    drop_doubles(&p->found);
    return &p->found;
}
