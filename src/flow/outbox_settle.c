/* outbox_settle.c - keeping what a server answered, and deciding what it means for the message.
 *
 * What was accepted stays accepted whatever happens next: an answer that the store cannot take now (a full
 * disk) is kept in memory and offered again each second.
 */
#include "flow/outbox_inside.h"

#include "engine/clock.h"
#include "flow/consent.h"
#include "flow/receipt.h"

#include <string.h>

#define MINUTE (INT64_C(60) * 1000)

/* Waits after the first, second ... attempt that counted: about three days in all. */
static const int64_t waits[] = {1 * MINUTE,   5 * MINUTE,   15 * MINUTE,  30 * MINUTE,
                                60 * MINUTE,  120 * MINUTE, 240 * MINUTE, 480 * MINUTE,
                                720 * MINUTE, 720 * MINUTE, 720 * MINUTE};

enum { NOT_REACHED_WAIT = 60 * 1000 };

int64_t
outbox_wait_after(int64_t attempts)
{
    return waits[MIN((size_t)attempts, G_N_ELEMENTS(waits) - 1)];
}

/* Later, or never again if later is too late. */
static void
row_again(ClaimRow *row, int64_t at, int64_t now)
{
    row->message_state = "ready";
    row->next_at = MAX(at, now + 1);
    if (row->next_at <= row->not_after)
        return;
    row->message_state = "failed";
    row->reason = REASON_GAVE_UP;
}

static void
row_decide(ClaimRow *row, const SmtpResult *result, int64_t now)
{
    Sender *sender = row->claim->sender;
    switch (result->outcome) {
    case SMTP_SENT:
        row->state = row->message_state = "accepted";
        row->counts = 1;
        break;
    case SMTP_DEFERRED:
        row->state = "deferred";
        row->counts = 1;
        row_again(row, now + outbox_wait_after(row->attempts), now);
        break;
    case SMTP_REFUSED:
        row->state = "refused";
        row->message_state = "failed";
        row->reason = REASON_REFUSED;
        row->counts = 1;
        row->hard = receipt_is_hard(result);
        break;
    case SMTP_THROTTLED:
        row->state = "throttled";
        row_again(row, rate_next(&sender->rate, &sender->rules, now), now);
        break;
    case SMTP_NOT_SENT:
        row->state = "not_sent";
        /* What stopping has held back leaves as soon as we are here again. */
        row_again(row, row->claim->outbox->draining ? now : now + NOT_REACHED_WAIT, now);
        break;
    case SMTP_UNKNOWN:
        row->state = "unknown";
        row->counts = 1;
        /* A receipt twice is better than none; marketing twice is not. */
        if (row->class == CLASS_MARKETING)
            row->message_state = "unknown";
        else
            row_again(row, now + outbox_wait_after(row->attempts), now);
        if (row->reason) { /* too late to try again; nobody can say that it failed */
            row->message_state = "unknown";
            row->reason = REASON_NONE;
        }
        break;
    }
}

static void
sender_learn(Sender *sender, const ClaimRow *row, const SmtpResult *result, int64_t now)
{
    if (result->outcome == SMTP_SENT) {
        sender->rate_dirty |= sender->rate.throttles > 0;
        rate_sent(&sender->rate, &sender->rules, now, 1);
    } else if (result->outcome == SMTP_THROTTLED) {
        rate_throttled(&sender->rate, &sender->rules, now, row->taken_at, str_of(result->words));
        sender->rate_dirty = true;
        g_free(sender->words);
        sender->words = g_strdup(result->words);
    } else if (result->outcome == SMTP_NOT_SENT) {
        rate_return(&sender->rate, &sender->rules, 1);
    }
}

void
outbox_answer(Outbox *outbox, ClaimRow *row, const SmtpResult *result)
{
    int64_t now = clock_now();
    sender_learn(row->claim->sender, row, result, now);
    row_decide(row, result, now);
    row->code = result->code;
    memcpy(row->enhanced, result->enhanced, sizeof row->enhanced);
    row->words = g_strdup(result->words);
    g_ptr_array_add(outbox->answered, row);
}

/* ---- into the store ---------------------------------------------------------------------------------------- */

bool
settle_row(Db *db, int64_t shop, const ClaimRow *row, int64_t at, GError **error)
{
    bool stays = strcmp(row->message_state, "ready") == 0;
    if (!db_run(db, Q_delivery_finish,
                BINDS(bind_cstr("state", row->state), bind_id("code", row->code),
                      bind_some("enhanced", str_of(row->enhanced)), bind_int("finished_at", at),
                      bind_cstr("words", row->words), bind_int("shop", shop),
                      bind_int("id", row->delivery)),
                NULL, error) ||
        !db_run(
            db, Q_outbox_settle,
            BINDS(bind_cstr("state", row->message_state),
                  bind_cstr("reason", row->reason ? reason_slug(row->reason) : NULL),
                  bind_cstr("words", row->words), bind_int("next_at", stays ? row->next_at : at),
                  bind_int("counts", row->counts), bind_int("shop", shop), bind_int("id", row->id)),
            NULL, error))
        return false;
    int64_t erased = 0;
    if (row->hard &&
        !db_int(db, Q_message_is_erased, BINDS(bind_int("shop", shop), bind_int("id", row->id)),
                &erased, error))
        return false;
    return !row->hard || erased ||
           receipt_bounce(db, shop, row->delivery, row->address_key, row->words, error);
}

static bool
settle_run(Db *db, void *arg, GError **error)
{
    const Settle *settle = arg;
    for (guint i = 0; i < settle->rows->len; i++) {
        ClaimRow *row = settle->rows->pdata[i];
        if (outbox_skips_claim && !claim_row(db, row, error))
            return false;
        if (!settle_row(db, row->claim->shop->shop.id, row, settle->at, error))
            return false;
    }
    for (guint i = 0; i < settle->sender_rows->len; i++)
        if (!sender_save(db, settle->sender_rows->pdata[i], error))
            return false;
    return true;
}

static void
settle_done(StoreTask *task, const GError *error)
{
    Settle *settle = (Settle *)task;
    Outbox *outbox = settle->outbox;
    settle->failed = error != NULL;
    pthread_mutex_lock(&outbox->lock);
    settle->next = outbox->settles_back;
    outbox->settles_back = settle;
    outbox_wake_locked(outbox);
    pthread_mutex_unlock(&outbox->lock);
}

static void
settle_add_senders(Outbox *outbox, Settle *settle)
{
    for (guint i = 0; i < outbox->senders->len; i++) {
        Sender *sender = outbox->senders->pdata[i];
        if (!sender->rate_dirty)
            continue;
        sender->rate_dirty = false;
        SenderRow *row = g_new0(SenderRow, 1);
        *row = (SenderRow){sender->shop, sender->name, sender->rate, sender->words};
        /* The words may be replaced while the writer reads them. */
        row->words = g_strdup(sender->words);
        g_ptr_array_add(settle->sender_rows, row);
    }
}

static void
sender_row_free(void *arg)
{
    SenderRow *row = arg;
    g_free((char *)row->words);
    g_free(row);
}

void
outbox_settle(Outbox *outbox)
{
    if (outbox->answered->len == 0)
        return;
    Settle *settle = g_new0(Settle, 1);
    settle->task = (StoreTask){.run = settle_run, .done = settle_done, .arg = settle};
    settle->outbox = outbox;
    settle->rows = outbox->answered;
    settle->sender_rows = g_ptr_array_new_with_free_func(sender_row_free);
    settle->at = clock_now();
    outbox->answered = g_ptr_array_new();
    settle_add_senders(outbox, settle);
    outbox->settles_under_way++;
    store_post(outbox->store, STORE_RECEIPT, &settle->task);
}

/* What was learned of senders is not in the store yet after all. */
static void
senders_keep(Outbox *outbox, const Settle *settle)
{
    for (guint i = 0; settle->sender_rows->len && i < outbox->senders->len; i++)
        ((Sender *)outbox->senders->pdata[i])->rate_dirty = true;
}

void
outbox_settles_back(Outbox *outbox, Settle *settles)
{
    while (settles) {
        Settle *settle = settles;
        settles = settle->next;
        outbox->settles_under_way--;
        if (settle->failed) {
            outbox->retry_at = clock_monotonic() + 1000;
            senders_keep(outbox, settle);
        }
        for (guint i = 0; i < settle->rows->len; i++) {
            if (settle->failed)
                g_ptr_array_add(outbox->answered, settle->rows->pdata[i]);
            else
                claim_unref_row(settle->rows->pdata[i]);
        }
        g_ptr_array_unref(settle->rows);
        g_ptr_array_unref(settle->sender_rows);
        g_free(settle);
    }
}
