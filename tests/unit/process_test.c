/* The whole runtime as a process: serving, swapping, what the control socket answers, stopping. Each test
 * runs one process_run() in a child and talks to it from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/client.h"
#include "runtime/process.h"
#include "tests/unit/site_build.h"

enum { WAIT_MS = 10000 };

struct edge {
    char dir[64], control[96], plan[96];
    uint16_t port;
    pid_t pid;
    uint32_t drain_ms;
};

/* ---- the process ------------------------------------------------------------------------------ */

static bool read_plan(void *ctx, struct buf *plan, struct buf *why)
{
    struct edge *e = ctx;
    int err = buf_read_file(plan, e->plan);
    if (err)
        buf_str(why, strerror(err));
    return !err;
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int run_child(struct edge *e)
{
    struct process_options o = {.make_plan = read_plan,
                                .ctx = e,
                                .control_path = e->control,
                                .workers = 2,
                                .drain_ms = e->drain_ms,
                                .stop_ms = 3000};
    log_set_level(LOG_ERROR);
    return process_run(&o);
}

static int ask(struct edge *e, const char *command, struct slice payload, struct buf *reply)
{
    reply->len = 0;
    return client_call(e->control, slice_of(command), payload, reply);
}

/* Starts it with `plan`, and waits until it answers. */
static void start(struct edge *e, struct buf *plan)
{
    struct buf reply = {0};
    assert_int_equal(buf_write_file(e->plan, buf_view(plan), 0600), 0);
    fflush(NULL);
    e->pid = fork();
    if (e->pid == 0)
        exit(run_child(e));
    for (unsigned i = 0; i < WAIT_MS / 20 && ask(e, "show info", SLICE(""), &reply) != 0; i++)
        pause_ms(20);
    assert_true(slice_contains(buf_view(&reply), SLICE("workers      2")));
    buf_free(&reply);
}

static int stop(struct edge *e, int sig)
{
    int status;
    kill(e->pid, sig);
    assert_int_equal(waitpid(e->pid, &status, 0), e->pid);
    e->pid = 0;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int begin(void **state)
{
    struct edge *e = calloc(1, sizeof *e);
    snprintf(e->dir, sizeof e->dir, "/tmp/weir-process-test-XXXXXX");
    assert_non_null(mkdtemp(e->dir));
    snprintf(e->control, sizeof e->control, "%s/control", e->dir);
    snprintf(e->plan, sizeof e->plan, "%s/plan", e->dir);
    e->port = free_port();
    *state = e;
    return 0;
}

static int finish(void **state)
{
    struct edge *e = *state;
    if (e->pid > 0) {
        kill(e->pid, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    unlink(e->plan);
    unlink(e->control);
    rmdir(e->dir);
    free(e);
    return 0;
}

/* ---- plans and clients ------------------------------------------------------------------------ */

static struct buf replying(uint16_t port, const char *body)
{
    struct site s;
    site_begin(&s);
    site_frontend(&s, "web", port);
    site_reply(&s, body);
    return site_plan(&s);
}

/* Passes on to a server at `origin`; `mark` makes it another plan. */
static struct buf passing_on(uint16_t port, uint16_t origin, const char *mark)
{
    struct site s;
    site_begin(&s);
    struct ir_backend *app = site_backend(&s, "app");
    site_server(&s, app, "one", origin);
    site_frontend(&s, "web", port);
    site_reply(&s, mark);
    s.b.f->route.v[0].guard = build_test(&s.b, IR_EQ, build_field(&s.b, IR_FIELD_PATH, NULL), "/mark");
    build_use(&s.b, app, NULL);
    return site_plan(&s);
}

static int dial(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static void send_get(int fd, const char *path)
{
    char text[128];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
}

/* Reads until the text ends with `tail`. */
static void expect_tail(int fd, const char *tail)
{
    char text[4096];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        if (slice_ends((struct slice){text, n}, slice_of(tail)))
            return;
    }
    text[n] = 0;
    fail_msg("expected ...%s, got %s", tail, text);
}

static void expect_get(int fd, const char *path, const char *tail)
{
    send_get(fd, path);
    expect_tail(fd, tail);
}

static void push(struct edge *e, struct buf *plan)
{
    struct buf reply = {0};
    if (ask(e, "push", buf_view(plan), &reply) != 0)
        fail_msg("push: %.*s", SLICE_ARG(buf_view(&reply)));
    assert_true(slice_contains(buf_view(&reply), SLICE(" is active")));
    buf_free(plan);
    buf_free(&reply);
}

static bool answer_has(struct edge *e, const char *command, const char *text)
{
    struct buf reply = {0};
    assert_int_equal(ask(e, command, SLICE(""), &reply), 0);
    bool has = slice_contains(buf_view(&reply), slice_of(text));
    buf_free(&reply);
    return has;
}

static void wait_for(struct edge *e, const char *command, const char *text)
{
    for (unsigned i = 0; i < WAIT_MS / 20; i++) {
        if (answer_has(e, command, text))
            return;
        pause_ms(20);
    }
    struct buf reply = {0};
    ask(e, command, SLICE(""), &reply);
    fail_msg("%s never says %s: %.*s", command, text, SLICE_ARG(buf_view(&reply)));
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void a_push_changes_what_kept_alive_connections_get(void **state)
{
    struct edge *e = *state;
    struct buf plan = replying(e->port, "first");
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port);
    expect_get(fd, "/", "\r\n\r\nfirst");
    for (unsigned i = 0; i < 10; i++) {
        plan = replying(e->port, i % 2 ? "odd" : "even");
        push(e, &plan);
        expect_get(fd, "/", i % 2 ? "\r\n\r\nodd" : "\r\n\r\neven");
    }
    close(fd);
    wait_for(e, "show info json", "\"requests\": 11");
    struct buf reply = {0};
    wait_for(e, "show plans", "gone");
    assert_int_equal(ask(e, "show plans", SLICE(""), &reply), 0);
    unsigned active = 0, gone = 0;
    for (size_t i = 0; i + 6 < reply.len; i++) {
        active += memcmp(reply.p + i, "active", 6) == 0;
        gone += memcmp(reply.p + i, "  gone  ", 6) == 0;
    }
    assert_int_equal(active, 1);
    assert_int_equal(gone, 10);
    assert_true(answer_has(e, "show frontends json", "\"requests\": 11"));
    assert_int_equal(stop(e, SIGTERM), 0);
    assert_int_equal(access(e->control, F_OK), -1);
    buf_free(&reply);
}

static void a_refused_push_changes_nothing(void **state)
{
    struct edge *e = *state;
    struct buf plan = replying(e->port, "first"), other = replying(e->port, "other"), reply = {0};
    start(e, &plan);
    int fd = dial(e->port);
    assert_int_equal(ask(e, "push", SLICE(""), &reply), 1);
    assert_int_equal(ask(e, "push", SLICE("garbage of some length"), &reply), 1);
    assert_int_equal(ask(e, "push", (struct slice){other.p, other.len / 2}, &reply), 1);
    other.p[other.len / 2] ^= 1;
    assert_int_equal(ask(e, "push", buf_view(&other), &reply), 1);
    assert_true(slice_contains(buf_view(&reply), SLICE("cut short or damaged")));
    /* An address that is taken. */
    uint16_t taken;
    int holder = listen_somewhere(&taken);
    struct buf conflict = replying(taken, "x");
    assert_int_equal(ask(e, "push", buf_view(&conflict), &reply), 1);
    assert_true(slice_contains(buf_view(&reply), SLICE("Address already in use")));
    expect_get(fd, "/", "\r\n\r\nfirst");
    assert_true(answer_has(e, "show info json", "\"swaps\": 0"));
    assert_int_equal(stop(e, SIGINT), 0);
    close(holder);
    close(fd);
    buf_free(&plan);
    buf_free(&other);
    buf_free(&conflict);
    buf_free(&reply);
}

static void sighup_reads_the_plan_again(void **state)
{
    struct edge *e = *state;
    struct buf plan = replying(e->port, "first"), second = replying(e->port, "second");
    start(e, &plan);
    int fd = dial(e->port);
    assert_int_equal(buf_write_file(e->plan, SLICE("nonsense"), 0600), 0);
    kill(e->pid, SIGHUP);
    pause_ms(100);
    expect_get(fd, "/", "\r\n\r\nfirst");
    assert_int_equal(buf_write_file(e->plan, buf_view(&second), 0600), 0);
    kill(e->pid, SIGHUP);
    wait_for(e, "show plans", "gone");
    expect_get(fd, "/", "\r\n\r\nsecond");
    assert_int_equal(stop(e, SIGTERM), 0);
    close(fd);
    buf_free(&plan);
    buf_free(&second);
}

static void listeners_come_and_go(void **state)
{
    struct edge *e = *state;
    uint16_t added = free_port();
    struct buf plan = replying(e->port, "first");
    start(e, &plan);
    buf_free(&plan);
    assert_int_equal(dial(added), -1);
    for (unsigned i = 0; i < 3; i++) {
        struct site s;
        site_begin(&s);
        site_frontend(&s, "web", e->port);
        site_reply(&s, "web");
        site_frontend(&s, "more", added);
        site_reply(&s, "more");
        plan = site_plan(&s);
        push(e, &plan);
        int fd = dial(added);
        expect_get(fd, "/", "\r\n\r\nmore");
        close(fd);
        plan = replying(e->port, "again");
        push(e, &plan);
        unsigned tries = 0;
        for (; (fd = dial(added)) >= 0 && tries < 100; tries++) { /* closed right after adoption */
            close(fd);
            pause_ms(10);
        }
        assert_true(tries < 100);
    }
    assert_int_equal(stop(e, SIGTERM), 0);
}

static void a_request_ends_under_the_plan_that_it_began_under(void **state)
{
    struct edge *e = *state;
    uint16_t port;
    int origin = listen_somewhere(&port);
    struct buf plan = passing_on(e->port, port, "first");
    char head[1024];
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port), other = dial(e->port);
    send_get(fd, "/slow");
    int server = accept(origin, NULL, NULL);
    assert_true(recv(server, head, sizeof head, 0) > 0);
    plan = passing_on(e->port, port, "second");
    push(e, &plan);
    plan = passing_on(e->port, port, "third");
    push(e, &plan);
    expect_get(other, "/mark", "\r\n\r\nthird");
    assert_true(answer_has(e, "show plans json", "\"state\": \"draining\""));
    assert_true(answer_has(e, "show plans json", "\"in_flight\": 1"));
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow";
    assert_int_equal(send(server, answer, sizeof answer - 1, 0), sizeof answer - 1);
    expect_tail(fd, "\r\n\r\nslow");
    expect_get(fd, "/mark", "\r\n\r\nthird");
    for (unsigned i = 0; i < 200 && answer_has(e, "show plans", "draining"); i++)
        pause_ms(10);
    assert_false(answer_has(e, "show plans", "draining"));
    assert_true(
        answer_has(e, "show servers json", "\"requests\": 1, \"connects\": 1")); /* kept over two swaps */
    assert_int_equal(stop(e, SIGTERM), 0);
    close(server);
    close(origin);
    close(fd);
    close(other);
}

/* The old plan's server is not in the new one: its connection ends with its request, and so does all that is
 * known of it. */
static void servers_that_are_gone_are_let_go(void **state)
{
    struct edge *e = *state;
    uint16_t port, next;
    int origin = listen_somewhere(&port), other = listen_somewhere(&next);
    struct buf plan = passing_on(e->port, port, "first");
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow";
    char head[1024];
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port);
    send_get(fd, "/slow");
    int server = accept(origin, NULL, NULL);
    assert_true(recv(server, head, sizeof head, 0) > 0);
    plan = passing_on(e->port, next, "second");
    push(e, &plan);
    assert_int_equal(send(server, answer, sizeof answer - 1, 0), sizeof answer - 1);
    expect_tail(fd, "\r\n\r\nslow");
    assert_int_equal(recv(server, head, sizeof head, 0), 0);
    /* It comes back as a new one, once nothing is left of the old one. */
    wait_for(e, "show plans", "gone");
    plan = passing_on(e->port, port, "third");
    push(e, &plan);
    assert_true(answer_has(e, "show servers json", "\"requests\": 0"));
    assert_int_equal(stop(e, SIGTERM), 0);
    close(server);
    close(origin);
    close(other);
    close(fd);
}

static void the_drain_deadline_ends_what_is_left(void **state)
{
    struct edge *e = *state;
    uint16_t port;
    int origin = listen_somewhere(&port);
    struct buf plan = passing_on(e->port, port, "first");
    char head[1024];
    e->drain_ms = 300;
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port);
    send_get(fd, "/never");
    int server = accept(origin, NULL, NULL);
    assert_true(recv(server, head, sizeof head, 0) > 0);
    plan = passing_on(e->port, port, "second");
    push(e, &plan);
    assert_true(answer_has(e, "show plans", "draining"));
    wait_for(e, "show plans", "gone");
    char text[256];
    ssize_t n;
    while ((n = recv(fd, text, sizeof text, 0)) > 0)
        ;
    assert_true(n == 0 || errno == ECONNRESET); /* ended, not waiting */
    assert_int_equal(stop(e, SIGTERM), 0);
    close(server);
    close(origin);
    close(fd);
}

static void a_stop_answers_what_is_in_flight(void **state)
{
    struct edge *e = *state;
    uint16_t port;
    int origin = listen_somewhere(&port), status;
    struct buf plan = passing_on(e->port, port, "first");
    char head[1024];
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port);
    send_get(fd, "/slow");
    int server = accept(origin, NULL, NULL);
    assert_true(recv(server, head, sizeof head, 0) > 0);
    kill(e->pid, SIGTERM);
    pause_ms(100);
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow";
    assert_int_equal(send(server, answer, sizeof answer - 1, 0), sizeof answer - 1);
    expect_tail(fd, "\r\n\r\nslow");
    assert_int_equal(recv(fd, head, sizeof head, 0), 0);
    assert_int_equal(waitpid(e->pid, &status, 0), e->pid);
    e->pid = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(server);
    close(origin);
    close(fd);
}

static void a_second_signal_ends_at_once(void **state)
{
    struct edge *e = *state;
    uint16_t port;
    int origin = listen_somewhere(&port);
    struct buf plan = passing_on(e->port, port, "first");
    char head[1024];
    start(e, &plan);
    buf_free(&plan);
    int fd = dial(e->port);
    send_get(fd, "/never");
    int server = accept(origin, NULL, NULL);
    assert_true(recv(server, head, sizeof head, 0) > 0);
    uint64_t began = clock_ns();
    kill(e->pid, SIGTERM);
    pause_ms(100);
    assert_int_equal(stop(e, SIGTERM), 0);
    assert_true(clock_ns() - began < 2000000000u); /* stop_ms is 3000 */
    close(server);
    close(origin);
    close(fd);
}

static int dial_control(struct edge *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    memcpy(a.sun_path, e->control, strlen(e->control));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void the_control_socket_minds_its_clients(void **state)
{
    struct edge *e = *state;
    struct buf plan = replying(e->port, "first"), reply = {0};
    struct stat st;
    start(e, &plan);
    buf_free(&plan);
    assert_int_equal(stat(e->control, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* Clients that say half of something do not keep others from their answers. */
    int half = dial_control(e), payload = dial_control(e), gone = dial_control(e);
    assert_int_equal(send(half, "weir1 0 sho", 11, 0), 11);
    assert_int_equal(send(payload, "weir1 1000 push\nabc", 19, 0), 19);
    assert_int_equal(send(gone, "weir1 0 show plans\n", 19, 0), 19);
    close(gone);
    assert_true(answer_has(e, "help", "show servers"));
    int nonsense = dial_control(e);
    assert_int_equal(send(nonsense, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    expect_tail(nonsense, "this is no request of version 1 of the protocol");
    int large = dial_control(e);
    assert_int_equal(send(large, "weir1 99999999999999999999 push\n", 32, 0), 32);
    expect_tail(large, "the request does not say how long it is");
    assert_int_equal(send(half, "w plans\n", 8, 0), 8);
    char text[16];
    assert_int_equal(recv(half, text, 3, MSG_WAITALL), 3);
    assert_memory_equal(text, "ok ", 3);
    assert_int_equal(ask(e, "shwo plans", SLICE(""), &reply), 1);
    assert_true(slice_contains(buf_view(&reply), SLICE("did you mean `show plans`?")));
    assert_int_equal(ask(e, "frobnicate", SLICE(""), &reply), 1);
    assert_true(slice_contains(buf_view(&reply), SLICE("commands: show plans")));
    close(half);
    close(payload);
    close(nonsense);
    close(large);
    assert_int_equal(stop(e, SIGTERM), 0);
    buf_free(&reply);
    assert_int_equal(ask(e, "help", SLICE(""), &reply), 1);
    assert_true(slice_contains(buf_view(&reply), SLICE("no runtime answers there")));
    buf_free(&reply);
}

static void only_a_dead_socket_is_replaced(void **state)
{
    struct edge *e = *state;
    struct buf plan = replying(e->port, "first");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int status;
    memcpy(a.sun_path, e->control, strlen(e->control));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* the file stays, and nobody answers */
    start(e, &plan);
    /* A second process refuses to start, and leaves the first one's socket alone. */
    struct edge second = *e;
    struct buf other = replying(free_port(), "second");
    snprintf(second.plan, sizeof second.plan, "%s/second", e->dir);
    assert_int_equal(buf_write_file(second.plan, buf_view(&other), 0600), 0);
    fflush(NULL);
    second.pid = fork();
    if (second.pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            exit(3);
        exit(run_child(&second));
    }
    assert_int_equal(waitpid(second.pid, &status, 0), second.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(answer_has(e, "show info", "swaps        0"));
    assert_int_equal(stop(e, SIGTERM), 0);
    unlink(second.plan);
    buf_free(&plan);
    buf_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_push_changes_what_kept_alive_connections_get, begin, finish),
        cmocka_unit_test_setup_teardown(a_refused_push_changes_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(sighup_reads_the_plan_again, begin, finish),
        cmocka_unit_test_setup_teardown(listeners_come_and_go, begin, finish),
        cmocka_unit_test_setup_teardown(a_request_ends_under_the_plan_that_it_began_under, begin, finish),
        cmocka_unit_test_setup_teardown(servers_that_are_gone_are_let_go, begin, finish),
        cmocka_unit_test_setup_teardown(the_drain_deadline_ends_what_is_left, begin, finish),
        cmocka_unit_test_setup_teardown(a_stop_answers_what_is_in_flight, begin, finish),
        cmocka_unit_test_setup_teardown(a_second_signal_ends_at_once, begin, finish),
        cmocka_unit_test_setup_teardown(the_control_socket_minds_its_clients, begin, finish),
        cmocka_unit_test_setup_teardown(only_a_dead_socket_is_replaced, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
