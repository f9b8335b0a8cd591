/* The `weir` command: finds the command that is meant and runs it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "compiler/cmd.h"
#include "compiler/options.h"
#include "runtime/abi.h"

enum { LANGUAGE_EDITION = 1 };

static const struct {
    const char *name, *args, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
#define CMD(name, args, summary) {#name, args, summary, cmd_##name},
    CMD_LIST(CMD)
#undef CMD
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* Columns that a text takes: its characters, not its bytes. */
static int columns(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void print_help(FILE *to)
{
    int width = 0;
    for (int i = 0; i < COMMANDS; i++) {
        int n = (int)strlen(commands[i].name) + 1 + columns(commands[i].args);
        width = n > width ? n : width;
    }
    fprintf(to, "usage: weir COMMAND …\n\n");
    for (int i = 0; i < COMMANDS; i++) {
        int n = (int)strlen(commands[i].name) + 1 + columns(commands[i].args);
        fprintf(to, "  %s %s%*s  %s\n", commands[i].name, commands[i].args, width - n, "",
                commands[i].summary);
    }
    fprintf(to, "\n`weir COMMAND --help` says more. `weir --version` says which version this is.\n");
}

static int unknown_command(const char *word)
{
    const char *names[COMMANDS];
    char hint[64];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    options_suggest(word, names, COMMANDS, hint);
    fprintf(stderr, "weir: unknown %s `%s`%s\nTry `weir --help`.\n", word[0] == '-' ? "option" : "command",
            word, hint);
    return 2;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0) {
        printf("weir %s, language %d, abi %u\n", WEIR_VERSION, LANGUAGE_EDITION, WEIR_ABI_VERSION);
        return 0;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown_command(word);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE,
           SIG_IGN); /* `weir show … | head` is no failure, and a socket that closes is an error to report */
    int r = dispatch(argc, argv);
    if (fflush(stdout) != 0 && errno != EPIPE) {
        fprintf(stderr, "weir: cannot write to standard output: %s\n", strerror(errno));
        return r ? r : 1;
    }
    return r;
}
