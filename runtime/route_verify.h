/* What the parts of route_verify.c share. For route_verify*.c alone. */
#ifndef WEIR_ROUTE_VERIFY_H
#define WEIR_ROUTE_VERIFY_H

#include "runtime/route.h"
#include "runtime/table.h"

enum seen { NOT_SEEN, SEEN_TABLE, SEEN_GROUP, SEEN_ROWS, SEEN_AUTOMATON, SEEN_ACTION };

struct verify {
    const uint8_t *t;
    uint32_t size;
    const struct weir_tables *head;
    uint8_t *seen; /* enum seen of each fourth byte */
    const char *why;
};

/* Notes why, where nothing was noted before; returns false. */
static inline bool verify_fail(struct verify *v, const char *why)
{
    if (!v->why)
        v->why = why;
    return false;
}

static inline bool verify_in_range(const struct verify *v, uint32_t off, uint64_t len)
{
    return off <= v->size && len <= v->size - off;
}

/* An array of `count` elements, 4-aligned, not in the place of the header. */
static inline bool verify_array(struct verify *v, uint32_t off, uint64_t count, size_t elem)
{
    if (off % 4 != 0)
        return verify_fail(v, "an offset is not aligned");
    if (off == 0 && count > 0)
        return verify_fail(v, "an offset is missing");
    return verify_in_range(v, off, count * elem) || verify_fail(v, "an offset points outside the tables");
}

static inline bool verify_span(struct verify *v, struct weir_span s, size_t elem)
{
    return verify_array(v, s.off, s.count, elem);
}

static inline bool verify_bytes(struct verify *v, uint32_t off, uint32_t len)
{
    return verify_in_range(v, off, len) || verify_fail(v, "a string points outside the tables");
}

static inline bool verify_ref(struct verify *v, struct weir_ref r)
{
    return verify_bytes(v, r.off, r.len);
}

/* The object at `off` with room for its struct. `*done` where it has been verified before. */
static inline bool verify_enter(struct verify *v, uint32_t off, size_t len, enum seen kind, bool *done)
{
    *done = false;
    if (!verify_array(v, off, 1, len))
        return false;
    uint8_t *seen = &v->seen[off / 4];
    if (*seen != NOT_SEEN && *seen != kind)
        return verify_fail(v, "two things share one place");
    *done = *seen == kind;
    *seen = (uint8_t)kind;
    return true;
}

/* ---- route_verify_table.c ---- */

/* Uses of tables, by enum weir_table_use. */
enum {
    USE_MEMBERSHIP = 1u << WEIR_TABLE_LIST | 1u << WEIR_TABLE_BACKENDS | 1u << WEIR_TABLE_STRINGS,
    USE_BACKENDS = 1u << WEIR_TABLE_BACKENDS,
    USE_STRINGS = 1u << WEIR_TABLE_STRINGS,
    USE_NODES = 1u << WEIR_TABLE_NODES,
};

/* A table of one of the uses in the set `uses` (USE_…); nodes below it have less depth. */
bool verify_table(struct verify *v, uint32_t off, unsigned uses, uint32_t depth_limit);
bool verify_automaton(struct verify *v, uint32_t off);

/* ---- route_verify.c ---- */

/* A node of a decision, see note [depth] in abi.h. */
bool verify_node(struct verify *v, uint32_t node, uint32_t depth_limit);

#endif
