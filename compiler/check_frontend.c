/* Frontends: addresses, settings, and their phases in the order in which they run. */
#include "compiler/check_state.h"

static bool claim(struct checker *k, struct ir_frontend *f, const struct ir_listen *l, struct span at)
{
    char *key = arena_alloc(k->a, 18);
    bool added;
    memcpy(key, l->addr.b, 16);
    memcpy(key + 16, &l->port, 2);
    uint32_t first = *strmap_put(&k->addresses, k->a, (struct slice){key, 18}, k->claims.n, &added);
    if (added) {
        *vec_push(k->a, &k->claims) = (struct claim){at, f->name};
        return true;
    }
    const struct claim *c = &k->claims.v[first];
    bool own = slice_eq(c->frontend, f->name);
    struct diag *x = diag_report(k->d, DIAG_E0503, at,
                                 own ? "`%.*s` listens twice at the same address"
                                     : "frontend `%.*s` listens where another does",
                                 SLICE_ARG(f->name));
    diag_label(k->d, x, "taken");
    diag_secondary(k->d, x, c->at, "frontend `%.*s` listens here", SLICE_ARG(c->frontend));
    return false;
}

static void listen_options(struct checker *k, const struct ast_stmt *s)
{
    struct diag *told = NULL;
    struct span proxy = {0}, from = {0};
    for (uint32_t i = 1; i < s->nargs; i++) {
        const struct ast_expr *e = s->args[i];
        if (check_word(e, "accept-proxy"))
            proxy = e->span;
        if (check_word(e, "from"))
            from = e->span;
        if (check_later_option(k, "listen", s, &i, &told))
            continue;
        if (e->kind == AST_NAME)
            check_unknown_option(k, "listen", IN_FRONTEND, e->text, e->span);
        else if (e->kind != AST_ERROR)
            diag_label(k->d,
                       check_misformed(k, STATEMENT_LISTEN, e->span, "`listen` does not take this argument"),
                       "not expected");
        return;
    }
    if (from.len && !proxy.len)
        diag_label(k->d, diag_report(k->d, DIAG_E0211, from, "`from` belongs to `accept-proxy`"),
                   "there is none");
}

static void add_listen(struct checker *k, struct ir_frontend *f, const struct ast_stmt *s)
{
    const struct ast_expr *e = s->args[0], *at = check_endpoint(k, e, "the address to listen at");
    struct ir_listen l = {.pos = check_pos(k, e->span)};
    listen_options(k, s);
    if (!at)
        return;
    if (at->endpoint->is_unix) {
        check_later(k, e->span, "listening at a Unix socket");
        return;
    }
    if (at->endpoint->host.p) {
        struct diag *x = diag_report(k->d, DIAG_E0302, e->span, "the address to listen at is a number");
        diag_label(k->d, x, "a name, expected an address");
        if (slice_eq(at->endpoint->host, SLICE("localhost"))) {
            diag_fix(x, FIX_MAYBE, e->span, arena_printf(k->a, "127.0.0.1:%u", at->endpoint->port));
            diag_help(k->d, x, "write `%.*s`", SLICE_ARG(x->fix_text));
        }
        return;
    }
    if (at->endpoint->port == 0) {
        diag_label(k->d, diag_report(k->d, DIAG_E0303, e->span, "ports are from 1 to 65535"), "outside");
        return;
    }
    l.addr = at->endpoint->addr;
    l.port = at->endpoint->port;
    if (k->partial || claim(k, f, &l, e->span))
        vec_add(k->a, &f->listens, l);
}

static bool statement(struct checker *k, struct ir_frontend *f, const struct ast_stmt *s, struct phases *seen,
                      struct settings *own)
{
    enum statement_id id = check_statement(k, s, k->tcp ? IN_TCP_FRONTEND : IN_FRONTEND);
    if (id == STATEMENT_LISTEN) {
        add_listen(k, f, s);
    } else if (id == STATEMENT_ON) {
        check_on(k, f, f->name, s, seen);
    } else if (id == STATEMENT_ROUTE) {
        if (check_enter_phase(k, PHASE_ROUTE, s, seen))
            check_rules(k, f, s->block, IN_ROUTE);
    } else if (id != STATEMENT_NONE) {
        check_settings(k, id, s, IN_FRONTEND, own);
    }
    return id != STATEMENT_NONE;
}

static void missing(struct checker *k, const struct decl *d, const char *what, const char *why,
                    const char *help)
{
    struct diag *x =
        diag_report(k->d, DIAG_E0501, d->at, "frontend `%.*s` has no %s", SLICE_ARG(d->name), what);
    diag_label(k->d, x, "%s", why);
    diag_help(k->d, x, "add one: `%s`", help);
}

/* Whether `block` has `inspect tls-hello` or `listen … tls …`. */
static bool reads_hello(const struct ast_block *block)
{
    for (uint32_t i = 0; i < block->stmts.n; i++) {
        const struct ast_stmt *s = block->stmts.v[i];
        bool inspect = slice_eq(s->word, SLICE("inspect")), listen = slice_eq(s->word, SLICE("listen"));
        inspect |= check_statement_named(s->word, IN_TCP_FRONTEND) == STATEMENT_NONE; /* perhaps meant to be one */
        if (s->kind == AST_STMT_WORD && inspect) /* whatever for: that is looked at elsewhere */
            return true;
        for (uint32_t j = 0; s->kind == AST_STMT_WORD && listen && j < s->nargs; j++)
            if (check_word(s->args[j], "tls"))
                return true;
    }
    return false;
}

void check_frontend(struct checker *k, struct decl *d)
{
    const struct ast_stmt *s = d->stmt;
    struct ir_frontend *f = d->frontend;
    struct settings own = {0};
    const struct settings *defaults = &d->module->defaults;
    struct phases seen = {0};
    bool good = true, listens = false;
    if (s->tail == AST_TAIL_TYPE && s->type->name.p && !slice_eq(s->type->name, SLICE("http"))) {
        if (slice_eq(s->type->name, SLICE("tcp")))
            check_later(k, s->type->span, "frontends of TCP connections");
        else
            diag_label(k->d,
                       diag_report(k->d, DIAG_E0302, s->type->span, "`%.*s` is no protocol",
                                   SLICE_ARG(s->type->name)),
                       "expected http or tcp");
        if (!d->tcp)
            return;
    }
    if (!s->block)
        return;
    k->tcp = d->tcp;
    k->rules_lost = false;
    check_once(k, s->block, d->tcp ? IN_TCP_FRONTEND : IN_FRONTEND);
    k->hello = reads_hello(s->block);
    for (uint32_t i = 0; i < s->block->stmts.n; i++) {
        const struct ast_stmt *x = s->block->stmts.v[i];
        listens |= x->kind == AST_STMT_WORD && slice_eq(x->word, SLICE("listen"));
        good &= statement(k, f, x, &seen, &own);
    }
    k->tcp = false;
    f->client_ms = (uint32_t)check_get(&own, defaults, SETTING_CLIENT);
    f->request_ms = (uint32_t)check_get(&own, defaults, SETTING_REQUEST);
    f->idle_ms = (uint32_t)check_get(&own, defaults, SETTING_KEEP_ALIVE);
    f->max_body = (uint64_t)check_get(&own, defaults, SETTING_MAX_BODY);
    if (!good || k->incomplete || k->partial)
        return;
    if (!listens)
        missing(k, d, "address to listen at", "nobody could reach it", check_usage(STATEMENT_LISTEN));
    if (!seen.seen[PHASE_ROUTE])
        missing(k, d, "route", d->tcp ? "connections would go nowhere" : "requests would get no answer",
                "route { use BACKEND }");
}
