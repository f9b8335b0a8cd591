/* Rules that can never apply, because an earlier rule decides every request that they would: its conditions
 * each follow from those of the later rule. Earlier rules are found through one of their conditions: by its
 * hash, and by what a condition makes sure of (`under "/a/b"` of `under "/a"`). Sound, and n log n at the
 * most: each place of the index holds few rules, and what does not fit is not looked for. */
#include "compiler/lint.h"

#include "runtime/base/hash.h"

enum { BUCKET = 6, ALTERNATIVES = 16, SEGMENTS = 40, PARTS = 64 };

/* What has one key. Most keys have one rule, which stands here itself: then looking costs one miss of the cache. */
struct place {
    uint64_t key;
    uint32_t n;  /* rules; 0: the place is free */
    uint32_t at; /* the one rule, or the index in buckets */
};

struct bucket {
    uint32_t rule[BUCKET];
};

struct earlier {
    struct checker *k;
    struct arena a; /* of the index */
    struct place *places;
    uint32_t used, cap; /* cap: a power of two, more than a quarter of it free */
    VEC(struct bucket) buckets;
    VEC(const struct ir_rule *) rules;
    VEC(uint64_t) needs; /* of each rule: what another's condition must be about to make sure of this one's */
    uint64_t about;      /* what the condition of the rule at hand is about */
    VEC(uint32_t) edits; /* rules that change a header, by index in rules */
};

/* The place of `key`, or the free one where it belongs. Keys are hashes. */
static struct place *find(const struct earlier *b, uint64_t key)
{
    for (uint64_t i = key ^ key >> 32;; i++) {
        struct place *x = &b->places[i & (b->cap - 1)];
        if (!x->n || x->key == key)
            return x;
    }
}

static void make_room(struct earlier *b, uint32_t cap)
{
    const struct place *old = b->places;
    uint32_t n = b->cap;
    b->places = arena_array(&b->a, struct place, cap);
    b->cap = cap;
    for (uint32_t i = 0; i < n; i++)
        if (old[i].n)
            *find(b, old[i].key) = old[i];
}

/* The rules at a place. */
static const uint32_t *rules_at(const struct earlier *b, const struct place *x)
{
    return x->n > 1 ? b->buckets.v[x->at].rule : &x->at;
}

/* ---- keys of conditions -------------------------------------------------------------------------- */

static uint64_t text_key(const struct ir_expr *subject, enum ir_op op, struct slice head, struct slice text)
{
    return hash_bytes(text.p, text.len, hash_bytes(head.p, head.len, lint_hash(subject) + op));
}

static uint64_t general_key(const struct ir_expr *subject)
{
    return lint_hash(subject) ^ 0x9e3779b97f4a7c15u;
}

/* `under` and globs of hosts that begin with a star have keys that stronger tests can name. */
static uint64_t key_of(struct lint_fact x)
{
    const struct ir_expr *c, *subject = x.no ? NULL : lint_subject(x.e, &c);
    if (subject && x.e->op == IR_UNDER && c && c->op == IR_CONST_STR)
        return text_key(subject, IR_UNDER, SLICE(""), c->str);
    if (subject && x.e->op == IR_LIKE && slice_starts(x.e->str, SLICE("**.")))
        return text_key(subject, IR_LIKE, SLICE("**"), slice_from(x.e->str, 2));
    if (subject && x.e->op == IR_LIKE && slice_starts(x.e->str, SLICE("*.")))
        return text_key(subject, IR_LIKE, SLICE("*"), slice_from(x.e->str, 1));
    return lint_hash(x.e) ^ (x.no ? 0x517cc1b727220a95u : 0);
}

/* Whether the condition may be made sure of by one of another kind. */
static bool is_general(struct lint_fact x)
{
    return x.no || x.e->op == IR_IN || x.e->op == IR_STARTS_WITH || x.e->op == IR_ENDS_WITH ||
           x.e->op == IR_CONTAINS || x.e->op == IR_LIKE || x.e->op == IR_LE || x.e->op == IR_LT ||
           x.e->op == IR_EXISTS;
}

/* ---- what conditions are about --------------------------------------------------------------------

A condition is made sure of by one about the same things alone: so sets of these, as bits by their hashes, tell most pairs of
rules apart before they are compared. */

static uint64_t test_bit(const struct ir_expr *t)
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    return UINT64_C(1) << (lint_hash(subject ? subject : t) % 64);
}

/* What any part of `e` is about; everything where it has many. */
static uint64_t about(const struct ir_expr *e, uint32_t *room)
{
    if (*room == 0)
        return UINT64_MAX;
    --*room;
    if (e->op != IR_AND && e->op != IR_OR && e->op != IR_NOT)
        return test_bit(e);
    uint64_t all = 0;
    for (uint32_t i = 0; i < e->nargs && all != UINT64_MAX; i++)
        all |= about(e->args[i], room);
    return all;
}

/* What each of the parts alone is about; one that has alternatives need not be about all of them. */
static uint64_t needs(const struct lint_fact *part, uint32_t n)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < n; i++)
        all |= part[i].e->op == IR_AND || part[i].e->op == IR_OR ? 0 : test_bit(part[i].e);
    return all;
}

/* ---- adding -------------------------------------------------------------------------------------- */

static void put(struct earlier *b, uint64_t key, uint32_t rule)
{
    if (b->used >= b->cap / 4 * 3)
        make_room(b, b->cap * 2);
    struct place *x = find(b, key);
    if (x->n == BUCKET)
        return;
    if (x->n == 1) {
        uint32_t first = x->at;
        x->at = b->buckets.n;
        vec_push(&b->a, &b->buckets)->rule[0] = first;
    }
    if (x->n)
        b->buckets.v[x->at].rule[x->n] = rule;
    else
        *x = (struct place){.key = key, .at = rule};
    b->used += !x->n;
    x->n++;
}

static void put_fact(struct earlier *b, struct lint_fact x, uint32_t rule)
{
    const struct ir_expr *c, *subject = lint_subject(x.e, &c);
    put(b, key_of(x), rule);
    if (subject && is_general(x))
        put(b, general_key(subject), rule);
}

/* Enters a rule that decides under its least common condition; where that is an `or`, under each alternative.
 */
static void add(struct earlier *b, const struct lint_fact *part, uint32_t n, uint32_t rule)
{
    struct lint_fact any[ALTERNATIVES];
    uint32_t best = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t load = find(b, key_of(part[i]))->n * 2 + part[i].no;
        if (load < least) {
            best = i;
            least = load;
        }
    }
    if (!n)
        return;
    uint32_t m = lint_parts(part[best].e, !part[best].no, any, ALTERNATIVES);
    for (uint32_t i = 0; i < m && i < ALTERNATIVES; i++)
        put_fact(b, (struct lint_fact){any[i].e, !any[i].no}, rule);
    if (m > 1)
        put_fact(b, part[best], rule);
}

/* ---- looking ------------------------------------------------------------------------------------- */

/* Whether the earlier rule's condition reads what a rule between the two changed. */
static bool changed_between(const struct earlier *b, uint32_t i, uint32_t j)
{
    uint32_t looked = 0;
    for (uint32_t n = b->edits.n; n > 0 && b->edits.v[n - 1] > i; n--) {
        const struct ir_rule *edit = b->rules.v[b->edits.v[n - 1]];
        if (edit != b->rules.v[j] && (++looked > 64 || lint_reads(b->rules.v[i]->guard, edit->name)))
            return true;
    }
    return false;
}

static bool covers(const struct earlier *b, uint32_t i, uint32_t j)
{
    const struct ir_rule *early = b->rules.v[i], *late = b->rules.v[j];
    return !(b->needs.v[i] & ~b->about) &&
           lint_implies((struct lint_fact){late->guard, false}, (struct lint_fact){early->guard, false}) &&
           !changed_between(b, i, j);
}

/* The first rule in the bucket of `key` that covers rule j; UINT32_MAX: none. */
static uint32_t look(struct earlier *b, uint64_t key, uint32_t j)
{
    const struct place *x = find(b, key);
    const uint32_t *rule = rules_at(b, x);
    for (uint32_t i = 0; i < x->n; i++)
        if (covers(b, rule[i], j))
            return rule[i];
    return UINT32_MAX;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* `under` of the text's ancestors. */
static uint32_t look_above(struct earlier *b, const struct ir_expr *subject, struct slice path, uint32_t j)
{
    uint32_t found = UINT32_MAX, n = 0;
    for (size_t len = path.len; len > 0 && n < SEGMENTS; len--)
        if (len == path.len || path.p[len] == '/') {
            found = smaller(found,
                            look(b, text_key(subject, IR_UNDER, SLICE(""), (struct slice){path.p, len}), j));
            n++;
        }
    return found;
}

/* Globs of the text's domains. */
static uint32_t look_domains(struct earlier *b, const struct ir_expr *subject, struct slice host, uint32_t j)
{
    uint32_t found = UINT32_MAX, n = 0;
    for (size_t at = 1; at < host.len && n < SEGMENTS; at++)
        if (host.p[at] == '.') {
            found = smaller(found, look(b, text_key(subject, IR_LIKE, SLICE("**"), slice_from(host, at)), j));
            if (!n++)
                found =
                    smaller(found, look(b, text_key(subject, IR_LIKE, SLICE("*"), slice_from(host, at)), j));
        }
    return found;
}

static uint32_t look_fact(struct earlier *b, struct lint_fact x, uint32_t j)
{
    const struct ir_expr *c, *subject = lint_subject(x.e, &c);
    uint32_t found = look(b, key_of(x), j);
    if (!subject)
        return found;
    found = smaller(found, look(b, general_key(subject), j));
    if (x.no)
        return found;
    if (c && c->op == IR_CONST_STR && (x.e->op == IR_EQ || x.e->op == IR_UNDER || x.e->op == IR_STARTS_WITH))
        found = smaller(found, look_above(b, subject, c->str, j));
    if (lint_is_field(subject, IR_FIELD_HOST) && (x.e->op == IR_EQ || x.e->op == IR_LIKE))
        found = smaller(found, look_domains(b, subject,
                                            x.e->op == IR_LIKE ? x.e->str
                                            : c                ? c->str
                                                               : SLICE(""),
                                            j));
    return found;
}

static void report(struct earlier *b, uint32_t i, uint32_t j)
{
    struct checker *k = b->k;
    const struct ir_rule *early = b->rules.v[i], *late = b->rules.v[j];
    bool equal = lint_same(early->guard, late->guard);
    struct span early_at = lint_word_span(k, early->pos), late_at = lint_word_span(k, late->pos);
    const struct ast_block *early_in = NULL, *late_in = NULL;
    const struct ast_stmt *first = check_statement_at(k, early_at, &early_in),
                          *second = check_statement_at(k, late_at, &late_in);
    bool told = first && second && early_in == late_in && first->cond && second->cond;
    struct slice more = told ? check_source_text(k, first->cond->span) : SLICE(""),
                 less = told ? check_source_text(k, second->cond->span) : SLICE("");
    struct diag *x =
        told && !equal ? diag_report(k->d, DIAG_W0501, late_at, "this rule can never apply: `%.*s` covers `%.*s`",
                                     SLICE_ARG(more), SLICE_ARG(less))
                       : diag_report(k->d, DIAG_W0501, late_at, "this rule can never apply");
    diag_label(k->d, x, "never reached");
    diag_secondary(k->d, x, early_at,
                   equal ? "this has the same condition and decides first"
                         : "this decides every request for which it could");
    if (equal)
        return;
    diag_help(k->d, x, "write the rule for less before the rule for more");
    if (told)
        check_fix_move(k, x, FIX_MAYBE, second->span, first->span);
}

static bool decides(const struct ir_rule *r)
{
    return r->kind == IR_USE || r->kind == IR_REDIRECT || r->kind == IR_REPLY ||
           (r->kind == IR_USE_MAP && !r->value->optional);
}

static void rule(struct earlier *b, const struct ir_rule *r)
{
    struct lint_fact part[LINT_FACTS];
    uint32_t j = b->rules.n, found = UINT32_MAX, room = PARTS;
    vec_add(&b->a, &b->rules, r);
    vec_add(&b->a, &b->needs, 0);
    if (r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER)
        vec_add(&b->a, &b->edits, j);
    if (!r->guard)
        return;
    uint32_t n = lint_parts(r->guard, false, part, LINT_FACTS);
    b->needs.v[j] = needs(part, smaller(n, LINT_FACTS));
    b->about = about(r->guard, &room);
    for (uint32_t i = 0; i < n && i < LINT_FACTS; i++)
        found = smaller(found, look_fact(b, part[i], j));
    if (found != UINT32_MAX)
        report(b, found, j);
    else if (decides(r) && n <= LINT_FACTS)
        add(b, part, n, j);
}

void lint_rules(struct checker *k, const struct ir_frontend *f)
{
    struct earlier b = {.k = k};
    uint32_t cap = 64;
    while (cap / 4 * 3 < f->on_request.n + f->route.n)
        cap *= 2;
    make_room(&b, cap);
    for (uint32_t i = 0; i < f->on_request.n; i++)
        rule(&b, &f->on_request.v[i]);
    for (uint32_t i = 0; i < f->route.n; i++)
        rule(&b, &f->route.v[i]);
    arena_free(&b.a);
}
