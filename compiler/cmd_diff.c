/* weir diff: what a change of the configuration changes. */
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

static const struct form *form_named(const char *name)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    return NULL;
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

static int compare(const struct diff_names *n, const struct form *form, const struct diff_options *o,
                   bool exit_code)
{
    struct compilation old, new;
    struct driver_options reading = {.color = driver_wants_color()};
    struct diff d = {0};
    int code = 1;
    compilation_begin(&old);
    compilation_begin(&new);
    const struct ir_program *x = driver_program(&old, n->old, &reading),
                            *y = x ? driver_program(&new, n->new, &reading) : NULL;
    if (x && y && o->frontend && !has_frontend(x, o->frontend) && !has_frontend(y, o->frontend)) {
        code = cmd_usage("diff", "neither has a frontend `%s`", o->frontend);
    } else if (x && y) {
        if (same_digest(&new.arena, x, y))
            d = (struct diff){.a = &new.arena, .old = x, .new = y, .same_digest = true};
        else
            diff_programs(&new.arena, x, y, o, &d);
        code = write_diff(&d, form, n, exit_code);
    }
    compilation_end(&old);
    compilation_end(&new);
    return code;
}

int cmd_diff(int argc, char **argv)
{
    const char *format = "text", *frontend = NULL;
    bool exit_code = false;
    uint32_t limit_ms = 20000;
    const struct option_spec options[] = {
        {"format", 0, OPTION_TEXT, &format, "text|json|markdown|html",
         "markdown suits a pull request; html is one page"},
        {"exit-code", 0, OPTION_FLAG, &exit_code, NULL, "end with 1 unless both are proved to be equivalent"},
        {"frontend", 0, OPTION_TEXT, &frontend, "NAME",
         "compare the requests of this frontend alone, and no objects"},
        {"limit", 0, OPTION_DURATION, &limit_ms, "TIME", "how long to search, for each frontend (20s)"},
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
    const struct form *form = form_named(format);
    if (!form)
        return cmd_usage("diff", "--format is text, json, markdown or html, not `%s`", format);
    const struct diff_names n = {argv[1], argv[2]};
    const struct diff_options o = {.frontend = frontend, .seconds = limit_ms / 1000.0};
    return compare(&n, form, &o, exit_code);
}
