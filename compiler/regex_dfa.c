/* Thompson's NFA from the expression's tree, then subset construction; see regex_dfa.h.
 *
 * note [search]: an expression matches anywhere, so its first op joins every set of the simulation. What accepts without
 * asking for the end of the subject accepts whatever follows (state 1); a set that is empty and can
 * never be left refuses whatever follows (state 0). Ops that ask for the end leave one bit: whether the
 * state accepts where the subject ends there. */
#include "compiler/regex_build.h"

enum {
    STATES_MAX = 8192,
    STATES_SMALL = 256,
    CELLS_MAX = 512 << 10,
    VISITS_MAX = 8 << 20, /* ops looked at while building one DFA: some tens of milliseconds */
    OPS_MAX = 60000,
    ACCEPT = 1,
};

/* ---- trees ------------------------------------------------------------------------------------- */

static struct regex_node *new_node(struct arena *a, enum regex_op op, uint32_t nkids)
{
    struct regex_node *n = arena_new(a, struct regex_node);
    n->op = op;
    n->nkids = nkids;
    n->kids = arena_array(a, struct regex_node *, nkids);
    return n;
}

static struct regex_node *byte_node(struct arena *a, unsigned char c)
{
    struct regex_node *n = new_node(a, REGEX_SET, 0);
    n->set = arena_array(a, uint64_t, 4);
    n->set[c / 64] |= 1ull << (c % 64);
    return n;
}

/* One or more bytes, of any but `separator` or of all. */
static struct regex_node *star_node(struct arena *a, bool deep, unsigned char separator)
{
    struct regex_node *n = new_node(a, REGEX_REPEAT, 1), *set = new_node(a, REGEX_SET, 0);
    set->set = arena_array(a, uint64_t, 4);
    memset(set->set, 0xff, 32);
    if (!deep)
        set->set[separator / 64] &= ~(1ull << (separator % 64));
    n->min = 1;
    n->max = REGEX_INFINITE;
    n->kids[0] = set;
    return n;
}

struct regex_node *dfa_glob_tree(struct arena *a, struct slice text, char separator)
{
    struct regex_node *cat = new_node(a, REGEX_CAT, (uint32_t)text.len + 2);
    uint32_t n = 0;
    cat->kids[n++] = new_node(a, REGEX_BEGIN, 0);
    for (size_t i = 0; i < text.len; i++) {
        bool deep = text.p[i] == '*' && i + 1 < text.len && text.p[i + 1] == '*';
        if (text.p[i] == '*')
            cat->kids[n++] = star_node(a, deep, (unsigned char)separator);
        else
            cat->kids[n++] = byte_node(a, (unsigned char)text.p[i]);
        i += deep;
    }
    cat->kids[n++] = new_node(a, REGEX_END, 0);
    cat->nkids = n;
    return cat;
}

/* ---- NFA --------------------------------------------------------------------------------------- */

uint32_t dfa_add_op(struct dfa_build *b, enum weir_nfa_kind kind, uint32_t next, uint32_t other)
{
    if (b->ops.n >= OPS_MAX)
        return 0;
    *vec_push(b->a, &b->ops) = (struct nfa_op){.kind = kind, .next = next, .other = other};
    return b->ops.n - 1;
}

/* kid{min,max}: the optional copies each may skip to the end; without end, a loop. */
static uint32_t compile_repeat(struct dfa_build *b, const struct regex_node *n, uint32_t next)
{
    const struct regex_node *kid = n->kids[0];
    uint32_t at = next, copies = n->min;
    if (n->max == REGEX_INFINITE) {
        uint32_t loop = dfa_add_op(b, WEIR_NFA_SPLIT, next, next), body = dfa_compile(b, kid, loop);
        b->ops.v[loop].next = body;
        at = copies > 0 ? body : loop;
        copies -= copies > 0;
    } else {
        for (uint32_t i = n->min; i < n->max; i++)
            at = dfa_add_op(b, WEIR_NFA_SPLIT, dfa_compile(b, kid, at), next);
    }
    for (uint32_t i = 0; i < copies; i++)
        at = dfa_compile(b, kid, at);
    return at;
}

/* The op to begin at for `n` followed by `next`. */
uint32_t dfa_compile(struct dfa_build *b, const struct regex_node *n, uint32_t next)
{
    uint32_t at = next;
    switch (n->op) {
    case REGEX_EMPTY:
        return next;
    case REGEX_SET:
        at = dfa_add_op(b, WEIR_NFA_CLASS, next, 0);
        b->ops.v[at].set = n->set;
        return at;
    case REGEX_CAT:
        for (uint32_t i = n->nkids; i-- > 0;)
            at = dfa_compile(b, n->kids[i], at);
        return at;
    case REGEX_ALT:
        at = dfa_compile(b, n->kids[n->nkids - 1], next);
        for (uint32_t i = n->nkids - 1; i-- > 0;)
            at = dfa_add_op(b, WEIR_NFA_SPLIT, dfa_compile(b, n->kids[i], next), at);
        return at;
    case REGEX_REPEAT:
        return compile_repeat(b, n, next);
    case REGEX_BEGIN:
        return dfa_add_op(b, WEIR_NFA_BEGIN, next, 0);
    case REGEX_END:
        return dfa_add_op(b, WEIR_NFA_END, next, 0);
    }
    return at;
}

/* Bytes that no set tells apart are one class. */
void dfa_find_classes(struct dfa_build *b)
{
    struct strmap seen = {0};
    uint32_t n = 1;
    uint8_t *class = b->out->classes;
    memset(class, 0, 256);
    for (uint32_t i = 0; i < b->ops.n && n < 256; i++) {
        bool added = false;
        if (b->ops.v[i].kind == WEIR_NFA_CLASS)
            strmap_put(&seen, b->a, (struct slice){(const char *)b->ops.v[i].set, 32}, 0, &added);
        if (!added)
            continue;
        uint32_t split[256][2], old = n;
        for (uint32_t c = 0; c < old; c++)
            split[c][0] = split[c][1] = UINT32_MAX;
        n = 0;
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t *to = &split[class[byte]][dfa_set_has(b->ops.v[i].set, byte)];
            if (*to == UINT32_MAX)
                *to = n++;
            class[byte] = (uint8_t)*to;
        }
    }
    b->out->nclasses = n;
    for (uint32_t byte = 256; byte-- > 0;)
        b->representative[class[byte]] = byte;
}

/* ---- DFA --------------------------------------------------------------------------------------- */

void dfa_begin_set(struct dfa_build *b)
{
    b->generation++;
    b->work.n = b->found.n = b->accepted.n = 0;
}

void dfa_reach(struct dfa_build *b, uint32_t op)
{
    if (b->mark[op] == b->generation)
        return;
    b->mark[op] = b->generation;
    vec_add(b->a, &b->work, op);
}

/* Follows what reads no byte from the ops reached so far; CLASS ops go to `found`. True where the end of the expression is
 * among it. */
bool dfa_close_over(struct dfa_build *b, bool at_begin, bool at_end)
{
    bool accepts = false;
    while (b->work.n > 0) {
        uint32_t at = b->work.v[--b->work.n];
        const struct nfa_op *op = &b->ops.v[at];
        b->visits++;
        switch (op->kind) {
        case WEIR_NFA_CLASS:
            vec_add(b->a, &b->found, at);
            break;
        case WEIR_NFA_SPLIT:
            dfa_reach(b, op->next);
            dfa_reach(b, op->other);
            break;
        case WEIR_NFA_BEGIN:
            if (at_begin)
                dfa_reach(b, op->next);
            break;
        case WEIR_NFA_END:
            if (at_end)
                dfa_reach(b, op->next);
            break;
        case WEIR_NFA_ACCEPT:
            accepts = true;
            if (b->parts)
                vec_add(b->a, &b->accepted, at);
            break;
        }
    }
    return accepts;
}

void dfa_sort_ops(uint32_t *v, uint32_t n)
{
    for (uint32_t gap = n / 2; gap > 0; gap /= 2)
        for (uint32_t i = gap; i < n; i++) {
            uint32_t x = v[i], k = i;
            for (; k >= gap && v[k - gap] > x; k -= gap)
                v[k] = v[k - gap];
            v[k] = x;
        }
}

/* The number of the state of these ops, which is new where it was not there. */
static uint32_t intern_state(struct dfa_build *b, uint32_t *ops, uint32_t n, bool final)
{
    if (n == 0 && !final)
        return REFUSE;
    dfa_sort_ops(ops, n);
    uint32_t *id = arena_alloc(b->a, (n + 1) * sizeof *id);
    memcpy(id, ops, n * sizeof *id);
    id[n] = final;
    bool added;
    uint32_t *state = strmap_put(&b->by_ops, b->a, (struct slice){(const char *)id, (n + 1) * sizeof *id}, b->states.n, &added);
    if (added)
        *vec_push(b->a, &b->states) = (struct dfa_state){id, n, final};
    return *state;
}

/* The state after the seeds that `reach` has been told of. */
static uint32_t state_of_seeds(struct dfa_build *b, const uint32_t *seeds, uint32_t n, bool at_begin)
{
    dfa_begin_set(b);
    for (uint32_t i = 0; i < n; i++)
        dfa_reach(b, seeds[i]);
    if (dfa_close_over(b, at_begin, false))
        return ACCEPT;
    uint32_t count = b->found.n;
    uint32_t *ops = arena_alloc(b->a, (count + 1) * sizeof *ops);
    if (count)
        memcpy(ops, b->found.v, count * sizeof *ops);
    dfa_begin_set(b);
    for (uint32_t i = 0; i < n; i++)
        dfa_reach(b, seeds[i]);
    return intern_state(b, ops, count, dfa_close_over(b, at_begin, true));
}

static uint32_t next_state(struct dfa_build *b, uint32_t from, uint32_t class)
{
    uint32_t byte = b->representative[class], n = 0, nops = b->states.v[from].nops;
    uint32_t *seeds = arena_alloc(b->a, (nops + 1) * sizeof *seeds);
    for (uint32_t i = 0; i < nops; i++) {
        const struct nfa_op *op = &b->ops.v[b->states.v[from].ops[i]];
        if (dfa_set_has(op->set, byte))
            seeds[n++] = op->next;
    }
    b->visits += nops;
    seeds[n++] = b->start;
    return state_of_seeds(b, seeds, n, false);
}

/* Final states last, so that one comparison tells them. */
static void renumber(struct dfa_build *b, uint16_t *trans, uint32_t start)
{
    uint32_t n = b->states.n, next = 2, nclasses = b->out->nclasses;
    uint16_t *number = arena_array(b->a, uint16_t, n), *out = arena_array(b->a, uint16_t, (size_t)n * nclasses);
    number[ACCEPT] = ACCEPT;
    for (int final = 0; final <= 1; final++) {
        if (final)
            b->out->first_final = next;
        for (uint32_t i = 2; i < n; i++)
            if (b->states.v[i].final == (bool)final)
                number[i] = (uint16_t)next++;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; c < nclasses; c++)
            out[number[i] * nclasses + c] = number[trans[i * nclasses + c]];
    b->out->kind = WEIR_AUTOMATON_DFA;
    b->out->size = n;
    b->out->start = number[start];
    b->out->trans = out;
}

/* False where it goes over the budget. */
static bool build_dfa(struct dfa_build *b)
{
    uint32_t nclasses = b->out->nclasses;
    VEC(uint16_t) trans = {0};
    b->mark = arena_array(b->a, uint32_t, b->ops.n);
    for (uint32_t i = 0; i < 2; i++)
        vec_push(b->a, &b->states);
    uint32_t start = state_of_seeds(b, &b->start, 1, true);
    for (uint32_t i = 0; i < b->states.n; i++) {
        for (uint32_t c = 0; c < nclasses; c++) {
            uint16_t to = i > ACCEPT ? (uint16_t)next_state(b, i, c) : (uint16_t)i;
            vec_add(b->a, &trans, to);
        }
        if (b->states.n > b->max_states || (uint64_t)b->states.n * nclasses > CELLS_MAX || b->visits > VISITS_MAX)
            return false;
    }
    renumber(b, trans.v, start);
    return true;
}

/* What was built moves out of the scratch memory. */
void dfa_keep(struct arena *a, struct regex_automaton *out)
{
    size_t bytes = (size_t)out->size * out->nclasses * sizeof *out->trans;
    out->trans = memcpy(arena_alloc(a, bytes), out->trans, bytes);
}

static void keep_nfa(struct arena *a, const struct dfa_build *b, struct regex_automaton *out)
{
    struct nfa_op *ops = arena_array(a, struct nfa_op, b->ops.n);
    memcpy(ops, b->ops.v, b->ops.n * sizeof *ops);
    for (uint32_t i = 0; i < b->ops.n; i++)
        if (ops[i].set)
            ops[i].set = (const void *)arena_copy(a, (struct slice){(const char *)ops[i].set, 32}).p;
    out->kind = WEIR_AUTOMATON_NFA;
    out->size = b->ops.n;
    out->start = b->start;
    out->ops = ops;
}

static const char *build_from(struct dfa_build *b, struct arena *a, const struct regex_node *tree)
{
    b->start = dfa_compile(b, tree, dfa_add_op(b, WEIR_NFA_ACCEPT, 0, 0));
    if (b->ops.n >= OPS_MAX)
        return "a pattern is too large";
    dfa_find_classes(b);
    if (build_dfa(b)) {
        dfa_keep(a, b->out);
        return NULL;
    }
    if (b->ops.n > WEIR_NFA_MAX)
        return "a regular expression is too large";
    keep_nfa(a, b, b->out);
    return NULL;
}

const char *regex_dfa_build(struct arena *a, struct slice text, char separator, bool small, struct regex_automaton *out)
{
    struct arena scratch = {0};
    struct dfa_build b = {.a = &scratch, .out = out, .max_states = small ? STATES_SMALL : STATES_MAX};
    uint32_t err_off;
    const char *err = NULL;
    const struct regex_node *tree =
        separator ? dfa_glob_tree(&scratch, text, separator) : regex_parse(&scratch, text, &err_off, &err);
    *out = (struct regex_automaton){0};
    if (tree)
        err = build_from(&b, a, tree);
    arena_free(&scratch);
    return err;
}

const char *regex_dfa_build_tree(struct arena *a, const struct regex_node *tree, bool small, struct regex_automaton *out)
{
    struct arena scratch = {0};
    struct dfa_build b = {.a = &scratch, .out = out, .max_states = small ? STATES_SMALL : STATES_MAX};
    *out = (struct regex_automaton){0};
    const char *err = build_from(&b, a, tree);
    arena_free(&scratch);
    return err;
}

_Static_assert(REGEX_MAX_REPLACED == WEIR_REPLACE_MAX, "what the checker lets pass can be built");

const char *regex_nfa_build(struct arena *a, struct slice text, struct regex_automaton *out)
{
    struct arena scratch = {0};
    struct dfa_build b = {.a = &scratch, .out = out};
    uint32_t err_off;
    const char *err = NULL;
    const struct regex_node *tree = regex_parse(&scratch, text, &err_off, &err);
    *out = (struct regex_automaton){0};
    if (tree) {
        b.start = dfa_compile(&b, tree, dfa_add_op(&b, WEIR_NFA_ACCEPT, 0, 0));
        if (b.ops.n > WEIR_REPLACE_MAX) {
            err = "a regular expression whose matches are replaced is too large";
        } else {
            dfa_find_classes(&b);
            keep_nfa(a, &b, out);
        }
    }
    arena_free(&scratch);
    return err;
}

/* ---- writing ----------------------------------------------------------------------------------- */

/* Which classes of bytes are in the set of a CLASS op. */
static uint32_t write_class_set(const struct regex_automaton *m, struct blob *b, const uint64_t *set)
{
    uint8_t has[256] = {0};
    for (uint32_t byte = 0; byte < 256; byte++)
        has[m->classes[byte]] = dfa_set_has(set, byte);
    return blob_string(b, arena_copy(b->a, (struct slice){(const char *)has, m->nclasses}));
}

static uint32_t write_ops(const struct regex_automaton *m, struct blob *b)
{
    struct weir_nfa_op *all = arena_array(b->a, struct weir_nfa_op, m->size);
    for (uint32_t i = 0; i < m->size; i++) {
        all[i].kind = (uint16_t)m->ops[i].kind;
        all[i].next = (uint16_t)m->ops[i].next;
        all[i].a = m->ops[i].kind == WEIR_NFA_CLASS ? write_class_set(m, b, m->ops[i].set) : m->ops[i].other;
    }
    return blob_add(b, all, m->size * sizeof *all, 4);
}

uint32_t regex_dfa_write(const struct regex_automaton *m, struct blob *b)
{
    struct weir_automaton head = {
        .kind = (uint16_t)m->kind, .size = m->size, .nclasses = m->nclasses, .start = m->start, .first_final = m->first_final};
    head.classes = blob_string(b, arena_copy(b->a, (struct slice){(const char *)m->classes, 256}));
    if (m->kind == WEIR_AUTOMATON_DFA)
        head.at = blob_add(b, m->trans, (size_t)m->size * m->nclasses * sizeof *m->trans, 4);
    else
        head.at = write_ops(m, b);
    return blob_add(b, &head, sizeof head, 4);
}
