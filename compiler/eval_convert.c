/* What each converter makes of its operands, from grammar/ops.def; the runtime has its own (runtime/convert.c). */
#include "compiler/eval_state.h"

#include "compiler/regex_derivative.h"
#include "runtime/base/hash.h"

static struct eval_value text(struct slice s)
{
    return (struct eval_value){.kind = IR_STR, .str = s};
}

static struct eval_value number(int64_t n)
{
    return (struct eval_value){.kind = IR_INT, .num = n};
}

static const struct eval_value no_text = {.kind = IR_STR, .absent = true};

/* ---- encodings --------------------------------------------------------------------------------- */

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The bits of the text, six at a time. */
static struct eval_value base64(struct arena *a, struct slice in)
{
    char *out = arena_alloc(a, in.len * 4 / 3 + 8);
    size_t n = 0;
    for (size_t bit = 0; bit < in.len * 8; bit += 6) {
        unsigned six = 0;
        for (size_t i = bit; i < bit + 6; i++)
            six = six << 1 | (i < in.len * 8 ? (uint8_t)in.p[i / 8] >> (7 - i % 8) & 1u : 0);
        out[n++] = digits64[six];
    }
    while (n % 4)
        out[n++] = '=';
    return text((struct slice){out, n});
}

static bool bit_of(struct slice in, size_t bit)
{
    const char *at = memchr(digits64, in.p[bit / 6], 64);
    return (unsigned)(at - digits64) >> (5 - bit % 6) & 1;
}

static struct eval_value base64_decode(struct arena *a, struct slice in)
{
    size_t n = in.len;
    if (in.len % 4)
        return no_text;
    while (n > 0 && in.len - n < 2 && in.p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++)
        if (!memchr(digits64, in.p[i], 64))
            return no_text;
    char *out = arena_alloc(a, n + 1);
    size_t bits = n * 6 / 8 * 8;
    for (size_t i = bits; i < n * 6; i++) /* those that fill the last digit up are 0 */
        if (bit_of(in, i))
            return no_text;
    for (size_t i = 0; i < bits; i++)
        out[i / 8] = (char)(i % 8 ? out[i / 8] << 1 | bit_of(in, i) : bit_of(in, i));
    return text((struct slice){out, bits / 8});
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static struct eval_value url_decode(struct arena *a, struct slice in)
{
    char *out = arena_alloc(a, in.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.p[i] != '%') {
            out[n++] = in.p[i];
            continue;
        }
        if (in.len - i < 3 || hex_of(in.p[i + 1]) < 0 || hex_of(in.p[i + 2]) < 0)
            return no_text;
        out[n++] = (char)(hex_of(in.p[i + 1]) * 16 + hex_of(in.p[i + 2]));
        i += 2;
    }
    return text((struct slice){out, n});
}

/* ---- parts ------------------------------------------------------------------------------------- */

/* Item `place` of `n`, counted from 1 or back from -1; `n` where there is none. */
static size_t index_of(int64_t place, size_t n)
{
    if (place > 0)
        return (uint64_t)place <= n ? (size_t)place - 1 : n;
    return 0 - (uint64_t)place <= n ? n - (size_t)(0 - (uint64_t)place) : n;
}

static struct eval_value part(struct arena *a, struct slice s, int64_t place, struct slice separator)
{
    VEC(struct slice) parts = {0};
    size_t from = 0;
    for (size_t i = 0; i + separator.len <= s.len;) {
        if (memcmp(s.p + i, separator.p, separator.len) != 0) {
            i++;
            continue;
        }
        vec_add(a, &parts, ((struct slice){s.p + from, i - from}));
        from = i += separator.len;
    }
    vec_add(a, &parts, ((struct slice){s.p + from, s.len - from}));
    size_t at = index_of(place, parts.n);
    return at < parts.n ? text(parts.v[at]) : no_text;
}

static struct eval_value replace(struct arena *a, struct slice s, struct slice regex, struct slice by)
{
    uint32_t off;
    const char *err;
    const struct regex_node *tree = regex_parse(a, regex, &off, &err);
    VEC(char) out = {0};
    vec_add(a, &out, 0); /* so that there is memory */
    for (size_t i = 0; tree && i < s.len;) {
        size_t end = regex_derivative_longest(tree, s, i);
        for (size_t k = 0; end > i && k < by.len; k++)
            vec_add(a, &out, by.p[k]);
        if (end <= i) {
            vec_add(a, &out, s.p[i]);
            i++;
        } else {
            i = end;
        }
    }
    return text((struct slice){out.v + 1, out.n - 1});
}

/* ---- addresses and lists ----------------------------------------------------------------------- */

static struct eval_value mask(struct ip_addr ip, int64_t v4, int64_t v6)
{
    unsigned keep = ip_is_v4(&ip) ? 96 + (unsigned)v4 : (unsigned)v6;
    for (unsigned bit = keep; bit < 128; bit++)
        ip.b[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
    return (struct eval_value){.kind = IR_CIDR, .cidr = {ip, (uint8_t)keep}};
}

static struct eval_value among(struct slice s, const struct eval_value *lines)
{
    struct eval_value found = {.kind = IR_BOOL};
    for (uint32_t i = 0; i < lines->list.n; i++)
        found.truth |= slice_eq(lines->list.v[i], s);
    return found;
}

struct eval_value eval_convert(struct arena *a, const struct ir_expr *e, const struct eval_value *args)
{
    struct slice s = args[0].kind == IR_STR ? args[0].str : SLICE("");
    size_t at;
    switch (e->op) {
    case IR_LENGTH:
        return number((int64_t)s.len);
    case IR_HASH:
        return number((int64_t)(hash_slice(s) & INT64_MAX));
    case IR_BASE64:
        return base64(a, s);
    case IR_BASE64_DECODE:
        return base64_decode(a, s);
    case IR_URL_DECODE:
        return url_decode(a, s);
    case IR_PART:
        return part(a, s, args[1].num, args[2].str);
    case IR_REPLACE:
        return replace(a, s, e->str, args[1].str);
    case IR_MASK:
        return mask(args[0].ip, args[1].num, args[2].num);
    case IR_LINES:
        return number(args[0].list.n);
    case IR_NTH:
        at = index_of(args[1].num, args[0].list.n);
        return at < args[0].list.n ? text(args[0].list.v[at]) : no_text;
    case IR_AMONG:
        return among(s, &args[1]);
    }
    return (struct eval_value){.kind = (enum ir_kind)e->kind, .absent = true};
}
