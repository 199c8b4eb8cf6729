/* generic.c - any program that can post JSON: read by a map of places (plug/map.h), signed in one of four ways.
 *
 *   {"kind": "header", "name": "X-Api-Key"}       the secret itself stands in a header; without a name, in
 *                                                 Authorization behind "Bearer "
 *   {"kind": "hmac", "name": "X-Signature"}       HMAC-SHA256 of the body in hex or base64, perhaps behind "sha256="
 *   {"kind": "standard"}                          Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature
 *   {"kind": "stripe"}                            Stripe-Signature: t=...,v1=..., HMAC over "t.body"
 *
 * Sources: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
 * https://docs.stripe.com/webhooks#verify-manually
 */
#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "plug/connector/connector.h"
#include "plug/map.h"

#include <inttypes.h>
#include <string.h>

enum { TOLERANCE_MS = 5 * 60 * 1000 /* of both papers */ };

/* ---- signatures ------------------------------------------------------------------------------------------------ */

static bool
sign_wrong(GError **error)
{
    return fail(error, ERR_AUTH,
                "the signature does not fit: generic.secret is not the secret of the program that "
                "sent this, or a proxy changed the body");
}

static bool
header_needed(const ConnectorKnock *knock, const char *name, Str *ret, GError **error)
{
    *ret = str_trim(plug_header(&knock->headers, name));
    return ret->len || fail(error, ERR_AUTH, "the header %s is missing", name);
}

/* A signature must not be older, nor from further in the future, than its paper says: else it could be replayed. */
static bool
moment_check(const ConnectorKnock *knock, Str seconds, GError **error)
{
    char digits[24] = "", *end = NULL;
    if (!seconds.len || seconds.len >= sizeof digits)
        return fail(error, ERR_AUTH, "the signature has no time");
    memcpy(digits, seconds.at, seconds.len);
    int64_t at = g_ascii_strtoll(digits, &end, 10);
    if (*end != '\0' || at < 0 || at > INT64_MAX / 2000)
        return fail(error, ERR_AUTH, "the time of the signature is no number of seconds");
    int64_t age = knock->now - at * 1000;
    if (age > TOLERANCE_MS || age < -TOLERANCE_MS)
        return fail(error, ERR_AUTH,
                    "the signature is %" PRId64
                    " s %s; at most 300 are taken: check the clocks of both machines",
                    ABS(age) / 1000, age > 0 ? "old" : "ahead of our clock");
    return true;
}

static bool
check_header(const ConnectorKnock *knock, const char *name, GError **error)
{
    Str sent;
    if (name)
        return header_needed(knock, name, &sent, error) &&
               (seal_same(sent, knock->secret->text) || sign_wrong(error));
    if (!header_needed(knock, "Authorization", &sent, error))
        return false;
    if (str_starts(sent, "Bearer "))
        sent = str_trim(str_sub(sent, 7, sent.len));
    return seal_same(sent, knock->secret->text) || sign_wrong(error);
}

static bool
check_hmac(const ConnectorKnock *knock, const char *name, GError **error)
{
    Str sent;
    uint8_t tag[DIGEST_BYTES];
    size_t bytes = 0;
    if (!header_needed(knock, name ? name : "X-Signature", &sent, error))
        return false;
    if (str_starts(sent, "sha256="))
        sent = str_sub(sent, 7, sent.len);
    /* 64 letters are hex, 44 base64: they cannot be mistaken for each other. */
    Encoding encoding = sent.len == 2 * DIGEST_BYTES ? ENCODE_HEX : ENCODE_BASE64;
    if (!decode_to(encoding, sent, sizeof tag, tag, &bytes) ||
        !hmac_check(knock->secret->sha256, knock->body, (Str){(const char *)tag, bytes}))
        return sign_wrong(error);
    return true;
}

/* The signed bytes are `id.timestamp.body`; the header holds several signatures while a secret is changed. */
static bool
check_standard(const ConnectorKnock *knock, Envelope *envelope, GError **error)
{
    enum { SECRET_BYTES = 64 };
    Str id, at, list, letters = knock->secret->text;
    if (!header_needed(knock, "webhook-id", &id, error) ||
        !header_needed(knock, "webhook-timestamp", &at, error) ||
        !header_needed(knock, "webhook-signature", &list, error) || !moment_check(knock, at, error))
        return false;
    uint8_t secret[SECRET_BYTES];
    size_t secret_bytes = 0;
    if (str_starts(letters, "whsec_"))
        letters = str_sub(letters, 6, letters.len);
    /* An empty key would be everybody's. */
    if (!decode_to(ENCODE_BASE64, letters, sizeof secret, secret, &secret_bytes) || !secret_bytes)
        return fail(error, ERR_AUTH,
                    "generic.secret is no secret of Standard Webhooks (whsec_...)");
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, (Str){(const char *)secret, secret_bytes});
    seal_wipe(secret, sizeof secret);
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf signed_bytes = {.arena = arena};
    buf_format(&signed_bytes, STR_FMT "." STR_FMT ".", STR_ARG(id), STR_ARG(at));
    buf_add_str(&signed_bytes, knock->body);
    bool genuine = false;
    for (Str one; !genuine && str_split(&list, ' ', &one);) {
        uint8_t tag[DIGEST_BYTES];
        size_t bytes = 0;
        genuine = str_starts(one, "v1,") &&
                  decode_to(ENCODE_BASE64, str_sub(one, 3, one.len), sizeof tag, tag, &bytes) &&
                  hmac_check(key, buf_str(&signed_bytes), (Str){(const char *)tag, bytes});
    }
    envelope->delivery = id;
    return genuine || sign_wrong(error);
}

static bool
check_stripe(const ConnectorKnock *knock, GError **error)
{
    Str list, at = {0};
    if (!header_needed(knock, "Stripe-Signature", &list, error))
        return false;
    for (Str rest = list, one; !at.len && str_split(&rest, ',', &one);)
        if (str_starts(str_trim(one), "t="))
            at = str_sub(str_trim(one), 2, str_trim(one).len);
    if (!moment_check(knock, at, error))
        return false;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf signed_bytes = {.arena = arena};
    buf_format(&signed_bytes, STR_FMT ".", STR_ARG(at));
    buf_add_str(&signed_bytes, knock->body);
    bool genuine = false;
    for (Str rest = list, one; !genuine && str_split(&rest, ',', &one);) {
        uint8_t tag[DIGEST_BYTES];
        size_t bytes = 0;
        Str part = str_trim(one);
        genuine = str_starts(part, "v1=") &&
                  decode_to(ENCODE_HEX, str_sub(part, 3, part.len), sizeof tag, tag, &bytes) &&
                  hmac_check(knock->secret->sha256, buf_str(&signed_bytes),
                             (Str){(const char *)tag, bytes});
    }
    return genuine || sign_wrong(error);
}

static bool
generic_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    const Map *map = map_read(arena, plug_setting(&knock->settings, "generic.map"), error);
    if (!map)
        return fail_at(error, "generic.map");
    const Json *sign = map_sign(map);
    Str kind = json_text(json_get(sign, "kind"));
    const char *name = json_str(json_get(sign, "name"));
    Envelope envelope = {.topic = STR("json")};
    bool genuine = false;
    if (str_is(kind, "standard"))
        genuine = check_standard(knock, &envelope, error);
    else if (str_is(kind, "stripe"))
        genuine = check_stripe(knock, error);
    else if (str_is(kind, "hmac"))
        genuine = check_hmac(knock, name, error);
    else if (!kind.len || str_is(kind, "header"))
        genuine = check_header(knock, name, error);
    else
        must(!"map_read lets no other kind pass");
    if (genuine)
        *ret = envelope;
    return genuine;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool
generic_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    Str text = arena_copy(ask->arena, plug_setting(&ask->settings, "generic.map"));
    const Map *map = map_read(ask->arena, text, error);
    if (!map)
        return fail_at(error, "generic.map");
    const Json *document = json_parse(ask->arena, ask->body.at, ask->body.len, error);
    if (!document)
        return false;
    OwnShop shop = {.zone = ask->zone};
    g_strlcpy(shop.currency, ask->currency, sizeof shop.currency);
    return map_facts(ask->arena, &(MapAsk){.map = map, .shop = &shop, .document = document}, ret,
                     error);
}

const Connector connector_generic = {
    .name = "generic",
    .title = "Any program that posts JSON",
    .secret = "generic.secret",
    .help = "Set generic.map to a ready map (`postlude list maps`) or to one of your own, let the "
            "program post its orders here, and give both sides the same secret.",
    .check = generic_check,
    .read = generic_read,
};
