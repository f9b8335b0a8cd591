/* weir run: compiles in memory and serves, in one process; SIGHUP compiles again. */
#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/options.h"
#include "runtime/process.h"

struct run {
    const char *path;
    struct driver_options o;
    struct buf first; /* the plan to begin with, compiled before anything is served */
};

/* The first plan, or what a reload compiles. Warnings are printed; errors go to `why`, for the log. */
static bool make_plan(void *ctx, struct buf *plan, struct buf *why)
{
    struct run *r = ctx;
    struct buf said = {0};
    if (r->first.len) {
        *plan = r->first;
        r->first = (struct buf){0};
        return true;
    }
    bool ok = driver_build_memory(r->path, &r->o, plan, &said);
    if (ok) {
        cmd_print(&said, stderr);
    } else {
        while (said.len && said.p[said.len - 1] == '\n')
            said.len--;
        buf_slice(why, buf_view(&said));
    }
    buf_free(&said);
    return ok;
}

static bool make_first(struct run *r)
{
    struct buf said = {0};
    bool ok = driver_build_memory(r->path, &r->o, &r->first, &said);
    cmd_print(&said, stderr);
    buf_free(&said);
    return ok;
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
        DRIVER_ENV(run.o),
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
    if (driver_env_wrong(&run.o))
        return cmd_usage("run", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&run.o));
    run.path = argv[1];
    p.workers = workers;
    if (!make_first(&run))
        return 1;
    r = process_run(&p);
    buf_free(&run.first);
    return r;
}
