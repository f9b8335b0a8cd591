/* Walking nodes, rows and atoms; see decide.h. */
#include "runtime/decide.h"

#include "runtime/automaton.h"
#include "runtime/match.h"
#include "runtime/route.h"
#include "runtime/table.h"

static inline struct weir_str subject_of(const struct decide *d, uint32_t slot)
{
    if (slot == WEIR_SUBJECT_IP)
        return (struct weir_str){(const char *)d->facts->client_ip, sizeof d->facts->client_ip};
    if (slot == WEIR_SUBJECT_RANDOM)
        return (struct weir_str){(const char *)&d->facts->random, sizeof d->facts->random};
    return d->facts->str[slot];
}

static bool is_in(struct decide *d, const struct weir_atom *a, struct weir_str s)
{
    const struct weir_record *r = table_find(d->tables, a->a, s);
    if (!r)
        return false;
    d->found_table = a->a;
    d->found_slot = a->slot;
    d->found = r;
    return true;
}

/* EQ, UNDER, STARTS and ENDS (match.h) in one go: which of them it is, is as good as random, and a jump by it is dear. */
static inline bool text_holds(const struct weir_atom *a, struct weir_str s, struct weir_str part)
{
    bool longer = s.len > part.len;
    if (s.len < part.len || !table_same(a->op == WEIR_ATOM_ENDS ? s.p + (s.len - part.len) : s.p, part.p, part.len))
        return false;
    char next = longer ? s.p[part.len] : '/', last = part.len ? part.p[part.len - 1] : 0;
    bool boundary = (next == '/') | (last == '/');
    return ((a->op != WEIR_ATOM_EQ) | !longer) & ((a->op != WEIR_ATOM_UNDER) | boundary);
}

/* Whether the test itself holds; a test on an absent subject does not. */
static inline bool test_holds(struct decide *d, const struct weir_atom *a)
{
    if (a->op == WEIR_ATOM_TLS)
        return d->facts->tls_active;
    if (a->op == WEIR_ATOM_GLUE)
        return d->pred(&route_abi, d->facts, d->tables, a->a, a->b);
    struct weir_str s = subject_of(d, a->slot);
    struct weir_str part = {(const char *)d->tables + a->a, a->b};
    if (!s.p)
        return false;
    if (a->op <= WEIR_ATOM_ENDS)
        return text_holds(a, s, part);
    switch ((enum weir_atom_op)a->op) {
    case WEIR_ATOM_EQ:
    case WEIR_ATOM_UNDER:
    case WEIR_ATOM_STARTS:
    case WEIR_ATOM_ENDS:
        break;
    case WEIR_ATOM_CONTAINS:
        return match_contains(s, part);
    case WEIR_ATOM_LIKE:
    case WEIR_ATOM_MATCHES:
        return automaton_matches(d->tables, a->a, s);
    case WEIR_ATOM_IN:
        return is_in(d, a, s);
    case WEIR_ATOM_EXISTS:
        return true;
    case WEIR_ATOM_TLS:
    case WEIR_ATOM_GLUE:
        break;
    }
    return false;
}

/* ---- runs of rows ------------------------------------------------------------------------------ */

/* note [whole loads]: 64 bytes that begin in a page and end in it can be read, however many of them are the text; the rest is
 * masked. So texts of all short lengths are copied in one way: jumps by the length, and stores of all sizes that the loads of
 * the rows then wait for, took a sixth of a decision. A sanitizer rightly knows nothing of that. */
#if defined __SSE2__ && !defined __SANITIZE_ADDRESS__
enum { PAGE = 4096 };

static inline bool in_page(const char *p, uint32_t n)
{
    return ((uintptr_t)p & (PAGE - 1)) <= PAGE - n;
}

static inline __m128i up_to(__m128i x, uint32_t at, uint32_t len)
{
    const __m128i place = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int left = (int)len - (int)at;
    return _mm_and_si128(x, _mm_cmplt_epi8(place, _mm_set1_epi8((char)(left < 16 ? left : 16))));
}

/* The first bytes of a text of at most 64, then zeros up to 64. */
static inline bool copy_short(uint8_t *to, struct weir_str s)
{
    if (s.len > 64 || !in_page(s.p, 64))
        return false;
    for (uint32_t i = 0; i < 64; i += 16)
        _mm_storeu_si128((void *)(to + i), up_to(_mm_loadu_si128((const void *)(s.p + i)), i, s.len));
    return true;
}
#else
static inline bool copy_short(uint8_t *to, struct weir_str s)
{
    (void)to, (void)s;
    return false;
}
#endif

/* Methods are GET and POST, and seldom another. */
static inline void copy_method(uint8_t *to, struct weir_str s)
{
    uint64_t word = 0;
    uint32_t low, high;
    if (s.len - 4 <= 4) {
        memcpy(&low, s.p, 4);
        memcpy(&high, s.p + s.len - 4, 4);
        word = (uint64_t)high << 8 * (s.len - 4) | low;
    } else if (s.len == 3) {
        word = (uint64_t)(uint8_t)s.p[0] | (uint64_t)(uint8_t)s.p[1] << 8 | (uint64_t)(uint8_t)s.p[2] << 16;
    } else if (s.len) {
        memcpy(&word, s.p, s.len < 8 ? s.len : 8);
    }
    memcpy(to, &word, sizeof word);
}

/* Zeros up to the next text of the filter; in words, since the compiler's own way for this size starts slowly. */
static inline void clear(uint8_t *to, uint32_t n)
{
    static const uint64_t zero[2];
#pragma GCC unroll 8
    for (uint32_t i = 0; i < n; i += 16)
        memcpy(to + i, zero, sizeof zero);
}

static void fill_filter(struct decide *d)
{
    struct weir_str path = d->facts->str[WEIR_SLOT_PATH], method = d->facts->str[WEIR_SLOT_METHOD];
    uint32_t tail = path.len < 8 ? path.len : 8;
    clear(d->filter + 64, WEIR_FILTER_METHOD + 8 - 64);
    if (!copy_short(d->filter + WEIR_FILTER_PATH, path)) {
        clear(d->filter, 64);
        if (path.len)
            memcpy(d->filter + WEIR_FILTER_PATH, path.p, path.len < WEIR_FILTER_PATH_MAX ? path.len : WEIR_FILTER_PATH_MAX);
    }
    if (tail == 8)
        memcpy(d->filter + WEIR_FILTER_TAIL, path.p + path.len - 8, 8);
    else if (tail)
        memcpy(d->filter + WEIR_FILTER_TAIL_END - tail, path.p, tail);
    copy_method(d->filter + WEIR_FILTER_METHOD, method);
    memcpy(d->filter + WEIR_FILTER_HOST, &d->host_hash, sizeof d->host_hash);
}

/* The first group that asks for the host will look here: its bucket, or NULL. */
static const struct weir_bucket *fetch_host(const struct decide *d, uint32_t node)
{
    for (uint32_t i = 0; i < 4 && node && !(node & 1); i++) {
        const struct weir_group *g = table_at(d->tables, node);
        if (g->kind == WEIR_GROUP_KEYS && g->slot == WEIR_SLOT_HOST) {
            const struct weir_table *t = table_at(d->tables, g->at);
            const struct weir_bucket *b = (const struct weir_bucket *)table_at(d->tables, t->slots) + table_bucket(d->host_hash, t->buckets);
            __builtin_prefetch(b);
            return b;
        }
        node = g->next;
    }
    return NULL;
}

/* The host's keys are fetched from memory while the filters are filled. */
void decide_begin(struct decide *d, uint32_t node)
{
    struct weir_str host = d->facts->str[WEIR_SLOT_HOST];
    d->host_hash = host.p ? hash_bytes(host.p, host.len, 0) : 0;
    const struct weir_bucket *b = fetch_host(d, node);
    fill_filter(d);
    if (b) { /* and then the key that is mostly the one, or any */
        uint32_t places = table_places(b, table_tag(d->host_hash));
        const char *record = table_at(d->tables, b->record[__builtin_ctz(places | 1u << (WEIR_BUCKET - 1))]);
        __builtin_prefetch(record);
        __builtin_prefetch(record + 64);
    }
}

/* The parts of a block; see struct weir_rows. */
struct block {
    const uint8_t *want;
    const uint32_t *rule;
    const uint16_t *atoms;
    const uint8_t *from, *shift;
};

static inline struct block block_at(const struct weir_rows *rows)
{
    uint32_t n = rows->count;
    struct block b;
    b.want = (const uint8_t *)(rows + 1);
    b.rule = (const void *)(b.want + 8 * n);
    b.atoms = (const void *)(b.rule + n);
    b.from = (const void *)(b.atoms + n + 1);
    b.shift = b.from + n;
    return b;
}

/* The rows that the filters leave, as bits. */
static inline uint32_t candidates(const uint8_t *filter, const struct block *b, uint32_t n)
{
    uint32_t left = 0;
#pragma GCC unroll 2
    for (size_t i = n; i-- > 0;) {
        uint64_t is, want;
        memcpy(&is, filter + b->from[i], sizeof is);
        memcpy(&want, b->want + 8 * i, sizeof want);
        left = left * 2 + (((is ^ want) << b->shift[i]) < 1);
    }
    return left;
}

static inline bool atoms_hold(struct decide *d, const struct weir_atom *a, const struct weir_atom *end)
{
    for (; a < end; a++)
        if (test_holds(d, a) == a->negate)
            return false;
    return true;
}

static inline uint32_t decide_rows(struct decide *d, uint32_t off, uint32_t base, uint32_t limit)
{
    const struct weir_rows *rows = table_at(d->tables, off);
    for (;;) {
        struct block b = block_at(rows);
        const uint8_t *at = (const uint8_t *)rows;
        if (base + b.rule[0] >= limit)
            return limit;
        for (uint32_t left = candidates(d->filter, &b, rows->count); left; left &= left - 1) {
            uint32_t i = (uint32_t)__builtin_ctz(left);
            if (base + b.rule[i] >= limit)
                return limit;
            if (atoms_hold(d, (const void *)(at + 4 * b.atoms[i]), (const void *)(at + 4 * b.atoms[i + 1])))
                return base + b.rule[i];
        }
        if (!rows->more)
            return limit;
        rows = (const void *)(at + 4 * b.atoms[rows->count]);
    }
}

/* ---- groups ------------------------------------------------------------------------------------ */

enum { FETCHED = 384 }; /* of a node: most of the runs of one key are not longer */

struct best {
    struct decide *d;
    uint32_t base, rule;
};

static bool visit_node(void *ctx, const struct weir_record *r)
{
    struct best *best = ctx;
    uint32_t base = best->base + table_lead(r)->base;
    const char *outcome = (const char *)(best->d->outcomes + base), *node = (const char *)table_at(best->d->tables, r->value & ~1u);
    for (uint32_t i = 0; i < FETCHED; i += 64)
        __builtin_prefetch(node + i);
    __builtin_prefetch(outcome);
    __builtin_prefetch(outcome + 64);
    best->rule = decide_rule(best->d, r->value, base, best->rule);
    return false;
}

static inline uint32_t decide_keys(struct decide *d, const struct weir_group *g, uint32_t base, uint32_t limit)
{
    struct weir_str s = subject_of(d, g->slot);
    struct best best = {d, base, limit};
    const uint64_t *hash = g->slot == WEIR_SLOT_HOST ? &d->host_hash : NULL;
    if (s.p)
        table_walk(d->tables, table_at(d->tables, g->at), s, visit_node, &best, hash);
    return best.rule;
}

static uint32_t decide_union(struct decide *d, const struct weir_group *g, uint32_t base, uint32_t limit)
{
    struct weir_str s = subject_of(d, g->slot);
    const struct weir_union *u = table_at(d->tables, g->at);
    if (!s.p)
        return limit;
    const struct weir_choice *c = table_at(d->tables, u->choices);
    c += automaton_state(d->tables, u->automaton, s);
    return c->node ? decide_rule(d, c->node, base + c->base, limit) : limit;
}

uint32_t decide_rule(struct decide *d, uint32_t node, uint32_t base, uint32_t limit)
{
    if (node & 1)
        return decide_rows(d, node & ~1u, base, limit);
    for (const struct weir_group *g; node; node = g->next) {
        g = table_at(d->tables, node);
        if (base + g->least >= limit)
            continue;
        if (g->kind == WEIR_GROUP_ROWS)
            limit = decide_rows(d, g->at, base, limit);
        else if (g->kind == WEIR_GROUP_UNION)
            limit = decide_union(d, g, base, limit);
        else
            limit = decide_keys(d, g, base, limit);
    }
    return limit;
}
