/* URLs of requests as people write them, for explain and for tests: what a browser is given. */
#ifndef WEIR_URL_H
#define WEIR_URL_H

#include "runtime/base/arena.h"

struct url {
    bool tls;               /* https */
    struct slice authority; /* HOST or HOST:PORT, unchecked */
    struct slice rest;      /* path and query; may be empty */
    uint16_t port;          /* of the authority, else that of the scheme */
};

/* False where `s` is not http://… or https://… with something after it. */
bool url_split(struct slice s, struct url *out);
/* The target of a request in origin-form (RFC 9112 section 3.2.1), or * for OPTIONS without a path. */
struct slice url_target(struct arena *a, struct slice method, struct slice rest);
/* The port that an authority names, or `port` where it names none. */
uint16_t url_port(struct slice authority, uint16_t port);

#endif
