/* What only the host can know about a plan, asked before it is served: whether addresses can be bound, names
 * resolve, descriptors suffice, the control socket can be made, and the kernel has what the runtime uses.
 * Nothing is left behind and nobody is served: sockets are bound and closed. For `weir preflight` and
 * `weir-edge --preflight`. */
#ifndef WEIR_PREFLIGHT_H
#define WEIR_PREFLIGHT_H

#include "runtime/base/buf.h"
#include "runtime/plan.h"

struct preflight_options {
    const char *control_path; /* of the control socket that the process will have, or NULL */
    unsigned workers;         /* 0: one a processor */
    uint32_t connections;     /* clients at one time that are wanted, 0: not said */
    bool json;
};

/* Checks, and appends what it found to `out`: text, a line a check and a line that counts; or one JSON object
 * {"digest", "ok", "checks": [{"kind", "what", "result": "ok|warn|fail", "why"}]}. Takes as long as the
 * system's resolver does for names of servers. Returns whether the plan would start. */
bool preflight_run(const struct plan *p, const struct preflight_options *o, struct buf *out);

#endif
