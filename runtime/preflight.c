/* The checks of preflight.h. Each asks the kernel or the resolver what the start of the process would ask, by
 * the same functions where that leaves nothing behind. */
#include "runtime/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/listener.h"
#include "runtime/process.h"
#include "runtime/resolve.h"

enum result { OK, WARN, FAIL };

struct report {
    const struct plan *plan;
    const struct preflight_options *o;
    struct buf *out;
    unsigned workers;
    uint32_t listeners, servers, checks, warnings, failures;
};

static struct slice text_at(const struct plan *p, struct weir_ref r)
{
    return (struct slice){(const char *)p->tables + r.off, r.len};
}

/* ---- what is said -------------------------------------------------------------------------------- */

static void say(struct report *r, enum result result, const char *kind, struct slice what, struct slice why)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    r->warnings += result == WARN;
    r->failures += result == FAIL;
    if (r->o->json) {
        buf_printf(r->out, "%s{\"kind\":\"%s\",\"what\":", r->checks ? "," : "", kind);
        buf_json(r->out, what);
        buf_printf(r->out, ",\"result\":\"%s\",\"why\":", words[result]);
        buf_json(r->out, why);
        buf_char(r->out, '}');
    } else {
        buf_printf(r->out, "%-4s  %s%s%.*s%s%.*s\n", words[result], kind, what.len ? " " : "",
                   SLICE_ARG(what), why.len ? ": " : "", SLICE_ARG(why));
    }
    r->checks++;
}

__attribute__((format(printf, 5, 6))) static void sayf(struct report *r, enum result result, const char *kind,
                                                       const char *what, const char *fmt, ...)
{
    struct buf why = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&why, fmt, ap);
    va_end(ap);
    say(r, result, kind, slice_of(what), buf_view(&why));
    buf_free(&why);
}

/* A number from a file of /proc/sys; `other` where there is none. */
static long kernel_number(const char *path, long other)
{
    FILE *f = fopen(path, "re");
    long n = other;
    if (f && fscanf(f, "%ld", &n) != 1)
        n = other;
    if (f)
        fclose(f);
    return n;
}

/* ---- addresses ----------------------------------------------------------------------------------- */

static void bind_reason(int err, uint16_t port, struct buf *why)
{
    long first = kernel_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", 1024);
    if (err == EADDRINUSE)
        buf_str(why, "in use: another process listens there");
    else if ((err == EACCES || err == EPERM) && port < first)
        buf_printf(why, "no permission: ports below %ld need root or CAP_NET_BIND_SERVICE", first);
    else if (err == EADDRNOTAVAIL)
        buf_str(why, "not local: this machine does not have the address");
    else
        buf_str(why, strerror(err));
}

static void check_listen(struct report *r, const struct weir_frontend *f, const struct weir_listen *l)
{
    char at[REGISTRY_ADDRESS_TEXT];
    struct buf what = {0}, why = {0};
    registry_address_text(l->addr, l->port, at);
    buf_printf(&what, "%s (frontend %.*s)", at, SLICE_ARG(text_at(r->plan, f->name)));
    int err = listener_try(l->addr, l->port);
    if (err)
        bind_reason(err, l->port, &why);
    say(r, err ? FAIL : OK, "listen", buf_view(&what), buf_view(&why));
    buf_free(&what);
    buf_free(&why);
    r->listeners++;
}

static void check_listens(struct report *r)
{
    const struct weir_frontend *f = (const void *)(r->plan->tables + r->plan->head->frontends.off);
    for (uint32_t i = 0; i < r->plan->head->frontends.count; i++) {
        const struct weir_listen *l = (const void *)(r->plan->tables + f[i].listens.off);
        for (uint32_t k = 0; k < f[i].listens.count; k++)
            check_listen(r, &f[i], &l[k]);
    }
}

/* ---- servers ------------------------------------------------------------------------------------- */

static void check_server(struct report *r, const struct weir_backend *b, const struct weir_server *s)
{
    struct sockaddr_storage addr;
    socklen_t len;
    struct buf what = {0}, why = {0};
    struct slice host = text_at(r->plan, s->host);
    r->servers++;
    if (!s->host.len)
        return;
    buf_printf(&what, "%.*s (backend %.*s, server %.*s)", SLICE_ARG(host),
               SLICE_ARG(text_at(r->plan, b->name)), SLICE_ARG(text_at(r->plan, s->name)));
    bool found = resolve_server(host, s->addr, s->port, &addr, &len, &why);
    if (found) {
        char at[REGISTRY_ADDRESS_TEXT];
        registry_sockaddr_text(&addr, at);
        buf_str(&why, at);
    }
    /* What is said of a name begins with it. */
    struct slice said = found ? buf_view(&why) : slice_from(buf_view(&why), host.len + 1);
    say(r, found ? OK : FAIL, "name", buf_view(&what), said);
    buf_free(&what);
    buf_free(&why);
}

static void check_servers(struct report *r)
{
    const struct weir_backend *b = (const void *)(r->plan->tables + r->plan->head->backends.off);
    for (uint32_t i = 0; i < r->plan->head->backends.count; i++) {
        const struct weir_server *s = (const void *)(r->plan->tables + b[i].servers.off);
        for (uint32_t k = 0; k < b[i].servers.count; k++)
            check_server(r, &b[i], &s[k]);
    }
}

/* ---- numbers ------------------------------------------------------------------------------------- */

/* The process raises its soft limit to the hard one. A client takes a descriptor, and one more while a
 * request of its is with a server. */
static void check_descriptors(struct report *r)
{
    struct rlimit l;
    uint64_t own = process_descriptors(r->workers) + (uint64_t)r->listeners * r->workers;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0) {
        sayf(r, WARN, "descriptors", "", "the limit is not known: %s", strerror(errno));
        return;
    }
    uint64_t limit = l.rlim_max == RLIM_INFINITY ? UINT64_MAX : l.rlim_max, goal = r->o->connections;
    uint64_t room = limit > own ? (limit - own) / 2 : 0, need = own + 2 * goal;
    if (room < 16)
        sayf(r, FAIL, "descriptors", "",
             "%llu are allowed, and %u workers with %u listeners need %llu alone: raise `ulimit -Hn`",
             (unsigned long long)limit, r->workers, r->listeners, (unsigned long long)own);
    else if (goal > room)
        sayf(r, FAIL, "descriptors", "", "%llu are allowed, %u connections need %llu: raise `ulimit -Hn`",
             (unsigned long long)limit, r->o->connections, (unsigned long long)need);
    else
        sayf(r, OK, "descriptors", "", "%llu are allowed: room for %llu connections",
             (unsigned long long)limit, (unsigned long long)room);
}

/* A connection to a server takes a local port, one for each server address. */
static void check_ports(struct report *r)
{
    FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    unsigned lo = 0, hi = 0;
    bool known = f && fscanf(f, "%u %u", &lo, &hi) == 2 && hi >= lo;
    if (f)
        fclose(f);
    uint64_t room = (uint64_t)(hi - lo + 1) * r->servers;
    if (known && r->servers && r->o->connections > room)
        sayf(r, WARN, "ports", "",
             "%u connections to %u servers; net.ipv4.ip_local_port_range has room for %llu",
             r->o->connections, r->servers, (unsigned long long)room);
}

/* ---- the kernel ---------------------------------------------------------------------------------- */

static void check_kernel(struct report *r)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool shares = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    sayf(r, shares ? OK : FAIL, "kernel", "SO_REUSEPORT", "%s", shares ? "" : strerror(errno));
    if (fd >= 0)
        close(fd);
    int mem = memfd_create("weir-preflight", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool seals = mem >= 0 && fcntl(mem, F_ADD_SEALS, F_SEAL_WRITE) == 0;
    sayf(r, seals ? OK : FAIL, "kernel", "memfd with seals", "%s", seals ? "" : strerror(errno));
    if (mem >= 0)
        close(mem);
    long queue = kernel_number("/proc/sys/net/core/somaxconn", LISTENER_BACKLOG);
    if (queue < LISTENER_BACKLOG)
        sayf(r, WARN, "kernel", "net.core.somaxconn",
             "%ld: bursts of more connections than that are dropped; %d is asked for", queue,
             LISTENER_BACKLOG);
}

/* ---- the control socket -------------------------------------------------------------------------- */

/* Whether somebody answers at the socket. */
static int connect_to(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int err = fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    return err;
}

/* Why no control socket can be made at `path`, or NULL. */
static const char *control_reason(const char *path)
{
    struct stat st;
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof folder)
        return "a socket's path has 1 to 107 bytes";
    memcpy(folder, path, len + 1);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    else
        memcpy(folder, ".", 2);
    if (stat(folder, &st) != 0)
        return errno == ENOENT ? "its folder does not exist" : strerror(errno);
    if (!S_ISDIR(st.st_mode))
        return "its folder is no folder";
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        return errno == EACCES ? "no permission to write in its folder" : strerror(errno);
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "there is a file that is no socket";
    int err = connect_to(path);
    return err == 0 ? "another process answers there" : err == ECONNREFUSED ? NULL : strerror(err);
}

static void check_control(struct report *r)
{
    const char *wrong = r->o->control_path ? control_reason(r->o->control_path) : NULL;
    if (r->o->control_path)
        sayf(r, wrong ? FAIL : OK, "control", r->o->control_path, "%s", wrong ? wrong : "");
}

/* ---- all ----------------------------------------------------------------------------------------- */

bool preflight_run(const struct plan *p, const struct preflight_options *o, struct buf *out)
{
    struct report r = {
        .plan = p, .o = o, .out = out, .workers = o->workers ? o->workers : process_processors()};
    if (o->json)
        buf_printf(out, "{\"digest\":\"%s\",\"checks\":[", p->digest);
    check_kernel(&r);
    check_listens(&r);
    check_servers(&r);
    check_descriptors(&r);
    check_ports(&r);
    check_control(&r);
    if (o->json)
        buf_printf(out, "],\"ok\":%s}\n", r.failures ? "false" : "true");
    else
        buf_printf(out, "%u checks, %u warning%s, %u failure%s\n", r.checks, r.warnings,
                   r.warnings == 1 ? "" : "s", r.failures, r.failures == 1 ? "" : "s");
    return r.failures == 0;
}
