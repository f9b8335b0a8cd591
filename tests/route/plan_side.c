/* See plan_side.h. */
#include "tests/route/plan_side.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/plan_file.h"
#include "runtime/facts.h"
#include "runtime/http1.h"
#include "runtime/route.h"

enum { SCRATCH = 1 << 20 };

struct plan_side {
    struct arena a;
    const struct ir_program *p;
    struct lowered low;
    struct route_plan plan;
    void *code;
    struct weir_str *facts;
    char *scratch;
};

static bool no_pred(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables,
                    uint32_t shape, uint32_t args)
{
    (void)abi, (void)f, (void)tables, (void)shape, (void)args;
    abort();
}

static struct weir_str no_value(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables,
                                uint32_t shape, uint32_t args)
{
    (void)abi, (void)f, (void)tables, (void)shape, (void)args;
    abort();
}

/* ---- compilation ------------------------------------------------------------------------------- */

static bool load_code(struct plan_side *s, struct slice object, struct buf *why)
{
    char path[64];
    int fd = memfd_create("glue", MFD_CLOEXEC);
    if (fd < 0 || write(fd, object.p, object.len) != (ssize_t)object.len) {
        buf_str(why, "no memory file for the glue");
        if (fd >= 0)
            close(fd);
        return false;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    s->code = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    close(fd);
    if (s->code) {
        s->plan.pred = (weir_pred_fn *)(uintptr_t)dlsym(s->code, WEIR_PRED_SYMBOL);
        s->plan.value = (weir_value_fn *)(uintptr_t)dlsym(s->code, WEIR_VALUE_SYMBOL);
    }
    if (!s->code || !s->plan.pred || !s->plan.value)
        buf_printf(why, "the glue does not load: %s", s->code ? "a symbol is missing" : dlerror());
    return s->code && s->plan.pred && s->plan.value;
}

static bool compile_glue(struct plan_side *s, enum plan_side_code code, struct buf *why)
{
    struct plan_build_options o = {.no_cache = code == PLAN_SIDE_COMPILES};
    struct buf object = {0};
    bool ok =
        plan_glue(buf_view(&s->low.glue), &o, &object, NULL, why) && load_code(s, buf_view(&object), why);
    buf_free(&object);
    return ok;
}

static bool compile(struct plan_side *s, enum plan_side_code code, struct buf *why)
{
    const char *limit = lower_program(&s->a, s->p, &s->low);
    if (limit) {
        buf_printf(why, "lowering hits a limit: %s", limit);
        return false;
    }
    const uint8_t *tables = (const uint8_t *)s->low.tables.p;
    const char *wrong = route_tables_verify(tables, s->low.tables.len);
    if (wrong) {
        buf_printf(why, "the tables do not verify: %s", wrong);
        return false;
    }
    s->plan = (struct route_plan){tables, no_pred, no_value};
    const struct weir_tables *head = (const void *)tables;
    s->facts = arena_array(&s->a, struct weir_str, WEIR_SLOT_FIXED + head->slots.count);
    s->scratch = arena_alloc(&s->a, SCRATCH);
    if (s->low.pred_shapes + s->low.value_shapes == 0)
        return true;
    return code != PLAN_SIDE_TABLES_ONLY && compile_glue(s, code, why);
}

struct plan_side *plan_side_open(const struct ir_program *p, enum plan_side_code code, struct buf *why)
{
    struct plan_side *s = calloc(1, sizeof *s);
    s->p = p;
    if (!compile(s, code, why))
        plan_side_close(&s);
    return s;
}

void plan_side_close(struct plan_side **side)
{
    struct plan_side *s = *side;
    if (!s)
        return;
    if (s->code)
        dlclose(s->code);
    buf_free(&s->low.tables);
    buf_free(&s->low.glue);
    arena_free(&s->a);
    free(s);
    *side = NULL;
}

bool plan_side_has_glue(const struct plan_side *side)
{
    return side->code != NULL;
}

/* ---- one request ------------------------------------------------------------------------------- */

void plan_side_write_request(const struct eval_request *q, struct buf *out)
{
    buf_slice(out, q->method);
    buf_char(out, ' ');
    buf_slice(out, q->target);
    buf_str(out, q->http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    for (uint32_t i = 0; i < q->nheaders; i++) {
        buf_slice(out, q->headers[i].name);
        buf_str(out, ": ");
        buf_slice(out, q->headers[i].value);
        buf_str(out, "\r\n");
    }
    buf_str(out, "\r\n");
}

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

static void describe_reply(const struct plan_side *s, const struct weir_facts *f,
                           const struct route_result *r, struct buf *out)
{
    if (r->value.p)
        add_text(out, "body", slice_str(r->value));
    for (uint32_t i = 0; r->action && i < r->action->headers.count; i++) {
        struct weir_str name, value;
        route_reply_header(&s->plan, f, r->action, i, &name, &value);
        add_header(out, "header", slice_str(name), slice_str(value));
    }
}

static void describe_result(const struct plan_side *s, const struct weir_facts *f,
                            const struct route_result *r, struct buf *out)
{
    static const char *const edits[] = {"set", "add", "delete"};
    if (r->failed)
        buf_str(out, "failed\n");
    else if (r->kind == WEIR_USE)
        buf_printf(out, "use %.*s\n", SLICE_ARG(s->p->backends.v[r->backend]->name));
    else if (r->kind == WEIR_REDIRECT)
        buf_printf(out, "redirect %u %.*s\n", r->status, SLICE_ARG(slice_str(r->value)));
    else
        buf_printf(out, "reply %u\n", r->status);
    if (!r->failed && r->kind == WEIR_REPLY)
        describe_reply(s, f, r, out);
    for (uint32_t i = 0; i < r->nedits; i++)
        add_header(out, edits[r->edits[i].op], slice_str(r->edits[i].name), slice_str(r->edits[i].value));
    add_rule(out, r->phase == 1, r->rule, r->place.line);
}

void plan_side_describe(const struct plan_side *s, const struct ir_frontend *frontend,
                        const struct eval_request *q, struct buf *out)
{
    struct http1_head head;
    struct route_result result;
    struct buf bytes = {0};
    struct weir_scratch scratch = {s->scratch, s->scratch + SCRATCH, false};
    struct weir_facts facts = {
        .str = s->facts, .client_port = q->client_port, .tls_active = q->tls, .scratch = &scratch};
    plan_side_write_request(q, &bytes);
    struct ip_addr here = q->listener_ip;
    facts.listener_port = q->listener_port;
    if (!q->listener_port)
        eval_listener(frontend, q->tls ? 443 : 80, &here, &facts.listener_port);
    memcpy(facts.listener_ip, here.b, sizeof facts.listener_ip);
    memcpy(facts.client_ip, q->client_ip.b, sizeof facts.client_ip);
    int status = http1_parse_request(buf_view(&bytes), true, &head);
    if (status == 1)
        status = facts_fill(s->plan.tables, &head, &facts);
    else
        status = -status;
    if (status != 0) {
        buf_printf(out, "refused %d\n", status);
    } else {
        route_run(&s->plan, frontend->index, &facts, &result);
        describe_result(s, &facts, &result, out);
    }
    buf_free(&bytes);
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
