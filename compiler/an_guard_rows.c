/* Tests of what a map has for a key, where that is a number, an address or a truth value: row by row, with each value in
 * the place of the lookup. Texts are looked into by an_guard_text.c. */
#include "compiler/an_guard_state.h"

#include "compiler/eval_state.h"

static bool is_constant(const struct ir_expr *e)
{
    return e->op == IR_CONST_BOOL || e->op == IR_CONST_INT || e->op == IR_CONST_STR || e->op == IR_CONST_IP ||
           e->op == IR_CONST_CIDR;
}

/* MAP[key], or MAP[key] | default(…), that can be taken apart; NULL: something else. */
static const struct ir_expr *lookup_of(const struct ir_expr *e)
{
    const struct ir_expr *of = e->op == IR_DEFAULT ? e->args[0] : e;
    bool typed = of->kind == IR_BOOL || of->kind == IR_INT || of->kind == IR_IP;
    return of->op == IR_LOOKUP && typed && of->set->rows.n <= GUARD_KEYS_MAX ? of : NULL;
}

static const struct ir_expr *value_of(struct guard_maker *m, const struct ir_set *map, const struct ir_row *row)
{
    struct ir_expr *e = arena_new(&m->l->a, struct ir_expr);
    e->kind = (uint8_t)map->value_kind;
    if (map->value_kind == IR_IP) {
        e->op = IR_CONST_IP;
        e->ip = row->ip;
    } else {
        e->op = map->value_kind == IR_BOOL ? IR_CONST_BOOL : IR_CONST_INT;
        e->num = row->num;
    }
    return e;
}

/* The test `e` with `value` for its operand `k`. */
static uint32_t test_with(struct guard_maker *m, const struct ir_expr *e, uint32_t k, const struct ir_expr *value)
{
    struct ir_expr *x = arena_new(&m->l->a, struct ir_expr);
    struct eval_state s = {.a = &m->l->a};
    bool constant = true;
    *x = *e;
    x->args = arena_array(&m->l->a, struct ir_expr *, e->nargs);
    for (uint32_t i = 0; i < e->nargs; i++) {
        x->args[i] = i == k ? (struct ir_expr *)(uintptr_t)value : e->args[i];
        constant &= is_constant(x->args[i]);
    }
    if (constant)
        return eval_expr(&s, x).truth ? LOGIC_TRUE : LOGIC_FALSE;
    return guard_formula(m, x);
}

/* Operand `k` of the test is a lookup: from the row that it prefers least. */
static uint32_t by_rows(struct guard_maker *m, const struct ir_expr *e, uint32_t k)
{
    const struct ir_expr *operand = e->args[k], *lookup = lookup_of(operand);
    const struct ir_set *map = lookup->set;
    const struct ir_row **rows = guard_ranked(&m->l->a, map);
    uint32_t f = LOGIC_FALSE;
    if (map->has_default)
        f = test_with(m, e, k, value_of(m, map, &map->fallback));
    else if (operand->op == IR_DEFAULT)
        f = test_with(m, e, k, operand->args[1]);
    for (uint32_t i = map->rows.n; i-- > 0;) {
        uint32_t key = guard_key(m, lookup->args[0], map, rows[i]), holds = test_with(m, e, k, value_of(m, map, rows[i]));
        f = logic_or(m->l, logic_and(m->l, key, holds), logic_and(m->l, logic_not(m->l, key), f));
    }
    return f;
}

uint32_t guard_rows(struct guard_maker *m, const struct ir_expr *e)
{
    if (e->op == IR_LOOKUP || e->op == IR_DEFAULT) { /* a condition by itself */
        struct ir_expr yes = {.op = IR_CONST_BOOL, .kind = IR_BOOL, .num = 1};
        struct ir_expr *args[2] = {(struct ir_expr *)(uintptr_t)e, &yes},
                       equal = {.op = IR_EQ, .kind = IR_BOOL, .nargs = 2, .args = args};
        return e->kind == IR_BOOL && lookup_of(e) ? by_rows(m, &equal, 0) : GUARD_UNKNOWN;
    }
    uint32_t found = GUARD_UNKNOWN;
    for (uint32_t i = 0; i < e->nargs; i++) {
        if (lookup_of(e->args[i])) {
            if (found != GUARD_UNKNOWN)
                return GUARD_UNKNOWN; /* the rows of both would multiply */
            found = i;
        } else if (!is_constant(e->args[i]) && e->args[i]->op != IR_FIELD) {
            return GUARD_UNKNOWN;
        }
    }
    return found == GUARD_UNKNOWN ? found : by_rows(m, e, found);
}
