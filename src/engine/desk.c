/* desk.c - see desk.h. */
#include "engine/desk.h"

#include <pthread.h>

struct Desk {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    DeskTask *first, *last;
    int waiting;
    int most;
    bool ends;
};

static DeskTask *
desk_next(Desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    while (!desk->first && !desk->ends)
        pthread_cond_wait(&desk->news, &desk->lock);
    DeskTask *task = desk->first;
    if (task) {
        desk->first = task->next;
        desk->last = desk->first ? desk->last : NULL;
        desk->waiting--;
    }
    pthread_mutex_unlock(&desk->lock);
    return task;
}

static void *
desk_work(void *arg)
{
    Desk *desk = arg;
    DeskTask *task;
    while ((task = desk_next(desk)))
        task->run(task);
    return NULL;
}

Desk *
desk_new(const char *name, int most)
{
    Desk *desk = g_new0(Desk, 1);
    desk->most = most;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->news, NULL);
    must(pthread_create(&desk->thread, NULL, desk_work, desk) == 0);
    pthread_setname_np(desk->thread, name);
    return desk;
}

bool
desk_post(Desk *desk, DeskTask *task, GError **error)
{
    task->next = NULL;
    pthread_mutex_lock(&desk->lock);
    bool room = desk->waiting < desk->most;
    if (room) {
        if (desk->last)
            desk->last->next = task;
        else
            desk->first = task;
        desk->last = task;
        desk->waiting++;
        pthread_cond_signal(&desk->news);
    }
    pthread_mutex_unlock(&desk->lock);
    return room || fail(error, ERR_BUSY, "too many people save or sign in at this moment");
}

void
desk_free(Desk *desk)
{
    if (!desk)
        return;
    pthread_mutex_lock(&desk->lock);
    desk->ends = true;
    pthread_cond_signal(&desk->news);
    pthread_mutex_unlock(&desk->lock);
    pthread_join(desk->thread, NULL);
    pthread_cond_destroy(&desk->news);
    pthread_mutex_destroy(&desk->lock);
    g_free(desk);
}
