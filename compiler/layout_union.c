/* Patterns that no text tells apart, read at once: rows with a pattern over one subject are decided by one DFA, whose
 * last state tells which of them match. Takes the rows that no key table anchors, yields WEIR_GROUP_UNION groups.
 *
 * note [unions]: a DFA of many patterns may be exponentially large. One over the budget is two of half the patterns each, and
 * so on; a pattern that fits with no other stays a test of its row. All attempts of one plan share a budget of time. */
#include "compiler/layout.h"

enum { SUBJECTS_MAX = 4, FEWEST = 2 };

/* The first pattern of the row about `*subject`, or about any where that is UINT32_MAX, which it then is; or -1. */
static int pattern_of(const struct layout_item *item, uint32_t *subject)
{
    for (uint32_t k = 0; k < item->row->natoms && k < 64; k++) {
        const struct row_atom *atom = &item->row->atoms[k];
        if (atom->negate || !layout_is_live(item, k) || (atom->test != ROW_MATCHES && atom->test != ROW_LIKE) ||
            (*subject != UINT32_MAX && atom->subject != *subject))
            continue;
        *subject = atom->subject;
        return (int)k;
    }
    return -1;
}

struct search {
    struct layout *l;
    uint32_t subject;
    const struct layout_item *v;
    struct regex_union_part *parts;
    bool *taken; /* by row */
    struct layout_union *out;
    uint32_t n, max;
};

static void add_union(struct search *s, uint32_t from, uint32_t n, const struct regex_union *dfa)
{
    struct layout_union *u = &s->out[s->n++];
    *u = (struct layout_union){.subject = s->subject, .dfa = *dfa};
    u->rows = (struct layout_items){arena_alloc(s->l->a, n * sizeof *u->rows.v), n};
    for (uint32_t i = 0; i < n; i++) {
        u->rows.v[i] = s->v[from + i];
        uint32_t subject = s->subject;
        uint64_t bit = 1ull << pattern_of(&s->v[from + i], &subject);
        u->rows.v[i].gone |= bit;
        u->rows.v[i].tried |= bit;
        s->taken[from + i] = true;
    }
}

static void find_unions(struct search *s, uint32_t from, uint32_t n)
{
    struct regex_union dfa;
    if (n < FEWEST || s->n == s->max || s->l->union_visits == 0)
        return;
    if (regex_union_build(s->l->a, s->parts + from, n, &s->l->union_visits, &dfa)) {
        add_union(s, from, n, &dfa);
        return;
    }
    find_unions(s, from, n / 2);
    find_unions(s, from + n / 2, n - n / 2);
}

/* The rows with a pattern about one subject; the others stay in `*in`. */
static void find_of_subject(struct search *s, struct layout_items *in)
{
    struct layout_item *with = arena_alloc(s->l->a, in->n * sizeof *with), *kept = arena_alloc(s->l->a, in->n * sizeof *kept);
    uint32_t n = 0, nkept = 0;
    s->parts = arena_array(s->l->a, struct regex_union_part, in->n);
    s->taken = arena_array(s->l->a, bool, in->n);
    s->subject = UINT32_MAX;
    for (uint32_t i = 0; i < in->n && s->subject == UINT32_MAX; i++)
        pattern_of(&in->v[i], &s->subject);
    for (uint32_t i = 0; i < in->n; i++) {
        uint32_t subject = s->subject;
        int k = pattern_of(&in->v[i], &subject);
        if (k < 0)
            continue;
        const struct row_atom *atom = &in->v[i].row->atoms[k];
        char separator = atom->test == ROW_MATCHES ? 0 : atom->subject == ROW_SUBJECT_HOST ? '.' : '/';
        s->parts[n] = (struct regex_union_part){atom->text, separator, layout_live_atoms(&in->v[i]) == 1};
        with[n++] = in->v[i];
    }
    s->v = with;
    find_unions(s, 0, n);
    for (uint32_t i = 0, w = 0; i < in->n; i++) {
        bool has = w < n && with[w].row == in->v[i].row;
        if (!has || !s->taken[w])
            kept[nkept++] = in->v[i];
        w += has;
    }
    *in = (struct layout_items){kept, nkept};
}

uint32_t layout_find_unions(struct layout *l, struct layout_items *in, struct layout_union *out, uint32_t max)
{
    struct search s = {.l = l, .out = out, .max = max};
    for (uint32_t i = 0, before = UINT32_MAX; i < SUBJECTS_MAX && in->n > 0 && in->n != before; i++) {
        before = in->n;
        find_of_subject(&s, in);
    }
    return s.n;
}

void layout_write_union(struct layout *l, const struct layout_union *u, uint32_t at, uint32_t depth, uint32_t base)
{
    uint32_t states = u->dfa.m.size, choices = blob_add(&l->blob, NULL, states * sizeof(struct weir_choice), 4);
    struct weir_union head = {regex_dfa_write(&u->dfa.m, &l->blob), choices};
    uint32_t written = blob_add(&l->blob, &head, sizeof head, 4);
    ((struct weir_group *)blob_at(&l->blob, at))->at = written;
    for (uint32_t i = 0; i < states; i++) {
        const struct regex_matches *m = &u->dfa.matches[i];
        struct layout_items rows = {arena_alloc(l->a, (m->n + 1) * sizeof *rows.v), m->n};
        for (uint32_t k = 0; k < m->n; k++)
            rows.v[k] = u->rows.v[m->parts[k]];
        if (m->n == 0)
            continue;
        uint32_t node = layout_child(l, rows, depth - 1, true);
        struct weir_choice c = {node, rows.v[0].row->rule - base};
        memcpy(blob_at(&l->blob, choices + i * (uint32_t)sizeof c), &c, sizeof c);
    }
}
