/* The walk through the texts that no condition names; see an_split_state.h. It is breadth-first over all automata of a
 * state at once, and over that of the field's domain, so that each cell gets a shortest text.
 *
 * note [runs]: where all that is open asks for the same bytes next, any others lead to one and the same state, in which
 * the text is decided. So these bytes are read at once: of a set of long texts the walk visits where they part. */
#include "compiler/an_split_walk.h"

#include <stdlib.h>

enum { SCAN_MAX = 1 << 20, NEAR_MAX = 200, RUN_MAX = 64 };
enum { UNKNOWN = UINT32_MAX - 1 };

/* ---- named texts ------------------------------------------------------------------------------- */

bool walk_is_named(const struct walk *w, struct slice text)
{
    return strmap_get(&w->p->exact, text) || (w->p->known && strmap_get(w->p->known, text));
}

static uint32_t trie_child(const struct walk *w, uint32_t node, uint8_t byte)
{
    uint32_t c = node ? w->trie.v[node].first : 0;
    while (c && w->trie.v[c].byte != byte)
        c = w->trie.v[c].next;
    return c;
}

static void trie_add(struct walk *w, struct slice text)
{
    uint32_t at = 1;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t c = trie_child(w, at, (uint8_t)text.p[i]);
        if (!c) {
            c = w->trie.n;
            *vec_push(w->a, &w->trie) = (struct trie_node){.next = w->trie.v[at].first, .byte = (uint8_t)text.p[i]};
            w->trie.v[at].first = c;
        }
        at = c;
    }
}

/* Node 0 is outside, node 1 the root. */
static void make_trie(struct walk *w)
{
    const struct strmap *known = w->p->known;
    vec_push(w->a, &w->trie);
    vec_push(w->a, &w->trie);
    for (uint32_t i = 0; i < w->p->texts.n; i++)
        trie_add(w, split_turned(w->p, w->p->texts.v[i]));
    for (uint32_t i = 0; known && i < known->cap; i++)
        if (known->slots[i].key.p)
            trie_add(w, split_turned(w->p, known->slots[i].key));
}

/* ---- reaching ---------------------------------------------------------------------------------- */

/* Whether a node of the state is known from which no less can follow; else remembers this one. */
static bool is_covered(struct walk *w, uint32_t state, uint32_t domain, uint32_t trie)
{
    struct an_state *x = &w->s->states.v[state];
    if (!w->d->wider)
        return false;
    if (x->walk == w->s->walk && text_states_meet(&w->room->masks.v[x->mask], &w->d->wider[domain]))
        return true;
    if (trie)
        return false;
    if (x->walk != w->s->walk) {
        x->walk = w->s->walk;
        x->mask = w->room->masks.n;
        vec_push_own(&w->room->masks);
    }
    text_states_add(&w->room->masks.v[x->mask], domain);
    return false;
}

/* Where that does not tell. */
static bool was_seen(struct walk *w, uint32_t state, uint32_t domain, uint32_t trie)
{
    uint32_t key[3] = {state, domain, trie};
    bool added = true;
    if (trie || !w->d->wider)
        strmap_put(&w->seen, w->a, arena_copy(w->a, (struct slice){(const char *)key, sizeof key}), 0, &added);
    return !added;
}

static void reach(struct walk *w, uint32_t state, uint32_t domain, uint32_t trie, uint32_t parent, struct slice text)
{
    if (!is_covered(w, state, domain, trie) && !was_seen(w, state, domain, trie))
        *vec_push_own(&w->room->nodes) = (struct node){state, domain, trie, parent, text};
}

/* ---- ends -------------------------------------------------------------------------------------- */

/* Appends the bytes that end the text well. */
void walk_end_word(const struct walk *w, struct word *x)
{
    for (; !domain_final(w->d, x->domain) && x->len < WORD_MAX; x->len++) {
        x->text[x->len] = (char)w->d->toward[x->domain];
        x->domain = domain_step(w->d, x->domain, w->d->toward[x->domain]);
    }
}

struct slice walk_spell(struct walk *w, uint32_t node, const struct word *x)
{
    size_t len = 0;
    for (uint32_t i = node; i; i = w->room->nodes.v[i].parent)
        len += w->room->nodes.v[i].text.len;
    char *out = arena_alloc(w->a, len + x->len + 1);
    memcpy(out + len, x->text, x->len);
    size_t at = len;
    for (uint32_t i = node; i; i = w->room->nodes.v[i].parent) {
        struct slice t = w->room->nodes.v[i].text;
        at -= t.len;
        memcpy(out + at, t.p, t.len);
    }
    return split_turned(w->p, (struct slice){out, len + x->len});
}

static struct slice word_of(struct walk *w, uint32_t node)
{
    struct word x;
    x.len = 0;
    x.domain = w->room->nodes.v[node].domain;
    walk_end_word(w, &x);
    return walk_spell(w, node, &x);
}

/* Whether `text` is a value that leads to `state`, by itself. */
static bool leads_to(struct walk *w, struct slice text, uint32_t state)
{
    const struct logic_value v = {.text = text};
    const struct derivation d = {.how = DERIVE_ASSIGN, .value = &v, .k_and = LOGIC_TRUE};
    return !walk_is_named(w, text) && domain_has(w->d, split_turned(w->p, text)) &&
           split_derived(w->p, w->p->from, &d) == state;
}

/* A text near `word` that leads to `state` and that no condition names: a byte more, or another byte. */
static bool find_near(struct walk *w, struct slice word, uint32_t state, struct slice *out)
{
    static const char tries[] = "xyq7";
    char *text = arena_alloc(w->a, word.len + 2);
    uint32_t n = 0;
    for (int replace = 0; replace <= 1; replace++)
        for (size_t at = word.len + !replace; at-- > 0;)
            for (uint32_t t = 0; tries[t] && n < NEAR_MAX; t++, n++) {
                memcpy(text, word.p, at);
                text[at] = tries[t];
                memcpy(text + at + 1, word.p + at + replace, word.len - at - (size_t)replace);
                *out = (struct slice){text, word.len + !replace};
                if (leads_to(w, *out, state))
                    return true;
            }
    return false;
}

/* The text may end at `node`, with `state`. False where a walk along the trie must find a text for it. */
static bool end_at(struct walk *w, uint32_t node, uint32_t state)
{
    if (split_has_cell(w->p, state))
        return true;
    struct logic_value v = {.text = word_of(w, node)};
    if (walk_is_named(w, v.text) && (w->use_trie || !find_near(w, v.text, state, &v.text)))
        return false;
    split_add_cell(w->p, state, &v);
    return true;
}

/* ---- steps ------------------------------------------------------------------------------------- */

static bool is_open(const struct walk *w, uint32_t f)
{
    return (w->s->l->nodes.v[f].vars & logic_bit(w->p->var)) != 0;
}

/* Shortens `run` to what a formula asks for next. False where it asks for nothing. */
static bool limit_run(struct walk *w, uint32_t f, char *run, size_t *n, bool *first)
{
    char own[RUN_MAX];
    if (!is_open(w, f))
        return true;
    if (!an_needs_find(w->s->l, f, w->p->var, NEEDS_TEXT, &w->room->needs))
        return false;
    for (uint32_t i = 0; i < w->room->needs.v.n; i++) {
        const struct an_need *need = &w->room->needs.v.v[i];
        size_t m = text_forced(w->s->l->atoms.v[need->atom].text, need->state, own, *first ? RUN_MAX : *n), k = 0;
        if (*first)
            memcpy(run, own, *n = m);
        while (k < m && k < *n && own[k] == run[k])
            k++;
        *first = false;
        *n = k;
    }
    return *n > 1;
}

/* The bytes that all that is open asks for next: see note [runs]. */
static size_t find_run(struct walk *w, const struct node *x, char *run)
{
    const struct an_state *state = &w->s->states.v[x->state];
    size_t n = 0;
    bool first = true;
    if (x->trie || !limit_run(w, state->k, run, &n, &first))
        return 0;
    for (uint32_t i = 0; i < state->n[0] + state->n[1]; i++)
        if (!limit_run(w, state->e[i].guard, run, &n, &first))
            return 0;
    return first ? 0 : n;
}

static void refine(void *ctx, const struct atom *a, uint32_t state)
{
    struct walk *w = ctx;
    if (a->kind == ATOM_TEXT)
        text_refine(a->text, state, &w->classes);
}

static void find_classes(struct walk *w, const struct node *x)
{
    struct an_state state = w->s->states.v[x->state];
    text_classes_begin(&w->classes);
    logic_new_round(w->s->l);
    logic_visit(w->s->l, state.k, w->p->var, refine, w);
    for (uint32_t i = 0; i < state.n[0] + state.n[1]; i++)
        logic_visit(w->s->l, state.e[i].guard, w->p->var, refine, w);
    for (uint32_t c = x->trie ? w->trie.v[x->trie].first : 0; c; c = w->trie.v[c].next)
        text_classes_single(&w->classes, w->trie.v[c].byte);
}

/* Notes an entry at the classes of the bytes that it asks for. */
static void post_entry(struct walk *w, uint32_t guard, uint32_t entry)
{
    uint8_t bytes[TEXT_FEW];
    if (!is_open(w, guard) || !an_needs_find(w->s->l, guard, w->p->var, NEEDS_TEXT, &w->room->needs)) {
        vec_add(&w->s->a, &w->room->any.v, entry);
        return;
    }
    for (uint32_t i = 0; i < w->room->needs.v.n; i++) {
        const struct an_need *need = &w->room->needs.v.v[i];
        int n = text_narrow(w->s->l->atoms.v[need->atom].text, need->state, bytes);
        for (int k = 0; k < n; k++) {
            struct an_list *to = &w->room->by_class[w->classes.of[bytes[k]]];
            if (to->v.n == 0 || to->v.v[to->v.n - 1] != entry)
                vec_add(&w->s->a, &to->v, entry);
        }
    }
}

static void post_entries(struct walk *w, uint32_t id)
{
    const struct an_state x = w->s->states.v[id];
    w->posted = x.n[0] + x.n[1] > ALL_AT_ONCE;
    if (!w->posted)
        return;
    w->room->any.v.n = 0;
    for (uint32_t i = 0; i < w->classes.n; i++)
        w->room->by_class[i].v.n = 0;
    for (uint32_t i = 0; i < x.n[0] + x.n[1]; i++)
        post_entry(w, x.e[i].guard, i);
}

/* What the text leads to; in the posted case it is one byte of that class. */
static uint32_t step_state(struct walk *w, uint32_t state, struct slice text, uint8_t class)
{
    struct derivation d = {.how = DERIVE_STEP, .text = text, .k_and = LOGIC_TRUE};
    if (w->posted) {
        w->room->list.v.n = 0;
        an_list_join(&w->s->a, &w->room->list, &w->room->any);
        an_list_join(&w->s->a, &w->room->list, &w->room->by_class[class]);
        d.list = &w->room->list;
    }
    return split_derived(w->p, state, &d);
}

static void step_by(struct walk *w, uint32_t node, uint8_t byte, uint8_t class, uint32_t domain)
{
    struct node x = w->room->nodes.v[node];
    struct slice text = {&w->room->bytes[byte], 1};
    if (w->room->next[class] == UNKNOWN)
        w->room->next[class] = step_state(w, x.state, text, class);
    if (w->room->next[class] != AN_NOTHING)
        reach(w, w->room->next[class], domain, w->use_trie ? trie_child(w, x.trie, byte) : 0, node, text);
}

/* Reads the whole run. */
static void step_run(struct walk *w, uint32_t node, struct slice run)
{
    struct node x = w->room->nodes.v[node];
    uint32_t domain = x.domain;
    for (size_t i = 0; i < run.len && w->d->distance[domain] != UINT32_MAX; i++)
        domain = domain_step(w->d, domain, (uint8_t)run.p[i]);
    if (w->d->distance[domain] == UINT32_MAX)
        return;
    w->posted = false;
    uint32_t next = step_state(w, x.state, run, 0);
    if (next != AN_NOTHING)
        reach(w, next, domain, 0, node, arena_copy(w->a, run));
}

/* A byte, unless one of its class has led to the same state of the domain. False where none can follow it. */
static bool try_byte(struct walk *w, uint32_t node, uint8_t byte)
{
    uint8_t class = w->classes.of[byte];
    uint32_t domain = domain_step(w->d, w->room->nodes.v[node].domain, byte);
    if (w->d->distance[domain] == UINT32_MAX)
        return false;
    if (w->d->wider && text_states_has(&w->room->done[class], domain))
        return true;
    if (w->d->wider)
        text_states_add(&w->room->done[class], domain);
    step_by(w, node, byte, class, domain);
    return true;
}

/* Bytes of class 0: of those that the domain takes for the same, the first. */
static bool try_others(struct walk *w, uint32_t node)
{
    bool any = false;
    int group = -1;
    for (uint32_t i = 0; i < 256; i++) {
        uint8_t byte = w->d->bytes[i];
        if (w->classes.of[byte] || domain_class(w->d, byte) == group)
            continue;
        group = domain_class(w->d, byte);
        any |= try_byte(w, node, byte);
    }
    return any;
}

/* All bytes that lead to different states, but for one. Returns whether another can follow. */
static bool step_classes(struct walk *w, uint32_t node, int but)
{
    const uint8_t *order = text_preference();
    uint32_t n = (uint32_t)strlen((const char *)order);
    bool any = false;
    for (uint32_t i = 0; i < w->classes.n; i++)
        w->room->next[i] = UNKNOWN;
    memset(w->room->done, 0, w->classes.n * sizeof *w->room->done);
    if (w->classes.simple && w->d->wider) {
        any = try_others(w, node);
        for (uint32_t i = 0; i < w->classes.nsingles; i++)
            any |= w->classes.singles[i] != but && try_byte(w, node, w->classes.singles[i]);
        return any;
    }
    for (uint32_t i = 0; i < n + 256; i++) {
        uint8_t byte = i < n ? order[i] : (uint8_t)(i - n);
        any |= byte != but && try_byte(w, node, byte);
    }
    return any;
}

static void step(struct walk *w, uint32_t node)
{
    struct node x = w->room->nodes.v[node];
    char run[RUN_MAX];
    size_t n = find_run(w, &x, run);
    w->posted = false;
    if (n > 1) {
        text_classes_begin(&w->classes);
        text_classes_single(&w->classes, (uint8_t)run[0]);
        bool others = step_classes(w, node, (uint8_t)run[0]);
        step_run(w, node, (struct slice){run, others ? n : 1});
        return;
    }
    find_classes(w, &x);
    post_entries(w, x.state);
    step_classes(w, node, -1);
}

/* ------------------------------------------------------------------------------------------------ */

/* Looks at a node: its end, and then what follows. */
static void look(struct walk *w, uint32_t node)
{
    const struct derivation end = {.how = DERIVE_FINISH, .k_and = LOGIC_TRUE};
    struct node x = w->room->nodes.v[node];
    bool open = (w->s->states.v[x.state].vars & logic_bit(w->p->var)) != 0;
    if (open && walk_settle(w, node))
        return;
    if (domain_final(w->d, x.domain)) {
        uint32_t state = split_derived(w->p, x.state, &end);
        if (state != AN_NOTHING && !end_at(w, node, state))
            w->missing = true;
    } else if (!open && end_at(w, node, x.state)) {
        return;
    }
    /* Whatever follows leads to the same state, for which there is a text. */
    if (!open && split_has_cell(w->p, x.state))
        return;
    step(w, node);
}

static void walk(struct walk *w, uint32_t start)
{
    w->missing = false;
    w->room->nodes.n = w->room->masks.n = 0;
    w->seen = (struct strmap){0};
    w->s->walk++;
    reach(w, start, domain_start(w->d), w->use_trie, 0, (struct slice){w->room->bytes, 0});
    for (uint32_t i = 0; i < w->room->nodes.n && !an_search_over(w->s); i++) {
        if (w->room->nodes.n > SCAN_MAX) {
            an_search_exceed(w->s, AN_AUTOMATON);
            return;
        }
        look(w, i);
    }
}

size_t an_split_memory(const struct an_search *s)
{
    return s->room ? s->room->nodes.cap * sizeof(struct node) + s->room->masks.cap * sizeof(struct text_states) : 0;
}

void an_split_end(struct an_search *s)
{
    if (s->room) {
        free(s->room->nodes.v);
        free(s->room->masks.v);
    }
}

void split_walk(struct splitter *p)
{
    const struct derivation inexact = {.how = DERIVE_INEXACT, .k_and = LOGIC_TRUE};
    struct walk w = {.p = p, .s = p->s, .a = p->a, .d = split_domain(p)};
    if (!p->s->room) {
        p->s->room = arena_new(&p->s->a, struct walk_room);
        for (uint32_t b = 0; b < 256; b++)
            p->s->room->bytes[b] = (char)b;
    }
    w.room = p->s->room;
    uint32_t start = split_derived(p, p->from, &inexact);
    if (start == AN_NOTHING)
        return;
    walk(&w, start);
    if (!w.missing || p->s->exceeded)
        return;
    make_trie(&w);
    w.use_trie = true;
    walk(&w, start);
}
