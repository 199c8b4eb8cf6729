/* api.c - what was posted to /api/v1: our own words, looked through when they came (flow/told.h), read here as any other
 * delivery. The topic is the noun.
 */
#include "plug/connector/connector.h"
#include "plug/own_noun.h"

#include <string.h>

/* Programs come in by a key of theirs, at an address of its own. */
static bool
api_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    (void)knock, (void)ret;
    return fail(error, ERR_NOT_FOUND, "the API is at /api/v1");
}

static bool
api_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    OwnNoun noun;
    OwnShop shop = {.zone = ask->zone};
    memcpy(shop.currency, ask->currency, MIN(strlen(ask->currency), 3));
    OwnReading *reading = arena_new_of(ask->arena, OwnReading, 1);
    reading->arena = ask->arena;
    reading->shop = &shop;
    if (!own_noun_find(ask->topic, &noun))
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no noun of the API", STR_ARG(ask->topic));
    const Json *root = json_parse(ask->arena, ask->body.at, ask->body.len, error);
    if (!root)
        return false;
    if (own_noun_read(reading, noun, root, ret))
        return true;
    return fail(error, ERR_INPUT, "%s: %s", reading->problems[0].pointer,
                reading->problems[0].detail);
}

const Connector connector_api = {
    .name = "api",
    .title = "API",
    .secret = NULL,
    .help =
        "`postlude key api SHOP --name PROGRAM --scopes orders:write` makes a key for a program.",
    .check = api_check,
    .read = api_read,
};
