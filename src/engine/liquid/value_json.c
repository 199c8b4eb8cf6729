/* value_json.c - any value as JSON, for scripts and for the filter of that name. */
#include "engine/liquid/inside.h"

#include "base/json_write.h"
#include "engine/liquid/date.h"

static void put_value(LiquidCall *call, JsonWriter *writer, LiquidValue value, int depth);

static void
put_list(LiquidCall *call, JsonWriter *writer, LiquidValue value, int depth)
{
    json_put_array(writer);
    for (size_t i = 0, len = value_len(value); i < len && !arena_over(call->arena); i++)
        put_value(call, writer, value_nth(call, value, i), depth + 1);
    json_put_end(writer);
}

static void
put_map(LiquidCall *call, JsonWriter *writer, LiquidValue value, int depth)
{
    json_put_object(writer);
    for (size_t i = 0, len = value_len(value); i < len && !arena_over(call->arena); i++) {
        const LiquidValue *pair = value_nth(call, value, i).array->list;
        json_put_key_text(writer, liquid_text(pair[0]));
        put_value(call, writer, pair[1], depth + 1);
    }
    json_put_end(writer);
}

static void
put_money(JsonWriter *writer, LiquidValue value)
{
    json_put_object(writer);
    json_put_key(writer, "minor");
    json_put_int(writer, value.integer);
    json_put_key(writer, "currency");
    json_put_str(writer, value.currency);
    json_put_end(writer);
}

/* A number as JSON has it: 1.0e+20 is fine there, and so is 19.95. */
static void
put_number(Arena *arena, JsonWriter *writer, LiquidValue value)
{
    char digits[NUMBER_BYTES];
    size_t len = number_print(value, digits);
    json_put_value(writer, json_parse(arena, digits, len, NULL));
}

static void
put_value(LiquidCall *call, JsonWriter *writer, LiquidValue value, int depth)
{
    value = value_plain(call, value);
    if (depth > LIMIT_JSON_DEPTH)
        json_put_null(writer);
    else if (value.kind == LIQUID_BOOL)
        json_put_bool(writer, value.truth);
    else if (value.kind == LIQUID_INT)
        json_put_int(writer, value.integer);
    else if (kind_is_number(value))
        put_number(call->arena, writer, value);
    else if (value.kind == LIQUID_STR)
        json_put_text(writer, liquid_text(value));
    else if (value.kind == LIQUID_MONEY)
        put_money(writer, value);
    else if (value_is_map(value))
        put_map(call, writer, value, depth);
    else if (value_is_list(value) && value.kind != LIQUID_RANGE)
        put_list(call, writer, value, depth);
    else if (value.kind == LIQUID_NIL)
        json_put_null(writer);
    else
        json_put_text(writer, text_of(call, value));
}

void
value_add_json(LiquidCall *call, Buf *out, LiquidValue value)
{
    JsonWriter writer = {.buf = out, .html = true};
    put_value(call, &writer, value, 0);
    json_put_done(&writer);
}
