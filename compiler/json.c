/* Reads JSON by recursive descent, bounded in depth; see json.h. */
#include "compiler/json.h"

#include "runtime/base/buf.h"

enum { DEPTH_MAX = 64 };

struct reader {
    struct arena *a;
    const char *at, *end;
    int depth;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* ---- strings and numbers ------------------------------------------------------------------------ */

static bool hex4(struct reader *r, uint32_t *out)
{
    *out = 0;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = ascii_lower(*r->at++);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        *out = *out << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

static void add_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_char(b, (char)c);
    } else if (c < 0x800) {
        buf_char(b, (char)(0xc0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xe0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 63)));
        buf_char(b, (char)(0x80 | (c & 63)));
    } else {
        buf_char(b, (char)(0xf0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 63)));
        buf_char(b, (char)(0x80 | (c >> 6 & 63)));
        buf_char(b, (char)(0x80 | (c & 63)));
    }
}

/* After "\u": one code point, two escapes where it is a surrogate pair. A surrogate without its partner, which
 * editors can hold and send, becomes U+FFFD. */
static bool read_code_point(struct reader *r, struct buf *b)
{
    uint32_t c, low;
    if (!hex4(r, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        const char *back = r->at;
        if (take_word(r, "\\u") && hex4(r, &low) && low >= 0xdc00 && low < 0xe000) {
            add_utf8(b, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
            return true;
        }
        r->at = back;
    }
    add_utf8(b, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    return true;
}

static bool read_escape(struct reader *r, struct buf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end)
        return false;
    char c = *r->at++;
    const char *known = c ? strchr(from, c) : NULL;
    if (c == 'u')
        return read_code_point(r, b);
    if (known)
        buf_char(b, to[known - from]);
    return known != NULL;
}

static bool read_string(struct reader *r, struct slice *out)
{
    struct buf b = {0};
    bool ok = take(r, '"');
    while (ok && r->at < r->end && *r->at != '"') {
        char c = *r->at++;
        if (c == '\\')
            ok = read_escape(r, &b);
        else if ((unsigned char)c < 0x20)
            ok = false;
        else
            buf_char(&b, c);
    }
    ok = ok && r->at < r->end;
    if (ok) {
        r->at++;
        *out = arena_copy(r->a, buf_view(&b));
    }
    buf_free(&b);
    return ok;
}

static bool read_number(struct reader *r, struct json *out)
{
    const char *from = r->at;
    bool integer = true, fits = true;
    while (r->at < r->end && *r->at && strchr("0123456789+-.eE", *r->at)) {
        char c = *r->at++;
        if (c < '0' || c > '9') {
            integer = false;
            continue;
        }
        fits = fits && !__builtin_mul_overflow(out->num, 10u, &out->num) &&
               !__builtin_add_overflow(out->num, (uint64_t)(c - '0'), &out->num);
    }
    if (!integer || !fits)
        out->num = 0;
    out->kind = JSON_NUMBER;
    out->text = (struct slice){from, (size_t)(r->at - from)};
    return r->at > from;
}

/* ---- values ------------------------------------------------------------------------------------- */

static bool read_value(struct reader *r, struct json *out);

/* The rest of an array or object after its bracket. */
static bool read_items(struct reader *r, struct json *out, char close)
{
    if (take(r, close))
        return true;
    do {
        struct json item = {0};
        if (out->kind == JSON_OBJECT && !(read_string(r, &item.name) && take(r, ':')))
            return false;
        if (!read_value(r, &item))
            return false;
        vec_add(r->a, &out->items, item);
    } while (take(r, ','));
    return take(r, close);
}

static bool read_nested(struct reader *r, struct json *out, enum json_kind kind, char close)
{
    out->kind = kind;
    r->at++;
    if (++r->depth > DEPTH_MAX)
        return false;
    bool ok = read_items(r, out, close);
    r->depth--;
    return ok;
}

static bool read_value(struct reader *r, struct json *out)
{
    skip_space(r);
    if (r->at == r->end)
        return false;
    switch (*r->at) {
    case '{':
        return read_nested(r, out, JSON_OBJECT, '}');
    case '[':
        return read_nested(r, out, JSON_ARRAY, ']');
    case '"':
        out->kind = JSON_STRING;
        return read_string(r, &out->text);
    case 't':
        out->kind = JSON_BOOL;
        out->num = 1;
        return take_word(r, "true");
    case 'f':
        out->kind = JSON_BOOL;
        return take_word(r, "false");
    case 'n':
        return take_word(r, "null");
    default:
        return read_number(r, out);
    }
}

const struct json *json_read(struct arena *a, struct slice text)
{
    struct reader r = {.a = a, .at = text.p, .end = text.p + text.len};
    struct json *top = arena_new(a, struct json);
    if (!read_value(&r, top))
        return NULL;
    skip_space(&r);
    return r.at == r.end ? top : NULL;
}

const struct json *json_member(const struct json *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < object->items.n; i++)
        if (slice_eq(object->items.v[i].name, slice_of(name)))
            return &object->items.v[i];
    return NULL;
}
