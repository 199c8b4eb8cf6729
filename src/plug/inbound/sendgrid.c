/* sendgrid.c - SendGrid's event webhook: a list of events a body.
 *
 * Signed with ECDSA over P-256 and SHA-256: over the header X-Twilio-Email-Event-Webhook-Timestamp and the raw body,
 * written one behind the other; the signature is base64 of DER in X-Twilio-Email-Event-Webhook-Signature. The public key
 * stands in SendGrid's settings, as base64 of DER. Old timestamps are refused, as SendGrid advises.
 *
 * Source: twilio.com/docs/sendgrid/for-developers/tracking-events (event webhook reference, security features).
 */
#include "plug/inbound/inbound_inside.h"

#include "base/encode.h"
#include "base/sign_key.h"

#include <string.h>

enum { AGE_SECONDS_MOST = 24 * 3600, AHEAD_SECONDS_MOST = 5 * 60, EVENTS_MOST = 5000 };

static bool
sendgrid_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
               GError **error)
{
    Str timestamp = plug_header(headers, "X-Twilio-Email-Event-Webhook-Timestamp");
    Str letters = plug_header(headers, "X-Twilio-Email-Event-Webhook-Signature");
    Str signature, key;
    if (!timestamp.len || !letters.len)
        return fail(error, ERR_INPUT,
                    "SendGrid's delivery has no signature: switch on the signed event webhook");
    if (!decode(arena, ENCODE_BASE64, letters, &signature))
        return fail(error, ERR_AUTH, "SendGrid's signature is no base64");
    if (!decode(arena, ENCODE_BASE64, secret->secret, &key))
        key = secret->secret; /* PEM */
    Buf text = {.arena = arena};
    buf_reserve(&text, timestamp.len + body.len);
    buf_add_str(&text, timestamp);
    buf_add_str(&text, body);
    if (!sign_check_by(key, SIGN_SHA256, buf_str(&text), signature, error))
        return fail_at(error, "SendGrid's delivery");
    int64_t seconds = g_ascii_strtoll(arena_cstr(arena, timestamp), NULL, 10),
            now = secret->now / 1000;
    /* It repeats for a day what was not taken, with its first timestamp. */
    if (seconds < now - AGE_SECONDS_MOST || seconds > now + AHEAD_SECONDS_MOST)
        return fail(error, ERR_AUTH, "SendGrid's delivery is of another time than now");
    return true;
}

static const struct {
    const char *event;
    ReportOutcome outcome;
} event_rows[] = {
    {"bounce", REPORT_FAILED},         {"dropped", REPORT_FAILED},
    {"deferred", REPORT_DELAYED},      {"delivered", REPORT_DELIVERED},
    {"spamreport", REPORT_COMPLAINED},
};

/* bounce_classification: SendGrid's own sorting of the words. */
static const struct {
    const char *name;
    BounceReason reason;
} class_rows[] = {
    {"Invalid Address", BOUNCE_USER_UNKNOWN},
    {"Mailbox Unavailable", BOUNCE_MAILBOX_FULL},
    {"Reputation", BOUNCE_BLOCKED},
    {"Content", BOUNCE_CONTENT},
    {"Technical", BOUNCE_SYSTEM},
    {"Frequency or Volume Too High", BOUNCE_RATE},
};

static void
failure_read(Arena *arena, const Json *event, InboundReport *report)
{
    Str class = json_text(json_get(event, "bounce_classification"));
    report->words =
        plug_text(arena, event, report->outcome == REPORT_DELAYED ? "response" : "reason");
    scan_enhanced(plug_text(arena, event, "status"), &report->enhanced);
    bounce_explain(arena, report->words, (Str){0}, report);
    for (size_t i = 0; i < G_N_ELEMENTS(class_rows) && report->reason == BOUNCE_OTHER; i++)
        if (str_is(class, class_rows[i].name))
            report->reason = class_rows[i].reason;
    /* "blocked" is of the moment, whatever the words are; "Bounced Address" stands on SendGrid's own list. */
    bool invalid = str_is(class, "Invalid Address") || str_is(report->words, "Bounced Address") ||
                   str_is(report->words, "Invalid");
    if (invalid)
        report->reason = BOUNCE_USER_UNKNOWN;
    report->hard = report->outcome == REPORT_FAILED && (report->hard || invalid) &&
                   !str_is(json_text(json_get(event, "type")), "blocked");
}

static bool
event_read(Arena *arena, const Json *event, InboundReport *ret)
{
    Str name = json_text(json_get(event, "event"));
    int64_t seconds = 0;
    size_t row = 0;
    while (row < G_N_ELEMENTS(event_rows) && !str_is(name, event_rows[row].event))
        row++;
    *ret = (InboundReport){.recipient = scan_first_address(plug_text(arena, event, "email"))};
    if (row == G_N_ELEMENTS(event_rows) || !ret->recipient.len)
        return false;
    ret->outcome = event_rows[row].outcome;
    ret->provider_id = plug_text(arena, event, "sg_message_id");
    ret->message_id = plug_text(arena, event, "smtp-id");
    if (json_int(json_get(event, "timestamp"), &seconds) && seconds > 0 &&
        seconds < INT64_C(100000000000))
        ret->at = seconds * 1000;
    if (ret->outcome == REPORT_FAILED || ret->outcome == REPORT_DELAYED)
        failure_read(arena, event, ret);
    return true;
}

static bool
sendgrid_read(Arena *arena, Str body, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    if (json_type(root) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "SendGrid's delivery is no list of events");
    if (json_len(root) > EVENTS_MOST)
        return fail(error, ERR_TOO_BIG, "SendGrid's delivery has %zu events", json_len(root));
    InboundReport *reports = arena_new_of(arena, InboundReport, json_len(root) + 1);
    InboundFacts facts = {.kind = INBOUND_REPORT, .no_answer = true, .reports = reports};
    for (size_t i = 0; i < json_len(root); i++)
        facts.report_count += event_read(arena, json_nth(root, i), &reports[facts.report_count]);
    for (size_t i = 0; i < facts.report_count; i++)
        if (reports[i].outcome == REPORT_COMPLAINED)
            facts.feedback = STR("abuse");
    *ret = facts;
    return true;
}

const Inbound inbound_sendgrid = {
    .name = "sendgrid",
    .title = "SendGrid",
    .secret = "sendgrid.secret",
    .help = "The verification key of the signed event webhook, under Mail Settings, Event Webhook "
            "in SendGrid. Events: "
            "delivered, deferred, bounced, dropped, spam reports.",
    .check = sendgrid_check,
    .read = sendgrid_read,
};
