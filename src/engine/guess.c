/* guess.c - see guess.h. */
#include "engine/guess.h"

#include "base/civil.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum { NOTES_MOST = 20000, FORGET_MS = DAY_MS };

typedef struct GuessNote {
    int wrong;
    int64_t at; /* of the last one */
} GuessNote;

struct GuessBook {
    pthread_mutex_t lock;
    GHashTable *notes[2]; /* by GuessOf: key -> GuessNote */
};

/* How many are free, and where the waits stop growing. */
static const struct {
    int free;
    int64_t most_ms;
} bounds[] = {
    [GUESS_ACCOUNT] = {5, MINUTE_MS},
    [GUESS_ADDRESS] = {20, 15 * MINUTE_MS},
};

GuessBook *
guessbook_new(void)
{
    GuessBook *book = g_new0(GuessBook, 1);
    pthread_mutex_init(&book->lock, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(book->notes); i++)
        book->notes[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return book;
}

void
guessbook_free(GuessBook *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(book->notes); i++)
        g_hash_table_unref(book->notes[i]);
    pthread_mutex_destroy(&book->lock);
    g_free(book);
}

static int64_t
note_wait(const GuessNote *note, GuessOf of, int64_t now)
{
    int over = note->wrong - bounds[of].free;
    if (over < 0)
        return 0;
    int64_t wait = over > 20 ? bounds[of].most_ms : MIN(SECOND_MS << over, bounds[of].most_ms);
    /* A clock that was put back lets nobody wait for longer than the rule says. */
    int64_t passed = MAX(now - note->at, 0);
    return MAX(wait - passed, 0);
}

int64_t
guess_wait(GuessBook *book, GuessOf of, Str key, int64_t now)
{
    g_autofree char *name = g_strndup(key.at, key.len);
    pthread_mutex_lock(&book->lock);
    const GuessNote *note = g_hash_table_lookup(book->notes[of], name);
    int64_t wait = note ? note_wait(note, of, now) : 0;
    pthread_mutex_unlock(&book->lock);
    return wait;
}

/* Makes room: what is a day old goes, and if that is not enough, the oldest. */
static void
notes_thin(GHashTable *notes, int64_t now)
{
    GHashTableIter iter;
    gpointer name, value, oldest = NULL;
    int64_t oldest_at = INT64_MAX;
    g_hash_table_iter_init(&iter, notes);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const GuessNote *note = value;
        if (now - note->at > FORGET_MS) {
            g_hash_table_iter_remove(&iter);
        } else if (note->at < oldest_at) {
            oldest_at = note->at;
            oldest = name;
        }
    }
    if (oldest && g_hash_table_size(notes) >= NOTES_MOST)
        g_hash_table_remove(notes, oldest);
}

void
guess_note(GuessBook *book, GuessOf of, Str key, int64_t now)
{
    pthread_mutex_lock(&book->lock);
    GHashTable *notes = book->notes[of];
    g_autofree char *name = g_strndup(key.at, key.len);
    GuessNote *note = g_hash_table_lookup(notes, name);
    if (!note) {
        if (g_hash_table_size(notes) >= NOTES_MOST)
            notes_thin(notes, now);
        note = g_new0(GuessNote, 1);
        g_hash_table_insert(notes, g_steal_pointer(&name), note);
    }
    if (now - note->at > FORGET_MS)
        note->wrong = 0;
    note->wrong++;
    note->at = now;
    pthread_mutex_unlock(&book->lock);
}

void
guess_right(GuessBook *book, GuessOf of, Str key)
{
    g_autofree char *name = g_strndup(key.at, key.len);
    pthread_mutex_lock(&book->lock);
    GuessNote *note = g_hash_table_lookup(book->notes[of], name);
    if (note && (of == GUESS_ACCOUNT || note->wrong <= 1))
        g_hash_table_remove(book->notes[of], name);
    else if (note)
        note->wrong--;
    pthread_mutex_unlock(&book->lock);
}

Str
guess_address(Arena *arena, const char *address)
{
    struct in6_addr net;
    char text[INET6_ADDRSTRLEN];
    if (!address || inet_pton(AF_INET6, address, &net) != 1 || IN6_IS_ADDR_V4MAPPED(&net))
        return arena_copy(arena, str_of(address));
    memset(net.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &net, text, sizeof text);
    return arena_copy(arena, str_of(text));
}
