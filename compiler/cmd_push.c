/* weir push: puts a plan into a running process. */
#include "compiler/cmd.h"
#include "compiler/options.h"
#include "compiler/plan_file.h"
#include "runtime/client.h"

static int push(const char *path, const char *control)
{
    struct buf file = {0}, reply = {0};
    struct plan_contents parts;
    const char *why = NULL;
    int r = 1, err = buf_read_file(&file, path);
    if (err)
        fprintf(stderr, "weir: cannot read %s: %s\n", path, strerror(err));
    else if (!plan_read(buf_view(&file), &parts, &why))
        fprintf(stderr, "weir: cannot push %s: %s\n", path, why);
    else
        r = client_call(control, SLICE("push"), buf_view(&file), &reply);
    cmd_print_reply(&reply, r);
    buf_free(&file);
    buf_free(&reply);
    return r;
}

int cmd_push(int argc, char **argv)
{
    const char *control = NULL;
    const struct option_spec options[] = {
        {"control", 0, OPTION_TEXT, &control, "SOCK", "the control socket of the process"},
        {0},
    };
    const struct command_spec spec = {"push", "PLAN --control SOCK",
                                      "Puts a plan into a running process. Answers when every worker has "
                                      "adopted it; or says why not, and then the old plan\n"
                                      "still serves.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return cmd_usage("push", argc < 2 ? "which PLAN?" : "one PLAN only");
    if (!control)
        return cmd_usage("push", "into which process? Name its control socket: --control SOCK");
    return push(argv[1], control);
}
