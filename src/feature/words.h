/* words.h - what people read instead of the slugs that rows hold, for the columns of lists. */
#pragma once

#include "engine/liquid/liquid.h"

LiquidValue words_payment(Arena *arena, Str slug);
LiquidValue words_shipment(Arena *arena, Str slug);
LiquidValue words_reason(Arena *arena, Str slug);   /* nil for none */
LiquidValue words_event(Arena *arena, Str name);    /* what happened, one sentence to the owner */
LiquidValue words_template(Arena *arena, Str name); /* "Order confirmation" */

/* The templates of all receipts, {name, title}: for choosing one. */
LiquidValue words_templates(Arena *arena);
