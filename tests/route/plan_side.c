/* See plan_side.h. */
#include "tests/route/plan_side.h"

#include "runtime/route.h"

static void add_text(struct buf *out, const char *what, struct slice s)
{
    buf_printf(out, "%s ", what);
    buf_json(out, s);
    buf_char(out, '\n');
}

static void add_header(struct buf *out, const char *what, struct slice name, struct slice value)
{
    buf_printf(out, "%s %.*s: ", what, SLICE_ARG(name));
    buf_json(out, value);
    buf_char(out, '\n');
}

static void add_rule(struct buf *out, bool in_route, uint32_t index, uint32_t line)
{
    buf_printf(out, "%s rule %u, line %u\n", in_route ? "route" : "on request", index, line);
}

static struct slice slice_str(struct weir_str s)
{
    return (struct slice){s.p, s.len};
}

static void describe_reply(const struct decider *d, const struct weir_facts *f,
                           const struct route_result *r, struct buf *out)
{
    if (r->value.p)
        add_text(out, "body", slice_str(r->value));
    for (uint32_t i = 0; r->action && i < r->action->headers.count; i++) {
        struct weir_str name, value;
        route_reply_header(decider_plan(d), f, r->action, i, &name, &value);
        add_header(out, "header", slice_str(name), slice_str(value));
    }
}

static void describe_result(const struct ir_program *p, const struct decider *d, const struct weir_facts *f,
                            const struct route_result *r, struct buf *out)
{
    static const char *const edits[] = {"set", "add", "delete"};
    if (r->failed)
        buf_str(out, "failed\n");
    else if (r->kind == WEIR_USE)
        buf_printf(out, "use %.*s\n", SLICE_ARG(p->backends.v[r->backend]->name));
    else if (r->kind == WEIR_REDIRECT)
        buf_printf(out, "redirect %u %.*s\n", r->status, SLICE_ARG(slice_str(r->value)));
    else
        buf_printf(out, "reply %u\n", r->status);
    if (!r->failed && r->kind == WEIR_REPLY)
        describe_reply(d, f, r, out);
    for (uint32_t i = 0; i < r->nedits; i++)
        add_header(out, edits[r->edits[i].op], slice_str(r->edits[i].name), slice_str(r->edits[i].value));
    add_rule(out, r->phase == 1, r->rule, r->place.line);
}

void plan_side_describe(struct decider *d, const struct ir_program *p, const struct ir_frontend *f,
                        const struct eval_request *q, struct buf *out)
{
    struct weir_facts facts;
    struct route_result result;
    uint32_t refused = decider_ask(d, f, q, &facts, &result);
    if (refused)
        buf_printf(out, "refused %u\n", refused);
    else
        describe_result(p, d, &facts, &result, out);
}

/* ---- the evaluator ----------------------------------------------------------------------------- */

static const char *edit_text(enum ir_action_kind kind)
{
    return kind == IR_SET_HEADER ? "set" : kind == IR_ADD_HEADER ? "add" : "delete";
}

static void describe_evaluated(const struct ir_frontend *f, const struct eval_result *r, struct buf *out)
{
    switch (r->outcome) {
    case EVAL_USE:
        buf_printf(out, "use %.*s\n", SLICE_ARG(r->backend->name));
        break;
    case EVAL_REDIRECT:
        buf_printf(out, "redirect %u %.*s\n", r->status, SLICE_ARG(r->value));
        break;
    case EVAL_REPLY:
        buf_printf(out, "reply %u\n", r->status);
        break;
    case EVAL_BAD_REQUEST:
        buf_printf(out, "refused %u\n", r->status);
        return;
    }
    if (r->outcome == EVAL_REPLY && r->value.p)
        add_text(out, "body", r->value);
    for (uint32_t i = 0; i < r->reply_headers.n; i++)
        add_header(out, "header", r->reply_headers.v[i].name, r->reply_headers.v[i].value);
    for (uint32_t i = 0; i < r->edits.n; i++)
        add_header(out, edit_text(r->edits.v[i].kind), r->edits.v[i].name, r->edits.v[i].value);
    if (r->rule)
        add_rule(out, r->in_route, (uint32_t)(r->rule - (r->in_route ? f->route.v : f->on_request.v)),
                 r->rule->pos.line);
}

void eval_side_describe(const struct ir_frontend *f, const struct eval_request *q, struct buf *out)
{
    struct arena a = {0};
    struct eval_result r;
    eval_run(&a, f, q, NULL, NULL, &r);
    describe_evaluated(f, &r, out);
    arena_free(&a);
}
