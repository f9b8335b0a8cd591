/* Regular expressions as pieces; see pattern.h and note [pieces] in runtime/abi.h.
 *
 * An expression is a row of parts: what stands in sequence at its top. From its begin on, where it is anchored there, and
 * from its end on, parts are taken off as long as it is settled where each ends; what remains in the middle is one DFA.
 * What anchors nothing (the end of an expression without "$") is cut down first: "[0-9]+" says there no more than "[0-9]".
 *
 * note [settled]: a part read by a DFA ends where that refuses the next byte, if no byte that can follow the part goes
 * on in the DFA where it could have ended: then no other end is possible. */
#include "compiler/pattern.h"

enum {
    PARTS_MAX = 512,
    FOLLOW_MAX = 64, /* bytes that may follow a text which can stand anywhere: each place costs so much */
    UNBOUNDED = 1 << 20,
};

struct parts {
    struct patterns *p;
    struct arena a;
    const struct regex_node *v[PARTS_MAX];
    uint32_t from, to; /* those that are left */
    bool begins, ends; /* anchored */
    struct pieces *out;
};

/* ---- trees ------------------------------------------------------------------------------------- */

static bool has_anchor(const struct regex_node *n)
{
    bool has = n->op == REGEX_BEGIN || n->op == REGEX_END;
    for (uint32_t i = 0; i < n->nkids && !has; i++)
        has = has_anchor(n->kids[i]);
    return has;
}

static bool is_nullable(const struct regex_node *n)
{
    bool all = true, any = false;
    for (uint32_t i = 0; i < n->nkids; i++) {
        bool kid = is_nullable(n->kids[i]);
        all &= kid;
        any |= kid;
    }
    switch (n->op) {
    case REGEX_SET:
        return false;
    case REGEX_CAT:
        return all;
    case REGEX_ALT:
        return any;
    case REGEX_REPEAT:
        return n->min == 0 || any;
    case REGEX_EMPTY:
    case REGEX_BEGIN:
    case REGEX_END:
        return true;
    }
    return true;
}

/* Bytes that a match can begin with, or (`last`) end with. */
static void add_edge(const struct regex_node *n, bool last, struct byte_set *out)
{
    for (unsigned i = 0; n->op == REGEX_SET && i < 4; i++)
        out->w[i] |= n->set[i];
    for (uint32_t i = 0; i < n->nkids; i++) {
        const struct regex_node *kid = n->kids[last ? n->nkids - 1 - i : i];
        add_edge(kid, last, out);
        if (n->op == REGEX_CAT && !is_nullable(kid))
            return;
    }
}

/* The longest match, UNBOUNDED at most. */
static uint32_t max_len(const struct regex_node *n)
{
    uint64_t sum = 0, most = 0;
    for (uint32_t i = 0; i < n->nkids; i++) {
        uint32_t kid = max_len(n->kids[i]);
        sum += kid;
        most = kid > most ? kid : most;
    }
    uint64_t len = n->op == REGEX_SET ? 1 : n->op == REGEX_CAT ? sum : n->op == REGEX_ALT ? most : 0;
    if (n->op == REGEX_REPEAT)
        len = n->max == REGEX_INFINITE && sum > 0 ? UNBOUNDED : sum * n->max;
    return len < UNBOUNDED ? (uint32_t)len : UNBOUNDED;
}

/* What is equal for equal trees. */
static void add_id(struct buf *id, const struct regex_node *n)
{
    uint32_t head[4] = {n->op, n->min, n->max, n->nkids};
    buf_add(id, head, sizeof head);
    if (n->op == REGEX_SET)
        buf_add(id, n->set, 4 * sizeof *n->set);
    for (uint32_t i = 0; i < n->nkids; i++)
        add_id(id, n->kids[i]);
}

static struct regex_node *node_of(struct arena *a, enum regex_op op, uint32_t nkids)
{
    struct regex_node *n = arena_new(a, struct regex_node);
    *n = (struct regex_node){.op = op, .nkids = nkids, .kids = arena_array(a, struct regex_node *, nkids)};
    return n;
}

/* The expression of the same texts backwards. */
static struct regex_node *reversed(struct arena *a, const struct regex_node *n)
{
    struct regex_node *out = node_of(a, n->op, n->nkids);
    out->min = n->min;
    out->max = n->max;
    out->set = n->set;
    for (uint32_t i = 0; i < n->nkids; i++)
        out->kids[n->op == REGEX_CAT ? n->nkids - 1 - i : i] = reversed(a, n->kids[i]);
    return out;
}

/* ---- parts ------------------------------------------------------------------------------------- */

/* Parts in sequence, without those that are nothing. False where there are too many. */
static bool add_parts(struct parts *x, const struct regex_node *n)
{
    if (n->op == REGEX_EMPTY)
        return true;
    if (n->op == REGEX_REPEAT && n->min == 1 && n->max == 1)
        return add_parts(x, n->kids[0]);
    if (n->op == REGEX_CAT) {
        for (uint32_t i = 0; i < n->nkids; i++)
            if (!add_parts(x, n->kids[i]))
                return false;
        return true;
    }
    if (x->to == PARTS_MAX)
        return false;
    x->v[x->to++] = n;
    return true;
}

/* What an open edge needs of a part: NULL for nothing. */
static const struct regex_node *least_of(struct parts *x, const struct regex_node *n)
{
    if (is_nullable(n))
        return NULL;
    if (n->op != REGEX_REPEAT || n->min == n->max)
        return n;
    if (n->min == 1)
        return n->kids[0];
    struct regex_node *least = node_of(&x->a, REGEX_REPEAT, 1);
    least->min = least->max = n->min;
    least->kids[0] = n->kids[0];
    return least;
}

static void cut_edges(struct parts *x)
{
    while (!x->ends && x->from < x->to) {
        const struct regex_node *n = x->v[x->to - 1], *least = least_of(x, n);
        x->v[x->to - 1] = least;
        if (!least)
            x->to--;
        else if (least == n)
            break;
    }
    while (!x->begins && x->from < x->to) {
        const struct regex_node *n = x->v[x->from], *least = least_of(x, n);
        x->v[x->from] = least;
        if (!least)
            x->from++;
        else if (least == n)
            break;
    }
}

/* The byte of a set of one, or the small letter of a set of both cases of one (`*folded`); or -1. */
static int byte_of(const struct regex_node *n, bool *folded)
{
    int first = -1, second = -1;
    *folded = false;
    for (unsigned i = 0; n->op == REGEX_SET && i < 256; i++) {
        if (!(i & 63) && !n->set[i / 64])
            i += 63;
        else if (regex_set_has(n, (unsigned char)i)) {
            if (second >= 0)
                return -1;
            second = first;
            first = (int)i;
        }
    }
    if (second < 0)
        return first;
    *folded = ascii_lower((char)second) == (char)first && ascii_lower((char)first) == (char)first;
    return *folded ? first : -1;
}

/* The part at the edge `i` steps in. */
static const struct regex_node *edge(const struct parts *x, bool tail, uint32_t i)
{
    return tail ? x->v[x->to - 1 - i] : x->v[x->from + i];
}

static uint32_t left(const struct parts *x)
{
    return x->to - x->from;
}

static void take(struct parts *x, bool tail, uint32_t n)
{
    if (tail)
        x->to -= n;
    else
        x->from += n;
}

/* Moves the text at the edge to `text`; whether there is one. Letters are all in either case, or all in one. */
static bool take_text(struct parts *x, bool tail, char *text, struct slice *out, bool *folded)
{
    uint32_t exact = 0, either = 0;
    bool pair;
    for (; exact < left(x) && byte_of(edge(x, tail, exact), &pair) >= 0 && !pair; exact++)
        ;
    for (; either < left(x); either++) {
        int c = byte_of(edge(x, tail, either), &pair);
        bool letter = c >= 0 && (ascii_lower((char)c) != c || (c >= 'a' && c <= 'z'));
        if (c < 0 || (letter && !pair))
            break;
    }
    uint32_t n = exact >= either ? exact : either;
    *folded = exact < either;
    for (uint32_t i = 0; i < n; i++)
        text[tail ? n - 1 - i : i] = (char)byte_of(edge(x, tail, i), &pair);
    take(x, tail, n);
    *out = (struct slice){text, n};
    return n > 0;
}

/* ---- DFAs of parts ----------------------------------------------------------------------------- */

static void find_goes_on(const struct regex_automaton *m, struct byte_set *out)
{
    for (uint32_t state = m->first_final; state < m->size; state++)
        for (unsigned byte = 0; byte < 256; byte++)
            if (m->trans[state * m->nclasses + m->classes[byte]] != 0)
                out->w[byte / 64] |= 1ull << (byte % 64);
}

static struct part_dfa build_part(struct patterns *p, const struct regex_node *tree)
{
    struct arena scratch = {0};
    struct regex_automaton m;
    struct part_dfa out = {0};
    const char *limit = regex_dfa_build_tree(&scratch, tree, true, &m);
    if (!limit && m.kind == WEIR_AUTOMATON_DFA) {
        size_t before = p->blob->out->len;
        out.at = regex_dfa_write(&m, p->blob);
        p->bytes += p->blob->out->len - before;
        find_goes_on(&m, &out.goes_on);
    }
    arena_free(&scratch);
    return out;
}

/* The DFA of the next `n` parts at the edge; `ends`: for all that is left, else for a begin of it. */
static const struct part_dfa *dfa_of(struct parts *x, bool tail, uint32_t n, bool begins, bool ends)
{
    struct regex_node *all = node_of(&x->a, REGEX_CAT, n + begins + ends);
    uint32_t k = 0;
    if (begins)
        all->kids[k++] = node_of(&x->a, REGEX_BEGIN, 0);
    for (uint32_t i = 0; i < n; i++) {
        const struct regex_node *part = edge(x, tail, i);
        all->kids[k++] = tail ? reversed(&x->a, part) : (struct regex_node *)(uintptr_t)part;
    }
    if (ends)
        all->kids[k++] = node_of(&x->a, REGEX_END, 0);
    struct buf id = {0};
    add_id(&id, all);
    const uint32_t *known = strmap_get(&x->p->parts, buf_view(&id));
    if (!known) {
        struct part_dfa built = build_part(x->p, all);
        *vec_push(x->p->a, &x->p->dfas) = built;
        known = strmap_put(&x->p->parts, x->p->a, arena_copy(x->p->a, buf_view(&id)), x->p->dfas.n - 1, NULL);
    }
    buf_free(&id);
    return &x->p->dfas.v[*known];
}

/* Whether the next `n` parts end where their DFA refuses; see note [settled]. */
static bool is_settled(struct parts *x, bool tail, uint32_t n, const struct part_dfa *dfa)
{
    struct byte_set follow = {{0}};
    if (dfa->at == 0)
        return false;
    for (uint32_t i = n; i < left(x); i++) {
        const struct regex_node *part = edge(x, tail, i);
        add_edge(part, tail, &follow);
        if (!is_nullable(part))
            break;
    }
    uint64_t both = 0;
    for (unsigned i = 0; i < 4; i++)
        both |= follow.w[i] & dfa->goes_on.w[i];
    return both == 0;
}

/* ---- taking parts off -------------------------------------------------------------------------- */

static uint32_t text_parts_from(const struct parts *x, bool tail, uint32_t i)
{
    bool folded;
    while (i < left(x) && byte_of(edge(x, tail, i), &folded) < 0)
        i++;
    return i;
}

/* A run of one part, or of all up to the next text. */
static bool take_run(struct parts *x, bool tail)
{
    uint32_t all = text_parts_from(x, tail, 1);
    for (uint32_t n = 1;; n = all) {
        if (n == left(x))
            return false;
        const struct part_dfa *dfa = dfa_of(x, tail, n, true, true);
        if (is_settled(x, tail, n, dfa)) {
            pieces_add_dfa(x->out, tail ? WEIR_PIECE_TAIL_RUN : WEIR_PIECE_RUN, dfa->at);
            take(x, tail, n);
            return true;
        }
        if (n == all)
            return false;
    }
}

static void take_edge(struct parts *x, bool tail)
{
    char text[PARTS_MAX];
    struct slice s;
    bool folded;
    while (left(x) > 0)
        if (take_text(x, tail, text, &s, &folded))
            pieces_add_text(x->out, (enum weir_piece)((folded ? WEIR_PIECE_FOLDED : WEIR_PIECE_TEXT) + tail), s);
        else if (!take_run(x, tail))
            return;
}

static void add_rest(struct parts *x, bool begins)
{
    bool fits = x->out->bytes.len > 0; /* else the whole is one DFA, which may be a large one */
    const struct part_dfa *dfa = fits ? dfa_of(x, false, left(x), begins, x->ends) : NULL;
    pieces_add_dfa(x->out, WEIR_PIECE_REST, dfa ? dfa->at : 0);
}

/* A text at any place, and little behind it. */
static void take_anywhere(struct parts *x)
{
    char text[PARTS_MAX];
    struct slice s;
    bool folded;
    uint32_t follow = 0;
    if (!take_text(x, false, text, &s, &folded) || folded) {
        x->out->fails = true;
        return;
    }
    for (uint32_t i = 0; i < left(x) && follow < UNBOUNDED; i++)
        follow += max_len(edge(x, false, i));
    x->out->fails |= follow > FOLLOW_MAX;
    pieces_add_text(x->out, WEIR_PIECE_ANYWHERE, s);
    if (!x->out->fails)
        take_edge(x, false);
}

/* "(/|$)" at an end is an alternative between the end and what is not the end, after which anything may follow. With the
 * end outside of it, "(/.*)?$" over all bytes, it is a part like others. */
static const struct regex_node *without_anchor(struct parts *x, const struct regex_node *n, enum regex_op anchor)
{
    bool has = false, last = anchor == REGEX_END;
    if (n->op != REGEX_ALT)
        return NULL;
    struct regex_node *any = node_of(&x->a, REGEX_SET, 0), *all = node_of(&x->a, REGEX_REPEAT, 1),
                      *out = node_of(&x->a, REGEX_ALT, n->nkids);
    any->set = arena_alloc(&x->a, 4 * sizeof *any->set);
    memset(any->set, 0xff, 4 * sizeof *any->set);
    all->max = REGEX_INFINITE;
    all->kids[0] = any;
    for (uint32_t i = 0; i < n->nkids; i++) {
        bool is = n->kids[i]->op == anchor;
        struct regex_node *kid = node_of(&x->a, is ? REGEX_EMPTY : REGEX_CAT, is ? 0 : 2);
        if (!is) {
            kid->kids[!last] = n->kids[i];
            kid->kids[last] = all;
        }
        out->kids[i] = kid;
        has |= is;
    }
    return has ? out : NULL;
}

/* The anchors at the ends come off; false where there are others. */
static bool take_anchors(struct parts *x)
{
    for (; x->from < x->to && x->v[x->from]->op == REGEX_BEGIN; x->from++)
        x->begins = true;
    for (; x->from < x->to && x->v[x->to - 1]->op == REGEX_END; x->to--)
        x->ends = true;
    const struct regex_node *end = !x->ends && left(x) > 0 ? without_anchor(x, x->v[x->to - 1], REGEX_END) : NULL;
    if (end)
        x->v[x->to - 1] = end;
    x->ends |= end != NULL;
    const struct regex_node *begin = !x->begins && left(x) > 0 ? without_anchor(x, x->v[x->from], REGEX_BEGIN) : NULL;
    if (begin)
        x->v[x->from] = begin;
    x->begins |= begin != NULL;
    for (uint32_t i = x->from; i < x->to; i++)
        if (has_anchor(x->v[i]))
            return false;
    return true;
}

void pattern_regex_pieces(struct patterns *p, const struct regex_node *tree, struct pieces *out)
{
    struct parts x = {.p = p, .out = out};
    if (!add_parts(&x, tree) || !take_anchors(&x)) {
        out->fails = true;
        arena_free(&x.a);
        return;
    }
    cut_edges(&x);
    bool closed = x.begins; /* nothing stands before what is left */
    if (x.begins)
        take_edge(&x, false);
    if (x.ends)
        take_edge(&x, true);
    if (!x.begins && !x.ends && left(&x) > 0) {
        take_anywhere(&x);
        closed = true;
    }
    if (left(&x) > 0 && !out->fails)
        add_rest(&x, closed);
    else if (!x.begins || !x.ends)
        buf_char(&out->bytes, (char)WEIR_PIECE_OPEN);
    arena_free(&x.a);
}
