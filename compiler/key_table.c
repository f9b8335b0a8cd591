/* The writer of key_table.h: the other side of runtime/table.h. */
#include "compiler/key_table.h"

#include "runtime/base/hash.h"
#include "runtime/table.h"

enum weir_probe key_table_probe(enum ir_key_kind kind)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_INT:
        return WEIR_PROBE_EXACT;
    case IR_KEY_HOST_PATTERN:
        return WEIR_PROBE_HOST;
    case IR_KEY_PATH:
        return WEIR_PROBE_SEGMENTS;
    case IR_KEY_PREFIX:
        return WEIR_PROBE_PREFIX;
    case IR_KEY_SUFFIX:
        return WEIR_PROBE_SUFFIX;
    case IR_KEY_CIDR:
        return WEIR_PROBE_CIDR;
    case IR_KEY_RANGE:
        return WEIR_PROBE_RANGE;
    case IR_KEY_REGEX:
        return WEIR_PROBE_FIRST;
    }
    return WEIR_PROBE_EXACT;
}

bool key_table_is_hashed(enum ir_key_kind kind)
{
    return kind != IR_KEY_RANGE && kind != IR_KEY_REGEX;
}

static struct table_key int_key(struct arena *a, int64_t n)
{
    uint8_t *p = arena_alloc(a, 8);
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)((uint64_t)n >> (8 * i));
    return (struct table_key){{(const char *)p, 8}, 0};
}

static struct table_key cidr_key(struct arena *a, const struct ip_prefix *c)
{
    struct ip_addr addr = c->addr;
    ip_mask(&addr, c->bits);
    uint8_t *p = arena_alloc(a, 17);
    p[0] = c->bits;
    memcpy(p + 1, addr.b, sizeof addr.b);
    return (struct table_key){{(const char *)p, 17}, 0};
}

/* "*.x.com" and "**.x.com" are kept from the dot on. */
static struct table_key host_key(struct slice s)
{
    if (slice_starts(s, SLICE("**.")))
        return (struct table_key){slice_from(s, 2), 2};
    if (slice_starts(s, SLICE("*.")))
        return (struct table_key){slice_from(s, 1), 1};
    return (struct table_key){s, 0};
}

struct table_key key_table_key(struct arena *a, enum ir_key_kind kind, const struct ir_key *k)
{
    if (kind == IR_KEY_INT)
        return int_key(a, k->num);
    if (kind == IR_KEY_CIDR)
        return cidr_key(a, &k->cidr);
    if (kind == IR_KEY_HOST_PATTERN)
        return host_key(k->str);
    if (kind == IR_KEY_RANGE) /* is in no hashed table, but tells conditions apart */
        return (struct table_key){{(const char *)&k->range, sizeof k->range}, 0};
    return (struct table_key){k->str, 0};
}

void key_table_begin(struct key_table *t, struct arena *a, enum weir_probe probe, uint32_t n)
{
    uint32_t slots = 4;
    while (slots / 4 * 3 < n)
        slots *= 2;
    *t = (struct key_table){.a = a, .probe = probe, .mask = slots - 1};
    t->slots = arena_array(a, struct key_slot, slots);
    t->entries.v = arena_alloc(a, sizeof *t->entries.v * (n ? n : 1));
    t->entries.cap = n ? n : 1;
}

/* The slot of an equal key, or the empty one where it would be. */
static struct key_slot *slot_of(const struct key_table *t, struct table_key key, uint32_t *tag)
{
    uint64_t hash = hash_bytes(key.bytes.p, key.bytes.len, key.form);
    uint32_t i = (uint32_t)hash & t->mask;
    *tag = (uint32_t)(hash >> 32);
    for (; t->slots[i].entry; i = (i + 1) & t->mask) {
        if (t->slots[i].tag != *tag)
            continue;
        const struct key_entry *e = &t->entries.v[t->slots[i].entry - 1];
        if (e->key.form == key.form && slice_eq(e->key.bytes, key.bytes))
            break;
    }
    return &t->slots[i];
}

uint32_t key_table_add(struct key_table *t, struct table_key key, bool *added)
{
    uint32_t tag;
    struct key_slot *slot = slot_of(t, key, &tag);
    *added = slot->entry == 0;
    if (!*added)
        return slot->entry - 1;
    *slot = (struct key_slot){tag, t->entries.n + 1};
    vec_push(t->a, &t->entries)->key = key;
    return t->entries.n - 1;
}

static uint32_t len_of(const struct key_table *t, const struct key_entry *e)
{
    return t->probe == WEIR_PROBE_CIDR ? (uint8_t)e->key.bytes.p[0] : (uint32_t)e->key.bytes.len;
}

/* The different lengths of keys, longest first. */
static struct weir_span write_lens(const struct key_table *t, struct blob *b)
{
    uint32_t longest = 0, n = 0;
    for (uint32_t i = 0; i < t->entries.n; i++)
        if (len_of(t, &t->entries.v[i]) > longest)
            longest = len_of(t, &t->entries.v[i]);
    uint8_t *has = arena_zalloc(t->a, longest + 1);
    for (uint32_t i = 0; i < t->entries.n; i++)
        has[len_of(t, &t->entries.v[i])] = 1;
    uint32_t off = blob_add(b, NULL, 0, 4);
    for (uint32_t len = longest + 1; len-- > 0;) {
        if (!has[len])
            continue;
        blob_add(b, &len, sizeof len, 4);
        n++;
    }
    return (struct weir_span){off, n};
}

static void set_len_bits(const struct key_table *t, struct weir_table *head)
{
    for (uint32_t i = 0; i < t->entries.n; i++) {
        const struct table_key *k = &t->entries.v[i].key;
        uint32_t bit = k->bytes.len < 63 ? (uint32_t)k->bytes.len : 63;
        if (t->probe == WEIR_PROBE_SEGMENTS || k->form)
            head->len_bits[bit >> 5] |= 1u << (bit & 31);
    }
}

/* What finds the key's bucket. */
static uint64_t bucket_hash(const struct key_table *t, struct slice key)
{
    if (t->probe != WEIR_PROBE_CIDR)
        return hash_bytes(key.p, key.len, 0);
    struct table_prefix p = table_prefix((const uint8_t *)key.p + 1, (uint8_t)key.p[0]);
    return table_prefix_hash(&p);
}

static uint64_t bloom_hash(const struct key_table *t, struct slice key)
{
    uint64_t window = 0;
    if (t->probe == WEIR_PROBE_CIDR)
        return bucket_hash(t, key);
    memcpy(&window, key.p, key.len);
    return window * WEIR_BLOOM_FACTOR;
}

static bool has_bloom(const struct key_table *t)
{
    return t->probe == WEIR_PROBE_CIDR || t->probe == WEIR_PROBE_INFIX;
}

/* See struct weir_table. */
static void write_bloom(const struct key_table *t, struct blob *b, struct weir_table *head)
{
    uint32_t bits = 9;
    while (bits < 24 && 1u << bits < 16 * t->entries.n)
        bits++;
    uint8_t *set = arena_zalloc(t->a, (size_t)1 << (bits - 3));
    for (uint32_t i = 0; i < t->entries.n; i++) {
        uint64_t bit = bloom_hash(t, t->entries.v[i].key.bytes) >> (64 - bits);
        set[bit >> 3] |= (uint8_t)(1u << (bit & 7));
    }
    head->bloom = blob_add(b, set, (size_t)1 << (bits - 3), 4);
    head->bloom_bits = bits;
}

uint32_t key_table_write_head(struct key_table *t, struct blob *b, enum weir_table_use use)
{
    struct weir_table head = {.probe = (uint16_t)t->probe, .use = (uint16_t)use, .count = t->entries.n};
    t->use = use;
    if (t->probe == WEIR_PROBE_PREFIX || t->probe == WEIR_PROBE_SUFFIX || t->probe == WEIR_PROBE_CIDR ||
        t->probe == WEIR_PROBE_INFIX)
        head.lens = write_lens(t, b);
    if (has_bloom(t))
        write_bloom(t, b, &head);
    set_len_bits(t, &head);
    return blob_add(b, &head, sizeof head, 4);
}

uint32_t key_table_write_record(struct key_table *t, struct blob *b, uint32_t i, uint32_t value, uint32_t base)
{
    struct key_entry *e = &t->entries.v[i];
    struct weir_lead lead = {.base = base};
    struct weir_record r = {value, (uint32_t)e->key.bytes.len << 2 | e->key.form};
    if (t->use == WEIR_TABLE_NODES || t->probe == WEIR_PROBE_HOST)
        blob_add(b, &lead, sizeof lead, 4);
    e->record = blob_add(b, &r, sizeof r, 4);
    blob_add(b, e->key.bytes.p, e->key.bytes.len, 1);
    return e->record;
}

/* ---- parents ----------------------------------------------------------------------------------- */

static const struct key_entry *find(const struct key_table *t, struct slice bytes, uint32_t form)
{
    uint32_t tag;
    const struct key_slot *slot = slot_of(t, (struct table_key){bytes, form}, &tag);
    return slot->entry ? &t->entries.v[slot->entry - 1] : NULL;
}

/* The next best match of whatever `e` matches: the order of table_host(). */
static const struct key_entry *parent_of(const struct key_table *t, const struct key_entry *e)
{
    struct slice s = e->key.bytes;
    const struct key_entry *p = e->key.form == 1 ? find(t, s, 2) : NULL;
    bool first = e->key.form == 0;
    for (size_t i = 0; !p && i < s.len; i++) {
        if (s.p[i] != '.')
            continue;
        if (i > 0 && first)
            p = find(t, slice_from(s, i), 1);
        if (i > 0 && !p)
            p = find(t, slice_from(s, i), 2);
        first = false;
    }
    return p;
}

/* False where patterns nest deeper than a plan may have them. */
static bool write_parents(const struct key_table *t, struct blob *b)
{
    for (uint32_t i = 0; i < t->entries.n; i++) {
        const struct key_entry *e = &t->entries.v[i], *p = parent_of(t, e);
        if (p)
            ((struct weir_lead *)blob_at(b, e->record))[-1].parent = p->record;
        /* A chain of so many has a key of twice as many bytes. */
        for (uint32_t n = 0; p && e->key.bytes.len > 2 * WEIR_PARENTS_MAX; n++, p = parent_of(t, p))
            if (n == WEIR_PARENTS_MAX - 1)
                return false;
    }
    return true;
}

/* ---- buckets ----------------------------------------------------------------------------------- */

/* A bucket has 7.5 keys on average: about one in twelve is full. */
static uint32_t count_buckets(uint32_t keys)
{
    uint64_t n = ((uint64_t)keys * 2 + 14) / 15;
    return keys <= WEIR_BUCKET ? 1 : (uint32_t)n;
}

static void put(const struct key_table *t, struct weir_bucket *buckets, uint32_t n, const struct key_entry *e)
{
    uint64_t hash = bucket_hash(t, e->key.bytes);
    for (uint32_t i = table_bucket(hash, n);; i = i + 1 < n ? i + 1 : 0) {
        for (uint32_t k = 0; k < WEIR_BUCKET; k++)
            if (buckets[i].tag[k] == 0) {
                buckets[i].tag[k] = table_tag(hash);
                buckets[i].record[k] = e->record;
                return;
            }
        buckets[i].more = 1;
    }
}

bool key_table_finish(struct key_table *t, struct blob *b, uint32_t table)
{
    uint32_t n = count_buckets(t->entries.n);
    uint32_t slots = blob_add(b, NULL, n * sizeof(struct weir_bucket), n > 1 ? sizeof(struct weir_bucket) : 4);
    struct weir_bucket *buckets = blob_at(b, slots);
    for (uint32_t i = 0; i < t->entries.n; i++) {
        const struct key_entry *e = &t->entries.v[i];
        if (e->key.form != 2 || !find(t, e->key.bytes, 1))
            put(t, buckets, n, e);
    }
    struct weir_table *head = blob_at(b, table);
    head->buckets = n;
    head->slots = slots;
    return t->probe != WEIR_PROBE_HOST || write_parents(t, b);
}
