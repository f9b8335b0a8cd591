/* Calling a runtime over its control socket; see client.h, and control.h for the protocol. */
#include "runtime/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_MAX = 256 << 20, WAIT_S = 60 };

static int refuse(struct buf *reply, const char *path, const char *what, int err)
{
    reply->len = 0;
    buf_printf(reply, "%s: %s", path, what);
    if (err)
        buf_printf(reply, ": %s", strerror(err == EAGAIN ? ETIMEDOUT : err));
    return 1;
}

static int open_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = WAIT_S};
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    int err = errno;
    close(fd);
    errno = err;
    return -1;
}

/* False with errno. */
static bool send_all(int fd, struct slice s)
{
    while (s.len > 0) {
        ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        s = slice_from(s, (size_t)n);
    }
    return true;
}

/* Everything until the other end closes. False with errno. */
static bool receive_all(int fd, struct buf *in)
{
    enum { PIECE = 64 * 1024 };
    while (in->len < REPLY_MAX) {
        ssize_t n = recv(fd, buf_reserve(in, PIECE), PIECE, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        in->len += (size_t)n;
    }
    errno = EMSGSIZE;
    return false;
}

/* Splits `ok N` LF text, or `error N` LF text. -1 where it is neither, or not whole. */
static int parse_reply(struct slice in, struct slice *text)
{
    const char *end = in.len ? memchr(in.p, '\n', in.len) : NULL;
    if (!end)
        return -1;
    struct slice line = {in.p, (size_t)(end - in.p)};
    bool ok = slice_starts(line, SLICE("ok "));
    if (!ok && !slice_starts(line, SLICE("error ")))
        return -1;
    *text = slice_from(in, line.len + 1);
    return strtoull(line.p + (ok ? 3 : 6), NULL, 10) == text->len ? !ok : -1;
}

int client_call(const char *path, struct slice command, struct slice payload, struct buf *reply)
{
    struct buf head = {0}, in = {0};
    struct slice text;
    int fd = open_socket(path);
    if (fd < 0)
        return refuse(reply, path, "no runtime answers there", errno);
    buf_printf(&head, "weir1 %zu %.*s\n", payload.len, SLICE_ARG(command));
    bool sent = send_all(fd, buf_view(&head)) && send_all(fd, payload);
    int send_err = sent ? 0 : errno;
    /* A request that is refused early has its answer although it could not be sent to the end. */
    bool received = receive_all(fd, &in);
    int rc = parse_reply(buf_view(&in), &text);
    if (rc >= 0)
        buf_slice(reply, text);
    else if (!sent)
        rc = refuse(reply, path, "the request could not be sent", send_err);
    else if (!received)
        rc = refuse(reply, path, "no answer", errno);
    else
        rc = refuse(reply, path, "the connection ended without an answer", 0);
    close(fd);
    buf_free(&head);
    buf_free(&in);
    return rc;
}
