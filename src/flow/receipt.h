/* receipt.h - what comes back from the world about a message: today the server's own no at SMTP time. */
#pragma once

#include "engine/store.h"

/* Does this refusal say that the address does not work (user unknown, mailbox gone), rather than that this
 * mail or this sender was not wanted? By the enhanced code (RFC 3463), where there is none by the words. */
bool receipt_is_hard(int code, const char *enhanced, Str words);

/* On the writer: keeps the bounce and stops writing to the address. */
bool receipt_bounce(Db *db, int64_t shop, int64_t delivery, Str address_key, const char *words,
                    GError **error);
