/* weir check: every error of configurations and of the data files that they name. */
#include "compiler/analyze.h"
#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/manifest.h"
#include "compiler/options.h"

static void add_count(struct buf *out, uint64_t n, const char *one)
{
    if (n)
        buf_printf(out, "%s%llu %s%s", out->len ? ", " : "", (unsigned long long)n, one, n == 1 ? "" : "s");
}

/* `site.weir: ok (2 frontends, 3 backends, 50000 map rows)` */
static void print_ok(struct compilation *c, const char *path, const struct ir_program *p)
{
    struct manifest m = {0};
    struct buf what = {0};
    manifest_describe(&m, &c->arena, p, NULL);
    add_count(&what, m.counts.frontends, "frontend");
    add_count(&what, m.counts.backends, "backend");
    add_count(&what, m.counts.map_rows, "map row");
    add_count(&what, c->diags.warnings, "warning");
    printf("%s: ok%s%.*s%s\n", path, what.len ? " (" : "", SLICE_ARG(buf_view(&what)), what.len ? ")" : "");
    buf_free(&what);
}

enum { ANALYZE_SECONDS = 20 }; /* for one frontend */

/* Diagnostics as JSON are what was asked for, and so go to standard output. */
static bool check_one(const char *path, const struct driver_options *o, bool analyze)
{
    struct compilation c;
    struct buf said = {0};
    compilation_begin(&c);
    struct ir_program *p = driver_check(&c, path, &said);
    bool unread = said.len > 0;
    if (p && analyze)
        analyze_report(&c, p, ANALYZE_SECONDS, &said);
    cmd_print(&said, stderr);
    said.len = 0;
    driver_report(&c, path, o, &said);
    if (!unread)
        cmd_print(&said, o->format == DIAG_JSON ? stdout : stderr);
    if (p && o->format == DIAG_TEXT)
        print_ok(&c, path, p);
    buf_free(&said);
    compilation_end(&c);
    return p != NULL;
}

int cmd_check(int argc, char **argv)
{
    const char *format = "text";
    bool analyze = false;
    const struct option_spec options[] = {
        {"analyze", 0, OPTION_FLAG, &analyze, NULL, "look for rules that can never decide or never matter, by proof"},
        {"format", 0, OPTION_TEXT, &format, "text|json",
         "how messages are written; json goes to standard output"},
        {0},
    };
    const struct command_spec spec = {"check", "FILE… [--analyze] [--format text|json]",
                                      "Checks configurations and the data files that they name, and reports "
                                      "every error of all of them in one run.\n"
                                      "Exit code: 0 all are sound, 1 there are errors.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc < 2)
        return cmd_usage("check", "which FILE?");
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return cmd_usage("check", "--format is text or json, not `%s`", format);
    struct driver_options o = {.format = strcmp(format, "json") == 0 ? DIAG_JSON : DIAG_TEXT,
                               .color = driver_wants_color()};
    bool ok = true;
    for (int i = 1; i < argc; i++)
        ok &= check_one(argv[i], &o, analyze);
    return ok ? 0 : 1;
}
