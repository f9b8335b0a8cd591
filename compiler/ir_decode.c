/* Reading the canonical form: objects, rules, places; ir_wire.h says how it looks. */
#include "compiler/ir_codec.h"

#include "compiler/ir_decode.h"
#include "compiler/ir_sort.h"
#include "compiler/ir_wire.h"

static void read_addr(struct ir_reader *r, struct ip_addr *out)
{
    const uint8_t *p = ir_read_bytes(r, sizeof out->b);
    if (p)
        memcpy(out->b, p, sizeof out->b);
}

static bool read_flag(struct ir_reader *r)
{
    return ir_read_max(r, 1) != 0;
}

/* Room for `n` elements in a vector, without growing. */
#define RESERVE(r, vec, count)                                                                               \
    ((vec)->v = arena_alloc((r)->a, sizeof *(vec)->v * ((size_t)(count) + 1)), (vec)->cap = (count) + 1)

/* A text that shares its beginning with the one before. The result lives in the arena. */
static struct slice read_shared(struct ir_reader *r, struct slice before)
{
    uint64_t shared = ir_read_max(r, before.len), n = ir_read_number(r);
    const uint8_t *p = ir_read_bytes(r, n);
    if (!p)
        return SLICE("");
    char *out = arena_alloc(r->a, shared + n + 1);
    if (shared)
        memcpy(out, before.p, shared);
    if (n)
        memcpy(out + shared, p, n);
    out[shared + n] = 0;
    return (struct slice){out, shared + n};
}

/* ---- sets -------------------------------------------------------------------------------------- */

static void read_key(struct ir_reader *r, enum ir_key_kind kind, struct ir_key *k,
                     const struct ir_key *before)
{
    if (kind == IR_KEY_INT)
        k->num = ir_read_signed(r);
    else if (kind == IR_KEY_CIDR)
        ir_read_cidr(r, &k->cidr);
    else
        k->str = read_shared(r, before ? before->str : SLICE(""));
    if (before && ir_sort_compare(kind, before, k) >= 0)
        ir_reader_fail(r, "keys are not in order");
}

static struct ir_backend *read_backend_ref(struct ir_reader *r)
{
    uint64_t i = ir_read_number(r);
    if (i < r->p->backends.n)
        return r->p->backends.v[i];
    ir_reader_fail(r, "a backend does not exist");
    return NULL;
}

static void read_row_value(struct ir_reader *r, const struct ir_set *set, struct ir_row *row)
{
    if (set->value_kind == IR_BACKEND)
        row->backend = read_backend_ref(r);
    else
        row->str = ir_read_text(r);
}

/* Each row takes a byte or more. */
static uint32_t read_row_count(struct ir_reader *r)
{
    const uint8_t *p = ir_read_bytes(r, 4);
    uint32_t n = p ? p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
    if (n <= (uint64_t)(r->end - r->next))
        return n;
    ir_reader_fail(r, "a count is out of range");
    return 0;
}

static void read_set(struct ir_reader *r, struct ir_set *set)
{
    set->name = ir_read_text(r);
    set->key_kind = (enum ir_key_kind)ir_read_max(r, IR_KEY_CIDR);
    uint64_t map = ir_read_max(r, 2);
    set->is_map = map > 0;
    set->value_kind = map == 1 ? IR_STR : map == 2 ? IR_BACKEND : IR_BOOL;
    set->has_default = set->is_map && read_flag(r);
    if (set->has_default)
        read_row_value(r, set, &set->fallback);
    uint32_t n = read_row_count(r);
    RESERVE(r, &set->rows, n);
    for (uint32_t i = 0; i < n && !r->why; i++) {
        struct ir_row *row = vec_push(r->a, &set->rows);
        read_key(r, set->key_kind, &row->key, i > 0 ? &set->rows.v[i - 1].key : NULL);
        if (set->is_map)
            read_row_value(r, set, row);
    }
}

/* ---- checks and backends ----------------------------------------------------------------------- */

static struct ir_header_value *read_headers(struct ir_reader *r, uint32_t *count)
{
    uint32_t n = ir_read_count(r);
    struct ir_header_value *v = arena_array(r->a, struct ir_header_value, n);
    for (*count = 0; *count < n && !r->why; ++*count) {
        v[*count].name = ir_read_text(r);
        v[*count].value = ir_read_expr_of(r, IR_STR);
    }
    return v;
}

static void read_check(struct ir_reader *r, struct ir_check *c)
{
    c->name = ir_read_text(r);
    c->kind = (enum ir_check_kind)ir_read_max(r, IR_CHECK_TCP);
    c->method = ir_read_text(r);
    c->path = ir_read_text(r);
    c->headers.v = read_headers(r, &c->headers.n);
    c->headers.cap = c->headers.n;
    for (uint32_t i = 0; i < c->headers.n && !r->why; i++)
        if (c->headers.v[i].value->op != IR_CONST_STR)
            ir_reader_fail(r, "a header of a check is not constant");
    c->status_min = (uint32_t)ir_read_max(r, 999);
    c->status_max = (uint32_t)ir_read_max(r, 999);
    c->body_contains = ir_read_text(r);
    uint32_t n = ir_read_count(r);
    RESERVE(r, &c->steps, n);
    for (uint32_t i = 0; i < n && !r->why; i++) {
        struct ir_check_step *s = vec_push(r->a, &c->steps);
        uint64_t code = ir_read_max(r, 1 + IR_EXPECT_STARTS_WITH);
        s->is_send = code == 0;
        s->expect = code == 0 ? IR_EXPECT_STATUS : (enum ir_expect)(code - 1);
        s->data = ir_read_text(r);
    }
}

static void read_backend(struct ir_reader *r, struct ir_backend *b)
{
    b->name = ir_read_text(r);
    b->balance = (enum ir_balance)ir_read_max(r, IR_BALANCE_LEAST_CONN);
    uint32_t n = ir_read_count(r);
    RESERVE(r, &b->servers, n);
    for (uint32_t i = 0; i < n && !r->why; i++) {
        struct ir_server *s = vec_push(r->a, &b->servers);
        s->name = ir_read_text(r);
        s->host = ir_read_text(r);
        read_addr(r, &s->addr);
        s->port = (uint16_t)ir_read_max(r, UINT16_MAX);
        s->weight = (uint32_t)ir_read_max(r, 256);
        s->backup = read_flag(r);
    }
    uint64_t check = ir_read_max(r, r->p->checks.n);
    b->check = check > 0 ? r->p->checks.v[check - 1] : NULL;
    uint32_t *const numbers[] = {&b->check_every_ms, &b->check_timeout_ms, &b->check_rise, &b->check_fall,
                                 &b->connect_ms,     &b->server_ms,        &b->tunnel_ms,  &b->idle_ms};
    for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = (uint32_t)ir_read_max(r, UINT32_MAX);
}

/* ---- frontends --------------------------------------------------------------------------------- */

static bool is_terminal(const struct ir_rule *rule)
{
    return rule->kind == IR_USE || rule->kind == IR_USE_MAP || rule->kind == IR_REDIRECT ||
           rule->kind == IR_REPLY;
}

static void read_rule(struct ir_reader *r, struct ir_rule *rule, struct slice label_before)
{
    rule->kind = (enum ir_action_kind)ir_read_max(r, IR_DEL_HEADER);
    rule->label = read_shared(r, label_before);
    if (read_flag(r))
        rule->guard = ir_read_expr_of(r, IR_BOOL);
    if (r->why)
        return;
    switch (rule->kind) {
    case IR_USE:
        rule->backend = read_backend_ref(r);
        break;
    case IR_USE_MAP:
        rule->value = ir_read_expr_of(r, IR_BACKEND);
        break;
    case IR_REDIRECT:
        rule->status = (uint32_t)ir_read_max(r, 999);
        rule->value = ir_read_expr_of(r, IR_STR);
        break;
    case IR_REPLY:
        rule->status = (uint32_t)ir_read_max(r, 999);
        rule->headers.v = read_headers(r, &rule->headers.n);
        rule->headers.cap = rule->headers.n;
        if (read_flag(r))
            rule->value = ir_read_expr_of(r, IR_STR);
        break;
    case IR_SET_HEADER:
    case IR_ADD_HEADER:
        rule->name = ir_read_text(r);
        rule->value = ir_read_expr_of(r, IR_STR);
        break;
    case IR_DEL_HEADER:
        rule->name = ir_read_text(r);
        break;
    }
}

/* A route has rules that end alone, and the last one always does. */
static void check_route(struct ir_reader *r, const struct ir_frontend *f)
{
    for (uint32_t i = 0; i < f->route.n; i++)
        if (!is_terminal(&f->route.v[i]))
            ir_reader_fail(r, "a route changes headers");
    const struct ir_rule *last = f->route.n ? &f->route.v[f->route.n - 1] : NULL;
    if (!last || last->guard || (last->kind == IR_USE_MAP && !last->value->set->has_default))
        ir_reader_fail(r, "a route may end without a decision");
}

static void read_frontend(struct ir_reader *r, struct ir_frontend *f)
{
    f->name = ir_read_text(r);
    uint32_t n = ir_read_count(r);
    RESERVE(r, &f->listens, n);
    for (uint32_t i = 0; i < n && !r->why; i++) {
        struct ir_listen *l = vec_push(r->a, &f->listens);
        read_addr(r, &l->addr);
        l->port = (uint16_t)ir_read_max(r, UINT16_MAX);
    }
    f->client_ms = (uint32_t)ir_read_max(r, UINT32_MAX);
    f->request_ms = (uint32_t)ir_read_max(r, UINT32_MAX);
    f->idle_ms = (uint32_t)ir_read_max(r, UINT32_MAX);
    f->max_body = ir_read_number(r);
    struct slice label = SLICE("");
    n = ir_read_count(r);
    RESERVE(r, &f->on_request, n);
    for (uint32_t i = 0; i < n && !r->why; i++, label = f->on_request.v[i - 1].label)
        read_rule(r, vec_push(r->a, &f->on_request), label);
    n = ir_read_count(r);
    RESERVE(r, &f->route, n);
    for (uint32_t i = 0; i < n && !r->why; i++, label = f->route.v[i - 1].label)
        read_rule(r, vec_push(r->a, &f->route), label);
    if (!r->why)
        check_route(r, f);
}

/* ---- the program ------------------------------------------------------------------------------- */

/* Objects refer to each other by index, so all are there, empty, before the first is read. */
#define MAKE_ALL(r, vec, type, count)                                                                        \
    for (uint32_t i = 0; i < (count); i++) {                                                                 \
        struct type *made = arena_new((r)->a, struct type);                                                  \
        made->index = i;                                                                                     \
        vec_add((r)->a, vec, made);                                                                          \
    }

static void read_program(struct ir_reader *r)
{
    struct ir_program *p = r->p;
    const uint8_t *magic = ir_read_bytes(r, IR_WIRE_MAGIC.len);
    if (!magic || memcmp(magic, IR_WIRE_MAGIC.p, IR_WIRE_MAGIC.len) != 0) {
        ir_reader_fail(r, "it is no program, or one of another version");
        return;
    }
    p->edition = (uint32_t)ir_read_max(r, UINT32_MAX);
    uint32_t backends = ir_read_count(r), checks = ir_read_count(r), sets = ir_read_count(r),
             frontends = ir_read_count(r);
    if ((uint64_t)backends + checks + sets + frontends > (uint64_t)(r->end - r->next))
        ir_reader_fail(r, "a count is out of range");
    if (r->why)
        return;
    MAKE_ALL(r, &p->backends, ir_backend, backends)
    MAKE_ALL(r, &p->checks, ir_check, checks)
    MAKE_ALL(r, &p->sets, ir_set, sets)
    MAKE_ALL(r, &p->frontends, ir_frontend, frontends)
    for (uint32_t i = 0; i < checks && !r->why; i++)
        read_check(r, p->checks.v[i]);
    for (uint32_t i = 0; i < backends && !r->why; i++)
        read_backend(r, p->backends.v[i]);
    for (uint32_t i = 0; i < sets && !r->why; i++)
        read_set(r, p->sets.v[i]);
    for (uint32_t i = 0; i < frontends && !r->why; i++)
        read_frontend(r, p->frontends.v[i]);
    if (r->next != r->end)
        ir_reader_fail(r, "it goes on after its end");
}

/* ---- places ------------------------------------------------------------------------------------ */

struct places {
    struct ir_reader *r;
    struct ir_pos last;
};

static void read_pos(struct places *p, struct ir_pos *out)
{
    uint64_t n = ir_read_number(p->r), zigzag = n >> 1;
    int64_t line = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1))) + p->last.line;
    uint64_t file = n & 1 ? ir_read_number(p->r) : p->last.file;
    if (line < 0 || line > UINT32_MAX || (file > 0 && file >= p->r->p->sources.n))
        ir_reader_fail(p->r, "a place does not exist");
    uint32_t col = (uint32_t)ir_read_max(p->r, UINT32_MAX);
    p->last = p->r->why ? (struct ir_pos){0} : (struct ir_pos){(uint32_t)file, (uint32_t)line, col};
    *out = p->last;
}

static void read_rule_places(struct places *p, struct ir_rule *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        read_pos(p, &v[i].pos);
        for (uint32_t k = 0; k < v[i].headers.n; k++)
            read_pos(p, &v[i].headers.v[k].pos);
    }
}

static void read_places(struct ir_reader *r)
{
    struct places p = {.r = r};
    const uint8_t *magic = ir_read_bytes(r, IR_PLACES_MAGIC.len);
    if (!magic || memcmp(magic, IR_PLACES_MAGIC.p, IR_PLACES_MAGIC.len) != 0) {
        ir_reader_fail(r, "its places are of another version");
        return;
    }
    uint32_t n = ir_read_count(r);
    for (uint32_t i = 0; i < n && !r->why; i++)
        vec_push(r->a, &r->p->sources)->path = ir_read_text(r);
    for (uint32_t i = 0; i < r->p->checks.n; i++) {
        struct ir_check *c = r->p->checks.v[i];
        read_pos(&p, &c->pos);
        for (uint32_t k = 0; k < c->headers.n; k++)
            read_pos(&p, &c->headers.v[k].pos);
    }
    for (uint32_t i = 0; i < r->p->backends.n; i++) {
        struct ir_backend *b = r->p->backends.v[i];
        read_pos(&p, &b->pos);
        for (uint32_t k = 0; k < b->servers.n; k++)
            read_pos(&p, &b->servers.v[k].pos);
    }
    for (uint32_t i = 0; i < r->p->sets.n; i++)
        read_pos(&p, &r->p->sets.v[i]->pos);
    for (uint32_t i = 0; i < r->p->frontends.n; i++) {
        struct ir_frontend *f = r->p->frontends.v[i];
        read_pos(&p, &f->pos);
        for (uint32_t k = 0; k < f->listens.n; k++)
            read_pos(&p, &f->listens.v[k].pos);
        read_rule_places(&p, f->on_request.v, f->on_request.n);
        read_rule_places(&p, f->route.v, f->route.n);
    }
    if (r->next != r->end)
        ir_reader_fail(r, "its places go on after their end");
}

static bool is_before(const struct ir_pos *x, const struct ir_pos *y)
{
    return x->file != y->file ? x->file < y->file : x->line != y->line ? x->line < y->line : x->col < y->col;
}

/* Frontends as they were declared: their order says which one `explain` takes. */
static void order_frontends(struct ir_program *p)
{
    for (uint32_t gap = p->frontends.n / 2; gap > 0; gap /= 2)
        for (uint32_t i = gap; i < p->frontends.n; i++) {
            struct ir_frontend *f = p->frontends.v[i];
            uint32_t k = i;
            for (; k >= gap && is_before(&f->pos, &p->frontends.v[k - gap]->pos); k -= gap)
                p->frontends.v[k] = p->frontends.v[k - gap];
            p->frontends.v[k] = f;
        }
    for (uint32_t i = 0; i < p->frontends.n; i++)
        p->frontends.v[i]->index = i;
}

struct ir_program *ir_decode(struct arena *a, struct slice canonical, struct slice places, const char **why)
{
    struct ir_program *p = arena_new(a, struct ir_program);
    struct ir_reader r = {.a = a, .p = p, .next = (const uint8_t *)canonical.p};
    r.end = r.next + canonical.len;
    read_program(&r);
    if (!r.why && places.len > 0) {
        r.next = (const uint8_t *)places.p;
        r.end = r.next + places.len;
        read_places(&r);
        order_frontends(p);
    }
    *why = r.why;
    return r.why ? NULL : p;
}
