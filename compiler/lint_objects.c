/* Lints of declarations: what is never used, backends whose servers are not what they seem, and times that
 * nobody means. */
#include "compiler/lint.h"

static void unused(struct checker *k, const struct decl *d)
{
    bool library = d->module != k->modules.v[0];
    if (d->used || d->kind == DECL_FRONTEND || d->kind == DECL_MODULE)
        return;
    if (library && d->name.p[0] != '_') /* others may use it */
        return;
    static const char *const text[] = {
        [DECL_LET] = "constant",
        [DECL_ACL] = "condition",
        [DECL_MAP] = "map",
        [DECL_LIST] = "list",
        [DECL_CHECK] = "check",
        [DECL_BACKEND] = "backend",
        [DECL_FRONTEND] = "frontend",
        [DECL_MODULE] = "file",
        [DECL_TLS] = "set of certificates",
        [DECL_LIMIT] = "limit",
        [DECL_TABLE] = "table",
        [DECL_ERRORS] = "set of error pages",
        [DECL_LOG] = "log",
        [DECL_RESOLVER] = "resolver",
        [DECL_PEERS] = "set of peers",
        [DECL_EXTERN] = "external function",
        [DECL_TEMPLATE] = "template",
        [DECL_SPLIT] = "split",
    };
    struct diag *x =
        diag_report(k->d, DIAG_W0505, d->at, "%s `%.*s` is never used", text[d->kind], SLICE_ARG(d->name));
    diag_label(k->d, x, "unused");
}

static void unchecked(struct checker *k, const struct decl *d)
{
    if (d->backend->servers.n < 2 || d->backend->check)
        return;
    struct diag *x = diag_report(k->d, DIAG_W0504, d->at, "`%.*s` has %u servers but no check",
                                 SLICE_ARG(d->name), d->backend->servers.n);
    diag_label(k->d, x, "a dead server keeps receiving requests");
    diag_help(k->d, x, "declare a check and name it here: `%s`", check_usage(STATEMENT_USE_CHECK));
}

/* The bytes by which two servers are at one place. */
static struct slice place(struct checker *k, const struct ir_server *s)
{
    size_t n = s->host.p ? s->host.len : sizeof s->addr;
    char *p = arena_alloc(k->a, n + 3);
    p[0] = s->host.p != NULL;
    memcpy(p + 1, &s->port, 2);
    memcpy(p + 3, s->host.p ? s->host.p : (const char *)&s->addr, n);
    return (struct slice){p, n + 3};
}

static void same_place(struct checker *k, const struct ir_backend *b)
{
    struct strmap seen = {0};
    for (uint32_t i = 0; i < b->servers.n; i++) {
        const struct ir_server *s = &b->servers.v[i];
        bool added;
        uint32_t first = *strmap_put(&seen, k->a, place(k, s), i, &added);
        if (added)
            continue;
        struct diag *x = diag_report(k->d, DIAG_W0522, lint_span(k, s->pos, (uint32_t)s->name.len),
                                     "server `%.*s` is at the same address as `%.*s`", SLICE_ARG(s->name),
                                     SLICE_ARG(b->servers.v[first].name));
        diag_label(k->d, x, "the same place again");
        diag_secondary(k->d, x, lint_span(k, b->servers.v[first].pos, (uint32_t)b->servers.v[first].name.len),
                       "first here");
        diag_note(k->d, x, "it gets two shares of the requests, and is down twice where it is down");
        diag_help(k->d, x, "for a larger share give one server a `weight`");
    }
}

static void nobody_serves(struct checker *k, const struct decl *d)
{
    const struct ir_backend *b = d->backend;
    bool weight = false, active = false;
    for (uint32_t i = 0; i < b->servers.n; i++) {
        weight |= b->servers.v[i].weight > 0;
        active |= !b->servers.v[i].backup;
    }
    if (!b->servers.n || (weight && active))
        return;
    if (!weight) {
        struct diag *x =
            diag_report(k->d, DIAG_W0523, d->at, "no server of `%.*s` takes requests", SLICE_ARG(d->name));
        diag_label(k->d, x, "every weight is 0");
        diag_help(k->d, x, "leave `weight` out for a weight of 1");
        return;
    }
    struct diag *x =
        diag_report(k->d, DIAG_W0523, d->at, "all servers of `%.*s` are backups", SLICE_ARG(d->name));
    diag_label(k->d, x, "of what?");
    diag_note(k->d, x, "backups serve while no other server is up; here they always do");
    diag_help(k->d, x, "leave out `backup` at those that serve first");
}

void lint_object(struct checker *k, const struct decl *d)
{
    unused(k, d);
    if (d->kind != DECL_BACKEND)
        return;
    unchecked(k, d);
    same_place(k, d->backend);
    nobody_serves(k, d);
}

/* ---- times ------------------------------------------------------------------------------------- */

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

struct sense {
    enum setting_id id;
    int64_t least, most;
    const char *why_most;
};

/* Outside of these nobody means it; `most` is excluded. */
static const struct sense senses[] = {
    {SETTING_CONNECT, 10, MINUTE, "clients have long gone when the next server is tried"},
    {SETTING_SERVER, 50, DAY, "a server that hangs holds its connections for as long"},
    {SETTING_CLIENT, 50, DAY, "clients that have gone hold their connections for as long"},
    {SETTING_REQUEST, 50, 5 * MINUTE, "whoever sends slowly holds a connection for as long (slowloris)"},
    {SETTING_KEEP_ALIVE, 1, HOUR, "every client that has gone silently holds a connection for as long"},
    {SETTING_TUNNEL, 500, 8 * (int64_t)DAY, "tunnels whose ends have gone stay for as long"},
    {SETTING_EVERY, 50, 10 * MINUTE, "a dead server keeps receiving requests for as long"},
    {SETTING_CHECK_TIMEOUT, 5, MINUTE, "a server that hangs keeps receiving requests for as long"},
};

void lint_setting(struct checker *k, enum setting_id id, int64_t value, struct span at)
{
    for (size_t i = 0; i < sizeof senses / sizeof *senses; i++) {
        const struct sense *s = &senses[i];
        if (s->id != id || lint_silent(k) || (value >= s->least && value < s->most))
            continue;
        bool is_long = value >= s->most;
        struct diag *x = diag_report(k->d, is_long ? DIAG_W0520 : DIAG_W0521, at,
                                     is_long ? "this time is longer than anyone can wait"
                                             : "this time is shorter than a network needs");
        diag_label(k->d, x, "%lld ms", (long long)value);
        if (is_long)
            diag_note(k->d, x, "%s", s->why_most);
        else
            diag_help(k->d, x, "are seconds meant? `%llds`", (long long)value);
    }
}
