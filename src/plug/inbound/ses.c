/* ses.c - Amazon SES, whose notifications come through SNS: by webhook, or by mail where a topic sends mail.
 *
 * SNS signs a string made of some fields of its envelope with a certificate that the envelope names. Whoever can choose
 * that address can choose the key: so it is taken only from SNS's own host in the topic's own region, over HTTPS. The
 * topic that is meant is the secret: without it anybody's own topic, signed by Amazon, would pass; and the owner's setting
 * it is the deliberate act by which a subscription of that topic is confirmed, and no other.
 *
 * Sources: docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages" and "Message formats"; names of the
 * certificates: AWS SDK for Java, SnsHostProvider; docs.aws.amazon.com/ses, "Amazon SNS notification contents" and "Event
 * publishing".
 */
#include "plug/inbound/inbound_inside.h"

#include "base/civil.h"
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

/* Each field's name and value on a line of its own; a Subject that is not there is left out. No other may be missing, and
 * none but the Message may have lines: else what was signed could be cut into other fields, and an old delivery told again
 * under a new name. */
static bool
sns_signed_text(Arena *arena, const Json *root, Str *ret, GError **error)
{
    bool notification = str_is(json_text(json_get(root, "Type")), "Notification");
    const char *const *fields = notification ? notification_fields : confirmation_fields;
    size_t count =
        notification ? G_N_ELEMENTS(notification_fields) : G_N_ELEMENTS(confirmation_fields);
    Buf text = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        Str field = str_of(fields[i]), value = json_text(json_get(root, fields[i]));
        if (json_missing(json_get(root, fields[i])) && str_is(field, "Subject"))
            continue;
        if (!value.at || (!str_is(field, "Message") && memchr(value.at, '\n', value.len)))
            return fail(error, ERR_INPUT, "SNS's delivery has no %s of one line", fields[i]);
        buf_add_str(&text, field);
        buf_add_char(&text, '\n');
        buf_add_str(&text, value);
        buf_add_char(&text, '\n');
    }
    *ret = buf_str(&text);
    return true;
}

/* ---- whose it is --------------------------------------------------------------------------------- */

enum {
    URL_MOST = 2048,
    REGION_MOST = 32,
    /* SNS tries for six hours, from a queue of failed deliveries an owner may send on after 14 days at most. What is
     * older was recorded by somebody. */
    AGE_MOST_DAYS = 15,
    AHEAD_MOST_DAYS = 1,
};

/* What a topic's name says: arn:PARTITION:sns:REGION:ACCOUNT:NAME. */
typedef struct Topic {
    Str region;
    const char *suffix; /* of Amazon's hosts there */
    bool government;
} Topic;

static bool
topic_read(Str arn, Topic *ret)
{
    static const struct {
        const char *partition, *suffix;
    } partitions[] = {{"aws", ".amazonaws.com"},
                      {"aws-us-gov", ".amazonaws.com"},
                      {"aws-cn", ".amazonaws.com.cn"}};
    Str rest = arn, word, partition, service, region;
    if (!str_split(&rest, ':', &word) || !str_is(word, "arn") ||
        !str_split(&rest, ':', &partition) || !str_split(&rest, ':', &service) ||
        !str_is(service, "sns") || !str_split(&rest, ':', &region) || !rest.len || !region.len ||
        region.len > REGION_MOST)
        return false;
    for (size_t i = 0; i < region.len; i++)
        if (!g_ascii_islower(region.at[i]) && !g_ascii_isdigit(region.at[i]) && region.at[i] != '-')
            return false;
    for (size_t i = 0; i < G_N_ELEMENTS(partitions); i++)
        if (str_is(partition, partitions[i].partition)) {
            *ret = (Topic){region, partitions[i].suffix, str_is(partition, "aws-us-gov")};
            return true;
        }
    return false;
}

/* What is behind https://sns.REGION.amazonaws.com, the topic's own region; false for every other host, port or login,
 * and for signs that stand in no such address. */
static bool
url_at_sns(Arena *arena, Str url, const Topic *topic, Str *ret_path)
{
    const char *start =
        arena_format(arena, "https://sns." STR_FMT "%s/", STR_ARG(topic->region), topic->suffix);
    if (url.len > URL_MOST || !str_starts(url, start))
        return false;
    for (size_t i = 0; i < url.len; i++)
        if (!g_ascii_isalnum(url.at[i]) && !strchr("-._~:/?=&%+", url.at[i]))
            return false;
    *ret_path = str_sub(url, strlen(start) - 1, url.len);
    return true;
}

/* /SimpleNotificationService-f3ecfb7224.pem: one file, nothing asked of it. */
static bool
path_is_certificate(Str path)
{
    size_t at;
    return str_ends(path, ".pem") && path.len > 5 && !str_find(path, STR(".."), &at) &&
           !str_find(path, STR("?"), &at) && !str_find(path, STR("%"), &at);
}

static bool
topic_is_ours(const Json *root, const InboundSecret *secret, Topic *ret, GError **error)
{
    Str topic = json_text(json_get(root, "TopicArn"));
    if (!topic.len && !json_missing(json_get(root, "notificationType")))
        return fail(error, ERR_INPUT,
                    "SES's notification came without SNS's envelope: switch raw message delivery "
                    "off in the subscription");
    if (!seal_same(topic, secret->secret))
        return fail(error, ERR_AUTH, "this comes from another SNS topic than the one that is set");
    return topic_read(topic, ret) ||
           fail(error, ERR_CONFIG, "ses.secret is not the ARN of an SNS topic");
}

static bool
ses_certificate(Arena *arena, Str body, const InboundSecret *secret, InboundCertificate *ret,
                GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    Topic topic;
    Str path;
    if (!root || !topic_is_ours(root, secret, &topic, error))
        return false;
    Str url = json_text(json_get(root, "SigningCertURL"));
    if (!url.len)
        return fail(error, ERR_INPUT, "SNS's delivery names no certificate");
    if (!url_at_sns(arena, url, &topic, &path) || !path_is_certificate(path))
        return fail(error, ERR_AUTH, "the certificate named is not at an address of Amazon SNS");
    const char *region = arena_cstr(arena, topic.region), *suffix = topic.suffix;
    const char *signing = topic.government ? "us-gov-west-1" : region;
    *ret = (InboundCertificate){
        .url = url,
        .names = {arena_format(arena, "sns%s", suffix),
                  arena_format(arena, "sns.%s%s", region, suffix),
                  arena_format(arena, "sns-signing.%s%s", region, suffix),
                  arena_format(arena, "sns-%s%s", signing, suffix)},
        .name_count = 4,
    };
    return true;
}

/* ConfirmSubscription of the topic's own host, and nothing else that could be done there. */
static bool
confirmation_is_fine(Arena *arena, const Json *root, const Topic *topic)
{
    Str path;
    return url_at_sns(arena, json_text(json_get(root, "SubscribeURL")), topic, &path) &&
           str_starts(path, "/?Action=ConfirmSubscription&");
}

static bool
is_confirmation(const Json *root)
{
    return str_is(json_text(json_get(root, "Type")), "SubscriptionConfirmation");
}

static bool
time_is_fine(Arena *arena, const Json *root, int64_t now, GError **error)
{
    int64_t at = 0;
    if (!plug_moment(arena, root, "Timestamp", &at, error))
        return false;
    if (at < now - (int64_t)AGE_MOST_DAYS * DAY_MS || at > now + (int64_t)AHEAD_MOST_DAYS * DAY_MS)
        return fail(error, ERR_AUTH, "SNS's delivery is of another time than now");
    return true;
}

static bool
ses_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
          GError **error)
{
    (void)headers;
    const Json *root = json_parse(arena, body.at, body.len, error);
    Topic topic;
    Str signature, text;
    if (!root || !topic_is_ours(root, secret, &topic, error) ||
        !sns_signed_text(arena, root, &text, error))
        return false;
    if (!decode(arena, ENCODE_BASE64, json_text(json_get(root, "Signature")), &signature))
        return fail(error, ERR_INPUT, "SNS's delivery has no signature");
    Str version = json_as_text(arena, json_get(root, "SignatureVersion"));
    bool sha1 = str_is(version, "1");
    if (!sha1 && !str_is(version, "2"))
        return fail(error, ERR_INPUT, "SNS's delivery has a SignatureVersion that we do not know");
    if (!sign_check_by(secret->certificate, sha1 ? SIGN_SHA1 : SIGN_SHA256, text, signature, error))
        return false;
    if (is_confirmation(root) && !confirmation_is_fine(arena, root, &topic))
        return fail(error, ERR_AUTH, "the address to confirm at is not one of Amazon SNS");
    return time_is_fine(arena, root, secret->now, error);
}

static Str
ses_delivery(Arena *arena, Str body)
{
    const Json *root = json_parse(arena, body.at, body.len, NULL);
    return root ? json_text(json_get(root, "MessageId")) : (Str){0};
}

static Str
ses_confirm_url(Arena *arena, Str body)
{
    const Json *root = json_parse(arena, body.at, body.len, NULL);
    return root && is_confirmation(root) ? json_text(json_get(root, "SubscribeURL")) : (Str){0};
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

/* What SNS and SES say about themselves, as words for the owner; NULL: it tells of mails. */
static const char *
setup_notice(Arena *arena, const Json *root)
{
    Str type = json_text(json_get(root, "Type")), message = json_text(json_get(root, "Message"));
    if (str_is(type, "SubscriptionConfirmation"))
        return "Amazon's topic asked whether it may send here, and was answered yes";
    if (str_is(type, "UnsubscribeConfirmation"))
        return "Amazon's topic sends nothing here any more: its subscription was removed. Bounces "
               "and complaints no longer arrive this way";
    /* SES tries a new topic with a sentence. */
    if (str_is(type, "Notification") && !str_starts(str_trim(message), "{"))
        return arena_cstr(arena, text_line(arena, message, LIMIT_TEXT_BYTES));
    return NULL;
}

static bool
ses_read(Arena *arena, Str body, InboundFacts *ret, GError **error)
{
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    const char *notice = setup_notice(arena, root);
    if (notice) {
        *ret = (InboundFacts){.kind = INBOUND_SETUP, .no_answer = true, .notice = str_of(notice)};
        return true;
    }
    if (!str_is(json_text(json_get(root, "Type")), "Notification"))
        return fail(error, ERR_INPUT, "SNS's delivery has no Type that we know");
    return ses_notification_read(arena, str_trim(json_text(json_get(root, "Message"))), ret, error);
}

const Inbound inbound_ses = {
    .name = "ses",
    .title = "Amazon SES",
    .secret = "ses.secret",
    .help =
        "The ARN of the SNS topic to which SES sends bounces and complaints. Set it first, then "
        "subscribe https://.../in/SHOP/ses to the topic (protocol HTTPS, raw message delivery "
        "off): its question whether it may is answered by itself.",
    .check = ses_check,
    .read = ses_read,
    .certificate = ses_certificate,
    .delivery = ses_delivery,
    .confirm_url = ses_confirm_url,
};
