/* filter_json.c - a value as JSON, safe in scripts. */
#include "engine/liquid/inside.h"
#include "engine/liquid_shop/liquid_shop.h"

static bool
json_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Buf out = {.arena = liquid_call_arena(call)};
    value_add_json(call, &out, value);
    *ret = liquid_safe(buf_str(&out), LIQUID_SAFE_JSON);
    return true;
}

const LiquidFilter liquid_shop_filter_json = {"json", json_run, .type = LIQUID_TYPE_STRING,
                                              .help = "The value as JSON."};
