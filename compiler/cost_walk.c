/* Reading decisions off the tables of a plan; see cost.h. */
#include "compiler/cost.h"
#include "runtime/abi.h"
#include "runtime/table.h"

enum { MATCHES_MAX = 64 }; /* keys of one table that match one subject, at most as many as are told apart */

struct walk {
    struct arena *a;
    struct slice t;
    struct cost_decision *d;
    struct strmap known; /* nodes that were read: their place in `most` */
    VEC(struct cost_steps) most;
    uint32_t base;  /* note [base] of the ABI: rules below the node at hand count from it */
    uint32_t nkeys; /* tables above the node at hand */
    struct slice keys[COST_KEYS_SHOWN];
};

static const void *in_tables(const struct walk *w, uint32_t off)
{
    return w->t.p + off;
}

static uint64_t total(const struct cost_steps *s)
{
    return s->probes + s->tests + s->patterns + s->code;
}

static void add(struct cost_steps *to, const struct cost_steps *s)
{
    to->probes += s->probes;
    to->tests += s->tests;
    to->patterns += s->patterns;
    to->code += s->code;
}

/* ---- rows -------------------------------------------------------------------------------------- */

static struct cost_steps steps_of(const struct weir_atom *v, uint32_t n)
{
    struct cost_steps s = {.tests = n};
    for (uint32_t i = 0; i < n; i++) {
        s.patterns += v[i].op == WEIR_ATOM_LIKE || v[i].op == WEIR_ATOM_MATCHES;
        s.code += v[i].op == WEIR_ATOM_GLUE;
    }
    return s;
}

static void note_row(struct walk *w, uint32_t rule, const struct cost_steps *s)
{
    struct cost_place *p = &w->d->places[rule];
    p->rows++;
    p->loose += w->nkeys == 0;
    if (total(s) > total(&p->left))
        p->left = *s;
    if (w->nkeys == 0 || p->nkeys)
        return;
    p->nkeys = w->nkeys;
    memcpy(p->keys, w->keys, sizeof p->keys);
}

/* A filter is a test, and says what some of the atoms would have said. */
static struct cost_steps walk_run(struct walk *w, uint32_t off)
{
    struct cost_steps all = {0};
    for (bool more = true; more;) {
        const struct weir_rows *rows = in_tables(w, off);
        uint32_t n = rows->count;
        const uint32_t *rule = in_tables(w, off + 4 + 8 * n);
        const uint16_t *atoms = (const void *)(rule + n);
        const uint8_t *from = (const uint8_t *)(atoms + n + 1);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t natoms = (uint32_t)(atoms[i + 1] - atoms[i]) * 4 / (uint32_t)sizeof(struct weir_atom);
            struct cost_steps s = steps_of(in_tables(w, off + 4 * (uint32_t)atoms[i]), natoms);
            s.tests += from[i] != WEIR_FILTER_NONE;
            note_row(w, w->base + rule[i], &s);
            add(&all, &s);
        }
        more = rows->more;
        off += 4 * (uint32_t)atoms[n];
    }
    return all;
}

/* ---- key tables -------------------------------------------------------------------------------- */

static struct slice key_text(struct walk *w, uint32_t slot, uint32_t probe)
{
    static const char *const fixed[] = {"host", "path", "req.method", "req.uri", "req.raw-path", "req.version"};
    static const char *const kind[] = {"req.header", "req.query", "req.cookie", "req.headers"};
    static const char *const way[] = {"", " by segments", " by prefixes", " by suffixes", "", "", " by parts", " by ranges", " by patterns"};
    const struct weir_slot *slots = in_tables(w, ((const struct weir_tables *)in_tables(w, 0))->slots.off);
    if (slot >= WEIR_SUBJECT_RANDOM)
        return slot == WEIR_SUBJECT_IP ? SLICE("client.ip") : SLICE("random");
    if (slot < WEIR_SLOT_FIXED)
        return arena_printf(w->a, "%s%s", fixed[slot], way[probe]);
    const struct weir_slot *s = &slots[slot - WEIR_SLOT_FIXED];
    if (s->kind == WEIR_SLOT_ID)
        return SLICE("req.id");
    return arena_printf(w->a, "%s[\"%.*s\"]%s", kind[s->kind], (int)s->name.len, w->t.p + s->name.off, way[probe]);
}

/* Keys of the table that one subject can match, which is also how often it is probed. */
static uint32_t probes_of(const struct weir_table *t)
{
    uint32_t lengths = (uint32_t)__builtin_popcount(t->len_bits[0]) + (uint32_t)__builtin_popcount(t->len_bits[1]);
    switch ((enum weir_probe)t->probe) {
    case WEIR_PROBE_EXACT:
        return 1;
    case WEIR_PROBE_SEGMENTS:
        /* Lengths from 63 on share a bit. */
        return t->len_bits[1] >> 31 ? t->count : lengths;
    case WEIR_PROBE_HOST:
        return t->len_bits[1] >> 31 ? t->count : 1 + 2 * lengths;
    case WEIR_PROBE_PREFIX:
    case WEIR_PROBE_SUFFIX:
    case WEIR_PROBE_CIDR:
        return t->lens.count;
    case WEIR_PROBE_RANGE: /* a search by halves */
        return t->count < 2 ? 1 : 32u - (uint32_t)__builtin_clz(t->count - 1);
    case WEIR_PROBE_FIRST: /* one after the other */
    case WEIR_PROBE_INFIX:
        break; /* at each place of the subject: all keys may be in it */
    }
    return t->count;
}

/* The dearest nodes of a table's keys, as many as can match at once. */
struct dearest {
    struct cost_steps v[MATCHES_MAX];
    uint32_t n, max;
};

static void keep_dearest(struct dearest *d, const struct cost_steps *s)
{
    uint32_t i = d->n;
    if (d->n == d->max && (d->n == 0 || total(&d->v[--i]) >= total(s)))
        return;
    for (; i > 0 && total(&d->v[i - 1]) < total(s); i--)
        d->v[i] = d->v[i - 1];
    d->v[i] = *s;
    d->n += d->n < d->max;
}

static struct cost_steps walk_node(struct walk *w, uint32_t node);

static void walk_record(struct walk *w, const struct weir_record *r, struct dearest *d)
{
    const struct weir_lead *lead = table_lead(r);
    uint32_t base = w->base;
    w->base = base + lead->base;
    struct cost_steps s = walk_node(w, r->value);
    w->base = base;
    keep_dearest(d, &s);
    /* "**" before the suffix of "*" is in no bucket; other parents are. */
    const struct weir_record *parent = lead->parent ? in_tables(w, lead->parent) : NULL;
    if (parent && table_record_form(r) == 1 && table_record_form(parent) == 2 &&
        table_record_len(parent) == table_record_len(r))
        walk_record(w, parent, d);
}

static struct cost_steps walk_keys(struct walk *w, const struct weir_group *g)
{
    const struct weir_table *t = in_tables(w, g->at);
    const struct weir_bucket *buckets = in_tables(w, t->slots);
    uint32_t probes = probes_of(t), above = w->nkeys++;
    struct cost_steps most = {.probes = probes};
    struct dearest d = {.max = probes < t->count ? probes : t->count};
    uint64_t times = d.max > MATCHES_MAX ? (d.max + MATCHES_MAX - 1) / MATCHES_MAX : 1;
    d.max = d.max > MATCHES_MAX ? MATCHES_MAX : d.max;
    w->d->tables++;
    if (above < COST_KEYS_SHOWN)
        w->keys[above] = key_text(w, g->slot, t->probe);
    for (uint64_t i = 0; i < (uint64_t)t->buckets * WEIR_BUCKET; i++)
        if (buckets[i / WEIR_BUCKET].tag[i % WEIR_BUCKET])
            walk_record(w, in_tables(w, buckets[i / WEIR_BUCKET].record[i % WEIR_BUCKET]), &d);
    for (uint64_t k = 0; k < times; k++)
        for (uint32_t i = 0; i < d.n; i++)
            add(&most, &d.v[i]);
    w->nkeys = above;
    return most;
}

/* One of the states decides. */
static struct cost_steps walk_union(struct walk *w, const struct weir_group *g)
{
    const struct weir_union *u = in_tables(w, g->at);
    const struct weir_automaton *m = in_tables(w, u->automaton);
    const struct weir_choice *c = in_tables(w, u->choices);
    uint32_t above = w->nkeys++, base = w->base;
    struct cost_steps most = {.probes = 1};
    struct dearest d = {.max = 1};
    w->d->tables++;
    if (above < COST_KEYS_SHOWN)
        w->keys[above] = key_text(w, g->slot, WEIR_PROBE_FIRST);
    for (uint32_t i = 0; i < m->size; i++)
        if (c[i].node) {
            w->base = base + c[i].base;
            struct cost_steps s = walk_node(w, c[i].node);
            keep_dearest(&d, &s);
        }
    w->base = base;
    if (d.n)
        add(&most, &d.v[0]);
    w->nkeys = above;
    return most;
}

static struct cost_steps walk_groups(struct walk *w, uint32_t node)
{
    struct cost_steps all = {0};
    for (const struct weir_group *g; node; node = g->next) {
        g = in_tables(w, node);
        struct cost_steps s = g->kind == WEIR_GROUP_ROWS    ? walk_run(w, g->at)
                              : g->kind == WEIR_GROUP_UNION ? walk_union(w, g)
                                                            : walk_keys(w, g);
        add(&all, &s);
    }
    return all;
}

/* Nodes are shared between keys: each is read once, for rules that count from one base. */
static struct cost_steps walk_node(struct walk *w, uint32_t node)
{
    uint32_t id[2] = {node, w->base};
    struct slice key = {(const char *)id, sizeof id};
    const uint32_t *known = strmap_get(&w->known, key);
    if (known)
        return w->most.v[*known];
    struct cost_steps s = node & 1 ? walk_run(w, node & ~1u) : walk_groups(w, node);
    strmap_put(&w->known, w->a, arena_copy(w->a, key), w->most.n, NULL);
    vec_add(w->a, &w->most, s);
    return s;
}

void cost_walk(struct arena *a, struct slice tables, uint32_t index, cost_decisions *out)
{
    const struct weir_tables *head = (const void *)tables.p;
    const struct weir_frontend *f = (const struct weir_frontend *)(const void *)(tables.p + head->frontends.off) + index;
    const struct weir_step *v = (const void *)(tables.p + f->steps.off);
    for (uint32_t i = 0; i < f->steps.count; i++) {
        struct cost_decision *d = vec_push(a, out);
        *d = (struct cost_decision){.phase = v[i].phase, .first = v[i].first, .nrules = v[i].rules, .always = v[i].node == 0};
        d->places = arena_array(a, struct cost_place, v[i].rules);
        struct walk w = {.a = a, .t = tables, .d = d};
        if (v[i].node)
            d->most = walk_node(&w, v[i].node);
    }
}
