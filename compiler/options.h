/* Options of the commands: one table a command gives both the parsing and the --help text. */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

#include "runtime/base/slice.h"

enum option_kind {
    OPTION_FLAG,     /* *(bool *)value becomes true */
    OPTION_TEXT,     /* *(const char **)value */
    OPTION_TEXTS,    /* *(struct option_texts *)value: each time the option stands there */
    OPTION_NUMBER,   /* *(uint32_t *)value, from 1 */
    OPTION_DURATION, /* *(uint32_t *)value in milliseconds, from 1 ("500ms", "30s", "5m", "1h") */
};

struct option_texts {
    const char *v[64];
    uint32_t n;
};

struct option_spec {
    const char *name; /* without dashes */
    char letter;      /* of the short form, or 0 */
    enum option_kind kind;
    void *value;
    const char *arg; /* what --help calls the value; NULL for flags */
    const char *help;
};

struct command_spec {
    const char *name;                  /* as in "weir NAME" */
    const char *args;                  /* what follows in the usage line */
    const char *about;                 /* lines for --help */
    const struct option_spec *options; /* ends with a name of NULL */
};

enum { OPTIONS_GO_ON = -1 };

/* Reads the options, as "--name value" or "--name=value", wherever they stand; "--" ends them. What is no
 * option is left in argv[1..] in its order, and `*argc` says how many there are (argv[0] included). Returns
 * OPTIONS_GO_ON, or the exit code to end with: 0 after --help, 2 after a usage error that was said on
 * standard error. */
int options_parse(const struct command_spec *c, int *argc, char **argv);

/* "did you mean" for `word` among `n` words, or "" in `out` where none is near. */
void options_suggest(const char *word, const char *const *known, uint32_t n, char out[64]);

#endif
