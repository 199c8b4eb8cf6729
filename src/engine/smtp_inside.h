/* smtp_inside.h - loop, pool and connection as the SMTP room's own files see them.
 *
 * Who calls whom: the loop (smtp.c) gives events to a connection (smtp_conn.c), which feeds its
 * session (smtp_session.c), which settles mails into the pool (smtp_pool.c), which calls done().
 * After each event the loop pumps that pool: ended connections are buried, mails handed to
 * sessions, what the sessions have to say is written. Nothing is freed within a turn: ended
 * connections lie in loop->dead until it is over, because the kernel's list of events may still
 * name them.
 */
#pragma once

#include "engine/smtp_resolve.h"
#include "engine/smtp_session.h"
#include "engine/smtp_tls.h"

/* ---- a connection --------------------------------------------------------------------------- */

typedef enum SmtpLink {
    SMTP_LINK_CONNECTING,
    SMTP_LINK_SHAKING, /* TLS hands */
    SMTP_LINK_TALKING,
    SMTP_LINK_CLOSED,
} SmtpLink;

typedef struct SmtpConn {
    SmtpPool *pool;
    int fd;
    SmtpLink link;
    int tries;        /* of the pool's addresses */
    int address;      /* index of the one being tried or used */
    bool blocked;     /* the kernel takes no more for now */
    bool hung_up;     /* the other side will say no more than what is here */
    bool was_ready;   /* has reached SMTP_PHASE_READY */
    bool rested;      /* has been ready and without a mail: it may have died unnoticed */
    int64_t deadline; /* monotonic */
    uint64_t seen;    /* session.progress when the deadline was set */
    SmtpStream *stream;
    char *record; /* TLS: the bytes given to it that it has not taken yet */
    size_t record_len;
    SmtpSession session;
    struct SmtpConn *next; /* in loop->dead */
} SmtpConn;

/* Begins to connect. It may be over (session.phase) when this returns. */
SmtpConn *smtp_conn_new(SmtpPool *pool);
void smtp_conn_free(SmtpConn *conn);

void smtp_conn_event(SmtpConn *conn, bool hung_up); /* readable, writable or hung up */
void smtp_conn_flush(SmtpConn *conn);               /* writes what the session has to say */
void smtp_conn_alarm(SmtpConn *conn);               /* its deadline has come */
void smtp_conn_watch(SmtpConn *conn); /* sets the deadline anew if there was progress */
void smtp_conn_close(SmtpConn *conn); /* the socket; the session must be over */

/* ---- a pool --------------------------------------------------------------------------------- */

struct SmtpPool {
    SmtpLoop *loop;
    SmtpServer server; /* defaults filled in, strings ours */
    char *peer;        /* "host:port" */
    SmtpTrust *trust;  /* of ca_file; NULL: the loop's */

    SmtpConn **conns; /* room for twice the settings' connections: some are saying QUIT */
    int conn_count;
    int limit;           /* connections it may have now; less than the settings after a refusal */
    int64_t limit_until; /* then one more is tried; 0: at the settings */

    SmtpTransfer *transfers; /* connections x depth of them */
    SmtpTransfer *spare;
    SmtpTransfer *queue, **queue_end;
    size_t queued, busy;

    SmtpAddresses addresses;
    uint64_t ticket;         /* of the question that is out; 0: none */
    int64_t addresses_until; /* then the name is asked for again */
    int address_first;       /* the one that worked last */

    bool proven; /* a connection got ready since the last trouble */
    bool draining;
    bool dirty;       /* wants a pump */
    int failures;     /* episodes in a row without an answered mail */
    int64_t retry_at; /* no connection before */
    SmtpResult trouble;

    SmtpPoolCounts counts;
    SmtpPool *next;
};

/* Hands out mails, opens and buries connections, writes. */
void smtp_pool_pump(SmtpPool *pool);
void smtp_pool_alarm(SmtpPool *pool); /* deadlines of it and of its connections */
void smtp_pool_resolved(SmtpPool *pool, const SmtpAddresses *addresses);
void smtp_pool_settle(void *conn, SmtpTransfer *transfer, SmtpResult *result); /* SmtpSettle */

/* Who is trusted, made at the first need; NULL with error when there is nobody. */
const SmtpTrust *smtp_pool_trust(SmtpPool *pool, GError **error);

/* ---- the loop ------------------------------------------------------------------------------- */

struct SmtpLoop {
    SmtpDone done;
    void *arg;
    int epoll_fd, wake_fd;
    int watch_fd; /* the caller's; -1: none */
    void (*watch_ready)(void *arg);
    void *watch_arg;
    SmtpResolver *resolver;
    SmtpTrust *trust; /* the system's */
    SmtpPool *pools;
    SmtpConn *dead;
    int64_t now;     /* monotonic, at the start of the turn or after its wait */
    int64_t soonest; /* no deadline is earlier; INT64_MAX: there is none */
    uint64_t last_ticket;
    size_t settled; /* in this turn */
    int in_done;    /* the caller is being told of a mail */
};

/* A deadline has been set. */
void smtp_loop_remind(SmtpLoop *loop, int64_t at);
/* Adds a socket: edge-triggered, both ways. False when the kernel will not. */
bool smtp_loop_add(SmtpLoop *loop, SmtpConn *conn);
