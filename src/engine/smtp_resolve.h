/* smtp_resolve.h - names to addresses without holding up the loop.
 *
 * getaddrinfo() blocks, for half a minute when a name server is silent, and has no honest
 * asynchronous form in glibc. So every question gets a thread of its own: at most one per pool at a
 * time, and a name that hangs delays no other. Threads outlive the resolver if they must; they
 * share nothing with it but a mailbox that the last one frees.
 *
 * Part of the SMTP room.
 */
#pragma once

#include "base/base.h"

#include <sys/socket.h>

enum { SMTP_ADDRESSES = 8 }; /* of one name that are tried */

typedef struct SmtpAddress {
    struct sockaddr_storage at;
    socklen_t len;
} SmtpAddress;

typedef struct SmtpAddresses {
    uint64_t ticket; /* of the question */
    int count;       /* 0: it failed, why says why */
    SmtpAddress list[SMTP_ADDRESSES];
    char why[120];
} SmtpAddresses;

typedef struct SmtpResolver SmtpResolver;

/* Answers make wake_fd (an eventfd, duplicated) readable. NULL when no descriptor is left. */
SmtpResolver *smtp_resolver_new(int wake_fd);
void smtp_resolver_free(SmtpResolver *resolver);

/* Asks. An address in digits is answered at once (true, *ret is filled); a name later, under its
 * ticket, by smtp_resolver_take(). */
bool smtp_resolver_ask(SmtpResolver *resolver, uint64_t ticket, const char *host, int port,
                       SmtpAddresses *ret);

/* Takes one answer out; false when there is none. */
bool smtp_resolver_take(SmtpResolver *resolver, SmtpAddresses *ret);

bool smtp_address_is_loopback(const SmtpAddress *address);
