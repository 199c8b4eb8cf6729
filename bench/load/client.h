/* client.h - one keep-alive HTTP/1.1 connection to 127.0.0.1, one request at a time.
 *
 * Life: client_open, then for each request fill `out` and `out_len` and call client_start; call
 * client_turn for every event of epoll (edge-triggered, in and out) until it says DONE or LOST;
 * after LOST, client_open again. Answers need a Content-Length; another framing ends the program,
 * since a server that changes its framing would not be compared fairly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIENT_OUT_BYTES = 72 * 1024,
    CLIENT_HEAD_BYTES = 16 * 1024,
};

typedef enum ClientState {
    CLIENT_IDLE, /* open, nothing asked */
    CLIENT_BUSY, /* asked, no whole answer yet */
    CLIENT_DONE, /* the answer is complete: status and body_bytes are set */
    CLIENT_LOST, /* the connection broke or was closed */
} ClientState;

typedef struct Client {
    int fd;
    ClientState state;
    uint64_t number;     /* the caller's: which request is on the way */
    uint64_t started_ns; /* the caller's: since when its latency counts */
    size_t out_len;
    size_t out_sent;
    size_t head_len;
    bool in_body;
    bool closes; /* the server said Connection: close */
    int status;
    uint64_t body_bytes;
    uint64_t body_left;
    char head[CLIENT_HEAD_BYTES + 1];
    char out[CLIENT_OUT_BYTES];
} Client;

/* Connects and adds the socket to epoll with the client as its data. Ends the program where nobody
 * listens. */
void client_open(Client *client, int epoll, uint16_t port);
void client_close(Client *client);

ClientState client_start(Client *client);
ClientState client_turn(Client *client);
