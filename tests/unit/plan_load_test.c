/* Loading and binding plans: what is refused, what is shared with the registry, and that a failure anywhere
 * changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/elf.h"
#include "runtime/base/fault.h"
#include "runtime/base/seal.h"
#include "runtime/plan_load.h"
#include "tests/unit/site_build.h"

/* A frontend that passes on to two servers. */
static struct buf make_plan(uint16_t port, const char *second_server)
{
    struct site s;
    site_begin(&s);
    struct ir_backend *app = site_backend(&s, "app");
    site_server(&s, app, "one", 1001);
    site_server(&s, app, second_server, 1002);
    site_frontend(&s, "web", port);
    build_use(&s.b, app, NULL);
    return site_plan(&s);
}

static struct plan *load(const struct buf *file)
{
    struct buf why = {0};
    struct plan *p = plan_load(buf_view(file), &why);
    if (!p)
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&why);
    return p;
}

static struct plan *load_and_bind(const struct buf *file, struct registry *r)
{
    struct buf why = {0};
    struct plan *p = load(file);
    if (!plan_bind(p, r, &why))
        fail_msg("%.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&why);
    return p;
}

static void refuse(struct slice file, const char *reason)
{
    struct buf why = {0};
    struct plan *p = plan_load(file, &why);
    assert_null(p);
    assert_true(why.len > 0);
    if (reason && !slice_contains(buf_view(&why), slice_of(reason)))
        fail_msg("refused with: %.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&why);
}

static void a_plan_is_mapped(void **state)
{
    (void)state;
    struct buf file = make_plan(free_port(), "two");
    struct plan *p = load(&file), *q = load(&file);
    assert_int_equal(strlen(p->digest), 32);
    assert_int_equal(p->state, PLAN_LOADED);
    assert_ptr_not_equal(p->tables, q->tables); /* equal files are two plans */
    assert_int_equal(p->head->backends.count, 1);
    buf_free(&file);
    plan_unload(&p);
    assert_null(p);
    assert_int_equal(q->head->frontends.count, 1);
    plan_unload(&q);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    struct buf file = make_plan(free_port(), "two");
    refuse((struct slice){0}, "too short");
    refuse(SLICE("#!/bin/sh\nexit 0 # a script that is long enough to have a header\n"), "no ELF file");
    for (size_t n = 0; n < file.len; n += n < 256 ? 1 : 97)
        refuse((struct slice){file.p, n}, NULL);
    refuse((struct slice){file.p, file.len - 1}, "cut short or damaged");
    for (size_t i = 0; i < file.len; i += 61) {
        file.p[i] ^= 0x10;
        refuse(buf_view(&file), NULL);
        file.p[i] ^= 0x10;
    }
    struct plan *p = load(&file);
    plan_unload(&p);
    buf_free(&file);
}

/* With a seal that fits, the checks behind it are on their own: nothing may crash, whatever is in the
 * headers. */
static void sealed_nonsense_is_refused_or_harmless(void **state)
{
    (void)state;
    struct buf file = make_plan(free_port(), "two"), work = {0};
    uint64_t seed = 7;
    for (unsigned round = 0; round < 3000; round++) {
        work.len = 0;
        buf_add(&work, file.p, file.len - SEAL_SIZE);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t range = round % 2 ? 1024 : work.len;
        size_t at = round % 3 == 2 ? work.len - 1 - (seed >> 33) % 2048 : (seed >> 33) % range;
        work.p[at] ^= (char)(1u << (seed >> 60 & 7));
        seal_add(&work);
        struct buf why = {0};
        struct plan *p = plan_load(buf_view(&work), &why);
        plan_unload(&p);
        buf_free(&why);
    }
    buf_free(&work);
    buf_free(&file);
}

static void another_abi_is_refused(void **state)
{
    (void)state;
    struct buf file = make_plan(free_port(), "two");
    struct slice tables;
    file.len -= SEAL_SIZE;
    assert_true(elf_section(buf_view(&file), WEIR_SECTION_TABLES, &tables, NULL));
    uint32_t abi = WEIR_ABI_VERSION + 1;
    memcpy((char *)tables.p + offsetof(struct weir_tables, abi), &abi, sizeof abi);
    seal_add(&file);
    refuse(buf_view(&file), "another version of the runtime");
    buf_free(&file);
}

static void unchanged_objects_are_shared(void **state)
{
    (void)state;
    struct registry r = {.workers = 2};
    uint16_t port = free_port();
    struct buf a = make_plan(port, "two"), b = make_plan(port, "three");
    struct plan *p = load_and_bind(&a, &r), *q = load_and_bind(&b, &r);
    struct server *one = p->backends[0].servers[0];
    assert_int_equal(p->state, PLAN_WARM);
    assert_ptr_equal(one, q->backends[0].servers[0]);
    assert_ptr_not_equal(p->backends[0].servers[1], q->backends[0].servers[1]);
    assert_ptr_equal(p->backends[0].shared, q->backends[0].shared);
    assert_ptr_equal(p->frontends[0].shared, q->frontends[0].shared);
    assert_ptr_equal(p->listeners[0], q->listeners[0]);
    assert_int_equal(q->frontend_of_listener[q->listeners[0]->id], 0);
    assert_int_equal(one->refs, 2);
    assert_int_equal(r.servers.n, 3);
    plan_unload(&p);
    registry_sweep(&r);
    assert_int_equal(r.servers.n, 2);
    assert_int_equal(one->refs, 1);
    assert_true(q->listeners[0]->fds[1] >= 0);
    atomic_fetch_add(&one->refs, 1); /* as a connection would */
    plan_unload(&q);
    registry_sweep(&r);
    assert_int_equal(r.servers.n, 1);
    assert_null(r.listeners[0]->fds);
    atomic_fetch_sub(&one->refs, 1);
    registry_end(&r);
    buf_free(&a);
    buf_free(&b);
}

static void an_address_that_is_taken_is_named(void **state)
{
    (void)state;
    struct registry r = {.workers = 2}, other = {.workers = 1};
    uint16_t port = free_port();
    struct buf file = make_plan(port, "two"), why = {0};
    struct plan *p = load_and_bind(&file, &r), *q = load(&file);
    char address[64];
    assert_false(plan_bind(q, &other, &why)); /* another process, as far as the registry knows */
    snprintf(address, sizeof address, "127.0.0.1:%u: Address already in use", port);
    assert_true(slice_contains(buf_view(&why), slice_of(address)));
    plan_unload(&q);
    plan_unload(&p);
    registry_end(&r);
    registry_end(&other);
    buf_free(&file);
    buf_free(&why);
}

static void names_that_cannot_be_resolved_are_named(void **state)
{
    (void)state;
    struct site s;
    site_begin(&s);
    struct ir_backend *app = site_backend(&s, "app");
    site_server(&s, app, "one", 1001)->host = SLICE("no-such-host.invalid");
    site_frontend(&s, "web", free_port());
    build_use(&s.b, app, NULL);
    struct buf file = site_plan(&s), why = {0};
    struct registry r = {.workers = 1};
    struct plan *p = load(&file);
    assert_false(plan_bind(p, &r, &why));
    assert_true(slice_contains(buf_view(&why), SLICE("no-such-host.invalid cannot be resolved")));
    assert_true(slice_contains(buf_view(&why), SLICE("server one of backend app")));
    plan_unload(&p);
    registry_end(&r);
    buf_free(&file);
    buf_free(&why);
}

#ifdef WEIR_FAULTS
/* Each allocation fails once: nothing leaks (LeakSanitizer), no socket stays open, and without faults it
 * works. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    uint16_t port = free_port();
    struct buf file = make_plan(port, "two");
    unsigned failures = 0;
    for (long nth = 1; nth < 200; nth++) {
        struct registry r = {.workers = 2};
        struct buf why = {0};
        fault_arm(nth);
        struct plan *p = plan_load(buf_view(&file), &why);
        bool ok = p && plan_bind(p, &r, &why);
        fault_arm(0);
        plan_unload(&p);
        registry_end(&r);
        failures += !ok;
        assert_true(ok || slice_contains(buf_view(&why), SLICE("out of memory")));
        buf_free(&why);
        if (ok)
            break;
    }
    assert_true(failures > 10 && failures < 199);
    buf_free(&file);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_mapped),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(sealed_nonsense_is_refused_or_harmless),
        cmocka_unit_test(another_abi_is_refused),
        cmocka_unit_test(unchanged_objects_are_shared),
        cmocka_unit_test(an_address_that_is_taken_is_named),
        cmocka_unit_test(names_that_cannot_be_resolved_are_named),
#ifdef WEIR_FAULTS
        cmocka_unit_test(memory_may_run_out_anywhere),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
