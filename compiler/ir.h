/* The typed intermediate representation: what a checked program means, with every name resolved and
 * every type known. check*.c builds it, eval.c gives it its meaning (the oracle), ir_codec.c writes and
 * reads it in canonical form, rows.c lowers it. Nothing in it points back into the AST.
 *
 * Ownership: everything lives in the arena that the program was built in; all pointers are borrows. */
#ifndef WEIR_IR_H
#define WEIR_IR_H

#include "runtime/base/ip.h"
#include "runtime/base/slice.h"
#include "runtime/base/vec.h"

/* A place in the sources. `file` indexes ir_program.sources; line 0 means "no place". Excluded from the
 * digest. */
struct ir_pos {
    uint32_t file, line, col;
};

/* Percents are ints: so many of them are 1%, and `random` is from 0 to below IR_RANDOM_END. */
enum { IR_PERCENT = 1000000, IR_RANDOM_END = 100 * IR_PERCENT };

/* Representation of a value at run time. Subtypes of string (host, path, method) are IR_STR, percents IR_INT; a list is
 * one of texts (the lines of a header). */
enum ir_kind { IR_BOOL, IR_INT, IR_STR, IR_IP, IR_BACKEND, IR_CIDR, IR_LIST };

enum ir_field {
#define FIELD(id, text, type, optional, keyed, phase, doc) IR_FIELD_##id,
#include "grammar/fields.def"
#undef FIELD
    IR_FIELD_COUNT
};

enum ir_key_kind {
#define KEY_KIND(id, text, match, doc) IR_KEY_##id,
#include "grammar/key_kinds.def"
#undef KEY_KIND
};

enum ir_op {
#define IR_OP(id, text, arity, own) IR_##id,
#include "grammar/ops.def"
#undef IR_OP
};

/* What an operator holds besides its operands: which member of struct ir_expr. FIELD is `field` and `str`. */
enum ir_own { IR_OWN_NONE, IR_OWN_NUM, IR_OWN_STR, IR_OWN_IP, IR_OWN_CIDR, IR_OWN_FIELD, IR_OWN_SET };

/* ir_ops.c: the columns of ops.def and fields.def. `op` and `field` are of the enums above, but where said. */
const char *ir_op_text(uint8_t op);
int ir_op_arity(uint8_t op); /* -1: any number; -2: there is no such operator */
enum ir_own ir_op_own(uint8_t op);
const char *ir_field_text(uint8_t field);
struct ir_expr;
/* Whether two uses of one operator hold the same besides their operands; sets are the same where they are one. */
bool ir_same_own(const struct ir_expr *x, const struct ir_expr *y);

struct ir_backend;
struct ir_set;

struct ir_expr {
    uint8_t op;       /* enum ir_op */
    uint8_t kind;     /* enum ir_kind of the result */
    uint8_t optional; /* 1: the result may be absent */
    uint8_t field;    /* IR_FIELD: enum ir_field */
    uint32_t nargs;
    struct ir_expr **args;
    union {
        int64_t num;         /* CONST_BOOL (0, 1), CONST_INT */
        struct slice str;    /* CONST_STR, LIKE, MATCHES, REPLACE; FIELD: the key (headers in lower case) */
        struct ip_addr ip;   /* CONST_IP */
        struct ip_prefix cidr; /* CONST_CIDR: no host bits */
        struct ir_set *set;  /* IN, LOOKUP */
    };
    struct ir_pos pos;
    uint32_t len; /* bytes of its text at `pos`, 0: unknown; for the checker, not in plans */
};

/* One key of a set. HOST keys are lower case without trailing dot; PATH keys are normalised and, but for "/",
 * end in no "/"; HOST_PATTERN keys keep their stars; CIDR keys have no host bits; RANGE keys have lo <= hi. */
struct ir_key {
    union {
        struct slice str; /* REGEX: the expression, as written */
        int64_t num;
        struct ip_prefix cidr;
        struct ir_range {
            int64_t lo, hi; /* both included */
        } range;
    };
};

struct ir_row {
    struct ir_key key;
    union { /* the value, by ir_set.value_kind */
        struct slice str;
        int64_t num; /* of BOOL: 0, 1 */
        struct ip_addr ip;
        struct ir_backend *backend;
    };
    struct ir_pos pos;
};

/* A list (keys only) or a map (keys with values). Keys are unique, and RANGE keys apart from each other. Anonymous sets
 * (`host in ["a", "b"]`, `client.ip in 10.0.0.0/8`) have no name.
 *
 * A split is a map from ranges of `random` to backends that has a row for each of its numbers. Its rows follow each other
 * from 0 on; its default, which is never needed, says what no row need prove: that there always is a backend. */
struct ir_set {
    struct slice name;
    enum ir_key_kind key_kind;
    bool is_map, is_split;
    bool percents;           /* maps: the values, ints, are percents */
    enum ir_kind value_kind; /* maps */
    VEC(struct ir_row) rows; /* in source order */
    bool has_default;        /* maps: `fallback` is the value where no row matches */
    struct ir_row fallback;
    uint32_t index;          /* in ir_program.sets */
    struct ir_pos pos;
};

enum ir_check_kind { IR_CHECK_HTTP, IR_CHECK_TCP };
enum ir_expect { IR_EXPECT_STATUS, IR_EXPECT_CONTAINS, IR_EXPECT_STARTS_WITH };

/* One step of a TCP check, in order: send bytes, or read until the expectation holds. */
struct ir_check_step {
    bool is_send;
    enum ir_expect expect; /* CONTAINS or STARTS_WITH */
    struct slice data;
};

struct ir_header_value {
    struct slice name; /* as written */
    struct ir_expr *value;
    struct ir_pos pos;
};

struct ir_check {
    struct slice name;
    enum ir_check_kind kind;
    /* http: method and path; headers are constant strings; Host is the server's address unless given */
    struct slice method, path;
    VEC(struct ir_header_value) headers;
    uint32_t status_min, status_max;     /* inclusive; 200..399 where nothing was said, as HAProxy */
    struct slice body_contains;          /* p NULL: not asked */
    VEC(struct ir_check_step) steps;     /* tcp; none: a completed connection is enough */
    uint32_t index;                      /* in ir_program.checks */
    struct ir_pos pos;
};

struct ir_server {
    struct slice name;
    struct ip_addr addr;
    struct slice host; /* p != NULL: a host name, resolved by the runtime when the plan is loaded */
    uint16_t port;
    uint32_t weight; /* 0..256, 1 where not given; 0 takes no new requests */
    bool backup;
    struct ir_pos pos;
};

enum ir_balance { IR_BALANCE_ROUND_ROBIN, IR_BALANCE_LEAST_CONN };

/* Times in milliseconds; 0 never occurs (check fills the defaults in). */
struct ir_backend {
    struct slice name;
    enum ir_balance balance;
    VEC(struct ir_server) servers;
    struct ir_check *check; /* NULL: servers count as up */
    uint32_t check_every_ms, check_timeout_ms, check_rise, check_fall;
    uint32_t connect_ms, server_ms, tunnel_ms, idle_ms; /* idle: of a pooled connection to a server */
    uint32_t index; /* in ir_program.backends */
    struct ir_pos pos;
};

enum ir_action_kind {
    IR_USE,        /* terminal: backend */
    IR_USE_MAP,    /* terminal where the lookup (value, an IR_LOOKUP of kind IR_BACKEND) is present; else the next rule */
    IR_REDIRECT,   /* terminal: status, value (the Location) */
    IR_REPLY,      /* terminal: status, headers, value (the body; NULL: the default page for the status) */
    IR_SET_HEADER, /* name, value */
    IR_ADD_HEADER, /* name, value */
    IR_DEL_HEADER, /* name */
};

struct ir_rule {
    enum ir_action_kind kind;
    struct ir_expr *guard; /* NULL: always */
    struct ir_backend *backend;
    uint32_t status;
    struct slice name; /* header name as written */
    struct ir_expr *value;
    VEC(struct ir_header_value) headers;
    struct slice label; /* the rule's name for people: `edge.route[3]`, or from @name */
    struct ir_pos pos;
};

/* Whether nothing is done after it where it applies. */
static inline bool ir_rule_decides(const struct ir_rule *r)
{
    return r->kind == IR_USE || r->kind == IR_USE_MAP || r->kind == IR_REDIRECT || r->kind == IR_REPLY;
}

struct ir_listen {
    struct ip_addr addr; /* :: (all zero) for `:80`, which means every address of both families */
    uint16_t port;
    struct ir_pos pos;
};

struct ir_frontend {
    struct slice name;
    VEC(struct ir_listen) listens;
    VEC(struct ir_rule) on_request; /* in source order */
    VEC(struct ir_rule) route;      /* the last one is unconditional (E0403 otherwise) */
    uint32_t client_ms, request_ms, idle_ms; /* between bytes; whole head; kept alive without a request */
    uint64_t max_body;              /* bytes; 0: no limit */
    uint32_t index;                 /* in ir_program.frontends */
    struct ir_pos pos;
};

struct test; /* testing.h */

struct ir_source {
    struct slice path; /* as given or imported, never absolute unless given so */
};

struct ir_program {
    uint32_t edition;
    VEC(struct ir_source) sources;
    VEC(struct ir_set *) sets; /* every set that an expression or a rule uses, anonymous ones included */
    VEC(struct ir_check *) checks;
    VEC(struct ir_backend *) backends;
    VEC(struct ir_frontend *) frontends;
    VEC(struct test *) tests; /* beside the program: never in its canonical form */
};

#endif
