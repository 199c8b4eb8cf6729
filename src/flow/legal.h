/* legal.h - terms, withdrawal instruction and model form, by the buyer's country and language, in versions.
 *
 * Nothing is overwritten: setting one adds a version, and each message names the version that it carried. What a text
 * has to say is for a lawyer; doc/manual/mails.md says so.
 */
#pragma once

#include "engine/store.h"
#include "flow/shop.h"

typedef struct LegalText {
    int64_t id;   /* 0: the setting legal.text, or none at all */
    int64_t at;   /* from when it counts */
    Str country;  /* empty: for all that have none of their own */
    Str language; /* likewise */
    Str text;     /* empty: there is none */
} LegalText;

/* The one for a buyer, in the arena. The country's own in the language wins, then the country's in any, the
 * language's in any country, the general one, the setting legal.text. */
bool legal_find(Db *db, Arena *arena, const ShopEntry *shop, Str country, Str language,
                LegalText *ret, GError **error);

/* On the writer. country and language may be empty. ERR_INPUT names what is wrong. */
bool legal_append(Db *db, int64_t shop, const LegalText *legal, GError **error);

/* Has the shop any? Then its order confirmation carries one. */
bool legal_exists(Db *db, int64_t shop, bool *ret, GError **error);

/* The newest of each country and language, without their texts' ends; count in *ret_count. */
bool
legal_list(Db *db, Arena *arena, int64_t shop, LegalText **ret, size_t *ret_count, GError **error);
