/* The checker: what programs become (types, defaults, literals that adopt types, sets, conditions, modules),
 * absence, data files, and that tables and reference agree. Messages word by word: tests/diag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "compiler/check_state.h"

static struct compilation c;

static void add_file(const char *path, const char *text)
{
    source_from_text(&c.sources, slice_of(path), arena_copy(&c.arena, slice_of(text)));
}

static void begin(const char *text)
{
    compilation_begin(&c);
    add_file("t.weir", text);
}

static struct ir_program *run(void)
{
    return check_file(&c, "t.weir");
}

static void show(void)
{
    struct buf out = {0};
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    print_message("%.*s\n", SLICE_ARG(buf_view(&out)));
    buf_free(&out);
}

static struct ir_program *accepted(void)
{
    struct ir_program *p = run();
    if (!p)
        show();
    assert_non_null(p);
    return p;
}

static void end(void)
{
    compilation_end(&c);
}

#define HEAD "language 1\nbackend app { server a 10.0.0.1:80 }\nbackend other { server a 10.0.0.2:80 }\n"

/* A program whose frontend has `rules` as its route, before a last `use app`. */
static struct ir_program *with_route(const char *decls, const char *rules)
{
    char text[4000];
    snprintf(text, sizeof text, HEAD "%s\nfrontend web {\n listen :80\n route {\n%s\n use app\n }\n}\n",
             decls, rules);
    begin(text);
    return accepted();
}

/* The condition of the first rule. */
static const struct ir_expr *guard(const char *decls, const char *condition)
{
    char rule[1000];
    snprintf(rule, sizeof rule, "use other if %s", condition);
    return with_route(decls, rule)->frontends.v[0]->route.v[0].guard;
}

static bool reported(enum diag_code code)
{
    for (uint32_t i = 0; i < c.diags.list.n; i++)
        if (c.diags.list.v[i]->code == code)
            return true;
    return false;
}

/* The condition is refused, or warned about, with `code`. */
static void refused(const char *decls, const char *rule, enum diag_code code)
{
    char text[4000];
    snprintf(text, sizeof text, HEAD "%s\nfrontend web {\n listen :80\n route {\n%s\n use app\n }\n}\n",
             decls, rule);
    begin(text);
    run();
    if (!reported(code)) {
        print_message("%s\n", rule);
        show();
    }
    assert_true(reported(code));
    end();
}

static void assert_text(struct slice s, const char *want)
{
    if (!slice_eq(s, slice_of(want)))
        print_message("got `%.*s`, want `%s`\n", SLICE_ARG(s), want);
    assert_true(slice_eq(s, slice_of(want)));
}

/* ---- objects ----------------------------------------------------------------------------------- */

static void defaults_of_the_language(void **state)
{
    (void)state;
    struct ir_program *p = with_route("", "");
    const struct ir_backend *b = p->backends.v[0];
    const struct ir_frontend *f = p->frontends.v[0];
    assert_int_equal(b->connect_ms, 5000);
    assert_int_equal(b->server_ms, 30000);
    assert_int_equal(b->tunnel_ms, 3600000);
    assert_int_equal(b->idle_ms, 60000);
    assert_int_equal(b->check_every_ms, 2000);
    assert_int_equal(b->check_timeout_ms, 2000);
    assert_int_equal(b->check_rise, 2);
    assert_int_equal(b->check_fall, 3);
    assert_int_equal(b->balance, IR_BALANCE_ROUND_ROBIN);
    assert_int_equal(b->servers.v[0].weight, 1);
    assert_int_equal(f->client_ms, 30000);
    assert_int_equal(f->request_ms, 10000);
    assert_int_equal(f->idle_ms, 60000);
    assert_int_equal(f->max_body, 0);
    assert_int_equal(f->listens.v[0].port, 80);
    end();
}

static void own_setting_before_defaults(void **state)
{
    (void)state;
    begin("language 1\n"
          "defaults { timeout connect 1s; timeout idle 7s; check all every 9s }\n"
          "defaults backend { timeout server 2s; balance least-conn }\n"
          "let patience = 3s\n"
          "check all: tcp { }\n"
          "backend app { timeout server patience; server a 10.0.0.1:80 weight 256 backup }\n"
          "backend other { balance round-robin; server a web.local:81 }\n"
          "frontend web { listen :80; timeout idle 8s; max-body 2KiB; route { use app if path == \"/\"; use "
          "other } }\n");
    struct ir_program *p = accepted();
    const struct ir_backend *b = p->backends.v[0], *o = p->backends.v[1];
    assert_int_equal(b->connect_ms, 1000);
    assert_int_equal(b->server_ms, 3000);
    assert_int_equal(b->idle_ms, 7000);
    assert_int_equal(b->balance, IR_BALANCE_LEAST_CONN);
    assert_ptr_equal(b->check, p->checks.v[0]);
    assert_int_equal(b->check_every_ms, 9000);
    assert_int_equal(b->servers.v[0].weight, 256);
    assert_true(b->servers.v[0].backup);
    assert_int_equal(o->server_ms, 2000);
    assert_int_equal(o->balance, IR_BALANCE_ROUND_ROBIN);
    assert_text(o->servers.v[0].host, "web.local");
    assert_int_equal(p->frontends.v[0]->idle_ms, 8000);
    assert_int_equal(p->frontends.v[0]->max_body, 2048);
    end();
}

static void checks(void **state)
{
    (void)state;
    begin(HEAD "check h: http { head \"/x\"; header \"Host\" = \"h\"; expect status in 2xx }\n"
               "check b: http { method OPTIONS \"/\"; expect body contains hex\"6f6b\" }\n"
               "check t: tcp { send \"PING\\r\\n\"; expect data starts-with \"+\" }\n"
               "frontend web { listen :80; route { use app } }\n");
    struct ir_program *p = accepted();
    const struct ir_check *h = p->checks.v[0], *b = p->checks.v[1], *t = p->checks.v[2];
    assert_text(h->method, "HEAD");
    assert_int_equal(h->status_min, 200);
    assert_int_equal(h->status_max, 299);
    assert_text(h->headers.v[0].value->str, "h");
    assert_text(b->method, "OPTIONS");
    assert_int_equal(b->status_max, 399);
    assert_text(b->body_contains, "ok");
    assert_int_equal(t->steps.n, 2);
    assert_true(t->steps.v[0].is_send);
    assert_text(t->steps.v[0].data, "PING\r\n");
    assert_int_equal(t->steps.v[1].expect, IR_EXPECT_STARTS_WITH);
    end();
}

/* ---- conditions -------------------------------------------------------------------------------- */

static void literals_adopt_types(void **state)
{
    (void)state;
    const struct ir_expr *g = guard("", "host == \"WWW.Example.COM\"");
    assert_int_equal(g->op, IR_EQ);
    assert_text(g->args[1]->str, "www.example.com");
    end();
    g = guard("let h = \"WWW.Example.COM\"", "h != host");
    assert_int_equal(g->op, IR_NOT);
    assert_text(g->args[0]->args[1]->str, "www.example.com");
    end();
    g = guard("", "req.method == GET");
    assert_text(g->args[1]->str, "GET");
    end();
    g = guard("let GET = \"POST\"", "req.method == GET");
    assert_text(g->args[1]->str, "POST");
    end();
    g = guard("", "req.header[\"X-Release\"] == \"Green\"");
    assert_text(g->args[0]->str, "x-release");
    assert_text(g->args[1]->str, "Green");
    assert_true(g->args[0]->optional);
    end();
    g = guard("", "host like \"*.Example.com\"");
    assert_text(g->str, "*.example.com");
    end();
    refused("", "use other if host == \"a.example:80\"", DIAG_E0310);
    refused("", "use other if path == \"/a/../b\"", DIAG_E0310);
    refused("", "use other if req.method == get", DIAG_E0201);
}

static void order_and_ranges(void **state)
{
    (void)state;
    const struct ir_expr *g = guard("", "client.port > 5");
    assert_int_equal(g->op, IR_LT);
    assert_int_equal(g->args[0]->num, 5);
    end();
    g = guard("", "client.port in 5..9");
    assert_int_equal(g->op, IR_AND);
    assert_int_equal(g->args[0]->op, IR_LE);
    assert_int_equal(g->args[0]->args[0]->num, 5);
    assert_int_equal(g->args[1]->args[1]->num, 9);
    end();
    g = guard("", "client.port in [1, 7..8]");
    assert_int_equal(g->op, IR_OR);
    assert_int_equal(g->args[0]->set->rows.n, 1);
    end();
    g = guard("", "tls.active == false");
    assert_int_equal(g->op, IR_NOT);
    assert_int_equal(g->args[0]->op, IR_FIELD);
    end();
}

static void sets(void **state)
{
    (void)state;
    const struct ir_expr *g = guard("", "host in [\"A.example\", \"b.example\"]");
    assert_int_equal(g->set->key_kind, IR_KEY_HOST);
    assert_text(g->set->rows.v[0].key.str, "a.example");
    end();
    g = guard("", "host in [\"a.example\", \"**.b.example\"]");
    assert_int_equal(g->set->key_kind, IR_KEY_HOST_PATTERN);
    end();
    g = guard("", "path in [\"/a/\", \"/b\"]");
    assert_int_equal(g->set->key_kind, IR_KEY_STRING);
    end();
    g = guard("list l: path { \"/a\" \"/b\" }", "path in l");
    assert_int_equal(g->set->key_kind, IR_KEY_PATH);
    assert_int_equal(g->set->rows.n, 2);
    end();
    g = guard("", "client.ip in 10.0.0.3..10.0.0.9");
    assert_int_equal(g->set->rows.n, 3); /* .3/32 .4/30 .8/31 */
    assert_int_equal(g->set->rows.v[1].key.cidr.bits, 126);
    end();
    g = guard("", "client.ip in 0.0.0.0..255.255.255.255");
    assert_int_equal(g->set->rows.n, 1);
    assert_int_equal(g->set->rows.v[0].key.cidr.bits, 96);
    end();
    g = guard("let nets = [10.0.0.0/8]", "client.ip in nets and client.ip in nets");
    assert_ptr_equal(g->args[0]->set, g->args[1]->set);
    end();
    refused("list l: host { \"a\" }", "use other if req.header[\"X\"] in l", DIAG_E0302);
    refused("", "use other if client.ip in [10.0.0.1, 10.0.0.1]", DIAG_E0308);
}

static void absence(void **state)
{
    (void)state;
    static const char m[] = "map m: string -> backend { \"a\" -> other }";
    with_route(m, "use m[req.header[\"V\"]] if exists(req.header[\"V\"])");
    end();
    with_route(m, "use m[req.header[\"V\"]] if req.header[\"v\"] starts-with \"x\" and path == \"/\"");
    end();
    with_route(m, "when exists(req.header[\"V\"]) { use m[req.header[\"V\"]] }");
    end();
    with_route(m, "use other if exists(req.header[\"V\"]) and exists(m[req.header[\"V\"]])");
    end();
    with_route("acl has = exists(req.header[\"V\"])", "reply 200 { body req.header[\"V\"] } if has");
    end();
    with_route("", "reply 200 { body \"${req.cookie[\"c\"] | default(host)}\" }");
    end();
    refused(m, "use m[req.header[\"V\"]]", DIAG_E0305);
    refused(m, "use m[req.header[\"V\"]] if exists(req.header[\"W\"])", DIAG_E0305);
    refused(m, "use m[req.header[\"V\"]] if not exists(req.header[\"V\"])", DIAG_E0305);
    refused(m, "use m[req.header[\"V\"]] if exists(req.header[\"V\"]) or path == \"/\"", DIAG_E0305);
    refused(m, "when exists(req.header[\"V\"]) { reply 200 } else { use m[req.header[\"V\"]] }", DIAG_E0305);
    refused("", "use other if req.header[\"V\"] != \"1\"", DIAG_W0412);
    with_route("", "use other if exists(req.header[\"V\"]) and req.header[\"V\"] != \"1\"");
    assert_false(reported(DIAG_W0412));
    end();
}

/* ---- rules ------------------------------------------------------------------------------------- */

static void when_becomes_guards(void **state)
{
    (void)state;
    begin(HEAD "frontend web {\n listen :80\n route {\n"
               "  when path under \"/a\" { use app if host == \"x\"; use other }\n"
               "  else when tls.active { reply 404 }\n"
               "  else { reply 200 { body \"last\" } }\n } }\n");
    struct ir_program *p = accepted();
    const struct ir_frontend *f = p->frontends.v[0];
    assert_int_equal(f->route.n, 4);
    assert_int_equal(f->route.v[0].guard->op, IR_AND);
    assert_int_equal(f->route.v[1].guard->op, IR_UNDER);
    assert_int_equal(f->route.v[2].guard->op, IR_AND);
    assert_int_equal(f->route.v[2].guard->args[0]->op, IR_NOT);
    assert_null(f->route.v[3].guard);
    assert_text(f->route.v[3].label, "web.route[3]");
    end();
}

static void rules_and_labels(void **state)
{
    (void)state;
    begin(HEAD "frontend web {\n listen :80\n on request {\n  set req.header[\"X-Real\"] = client.ip\n  "
               "redirect https 301 if not tls.active\n }\n"
               " route {\n  @name(\"first\")\n  use app if path == \"/\"\n  redirect to \"/x${req.uri}\" "
               "308\n  use other\n } }\n");
    struct ir_program *p = accepted();
    const struct ir_frontend *f = p->frontends.v[0];
    assert_int_equal(f->on_request.v[0].kind, IR_SET_HEADER);
    assert_int_equal(f->on_request.v[0].value->op, IR_TO_STR);
    assert_text(f->on_request.v[0].name, "X-Real");
    assert_text(f->on_request.v[1].label, "web.request[1]");
    const struct ir_expr *to = f->on_request.v[1].value;
    assert_int_equal(to->nargs, 3);
    assert_text(to->args[0]->str, "https://");
    assert_int_equal(to->args[1]->field, IR_FIELD_HOST);
    assert_int_equal(to->args[2]->field, IR_FIELD_URI);
    assert_text(f->route.v[0].label, "first");
    assert_int_equal(f->route.v[0].pos.line, 12);
    assert_int_equal(f->route.v[0].pos.col, 3);
    assert_int_equal(f->route.n, 2); /* what can never apply is left out */
    assert_true(reported(DIAG_W0501));
    end();
}

static void a_map_with_default_decides(void **state)
{
    (void)state;
    begin(HEAD "map m: host -> backend { \"a.example\" -> other; default -> app }\n"
               "frontend web { listen :80; route { use m[host] } }\n");
    struct ir_program *p = accepted();
    assert_int_equal(p->frontends.v[0]->route.n, 1);
    assert_false(p->frontends.v[0]->route.v[0].value->optional);
    assert_ptr_equal(p->sets.v[0]->fallback.backend, p->backends.v[0]);
    end();
}

/* ---- files ------------------------------------------------------------------------------------- */

static void modules(void **state)
{
    (void)state;
    begin("language 1\nimport \"lib/pools.weir\"\nimport \"x/pools.weir\" as more\nbackend api { server a "
          "10.0.0.9:80 }\n"
          "map m: host -> backend { file \"d\" }\n"
          "frontend web { listen :80; route { use m[host]; use more.api if pools.office; use pools.api if "
          "path == \"/\"; use api } }\n");
    add_file("lib/pools.weir",
             "let net = 10.0.0.0/8\nacl office = client.ip in net\nbackend api { server a 10.0.0.1:80 }\n");
    add_file("x/pools.weir", "backend api { server a 10.0.0.2:80 }\nlist l: int { file \"../d\" }\n");
    add_file("d", "a.example api\nb.example pools.api\n");
    assert_null(run());
    assert_true(reported(DIAG_E0004));
    end();
    begin("language 1\nimport \"lib/pools.weir\"\nimport \"x/pools.weir\" as more\nbackend api { server a "
          "10.0.0.9:80 }\n"
          "map m: host -> backend { file \"d\" }\n"
          "frontend web { listen :80; route { use m[host]; use more.api if pools.office and client.port in "
          "more.l; use pools.api if path == \"/\"; use api } }\n");
    add_file("lib/pools.weir",
             "let net = 10.0.0.0/8\nacl office = client.ip in net\nbackend api { server a 10.0.0.1:80 }\n");
    add_file("x/pools.weir", "backend api { server a 10.0.0.2:80 }\nlist l: int { file \"d\" }\n");
    add_file("x/d", "-5\n");
    add_file("d", "a.example api\nb.example pools.api\n");
    struct ir_program *p = accepted();
    assert_text(p->backends.v[0]->name, "api");
    assert_text(p->backends.v[1]->name, "pools.api");
    assert_text(p->backends.v[2]->name, "more.api");
    const struct ir_set *m = NULL;
    for (uint32_t i = 0; i < p->sets.n; i++)
        if (slice_eq(p->sets.v[i]->name, SLICE("m")))
            m = p->sets.v[i];
    assert_non_null(m);
    assert_ptr_equal(m->rows.v[1].backend, p->backends.v[1]);
    assert_text(p->sources.v[m->rows.v[1].pos.file].path, "d");
    end();
}

static void rows_are_placed(void **state)
{
    (void)state;
    struct buf text = {0};
    begin(
        "language 1\nbackend small { server a 10.0.0.1:80 }\nmap m: host -> backend { file \"broken.map\" }\n"
        "frontend web { listen :80; route { use m[host]; use small } }\n");
    add_file("broken.map", "# pools\nt0.example.com small\n\nt7.example.com smal\n");
    assert_null(run());
    diag_render(&c.diags, DIAG_TEXT, false, &text);
    assert_true(slice_contains(buf_view(&text), SLICE("broken.map:4:16")));
    assert_true(slice_contains(buf_view(&text), SLICE("did you mean `small`?")));
    buf_free(&text);
    end();
}

static void many_bad_rows(void **state)
{
    (void)state;
    char rows[2000] = "";
    for (int i = 0; i < 50; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "x%d\n", i);
    begin("language 1\nlist l: int { file \"d\" }\nfrontend web { listen :80; route { reply 200 if "
          "client.port in l; reply 404 } }\n");
    add_file("d", rows);
    assert_null(run());
    assert_int_equal(c.diags.errors, 21); /* 20 rows, and how many more there are */
    end();
}

/* ---- the tables -------------------------------------------------------------------------------- */

/* Each statement that is to come is refused by its name in each of its places, whatever follows it. */
static void later_statements(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        uint64_t places;
    } later[] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc)
#define LATER(word, contexts, doc)                                       {word, contexts},
#define LATER_STATEMENT(id, word, contexts, min, max, parts, usage, doc) {word, contexts},
#include "grammar/statements.def"
    };
    static const struct {
        uint64_t context;
        const char *around;
    } around[] = {
        {IN_FILE, "%s"},
        {IN_BACKEND, "backend b { %s }"},
        {IN_FRONTEND, "frontend f { %s }"},
        {IN_DEFAULTS, "defaults { %s }"},
        {IN_HTTP_CHECK, "check h: http { %s }"},
        {IN_TCP_CHECK, "check t: tcp { %s }"},
        {IN_ON_REQUEST, "frontend f { on request { %s } }"},
        {IN_ROUTE, "frontend f { route { %s } }"},
        {IN_REPLY, "frontend f { route { reply 200 { %s } } }"},
        {IN_TCP_BACKEND, "backend b: tcp { %s }"},
        {IN_TCP_FRONTEND, "frontend f: tcp { %s }"},
        {IN_TCP_ROUTE, "frontend f: tcp { route { %s } }"},
        {IN_ON_CONNECTION, "frontend f { on connection { %s } }"},
        {IN_ON_TLS, "frontend f { on tls { %s } }"},
        {IN_ON_RESPONSE, "frontend f { on response { %s } }"},
        {IN_EXPECT, "frontend f { listen :80; route { reply 200 } }; test \"t\" on f { GET \"http://x/\" -> %s }"},
    };
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        for (size_t place = 0; place < sizeof around / sizeof *around; place++) {
            char statement[100], text[300];
            if (!(later[i].places & around[place].context))
                continue;
            snprintf(statement, sizeof statement,
                     strcmp(later[i].word, "template") ? "%s x" : "%s x() for backend { }", later[i].word);
            int n = snprintf(text, sizeof text, "language 1\n");
            const char *hole = strstr(around[place].around, "%s");
            snprintf(text + n, sizeof text - (size_t)n, "%.*s%s%s\n", (int)(hole - around[place].around),
                     around[place].around, statement, hole + 2);
            begin(text);
            assert_null(run());
            if (!reported(DIAG_E0900))
                print_message("%s\n", text);
            assert_true(reported(DIAG_E0900));
            end();
        }
}

/* Everything that the tables name stands in the reference, as code. */
static void reference_is_complete(void **state)
{
    (void)state;
    static const char *const words[] = {
#define STATEMENT(id, word, contexts, min, max, parts, usage, doc) usage,
#define LATER(word, contexts, doc)                                 word,
#include "grammar/statements.def"
#define SETTING(id, statement, word, contexts, type, fallback, min, max, doc) statement " " word,
#include "grammar/settings.def"
#undef SETTING
#define LATER_OPTION(statement, word, arguments, doc) statement " " word,
#include "grammar/options.def"
#define TYPE(id, text, use, doc) #id[0] == 'E' && #id[1] == 'R' ? "" : text,
#include "grammar/types.def"
#undef TYPE
#define FIELD(id, text, type, optional, keyed, phase, doc)   text,
#define LATER_FIELD(text, type, optional, keyed, phase, doc) text,
#include "grammar/fields.def"
#undef FIELD
#define KEY_KIND(id, text, match, doc) text,
#include "grammar/key_kinds.def"
#undef KEY_KIND
#define CONVERTER(id, text, from, arguments, to, doc)  text arguments,
#define LATER_CONVERTER(text)                          text,
#define LATER_FUNCTION(text)                           text,
#define LATER_BYTES(text, arguments, doc)              "",
#define LATER_TARGET(text, type, keyed, contexts, doc) text,
#define PROTECTED_HEADER(text, doc)                    text,
#include "grammar/names.def"
#define DIAG(code, level, title) "| " #code " | " title,
#include "grammar/diagnostics.def"
#undef DIAG
    };
    struct buf text = {0};
    assert_int_equal(buf_read_file(&text, "grammar/LANGUAGE.md"), 0);
    for (size_t i = 0; i < text.len; i++) /* in tables | is written \| */
        if (text.p[i] == '\\' && i + 1 < text.len && text.p[i + 1] == '|') {
            memmove(text.p + i, text.p + i + 1, text.len - i - 1);
            text.len--;
        }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char code[400];
        size_t n = strlen(words[i]);
        if (n == 0)
            continue;
        snprintf(code, sizeof code, words[i][0] == '|' ? "%.*s" : "`%.*s`",
                 (int)(words[i][n - 1] == ' ' ? n - 1 : n), words[i]);
        char keyed[400];
        snprintf(keyed, sizeof keyed, "`%s[", words[i]);
        bool found = slice_contains(buf_view(&text), slice_of(code)) ||
                     slice_contains(buf_view(&text), slice_of(keyed));
        if (!found)
            print_message("not in LANGUAGE.md: %s\n", code);
        assert_true(found);
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_of_the_language),
        cmocka_unit_test(own_setting_before_defaults),
        cmocka_unit_test(checks),
        cmocka_unit_test(literals_adopt_types),
        cmocka_unit_test(order_and_ranges),
        cmocka_unit_test(sets),
        cmocka_unit_test(absence),
        cmocka_unit_test(when_becomes_guards),
        cmocka_unit_test(rules_and_labels),
        cmocka_unit_test(a_map_with_default_decides),
        cmocka_unit_test(modules),
        cmocka_unit_test(rows_are_placed),
        cmocka_unit_test(many_bad_rows),
        cmocka_unit_test(later_statements),
        cmocka_unit_test(reference_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
