/* account_users.c - who else may come into a shop: asked in, made owner or viewer, let go. */
#include "feature/account/account_inside.h"

#include "engine/clock.h"
#include "engine/form.h"
#include "engine/id.h"
#include "engine/log.h"

enum { USERS_MOST = 500 };

static const char *const role_choices[] = {"viewer", "owner", NULL};
static const FormField add_fields[] = {
    {"email", FORM_EMAIL, "Mail address", .needed = true},
    {"name", FORM_LINE, "Name", .most_bytes = 100},
    {"role", FORM_CHOICE, "Role", .needed = true, .choices = role_choices},
    {0},
};

static LiquidValue
user_of(const RouteCtx *ctx, Rows *rows)
{
    Arena *arena = ctx->arena;
    char id[ID_TEXT_BYTES];
    LiquidValue map = liquid_map(arena);
    id_format(rows_int(rows, 0), id);
    liquid_map_set(arena, map, STR("id"), liquid_str(arena_copy(arena, str_of(id))));
    liquid_map_set(arena, map, STR("email"), liquid_str(arena_copy(arena, rows_text(rows, 1))));
    liquid_map_set(arena, map, STR("name"), liquid_str(arena_copy(arena, rows_text(rows, 2))));
    liquid_map_set(arena, map, STR("role"), liquid_str(arena_copy(arena, rows_text(rows, 3))));
    liquid_map_set(arena, map, STR("ready"), liquid_bool(rows_int(rows, 4) != 0));
    liquid_map_set(arena, map, STR("seen_at"),
                   rows_is_null(rows, 5) ? LIQUID_OF_NIL : liquid_date(rows_int(rows, 5)));
    liquid_map_set(arena, map, STR("everywhere"), liquid_bool(rows_int(rows, 6) == 0));
    liquid_map_set(arena, map, STR("me"), liquid_bool(rows_int(rows, 0) == route_staff(ctx)->user));
    return map;
}

static bool
users_show(RouteCtx *ctx, Form *form, GError **error)
{
    const Staff *staff = route_staff(ctx);
    Db *db = route_db(ctx, error);
    LiquidValue *users = arena_new_of(ctx->arena, LiquidValue, USERS_MOST);
    size_t count = 0;
    if (!db)
        return false;
    g_autoptr(Rows) rows =
        db_rows(db, Q_user_of_shop, BINDS(bind_int("shop", staff->shop->shop.id)), error);
    while (rows && count < USERS_MOST && rows_next(rows))
        users[count++] = user_of(ctx, rows);
    if (!rows || !rows_ok(rows, error))
        return false;
    form_show(form, ctx->page);
    page_set(ctx, "title", STR("People who may come in"));
    liquid_map_set(ctx->arena, ctx->page, STR("users"), liquid_array(ctx->arena, users, count));
    return true;
}

static void
users_form(RouteCtx *ctx, Form *ret)
{
    form_begin(ctx->arena, add_fields, ret);
    form_set(ret, "role", STR("viewer"));
}

bool
account_users_page(RouteCtx *ctx, GError **error)
{
    Form form;
    Str done;
    users_form(ctx, &form);
    if (http_query(ctx->request, "done", &done))
        page_set(ctx, "done", done);
    return users_show(ctx, &form, error);
}

/* The link is shown once, on the page that answers; it stands nowhere else. */
static void
link_show(RouteCtx *ctx, Str email, const Session *link)
{
    const Account *account = route_app(ctx)->account;
    page_set(ctx, "link", str_of(account_link(ctx->arena, account, link)));
    page_set(ctx, "link_for", email);
    liquid_map_set(ctx->arena, ctx->page, STR("link_until"),
                   liquid_date(clock_now() + USER_LINK_MS));
}

bool
account_users_add(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    Form form, empty;
    if (!form_read(ctx->request, add_fields, &form, error))
        return false;
    if (!form_is_fine(&form)) {
        ctx->status = 422;
        return users_show(ctx, &form, error);
    }
    UserInvite invite = {
        .shop = staff->shop->shop.id,
        .email = form_value(&form, "email"),
        .name = form_value(&form, "name"),
        .role = role_find(form_value(&form, "role")),
        .everywhere = staff->everywhere,
    };
    if (!user_invite(ctx->store, &invite, error))
        return false;
    log_info("account.invited", "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT, staff->user,
             invite.shop);
    page_set(ctx, "added", invite.email);
    if (invite.has_link)
        link_show(ctx, invite.email, &invite.link);
    users_form(ctx, &empty);
    return users_show(ctx, &empty, error);
}

/* Somebody of this shop, by the address. */
static bool
users_one(RouteCtx *ctx, User *ret, GError **error)
{
    int64_t id;
    Db *db = route_db(ctx, error);
    Role role;
    if (!db)
        return false;
    if (!id_parse(route_param(ctx, "id"), &id) || id_kind(id) != KIND_USER)
        return fail(error, ERR_NOT_FOUND, "there is nobody at this address");
    if (!user_get(db, ctx->arena, id, ret, error) ||
        !user_role(db, route_staff(ctx)->shop->shop.id, id, &role, error))
        return false;
    return (ret->id && role != ROLE_NONE) ||
           fail(error, ERR_NOT_FOUND, "there is nobody at this address");
}

bool
account_users_change(RouteCtx *ctx, GError **error)
{
    static const char *const choices[] = {"owner", "viewer", "remove", "link", NULL};
    static const FormField fields[] = {
        {"do", FORM_CHOICE, "What to do", .needed = true, .choices = choices}, {0}};
    const Staff *staff = route_staff(ctx);
    Form form, empty;
    User user = {0};
    Session link;
    if (!users_one(ctx, &user, error) || !form_read(ctx->request, fields, &form, error))
        return false;
    if (!form_is_fine(&form))
        return fail(error, ERR_INPUT, "nobody said what to do");
    Str what = form_value(&form, "do");
    int64_t shop = staff->shop->shop.id;
    if (str_is(what, "link")) {
        if (!user_link(ctx->store, shop, user.id, staff->everywhere, &link, error))
            return false;
        link_show(ctx, user.email, &link);
        users_form(ctx, &empty);
        return users_show(ctx, &empty, error);
    }
    if (!user_set_role(ctx->store, shop, user.id, role_find(what), error))
        return false;
    log_info("account.role", "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT, staff->user, shop);
    route_redirect(ctx, route_shop_path(ctx, "/users?done=changed"));
    return true;
}
