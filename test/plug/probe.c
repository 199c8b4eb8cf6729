/* probe.c - a connector on a command line: recorded bytes in, what it made of them out, as text that a
 * person reads once and a diff keeps.
 *
 *     plug_probe read  CONNECTOR TOPIC BODY            all fields of all nouns, one a line, by their path
 *     plug_probe check CONNECTOR SECRET HEADERS BODY   the envelope; HEADERS is a file of `Name: value` lines
 *     plug_probe list                                  the names of all connectors
 *
 * A text is a JSON string, an empty one is -. A moment is ISO 8601, a missing one is -. An amount is in minor
 * units, and beside it as people write it. A refusal is one line, `error SLUG MESSAGE`: it too can be what a
 * recording expects.
 */
#include "base/json_write.h"
#include "base/money.h"
#include "base/when.h"
#include "plug/connector/connector.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- showing ------------------------------------------------------------------------------------- */

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
} Field;

#define FIELD(type, kind, name)                             \
    {                                                       \
#name, kind, offsetof(type, name), NULL, NULL, 0, 0 \
    }
#define FIELD_WORD(type, name, words)                        \
    {                                                        \
#name, WORD, offsetof(type, name), words, NULL, 0, 0 \
    }
#define FIELD_STRUCT(type, name, fields)                        \
    {                                                           \
#name, STRUCT, offsetof(type, name), NULL, fields, 0, 0 \
    }
#define FIELD_LIST(type, name, count, kind, fields)                                  \
    {                                                                                \
#name, kind, offsetof(type, name), NULL, fields, sizeof(*((type *)0)->name), \
            offsetof(type, count)                                                    \
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
            offsetof(Facts, count)                                                    \
    }

static const Field facts_fields[] = {
    FACTS(customers, customer_count, "customer", customer_fields),
    FACTS(consents, consent_count, "consent", consent_fields),
    FACTS(products, product_count, "product", product_fields),
    FACTS(coupons, coupon_count, "coupon", coupon_fields),
    FACTS(orders, order_count, "order", order_fields),
    FACTS(shipments, shipment_count, "shipment", shipment_fields),
    FACTS(scans, scan_count, "scan", scan_fields),
    FACTS(refunds, refund_count, "refund", refund_fields),
    FACTS(gone, gone_count, "gone", gone_fields),
    FACTS(asks, ask_count, "ask", ask_fields),
    {0},
};

static void
show_text(Arena *arena, const char *path, Str text)
{
    if (!text.len) {
        printf("%-32s -\n", path);
        return;
    }
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_text(&out, text);
    json_put_done(&out);
    printf("%-32s %s\n", path, buf_cstr(&buf));
}

static void
show_at(const char *path, int64_t at)
{
    char iso[WHEN_BYTES] = "-";
    if (at)
        when_iso(at, iso);
    printf("%-32s %s\n", path, iso);
}

static void
show_amount(Arena *arena, const char *path, int64_t minor, Str currency)
{
    Money money = {.minor = minor};
    g_strlcpy(money.currency, arena_cstr(arena, currency), sizeof money.currency);
    printf("%-32s %" PRId64 " (%s %s)\n", path, minor, money_format(arena, money), money.currency);
}

static void
show_fields(Arena *arena, const char *path, const Field *fields, const char *from, Str currency);

static void
show_list(Arena *arena, const char *path, const Field *field, const char *from, Str currency)
{
    const char *list = *(const char *const *)(const void *)(from + field->at);
    size_t count = *(const size_t *)(const void *)(from + field->count_at);
    printf("%-32s %zu\n", arena_format(arena, "%s_count", path), count);
    for (size_t i = 0; i < count; i++) {
        const char *stem = arena_format(arena, "%s[%zu]", path, i);
        const void *at = list + i * field->size;
        if (field->kind == TEXTS)
            show_text(arena, stem, *(const Str *)at);
        else
            show_fields(arena, stem, field->fields, at, currency);
    }
}

static void
show_field(Arena *arena, const char *path, const Field *field, const char *from, Str currency)
{
    const void *at = from + field->at;
    switch (field->kind) {
    case TEXT:
        show_text(arena, path, *(const Str *)at);
        break;
    case MOMENT:
        show_at(path, *(const int64_t *)at);
        break;
    case AMOUNT:
        show_amount(arena, path, *(const int64_t *)at, currency);
        break;
    case NUMBER:
        printf("%-32s %" PRId64 "\n", path, *(const int64_t *)at);
        break;
    case NUMBER_SMALL:
        printf("%-32s %" PRId32 "\n", path, *(const int32_t *)at);
        break;
    case FLAG:
        printf("%-32s %s\n", path, *(const bool *)at ? "yes" : "no");
        break;
    case WORD:
        printf("%-32s %s\n", path, field->words[*(const unsigned *)at]);
        break;
    case STRUCT:
        show_fields(arena, path, field->fields, at, currency);
        break;
    case LIST:
    case TEXTS:
        show_list(arena, path, field, from, currency);
        break;
    }
}

/* A currency stands first in what has one, and holds for all below. */
static void
show_fields(Arena *arena, const char *path, const Field *fields, const char *from, Str currency)
{
    for (const Field *field = fields; field->name; field++) {
        show_field(arena, arena_format(arena, "%s.%s", path, field->name), field, from, currency);
        if (strcmp(field->name, "currency") == 0 &&
            ((const Str *)(const void *)(from + field->at))->len)
            currency = *(const Str *)(const void *)(from + field->at);
    }
}

/* The first of a noun is called by it alone: order.name, order[1].name. */
static void
show_facts(Arena *arena, const Facts *facts)
{
    const char *from = (const char *)facts;
    show_text(arena, "declined", facts->declined);
    if (facts->disconnected)
        printf("%-32s yes\n", "disconnected");
    for (const Field *field = facts_fields; field->name; field++) {
        const char *list = *(const char *const *)(const void *)(from + field->at);
        size_t count = *(const size_t *)(const void *)(from + field->count_at);
        if (count)
            printf("%-32s %zu\n", arena_format(arena, "%s_count", field->name), count);
        for (size_t i = 0; i < count; i++)
            show_fields(arena, i ? arena_format(arena, "%s[%zu]", field->name, i) : field->name,
                        field->fields, list + i * field->size, STR("EUR"));
    }
}

static int
show_error(const GError *error)
{
    printf("error %s %s\n", error_row(error)->slug, error->message);
    return 0;
}

/* ---- asking -------------------------------------------------------------------------------------- */

/* A file of `Name: value` lines, as they were recorded. */
static Str
header_get(const void *request, const char *name)
{
    Str rest = str_of(request), line, field;
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, ':', &field) && str_eq_nocase(str_trim(field), name))
            return str_trim(line);
    return (Str){0};
}

/* What the shop has set: `key=value` lines of the file that PROBE_SETTINGS names. */
static Str
setting_get(const void *shop, const char *key)
{
    Arena *arena = (Arena *)shop;
    const char *file = g_getenv("PROBE_SETTINGS");
    g_autofree char *text = NULL;
    if (!file || !g_file_get_contents(file, &text, NULL, NULL))
        return (Str){0};
    Str rest = arena_copy(arena, str_of(text)), line, name;
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, '=', &name) && str_is(name, key))
            return str_trim(line);
    return (Str){0};
}

static int
probe_read(Arena *arena, const Connector *connector, const char *topic, Str body)
{
    g_autoptr(GError) error = NULL;
    Facts facts = {0};
    ConnectorAsk ask = {
        .arena = arena,
        .topic = str_of(topic),
        .body = body,
        .currency = "EUR",
        .settings = {setting_get, arena},
    };
    if (!connector->read(&ask, &facts, &error))
        return show_error(error);
    show_facts(arena, &facts);
    return 0;
}

static int
probe_check(Arena *arena, const Connector *connector, const char *secret, const char *headers,
            Str body)
{
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, str_of(secret));
    g_autoptr(GError) error = NULL;
    ConnectorSecret shared = {str_of(secret), key};
    PlugHeaders found = {header_get, headers};
    Envelope envelope = {0};
    ConnectorKnock knock = {found, body, &shared, 0, {setting_get, arena}};
    if (!connector->check(&knock, &envelope, &error))
        return show_error(error);
    show_text(arena, "topic", envelope.topic);
    show_text(arena, "delivery", envelope.delivery);
    return 0;
}

static int
probe_list(void)
{
    for (size_t i = 0; connector_nth(i); i++)
        printf("%s\n", connector_nth(i)->name);
    return 0;
}

static Str
file_load(const char *path, GError **error)
{
    Str ret = {0};
    char *bytes = NULL;
    if (g_file_get_contents(path, &bytes, &ret.len, error))
        ret.at = bytes;
    return ret;
}

int
main(int argc, char **argv)
{
    bool reads = argc == 5 && g_str_equal(argv[1], "read");
    bool checks = argc == 6 && g_str_equal(argv[1], "check");
    if (argc == 2 && g_str_equal(argv[1], "list"))
        return probe_list();
    const Connector *connector = reads || checks ? connector_find(str_of(argv[2])) : NULL;
    if (!connector) {
        fprintf(
            stderr,
            "plug_probe list | read CONNECTOR TOPIC BODY | check CONNECTOR SECRET HEADERS BODY\n");
        return 2;
    }
    g_autoptr(Arena) arena = arena_new(SIZE_MAX / 8);
    g_autoptr(GError) error = NULL;
    Str body = file_load(argv[argc - 1], &error);
    Str headers = checks ? file_load(argv[4], &error) : (Str){0};
    if (error) {
        fprintf(stderr, "plug_probe: %s\n", error->message);
        return 1;
    }
    int code = reads ? probe_read(arena, connector, argv[3], body)
                     : probe_check(arena, connector, argv[3], headers.at, body);
    g_free((char *)body.at);
    g_free((char *)headers.at);
    return code;
}
