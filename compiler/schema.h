/* What the tables of statements and settings (grammar/statements.def, grammar/settings.def) are written in: the places
 * where statements stand, and the parts that they have. Values alone, for the checker and the language server. */
#ifndef WEIR_SCHEMA_H
#define WEIR_SCHEMA_H

/* Where a statement stands: one bit each. */
enum context_bit {
#define CONTEXT(id, name, text) CONTEXT_##id,
#include "grammar/contexts.def"
#undef CONTEXT
    CONTEXT_COUNT
};
enum context {
#define CONTEXT(id, name, text) IN_##id = 1ull << CONTEXT_##id,
#include "grammar/contexts.def"
#undef CONTEXT
};
_Static_assert(CONTEXT_COUNT < 64, "a set of contexts has 64 bits");
#define IN_RULES                                                                                             \
    (IN_ON_CONNECTION | IN_ON_TLS | IN_ON_REQUEST | IN_ROUTE | IN_TCP_ROUTE | IN_BACKEND_REQUEST |           \
     IN_ON_RESPONSE | IN_ON_LOG)

/* What may follow a statement's arguments. */
enum part {
    WITH_BLOCK = 1 << 0,
    WITH_IF = 1 << 1,
    WITH_TYPE = 1 << 2,       /* : type, which may be left out */
    WITH_TYPE_ARROW = 1 << 3, /* : type -> type */
    WITH_ARROW = 1 << 4,      /* -> value */
    WITH_ASSIGN = 1 << 5,     /* = value */
    WITH_RELOP = 1 << 6,      /* == value and so on */
    DECIDES = 1 << 7,         /* of a rule: nothing after it is done */
    ONCE = 1 << 8,            /* given once in its block */
    NEEDED = 1 << 9,          /* its block is not complete without it */
    MAY_BLOCK = 1 << 10,      /* these may be left out */
    MAY_ARROW = 1 << 11,
    MAY_RELOP = 1 << 12,
};

#endif
