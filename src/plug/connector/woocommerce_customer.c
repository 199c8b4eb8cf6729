/* woocommerce_customer.c - accounts.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#customer-properties
 */
#include "plug/connector/woocommerce_inside.h"

bool
woocommerce_customer_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    static const char *const kinds[] = {"billing", "shipping"};
    Arena *arena = ask->arena;
    const Json *billing = json_get(root, "billing");
    Customer *customer = arena_new_of(arena, Customer, 1);
    PostalAddress *addresses = arena_new_of(arena, PostalAddress, G_N_ELEMENTS(kinds));
    *customer = (Customer){
        .foreign_id = woocommerce_id(arena, root, "id"),
        .email =
            connector_either(plug_text(arena, root, "email"), plug_text(arena, billing, "email")),
        .phone = plug_text(arena, billing, "phone"),
        .first_name = connector_either(plug_text(arena, root, "first_name"),
                                       plug_text(arena, billing, "first_name")),
        .last_name = connector_either(plug_text(arena, root, "last_name"),
                                      plug_text(arena, billing, "last_name")),
        .locale = woocommerce_locale(arena, root),
        .company = plug_text(arena, billing, "company"),
        .addresses = addresses,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        PostalAddress address = woocommerce_address(arena, json_get(root, kinds[i]));
        if (!woocommerce_address_empty(&address))
            addresses[customer->address_count++] = address;
    }
    if (!woocommerce_versions(arena, root, &customer->joined_at, &customer->updated_at, error))
        return fail_at(error, "customer " STR_FMT, STR_ARG(customer->foreign_id));
    *ret = (Facts){.customers = customer, .customer_count = 1};
    return true;
}
