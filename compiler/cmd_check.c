/* weir check: every error of configurations and of the data files that they name, and the safe fixes of them. */
#include "compiler/analyze.h"
#include "compiler/cmd.h"
#include "compiler/cost.h"
#include "compiler/diag_fix.h"
#include "compiler/diag_sarif.h"
#include "compiler/levels.h"
#include "compiler/manifest.h"

enum {
    ANALYZE_SECONDS = 3, /* of the processor, for all frontends of a file */
    COSTS_SHOWN = 20,    /* rules of one frontend */
};

struct check {
    struct driver_options o;
    bool fix, dry_run, analyze, cost;
    uint32_t limit; /* rules that --cost shows of a frontend */
    struct sarif sarif;
};

static void add_count(struct buf *out, uint64_t n, const char *one)
{
    if (n)
        buf_printf(out, "%s%llu %s%s", out->len ? ", " : "", (unsigned long long)n, one, n == 1 ? "" : "s");
}

/* `site.weir: ok (2 frontends, 3 backends, 50000 map rows)` */
static void print_ok(struct compilation *c, const char *path, const struct ir_program *p, FILE *to)
{
    struct manifest m = {0};
    struct buf what = {0};
    manifest_describe(&m, &c->arena, p, NULL);
    add_count(&what, m.counts.frontends, "frontend");
    add_count(&what, m.counts.backends, "backend");
    add_count(&what, m.counts.map_rows, "map row");
    add_count(&what, c->diags.warnings, "warning");
    fprintf(to, "%s: ok%s%.*s%s\n", path, what.len ? " (" : "", SLICE_ARG(buf_view(&what)), what.len ? ")" : "");
    buf_free(&what);
}

/* JSON and SARIF are what was asked for, and so go to standard output. */
static void report(struct check *k, struct compilation *c, const char *path, const struct ir_program *p,
                   const struct buf *unread)
{
    struct buf said = {0};
    cmd_print(unread, stderr);
    if (k->o.format == DIAG_SARIF && unread->len) {
        sarif_failed(&k->sarif, slice_of(path), buf_view(unread));
    } else if (k->o.format == DIAG_SARIF) {
        sarif_add(&k->sarif, c, slice_of(path));
    } else if (!unread->len) {
        driver_report(c, path, &k->o, &said);
        cmd_print(&said, k->o.format == DIAG_JSON ? stdout : stderr);
    }
    if (p && k->o.format == DIAG_TEXT)
        print_ok(c, path, p, k->dry_run ? stderr : stdout);
    buf_free(&said);
}

/* False where the program cannot be lowered. */
static bool report_cost(const struct check *k, struct compilation *c, const char *path, const struct ir_program *p)
{
    struct cost cost;
    struct buf text = {0};
    const char *over = cost_of(&c->arena, p, k->limit, &cost);
    if (over)
        fprintf(stderr, "weir: %s: %s\n", path, over);
    else if (k->o.format == DIAG_JSON)
        cost_json(&cost, path, &text);
    else
        cost_text(&cost, path, &text);
    cmd_print(&text, stdout);
    buf_free(&text);
    return !over;
}

/* What was fixed is said on standard error, a diff goes to standard output. False where a file cannot be written. */
static bool finish_fixes(const struct check *k, struct fix_set *fixes, struct buf *said, const char *path)
{
    bool failed = false;
    struct buf diff = {0};
    if (fixes->fixed && k->dry_run) {
        fix_diff(fixes, &diff);
        cmd_print(&diff, stdout);
        buf_free(&diff);
    } else if (fixes->fixed) {
        uint32_t files = fix_write(fixes, said, &failed);
        buf_printf(said, "%s: %u fix%s in %u file%s\n", path, fixes->fixed, fixes->fixed == 1 ? "" : "es", files,
                   files == 1 ? "" : "s");
    }
    cmd_print(said, stderr);
    return !failed;
}

/* One round of fixes more, if there is any to do. */
static bool goes_on(const struct check *k, struct fix_set *fixes, const struct compilation *c, uint32_t round,
                    struct buf *said)
{
    return k->fix && round < FIX_ROUNDS_MAX && fix_apply(fixes, c, said) > 0;
}

static bool check_one(struct check *k, const char *path)
{
    struct fix_set fixes = {0};
    struct buf fixed = {0};
    bool ok = true;
    for (uint32_t round = 0, again = 1; again; round++) {
        struct compilation c;
        struct buf unread = {0};
        compilation_begin(&c);
        driver_env(&c, &k->o);
        c.diags.levels = k->o.levels;
        fix_preload(&fixes, &c);
        const struct ir_program *p = driver_check(&c, path, &unread);
        again = !unread.len && goes_on(k, &fixes, &c, round, &fixed);
        if (!again) {
            if (p && k->analyze)
                analyze_report(&c, p, ANALYZE_SECONDS, &fixed);
            ok = finish_fixes(k, &fixes, &fixed, path) && p && c.diags.errors == 0;
            report(k, &c, path, p, &unread);
            if (ok && k->cost)
                ok = report_cost(k, &c, path, p);
        }
        buf_free(&unread);
        compilation_end(&c);
    }
    buf_free(&fixed);
    fix_end(&fixes);
    return ok;
}

static bool read_format(const char *format, enum diag_format *out)
{
    static const char *const names[] = {[DIAG_TEXT] = "text", [DIAG_JSON] = "json", [DIAG_SARIF] = "sarif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(format, names[i]) == 0) {
            *out = (enum diag_format)i;
            return true;
        }
    return false;
}

static int run(struct check *k, int argc, char **argv)
{
    bool ok = true;
    for (int i = 1; i < argc; i++)
        ok &= check_one(k, argv[i]);
    if (k->o.format == DIAG_SARIF) {
        struct buf out = {0};
        sarif_end(&k->sarif, &out);
        cmd_print(&out, stdout);
        buf_free(&out);
    }
    return ok ? 0 : 1;
}

int cmd_check(int argc, char **argv)
{
    const char *format = "text";
    struct check k = {0};
    struct level_options levels = {0};
    const struct option_spec options[] = {
        {"format", 0, OPTION_TEXT, &format, "text|json|sarif",
         "how messages are written; json (an object a line) and sarif (2.1.0) go to standard output"},
        {"analyze", 0, OPTION_FLAG, &k.analyze, NULL, "look for rules and rows that can never decide or never matter, by proof; --warn W0502: for rules whose order matters, too"},
        {"cost", 0, OPTION_FLAG, &k.cost, NULL, "say what the rules cost at run time, and which leave the tables and why"},
        {"limit", 0, OPTION_NUMBER, &k.limit, "N", "with --cost: so many rules of a frontend, the dearest first (20)"},
        {"fix", 0, OPTION_FLAG, &k.fix, NULL, "apply the fixes that are marked as safe, then say what is left"},
        {"dry-run", 0, OPTION_FLAG, &k.dry_run, NULL, "with --fix: print a diff, and change no file"},
        LEVEL_OPTIONS(&levels),
        DRIVER_ENV(k.o),
        {0},
    };
    const struct command_spec spec = {"check", "FILE… [options]",
                                      "Checks configurations and the data files that they name, and reports "
                                      "every error of all of them in one run.\n"
                                      "Exit code: 0 all are sound (with --fix: after the fixes), 1 there are errors.\n"
                                      "`weir explain CODE` says more about a message.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc < 2)
        return cmd_usage("check", "which FILE?");
    if (!read_format(format, &k.o.format))
        return cmd_usage("check", "--format is text, json or sarif, not `%s`", format);
    if (driver_env_wrong(&k.o))
        return cmd_usage("check", "--env takes NAME=VALUE, not `%s`", driver_env_wrong(&k.o));
    r = levels_read("check", &levels, &k.o);
    if (r != OPTIONS_GO_ON)
        return r;
    k.analyze |= analyze_overlaps_asked(&k.o.levels);
    if (k.dry_run && !k.fix)
        return cmd_usage("check", "--dry-run goes with --fix");
    if (k.dry_run && k.o.format != DIAG_TEXT)
        return cmd_usage("check", "--dry-run prints a diff, and so has no other --format");
    if (k.limit && !k.cost)
        return cmd_usage("check", "--limit goes with --cost");
    k.limit = k.limit ? k.limit : COSTS_SHOWN;
    if (k.cost && k.o.format == DIAG_SARIF)
        return cmd_usage("check", "--cost is text or json");
    return run(&k, argc, argv);
}
