/* Nodes of decisions from rows.
 *
 * The rows of a node are split by what a key table can tell apart: the class of tests (a subject and a way of lookup) that
 * anchors rows under the most different keys becomes a KEYS group, each key leading to the node of its
 * rows without that test; what is left is split again, and what no class anchors becomes a run of rows that
 * are tried in order.
 *
 * note [copies]: a row that is anchored by a set of k keys is under k nodes. Equal lists of rows share one node, and
 * copies are counted: when the budget is used up, sets stay tests in their rows. */
#include "compiler/layout.h"

#include "runtime/base/hash.h"

enum {
    RUN_COST = 24,         /* rows that cost so much are a run: as fast as a lookup, and smaller */
    ANCHORED_MIN = 4,      /* fewer rows make no group */
    GROUPS_MAX = 48,       /* in a chain */
    UNIONS_MAX = 32,
    ANCHOR_KEYS_MAX = 256, /* larger sets stay tests */
    PROBES = 16,           /* rounded up from WEIR_PROBE_FIRST + 1 */
    SHARED_ROWS_MAX = 64,  /* nodes of more rows are shared only where these are the same rows */
    SKETCH_WORDS = 16,
};

/* How many rows of the node at hand a class could anchor, and a sketch of the keys: bits by hash. */
struct layout_class {
    uint32_t rows;
    uint64_t sketch[SKETCH_WORDS];
};

/* How an atom can be looked up. */
struct anchor {
    uint32_t class;
    bool implies;            /* a key that matches says that the test holds */
    const struct row_keys *keys; /* or NULL, and then: */
    struct table_key key;
};

/* ---- anchors ----------------------------------------------------------------------------------- */

static uint32_t class_of(const struct layout *l, uint32_t subject, enum weir_probe probe)
{
    if (subject == ROW_SUBJECT_IP)
        subject = ROW_SUBJECT_FIXED + l->rows->slots.n;
    return subject * PROBES + (uint32_t)probe;
}

static bool anchor_text(const struct layout *l, const struct row_atom *atom, enum weir_probe probe, struct slice text,
                        bool implies, struct anchor *out)
{
    *out = (struct anchor){.class = class_of(l, atom->subject, probe), .implies = implies, .key = {text, 0}};
    return text.len > 0;
}

/* "*.x.com" and "**.x.com" are keys of host tables. */
static bool anchor_host_glob(const struct layout *l, const struct row_atom *atom, struct anchor *out)
{
    struct slice s = atom->text;
    const char *star = memchr(s.p, '*', s.len), *last = memrchr(s.p, '*', s.len);
    struct slice tail = {last + 1, s.len - (size_t)(last + 1 - s.p)};
    if (atom->subject != ROW_SUBJECT_HOST || star != s.p || last - star > 1 || tail.len < 2 || tail.p[0] != '.')
        return false;
    anchor_text(l, atom, WEIR_PROBE_HOST, tail, true, out);
    out->key.form = (uint32_t)(last - star) + 1;
    return true;
}

/* A table tells which of many patterns can hold; whether they do, each says itself. */
static bool anchor_infix(const struct layout *l, const struct row_atom *atom, struct anchor *out)
{
    if (!atom->infix || atom->infix->n > l->copies_left + 1)
        return false;
    *out = (struct anchor){.class = class_of(l, atom->subject, WEIR_PROBE_INFIX), .keys = atom->infix};
    return true;
}

/* False where no table helps with the atom: negative tests, patterns without a fixed text, code. */
static bool anchor_of(const struct layout *l, const struct row_atom *atom, struct anchor *out)
{
    if (atom->negate)
        return false;
    switch ((enum row_test)atom->test) {
    case ROW_EQ:
        *out = (struct anchor){.class = class_of(l, atom->subject, WEIR_PROBE_EXACT), .implies = true, .key = {atom->text, 0}};
        return true;
    case ROW_UNDER:
        if (atom->text.p[atom->text.len - 1] == '/')
            return false;
        return anchor_text(l, atom, WEIR_PROBE_SEGMENTS, atom->text, true, out);
    case ROW_STARTS:
        return anchor_text(l, atom, WEIR_PROBE_PREFIX, atom->text, true, out);
    case ROW_ENDS:
        return anchor_text(l, atom, WEIR_PROBE_SUFFIX, atom->text, true, out);
    case ROW_IN:
        if (atom->keys->n > ANCHOR_KEYS_MAX || atom->keys->n > l->copies_left + 1 || !key_table_is_hashed(atom->keys->kind))
            return false;
        *out = (struct anchor){.class = class_of(l, atom->subject, key_table_probe(atom->keys->kind)), .implies = true,
                               .keys = atom->keys};
        return true;
    case ROW_LIKE:
        return anchor_host_glob(l, atom, out) || anchor_infix(l, atom, out);
    case ROW_CONTAINS:
    case ROW_MATCHES:
        return anchor_infix(l, atom, out);
    case ROW_EXISTS:
    case ROW_TLS:
    case ROW_RESIDUAL:
        return false;
    }
    return false;
}

static struct table_key anchor_key(struct layout *l, const struct anchor *x, uint32_t i)
{
    return x->keys ? key_table_key(l->a, x->keys->kind, row_key(x->keys, i)) : x->key;
}

static uint32_t anchor_nkeys(const struct anchor *x)
{
    return x->keys ? x->keys->n : 1;
}

/* A host table with patterns looks exact hosts up as well: one group does for both. */
static void join_host_classes(const struct layout *l, struct anchor *x)
{
    if (x->class == class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_EXACT) &&
        l->classes[class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_HOST)].rows > 0)
        x->class = class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_HOST);
}

/* ---- choosing a class -------------------------------------------------------------------------- */

static uint32_t sketch_size(const struct layout_class *c)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SKETCH_WORDS; i++)
        n += (uint32_t)__builtin_popcountll(c->sketch[i]);
    return n;
}

static uint64_t first_key_hash(const struct anchor *x)
{
    if (!x->keys)
        return hash_slice(x->key.bytes);
    const struct ir_key *k = row_key(x->keys, 0);
    if (x->keys->kind == IR_KEY_CIDR)
        return hash_bytes(k->cidr.addr.b, sizeof k->cidr.addr.b, k->cidr.bits);
    return hash_slice(k->str);
}

/* The number of keys from the bits that they set: m ln(m / bits clear), in sixteenths of a power of two. */
static uint32_t log_keys(const struct layout_class *c)
{
    uint32_t m = SKETCH_WORDS * 64, set = sketch_size(c), keys = 0;
    /* One more key sets a bit with probability clear / m: these are the expected numbers of keys between. */
    for (uint32_t i = 0; i < set && i < m; i++)
        keys += 16 * m / (m - i);
    keys = keys / 16 < c->rows ? keys / 16 + 1 : c->rows + 1;
    uint32_t top = 31u - (uint32_t)__builtin_clz(keys);
    return 16 * top + (uint32_t)((((uint64_t)keys << 4) >> top) & 15);
}

/* How well the class tells rows apart: how many it takes, times how often it halves them, by what a lookup costs. */
static uint64_t worth(const struct layout *l, uint32_t class)
{
    static const uint8_t percent[PROBES] = {
        [WEIR_PROBE_EXACT] = 100, [WEIR_PROBE_SEGMENTS] = 80, [WEIR_PROBE_PREFIX] = 60, [WEIR_PROBE_SUFFIX] = 60,
        [WEIR_PROBE_HOST] = 100,  [WEIR_PROBE_CIDR] = 60,     [WEIR_PROBE_INFIX] = 25};
    return (uint64_t)l->classes[class].rows * log_keys(&l->classes[class]) * percent[class % PROBES];
}

static bool better(const struct layout *l, uint32_t x, uint32_t y)
{
    uint64_t wx = worth(l, x), wy = worth(l, y);
    return wx != wy ? wx > wy : x < y;
}

/* The best class to split `in` by, or -1. */
static int64_t choose_class(struct layout *l, struct layout_items in)
{
    VEC(uint32_t) touched = {0};
    struct anchor x;
    for (uint32_t i = 0; i < in.n; i++) {
        const struct row *row = in.v[i].row;
        for (uint32_t k = 0; k < row_tests(row) && k < 64; k++) {
            if (in.v[i].tried >> k & 1 || !layout_is_implied(&in.v[i], k) || !anchor_of(l, &row->atoms[k], &x))
                continue;
            struct layout_class *c = &l->classes[x.class];
            if (c->rows++ == 0)
                vec_add(l->a, &touched, x.class);
            uint64_t h = first_key_hash(&x);
            c->sketch[h >> 6 & (SKETCH_WORDS - 1)] |= 1ull << (h & 63);
        }
    }
    int64_t best = -1;
    uint32_t host = class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_HOST);
    for (uint32_t i = 0; i < touched.n; i++) {
        uint32_t c = touched.v[i];
        if (l->classes[c].rows >= ANCHORED_MIN && (best < 0 || better(l, c, (uint32_t)best)))
            best = c;
    }
    bool patterns = l->classes[host].rows > 0;
    for (uint32_t i = 0; i < touched.n; i++)
        l->classes[touched.v[i]] = (struct layout_class){0};
    /* Left set for join_host_classes(); cleared by split(). */
    l->classes[host].rows = patterns;
    if (patterns && best == class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_EXACT))
        best = host;
    return best;
}

/* ---- splitting --------------------------------------------------------------------------------- */

struct group {
    uint32_t class, least; /* least: rule */
    struct key_table keys;
    struct layout_items *under; /* by entry of `keys` */
    bool copied;         /* some row is under several keys */
};

struct pair {
    uint32_t entry;
    struct layout_item item;
};

/* The index of the atom by which `class` anchors the row, or -1. */
static int find_anchor(const struct layout *l, const struct layout_item *item, uint32_t class, struct anchor *out)
{
    for (uint32_t k = 0; k < row_tests(item->row) && k < 64; k++) {
        if (item->tried >> k & 1 || !layout_is_implied(item, k) || !anchor_of(l, &item->row->atoms[k], out))
            continue;
        join_host_classes(l, out);
        if (out->class == class)
            return (int)k;
    }
    return -1;
}

/* Sorts the pairs by entry, keeping the order of rows: each entry gets its own run of items. */
static void gather(struct layout *l, struct group *g, const struct pair *v, uint32_t n)
{
    uint32_t entries = g->keys.entries.n;
    g->least = v[0].item.row->rule;
    g->under = arena_array(l->a, struct layout_items, entries);
    struct layout_item *all = arena_alloc(l->a, sizeof *all * n);
    for (uint32_t i = 0; i < n; i++)
        g->under[v[i].entry].n++;
    for (uint32_t e = 0, at = 0; e < entries; at += g->under[e].n, e++)
        g->under[e].v = all + at;
    for (uint32_t e = 0; e < entries; e++)
        g->under[e].n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct layout_items *u = &g->under[v[i].entry];
        u->v[u->n++] = v[i].item;
    }
}

/* Moves the rows that `class` anchors from `*in` to `g`. */
static void split(struct layout *l, struct layout_items *in, uint32_t class, struct group *g)
{
    VEC(struct pair) pairs = {0};
    struct anchor x;
    uint32_t nkeys = 0, kept = 0;
    int *atom = arena_alloc(l->a, sizeof *atom * in->n);
    for (uint32_t i = 0; i < in->n; i++) {
        atom[i] = find_anchor(l, &in->v[i], class, &x);
        if (atom[i] < 0)
            continue;
        uint32_t n = anchor_nkeys(&x);
        nkeys += n;
        l->copies_left -= n - 1;
    }
    g->class = class;
    key_table_begin(&g->keys, l->a, (enum weir_probe)(class % PROBES), nkeys);
    pairs.v = arena_alloc(l->a, sizeof *pairs.v * nkeys);
    pairs.cap = nkeys;
    struct layout_item *rest = arena_alloc(l->a, sizeof *rest * in->n);
    uint64_t copies = l->copies_left;
    l->copies_left = UINT64_MAX - 1; /* they are counted: anchor_of() must answer as it did */
    for (uint32_t i = 0; i < in->n; i++) {
        struct layout_item item = in->v[i];
        if (atom[i] < 0) {
            rest[kept++] = item;
            continue;
        }
        anchor_of(l, &item.row->atoms[atom[i]], &x);
        item.tried |= 1ull << atom[i];
        if (x.implies)
            item.gone |= 1ull << atom[i];
        for (uint32_t k = 0; k < anchor_nkeys(&x); k++) {
            bool added;
            uint32_t e = key_table_add(&g->keys, anchor_key(l, &x, k), &added);
            *vec_push(l->a, &pairs) = (struct pair){e, item};
        }
        g->copied |= anchor_nkeys(&x) > 1;
    }
    l->copies_left = copies;
    l->classes[class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_HOST)].rows = 0;
    gather(l, g, pairs.v, pairs.n);
    *in = (struct layout_items){rest, kept};
}

/* ---- writing ----------------------------------------------------------------------------------- */

static uint32_t node_of(struct layout *l, struct layout_items in, uint32_t depth, uint32_t base);

/* Drops the rows after one that always holds. */
static struct layout_items without_dead(struct layout_items in)
{
    for (uint32_t i = 0; i < in.n; i++)
        if (layout_live_atoms(&in.v[i]) == 0)
            in.n = i + 1;
    return in;
}

/* What makes two nodes equal: the rows without what led to them, counted from the first one's rule. */
static void add_id(struct layout *l, struct buf *id, struct layout_items in, uint32_t depth)
{
    uint32_t head[2] = {depth, in.n};
    buf_add(id, head, sizeof head);
    for (uint32_t i = 0; i < in.n; i++) {
        const struct row *row = in.v[i].row;
        uint32_t rule[2] = {row->rule - in.v[0].row->rule, layout_live_atoms(&in.v[i])};
        buf_add(id, rule, sizeof rule);
        for (uint32_t k = 0; k < row->natoms; k++)
            if (layout_is_live(&in.v[i], k)) {
                buf_char(id, k < 64 && in.v[i].tried >> k & 1);
                layout_add_atom_id(l, id, &row->atoms[k]);
            }
    }
}

/* The same rows at the same place. */
static void add_place_id(struct buf *id, struct layout_items in, uint32_t depth)
{
    uint32_t head[2] = {depth, 0};
    buf_add(id, head, sizeof head);
    for (uint32_t i = 0; i < in.n; i++) {
        buf_add(id, &in.v[i].row, sizeof in.v[i].row);
        buf_add(id, &in.v[i].gone, 2 * sizeof in.v[i].gone);
    }
}

/* The node of one key's rows, which count from the first one's rule: equal ones are one. */
uint32_t layout_child(struct layout *l, struct layout_items in, uint32_t depth, bool copied)
{
    in = without_dead(in);
    uint32_t base = in.v[0].row->rule;
    if (!copied && in.n > SHARED_ROWS_MAX)
        return node_of(l, in, depth, base);
    struct buf id = {0};
    if (in.n > SHARED_ROWS_MAX)
        add_place_id(&id, in, depth);
    else
        add_id(l, &id, in, depth);
    uint32_t *known = strmap_get(&l->nodes, buf_view(&id));
    uint32_t node = known ? *known : node_of(l, in, depth, base);
    if (!known)
        strmap_put(&l->nodes, l->a, arena_copy(l->a, buf_view(&id)), node, NULL);
    buf_free(&id);
    return node;
}

/* Each record is followed by its node, so that reading the key fetches it. */
static void write_keys(struct layout *l, struct group *g, uint32_t at, uint32_t depth, uint32_t base)
{
    uint32_t table = key_table_write_head(&g->keys, &l->blob, WEIR_TABLE_NODES);
    ((struct weir_group *)blob_at(&l->blob, at))->at = table;
    for (uint32_t e = 0; e < g->keys.entries.n; e++) {
        uint32_t record = key_table_write_record(&g->keys, &l->blob, e, 0, g->under[e].v[0].row->rule - base);
        uint32_t node = layout_child(l, g->under[e], depth - 1, g->copied);
        ((struct weir_record *)blob_at(&l->blob, record))->value = node;
    }
    if (!key_table_finish(&g->keys, &l->blob, table))
        l->limit = "host patterns nest more than 128 deep";
}

static uint32_t write_group(struct layout *l, struct weir_group head, uint32_t previous)
{
    uint32_t at = blob_add(&l->blob, &head, sizeof head, 4);
    if (previous)
        ((struct weir_group *)blob_at(&l->blob, previous))->next = at;
    return at;
}

struct unions {
    struct layout_union *v;
    uint32_t n;
};

/* A chain of the groups by least rule, the unions, and last the rows that no group anchors: they are tried one by one, and by then
 * the groups have said how far. */
static uint32_t write_chain(struct layout *l, struct group *groups, uint32_t n, const struct unions *unions,
                            struct layout_items rest, uint32_t depth, uint32_t base)
{
    uint32_t first = 0, previous = 0;
    for (uint32_t i = 1; i < n; i++) {
        struct group x = groups[i];
        uint32_t k = i;
        for (; k > 0 && groups[k - 1].least > x.least; k--)
            groups[k] = groups[k - 1];
        groups[k] = x;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t subject = groups[i].class / PROBES;
        if (subject == ROW_SUBJECT_FIXED + l->rows->slots.n)
            subject = ROW_SUBJECT_IP;
        struct weir_group head = {.least = groups[i].least - base, .kind = WEIR_GROUP_KEYS, .depth = (uint8_t)depth,
                                  .slot = layout_slot(subject)};
        previous = write_group(l, head, previous);
        first = first ? first : previous;
        write_keys(l, &groups[i], previous, depth, base);
    }
    for (uint32_t i = 0; i < unions->n; i++) {
        const struct layout_union *u = &unions->v[i];
        struct weir_group head = {.least = u->rows.v[0].row->rule - base, .kind = WEIR_GROUP_UNION, .depth = (uint8_t)depth,
                                  .slot = layout_slot(u->subject)};
        previous = write_group(l, head, previous);
        first = first ? first : previous;
        layout_write_union(l, u, previous, depth, base);
    }
    if (rest.n > 0) {
        struct weir_group head = {.least = rest.v[0].row->rule - base, .kind = WEIR_GROUP_ROWS, .depth = (uint8_t)depth};
        previous = write_group(l, head, previous);
        uint32_t run = layout_run(l, rest, base);
        ((struct weir_group *)blob_at(&l->blob, previous))->at = run;
    }
    return first;
}

static bool is_run(struct layout_items in)
{
    uint32_t cost = 0;
    for (uint32_t i = 0; i < in.n && cost <= RUN_COST; i++)
        cost += layout_row_cost(&in.v[i]);
    return cost <= RUN_COST;
}

static uint32_t node_of(struct layout *l, struct layout_items in, uint32_t depth, uint32_t base)
{
    in = without_dead(in);
    if (is_run(in) || depth == 0 || l->limit)
        return layout_run(l, in, base) | 1;
    struct group *groups = NULL;
    uint32_t n = 0;
    while (!is_run(in) && n < GROUPS_MAX) {
        int64_t class = choose_class(l, in);
        if (class < 0)
            break;
        if (!groups)
            groups = arena_array(l->a, struct group, GROUPS_MAX);
        split(l, &in, (uint32_t)class, &groups[n++]);
    }
    l->classes[class_of(l, ROW_SUBJECT_HOST, WEIR_PROBE_HOST)].rows = 0;
    struct unions unions = {0};
    if (!is_run(in)) {
        unions.v = arena_alloc(l->a, UNIONS_MAX * sizeof *unions.v);
        unions.n = layout_find_unions(l, &in, unions.v, UNIONS_MAX);
    }
    return n + unions.n > 0 ? write_chain(l, groups, n, &unions, in, depth, base) : layout_run(l, in, base) | 1;
}

uint32_t layout_node(struct layout *l, const struct rows_step *s)
{
    struct layout_items all = {arena_alloc(l->a, sizeof *all.v * (s->rows.n + 1)), s->rows.n};
    for (uint32_t i = 0; i < s->rows.n; i++)
        all.v[i] = (struct layout_item){.row = &s->rows.v[i]};
    if (!l->classes)
        l->classes = arena_array(l->a, struct layout_class, (ROW_SUBJECT_FIXED + l->rows->slots.n + 1) * PROBES);
    l->nodes = (struct strmap){0};
    layout_find_hints(l, s);
    layout_find_infixes(l, s);
    return node_of(l, all, WEIR_DEPTH_MAX, 0);
}
