/* shopify_customer.c - accounts, and what their owners chose about being written to.
 *
 * A choice is one only where somebody made it: `subscribed` and `unsubscribed`. `not_subscribed` was never asked,
 * `pending` has not confirmed the mail yet, `redacted` and `invalid` are no longer anybody's. Older payloads have
 * accepts_marketing instead, where a "no" from the day of the account is no choice either.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/customer
 */
#include "base/limits.h"
#include "base/text.h"
#include "plug/connector/shopify_inside.h"

/* ---- who ------------------------------------------------------------------------------------------ */

/* The usual address first. It stands in the list again, by its id. */
static bool
addresses_read(Arena *arena, const Json *from, Customer *customer, GError **error)
{
    const Json *usual = json_get(from, "default_address"), *list = shopify_list(from, "addresses");
    size_t count = json_len(list), filled = 0;
    if (count > LIMIT_ORDER_LINES)
        return fail(error, ERR_TOO_BIG, "addresses: %zu of them", count);
    PostalAddress *addresses = arena_new_of(arena, PostalAddress, count + 1);
    for (size_t i = 0; i < count && json_missing(usual); i++)
        if (json_true(json_get(json_nth(list, i), "default")))
            usual = json_nth(list, i);
    if (!json_missing(usual))
        addresses[filled++] = shopify_address(arena, usual);
    Str known = shopify_id(arena, usual, "id");
    for (size_t i = 0; i < count; i++) {
        const Json *one = json_nth(list, i);
        if (one != usual && !(known.len && str_eq(shopify_id(arena, one, "id"), known)))
            addresses[filled++] = shopify_address(arena, one);
    }
    customer->addresses = addresses;
    customer->address_count = filled;
    return true;
}

/* GraphQL tells an address together with what was chosen for it. */
static Str
mail_read(Arena *arena, const Json *from)
{
    return connector_either(plug_text(arena, from, "email"),
                            plug_text(arena, json_get(from, "email_marketing_consent"), "email"));
}

static Str
phone_read(Arena *arena, const Json *from)
{
    return connector_either(plug_text(arena, from, "phone"),
                            plug_text(arena, json_get(from, "sms_marketing_consent"), "phone"));
}

bool
shopify_customer_read(Arena *arena, const Json *from, Customer *ret, GError **error)
{
    Customer customer = {
        .foreign_id = shopify_id(arena, from, "id"),
        .email = mail_read(arena, from),
        .phone = phone_read(arena, from),
        .first_name = plug_text(arena, from, "first_name"),
        .last_name = plug_text(arena, from, "last_name"),
        .locale = plug_text(arena, from, "locale"),
        .tags = shopify_tags(arena, from),
        .note = plug_text(arena, from, "note"),
    };
    if (!plug_moment(arena, from, "created_at", &customer.joined_at, error) ||
        !plug_moment(arena, from, "updated_at", &customer.updated_at, error) ||
        !addresses_read(arena, from, &customer, error))
        return fail_at(error, "customer " STR_FMT, STR_ARG(customer.foreign_id));
    if (customer.address_count)
        customer.company = customer.addresses[0].company;
    *ret = customer;
    return true;
}

/* ---- choices -------------------------------------------------------------------------------------- */

/* One choice: false in *ret_made where none was made. */
static bool
consent_read(Arena *arena, const Json *from, ConsentFact *consent, bool *ret_made, GError **error)
{
    Str state = plug_text(arena, from, "state");
    Str level = text_lower(arena, plug_text(arena, from, "opt_in_level"));
    Str collected = plug_text(arena, from, "consent_collected_from");
    bool given = str_eq_nocase(state, "subscribed");
    *ret_made = consent->address.len && (given || str_eq_nocase(state, "unsubscribed"));
    if (!*ret_made)
        return true;
    consent->given = given;
    consent->basis =
        str_eq_nocase(level, "confirmed_opt_in") ? STR("double_opt_in") : STR("opt_in");
    consent->proof = str_of(
        arena_format(arena, "Shopify: %s" STR_FMT "%s" STR_FMT, level.len ? "level " : "",
                     STR_ARG(level), collected.len ? ", collected from " : "", STR_ARG(collected)));
    if (!level.len && !collected.len)
        consent->proof = STR("Shopify");
    return plug_moment(arena, from, "consent_updated_at", &consent->chosen_at, error);
}

static bool
consent_of_old(Arena *arena, const Json *customer, ConsentFact *consent, bool *ret_made,
               GError **error)
{
    bool accepts = false;
    int64_t joined = 0, chosen = 0;
    if (!json_bool(json_get(customer, "accepts_marketing"), &accepts) || !consent->address.len)
        return true;
    if (!plug_moment(arena, customer, "created_at", &joined, error) ||
        !plug_moment(arena, customer, "accepts_marketing_updated_at", &chosen, error))
        return false;
    *ret_made = accepts || chosen > joined;
    consent->given = accepts;
    consent->basis =
        str_eq_nocase(plug_text(arena, customer, "marketing_opt_in_level"), "confirmed_opt_in")
            ? STR("double_opt_in")
            : STR("opt_in");
    consent->proof = STR("Shopify: accepts_marketing");
    consent->chosen_at = chosen;
    return true;
}

bool
shopify_consents_read(Arena *arena, const Json *customer, ConsentFact *ret, size_t *ret_count,
                      GError **error)
{
    const Json *mail = json_get(customer, "email_marketing_consent");
    const Json *sms = json_get(customer, "sms_marketing_consent");
    ConsentFact by_mail = {
        .channel = STR("email"),
        .address = connector_either(mail_read(arena, customer),
                                    plug_text(arena, customer, "email_address")),
    };
    ConsentFact by_sms = {.channel = STR("sms"), .address = phone_read(arena, customer)};
    bool mail_made = false, sms_made = false;
    if (!(json_missing(mail) ? consent_of_old(arena, customer, &by_mail, &mail_made, error)
                             : consent_read(arena, mail, &by_mail, &mail_made, error)) ||
        !consent_read(arena, sms, &by_sms, &sms_made, error))
        return fail_at(error, "marketing_consent");
    /* Of people who were imported there nobody says when they chose: not before they were there. */
    int64_t joined = 0;
    if (!plug_moment(arena, customer, "created_at", &joined, error))
        return false;
    by_mail.chosen_at = by_mail.chosen_at ? by_mail.chosen_at : joined;
    by_sms.chosen_at = by_sms.chosen_at ? by_sms.chosen_at : joined;
    *ret_count = 0;
    if (mail_made)
        ret[(*ret_count)++] = by_mail;
    if (sms_made)
        ret[(*ret_count)++] = by_sms;
    return true;
}

/* ---- topics --------------------------------------------------------------------------------------- */

bool
shopify_customer_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Customer *customer = arena_new_of(arena, Customer, 1);
    ConsentFact *consents = arena_new_of(arena, ConsentFact, SHOPIFY_CONSENTS);
    size_t count = 0;
    if (!shopify_customer_read(arena, root, customer, error) ||
        !shopify_consents_read(arena, root, consents, &count, error))
        return false;
    if (!customer->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no customer");
    *ret = (Facts){
        .customers = customer,
        .customer_count = 1,
        .consents = consents,
        .consent_count = count,
    };
    return true;
}

/* "failed", with errors that say why, is told in the same way as what was done. */
bool
shopify_merge_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Str status = plug_text(arena, root, "status");
    MergeFact *merge = arena_new_of(arena, MergeFact, 1);
    Gone *gone = arena_new_of(arena, Gone, 1);
    *merge = (MergeFact){
        .from_foreign_id = shopify_id(arena, root, "admin_graphql_api_customer_deleted_id"),
        .into_foreign_id = shopify_id(arena, root, "admin_graphql_api_customer_kept_id"),
    };
    *gone = (Gone){.noun = GONE_CUSTOMER, .foreign_id = merge->from_foreign_id};
    if (!merge->from_foreign_id.len || !merge->into_foreign_id.len)
        return fail(
            error, ERR_INPUT,
            "admin_graphql_api_customer_kept_id or _deleted_id is missing: who was merged?");
    if (str_eq(merge->from_foreign_id, merge->into_foreign_id))
        return fail(error, ERR_INPUT, "a customer cannot be merged with itself");
    if (str_eq_nocase(status, "completed") || str_eq_nocase(status, "succeeded"))
        *ret = (Facts){.merges = merge, .merge_count = 1, .gone = gone, .gone_count = 1};
    else
        *ret =
            (Facts){.declined = str_of(arena_format(
                        arena, "the accounts were not merged (status '" STR_FMT "'%s" STR_FMT ")",
                        STR_ARG(status), json_len(json_get(root, "errors")) ? ": " : "",
                        STR_ARG(plug_text(arena, json_at(root, "/errors/0"), "message"))))};
    return true;
}

/* Both topics tell the choice alone: by mail with email_address, by SMS with phone. */
bool
shopify_consent_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    ConsentFact *consents = arena_new_of(ask->arena, ConsentFact, SHOPIFY_CONSENTS);
    size_t count = 0;
    if (!shopify_consents_read(ask->arena, root, consents, &count, error))
        return false;
    *ret = count ? (Facts){.consents = consents, .consent_count = count}
                 : (Facts){.declined = STR("it tells no choice that somebody made, or of no "
                                           "address")};
    return true;
}
