/* The unified diff between two layouts of one file. Both hold the same words, so a line of one corresponds to the line
 * of the other that begins after as many bytes which are no layout; no search is needed. */
#include "compiler/fmt.h"

enum { CONTEXT = 3 };

struct line {
    struct slice text; /* with its end */
    size_t before;     /* bytes before it that are no layout */
};

struct lines {
    struct line *v;
    uint32_t n, cap;
};

/* A line of the diff: ' ', '-' or '+'. */
struct edit {
    char sign;
    struct slice text;
};

struct edits {
    struct edit *v;
    uint32_t n, cap;
};

static bool is_layout(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == ',';
}

static void split_lines(struct arena *a, struct slice text, struct lines *out)
{
    size_t before = 0;
    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        before -= 3; /* a byte order mark is layout too */
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        struct slice line = {text.p, end ? (size_t)(end + 1 - text.p) : text.len};
        vec_add(a, out, ((struct line){line, before}));
        for (size_t i = 0; i < line.len; i++)
            before += !is_layout(line.p[i]);
        text = slice_from(text, line.len);
    }
}

static void compare(struct arena *a, const struct lines *old, const struct lines *new, struct edits *out)
{
    uint32_t i = 0, k = 0;
    while (i < old->n || k < new->n) {
        const struct line *x = i < old->n ? &old->v[i] : NULL, *y = k < new->n ? &new->v[k] : NULL;
        if (x && y && slice_eq(x->text, y->text) && x->before == y->before) {
            vec_add(a, out, ((struct edit){' ', x->text}));
            i++;
            k++;
        } else if (x && (!y || (int64_t)(x->before - y->before) <= 0)) {
            vec_add(a, out, ((struct edit){'-', x->text}));
            i++;
        } else {
            vec_add(a, out, ((struct edit){'+', y->text}));
            k++;
        }
    }
}

/* Within a run of changed lines, those that go stand before those that come. */
static void write_changes(const struct edits *e, uint32_t first, uint32_t end, char sign, struct buf *out)
{
    for (uint32_t i = first; i < end; i++) {
        if (e->v[i].sign != sign)
            continue;
        buf_char(out, sign);
        buf_slice(out, e->v[i].text);
        if (!slice_ends(e->v[i].text, SLICE("\n")))
            buf_str(out, "\n\\ No newline at end of file\n");
    }
}

/* `,N` after a line's number, and the number before the first line where there are none. */
static void write_range(struct buf *out, char sign, uint32_t before, uint32_t n)
{
    buf_printf(out, " %c%u", sign, n ? before + 1 : before);
    if (n != 1)
        buf_printf(out, ",%u", n);
}

static void write_hunk(const struct edits *e, uint32_t first, uint32_t end, uint32_t old_before, uint32_t new_before, struct buf *out)
{
    uint32_t olds = 0, news = 0;
    for (uint32_t i = first; i < end; i++) {
        olds += e->v[i].sign != '+';
        news += e->v[i].sign != '-';
    }
    buf_str(out, "@@");
    write_range(out, '-', old_before, olds);
    write_range(out, '+', new_before, news);
    buf_str(out, " @@\n");
    for (uint32_t i = first; i < end;) {
        uint32_t next = i + 1;
        while (next < end && (e->v[next].sign == ' ') == (e->v[i].sign == ' '))
            next++;
        write_changes(e, i, next, ' ', out);
        write_changes(e, i, next, '-', out);
        write_changes(e, i, next, '+', out);
        i = next;
    }
}

/* The end of the hunk that begins at `i`, a changed line: more than twice the context is unchanged behind it. */
static uint32_t hunk_end(const struct edits *e, uint32_t i)
{
    uint32_t last = i;
    for (; i < e->n && i <= last + 2 * CONTEXT; i++)
        if (e->v[i].sign != ' ')
            last = i;
    return last + 1;
}

static void write_hunks(const struct edits *e, struct buf *out)
{
    uint32_t olds = 0, news = 0; /* lines before edit `at` */
    for (uint32_t i = 0, at = 0; i < e->n; i++) {
        if (e->v[i].sign == ' ')
            continue;
        uint32_t end = hunk_end(e, i), first = i - at > CONTEXT ? i - CONTEXT : at, shown = end;
        while (shown < e->n && shown < end + CONTEXT)
            shown++;
        for (; at < first; at++) {
            olds += e->v[at].sign != '+';
            news += e->v[at].sign != '-';
        }
        write_hunk(e, first, shown, olds, news, out);
        for (; at < shown; at++) {
            olds += e->v[at].sign != '+';
            news += e->v[at].sign != '-';
        }
        i = shown - 1;
    }
}

void fmt_diff(struct slice path, struct slice old, struct slice new, struct buf *out)
{
    struct arena a = {0};
    struct lines before = {0}, after = {0};
    struct edits edits = {0};
    if (slice_eq(old, new))
        return;
    split_lines(&a, old, &before);
    split_lines(&a, new, &after);
    compare(&a, &before, &after, &edits);
    buf_printf(out, "--- %.*s\n+++ %.*s\n", SLICE_ARG(path), SLICE_ARG(path));
    write_hunks(&edits, out);
    arena_free(&a);
}
