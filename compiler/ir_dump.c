/* A whole typed program as text, for --dump=ir: what the checker made of the sources, with all defaults
 * filled in. */
#include "compiler/ir_print.h"

static void dump_place(const struct ir_program *p, struct ir_pos pos, struct buf *out)
{
    if (pos.line > 0 && pos.file < p->sources.n)
        buf_printf(out, "  # %.*s:%u", SLICE_ARG(p->sources.v[pos.file].path), pos.line);
    buf_char(out, '\n');
}

static const char *key_kind_text(enum ir_key_kind kind)
{
    static const char *const text[] = {
#define KEY_KIND(id, text, match, doc) text,
#include "grammar/key_kinds.def"
#undef KEY_KIND
    };
    return text[kind];
}

static void dump_addr(const struct ip_addr *addr, uint16_t port, struct buf *out)
{
    static const struct ip_addr any;
    char text[IP_TEXT_MAX];
    int n = (int)ip_format(addr, text);
    if (memcmp(addr, &any, sizeof any) == 0)
        n = 0;
    buf_printf(out, n && !ip_is_v4(addr) ? "[%.*s]:%u" : "%.*s:%u", n, text, port);
}

static void dump_headers(const struct ir_header_value *v, uint32_t n, const char *indent, struct buf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_printf(out, "%sheader ", indent);
        ir_print_text(v[i].name, out);
        buf_str(out, " = ");
        ir_print_expr(v[i].value, out);
        buf_char(out, '\n');
    }
}

static void dump_step(const struct ir_check_step *s, struct buf *out)
{
    buf_str(out, s->is_send                           ? "  send "
                 : s->expect == IR_EXPECT_STARTS_WITH ? "  expect data starts-with "
                                                      : "  expect data contains ");
    ir_print_text(s->data, out);
    buf_char(out, '\n');
}

static void dump_check(const struct ir_program *p, const struct ir_check *c, struct buf *out)
{
    buf_printf(out, "check %.*s: %s {", SLICE_ARG(c->name), c->kind == IR_CHECK_HTTP ? "http" : "tcp");
    dump_place(p, c->pos, out);
    if (c->kind == IR_CHECK_HTTP) {
        buf_printf(out, "  request %.*s ", SLICE_ARG(c->method));
        ir_print_text(c->path, out);
        buf_char(out, '\n');
        dump_headers(c->headers.v, c->headers.n, "  ", out);
        buf_printf(out, "  expect status in %u..%u\n", c->status_min, c->status_max);
        if (c->body_contains.p) {
            buf_str(out, "  expect body contains ");
            ir_print_text(c->body_contains, out);
            buf_char(out, '\n');
        }
    }
    for (uint32_t i = 0; i < c->steps.n; i++)
        dump_step(&c->steps.v[i], out);
    buf_str(out, "}\n");
}

static void dump_backend(const struct ir_program *p, const struct ir_backend *b, struct buf *out)
{
    buf_printf(out, "backend %.*s {", SLICE_ARG(b->name));
    dump_place(p, b->pos, out);
    buf_printf(out, "  balance %s\n", b->balance == IR_BALANCE_LEAST_CONN ? "least-conn" : "round-robin");
    if (b->check)
        buf_printf(out, "  check %.*s every %ums timeout %ums rise %u fall %u\n", SLICE_ARG(b->check->name),
                   b->check_every_ms, b->check_timeout_ms, b->check_rise, b->check_fall);
    buf_printf(out,
               "  timeout connect %ums\n  timeout server %ums\n  timeout tunnel %ums\n  timeout idle %ums\n",
               b->connect_ms, b->server_ms, b->tunnel_ms, b->idle_ms);
    for (uint32_t i = 0; i < b->servers.n; i++) {
        const struct ir_server *s = &b->servers.v[i];
        buf_printf(out, "  server %.*s ", SLICE_ARG(s->name));
        if (s->host.p)
            buf_printf(out, "%.*s:%u", SLICE_ARG(s->host), s->port);
        else
            dump_addr(&s->addr, s->port, out);
        buf_printf(out, " weight %u%s", s->weight, s->backup ? " backup" : "");
        dump_place(p, s->pos, out);
    }
    buf_str(out, "}\n");
}

static void dump_value(const struct ir_set *set, const struct ir_row *row, struct buf *out)
{
    buf_str(out, " -> ");
    if (set->value_kind == IR_STR)
        ir_print_text(row->str, out);
    else
        ir_print_row_value(set, row, out);
}

static const char *value_type_text(const struct ir_set *set)
{
    static const char *const text[] = {
        [IR_BOOL] = "bool", [IR_INT] = "int", [IR_STR] = "string", [IR_IP] = "ip", [IR_BACKEND] = "backend"};
    return set->percents ? "percent" : text[set->value_kind];
}

static void dump_set(const struct ir_program *p, const struct ir_set *set, struct buf *out)
{
    buf_printf(out, "%s ", set->is_split ? "split" : set->is_map ? "map" : "list");
    if (set->name.len)
        buf_slice(out, set->name);
    else
        buf_printf(out, "#%u", set->index);
    if (!set->is_split)
        buf_printf(out, ": %s", key_kind_text(set->key_kind));
    if (set->is_map && !set->is_split)
        buf_printf(out, " -> %s", value_type_text(set));
    buf_str(out, " {");
    dump_place(p, set->pos, out);
    for (uint32_t i = 0; i < set->rows.n; i++) {
        buf_str(out, "  ");
        ir_print_key(set, &set->rows.v[i].key, out);
        if (set->is_map)
            dump_value(set, &set->rows.v[i], out);
        buf_char(out, '\n');
    }
    if (set->has_default && !set->is_split) {
        buf_str(out, "  default");
        dump_value(set, &set->fallback, out);
        buf_char(out, '\n');
    }
    buf_str(out, "}\n");
}

static void dump_rule(const struct ir_program *p, const struct ir_rule *r, struct buf *out)
{
    buf_printf(out, "    @name(\"%.*s\") ", SLICE_ARG(r->label));
    ir_print_action(r, out);
    if (r->kind == IR_REPLY && (r->headers.n || r->value)) {
        buf_str(out, " {\n");
        dump_headers(r->headers.v, r->headers.n, "      ", out);
        if (r->value) {
            buf_str(out, "      body ");
            ir_print_expr(r->value, out);
            buf_char(out, '\n');
        }
        buf_str(out, "    }");
    }
    if (r->guard) {
        buf_str(out, " if ");
        ir_print_expr(r->guard, out);
    }
    dump_place(p, r->pos, out);
}

static void dump_frontend(const struct ir_program *p, const struct ir_frontend *f, struct buf *out)
{
    buf_printf(out, "frontend %.*s {", SLICE_ARG(f->name));
    dump_place(p, f->pos, out);
    for (uint32_t i = 0; i < f->listens.n; i++) {
        buf_str(out, "  listen ");
        dump_addr(&f->listens.v[i].addr, f->listens.v[i].port, out);
        dump_place(p, f->listens.v[i].pos, out);
    }
    buf_printf(out, "  timeout client %ums\n  timeout request %ums\n  timeout idle %ums\n", f->client_ms,
               f->request_ms, f->idle_ms);
    buf_printf(out, "  max-body %lluB\n", (unsigned long long)f->max_body);
    if (f->on_request.n) {
        buf_str(out, "  on request {\n");
        for (uint32_t i = 0; i < f->on_request.n; i++)
            dump_rule(p, &f->on_request.v[i], out);
        buf_str(out, "  }\n");
    }
    buf_str(out, "  route {\n");
    for (uint32_t i = 0; i < f->route.n; i++)
        dump_rule(p, &f->route.v[i], out);
    buf_str(out, "  }\n}\n");
}

void ir_dump(const struct ir_program *p, struct buf *out)
{
    buf_printf(out, "language %u\n", p->edition);
    for (uint32_t i = 0; i < p->checks.n; i++)
        dump_check(p, p->checks.v[i], out);
    for (uint32_t i = 0; i < p->backends.n; i++)
        dump_backend(p, p->backends.v[i], out);
    for (uint32_t i = 0; i < p->sets.n; i++)
        dump_set(p, p->sets.v[i], out);
    for (uint32_t i = 0; i < p->frontends.n; i++)
        dump_frontend(p, p->frontends.v[i], out);
}
