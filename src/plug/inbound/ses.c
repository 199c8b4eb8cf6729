/* ses.c - Amazon SES, whose notifications come through SNS: by webhook, or by mail where a topic sends mail.
 *
 * SNS signs a string made of some fields of its envelope with a certificate that the envelope names. Whoever can choose
 * that address can choose the key: so it is taken only from SNS's own hosts, over HTTPS. The topic that is meant is the
 * secret: without it anybody's own topic, signed by Amazon, would pass.
 *
 * Sources: docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages" and "Message formats";
 * docs.aws.amazon.com/ses, "Amazon SNS notification contents" and "Event publishing".
 */
#include "plug/inbound/inbound_inside.h"

#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "base/sign_key.h"
#include "base/text.h"

#include <string.h>

/* ---- the envelope ------------------------------------------------------------------------------- */

/* Fields of the string to sign, in its order, by the kind of message. */
static const char *const notification_fields[] = {"Message",   "MessageId", "Subject",
                                                  "Timestamp", "TopicArn",  "Type"};
static const char *const confirmation_fields[] = {
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"};

/* Each field's name and value on a line of its own; a Subject that is not there is left out. */
static Str
sns_signed_text(Arena *arena, const Json *root)
{
    bool notification = str_is(json_text(json_get(root, "Type")), "Notification");
    const char *const *fields = notification ? notification_fields : confirmation_fields;
    size_t count =
        notification ? G_N_ELEMENTS(notification_fields) : G_N_ELEMENTS(confirmation_fields);
    Buf text = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        const Json *value = json_get(root, fields[i]);
        if (json_missing(value))
            continue;
        buf_add_cstr(&text, fields[i]);
        buf_add_char(&text, '\n');
        buf_add_str(&text, json_text(value));
        buf_add_char(&text, '\n');
    }
    return buf_str(&text);
}

/* https://sns.REGION.amazonaws.com/..., also .com.cn; no port, no login, no other host that only begins so. */
static bool
url_is_sns(Str url)
{
    static const char start[] = "https://sns.";
    if (!str_starts(url, start))
        return false;
    size_t from = sizeof start - 1, slash = from;
    while (slash < url.len && (g_ascii_isalnum(url.at[slash]) || strchr("-.", url.at[slash])))
        slash++;
    if (slash == url.len || url.at[slash] != '/')
        return false;
    Str host = str_sub(url, from, slash - from);
    size_t dot;
    if (!str_find(host, STR("."), &dot) || dot == 0)
        return false;
    Str rest = str_sub(host, dot, host.len);
    return str_is(rest, ".amazonaws.com") || str_is(rest, ".amazonaws.com.cn");
}

static bool
ses_certificate_url(Arena *arena, Str body, Str *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    Str url = json_text(json_get(root, "SigningCertURL"));
    if (!url.len)
        return fail(error, ERR_INPUT, "SNS's delivery names no certificate");
    if (!url_is_sns(url) || !str_ends(url, ".pem"))
        return fail(error, ERR_AUTH, "the certificate named is not at an address of Amazon SNS");
    *ret = url;
    return true;
}

static bool
ses_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
          GError **error)
{
    Str url, signature;
    if (!ses_certificate_url(arena, body, &url, error))
        return false;
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    Str topic = json_text(json_get(root, "TopicArn"));
    if (!seal_same(topic, secret->secret))
        return fail(error, ERR_AUTH, "this comes from another SNS topic than the one that is set");
    if (!decode(arena, ENCODE_BASE64, json_text(json_get(root, "Signature")), &signature))
        return fail(error, ERR_INPUT, "SNS's delivery has no signature");
    bool sha1 = str_is(json_as_text(arena, json_get(root, "SignatureVersion")), "1");
    (void)headers;
    return sign_check_by(secret->certificate, sha1 ? SIGN_SHA1 : SIGN_SHA256,
                         sns_signed_text(arena, root), signature, error);
}

/* ---- what SES tells ------------------------------------------------------------------------------ */

/* bounceType and bounceSubType decide where the server's words are missing. */
static void
bounce_by_type(const Json *bounce, InboundReport *report)
{
    Str type = json_text(json_get(bounce, "bounceType")),
        subtype = json_text(json_get(bounce, "bounceSubType"));
    bool suppressed = str_is(subtype, "Suppressed") || str_is(subtype, "OnAccountSuppressionList");
    if (str_is(type, "Transient"))
        report->hard = false;
    if (str_is(subtype, "MailboxFull"))
        report->reason = BOUNCE_MAILBOX_FULL;
    if (str_is(type, "Permanent") &&
        (suppressed || str_is(subtype, "NoEmail") ||
         (report->reason == BOUNCE_OTHER && str_is(subtype, "General")))) {
        report->reason = BOUNCE_USER_UNKNOWN;
        report->hard = true;
    }
}

static void
recipient_read(Arena *arena, const Json *bounce, const Json *recipient, InboundReport *report)
{
    report->words = plug_text(arena, recipient, "diagnosticCode");
    if (scan_starts(report->words, "smtp;"))
        report->words = str_trim(str_sub(report->words, 5, report->words.len));
    Str action = plug_text(arena, recipient, "action");
    if (scan_starts(action, "delay"))
        report->outcome = REPORT_DELAYED;
    scan_enhanced(plug_text(arena, recipient, "status"), &report->enhanced);
    report->server = plug_text(arena, bounce, "reportingMTA");
    bounce_explain(arena, report->words, (Str){0}, report);
    bounce_by_type(bounce, report);
}

/* Our own Message-ID stands in the headers of the mail, where the topic sends them; SES's own name for it always. */
static void
mail_read(Arena *arena, const Json *root, InboundReport *report)
{
    const Json *mail = json_get(root, "mail"), *headers = json_get(mail, "headers");
    report->provider_id = plug_text(arena, mail, "messageId");
    for (size_t i = 0; i < json_len(headers); i++)
        if (str_eq_nocase(json_text(json_get(json_nth(headers, i), "name")), "Message-ID"))
            report->message_id = plug_text(arena, json_nth(headers, i), "value");
    if (!report->message_id.len)
        report->message_id = plug_text(arena, json_get(mail, "commonHeaders"), "messageId");
}

static const struct {
    const char *type;   /* notificationType, or eventType of event publishing */
    const char *object; /* where it tells */
    const char *list;   /* of recipients */
    ReportOutcome outcome;
} type_rows[] = {
    {"Bounce", "bounce", "bouncedRecipients", REPORT_FAILED},
    {"Complaint", "complaint", "complainedRecipients", REPORT_COMPLAINED},
    {"Delivery", "delivery", "recipients", REPORT_DELIVERED},
    {"DeliveryDelay", "deliveryDelay", "delayedRecipients", REPORT_DELAYED},
};

static bool
event_read(Arena *arena, const Json *root, size_t row, InboundFacts *ret, GError **error)
{
    const Json *told = json_get(root, type_rows[row].object);
    const Json *list = json_get(told, type_rows[row].list);
    Reports reports = {.list = arena_new_of(arena, InboundReport, REPORTS_MOST)};
    for (size_t i = 0; i < json_len(list); i++) {
        const Json *recipient = json_nth(list, i);
        Str address = json_type(recipient) == JSON_STRING
                          ? json_text(recipient)
                          : json_text(json_get(recipient, "emailAddress"));
        address = scan_first_address(address);
        InboundReport *report = address.len ? reports_of(&reports, address) : NULL;
        if (!report)
            continue;
        report->outcome = type_rows[row].outcome;
        if (!plug_moment(arena, told, "timestamp", &report->at, error))
            return false;
        mail_read(arena, root, report);
        if (report->outcome == REPORT_FAILED || report->outcome == REPORT_DELAYED)
            recipient_read(arena, told, recipient, report);
    }
    bool complaint = type_rows[row].outcome == REPORT_COMPLAINED;
    Str feedback = plug_text(arena, told, "complaintFeedbackType");
    /* "not-spam" is a compliment. */
    if (complaint && str_is(feedback, "not-spam"))
        for (size_t i = 0; i < reports.count; i++)
            reports.list[i].outcome = REPORT_TOLD;
    *ret = (InboundFacts){
        .kind = complaint ? INBOUND_COMPLAINT : INBOUND_REPORT,
        .no_answer = true,
        .reports = reports.list,
        .report_count = reports.count,
        .feedback = !complaint     ? (Str){0}
                    : feedback.len ? feedback
                                   : STR("abuse"),
    };
    return true;
}

bool
ses_notification_read(Arena *arena, Str json, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, json.at, json.len, error);
    if (!root)
        return false;
    Str type = json_text(json_get(root, "notificationType"));
    if (!type.len)
        type = json_text(json_get(root, "eventType"));
    Str message = json_text(json_get(root, "Message"));
    if (!type.len && message.len)
        return ses_notification_read(
            arena, message, ret, error); /* within SNS's envelope; JSON gets shorter each time */
    for (size_t i = 0; i < G_N_ELEMENTS(type_rows); i++)
        if (str_is(type, type_rows[i].type))
            return event_read(arena, root, i, ret, error);
    if (!type.len)
        return fail(error, ERR_INPUT,
                    "SES's notification has no notificationType and no eventType");
    *ret = (InboundFacts){.kind = INBOUND_REPORT, .no_answer = true};
    return true;
}

static bool
ses_read(Arena *arena, Str body, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    Str type = json_text(json_get(root, "Type"));
    if (str_is(type, "SubscriptionConfirmation")) {
        Str url = json_text(json_get(root, "SubscribeURL"));
        if (!url_is_sns(url))
            return fail(error, ERR_AUTH, "the address to confirm at is not one of Amazon SNS");
        *ret = (InboundFacts){.kind = INBOUND_SETUP, .no_answer = true, .confirm_url = url};
        return true;
    }
    if (str_is(type, "UnsubscribeConfirmation")) {
        *ret = (InboundFacts){.kind = INBOUND_OTHER, .no_answer = true};
        return true;
    }
    if (!str_is(type, "Notification"))
        return fail(error, ERR_INPUT, "SNS's delivery has no Type that we know");
    Str message = json_text(json_get(root, "Message"));
    /* SES tries a new topic with a sentence. */
    if (!str_starts(str_trim(message), "{")) {
        *ret = (InboundFacts){
            .kind = INBOUND_OTHER, .no_answer = true, .text = text_cut(message, LIMIT_TEXT_BYTES)};
        return true;
    }
    return ses_notification_read(arena, message, ret, error);
}

const Inbound inbound_ses = {
    .name = "ses",
    .title = "Amazon SES",
    .secret = "ses.secret",
    .help = "The ARN of the SNS topic to which SES sends bounces and complaints. Let the topic "
            "write to "
            "the mailbox in which bounces arrive (protocol email), and SES include the original "
            "headers.",
    .check = ses_check,
    .read = ses_read,
    .certificate_url = ses_certificate_url,
};
