/* receipt.h - what comes back from the world about a message: the server's own no at SMTP time, and what flow/inbound.h
 * learns later. */
#pragma once

#include "engine/smtp.h"
#include "engine/store.h"

/* Does this refusal say that the address does not work (user unknown, no such domain), rather than that this mail or this
 * sender was not wanted? By the rules of plug/inbound (reason.c, words.def), which reports by mail are read with, too. */
bool receipt_is_hard(const SmtpResult *result);

/* The kinds: bounce, soft_bounce, delayed, delivered, complaint, told; reply, auto_reply, unsubscribe, mail. */
typedef struct Receipt {
    int64_t shop;
    int64_t at;
    int64_t cause;    /* the delivery it answers; where none is known, the row that told of it */
    int64_t inbox_id; /* what told of it; 0: the server, at SMTP time */
    const char *kind;
    Str address; /* normalised; empty where it does not prove whose it is */
    Str words;
} Receipt;

/* On the writer. ret_id may be NULL. */
bool receipt_append(Db *db, const Receipt *receipt, int64_t *ret_id, GError **error);

/* On the writer: keeps the bounce and stops writing to the address. */
bool receipt_bounce(Db *db, int64_t shop, int64_t delivery, Str address_key, const char *words,
                    GError **error);
