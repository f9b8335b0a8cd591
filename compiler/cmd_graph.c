/* weir graph: a frontend's decisions as a picture. */
#include "compiler/cmd.h"
#include "compiler/diag.h"
#include "compiler/driver.h"
#include "compiler/graph.h"
#include "compiler/options.h"

struct drawing {
    struct driver_options o;
    const char *frontend, *out; /* or NULL */
};

static const struct ir_frontend *find_frontend(struct arena *a, const struct ir_program *p, const char *name, struct buf *why)
{
    struct slice *names = arena_array(a, struct slice, p->frontends.n);
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        names[i] = p->frontends.v[i]->name;
        if (!name || slice_eq(names[i], slice_of(name)))
            return p->frontends.v[i];
    }
    struct slice near = diag_nearest(slice_of(name ? name : ""), names, p->frontends.n);
    buf_printf(why, "no frontend `%s`", name ? name : "");
    if (near.p)
        buf_printf(why, "; did you mean `%.*s`?", SLICE_ARG(near));
    return NULL;
}

/* Which frontends there are besides, where none was named. */
static void say_others(const struct ir_program *p, const struct ir_frontend *f)
{
    enum { SHOWN = 10 };
    if (p->frontends.n < 2)
        return;
    fprintf(stderr, "weir graph: drew `%.*s`; --frontend names another:", SLICE_ARG(f->name));
    for (uint32_t i = 1; i < p->frontends.n && i <= SHOWN; i++)
        fprintf(stderr, "%s %.*s", i > 1 ? "," : "", SLICE_ARG(p->frontends.v[i]->name));
    fprintf(stderr, p->frontends.n > SHOWN + 1 ? " …\n" : "\n");
}

static int put(const struct drawing *d, const struct graph *g, const struct buf *svg)
{
    struct buf said = {0};
    if (!d->out) {
        cmd_print(svg, stdout);
        return 0;
    }
    int err = buf_write_file(d->out, buf_view(svg), 0666);
    if (err) {
        fprintf(stderr, "weir: cannot write %s: %s\n", d->out, strerror(err));
        return 1;
    }
    uint32_t rules = g->f->on_request.n + g->f->route.n;
    buf_printf(&said, "%s  frontend %.*s  ", d->out, SLICE_ARG(g->f->name));
    buf_grouped(&said, rules);
    buf_str(&said, rules == 1 ? " rule" : " rules");
    if (g->hidden) {
        buf_str(&said, ", ");
        buf_grouped(&said, g->hidden);
        buf_str(&said, " of them summarised");
    }
    buf_printf(&said, "  %d × %d\n", g->width, g->height);
    cmd_print(&said, stdout);
    buf_free(&said);
    return 0;
}

static int draw(const char *path, const struct drawing *d)
{
    struct compilation c;
    struct buf svg = {0}, why = {0};
    struct graph g;
    int code = 1;
    compilation_begin(&c);
    driver_env(&c, &d->o);
    const struct ir_program *p = driver_program(&c, path, &d->o);
    const struct ir_frontend *f = p && p->frontends.n ? find_frontend(&c.arena, p, d->frontend, &why) : NULL;
    if (p && p->frontends.n == 0) {
        fprintf(stderr, "weir graph: %s has no frontend\n", path);
    } else if (p && !f) {
        code = cmd_usage("graph", "%.*s", SLICE_ARG(buf_view(&why)));
    } else if (p) {
        graph_build(&c.arena, p, f, &g);
        graph_svg(&g, &svg);
        code = put(d, &g, &svg);
        if (!d->frontend)
            say_others(p, f);
    }
    buf_free(&svg);
    buf_free(&why);
    compilation_end(&c);
    return code;
}

int cmd_graph(int argc, char **argv)
{
    struct drawing d = {.o = {.color = driver_wants_color()}};
    const struct option_spec options[] = {
        {"frontend", 0, OPTION_TEXT, &d.frontend, "NAME", "the frontend to draw (the first one)"},
        {"output", 'o', OPTION_TEXT, &d.out, "SVG", "the file to write (standard output)"},
        DRIVER_ENV(d.o),
        {0},
    };
    const struct command_spec spec = {
        "graph", "FILE|PLAN [--frontend NAME] [-o SVG]",
        "Draws the decisions of a frontend as an SVG: its rules in order, grouped by the conditions that\n"
        "neighbours have in common, and what each leads to, a colour a backend. Many rules that are alike,\n"
        "and the rows of large maps, are summarised. The same input gives the same bytes.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return cmd_usage("graph", argc < 2 ? "which FILE or PLAN?" : "one FILE or PLAN only");
    if (driver_env_wrong(&d.o))
        return cmd_usage("graph", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&d.o));
    return draw(argv[1], &d);
}
