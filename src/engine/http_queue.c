/* http_queue.c - see http_queue.h. */
#include "engine/http_queue.h"

typedef struct Host {
    char *name;
    int running;
    GQueue waiting;
    bool listed; /* in the queue's `ready` */
} Host;

struct HttpQueue {
    int most, most_per_host, running;
    GHashTable *hosts; /* name -> Host: those with jobs */
    GQueue ready;      /* of Host: somebody waits and may go as far as the host is concerned */
};

static void
host_free(void *pointer)
{
    Host *host = pointer;
    g_queue_clear(&host->waiting);
    g_free(host->name);
    g_free(host);
}

HttpQueue *
http_queue_new(int most, int most_per_host)
{
    HttpQueue *queue = g_new0(HttpQueue, 1);
    queue->most = most;
    queue->most_per_host = most_per_host;
    queue->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, host_free);
    return queue;
}

void
http_queue_free(HttpQueue *queue)
{
    must(!g_hash_table_size(queue->hosts));
    g_hash_table_unref(queue->hosts);
    g_queue_clear(&queue->ready);
    g_free(queue);
}

/* Lists the host when it is its turn some time, forgets it when nobody is there any more. */
static void
host_settle(HttpQueue *queue, Host *host)
{
    bool ready = host->waiting.length && host->running < queue->most_per_host;
    if (ready && !host->listed)
        g_queue_push_tail(&queue->ready, host);
    else if (!ready && host->listed)
        g_queue_remove(&queue->ready, host);
    host->listed = ready;
    if (!host->waiting.length && !host->running)
        g_hash_table_remove(queue->hosts, host->name);
}

void
http_queue_enter(HttpQueue *queue, const char *name, void *job)
{
    Host *host = g_hash_table_lookup(queue->hosts, name);
    if (!host) {
        host = g_new0(Host, 1);
        host->name = g_strdup(name);
        g_hash_table_insert(queue->hosts, host->name, host);
    }
    g_queue_push_tail(&host->waiting, job);
    host_settle(queue, host);
}

void *
http_queue_next(HttpQueue *queue)
{
    if (queue->running >= queue->most || !queue->ready.length)
        return NULL;
    Host *host = g_queue_pop_head(&queue->ready);
    host->listed = false;
    void *job = g_queue_pop_head(&host->waiting);
    host->running++;
    queue->running++;
    host_settle(queue, host);
    return job;
}

void
http_queue_leave(HttpQueue *queue, const char *name, void *job, bool had_turn)
{
    Host *host = g_hash_table_lookup(queue->hosts, name);
    must(host);
    if (had_turn) {
        host->running--;
        queue->running--;
    } else {
        must(g_queue_remove(&host->waiting, job));
    }
    host_settle(queue, host);
}
