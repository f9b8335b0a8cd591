/* weir build: a configuration becomes a plan, or an executable. */
#include <sys/stat.h>

#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/levels.h"

static bool is_dump(const char *form)
{
#define FORM(name)                                                                                           \
    if (strcmp(form, #name) == 0)                                                                            \
        return true;
    DRIVER_DUMPS(FORM)
#undef FORM
    return false;
}

static int unknown_dump(const char *form)
{
#define FORM(name) #name,
    static const char *const forms[] = {DRIVER_DUMPS(FORM)};
#undef FORM
    char hint[64];
    options_suggest(form, forms, sizeof forms / sizeof *forms, hint);
    return cmd_usage("build", "there is no form `%s`%s", form, hint);
}

static bool same_file(const char *x, const char *y)
{
    struct stat a, b;
    return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int cmd_build(int argc, char **argv)
{
    struct driver_options o = {.format = DIAG_TEXT};
    struct level_options levels = {0};
    const char *out = NULL, *validate = NULL;
    const struct option_spec options[] = {
        {"output", 'o', OPTION_TEXT, &out, "PLAN", "the file to write"},
        {"cc", 0, OPTION_TEXT, &o.build.cc, "CC", "the C compiler, also a cross compiler; else $CC, else cc"},
        {"no-cache", 0, OPTION_FLAG, &o.build.no_cache, NULL, "compile the code anew, and keep nothing"},
        {"standalone", 0, OPTION_FLAG, &o.build.standalone, NULL,
         "write an executable with the runtime in it"},
        {"dump", 0, OPTION_TEXT, &o.dump, "FORM",
         "print a form and stop: tokens, ast, ir, rows, tables or c"},
        {"validate", 0, OPTION_TEXT, &validate, "full",
         "hold the tables against every rule, and say with how many requests; else as many as a few ms allow"},
        DRIVER_ENV(o),
        LEVEL_OPTIONS(&levels),
        {0},
    };
    const struct command_spec spec = {"build", "FILE -o PLAN [options]",
                                      "Compiles a configuration into a plan: one file that weir-edge serves "
                                      "from. The same sources give the same bytes.\n"
                                      "The compiled code is kept in $XDG_CACHE_HOME/weir (or ~/.cache/weir), "
                                      "so that a change of data runs no C compiler.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    r = levels_read("build", &levels, &o);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return argc < 2 ? cmd_usage("build", "which FILE?")
                        : cmd_usage("build", "one FILE only; `%s` is one too many", argv[2]);
    if (driver_env_wrong(&o))
        return cmd_usage("build", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&o));
    if (validate && strcmp(validate, "full") != 0)
        return cmd_usage("build", "--validate is full, not `%s`", validate);
    o.validate_all = validate != NULL;
    if (o.dump && !is_dump(o.dump))
        return unknown_dump(o.dump);
    if (!out && !o.dump)
        return cmd_usage("build", "where to? Name the plan to write: -o PLAN");
    if (out && same_file(argv[1], out))
        return cmd_usage("build", "the plan would overwrite its source %s", argv[1]);
    return driver_build(argv[1], out, &o);
}
