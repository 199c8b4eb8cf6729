/* erase.c - see erase.h. */
#include "flow/erase.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "engine/log.h"
#include "flow/body.h"
#include "flow/event.h"
#include "flow/import.h"
#include "flow/postal.h"

#include <string.h>

enum {
    STEP_ORDERS = 20,
    STEP_MESSAGES = 200,
    STEP_BODIES = 200,
    NEEDLE_LEAST = 6, /* a shorter id stands in everybody's bodies */
    NEEDLES_MOST = 256,
};

static const int64_t YEAR_MS = 365LL * 24 * 3600 * 1000 + 6 * 3600 * 1000;

typedef enum Step { STEP_NONE, STEP_OF_ORDERS, STEP_OF_MESSAGES, STEP_OF_BODIES, STEP_LAST } Step;

/* What was erased, for the receipt. */
typedef enum Tally {
    TALLY_ORDERS,
    TALLY_MESSAGES,
    TALLY_DELIVERIES,
    TALLY_CHOICES,
    TALLY_CUSTOMERS,
    TALLY_HOLDS,
    TALLY_COUNT
} Tally;

static const char *const tallies[TALLY_COUNT] = {"orders",  "messages",  "raw_deliveries",
                                                 "choices", "customers", "held_by_law"};

struct Erase {
    Store *store;
    ShopBook *shops;
    const Keyring *keyring;
    Arena *arena; /* of the asking that is in work */
    Step step;
    int64_t id;
    int64_t shop;
    bool whole_shop;
    Str source;
    Str foreign_id; /* of the customer */
    Str email_key;
    Str addresses[NEEDLES_MOST]; /* of the person, in normal form */
    size_t address_count;
    Str needles
        [NEEDLES_MOST]; /* what tells that a raw delivery is about the person, in small letters */
    size_t needle_count;
    const Json *listed; /* foreign ids of orders that the asking names; NULL: none */
    int64_t after;      /* how far raw deliveries were looked through */
    int64_t tally[TALLY_COUNT];
    /* Of this step: */
    int64_t rows[MAX(STEP_BODIES, STEP_MESSAGES)];
    size_t row_count;
};

Erase *
erase_new(Store *store, ShopBook *shops, const Keyring *keyring)
{
    Erase *erase = g_new0(Erase, 1);
    erase->store = store;
    erase->shops = shops;
    erase->keyring = keyring;
    erase->arena = arena_new(LIMIT_ARENA_BYTES);
    return erase;
}

void
erase_free(Erase *erase)
{
    if (!erase)
        return;
    arena_free(erase->arena);
    g_free(erase);
}

Str
erased_address(Arena *arena, const HmacKey *key, Str address)
{
    uint8_t tag[DIGEST_BYTES];
    size_t len = hmac_make(key, address, tag);
    return str_of(
        arena_format(arena, "erased:%s", encode(arena, ENCODE_HEX, (Str){(char *)tag, len})));
}

bool
erased_since(const Learn *learn, Str address, int64_t *ret, GError **error)
{
    *ret = 0;
    if (!learn->fingerprints || !address.len)
        return true;
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    return db_int(learn->db, Q_suppression_erased,
                  BINDS(bind_int("shop", learn->shop),
                        bind_text("mark", erased_address(arena, learn->fingerprints, address))),
                  ret, error);
}

/* ---- who it is ---------------------------------------------------------------------------------------------- */

static void
list_add(Str *list, size_t *count, Str text, size_t least)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i], text))
            return;
    if (text.len >= least && *count < NEEDLES_MOST)
        list[(*count)++] = text;
}

static void
person_add(Erase *erase, Str foreign_id, Str address, Str phone)
{
    Arena *arena = erase->arena;
    /* A telephone number is an address, too: people choose about text messages. */
    list_add(erase->addresses, &erase->address_count, text_lower(arena, address), 1);
    list_add(erase->addresses, &erase->address_count, text_lower(arena, phone), 1);
    list_add(erase->needles, &erase->needle_count, text_lower(arena, address), NEEDLE_LEAST);
    list_add(erase->needles, &erase->needle_count, text_lower(arena, phone), NEEDLE_LEAST);
    list_add(erase->needles, &erase->needle_count, text_lower(arena, foreign_id), NEEDLE_LEAST);
}

/* The customers and the orders of the person: their ids and addresses are what raw deliveries are known by. */
static bool
person_gather(Erase *erase, Db *db, Query query, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, query,
                BINDS(bind_int("shop", erase->shop), bind_text("source", erase->source),
                      bind_text("foreign_id", erase->foreign_id),
                      bind_text("email_key", erase->email_key), bind_int("limit", NEEDLES_MOST)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows))
        person_add(erase, rows_text(rows, 0), rows_text(rows, 1), rows_text(rows, 2));
    return rows_ok(rows, error);
}

/* The row of a listed order, if there is one to erase. */
static Rows *
listed_rows(Erase *erase, Db *db, size_t i, GError **error)
{
    return db_rows(db, Q_erase_listed_order,
                   BINDS(bind_int("shop", erase->shop), bind_text("source", erase->source),
                         bind_text("foreign_id", json_text(json_nth(erase->listed, i)))),
                   error);
}

static bool
listed_gather(Erase *erase, Db *db, GError **error)
{
    for (size_t i = 0; i < json_len(erase->listed); i++) {
        g_autoptr(Rows) rows = listed_rows(erase, db, i, error);
        if (!rows)
            return false;
        if (rows_next(rows))
            person_add(erase, json_text(json_nth(erase->listed, i)), rows_text(rows, 6),
                       rows_text(rows, 7));
        if (!rows_ok(rows, error))
            return false;
    }
    return true;
}

/* The oldest asking; step stays STEP_NONE if there is none. */
static bool
ask_take(Erase *erase, Db *db, GError **error)
{
    {
        g_autoptr(Rows) rows = db_rows(db, Q_erase_ask, NULL, error);
        if (!rows)
            return false;
        if (!rows_next(rows))
            return rows_ok(rows, error);
        Arena *arena = erase->arena;
        arena_reset(arena);
        *erase = (Erase){
            .store = erase->store,
            .shops = erase->shops,
            .keyring = erase->keyring,
            .arena = arena,
            .step = STEP_OF_ORDERS,
            .id = rows_int(rows, 0),
            .shop = rows_int(rows, 1),
            .whole_shop = str_is(rows_text(rows, 2), "erase_shop"),
            .source = arena_copy(arena, rows_text(rows, 3)),
            .foreign_id = arena_copy(arena, rows_text(rows, 4)),
            .email_key = arena_copy(arena, rows_text(rows, 5)),
        };
        person_add(erase, (Str){0}, erase->email_key, arena_copy(arena, rows_text(rows, 6)));
        Str listed = arena_copy(arena, rows_text(rows, 7));
        if (listed.len && !(erase->listed = json_parse(arena, listed.at, listed.len, error)))
            return fail_at(error, "the orders of an asking");
    }
    return erase->whole_shop || (person_gather(erase, db, Q_erase_customers, error) &&
                                 person_gather(erase, db, Q_erase_order_traces, error) &&
                                 listed_gather(erase, db, error));
}

/* ---- orders -------------------------------------------------------------------------------------------------- */

typedef struct OrderErasing {
    Erase *erase;
    int64_t order;
    int64_t hold_until; /* 0: nothing is held */
    Str held;           /* sealed */
    int64_t changed[TALLY_COUNT];
} OrderErasing;

static bool
order_job(Db *db, void *arg, GError **error)
{
    OrderErasing *work = arg;
    int64_t now = clock_now();
    Bind shop = bind_int("shop", work->erase->shop), order = bind_int("order_id", work->order);
    static const Query of_order[] = {
        Q_erase_receipts, Q_erase_attempts, Q_erase_parcels,
        Q_erase_scans,    Q_erase_refunds,  Q_erase_bodies,
    };
    if (work->hold_until &&
        !db_run(db, Q_legal_hold_append,
                BINDS(bind_int("id", id_new(KIND_LEGAL_HOLD)), shop, bind_int("at", now),
                      bind_int("cause", work->erase->id), order,
                      bind_int("until", work->hold_until), bind_blob("sealed", work->held)),
                &work->changed[TALLY_HOLDS], error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(of_order); i++)
        if (!db_run(db, of_order[i], BINDS(shop, order), NULL, error))
            return false;
    return db_run(db, Q_erase_deliveries_of, BINDS(shop, order), &work->changed[TALLY_DELIVERIES],
                  error) &&
           db_run(db, Q_erase_messages_of, BINDS(shop, order), &work->changed[TALLY_MESSAGES],
                  error) &&
           db_run(db, Q_erase_order, BINDS(bind_int("at", now), shop, order),
                  &work->changed[TALLY_ORDERS], error);
}

/* How long law obliges the shop to keep an order; 0: it has said nothing. */
static int64_t
hold_years(const Erase *erase)
{
    g_autoptr(ShopHold) shop = shopbook_get(erase->shops, erase->shop);
    if (!shop)
        return 0;
    Str years = shop_setting(shop, SETTING_PRIVACY_HOLD_YEARS);
    g_autofree char *text = g_strndup(years.len ? years.at : "0", years.len ? years.len : 1);
    return CLAMP(g_ascii_strtoll(text, NULL, 10), 0, 30);
}

static Str
order_held(Erase *erase, Arena *arena, Rows *rows)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    static const char *const keys[] = {"name", "email", "ship_to", "bill_to"};
    json_put_object(&out);
    for (int i = 0; i < (int)G_N_ELEMENTS(keys); i++) {
        json_put_key(&out, keys[i]);
        json_put_text(&out, rows_text(rows, i + 2));
    }
    json_put_end(&out);
    json_put_done(&out);
    SealPlace place = {erase->shop, rows_int(rows, 0), "legal_hold.sealed"};
    return seal_close(arena, &erase->keyring->columns, place, buf_str(&buf));
}

static void
order_take(Erase *erase, Arena *arena, Rows *rows, OrderErasing *ret)
{
    int64_t years = hold_years(erase), until = rows_int(rows, 1) + years * YEAR_MS;
    *ret = (OrderErasing){.erase = erase, .order = rows_int(rows, 0)};
    if (!years || until <= clock_now())
        return;
    ret->hold_until = until;
    ret->held = order_held(erase, arena, rows);
}

static bool
orders_take(Erase *erase, Db *db, Arena *arena, OrderErasing *list, size_t *ret_count,
            GError **error)
{
    g_autoptr(Rows) rows = db_rows(
        db, Q_erase_orders,
        BINDS(bind_int("shop", erase->shop), bind_text("source", erase->source),
              bind_text("foreign_id", erase->foreign_id), bind_text("email_key", erase->email_key),
              bind_int("whole_shop", erase->whole_shop), bind_int("limit", STEP_ORDERS)),
        error);
    if (!rows)
        return false;
    for (*ret_count = 0; *ret_count < STEP_ORDERS && rows_next(rows); ++*ret_count)
        order_take(erase, arena, rows, &list[*ret_count]);
    return rows_ok(rows, error);
}

/* Those that the asking names, when none is left that is known to be the person's. */
static bool
listed_take(Erase *erase, Db *db, Arena *arena, OrderErasing *list, size_t *ret_count,
            GError **error)
{
    for (size_t i = 0; i < json_len(erase->listed) && *ret_count < STEP_ORDERS; i++) {
        g_autoptr(Rows) rows = listed_rows(erase, db, i, error);
        if (!rows)
            return false;
        if (rows_next(rows))
            order_take(erase, arena, rows, &list[(*ret_count)++]);
        if (!rows_ok(rows, error))
            return false;
    }
    return true;
}

static bool
orders_step(Erase *erase, Db *db, GError **error)
{
    OrderErasing list[STEP_ORDERS];
    size_t count = 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    if (!orders_take(erase, db, arena, list, &count, error) ||
        (!count && !listed_take(erase, db, arena, list, &count, error)))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!store_write(erase->store, STORE_BULK, order_job, &list[i], error))
            return false;
        for (int what = 0; what < TALLY_COUNT; what++)
            erase->tally[what] += list[i].changed[what];
    }
    if (!count)
        erase->step = STEP_OF_MESSAGES;
    return true;
}

/* ---- messages without an order, and raw deliveries ----------------------------------------------------------- */

static bool
rows_job(Db *db, void *arg, GError **error)
{
    Erase *erase = arg;
    bool messages = erase->step == STEP_OF_MESSAGES;
    for (size_t i = 0; i < erase->row_count; i++) {
        int64_t changed = 0;
        Bind shop = bind_int("shop", erase->shop), id = bind_int("id", erase->rows[i]);
        if (messages && (!db_run(db, Q_erase_body, BINDS(shop, id), NULL, error) ||
                         !db_run(db, Q_erase_attempts_of, BINDS(shop, id), NULL, error)))
            return false;
        if (!messages && !db_run(db, Q_erase_delivery_words, BINDS(shop, id), NULL, error))
            return false;
        if (!db_run(db, messages ? Q_erase_message : Q_erase_delivery, BINDS(shop, id), &changed,
                    error))
            return false;
        erase->tally[messages ? TALLY_MESSAGES : TALLY_DELIVERIES] += changed;
    }
    return true;
}

static bool
address_is_theirs(const Erase *erase, Arena *arena, Str address)
{
    Str small = text_lower(arena, address);
    for (size_t i = 0; i < erase->address_count; i++)
        if (str_eq(small, erase->addresses[i]))
            return true;
    return erase->whole_shop;
}

static bool
messages_step(Erase *erase, Db *db, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    size_t looked = 0;
    erase->row_count = 0;
    {
        g_autoptr(Rows) rows =
            db_rows(db, Q_erase_messages,
                    BINDS(bind_int("shop", erase->shop), bind_int("after", erase->after),
                          bind_int("limit", STEP_MESSAGES)),
                    error);
        if (!rows)
            return false;
        while (looked < STEP_MESSAGES && rows_next(rows)) {
            looked++;
            erase->after = rows_int(rows, 0);
            if (address_is_theirs(erase, arena, rows_text(rows, 1)))
                erase->rows[erase->row_count++] = erase->after;
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (erase->row_count && !store_write(erase->store, STORE_BULK, rows_job, erase, error))
        return false;
    if (looked < STEP_MESSAGES) {
        erase->step = STEP_OF_BODIES;
        erase->after = 0;
    }
    return true;
}

/* Numbers are found whole: order 123456 is not in the telephone number 01234567. */
static bool
needle_found(const char *text, size_t len, Str needle)
{
    const char *end = text + len;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), needle.at, needle.len));
         at++) {
        const char *after = at + needle.len;
        bool longer_left = at > text && g_ascii_isdigit(at[-1]) && g_ascii_isdigit(needle.at[0]);
        bool longer_right =
            after < end && g_ascii_isdigit(*after) && g_ascii_isdigit(needle.at[needle.len - 1]);
        if (!longer_left && !longer_right)
            return true;
    }
    return false;
}

/* Does a raw delivery speak of the person? One that cannot be unpacked says nothing to anybody. */
static bool
delivery_is_theirs(Erase *erase, Db *db, Str packed)
{
    if (erase->whole_shop)
        return true;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str body;
    if (!body_unpack(db, arena, erase->shop, packed, &body, NULL))
        return false;
    char *small = arena_cstr(arena, body);
    for (size_t i = 0; i < body.len; i++)
        small[i] = g_ascii_tolower(small[i]);
    for (size_t i = 0; i < erase->needle_count; i++)
        if (needle_found(small, body.len, erase->needles[i]))
            return true;
    return false;
}

static bool
bodies_step(Erase *erase, Db *db, GError **error)
{
    size_t looked = 0;
    erase->row_count = 0;
    {
        g_autoptr(Rows) rows =
            db_rows(db, Q_erase_raw,
                    BINDS(bind_int("shop", erase->shop), bind_int("after", erase->after),
                          bind_int("limit", STEP_BODIES)),
                    error);
        if (!rows)
            return false;
        while (looked < STEP_BODIES && rows_next(rows)) {
            looked++;
            erase->after = rows_int(rows, 0);
            if (delivery_is_theirs(erase, db, rows_blob(rows, 1)))
                erase->rows[erase->row_count++] = erase->after;
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (erase->row_count && !store_write(erase->store, STORE_BULK, rows_job, erase, error))
        return false;
    if (looked < STEP_BODIES)
        erase->step = STEP_LAST;
    return true;
}

/* ---- the last step: choices, the customers themselves, the receipt ------------------------------------------- */

static bool
address_job(Db *db, Erase *erase, Str address, GError **error)
{
    int64_t changed = 0;
    Bind shop = bind_int("shop", erase->shop), old = bind_text("address", address);
    Bind mark =
        bind_text("mark", erased_address(erase->arena, erase->keyring->suppression, address));
    if (!db_run(db, Q_erase_choices, BINDS(mark, shop, old), &changed, error) ||
        !db_run(db, Q_erase_answer_bodies, BINDS(shop, old), NULL, error) ||
        !db_run(db, Q_erase_answers, BINDS(shop, old), NULL, error) ||
        !db_run(db, Q_erase_suppressions, BINDS(mark, shop, old), NULL, error))
        return false;
    erase->tally[TALLY_CHOICES] += changed;
    return db_run(db, Q_erase_remember,
                  BINDS(bind_int("id", id_new(KIND_SUPPRESSION)), shop, bind_int("at", clock_now()),
                        bind_int("cause", erase->id), mark),
                  NULL, error);
}

static bool
customers_job(Db *db, Erase *erase, GError **error)
{
    Bind shop = bind_int("shop", erase->shop), at = bind_int("at", clock_now());
    Bind source = bind_text("source", erase->source);
    Bind foreign_id = bind_text("foreign_id", erase->foreign_id);
    Bind email_key = bind_text("email_key", erase->email_key);
    if (!db_run(db, Q_erase_exports,
                BINDS(at, shop, bind_int("whole_shop", erase->whole_shop), email_key, source,
                      foreign_id),
                NULL, error))
        return false;
    if (erase->whole_shop)
        return db_run(db, Q_erase_shop_choices, BINDS(shop), &erase->tally[TALLY_CHOICES], error) &&
               db_run(db, Q_erase_shop_suppressions, BINDS(shop), NULL, error) &&
               db_run(db, Q_erase_shop_answers, BINDS(shop), NULL, error) &&
               db_run(db, Q_erase_shop_happenings, BINDS(shop), NULL, error) &&
               db_run(db, Q_erase_shop_customers, BINDS(at, shop), &erase->tally[TALLY_CUSTOMERS],
                      error);
    return db_run(db, Q_erase_happenings, BINDS(shop, email_key, source, foreign_id), NULL,
                  error) &&
           db_run(db, Q_erase_person, BINDS(at, shop, source, foreign_id, email_key),
                  &erase->tally[TALLY_CUSTOMERS], error);
}

static Str
receipt_json(Erase *erase)
{
    Buf buf = {.arena = erase->arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "erased");
    json_put_object(&out);
    for (int i = 0; i < TALLY_HOLDS; i++) {
        json_put_key(&out, tallies[i]);
        json_put_int(&out, erase->tally[i]);
    }
    json_put_end(&out);
    json_put_key(&out, "kept");
    json_put_object(&out);
    json_put_key(&out, tallies[TALLY_HOLDS]);
    json_put_int(&out, erase->tally[TALLY_HOLDS]);
    json_put_key(&out, "what");
    json_put_str(&out, "sums, states and dates of the orders; a keyed fingerprint of the address, "
                       "so that no list brings it back");
    json_put_end(&out);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

static bool
last_job(Db *db, void *arg, GError **error)
{
    Erase *erase = arg;
    erase->tally[TALLY_CHOICES] = erase->tally[TALLY_CUSTOMERS] = 0;
    for (size_t i = 0; i < erase->address_count; i++)
        if (!erase->whole_shop && !address_job(db, erase, erase->addresses[i], error))
            return false;
    Learn learn = {
        .db = db,
        .shop = erase->shop,
        .cause = erase->id,
        .at = clock_now(),
        .source = erase->source,
    };
    EventNew event = {.kind = EVENT_PRIVACY_DONE, .happened_at = learn.at, .subject_id = erase->id};
    return customers_job(db, erase, error) &&
           db_run(db, Q_erase_done,
                  BINDS(bind_int("at", learn.at), bind_text("receipt", receipt_json(erase)),
                        bind_int("shop", erase->shop), bind_int("id", erase->id)),
                  NULL, error) &&
           event_append(&learn, &event, error);
}

static bool
last_step(Erase *erase, GError **error)
{
    char id[ID_TEXT_BYTES];
    if (!import_forget(erase->store, erase->shop, erase->whole_shop ? NULL : erase->needles,
                       erase->needle_count, error))
        return false;
    if (!store_write(erase->store, STORE_BULK, last_job, erase, error))
        return false;
    store_truncate_log(erase->store);
    log_info("privacy.erased", "ask=%s orders=%" G_GINT64_FORMAT, id_format(erase->id, id),
             erase->tally[TALLY_ORDERS]);
    erase->step = STEP_NONE;
    return true;
}

bool
erase_turn(Erase *erase, bool *ret_moved, GError **error)
{
    *ret_moved = false;
    Db *db = store_reader(erase->store, error);
    if (!db)
        return false;
    bool ok = erase->step != STEP_NONE || ask_take(erase, db, error);
    *ret_moved = ok && erase->step != STEP_NONE;
    if (*ret_moved && erase->step == STEP_OF_ORDERS)
        ok = orders_step(erase, db, error);
    else if (*ret_moved && erase->step == STEP_OF_MESSAGES)
        ok = messages_step(erase, db, error);
    else if (*ret_moved && erase->step == STEP_OF_BODIES)
        ok = bodies_step(erase, db, error);
    store_reader_return(erase->store, db);
    if (ok && *ret_moved && erase->step == STEP_LAST)
        ok = last_step(erase, error);
    if (!ok)
        erase->step = STEP_NONE; /* begun anew */
    return ok;
}
