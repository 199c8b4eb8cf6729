/* words.c - the templates of all messages; see words.h. */
#include "flow/words.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/asset.h"
#include "engine/liquid/liquid.h"
#include "engine/liquid_shop/liquid_shop.h"
#include "flow/language.h"
#include "flow/view.h"

#include <string.h>

static const char folder[] = "ui/mail/";

/* The three files of a message. */
static const struct Part {
    const char *ending;
    bool html;
    size_t bytes; /* what it usually takes */
} parts[] = {
    {".subject.liquid", false, 256},
    {".liquid", true, 16 * 1024},
    {".text.liquid", false, 4096},
};
enum { PART_SUBJECT, PART_HTML, PART_TEXT, PART_COUNT };

typedef struct Message {
    char *name;
    Liquid *parts[PART_COUNT];
} Message;

struct Words {
    Arena *arena;
    Languages *languages;
    SectionBook book;
    GPtrArray *messages; /* Message */
};

struct ShopWords {
    Arena *arena;
    SectionBook book;
    SectionChoices choices;
    GPtrArray *messages; /* Message: those that the shop has rearranged */
};

/* What messages are compiled with. */
typedef struct Bench {
    Arena *arena;
    const SectionBook *book;
    const LiquidSchema *schema;
    const SectionChoices *choices; /* NULL: in the usual order */
} Bench;

static void
message_free(void *arg)
{
    Message *message = arg;
    for (int i = 0; i < PART_COUNT; i++)
        liquid_free(message->parts[i]);
    g_free(message->name);
    g_free(message);
}

/* A mail is built from sections: ui/mail/sections/NAME.liquid, for its text part text/NAME. One that has settings finds
 * them under `section`: an assignment before its first byte, on the same line, which prints nothing. */
static bool
words_load_part(const void *host, Str name, Arena *arena, Str *ret_source)
{
    const char *file = arena_format(arena, "%ssections/" STR_FMT ".liquid", folder, STR_ARG(name));
    *ret_source = asset_get(file);
    Str section = str_starts(name, "text/") ? str_sub(name, 5, name.len) : name;
    const Section *row = section_find(host, section);
    if (ret_source->at && row && row->setting_count)
        *ret_source =
            str_of(arena_format(arena, "{%% assign section = sections." STR_FMT " %%}" STR_FMT,
                                STR_ARG(section), STR_ARG(*ret_source)));
    return ret_source->at != NULL;
}

static bool
message_compile(const Bench *bench, Str name, GPtrArray *messages, GError **error)
{
    Message *message = g_new0(Message, 1);
    message->name = g_strndup(name.at, name.len);
    g_ptr_array_add(messages, message);
    for (int i = 0; i < PART_COUNT; i++) {
        const char *file =
            arena_format(bench->arena, "%s%s%s", folder, message->name, parts[i].ending);
        Str source = asset_get(file);
        if (!source.at)
            return fail(error, ERR_TEMPLATE, "%s is missing", file);
        if (bench->choices)
            source = section_arrange(bench->arena, bench->choices, name, source);
        LiquidOptions options = {
            .html = parts[i].html,
            .strict = true,
            .filters = liquid_shop_filters(),
            .load = words_load_part,
            .host = bench->book,
            .schema = bench->schema,
        };
        message->parts[i] = liquid_compile(str_of(file), source, &options, NULL, error);
        if (!message->parts[i])
            return false;
    }
    return true;
}

/* All messages, or of a shop's those that it has rearranged. */
static bool
messages_compile(const Bench *bench, GPtrArray *messages, GError **error)
{
    size_t first, count = asset_below(folder, &first);
    for (size_t i = 0; i < count; i++) {
        Str file = str_of(asset_nth(first + i)->name);
        Str name = str_sub(file, sizeof folder - 1, file.len);
        /* The subject names the message. */
        if (!str_ends(name, parts[PART_SUBJECT].ending) || memchr(name.at, '/', name.len))
            continue;
        name.len -= strlen(parts[PART_SUBJECT].ending);
        if (bench->choices && !section_rearranged(bench->choices, name))
            continue;
        if (!message_compile(bench, name, messages, error))
            return false;
    }
    return true;
}

Words *
words_new(GError **error)
{
    g_autoptr(Words) words = g_new0(Words, 1);
    words->arena = arena_new(LIMIT_ARENA_BYTES);
    words->languages = languages_new(error);
    if (!words->languages || !section_book_read(words->arena, &words->book, error))
        return NULL;
    words->messages = g_ptr_array_new_with_free_func(message_free);
    Bench bench = {.arena = words->arena, .book = &words->book};
    bench.schema = section_schema(words->arena, &words->book, view_schema_root(words->arena));
    return messages_compile(&bench, words->messages, error) ? g_steal_pointer(&words) : NULL;
}

void
words_free(Words *words)
{
    if (!words)
        return;
    if (words->messages)
        g_ptr_array_unref(words->messages);
    languages_free(words->languages);
    arena_free(words->arena);
    g_free(words);
}

ShopWords *
shop_words_new(Str choices, GError **error)
{
    g_autoptr(ShopWords) words = g_new0(ShopWords, 1);
    Arena *arena = words->arena = arena_new(LIMIT_ARENA_BYTES);
    words->messages = g_ptr_array_new_with_free_func(message_free);
    Bench bench = {.arena = arena, .book = &words->book, .choices = &words->choices};
    if (!section_book_read(arena, &words->book, error) ||
        !section_choices_read(arena, &words->book, arena_copy(arena, choices), &words->choices,
                              error))
        return NULL;
    bench.schema = section_schema(arena, &words->book, view_schema_root(arena));
    return messages_compile(&bench, words->messages, error) ? g_steal_pointer(&words) : NULL;
}

void
shop_words_free(ShopWords *words)
{
    if (!words)
        return;
    g_ptr_array_unref(words->messages);
    arena_free(words->arena);
    g_free(words);
}

static const Message *
message_find(const GPtrArray *messages, Str name)
{
    for (guint i = 0; i < messages->len; i++) {
        const Message *message = messages->pdata[i];
        if (str_is(name, message->name))
            return message;
    }
    return NULL;
}

bool
words_has(const Words *words, Str name)
{
    return message_find(words->messages, name) != NULL;
}

Str
words_locale(const Words *words, const ShopEntry *shop, const OrderRow *order)
{
    const Str wishes[] = {order->order.locale, order->order.customer.locale, shop->shop.locale};
    Str locale;
    languages_choose(words->languages, wishes, G_N_ELEMENTS(wishes), &locale);
    return locale;
}

Str
words_language(const Words *words, Str locale)
{
    Str language = locale, rest = locale;
    str_split(&rest, '-', &language);
    return language;
}

Str
words_usual(const Words *words, Str locale, Str key)
{
    Str chosen;
    return language_text(languages_choose(words->languages, &locale, 1, &chosen), key);
}

/* Sections that have nothing to say leave their empty lines behind: one is enough, and none in front. */
static Str
text_tidy(Arena *arena, Str text)
{
    Buf out = {.arena = arena};
    buf_reserve(&out, text.len);
    bool last_was_empty = true;
    while (text.len) {
        const char *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) + 1 : text.len;
        bool empty = text.at[0] == '\n';
        if (!empty || !last_was_empty)
            buf_add(&out, text.at, len);
        last_was_empty = empty;
        text = str_sub(text, len, text.len);
    }
    return buf_str(&out);
}

static bool
words_render(const Message *message, const LiquidData *data, Arena *arena, WordsDone *ret,
             GError **error)
{
    Str done[PART_COUNT];
    for (int i = 0; i < PART_COUNT; i++) {
        Buf out = {.arena = arena};
        buf_reserve(&out, parts[i].bytes);
        if (!liquid_render(message->parts[i], data, arena, &out, error))
            return false;
        done[i] = buf_str(&out);
    }
    *ret = (WordsDone){
        .subject = text_line(arena, done[PART_SUBJECT], LIMIT_TEXT_BYTES),
        .html = done[PART_HTML],
        .text = text_tidy(arena, done[PART_TEXT]),
    };
    return true;
}

bool
words_fill(const Words *words, Arena *arena, const WordsAsk *ask, WordsDone *ret, GError **error)
{
    const ShopWords *own = ask->view.shop->words;
    const Message *message = own ? message_find(own->messages, ask->name) : NULL;
    if (!message)
        message = message_find(words->messages, ask->name);
    if (!message)
        return fail(error, ERR_TEMPLATE, "there is no message '" STR_FMT "'", STR_ARG(ask->name));
    const Language *language = languages_find(words->languages, ask->locale);
    must(language);
    ViewAsk view = ask->view;
    view.lang = ask->locale;
    view.dir = language->dir;
    LiquidShop shop =
        language_shop(language, arena, arena_cstr(arena, ask->view.shop->shop.currency));
    LiquidData data = {
        .root = liquid_map(arena),
        .now = ask->now,
        .zone = ask->view.shop->zone,
        .locale = arena_cstr(arena, ask->locale),
        .host = &shop,
    };
    view_fill(arena, &view, data.root);
    liquid_map_set(arena, data.root, STR("sections"),
                   section_values(arena, own ? &own->book : &words->book,
                                  own ? &own->choices : NULL, ask->name, ask->locale));
    return words_render(message, &data, arena, ret, error);
}
