/* The contract between a plan and the runtime: the layout of the plan's tables, the facts of a request
 * that its decisions read, and the calls between generated code ("glue") and runtime.
 *
 * Tables are one blob of bytes, little-endian, read-only, without pointers: every reference is an
 * offset in bytes from the start of the blob, so that a plan needs no relocation and can be checked by
 * ranges before it is used. Offset 0 is the header, and so means "none" everywhere else. All structs
 * below are 4-aligned unless said otherwise.
 *
 * `weir` embeds this file: generated C includes it, and nothing but freestanding headers with it. */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raised with every change to what is below. A plan of another ABI is refused. */
#define WEIR_ABI_VERSION 5u
#define WEIR_TABLES_MAGIC 0x52494557u /* "WEIR" */
#define WEIR_NONE 0xffffffffu

/* A run of bytes in the blob. */
struct weir_ref {
    uint32_t off, len;
};

/* An array in the blob. */
struct weir_span {
    uint32_t off, count;
};

/* ---- facts of one request ------------------------------------------------------------------- */

/* A string value at run time; p == NULL is absent. */
struct weir_str {
    const char *p;
    uint32_t len;
};

/* A network at run time: an address without host bits, and how many bits of it count. */
struct weir_cidr {
    uint8_t addr[16];
    uint8_t bits;
};

/* Slots of facts.str that every plan has; slots for headers, query parameters and cookies follow, in
 * the order of weir_tables.slots. */
enum weir_fixed_slot {
    WEIR_SLOT_HOST,
    WEIR_SLOT_PATH,
    WEIR_SLOT_METHOD,
    WEIR_SLOT_URI,
    WEIR_SLOT_RAW_PATH,
    WEIR_SLOT_VERSION,
    WEIR_SLOT_FIXED
};

/* Memory for values that are made during one decision (lower(x), interpolation): a bump region that the
 * caller owns. When it is used up, `full` is set, results are truncated to empty, and the request is
 * answered 500; nothing is written beyond `end`. */
struct weir_scratch {
    char *next, *end;
    bool full;
};

struct weir_facts {
    struct weir_str *str; /* WEIR_SLOT_FIXED + slots.count entries */
    uint8_t client_ip[16], listener_ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t client_port, listener_port;
    bool tls_active;
    uint64_t id[2]; /* what req.id is made of: no two requests have the same */
    int64_t random; /* drawn for this request: 0 to below WEIR_RANDOM_END; as a key, its 8 bytes */
    struct weir_scratch *scratch;
};

/* Chance is counted in millionths of a percent. */
#define WEIR_RANDOM_END 100000000

/* A slot beyond the fixed ones. LINES: the lines of a header with a line feed between two, which no line holds;
 * absent where there are none. ID: req.id, without a name. */
enum weir_slot_kind { WEIR_SLOT_HEADER, WEIR_SLOT_QUERY, WEIR_SLOT_COOKIE, WEIR_SLOT_LINES, WEIR_SLOT_ID };
struct weir_slot {
    uint32_t kind;
    struct weir_ref name; /* headers in lower case */
};

/* ---- tables: key lookup --------------------------------------------------------------------- */

/* How a subject is looked up in a key table. LONGEST kinds prefer the longest key. */
enum weir_probe {
    WEIR_PROBE_EXACT,    /* the whole subject */
    WEIR_PROBE_SEGMENTS, /* path: the subject cut at each "/" boundary */
    WEIR_PROBE_PREFIX,   /* first n bytes, for each n in `lens` */
    WEIR_PROBE_SUFFIX,   /* last n bytes, for each n in `lens` */
    WEIR_PROBE_HOST,     /* exact, then "*" + suffix (form 1), "**" + suffix (form 2) at label boundaries */
    WEIR_PROBE_CIDR,     /* 16 address bytes masked to n bits, for each n in `lens`; v4 skips n < 96 */
    WEIR_PROBE_INFIX,    /* any n bytes in a row, for each n in `lens` (at most 8); of nodes alone */
    WEIR_PROBE_RANGE,    /* the 8 bytes of an int: the range that holds it */
    WEIR_PROBE_FIRST,    /* the first pattern that matches */
};

/* What the records of a table lead to. */
enum weir_table_use {
    WEIR_TABLE_LIST,     /* nothing: membership alone */
    WEIR_TABLE_BACKENDS, /* indexes in weir_tables.backends */
    WEIR_TABLE_STRINGS,  /* offsets of struct weir_ref: texts; ints as 8 bytes, little-endian; truth as a byte, 0 or 1; addresses
                          * as 16 bytes */
    WEIR_TABLE_NODES,    /* nodes of a decision */
};

/* Keys are in buckets of a cache line each, found by a hash of the key's bytes (XXH3-64; of CIDR table_prefix_hash() in
 * runtime/table.h): the bucket by the low half of the hash
 * (as a fraction of their number), the place in it by the upper 16 bits (0 becomes 1; 0 is an empty place). Where `more` is
 * set, the search goes on in the next bucket, and after the last in the first; one bucket at least has it not. The record
 * of a CIDR key holds 17 bytes: bits, then the masked address. INT keys are 8 bytes,
 * little-endian, and EXACT. INFIX keys have at most 8 bytes.
 *
 * RANGE and FIRST hash nothing: their `slots` are struct weir_range[count], ascending and apart from each other, and
 * struct weir_pattern[count], in the order in which they are tried. They have no buckets. Nodes have no such tables. */
struct weir_table {
    uint16_t probe;   /* enum weir_probe */
    uint16_t use;     /* enum weir_table_use */
    uint32_t count;   /* keys */
    uint32_t buckets;
    uint32_t slots;   /* offset of struct weir_bucket[buckets] */
    uint32_t len_bits[2];  /* SEGMENTS and the suffixes of HOST: bit min(length, 63) is set for each key */
    struct weir_span lens; /* uint32_t[], descending; PREFIX, SUFFIX, CIDR and INFIX */
    uint32_t fallback;     /* maps: the record used where no key matches, or 0 */
    /* INFIX and CIDR, which ask for much that is not there: 2^bloom_bits bits at `bloom`, of which that of each key is set: by
     * the upper bits of its hash, of INFIX those of (the key as an integer, little-endian) * WEIR_BLOOM_FACTOR. */
    uint32_t bloom, bloom_bits;
};
#define WEIR_BLOOM_FACTOR 0x9e3779b97f4a7c15u
#define WEIR_INFIX_MAX 8u

#define WEIR_BUCKET 10u
struct weir_bucket {
    uint16_t tag[WEIR_BUCKET];
    uint32_t record[WEIR_BUCKET];
    uint32_t more;
};

/* 8-aligned. Records of ranges and patterns have no key. */
struct weir_range {
    int64_t lo, hi; /* both included */
    uint32_t record, pad;
};

struct weir_pattern {
    uint32_t automaton, record;
};

/* A key and what it leads to (enum weir_table_use). What a record leads to follows it closely, so that reading
 * the key fetches it too. Records of HOST tables and of NODES have a struct weir_lead before them. */
struct weir_record {
    uint32_t value;
    uint32_t len_form; /* length of the key * 4, plus of HOST: 0 exact, 1 "*", 2 "**", each with the key from the dot on */
    /* uint8_t key[len], padded to 4 */
};
#define WEIR_KEY_MAX 0x3fffffffu

/* note [parents]: what else matches where this key of a HOST table does, the next best first, is known when the table is
 * made: `parent` leads there. A search ends at the first match. Of "*" and "**" before the same suffix the first alone is in
 * a bucket; the other one is its parent. */
struct weir_lead {
    uint32_t base;   /* NODES: what the rule indexes below count from, see note [base] */
    uint32_t parent; /* a record, or 0; its key is a shorter one, or "**" after "*" */
};
#define WEIR_PARENTS_MAX 128u

/* ---- tables: decisions ---------------------------------------------------------------------- */

/* A reference to a node is an offset. With bit 0 set it is that of a run of rows (and the bit is no part of it), else
 * that of a chain of groups. The value of a node is the least rule index of any row below that matches the
 * facts; a group whose least rule cannot beat the best one so far is passed over.
 *
 * note [base]: rule indexes below a key count from the sum of the bases on the way to it. So two keys whose rules differ in
 * where they stand alone lead to the same node: the rules of one customer of a thousand alike are there once. */
enum weir_group_kind {
    WEIR_GROUP_ROWS, /* a run of rows */
    WEIR_GROUP_KEYS, /* a key table over one slot or the client's address; every matching key's node counts */
    WEIR_GROUP_UNION, /* many patterns over one slot, read at once by one DFA */
};

/* note [depth]: the groups of a chain have one depth, and those below a group have less. With `next` growing, this
 * proves that a walk ends, from one look at each group. */
struct weir_group {
    uint32_t least; /* least rule index below, counted as that of the chain's rows */
    uint32_t next;  /* next group of the chain, at a higher offset, or 0 */
    uint8_t kind;   /* enum weir_group_kind */
    uint8_t depth;  /* 1 .. WEIR_DEPTH_MAX */
    uint16_t slot;  /* KEYS: the subject; WEIR_SUBJECT_IP for the client's address */
    uint32_t at;    /* ROWS: offset of the first block; KEYS: of a weir_table; UNION: of a weir_union */
};

/* The state in which the DFA ends tells which of the patterns match, and so leads to the node of their rows. The table of
 * the DFA is as in weir_automaton, but that state 1 is one like others, and that first_final says nothing. */
struct weir_union {
    uint32_t automaton;
    uint32_t choices; /* offset of struct weir_choice[], by state */
};

struct weir_choice {
    uint32_t node; /* 0: none of them matches */
    uint32_t base; /* see note [base] */
};
#define WEIR_SUBJECT_IP 0xffffu
#define WEIR_SUBJECT_RANDOM 0xfffeu /* of IN atoms alone */
#define WEIR_DEPTH_MAX 16u

/* A row is a conjunction of tests that leads to a rule. A run is blocks of rows, ascending by rule; the first row that
 * matches answers. Behind the head of a block stand, for its n = count rows:
 *
 *   uint64_t want[n];       the row's filter, 4-aligned; see note [filters]
 *   uint32_t rule[n];
 *   uint16_t atoms[n + 1];  where the atoms of each row begin, and where they end: counted from the head in 4 bytes
 *   uint8_t from[n], shift[n];
 *   (padding to 4) struct weir_atom ...
 *
 * note [filters]: most rows of a run are ruled out by few bytes of the path, the method, or the hash of the host. These stand at
 * fixed places of an array that is made once for a request (enum weir_filter_place). A row can match only if
 * (8 bytes from `from` on, little-endian, ^ want) << shift == 0. All rows of a block are tried so without a branch, and
 * the atoms of the few that are left decide. An atom that says no more than the filter is not there. */
struct weir_rows {
    uint16_t count; /* 1 .. WEIR_ROWS_MAX */
    uint16_t more;  /* 1: another block follows */
};
#define WEIR_ROWS_MAX 32u

enum weir_filter_place {
    WEIR_FILTER_PATH = 0,     /* the path's first bytes, then zeros */
    WEIR_FILTER_PATH_MAX = 128,
    WEIR_FILTER_NONE = 128,   /* 8 zeros: with want 0, every request passes */
    WEIR_FILTER_TAIL = 136,   /* the path's last 8 bytes; where it is shorter, zeros before them */
    WEIR_FILTER_TAIL_END = 144,
    WEIR_FILTER_METHOD = 152, /* the method's first 8 bytes, then zeros */
    WEIR_FILTER_HOST = 160,   /* XXH3-64 of the host */
    WEIR_FILTER_SIZE = 176,
    WEIR_FILTER_LAST = 168,   /* the largest `from` */
};

enum weir_atom_op {
    WEIR_ATOM_EQ,       /* slot equals the bytes a..b */
    WEIR_ATOM_UNDER,    /* segment prefix */
    WEIR_ATOM_STARTS,   /* bytes */
    WEIR_ATOM_ENDS,     /* bytes */
    WEIR_ATOM_CONTAINS, /* bytes */
    WEIR_ATOM_LIKE,     /* the automaton at a, made of a glob */
    WEIR_ATOM_MATCHES,  /* the automaton at a */
    WEIR_ATOM_IN,       /* slot or address is in the key table at a */
    WEIR_ATOM_EXISTS,   /* slot is present */
    WEIR_ATOM_TLS,      /* the client's connection is TLS */
    WEIR_ATOM_GLUE,     /* the residual predicate: shape a, arguments at b */
};

struct weir_atom {
    uint8_t op;     /* enum weir_atom_op */
    uint8_t negate; /* 1: the atom holds where the test does not */
    uint16_t slot;  /* or WEIR_SUBJECT_IP, WEIR_SUBJECT_RANDOM */
    uint32_t a, b;  /* bytes: offset and length; else as said above */
};

enum weir_automaton_kind {
    WEIR_AUTOMATON_DFA,
    WEIR_AUTOMATON_NFA,
    WEIR_AUTOMATON_PIECES,
};

/* A regular expression or a glob. The 256 bytes at `classes` map a byte to its class.
 *
 * DFA: the states are a table of uint16_t[size][nclasses] at `at`. State 0 refuses whatever follows, state 1 accepts
 * whatever follows; at the end of the subject, states >= first_final accept.
 *
 * NFA, where the DFA would be too large: struct weir_nfa_op[size] at `at`; see runtime/automaton.h.
 *
 * PIECES: nothing but the first two fields is there, and behind them stand `len` bytes: see enum weir_piece. */
struct weir_automaton {
    uint16_t kind; /* enum weir_automaton_kind */
    uint16_t len;  /* PIECES alone, else 0 */
    uint32_t size;
    uint32_t nclasses;
    uint32_t start;
    uint32_t first_final;
    uint32_t classes; /* offset of uint8_t[256] */
    uint32_t at;
};
#define WEIR_PIECES_HEAD 4u

/* note [pieces]: most patterns are texts with a few simple things between, such as "/users/", digits, the end. They are read
 * piece by piece, each of which takes a part of what is left of the subject from its begin or (TAIL) from its end, and where
 * that part ends is settled by the piece alone. So patterns that differ in their texts share all tables. A subject
 * matches where every piece does and then nothing is left.
 *
 * Behind the byte that says which piece it is stand: TEXT: a length (one byte) and as many bytes; DFA: an offset (4 bytes,
 * little-endian, not aligned) of a weir_automaton that is a DFA; SEP: one byte. */
enum weir_piece {
    WEIR_PIECE_TEXT,        /* TEXT: these bytes */
    WEIR_PIECE_TAIL_TEXT,
    WEIR_PIECE_FOLDED,      /* TEXT, in lower case: these bytes, letters in either case */
    WEIR_PIECE_TAIL_FOLDED,
    WEIR_PIECE_RUN,         /* DFA: the bytes that it reads up to the one that it refuses, or all; it then accepts */
    WEIR_PIECE_TAIL_RUN,    /* the DFA reads backwards */
    WEIR_PIECE_REST,        /* DFA: all that is left; last */
    WEIR_PIECE_STAR,        /* SEP TEXT: one or more bytes that are not SEP, as few as can be, then the text */
    WEIR_PIECE_TAIL_STAR,
    WEIR_PIECE_STAR_REST,   /* SEP: one or more bytes are left, none of which is SEP; last */
    WEIR_PIECE_SOME,        /* one or more bytes are left; last */
    WEIR_PIECE_FIND,        /* TEXT: one or more bytes, as few as can be, then the text */
    WEIR_PIECE_ANYWHERE,    /* TEXT: at any place where it stands, the other pieces take what follows; first */
    WEIR_PIECE_OPEN,        /* whatever is left; last */
};

enum weir_nfa_kind {
    WEIR_NFA_CLASS,  /* one byte whose class is in the set `a`, then `next` */
    WEIR_NFA_SPLIT,  /* `next` and `a` */
    WEIR_NFA_BEGIN,  /* `next`, at the begin of the subject */
    WEIR_NFA_END,    /* `next`, at its end */
    WEIR_NFA_ACCEPT,
};

struct weir_nfa_op {
    uint16_t kind; /* enum weir_nfa_kind */
    uint16_t next;
    uint32_t a;    /* CLASS: offset of uint8_t[nclasses], 1 where the class is in; SPLIT: an op */
};
#define WEIR_NFA_MAX 4096u
#define WEIR_REPLACE_MAX 512u /* ops of an expression whose matches are replaced */

/* ---- tables: what generated code reads ------------------------------------------------------ */

/* The kinds of the arguments of a shape: one byte each, enum weir_arg_kind. */
struct weir_shape {
    struct weir_ref kinds;
};

/* One argument of one use; a use's arguments are an array, as many as its shape has kinds. */
struct weir_arg {
    uint32_t a, b;
};

enum weir_arg_kind {
    WEIR_ARG_STR,       /* the bytes a..b */
    WEIR_ARG_INT,       /* low and high half */
    WEIR_ARG_SLOT,      /* a */
    WEIR_ARG_IP,        /* offset a of 16 bytes */
    WEIR_ARG_LIST,      /* offset a of a table that is asked for membership */
    WEIR_ARG_MAP,       /* offset a of a table of strings */
    WEIR_ARG_AUTOMATON, /* offset a */
    WEIR_ARG_CIDR,      /* offset a of a weir_cidr */
    WEIR_ARG_REPLACE,   /* offset a of an automaton: an NFA of at most WEIR_REPLACE_MAX ops */
};

/* ---- tables: outcomes ----------------------------------------------------------------------- */

enum weir_value_kind {
    WEIR_VALUE_NONE,
    WEIR_VALUE_CONST, /* the bytes a..b */
    WEIR_VALUE_SLOT,  /* the slot's value */
    WEIR_VALUE_IP,    /* the client's address as 16 bytes: a key of a map from CIDRs, as are the 17 bytes of a weir_cidr */
    WEIR_VALUE_GLUE,  /* the generated expression: shape a, arguments at b */
    WEIR_VALUE_RANDOM, /* facts.random as 8 bytes: the key of a map from ranges */
};

struct weir_value {
    uint16_t kind; /* enum weir_value_kind */
    uint16_t slot;
    uint32_t a, b;
};

enum weir_action_kind {
    WEIR_USE,        /* backend */
    WEIR_USE_MAP,    /* backend = map[value]; the rule's rows test that the lookup finds one */
    WEIR_REDIRECT,   /* status, value: the Location */
    WEIR_REPLY,      /* status, headers, value: the body (NONE: the default page) */
    WEIR_SET_HEADER, /* name, value */
    WEIR_ADD_HEADER, /* name, value */
    WEIR_DEL_HEADER, /* name */
};

struct weir_header {
    struct weir_ref name;
    struct weir_value value;
};

/* Actions are shared: equal actions of different rules are one. */
struct weir_action {
    uint16_t kind; /* enum weir_action_kind */
    uint16_t status;
    uint32_t backend;        /* USE: index in weir_tables.backends */
    uint32_t map;            /* USE_MAP: offset of a weir_table */
    struct weir_value value;
    struct weir_ref name;    /* header name as written */
    uint16_t slot;           /* header actions: the slot that shows this header to later rules, or 0xffff */
    uint16_t lines;          /* the same for its lines (WEIR_SLOT_LINES) */
    struct weir_span headers; /* struct weir_header[] */
};

/* Where a rule stands in the sources. */
struct weir_place {
    uint32_t file, line; /* file: index in weir_tables.sources */
};

/* What a rule does, and in which line it stands. */
struct weir_outcome {
    uint32_t action; /* offset of a weir_action */
    uint32_t line;
};

/* The rules of a step from `first` on, up to those of the next element, stand in `file`. */
struct weir_file_run {
    uint32_t first, file; /* file: index in weir_tables.sources */
};

/* One step of a frontend's program. The first rule of the step that matches acts; a terminal action ends
 * the program, and otherwise the next step follows. Steps are: runs of terminal rules (one decision), a
 * single header action with its guard, and last the route, which always ends. */
struct weir_step {
    uint32_t node;     /* the decision, or 0: rule 0 applies always */
    uint32_t rules;    /* number of rules */
    uint32_t outcomes; /* offset of struct weir_outcome[rules] */
    uint32_t phase;    /* 0: on request; 1: route */
    uint32_t first;    /* index of rule 0 of this step within its phase, for names like edge.route[3] */
    struct weir_span files; /* struct weir_file_run[], ascending by rule from 0; one at least */
};

/* ---- tables: objects ------------------------------------------------------------------------ */

struct weir_listen {
    uint8_t addr[16]; /* all zero: every address of both families */
    uint16_t port;
    uint16_t pad;
};

struct weir_frontend {
    struct weir_ref name;
    struct weir_span listens; /* struct weir_listen[] */
    struct weir_span steps;   /* struct weir_step[] */
    uint32_t client_ms, request_ms, idle_ms;
    uint32_t max_body_lo, max_body_hi; /* bytes, 0: no limit */
};

struct weir_server {
    struct weir_ref name;
    struct weir_ref host; /* len > 0: a name to resolve instead of addr */
    uint8_t addr[16];
    uint16_t port;
    uint16_t weight;
    uint32_t backup; /* 0 or 1 */
};

enum weir_balance { WEIR_BALANCE_ROUND_ROBIN, WEIR_BALANCE_LEAST_CONN };

struct weir_backend {
    struct weir_ref name;
    uint32_t balance;         /* enum weir_balance */
    struct weir_span servers; /* struct weir_server[] */
    uint32_t check;           /* index in weir_tables.checks, or WEIR_NONE */
    uint32_t check_every_ms, check_timeout_ms, check_rise, check_fall;
    uint32_t connect_ms, server_ms, tunnel_ms, idle_ms;
};

enum weir_check_kind { WEIR_CHECK_HTTP, WEIR_CHECK_TCP };
enum weir_check_step_kind { WEIR_STEP_SEND, WEIR_STEP_EXPECT_CONTAINS, WEIR_STEP_EXPECT_STARTS };

struct weir_check_step {
    uint32_t kind;
    struct weir_ref data;
};

struct weir_check {
    struct weir_ref name;
    uint32_t kind;
    struct weir_ref request;   /* http: method SP path, e.g. "GET /healthz" */
    struct weir_ref headers;   /* http: complete field lines, each with CRLF; Host is added where not among them */
    uint32_t status_min, status_max;
    struct weir_ref body_contains; /* off 0: not asked */
    struct weir_span steps;    /* tcp: struct weir_check_step[] */
};

/* Offset 0 of the blob. */
struct weir_tables {
    uint32_t magic, abi;
    uint32_t size_lo, size_hi; /* bytes of the whole blob */
    uint32_t edition;
    struct weir_span slots;     /* struct weir_slot[] */
    struct weir_span sources;   /* struct weir_ref[]: paths */
    struct weir_span frontends; /* struct weir_frontend[] */
    struct weir_span backends;  /* struct weir_backend[] */
    struct weir_span checks;    /* struct weir_check[] */
    struct weir_span maps;      /* uint32_t[]: offsets of weir_table, in the order of the sources */
    struct weir_span pred_shapes, value_shapes; /* struct weir_shape[] */
};

/* ---- calls between glue and runtime --------------------------------------------------------- */

/* What the runtime hands to generated code. Every string argument may be absent (p == NULL): tests on an
 * absent operand are false, values from one are absent. `tables` is the blob. */
struct weir_abi {
    uint32_t version;
    bool (*eq)(struct weir_str a, struct weir_str b);
    bool (*under)(struct weir_str s, struct weir_str prefix);
    bool (*starts_with)(struct weir_str s, struct weir_str part);
    bool (*ends_with)(struct weir_str s, struct weir_str part);
    bool (*contains)(struct weir_str s, struct weir_str part);
    bool (*like)(const uint8_t *tables, uint32_t glob, struct weir_str s);
    bool (*matches)(const uint8_t *tables, uint32_t automaton, struct weir_str s);
    bool (*in_str)(const uint8_t *tables, uint32_t table, struct weir_str s);
    bool (*in_int)(const uint8_t *tables, uint32_t table, int64_t n);
    bool (*in_ip)(const uint8_t *tables, uint32_t table, const uint8_t ip[16]);
    struct weir_str (*map_str)(const uint8_t *tables, uint32_t table, struct weir_str key);
    struct weir_str (*map_int)(const uint8_t *tables, uint32_t table, int64_t key);
    struct weir_str (*map_ip)(const uint8_t *tables, uint32_t table, const uint8_t ip[16]);
    struct weir_str (*lower)(const struct weir_facts *f, struct weir_str s);
    struct weir_str (*upper)(const struct weir_facts *f, struct weir_str s);
    bool (*to_int)(struct weir_str s, int64_t *n); /* false: absent */
    struct weir_str (*int_text)(const struct weir_facts *f, int64_t n);
    struct weir_str (*int_key)(const struct weir_facts *f, int64_t n); /* the 8 bytes of an INT key */
    struct weir_str (*ip_text)(const struct weir_facts *f, const uint8_t ip[16]);
    struct weir_str (*concat)(const struct weir_facts *f, const struct weir_str *parts, uint32_t n);
    /* Converters; grammar/ops.def says what they do. */
    int64_t (*hash)(struct weir_str s); /* of a present text */
    struct weir_str (*base64)(const struct weir_facts *f, struct weir_str s);
    struct weir_str (*base64_decode)(const struct weir_facts *f, struct weir_str s);
    struct weir_str (*url_decode)(const struct weir_facts *f, struct weir_str s);
    struct weir_str (*part)(struct weir_str s, int64_t place, struct weir_str separator);
    struct weir_str (*replace)(const struct weir_facts *f, const uint8_t *tables, uint32_t automaton, struct weir_str s,
                               struct weir_str by);
    void (*mask)(const uint8_t ip[16], int64_t v4, int64_t v6, struct weir_cidr *out);
    bool (*in_cidr)(const uint8_t *tables, uint32_t table, const struct weir_cidr *net);
    struct weir_str (*map_cidr)(const uint8_t *tables, uint32_t table, const struct weir_cidr *net);
    struct weir_str (*cidr_text)(const struct weir_facts *f, const struct weir_cidr *net);
    struct weir_str (*bytes)(const struct weir_facts *f, const void *bytes, uint32_t len); /* a copy: keys of addresses */
    int64_t (*lines)(struct weir_str lines); /* how many */
    struct weir_str (*nth)(struct weir_str lines, int64_t place);
    bool (*among)(struct weir_str s, struct weir_str lines);
};

static inline struct weir_str weir_arg_str(const uint8_t *tables, const struct weir_arg *arg)
{
    struct weir_str s = {(const char *)tables + arg->a, arg->b};
    return s;
}

static inline int64_t weir_arg_int(const struct weir_arg *arg)
{
    return (int64_t)((uint64_t)arg->b << 32 | arg->a);
}

/* What a map has for a key, as its type; of what is absent, or of another length, nothing. */
static inline bool weir_str_int(struct weir_str s, int64_t *n)
{
    uint64_t sum = 0;
    if (!s.p || s.len != 8)
        return false;
    for (unsigned i = 0; i < 8; i++)
        sum |= (uint64_t)(uint8_t)s.p[i] << (8 * i);
    *n = (int64_t)sum;
    return true;
}

static inline bool weir_str_bool(struct weir_str s)
{
    return s.p && s.len == 1 && s.p[0];
}

/* NULL: absent. */
static inline const uint8_t *weir_str_ip(struct weir_str s)
{
    return s.len == 16 ? (const uint8_t *)s.p : (const uint8_t *)0;
}

static inline bool weir_same_ip(const uint8_t *x, const uint8_t *y)
{
    uint8_t differ = 0;
    for (unsigned i = 0; i < 16; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}

static inline bool weir_same_cidr(const struct weir_cidr *x, const struct weir_cidr *y)
{
    return weir_same_ip(x->addr, y->addr) && x->bits == y->bits;
}

/* What a plan's code exports under these names. A shape is an expression with its constants taken out;
 * `args` is the offset in `tables` of the constants of one use. */
typedef bool weir_pred_fn(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables, uint32_t shape, uint32_t args);
typedef struct weir_str weir_value_fn(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables, uint32_t shape, uint32_t args);
#define WEIR_PRED_SYMBOL "weir_pred"
#define WEIR_VALUE_SYMBOL "weir_value"

/* What a standalone executable has in place of a plan file, as `weir_builtin`; weir-edge knows that symbol as a weak one. */
struct weir_builtin {
    const uint8_t *tables;
    uint64_t tables_size;
    const char *manifest;
    uint64_t manifest_size;
    weir_pred_fn *pred;
    weir_value_fn *value;
};
extern const struct weir_builtin weir_builtin;

#endif
