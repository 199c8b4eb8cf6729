/* language.h - the languages that our words are written in: i18n/LANGUAGE.json, and i18n/LANGUAGE-REGION.json for what a
 * region says otherwise.
 *
 * Read once at start; from then on constant, for all threads.
 */
#pragma once

#include "base/json.h"
#include "engine/liquid_shop/liquid_shop.h"

typedef struct Languages Languages;

typedef struct Language {
    Str tag;  /* de */
    Str name; /* Deutsch */
    Str dir;  /* ltr, rtl */
    const Json *words;
    const Json *fallback;   /* where words lacks a key */
    const Phrases *phrases; /* the same, for `t` */
    const Phrases *phrase_fallback;
} Language;

/* ERR_TEMPLATE names the file that cannot be read. */
Languages *languages_new(GError **error);
void languages_free(Languages *languages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Languages, languages_free)

/* The language that a locale is written in ("de-AT" finds de); NULL if there is none. */
const Language *languages_find(const Languages *languages, Str locale);

/* The first of these locales whose language is written, else English; *ret_locale is what dates and amounts follow. */
const Language *
languages_choose(const Languages *languages, const Str *locales, size_t count, Str *ret_locale);

/* All that are whole languages, sorted by tag. NULL behind the last. */
const Language *languages_nth(const Languages *languages, size_t n);

/* What the filters of a template need of it, for renders in this arena. */
LiquidShop language_shop(const Language *language, Arena *arena, const char *currency);

/* One text; the key itself if there is none. For the few texts that no template prints. */
Str language_text(const Language *language, Str key);
