/* Levels of messages and colour, as the command line asks for them: shared by the commands that check. */
#ifndef WEIR_LEVELS_H
#define WEIR_LEVELS_H

#include "compiler/driver.h"
#include "compiler/options.h"

struct level_options {
    struct option_texts allow, warn, deny; /* codes; each text one or several with commas between */
    bool deny_warnings;
    const char *color; /* NULL: auto */
};

/* The rows of a command's table of options. */
#define LEVEL_OPTIONS(l)                                                                                     \
    {"deny", 0, OPTION_TEXTS, &(l)->deny, "CODE,…", "count these warnings as errors"},                     \
        {"warn", 0, OPTION_TEXTS, &(l)->warn, "CODE,…", "keep these as warnings under --deny-warnings"},   \
        {"allow", 0, OPTION_TEXTS, &(l)->allow, "CODE,…", "say nothing of these warnings"},                \
        {"deny-warnings", 0, OPTION_FLAG, &(l)->deny_warnings, NULL, "count all other warnings as errors"},  \
    {                                                                                                        \
        "color", 0, OPTION_TEXT, &(l)->color, "always|never|auto",                                           \
            "auto: on a terminal, unless $NO_COLOR is set"                                                   \
    }

/* Reads them into o->levels and o->color. Returns OPTIONS_GO_ON, or 2 after a usage error was said. */
int levels_read(const char *command, const struct level_options *l, struct driver_options *o);

#endif
