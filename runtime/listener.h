/* Listening sockets: one a worker on the same address (SO_REUSEPORT), so that the kernel spreads connections.
 * Control thread. */
#ifndef WEIR_LISTENER_H
#define WEIR_LISTENER_H

#include "runtime/base/buf.h"
#include "runtime/registry_set.h"

enum { LISTENER_BACKLOG = 4096 };

/* Opens the sockets of `l`, one for each of r->workers. False, with the address and the reason appended to
 * `why`; then it stays closed. */
bool listener_open(struct listener *l, const struct registry *r, struct buf *why);
/* Closes them; no worker uses them any more. Fine where they are closed. */
void listener_close(struct listener *l);

/* Whether the address could be bound now, by one socket that is closed at once: 0, or an errno. */
int listener_try(const uint8_t addr[16], uint16_t port);

#endif
