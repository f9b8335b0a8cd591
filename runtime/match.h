/* Tests on strings at run time: the meaning of the operators of grammar/ops.def. All operands are present, but for
 * match_str(), which lets absent ones fail. Knows the ABI and base alone. */
#ifndef WEIR_MATCH_H
#define WEIR_MATCH_H

#include <string.h>

#include "runtime/abi.h"

static inline bool match_eq(struct weir_str s, struct weir_str part)
{
    return s.len == part.len && memcmp(s.p, part.p, part.len) == 0;
}

static inline bool match_starts(struct weir_str s, struct weir_str part)
{
    return s.len >= part.len && memcmp(s.p, part.p, part.len) == 0;
}

static inline bool match_ends(struct weir_str s, struct weir_str part)
{
    return s.len >= part.len && memcmp(s.p + s.len - part.len, part.p, part.len) == 0;
}

static inline bool match_contains(struct weir_str s, struct weir_str part)
{
    return part.len == 0 || (s.len >= part.len && memmem(s.p, s.len, part.p, part.len) != NULL);
}

/* Segment prefix: "/api" is above "/api" and "/api/x"; "/" and "" are above all that begins with "/". */
static inline bool match_under(struct weir_str s, struct weir_str part)
{
    if (part.len == 0)
        return s.len > 0 && s.p[0] == '/';
    return match_starts(s, part) && (s.len == part.len || s.p[part.len] == '/' || part.p[part.len - 1] == '/');
}

#endif
