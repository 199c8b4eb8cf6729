/* Orders in mails, of any bytes. The first byte chooses: 'b' a text with a block, 'h' an HTML text with JSON-LD, 'm' a mail.
 *
 * Blocks are signed by the secret of the seeds, so that mutations get behind the signature only where they are passed over:
 * whatever is read as whole has to be what was signed, in other words JSON that our own reader takes or refuses by name. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/mime.h"
#include "plug/order_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
facts_check(const Facts *facts)
{
    must(facts->order_count == 1 && facts->source.len);
    must(facts->orders[0].foreign_id.len && text_valid(facts->orders[0].foreign_id));
}

static void
mail_try(Arena *arena, Str bytes)
{
    static const OwnShop shop = {.currency = "EUR"};
    Letter letter;
    Facts facts;
    bool is = false;
    if (!letter_read(arena, bytes, &letter, NULL))
        return;
    OrderMailAsk ask = {
        .arena = arena,
        .shop = &shop,
        .secret = STR("fuzz"),
        .from = STR("system.example, a@b.example"),
        .authority = STR("mx.demo.example"),
    };
    g_autoptr(GError) error = NULL;
    bool ok = order_mail_facts(&ask, &letter, &is, &facts, &error);
    must(ok != (error != NULL));
    if (ok && is)
        facts_check(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    if (len < 1)
        return 0;
    Str text = {(const char *)bytes + 1, len - 1}, json = {0};
    bool is = false, ok = true;
    if (bytes[0] == 'b')
        ok = order_block_read(arena, STR("fuzz"), text, &is, &json, &error);
    else if (bytes[0] == 'h')
        ok = order_markup_read(arena, text, 1772445600000, &is, &json, &error);
    else if (bytes[0] == 'm')
        mail_try(arena, text);
    must(ok == (error == NULL));
    must(!ok || is == (json.at != NULL));
    /* What the markup's reader writes is always JSON. */
    if (is && bytes[0] == 'h')
        must(json_parse(arena, json.at, json.len, NULL));
    return 0;
}
