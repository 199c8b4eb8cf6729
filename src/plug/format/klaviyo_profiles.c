/* klaviyo_profiles.c - Klaviyo > Audience > Lists & segments > Export: who agreed, who left, who bounced.
 *
 * Email Marketing Consent is SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED; Email Suppressions is empty or a list of
 * HARD_BOUNCE, INVALID_EMAIL, SPAM_COMPLAINT, UNSUBSCRIBE, USER_SUPPRESSED as Python would print it. A suppression
 * counts more than the consent beside it: Klaviyo does not write to such a profile either.
 */
#include "plug/format/format.h"

#include <string.h>

enum {
    EMAIL,
    ID,
    FIRST,
    LAST,
    ORGANIZATION,
    PHONE,
    CONSENT,
    CONSENT_AT,
    SUPPRESSIONS,
    SMS_CONSENT,
    SMS_CONSENT_AT
};

static const FormatColumn columns[] = {
    [EMAIL] = {"Email", true},
    [ID] = {"Klaviyo ID"},
    [FIRST] = {"First Name"},
    [LAST] = {"Last Name"},
    [ORGANIZATION] = {"Organization"},
    [PHONE] = {"Phone Number"},
    [CONSENT] = {"Email Marketing Consent|Consent"},
    [CONSENT_AT] = {"Email Marketing Consent Timestamp|Consent Timestamp"},
    [SUPPRESSIONS] = {"Email Suppressions|Suppressed|Suppressions"},
    [SMS_CONSENT] = {"SMS Marketing Consent|SMS Consent"},
    [SMS_CONSENT_AT] = {"SMS Marketing Consent Timestamp|SMS Consent Timestamp"},
    {0},
};

/* An account has properties of its own by the dozen, each a column. */
static bool
klaviyo_claims(Str name)
{
    return true;
}

static const struct {
    const char *theirs;
    const char *reason;
    bool all;
} suppressions[] = {
    {"HARD_BOUNCE", "hard_bounce", true},
    {"INVALID_EMAIL", "hard_bounce", true},
    {"SPAM", "complaint", false},
    {"UNSUBSCRIBE", "asked", false},
    {"SUPPRESSED", "by_hand", false},
    {"TRUE", "by_hand", false},
    {"YES", "by_hand", false},
};

static bool
opt_out_read(Arena *arena, const FormatRecord *record, Str email, FormatFacts *ret)
{
    g_autofree char *text =
        g_ascii_strup(arena_cstr(arena, cell_text(record, 0, SUPPRESSIONS)), -1);
    for (size_t i = 0; i < G_N_ELEMENTS(suppressions); i++) {
        if (!strstr(text, suppressions[i].theirs))
            continue;
        FormatOptOut *out = arena_new_of(arena, FormatOptOut, 1);
        *out = (FormatOptOut){STR("email"), email, suppressions[i].all, suppressions[i].reason};
        ret->opt_outs = out;
        ret->opt_out_count = 1;
        return true;
    }
    return false;
}

/* One choice; false where none was made. */
static bool
consent_read(const FormatRecord *record, int column, int at_column, ConsentFact *ret, bool *ret_is,
             GError **error)
{
    Str state = cell_text(record, 0, column);
    bool given = str_eq_nocase(state, "SUBSCRIBED");
    *ret_is = given || str_eq_nocase(state, "UNSUBSCRIBED");
    ret->given = given;
    ret->basis = given ? STR("opt_in") : STR("asked");
    ret->proof = STR("By Klaviyo's export of profiles");
    return cell_moment(record, 0, at_column, &ret->chosen_at, error);
}

static bool
klaviyo_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Str email = cell_text(record, 0, EMAIL), phone = cell_text(record, 0, PHONE);
    ConsentFact *consents = arena_new_of(arena, ConsentFact, 2);
    Customer *customer = arena_new_of(arena, Customer, 1);
    size_t count = 0;
    bool is = false;
    if (!email.len && !phone.len) {
        fail(error, ERR_INPUT,
             "a profile without Email and Phone Number is nobody we could write to");
        return cell_fail(error, record, 0, EMAIL);
    }
    consents[count] = (ConsentFact){.channel = STR("email"), .address = email};
    if (!consent_read(record, CONSENT, CONSENT_AT, &consents[count], &is, error))
        return false;
    count += is && email.len;
    consents[count] = (ConsentFact){.channel = STR("sms"), .address = phone};
    if (!consent_read(record, SMS_CONSENT, SMS_CONSENT_AT, &consents[count], &is, error))
        return false;
    count += is && phone.len;
    *customer = (Customer){
        .email = email,
        .phone = phone,
        .first_name = cell_text(record, 0, FIRST),
        .last_name = cell_text(record, 0, LAST),
        .company = cell_text(record, 0, ORGANIZATION),
    };
    ret->facts = (Facts){
        .source = STR("klaviyo"),
        .customers = customer,
        .customer_count = email.len > 0,
        .consents = consents,
        .consent_count = count,
    };
    opt_out_read(arena, record, email, ret);
    return true;
}

const Format format_klaviyo_profiles = {
    .name = "klaviyo-profiles",
    .title = "Klaviyo profiles",
    .help = "Klaviyo > Audience > Lists & segments > a segment of all people > Export to CSV, and "
            "the suppressed profiles as well.",
    .columns = columns,
    .has_opt_outs = true,
    .claims = klaviyo_claims,
    .read = klaviyo_read,
};
