/* Addresses of servers; see resolve.h. */
#include "runtime/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>

#include "runtime/base/ip.h"

static socklen_t from_bytes(const uint8_t addr[16], uint16_t port, struct sockaddr_storage *out)
{
    struct ip_addr ip;
    memcpy(ip.b, addr, 16);
    memset(out, 0, sizeof *out);
    if (ip_is_v4(&ip)) {
        struct sockaddr_in *v4 = (void *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, addr + 12, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (void *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, addr, 16);
    return sizeof *v6;
}

static const char *resolve_name(const char *name, uint8_t addr[16])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    int err = getaddrinfo(name, NULL, &hints, &found);
    if (err != 0)
        return err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err);
    const char *wrong = "it has no address";
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        if (a->ai_family == AF_INET) {
            memset(addr, 0, 10);
            memset(addr + 10, 0xff, 2);
            memcpy(addr + 12, &((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr, 4);
        } else if (a->ai_family == AF_INET6) {
            memcpy(addr, &((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr, 16);
        } else {
            continue;
        }
        wrong = NULL;
        break;
    }
    freeaddrinfo(found);
    return wrong;
}

bool resolve_server(struct slice host, const uint8_t addr[16], uint16_t port, struct sockaddr_storage *out,
                    socklen_t *len, struct buf *why)
{
    uint8_t found[16];
    memcpy(found, addr, 16);
    if (host.len > 0) {
        char name[NI_MAXHOST];
        const char *wrong = "the name is too long";
        if (host.len < sizeof name) {
            memcpy(name, host.p, host.len);
            name[host.len] = 0;
            wrong = resolve_name(name, found);
        }
        if (wrong) {
            buf_printf(why, "%.*s cannot be resolved: %s", SLICE_ARG(host), wrong);
            return false;
        }
    }
    *len = from_bytes(found, port, out);
    return true;
}
