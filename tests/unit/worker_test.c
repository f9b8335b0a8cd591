/* One worker in this process, passing requests on to itself: what it does where memory runs out, and that it needs none
 * once it is warm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>

#include "runtime/base/fault.h"
#include "runtime/plan_load.h"
#include "runtime/worker.h"
#include "tests/unit/site_build.h"

enum { ANSWER_MAX = 4096, WAIT_MS = 5000 };

struct setup {
    struct registry registry;
    struct plan *plan;
    struct worker *worker;
    uint16_t port;
};

static int begin(void **state)
{
    struct setup *s = calloc(1, sizeof *s);
    struct site site;
    struct buf why = {0};
    signal(SIGPIPE, SIG_IGN);
    s->port = free_port();
    uint16_t inner = free_port();
    site_begin(&site);
    struct ir_backend *app = site_backend(&site, "app");
    site_server(&site, app, "self", inner);
    site_frontend(&site, "inner", inner);
    site_reply(&site, "from the server");
    site_frontend(&site, "web", s->port);
    build_use(&site.b, app, NULL);
    struct buf file = site_plan(&site);
    s->registry.workers = 1;
    s->plan = plan_load(buf_view(&file), &why);
    assert_non_null(s->plan);
    assert_true(plan_bind(s->plan, &s->registry, &why));
    s->plan->serial = 1;
    s->worker = worker_start(&(struct worker_options){.workers = 1, .max_conns = 100}, s->plan);
    assert_non_null(s->worker);
    buf_free(&file);
    *state = s;
    return 0;
}

static int finish(void **state)
{
    struct setup *s = *state;
    worker_stop(s->worker, 100);
    worker_join(&s->worker);
    plan_unload(&s->plan);
    registry_end(&s->registry);
    free(s);
    return 0;
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Sends a request and reads until `end` stands at the end of what came, or the connection ends. Returns bytes read. */
static size_t ask(int fd, const char *request, const char *end, char answer[ANSWER_MAX])
{
    size_t n = 0;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        return 0;
    while (n < ANSWER_MAX - 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, WAIT_MS), 1); /* an answer or the end comes, whatever fails */
        ssize_t got = recv(fd, answer + n, ANSWER_MAX - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        if (slice_ends((struct slice){answer, n}, slice_of(end)))
            break;
    }
    answer[n] = 0;
    return n;
}

static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
static const char post[] = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

static bool is_whole(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0 && strstr(answer, "\r\n\r\nfrom the server");
}

static void answers(void **state)
{
    struct setup *s = *state;
    char answer[ANSWER_MAX];
    int fd = dial(s->port);
    for (unsigned i = 0; i < 50; i++) {
        ask(fd, i % 2 ? request : post, "from the server", answer);
        assert_true(is_whole(answer));
    }
    close(fd);
}

#ifdef WEIR_FAULTS
/* Whichever allocation fails, the client gets a whole answer, an error or the end, and the next one is served. */
static void survives_lack_of_memory(void **state)
{
    struct setup *s = *state;
    char answer[ANSWER_MAX];
    unsigned whole = 0;
    for (long nth = 1; nth <= 24; nth++) {
        int fd = dial(s->port);
        fault_arm(nth);
        size_t n = ask(fd, nth % 2 ? request : post, "from the server", answer);
        fault_arm(0);
        close(fd);
        assert_true(n == 0 || is_whole(answer) || strncmp(answer, "HTTP/1.1 50", 11) == 0);
        whole += n > 0 && is_whole(answer);
        answers(state);
    }
    assert_true(whole > 0);
}

/* Kept-alive connections on both sides: not one allocation. */
static void needs_no_memory_once_warm(void **state)
{
    struct setup *s = *state;
    char answer[ANSWER_MAX];
    int fd = dial(s->port);
    for (unsigned i = 0; i < 10; i++)
        ask(fd, request, "from the server", answer);
    for (unsigned i = 0; i < 100; i++) {
        fault_arm(1);
        ask(fd, request, "from the server", answer);
        assert_true(is_whole(answer));
    }
    fault_arm(0);
    close(fd);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, begin, finish),
#ifdef WEIR_FAULTS
        cmocka_unit_test_setup_teardown(survives_lack_of_memory, begin, finish),
        cmocka_unit_test_setup_teardown(needs_no_memory_once_warm, begin, finish),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
