/* words.c - the templates of all messages; see words.h. */
#include "flow/words.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/asset.h"
#include "engine/liquid/liquid.h"
#include "engine/liquid_shop/liquid_shop.h"
#include "flow/view.h"

#include <string.h>

static const char folder[] = "ui/mail/";

/* The three files of a message. */
static const struct Part {
    const char *ending;
    bool html;
} parts[] = {
    {".subject.liquid", false},
    {".liquid", true},
    {".text.liquid", false},
};
enum { PART_SUBJECT, PART_HTML, PART_TEXT, PART_COUNT };

typedef struct Message {
    char *name;
    Liquid *parts[PART_COUNT];
} Message;

struct Words {
    Arena *arena;
    GPtrArray *messages; /* Message */
};

static void
message_free(void *arg)
{
    Message *message = arg;
    for (int i = 0; i < PART_COUNT; i++)
        liquid_free(message->parts[i]);
    g_free(message->name);
    g_free(message);
}

/* Partials stand in ui/mail/part/NAME.liquid. */
static bool
words_load_part(const void *host, Str name, Arena *arena, Str *ret_source)
{
    const char *file = arena_format(arena, "%spart/" STR_FMT ".liquid", folder, STR_ARG(name));
    *ret_source = asset_get(file);
    return ret_source->at != NULL;
}

static bool
message_compile(Words *words, const char *name, GError **error)
{
    Message *message = g_new0(Message, 1);
    message->name = g_strdup(name);
    g_ptr_array_add(words->messages, message);
    for (int i = 0; i < PART_COUNT; i++) {
        const char *file = arena_format(words->arena, "%s%s%s", folder, name, parts[i].ending);
        Str source = asset_get(file);
        if (!source.at)
            return fail(error, ERR_TEMPLATE, "%s is missing", file);
        LiquidOptions options = {
            .html = parts[i].html,
            .strict = true,
            .filters = liquid_shop_filters(),
            .load = words_load_part,
            .schema = view_order_schema(words->arena),
        };
        message->parts[i] = liquid_compile(str_of(file), source, &options, NULL, error);
        if (!message->parts[i])
            return false;
    }
    return true;
}

Words *
words_new(GError **error)
{
    g_autoptr(Words) words = g_new0(Words, 1);
    words->arena = arena_new(LIMIT_ARENA_BYTES);
    words->messages = g_ptr_array_new_with_free_func(message_free);
    size_t first, count = asset_below(folder, &first);
    for (size_t i = 0; i < count; i++) {
        Str file = str_of(asset_nth(first + i)->name);
        Str name = str_sub(file, sizeof folder - 1, file.len);
        /* The subject names the message. */
        if (!str_ends(name, parts[PART_SUBJECT].ending) || memchr(name.at, '/', name.len))
            continue;
        name.len -= strlen(parts[PART_SUBJECT].ending);
        if (!message_compile(words, arena_cstr(words->arena, name), error))
            return NULL;
    }
    return g_steal_pointer(&words);
}

void
words_free(Words *words)
{
    if (!words)
        return;
    g_ptr_array_unref(words->messages);
    arena_free(words->arena);
    g_free(words);
}

static const Message *
words_find(const Words *words, Str name)
{
    for (guint i = 0; i < words->messages->len; i++) {
        const Message *message = words->messages->pdata[i];
        if (str_is(name, message->name))
            return message;
    }
    return NULL;
}

bool
words_has(const Words *words, Str name)
{
    return words_find(words, name) != NULL;
}

/* The languages that the messages are written in; dates and amounts follow the words, so that no mail says
 * "2 março" in an English sentence. The order's own language wins, then the shop's. */
static const char *const languages[] = {"en"};

static bool
language_is_written(Str locale)
{
    Str language = locale, rest = locale;
    str_split(&rest, '-', &language);
    for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
        if (str_eq_nocase(language, languages[i]))
            return true;
    return false;
}

static Str
words_locale(Str order, Str shop)
{
    if (language_is_written(order))
        return order;
    return language_is_written(shop) ? shop : str_of(languages[0]);
}

bool
words_fill(const Words *words, Arena *arena, const WordsAsk *ask, WordsDone *ret, GError **error)
{
    const Message *message = words_find(words, ask->name);
    if (!message)
        return fail(error, ERR_TEMPLATE, "there is no message '" STR_FMT "'", STR_ARG(ask->name));
    Str locale = words_locale(ask->order->order.locale, ask->shop->shop.locale);
    LiquidData data = {
        .root = view_order_root(arena, ask->shop, ask->order, ask->page_url),
        .now = ask->now,
        .zone = ask->shop->zone,
        .locale = arena_cstr(arena, locale),
    };
    Str done[PART_COUNT];
    for (int i = 0; i < PART_COUNT; i++) {
        Buf out = {.arena = arena};
        if (!liquid_render(message->parts[i], &data, arena, &out, error))
            return false;
        done[i] = buf_str(&out);
    }
    *ret = (WordsDone){
        .subject = text_line(arena, done[PART_SUBJECT], LIMIT_TEXT_BYTES),
        .html = done[PART_HTML],
        .text = done[PART_TEXT],
    };
    return true;
}
