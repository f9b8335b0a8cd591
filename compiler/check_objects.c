/* Checks, backends and defaults: their statements, and the settings that they share with frontends. */
#include "compiler/check_state.h"

/* ---- settings ---------------------------------------------------------------------------------- */

/* The value by which a server is chosen, once the backend is. */
static void hash_value(struct checker *k, const struct ast_expr *e)
{
    enum phase outer = k->phase;
    k->phase = PHASE_BACKEND;
    check_by(k, e, NULL);
    k->phase = outer;
}

/* first, random(n), hash(VALUE) [consistent] */
static bool later_balance(struct checker *k, const struct ast_stmt *s)
{
    const struct ast_expr *e = s->args[0], *name = e->kind == AST_CALL ? e->args[0] : e;
    bool first = check_word(name, "first"), random = check_word(name, "random"),
         hash = check_word(name, "hash");
    int64_t n;
    if (!first && !random && !hash)
        return false;
    check_later(k, name->span, "`balance %.*s`", SLICE_ARG(name->text));
    k->later++;
    if (first  ? e->kind == AST_CALL
        : hash ? e->kind != AST_CALL || e->nargs != 2
               : e->kind == AST_CALL && e->nargs > 2)
        diag_label(k->d,
                   check_misformed(k, STATEMENT_BALANCE, e->span, "`balance %.*s` is not written so",
                                   SLICE_ARG(name->text)),
                   hash     ? "expected hash(VALUE)"
                   : random ? "expected random or random(n)"
                            : "takes no argument");
    else if (random && e->kind == AST_CALL && e->nargs == 2)
        check_int(k, e->args[1], "the number of servers that are drawn", 1, 100, &n);
    else if (hash)
        hash_value(k, e->args[1]);
    if (s->nargs > 1 && !(hash && s->nargs == 2 && check_word(s->args[1], "consistent"))) {
        static const struct slice words[] = {SLICE("consistent")};
        struct diag *x =
            check_misformed(k, STATEMENT_BALANCE, s->args[1]->span, "`balance` does not take this argument");
        diag_label(k->d, x, "not expected");
        if (hash && s->args[1]->kind == AST_NAME)
            check_suggest(k, x, s->args[1]->span, s->args[1]->text, words, 1);
    }
    k->later--;
    return true;
}

static void balance(struct checker *k, const struct ast_stmt *s, enum context context, struct settings *to)
{
    const struct ast_expr *e = s->args[0];
    if (later_balance(k, s))
        return;
    if (s->nargs > 1)
        diag_label(
            k->d,
            check_misformed(k, STATEMENT_BALANCE, s->args[1]->span, "`balance` does not take this argument"),
            "not expected");
    if (check_word(e, "round-robin") || check_word(e, "least-conn"))
        check_set(k, to, SETTING_BALANCE,
                  check_word(e, "round-robin") ? IR_BALANCE_ROUND_ROBIN : IR_BALANCE_LEAST_CONN,
                  s->word_span);
    else if (e->kind == AST_NAME)
        check_unknown_option(k, "balance", context, e->text, e->span);
    else if (e->kind == AST_CALL && e->args[0]->kind == AST_NAME)
        check_unknown_option(k, "balance", context, e->args[0]->text, e->args[0]->span);
    else
        check_misformed(k, STATEMENT_BALANCE, e->span, "`balance` takes the name of a way to share requests");
}

/* The argument of setting or option number `i`; NULL where it is missing, reported. */
static const struct ast_expr *argument(struct checker *k, enum statement_id id, const struct ast_stmt *s,
                                       uint32_t i)
{
    if (i + 1 < s->nargs)
        return s->args[i + 1];
    struct span at = s->args[i]->span;
    struct diag *x = check_misformed(k, id, (struct span){at.file, at.off + at.len, 0},
                                     "`%.*s` needs a value", SLICE_ARG(s->args[i]->text));
    diag_label(k->d, x, "something is missing here");
    return NULL;
}

/* `check every 2s` where the name of the check comes first. */
static bool without_name(struct checker *k, const struct ast_stmt *s)
{
    static const struct slice words[] = {SLICE("every"), SLICE("timeout"), SLICE("rise"), SLICE("fall")};
    const struct ast_expr *e = s->args[0];
    bool option = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        option |= e->kind == AST_NAME && slice_eq(e->text, words[i]);
    if (!option || check_lookup(k, e))
        return false;
    struct diag *x = check_misformed(k, STATEMENT_USE_CHECK, (struct span){e->span.file, e->span.off, 0},
                                     "`check` does not say which check");
    diag_label(k->d, x, "the name of a check is missing here");
    return true;
}

static void use_check(struct checker *k, const struct ast_stmt *s, enum context context, struct settings *to)
{
    uint32_t i = 0;
    bool setting_first =
        context == IN_DEFAULTS && s->nargs % 2 == 0; /* `check every 2s` is for checks named elsewhere */
    if (!setting_first && without_name(k, s))
        return;
    if (!setting_first) {
        struct decl *d = check_check_ref(k, s->args[0]);
        if (to->check_at.len)
            check_twice(k, s->word_span, to->check_at, "`check` is given twice");
        to->check_at = s->word_span;
        to->check = d;
        i = 1;
    }
    for (; i < s->nargs; i += 2) {
        const struct ast_expr *word = s->args[i], *value;
        if (word->kind != AST_NAME) {
            diag_label(
                k->d,
                check_misformed(k, STATEMENT_USE_CHECK, word->span, "the name of an option is expected here"),
                word->kind == AST_DURATION ? "`every` or `timeout` belongs before it" : "not a name");
            return;
        }
        value = argument(k, STATEMENT_USE_CHECK, s, i);
        if (!value)
            return;
        if (!check_setting(k, "check", word->text, word->span, value, context, to)) {
            check_unknown_option(k, "check", context, word->text, word->span);
            return;
        }
    }
}

void check_settings(struct checker *k, enum statement_id id, const struct ast_stmt *s, enum context context,
                    struct settings *to)
{
    struct diag *told = NULL;
    uint32_t i = 0;
    if (id == STATEMENT_BALANCE) {
        balance(k, s, context, to);
    } else if (id == STATEMENT_USE_CHECK) {
        use_check(k, s, context, to);
    } else if (id == STATEMENT_MAX_BODY) {
        check_setting(k, "max-body", SLICE(""), s->word_span, s->args[0], context, to);
    } else if (id == STATEMENT_TIMEOUT) {
        const struct ast_expr *e = s->args[0];
        if (e->kind != AST_NAME)
            check_misformed(k, id, e->span, "`timeout` needs to be told which");
        else if (!check_setting(k, "timeout", e->text, e->span, s->args[1], context, to) &&
                 !check_later_option(k, "timeout", s, &i, &told))
            check_unknown_option(k, "timeout", context, e->text, e->span);
    }
}

void check_defaults(struct checker *k, const struct ast_stmt *s, struct module *m)
{
    enum context context = IN_DEFAULTS;
    if (s->nargs && (check_word(s->args[0], "backend") || check_word(s->args[0], "frontend"))) {
        context = check_word(s->args[0], "backend") ? IN_BACKEND : IN_FRONTEND;
    } else if (s->nargs) {
        diag_label(k->d,
                   check_misformed(k, STATEMENT_DEFAULTS, s->args[0]->span,
                                   "`defaults` are for backends or for frontends"),
                   "expected backend or frontend");
        return;
    }
    check_once(k, s->block, context);
    for (uint32_t i = 0; i < s->block->stmts.n; i++) {
        const struct ast_stmt *x = s->block->stmts.v[i];
        enum statement_id id = check_statement(k, x, context);
        if (id == STATEMENT_SERVER || id == STATEMENT_LISTEN || id == STATEMENT_ON || id == STATEMENT_ROUTE)
            diag_label(k->d,
                       diag_report(k->d, DIAG_E0206, x->word_span, "`%.*s` does not belong in `defaults`",
                                   SLICE_ARG(x->word)),
                       "defaults hold settings alone");
        else if (id != STATEMENT_NONE)
            check_settings(k, id, x,
                           context == IN_BACKEND && id == STATEMENT_USE_CHECK ? IN_DEFAULTS : context,
                           &m->defaults);
    }
}

/* ---- backends ---------------------------------------------------------------------------------- */

/* `: http` may be said; `: tcp` is to come, and is checked. */
static bool is_http(struct checker *k, const struct ast_stmt *s, const char *what)
{
    if (s->tail != AST_TAIL_TYPE || !s->type->name.p || slice_eq(s->type->name, SLICE("http")))
        return true;
    if (slice_eq(s->type->name, SLICE("tcp")))
        check_later(k, s->type->span, "%s of TCP connections", what);
    else
        diag_label(
            k->d,
            diag_report(k->d, DIAG_E0302, s->type->span, "`%.*s` is no protocol", SLICE_ARG(s->type->name)),
            "expected http or tcp");
    return false;
}

/* `before`: as many messages were there before this statement. */
static void server_options(struct checker *k, const struct ast_stmt *s, struct ir_server *server, uint32_t before)
{
    struct span weight = {0}, backup = {0};
    struct diag *told = NULL;
    for (uint32_t i = 2; i < s->nargs; i++) {
        const struct ast_expr *e = s->args[i];
        int64_t n;
        if (check_word(e, "backup")) {
            if (backup.len)
                check_twice(k, e->span, backup, "`backup` is given twice");
            backup = e->span;
            server->backup = true;
        } else if (check_word(e, "weight")) {
            const struct ast_expr *value = argument(k, STATEMENT_SERVER, s, i++);
            if (weight.len)
                check_twice(k, e->span, weight, "`weight` is given twice");
            weight = e->span;
            if (value && check_int(k, value, "`weight`", 0, 256, &n))
                server->weight = (uint32_t)n;
        } else if (check_later_option(k, "server", s, &i, &told)) {
            for (uint32_t j = 2; j < i; j++)
                if (s->args[j]->kind == AST_NAME && slice_eq(s->args[j]->text, e->text) && s->args[j] != e)
                    check_twice(k, e->span, s->args[j]->span, "`%.*s` is given twice", SLICE_ARG(e->text));
        } else if (e->kind == AST_NAME) {
            check_unknown_option(k, "server", IN_BACKEND, e->text, e->span);
            return;
        } else {
            if (k->d->list.n == before) /* else it belongs to what was reported */
                diag_label(
                    k->d, check_misformed(k, STATEMENT_SERVER, e->span, "the name of an option is expected here"),
                    "not a name");
            return;
        }
    }
}

static void add_server(struct checker *k, const struct ast_stmt *s, struct ir_backend *b,
                       struct strmap *names)
{
    const struct ast_expr *name = s->args[0];
    uint32_t before = k->d->list.n;
    struct ir_server server = {.weight = 1, .pos = check_pos(k, name->span)};
    if (name->kind != AST_NAME) {
        struct diag *x = check_misformed(k, STATEMENT_SERVER, name->span, "a server has a name first");
        diag_label(k->d, x, "not a name");
        if (name->kind == AST_STRING && check_is_name(name->text)) {
            diag_help(k->d, x, "names stand without quotes");
            diag_fix(x, FIX_SAFE, name->span, name->text);
        }
        return;
    }
    const struct ast_expr *at = check_endpoint(k, s->args[1], "the address of a server");
    server.name = name->text;
    server_options(k, s, &server, before);
    if (at && at->endpoint->is_unix) {
        check_later(k, s->args[1]->span, "servers at Unix sockets");
    } else if (at) {
        static const struct ip_addr any;
        server.addr = at->endpoint->addr;
        server.host = at->endpoint->host;
        server.port = at->endpoint->port;
        if (!server.port || (!server.host.p && memcmp(&server.addr, &any, sizeof any) == 0))
            diag_label(
                k->d,
                diag_report(k->d, DIAG_E0303, s->args[1]->span, "a server cannot be reached at this address"),
                server.port ? "no address" : "ports are from 1 to 65535");
    }
    bool added;
    uint32_t first = *strmap_put(names, k->a, server.name, b->servers.n, &added);
    vec_add(k->a, &b->servers, server);
    if (!added) {
        struct diag *x = diag_report(k->d, DIAG_E0203, name->span, "server `%.*s` is declared twice",
                                     SLICE_ARG(server.name));
        diag_label(k->d, x, "declared again");
        diag_note(k->d, x, "first declared in line %u", b->servers.v[first].pos.line);
    }
}

static void finish_backend(struct checker *k, struct ir_backend *b, const struct settings *own,
                           const struct settings *defaults)
{
    (void)k;
    b->balance = (enum ir_balance)check_get(own, defaults, SETTING_BALANCE);
    b->connect_ms = (uint32_t)check_get(own, defaults, SETTING_CONNECT);
    b->server_ms = (uint32_t)check_get(own, defaults, SETTING_SERVER);
    b->tunnel_ms = (uint32_t)check_get(own, defaults, SETTING_TUNNEL);
    b->idle_ms = (uint32_t)check_get(own, defaults, SETTING_POOL_IDLE);
    b->check_every_ms = (uint32_t)check_get(own, defaults, SETTING_EVERY);
    b->check_timeout_ms = (uint32_t)check_get(own, defaults, SETTING_CHECK_TIMEOUT);
    b->check_rise = (uint32_t)check_get(own, defaults, SETTING_RISE);
    b->check_fall = (uint32_t)check_get(own, defaults, SETTING_FALL);
    const struct decl *check = own->check_at.len ? own->check : defaults->check;
    b->check = check ? check->check : NULL;
}

void check_backend(struct checker *k, struct decl *d)
{
    const struct ast_stmt *s = d->stmt;
    struct settings own = {0};
    struct strmap names = {0};
    struct phases phases = {0};
    bool good = is_http(k, s, "backends");
    enum phase outer = k->phase;
    k->phase = PHASE_BACKEND; /* of `stick`, `persist` and the like */
    k->tcp = d->tcp;
    if (s->block)
        check_once(k, s->block, d->tcp ? IN_TCP_BACKEND : IN_BACKEND);
    for (uint32_t i = 0; s->block && i < s->block->stmts.n; i++) {
        const struct ast_stmt *x = s->block->stmts.v[i];
        enum statement_id id = check_statement(k, x, d->tcp ? IN_TCP_BACKEND : IN_BACKEND);
        good &= id != STATEMENT_NONE;
        if (id == STATEMENT_ON)
            check_on(k, NULL, d->name, x, &phases);
        else if (id == STATEMENT_SERVER)
            add_server(k, x, d->backend, &names);
        else if (id != STATEMENT_NONE)
            check_settings(k, id, x, IN_BACKEND, &own);
    }
    k->phase = outer;
    k->tcp = false;
    finish_backend(k, d->backend, &own, &d->module->defaults);
    if (s->block && d->backend->servers.n == 0 && good && !k->incomplete && !k->partial) {
        struct diag *x =
            diag_report(k->d, DIAG_E0501, d->at, "backend `%.*s` has no server", SLICE_ARG(d->name));
        diag_label(k->d, x, "requests sent to it would have nowhere to go");
        diag_help(k->d, x, "add one: `%s`", check_usage(STATEMENT_SERVER));
    }
}

/* ---- checks ------------------------------------------------------------------------------------ */

struct check_seen {
    struct span request, status, body;
    bool failed;
};

static void request_line(struct checker *k, const struct ast_stmt *s, struct ir_check *c,
                         enum statement_id id, struct check_seen *seen)
{
    const struct ast_expr *path = s->args[s->nargs - 1];
    if (seen->request.len)
        check_twice(k, s->word_span, seen->request, "a check sends one request");
    seen->request = s->word_span;
    c->method = id == STATEMENT_GET ? SLICE("GET") : id == STATEMENT_HEAD ? SLICE("HEAD") : SLICE("POST");
    if (id == STATEMENT_METHOD) {
        struct text_error err;
        c->method = SLICE("GET");
        if (s->args[0]->kind == AST_NAME && check_is_method_word(s->args[0]->text))
            c->method = s->args[0]->text;
        else if (check_string(k, s->args[0], "the method of a check", &c->method) &&
                 !check_text_type(k->a, TYPE_METHOD, c->method, &c->method, &err))
            check_bad_text(k, s->args[0], c->method, "method", &err);
    }
    if (!check_string(k, path, "the path of a check", &c->path))
        return;
    bool good = c->path.len && c->path.p[0] == '/';
    for (size_t i = 0; i < c->path.len; i++)
        good &= c->path.p[i] > ' ' && c->path.p[i] < 0x7f && c->path.p[i] != '#';
    if (!good) {
        struct text_error err = {.why = "it begins with `/` and holds visible ASCII without `#`"};
        check_bad_text(k, path, c->path, "path to ask for", &err);
    }
}

static void check_header(struct checker *k, const struct ast_stmt *s, struct ir_check *c)
{
    struct ir_header_value h = {.pos = check_pos(k, s->word_span)};
    struct slice text;
    if (!check_header_name(k, s->args[0], true, &h.name) ||
        !check_string(k, s->tail_expr, "the value of a check's header", &text) ||
        !check_header_text(k, s->tail_expr, text))
        return;
    h.value = check_new(k, IR_CONST_STR, IR_STR, 0, s->tail_expr->span);
    h.value->str = text;
    for (uint32_t i = 0; i < c->headers.n; i++)
        if (slice_eq_nocase(c->headers.v[i].name, h.name)) {
            struct diag *x = diag_report(k->d, DIAG_E0204, s->args[0]->span, "header `%.*s` is given twice",
                                         SLICE_ARG(h.name));
            diag_label(k->d, x, "first in line %u", c->headers.v[i].pos.line);
            return;
        }
    vec_add(k->a, &c->headers, h);
}

static void expect_status(struct checker *k, const struct ast_stmt *s, struct ir_check *c)
{
    const struct ast_expr *e = s->tail_expr, *lit = check_literal(k, e);
    int64_t lo, hi;
    if (!lit)
        return;
    if (s->tail_op == AST_EQ && lit->kind != AST_RANGE) {
        if (check_int(k, e, "the status of an answer", 100, 599, &lo))
            c->status_min = c->status_max = (uint32_t)lo;
        return;
    }
    if ((s->tail_op == AST_IN || s->tail_op == AST_EQ) && lit->kind == AST_RANGE) {
        lo = lit->range.lo;
        hi = lit->range.hi;
        if (lo < 100 || hi > 599 || lo > hi) {
            diag_label(k->d, diag_report(k->d, DIAG_E0303, e->span, "statuses are from 100 to 599"),
                       lo > hi ? "an empty range" : "outside");
            return;
        }
        c->status_min = (uint32_t)lo;
        c->status_max = (uint32_t)hi;
        return;
    }
    if (s->tail_op == AST_IN && lit->kind == AST_LIST)
        check_later(k, e->span, "a list of statuses in a check (one status or one range is)");
    else
        diag_label(
            k->d,
            check_misformed(k, STATEMENT_EXPECT, e->span, "a status is held against one number or one range"),
            "not this test");
}

static void expect_http(struct checker *k, const struct ast_stmt *s, struct ir_check *c,
                        struct check_seen *seen)
{
    const struct ast_expr *what = s->args[0];
    bool status = check_word(what, "status"), body = check_word(what, "body");
    struct span *first = status ? &seen->status : &seen->body;
    if (!status && !body) {
        static const struct slice words[] = {SLICE("status"), SLICE("body")};
        if (what->kind == AST_NAME && slice_eq(what->text, SLICE("header"))) {
            check_later(k, what->span, "expectations about headers");
            return;
        }
        struct diag *x =
            check_misformed(k, STATEMENT_EXPECT, what->span, "an HTTP check expects a `status` or a `body`");
        diag_label(k->d, x, "neither");
        if (what->kind == AST_NAME)
            check_suggest(k, x, what->span, what->text, words, 2);
        return;
    }
    if (first->len)
        check_twice(k, s->word_span, *first, "`expect %s` is given twice", status ? "status" : "body");
    *first = s->word_span;
    if (status) {
        expect_status(k, s, c);
    } else if (s->tail_op != AST_CONTAINS) {
        check_later(k, s->tail_expr->span, "this test of a body (`contains` is done)");
    } else if (check_bytes(k, s->tail_expr, "the text to find", &c->body_contains) && !c->body_contains.len) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0303, s->tail_expr->span, "every body contains the empty text"),
                   "empty");
    }
}

static void tcp_step(struct checker *k, const struct ast_stmt *s, struct ir_check *c, bool is_send)
{
    struct ir_check_step step = {.is_send = is_send};
    const struct ast_expr *e = is_send ? s->args[0] : s->tail_expr;
    if (!is_send && !check_word(s->args[0], "data")) {
        struct diag *x =
            check_misformed(k, STATEMENT_EXPECT_DATA, s->args[0]->span, "a TCP check expects `data`");
        diag_label(k->d, x, "not data");
        diag_fix(x, FIX_MAYBE, s->args[0]->span, SLICE("data"));
        return;
    }
    if (!is_send && s->tail_op != AST_CONTAINS && s->tail_op != AST_STARTS_WITH) {
        check_later(k, e->span, "this test of data (`contains` and `starts-with` are done)");
        return;
    }
    step.expect = s->tail_op == AST_STARTS_WITH ? IR_EXPECT_STARTS_WITH : IR_EXPECT_CONTAINS;
    if (!check_bytes(k, e, is_send ? "what is sent" : "the data to find", &step.data))
        return;
    if (!step.data.len)
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0303, e->span,
                               is_send ? "nothing would be sent" : "all data hold the empty text"),
                   "empty");
    vec_add(k->a, &c->steps, step);
}

static void http_statement(struct checker *k, const struct ast_stmt *s, struct ir_check *c,
                           struct check_seen *seen)
{
    enum statement_id id = check_statement(k, s, IN_HTTP_CHECK);
    if (id == STATEMENT_GET || id == STATEMENT_HEAD || id == STATEMENT_POST || id == STATEMENT_METHOD)
        request_line(k, s, c, id, seen);
    else if (id == STATEMENT_CHECK_HEADER)
        check_header(k, s, c);
    else if (id == STATEMENT_EXPECT)
        expect_http(k, s, c, seen);
    else if (id == STATEMENT_NONE)
        seen->failed = true; /* reported: nothing is missing */
}

static void finish_http(struct checker *k, struct decl *d, const struct check_seen *seen)
{
    if (!seen->request.len && !seen->failed && !k->incomplete && !k->partial) {
        struct diag *x = diag_report(k->d, DIAG_E0501, d->at, "check `%.*s` does not say what to ask for",
                                     SLICE_ARG(d->name));
        diag_label(k->d, x, "no request");
        diag_help(k->d, x, "add one: `%s`", check_usage(STATEMENT_GET));
    }
    if (seen->body.len && slice_eq(d->check->method, SLICE("HEAD")))
        diag_label(k->d, diag_report(k->d, DIAG_E0206, seen->body, "the answer to HEAD has no body"),
                   "can never hold");
}

/* Checks of kinds that are to come. */
static bool later_check(struct checker *k, const struct decl *d)
{
    static const struct {
        struct slice word;
        enum context context;
    } kinds[] = {{SLICE("tls"), IN_TLS_CHECK},
                 {SLICE("agent"), IN_AGENT_CHECK},
                 {SLICE("exec"), IN_EXEC_CHECK},
                 {SLICE("grpc"), IN_GRPC_CHECK}};
    const struct ast_stmt *s = d->stmt;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!slice_eq(s->type->name, kinds[i].word))
            continue;
        check_later(k, s->type->span, "checks of kind %.*s", SLICE_ARG(kinds[i].word));
        k->later++;
        if (s->block)
            check_form_block(k, s->block, kinds[i].context, SLICE("check"), d->at);
        k->later--;
        return true;
    }
    return false;
}

void check_check(struct checker *k, struct decl *d)
{
    const struct ast_stmt *s = d->stmt;
    struct ir_check *c = d->check;
    struct check_seen seen = {0};
    c->status_min = 200;
    c->status_max = 399;
    if (s->tail != AST_TAIL_TYPE) {
        struct span end = {d->at.file, d->at.off + d->at.len, 0};
        if (s->tail == AST_TAIL_NONE)
            diag_label(k->d,
                       check_misformed(k, STATEMENT_CHECK, end, "the check does not say what it speaks"),
                       "`: http` or `: tcp` is missing here");
        return;
    }
    bool http = slice_eq(s->type->name, SLICE("http")), tcp = slice_eq(s->type->name, SLICE("tcp"));
    if (!http && !tcp) {
        if (!later_check(k, d) && s->type->name.p) {
            static const struct slice kinds[] = {SLICE("http"),  SLICE("tcp"),  SLICE("tls"),
                                                 SLICE("agent"), SLICE("exec"), SLICE("grpc")};
            struct diag *x = diag_report(k->d, DIAG_E0302, s->type->span, "`%.*s` is no kind of check",
                                         SLICE_ARG(s->type->name));
            diag_label(k->d, x, "expected http or tcp");
            check_suggest(k, x, s->type->span, s->type->name, kinds, sizeof kinds / sizeof *kinds);
        }
        return;
    }
    c->kind = http ? IR_CHECK_HTTP : IR_CHECK_TCP;
    for (uint32_t i = 0; s->block && i < s->block->stmts.n; i++) {
        const struct ast_stmt *x = s->block->stmts.v[i];
        if (http) {
            http_statement(k, x, c, &seen);
            continue;
        }
        enum statement_id id = check_statement(k, x, IN_TCP_CHECK);
        if (id == STATEMENT_SEND || id == STATEMENT_EXPECT_DATA)
            tcp_step(k, x, c, id == STATEMENT_SEND);
    }
    if (http)
        finish_http(k, d, &seen);
}
