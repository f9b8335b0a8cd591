/* weir diff: what a change of the configuration changes. */
#include <pthread.h>
#include <signal.h>

#include "compiler/cmd.h"
#include "compiler/diff.h"
#include "compiler/driver.h"
#include "compiler/ir_codec.h"
#include "compiler/options.h"
#include "compiler/traffic.h"
#include "compiler/traffic_log.h"

struct form {
    const char *name;
    void (*write)(const struct diff *d, const struct diff_names *n, struct buf *out);
};

static const struct form forms[] = {
    {"text", diff_text}, {"json", diff_json}, {"markdown", diff_markdown}, {"html", diff_html}};

/* What the command line asks for. */
struct asked {
    struct diff_names names;
    const struct form *form;
    struct diff_options diff;
    struct option_texts logs;
    struct driver_options reading; /* of both */
    struct traffic_options traffic;
    bool exit_code, warnings;
};

static const struct form *form_named(const char *name)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    return NULL;
}

/* One of the two programs, read on a thread of its own. */
struct side {
    struct compilation c;
    struct driver_options reading;
    const char *path;
    const struct ir_program *program; /* NULL: refused */
    struct buf said;
};

static void *read_side(void *arg)
{
    struct side *s = arg;
    s->program = driver_read(&s->c, s->path, &s->reading, &s->said);
    return NULL;
}

/* Both at once. Where there is no thread to be had, one after the other. */
static void read_sides(struct side sides[2])
{
    enum { STACK = 16 << 20 }; /* the parser goes as deep as the main thread's stack allows */
    pthread_attr_t attr;
    pthread_t other;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    bool started = pthread_create(&other, &attr, read_side, &sides[1]) == 0;
    pthread_attr_destroy(&attr);
    read_side(&sides[0]);
    if (started)
        pthread_join(other, NULL);
    else
        read_side(&sides[1]);
    cmd_print(&sides[0].said, stderr);
    cmd_print(&sides[1].said, stderr);
}

static bool has_frontend(const struct ir_program *p, const char *name)
{
    for (uint32_t i = 0; i < p->frontends.n; i++)
        if (slice_eq(p->frontends.v[i]->name, slice_of(name)))
            return true;
    return false;
}

static int write_diff(const struct diff *d, const struct form *form, const struct diff_names *n,
                      bool exit_code)
{
    struct buf out = {0};
    form->write(d, n, &out);
    signal(SIGPIPE, SIG_IGN); /* whoever reads may stop early */
    cmd_print(&out, stdout);
    fflush(stdout);
    buf_free(&out);
    return exit_code && !diff_is_equivalent(d);
}

static bool same_digest(struct arena *a, const struct ir_program *old, const struct ir_program *new)
{
    struct buf x = {0}, y = {0}, places = {0};
    ir_encode(a, old, &x, &places);
    ir_encode(a, new, &y, &places);
    bool same = slice_eq(buf_view(&x), buf_view(&y));
    buf_free(&x);
    buf_free(&y);
    buf_free(&places);
    return same;
}

static int compare(struct side sides[2], const struct asked *asked)
{
    const struct ir_program *x = sides[0].program, *y = sides[1].program;
    struct diff d = {.a = &sides[1].c.arena, .old = x, .new = y};
    const char *frontend = asked->diff.frontend;
    if (frontend && !has_frontend(x, frontend) && !has_frontend(y, frontend))
        return cmd_usage("diff", "neither has a frontend `%s`", frontend);
    diff_programs(d.a, x, y, &asked->diff, &d);
    d.same_digest = diff_is_equivalent(&d) && same_digest(d.a, x, y);
    if (asked->logs.n) {
        struct buf said = {0};
        bool ok = traffic_replay(&d, &asked->traffic, &said);
        cmd_print(&said, stderr);
        buf_free(&said);
        if (!ok)
            return 1;
    }
    return write_diff(&d, asked->form, &asked->names, asked->exit_code);
}

static int run(const struct asked *asked)
{
    struct side sides[2] = {{.path = asked->names.old}, {.path = asked->names.new}};
    int code = 1;
    for (uint32_t i = 0; i < 2; i++) {
        compilation_begin(&sides[i].c);
        sides[i].c.no_lints = !asked->warnings;
        sides[i].reading = asked->reading;
        sides[i].reading.color = driver_wants_color();
        driver_env(&sides[i].c, &sides[i].reading);
    }
    read_sides(sides);
    if (sides[0].program && sides[1].program)
        code = compare(sides, asked);
    for (uint32_t i = 0; i < 2; i++) {
        buf_free(&sides[i].said);
        compilation_end(&sides[i].c);
    }
    return code;
}

static int wrong(const struct asked *asked, const char *format)
{
    const char *log_format = asked->traffic.format;
    const char *env = driver_env_wrong(&asked->reading);
    if (env)
        return cmd_usage("diff", "--env takes NAME=VALUE, not `%s`", env);
    if (!asked->form)
        return cmd_usage("diff", "--format is text, json, markdown or html, not `%s`", format);
    if (log_format && traffic_format_named(log_format) == TRAFFIC_UNKNOWN)
        return cmd_usage("diff", "--traffic-format is json, haproxy, vhost or combined, not `%s`",
                         log_format);
    if (asked->logs.n == 0 && (log_format || asked->traffic.host || asked->traffic.frontend))
        return cmd_usage("diff", "--traffic-… says how to read a log: which one, with --traffic FILE?");
    return 0;
}

int cmd_diff(int argc, char **argv)
{
    const char *format = "text", *log_frontend = NULL;
    struct asked asked = {0};
    uint32_t limit_ms = 20000;
    const struct option_spec options[] = {
        {"format", 0, OPTION_TEXT, &format, "text|json|markdown|html",
         "markdown suits a pull request; html is one page"},
        {"exit-code", 0, OPTION_FLAG, &asked.exit_code, NULL,
         "end with 1 unless both are proved to be equivalent: also where it is unknown"},
        {"frontend", 0, OPTION_TEXT, &asked.diff.frontend, "NAME",
         "compare the requests of this frontend alone, and no objects"},
        {"limit", 0, OPTION_DURATION, &limit_ms, "TIME", "how long to search, for each frontend (20s)"},
        {"traffic", 0, OPTION_TEXTS, &asked.logs, "FILE",
         "replay an access log through both, and weigh the classes; - is standard input"},
        {"traffic-format", 0, OPTION_TEXT, &asked.traffic.format, "json|haproxy|vhost|combined",
         "of the logs, where it is not to be told from their lines"},
        {"traffic-host", 0, OPTION_TEXT, &asked.traffic.host, "NAME",
         "the host of requests whose line names none"},
        {"traffic-frontend", 0, OPTION_TEXT, &log_frontend, "NAME",
         "the frontend that received the logged requests, where there are several"},
        {"warnings", 0, OPTION_FLAG, &asked.warnings, NULL, "say the warnings of both files, too"},
        DRIVER_ENV(asked.reading),
        {0},
    };
    const struct command_spec spec = {
        "diff", "OLD NEW [--format text|json|markdown|html] [--traffic LOG] [--exit-code]",
        "Says what would change from OLD to NEW, each a .weir file or a plan: the requests that would end\n"
        "otherwise, in classes, each with a request that was evaluated under both; then the listeners,\n"
        "backends, maps and lists that changed. \"equivalent\" is said where it was proved, and \"unknown\"\n"
        "where neither could be. With --traffic it also says which share of real requests each class is.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 3)
        return cmd_usage("diff", argc < 3 ? "which OLD and which NEW?" : "one OLD and one NEW");
    asked.names = (struct diff_names){argv[1], argv[2]};
    asked.form = form_named(format);
    asked.diff.seconds = limit_ms / 1000.0;
    asked.traffic.files = &asked.logs;
    asked.traffic.frontend = log_frontend ? log_frontend : asked.diff.frontend;
    r = wrong(&asked, format);
    return r ? r : run(&asked);
}
