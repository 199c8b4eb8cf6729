/* escape.c - values on their way into a page. */
#include "engine/liquid/inside.h"

static void
escape_list(LiquidCall *call, Buf *out, LiquidValue value, Escape escape)
{
    for (size_t i = 0, len = value_len(value); i < len; i++)
        render_escaped(call, out, value_nth(call, value, i), escape);
}

void
render_escaped(LiquidCall *call, Buf *out, LiquidValue value, Escape escape)
{
    if (escape == ESCAPE_FILTER || !value_is_list(value) || value.kind == LIQUID_RANGE)
        text_escape(out, text_of(call, value));
    else
        escape_list(call, out, value, escape);
}
