/* Comparing the rows of two sets; see diff_cone.h. Two versions of a large file have nearly the same lines in
 * nearly the same order, so the rows are walked side by side, and only what is left over is sorted. */
#include "compiler/diff_cone.h"
#include "compiler/ir_sort.h"

enum { AHEAD = 16 }; /* rows that were added or removed at one place, and are found without sorting */

struct slice diff_row_value(const struct ir_set *s, const struct ir_row *r)
{
    return s->value_kind == IR_BACKEND && r->backend ? r->backend->name : r->str;
}

struct walk {
    struct arena *a;
    const struct ir_set *old, *new;
    struct ir_set left[2]; /* rows that have no equal so far */
};

static bool same_row(const struct walk *w, const struct ir_row *x, const struct ir_row *y)
{
    return ir_sort_compare(w->old->key_kind, &x->key, &y->key) == 0 &&
           (!w->old->is_map || slice_eq(diff_row_value(w->old, x), diff_row_value(w->new, y)));
}

static bool same_at(const struct walk *w, uint32_t i, uint32_t k)
{
    return i < w->old->rows.n && k < w->new->rows.n &&same_row(w, &w->old->rows.v[i], &w->new->rows.v[k]);
}

/* How far to go on in both where rows differ, to where they are the same again. */
static void resync(const struct walk *w, uint32_t i, uint32_t k, uint32_t by[2])
{
    by[0] = i < w->old->rows.n;
    by[1] = k < w->new->rows.n;
    if (!by[0] || !by[1])
        return;
    for (uint32_t d = 1; d <= AHEAD; d++) {
        bool removed = same_at(w, i + d, k);
        if (removed || same_at(w, i, k + d)) {
            by[0] = removed ? d : 0;
            by[1] = removed ? 0 : d;
            return;
        }
    }
}

static void leave(struct walk *w, uint32_t side, const struct ir_set *from, uint32_t at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        vec_add(w->a, &w->left[side].rows, from->rows.v[at + i]);
}

static void walk(struct walk *w)
{
    for (uint32_t i = 0, k = 0; i < w->old->rows.n || k < w->new->rows.n;) {
        uint32_t by[2];
        if (same_at(w, i, k)) {
            i++, k++;
            continue;
        }
        resync(w, i, k, by);
        leave(w, 0, w->old, i, by[0]);
        leave(w, 1, w->new, k, by[1]);
        i += by[0];
        k += by[1];
    }
}

void diff_rows(struct arena *a, const struct ir_set *old, const struct ir_set *new,
               struct diff_row_changes *out)
{
    struct walk w = {.a = a, .old = old, .new = new};
    if (old == new)
        return;
    w.left[0].key_kind = w.left[1].key_kind = old->key_kind;
    walk(&w);
    const struct ir_row *const *x = ir_sort_rows(a, &w.left[0]), *const *y = ir_sort_rows(a, &w.left[1]);
    uint32_t n = w.left[0].rows.n, m = w.left[1].rows.n;
    for (uint32_t i = 0, k = 0; i < n || k < m;) {
        int order = i == n ? 1 : k == m ? -1 : ir_sort_compare(old->key_kind, &x[i]->key, &y[k]->key);
        struct diff_row_change c = {order <= 0 ? x[i] : NULL, order >= 0 ? y[k] : NULL};
        i += order <= 0;
        k += order >= 0;
        if (!c.old || !c.new || !same_row(&w, c.old, c.new))
            vec_add(a, &out->v, c);
    }
}
