/* Automata and domains of texts; see an_text.h. */
#include "compiler/an_text.h"

#include "compiler/regex_dfa.h"

enum { LIVE = 2 }; /* state LIVE + i: i bytes of the literal are read */

static const int16_t *find_only(struct arena *a, const struct regex_automaton *m)
{
    int16_t *only = arena_array(a, int16_t, m->nclasses);
    memset(only, 0xfe, m->nclasses * sizeof *only); /* none yet: negative, and not -1 */
    for (int b = 0; b < 256; b++) {
        int16_t *x = &only[m->classes[b]];
        *x = *x < -1 ? (int16_t)b : -1;
    }
    return only;
}

void text_prepare(struct arena *a, struct text_automaton *t)
{
    if (t->kind == TEXT_DFA && !t->dfa)
        return;
    t->a = a;
    if (t->kind == TEXT_DFA)
        t->only = find_only(a, t->dfa);
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

/* Building leaves much behind that the automaton does not need. */
const struct regex_automaton *text_compile(struct arena *a, struct slice pattern, char separator)
{
    struct arena work = {0};
    struct regex_automaton built = {0}, *m = NULL;
    if (!regex_dfa_build(&work, pattern, separator, false, &built) && built.kind == WEIR_AUTOMATON_DFA) {
        m = arena_new(a, struct regex_automaton);
        *m = built;
        size_t cells = (size_t)built.size * built.nclasses;
        uint16_t *trans = arena_array(a, uint16_t, cells);
        m->trans = memcpy(trans, built.trans, cells * sizeof *trans);
    }
    arena_free(&work);
    return m;
}

bool text_is_glob(struct slice pattern, char separator)
{
    for (size_t i = 0; i + 1 < pattern.len; i++)
        if (pattern.p[i] == '*' && pattern.p[i + 1] != separator)
            return false;
    return true;
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

/* Whether the byte before the place `i` of a glob is a star, of which one byte at least was read. */
static bool in_star(const struct text_automaton *t, uint32_t i)
{
    return i > 0 && t->lit.p[i - 1] == '*';
}

static uint32_t glob_step(const struct text_automaton *t, uint32_t i, char byte)
{
    bool last = i + 1 == t->lit.len;
    if (in_star(t, i) && byte != t->separator)
        return LIVE + i;
    if (i == t->lit.len)
        return TEXT_REFUSE;
    if (t->lit.p[i] != '*' || in_star(t, i))
        return t->lit.p[i] == byte ? LIVE + i + 1 : TEXT_REFUSE;
    if (last && t->deep)
        return TEXT_ACCEPT;
    return byte == t->separator ? TEXT_REFUSE : LIVE + i + 1;
}

static uint32_t literal_step(const struct text_automaton *t, uint32_t i, char byte)
{
    if (i < t->lit.len && t->lit.p[i] != byte)
        return TEXT_REFUSE;
    if (i < t->lit.len)
        return t->kind == TEXT_PREFIX && i + 1 == t->lit.len ? TEXT_ACCEPT : LIVE + i + 1;
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
    case TEXT_GLOB:
        return glob_step(t, state - LIVE, (char)byte);
    case TEXT_EQUAL:
    case TEXT_PREFIX:
    case TEXT_UNDER:
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
    case TEXT_GLOB:
        return i == t->lit.len;
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
    memset(c->of, 0, sizeof c->of);
    c->n = 1;
    c->size[0] = 256;
    c->simple = true;
    c->nsingles = 0;
}

void text_classes_single(struct text_classes *c, unsigned char byte)
{
    uint8_t old = c->of[byte];
    if (c->size[old] == 1)
        return;
    c->size[old]--;
    c->of[byte] = (uint8_t)c->n;
    c->size[c->n++] = 1;
    c->singles[c->nsingles++] = byte;
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

/* Numbers the states to which the bytes lead: the number of the most frequent one, and that state. */
struct labels {
    uint8_t of[256], most;
    uint32_t to, others; /* others: bytes that lead elsewhere */
};

static void count_labels(struct labels *x, const uint32_t *to, uint32_t n)
{
    uint32_t count[256] = {0}, most = 0;
    for (unsigned b = 0; b < 256; b++)
        count[x->of[b]]++;
    for (uint32_t i = 1; i < n; i++)
        most = count[i] > count[most] ? i : most;
    x->most = (uint8_t)most;
    x->to = to[most];
    x->others = 256 - count[most];
}

static uint8_t label_of(uint32_t *to, uint32_t *n, uint32_t next)
{
    uint32_t i = 0;
    while (i < *n && to[i] != next)
        i++;
    *n += i == *n;
    to[i] = next;
    return (uint8_t)i;
}

static void label_bytes(const struct text_automaton *t, uint32_t state, struct labels *x)
{
    uint32_t to[256], n = 0;
    uint8_t of_class[256];
    bool plain = t->kind == TEXT_DFA && !t->bytes && !t->until_query;
    for (uint32_t c = 0; plain && c < t->dfa->nclasses; c++)
        of_class[c] = label_of(to, &n, t->dfa->trans[state * t->dfa->nclasses + c]);
    for (unsigned b = 0; b < 256; b++)
        x->of[b] = plain ? of_class[t->dfa->classes[b]] : label_of(to, &n, text_step(t, state, (unsigned char)b));
    count_labels(x, to, n);
}

static const struct text_row *row_of(const struct text_automaton *t, uint32_t state)
{
    struct labels x;
    if (t->rows[state])
        return t->rows[state];
    struct text_row *r = t->rows[state] = arena_new(t->a, struct text_row);
    label_bytes(t, state, &x);
    r->refuses = x.to == TEXT_REFUSE;
    if (x.others > sizeof r->bytes) {
        uint8_t *kept = arena_alloc(t->a, sizeof x.of);
        r->label = memcpy(kept, x.of, sizeof x.of);
        return r;
    }
    for (unsigned b = 0; b < 256; b++)
        if (x.of[b] != x.most)
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
    bool star = t->kind == TEXT_GLOB && (in_star(t, i) || (i < t->lit.len && t->lit.p[i] == '*'));
    if (t->bytes || star || t->kind == TEXT_DFA || t->kind == TEXT_CONTAINS || t->kind == TEXT_ENDS) {
        refine_by_row(t, state, c);
        return;
    }
    if (t->until_query)
        text_classes_single(c, '?');
    if (i < t->lit.len)
        text_classes_single(c, (unsigned char)t->lit.p[i]);
    else if (t->kind == TEXT_UNDER)
        text_classes_single(c, '/');
}

/* Of texts whose place tells what may follow: the bytes, or -1 where most may; -2 where the place does not tell. */
static int narrow_by_place(const struct text_automaton *t, uint32_t i, uint8_t bytes[TEXT_FEW])
{
    bool star = t->kind == TEXT_GLOB && (in_star(t, i) || (i < t->lit.len && t->lit.p[i] == '*'));
    int n = 0;
    if (t->kind == TEXT_DFA || t->bytes || t->suffix.len)
        return -2;
    if (t->kind == TEXT_CONTAINS || t->kind == TEXT_ENDS || star)
        return -1;
    if (i < t->lit.len) {
        bytes[n++] = (uint8_t)t->lit.p[i];
        return n;
    }
    if (t->kind == TEXT_UNDER)
        bytes[n++] = '/';
    if (t->until_query)
        bytes[n++] = '?';
    return n;
}

/* The same for a DFA: by its classes, of which most that are left have one byte. */
static int narrow_by_class(const struct text_automaton *t, uint32_t state, uint8_t bytes[TEXT_FEW])
{
    const uint16_t *to = t->dfa->trans + (size_t)state * t->dfa->nclasses;
    int n = 0;
    for (uint32_t c = 0; c < t->dfa->nclasses; c++) {
        if (to[c] == TEXT_REFUSE)
            continue;
        if (n == TEXT_FEW || t->only[c] < 0)
            return -1;
        bytes[n++] = (uint8_t)t->only[c];
    }
    return n;
}

int text_narrow(const struct text_automaton *t, uint32_t state, uint8_t bytes[TEXT_FEW])
{
    if (state <= TEXT_ACCEPT)
        return -1;
    int n = narrow_by_place(t, state - LIVE, bytes);
    if (n != -2)
        return n;
    if (t->kind == TEXT_DFA && !t->bytes && !t->until_query && !t->suffix.len)
        return narrow_by_class(t, state, bytes);
    const struct text_row *r = row_of(t, state);
    if (r->label || !r->refuses)
        return -1;
    memcpy(bytes, r->bytes, sizeof r->bytes);
    return (int)r->n;
}

/* What of the literal must follow, where nothing else is to be thought of. */
static size_t forced_by_place(const struct text_automaton *t, uint32_t i, char *out, size_t max)
{
    size_t n = 0;
    if (t->kind == TEXT_GLOB && in_star(t, i))
        return 0;
    while (n < max && i + n < t->lit.len && !(t->kind == TEXT_GLOB && t->lit.p[i + n] == '*')) {
        out[n] = t->lit.p[i + n];
        n++;
    }
    return n;
}

size_t text_forced(const struct text_automaton *t, uint32_t state, char *out, size_t max)
{
    size_t n = 0;
    uint8_t bytes[TEXT_FEW];
    bool placed = t->kind == TEXT_EQUAL || t->kind == TEXT_PREFIX || t->kind == TEXT_UNDER || t->kind == TEXT_GLOB;
    if (placed && state > TEXT_ACCEPT && !t->bytes && !t->suffix.len)
        return forced_by_place(t, state - LIVE, out, max);
    for (; n < max && text_narrow(t, state, bytes) == 1 && !text_final(t, state); n++) {
        out[n] = (char)bytes[0];
        state = text_step(t, state, bytes[0]);
    }
    return n;
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
