/* Sorting the rows of large sets; see ir_sort.h.
 *
 * note [words]: comparing a million keys one by one is mostly waiting for memory. Keys are sorted eight bytes
 * at a time, by radix, on copies of those bytes: three passes leave small runs, which are sorted by
 * insertion. Runs that are equal so far go on with the next eight. */
#include "compiler/ir_sort.h"

enum { WORD = 8, SMALL = 48, PASSES = 3 };

struct item {
    uint64_t word;
    const struct ir_row *row;
};

struct sort {
    enum ir_key_kind kind;
    struct item *other; /* as many as there are items */
    uint32_t counts[WORD][256];
};

int ir_sort_compare(enum ir_key_kind kind, const struct ir_key *x, const struct ir_key *y)
{
    if (kind == IR_KEY_INT)
        return (x->num > y->num) - (x->num < y->num);
    if (kind == IR_KEY_RANGE)
        return x->range.lo != y->range.lo ? (x->range.lo > y->range.lo) - (x->range.lo < y->range.lo)
                                          : (x->range.hi > y->range.hi) - (x->range.hi < y->range.hi);
    if (kind != IR_KEY_CIDR)
        return slice_cmp(x->str, y->str);
    int d = memcmp(&x->cidr.addr, &y->cidr.addr, sizeof x->cidr.addr);
    return d ? d : (int)x->cidr.bits - (int)y->cidr.bits;
}

/* The bytes of a key that are compared, at most eight from `at` on, as a number; missing ones are zero. */
static uint64_t word_at(enum ir_key_kind kind, const struct ir_key *k, size_t at)
{
    uint8_t b[WORD] = {0};
    struct slice s = {NULL, 0};
    if (kind == IR_KEY_INT)
        return (uint64_t)k->num ^ 1ull << 63;
    if (kind == IR_KEY_RANGE)
        return (uint64_t)k->range.lo ^ 1ull << 63;
    if (kind == IR_KEY_CIDR)
        s = (struct slice){(const char *)k->cidr.addr.b, sizeof k->cidr.addr};
    else
        s = k->str;
    if (at < s.len)
        memcpy(b, s.p + at, s.len - at < WORD ? s.len - at : WORD);
    uint64_t word;
    memcpy(&word, b, WORD);
    return __builtin_bswap64(word);
}

/* Whether a key has bytes from `at` on that word_at() would yield. */
static bool goes_on(enum ir_key_kind kind, const struct ir_key *k, size_t at)
{
    return kind == IR_KEY_INT || kind == IR_KEY_RANGE ? false : kind == IR_KEY_CIDR ? at < sizeof k->cidr.addr : at < k->str.len;
}

/* Keys that are equal before the words; most differ in those, and need no look at the key. */
static bool comes_after(const struct sort *s, const struct item *x, const struct item *y)
{
    return x->word != y->word ? x->word > y->word : ir_sort_compare(s->kind, &x->row->key, &y->row->key) > 0;
}

static void insertion_sort(const struct sort *s, struct item *v, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct item x = v[i];
        uint32_t k = i;
        for (; k > 0 && comes_after(s, &v[k - 1], &x); k--)
            v[k] = v[k - 1];
        v[k] = x;
    }
}

/* One stable pass by byte `d` of the words; its counts are known. */
static void pass(struct sort *s, const struct item *from, struct item *to, uint32_t n, uint32_t d)
{
    uint32_t *count = s->counts[d], sum = 0;
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = count[b];
        count[b] = sum;
        sum += c;
    }
    for (uint32_t i = 0; i < n; i++)
        to[count[from[i].word >> (8 * d) & 255]++] = from[i];
}

/* Sorts by the first PASSES bytes of the words in which they differ. Returns the mask of the bytes up to the
 * last of them, or 0 where all words are equal. */
static uint64_t radix_sort(struct sort *s, struct item *v, uint32_t n)
{
    uint32_t digits[PASSES], found = 0;
    struct item *from = v, *to = s->other;
    memset(s->counts, 0, sizeof s->counts);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t d = 0; d < WORD; d++)
            s->counts[d][v[i].word >> (8 * d) & 255]++;
    for (uint32_t d = WORD; d-- > 0 && found < PASSES;)
        if (s->counts[d][v[0].word >> (8 * d) & 255] != n)
            digits[found++] = d;
    for (uint32_t i = found; i-- > 0;) {
        pass(s, from, to, n, digits[i]);
        struct item *t = from;
        from = to;
        to = t;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    return found ? UINT64_MAX << (8 * digits[found - 1]) : 0;
}

/* Loads the words at `at`. True where some key goes on beyond them. */
static bool load_words(const struct sort *s, struct item *v, uint32_t n, size_t at)
{
    bool more = false;
    for (uint32_t i = 0; i < n; i++) {
        v[i].word = word_at(s->kind, &v[i].row->key, at);
        more |= goes_on(s->kind, &v[i].row->key, at + WORD);
    }
    return more;
}

/* Sorts keys that are equal before byte `at`; their words are loaded, and `more` says whether there is
 * something behind those. What it calls itself for has fewer items. */
static void sort_from(struct sort *s, struct item *v, uint32_t n, size_t at, bool more)
{
    while (n > SMALL) {
        uint64_t mask = radix_sort(s, v, n);
        if (mask == 0) {
            if (!more)
                break; /* they differ in trailing NULs or in the length of a prefix alone */
            at += WORD;
            more = load_words(s, v, n, at);
            continue;
        }
        for (uint32_t i = 0, end; i < n; i = end) {
            for (end = i + 1; end < n && (v[end].word & mask) == (v[i].word & mask); end++)
                ;
            if (end - i > 1)
                sort_from(s, v + i, end - i, at, more);
        }
        return;
    }
    insertion_sort(s, v, n);
}

static bool is_sorted(const struct ir_set *set)
{
    for (uint32_t i = 1; set->key_kind != IR_KEY_REGEX && i < set->rows.n; i++)
        if (ir_sort_compare(set->key_kind, &set->rows.v[i - 1].key, &set->rows.v[i].key) > 0)
            return false;
    return true;
}

const struct ir_row *const *ir_sort_rows(struct arena *scratch, const struct ir_set *set)
{
    uint32_t count = set->rows.n;
    const struct ir_row **rows = arena_alloc(scratch, (count + 1) * sizeof *rows);
    if (is_sorted(set)) {
        for (uint32_t i = 0; i < count; i++)
            rows[i] = &set->rows.v[i];
    } else {
        struct arena tmp = {0};
        struct item *v = arena_alloc(&tmp, count * sizeof *v);
        struct sort *s = arena_new(&tmp, struct sort);
        s->kind = set->key_kind;
        s->other = arena_alloc(&tmp, count * sizeof *v);
        for (uint32_t i = 0; i < count; i++)
            v[i] = (struct item){0, &set->rows.v[i]};
        sort_from(s, v, count, 0, load_words(s, v, count, 0));
        for (uint32_t i = 0; i < count; i++)
            rows[i] = v[i].row;
        arena_free(&tmp);
    }
    return rows;
}
