/* shopify_refund.c - money that went back, and the goods that came for it.
 *
 * A refund without a transaction moved no money: goods were only taken back into stock, or an unpaid order lost a
 * line. Its amount is 0, and flow/refund.h knows what that means. A transaction that is under way counts: Shopify
 * tells of a refund once, when it is made.
 *
 * Of an order that was paid in the buyer's own currency the transactions are in that currency; each amount of a line
 * stands there in both.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/refund
 */
#include "plug/connector/shopify_inside.h"

/* Went money back with it? */
static bool
transaction_counts(Arena *arena, const Json *from)
{
    Str kind = plug_text(arena, from, "kind"), status = plug_text(arena, from, "status");
    return str_eq_nocase(kind, "refund") &&
           (!status.len || str_eq_nocase(status, "success") || str_eq_nocase(status, "pending"));
}

static bool
transactions_read(const ConnectorAsk *ask, const Json *list, Refund *refund, GError **error)
{
    const char *currency = NULL;
    for (size_t i = 0; i < json_len(list); i++) {
        const Json *one = json_nth(list, i);
        Str code = plug_text(ask->arena, one, "currency");
        int64_t amount = 0;
        if (!transaction_counts(ask->arena, one))
            continue;
        if (!currency) {
            currency = connector_currency(ask->arena, code.len ? code : refund->currency);
            if (!currency)
                return fail(error, ERR_INPUT, "transactions/%zu: currency is no ISO 4217 code", i);
            refund->currency = str_of(currency);
        }
        if (code.len && !str_is(code, currency))
            return fail(error, ERR_INPUT, "transactions/%zu: a second currency", i);
        if (!plug_amount(ask->arena, one, "amount", currency, &amount, error))
            return fail_at(error, "transactions/%zu", i);
        if (!connector_add(&refund->amount, amount, "transactions", error))
            return false;
    }
    return true;
}

/* The amount of a line in the currency of the refund. */
static bool
line_amount(Arena *arena, const Json *from, const char *currency, int64_t *ret, GError **error)
{
    static const char *const sides[] = {"presentment_money", "shop_money"};
    const Json *set = json_get(from, "subtotal_set");
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        const Json *side = json_get(set, sides[i]);
        if (str_is(plug_text(arena, side, "currency_code"), currency))
            return plug_amount(arena, side, "amount", currency, ret, error);
    }
    return plug_amount(arena, from, "subtotal", currency, ret, error);
}

static bool
lines_read(Arena *arena, const Json *from, Refund *refund, GError **error)
{
    const Json *items = json_get(from, "refund_line_items");
    const char *currency = arena_cstr(arena, refund->currency);
    size_t count = 0;
    if (!connector_len(from, "refund_line_items", &count, error))
        return false;
    RefundLine *lines = arena_new_of(arena, RefundLine, count);
    for (size_t i = 0; i < count; i++) {
        const Json *item = json_nth(items, i);
        lines[i] = (RefundLine){
            .line_foreign_id =
                connector_either(shopify_id(arena, item, "line_item_id"),
                                 shopify_id(arena, json_get(item, "line_item"), "id")),
            .quantity = 1,
        };
        if (!connector_count(arena, item, "quantity", &lines[i].quantity, error) ||
            !line_amount(arena, item, currency, &lines[i].amount, error))
            return fail_at(error, "refund_line_items/%zu", i);
    }
    refund->lines = lines;
    refund->line_count = count;
    return true;
}

/* A webhook that was set up without the transactions: what the lines are worth is the best that is known. */
static bool
amount_guess(Refund *refund, GError **error)
{
    for (size_t i = 0; i < refund->line_count; i++)
        if (!connector_add(&refund->amount, refund->lines[i].amount, "refund_line_items", error))
            return false;
    return true;
}

/* In which the buyer saw the lines; the transactions have their own word. */
static Str
seen_currency(Arena *arena, const Json *from)
{
    const Json *set = json_at(from, "/refund_line_items/0/subtotal_set");
    return connector_either(plug_text(arena, json_get(set, "presentment_money"), "currency_code"),
                            plug_text(arena, json_get(set, "shop_money"), "currency_code"));
}

bool
shopify_refund_read(const ConnectorAsk *ask, const Json *from, Str order_id, Refund *ret,
                    GError **error)
{
    Arena *arena = ask->arena;
    const Json *transactions = json_get(from, "transactions");
    Refund refund = {
        .foreign_id = shopify_id(arena, from, "id"),
        .order_foreign_id = connector_either(shopify_id(arena, from, "order_id"), order_id),
        .currency = str_of(ask->currency),
        .note = plug_text(arena, from, "note"),
    };
    Str seen = seen_currency(arena, from);
    int64_t created = 0;
    if (connector_currency(arena, seen))
        refund.currency = seen;
    if (!refund.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no refund");
    if (!refund.order_foreign_id.len)
        return fail(error, ERR_INPUT, "order_id is missing: of which order?");
    if (!plug_moment(arena, from, "processed_at", &refund.refunded_at, error) ||
        !plug_moment(arena, from, "created_at", &created, error) ||
        !transactions_read(ask, transactions, &refund, error) ||
        !lines_read(arena, from, &refund, error) ||
        (json_missing(transactions) && !amount_guess(&refund, error)))
        return fail_at(error, "refund " STR_FMT, STR_ARG(refund.foreign_id));
    if (!refund.refunded_at)
        refund.refunded_at = created;
    *ret = refund;
    return true;
}

bool
shopify_refund_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Refund *refund = arena_new_of(ask->arena, Refund, 1);
    if (!shopify_refund_read(ask, root, (Str){0}, refund, error))
        return false;
    *ret = (Facts){.refunds = refund, .refund_count = 1};
    return true;
}
