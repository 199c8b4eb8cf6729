/* json_class.c - JSON as values of templates, read in place.
 *
 * Scalars become values at once; an object or array becomes a box of 16 bytes that points into the
 * tree. Nothing is copied. Half of the work of a render is finding members, so this file knows the
 * shape of a tree (base/json_inside.h) instead of asking for it call by call.
 */
#include "engine/liquid/inside.h"

#include "base/json_inside.h"

typedef struct JsonBox {
    LiquidObject object;
    const Json *json;
} JsonBox;

static const Json *
box_json(const LiquidObject *self)
{
    return ((const JsonBox *)self)->json;
}

/* From the end: of two members with one name the last one counts, as json_find has it. */
static inline const Json *
member_find(const Json *object, Str name)
{
    const Json *first = object->children;
    for (const Json *key = first + 2 * (size_t)object->len; key > first;) {
        key -= 2;
        if (key->len == name.len && bytes_same(key->text, name.at, name.len))
            return key + 1;
    }
    return NULL;
}

static bool
box_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const Json *member = member_find(box_json(self), name->text);
    if (!member)
        return false;
    *ret = liquid_json(arena, member);
    return true;
}

static size_t
box_len(const LiquidObject *self)
{
    return box_json(self)->len;
}

static LiquidValue
box_nth(const LiquidObject *self, size_t index, Arena *arena)
{
    const Json *json = box_json(self);
    if (index >= json->len)
        return LIQUID_OF_NIL;
    return liquid_json(arena, json->type == JSON_ARRAY ? &json->children[index]
                                                       : &json->children[2 * index + 1]);
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
    Number number;
    switch (json ? (JsonType)json->type : JSON_NONE) {
    case JSON_BOOL:
        return (LiquidValue){.kind = LIQUID_BOOL, .truth = json->truth};
    case JSON_INT:
        return (LiquidValue){.kind = LIQUID_INT, .integer = json->number};
    case JSON_REAL:
        if (!number_parse((Str){json->real->text, json->len}, &number))
            return LIQUID_OF_NIL;
        return number_value(arena, number);
    case JSON_STRING:
        return (LiquidValue){.kind = LIQUID_STR, .len = json->len, .at = json->text};
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
