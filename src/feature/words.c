/* words.c - see words.h. */
#include "feature/words.h"

#include "flow/event.h"
#include "flow/order.h"
#include "flow/reason.h"
#include "flow/shipment.h"

static const struct {
    const char *template;
    const char *title;
} receipts[] = {
#define ROW(name, event, template, class, lane, not_after, skip, title, ...) {template, title},
#include "flow/receipts.def"
#undef ROW
};

LiquidValue
words_payment(Arena *arena, Str slug)
{
    return liquid_str(str_of(payment_words(payment_of(slug))));
}

LiquidValue
words_shipment(Arena *arena, Str slug)
{
    return liquid_str(str_of(shipment_words(shipment_state_of(slug))));
}

LiquidValue
words_reason(Arena *arena, Str slug)
{
    Reason reason = reason_find(slug);
    return reason == REASON_NONE ? LIQUID_OF_NIL : liquid_str(str_of(reason_words(reason)));
}

/* "shipment.shipped 1 of 2": behind the event which parcel of how many. An order's only one needs no number. */
LiquidValue
words_event(Arena *arena, Str name)
{
    EventKind kind;
    Str slug = {0}, which = name, parcel = STR("The parcel");
    str_split(&which, ' ', &slug);
    if (which.len)
        parcel = str_of(arena_format(arena, "Parcel " STR_FMT, STR_ARG(which)));
    return liquid_str(event_find(slug, &kind) ? event_story(arena, kind, parcel)
                                              : STR("Something that this version does not know."));
}

/* "order_delayed" of a journey that is gone: better than a name with lines in it. */
static Str
name_as_words(Arena *arena, Str name)
{
    char *text = arena_cstr(arena, name);
    g_strdelimit(text, "_", ' ');
    text[0] = g_ascii_toupper(text[0]);
    return str_of(text);
}

LiquidValue
words_template(Arena *arena, Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(receipts); i++)
        if (str_is(name, receipts[i].template))
            return liquid_str(str_of(receipts[i].title));
    return liquid_str(name_as_words(arena, name));
}

LiquidValue
words_templates(Arena *arena)
{
    LiquidValue *list = arena_new_of(arena, LiquidValue, G_N_ELEMENTS(receipts));
    for (size_t i = 0; i < G_N_ELEMENTS(receipts); i++) {
        list[i] = liquid_map(arena);
        liquid_map_set(arena, list[i], STR("name"), liquid_str(str_of(receipts[i].template)));
        liquid_map_set(arena, list[i], STR("title"), liquid_str(str_of(receipts[i].title)));
    }
    return liquid_array(arena, list, G_N_ELEMENTS(receipts));
}
