/* weir explain: what happens to a request, and why. */
#include <signal.h>

#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/explain.h"
#include "compiler/explain_code.h"
#include "compiler/options.h"

/* Whoever reads may stop after the first line: that is no failure. */
static int print(const struct buf *text)
{
    signal(SIGPIPE, SIG_IGN);
    cmd_print(text, stdout);
    fflush(stdout);
    return 0;
}

static int explain(const char *path, const struct driver_options *o, const struct explain_query *q, bool json)
{
    struct compilation c;
    struct buf text = {0}, why = {0};
    struct explain e;
    int code = 1;
    compilation_begin(&c);
    driver_env(&c, o);
    const struct ir_program *p = driver_program(&c, path, o);
    if (p && p->frontends.n == 0) {
        fprintf(stderr, "weir explain: %s has no frontend\n", path);
    } else if (p && !explain_run(&c.arena, p, q, &e, &why)) {
        code = cmd_usage("explain", "%.*s", SLICE_ARG(buf_view(&why)));
    } else if (p) {
        if (json)
            explain_json(&e, &text);
        else
            explain_text(&e, &text);
        code = print(&text);
    }
    buf_free(&text);
    buf_free(&why);
    compilation_end(&c);
    return code;
}

static int explain_list(void)
{
    struct buf text = {0};
    explain_code_list(&text);
    int r = print(&text);
    buf_free(&text);
    return r;
}

static int explain_message(const char *word)
{
    struct buf text = {0};
    int code = diag_code_named(slice_of(word));
    if (code < 0)
        return cmd_usage("explain", "there is no code `%s`; `weir explain --list` shows all", word);
    explain_code((enum diag_code)code, &text);
    int r = print(&text);
    buf_free(&text);
    return r;
}

int cmd_explain(int argc, char **argv)
{
    const char *format = "text", *from = NULL, *listener = NULL, *frontend = NULL;
    struct option_texts headers = {0};
    bool all = false, list = false, http10 = false;
    struct driver_options o = {.color = driver_wants_color()};
    const struct option_spec options[] = {
        {"from", 0, OPTION_TEXT, &from, "IP[:PORT]", "the client's address (192.0.2.1)"},
        {"listener", 0, OPTION_TEXT, &listener, "IP[:PORT]",
         "where it arrives (by the URL's port, as the frontend listens)"},
        {"http1.0", 0, OPTION_FLAG, &http10, NULL, "the client speaks HTTP/1.0, not HTTP/1.1"},
        {"header", 'H', OPTION_TEXTS, &headers, "'NAME: VALUE'",
         "a header of the request; as often as needed"},
        {"frontend", 0, OPTION_TEXT, &frontend, "NAME",
         "the frontend that gets it (by the URL's port, else the first)"},
        {"all", 0, OPTION_FLAG, &all, NULL, "every rule that did not apply, not the nearest 20 alone"},
        {"format", 0, OPTION_TEXT, &format, "text|json", "json: one object"},
        DRIVER_ENV(o),
        {"list", 0, OPTION_FLAG, &list, NULL, "all codes of messages, with their titles"},
        {0},
    };
    const struct command_spec spec = {
        "explain", "FILE|PLAN 'METHOD URL' [--from IP] [-H 'NAME: VALUE']… [--frontend NAME] | CODE | --list",
        "Says what happens to a request. The first line is the outcome: `use NAME`, `redirect STATUS URL` "
        "or\n"
        "`reply STATUS`. Then: the rule that decided, the request as rules see it, the changes to its\n"
        "headers, and why the rules before did not apply. Nothing is sent anywhere. With https:// in the\n"
        "URL the client's connection counts as TLS.\n"
        "With the code of a message, as E0301: what it means, with examples.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (list)
        return argc == 1 ? explain_list() : cmd_usage("explain", "--list takes no arguments");
    if (argc == 2 && explain_code_form(argv[1]))
        return explain_message(argv[1]);
    if (argc != 3)
        return cmd_usage("explain", argc < 2   ? "which FILE or PLAN?"
                                    : argc < 3 ? "which request? As 'GET https://host/path'"
                                               : "one FILE or PLAN and one request, in quotes");
    if (driver_env_wrong(&o))
        return cmd_usage("explain", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&o));
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return cmd_usage("explain", "--format is text or json, not `%s`", format);
    struct explain_query q = {.request = slice_of(argv[2]),
                              .headers = headers.v,
                              .nheaders = headers.n,
                              .from = from,
                              .listener = listener,
                              .http10 = http10,
                              .frontend = frontend,
                              .all = all};
    return explain(argv[1], &o, &q, strcmp(format, "json") == 0);
}
