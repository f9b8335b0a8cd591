/* Requests for the rules of any program; see classify_rules.h. The rows of the first frontend's rules (compiler/rows.h) say
 * what a request must have; a text is made that mostly has it. Whether the rule decides it then is the evaluator's to say:
 * an earlier rule may. */
#include "compiler/regex.h"
#include "compiler/rows.h"
#include "runtime/base/norm.h"
#include "tests/bench/classify_rules.h"

enum { SUBJECT_MAX = 600 };

/* What one row asks of one subject. */
struct wanted {
    uint32_t subject;
    struct buf text;
    bool whole; /* nothing may be added */
};

struct making {
    struct rule_set *s;
    VEC(struct wanted) of;
};

/* ---- texts --------------------------------------------------------------------------------------- */

static void add_word(struct rule_set *s, struct buf *out)
{
    for (uint32_t n = 3 + rule_set_draw(s, 5); n > 0; n--)
        buf_char(out, (char)('a' + rule_set_draw(s, 26)));
}

/* A byte that reads well where the set has one. */
static void add_byte(struct rule_set *s, const struct regex_node *n, struct buf *out)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ/~=:,";
    uint32_t size = sizeof good - 1, from = rule_set_draw(s, size);
    for (uint32_t i = 0; i < size; i++)
        if (regex_set_has(n, (unsigned char)good[(from + i) % size])) {
            buf_char(out, good[(from + i) % size]);
            return;
        }
}

static void add_regex(struct rule_set *s, const struct regex_node *n, struct buf *out)
{
    if (out->len >= SUBJECT_MAX)
        return;
    if (n->op == REGEX_SET)
        add_byte(s, n, out);
    else if (n->op == REGEX_CAT)
        for (uint32_t i = 0; i < n->nkids; i++)
            add_regex(s, n->kids[i], out);
    else if (n->op == REGEX_ALT)
        add_regex(s, n->kids[rule_set_draw(s, n->nkids)], out);
    else if (n->op == REGEX_REPEAT)
        for (uint32_t k = n->min + rule_set_draw(s, n->max - n->min < 4 ? n->max - n->min + 1 : 4); k > 0; k--)
            add_regex(s, n->kids[0], out);
}

static void add_pattern(struct rule_set *s, struct slice regex, struct buf *out)
{
    uint32_t off;
    const char *err;
    struct arena a = {0};
    const struct regex_node *n = regex_parse(&a, regex, &off, &err);
    if (n)
        add_regex(s, n, out);
    arena_free(&a);
}

static void add_glob(struct rule_set *s, struct slice glob, struct buf *out)
{
    for (size_t i = 0; i < glob.len; i++)
        if (glob.p[i] != '*')
            buf_char(out, glob.p[i]);
        else if (i == 0 || glob.p[i - 1] != '*')
            add_word(s, out);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static struct wanted *wanted_of(struct making *m, uint32_t subject)
{
    for (uint32_t i = 0; i < m->of.n; i++)
        if (m->of.v[i].subject == subject)
            return &m->of.v[i];
    struct wanted *w = vec_push(&m->s->a, &m->of);
    *w = (struct wanted){.subject = subject};
    return w;
}

static void want_key(struct making *m, const struct row_atom *atom, struct request *r)
{
    const struct row_keys *keys = atom->keys;
    const struct ir_key *k = row_key(keys, rule_set_draw(m->s, keys->n));
    struct wanted *w;
    switch (keys->kind) {
    case IR_KEY_CIDR:
        memcpy(r->ip, k->cidr.addr.b, sizeof r->ip);
        if (k->cidr.bits <= 120)
            r->ip[15] = (uint8_t)rule_set_draw(m->s, 256);
        return;
    case IR_KEY_RANGE:
        r->random = k->range.lo;
        return;
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_HOST_PATTERN:
    case IR_KEY_PATH:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
        w = wanted_of(m, atom->subject);
        add_glob(m->s, k->str, &w->text);
        w->whole = keys->kind != IR_KEY_PATH && keys->kind != IR_KEY_PREFIX;
        return;
    case IR_KEY_REGEX:
        w = wanted_of(m, atom->subject);
        add_pattern(m->s, k->str, &w->text);
        w->whole = true;
        return;
    case IR_KEY_INT:
        return;
    }
}

static void want_text(struct making *m, const struct row_atom *atom)
{
    struct wanted *w = wanted_of(m, atom->subject);
    if (w->whole)
        return;
    switch ((enum row_test)atom->test) {
    case ROW_EQ:
        w->text.len = 0;
        buf_slice(&w->text, atom->text);
        w->whole = true;
        break;
    case ROW_STARTS:
    case ROW_UNDER:
        w->text.len = 0;
        buf_slice(&w->text, atom->text);
        if (atom->test == ROW_UNDER && rule_set_draw(m->s, 4) > 0)
            buf_char(&w->text, '/');
        else if (atom->test == ROW_UNDER)
            break;
        add_word(m->s, &w->text);
        break;
    case ROW_ENDS:
    case ROW_CONTAINS:
        if (w->text.len == 0 && atom->subject == ROW_SUBJECT_PATH)
            buf_char(&w->text, '/');
        add_word(m->s, &w->text);
        buf_slice(&w->text, atom->text);
        break;
    case ROW_LIKE:
        add_glob(m->s, atom->text, &w->text);
        break;
    case ROW_MATCHES:
        add_pattern(m->s, atom->text, &w->text);
        break;
    case ROW_EXISTS:
        if (w->text.len == 0)
            add_word(m->s, &w->text);
        break;
    case ROW_IN:
    case ROW_TLS:
    case ROW_RESIDUAL:
        break;
    }
}

/* As the normaliser leaves it: what follows a "?" is no path. */
static struct slice clean_path(struct rule_set *s, struct slice text)
{
    const char *mark = memchr(text.p, '?', text.len);
    struct slice path, raw = arena_printf(&s->a, "/%.*s", (int)(mark ? (size_t)(mark - text.p) : text.len), text.p);
    if (text.len && text.p[0] == '/')
        raw = slice_from(raw, 1);
    return norm_path(raw, arena_alloc(&s->a, raw.len + 1), &path) && path.len ? path : SLICE("/");
}

static struct slice clean_host(struct rule_set *s, struct slice text)
{
    struct slice host;
    return norm_host(text, arena_alloc(&s->a, text.len + 1), &host) ? host : SLICE("www.example.net");
}

static struct request request_of(struct making *m, const struct row *row)
{
    struct rule_set *s = m->s;
    struct request r = {.method = SLICE("GET"), .host = SLICE("www.example.net"), .path = SLICE("/"), .ip = RULE_SET_CLIENT};
    VEC(struct request_value) more = {0};
    m->of.n = 0;
    for (uint32_t k = 0; k < row->natoms; k++) {
        const struct row_atom *atom = &row->atoms[k];
        if (atom->negate || atom->test == ROW_RESIDUAL)
            continue;
        if (atom->test == ROW_TLS)
            r.tls = true;
        else if (atom->test == ROW_IN)
            want_key(m, atom, &r);
        else
            want_text(m, atom);
    }
    for (uint32_t i = 0; i < m->of.n; i++) {
        struct wanted *w = &m->of.v[i];
        struct slice text = arena_copy(&s->a, buf_view(&w->text));
        if (w->subject == ROW_SUBJECT_HOST)
            r.host = clean_host(s, text);
        else if (w->subject == ROW_SUBJECT_PATH || w->subject == ROW_SUBJECT_URI || w->subject == ROW_SUBJECT_RAW_PATH)
            r.path = clean_path(s, text);
        else if (w->subject == ROW_SUBJECT_METHOD)
            r.method = text;
        else if (w->subject >= ROW_SUBJECT_FIXED)
            vec_add(&s->a, &more, ((struct request_value){w->subject - ROW_SUBJECT_FIXED, text}));
        buf_free(&w->text);
    }
    r.values = more.v;
    r.nvalues = more.n;
    return r;
}

void rule_set_read(struct rule_set *s, const struct ir_program *p, uint64_t seed)
{
    *s = (struct rule_set){.family = RULES_FILE, .seed = seed};
    s->rows = rows_build(&s->a, p);
    struct making m = {.s = s};
    for (uint32_t i = 0; s->rows && i < s->rows->frontends.v[0].steps.n; i++) {
        const struct rows_step *step = &s->rows->frontends.v[0].steps.v[i];
        for (uint32_t k = 0; k < step->rows.n; k++) {
            if (step->rows.v[k].natoms == 0)
                continue;
            vec_add(&s->a, &s->tenants, s->of_rule.n);
            vec_add(&s->a, &s->of_rule, request_of(&m, &step->rows.v[k]));
        }
    }
    rule_set_finish(s);
}

/* ---- requests that nearly match ------------------------------------------------------------------ */

/* The text with another last byte. */
static struct slice other(struct rule_set *s, struct slice text)
{
    return text.len ? arena_printf(&s->a, "%.*s%c", (int)text.len - 1, text.p, text.p[text.len - 1] == 'q' ? 'z' : 'q') : text;
}

/* One of the things that the row asks for is another one. */
struct request rule_set_near(struct rule_set *s, struct request r)
{
    bool has_path = r.path.len > 1, has_host = !slice_eq(r.host, SLICE("www.example.net"));
    uint32_t which = rule_set_draw(s, r.nvalues + has_path + has_host + (r.nvalues + has_path + has_host == 0));
    if (which < r.nvalues) {
        struct request_value *v = arena_alloc(&s->a, r.nvalues * sizeof *v);
        memcpy(v, r.values, r.nvalues * sizeof *v);
        v[which].text = other(s, v[which].text);
        r.values = v;
    } else if (has_path && which == r.nvalues) {
        r.path = other(s, r.path);
    } else if (has_host) {
        r.host = arena_printf(&s->a, "q%.*s", SLICE_ARG(r.host));
    } else {
        r.ip[13] ^= 1;
    }
    return r;
}
