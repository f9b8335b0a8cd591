/* From guards to rows: negation normal form, then disjunctive normal form within a budget. IR meets rows here alone.
 *
 * note [budget]: a conjunction of disjunctions multiplies. A part of a guard that would make more rows than the budget
 * allows stays one residual atom. Disjunctions add up to no more rows than the guard has tests, and so are always
 * taken apart; tests of one field in a disjunction become one IN atom first. */
#include "compiler/rows.h"

enum {
    ROWS_A_GUARD = 64,       /* at most, from multiplying */
    ROWS_A_PROGRAM = 1 << 20,
    MERGED_KEYS_MAX = 4096,  /* of sets that a disjunction merges */
};

struct conj {
    uint32_t n;
    struct row_atom *atoms;
};

/* A disjunction of conjunctions: without any, false; with an empty one, true. */
struct dnf {
    VEC(struct conj) alts;
};

struct build {
    struct arena *a;
    struct rows_program *out;
    uint32_t budget; /* rows that a conjunction may multiply to */
};

/* ---- subjects ---------------------------------------------------------------------------------- */

static const char slot_marks[] = {'h', 'q', 'c', 'l', 'i'};

/* Names of headers are in lower case. */
static bool is_header_slot(enum rows_slot_kind kind)
{
    return kind == ROWS_SLOT_HEADER || kind == ROWS_SLOT_LINES;
}

static struct slice slot_name(struct arena *a, enum rows_slot_kind kind, struct slice name)
{
    char *p = arena_alloc(a, name.len + 1);
    p[0] = slot_marks[kind];
    if (name.len)
        memcpy(p + 1, name.p, name.len);
    return (struct slice){p, name.len + 1};
}

static int slot_kind_of(const struct ir_expr *e)
{
    if (e->op != IR_FIELD)
        return -1;
    return e->field == IR_FIELD_HEADER   ? ROWS_SLOT_HEADER
           : e->field == IR_FIELD_QUERY  ? ROWS_SLOT_QUERY
           : e->field == IR_FIELD_COOKIE ? ROWS_SLOT_COOKIE
           : e->field == IR_FIELD_HEADERS ? ROWS_SLOT_LINES
           : e->field == IR_FIELD_ID      ? ROWS_SLOT_ID
                                          : -1;
}

/* Finds the name without allocating, since it is asked for each atom. */
static int slot_find(const struct rows_program *r, enum rows_slot_kind kind, struct slice name)
{
    char small[128];
    struct arena tmp = {0};
    struct slice key;
    if (name.len < sizeof small) {
        small[0] = slot_marks[kind];
        for (size_t i = 0; i < name.len; i++)
            small[i + 1] = is_header_slot(kind) ? ascii_lower(name.p[i]) : name.p[i];
        key = (struct slice){small, name.len + 1};
    } else {
        key = slot_name(&tmp, kind, name);
        for (size_t i = 1; is_header_slot(kind) && i < key.len; i++)
            ((char *)(uintptr_t)key.p)[i] = ascii_lower(key.p[i]);
    }
    const uint32_t *at = strmap_get(&r->slot_index, key);
    arena_free(&tmp);
    return at ? (int)*at : -1;
}

int rows_subject(const struct rows_program *r, const struct ir_expr *e)
{
    if (e->op != IR_FIELD)
        return -1;
    int kind = slot_kind_of(e);
    if (kind >= 0)
        return slot_find(r, (enum rows_slot_kind)kind, e->str);
    return e->field == IR_FIELD_HOST        ? ROW_SUBJECT_HOST
           : e->field == IR_FIELD_PATH      ? ROW_SUBJECT_PATH
           : e->field == IR_FIELD_METHOD    ? ROW_SUBJECT_METHOD
           : e->field == IR_FIELD_URI       ? ROW_SUBJECT_URI
           : e->field == IR_FIELD_RAW_PATH  ? ROW_SUBJECT_RAW_PATH
           : e->field == IR_FIELD_VERSION   ? ROW_SUBJECT_VERSION
           : e->field == IR_FIELD_CLIENT_IP ? ROW_SUBJECT_IP
           : e->field == IR_FIELD_RANDOM    ? ROW_SUBJECT_RANDOM
                                            : -1;
}

int rows_header_subject(const struct rows_program *r, struct slice name)
{
    return slot_find(r, ROWS_SLOT_HEADER, name);
}

int rows_lines_subject(const struct rows_program *r, struct slice name)
{
    return slot_find(r, ROWS_SLOT_LINES, name);
}

static void collect_slots(struct build *b, const struct ir_expr *e)
{
    if (!e)
        return;
    int kind = slot_kind_of(e);
    if (kind >= 0 && slot_find(b->out, (enum rows_slot_kind)kind, e->str) < 0) {
        struct slice key = slot_name(b->a, (enum rows_slot_kind)kind, e->str);
        strmap_put(&b->out->slot_index, b->a, key, ROW_SUBJECT_FIXED + b->out->slots.n, NULL);
        *vec_push(b->a, &b->out->slots) = (struct rows_slot){(enum rows_slot_kind)kind, e->str};
    }
    for (uint32_t i = 0; i < e->nargs; i++)
        collect_slots(b, e->args[i]);
}

static void collect_rule_slots(struct build *b, const struct ir_rule *r)
{
    collect_slots(b, r->guard);
    collect_slots(b, r->value);
    for (uint32_t i = 0; i < r->headers.n; i++)
        collect_slots(b, r->headers.v[i].value);
}

/* ---- disjunctions ------------------------------------------------------------------------------ */

static bool is_true(const struct dnf *d)
{
    return d->alts.n == 1 && d->alts.v[0].n == 0;
}

/* One alternative, in no more memory than it needs: nearly all guards have one. */
static struct dnf dnf_one(struct build *b, struct conj c)
{
    struct dnf d = {{arena_new(b->a, struct conj), 1, 1}};
    d.alts.v[0] = c;
    return d;
}

static struct dnf dnf_const(struct build *b, bool value)
{
    return value ? dnf_one(b, (struct conj){0, NULL}) : (struct dnf){{NULL, 0, 0}};
}

static struct dnf dnf_atom(struct build *b, struct row_atom atom)
{
    struct row_atom *copy = arena_new(b->a, struct row_atom);
    *copy = atom;
    return dnf_one(b, (struct conj){1, copy});
}

static struct dnf residual(struct build *b, const struct ir_expr *e, bool negate)
{
    while (e->op == IR_NOT) {
        e = e->args[0];
        negate = !negate;
    }
    return dnf_atom(b, (struct row_atom){.test = ROW_RESIDUAL, .negate = negate, .expr = e});
}

/* ---- one test ---------------------------------------------------------------------------------- */

static bool is_const(const struct ir_expr *e)
{
    return e->op == IR_CONST_BOOL || e->op == IR_CONST_INT || e->op == IR_CONST_STR || e->op == IR_CONST_IP;
}

static struct row_keys *keys_of_set(struct build *b, const struct ir_set *set)
{
    struct row_keys *k = arena_new(b->a, struct row_keys);
    *k = (struct row_keys){.kind = set->key_kind, .n = set->rows.n, .set = set};
    return k;
}

/* An atom about whether `subject` is in `set`; none where the set's keys are no keys of the subject. */
static bool in_atom(struct build *b, const struct ir_expr *subject, const struct ir_set *set, struct row_atom *out)
{
    int s = rows_subject(b->out, subject);
    if (s < 0 || set->key_kind == IR_KEY_INT || (s == ROW_SUBJECT_IP) != (set->key_kind == IR_KEY_CIDR) ||
        (s == ROW_SUBJECT_RANDOM) != (set->key_kind == IR_KEY_RANGE))
        return false;
    *out = (struct row_atom){.test = ROW_IN, .subject = (uint16_t)s, .keys = keys_of_set(b, set)};
    return true;
}

static struct dnf test_in(struct build *b, const struct ir_expr *e, bool negate)
{
    struct row_atom atom;
    if (e->set->rows.n == 0)
        return dnf_const(b, negate);
    if (!in_atom(b, e->args[0], e->set, &atom))
        return residual(b, e, negate);
    atom.negate = negate;
    return dnf_atom(b, atom);
}

/* Whether map[key] is there. */
static struct dnf test_lookup(struct build *b, const struct ir_expr *lookup, bool negate)
{
    struct row_atom atom;
    if (lookup->set->has_default)
        return dnf_const(b, !negate);
    if (lookup->set->rows.n == 0)
        return dnf_const(b, negate);
    if (in_atom(b, lookup->args[0], lookup->set, &atom)) {
        atom.negate = negate;
        return dnf_atom(b, atom);
    }
    struct ir_expr *exists = arena_new(b->a, struct ir_expr);
    *exists = (struct ir_expr){.op = IR_EXISTS, .kind = IR_BOOL, .nargs = 1, .pos = lookup->pos};
    exists->args = arena_array(b->a, struct ir_expr *, 1);
    exists->args[0] = (struct ir_expr *)(uintptr_t)lookup;
    return residual(b, exists, negate);
}

static struct dnf test_exists(struct build *b, const struct ir_expr *e, bool negate)
{
    const struct ir_expr *of = e->args[0];
    if (of->op == IR_LOOKUP)
        return test_lookup(b, of, negate);
    if (!of->optional)
        return dnf_const(b, !negate);
    int s = rows_subject(b->out, of);
    if (s < 0 || s >= ROW_SUBJECT_RANDOM)
        return residual(b, e, negate);
    return dnf_atom(b, (struct row_atom){.test = ROW_EXISTS, .negate = negate, .subject = (uint16_t)s});
}

/* An atom for one key that is written in the condition. */
static struct dnf one_key(struct build *b, uint16_t subject, enum ir_key_kind kind, struct ir_key key, bool negate)
{
    struct ir_key *own = arena_new(b->a, struct ir_key);
    struct row_keys *k = arena_new(b->a, struct row_keys);
    *own = key;
    *k = (struct row_keys){.kind = kind, .n = 1, .own = own};
    return dnf_atom(b, (struct row_atom){.test = ROW_IN, .negate = negate, .subject = subject, .keys = k});
}

/* random OP constant, or the other way round; an atom about the range of numbers for which it holds. */
static struct dnf test_random(struct build *b, const struct ir_expr *e, bool negate)
{
    const struct ir_expr *x = e->args[0], *y = e->args[1];
    bool left = rows_subject(b->out, x) == ROW_SUBJECT_RANDOM && y->op == IR_CONST_INT,
         right = rows_subject(b->out, y) == ROW_SUBJECT_RANDOM && x->op == IR_CONST_INT;
    if (!left && !right)
        return residual(b, e, negate);
    struct ir_range r = {0, IR_RANDOM_END - 1};
    int64_t c = left ? y->num : x->num, strict = e->op == IR_LT;
    if (c < -1 || c > IR_RANDOM_END) /* out of its range all the same, and far from the ends of 64 bits */
        c = c < 0 ? -1 : IR_RANDOM_END;
    if (e->op == IR_EQ || !left)
        r.lo = c + strict > r.lo ? c + strict : r.lo;
    if (e->op == IR_EQ || left)
        r.hi = c - strict < r.hi ? c - strict : r.hi;
    if (r.lo > r.hi)
        return dnf_const(b, negate);
    if (r.lo == 0 && r.hi == IR_RANDOM_END - 1)
        return dnf_const(b, !negate);
    return one_key(b, ROW_SUBJECT_RANDOM, IR_KEY_RANGE, (struct ir_key){.range = r}, negate);
}

static struct dnf test_eq(struct build *b, const struct ir_expr *e, bool negate)
{
    const struct ir_expr *left = e->args[0], *right = e->args[1];
    if (is_const(left)) {
        left = e->args[1];
        right = e->args[0];
    }
    int s = rows_subject(b->out, left);
    if (s < 0 || !is_const(right))
        return residual(b, e, negate);
    if (s == ROW_SUBJECT_RANDOM)
        return test_random(b, e, negate);
    if (s != ROW_SUBJECT_IP)
        return dnf_atom(b, (struct row_atom){.test = ROW_EQ, .negate = negate, .subject = (uint16_t)s, .text = right->str});
    return one_key(b, ROW_SUBJECT_IP, IR_KEY_CIDR, (struct ir_key){.cidr = {right->ip, 128}}, negate);
}

/* A field of strings against a constant text (the second operand, or the pattern of LIKE and MATCHES). */
static struct dnf test_text(struct build *b, const struct ir_expr *e, enum row_test test, bool negate)
{
    int s = rows_subject(b->out, e->args[0]);
    bool pattern = test == ROW_LIKE || test == ROW_MATCHES;
    if (s < 0 || s >= ROW_SUBJECT_RANDOM || (!pattern && e->args[1]->op != IR_CONST_STR))
        return residual(b, e, negate);
    struct row_atom atom = {.test = (uint8_t)test, .negate = negate, .subject = (uint16_t)s};
    atom.text = pattern ? e->str : e->args[1]->str;
    if (test == ROW_UNDER && atom.text.len == 0)
        atom.text = SLICE("/");
    if (test == ROW_LIKE && !memchr(atom.text.p, '*', atom.text.len))
        atom.test = ROW_EQ;
    return dnf_atom(b, atom);
}

/* ---- conjunction and disjunction --------------------------------------------------------------- */

/* Adds `atom` to `c`. False where the two contradict each other; an atom that is there already is not added. */
static bool conj_add(struct conj *c, const struct row_atom *atom)
{
    bool plain = atom->test <= ROW_EQ || (atom->test != ROW_IN && atom->test != ROW_RESIDUAL);
    for (uint32_t i = 0; i < c->n && c->n <= 64; i++) {
        const struct row_atom *x = &c->atoms[i];
        if (x->subject != atom->subject || x->test != atom->test || !plain)
            continue;
        bool same = atom->test <= ROW_TLS || slice_eq(x->text, atom->text);
        if (same && x->negate == atom->negate)
            return true;
        if (same || (atom->test == ROW_EQ && !x->negate && !atom->negate))
            return false;
    }
    c->atoms[c->n++] = *atom;
    return true;
}

static bool conj_of_two(struct build *b, const struct conj *x, const struct conj *y, struct conj *out)
{
    out->n = 0;
    out->atoms = arena_array(b->a, struct row_atom, x->n + y->n);
    for (uint32_t i = 0; i < x->n; i++)
        if (!conj_add(out, &x->atoms[i]))
            return false;
    for (uint32_t i = 0; i < y->n; i++)
        if (!conj_add(out, &y->atoms[i]))
            return false;
    return true;
}

static struct dnf product(struct build *b, const struct dnf *x, const struct dnf *y)
{
    if (is_true(x))
        return *y;
    if (is_true(y))
        return *x;
    struct dnf out = {{0}};
    struct conj both;
    if (x->alts.n == 1 && y->alts.n == 1)
        return conj_of_two(b, x->alts.v, y->alts.v, &both) ? dnf_one(b, both) : dnf_const(b, false);
    for (uint32_t i = 0; i < x->alts.n; i++)
        for (uint32_t k = 0; k < y->alts.n; k++)
            if (conj_of_two(b, &x->alts.v[i], &y->alts.v[k], &both))
                *vec_push(b->a, &out.alts) = both;
    return out;
}

static struct dnf dnf_of(struct build *b, const struct ir_expr *e, bool negate);

/* All of the operands: the small ones are multiplied first, and what goes over the budget stays residual. */
static struct dnf conjunction(struct build *b, const struct ir_expr *e, bool negate)
{
    struct dnf *parts = arena_array(b->a, struct dnf, e->nargs);
    for (uint32_t i = 0; i < e->nargs; i++) {
        parts[i] = dnf_of(b, e->args[i], negate);
        if (parts[i].alts.n == 0)
            return parts[i];
    }
    struct dnf all = dnf_const(b, true);
    for (uint32_t i = 0; i < e->nargs; i++)
        if (parts[i].alts.n == 1)
            all = product(b, &all, &parts[i]);
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (parts[i].alts.n == 1)
            continue;
        if ((uint64_t)all.alts.n * parts[i].alts.n > b->budget)
            parts[i] = residual(b, e->args[i], negate);
        all = product(b, &all, &parts[i]);
    }
    return all;
}

static enum ir_key_kind merged_kind(const struct row_atom *atom)
{
    enum ir_key_kind kind = atom->test == ROW_EQ ? IR_KEY_STRING : atom->keys->kind;
    return kind == IR_KEY_HOST || kind == IR_KEY_METHOD ? IR_KEY_STRING : kind;
}

/* True for a conjunction that is one test of a field for one of few keys, which more of them leave as they are: ranges
 * could overlap. */
static bool is_mergeable(const struct conj *c)
{
    if (c->n != 1 || c->atoms[0].negate)
        return false;
    if (c->atoms[0].test != ROW_IN)
        return c->atoms[0].test == ROW_EQ;
    const struct row_keys *keys = c->atoms[0].keys;
    return keys->n <= MERGED_KEYS_MAX && keys->kind != IR_KEY_RANGE && keys->kind != IR_KEY_REGEX;
}

/* The keys of the alternatives `v` to `v + n` that are marked `group`, as one IN atom. */
static struct conj merge_keys(struct build *b, const struct conj *v, const uint32_t *group, uint32_t n, uint32_t which)
{
    VEC(struct ir_key) keys = {0};
    const struct row_atom *first = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (group[i] != which)
            continue;
        const struct row_atom *atom = &v[i].atoms[0];
        first = first ? first : atom;
        for (uint32_t k = 0; atom->test == ROW_IN && k < atom->keys->n; k++)
            *vec_push(b->a, &keys) = *row_key(atom->keys, k);
        if (atom->test == ROW_EQ)
            *vec_push(b->a, &keys) = (struct ir_key){.str = atom->text};
    }
    struct row_keys *k = arena_new(b->a, struct row_keys);
    *k = (struct row_keys){.kind = merged_kind(first), .n = keys.n, .own = keys.v};
    struct row_atom *atom = arena_new(b->a, struct row_atom);
    *atom = (struct row_atom){.test = ROW_IN, .subject = first->subject, .keys = k};
    return (struct conj){1, atom};
}

/* host == "a" or host == "b" is one test, not two rows. Keeps the order of what first appears. */
static void merge_tests(struct build *b, struct dnf *d)
{
    uint32_t n = d->alts.n, groups = 0;
    if (n < 2)
        return;
    struct { uint16_t subject; uint8_t kind; uint32_t members; } seen[16];
    uint32_t *group = arena_array(b->a, uint32_t, n); /* 0: none */
    for (uint32_t i = 0; i < n; i++) {
        if (!is_mergeable(&d->alts.v[i]))
            continue;
        const struct row_atom *atom = &d->alts.v[i].atoms[0];
        uint32_t g = 0;
        while (g < groups && (seen[g].subject != atom->subject || seen[g].kind != merged_kind(atom)))
            g++;
        if (g == sizeof seen / sizeof *seen)
            continue;
        if (g == groups) {
            seen[groups].subject = atom->subject;
            seen[groups].kind = (uint8_t)merged_kind(atom);
            seen[groups++].members = 0;
        }
        seen[g].members++;
        group[i] = g + 1;
    }
    uint32_t kept = 0;
    bool done[sizeof seen / sizeof *seen] = {false};
    struct conj *v = d->alts.v, *out = arena_array(b->a, struct conj, n);
    for (uint32_t i = 0; i < n; i++) {
        if (group[i] == 0 || seen[group[i] - 1].members == 1) {
            out[kept++] = v[i];
        } else if (!done[group[i] - 1]) {
            done[group[i] - 1] = true;
            out[kept++] = merge_keys(b, v, group, n, group[i]);
        }
    }
    d->alts.v = out;
    d->alts.n = d->alts.cap = kept;
}

static struct dnf disjunction(struct build *b, const struct ir_expr *e, bool negate)
{
    struct dnf all = {{0}};
    for (uint32_t i = 0; i < e->nargs; i++) {
        struct dnf part = dnf_of(b, e->args[i], negate);
        if (is_true(&part))
            return part;
        for (uint32_t k = 0; k < part.alts.n; k++)
            *vec_push(b->a, &all.alts) = part.alts.v[k];
    }
    merge_tests(b, &all);
    return all;
}

static struct dnf dnf_of(struct build *b, const struct ir_expr *e, bool negate)
{
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
        return dnf_const(b, (e->num != 0) != negate);
    case IR_NOT:
        return dnf_of(b, e->args[0], !negate);
    case IR_AND:
        return negate ? disjunction(b, e, negate) : conjunction(b, e, negate);
    case IR_OR:
        return negate ? conjunction(b, e, negate) : disjunction(b, e, negate);
    case IR_EQ:
        return test_eq(b, e, negate);
    case IR_LT:
    case IR_LE:
        return test_random(b, e, negate);
    case IR_IN:
        return test_in(b, e, negate);
    case IR_UNDER:
        return test_text(b, e, ROW_UNDER, negate);
    case IR_STARTS_WITH:
        return test_text(b, e, ROW_STARTS, negate);
    case IR_ENDS_WITH:
        return test_text(b, e, ROW_ENDS, negate);
    case IR_CONTAINS:
        return test_text(b, e, ROW_CONTAINS, negate);
    case IR_LIKE:
        return test_text(b, e, ROW_LIKE, negate);
    case IR_MATCHES:
        return test_text(b, e, ROW_MATCHES, negate);
    case IR_EXISTS:
        return test_exists(b, e, negate);
    case IR_FIELD:
        if (e->field == IR_FIELD_TLS_ACTIVE)
            return dnf_atom(b, (struct row_atom){.test = ROW_TLS, .negate = negate});
        break;
    case IR_CONST_INT:
    case IR_CONST_STR:
    case IR_CONST_IP:
    case IR_LOOKUP:
    case IR_LOWER:
    case IR_UPPER:
    case IR_DEFAULT:
    case IR_TO_INT:
    case IR_TO_STR:
    case IR_CONCAT:
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_CONST_CIDR:
    case IR_AMONG:
    case IR_LENGTH:
    case IR_HASH:
    case IR_BASE64:
    case IR_BASE64_DECODE:
    case IR_URL_DECODE:
    case IR_PART:
    case IR_REPLACE:
    case IR_MASK:
    case IR_LINES:
    case IR_NTH:
        break;
    }
    return residual(b, e, negate);
}

/* ---- rules and steps --------------------------------------------------------------------------- */

static struct dnf rule_dnf(struct build *b, const struct ir_rule *r)
{
    struct dnf d = r->guard ? dnf_of(b, r->guard, false) : dnf_const(b, true);
    if (r->kind == IR_USE_MAP) {
        struct dnf found = test_lookup(b, r->value, false);
        d = product(b, &d, &found);
    }
    return d;
}

/* Cheap tests first; equal ones keep their order. */
static void sort_atoms(struct row_atom *v, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct row_atom x = v[i];
        uint32_t k = i;
        for (; k > 0 && v[k - 1].test > x.test; k--)
            v[k] = v[k - 1];
        v[k] = x;
    }
}

static void add_rows(struct build *b, struct rows_step *s, uint32_t rule)
{
    struct dnf d = rule_dnf(b, &s->rules[rule]);
    for (uint32_t i = 0; i < d.alts.n; i++) {
        struct conj *c = &d.alts.v[i];
        /* Insertion sort: a row of very many atoms is left as it is. */
        if (c->n <= 256)
            sort_atoms(c->atoms, c->n);
        *vec_push(b->a, &s->rows) = (struct row){.rule = rule, .natoms = c->n, .atoms = c->atoms};
    }
}

static void add_step(struct build *b, struct rows_frontend *f, uint32_t phase, const struct ir_rule *rules, uint32_t first,
                     uint32_t n)
{
    struct rows_step *s = vec_push(b->a, &f->steps);
    *s = (struct rows_step){.phase = phase, .first = first, .nrules = n, .rules = rules + first};
    for (uint32_t i = 0; i < n; i++)
        add_rows(b, s, i);
    s->always = n == 1 && s->rows.n == 1 && s->rows.v[0].natoms == 0;
    b->out->nrows += s->rows.n;
}

static void add_phase(struct build *b, struct rows_frontend *f, uint32_t phase, const struct ir_rule *rules, uint32_t n)
{
    for (uint32_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (ir_rule_decides(&rules[i]) && end < n && ir_rule_decides(&rules[end]))
            end++;
        add_step(b, f, phase, rules, i, end - i);
    }
}

struct rows_program *rows_build(struct arena *a, const struct ir_program *p)
{
    struct build b = {.a = a, .out = arena_new(a, struct rows_program)};
    b.out->ir = p;
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        b.out->nrules += f->on_request.n + f->route.n;
        for (uint32_t k = 0; k < f->on_request.n; k++)
            collect_rule_slots(&b, &f->on_request.v[k]);
        for (uint32_t k = 0; k < f->route.n; k++)
            collect_rule_slots(&b, &f->route.v[k]);
    }
    if (b.out->slots.n >= ROW_SUBJECT_RANDOM - ROW_SUBJECT_FIXED)
        return NULL;
    uint32_t share = ROWS_A_PROGRAM / (b.out->nrules + 1);
    b.budget = share > ROWS_A_GUARD ? ROWS_A_GUARD : share < 4 ? 4 : share;
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        struct rows_frontend *f = vec_push(a, &b.out->frontends);
        f->ir = p->frontends.v[i];
        add_phase(&b, f, 0, f->ir->on_request.v, f->ir->on_request.n);
        add_phase(&b, f, 1, f->ir->route.v, f->ir->route.n);
    }
    return b.out;
}
