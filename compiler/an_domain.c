/* Domains of fields: what the normaliser lets through; see an_text.h. */
#include "compiler/an_text.h"
#include "compiler/regex_dfa.h"

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

/* Bytes by what the automaton takes for the same. */
static const uint8_t *group_bytes(struct arena *a, const struct regex_automaton *m)
{
    uint8_t *out = arena_array(a, uint8_t, 256), order[256];
    bool placed[256] = {false};
    const char *best = (const char *)text_preference();
    uint32_t n = 0, known = (uint32_t)strlen(best);
    memcpy(order, best, known);
    for (uint32_t b = 0; b < 256; b++)
        if (b == 0 || !strchr(best, (int)b))
            order[known++] = (uint8_t)b;
    for (uint32_t i = 0; i < 256; i++)
        for (uint32_t k = i, first = !placed[order[i]]; first && k < 256; k++)
            if (!placed[order[k]] && m->classes[order[k]] == m->classes[order[i]]) {
                placed[order[k]] = true;
                out[n++] = order[k];
            }
    return out;
}

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
        d->bytes = group_bytes(a, d->dfa);
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

uint8_t domain_class(const struct text_domain *d, uint8_t byte)
{
    return d->dfa->classes[byte];
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
