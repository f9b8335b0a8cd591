/* E0403: a route that may end without a decision, with a request that comes to its end. The request is found by trying
 * plain ones, else by the analyser, and in any case evaluated: it is shown only where no rule decided it. */
#include "compiler/analyze.h"
#include "compiler/check_state.h"

/* Seconds that the analyser may take: the message stands without a request, too. */
static const double BUDGET = 0.05;

struct ending {
    struct arena *a;
    const struct ir_frontend *f; /* with a last rule that takes what comes to the end */
};

static bool comes_to_end(void *ctx, const struct eval_request *q)
{
    const struct ending *x = ctx;
    struct eval_result r;
    eval_run(x->a, x->f, q, NULL, NULL, &r);
    return r.rule == &x->f->route.v[x->f->route.n - 1];
}

/* GET, else POST, with TLS and without, from two networks: enough for most routes. */
static bool plain_request(struct ending *x, struct eval_request *out)
{
    static const struct eval_header host = {SLICE("host"), SLICE("x")};
    for (unsigned i = 0; i < 8; i++) {
        struct ip_prefix from;
        ip_prefix_parse(i & 1 ? SLICE("10.0.0.1") : SLICE("192.0.2.1"), &from);
        *out = (struct eval_request){.method = i & 4 ? SLICE("POST") : SLICE("GET"),
                                     .target = SLICE("/"),
                                     .headers = &host,
                                     .nheaders = 1,
                                     .client_ip = from.addr,
                                     .client_port = 50000,
                                     .tls = i & 2};
        if (comes_to_end(x, out))
            return true;
    }
    return false;
}

/* `GET http://x/` from 192.0.2.1 with `X-Key: a` */
static void put_request(const struct eval_request *q, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    struct slice host = SLICE("");
    for (uint32_t i = 0; i < q->nheaders; i++)
        if (slice_eq_nocase(q->headers[i].name, SLICE("host")))
            host = q->headers[i].value;
    if (slice_eq(q->target, SLICE("*")))
        buf_printf(out, "`%.*s *` of `%.*s`%s", SLICE_ARG(q->method), SLICE_ARG(host), q->tls ? " over TLS" : "");
    else
        buf_printf(out, "`%.*s %s://%.*s%.*s`", SLICE_ARG(q->method), q->tls ? "https" : "http", SLICE_ARG(host),
                   SLICE_ARG(q->target));
    buf_printf(out, " from %.*s", (int)ip_format(&q->client_ip, ip), ip);
    if (q->client_port != 50000)
        buf_printf(out, ", port %u,", q->client_port);
    for (uint32_t i = 0, n = 0; i < q->nheaders; i++)
        if (!slice_eq_nocase(q->headers[i].name, SLICE("host")))
            buf_printf(out, "%s `%.*s: %.*s`", n++ ? " and" : " with", SLICE_ARG(q->headers[i].name),
                       SLICE_ARG(q->headers[i].value));
}

/* The frontend with its route so far, and a rule behind it. */
static struct ir_frontend ended(struct checker *k, const struct ir_frontend *f, const struct ir_rule *v,
                                uint32_t n)
{
    struct ir_frontend with = *f;
    with.route.v = arena_alloc(k->a, sizeof *v * (n + 1));
    if (n)
        memcpy(with.route.v, v, sizeof *v * n);
    with.route.v[n] = (struct ir_rule){.kind = IR_REPLY, .status = 404, .pos = f->pos, .label = SLICE("")};
    with.route.n = with.route.cap = n + 1;
    return with;
}

static void add_example(struct checker *k, struct diag *x, const struct ir_frontend *f)
{
    struct ending end = {k->a, f};
    struct analyze_result r = {0};
    struct eval_request q;
    struct buf text = {0};
    const struct an_sample *last = NULL;
    bool found = plain_request(&end, &q);
    if (!found) {
        analyze_frontend(k->a, k->p, f, BUDGET, &r);
        last = r.samples ? &r.samples[f->on_request.n + f->route.n - 1] : NULL;
        found = last && last->host.p && an_find_witness(k->a, last, comes_to_end, &end, &q);
    }
    if (found) {
        put_request(&q, &text);
        diag_note(k->d, x, "for example, no rule decides %.*s", SLICE_ARG(buf_view(&text)));
    } else if (last && !last->host.p && !r.exceeded) {
        diag_note(k->d, x, "every request meets one of the conditions; the last rule can do without its `if`");
    }
    buf_free(&text);
}

static void add_words(struct checker *k, struct diag *x, const struct ast_block *block, bool from_map)
{
    const struct ast_stmt *last = block->stmts.v[block->stmts.n - 1];
    if (last->cond) {
        struct slice text = check_source_text(k, last->cond->span);
        diag_note(k->d, x, "for example: a request for which `%.*s` does not hold%s", SLICE_ARG(text),
                  block->stmts.n > 1 ? ", nor any condition before it" : "");
    } else if (from_map) {
        diag_note(k->d, x, "for example: a request whose key has no row in the map, which has no `default`");
    }
}

void check_undecided(struct checker *k, const struct ir_frontend *f, const struct ast_block *block,
                     const struct ir_rule *v, uint32_t n)
{
    struct span end = {block->span.file, block->span.off + block->span.len - 1, 1};
    struct diag *x = diag_report(k->d, DIAG_E0403, end, "this route may end without a decision");
    const struct ast_stmt *last = block->stmts.n ? block->stmts.v[block->stmts.n - 1] : NULL;
    diag_label(k->d, x, "a request can come to here");
    if (last && last->cond)
        diag_secondary(k->d, x, last->cond->span, "the last rule applies only under this condition");
    if (f && !k->tcp && !k->rules_lost && !k->rows_lost) { /* all that the rules read is as it was written */
        struct ir_frontend with = ended(k, f, v, n);
        add_example(k, x, &with);
    }
    if (last && !x->notes.n)
        add_words(k, x, block, n && v[n - 1].kind == IR_USE_MAP);
    const char *arm = k->tcp ? "close" : "reply 404";
    diag_help(k->d, x, "end it with a rule without a condition: `use BACKEND` or `%s`", arm);
}
