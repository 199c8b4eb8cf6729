/* shopify_product.c - what the shop sells.
 *
 * A product without a choice has one variant called "Default Title", which is no title. Amounts are in the currency of
 * the shop; the payload names none.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/product
 */
#include "base/limits.h"
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
    } units[] = {
        {"g", 1},     {"kg", 1000},        {"oz", 28.349523125},     {"lb", 453.59237},
        {"grams", 1}, {"kilograms", 1000}, {"ounces", 28.349523125}, {"pounds", 453.59237},
    };
    const Json *measured = json_at(from, "/item/measurement/weight");
    int64_t grams = 0;
    double weight = 0;
    Str unit =
        connector_either(plug_text(arena, from, "weight_unit"), plug_text(arena, measured, "unit"));
    if (json_int(json_get(from, "grams"), &grams) && grams > 0)
        return grams;
    if (!json_double(measured ? json_get(measured, "value") : json_get(from, "weight"), &weight) ||
        !(weight > 0 && weight < 1e9))
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
        .image_url = connector_either(image_of(arena, product, shopify_id(arena, from, "image_id")),
                                      plug_text(arena, json_get(from, "image"), "src")),
        .weight_grams = weight_read(arena, from),
    };
    if (str_is(variant.title, "Default Title"))
        variant.title = (Str){0};
    json_bool(json_get(from, "requires_shipping"), &ships);
    json_bool(json_at(from, "/item/requires_shipping"), &ships);
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
        .image_url =
            connector_either(connector_either(plug_text(arena, json_get(root, "image"), "src"),
                                              plug_text(arena, json_nth(images, 0), "src")),
                             plug_text(arena, json_at(root, "/media/preview/image"), "src")),
        .tags = shopify_tags(arena, root),
        .offered = active && !hidden,
    };
}

/* Since 2024 a webhook tells at most 100 variants, and the ids of all beside them. */
static bool
variants_missing(const Json *root, size_t count)
{
    return json_len(json_get(root, "variant_gids")) > count ||
           json_true(json_at(root, "/variants/pageInfo/hasNextPage"));
}

static bool
variants_len(const Json *list, size_t *ret, GError **error)
{
    *ret = json_len(list);
    return *ret <= LIMIT_ORDER_LINES ||
           fail(error, ERR_TOO_BIG, "variants: %zu of them; at most %d are taken", *ret,
                LIMIT_ORDER_LINES);
}

bool
shopify_product_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Product *product = arena_new_of(ask->arena, Product, 1);
    const Json *list = shopify_list(root, "variants");
    size_t count = 0;
    *product = product_fill(ask, root);
    if (!product->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no product");
    if (!product->title.len)
        return fail(error, ERR_INPUT, "title is missing: this is no whole product");
    if (!plug_moment(ask->arena, root, "updated_at", &product->updated_at, error) ||
        !variants_len(list, &count, error))
        return fail_at(error, "product " STR_FMT, STR_ARG(product->foreign_id));
    Variant *variants = arena_new_of(ask->arena, Variant, count);
    for (size_t i = 0; i < count; i++)
        if (!variant_read(ask, root, json_nth(list, i), &variants[i], error))
            return fail_at(error, "variants/%zu", i);
    product->variants = variants;
    product->variant_count = count;
    product->variants_part = variants_missing(root, count);
    *ret = (Facts){.products = product, .product_count = 1};
    return true;
}

bool
shopify_variants_told(const ConnectorAsk *ask, const Json *product, Facts *ret, GError **error)
{
    const Json *list = shopify_list(product, "page");
    Str id = shopify_id(ask->arena, product, "id");
    size_t count = 0;
    if (!id.len)
        return fail(error, ERR_INPUT, "id is missing: whose variants are these?");
    if (!variants_len(list, &count, error))
        return false;
    VariantFact *facts = arena_new_of(ask->arena, VariantFact, count);
    for (size_t i = 0; i < count; i++) {
        const Json *one = json_nth(list, i);
        facts[i].product_foreign_id = id;
        if (!plug_moment(ask->arena, one, "updated_at", &facts[i].updated_at, error) ||
            !variant_read(ask, NULL, one, &facts[i].variant, error))
            return fail_at(error, "variants/%zu", i);
    }
    *ret = count ? (Facts){.variants = facts, .variant_count = count}
                 : (Facts){.declined = STR("nothing on this page is to be learned")};
    return true;
}
