/* weir show: what a plan holds, from its manifest. */
#include <stdio.h>

#include "compiler/cmd.h"
#include "compiler/manifest.h"
#include "compiler/options.h"
#include "compiler/plan_file.h"

enum { LIST_MAX = 20 }; /* lines of a list in text; --format json has all */

/* ---- text --------------------------------------------------------------------------------------- */

/* 1234567 as "1,234,567". */
static void format_number(uint64_t n, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    char *to = out;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
}

static int name_width(struct slice name, int width)
{
    return (int)name.len > width ? (int)name.len : width;
}

static void print_more(uint32_t n)
{
    if (n > LIST_MAX)
        printf("  … and %u more\n", n - LIST_MAX);
}

static uint32_t shown(uint32_t n)
{
    return n < LIST_MAX ? n : LIST_MAX;
}

/* Members' names as people write them: "map rows". */
static void print_count(const char *name, uint64_t n)
{
    char text[32], label[32];
    snprintf(label, sizeof label, "%s", name);
    for (char *at = label; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    format_number(n, text);
    printf("  %-14s %12s\n", label, text);
}

static void print_numbers(const struct manifest *m)
{
    char text[32];
    printf("\nsizes\n");
#define SIZE(name) format_number(m->sizes.name, text), printf("  %-14s %12s bytes\n", #name, text);
    MANIFEST_SIZES(SIZE)
#undef SIZE
    printf("\ncounts\n");
#define COUNT(name) print_count(#name, m->counts.name);
    MANIFEST_COUNTS(COUNT)
#undef COUNT
}

static void print_sources(const struct manifest *m)
{
    char size[32];
    int width = 0;
    for (uint32_t i = 0; i < shown(m->sources.n); i++)
        width = name_width(m->sources.v[i].path, width);
    printf("\nsources\n");
    for (uint32_t i = 0; i < shown(m->sources.n); i++) {
        const struct manifest_source *s = &m->sources.v[i];
        format_number(s->size, size);
        printf("  %-*.*s  %12s bytes  %.*s\n", width, SLICE_ARG(s->path), size, SLICE_ARG(s->digest));
    }
    print_more(m->sources.n);
}

static void print_frontends(const struct manifest *m)
{
    int width = 0;
    for (uint32_t i = 0; i < shown(m->frontends.n); i++)
        width = name_width(m->frontends.v[i].name, width);
    printf("\nfrontends\n");
    for (uint32_t i = 0; i < shown(m->frontends.n); i++) {
        const struct manifest_frontend *f = &m->frontends.v[i];
        printf("  %-*.*s ", width, SLICE_ARG(f->name));
        for (uint32_t j = 0; j < f->listens.n; j++)
            printf(" %.*s", SLICE_ARG(f->listens.v[j]));
        printf("\n");
    }
    print_more(m->frontends.n);
}

static void print_backends(const struct manifest *m)
{
    int width = 0;
    if (m->backends.n == 0)
        return;
    for (uint32_t i = 0; i < shown(m->backends.n); i++)
        width = name_width(m->backends.v[i].name, width);
    printf("\nbackends\n");
    for (uint32_t i = 0; i < shown(m->backends.n); i++) {
        const struct manifest_backend *b = &m->backends.v[i];
        printf("  %-*.*s  %llu server%s\n", width, SLICE_ARG(b->name), (unsigned long long)b->servers,
               b->servers == 1 ? "" : "s");
    }
    print_more(m->backends.n);
}

static void print_splits(const struct manifest *m)
{
    int width = 0;
    if (m->splits.n == 0)
        return;
    for (uint32_t i = 0; i < shown(m->splits.n); i++)
        width = name_width(m->splits.v[i].name, width);
    printf("\nsplits\n");
    for (uint32_t i = 0; i < shown(m->splits.n); i++) {
        const struct manifest_split *s = &m->splits.v[i];
        printf("  %-*.*s ", width, SLICE_ARG(s->name));
        for (uint32_t j = 0; j < s->shares.n; j++)
            printf("%s %.*s", j ? "," : "", SLICE_ARG(s->shares.v[j]));
        printf("\n");
    }
    print_more(m->splits.n);
}

static void print_text(const struct manifest *m)
{
    printf("digest    %.*s\n", SLICE_ARG(m->digest));
    printf("language  %llu\n", (unsigned long long)m->edition);
    printf("abi       %llu\n", (unsigned long long)m->abi);
    printf("built by  weir %.*s\n", SLICE_ARG(m->weir));
    print_sources(m);
    print_numbers(m);
    print_frontends(m);
    print_backends(m);
    print_splits(m);
}

/* ---- the command -------------------------------------------------------------------------------- */

/* Says why not and returns false, or fills `parts`. */
static bool read_plan(const char *path, struct buf *file, struct plan_contents *parts)
{
    const char *why = NULL;
    int err = buf_read_file(file, path);
    if (err)
        fprintf(stderr, "weir: cannot read %s: %s\n", path, strerror(err));
    else if (!plan_read(buf_view(file), parts, &why))
        fprintf(stderr, "weir: cannot read %s: %s\n", path, why);
    return !err && !why;
}

static int show(const char *path, bool json)
{
    struct buf file = {0};
    struct arena a = {0};
    struct plan_contents parts;
    struct manifest m;
    const char *why = NULL;
    bool ok = read_plan(path, &file, &parts);
    if (ok && !manifest_read(&m, &a, parts.manifest, &why)) {
        fprintf(stderr, "weir: cannot read %s: %s\n", path, why);
        ok = false;
    }
    if (ok && json)
        fwrite(parts.manifest.p, 1, parts.manifest.len, stdout);
    else if (ok)
        print_text(&m);
    arena_free(&a);
    buf_free(&file);
    return ok ? 0 : 1;
}

int cmd_show(int argc, char **argv)
{
    const char *format = "text";
    const struct option_spec options[] = {
        {"format", 0, OPTION_TEXT, &format, "text|json", "json: the whole manifest"},
        {0},
    };
    const struct command_spec spec = {
        "show", "PLAN [--format text|json]",
        "Says what a plan holds: digest, language, ABI, sources, sizes, counts, frontends, backends, splits.",
        options};
    int r = options_parse(&spec, &argc, argv);
    if (r != OPTIONS_GO_ON)
        return r;
    if (argc != 2)
        return cmd_usage("show", argc < 2 ? "which PLAN?" : "one PLAN only");
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return cmd_usage("show", "--format is text or json, not `%s`", format);
    return show(argv[1], strcmp(format, "json") == 0);
}
