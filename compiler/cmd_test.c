/* weir test: runs the `test` blocks of configurations on the evaluator. */
#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/options.h"
#include "compiler/test_run.h"

/* Diagnostics go to standard error, as for `weir check`. */
static void test_one(const char *path, struct slice filter, struct test_report *report)
{
    struct compilation c;
    struct driver_options o = {.color = driver_wants_color()};
    struct buf said = {0};
    struct test_run run;
    compilation_begin(&c);
    const struct ir_program *p = driver_check(&c, path, &said);
    if (said.len == 0)
        driver_report(&c, path, &o, &said);
    cmd_print(&said, stderr);
    if (p) {
        test_run(&c.arena, p, filter, &run);
        test_report_file(report, path, &run);
        if (p->tests.n == 0)
            fprintf(stderr, "weir test: %s has no tests\n", path);
    } else {
        test_report_wrong(report, path);
    }
    buf_free(&said);
    compilation_end(&c);
}

static int run_files(int n, char **paths, const char *filter, struct test_report *report)
{
    struct buf out = {0};
    for (int i = 0; i < n; i++)
        test_one(paths[i], filter ? slice_of(filter) : (struct slice){NULL, 0}, report);
    bool none = report->passed + report->failed == 0;
    test_report_end(report, &out);
    cmd_print(&out, stdout);
    buf_free(&out);
    if (report->format != TEST_TEXT) /* where the other format leaves no room for the line */
        fprintf(stderr, "%u passed, %u failed\n", report->passed, report->failed);
    if (none && filter)
        return cmd_usage("test", "no test has `%s` in its name", filter);
    return report->failed ? 1 : 0;
}

int cmd_test(int argc, char **argv)
{
    const char *format = "text", *filter = NULL;
    static const char *const formats[] = {[TEST_TEXT] = "text", [TEST_TAP] = "tap", [TEST_JUNIT] = "junit"};
    struct test_report report = {0};
    const struct option_spec options[] = {
        {"filter", 0, OPTION_TEXT, &filter, "TEXT", "only tests with that text in their name"},
        {"coverage", 0, OPTION_FLAG, &report.coverage, NULL, "say which rules the tests do not reach"},
        {"format", 0, OPTION_TEXT, &format, "text|tap|junit", "how results are written on standard output"},
        {0},
    };
    const struct command_spec spec = {
        "test", "FILE… [--filter TEXT] [--coverage] [--format text|tap|junit]",
        "Runs the `test` blocks of configurations and of the files that they import, on the evaluator: "
        "nothing is sent\n"
        "anywhere. Of each failure it says what was expected, what came, which rule decided, and why the "
        "rules that\n"
        "would have done what was expected did not. Claims (`never`, `always`) are proved over all requests, or refuted by\n"
        "one; each counts as a test. Ends with `N passed, N failed` (in the formats tap and "
        "junit on\n"
        "standard error).\nExit code: 0 all passed, 1 a test failed or a file has errors.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc < 2)
        return cmd_usage("test", "which FILE?");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i]) == 0) {
            report.format = (enum test_format)i;
            return run_files(argc - 1, argv + 1, filter, &report);
        }
    return cmd_usage("test", "--format is text, tap or junit, not `%s`", format);
}
