/* Rule sets and requests for tests/bench/classify.c: sources of any size, and for each rule a request that is made for
 * it. Everything follows from the seed, so that two runs measure the same. */
#ifndef WEIR_BENCH_CLASSIFY_RULES_H
#define WEIR_BENCH_CLASSIFY_RULES_H

#include "runtime/base/buf.h"
#include "runtime/base/arena.h"
#include "runtime/base/vec.h"

/* A request as the rules see it. */
struct request {
    struct slice method, host, path;
    struct slice header; /* X-Canary; p NULL: absent */
    uint8_t ip[4];
};

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
};

enum request_mix { REQUESTS_UNIFORM, REQUESTS_ZIPF, REQUESTS_MISS, REQUESTS_ADVERSARIAL, REQUEST_MIXES };

struct rule_set {
    struct arena a;
    enum rule_family family;
    uint64_t seed;
    struct buf text;              /* the source */
    VEC(struct request) of_rule;  /* a request for each rule that is no rule for all */
    VEC(uint32_t) tenants;        /* where the rules of each tenant begin in `of_rule`; one more at the end */
    double *popular;              /* cumulated weights of the tenants by rank: Zipf with exponent 1 */
};

/* About `n` rules. */
void rule_set_make(struct rule_set *s, enum rule_family family, uint32_t n, uint64_t seed);
void rule_set_free(struct rule_set *s);
/* The next request of a mix; its strings are good until rule_set_free(). */
struct request rule_set_request(struct rule_set *s, enum request_mix mix);

#endif
