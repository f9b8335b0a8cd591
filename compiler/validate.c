/* Batches of rules within a budget; see validate.h. */
#include "compiler/validate_state.h"

#include "runtime/base/hash.h"

/* Rules of a batch; one request in so many meets many rules more than it leaves open; bytes of a text of a request. */
enum { FIRST_BATCH = 48, ALL_BATCH = 1000, WIDE_EVERY = 64, LONG = 4096 };

bool validate_is_over(const struct validate_batch *b)
{
    return b->deadline_ns != UINT64_MAX && an_search_clock() > b->deadline_ns;
}

/* ---- requests as received ---------------------------------------------------------------------- */

static void keep_state(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct eval_state *out = ctx;
    (void)rule, (void)in_route, (void)applied;
    *out = *s;
}

static bool is_line(struct slice s, char least)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < (unsigned char)least || s.p[i] == 0x7f)
            return false;
    return s.len <= LONG;
}

static bool is_sendable(const struct eval_request *q)
{
    bool ok = q->method.len && q->target.len && is_line(q->method, '!') && is_line(q->target, '!');
    for (uint32_t i = 0; i < q->nheaders; i++)
        ok &= is_line(q->headers[i].name, '!') && is_line(q->headers[i].value, ' ');
    return ok;
}

bool validate_receive(struct arena *a, const struct eval_request *q, struct eval_state *raw)
{
    struct ir_rule always = {.kind = IR_REPLY, .status = 200};
    struct ir_frontend f = {.route = {.v = &always, .n = 1}};
    struct eval_result ignored;
    if (!is_sendable(q))
        return false;
    eval_run(a, &f, q, keep_state, raw, &ignored);
    return ignored.outcome != EVAL_BAD_REQUEST;
}

/* ---- which rules ------------------------------------------------------------------------------- */

struct map_rows {
    uint32_t rule;
    uint64_t first;
};

/* The rules of a frontend and the rows of its `use MAP[…]`, in an order that is spread evenly as far as it is taken: by
 * steps of the golden section. */
struct order {
    const struct ir_frontend *f;
    uint64_t n, at, step, given;
    VEC(struct map_rows) maps;
};

static uint64_t common_divisor(uint64_t x, uint64_t y)
{
    while (y) {
        uint64_t rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

static void order_steps(struct order *o)
{
    o->step = (uint64_t)((double)o->n * 0.6180339887) | 1;
    while (o->n && common_divisor(o->step, o->n) != 1)
        o->step++;
}

static uint64_t order_step(struct order *o)
{
    uint64_t at = o->at;
    o->at = (o->at + o->step) % o->n;
    o->given++;
    return at;
}

static void order_begin(struct order *o, struct arena *a, const struct ir_frontend *f, uint64_t seed)
{
    *o = (struct order){.f = f, .n = f->on_request.n + f->route.n};
    for (uint32_t i = 0, n = (uint32_t)o->n; i < n; i++) {
        const struct ir_rule *r = validate_rule(f, i);
        if (r->kind != IR_USE_MAP || r->value->op != IR_LOOKUP || r->value->set->rows.n == 0)
            continue;
        vec_add(a, &o->maps, ((struct map_rows){i, o->n}));
        o->n += r->value->set->rows.n;
    }
    o->at = o->n ? seed % o->n : 0;
    order_steps(o);
}

static struct validate_source order_next(struct order *o)
{
    uint64_t at = order_step(o);
    struct validate_source out = {.rule = (uint32_t)at};
    if (at < o->f->on_request.n + o->f->route.n)
        return out;
    uint32_t low = 0, high = o->maps.n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (o->maps.v[middle].first <= at)
            low = middle;
        else
            high = middle;
    }
    out.rule = o->maps.v[low].rule;
    out.row = &validate_rule(o->f, out.rule)->value->set->rows.v[at - o->maps.v[low].first];
    return out;
}

/* ---- batches ----------------------------------------------------------------------------------- */

struct validation {
    const struct ir_program *p;
    struct decider *d;
    struct validate_report *report;
    struct buf *why, *doubt;
    uint64_t seed, end_ns; /* UINT64_MAX: there is time for all */
    uint64_t least_ns;     /* for what requests show, where making them took longer than it should */
};

/* The part of the time that is left, from now on. */
static uint64_t until(uint64_t end_ns, double part)
{
    uint64_t now = an_search_clock();
    if (end_ns == UINT64_MAX)
        return end_ns;
    return now < end_ns ? now + (uint64_t)((double)(end_ns - now) * part) : now;
}

/* Holds the requests. `*held`: of so many rules. */
static bool hold_batch(struct validation *v, struct validate_batch *b, uint32_t *held)
{
    struct validate_form form;
    bool same = true;
    validate_open(b);
    if (b->deadline_ns != UINT64_MAX && b->deadline_ns < an_search_clock() + v->least_ns)
        b->deadline_ns = an_search_clock() + v->least_ns;
    uint64_t end_ns = b->deadline_ns;
    b->deadline_ns = until(end_ns, 0.4);
    validate_form_begin(&form, b);
    b->deadline_ns = end_ns;
    struct order o = {.n = b->requests.n, .at = 0};
    bool *seen = arena_array(&b->a, bool, b->sources.n);
    for (order_steps(&o); o.given < o.n && same && (o.given == 0 || !validate_is_over(b));) {
        bool wide = o.given % WIDE_EVERY == WIDE_EVERY / 2;
        struct validate_request *r = &b->requests.v[order_step(&o)];
        *held += !seen[r->from];
        seen[r->from] = true;
        same = validate_hold(&form, v->d, r, wide, v->report, v->why, v->doubt);
    }
    validate_form_end(&form);
    return same;
}

static bool one_batch(struct validation *v, struct order *o, uint64_t end_ns)
{
    struct validate_batch b = {.p = v->p, .f = o->f, .nrules = o->f->on_request.n + o->f->route.n, .seed = v->seed};
    uint32_t most = end_ns == UINT64_MAX ? ALL_BATCH : FIRST_BATCH, held = 0;
    while (b.sources.n < most && o->given < o->n)
        vec_add(&b.a, &b.sources, order_next(o));
    b.deadline_ns = until(end_ns, b.nrules <= VALIDATE_FEW_RULES ? 0.5 : 0.3);
    uint32_t made = validate_make(&b);
    b.deadline_ns = end_ns;
    bool same = hold_batch(v, &b, &held);
    v->report->rules += held;
    v->report->complete &= made == b.sources.n && !validate_is_over(&b);
    arena_free(&b.a);
    return same;
}

static bool hold_frontend(struct validation *v, const struct ir_frontend *f, uint64_t end_ns)
{
    struct arena a = {0};
    struct order o;
    uint64_t took = 0;
    bool same = true;
    order_begin(&o, &a, f, v->seed);
    while (same && o.given < o.n) {
        uint64_t now = an_search_clock();
        if (end_ns != UINT64_MAX && (now >= end_ns || took > end_ns - now))
            break;
        same = one_batch(v, &o, end_ns);
        took = an_search_clock() - now;
    }
    v->report->complete &= o.given == o.n;
    arena_free(&a);
    return same;
}

bool validate_tables(const struct ir_program *p, struct decider *d, const struct validate_options *o,
                     struct validate_report *report, struct buf *why, struct buf *doubt)
{
    struct validation v = {p, d, report, why, doubt, hash_slice(slice_of(o->seed)) >> 1, UINT64_MAX, o->budget_ns / 5};
    uint64_t rest = 0;
    *report = (struct validate_report){.complete = true};
    if (o->budget_ns != UINT64_MAX)
        v.end_ns = an_search_clock() + o->budget_ns;
    for (uint32_t i = 0; i < p->frontends.n; i++)
        rest += p->frontends.v[i]->on_request.n + p->frontends.v[i]->route.n;
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        uint64_t rules = f->on_request.n + f->route.n;
        if (rules && !hold_frontend(&v, f, until(v.end_ns, (double)rules / (double)rest)))
            return false;
        rest -= rules;
    }
    return true;
}
