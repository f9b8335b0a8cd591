/* Best match in one table; see table.h. */
#include "runtime/table.h"

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
