/* Messages as text for people and as JSON for programs: sorted by place, each once. Whatever bytes a source holds, what
 * comes out is printable UTF-8: a configuration cannot send escape codes to a terminal. */
#include <stdlib.h>

#include "compiler/diag.h"

enum {
    LEVEL_SHOWN = 50,  /* messages of a level, as text */
    ALIKE_SHOWN = 20,  /* of them warnings of one code: many of one kind do not hide the few of another */
    LINE_SHOWN = 160,  /* bytes; longer lines are clipped around the place */
    LINE_BEFORE = 60,  /* of them before it */
    TAB_WIDTH = 4,
};

static const char *const level_names[] = {[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning"};
static const char *const fix_names[] = {[FIX_SAFE] = "safe", [FIX_MAYBE] = "maybe", [FIX_PLACEHOLDER] = "placeholder"};

/* --- order ---------------------------------------------------------------------------------------- */

struct entry {
    struct diag *d;
    uint32_t index;
};

static int by_place(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    const struct span *x = &a->d->primary.span, *y = &b->d->primary.span;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->off != y->off)
        return x->off < y->off ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bool same_place(const struct diag *a, const struct diag *b)
{
    return a->primary.span.file == b->primary.span.file && a->primary.span.off == b->primary.span.off;
}

/* True where one of the `n` before `x` at the same place says the same. */
static bool is_repeated(struct diag *const *v, uint32_t n, const struct diag *x)
{
    for (; n > 0 && same_place(v[n - 1], x); n--)
        if (v[n - 1]->code == x->code && slice_eq(v[n - 1]->message, x->message))
            return true;
    return false;
}

static bool is_word_byte(char c)
{
    char l = ascii_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':' || c == '/';
}

/* `a&&b` becomes `a and b`. */
static struct slice spaced(const struct diags *d, struct span at, struct slice text)
{
    if (at.file >= d->sources->files.n || text.len == 0 || at.len == 0)
        return text;
    struct slice all = d->sources->files.v[at.file]->text;
    uint32_t end = at.off + at.len;
    if (end > all.len)
        return text;
    bool before = at.off > 0 && !memchr(" \t\r\n([{,;", all.p[at.off - 1], 9) && !is_word_byte(all.p[at.off]) &&
                  is_word_byte(text.p[0]);
    bool after = end < all.len && !memchr(" \t\r\n)]},;", all.p[end], 9) && !is_word_byte(all.p[end - 1]) &&
                 is_word_byte(text.p[text.len - 1]);
    return before || after
               ? arena_printf(d->arena, "%s%.*s%s", before ? " " : "", SLICE_ARG(text), after ? " " : "")
               : text;
}

struct diag **diag_sorted(const struct diags *d, uint32_t *n)
{
    struct entry *e = arena_array(d->arena, struct entry, d->list.n + 1);
    struct diag **v = arena_array(d->arena, struct diag *, d->list.n + 1);
    for (uint32_t i = 0; i < d->list.n; i++)
        e[i] = (struct entry){d->list.v[i], i};
    qsort(e, d->list.n, sizeof *e, by_place);
    *n = 0;
    for (uint32_t i = 0; i < d->list.n; i++)
        if (!is_repeated(v, *n, e[i].d)) {
            e[i].d->fix_text = spaced(d, e[i].d->fix_at, e[i].d->fix_text);
            v[(*n)++] = e[i].d;
        }
    return v;
}

/* --- places --------------------------------------------------------------------------------------- */

static struct source *source_at(const struct diags *d, struct span at)
{
    return at.file < d->sources->files.n ? d->sources->files.v[at.file] : NULL;
}

/* A span's line without its end, and where the span lies in it. */
struct place {
    struct source *source;
    uint32_t line, col; /* from 1 */
    struct slice text;
    size_t from, to; /* bytes of text; to >= from */
};

static struct place place_of(const struct diags *d, struct span at)
{
    struct place p = {.source = source_at(d, at)};
    source_line_col(d->arena, p.source, at.off, &p.line, &p.col);
    struct slice all = p.source->text;
    uint32_t start = p.source->line_starts.v[p.line - 1];
    size_t end = p.line < p.source->line_starts.n ? p.source->line_starts.v[p.line] - 1 : all.len;
    if (end > start && all.p[end - 1] == '\r')
        end--;
    p.text = (struct slice){all.p + start, end - start};
    p.from = p.col - 1 < p.text.len ? p.col - 1 : p.text.len;
    p.to = at.len < p.text.len - p.from ? p.from + at.len : p.text.len;
    return p;
}

/* --- printable text ------------------------------------------------------------------------------- */

/* The character at the front of `s`: its length in bytes, 0 where it is not printable. */
static size_t character(struct slice s, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > s.len)
        return 0;
    *c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (p[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool control = *c < 0x20 || (*c >= 0x7f && *c < 0xa0) || (*c >= 0x2028 && *c <= 0x202e) || (*c >= 0x2066 && *c <= 0x2069);
    return *c < least[n] || control || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff ? 0 : n;
}

/* Columns of a terminal: 0 for marks that combine, 2 for wide scripts and emoji. */
static unsigned width_of(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        uint8_t width;
    } odd[] = {{0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200d, 0},   {0x20d0, 0x20ff, 0},
               {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},
               {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1faff, 2},
               {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (c >= odd[i].from && c <= odd[i].to)
            return odd[i].width;
    return 1;
}

/* Appends `s` (or nothing, where `out` is NULL) and returns how many columns it takes. */
static size_t put(struct buf *out, struct slice s)
{
    size_t columns = 0;
    while (s.len) {
        uint32_t c;
        size_t n = character(s, &c);
        if (n) {
            if (out)
                buf_add(out, s.p, n);
            columns += width_of(c);
        } else if (s.p[0] == '\t') {
            if (out)
                buf_printf(out, "%*s", TAB_WIDTH, "");
            columns += TAB_WIDTH;
        } else {
            if (out)
                buf_str(out, "\xef\xbf\xbd"); /* U+FFFD */
            columns++;
        }
        s = slice_from(s, n ? n : 1);
    }
    return columns;
}

void diag_put_text(struct buf *out, struct slice s)
{
    put(out, s);
}

static struct slice between(struct slice s, size_t from, size_t to)
{
    return (struct slice){s.p + from, to - from};
}

static void pad(struct buf *out, size_t n, char c)
{
    memset(buf_reserve(out, n), c, n);
    out->len += n;
}

/* --- text ----------------------------------------------------------------------------------------- */

struct text {
    const struct diags *d;
    struct buf *out;
    bool color;
    int gutter; /* width of line numbers */
};

enum style { PLAIN, BOLD, RED, YELLOW, BLUE };

static void style(const struct text *t, enum style s)
{
    static const char *const codes_of[] = {
        [PLAIN] = "\x1b[0m", [BOLD] = "\x1b[1m", [RED] = "\x1b[1;31m", [YELLOW] = "\x1b[1;33m", [BLUE] = "\x1b[1;34m"};
    if (t->color)
        buf_str(t->out, codes_of[s]);
}

static void gutter(const struct text *t, uint32_t line)
{
    style(t, BLUE);
    if (line)
        buf_printf(t->out, "%*u |", t->gutter, line);
    else
        buf_printf(t->out, "%*s |", t->gutter, "");
    style(t, PLAIN);
}

/* The part of the line that is shown for a place: all of it, or a window. */
static struct slice window(const struct place *p, size_t *from)
{
    *from = 0;
    if (p->text.len <= LINE_SHOWN)
        return p->text;
    size_t start = p->from > LINE_BEFORE ? p->from - LINE_BEFORE : 0;
    while (start > 0 && (p->text.p[start] & 0xc0) == 0x80 && p->from - start < LINE_BEFORE + 4)
        start--;
    size_t end = start + LINE_SHOWN < p->text.len ? start + LINE_SHOWN : p->text.len;
    while (end < p->text.len && end > p->from + 4 && (p->text.p[end] & 0xc0) == 0x80)
        end--;
    *from = start;
    return between(p->text, start, end);
}

static void source_line(const struct text *t, const struct place *p)
{
    size_t start;
    struct slice shown = window(p, &start);
    gutter(t, p->line);
    if (shown.len) {
        buf_str(t->out, start ? " …" : " ");
        put(t->out, shown);
        buf_str(t->out, start + shown.len < p->text.len ? "…" : "");
    }
    buf_char(t->out, '\n');
}

static void underline(const struct text *t, const struct place *p, struct slice label, bool primary, enum style s)
{
    size_t start;
    struct slice shown = window(p, &start);
    size_t from = p->from - start, to = p->to - start < shown.len ? p->to - start : shown.len;
    size_t columns = put(NULL, between(shown, from, to > from ? to : from));
    gutter(t, 0);
    pad(t->out, 1 + (start > 0) + put(NULL, between(shown, 0, from)), ' ');
    style(t, primary ? s : BLUE);
    pad(t->out, columns ? columns : 1, primary ? '^' : '-');
    if (label.len) {
        buf_char(t->out, ' ');
        put(t->out, label);
    }
    style(t, PLAIN);
    buf_char(t->out, '\n');
}

struct mark {
    struct place place;
    struct slice label;
    bool primary;
};

static int by_line(const void *pa, const void *pb)
{
    const struct mark *a = pa, *b = pb;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.col != b->place.col)
        return a->place.col < b->place.col ? -1 : 1;
    return b->primary - a->primary;
}

/* The marks that lie in one file; the first of `m` names the place. */
static void excerpt(const struct text *t, struct mark *m, uint32_t n, enum style s)
{
    bool primary = m[0].primary;
    style(t, BLUE);
    buf_printf(t->out, "%*s%s", t->gutter, "", primary ? "--> " : "::: ");
    style(t, PLAIN);
    put(t->out, m[0].place.source->path);
    buf_printf(t->out, ":%u:%u\n", m[0].place.line, m[0].place.col);
    gutter(t, 0);
    buf_char(t->out, '\n');
    qsort(m, n, sizeof *m, by_line);
    for (uint32_t i = 0; i < n; i++) {
        bool again = i > 0 && m[i].place.line == m[i - 1].place.line;
        if (i > 0 && m[i].place.line > m[i - 1].place.line + 1)
            buf_str(t->out, "...\n");
        if (!again || m[i].place.text.len > LINE_SHOWN)
            source_line(t, &m[i].place);
        underline(t, &m[i].place, m[i].label, m[i].primary, s);
    }
}

/* All places of `x`, file by file, the primary's first. */
static void excerpts(struct text *t, const struct diag *x, enum style s)
{
    uint32_t n = 0;
    struct mark *marks = arena_array(t->d->arena, struct mark, x->secondary.n + 1);
    if (source_at(t->d, x->primary.span))
        marks[n++] = (struct mark){place_of(t->d, x->primary.span), x->primary.text, true};
    for (uint32_t i = 0; i < x->secondary.n; i++)
        if (source_at(t->d, x->secondary.v[i].span))
            marks[n++] = (struct mark){place_of(t->d, x->secondary.v[i].span), x->secondary.v[i].text, false};
    uint32_t last_line = 0;
    for (uint32_t i = 0; i < n; i++)
        last_line = marks[i].place.line > last_line ? marks[i].place.line : last_line;
    for (t->gutter = 1; last_line >= 10; last_line /= 10)
        t->gutter++;
    for (uint32_t done = 0; done < n;) {
        uint32_t end = done + 1; /* marks of the same file, moved together */
        for (uint32_t i = end; i < n; i++)
            if (marks[i].place.source == marks[done].place.source) {
                struct mark m = marks[i];
                memmove(&marks[end + 1], &marks[end], (i - end) * sizeof m);
                marks[end++] = m;
            }
        excerpt(t, marks + done, end - done, s);
        done = end;
    }
}

static void remark(const struct text *t, const char *what, struct slice text, const char *fix)
{
    buf_printf(t->out, "%*s ", t->gutter, "");
    style(t, BLUE);
    buf_char(t->out, '=');
    style(t, BOLD);
    buf_printf(t->out, " %s: ", what);
    style(t, PLAIN);
    put(t->out, text);
    if (fix)
        buf_printf(t->out, "   [fix: %s]", fix);
    buf_char(t->out, '\n');
}

static void render_text(struct text *t, const struct diag *x)
{
    enum diag_level level = diag_level(t->d, x->code);
    enum style s = level == DIAG_ERROR ? RED : YELLOW;
    style(t, s);
    buf_printf(t->out, "%s[%s]", level_names[level], diag_infos[x->code].code);
    style(t, BOLD);
    buf_str(t->out, ": ");
    put(t->out, x->message);
    style(t, PLAIN);
    buf_char(t->out, '\n');
    t->gutter = 1;
    excerpts(t, x, s);
    for (uint32_t i = 0; i < x->notes.n; i++)
        remark(t, "note", x->notes.v[i], NULL);
    const char *fix = x->has_fix ? fix_names[x->applicability] : NULL;
    for (uint32_t i = 0; i < x->helps.n; i++)
        remark(t, "help", x->helps.v[i], i + 1 == x->helps.n ? fix : NULL);
    if (fix && x->helps.n == 0) {
        struct slice help = x->fix_text.len ? arena_printf(t->d->arena, "write `%.*s`", SLICE_ARG(x->fix_text)) : SLICE("remove this");
        remark(t, "help", help, fix);
    }
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void json_place(const struct diags *d, struct span at, struct buf *out)
{
    struct source *src = source_at(d, at);
    uint32_t line, col;
    source_line_col(d->arena, src, at.off, &line, &col);
    buf_str(out, "\"file\":");
    buf_json(out, src->path);
    buf_printf(out, ",\"byte\":%u,\"len\":%u,\"line\":%u,\"col\":%u", at.off, at.len, line, col);
}

static bool json_span(const struct diags *d, const struct diag_label *l, bool primary, bool first, struct buf *out)
{
    if (!source_at(d, l->span))
        return false;
    buf_str(out, first ? "{" : ",{");
    json_place(d, l->span, out);
    buf_str(out, ",\"label\":");
    buf_json(out, l->text.p ? l->text : SLICE(""));
    buf_printf(out, ",\"primary\":%s}", primary ? "true" : "false");
    return true;
}

#define JSON_TEXTS(out, name, list)                   \
    do {                                              \
        buf_str((out), ",\"" name "\":[");            \
        for (uint32_t i = 0; i < (list).n; i++) {     \
            buf_str((out), i ? "," : "");             \
            buf_json((out), (list).v[i]);             \
        }                                             \
        buf_char((out), ']');                         \
    } while (0)

static void render_json(const struct diags *d, const struct diag *x, struct buf *out)
{
    buf_printf(out, "{\"code\":\"%s\",\"level\":\"%s\",\"message\":", diag_infos[x->code].code, level_names[diag_level(d, x->code)]);
    buf_json(out, x->message);
    buf_str(out, ",\"spans\":[");
    bool any = json_span(d, &x->primary, true, true, out);
    for (uint32_t i = 0; i < x->secondary.n; i++)
        any |= json_span(d, &x->secondary.v[i], false, !any, out);
    buf_char(out, ']');
    JSON_TEXTS(out, "notes", x->notes);
    JSON_TEXTS(out, "helps", x->helps);
    buf_str(out, ",\"fixes\":[");
    if (x->has_fix && source_at(d, x->fix_at)) {
        buf_printf(out, "{\"applicability\":\"%s\",\"edits\":[{", fix_names[x->applicability]);
        json_place(d, x->fix_at, out);
        buf_str(out, ",\"text\":");
        buf_json(out, x->fix_text.p ? x->fix_text : SLICE(""));
        for (uint32_t i = 0; i < x->more_edits.n; i++) {
            buf_str(out, "},{");
            json_place(d, x->more_edits.v[i].at, out);
            buf_str(out, ",\"text\":");
            buf_json(out, x->more_edits.v[i].text.p ? x->more_edits.v[i].text : SLICE(""));
        }
        buf_str(out, "}]}");
    }
    buf_str(out, "]}\n");
}

/* --- all of them ---------------------------------------------------------------------------------- */

/* What is shown as text, by level and by code, and what is left. */
struct tally {
    uint32_t shown[2], alike[DIAG_CODES];
    uint32_t left[2], left_of[2][DIAG_CODES];
};

static bool is_shown(struct tally *t, enum diag_level level, enum diag_code code)
{
    bool shown = t->shown[level] < LEVEL_SHOWN && (diag_is_error(code) || t->alike[code] < ALIKE_SHOWN);
    t->shown[level] += shown;
    t->alike[code] += shown;
    t->left[level] += !shown;
    t->left_of[level][code] += !shown;
    return shown;
}

/* `and 1203 more warnings: 3 W0506, 1200 W0510` */
static void put_left(const struct tally *t, enum diag_level level, struct buf *out)
{
    if (!t->left[level])
        return;
    buf_printf(out, "\nand %u more %s%s: ", t->left[level], level_names[level], t->left[level] == 1 ? "" : "s");
    bool first = true;
    for (int code = 0; code < DIAG_CODES; code++)
        if (t->left_of[level][code]) {
            buf_printf(out, "%s%u %s", first ? "" : ", ", t->left_of[level][code], diag_infos[code].code);
            first = false;
        }
    buf_char(out, '\n');
}

void diag_render(const struct diags *d, enum diag_format format, bool color, struct buf *out)
{
    uint32_t n, printed = 0;
    struct diag **v = diag_sorted(d, &n);
    struct text t = {d, out, color, 1};
    struct tally tally = {0};
    for (uint32_t i = 0; i < n; i++) {
        if (format != DIAG_TEXT) {
            render_json(d, v[i], out);
        } else if (is_shown(&tally, diag_level(d, v[i]->code), v[i]->code)) {
            buf_str(out, printed++ ? "\n" : "");
            render_text(&t, v[i]);
        }
    }
    put_left(&tally, DIAG_ERROR, out);
    put_left(&tally, DIAG_WARNING, out);
}
