/* Why one rule does not decide: how it is found, its conditions for a request, and what is proved of all requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/check.h"
#include "compiler/explain_whynot.h"

static const char program_text[] =
    "language 1\n"
    "map tenants: host -> backend { \"a.example\" -> app }\n"
    "backend app { server s 127.0.0.1:1 }\n"
    "frontend edge {\n"
    "  listen :80\n"
    "  on request {\n"
    "    set req.header[\"X-Who\"] = \"office\" if client.ip in [10.0.0.0/8]\n"
    "  }\n"
    "  route {\n"
    "    redirect https 301 if not tls.active\n"
    "    use app if path under \"/a\"\n"
    "    reply 401 if path under \"/a/b\" and tls.active\n"
    "    @name(\"insiders\")\n"
    "    reply 200 if req.header[\"X-Who\"] == \"office\" and (path == \"/x\" or host in [\"y.example\"])\n"
    "    reply 402 if host == \"z.example\" and not tls.active and path == \"/never\"\n"
    "    use tenants[host] if not (path == \"/q\" or path == \"/r\")\n"
    "    reply 404\n"
    "  }\n"
    "}\n"
    "frontend other { listen :81\n"
    "  on request { set req.header[\"X-Seen\"] = \"1\" if not exists(req.header[\"X-Seen\"]) }\n"
    "  route { @name(\"insiders\")\n"
    "    reply 200 }\n"
    "}\n";

struct told {
    struct compilation c;
    struct buf text;
    bool ok;
};

static void tell(struct told *t, const char *rule, const char *request, const char *frontend, bool json)
{
    struct whynot_rule of;
    struct whynot w;
    struct explain_query q = {.frontend = frontend, .from = "10.1.1.1"};
    *t = (struct told){.ok = false};
    compilation_begin(&t->c);
    source_from_text(&t->c.sources, SLICE("conf/site.weir"), SLICE(program_text));
    const struct ir_program *p = check_file(&t->c, "conf/site.weir");
    assert_non_null(p);
    t->ok = whynot_find(p, frontend, rule, &of, &t->text);
    if (t->ok && request) {
        q.request = slice_of(request);
        t->ok = whynot_request(&t->c.arena, p, &of, &q, &w, &t->text);
    } else if (t->ok) {
        whynot_any(&t->c.arena, p, &of, 20, &w);
    }
    if (t->ok)
        (json ? whynot_json : whynot_text)(&w, &t->text);
    buf_char(&t->text, 0);
}

static void told_end(struct told *t)
{
    buf_free(&t->text);
    compilation_end(&t->c);
}

static void says(const char *rule, const char *request, const char *frontend, const char *part)
{
    struct told t;
    tell(&t, rule, request, frontend, false);
    if (!strstr(t.text.p, part))
        fail_msg("%s: `%s` says nothing of `%s`", rule, t.text.p, part);
    told_end(&t);
}

static void rules_are_found(void **state)
{
    (void)state;
    const char *get = "GET https://h/";
    says("edge.route[1]", get, NULL, "  rule      edge.route[1] at conf/site.weir:11: use app if path under \"/a\"\n");
    says("site.weir:11", get, NULL, "  rule      edge.route[1] at");
    says("conf/site.weir:11", get, NULL, "  rule      edge.route[1] at");
    says(":11", get, NULL, "  rule      edge.route[1] at");
    says("11", get, NULL, "  rule      edge.route[1] at");
    says("@insiders", get, "edge", "  rule      insiders at conf/site.weir:14");
    says("edge.request[0]", get, NULL, "  rule      edge.request[0] at");
    says("insiders", get, NULL, "frontends `edge` and `other` have a rule `insiders`; --frontend says which is meant");
    says("edge.rute[1]", get, NULL, "no rule `edge.rute[1]`; did you mean `edge.route[1]`?");
    says("te.weir:11", get, NULL, "no rule `te.weir:11`; a rule is named as");
    says("site.weir:13", get, NULL, "no rule begins at site.weir:13; the last one before it is edge.route[2], at line 12");
    says("edge.route[1]", get, "egde", "no frontend `egde`");
    says("edge.route[1]", "GET /x", NULL, "a request is written");
}

static void conditions_for_a_request(void **state)
{
    (void)state;
    struct told t;
    tell(&t, "insiders", "GET https://h.example/x", "edge", false);
    assert_string_equal(
        t.text.p,
        "insiders decides\n"
        "  rule      insiders at conf/site.weir:14: reply 200 if req.header[\"x-who\"] == \"office\" and (path == \"/x\" or "
        "host in [\"y.example\"])\n"
        "  request   GET, host \"h.example\", path \"/x\", from 10.1.1.1, over TLS\n"
        "  frontend  edge\n"
        "\n"
        "conditions\n"
        "  holds  req.header[\"x-who\"] == \"office\": req.header[\"x-who\"] is \"office\"\n"
        "  holds  one of\n"
        "  holds    path == \"/x\": path is \"/x\"\n"
        "  fails    host in [\"y.example\"]: host is \"h.example\"\n");
    told_end(&t);
    tell(&t, "edge.route[5]", "GET http://b.example/q", NULL, false);
    assert_string_equal(
        t.text.p,
        "edge.route[5] is not reached: edge.route[0] decides before it, and 2 of its 3 conditions fail\n"
        "  rule      edge.route[5] at conf/site.weir:16: use tenants[host] if not (path == \"/q\" or path == \"/r\")\n"
        "  request   GET, host \"b.example\", path \"/q\", from 10.1.1.1\n"
        "  frontend  edge\n"
        "\n"
        "conditions\n"
        "  fails  path != \"/q\": path is \"/q\"\n"
        "  holds  path != \"/r\": path is \"/q\"\n"
        "  fails  tenants[host] has no row: host is \"b.example\"\n"
        "\n"
        "decided by\n"
        "  edge.route[0] at conf/site.weir:10: redirect to \"https://${host}${req.uri}\" 301 if not tls.active\n"
        "  outcome: redirect 301 https://b.example/q\n");
    told_end(&t);
    says("edge.route[1]", "GET https://h/b", NULL, "edge.route[1] does not apply: its condition fails\n");
    says("edge.route[2]", "GET https://h/a/b", NULL, "edge.route[2] is not reached: edge.route[1] decides before it\n");
    says("edge.request[0]", "GET https://h/a/b", NULL, "edge.request[0] applies\n");
    /* What a rule changes is for those after it. */
    tell(&t, "other.request[0]", "GET https://h/a", NULL, false);
    assert_string_equal(t.text.p,
                        "other.request[0] applies\n"
                        "  rule      other.request[0] at conf/site.weir:21: set req.header[\"X-Seen\"] = \"1\" if not "
                        "exists(req.header[\"x-seen\"])\n"
                        "  request   GET, host \"h\", path \"/a\", from 10.1.1.1, over TLS\n"
                        "  frontend  other\n"
                        "\n"
                        "conditions\n"
                        "  holds  not exists(req.header[\"x-seen\"]): req.header[\"x-seen\"] is absent\n"
                        "\n"
                        "decided by\n"
                        "  insiders at conf/site.weir:23: reply 200\n"
                        "  outcome: reply 200\n");
    told_end(&t);
    says("edge.route[2]", "GET https://h/a%00", NULL, "edge.route[2] is not reached: the request is refused before");
}

static void proofs(void **state)
{
    (void)state;
    says("edge.route[2]", NULL, NULL,
         "edge.route[2] is never reached: the rules before it leave it nothing\n"
         "  rule      edge.route[2] at conf/site.weir:12: reply 401 if path under \"/a/b\" and tls.active\n"
         "  proved    for all requests\n"
         "\n"
         "taken by\n"
         "  edge.route[1] at conf/site.weir:11: use app if path under \"/a\"\n"
         "  as is seen with 'GET https://other.example/a/b' --frontend edge\n");
    says("edge.route[4]", NULL, NULL, "edge.route[4] is never reached: the rules before it leave it nothing\n");
    says("edge.route[5]", NULL, NULL,
         "edge.route[5] decides some requests\n"
         "  rule      edge.route[5] at conf/site.weir:16: use tenants[host] if not (path == \"/q\" or path == \"/r\")\n"
         "  such as   'GET https://a.example/' --frontend edge\n");
    says("edge.request[0]", NULL, NULL, "edge.request[0] applies to some requests\n");
    says("edge.request[0]", NULL, NULL, " --from 10.0.0.1 --frontend edge\n");
    says("insiders", NULL, "other", "insiders decides some requests\n");
}

static void json_is_one_object(void **state)
{
    (void)state;
    struct told t;
    tell(&t, "edge.route[1]", "GET https://h/b", NULL, true);
    assert_string_equal(
        t.text.p,
        "{\"verdict\":\"does-not-apply\",\"rule\":{\"name\":\"edge.route[1]\",\"file\":\"conf/site.weir\",\"line\":11},"
        "\"frontend\":\"edge\",\"request\":{\"method\":\"GET\",\"host\":\"h\",\"path\":\"/b\",\"uri\":\"/b\",\"from\":"
        "\"10.1.1.1\",\"port\":50000,\"tls\":true,\"listener\":\"192.0.2.2\",\"listener-port\":80},\"fails\":1,\"tests\":1,\"conditions\":[{\"depth\":0,\"kind\":\"test\","
        "\"holds\":false,\"if\":\"path under \\\"/a\\\"\",\"got\":\"path is \\\"/b\\\"\"}],\"outcome\":\"reply 404\","
        "\"decided_by\":{\"name\":\"edge.route[6]\",\"file\":\"conf/site.weir\",\"line\":17}}\n");
    told_end(&t);
    tell(&t, "edge.route[2]", NULL, NULL, true);
    assert_string_equal(
        t.text.p,
        "{\"verdict\":\"never-reached\",\"rule\":{\"name\":\"edge.route[2]\",\"file\":\"conf/site.weir\",\"line\":12},"
        "\"frontend\":\"edge\",\"request\":\"'GET https://other.example/a/b' --frontend edge\",\"taken_by\":[{\"name\":"
        "\"edge.route[1]\",\"file\":\"conf/site.weir\",\"line\":11}],\"taken_by_more\":0}\n");
    told_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_found),
        cmocka_unit_test(conditions_for_a_request),
        cmocka_unit_test(proofs),
        cmocka_unit_test(json_is_one_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
