/* date.c - the filter of that name. */
#include "engine/liquid/date.h"
#include "engine/liquid/inside.h"

static bool
date_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str format = text_of(call, args->list[0]);
    Moment moment;
    *ret = value;
    if (format.len == 0 || !date_read(call, value, &moment))
        return true;
    Buf out = {.arena = call->arena};
    date_print(&moment, format, &out);
    *ret = liquid_str(buf_str(&out));
    return true;
}

const LiquidFilter liquid_filter_date = {"date",
                                         date_run,
                                         1,
                                         1,
                                         .varies = true,
                                         .type = LIQUID_TYPE_STRING,
                                         .help = "A date as text, by the letters of strftime."};
