/* woocommerce_product.c - what the shop sells, and its coupons.
 *
 * A product without a choice is its own one variant. Of one with variations only their ids are told; each of them is
 * a product of the type `variation`, whose webhook tells of nothing but itself. A weight is in the shop's
 * own unit, which nobody tells: it stays unknown.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#product-properties
 */
#include "base/limits.h"
#include "base/text.h"
#include "plug/connector/woocommerce_inside.h"

/* ---- products --------------------------------------------------------------------------------------- */

static Str
names_join(Arena *arena, const Json *object, const char *key)
{
    const Json *list = json_get(object, key);
    Buf names = {.arena = arena};
    for (size_t i = 0; i < json_len(list); i++)
        connector_join(&names, woocommerce_title(arena, json_nth(list, i), "name"));
    return text_cut(buf_str(&names), LIMIT_TEXT_BYTES);
}

static bool
product_offered(Arena *arena, const Json *root)
{
    bool buyable = true;
    json_bool(json_get(root, "purchasable"), &buyable);
    return buyable && str_is(plug_text(arena, root, "status"), "publish") &&
           !str_is(plug_text(arena, root, "stock_status"), "outofstock");
}

static bool
variants_read(const ConnectorAsk *ask, const Json *root, Product *product, GError **error)
{
    Arena *arena = ask->arena;
    const Json *ids = json_get(root, "variations");
    bool ships = true, single = false;
    size_t count = 0;
    json_bool(json_get(root, "shipping_required"), &ships);
    if (!connector_len(root, "variations", &count, error))
        return false;
    single = !count;
    Variant *variants = arena_new_of(arena, Variant, count + 1);
    for (size_t i = 0; i < count; i++)
        variants[i] = (Variant){
            .foreign_id = str_trim(json_as_text(arena, json_nth(ids, i))),
            .ships = ships,
            .named = true,
        };
    if (single)
        variants[0] = (Variant){
            .foreign_id = product->foreign_id,
            .sku = plug_text(arena, root, "sku"),
            .barcode = plug_text(arena, root, "global_unique_id"),
            .image_url = product->image_url,
            .ships = ships,
        };
    product->variants = variants;
    product->variant_count = count + single;
    return !single || plug_amount(arena, root, "price", ask->currency, &variants[0].price, error);
}

/* "38, Moss": what was chosen, as the title of an order's line has it. */
static Str
options_join(Arena *arena, const Json *from)
{
    const Json *list = json_get(from, "attributes");
    Buf options = {.arena = arena};
    for (size_t i = 0; i < json_len(list); i++)
        connector_join(&options, woocommerce_title(arena, json_nth(list, i), "option"));
    return text_cut(buf_str(&options), LIMIT_TEXT_BYTES);
}

static bool
variation_read(const ConnectorAsk *ask, const Json *from, Str product, VariantFact *ret,
               GError **error)
{
    Arena *arena = ask->arena;
    int64_t created = 0;
    *ret = (VariantFact){
        .product_foreign_id = product,
        .variant =
            {
                .foreign_id = woocommerce_id(arena, from, "id"),
                .sku = plug_text(arena, from, "sku"),
                .title = options_join(arena, from),
                .barcode = plug_text(arena, from, "global_unique_id"),
                .image_url = connector_either(plug_text(arena, json_get(from, "image"), "src"),
                                              plug_text(arena, json_at(from, "/images/0"), "src")),
                .ships = !json_true(json_get(from, "virtual")),
            },
    };
    if (!ret->variant.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no variation");
    return woocommerce_versions(arena, from, &created, &ret->updated_at, error) &&
           plug_amount(arena, from, "price", ask->currency, &ret->variant.price, error);
}

static bool
variation_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    VariantFact *fact = arena_new_of(ask->arena, VariantFact, 1);
    Str product = woocommerce_id(ask->arena, root, "parent_id");
    if (!product.len) {
        *ret = (Facts){.declined = STR("a variation that does not say of which product it is")};
        return true;
    }
    if (!variation_read(ask, root, product, fact, error))
        return fail_at(error, "variation");
    *ret = (Facts){.variants = fact, .variant_count = 1};
    return true;
}

bool
woocommerce_variations_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    const Json *list = json_get(root, "variations");
    Str product = woocommerce_id(ask->arena, root, "product_id");
    size_t count = 0;
    if (!product.len)
        return fail(error, ERR_INPUT, "product_id is missing: whose variations are these?");
    if (!connector_len(root, "variations", &count, error))
        return false;
    VariantFact *facts = arena_new_of(ask->arena, VariantFact, count);
    for (size_t i = 0; i < count; i++)
        if (!variation_read(ask, json_nth(list, i), product, &facts[i], error))
            return fail_at(error, "variations/%zu", i);
    *ret = count ? (Facts){.variants = facts, .variant_count = count}
                 : (Facts){.declined = STR("nothing on this page is to be learned")};
    return true;
}

bool
woocommerce_bin_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Gone *gone = arena_new_of(ask->arena, Gone, 1);
    int64_t created = 0;
    *gone = (Gone){.noun = GONE_PRODUCT, .foreign_id = woocommerce_id(ask->arena, root, "id")};
    if (!gone->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: what is in the bin?");
    if (!woocommerce_versions(ask->arena, root, &created, &gone->gone_at, error))
        return false;
    *ret = (Facts){.gone = gone, .gone_count = 1};
    return true;
}

bool
woocommerce_product_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Product *product = arena_new_of(arena, Product, 1);
    int64_t created = 0;
    if (str_is(plug_text(arena, root, "type"), "variation"))
        return variation_told(ask, root, ret, error);
    *product = (Product){
        .foreign_id = woocommerce_id(arena, root, "id"),
        .title = woocommerce_title(arena, root, "name"),
        .vendor = woocommerce_title(arena, json_nth(json_get(root, "brands"), 0), "name"),
        .kind = woocommerce_title(arena, json_nth(json_get(root, "categories"), 0), "name"),
        .url = plug_text(arena, root, "permalink"),
        .image_url = plug_text(arena, json_nth(json_get(root, "images"), 0), "src"),
        .tags = names_join(arena, root, "tags"),
        .offered = product_offered(arena, root),
    };
    if (!product->title.len)
        return fail(error, ERR_INPUT, "name is missing: this is no whole product");
    if (!woocommerce_versions(arena, root, &created, &product->updated_at, error) ||
        !variants_read(ask, root, product, error))
        return fail_at(error, "product " STR_FMT, STR_ARG(product->foreign_id));
    *ret = (Facts){.products = product, .product_count = 1};
    return true;
}

/* ---- coupons ---------------------------------------------------------------------------------------- */

/* percent, or an amount: of the cart or of each product; or nothing but free shipping. */
static Str
kind_read(Arena *arena, const Json *root, Str value)
{
    bool worth = false;
    for (size_t i = 0; i < value.len; i++)
        worth = worth || (value.at[i] >= '1' && value.at[i] <= '9');
    if (!worth && json_true(json_get(root, "free_shipping")))
        return STR("shipping");
    /* "percent"; with WooCommerce Subscriptions also "recurring_percent" and the like. */
    size_t at = 0;
    return str_find(plug_text(arena, root, "discount_type"), STR("percent"), &at) ? STR("percent")
                                                                                  : STR("amount");
}

/* A number that may be missing. */
static bool
number_read(Arena *arena, const Json *root, const char *key, int64_t *ret, GError **error)
{
    return !plug_text(arena, root, key).len || json_int(json_get(root, key), ret) ||
           fail(error, ERR_INPUT, "%s is not a whole number", key);
}

bool
woocommerce_coupon_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Coupon *coupon = arena_new_of(arena, Coupon, 1);
    int64_t created = 0;
    *coupon = (Coupon){
        .foreign_id = woocommerce_id(arena, root, "id"),
        .code = woocommerce_title(arena, root, "code"),
        .value = plug_text(arena, root, "amount"),
    };
    coupon->kind = kind_read(arena, root, coupon->value);
    if (!coupon->code.len)
        return fail(error, ERR_INPUT, "code is missing: this is no whole coupon");
    if (!plug_moment(arena, root, "date_expires_gmt", &coupon->ends_at, error) ||
        !number_read(arena, root, "usage_limit", &coupon->usage_limit, error) ||
        !number_read(arena, root, "usage_count", &coupon->used, error) ||
        !woocommerce_versions(arena, root, &created, &coupon->updated_at, error))
        return fail_at(error, "coupon " STR_FMT, STR_ARG(coupon->code));
    *ret = (Facts){.coupons = coupon, .coupon_count = 1};
    return true;
}
