/* http_wait.c - asking another server and waiting for it: http_client_ask(). */
#include "engine/http_client.h"

#include <pthread.h>

typedef struct Wait {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool done;
    Arena *arena;
    HttpReply *ret;
    GError *error;
} Wait;

static void
wait_done(const HttpReply *reply, const GError *error, void *arg)
{
    Wait *wait = arg;
    Arena *arena = wait->arena;
    HttpReply *ret = wait->ret;
    *ret = *reply;
    ret->peer = arena_cstr(arena, str_of(reply->peer));
    ret->body = arena_copy(arena, reply->body);
    HttpPair *pairs = arena_new_of(arena, HttpPair, reply->header_count);
    for (size_t i = 0; i < reply->header_count; i++)
        pairs[i] = (HttpPair){arena_cstr(arena, str_of(reply->headers[i].name)),
                              arena_cstr(arena, str_of(reply->headers[i].value))};
    ret->headers = pairs;
    if (error)
        wait->error = g_error_copy(error);
    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    pthread_cond_signal(&wait->over);
    pthread_mutex_unlock(&wait->lock);
}

bool
http_client_ask(HttpClient *client, const HttpAsk *ask, Arena *arena, HttpReply *ret,
                GError **error)
{
    Wait wait = {.arena = arena, .ret = ret};
    pthread_mutex_init(&wait.lock, NULL);
    pthread_cond_init(&wait.over, NULL);
    http_client_send(client, ask, wait_done, &wait);
    pthread_mutex_lock(&wait.lock);
    while (!wait.done)
        pthread_cond_wait(&wait.over, &wait.lock);
    pthread_mutex_unlock(&wait.lock);
    pthread_cond_destroy(&wait.over);
    pthread_mutex_destroy(&wait.lock);
    if (wait.error)
        g_propagate_error(error, wait.error);
    return !wait.error;
}
