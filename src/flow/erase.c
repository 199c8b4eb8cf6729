/* erase.c - see erase.h. */
#include "flow/erase.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "engine/log.h"
#include "flow/body.h"
#include "flow/erase_list.h"
#include "flow/event.h"
#include "flow/import.h"
#include "flow/order.h"
#include "flow/postal.h"

#include <string.h>

enum {
    STEP_ORDERS = 20,
    STEP_MESSAGES = 200,
    STEP_BODIES = 200,
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

typedef struct EraseRow {
    int64_t id;
    Str cut; /* what is left of a raw delivery, packed; empty: nothing */
} EraseRow;

struct Erase {
    Store *store;
    ShopBook *shops;
    const Keyring *keyring;
    const char *list;
    Arena *arena; /* of the asking that is in work */
    Step step;
    int64_t id;
    int64_t asked_at;
    ErasePerson person;
    int64_t after; /* how far messages or raw deliveries were looked through */
    int64_t tally[TALLY_COUNT];
    /* Of this step: */
    EraseRow rows[MAX(STEP_BODIES, STEP_MESSAGES)];
    size_t row_count;
    Arena *step_arena;
};

Erase *
erase_new(Store *store, ShopBook *shops, const Keyring *keyring, const char *list)
{
    Erase *erase = g_new0(Erase, 1);
    erase->store = store;
    erase->shops = shops;
    erase->keyring = keyring;
    erase->list = list;
    erase->arena = arena_new(LIMIT_ARENA_BYTES);
    erase->step_arena = arena_new(LIMIT_ARENA_BYTES);
    return erase;
}

void
erase_free(Erase *erase)
{
    if (!erase)
        return;
    erase_person_clear(&erase->person);
    arena_free(erase->arena);
    arena_free(erase->step_arena);
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

bool
erased_or_address(const Learn *learn, Arena *arena, Str address, Str *ret, GError **error)
{
    int64_t erased_at;
    if (!erased_since(learn, address, &erased_at, error))
        return false;
    *ret = erased_at ? erased_address(arena, learn->fingerprints, address) : address;
    return true;
}

/* ---- the asking ------------------------------------------------------------------------------------------------ */

/* The receipt as it stands. It is kept with every step, in the same transaction, so that it tells all that was erased
 * however often the erasure was cut off. */
static Str
receipt_json(Arena *arena, const Erase *erase)
{
    Buf buf = {.arena = arena};
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

static void
receipt_read(Erase *erase, const Json *receipt)
{
    for (int i = 0; i < TALLY_COUNT; i++)
        json_int(json_get(json_get(receipt, i < TALLY_HOLDS ? "erased" : "kept"), tallies[i]),
                 &erase->tally[i]);
}

/* On the writer, at the end of a step's job. */
static bool
progress_note(Db *db, const Erase *erase, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    return db_run(db, Q_erase_progress,
                  BINDS(bind_text("receipt", receipt_json(arena, erase)),
                        bind_int("shop", erase->person.shop), bind_int("id", erase->id)),
                  NULL, error);
}

static bool
gathered_job(Db *db, void *arg, GError **error)
{
    const Erase *erase = arg;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    return db_run(db, Q_erase_gathered,
                  BINDS(bind_text("gathered", erase_person_write(&erase->person, arena)),
                        bind_int("shop", erase->person.shop), bind_int("id", erase->id)),
                  NULL, error);
}

static void
ask_read(Erase *erase, Rows *rows)
{
    Arena *arena = erase->arena;
    erase->step = STEP_OF_ORDERS;
    erase->after = 0;
    erase->id = rows_int(rows, 0);
    erase->asked_at = rows_int(rows, 10);
    memset(erase->tally, 0, sizeof erase->tally);
    erase->person = (ErasePerson){
        .shop = rows_int(rows, 1),
        .whole_shop = str_is(rows_text(rows, 2), "erase_shop"),
        .source = arena_copy(arena, rows_text(rows, 3)),
        .foreign_id = arena_copy(arena, rows_text(rows, 4)),
        .email_key = arena_copy(arena, rows_text(rows, 5)),
        .phone = arena_copy(arena, rows_text(rows, 6)),
    };
}

/* The oldest asking; step stays STEP_NONE if there is none. */
static bool
ask_take(Erase *erase, Db *db, GError **error)
{
    Str gathered, listed, receipt;
    {
        g_autoptr(Rows) rows = db_rows(db, Q_erase_ask, NULL, error);
        if (!rows)
            return false;
        if (!rows_next(rows))
            return rows_ok(rows, error);
        arena_reset(erase->arena);
        erase_person_clear(&erase->person);
        ask_read(erase, rows);
        listed = arena_copy(erase->arena, rows_text(rows, 7));
        gathered = arena_copy(erase->arena, rows_text(rows, 8));
        receipt = arena_copy(erase->arena, rows_text(rows, 9));
    }
    ErasePerson *person = &erase->person;
    if (listed.len && !(person->listed = json_parse(erase->arena, listed.at, listed.len, error)))
        return fail_at(error, "the orders of an asking");
    if (receipt.len)
        receipt_read(erase, json_parse(erase->arena, receipt.at, receipt.len, NULL));
    if (gathered.len)
        return erase_person_read(person, erase->arena, gathered, error);
    /* Noted before anything goes: a backup from before brings nobody back. */
    return erase_person_gather(person, erase->arena, db, error) &&
           (!erase->list || erase_list_add(erase->list, erase->keyring, erase->id, erase->asked_at,
                                           person, error)) &&
           store_write(erase->store, STORE_BULK, gathered_job, erase, error);
}

/* ---- orders -------------------------------------------------------------------------------------------------- */

typedef struct OrderErasing {
    Erase *erase;
    int64_t order;
    int64_t hold_until; /* 0: nothing is held */
    Str held;           /* sealed */
} OrderErasing;

static bool
order_job(Db *db, void *arg, GError **error)
{
    OrderErasing *work = arg;
    int64_t now = clock_now(), changed[TALLY_COUNT] = {0};
    Erase *erase = work->erase;
    Bind shop = bind_int("shop", erase->person.shop), order = bind_int("order_id", work->order);
    Bind hash = bind_blob("hash", (Str){(const char[DIGEST_BYTES]){0}, ORDER_HASH_BYTES});
    static const Query of_order[] = {
        Q_erase_receipts, Q_erase_attempts, Q_erase_parcels,
        Q_erase_scans,    Q_erase_refunds,  Q_erase_bodies,
    };
    if (work->hold_until &&
        !db_run(db, Q_legal_hold_append,
                BINDS(bind_int("id", id_new(KIND_LEGAL_HOLD)), shop, bind_int("at", now),
                      bind_int("cause", erase->id), order, bind_int("until", work->hold_until),
                      bind_blob("sealed", work->held)),
                &changed[TALLY_HOLDS], error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(of_order); i++)
        if (!db_run(db, of_order[i], BINDS(shop, order), NULL, error))
            return false;
    if (!db_run(db, Q_erase_shipments, BINDS(hash, shop, order), NULL, error) ||
        !db_run(db, Q_erase_deliveries_of, BINDS(shop, order), &changed[TALLY_DELIVERIES], error) ||
        !db_run(db, Q_erase_messages_of, BINDS(shop, order), &changed[TALLY_MESSAGES], error) ||
        !db_run(db, Q_erase_order, BINDS(hash, bind_int("at", now), shop, order),
                &changed[TALLY_ORDERS], error))
        return false;
    for (int what = 0; what < TALLY_COUNT; what++)
        erase->tally[what] += changed[what];
    return progress_note(db, erase, error);
}

/* How long law obliges the shop to keep an order; 0: it has said nothing. */
static int64_t
hold_years(const Erase *erase)
{
    g_autoptr(ShopHold) shop = shopbook_get(erase->shops, erase->person.shop);
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
    SealPlace place = {erase->person.shop, rows_int(rows, 0), "legal_hold.sealed"};
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
    const ErasePerson *person = &erase->person;
    g_autoptr(Rows) rows =
        db_rows(db, Q_erase_orders,
                BINDS(bind_int("shop", person->shop), bind_text("source", person->source),
                      bind_text("foreign_id", person->foreign_id),
                      bind_text("email_key", person->email_key),
                      bind_int("whole_shop", person->whole_shop), bind_int("limit", STEP_ORDERS)),
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
    for (size_t i = 0; i < json_len(erase->person.listed) && *ret_count < STEP_ORDERS; i++) {
        g_autoptr(Rows) rows = erase_person_listed(&erase->person, db, i, error);
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
    for (size_t i = 0; i < count; i++)
        if (!store_write(erase->store, STORE_BULK, order_job, &list[i], error))
            return false;
    if (!count)
        erase->step = STEP_OF_MESSAGES;
    return true;
}

/* ---- messages without an order, and raw deliveries ----------------------------------------------------------- */

static bool
message_erase(Db *db, Erase *erase, const EraseRow *row, GError **error)
{
    int64_t changed = 0;
    Bind shop = bind_int("shop", erase->person.shop), id = bind_int("id", row->id);
    if (!db_run(db, Q_erase_body, BINDS(shop, id), NULL, error) ||
        !db_run(db, Q_erase_attempts_of, BINDS(shop, id), NULL, error) ||
        !db_run(db, Q_erase_message, BINDS(shop, id), &changed, error))
        return false;
    erase->tally[TALLY_MESSAGES] += changed;
    return true;
}

static bool
delivery_erase(Db *db, Erase *erase, const EraseRow *row, GError **error)
{
    int64_t changed = 0;
    Bind shop = bind_int("shop", erase->person.shop), id = bind_int("id", row->id);
    if (!db_run(db, row->cut.len ? Q_erase_delivery_reason : Q_erase_delivery_words,
                BINDS(shop, id), NULL, error) ||
        !db_run(db, Q_erase_delivery, BINDS(shop, id), &changed, error))
        return false;
    erase->tally[TALLY_DELIVERIES] += changed;
    return !row->cut.len || body_save(db, BODY_INBOX, erase->person.shop, row->id, row->cut, error);
}

static bool
rows_job(Db *db, void *arg, GError **error)
{
    Erase *erase = arg;
    bool messages = erase->step == STEP_OF_MESSAGES;
    for (size_t i = 0; i < erase->row_count; i++)
        if (!(messages ? message_erase : delivery_erase)(db, erase, &erase->rows[i], error))
            return false;
    return progress_note(db, erase, error);
}

static bool
rows_erase(Erase *erase, GError **error)
{
    return !erase->row_count || store_write(erase->store, STORE_BULK, rows_job, erase, error);
}

static bool
messages_step(Erase *erase, Db *db, GError **error)
{
    size_t looked = 0;
    erase->row_count = 0;
    arena_reset(erase->step_arena);
    {
        g_autoptr(Rows) rows =
            db_rows(db, Q_erase_messages,
                    BINDS(bind_int("shop", erase->person.shop), bind_int("after", erase->after),
                          bind_int("limit", STEP_MESSAGES)),
                    error);
        if (!rows)
            return false;
        while (looked < STEP_MESSAGES && rows_next(rows)) {
            looked++;
            erase->after = rows_int(rows, 0);
            if (erase_person_has(&erase->person, erase->step_arena, rows_text(rows, 1)))
                erase->rows[erase->row_count++] = (EraseRow){.id = erase->after};
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (!rows_erase(erase, error))
        return false;
    if (looked < STEP_MESSAGES) {
        erase->step = STEP_OF_BODIES;
        erase->after = 0;
    }
    return true;
}

/* Does a raw delivery speak of the person? One that cannot be unpacked says nothing to anybody. What it tells of others is
 * known already if all of it was read. If not, the person is cut out of it, where that can be done. */
static bool
delivery_is_theirs(Erase *erase, Db *db, Rows *rows, EraseRow *ret)
{
    const ErasePerson *person = &erase->person;
    *ret = (EraseRow){.id = rows_int(rows, 0)};
    if (person->whole_shop)
        return true;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str body, cut, state = rows_text(rows, 2);
    if (!body_unpack(db, arena, person->shop, rows_blob(rows, 1), &body, NULL) ||
        !needles_found(person->needles, body))
        return false;
    if (!str_is(state, "done") && !str_is(state, "same") &&
        erase_person_cut(person, arena, body, &cut)) {
        BodyName name = {person->shop, BODY_INBOX, STR("")}; /* of no dictionary */
        ret->cut = body_pack(erase->store, erase->step_arena, &name, cut);
    }
    return true;
}

static bool
bodies_step(Erase *erase, Db *db, GError **error)
{
    size_t looked = 0;
    erase->row_count = 0;
    arena_reset(erase->step_arena);
    {
        g_autoptr(Rows) rows =
            db_rows(db, Q_erase_raw,
                    BINDS(bind_int("shop", erase->person.shop), bind_int("after", erase->after),
                          bind_int("limit", STEP_BODIES)),
                    error);
        if (!rows)
            return false;
        while (looked < STEP_BODIES && rows_next(rows)) {
            looked++;
            erase->after = rows_int(rows, 0);
            erase->row_count += delivery_is_theirs(erase, db, rows, &erase->rows[erase->row_count]);
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (!rows_erase(erase, error))
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
    Bind shop = bind_int("shop", erase->person.shop), old = bind_text("address", address);
    Bind mark =
        bind_text("mark", erased_address(erase->arena, erase->keyring->suppression, address));
    if (!db_run(db, Q_erase_choices, BINDS(mark, shop, old), &changed, error) ||
        !db_run(db, Q_erase_answer_bodies, BINDS(shop, old), NULL, error) ||
        !db_run(db, Q_erase_answers, BINDS(shop, old), NULL, error) ||
        !db_run(db, Q_erase_suppressions, BINDS(mark, shop, old), NULL, error))
        return false;
    if (address.len >= NEEDLE_LEAST &&
        (!db_run(db, Q_erase_told, BINDS(shop, old), NULL, error) ||
         !db_run(db, Q_erase_told_names, BINDS(shop, old), NULL, error)))
        return false;
    erase->tally[TALLY_CHOICES] += changed;
    /* What is younger than the asking is a new beginning, also if a restore does the erasure much later. */
    return db_run(db, Q_erase_remember,
                  BINDS(bind_int("id", id_new(KIND_SUPPRESSION)), shop,
                        bind_int("at", erase->asked_at), bind_int("cause", erase->id), mark),
                  NULL, error);
}

static bool
customers_job(Db *db, Erase *erase, GError **error)
{
    const ErasePerson *person = &erase->person;
    Bind shop = bind_int("shop", person->shop), at = bind_int("at", clock_now());
    Bind source = bind_text("source", person->source);
    Bind foreign_id = bind_text("foreign_id", person->foreign_id);
    Bind email_key = bind_text("email_key", person->email_key);
    if (!db_run(db, Q_erase_exports,
                BINDS(at, shop, bind_int("whole_shop", person->whole_shop), email_key, source,
                      foreign_id),
                NULL, error))
        return false;
    if (person->whole_shop)
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

static bool
last_job(Db *db, void *arg, GError **error)
{
    Erase *erase = arg;
    const ErasePerson *person = &erase->person;
    erase->tally[TALLY_CHOICES] = erase->tally[TALLY_CUSTOMERS] = 0;
    for (size_t i = 0; i < person->addresses.count; i++)
        if (!person->whole_shop && !address_job(db, erase, person->addresses.list[i], error))
            return false;
    Learn learn = {
        .db = db,
        .shop = person->shop,
        .cause = erase->id,
        .at = clock_now(),
        .source = person->source,
    };
    EventNew event = {.kind = EVENT_PRIVACY_DONE, .happened_at = learn.at, .subject_id = erase->id};
    return customers_job(db, erase, error) &&
           db_run(db, Q_erase_done,
                  BINDS(bind_int("at", learn.at),
                        bind_text("receipt", receipt_json(erase->arena, erase)),
                        bind_int("shop", person->shop), bind_int("id", erase->id)),
                  NULL, error) &&
           event_append(&learn, &event, error);
}

static bool
last_step(Erase *erase, GError **error)
{
    char id[ID_TEXT_BYTES];
    if (!import_forget(erase->store, erase->person.shop, erase->person.needles, error))
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
