/* Maps that somebody wrote, on documents that somebody sent.
 *
 * The input is a map (or the name of a ready one), an empty line, and a document. What is read goes through
 * facts_prepare, as it does on its way into the store, and is printed as `postlude map try` prints it. */
#include "base/limits.h"
#include "flow/facts.h"
#include "plug/map.h"
#include "plug/show.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { COUNT_BEFORE = 77 };

typedef struct Watched {
    size_t count;
} Watched;

static void
watched_read(void *me, const Json *value)
{
    must(json_type(value) != JSON_NONE);
    ((Watched *)me)->count++;
}

static void
error_check(const GError *error)
{
    must(error && error->domain == POSTLUDE_ERROR && error->message[0]);
    must(g_utf8_validate(error->message, -1, NULL));
    must(error_row(error)->http < 500); /* the sender's or the owner's mistake, never ours */
}

/* What came out, as text; a refusal is its words. */
static Str
document_read(Arena *arena, const Map *map, const Json *document)
{
    g_autoptr(GError) error = NULL;
    OwnShop shop = {.currency = "EUR", .zone = zone_utc()};
    Watched watched = {0};
    const MapWatch watch = {watched_read, &watched};
    const MapAsk ask = {.map = map, .shop = &shop, .document = document, .watch = &watch};
    Facts facts = {.order_count = COUNT_BEFORE};
    Buf out = {.arena = arena};
    if (!map_facts(arena, &ask, &facts, &error)) {
        must(facts.order_count == COUNT_BEFORE); /* untouched */
        error_check(error);
        return str_of(arena_format(arena, "%s", error->message));
    }
    must(!error && (facts.order_count || facts.declined.len || watched.count));
    show_facts(arena, &facts, false, &out);
    must(facts_prepare(arena, &facts));
    return buf_str(&out);
}

static void
input_try(Arena *arena, Str text, Str body)
{
    g_autoptr(GError) error = NULL, unread = NULL;
    const Map *map = map_read(arena, text, &error);
    if (!map) {
        error_check(error);
        return;
    }
    const Json *document = json_parse(arena, body.at, body.len, &unread);
    if (!document)
        return;
    Str first = document_read(arena, map, document);
    must(str_eq(first, document_read(arena, map, document)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t end = 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    /* Copies of their own size, so that reading one byte behind them is found. */
    Str input = {(const char *)bytes, len};
    if (!str_find(input, STR("\n\n"), &end))
        return 0;
    g_autofree char *text = g_memdup2(bytes, end);
    g_autofree char *body = g_memdup2(bytes + end + 2, len - end - 2);
    input_try(arena, (Str){text ? text : "", end}, (Str){body ? body : "", len - end - 2});
    return 0;
}
