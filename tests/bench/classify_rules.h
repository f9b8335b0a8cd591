/* Rule sets and requests for tests/bench/classify.c: sources of any size, or programs that are given, and for each rule a
 * request that is made for it. Everything follows from the seed, so that two runs measure the same. */
#ifndef WEIR_BENCH_CLASSIFY_RULES_H
#define WEIR_BENCH_CLASSIFY_RULES_H

#include "runtime/base/buf.h"
#include "runtime/base/arena.h"
#include "runtime/base/vec.h"

/* The value of a header, a parameter or a cookie: slot of the plan, counted from the first one that is not fixed. */
struct request_value {
    uint32_t slot;
    struct slice text;
};

/* A request as the rules see it. */
struct request {
    struct slice method, host, path;
    struct slice header; /* X-Canary; p NULL: absent */
    const struct request_value *values; /* of RULES_FILE */
    uint32_t nvalues;
    bool tls;
    uint8_t ip[16];
    int64_t random;
};
#define RULE_SET_CLIENT {[10] = 0xff, 0xff, 203, 0, 113, 9}

/* X(id, name): the families of rule sets. TENANTS: tenants with 4 to 16 rules each, all over host, path, method and a
 * header, words drawn at random. TEMPLATE: tenants with the same ten rules each. The others: rules over one field. */
#define RULE_FAMILIES(X)                                                                                                \
    X(TENANTS, "tenants")                                                                                               \
    X(TEMPLATE, "template")                                                                                             \
    X(REGEX, "regex ^...$")                                                                                             \
    X(REGEX_ANY, "regex any")                                                                                           \
    X(CONTAINS, "contains")                                                                                             \
    X(LIKE, "like")                                                                                                     \
    X(ENDS, "ends-with")                                                                                                \
    X(WILDCARDS, "wildcards")                                                                                           \
    X(CIDR, "cidr")                                                                                                     \
    X(HEADER, "header")

enum rule_family {
#define RULE_FAMILY(id, name) RULES_##id,
    RULE_FAMILIES(RULE_FAMILY)
#undef RULE_FAMILY
    RULES_FILE, /* those of a program that is given */
};

struct ir_program;
struct rows_program;

enum request_mix { REQUESTS_UNIFORM, REQUESTS_ZIPF, REQUESTS_MISS, REQUESTS_ADVERSARIAL, REQUEST_MIXES };

struct rule_set {
    struct arena a;
    enum rule_family family;
    uint64_t seed;
    struct buf text;              /* the source */
    VEC(struct request) of_rule;  /* a request for each rule that is no rule for all */
    VEC(uint32_t) tenants;        /* where the rules of each tenant begin in `of_rule`; one more at the end */
    double *popular;              /* cumulated weights of the tenants by rank: Zipf with exponent 1 */
    const struct rows_program *rows; /* RULES_FILE */
};

/* About `n` rules. */
void rule_set_make(struct rule_set *s, enum rule_family family, uint32_t n, uint64_t seed);
void rule_set_free(struct rule_set *s);
/* The rules of the program's first frontend; each is a tenant of its own. `p` must outlive it. */
void rule_set_read(struct rule_set *s, const struct ir_program *p, uint64_t seed);
/* The next request of a mix; its strings are good until rule_set_free(). */
struct request rule_set_request(struct rule_set *s, enum request_mix mix);

/* For classify_rules.c and classify_file.c alone. */
uint32_t rule_set_draw(struct rule_set *s, uint32_t n);
void rule_set_finish(struct rule_set *s);
struct request rule_set_near(struct rule_set *s, struct request r);

#endif
