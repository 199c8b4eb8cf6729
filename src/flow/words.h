/* words.h - the templates of all messages, compiled and checked at start, and filled in.
 *
 * A message NAME is three files: ui/mail/NAME.subject.liquid (one line), NAME.liquid (HTML) and
 * NAME.text.liquid (what is read aloud, and by whoever switched pictures off).
 *
 * What a mail is built from, and what a shop may choose of it, is in section.h.
 */
#pragma once

#include "flow/order.h"
#include "flow/section.h"
#include "flow/shop.h"
#include "flow/view.h"

typedef struct Words Words;

/* Compiles every message of ui/mail/. ERR_TEMPLATE names file, line and column. */
Words *words_new(GError **error);
void words_free(Words *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_free)

/* The mails of one shop, as it chose (mail.sections): made once for each version of the shop, never changed. */
typedef struct ShopWords ShopWords;

/* ERR_INPUT says what is wrong in the choices, ERR_TEMPLATE which mail cannot be built so. */
ShopWords *shop_words_new(Str choices, GError **error);
void shop_words_free(ShopWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShopWords, shop_words_free)

bool words_has(const Words *words, Str name);

typedef struct WordsAsk {
    Str name;     /* of the message */
    ViewAsk view; /* what it is about; its language is found here */
    Str locale;   /* from words_locale */
    int64_t now;
} WordsAsk;

/* What the message is written in: the order's locale, else the customer's, else the shop's, else English; each only
 * if our words are written in its language. */
Str words_locale(const Words *words, const ShopEntry *shop, const OrderRow *order);

/* The language of a locale without its region, for legal texts: "de". */
Str words_language(const Words *words, Str locale);

/* The words that our mails have under a key in this locale; the key itself if there are none. */
Str words_usual(const Words *words, Str locale, Str key);

typedef struct WordsDone {
    Str subject;
    Str html;
    Str text;
} WordsDone;

/* The words, in the arena. Fails with ERR_TEMPLATE or ERR_TOO_BIG. */
bool
words_fill(const Words *words, Arena *arena, const WordsAsk *ask, WordsDone *ret, GError **error);
