/* body.c - see body.h. */
#include "flow/body.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/log.h"
#include "engine/pack_book.h"
#include "engine/pack_learn.h"

enum {
    SAMPLES_BACK = 20000,    /* rows behind which nobody looks for samples: 10 ms */
    SAMPLE_TEXT_BYTES = 320, /* of an address */
    BETTER_PERCENT =
        80, /* a new dictionary has to make the samples this small, beside the one in use */
};

static const struct {
    const char *slug;
    Query save, get, samples;
} kinds[BODY_KINDS] = {
    [BODY_INBOX] = {"inbox", Q_inbox_body_append, Q_inbox_body_get, Q_inbox_samples},
    [BODY_MESSAGE] = {"message", Q_message_body_save, Q_message_body_get, Q_message_samples},
};

/* ---- dictionaries from the store ------------------------------------------------------------------ */

/* The dictionary in the one row of an open result. *ret NULL: there is no row. */
static bool
dict_read(Rows *rows, PackDict **ret, GError **error)
{
    *ret = NULL;
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error);
    *ret = pack_dict_new(rows_blob(rows, 0));
    return *ret || fail(error, ERR_STORE, "a dictionary in the store is damaged");
}

static bool
dict_read_newest(Db *db, const PackName *name, PackDict **ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_dictionary_newest,
                BINDS(bind_int("shop", name->shop), bind_cstr("kind", name->kind),
                      bind_text("name", name->name)),
                error);
    return dict_read(rows, ret, error);
}

/* What a body of this name is packed with now: yours, NULL for none. */
static PackDict *
dict_for(Store *store, const PackName *name)
{
    PackBook *book = store_packs(store);
    PackDict *dict = NULL;
    if (pack_book_ask(book, name, &dict))
        return dict;
    Db *db = store_reader(store, NULL);
    if (db && dict_read_newest(db, name, &dict, NULL))
        pack_book_tell(book, name, dict);
    store_reader_return(store, db);
    return dict;
}

static bool
dict_get(Db *db, int64_t shop, uint32_t id, PackDict **ret, GError **error)
{
    PackDict *dict = pack_book_find(db_packs(db), id);
    if (!dict) {
        g_autoptr(Rows) rows =
            db_rows(db, Q_dictionary_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
        if (!dict_read(rows, &dict, error))
            return false;
        if (!dict)
            return fail(error, ERR_STORE, "dictionary %u, which a body needs, is gone", id);
        pack_book_keep(db_packs(db), dict);
    }
    *ret = dict;
    return true;
}

/* ---- both ways --------------------------------------------------------------------------------------- */

Str
body_pack(Store *store, Arena *arena, const BodyName *name, Str bytes)
{
    PackName known_as = {name->shop, kinds[name->kind].slug, name->name};
    g_autoptr(PackDict) dict = dict_for(store, &known_as);
    return pack(arena, dict, bytes);
}

bool
body_unpack(Db *db, Arena *arena, int64_t shop, Str packed, Str *ret, GError **error)
{
    g_autoptr(PackDict) dict = NULL;
    uint32_t id = pack_needs(packed);
    if (id && !dict_get(db, shop, id, &dict, error))
        return false;
    return unpack(arena, dict, packed, LIMIT_BODY_BYTES, ret, error);
}

bool
body_save(Db *db, BodyKind kind, int64_t shop, int64_t id, Str packed, GError **error)
{
    return db_run(db, kinds[kind].save,
                  BINDS(bind_int("id", id), bind_int("shop", shop), bind_blob("body", packed)),
                  NULL, error);
}

/* ---- learning ----------------------------------------------------------------------------------------- */

typedef struct Lesson {
    Db *db;
    Arena *arena;
    PackName name;
    BodyKind kind;
    int64_t ids[PACK_SAMPLES];
    Str people[PACK_SAMPLES];
    Str samples[PACK_SAMPLES];
    size_t count;
    uint32_t id; /* of the new dictionary */
    Str bytes;   /* of it */
} Lesson;

static bool
lesson_has(const Lesson *lesson, Str person)
{
    for (size_t i = 0; i < lesson->count; i++)
        if (str_eq(lesson->people[i], person))
            return true;
    return false;
}

/* The newest bodies, each about somebody else. */
static bool
lesson_find(Lesson *lesson, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(lesson->db, kinds[lesson->kind].samples,
                BINDS(bind_int("most", SAMPLES_BACK), bind_int("shop", lesson->name.shop),
                      bind_text("name", lesson->name.name)),
                error);
    if (!rows)
        return false;
    while (lesson->count < PACK_SAMPLES && rows_next(rows)) {
        Str person = arena_copy(lesson->arena, rows_text(rows, 1));
        if (lesson_has(lesson, person))
            continue;
        lesson->ids[lesson->count] = rows_int(rows, 0);
        lesson->people[lesson->count++] = person;
    }
    return rows_ok(rows, error);
}

static bool
lesson_read(Lesson *lesson, GError **error)
{
    size_t read = 0;
    for (size_t i = 0; i < lesson->count; i++) {
        g_autoptr(Rows) rows = db_rows(
            lesson->db, kinds[lesson->kind].get,
            BINDS(bind_int("shop", lesson->name.shop), bind_int("id", lesson->ids[i])), error);
        if (!rows)
            return false;
        if (!rows_next(rows)) {
            if (!rows_ok(rows, error))
                return false;
            continue; /* retention took it */
        }
        if (!body_unpack(lesson->db, lesson->arena, lesson->name.shop, rows_blob(rows, 0),
                         &lesson->samples[read++], error))
            return false;
    }
    lesson->count = read;
    return true;
}

static size_t
lesson_bytes(const Lesson *lesson, const PackDict *dict)
{
    size_t sum = 0;
    for (size_t i = 0; i < lesson->count; i++)
        sum += pack(lesson->arena, dict, lesson->samples[i]).len;
    return sum;
}

/* The new dictionary, yours; NULL: the one in use is about as good, or there is nothing to learn. */
static bool
lesson_learn(Lesson *lesson, PackDict **ret, GError **error)
{
    *ret = NULL;
    int64_t top = 0;
    g_autoptr(PackDict) old = NULL;
    if (!lesson_find(lesson, error) || !lesson_read(lesson, error) ||
        !db_int(lesson->db, Q_dictionary_top, NULL, &top, error) ||
        !dict_read_newest(lesson->db, &lesson->name, &old, error))
        return false;
    lesson->id = (uint32_t)MAX(top + 1, (int64_t)PACK_DICT_FIRST_ID);
    if (!pack_learn(lesson->arena, lesson->id, lesson->samples, lesson->count, &lesson->bytes))
        return true;
    g_autoptr(PackDict) dict = pack_dict_new(lesson->bytes);
    must(dict);
    if (lesson_bytes(lesson, dict) * 100 < lesson_bytes(lesson, old) * BETTER_PERCENT)
        *ret = g_steal_pointer(&dict);
    return true;
}

static bool
lesson_save(Db *db, void *arg, GError **error)
{
    const Lesson *lesson = arg;
    return db_run(db, Q_dictionary_append,
                  BINDS(bind_int("id", lesson->id), bind_int("shop", lesson->name.shop),
                        bind_int("at", clock_now()), bind_cstr("kind", lesson->name.kind),
                        bind_text("name", lesson->name.name), bind_blob("bytes", lesson->bytes)),
                  NULL, error);
}

bool
body_learn(Store *store, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Lesson lesson = {.arena = arena};
    if (!pack_book_due(store_packs(store), arena, &lesson.name))
        return true;
    while (lesson.kind < BODY_KINDS && kinds[lesson.kind].slug != lesson.name.kind)
        lesson.kind++;
    must(lesson.kind < BODY_KINDS);
    lesson.db = store_reader(store, error);
    if (!lesson.db)
        return false;
    g_autoptr(PackDict) dict = NULL;
    bool ok = lesson_learn(&lesson, &dict, error);
    store_reader_return(store, lesson.db);
    if (!ok || !dict)
        return ok;
    /* In use only when it is on the disk: no body may name what a crash could take. */
    if (!store_write(store, STORE_BULK, lesson_save, &lesson, error))
        return false;
    pack_book_tell(store_packs(store), &lesson.name, dict);
    log_info("body.learned", "kind=%s name=" STR_FMT " bytes=%d", lesson.name.kind,
             STR_ARG(lesson.name.name), (int)lesson.bytes.len);
    return true;
}
