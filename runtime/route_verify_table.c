/* Verifying key tables and automata; see route_verify.h. */
#include "runtime/route_verify.h"

/* ---- key tables -------------------------------------------------------------------------------- */

static bool record_value_ok(struct verify *v, const struct weir_table *t, uint32_t value, uint32_t depth_limit)
{
    switch ((enum weir_table_use)t->use) {
    case WEIR_TABLE_LIST:
        return true;
    case WEIR_TABLE_BACKENDS:
        return value < v->head->backends.count || verify_fail(v, "a map names an unknown backend");
    case WEIR_TABLE_STRINGS:
        return verify_array(v, value, 1, sizeof(struct weir_ref)) && verify_ref(v, *(const struct weir_ref *)table_at(v->t, value));
    case WEIR_TABLE_NODES:
        return verify_node(v, value, depth_limit);
    }
    return verify_fail(v, "a key table is for no known use");
}

/* Records of these have a struct weir_lead before them. */
static bool has_lead(const struct weir_table *t)
{
    return t->use == WEIR_TABLE_NODES || t->probe == WEIR_PROBE_HOST;
}

static bool record_ok(struct verify *v, const struct weir_table *t, uint32_t off, uint32_t depth_limit)
{
    if (!verify_array(v, off, 1, sizeof(struct weir_record)))
        return false;
    if (has_lead(t) && off < sizeof(struct weir_tables) + sizeof(struct weir_lead))
        return verify_fail(v, "a key is in the place of another thing");
    const struct weir_record *r = table_at(v->t, off);
    if (!verify_bytes(v, off + (uint32_t)sizeof *r, table_record_len(r)))
        return false;
    if (t->probe == WEIR_PROBE_CIDR && table_record_len(r) != 17)
        return verify_fail(v, "a key is no address prefix");
    return record_value_ok(v, t, r->value, depth_limit);
}

/* See note [parents] in abi.h: keys get shorter on the way, so it ends. */
static bool parents_ok(struct verify *v, const struct weir_table *t, uint32_t off, uint32_t depth_limit)
{
    const struct weir_record *r = table_at(v->t, off);
    for (uint32_t n = 0; table_lead(r)->parent; n++) {
        uint32_t at = table_lead(r)->parent;
        if (n == WEIR_PARENTS_MAX)
            return verify_fail(v, "host patterns nest too deeply");
        if (!record_ok(v, t, at, depth_limit))
            return false;
        const struct weir_record *parent = table_at(v->t, at);
        bool same = table_record_len(parent) == table_record_len(r) && table_record_form(r) == 1 && table_record_form(parent) == 2;
        if (table_record_len(parent) >= table_record_len(r) && !same)
            return verify_fail(v, "host patterns are not in order");
        r = parent;
    }
    return true;
}

/* It has a value, and a key that is not looked at. */
static bool fallback_ok(struct verify *v, const struct weir_table *t, uint32_t depth_limit)
{
    if (t->fallback == 0)
        return true;
    if (!verify_array(v, t->fallback, 1, sizeof(struct weir_record)))
        return false;
    const struct weir_record *r = table_at(v->t, t->fallback);
    return record_value_ok(v, t, r->value, depth_limit);
}

static bool lens_ok(struct verify *v, const struct weir_table *t)
{
    if (!verify_span(v, t->lens, sizeof(uint32_t)))
        return false;
    const uint32_t *lens = table_at(v->t, t->lens.off);
    for (uint32_t i = 1; i < t->lens.count; i++)
        if (lens[i] >= lens[i - 1])
            return verify_fail(v, "the key lengths of a table are not in order");
    if (t->probe == WEIR_PROBE_CIDR && t->lens.count > 0 && lens[0] > 128)
        return verify_fail(v, "an address has no prefix of such a length");
    return true;
}

static bool ranges_ok(struct verify *v, const struct weir_table *t)
{
    if (t->slots % 8 != 0 || !verify_array(v, t->slots, t->count, sizeof(struct weir_range)))
        return verify_fail(v, "a table of ranges has a wrong size");
    const struct weir_range *r = table_at(v->t, t->slots);
    for (uint32_t i = 0; i < t->count; i++) {
        if (r[i].lo > r[i].hi || (i > 0 && r[i - 1].hi >= r[i].lo))
            return verify_fail(v, "the ranges of a table are not in order");
        if (!record_ok(v, t, r[i].record, 0))
            return false;
    }
    return true;
}

static bool patterns_ok(struct verify *v, const struct weir_table *t)
{
    if (!verify_array(v, t->slots, t->count, sizeof(struct weir_pattern)))
        return verify_fail(v, "a table of patterns has a wrong size");
    const struct weir_pattern *p = table_at(v->t, t->slots);
    for (uint32_t i = 0; i < t->count; i++)
        if (!verify_automaton(v, p[i].automaton) || !record_ok(v, t, p[i].record, 0))
            return false;
    return true;
}

static bool infix_ok(struct verify *v, const struct weir_table *t)
{
    const uint32_t *lens = table_at(v->t, t->lens.off);
    if (t->use != WEIR_TABLE_NODES)
        return verify_fail(v, "a key table is for another use");
    if (t->lens.count > 0 && (lens[0] > WEIR_INFIX_MAX || lens[t->lens.count - 1] == 0))
        return verify_fail(v, "a part of a text has a wrong length");
    return true;
}

static bool bloom_ok(struct verify *v, const struct weir_table *t)
{
    if (t->probe != WEIR_PROBE_INFIX && t->probe != WEIR_PROBE_CIDR)
        return true;
    if (t->bloom_bits < 3 || t->bloom_bits > 32)
        return verify_fail(v, "a key table has a wrong size");
    return verify_bytes(v, t->bloom, (uint32_t)(1ull << (t->bloom_bits - 3)));
}

static bool bucket_ok(struct verify *v, const struct weir_table *t, const struct weir_bucket *b, uint32_t depth_limit)
{
    for (uint32_t i = 0; i < WEIR_BUCKET; i++) {
        if (b->tag[i] == 0)
            continue;
        if (!record_ok(v, t, b->record[i], depth_limit))
            return false;
        if (t->probe == WEIR_PROBE_HOST && !parents_ok(v, t, b->record[i], depth_limit))
            return false;
    }
    return true;
}

static bool buckets_ok(struct verify *v, const struct weir_table *t, uint32_t depth_limit)
{
    if (t->buckets == 0 || !verify_array(v, t->slots, t->buckets, sizeof(struct weir_bucket)))
        return verify_fail(v, "a key table has a wrong size");
    const struct weir_bucket *b = table_at(v->t, t->slots);
    bool ends = false;
    for (uint32_t i = 0; i < t->buckets; i++) {
        ends |= b[i].more == 0;
        if (!bucket_ok(v, t, &b[i], depth_limit))
            return false;
    }
    /* Every search ends. */
    return ends || verify_fail(v, "a key table is full");
}

bool verify_table(struct verify *v, uint32_t off, unsigned uses, uint32_t depth_limit)
{
    bool done;
    if (!verify_enter(v, off, sizeof(struct weir_table), SEEN_TABLE, &done))
        return false;
    const struct weir_table *t = table_at(v->t, off);
    if (t->use > WEIR_TABLE_NODES || !(uses >> t->use & 1))
        return verify_fail(v, "a key table is for another use");
    /* The table of a group is verified with that group, which is seen once. */
    if (done)
        return t->use != WEIR_TABLE_NODES || verify_fail(v, "two groups share one key table");
    if (t->probe > WEIR_PROBE_FIRST)
        return verify_fail(v, "a key table has no known way of lookup");
    if (t->probe > WEIR_PROBE_INFIX && t->use == WEIR_TABLE_NODES)
        return verify_fail(v, "a key table is for another use");
    if (t->probe > WEIR_PROBE_INFIX)
        return fallback_ok(v, t, depth_limit) && (t->probe == WEIR_PROBE_RANGE ? ranges_ok(v, t) : patterns_ok(v, t));
    return fallback_ok(v, t, depth_limit) && lens_ok(v, t) && (t->probe != WEIR_PROBE_INFIX || infix_ok(v, t)) &&
           bloom_ok(v, t) && buckets_ok(v, t, depth_limit);
}

/* ---- automata ---------------------------------------------------------------------------------- */

static bool dfa_ok(struct verify *v, const struct weir_automaton *m)
{
    uint64_t cells = (uint64_t)m->size * m->nclasses;
    if (m->size < 2 || m->size > 65536 || m->start >= m->size || !verify_array(v, m->at, cells, sizeof(uint16_t)))
        return verify_fail(v, "an automaton has a wrong size");
    const uint16_t *trans = table_at(v->t, m->at);
    for (uint64_t i = 0; i < cells; i++)
        if (trans[i] >= m->size)
            return verify_fail(v, "an automaton leads to no state");
    return true;
}

static bool nfa_ok(struct verify *v, const struct weir_automaton *m)
{
    if (m->size == 0 || m->size > WEIR_NFA_MAX || m->start >= m->size ||
        !verify_array(v, m->at, m->size, sizeof(struct weir_nfa_op)))
        return verify_fail(v, "an automaton has a wrong size");
    const struct weir_nfa_op *ops = table_at(v->t, m->at);
    for (uint32_t i = 0; i < m->size; i++) {
        if (ops[i].kind > WEIR_NFA_ACCEPT || ops[i].next >= m->size)
            return verify_fail(v, "an automaton leads to no state");
        if (ops[i].kind == WEIR_NFA_SPLIT && ops[i].a >= m->size)
            return verify_fail(v, "an automaton leads to no state");
        if (ops[i].kind == WEIR_NFA_CLASS && !verify_bytes(v, ops[i].a, m->nclasses))
            return false;
    }
    return true;
}

static bool dfa_at_ok(struct verify *v, const uint8_t *at)
{
    uint32_t off;
    memcpy(&off, at, sizeof off);
    if (!verify_array(v, off, 1, sizeof(struct weir_automaton)))
        return false;
    const struct weir_automaton *m = table_at(v->t, off);
    /* Nothing else, so pieces never lead to pieces. */
    return m->kind == WEIR_AUTOMATON_DFA ? verify_automaton(v, off) : verify_fail(v, "a piece of a pattern is malformed");
}

/* How many bytes stand before the text of a piece, which has one; or -1. */
static int text_at(uint8_t piece)
{
    switch ((enum weir_piece)piece) {
    case WEIR_PIECE_TEXT:
    case WEIR_PIECE_TAIL_TEXT:
    case WEIR_PIECE_FOLDED:
    case WEIR_PIECE_TAIL_FOLDED:
    case WEIR_PIECE_FIND:
    case WEIR_PIECE_ANYWHERE:
        return 1;
    case WEIR_PIECE_STAR:
    case WEIR_PIECE_TAIL_STAR:
        return 2;
    case WEIR_PIECE_RUN:
    case WEIR_PIECE_TAIL_RUN:
    case WEIR_PIECE_REST:
    case WEIR_PIECE_STAR_REST:
    case WEIR_PIECE_SOME:
    case WEIR_PIECE_OPEN:
        return -1;
    }
    return -1;
}

/* The size of the piece at `at`, of which `room` bytes are there; 0 where it is none. */
static uint32_t piece_size(struct verify *v, const uint8_t *at, uint32_t room)
{
    int text = text_at(*at);
    if (text >= 0)
        return room > (uint32_t)text && room > (uint32_t)text + at[text] ? 1u + (uint32_t)text + at[text] : 0;
    if (*at == WEIR_PIECE_RUN || *at == WEIR_PIECE_TAIL_RUN || *at == WEIR_PIECE_REST)
        return room >= 5 && dfa_at_ok(v, at + 1) ? 5 : 0;
    if (*at == WEIR_PIECE_STAR_REST)
        return room >= 2 ? 2 : 0;
    return *at <= WEIR_PIECE_OPEN ? 1 : 0;
}

static bool pieces_ok(struct verify *v, const struct weir_automaton *m, uint32_t off)
{
    if (!verify_bytes(v, off, WEIR_PIECES_HEAD + m->len))
        return false;
    const uint8_t *first = v->t + off + WEIR_PIECES_HEAD, *at = first, *end = first + m->len;
    while (at < end) {
        uint32_t n = piece_size(v, at, (uint32_t)(end - at));
        if (n == 0 || (*at == WEIR_PIECE_ANYWHERE && at != first))
            return verify_fail(v, "a piece of a pattern is malformed");
        at += n;
    }
    return true;
}

bool verify_automaton(struct verify *v, uint32_t off)
{
    bool done;
    if (!verify_enter(v, off, WEIR_PIECES_HEAD, SEEN_AUTOMATON, &done) || done)
        return v->why == NULL;
    const struct weir_automaton *m = table_at(v->t, off);
    if (m->kind == WEIR_AUTOMATON_PIECES)
        return pieces_ok(v, m, off);
    if (!verify_array(v, off, 1, sizeof *m))
        return false;
    if (m->nclasses == 0 || m->nclasses > 256 || !verify_bytes(v, m->classes, 256))
        return verify_fail(v, "an automaton has a wrong size");
    for (uint32_t i = 0; i < 256; i++)
        if (v->t[m->classes + i] >= m->nclasses)
            return verify_fail(v, "an automaton has a wrong size");
    if (m->kind == WEIR_AUTOMATON_DFA)
        return dfa_ok(v, m);
    return m->kind == WEIR_AUTOMATON_NFA ? nfa_ok(v, m) : verify_fail(v, "an automaton is of no known kind");
}
