/* pack_book.c - see pack_book.h. */
#include "engine/pack_book.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    NAMES_MOST = 512,
    DICTS_MOST = 64, /* about 100 kB each */
    DUE_FIRST = 32,
    DUE_TIMES = 2,       /* while there is no dictionary */
    DUE_TIMES_LATER = 8, /* a better one is rarely found */
};

typedef struct Entry {
    int64_t shop;
    const char *kind;
    GString *name;
    bool known;
    PackDict *dict; /* NULL: none */
    int64_t bodies;
    int64_t due_at; /* this many */
    bool due;
} Entry;

struct PackBook {
    pthread_mutex_t lock;
    GHashTable *entries; /* of Entry, which is its own key */
    GHashTable *dicts;   /* id -> PackDict */
    _Atomic int due;     /* entries that are */
};

static guint
entry_hash(const void *key)
{
    const Entry *entry = key;
    return g_string_hash(entry->name) ^ (guint)entry->shop * 31 ^ g_str_hash(entry->kind);
}

static gboolean
entry_equal(const void *left, const void *right)
{
    const Entry *a = left, *b = right;
    return a->shop == b->shop && strcmp(a->kind, b->kind) == 0 && g_string_equal(a->name, b->name);
}

static void
entry_free(void *arg)
{
    Entry *entry = arg;
    pack_dict_unref(entry->dict);
    g_string_free(entry->name, TRUE);
    g_free(entry);
}

static void
dict_free(void *arg)
{
    pack_dict_unref(arg);
}

PackBook *
pack_book_new(void)
{
    PackBook *book = g_new0(PackBook, 1);
    pthread_mutex_init(&book->lock, NULL);
    book->entries = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
    book->dicts = g_hash_table_new_full(NULL, NULL, NULL, dict_free);
    return book;
}

void
pack_book_free(PackBook *book)
{
    if (!book)
        return;
    g_hash_table_unref(book->entries);
    g_hash_table_unref(book->dicts);
    pthread_mutex_destroy(&book->lock);
    g_free(book);
}

/* The entry of a name, made if it is new. Under the lock. */
static Entry *
book_entry(PackBook *book, const PackName *name)
{
    GString text = {(char *)name->name.at, name->name.len, 0};
    Entry wanted = {.shop = name->shop, .kind = name->kind, .name = &text};
    Entry *entry = g_hash_table_lookup(book->entries, &wanted);
    if (entry)
        return entry;
    if (g_hash_table_size(book->entries) >= NAMES_MOST) {
        g_hash_table_remove_all(book->entries);
        atomic_store(&book->due, 0);
    }
    entry = g_new0(Entry, 1);
    *entry = (Entry){
        .shop = name->shop,
        .kind = name->kind,
        .name = g_string_new_len(name->name.at, (gssize)name->name.len),
        .due_at = DUE_FIRST,
    };
    g_hash_table_add(book->entries, entry);
    return entry;
}

bool
pack_book_ask(PackBook *book, const PackName *name, PackDict **ret)
{
    pthread_mutex_lock(&book->lock);
    Entry *entry = book_entry(book, name);
    if (++entry->bodies >= entry->due_at && !entry->due) {
        entry->due = true;
        atomic_fetch_add(&book->due, 1);
    }
    bool known = entry->known;
    if (known)
        *ret = pack_dict_ref(entry->dict);
    pthread_mutex_unlock(&book->lock);
    return known;
}

static void
book_keep(PackBook *book, PackDict *dict)
{
    if (g_hash_table_size(book->dicts) >= DICTS_MOST) {
        g_hash_table_remove_all(book->dicts);
        g_hash_table_remove_all(book->entries);
        atomic_store(&book->due, 0);
    }
    g_hash_table_replace(book->dicts, GUINT_TO_POINTER(pack_dict_id(dict)), pack_dict_ref(dict));
}

void
pack_book_tell(PackBook *book, const PackName *name, PackDict *dict)
{
    pthread_mutex_lock(&book->lock);
    if (dict)
        book_keep(book, dict);
    Entry *entry = book_entry(book, name);
    PackDict *old = entry->dict;
    entry->dict = pack_dict_ref(dict);
    entry->known = true;
    pthread_mutex_unlock(&book->lock);
    pack_dict_unref(old);
}

PackDict *
pack_book_find(PackBook *book, uint32_t id)
{
    pthread_mutex_lock(&book->lock);
    PackDict *dict = pack_dict_ref(g_hash_table_lookup(book->dicts, GUINT_TO_POINTER(id)));
    pthread_mutex_unlock(&book->lock);
    return dict;
}

void
pack_book_keep(PackBook *book, PackDict *dict)
{
    pthread_mutex_lock(&book->lock);
    book_keep(book, dict);
    pthread_mutex_unlock(&book->lock);
}

bool
pack_book_due(PackBook *book, Arena *arena, PackName *ret)
{
    if (atomic_load_explicit(&book->due, memory_order_relaxed) == 0)
        return false;
    bool found = false;
    pthread_mutex_lock(&book->lock);
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, book->entries);
    while (!found && g_hash_table_iter_next(&iter, &key, NULL)) {
        Entry *entry = key;
        if (!entry->due)
            continue;
        found = true;
        entry->due = false;
        entry->due_at = entry->bodies * (entry->dict ? DUE_TIMES_LATER : DUE_TIMES);
        Str name = {entry->name->str, entry->name->len};
        *ret = (PackName){entry->shop, entry->kind, arena_copy(arena, name)};
    }
    if (found)
        atomic_fetch_sub(&book->due, 1);
    pthread_mutex_unlock(&book->lock);
    return found;
}
