/* The floor under any proxy in user space: each client connection has one connection to the origin, and bytes
 * are copied between the two unread: one recv and one send each way. What a real proxy costs above this is
 * what HTTP costs it.
 *   floor LISTEN_PORT ORIGIN_PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FD_MAX = 1 << 16, EVENTS = 256 };

static int other[FD_MAX]; /* the descriptor that gets what this one sends */

static struct sockaddr_in loopback(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static void watch(int ep, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void pair_up(int ep, int client, const struct sockaddr_in *origin)
{
    int one = 1, up = socket(AF_INET, SOCK_STREAM, 0);
    if (up < 0 || up >= FD_MAX || client >= FD_MAX || connect(up, (const struct sockaddr *)origin, sizeof *origin) != 0) {
        close(up);
        close(client);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(up, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    other[client] = up;
    other[up] = client;
    watch(ep, client);
    watch(ep, up);
}

static void copy(int fd)
{
    static char bytes[1 << 16];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        send(other[fd], bytes, (size_t)n, MSG_NOSIGNAL);
    } else if (n == 0 || errno != EAGAIN) {
        close(other[fd]);
        close(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: floor LISTEN_PORT ORIGIN_PORT\n");
        return 2;
    }
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), ep = epoll_create1(0);
    struct sockaddr_in here = loopback(argv[1]), origin = loopback(argv[2]);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 4096) != 0) {
        perror("floor");
        return 1;
    }
    watch(ep, listener);
    for (;;) {
        struct epoll_event ev[EVENTS];
        int n = epoll_wait(ep, ev, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (ev[i].data.fd != listener) {
                copy(ev[i].data.fd);
                continue;
            }
            for (int c; (c = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
                pair_up(ep, c, &origin);
        }
    }
}
