/* view.c - how templates see our rows: reading fields, the root, the schema; see view.h. */
#include "base/money.h"
#include "engine/liquid/bytes.h"
#include "flow/view_inside.h"

#include <string.h>

/* ---- reading a field ---------------------------------------------------------------------------------- */

static const Field *
field_find(const View *view, Str name)
{
    for (const Field *field = view->fields; field->name.at; field++)
        if (field->name.len == name.len && bytes_same(field->name.at, name.at, name.len))
            return field;
    return NULL;
}

static LiquidValue
field_value(const Seen *seen, const Field *field, Arena *arena)
{
    const char *at = (const char *)seen->row + field->offset;
    Str text;
    int64_t number;
    bool truth;
    switch (field->type) {
    case AS_TEXT:
        memcpy(&text, at, sizeof text);
        return text.len ? liquid_str(text) : LIQUID_OF_NIL;
    case AS_BOOL:
        memcpy(&truth, at, sizeof truth);
        return liquid_bool(truth);
    case AS_INT:
        memcpy(&number, at, sizeof number);
        return liquid_int(number);
    case AS_MONEY:
        memcpy(&number, at, sizeof number);
        return liquid_money(number, seen->currency);
    case AS_DATE:
        memcpy(&number, at, sizeof number);
        return number ? liquid_date(number) : LIQUID_OF_NIL;
    case AS_OBJECT:
        return view_see(arena, field->view, at, seen->currency, seen->row);
    case AS_MADE:
        return field->make(seen, arena);
    }
    must(false);
    return LIQUID_OF_NIL;
}

static bool
seen_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const Seen *seen = (const Seen *)self;
    const Field *field = field_find(seen->view, name->text);
    if (!field)
        return false;
    *ret = field_value(seen, field, arena);
    return true;
}

static LiquidValue
seen_value(const LiquidObject *self, Arena *arena)
{
    const Seen *seen = (const Seen *)self;
    return seen->view->value ? seen->view->value(self, arena)
                             : liquid_str(str_of(seen->view->name));
}

static const LiquidClass seen_class = {.name = "object", .get = seen_get, .value = seen_value};

LiquidValue
view_see(Arena *arena, const View *view, const void *row, const char *currency, const void *more)
{
    Seen *seen = arena_new_of(arena, Seen, 1);
    *seen = (Seen){{&seen_class}, view, row, currency, more};
    return liquid_object(&seen->object);
}

LiquidValue
view_moment(int64_t at)
{
    return at ? liquid_date(at) : LIQUID_OF_NIL;
}

LiquidValue
view_decimal(Arena *arena, int64_t minor, const char *currency)
{
    Money money = {.minor = minor};
    g_strlcpy(money.currency, currency, sizeof money.currency);
    return liquid_str(str_of(money_format(arena, money)));
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

typedef struct ListSeen {
    LiquidObject object; /* first */
    size_t count;
    const Seen *of;
    LiquidValue (*nth)(const Seen *of, size_t index, Arena *arena);
} ListSeen;

static size_t
list_len(const LiquidObject *self)
{
    return ((const ListSeen *)self)->count;
}

static LiquidValue
list_nth(const LiquidObject *self, size_t index, Arena *arena)
{
    const ListSeen *list = (const ListSeen *)self;
    return list->nth(list->of, index, arena);
}

static const LiquidClass list_class = {.name = "list", .len = list_len, .nth = list_nth};

LiquidValue
view_list(Arena *arena, size_t count, const Seen *of,
          LiquidValue (*nth)(const Seen *of, size_t index, Arena *arena))
{
    ListSeen *list = arena_new_of(arena, ListSeen, 1);
    *list = (ListSeen){{&list_class}, count, of, nth};
    return liquid_object(&list->object);
}

/* ---- the root -------------------------------------------------------------------------------------------- */

static LiquidValue
text_or_nil(Str text)
{
    return text.len ? liquid_str(text) : LIQUID_OF_NIL;
}

static LiquidValue
shipments_nth(const Seen *of, size_t index, Arena *arena)
{
    const ViewAsk *ask = of->row;
    return view_shipment(arena, &ask->shipments[index], ask->order);
}

static LiquidValue
refunds_nth(const Seen *of, size_t index, Arena *arena)
{
    const ViewAsk *ask = of->row;
    const Refund *refund = &ask->refunds[index];
    return view_see(arena, &view_of_refund, refund, refund->currency.at, NULL);
}

void
view_fill(Arena *arena, const ViewAsk *ask, LiquidValue root)
{
    Seen *of = arena_new_of(arena, Seen, 1);
    of->row = ask;
    const struct {
        Str name;
        LiquidValue value;
    } names[] = {
        {STR("shop"), view_shop(arena, ask->shop)},
        {STR("order"), ask->order ? view_order(arena, ask->order) : LIQUID_OF_NIL},
        {STR("shipment"),
         ask->shipment ? view_shipment(arena, ask->shipment, ask->order) : LIQUID_OF_NIL},
        {STR("refund"),
         ask->refund ? view_see(arena, &view_of_refund, ask->refund, ask->refund->currency.at, NULL)
                     : LIQUID_OF_NIL},
        {STR("shipments"), view_list(arena, ask->shipment_count, of, shipments_nth)},
        {STR("refunds"), view_list(arena, ask->refund_count, of, refunds_nth)},
        {STR("page_url"), text_or_nil(ask->page_url)},
        {STR("preferences_url"), text_or_nil(ask->preferences_url)},
        {STR("confirm_url"), text_or_nil(ask->confirm_url)},
        {STR("legal_text"), text_or_nil(ask->legal_text)},
        {STR("legal_attached"), liquid_bool(ask->legal_attached)},
        {STR("lang"), text_or_nil(ask->lang)},
        {STR("dir"), text_or_nil(ask->dir)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        liquid_map_set(arena, root, names[i].name, names[i].value);
}

/* ---- the same tables as a schema for the check ------------------------------------------------------------- */

static LiquidType
field_type(const Field *field)
{
    static const LiquidType types[] = {
        [AS_TEXT] = LIQUID_TYPE_STRING, [AS_INT] = LIQUID_TYPE_NUMBER,
        [AS_BOOL] = LIQUID_TYPE_BOOL,   [AS_MONEY] = LIQUID_TYPE_MONEY,
        [AS_DATE] = LIQUID_TYPE_DATE,   [AS_OBJECT] = LIQUID_TYPE_OBJECT,
    };
    return field->type == AS_MADE ? field->made_type : types[field->type];
}

static const LiquidField *
view_schema(Arena *arena, const View *view)
{
    size_t count = 0;
    while (view->fields[count].name.at)
        count++;
    LiquidField *list = arena_new_of(arena, LiquidField, count + 1);
    for (size_t i = 0; i < count; i++) {
        const Field *field = &view->fields[i];
        list[i] =
            (LiquidField){field->name.at, field_type(field), field->optional, NULL, field->help};
        if (!field->view)
            continue;
        const LiquidField *inner = view_schema(arena, field->view);
        if (list[i].type == LIQUID_TYPE_LIST) {
            LiquidField *item = arena_new_of(arena, LiquidField, 2);
            item[0] = (LiquidField){"", LIQUID_TYPE_OBJECT, false, inner, NULL};
            inner = item;
        }
        list[i].fields = inner;
    }
    return list;
}

/* A list of objects of one view. */
static const LiquidField *
list_schema(Arena *arena, const View *view)
{
    LiquidField *item = arena_new_of(arena, LiquidField, 2);
    item[0] = (LiquidField){"", LIQUID_TYPE_OBJECT, false, view_schema(arena, view), NULL};
    return item;
}

const LiquidSchema *
view_schema_root(Arena *arena)
{
    const LiquidField names[] = {
        {"shop", LIQUID_TYPE_OBJECT, false, view_schema(arena, &view_of_shop), "The shop"},
        {"order", LIQUID_TYPE_OBJECT, false, view_schema(arena, &view_of_order), "The order"},
        {"shipment", LIQUID_TYPE_OBJECT, true, view_schema(arena, &view_of_shipment),
         "The shipment that it tells of"},
        {"refund", LIQUID_TYPE_OBJECT, true, view_schema(arena, &view_of_refund),
         "The refund that it tells of"},
        {"shipments", LIQUID_TYPE_LIST, false, list_schema(arena, &view_of_shipment),
         "All shipments of the order, on its page"},
        {"refunds", LIQUID_TYPE_LIST, false, list_schema(arena, &view_of_refund),
         "All refunds of the order, on its page"},
        {"page_url", LIQUID_TYPE_STRING, true, NULL, "The order's own page"},
        {"preferences_url", LIQUID_TYPE_STRING, true, NULL, "Where the reader chooses what comes"},
        {"confirm_url", LIQUID_TYPE_STRING, true, NULL, "Confirms an address, with a button"},
        {"legal_text", LIQUID_TYPE_STRING, true, NULL, "Terms and withdrawal instruction"},
        {"legal_attached", LIQUID_TYPE_BOOL, false, NULL, "They are in a file of the mail"},
        {"lang", LIQUID_TYPE_STRING, false, NULL, "Language of the words, BCP 47"},
        {"dir", LIQUID_TYPE_STRING, false, NULL, "ltr or rtl"},
        {0},
    };
    LiquidField *root = arena_new_of(arena, LiquidField, G_N_ELEMENTS(names));
    memcpy(root, names, sizeof names);
    LiquidSchema *schema = arena_new_of(arena, LiquidSchema, 1);
    schema->fields = root;
    return schema;
}
