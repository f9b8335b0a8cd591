/* The timer wheel: never early, within a tick late, lazily moved; the pools of a worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/fault.h"
#include "runtime/iobuf.h"
#include "runtime/pool.h"
#include "runtime/timers.h"

static struct timers wheel;
static uint64_t fired_at;
static unsigned fired;

static void on_fire(struct timer *t)
{
    assert_int_equal(t->deadline, 0);
    fired_at = wheel.now;
    fired++;
}

/* Advances in steps of `step` ms until `end`. */
static void pass(uint64_t end, uint64_t step)
{
    for (uint64_t now = wheel.now; now < end; now += step)
        timers_advance(&wheel, now + step);
}

static void begin(void)
{
    timers_begin(&wheel, 1000003);
    fired = 0;
    fired_at = 0;
}

static void fires_in_time(void **state)
{
    (void)state;
    static const uint32_t waits[] = {0, 1, 15, 16, 17, 500, 16383, 16384, 60000, 3600000};
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        begin();
        struct timer t = {.fire = on_fire};
        uint64_t due = wheel.now + waits[i];
        timers_set(&wheel, &t, waits[i]);
        pass(due + 2 * TIMERS_TICK_MS, 7);
        assert_int_equal(fired, 1);
        assert_true(fired_at >= due);
        assert_true(fired_at <= due + TIMERS_TICK_MS + 7);
        assert_int_equal(wheel.linked, 0);
    }
}

static void moves_later_and_earlier(void **state)
{
    (void)state;
    begin();
    struct timer t = {.fire = on_fire};
    uint64_t start = wheel.now;
    timers_set(&wheel, &t, 100);
    for (unsigned i = 0; i < 20; i++) { /* kept from firing by activity */
        pass(wheel.now + 50, 10);
        timers_set(&wheel, &t, 100);
    }
    assert_int_equal(fired, 0);
    timers_set(&wheel, &t, 5000);
    timers_set(&wheel, &t, 40);
    uint64_t due = wheel.now + 40;
    assert_true(timers_wait(&wheel, 1000) <= 40 + TIMERS_TICK_MS);
    pass(due + 100, 5);
    assert_int_equal(fired, 1);
    assert_true(fired_at >= due && fired_at <= due + TIMERS_TICK_MS + 5);
    assert_true(wheel.now > start);
}

static void off_and_removed(void **state)
{
    (void)state;
    begin();
    struct timer a = {.fire = on_fire}, b = {.fire = on_fire}, c = {.fire = on_fire};
    timers_set(&wheel, &a, 50);
    timers_set(&wheel, &b, 50);
    timers_set(&wheel, &c, 50);
    timers_off(&a);
    timers_remove(&wheel, &b);
    pass(wheel.now + 200, 200); /* in one jump */
    assert_int_equal(fired, 1);
    assert_int_equal(wheel.linked, 0);
    assert_int_equal(timers_wait(&wheel, 777), 777);
}

static struct timer other;

static void fire_and_remove_other(struct timer *t)
{
    on_fire(t);
    timers_remove(&wheel, &other);
    timers_set(&wheel, t, 1); /* again, from within */
}

static void changes_while_firing(void **state)
{
    (void)state;
    begin();
    struct timer t = {.fire = fire_and_remove_other};
    other = (struct timer){.fire = on_fire};
    timers_set(&wheel, &other, 20);
    timers_set(&wheel, &t, 20);
    timers_advance(&wheel, wheel.now + 64);
    assert_true(fired >= 1);
    timers_remove(&wheel, &t);
    timers_remove(&wheel, &other);
    assert_int_equal(wheel.linked, 0);
}

static void pool_gives_cleared_objects(void **state)
{
    (void)state;
    struct pool p;
    pool_begin(&p, 20, 4);
    void *seen[9];
    for (size_t i = 0; i < 9; i++) {
        seen[i] = pool_get(&p);
        assert_non_null(seen[i]);
        for (size_t k = 0; k < 24; k++)
            assert_int_equal(((char *)seen[i])[k], 0);
        memset(seen[i], 0xee, 24);
    }
    pool_put(&p, seen[3]);
    assert_ptr_equal(pool_get(&p), seen[3]);
#ifdef WEIR_FAULTS
    while (p.free)
        pool_get(&p);
    fault_arm(1);
    assert_null(pool_get(&p));
    fault_arm(0);
    assert_non_null(pool_get(&p));
#endif
    pool_end(&p);
}

static void iobufs_compact(void **state)
{
    (void)state;
    struct iobuf_pool p = {0};
    struct iobuf *b = iobuf_get(&p);
    memcpy(b->p, "0123456789", 10);
    b->start = 4;
    b->end = 10;
    iobuf_compact(b);
    assert_int_equal(iobuf_len(b), 6);
    assert_memory_equal(iobuf_bytes(b).p, "456789", 6);
    assert_int_equal(iobuf_room(b), IOBUF_ROOM - 6);
    struct iobuf *same = b;
    iobuf_put(&p, &b);
    assert_null(b);
    b = iobuf_get(&p);
    assert_ptr_equal(b, same);
    assert_int_equal(iobuf_len(b), 0);
    iobuf_put(&p, &b);
    iobuf_pool_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_time),
        cmocka_unit_test(moves_later_and_earlier),
        cmocka_unit_test(off_and_removed),
        cmocka_unit_test(changes_while_firing),
        cmocka_unit_test(pool_gives_cleared_objects),
        cmocka_unit_test(iobufs_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
