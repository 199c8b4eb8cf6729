/* listen.c - a listening TCP socket from words like "127.0.0.1:8080". */
#include "engine/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024 /* the kernel lowers it to net.core.somaxconn */ };

typedef union ListenAddress {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} ListenAddress;

static bool
listen_port_parse(const char *text, in_port_t *ret)
{
    guint64 port;
    if (!g_ascii_string_to_unsigned(text, 10, 0, 65535, &port, NULL))
        return false;
    *ret = htons((in_port_t)port);
    return true;
}

/* Numbers only (and "localhost"): a name that DNS answers differently tomorrow is no place to
 * listen on. */
static bool
listen_address_parse(const char *address, ListenAddress *ret)
{
    const char *colon = strrchr(address, ':');
    in_port_t port;
    if (!colon || !listen_port_parse(colon + 1, &port))
        return false;
    g_autofree char *host = g_strndup(address, (gsize)(colon - address));
    size_t len = strlen(host);

    *ret = (ListenAddress){0};
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        ret->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        return inet_pton(AF_INET6, host + 1, &ret->v6.sin6_addr) == 1;
    }
    ret->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, number, &ret->v4.sin_addr) == 1;
}

static socklen_t
listen_address_len(const ListenAddress *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

static bool
listen_fail(GError **error, const char *address, int number)
{
    switch (number) {
    case EADDRINUSE:
        return fail(error, ERR_LISTEN, "another program listens on %s already", address);
    case EADDRNOTAVAIL:
        return fail(error, ERR_CONFIG, "%s is no address of this machine", address);
    case EACCES:
        return fail(error, ERR_CONFIG,
                    "listening on %s needs root; take a port from 1024 up behind a proxy", address);
    default:
        return fail(error, ERR_IO, "cannot listen on %s: %s", address, g_strerror(number));
    }
}

static bool
listen_bind(int fd, const ListenAddress *address)
{
    int on = 1;
    /* A restarted worker must get its port back while old connections are still in TIME_WAIT. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* "[::]:80" serves IPv4 too, whatever the machine's default is; "[::1]:80" does not care. */
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
    return bind(fd, &address->any, listen_address_len(address)) == 0 &&
           listen(fd, LISTEN_BACKLOG) == 0;
}

static int
listen_port_of(int fd)
{
    ListenAddress bound = {0};
    socklen_t len = sizeof bound;
    must(getsockname(fd, &bound.any, &len) == 0);
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}

int
listen_open(const char *address, int *ret_port, GError **error)
{
    ListenAddress parsed;
    if (!listen_address_parse(address, &parsed)) {
        fail(error, ERR_CONFIG, "cannot read the address '%s'; it looks like 127.0.0.1:8080",
             address);
        return -1;
    }
    int fd = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        listen_fail(error, address, errno);
        return -1;
    }
    if (!listen_bind(fd, &parsed)) {
        listen_fail(error, address, errno);
        close(fd);
        return -1;
    }
    *ret_port = listen_port_of(fd);
    return fd;
}

bool
listen_is_loopback(const char *address)
{
    ListenAddress parsed;
    if (!listen_address_parse(address, &parsed))
        return false;
    if (parsed.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&parsed.v6.sin6_addr);
    return ntohl(parsed.v4.sin_addr.s_addr) >> 24 == 127;
}
