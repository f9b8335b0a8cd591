/* Making values during one decision: text in the facts' scratch, values of actions, and the table of calls that
 * generated code makes. Knows the ABI and base alone. */
#ifndef WEIR_VALUES_H
#define WEIR_VALUES_H

#include "runtime/route.h"

/* Room for `len` bytes in the scratch, or NULL (and scratch->full is set) where it is used up. */
char *values_room(const struct weir_facts *f, uint32_t len);

/* a followed by b; empty where the scratch is used up. */
struct weir_str values_join(const struct weir_facts *f, struct weir_str a, struct weir_str b);

/* The value, absent or not, as the facts are now. */
struct weir_str values_get(const struct route_plan *p, const struct weir_facts *f, const struct weir_value *v);

/* The value as a field value (norm_field_value); an absent one is empty. Constants are clean already. */
struct weir_str values_get_clean(const struct route_plan *p, const struct weir_facts *f, const struct weir_value *v);

#endif
