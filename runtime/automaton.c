/* The machines of automaton.h. */
#include "runtime/automaton.h"

#include <string.h>

#include "runtime/base/slice.h"

static bool run_dfa(const uint8_t *tables, const struct weir_automaton *m, struct weir_str s)
{
    const uint8_t *classes = tables + m->classes;
    const uint16_t *trans = (const uint16_t *)(const void *)(tables + m->at);
    uint32_t state = m->start, n = m->nclasses;
    for (uint32_t i = 0; i < s.len && state > 1; i++)
        state = trans[state * n + classes[(uint8_t)s.p[i]]];
    return state == 1 || state >= m->first_final;
}

uint32_t automaton_state(const uint8_t *tables, uint32_t at, struct weir_str s)
{
    const struct weir_automaton *m = (const void *)(tables + at);
    const uint8_t *classes = tables + m->classes;
    const uint16_t *trans = (const uint16_t *)(const void *)(tables + m->at);
    uint32_t state = m->start, n = m->nclasses;
    for (uint32_t i = 0; i < s.len && state > 0; i++)
        state = trans[state * n + classes[(uint8_t)s.p[i]]];
    return state;
}

/* ---- pieces ------------------------------------------------------------------------------------ */

/* What is left of the subject. */
struct rest {
    const char *p, *end;
};

static inline size_t left(const struct rest *r)
{
    return (size_t)(r->end - r->p);
}

static inline const struct weir_automaton *dfa_of(const uint8_t *tables, const uint8_t *at)
{
    uint32_t off;
    memcpy(&off, at, sizeof off);
    return (const void *)(tables + off);
}

/* Reads as far as the DFA goes. */
static bool take_run(const uint8_t *tables, const struct weir_automaton *m, struct rest *r, bool tail)
{
    const uint8_t *classes = tables + m->classes;
    const uint16_t *trans = (const uint16_t *)(const void *)(tables + m->at);
    uint32_t state = m->start, n = m->nclasses;
    while (r->p < r->end) {
        uint32_t next = trans[state * n + classes[(uint8_t)(tail ? r->end[-1] : *r->p)]];
        if (next == 0)
            break;
        state = next;
        if (tail)
            r->end--;
        else
            r->p++;
    }
    return state == 1 || state >= m->first_final;
}

static bool same_folded(const char *p, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (ascii_lower(p[i]) != (char)text[i])
            return false;
    return true;
}

static bool take_text(struct rest *r, const uint8_t *text, size_t len, bool tail, bool folded)
{
    const char *p = tail ? r->end - len : r->p;
    if (left(r) < len || !(folded ? same_folded(p, text, len) : memcmp(p, text, len) == 0))
        return false;
    if (tail)
        r->end = p;
    else
        r->p = p + len;
    return true;
}

/* The text begins at the separator at the latest, which is the only place where a text that begins with it can. */
static bool take_star(struct rest *r, char sep, const uint8_t *text, size_t len)
{
    const char *stop = memchr(r->p, sep, left(r)), *at;
    if (left(r) < 1 + len || stop == r->p)
        return false;
    if (len == 0 || (char)text[0] == sep) {
        at = len == 0 ? r->p + 1 : stop;
        if (!at || (size_t)(r->end - at) < len || memcmp(at, text, len) != 0)
            return false;
    } else {
        const char *end = stop && (size_t)(r->end - stop) > len ? stop + len : r->end;
        at = memmem(r->p + 1, (size_t)(end - r->p - 1), text, len);
        if (!at)
            return false;
    }
    r->p = at + len;
    return true;
}

/* The same from the end: the text ends behind the last separator at the earliest. */
static bool take_tail_star(struct rest *r, char sep, const uint8_t *text, size_t len)
{
    const char *last = left(r) ? memrchr(r->p, sep, left(r)) : NULL;
    if (left(r) < 1 + len || last == r->end - 1)
        return false;
    const char *least = last ? last + 1 : r->p; /* where the text ends at the earliest */
    for (const char *at = r->end - 1; at >= least && (size_t)(at - r->p) >= len; at--)
        if (memcmp(at - len, text, len) == 0) {
            r->end = at - len;
            return true;
        }
    return false;
}

static bool take_find(struct rest *r, const uint8_t *text, size_t len)
{
    const char *at = left(r) > len ? memmem(r->p + 1, left(r) - 1, text, len) : NULL;
    if (at)
        r->p = at + len;
    return at != NULL;
}

static bool take_pieces(const uint8_t *tables, const uint8_t *at, const uint8_t *stop, struct rest r)
{
    while (at < stop) {
        enum weir_piece piece = (enum weir_piece)*at++;
        bool ok = true;
        switch (piece) {
        case WEIR_PIECE_TEXT:
        case WEIR_PIECE_TAIL_TEXT:
        case WEIR_PIECE_FOLDED:
        case WEIR_PIECE_TAIL_FOLDED:
            ok = take_text(&r, at + 1, *at, piece & 1, piece >= WEIR_PIECE_FOLDED);
            at += 1 + *at;
            break;
        case WEIR_PIECE_RUN:
        case WEIR_PIECE_TAIL_RUN:
            ok = take_run(tables, dfa_of(tables, at), &r, piece == WEIR_PIECE_TAIL_RUN);
            at += 4;
            break;
        case WEIR_PIECE_REST:
            return run_dfa(tables, dfa_of(tables, at), (struct weir_str){r.p, (uint32_t)left(&r)});
        case WEIR_PIECE_STAR:
            ok = take_star(&r, (char)at[0], at + 2, at[1]);
            at += 2 + at[1];
            break;
        case WEIR_PIECE_TAIL_STAR:
            ok = take_tail_star(&r, (char)at[0], at + 2, at[1]);
            at += 2 + at[1];
            break;
        case WEIR_PIECE_STAR_REST:
            return left(&r) > 0 && !memchr(r.p, at[0], left(&r));
        case WEIR_PIECE_SOME:
            return left(&r) > 0;
        case WEIR_PIECE_FIND:
            ok = take_find(&r, at + 1, *at);
            at += 1 + *at;
            break;
        case WEIR_PIECE_ANYWHERE:
            return false; /* first alone: run_pieces() */
        case WEIR_PIECE_OPEN:
            return true;
        }
        if (!ok)
            return false;
    }
    return left(&r) == 0;
}

static bool run_pieces(const uint8_t *tables, const struct weir_automaton *m, struct weir_str s)
{
    const uint8_t *at = (const uint8_t *)m + WEIR_PIECES_HEAD, *stop = at + m->len;
    struct rest r = {s.p, s.p + s.len};
    if (m->len == 0 || *at != WEIR_PIECE_ANYWHERE)
        return take_pieces(tables, at, stop, r);
    uint32_t len = at[1];
    for (const char *p; (p = memmem(r.p, left(&r), at + 2, len)); r.p = p + 1) {
        if (take_pieces(tables, at + 2 + len, stop, (struct rest){p + len, r.end}))
            return true;
        if (p == r.end)
            break;
    }
    return false;
}

/* ---- NFA --------------------------------------------------------------------------------------- */

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
    if (m->kind == WEIR_AUTOMATON_PIECES)
        return run_pieces(tables, m, s);
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
