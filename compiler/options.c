/* Parses the options of a command and prints its help; see options.h. */
#include "compiler/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/cmd.h"
#include "compiler/diag.h"

int cmd_usage(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "weir %s: ", command);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\nTry `weir %s --help`.\n", command);
    va_end(ap);
    return 2;
}

void cmd_print(const struct buf *text, FILE *to)
{
    struct slice s = buf_view(text);
    fwrite(s.p, 1, s.len, to);
}

void cmd_print_reply(struct buf *reply, int result)
{
    if (reply->len && reply->p[reply->len - 1] != '\n')
        buf_char(reply, '\n');
    cmd_print(reply, result == 0 ? stdout : stderr);
}

void options_suggest(const char *word, const char *const *known, uint32_t n, char out[64])
{
    struct slice candidates[64];
    n = n < 64 ? n : 64;
    for (uint32_t i = 0; i < n; i++)
        candidates[i] = slice_of(known[i]);
    struct slice best = diag_nearest(slice_of(word), candidates, n);
    out[0] = 0;
    if (best.p)
        snprintf(out, 64, "; did you mean `%.*s`?", SLICE_ARG(best));
}

/* ---- help --------------------------------------------------------------------------------------- */

/* `-o, --output PLAN`, as --help shows it. */
static int option_title(const struct option_spec *o, char *out, size_t size)
{
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    return snprintf(out, size, "%s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
}

static void print_help(const struct command_spec *c)
{
    static const struct option_spec help = {"help", 'h', OPTION_FLAG, NULL, NULL, "this text"};
    char title[128];
    int width = option_title(&help, title, sizeof title);
    for (const struct option_spec *o = c->options; o->name; o++) {
        int n = option_title(o, title, sizeof title);
        width = n > width ? n : width;
    }
    printf("usage: weir %s %s\n\n%s\n\n", c->name, c->args, c->about);
    for (const struct option_spec *o = c->options;; o++) {
        option_title(o->name ? o : &help, title, sizeof title);
        printf("  %-*s  %s\n", width, title, o->name ? o->help : help.help);
        if (!o->name)
            break;
    }
}

/* ---- values ------------------------------------------------------------------------------------- */

static bool parse_number(const char *text, uint32_t *out, const char **rest)
{
    char *end;
    errno = 0;
    unsigned long long n = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
    if (!isdigit((unsigned char)*text) || errno || n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    *rest = end;
    return n > 0;
}

static bool parse_duration(const char *text, uint32_t *out)
{
    static const struct {
        const char *unit;
        uint32_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    const char *rest;
    uint32_t n;
    if (!parse_number(text, &n, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(rest, units[i].unit) == 0)
            return !__builtin_mul_overflow(n, units[i].ms, out);
    return false;
}

static int set_value(const struct command_spec *c, const struct option_spec *o, const char *text)
{
    const char *rest = "";
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)o->value = true;
        break;
    case OPTION_TEXT:
        *(const char **)o->value = text;
        break;
    case OPTION_TEXTS: {
        struct option_texts *all = o->value;
        if (all->n == sizeof all->v / sizeof *all->v)
            return cmd_usage(c->name, "--%s stands there too often", o->name);
        all->v[all->n++] = text;
        break;
    }
    case OPTION_NUMBER:
        if (!parse_number(text, o->value, &rest) || *rest)
            return cmd_usage(c->name, "--%s takes a whole number from 1, not `%s`", o->name, text);
        break;
    case OPTION_DURATION:
        if (!parse_duration(text, o->value))
            return cmd_usage(c->name, "--%s takes a time with its unit, as `30s`, `500ms` or `5m`, not `%s`",
                             o->name, text);
        break;
    }
    return OPTIONS_GO_ON;
}

/* ---- arguments ---------------------------------------------------------------------------------- */

static const struct option_spec *find_long(const struct command_spec *c, struct slice name)
{
    for (const struct option_spec *o = c->options; o->name; o++)
        if (slice_eq(slice_of(o->name), name))
            return o;
    return NULL;
}

static const struct option_spec *find_letter(const struct command_spec *c, char letter)
{
    for (const struct option_spec *o = c->options; o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static int unknown(const struct command_spec *c, struct slice arg, struct slice name)
{
    const char *known[33] = {"help"};
    char word[64], hint[64], dashed[80] = "";
    uint32_t n = 1;
    for (const struct option_spec *o = c->options; o->name && n < 32; o++)
        known[n++] = o->name;
    snprintf(word, sizeof word, "%.*s", SLICE_ARG(name));
    options_suggest(word, known, n, hint);
    if (hint[0]) /* name it with its dashes */
        snprintf(dashed, sizeof dashed, "; did you mean `--%s", strchr(hint, '`') + 1);
    return cmd_usage(c->name, "unknown option `%.*s`%s", SLICE_ARG(arg), dashed);
}

/* Understands the option at argv[*at]; moves `*at` to the last argument that it took. */
static int parse_one(const struct command_spec *c, int argc, char **argv, int *at)
{
    const char *arg = argv[*at], *value = NULL;
    const struct option_spec *o;
    struct slice whole = slice_of(arg), name = whole;
    if (arg[1] == '-') {
        const char *eq = strchr(arg, '=');
        whole = eq ? (struct slice){arg, (size_t)(eq - arg)} : whole;
        name = slice_from(whole, 2);
        value = eq ? eq + 1 : NULL;
        o = find_long(c, name);
    } else {
        name = slice_from(whole, 1);
        o = find_letter(c, arg[1]);
        value = arg[2] ? arg + 2 : NULL; /* -oPLAN */
        if (o && o->kind == OPTION_FLAG && value)
            o = NULL;
    }
    if (slice_eq(whole, SLICE("--help")) || slice_eq(whole, SLICE("-h"))) {
        print_help(c);
        return 0;
    }
    if (!o)
        return unknown(c, whole, name);
    if (o->kind == OPTION_FLAG && value)
        return cmd_usage(c->name, "--%s takes no value", o->name);
    if (o->kind != OPTION_FLAG && !value) {
        if (*at + 1 >= argc)
            return cmd_usage(c->name, "--%s needs a value: %s", o->name, o->arg);
        value = argv[++*at];
    }
    return set_value(c, o, value);
}

int options_parse(const struct command_spec *c, int *argc, char **argv)
{
    int kept = 1;
    bool ended = false;
    for (int i = 1; i < *argc; i++) {
        if (ended || argv[i][0] != '-' || argv[i][1] == 0) {
            argv[kept++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            ended = true;
        } else {
            int r = parse_one(c, *argc, argv, &i);
            if (r != OPTIONS_GO_ON)
                return r;
        }
    }
    *argc = kept;
    return OPTIONS_GO_ON;
}
