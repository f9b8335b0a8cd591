/* Programs that decide in this process; see decider.h. */
#include "compiler/decider.h"

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

struct decider {
    struct arena a;
    const struct ir_program *p;
    struct lowered low;
    struct route_plan plan; /* tables NULL: the evaluator decides */
    void *code;
    struct weir_str *facts;
    char *memory; /* SCRATCH bytes */
    struct weir_scratch scratch;
    struct buf bytes;
};

/* ---- compilation ------------------------------------------------------------------------------- */

/* A program without shapes never calls them. */
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

/* A program whose code is not here: what asks for it comes to nothing, as where memory runs out. */
static bool missing_pred(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables, uint32_t shape,
                         uint32_t args)
{
    (void)abi, (void)tables, (void)shape, (void)args;
    f->scratch->full = true;
    return false;
}

static struct weir_str missing_value(const struct weir_abi *abi, const struct weir_facts *f, const uint8_t *tables,
                                     uint32_t shape, uint32_t args)
{
    (void)abi, (void)tables, (void)shape, (void)args;
    f->scratch->full = true;
    return (struct weir_str){NULL, 0};
}

static bool load_code(struct decider *d, struct slice object, struct buf *why)
{
    char path[64];
    int fd = memfd_create("weir-glue", MFD_CLOEXEC);
    for (size_t off = 0; fd >= 0 && off < object.len;) {
        ssize_t n = write(fd, object.p + off, object.len - off);
        if (n <= 0)
            break;
        off += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    d->code = fd >= 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (fd >= 0)
        close(fd);
    if (d->code) {
        d->plan.pred = (weir_pred_fn *)(uintptr_t)dlsym(d->code, WEIR_PRED_SYMBOL);
        d->plan.value = (weir_value_fn *)(uintptr_t)dlsym(d->code, WEIR_VALUE_SYMBOL);
    }
    if (!d->code || !d->plan.pred || !d->plan.value)
        buf_str(why, "the code of the plan cannot be loaded here");
    return d->code && d->plan.pred && d->plan.value;
}

static void take_tables(struct decider *d, const char *tables)
{
    const struct weir_tables *head = (const void *)tables;
    d->plan.tables = (const uint8_t *)tables;
    d->facts = arena_array(&d->a, struct weir_str, WEIR_SLOT_FIXED + head->slots.count);
    d->memory = arena_alloc(&d->a, SCRATCH);
}

static bool compile(struct decider *d, enum decider_code code, struct buf *why)
{
    const char *limit = lower_program(&d->a, d->p, &d->low);
    const char *wrong =
        limit ? limit : route_tables_verify((const uint8_t *)d->low.tables.p, d->low.tables.len);
    if (wrong) {
        buf_str(why, wrong);
        return false;
    }
    d->plan.pred = no_pred;
    d->plan.value = no_value;
    if (d->low.pred_shapes + d->low.value_shapes) {
        struct plan_build_options o = {.no_cache = code == DECIDER_COMPILES};
        struct buf object = {0};
        if (code == DECIDER_TABLES_ONLY)
            return false;
        bool ok =
            plan_glue(buf_view(&d->low.glue), &o, &object, NULL, why) && load_code(d, buf_view(&object), why);
        buf_free(&object);
        if (!ok)
            return false;
    }
    take_tables(d, d->low.tables.p);
    return true;
}

static struct decider *make(const struct ir_program *p)
{
    struct decider *d = calloc(1, sizeof *d);
    if (!d) {
        fprintf(stderr, "weir: out of memory\n");
        exit(3);
    }
    d->p = p;
    return d;
}

struct decider *decider_open(const struct ir_program *p, enum decider_code code, struct buf *why)
{
    struct decider *d = make(p);
    compile(d, code, why);
    return d;
}

struct decider *decider_open_made(const struct ir_program *p, struct slice tables, bool has_code, struct slice object)
{
    struct decider *d = make(p);
    struct buf why = {0};
    if (!has_code || !load_code(d, object, &why)) {
        d->plan.pred = has_code ? missing_pred : no_pred;
        d->plan.value = has_code ? missing_value : no_value;
    }
    take_tables(d, tables.p);
    buf_free(&why);
    return d;
}

void decider_close(struct decider **decider)
{
    struct decider *d = *decider;
    if (!d)
        return;
    if (d->code)
        dlclose(d->code);
    buf_free(&d->low.tables);
    buf_free(&d->low.glue);
    buf_free(&d->bytes);
    arena_free(&d->a);
    free(d);
    *decider = NULL;
}

const struct route_plan *decider_plan(const struct decider *d)
{
    return d->plan.tables ? &d->plan : NULL;
}

bool decider_has_code(const struct decider *d)
{
    return d->code != NULL;
}

/* ---- one request ------------------------------------------------------------------------------- */

static struct slice kept(struct arena *a, struct weir_str s)
{
    return s.p ? arena_copy(a, (struct slice){s.p, s.len}) : (struct slice){NULL, 0};
}

static void take_reply(const struct decider *d, struct arena *a, const struct weir_facts *f,
                       const struct route_result *r, struct eval_result *out)
{
    out->outcome = EVAL_REPLY;
    for (uint32_t i = 0; r->action && i < r->action->headers.count; i++) {
        struct weir_str name, value;
        route_reply_header(&d->plan, f, r->action, i, &name, &value);
        vec_add(a, &out->reply_headers, ((struct eval_header){kept(a, name), kept(a, value)}));
    }
}

static void take_result(const struct decider *d, struct arena *a, const struct ir_frontend *frontend,
                        const struct weir_facts *f, const struct route_result *r, struct eval_result *out)
{
    static const enum ir_action_kind kinds[] = {IR_SET_HEADER, IR_ADD_HEADER, IR_DEL_HEADER};
    out->in_route = r->phase == 1;
    out->rule = out->in_route ? &frontend->route.v[r->rule] : &frontend->on_request.v[r->rule];
    if (r->failed) {
        *out = (struct eval_result){.outcome = EVAL_REPLY, .status = 500, .rule = out->rule};
        return;
    }
    out->status = r->status;
    out->value = kept(a, r->value);
    if (r->kind == WEIR_USE) {
        out->outcome = EVAL_USE;
        out->backend = d->p->backends.v[r->backend];
    } else if (r->kind == WEIR_REDIRECT) {
        out->outcome = EVAL_REDIRECT;
    } else {
        take_reply(d, a, f, r, out);
    }
    for (uint32_t i = 0; i < r->nedits; i++)
        vec_add(a, &out->edits,
                ((struct eval_edit){kinds[r->edits[i].op], kept(a, r->edits[i].name),
                                    kept(a, r->edits[i].value), NULL}));
}

void decider_write_request(const struct eval_request *q, struct buf *out)
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

uint32_t decider_ask(struct decider *d, const struct ir_frontend *f, const struct eval_request *q,
                     struct weir_facts *facts, struct route_result *result)
{
    struct http1_head head;
    struct ip_addr here = q->listener_ip;
    d->scratch = (struct weir_scratch){d->memory, d->memory + SCRATCH, false};
    *facts = (struct weir_facts){.str = d->facts,
                                 .client_port = q->client_port,
                                 .listener_port = q->listener_port,
                                 .tls_active = q->tls,
                                 .random = q->random,
                                 .scratch = &d->scratch};
    if (!q->listener_port)
        eval_listener(f, q->tls ? 443 : 80, &here, &facts->listener_port);
    memcpy(facts->listener_ip, here.b, sizeof facts->listener_ip);
    memcpy(facts->client_ip, q->client_ip.b, sizeof facts->client_ip);
    d->bytes.len = 0;
    decider_write_request(q, &d->bytes);
    int status = http1_parse_request(buf_view(&d->bytes), true, &head);
    status = status == 1 ? facts_fill(d->plan.tables, &head, facts) : -status;
    if (status == 0)
        route_run(&d->plan, f->index, facts, result);
    return (uint32_t)status;
}

void decider_run(struct decider *d, struct arena *a, const struct ir_frontend *f,
                 const struct eval_request *q, struct eval_result *out)
{
    struct weir_facts facts;
    struct route_result result;
    if (!d->plan.tables) {
        eval_run(a, f, q, NULL, NULL, out);
        return;
    }
    uint32_t refused = decider_ask(d, f, q, &facts, &result);
    *out = (struct eval_result){0};
    if (refused) {
        out->outcome = EVAL_BAD_REQUEST;
        out->status = refused;
        return;
    }
    take_result(d, a, f, &facts, &result, out);
}

bool decider_try(struct decider *d, struct arena *a, const struct ir_frontend *f, const struct eval_request *q,
                 struct eval_result *out)
{
    struct weir_facts facts;
    struct route_result result;
    if (decider_ask(d, f, q, &facts, &result) || result.failed)
        return false;
    const uint32_t rules[2] = {f->on_request.n, f->route.n};
    *out = (struct eval_result){.outcome = EVAL_REPLY};
    if (result.phase > 1 || result.rule >= rules[result.phase] ||
        (result.kind == WEIR_USE && result.backend >= d->p->backends.n))
        return true; /* tables that name what is not there */
    take_result(d, a, f, &facts, &result, out);
    return !d->scratch.full;
}
