/* order.c - orders as they are stored: their words, and reading one back; see order.h. */
#include "flow/order.h"

#include "flow/customer.h"
#include "flow/postal.h"

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

static const char *const quiets[QUIET_COUNT] = {NULL,    "test",        "draft",
                                                "fraud", "marketplace", "deleted"};

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

Payment
payment_of(Str slug)
{
    for (int i = 0; i < PAYMENT_COUNT; i++)
        if (str_is(slug, payments[i].slug))
            return (Payment)i;
    return PAYMENT_PENDING;
}

Fulfilment
fulfilment_of(Str slug)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fulfilments); i++)
        if (str_is(slug, fulfilments[i]))
            return (Fulfilment)i;
    return FULFILMENT_NONE;
}

const char *
quiet_slug(Quiet quiet)
{
    must((int)quiet >= 0 && quiet < QUIET_COUNT);
    return quiets[quiet];
}

Quiet
quiet_of(Str slug)
{
    for (int i = 1; i < QUIET_COUNT; i++)
        if (str_is(slug, quiets[i]))
            return (Quiet)i;
    return QUIET_NO;
}

/* ---- reading back ---------------------------------------------------------------------------------- */

static bool
order_row_read(Rows *rows, Arena *arena, OrderRow *ret, GError **error)
{
    Order *order = &ret->order;
    int at = 0;
    Str *const texts[] = {
        &order->foreign_id, &order->name,     &order->email,          &order->phone,
        &order->locale,     &order->currency, &order->discount_codes, &order->shipping_title,
        &order->channel,    &order->url,      &order->tags,           &order->note};
    int64_t *const numbers[] = {&ret->id,
                                &ret->customer_id,
                                &order->subtotal,
                                &order->shipping,
                                &order->fees,
                                &order->tax,
                                &order->discount,
                                &order->total,
                                &order->placed_at,
                                &order->cancelled_at,
                                &order->deleted_at,
                                &ret->delivered_at,
                                &order->promised_from,
                                &order->promised_until,
                                &order->updated_at};
    bool *const flags[] = {&order->tax_included, &order->gift, &order->renewal, &order->in_person};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = arena_copy(arena, rows_text(rows, at++));
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = rows_int(rows, at++);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        *flags[i] = rows_int(rows, at++) != 0;
    order->payment = payment_of(rows_text(rows, at++));
    order->fulfilment = fulfilment_of(rows_text(rows, at++));
    order->quiet = quiet_of(rows_text(rows, at++));
    if (order->deleted_at)
        order->quiet = QUIET_DELETED;
    ret->generation = (uint32_t)rows_int(rows, at++);
    Str ship_to = arena_copy(arena, rows_text(rows, at));
    Str bill_to = arena_copy(arena, rows_text(rows, at + 1));
    if (!postal_load(arena, ship_to, &order->ship_to, error))
        return false;
    if (!str_eq(ship_to, bill_to))
        return postal_load(arena, bill_to, &order->bill_to, error);
    order->bill_to = order->ship_to; /* mostly the same */
    return true;
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
            .product_foreign_id = arena_copy(arena, rows_text(rows, 8)),
            .variant_foreign_id = arena_copy(arena, rows_text(rows, 9)),
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
