/* Looking keys up in the tables of a plan: the one place that knows hashing and probing. Inlined, because
 * this is what a decision spends its time on. Tables were verified at load (route_tables_verify), so no
 * range is checked here. Knows the ABI and base alone. */
#ifndef WEIR_TABLE_H
#define WEIR_TABLE_H

#include "runtime/abi.h"
#include "runtime/base/hash.h"
#include "runtime/base/ip.h"

static inline const void *table_at(const uint8_t *tables, uint32_t off)
{
    return tables + off;
}

static inline const uint8_t *table_record_key(const struct weir_record *r)
{
    return (const uint8_t *)(r + 1);
}

/* The record of one key in one form, or NULL. */
static inline const struct weir_record *table_probe(const uint8_t *tables, const struct weir_table *t, const void *key,
                                                    uint32_t len, uint32_t form)
{
    uint64_t hash = hash_bytes(key, len, t->seed + form);
    uint32_t tag = (uint32_t)(hash >> 32);
    tag += tag == 0;
    const struct weir_table_slot *slots = table_at(tables, t->slots);
    for (uint32_t i = (uint32_t)hash & t->mask; slots[i].tag != 0; i = (i + 1) & t->mask) {
        if (slots[i].tag != tag)
            continue;
        const struct weir_record *r = table_at(tables, slots[i].record);
        if (r->len == len && r->form == form && memcmp(table_record_key(r), key, len) == 0)
            return r;
    }
    return NULL;
}

static inline bool table_has_len(const struct weir_table *t, uint32_t len)
{
    return len < 63 ? t->len_bits[len >> 5] >> (len & 31) & 1 : t->len_bits[1] >> 31;
}

/* Told of a matching record; returns true to stop the walk. */
typedef bool table_visit_fn(void *ctx, const struct weir_record *r);

#define TABLE_WALK static inline __attribute__((always_inline)) bool

/* "*.x.com" wants one label before the suffix, which is so at the first dot alone; "**.x.com" any text but none. */
TABLE_WALK table_walk_host(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                           void *ctx)
{
    const struct weir_record *r = table_probe(tables, t, s.p, s.len, 0);
    if (r && visit(ctx, r))
        return true;
    bool first = true;
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.p[i] != '.')
            continue;
        if (i > 0 && table_has_len(t, s.len - i)) {
            if (first && (r = table_probe(tables, t, s.p + i, s.len - i, 1)) && visit(ctx, r))
                return true;
            if ((r = table_probe(tables, t, s.p + i, s.len - i, 2)) && visit(ctx, r))
                return true;
        }
        first = false;
    }
    return false;
}

/* Keys end in no "/" but for "/" itself, which is above everything that begins with it. */
TABLE_WALK table_walk_segments(const uint8_t *tables, const struct weir_table *t, struct weir_str s,
                               table_visit_fn *visit, void *ctx)
{
    const struct weir_record *r;
    for (uint32_t n = s.len; n > 0; n--) {
        bool cut = n == s.len || s.p[n] == '/';
        if (cut && table_has_len(t, n) && (r = table_probe(tables, t, s.p, n, 0)) && visit(ctx, r))
            return true;
    }
    if (s.len > 1 && s.p[0] == '/' && s.p[1] != '/' && table_has_len(t, 1) && (r = table_probe(tables, t, s.p, 1, 0)))
        return visit(ctx, r);
    return false;
}

/* PREFIX and SUFFIX. */
TABLE_WALK table_walk_lens(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                           void *ctx)
{
    const uint32_t *lens = table_at(tables, t->lens.off);
    for (uint32_t i = 0; i < t->lens.count; i++) {
        if (lens[i] > s.len)
            continue;
        const char *p = t->probe == WEIR_PROBE_PREFIX ? s.p : s.p + s.len - lens[i];
        const struct weir_record *r = table_probe(tables, t, p, lens[i], 0);
        if (r && visit(ctx, r))
            return true;
    }
    return false;
}

TABLE_WALK table_walk_cidr(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                           void *ctx)
{
    if (s.len != 16 && s.len != sizeof(struct weir_cidr))
        return false;
    struct ip_addr whole;
    memcpy(whole.b, s.p, sizeof whole.b);
    uint32_t most = s.len == 16 ? 128 : (uint8_t)s.p[16];
    bool v4 = ip_is_v4(&whole);
    const uint32_t *lens = table_at(tables, t->lens.off);
    for (uint32_t i = 0; i < t->lens.count; i++) {
        if (lens[i] > most)
            continue;
        if (v4 && lens[i] < 96)
            break;
        uint8_t key[17] = {(uint8_t)lens[i]};
        struct ip_addr masked = whole;
        ip_mask(&masked, lens[i]);
        memcpy(key + 1, masked.b, sizeof masked.b);
        const struct weir_record *r = table_probe(tables, t, key, sizeof key, 0);
        if (r && visit(ctx, r))
            return true;
    }
    return false;
}

/* Visits every record whose key matches `s`, the best first (key_kinds.def). A CIDR table takes the 16 bytes of an
 * address, or the 17 of a network, which is matched by the networks that it lies in. Returns true where the visitor stopped it. `s` is present. */
TABLE_WALK table_walk(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                      void *ctx)
{
    switch ((enum weir_probe)t->probe) {
    case WEIR_PROBE_EXACT: {
        const struct weir_record *r = table_probe(tables, t, s.p, s.len, 0);
        return r && visit(ctx, r);
    }
    case WEIR_PROBE_HOST:
        return table_walk_host(tables, t, s, visit, ctx);
    case WEIR_PROBE_SEGMENTS:
        return table_walk_segments(tables, t, s, visit, ctx);
    case WEIR_PROBE_PREFIX:
    case WEIR_PROBE_SUFFIX:
        return table_walk_lens(tables, t, s, visit, ctx);
    case WEIR_PROBE_CIDR:
        return table_walk_cidr(tables, t, s, visit, ctx);
    }
    return false;
}

/* The best match, or NULL; the table's fallback is not considered. */
const struct weir_record *table_find(const uint8_t *tables, uint32_t table, struct weir_str s);

#endif
