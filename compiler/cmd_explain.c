/* weir explain: what happens to a request, and why. */
#include <signal.h>

#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/explain.h"
#include "compiler/explain_code.h"
#include "compiler/explain_whynot.h"
#include "compiler/options.h"

/* Whoever reads may stop after the first line: that is no failure. */
static int print(const struct buf *text)
{
    signal(SIGPIPE, SIG_IGN);
    cmd_print(text, stdout);
    fflush(stdout);
    return 0;
}

enum { PROVE_SECONDS = 20 }; /* whether a rule can be reached */

struct asked {
    struct driver_options o;
    struct explain_query q; /* q.request.p NULL: none */
    const char *why_not;
    bool json;
};

/* False, with `why`, where the question is malformed. */
static bool answer_rule(struct arena *a, const struct ir_program *p, const struct asked *x, struct buf *text,
                        struct buf *why)
{
    struct whynot_rule of;
    struct whynot w;
    if (!whynot_find(p, x->q.frontend, x->why_not, &of, why))
        return false;
    if (!x->q.request.p)
        whynot_any(a, p, &of, PROVE_SECONDS, &w);
    else if (!whynot_request(a, p, &of, &x->q, &w, why))
        return false;
    (x->json ? whynot_json : whynot_text)(&w, text);
    return true;
}

static bool answer(struct arena *a, const struct ir_program *p, const struct asked *x, struct buf *text,
                   struct buf *why)
{
    struct explain e;
    if (x->why_not)
        return answer_rule(a, p, x, text, why);
    if (!explain_run(a, p, &x->q, &e, why))
        return false;
    (x->json ? explain_json : explain_text)(&e, text);
    return true;
}

static int explain(const char *path, const struct asked *x)
{
    struct compilation c;
    struct buf text = {0}, why = {0};
    int code = 1;
    compilation_begin(&c);
    driver_env(&c, &x->o);
    const struct ir_program *p = driver_program(&c, path, &x->o);
    if (p && p->frontends.n == 0)
        fprintf(stderr, "weir explain: %s has no frontend\n", path);
    else if (p && !answer(&c.arena, p, x, &text, &why))
        code = cmd_usage("explain", "%.*s", SLICE_ARG(buf_view(&why)));
    else if (p)
        code = print(&text);
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

static int wrong_count(int argc, bool why_not)
{
    return cmd_usage("explain", argc < 2                ? "which FILE or PLAN?"
                                : argc < 3 && !why_not ? "which request? As 'GET https://host/path'"
                                                       : "one FILE or PLAN and one request, in quotes");
}

int cmd_explain(int argc, char **argv)
{
    const char *format = "text";
    struct option_texts headers = {0};
    bool list = false;
    struct asked x = {.o = {.color = driver_wants_color()}};
    const struct option_spec options[] = {
        {"from", 0, OPTION_TEXT, &x.q.from, "IP[:PORT]", "the client's address (192.0.2.1)"},
        {"listener", 0, OPTION_TEXT, &x.q.listener, "IP[:PORT]",
         "where it arrives (by the URL's port, as the frontend listens)"},
        {"http1.0", 0, OPTION_FLAG, &x.q.http10, NULL, "the client speaks HTTP/1.0, not HTTP/1.1"},
        {"header", 'H', OPTION_TEXTS, &headers, "'NAME: VALUE'",
         "a header of the request; as often as needed"},
        {"frontend", 0, OPTION_TEXT, &x.q.frontend, "NAME",
         "the frontend that gets it (by the URL's port, else the first)"},
        {"random", 0, OPTION_TEXT, &x.q.random, "PERCENT", "what is drawn for it, as 4.9% (50%)"},
        {"why-not", 0, OPTION_TEXT, &x.why_not, "RULE",
         "about this rule: edge.route[3], its @name, or FILE:LINE"},
        {"all", 0, OPTION_FLAG, &x.q.all, NULL, "every rule that did not apply, not the near misses alone"},
        {"format", 0, OPTION_TEXT, &format, "text|json", "json: one object"},
        DRIVER_ENV(x.o),
        {"list", 0, OPTION_FLAG, &list, NULL, "all codes of messages, with their titles"},
        {0},
    };
    const struct command_spec spec = {
        "explain",
        "FILE|PLAN 'METHOD URL' [--from IP] [-H 'NAME: VALUE']… [--random PERCENT] [--why-not RULE] | FILE|PLAN --why-not RULE | CODE | "
        "--list",
        "Says what happens to a request. The first line is the outcome: `use NAME`, `redirect STATUS URL` "
        "or\n"
        "`reply STATUS`. Then: the rule that decided, the request as rules see it, the changes to its\n"
        "headers, near misses (rules that one condition alone kept from applying, the nearest first), and\n"
        "why the rules before did not apply, where those are few. Nothing is sent anywhere. With https://\n"
        "in the URL the client's connection counts as TLS.\n"
        "With --why-not: which conditions of that rule fail for the request, with what the request has\n"
        "there, or which rule decided before it. Without a request: a request that the rule decides, or\n"
        "the proof that there is none, and the rules that take it all.\n"
        "With the code of a message, as E0301: what it means, with examples.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (list)
        return argc == 1 ? explain_list() : cmd_usage("explain", "--list takes no arguments");
    if (argc == 2 && !x.why_not && explain_code_form(argv[1]))
        return explain_message(argv[1]);
    if (argc != 3 && !(argc == 2 && x.why_not))
        return wrong_count(argc, x.why_not);
    if (driver_env_wrong(&x.o))
        return cmd_usage("explain", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&x.o));
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return cmd_usage("explain", "--format is text or json, not `%s`", format);
    if (argc == 2 && (headers.n || x.q.from || x.q.random || x.q.listener || x.q.http10 || x.q.all))
        return cmd_usage("explain", "--from, --random, --listener, --http1.0, --header and --all go with a request, in quotes");
    if (argc == 3)
        x.q.request = slice_of(argv[2]);
    x.q.headers = headers.v;
    x.q.nheaders = headers.n;
    x.json = strcmp(format, "json") == 0;
    return explain(argv[1], &x);
}
