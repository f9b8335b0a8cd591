/* The other end of the control socket: one request, one reply. Used by `weir push` and `weir ctl`. */
#ifndef WEIR_CLIENT_H
#define WEIR_CLIENT_H

#include "runtime/base/buf.h"

/* Sends the command line (words, no newline) and a payload (may be empty) to the control socket at `path`; appends
 * the reply's text. Returns 0 where the runtime did it, 1 where it refused or could not be reached (the
 * reason is in `reply`). */
int client_call(const char *path, struct slice command, struct slice payload, struct buf *reply);

#endif
