/* Near misses; see explain_near.h. */
#include "compiler/explain_near.h"

#include <stdlib.h>

enum {
    LETTERS_MAX = 5,  /* changes of a text that still make it near */
    COMPARED_MAX = 64, /* bytes of a text that are compared */
    KEYS_COMPARED = 64, /* of a set */
};
static const double FAILING_BITS = 8; /* what a test that fails by a hair is worth; see note [score] */

/* ---- nearness of texts ------------------------------------------------------------------------- */

/* Where the constant has to be in the text. */
enum place { WHOLE, AT_BEGIN, AT_END };

static char byte_at(struct slice s, size_t i, bool backwards)
{
    return ascii_lower(s.p[backwards ? s.len - 1 - i : i]);
}

/* Letters to add, drop, change or swap until `text` is `wanted`, or begins or ends with it; LETTERS_MAX + 1: more.
 * Cells far from the diagonal cost more than that, and are left out. */
static unsigned letters_off(struct slice text, struct slice wanted, enum place place)
{
    enum { FAR = LETTERS_MAX + 1 };
    unsigned rows[3][COMPARED_MAX + LETTERS_MAX + 2];
    if (place != WHOLE && text.len > wanted.len + LETTERS_MAX) {
        text.p += place == AT_END ? text.len - wanted.len - LETTERS_MAX : 0;
        text.len = wanted.len + LETTERS_MAX;
    }
    if (wanted.len > COMPARED_MAX || text.len > wanted.len + LETTERS_MAX || text.len + LETTERS_MAX < wanted.len)
        return FAR;
    bool back = place == AT_END;
    for (size_t i = 0; i <= wanted.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3], least = FAR;
        for (size_t k = 0; k <= text.len; k++) {
            unsigned best = FAR;
            if (i <= k + LETTERS_MAX && k <= i + LETTERS_MAX) {
                best = i == 0 ? (unsigned)k : k == 0 ? (unsigned)i : FAR;
                bool same = i && k && byte_at(wanted, i - 1, back) == byte_at(text, k - 1, back);
                if (i && k && above[k - 1] + !same < best)
                    best = above[k - 1] + !same;
                if (i && above[k] + 1 < best)
                    best = above[k] + 1;
                if (k && row[k - 1] + 1 < best)
                    best = row[k - 1] + 1;
                bool swapped = i > 1 && k > 1 && byte_at(wanted, i - 1, back) == byte_at(text, k - 2, back) &&
                               byte_at(wanted, i - 2, back) == byte_at(text, k - 1, back);
                if (swapped && twice[k - 2] + 1 < best)
                    best = twice[k - 2] + 1;
            }
            row[k] = best;
            least = best < least ? best : least;
        }
        if (least >= FAR)
            return FAR;
    }
    unsigned found = rows[wanted.len % 3][text.len];
    for (size_t k = 0; place != WHOLE && k <= text.len; k++)
        if (rows[wanted.len % 3][k] < found)
            found = rows[wanted.len % 3][k];
    return found;
}

/* Half for each letter. What begins alike and stops short is near, however much is missing; short texts, in which
 * a letter is much, are less near. */
static double text_closeness(struct slice text, struct slice wanted, enum place place)
{
    unsigned off = letters_off(text, wanted, place);
    double close = off > LETTERS_MAX ? 0 : off < 2 ? 1 : 1.0 / (1u << (off - 1));
    if (wanted.len && off >= wanted.len)
        close = 0;
    else if (wanted.len)
        close *= 1 - (double)off / (double)wanted.len;
    bool part = text.len > 1 && wanted.len > text.len && place != AT_END && slice_starts(wanted, text);
    return part && close < 0.5 ? 0.5 : close;
}

static enum place place_of_key(enum ir_key_kind kind)
{
    switch (kind) {
    case IR_KEY_PATH:
    case IR_KEY_PREFIX:
        return AT_BEGIN;
    case IR_KEY_SUFFIX:
    case IR_KEY_HOST_PATTERN:
        return AT_END;
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_INT:
    case IR_KEY_CIDR:
    case IR_KEY_RANGE:
    case IR_KEY_REGEX:
        return WHOLE;
    }
    return WHOLE;
}

/* Networks are near from 16 bits before their end on. */
static double address_closeness(const struct ip_addr *ip, const struct ip_prefix *to)
{
    struct ip_prefix wider = *to;
    for (int i = 0; i < 16 && wider.bits > 0; i++) {
        wider.bits--;
        if (ip_in_prefix(ip, &wider))
            return 0.5 - i / 32.0;
    }
    return 0;
}

static double set_closeness(const struct eval_value *v, const struct ir_set *set)
{
    double best = 0;
    for (uint32_t i = 0; i < set->rows.n && i < KEYS_COMPARED && !v->absent; i++) {
        const struct ir_key *key = &set->rows.v[i].key;
        double d = 0;
        if (v->kind == IR_STR && set->key_kind != IR_KEY_CIDR && set->key_kind != IR_KEY_REGEX)
            d = text_closeness(v->str, key->str, place_of_key(set->key_kind));
        else if (v->kind == IR_IP && set->key_kind == IR_KEY_CIDR)
            d = address_closeness(&v->ip, &key->cidr);
        best = d > best ? d : best;
    }
    return best;
}

static double number_closeness(int64_t x, int64_t y)
{
    double apart = (double)x - (double)y;
    return 1 / (1 + (apart < 0 ? -apart : apart));
}

/* How near the request is to meeting a test that fails. */
static double closeness_of(struct eval_state *s, const struct explain_part *x)
{
    enum { SOME = 25 }; /* percent: where nothing tells */
    const struct ir_expr *e = x->e;
    if (x->negated || e->nargs == 0)
        return SOME / 100.0;
    struct eval_value v = eval_expr(s, e->args[0]), w = {.absent = true};
    if (x->lookup || e->op == IR_IN)
        return set_closeness(&v, e->set);
    if (e->nargs == 2)
        w = eval_expr(s, e->args[1]);
    if (v.absent || w.absent || v.kind != w.kind)
        return v.absent ? 0 : SOME / 100.0;
    if (v.kind == IR_INT)
        return number_closeness(v.num, w.num);
    if (v.kind == IR_IP)
        return address_closeness(&v.ip, &(struct ip_prefix){w.ip, 128});
    if (v.kind != IR_STR || e->op == IR_CONTAINS)
        return 0;
    return text_closeness(v.str, w.str,
                          e->op == IR_UNDER || e->op == IR_STARTS_WITH ? AT_BEGIN
                          : e->op == IR_ENDS_WITH                      ? AT_END
                                                                       : WHOLE);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void put_expr(const struct ir_expr *e, struct buf *out)
{
    char head[3] = {(char)e->op, (char)e->field, (char)e->nargs};
    buf_add(out, head, sizeof head);
    if (e->op == IR_CONST_BOOL || e->op == IR_CONST_INT) {
        buf_add(out, &e->num, sizeof e->num);
    } else if (e->op == IR_CONST_IP) {
        buf_add(out, &e->ip, sizeof e->ip);
    } else if (e->op == IR_CONST_CIDR) {
        buf_add(out, &e->cidr, sizeof e->cidr);
    } else if (e->op == IR_IN || e->op == IR_LOOKUP) {
        buf_add(out, &e->set, sizeof e->set);
    } else {
        buf_add(out, &e->str.len, sizeof e->str.len);
        buf_slice(out, e->str);
    }
    for (uint32_t i = 0; i < e->nargs; i++)
        put_expr(e->args[i], out);
}

static uint32_t test_number(struct near *n, const struct explain_part *x)
{
    struct buf key = {0};
    buf_char(&key, (char)(x->negated | x->lookup << 1));
    put_expr(x->e, &key);
    const uint32_t *known = strmap_get(&n->index, buf_view(&key));
    uint32_t number = known ? *known : n->holds.n;
    if (!known) {
        strmap_put(&n->index, n->a, arena_copy(n->a, buf_view(&key)), number, NULL);
        vec_add(n->a, &n->holds, 0u);
    }
    buf_free(&key);
    return number;
}

/* What a part costs: the tests that would have to turn out otherwise, as far as 2; and those that hold. */
struct cost {
    uint32_t fails;
    double closeness;         /* where `fails` is 1, of */
    struct explain_part part; /* this one */
    uint32_t nheld;
    struct explain_part held[NEAR_HELD_MAX];
};

static struct cost cost_of(struct eval_state *s, const struct explain_part *x);

static void add_cost(struct cost *all, const struct cost *one)
{
    if (one->fails == 1) {
        all->closeness = one->closeness;
        all->part = one->part;
    }
    all->fails += one->fails;
    for (uint32_t i = 0; i < one->nheld && all->nheld < NEAR_HELD_MAX; i++)
        all->held[all->nheld++] = one->held[i];
}

static struct cost cost_of_all(struct eval_state *s, const struct explain_part *x)
{
    struct cost all = {0};
    for (uint32_t i = 0; i < x->e->nargs && all.fails < 2; i++) {
        struct explain_part in = explain_part_in(x, i);
        struct cost one = cost_of(s, &in);
        add_cost(&all, &one);
    }
    return all;
}

static struct cost cost_of_any(struct eval_state *s, const struct explain_part *x)
{
    struct cost best = {.fails = 2};
    for (uint32_t i = 0; i < x->e->nargs && best.fails > 0; i++) {
        struct explain_part in = explain_part_in(x, i);
        struct cost one = cost_of(s, &in);
        if (one.fails < best.fails || (one.fails == best.fails && one.closeness > best.closeness))
            best = one;
    }
    return best;
}

static struct cost cost_of(struct eval_state *s, const struct explain_part *x)
{
    switch (explain_part_kind(x)) {
    case EXPLAIN_ALL:
        return cost_of_all(s, x);
    case EXPLAIN_ANY:
        return cost_of_any(s, x);
    case EXPLAIN_TEST:
        break;
    }
    if (explain_part_holds(s, x))
        return (struct cost){.nheld = 1, .held = {*x}};
    return (struct cost){.fails = 1, .part = *x, .closeness = closeness_of(s, x)};
}

/* ---- rules ------------------------------------------------------------------------------------- */

void near_add(struct near *n, struct eval_state *s, const struct ir_rule *rule)
{
    struct explain_part parts[2];
    struct cost all = {0};
    for (uint32_t i = 0, k = explain_parts_of(rule, parts); i < k && all.fails < 2; i++) {
        struct cost one = cost_of(s, &parts[i]);
        add_cost(&all, &one);
    }
    if (all.fails != 1)
        return;
    struct near_rule *x = vec_push(n->a, &n->rules);
    *x = (struct near_rule){.rule = rule, .part = all.part, .closeness = all.closeness, .order = n->rules.n};
    for (uint32_t i = 0; i < all.nheld; i++) {
        x->held[x->nheld] = test_number(n, &all.held[i]);
        n->holds.v[x->held[x->nheld++]]++;
    }
}

/* The logarithm to base 2 of a number from 1 on, straight between powers. */
static double bits_of(double x)
{
    double bits = 0;
    for (; x >= 2; x /= 2)
        bits++;
    return bits + x - 1;
}

static int compare(const void *p, const void *q)
{
    const struct near_rule *x = p, *y = q;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void near_sort(struct near *n)
{
    for (uint32_t i = 0; i < n->rules.n; i++) {
        struct near_rule *x = &n->rules.v[i];
        x->score = FAILING_BITS * x->closeness;
        for (uint32_t k = 0; k < x->nheld; k++)
            x->score += bits_of((n->rules.n + 1.0) / n->holds.v[x->held[k]]);
    }
    if (n->rules.n)
        qsort(n->rules.v, n->rules.n, sizeof *n->rules.v, compare);
}
