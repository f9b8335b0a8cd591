/* A borrowed run of bytes. Not NUL-terminated. `p == NULL` means "absent" where a value is optional;
 * an empty present value has `p != NULL` and `len == 0`. Owns nothing, frees nothing. */
#ifndef WEIR_BASE_SLICE_H
#define WEIR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *p;
    size_t len;
};

/* A slice over a string literal. */
#define SLICE(lit) ((struct slice){(lit), sizeof(lit) - 1})
/* The two arguments of a "%.*s" conversion. */
#define SLICE_ARG(s) (int)(s).len, (s).p

static inline struct slice slice_of(const char *cstr)
{
    return (struct slice){cstr, strlen(cstr)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice head)
{
    return s.len >= head.len && memcmp(s.p, head.p, head.len) == 0;
}

static inline bool slice_ends(struct slice s, struct slice tail)
{
    return s.len >= tail.len && memcmp(s.p + s.len - tail.len, tail.p, tail.len) == 0;
}

static inline bool slice_contains(struct slice s, struct slice part)
{
    return part.len == 0 || (s.len >= part.len && memmem(s.p, s.len, part.p, part.len) != NULL);
}

/* The part of `s` from byte `from` on (`from` <= len). */
static inline struct slice slice_from(struct slice s, size_t from)
{
    return (struct slice){s.p + from, s.len - from};
}

/* Without spaces and tabs at its ends (OWS of RFC 9110 section 5.6.3). */
static inline struct slice slice_trim(struct slice s)
{
    while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

/* Byte order, shorter first on a tie: the canonical order of sets. */
static inline int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (a.len > b.len) - (a.len < b.len);
}

#endif
