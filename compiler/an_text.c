/* Automata of texts; see an_text.h. */
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

static bool is_plain_dfa(const struct text_automaton *t)
{
    return t->kind == TEXT_DFA && !t->bytes && !t->until_query && !t->suffix.len;
}

/* text_narrow() of a DFA: by its classes, of which most that are left have one byte. */
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

static void refine_by_row(const struct text_automaton *t, uint32_t state, struct text_classes *c)
{
    uint8_t bytes[TEXT_FEW];
    int n = is_plain_dfa(t) ? narrow_by_class(t, state, bytes) : -1;
    for (int i = 0; i < n; i++)
        text_classes_single(c, bytes[i]);
    if (n >= 0)
        return;
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

int text_narrow(const struct text_automaton *t, uint32_t state, uint8_t bytes[TEXT_FEW])
{
    if (state <= TEXT_ACCEPT)
        return -1;
    int n = narrow_by_place(t, state - LIVE, bytes);
    if (n != -2)
        return n;
    if (is_plain_dfa(t))
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
