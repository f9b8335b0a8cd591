/* See convert.h. */
#include "runtime/convert.h"

#include <string.h>

#include "runtime/automaton.h"
#include "runtime/base/hash.h"
#include "runtime/base/ip.h"
#include "runtime/match.h"
#include "runtime/values.h"

static const struct weir_str absent = {NULL, 0};
static const struct weir_str empty = {"", 0};

int64_t convert_hash(struct weir_str s)
{
    return (int64_t)(hash_slice((struct slice){s.p, s.len}) & INT64_MAX);
}

/* ---- encodings --------------------------------------------------------------------------------- */

static char digit64(unsigned n)
{
    return (char)(n < 26 ? 'A' + n : n < 52 ? 'a' + n - 26 : n < 62 ? '0' + n - 52 : n == 62 ? '+' : '/');
}

/* 64 where `c` is no digit. */
static unsigned value64(char c)
{
    return c >= 'A' && c <= 'Z'   ? (unsigned)(c - 'A')
           : c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 26
           : c >= '0' && c <= '9' ? (unsigned)(c - '0') + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : 64;
}

/* Three bytes to four digits. */
struct weir_str convert_base64(const struct weir_facts *f, struct weir_str s)
{
    uint64_t len = ((uint64_t)s.len + 2) / 3 * 4;
    char *out = s.p ? values_room(f, len > UINT32_MAX ? UINT32_MAX : (uint32_t)len) : NULL, *to = out;
    if (!out)
        return s.p ? empty : absent;
    for (uint32_t i = 0; i < s.len; i += 3) {
        uint32_t left = s.len - i, bits = (uint32_t)(uint8_t)s.p[i] << 16;
        bits |= left > 1 ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)(uint8_t)s.p[i + 2] : 0;
        *to++ = digit64(bits >> 18);
        *to++ = digit64(bits >> 12 & 63);
        *to++ = left > 1 ? digit64(bits >> 6 & 63) : '=';
        *to++ = left > 2 ? digit64(bits & 63) : '=';
    }
    return (struct weir_str){out, (uint32_t)len};
}

/* Four digits to three bytes, fewer of the last four where they end in "=". False where they are none. */
static bool decode_four(const char *in, bool last, char *out, uint32_t *n)
{
    uint32_t pad = !last || in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2, bits = 0;
    for (uint32_t i = 0; i < 4; i++) {
        unsigned v = i < 4 - pad ? value64(in[i]) : 0;
        if (v == 64)
            return false;
        bits = bits << 6 | v;
    }
    if (pad && bits & (pad == 1 ? 0xffu : 0xffffu))
        return false;
    for (uint32_t i = 0; i < 3 - pad; i++)
        out[(*n)++] = (char)(bits >> (16 - 8 * i));
    return true;
}

struct weir_str convert_base64_decode(const struct weir_facts *f, struct weir_str s)
{
    if (!s.p || s.len % 4)
        return absent;
    char *out = values_room(f, s.len / 4 * 3);
    if (!out)
        return empty;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.len; i += 4)
        if (!decode_four(s.p + i, i + 4 == s.len, out, &n))
            return absent;
    return (struct weir_str){out, n};
}

static unsigned hex_value(char c)
{
    unsigned lower = (unsigned char)c | 0x20u, digit = (unsigned char)c - (unsigned)'0';
    return digit < 10 ? digit : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

struct weir_str convert_url_decode(const struct weir_facts *f, struct weir_str s)
{
    if (!s.p || !memchr(s.p, '%', s.len))
        return s;
    char *out = values_room(f, s.len);
    uint32_t n = 0;
    if (!out)
        return empty;
    for (uint32_t i = 0; i < s.len; i++, n++) {
        out[n] = s.p[i];
        if (s.p[i] != '%')
            continue;
        unsigned high = i + 1 < s.len ? hex_value(s.p[i + 1]) : 16, low = i + 2 < s.len ? hex_value(s.p[i + 2]) : 16;
        if (high > 15 || low > 15)
            return absent;
        out[n] = (char)(high << 4 | low);
        i += 2;
    }
    return (struct weir_str){out, n};
}

/* ---- parts ------------------------------------------------------------------------------------- */

/* Where the first separator at or after `from` begins, s.len where there is none. */
static uint32_t separator_at(struct weir_str s, uint32_t from, struct weir_str separator)
{
    while (from + (uint64_t)separator.len <= s.len) {
        const char *p = memchr(s.p + from, separator.p[0], s.len - from - separator.len + 1);
        if (!p)
            break;
        from = (uint32_t)(p - s.p);
        if (memcmp(p, separator.p, separator.len) == 0)
            return from;
        from++;
    }
    return s.len;
}

/* How many separators `s` has, looked for from left to right. */
static uint32_t count_separators(struct weir_str s, struct weir_str separator)
{
    uint32_t n = 0;
    for (uint32_t at = separator_at(s, 0, separator); at < s.len; at = separator_at(s, at + separator.len, separator))
        n++;
    return n;
}

struct weir_str convert_part(struct weir_str s, int64_t place, struct weir_str separator)
{
    if (!s.p || !separator.len)
        return absent;
    if (place < 0)
        place = place < -(int64_t)s.len - 1 ? 0 : count_separators(s, separator) + 2 + place;
    if (place < 1)
        return absent;
    uint32_t from = 0, end = separator_at(s, 0, separator);
    for (; place > 1 && end < s.len; place--) {
        from = end + separator.len;
        end = separator_at(s, from, separator);
    }
    return place == 1 ? (struct weir_str){s.p + from, end - from} : absent;
}

/* What `s` becomes, written to `out` where that is not NULL; its length. */
static uint64_t write_replaced(struct weir_str s, const uint16_t *longest, struct weir_str by, char *out)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s.len; i += longest[i] ? longest[i] : 1) {
        const char *from = longest[i] ? by.p : s.p + i;
        uint32_t len = longest[i] ? by.len : 1;
        if (out && len)
            memcpy(out + n, from, len);
        n += len;
    }
    return n;
}

/* The lengths of the matches are kept at the end of the scratch while the result is written at its beginning. */
struct weir_str convert_replace(const struct weir_facts *f, const uint8_t *tables, uint32_t automaton,
                                struct weir_str s, struct weir_str by)
{
    struct weir_scratch *scratch = f->scratch, rest = *scratch;
    if (!s.p || s.len == 0)
        return s;
    size_t need = (size_t)s.len * sizeof(uint16_t);
    rest.end -= (uintptr_t)rest.end % sizeof(uint16_t);
    if (s.len > UINT16_MAX || rest.end < rest.next || (size_t)(rest.end - rest.next) < need) {
        scratch->full = true;
        return empty;
    }
    uint16_t *longest = (uint16_t *)(void *)(rest.end - need);
    automaton_longest(tables, automaton, s, longest);
    uint64_t len = write_replaced(s, longest, by, NULL);
    if (len > (size_t)((char *)longest - rest.next)) {
        scratch->full = true;
        return empty;
    }
    char *out = scratch->next;
    write_replaced(s, longest, by, out);
    scratch->next += len;
    return (struct weir_str){out, (uint32_t)len};
}

/* ---- addresses and lists ----------------------------------------------------------------------- */

void convert_mask(const uint8_t ip[16], int64_t v4, int64_t v6, struct weir_cidr *out)
{
    struct ip_addr addr;
    memcpy(addr.b, ip, sizeof addr.b);
    out->bits = (uint8_t)(ip_is_v4(&addr) ? 96 + v4 : v6);
    ip_mask(&addr, out->bits);
    memcpy(out->addr, addr.b, sizeof out->addr);
}

static const struct weir_str line_feed = {"\n", 1};

int64_t convert_lines(struct weir_str lines)
{
    return lines.p ? (int64_t)count_separators(lines, line_feed) + 1 : 0;
}

struct weir_str convert_nth(struct weir_str lines, int64_t place)
{
    return convert_part(lines, place, line_feed);
}

bool convert_among(struct weir_str s, struct weir_str lines)
{
    if (!s.p || !lines.p)
        return false;
    for (uint32_t from = 0;;) {
        uint32_t end = separator_at(lines, from, line_feed);
        if (match_eq(s, (struct weir_str){lines.p + from, end - from}))
            return true;
        if (end == lines.len)
            return false;
        from = end + 1;
    }
}
