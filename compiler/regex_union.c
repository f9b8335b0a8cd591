/* Many patterns as one DFA: the subset construction of regex_dfa.c over the NFAs of all, with states told apart by what can
 * still decide; see struct regex_union in regex_dfa.h. */
#include "compiler/regex_build.h"

enum { UNION_STATES = 4096, UNION_CELLS = 256 << 10, UNION_VISITS = 2 << 20, UNION_OPS = 20000 };

/* The first part that was accepted and decides alone, or UINT32_MAX. */
static uint32_t deciding(const struct dfa_build *b)
{
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < b->accepted.n; i++) {
        uint32_t part = b->owner.v[b->accepted.v[i]];
        if (b->parts[part].decides && part < first)
            first = part;
    }
    return first;
}

/* What matches where the subject ends after these seeds. */
static struct regex_matches matches_at_end(struct dfa_build *b, const uint32_t *seeds, uint32_t n, bool at_begin)
{
    dfa_begin_set(b);
    for (uint32_t i = 0; i < n; i++)
        dfa_reach(b, seeds[i]);
    dfa_close_over(b, at_begin, true);
    uint32_t last = deciding(b), *parts = arena_array(b->a, uint32_t, b->accepted.n + 1);
    struct regex_matches out = {0, parts};
    for (uint32_t i = 0; i < b->accepted.n; i++)
        if (b->owner.v[b->accepted.v[i]] <= last)
            parts[out.n++] = b->owner.v[b->accepted.v[i]];
    dfa_sort_ops(parts, out.n);
    return out;
}

/* Ops of parts that can no longer decide are left out; ACCEPT ops stay, since they accept whatever follows. */
static uint32_t union_state(struct dfa_build *b, const uint32_t *seeds, uint32_t nseeds, bool at_begin)
{
    struct regex_matches end = matches_at_end(b, seeds, nseeds, at_begin);
    dfa_begin_set(b);
    for (uint32_t i = 0; i < nseeds; i++)
        dfa_reach(b, seeds[i]);
    dfa_close_over(b, at_begin, false);
    uint32_t last = deciding(b), n = 0, size = b->found.n + b->accepted.n + 1 + end.n;
    uint32_t *id = arena_array(b->a, uint32_t, size);
    for (uint32_t i = 0; i < b->found.n; i++)
        if (b->owner.v[b->found.v[i]] <= last)
            id[n++] = b->found.v[i];
    for (uint32_t i = 0; i < b->accepted.n; i++)
        if (b->owner.v[b->accepted.v[i]] <= last)
            id[n++] = b->accepted.v[i];
    dfa_sort_ops(id, n);
    if (n == 0 && end.n == 0)
        return REFUSE;
    id[n] = UINT32_MAX;
    if (end.n)
        memcpy(id + n + 1, end.parts, end.n * sizeof *id);
    bool added;
    struct slice key = {(const char *)id, (n + 1 + end.n) * sizeof *id};
    uint32_t *state = strmap_put(&b->by_ops, b->a, key, b->states.n, &added);
    if (added) {
        *vec_push(b->a, &b->states) = (struct dfa_state){id, n, end.n > 0};
        *vec_push(b->a, &b->matches) = end;
    }
    return *state;
}

static uint32_t next_union_state(struct dfa_build *b, uint32_t from, uint32_t class)
{
    const struct dfa_state *s = &b->states.v[from];
    uint32_t n = 0, *seeds = arena_array(b->a, uint32_t, s->nops + b->starts.n + 1);
    for (uint32_t i = 0; i < s->nops; i++) {
        const struct nfa_op *op = &b->ops.v[s->ops[i]];
        if (op->kind == WEIR_NFA_ACCEPT)
            seeds[n++] = s->ops[i];
        else if (dfa_set_has(op->set, b->representative[class]))
            seeds[n++] = op->next;
    }
    for (uint32_t i = 0; i < b->starts.n; i++)
        seeds[n++] = b->starts.v[i];
    b->visits += s->nops + b->starts.n;
    return union_state(b, seeds, n, false);
}

/* Adds the ops of each part; its first one joins each state where the part is not anchored. */
static bool add_parts(struct dfa_build *b, uint32_t n, uint32_t *begin)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t off;
        const char *err;
        const struct regex_union_part *part = &b->parts[i];
        const struct regex_node *tree =
            part->separator ? dfa_glob_tree(b->a, part->text, part->separator) : regex_parse(b->a, part->text, &off, &err);
        if (!tree || regex_ops(tree) > UNION_OPS)
            return false;
        begin[i] = dfa_compile(b, tree, dfa_add_op(b, WEIR_NFA_ACCEPT, 0, 0));
        while (b->owner.n < b->ops.n)
            vec_add(b->a, &b->owner, i);
        if (b->ops.v[begin[i]].kind != WEIR_NFA_BEGIN)
            vec_add(b->a, &b->starts, begin[i]);
        if (b->ops.n > UNION_OPS)
            return false;
    }
    return true;
}

static bool build_union(struct dfa_build *b, uint32_t n)
{
    VEC(uint16_t) trans = {0};
    uint32_t *begin = arena_array(b->a, uint32_t, n);
    if (!add_parts(b, n, begin))
        return false;
    dfa_find_classes(b);
    uint32_t nclasses = b->out->nclasses;
    b->mark = arena_array(b->a, uint32_t, b->ops.n);
    vec_push(b->a, &b->states);
    vec_push(b->a, &b->matches);
    uint32_t start = union_state(b, begin, n, true);
    for (uint32_t i = 0; i < b->states.n; i++) {
        for (uint32_t c = 0; c < nclasses; c++) {
            uint16_t to = i == REFUSE ? REFUSE : (uint16_t)next_union_state(b, i, c);
            vec_add(b->a, &trans, to);
        }
        if (b->states.n > UNION_STATES || (uint64_t)b->states.n * nclasses > UNION_CELLS || b->visits > b->max_visits)
            return false;
    }
    b->out->kind = WEIR_AUTOMATON_DFA;
    b->out->size = b->out->first_final = b->states.n;
    b->out->start = start;
    b->out->trans = trans.v;
    return true;
}

bool regex_union_build(struct arena *a, const struct regex_union_part *parts, uint32_t n, uint64_t *visits,
                       struct regex_union *out)
{
    struct arena scratch = {0};
    struct dfa_build b = {.a = &scratch, .out = &out->m, .parts = parts};
    b.max_visits = *visits < UNION_VISITS ? *visits : UNION_VISITS;
    *out = (struct regex_union){.m = {0}};
    bool ok = n > 0 && build_union(&b, n);
    *visits -= b.visits < *visits ? b.visits : *visits;
    if (ok) {
        struct regex_matches *all = arena_array(a, struct regex_matches, b.matches.n);
        for (uint32_t i = 0; i < b.matches.n; i++) {
            size_t bytes = b.matches.v[i].n * sizeof(uint32_t);
            all[i] = b.matches.v[i];
            all[i].parts = bytes ? memcpy(arena_alloc(a, bytes), b.matches.v[i].parts, bytes) : NULL;
        }
        out->matches = all;
        dfa_keep(a, &out->m);
    }
    arena_free(&scratch);
    return ok;
}
