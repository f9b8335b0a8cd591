/* Formulas of the exact analyser; see an_logic.h. */
#include "compiler/an_logic.h"

#include <stdlib.h>

#include "runtime/base/hash.h"

/* ---- nodes ------------------------------------------------------------------------------------- */

static uint32_t node_hash(enum logic_kind kind, uint32_t atom, uint32_t state, const uint32_t *kids,
                          uint32_t n)
{
    uint32_t head[3] = {kind, atom, state};
    return (uint32_t)hash_bytes(kids, n * sizeof *kids, hash_bytes(head, sizeof head, 0));
}

static bool node_is(const struct logic_node *x, enum logic_kind kind, uint32_t atom, uint32_t state,
                    const uint32_t *kids, uint32_t n)
{
    return x->kind == kind && x->atom == atom && x->state == state && x->n == n &&
           (n == 0 || memcmp(x->kids, kids, n * sizeof *kids) == 0);
}

static void place(struct logic *l, uint32_t hash, uint32_t index)
{
    while (l->slots[hash & (l->nslots - 1)])
        hash++;
    l->slots[hash & (l->nslots - 1)] = index;
}

static void grow_slots(struct logic *l)
{
    free(l->slots);
    l->nslots = l->nslots ? l->nslots * 2 : 1024;
    l->slots = calloc(l->nslots, sizeof *l->slots);
    if (!l->slots)
        abort();
    for (uint32_t i = 2; i < l->nodes.n; i++) {
        const struct logic_node *x = &l->nodes.v[i];
        place(l, node_hash(x->kind, x->atom, x->state, x->kids, x->n), i);
    }
}

static uint32_t intern(struct logic *l, enum logic_kind kind, uint32_t atom, uint32_t state,
                       const uint32_t *kids, uint32_t n)
{
    if (l->nodes.n * 2 >= l->nslots)
        grow_slots(l);
    uint32_t hash = node_hash(kind, atom, state, kids, n);
    for (uint32_t i = hash;; i++) {
        uint32_t at = l->slots[i & (l->nslots - 1)];
        if (!at)
            break;
        if (node_is(&l->nodes.v[at], kind, atom, state, kids, n))
            return at;
    }
    struct logic_node x = {.kind = kind, .n = n, .atom = atom, .state = state};
    if (kind == LOGIC_ATOM)
        x.vars = logic_bit(l->atoms.v[atom].var);
    if (n) {
        x.kids = memcpy(arena_alloc(&l->a, n * sizeof *kids), kids, n * sizeof *kids);
        for (uint32_t i = 0; i < n; i++)
            x.vars |= l->nodes.v[kids[i]].vars;
    }
    *vec_push_own(&l->nodes) = x;
    place(l, hash, l->nodes.n - 1);
    return l->nodes.n - 1;
}

uint32_t logic_atom(struct logic *l, uint32_t atom, uint32_t state)
{
    if (l->atoms.v[atom].kind == ATOM_TEXT && state <= TEXT_ACCEPT)
        return state == TEXT_ACCEPT ? LOGIC_TRUE : LOGIC_FALSE;
    uint32_t *known = &l->atoms.v[atom].nodes[state];
    if (!*known)
        *known = intern(l, LOGIC_ATOM, atom, state, NULL, 0);
    return *known;
}

uint32_t logic_not(struct logic *l, uint32_t f)
{
    if (f <= LOGIC_TRUE)
        return !f;
    if (l->nodes.v[f].kind == LOGIC_NOT)
        return l->nodes.v[f].kids[0];
    return intern(l, LOGIC_NOT, 0, 0, &f, 1);
}

static int compare(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static void sort(uint32_t *v, uint32_t n)
{
    if (n > 16) {
        qsort(v, n, sizeof *v, compare);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        uint32_t x = v[i], k = i;
        for (; k > 0 && v[k - 1] > x; k--)
            v[k] = v[k - 1];
        v[k] = x;
    }
}

static bool has(const uint32_t *v, uint32_t n, uint32_t x)
{
    return n && bsearch(&x, v, n, sizeof *v, compare) != NULL;
}

uint32_t logic_junction(struct logic *l, enum logic_kind kind, const uint32_t *v, uint32_t n)
{
    uint32_t neutral = kind == LOGIC_AND, zero = !neutral, m = 0;
    l->flat.n = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct logic_node *x = &l->nodes.v[v[i]];
        if (v[i] == zero)
            return zero;
        if (v[i] == neutral)
            continue;
        if (x->kind != kind)
            vec_add(&l->a, &l->flat, v[i]);
        for (uint32_t k = 0; x->kind == kind && k < x->n; k++)
            vec_add(&l->a, &l->flat, x->kids[k]);
    }
    uint32_t *f = l->flat.v;
    sort(f, l->flat.n);
    for (uint32_t i = 0; i < l->flat.n; i++)
        if (m == 0 || f[m - 1] != f[i])
            f[m++] = f[i];
    for (uint32_t i = 0; i < m; i++)
        if (l->nodes.v[f[i]].kind == LOGIC_NOT && has(f, m, l->nodes.v[f[i]].kids[0]))
            return zero;
    return m == 0 ? neutral : m == 1 ? f[0] : intern(l, kind, 0, 0, f, m);
}

uint32_t logic_and(struct logic *l, uint32_t x, uint32_t y)
{
    uint32_t v[2] = {x, y};
    return logic_junction(l, LOGIC_AND, v, 2);
}

uint32_t logic_or(struct logic *l, uint32_t x, uint32_t y)
{
    uint32_t v[2] = {x, y};
    return logic_junction(l, LOGIC_OR, v, 2);
}

uint32_t logic_intern_atom(struct logic *l, const struct atom *atom, struct slice key)
{
    uint32_t *known = strmap_get(&l->atom_index, key);
    if (known)
        return *known;
    strmap_put(&l->atom_index, &l->a, arena_copy(&l->a, key), l->atoms.n, NULL);
    struct atom *x = vec_push(&l->a, &l->atoms);
    *x = *atom;
    x->nodes = arena_array(&l->a, uint32_t, atom->kind == ATOM_TEXT ? atom->text->nstates : 1);
    return l->atoms.n - 1;
}

/* ---- replacing atoms --------------------------------------------------------------------------- */

/* What becomes of atoms of one variable. */
struct change {
    uint32_t var;
    uint64_t bit;
    enum { ASSIGN, INEXACT, STEP, FINISH, DECIDE } what;
    bool pass; /* DECIDE */
    struct slice bytes; /* STEP */
    const struct logic_value *value;
    uint64_t memo_key; /* 0: by generation */
};

static bool int_in(const struct atom *a, int64_t n)
{
    uint32_t lo = 0, hi = a->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (a->ints[mid].hi < n)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < a->n && a->ints[lo].lo <= n;
}

static bool ip_in(const struct atom *a, const struct ip_addr *ip)
{
    uint32_t lo = 0, hi = a->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (memcmp(&a->ips[mid].hi, ip, sizeof *ip) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < a->n && memcmp(&a->ips[lo].lo, ip, sizeof *ip) <= 0;
}

static bool text_in(const struct logic *l, const struct atom *a, uint32_t state, struct slice text)
{
    bool reversed = l->reversed_host && a->var == VAR_HOST;
    for (size_t i = 0; i < text.len; i++)
        state = text_step(a->text, state, (unsigned char)text.p[reversed ? text.len - 1 - i : i]);
    return text_final(a->text, state);
}

static uint32_t assigned(const struct logic *l, const struct atom *a, uint32_t state,
                         const struct logic_value *v)
{
    if (v->absent)
        return LOGIC_FALSE;
    switch (a->kind) {
    case ATOM_TRUE:
        return v->truth;
    case ATOM_PRESENT:
        return LOGIC_TRUE;
    case ATOM_EXACT:
        return exact_has(a->exact, v->text);
    case ATOM_TEXT:
        return text_in(l, a, state, v->text);
    case ATOM_INT:
        return int_in(a, v->num);
    case ATOM_IP:
        return ip_in(a, &v->ip);
    }
    return LOGIC_FALSE;
}

static uint32_t stepped(struct logic *l, uint32_t atom, uint32_t state, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        state = text_step(l->atoms.v[atom].text, state, (unsigned char)bytes.p[i]);
    return logic_atom(l, atom, state);
}

static uint32_t changed_atom(struct logic *l, uint32_t f, const struct change *c)
{
    const struct logic_node *x = &l->nodes.v[f];
    const struct atom *a = &l->atoms.v[x->atom];
    if (a->var != c->var)
        return f;
    switch (c->what) {
    case ASSIGN:
        return assigned(l, a, x->state, c->value);
    case INEXACT:
        return a->kind == ATOM_EXACT ? LOGIC_FALSE : a->kind == ATOM_PRESENT ? LOGIC_TRUE : f;
    case STEP:
        return stepped(l, x->atom, x->state, c->bytes);
    case FINISH:
        return text_final(a->text, x->state);
    case DECIDE:
        return c->pass;
    }
    return f;
}

static uint32_t *memo_place(struct logic *l, uint64_t key)
{
    for (uint64_t i = key * 0x9e3779b97f4a7c15u >> 20;; i++) {
        uint64_t k = i & (l->nmemo - 1);
        if (l->memo[k].key == key || l->memo[k].key == 0) {
            l->memo_used += l->memo[k].key == 0;
            l->memo[k].key = key;
            return &l->memo[k].value;
        }
    }
}

/* A memo that is full is forgotten once it is as large as it may be. */
static void memo_room(struct logic *l)
{
    enum { MEMO_MAX = 1 << 21 };
    if (l->nmemo && l->memo_used * 2 < l->nmemo)
        return;
    uint32_t cap = l->nmemo == 0 ? 1 << 12 : l->nmemo < MEMO_MAX ? l->nmemo * 4 : l->nmemo;
    free(l->memo);
    l->memo = calloc(cap, sizeof *l->memo);
    if (!l->memo)
        abort();
    l->nmemo = cap;
    l->memo_used = 0;
}

/* Formulas of which more is known than in this round: of small ones that would cost more than it saves. */
static bool is_wide(const struct logic *l, uint32_t f)
{
    return l->nodes.v[f].n > 8;
}

/* True where `*result` is known. */
static bool recall(struct logic *l, uint32_t f, const struct change *c, uint32_t *result)
{
    if (c->memo_key && is_wide(l, f)) {
        memo_room(l);
        uint32_t v = *memo_place(l, c->memo_key | (uint64_t)f << 24);
        *result = v - 1;
        return v != 0;
    }
    if (f >= l->stamp_cap) {
        uint32_t cap = l->nodes.n * 2;
        l->stamp = realloc(l->stamp, cap * sizeof *l->stamp);
        l->stamped = realloc(l->stamped, cap * sizeof *l->stamped);
        if (!l->stamp || !l->stamped)
            abort();
        memset(l->stamp + l->stamp_cap, 0, (cap - l->stamp_cap) * sizeof *l->stamp);
        l->stamp_cap = cap;
    }
    *result = l->stamped[f];
    return l->stamp[f] == l->generation;
}

static void remember(struct logic *l, uint32_t f, const struct change *c, uint32_t result)
{
    if (c->memo_key && is_wide(l, f)) {
        memo_room(l);
        *memo_place(l, c->memo_key | (uint64_t)f << 24) = result + 1;
        return;
    }
    l->stamp[f] = l->generation;
    l->stamped[f] = result;
}

static uint32_t change(struct logic *l, uint32_t f, const struct change *c)
{
    uint32_t result;
    enum logic_kind kind = l->nodes.v[f].kind;
    if (!(l->nodes.v[f].vars & c->bit))
        return f;
    if (kind == LOGIC_ATOM)
        return changed_atom(l, f, c);
    if (kind == LOGIC_NOT)
        return logic_not(l, change(l, l->nodes.v[f].kids[0], c));
    if (recall(l, f, c, &result))
        return result;
    uint32_t base = l->work.n, n = l->nodes.v[f].n, zero = kind == LOGIC_OR;
    result = UINT32_MAX;
    for (uint32_t i = 0; i < n && result != zero; i++) {
        uint32_t kid = change(l, l->nodes.v[f].kids[i], c);
        if (kid == zero)
            result = zero;
        vec_add(&l->a, &l->work, kid);
    }
    if (result != zero)
        result = logic_junction(l, kind, l->work.v + base, n);
    l->work.n = base;
    remember(l, f, c, result);
    return result;
}

void logic_new_round(struct logic *l)
{
    l->generation++;
}

uint32_t logic_assign(struct logic *l, uint32_t f, uint32_t var, const struct logic_value *value)
{
    struct change c = {.var = var, .bit = logic_bit(var), .what = ASSIGN, .value = value};
    return change(l, f, &c);
}

/* Memo keys: 24 bits that tell the change apart, above them the formula. */
enum { KEY_STEP = 0, KEY_INEXACT = 1 << 22, KEY_FINISH = 2 << 22, KEY_VARS = 1 << 14 };

static uint64_t key_of(uint32_t var, uint32_t what, unsigned char byte)
{
    return var < KEY_VARS - 1 ? what | (uint64_t)(var + 1) << 8 | byte : 0;
}

static uint32_t keyed_change(struct logic *l, uint32_t f, struct change c)
{
    c.bit = logic_bit(c.var);
    return change(l, f, &c);
}

uint32_t logic_inexact(struct logic *l, uint32_t f, uint32_t var)
{
    return keyed_change(
        l, f, (struct change){.var = var, .what = INEXACT, .memo_key = key_of(var, KEY_INEXACT, 0)});
}

uint32_t logic_step(struct logic *l, uint32_t f, uint32_t var, struct slice bytes)
{
    uint64_t key = bytes.len == 1 ? key_of(var, KEY_STEP, (unsigned char)bytes.p[0]) : 0;
    return keyed_change(l, f, (struct change){.var = var, .what = STEP, .bytes = bytes, .memo_key = key});
}

uint32_t logic_finish(struct logic *l, uint32_t f, uint32_t var)
{
    return keyed_change(l, f,
                        (struct change){.var = var, .what = FINISH, .memo_key = key_of(var, KEY_FINISH, 0)});
}

uint32_t logic_decide(struct logic *l, uint32_t f, uint32_t var, bool pass)
{
    return keyed_change(l, f, (struct change){.var = var, .what = DECIDE, .pass = pass});
}

/* ---- looking ----------------------------------------------------------------------------------- */

void logic_visit(struct logic *l, uint32_t f, uint32_t var,
                 void (*fn)(void *ctx, const struct atom *atom, uint32_t state), void *ctx)
{
    const struct change none = {0};
    const struct logic_node *x = &l->nodes.v[f];
    uint32_t seen;
    if (!(x->vars & logic_bit(var)) || recall(l, f, &none, &seen))
        return;
    remember(l, f, &none, 0);
    if (x->kind == LOGIC_ATOM && l->atoms.v[x->atom].var == var)
        fn(ctx, &l->atoms.v[x->atom], x->state);
    for (uint32_t i = 0; i < x->n; i++)
        logic_visit(l, x->kids[i], var, fn, ctx);
}

uint32_t logic_least_var(const struct logic *l, uint32_t f)
{
    const struct logic_node *x = &l->nodes.v[f];
    uint64_t exact = x->vars & ~(1ull << 63);
    if (exact)
        return (uint32_t)__builtin_ctzll(exact);
    if (x->kind == LOGIC_ATOM)
        return l->atoms.v[x->atom].var;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t v = logic_least_var(l, x->kids[i]);
        least = v < least ? v : least;
    }
    return least;
}

const struct text_domain *logic_domain(struct logic *l, uint32_t var)
{
    struct variable *v = &l->vars.v[var];
    if (!v->domain_asked && v->kind == VAR_TEXT)
        v->domain = text_domain(&l->a, v->domain_kind);
    v->domain_asked = true;
    return v->domain;
}

void logic_begin(struct logic *l)
{
    *l = (struct logic){.generation = 1};
    for (uint32_t i = 0; i < 2; i++)
        vec_push_own(&l->nodes)->kind = LOGIC_CONST;
}

void logic_end(struct logic *l)
{
    free(l->nodes.v);
    free(l->slots);
    free(l->memo);
    free(l->stamp);
    free(l->stamped);
    arena_free(&l->a);
}
