/* own_noun.c - see own_noun.h. What an order is stands in order_field.c; here is what the others are. */
#include "plug/own_noun.h"

#include "base/limits.h"
#include "plug/own_part.h"

#include <string.h>

static const char *const channels[] = {"email", "sms", "phone", "paper", NULL};
static const char *const consent_channels[] = {"email", "sms", NULL};
static const char *const bases[] = {"opt_in", "double_opt_in", "existing_customer", "asked", NULL};

TOLD(Customer);
TOLD(Product);
TOLD(ConsentFact);
TOLD(Happening);

/* ---- customers --------------------------------------------------------------------------------------------------- */

#define T PostalAddress
static const OwnField address_fields[] = {
    FIELD("name", OWN_TEXT, name, ""),
    FIELD("company", OWN_TEXT, company, ""),
    FIELD("line1", OWN_TEXT, line1, "Street and number."),
    FIELD("line2", OWN_TEXT, line2, ""),
    FIELD("zip", OWN_TEXT, zip, ""),
    FIELD("city", OWN_TEXT, city, ""),
    FIELD("province", OWN_TEXT, province, ""),
    FIELD("province_code", OWN_TEXT, province_code, ""),
    FIELD("country", OWN_TEXT, country, ""),
    FIELD("country_code", OWN_TEXT, country_code, "ISO 3166-1: FR."),
    FIELD("phone", OWN_TEXT, phone, ""),
    {0},
};
#undef T
static const OwnShape address_shape = {"PostalAddress", "Where somebody lives or is sent to.",
                                       sizeof(PostalAddress), address_fields};

#define T ToldCustomer
static const OwnField customer_fields[] = {
    SOURCE,
    NEEDED("id", OWN_ID, noun_itself.foreign_id, "The shop system's id of the account."),
    FIELD("email", OWN_EMAIL, noun_itself.email, ""),
    FIELD("phone", OWN_TEXT, noun_itself.phone, ""),
    FIELD("first_name", OWN_TEXT, noun_itself.first_name, ""),
    FIELD("last_name", OWN_TEXT, noun_itself.last_name, ""),
    FIELD("locale", OWN_TEXT, noun_itself.locale, "Language: fr, pt-BR."),
    FIELD("zone", OWN_TEXT, noun_itself.zone, "IANA time zone."),
    WORDS("channel", OWN_SLUG, noun_itself.channel, "How the person likes to be reached.",
          channels),
    FIELD("company", OWN_TEXT, noun_itself.company, "Whom the person buys for."),
    FIELD("company_id", OWN_ID, noun_itself.company_foreign_id, "Without it, the company's name."),
    FIELD("tags", OWN_TEXT, noun_itself.tags, "vip, b2b"),
    FIELD("note", OWN_TEXT, noun_itself.note, ""),
    FIELD("birthday", OWN_DAY, noun_itself.birthday, "Month and day, never the year."),
    FIELD("joined_at", OWN_MOMENT, noun_itself.joined_at, "When the account was opened."),
    FIELD("updated_at", OWN_MOMENT, noun_itself.updated_at,
          "Version of these facts: newer ones win. Without it they only fill gaps."),
    LIST("addresses", noun_itself.addresses, noun_itself.address_count, &address_shape,
         "The usual one first."),
    {0},
};
#undef T

/* ---- products ------------------------------------------------------------------------------------------------------ */

#define T Variant
static const OwnField variant_fields[] = {
    NEEDED("id", OWN_ID, foreign_id, ""),
    FIELD("sku", OWN_TEXT, sku, ""),
    FIELD("title", OWN_TEXT, title, "42 / brown"),
    FIELD("barcode", OWN_TEXT, barcode, "GTIN and the like."),
    FIELD("image_url", OWN_URL, image_url, ""),
    FIELD("price", OWN_SUM, price, "In the product's currency."),
    FIELD("weight_grams", OWN_COUNT, weight_grams, ""),
    PRESET("ships", OWN_YES, ships, "false: a service or a download. Without it, true.", 1),
    {0},
};
#undef T
static const OwnShape variant_shape = {"Variant", "One of a product's kinds.", sizeof(Variant),
                                       variant_fields};

#define T ToldProduct
static const OwnField product_fields[] = {
    SOURCE,
    NEEDED("id", OWN_ID, noun_itself.foreign_id, "The shop system's id of the product."),
    NEEDED("title", OWN_TEXT, noun_itself.title, ""),
    FIELD("vendor", OWN_TEXT, noun_itself.vendor, ""),
    FIELD("kind", OWN_TEXT, noun_itself.kind, "The shop's own word: Boots."),
    FIELD("url", OWN_URL, noun_itself.url, ""),
    FIELD("image_url", OWN_URL, noun_itself.image_url, ""),
    FIELD("tags", OWN_TEXT, noun_itself.tags, ""),
    FIELD("currency", OWN_CURRENCY, noun_itself.currency, "Without it, the shop's."),
    PRESET("offered", OWN_YES, noun_itself.offered, "Can be bought today. Without it, true.", 1),
    FIELD("updated_at", OWN_MOMENT, noun_itself.updated_at,
          "Version of these facts: newer ones win. Without it they only fill gaps."),
    LIST("variants", noun_itself.variants, noun_itself.variant_count, &variant_shape, ""),
    {0},
};
#undef T

/* ---- choices, events --------------------------------------------------------------------------------------------------- */

#define T ToldConsentFact
static const OwnField consent_fields[] = {
    SOURCE,
    {"channel", OWN_SLUG, true, offsetof(T, noun_itself.channel), "", .words = consent_channels},
    NEEDED("address", OWN_TEXT, noun_itself.address, "The mail address or telephone number."),
    FIELD("topic", OWN_NAME, noun_itself.topic, "Without it, all of marketing."),
    NEEDED("given", OWN_YES, noun_itself.given, "false: withdrawn."),
    {"basis", OWN_SLUG, true, offsetof(T, noun_itself.basis), "By which right.", .words = bases},
    FIELD("proof", OWN_TEXT, noun_itself.proof, "Where, when, under which words."),
    NEEDED("chosen_at", OWN_MOMENT, noun_itself.chosen_at, "The newest choice counts."),
    {0},
};
#undef T

#define T ToldHappening
static const OwnField event_fields[] = {
    SOURCE,
    NEEDED("kind", OWN_KIND, noun_itself.kind, "A word of yours behind `shop.`"),
    NEEDED("happened_at", OWN_MOMENT, noun_itself.happened_at, ""),
    FIELD("customer_id", OWN_ID, noun_itself.customer_foreign_id,
          "The shop system's id of the account that it concerns."),
    FIELD("email", OWN_EMAIL, noun_itself.email, "Without an account: the address."),
    FIELD("order_id", OWN_ID, noun_itself.order_foreign_id,
          "The shop system's id of the order. One that nobody told of yet is waited for."),
    FIELD("properties", OWN_PROPERTIES, noun_itself.properties,
          "Whatever else there is to say, for journeys to read."),
    {0},
};
#undef T

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    OwnShape shape; /* of an order it is made by order_shape */
} nouns[OWN_NOUNS] = {
    [OWN_ORDER] = {"orders", {"Order", "An order with all that is known of it."}},
    [OWN_CUSTOMER] = {"customers",
                      {"Customer", "An account of the shop system.", sizeof(ToldCustomer),
                       customer_fields}},
    [OWN_PRODUCT] = {"products",
                     {"Product", "What the shop sells.", sizeof(ToldProduct), product_fields}},
    [OWN_SHIPMENT] = {"shipments", {0}}, /* own_part.h */
    [OWN_REFUND] = {"refunds", {0}},
    [OWN_CONSENT] = {"consents",
                     {"Consent", "One choice of one person: to be written to, or not.",
                      sizeof(ToldConsentFact), consent_fields}},
    [OWN_EVENT] = {"events",
                   {"Event", "Something that happened which only the shop has a word for.",
                    sizeof(ToldHappening), event_fields}},
};

const char *
own_noun_name(OwnNoun noun)
{
    must((int)noun >= 0 && noun < OWN_NOUNS);
    return nouns[noun].name;
}

bool
own_noun_find(Str name, OwnNoun *ret)
{
    for (int noun = 0; noun < OWN_NOUNS; noun++) {
        if (!str_is(name, nouns[noun].name))
            continue;
        *ret = (OwnNoun)noun;
        return true;
    }
    return false;
}

/* ---- orders -------------------------------------------------------------------------------------------------------------- */

static const char *const *
order_words(Arena *arena, const OrderField *field)
{
    size_t count = 0;
    while (order_field_word(field, count))
        count++;
    const char **words = arena_new_of(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        words[i] = order_field_word(field, i);
    return words;
}

/* Ids, addresses of mail and the order's own are stricter here than in tables that people fill. */
static OwnType
order_type(const OrderField *field, const char *name)
{
    static const OwnType types[] = {
        [ORDER_FIELD_TEXT] = OWN_TEXT,     [ORDER_FIELD_AMOUNT] = OWN_AMOUNT,
        [ORDER_FIELD_MOMENT] = OWN_MOMENT, [ORDER_FIELD_COUNT] = OWN_COUNT,
        [ORDER_FIELD_YES] = OWN_YES,       [ORDER_FIELD_CURRENCY] = OWN_CURRENCY,
        [ORDER_FIELD_PAYMENT] = OWN_WORD,  [ORDER_FIELD_FULFILMENT] = OWN_WORD,
        [ORDER_FIELD_QUIET] = OWN_WORD,
    };
    Str text = str_of(name);
    if (field->type != ORDER_FIELD_TEXT)
        return types[field->type];
    return str_is(text, "id") || str_ends(text, "_id") ? OWN_ID
           : str_is(text, "email")                     ? OWN_EMAIL
           : str_is(text, "url")                       ? OWN_URL
                                                       : OWN_TEXT;
}

/* The fields of one struct, and behind them room for `more`. */
static OwnField *
order_part(Arena *arena, FieldOf of, size_t more, size_t *ret_count)
{
    OwnField *fields = arena_new_of(arena, OwnField, ORDER_FIELDS_MOST + more + 1);
    const OrderField *from;
    *ret_count = 0;
    for (size_t i = 0; (from = order_field_nth(i)); i++) {
        const char *dot = strchr(from->name, '.'), *name = dot ? dot + 1 : from->name;
        bool own = of == OF_ORDER;
        if (from->of != of)
            continue;
        fields[(*ret_count)++] = (OwnField){
            .name = name,
            .type = order_type(from, name),
            .needed = own && (strcmp(name, "id") == 0 || strcmp(name, "placed_at") == 0),
            .offset = from->offset,
            .help = from->help,
            .words = order_words(arena, from),
        };
        if (!order_field_word(from, 0))
            fields[*ret_count - 1].words = NULL;
    }
    return fields;
}

static const OwnShape *
order_part_shape(Arena *arena, FieldOf of, const char *title, const char *about)
{
    OwnShape *shape = arena_new_of(arena, OwnShape, 1);
    size_t count;
    *shape = (OwnShape){title, about, sizeof(Order), order_part(arena, of, 0, &count)};
    return shape;
}

/* Only for looking: what is right is read by own_order_read, as in an import. */
static const OwnShape *
order_shape(Arena *arena)
{
    const OwnField parts[] = {
        {"source", OWN_NAME, .help = "Whose ids these are, as shopify. Without it, api."},
        {"customer", OWN_OBJECT, .help = "Who buys.",
         .shape = order_part_shape(arena, OF_CUSTOMER, "OrderCustomer", "Who buys.")},
        {"ship_to", OWN_OBJECT, .help = "Where it goes.", .shape = &address_shape},
        {"bill_to", OWN_OBJECT, .help = "Who pays.", .shape = &address_shape},
        {"lines", OWN_LIST, .help = "What was bought.", .most = LIMIT_ORDER_LINES,
         .shape = order_part_shape(arena, OF_LINE, "OrderLine", "What was bought.")},
        {"shipments", OWN_LIST, .help = "What has left already.", .most = PARTS_MOST,
         .shape = &own_order_shipment_shape},
        {"refunds", OWN_LIST, .help = "What went back already.", .most = PARTS_MOST,
         .shape = &own_order_refund_shape},
    };
    OwnShape *shape = arena_new_of(arena, OwnShape, 1);
    size_t count;
    OwnField *fields = order_part(arena, OF_ORDER, G_N_ELEMENTS(parts), &count);
    memcpy(&fields[count], parts, sizeof parts);
    *shape = nouns[OWN_ORDER].shape;
    shape->fields = fields;
    return shape;
}

static const OwnShape *
noun_shape(OwnNoun noun)
{
    return noun == OWN_SHIPMENT ? &own_shipment_shape
           : noun == OWN_REFUND ? &own_refund_shape
                                : &nouns[noun].shape;
}

const OwnShape *
own_noun_shape(Arena *arena, OwnNoun noun)
{
    must((int)noun >= 0 && noun < OWN_NOUNS);
    return noun == OWN_ORDER ? order_shape(arena) : noun_shape(noun);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

static bool
order_read(OwnReading *reading, const Json *root, Facts *ret)
{
    g_autoptr(GError) error = NULL;
    if (!own_shape_read(reading, order_shape(reading->arena), root, NULL))
        return false;
    if (!own_order_read(reading->arena, reading->shop, root, ret, &error))
        return own_wrong(reading, "", "%s", error->message);
    if (json_missing(json_get(root, "source")))
        ret->source = STR("api");
    return true;
}

/* What the reader cannot know of one member alone. */
static void
noun_complete(OwnReading *reading, OwnNoun noun, void *told)
{
    if (noun != OWN_REFUND)
        return;
    Refund *refund = &((ToldRefund *)told)->noun_itself;
    refund->currency = arena_copy(reading->arena, str_of(reading->currency));
}

bool
own_noun_read(OwnReading *reading, OwnNoun noun, const Json *root, Facts *ret)
{
    if (noun == OWN_ORDER)
        return order_read(reading, root, ret);
    const OwnShape *shape = noun_shape(noun);
    char *told = arena_alloc(reading->arena, shape->size);
    if (!own_shape_read(reading, shape, root, told))
        return false;
    noun_complete(reading, noun, told);
    Str source = *(Str *)(void *)told;
    Facts facts = {.source = source.len ? source : STR("api")};
    switch (noun) {
#define TELL(which, noun, list, count)                           \
    case which:                                                  \
        facts.list = &((Told##noun *)(void *)told)->noun_itself; \
        facts.count = 1;                                         \
        break
        TELL(OWN_CUSTOMER, Customer, customers, customer_count);
        TELL(OWN_PRODUCT, Product, products, product_count);
        TELL(OWN_SHIPMENT, Shipment, shipments, shipment_count);
        TELL(OWN_REFUND, Refund, refunds, refund_count);
        TELL(OWN_CONSENT, ConsentFact, consents, consent_count);
        TELL(OWN_EVENT, Happening, happenings, happening_count);
#undef TELL
    default:
        must(!"every noun has its list");
    }
    *ret = facts;
    return true;
}
