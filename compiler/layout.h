/* Rows meet tables: the state of writing one plan's tables, shared by the files that do it.
 *   layout.c          nodes of decisions
 *   layout_union.c    patterns that are read at once
 *   layout_rows.c     runs of rows: filters and tests
 *   layout_hint.c     texts by which patterns are looked up: those at their ends
 *   layout_infix.c    and those that may stand anywhere
 *   layout_data.c     sets, automata, arguments of generated code, values, actions
 *   layout_objects.c  frontends, backends, checks, the head
 * Nothing outside lower.c and these includes it. */
#ifndef WEIR_LAYOUT_H
#define WEIR_LAYOUT_H

#include "compiler/blob.h"
#include "compiler/cgen.h"
#include "compiler/key_table.h"
#include "compiler/pattern.h"
#include "compiler/rows.h"

struct layout_class;

/* A row on its way down. Bit i is about atom i; atoms from 64 on are never anchored. */
struct layout_item {
    const struct row *row;
    uint64_t gone;  /* implied by the keys that led here */
    uint64_t tried; /* anchored already, or gone */
};

/* Its atoms and hints. */
static inline uint32_t row_tests(const struct row *row)
{
    return row->natoms + row->nhints;
}

struct layout_items {
    struct layout_item *v;
    uint32_t n;
};

/* Rows whose patterns are read at once. */
struct layout_union {
    uint32_t subject;
    struct layout_items rows; /* without those patterns */
    struct regex_union dfa;   /* part i: of row i */
};

struct layout {
    struct arena *a;
    const struct ir_program *ir;
    const struct rows_program *rows;
    struct cgen *cgen;
    struct blob blob;
    uint32_t *set_tables;  /* by ir_set.index: offset of its table, 0 where not written yet */
    struct strmap lists;   /* tables of collected keys, by their bytes */
    struct strmap ranges;  /* tables of one range, by that */
    struct strmap automata; /* by separator and text */
    struct patterns patterns;
    struct strmap hints;   /* how many rows of the step have a hint, by its test and text */
    struct strmap nodes;   /* nodes of equal lists of rows, by what those say */
    struct layout_class *classes;
    uint64_t union_visits; /* what may still be spent on reading patterns at once (regex_dfa.h) */
    uint64_t copies_left;  /* rows that may still be copied to the nodes of several keys; see note [copies] */
    const char *limit;     /* the limit that was hit, or NULL */
};

/* Writes the head, all objects and all decisions. Sets l->limit where that cannot be done. */
void layout_program(struct layout *l);

/* The node that decides a step; see abi.h. */
uint32_t layout_node(struct layout *l, const struct rows_step *s);

/* Sets row.nhints: what the patterns of the step begin and end with. */
void layout_find_hints(struct layout *l, const struct rows_step *s);
/* Whether the row has a hint that few others have. */
bool layout_has_rare_hint(const struct layout *l, const struct row *row);
/* Sets row_atom.infix of the step's tests. */
void layout_find_infixes(struct layout *l, const struct rows_step *s);
/* Moves rows from `*in` to unions, at most `max`, where their patterns can be read at once; how many unions there are. */
uint32_t layout_find_unions(struct layout *l, struct layout_items *in, struct layout_union *out, uint32_t max);
/* The node of one key's rows; see layout.c. */
uint32_t layout_child(struct layout *l, struct layout_items in, uint32_t depth, bool copied);
/* Fills the group at `at` in. */
void layout_write_union(struct layout *l, const struct layout_union *u, uint32_t at, uint32_t depth, uint32_t base);
/* What it costs to try the row in a run, about: 1 where a filter mostly says no. */
uint32_t layout_row_cost(const struct layout_item *item);
/* A run of these rows, whose rules count from `base`; its offset. */
uint32_t layout_run(struct layout *l, struct layout_items in, uint32_t base);
/* Whether atom `k` of the row is still to be tested, and how many are. */
bool layout_is_live(const struct layout_item *item, uint32_t k);
/* Whether live atoms say what atom or hint `k` says: a hint of a test that is gone holds where the node is, and no longer
 * at another place that shares it. */
bool layout_is_implied(const struct layout_item *item, uint32_t k);
uint32_t layout_live_atoms(const struct layout_item *item);
/* Appends bytes that are equal for tests that are equal. */
void layout_add_atom_id(struct layout *l, struct buf *id, const struct row_atom *atom);
/* A subject as weir_atom.slot. */
uint16_t layout_slot(uint32_t subject);

uint32_t layout_set(struct layout *l, const struct ir_set *set);
uint32_t layout_keys(struct layout *l, const struct row_keys *keys);
/* `separator`: of a glob, or 0 for a regular expression. */
uint32_t layout_automaton(struct layout *l, struct slice text, char separator);
/* The shape and the offset of the arguments of an expression. */
void layout_glue(struct layout *l, enum cgen_family family, const struct ir_expr *e, uint32_t *shape, uint32_t *args);
uint32_t layout_action(struct layout *l, const struct ir_rule *r);
/* A constant as a field value (norm_field_value). */
struct slice layout_clean(struct layout *l, struct slice text);

#endif
