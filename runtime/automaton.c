/* The two machines of automaton.h. */
#include "runtime/automaton.h"

#include <string.h>

static bool run_dfa(const uint8_t *tables, const struct weir_automaton *m, struct weir_str s)
{
    const uint8_t *classes = tables + m->classes;
    const uint16_t *trans = (const uint16_t *)(const void *)(tables + m->at);
    uint32_t state = m->start, n = m->nclasses;
    for (uint32_t i = 0; i < s.len && state > 1; i++)
        state = trans[state * n + classes[(uint8_t)s.p[i]]];
    return state == 1 || state >= m->first_final;
}

/* A set of ops that keeps its order of insertion: `where[op]` is its place in `list` if that place holds it. */
struct op_set {
    uint32_t n;
    uint16_t list[WEIR_NFA_MAX], where[WEIR_NFA_MAX];
};

static bool set_add(struct op_set *set, uint32_t op)
{
    uint32_t w = set->where[op];
    if (w < set->n && set->list[w] == op)
        return false;
    set->where[op] = (uint16_t)set->n;
    set->list[set->n++] = (uint16_t)op;
    return true;
}

/* Adds what follows from the ops of `set` without reading a byte. True where the end of the expression is among it. */
static bool close_over(const struct weir_nfa_op *ops, struct op_set *set, bool at_begin, bool at_end)
{
    for (uint32_t i = 0; i < set->n; i++) {
        const struct weir_nfa_op *op = &ops[set->list[i]];
        switch ((enum weir_nfa_kind)op->kind) {
        case WEIR_NFA_CLASS:
            break;
        case WEIR_NFA_SPLIT:
            set_add(set, op->next);
            set_add(set, op->a);
            break;
        case WEIR_NFA_BEGIN:
            if (at_begin)
                set_add(set, op->next);
            break;
        case WEIR_NFA_END:
            if (at_end)
                set_add(set, op->next);
            break;
        case WEIR_NFA_ACCEPT:
            return true;
        }
    }
    return false;
}

/* The expression may begin at every byte: its first op joins the set each time. */
static bool run_nfa(const uint8_t *tables, const struct weir_automaton *m, struct weir_str s)
{
    const struct weir_nfa_op *ops = (const void *)(tables + m->at);
    struct op_set sets[2];
    memset(sets, 0, sizeof sets);
    for (uint32_t i = 0;; i++) {
        struct op_set *now = &sets[i & 1], *then = &sets[~i & 1];
        set_add(now, m->start);
        if (close_over(ops, now, i == 0, i == s.len))
            return true;
        if (i == s.len)
            return false;
        uint8_t class = tables[m->classes + (uint8_t)s.p[i]];
        then->n = 0;
        for (uint32_t k = 0; k < now->n; k++) {
            const struct weir_nfa_op *op = &ops[now->list[k]];
            if (op->kind == WEIR_NFA_CLASS && tables[op->a + class])
                set_add(then, op->next);
        }
    }
}

bool automaton_matches(const uint8_t *tables, uint32_t at, struct weir_str s)
{
    const struct weir_automaton *m = (const void *)(tables + at);
    return m->kind == WEIR_AUTOMATON_DFA ? run_dfa(tables, m, s) : run_nfa(tables, m, s);
}

enum { NO_END = -1 };

/* ends[op]: how far the longest match reaches that goes on from `op` at byte `i`, NO_END where none does. Ops that read a
 * byte have their ends already; the others take those of the ops that they lead to, until nothing changes. */
static void settle(const struct weir_nfa_op *ops, uint32_t n, bool at_begin, bool at_end, int32_t *ends)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t k = 0; k < n; k++) {
            int32_t end = ends[k];
            if (ops[k].kind == WEIR_NFA_SPLIT)
                end = ends[ops[k].next] > ends[ops[k].a] ? ends[ops[k].next] : ends[ops[k].a];
            else if ((ops[k].kind == WEIR_NFA_BEGIN && at_begin) || (ops[k].kind == WEIR_NFA_END && at_end))
                end = ends[ops[k].next];
            changed |= end != ends[k];
            ends[k] = end;
        }
    }
}

void automaton_longest(const uint8_t *tables, uint32_t at, struct weir_str s, uint16_t *longest)
{
    const struct weir_automaton *m = (const void *)(tables + at);
    const struct weir_nfa_op *ops = (const void *)(tables + m->at);
    int32_t room[2][WEIR_REPLACE_MAX];
    for (uint32_t i = s.len + 1; i-- > 0;) {
        int32_t *now = room[i & 1], *after = room[~i & 1];
        for (uint32_t k = 0; k < m->size; k++) {
            bool reads = ops[k].kind == WEIR_NFA_CLASS && i < s.len &&
                         tables[ops[k].a + tables[m->classes + (uint8_t)s.p[i]]];
            now[k] = reads ? after[ops[k].next] : ops[k].kind == WEIR_NFA_ACCEPT ? (int32_t)i : NO_END;
        }
        settle(ops, m->size, i == 0, i == s.len, now);
        if (i < s.len)
            longest[i] = now[m->start] > (int32_t)i ? (uint16_t)(now[m->start] - (int32_t)i) : 0;
    }
}
