/* told.c - see told.h. */
#include "flow/told.h"

#include "base/encode.h"
#include "engine/clock.h"

#include <string.h>

/* The header's value: a string of RFC 8941 ("8e03") or, as most send it, bare. */
static bool
key_read(Str sent, Str *ret, GError **error)
{
    Str key = str_trim(sent);
    if (key.len >= 2 && key.at[0] == '"' && key.at[key.len - 1] == '"')
        key = str_sub(key, 1, key.len - 2);
    for (size_t i = 0; i < key.len; i++)
        if (key.at[i] <= ' ' || key.at[i] > '~' || key.at[i] == '"' || key.at[i] == '\\')
            return fail(error, ERR_INPUT,
                        "Idempotency-Key takes ASCII letters, digits and signs only");
    if ((sent.at && !key.len) || key.len > TOLD_KEY_CHARS)
        return fail(error, ERR_INPUT, "Idempotency-Key has 1 to %d characters", TOLD_KEY_CHARS);
    *ret = key;
    return true;
}

/* The noun is part of what was asked: the same key for another address is another request. Keyed: it outlives the body. */
static void
told_fingerprint(const ToldAsk *ask, uint8_t ret[DIGEST_BYTES])
{
    g_autoptr(DigestSum) sum = digest_sum_new();
    digest_sum_add(sum, str_of(own_noun_name(ask->noun)));
    digest_sum_add(sum, (Str){"", 1});
    digest_sum_add(sum, ask->body);
    digest_sum_end(sum, ret);
    hmac_make(ask->shop->digests, (Str){(const char *)ret, DIGEST_BYTES}, ret);
}

static bool
told_recall(Db *db, const Told *told, int64_t *ret_id, bool *ret_same, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_told_known,
                                   BINDS(bind_int("shop", told->delivery->shop),
                                         bind_text("delivery", told->delivery->delivery)),
                                   error);
    if (!rows)
        return false;
    *ret_id = 0;
    if (rows_next(rows)) {
        *ret_id = rows_int(rows, 0);
        *ret_same =
            str_eq(rows_blob(rows, 1), (Str){(const char *)told->fingerprint, DIGEST_BYTES});
    }
    return rows_ok(rows, error);
}

static bool
told_job(Db *db, void *arg, GError **error)
{
    Told *told = arg;
    InboxNew *delivery = told->delivery;
    bool same = false;
    if (!told_recall(db, told, &told->inbox_id, &same, error))
        return false;
    told->repeated = told->inbox_id != 0;
    if (told->repeated)
        return same || fail(error, ERR_REUSED,
                            "this Idempotency-Key was used for a request that said something else");
    told->inbox_id = delivery->id;
    Str print = {(const char *)told->fingerprint, DIGEST_BYTES};
    return inbox_keep(db, delivery, error) &&
           db_run(db, Q_told_append,
                  BINDS(bind_int("shop", delivery->shop), bind_text("delivery", delivery->delivery),
                        bind_int("at", clock_now()), bind_int("inbox_id", delivery->id),
                        bind_blob("fingerprint", print)),
                  NULL, error);
}

static bool
told_look(Arena *arena, const ToldAsk *ask, const OwnReading **ret, GError **error)
{
    OwnShop *shop = arena_new_of(arena, OwnShop, 1);
    OwnReading *reading = arena_new_of(arena, OwnReading, 1);
    Facts facts;
    shop->zone = ask->shop->zone;
    memcpy(shop->currency, ask->shop->shop.currency.at, MIN(ask->shop->shop.currency.len, 3));
    reading->arena = arena;
    reading->shop = shop;
    const Json *root = json_parse(arena, ask->body.at, ask->body.len, error);
    if (!root)
        return false;
    *ret = reading;
    if (own_noun_read(reading, ask->noun, root, &facts))
        return true;
    return fail(error, ERR_FIELDS, "%zu %s wrong in what was sent", reading->problem_count,
                reading->problem_count == 1 ? "field is" : "fields are");
}

bool
told_check(Arena *arena, const ToldAsk *ask, Told **ret, const OwnReading **ret_problems,
           GError **error)
{
    Str key = {0};
    *ret_problems = NULL;
    if (!key_read(ask->key, &key, error) || !told_look(arena, ask, ret_problems, error))
        return false;
    Told *told = arena_new_of(arena, Told, 1);
    *told = (Told){.task = {.run = told_job, .arg = told}};
    told_fingerprint(ask, told->fingerprint);
    /* A prefix keeps the keys of programs and the hashes of bodies apart. */
    Str print = {(const char *)told->fingerprint, DIGEST_BYTES};
    const char *name = key.len ? arena_format(arena, "key:" STR_FMT, STR_ARG(key))
                               : arena_format(arena, "body:%s", encode(arena, ENCODE_HEX, print));
    InboxAsk inbox = {
        .store = ask->store,
        .shop = ask->shop,
        .connector = STR("api"),
        .body = ask->body,
    };
    Envelope envelope = {.topic = str_of(own_noun_name(ask->noun)), .delivery = str_of(name)};
    told->delivery = inbox_told(arena, &inbox, &envelope);
    *ret = told;
    return true;
}

void
told_post(Store *store, Told *told)
{
    store_post(store, STORE_INTAKE, &told->task);
}
