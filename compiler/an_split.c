/* Taking a variable apart into cells; see an_search.h.
 *
 * note [exact]: texts that conditions name one by one stay out of the automata. Each of them is a value that
 * is tried by itself; what remains is the walk over the regular languages, which must then find a text that
 * is none of them. Its shortest text nearly always is, or one near to it; else a second walk goes along a
 * trie of the named ones.
 *
 * note [postings]: of many rules that ask for one text or network each, a value leaves few. So for each value the
 * entries are noted that it may leave, and the others are not looked at. */
#include "compiler/an_split_state.h"

enum { SCAN_MAX = 1 << 20, NEAR_MAX = 200 };
enum { UNKNOWN = UINT32_MAX - 1 };

/* ---- states of the parts ----------------------------------------------------------------------- */

enum how { ASSIGN, INEXACT, STEP, FINISH };

static uint32_t derive(struct splitter *p, uint32_t f, enum how how, unsigned char byte,
                       const struct logic_value *v)
{
    struct logic *l = p->s->l;
    return how == ASSIGN    ? logic_assign(l, f, p->var, v)
           : how == INEXACT ? logic_inexact(l, f, p->var)
           : how == STEP    ? logic_step(l, f, p->var, byte)
                            : logic_finish(l, f, p->var);
}

/* What becomes of a state. */
static uint32_t derived(struct splitter *p, uint32_t id, enum how how, unsigned char byte,
                        const struct logic_value *v, uint32_t k_and)
{
    struct an_state x = p->s->states.v[id];
    if (!(x.vars & logic_bit(p->var)) && k_and == LOGIC_TRUE)
        return id;
    if (how == ASSIGN)
        logic_new_value(p->s->l);
    uint32_t k = logic_and(p->s->l, derive(p, x.k, how, byte, v), k_and);
    if (k == LOGIC_FALSE)
        return AN_NOTHING;
    for (uint32_t side = 0, at = 0; side < 2; side++)
        for (uint32_t i = 0; i < x.n[side]; i++, at++) {
            struct an_entry e = x.e[at];
            e.guard = derive(p, e.guard, how, byte, v);
            if (e.guard == LOGIC_FALSE)
                continue;
            *vec_push(&p->s->a, &p->s->raw[side]) = e;
            if (e.guard == LOGIC_TRUE && (e.outcome & OUTCOME_TERMINAL) && p->s->keep == 1) {
                at += x.n[side] - i;
                break;
            }
        }
    return an_state_make(p->s, k);
}

/* The same where the value leaves of the entries that need some values none but those of `v`. */
static uint32_t derived_posted(struct splitter *p, const struct logic_value *value, const struct posting *v)
{
    struct an_state x = p->s->states.v[p->from];
    logic_new_value(p->s->l);
    uint32_t k = logic_assign(p->s->l, x.k, p->var, value), i = 0, c = 0;
    if (k == LOGIC_FALSE)
        return AN_NOTHING;
    while (i < v->entries.n || c < p->common.n) {
        bool own = c == p->common.n || (i < v->entries.n && v->entries.v[i] < p->common.v[c]);
        uint32_t at = own ? v->entries.v[i++] : p->common.v[c++];
        struct an_entry e = x.e[at];
        e.guard = logic_assign(p->s->l, e.guard, p->var, value);
        if (e.guard != LOGIC_FALSE)
            *vec_push(&p->s->a, &p->s->raw[at >= x.n[0]]) = e;
    }
    return an_state_make(p->s, k);
}

static bool has_cell(const struct splitter *p, uint32_t state)
{
    return p->s->states.v[state].mark == p->s->split;
}

static void add_cell(struct splitter *p, uint32_t state, const struct logic_value *v)
{
    if (state == AN_NOTHING || has_cell(p, state))
        return;
    p->s->states.v[state].mark = p->s->split;
    *vec_push(&p->s->a, &p->out->v) = (struct an_cell){state, *v};
}

void split_value(struct splitter *p, const struct logic_value *v, uint32_t k_and)
{
    add_cell(p, derived(p, p->from, ASSIGN, 0, v, k_and), v);
}

/* The value with the number `at`. */
void split_posted(struct splitter *p, const struct logic_value *v, uint32_t at)
{
    if (p->posted)
        add_cell(p, derived_posted(p, v, &p->postings[at]), v);
    else
        split_value(p, v, LOGIC_TRUE);
}

bool split_is_worth_posting(const struct splitter *p, uint32_t values)
{
    const struct an_state *x = &p->s->states.v[p->from];
    return (uint64_t)values * (x->n[0] + x->n[1]) > 10000;
}

void split_visit_atoms(struct splitter *p, uint32_t id, void (*fn)(void *, const struct atom *, uint32_t))
{
    struct an_state x = p->s->states.v[id];
    logic_new_value(p->s->l);
    logic_visit(p->s->l, x.k, p->var, fn, p);
    for (uint32_t i = 0; i < x.n[0] + x.n[1]; i++)
        logic_visit(p->s->l, x.e[i].guard, p->var, fn, p);
}

/* ---- texts one by one -------------------------------------------------------------------------- */

static void add_exact(struct splitter *p, struct slice text)
{
    bool added;
    strmap_put(&p->exact, &p->s->a, text, p->texts.n, &added);
    if (added)
        vec_add(&p->s->a, &p->texts, text);
}

static void collect_exact(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    for (uint32_t i = 0; a->kind == ATOM_EXACT && i < a->n; i++)
        add_exact(ctx, a->exact->v[i]);
}

static struct slice turned(struct splitter *p, struct slice text)
{
    if (!p->reversed)
        return text;
    char *out = arena_alloc(&p->s->a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.p[text.len - 1 - i];
    return (struct slice){out, text.len};
}

static const struct text_domain *domain_of(const struct splitter *p)
{
    return logic_domain(p->s->l, p->var);
}

static bool is_known(const struct splitter *p, struct slice text)
{
    return strmap_get(&p->exact, text) || (p->known && strmap_get(p->known, text));
}

/* Texts that read well in examples, as if conditions named them. */
static void add_samples(struct splitter *p)
{
    if (p->var == VAR_HOST) {
        add_exact(p, SLICE("other.example"));
    } else if (p->var == VAR_PATH) {
        add_exact(p, SLICE("/"));
    } else if (p->var == VAR_METHOD) {
        add_exact(p, SLICE("GET"));
        add_exact(p, SLICE("POST"));
    } else {
        add_exact(p, SLICE("x"));
    }
}

/* RFC 9112 section 3.2.4: the target of OPTIONS alone. */
static void try_asterisk(struct splitter *p)
{
    const struct logic_value v = {.text = SLICE("*")};
    if (p->var == VAR_PATH)
        split_value(p, &v, p->s->asterisk);
}

static void post_texts(struct splitter *p)
{
    struct an_state x = p->s->states.v[p->from];
    p->posted = split_is_worth_posting(p, p->texts.n);
    if (!p->posted)
        return;
    p->postings = arena_array(&p->s->a, struct posting, p->texts.n);
    for (uint32_t i = 0; i < x.n[0] + x.n[1]; i++) {
        const struct atom *a = logic_needed(p->s->l, x.e[i].guard, p->var, ATOM_EXACT);
        if (!a)
            vec_add(&p->s->a, &p->common, i);
        for (uint32_t k = 0; a && k < a->n; k++)
            vec_add(&p->s->a, &p->postings[*strmap_get(&p->exact, a->exact->v[k])].entries, i);
    }
}

static void try_texts(struct splitter *p)
{
    add_samples(p);
    split_visit_atoms(p, p->from, collect_exact);
    post_texts(p);
    for (uint32_t i = 0; i < p->texts.n && !an_search_over(p->s); i++) {
        struct logic_value v = {.text = p->texts.v[i]};
        if (!(p->known && strmap_get(p->known, v.text)) && domain_has(domain_of(p), turned(p, v.text)))
            split_posted(p, &v, i);
    }
    try_asterisk(p);
}

/* ---- the walk ---------------------------------------------------------------------------------- */

static uint32_t trie_child(const struct splitter *p, uint32_t node, uint8_t byte)
{
    uint32_t c = node ? p->trie.v[node].first : 0;
    while (c && p->trie.v[c].byte != byte)
        c = p->trie.v[c].next;
    return c;
}

static void trie_add(struct splitter *p, struct slice text)
{
    uint32_t at = 1;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t c = trie_child(p, at, (uint8_t)text.p[i]);
        if (!c) {
            c = p->trie.n;
            *vec_push(&p->s->a, &p->trie) =
                (struct trie_node){.next = p->trie.v[at].first, .byte = (uint8_t)text.p[i]};
            p->trie.v[at].first = c;
        }
        at = c;
    }
    p->trie.v[at].end = true;
}

/* Node 0 is outside, node 1 the root. */
static void make_trie(struct splitter *p)
{
    vec_push(&p->s->a, &p->trie);
    vec_push(&p->s->a, &p->trie);
    for (uint32_t i = 0; i < p->texts.n; i++)
        trie_add(p, turned(p, p->texts.v[i]));
    for (uint32_t i = 0; p->known && i < p->known->cap; i++)
        if (p->known->slots[i].key.p)
            trie_add(p, turned(p, p->known->slots[i].key));
}

/* Whether a node of the state is known from which no less can follow; else remembers this one. */
static bool is_covered(struct splitter *p, uint32_t state, uint32_t domain, uint32_t trie)
{
    const struct text_states *wider = domain_of(p)->wider;
    struct slice key = {(const char *)&state, sizeof state};
    uint32_t *at = strmap_get(&p->domains, key);
    if (!wider)
        return false;
    if (at && text_states_meet(&p->masks.v[*at], &wider[domain]))
        return true;
    if (trie)
        return false;
    if (!at) {
        at = strmap_put(&p->domains, &p->s->a, arena_copy(&p->s->a, key), p->masks.n, NULL);
        vec_push(&p->s->a, &p->masks);
    }
    text_states_add(&p->masks.v[*at], domain);
    return false;
}

static void reach(struct splitter *p, uint32_t state, uint32_t domain, uint32_t trie, uint32_t parent,
                  uint8_t byte)
{
    uint32_t key[3] = {state, domain, trie};
    struct slice k = {(const char *)key, sizeof key};
    if (is_covered(p, state, domain, trie))
        return;
    if (strmap_get(&p->seen, k))
        return;
    strmap_put(&p->seen, &p->s->a, arena_copy(&p->s->a, k), 0, NULL);
    *vec_push(&p->s->a, &p->nodes) = (struct scan_node){state, domain, trie, parent, byte};
}

/* The bytes that led to a node, and then those that end the text well. */
static struct slice word_of(struct splitter *p, uint32_t node)
{
    char rest[256], *out;
    uint32_t len = 0, more = 0;
    const struct text_domain *d = domain_of(p);
    for (uint32_t i = node; i; i = p->nodes.v[i].parent)
        len++;
    for (uint32_t at = p->nodes.v[node].domain; !domain_final(d, at) && more < sizeof rest; more++) {
        rest[more] = (char)d->toward[at];
        at = domain_step(d, at, d->toward[at]);
    }
    out = arena_alloc(&p->s->a, len + more + 1);
    memcpy(out + len, rest, more);
    for (uint32_t i = node, k = len; i; i = p->nodes.v[i].parent)
        out[--k] = (char)p->nodes.v[i].byte;
    return turned(p, (struct slice){out, len + more});
}

/* Whether `text` is a value that leads to `state`, by itself. */
static bool leads_to(struct splitter *p, struct slice text, uint32_t state)
{
    const struct logic_value v = {.text = text};
    return !is_known(p, text) && domain_has(domain_of(p), turned(p, text)) &&
           derived(p, p->from, ASSIGN, 0, &v, LOGIC_TRUE) == state;
}

/* A text near `word` that leads to `state` and that no condition names: a byte more, or another byte. */
static bool find_near(struct splitter *p, struct slice word, uint32_t state, struct slice *out)
{
    static const char tries[] = "xyq7";
    char *text = arena_alloc(&p->s->a, word.len + 2);
    uint32_t n = 0;
    for (int replace = 0; replace <= 1; replace++)
        for (size_t at = word.len + !replace; at-- > 0;)
            for (uint32_t t = 0; tries[t] && n < NEAR_MAX; t++, n++) {
                memcpy(text, word.p, at);
                text[at] = tries[t];
                memcpy(text + at + 1, word.p + at + replace, word.len - at - (size_t)replace);
                *out = (struct slice){text, word.len + !replace};
                if (leads_to(p, *out, state))
                    return true;
            }
    return false;
}

/* The text may end at `node`, with `state`. False where a walk along the trie must find a text for it. */
static bool end_at(struct splitter *p, uint32_t node, uint32_t state)
{
    struct logic_value v = {.text = word_of(p, node)};
    if (has_cell(p, state))
        return true;
    if (is_known(p, v.text) && (p->use_trie || !find_near(p, v.text, state, &v.text)))
        return false;
    add_cell(p, state, &v);
    return true;
}

static void refine(void *ctx, const struct atom *a, uint32_t state)
{
    struct splitter *p = ctx;
    if (a->kind == ATOM_TEXT)
        text_refine(a->text, state, &p->classes);
}

static void step_by(struct splitter *p, uint32_t node, uint8_t byte, uint32_t *next)
{
    struct scan_node x = p->nodes.v[node];
    uint32_t domain = domain_step(domain_of(p), x.domain, byte);
    if (*next == UNKNOWN)
        *next = derived(p, x.state, STEP, byte, NULL, LOGIC_TRUE);
    if (*next != AN_NOTHING)
        reach(p, *next, domain, p->use_trie ? trie_child(p, x.trie, byte) : 0, node, byte);
}

/* Bytes of a class lead to one state; of those that are alike in the domain too, the one that reads best is taken. */
static void step(struct splitter *p, uint32_t node)
{
    struct scan_node x = p->nodes.v[node];
    const struct text_domain *d = domain_of(p);
    const uint8_t *order = text_preference();
    struct text_states done[256]; /* by class */
    uint32_t next[256];
    text_classes_begin(&p->classes);
    split_visit_atoms(p, x.state, refine);
    for (uint32_t c = x.trie ? p->trie.v[x.trie].first : 0; c; c = p->trie.v[c].next)
        text_classes_single(&p->classes, p->trie.v[c].byte);
    const struct text_classes classes = p->classes;
    for (uint32_t i = 0; i < classes.n; i++)
        next[i] = UNKNOWN;
    memset(done, 0, classes.n * sizeof *done);
    for (uint32_t i = 0, n = (uint32_t)strlen((const char *)order); i < n + 256; i++) {
        uint8_t byte = i < n ? order[i] : (uint8_t)(i - n), class = classes.of[byte];
        uint32_t domain = domain_step(d, x.domain, byte);
        if (d->distance[domain] == UINT32_MAX || (d->wider && text_states_has(&done[class], domain)))
            continue;
        if (d->wider)
            text_states_add(&done[class], domain);
        step_by(p, node, byte, &next[class]);
    }
}

/* Looks at a node: its end, and then what follows. */
static void look(struct splitter *p, uint32_t node)
{
    struct scan_node x = p->nodes.v[node];
    bool open = (p->s->states.v[x.state].vars & logic_bit(p->var)) != 0;
    if (domain_final(domain_of(p), x.domain)) {
        uint32_t state = derived(p, x.state, FINISH, 0, NULL, LOGIC_TRUE);
        if (state != AN_NOTHING && !end_at(p, node, state))
            p->missing = true;
    } else if (!open && end_at(p, node, x.state)) {
        return;
    }
    /* Whatever follows leads to the same state, for which there is a text. */
    if (!open && has_cell(p, x.state))
        return;
    step(p, node);
}

static void walk(struct splitter *p, uint32_t start)
{
    p->missing = false;
    p->nodes.n = 0;
    p->seen = p->domains = (struct strmap){0};
    p->masks.n = 0;
    reach(p, start, domain_start(domain_of(p)), p->use_trie, 0, 0);
    for (uint32_t i = 0; i < p->nodes.n && !an_search_over(p->s); i++) {
        if (p->nodes.n > SCAN_MAX) {
            an_search_exceed(p->s, AN_AUTOMATON);
            return;
        }
        look(p, i);
    }
}

static void split_text(struct splitter *p)
{
    const struct logic_value absent = {.absent = true};
    if (!domain_of(p)) {
        an_search_exceed(p->s, AN_AUTOMATON);
        return;
    }
    if (p->s->l->vars.v[p->var].optional)
        split_value(p, &absent, LOGIC_TRUE);
    try_texts(p);
    uint32_t start = derived(p, p->from, INEXACT, 0, NULL, LOGIC_TRUE);
    if (start == AN_NOTHING)
        return;
    walk(p, start);
    if (!p->missing || p->s->exceeded)
        return;
    make_trie(p);
    p->use_trie = true;
    walk(p, start);
}

void an_split(struct an_search *s, uint32_t state, uint32_t var, const struct strmap *known,
              struct an_cells *out)
{
    struct splitter p = {.s = s, .var = var, .from = state, .known = known, .out = out};
    p.reversed = var == VAR_HOST && s->l->reversed_host;
    s->split++;
    switch (s->l->vars.v[var].kind) {
    case VAR_TEXT:
        split_text(&p);
        return;
    case VAR_INT:
        split_int(&p);
        return;
    case VAR_IP:
        split_ip(&p);
        return;
    case VAR_BOOL:
    case VAR_OPAQUE:
        split_bool(&p);
        return;
    }
}
