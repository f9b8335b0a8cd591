/* What `weir ctl … show` answers: aligned tables for people, JSON for programs. See process_state.h. */
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/plan_load.h"
#include "runtime/process_state.h"

/* ---- tables ------------------------------------------------------------------------------------- */

enum { COLUMNS_MAX = 14 };

/* Cells are collected as text first, since a column is as wide as its widest cell. */
struct table {
    unsigned columns;
    struct buf cells;    /* each ends with NUL; row after row, the first are the titles */
    const char *numbers; /* one letter a column: 'r' is set right, 'l' left */
};

static void cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void cell(struct table *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&t->cells, fmt, ap);
    va_end(ap);
    buf_char(&t->cells, 0);
}

static struct table begin_table(const char *alignment, const char *const *titles)
{
    struct table t = {.columns = (unsigned)strlen(alignment), .numbers = alignment};
    for (unsigned i = 0; i < t.columns; i++)
        cell(&t, "%s", titles[i]);
    return t;
}

/* Bytes that count as columns: UTF-8 continuation bytes do not. */
static unsigned width_of(const char *s)
{
    unsigned n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void end_table(struct table *t, struct buf *out)
{
    unsigned width[COLUMNS_MAX] = {0}, column = 0;
    const char *end = t->cells.p + t->cells.len;
    for (const char *s = t->cells.p; s < end; s += strlen(s) + 1, column = (column + 1) % t->columns)
        if (width_of(s) > width[column])
            width[column] = width_of(s);
    column = 0;
    for (const char *s = t->cells.p; s < end; s += strlen(s) + 1, column = (column + 1) % t->columns) {
        bool last = column + 1 == t->columns, right = t->numbers[column] == 'r';
        int pad = (int)(width[column] - width_of(s));
        buf_printf(out, "%*s%s", right ? pad : 0, "", s);
        if (last)
            buf_char(out, '\n');
        else
            buf_printf(out, "%*s  ", right ? 0 : pad, "");
    }
    buf_free(&t->cells);
}

/* "85 ms", "3 s", "12 min", "5 h", "9 d": the one unit that tells. */
static void age_text(uint64_t ms, char out[32])
{
    if (ms < 1000)
        snprintf(out, 32, "%u ms", (unsigned)ms);
    else if (ms < 120000)
        snprintf(out, 32, "%u s", (unsigned)(ms / 1000));
    else if (ms < 7200000)
        snprintf(out, 32, "%u min", (unsigned)(ms / 60000));
    else if (ms < 172800000)
        snprintf(out, 32, "%u h", (unsigned)(ms / 3600000));
    else
        snprintf(out, 32, "%llu d", (unsigned long long)(ms / 86400000));
}

/* A member with a string value. */
static void json_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "\"%s\": ", name);
    buf_json(out, slice_of(text));
}

#define U64(n) ((unsigned long long)(n))

/* ---- show plans --------------------------------------------------------------------------------- */

struct plan_row {
    const char *digest, *state;
    uint64_t age_ms, requests;
    uint32_t in_flight;
};

typedef void plan_row_fn(void *to, const struct plan_row *row);

/* Newest first. */
static void each_plan(struct process *p, plan_row_fn *fn, void *to)
{
    const struct swap *s = &p->swap;
    for (uint32_t i = s->n; i-- > 0;) {
        const struct plan *plan = s->entries[i].plan;
        fn(to, &(struct plan_row){
                   plan->digest, plan_state_text(atomic_load_explicit(&plan->state, memory_order_relaxed)),
                   p->timers.now - plan->published_ms, swap_requests(plan), swap_in_flight(plan)});
    }
    for (uint64_t i = s->ngone; i-- > 0 && s->ngone - i <= SWAP_GONE_MAX;) {
        const struct swap_gone *g = &s->gone[i % SWAP_GONE_MAX];
        fn(to, &(struct plan_row){g->digest, plan_state_text(PLAN_GONE), p->timers.now - g->published_ms,
                                  g->requests, 0});
    }
}

static void plan_cells(void *to, const struct plan_row *row)
{
    char age[32];
    struct table *t = to;
    age_text(row->age_ms, age);
    cell(t, "%s", row->digest);
    cell(t, "%s", row->state);
    cell(t, "%s", age);
    cell(t, "%llu", U64(row->requests));
    cell(t, "%u", row->in_flight);
}

static void plan_json(void *to, const struct plan_row *row)
{
    struct buf *out = to;
    buf_str(out, out->len > 1 ? ",\n {" : "\n {");
    json_text(out, "digest", row->digest);
    buf_str(out, ", ");
    json_text(out, "state", row->state);
    buf_printf(out, ", \"age_ms\": %llu, \"requests\": %llu, \"in_flight\": %u}", U64(row->age_ms),
               U64(row->requests), row->in_flight);
}

void show_plans(struct process *p, enum show_format format, struct buf *out)
{
    static const char *const titles[] = {"DIGEST", "STATE", "AGE", "REQUESTS", "IN FLIGHT"};
    if (format == SHOW_JSON) {
        buf_char(out, '[');
        each_plan(p, plan_json, out);
        buf_str(out, "\n]\n");
        return;
    }
    struct table t = begin_table("llrrr", titles);
    each_plan(p, plan_cells, &t);
    end_table(&t, out);
}

/* ---- show info ---------------------------------------------------------------------------------- */

void show_info(struct process *p, enum show_format format, struct buf *out)
{
    struct worker_counts sum = {0};
    for (unsigned i = 0; i < p->registry.workers; i++) {
        struct worker_counts c;
        worker_read_counts(p->workers[i], &c);
        sum.accepted += c.accepted;
        sum.requests += c.requests;
        sum.clients += c.clients;
        sum.tunnels += c.tunnels;
    }
    uint64_t up = p->timers.now - p->started_ms;
    const char *digest = swap_active(&p->swap)->digest;
    if (format == SHOW_JSON) {
        buf_printf(out,
                   "{\"version\": \"%s\", \"abi\": %u, \"pid\": %ld, \"uptime_ms\": %llu, \"workers\": %u, ",
                   WEIR_VERSION, WEIR_ABI_VERSION, (long)getpid(), U64(up), p->registry.workers);
        json_text(out, "plan", digest);
        buf_printf(out,
                   ", \"swaps\": %llu, \"connections\": %u, \"tunnels\": %u, \"accepted\": %llu, "
                   "\"requests\": %llu}\n",
                   U64(p->swap.serial - 1), sum.clients, sum.tunnels, U64(sum.accepted), U64(sum.requests));
        return;
    }
    char age[32];
    age_text(up, age);
    buf_printf(out, "version      %s (plans of ABI %u)\npid          %ld\nuptime       %s\nworkers      %u\n",
               WEIR_VERSION, WEIR_ABI_VERSION, (long)getpid(), age, p->registry.workers);
    buf_printf(out,
               "plan         %s\nswaps        %llu\nconnections  %u (%u tunnels)\naccepted     "
               "%llu\nrequests     %llu\n",
               digest, U64(p->swap.serial - 1), sum.clients, sum.tunnels, U64(sum.accepted),
               U64(sum.requests));
}

/* ---- show servers ------------------------------------------------------------------------------- */

static const char *server_state(const struct server *s)
{
    return atomic_load_explicit(&s->up, memory_order_relaxed) ? "up" : "down";
}

/* What the check last said; without a check nobody asks. */
static const char *server_health(const struct server *s)
{
    return !s->check ? "not checked" : s->check_why[0] ? s->check_why : "not checked yet";
}

static void server_cells(struct table *t, const struct server *s, const char *address,
                         const struct registry_server_counts *c)
{
    cell(t, "%s", s->backend_name);
    cell(t, "%s", s->name);
    cell(t, "%s", address);
    cell(t, "%s", server_state(s));
    cell(t, "%s", server_health(s));
    cell(t, "%u", c->in_flight);
    cell(t, "%llu", U64(c->requests));
    cell(t, "%llu", U64(c->connects));
    cell(t, "%llu", U64(c->reuses));
    cell(t, "%llu", U64(c->failures));
}

static void server_json(struct buf *out, const struct server *s, const char *address,
                        const struct registry_server_counts *c)
{
    buf_str(out, out->len > 1 ? ",\n {" : "\n {");
    json_text(out, "backend", s->backend_name);
    buf_str(out, ", ");
    json_text(out, "server", s->name);
    buf_str(out, ", ");
    json_text(out, "address", address);
    buf_str(out, ", ");
    json_text(out, "state", server_state(s));
    buf_str(out, ", ");
    json_text(out, "health", server_health(s));
    buf_printf(
        out,
        ", \"in_flight\": %u, \"requests\": %llu, \"connects\": %llu, \"reuses\": %llu, \"failures\": %llu}",
        c->in_flight, U64(c->requests), U64(c->connects), U64(c->reuses), U64(c->failures));
}

void show_servers(struct process *p, enum show_format format, struct buf *out)
{
    static const char *const titles[] = {"BACKEND",   "SERVER",   "ADDRESS",  "STATE",  "HEALTH",
                                         "IN FLIGHT", "REQUESTS", "CONNECTS", "REUSES", "FAILURES"};
    struct table t = begin_table("lllllrrrrr", titles);
    const struct plan *plan = swap_active(&p->swap);
    if (format == SHOW_JSON)
        buf_char(out, '[');
    for (uint32_t i = 0; i < plan->head->backends.count; i++)
        for (uint32_t k = 0; k < plan->backends[i].conf->servers.count; k++) {
            const struct server *s = plan->backends[i].servers[k];
            struct registry_server_counts c;
            char address[REGISTRY_ADDRESS_TEXT];
            registry_read_server(&p->registry, s, &c);
            registry_sockaddr_text(&s->addr, address);
            if (format == SHOW_JSON)
                server_json(out, s, address, &c);
            else
                server_cells(&t, s, address, &c);
        }
    if (format == SHOW_JSON)
        buf_str(out, "\n]\n");
    else
        end_table(&t, out);
    buf_free(&t.cells);
}

/* ---- show frontends ----------------------------------------------------------------------------- */

static void frontend_cells(struct table *t, const char *name, const char *listens,
                           const struct registry_frontend_counts *c)
{
    cell(t, "%s", name);
    cell(t, "%s", listens);
    cell(t, "%llu", U64(c->connections));
    cell(t, "%llu", U64(c->requests));
    cell(t, "%llu", U64(c->bytes_in));
    cell(t, "%llu", U64(c->bytes_out));
    for (unsigned i = 1; i < 6; i++)
        cell(t, "%llu", U64(c->status_class[i]));
    cell(t, "%llu", U64(c->status_class[0]));
}

static void frontend_json(struct buf *out, const char *name, const char *listens,
                          const struct registry_frontend_counts *c)
{
    buf_str(out, out->len > 1 ? ",\n {" : "\n {");
    json_text(out, "frontend", name);
    buf_str(out, ", ");
    json_text(out, "listens", listens);
    buf_printf(out, ", \"connections\": %llu, \"requests\": %llu, \"bytes_in\": %llu, \"bytes_out\": %llu",
               U64(c->connections), U64(c->requests), U64(c->bytes_in), U64(c->bytes_out));
    for (unsigned i = 1; i < 6; i++)
        buf_printf(out, ", \"status_%uxx\": %llu", i, U64(c->status_class[i]));
    buf_printf(out, ", \"no_answer\": %llu}", U64(c->status_class[0]));
}

static void listens_text(const struct plan *plan, const struct weir_frontend *conf, struct buf *out)
{
    const struct weir_listen *l = (const void *)(plan->tables + conf->listens.off);
    for (uint32_t i = 0; i < conf->listens.count; i++) {
        char address[REGISTRY_ADDRESS_TEXT];
        registry_address_text(l[i].addr, l[i].port, address);
        buf_printf(out, "%s%s", i ? ", " : "", address);
    }
    buf_char(out, 0);
}

void show_frontends(struct process *p, enum show_format format, struct buf *out)
{
    static const char *const titles[] = {"FRONTEND", "LISTENS",   "CONNECTIONS", "REQUESTS",
                                         "BYTES IN", "BYTES OUT", "1XX",         "2XX",
                                         "3XX",      "4XX",       "5XX",         "NO ANSWER"};
    struct table t = begin_table("llrrrrrrrrrr", titles);
    const struct plan *plan = swap_active(&p->swap);
    if (format == SHOW_JSON)
        buf_char(out, '[');
    for (uint32_t i = 0; i < plan->head->frontends.count; i++) {
        const struct plan_frontend *f = &plan->frontends[i];
        struct registry_frontend_counts c;
        struct buf listens = {0};
        registry_read_frontend(&p->registry, f->shared, &c);
        listens_text(plan, f->conf, &listens);
        if (format == SHOW_JSON)
            frontend_json(out, f->shared->name, listens.p, &c);
        else
            frontend_cells(&t, f->shared->name, listens.p, &c);
        buf_free(&listens);
    }
    if (format == SHOW_JSON)
        buf_str(out, "\n]\n");
    else
        end_table(&t, out);
    buf_free(&t.cells);
}
