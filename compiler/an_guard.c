/* Conditions as formulas; see an_guard.h. Tests of texts are an_guard_text.c. */
#include "compiler/an_guard_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler/ir_sort.h"
#include "runtime/base/hash.h"

/* ---- identities -------------------------------------------------------------------------------- */

void guard_put(struct buf *out, const void *p, size_t n)
{
    uint32_t len = (uint32_t)n;
    buf_add(out, &len, sizeof len);
    buf_add(out, p, n);
}

static void put_key(enum ir_key_kind kind, const struct ir_key *k, struct buf *out)
{
    if (kind == IR_KEY_INT)
        guard_put(out, &k->num, sizeof k->num);
    else if (kind == IR_KEY_RANGE)
        guard_put(out, &k->range, sizeof k->range);
    else if (kind == IR_KEY_CIDR)
        guard_put(out, &k->cidr, sizeof k->cidr);
    else
        guard_put(out, k->str.p, k->str.len);
}

static void put_row_value(const struct ir_set *set, const struct ir_row *r, struct buf *out)
{
    switch (set->value_kind) {
    case IR_BACKEND:
        guard_put(out, r->backend->name.p, r->backend->name.len);
        break;
    case IR_STR:
        guard_put(out, r->str.p, r->str.len);
        break;
    case IR_BOOL:
    case IR_INT:
        guard_put(out, &r->num, sizeof r->num);
        break;
    case IR_IP:
        guard_put(out, &r->ip, sizeof r->ip);
        break;
    case IR_CIDR:
    case IR_LIST:
        break; /* no map holds one */
    }
}

struct slice guard_set_digest(struct guard_maker *m, const struct ir_set *set)
{
    bool added;
    struct slice at = arena_copy(&m->l->a, (struct slice){(const char *)&set, sizeof set});
    uint32_t *index = strmap_put(&m->sets, &m->l->a, at, m->digests.n, &added);
    if (!added)
        return m->digests.v[*index];
    struct buf b = {0};
    const struct ir_row *const *rows = ir_sort_rows(&m->l->a, set);
    buf_printf(&b, "%d %d %d %d ", set->key_kind, set->is_map, set->is_map ? (int)set->value_kind : 0,
               set->has_default);
    for (uint32_t i = 0; i < set->rows.n; i++) {
        put_key(set->key_kind, &rows[i]->key, &b);
        if (set->is_map)
            put_row_value(set, rows[i], &b);
    }
    if (set->has_default)
        put_row_value(set, &set->fallback, &b);
    char *hex = arena_alloc(&m->l->a, 33);
    hash_hex(buf_view(&b), hex);
    buf_free(&b);
    struct slice digest = {hex, 32};
    vec_add(&m->l->a, &m->digests, digest);
    return digest;
}

static void put_history(struct guard_maker *m, const struct ir_expr *e, struct buf *out)
{
    const struct guard_header *h = guard_header_of(NULL, (struct guard_headers *)m->headers, e->str, false);
    for (uint32_t i = 0; h && i < h->edits.n; i++)
        buf_printf(out, "[%u %u]", h->edits.v[i].guard, h->edits.v[i].outcome);
}

/* What an operator holds besides its operands. */
static void put_payload(struct guard_maker *m, const struct ir_expr *e, struct buf *out)
{
    switch (ir_op_own(e->op)) {
    case IR_OWN_NONE:
        return;
    case IR_OWN_NUM:
        guard_put(out, &e->num, sizeof e->num);
        return;
    case IR_OWN_STR:
        guard_put(out, e->str.p, e->str.len);
        return;
    case IR_OWN_IP:
        guard_put(out, &e->ip, sizeof e->ip);
        return;
    case IR_OWN_CIDR:
        guard_put(out, &e->cidr, sizeof e->cidr);
        return;
    case IR_OWN_FIELD:
        guard_put(out, e->str.p, e->str.len);
        if (e->field == IR_FIELD_HEADER || e->field == IR_FIELD_HEADERS)
            put_history(m, e, out);
        return;
    case IR_OWN_SET:
        buf_slice(out, guard_set_digest(m, e->set));
        return;
    }
}

void guard_identify(struct guard_maker *m, const struct ir_expr *e, struct buf *out)
{
    buf_printf(out, "(%u %u %u %u ", e->op, e->kind, e->op == IR_FIELD ? e->field : 0, e->nargs);
    put_payload(m, e, out);
    for (uint32_t i = 0; i < e->nargs; i++)
        guard_identify(m, e->args[i], out);
    buf_char(out, ')');
}

/* ---- variables --------------------------------------------------------------------------------- */

struct guard_header *guard_header_of(struct arena *a, struct guard_headers *h, struct slice name, bool add)
{
    for (uint32_t i = 0; i < h->v.n; i++)
        if (slice_eq_nocase(h->v.v[i].name, name))
            return &h->v.v[i];
    if (!add)
        return NULL;
    struct guard_header *x = vec_push(a, &h->v);
    x->name = name;
    return x;
}

static uint32_t add_var(struct guard_maker *m, enum variable_kind kind, enum ir_field field,
                        enum text_domain_kind domain)
{
    struct variable *v = vec_push(&m->l->a, &m->l->vars);
    *v = (struct variable){.kind = kind, .field = field, .domain_kind = domain};
    return m->l->vars.n - 1;
}

uint32_t guard_keyed_var(struct guard_maker *m, enum ir_field field, struct slice key)
{
    struct buf b = {0};
    bool added;
    buf_printf(&b, "field %d ", field);
    for (size_t i = 0; i < key.len; i++)
        buf_char(&b, field == IR_FIELD_HEADER ? ascii_lower(key.p[i]) : key.p[i]);
    struct slice id = arena_copy(&m->l->a, buf_view(&b));
    buf_free(&b);
    uint32_t var = *strmap_put(&m->l->var_index, &m->l->a, id, m->l->vars.n, &added);
    if (!added)
        return var;
    add_var(m, VAR_TEXT, field,
            field == IR_FIELD_HEADER   ? DOMAIN_HEADER
            : field == IR_FIELD_COOKIE ? DOMAIN_COOKIE
                                       : DOMAIN_ANY);
    m->l->vars.v[var].key = key;
    m->l->vars.v[var].optional = !(field == IR_FIELD_HEADER && slice_eq_nocase(key, SLICE("host")));
    return var;
}

static uint32_t true_atom(struct guard_maker *m, uint32_t var)
{
    struct atom a = {.kind = ATOM_TRUE, .var = var};
    char key[32];
    int n = snprintf(key, sizeof key, "true %u", var);
    return logic_atom(m->l, logic_intern_atom(m->l, &a, (struct slice){key, (size_t)n}), 0);
}

uint32_t guard_opaque(struct guard_maker *m, const struct ir_expr *e)
{
    struct buf b = {0};
    bool added;
    buf_str(&b, "opaque ");
    guard_identify(m, e, &b);
    struct slice id = arena_copy(&m->l->a, buf_view(&b));
    buf_free(&b);
    uint32_t var = *strmap_put(&m->l->var_index, &m->l->a, id, m->l->vars.n, &added);
    if (added) {
        add_var(m, VAR_OPAQUE, IR_FIELD_HOST, DOMAIN_ANY);
        m->l->vars.v[var].expr = e;
    }
    return true_atom(m, var);
}

/* ---- how texts are read ------------------------------------------------------------------------ */

static bool reads_field(const struct ir_expr *e, enum ir_field field)
{
    if (e->op == IR_FIELD)
        return e->field == field;
    for (uint32_t i = 0; i < e->nargs; i++)
        if (reads_field(e->args[i], field))
            return true;
    return false;
}

static void scan(struct guard_maker *m, const struct ir_expr *e)
{
    if (!e)
        return;
    if (e->op == IR_FIELD && e->field == IR_FIELD_URI)
        m->l->uri = true;
    bool keys = (e->op == IR_IN || e->op == IR_LOOKUP) && e->set->key_kind == IR_KEY_REGEX;
    if ((e->op == IR_MATCHES || keys) && reads_field(e, IR_FIELD_HOST))
        m->l->reversed_host = false;
    if (e->op == IR_LIKE && slice_contains(e->str, SLICE("***")))
        m->l->reversed_host = false;
    for (uint32_t i = 0; i < e->nargs; i++)
        scan(m, e->args[i]);
}

static void scan_rules(struct guard_maker *m, const struct ir_rule *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        scan(m, r[i].guard);
        if (r[i].kind == IR_USE_MAP)
            scan(m, r[i].value);
    }
}

void guard_prepare(struct guard_maker *m, struct logic *l, const struct ir_frontend *const *f, uint32_t n)
{
    static const struct guard_headers none = {0};
    *m = (struct guard_maker){.l = l, .headers = &none};
    l->reversed_host = true;
    for (uint32_t i = 0; i < n; i++) {
        scan_rules(m, f[i]->on_request.v, f[i]->on_request.n);
        scan_rules(m, f[i]->route.v, f[i]->route.n);
    }
    add_var(m, VAR_TEXT, IR_FIELD_HOST, l->reversed_host ? DOMAIN_HOST_REVERSED : DOMAIN_HOST);
    add_var(m, VAR_TEXT, l->uri ? IR_FIELD_URI : IR_FIELD_PATH, l->uri ? DOMAIN_URI : DOMAIN_PATH);
    add_var(m, VAR_TEXT, IR_FIELD_METHOD, DOMAIN_METHOD);
    add_var(m, VAR_IP, IR_FIELD_CLIENT_IP, DOMAIN_ANY);
    add_var(m, VAR_INT, IR_FIELD_CLIENT_PORT, DOMAIN_ANY);
    add_var(m, VAR_BOOL, IR_FIELD_TLS_ACTIVE, DOMAIN_ANY);
    add_var(m, VAR_INT, IR_FIELD_RANDOM, DOMAIN_ANY);
    m->constant = add_var(m, VAR_TEXT, IR_FIELD_COUNT, DOMAIN_ANY);
}

/* ---- numbers and addresses --------------------------------------------------------------------- */

static int compare_ints(const void *x, const void *y)
{
    const struct int_interval *a = x, *b = y;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

static uint32_t int_atom(struct guard_maker *m, uint32_t var, struct int_interval *v, uint32_t n)
{
    qsort(v, n, sizeof *v, compare_ints);
    struct atom a = {.kind = ATOM_INT, .var = var, .n = n, .ints = v};
    struct buf key = {0};
    buf_printf(&key, "int %u ", var);
    buf_add(&key, v, n * sizeof *v);
    uint32_t atom = logic_intern_atom(m->l, &a, buf_view(&key));
    buf_free(&key);
    return logic_atom(m->l, atom, 0);
}

/* The variable that a field of numbers is; UINT32_MAX for any other expression. */
static uint32_t int_var(const struct ir_expr *e)
{
    return e->op != IR_FIELD                     ? UINT32_MAX
           : e->field == IR_FIELD_CLIENT_PORT ? VAR_CLIENT_PORT
           : e->field == IR_FIELD_RANDOM      ? VAR_RANDOM
                                              : UINT32_MAX;
}

/* x OP y of ints, where one is a field and the other a constant. */
static uint32_t int_test(struct guard_maker *m, const struct ir_expr *e)
{
    const struct ir_expr *x = e->args[0], *y = e->args[1];
    bool left = int_var(x) != UINT32_MAX && y->op == IR_CONST_INT,
         right = int_var(y) != UINT32_MAX && x->op == IR_CONST_INT;
    if (!left && !right)
        return guard_opaque(m, e);
    struct int_interval *v = arena_array(&m->l->a, struct int_interval, 1);
    int64_t c = left ? y->num : x->num, strict = e->op == IR_LT;
    *v = (struct int_interval){INT64_MIN, INT64_MAX};
    if (e->op == IR_EQ)
        v->lo = v->hi = c;
    else if (left ? strict && c == INT64_MIN : strict && c == INT64_MAX)
        return LOGIC_FALSE;
    else if (left)
        v->hi = c - strict;
    else
        v->lo = c + strict;
    return int_atom(m, int_var(left ? x : y), v, 1);
}

static int compare_ips(const void *x, const void *y)
{
    const struct ip_interval *a = x, *b = y;
    return memcmp(&a->lo, &b->lo, sizeof a->lo);
}

static const struct ip_addr v4_first = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
                            v4_last = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static void step_ip(struct ip_addr *a, int by)
{
    for (int i = 15; i >= 0; i--) {
        int v = a->b[i] + by;
        a->b[i] = (uint8_t)v;
        if (v >= 0 && v < 256)
            return;
    }
}

/* The addresses of a prefix: one interval, or two where those of IPv4 are left out of it (ip.h). */
static uint32_t prefix_intervals(const struct ip_prefix *p, struct ip_interval out[2])
{
    struct ip_interval all = {p->addr, p->addr};
    ip_mask(&all.lo, p->bits);
    for (unsigned bit = p->bits; bit < 128; bit++)
        all.hi.b[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
    out[0] = all;
    if (p->bits >= 96 || memcmp(&all.lo, &v4_first, 16) > 0 || memcmp(&all.hi, &v4_last, 16) < 0)
        return 1;
    out[0].hi = v4_first;
    step_ip(&out[0].hi, -1);
    out[1] = (struct ip_interval){v4_last, all.hi};
    step_ip(&out[1].lo, 1);
    return 2;
}

static uint32_t ip_atom(struct guard_maker *m, struct ip_interval *v, uint32_t n)
{
    uint32_t k = 0;
    qsort(v, n, sizeof *v, compare_ips);
    for (uint32_t i = 0; i < n; i++)
        if (k > 0 && memcmp(&v[i].lo, &v[k - 1].hi, 16) <= 0) {
            if (memcmp(&v[i].hi, &v[k - 1].hi, 16) > 0)
                v[k - 1].hi = v[i].hi;
        } else {
            v[k++] = v[i];
        }
    struct atom a = {.kind = ATOM_IP, .var = VAR_CLIENT_IP, .n = k, .ips = v};
    struct buf key = {0};
    buf_str(&key, "ip ");
    buf_add(&key, v, k * sizeof *v);
    uint32_t atom = logic_intern_atom(m->l, &a, buf_view(&key));
    buf_free(&key);
    return logic_atom(m->l, atom, 0);
}

static bool is_client(const struct ir_expr *e)
{
    return e->op == IR_FIELD && e->field == IR_FIELD_CLIENT_IP;
}

static uint32_t ip_test(struct guard_maker *m, const struct ir_expr *e)
{
    const struct ir_expr *x = e->args[0], *y = e->args[1];
    const struct ir_expr *c = is_client(x) && y->op == IR_CONST_IP   ? y
                              : is_client(y) && x->op == IR_CONST_IP ? x
                                                                     : NULL;
    if (!c)
        return guard_opaque(m, e);
    struct ip_interval *v = arena_array(&m->l->a, struct ip_interval, 1);
    *v = (struct ip_interval){c->ip, c->ip};
    return ip_atom(m, v, 1);
}

static bool is_client_net(const struct ir_expr *e)
{
    return e->op == IR_MASK && is_client(e->args[0]);
}

/* Whether the networks that `mask` makes of the addresses in `p` lie in `p` as a whole: it keeps bits enough. */
static bool keeps(const struct ir_expr *mask, const struct ip_prefix *p)
{
    bool v4 = p->bits >= 96 && ip_is_v4(&p->addr);
    return p->bits <= (v4 ? 96 : 0) + mask->args[v4 ? 1 : 2]->num;
}

/* client.ip | mask(…) == NETWORK: the addresses of the network, where as many bits are kept. */
static uint32_t net_test(struct guard_maker *m, const struct ir_expr *e)
{
    bool swap = e->args[0]->op == IR_CONST_CIDR;
    const struct ir_expr *mask = e->args[swap], *net = e->args[!swap];
    if (!is_client_net(mask) || net->op != IR_CONST_CIDR)
        return guard_opaque(m, e);
    bool v4 = net->cidr.bits >= 96 && ip_is_v4(&net->cidr.addr);
    if (net->cidr.bits != (v4 ? 96 : 0) + mask->args[v4 ? 1 : 2]->num)
        return LOGIC_FALSE;
    struct ip_interval *v = arena_array(&m->l->a, struct ip_interval, 2);
    return ip_atom(m, v, prefix_intervals(&net->cidr, v));
}

static uint32_t in_rows(struct guard_maker *m, const struct ir_expr *subject, const struct ir_set *set,
                        const struct ir_row *rows, uint32_t n)
{
    bool range = set->key_kind == IR_KEY_RANGE;
    if ((set->key_kind == IR_KEY_INT || range) && int_var(subject) != UINT32_MAX) {
        struct int_interval *v = arena_array(&m->l->a, struct int_interval, n);
        for (uint32_t i = 0; i < n; i++)
            v[i] = range ? (struct int_interval){rows[i].key.range.lo, rows[i].key.range.hi}
                         : (struct int_interval){rows[i].key.num, rows[i].key.num};
        return int_atom(m, int_var(subject), v, n);
    }
    if (set->key_kind == IR_KEY_CIDR && (is_client(subject) || is_client_net(subject))) {
        struct ip_interval *v = arena_array(&m->l->a, struct ip_interval, 2 * n);
        uint32_t k = 0;
        for (uint32_t i = 0; i < n; i++)
            if (is_client(subject) || keeps(subject, &rows[i].key.cidr))
                k += prefix_intervals(&rows[i].key.cidr, v + k);
        return k ? ip_atom(m, v, k) : LOGIC_FALSE;
    }
    struct text_test t = {.op = IR_IN, .set = set, .rows = rows, .n = n};
    return guard_text(m, subject, &t, NULL);
}

/* A test of membership as an expression, for what becomes opaque. */
static const struct ir_expr *membership(struct guard_maker *m, const struct ir_expr *subject,
                                        const struct ir_set *set)
{
    struct ir_expr *e = arena_new(&m->l->a, struct ir_expr);
    e->op = IR_IN;
    e->kind = IR_BOOL;
    e->nargs = 1;
    e->args = arena_array(&m->l->a, struct ir_expr *, 1);
    e->args[0] = (struct ir_expr *)subject;
    e->set = (struct ir_set *)set;
    return e;
}

uint32_t guard_in(struct guard_maker *m, const struct ir_expr *subject, const struct ir_set *set)
{
    uint32_t f = set->rows.n ? in_rows(m, subject, set, set->rows.v, set->rows.n) : LOGIC_FALSE;
    return f == GUARD_UNKNOWN ? guard_opaque(m, membership(m, subject, set)) : f;
}

uint32_t guard_key(struct guard_maker *m, const struct ir_expr *subject, const struct ir_set *set,
                   const struct ir_row *row)
{
    uint32_t f = in_rows(m, subject, set, row, 1);
    if (f != GUARD_UNKNOWN)
        return f;
    struct ir_set *one = arena_new(&m->l->a, struct ir_set);
    one->key_kind = set->key_kind;
    *vec_push(&m->l->a, &one->rows) = *row;
    const struct ir_expr *e = membership(m, subject, one);
    f = guard_rows(m, e);
    return f == GUARD_UNKNOWN ? guard_opaque(m, e) : f;
}

/* ---- formulas ---------------------------------------------------------------------------------- */

static uint32_t junction(struct guard_maker *m, const struct ir_expr *e)
{
    VEC(uint32_t) kids = {0};
    for (uint32_t i = 0; i < e->nargs; i++) {
        uint32_t kid = guard_formula(m, e->args[i]);
        vec_add(&m->l->a, &kids, kid);
    }
    return logic_junction(m->l, e->op == IR_AND ? LOGIC_AND : LOGIC_OR, kids.v, kids.n);
}

static uint32_t equal(struct guard_maker *m, const struct ir_expr *e)
{
    const struct ir_expr *x = e->args[0], *y = e->args[1];
    struct text_test t = {.op = IR_EQ};
    if (x->kind != y->kind || x->kind == IR_BACKEND)
        return guard_opaque(m, e);
    if (x->kind == IR_INT)
        return int_test(m, e);
    if (x->kind == IR_IP)
        return ip_test(m, e);
    if (x->kind == IR_CIDR)
        return net_test(m, e);
    if (x->kind == IR_BOOL) {
        if (x->optional || y->optional)
            return guard_opaque(m, e);
        uint32_t p = guard_formula(m, x), q = guard_formula(m, y);
        return logic_or(m->l, logic_and(m->l, p, q), logic_and(m->l, logic_not(m->l, p), logic_not(m->l, q)));
    }
    if (x->op == IR_CONST_STR) {
        const struct ir_expr *swap = x;
        x = y;
        y = swap;
    }
    if (y->op != IR_CONST_STR)
        return guard_opaque(m, e);
    t.text = y->str;
    uint32_t f = guard_text(m, x, &t, NULL);
    return f == GUARD_UNKNOWN ? guard_opaque(m, e) : f;
}

static uint32_t text_op(struct guard_maker *m, const struct ir_expr *e)
{
    struct text_test t = {.op = (enum ir_op)e->op, .text = e->str, .separator = '/'};
    if (e->op == IR_LIKE && e->args[0]->op == IR_FIELD && e->args[0]->field == IR_FIELD_HOST)
        t.separator = '.';
    if (e->nargs == 2) {
        if (e->args[1]->op != IR_CONST_STR || e->args[0]->kind != IR_STR)
            return guard_opaque(m, e);
        t.text = e->args[1]->str;
    }
    uint32_t f = guard_text(m, e->args[0], &t, NULL);
    return f == GUARD_UNKNOWN ? guard_opaque(m, e) : f;
}

static uint32_t formula(struct guard_maker *m, const struct ir_expr *e)
{
    switch ((enum ir_op)e->op) {
    case IR_CONST_BOOL:
        return e->num ? LOGIC_TRUE : LOGIC_FALSE;
    case IR_FIELD:
        return e->field == IR_FIELD_TLS_ACTIVE ? true_atom(m, VAR_TLS) : guard_opaque(m, e);
    case IR_AND:
    case IR_OR:
        return junction(m, e);
    case IR_NOT:
        return logic_not(m->l, guard_formula(m, e->args[0]));
    case IR_EQ:
        return equal(m, e);
    case IR_LT:
    case IR_LE:
        return int_test(m, e);
    case IR_UNDER:
    case IR_STARTS_WITH:
    case IR_ENDS_WITH:
    case IR_CONTAINS:
    case IR_LIKE:
    case IR_MATCHES:
        return text_op(m, e);
    case IR_IN:
        return guard_in(m, e->args[0], e->set);
    case IR_EXISTS:
        return guard_exists(m, e->args[0]);
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
    return guard_opaque(m, e);
}

uint32_t guard_formula(struct guard_maker *m, const struct ir_expr *e)
{
    bool tests = e->op == IR_EQ || e->op == IR_LT || e->op == IR_LE || e->op == IR_IN || e->op == IR_LOOKUP ||
                 e->op == IR_DEFAULT;
    uint32_t f = tests ? guard_rows(m, e) : GUARD_UNKNOWN;
    return f == GUARD_UNKNOWN ? formula(m, e) : f;
}
