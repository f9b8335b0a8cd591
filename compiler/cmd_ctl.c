/* weir ctl: asks a running process. */
#include "compiler/cmd.h"
#include "compiler/options.h"
#include "runtime/client.h"

int cmd_ctl(int argc, char **argv)
{
    const char *control = NULL;
    const struct option_spec options[] = {
        {"control", 0, OPTION_TEXT, &control, "SOCK", "the control socket of the process"},
        {0},
    };
    const struct command_spec spec = {"ctl", "--control SOCK WORD…",
                                      "Sends a request to a running process and prints its answer:\n"
                                      "  show info       process, workers, the plan that serves\n"
                                      "  show plans      every plan: digest, state, age, requests, in flight\n"
                                      "  show servers    every server: health, requests, connections\n"
                                      "  show frontends  every frontend: requests, answers by class\n"
                                      "`json` as the last word asks for JSON.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc < 2)
        return cmd_usage("ctl", "what to ask? As in: weir ctl --control SOCK show plans");
    if (!control)
        return cmd_usage("ctl", "which process? Name its control socket: --control SOCK");
    struct buf words = {0}, reply = {0};
    for (int i = 1; i < argc; i++)
        buf_printf(&words, "%s%s", i > 1 ? " " : "", argv[i]);
    r = client_call(control, buf_view(&words), SLICE(""), &reply);
    cmd_print_reply(&reply, r);
    buf_free(&words);
    buf_free(&reply);
    return r;
}
