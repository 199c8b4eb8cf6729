/* listen.h - a listening socket on 127.0.0.1 for the bench's servers, and their way to stop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Listens (not blocking) on the port, 0 for any free one, and prints `listening PORT` on standard
 * output, for whoever started the program. Ends the program where that fails. */
int listen_open(uint16_t port);

/* Accepts one connection, not blocking, without Nagle's delay; -1 when none is waiting. */
int listen_accept(int listener);

/* SIGTERM and SIGINT make listen_stopped() true from here on and interrupt system calls. */
void listen_catch_stop(void);
bool listen_stopped(void);
