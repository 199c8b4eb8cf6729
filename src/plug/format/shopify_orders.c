/* shopify_orders.c - Shopify admin > Orders > Export: every line of an order is a row, the first one has all the rest.
 *
 * https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders; columns come and go with the years, so
 * all but a few may be missing. There is no version in it, and no word on whether prices hold tax: that follows from
 * the amounts.
 */
#include "base/limits.h"
#include "base/money.h"
#include "plug/format/format.h"

#include <string.h>

enum {
    NAME,
    ID,
    EMAIL,
    PHONE,
    CREATED,
    CURRENCY,
    SUBTOTAL,
    SHIPPING,
    TAXES,
    TOTAL,
    DISCOUNT_CODE,
    DISCOUNT,
    SHIPPING_METHOD,
    FINANCIAL,
    FULFILMENT,
    CANCELLED,
    ACCEPTS,
    PAYMENT_METHOD,
    NOTES,
    TAGS,
    SOURCE,
    RISK,
    EMPLOYEE,
    LINE_QUANTITY,
    LINE_NAME,
    LINE_PRICE,
    LINE_SKU,
    LINE_SHIPS,
    LINE_DISCOUNT,
    VENDOR,
    BILL_NAME,
    BILL_LINE1,
    BILL_LINE2,
    BILL_COMPANY,
    BILL_CITY,
    BILL_ZIP,
    BILL_PROVINCE,
    BILL_COUNTRY,
    BILL_PHONE,
    BILL_PROVINCE_NAME,
    SHIP_NAME,
    SHIP_LINE1,
    SHIP_LINE2,
    SHIP_COMPANY,
    SHIP_CITY,
    SHIP_ZIP,
    SHIP_PROVINCE,
    SHIP_COUNTRY,
    SHIP_PHONE,
    SHIP_PROVINCE_NAME,
    IGNORED_FIRST,
};

static const FormatColumn columns[] = {
    [NAME] = {"Name", true},
    [ID] = {"Id|Order ID", true},
    [EMAIL] = {"Email"},
    [PHONE] = {"Phone"},
    [CREATED] = {"Created at", true},
    [CURRENCY] = {"Currency"},
    [SUBTOTAL] = {"Subtotal"},
    [SHIPPING] = {"Shipping"},
    [TAXES] = {"Taxes"},
    [TOTAL] = {"Total", true},
    [DISCOUNT_CODE] = {"Discount Code"},
    [DISCOUNT] = {"Discount Amount"},
    [SHIPPING_METHOD] = {"Shipping Method"},
    [FINANCIAL] = {"Financial Status"},
    [FULFILMENT] = {"Fulfillment Status"},
    [CANCELLED] = {"Cancelled at"},
    [ACCEPTS] = {"Accepts Marketing"},
    [PAYMENT_METHOD] = {"Payment Method"},
    [NOTES] = {"Notes"},
    [TAGS] = {"Tags"},
    [SOURCE] = {"Source"},
    [RISK] = {"Risk Level"},
    [EMPLOYEE] = {"Employee"},
    [LINE_QUANTITY] = {"Lineitem quantity", true},
    [LINE_NAME] = {"Lineitem name", true},
    [LINE_PRICE] = {"Lineitem price", true},
    [LINE_SKU] = {"Lineitem sku"},
    [LINE_SHIPS] = {"Lineitem requires shipping"},
    [LINE_DISCOUNT] = {"Lineitem discount"},
    [VENDOR] = {"Vendor"},
    [BILL_NAME] = {"Billing Name"},
    [BILL_LINE1] = {"Billing Address1|Billing Street"},
    [BILL_LINE2] = {"Billing Address2"},
    [BILL_COMPANY] = {"Billing Company"},
    [BILL_CITY] = {"Billing City"},
    [BILL_ZIP] = {"Billing Zip"},
    [BILL_PROVINCE] = {"Billing Province"},
    [BILL_COUNTRY] = {"Billing Country"},
    [BILL_PHONE] = {"Billing Phone"},
    [BILL_PROVINCE_NAME] = {"Billing Province Name"},
    [SHIP_NAME] = {"Shipping Name"},
    [SHIP_LINE1] = {"Shipping Address1|Shipping Street"},
    [SHIP_LINE2] = {"Shipping Address2"},
    [SHIP_COMPANY] = {"Shipping Company"},
    [SHIP_CITY] = {"Shipping City"},
    [SHIP_ZIP] = {"Shipping Zip"},
    [SHIP_PROVINCE] = {"Shipping Province"},
    [SHIP_COUNTRY] = {"Shipping Country"},
    [SHIP_PHONE] = {"Shipping Phone"},
    [SHIP_PROVINCE_NAME] = {"Shipping Province Name"},
    {0},
};

/* Columns that are always there and tell nothing that an order needs: no reason to warn. */
static bool
shopify_claims(Str name)
{
    static const char *const known[] = {"Paid at",
                                        "Fulfilled at",
                                        "Lineitem compare at price",
                                        "Lineitem taxable",
                                        "Lineitem fulfillment status",
                                        "Billing Street",
                                        "Shipping Street",
                                        "Note Attributes",
                                        "Payment Reference",
                                        "Refunded Amount",
                                        "Outstanding Balance",
                                        "Location",
                                        "Device ID",
                                        "Receipt Number",
                                        "Duties",
                                        "Payment ID",
                                        "Payment Terms Name",
                                        "Next Payment Due At",
                                        "Payment References"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (str_eq_nocase(name, known[i]))
            return true;
    return str_starts(name, "Tax ");
}

static const struct {
    const char *theirs;
    Payment payment;
} financial[] = {
    {"pending", PAYMENT_PENDING},
    {"expired", PAYMENT_VOIDED},
    {"authorized", PAYMENT_AUTHORIZED},
    {"partially_paid", PAYMENT_PARTLY_PAID},
    {"paid", PAYMENT_PAID},
    {"partially_refunded", PAYMENT_PARTLY_REFUNDED},
    {"refunded", PAYMENT_REFUNDED},
    {"voided", PAYMENT_VOIDED},
};

static bool
financial_read(const FormatRecord *record, Payment *ret, GError **error)
{
    Str text = cell_text(record, 0, FINANCIAL);
    for (size_t i = 0; i < G_N_ELEMENTS(financial); i++) {
        if (!str_eq_nocase(text, financial[i].theirs))
            continue;
        *ret = financial[i].payment;
        return true;
    }
    if (!text.len)
        return true;
    fail(error, ERR_INPUT, "'" STR_FMT "' is no financial status we know",
         STR_ARG(str_sub(text, 0, 60)));
    return cell_fail(error, record, 0, FINANCIAL);
}

static Fulfilment
fulfilment_read(const FormatRecord *record)
{
    Str text = cell_text(record, 0, FULFILMENT);
    if (str_eq_nocase(text, "fulfilled"))
        return FULFILMENT_DONE;
    return str_eq_nocase(text, "partial") ? FULFILMENT_PARTIAL : FULFILMENT_NONE;
}

/* Country and province are codes here; the codes are better than nothing where an address is shown. */
static PostalAddress
address_read(const FormatRecord *record, int first)
{
    enum {
        OF_LINE1 = 1,
        OF_LINE2,
        OF_COMPANY,
        OF_CITY,
        OF_ZIP,
        OF_PROVINCE,
        OF_COUNTRY,
        OF_PHONE,
        OF_PROVINCE_NAME
    };
    Str country = cell_text(record, 0, first + OF_COUNTRY);
    Str province = cell_text(record, 0, first + OF_PROVINCE);
    Str name = cell_text(record, 0, first + OF_PROVINCE_NAME);
    return (PostalAddress){
        .name = cell_text(record, 0, first),
        .company = cell_text(record, 0, first + OF_COMPANY),
        .line1 = cell_text(record, 0, first + OF_LINE1),
        .line2 = cell_text(record, 0, first + OF_LINE2),
        .zip = cell_text(record, 0, first + OF_ZIP),
        .city = cell_text(record, 0, first + OF_CITY),
        .province = name.len ? name : province,
        .province_code = province,
        .country = country,
        .country_code = country.len == 2 ? country : (Str){0},
        .phone = cell_text(record, 0, first + OF_PHONE),
    };
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

/* "Boots - 42 / brown": the variant stands behind the last dash. */
static void
line_name(const FormatRecord *record, size_t row, OrderLine *line)
{
    Str name = cell_text(record, row, LINE_NAME);
    size_t at = 0, dash = 0;
    for (Str rest = name; str_find(rest, STR(" - "), &at); rest = str_sub(name, dash + 3, name.len))
        dash += dash ? at + 3 : at;
    line->title = dash ? str_sub(name, 0, dash) : name;
    line->variant = dash ? str_sub(name, dash + 3, name.len) : (Str){0};
}

static bool
line_read(Arena *arena, const FormatRecord *record, size_t row, const char *currency,
          OrderLine *ret, GError **error)
{
    Str ships = cell_text(record, row, LINE_SHIPS);
    OrderLine line = {
        .foreign_id = str_of(arena_format(arena, "%zu", row + 1)),
        .sku = cell_text(record, row, LINE_SKU),
        .vendor = cell_text(record, row, VENDOR),
        .ships = !ships.len || cell_yes(record, row, LINE_SHIPS),
    };
    line_name(record, row, &line);
    if (!line.title.len) {
        fail(error, ERR_INPUT, "is missing");
        return cell_fail(error, record, row, LINE_NAME);
    }
    if (!cell_count(record, row, LINE_QUANTITY, &line.quantity, error) ||
        !cell_amount(record, row, LINE_PRICE, currency, &line.price, error) ||
        !cell_amount(record, row, LINE_DISCOUNT, currency, &line.discount, error))
        return false;
    int64_t whole;
    if (__builtin_mul_overflow(line.price, line.quantity, &whole) || whole > INT64_MAX / 4096 ||
        whole < INT64_MIN / 4096) {
        fail(error, ERR_INPUT, "the line is too large");
        return cell_fail(error, record, row, LINE_PRICE);
    }
    *ret = line;
    return true;
}

/* A discount on the whole order stands in no line, yet the lines have to add up to the subtotal: each takes its share,
 * the last one what the division leaves over. */
static void
discount_spread(OrderLine *lines, size_t count, int64_t subtotal)
{
    int64_t sum = 0, left;
    for (size_t i = 0; i < count; i++)
        sum += lines[i].price * lines[i].quantity - lines[i].discount;
    left = sum - subtotal;
    if (left <= 0 || sum <= 0)
        return;
    const int64_t all = left;
    for (size_t i = 0; i < count; i++) {
        Money whole = {.minor = lines[i].price * lines[i].quantity - lines[i].discount};
        Money share = {.minor = left};
        if (i + 1 < count && !money_share(whole, all, sum, &share))
            return;
        share.minor = MIN(share.minor, left);
        lines[i].discount += share.minor;
        left -= share.minor;
    }
}

static bool
lines_read(Arena *arena, const FormatRecord *record, Order *order, bool has_subtotal,
           GError **error)
{
    OrderLine *lines = arena_new_of(arena, OrderLine, record->count);
    for (size_t i = 0; i < record->count; i++)
        if (!line_read(arena, record, i, order->currency.at, &lines[i], error))
            return false;
    if (has_subtotal)
        discount_spread(lines, record->count, order->subtotal);
    order->lines = lines;
    order->line_count = record->count;
    return true;
}

/* ---- the order ---------------------------------------------------------------------------------------------- */

static bool
amounts_read(const FormatRecord *record, Order *order, GError **error)
{
    const char *currency = order->currency.at;
    if (!cell_amount(record, 0, SUBTOTAL, currency, &order->subtotal, error) ||
        !cell_amount(record, 0, SHIPPING, currency, &order->shipping, error) ||
        !cell_amount(record, 0, TAXES, currency, &order->tax, error) ||
        !cell_amount(record, 0, DISCOUNT, currency, &order->discount, error) ||
        !cell_amount(record, 0, TOTAL, currency, &order->total, error))
        return false;
    /* With the tax on top the three add up to the total; within the prices, two of them do. */
    int64_t sum = 0;
    order->tax_included = order->tax &&
                          !__builtin_add_overflow(order->subtotal, order->shipping, &sum) &&
                          ABS(sum - order->total) < order->tax - ABS(sum - order->total);
    return true;
}

static bool
moments_read(const FormatRecord *record, Order *order, GError **error)
{
    if (!cell_moment(record, 0, CREATED, &order->placed_at, error) ||
        !cell_moment(record, 0, CANCELLED, &order->cancelled_at, error))
        return false;
    if (order->placed_at)
        return true;
    fail(error, ERR_INPUT, "is missing");
    return cell_fail(error, record, 0, CREATED);
}

static Str
currency_read(Arena *arena, const FormatRecord *record)
{
    Str text = cell_text(record, 0, CURRENCY);
    return arena_copy(arena, text.len ? text : str_of(record->table->shop.currency));
}

static Customer
customer_read(const Order *order)
{
    Customer customer = {.email = order->email, .phone = order->phone};
    Str name = order->bill_to.name.len ? order->bill_to.name : order->ship_to.name;
    name_split(name, &customer.first_name, &customer.last_name);
    return customer;
}

/* "yes" is a choice that was made at the checkout; "no" may be none at all. */
static void
consent_read(Arena *arena, const FormatRecord *record, const Order *order, Facts *facts)
{
    if (!cell_yes(record, 0, ACCEPTS) || !order->email.len)
        return;
    ConsentFact *consent = arena_new_of(arena, ConsentFact, 1);
    *consent = (ConsentFact){
        .channel = STR("email"),
        .address = order->email,
        .given = true,
        .basis = STR("opt_in"),
        .proof = str_of(arena_format(arena,
                                     "Accepted marketing in order " STR_FMT ", by Shopify's export",
                                     STR_ARG(order->name))),
        .chosen_at = order->placed_at,
    };
    facts->consents = consent;
    facts->consent_count = 1;
}

static Str
shopify_key(Arena *arena, const FormatTable *table, const FormatRow *row)
{
    FormatRecord record = {.table = table, .rows = row, .count = 1};
    return cell_text(&record, 0, NAME);
}

static bool
shopify_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Str phone = cell_text(record, 0, PHONE), method = cell_text(record, 0, PAYMENT_METHOD);
    Order *order = arena_new_of(arena, Order, 1);
    size_t bogus;
    *order = (Order){
        .foreign_id = cell_text(record, 0, ID),
        .name = cell_text(record, 0, NAME),
        .email = cell_text(record, 0, EMAIL),
        .currency = currency_read(arena, record),
        .discount_codes = cell_text(record, 0, DISCOUNT_CODE),
        .shipping_title = cell_text(record, 0, SHIPPING_METHOD),
        .channel = cell_text(record, 0, SOURCE),
        .tags = cell_text(record, 0, TAGS),
        .fulfilment = fulfilment_read(record),
        /* "(for testing) Bogus Gateway" */
        .quiet = str_find(method, STR("ogus"), &bogus) ? QUIET_TEST : QUIET_NO,
        .in_person = str_eq_nocase(cell_text(record, 0, SOURCE), "pos"),
        .ship_to = address_read(record, SHIP_NAME),
        .bill_to = address_read(record, BILL_NAME),
        .note = cell_text(record, 0, NOTES),
    };
    order->phone = phone.len                  ? phone
                   : order->ship_to.phone.len ? order->ship_to.phone
                                              : order->bill_to.phone;
    if (!order->foreign_id.len) {
        fail(error, ERR_INPUT, "is missing");
        return cell_fail(error, record, 0, ID);
    }
    if (order->currency.len != 3 || money_digits(order->currency.at) < 0) {
        fail(error, ERR_INPUT, "'" STR_FMT "' is no ISO 4217 currency", STR_ARG(order->currency));
        return cell_fail(error, record, 0, CURRENCY);
    }
    bool has_subtotal = cell_text(record, 0, SUBTOTAL).len > 0;
    if (!moments_read(record, order, error) || !financial_read(record, &order->payment, error) ||
        !amounts_read(record, order, error) ||
        !lines_read(arena, record, order, has_subtotal, error))
        return false;
    order->customer = customer_read(order);
    ret->facts = (Facts){.source = STR("shopify"), .orders = order, .order_count = 1};
    consent_read(arena, record, order, &ret->facts);
    return true;
}

const Format format_shopify_orders = {
    .name = "shopify-orders",
    .title = "Shopify orders",
    .help = "Shopify admin > Orders > Export, CSV for Excel or plain.",
    .columns = columns,
    .claims = shopify_claims,
    .key = shopify_key,
    .read = shopify_read,
};
