/* Best match in one table, and the ways of lookup that hash nothing; see table.h. */
#include "runtime/table.h"

#include "runtime/automaton.h"

const struct weir_record *table_range(const uint8_t *tables, const struct weir_table *t, struct weir_str s)
{
    const struct weir_range *v = table_at(tables, t->slots);
    uint32_t lo = 0, hi = t->count;
    int64_t n;
    if (s.len != sizeof n)
        return NULL;
    memcpy(&n, s.p, sizeof n);
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (v[mid].hi < n)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->count && v[lo].lo <= n ? table_at(tables, v[lo].record) : NULL;
}

const struct weir_record *table_first(const uint8_t *tables, const struct weir_table *t, struct weir_str s)
{
    const struct weir_pattern *v = table_at(tables, t->slots);
    for (uint32_t i = 0; i < t->count; i++)
        if (automaton_matches(tables, v[i].automaton, s))
            return table_at(tables, v[i].record);
    return NULL;
}

static bool take_first(void *ctx, const struct weir_record *r)
{
    *(const struct weir_record **)ctx = r;
    return true;
}

const struct weir_record *table_find(const uint8_t *tables, uint32_t table, struct weir_str s)
{
    const struct weir_record *found = NULL;
    table_walk(tables, table_at(tables, table), s, take_first, &found, NULL);
    return found;
}
