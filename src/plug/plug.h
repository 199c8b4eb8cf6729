/* plug.h - what all plugs share.
 *
 * A plug speaks one dialect of the outside world and is PURE: bytes to structs of model.h, structs to
 * bytes. It opens no socket, reads no clock, touches no store; the flow does that on its behalf. So a plug is
 * one file, one row in its KINDs.def, and recorded bytes in test/plug/KIND/NAME/ as its test.
 */
#pragma once

#include "base/json.h"

/* Looks up a header of the request, whatever its case; empty if it is not there. */
typedef struct PlugHeaders {
    Str (*get)(const void *request, const char *name);
    const void *request;
} PlugHeaders;

static inline Str
plug_header(const PlugHeaders *headers, const char *name)
{
    return headers->get(headers->request, name);
}

/* What the owner of the shop has set, by the key of flow/settings.def; empty where nothing is. A key that is none is
 * our bug (must). Borrowed for the call: copy what the result keeps. */
typedef struct PlugSettings {
    Str (*get)(const void *shop, const char *key);
    const void *shop;
} PlugSettings;

static inline Str
plug_setting(const PlugSettings *settings, const char *key)
{
    return settings->get(settings->shop, key);
}

/* ---- members of a JSON object, as what our structs hold ------------------------------------------
 *
 * A missing member, null and "" are all "none": the empty Str, 0. What must be there is asked for by the plug,
 * afterwards. Wrong input fails with ERR_INPUT and names the key; *ret is untouched then. */

/* The text of a string, a number or a boolean, trimmed, at most LIMIT_TEXT_BYTES. For ids too: exact, however
 * the sender writes them. */
Str plug_text(Arena *arena, const Json *object, const char *key);

/* Text or number in minor units of the currency (ISO 4217, NUL-terminated); digits below them are rounded. Of more
 * than 2^53 of them: ERR_INPUT, so that the sum of some is a number, too. */
bool plug_amount(Arena *arena, const Json *object, const char *key, const char *currency,
                 int64_t *ret, GError **error);

/* A date in a form of when_parse; without an offset it is UTC. */
bool plug_moment(Arena *arena, const Json *object, const char *key, int64_t *ret, GError **error);
