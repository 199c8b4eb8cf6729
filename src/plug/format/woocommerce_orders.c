/* woocommerce_orders.c - the orders of WooCommerce as its import and export plugin (WebToffee) writes them.
 *
 * One row an order; its lines stand in the columns line_item_1, line_item_2 ... as
 * `name:Boots|product_id:31|sku:B-42|quantity:1|total:120.00|sub_total:149.00`. WooCommerce's own export (Analytics > Orders)
 * has neither addresses nor amounts of lines and cannot be imported. Amounts are net, tax stands beside them; dates are of
 * the shop's zone. https://www.webtoffee.com/documentation/woocommerce/order-import-export-plugin-for-woocommerce/
 */
#include "base/limits.h"
#include "base/money.h"
#include "plug/format/format.h"

enum {
    ID,
    NUMBER,
    DATE,
    PAID,
    STATUS,
    SHIPPING,
    FEES,
    TAX,
    DISCOUNT,
    TOTAL,
    CURRENCY,
    SHIPPING_METHOD,
    CUSTOMER,
    EMAIL,
    NOTE,
    COUPONS,
    LANGUAGE,
    BILL_FIRST,
    BILL_LAST,
    BILL_COMPANY,
    BILL_EMAIL,
    BILL_PHONE,
    BILL_LINE1,
    BILL_LINE2,
    BILL_ZIP,
    BILL_CITY,
    BILL_STATE,
    BILL_COUNTRY,
    SHIP_FIRST,
    SHIP_LAST,
    SHIP_COMPANY,
    SHIP_PHONE,
    SHIP_LINE1,
    SHIP_LINE2,
    SHIP_ZIP,
    SHIP_CITY,
    SHIP_STATE,
    SHIP_COUNTRY,
};

static const FormatColumn columns[] = {
    [ID] = {"order_id", true},
    [NUMBER] = {"order_number"},
    [DATE] = {"order_date|date_created", true},
    [PAID] = {"paid_date"},
    [STATUS] = {"status|order_status", true},
    [SHIPPING] = {"shipping_total"},
    [FEES] = {"fee_total"},
    [TAX] = {"tax_total"},
    [DISCOUNT] = {"discount_total"},
    [TOTAL] = {"order_total", true},
    [CURRENCY] = {"order_currency"},
    [SHIPPING_METHOD] = {"shipping_method"},
    [CUSTOMER] = {"customer_id|customer_user"},
    [EMAIL] = {"customer_email"},
    [NOTE] = {"customer_note"},
    [COUPONS] = {"coupon_items"},
    [LANGUAGE] = {"meta:wpml_language"},
    [BILL_FIRST] = {"billing_first_name"},
    [BILL_LAST] = {"billing_last_name"},
    [BILL_COMPANY] = {"billing_company"},
    [BILL_EMAIL] = {"billing_email"},
    [BILL_PHONE] = {"billing_phone"},
    [BILL_LINE1] = {"billing_address_1"},
    [BILL_LINE2] = {"billing_address_2"},
    [BILL_ZIP] = {"billing_postcode"},
    [BILL_CITY] = {"billing_city"},
    [BILL_STATE] = {"billing_state"},
    [BILL_COUNTRY] = {"billing_country"},
    [SHIP_FIRST] = {"shipping_first_name"},
    [SHIP_LAST] = {"shipping_last_name"},
    [SHIP_COMPANY] = {"shipping_company"},
    [SHIP_PHONE] = {"shipping_phone"},
    [SHIP_LINE1] = {"shipping_address_1"},
    [SHIP_LINE2] = {"shipping_address_2"},
    [SHIP_ZIP] = {"shipping_postcode"},
    [SHIP_CITY] = {"shipping_city"},
    [SHIP_STATE] = {"shipping_state"},
    [SHIP_COUNTRY] = {"shipping_country"},
    {0},
};

static bool
woo_claims(Str name)
{
    static const char *const known[] = {
        "shipping_tax_total", "fee_tax_total",       "cart_discount",       "order_discount",
        "order_subtotal",     "order_key",           "payment_method",      "payment_method_title",
        "transaction_id",     "customer_ip_address", "customer_user_agent", "customer_user",
        "wt_import_key",      "shipping_items",      "fee_items",           "tax_items",
        "refund_items",       "order_notes",         "download_permissions"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (str_is(name, known[i]))
            return true;
    return str_starts(name, "line_item_") || str_starts(name, "Product Item ") ||
           str_starts(name, "meta:");
}

/* By the status alone: the table tells neither refunds nor shipments. */
static const struct {
    const char *theirs;
    Payment payment;
    Fulfilment fulfilment;
    bool cancelled;
    bool draft; /* nobody bought it */
} statuses[] = {
    {"pending", PAYMENT_PENDING, FULFILMENT_NONE, false, false},
    {"on-hold", PAYMENT_PENDING, FULFILMENT_NONE, false, false},
    {"processing", PAYMENT_PAID, FULFILMENT_NONE, false, false},
    {"completed", PAYMENT_PAID, FULFILMENT_DONE, false, false},
    {"refunded", PAYMENT_REFUNDED, FULFILMENT_DONE, false, false},
    {"cancelled", PAYMENT_VOIDED, FULFILMENT_NONE, true, false},
    {"failed", PAYMENT_VOIDED, FULFILMENT_NONE, true, false},
    {"checkout-draft", PAYMENT_PENDING, FULFILMENT_NONE, false, true},
    {"trash", PAYMENT_PENDING, FULFILMENT_NONE, false, true},
};

static bool
status_read(const FormatRecord *record, Order *order, GError **error)
{
    Str status = cell_text(record, 0, STATUS);
    if (str_starts(status, "wc-"))
        status = str_sub(status, 3, status.len);
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (!str_eq_nocase(status, statuses[i].theirs))
            continue;
        order->payment = statuses[i].payment;
        order->fulfilment = statuses[i].fulfilment;
        order->cancelled_at = statuses[i].cancelled ? order->placed_at : 0;
        order->quiet = statuses[i].draft ? QUIET_DRAFT : QUIET_NO;
        return true;
    }
    /* A plugin's own, as wc-shipped: nothing is known of it but that the order is there. */
    if (status.len)
        return true;
    fail(error, ERR_INPUT, "is missing");
    return cell_fail(error, record, 0, STATUS);
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

/* One member of `name:Boots|product_id:31|...`. The name may hold a bar of its own: then it ends before the first
 * member that is known. */
static Str
item_get(Str item, const char *key)
{
    static const char *const keys[] = {
        "product_id:", "sku:", "quantity:", "total:", "sub_total:", "meta:"};
    Str rest = item;
    if (str_is(str_of(key), "name:") && str_starts(item, key)) {
        rest = str_sub(item, 5, item.len);
        size_t end = rest.len;
        for (size_t i = 0; i < rest.len && end == rest.len; i++)
            for (size_t k = 0; k < G_N_ELEMENTS(keys) && rest.at[i] == '|'; k++)
                if (str_starts(str_sub(rest, i + 1, rest.len), keys[k]))
                    end = i;
        return str_trim(str_sub(rest, 0, end));
    }
    for (Str part; str_split(&rest, '|', &part);)
        if (str_starts(part, key))
            return str_trim(str_sub(part, str_of(key).len, part.len));
    return (Str){0};
}

static bool
item_amount(Str item, const char *key, const char *currency, int64_t *ret, GError **error)
{
    Str text = item_get(item, key);
    Money money = {0};
    if (text.len && !money_parse_rounded(text, currency, &money, error))
        return false;
    if (money.minor > INT64_MAX / 4096 || money.minor < INT64_MIN / 4096)
        return fail(error, ERR_INPUT, "the amount is too large");
    *ret = money.minor;
    return true;
}

static bool
item_read(Arena *arena, Str item, size_t number, const char *currency, OrderLine *ret,
          GError **error)
{
    OrderLine line = {
        .foreign_id = str_of(arena_format(arena, "%zu", number)),
        .title = item_get(item, "name:"),
        .sku = item_get(item, "sku:"),
        .product_foreign_id = item_get(item, "product_id:"),
        .ships = true,
    };
    Str quantity = item_get(item, "quantity:");
    int64_t whole = 0, charged = 0;
    Money price = {0};
    line.quantity = quantity.len ? g_ascii_strtoll(arena_cstr(arena, quantity), NULL, 10) : 1;
    if (!line.title.len)
        return fail(error, ERR_INPUT, "the line has no name");
    if (line.quantity < 1 || line.quantity > 1000000)
        return fail(error, ERR_INPUT, "the quantity is not a number from 1 to 1,000,000");
    if (!item_amount(item, "total:", currency, &charged, error) ||
        !item_amount(item, "sub_total:", currency, &whole, error))
        return false;
    if (!item_get(item, "sub_total:").len)
        whole = charged;
    must(money_share((Money){.minor = whole}, 1, line.quantity, &price));
    line.price = price.minor;
    /* The rest of the division, too: price times quantity less discount is what was charged. */
    line.discount = line.price * line.quantity - charged;
    if (str_is(line.product_foreign_id, "0"))
        line.product_foreign_id = (Str){0};
    *ret = line;
    return true;
}

static Str
row_cell(const FormatRow *row, size_t place)
{
    return place < row->count ? str_trim(row->cells[place]) : (Str){0};
}

static bool
lines_read(Arena *arena, const FormatRecord *record, Order *order, GError **error)
{
    const FormatTable *table = record->table;
    OrderLine *lines = arena_new_of(arena, OrderLine, MIN(table->width, LIMIT_ORDER_LINES));
    for (size_t i = 0; i < table->width; i++) {
        Str item = row_cell(&record->rows[0], i);
        if (!str_starts(table->header[i], "line_item_") || !item.len)
            continue;
        if (order->line_count == LIMIT_ORDER_LINES)
            return fail(error, ERR_TOO_BIG, "the order has more than %d lines", LIMIT_ORDER_LINES);
        OrderLine *line = &lines[order->line_count++];
        if (!item_read(arena, item, order->line_count, order->currency.at, line, error))
            return fail_at(error, "line %" G_GINT64_FORMAT ", " STR_FMT, record->rows[0].line,
                           STR_ARG(table->header[i]));
        order->subtotal += line->price * line->quantity - line->discount;
    }
    order->lines = lines;
    return true;
}

/* ---- the order -------------------------------------------------------------------------------------------------- */

static PostalAddress
address_read(Arena *arena, const FormatRecord *record, bool billing)
{
    int first = billing ? BILL_FIRST : SHIP_FIRST, line1 = billing ? BILL_LINE1 : SHIP_LINE1;
    Str country = cell_text(record, 0, billing ? BILL_COUNTRY : SHIP_COUNTRY);
    Str state = cell_text(record, 0, billing ? BILL_STATE : SHIP_STATE);
    return (PostalAddress){
        .name = str_trim(
            str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(cell_text(record, 0, first)),
                                STR_ARG(cell_text(record, 0, first + 1))))),
        .company = cell_text(record, 0, first + 2),
        .line1 = cell_text(record, 0, line1),
        .line2 = cell_text(record, 0, line1 + 1),
        .zip = cell_text(record, 0, line1 + 2),
        .city = cell_text(record, 0, line1 + 3),
        .province = state,
        .province_code = state,
        .country = country,
        .country_code = country,
        .phone = cell_text(record, 0, billing ? BILL_PHONE : SHIP_PHONE),
    };
}

/* code:SPRING|amount:10;code:ANA10|... */
static Str
coupons_read(Arena *arena, const FormatRecord *record)
{
    Buf codes = {.arena = arena};
    Str rest = cell_text(record, 0, COUPONS);
    size_t at;
    while (str_find(rest, STR("code:"), &at)) {
        rest = str_sub(rest, at + 5, rest.len);
        size_t len = 0;
        while (len < rest.len && rest.at[len] != '|' && rest.at[len] != ';')
            len++;
        buf_add_cstr(&codes, codes.len ? ", " : "");
        buf_add_str(&codes, str_sub(rest, 0, len));
    }
    return buf_str(&codes);
}

static Customer
customer_read(const FormatRecord *record, const Order *order)
{
    Str account = cell_text(record, 0, CUSTOMER);
    return (Customer){
        .foreign_id = str_is(account, "0") ? (Str){0} : account,
        .email = order->email,
        .phone = order->phone,
        .first_name = cell_text(record, 0, BILL_FIRST),
        .last_name = cell_text(record, 0, BILL_LAST),
        .company = cell_text(record, 0, BILL_COMPANY),
        .locale = order->locale,
    };
}

static bool
amounts_read(const FormatRecord *record, Order *order, GError **error)
{
    const char *currency = order->currency.at;
    return cell_amount(record, 0, SHIPPING, currency, &order->shipping, error) &&
           cell_amount(record, 0, FEES, currency, &order->fees, error) &&
           cell_amount(record, 0, TAX, currency, &order->tax, error) &&
           cell_amount(record, 0, DISCOUNT, currency, &order->discount, error) &&
           cell_amount(record, 0, TOTAL, currency, &order->total, error);
}

static bool
woo_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Str currency = cell_text(record, 0, CURRENCY), number = cell_text(record, 0, NUMBER);
    Str email = cell_text(record, 0, BILL_EMAIL), id = cell_text(record, 0, ID);
    Order *order = arena_new_of(arena, Order, 1);
    *order = (Order){
        .foreign_id = id,
        .name = str_of(arena_format(arena, "#" STR_FMT, STR_ARG(number.len ? number : id))),
        .email = email.len ? email : cell_text(record, 0, EMAIL),
        .phone = cell_text(record, 0, BILL_PHONE),
        .locale = cell_text(record, 0, LANGUAGE),
        .currency =
            arena_copy(arena, currency.len ? currency : str_of(record->table->shop.currency)),
        .shipping_title = cell_text(record, 0, SHIPPING_METHOD),
        .discount_codes = coupons_read(arena, record),
        .ship_to = address_read(arena, record, false),
        .bill_to = address_read(arena, record, true),
        .note = cell_text(record, 0, NOTE),
    };
    if (!id.len || order->currency.len != 3 || money_digits(order->currency.at) < 0) {
        fail(error, ERR_INPUT, id.len ? "this is no ISO 4217 currency" : "is missing");
        return cell_fail(error, record, 0, id.len ? CURRENCY : ID);
    }
    if (!cell_moment(record, 0, DATE, &order->placed_at, error))
        return false;
    if (!order->placed_at) {
        fail(error, ERR_INPUT, "is missing");
        return cell_fail(error, record, 0, DATE);
    }
    if (!status_read(record, order, error) || !amounts_read(record, order, error) ||
        !lines_read(arena, record, order, error))
        return false;
    order->customer = customer_read(record, order);
    ret->facts = (Facts){.source = STR("woocommerce"), .orders = order, .order_count = 1};
    return true;
}

const Format format_woocommerce_orders = {
    .name = "woocommerce-orders",
    .title = "WooCommerce orders",
    .help = "The plugin Order Export & Order Import for WooCommerce: Export, all columns, line "
            "items in columns.",
    .columns = columns,
    .claims = woo_claims,
    .read = woo_read,
};
