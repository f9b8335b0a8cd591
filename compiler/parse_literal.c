/* Literals as values: numbers with their units, ranges, hex and regular expressions. The scanner has matched the
 * lexeme; what is wrong with it is said here. */
#include <stdlib.h>

#include "compiler/ast_build.h"
#include "parser.h"

struct slice parse_lexeme(const struct parser *p)
{
    return (struct slice){p->source->text.p + p->off, p->end - p->off};
}

static struct span here(const struct parser *p)
{
    return parse_span(p, p->off, p->end);
}

static struct slice shown(struct parser *p)
{
    return parse_clip(p, parse_lexeme(p));
}

static struct ast_expr *error_here(struct parser *p)
{
    return ast_leaf(p, AST_ERROR, here(p));
}

/* --- numbers and units ---------------------------------------------------------------------------- */

/* digits × 10^-scale */
struct decimal {
    uint64_t digits;
    unsigned scale;
    bool too_big, odd_separator;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Takes a number off the front of `*s`. */
static struct decimal take_number(struct slice *s)
{
    struct decimal d = {0};
    bool point = false;
    size_t i = 0;
    for (; i < s->len; i++) {
        char c = s->p[i];
        bool followed = i + 1 < s->len && is_digit(s->p[i + 1]);
        if (c == '_') {
            d.odd_separator |= !followed;
            continue;
        }
        if (c == '.' && !point && followed) {
            point = true;
            continue;
        }
        if (!is_digit(c))
            break;
        if (__builtin_mul_overflow(d.digits, 10u, &d.digits) || __builtin_add_overflow(d.digits, (uint64_t)(c - '0'), &d.digits))
            d.too_big = true;
        d.scale += point;
    }
    *s = slice_from(*s, i);
    return d;
}

enum scaled { SCALED_OK, SCALED_TOO_BIG, SCALED_NOT_WHOLE };

/* d × unit as a whole number. */
static enum scaled scale(struct decimal d, uint64_t unit, int64_t *out)
{
    unsigned __int128 x = (unsigned __int128)d.digits * unit;
    if (d.too_big || d.scale > 18)
        return SCALED_TOO_BIG;
    for (unsigned i = 0; i < d.scale; i++) {
        if (x % 10)
            return SCALED_NOT_WHOLE;
        x /= 10;
    }
    if (x > INT64_MAX)
        return SCALED_TOO_BIG;
    *out = (int64_t)x;
    return SCALED_OK;
}

static struct ast_expr *out_of_range(struct parser *p, const char *what, const char *range)
{
    struct diag *d = parse_report(p, DIAG_E0303, here(p), "`%.*s` is too large", SLICE_ARG(shown(p)));
    diag_note(p->diags, d, "%s is at most %s", what, range);
    return error_here(p);
}

/* Reports what is wrong with a number; NULL where nothing is. */
static struct ast_expr *number_fault(struct parser *p, struct decimal d, enum scaled s, const char *what, const char *range,
                                     const char *smallest)
{
    if (d.odd_separator) {
        struct diag *x = parse_report(p, DIAG_E0102, here(p), "`_` stands between digits only");
        diag_help(p->diags, x, "write `1_000_000`");
        return error_here(p);
    }
    switch (s) {
    case SCALED_OK:
        return NULL;
    case SCALED_TOO_BIG:
        return out_of_range(p, what, range);
    case SCALED_NOT_WHOLE:
        parse_report(p, DIAG_E0102, here(p), "`%.*s` is no whole number of %s", SLICE_ARG(shown(p)), smallest);
        return error_here(p);
    }
    return NULL;
}

static struct ast_expr *number_node(struct parser *p, enum ast_kind kind, int64_t value)
{
    struct ast_expr *e = ast_leaf(p, kind, here(p));
    e->num = value;
    return e;
}

#define INT_RANGE "9223372036854775807"

struct ast_expr *parse_int(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    struct decimal d = take_number(&s);
    int64_t value = 0;
    enum scaled how = scale(d, 1, &value);
    struct ast_expr *bad = number_fault(p, d, how, "an integer", INT_RANGE, "units");
    return bad ? bad : number_node(p, AST_INT, value);
}

/* The number at the front as a double; digits beyond what one holds are rounded. */
static double real_of(struct slice s)
{
    char text[64];
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < sizeof text - 1 && (is_digit(s.p[i]) || s.p[i] == '.' || s.p[i] == '_'); i++)
        if (s.p[i] != '_')
            text[n++] = s.p[i];
    text[n] = 0;
    return strtod(text, NULL);
}

static struct ast_expr *real_node(struct parser *p, enum ast_kind kind, const char *what)
{
    struct slice s = parse_lexeme(p);
    struct decimal d = take_number(&s);
    enum scaled how = d.too_big || parse_lexeme(p).len > 40 ? SCALED_TOO_BIG : SCALED_OK;
    struct ast_expr *e = number_fault(p, d, how, what, "18446744073709551615, with 20 digits", "");
    if (e)
        return e;
    e = ast_leaf(p, kind, here(p));
    e->real = real_of(parse_lexeme(p));
    return e;
}

struct ast_expr *parse_float(struct parser *p)
{
    return real_node(p, AST_FLOAT, "a number");
}

struct ast_expr *parse_percent(struct parser *p)
{
    return real_node(p, AST_PERCENT, "a percentage");
}

struct unit {
    struct slice name;
    uint64_t value;
};

/* From small to large: durations are written from large to small. */
static const struct unit time_units[] = {
    {SLICE("us"), 1},       {SLICE("ms"), 1000},       {SLICE("s"), 1000000},
    {SLICE("m"), 60000000}, {SLICE("h"), 3600000000u}, {SLICE("d"), 86400000000u},
};
enum { TIME_UNITS = sizeof time_units / sizeof *time_units };

static const struct unit size_units[] = {
    {SLICE("B"), 1},
    {SLICE("kB"), 1000},         {SLICE("KiB"), 1u << 10},
    {SLICE("MB"), 1000000},      {SLICE("MiB"), 1u << 20},
    {SLICE("GB"), 1000000000},   {SLICE("GiB"), 1u << 30},
    {SLICE("TB"), 1000000000000}, {SLICE("TiB"), UINT64_C(1) << 40},
};
enum { SIZE_UNITS = sizeof size_units / sizeof *size_units };

/* The index of the unit that `*s` begins with, taken off; -1 where there is none. */
static int take_unit(struct slice *s, const struct unit *units, int n)
{
    size_t len = 0;
    while (len < s->len && is_letter(s->p[len]))
        len++;
    for (int i = 0; i < n; i++)
        if (slice_eq((struct slice){s->p, len}, units[i].name)) {
            *s = slice_from(*s, len);
            return i;
        }
    return -1;
}

#define DURATION_RANGE "9223372036854775807us, some 292,000 years"

struct ast_expr *parse_duration(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    int64_t total = 0;
    for (int last = TIME_UNITS; s.len;) {
        struct decimal d = take_number(&s);
        int unit = take_unit(&s, time_units, TIME_UNITS);
        if (unit < 0)
            return parse_unknown_literal(p);
        if (unit >= last) {
            parse_report(p, DIAG_E0102, here(p), "the units in `%.*s` must go from large to small, each once", SLICE_ARG(shown(p)));
            return error_here(p);
        }
        last = unit;
        int64_t part = 0;
        enum scaled how = scale(d, time_units[unit].value, &part);
        if (how == SCALED_OK && __builtin_add_overflow(total, part, &total))
            how = SCALED_TOO_BIG;
        struct ast_expr *bad = number_fault(p, d, how, "a duration", DURATION_RANGE, "microseconds");
        if (bad)
            return bad;
    }
    return number_node(p, AST_DURATION, total);
}

static struct ast_expr *sized(struct parser *p, enum ast_kind kind, const char *what)
{
    struct slice s = parse_lexeme(p);
    struct decimal d = take_number(&s);
    int unit = take_unit(&s, size_units, SIZE_UNITS);
    if (unit < 0)
        return parse_unknown_literal(p);
    int64_t value = 0;
    enum scaled how = scale(d, size_units[unit].value, &value);
    struct ast_expr *bad = number_fault(p, d, how, what, INT_RANGE "B", "bytes");
    return bad ? bad : number_node(p, kind, value);
}

struct ast_expr *parse_size(struct parser *p)
{
    return sized(p, AST_SIZE, "a size");
}

struct ast_expr *parse_bandwidth(struct parser *p)
{
    return sized(p, AST_BANDWIDTH, "a bandwidth, in bytes a second,");
}

struct ast_expr *parse_rate(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    struct decimal num = take_number(&s), per = {.digits = 1};
    s = slice_from(s, 1);
    if (is_digit(s.p[0]))
        per = take_number(&s);
    int unit = take_unit(&s, time_units, TIME_UNITS);
    if (unit < 0)
        return parse_unknown_literal(p);
    int64_t n = 0, us = 0;
    enum scaled how = scale(num, 1, &n), how_per = scale(per, time_units[unit].value, &us);
    struct ast_expr *bad = number_fault(p, num, how, "the count of a rate", INT_RANGE, "units");
    if (!bad)
        bad = number_fault(p, per, how_per, "the time of a rate", DURATION_RANGE, "microseconds");
    if (bad)
        return bad;
    if (us == 0) {
        parse_report(p, DIAG_E0303, here(p), "the rate `%.*s` counts in no time", SLICE_ARG(shown(p)));
        return error_here(p);
    }
    struct ast_expr *e = ast_leaf(p, AST_RATE, here(p));
    e->rate.num = n;
    e->rate.per_us = us;
    return e;
}

struct ast_expr *parse_range(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    struct decimal lo = take_number(&s);
    s = slice_from(s, 2);
    struct decimal hi = take_number(&s);
    int64_t from = 0, to = 0;
    enum scaled how_lo = scale(lo, 1, &from), how_hi = scale(hi, 1, &to);
    struct ast_expr *bad = number_fault(p, lo, how_lo, "an integer", INT_RANGE, "units");
    if (!bad)
        bad = number_fault(p, hi, how_hi, "an integer", INT_RANGE, "units");
    if (bad)
        return bad;
    if (from > to) {
        struct diag *d = parse_report(p, DIAG_E0303, here(p), "the range `%.*s` is empty", SLICE_ARG(shown(p)));
        diag_note(p->diags, d, "a range goes from its least to its greatest value, both included");
        return error_here(p);
    }
    struct ast_expr *e = ast_leaf(p, AST_RANGE, here(p));
    e->range.lo = from;
    e->range.hi = to;
    return e;
}

struct ast_expr *parse_status_class(struct parser *p)
{
    struct ast_expr *e = ast_leaf(p, AST_RANGE, here(p));
    e->range.lo = (parse_lexeme(p).p[0] - '0') * 100;
    e->range.hi = e->range.lo + 99;
    return e;
}

/* --- hex"…" and re"…" ----------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct ast_expr *parse_hex(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    uint32_t first = p->off + 4;
    s = (struct slice){s.p + 4, s.len - 5};
    char *bytes = arena_alloc(p->arena, s.len / 2 + 1);
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == ' ')
            continue;
        int v = hex_digit(s.p[i]);
        if (v < 0) {
            size_t n = 1;
            while (i + n < s.len && (s.p[i + n] & 0xc0) == 0x80)
                n++;
            parse_report(p, DIAG_E0102, parse_span(p, first + (uint32_t)i, first + (uint32_t)(i + n)), "`%.*s` is no hex digit",
                         (int)n, s.p + i);
            return error_here(p);
        }
        bytes[digits / 2] = (char)(digits % 2 ? (bytes[digits / 2] & 0xff) << 4 | v : v);
        digits++;
    }
    if (digits % 2) {
        parse_report(p, DIAG_E0102, here(p), "an odd number of hex digits: each byte has two");
        return error_here(p);
    }
    struct ast_expr *e = ast_leaf(p, AST_HEX, here(p));
    e->text = (struct slice){bytes, digits / 2};
    return e;
}

struct ast_expr *parse_regex(struct parser *p)
{
    struct slice s = parse_lexeme(p);
    s = (struct slice){s.p + 3, s.len - 4};
    struct ast_expr *e = ast_leaf(p, AST_REGEX, here(p));
    e->text = s;
    if (!memmem(s.p, s.len, "\\\"", 2))
        return e;
    char *to = arena_alloc(p->arena, s.len);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '\\' && s.p[i + 1] != '"')
            to[n++] = s.p[i++]; /* the pair stays together: \\" is a backslash and then the end */
        else if (s.p[i] == '\\')
            i++;
        to[n++] = s.p[i];
    }
    e->text = (struct slice){to, n};
    return e;
}

/* --- literals that are nearly right --------------------------------------------------------------- */

/* What people write for the units that there are. */
static const struct {
    struct slice wrong;
    const char *right, *note;
} unit_hints[] = {
    {SLICE("mb"), "MB", "`m` is minutes"},
    {SLICE("kb"), "kB", "`kB` is 1000 bytes, `KiB` is 1024"},
    {SLICE("k"), "kB", "a size has its `B`: `kB` is 1000 bytes, `KiB` is 1024"},
    {SLICE("g"), "GB", "a size has its `B`: `GB` is 1000³ bytes, `GiB` is 1024³"},
    {SLICE("t"), "TB", "a size has its `B`: `TB` is 1000⁴ bytes, `TiB` is 1024⁴"},
    {SLICE("gb"), "GB", NULL},
    {SLICE("tb"), "TB", NULL},
    {SLICE("b"), "B", NULL},
    {SLICE("kib"), "KiB", NULL},
    {SLICE("mib"), "MiB", NULL},
    {SLICE("gib"), "GiB", NULL},
    {SLICE("tib"), "TiB", NULL},
    {SLICE("sec"), "s", NULL},
    {SLICE("secs"), "s", NULL},
    {SLICE("second"), "s", NULL},
    {SLICE("seconds"), "s", NULL},
    {SLICE("min"), "m", NULL},
    {SLICE("mins"), "m", NULL},
    {SLICE("minute"), "m", NULL},
    {SLICE("minutes"), "m", NULL},
    {SLICE("hr"), "h", NULL},
    {SLICE("hrs"), "h", NULL},
    {SLICE("hour"), "h", NULL},
    {SLICE("hours"), "h", NULL},
    {SLICE("day"), "d", NULL},
    {SLICE("days"), "d", NULL},
    {SLICE("msec"), "ms", NULL},
    {SLICE("usec"), "us", NULL},
    {SLICE("us"), "us", NULL},
    {SLICE("ms"), "ms", NULL},
    {SLICE("s"), "s", NULL},
    {SLICE("h"), "h", NULL},
    {SLICE("d"), "d", NULL},
    {SLICE("mb/s"), "MB/s", NULL},
    {SLICE("kb/s"), "kB/s", NULL},
    {SLICE("gb/s"), "GB/s", NULL},
    {SLICE("kib/s"), "KiB/s", NULL},
    {SLICE("mib/s"), "MiB/s", NULL},
};

/* Nobody means anything else by `30sec` or `16kib`. */
static bool is_certain(struct slice unit, const char *right, const char *note)
{
    return !note && (strchr(right, 'i') || (unit.len >= 2 && !strchr(right, 'B')));
}

static struct ast_expr *unknown_unit(struct parser *p, size_t number_len)
{
    struct slice s = parse_lexeme(p), unit = slice_from(s, number_len);
    struct diag *d = parse_report(p, DIAG_E0102, here(p), "unknown unit in `%.*s`", SLICE_ARG(shown(p)));
    diag_label(p->diags, d, "`%.*s` is no unit", SLICE_ARG(parse_clip(p, unit)));
    for (size_t i = 0; i < sizeof unit_hints / sizeof *unit_hints; i++) {
        const char *right = unit_hints[i].right;
        if (!slice_eq_nocase(unit, unit_hints[i].wrong) || slice_eq(unit, slice_of(right)))
            continue;
        struct slice text = arena_printf(p->arena, "%.*s%s", (int)number_len, s.p, right);
        diag_help(p->diags, d, "did you mean `%.*s`?%s%s%s", SLICE_ARG(text), unit_hints[i].note ? " (" : "",
                  unit_hints[i].note ? unit_hints[i].note : "", unit_hints[i].note ? ")" : "");
        diag_fix(d, is_certain(unit, right, unit_hints[i].note) ? FIX_SAFE : FIX_MAYBE, here(p), text);
        return error_here(p);
    }
    if (slice_eq(unit, SLICE("M"))) {
        struct slice text = arena_printf(p->arena, "%.*sMB", (int)number_len, s.p);
        diag_help(p->diags, d, "write `%.*s` for megabytes, `%.*sm` for minutes", SLICE_ARG(text), (int)number_len, s.p);
        diag_fix(d, FIX_MAYBE, here(p), text);
    } else
        diag_note(p->diags, d, "times end in us, ms, s, m, h or d; sizes in B, kB, KiB, MB, MiB, GB, GiB, TB or TiB");
    return error_here(p);
}

/* The length of the number in front. */
static size_t number_length(struct slice s)
{
    struct slice rest = s;
    take_number(&rest);
    return s.len - rest.len;
}

static bool is_letters(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_letter(s.p[i]))
            return s.p[i] == '/' && i > 0 && i + 1 < s.len && is_letters(slice_from(s, i + 1));
    return s.len > 0;
}

static unsigned count_dots(struct slice s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.p[i] == '.';
    return n;
}

struct ast_expr *parse_unknown_literal(struct parser *p)
{
    struct slice s = parse_lexeme(p), text = shown(p);
    struct diag *d;
    if (s.p[0] == '.') {
        bool after_name = p->last.kind == ID && p->last.off + p->last.len == p->off;
        bool in_address = p->off > 0 && is_digit(p->source->text.p[p->off - 1]);
        if (after_name) {
            d = parse_report(p, DIAG_E0102, here(p), "one `.` too many");
            diag_label(p->diags, d, "names are joined by one `.`");
            diag_fix(d, FIX_SAFE, here(p), SLICE("."));
        } else {
            d = parse_report(p, DIAG_E0102, here(p), "a range has both ends and no spaces: `200..299`");
            diag_label(p->diags, d, in_address ? "in an address one `.` stands between two numbers: 10.0.0.1"
                                               : "an end is missing, or a `.` is too many");
        }
        return error_here(p);
    }
    size_t n = number_length(s), unit = s.len;
    struct slice rest = slice_from(s, n);
    while (unit > 0 && is_letter(s.p[unit - 1]))
        unit--;
    if (rest.len == 2 && slice_eq_nocase(rest, SLICE("xx"))) {
        d = parse_report(p, DIAG_E0102, here(p), "`%.*s` is no class of status codes", SLICE_ARG(text));
        diag_help(p->diags, d, "the classes are `1xx` to `5xx`");
    } else if (is_letters(rest)) {
        return unknown_unit(p, n);
    } else if (rest.len && rest.p[0] == '/' && unit == n + 1) {
        d = parse_report(p, DIAG_E0102, here(p), "`%.*s` is no rate", SLICE_ARG(text));
        diag_help(p->diags, d, "a rate is a count and a time, such as `100/10s`; a division has spaces around its `/`");
    } else if (rest.len && unit < s.len && is_digit(s.p[unit - 1]) && (rest.p[0] == '/' || is_letter(rest.p[0]))) {
        return unknown_unit(p, unit);
    } else if (count_dots(s) >= 2) {
        d = parse_report(p, DIAG_E0102, here(p), "`%.*s` is neither a number nor an address", SLICE_ARG(text));
        diag_note(p->diags, d, "an IPv4 address has four parts: `10.0.0.1`");
    } else {
        d = parse_report(p, DIAG_E0102, here(p), "`%.*s` is neither a number nor a name", SLICE_ARG(text));
        diag_note(p->diags, d, "a name begins with a letter; texts stand in quotes");
    }
    return error_here(p);
}
