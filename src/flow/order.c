/* order.c - learning orders and reading them back; see order.h. */
#include "flow/order.h"

#include "base/address.h"
#include "base/digest.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/customer.h"
#include "flow/event.h"

#include <string.h>

static const struct {
    const char *slug;
    const char *words;
} payments[PAYMENT_COUNT] = {
#define ROW(payment, slug, words) [payment] = {slug, words},
#include "payments.def"
#undef ROW
};

static const char *const fulfilments[] = {"none", "partial", "fulfilled"};

const char *
payment_slug(Payment payment)
{
    must((int)payment >= 0 && payment < PAYMENT_COUNT);
    return payments[payment].slug;
}

const char *
payment_words(Payment payment)
{
    must((int)payment >= 0 && payment < PAYMENT_COUNT);
    return payments[payment].words;
}

const char *
fulfilment_slug(Fulfilment fulfilment)
{
    must((size_t)fulfilment < G_N_ELEMENTS(fulfilments));
    return fulfilments[fulfilment];
}

static Payment
payment_of(Str slug)
{
    for (int i = 0; i < PAYMENT_COUNT; i++)
        if (str_is(slug, payments[i].slug))
            return (Payment)i;
    return PAYMENT_PENDING;
}

static Fulfilment
fulfilment_of(Str slug)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fulfilments); i++)
        if (str_is(slug, fulfilments[i]))
            return (Fulfilment)i;
    return FULFILMENT_NONE;
}

/* ---- preparing -------------------------------------------------------------------------------------- */

/* The fields of a postal address with their names in JSON: written, read and cleaned by one list. */
static const struct {
    const char *key;
    size_t offset;
} address_fields[] = {
#define FIELD(name)                          \
    {                                        \
#name, offsetof(PostalAddress, name) \
    }
    FIELD(name),    FIELD(company),      FIELD(line1),    FIELD(line2),
    FIELD(zip),     FIELD(city),         FIELD(province), FIELD(province_code),
    FIELD(country), FIELD(country_code), FIELD(phone),
#undef FIELD
};

static Str *
address_field(PostalAddress *address, size_t i)
{
    return (Str *)(void *)((char *)address + address_fields[i].offset);
}

static Str
line_clean(Arena *arena, Str text)
{
    return text_line(arena, text, LIMIT_TEXT_BYTES);
}

static PostalAddress
address_clean(Arena *arena, PostalAddress address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(address_fields); i++) {
        Str *field = address_field(&address, i);
        *field = line_clean(arena, *field);
    }
    return address;
}

static Str
address_json(Arena *arena, PostalAddress address)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    bool any = false;
    json_put_object(&out);
    for (size_t i = 0; i < G_N_ELEMENTS(address_fields); i++) {
        Str field = *address_field(&address, i);
        if (!field.len)
            continue;
        any = true;
        json_put_key(&out, address_fields[i].key);
        json_put_text(&out, field);
    }
    json_put_end(&out);
    json_put_done(&out);
    return any ? buf_str(&buf) : (Str){0};
}

static Str
email_clean(Arena *arena, Str email)
{
    Address address;
    if (!email.len || !address_parse_spec(arena, email, &address, NULL))
        return line_clean(arena, email);
    return address.spec;
}

static Str
guest_key(Arena *arena, Str email)
{
    Address address;
    return email.len && address_parse_spec(arena, email, &address, NULL)
               ? address_key(arena, &address)
               : text_lower(arena, email);
}

static Customer
customer_clean(Arena *arena, Customer customer, Str order_email)
{
    customer.email = email_clean(arena, customer.email.len ? customer.email : order_email);
    customer.guest_key = guest_key(arena, customer.email);
    customer.phone = line_clean(arena, customer.phone);
    customer.first_name = line_clean(arena, customer.first_name);
    customer.last_name = line_clean(arena, customer.last_name);
    customer.locale = line_clean(arena, customer.locale);
    return customer;
}

static const OrderLine *
lines_clean(Arena *arena, const Order *order)
{
    OrderLine *lines = arena_new_of(arena, OrderLine, order->line_count);
    for (size_t i = 0; i < order->line_count; i++) {
        OrderLine line = order->lines[i];
        line.sku = line_clean(arena, line.sku);
        line.title = line_clean(arena, line.title);
        line.variant = line_clean(arena, line.variant);
        line.vendor = line_clean(arena, line.vendor);
        lines[i] = line;
    }
    return lines;
}

static void
hash_text(Buf *buf, Str text)
{
    buf_add_int(buf, (int64_t)text.len);
    buf_add_char(buf, ':');
    buf_add_str(buf, text);
}

static void
hash_ints(Buf *buf, const int64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_int(buf, list[i]);
        buf_add_char(buf, ';');
    }
}

/* All facts but the version: the same order told again a minute later is no news. */
static void
order_hash(Arena *arena, OrderNews *news)
{
    const Order *order = news->order;
    Buf buf = {.arena = arena};
    buf_reserve(&buf, 4096);
    const Str texts[] = {order->name,          order->email,  order->phone,
                         order->currency,      order->note,   order->shipping_title,
                         news->ship_to,        news->bill_to, order->customer.foreign_id,
                         order->customer.email};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        hash_text(&buf, texts[i]);
    const int64_t numbers[] = {order->subtotal, order->shipping,     order->tax,
                               order->discount, order->total,        order->tax_included,
                               order->payment,  order->fulfilment,   order->placed_at,
                               order->test,     order->cancelled_at, (int64_t)order->line_count};
    hash_ints(&buf, numbers, G_N_ELEMENTS(numbers));
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        hash_text(&buf, line->foreign_id);
        hash_text(&buf, line->title);
        hash_text(&buf, line->variant);
        hash_text(&buf, line->sku);
        hash_ints(&buf, (const int64_t[]){line->quantity, line->price, line->discount}, 3);
    }
    uint8_t digest[DIGEST_BYTES];
    digest_sha256(buf_str(&buf), digest);
    memcpy(news->hash, digest, sizeof news->hash);
}

void
order_prepare(Arena *arena, const Order *told, Str source, OrderNews *ret)
{
    Order *order = arena_new_of(arena, Order, 1);
    *order = *told;
    order->name = line_clean(arena, told->name);
    order->email = email_clean(arena, told->email);
    order->phone = line_clean(arena, told->phone);
    order->locale = line_clean(arena, told->locale);
    order->shipping_title = line_clean(arena, told->shipping_title);
    order->note = text_block(arena, told->note, LIMIT_TEXT_BYTES);
    order->ship_to = address_clean(arena, told->ship_to);
    order->bill_to = address_clean(arena, told->bill_to);
    order->customer = customer_clean(arena, told->customer, told->email);
    order->lines = lines_clean(arena, told);
    *ret = (OrderNews){
        .order = order,
        .source = source,
        .ship_to = address_json(arena, order->ship_to),
        .bill_to = address_json(arena, order->bill_to),
    };
    order_hash(arena, ret);
}

/* ---- learning ---------------------------------------------------------------------------------------- */

typedef struct Learning {
    Db *db;
    int64_t shop;
    int64_t cause;
    int64_t at;
    const OrderNews *news;
    int64_t id; /* of the order */
    int64_t customer_id;
    /* What was known before; version 0: nothing. */
    int64_t version;
    bool same_hash;
    Payment payment;
    Fulfilment fulfilment;
    int64_t cancelled_at;
} Learning;

static bool
order_recall(Learning *learning, GError **error)
{
    const OrderNews *news = learning->news;
    g_autoptr(Rows) rows =
        db_rows(learning->db, Q_order_known,
                BINDS(bind_int("shop", learning->shop), bind_text("source", news->source),
                      bind_text("foreign_id", news->order->foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        Str hash = rows_blob(rows, 2);
        learning->id = rows_int(rows, 0);
        learning->version = rows_int(rows, 1);
        learning->same_hash = str_eq(hash, (Str){(const char *)news->hash, sizeof news->hash});
        learning->payment = payment_of(rows_text(rows, 3));
        learning->fulfilment = fulfilment_of(rows_text(rows, 4));
        learning->cancelled_at = rows_int(rows, 5);
        learning->customer_id = rows_int(rows, 6);
    }
    return rows_ok(rows, error);
}

static bool
order_insert(Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    const OrderNews *news = learning->news;
    return db_run(
        learning->db, Q_order_append,
        BINDS(bind_int("id", learning->id), bind_int("shop", learning->shop),
              bind_int("at", learning->at), bind_id("cause", learning->cause),
              bind_text("source", news->source), bind_text("foreign_id", order->foreign_id),
              bind_text("name", order->name), bind_id("customer_id", learning->customer_id),
              bind_some("email", order->email), bind_some("phone", order->phone),
              bind_some("locale", order->locale), bind_text("currency", order->currency),
              bind_int("subtotal", order->subtotal), bind_int("shipping", order->shipping),
              bind_int("tax", order->tax), bind_int("discount", order->discount),
              bind_int("total", order->total), bind_int("tax_included", order->tax_included),
              bind_some("shipping_title", order->shipping_title),
              bind_cstr("payment", payment_slug(order->payment)),
              bind_cstr("fulfilment", fulfilment_slug(order->fulfilment)),
              bind_int("placed_at", order->placed_at), bind_id("cancelled_at", order->cancelled_at),
              bind_int("test", order->test), bind_some("ship_to", news->ship_to),
              bind_some("bill_to", news->bill_to), bind_some("note", order->note),
              bind_int("updated_at", order->updated_at),
              bind_blob("hash", (Str){(const char *)news->hash, sizeof news->hash})),
        NULL, error);
}

static bool
order_overwrite(Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    const OrderNews *news = learning->news;
    return db_run(
        learning->db, Q_order_update,
        BINDS(bind_text("name", order->name), bind_id("customer_id", learning->customer_id),
              bind_some("email", order->email), bind_some("phone", order->phone),
              bind_text("currency", order->currency), bind_int("subtotal", order->subtotal),
              bind_int("shipping", order->shipping), bind_int("tax", order->tax),
              bind_int("discount", order->discount), bind_int("total", order->total),
              bind_int("tax_included", order->tax_included),
              bind_some("shipping_title", order->shipping_title),
              bind_cstr("payment", payment_slug(order->payment)),
              bind_cstr("fulfilment", fulfilment_slug(order->fulfilment)),
              bind_id("cancelled_at", order->cancelled_at), bind_int("test", order->test),
              bind_some("ship_to", news->ship_to), bind_some("bill_to", news->bill_to),
              bind_some("note", order->note), bind_int("updated_at", order->updated_at),
              bind_blob("hash", (Str){(const char *)news->hash, sizeof news->hash}),
              bind_int("shop", learning->shop), bind_int("id", learning->id)),
        NULL, error);
}

/* The product of a line, made on first sight; 0 where the line has none. */
static bool
product_learn(Learning *learning, const OrderLine *line, int64_t *ret, GError **error)
{
    *ret = 0;
    Str foreign_id = line->product_foreign_id.len ? line->product_foreign_id : line->sku;
    if (!foreign_id.len)
        return true;
    Bind shop = bind_int("shop", learning->shop),
         source = bind_text("source", learning->news->source);
    Bind foreign = bind_text("foreign_id", foreign_id);
    if (!db_int(learning->db, Q_product_known, BINDS(shop, source, foreign), ret, error))
        return false;
    if (*ret)
        return true;
    *ret = id_new(KIND_PRODUCT);
    return db_run(learning->db, Q_product_append,
                  BINDS(bind_int("id", *ret), shop, bind_int("at", learning->at),
                        bind_id("cause", learning->cause), source, foreign,
                        bind_text("title", line->title), bind_some("vendor", line->vendor)),
                  NULL, error);
}

static bool
lines_insert(Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        int64_t product = 0;
        if (!product_learn(learning, line, &product, error))
            return false;
        if (!db_run(learning->db, Q_order_line_append,
                    BINDS(bind_int("id", id_new(KIND_ORDER_LINE)), bind_int("shop", learning->shop),
                          bind_int("order_id", learning->id), bind_int("position", (int64_t)i),
                          bind_text("foreign_id", line->foreign_id), bind_id("product_id", product),
                          bind_some("sku", line->sku), bind_text("title", line->title),
                          bind_some("variant", line->variant), bind_int("quantity", line->quantity),
                          bind_int("price", line->price), bind_int("discount", line->discount),
                          bind_int("ships", line->ships)),
                    NULL, error))
            return false;
    }
    return true;
}

static bool
order_tell(const Learning *learning, EventKind kind, int64_t happened_at, GError **error)
{
    EventNew event = {
        .shop = learning->shop,
        .cause = learning->cause,
        .kind = kind,
        .happened_at = happened_at,
        .order_id = learning->id,
        .customer_id = learning->customer_id,
    };
    return event_append(learning->db, &event, error);
}

/* What happened, by comparing what was known with what is told. A first sight compares with an order
 * that was just placed. */
static bool
order_tell_changes(const Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    int64_t at = order->updated_at;
    bool first = learning->version == 0;
    bool told = first;
    if (first && !order_tell(learning, EVENT_ORDER_PLACED, order->placed_at, error))
        return false;
    const struct {
        EventKind kind;
        bool happened;
        int64_t at;
    } changes[] = {
        {EVENT_ORDER_PAID,
         order->payment == PAYMENT_PAID && (first || learning->payment != PAYMENT_PAID), at},
        {EVENT_ORDER_REFUNDED,
         (order->payment == PAYMENT_REFUNDED || order->payment == PAYMENT_PARTLY_REFUNDED) &&
             (first || learning->payment != order->payment),
         at},
        {EVENT_ORDER_FULFILLED,
         order->fulfilment == FULFILMENT_DONE && (first || learning->fulfilment != FULFILMENT_DONE),
         at},
        {EVENT_ORDER_CANCELLED, order->cancelled_at && (first || !learning->cancelled_at),
         order->cancelled_at},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        if (!changes[i].happened)
            continue;
        told = true;
        if (!order_tell(learning, changes[i].kind, changes[i].at, error))
            return false;
    }
    return told || order_tell(learning, EVENT_ORDER_UPDATED, at, error);
}

static bool
order_learn_first(Learning *learning, GError **error)
{
    learning->id = id_new(KIND_ORDER);
    return customer_learn(learning->db, learning->shop, learning->cause, learning->news->source,
                          &learning->news->order->customer, &learning->customer_id, error) &&
           order_insert(learning, error) && lines_insert(learning, error) &&
           order_tell_changes(learning, error);
}

static bool
order_learn_change(Learning *learning, GError **error)
{
    return customer_learn(learning->db, learning->shop, learning->cause, learning->news->source,
                          &learning->news->order->customer, &learning->customer_id, error) &&
           order_overwrite(learning, error) &&
           db_run(learning->db, Q_order_lines_drop,
                  BINDS(bind_int("shop", learning->shop), bind_int("order_id", learning->id)), NULL,
                  error) &&
           lines_insert(learning, error) && order_tell_changes(learning, error);
}

bool
order_learn(Db *db, int64_t shop, int64_t cause, const OrderNews *news, OrderLearned *ret,
            GError **error)
{
    Learning learning = {.db = db, .shop = shop, .cause = cause, .at = clock_now(), .news = news};
    if (!order_recall(&learning, error))
        return false;
    int64_t version = news->order->updated_at;
    if (!learning.version) {
        *ret = ORDER_NEW;
        return order_learn_first(&learning, error);
    }
    if (version < learning.version) {
        *ret = ORDER_OLDER;
        return true;
    }
    if (!learning.same_hash) {
        *ret = ORDER_CHANGED;
        return order_learn_change(&learning, error);
    }
    *ret = ORDER_SAME;
    if (version == learning.version)
        return true;
    return db_run(
        db, Q_order_touch,
        BINDS(bind_int("updated_at", version), bind_int("shop", shop), bind_int("id", learning.id)),
        NULL, error);
}

/* ---- reading back ---------------------------------------------------------------------------------- */

static bool
address_load(Arena *arena, Str json, PostalAddress *ret, GError **error)
{
    if (!json.len)
        return true;
    const Json *root = json_parse(arena, json.at, json.len, error);
    if (!root)
        return fail_at(error, "a stored postal address");
    for (size_t i = 0; i < G_N_ELEMENTS(address_fields); i++)
        *address_field(ret, i) = json_text(json_get(root, address_fields[i].key));
    return true;
}

static bool
order_row_read(Rows *rows, Arena *arena, OrderRow *ret, GError **error)
{
    Order *order = &ret->order;
    ret->id = rows_int(rows, 0);
    order->foreign_id = arena_copy(arena, rows_text(rows, 1));
    order->name = arena_copy(arena, rows_text(rows, 2));
    ret->customer_id = rows_int(rows, 3);
    order->email = arena_copy(arena, rows_text(rows, 4));
    order->phone = arena_copy(arena, rows_text(rows, 5));
    order->locale = arena_copy(arena, rows_text(rows, 6));
    order->currency = arena_copy(arena, rows_text(rows, 7));
    order->subtotal = rows_int(rows, 8);
    order->shipping = rows_int(rows, 9);
    order->tax = rows_int(rows, 10);
    order->discount = rows_int(rows, 11);
    order->total = rows_int(rows, 12);
    order->tax_included = rows_int(rows, 13) != 0;
    order->shipping_title = arena_copy(arena, rows_text(rows, 14));
    order->payment = payment_of(rows_text(rows, 15));
    order->fulfilment = fulfilment_of(rows_text(rows, 16));
    order->placed_at = rows_int(rows, 17);
    order->cancelled_at = rows_int(rows, 18);
    order->test = rows_int(rows, 19) != 0;
    order->note = arena_copy(arena, rows_text(rows, 22));
    order->updated_at = rows_int(rows, 23);
    ret->generation = (uint32_t)rows_int(rows, 24);
    return address_load(arena, rows_text(rows, 20), &order->ship_to, error) &&
           address_load(arena, rows_text(rows, 21), &order->bill_to, error);
}

static bool
lines_load(Db *db, Arena *arena, int64_t shop, int64_t id, Order *order, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_order_lines, BINDS(bind_int("shop", shop), bind_int("order_id", id)), error);
    if (!rows)
        return false;
    Buf lines = {.arena = arena};
    while (rows_next(rows)) {
        OrderLine line = {
            .foreign_id = arena_copy(arena, rows_text(rows, 0)),
            .sku = arena_copy(arena, rows_text(rows, 1)),
            .title = arena_copy(arena, rows_text(rows, 2)),
            .variant = arena_copy(arena, rows_text(rows, 3)),
            .quantity = rows_int(rows, 4),
            .price = rows_int(rows, 5),
            .discount = rows_int(rows, 6),
            .ships = rows_int(rows, 7) != 0,
        };
        buf_add(&lines, (const char *)&line, sizeof line);
    }
    if (!rows_ok(rows, error))
        return false;
    /* Buf bytes have no alignment; the array has to. */
    OrderLine *array = arena_alloc(arena, lines.len);
    if (lines.len)
        memcpy(array, lines.at, lines.len);
    order->lines = array;
    order->line_count = lines.len / sizeof *array;
    return true;
}

bool
order_load(Db *db, Arena *arena, int64_t shop, int64_t id, OrderRow *ret, GError **error)
{
    OrderRow row = {0};
    g_autoptr(Rows) rows =
        db_rows(db, Q_order_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is no such order");
    if (!order_row_read(rows, arena, &row, error) ||
        !lines_load(db, arena, shop, id, &row.order, error))
        return false;
    if (row.customer_id &&
        !customer_load(db, arena, shop, row.customer_id, &row.order.customer, error))
        return false;
    *ret = row;
    return true;
}
