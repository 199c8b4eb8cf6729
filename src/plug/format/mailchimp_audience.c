/* mailchimp_audience.c - Mailchimp > Audience > Export: a zip of subscribed_, unsubscribed_, cleaned_ and nonsubscribed_ tables.
 *
 * Which one a table is, its columns tell: UNSUB_TIME is there for those who left, CLEAN_TIME for addresses that do not
 * work, and OPTIN_TIME or CONFIRM_TIME is filled for those who agreed (CONFIRM: and said so again by mail). Moments are
 * UTC. A combined export says it in Status.
 */
#include "plug/format/format.h"

enum {
    EMAIL,
    FIRST,
    LAST,
    NAME,
    PHONE,
    STATUS,
    OPTIN,
    OPTIN_IP,
    CONFIRM,
    CONFIRM_IP,
    LAST_CHANGED,
    UNSUB,
    UNSUB_REASON,
    CLEAN,
    TAGS
};

static const FormatColumn columns[] = {
    [EMAIL] = {"Email Address|Email", true},
    [FIRST] = {"First Name"},
    [LAST] = {"Last Name"},
    [NAME] = {"Name"},
    [PHONE] = {"Phone Number|Phone"},
    [STATUS] = {"Status|Email Marketing Status"},
    [OPTIN] = {"OPTIN_TIME"},
    [OPTIN_IP] = {"OPTIN_IP"},
    [CONFIRM] = {"CONFIRM_TIME"},
    [CONFIRM_IP] = {"CONFIRM_IP"},
    [LAST_CHANGED] = {"LAST_CHANGED"},
    [UNSUB] = {"UNSUB_TIME"},
    [UNSUB_REASON] = {"UNSUB_REASON"},
    [CLEAN] = {"CLEAN_TIME"},
    [TAGS] = {"TAGS"},
    {0},
};

/* An audience has fields of its own by the dozen, each a column. */
static bool
mailchimp_claims(Str name)
{
    return true;
}

typedef enum Standing { NOBODY, SUBSCRIBED, UNSUBSCRIBED, CLEANED } Standing;

static Standing
standing_read(const FormatRecord *record)
{
    Str status = cell_text(record, 0, STATUS);
    if (str_eq_nocase(status, "cleaned") || cell_text(record, 0, CLEAN).len)
        return CLEANED;
    if (str_eq_nocase(status, "unsubscribed") || cell_text(record, 0, UNSUB).len)
        return UNSUBSCRIBED;
    if (status.len)
        return str_eq_nocase(status, "subscribed") ? SUBSCRIBED : NOBODY;
    /* The table of those who left has the column, whether or not this cell is filled. */
    if (cell_column(record, UNSUB).len)
        return UNSUBSCRIBED;
    if (cell_column(record, CLEAN).len)
        return CLEANED;
    return cell_text(record, 0, CONFIRM).len || cell_text(record, 0, OPTIN).len ? SUBSCRIBED
                                                                                : NOBODY;
}

static bool
moment_first(const FormatRecord *record, const int *list, size_t count, int64_t *ret,
             GError **error)
{
    for (size_t i = 0; i < count && !*ret; i++)
        if (!cell_moment(record, 0, list[i], ret, error))
            return false;
    return true;
}

/* Double opt-in is what Mailchimp calls it when OPTIN_TIME and CONFIRM_TIME both stand, and differ. */
static bool
consent_read(Arena *arena, const FormatRecord *record, bool given, ConsentFact *ret, GError **error)
{
    static const int given_at[] = {CONFIRM, OPTIN, LAST_CHANGED}, left_at[] = {UNSUB, LAST_CHANGED};
    Str optin = cell_text(record, 0, OPTIN), confirm = cell_text(record, 0, CONFIRM);
    Str ip = cell_text(record, 0, CONFIRM_IP), reason = cell_text(record, 0, UNSUB_REASON);
    bool twice = optin.len && confirm.len && !str_eq(optin, confirm);
    ret->channel = STR("email");
    ret->address = cell_text(record, 0, EMAIL);
    ret->given = given;
    ret->basis = !given ? STR("asked") : twice ? STR("double_opt_in") : STR("opt_in");
    if (!ip.len)
        ip = cell_text(record, 0, OPTIN_IP);
    ret->proof = str_of(given ? arena_format(arena,
                                             "By Mailchimp's export: opted in " STR_FMT
                                             ", confirmed " STR_FMT ", from " STR_FMT,
                                             STR_ARG(optin.len ? optin : STR("-")),
                                             STR_ARG(confirm.len ? confirm : STR("-")),
                                             STR_ARG(ip.len ? ip : STR("-")))
                              : arena_format(arena, "By Mailchimp's export: left%s" STR_FMT,
                                             reason.len ? ", " : "", STR_ARG(reason)));
    return given ? moment_first(record, given_at, G_N_ELEMENTS(given_at), &ret->chosen_at, error)
                 : moment_first(record, left_at, G_N_ELEMENTS(left_at), &ret->chosen_at, error);
}

static Customer
customer_read(const FormatRecord *record)
{
    Customer customer = {
        .email = cell_text(record, 0, EMAIL),
        .phone = cell_text(record, 0, PHONE),
        .first_name = cell_text(record, 0, FIRST),
        .last_name = cell_text(record, 0, LAST),
        .tags = cell_text(record, 0, TAGS),
    };
    if (!customer.first_name.len && !customer.last_name.len)
        name_split(cell_text(record, 0, NAME), &customer.first_name, &customer.last_name);
    return customer;
}

static bool
mailchimp_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Standing standing = standing_read(record);
    Customer *customer = arena_new_of(arena, Customer, 1);
    ConsentFact *consent = arena_new_of(arena, ConsentFact, 1);
    *customer = customer_read(record);
    if (!customer->email.len) {
        fail(error, ERR_INPUT, "is missing");
        return cell_fail(error, record, 0, EMAIL);
    }
    ret->facts = (Facts){.source = STR("mailchimp"), .customers = customer, .customer_count = 1};
    if (standing == SUBSCRIBED || standing == UNSUBSCRIBED) {
        if (!consent_read(arena, record, standing == SUBSCRIBED, consent, error))
            return false;
        ret->facts.consents = consent;
        ret->facts.consent_count = 1;
    }
    if (standing == UNSUBSCRIBED || standing == CLEANED) {
        bool cleaned = standing == CLEANED;
        FormatOptOut *out = arena_new_of(arena, FormatOptOut, 1);
        *out = (FormatOptOut){STR("email"), customer->email, cleaned,
                              cleaned ? "hard_bounce" : "asked"};
        ret->opt_outs = out;
        ret->opt_out_count = 1;
    }
    return true;
}

const Format format_mailchimp_audience = {
    .name = "mailchimp-audience",
    .title = "Mailchimp audience",
    .help = "Mailchimp > Audience > All contacts > Export audience; each table of the zip is one "
            "import.",
    .columns = columns,
    .has_opt_outs = true,
    .claims = mailchimp_claims,
    .read = mailchimp_read,
};
