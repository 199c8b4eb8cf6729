/* shopify_customers.c - Shopify admin > Customers > Export, as it was until 2022 and as it is since.
 *
 * https://help.shopify.com/en/manual/customers/import-export-customers
 */
#include "plug/format/format.h"

enum {
    ID,
    FIRST,
    LAST,
    EMAIL,
    PHONE,
    TAGS,
    NOTE,
    ACCEPTS_EMAIL,
    ACCEPTS_SMS,
    COMPANY,
    LINE1,
    LINE2,
    CITY,
    PROVINCE,
    PROVINCE_CODE,
    COUNTRY,
    COUNTRY_CODE,
    ZIP,
    ADDRESS_PHONE,
};

static const FormatColumn columns[] = {
    [ID] = {"Customer ID|Id"},
    [FIRST] = {"First Name"},
    [LAST] = {"Last Name"},
    [EMAIL] = {"Email", true},
    [PHONE] = {"Phone"},
    [TAGS] = {"Tags"},
    [NOTE] = {"Note"},
    [ACCEPTS_EMAIL] = {"Accepts Email Marketing|Accepts Marketing"},
    [ACCEPTS_SMS] = {"Accepts SMS Marketing|SMS Marketing"},
    [COMPANY] = {"Default Address Company|Company"},
    [LINE1] = {"Default Address Address1|Address1"},
    [LINE2] = {"Default Address Address2|Address2"},
    [CITY] = {"Default Address City|City"},
    [PROVINCE] = {"Default Address Province|Province"},
    [PROVINCE_CODE] = {"Default Address Province Code|Province Code"},
    [COUNTRY] = {"Default Address Country|Country"},
    [COUNTRY_CODE] = {"Default Address Country Code|Country Code"},
    [ZIP] = {"Default Address Zip|Zip"},
    [ADDRESS_PHONE] = {"Default Address Phone"},
    {0},
};

/* Sums of our own making are better; the rest is nobody's business here. */
static bool
customers_claims(Str name)
{
    return str_eq_nocase(name, "Total Spent") || str_eq_nocase(name, "Total Orders") ||
           str_eq_nocase(name, "Tax Exempt") || str_eq_nocase(name, "Accepts WhatsApp Marketing");
}

static const PostalAddress *
address_read(Arena *arena, const FormatRecord *record, const Customer *customer)
{
    PostalAddress *address = arena_new_of(arena, PostalAddress, 1);
    Str country = cell_text(record, 0, COUNTRY), code = cell_text(record, 0, COUNTRY_CODE);
    Str province = cell_text(record, 0, PROVINCE), short_name = cell_text(record, 0, PROVINCE_CODE);
    Str phone = cell_text(record, 0, ADDRESS_PHONE);
    *address = (PostalAddress){
        .name =
            str_trim(str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(customer->first_name),
                                         STR_ARG(customer->last_name)))),
        .company = cell_text(record, 0, COMPANY),
        .line1 = cell_text(record, 0, LINE1),
        .line2 = cell_text(record, 0, LINE2),
        .city = cell_text(record, 0, CITY),
        .province = province.len ? province : short_name,
        .province_code = short_name,
        .country = country.len ? country : code,
        .country_code = code,
        .zip = cell_text(record, 0, ZIP),
        .phone = phone.len ? phone : customer->phone,
    };
    bool any = address->line1.len || address->city.len || address->zip.len || address->country.len;
    return any ? address : NULL;
}

/* The export does not say when somebody agreed: as old as can be, so that any choice we know of counts more. */
static void
consents_read(Arena *arena, const FormatRecord *record, const Customer *customer, Facts *facts)
{
    const struct {
        int column;
        Str channel, address;
    } kinds[] = {{ACCEPTS_EMAIL, STR("email"), customer->email},
                 {ACCEPTS_SMS, STR("sms"), customer->phone}};
    ConsentFact *consents = arena_new_of(arena, ConsentFact, G_N_ELEMENTS(kinds));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (cell_yes(record, 0, kinds[i].column) && kinds[i].address.len)
            consents[facts->consent_count++] = (ConsentFact){
                .channel = kinds[i].channel,
                .address = kinds[i].address,
                .given = true,
                .basis = STR("opt_in"),
                .proof = STR("Accepts marketing, by Shopify's export of customers"),
            };
    facts->consents = consents;
}

static bool
customers_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    Customer *customer = arena_new_of(arena, Customer, 1);
    *customer = (Customer){
        .foreign_id = cell_text(record, 0, ID),
        .email = cell_text(record, 0, EMAIL),
        .phone = cell_text(record, 0, PHONE),
        .first_name = cell_text(record, 0, FIRST),
        .last_name = cell_text(record, 0, LAST),
        .company = cell_text(record, 0, COMPANY),
        .tags = cell_text(record, 0, TAGS),
        .note = cell_text(record, 0, NOTE),
    };
    if (!customer->foreign_id.len && !customer->email.len) {
        fail(error, ERR_INPUT,
             "a customer without Customer ID and Email cannot be told from others");
        return cell_fail(error, record, 0, EMAIL);
    }
    customer->addresses = address_read(arena, record, customer);
    customer->address_count = customer->addresses != NULL;
    ret->facts = (Facts){.source = STR("shopify"), .customers = customer, .customer_count = 1};
    consents_read(arena, record, customer, &ret->facts);
    return true;
}

const Format format_shopify_customers = {
    .name = "shopify-customers",
    .title = "Shopify customers",
    .help = "Shopify admin > Customers > Export.",
    .columns = columns,
    .claims = customers_claims,
    .read = customers_read,
};
