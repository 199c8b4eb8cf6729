/* shopify_product.c - what the shop sells.
 *
 * A product without a choice has one variant called "Default Title", which is no title. Amounts are in the currency of
 * the shop; the payload names none.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/product
 */
#include "plug/connector/shopify_inside.h"

/* "Small / Blue", as the shop shows it. */
static Str
options_join(Arena *arena, const Json *variant)
{
    static const char *const keys[] = {"option1", "option2", "option3"};
    Buf title = {.arena = arena};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        Str option = plug_text(arena, variant, keys[i]);
        if (option.len && title.len)
            buf_add_cstr(&title, " / ");
        buf_add_str(&title, option);
    }
    return buf_str(&title);
}

static Str
image_of(Arena *arena, const Json *product, Str id)
{
    const Json *images = json_get(product, "images");
    for (size_t i = 0; id.len && i < json_len(images); i++)
        if (str_eq(shopify_id(arena, json_nth(images, i), "id"), id))
            return plug_text(arena, json_nth(images, i), "src");
    return (Str){0};
}

/* Old payloads have grams, new ones weight and its unit. */
static int64_t
weight_read(Arena *arena, const Json *from)
{
    static const struct {
        const char *unit;
        double grams;
    } units[] = {{"g", 1}, {"kg", 1000}, {"oz", 28.349523125}, {"lb", 453.59237}};
    int64_t grams = 0;
    double weight = 0;
    Str unit = plug_text(arena, from, "weight_unit");
    if (json_int(json_get(from, "grams"), &grams) && grams > 0)
        return grams;
    if (!json_double(json_get(from, "weight"), &weight) || !(weight > 0 && weight < 1e9))
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (str_eq_nocase(unit, units[i].unit))
            return (int64_t)(weight * units[i].grams + 0.5);
    return 0;
}

static bool
variant_read(const ConnectorAsk *ask, const Json *product, const Json *from, Variant *ret,
             GError **error)
{
    Arena *arena = ask->arena;
    bool ships = true;
    Variant variant = {
        .foreign_id = shopify_id(arena, from, "id"),
        .sku = plug_text(arena, from, "sku"),
        .title = connector_either(plug_text(arena, from, "title"), options_join(arena, from)),
        .barcode = plug_text(arena, from, "barcode"),
        .image_url = image_of(arena, product, shopify_id(arena, from, "image_id")),
        .weight_grams = weight_read(arena, from),
    };
    if (str_is(variant.title, "Default Title"))
        variant.title = (Str){0};
    json_bool(json_get(from, "requires_shipping"), &ships);
    variant.ships = ships;
    if (!variant.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing");
    if (!plug_amount(arena, from, "price", ask->currency, &variant.price, error))
        return false;
    *ret = variant;
    return true;
}

/* Where people see it; the shop's own address leads on to its domain. */
static Str
url_make(const ConnectorAsk *ask, const Json *root)
{
    Str handle = plug_text(ask->arena, root, "handle");
    Str shop = plug_setting(&ask->settings, "shopify.shop");
    if (!handle.len || !shop.len)
        return (Str){0};
    return str_of(arena_format(ask->arena, "https://" STR_FMT "/products/" STR_FMT, STR_ARG(shop),
                               STR_ARG(handle)));
}

static Product
product_fill(const ConnectorAsk *ask, const Json *root)
{
    Arena *arena = ask->arena;
    const Json *images = json_get(root, "images");
    Str status = plug_text(arena, root, "status");
    bool active = !status.len || str_eq_nocase(status, "active");
    /* null: taken off the shop; not among the fields at all: nothing is said */
    bool hidden = json_type(json_get(root, "published_at")) == JSON_NULL;
    return (Product){
        .foreign_id = shopify_id(arena, root, "id"),
        .title = plug_text(arena, root, "title"),
        .vendor = plug_text(arena, root, "vendor"),
        .kind = plug_text(arena, root, "product_type"),
        .url = url_make(ask, root),
        .image_url = connector_either(plug_text(arena, json_get(root, "image"), "src"),
                                      plug_text(arena, json_nth(images, 0), "src")),
        .tags = plug_text(arena, root, "tags"),
        .offered = active && !hidden,
    };
}

bool
shopify_product_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Product *product = arena_new_of(ask->arena, Product, 1);
    const Json *list = json_get(root, "variants");
    size_t count = 0;
    *product = product_fill(ask, root);
    if (!product->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no product");
    if (!product->title.len)
        return fail(error, ERR_INPUT, "title is missing: this is no whole product");
    if (!plug_moment(ask->arena, root, "updated_at", &product->updated_at, error) ||
        !connector_len(root, "variants", &count, error))
        return fail_at(error, "product " STR_FMT, STR_ARG(product->foreign_id));
    Variant *variants = arena_new_of(ask->arena, Variant, count);
    for (size_t i = 0; i < count; i++)
        if (!variant_read(ask, root, json_nth(list, i), &variants[i], error))
            return fail_at(error, "variants/%zu", i);
    product->variants = variants;
    product->variant_count = count;
    *ret = (Facts){.products = product, .product_count = 1};
    return true;
}
