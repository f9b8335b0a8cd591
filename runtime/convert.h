/* The converters of a plan: values that are made of a request's texts and addresses, as grammar/ops.def says. Text that is
 * no part of the operand is made in the facts' scratch; where that is used up, the result is empty and the
 * scratch is marked full. A converter of an absent text is absent. Knows the ABI and base alone. */
#ifndef WEIR_CONVERT_H
#define WEIR_CONVERT_H

#include "runtime/abi.h"

int64_t convert_hash(struct weir_str s);
struct weir_str convert_base64(const struct weir_facts *f, struct weir_str s);
struct weir_str convert_base64_decode(const struct weir_facts *f, struct weir_str s);
struct weir_str convert_url_decode(const struct weir_facts *f, struct weir_str s);

/* Between separators: `place` counts from 1, or back from -1. */
struct weir_str convert_part(struct weir_str s, int64_t place, struct weir_str separator);
/* Texts of more than UINT16_MAX bytes are taken for what the scratch has no room for. */
struct weir_str convert_replace(const struct weir_facts *f, const uint8_t *tables, uint32_t automaton,
                                struct weir_str s, struct weir_str by);

void convert_mask(const uint8_t ip[16], int64_t v4, int64_t v6, struct weir_cidr *out);

/* `lines` as in a slot of kind WEIR_SLOT_LINES. */
int64_t convert_lines(struct weir_str lines);
struct weir_str convert_nth(struct weir_str lines, int64_t place);
bool convert_among(struct weir_str s, struct weir_str lines);

#endif
