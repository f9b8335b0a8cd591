/* Which requests a class is about, in the words of the rules: what the rules that decide ask for, and what of
 * those rules that changed does not hold. The rules that stand before them in both programs say nothing of
 * the difference, and are left out. See diff_view.h. */
#include "compiler/diff_cone.h"
#include "compiler/diff_view.h"
#include "compiler/ir_print.h"

enum { WHEN_MAX = 400, PARTS_MAX = 32, CHANGED_MAX = 64, DENIED_MAX = 4 };

/* A condition of one of the programs. */
struct part {
    const struct ir_expr *e;
    uint32_t side;
    bool negated;
};

struct when {
    struct arena *a;
    struct part v[PARTS_MAX];
    uint32_t n, denied; /* the first n - denied of them hold as they stand */
};

static bool holds(const struct when *w, const struct ir_expr *e)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->v[i].negated && diff_same_expr(w->a, w->v[i].e, e))
            return true;
    return false;
}

/* Whether `e` is `whole`, or one of its alternatives. */
static bool is_arm(const struct when *w, const struct ir_expr *whole, const struct ir_expr *e)
{
    for (uint32_t i = 0; whole->op == IR_OR && i < whole->nargs; i++)
        if (diff_same_expr(w->a, whole->args[i], e))
            return true;
    return diff_same_expr(w->a, whole, e);
}

/* Fields that no rule changes. */
static bool is_fixed(const struct ir_expr *e)
{
    return e->op == IR_FIELD && (e->field == IR_FIELD_HOST || e->field == IR_FIELD_PATH || e->field == IR_FIELD_METHOD);
}

/* Whether both ask for one of some texts of one field, and share none. */
static bool are_apart(struct arena *a, const struct ir_expr *x, const struct ir_expr *y)
{
    if (x->op != IR_OR && y->op == IR_OR)
        return are_apart(a, y, x);
    for (uint32_t i = 0; x->op == IR_OR && i < x->nargs; i++)
        if (!are_apart(a, x->args[i], y))
            return false;
    return x->op == IR_OR ||
           (x->op == IR_EQ && y->op == IR_EQ && x->args[1]->op == IR_CONST_STR && y->args[1]->op == IR_CONST_STR &&
            is_fixed(x->args[0]) && diff_same_expr(a, x->args[0], y->args[0]) &&
            !slice_eq(x->args[1]->str, y->args[1]->str));
}

static bool fails(const struct when *w, const struct ir_expr *e)
{
    if (e->op == IR_NOT && holds(w, e->args[0]))
        return true;
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->v[i].negated && are_apart(w->a, w->v[i].e, e))
            return true;
    for (uint32_t i = 0; i < w->n; i++)
        if (w->v[i].negated ? is_arm(w, w->v[i].e, e)
                            : w->v[i].e->op == IR_NOT && is_arm(w, w->v[i].e->args[0], e))
            return true;
    return false;
}

static void know(struct when *w, const struct ir_expr *e, uint32_t side)
{
    for (uint32_t i = 0; e && e->op == IR_AND && i < e->nargs; i++)
        know(w, e->args[i], side);
    if (e && e->op != IR_AND && w->n < PARTS_MAX && !holds(w, e))
        w->v[w->n++] = (struct part){e, side, false};
}

/* The parts of `e` that are not known to hold; the last of them in `*one`. */
static uint32_t open_parts(const struct when *w, const struct ir_expr *e, const struct ir_expr **one)
{
    uint32_t n = 0;
    for (uint32_t i = 0; e->op == IR_AND && i < e->nargs; i++)
        n += open_parts(w, e->args[i], one);
    if (e->op != IR_AND && !holds(w, e)) {
        *one = e;
        n = 1;
    }
    return n;
}

/* A rule did not apply: of its condition, the one part that is open does not hold. Where several are open,
 * nothing can be said in few words; where it shares nothing with what holds and is no `counterpart`, it is
 * about other requests. */
static void deny(struct when *w, const struct ir_expr *guard, uint32_t side, bool counterpart)
{
    const struct ir_expr *one = NULL;
    if (!guard || w->n == PARTS_MAX || w->denied == DENIED_MAX || open_parts(w, guard, &one) != 1 ||
        fails(w, one) || (guard == one && !counterpart))
        return;
    w->v[w->n++] = (struct part){one, side, true};
    w->denied++;
}

static bool is_edit(const struct ir_rule *r)
{
    return r->kind == IR_SET_HEADER || r->kind == IR_ADD_HEADER || r->kind == IR_DEL_HEADER;
}

static bool same_action(const struct ir_rule *x, const struct ir_rule *y)
{
    return x && x->kind == y->kind && x->status == y->status && !x->backend == !y->backend &&
           (!x->backend || slice_eq(x->backend->name, y->backend->name));
}

/* Changed rules of a program before the one that decides; of changes of headers, those of the same header.
 * `shown` is what applied in this program, and `other` in the other one. */
static void deny_changed(struct when *w, const struct an_side *side, uint32_t at,
                         const struct an_item *decides, const struct ir_rule *shown,
                         const struct ir_rule *other, bool edits)
{
    uint32_t seen = 0;
    struct slice header = edits && (shown || other) ? (shown ? shown : other)->name : SLICE("");
    for (uint32_t i = 0; i < side->items.n && seen < CHANGED_MAX; i++) {
        const struct an_item *x = &side->items.v[i];
        if (!x->changed || !x->rule || x->rule->kind == IR_USE_MAP || x->number >= decides->number ||
            x->rule == shown)
            continue;
        seen++;
        if (edits ? is_edit(x->rule) && slice_eq_nocase(x->rule->name, header) : !is_edit(x->rule))
            deny(w, x->rule->guard, at, edits || same_action(other, x->rule));
    }
}

/* ---- in words ---------------------------------------------------------------------------------- */

/* Of `a or b`, what another part does not settle: nothing where one of them holds, and none that fails. */
static uint32_t open_arms(const struct when *w, const struct part *p, const struct ir_expr *arms[PARTS_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->e->nargs; i++) {
        if (holds(w, p->e->args[i]))
            return 0;
        if (!fails(w, p->e->args[i]) && n < PARTS_MAX)
            arms[n++] = p->e->args[i];
    }
    return n;
}

static void put_part(const struct when *w, const struct part *p, struct buf *out)
{
    const struct ir_expr *arms[PARTS_MAX];
    uint32_t n = 0;
    if (p->negated) {
        ir_print_negated(p->e, out);
        return;
    }
    if (p->e->op != IR_OR || p->e->nargs > PARTS_MAX) {
        ir_print_expr(p->e, out);
        return;
    }
    n = open_arms(w, p, arms);
    buf_str(out, n > 1 && w->n > 1 ? "(" : "");
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, i ? " or " : "");
        ir_print_expr(arms[i], out);
    }
    buf_str(out, n > 1 && w->n > 1 ? ")" : "");
}

/* Whether the other program has a condition of the same words that means something else, since a set changed.
 */
static bool ambiguous(const struct when *w, const struct part *p)
{
    struct buf text = {0}, other = {0};
    bool found = false;
    ir_print_expr(p->e, &text);
    for (uint32_t i = 0; i < w->n && !found; i++) {
        other.len = 0;
        if (w->v[i].side != p->side)
            ir_print_expr(w->v[i].e, &other);
        found = slice_eq(buf_view(&text), buf_view(&other));
    }
    buf_free(&text);
    buf_free(&other);
    return found;
}

/* What a row of a map asks of the key, where that is not the host, which is said elsewhere. */
static void put_row(const struct an_item *x, struct buf *out)
{
    const struct ir_expr *key = x->row && x->rule->value->op == IR_LOOKUP ? x->rule->value->args[0] : NULL;
    const struct ir_set *set = key ? x->rule->value->set : NULL;
    char text[IP_TEXT_MAX];
    const char *op = " == ";
    if (!key || x->row == &set->fallback || (key->op == IR_FIELD && key->field == IR_FIELD_HOST))
        return;
    ir_print_expr(key, out);
    switch (set->key_kind) {
    case IR_KEY_CIDR:
        buf_printf(out, " in %.*s", (int)ip_prefix_format(&x->row->key.cidr, text), text);
        return;
    case IR_KEY_INT:
        buf_printf(out, " == %lld", (long long)x->row->key.num);
        return;
    case IR_KEY_METHOD:
        buf_printf(out, " == %.*s", SLICE_ARG(x->row->key.str));
        return;
    case IR_KEY_RANGE:
    case IR_KEY_REGEX:
        buf_str(out, set->is_split ? " " : set->key_kind == IR_KEY_RANGE ? " in " : " matches ");
        ir_print_key(set, &x->row->key, out);
        return;
    case IR_KEY_PATH:
        op = " under ";
        break;
    case IR_KEY_PREFIX:
        op = " starts-with ";
        break;
    case IR_KEY_SUFFIX:
        op = " ends-with ";
        break;
    case IR_KEY_HOST_PATTERN:
        op = " like ";
        break;
    case IR_KEY_STRING:
    case IR_KEY_HOST:
        break;
    }
    buf_str(out, op);
    ir_print_text(x->row->key.str, out);
}

static const struct ir_range *drawn(const struct an_item *x)
{
    const struct ir_set *set = x->row && x->rule->value->op == IR_LOOKUP ? x->rule->value->set : NULL;
    return set && set->is_split && x->row != &set->fallback ? &x->row->key.range : NULL;
}

/* Of two rows of splits, what both hold. */
static bool put_drawn(const struct diff_class *x, struct buf *out)
{
    const struct ir_range *p = drawn(x->old_item), *q = drawn(x->new_item);
    if (!p || !q)
        return false;
    buf_str(out, "random from ");
    ir_print_percent(p->lo > q->lo ? p->lo : q->lo, out);
    buf_str(out, " to below ");
    ir_print_percent((p->hi < q->hi ? p->hi : q->hi) + 1, out);
    return true;
}

/* Whether a row says that there is what `e` only asks to exist. */
static bool implied_by_row(const struct when *w, const struct diff_class *x, const struct ir_expr *e)
{
    const struct an_item *items[2] = {x->old_item, x->new_item};
    for (uint32_t i = 0; e->op == IR_EXISTS && i < 2; i++)
        if (items[i]->row && items[i]->rule->value->op == IR_LOOKUP &&
            items[i]->row != &items[i]->rule->value->set->fallback &&
            diff_same_expr(w->a, e->args[0], items[i]->rule->value->args[0]))
            return true;
    return false;
}

static void add_words(struct buf *whole, struct buf *one, const char *after)
{
    if (one->len) {
        buf_str(whole, whole->len ? " and " : "");
        buf_slice(whole, buf_view(one));
        buf_str(whole, after);
    }
    one->len = 0;
}

struct slice diff_when(struct arena *a, const struct diff_frontend *f, const struct diff_class *x,
                       const struct ir_rule *old, const struct ir_rule *new)
{
    struct when w = {.a = a};
    struct buf whole = {0}, cut = {0}, one = {0}, other = {0};
    know(&w, old ? old->guard : NULL, 0);
    know(&w, new ? new->guard : NULL, 1);
    deny_changed(&w, &f->sides[0], 0, x->old_item, old, new, x->edits);
    deny_changed(&w, &f->sides[1], 1, x->new_item, new, old, x->edits);
    for (uint32_t i = 0; i < w.n; i++) {
        if (!w.v[i].negated && implied_by_row(&w, x, w.v[i].e))
            continue;
        put_part(&w, &w.v[i], &one);
        add_words(&whole, &one, !ambiguous(&w, &w.v[i]) ? "" : w.v[i].side ? " (now)" : " (before)");
    }
    if (!x->edits && put_drawn(x, &one)) {
        add_words(&whole, &one, "");
    } else if (!x->edits) {
        put_row(x->old_item, &one);
        put_row(x->new_item, &other);
        bool same = slice_eq(buf_view(&one), buf_view(&other));
        add_words(&whole, &one, "");
        if (!same)
            add_words(&whole, &other, "");
    }
    buf_free(&one);
    buf_free(&other);
    diff_put_cut(buf_view(&whole), WHEN_MAX, &cut);
    struct slice text = cut.len ? arena_copy(a, buf_view(&cut)) : SLICE("all that no rule before takes");
    buf_free(&whole);
    buf_free(&cut);
    return text;
}
