/* The origin of the benchmarks: one thread, epoll, keep-alive HTTP/1.1. Answers each request head with one
 * prepared response and does not look at what was asked, so that the proxy under test is what is measured.
 *   origin PORT BODY_BYTES NAME      (NAME comes back in X-Origin) */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FD_MAX = 1 << 16, EVENTS = 256 };

static char *response;
static size_t response_len;
static uint8_t matched[FD_MAX]; /* how much of CR LF CR LF each connection has just sent */

static void prepare(size_t body, const char *name)
{
    response = malloc(body + 256);
    if (!response)
        exit(1);
    response_len = (size_t)snprintf(response, 256,
                                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Origin: %s\r\n"
                                    "Content-Length: %zu\r\n\r\n",
                                    name, body);
    memset(response + response_len, '.', body);
    response_len += body;
}

static int listen_on(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4096) != 0) {
        perror("origin");
        exit(1);
    }
    return fd;
}

static void watch(int ep, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void accept_all(int ep, int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int one = 1;
        if (fd >= FD_MAX) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        matched[fd] = 0;
        watch(ep, fd);
    }
}

static void answer(int fd)
{
    for (size_t off = 0; off < response_len;) {
        ssize_t w = send(fd, response + off, response_len - off, MSG_NOSIGNAL);
        if (w > 0)
            off += (size_t)w;
        else if (errno == EAGAIN)
            usleep(50);
        else
            return;
    }
}

static void serve(int fd)
{
    static const char end[] = "\r\n\r\n";
    static char in[1 << 16];
    ssize_t n = recv(fd, in, sizeof in, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(fd);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        matched[fd] = in[i] == end[matched[fd]] ? matched[fd] + 1 : in[i] == '\r';
        if (matched[fd] == 4) {
            matched[fd] = 0;
            answer(fd);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: origin PORT BODY_BYTES NAME\n");
        return 2;
    }
    prepare((size_t)atol(argv[2]), argv[3]);
    int listener = listen_on(atoi(argv[1])), ep = epoll_create1(0);
    watch(ep, listener);
    for (;;) {
        struct epoll_event ev[EVENTS];
        int n = epoll_wait(ep, ev, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (ev[i].data.fd == listener)
                accept_all(ep, listener);
            else
                serve(ev[i].data.fd);
    }
}
