/* http_null.c - answers every HTTP request with an empty 200, after its last byte: the fastest
 * server there is on one thread, and so the wall of the load generator.
 *
 *   http_null [PORT]
 */
#include "listen.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, IN_BYTES = 128 * 1024 };

typedef struct Guest {
    int fd;
    size_t len;
    char in[IN_BYTES + 1];
} Guest;

/* True when `in` holds one whole request, which is then forgotten. Clients of the bench never
 * pipeline, so nothing follows it. */
static bool
request_take(Guest *guest)
{
    guest->in[guest->len] = '\0';
    char *end = strstr(guest->in, "\r\n\r\n");
    if (!end)
        return false;
    size_t need = (size_t)(end + 4 - guest->in);
    end[2] = '\0';
    char *length = strcasestr(guest->in, "\r\nContent-Length:");
    end[2] = '\r';
    if (length)
        need += strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
    if (need > IN_BYTES)
        errx(1, "a request over %d bytes", IN_BYTES);
    if (guest->len < need)
        return false;
    guest->len = 0;
    return true;
}

/* False when the guest left. */
static bool
guest_serve(Guest *guest)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (;;) {
        ssize_t got = recv(guest->fd, guest->in + guest->len, IN_BYTES - guest->len, 0);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        guest->len += (size_t)got;
        if (request_take(guest) &&
            send(guest->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) != sizeof answer - 1)
            return false;
    }
}

static void
guests_accept(int listener, int epoll)
{
    for (int fd; (fd = listen_accept(listener)) >= 0;) {
        Guest *guest = calloc(1, sizeof *guest);
        if (!guest)
            err(1, "memory");
        guest->fd = fd;
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = guest};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

int
main(int argc, char **argv)
{
    listen_catch_stop();
    int listener = listen_open(argc > 1 ? (uint16_t)atoi(argv[1]) : 0);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        err(1, "epoll");

    struct epoll_event events[EVENTS];
    while (!listen_stopped()) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            Guest *guest = events[i].data.ptr;
            if (!guest) {
                guests_accept(listener, epoll);
            } else if (!guest_serve(guest)) {
                close(guest->fd);
                free(guest);
            }
        }
    }
    return 0;
}
