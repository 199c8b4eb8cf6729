/* smtp_resolve.c - names to addresses without holding up the loop; see smtp_resolve.h. */
#include "engine/smtp_resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct Answer {
    SmtpAddresses addresses;
    struct Answer *next;
} Answer;

/* The mailbox: held by the resolver and by each thread that is asking. */
struct SmtpResolver {
    atomic_int holders;
    int wake_fd;
    pthread_mutex_t lock;
    Answer *answers; /* under lock */
};

typedef struct Question {
    SmtpResolver *mailbox;
    uint64_t ticket;
    char *host;
    int port;
} Question;

static void
resolver_release(SmtpResolver *resolver)
{
    if (atomic_fetch_sub(&resolver->holders, 1) > 1)
        return;
    while (resolver->answers) {
        Answer *answer = resolver->answers;
        resolver->answers = answer->next;
        g_free(answer);
    }
    close(resolver->wake_fd);
    pthread_mutex_destroy(&resolver->lock);
    g_free(resolver);
}

static void
resolver_look_up(const char *host, int port, int flags, SmtpAddresses *ret)
{
    struct addrinfo *found = NULL;
    struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    int status = getaddrinfo(host, service, &wanted, &found);
    if (status) {
        snprintf(ret->why, sizeof ret->why, "the name cannot be resolved: %s",
                 gai_strerror(status));
        return;
    }
    for (struct addrinfo *one = found; one && ret->count < SMTP_ADDRESSES; one = one->ai_next) {
        SmtpAddress *address = &ret->list[ret->count++];
        memcpy(&address->at, one->ai_addr, one->ai_addrlen);
        address->len = one->ai_addrlen;
    }
    freeaddrinfo(found);
}

static void *
resolver_thread(void *arg)
{
    Question *question = arg;
    SmtpResolver *mailbox = question->mailbox;
    Answer *answer = g_new0(Answer, 1);
    answer->addresses.ticket = question->ticket;
    resolver_look_up(question->host, question->port, 0, &answer->addresses);

    pthread_mutex_lock(&mailbox->lock);
    answer->next = mailbox->answers;
    mailbox->answers = answer;
    pthread_mutex_unlock(&mailbox->lock);
    eventfd_write(mailbox->wake_fd, 1);
    resolver_release(mailbox);
    g_free(question->host);
    g_free(question);
    return NULL;
}

SmtpResolver *
smtp_resolver_new(int wake_fd)
{
    int fd = dup(wake_fd);
    if (fd < 0)
        return NULL;
    SmtpResolver *resolver = g_new0(SmtpResolver, 1);
    resolver->wake_fd = fd;
    atomic_init(&resolver->holders, 1);
    pthread_mutex_init(&resolver->lock, NULL);
    return resolver;
}

void
smtp_resolver_free(SmtpResolver *resolver)
{
    if (resolver)
        resolver_release(resolver);
}

bool
smtp_resolver_ask(SmtpResolver *resolver, uint64_t ticket, const char *host, int port,
                  SmtpAddresses *ret)
{
    SmtpAddresses digits = {.ticket = ticket};
    resolver_look_up(host, port, AI_NUMERICHOST, &digits);
    if (digits.count) {
        *ret = digits;
        return true;
    }
    Question *question = g_new0(Question, 1);
    *question = (Question){resolver, ticket, g_strdup(host), port};
    atomic_fetch_add(&resolver->holders, 1);
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int status = pthread_create(&thread, &attributes, resolver_thread, question);
    pthread_attr_destroy(&attributes);
    if (status == 0)
        return false;
    resolver_release(resolver);
    g_free(question->host);
    g_free(question);
    snprintf(digits.why, sizeof digits.why, "no thread to resolve the name: %s",
             g_strerror(status));
    *ret = digits;
    return true;
}

bool
smtp_resolver_take(SmtpResolver *resolver, SmtpAddresses *ret)
{
    pthread_mutex_lock(&resolver->lock);
    Answer *answer = resolver->answers;
    if (answer)
        resolver->answers = answer->next;
    pthread_mutex_unlock(&resolver->lock);
    if (!answer)
        return false;
    *ret = answer->addresses;
    g_free(answer);
    return true;
}

bool
smtp_address_is_loopback(const SmtpAddress *address)
{
    if (address->at.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&address->at;
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->at.ss_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)&address->at)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}
