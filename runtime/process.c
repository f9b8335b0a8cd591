/* The life of the process: start, the control thread's loop, signals, the end. See process.h; the commands of
 * the control socket are in command.c. */
#include "runtime/process.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/plan_load.h"
#include "runtime/process_state.h"

enum {
    DEFAULT_MS = 30000,
    SWEEP_MS = 1000,
    STOP_POLL_MS = 5,
    CONTROL_NICE = 10,
    STOP_SLACK_MS = 2000, /* past the deadline a worker has this long to notice */
    WORKERS_MAX = 1024,
    SPARE_FDS = 64,
};

/* ---- plans -------------------------------------------------------------------------------------- */

/* Binds and publishes; takes `plan` over. */
static bool take_plan(struct process *p, struct plan *plan, struct buf *why)
{
    bool ok = plan && plan_bind(plan, &p->registry, why);
    if (ok && !swap_publish(&p->swap, plan, p->timers.now)) {
        buf_str(why, "out of memory");
        ok = false;
    }
    if (!ok) {
        plan_unload(&plan);
        registry_sweep(&p->registry);
        return false;
    }
    checks_follow(&p->checks, plan);
    return true;
}

bool process_swap(struct process *p, struct slice file, struct buf *why)
{
    if (!take_plan(p, plan_load(file, why), why))
        return false;
    log_line(LOG_INFO, "plan %s is published", swap_active(&p->swap)->digest);
    return true;
}

static bool first_plan(struct process *p, struct buf *why)
{
    if (p->o->builtin)
        return take_plan(p, plan_load_builtin(p->o->builtin, why), why);
    struct buf file = {0};
    bool ok = p->o->make_plan(p->o->ctx, &file, why) && take_plan(p, plan_load(buf_view(&file), why), why);
    buf_free(&file);
    return ok;
}

static void reload(struct process *p)
{
    struct buf file = {0}, why = {0};
    p->reload = false;
    if (p->o->builtin)
        buf_str(&why, "this executable has its plan built in");
    if (p->o->builtin || !p->o->make_plan(p->o->ctx, &file, &why) || !process_swap(p, buf_view(&file), &why))
        log_line(LOG_ERROR, "reload: the old plan stays: %.*s", SLICE_ARG(buf_view(&why)));
    buf_free(&file);
    buf_free(&why);
}

/* ---- start -------------------------------------------------------------------------------------- */

unsigned process_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

static rlim_t raise_descriptors(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return 1024;
    rlim_t before = l.rlim_cur;
    l.rlim_cur = l.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &l) == 0 ? l.rlim_cur : before;
}

unsigned process_descriptors(unsigned workers)
{
    return SPARE_FDS + 4 * workers;
}

/* Client connections of one worker, where each may need a connection to a server as well. */
static uint32_t share_of_connections(rlim_t descriptors, unsigned workers)
{
    rlim_t spare = process_descriptors(workers),
           each = descriptors > spare ? (descriptors - spare) / 2 / workers : 1;
    return each < 16 ? 16 : each > 1000000 ? 1000000 : (uint32_t)each;
}

static void on_signal(struct loop_io *io, uint32_t events)
{
    (void)events;
    struct process *p = (struct process *)((char *)io - offsetof(struct process, signals));
    struct signalfd_siginfo s;
    while (read(io->fd, &s, sizeof s) == sizeof s) {
        if (s.ssi_signo == SIGHUP)
            p->reload = true;
        else
            p->stops++;
    }
}

/* Signals come by a descriptor, to this thread alone: workers block them all. */
static bool watch_signals(struct process *p, sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, old);
    p->signals = (struct loop_io){on_signal, signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
    return p->signals.fd >= 0 && loop_add_level(&p->loop, &p->signals);
}

static bool start_workers(struct process *p, rlim_t descriptors, struct buf *why)
{
    for (unsigned i = 0; i < p->registry.workers; i++) {
        struct worker_options o = {.index = i,
                                   .workers = p->registry.workers,
                                   .max_conns = share_of_connections(descriptors, p->registry.workers)};
        p->workers[i] = worker_start(&o, swap_active(&p->swap));
        if (!p->workers[i]) {
            buf_printf(why, "worker %u cannot be started", i);
            return false;
        }
    }
    return true;
}

static void announce(struct process *p)
{
    const struct plan *plan = swap_active(&p->swap);
    for (uint32_t i = 0, at = 0; i < plan->head->frontends.count; i++)
        for (uint32_t k = 0; k < plan->frontends[i].conf->listens.count; k++, at++) {
            char text[REGISTRY_ADDRESS_TEXT];
            registry_address_text(plan->listeners[at]->addr, plan->listeners[at]->port, text);
            if (text[0] == '*')
                printf("%s serves http://127.0.0.1%s/ and on every other address\n",
                       plan->frontends[i].shared->name, text + 1);
            else
                printf("%s serves http://%s/\n", plan->frontends[i].shared->name, text);
        }
    if (p->o->control_path)
        printf("control socket: %s\n", p->o->control_path);
    fflush(stdout);
}

static bool start(struct process *p, sigset_t *old, struct buf *why)
{
    rlim_t descriptors = raise_descriptors();
    p->workers = fault_calloc(p->registry.workers, sizeof(struct worker *));
    p->swap.workers = p->workers;
    if (!p->workers || !loop_begin(&p->loop) || !watch_signals(p, old)) {
        buf_printf(why, "cannot begin: %s", strerror(errno));
        return false;
    }
    if (!first_plan(p, why))
        return false;
    /* Before the workers: a socket's mode is made by umask, which is the whole process's. */
    if (p->o->control_path && !control_begin(&p->control, p->o->control_path, &p->loop, &p->timers, why))
        return false;
    return start_workers(p, descriptors, why);
}

/* ---- the loop ----------------------------------------------------------------------------------- */

/* The first signal asks the workers to finish, a later one to end now. True once they are done, or are given
 * up. */
static bool is_stopped(struct process *p, unsigned *heeded)
{
    if (p->stops == 0)
        return false;
    if (*heeded < p->stops) {
        uint32_t ms = *heeded > 0 ? 1 : p->o->stop_ms ? p->o->stop_ms : DEFAULT_MS;
        if (*heeded == 0)
            log_line(LOG_INFO, "stopping: requests in flight have %u ms", ms);
        for (unsigned i = 0; i < p->registry.workers; i++)
            worker_stop(p->workers[i], ms);
        p->stop_at = p->timers.now + ms + STOP_SLACK_MS;
        *heeded = p->stops;
    }
    bool done = true;
    for (unsigned i = 0; i < p->registry.workers; i++)
        done = done && worker_is_done(p->workers[i]);
    return done || p->timers.now >= p->stop_at;
}

/* One turn's work, between two waits. */
static void turn(struct process *p, uint64_t *sweep_at)
{
    unsigned unloaded = swap_turn(&p->swap, p->timers.now);
    if (p->stops > 0) {
        command_stop(p);
    } else {
        if (p->reload && !p->pushing)
            reload(p);
        command_turn(p);
    }
    checks_sweep(&p->checks);
    control_sweep(&p->control);
    /* Connections let go of servers without telling; so once there was a swap, look now and then. */
    if (unloaded > 0 || (p->swap.ngone > 0 && p->timers.now >= *sweep_at)) {
        registry_sweep(&p->registry);
        *sweep_at = p->timers.now + SWEEP_MS;
    }
}

/* Loading a plan takes milliseconds of computing; where that shares a processor with a worker, requests go first. On Linux
 * the priority is the calling thread's, and the workers are started. */
static void step_back(void)
{
    if (setpriority(PRIO_PROCESS, 0, CONTROL_NICE) != 0)
        log_line(LOG_WARN, "the control thread's priority cannot be lowered: %s", strerror(errno));
}

static void serve(struct process *p)
{
    step_back();
    uint64_t sweep_at = 0;
    unsigned heeded = 0;
    while (!is_stopped(p, &heeded)) {
        uint32_t ms = swap_wait(&p->swap, timers_wait(&p->timers, SWEEP_MS));
        loop_wait(&p->loop, heeded && ms > STOP_POLL_MS ? STOP_POLL_MS : ms);
        timers_advance(&p->timers, clock_coarse_ms());
        loop_dispatch(&p->loop);
        turn(p, &sweep_at);
    }
}

/* ---- the end ------------------------------------------------------------------------------------ */

/* Workers that never came to their end cannot be joined, and what they use cannot be freed. */
static void end_if_stuck(struct process *p)
{
    for (unsigned i = 0; i < p->registry.workers; i++)
        if (p->workers[i] && !worker_is_done(p->workers[i])) {
            log_line(LOG_ERROR, "worker %u does not end; the process ends without it", i);
            control_end(&p->control);
            _exit(1);
        }
}

static void stop_started(struct process *p)
{
    for (unsigned i = 0; p->workers && i < p->registry.workers && p->workers[i]; i++)
        worker_stop(p->workers[i], 1);
    for (unsigned i = 0; p->workers && i < p->registry.workers && p->workers[i]; i++)
        worker_join(&p->workers[i]);
}

static void end(struct process *p)
{
    control_end(&p->control);
    stop_started(p);
    checks_end(&p->checks);
    swap_end(&p->swap);
    registry_end(&p->registry);
    loop_close(&p->signals);
    loop_end(&p->loop);
    free(p->workers);
}

int process_run(const struct process_options *o)
{
    unsigned workers = o->workers ? o->workers : process_processors();
    struct process p = {.o = o,
                        .signals.fd = -1,
                        .loop.epoll = -1,
                        .started_ms = clock_coarse_ms(),
                        .registry.workers = workers < WORKERS_MAX ? workers : WORKERS_MAX};
    struct buf why = {0};
    sigset_t old;
    pthread_sigmask(SIG_BLOCK, NULL, &old);
    timers_begin(&p.timers, p.started_ms);
    p.swap = (struct swap){.registry = &p.registry, .drain_ms = o->drain_ms ? o->drain_ms : DEFAULT_MS};
    p.checks = (struct checks){.loop = &p.loop, .timers = &p.timers, .seed = clock_ns()};
    bool ok = start(&p, &old, &why);
    if (ok) {
        log_line(LOG_INFO, "weir-edge %s: plan %s, %u workers", WEIR_VERSION, swap_active(&p.swap)->digest,
                 p.registry.workers);
        if (o->announce)
            announce(&p);
        serve(&p);
        end_if_stuck(&p);
    } else {
        log_line(LOG_ERROR, "%.*s", SLICE_ARG(buf_view(&why)));
    }
    end(&p);
    buf_free(&why);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok ? 0 : 1;
}
