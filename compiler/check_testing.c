/* `test` blocks: what is given, requests, and which expectation belongs to which request; expectations
 * themselves are in check_expect.c. Yields ir_program.tests. */
#include "compiler/check_state.h"

#include "compiler/url.h"

enum { CLIENT_PORT = 50000 }; /* where the test names none */

/* ---- given ------------------------------------------------------------------------------------- */

static void add_given(struct checker *k, struct test *t, const struct decl *d, const struct ast_expr *key,
                      struct test_given *g)
{
    g->set = d->rows.set;
    if (!d->rows.broken && check_key(k, g->set->key_kind, key, &g->row.key))
        vec_add(k->a, &t->givens, *g);
}

/* given MAP[KEY] = VALUE */
static void given_row(struct checker *k, struct test *t, const struct ast_stmt *s)
{
    const struct ast_expr *e = s->args[0];
    struct test_given g = {.row.pos = check_pos(k, s->word_span)};
    struct decl *d = check_test_ref(k, e->args[0], 1u << DECL_MAP, "map");
    if (!d)
        return;
    if (d->rows.broken)
        return;
    if (d->rows.value_type == TYPE_BACKEND) {
        struct decl *value = check_test_ref(k, s->tail_expr, 1u << DECL_BACKEND, "backend");
        if (!value)
            return;
        g.row.backend = value->backend;
    } else if (!d->rows.broken && !check_row_value(k, d->rows.value_type, s->tail_expr, &g.row)) {
        return;
    }
    add_given(k, t, d, e->args[1], &g);
}

/* given KEY in LIST, given KEY not in LIST-OR-MAP */
static void given_member(struct checker *k, struct test *t, const struct ast_stmt *s)
{
    struct test_given g = {.gone = s->tail_op == AST_NOT_IN, .row.pos = check_pos(k, s->word_span)};
    struct decl *d = check_test_ref(k, s->tail_expr, 1u << DECL_LIST | 1u << DECL_MAP, "list");
    if (!d)
        return;
    if (d->kind == DECL_MAP && !g.gone) {
        struct diag *x =
            check_misformed(k, STATEMENT_GIVEN, s->tail_expr->span, "a row of a map has a value");
        diag_label(k->d, x, "a map");
        return;
    }
    add_given(k, t, d, s->args[0], &g);
}

/* given random = PERCENT */
static void given_random(struct checker *k, struct test *t, const struct ast_stmt *s, struct span *seen)
{
    int64_t n;
    if (seen->len)
        check_twice(k, s->args[0]->span, *seen, "`random` is given twice");
    *seen = s->args[0]->span;
    if (!check_percent(k, s->tail_expr, "what is drawn", &n))
        return;
    if (n < IR_RANDOM_END)
        t->random = n;
    else
        diag_label(k->d, diag_report(k->d, DIAG_E0303, s->tail_expr->span, "`random` is always below 100%%"),
                   "must be below 100%%");
}

/* Whether `given` will take that word some day. */
static bool is_to_come(struct slice word)
{
    static const struct slice later[][2] = {
#define LATER_OPTION(statement, word, arguments, doc) {SLICE(statement), SLICE(word)},
#include "grammar/options.def"
    };
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (slice_eq(later[i][0], SLICE("given")) && slice_eq(later[i][1], word))
            return true;
    return false;
}

static void given(struct checker *k, struct test *t, const struct ast_stmt *s, struct span *random)
{
    const struct ast_expr *e = s->nargs ? s->args[0] : NULL;
    bool member = s->tail == AST_TAIL_RELOP && (s->tail_op == AST_IN || s->tail_op == AST_NOT_IN);
    const struct ast_expr *word = e && e->kind == AST_CALL ? e->args[0] : e;
    if (word && word->kind == AST_NAME && !member && is_to_come(word->text)) {
        check_unknown_option(k, "given", IN_TEST, word->text, word->span);
        return;
    }
    if (check_statement(k, s, IN_TEST) == STATEMENT_NONE)
        return;
    if (s->nargs == 1 && s->tail == AST_TAIL_ASSIGN && e->kind == AST_INDEX)
        given_row(k, t, s);
    else if (s->nargs == 1 && s->tail == AST_TAIL_ASSIGN && check_word(e, "random"))
        given_random(k, t, s, random);
    else if (s->nargs == 1 && member)
        given_member(k, t, s);
    else
        diag_label(k->d,
                   check_misformed(k, STATEMENT_GIVEN, e->span, "this is nothing that a test can be given"),
                   "neither a row nor `random`");
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* A request while its parts are gathered. */
struct request {
    struct checker *k;
    struct case_build *b;
    struct slice method, url;
    struct span at; /* of its line */
    const struct ast_expr *url_at;
    bool tls, from, listener;
    struct slice host; /* p NULL: of the URL */
    VEC(struct eval_header) headers;
};

static bool add_header(struct request *q, const struct ast_expr *at, struct slice name, struct slice value)
{
    if (!check_header_text(q->k, at, value))
        return false;
    if (slice_eq_nocase(name, SLICE("host")))
        q->host = value.p ? value : SLICE("");
    *vec_push(q->k->a, &q->headers) = (struct eval_header){name, value};
    return true;
}

static struct slice trimmed(struct slice s)
{
    while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* header "NAME: VALUE" */
static bool header_line(struct request *q, const struct ast_expr *e)
{
    struct slice line;
    if (!check_string(q->k, e, "a header of a request", &line))
        return false;
    const char *colon = line.len ? memchr(line.p, ':', line.len) : NULL;
    struct slice name = {line.p, colon ? (size_t)(colon - line.p) : 0};
    if (check_is_token(name))
        return add_header(q, e, name, trimmed(slice_from(line, name.len + 1)));
    struct diag *x = diag_report(q->k->d, DIAG_E0310, e->span, "a header is written \"NAME: VALUE\"");
    diag_label(q->k->d, x, colon ? "no name of a header before the colon" : "no colon");
    return false;
}

/* ADDRESS or ADDRESS:PORT; *port stays where none is given. */
static bool end_of(struct request *q, const struct ast_expr *e, const char *what, struct ip_addr *ip, uint16_t *port)
{
    const struct ast_expr *lit = check_literal(q->k, e);
    if (!lit)
        return false;
    if (lit->kind == AST_CIDR && !lit->has_prefix) {
        *ip = lit->cidr->addr;
        return true;
    }
    if (lit->kind == AST_ENDPOINT && !lit->endpoint->is_unix && !lit->endpoint->host.p && lit->endpoint->port) {
        *ip = lit->endpoint->addr;
        *port = lit->endpoint->port;
        return true;
    }
    if (lit->kind != AST_CIDR && lit->kind != AST_ENDPOINT)
        check_wrong_literal(q->k, e, lit, TYPE_IP, what);
    else
        diag_label(q->k->d, diag_report(q->k->d, DIAG_E0302, e->span, "%s is a single address", what),
                   "expected an address such as 10.0.0.7 or 10.0.0.7:4000");
    return false;
}

static bool from(struct request *q, const struct ast_expr *e)
{
    struct eval_request *r = &q->b->c->request;
    q->from = true;
    return end_of(q, e, "the client's address", &r->client_ip, &r->client_port);
}

/* Without a port, that of the URL. */
static bool listener(struct request *q, const struct ast_expr *e)
{
    struct eval_request *r = &q->b->c->request;
    q->listener = true;
    return end_of(q, e, "where a request arrives", &r->listener_ip, &r->listener_port);
}

static bool version(struct request *q, const struct ast_expr *e)
{
    struct slice text;
    if (!check_string(q->k, e, "the version of HTTP", &text))
        return false;
    q->b->c->request.http10 = slice_eq(text, SLICE("HTTP/1.0"));
    if (q->b->c->request.http10 || slice_eq(text, SLICE("HTTP/1.1")))
        return true;
    struct diag *x = diag_report(q->k->d, DIAG_E0302, e->span, "requests have the version HTTP/1.0 or HTTP/1.1");
    diag_label(q->k->d, x, "neither");
    return false;
}

/* METHOD "URL" and the options behind it. */
static bool request_line(struct request *q, const struct ast_stmt *s, struct slice method, uint32_t first)
{
    bool good = check_string(q->k, s->args[first], "the URL of a request", &q->url);
    if (q->method.p) {
        check_twice(q->k, s->word_span, q->at, "this request has one line");
        return false;
    }
    q->method = method;
    q->at = s->word_span;
    q->url_at = s->args[first];
    for (uint32_t i = first + 1; i < s->nargs; i++) {
        const struct ast_expr *e = s->args[i], *value = i + 1 < s->nargs ? s->args[i + 1] : NULL;
        bool is_from = check_word(e, "from"), is_header = check_word(e, "header"),
             is_listener = check_word(e, "listener");
        if (!is_from && !is_header && !is_listener) {
            if (e->kind == AST_NAME)
                check_unknown_option(q->k, "request", IN_TEST, e->text, e->span);
            else
                diag_label(q->k->d,
                           check_misformed(q->k, STATEMENT_TEST_GET, e->span,
                                           "a request does not take this argument"),
                           "not expected");
            return false;
        }
        if (!value) {
            struct span end = {e->span.file, e->span.off + e->span.len, 0};
            diag_label(
                q->k->d,
                check_misformed(q->k, STATEMENT_TEST_GET, end, "`%.*s` needs a value", SLICE_ARG(e->text)),
                "something is missing here");
            return false;
        }
        good &= is_from ? from(q, value) : is_listener ? listener(q, value) : header_line(q, value);
        i++;
    }
    return good;
}

static bool no_url(struct request *q, const char *why)
{
    struct diag *x =
        diag_report(q->k->d, DIAG_E0310, q->url_at->span, "`%.*s` is no URL of a request", SLICE_ARG(q->url));
    diag_label(q->k->d, x, "%s", why);
    diag_help(q->k->d, x, "it is written as for a browser: \"https://shop.example/path?query\"");
    return false;
}

/* From the URL to the target and its Host. */
static bool target(struct request *q, struct eval_request *r)
{
    struct url u;
    for (size_t i = 0; i < q->url.len; i++)
        if ((unsigned char)q->url.p[i] <= ' ' || q->url.p[i] == 0x7f)
            return no_url(q, "white space and control bytes are escaped in URLs: %20");
    r->method = q->method;
    r->tls = q->tls;
    q->b->c->port = q->tls ? 443 : 80;
    if (url_split(q->url, &u)) {
        q->b->c->port = u.port;
        r->tls |= u.tls;
        r->target = url_target(q->k->a, q->method, u.rest);
        if (!q->host.p)
            *vec_push(q->k->a, &q->headers) = (struct eval_header){SLICE("Host"), u.authority};
        q->b->c->title = arena_printf(q->k->a, "%.*s %.*s", SLICE_ARG(q->method), SLICE_ARG(q->url));
        return true;
    }
    if (q->url.len == 0 || (q->url.p[0] != '/' && !slice_eq(q->url, SLICE("*"))))
        return no_url(q, "expected http://… or https://…");
    if (!q->host.p) {
        struct diag *x = diag_report(q->k->d, DIAG_E0501, q->url_at->span, "this request has no host");
        diag_label(q->k->d, x, "a path alone");
        diag_help(q->k->d, x, "write the whole URL: \"http://shop.example%.*s\"", SLICE_ARG(q->url));
        return false;
    }
    r->target = q->url;
    q->b->c->title = arena_printf(q->k->a, "%.*s %s%.*s%.*s", SLICE_ARG(q->method),
                                  q->tls ? "https://" : "http://", SLICE_ARG(q->host), SLICE_ARG(q->url));
    return true;
}

static void finish_request(struct request *q)
{
    struct eval_request *r = &q->b->c->request;
    if (!q->from)
        ip_parse(SLICE("192.0.2.1"), &r->client_ip); /* of nobody (RFC 5737), as for explain */
    if (!r->client_port)
        r->client_port = CLIENT_PORT;
    if (!target(q, r))
        q->b->broken = true;
    if (q->listener && !r->listener_port)
        r->listener_port = q->b->c->port;
    r->headers = q->headers.v;
    r->nheaders = q->headers.n;
}

static bool request_part(struct request *q, const struct ast_stmt *s)
{
    struct checker *k = q->k;
    enum statement_id id = check_statement(k, s, IN_REQUEST);
    struct slice text;
    if (id == STATEMENT_NONE)
        return false;
    if (id == STATEMENT_REQUEST_TLS)
        return q->tls = true;
    if (id == STATEMENT_REQUEST_FROM)
        return from(q, s->args[0]);
    if (id == STATEMENT_REQUEST_LISTENER)
        return listener(q, s->args[0]);
    if (id == STATEMENT_REQUEST_VERSION)
        return version(q, s->args[0]);
    if (id == STATEMENT_REQUEST_HOST)
        return check_string(k, s->args[0], "the host of a request", &text) &&
               add_header(q, s->args[0], SLICE("Host"), text);
    if (id == STATEMENT_REQUEST_HEADER) {
        struct slice name;
        bool good = check_header_name(k, s->args[0], false, &name);
        return check_string(k, s->tail_expr, "the value of a header", &text) && good &&
               add_header(q, s->tail_expr, name, trimmed(text));
    }
    if (s->tail != AST_TAIL_NONE || s->block) {
        struct span at = s->block ? s->block->span : s->tail_args[0]->span;
        diag_label(k->d, diag_report(k->d, DIAG_E0206, at, "what is expected stands after the request"),
                   "not here");
        diag_help(k->d, k->d->list.v[k->d->list.n - 1], "write `expect { … }` after the `}` of `request`");
        return false;
    }
    if (id != STATEMENT_REQUEST_METHOD)
        return request_line(q, s, s->word, 0);
    const struct ast_expr *e = s->args[0];
    if (e->kind == AST_NAME || (e->kind == AST_STRING && check_is_token(e->text)))
        return request_line(q, s, e->text, 1);
    diag_label(k->d, check_misformed(k, id, e->span, "the name of a method is expected here"),
               "not a method");
    return false;
}

/* ---- cases ------------------------------------------------------------------------------------- */

struct test_build {
    struct checker *k;
    struct test *t;
    const struct ir_frontend *f;
    bool sound, claims;
    VEC(struct case_build *) cases;
    VEC(struct span) at;
    struct span random; /* where it is given; len 0: it is not */
};

static struct case_build *begin_case(struct test_build *b, const struct ast_stmt *s)
{
    struct case_build *c = arena_new(b->k->a, struct case_build);
    *c = (struct case_build){
        .k = b->k, .f = b->f, .sound = b->sound, .c = arena_new(b->k->a, struct test_case)};
    c->c->pos = check_pos(b->k, s->word_span);
    vec_add(b->k->a, &b->cases, c);
    vec_add(b->k->a, &b->at, s->word_span);
    return c;
}

static void claims(struct case_build *c, const struct ast_block *block)
{
    for (uint32_t i = 0; block && i < block->stmts.n; i++)
        check_expectation(c, block->stmts.v[i]);
}

/* GET "URL" … -> OUTCOME { claims } */
static void one_line(struct test_build *b, const struct ast_stmt *s)
{
    struct case_build *c = begin_case(b, s);
    struct request q = {.k = b->k, .b = c};
    if (!request_line(&q, s, s->word, 0))
        c->broken = true;
    else
        finish_request(&q);
    if (s->tail == AST_TAIL_ARROW)
        check_expectation_words(c, s, s->tail_args, s->ntail_args);
    claims(c, s->block);
}

static void written_out(struct test_build *b, const struct ast_stmt *s)
{
    struct case_build *c = begin_case(b, s);
    struct request q = {.k = b->k, .b = c};
    for (uint32_t i = 0; i < s->block->stmts.n; i++)
        c->broken |= !request_part(&q, s->block->stmts.v[i]);
    if (!q.method.p && !c->broken) {
        struct diag *x =
            diag_report(b->k->d, DIAG_E0501, s->word_span, "this request has no method and no URL");
        diag_label(b->k->d, x, "a line such as `GET \"https://shop.example/\"` is missing in it");
        c->broken = true;
    }
    if (!c->broken)
        finish_request(&q);
}

static void expect(struct test_build *b, const struct ast_stmt *s)
{
    struct checker *k = b->k;
    if (b->cases.n == 0) {
        diag_label(k->d,
                   diag_report(k->d, DIAG_E0206, s->word_span, "`expect` is about the request before it"),
                   "there is none");
        return;
    }
    struct case_build *c = b->cases.v[b->cases.n - 1];
    if (s->nargs == 0 && !s->block) {
        diag_label(k->d, check_misformed(k, STATEMENT_EXPECT_OUTCOME, s->word_span, "what is expected?"),
                   "something is missing here");
        c->broken = true;
    }
    if (s->nargs)
        check_expectation_words(c, s, s->args, s->nargs);
    claims(c, s->block);
}

/* The statement in one line. */
static struct slice one_line_of(struct checker *k, const struct ast_stmt *s)
{
    enum { SHOWN = 200 };
    struct slice text = {k->c->sources.files.v[s->span.file]->text.p + s->span.off, s->span.len};
    struct buf b = {0};
    text = slice_trim(text);
    for (size_t i = 0; i < text.len && b.len < SHOWN; i++) {
        bool blank = strchr(" \t\r\n", text.p[i]) != NULL;
        if (!blank)
            buf_char(&b, text.p[i]);
        else if (b.p[b.len - 1] != ' ')
            buf_char(&b, ' ');
    }
    while (b.len == SHOWN && (b.p[b.len - 1] & 0xc0) == 0x80) /* no part of a letter */
        b.len--;
    if (b.len < text.len && b.len + 3 >= SHOWN)
        buf_str(&b, "…");
    struct slice line = arena_copy(k->a, buf_view(&b));
    buf_free(&b);
    return line;
}

/* never OUTCOME [if CONDITION], always OUTCOME [if CONDITION] */
static void to_prove(struct test_build *b, const struct ast_stmt *s)
{
    struct checker *k = b->k;
    struct test_case said = {0};
    struct case_build c = {.k = k, .f = b->f, .c = &said};
    struct test_proof p = {.always = slice_eq(s->word, SLICE("always")), .pos = check_pos(k, s->word_span)};
    enum phase outer = k->phase;
    check_expectation_words(&c, s, s->args, s->nargs);
    k->phase = PHASE_ROUTE;
    if (s->cond)
        p.condition = check_condition(k, s->cond);
    k->phase = outer;
    b->claims = true;
    if (c.broken || (s->cond && !p.condition))
        return;
    if (!said.outcome.given) {
        struct diag *x = diag_report(k->d, DIAG_E0211, s->args[0]->span, "a claim is about an outcome");
        diag_label(k->d, x, "expected `use BACKEND`, `redirect STATUS` or `reply STATUS`");
        return;
    }
    p.outcome = said.outcome;
    p.text = one_line_of(k, s);
    vec_add(k->a, &b->t->proofs, p);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void line(struct test_build *b, const struct ast_stmt *s)
{
    if (s->kind == AST_STMT_WORD && slice_eq(s->word, SLICE("given"))) {
        given(b->k, b->t, s, &b->random);
        return;
    }
    enum statement_id id = check_statement(b->k, s, IN_TEST);
    if (id == STATEMENT_NONE) {
        bool request = s->kind == AST_STMT_WORD &&
                       (check_is_method_word(s->word) || slice_eq(s->word, SLICE("request")));
        if (request) /* so that an `expect` finds it */
            begin_case(b, s)->broken = true;
    } else if (id == STATEMENT_REQUEST) {
        written_out(b, s);
    } else if (id == STATEMENT_EXPECT_OUTCOME) {
        expect(b, s);
    } else if (id == STATEMENT_NEVER || id == STATEMENT_ALWAYS) {
        to_prove(b, s);
    } else {
        one_line(b, s);
    }
}

static void take_cases(struct test_build *b)
{
    struct checker *k = b->k;
    for (uint32_t i = 0; i < b->cases.n; i++) {
        struct case_build *c = b->cases.v[i];
        if (c->broken)
            continue;
        c->c->request.random = b->t->random;
        if (c->c->outcome.given || c->c->claims.n) {
            vec_add(k->a, &b->t->cases, *c->c);
            continue;
        }
        struct diag *x = diag_report(k->d, DIAG_E0501, b->at.v[i], "nothing is expected of this request");
        diag_label(k->d, x, "a test of nothing");
        diag_help(k->d, x,
                  "say what must happen: `-> use BACKEND`, `-> redirect STATUS` or `-> reply STATUS`");
    }
}

static bool head(struct checker *k, const struct module *m, struct strmap *names, const struct ast_stmt *s,
                 struct test *t)
{
    const struct ast_expr *e = s->args[0];
    struct slice name;
    bool added, good = check_string(k, e, "the name of a test", &name);
    if (good) {
        struct slice file = {m->prefix.p, m->prefix.len ? m->prefix.len - 1 : 0}; /* without its dot */
        t->name = file.len ? arena_printf(k->a, "%.*s: %.*s", SLICE_ARG(file), SLICE_ARG(name)) : name;
        strmap_put(names, k->a, name, 0, &added);
        if (!added)
            diag_label(k->d,
                       diag_report(k->d, DIAG_E0203, e->span, "two tests are named `%.*s`", SLICE_ARG(name)),
                       "the second");
    }
    if (!check_word(s->args[1], "on")) {
        if (s->args[1]->kind == AST_NAME)
            check_unknown_option(k, "test", IN_FILE, s->args[1]->text, s->args[1]->span);
        else
            diag_label(k->d, check_misformed(k, STATEMENT_TEST, s->args[1]->span, "`on` is expected here"),
                       "not expected");
        return false;
    }
    struct decl *d = check_test_ref(k, s->args[2], 1u << DECL_FRONTEND, "frontend");
    t->frontend = d ? d->frontend : NULL;
    return d && good;
}

void check_tests_of(struct checker *k, struct module *m)
{
    struct strmap names = {0};
    bool sound = k->d->errors == 0;
    uint32_t sets = k->p->sets.n;
    k->m = m;
    for (uint32_t i = 0; i < m->ast->top->stmts.n; i++) {
        const struct ast_stmt *s = m->ast->top->stmts.v[i];
        bool is_test = s->kind == AST_STMT_WORD && slice_eq(s->word, SLICE("test"));
        /* check_top() has reported its form */
        if (!is_test || s->nargs != 3 || s->tail != AST_TAIL_NONE || s->cond || !s->block)
            continue;
        struct test *t = arena_new(k->a, struct test);
        *t = (struct test){.pos = check_pos(k, s->word_span), .random = EVAL_RANDOM};
        if (!head(k, m, &names, s, t))
            continue;
        struct test_build b = {.k = k, .t = t, .f = t->frontend, .sound = sound};
        for (uint32_t j = 0; j < s->block->stmts.n; j++)
            line(&b, s->block->stmts.v[j]);
        take_cases(&b);
        if (b.cases.n == 0 && !b.claims && k->d->errors == 0)
            diag_label(k->d, diag_report(k->d, DIAG_E0501, s->args[0]->span, "this test has no request"),
                       "a test of nothing");
        vec_add(k->a, &k->p->tests, t);
    }
    k->p->sets.n = sets; /* what claims alone ask for is no part of the program */
}
