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

/* ---- states of the parts ----------------------------------------------------------------------- */

static uint32_t derive(struct splitter *p, uint32_t f, const struct derivation *d)
{
    struct logic *l = p->s->l;
    switch (d->how) {
    case DERIVE_ASSIGN:
        return logic_assign(l, f, p->var, d->value);
    case DERIVE_INEXACT:
        return logic_inexact(l, f, p->var);
    case DERIVE_STEP:
        return logic_step(l, f, p->var, d->text);
    case DERIVE_FINISH:
        return logic_finish(l, f, p->var);
    case DERIVE_PASS:
    case DERIVE_FAIL:
        return logic_decide(l, f, p->var, d->how == DERIVE_PASS);
    }
    return LOGIC_FALSE;
}

uint32_t split_derived(struct splitter *p, uint32_t id, const struct derivation *d)
{
    struct an_state x = p->s->states.v[id];
    bool decided[2] = {false, false};
    uint32_t n = d->list ? d->list->v.n : x.n[0] + x.n[1];
    if (!(x.vars & logic_bit(p->var)) && d->k_and == LOGIC_TRUE)
        return id;
    logic_new_round(p->s->l);
    uint32_t k = logic_and(p->s->l, derive(p, x.k, d), d->k_and);
    if (k == LOGIC_FALSE)
        return AN_NOTHING;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = d->list ? d->list->v.v[i] : i, side = at >= x.n[0];
        struct an_entry e = x.e[at];
        if (decided[side])
            continue;
        e.guard = derive(p, e.guard, d);
        if (e.guard == LOGIC_FALSE)
            continue;
        *vec_push(&p->s->a, &p->s->raw[side]) = e;
        decided[side] = p->s->keep == 1 && e.guard == LOGIC_TRUE && (e.outcome & OUTCOME_TERMINAL);
    }
    return an_state_make(p->s, k);
}

bool split_has_cell(const struct splitter *p, uint32_t state)
{
    return p->s->states.v[state].mark == p->s->split;
}

void split_add_cell(struct splitter *p, uint32_t state, const struct logic_value *v)
{
    if (state == AN_NOTHING || split_has_cell(p, state))
        return;
    p->s->states.v[state].mark = p->s->split;
    *vec_push(p->a, &p->out->v) = (struct an_cell){state, *v};
}

void split_value(struct splitter *p, const struct logic_value *v, uint32_t k_and, const struct an_list *list)
{
    const struct derivation d = {.how = DERIVE_ASSIGN, .value = v, .k_and = k_and, .list = list};
    split_add_cell(p, split_derived(p, p->from, &d), v);
}

bool split_is_worth_posting(const struct splitter *p, uint32_t values)
{
    const struct an_state *x = &p->s->states.v[p->from];
    return (uint64_t)values * (x->n[0] + x->n[1]) > 64;
}

void split_visit_atoms(struct splitter *p, uint32_t id, void (*fn)(void *, const struct atom *, uint32_t))
{
    struct an_state x = p->s->states.v[id];
    logic_new_round(p->s->l);
    logic_visit(p->s->l, x.k, p->var, fn, p);
    for (uint32_t i = 0; i < x.n[0] + x.n[1]; i++)
        logic_visit(p->s->l, x.e[i].guard, p->var, fn, p);
}

/* ---- texts one by one -------------------------------------------------------------------------- */

static void add_exact(struct splitter *p, struct slice text)
{
    bool added;
    strmap_put(&p->exact, p->a, text, p->texts.n, &added);
    if (added)
        vec_add(p->a, &p->texts, text);
}

static void collect_exact(void *ctx, const struct atom *a, uint32_t state)
{
    (void)state;
    for (uint32_t i = 0; a->kind == ATOM_EXACT && i < a->n; i++)
        add_exact(ctx, a->exact->v[i]);
}

struct slice split_turned(struct splitter *p, struct slice text)
{
    if (!p->reversed)
        return text;
    char *out = arena_alloc(p->a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.p[text.len - 1 - i];
    return (struct slice){out, text.len};
}

const struct text_domain *split_domain(const struct splitter *p)
{
    return logic_domain(p->s->l, p->var);
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
        split_value(p, &v, p->s->asterisk, NULL);
}

/* By what texts find entries, where there are many. */
static struct an_postings *post_entries(struct splitter *p)
{
    struct an_state x = p->s->states.v[p->from];
    if (!split_is_worth_posting(p, p->texts.n))
        return NULL;
    struct an_postings *by_text = arena_new(p->a, struct an_postings);
    an_postings_begin(by_text, p->s->l, p->a, p->var);
    for (uint32_t i = 0; i < x.n[0] + x.n[1]; i++)
        an_postings_add(by_text, x.e[i].guard, i);
    return by_text;
}

static void try_texts(struct splitter *p)
{
    add_samples(p);
    split_visit_atoms(p, p->from, collect_exact);
    struct an_postings *by_text = post_entries(p);
    for (uint32_t i = 0; i < p->texts.n && !an_search_over(p->s); i++) {
        struct logic_value v = {.text = p->texts.v[i]};
        struct slice turned = split_turned(p, v.text);
        if (!(p->known && strmap_get(p->known, v.text)) && domain_has(split_domain(p), turned))
            split_value(p, &v, LOGIC_TRUE, by_text ? an_postings_find(by_text, v.text, turned) : NULL);
    }
    try_asterisk(p);
}

static void split_text(struct splitter *p)
{
    const struct logic_value absent = {.absent = true};
    if (!split_domain(p)) {
        an_search_exceed(p->s, AN_AUTOMATON);
        return;
    }
    if (p->s->l->vars.v[p->var].optional)
        split_value(p, &absent, LOGIC_TRUE, NULL);
    try_texts(p);
    split_walk(p);
}

void an_split(struct an_search *s, uint32_t state, uint32_t var, const struct strmap *known,
              struct an_cells *out)
{
    struct splitter p = {.s = s, .a = &s->work, .var = var, .from = state, .known = known, .out = out};
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
