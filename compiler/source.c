/* Texts: read in one go, kept until the compilation ends, lines found on demand. A file is read and not mapped, so
 * that one which shrinks meanwhile cannot kill the process. */
#include "compiler/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 0xffff0000u }; /* offsets are 32 bits */

static struct source *add(struct sources *s, struct slice path, struct slice text)
{
    struct source *src = arena_new(s->arena, struct source);
    src->id = s->files.n;
    src->path = arena_copy(s->arena, path);
    src->text = text;
    vec_add(s->arena, &s->files, src);
    return src;
}

/* Reads to the end of `fd`, whose size is expected to be `size`. Returns an errno. */
static int read_all(struct arena *a, int fd, size_t size, struct slice *out)
{
    size_t cap = size + 1, len = 0; /* one more: the NUL, and the read that finds the end */
    char *p = arena_alloc(a, cap);
    for (;;) {
        if (len == cap) { /* it grows, or is a pipe */
            char *bigger = arena_alloc(a, cap * 2);
            memcpy(bigger, p, len);
            p = bigger;
            cap *= 2;
        }
        size_t room = cap - len;
        ssize_t n = read(fd, p + len, room < 1u << 30 ? room : 1u << 30);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > TEXT_MAX)
            return EFBIG;
    }
    p[len] = 0;
    *out = (struct slice){p, len};
    return 0;
}

struct source *source_open(struct sources *s, struct slice path, int *err)
{
    for (uint32_t i = 0; i < s->files.n; i++)
        if (slice_eq(s->files.v[i]->path, path))
            return s->files.v[i];
    if (memchr(path.p, 0, path.len)) {
        *err = ENOENT;
        return NULL;
    }
    struct slice buffer;
    if (s->overlay && s->overlay(s->overlay_context, path, &buffer))
        return add(s, path, buffer);
    int fd = open(arena_copy(s->arena, path).p, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *err = errno;
        return NULL;
    }
    struct stat st;
    struct slice text;
    int fault;
    if (fstat(fd, &st) != 0)
        fault = errno;
    else if (S_ISDIR(st.st_mode))
        fault = EISDIR;
    else if (st.st_size > TEXT_MAX)
        fault = EFBIG;
    else
        fault = read_all(s->arena, fd, st.st_size > 0 ? (size_t)st.st_size : 4095, &text);
    close(fd);
    if (fault) {
        *err = fault;
        return NULL;
    }
    return add(s, path, text);
}

struct source *source_from_text(struct sources *s, struct slice path, struct slice text)
{
    return add(s, path, text);
}

static void index_lines(struct arena *a, struct source *src)
{
    vec_add(a, &src->line_starts, 0);
    const char *p = src->text.p, *end = p + src->text.len;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        vec_add(a, &src->line_starts, (uint32_t)(p - src->text.p));
    }
}

void source_line_col(struct arena *a, struct source *src, uint32_t off, uint32_t *line, uint32_t *col)
{
    if (src->line_starts.n == 0)
        index_lines(a, src);
    if (off > src->text.len)
        off = (uint32_t)src->text.len;
    uint32_t lo = 0, hi = src->line_starts.n; /* the line is in [lo, hi) */
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (src->line_starts.v[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    *line = lo + 1;
    *col = off - src->line_starts.v[lo] + 1;
}
