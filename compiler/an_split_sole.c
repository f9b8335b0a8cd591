/* Where a single test of the text is left open, both its answers are cells, and texts for them are found without a
 * walk; see an_split_walk.h. */
#include "compiler/an_split_walk.h"

/* The only test that is open. */
struct sole {
    const struct text_automaton *text;
    uint32_t state;
    bool several;
};

static void take_sole(void *ctx, const struct atom *a, uint32_t state)
{
    struct sole *x = ctx;
    bool again = x->text == a->text && x->state == state;
    x->several |= a->kind != ATOM_TEXT || (x->text && !again);
    if (a->kind == ATOM_TEXT) {
        x->text = a->text;
        x->state = state;
    }
}

static bool find_sole(struct walk *w, uint32_t id, struct sole *x)
{
    const struct an_state s = w->s->states.v[id];
    *x = (struct sole){0};
    if (s.n[0] + s.n[1] > ALL_AT_ONCE)
        return false;
    logic_new_round(w->s->l);
    logic_visit(w->s->l, s.k, w->p->var, take_sole, x);
    for (uint32_t i = 0; i < s.n[0] + s.n[1]; i++)
        logic_visit(w->s->l, s.e[i].guard, w->p->var, take_sole, x);
    return x->text && !x->several;
}

/* The byte that reads best of those that can follow and are refused; or are not, and lead on. */
static bool add_byte(const struct walk *w, struct sole *t, struct word *x, bool refused)
{
    for (uint32_t i = 0; i < 256 && x->len < WORD_MAX; i++) {
        uint8_t byte = w->d->bytes[i];
        uint32_t domain = domain_step(w->d, x->domain, byte), next = text_step(t->text, t->state, byte);
        if (w->d->distance[domain] == UINT32_MAX || (next == TEXT_REFUSE) != refused || next == t->state)
            continue;
        x->text[x->len++] = (char)byte;
        x->domain = domain;
        t->state = next;
        return true;
    }
    return false;
}

/* A text that passes the test, without looking further than what reads best at each byte. */
static bool pass(const struct walk *w, struct sole t, struct word *x)
{
    while (!text_final(t.text, t.state)) {
        size_t n = text_forced(t.text, t.state, x->text + x->len, WORD_MAX - x->len);
        for (size_t i = 0; i < n; i++, x->len++) {
            x->domain = domain_step(w->d, x->domain, (uint8_t)x->text[x->len]);
            t.state = text_step(t.text, t.state, (uint8_t)x->text[x->len]);
        }
        if (w->d->distance[x->domain] == UINT32_MAX || (n == 0 && !add_byte(w, &t, x, false)))
            return false;
    }
    size_t from = x->len;
    walk_end_word(w, x);
    for (size_t i = from; i < x->len; i++)
        t.state = text_step(t.text, t.state, (uint8_t)x->text[i]);
    return x->len < WORD_MAX && text_final(t.text, t.state);
}

static bool fail(const struct walk *w, struct sole t, struct word *x)
{
    if (domain_final(w->d, x->domain) && !text_final(t.text, t.state))
        return true;
    if (!add_byte(w, &t, x, true))
        return false;
    walk_end_word(w, x);
    return x->len < WORD_MAX;
}

/* The cell of one answer. False where the search must go on for it. */
static bool settle_answer(struct walk *w, uint32_t node, const struct sole *t, bool answer)
{
    const struct derivation d = {.how = answer ? DERIVE_PASS : DERIVE_FAIL, .k_and = LOGIC_TRUE};
    uint32_t state = split_derived(w->p, w->room->nodes.v[node].state, &d);
    struct word x;
    if (state == AN_NOTHING || split_has_cell(w->p, state))
        return true;
    x.len = 0;
    x.domain = w->room->nodes.v[node].domain;
    if (!(answer ? pass : fail)(w, *t, &x))
        return false;
    struct logic_value v = {.text = walk_spell(w, node, &x)};
    if (walk_is_named(w, v.text))
        return false;
    split_add_cell(w->p, state, &v);
    return true;
}

/* Both answers of the one test that is left are cells, with texts that are easily found. */
bool walk_settle(struct walk *w, uint32_t node)
{
    struct sole t;
    return !w->use_trie && find_sole(w, w->room->nodes.v[node].state, &t) && settle_answer(w, node, &t, true) &&
           settle_answer(w, node, &t, false);
}
