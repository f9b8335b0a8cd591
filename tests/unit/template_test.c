/* Parameters, templates, `extends`, checks made of templates, proxy, env() and the standard library: what they become.
 * Messages word by word: tests/diag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "compiler/check.h"
#include "compiler/doc.h"
#include "compiler/ir_print.h"
#include "compiler/stdconf.h"

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

static struct ir_program *accepted(void)
{
    struct ir_program *p = check_file(&c, "t.weir");
    struct buf out = {0};
    diag_render(&c.diags, DIAG_TEXT, false, &out);
    if (!p)
        print_message("%.*s\n", SLICE_ARG(buf_view(&out)));
    buf_free(&out);
    assert_non_null(p);
    return p;
}

static bool refused(enum diag_code code)
{
    assert_null(check_file(&c, "t.weir"));
    bool found = false;
    for (uint32_t i = 0; i < c.diags.list.n; i++)
        found |= c.diags.list.v[i]->code == code;
    compilation_end(&c);
    return found;
}

static bool text_is(struct slice s, const char *text)
{
    bool same = slice_eq(s, slice_of(text));
    if (!same)
        print_message("not \"%s\": \"%.*s\"\n", text, SLICE_ARG(s));
    return same;
}

#define APP "language 1\nbackend app { server a 10.0.0.1:80 }\n"
#define ROUTE(rules) "frontend web { listen :80; route { " rules "\n use app } }\n"

/* The condition of the first rule is the same as that of another program. */
static void same_guard(const char *decls, const char *condition, const char *plain)
{
    char text[2000];
    struct buf v[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, APP "%s\nfrontend web { listen :80; route { use app if %s\n reply 404 } }\n", decls,
                 i ? plain : condition);
        begin(text);
        ir_print_expr(accepted()->frontends.v[0]->route.v[0].guard, &v[i]);
        compilation_end(&c);
    }
    buf_char(&v[1], 0);
    assert_true(text_is(buf_view(&v[0]), v[1].p));
    buf_free(&v[0]);
    buf_free(&v[1]);
}

static void calls(void **state)
{
    (void)state;
    const char *decls = "acl from(net: cidr) = client.ip in net\n"
                        "acl one(a: int, b: int = 5) = client.port == a or client.port == b\n"
                        "acl site(h: host) = host == h\n"
                        "acl within(h: host, p: path = \"/x\") = site(h) and path under p\n"
                        "acl listed(nets: list<cidr>) = client.ip in nets\n"
                        "let both(x: string, y: string): string = \"${x}-${y}\"\n"
                        "let named = both(\"a\", \"b\")\n"
                        "let ip-of(a: ip) = a\n"
                        "acl at(a: ip, net: cidr) = a in net\n"
                        "acl no-argument(n: int = 7) = client.port == n\n"
                        "let nets = [10.0.0.0/8]\n";
    same_guard(decls, "from(10.0.0.0/8)", "client.ip in 10.0.0.0/8");
    same_guard(decls, "one(1)", "client.port == 1 or client.port == 5");
    same_guard(decls, "one(b: 1, a: 2)", "client.port == 2 or client.port == 1");
    same_guard(decls, "within(\"A.Example\")", "host == \"a.example\" and path under \"/x\"");
    same_guard(decls, "host | within(\"/y\")", "host == host and path under \"/y\"");
    same_guard(decls, "listed(nets)", "client.ip in [10.0.0.0/8]");
    same_guard(decls, "both(req.uri, \"b\") == \"x\"", "\"${req.uri}-b\" == \"x\"");
    same_guard(decls, "req.uri == named", "req.uri == \"a-b\"");
    same_guard(decls, "client.ip | ip-of | at(10.0.0.0/8)", "client.ip in 10.0.0.0/8");
    same_guard(decls, "no-argument", "client.port == 7");
    same_guard(decls, "no-argument()", "client.port == 7");
}

/* Names of a body are those of its file, names of arguments those of the file that uses it. */
static void hygiene(void **state)
{
    (void)state;
    begin("language 1\nimport \"lib.weir\" as lib\n"
          "let limit = 9s\nlet code = 403\n"
          "backend app extends lib.pool(limit) { server a 10.0.0.1:80 }\n"
          "frontend web extends lib.guard(app, code) { listen :80\n route { use app } }\n");
    add_file("lib.weir", "let limit = 1s\nlet code = 404\nacl office = client.ip in 10.0.0.0/8\n"
                         "template pool(t: duration) for backend { timeout server t; timeout connect limit }\n"
                         "template guard(code-of: backend, status-of: status) for frontend {\n"
                         " route { reply status-of if office; reply code if path == \"/c\"; use code-of if path == \"/d\" } }\n");
    struct ir_program *p = accepted();
    assert_int_equal(p->backends.v[0]->server_ms, 9000);
    assert_int_equal(p->backends.v[0]->connect_ms, 1000);
    const struct ir_frontend *f = p->frontends.v[0];
    assert_int_equal(f->route.n, 4);
    assert_int_equal(f->route.v[0].status, 403);
    assert_int_equal(f->route.v[1].status, 404);
    assert_ptr_equal(f->route.v[2].backend, p->backends.v[0]);
    compilation_end(&c);
}

static void merging(void **state)
{
    (void)state;
    begin("language 1\n"
          "template a(t: duration = 3s) for backend { timeout server t; timeout connect 1s; server a1 10.0.0.1:80 }\n"
          "template b() for backend extends a(4s) { timeout connect 2s; balance least-conn; server b1 10.0.0.2:80 }\n"
          "template c() for backend { timeout idle 7s }\n"
          "defaults { timeout tunnel 10s }\n"
          "check ok: tcp { }\n"
          "backend app extends [b(), c] { check ok; timeout server 5s; server own 10.0.0.3:80 }\n"
          "template r1() for frontend { on request { set req.header[\"X\"] = \"1\" }; route { reply 401 if path == \"/1\" } }\n"
          "template r2() for frontend { listen :81; route { reply 402 if path == \"/2\" } }\n"
          "frontend web extends [r1, r2()] { listen :80\n"
          " on request { set req.header[\"Y\"] = \"2\" }\n route { use app } }\n"
          "frontend other extends r1() { listen :82\n route { use app } }\n");
    struct ir_program *p = accepted();
    const struct ir_backend *b = p->backends.v[0];
    assert_int_equal(b->server_ms, 5000);
    assert_int_equal(b->connect_ms, 2000);
    assert_int_equal(b->idle_ms, 7000);
    assert_int_equal(b->tunnel_ms, 10000);
    assert_int_equal(b->balance, IR_BALANCE_LEAST_CONN);
    assert_int_equal(b->servers.n, 3);
    assert_true(text_is(b->servers.v[0].name, "a1"));
    assert_true(text_is(b->servers.v[1].name, "b1"));
    assert_true(text_is(b->servers.v[2].name, "own"));
    const struct ir_frontend *f = p->frontends.v[0];
    assert_int_equal(f->listens.n, 2);
    assert_int_equal(f->on_request.n, 2);
    assert_true(text_is(f->on_request.v[0].name, "X"));
    assert_int_equal(f->route.n, 3);
    assert_int_equal(f->route.v[0].status, 401);
    assert_int_equal(f->route.v[1].status, 402);
    assert_int_equal(p->frontends.v[1]->on_request.n, 1);
    compilation_end(&c);
}

static void checks(void **state)
{
    (void)state;
    begin("language 1\n"
          "template get(at: string, want: range = 200..399) for check: http { get at; expect status in want }\n"
          "template auth(password: string) for check: tcp { send \"AUTH ${password}\\r\\n\"; expect data starts-with \"+OK\" }\n"
          "template pool(c: check) for backend { check c every 3s }\n"
          "backend a { check get(\"/a\"); server s 10.0.0.1:80 }\n"
          "backend b { check get(\"/a\", want: 200..399); server s 10.0.0.1:80 }\n"
          "backend d { check get(\"/b\"); server s 10.0.0.1:80 }\n"
          "backend e extends pool(get(\"/a\")) { server s 10.0.0.1:80 }\n"
          "backend f { check auth(\"secret\"); server s 10.0.0.1:80 }\n"
          "frontend web { listen :80; route { use a if path == \"/a\"; use b if path == \"/b\"; use d if path == \"/d\"\n"
          " use e if path == \"/e\"; use f } }\n");
    struct ir_program *p = accepted();
    assert_int_equal(p->checks.n, 3);
    assert_true(text_is(p->checks.v[0]->name, "get(\"/a\", 200..399)"));
    assert_ptr_equal(p->backends.v[1]->check, p->checks.v[0]);
    assert_true(text_is(p->backends.v[2]->check->path, "/b"));
    assert_ptr_equal(p->backends.v[3]->check, p->checks.v[0]);
    assert_int_equal(p->backends.v[3]->check_every_ms, 3000);
    assert_false(slice_contains(p->backends.v[4]->check->name, SLICE("secret")));
    assert_true(text_is(p->backends.v[4]->check->steps.v[0].data, "AUTH secret\r\n"));
    compilation_end(&c);
}

static void proxies(void **state)
{
    (void)state;
    begin("language 1\nproxy a { listen :80; server s 10.0.0.1:80; timeout idle 4s; timeout server 3s; max-body 1KiB }\n"
          "proxy b { listen :81; server s 10.0.0.1:80; route { use a if path == \"/a\"; use b } }\n");
    struct ir_program *p = accepted();
    assert_int_equal(p->backends.n, 2);
    assert_int_equal(p->frontends.n, 2);
    assert_int_equal(p->backends.v[0]->server_ms, 3000);
    assert_int_equal(p->backends.v[0]->idle_ms, 4000);
    assert_int_equal(p->frontends.v[0]->idle_ms, 4000);
    assert_int_equal(p->frontends.v[0]->max_body, 1024);
    assert_ptr_equal(p->frontends.v[0]->route.v[0].backend, p->backends.v[0]);
    assert_ptr_equal(p->frontends.v[1]->route.v[0].backend, p->backends.v[0]);
    assert_ptr_equal(p->frontends.v[1]->route.v[1].backend, p->backends.v[1]);
    compilation_end(&c);
}

static void given_values(void **state)
{
    (void)state;
    const char *text = APP "let size = env(\"SIZE\", 1KiB)\nlet site = env(\"SITE\", \"a.example\")\n"
                           "frontend web { listen env(\"AT\", :80); max-body size\n"
                           " route { reply 404 if host != site; use app } }\n";
    begin(text);
    assert_int_equal(accepted()->frontends.v[0]->max_body, 1024);
    compilation_end(&c);
    begin(text);
    assert_true(compilation_env(&c, "SIZE=2KiB"));
    assert_true(compilation_env(&c, "SITE=B=c"));
    assert_true(compilation_env(&c, "AT=127.0.0.1:8080"));
    assert_true(compilation_env(&c, "SIZE=3KiB"));
    assert_false(compilation_env(&c, "SIZE"));
    assert_false(compilation_env(&c, "=x"));
    struct ir_program *p = accepted();
    assert_int_equal(p->frontends.v[0]->max_body, 3 * 1024);
    assert_int_equal(p->frontends.v[0]->listens.v[0].port, 8080);
    assert_int_equal(p->sources.n, 4); /* the file and what was used */
    compilation_end(&c);
    begin(text);
    compilation_env(&c, "SIZE=2KiB\nlet x = 1");
    assert_true(refused(DIAG_E0222));
}

/* What would grow without bound is refused, in bounded time. */
static void bounds(void **state)
{
    (void)state;
    static char text[200000];
    size_t n = (size_t)snprintf(text, sizeof text, APP "acl a0(x: int) = client.port == x\n");
    for (int i = 1; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "acl a%d(x: int) = a%d(x) or a%d(x)\n", i, i - 1, i - 1);
    snprintf(text + n, sizeof text - n, ROUTE("use app if a39(1)"));
    begin(text);
    assert_true(refused(DIAG_E0901));

    n = (size_t)snprintf(text, sizeof text, APP "let s0(x: string) = \"${x}${x}\"\n");
    for (int i = 1; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "let s%d(x: string) = s%d(\"${x}${x}\")\n", i, i - 1);
    snprintf(text + n, sizeof text - n, ROUTE("use app if req.uri == s39(req.uri)"));
    begin(text);
    assert_true(refused(DIAG_E0901));

    n = (size_t)snprintf(text, sizeof text, APP "acl b0(x: int) = client.port == x\n");
    for (int i = 1; i < 60; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "acl b%d(x: int) = b%d(x)\n", i, i - 1);
    snprintf(text + n, sizeof text - n, ROUTE("use app if b59(1)"));
    begin(text);
    assert_true(refused(DIAG_E0107));

    n = (size_t)snprintf(text, sizeof text, "language 1\ntemplate t0() for backend { server s 10.0.0.1:80 }\n");
    for (int i = 1; i < 30; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "template t%d() for backend extends [t%d(), t%d()] { }\n", i, i - 1, i - 1);
    snprintf(text + n, sizeof text - n, "backend app extends t29() { }\n" ROUTE(""));
    begin(text);
    assert_true(refused(DIAG_E0901));

    n = (size_t)snprintf(text, sizeof text, APP "acl many = host == \"a\"");
    for (int i = 0; i < 6000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " or host == \"h%d\"", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "\nfrontend web { listen :80; route {\n");
    for (int i = 0; i < 600; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "use app if many and path == \"/%d\"\n", i);
    snprintf(text + n, sizeof text - n, "use app\n} }\n");
    begin(text);
    assert_true(refused(DIAG_E0901));

    begin(APP "acl a(x: int) = b(x)\nacl b(x: int) = a(x)\n" ROUTE("use app if a(1)"));
    assert_true(refused(DIAG_E0205));
    begin(APP "let a = f(1)\nlet f(x: int) = a\n" ROUTE("use app if client.port == a"));
    assert_true(refused(DIAG_E0205));
    begin(APP "acl a(x: bool) = x\n" ROUTE("use app if a(a(a(client.port == 1)))"));
    accepted();
    compilation_end(&c);
}

/* A mistake in a template is told once, with the first use; one in an unused template too. */
static void one_message(void **state)
{
    (void)state;
    begin("language 1\ntemplate t(w: int) for backend { timeout conect 3s; server s 10.0.0.1:80 weight w }\n"
          "backend a extends t(1) { }\nbackend b extends t(2) { }\nbackend app extends t(300) { }\n" ROUTE(""));
    assert_null(check_file(&c, "t.weir"));
    assert_int_equal(c.diags.errors, 2);
    assert_int_equal(c.diags.list.n, 2);
    assert_true(c.diags.list.v[0]->has_fix); /* for all uses */
    assert_int_equal(c.diags.list.v[1]->secondary.n, 1);
    compilation_end(&c);
    begin(APP "template t(w: int) for backend { timeout conect 3s; server s 10.0.0.1:80 weight w }\n" ROUTE(""));
    assert_true(refused(DIAG_E0210));
    begin(APP "let t(w: string): int = w\n" ROUTE(""));
    assert_true(refused(DIAG_E0302));
}

static void library(void **state)
{
    (void)state;
    struct slice names[STDCONF_MAX], text;
    uint32_t n = stdconf_names(names);
    assert_true(n >= 4);
    for (uint32_t i = 0; i < n; i++) {
        char program[300];
        snprintf(program, sizeof program, APP "import \"%.*s\" as x\n" ROUTE(""), SLICE_ARG(names[i]));
        begin(program);
        accepted();
        compilation_end(&c);
        assert_true(stdconf_text(names[i], &text));
        assert_false(slice_contains(text, SLICE("\t")));
        begin("");
        struct buf out = {0};
        doc_text(&c, source_from_text(&c.sources, names[i], arena_copy(&c.arena, text)), names[i], &out);
        assert_int_equal(c.diags.list.n, 0);
        /* Everything has a comment: a line at the margin is followed by one that is indented. */
        for (const char *p = out.p; (p = memmem(p, (size_t)(out.p + out.len - p), "\n\n", 2)); p += 2) {
            const char *line = p + 2, *end = memchr(line, '\n', (size_t)(out.p + out.len - line));
            assert_non_null(end);
            if (end + 1 < out.p + out.len && end[1] != ' ')
                print_message("no comment: %.*s\n", (int)(end - line), line);
            assert_true(end + 1 < out.p + out.len && end[1] == ' ');
        }
        buf_free(&out);
        compilation_end(&c);
    }
    assert_false(stdconf_text(SLICE("stdconf/nothing"), &text));
    assert_false(stdconf_is(SLICE("stdconf/own.weir")));
}

static void comments(void **state)
{
    (void)state;
    begin("## The file.\n## Two lines.\n\nlanguage 1\n## About a.\n##  Indented.\nlet a(x: int = 1): int = x\n\n## Not about b.\n\nlet _b = 2\n"
          "acl d(\n  x: cidr,\n  y: int = 2) = client.ip in x\n");
    struct buf out = {0};
    doc_text(&c, c.sources.files.v[0], SLICE("t"), &out);
    assert_true(text_is(buf_view(&out), "t\n    The file.\n    Two lines.\n\nlet a(x: int = 1): int = x\n    About a.\n"
                                        "     Indented.\n\nacl d( x: cidr, y: int = 2)\n"));
    buf_free(&out);
    compilation_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),   cmocka_unit_test(hygiene),      cmocka_unit_test(merging),
        cmocka_unit_test(checks),  cmocka_unit_test(proxies),      cmocka_unit_test(given_values),
        cmocka_unit_test(bounds),  cmocka_unit_test(one_message),  cmocka_unit_test(library),
        cmocka_unit_test(comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
