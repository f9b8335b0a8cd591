/* Health checks on a loop of their own, against a server in the same thread that answers what the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/check.h"
#include "runtime/plan_load.h"
#include "tests/unit/site_build.h"

enum { CLIENTS = 8, TURNS = 2000 };

struct bench {
    struct loop loop;
    struct timers timers;
    struct registry registry;
    struct checks checks;
    struct plan *plan, *old;
    uint16_t port, front;
    /* the server */
    int listening, clients[CLIENTS];
    const char *answer; /* NULL: says nothing */
    bool keep_open;     /* after the answer */
    unsigned answered;
    struct buf heard; /* the last request */
};

typedef void define_fn(struct site *s, struct ir_backend *b);

static int begin(void **state)
{
    struct bench *x = calloc(1, sizeof *x);
    log_set_level(LOG_ERROR);
    x->port = free_port();
    x->front = free_port();
    x->listening = -1;
    for (unsigned i = 0; i < CLIENTS; i++)
        x->clients[i] = -1;
    assert_true(loop_begin(&x->loop));
    timers_begin(&x->timers, clock_coarse_ms());
    x->registry.workers = 1;
    x->checks = (struct checks){.loop = &x->loop, .timers = &x->timers, .seed = 1};
    *state = x;
    return 0;
}

static void close_client(struct bench *x, unsigned i)
{
    close(x->clients[i]);
    x->clients[i] = -1;
}

static void close_server(struct bench *x)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        if (x->clients[i] >= 0)
            close_client(x, i);
    if (x->listening >= 0)
        close(x->listening);
    x->listening = -1;
}

static int finish(void **state)
{
    struct bench *x = *state;
    close_server(x);
    checks_end(&x->checks);
    plan_unload(&x->old);
    plan_unload(&x->plan);
    registry_end(&x->registry);
    loop_end(&x->loop);
    buf_free(&x->heard);
    free(x);
    return 0;
}

static void open_server(struct bench *x)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(x->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    x->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(x->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(x->listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(x->listening, 16), 0);
}

/* A plan with one checked server; the test's function changes the check. The plan before it goes once the
 * checks follow. */
static void load(struct bench *x, enum ir_check_kind kind, define_fn *define)
{
    struct site s;
    struct buf why = {0};
    site_begin(&s);
    struct ir_backend *b = site_backend(&s, "app");
    site_server(&s, b, "one", x->port);
    site_check(&s, b, kind);
    if (define)
        define(&s, b);
    site_frontend(&s, "web", x->front);
    build_use(&s.b, b, NULL);
    struct buf file = site_plan(&s);
    x->old = x->plan;
    x->plan = plan_load(buf_view(&file), &why);
    if (!x->plan || !plan_bind(x->plan, &x->registry, &why))
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&file);
    checks_follow(&x->checks, x->plan);
    checks_sweep(&x->checks);
    plan_unload(&x->old);
    registry_sweep(&x->registry);
}

static struct server *server(struct bench *x)
{
    return x->plan->backends[0].servers[0];
}

static void serve_client(struct bench *x, unsigned i)
{
    char text[2048];
    ssize_t n = recv(x->clients[i], text, sizeof text, MSG_DONTWAIT);
    if (n == 0)
        close_client(x, i);
    if (n <= 0)
        return;
    x->heard.len = 0;
    buf_add(&x->heard, text, (size_t)n);
    if (!x->answer)
        return;
    assert_int_equal(send(x->clients[i], x->answer, strlen(x->answer), MSG_NOSIGNAL), strlen(x->answer));
    x->answered++;
    if (!x->keep_open)
        close_client(x, i);
}

static void turn(struct bench *x)
{
    loop_wait(&x->loop, 2);
    timers_advance(&x->timers, clock_coarse_ms());
    loop_dispatch(&x->loop);
    checks_sweep(&x->checks);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (x->clients[i] < 0 && x->listening >= 0)
            x->clients[i] = accept4(x->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (x->clients[i] >= 0)
            serve_client(x, i);
    }
}

/* Until the last result says `why`. */
static void wait_why(struct bench *x, const char *why)
{
    for (unsigned i = 0; i < TURNS; i++) {
        turn(x);
        if (slice_contains(slice_of(server(x)->check_why), slice_of(why)))
            return;
    }
    fail_msg("never: %s; last: %s", why, server(x)->check_why);
}

static void wait_up(struct bench *x, bool up)
{
    for (unsigned i = 0; i < TURNS && server(x)->up != up; i++)
        turn(x);
    assert_int_equal(server(x)->up, up);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void rise_and_fall(void **state)
{
    struct bench *x = *state;
    load(x, IR_CHECK_HTTP, NULL);
    assert_true(server(x)->up); /* until it is known better */
    wait_up(x, false);
    assert_int_equal(server(x)->check_failed, 2);
    assert_string_equal(server(x)->check_why, "connection refused");
    x->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    open_server(x);
    wait_up(x, true);
    assert_int_equal(server(x)->check_ok, 2);
    assert_true(slice_starts(slice_of(server(x)->check_why), SLICE("200 in ")));
    char host[64];
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", x->port);
    assert_true(slice_starts(buf_view(&x->heard), SLICE("GET /healthz HTTP/1.1\r\n")));
    assert_true(slice_contains(buf_view(&x->heard), slice_of(host)));
    assert_true(slice_contains(buf_view(&x->heard), SLICE("Connection: close\r\n")));
    /* One failure is not enough. */
    x->answer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
    wait_why(x, "answered 503");
    assert_true(server(x)->up);
    wait_up(x, false);
}

static void http_answers_that_fail(void **state)
{
    struct bench *x = *state;
    open_server(x);
    x->answer = "SSH-2.0-OpenSSH\r\n\r\n";
    load(x, IR_CHECK_HTTP, NULL);
    wait_why(x, "malformed");
    x->answer = "";
    wait_why(x, "closed without an answer");
    x->answer = "HTTP/1.1 200 O";
    wait_why(x, "cut short");
    x->answer = NULL;
    wait_why(x, "no answer within 500 ms");
    assert_false(server(x)->up);
}

static void ask_for_text(struct site *s, struct ir_backend *b)
{
    b->check->body_contains = SLICE("all is well");
    struct ir_header_value *h = vec_push(&s->b.a, &b->check->headers);
    h->name = SLICE("Host");
    h->value = build_str(&s->b, SLICE("check.example"));
}

static void the_body_may_be_asked_for_a_text(void **state)
{
    struct bench *x = *state;
    open_server(x);
    x->keep_open = true; /* the answer's end is known by its framing */
    x->answer = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nall is well\n";
    load(x, IR_CHECK_HTTP, ask_for_text);
    wait_why(x, "200 in ");
    assert_true(slice_contains(buf_view(&x->heard), SLICE("\r\nHost: check.example\r\n")));
    assert_false(slice_contains(buf_view(&x->heard), SLICE("Host: 127")));
    x->answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nall i";
    wait_why(x, "200, but the answer lacks the text");
    x->answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nall is\r\n5\r\n well\r\n0\r\n\r\n";
    wait_why(x, "200 in ");
    x->answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense";
    wait_why(x, "200, but the answer's body is malformed");
    x->keep_open = false;
    x->answer = "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nso: all is well";
    wait_why(x, "200 in ");
}

static void talk(struct site *s, struct ir_backend *b)
{
    *vec_push(&s->b.a, &b->check->steps) = (struct ir_check_step){.is_send = true, .data = SLICE("PING\r\n")};
    *vec_push(&s->b.a, &b->check->steps) =
        (struct ir_check_step){.expect = IR_EXPECT_STARTS_WITH, .data = SLICE("+PONG")};
}

static void tcp_connections(void **state)
{
    struct bench *x = *state;
    load(x, IR_CHECK_TCP, NULL);
    wait_why(x, "connection refused");
    open_server(x);
    wait_why(x, "connected in ");
}

static void tcp_steps(void **state)
{
    struct bench *x = *state;
    open_server(x);
    x->keep_open = true;
    x->answer = "+PONG\r\n";
    load(x, IR_CHECK_TCP, talk);
    wait_why(x, "connected in ");
    assert_true(slice_eq(buf_view(&x->heard), SLICE("PING\r\n")));
    x->answer = "-ERR\r\n";
    wait_why(x, "step 2: another answer");
    x->answer = "+PO";
    x->keep_open = false;
    wait_why(x, "closed before step 2");
    x->answer = NULL;
    wait_why(x, "no answer within");
}

static void slower(struct site *s, struct ir_backend *b)
{
    (void)s;
    b->check_rise = 3;
}

static void no_check(struct site *s, struct ir_backend *b)
{
    (void)s;
    b->check = NULL;
}

static void health_outlives_a_plan(void **state)
{
    struct bench *x = *state;
    load(x, IR_CHECK_HTTP, NULL);
    wait_up(x, false);
    struct server *before = server(x);
    unsigned failed = before->check_failed;
    load(x, IR_CHECK_HTTP, slower);
    assert_ptr_equal(server(x), before);
    assert_false(before->up);
    assert_true(before->check_failed >= failed);
    open_server(x);
    x->answer = "HTTP/1.1 200 OK\r\n\r\n";
    wait_up(x, true);
    assert_int_equal(before->check_ok, 3);
    /* Under swaps that are quicker than a check, checks still come to an end. */
    x->answer = NULL;
    for (unsigned i = 0; i < 40 && before->up; i++) {
        load(x, IR_CHECK_HTTP, i % 2 ? slower : NULL);
        for (unsigned k = 0; k < 50; k++)
            turn(x);
    }
    assert_false(before->up);
    load(x, IR_CHECK_HTTP, no_check);
    assert_true(before->up); /* nobody asks any more */
    assert_null(before->check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rise_and_fall, begin, finish),
        cmocka_unit_test_setup_teardown(http_answers_that_fail, begin, finish),
        cmocka_unit_test_setup_teardown(the_body_may_be_asked_for_a_text, begin, finish),
        cmocka_unit_test_setup_teardown(tcp_connections, begin, finish),
        cmocka_unit_test_setup_teardown(tcp_steps, begin, finish),
        cmocka_unit_test_setup_teardown(health_outlives_a_plan, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
