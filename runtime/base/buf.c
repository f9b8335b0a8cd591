/* The growable byte buffer of buf.h, with the JSON and file helpers that every tool needs. */
#include "buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "huge.h"

enum { LARGE = 8 << 20 }; /* then a huge page that is filled in part is little */

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->cap - b->len < n) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        while (cap - b->len < n)
            cap *= 2;
        char *p = fault_realloc(b->p, cap);
        if (!p) {
            fprintf(stderr, "weir: out of memory (a buffer of %zu bytes)\n", cap);
            exit(3);
        }
        if (cap >= LARGE)
            huge_pages(p, cap);
        b->p = p;
        b->cap = cap;
    }
    return b->p + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n)
        memcpy(buf_reserve(b, n), p, n);
    b->len += n;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
    va_end(again);
    b->len += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_align(struct buf *b, size_t align)
{
    size_t pad = -b->len & (align - 1);
    if (pad)
        memset(buf_reserve(b, pad), 0, pad);
    b->len += pad;
}

size_t utf8_len(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

void buf_json(struct buf *b, struct slice s)
{
    buf_char(b, '"');
    for (size_t i = 0, n; i < s.len; i += n) {
        unsigned char c = (unsigned char)s.p[i];
        n = utf8_len((const unsigned char *)s.p + i, s.len - i);
        if (n == 0) {
            buf_str(b, "\\ufffd");
            n = 1;
        } else if (n > 1) {
            buf_add(b, s.p + i, n);
        } else if (c == '"' || c == '\\') {
            buf_char(b, '\\');
            buf_char(b, (char)c);
        } else if (c == '\n') {
            buf_str(b, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}

int buf_read_file(struct buf *b, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    struct stat st;
    int err = 0;
    if (fstat(fd, &st) != 0)
        err = errno;
    else if (S_ISDIR(st.st_mode))
        err = EISDIR;
    else
        buf_reserve(b, (size_t)st.st_size + 1);
    while (!err) {
        ssize_t r = read(fd, buf_reserve(b, 4096), b->cap - b->len);
        if (r == 0)
            break;
        if (r < 0) {
            err = errno == EINTR ? 0 : errno;
            continue;
        }
        b->len += (size_t)r;
    }
    close(fd);
    return err;
}

bool buf_file_is(const char *path, struct slice want)
{
    enum { PIECE = 1 << 20 };
    struct buf piece = {0};
    char *p = buf_reserve(&piece, PIECE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool same = fd >= 0;
    for (ssize_t r = 1; same && r;) {
        r = read(fd, p, PIECE);
        if (r < 0 && errno == EINTR)
            continue;
        same = r >= 0 && (size_t)r <= want.len && memcmp(want.p, p, (size_t)r) == 0 && (r > 0 || want.len == 0);
        want = same ? slice_from(want, (size_t)r) : want;
    }
    if (fd >= 0)
        close(fd);
    buf_free(&piece);
    return same;
}

int buf_write_file(const char *path, struct slice data, int mode)
{
    struct buf tmp = {0};
    struct stat st;
    bool in_place = stat(path, &st) == 0 && !S_ISREG(st.st_mode); /* a device or a pipe is written to, not replaced */
    buf_str(&tmp, path);
    if (!in_place)
        buf_printf(&tmp, ".tmp.%d", (int)getpid());
    buf_char(&tmp, 0);
    int fd = open(tmp.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int err = fd < 0 ? errno : 0;
    for (size_t off = 0; !err && off < data.len;) {
        ssize_t w = write(fd, data.p + off, data.len - off);
        if (w < 0)
            err = errno == EINTR ? 0 : errno;
        else
            off += (size_t)w;
    }
    if (fd >= 0 && close(fd) != 0 && !err)
        err = errno;
    if (!err && !in_place && rename(tmp.p, path) != 0)
        err = errno;
    if (err && fd >= 0 && !in_place)
        unlink(tmp.p);
    buf_free(&tmp);
    return err;
}

void buf_grouped(struct buf *b, uint64_t n)
{
    if (n >= 1000) {
        buf_grouped(b, n / 1000);
        buf_printf(b, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_printf(b, "%u", (unsigned)n);
    }
}
