/* What the `test` blocks of a program say, checked: requests, what is given, what is expected.
 * check_testing.c makes it, test_run.c runs it on the evaluator. It stands beside the program: the canonical
 * form, the digest and plans have none of it.
 *
 * Ownership: everything lives in the program's arena. */
#ifndef WEIR_TESTING_H
#define WEIR_TESTING_H

#include "compiler/eval.h"

/* A row that a test adds to a map or list, or replaces, or takes away. */
struct test_given {
    struct ir_set *set;
    bool gone;         /* there is no row of that key */
    struct ir_row row; /* `pos` is the place of the `given` */
};

enum test_subject {
    TEST_HEADER, /* of the request as it goes to the backend, or of the answer */
    TEST_FIELD,  /* path, host or req.uri as the deciding rule sees it */
    TEST_BODY,   /* of the answer */
    TEST_RULE,   /* the name of the rule that decided */
};

enum test_relation {
    TEST_EQ,
    TEST_NE, /* also where there is none, as `!=` in rules */
    TEST_CONTAINS,
    TEST_STARTS_WITH,
    TEST_ENDS_WITH,
    TEST_MATCHES,
    TEST_PRESENT,
    TEST_ABSENT,
};

/* One line of an expectation beside the outcome. */
struct test_claim {
    enum test_subject subject;
    enum test_relation relation;
    struct slice name;     /* HEADER: as written */
    struct ir_expr *field; /* HEADER: of the request; FIELD */
    struct slice text;     /* what it is compared with; of MATCHES, the expression */
    struct ir_pos pos;
};

struct test_outcome {
    bool given;             /* else any outcome will do */
    enum eval_outcome kind; /* USE, REDIRECT or REPLY; a refused request is REPLY 400 too */
    const struct ir_backend *backend;
    uint32_t status;
    struct slice location; /* REDIRECT; p NULL: any */
};

/* A request with what is expected of it. */
struct test_case {
    struct eval_request request; /* listener_port 0: where the frontend listens for `port` */
    uint16_t port;               /* of the URL */
    struct slice title; /* `GET https://www.acme.example/a` */
    struct test_outcome outcome;
    VEC(struct test_claim) claims;
    struct ir_pos pos;
};

/* `never OUTCOME if CONDITION`, `always OUTCOME if CONDITION`: of every request. */
struct test_proof {
    bool always;
    struct test_outcome outcome;
    struct ir_expr *condition; /* NULL: any request. Its sets may be none of the program's */
    struct slice text;         /* as written, in one line */
    struct ir_pos pos;
};

struct test {
    struct slice name; /* as in results: with the prefix of an imported file, `pools: name` */
    const struct ir_frontend *frontend;
    VEC(struct test_given) givens;
    int64_t random; /* of its requests */
    VEC(struct test_case) cases;
    VEC(struct test_proof) proofs;
    struct ir_pos pos;
};

#endif
