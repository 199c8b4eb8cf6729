/* language.c - see language.h. */
#include "flow/language.h"

#include "base/limits.h"
#include "engine/asset.h"

#include <string.h>

static const char folder[] = "i18n/", ending[] = ".json", english[] = "en";

enum { LANGUAGES_MOST = 64 };

struct Languages {
    Arena *arena;
    Language list[LANGUAGES_MOST];
    size_t count;
};

static Str
tag_base(Str tag)
{
    Str base = tag, rest = tag;
    str_split(&rest, '-', &base);
    return base;
}

static Language *
tag_find(const Languages *languages, Str tag)
{
    for (size_t i = 0; i < languages->count; i++)
        if (languages->list[i].tag.len == tag.len &&
            g_ascii_strncasecmp(languages->list[i].tag.at, tag.at, tag.len) == 0)
            return (Language *)&languages->list[i];
    return NULL;
}

static bool
language_load(Languages *languages, const Asset *asset, GError **error)
{
    must(languages->count < LANGUAGES_MOST);
    Language *language = &languages->list[languages->count++];
    Str file = str_of(asset->name);
    language->tag = str_sub(file, strlen(folder), file.len - strlen(folder) - strlen(ending));
    language->words = json_parse(languages->arena, asset->bytes.at, asset->bytes.len, error);
    if (!language->words)
        return fail_at(error, "%s", asset->name);
    language->phrases = phrases_new(languages->arena, language->words);
    const Json *about = json_get(language->words, "language");
    language->name = json_text(json_get(about, "name"));
    language->dir = json_text(json_get(about, "dir"));
    return true;
}

/* A region takes from its language what it does not say itself, a language from English. */
static bool
language_link(Languages *languages, Language *language, GError **error)
{
    Str base = tag_base(language->tag);
    bool region = base.len < language->tag.len;
    const Language *from = tag_find(languages, region ? base : str_of(english));
    if (!from)
        return fail(error, ERR_TEMPLATE, "i18n/" STR_FMT ".json has no language to stand on",
                    STR_ARG(language->tag));
    language->fallback = from->words;
    language->phrase_fallback = from->phrases;
    if (!language->name.len)
        language->name = from->name;
    if (!language->dir.len)
        language->dir = from->dir;
    return true;
}

Languages *
languages_new(GError **error)
{
    g_autoptr(Languages) languages = g_new0(Languages, 1);
    languages->arena = arena_new(LIMIT_ARENA_BYTES);
    size_t first, count = asset_below(folder, &first);
    for (size_t i = 0; i < count; i++)
        if (str_ends(str_of(asset_nth(first + i)->name), ending) &&
            !language_load(languages, asset_nth(first + i), error))
            return NULL;
    for (size_t i = 0; i < languages->count; i++)
        if (!language_link(languages, &languages->list[i], error))
            return NULL;
    return g_steal_pointer(&languages);
}

void
languages_free(Languages *languages)
{
    if (!languages)
        return;
    arena_free(languages->arena);
    g_free(languages);
}

const Language *
languages_find(const Languages *languages, Str locale)
{
    if (!locale.len)
        return NULL;
    const Language *whole = tag_find(languages, locale);
    return whole ? whole : tag_find(languages, tag_base(locale));
}

const Language *
languages_choose(const Languages *languages, const Str *locales, size_t count, Str *ret_locale)
{
    for (size_t i = 0; i < count; i++) {
        const Language *language = languages_find(languages, locales[i]);
        if (!language)
            continue;
        *ret_locale = locales[i];
        return language;
    }
    *ret_locale = str_of(english);
    return languages_find(languages, *ret_locale);
}

const Language *
languages_nth(const Languages *languages, size_t n)
{
    for (size_t i = 0; i < languages->count; i++)
        if (tag_base(languages->list[i].tag).len == languages->list[i].tag.len && n-- == 0)
            return &languages->list[i];
    return NULL;
}

LiquidShop
language_shop(const Language *language, Arena *arena, const char *currency)
{
    return (LiquidShop){
        .currency = currency,
        .words = language->phrases,
        .fallback = language->phrase_fallback,
        .memo = liquid_shop_memo(arena),
    };
}

static const Json *
words_find(const Json *words, Str key)
{
    Str part;
    while (words && str_split(&key, '.', &part))
        words = json_find(words, part);
    return words;
}

Str
language_text(const Language *language, Str key)
{
    Str text = json_text(words_find(language->words, key));
    if (!text.len)
        text = json_text(words_find(language->fallback, key));
    return text.len ? text : key;
}
