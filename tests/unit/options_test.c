/* Options of commands: both spellings, wherever they stand; values that are none; what is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <unistd.h>

#include "compiler/options.h"
#include "runtime/base/buf.h"

struct values {
    bool flag;
    const char *text;
    uint32_t number, time;
    int argc;
    char *argv[16];
};

/* What it writes on file descriptor `fd` goes to `said`. */
static int parse(struct values *v, const char *words, int fd, char said[512])
{
    const struct option_spec options[] = {
        {"flag", 'f', OPTION_FLAG, &v->flag, NULL, "a flag"},
        {"text", 't', OPTION_TEXT, &v->text, "TEXT", "a text"},
        {"number", 0, OPTION_NUMBER, &v->number, "N", "a number"},
        {"time", 0, OPTION_DURATION, &v->time, "TIME", "a time"},
        {0},
    };
    const struct command_spec spec = {"demo", "FILE", "Demonstrates.", options};
    static char copy[256];
    *v = (struct values){.argv = {"demo"}, .argc = 1};
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy, *word; (word = strsep(&rest, " ")) != NULL;)
        v->argv[v->argc++] = word;
    int pipe_fds[2], kept = dup(fd);
    assert_int_equal(pipe(pipe_fds), 0);
    fflush(NULL);
    dup2(pipe_fds[1], fd);
    int r = options_parse(&spec, &v->argc, v->argv);
    fflush(NULL);
    dup2(kept, fd);
    close(kept);
    close(pipe_fds[1]);
    ssize_t n = read(pipe_fds[0], said, 511);
    said[n > 0 ? n : 0] = 0;
    close(pipe_fds[0]);
    return r;
}

static void both_spellings(void **state)
{
    (void)state;
    static const char *const words[] = {
        "a --text x --number 7 --time 5m --flag b",
        "--text=x --number=7 --time=300s a --flag b",
        "-f -t x a --number 7 --time=300000ms b",
        "-tx -f --number=7 a --time 5m -- b",
    };
    char said[512];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct values v;
        assert_int_equal(parse(&v, words[i], 2, said), OPTIONS_GO_ON);
        assert_string_equal(said, "");
        assert_true(v.flag);
        assert_string_equal(v.text, "x");
        assert_int_equal(v.number, 7);
        assert_int_equal(v.time, 300000);
        assert_int_equal(v.argc, 3);
        assert_string_equal(v.argv[1], "a");
        assert_string_equal(v.argv[2], "b");
    }
}

static void dashes_that_are_none(void **state)
{
    (void)state;
    struct values v;
    char said[512];
    assert_int_equal(parse(&v, "- --text=--flag -- --number -f", 2, said), OPTIONS_GO_ON);
    assert_string_equal(v.text, "--flag");
    assert_false(v.flag);
    assert_int_equal(v.argc, 4);
    assert_string_equal(v.argv[1], "-");
    assert_string_equal(v.argv[2], "--number");
}

static void usage_errors(void **state)
{
    (void)state;
    static const struct {
        const char *words, *said;
    } cases[] = {
        {"--tex x", "weir demo: unknown option `--tex`; did you mean `--text`?\nTry `weir demo --help`.\n"},
        {"--zzzzzz", "weir demo: unknown option `--zzzzzz`\nTry `weir demo --help`.\n"},
        {"-x", "weir demo: unknown option `-x`\nTry `weir demo --help`.\n"},
        {"--text", "weir demo: --text needs a value: TEXT\nTry `weir demo --help`.\n"},
        {"--flag=1", "weir demo: --flag takes no value\nTry `weir demo --help`.\n"},
        {"--number 0", "weir demo: --number takes a whole number from 1, not `0`\nTry `weir demo --help`.\n"},
        {"--number 4294967296",
         "weir demo: --number takes a whole number from 1, not `4294967296`\nTry `weir demo --help`.\n"},
        {"--number 3x",
         "weir demo: --number takes a whole number from 1, not `3x`\nTry `weir demo --help`.\n"},
        {"--number -1",
         "weir demo: --number takes a whole number from 1, not `-1`\nTry `weir demo --help`.\n"},
        {"--time 5", "weir demo: --time takes a time with its unit, as `30s`, `500ms` or `5m`, not `5`\nTry "
                     "`weir demo --help`.\n"},
        {"--time 99999h", "weir demo: --time takes a time with its unit, as `30s`, `500ms` or `5m`, not "
                          "`99999h`\nTry `weir demo --help`.\n"},
    };
    char said[512];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct values v;
        assert_int_equal(parse(&v, cases[i].words, 2, said), 2);
        assert_string_equal(said, cases[i].said);
    }
}

static void help(void **state)
{
    (void)state;
    struct values v;
    char said[512];
    assert_int_equal(parse(&v, "a --help", 1, said), 0);
    assert_string_equal(said, "usage: weir demo FILE\n\nDemonstrates.\n\n"
                              "  -f, --flag       a flag\n"
                              "  -t, --text TEXT  a text\n"
                              "      --number N   a number\n"
                              "      --time TIME  a time\n"
                              "  -h, --help       this text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_spellings),
        cmocka_unit_test(dashes_that_are_none),
        cmocka_unit_test(usage_errors),
        cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
