/* weir fmt: lays out files, or says which are not laid out. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cmd.h"
#include "compiler/driver.h"
#include "compiler/fmt.h"
#include "compiler/options.h"

struct fmt_options {
    bool check, diff;
};

static int fault(const char *verb, const char *path, int err)
{
    fprintf(stderr, "weir: cannot %s %s: %s\n", verb, path, strerror(err));
    return 1;
}

/* Replaces the file at `path`, which may be a link, by `text`; its mode stays. */
static int replace(const char *path, struct slice text)
{
    struct stat st;
    char *target = realpath(path, NULL);
    int err = !target || stat(target, &st) != 0 ? errno : 0;
    if (!err)
        err = buf_write_file(target, text, (int)(st.st_mode & 07777));
    if (!err && S_ISREG(st.st_mode) && chmod(target, st.st_mode & 07777) != 0) /* the umask has narrowed it */
        err = errno;
    free(target);
    return err ? fault("write", path, err) : 0;
}

/* What is to be done with `src` and its layout `text`. */
static int hand_out(const char *path, bool is_file, const struct source *src, struct slice text, const struct fmt_options *o)
{
    bool same = slice_eq(src->text, text);
    if (o->diff) {
        struct buf diff = {0};
        fmt_diff(src->path, src->text, text, &diff);
        cmd_print(&diff, stdout);
        buf_free(&diff);
    } else if (o->check && !same) {
        printf("%.*s\n", SLICE_ARG(src->path));
    } else if (!o->check && !is_file) {
        fwrite(text.p, 1, text.len, stdout);
    } else if (!o->check && !same) {
        return replace(path, text);
    }
    return o->check && !same ? 1 : 0;
}

static struct source *read_input(struct compilation *c, int *err)
{
    struct buf text = {0};
    *err = buf_read_file(&text, "/dev/stdin");
    struct source *src = *err ? NULL : source_from_text(&c->sources, SLICE("<stdin>"), arena_copy(&c->arena, buf_view(&text)));
    buf_free(&text);
    return src;
}

static int format_one(const char *path, const struct fmt_options *o)
{
    struct compilation c;
    struct buf text = {0}, said = {0};
    int err = 0, result = 0;
    bool is_file = strcmp(path, "-") != 0;
    compilation_begin(&c);
    struct source *src = is_file ? source_open(&c.sources, slice_of(path), &err) : read_input(&c, &err);
    if (!src) {
        result = fault("read", is_file ? path : "standard input", err);
    } else {
        switch (fmt_source(&c, src, &text)) {
        case FMT_DONE:
            result = hand_out(path, is_file, src, buf_view(&text), o);
            break;
        case FMT_REFUSED: {
            struct driver_options report = {.format = DIAG_TEXT, .color = driver_wants_color()};
            driver_report(&c, is_file ? path : "<stdin>", &report, &said);
            cmd_print(&said, stderr);
            result = 1;
            break;
        }
        case FMT_FAULT:
            fprintf(stderr, "weir: cannot format %s, which is left as it is: the result would not say the same. Please report it.\n", path);
            result = 3;
            break;
        }
    }
    buf_free(&text);
    buf_free(&said);
    compilation_end(&c);
    return result;
}

int cmd_fmt(int argc, char **argv)
{
    struct fmt_options o = {0};
    const struct option_spec options[] = {
        {"check", 0, OPTION_FLAG, &o.check, NULL, "write nothing; name the files that would change, and end with 1 where there are any"},
        {"diff", 0, OPTION_FLAG, &o.diff, NULL, "write nothing; print what would change as a unified diff"},
        {0},
    };
    const struct command_spec spec = {"fmt", "FILE… [--check] [--diff]",
                                      "Lays out configurations: one way, without options. Comments and the order of statements are kept,\n"
                                      "and the plan that comes of a file stays the same. `-` is standard input, laid out to standard output.\n"
                                      "A file with syntax errors is left as it is. Exit code: 0 done, 1 there are errors.",
                                      options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc < 2)
        return cmd_usage("fmt", "which FILE? (`-` is standard input)");
    int result = 0;
    for (int i = 1; i < argc; i++) {
        r = format_one(argv[i], &o);
        result = r > result ? r : result;
    }
    return result;
}
