/* listen.h - a listening TCP socket from words like "127.0.0.1:8080". */
#pragma once

#include "base/base.h"

/* Opens it (IPv4 "a.b.c.d:port", IPv6 "[...]:port", "localhost:port"; port 0 takes a free one),
 * non-blocking, closed on exec. Gives the descriptor, yours, and the port in *ret_port; -1 on
 * failure: ERR_CONFIG for an address that cannot be read, is not this machine's or needs root;
 * ERR_LISTEN when another program has the port. */
int listen_open(const char *address, int *ret_port, GError **error);

/* True if only this machine can reach it. */
bool listen_is_loopback(const char *address);
