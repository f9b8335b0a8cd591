/* Looking keys up in the tables of a plan: the one place that knows hashing and probing. Inlined, because
 * this is what a decision spends its time on. Tables were verified at load (route_tables_verify), so no
 * range is checked here. Knows the ABI and base alone. */
#ifndef WEIR_TABLE_H
#define WEIR_TABLE_H

#include "runtime/abi.h"
#include "runtime/base/hash.h"
#include "runtime/base/ip.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline const void *table_at(const uint8_t *tables, uint32_t off)
{
    return tables + off;
}

static inline const uint8_t *table_record_key(const struct weir_record *r)
{
    return (const uint8_t *)(r + 1);
}

static inline uint32_t table_record_len(const struct weir_record *r)
{
    return r->len_form >> 2;
}

static inline uint32_t table_record_form(const struct weir_record *r)
{
    return r->len_form & 3;
}

/* Of records that have one; see struct weir_record. */
static inline const struct weir_lead *table_lead(const struct weir_record *r)
{
    return (const struct weir_lead *)(const void *)r - 1;
}

/* Whether `n` bytes are equal. Keys are short: for them the way to the C library and back is most of the time. */
static inline bool table_same(const void *x, const void *y, uint32_t n)
{
    const uint8_t *a = x, *b = y;
    uint64_t p, q, r, s;
    uint32_t h, i, j, k;
    if (n >= 8) {
        for (uint32_t at = 0; at < n - 8; at += 8) {
            memcpy(&p, a + at, 8);
            memcpy(&q, b + at, 8);
            if (p != q)
                return false;
        }
        memcpy(&r, a + n - 8, 8);
        memcpy(&s, b + n - 8, 8);
        return r == s;
    }
    if (n >= 4) {
        memcpy(&h, a, 4);
        memcpy(&i, b, 4);
        memcpy(&j, a + n - 4, 4);
        memcpy(&k, b + n - 4, 4);
        return ((h ^ i) | (j ^ k)) == 0;
    }
    return n == 0 || ((a[0] ^ b[0]) | (a[n / 2] ^ b[n / 2]) | (a[n - 1] ^ b[n - 1])) == 0;
}

static inline uint16_t table_tag(uint64_t hash)
{
    uint16_t tag = (uint16_t)(hash >> 48);
    return tag ? tag : 1;
}

static inline uint32_t table_bucket(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)((hash & 0xffffffff) * buckets >> 32);
}

/* The places of a bucket that have `tag`, as bits. */
static inline uint32_t table_places(const struct weir_bucket *b, uint16_t tag)
{
#ifdef __SSE2__
    __m128i same = _mm_cmpeq_epi16(_mm_loadu_si128((const void *)b->tag), _mm_set1_epi16((short)tag));
    uint32_t places = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
    return places | (uint32_t)(b->tag[8] == tag) << 8 | (uint32_t)(b->tag[9] == tag) << 9;
#else
    uint32_t places = 0;
    for (uint32_t i = 0; i < WEIR_BUCKET; i++)
        places |= (uint32_t)(b->tag[i] == tag) << i;
    return places;
#endif
}

/* The record of one key with its hash, or NULL. `suffix`: of a "*" or "**" before it. */
static inline const struct weir_record *table_probe_hashed(const uint8_t *tables, const struct weir_table *t, const void *key,
                                                           uint32_t len, bool suffix, uint64_t hash)
{
    const struct weir_bucket *buckets = table_at(tables, t->slots);
    for (uint32_t i = table_bucket(hash, t->buckets);; i = i + 1 < t->buckets ? i + 1 : 0) {
        for (uint32_t places = table_places(&buckets[i], table_tag(hash)); places; places &= places - 1) {
            const struct weir_record *r = table_at(tables, buckets[i].record[__builtin_ctz(places)]);
            if (table_record_len(r) == len && (table_record_form(r) != 0) == suffix && table_same(table_record_key(r), key, len))
                return r;
        }
        if (!buckets[i].more)
            return NULL;
    }
}

static inline const struct weir_record *table_probe(const uint8_t *tables, const struct weir_table *t, const void *key,
                                                    uint32_t len, bool suffix)
{
    return table_probe_hashed(tables, t, key, len, suffix, hash_bytes(key, len, 0));
}

static inline bool table_has_len(const struct weir_table *t, uint32_t len)
{
    return len < 63 ? t->len_bits[len >> 5] >> (len & 31) & 1 : t->len_bits[1] >> 31;
}

/* Told of a matching record; returns true to stop the walk. */
typedef bool table_visit_fn(void *ctx, const struct weir_record *r);

#define TABLE_WALK static inline __attribute__((always_inline)) bool

/* The best match of a HOST table, which leads to the others (note [parents]). "*.x.com" wants one label before the suffix,
 * which is so at the first dot alone; "**.x.com" any text but none. `hash`: of `s`. */
static inline const struct weir_record *table_host(const uint8_t *tables, const struct weir_table *t, struct weir_str s,
                                                   uint64_t hash)
{
    const struct weir_record *r = table_probe_hashed(tables, t, s.p, s.len, false, hash);
    const char *end = s.p + s.len, *first = r ? NULL : memchr(s.p, '.', s.len);
    for (const char *dot = first; dot; dot = memchr(dot + 1, '.', (size_t)(end - dot - 1))) {
        uint32_t len = (uint32_t)(end - dot);
        if (dot == s.p || !table_has_len(t, len) || !(r = table_probe(tables, t, dot, len, true)))
            continue;
        if (dot != first && table_record_form(r) == 1)
            r = table_lead(r)->parent ? table_at(tables, table_lead(r)->parent) : NULL;
        break;
    }
    return r;
}

TABLE_WALK table_walk_host(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                           void *ctx, uint64_t hash)
{
    const struct weir_record *r = table_host(tables, t, s, hash);
    while (r) {
        if (visit(ctx, r))
            return true;
        r = table_lead(r)->parent ? table_at(tables, table_lead(r)->parent) : NULL;
    }
    return false;
}

/* The places of "/" in the first 64 bytes, as bits, and the end of a shorter text. */
static inline uint64_t table_cuts(struct weir_str s)
{
    uint32_t n = s.len < 64 ? s.len : 64, i = 0;
    uint64_t cuts = s.len < 64 ? 1ull << s.len : 0;
#ifdef __SSE2__
    const __m128i slash = _mm_set1_epi8('/');
    for (; i + 16 <= n; i += 16)
        cuts |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const void *)(s.p + i)), slash)) << i;
    if (n >= 16 && i < n) {
        i = n - 16;
        cuts |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const void *)(s.p + i)), slash)) << i;
        i = n;
    }
#endif
    for (; i < n; i++)
        cuts |= (uint64_t)(s.p[i] == '/') << i;
    return cuts;
}

/* Keys end in no "/" but for "/" itself, which is above everything that begins with it. Only of the cuts at which keys of such
 * a length end, one is looked up. */
TABLE_WALK table_walk_segments(const uint8_t *tables, const struct weir_table *t, struct weir_str s,
                               table_visit_fn *visit, void *ctx)
{
    const struct weir_record *r;
    uint32_t n = s.len;
    for (; n >= 63 && table_has_len(t, 63); n--)
        if ((n == s.len || s.p[n] == '/') && (r = table_probe(tables, t, s.p, n, false)) && visit(ctx, r))
            return true;
    uint64_t lens = ((uint64_t)t->len_bits[1] << 32 | t->len_bits[0]) & ~(1ull << 63 | 1);
    for (uint64_t cuts = table_cuts(s) & lens; cuts; cuts ^= 1ull << n) {
        n = 63u - (uint32_t)__builtin_clzll(cuts);
        if ((r = table_probe(tables, t, s.p, n, false)) && visit(ctx, r))
            return true;
    }
    if (s.len > 1 && s.p[0] == '/' && s.p[1] != '/' && table_has_len(t, 1) && (r = table_probe(tables, t, s.p, 1, false)))
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
        const struct weir_record *r = table_probe(tables, t, p, lens[i], false);
        if (r && visit(ctx, r))
            return true;
    }
    return false;
}

/* The first `bits` bits of an address, as the two numbers that its halves are. */
struct table_prefix {
    uint64_t high, low;
    uint32_t bits;
};

static inline struct table_prefix table_prefix(const uint8_t addr[16], uint32_t bits)
{
    struct table_prefix p = {.bits = bits};
    memcpy(&p.high, addr, 8);
    memcpy(&p.low, addr + 8, 8);
    p.high = __builtin_bswap64(p.high);
    p.low = __builtin_bswap64(p.low);
    p.low = bits <= 64 ? 0 : p.low & ~0ull << (128 - bits);
    p.high = bits == 0 ? 0 : bits < 64 ? p.high & ~0ull << (64 - bits) : p.high;
    return p;
}

/* Prefixes of many lengths are asked for, so their hash is a short one (after MurmurHash3's last steps). */
static inline uint64_t table_prefix_hash(const struct table_prefix *p)
{
    uint64_t x = (p->low ^ p->high * 0xff51afd7ed558ccdu) + p->bits * WEIR_BLOOM_FACTOR;
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 29) * 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 32;
}

static inline bool table_in_bloom(const uint8_t *tables, const struct weir_table *t, uint64_t hash)
{
    uint64_t bit = hash >> (64 - t->bloom_bits);
    return tables[t->bloom + (bit >> 3)] >> (bit & 7) & 1;
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
        struct table_prefix p = table_prefix(whole.b, lens[i]);
        uint64_t hash = table_prefix_hash(&p), high = __builtin_bswap64(p.high), low = __builtin_bswap64(p.low);
        if (!table_in_bloom(tables, t, hash))
            continue;
        uint8_t key[17] = {(uint8_t)lens[i]};
        memcpy(key + 1, &high, sizeof high);
        memcpy(key + 9, &low, sizeof low);
        const struct weir_record *r = table_probe_hashed(tables, t, key, sizeof key, false, hash);
        if (r && visit(ctx, r))
            return true;
    }
    return false;
}

/* The record of the range that holds the number, whose 8 bytes are `s`; of the first pattern that matches. Or NULL. */
const struct weir_record *table_range(const uint8_t *tables, const struct weir_table *t, struct weir_str s);
const struct weir_record *table_first(const uint8_t *tables, const struct weir_table *t, struct weir_str s);
enum { TABLE_INFIX_SEEN = 128 };

/* The first records that an INFIX walk came upon. */
struct table_seen {
    uint32_t n;
    const struct weir_record *v[TABLE_INFIX_SEEN];
};

static inline bool table_seen_before(const struct table_seen *seen, const struct weir_record *r)
{
    for (uint32_t i = 0; i < seen->n; i++)
        if (seen->v[i] == r)
            return true;
    return false;
}

/* The `n` bytes at `i` as an integer, of a subject of 8 bytes at least. */
static inline uint64_t table_window(struct weir_str s, uint32_t i, uint32_t n)
{
    uint64_t x;
    uint32_t back = i + 8 > s.len ? i + 8 - s.len : 0;
    memcpy(&x, s.p + i - back, sizeof x);
    x >>= 8 * back;
    return n == 8 ? x : x & ((1ull << 8 * n) - 1);
}

/* Every record, matching or not: the tests below them say so anyway. */
TABLE_WALK table_walk_all(const uint8_t *tables, const struct weir_table *t, table_visit_fn *visit, void *ctx)
{
    const struct weir_bucket *b = table_at(tables, t->slots);
    for (uint32_t i = 0; i < t->buckets; i++)
        for (uint32_t k = 0; k < WEIR_BUCKET; k++)
            if (b[i].tag[k] && visit(ctx, table_at(tables, b[i].record[k])))
                return true;
    return false;
}

/* Looks at every place of the subject. What a subject of many repetitions costs is bounded: no record is visited more than
 * twice. */
TABLE_WALK table_walk_infix(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                            void *ctx)
{
    struct table_seen seen = {.n = 0};
    const uint32_t *lens = table_at(tables, t->lens.off);
    char few[8] = {0};
    uint32_t len = s.len;
    if (len < 8) {
        memcpy(few, s.p, len);
        s = (struct weir_str){few, 8};
    }
    for (uint32_t k = 0; k < t->lens.count; k++)
        for (uint32_t i = 0; i + lens[k] <= len; i++) {
            if (!table_in_bloom(tables, t, table_window(s, i, lens[k]) * WEIR_BLOOM_FACTOR))
                continue;
            const struct weir_record *r = table_probe(tables, t, s.p + i, lens[k], false);
            if (!r || table_seen_before(&seen, r))
                continue;
            if (seen.n == TABLE_INFIX_SEEN)
                return table_walk_all(tables, t, visit, ctx);
            seen.v[seen.n++] = r;
            if (visit(ctx, r))
                return true;
        }
    return false;
}

/* Visits every record whose key matches `s`, the best first (key_kinds.def). A CIDR table takes the 16 bytes of an
 * address, or the 17 of a network, which is matched by the networks that it lies in. Returns true where the visitor stopped
 * it. `s` is present. `known`: the hash of `s` where the caller has it, or NULL. */
TABLE_WALK table_walk(const uint8_t *tables, const struct weir_table *t, struct weir_str s, table_visit_fn *visit,
                      void *ctx, const uint64_t *known)
{
    switch ((enum weir_probe)t->probe) {
    case WEIR_PROBE_EXACT: {
        uint64_t hash = known ? *known : hash_bytes(s.p, s.len, 0);
        const struct weir_record *r = table_probe_hashed(tables, t, s.p, s.len, false, hash);
        return r && visit(ctx, r);
    }
    case WEIR_PROBE_HOST:
        return table_walk_host(tables, t, s, visit, ctx, known ? *known : hash_bytes(s.p, s.len, 0));
    case WEIR_PROBE_SEGMENTS:
        return table_walk_segments(tables, t, s, visit, ctx);
    case WEIR_PROBE_PREFIX:
    case WEIR_PROBE_SUFFIX:
        return table_walk_lens(tables, t, s, visit, ctx);
    case WEIR_PROBE_CIDR:
        return table_walk_cidr(tables, t, s, visit, ctx);
    case WEIR_PROBE_RANGE:
    case WEIR_PROBE_FIRST: {
        const struct weir_record *r = t->probe == WEIR_PROBE_RANGE ? table_range(tables, t, s) : table_first(tables, t, s);
        return r && visit(ctx, r);
    }
    case WEIR_PROBE_INFIX:
        return table_walk_infix(tables, t, s, visit, ctx);
    }
    return false;
}

/* The best match, or NULL; the table's fallback is not considered. */
const struct weir_record *table_find(const uint8_t *tables, uint32_t table, struct weir_str s);

#endif
