/* show.c - see show.h. Every field of every noun is a row of a table here. */
#include "plug/show.h"

#include "base/json_write.h"
#include "base/money.h"
#include "base/when.h"

#include <inttypes.h>
#include <string.h>

/* What a member of a struct holds. */
typedef enum Kind {
    TEXT,
    MOMENT,
    AMOUNT, /* minor units of the currency that stands with it */
    NUMBER,
    NUMBER_SMALL, /* int32_t */
    FLAG,
    WORD,   /* an enum; its words */
    STRUCT, /* its fields */
    LIST,   /* of structs: a pointer, and how many beside it */
    TEXTS,  /* of Str */
} Kind;

typedef struct Field {
    const char *name;
    Kind kind;
    size_t at;
    const char *const *words;   /* WORD */
    const struct Field *fields; /* STRUCT, LIST; ends with a name of NULL */
    size_t size, count_at;      /* LIST, TEXTS */
    bool rare;                  /* not shown where it is empty */
} Field;

#define FIELD(type, kind, name)                                    \
    {                                                              \
#name, kind, offsetof(type, name), NULL, NULL, 0, 0, false \
    }
#define FIELD_WORD(type, name, words)                               \
    {                                                               \
#name, WORD, offsetof(type, name), words, NULL, 0, 0, false \
    }
#define FIELD_STRUCT(type, name, fields)                               \
    {                                                                  \
#name, STRUCT, offsetof(type, name), NULL, fields, 0, 0, false \
    }
#define FIELD_LIST(type, name, count, kind, fields)                                  \
    {                                                                                \
#name, kind, offsetof(type, name), NULL, fields, sizeof(*((type *)0)->name), \
            offsetof(type, count), false                                             \
    }

static const char *const payments[] = {
#define ROW(payment, slug, words) [payment] = slug,
#include "payments.def"
#undef ROW
};

static const char *const states[] = {
#define ROW(state, slug, rank, words) [state] = slug,
#include "shipments.def"
#undef ROW
};

static const char *const fulfilments[] = {"none", "partial", "fulfilled"};
static const char *const quiets[] = {"no", "test", "draft", "fraud", "marketplace", "deleted"};
static const char *const nouns[] = {"order", "customer", "product", "coupon"};
static const char *const asked[] = {"export", "erase", "erase_shop"};

static const Field postal_fields[] = {
    FIELD(PostalAddress, TEXT, name),     FIELD(PostalAddress, TEXT, company),
    FIELD(PostalAddress, TEXT, line1),    FIELD(PostalAddress, TEXT, line2),
    FIELD(PostalAddress, TEXT, zip),      FIELD(PostalAddress, TEXT, city),
    FIELD(PostalAddress, TEXT, province), FIELD(PostalAddress, TEXT, province_code),
    FIELD(PostalAddress, TEXT, country),  FIELD(PostalAddress, TEXT, country_code),
    FIELD(PostalAddress, TEXT, phone),    {0},
};

static const Field customer_fields[] = {
    FIELD(Customer, TEXT, foreign_id),
    FIELD(Customer, TEXT, email),
    FIELD(Customer, TEXT, phone),
    FIELD(Customer, TEXT, first_name),
    FIELD(Customer, TEXT, last_name),
    FIELD(Customer, TEXT, locale),
    FIELD(Customer, TEXT, zone),
    FIELD(Customer, TEXT, channel),
    FIELD(Customer, TEXT, company),
    FIELD(Customer, TEXT, company_foreign_id),
    FIELD(Customer, TEXT, tags),
    FIELD(Customer, TEXT, note),
    FIELD(Customer, NUMBER_SMALL, birthday),
    FIELD(Customer, MOMENT, joined_at),
    FIELD(Customer, MOMENT, updated_at),
    FIELD_LIST(Customer, addresses, address_count, LIST, postal_fields),
    {0},
};

static const Field consent_fields[] = {
    FIELD(ConsentFact, TEXT, channel),     FIELD(ConsentFact, TEXT, address),
    FIELD(ConsentFact, TEXT, topic),       FIELD(ConsentFact, FLAG, given),
    FIELD(ConsentFact, TEXT, basis),       FIELD(ConsentFact, TEXT, proof),
    FIELD(ConsentFact, MOMENT, chosen_at), {0},
};

static const Field variant_fields[] = {
    FIELD(Variant, TEXT, foreign_id),
    FIELD(Variant, TEXT, sku),
    FIELD(Variant, TEXT, title),
    FIELD(Variant, TEXT, barcode),
    FIELD(Variant, TEXT, image_url),
    FIELD(Variant, AMOUNT, price),
    FIELD(Variant, NUMBER, weight_grams),
    FIELD(Variant, FLAG, ships),
    {"named", FLAG, offsetof(Variant, named), NULL, NULL, 0, 0, true},
    {0},
};

static const Field variant_fact_fields[] = {
    FIELD(VariantFact, TEXT, product_foreign_id),
    FIELD(VariantFact, MOMENT, updated_at),
    FIELD_STRUCT(VariantFact, variant, variant_fields),
    {0},
};

static const Field merge_fields[] = {
    FIELD(MergeFact, TEXT, from_foreign_id),
    FIELD(MergeFact, TEXT, into_foreign_id),
    {0},
};

static const Field product_fields[] = {
    FIELD(Product, TEXT, currency),
    FIELD(Product, TEXT, foreign_id),
    FIELD(Product, TEXT, title),
    FIELD(Product, TEXT, vendor),
    FIELD(Product, TEXT, kind),
    FIELD(Product, TEXT, url),
    FIELD(Product, TEXT, image_url),
    FIELD(Product, TEXT, tags),
    FIELD(Product, FLAG, offered),
    FIELD(Product, MOMENT, updated_at),
    FIELD_LIST(Product, variants, variant_count, LIST, variant_fields),
    {"variants_part", FLAG, offsetof(Product, variants_part), NULL, NULL, 0, 0, true},
    {0},
};

static const Field coupon_fields[] = {
    FIELD(Coupon, TEXT, foreign_id),    FIELD(Coupon, TEXT, code),
    FIELD(Coupon, TEXT, kind),          FIELD(Coupon, TEXT, value),
    FIELD(Coupon, TEXT, currency),      FIELD(Coupon, MOMENT, ends_at),
    FIELD(Coupon, NUMBER, usage_limit), FIELD(Coupon, NUMBER, used),
    FIELD(Coupon, MOMENT, updated_at),  {0},
};

static const Field line_fields[] = {
    FIELD(OrderLine, TEXT, foreign_id),
    FIELD(OrderLine, TEXT, product_foreign_id),
    FIELD(OrderLine, TEXT, variant_foreign_id),
    FIELD(OrderLine, TEXT, sku),
    FIELD(OrderLine, TEXT, title),
    FIELD(OrderLine, TEXT, variant),
    FIELD(OrderLine, TEXT, vendor),
    FIELD(OrderLine, NUMBER, quantity),
    FIELD(OrderLine, AMOUNT, price),
    FIELD(OrderLine, AMOUNT, discount),
    FIELD(OrderLine, FLAG, ships),
    {0},
};

static const Field order_fields[] = {
    FIELD(Order, TEXT, currency),
    FIELD(Order, TEXT, foreign_id),
    FIELD(Order, TEXT, name),
    FIELD(Order, TEXT, email),
    FIELD(Order, TEXT, phone),
    FIELD(Order, TEXT, locale),
    FIELD(Order, AMOUNT, subtotal),
    FIELD(Order, AMOUNT, shipping),
    FIELD(Order, AMOUNT, fees),
    FIELD(Order, AMOUNT, tax),
    FIELD(Order, AMOUNT, discount),
    FIELD(Order, AMOUNT, total),
    FIELD(Order, FLAG, tax_included),
    FIELD(Order, TEXT, discount_codes),
    FIELD(Order, TEXT, shipping_title),
    FIELD(Order, TEXT, channel),
    FIELD(Order, TEXT, url),
    FIELD(Order, TEXT, tags),
    FIELD_WORD(Order, payment, payments),
    FIELD_WORD(Order, fulfilment, fulfilments),
    FIELD_WORD(Order, quiet, quiets),
    FIELD(Order, FLAG, gift),
    FIELD(Order, FLAG, renewal),
    FIELD(Order, FLAG, in_person),
    FIELD(Order, MOMENT, placed_at),
    FIELD(Order, MOMENT, cancelled_at),
    FIELD(Order, MOMENT, deleted_at),
    FIELD(Order, MOMENT, promised_from),
    FIELD(Order, MOMENT, promised_until),
    FIELD(Order, MOMENT, updated_at),
    FIELD(Order, TEXT, note),
    FIELD_STRUCT(Order, ship_to, postal_fields),
    FIELD_STRUCT(Order, bill_to, postal_fields),
    FIELD_STRUCT(Order, customer, customer_fields),
    FIELD_LIST(Order, lines, line_count, LIST, line_fields),
    {0},
};

static const Field parcel_fields[] = {
    FIELD(Parcel, TEXT, carrier),
    FIELD(Parcel, TEXT, number),
    FIELD(Parcel, TEXT, url),
    {0},
};

static const Field shipment_line_fields[] = {
    FIELD(ShipmentLine, TEXT, line_foreign_id),
    FIELD(ShipmentLine, TEXT, sku),
    FIELD(ShipmentLine, NUMBER, quantity),
    {0},
};

static const Field shipment_fields[] = {
    FIELD(Shipment, TEXT, foreign_id),
    FIELD(Shipment, TEXT, order_foreign_id),
    FIELD(Shipment, TEXT, name),
    FIELD_WORD(Shipment, state, states),
    FIELD(Shipment, MOMENT, shipped_at),
    FIELD(Shipment, MOMENT, delivered_at),
    FIELD(Shipment, MOMENT, expected_from),
    FIELD(Shipment, MOMENT, expected_until),
    FIELD(Shipment, MOMENT, updated_at),
    FIELD_LIST(Shipment, parcels, parcel_count, LIST, parcel_fields),
    FIELD_LIST(Shipment, lines, line_count, LIST, shipment_line_fields),
    {0},
};

static const Field scan_fields[] = {
    FIELD(Scan, TEXT, shipment_foreign_id),
    FIELD(Scan, TEXT, order_foreign_id),
    FIELD(Scan, TEXT, number),
    FIELD_WORD(Scan, state, states),
    FIELD(Scan, TEXT, words),
    FIELD(Scan, TEXT, place),
    FIELD(Scan, MOMENT, happened_at),
    FIELD(Scan, MOMENT, expected_until),
    {0},
};

static const Field happening_fields[] = {
    FIELD(Happening, TEXT, kind),
    FIELD(Happening, TEXT, customer_foreign_id),
    FIELD(Happening, TEXT, email),
    FIELD(Happening, TEXT, order_foreign_id),
    FIELD(Happening, TEXT, properties),
    FIELD(Happening, MOMENT, happened_at),
    {0},
};

static const Field refund_line_fields[] = {
    FIELD(RefundLine, TEXT, line_foreign_id),
    FIELD(RefundLine, NUMBER, quantity),
    FIELD(RefundLine, AMOUNT, amount),
    {0},
};

static const Field refund_fields[] = {
    FIELD(Refund, TEXT, currency),
    FIELD(Refund, TEXT, foreign_id),
    FIELD(Refund, TEXT, order_foreign_id),
    FIELD(Refund, AMOUNT, amount),
    FIELD(Refund, MOMENT, refunded_at),
    FIELD(Refund, TEXT, note),
    FIELD_LIST(Refund, lines, line_count, LIST, refund_line_fields),
    {0},
};

static const Field gone_fields[] = {
    FIELD_WORD(Gone, noun, nouns),
    FIELD(Gone, TEXT, foreign_id),
    FIELD(Gone, MOMENT, gone_at),
    {0},
};

static const Field ask_fields[] = {
    FIELD_WORD(PrivacyAsk, kind, asked),
    FIELD(PrivacyAsk, TEXT, foreign_id),
    FIELD(PrivacyAsk, TEXT, customer_foreign_id),
    FIELD(PrivacyAsk, TEXT, email),
    FIELD(PrivacyAsk, TEXT, phone),
    FIELD_LIST(PrivacyAsk, orders, order_count, TEXTS, NULL),
    {0},
};

#define FACTS(list, count, noun, fields)                                              \
    {                                                                                 \
        noun, LIST, offsetof(Facts, list), NULL, fields, sizeof(*((Facts *)0)->list), \
            offsetof(Facts, count), false                                             \
    }
#define FACTS_RARE(list, count, noun, fields)                                         \
    {                                                                                 \
        noun, LIST, offsetof(Facts, list), NULL, fields, sizeof(*((Facts *)0)->list), \
            offsetof(Facts, count), true                                              \
    }

static const Field facts_fields[] = {
    FACTS(customers, customer_count, "customer", customer_fields),
    FACTS(consents, consent_count, "consent", consent_fields),
    FACTS_RARE(merges, merge_count, "merge", merge_fields),
    FACTS(products, product_count, "product", product_fields),
    FACTS_RARE(variants, variant_count, "variant", variant_fact_fields),
    FACTS(coupons, coupon_count, "coupon", coupon_fields),
    FACTS(orders, order_count, "order", order_fields),
    FACTS(shipments, shipment_count, "shipment", shipment_fields),
    FACTS(scans, scan_count, "scan", scan_fields),
    FACTS(refunds, refund_count, "refund", refund_fields),
    FACTS(happenings, happening_count, "happening", happening_fields),
    FACTS(gone, gone_count, "gone", gone_fields),
    FACTS(asks, ask_count, "ask", ask_fields),
    {0},
};

/* ---- showing ------------------------------------------------------------------------------------- */

typedef struct Show {
    Arena *arena;
    Buf *out;
    bool told; /* only what there is */
} Show;

enum { PATH_WIDTH = 32 };

void
show_text(Arena *arena, const char *path, Str text, Buf *out)
{
    Buf buf = {.arena = arena};
    JsonWriter json = {.buf = &buf};
    if (text.len) {
        json_put_text(&json, text);
        json_put_done(&json);
    }
    buf_format(out, "%-*s %s\n", PATH_WIDTH, path, text.len ? buf_cstr(&buf) : "-");
}

static void
show_at(const Show *show, const char *path, int64_t at)
{
    char iso[WHEN_BYTES] = "-";
    if (at)
        when_iso(at, iso);
    buf_format(show->out, "%-*s %s\n", PATH_WIDTH, path, iso);
}

static void
show_amount(const Show *show, const char *path, int64_t minor, Str currency)
{
    Money money = {.minor = minor};
    g_strlcpy(money.currency, arena_cstr(show->arena, currency), sizeof money.currency);
    const char *words = money_format(show->arena, money);
    if (show->told)
        buf_format(show->out, "%-*s %s %s\n", PATH_WIDTH, path, words, money.currency);
    else
        buf_format(show->out, "%-*s %" PRId64 " (%s %s)\n", PATH_WIDTH, path, minor, words,
                   money.currency);
}

static void
show_number(const Show *show, const char *path, int64_t number)
{
    buf_format(show->out, "%-*s %" PRId64 "\n", PATH_WIDTH, path, number);
}

static void show_fields(const Show *show, const char *path, const Field *fields, const char *from,
                        Str currency);

static void
show_list(const Show *show, const char *path, const Field *field, const char *from, Str currency)
{
    const char *list = *(const char *const *)(const void *)(from + field->at);
    size_t count = *(const size_t *)(const void *)(from + field->count_at);
    if (!show->told)
        show_number(show, arena_format(show->arena, "%s_count", path), (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        const char *stem = arena_format(show->arena, "%s[%zu]", path, i);
        const void *at = list + i * field->size;
        if (field->kind == TEXTS)
            show_text(show->arena, stem, *(const Str *)at, show->out);
        else
            show_fields(show, stem, field->fields, at, currency);
    }
}

/* Whether there is anything in a field that is shown by itself, or in a list. */
static bool
field_filled(const Field *field, const char *from)
{
    const void *at = from + field->at;
    switch (field->kind) {
    case TEXT:
        return ((const Str *)at)->len > 0;
    case MOMENT:
    case AMOUNT:
    case NUMBER:
        return *(const int64_t *)at != 0;
    case NUMBER_SMALL:
        return *(const int32_t *)at != 0;
    case FLAG:
        return *(const bool *)at;
    case LIST:
        return !field->rare || *(const size_t *)(const void *)(from + field->count_at) > 0;
    default:
        return true;
    }
}

static void
show_field(const Show *show, const char *path, const Field *field, const char *from, Str currency)
{
    const void *at = from + field->at;
    if ((show->told || field->rare) && !field_filled(field, from))
        return;
    switch (field->kind) {
    case TEXT:
        show_text(show->arena, path, *(const Str *)at, show->out);
        break;
    case MOMENT:
        show_at(show, path, *(const int64_t *)at);
        break;
    case AMOUNT:
        show_amount(show, path, *(const int64_t *)at, currency);
        break;
    case NUMBER:
        show_number(show, path, *(const int64_t *)at);
        break;
    case NUMBER_SMALL:
        show_number(show, path, *(const int32_t *)at);
        break;
    case FLAG:
        buf_format(show->out, "%-*s %s\n", PATH_WIDTH, path, *(const bool *)at ? "yes" : "no");
        break;
    case WORD:
        buf_format(show->out, "%-*s %s\n", PATH_WIDTH, path, field->words[*(const unsigned *)at]);
        break;
    case STRUCT:
        show_fields(show, path, field->fields, at, currency);
        break;
    case LIST:
    case TEXTS:
        show_list(show, path, field, from, currency);
        break;
    }
}

/* A currency stands first in what has one, and holds for all below. */
static void
show_fields(const Show *show, const char *path, const Field *fields, const char *from, Str currency)
{
    for (const Field *field = fields; field->name; field++) {
        show_field(show, arena_format(show->arena, "%s.%s", path, field->name), field, from,
                   currency);
        if (strcmp(field->name, "currency") == 0 &&
            ((const Str *)(const void *)(from + field->at))->len)
            currency = *(const Str *)(const void *)(from + field->at);
    }
}

/* The first of a noun is called by it alone: order.name, order[1].name. */
void
show_facts(Arena *arena, const Facts *facts, bool told, Buf *out)
{
    const Show show = {arena, out, told};
    const char *from = (const char *)facts;
    if (!told || facts->declined.len)
        show_text(arena, "declined", facts->declined, out);
    if (facts->disconnected)
        buf_format(out, "%-*s yes\n", PATH_WIDTH, "disconnected");
    for (const Field *field = facts_fields; field->name; field++) {
        const char *list = *(const char *const *)(const void *)(from + field->at);
        size_t count = *(const size_t *)(const void *)(from + field->count_at);
        if (count && !told)
            show_number(&show, arena_format(arena, "%s_count", field->name), (int64_t)count);
        for (size_t i = 0; i < count; i++)
            show_fields(&show, i ? arena_format(arena, "%s[%zu]", field->name, i) : field->name,
                        field->fields, list + i * field->size, STR("EUR"));
    }
}
