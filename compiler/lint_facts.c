/* What conditions say about each other: whether one makes sure of the other, or excludes it. Sound and
 * incomplete: tests of one operand against constants are understood, by what the evaluator says of the
 * constants; everything else is only ever equal to itself. The work for a pair is bounded. */
#include "compiler/lint.h"

#include "compiler/eval_state.h"
#include "runtime/base/hash.h"

enum { STEPS = 400, ROWS = 64, DEPTH = 40 };

/* ---- equality ---------------------------------------------------------------------------------- */

static bool same_keys(const struct ir_set *a, const struct ir_set *b)
{
    if (a == b)
        return true;
    if (a->name.p || b->name.p || a->is_map || b->is_map || a->key_kind != b->key_kind ||
        a->rows.n != b->rows.n || a->rows.n > ROWS)
        return false;
    for (uint32_t i = 0; i < a->rows.n; i++)
        if (!slice_eq(check_key_bytes(a->key_kind, &a->rows.v[i].key),
                      check_key_bytes(b->key_kind, &b->rows.v[i].key)))
            return false;
    return true;
}

static bool same_own(const struct ir_expr *a, const struct ir_expr *b)
{
    return a->op == IR_IN ? same_keys(a->set, b->set) : ir_same_own(a, b);
}

static bool same(const struct ir_expr *a, const struct ir_expr *b, int *steps)
{
    if (a == b)
        return true;
    if (--*steps < 0 || a->op != b->op || a->kind != b->kind || a->nargs != b->nargs || !same_own(a, b))
        return false;
    for (uint32_t i = 0; i < a->nargs; i++)
        if (!same(a->args[i], b->args[i], steps))
            return false;
    return true;
}

bool lint_same(const struct ir_expr *a, const struct ir_expr *b)
{
    int steps = STEPS;
    return same(a, b, &steps);
}

static uint64_t hash(const struct ir_expr *e, int depth)
{
    uint64_t h = e->op | (uint64_t)e->field << 8 | (uint64_t)e->nargs << 16;
    switch (ir_op_own(e->op)) {
    case IR_OWN_NUM:
        h = hash_bytes(&e->num, sizeof e->num, h);
        break;
    case IR_OWN_STR:
    case IR_OWN_FIELD:
        h = hash_bytes(e->str.p, e->str.len, h);
        break;
    case IR_OWN_IP:
        h = hash_bytes(&e->ip, sizeof e->ip, h);
        break;
    case IR_OWN_SET:
        h += e->op == IR_IN ? e->set->rows.n : 0;
        break;
    case IR_OWN_NONE:
    case IR_OWN_CIDR:
        break;
    }
    for (uint32_t i = 0; i < e->nargs && i < 8 && depth < 4; i++) {
        uint64_t pair[2] = {h, hash(e->args[i], depth + 1)};
        h = hash_bytes(pair, sizeof pair, 1);
    }
    return h;
}

uint64_t lint_hash(const struct ir_expr *e)
{
    return hash(e, 0);
}

/* ---- tests of one thing ------------------------------------------------------------------------ */

bool lint_is_field(const struct ir_expr *e, enum ir_field field)
{
    return e->op == IR_FIELD && e->field == field;
}

static bool is_constant(const struct ir_expr *e)
{
    return e->op == IR_CONST_STR || e->op == IR_CONST_INT || e->op == IR_CONST_IP;
}

const struct ir_expr *lint_subject(const struct ir_expr *t, const struct ir_expr **constant)
{
    *constant = NULL;
    if (t->op == IR_IN || t->op == IR_LIKE || t->op == IR_MATCHES || t->op == IR_EXISTS)
        return t->args[0];
    if (t->op != IR_EQ && t->op != IR_LT && t->op != IR_LE && t->op != IR_UNDER && t->op != IR_STARTS_WITH &&
        t->op != IR_ENDS_WITH && t->op != IR_CONTAINS)
        return NULL;
    bool left = (t->op == IR_EQ || t->op == IR_LT || t->op == IR_LE) && is_constant(t->args[0]);
    if (!is_constant(t->args[!left]) || is_constant(t->args[left]))
        return NULL;
    *constant = t->args[!left];
    return t->args[left];
}

/* Whether a value satisfies a test of one thing: 1, 0, or -1 for not known. */
static int satisfies(const struct eval_value *v, const struct ir_expr *t)
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    if (!subject)
        return -1;
    if (t->op == IR_EXISTS)
        return 1;
    if (t->op == IR_IN)
        return t->set->rows.n > ROWS ? -1 : eval_set_find(t->set, v) != NULL;
    if (t->op == IR_EQ && v->kind == IR_IP && c->op == IR_CONST_IP)
        return memcmp(&v->ip, &c->ip, sizeof v->ip) == 0;
    if (v->kind == IR_INT && c && c->op == IR_CONST_INT) {
        int64_t l = t->args[0] == c ? c->num : v->num, r = t->args[0] == c ? v->num : c->num;
        return t->op == IR_EQ ? l == r : t->op == IR_LT ? l < r : t->op == IR_LE ? l <= r : -1;
    }
    if (v->kind != IR_STR)
        return -1;
    if (t->op == IR_LIKE)
        return eval_glob(t->str, v->str, lint_is_field(subject, IR_FIELD_HOST) ? '.' : '/');
    if (!c || c->op != IR_CONST_STR)
        return -1;
    return t->op == IR_EQ            ? slice_eq(v->str, c->str)
           : t->op == IR_UNDER       ? eval_under(v->str, c->str)
           : t->op == IR_STARTS_WITH ? slice_starts(v->str, c->str)
           : t->op == IR_ENDS_WITH   ? slice_ends(v->str, c->str)
           : t->op == IR_CONTAINS    ? slice_contains(v->str, c->str)
                                     : -1;
}

int lint_satisfies(struct slice text, const struct ir_expr *t)
{
    struct eval_value v = {.kind = IR_STR, .str = text};
    return satisfies(&v, t);
}

/* The values for which `t` holds, where they are few; 0: not known. */
static uint32_t values_of(const struct ir_expr *t, struct eval_value out[ROWS])
{
    const struct ir_expr *c, *subject = lint_subject(t, &c);
    if (subject && t->op == IR_EQ) {
        out[0] = (struct eval_value){.kind = (enum ir_kind)c->kind};
        if (c->op == IR_CONST_STR)
            out[0].str = c->str;
        else if (c->op == IR_CONST_IP)
            out[0].ip = c->ip;
        else
            out[0].num = c->num;
        return 1;
    }
    if (t->op != IR_IN || t->set->rows.n > ROWS)
        return 0;
    enum ir_key_kind kind = t->set->key_kind;
    if (kind != IR_KEY_STRING && kind != IR_KEY_HOST && kind != IR_KEY_METHOD && kind != IR_KEY_INT &&
        kind != IR_KEY_CIDR)
        return 0;
    for (uint32_t i = 0; i < t->set->rows.n; i++) {
        const struct ir_key *key = &t->set->rows.v[i].key;
        if (kind == IR_KEY_CIDR && key->cidr.bits != 128)
            return 0;
        out[i] = (struct eval_value){.kind = kind == IR_KEY_INT    ? IR_INT
                                             : kind == IR_KEY_CIDR ? IR_IP
                                                                   : IR_STR};
        if (kind == IR_KEY_INT)
            out[i].num = key->num;
        else if (kind == IR_KEY_CIDR)
            out[i].ip = key->cidr.addr;
        else
            out[i].str = key->str;
    }
    return t->set->rows.n;
}

/* Whether all (`want` 1) or none (`want` 0) of the values of `x` satisfy `y`. */
static bool values_all(const struct ir_expr *x, const struct ir_expr *y, int want)
{
    struct eval_value v[ROWS];
    uint32_t n = values_of(x, v);
    for (uint32_t i = 0; i < n; i++)
        if (satisfies(&v[i], y) != want)
            return false;
    return n > 0;
}

/* The text that every value satisfying `t` begins, or ends, with. */
static struct slice head_of(const struct ir_expr *t)
{
    const struct ir_expr *c;
    lint_subject(t, &c);
    if (c && c->op == IR_CONST_STR && (t->op == IR_UNDER || t->op == IR_STARTS_WITH))
        return c->str;
    if (t->op != IR_LIKE)
        return SLICE("");
    const char *star = t->str.len ? memchr(t->str.p, '*', t->str.len) : NULL;
    return (struct slice){t->str.p, star ? (size_t)(star - t->str.p) : t->str.len};
}

static struct slice tail_of(const struct ir_expr *t)
{
    const struct ir_expr *c;
    lint_subject(t, &c);
    if (c && c->op == IR_CONST_STR && t->op == IR_ENDS_WITH)
        return c->str;
    if (t->op != IR_LIKE)
        return SLICE("");
    size_t n = t->str.len;
    while (n && t->str.p[n - 1] != '*')
        n--;
    return slice_from(t->str, n);
}

/* A glob that is `**` and a text without stars. */
static bool is_deep_suffix(const struct ir_expr *t, struct slice *suffix)
{
    if (t->op != IR_LIKE || !slice_starts(t->str, SLICE("**")))
        return false;
    *suffix = slice_from(t->str, 2);
    return suffix->len && !memchr(suffix->p, '*', suffix->len);
}

static bool networks_within(const struct ir_set *x, const struct ir_set *y)
{
    if (x->key_kind != IR_KEY_CIDR || y->key_kind != IR_KEY_CIDR || x->rows.n > ROWS || y->rows.n > ROWS)
        return false;
    for (uint32_t i = 0; i < x->rows.n; i++) {
        const struct ip_prefix *p = &x->rows.v[i].key.cidr;
        bool found = false;
        for (uint32_t j = 0; j < y->rows.n && !found; j++)
            found = y->rows.v[j].key.cidr.bits <= p->bits && ip_in_prefix(&p->addr, &y->rows.v[j].key.cidr);
        if (!found)
            return false;
    }
    return x->rows.n > 0;
}

static bool networks_apart(const struct ir_set *x, const struct ir_set *y)
{
    if (x->key_kind != IR_KEY_CIDR || y->key_kind != IR_KEY_CIDR || x->rows.n > ROWS || y->rows.n > ROWS)
        return false;
    for (uint32_t i = 0; i < x->rows.n; i++)
        for (uint32_t j = 0; j < y->rows.n; j++) {
            const struct ip_prefix *p = &x->rows.v[i].key.cidr, *q = &y->rows.v[j].key.cidr;
            if (ip_in_prefix(&p->addr, q) || ip_in_prefix(&q->addr, p))
                return false;
        }
    return x->rows.n > 0;
}

/* Bounds of a test of an int: lo..hi. */
static bool bounds(const struct ir_expr *t, int64_t *lo, int64_t *hi)
{
    const struct ir_expr *c;
    if (!lint_subject(t, &c) || !c || c->op != IR_CONST_INT)
        return false;
    bool left = t->args[0] == c;
    if (t->op == IR_LT && c->num == (left ? INT64_MAX : INT64_MIN))
        return false; /* holds for none */
    *lo = INT64_MIN;
    *hi = INT64_MAX;
    if (t->op == IR_EQ)
        *lo = *hi = c->num;
    else if (t->op != IR_LT && t->op != IR_LE)
        return false;
    else if (left)
        *lo = c->num + (t->op == IR_LT);
    else
        *hi = c->num - (t->op == IR_LT);
    return true;
}

static bool test_implies(const struct ir_expr *x, const struct ir_expr *y, int *steps)
{
    const struct ir_expr *cx, *cy, *sx = lint_subject(x, &cx), *sy = lint_subject(y, &cy);
    struct slice suffix;
    int64_t xl, xh, yl, yh;
    if (!sx || !sy || !same(sx, sy, steps))
        return false;
    if (y->op == IR_EXISTS || values_all(x, y, 1))
        return true;
    if (bounds(x, &xl, &xh) && bounds(y, &yl, &yh))
        return yl <= xl && xh <= yh;
    if (x->op == IR_IN && y->op == IR_IN)
        return networks_within(x->set, y->set);
    struct slice head = head_of(x), tail = tail_of(x);
    if (is_deep_suffix(y, &suffix))
        return slice_ends(tail, suffix) && x->op == IR_LIKE && x->str.len > suffix.len;
    if (!cy || cy->op != IR_CONST_STR)
        return false;
    struct slice text = cy->str;
    if (y->op == IR_UNDER)
        return x->op == IR_UNDER ? eval_under(head, text) : head.len > text.len && eval_under(head, text);
    if (y->op == IR_STARTS_WITH)
        return slice_starts(head, text);
    if (y->op == IR_ENDS_WITH)
        return slice_ends(tail, text);
    if (y->op == IR_CONTAINS)
        return slice_contains(head, text) || slice_contains(tail, text) ||
               (x->op == IR_CONTAINS && slice_contains(cx->str, text));
    return false;
}

static bool test_excludes(const struct ir_expr *x, const struct ir_expr *y, int *steps)
{
    const struct ir_expr *cx, *cy, *sx = lint_subject(x, &cx), *sy = lint_subject(y, &cy);
    int64_t xl, xh, yl, yh;
    if (!sx || !sy || !same(sx, sy, steps))
        return false;
    if (values_all(x, y, 0) || values_all(y, x, 0))
        return true;
    if (bounds(x, &xl, &xh) && bounds(y, &yl, &yh))
        return xh < yl || yh < xl;
    if (x->op == IR_IN && y->op == IR_IN)
        return networks_apart(x->set, y->set);
    struct slice hx = head_of(x), hy = head_of(y), tx = tail_of(x), ty = tail_of(y);
    if (!slice_starts(hx, hy) && !slice_starts(hy, hx))
        return true;
    if (!slice_ends(tx, ty) && !slice_ends(ty, tx))
        return true;
    /* Below /api nothing begins with /apix. */
    if (x->op == IR_UNDER && hy.len > hx.len && !eval_under(hy, hx))
        return true;
    return y->op == IR_UNDER && hx.len > hy.len && !eval_under(hx, hy);
}

/* ---- conditions -------------------------------------------------------------------------------- */

static bool implies(struct lint_fact x, struct lint_fact y, int *steps, int depth);

static bool is_all(struct lint_fact x)
{
    return x.e->op == (x.no ? IR_OR : IR_AND);
}

static bool is_any(struct lint_fact x)
{
    return x.e->op == (x.no ? IR_AND : IR_OR);
}

/* Some part of x makes sure of y (`every` false), or each does. */
static bool parts_imply(struct lint_fact x, struct lint_fact y, bool every, int *steps, int depth)
{
    for (uint32_t i = 0; i < x.e->nargs; i++)
        if (implies((struct lint_fact){x.e->args[i], x.no}, y, steps, depth) != every)
            return !every;
    return every;
}

static bool implies_parts(struct lint_fact x, struct lint_fact y, bool every, int *steps, int depth)
{
    for (uint32_t i = 0; i < y.e->nargs; i++)
        if (implies(x, (struct lint_fact){y.e->args[i], y.no}, steps, depth) != every)
            return !every;
    return every;
}

static bool implies(struct lint_fact x, struct lint_fact y, int *steps, int depth)
{
    for (; x.e->op == IR_NOT; x.no = !x.no)
        x.e = x.e->args[0];
    for (; y.e->op == IR_NOT; y.no = !y.no)
        y.e = y.e->args[0];
    if (--*steps < 0 || depth > DEPTH)
        return false;
    if (x.no == y.no && same(x.e, y.e, steps))
        return true;
    if (is_any(x))
        return parts_imply(x, y, true, steps, depth + 1);
    if (is_all(y))
        return implies_parts(x, y, true, steps, depth + 1);
    if (is_all(x) && parts_imply(x, y, false, steps, depth + 1))
        return true;
    if (is_any(y))
        return implies_parts(x, y, false, steps, depth + 1);
    if (x.no)
        return y.no && test_implies(y.e, x.e, steps);
    return y.no ? test_excludes(x.e, y.e, steps) : test_implies(x.e, y.e, steps);
}

bool lint_implies(struct lint_fact x, struct lint_fact y)
{
    int steps = STEPS;
    return implies(x, y, &steps, 0);
}

bool lint_excludes(struct lint_fact x, struct lint_fact y)
{
    return lint_implies(x, (struct lint_fact){y.e, !y.no});
}

static uint32_t add_parts(struct lint_fact x, struct lint_fact *out, uint32_t n, uint32_t max, int depth)
{
    for (; x.e->op == IR_NOT; x.no = !x.no)
        x.e = x.e->args[0];
    if (!is_all(x) || depth > 4000) {
        if (n < max)
            out[n] = x;
        return n + 1;
    }
    for (uint32_t i = 0; i < x.e->nargs && n <= max; i++)
        n = add_parts((struct lint_fact){x.e->args[i], x.no}, out, n, max, depth + 1);
    return n;
}

uint32_t lint_parts(const struct ir_expr *e, bool no, struct lint_fact *out, uint32_t max)
{
    return e ? add_parts((struct lint_fact){e, no}, out, 0, max, 0) : 0;
}

bool lint_reads(const struct ir_expr *e, struct slice name)
{
    if (e->op == IR_FIELD)
        return ((e->field == IR_FIELD_HEADER || e->field == IR_FIELD_HEADERS) && slice_eq_nocase(e->str, name)) ||
               (e->field == IR_FIELD_COOKIE && slice_eq_nocase(name, SLICE("cookie"))) ||
               (e->field == IR_FIELD_HOST && slice_eq_nocase(name, SLICE("host")));
    for (uint32_t i = 0; i < e->nargs; i++)
        if (lint_reads(e->args[i], name))
            return true;
    return false;
}
