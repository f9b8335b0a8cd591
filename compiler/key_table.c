/* The writer of key_table.h: the other side of runtime/table.h. */
#include "compiler/key_table.h"

#include "runtime/base/hash.h"

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
    return (struct table_key){k->str, 0};
}

void key_table_begin(struct key_table *t, struct arena *a, enum weir_probe probe, uint32_t n)
{
    uint32_t slots = 4;
    while (slots / 4 * 3 < n)
        slots *= 2;
    *t = (struct key_table){.a = a, .probe = probe, .mask = slots - 1};
    t->slots = arena_array(a, struct weir_table_slot, slots);
    t->entries.v = arena_alloc(a, sizeof *t->entries.v * (n ? n : 1));
    t->entries.cap = n ? n : 1;
}

uint32_t key_table_add(struct key_table *t, struct table_key key, bool *added)
{
    uint64_t hash = hash_bytes(key.bytes.p, key.bytes.len, key.form);
    uint32_t tag = (uint32_t)(hash >> 32), i = (uint32_t)hash & t->mask;
    tag += tag == 0;
    *added = false;
    for (; t->slots[i].tag; i = (i + 1) & t->mask) {
        if (t->slots[i].tag != tag)
            continue;
        const struct key_entry *e = &t->entries.v[t->slots[i].record - 1];
        if (e->key.form == key.form && slice_eq(e->key.bytes, key.bytes))
            return t->slots[i].record - 1;
    }
    *added = true;
    t->slots[i] = (struct weir_table_slot){tag, t->entries.n + 1};
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

uint32_t key_table_write_head(const struct key_table *t, struct blob *b, enum weir_table_use use)
{
    struct weir_table head = {.probe = (uint16_t)t->probe, .use = (uint16_t)use, .count = t->entries.n, .mask = t->mask};
    if (t->probe == WEIR_PROBE_PREFIX || t->probe == WEIR_PROBE_SUFFIX || t->probe == WEIR_PROBE_CIDR)
        head.lens = write_lens(t, b);
    set_len_bits(t, &head);
    uint32_t table = blob_add(b, &head, sizeof head, 8);
    uint32_t slots = blob_add(b, NULL, ((size_t)t->mask + 1) * sizeof *t->slots, 8);
    ((struct weir_table *)blob_at(b, table))->slots = slots;
    return table;
}

uint32_t key_table_write_record(struct key_table *t, struct blob *b, uint32_t i, uint32_t value)
{
    struct key_entry *e = &t->entries.v[i];
    struct weir_record r = {value, e->key.form, (uint32_t)e->key.bytes.len};
    e->record = blob_add(b, &r, sizeof r, 4);
    blob_add(b, e->key.bytes.p, e->key.bytes.len, 1);
    return e->record;
}

void key_table_finish(const struct key_table *t, struct blob *b, uint32_t table)
{
    struct weir_table_slot *out = blob_at(b, ((struct weir_table *)blob_at(b, table))->slots);
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slots[i].tag)
            out[i] = (struct weir_table_slot){t->slots[i].tag, t->entries.v[t->slots[i].record - 1].record};
}
