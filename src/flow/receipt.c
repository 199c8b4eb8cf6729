/* receipt.c - what comes back; see receipt.h. */
#include "flow/receipt.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/consent.h"
#include "plug/inbound/inbound.h"

static BounceMoment
stage_moment(SmtpStage stage)
{
    if (stage < SMTP_AT_MAIL)
        return BOUNCE_AT_CONNECT;
    if (stage == SMTP_AT_MAIL)
        return BOUNCE_AT_MAIL;
    return stage == SMTP_AT_RCPT ? BOUNCE_AT_RCPT : BOUNCE_AT_DATA;
}

bool
receipt_is_hard(const SmtpResult *result)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES * 16);
    /* Before RCPT nobody was named yet; and a no for the moment is none. */
    if (result->stage < SMTP_AT_RCPT || result->code < 500)
        return false;
    InboundReport report = {
        .outcome = REPORT_FAILED,
        .moment = stage_moment(result->stage),
        .code = result->code,
        .enhanced = str_of(result->enhanced),
        .words = str_of(result->words),
    };
    bounce_heard(arena, &report);
    return report.hard;
}

bool
receipt_append(Db *db, const Receipt *receipt, int64_t *ret_id, GError **error)
{
    int64_t id = id_new(KIND_RECEIPT);
    if (!db_run(db, Q_receipt_append,
                BINDS(bind_int("id", id), bind_int("shop", receipt->shop),
                      bind_int("at", receipt->at), bind_int("cause", receipt->cause),
                      bind_id("inbox_id", receipt->inbox_id), bind_cstr("kind", receipt->kind),
                      bind_some("address", receipt->address), bind_some("words", receipt->words)),
                NULL, error))
        return false;
    if (ret_id)
        *ret_id = id;
    return true;
}

bool
receipt_bounce(Db *db, int64_t shop, int64_t delivery, Str address_key, const char *words,
               GError **error)
{
    int64_t id = 0;
    Receipt receipt = {
        .shop = shop,
        .at = clock_now(),
        .cause = delivery,
        .kind = "bounce",
        .address = address_key,
        .words = str_of(words),
    };
    if (!receipt_append(db, &receipt, &id, error))
        return false;
    Suppression suppression = {
        .shop = shop,
        .cause = id,
        .channel = STR("email"),
        .address = address_key,
        .scope = "all",
        .reason = "hard_bounce",
    };
    return suppression_add(db, &suppression, error);
}
