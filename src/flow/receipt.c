/* receipt.c - what comes back; see receipt.h. */
#include "flow/receipt.h"

#include "engine/clock.h"
#include "engine/id.h"
#include "flow/consent.h"

#include <string.h>

/* RFC 3463 and its registry (RFC 7505 for 5.1.10): what is wrong is the address, for good. */
static const char *const hard_codes[] = {"5.1.1", "5.1.2",  "5.1.3", "5.1.6",
                                         "5.1.9", "5.1.10", "5.2.1"};

/* Servers without enhanced codes, in small letters. RFC 5321's own words for 550, "mailbox unavailable", are not
 * among them: they stand for a policy as well. */
static const char *const hard_words[] = {
    "user unknown",      "unknown user",     "no such user",           "does not exist",
    "mailbox not found", "no mailbox",       "recipient not found",    "unknown recipient",
    "invalid recipient", "account disabled", "address rejected: user",
};

bool
receipt_is_hard(int code, const char *enhanced, Str words)
{
    if (code < 500 || code > 559)
        return false;
    if (enhanced[0]) {
        for (size_t i = 0; i < G_N_ELEMENTS(hard_codes); i++)
            if (strcmp(enhanced, hard_codes[i]) == 0)
                return true;
        return false;
    }
    g_autofree char *small = g_ascii_strdown(words.len ? words.at : "", (gssize)words.len);
    if (strstr(small, "sender"))
        return false; /* "Sender address rejected: User unknown" is about us */
    for (size_t i = 0; i < G_N_ELEMENTS(hard_words); i++)
        if (strstr(small, hard_words[i]))
            return true;
    return false;
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
