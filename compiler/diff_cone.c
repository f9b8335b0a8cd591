/* What a change is confined to; see diff_cone.h. */
#include "compiler/diff_cone.h"

enum {
    AHEAD = 16,     /* rules that were added or removed at one place */
    NEEDED_MAX = 64 /* hosts that one condition names */
};

struct finding {
    struct arena *a;
    struct diff_cone *out;
    const struct ir_frontend *f[2];
    struct strmap sets; /* pairs of sets that were compared: 1 where they are the same */
};

static uint32_t count(const struct ir_frontend *f)
{
    return f->on_request.n + f->route.n;
}

static const struct ir_rule *rule_at(const struct ir_frontend *f, uint32_t i)
{
    return i < f->on_request.n ? &f->on_request.v[i] : &f->route.v[i - f->on_request.n];
}

/* ---- the same, as far as the text shows -------------------------------------------------------- */

static bool same_type(const struct ir_set *x, const struct ir_set *y)
{
    return x->key_kind == y->key_kind && x->is_map == y->is_map &&
           (!x->is_map || (x->value_kind == y->value_kind && x->percents == y->percents));
}

static bool same_default(const struct ir_set *x, const struct ir_set *y)
{
    return x->has_default == y->has_default &&
           (!x->has_default || diff_same_value(x, &x->fallback, &y->fallback));
}

static bool same_set(struct finding *c, const struct ir_set *x, const struct ir_set *y)
{
    const struct ir_set *pair[2] = {x, y};
    bool added;
    if (x == y)
        return true;
    if (!same_type(x, y) || !same_default(x, y))
        return false;
    struct slice key = arena_copy(c->a, (struct slice){(const char *)pair, sizeof pair});
    uint32_t *known = strmap_put(&c->sets, c->a, key, 0, &added);
    if (added && x->rows.n == y->rows.n) {
        struct diff_row_changes changes = {0};
        diff_rows(c->a, x, y, &changes);
        *known = changes.v.n == 0 && (x->key_kind != IR_KEY_REGEX || diff_same_turns(c->a, x, y));
    }
    return *known;
}

static bool same_own(struct finding *c, const struct ir_expr *x, const struct ir_expr *y)
{
    return ir_op_own(x->op) == IR_OWN_SET ? same_set(c, x->set, y->set) : ir_same_own(x, y);
}

static bool same_expr(struct finding *c, const struct ir_expr *x, const struct ir_expr *y)
{
    if (!x || !y)
        return x == y;
    if (x->op != y->op || x->kind != y->kind || x->nargs != y->nargs || !same_own(c, x, y))
        return false;
    for (uint32_t i = 0; i < x->nargs; i++)
        if (!same_expr(c, x->args[i], y->args[i]))
            return false;
    return true;
}

bool diff_same_expr(struct arena *a, const struct ir_expr *x, const struct ir_expr *y)
{
    struct finding c = {.a = a};
    return same_expr(&c, x, y);
}

/* The map of a rule that takes the backend from it by the host, as it is; NULL for others. */
static const struct ir_set *host_map(const struct ir_rule *r)
{
    const struct ir_expr *e = r->kind == IR_USE_MAP ? r->value : NULL;
    bool plain = e && e->op == IR_LOOKUP && e->set->key_kind == IR_KEY_HOST && e->args[0]->op == IR_FIELD &&
                 e->args[0]->field == IR_FIELD_HOST;
    return plain ? e->set : NULL;
}

/* Rows of such maps are compared on their own. */
static bool same_value(struct finding *c, const struct ir_rule *x, const struct ir_rule *y)
{
    const struct ir_set *s = host_map(x), *t = host_map(y);
    if (s && t)
        return same_type(s, t) && same_default(s, t);
    return same_expr(c, x->value, y->value);
}

static bool same_rule(struct finding *c, const struct ir_rule *x, const struct ir_rule *y)
{
    if (x->kind != y->kind || x->status != y->status || x->headers.n != y->headers.n ||
        !slice_eq(x->name, y->name) || !x->backend != !y->backend ||
        (x->backend && !slice_eq(x->backend->name, y->backend->name)) || !same_expr(c, x->guard, y->guard) ||
        !same_value(c, x, y))
        return false;
    for (uint32_t i = 0; i < x->headers.n; i++)
        if (!slice_eq(x->headers.v[i].name, y->headers.v[i].name) ||
            !same_expr(c, x->headers.v[i].value, y->headers.v[i].value))
            return false;
    return true;
}

/* ---- hosts that a condition needs -------------------------------------------------------------- */

static bool is_host(const struct ir_expr *e)
{
    return e->op == IR_FIELD && e->field == IR_FIELD_HOST;
}

/* The hosts of which the condition needs one. */
struct needed {
    struct slice v[NEEDED_MAX];
    uint32_t n;
};

static bool add_host(struct needed *x, struct slice host)
{
    if (x->n == NEEDED_MAX)
        return false;
    x->v[x->n++] = host;
    return true;
}

static bool add_keys(struct needed *x, const struct ir_set *set)
{
    for (uint32_t i = 0; i < set->rows.n; i++)
        if (!add_host(x, set->rows.v[i].key.str))
            return false;
    return true;
}

static bool add_needed(struct needed *x, const struct ir_expr *e);

/* Where all parts of a disjunction need some. */
static bool add_all(struct needed *x, const struct ir_expr *e)
{
    for (uint32_t i = 0; i < e->nargs; i++)
        if (!add_needed(x, e->args[i]))
            return false;
    return true;
}

static bool add_any(struct needed *x, const struct ir_expr *e)
{
    uint32_t before = x->n;
    for (uint32_t i = 0; i < e->nargs; i++, x->n = before)
        if (add_needed(x, e->args[i]))
            return true;
    return false;
}

static bool add_needed(struct needed *x, const struct ir_expr *e)
{
    if (e->op == IR_AND)
        return add_any(x, e);
    if (e->op == IR_OR)
        return add_all(x, e);
    if (e->op == IR_EQ && is_host(e->args[0]) && e->args[1]->op == IR_CONST_STR)
        return add_host(x, e->args[1]->str);
    return e->op == IR_IN && is_host(e->args[0]) && e->set->key_kind == IR_KEY_HOST && add_keys(x, e->set);
}

/* False where it needs none, or too many. */
static bool needed_hosts(const struct ir_expr *e, struct needed *out)
{
    out->n = 0;
    return e && add_needed(out, e);
}

static void take_host(struct finding *c, struct slice host)
{
    strmap_put(&c->out->hosts, c->a, host, 0, NULL);
}

/* ---- alignment --------------------------------------------------------------------------------- */

static bool same_at(struct finding *c, uint32_t i, uint32_t k)
{
    return i < count(c->f[0]) && k < count(c->f[1]) && same_rule(c, rule_at(c->f[0], i), rule_at(c->f[1], k));
}

static bool change(struct finding *c, uint32_t side, uint32_t at, uint32_t n)
{
    struct needed hosts;
    for (uint32_t i = at; i < at + n; i++) {
        c->out->changed[side][i] = true;
        if (!needed_hosts(rule_at(c->f[side], i)->guard, &hosts))
            return false;
        for (uint32_t k = 0; k < hosts.n; k++)
            take_host(c, hosts.v[k]);
    }
    return true;
}

/* Rows of the maps of two rules that are the same but for them. */
static void take_rows(struct finding *c, const struct ir_rule *x, const struct ir_rule *y)
{
    const struct ir_set *s = host_map(x), *t = host_map(y);
    struct diff_row_changes changes = {0};
    if (!s || !t || same_set(c, s, t))
        return;
    diff_rows(c->a, s, t, &changes);
    for (uint32_t i = 0; i < changes.v.n; i++)
        take_host(c, (changes.v.v[i].old ? changes.v.v[i].old : changes.v.v[i].new)->key.str);
}

/* How far to go on in both where rules differ, to where they are the same again. */
static void resync(struct finding *c, uint32_t i, uint32_t k, uint32_t by[2])
{
    by[0] = i < count(c->f[0]);
    by[1] = k < count(c->f[1]);
    if (!by[0] || !by[1] || same_at(c, i + 1, k + 1))
        return;
    for (uint32_t d = 1; d <= AHEAD; d++)
        for (uint32_t side = 0; side < 2; side++)
            if (same_at(c, side ? i : i + d, side ? k + d : k)) {
                by[side] = d;
                by[1 - side] = 0;
                return;
            }
}

static bool align(struct finding *c)
{
    uint32_t by[2];
    for (uint32_t i = 0, k = 0; i < count(c->f[0]) || k < count(c->f[1]); i += by[0], k += by[1]) {
        if (same_at(c, i, k)) {
            take_rows(c, rule_at(c->f[0], i), rule_at(c->f[1], k));
            by[0] = by[1] = 1;
            continue;
        }
        resync(c, i, k, by);
        if (!change(c, 0, i, by[0]) || !change(c, 1, k, by[1]))
            return false;
    }
    return true;
}

void diff_cone_find(struct arena *a, const struct ir_frontend *old, const struct ir_frontend *new,
                    struct diff_cone *out)
{
    struct finding c = {.a = a, .out = out, .f = {old, new}};
    *out = (struct diff_cone){0};
    for (uint32_t side = 0; side < 2; side++)
        out->changed[side] = arena_array(a, bool, count(c.f[side]) + 1);
    out->confined = align(&c);
}

/* ---- what it leaves out ------------------------------------------------------------------------ */

static bool has_host(const struct diff_cone *cone, struct slice host)
{
    return strmap_get(&cone->hosts, host) != NULL;
}

bool diff_cone_skips(const void *cone, const struct ir_rule *rule, const struct ir_row *row)
{
    struct needed hosts;
    if (row)
        return host_map(rule) && row != &rule->value->set->fallback && !has_host(cone, row->key.str);
    if (!needed_hosts(rule->guard, &hosts))
        return false;
    for (uint32_t i = 0; i < hosts.n; i++)
        if (has_host(cone, hosts.v[i]))
            return false;
    return true;
}

bool diff_cone_has(const struct diff_cone *c, uint32_t side, const struct an_item *item)
{
    if (!item->rule)
        return false;
    if (item->row && item->row != &item->rule->value->set->fallback && host_map(item->rule))
        return true; /* of the hosts, since others are skipped */
    return c->changed[side][item->number];
}
