/* Running the tests of a program on the evaluator: what came of each, which rules they reached. test_run.c
 * runs, test_report.c writes. */
#ifndef WEIR_TEST_RUN_H
#define WEIR_TEST_RUN_H

#include "compiler/prove.h"
#include "runtime/base/buf.h"

/* A line of an expectation that does not hold. */
struct test_problem {
    struct slice expected, got;
};

/* A rule that would have done what is expected, and why it did not. */
struct test_other {
    const struct ir_rule *rule;
    struct slice why;
};

struct test_failure {
    const struct test_case *c;
    VEC(struct test_problem) problems;
    const struct ir_rule *rule; /* that decided; NULL: the request is refused before any rule */
    const char *refused;
    bool outcome_differs; /* then `others` is about the outcome that was expected */
    bool nearly;          /* the rule that decided can have it, with another row or another place to go to */
    VEC(struct test_other) others;
    uint32_t more; /* of them that are left out */
};

/* Of the requests of a test, or of one of its claims. */
struct test_result {
    const struct test *t;
    struct slice name; /* of the test; of a claim, with what it says behind it */
    struct ir_pos pos;
    bool passed;
    VEC(struct test_failure) failures;
    const struct test_proof *claim; /* or NULL */
    struct prove_result proved;     /* of the claim */
    struct slice got;               /* what came of the counterexample */
    uint64_t took_ns;
};

/* Which rules of a frontend applied to a request of a test. */
struct test_coverage {
    const struct ir_frontend *f;
    bool *reached; /* on_request, then route */
    uint32_t rules, nreached;
};

struct test_run {
    struct arena *a;
    const struct ir_program *p;
    VEC(struct test_result) results;
    VEC(struct test_coverage) coverage; /* by frontend */
    uint32_t passed, failed;
};

/* Runs the tests whose name holds `filter` (p NULL: all). The program's sets are changed while a test runs,
 * and are as before when this returns. Everything lives in `a`. */
void test_run(struct arena *a, const struct ir_program *p, struct slice filter, struct test_run *out);

enum { TEST_PROOF_SECONDS = 3 }; /* for one claim */

enum test_format { TEST_TEXT, TEST_TAP, TEST_JUNIT };

/* What is written about several files, in the order in which they come. */
struct test_report {
    enum test_format format;
    bool coverage;
    struct buf text;
    uint32_t passed, failed, errors; /* errors: files that have no tests to run since they are wrong */
};

/* The results of the file `path`. */
void test_report_file(struct test_report *r, const char *path, const struct test_run *run);
/* The file `path` is wrong: its diagnostics were written elsewhere. It counts as failed. */
void test_report_wrong(struct test_report *r, const char *path);
/* All of it, with head and end, into `out`. */
void test_report_end(struct test_report *r, struct buf *out);

#endif
