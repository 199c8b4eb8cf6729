/* Each connector on whatever arrives: bodies under any topic, headers around any body, answers to what it asks.
 *
 * The first line chooses: `read NAME`: a topic's line and the body; `check NAME`: header lines up to an empty one and the
 * body; `answer NAME`: a status (one byte), headers and a body, given as every answer of a conversation. What is read
 * goes through facts_prepare, as it does on its way into the store. */
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "flow/facts.h"
#include "flow/order.h"
#include "plug/connector/connector.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { CONNECTORS_MOST = 32 };

/* By its name; where that is none, by its first letter. */
static const Connector *
connector_chosen(Str name)
{
    const Connector *connector = connector_find(name);
    size_t count = 0;
    /* The last of them is the API, which is no webhook: fuzz_api.c. */
    while (count < CONNECTORS_MOST && connector_nth(count) && connector_nth(count)->secret)
        count++;
    return connector ? connector : connector_nth(name.len ? (uint8_t)name.at[0] % count : 0);
}

static void
error_check(const GError *error)
{
    must(error && error->domain == POSTLUDE_ERROR && error->message[0]);
    must(g_utf8_validate(error->message, -1, NULL));
    /* The sender's mistake, or a map that the owner has not set; never ours. */
    must(error_row(error)->http < 500 || error_is(error, ERR_CONFIG));
}

/* ---- read ------------------------------------------------------------------------------------- */

static void
texts_check(const Order *order)
{
    const Str texts[] = {order->foreign_id,
                         order->name,
                         order->email,
                         order->phone,
                         order->locale,
                         order->currency,
                         order->shipping_title,
                         order->note,
                         order->customer.foreign_id,
                         order->customer.email,
                         order->customer.guest_key,
                         order->customer.first_name,
                         order->customer.last_name,
                         order->customer.phone};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        must(text_valid(texts[i]) && texts[i].len <= LIMIT_TEXT_BYTES + 32);
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        must(text_valid(line->foreign_id) && text_valid(line->product_foreign_id));
        must(text_valid(line->title) && text_valid(line->variant) && text_valid(line->sku));
    }
}

static void
order_check(Arena *arena, const Order *order, OrderNews *ret)
{
    must(order->foreign_id.len && order->name.len && order->currency.len == 3);
    must(order->line_count <= LIMIT_ORDER_LINES && order->updated_at != 0);
    must((unsigned)order->payment < PAYMENT_COUNT &&
         (unsigned)order->fulfilment <= FULFILMENT_DONE);
    for (size_t i = 0; i < order->line_count; i++)
        must(order->lines[i].title.len && order->lines[i].quantity >= 0);
    order_prepare(arena, order, ret);
    texts_check(ret->order);
    must(text_valid(ret->ship_to) && text_valid(ret->bill_to));
}

static Str
setting_none(const void *shop, const char *key)
{
    (void)shop, (void)key;
    return (Str){0};
}

static bool
body_read(Arena *arena, const Connector *connector, Str topic, Str body, OrderNews *ret)
{
    g_autoptr(GError) error = NULL;
    Facts facts = {.order_count = 77};
    ConnectorAsk ask = {
        .arena = arena,
        .topic = topic,
        .body = body,
        .currency = "EUR",
        .settings = {setting_none, NULL},
    };
    if (!connector->read(&ask, &facts, &error)) {
        must(facts.order_count == 77); /* untouched */
        error_check(error);
        return false;
    }
    must(!error && !facts.declined.len == !connector_told_nothing(&facts));
    must(facts_prepare(arena, &facts));
    for (size_t i = 0; i < facts.order_count; i++)
        order_check(arena, &facts.orders[i], ret);
    return facts.order_count > 0;
}

static void
read_try(Arena *arena, const Connector *connector, Str rest)
{
    Str topic = {0};
    OrderNews first = {0}, second = {0};
    str_split(&rest, '\n', &topic);
    topic = text_line(arena, topic, 200); /* as it is kept */
    bool read = body_read(arena, connector, topic, rest, &first);
    must(read == body_read(arena, connector, topic, rest, &second));
    must(memcmp(first.hash, second.hash, sizeof first.hash) == 0);
}

/* ---- check ------------------------------------------------------------------------------------ */

typedef struct Request {
    Str headers;
    Str body;
    const char *signature; /* the right one, in place of what is sent; NULL: as it is sent */
} Request;

static Str
header_get(const void *request, const char *name)
{
    const Request *self = request;
    Str rest = self->headers, line, field;
    if (self->signature && (strstr(name, "Hmac") || strstr(name, "Signature")))
        return str_of(self->signature);
    while (str_split(&rest, '\n', &line))
        if (str_split(&line, ':', &field) && str_eq_nocase(field, name))
            return str_trim(line);
    return (Str){0};
}

static bool
request_check(const Connector *connector, const ConnectorSecret *secret, const Request *request,
              Envelope *ret)
{
    g_autoptr(GError) error = NULL;
    PlugHeaders headers = {header_get, request};
    ConnectorKnock knock = {headers, request->body, secret, 0, {setting_none, NULL}};
    if (connector->check(&knock, ret, &error)) {
        must(!error && (ret->ping || ret->topic.len));
        return true;
    }
    error_check(error);
    return false;
}

static void
check_try(Arena *arena, const Connector *connector, Str rest)
{
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, STR("hush"));
    ConnectorSecret secret = {STR("hush"), key};
    Request request = {.headers = rest};
    Envelope envelope = {0};
    size_t end = 0;
    uint8_t tag[DIGEST_BYTES];
    if (str_find(rest, STR("\n\n"), &end)) {
        request.headers = str_sub(rest, 0, end);
        request.body = str_sub(rest, end + 2, rest.len);
    }
    const char *right =
        encode(arena, ENCODE_BASE64, (Str){(char *)tag, hmac_make(key, request.body, tag)});
    /* Nobody who does not know the secret gets in, unless it is a ping. */
    if (request_check(connector, &secret, &request, &envelope))
        must(envelope.ping || str_find(request.headers, str_of(right), &end));
    request.signature = right;
    bool genuine = request_check(connector, &secret, &request, &envelope);
    must(!genuine || !envelope.ping);
    request.body = str_of(arena_format(arena, STR_FMT "!", STR_ARG(request.body)));
    must(!request_check(connector, &secret, &request, &envelope));
}

/* ---- answers to what we ask ------------------------------------------------------------------------ */

static Str
setting_some(const void *shop, const char *key)
{
    (void)shop;
    return str_ends(str_of(key), "url") ? STR("https://shop.example.com/") : STR("some");
}

static void
request_check_made(const ConnectorRequest *request)
{
    must(request->url && g_utf8_validate(request->url, -1, NULL) &&
         !strpbrk(request->url, " \r\n"));
    must(!request->value || !strpbrk(request->value, "\r\n"));
}

static void
setup_try(Arena *arena, const ConnectorPoll *poll, const ConnectorVisit *visit,
          const ConnectorAnswer *answer)
{
    enum { TURNS_MOST = 64 };
    g_autoptr(GError) error = NULL;
    Buf told = {.arena = arena};
    ConnectorSetup setup = {.visit = *visit, .address = "https://x.example/in/a/b", .told = &told};
    bool done = false;
    for (int turn = 0; !done; turn++) {
        ConnectorRequest request = {0};
        must(turn < TURNS_MOST);
        if (!poll->setup(&setup, turn ? answer : NULL, &request, &done, &error)) {
            must(error && g_utf8_validate(error->message, -1, NULL));
            return;
        }
        if (!done)
            request_check_made(&request);
    }
    must(text_valid(buf_str(&told)));
}

/* One page; false: there is no other. */
static bool
page_try(const Connector *connector, const ConnectorVisit *visit, const ConnectorAnswer *answer,
         ConnectorCursor *cursor)
{
    g_autoptr(GError) error = NULL;
    ConnectorPage page = {0};
    ConnectorRequest request = {0};
    OrderNews news = {0};
    must(connector->poll->ask(visit, cursor, &request, NULL));
    request_check_made(&request);
    if (!connector->poll->read(visit, cursor, answer, &page, &error)) {
        must(error && g_utf8_validate(error->message, -1, NULL));
        return false;
    }
    must(!error && page.wait_ms >= 0 && page.cursor.since >= cursor->since);
    must(page.cursor.noun == cursor->noun && text_valid(page.hidden));
    must(!page.more || page.cursor.next.len || page.cursor.since > cursor->since || page.wait_ms);
    if (page.count)
        body_read(visit->arena, connector,
                  str_of(arena_format(visit->arena, "poll/%s", cursor->noun->name)),
                  page.body.len ? page.body : answer->body, &news);
    *cursor = page.cursor;
    return page.more;
}

/* Each noun, and a few pages of it with the same answer. */
static void
poll_try(const Connector *connector, const ConnectorVisit *visit, const ConnectorAnswer *answer)
{
    enum { PAGES_MOST = 4 };
    for (const ConnectorNoun *noun = connector->poll->nouns; noun->name; noun++) {
        ConnectorCursor cursor = {.noun = noun, .since = 1772438460000};
        for (int page = 0; page < PAGES_MOST && page_try(connector, visit, answer, &cursor); page++)
            continue;
    }
}

static void
answer_try(Arena *arena, const Connector *connector, Str rest)
{
    const ConnectorPoll *poll = connector->poll;
    Request request = {.headers = rest};
    size_t end = 0;
    int status = rest.len ? 100 + (uint8_t)rest.at[0] * 2 : 200;
    if (rest.len && str_find(rest, STR("\n\n"), &end)) {
        request.headers = str_sub(rest, 1, end > 1 ? end - 1 : 0);
        request.body = str_sub(rest, end + 2, rest.len);
    }
    ConnectorAnswer answer = {status, request.body, {header_get, &request}};
    ConnectorVisit visit = {arena, {setting_some, NULL}, STR("token")};
    Str token = {0};
    int64_t seconds = 0;
    if (poll->token_read && poll->token_read(&visit, &answer, &token, &seconds, NULL))
        must(token.len && seconds > 0);
    poll_try(connector, &visit, &answer);
    setup_try(arena, poll, &visit, &answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (!len)
        return 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    /* A copy of its own size, so that reading one byte behind it is found. */
    g_autofree char *copy = g_memdup2(bytes, len);
    Str rest = {copy ? copy : "", len}, line = {0}, mode = {0};
    str_split(&rest, '\n', &line);
    str_split(&line, ' ', &mode);
    const Connector *connector = connector_chosen(line);
    if (str_is(mode, "check"))
        check_try(arena, connector, rest);
    else if (!str_is(mode, "answer"))
        read_try(arena, connector, rest);
    else if (connector->poll)
        answer_try(arena, connector, rest);
    return 0;
}
