/* The commands of `weir`, one file each (cmd_NAME.c). A command gets its own arguments (argv[0] is its name) and returns the
 * exit code: 0 nothing to report; 1 errors in the input; 2 wrong usage; 3 an internal fault. */
#ifndef WEIR_CMD_H
#define WEIR_CMD_H

#include <stdio.h>

#include "runtime/base/buf.h"

/* CMD(name, arguments, summary) */
#define CMD_LIST(CMD)                                                                          \
    CMD(check, "FILE…", "check configurations and the data files that they name")              \
    CMD(fmt, "FILE…", "lay out configurations in the one canonical way")                       \
    CMD(build, "FILE -o PLAN", "compile a configuration into a plan, or into an executable")   \
    CMD(show, "PLAN", "say what a plan holds")                                                 \
    CMD(test, "FILE…", "run the tests that configurations hold")                                  \
    CMD(explain, "FILE|PLAN 'METHOD URL' | CODE", "say what happens to a request and why, or what a message means") \
    CMD(preflight, "PLAN", "say whether this host can serve a plan")                           \
    CMD(diff, "OLD NEW", "say what a change of the configuration would change")                \
    CMD(graph, "FILE|PLAN [-o SVG]", "draw the decisions of a frontend")                      \
    CMD(run, "FILE", "compile in memory and serve, for development")                           \
    CMD(doc, "[MODULE|FILE]", "say what a file or the standard library has to offer")           \
    CMD(push, "PLAN --control SOCK", "put a plan into a running process")                      \
    CMD(ctl, "--control SOCK WORD…", "ask a running process")                                  \
    CMD(lsp, "", "the language server for editors")

#define CMD(name, args, summary) int cmd_##name(int argc, char **argv);
CMD_LIST(CMD)
#undef CMD

/* Prints `text` as a usage error of the command on standard error, with a hint at --help. Returns 2. */
int cmd_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes the text to `to`. */
void cmd_print(const struct buf *text, FILE *to);
/* The same for the reply of a running process, as a line of its own: on standard output where it did what was asked
 * (`result` 0), else on standard error. */
void cmd_print_reply(struct buf *reply, int result);

#endif
