/* Changes of objects: listeners, backends with their servers and checks, maps and lists; see diff.h. */
#include "compiler/diff.h"
#include "compiler/diff_cone.h"
#include "compiler/ir_print.h"

enum { ROWS_SHOWN = 20, SERVERS_SHOWN = 8 };

/* ---- collecting -------------------------------------------------------------------------------- */

struct details {
    struct arena *a;
    struct diff_change change;
};

static void detail(struct details *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void detail(struct details *d, const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    vec_add(d->a, &d->change.details, arena_copy(d->a, buf_view(&b)));
    buf_free(&b);
}

static struct details begin(struct diff *d, struct slice object)
{
    struct details x = {.a = d->a, .change = {.what = DIFF_CHANGED, .object = object}};
    return x;
}

/* An object that has both sides is a change where there is something to tell. */
static void end(struct diff *d, const struct details *x)
{
    if (x->change.what != DIFF_CHANGED || x->change.details.n)
        vec_add(d->a, &d->objects, x->change);
}

static void put_time(uint64_t ms, struct buf *out)
{
    static const struct {
        uint32_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ms % units[i].ms == 0 && (ms || units[i].ms == 1)) {
            buf_printf(out, "%llu%s", (unsigned long long)(ms / units[i].ms), units[i].unit);
            return;
        }
}

static void duration(struct details *d, const char *what, uint64_t old, uint64_t new)
{
    struct buf a = {0}, b = {0};
    put_time(old, &a);
    put_time(new, &b);
    if (old != new)
        detail(d, "%s: %.*s → %.*s", what, SLICE_ARG(buf_view(&a)), SLICE_ARG(buf_view(&b)));
    buf_free(&a);
    buf_free(&b);
}

static void put_size(uint64_t n, struct buf *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    uint32_t unit = 0;
    for (; unit < 3 && n && n % 1024 == 0; unit++)
        n /= 1024;
    if (n)
        buf_printf(out, "%llu %s", (unsigned long long)n, units[unit]);
    else
        buf_str(out, "no limit");
}

static void size(struct details *d, const char *what, uint64_t old, uint64_t new)
{
    struct buf a = {0}, b = {0};
    put_size(old, &a);
    put_size(new, &b);
    if (old != new)
        detail(d, "%s: %.*s → %.*s", what, SLICE_ARG(buf_view(&a)), SLICE_ARG(buf_view(&b)));
    buf_free(&a);
    buf_free(&b);
}

static void number(struct details *d, const char *what, uint64_t old, uint64_t new)
{
    if (old != new)
        detail(d, "%s: %llu → %llu", what, (unsigned long long)old, (unsigned long long)new);
}

/* ---- frontends --------------------------------------------------------------------------------- */

static void put_listen(const struct ir_listen *l, struct buf *out)
{
    static const struct ip_addr any = {{0}};
    char ip[IP_TEXT_MAX];
    size_t n = ip_format(&l->addr, ip);
    if (memcmp(&l->addr, &any, sizeof any) == 0)
        n = 0;
    buf_printf(out, n && !ip_is_v4(&l->addr) ? "[%.*s]:%u" : "%.*s:%u", (int)n, ip, l->port);
}

static bool listens(const struct ir_frontend *f, const struct ir_listen *l)
{
    for (uint32_t i = 0; i < f->listens.n; i++)
        if (f->listens.v[i].port == l->port && memcmp(&f->listens.v[i].addr, &l->addr, sizeof l->addr) == 0)
            return true;
    return false;
}

static void compare_listens(struct details *x, const struct ir_frontend *has, const struct ir_frontend *lacks,
                            const char *verb)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < has->listens.n; i++) {
        if (listens(lacks, &has->listens.v[i]))
            continue;
        b.len = 0;
        put_listen(&has->listens.v[i], &b);
        detail(x, "%s %.*s", verb, SLICE_ARG(buf_view(&b)));
    }
    buf_free(&b);
}

static void compare_frontend(struct diff *d, const void *before, const void *after)
{
    const struct ir_frontend *old = before, *new = after;
    struct details x = begin(d, arena_printf(d->a, "frontend %.*s", SLICE_ARG((old ? old : new)->name)));
    if (!old || !new) {
        static const struct ir_frontend none;
        const struct ir_frontend *f = old ? old : new;
        x.change.what = old ? DIFF_REMOVED : DIFF_ADDED;
        compare_listens(&x, f, &none, old ? "listened at" : "listens at");
        detail(&x, "%u rule%s", f->on_request.n + f->route.n, f->on_request.n + f->route.n == 1 ? "" : "s");
    } else {
        compare_listens(&x, old, new, "no longer listens at");
        compare_listens(&x, new, old, "listens at");
        duration(&x, "timeout client", old->client_ms, new->client_ms);
        duration(&x, "timeout request", old->request_ms, new->request_ms);
        duration(&x, "timeout idle", old->idle_ms, new->idle_ms);
        size(&x, "max-body", old->max_body, new->max_body);
    }
    end(d, &x);
}

/* ---- backends ---------------------------------------------------------------------------------- */

static const struct ir_server *server_named(const struct ir_backend *b, struct slice name)
{
    for (uint32_t i = 0; i < b->servers.n; i++)
        if (slice_eq(b->servers.v[i].name, name))
            return &b->servers.v[i];
    return NULL;
}

static void put_address(const struct ir_server *s, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    if (s->host.p) {
        buf_printf(out, "%.*s:%u", SLICE_ARG(s->host), s->port);
        return;
    }
    size_t n = ip_format(&s->addr, ip);
    buf_printf(out, ip_is_v4(&s->addr) ? "%.*s:%u" : "[%.*s]:%u", (int)n, ip, s->port);
}

static void compare_server(struct details *x, const struct ir_server *old, const struct ir_server *new)
{
    struct buf a = {0}, b = {0};
    int n = (int)(old ? old : new)->name.len;
    const char *name = (old ? old : new)->name.p;
    if (old)
        put_address(old, &a);
    if (new)
        put_address(new, &b);
    if (!old)
        detail(x, "server %.*s added: %.*s, weight %u%s", n, name, SLICE_ARG(buf_view(&b)), new->weight,
               new->backup ? ", backup" : "");
    else if (!new)
        detail(x, "server %.*s removed: %.*s", n, name, SLICE_ARG(buf_view(&a)));
    else {
        if (!slice_eq(buf_view(&a), buf_view(&b)))
            detail(x, "server %.*s: address %.*s → %.*s", n, name, SLICE_ARG(buf_view(&a)),
                   SLICE_ARG(buf_view(&b)));
        if (old->weight != new->weight)
            detail(x, "server %.*s: weight %u → %u", n, name, old->weight, new->weight);
        if (old->backup != new->backup)
            detail(x, "server %.*s: %s", n, name, new->backup ? "now a backup" : "no longer a backup");
    }
    buf_free(&a);
    buf_free(&b);
}

static void compare_servers(struct details *x, const struct ir_backend *old, const struct ir_backend *new)
{
    for (uint32_t i = 0; i < old->servers.n; i++)
        compare_server(x, &old->servers.v[i], server_named(new, old->servers.v[i].name));
    for (uint32_t i = 0; i < new->servers.n; i++)
        if (!server_named(old, new->servers.v[i].name))
            compare_server(x, NULL, &new->servers.v[i]);
}

/* What a check does, in one line. */
static void put_check(const struct ir_check *c, struct buf *out)
{
    if (c->kind == IR_CHECK_HTTP) {
        buf_printf(out,
                   c->status_min == c->status_max ? "http %.*s %.*s, status %u"
                                                  : "http %.*s %.*s, status %u..%u",
                   SLICE_ARG(c->method), SLICE_ARG(c->path), c->status_min, c->status_max);
        for (uint32_t i = 0; i < c->headers.n; i++) {
            buf_printf(out, ", header %.*s = ", SLICE_ARG(c->headers.v[i].name));
            ir_print_expr(c->headers.v[i].value, out);
        }
        if (c->body_contains.p) {
            buf_str(out, ", body contains ");
            ir_print_text(c->body_contains, out);
        }
    } else {
        buf_str(out, "tcp");
    }
    for (uint32_t i = 0; i < c->steps.n; i++) {
        const struct ir_check_step *s = &c->steps.v[i];
        buf_str(out, s->is_send                        ? ", send "
                     : s->expect == IR_EXPECT_CONTAINS ? ", expect data contains "
                                                       : ", expect data starts-with ");
        ir_print_text(s->data, out);
    }
}

static void compare_check(struct diff *d, const void *before, const void *after)
{
    const struct ir_check *old = before, *new = after;
    struct details x = begin(d, arena_printf(d->a, "check %.*s", SLICE_ARG((old ? old : new)->name)));
    struct buf a = {0}, b = {0};
    if (old)
        put_check(old, &a);
    if (new)
        put_check(new, &b);
    if (!old || !new) {
        x.change.what = old ? DIFF_REMOVED : DIFF_ADDED;
        detail(&x, "%.*s", SLICE_ARG(buf_view(old ? &a : &b)));
    } else if (!slice_eq(buf_view(&a), buf_view(&b))) {
        detail(&x, "%.*s → %.*s", SLICE_ARG(buf_view(&a)), SLICE_ARG(buf_view(&b)));
    }
    end(d, &x);
    buf_free(&a);
    buf_free(&b);
}

static void compare_checks(struct details *x, const struct ir_backend *old, const struct ir_backend *new)
{
    struct slice a = old->check ? old->check->name : SLICE("none"),
                 b = new->check ? new->check->name : SLICE("none");
    if (!old->check != !new->check || !slice_eq(a, b))
        detail(x, "check: %.*s → %.*s", SLICE_ARG(a), SLICE_ARG(b));
    duration(x, "check every", old->check_every_ms, new->check_every_ms);
    duration(x, "check timeout", old->check_timeout_ms, new->check_timeout_ms);
    number(x, "check rise", old->check_rise, new->check_rise);
    number(x, "check fall", old->check_fall, new->check_fall);
}

/* Of a backend that is in one program alone. */
static void tell_servers(struct details *x, const struct ir_backend *b)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < b->servers.n && i < SERVERS_SHOWN; i++) {
        buf_printf(&text, "%s%.*s ", i ? ", " : "", SLICE_ARG(b->servers.v[i].name));
        put_address(&b->servers.v[i], &text);
        buf_str(&text, b->servers.v[i].backup ? " (backup)" : "");
    }
    if (b->servers.n > SERVERS_SHOWN)
        buf_printf(&text, " and %u more", b->servers.n - SERVERS_SHOWN);
    detail(x, "server%s %.*s", b->servers.n == 1 ? "" : "s", SLICE_ARG(buf_view(&text)));
    if (b->check)
        detail(x, "check %.*s", SLICE_ARG(b->check->name));
    buf_free(&text);
}

static const char *balance_text(enum ir_balance b)
{
    return b == IR_BALANCE_ROUND_ROBIN ? "round-robin" : "least-conn";
}

static void compare_backend(struct diff *d, const void *before, const void *after)
{
    const struct ir_backend *old = before, *new = after;
    struct details x = begin(d, arena_printf(d->a, "backend %.*s", SLICE_ARG((old ? old : new)->name)));
    if (!old || !new) {
        x.change.what = old ? DIFF_REMOVED : DIFF_ADDED;
        tell_servers(&x, old ? old : new);
        end(d, &x);
        return;
    }
    compare_servers(&x, old, new);
    if (old->balance != new->balance)
        detail(&x, "balance: %s → %s", balance_text(old->balance), balance_text(new->balance));
    compare_checks(&x, old, new);
    duration(&x, "timeout connect", old->connect_ms, new->connect_ms);
    duration(&x, "timeout server", old->server_ms, new->server_ms);
    duration(&x, "timeout tunnel", old->tunnel_ms, new->tunnel_ms);
    duration(&x, "timeout idle", old->idle_ms, new->idle_ms);
    end(d, &x);
}

/* ---- maps and lists ---------------------------------------------------------------------------- */

static void put_key(const struct ir_set *s, const struct ir_row *r, struct buf *out)
{
    char text[IP_TEXT_MAX];
    if (s->key_kind == IR_KEY_INT)
        buf_printf(out, "%lld", (long long)r->key.num);
    else if (s->key_kind == IR_KEY_CIDR)
        buf_add(out, text, ip_prefix_format(&r->key.cidr, text));
    else
        ir_print_text(r->key.str, out);
}

struct row_counts {
    uint32_t added, removed, changed, shown;
};

static void put_row_change(struct details *x, const struct ir_set *s, const struct ir_set *t,
                           const struct ir_row *old, const struct ir_row *new, struct row_counts *n)
{
    struct buf b = {0};
    n->added += !old;
    n->removed += !new;
    n->changed += old && new;
    if (n->shown++ >= ROWS_SHOWN)
        return;
    put_key(old ? s : t, old ? old : new, &b);
    if (old && new)
        buf_printf(&b, ": %.*s → %.*s", SLICE_ARG(diff_row_value(s, old)), SLICE_ARG(diff_row_value(t, new)));
    else if (s->is_map)
        buf_printf(&b, " -> %.*s", SLICE_ARG(old ? diff_row_value(s, old) : diff_row_value(t, new)));
    detail(x, "%s %.*s", !old ? "added" : !new ? "removed" : "changed", SLICE_ARG(buf_view(&b)));
    buf_free(&b);
}

static void compare_rows(struct diff *d, struct details *x, const struct ir_set *s, const struct ir_set *t)
{
    struct diff_row_changes changes = {0};
    struct row_counts n = {0};
    struct details shown = {.a = d->a};
    diff_rows(d->a, s, t, &changes);
    for (uint32_t i = 0; i < changes.v.n; i++)
        put_row_change(&shown, s, t, changes.v.v[i].old, changes.v.v[i].new, &n);
    if (n.shown)
        detail(x, "rows: %u added, %u removed, %u changed, of %u before and %u now", n.added, n.removed,
               n.changed, s->rows.n, t->rows.n);
    for (uint32_t i = 0; i < shown.change.details.n; i++)
        vec_add(d->a, &x->change.details, shown.change.details.v[i]);
    if (n.shown > ROWS_SHOWN)
        detail(x, "… and %u more", n.shown - ROWS_SHOWN);
}

static void compare_defaults(struct details *x, const struct ir_set *s, const struct ir_set *t)
{
    struct slice old = s->has_default ? diff_row_value(s, &s->fallback) : SLICE("none"),
                 new = t->has_default ? diff_row_value(t, &t->fallback) : SLICE("none");
    if (s->has_default != t->has_default || !slice_eq(old, new))
        detail(x, "default: %.*s → %.*s", SLICE_ARG(old), SLICE_ARG(new));
}

static void compare_set(struct diff *d, const void *before, const void *after)
{
    const struct ir_set *old = before, *new = after;
    const struct ir_set *any = old ? old : new;
    struct details x =
        begin(d, arena_printf(d->a, "%s %.*s", any->is_map ? "map" : "list", SLICE_ARG(any->name)));
    if (!old || !new) {
        x.change.what = old ? DIFF_REMOVED : DIFF_ADDED;
        detail(&x, "%u row%s", any->rows.n, any->rows.n == 1 ? "" : "s");
    } else if (old->key_kind != new->key_kind || old->is_map != new->is_map ||
               (old->is_map && old->value_kind != new->value_kind)) {
        detail(&x, "another type of keys or values");
    } else {
        compare_rows(d, &x, old, new);
        compare_defaults(&x, old, new);
    }
    end(d, &x);
}

/* ---- programs ---------------------------------------------------------------------------------- */

/* Objects of one kind. Each of them begins with its name. */
struct objects {
    void *const *v;
    uint32_t n;
};

typedef void compare_fn(struct diff *d, const void *old, const void *new);

static struct slice name_at(const struct objects *o, uint32_t i)
{
    return *(const struct slice *)o->v[i];
}

static struct strmap names_of(struct diff *d, const struct objects *o)
{
    struct strmap m = {0};
    for (uint32_t i = 0; i < o->n; i++)
        if (name_at(o, i).len)
            strmap_put(&m, d->a, name_at(o, i), i, NULL);
    return m;
}

/* Pairs objects by name: those of the old program in its order, then the new ones. What has no name is part
 * of a condition. */
static void compare_named(struct diff *d, struct objects old, struct objects new, compare_fn *compare)
{
    struct strmap olds = names_of(d, &old), news = names_of(d, &new);
    for (uint32_t i = 0; i < old.n; i++) {
        const uint32_t *at = strmap_get(&news, name_at(&old, i));
        if (name_at(&old, i).len)
            compare(d, old.v[i], at ? new.v[*at] : NULL);
    }
    for (uint32_t i = 0; i < new.n; i++)
        if (name_at(&new, i).len && !strmap_get(&olds, name_at(&new, i)))
            compare(d, NULL, new.v[i]);
}

#define OBJECTS(list) ((struct objects){(void *const *)(list).v, (list).n})

void diff_compare_objects(struct diff *d)
{
    compare_named(d, OBJECTS(d->old->frontends), OBJECTS(d->new->frontends), compare_frontend);
    compare_named(d, OBJECTS(d->old->backends), OBJECTS(d->new->backends), compare_backend);
    compare_named(d, OBJECTS(d->old->checks), OBJECTS(d->new->checks), compare_check);
    compare_named(d, OBJECTS(d->old->sets), OBJECTS(d->new->sets), compare_set);
}
