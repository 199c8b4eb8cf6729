/* order_field.c - what can be said of an order, by name; see order_field.h.
 *
 * The names are the columns of postlude-orders, the members of its JSON lines (there customer, ship_to, bill_to and lines
 * are objects, and what stands behind the dot is their member) and the keys of a map.
 */
#include "base/money.h"
#include "base/nearest.h"
#include "base/when.h"
#include "plug/order_field.h"

#include <string.h>

static const OrderField fields[] = {
    {"id", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, foreign_id),
     "The shop system's id of the order. Needed."},
    {"name", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, name),
     "As people say it: #1001; without it, the id."},
    {"email", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, email), "Where its mails go."},
    {"phone", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, phone), ""},
    {"locale", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, locale),
     "Language of the buyer: fr, pt-BR."},
    {"currency", OF_ORDER, ORDER_FIELD_CURRENCY, offsetof(Order, currency),
     "ISO 4217; without it, the shop's."},
    {"subtotal", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, subtotal),
     "Of the lines, after discounts; without it, their sum."},
    {"shipping", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, shipping), ""},
    {"fees", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, fees),
     "Payment, gift wrap and the like."},
    {"tax", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, tax),
     "All of it, also where the prices hold it."},
    {"discount", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, discount),
     "All of it, for showing; it is taken off already."},
    {"total", OF_ORDER, ORDER_FIELD_AMOUNT, offsetof(Order, total),
     "What the buyer pays; without it, the sum of all."},
    {"tax_included", OF_ORDER, ORDER_FIELD_YES, offsetof(Order, tax_included),
     "yes: the prices hold the tax."},
    {"discount_codes", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, discount_codes),
     "SPRING, ANA10"},
    {"shipping_title", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, shipping_title),
     "As the buyer chose it: Standard."},
    {"channel", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, channel),
     "Where it was sold: web, pos."},
    {"url", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, url), "The shop system's own page of it."},
    {"tags", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, tags), ""},
    {"payment", OF_ORDER, ORDER_FIELD_PAYMENT, offsetof(Order, payment),
     "pending, authorized, partly_paid, paid, partly_refunded, refunded, voided."},
    {"fulfilment", OF_ORDER, ORDER_FIELD_FULFILMENT, offsetof(Order, fulfilment),
     "none, partial, fulfilled."},
    {"quiet", OF_ORDER, ORDER_FIELD_QUIET, offsetof(Order, quiet),
     "Never causes a mail: test, draft, fraud, marketplace."},
    {"gift", OF_ORDER, ORDER_FIELD_YES, offsetof(Order, gift), "yes: prices stay off its page."},
    {"renewal", OF_ORDER, ORDER_FIELD_YES, offsetof(Order, renewal),
     "yes: of a subscription, no first order."},
    {"in_person", OF_ORDER, ORDER_FIELD_YES, offsetof(Order, in_person),
     "yes: nothing is shipped."},
    {"placed_at", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, placed_at),
     "When it was placed. Needed."},
    {"cancelled_at", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, cancelled_at), ""},
    {"deleted_at", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, deleted_at),
     "The shop system has it no more."},
    {"promised_from", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, promised_from),
     "When the buyer was told it will arrive."},
    {"promised_until", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, promised_until), ""},
    {"updated_at", OF_ORDER, ORDER_FIELD_MOMENT, offsetof(Order, updated_at),
     "Version of these facts: newer ones win. Without it they only fill gaps."},
    {"note", OF_ORDER, ORDER_FIELD_TEXT, offsetof(Order, note), "What the buyer wrote."},
    {"customer.id", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, foreign_id),
     "The account; without it, a guest known by the address."},
    {"customer.email", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, email),
     "Without it, the order's."},
    {"customer.phone", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, phone), ""},
    {"customer.first_name", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, first_name), ""},
    {"customer.last_name", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, last_name), ""},
    {"customer.locale", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, locale), ""},
    {"customer.company", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, company),
     "Whom the person buys for."},
    {"customer.tags", OF_CUSTOMER, ORDER_FIELD_TEXT, offsetof(Customer, tags), ""},
    {"customer.updated_at", OF_CUSTOMER, ORDER_FIELD_MOMENT, offsetof(Customer, updated_at), ""},
    {"ship_to.name", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, name), ""},
    {"ship_to.company", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, company), ""},
    {"ship_to.line1", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, line1),
     "Street and number."},
    {"ship_to.line2", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, line2), ""},
    {"ship_to.zip", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, zip), ""},
    {"ship_to.city", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, city), ""},
    {"ship_to.province", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, province), ""},
    {"ship_to.province_code", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, province_code),
     ""},
    {"ship_to.country", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, country), ""},
    {"ship_to.country_code", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, country_code),
     "ISO 3166-1: FR."},
    {"ship_to.phone", OF_SHIP_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, phone), ""},
    {"bill_to.name", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, name), ""},
    {"bill_to.company", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, company), ""},
    {"bill_to.line1", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, line1),
     "Street and number."},
    {"bill_to.line2", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, line2), ""},
    {"bill_to.zip", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, zip), ""},
    {"bill_to.city", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, city), ""},
    {"bill_to.province", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, province), ""},
    {"bill_to.province_code", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, province_code),
     ""},
    {"bill_to.country", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, country), ""},
    {"bill_to.country_code", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, country_code),
     "ISO 3166-1: FR."},
    {"bill_to.phone", OF_BILL_TO, ORDER_FIELD_TEXT, offsetof(PostalAddress, phone), ""},
    {"line.id", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, foreign_id), "Without it, 1, 2, 3."},
    {"line.product_id", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, product_foreign_id),
     "Without it, the sku."},
    {"line.variant_id", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, variant_foreign_id), ""},
    {"line.sku", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, sku), ""},
    {"line.title", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, title), ""},
    {"line.variant", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, variant), "42 / brown"},
    {"line.vendor", OF_LINE, ORDER_FIELD_TEXT, offsetof(OrderLine, vendor), ""},
    {"line.quantity", OF_LINE, ORDER_FIELD_COUNT, offsetof(OrderLine, quantity), "Without it, 1."},
    {"line.price", OF_LINE, ORDER_FIELD_AMOUNT, offsetof(OrderLine, price),
     "Of one, as the buyer saw it."},
    {"line.discount", OF_LINE, ORDER_FIELD_AMOUNT, offsetof(OrderLine, discount),
     "On the whole line."},
    {"line.ships", OF_LINE, ORDER_FIELD_YES, offsetof(OrderLine, ships),
     "no: a service or a download. Without it, yes."},
};

typedef struct Slug {
    const char *slug;
    int value;
} Slug;

static const Slug payments[] = {
#define ROW(payment, slug, words) {slug, payment},
#include "payments.def"
#undef ROW
    {NULL, 0},
};
static const Slug fulfilments[] = {{"none", FULFILMENT_NONE},
                                   {"partial", FULFILMENT_PARTIAL},
                                   {"fulfilled", FULFILMENT_DONE},
                                   {NULL, 0}};
static const Slug quiets[] = {{"no", QUIET_NO},
                              {"test", QUIET_TEST},
                              {"draft", QUIET_DRAFT},
                              {"fraud", QUIET_FRAUD},
                              {"marketplace", QUIET_MARKETPLACE},
                              {NULL, 0}};

const OrderField *
order_field_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (str_eq_nocase(name, fields[i].name))
            return &fields[i];
    return NULL;
}

const char *
order_field_hint(Arena *arena, Str name)
{
    const char *names[G_N_ELEMENTS(fields) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        names[i] = fields[i].name;
    const char *near = nearest_name(names, name);
    return near ? arena_format(arena, "; did you mean %s?", near) : "";
}

const OrderField *
order_field_nth(size_t n)
{
    return n < G_N_ELEMENTS(fields) ? &fields[n] : NULL;
}

size_t
order_field_index(const OrderField *field)
{
    G_STATIC_ASSERT(G_N_ELEMENTS(fields) <= ORDER_FIELDS_MOST);
    return (size_t)(field - fields);
}

const char *
order_field_word(const OrderField *field, size_t n)
{
    const Slug *list = field->type == ORDER_FIELD_PAYMENT      ? payments
                       : field->type == ORDER_FIELD_FULFILMENT ? fulfilments
                       : field->type == ORDER_FIELD_QUIET      ? quiets
                                                               : NULL;
    for (size_t i = 0; list && i < n; i++)
        if (!list[i].slug)
            return NULL;
    return list ? list[n].slug : NULL;
}

void *
order_field_noun(const OrderField *field, Order *order, OrderLine *line)
{
    switch (field->of) {
    case OF_CUSTOMER:
        return &order->customer;
    case OF_SHIP_TO:
        return &order->ship_to;
    case OF_BILL_TO:
        return &order->bill_to;
    case OF_LINE:
        return line;
    default:
        return order;
    }
}

/* ---- texts as values --------------------------------------------------------------------------------- */

/* True for what groups digits by three: the comma of 1,234.50, the blank of 1 234,50. With another number of digits behind
 * it somebody meant it for the decimal point, and 12,50 must not become 1250. */
static bool
groups_digits(Str text, size_t i, char decimal)
{
    if (text.at[i] != ' ' && text.at[i] != '\'' && text.at[i] != (decimal == ',' ? '.' : ','))
        return false;
    size_t digits = 0;
    while (i + 1 + digits < text.len && g_ascii_isdigit(text.at[i + 1 + digits]))
        digits++;
    return i > 0 && digits == 3;
}

static bool
amount_read(Str text, const FieldStyle *style, int64_t *ret, GError **error)
{
    char plain[64];
    size_t len = 0;
    if (text.len >= sizeof plain)
        return fail(error, ERR_INPUT, "this is no amount");
    for (size_t i = 0; i < text.len; i++)
        if (!groups_digits(text, i, style->decimal))
            plain[len++] = text.at[i] == style->decimal ? '.'
                           : text.at[i] == '.'          ? ','
                                                        : text.at[i];
    Money money = {0};
    if (!money_parse_rounded((Str){plain, len}, style->currency, &money, NULL))
        return fail(error, ERR_INPUT,
                    "'" STR_FMT "' is no amount of %s with the decimal point '%c'", STR_ARG(text),
                    style->currency, style->decimal);
    *ret = money.minor;
    return true;
}

/* One number of a pattern: as many digits as letters, or fewer where no digit follows. */
static bool
date_digits(Str *text, size_t most, int *ret)
{
    size_t i = 0;
    *ret = 0;
    for (; i < most && i < text->len && g_ascii_isdigit(text->at[i]); i++)
        *ret = *ret * 10 + g_ascii_digit_value(text->at[i]);
    *text = str_sub(*text, i, text->len);
    return i > 0;
}

/* "DD/MM/YYYY hh:mm": letters are numbers, AM stands for am or pm, anything else for itself. */
static bool
date_read(Str text, const FieldStyle *style, int64_t *ret, GError **error)
{
    Civil civil = {.year = 1, .month = 1, .day = 1};
    bool ok = true, pm = false, has_half = false;
    Str pattern = str_of(style->dates), rest = str_trim(text);
    while (ok && pattern.len) {
        char letter = pattern.at[0];
        size_t run = 1;
        while (run < pattern.len && pattern.at[run] == letter)
            run++;
        int *number = letter == 'Y'   ? &civil.year
                      : letter == 'M' ? &civil.month
                      : letter == 'D' ? &civil.day
                      : letter == 'h' ? &civil.hour
                      : letter == 'm' ? &civil.minute
                      : letter == 's' ? &civil.second
                                      : NULL;
        if (str_starts(pattern, "AM")) {
            run = 2;
            has_half = rest.len >= 2;
            pm = has_half && g_ascii_tolower(rest.at[0]) == 'p';
            ok = has_half && g_ascii_tolower(rest.at[1]) == 'm';
            rest = str_sub(rest, 2, rest.len);
        } else if (number) {
            ok = date_digits(&rest, MAX(run, 2), number);
            if (letter == 'Y' && run == 2)
                civil.year += civil.year < 70 ? 2000 : 1900;
        } else {
            ok = rest.len >= run && memcmp(rest.at, pattern.at, run) == 0;
            rest = str_sub(rest, run, rest.len);
        }
        pattern = str_sub(pattern, run, pattern.len);
        if (ok && !rest.len && pattern.len && strchr(" T", pattern.at[0]))
            break; /* the day alone */
    }
    if (has_half && civil.hour <= 12)
        civil.hour = civil.hour % 12 + (pm ? 12 : 0);
    if (!ok || rest.len || !civil_exists(civil))
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no date of the form %s",
                    STR_ARG(str_sub(text, 0, 60)), style->dates);
    *ret = zone_at(style->zone, civil);
    return true;
}

static bool
count_read(Str text, int64_t *ret, GError **error)
{
    enum { COUNT_MOST = 1000 * 1000 * 1000 }; /* so that a sum of them is a number, too */
    g_autofree char *copy = g_strndup(text.at, MIN(text.len, 40));
    char *end = copy;
    int64_t number = g_ascii_strtoll(copy, &end, 10);
    /* 17850.0, as programs write a column in which a number is missing somewhere. */
    if (end != copy && *end == '.')
        for (end++; *end == '0';)
            end++;
    if (end == copy || *end || text.len > 18)
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no whole number",
                    STR_ARG(str_sub(text, 0, 60)));
    if (number > COUNT_MOST || number < -COUNT_MOST)
        return fail(error, ERR_INPUT, "'" STR_FMT "' is too large a number of things",
                    STR_ARG(str_sub(text, 0, 60)));
    *ret = number;
    return true;
}

static bool
yes_read(Str text, bool *ret, GError **error)
{
    static const char *const yes[] = {"yes", "true", "1", "y", "ja", "oui"};
    static const char *const no[] = {"no", "false", "0", "n", "nein", "non"};
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        if (!str_eq_nocase(text, yes[i]) && !str_eq_nocase(text, no[i]))
            continue;
        *ret = str_eq_nocase(text, yes[i]);
        return true;
    }
    return fail(error, ERR_INPUT, "'" STR_FMT "' is neither yes nor no",
                STR_ARG(str_sub(text, 0, 60)));
}

/* The enums have the size of an int. */
static bool
slug_read(const Slug *list, Str text, int *ret, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (; list->slug; list++) {
        if (str_eq_nocase(text, list->slug)) {
            *ret = list->value;
            return true;
        }
        g_string_append_printf(known, "%s%s", known->len ? ", " : "", list->slug);
    }
    return fail(error, ERR_INPUT, "'" STR_FMT "' is none of %s", STR_ARG(str_sub(text, 0, 60)),
                known->str);
}

static bool
field_read(Arena *arena, const OrderField *field, Str text, const FieldStyle *style, void *place,
           GError **error)
{
    switch (field->type) {
    case ORDER_FIELD_TEXT:
        *(Str *)place = text;
        return true;
    case ORDER_FIELD_AMOUNT:
        return amount_read(text, style, place, error);
    case ORDER_FIELD_MOMENT:
        return style->dates ? date_read(text, style, place, error)
                            : when_parse(text, style->zone, place, error);
    case ORDER_FIELD_COUNT:
        return count_read(text, place, error);
    case ORDER_FIELD_YES:
        return yes_read(text, place, error);
    case ORDER_FIELD_CURRENCY:
        *(Str *)place = arena_copy(arena, text);
        return money_digits(((Str *)place)->at) >= 0 ||
               fail(error, ERR_INPUT, "'" STR_FMT "' is no ISO 4217 currency like EUR",
                    STR_ARG(str_sub(text, 0, 20)));
    case ORDER_FIELD_PAYMENT:
        return slug_read(payments, text, place, error);
    case ORDER_FIELD_FULFILMENT:
        return slug_read(fulfilments, text, place, error);
    default:
        return slug_read(quiets, text, place, error);
    }
}

bool
order_field_set(Arena *arena, const OrderField *field, Str text, const FieldStyle *style,
                void *noun, GError **error)
{
    G_STATIC_ASSERT(sizeof(Payment) == sizeof(int) && sizeof(Fulfilment) == sizeof(int) &&
                    sizeof(Quiet) == sizeof(int));
    if (!text.len)
        return true;
    return field_read(arena, field, text, style, (char *)noun + field->offset, error) ||
           fail_at(error, "%s", field->name);
}

/* ---- what follows ------------------------------------------------------------------------------------- */

static bool
told_is(const FieldsTold *told, const char *name)
{
    return told->is[order_field_index(order_field_find(str_of(name)))];
}

static bool
lines_sum(const OrderLine *lines, size_t count, int64_t *ret, GError **error)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t charged = 0;
        if (__builtin_mul_overflow(lines[i].price, lines[i].quantity, &charged) ||
            __builtin_sub_overflow(charged, lines[i].discount, &charged) ||
            __builtin_add_overflow(sum, charged, &sum))
            return fail(error, ERR_INPUT, "the sum of the lines is too large");
    }
    *ret = sum;
    return true;
}

/* Nobody said whether the prices hold the tax: the sums do. */
static void
tax_place_guess(Order *order, const FieldsTold *told)
{
    int64_t sum = 0;
    if (told_is(told, "tax_included") || !order->tax ||
        __builtin_add_overflow(order->subtotal, order->shipping, &sum) ||
        __builtin_add_overflow(sum, order->fees, &sum))
        return;
    order->tax_included = sum == order->total;
}

bool
order_complete(Order *order, const OrderLine *lines, size_t line_count, const FieldsTold *told,
               GError **error)
{
    if (!order->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing");
    if (!order->placed_at)
        return fail(error, ERR_INPUT, "placed_at is missing");
    order->lines = lines;
    order->line_count = line_count;
    if (!order->name.len)
        order->name = order->foreign_id;
    if (!told_is(told, "subtotal") && !lines_sum(lines, line_count, &order->subtotal, error))
        return false;
    if (told_is(told, "total")) {
        tax_place_guess(order, told);
        return true;
    }
    int64_t tax = order->tax_included ? 0 : order->tax;
    if (__builtin_add_overflow(order->subtotal, order->shipping, &order->total) ||
        __builtin_add_overflow(order->total, order->fees, &order->total) ||
        __builtin_add_overflow(order->total, tax, &order->total))
        return fail(error, ERR_INPUT, "the sum of the order is too large");
    return true;
}
