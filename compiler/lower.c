/* Lowering as one function: rows, then tables and the code that they call. See lower.h. */
#include "compiler/lower.h"

#include "compiler/layout.h"

enum {
    COPIES = 1 << 20,        /* see note [copies] in layout.c */
    UNION_VISITS = 32 << 20, /* some tenths of a second, see note [unions] in layout_union.c */
};

const char *lower_program(struct arena *a, const struct ir_program *p, struct lowered *out)
{
    *out = (struct lowered){0};
    struct rows_program *rows = rows_build(a, p);
    if (!rows)
        return "more than 65000 different headers, parameters and cookies are read";
    struct layout l = {.a = a, .ir = p, .rows = rows, .cgen = cgen_begin(a, rows)};
    l.blob = (struct blob){.a = a, .out = &out->tables};
    l.patterns = (struct patterns){.a = a, .blob = &l.blob};
    l.union_visits = UNION_VISITS;
    l.set_tables = arena_array(a, uint32_t, p->sets.n);
    l.copies_left = COPIES + 4ull * rows->nrows;
    layout_program(&l);
    if (l.limit)
        return l.limit;
    cgen_write(l.cgen, &out->glue);
    out->rules = rows->nrules;
    out->rows = rows->nrows;
    out->pred_shapes = cgen_count(l.cgen, CGEN_PREDS);
    out->value_shapes = cgen_count(l.cgen, CGEN_VALUES);
    for (uint32_t i = 0; i < p->sets.n; i++)
        out->map_rows += p->sets.v[i]->is_map ? p->sets.v[i]->rows.n : 0;
    return NULL;
}
