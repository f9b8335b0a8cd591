/* A unified diff: the shortest script of lines after Myers ("An O(ND) Difference Algorithm and Its Variations", 1986),
 * with three lines of context. Texts that differ in more lines than are worth the search are one hunk. */
#include "compiler/text_diff.h"

#include "runtime/base/vec.h"

enum { CONTEXT = 3, STEPS_MAX = 1500 };

struct lines {
    VEC(struct slice) text; /* each with its line end, where it has one */
    bool *changed;          /* not in the other text */
};

static struct lines split(struct arena *a, struct slice s)
{
    struct lines l = {0};
    while (s.len) {
        const char *end = memchr(s.p, '\n', s.len);
        size_t n = end ? (size_t)(end + 1 - s.p) : s.len;
        vec_add(a, &l.text, ((struct slice){s.p, n}));
        s = slice_from(s, n);
    }
    l.changed = arena_array(a, bool, l.text.n + 1);
    return l;
}

struct search {
    struct arena *a;
    struct lines *x, *y;
    int from, nx, ny; /* what differs: lines from.. of both, nx and ny of them */
};

static bool same(const struct search *s, int i, int j)
{
    return slice_eq(s->x->text.v[s->from + i], s->y->text.v[s->from + j]);
}

/* Marks the lines by walking the furthest points of each step back from the end. */
static void walk_back(struct search *s, int *const *steps, int d)
{
    int i = s->nx, j = s->ny;
    for (; d > 0; d--) {
        const int *v = steps[d - 1] + STEPS_MAX + 1;
        int k = i - j;
        bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
        int before = down ? k + 1 : k - 1, bi = v[before], bj = bi - before;
        if (down)
            s->y->changed[s->from + bj] = true;
        else
            s->x->changed[s->from + bi] = true;
        i = bi;
        j = bj;
    }
}

/* Finds the shortest script; false where it takes too many steps. */
static bool find_script(struct search *s)
{
    int *v = arena_array(s->a, int, 2 * STEPS_MAX + 3), *at = v + STEPS_MAX + 1;
    int **steps = arena_array(s->a, int *, STEPS_MAX + 1);
    for (int d = 0; d < STEPS_MAX; d++) {
        for (int k = -d; k <= d; k += 2) {
            int i = d == 0 ? 0 : k == -d || (k != d && at[k - 1] < at[k + 1]) ? at[k + 1] : at[k - 1] + 1;
            while (i < s->nx && i - k < s->ny && same(s, i, i - k))
                i++;
            at[k] = i;
            if (i >= s->nx && i - k >= s->ny) {
                walk_back(s, steps, d);
                return true;
            }
        }
        steps[d] = arena_array(s->a, int, 2 * STEPS_MAX + 3);
        memcpy(steps[d], v, sizeof(int) * (2 * STEPS_MAX + 3));
    }
    return false;
}

static void mark(struct arena *a, struct lines *x, struct lines *y)
{
    uint32_t from = 0, nx = x->text.n, ny = y->text.n;
    while (from < nx && from < ny && slice_eq(x->text.v[from], y->text.v[from]))
        from++;
    while (nx > from && ny > from && slice_eq(x->text.v[nx - 1], y->text.v[ny - 1])) {
        nx--;
        ny--;
    }
    struct search s = {a, x, y, (int)from, (int)(nx - from), (int)(ny - from)};
    if (find_script(&s))
        return;
    memset(x->changed + from, true, nx - from);
    memset(y->changed + from, true, ny - from);
}

static void put_line(struct buf *out, char sign, struct slice line)
{
    buf_char(out, sign);
    buf_slice(out, line);
    if (!slice_ends(line, SLICE("\n")))
        buf_str(out, "\n\\ No newline at end of file\n");
}

/* A side of `@@`: where, and how many; an empty side is named by the line before it. */
static void put_range(struct buf *out, char sign, uint32_t from, uint32_t n)
{
    buf_printf(out, " %c%u", sign, n ? from + 1 : from);
    if (n != 1)
        buf_printf(out, ",%u", n);
}

struct hunk {
    uint32_t x, y, nx, ny;
};

static void put_hunk(struct buf *out, const struct lines *x, const struct lines *y, struct hunk h)
{
    buf_str(out, "@@");
    put_range(out, '-', h.x, h.nx);
    put_range(out, '+', h.y, h.ny);
    buf_str(out, " @@\n");
    uint32_t i = h.x, j = h.y;
    while (i < h.x + h.nx || j < h.y + h.ny) {
        if (i < h.x + h.nx && x->changed[i]) {
            put_line(out, '-', x->text.v[i++]);
        } else if (j < h.y + h.ny && y->changed[j]) {
            put_line(out, '+', y->text.v[j++]);
        } else {
            put_line(out, ' ', x->text.v[i++]);
            j++;
        }
    }
}

void text_diff(struct arena *a, struct slice path, struct slice from, struct slice to, struct buf *out)
{
    if (slice_eq(from, to))
        return;
    struct lines x = split(a, from), y = split(a, to);
    mark(a, &x, &y);
    buf_printf(out, "--- %.*s\n+++ %.*s\n", SLICE_ARG(path), SLICE_ARG(path));
    uint32_t i = 0, j = 0, same_lines = 0; /* same_lines: before i and j, without a change */
    while (i < x.text.n || j < y.text.n) {
        if (!x.changed[i] && !y.changed[j]) {
            i++, j++, same_lines++;
            continue;
        }
        uint32_t before = same_lines < CONTEXT ? same_lines : CONTEXT, after = 0;
        struct hunk h = {i - before, j - before, 0, 0};
        while ((i < x.text.n || j < y.text.n) && after <= 2 * CONTEXT) {
            if (i < x.text.n && x.changed[i])
                i++, after = 0;
            else if (j < y.text.n && y.changed[j])
                j++, after = 0;
            else
                i++, j++, after++;
        }
        uint32_t back = after > CONTEXT ? after - CONTEXT : 0;
        h.nx = i - back - h.x;
        h.ny = j - back - h.y;
        put_hunk(out, &x, &y, h);
        same_lines = after;
        /* What lies behind the hunk's context belongs to no hunk, or is the context of the next. */
    }
}
