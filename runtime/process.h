/* The whole runtime as one call: loads the first plan, starts workers, checks and the control socket, and
 * serves until SIGTERM or SIGINT. Used by weir-edge, by `weir run` and by standalone executables. */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include "runtime/abi.h"
#include "runtime/base/buf.h"

/* Makes the plan to load, at start and again on SIGHUP: fills `plan` with the bytes of a plan file. False, with the
 * reason appended to `why`; the running plan then stays. */
typedef bool process_plan_fn(void *ctx, struct buf *plan, struct buf *why);

struct process_options {
    process_plan_fn *make_plan; /* not used where builtin is given */
    void *ctx;
    const struct weir_builtin *builtin; /* of a standalone executable, or NULL */
    const char *control_path;   /* unix socket, or NULL */
    unsigned workers;           /* 0: one a processor */
    uint32_t drain_ms;          /* old plans: aborts what still runs under them after this; 0: 30 s */
    uint32_t stop_ms;           /* graceful stop: at most this long; 0: 30 s */
    bool announce;              /* print the addresses served, for `weir run` */
};

/* Returns the exit code: 0 after a graceful stop, 1 where the first plan could not be served (said on stderr). */
int process_run(const struct process_options *o);

/* Processors that this process may use: as many workers as where none are asked for. */
unsigned process_processors(void);
/* Descriptors that a process with so many workers takes for itself, without listeners and connections. */
unsigned process_descriptors(unsigned workers);

#endif
