/* weir preflight: whether this host can serve a plan. */
#include "compiler/cmd.h"
#include "compiler/options.h"
#include "runtime/plan_load.h"
#include "runtime/preflight.h"

/* A plan that does not even load is a finding too. */
static void refused(const char *path, bool json, const struct buf *why)
{
    struct buf out = {0};
    if (json) {
        buf_str(&out, "{\"checks\":[{\"kind\":\"plan\",\"what\":");
        buf_json(&out, slice_of(path));
        buf_str(&out, ",\"result\":\"fail\",\"why\":");
        buf_json(&out, buf_view(why));
        buf_str(&out, "}],\"ok\":false}\n");
        cmd_print(&out, stdout);
    } else {
        fprintf(stderr, "weir: cannot load %s: %.*s\n", path, SLICE_ARG(buf_view(why)));
        if (slice_ends(slice_of(path), SLICE(".weir")))
            fprintf(stderr, "`weir build %s -o site.plan` makes a plan of it\n", path);
    }
    buf_free(&out);
}

static int preflight(const char *path, const struct preflight_options *o)
{
    struct buf file = {0}, out = {0}, why = {0};
    struct plan *p = NULL;
    int err = buf_read_file(&file, path);
    if (err)
        fprintf(stderr, "weir: cannot read %s: %s\n", path, strerror(err));
    else if (!(p = plan_load(buf_view(&file), &why)))
        refused(path, o->json, &why);
    bool good = p && preflight_run(p, o, &out);
    cmd_print(&out, stdout);
    plan_unload(&p);
    buf_free(&file);
    buf_free(&out);
    buf_free(&why);
    return good ? 0 : 1;
}

int cmd_preflight(int argc, char **argv)
{
    const char *format = "text", *control = NULL;
    uint32_t workers = 0, connections = 0;
    const struct option_spec options[] = {
        {"control", 0, OPTION_TEXT, &control, "SOCK", "the control socket that the process will have"},
        {"workers", 0, OPTION_NUMBER, &workers, "N", "as of the process (default: one for each processor)"},
        {"connections", 0, OPTION_NUMBER, &connections, "N", "clients at one time that it is meant to hold"},
        {"format", 0, OPTION_TEXT, &format, "text|json", "how the result is written"},
        {0},
    };
    const struct command_spec spec = {
        "preflight", "PLAN [--control SOCK] [--workers N] [--connections N] [--format text|json]",
        "Asks this host what `check` and `build` do not: whether the plan's addresses can be bound, its "
        "servers' names\n"
        "resolve, descriptors suffice, the control socket can be made, and the kernel has what is used. "
        "Serves nobody\n"
        "and leaves nothing behind. `weir-edge --preflight PLAN` does the same where weir is not installed.\n"
        "Exit code: 0 the plan would start, 1 it would not.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return cmd_usage("preflight", argc < 2 ? "which PLAN?" : "one PLAN only");
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return cmd_usage("preflight", "--format is text or json, not `%s`", format);
    struct preflight_options o = {.control_path = control,
                                  .workers = workers,
                                  .connections = connections,
                                  .json = strcmp(format, "json") == 0};
    return preflight(argv[1], &o);
}
