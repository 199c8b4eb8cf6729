/* words.h - the templates of all messages, compiled and checked at start, and filled in.
 *
 * A message NAME is three files: ui/mail/NAME.subject.liquid (one line), NAME.liquid (HTML) and
 * NAME.text.liquid (what is read aloud, and by whoever switched pictures off).
 */
#pragma once

#include "flow/order.h"
#include "flow/shop.h"

typedef struct Words Words;

/* Compiles every message of ui/mail/. ERR_TEMPLATE names file, line and column. */
Words *words_new(GError **error);
void words_free(Words *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_free)

bool words_has(const Words *words, Str name);

typedef struct WordsAsk {
    Str name; /* of the message */
    const ShopEntry *shop;
    const OrderRow *order;
    Str page_url; /* of the order page */
    int64_t now;
} WordsAsk;

typedef struct WordsDone {
    Str subject;
    Str html;
    Str text;
} WordsDone;

/* The words, in the arena. Fails with ERR_TEMPLATE or ERR_TOO_BIG. */
bool
words_fill(const Words *words, Arena *arena, const WordsAsk *ask, WordsDone *ret, GError **error);
