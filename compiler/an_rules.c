/* Frontends as items; see an_rules.h. */
#include "compiler/an_rules.h"

#include <stdlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/norm.h"

enum { ROWS_MAX = 2 << 20 }; /* of a map that is taken apart */

void an_rules_begin(struct an_rules *r, struct logic *l, const struct ir_frontend *const *f, uint32_t n)
{
    *r = (struct an_rules){.l = l};
    guard_prepare(&r->m, l, f, n);
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static uint32_t intern_outcome(struct an_rules *r, struct buf *key, uint32_t flags, struct slice edited)
{
    bool added;
    struct slice view = buf_view(key);
    uint32_t *known = strmap_get(&r->outcomes, view);
    uint32_t number =
        known ? *known : *strmap_put(&r->outcomes, &r->l->a, arena_copy(&r->l->a, view), r->edited.n, &added);
    if (!known)
        vec_add(&r->l->a, &r->edited, edited);
    buf_free(key);
    return number << OUTCOME_BITS | flags;
}

static void put_name(struct slice name, struct buf *out)
{
    buf_printf(out, " %zu ", name.len);
    for (size_t i = 0; i < name.len; i++)
        buf_char(out, ascii_lower(name.p[i]));
}

static uint32_t use_outcome(struct an_rules *r, struct slice backend)
{
    struct buf key = {0};
    buf_str(&key, "use ");
    buf_slice(&key, backend);
    return intern_outcome(r, &key, OUTCOME_TERMINAL | OUTCOME_FORWARDS, (struct slice){NULL, 0});
}

static uint32_t rule_outcome(struct an_rules *r, const struct ir_rule *x)
{
    bool edits = x->kind == IR_SET_HEADER || x->kind == IR_ADD_HEADER || x->kind == IR_DEL_HEADER;
    uint32_t flags = edits ? 0 : OUTCOME_TERMINAL | (x->kind == IR_USE_MAP ? OUTCOME_FORWARDS : 0);
    struct buf key = {0};
    if (x->kind == IR_USE)
        return use_outcome(r, x->backend->name);
    buf_printf(&key, "do %d %u", x->kind, x->status);
    put_name(x->name, &key);
    if (x->value)
        guard_identify(&r->m, x->value, &key);
    for (uint32_t i = 0; i < x->headers.n; i++) {
        put_name(x->headers.v[i].name, &key);
        guard_identify(&r->m, x->headers.v[i].value, &key);
    }
    return intern_outcome(r, &key, flags, edits ? x->name : (struct slice){NULL, 0});
}

/* ---- items ------------------------------------------------------------------------------------- */

static void add_item(struct an_rules *r, struct an_side *side, struct an_item item)
{
    if (item.guard != LOGIC_FALSE || !item.row) /* rows that cannot match are none */
        vec_add(&r->l->a, &side->items, item);
}

static bool skips(const struct an_rules *r, const struct ir_rule *rule, const struct ir_row *row)
{
    return r->skip && r->skip(r->skip_ctx, rule, row);
}

static uint64_t rank(const struct ir_set *set, const struct ir_row *row)
{
    struct slice k = row->key.str;
    if (guard_key_is_exact(set->key_kind) || set->key_kind == IR_KEY_RANGE || set->key_kind == IR_KEY_REGEX)
        return 0;
    if (set->key_kind == IR_KEY_CIDR)
        return row->key.cidr.bits;
    if (set->key_kind == IR_KEY_HOST_PATTERN) {
        bool deep = slice_starts(k, SLICE("**.")), one = slice_starts(k, SLICE("*."));
        return deep || one ? (k.len - (deep ? 2 : 1)) * 2 + one : UINT64_MAX;
    }
    return k.len;
}

struct ranked {
    uint64_t rank;
    uint32_t index;
};

static int compare_ranked(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

const struct ir_row **guard_ranked(struct arena *a, const struct ir_set *set)
{
    uint32_t n = set->rows.n;
    const struct ir_row **rows = arena_array(a, const struct ir_row *, n + 1);
    if (guard_key_is_exact(set->key_kind)) {
        for (uint32_t i = 0; i < n; i++)
            rows[i] = &set->rows.v[i];
        return rows;
    }
    struct ranked *order = arena_array(a, struct ranked, n + 1);
    for (uint32_t i = 0; i < n; i++)
        order[i] = (struct ranked){rank(set, &set->rows.v[i]), i};
    qsort(order, n, sizeof *order, compare_ranked);
    for (uint32_t i = 0; i < n; i++)
        rows[i] = &set->rows.v[order[i].index];
    return rows;
}

/* `use MAP[key]`: an item for each row, the preferred ones first, and one for the default. */
static void add_map(struct an_rules *r, struct an_side *side, const struct ir_rule *x, struct an_item item)
{
    const struct ir_expr *lookup = x->value;
    const struct ir_set *set = lookup->op == IR_LOOKUP ? lookup->set : NULL;
    if (!set || (set->rows.n > ROWS_MAX && !r->skip)) {
        struct ir_expr *exists = arena_new(&r->l->a, struct ir_expr);
        *exists = (struct ir_expr){.op = IR_EXISTS, .kind = IR_BOOL, .nargs = 1};
        exists->args = arena_array(&r->l->a, struct ir_expr *, 1);
        exists->args[0] = x->value;
        if (x->value->optional)
            item.guard = logic_and(r->l, item.guard, guard_formula(&r->m, exists));
        item.outcome = rule_outcome(r, x);
        add_item(r, side, item);
        return;
    }
    const struct ir_row **rows = guard_ranked(&r->l->a, set);
    uint32_t guard = item.guard;
    for (uint32_t i = 0; i < set->rows.n; i++) {
        if (skips(r, x, rows[i]))
            continue;
        item.guard = logic_and(r->l, guard, guard_key(&r->m, lookup->args[0], set, rows[i]));
        item.outcome = use_outcome(r, rows[i]->backend->name);
        item.row = rows[i];
        add_item(r, side, item);
    }
    if (set->has_default) {
        item.guard = guard;
        item.outcome = use_outcome(r, set->fallback.backend->name);
        item.row = &set->fallback;
        add_item(r, side, item);
    }
}

/* What a header becomes is known where it is set to a constant, or one is added. */
static void note_edit(struct an_rules *r, struct an_side *side, const struct ir_rule *x,
                      const struct an_item *item)
{
    struct guard_header *h = guard_header_of(&r->l->a, &side->headers, x->name, true);
    struct guard_edit *e = vec_push(&r->l->a, &h->edits);
    *e = (struct guard_edit){.guard = item->guard, .outcome = item->outcome, .kind = x->kind};
    if (x->kind == IR_DEL_HEADER || x->value->op != IR_CONST_STR)
        return;
    char *out = arena_alloc(&r->l->a, x->value->str.len + 1);
    e->constant = true;
    e->text = (struct slice){out, norm_field_value(x->value->str, out)};
}

static void add_rules(struct an_rules *r, struct an_side *side, const struct ir_rule *rules, uint32_t n,
                      uint32_t number)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct ir_rule *x = &rules[i];
        struct an_item item = {.rule = x, .number = number + i};
        if (skips(r, x, NULL))
            continue;
        item.guard = x->guard ? guard_formula(&r->m, x->guard) : LOGIC_TRUE;
        if (x->kind == IR_USE_MAP) {
            add_map(r, side, x, item);
            continue;
        }
        item.outcome = rule_outcome(r, x);
        add_item(r, side, item);
        if (!(item.outcome & OUTCOME_TERMINAL))
            note_edit(r, side, x, &item);
    }
}

void an_rules_add(struct an_rules *r, struct an_side *side, const struct ir_program *p,
                  const struct ir_frontend *f)
{
    struct buf key = {0};
    *side = (struct an_side){.p = p, .f = f};
    r->m.headers = &side->headers;
    add_rules(r, side, f->on_request.v, f->on_request.n, 0);
    add_rules(r, side, f->route.v, f->route.n, f->on_request.n);
    buf_str(&key, "end");
    struct an_item end = {.guard = LOGIC_TRUE, .number = f->on_request.n + f->route.n};
    end.outcome = intern_outcome(r, &key, OUTCOME_TERMINAL, (struct slice){NULL, 0});
    add_item(r, side, end);
}

uint32_t an_asterisk(struct an_rules *r)
{
    struct ir_expr field = {.op = IR_FIELD, .kind = IR_STR, .field = IR_FIELD_METHOD},
                   text = {.op = IR_CONST_STR, .kind = IR_STR, .str = SLICE("OPTIONS")};
    struct ir_expr *args[2] = {&field, &text},
                   equal = {.op = IR_EQ, .kind = IR_BOOL, .nargs = 2, .args = args};
    uint32_t f = guard_formula(&r->m, &equal);
    for (uint32_t i = 0; i < r->l->vars.n; i++) {
        const struct variable *v = &r->l->vars.v[i];
        struct ir_expr query = {
            .op = IR_FIELD, .kind = IR_STR, .field = IR_FIELD_QUERY, .optional = 1, .str = v->key};
        struct ir_expr *one[1] = {&query},
                       exists = {.op = IR_EXISTS, .kind = IR_BOOL, .nargs = 1, .args = one};
        if (v->kind == VAR_TEXT && v->field == IR_FIELD_QUERY)
            f = logic_and(r->l, f, logic_not(r->l, guard_formula(&r->m, &exists)));
    }
    return f;
}
