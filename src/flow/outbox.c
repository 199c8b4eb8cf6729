/* outbox.c - the sending thread's turn, its start and its end; see outbox.h. */
#include "flow/outbox_inside.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/log.h"
#include "flow/message.h"

#include <stdatomic.h>

bool
outbox_is_catcher(const FlowOptions *options, const ShopEntry *shop)
{
    return sender_url(options, shop).len == 0;
}

enum { AT_ONCE = 2 }; /* attempts that a stop may interrupt before the message has to wait */

/* ---- after a start ---------------------------------------------------------------------------------------- */

typedef struct Interrupted {
    int64_t delivery;
    int64_t shop;
    int64_t message;
    int64_t at; /* when it was claimed: the message was due by then, and is due at once again */
    int64_t attempts; /* before this one */
    MessageClass class;
} Interrupted;

static bool
interrupted_settle(Db *db, const Interrupted *one, int64_t now, GError **error)
{
    static const char words[] = "The program stopped before the server's answer was kept.";
    bool again = one->class != CLASS_MARKETING;
    /* A mail that stops the program each time it leaves must not be sent in a circle. */
    int64_t pause = one->attempts < AT_ONCE ? 0 : outbox_wait_after(one->attempts);
    return db_run(db, Q_delivery_finish,
                  BINDS(bind_cstr("state", "unknown"), bind_null("code"), bind_null("enhanced"),
                        bind_int("finished_at", now), bind_cstr("words", words),
                        bind_int("shop", one->shop), bind_int("id", one->delivery)),
                  NULL, error) &&
           db_run(db, Q_outbox_settle,
                  BINDS(bind_cstr("state", again ? "ready" : "unknown"), bind_null("reason"),
                        bind_cstr("words", words), bind_int("next_at", one->at + pause),
                        bind_int("counts", 1), bind_int("shop", one->shop),
                        bind_int("id", one->message)),
                  NULL, error);
}

static bool
recover_job(Db *db, void *arg, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Interrupted));
    {
        g_autoptr(Rows) rows = db_rows(db, Q_delivery_claimed, NULL, error);
        if (!rows)
            return false;
        while (rows_next(rows)) {
            Interrupted one = {
                .delivery = rows_int(rows, 0),
                .shop = rows_int(rows, 1),
                .message = rows_int(rows, 2),
                .at = rows_int(rows, 3),
                .class = message_class_find(rows_text(rows, 4)),
                .attempts = rows_int(rows, 5),
            };
            g_array_append_val(list, one);
        }
        if (!rows_ok(rows, error))
            return false;
    }
    for (guint i = 0; i < list->len; i++)
        if (!interrupted_settle(db, &g_array_index(list, Interrupted, i), clock_now(), error))
            return false;
    return true;
}

bool
outbox_recover(Store *store, GError **error)
{
    return store_write(store, STORE_RECEIPT, recover_job, NULL, error);
}

/* ---- the turn ------------------------------------------------------------------------------------------------ */

static void
outbox_on_result(void *arg, SmtpPool *pool, const SmtpResult *result)
{
    Outbox *outbox = arg;
    outbox_answer(outbox, (ClaimRow *)(intptr_t)result->tag, result);
}

static bool
outbox_take_back(Outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    Claim *claims = outbox->claims_back;
    Settle *settles = outbox->settles_back;
    outbox->claims_back = NULL;
    outbox->settles_back = NULL;
    outbox->woken = false;
    pthread_mutex_unlock(&outbox->lock);
    outbox_claims_back(outbox, claims);
    outbox_settles_back(outbox, settles);
    return claims || settles;
}

/* Closes the senders that no shop has any more, once nothing of theirs is in hand: their connections, their
 * passwords in memory and their troubles go with them. */
static void
outbox_retire_senders(Outbox *outbox)
{
    ShopBook *shops = flow_shops(outbox->flow);
    int64_t version = shopbook_version(shops);
    if (version == outbox->book_version)
        return;
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(shops, n);
        if (!shop)
            break;
        g_hash_table_add(keys, sender_key(outbox->options, shop));
    }
    bool busy = false;
    for (guint i = outbox->senders->len; i > 0; i--) {
        Sender *sender = outbox->senders->pdata[i - 1];
        if (g_hash_table_contains(keys, sender->key))
            continue;
        busy |= sender->claims > 0;
        if (sender->claims > 0)
            continue;
        smtp_pool_close(sender->pool);
        g_ptr_array_remove_index(outbox->senders, i - 1);
    }
    if (!busy)
        outbox->book_version = version;
}

/* What keeps mail from leaving, for the health page: the first sender in trouble. */
static void
outbox_note_trouble(Outbox *outbox)
{
    char words[sizeof outbox->trouble] = "";
    int64_t now = clock_now();
    for (guint i = 0; i < outbox->senders->len && !words[0]; i++) {
        const Sender *sender = outbox->senders->pdata[i];
        int64_t retry_ms = 0;
        const char *trouble = smtp_pool_trouble(sender->pool, &retry_ms);
        if (trouble)
            g_snprintf(words, sizeof words, "%s: %s; next try in %d s", sender->name, trouble,
                       (int)(retry_ms / 1000) + 1);
        else if (sender->rate.paused_until > now)
            g_snprintf(words, sizeof words, "%s slows us down for %d s: %s", sender->name,
                       (int)((sender->rate.paused_until - now) / 1000) + 1,
                       sender->words ? sender->words : "");
    }
    pthread_mutex_lock(&outbox->lock);
    g_strlcpy(outbox->trouble, words, sizeof outbox->trouble);
    pthread_mutex_unlock(&outbox->lock);
}

bool
outbox_turn(Outbox *outbox, int wait_ms, bool *ret_moved, GError **error)
{
    bool moved = outbox_take_back(outbox);
    bool ok = true;
    outbox_retire_senders(outbox);
    outbox_note_trouble(outbox);
    if (!outbox->draining && clock_monotonic() >= outbox->retry_at)
        ok = outbox_claim(outbox, &moved, error);
    size_t settled = smtp_loop_turn(outbox->loop, moved || !ok ? 0 : wait_ms);
    if (clock_monotonic() >= outbox->retry_at)
        outbox_settle(outbox);
    atomic_store(&outbox->in_flight, (int64_t)g_hash_table_size(outbox->in_hand));
    *ret_moved = moved || settled > 0;
    return ok;
}

bool
outbox_idle(const Outbox *outbox)
{
    return g_hash_table_size(outbox->in_hand) == 0 && outbox->claims_under_way == 0 &&
           outbox->settles_under_way == 0 && outbox->answered->len == 0;
}

bool
outbox_waits(Outbox *outbox)
{
    Db *db = store_reader(outbox->store, NULL);
    if (!db)
        return false;
    bool waits = false;
    int64_t now = clock_now();
    for (size_t n = 0; !waits; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(flow_shops(outbox->flow), n);
        if (!shop)
            break;
        int64_t due = 0;
        Bind here = bind_int("shop", shop->shop.id);
        if (!db_int(db, Q_outbox_due_any, BINDS(here, bind_int("now", now)), &due, NULL) || !due)
            continue;
        if (outbox_is_catcher(outbox->options, shop)) {
            waits = true;
            continue;
        }
        Str from;
        g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
        Sender *sender =
            outbox_from(arena, shop, &from, NULL) ? outbox_sender(outbox, shop, NULL) : NULL;
        waits = sender && rate_next(&sender->rate, &sender->rules, now) <= now;
    }
    store_reader_return(outbox->store, db);
    return waits;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

Outbox *
outbox_new(Flow *flow, GError **error)
{
    g_autoptr(Outbox) outbox = g_new0(Outbox, 1);
    outbox->flow = flow;
    outbox->options = flow_options(flow);
    outbox->store = outbox->options->store;
    outbox->senders = g_ptr_array_new_with_free_func((GDestroyNotify)sender_free);
    outbox->in_hand = g_hash_table_new(g_int64_hash, g_int64_equal);
    outbox->answered = g_ptr_array_new();
    pthread_mutex_init(&outbox->lock, NULL);
    outbox->loop = smtp_loop_new(outbox_on_result, outbox, error);
    if (!outbox->loop)
        return NULL;
    return g_steal_pointer(&outbox);
}

void
outbox_drain(Outbox *outbox)
{
    outbox->draining = true;
    for (guint i = 0; i < outbox->senders->len; i++)
        smtp_pool_drain(((Sender *)outbox->senders->pdata[i])->pool);
}

static void
outbox_wait_for_writer(Outbox *outbox)
{
    while (outbox->claims_under_way > 0 || outbox->settles_under_way > 0)
        if (!outbox_take_back(outbox))
            g_usleep(1000);
}

/* An answer that the store could not take is left claimed there: the next start finds it. */
static void
outbox_forget(Outbox *outbox)
{
    for (guint i = 0; i < outbox->answered->len; i++)
        claim_unref_row(outbox->answered->pdata[i]);
}

/* Ends what is in hand: these are the last answers. The writer, which keeps them, has nobody to wake any more. */
static void
outbox_close_loop(Outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    SmtpLoop *loop = g_steal_pointer(&outbox->loop);
    pthread_mutex_unlock(&outbox->lock);
    smtp_loop_free(loop);
}

void
outbox_free(Outbox *outbox)
{
    if (!outbox)
        return;
    outbox_drain(outbox);
    outbox_wait_for_writer(outbox);
    outbox_close_loop(outbox);
    outbox_settle(outbox);
    outbox_wait_for_writer(outbox);
    outbox_forget(outbox);
    g_ptr_array_unref(outbox->senders);
    g_hash_table_unref(outbox->in_hand);
    g_ptr_array_unref(outbox->answered);
    pthread_mutex_destroy(&outbox->lock);
    g_free(outbox);
}

void
outbox_wake_locked(Outbox *outbox)
{
    /* Once for each turn: a group of writes has many who wake it. */
    if (outbox->loop && !outbox->woken)
        smtp_loop_wake(outbox->loop);
    outbox->woken = true;
}

void
outbox_wake(Outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    outbox_wake_locked(outbox);
    pthread_mutex_unlock(&outbox->lock);
}

bool
outbox_trouble(Outbox *outbox, char *words, size_t bytes)
{
    char said[sizeof outbox->trouble];
    pthread_mutex_lock(&outbox->lock);
    g_strlcpy(said, outbox->trouble[0] ? outbox->trouble : outbox->shop_trouble, sizeof said);
    pthread_mutex_unlock(&outbox->lock);
    /* Servers like to repeat the recipient, and the health page is anybody's. */
    log_hide_addresses(str_of(said), words, bytes);
    return words[0] != '\0';
}

int64_t
outbox_in_flight(const Outbox *outbox)
{
    return atomic_load(&outbox->in_flight);
}
