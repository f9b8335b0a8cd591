/* Derivatives of regular expressions; see regex_derivative.h.
 *
 * note [derivative]: the derivative of an expression by a byte is what is left to match after that byte
 * (Brzozowski 1964). It is kept as a set of terms, each a list of parts to match one after the other, so that
 * equal alternatives are one and concatenation is distributed over alternatives (partial derivatives,
 * Antimirov 1996). Their number is bounded by the number of byte sets in the expression with its counted
 * repetitions written out, which the parser limits.
 *
 * note [position]: `^` and `$` match the empty string in some places only, so whether an expression can match
 * nothing depends on the place: each node has one answer for each of the four kinds of places. */
#include "compiler/regex_derivative.h"

#include "runtime/base/hash.h"
#include "runtime/base/vec.h"

enum { AT_BEGIN = 1, AT_END = 2, PLACES = 4 };

struct node {
    const struct regex_node *tree;
    struct node *kids;
    uint8_t nullable; /* bit p: matches the empty string at a place of kind p */
};

/* A list of parts, first part first; NULL is the empty list. Equal lists are the same pointer. A part of CAT
 * begins at its kid `from`; one of REPEAT has `from` to `to` rounds left. */
struct term {
    const struct node *part;
    uint32_t from, to;
    const struct term *rest;
    uint64_t round; /* of the step that last added it to the set */
};

struct match {
    struct arena a;
    struct term **slots; /* all terms, by hash */
    uint32_t mask, nterms;
    uint64_t round;
    VEC(const struct term *) now, next;
    bool ends; /* the empty list is among `next` */
};

/* ---- what matches the empty string --------------------------------------------------------------- */

static uint8_t nullable_at(const struct node *n)
{
    const struct regex_node *t = n->tree;
    uint8_t all = (1u << PLACES) - 1, bits = 0;
    switch (t->op) {
    case REGEX_EMPTY:
        return all;
    case REGEX_SET:
        return 0;
    case REGEX_CAT:
        bits = all;
        for (uint32_t i = 0; i < t->nkids; i++)
            bits &= n->kids[i].nullable;
        return bits;
    case REGEX_ALT:
        for (uint32_t i = 0; i < t->nkids; i++)
            bits |= n->kids[i].nullable;
        return bits;
    case REGEX_REPEAT:
        return t->min == 0 ? all : n->kids[0].nullable;
    case REGEX_BEGIN:
        return 1u << AT_BEGIN | 1u << (AT_BEGIN | AT_END);
    case REGEX_END:
        return 1u << AT_END | 1u << (AT_BEGIN | AT_END);
    }
    return bits;
}

static void annotate(struct arena *a, const struct regex_node *tree, struct node *out)
{
    out->tree = tree;
    out->kids = arena_array(a, struct node, tree->nkids);
    for (uint32_t i = 0; i < tree->nkids; i++)
        annotate(a, tree->kids[i], &out->kids[i]);
    out->nullable = nullable_at(out);
}

static bool part_is_nullable(const struct term *t, unsigned place)
{
    if (t->part->tree->op == REGEX_REPEAT)
        return t->from == 0 || t->part->kids[0].nullable >> place & 1;
    if (t->part->tree->op != REGEX_CAT)
        return t->part->nullable >> place & 1;
    for (uint32_t i = t->from; i < t->part->tree->nkids; i++)
        if (!(t->part->kids[i].nullable >> place & 1))
            return false;
    return true;
}

static bool term_is_nullable(const struct term *t, unsigned place)
{
    while (t && part_is_nullable(t, place))
        t = t->rest;
    return t == NULL;
}

/* ---- terms ------------------------------------------------------------------------------------- */

static uint64_t term_hash(const struct node *part, uint32_t from, uint32_t to, const struct term *rest)
{
    uint64_t key[4] = {(uintptr_t)part, (uintptr_t)rest, from, to};
    return hash_bytes(key, sizeof key, 0);
}

static void grow(struct match *m)
{
    uint32_t old = m->slots ? m->mask + 1 : 0, size = old ? old * 2 : 64;
    struct term **slots = arena_array(&m->a, struct term *, size);
    for (uint32_t i = 0; i < old; i++) {
        struct term *t = m->slots[i];
        if (!t)
            continue;
        uint32_t at = (uint32_t)term_hash(t->part, t->from, t->to, t->rest) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = t;
    }
    m->slots = slots;
    m->mask = size - 1;
}

static struct term *make_term(struct match *m, const struct node *part, uint32_t from, uint32_t to,
                              const struct term *rest)
{
    if (!m->slots || m->nterms * 2 > m->mask)
        grow(m);
    uint32_t at = (uint32_t)term_hash(part, from, to, rest) & m->mask;
    for (struct term *t; (t = m->slots[at]); at = (at + 1) & m->mask)
        if (t->part == part && t->from == from && t->to == to && t->rest == rest)
            return t;
    struct term *t = arena_new(&m->a, struct term);
    *t = (struct term){.part = part, .from = from, .to = to, .rest = rest};
    m->slots[at] = t;
    m->nterms++;
    return t;
}

/* The list of `part`, as a whole, before `rest`. */
static const struct term *whole(struct match *m, const struct node *part, const struct term *rest)
{
    const struct regex_node *t = part->tree;
    bool repeat = t->op == REGEX_REPEAT;
    return make_term(m, part, repeat ? t->min : 0, repeat ? t->max : 0, rest);
}

static void add_next(struct match *m, const struct term *t)
{
    struct term *mine = (struct term *)(uintptr_t)t;
    if (!t) {
        m->ends = true;
    } else if (mine->round != m->round) {
        mine->round = m->round;
        vec_add(&m->a, &m->next, t);
    }
}

/* ---- derivatives ------------------------------------------------------------------------------- */

static void derive(struct match *m, const struct node *n, unsigned char c, unsigned place,
                   const struct term *rest);

static void derive_cat(struct match *m, const struct node *n, uint32_t from, unsigned char c, unsigned place,
                       const struct term *rest)
{
    for (uint32_t i = from, end = n->tree->nkids; i < end; i++) {
        derive(m, &n->kids[i], c, place, i + 1 < end ? make_term(m, n, i + 1, 0, rest) : rest);
        if (!(n->kids[i].nullable >> place & 1))
            return;
    }
}

/* Rounds that match nothing here may stand before the one that takes the byte, so none of those left is
 * needed. */
static void derive_repeat(struct match *m, const struct node *n, uint32_t min, uint32_t max, unsigned char c,
                          unsigned place, const struct term *rest)
{
    if (max == 0)
        return;
    uint32_t left = max == REGEX_INFINITE ? max : max - 1;
    uint32_t needed = min == 0 || n->kids[0].nullable >> place & 1 ? 0 : min - 1;
    derive(m, &n->kids[0], c, place, left ? make_term(m, n, needed, left, rest) : rest);
}

/* Adds what is left of `n` followed by `rest` after the byte. */
static void derive(struct match *m, const struct node *n, unsigned char c, unsigned place,
                   const struct term *rest)
{
    switch (n->tree->op) {
    case REGEX_EMPTY:
    case REGEX_BEGIN:
    case REGEX_END:
        return;
    case REGEX_SET:
        if (regex_set_has(n->tree, c))
            add_next(m, rest);
        return;
    case REGEX_CAT:
        derive_cat(m, n, 0, c, place, rest);
        return;
    case REGEX_ALT:
        for (uint32_t i = 0; i < n->tree->nkids; i++)
            derive(m, &n->kids[i], c, place, rest);
        return;
    case REGEX_REPEAT:
        derive_repeat(m, n, n->tree->min, n->tree->max, c, place, rest);
        return;
    }
}

static void derive_term(struct match *m, const struct term *t, unsigned char c, unsigned place)
{
    for (; t; t = t->rest) {
        if (t->part->tree->op == REGEX_CAT)
            derive_cat(m, t->part, t->from, c, place, t->rest);
        else if (t->part->tree->op == REGEX_REPEAT)
            derive_repeat(m, t->part, t->from, t->to, c, place, t->rest);
        else
            derive(m, t->part, c, place, t->rest);
        if (!part_is_nullable(t, place))
            return;
    }
}

static bool any_is_nullable(const struct match *m, unsigned place)
{
    for (uint32_t i = 0; i < m->now.n; i++)
        if (term_is_nullable(m->now.v[i], place))
            return true;
    return false;
}

/* A match may begin at each byte, so the whole expression joins the terms before each. */
static bool run(struct match *m, const struct node *root, struct slice s)
{
    const struct term *start = whole(m, root, NULL);
    for (size_t i = 0; i <= s.len; i++) {
        unsigned place = (i == 0 ? AT_BEGIN : 0) | (i == s.len ? AT_END : 0);
        add_next(m, start);
        m->now.n = 0;
        for (uint32_t k = 0; k < m->next.n; k++)
            vec_add(&m->a, &m->now, m->next.v[k]);
        if (any_is_nullable(m, place))
            return true;
        m->next.n = 0;
        m->round++;
        for (uint32_t k = 0; i < s.len && k < m->now.n; k++)
            derive_term(m, m->now.v[k], (unsigned char)s.p[i], place);
        if (m->ends)
            return true;
    }
    return false;
}

bool regex_derivative_matches(const struct regex_node *tree, struct slice subject)
{
    struct match m = {.round = 1};
    struct node root;
    annotate(&m.a, tree, &root);
    bool found = run(&m, &root, subject);
    arena_free(&m.a);
    return found;
}

/* Derivatives of the whole expression alone, from one byte on, until nothing is left. */
static size_t run_from(struct match *m, const struct node *root, struct slice s, size_t from)
{
    size_t longest = from;
    add_next(m, whole(m, root, NULL));
    for (size_t i = from; i <= s.len && m->next.n > 0; i++) {
        unsigned place = (i == 0 ? AT_BEGIN : 0) | (i == s.len ? AT_END : 0);
        m->now.n = 0;
        for (uint32_t k = 0; k < m->next.n; k++)
            vec_add(&m->a, &m->now, m->next.v[k]);
        if (any_is_nullable(m, place))
            longest = i;
        m->next.n = 0;
        m->ends = false;
        m->round++;
        for (uint32_t k = 0; i < s.len && k < m->now.n; k++)
            derive_term(m, m->now.v[k], (unsigned char)s.p[i], place);
        if (m->ends)
            longest = i + 1;
    }
    return longest;
}

size_t regex_derivative_longest(const struct regex_node *tree, struct slice subject, size_t from)
{
    struct match m = {.round = 1};
    struct node root;
    annotate(&m.a, tree, &root);
    size_t end = run_from(&m, &root, subject, from);
    arena_free(&m.a);
    return end;
}
