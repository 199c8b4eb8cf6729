/* filter_words.c - translations and plurals.
 *
 * {{ "mail.greeting" | t: name: customer.first_name }} looks up `mail`, then `greeting` in the words
 * of the language. Where it finds an object instead of a text, `count:` chooses among its zero, one,
 * two, few, many, other by CLDR's rule for the language. {{ name }} in a text takes the argument of
 * that name. A key that ends in _html holds HTML: its arguments are escaped, the text is not.
 */
#include "engine/liquid/inside.h"
#include "engine/liquid_shop/cldr.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

static const Json *
words_find(const Json *words, Str key)
{
    Str part;
    while (words && str_split(&key, '.', &part))
        words = json_find(words, part);
    return words;
}

static CldrPlural
plural_of(LiquidCall *call, LiquidValue count)
{
    const CldrLocale *locale = cldr_find(liquid_call_data(call)->locale);
    if (count.kind == LIQUID_DECIMAL)
        return cldr_plural(locale, count.integer, MAX(count.scale, 1));
    int64_t whole = 0;
    liquid_call_int(call, count, &whole);
    return cldr_plural(locale, whole, 0);
}

/* The text of an entry; "zero" is taken for a count of 0 in every language that has it written. */
static Str
entry_text(LiquidCall *call, const Json *entry, const LiquidArgs *args)
{
    const LiquidValue *count = liquid_arg(args, "count");
    if (json_type(entry) != JSON_OBJECT || !count)
        return json_text(entry);
    int64_t whole;
    const Json *zero = json_get(entry, "zero");
    if (zero && liquid_call_int(call, *count, &whole) && whole == 0)
        return json_text(zero);
    const Json *form = json_get(entry, cldr_plural_name(plural_of(call, *count)));
    return json_text(form ? form : json_get(entry, "other"));
}

/* {{ name }} at the start of the text: its bytes, 0 if it is none. */
static size_t
hole_read(Str text, Str *ret_name)
{
    size_t close;
    if (text.len < 4 || text.at[0] != '{' || text.at[1] != '{' ||
        !str_find(text, STR("}}"), &close))
        return 0;
    *ret_name = str_trim(str_sub(text, 2, close - 2));
    return close + 2;
}

static LiquidValue
entry_fill(LiquidCall *call, Str text, const LiquidArgs *args, bool html)
{
    Buf out = {.arena = liquid_call_arena(call)};
    while (text.len) {
        Str name;
        size_t len = hole_read(text, &name);
        const LiquidValue *value = len ? liquid_arg(args, arena_cstr(out.arena, name)) : NULL;
        if (value && html)
            text_escape(&out, liquid_call_text(call, *value));
        else if (value)
            buf_add_str(&out, liquid_call_text(call, *value));
        else
            buf_add(&out, text.at, MAX(len, (size_t)1));
        text = str_sub(text, MAX(len, (size_t)1), text.len);
    }
    return liquid_safe(buf_str(&out), html ? LIQUID_SAFE_HTML : LIQUID_UNSAFE);
}

static bool
t_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    const LiquidShop *shop = liquid_call_data(call)->host;
    Str key = liquid_call_text(call, value);
    Str text = entry_text(call, words_find(shop ? shop->words : NULL, key), args);
    if (!text.at)
        text = entry_text(call, words_find(shop ? shop->fallback : NULL, key), args);
    *ret = text.at ? entry_fill(call, text, args, str_ends(key, "_html")) : liquid_str(key);
    return true;
}

/* {{ count | pluralize: "item", "items" }}: the word alone, one or many. */
static bool
pluralize_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = args->list[plural_of(call, value) == CLDR_ONE ? 0 : 1];
    return true;
}

const LiquidFilter liquid_shop_filter_pluralize = {"pluralize",
                                                   pluralize_run,
                                                   2,
                                                   2,
                                                   .varies = true,
                                                   .type = LIQUID_TYPE_STRING,
                                                   .help =
                                                       "One of two words, for one or for many."};
const LiquidFilter liquid_shop_filter_t = {"t",
                                           t_run,
                                           .named = true,
                                           .varies = true,
                                           .type = LIQUID_TYPE_STRING,
                                           .help = "The text of a key in the customer's language."};
