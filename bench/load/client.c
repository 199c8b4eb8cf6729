/* client.c - see client.h. */
#include "client.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static ClientState
client_set(Client *client, ClientState state)
{
    client->state = state;
    return state;
}

void
client_open(Client *client, int epoll, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(1, "connecting to 127.0.0.1:%u", port);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        err(1, "fcntl");

    client->fd = fd;
    client->state = CLIENT_IDLE;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = client};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(1, "epoll_ctl");
}

void
client_close(Client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

/* False when the connection broke. */
static bool
out_send(Client *client)
{
    while (client->out_sent < client->out_len) {
        ssize_t sent = send(client->fd, client->out + client->out_sent,
                            client->out_len - client->out_sent, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        client->out_sent += (size_t)sent;
    }
    return true;
}

/* The value of a header line of the answer, or NULL. Header names ignore case (RFC 9110 5.1). */
static const char *
header_find(const Client *client, const char *name)
{
    size_t len = strlen(name);
    const char *line = strstr(client->head, "\r\n");
    for (; line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " ");
    }
    return NULL;
}

static void
head_read(Client *client)
{
    if (strncmp(client->head, "HTTP/1.1 ", 9) != 0)
        errx(1, "not an HTTP/1.1 answer: %.40s", client->head);
    client->status = atoi(client->head + 9);
    const char *length = header_find(client, "Content-Length");
    if (!length)
        errx(1, "an answer without Content-Length: %.200s", client->head);
    client->body_bytes = strtoull(length, NULL, 10);
    const char *connection = header_find(client, "Connection");
    client->closes = connection && strncasecmp(connection, "close", 5) == 0;
}

/* Takes what came into head; true once the head is complete, the rest counted as body. */
static bool
head_take(Client *client, size_t got)
{
    client->head_len += got;
    client->head[client->head_len] = '\0';
    char *end = strstr(client->head, "\r\n\r\n");
    if (!end) {
        if (client->head_len == CLIENT_HEAD_BYTES)
            errx(1, "an answer with a head over %d bytes", CLIENT_HEAD_BYTES);
        return false;
    }
    size_t body = client->head_len - (size_t)(end + 4 - client->head);
    end[2] = '\0';
    head_read(client);
    if (body > client->body_bytes)
        errx(1, "more bytes than Content-Length says");
    client->body_left = client->body_bytes - body;
    return true;
}

ClientState
client_turn(Client *client)
{
    if (!out_send(client))
        return client_set(client, CLIENT_LOST);
    char scrap[64 * 1024];
    for (;;) {
        char *to = client->in_body ? scrap : client->head + client->head_len;
        size_t room = client->in_body ? sizeof scrap : CLIENT_HEAD_BYTES - client->head_len;
        ssize_t got = recv(client->fd, to, room, 0);
        if (got < 0 && errno == EAGAIN)
            return client->state;
        if (got <= 0 || client->state != CLIENT_BUSY)
            return client_set(client, CLIENT_LOST);
        if (!client->in_body) {
            client->in_body = head_take(client, (size_t)got);
        } else {
            if ((uint64_t)got > client->body_left)
                errx(1, "more bytes than Content-Length says");
            client->body_left -= (uint64_t)got;
        }
        if (client->in_body && client->body_left == 0)
            return client_set(client, CLIENT_DONE);
    }
}

ClientState
client_start(Client *client)
{
    client->out_sent = 0;
    client->head_len = 0;
    client->in_body = false;
    client->status = 0;
    if (!out_send(client))
        return client_set(client, CLIENT_LOST);
    return client_set(client, CLIENT_BUSY);
}
