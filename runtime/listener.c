/* The sockets of listener.h.
 *
 * note [taken]: with SO_REUSEPORT a second process of the same user could bind the same address without an
 * error and take half of the connections. So the first socket is tried without it, unless a listener of our
 * own has that port: the kernel would not tell that one from a stranger. */
#include "runtime/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/ip.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool is_any(const struct listener *l)
{
    static const uint8_t zero[16];
    return memcmp(l->addr, zero, 16) == 0;
}

/* `v6` false for the address of all families: 0.0.0.0. */
static socklen_t make_address(const struct listener *l, bool v6, union address *a)
{
    memset(a, 0, sizeof *a);
    if (v6) {
        a->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(l->port)};
        memcpy(&a->v6.sin6_addr, l->addr, 16);
        return sizeof a->v6;
    }
    a->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(l->port)};
    memcpy(&a->v4.sin_addr, l->addr + 12, 4);
    return sizeof a->v4;
}

/* A bound socket; -1 with errno. */
static int bind_one(const struct listener *l, bool v6, bool share)
{
    union address a;
    socklen_t len = make_address(l, v6, &a);
    int on = 1, only = !is_any(l);
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0)
        goto fail;
    if (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        goto fail;
    if (bind(fd, &a.any, len) != 0)
        goto fail;
    return fd;
fail:;
    int err = errno;
    close(fd);
    errno = err;
    return -1;
}

static bool port_is_ours(const struct registry *r, uint16_t port)
{
    for (uint32_t i = 0; i < r->nlisteners; i++)
        if (r->listeners[i]->port == port && r->listeners[i]->fds)
            return true;
    return false;
}

/* See note [taken]. */
static bool is_free(const struct listener *l, const struct registry *r, bool v6)
{
    if (l->port == 0 || port_is_ours(r, l->port))
        return true;
    int fd = bind_one(l, v6, false);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* Opens all sockets of one family into fds[]; returns how many. Fewer than asked: errno says why. */
static unsigned open_all(const struct listener *l, const struct registry *r, bool v6, int *fds)
{
    if (!is_free(l, r, v6))
        return 0;
    for (unsigned i = 0; i < r->workers; i++) {
        fds[i] = bind_one(l, v6, true);
        if (fds[i] < 0)
            return i;
        if (listen(fds[i], LISTENER_BACKLOG) != 0)
            return i + 1;
    }
    errno = 0;
    return r->workers;
}

static void close_all(int *fds, unsigned n)
{
    while (n > 0)
        close(fds[--n]);
}

/* Whether it failed because the machine has no IPv6, where IPv4 alone will do. */
static bool no_ipv6(const struct listener *l, int err)
{
    return is_any(l) && (err == EAFNOSUPPORT || err == EADDRNOTAVAIL || err == ENOPROTOOPT);
}

int listener_try(const uint8_t addr[16], uint16_t port)
{
    struct listener l = {.port = port};
    struct ip_addr ip;
    memcpy(l.addr, addr, 16);
    memcpy(ip.b, addr, 16);
    int fd = bind_one(&l, !ip_is_v4(&ip), false);
    if (fd < 0 && no_ipv6(&l, errno))
        fd = bind_one(&l, false, false);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

bool listener_open(struct listener *l, const struct registry *r, struct buf *why)
{
    struct ip_addr ip;
    memcpy(ip.b, l->addr, 16);
    int *fds = fault_malloc((r->workers + 1) * sizeof *fds);
    if (!fds) {
        buf_str(why, "out of memory");
        return false;
    }
    unsigned n = open_all(l, r, !ip_is_v4(&ip), fds);
    if (errno != 0 && no_ipv6(l, errno)) {
        close_all(fds, n);
        n = open_all(l, r, false, fds);
    }
    if (errno != 0) {
        int err = errno;
        char text[REGISTRY_ADDRESS_TEXT];
        registry_address_text(l->addr, l->port, text);
        buf_printf(why, "cannot listen on %s: %s", text, strerror(err));
        close_all(fds, n);
        free(fds);
        return false;
    }
    fds[r->workers] = -1;
    l->fds = fds;
    return true;
}

void listener_close(struct listener *l)
{
    for (unsigned i = 0; l->fds && l->fds[i] >= 0; i++)
        close(l->fds[i]);
    free(l->fds);
    l->fds = NULL;
}
