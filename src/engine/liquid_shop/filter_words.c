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
#include "engine/liquid_shop/shop_memo.h"

enum { FILLED_BYTES = 64 }; /* what the holes of a text usually take */

static CldrPlural
plural_of(LiquidCall *call, LiquidValue count)
{
    const CldrLocale *locale = shop_memo(call)->locale;
    if (count.kind == LIQUID_DECIMAL)
        return cldr_plural(locale, count.integer, MAX(count.scale, 1));
    int64_t whole = 0;
    liquid_call_int(call, count, &whole);
    return cldr_plural(locale, whole, 0);
}

/* The text of a key; "zero" is taken for a count of 0 in every language that has it written. */
static const PhraseText *
phrase_text(LiquidCall *call, const Phrase *phrase, const LiquidArgs *args)
{
    const LiquidValue *count = phrase->forms ? liquid_arg(args, "count") : NULL;
    if (!count)
        return &phrase->text;
    int64_t whole;
    const PhraseText *zero = &phrase->forms[CLDR_ZERO];
    if (zero->whole.at && liquid_call_int(call, *count, &whole) && whole == 0)
        return zero;
    const PhraseText *form = &phrase->forms[plural_of(call, *count)];
    return form->whole.at ? form : &phrase->forms[CLDR_OTHER];
}

/* Names are few and short. */
static const LiquidValue *
hole_value(const PhrasePiece *piece, const LiquidArgs *args)
{
    for (size_t i = 0; piece->name.len && i < args->named_count; i++)
        if (word_is(args->names[i], piece->name))
            return &args->named[i];
    return NULL;
}

static Str
text_fill(LiquidCall *call, const PhraseText *text, const LiquidArgs *args, bool html)
{
    if (text->count == 1 && !text->pieces->name.len)
        return text->whole;
    Buf out = {.arena = call->arena};
    buf_reserve(&out, text->whole.len + FILLED_BYTES);
    for (const PhrasePiece *piece = text->pieces, *end = piece + text->count; piece < end;
         piece++) {
        const LiquidValue *value = hole_value(piece, args);
        Str shown = value ? liquid_call_text(call, *value) : piece->text;
        if (value && html)
            text_escape(&out, shown);
        else
            out_add(&out, shown.at, shown.len);
    }
    return buf_str(&out);
}

static bool
t_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    const LiquidShop *shop = call->data->host;
    Str key = liquid_call_text(call, value);
    const Phrases *const tables[] = {shop ? shop->words : NULL, shop ? shop->fallback : NULL};
    *ret = liquid_str(key);
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        const Phrase *phrase = tables[i] ? phrases_find(tables[i], key) : NULL;
        const PhraseText *text = phrase ? phrase_text(call, phrase, args) : NULL;
        if (!text || !text->whole.at)
            continue;
        *ret = liquid_safe(text_fill(call, text, args, phrase->html),
                           phrase->html ? LIQUID_SAFE_HTML : LIQUID_UNSAFE);
        return true;
    }
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
