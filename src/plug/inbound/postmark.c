/* postmark.c - Postmark's webhooks: one record a body.
 *
 * Postmark does not sign. It can send a login (HTTP basic) or extra headers; we take the login, whose password is the
 * secret, or the secret as the last part of the address.
 *
 * Source: postmarkapp.com/developer/webhooks (bounce, spam complaint, delivery, subscription change webhooks) and its
 * list of bounce types.
 */
#include "plug/inbound/inbound_inside.h"

#include <string.h>

static bool
postmark_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
               GError **error)
{
    (void)body;
    return inbound_login(arena, headers, secret, error);
}

/* Bounce types whose name says more than the server's words, or that are no bounces at all. */
static const struct {
    const char *type;
    ReportOutcome outcome;
    BounceReason reason;
    bool hard;
} type_rows[] = {
    {"HardBounce", REPORT_FAILED, BOUNCE_USER_UNKNOWN, true},
    {"BadEmailAddress", REPORT_FAILED, BOUNCE_USER_UNKNOWN, true},
    {"AddressChange", REPORT_TOLD, BOUNCE_OTHER, false},
    {"Transient", REPORT_DELAYED, BOUNCE_OTHER, false},
    {"DnsError", REPORT_FAILED, BOUNCE_NETWORK, false},
    {"SoftBounce", REPORT_FAILED, BOUNCE_OTHER, false},
    {"SpamNotification", REPORT_FAILED, BOUNCE_SPAM, false},
    {"VirusNotification", REPORT_FAILED, BOUNCE_VIRUS, false},
    {"Blocked", REPORT_FAILED, BOUNCE_BLOCKED, false},
    {"DMARCPolicy", REPORT_FAILED, BOUNCE_AUTH, false},
    {"Undeliverable", REPORT_FAILED, BOUNCE_OTHER, false},
    {"AutoResponder", REPORT_TOLD, BOUNCE_OTHER, false},
    {"ChallengeVerification", REPORT_TOLD, BOUNCE_OTHER, false},
    {"OpenRelayTest", REPORT_TOLD, BOUNCE_OTHER, false},
    {"Subscribe", REPORT_TOLD, BOUNCE_OTHER, false},
    {"Unsubscribe", REPORT_TOLD, BOUNCE_OTHER, false},
    {"SpamComplaint", REPORT_COMPLAINED, BOUNCE_OTHER, false},
};

static void
bounce_fill(Arena *arena, const Json *root, InboundReport *report)
{
    Str type = json_text(json_get(root, "Type"));
    report->outcome = REPORT_FAILED;
    report->words = plug_text(arena, root, "Details");
    if (!report->words.len)
        report->words = plug_text(arena, root, "Description");
    size_t row = 0;
    while (row < G_N_ELEMENTS(type_rows) && !str_is(type, type_rows[row].type))
        row++;
    if (row < G_N_ELEMENTS(type_rows))
        report->outcome = type_rows[row].outcome;
    if (report->outcome != REPORT_FAILED && report->outcome != REPORT_DELAYED)
        return;
    bounce_explain(arena, report->words, (Str){0}, report);
    if (row == G_N_ELEMENTS(type_rows))
        return;
    if (report->reason == BOUNCE_OTHER)
        report->reason = type_rows[row].reason;
    /* Postmark has heard the whole conversation, and stops writing to those it calls hard. */
    report->hard = type_rows[row].hard;
}

static const struct {
    const char *record;
    const char *recipient;
    const char *moment;
    ReportOutcome outcome;
} record_rows[] = {
    {"Bounce", "Email", "BouncedAt", REPORT_FAILED},
    {"SpamComplaint", "Email", "BouncedAt", REPORT_COMPLAINED},
    {"Delivery", "Recipient", "DeliveredAt", REPORT_DELIVERED},
};

static bool
postmark_read(Arena *arena, Str body, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    Str record = json_text(json_get(root, "RecordType"));
    if (!record.len)
        return fail(error, ERR_INPUT, "Postmark's delivery has no RecordType");
    InboundFacts facts = {.kind = INBOUND_REPORT, .no_answer = true};
    for (size_t i = 0; i < G_N_ELEMENTS(record_rows); i++) {
        if (!str_is(record, record_rows[i].record))
            continue;
        InboundReport *report = arena_new_of(arena, InboundReport, 1);
        report->outcome = record_rows[i].outcome;
        report->recipient = scan_first_address(plug_text(arena, root, record_rows[i].recipient));
        report->provider_id = plug_text(arena, root, "MessageID");
        report->message_id = plug_text(arena, json_get(root, "Metadata"), "message_id");
        if (!report->recipient.len)
            return fail(error, ERR_INPUT, "Postmark's record names no recipient");
        if (!plug_moment(arena, root, record_rows[i].moment, &report->at, error))
            return false;
        if (report->outcome == REPORT_FAILED)
            bounce_fill(arena, root, report);
        facts.kind = report->outcome == REPORT_COMPLAINED ? INBOUND_COMPLAINT : INBOUND_REPORT;
        facts.feedback = facts.kind == INBOUND_COMPLAINT ? STR("abuse") : (Str){0};
        facts.reports = report;
        facts.report_count = 1;
    }
    *ret = facts;
    return true;
}

const Inbound inbound_postmark = {
    .name = "postmark",
    .title = "Postmark",
    .secret = "postmark.secret",
    .help = "A password of your own; in Postmark's webhook enter it under Basic auth credentials, "
            "with any user name. "
            "Events: bounce, spam complaint, delivery.",
    .check = postmark_check,
    .read = postmark_read,
};
