/* Which programs a file is part of. A configuration is checked from its first file, whose folder all names of
 * files are relative to; an editor may have opened one that it imports. Files that import it are looked for
 * beside it and in the folders above it, by the texts of their imports; a check then says whether they really
 * do. */
#include <dirent.h>
#include <sys/stat.h>

#include "compiler/check.h"
#include "compiler/lsp.h"

enum {
    LEVELS_MAX = 6,   /* folders above, within the workspace */
    LEVELS_ALONE = 2, /* without a workspace: its own and the one above */
    FILES_MAX = 300,
    FILE_MAX = 1 << 20,
};

struct candidate {
    struct slice path;
    VEC(struct slice) imports;
    bool reached, imported;
};

struct search {
    struct lsp *s;
    struct arena arena;
    VEC(struct candidate) files;
};

/* `import "P"` at the beginning of a line. */
static void read_imports(struct search *x, struct candidate *c, struct slice text)
{
    while (text.len) {
        const char *nl = memchr(text.p, '\n', text.len);
        struct slice line = {text.p, nl ? (size_t)(nl - text.p) : text.len};
        text = slice_from(text, nl ? line.len + 1 : line.len);
        while (line.len && (line.p[0] == ' ' || line.p[0] == '\t'))
            line = slice_from(line, 1);
        if (!slice_starts(line, SLICE("import")))
            continue;
        const char *open = memchr(line.p, '"', line.len),
                   *close = open ? memchr(open + 1, '"', (size_t)(line.p + line.len - open - 1)) : NULL;
        if (!close)
            continue;
        struct buf clean = {0};
        lsp_path_clean((struct slice){open + 1, (size_t)(close - open - 1)}, &clean);
        vec_add(&x->arena, &c->imports, arena_copy(&x->arena, buf_view(&clean)));
        buf_free(&clean);
    }
}

static void add_file(struct search *x, struct slice path)
{
    struct candidate *c = vec_push(&x->arena, &x->files);
    struct lsp_doc *d = lsp_doc_by_path(x->s, path);
    struct buf text = {0};
    struct stat st;
    c->path = arena_copy(&x->arena, path);
    if (d)
        read_imports(x, c, buf_view(&d->text));
    else if (stat(c->path.p, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX &&
             buf_read_file(&text, c->path.p) == 0)
        read_imports(x, c, buf_view(&text));
    buf_free(&text);
}

static void add_folder(struct search *x, struct slice folder)
{
    DIR *dir = opendir(arena_copy(&x->arena, folder).p);
    struct dirent *e;
    while (dir && (e = readdir(dir)) && x->files.n < FILES_MAX)
        if (slice_ends(slice_of(e->d_name), SLICE(".weir")))
            add_file(x, arena_printf(&x->arena, "%.*s%s", SLICE_ARG(folder), e->d_name));
    if (dir)
        closedir(dir);
}

static void add_folders(struct search *x, struct slice path)
{
    struct slice top = buf_view(&x->s->folder), folder = lsp_folder_of(path);
    bool within = top.len && slice_starts(path, top);
    for (int i = 0; i < (within ? LEVELS_MAX : LEVELS_ALONE) && folder.len; i++) {
        add_folder(x, folder);
        if (within && folder.len <= top.len + 1)
            break;
        folder = lsp_folder_of((struct slice){folder.p, folder.len - 1});
    }
}

/* Imports are relative to a folder that is not known here: the end of the path has to fit. */
static bool imports(const struct candidate *c, struct slice path)
{
    for (uint32_t i = 0; i < c->imports.n; i++) {
        struct slice p = c->imports.v[i];
        if (p.len && slice_ends(path, p) && (path.len == p.len || path.p[path.len - p.len - 1] == '/'))
            return true;
    }
    return false;
}

/* Whether the program that begins in `root` reads `path`. */
static bool reads(struct lsp *s, struct slice root, struct slice path)
{
    struct compilation c;
    bool found = false;
    lsp_compilation_begin(s, &c);
    check_file(&c, arena_copy(&c.arena, root).p);
    for (uint32_t i = 0; i < c.sources.files.n && !found; i++) {
        struct buf clean = {0};
        lsp_path_clean(c.sources.files.v[i]->path, &clean);
        found = slice_eq(buf_view(&clean), path);
        buf_free(&clean);
    }
    compilation_end(&c);
    return found;
}

/* Marks what imports `path`, directly or through others. */
static void reach(struct search *x, struct slice path)
{
    VEC(struct slice) todo = {0};
    vec_add(&x->arena, &todo, path);
    for (uint32_t i = 0; i < todo.n; i++)
        for (uint32_t k = 0; k < x->files.n; k++) {
            struct candidate *c = &x->files.v[k];
            if (!imports(c, todo.v[i]) || slice_eq(c->path, todo.v[i]))
                continue;
            for (uint32_t j = 0; j < x->files.n; j++)
                x->files.v[j].imported |= slice_eq(x->files.v[j].path, todo.v[i]);
            if (!c->reached)
                vec_add(&x->arena, &todo, c->path);
            c->reached = true;
        }
}

void lsp_find_roots(struct lsp *s, struct lsp_doc *d)
{
    struct slice path = buf_view(&d->path);
    arena_free(&d->roots_arena);
    d->roots_arena = (struct arena){0};
    memset(&d->roots, 0, sizeof d->roots);
    s->stale = true;
    if (!slice_ends(path, SLICE(".weir")) && path.len && path.p[0] == '/')
        return; /* a data file: programs that read it are there for other reasons */
    struct search x = {.s = s};
    if (!s->no_files && path.len && path.p[0] == '/') {
        add_folders(&x, path);
        reach(&x, path);
    }
    for (uint32_t i = 0; i < x.files.n; i++)
        if (x.files.v[i].reached && !x.files.v[i].imported && reads(s, x.files.v[i].path, path))
            vec_add(&d->roots_arena, &d->roots, arena_copy(&d->roots_arena, x.files.v[i].path));
    if (!d->roots.n)
        vec_add(&d->roots_arena, &d->roots, arena_copy(&d->roots_arena, path));
    arena_free(&x.arena);
}
