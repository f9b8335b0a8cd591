/* Automata and domains of texts; see an_text.h. */
#include "compiler/an_text.h"

#include "compiler/regex_dfa.h"

enum { LIVE = 2 }; /* state LIVE + i: i bytes of the literal are read */

void text_prepare(struct arena *a, struct text_automaton *t)
{
    if (t->kind == TEXT_DFA && !t->dfa)
        return;
    t->a = a;
    t->nstates = t->kind == TEXT_DFA ? t->dfa->size : LIVE + (uint32_t)t->lit.len + 2;
    t->rows = arena_array(a, struct text_row *, t->nstates);
    if (t->kind != TEXT_CONTAINS && t->kind != TEXT_ENDS)
        return;
    uint32_t *fail = arena_array(a, uint32_t, t->lit.len + 1), k = 0;
    for (uint32_t i = 1; i < t->lit.len; i++) {
        while (k > 0 && t->lit.p[i] != t->lit.p[k])
            k = fail[k];
        k += t->lit.p[i] == t->lit.p[k];
        fail[i + 1] = k;
    }
    t->fail = fail;
}

const struct regex_automaton *text_compile(struct arena *a, struct slice pattern, char separator)
{
    struct regex_automaton *m = arena_new(a, struct regex_automaton);
    return regex_dfa_build(a, pattern, separator, false, m) || m->kind != WEIR_AUTOMATON_DFA ? NULL : m;
}

/* ---- reading ----------------------------------------------------------------------------------- */

uint32_t text_start(const struct text_automaton *t)
{
    if (t->kind == TEXT_DFA)
        return t->dfa->start;
    bool always =
        t->lit.len == 0 && (t->kind == TEXT_PREFIX || t->kind == TEXT_CONTAINS || t->kind == TEXT_ENDS);
    return always ? TEXT_ACCEPT : LIVE;
}

static uint32_t border_step(const struct text_automaton *t, uint32_t i, char byte)
{
    while (i > 0 && (i == t->lit.len || t->lit.p[i] != byte))
        i = t->fail[i];
    i += t->lit.p[i] == byte;
    return i == t->lit.len && t->kind == TEXT_CONTAINS ? TEXT_ACCEPT : LIVE + i;
}

/* After the literal of a TEXT_WILD. */
static uint32_t star_step(const struct text_automaton *t, char byte)
{
    if (t->deep)
        return TEXT_ACCEPT;
    return byte == t->separator ? TEXT_REFUSE : LIVE + (uint32_t)t->lit.len + 1;
}

static uint32_t literal_step(const struct text_automaton *t, uint32_t i, char byte)
{
    if (i < t->lit.len && t->lit.p[i] != byte)
        return TEXT_REFUSE;
    if (i < t->lit.len)
        return t->kind == TEXT_PREFIX && i + 1 == t->lit.len ? TEXT_ACCEPT : LIVE + i + 1;
    if (t->kind == TEXT_WILD)
        return star_step(t, byte);
    return t->kind == TEXT_UNDER && byte == '/' ? TEXT_ACCEPT : TEXT_REFUSE;
}

uint32_t text_step(const struct text_automaton *t, uint32_t state, unsigned char byte)
{
    if (state <= TEXT_ACCEPT)
        return state;
    if (t->until_query && byte == '?')
        return text_final(t, state) ? TEXT_ACCEPT : TEXT_REFUSE;
    if (t->bytes)
        byte = t->bytes[byte];
    switch (t->kind) {
    case TEXT_DFA:
        return t->dfa->trans[state * t->dfa->nclasses + t->dfa->classes[byte]];
    case TEXT_CONTAINS:
    case TEXT_ENDS:
        return border_step(t, state - LIVE, (char)byte);
    case TEXT_EQUAL:
    case TEXT_PREFIX:
    case TEXT_UNDER:
    case TEXT_WILD:
        break;
    }
    return literal_step(t, state - LIVE, (char)byte);
}

static bool final(const struct text_automaton *t, uint32_t state)
{
    if (state <= TEXT_ACCEPT)
        return state == TEXT_ACCEPT;
    uint32_t i = state - LIVE;
    switch (t->kind) {
    case TEXT_DFA:
        return state >= t->dfa->first_final;
    case TEXT_EQUAL:
    case TEXT_ENDS:
    case TEXT_UNDER:
        return i == t->lit.len;
    case TEXT_WILD:
        return i > t->lit.len;
    case TEXT_PREFIX:
    case TEXT_CONTAINS:
        return false;
    }
    return false;
}

bool text_final(const struct text_automaton *t, uint32_t state)
{
    for (size_t i = 0; i < t->suffix.len; i++)
        state = text_step(t, state, (unsigned char)t->suffix.p[i]);
    return final(t, state);
}

/* ---- classes of bytes -------------------------------------------------------------------------- */

void text_classes_begin(struct text_classes *c)
{
    memset(c, 0, sizeof *c);
    c->n = 1;
    c->size[0] = 256;
}

void text_classes_single(struct text_classes *c, unsigned char byte)
{
    uint8_t old = c->of[byte];
    if (c->size[old] == 1)
        return;
    c->size[old]--;
    c->of[byte] = (uint8_t)c->n;
    c->size[c->n++] = 1;
}

void text_classes_split(struct text_classes *c, const uint8_t label[256])
{
    struct {
        uint8_t label, class;
    } first[256][4]; /* a few labels of each class are found at once; the others by looking back */
    uint8_t found[256] = {0};
    struct text_classes out = {.n = 0};
    for (unsigned b = 0; b < 256; b++) {
        uint8_t old = c->of[b], k = 0;
        int class = -1;
        for (; k < found[old] && class < 0; k++)
            if (first[old][k].label == label[b])
                class = first[old][k].class;
        for (unsigned i = 0; class < 0 && found[old] == 4 && i < b; i++)
            if (c->of[i] == old && label[i] == label[b])
                class = out.of[i];
        if (class < 0) {
            class = (int)out.n++;
            if (found[old] < 4) {
                first[old][found[old]].label = label[b];
                first[old][found[old]++].class = (uint8_t) class;
            }
        }
        out.of[b] = (uint8_t) class;
        out.size[class]++;
    }
    *c = out;
}

/* Numbers the states to which the bytes lead, and yields the number of the most frequent one. */
static uint8_t label_bytes(const struct text_automaton *t, uint32_t state, uint8_t label[256], uint32_t *others)
{
    uint32_t to[256], count[256] = {0}, n = 0, most = 0;
    for (unsigned b = 0; b < 256; b++) {
        uint32_t next = text_step(t, state, (unsigned char)b), i = 0;
        while (i < n && to[i] != next)
            i++;
        n += i == n;
        to[i] = next;
        label[b] = (uint8_t)i;
        count[i]++;
    }
    for (uint32_t i = 1; i < n; i++)
        most = count[i] > count[most] ? i : most;
    *others = 256 - count[most];
    return (uint8_t)most;
}

static const struct text_row *row_of(const struct text_automaton *t, uint32_t state)
{
    uint8_t label[256];
    uint32_t others;
    if (t->rows[state])
        return t->rows[state];
    struct text_row *r = t->rows[state] = arena_new(t->a, struct text_row);
    uint8_t most = label_bytes(t, state, label, &others);
    if (others > sizeof r->bytes) {
        uint8_t *kept = arena_alloc(t->a, sizeof label);
        r->label = memcpy(kept, label, sizeof label);
        return r;
    }
    for (unsigned b = 0; b < 256; b++)
        if (label[b] != most)
            r->bytes[r->n++] = (uint8_t)b;
    return r;
}

static void refine_by_row(const struct text_automaton *t, uint32_t state, struct text_classes *c)
{
    const struct text_row *r = row_of(t, state);
    if (r->label)
        text_classes_split(c, r->label);
    for (uint32_t i = 0; i < r->n; i++)
        text_classes_single(c, r->bytes[i]);
}

void text_refine(const struct text_automaton *t, uint32_t state, struct text_classes *c)
{
    if (state <= TEXT_ACCEPT)
        return;
    uint32_t i = state - LIVE;
    if (t->bytes || t->kind == TEXT_DFA || t->kind == TEXT_CONTAINS || t->kind == TEXT_ENDS) {
        refine_by_row(t, state, c);
        return;
    }
    if (t->until_query)
        text_classes_single(c, '?');
    if (i < t->lit.len)
        text_classes_single(c, (unsigned char)t->lit.p[i]);
    else if (t->kind == TEXT_UNDER)
        text_classes_single(c, '/');
    else if (t->kind == TEXT_WILD && !t->deep)
        text_classes_single(c, (unsigned char)t->separator);
}

/* ---- domains ----------------------------------------------------------------------------------- */

const uint8_t *text_preference(void)
{
    return (const uint8_t *)"xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_/"
                            ".~+=:,;@!$&'()*% ?#\"<>[]\\^`{|}\t";
}

/* Of a path: visible ASCII but "/", "?" and "#"; escapes in upper case, but of what is decoded, of "/" and of
 * NUL. */
#define ESCAPE   "%(0[1-9A-F]|1[0-9A-F]|2[0-9A-C]|3[A-F]|40|5[B-E]|60|7[B-DF]|[89A-F][0-9A-F])"
#define UNDOTTED "([!\"$&-\\-0->@-~]|" ESCAPE ")"
#define ANY      "([!\"$&-.0->@-~]|" ESCAPE ")"
#define SEGMENT  "(" UNDOTTED "|\\." UNDOTTED "|\\.\\." ANY ")" ANY "*"
#define PATH     "/(" SEGMENT "(/" SEGMENT ")*/?)?"

static const char *const domain_text[DOMAIN_COUNT] = {
    /* norm_host(); one dot at the end is taken away, another stays */
    [DOMAIN_HOST] = "^([a-z0-9._~!$&'()*+,;=\\-]*|\\[[0-9a-f:.]+\\])$",
    [DOMAIN_HOST_REVERSED] = "^([a-z0-9._~!$&'()*+,;=\\-]*|\\][0-9a-f:.]+\\[)$",
    [DOMAIN_PATH] = "^" PATH "$",
    [DOMAIN_URI] = "^" PATH "(\\?[!-~\\x80-\\xff]*)?$",
    [DOMAIN_METHOD] = "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$",
    /* No blank at the ends, but where lines are joined (", "). */
    [DOMAIN_HEADER] = "^([!-~\\x80-\\xff]([\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?(, )*$",
    [DOMAIN_COOKIE] = "^([!-:<-~\\x80-\\xff]([\\t -:<-~\\x80-\\xff]*[!-:<-~\\x80-\\xff])?)?$",
    [DOMAIN_ANY] = "",
};

/* The shortest ways to a final state, backwards from the final states. */
static void find_ways(struct arena *a, struct text_domain *d)
{
    const struct regex_automaton *m = d->dfa;
    uint32_t *distance = arena_array(a, uint32_t, m->size);
    uint8_t *toward = arena_array(a, uint8_t, m->size);
    const uint8_t *order = text_preference();
    for (uint32_t s = 0; s < m->size; s++)
        distance[s] = domain_final(d, s) ? 0 : UINT32_MAX;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t s = 0; s < m->size; s++)
            for (uint32_t k = 0; order[k]; k++) {
                uint32_t to = domain_step(d, s, order[k]);
                if (distance[to] == UINT32_MAX || distance[to] + 1 >= distance[s])
                    continue;
                distance[s] = distance[to] + 1;
                toward[s] = order[k];
                changed = true;
            }
    }
    d->distance = distance;
    d->toward = toward;
}

enum { STATES_MAX = 256 };

/* States from which the same texts end well, by refining: `first` is the first state of each class, `of` the class. */
struct equal_states {
    uint32_t first[STATES_MAX], of[STATES_MAX], n;
};

static bool leads_alike(const struct regex_automaton *m, const struct equal_states *e, uint32_t x, uint32_t y)
{
    for (uint32_t k = 0; k < m->nclasses; k++)
        if (e->of[m->trans[x * m->nclasses + k]] != e->of[m->trans[y * m->nclasses + k]])
            return false;
    return e->of[x] == e->of[y];
}

static void find_equal(const struct text_domain *d, struct equal_states *e)
{
    const struct regex_automaton *m = d->dfa;
    for (uint32_t s = 0; s < m->size; s++)
        e->of[s] = domain_final(d, s);
    e->n = 0;
    for (uint32_t before = UINT32_MAX; before != e->n;) {
        struct equal_states next = {.n = 0};
        before = e->n;
        for (uint32_t s = 0; s < m->size; s++) {
            uint32_t i = 0;
            while (i < next.n && !leads_alike(m, e, s, next.first[i]))
                i++;
            if (i == next.n)
                next.first[next.n++] = s;
            next.of[s] = i;
        }
        *e = next;
    }
}

/* Whether all bytes lead from the two to states of which the second is wider than the first, so far. */
static bool stays_wider(const struct regex_automaton *m, const struct equal_states *e,
                        const struct text_states *wider, uint32_t x, uint32_t y)
{
    const uint16_t *p = m->trans + e->first[x] * m->nclasses, *q = m->trans + e->first[y] * m->nclasses;
    for (uint32_t k = 0; k < m->nclasses; k++)
        if (!text_states_has(&wider[e->of[p[k]]], e->of[q[k]]))
            return false;
    return true;
}

/* Of classes, by taking away pairs that a byte tells apart. */
static void widen_classes(const struct text_domain *d, const struct equal_states *e, struct text_states *wider)
{
    for (uint32_t x = 0; x < e->n; x++)
        for (uint32_t y = 0; y < e->n; y++)
            if (!domain_final(d, e->first[x]) || domain_final(d, e->first[y]))
                text_states_add(&wider[x], y);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t x = 0; x < e->n; x++)
            for (uint32_t y = 0; y < e->n; y++)
                if (text_states_has(&wider[x], y) && !stays_wider(d->dfa, e, wider, x, y)) {
                    wider[x].bits[y / 64] &= ~(1ull << y % 64);
                    changed = true;
                }
    }
}

/* Which states have the texts of which others. */
static void find_wider(struct arena *a, struct text_domain *d)
{
    uint32_t n = d->dfa->size;
    struct equal_states e;
    struct text_states of_classes[STATES_MAX] = {{{0}}}, *wider;
    if (n > STATES_MAX)
        return;
    find_equal(d, &e);
    widen_classes(d, &e, of_classes);
    wider = arena_array(a, struct text_states, n);
    for (uint32_t x = 0; x < n; x++)
        for (uint32_t y = 0; y < n; y++)
            if (text_states_has(&of_classes[e.of[x]], e.of[y]))
                text_states_add(&wider[x], y);
    d->wider = wider;
}

const struct text_domain *text_domain(struct arena *a, enum text_domain_kind kind)
{
    struct text_domain *d = arena_new(a, struct text_domain);
    d->dfa = text_compile(a, slice_of(domain_text[kind]), 0);
    if (d->dfa) {
        find_ways(a, d);
        find_wider(a, d);
    }
    return d->dfa ? d : NULL;
}

uint32_t domain_start(const struct text_domain *d)
{
    return d->dfa->start;
}

uint32_t domain_step(const struct text_domain *d, uint32_t state, unsigned char byte)
{
    return d->dfa->trans[state * d->dfa->nclasses + d->dfa->classes[byte]];
}

bool domain_final(const struct text_domain *d, uint32_t state)
{
    return state == TEXT_ACCEPT || (state != TEXT_REFUSE && state >= d->dfa->first_final);
}

bool domain_has(const struct text_domain *d, struct slice text)
{
    uint32_t state = domain_start(d);
    for (size_t i = 0; i < text.len; i++)
        state = domain_step(d, state, (unsigned char)text.p[i]);
    return domain_final(d, state);
}
