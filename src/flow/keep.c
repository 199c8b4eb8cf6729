/* keep.c - see keep.h. */
#include "flow/keep.h"

#include "base/civil.h"
#include "base/digest.h"
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/body.h"

#include <stdlib.h>

enum { STEP_ROWS = 128, LOOK_EVERY_MS = 3600 * 1000, DISK_DAYS = 400 };

typedef struct Emptying {
    int64_t shop;
    BodyKind kind;
    int64_t rows[STEP_ROWS];
    uint8_t hashes[STEP_ROWS][DIGEST_BYTES]; /* of what was sent */
    size_t count;
} Emptying;

static bool
message_hash(Db *db, Arena *arena, int64_t shop, Str packed, uint8_t ret[DIGEST_BYTES])
{
    Str body = {0};
    g_autoptr(GError) error = NULL;
    bool whole = body_unpack(db, arena, shop, packed, &body, &error);
    digest_sha256(body, ret);
    return whole;
}

/* Which bodies of a shop are too old. */
static bool
emptying_take(Emptying *work, Db *db, int64_t before, GError **error)
{
    bool sent = work->kind == BODY_MESSAGE;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows = db_rows(db, sent ? Q_keep_messages : Q_keep_deliveries,
                                   BINDS(bind_int("shop", work->shop), bind_int("before", before),
                                         bind_int("limit", STEP_ROWS)),
                                   error);
    if (!rows)
        return false;
    while (work->count < STEP_ROWS && !arena_over(arena) && rows_next(rows)) {
        work->rows[work->count] = rows_int(rows, 0);
        if (sent)
            message_hash(db, arena, work->shop, rows_blob(rows, 1), work->hashes[work->count]);
        work->count++;
    }
    return rows_ok(rows, error);
}

static bool
emptying_job(Db *db, void *arg, GError **error)
{
    const Emptying *work = arg;
    bool sent = work->kind == BODY_MESSAGE;
    for (size_t i = 0; i < work->count; i++) {
        Bind shop = bind_int("shop", work->shop), id = bind_int("id", work->rows[i]);
        Str hash = {(const char *)work->hashes[i], DIGEST_BYTES};
        if (sent && !db_run(db, Q_keep_hash, BINDS(bind_blob("hash", hash), shop, id), NULL, error))
            return false;
        if (!db_run(db, sent ? Q_erase_body : Q_erase_delivery, BINDS(shop, id), NULL, error))
            return false;
    }
    return true;
}

/* Days that bodies are kept; 0: for ever. */
static int64_t
shop_days(const ShopEntry *shop)
{
    Str days = shop_setting(shop, SETTING_KEEP_BODIES_DAYS);
    g_autofree char *text = g_strndup(days.len ? days.at : "", days.len);
    return strtoll(text, NULL, 10);
}

static bool
shop_step(Store *store, const ShopEntry *shop, BodyKind kind, bool *ret_moved, GError **error)
{
    int64_t days = shop_days(shop);
    if (days <= 0)
        return true;
    g_autofree Emptying *work = g_new0(Emptying, 1);
    work->shop = shop->shop.id;
    work->kind = kind;
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    bool ok = emptying_take(work, db, id_least(clock_now() - days * DAY_MS), error);
    store_reader_return(store, db);
    *ret_moved |= work->count > 0;
    return ok && (!work->count || store_write(store, STORE_BULK, emptying_job, work, error));
}

typedef struct Noting {
    int64_t now;
    int64_t bytes; /* of the store's files */
} Noting;

static bool
noting_job(Db *db, void *arg, GError **error)
{
    const Noting *noting = arg;
    int64_t day = noting->now / DAY_MS;
    return db_run(db, Q_legal_hold_expire, BINDS(bind_int("now", noting->now)), NULL, error) &&
           db_run(db, Q_disk_note, BINDS(bind_int("day", day), bind_int("bytes", noting->bytes)),
                  NULL, error) &&
           db_run(db, Q_disk_forget, BINDS(bind_int("before", day - DISK_DAYS)), NULL, error);
}

bool
keep_turn(Keep *keep, Store *store, ShopBook *shops, bool *ret_moved, GError **error)
{
    int64_t now = clock_now();
    *ret_moved = false;
    if (llabs(now - keep->looked_at) < LOOK_EVERY_MS)
        return true;
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(shops, n);
        if (!shop)
            break;
        if (!shop_step(store, shop, BODY_INBOX, ret_moved, error) ||
            !shop_step(store, shop, BODY_MESSAGE, ret_moved, error))
            return false;
    }
    if (*ret_moved)
        return true;
    keep->looked_at = now;
    Noting noting = {now, store_bytes(store)};
    return store_write(store, STORE_BULK, noting_job, &noting, error);
}

/* ---- the disk -------------------------------------------------------------------------------------------- */

enum { FORECAST_DAYS = 30 };

bool
keep_forecast(Db *db, int64_t free_bytes, KeepForecast *ret, GError **error)
{
    *ret = (KeepForecast){.free_bytes = free_bytes, .days_left = -1};
    g_autoptr(Rows) rows = db_rows(
        db, Q_disk_growth, BINDS(bind_int("since", clock_now() / DAY_MS - FORECAST_DAYS)), error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        int64_t days = rows_int(rows, 1) - rows_int(rows, 0);
        ret->store_bytes = rows_int(rows, 3);
        if (days > 0)
            ret->bytes_a_day = (rows_int(rows, 3) - rows_int(rows, 2)) / days;
    }
    if (ret->bytes_a_day > 0)
        ret->days_left = free_bytes / ret->bytes_a_day;
    return rows_ok(rows, error);
}
