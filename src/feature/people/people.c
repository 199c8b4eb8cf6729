/* people.c - the customers of a shop, as persons: under which names we know them, what they ordered, what they agreed
 * to, what we wrote. */
#include "feature/account/account.h"
#include "feature/list.h"
#include "feature/words.h"

#include "engine/id.h"

enum { SHOWN_MOST = 100 };

static const Column list_columns[] = {
    {"id", COLUMN_ID},      {"name", COLUMN_TEXT},    {"email", COLUMN_TEXT},
    {"phone", COLUMN_TEXT}, {"source", COLUMN_TEXT},  {"deleted_at", COLUMN_DATE},
    {"orders", COLUMN_INT}, {"last_at", COLUMN_DATE}, {0},
};

static bool
people_list(RouteCtx *ctx, GError **error)
{
    int64_t shop = route_staff(ctx)->shop->shop.id, before = INT64_MAX, last = 0;
    bool more = false;
    char cursor[ID_TEXT_BYTES];
    Str find = page_filter(ctx, "q"), cursor_text, from, to;
    if (http_query(ctx->request, "before", &cursor_text) && !id_parse(cursor_text, &before))
        before = INT64_MAX;
    list_range(ctx->arena, find, &from, &to);
    Bind of_shop = bind_int("shop", shop), below = bind_int("before", before);
    Bind limit = bind_int("limit", LIST_ROWS + 1);
    ListAsk ask = {
        .query = find.len ? Q_people_found : Q_people_list,
        .binds = find.len
                     ? BINDS(of_shop, below, bind_text("from", from), bind_text("to", to), limit)
                     : BINDS(of_shop, below, limit),
        .columns = list_columns,
        .most = LIST_ROWS,
        .more = &more,
        .last_ids = &last,
    };
    if (!page_list(ctx, "people", &ask, error))
        return false;
    if (more)
        page_next(ctx, id_format(last, cursor));
    page_put(ctx, "title", liquid_str(STR("Customers")));
    page_put(ctx, "filtered", liquid_bool(find.len > 0));
    return true;
}

static const Column person_columns[] = {
    {"id", COLUMN_ID},          {"at", COLUMN_DATE},
    {"name", COLUMN_TEXT},      {"email", COLUMN_TEXT},
    {"key", COLUMN_TEXT},       {"phone", COLUMN_TEXT},
    {"locale", COLUMN_TEXT},    {"source", COLUMN_TEXT},
    {"tags", COLUMN_TEXT},      {"note", COLUMN_TEXT},
    {"joined_at", COLUMN_DATE}, {"deleted_at", COLUMN_DATE},
    {"company", COLUMN_TEXT},   {0},
};

static const Column identity_columns[] = {
    {"id", COLUMN_ID},
    {"source", COLUMN_TEXT},
    {"foreign_id", COLUMN_TEXT},
    {"email", COLUMN_TEXT},
    {"at", COLUMN_DATE},
    {"reason", COLUMN_TEXT},
    {0},
};

static const Column order_columns[] = {
    {"id", COLUMN_ID},
    {"placed_at", COLUMN_DATE},
    {"name", COLUMN_TEXT},
    {"total", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"payment", COLUMN_TEXT},
    {"fulfilment", COLUMN_TEXT},
    {"cancelled_at", COLUMN_DATE},
    {"delivered_at", COLUMN_DATE},
    {"deleted_at", COLUMN_DATE},
    {"quiet", COLUMN_TEXT},
    {0},
};

static const Column message_columns[] = {
    {"id", COLUMN_ID},
    {"at", COLUMN_DATE},
    {"template", COLUMN_TEXT, words_template},
    {"subject", COLUMN_TEXT},
    {"address", COLUMN_TEXT},
    {"state", COLUMN_TEXT},
    {"reason", COLUMN_TEXT},
    {0},
};

static const Column consent_columns[] = {
    {"at", COLUMN_DATE},      {"channel", COLUMN_TEXT},
    {"address", COLUMN_TEXT}, {"topic", COLUMN_TEXT},
    {"state", COLUMN_TEXT},   {"basis", COLUMN_TEXT},
    {"proof", COLUMN_TEXT},   {0},
};

static const Column suppression_columns[] = {
    {"at", COLUMN_DATE},     {"address", COLUMN_TEXT},   {"scope", COLUMN_TEXT},
    {"reason", COLUMN_TEXT}, {"lifted_at", COLUMN_DATE}, {0},
};

static bool
people_show(RouteCtx *ctx, GError **error)
{
    static const struct {
        const char *name;
        Query query;
        const Column *columns;
    } lists[] = {
        {"identities", Q_people_identities, identity_columns},
        {"orders", Q_people_orders, order_columns},
        {"messages", Q_people_messages, message_columns},
        {"consents", Q_people_consents, consent_columns},
        {"suppressions", Q_people_suppressions, suppression_columns},
    };
    int64_t shop_id = route_staff(ctx)->shop->shop.id, id, person = 0;
    Db *db = route_db(ctx, error);
    if (!db || !page_id(ctx, "id", KIND_CUSTOMER, &id, error))
        return false;
    Bind shop = bind_int("shop", shop_id);
    if (!db_int(db, Q_people_person, BINDS(shop, bind_int("id", id)), &person, error))
        return false;
    Bind who = bind_int("id", person);
    if (!page_row(ctx, "person", Q_people_one, BINDS(shop, who), person_columns, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        Bind limit = bind_int("limit", SHOWN_MOST);
        ListAsk ask = {
            lists[i].query, BINDS(shop, who, limit), lists[i].columns, SHOWN_MOST, NULL, NULL};
        if (!page_list(ctx, lists[i].name, &ask, error))
            return false;
    }
    page_put(ctx, "title", liquid_str(STR("Customer")));
    return true;
}

static const Route routes[] = {
    {GET, "/s/:shop/customers", STAFF, people_list, "dashboard/people/list.liquid", DESK_READ},
    {GET, "/s/:shop/customers/:id", STAFF, people_show, "dashboard/people/show.liquid"},
    {0},
};

const Feature feature_people = {
    .title = "Customers",
    .about = "Who buys: under which names, what they ordered, what they agreed to, what we wrote.",
    .routes = routes,
};
