/* Requests that stand on both sides of the conditions of rules; see validate_state.h. The analyser finds texts, addresses and
 * numbers for which a condition holds, and some for which it does not; from one for which it holds, each constant in the
 * condition gives others, that are off by one byte, label, segment, number or address. */
#include "compiler/validate_state.h"

enum { SEARCH_NS = 200 * 1000 * 1000 }; /* for one rule, where there is time for all */
enum { INSIDE_MAX = 2, OUTSIDE_MAX = 4, LEAVES_MAX = 48, LITERALS_MAX = 10, ROWS_TAKEN = 3, EDGES_MAX = 16 };

struct literal {
    enum ir_field field;
    struct slice key;
    enum ir_kind kind; /* STR, INT or IP; BOOL: the field alone */
    struct slice text;
    int64_t lo, hi;
    struct ip_addr first, last;
};

struct maker {
    struct validate_batch *b;
    struct logic l;
    struct guard_maker m;
    struct an_search s;
    uint32_t source, leaves, inside, outside, taken;
    const struct ir_expr *guard; /* with a few rows of large sets */
    struct an_sample at; /* the first sample for which the condition holds */
    bool found;
    VEC(struct literal) literals;
    struct strmap seen; /* requests */
    struct buf key;
};

/* ---- conditions with few rows ------------------------------------------------------------------ */

/* Of rows, some that the seed takes; all where they are few. */
static void take_rows(struct maker *k, const struct ir_set *set, uint32_t few, struct ir_set *out)
{
    uint32_t n = set->rows.n, taken = n <= few ? n : ROWS_TAKEN;
    for (uint32_t i = 0; i < taken; i++) {
        uint32_t at = n <= few ? i : (uint32_t)((k->b->seed + k->source * 31 + (uint64_t)n * i / taken) % n);
        vec_add(&k->b->a, &out->rows, set->rows.v[at]);
    }
}

static const struct ir_set *small_set(struct maker *k, const struct ir_set *set)
{
    if (set->rows.n <= VALIDATE_LARGE_SET)
        return set;
    struct ir_set *out = arena_new(&k->b->a, struct ir_set);
    *out = *set;
    memset(&out->rows, 0, sizeof out->rows);
    take_rows(k, set, VALIDATE_LARGE_SET, out);
    return out;
}

static struct ir_expr *small(struct maker *k, const struct ir_expr *e)
{
    struct ir_expr *out = arena_new(&k->b->a, struct ir_expr);
    *out = *e;
    out->args = arena_array(&k->b->a, struct ir_expr *, e->nargs + 1);
    for (uint32_t i = 0; i < e->nargs; i++)
        out->args[i] = small(k, e->args[i]);
    if (ir_op_own(e->op) == IR_OWN_SET)
        out->set = (struct ir_set *)(uintptr_t)small_set(k, e->set);
    return out;
}

static struct ir_expr *made(struct maker *k, enum ir_op op, struct ir_expr *x, struct ir_expr *y)
{
    struct ir_expr *e = arena_new(&k->b->a, struct ir_expr);
    *e = (struct ir_expr){.op = (uint8_t)op, .kind = IR_BOOL, .nargs = y ? 2 : 1};
    e->args = arena_array(&k->b->a, struct ir_expr *, 2);
    e->args[0] = x;
    e->args[1] = y;
    return e;
}

/* What must hold for the rule to act, by that row of its map. */
static const struct ir_expr *condition(struct maker *k, const struct validate_source *src)
{
    const struct ir_rule *r = validate_rule(k->b->f, src->rule);
    struct ir_expr *guard = r->guard ? small(k, r->guard) : NULL, *finds;
    if (r->kind != IR_USE_MAP || !r->value)
        return guard;
    struct ir_expr *lookup = small(k, r->value);
    if (src->row && lookup->op == IR_LOOKUP) {
        struct ir_set *one = arena_new(&k->b->a, struct ir_set);
        one->key_kind = lookup->set->key_kind;
        vec_add(&k->b->a, &one->rows, *src->row);
        finds = made(k, IR_IN, lookup->args[0], NULL);
        finds->set = one;
    } else {
        finds = made(k, IR_EXISTS, lookup, NULL);
    }
    return guard ? made(k, IR_AND, guard, finds) : finds;
}

/* ---- constants --------------------------------------------------------------------------------- */

/* The field that an operand is made of. */
static const struct ir_expr *field_of(const struct ir_expr *e)
{
    if (e->op == IR_FIELD)
        return e;
    for (uint32_t i = 0; i < e->nargs; i++) {
        const struct ir_expr *f = field_of(e->args[i]);
        if (f)
            return f;
    }
    return NULL;
}

static void last_of(const struct ip_prefix *p, struct literal *to)
{
    to->first = to->last = p->addr;
    for (unsigned bit = p->bits; bit < 128; bit++)
        to->last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static bool same_literal(const struct literal *x, const struct literal *y)
{
    return x->field == y->field && x->kind == y->kind && slice_eq(x->key, y->key) && slice_eq(x->text, y->text) &&
           x->lo == y->lo && x->hi == y->hi && memcmp(&x->first, &y->first, sizeof x->first) == 0;
}

static void add_literal(struct maker *k, struct literal x)
{
    bool text = x.kind == IR_STR && !memchr(x.text.p ? x.text.p : "", '*', x.text.len);
    if (x.kind == IR_STR && !text)
        x.kind = IR_BOOL; /* a pattern: what the analyser found is changed instead */
    for (uint32_t i = 0; i < k->literals.n; i++)
        if (same_literal(&k->literals.v[i], &x))
            return;
    if (k->literals.n < LITERALS_MAX)
        vec_add(&k->b->a, &k->literals, x);
}

static void add_key(struct maker *k, const struct ir_expr *field, const struct ir_set *set, const struct ir_key *key)
{
    struct literal x = {.field = (enum ir_field)field->field, .key = field->str};
    switch (set->key_kind) {
    case IR_KEY_STRING:
    case IR_KEY_HOST:
    case IR_KEY_METHOD:
    case IR_KEY_HOST_PATTERN:
    case IR_KEY_PATH:
    case IR_KEY_PREFIX:
    case IR_KEY_SUFFIX:
        x.kind = IR_STR;
        x.text = key->str;
        break;
    case IR_KEY_REGEX:
        x.kind = IR_BOOL;
        break;
    case IR_KEY_INT:
        x.kind = IR_INT;
        x.lo = x.hi = key->num;
        break;
    case IR_KEY_RANGE:
        x.kind = IR_INT;
        x.lo = key->range.lo;
        x.hi = key->range.hi;
        break;
    case IR_KEY_CIDR:
        x.kind = IR_IP;
        last_of(&key->cidr, &x);
        break;
    }
    add_literal(k, x);
}

static void add_constant(struct maker *k, const struct ir_expr *field, const struct ir_expr *c)
{
    struct literal x = {.field = (enum ir_field)field->field, .key = field->str, .kind = IR_STR, .text = c->str};
    if (c->op == IR_CONST_INT)
        x = (struct literal){.field = x.field, .key = x.key, .kind = IR_INT, .lo = c->num, .hi = c->num};
    if (c->op == IR_CONST_IP)
        x = (struct literal){.field = x.field, .key = x.key, .kind = IR_IP, .first = c->ip, .last = c->ip};
    if (c->op == IR_CONST_CIDR) {
        x = (struct literal){.field = x.field, .key = x.key, .kind = IR_IP};
        last_of(&c->cidr, &x);
    }
    add_literal(k, x);
}

static bool is_constant(const struct ir_expr *e)
{
    return e->op == IR_CONST_INT || e->op == IR_CONST_STR || e->op == IR_CONST_IP || e->op == IR_CONST_CIDR;
}

static void collect(struct maker *k, const struct ir_expr *e)
{
    const struct ir_expr *field = e->op == IR_AND || e->op == IR_OR || e->op == IR_NOT ? NULL : field_of(e);
    for (uint32_t i = 0; field && i < e->nargs; i++)
        if (is_constant(e->args[i]))
            add_constant(k, field, e->args[i]);
    if (field && ir_op_own(e->op) == IR_OWN_SET)
        for (uint32_t i = 0; i < e->set->rows.n && i < ROWS_TAKEN; i++)
            add_key(k, field, e->set, &e->set->rows.v[(i + k->source) % e->set->rows.n].key);
    if (field)
        add_literal(k, (struct literal){.field = (enum ir_field)field->field, .key = field->str, .kind = IR_BOOL});
    for (uint32_t i = 0; i < e->nargs; i++)
        collect(k, e->args[i]);
}

/* ---- requests ---------------------------------------------------------------------------------- */

static void keep_request(struct maker *k, const struct eval_request *q)
{
    struct eval_state raw;
    bool added;
    if (!validate_receive(&k->b->a, q, &raw))
        return;
    k->key.len = 0;
    decider_write_request(q, &k->key);
    buf_add(&k->key, &q->client_ip, sizeof q->client_ip);
    buf_add(&k->key, &q->client_port, sizeof q->client_port);
    buf_add(&k->key, &q->random, sizeof q->random);
    buf_add(&k->key, &q->tls, sizeof q->tls);
    strmap_put(&k->seen, &k->b->a, arena_copy(&k->b->a, buf_view(&k->key)), 0, &added);
    if (!added)
        return;
    struct validate_request *r = vec_push(&k->b->a, &k->b->requests);
    *r = (struct validate_request){.q = *q, .raw = raw, .source = k->b->sources.v[k->source].rule,
                                    .from = k->source};
    struct eval_request *kept = arena_new(&k->b->a, struct eval_request);
    *kept = *q;
    r->raw.request = kept;
}

/* Whether the condition holds, as the evaluator sees it before any rule. */
static bool holds(void *ctx, const struct eval_request *q)
{
    struct maker *k = ctx;
    struct eval_state raw;
    return validate_receive(&k->b->a, q, &raw) && eval_expr(&raw, k->guard).truth;
}

static void host_of(struct an_sample *s)
{
    s->host = SLICE("a.example");
    for (uint32_t i = 0; i < s->parts.n; i++)
        if (s->parts.v[i].field == IR_FIELD_HOST)
            s->host = s->parts.v[i].value.text;
}

static void leaf(void *ctx, struct an_search *s, const struct an_state *state)
{
    struct maker *k = ctx;
    bool inside = state->e[state->n[0] - 1].item == 0;
    uint32_t *count = inside ? &k->inside : &k->outside;
    k->leaves++;
    s->done = k->leaves >= LEAVES_MAX;
    if (*count >= (inside ? INSIDE_MAX : OUTSIDE_MAX))
        return;
    ++*count;
    struct an_sample x = an_sample_take(&k->b->a, s);
    struct eval_request q = an_request(&k->b->a, (host_of(&x), &x));
    if (inside && x.opaque.n && k->guard && !an_find_witness(&k->b->a, &x, holds, k, &q))
        q = an_request(&k->b->a, &x);
    if (inside && !k->found) {
        k->at = x;
        k->found = true;
    }
    keep_request(k, &q);
    s->done |= k->inside >= INSIDE_MAX && k->outside >= OUTSIDE_MAX;
}

/* ---- edges ------------------------------------------------------------------------------------- */

static bool same_field(const struct an_part *p, enum ir_field field, struct slice key)
{
    bool path = field == IR_FIELD_PATH || field == IR_FIELD_URI;
    bool is_path = p->field == IR_FIELD_PATH || p->field == IR_FIELD_URI;
    if (field == IR_FIELD_HOST && p->field == IR_FIELD_HEADER && slice_eq_nocase(p->key, SLICE("host")))
        return true;
    return (path && is_path) || (p->field == field && slice_eq_nocase(p->key, key));
}

static const struct logic_value *value_at(const struct maker *k, const struct literal *x)
{
    for (uint32_t i = 0; i < k->at.parts.n; i++)
        if (same_field(&k->at.parts.v[i], x->field, x->key))
            return &k->at.parts.v[i].value;
    return NULL;
}

static void try_value(struct maker *k, const struct literal *x, struct logic_value v)
{
    struct an_sample s = {.host = k->at.host};
    for (uint32_t i = 0; i < k->at.parts.n; i++)
        if (!same_field(&k->at.parts.v[i], x->field, x->key))
            vec_add(&k->b->a, &s.parts, k->at.parts.v[i]);
    vec_add(&k->b->a, &s.parts, ((struct an_part){x->field, x->key, v}));
    if (x->field == IR_FIELD_HOST)
        s.host = v.text;
    struct eval_request q = an_request(&k->b->a, &s);
    keep_request(k, &q);
}

static void try_text(struct maker *k, const struct literal *x, struct slice text)
{
    bool path = x->field == IR_FIELD_PATH || x->field == IR_FIELD_URI;
    if (x->field == IR_FIELD_HOST ? text.len == 0 : path && (text.len == 0 || text.p[0] != '/'))
        return;
    try_value(k, x, (struct logic_value){.text = text});
}

/* A text, and others that are off by one. */
static void texts_around(struct maker *k, const struct literal *x, struct slice t)
{
    struct arena *a = &k->b->a;
    bool path = x->field == IR_FIELD_PATH || x->field == IR_FIELD_URI;
    const char *separator = path ? "/" : x->field == IR_FIELD_HOST ? "." : ",";
    try_text(k, x, t);
    try_text(k, x, arena_printf(a, "%.*sx", SLICE_ARG(t)));
    try_text(k, x, arena_printf(a, "%.*s%sx", SLICE_ARG(t), separator));
    try_text(k, x, arena_printf(a, "%s%.*s", path ? "/x" : "x.", SLICE_ARG(t)));
    if (t.len < 2)
        return;
    try_text(k, x, (struct slice){t.p, t.len - 1});
    try_text(k, x, slice_from(t, 1));
    try_text(k, x, arena_printf(a, "%.*s%c", (int)t.len - 1, t.p, t.p[t.len - 1] == 'x' ? 'y' : 'x'));
    const char *first = memchr(t.p + 1, *separator, t.len - 1), *last = memrchr(t.p + 1, *separator, t.len - 1);
    if (first)
        try_text(k, x, slice_from(t, (size_t)(first - t.p) + !path));
    if (last)
        try_text(k, x, (struct slice){t.p, (size_t)(last - t.p)});
    if (path || x->field == IR_FIELD_HOST)
        return;
    bool upper = t.p[0] >= 'A' && t.p[0] <= 'Z';
    try_text(k, x, arena_printf(a, "%c%.*s", upper ? t.p[0] | 0x20 : t.p[0] & ~0x20, (int)t.len - 1, t.p + 1));
}

static bool step_ip(struct ip_addr *a, int by)
{
    for (int i = 15; i >= 0; i--) {
        int v = a->b[i] + by;
        a->b[i] = (uint8_t)v;
        if (v >= 0 && v < 256)
            return true;
    }
    return false;
}

static void addresses_around(struct maker *k, const struct literal *x)
{
    struct ip_addr before = x->first, after = x->last;
    try_value(k, x, (struct logic_value){.ip = x->first});
    try_value(k, x, (struct logic_value){.ip = x->last});
    if (step_ip(&before, -1))
        try_value(k, x, (struct logic_value){.ip = before});
    if (step_ip(&after, 1))
        try_value(k, x, (struct logic_value){.ip = after});
}

/* Fields of numbers; a text that is read as a number. */
static void numbers_around(struct maker *k, const struct literal *x)
{
    const int64_t around[4] = {x->lo, x->hi, x->lo > INT64_MIN ? x->lo - 1 : x->lo, x->hi < INT64_MAX ? x->hi + 1 : x->hi};
    for (uint32_t i = 0; i < 4; i++) {
        int64_t n = around[i];
        if (x->field == IR_FIELD_CLIENT_PORT ? n < 1 || n > 65535
                                             : x->field == IR_FIELD_RANDOM && (n < 0 || n >= IR_RANDOM_END))
            continue;
        if (x->field == IR_FIELD_CLIENT_PORT || x->field == IR_FIELD_RANDOM)
            try_value(k, x, (struct logic_value){.num = n});
        else
            try_text(k, x, arena_printf(&k->b->a, "%lld", (long long)n));
    }
}

static bool is_optional(enum ir_field field)
{
    return field == IR_FIELD_HEADER || field == IR_FIELD_QUERY || field == IR_FIELD_COOKIE;
}

static bool is_text(enum ir_field field)
{
    return is_optional(field) || field == IR_FIELD_HOST || field == IR_FIELD_PATH || field == IR_FIELD_URI ||
           field == IR_FIELD_METHOD;
}

static void try_edges(struct maker *k, struct literal x)
{
    const struct logic_value *at;
    x.field = x.field == IR_FIELD_HEADERS ? IR_FIELD_HEADER : x.field == IR_FIELD_RAW_PATH ? IR_FIELD_PATH : x.field;
    at = value_at(k, &x);
    if (x.kind == IR_STR && is_text(x.field))
        texts_around(k, &x, x.text);
    else if (x.kind == IR_IP && x.field == IR_FIELD_CLIENT_IP)
        addresses_around(k, &x);
    else if (x.kind == IR_INT && (is_text(x.field) || x.field == IR_FIELD_CLIENT_PORT || x.field == IR_FIELD_RANDOM))
        numbers_around(k, &x);
    else if (x.kind == IR_BOOL && x.field == IR_FIELD_TLS_ACTIVE)
        try_value(k, &x, (struct logic_value){.truth = !(at && at->truth)});
    else if (x.kind == IR_BOOL && is_text(x.field) && at && at->text.p)
        texts_around(k, &x, at->text);
    if (x.kind == IR_BOOL && is_optional(x.field)) {
        try_value(k, &x, (struct logic_value){.absent = true});
        try_text(k, &x, SLICE(""));
    }
}

/* ---- a batch ----------------------------------------------------------------------------------- */

/* A condition that is hard to search must not take the time of all others, nor of the compilation. */
static uint64_t search_until(const struct validate_batch *b)
{
    uint64_t now = an_search_clock();
    if (b->deadline_ns == UINT64_MAX)
        return now + SEARCH_NS;
    return now < b->deadline_ns ? now + (b->deadline_ns - now) / 2 : now;
}

static void from_source(struct maker *k, uint32_t formula)
{
    const struct an_entry entries[2] = {{.guard = formula, .outcome = 1 << OUTCOME_BITS | OUTCOME_TERMINAL},
                                        {.guard = LOGIC_TRUE, .outcome = 2 << OUTCOME_BITS | OUTCOME_TERMINAL, .item = 1}};
    k->leaves = k->inside = k->outside = 0;
    k->found = false;
    k->at = (struct an_sample){.host = SLICE("a.example")};
    k->literals.n = 0;
    an_search_again(&k->s, search_until(k->b));
    for (uint32_t i = 0; i < 2; i++)
        *vec_push(&k->s.a, &k->s.raw[0]) = entries[i];
    uint32_t state = an_state_make(&k->s, LOGIC_TRUE);
    if (state != AN_NOTHING)
        an_search_run(&k->s, state);
    if (k->guard)
        collect(k, k->guard);
    for (uint32_t i = 0; i < k->literals.n; i++)
        try_edges(k, k->literals.v[i]);
}

uint32_t validate_make(struct validate_batch *b)
{
    uint32_t hard = 0;
    struct maker k = {.b = b};
    struct ir_frontend f = {0};
    const struct ir_frontend *all = &f;
    const struct ir_expr **guards = arena_array(&b->a, const struct ir_expr *, b->sources.n);
    uint32_t *formulas = arena_array(&b->a, uint32_t, b->sources.n), done = 0, n = 0;
    logic_begin(&k.l);
    for (uint32_t i = 0; i < b->sources.n; i++) {
        k.source = i;
        guards[i] = condition(&k, &b->sources.v[i]);
        struct ir_rule *r = vec_push(&b->a, &f.route);
        r->guard = (struct ir_expr *)(uintptr_t)guards[i];
    }
    guard_prepare(&k.m, &k.l, &all, 1);
    while (n < b->sources.n && (n == 0 || !validate_is_over(b))) {
        formulas[n] = guards[n] ? guard_formula(&k.m, guards[n]) : LOGIC_TRUE;
        n++;
    }
    an_search_begin(&k.s, &k.l, 1, LOGIC_TRUE, 1e6);
    k.s.leaf = leaf;
    k.s.ctx = &k;
    while (done < n && (done == 0 || !validate_is_over(b))) {
        k.source = done;
        k.guard = guards[done];
        from_source(&k, formulas[done++]);
        hard += k.s.exceeded;
    }
    an_search_end(&k.s);
    logic_end(&k.l);
    buf_free(&k.key);
    return done - hard;
}
