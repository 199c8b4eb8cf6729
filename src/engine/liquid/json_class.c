/* json_class.c - JSON as values of templates, read in place.
 *
 * Scalars become values at once; an object or array becomes a box of 16 bytes that points into the
 * tree. Nothing is copied.
 */
#include "engine/liquid/inside.h"

typedef struct JsonBox {
    LiquidObject object;
    const Json *json;
} JsonBox;

static const Json *
box_json(const LiquidObject *self)
{
    return ((const JsonBox *)self)->json;
}

static bool
box_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const Json *member = json_find(box_json(self), name->text);
    if (!member)
        return false;
    *ret = liquid_json(arena, member);
    return true;
}

static size_t
box_len(const LiquidObject *self)
{
    return json_len(box_json(self));
}

static LiquidValue
box_nth(const LiquidObject *self, size_t index, Arena *arena)
{
    return liquid_json(arena, json_nth(box_json(self), index));
}

static Str
box_key(const LiquidObject *self, size_t index)
{
    return json_key(box_json(self), index);
}

static const LiquidClass json_map = {
    .name = "JSON object", .get = box_get, .len = box_len, .nth = box_nth, .key = box_key};
static const LiquidClass json_list = {.name = "JSON array", .len = box_len, .nth = box_nth};

static LiquidValue
box_new(Arena *arena, const LiquidClass *class, const Json *json)
{
    JsonBox *box = arena_new_of(arena, JsonBox, 1);
    *box = (JsonBox){{class}, json};
    return liquid_object(&box->object);
}

LiquidValue
liquid_json(Arena *arena, const Json *json)
{
    bool truth;
    int64_t integer;
    Number number;
    switch (json_type(json)) {
    case JSON_BOOL:
        return liquid_bool(json_bool(json, &truth) && truth);
    case JSON_INT:
        return json_int(json, &integer) ? liquid_int(integer) : LIQUID_OF_NIL;
    case JSON_REAL:
        if (!number_parse(json_number_text(arena, json), &number))
            return LIQUID_OF_NIL;
        return number_value(arena, number);
    case JSON_STRING:
        return liquid_str(json_text(json));
    case JSON_ARRAY:
        return box_new(arena, &json_list, json);
    case JSON_OBJECT:
        return box_new(arena, &json_map, json);
    case JSON_NONE:
    case JSON_NULL:
        break;
    }
    return LIQUID_OF_NIL;
}
