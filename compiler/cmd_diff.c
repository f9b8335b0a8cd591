/* weir diff: what a change of the configuration changes. */
#include <pthread.h>
#include <signal.h>

#include "compiler/cmd.h"
#include "compiler/diff.h"
#include "compiler/driver.h"
#include "compiler/ir_codec.h"
#include "compiler/options.h"

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
    struct buf said, canonical;
};

static void *read_side(void *arg)
{
    struct side *s = arg;
    struct buf places = {0};
    s->program = driver_read(&s->c, s->path, &s->reading, &s->said);
    if (s->program)
        ir_encode(&s->c.arena, s->program, &s->canonical, &places);
    buf_free(&places);
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

static int compare(struct side sides[2], const struct asked *asked)
{
    const struct ir_program *x = sides[0].program, *y = sides[1].program;
    struct diff d = {.a = &sides[1].c.arena, .old = x, .new = y};
    const char *frontend = asked->diff.frontend;
    if (frontend && !has_frontend(x, frontend) && !has_frontend(y, frontend))
        return cmd_usage("diff", "neither has a frontend `%s`", frontend);
    if (slice_eq(buf_view(&sides[0].canonical), buf_view(&sides[1].canonical)))
        d.same_digest = true;
    else
        diff_programs(d.a, x, y, &asked->diff, &d);
    return write_diff(&d, asked->form, &asked->names, asked->exit_code);
}

static int run(const struct asked *asked)
{
    struct side sides[2] = {{.path = asked->names.old}, {.path = asked->names.new}};
    int code = 1;
    for (uint32_t i = 0; i < 2; i++) {
        compilation_begin(&sides[i].c);
        sides[i].c.no_lints = !asked->warnings;
        sides[i].reading.color = driver_wants_color();
    }
    read_sides(sides);
    if (sides[0].program && sides[1].program)
        code = compare(sides, asked);
    for (uint32_t i = 0; i < 2; i++) {
        buf_free(&sides[i].said);
        buf_free(&sides[i].canonical);
        compilation_end(&sides[i].c);
    }
    return code;
}

int cmd_diff(int argc, char **argv)
{
    const char *format = "text", *frontend = NULL;
    bool exit_code = false, warnings = false;
    uint32_t limit_ms = 20000;
    const struct option_spec options[] = {
        {"format", 0, OPTION_TEXT, &format, "text|json|markdown|html",
         "markdown suits a pull request; html is one page"},
        {"exit-code", 0, OPTION_FLAG, &exit_code, NULL, "end with 1 unless both are proved to be equivalent"},
        {"frontend", 0, OPTION_TEXT, &frontend, "NAME",
         "compare the requests of this frontend alone, and no objects"},
        {"limit", 0, OPTION_DURATION, &limit_ms, "TIME", "how long to search, for each frontend (20s)"},
        {"warnings", 0, OPTION_FLAG, &warnings, NULL, "say the warnings of both files, too"},
        {0},
    };
    const struct command_spec spec = {
        "diff", "OLD NEW [--format text|json|markdown|html] [--exit-code]",
        "Says what would change from OLD to NEW, each a .weir file or a plan: the requests that would end\n"
        "otherwise, in classes, each with a request that was evaluated under both; then the listeners,\n"
        "backends, maps and lists that changed. \"equivalent\" is said where it was proved, and \"unknown\"\n"
        "where neither could be.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 3)
        return cmd_usage("diff", argc < 3 ? "which OLD and which NEW?" : "one OLD and one NEW");
    struct asked asked = {.names = {argv[1], argv[2]},
                          .form = form_named(format),
                          .diff = {.frontend = frontend, .seconds = limit_ms / 1000.0},
                          .exit_code = exit_code,
                          .warnings = warnings};
    if (!asked.form)
        return cmd_usage("diff", "--format is text, json, markdown or html, not `%s`", format);
    return run(&asked);
}
