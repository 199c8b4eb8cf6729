/* line_server.c - see line_server.h. */
#include "engine/line_server.h"

#include "base/limits.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MOST_BYTES = 1024 * 1024, ASK_SECONDS = 60 };

struct LineServer {
    char *path;
    int fd;
    int stop_fd;
    int idle_ms;
    pthread_t thread;
    LineHandler handler;
    void *arg;
};

static bool
address_of(const char *path, struct sockaddr_un *ret, GError **error)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof ret->sun_path)
        return fail(error, ERR_CONFIG, "%s is too long for a socket; %zu bytes are possible", path,
                    sizeof ret->sun_path - 1);
    memcpy(ret->sun_path, path, strlen(path));
    return true;
}

static bool
write_all(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t len = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return false;
        bytes = str_sub(bytes, (size_t)len, bytes.len);
    }
    return true;
}

/* Waits for bytes or the end of the server. */
static bool
wait_readable(const LineServer *server, int fd, int wait_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = server->stop_fd, .events = POLLIN}};
    int ready;
    while ((ready = poll(fds, 2, wait_ms)) < 0)
        if (errno != EINTR)
            return false;
    return ready > 0 && !(fds[1].revents & POLLIN);
}

static bool
serve_line(const LineServer *server, int fd, Str line)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf answer = {.arena = arena};
    server->handler(line, &answer, server->arg);
    buf_add_char(&answer, '\n');
    return write_all(fd, buf_str(&answer));
}

static void
serve_caller(const LineServer *server, int fd)
{
    g_autoptr(GString) pending = g_string_new(NULL);
    while (pending->len < LINE_MOST_BYTES) {
        char *end = memchr(pending->str, '\n', pending->len);
        if (end) {
            size_t len = (size_t)(end - pending->str);
            if (!serve_line(server, fd, (Str){pending->str, len}))
                return;
            g_string_erase(pending, 0, (gssize)len + 1);
            continue;
        }
        char bytes[4096];
        if (!wait_readable(server, fd, server->idle_ms))
            return;
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len <= 0 && !(len < 0 && errno == EINTR))
            return;
        g_string_append_len(pending, bytes, MAX(len, 0));
    }
}

static void *
line_server_main(void *arg)
{
    const LineServer *server = arg;
    pthread_setname_np(pthread_self(), "lines");
    while (wait_readable(server, server->fd, -1)) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve_caller(server, fd);
        close(fd);
    }
    return NULL;
}

LineServer *
line_server_new(const char *path, int idle_ms, LineHandler handler, void *arg, GError **error)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, error))
        return NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    mode_t before = umask(0177);
    bool ok =
        fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 8) == 0;
    umask(before);
    if (!ok) {
        fail(error, ERR_IO, "cannot listen on %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    LineServer *server = g_new0(LineServer, 1);
    *server = (LineServer){
        .path = g_strdup(path),
        .fd = fd,
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .idle_ms = idle_ms,
        .handler = handler,
        .arg = arg,
    };
    must(server->stop_fd >= 0);
    must(pthread_create(&server->thread, NULL, line_server_main, server) == 0);
    return server;
}

void
line_server_free(LineServer *server)
{
    if (!server)
        return;
    must(eventfd_write(server->stop_fd, 1) == 0);
    pthread_join(server->thread, NULL);
    unlink(server->path);
    close(server->fd);
    close(server->stop_fd);
    g_free(server->path);
    g_free(server);
}

bool
line_ask(const char *path, Str line, Arena *arena, Str *ret, GError **error)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, error))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Buf answer = {.arena = arena};
    struct timeval patience = {.tv_sec = ASK_SECONDS};
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              write_all(fd, line) && write_all(fd, STR("\n"));
    while (ok && !str_ends(buf_str(&answer), "\n")) {
        char bytes[4096];
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        ok = len > 0 || (len < 0 && errno == EINTR);
        buf_add(&answer, bytes, (size_t)MAX(len, 0));
    }
    if (fd >= 0)
        close(fd);
    if (!ok)
        return fail(error, ERR_IO, "the running server does not answer at %s", path);
    *ret = str_sub(buf_str(&answer), 0, answer.len - 1);
    return true;
}
