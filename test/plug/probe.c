/* probe.c - a connector on a command line: recorded bytes in, what it made of them out, as text that a
 * person reads once and a diff keeps.
 *
 *     plug_probe read  CONNECTOR TOPIC BODY            all fields of the Facts, one a line, by their path
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

/* ---- showing ------------------------------------------------------------------------------------- */

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
show_flag(const char *path, bool flag)
{
    printf("%-32s %s\n", path, flag ? "yes" : "no");
}

static void
show_postal(Arena *arena, const char *stem, const PostalAddress *address)
{
    const struct {
        const char *name;
        Str text;
    } fields[] = {{"name", address->name},         {"company", address->company},
                  {"line1", address->line1},       {"line2", address->line2},
                  {"zip", address->zip},           {"city", address->city},
                  {"province", address->province}, {"province_code", address->province_code},
                  {"country", address->country},   {"country_code", address->country_code},
                  {"phone", address->phone}};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        show_text(arena, arena_format(arena, "%s.%s", stem, fields[i].name), fields[i].text);
}

static void
show_customer(Arena *arena, const char *stem, const Customer *customer)
{
    const struct {
        const char *name;
        Str text;
    } fields[] = {{"foreign_id", customer->foreign_id}, {"email", customer->email},
                  {"phone", customer->phone},           {"first_name", customer->first_name},
                  {"last_name", customer->last_name},   {"locale", customer->locale}};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        show_text(arena, arena_format(arena, "%s.%s", stem, fields[i].name), fields[i].text);
    show_at(arena_format(arena, "%s.updated_at", stem), customer->updated_at);
}

static void
show_line(Arena *arena, const char *stem, const OrderLine *line, Str currency)
{
    const struct {
        const char *name;
        Str text;
    } fields[] = {{"foreign_id", line->foreign_id},
                  {"product_foreign_id", line->product_foreign_id},
                  {"sku", line->sku},
                  {"title", line->title},
                  {"variant", line->variant},
                  {"vendor", line->vendor}};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        show_text(arena, arena_format(arena, "%s.%s", stem, fields[i].name), fields[i].text);
    printf("%-32s %" PRId64 "\n", arena_format(arena, "%s.quantity", stem), line->quantity);
    show_amount(arena, arena_format(arena, "%s.price", stem), line->price, currency);
    show_amount(arena, arena_format(arena, "%s.discount", stem), line->discount, currency);
    show_flag(arena_format(arena, "%s.ships", stem), line->ships);
}

static void
show_states(const Order *order)
{
    static const char *const payments[] = {
#define ROW(payment, slug, words) [payment] = slug,
#include "payments.def"
#undef ROW
    };
    static const char *const fulfilments[] = {"none", "partial", "fulfilled"};
    must((size_t)order->payment < G_N_ELEMENTS(payments));
    must((size_t)order->fulfilment < G_N_ELEMENTS(fulfilments));
    printf("%-32s %s\n", "order.payment", payments[order->payment]);
    printf("%-32s %s\n", "order.fulfilment", fulfilments[order->fulfilment]);
    show_at("order.placed_at", order->placed_at);
    show_at("order.cancelled_at", order->cancelled_at);
    show_at("order.updated_at", order->updated_at);
    static const char *const quiets[QUIET_COUNT] = {"no",    "test",        "draft",
                                                    "fraud", "marketplace", "deleted"};
    printf("%-32s %s\n", "order.quiet", quiets[order->quiet]);
}

static void
show_amounts(Arena *arena, const Order *order)
{
    show_amount(arena, "order.subtotal", order->subtotal, order->currency);
    show_amount(arena, "order.shipping", order->shipping, order->currency);
    show_amount(arena, "order.tax", order->tax, order->currency);
    show_amount(arena, "order.discount", order->discount, order->currency);
    show_amount(arena, "order.total", order->total, order->currency);
    show_flag("order.tax_included", order->tax_included);
}

static void
show_order(Arena *arena, const Order *order)
{
    show_text(arena, "order.foreign_id", order->foreign_id);
    show_text(arena, "order.name", order->name);
    show_text(arena, "order.email", order->email);
    show_text(arena, "order.phone", order->phone);
    show_text(arena, "order.locale", order->locale);
    show_text(arena, "order.currency", order->currency);
    show_amounts(arena, order);
    show_text(arena, "order.shipping_title", order->shipping_title);
    show_states(order);
    show_text(arena, "order.note", order->note);
    show_postal(arena, "order.ship_to", &order->ship_to);
    show_postal(arena, "order.bill_to", &order->bill_to);
    show_customer(arena, "order.customer", &order->customer);
    printf("%-32s %zu\n", "order.line_count", order->line_count);
    for (size_t i = 0; i < order->line_count; i++)
        show_line(arena, arena_format(arena, "order.lines[%zu]", i), &order->lines[i],
                  order->currency);
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

static Str
setting_none(const void *shop, const char *key)
{
    (void)shop, (void)key;
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
        .settings = {setting_none, NULL},
    };
    if (!connector->read(&ask, &facts, &error))
        return show_error(error);
    show_text(arena, "declined", facts.declined);
    printf("%-32s %zu\n", "order_count", facts.order_count);
    for (size_t i = 0; i < facts.order_count; i++)
        show_order(arena, &facts.orders[i]);
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
    ConnectorKnock knock = {found, body, &shared, 0, {setting_none, NULL}};
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
