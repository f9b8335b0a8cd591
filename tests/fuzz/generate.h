/* Random programs of the language, as text and without errors by construction, and random requests that stand
 * close to the constants of those programs. Deterministic by seed. */
#ifndef WEIR_TEST_GENERATE_H
#define WEIR_TEST_GENERATE_H

#include "compiler/eval.h"
#include "runtime/base/buf.h"

struct generate {
    uint64_t random;
    bool glue; /* the program may need generated code */
    uint32_t lists, maps, backend_maps, splits, acls;
    uint8_t list_kinds[8], map_kinds[8], backend_map_kinds[8]; /* enum ir_key_kind */
    uint8_t map_values[8];                                     /* which type of values */
};

enum { GENERATE_HEADERS_MAX = 24 };

struct generated_request {
    struct eval_header headers[GENERATE_HEADERS_MAX];
    struct eval_request q;
    struct arena a; /* of what the request points to; arena_free() ends it */
};

uint32_t generate_draw(struct generate *g, uint32_t below);
/* Appends a program with one frontend. */
void generate_program(struct generate *g, struct buf *out);
/* A request that an HTTP parser lets pass, but for what the normaliser refuses. */
void generate_request(struct generate *g, struct generated_request *out);

/* Constants that programs use, and that requests are made from. For generate*.c alone. */
#define GENERATE_HOSTS                                                                                       \
    "a.com", "b.a.com", "c.b.a.com", "com", "x.org", "aa.com", "a.com.org", "b-a.com", "w.x.org", "1.x.org"
#define GENERATE_PATHS                                                                                       \
    "/", "/a", "/a/b", "/a/b/c", "/ab", "/api", "/api/v1", "/api/v2/x", "/a/", "/x.y", "/abc", "/b"
#define GENERATE_WORDS                                                                                       \
    "one", "two", "on", "", "a", "ab", "abc", "b", "bc", "One", "10", "-3", "7", "a.com", "/a", "x, y"
#define GENERATE_HEADER_NAMES "X-A", "X-B", "Api-Version", "Accept"
/* Shares of splits, and what `random` is held against. */
#define GENERATE_PERCENTS "5%", "4.9%", "50%", "0.000001%", "99.999999%", "33.3%"
#define GENERATE_NETS                                                                                        \
    "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "192.168.0.0/17", "0.0.0.0/0",                \
        "2001:db8::/32", "2001:db8::1/128", "::/0", "fe80::/10", "10.1.2.0/31"

#endif
