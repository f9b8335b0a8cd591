/* Positions and paths; see lsp_text.h. */
#include "compiler/lsp_text.h"

#include <strings.h>

/* ---- lines ------------------------------------------------------------------------------------- */

void lsp_lines_make(struct arena *a, struct slice text, bool utf8, struct lsp_lines *out)
{
    *out = (struct lsp_lines){.text = text, .utf8 = utf8};
    vec_add(a, &out->starts, 0);
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] == '\n' || (text.p[i] == '\r' && !(i + 1 < text.len && text.p[i + 1] == '\n')))
            vec_add(a, &out->starts, (uint32_t)i + 1);
}

/* The bytes of line `i` without its end. */
static struct slice line_text(const struct lsp_lines *l, uint32_t i)
{
    size_t from = l->starts.v[i], to = i + 1 < l->starts.n ? l->starts.v[i + 1] : l->text.len;
    while (to > from && i + 1 < l->starts.n && (l->text.p[to - 1] == '\n' || l->text.p[to - 1] == '\r'))
        to--;
    return (struct slice){l->text.p + from, to - from};
}

/* Bytes of the character at the front of `s`; a byte that begins none is one by itself. */
static size_t character(struct slice s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
    for (size_t i = 1; i < n; i++)
        if (i >= s.len || ((unsigned char)s.p[i] & 0xc0) != 0x80)
            return 1;
    return n;
}

static uint32_t units(const struct lsp_lines *l, size_t bytes)
{
    return l->utf8 ? (uint32_t)bytes : bytes == 4 ? 2 : 1;
}

struct lsp_position lsp_position_of(const struct lsp_lines *l, size_t off)
{
    uint32_t lo = 0, hi = l->starts.n; /* the line is in [lo, hi) */
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (l->starts.v[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    struct lsp_position at = {lo, 0};
    struct slice line = line_text(l, lo);
    size_t left = off - l->starts.v[lo];
    while (line.len && left) {
        size_t n = character(line);
        if (n > left)
            break;
        at.character += units(l, n);
        left -= n;
        line = slice_from(line, n);
    }
    return at;
}

size_t lsp_offset_of(const struct lsp_lines *l, struct lsp_position at)
{
    if (at.line >= l->starts.n)
        return l->text.len;
    struct slice line = line_text(l, at.line);
    uint32_t left = at.character;
    while (line.len && left) {
        size_t n = character(line);
        if (units(l, n) > left)
            break;
        left -= units(l, n);
        line = slice_from(line, n);
    }
    return (size_t)(line.p - l->text.p);
}

/* ---- paths ------------------------------------------------------------------------------------- */

struct slice lsp_folder_of(struct slice path)
{
    const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;
    return slash ? (struct slice){path.p, (size_t)(slash - path.p) + 1} : SLICE("");
}

/* Takes the last part off `out`, whose parts each begin with a slash but maybe the first. */
static void go_up(struct buf *out, size_t from)
{
    while (out->len > from && out->p[out->len - 1] != '/')
        out->len--;
    if (out->len > from)
        out->len--;
}

void lsp_path_clean(struct slice path, struct buf *out)
{
    bool absolute = path.len && path.p[0] == '/';
    size_t from = out->len;
    while (path.len) {
        const char *slash = memchr(path.p, '/', path.len);
        struct slice part = {path.p, slash ? (size_t)(slash - path.p) : path.len};
        path = slice_from(path, slash ? part.len + 1 : part.len);
        if (!part.len || slice_eq(part, SLICE(".")))
            continue;
        if (slice_eq(part, SLICE(".."))) {
            go_up(out, from);
            continue;
        }
        if (absolute || out->len > from)
            buf_char(out, '/');
        buf_slice(out, part);
    }
}

static int hex(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unescape(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        int high, low;
        if (s.p[i] != '%') {
            buf_char(out, s.p[i]);
            continue;
        }
        if (i + 2 >= s.len || (high = hex(s.p[i + 1])) < 0 || (low = hex(s.p[i + 2])) < 0)
            return false;
        buf_char(out, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

bool lsp_path_of_uri(struct slice uri, struct buf *path)
{
    if (!uri.len || memchr(uri.p, 0, uri.len))
        return false;
    if (uri.len < 5 || strncasecmp(uri.p, "file:", 5) != 0) {
        buf_slice(path, uri);
        return true;
    }
    struct slice s = slice_from(uri, 5);
    if (slice_starts(s, SLICE("//"))) { /* a host, which is this one */
        const char *slash = memchr(s.p + 2, '/', s.len - 2);
        if (!slash)
            return false;
        s = slice_from(s, (size_t)(slash - s.p));
    }
    struct buf plain = {0};
    bool good = s.len && s.p[0] == '/' && unescape(s, &plain) && !memchr(plain.p, 0, plain.len);
    if (good)
        lsp_path_clean(buf_view(&plain), path);
    buf_free(&plain);
    return good;
}

/* RFC 3986: what is neither unreserved nor a slash is escaped. */
void lsp_uri_of_path(struct slice path, struct buf *uri)
{
    if (!path.len || path.p[0] != '/') {
        buf_slice(uri, path);
        return;
    }
    buf_str(uri, "file://");
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.p[i], lower = (unsigned char)ascii_lower(path.p[i]);
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~/", c)))
            buf_char(uri, (char)c);
        else
            buf_printf(uri, "%%%02X", c);
    }
}
