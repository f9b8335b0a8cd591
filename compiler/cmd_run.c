/* weir run: compiles in memory and serves, in one process; SIGHUP compiles again. */
#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/options.h"
#include "runtime/process.h"

struct run {
    const char *path;
    struct driver_options o;
};

static bool make_plan(void *ctx, struct buf *plan, struct buf *why)
{
    const struct run *r = ctx;
    return driver_build_memory(r->path, &r->o, plan, why);
}

int cmd_run(int argc, char **argv)
{
    struct run run = {.o = {.format = DIAG_TEXT, .color = driver_wants_color()}};
    struct process_options p = {.make_plan = make_plan, .ctx = &run, .announce = true};
    uint32_t workers = 0;
    const struct option_spec options[] = {
        {"control", 0, OPTION_TEXT, &p.control_path, "SOCK", "a Unix socket for weir push and weir ctl"},
        {"workers", 0, OPTION_NUMBER, &workers, "N", "worker threads; else one a processor"},
        {"drain-timeout", 0, OPTION_DURATION, &p.drain_ms, "TIME",
         "ends what still runs under a replaced plan; else 30s"},
        {"stop-timeout", 0, OPTION_DURATION, &p.stop_ms, "TIME",
         "ends what still runs after SIGTERM; else 30s"},
        {"cc", 0, OPTION_TEXT, &run.o.build.cc, "CC", "the C compiler; else $CC, else cc"},
        {0},
    };
    const struct command_spec spec = {
        "run", "FILE [options]",
        "Compiles a configuration in memory and serves it. SIGHUP compiles again and swaps the plan under "
        "load; where there\n"
        "are errors, the old one stays. Ctrl-C or SIGTERM: finishes what is in flight, and ends.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return cmd_usage("run", argc < 2 ? "which FILE?" : "one FILE only");
    run.path = argv[1];
    p.workers = workers;
    return process_run(&p);
}
