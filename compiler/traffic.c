/* Replaying access logs; see traffic.h. Lines become requests, of which equal ones count as one with a
 * number; each is decided under both programs, and those that differ are weighed in the class of what
 * decided. */
#include "compiler/traffic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/decider.h"
#include "compiler/traffic_log.h"
#include "compiler/traffic_needs.h"
#include "compiler/traffic_row.h"

enum {
    DISTINCT_MAX = 2 << 20, /* requests that are kept before they are decided */
    LINE_MAX_LEN = 1 << 20,
    UNKNOWN_MAX = 20, /* lines in no known format, before the file is refused */
    NO_TARGET = UINT32_MAX,
};

/* A frontend that requests can be for. */
struct target {
    struct slice name;
    const struct ir_frontend *f[2];
    struct diff_frontend *d;
    struct strmap classes; /* by what decides; positions in d->classes */
};

/* A request as it is kept: this, then its texts; each header is two lengths and two texts. */
struct key_head {
    uint32_t target, method, url, host, nheaders;
    struct ip_addr ip;
    uint16_t port;
    uint8_t tls, http10;
};

struct distinct {
    struct slice key;
    uint64_t n;
};

struct replay {
    struct diff *d;
    const struct traffic_options *o;
    struct diff_traffic *t;
    struct buf *why;
    struct traffic_needs needs;
    VEC(struct target) targets;
    uint32_t target; /* of lines that name none, or NO_TARGET */
    bool lacks_ip, lacks_port, lacks_tls;
    uint64_t chance; /* note [draws] */
    struct decider *deciders[2];
    struct traffic_rows rows[2];
    struct arena kept; /* distinct requests */
    struct strmap index;
    VEC(struct distinct) distinct;
    struct buf key, scratch;
};

/* A log that is being read. */
struct log {
    const char *name;
    FILE *file;
    uint64_t line;
    enum traffic_format format;
};

/* ---- frontends --------------------------------------------------------------------------------- */

static const struct ir_frontend *frontend_named(const struct ir_program *p, struct slice name)
{
    for (uint32_t i = 0; i < p->frontends.n; i++)
        if (slice_eq(p->frontends.v[i]->name, name))
            return p->frontends.v[i];
    return NULL;
}

static struct slice class_key(const struct ir_rule *old, const struct ir_row *old_row,
                              const struct ir_rule *new, const struct ir_row *new_row, bool edits,
                              const void *out[5])
{
    static const char yes;
    const void *all[5] = {old, old_row, new, new_row, edits ? &yes : NULL};
    memcpy(out, all, sizeof all);
    return (struct slice){(const char *)out, sizeof all};
}

static void add_target(struct replay *r, struct slice name, struct diff_frontend *f)
{
    struct target *t = vec_push(r->d->a, &r->targets);
    *t = (struct target){.name = name, .d = f};
    t->f[0] = frontend_named(r->d->old, name);
    t->f[1] = frontend_named(r->d->new, name);
    for (uint32_t i = 0; i < 2; i++)
        if (t->f[i])
            traffic_needs_add(r->d->a, t->f[i], &r->needs);
    for (uint32_t i = 0; i < f->classes.n; i++) {
        const struct diff_class *x = f->classes.v[i];
        const void *key[5];
        struct slice k = class_key(x->old_item->rule, x->old_item->row, x->new_item->rule, x->new_item->row,
                                   x->edits, key);
        strmap_put(&t->classes, r->d->a, arena_copy(r->d->a, k), i, NULL);
    }
}

static uint32_t target_named(const struct replay *r, struct slice name)
{
    for (uint32_t i = 0; i < r->targets.n; i++)
        if (slice_eq(r->targets.v[i].name, name))
            return i;
    return NO_TARGET;
}

static bool find_targets(struct replay *r)
{
    for (uint32_t i = 0; i < r->d->frontends.n; i++)
        add_target(r, r->d->frontends.v[i]->name, r->d->frontends.v[i]);
    r->target = r->targets.n == 1 ? 0 : NO_TARGET;
    if (!r->o->frontend)
        return true;
    r->target = target_named(r, slice_of(r->o->frontend));
    if (r->target == NO_TARGET)
        buf_printf(r->why, "weir: no frontend `%s` is compared, which --traffic-frontend asks for\n",
                   r->o->frontend);
    return r->target != NO_TARGET;
}

/* ---- distinct requests ------------------------------------------------------------------------- */

static void put_text(struct buf *out, struct slice s)
{
    buf_add(out, s.p, s.len);
}

/* Headers that rules read: whether the line has them or not. */
static uint32_t put_headers(struct replay *r, const struct traffic_line *x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->nheaders; i++) {
        const struct eval_header *h = &x->headers[i];
        uint32_t len[2] = {(uint32_t)h->name.len, (uint32_t)h->value.len};
        if (!traffic_needs_header(&r->needs, h->name))
            continue;
        buf_add(&r->key, len, sizeof len);
        put_text(&r->key, h->name);
        put_text(&r->key, h->value);
        n++;
    }
    return n;
}

static void keep(struct replay *r, uint32_t target, const struct traffic_line *x)
{
    static const struct ip_addr other = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
    const bool *field = r->needs.field;
    struct key_head head = {.target = target, .ip = other, .port = 50000};
    struct slice url = x->target, host = field[IR_FIELD_HOST] ? x->host : SLICE("other.example");
    const char *query = memchr(url.p, '?', url.len);
    bool added;
    if (query && !field[IR_FIELD_URI] && !field[IR_FIELD_QUERY])
        url.len = (size_t)(query - url.p);
    if (field[IR_FIELD_CLIENT_IP] && x->has_ip)
        head.ip = x->ip;
    if (field[IR_FIELD_CLIENT_PORT] && x->has_port)
        head.port = x->port;
    bool place = field[IR_FIELD_LISTENER_IP] || field[IR_FIELD_LISTENER_PORT];
    head.tls = (place || field[IR_FIELD_TLS_ACTIVE]) && x->tls;
    head.http10 = field[IR_FIELD_VERSION] && x->http10;
    head.method = (uint32_t)x->method.len;
    head.url = (uint32_t)url.len;
    head.host = (uint32_t)host.len;
    r->key.len = 0;
    buf_add(&r->key, &head, sizeof head);
    put_text(&r->key, x->method);
    put_text(&r->key, url);
    put_text(&r->key, host);
    head.nheaders = put_headers(r, x);
    memcpy(r->key.p, &head, sizeof head);
    uint32_t *known = strmap_get(&r->index, buf_view(&r->key));
    if (known) {
        r->distinct.v[*known].n++;
        return;
    }
    struct slice key = arena_copy(&r->kept, buf_view(&r->key));
    strmap_put(&r->index, &r->kept, key, r->distinct.n, &added);
    vec_add(&r->kept, &r->distinct, ((struct distinct){key, 1}));
}

static struct slice take_text(const char **at, uint32_t len)
{
    struct slice s = {*at, len};
    *at += len;
    return s;
}

/* The request that `key` holds; its target in `*target`. */
static struct eval_request unpack(struct arena *a, struct slice key, uint32_t *target)
{
    struct key_head head;
    memcpy(&head, key.p, sizeof head);
    const char *at = key.p + sizeof head;
    struct eval_header *headers = arena_array(a, struct eval_header, head.nheaders + 1);
    struct eval_request q = {.client_ip = head.ip,
                             .client_port = head.port,
                             .tls = head.tls,
                             .http10 = head.http10,
                             .headers = headers};
    q.method = take_text(&at, head.method);
    q.target = take_text(&at, head.url);
    headers[q.nheaders++] = (struct eval_header){SLICE("Host"), take_text(&at, head.host)};
    for (uint32_t i = 0; i < head.nheaders; i++) {
        uint32_t len[2];
        memcpy(len, at, sizeof len);
        at += sizeof len;
        struct slice name = take_text(&at, len[0]);
        headers[q.nheaders++] = (struct eval_header){name, take_text(&at, len[1])};
    }
    *target = head.target;
    return q;
}

/* ---- deciding ---------------------------------------------------------------------------------- */

static struct diff_class *class_with(struct replay *r, const struct target *t, const struct eval_result *x,
                                     const struct eval_result *y, const struct eval_request *q)
{
    const struct ir_row *row[2] = {traffic_row_of(&r->rows[0], t->f[0], x->rule, q),
                                   traffic_row_of(&r->rows[1], t->f[1], y->rule, q)};
    bool edits =
        x->outcome == EVAL_USE && y->outcome == EVAL_USE && slice_eq(x->backend->name, y->backend->name);
    /* Rows of very large maps are not told apart, nor are outcomes that are equal for this request alone. */
    for (uint32_t i = 0; i < 8; i++) {
        const void *key[5];
        const uint32_t *at =
            strmap_get(&t->classes, class_key(x->rule, i & 2 ? NULL : row[0], y->rule, i & 4 ? NULL : row[1],
                                              i & 1 ? !edits : edits, key));
        if (at)
            return t->d->classes.v[*at];
    }
    return NULL;
}

static struct slice request_text(struct arena *a, const struct eval_request *q)
{
    struct buf b = {0};
    an_request_text(q, &b);
    struct slice s = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return s;
}

static void weigh(struct replay *r, struct diff_frontend *f, struct diff_class *x,
                  const struct eval_request *q, uint64_t n)
{
    struct diff_class *first = x && x->like ? x->like : x;
    if (!x) {
        f->unclassed += n;
        if (n > f->unclassed_top) {
            f->unclassed_top = n;
            f->unclassed_as = request_text(r->d->a, q);
        }
        return;
    }
    x->requests += n;
    if (first != x)
        first->requests += n;
    if (n > first->top) {
        first->top = n;
        first->often = request_text(r->d->a, q);
    }
    if (!first->confirmed && first == x && diff_confirm(r->d, f, x, q))
        f->unconfirmed--;
}

/* `n` requests that are equal, and for which the same was drawn. */
static void decide_drawn(struct replay *r, struct arena *a, struct target *t, struct eval_request q, uint64_t n)
{
    struct eval_result old, new;
    decider_run(r->deciders[0], a, t->f[0], &q, &old);
    /* It arrives at one place. */
    struct eval_request same = q;
    eval_listener(t->f[0], q.tls ? 443 : 80, &same.listener_ip, &same.listener_port);
    decider_run(r->deciders[1], a, t->f[1], &same, &new);
    if (!an_results_differ(&old, &new))
        return;
    t->d->differing += n;
    weigh(r, t->d, class_with(r, t, &old, &new, &q), &q, n);
}

/* note [draws]: no log says what was drawn. Draws are spread evenly over the requests, by steps of the golden ratio, so that a
 * share of 5% gets 5% of them. Equal requests are drawn for at most so often. */
static void decide(struct replay *r, struct arena *a, const struct distinct *x)
{
    enum { DRAWS_MAX = 100 };
    uint32_t at;
    struct eval_request q = unpack(a, x->key, &at);
    struct target *t = &r->targets.v[at];
    t->d->requests += x->n;
    if (!t->f[0] || !t->f[1]) {
        t->d->differing += x->n;
        return;
    }
    uint64_t draws = !r->needs.field[IR_FIELD_RANDOM] ? 1 : x->n < DRAWS_MAX ? x->n : DRAWS_MAX;
    for (uint64_t i = 0; i < draws; i++) {
        r->chance += 0x9e3779b97f4a7c15u;
        q.random = r->needs.field[IR_FIELD_RANDOM] ? (int64_t)((unsigned __int128)r->chance * IR_RANDOM_END >> 64) : EVAL_RANDOM;
        decide_drawn(r, a, t, q, x->n / draws + (i < x->n % draws));
    }
}

static void decide_all(struct replay *r)
{
    enum { TOGETHER = 64 }; /* that share memory */
    struct arena a = {0};
    for (uint32_t i = 0; i < r->distinct.n; i++) {
        decide(r, &a, &r->distinct.v[i]);
        if (i % TOGETHER == TOGETHER - 1)
            arena_free(&a);
    }
    arena_free(&a);
    arena_free(&r->kept);
    r->index = (struct strmap){0};
    r->distinct.v = NULL;
    r->distinct.n = r->distinct.cap = 0;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void skip_line(struct replay *r, const struct log *log, const char *why)
{
    if (r->t->unread++ == 0)
        r->t->why = arena_printf(r->d->a, "%s:%llu: %s", log->name, (unsigned long long)log->line, why);
}

/* What rules read and the line does not say. */
static void note_lacks(struct replay *r, const struct log *log, const struct traffic_line *x)
{
    r->lacks_ip |= r->needs.field[IR_FIELD_CLIENT_IP] && !x->has_ip;
    r->lacks_port |= r->needs.field[IR_FIELD_CLIENT_PORT] && !x->has_port;
    r->lacks_tls |= r->needs.field[IR_FIELD_TLS_ACTIVE] && !x->has_tls;
    bool some = log->format == TRAFFIC_COMBINED || log->format == TRAFFIC_VHOST;
    struct strmap *names = &r->needs.headers;
    for (uint32_t i = 0; !x->all_headers && i < names->cap; i++) {
        struct strmap_slot *s = &names->slots[i];
        if (!s->key.p || s->value ||
            (some && (slice_eq(s->key, SLICE("referer")) || slice_eq(s->key, SLICE("user-agent")))))
            continue;
        s->value = 1;
        for (uint32_t k = 0; k < x->nheaders; k++)
            if (slice_eq_nocase(s->key, x->headers[k].name))
                s->value = 0;
    }
}

/* False where the whole file is refused, since no line of it can be better. */
static bool take_host(struct replay *r, const struct log *log, struct traffic_line *x, bool *missing)
{
    const struct ir_rule *rule = r->needs.host_rule;
    *missing = false;
    if (x->host.p || !r->needs.field[IR_FIELD_HOST])
        return true;
    if (r->o->host) {
        x->host = slice_of(r->o->host);
        return true;
    }
    *missing = true;
    if (log->format != TRAFFIC_COMBINED)
        return true;
    buf_printf(r->why,
               "weir: %s names no hosts, and rules read the host, as %.*s does: say which it was with "
               "--traffic-host NAME\n",
               log->name, SLICE_ARG(rule->label));
    return false;
}

static bool find_target(struct replay *r, const struct log *log, const struct traffic_line *x,
                        uint32_t *target)
{
    *target = r->o->frontend || !x->frontend.p ? NO_TARGET : target_named(r, x->frontend);
    if (*target == NO_TARGET)
        *target = r->target;
    if (*target != NO_TARGET || x->frontend.p)
        return true;
    buf_printf(r->why,
               "weir: %s does not say which frontend received its requests: say it with --traffic-frontend "
               "NAME, of ",
               log->name);
    for (uint32_t i = 0; i < r->targets.n; i++)
        buf_printf(r->why, "%s`%.*s`",
                   i == 0                  ? ""
                   : i + 1 == r->targets.n ? " or "
                                           : ", ",
                   SLICE_ARG(r->targets.v[i].name));
    buf_char(r->why, '\n');
    return false;
}

/* Returns false where the file is refused. */
static bool take_line(struct replay *r, const struct log *log, struct traffic_line *x)
{
    uint32_t target;
    bool no_host;
    if (!find_target(r, log, x, &target))
        return false;
    if (target == NO_TARGET) {
        if (r->t->elsewhere++ == 0)
            r->t->elsewhere_as = arena_copy(r->d->a, x->frontend);
        return true;
    }
    if (!take_host(r, log, x, &no_host))
        return false;
    if (no_host) {
        skip_line(r, log, "it names no host, which rules read; --traffic-host NAME says which it was");
        return true;
    }
    note_lacks(r, log, x);
    r->t->requests++;
    keep(r, target, x);
    if (r->distinct.n >= DISTINCT_MAX)
        decide_all(r);
    return true;
}

static const char *read_line(struct replay *r, struct log *log, struct slice line, struct arena *a,
                             struct traffic_line *x)
{
    const char *why = NULL;
    r->scratch.len = 0;
    char *scratch = buf_reserve(&r->scratch, line.len + 1);
    if (log->format != TRAFFIC_UNKNOWN)
        return traffic_read(log->format, line, scratch, a, x);
    for (int f = 0; f < TRAFFIC_UNKNOWN; f++) {
        why = traffic_read(f, line, scratch, a, x);
        if (!why) {
            log->format = f;
            return NULL;
        }
    }
    return "it is in no format that is known here";
}

static bool read_log(struct replay *r, struct log *log)
{
    struct traffic_line x;
    struct arena a = {0};
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;
    bool ok = true;
    while (ok && (n = getline(&text, &cap, log->file)) >= 0) {
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
            n--;
        log->line++;
        if (log->line == 1 && n >= 2 && (unsigned char)text[0] == 0x1f && (unsigned char)text[1] == 0x8b) {
            buf_printf(r->why, "weir: %s is compressed: zcat %s | weir diff OLD NEW --traffic -\n", log->name,
                       log->name);
            ok = false;
            break;
        }
        if (n == 0)
            continue;
        r->t->lines++;
        const char *why =
            n > LINE_MAX_LEN ? "it is too long" : read_line(r, log, (struct slice){text, (size_t)n}, &a, &x);
        if (why)
            skip_line(r, log, why);
        else
            ok = take_line(r, log, &x);
        if (ok && log->format == TRAFFIC_UNKNOWN && log->line >= UNKNOWN_MAX) {
            buf_printf(
                r->why,
                "weir: the first %d lines of %s are in no format that is known here; --traffic-format says "
                "which it is: json, haproxy, vhost or combined\n",
                UNKNOWN_MAX, log->name);
            ok = false;
        }
        if (a.blocks)
            arena_free(&a);
    }
    free(text);
    arena_free(&a);
    return ok;
}

static bool open_log(struct replay *r, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    struct log log = {.name = standard ? "standard input" : name,
                      .file = standard ? stdin : fopen(name, "re")};
    log.format = r->o->format ? traffic_format_named(r->o->format) : TRAFFIC_UNKNOWN;
    bool ok = log.file != NULL;
    if (ok) {
        setvbuf(log.file, NULL, _IOFBF, 1 << 20);
        ok = read_log(r, &log);
    } else {
        buf_printf(r->why, "weir: cannot read %s: %s\n", name, strerror(errno));
    }
    if (ok && ferror(log.file)) {
        buf_printf(r->why, "weir: cannot read %s: %s\n", name, strerror(errno));
        ok = false;
    }
    if (log.file && !standard)
        fclose(log.file);
    return ok;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void assume(struct replay *r, struct slice text)
{
    vec_add(r->d->a, &r->t->assumed, text);
}

static void tell_assumed(struct replay *r)
{
    const struct strmap *names = &r->needs.headers;
    if (r->lacks_ip)
        assume(r, SLICE("client.ip: 192.0.2.1"));
    if (r->lacks_port)
        assume(r, SLICE("client.port: 50000"));
    if (r->lacks_tls)
        assume(r, SLICE("tls.active: false"));
    if (r->needs.field[IR_FIELD_LISTENER_IP] || r->needs.field[IR_FIELD_LISTENER_PORT])
        assume(r, SLICE("listener.ip and listener.port: where the frontend listens"));
    if (r->needs.field[IR_FIELD_RANDOM])
        assume(r, SLICE("random: spread evenly over the requests"));
    for (uint32_t i = 0; i < names->cap; i++)
        if (names->slots[i].key.p && names->slots[i].value)
            assume(r, slice_eq(names->slots[i].key, SLICE("cookie"))
                          ? SLICE("cookies: none")
                          : arena_printf(r->d->a, "req.header[\"%.*s\"]: absent",
                                         SLICE_ARG(names->slots[i].key)));
}

static void open_deciders(struct replay *r)
{
    const struct ir_program *p[2] = {r->d->old, r->d->new};
    for (uint32_t i = 0; i < 2; i++) {
        struct buf why = {0};
        r->deciders[i] = decider_open(p[i], DECIDER_CACHED, &why);
        r->rows[i].a = r->d->a;
        if (why.len && !r->t->evaluated)
            buf_printf(r->why, "weir: warning: the evaluator replays the requests, slowly: %.*s\n",
                       SLICE_ARG(buf_view(&why)));
        r->t->evaluated |= why.len > 0;
        buf_free(&why);
    }
}

static void sum_up(struct replay *r)
{
    for (uint32_t i = 0; i < r->d->frontends.n; i++) {
        struct diff_frontend *f = r->d->frontends.v[i];
        r->t->differing += f->differing;
        r->t->unclassed += f->unclassed;
        if (f->differing && f->old && f->new)
            f->verdict = DIFF_DIFFERENT; /* whatever the search could prove */
    }
    tell_assumed(r);
}

bool traffic_replay(struct diff *d, const struct traffic_options *o, struct buf *why)
{
    struct diff_traffic *t = arena_new(d->a, struct diff_traffic);
    struct replay r = {.d = d, .o = o, .t = t, .why = why};
    bool ok = find_targets(&r);
    if (ok)
        open_deciders(&r);
    for (uint32_t i = 0; ok && i < o->files->n; i++)
        ok = open_log(&r, o->files->v[i]);
    if (ok)
        decide_all(&r);
    if (ok && t->requests + t->elsewhere == 0) {
        buf_printf(why, "weir: no request could be read%s%.*s\n", t->unread ? ": " : "", SLICE_ARG(t->why));
        ok = false;
    }
    if (ok) {
        sum_up(&r);
        d->traffic = t;
        diff_sort(d);
    }
    for (uint32_t i = 0; i < 2; i++)
        decider_close(&r.deciders[i]);
    arena_free(&r.kept);
    buf_free(&r.key);
    buf_free(&r.scratch);
    return ok;
}
