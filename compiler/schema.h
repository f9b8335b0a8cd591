/* What the tables of statements and settings (grammar/statements.def, grammar/settings.def) are written in: the places
 * where statements stand, and the parts that they have. Values alone, for the checker and the language server. */
#ifndef WEIR_SCHEMA_H
#define WEIR_SCHEMA_H

/* Where a statement stands. */
enum context {
    IN_FILE = 1 << 0,
    IN_BACKEND = 1 << 1,
    IN_FRONTEND = 1 << 2,
    IN_DEFAULTS = 1 << 3,
    IN_HTTP_CHECK = 1 << 4,
    IN_TCP_CHECK = 1 << 5,
    IN_ON_REQUEST = 1 << 6,
    IN_ROUTE = 1 << 7,
    IN_REPLY = 1 << 8,
    IN_MAP = 1 << 9,
    IN_LIST = 1 << 10,
};

/* What may follow a statement's arguments. */
enum part {
    WITH_BLOCK = 1 << 0,
    WITH_IF = 1 << 1,
    WITH_TYPE = 1 << 2,       /* : type, which may be left out */
    WITH_TYPE_ARROW = 1 << 3, /* : type -> type */
    WITH_ARROW = 1 << 4,      /* -> value */
    WITH_ASSIGN = 1 << 5,     /* = value */
    WITH_RELOP = 1 << 6,      /* == value and so on */
};

#endif
