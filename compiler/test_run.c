/* Running tests; see test_run.h. */
#include "compiler/test_run.h"

#include "compiler/explain.h"
#include "compiler/ir_print.h"
#include "compiler/regex.h"
#include "compiler/regex_derivative.h"
#include "runtime/base/clock.h"

enum { OTHERS_SHOWN = 3, VALUE_SHOWN = 300 };

/* ---- given ------------------------------------------------------------------------------------- */

/* The rows of a set as they were. */
struct saved {
    struct ir_set *set;
    struct ir_row *v;
    uint32_t n, cap;
};

static bool same_key(enum ir_key_kind kind, const struct ir_key *x, const struct ir_key *y)
{
    if (kind == IR_KEY_INT)
        return x->num == y->num;
    if (kind == IR_KEY_RANGE)
        return x->range.lo == y->range.lo && x->range.hi == y->range.hi;
    if (kind == IR_KEY_CIDR)
        return x->cidr.bits == y->cidr.bits &&
               memcmp(x->cidr.addr.b, y->cidr.addr.b, sizeof x->cidr.addr.b) == 0;
    return slice_eq(x->str, y->str);
}

/* Gives the set rows of its own, with that change. A row stands in the place of the one with the same key; else it is the
 * first, which counts where the order of rows does, or where it is part of another range. */
static struct saved give(struct arena *a, const struct test_given *g)
{
    struct ir_set *set = g->set;
    struct saved before = {set, set->rows.v, set->rows.n, set->rows.cap};
    set->rows.v = arena_array(a, struct ir_row, before.n + 1);
    set->rows.cap = before.n + 1;
    set->rows.n = 0;
    bool known = false;
    for (uint32_t i = 0; i < before.n; i++)
        known |= same_key(set->key_kind, &before.v[i].key, &g->row.key);
    if (!known && !g->gone)
        set->rows.v[set->rows.n++] = g->row;
    for (uint32_t i = 0; i < before.n; i++) {
        bool same = same_key(set->key_kind, &before.v[i].key, &g->row.key);
        if (!same || !g->gone)
            set->rows.v[set->rows.n++] = same ? g->row : before.v[i];
    }
    return before;
}

static void take_back(const struct saved *s)
{
    s->set->rows.v = s->v;
    s->set->rows.n = s->n;
    s->set->rows.cap = s->cap;
}

/* ---- one request ------------------------------------------------------------------------------- */

/* Evaluating a case. */
struct running {
    struct arena *a, *scratch; /* of what is kept, and of this test alone */
    const struct test_case *c;
    struct test_coverage *coverage;
    struct test_failure *failure; /* NULL in the first round: reasons are not asked for */
    struct slice *fields;         /* by claim: its field when the last rule applied; p NULL: absent */
    struct eval_result result;
};

static bool finds(const struct ir_set *set, const struct ir_backend *backend)
{
    if (set->has_default && set->fallback.backend == backend)
        return true;
    for (uint32_t i = 0; i < set->rows.n; i++)
        if (set->rows.v[i].backend == backend)
            return true;
    return false;
}

/* Whether the rule can have that outcome. */
static bool can(const struct ir_rule *r, const struct test_outcome *o)
{
    switch (r->kind) {
    case IR_USE:
        return o->kind == EVAL_USE && r->backend == o->backend;
    case IR_USE_MAP:
        return o->kind == EVAL_USE && finds(r->value->set, o->backend);
    case IR_REDIRECT:
        return o->kind == EVAL_REDIRECT && r->status == o->status;
    case IR_REPLY:
        return o->kind == EVAL_REPLY && r->status == o->status;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
    case IR_DEL_HEADER:
        return false;
    }
    return false;
}

static void add_other(struct running *r, const struct ir_rule *rule, struct slice why)
{
    if (r->failure->others.n == OTHERS_SHOWN)
        r->failure->more++;
    else
        *vec_push(r->a, &r->failure->others) = (struct test_other){rule, why};
}

static void trace(void *ctx, struct eval_state *s, const struct ir_rule *rule, bool in_route, bool applied)
{
    struct running *r = ctx;
    const struct ir_frontend *f = r->coverage->f;
    const struct test_case *c = r->c;
    if (applied) {
        size_t at =
            in_route ? f->on_request.n + (size_t)(rule - f->route.v) : (size_t)(rule - f->on_request.v);
        r->coverage->nreached += !r->coverage->reached[at];
        r->coverage->reached[at] = true;
        for (uint32_t i = 0; i < c->claims.n; i++) {
            if (!c->claims.v[i].field)
                continue;
            struct eval_value v = eval_expr(s, c->claims.v[i].field);
            r->fields[i] = v.absent ? (struct slice){NULL, 0} : v.str;
        }
    } else if (r->failure && r->failure->outcome_differs && can(rule, &c->outcome)) {
        struct buf why = {0};
        explain_why(s, rule, &why);
        add_other(r, rule, arena_copy(r->a, buf_view(&why)));
        buf_free(&why);
    }
}

static void evaluate(struct running *r)
{
    struct eval_request q = r->c->request;
    if (!q.listener_port)
        eval_listener(r->coverage->f, r->c->port, &q.listener_ip, &q.listener_port);
    eval_run(r->scratch, r->coverage->f, &q, trace, r, &r->result);
}

/* ---- expectations ------------------------------------------------------------------------------ */

/* A rule decides with REPLY; a refused request is answered all the same. */
static enum eval_outcome kind_of(const struct eval_result *x)
{
    return x->outcome == EVAL_BAD_REQUEST ? EVAL_REPLY : x->outcome;
}

static bool outcome_holds(const struct test_outcome *o, const struct eval_result *x)
{
    return !o->given || prove_outcome_is(o, x);
}

/* What the claim is about; p NULL: there is none. */
static struct slice subject(const struct running *r, uint32_t i)
{
    const struct test_claim *c = &r->c->claims.v[i];
    const struct eval_result *x = &r->result;
    struct slice found = {NULL, 0};
    switch (c->subject) {
    case TEST_FIELD:
        return r->fields[i];
    case TEST_BODY:
        return x->outcome == EVAL_REPLY ? x->value : found;
    case TEST_RULE:
        return x->rule ? x->rule->label : found;
    case TEST_HEADER:
        break;
    }
    if (x->outcome == EVAL_USE)
        return r->fields[i];
    if (x->outcome == EVAL_REDIRECT && slice_eq_nocase(c->name, SLICE("location")))
        return x->value;
    for (uint32_t j = 0; j < x->reply_headers.n; j++)
        if (slice_eq_nocase(x->reply_headers.v[j].name, c->name)) {
            struct slice value = x->reply_headers.v[j].value;
            found =
                found.p ? arena_printf(r->scratch, "%.*s, %.*s", SLICE_ARG(found), SLICE_ARG(value)) : value;
        }
    return found;
}

static bool matches(struct arena *a, struct slice regex, struct slice text)
{
    uint32_t off;
    const char *why;
    struct regex_node *tree = regex_parse(a, regex, &off, &why);
    return tree && regex_derivative_matches(tree, text);
}

static bool claim_holds(struct arena *a, const struct test_claim *c, struct slice is)
{
    switch (c->relation) {
    case TEST_EQ:
        return is.p && slice_eq(is, c->text);
    case TEST_NE:
        return !is.p || !slice_eq(is, c->text);
    case TEST_CONTAINS:
        return is.p && slice_contains(is, c->text);
    case TEST_STARTS_WITH:
        return is.p && slice_starts(is, c->text);
    case TEST_ENDS_WITH:
        return is.p && slice_ends(is, c->text);
    case TEST_MATCHES:
        return is.p && matches(a, c->text, is);
    case TEST_PRESENT:
        return is.p != NULL;
    case TEST_ABSENT:
        return is.p == NULL;
    }
    return false;
}

/* ---- what is said of a failure ----------------------------------------------------------------- */

static void add_value(struct buf *out, struct slice s)
{
    bool cut = s.len > VALUE_SHOWN;
    ir_print_text((struct slice){s.p, cut ? VALUE_SHOWN : s.len}, out);
    if (cut)
        buf_printf(out, "… (%zu bytes)", s.len);
}

static struct slice keep(struct arena *a, struct buf *text)
{
    struct slice s = arena_copy(a, buf_view(text));
    buf_free(text);
    return s;
}

static struct slice outcome_text(struct arena *a, enum eval_outcome kind, const struct ir_backend *backend,
                                 uint32_t status, struct slice location)
{
    struct buf out = {0};
    if (kind == EVAL_USE)
        buf_printf(&out, "use %.*s", SLICE_ARG(backend->name));
    else if (kind == EVAL_REDIRECT)
        buf_printf(&out, "redirect %u", status);
    else
        buf_printf(&out, "reply %u", status);
    if (kind == EVAL_REDIRECT && location.p) {
        buf_char(&out, ' ');
        add_value(&out, location);
    }
    return keep(a, &out);
}

static void add_subject(struct buf *out, const struct test_claim *c)
{
    if (c->subject == TEST_HEADER) {
        buf_str(out, "header ");
        ir_print_text(c->name, out);
    } else if (c->subject == TEST_FIELD) {
        ir_print_expr(c->field, out);
    } else {
        buf_str(out, c->subject == TEST_BODY ? "body" : "rule");
    }
}

static struct slice claim_text(struct arena *a, const struct test_claim *c)
{
    static const char *const words[] = {
        [TEST_EQ] = " == ",
        [TEST_NE] = " != ",
        [TEST_CONTAINS] = " contains ",
        [TEST_STARTS_WITH] = " starts-with ",
        [TEST_ENDS_WITH] = " ends-with ",
        [TEST_MATCHES] = " matches ",
        [TEST_PRESENT] = " exists",
        [TEST_ABSENT] = " absent",
    };
    struct buf out = {0};
    add_subject(&out, c);
    buf_str(&out, words[c->relation]);
    if (c->relation == TEST_MATCHES)
        buf_printf(&out, "re\"%.*s\"", SLICE_ARG(c->text));
    else if (c->relation != TEST_PRESENT && c->relation != TEST_ABSENT)
        add_value(&out, c->text);
    return keep(a, &out);
}

static struct slice got_text(struct arena *a, const struct test_claim *c, const struct eval_result *x,
                             struct slice is)
{
    struct buf out = {0};
    if (!is.p && c->subject == TEST_BODY) {
        buf_printf(&out, "%s",
                   x->outcome == EVAL_REPLY ? "the default page of the status" : "no body from here");
        return keep(a, &out);
    }
    add_subject(&out, c);
    if (is.p) {
        buf_str(&out, " is ");
        add_value(&out, is);
    } else {
        buf_str(&out, " is absent");
    }
    return keep(a, &out);
}

static void add_problem(struct running *r, struct slice expected, struct slice got)
{
    *vec_push(r->a, &r->failure->problems) = (struct test_problem){expected, got};
}

/* Rules that the evaluation did not come to. */
static void rules_behind(struct running *r)
{
    const struct ir_frontend *f = r->coverage->f;
    uint32_t n = f->on_request.n + f->route.n;
    bool behind = !r->result.rule;
    const struct slice why = r->result.rule ? SLICE("it comes after the rule that decided")
                                            : SLICE("the request is refused before any rule");
    for (uint32_t i = 0; i < n; i++) {
        const struct ir_rule *rule =
            i < f->on_request.n ? &f->on_request.v[i] : &f->route.v[i - f->on_request.n];
        if (behind && can(rule, &r->c->outcome))
            add_other(r, rule, why);
        behind |= rule == r->result.rule;
    }
}

/* The second round: what was wrong, and why. */
static void tell(struct running *r)
{
    const struct test_outcome *o = &r->c->outcome;
    const struct eval_result *x = &r->result;
    r->failure->c = r->c;
    r->failure->outcome_differs = !outcome_holds(o, x);
    evaluate(r);
    r->failure->rule = x->rule;
    r->failure->refused = x->refused;
    if (r->failure->outcome_differs) {
        add_problem(r, outcome_text(r->a, o->kind, o->backend, o->status, o->location),
                    outcome_text(r->a, kind_of(x), x->backend, x->status, x->value));
        r->failure->nearly = x->rule && can(x->rule, o);
        rules_behind(r);
    }
    for (uint32_t i = 0; i < r->c->claims.n; i++) {
        const struct test_claim *c = &r->c->claims.v[i];
        struct slice is = subject(r, i);
        if (!claim_holds(r->scratch, c, is))
            add_problem(r, claim_text(r->a, c), got_text(r->a, c, x, is));
    }
}

static bool case_holds(struct running *r)
{
    evaluate(r);
    if (!outcome_holds(&r->c->outcome, &r->result))
        return false;
    for (uint32_t i = 0; i < r->c->claims.n; i++)
        if (!claim_holds(r->scratch, &r->c->claims.v[i], subject(r, i)))
            return false;
    return true;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void run_cases(struct test_run *run, struct arena *scratch, const struct test *t)
{
    struct test_result *result = vec_push(run->a, &run->results);
    uint64_t begin = clock_ns();
    result->t = t;
    result->name = t->name;
    result->pos = t->pos;
    for (uint32_t i = 0; i < t->cases.n; i++) {
        struct running r = {.a = run->a, .scratch = scratch, .c = &t->cases.v[i]};
        r.coverage = &run->coverage.v[t->frontend->index];
        r.fields = arena_array(scratch, struct slice, r.c->claims.n);
        if (case_holds(&r))
            continue;
        r.failure = vec_push(run->a, &result->failures);
        tell(&r);
    }
    result->passed = result->failures.n == 0;
    result->took_ns = clock_ns() - begin;
}

static void run_proof(struct test_run *run, const struct test *t, const struct test_proof *claim)
{
    struct test_result *result = vec_push(run->a, &run->results);
    uint64_t begin = clock_ns();
    result->t = t;
    result->name = arena_printf(run->a, "%.*s: %.*s", SLICE_ARG(t->name), SLICE_ARG(claim->text));
    result->pos = claim->pos;
    result->claim = claim;
    prove_claim(run->a, run->p, t->frontend, claim, TEST_PROOF_SECONDS, &result->proved);
    result->passed = result->proved.verdict == PROVE_TRUE;
    const struct eval_result *x = &result->proved.came;
    if (result->proved.verdict == PROVE_FALSE)
        result->got = outcome_text(run->a, kind_of(x), x->backend, x->status, x->value);
    result->took_ns = clock_ns() - begin;
}

static void run_test(struct test_run *run, const struct test *t)
{
    struct arena scratch = {0};
    struct saved *before = arena_array(&scratch, struct saved, t->givens.n);
    uint32_t first = run->results.n;
    for (uint32_t i = 0; i < t->givens.n; i++)
        before[i] = give(&scratch, &t->givens.v[i]);
    if (t->cases.n || !t->proofs.n)
        run_cases(run, &scratch, t);
    for (uint32_t i = 0; i < t->proofs.n; i++)
        run_proof(run, t, &t->proofs.v[i]);
    for (uint32_t i = t->givens.n; i-- > 0;) /* one set may be given several rows */
        take_back(&before[i]);
    arena_free(&scratch);
    for (uint32_t i = first; i < run->results.n; i++) {
        run->passed += run->results.v[i].passed;
        run->failed += !run->results.v[i].passed;
    }
}

void test_run(struct arena *a, const struct ir_program *p, struct slice filter, struct test_run *out)
{
    *out = (struct test_run){.a = a, .p = p};
    for (uint32_t i = 0; i < p->frontends.n; i++) {
        const struct ir_frontend *f = p->frontends.v[i];
        struct test_coverage *c = vec_push(a, &out->coverage);
        c->f = f;
        c->rules = f->on_request.n + f->route.n;
        c->reached = arena_array(a, bool, c->rules);
    }
    for (uint32_t i = 0; i < p->tests.n; i++)
        if (!filter.p || slice_contains(p->tests.v[i]->name, filter))
            run_test(out, p->tests.v[i]);
}
