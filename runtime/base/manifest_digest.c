/* Finds the digest in a manifest; see manifest_digest.h. Follows strings and nesting alone, since sources
 * have members of that name too. */
#include "manifest_digest.h"

/* The string that begins at the quote at `*at`, without quotes, escapes as they are; moves behind it. */
static bool take_string(struct slice s, size_t *at, struct slice *out)
{
    size_t from = ++*at;
    while (*at < s.len && s.p[*at] != '"')
        *at += s.p[*at] == '\\' ? 2 : 1;
    if (*at >= s.len)
        return false;
    *out = (struct slice){s.p + from, *at - from};
    ++*at;
    return true;
}

static void skip_space(struct slice s, size_t *at)
{
    while (*at < s.len && (s.p[*at] == ' ' || s.p[*at] == '\n' || s.p[*at] == '\r' || s.p[*at] == '\t'))
        ++*at;
}

static bool copy_digest(struct slice text, char out[33])
{
    if (text.len != 32)
        return false;
    for (size_t i = 0; i < 32; i++)
        if (!((text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'a' && text.p[i] <= 'f')))
            return false;
    memcpy(out, text.p, 32);
    out[32] = 0;
    return true;
}

bool manifest_digest(struct slice s, char out[33])
{
    int depth = 0;
    for (size_t at = 0; at < s.len;) {
        char c = s.p[at];
        struct slice text;
        if (c != '"') {
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
            at++;
            continue;
        }
        if (!take_string(s, &at, &text))
            return false;
        skip_space(s, &at);
        if (at >= s.len || s.p[at] != ':')
            continue;
        at++;
        skip_space(s, &at);
        if (depth == 1 && slice_eq(text, SLICE("digest")))
            return at < s.len && s.p[at] == '"' && take_string(s, &at, &text) && copy_digest(text, out);
    }
    return false;
}
