/* mailgun.c - Mailgun's webhooks: one event a body.
 *
 * Signed inside the body: hex HMAC-SHA256, with the account's webhook signing key, over timestamp and token written
 * one behind the other. The signature does not cover the event: what keeps a stolen one from being used again is
 * that timestamp and token are fresh; the inbox keeps tokens apart (the body's hash), here old timestamps are refused.
 *
 * Source: documentation.mailgun.com, "Securing webhooks" and "Event structure".
 */
#include "plug/inbound/inbound_inside.h"

#include "base/digest.h"
#include "base/encode.h"

#include <string.h>

enum { AGE_SECONDS_MOST = 15 * 60, AHEAD_SECONDS_MOST = 5 * 60 };

static bool
mailgun_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
              GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    const Json *signature = json_get(root, "signature");
    Str timestamp = json_as_text(arena, json_get(signature, "timestamp"));
    Str token = json_text(json_get(signature, "token"));
    Str letters = json_text(json_get(signature, "signature"));
    if (!timestamp.len || !token.len || !letters.len)
        return fail(error, ERR_INPUT, "Mailgun's delivery has no signature");
    uint8_t tag[DIGEST_BYTES];
    size_t tag_bytes = 0;
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, secret->secret);
    const char *signed_text =
        arena_format(arena, STR_FMT STR_FMT, STR_ARG(timestamp), STR_ARG(token));
    if (!secret->secret.len || !decode_to(ENCODE_HEX, letters, sizeof tag, tag, &tag_bytes) ||
        !hmac_check(key, str_of(signed_text), (Str){(const char *)tag, tag_bytes}))
        return fail(error, ERR_AUTH, "this is not signed with the Mailgun signing key that is set");
    int64_t seconds = g_ascii_strtoll(arena_cstr(arena, timestamp), NULL, 10);
    int64_t now = secret->now / 1000;
    if (seconds < now - AGE_SECONDS_MOST || seconds > now + AHEAD_SECONDS_MOST)
        return fail(error, ERR_AUTH, "Mailgun's delivery is of another time than now");
    (void)headers;
    return true;
}

/* What it calls its events, and what they mean. */
static const struct {
    const char *event;
    ReportOutcome outcome;
} event_rows[] = {
    {"delivered", REPORT_DELIVERED},
    {"failed", REPORT_FAILED},
    {"complained", REPORT_COMPLAINED},
    {"rejected", REPORT_FAILED},
};

static void
report_read(Arena *arena, const Json *event, InboundReport *ret)
{
    const Json *status = json_get(event, "delivery-status");
    int64_t code = 0;
    double seconds = 0;
    json_int(json_get(status, "code"), &code);
    json_double(json_get(event, "timestamp"), &seconds);
    if (ret->outcome == REPORT_FAILED &&
        str_is(json_text(json_get(event, "severity")), "temporary"))
        ret->outcome = REPORT_DELAYED;
    ret->recipient = scan_first_address(plug_text(arena, event, "recipient"));
    ret->code = code >= 400 && code < 600 ? (int)code : 0;
    Str enhanced = plug_text(arena, status, "enhanced-code");
    scan_enhanced(enhanced, &ret->enhanced);
    ret->server = plug_text(arena, status, "mx-host");
    ret->words = plug_text(arena, status, "message");
    if (!ret->words.len)
        ret->words = plug_text(arena, status, "description");
    if (!ret->words.len)
        ret->words = plug_text(arena, json_get(event, "reject"), "reason");
    ret->provider_id = plug_text(arena, event, "id");
    ret->message_id = plug_text(arena, json_at(event, "/message/headers"), "message-id");
    ret->at = seconds > 0 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
    if (ret->outcome == REPORT_FAILED || ret->outcome == REPORT_DELAYED)
        bounce_explain(arena, ret->words, (Str){0}, ret);
    /* Not tried, because it had bounced there before: Mailgun's own list. */
    if (str_is(json_text(json_get(event, "reason")), "suppress-bounce")) {
        ret->reason = BOUNCE_USER_UNKNOWN;
        ret->hard = true;
    }
}

static bool
mailgun_read(Arena *arena, Str body, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    const Json *event = json_get(root, "event-data");
    Str name = json_text(json_get(event, "event"));
    if (!name.len)
        return fail(error, ERR_INPUT, "Mailgun's delivery has no event-data/event");
    InboundFacts facts = {.kind = INBOUND_REPORT, .no_answer = true};
    for (size_t i = 0; i < G_N_ELEMENTS(event_rows); i++) {
        if (!str_is(name, event_rows[i].event))
            continue;
        InboundReport *report = arena_new_of(arena, InboundReport, 1);
        report->outcome = event_rows[i].outcome;
        report_read(arena, event, report);
        if (!report->recipient.len)
            return fail(error, ERR_INPUT, "Mailgun's event names no recipient");
        facts.kind = report->outcome == REPORT_COMPLAINED ? INBOUND_COMPLAINT : INBOUND_REPORT;
        facts.feedback = facts.kind == INBOUND_COMPLAINT ? STR("abuse") : (Str){0};
        facts.reports = report;
        facts.report_count = 1;
    }
    *ret = facts;
    return true;
}

const Inbound inbound_mailgun = {
    .name = "mailgun",
    .title = "Mailgun",
    .secret = "mailgun.secret",
    .help = "The HTTP webhook signing key, under API Security in Mailgun. Webhooks: permanent "
            "failure, temporary "
            "failure, spam complaints, delivered.",
    .check = mailgun_check,
    .read = mailgun_read,
};
