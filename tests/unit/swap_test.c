/* Publishing plans to workers, and retiring them: states, memory that runs out, the registry underneath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <time.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/plan_load.h"
#include "runtime/swap.h"
#include "tests/unit/site_build.h"

enum { WORKERS = 2, TURNS = 5000 };

struct bench {
    struct registry registry;
    struct worker *workers[WORKERS];
    struct swap swap;
    uint16_t port;
};

static struct plan *make_plan(struct bench *x, const char *server)
{
    struct site s;
    struct buf why = {0};
    site_begin(&s);
    struct ir_backend *b = site_backend(&s, "app");
    site_server(&s, b, server, 1);
    site_frontend(&s, "web", x->port);
    build_use(&s.b, b, NULL);
    struct buf file = site_plan(&s);
    struct plan *p = plan_load(buf_view(&file), &why);
    if (!p || !plan_bind(p, &x->registry, &why))
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&file);
    return p;
}

static int begin(void **state)
{
    struct bench *x = calloc(1, sizeof *x);
    log_set_level(LOG_ERROR);
    x->registry.workers = WORKERS;
    x->port = free_port();
    x->swap = (struct swap){.registry = &x->registry, .workers = x->workers, .drain_ms = 1000};
    struct plan *p = make_plan(x, "one");
    assert_true(swap_publish(&x->swap, p, clock_coarse_ms()));
    assert_int_equal(p->state, PLAN_ACTIVE);
    assert_int_equal(p->serial, 1);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker_options o = {.index = i, .max_conns = 100};
        x->workers[i] = worker_start(&o, p);
        assert_non_null(x->workers[i]);
    }
    *state = x;
    return 0;
}

static int finish(void **state)
{
    struct bench *x = *state;
    for (unsigned i = 0; i < WORKERS; i++)
        worker_stop(x->workers[i], 1);
    for (unsigned i = 0; i < WORKERS; i++)
        worker_join(&x->workers[i]);
    swap_end(&x->swap);
    registry_end(&x->registry);
    free(x);
    return 0;
}

/* Turns until the newest plan is adopted and alone. */
static void settle(struct bench *x)
{
    for (unsigned i = 0; i < TURNS && (!x->swap.settled || x->swap.n > 1); i++) {
        swap_turn(&x->swap, clock_coarse_ms());
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(x->swap.settled);
    assert_int_equal(x->swap.n, 1);
    registry_sweep(&x->registry);
}

static void plans_follow_each_other(void **state)
{
    struct bench *x = *state;
    static const char *const names[] = {"one", "two"};
    for (unsigned i = 1; i <= 50; i++) {
        struct plan *p = make_plan(x, names[i % 2]);
        assert_int_equal(p->state, PLAN_WARM);
        assert_true(swap_publish(&x->swap, p, clock_coarse_ms()));
        assert_ptr_equal(swap_active(&x->swap), p);
        if (i % 5 == 0) /* several may wait to be adopted at once */
            settle(x);
    }
    settle(x);
    assert_int_equal(x->swap.serial, 51);
    assert_int_equal(x->swap.ngone, 50);
    assert_int_equal(x->registry.servers.n, 1);
    assert_int_equal(x->registry.backends.n, 1);
    assert_int_equal(x->registry.listeners[0]->refs, 1);
}

static void a_plan_waits_for_its_requests(void **state)
{
    struct bench *x = *state;
    struct plan *old = swap_active(&x->swap);
    atomic_store(&old->workers[1].in_flight, 1);
    assert_true(swap_publish(&x->swap, make_plan(x, "two"), clock_coarse_ms()));
    assert_int_equal(old->state, PLAN_DRAINING);
    for (unsigned i = 0; i < 100; i++) {
        swap_turn(&x->swap, clock_coarse_ms());
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(x->swap.settled);
    assert_int_equal(x->swap.n, 2);
    assert_int_equal(old->state, PLAN_DRAINING);
    assert_int_equal(old->nlisteners, 0);
    registry_sweep(&x->registry);
    assert_int_equal(x->registry.servers.n, 2);
    atomic_store(&old->workers[1].in_flight, 0);
    settle(x);
    assert_int_equal(x->swap.ngone, 1);
    assert_int_equal(x->registry.servers.n, 1);
}

#ifdef WEIR_FAULTS
static void memory_may_run_out_while_publishing(void **state)
{
    struct bench *x = *state;
    static const char *const names[] = {"one", "two"};
    unsigned refused = 0;
    for (long nth = 1; nth <= 30; nth++) {
        struct plan *p = make_plan(x, names[nth % 2]);
        fault_arm(nth % 10 + 1);
        bool ok = swap_publish(&x->swap, p, clock_coarse_ms());
        fault_arm(0);
        if (!ok) {
            refused++;
            assert_ptr_not_equal(swap_active(&x->swap), p);
            plan_unload(&p);
        }
        if (nth % 3 == 0)
            settle(x); /* a post that found no memory is made up for */
    }
    settle(x);
    assert_int_equal(x->swap.serial, 31 - refused);
    assert_int_equal(x->registry.servers.n, 1);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plans_follow_each_other, begin, finish),
        cmocka_unit_test_setup_teardown(a_plan_waits_for_its_requests, begin, finish),
#ifdef WEIR_FAULTS
        cmocka_unit_test_setup_teardown(memory_may_run_out_while_publishing, begin, finish),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
