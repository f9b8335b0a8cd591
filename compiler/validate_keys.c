/* What tests need; see validate_keys.h. */
#include "compiler/validate_keys.h"

static struct key_part part(enum key_place place, struct slice text)
{
    return (struct key_part){.place = place, .text = text};
}

static struct key_part segment_part(struct slice path)
{
    while (path.len && path.p[path.len - 1] == '/')
        path.len--;
    return part(KEY_HEAD, path);
}

/* The longer one of what stands at both ends of a pattern. */
static struct key_part longer(struct slice head, struct slice tail)
{
    return head.len >= tail.len ? part(KEY_HEAD, head) : part(KEY_TAIL, tail);
}

static struct key_part glob_part(struct slice glob)
{
    const char *first = memchr(glob.p, '*', glob.len), *last = memrchr(glob.p, '*', glob.len);
    if (!first)
        return part(KEY_WHOLE, glob);
    return longer((struct slice){glob.p, (size_t)(first - glob.p)}, slice_from(glob, (size_t)(last - glob.p) + 1));
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '_';
}

/* Literals behind "^" or before "$"; none where there are alternatives, flags or escapes. The byte before a quantifier does
 * not count. */
static struct key_part regex_part(struct slice e)
{
    size_t n = 1, from;
    if (e.len < 2 || memchr(e.p, '|', e.len) || slice_contains(e, SLICE("(?")))
        return part(KEY_NONE, SLICE(""));
    while (n < e.len && is_plain(e.p[n]))
        n++;
    if (n < e.len && strchr("*?{+", e.p[n]))
        n--;
    struct slice head = {e.p + 1, e.p[0] == '^' && n > 0 ? n - 1 : 0}, tail = {e.p, 0};
    for (from = e.len - 1; from > 0 && is_plain(e.p[from - 1]); from--)
        ;
    if (from > 0 && e.p[from - 1] == '\\')
        from = e.len; /* what stands there is part of an escape */
    if (e.p[e.len - 1] == '$' && from + 1 < e.len)
        tail = (struct slice){e.p + from, e.len - 1 - from};
    return longer(head, tail);
}

struct key_part validate_key_part(enum ir_key_kind kind, const struct ir_key *key)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
        return part(KEY_WHOLE, key->str);
    case IR_KEY_HOST_PATTERN:
        return glob_part(key->str);
    case IR_KEY_PATH:
        return segment_part(key->str);
    case IR_KEY_PREFIX:
        return part(KEY_HEAD, key->str);
    case IR_KEY_SUFFIX:
        return part(KEY_TAIL, key->str);
    case IR_KEY_CIDR:
        return (struct key_part){.place = KEY_NET, .net = key->cidr};
    case IR_KEY_REGEX:
        return regex_part(key->str);
    case IR_KEY_INT:
    case IR_KEY_RANGE:
        break;
    }
    return part(KEY_NONE, SLICE(""));
}

struct key_part validate_test_part(const struct ir_expr *test, const struct ir_expr *with)
{
    if (test->op == IR_LIKE)
        return glob_part(test->str);
    if (test->op == IR_MATCHES)
        return regex_part(test->str);
    if (test->op == IR_EQ && with->op == IR_CONST_IP)
        return (struct key_part){.place = KEY_NET, .net = {with->ip, 128}};
    if (!with || with->op != IR_CONST_STR)
        return part(KEY_NONE, SLICE(""));
    if (test->op == IR_EQ)
        return part(KEY_WHOLE, with->str);
    if (test->op == IR_UNDER)
        return segment_part(with->str);
    if (test->op == IR_STARTS_WITH)
        return part(KEY_HEAD, with->str);
    if (test->op == IR_ENDS_WITH)
        return part(KEY_TAIL, with->str);
    return part(KEY_NONE, SLICE(""));
}
