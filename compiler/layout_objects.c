/* The objects of a plan: frontends with their steps, backends with their servers, checks, and the head that finds them. */
#include "compiler/layout.h"

static uint32_t write_outcomes(struct layout *l, const struct rows_step *s)
{
    struct weir_outcome *all = arena_array(l->a, struct weir_outcome, s->nrules);
    for (uint32_t i = 0; i < s->nrules; i++) {
        all[i].action = layout_action(l, &s->rules[i]);
        all[i].line = s->rules[i].pos.line;
    }
    return blob_add(&l->blob, all, s->nrules * sizeof *all, 4);
}

static struct weir_span write_files(struct layout *l, const struct rows_step *s)
{
    VEC(struct weir_file_run) runs = {0};
    for (uint32_t i = 0; i < s->nrules; i++)
        if (i == 0 || s->rules[i].pos.file != s->rules[i - 1].pos.file)
            vec_add(l->a, &runs, ((struct weir_file_run){i, s->rules[i].pos.file}));
    return (struct weir_span){blob_add(&l->blob, runs.v, runs.n * sizeof *runs.v, 4), runs.n};
}

static struct weir_step write_step(struct layout *l, const struct rows_step *s)
{
    struct weir_step out = {.rules = s->nrules, .phase = s->phase, .first = s->first};
    out.outcomes = write_outcomes(l, s);
    out.files = write_files(l, s);
    out.node = s->always ? 0 : layout_node(l, s);
    return out;
}

static struct weir_span write_steps(struct layout *l, const struct rows_frontend *f)
{
    struct weir_step *all = arena_array(l->a, struct weir_step, f->steps.n);
    uint32_t n = 0;
    /* A step without rows never applies. */
    for (uint32_t i = 0; i < f->steps.n; i++)
        if (f->steps.v[i].rows.n > 0)
            all[n++] = write_step(l, &f->steps.v[i]);
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

static struct weir_span write_listens(struct layout *l, const struct ir_frontend *f)
{
    struct weir_listen *all = arena_array(l->a, struct weir_listen, f->listens.n);
    for (uint32_t i = 0; i < f->listens.n; i++) {
        memcpy(all[i].addr, f->listens.v[i].addr.b, sizeof all[i].addr);
        all[i].port = f->listens.v[i].port;
    }
    return (struct weir_span){blob_add(&l->blob, all, f->listens.n * sizeof *all, 4), f->listens.n};
}

static struct weir_span write_frontends(struct layout *l)
{
    uint32_t n = l->ir->frontends.n;
    struct weir_frontend *all = arena_array(l->a, struct weir_frontend, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct ir_frontend *f = l->ir->frontends.v[i];
        all[i] = (struct weir_frontend){
            .name = blob_ref(&l->blob, f->name),
            .listens = write_listens(l, f),
            .client_ms = f->client_ms,
            .request_ms = f->request_ms,
            .idle_ms = f->idle_ms,
            .max_body_lo = (uint32_t)f->max_body,
            .max_body_hi = (uint32_t)(f->max_body >> 32),
        };
        all[i].steps = write_steps(l, &l->rows->frontends.v[i]);
    }
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

static struct weir_span write_servers(struct layout *l, const struct ir_backend *b)
{
    struct weir_server *all = arena_array(l->a, struct weir_server, b->servers.n);
    for (uint32_t i = 0; i < b->servers.n; i++) {
        const struct ir_server *s = &b->servers.v[i];
        all[i].name = blob_ref(&l->blob, s->name);
        if (s->host.p)
            all[i].host = blob_ref(&l->blob, s->host);
        memcpy(all[i].addr, s->addr.b, sizeof all[i].addr);
        all[i].port = s->port;
        all[i].weight = (uint16_t)s->weight;
        all[i].backup = s->backup;
    }
    return (struct weir_span){blob_add(&l->blob, all, b->servers.n * sizeof *all, 4), b->servers.n};
}

static struct weir_span write_backends(struct layout *l)
{
    uint32_t n = l->ir->backends.n;
    struct weir_backend *all = arena_array(l->a, struct weir_backend, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct ir_backend *b = l->ir->backends.v[i];
        all[i] = (struct weir_backend){
            .name = blob_ref(&l->blob, b->name),
            .balance = b->balance == IR_BALANCE_LEAST_CONN ? WEIR_BALANCE_LEAST_CONN : WEIR_BALANCE_ROUND_ROBIN,
            .servers = write_servers(l, b),
            .check = b->check ? b->check->index : WEIR_NONE,
            .check_every_ms = b->check_every_ms,
            .check_timeout_ms = b->check_timeout_ms,
            .check_rise = b->check_rise,
            .check_fall = b->check_fall,
            .connect_ms = b->connect_ms,
            .server_ms = b->server_ms,
            .tunnel_ms = b->tunnel_ms,
            .idle_ms = b->idle_ms,
        };
    }
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

/* The header lines of an HTTP check as they are sent. */
static struct weir_ref write_check_headers(struct layout *l, const struct ir_check *c)
{
    struct buf lines = {0};
    for (uint32_t i = 0; i < c->headers.n; i++) {
        const struct ir_header_value *h = &c->headers.v[i];
        struct slice value = layout_clean(l, h->value->str);
        buf_printf(&lines, "%.*s: %.*s\r\n", SLICE_ARG(h->name), SLICE_ARG(value));
    }
    struct weir_ref r = blob_ref(&l->blob, arena_copy(l->a, buf_view(&lines)));
    buf_free(&lines);
    return r;
}

static struct weir_span write_check_steps(struct layout *l, const struct ir_check *c)
{
    struct weir_check_step *all = arena_array(l->a, struct weir_check_step, c->steps.n);
    for (uint32_t i = 0; i < c->steps.n; i++) {
        const struct ir_check_step *s = &c->steps.v[i];
        all[i].kind = s->is_send                           ? WEIR_STEP_SEND
                      : s->expect == IR_EXPECT_STARTS_WITH ? WEIR_STEP_EXPECT_STARTS
                                                           : WEIR_STEP_EXPECT_CONTAINS;
        all[i].data = blob_ref(&l->blob, s->data);
    }
    return (struct weir_span){blob_add(&l->blob, all, c->steps.n * sizeof *all, 4), c->steps.n};
}

static struct weir_check write_check(struct layout *l, const struct ir_check *c)
{
    struct weir_check out = {.name = blob_ref(&l->blob, c->name), .kind = WEIR_CHECK_TCP};
    if (c->kind == IR_CHECK_HTTP) {
        out.kind = WEIR_CHECK_HTTP;
        out.request = blob_ref(&l->blob, arena_printf(l->a, "%.*s %.*s", SLICE_ARG(c->method), SLICE_ARG(c->path)));
        out.headers = write_check_headers(l, c);
    }
    out.status_min = c->status_min;
    out.status_max = c->status_max;
    if (c->body_contains.p)
        out.body_contains = blob_ref(&l->blob, c->body_contains);
    out.steps = write_check_steps(l, c);
    return out;
}

static struct weir_span write_checks(struct layout *l)
{
    uint32_t n = l->ir->checks.n;
    struct weir_check *all = arena_array(l->a, struct weir_check, n);
    for (uint32_t i = 0; i < n; i++)
        all[i] = write_check(l, l->ir->checks.v[i]);
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

static enum weir_slot_kind slot_kind(enum rows_slot_kind kind)
{
    switch (kind) {
    case ROWS_SLOT_HEADER:
        return WEIR_SLOT_HEADER;
    case ROWS_SLOT_QUERY:
        return WEIR_SLOT_QUERY;
    case ROWS_SLOT_COOKIE:
        return WEIR_SLOT_COOKIE;
    case ROWS_SLOT_LINES:
        return WEIR_SLOT_LINES;
    case ROWS_SLOT_ID:
        break;
    }
    return WEIR_SLOT_ID;
}

static struct weir_span write_slots(struct layout *l)
{
    uint32_t n = l->rows->slots.n;
    struct weir_slot *all = arena_array(l->a, struct weir_slot, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct rows_slot *s = &l->rows->slots.v[i];
        all[i].kind = slot_kind(s->kind);
        all[i].name = blob_ref(&l->blob, s->name);
    }
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

static struct weir_span write_sources(struct layout *l)
{
    uint32_t n = l->ir->sources.n;
    struct weir_ref *all = arena_array(l->a, struct weir_ref, n);
    for (uint32_t i = 0; i < n; i++)
        all[i] = blob_ref(&l->blob, l->ir->sources.v[i].path);
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

static struct weir_span write_maps(struct layout *l)
{
    VEC(uint32_t) all = {0};
    for (uint32_t i = 0; i < l->ir->sets.n; i++)
        if (l->ir->sets.v[i]->is_map)
            vec_add(l->a, &all, layout_set(l, l->ir->sets.v[i]));
    return (struct weir_span){blob_add(&l->blob, all.v, all.n * sizeof *all.v, 4), all.n};
}

static struct weir_span write_shapes(struct layout *l, enum cgen_family family)
{
    uint32_t n = cgen_count(l->cgen, family);
    struct weir_shape *all = arena_array(l->a, struct weir_shape, n);
    for (uint32_t i = 0; i < n; i++)
        all[i].kinds = blob_ref(&l->blob, cgen_kinds(l->cgen, family, i));
    return (struct weir_span){blob_add(&l->blob, all, n * sizeof *all, 4), n};
}

void layout_program(struct layout *l)
{
    struct weir_tables head = {.magic = WEIR_TABLES_MAGIC, .abi = WEIR_ABI_VERSION, .edition = l->ir->edition};
    blob_add(&l->blob, &head, sizeof head, 8);
    head.slots = write_slots(l);
    head.sources = write_sources(l);
    head.backends = write_backends(l);
    head.checks = write_checks(l);
    head.frontends = write_frontends(l);
    head.maps = write_maps(l);
    head.pred_shapes = write_shapes(l, CGEN_PREDS);
    head.value_shapes = write_shapes(l, CGEN_VALUES);
    buf_align(l->blob.out, 8);
    if (blob_is_full(&l->blob))
        l->limit = "the tables are larger than 4 GiB";
    head.size_lo = (uint32_t)l->blob.out->len;
    memcpy(blob_at(&l->blob, 0), &head, sizeof head);
}
