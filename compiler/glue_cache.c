/* The cache of compiled glue; see glue_cache.h. An entry is the digest of what follows in 32 hex digits, and
 * the object: a damaged entry is as good as none. */
#include "compiler/glue_cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/hash.h"

enum { CHECK = 32 };

void glue_cache_open(struct glue_cache *g, struct arena *a, const char *dir)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (!dir && xdg && xdg[0] == '/') /* a relative one is to be ignored: XDG Base Directory Specification */
        dir = arena_printf(a, "%s/weir", xdg).p;
    else if (!dir && home && home[0] == '/')
        dir = arena_printf(a, "%s/.cache/weir", home).p;
    g->dir = dir;
}

static const char *entry_path(const struct glue_cache *g, struct arena *a)
{
    return arena_printf(a, "%s/glue-%s-%s", g->dir, g->source, g->cc).p;
}

static bool read_entry(const char *path, struct buf *object)
{
    struct buf file = {0};
    char digest[33];
    bool ok = buf_read_file(&file, path) == 0 && file.len > CHECK;
    if (ok) {
        hash_hex(slice_from(buf_view(&file), CHECK), digest);
        ok = memcmp(digest, file.p, CHECK) == 0;
    }
    if (ok)
        buf_slice(object, slice_from(buf_view(&file), CHECK));
    buf_free(&file);
    return ok;
}

/* The first sound entry in the order of names, so that the answer does not hang on the file system's order.
 */
static bool read_any(const struct glue_cache *g, struct arena *a, struct buf *object)
{
    struct dirent **names;
    int n = scandir(g->dir, &names, NULL, alphasort);
    struct slice head = arena_printf(a, "glue-%s-", g->source);
    bool found = false;
    for (int i = 0; i < n; i++) {
        struct slice name = slice_of(names[i]->d_name);
        if (!found && slice_starts(name, head) && name.len == head.len + CHECK)
            found = read_entry(arena_printf(a, "%s/%s", g->dir, names[i]->d_name).p, object);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return found;
}

bool glue_cache_get(const struct glue_cache *g, struct arena *a, bool any_cc, struct buf *object)
{
    if (!g->dir)
        return false;
    return any_cc ? read_any(g, a, object) : read_entry(entry_path(g, a), object);
}

/* Makes `dir` and the folder above it, but no more: a home that is not there is not made. */
static void make_folder(struct arena *a, const char *dir)
{
    const char *slash = strrchr(dir, '/');
    if (mkdir(dir, 0700) == 0 || errno != ENOENT || !slash || slash == dir)
        return;
    if (mkdir(arena_copy(a, (struct slice){dir, (size_t)(slash - dir)}).p, 0700) == 0)
        mkdir(dir, 0700);
}

void glue_cache_put(const struct glue_cache *g, struct arena *a, struct slice object)
{
    if (!g->dir)
        return;
    struct buf entry = {0};
    char digest[33];
    hash_hex(object, digest);
    buf_add(&entry, digest, CHECK);
    buf_slice(&entry, object);
    const char *path = entry_path(g, a);
    if (buf_write_file(path, buf_view(&entry), 0600) == ENOENT) {
        make_folder(a, g->dir);
        buf_write_file(path, buf_view(&entry), 0600);
    }
    buf_free(&entry);
}
