/* Addresses of servers. A name is resolved when a plan is loaded, by the system's resolver, in the control
 * thread. */
#ifndef WEIR_RESOLVE_H
#define WEIR_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

#include "runtime/base/buf.h"

/* The socket address of `host` (len > 0), else of `addr` (16 bytes, IPv4 as ::ffff:a.b.c.d). Padding is
 * cleared, so that equal addresses are equal bytes. Of several addresses of a name the first is taken. False
 * with the reason appended to `why`. */
bool resolve_server(struct slice host, const uint8_t addr[16], uint16_t port, struct sockaddr_storage *out,
                    socklen_t *len, struct buf *why);

#endif
