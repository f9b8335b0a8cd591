/* Hints: what a `like` or `matches` says of the begin and the end of its subject, as tests of their own, by which many such
 * rows are told apart without trying the patterns. The pattern stays the row's test. Takes the rows of a step, sets
 * row.nhints. */
#include "compiler/layout.h"
#include "compiler/regex.h"

enum { HINTS_MAX = 3 };

struct hints {
    struct arena *a;
    uint16_t subject;
    uint32_t of, n;
    struct row_atom v[HINTS_MAX];
};

static void add_hint(struct hints *h, enum row_test test, struct slice text)
{
    if (text.len > 0 && h->n < HINTS_MAX)
        h->v[h->n++] = (struct row_atom){.test = (uint8_t)test, .subject = h->subject, .text = arena_copy(h->a, text),
                                          .of = h->of};
}

static bool has_segments(uint16_t subject)
{
    return subject == ROW_SUBJECT_PATH || subject == ROW_SUBJECT_RAW_PATH || subject == ROW_SUBJECT_URI;
}

/* `text` is how the subject begins. `bounded`: nothing or a slash follows. Whole segments are looked up with fewer probes. */
static void add_head(struct hints *h, struct slice text, bool bounded)
{
    const char *slash = text.len ? memrchr(text.p, '/', text.len) : NULL;
    size_t segments = bounded ? text.len : slash ? (size_t)(slash - text.p) : 0;
    bool ends_well = segments > 0 && text.p[segments - 1] != '/';
    if (has_segments(h->subject) && ends_well)
        add_hint(h, ROW_UNDER, (struct slice){text.p, segments});
    if (!has_segments(h->subject) || !ends_well || text.len > segments + 1)
        add_hint(h, ROW_STARTS, text);
}

static void hints_of_glob(struct hints *h, struct slice s)
{
    const char *star = memchr(s.p, '*', s.len), *last = memrchr(s.p, '*', s.len);
    if (!star)
        return;
    struct slice head = {s.p, (size_t)(star - s.p)}, tail = slice_from(s, (size_t)(last + 1 - s.p));
    /* Every path begins with a slash. */
    if (head.len > 1 || !has_segments(h->subject))
        add_head(h, head, false);
    add_hint(h, ROW_ENDS, tail);
}

/* ---- regular expressions ------------------------------------------------------------------------- */

static int only_byte(const struct regex_node *n)
{
    uint32_t count = 0;
    int first = -1;
    for (unsigned i = 0; n->op == REGEX_SET && i < 4; i++) {
        count += (uint32_t)__builtin_popcountll(n->set[i]);
        if (n->set[i] && first < 0)
            first = (int)(64 * i) + __builtin_ctzll(n->set[i]);
    }
    return count == 1 ? first : -1;
}

/* The parts in sequence of an expression. */
struct sequence {
    struct arena *a;
    VEC(const struct regex_node *) v;
};

static void flatten(struct sequence *s, const struct regex_node *n)
{
    if (n->op == REGEX_CAT)
        for (uint32_t i = 0; i < n->nkids; i++)
            flatten(s, n->kids[i]);
    else if (n->op != REGEX_EMPTY)
        vec_add(s->a, &s->v, n);
}

static bool begins_with_slash(const struct regex_node *n)
{
    while (n->op == REGEX_CAT)
        n = n->kids[0];
    return only_byte(n) == '/';
}

/* Whether from part `i` on the end or a slash comes next: nothing but "$", "(/|$)", "(/.*)?$" and "/". */
static bool is_bounded(const struct sequence *s, uint32_t i)
{
    if (i == s->v.n)
        return false;
    const struct regex_node *n = s->v.v[i];
    if (n->op == REGEX_END || begins_with_slash(n))
        return true;
    if (n->op == REGEX_REPEAT)
        return begins_with_slash(n->kids[0]) && is_bounded(s, i + 1);
    for (uint32_t k = 0; n->op == REGEX_ALT && k < n->nkids; k++)
        if (n->kids[k]->op != REGEX_END && !begins_with_slash(n->kids[k]))
            return false;
    return n->op == REGEX_ALT;
}

static void hints_of_regex(struct hints *h, struct arena *scratch, struct slice text)
{
    uint32_t off;
    const char *err;
    struct sequence s = {.a = scratch};
    struct buf head = {0}, tail = {0};
    const struct regex_node *tree = regex_parse(scratch, text, &off, &err);
    if (!tree)
        return;
    flatten(&s, tree);
    uint32_t n = s.v.n, first = 1, last = n ? n - 1 : 0;
    if (n > 1 && s.v.v[0]->op == REGEX_BEGIN) {
        for (; first < n && only_byte(s.v.v[first]) >= 0; first++)
            buf_char(&head, (char)only_byte(s.v.v[first]));
        if (head.len > 1)
            add_head(h, buf_view(&head), is_bounded(&s, first));
    }
    if (n > 1 && s.v.v[n - 1]->op == REGEX_END) {
        while (last > 0 && only_byte(s.v.v[last - 1]) >= 0)
            last--;
        for (; last < n - 1; last++)
            buf_char(&tail, (char)only_byte(s.v.v[last]));
        add_hint(h, ROW_ENDS, buf_view(&tail));
    }
    buf_free(&head);
    buf_free(&tail);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static void hints_of_row(struct layout *l, struct arena *scratch, struct row *row)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < row->natoms; k++)
        most += !row->atoms[k].negate && (row->atoms[k].test == ROW_LIKE || row->atoms[k].test == ROW_MATCHES) ? HINTS_MAX : 0;
    if (most == 0)
        return;
    struct row_atom *all = arena_alloc(l->a, (row->natoms + most) * sizeof *all);
    memcpy(all, row->atoms, row->natoms * sizeof *all);
    for (uint32_t k = 0; k < row->natoms; k++) {
        const struct row_atom *atom = &row->atoms[k];
        struct hints h = {.a = l->a, .subject = atom->subject, .of = k};
        if (!atom->negate && atom->test == ROW_LIKE)
            hints_of_glob(&h, atom->text);
        else if (!atom->negate && atom->test == ROW_MATCHES)
            hints_of_regex(&h, scratch, atom->text);
        memcpy(all + row->natoms + row->nhints, h.v, h.n * sizeof *all);
        row->nhints += h.n;
        arena_free(scratch);
    }
    row->atoms = all;
}

/* The test of a hint and its text, as a key. */
static struct slice hint_id(struct buf *b, const struct row_atom *hint)
{
    b->len = 0;
    buf_char(b, (char)hint->test);
    buf_slice(b, hint->text);
    return buf_view(b);
}

static void count_hints(struct layout *l, const struct row *row, struct buf *b)
{
    for (uint32_t k = row->natoms; k < row_tests(row); k++) {
        struct slice id = hint_id(b, &row->atoms[k]);
        uint32_t *count = strmap_get(&l->hints, id);
        if (count)
            ++*count;
        else
            strmap_put(&l->hints, l->a, arena_copy(l->a, id), 1, NULL);
    }
}

bool layout_has_rare_hint(const struct layout *l, const struct row *row)
{
    enum { RARE = 8 };
    struct buf b = {0};
    bool rare = false;
    for (uint32_t k = row->natoms; k < row_tests(row) && !rare; k++) {
        const uint32_t *count = strmap_get(&l->hints, hint_id(&b, &row->atoms[k]));
        rare = count && *count <= RARE;
    }
    buf_free(&b);
    return rare;
}

void layout_find_hints(struct layout *l, const struct rows_step *s)
{
    struct arena scratch = {0};
    struct buf id = {0};
    l->hints = (struct strmap){0};
    for (uint32_t i = 0; i < s->rows.n; i++)
        hints_of_row(l, &scratch, &s->rows.v[i]);
    for (uint32_t i = 0; i < s->rows.n; i++)
        count_hints(l, &s->rows.v[i], &id);
    buf_free(&id);
}
