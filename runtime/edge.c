/* weir-edge: the runtime alone. Reads its arguments and the plan file; the rest is process_run(). A
 * standalone executable is this program with a plan linked in (`weir_builtin`), and takes no PLAN. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/plan_load.h"
#include "runtime/preflight.h"
#include "runtime/process.h"

extern const struct weir_builtin weir_builtin __attribute__((weak));

static void usage(FILE *to, const char *name, bool builtin)
{
    fprintf(to,
            "usage: %s%s [--control SOCK] [--workers N] [--drain-timeout TIME] [--stop-timeout TIME] [--preflight]\n"
            "\n"
            "%s\n"
            "\n"
            "  --control SOCK        answer `weir push` and `weir ctl` at this unix socket\n"
            "  --workers N           threads that serve (default: one for each processor)\n"
            "  --drain-timeout TIME  after a swap, end requests of the old plan after this (default 30s)\n"
            "  --stop-timeout TIME   on SIGTERM, end requests in flight after this (default 30s)\n"
            "  --preflight           serve nobody: say whether this host could serve the plan (exit code 0), or why not (1)\n"
            "  --help, --version\n"
            "\n"
            "TIME is a number and a unit: 500ms, 2s, 1m, 1h. SIGTERM and SIGINT stop: requests in flight are "
            "answered first, and\n"
            "a second signal ends at once.%s\n",
            name, builtin ? "" : " PLAN",
            builtin ? "Serves the plan that is built into this executable."
                    : "Serves a plan that `weir build` made.",
            builtin ? "" : " SIGHUP reads PLAN again and swaps to it.");
}

static int wrong_usage(const char *name, const char *what, const char *arg)
{
    fprintf(stderr, "%s: %s%s%s; try %s --help\n", name, what, arg ? ": " : "", arg ? arg : "", name);
    return 2;
}

/* A decimal number without sign, at most `max`. */
static bool parse_number(const char *s, char **end, unsigned long max, unsigned long *n)
{
    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    *n = strtoul(s, end, 10);
    return errno == 0 && *n <= max;
}

/* More than 0 and at most a day. */
static bool parse_time(const char *s, uint32_t *ms)
{
    enum { DAY_MS = 86400000 };
    static const struct {
        const char *name;
        unsigned long ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    unsigned long n;
    char *end;
    if (!parse_number(s, &end, DAY_MS, &n))
        return false;
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0 && n > 0 && n <= DAY_MS / units[i].ms) {
            *ms = (uint32_t)(n * units[i].ms);
            return true;
        }
    return false;
}

static bool read_plan(void *path, struct buf *plan, struct buf *why)
{
    int err = buf_read_file(plan, path);
    if (err)
        buf_printf(why, "cannot read %s: %s", (const char *)path, strerror(err));
    return !err;
}

static int preflight(const struct process_options *o)
{
    struct preflight_options with = {.control_path = o->control_path, .workers = o->workers};
    struct buf file = {0}, out = {0}, why = {0};
    struct plan *p = NULL;
    if (o->builtin)
        p = plan_load_builtin(o->builtin, &why);
    else if (o->make_plan(o->ctx, &file, &why))
        p = plan_load(buf_view(&file), &why);
    bool good = p && preflight_run(p, &with, &out);
    if (!p)
        fprintf(stderr, "weir-edge: %.*s\n", SLICE_ARG(buf_view(&why)));
    fwrite(buf_view(&out).p, 1, out.len, stdout);
    plan_unload(&p);
    buf_free(&file);
    buf_free(&out);
    buf_free(&why);
    return good ? 0 : 1;
}

/* Fills `o`. Returns -1 to go on, else the exit code. */
static int read_options(int argc, char **argv, struct process_options *o, bool *only_preflight)
{
    static const struct option longs[] = {
        {"control", required_argument, NULL, 'c'},
        {"workers", required_argument, NULL, 'w'},
        {"drain-timeout", required_argument, NULL, 'd'},
        {"stop-timeout", required_argument, NULL, 's'},
        {"preflight", no_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    unsigned long n;
    char *end;
    int c;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->control_path = optarg;
            break;
        case 'w':
            if (!parse_number(optarg, &end, 1024, &n) || *end || n == 0)
                return wrong_usage(argv[0], "--workers takes a number from 1 to 1024, not", optarg);
            o->workers = (unsigned)n;
            break;
        case 'd':
        case 's':
            if (!parse_time(optarg, c == 'd' ? &o->drain_ms : &o->stop_ms))
                return wrong_usage(argv[0], "a time is a number and ms, s, m or h, at most a day, not",
                                   optarg);
            break;
        case 'p':
            *only_preflight = true;
            break;
        case 'h':
            usage(stdout, argv[0], o->builtin != NULL);
            return 0;
        case 'v':
            printf("weir-edge %s (plans of ABI %u)\n", WEIR_VERSION, WEIR_ABI_VERSION);
            return 0;
        case ':':
            return wrong_usage(argv[0], "an option lacks its value", argv[optind - 1]);
        default:
            return wrong_usage(argv[0], "unknown option", argv[optind - 1]);
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct process_options o = {.make_plan = read_plan, .builtin = &weir_builtin};
    bool only_preflight = false;
    int rc = read_options(argc, argv, &o, &only_preflight);
    if (rc >= 0)
        return rc;
    if (o.builtin && optind < argc)
        return wrong_usage(argv[0], "the plan is built in, and there is no argument", argv[optind]);
    if (!o.builtin && optind + 1 != argc)
        return wrong_usage(
            argv[0], optind == argc ? "which plan is to be served" : "there is more than one plan", NULL);
    o.ctx = o.builtin ? NULL : argv[optind];
    return only_preflight ? preflight(&o) : process_run(&o);
}
