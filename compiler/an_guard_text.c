/* Tests of texts as formulas; see an_guard.h. */
#include "compiler/an_guard_state.h"

#include <stdio.h>

#include "runtime/base/hash.h"

/* A text variable as the test sees it. */
struct view {
    uint32_t var;
    bool reversed;    /* read from the end */
    bool until_query; /* a path, in a variable that holds the URI */
    struct slice suffix; /* was added to it */
    const uint8_t *bytes;
};

static struct slice reversed(struct guard_maker *m, struct slice s)
{
    char *out = arena_alloc(&m->l->a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        out[i] = s.p[s.len - 1 - i];
    return (struct slice){out, s.len};
}

/* ---- atoms ------------------------------------------------------------------------------------- */

static void put_view(const struct view *v, struct buf *out)
{
    buf_printf(out, "%u %d %d ", v->var, v->until_query, v->bytes != NULL);
    guard_put(out, v->suffix.p, v->suffix.len);
    if (v->bytes)
        buf_add(out, v->bytes, 256);
}

static uint32_t text_atom(struct guard_maker *m, const struct view *v, struct text_automaton *t,
                          struct slice pattern)
{
    struct buf key = {0};
    buf_printf(&key, "text %d %d %d ", t->kind, t->deep, t->separator);
    put_view(v, &key);
    guard_put(&key, pattern.p, pattern.len);
    uint32_t *known = strmap_get(&m->l->atom_index, buf_view(&key)), atom = GUARD_UNKNOWN;
    if (known) {
        atom = *known;
    } else {
        t->lit = arena_copy(&m->l->a, pattern);
        t->until_query = v->until_query;
        t->bytes = v->bytes;
        t->suffix = v->suffix;
        if (t->kind == TEXT_DFA)
            t->dfa = text_compile(&m->l->a, pattern, t->separator);
        text_prepare(&m->l->a, t);
        struct text_automaton *kept = arena_new(&m->l->a, struct text_automaton);
        *kept = *t;
        struct atom a = {.kind = ATOM_TEXT, .var = v->var, .text = kept};
        if (t->kind != TEXT_DFA || t->dfa)
            atom = logic_intern_atom(m->l, &a, buf_view(&key));
    }
    buf_free(&key);
    return atom == GUARD_UNKNOWN ? GUARD_UNKNOWN
                                 : logic_atom(m->l, atom, text_start(m->l->atoms.v[atom].text));
}

static uint32_t literal(struct guard_maker *m, const struct view *v, enum text_kind kind, struct slice text)
{
    struct text_automaton t = {.kind = kind};
    if (v->reversed && kind == TEXT_PREFIX)
        t.kind = TEXT_ENDS;
    if (v->reversed && kind == TEXT_ENDS)
        t.kind = TEXT_PREFIX;
    return text_atom(m, v, &t, v->reversed ? reversed(m, text) : text);
}

static bool is_plain(const struct view *v)
{
    return !v->bytes && !v->until_query && !v->suffix.len;
}

/* One of the texts, none of which stands there twice. */
static uint32_t exact(struct guard_maker *m, const struct view *v, struct slice *texts, uint32_t n,
                      struct slice id)
{
    struct buf key = {0};
    buf_printf(&key, "exact %u ", v->var);
    guard_put(&key, id.p, id.len);
    uint32_t *known = strmap_get(&m->l->atom_index, buf_view(&key)), atom;
    if (known) {
        atom = *known;
    } else {
        struct exact_set *s = arena_new(&m->l->a, struct exact_set);
        *s = (struct exact_set){texts, n, {0}};
        for (uint32_t i = 0; n > 1 && i < n; i++)
            strmap_put(&s->index, &m->l->a, texts[i], i, NULL);
        struct atom a = {.kind = ATOM_EXACT, .var = v->var, .n = n, .exact = s};
        atom = logic_intern_atom(m->l, &a, buf_view(&key));
    }
    buf_free(&key);
    return logic_atom(m->l, atom, 0);
}

static uint32_t equal(struct guard_maker *m, const struct view *v, struct slice text)
{
    if (!is_plain(v))
        return literal(m, v, TEXT_EQUAL, text);
    struct slice *one = arena_array(&m->l->a, struct slice, 1);
    one[0] = arena_copy(&m->l->a, text);
    return exact(m, v, one, 1, text);
}

static uint32_t under(struct guard_maker *m, const struct view *v, struct slice prefix)
{
    if (v->reversed)
        return GUARD_UNKNOWN;
    if (prefix.len == 0)
        return literal(m, v, TEXT_PREFIX, SLICE("/"));
    return literal(m, v, prefix.p[prefix.len - 1] == '/' ? TEXT_PREFIX : TEXT_UNDER, prefix);
}

static uint32_t glob(struct guard_maker *m, const struct view *v, struct slice pattern, char separator)
{
    if (v->reversed)
        pattern = reversed(m, pattern);
    if (!pattern.len || !memchr(pattern.p, '*', pattern.len))
        return equal(m, v, v->reversed ? reversed(m, pattern) : pattern);
    struct text_automaton t = {.kind = TEXT_GLOB, .separator = separator};
    struct slice single = pattern; /* its last star is one, which may be deep */
    t.deep = pattern.len > 1 && memcmp(pattern.p + pattern.len - 2, "**", 2) == 0;
    single.len -= t.deep;
    if (text_is_glob(single, separator))
        return text_atom(m, v, &t, single);
    t.kind = TEXT_DFA;
    t.deep = false;
    return text_atom(m, v, &t, pattern);
}

/* ---- membership -------------------------------------------------------------------------------- */

static bool is_wild(const struct text_test *t, uint32_t i)
{
    struct slice key = t->rows[i].key.str;
    return t->set->key_kind == IR_KEY_HOST_PATTERN &&
           (slice_starts(key, SLICE("*.")) || slice_starts(key, SLICE("**.")));
}

static struct slice rows_id(struct guard_maker *m, const struct text_test *t, struct slice *texts, uint32_t n)
{
    if (n == 1)
        return texts[0];
    struct buf b = {0};
    if (t->rows == t->set->rows.v && n == t->set->rows.n) {
        buf_slice(&b, guard_set_digest(m, t->set));
    } else {
        for (uint32_t i = 0; i < n; i++)
            guard_put(&b, texts[i].p, texts[i].len);
        char hex[33];
        hash_hex(buf_view(&b), hex);
        b.len = 0;
        buf_printf(&b, "part %s", hex);
    }
    buf_printf(&b, " %u", n);
    struct slice id = arena_copy(&m->l->a, buf_view(&b));
    buf_free(&b);
    return id;
}

/* The keys that stand for themselves alone. */
static uint32_t in_exact(struct guard_maker *m, const struct view *v, const struct text_test *t)
{
    struct slice *texts = arena_array(&m->l->a, struct slice, t->n);
    uint32_t n = 0, f = LOGIC_FALSE;
    for (uint32_t i = 0; i < t->n; i++)
        if (!is_wild(t, i))
            texts[n++] = t->rows[i].key.str;
    if (n == 0)
        return LOGIC_FALSE;
    if (is_plain(v))
        return exact(m, v, texts, n, rows_id(m, t, texts, n));
    for (uint32_t i = 0; i < n; i++)
        f = logic_or(m->l, f, equal(m, v, texts[i]));
    return f;
}

/* An expression reads texts from their begin. */
static uint32_t regex(struct guard_maker *m, const struct view *v, struct slice text)
{
    struct text_automaton dfa = {.kind = TEXT_DFA};
    return v->reversed ? GUARD_UNKNOWN : text_atom(m, v, &dfa, text);
}

static uint32_t key_test(struct guard_maker *m, const struct view *v, const struct text_test *t, uint32_t i)
{
    struct slice key = t->rows[i].key.str;
    switch (t->set->key_kind) {
    case IR_KEY_HOST_PATTERN:
        return glob(m, v, key, '.');
    case IR_KEY_PATH:
        return under(m, v, key);
    case IR_KEY_PREFIX:
        return literal(m, v, TEXT_PREFIX, key);
    case IR_KEY_SUFFIX:
        return literal(m, v, TEXT_ENDS, key);
    case IR_KEY_REGEX:
        return regex(m, v, key);
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_INT:
    case IR_KEY_CIDR:
    case IR_KEY_RANGE:
        break;
    }
    return GUARD_UNKNOWN;
}

static uint32_t in_rows(struct guard_maker *m, const struct view *v, const struct text_test *t)
{
    enum ir_key_kind kind = t->set->key_kind;
    bool exact_kind = guard_key_is_exact(kind);
    if (kind == IR_KEY_INT || kind == IR_KEY_CIDR || kind == IR_KEY_RANGE || (exact_kind && !is_plain(v) && t->n > GUARD_KEYS_MAX))
        return GUARD_UNKNOWN;
    if (exact_kind)
        return in_exact(m, v, t);
    VEC(uint32_t) kids = {0};
    for (uint32_t i = 0; i < t->n && kids.n <= GUARD_KEYS_MAX; i++) {
        if (kind == IR_KEY_HOST_PATTERN && !is_wild(t, i))
            continue;
        uint32_t kid = key_test(m, v, t, i);
        if (kid == GUARD_UNKNOWN)
            return GUARD_UNKNOWN;
        vec_add(&m->l->a, &kids, kid);
    }
    if (kids.n > GUARD_KEYS_MAX)
        return GUARD_UNKNOWN;
    uint32_t f = logic_junction(m->l, LOGIC_OR, kids.v, kids.n);
    return kind == IR_KEY_HOST_PATTERN ? logic_or(m->l, f, in_exact(m, v, t)) : f;
}

bool guard_key_is_exact(enum ir_key_kind kind)
{
    switch (kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_INT:
        return true;
    case IR_KEY_HOST_PATTERN:
    case IR_KEY_PATH:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
    case IR_KEY_CIDR:
    case IR_KEY_RANGE:
    case IR_KEY_REGEX:
        break;
    }
    return false;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static uint32_t view_test(struct guard_maker *m, const struct view *v, const struct text_test *t)
{
    if (t->op == IR_EQ)
        return equal(m, v, t->text);
    if (t->op == IR_STARTS_WITH)
        return literal(m, v, TEXT_PREFIX, t->text);
    if (t->op == IR_ENDS_WITH)
        return literal(m, v, TEXT_ENDS, t->text);
    if (t->op == IR_CONTAINS)
        return literal(m, v, TEXT_CONTAINS, t->text);
    if (t->op == IR_UNDER)
        return under(m, v, t->text);
    if (t->op == IR_LIKE)
        return glob(m, v, t->text, t->separator);
    if (t->op == IR_IN)
        return in_rows(m, v, t);
    return t->op == IR_MATCHES ? regex(m, v, t->text) : GUARD_UNKNOWN;
}

static uint32_t constant_test(struct guard_maker *m, struct slice text, const struct text_test *t,
                              const uint8_t *bytes)
{
    struct view v = {.var = m->constant, .bytes = bytes};
    struct logic_value value = {.text = {text.p ? text.p : "", text.len}};
    uint32_t f = t->op == IR_EXISTS ? LOGIC_TRUE : view_test(m, &v, t);
    if (f == GUARD_UNKNOWN)
        return f;
    logic_new_round(m->l);
    return logic_assign(m->l, f, m->constant, &value);
}

/* ---- headers ----------------------------------------------------------------------------------- */

enum { ADDS_MAX = 6 }; /* of one header; where there are more, they are not looked into */

/* A test of a header that rules before have changed. */
struct header_test {
    uint32_t var;
    const struct guard_header *history; /* or NULL */
    const struct text_test *t;
    const uint8_t *bytes;
    uint32_t adds; /* in the history */
};

/* What a header has become that the analyser does not know: the same for the same history. */
static uint32_t edited_test(struct guard_maker *m, const struct header_test *x, uint32_t edits, struct slice suffix)
{
    const struct text_test *t = x->t;
    struct buf b = {0};
    bool added;
    buf_printf(&b, "edited %d %d %d ", t->op, t->separator, t->op == IR_IN ? (int)t->set->key_kind : 0);
    guard_put(&b, x->history->name.p, x->history->name.len);
    guard_put(&b, t->text.p, t->text.len);
    guard_put(&b, x->bytes, x->bytes ? 256 : 0);
    guard_put(&b, suffix.p, suffix.len);
    for (uint32_t i = 0; t->op == IR_IN && i < t->n; i++)
        guard_put(&b, t->rows[i].key.str.p, t->rows[i].key.str.len);
    for (uint32_t i = 0; i < edits; i++)
        buf_printf(&b, "[%u %u]", x->history->edits.v[i].guard, x->history->edits.v[i].outcome);
    struct slice id = arena_copy(&m->l->a, buf_view(&b));
    uint32_t var = *strmap_put(&m->l->var_index, &m->l->a, id, m->l->vars.n, &added);
    if (added)
        vec_push(&m->l->a, &m->l->vars)->kind = VAR_OPAQUE;
    struct atom a = {.kind = ATOM_TRUE, .var = var};
    b.len = 0;
    buf_printf(&b, "true %u", var);
    uint32_t atom = logic_intern_atom(m->l, &a, buf_view(&b));
    buf_free(&b);
    return logic_atom(m->l, atom, 0);
}

static uint32_t present_atom(struct guard_maker *m, uint32_t var)
{
    struct atom a = {.kind = ATOM_PRESENT, .var = var};
    char key[32];
    int n = snprintf(key, sizeof key, "present %u", var);
    if (!m->l->vars.v[var].optional)
        return LOGIC_TRUE;
    return logic_atom(m->l, logic_intern_atom(m->l, &a, (struct slice){key, (size_t)n}), 0);
}

static struct slice joined(struct guard_maker *m, const char *between, struct slice text, struct slice suffix)
{
    return arena_printf(&m->l->a, "%s%.*s%.*s", between, SLICE_ARG(text), SLICE_ARG(suffix));
}

static uint32_t exists_after(struct guard_maker *m, const struct header_test *x, uint32_t edits)
{
    uint32_t f = present_atom(m, x->var);
    for (uint32_t i = 0; i < edits; i++) {
        const struct guard_edit *e = &x->history->edits.v[i];
        f = e->kind == IR_DEL_HEADER ? logic_and(m->l, logic_not(m->l, e->guard), f) : logic_or(m->l, e->guard, f);
    }
    return f;
}

static uint32_t test_after(struct guard_maker *m, const struct header_test *x, uint32_t edits, struct slice suffix);

/* Behind a value that is there, a constant is added after ", " (RFC 9110 section 5.3); else it is the value. */
static uint32_t test_added(struct guard_maker *m, const struct header_test *x, uint32_t edits, struct slice suffix)
{
    const struct guard_edit *e = &x->history->edits.v[edits - 1];
    uint32_t more = test_after(m, x, edits - 1, joined(m, ", ", e->text, suffix));
    uint32_t alone = constant_test(m, joined(m, "", e->text, suffix), x->t, x->bytes);
    if (more == GUARD_UNKNOWN || alone == GUARD_UNKNOWN)
        return GUARD_UNKNOWN;
    uint32_t absent = logic_not(m->l, exists_after(m, x, edits - 1));
    return logic_or(m->l, more, logic_and(m->l, absent, alone));
}

/* The test of the value after so many changes, where it is there, with `suffix` behind it. */
static uint32_t test_after(struct guard_maker *m, const struct header_test *x, uint32_t edits, struct slice suffix)
{
    struct view v = {.var = x->var, .bytes = x->bytes, .suffix = suffix};
    if (edits == 0)
        return view_test(m, &v, x->t);
    const struct guard_edit *e = &x->history->edits.v[edits - 1];
    uint32_t before = test_after(m, x, edits - 1, suffix);
    bool known = e->constant && (e->kind == IR_SET_HEADER || x->adds <= ADDS_MAX);
    uint32_t now = e->kind == IR_DEL_HEADER   ? LOGIC_FALSE
                   : !known                   ? edited_test(m, x, edits, suffix)
                   : e->kind == IR_SET_HEADER ? constant_test(m, joined(m, "", e->text, suffix), x->t, x->bytes)
                                              : test_added(m, x, edits, suffix);
    if (before == GUARD_UNKNOWN || now == GUARD_UNKNOWN)
        return GUARD_UNKNOWN;
    return logic_or(m->l, logic_and(m->l, e->guard, now), logic_and(m->l, logic_not(m->l, e->guard), before));
}

static uint32_t header_test(struct guard_maker *m, const struct ir_expr *e, uint32_t var, const struct text_test *t,
                            const uint8_t *bytes)
{
    const struct guard_header *h = guard_header_of(NULL, (struct guard_headers *)m->headers, e->str, false);
    struct header_test x = {var, h, t, bytes, 0};
    uint32_t edits = h ? h->edits.n : 0;
    for (uint32_t i = 0; i < edits; i++)
        x.adds += h->edits.v[i].kind == IR_ADD_HEADER;
    return t->op == IR_EXISTS ? exists_after(m, &x, edits) : test_after(m, &x, edits, SLICE(""));
}

/* ---- fields ------------------------------------------------------------------------------------ */

static uint32_t field_test(struct guard_maker *m, const struct ir_expr *e, const struct text_test *t,
                           const uint8_t *bytes)
{
    struct view v = {.bytes = bytes};
    switch ((enum ir_field)e->field) {
    case IR_FIELD_HOST:
        v.var = VAR_HOST;
        v.reversed = m->l->reversed_host;
        break;
    case IR_FIELD_PATH:
        v.var = VAR_PATH;
        v.until_query = m->l->uri;
        break;
    case IR_FIELD_URI:
        v.var = VAR_PATH;
        break;
    case IR_FIELD_METHOD:
        v.var = VAR_METHOD;
        break;
    case IR_FIELD_HEADER:
    case IR_FIELD_QUERY:
    case IR_FIELD_COOKIE:
        v.var = guard_keyed_var(m, (enum ir_field)e->field, e->str);
        break;
    case IR_FIELD_CLIENT_IP:
    case IR_FIELD_CLIENT_PORT:
    case IR_FIELD_TLS_ACTIVE:
    case IR_FIELD_RANDOM:
    case IR_FIELD_HEADERS:
    case IR_FIELD_RAW_PATH:
    case IR_FIELD_VERSION:
    case IR_FIELD_ID:
    case IR_FIELD_LISTENER_IP:
    case IR_FIELD_LISTENER_PORT:
    case IR_FIELD_COUNT:
        return t->op == IR_EXISTS ? LOGIC_TRUE : GUARD_UNKNOWN;
    }
    if (e->field == IR_FIELD_HEADER)
        return header_test(m, e, v.var, t, bytes);
    return t->op == IR_EXISTS ? present_atom(m, v.var) : view_test(m, &v, t);
}

/* The test of a map's value: row by row, from the one that a lookup prefers least. */
static uint32_t lookup_test(struct guard_maker *m, const struct ir_expr *e, const struct text_test *t,
                            const uint8_t *bytes)
{
    const struct ir_set *set = e->set;
    if (set->value_kind != IR_STR || set->rows.n > GUARD_KEYS_MAX)
        return GUARD_UNKNOWN;
    const struct ir_row **rows = guard_ranked(&m->l->a, set);
    uint32_t f = set->has_default ? constant_test(m, set->fallback.str, t, bytes) : LOGIC_FALSE;
    for (uint32_t i = set->rows.n; i-- > 0 && f != GUARD_UNKNOWN;) {
        uint32_t key = guard_key(m, e->args[0], set, rows[i]),
                 value = constant_test(m, rows[i]->str, t, bytes);
        if (value == GUARD_UNKNOWN)
            return value;
        f = value ? logic_or(m->l, key, f) : logic_and(m->l, logic_not(m->l, key), f);
    }
    return f;
}

static uint32_t default_test(struct guard_maker *m, const struct ir_expr *e, const struct text_test *t,
                             const uint8_t *bytes)
{
    uint32_t x = guard_text(m, e->args[0], t, bytes), there = guard_exists(m, e->args[0]), y;
    if (x == GUARD_UNKNOWN || there == LOGIC_TRUE)
        return x;
    y = guard_text(m, e->args[1], t, bytes);
    return y == GUARD_UNKNOWN ? y : logic_or(m->l, x, logic_and(m->l, logic_not(m->l, there), y));
}

static const uint8_t *recased(struct guard_maker *m, bool upper, const uint8_t *bytes)
{
    uint8_t *out = arena_alloc(&m->l->a, 256);
    for (unsigned b = 0; b < 256; b++) {
        bool letter = upper ? b >= 'a' && b <= 'z' : b >= 'A' && b <= 'Z';
        unsigned to = letter ? b ^ 0x20 : b;
        out[b] = bytes ? bytes[to] : (uint8_t)to;
    }
    return out;
}

static struct slice replaced(struct guard_maker *m, struct slice s, const uint8_t *bytes)
{
    char *out = arena_alloc(&m->l->a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        out[i] = bytes ? (char)bytes[(uint8_t)s.p[i]] : s.p[i];
    return (struct slice){out, s.len};
}

uint32_t guard_text(struct guard_maker *m, const struct ir_expr *e, const struct text_test *t,
                    const uint8_t *bytes)
{
    if (e->op == IR_FIELD)
        return field_test(m, e, t, bytes);
    if (e->op == IR_CONST_STR)
        return constant_test(m, replaced(m, e->str, bytes), t, NULL);
    if (e->op == IR_LOWER || e->op == IR_UPPER)
        return guard_text(m, e->args[0], t, recased(m, e->op == IR_UPPER, bytes));
    if (e->op == IR_DEFAULT && e->kind == IR_STR)
        return default_test(m, e, t, bytes);
    if (e->op == IR_LOOKUP)
        return lookup_test(m, e, t, bytes);
    return GUARD_UNKNOWN;
}

uint32_t guard_exists(struct guard_maker *m, const struct ir_expr *e)
{
    const struct text_test t = {.op = IR_EXISTS};
    if (!e->optional && e->op != IR_FIELD)
        return LOGIC_TRUE;
    if (e->op == IR_FIELD)
        return field_test(m, e, &t, NULL);
    if (e->op == IR_LOWER || e->op == IR_UPPER)
        return guard_exists(m, e->args[0]);
    if (e->op == IR_DEFAULT)
        return logic_or(m->l, guard_exists(m, e->args[0]), guard_exists(m, e->args[1]));
    if (e->op == IR_LOOKUP)
        return e->set->has_default ? LOGIC_TRUE : guard_in(m, e->args[0], e->set);
    /* As an expression of its own: `exists(e)`. */
    struct ir_expr *x = arena_new(&m->l->a, struct ir_expr);
    x->op = IR_EXISTS;
    x->kind = IR_BOOL;
    x->nargs = 1;
    x->args = arena_array(&m->l->a, struct ir_expr *, 1);
    x->args[0] = (struct ir_expr *)e;
    return guard_opaque(m, x);
}
