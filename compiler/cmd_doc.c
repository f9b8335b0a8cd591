/* weir doc: what a file or the standard library has to offer. */
#include <errno.h>

#include "compiler/cmd.h"
#include "compiler/doc.h"
#include "compiler/driver.h"
#include "compiler/options.h"
#include "compiler/stdconf.h"

/* The files of the standard library, each with the first line of what it says about itself. */
static int list_library(void)
{
    struct compilation c;
    struct slice names[STDCONF_MAX], text;
    uint32_t n = stdconf_names(names);
    compilation_begin(&c);
    printf("stdconf  the standard library as one module: `import \"stdconf\"`. Its parts, each of which can be imported:\n\n");
    for (uint32_t i = 1; i < n && stdconf_text(names[i], &text); i++) {
        struct source *src = source_from_text(&c.sources, names[i], arena_copy(&c.arena, text));
        struct slice about = doc_of_file(&c.arena, src);
        const char *nl = about.p ? memchr(about.p, '\n', about.len) : NULL;
        printf("  %-16.*s %.*s\n", SLICE_ARG(names[i]), nl ? (int)(nl - about.p) : (int)about.len,
               about.p ? about.p : "");
    }
    printf("\n`weir doc stdconf/NAME` says what is in one, `weir doc FILE` what is in a file of your own.\n");
    compilation_end(&c);
    return 0;
}

static void unknown(struct slice name)
{
    struct slice names[STDCONF_MAX];
    uint32_t n = stdconf_names(names);
    struct slice near = diag_nearest(name, names, n);
    fprintf(stderr, "weir doc: the standard library has no file `%.*s`", SLICE_ARG(name));
    if (near.p)
        fprintf(stderr, "; did you mean `%.*s`?", SLICE_ARG(near));
    fprintf(stderr, "\n");
}

/* One part, or all parts one after the other. */
static bool library(struct compilation *c, struct slice name, struct buf *out)
{
    struct slice names[STDCONF_MAX], text;
    uint32_t n = stdconf_names(names);
    bool all = slice_eq(name, names[0]), found = false;
    for (uint32_t i = 1; i < n; i++) {
        if (!(all || slice_eq(name, names[i])) || !stdconf_text(names[i], &text))
            continue;
        buf_str(out, found ? "\n" : "");
        doc_text(c, source_from_text(&c->sources, names[i], arena_copy(&c->arena, text)), names[i], out);
        found = true;
    }
    return found;
}

static int document(const char *path)
{
    struct compilation c;
    struct buf text = {0}, said = {0};
    struct driver_options o = {.color = driver_wants_color()};
    int err = 0, code = 1;
    compilation_begin(&c);
    if (stdconf_is(slice_of(path))) {
        if (library(&c, slice_of(path), &text))
            code = 0;
        else
            unknown(slice_of(path));
    } else {
        struct source *src = source_open(&c.sources, slice_of(path), &err);
        if (src)
            doc_text(&c, src, slice_of(path), &text);
        else
            fprintf(stderr, "weir doc: cannot read %s: %s\n", path, strerror(err));
        code = !src || c.diags.errors;
    }
    driver_report(&c, path, &o, &said);
    cmd_print(&text, stdout);
    fflush(stdout);
    cmd_print(&said, stderr);
    buf_free(&text);
    buf_free(&said);
    compilation_end(&c);
    return code;
}

int cmd_doc(int argc, char **argv)
{
    const struct option_spec options[] = {{0}};
    const struct command_spec spec = {
        "doc", "[MODULE|FILE]",
        "Prints what a file declares for others: names, parameters with their types and defaults, and the `##`\n"
        "comments above them. MODULE is `stdconf` or `stdconf/NAME`; without an argument, the parts of the\n"
        "standard library are listed.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc > 2)
        return cmd_usage("doc", "one MODULE or FILE only; `%s` is one too many", argv[2]);
    return argc < 2 ? list_library() : document(argv[1]);
}
