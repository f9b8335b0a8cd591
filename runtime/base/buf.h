/* A growable run of bytes that owns its memory (malloc). A new one is `{0}`; buf_free() ends it.
 * Growth never fails quietly: when memory runs out the process ends with exit code 3, so use it in the
 * compiler and in the control plane, never on the request path. */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stdarg.h>

#include "slice.h"

struct buf {
    char *p;
    size_t len, cap;
};

void buf_free(struct buf *b);
/* Room for `n` more bytes; returns where they go. Does not change `len`. */
char *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/* Pads with zero bytes to a multiple of `align` (a power of two). */
void buf_align(struct buf *b, size_t align);

static inline void buf_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.p, s.len);
}

static inline void buf_str(struct buf *b, const char *cstr)
{
    buf_add(b, cstr, strlen(cstr));
}

static inline void buf_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->len++;
}

static inline struct slice buf_view(const struct buf *b)
{
    return (struct slice){b->p ? b->p : "", b->len};
}

/* A number in groups of three digits: 1,234,567. */
void buf_grouped(struct buf *b, uint64_t n);

/* Length of the well-formed UTF-8 sequence at `p` (RFC 3629), or 0. */
size_t utf8_len(const unsigned char *p, size_t left);
/* `s` as a JSON string with its quotes; bytes that are not UTF-8 come out as U+FFFD. */
void buf_json(struct buf *b, struct slice s);

/* Reads the whole file into `b`. Returns 0, or an errno. */
int buf_read_file(struct buf *b, const char *path);
/* Writes `data` to `path` by a temporary file beside it and a rename, so that a full disk or a crash
 * leaves the old file; a device or a pipe is written to as it is. Returns 0, or an errno. */
int buf_write_file(const char *path, struct slice data, int mode);
/* Whether the file can be read and holds just that. */
bool buf_file_is(const char *path, struct slice want);

#endif
