/* line_server.h - a unix socket that takes one line and gives one line back, as often as the caller likes.
 *
 * For other processes of the same user on the same machine: the command line's writing verbs (DATA/ctl) and the
 * test control. The socket has mode 0600. One thread, one caller at a time.
 */
#pragma once

#include "base/base.h"

typedef struct LineServer LineServer;

/* Answers a line (without its end) with a line into *answer (whose arena is the call's). */
typedef void (*LineHandler)(Str line, Buf *answer, void *arg);

/* Replaces a socket that a dead process left behind. ERR_CONFIG for a path that is too long, ERR_IO. */
/* A caller that says nothing for idle_ms is hung up on, so that it holds up nobody; -1: it may take its time. */
LineServer *
line_server_new(const char *path, int idle_ms, LineHandler handler, void *arg, GError **error);
void line_server_free(LineServer *server); /* and removes the socket */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LineServer, line_server_free)

/* The other side: sends one line, waits at most a minute for the answer, into the arena. */
bool line_ask(const char *path, Str line, Arena *arena, Str *ret, GError **error);
