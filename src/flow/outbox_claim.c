/* outbox_claim.c - taking messages for one attempt; see outbox.h.
 *
 * The rows are read and unpacked here, on the outbox's thread. The claim itself is a job of the writer: it asks
 * the gate for the last time, marks the message, and appends the delivery row. Only when that is on the disk
 * does a byte go over the wire.
 */
#include "flow/outbox_inside.h"

#include "base/address.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "engine/verp.h"
#include "flow/body.h"
#include "flow/consent.h"
#include "flow/message.h"
#include "flow/skip.h"

enum { CATCHER_ROWS = 128, CLAIM_ARENA_BYTES = 256 * 1024 * 1024 };

/* ---- on the writer -------------------------------------------------------------------------------------- */

static bool
row_ask(Db *db, Arena *arena, const Claim *claim, const ClaimRow *row, ConsentVerdict *ret,
        GError **error)
{
    ConsentAsk ask = {
        .shop = claim->shop,
        .class = row->class,
        .topic = row->topic,
        .channel = STR("email"),
        .address = row->address_key,
        .subject_at = row->placed_at,
        .subject_quiet = row->quiet,
        .subject_over = row->over,
    };
    return consent_check(db, arena, &ask, ret, error);
}

static bool
row_stop(Db *db, const Claim *claim, const ClaimRow *row, const char *state, Reason reason,
         Str words, GError **error)
{
    return db_run(
        db, Q_message_stop,
        BINDS(bind_cstr("state", state), bind_cstr("reason", reason_slug(reason)),
              words.len ? bind_text("words", words) : bind_cstr("words", reason_words(reason)),
              bind_int("shop", claim->shop->shop.id), bind_int("id", row->id),
              bind_cstr("seen", "ready")),
        NULL, error);
}

bool
claim_row(Db *db, ClaimRow *row, GError **error)
{
    const Claim *claim = row->claim;
    int64_t changed = 0, shop = claim->shop->shop.id;
    if (!db_run(db, Q_outbox_claim, BINDS(bind_int("shop", shop), bind_int("id", row->id)),
                &changed, error))
        return false;
    if (!changed)
        return true;
    row->claimed = true;
    return db_run(db, Q_delivery_append,
                  BINDS(bind_int("id", row->delivery), bind_int("shop", shop),
                        bind_int("at", row->taken_at), bind_int("cause", row->id),
                        bind_int("attempt", row->attempts + 1),
                        bind_cstr("sender", claim->sender ? claim->sender->name : "catcher")),
                  NULL, error);
}

static bool
row_work(Db *db, Claim *claim, ClaimRow *row, GError **error)
{
    row->claimed = false;
    if (row->broken)
        return row_stop(db, claim, row, "failed", row->broken, (Str){0}, error);
    if (row->taken_at > row->not_after)
        return row_stop(db, claim, row, "failed", REASON_EXPIRED, (Str){0}, error);
    ConsentVerdict verdict;
    if (!row_ask(db, claim->arena, claim, row, &verdict, error))
        return false;
    if (!verdict.may)
        return row_stop(db, claim, row, "excluded", verdict.reason, verdict.words, error);
    if (!claim_row(db, row, error))
        return false;
    /* The catcher is not the world: it has the mail as soon as we have. */
    if (claim->sender || !row->claimed)
        return true;
    return settle_row(db, claim->shop->shop.id, row, row->taken_at, error);
}

static bool
claim_run(Db *db, void *arg, GError **error)
{
    Claim *claim = arg;
    if (outbox_skips_claim && claim->sender) {
        for (size_t i = 0; i < claim->count; i++)
            claim->rows[i].claimed = !claim->rows[i].broken;
        return true;
    }
    for (size_t i = 0; i < claim->count; i++)
        if (!row_work(db, claim, &claim->rows[i], error))
            return false;
    return true;
}

static void
claim_done(StoreTask *task, const GError *error)
{
    Claim *claim = (Claim *)task;
    Outbox *outbox = claim->outbox;
    claim->failed = error != NULL;
    pthread_mutex_lock(&outbox->lock);
    claim->next = outbox->claims_back;
    outbox->claims_back = claim;
    outbox_wake_locked(outbox);
    pthread_mutex_unlock(&outbox->lock);
}

/* ---- life of a claim ------------------------------------------------------------------------------------ */

static Claim *
claim_new(Outbox *outbox, const ShopEntry *shop, Sender *sender, size_t room)
{
    Claim *claim = g_new0(Claim, 1);
    claim->outbox = outbox;
    claim->shop = shop;
    claim->sender = sender;
    if (sender)
        sender->claims++;
    claim->arena = arena_new(CLAIM_ARENA_BYTES);
    claim->rows = arena_new_of(claim->arena, ClaimRow, room);
    claim->task = (StoreTask){.run = claim_run, .done = claim_done, .arg = claim};
    return claim;
}

static void
claim_free(Claim *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        g_hash_table_remove(claim->outbox->in_hand, &claim->rows[i].id);
        g_free(claim->rows[i].words);
    }
    if (claim->sender)
        claim->sender->claims--;
    shop_unref(claim->shop);
    arena_free(claim->arena);
    g_free(claim);
}

void
claim_unref_row(ClaimRow *row)
{
    Claim *claim = row->claim;
    must(claim->unsettled > 0);
    if (--claim->unsettled == 0)
        claim_free(claim);
}

/* Room can be gone since the claim was begun: the server broke off, or we are stopping. */
static void
claim_submit(Outbox *outbox, ClaimRow *row)
{
    static const SmtpResult not_sent = {
        .outcome = SMTP_NOT_SENT,
        .words = "Not sent: the server could not be reached any more, or Postlude was stopping.",
    };
    if (smtp_pool_room(row->claim->sender->pool) > 0)
        smtp_pool_submit(row->claim->sender->pool, &row->mail);
    else
        outbox_answer(outbox, row, &not_sent);
}

void
outbox_claims_back(Outbox *outbox, Claim *claims)
{
    while (claims) {
        Claim *claim = claims;
        claims = claim->next;
        outbox->claims_under_way--;
        claim->unsettled = claim->count;
        if (claim->sender)
            claim->sender->claiming -= claim->count;
        else
            outbox->catching -= claim->count;
        if (claim->failed)
            outbox->retry_at = clock_monotonic() + 1000;
        size_t count = claim->count; /* the last row's end is the claim's */
        for (size_t i = 0; i < count; i++) {
            ClaimRow *row = &claim->rows[i];
            if (!claim->failed && row->claimed && claim->sender) {
                claim_submit(outbox, row);
                continue;
            }
            if (claim->sender)
                rate_return(&claim->sender->rate, &claim->sender->rules, 1);
            claim_unref_row(row);
        }
    }
}

/* ---- reading what may leave ----------------------------------------------------------------------------- */

/* The header alone decides whether the way has to carry UTF-8 (RFC 6531). */
static Str
mail_header(Str mail)
{
    size_t end = mail.len;
    return str_find(mail, STR("\r\n\r\n"), &end) ? str_sub(mail, 0, end) : mail;
}

static Reason
row_over(Rows *rows)
{
    SkipFacts facts = {
        .order_cancelled = rows_int(rows, 10) != 0,
        .order_delivered = rows_int(rows, 11) != 0,
        .shipment = shipment_state_of(rows_text(rows, 12)),
        .with_cancellation = rows_int(rows, 14) != 0,
    };
    return skip_reason(rows_text(rows, 9), &facts);
}

/* What cannot be brought into the form of a mail any more (its words are damaged) is marked as broken: it ends with
 * its reason, and nothing waits behind it. */
static void
row_read(Claim *claim, Rows *rows, ClaimRow *row)
{
    Arena *arena = claim->arena;
    Outbox *outbox = claim->outbox;
    Address address;
    *row = (ClaimRow){
        .claim = claim,
        .id = rows_int(rows, 0),
        .class = message_class_find(rows_text(rows, 1)),
        .template = arena_copy(arena, rows_text(rows, 2)),
        .topic = arena_copy(arena, rows_text(rows, 13)),
        .address = arena_copy(arena, rows_text(rows, 3)),
        .not_after = rows_int(rows, 4),
        .attempts = rows_int(rows, 5),
        .placed_at = rows_int(rows, 7),
        .quiet = quiet_of(rows_text(rows, 8)),
        .delivery = id_new(KIND_DELIVERY),
        .taken_at = clock_now(),
        .state = "accepted",
        .message_state = "accepted",
    };
    if (!address_parse_spec(arena, row->address, &address, NULL)) {
        row->broken = REASON_BAD_ADDRESS;
        return;
    }
    row->address_key = address_key(arena, &address);
    row->over = row_over(rows);
    if (!claim->sender)
        return;
    Str body = {0};
    if (!body_unpack(rows_db(rows), arena, claim->shop->shop.id, rows_blob(rows, 6), &body, NULL) ||
        !body.len) {
        row->broken = REASON_NOT_RENDERED;
        return;
    }
    Str domain = shop_setting(claim->shop, SETTING_MAIL_BOUNCE_DOMAIN);
    row->mail = (SmtpMail){
        .tag = (int64_t)(intptr_t)row,
        .from = domain.len ? str_of(verp_return_path(arena, outbox->options->mail_ids, row->id,
                                                     arena_cstr(arena, domain)))
                           : claim->from,
        .to = address.spec,
        .data = body,
        .eight_bit = !text_ascii(body),
        .utf8 = !text_ascii(mail_header(body)),
    };
}

/* Adds what is due in a lane, while there is room. */
static bool
lane_read(Claim *claim, Rows *rows, size_t room, GError **error)
{
    GHashTable *in_hand = claim->outbox->in_hand;
    do {
        int64_t id = rows_int(rows, 0);
        if (g_hash_table_contains(in_hand, &id))
            continue;
        ClaimRow *row = &claim->rows[claim->count++];
        row_read(claim, rows, row);
        g_hash_table_add(in_hand, &row->id);
    } while (claim->count < room && rows_next(rows));
    return rows_ok(rows, error);
}

bool
outbox_from(Arena *arena, const ShopEntry *shop, Str *ret, GError **error)
{
    Address from;
    if (!address_parse(arena, shop_setting(shop, SETTING_MAIL_FROM), &from, error))
        return fail_at(error, "mail.from");
    *ret = from.spec;
    return true;
}

Sender *
outbox_sender(Outbox *outbox, const ShopEntry *shop, GError **error)
{
    g_autofree char *key = sender_key(outbox->options, shop);
    for (guint i = 0; i < outbox->senders->len; i++) {
        Sender *sender = outbox->senders->pdata[i];
        if (strcmp(sender->key, key) == 0)
            return sender;
    }
    Sender *sender = sender_new(outbox->loop, outbox->store, outbox->options, shop, error);
    if (sender)
        g_ptr_array_add(outbox->senders, sender);
    return sender;
}

/* How many messages of the shop can be claimed now. False: its settings are wrong. */
static bool
shop_room(Outbox *outbox, const ShopEntry *shop, Sender **ret_sender, size_t *ret_room,
          GError **error)
{
    *ret_sender = NULL;
    *ret_room = CATCHER_ROWS - MIN(outbox->catching, (size_t)CATCHER_ROWS);
    if (outbox_is_catcher(outbox->options, shop))
        return true;
    *ret_sender = outbox_sender(outbox, shop, error);
    if (!*ret_sender)
        return false;
    *ret_room = sender_take(*ret_sender, clock_now(), SIZE_MAX);
    return true;
}

/* Begins the claim of what these rows name, the first of which was read. */
static bool
shop_begin(Outbox *outbox, Rows *rows, const ShopEntry *shop, Sender *sender, size_t room,
           GError **error)
{
    shop_hold(shop);
    Claim *claim = claim_new(outbox, shop, sender, room);
    bool ok = (!sender || outbox_from(claim->arena, shop, &claim->from, error)) &&
              lane_read(claim, rows, room, error);
    size_t count = claim->count;
    if (sender) {
        rate_return(&sender->rate, &sender->rules, room - count);
        sender->claiming += count;
    } else {
        outbox->catching += count;
    }
    if (count) {
        outbox->claims_under_way++;
        store_post(outbox->store, STORE_RECEIPT, &claim->task);
    } else {
        claim_free(claim);
    }
    return ok;
}

/* One lane of one shop. */
static bool
shop_claim(Outbox *outbox, Db *db, const ShopEntry *shop, int lane, GError **error)
{
    Sender *sender;
    size_t room;
    if (!shop_room(outbox, shop, &sender, &room, error))
        return false;
    if (room == 0)
        return true;
    /* Those in hand may still look ready to this reader: they are passed over. */
    size_t limit = room + g_hash_table_size(outbox->in_hand);
    g_autoptr(Rows) rows =
        db_rows(db, Q_outbox_due,
                BINDS(bind_int("shop", shop->shop.id), bind_int("lane", lane),
                      bind_int("now", clock_now()), bind_int("limit", (int64_t)limit)),
                error);
    if (rows && rows_next(rows))
        return shop_begin(outbox, rows, shop, sender, room, error);
    if (sender)
        rate_return(&sender->rate, &sender->rules, room);
    return rows && rows_ok(rows, error);
}

/* Shops that have something ready. */
static bool
shops_ready(Db *db, GArray *ret, GError **error)
{
    for (int64_t after = 0;;) {
        int64_t shop = 0;
        if (!db_int(db, Q_outbox_shop_next, BINDS(bind_int("after", after)), &shop, error))
            return false;
        if (!shop)
            return true;
        g_array_append_val(ret, shop);
        after = shop;
    }
}

/* A lane of all shops, beginning behind the one that had its turn. One shop's wrong settings are no other shop's
 * trouble. */
static void
lane_claim(Outbox *outbox, Db *db, const GArray *shops, int lane, GString *trouble)
{
    guint first = 0;
    while (first < shops->len && g_array_index(shops, int64_t, first) <= outbox->last_shop[lane])
        first++;
    for (guint i = 0; i < shops->len; i++) {
        int64_t id = g_array_index(shops, int64_t, (first + i) % shops->len);
        size_t before = outbox->claims_under_way;
        g_autoptr(ShopHold) shop = shopbook_get(flow_shops(outbox->flow), id);
        g_autoptr(GError) problem = NULL;
        if (shop && !shop_claim(outbox, db, shop, lane, &problem))
            g_string_printf(trouble, STR_FMT ": %s", STR_ARG(shop->shop.slug), problem->message);
        if (outbox->claims_under_way > before)
            outbox->last_shop[lane] = id;
    }
}

bool
outbox_claim(Outbox *outbox, bool *ret_moved, GError **error)
{
    Db *db = store_reader(outbox->store, error);
    if (!db)
        return false;
    size_t before = outbox->claims_under_way;
    g_autoptr(GString) trouble = g_string_new(NULL);
    g_autoptr(GArray) shops = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool ok = shops_ready(db, shops, error);
    /* Lanes first: nobody's receipt waits behind anybody's campaign, also where shops share a server. */
    for (int lane = 0; ok && lane < LANE_COUNT; lane++)
        lane_claim(outbox, db, shops, lane, trouble);
    store_reader_return(outbox->store, db);
    *ret_moved |= outbox->claims_under_way > before;
    pthread_mutex_lock(&outbox->lock);
    g_strlcpy(outbox->shop_trouble, trouble->str, sizeof outbox->shop_trouble);
    pthread_mutex_unlock(&outbox->lock);
    return ok;
}
