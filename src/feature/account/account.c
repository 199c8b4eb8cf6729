/* account.c - who is at the door; see account.h. */
#include "feature/account/account_inside.h"

#include "base/text.h"
#include "engine/clock.h"
#include "engine/form.h"
#include "engine/id.h"
#include "engine/url.h"

#include <string.h>

enum { AGENT_BYTES_MOST = 200 };

Account *
account_new(Store *store, const Keyring *keyring, const char *public_url)
{
    Account *account = g_new0(Account, 1);
    account->store = store;
    account->keyring = keyring;
    account->public_url = public_url;
    account->secure = g_str_has_prefix(public_url, "https://");
    account->guesses = guessbook_new();
    return account;
}

void
account_free(Account *account)
{
    if (!account)
        return;
    guessbook_free(account->guesses);
    g_free(account);
}

const char *
account_link(Arena *arena, const Account *account, const Session *secret)
{
    return arena_format(arena, "%s/set-up/%s", account->public_url, secret->text);
}

bool
account_first_link(Account *account, char **ret_url, GError **error)
{
    Session secret;
    bool needed = false;
    if (!user_floor_ids(account->store, error) ||
        !user_first_link(account->store, &secret, &needed, error))
        return false;
    g_autoptr(Arena) arena = arena_new(4096);
    *ret_url = needed ? g_strdup(account_link(arena, account, &secret)) : NULL;
    return true;
}

const Staff *
route_staff(const RouteCtx *ctx)
{
    must(ctx->who);
    return ctx->who;
}

const char *
route_shop_path(const RouteCtx *ctx, const char *rest)
{
    const Staff *staff = route_staff(ctx);
    must(staff->shop);
    return arena_format(ctx->arena, "/s/" STR_FMT "%s", STR_ARG(staff->shop->shop.slug), rest);
}

void
page_set(RouteCtx *ctx, const char *name, Str text)
{
    liquid_map_set(ctx->arena, ctx->page, str_of(name), liquid_str(text));
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

bool
account_session_append(Db *db, SessionNew *session, GError **error)
{
    int64_t now = clock_now();
    Bind shop = bind_int("shop", 0);
    return db_run(db, Q_session_drop_old,
                  BINDS(shop, bind_int("since", now - SESSION_MOST_MS),
                        bind_int("idle", now - SESSION_IDLE_MS)),
                  NULL, error) &&
           db_run(db, Q_session_append,
                  BINDS(bind_int("id", id_new(KIND_SESSION)), shop, bind_int("at", now),
                        bind_int("user_id", session->user),
                        bind_blob("hash", (Str){(char *)session->secret.hash, DIGEST_BYTES}),
                        bind_cstr("address", session->address), bind_text("agent", session->agent)),
                  NULL, error);
}

typedef struct Touch {
    StoreTask task;
    int64_t session;
    int64_t now;
} Touch;

static bool
touch_job(Db *db, void *arg, GError **error)
{
    const Touch *touch = arg;
    return db_run(
        db, Q_session_touch,
        BINDS(bind_int("seen_at", touch->now), bind_int("shop", 0), bind_int("id", touch->session)),
        NULL, error);
}

static void
touch_done(StoreTask *task, const GError *error)
{
    /* Not written: the session looks a little more idle than it is, and the next page tries again. */
    g_free(task);
}

/* Nothing that happens to a customer: that this session is in use. */
static void
session_touch(const Account *account, int64_t session, int64_t now)
{
    Touch *touch = g_new0(Touch, 1);
    *touch = (Touch){.session = session, .now = now};
    touch->task = (StoreTask){.run = touch_job, .done = touch_done, .arg = touch};
    store_post(account->store, STORE_BULK, &touch->task);
}

/* Whose session it is, if it is one. staff->user stays 0 if not. */
static bool
staff_find(RouteCtx *ctx, Staff *staff, GError **error)
{
    const Account *account = route_app(ctx)->account;
    int64_t now = clock_now();
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    g_autoptr(Rows) rows =
        db_rows(db, Q_session_find,
                BINDS(bind_int("shop", 0),
                      bind_blob("hash", (Str){(char *)staff->secret.hash, DIGEST_BYTES})),
                error);
    if (!rows)
        return false;
    if (rows_next(rows) && !session_is_over(rows_int(rows, 1), rows_int(rows, 2), now)) {
        staff->session = rows_int(rows, 0);
        staff->user = rows_int(rows, 3);
        staff->email = arena_copy(ctx->arena, rows_text(rows, 4));
        staff->name = arena_copy(ctx->arena, rows_text(rows, 5));
        if (now - rows_int(rows, 2) >= SESSION_TOUCH_MS)
            session_touch(account, staff->session, now);
        return true;
    }
    return rows_ok(rows, error);
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

static bool
request_changes(const HttpRequest *request)
{
    return request->method != GET && request->method != HEAD;
}

/* Did it come from a page that we gave this browser? */
static bool
allow_form(const RouteCtx *ctx, const Staff *staff, GError **error)
{
    const Account *account = route_app(ctx)->account;
    Str site = http_header(ctx->request, "Sec-Fetch-Site"), token;
    if (site.len && !str_is(site, "same-origin") && !str_is(site, "none"))
        return fail(error, ERR_FORBIDDEN,
                    "another site sent this form; open the page here and send it again");
    if (!form_is_sent(ctx->request))
        return fail(error, ERR_INPUT, "this address takes what a form of its page sends");
    return (form_peek(ctx->request, "token", &token) &&
            session_token_is(ctx->arena, account->keyring->forms, &staff->secret, token)) ||
           fail(error, ERR_FORBIDDEN,
                "the page was open for too long, or in a browser that keeps no cookies; open it "
                "again and send it once more. Nothing was changed");
}

/* To the sign-in, and back here. */
static bool
send_to_sign_in(RouteCtx *ctx)
{
    Buf url = {.arena = ctx->arena};
    buf_add_cstr(&url, "/sign-in");
    if (!str_is(ctx->request->path, "/")) {
        Buf here = {.arena = ctx->arena};
        buf_add_str(&here, ctx->request->path);
        if (ctx->request->query.len)
            buf_format(&here, "?" STR_FMT, STR_ARG(ctx->request->query));
        buf_add_cstr(&url, "?to=");
        url_encode(&url, buf_str(&here));
    }
    route_redirect(ctx, buf_cstr(&url));
    return true;
}

static bool
route_has_shop(const Route *route)
{
    return g_str_has_prefix(route->pattern, "/s/:shop");
}

static void
let_go_of_shop(void *shop)
{
    shop_unref(shop);
}

/* The shop of the address, for whom it is there. */
static bool
allow_shop(RouteCtx *ctx, Staff *staff, GError **error)
{
    Role everywhere = ROLE_NONE;
    Db *db = route_db(ctx, error);
    const ShopEntry *shop = shopbook_find(route_app(ctx)->shops, route_param(ctx, "shop"));
    if (shop)
        route_keep(ctx, (void *)shop, let_go_of_shop);
    if (!db || (shop && !user_role(db, shop->shop.id, staff->user, &staff->role, error)) ||
        !user_role(db, 0, staff->user, &everywhere, error))
        return false;
    if (!shop || staff->role == ROLE_NONE)
        return fail(error, ERR_NOT_FOUND, "there is nothing at this address");
    staff->shop = shop;
    staff->everywhere = everywhere == ROLE_OWNER;
    ctx->zone = shop->zone;
    return true;
}

static bool
allow_role(const RouteCtx *ctx, const Staff *staff, GError **error)
{
    if (staff->role == ROLE_OWNER)
        return true;
    if (ctx->route->access == OWNER)
        return fail(error, ERR_FORBIDDEN, "this page is for the owners of the shop");
    return !request_changes(ctx->request) ||
           fail(
               error, ERR_FORBIDDEN,
               "you may look at everything in this shop and change nothing. One of its owners can; "
               "nothing was changed");
}

/* The part of the address that says which of the main pages this is: "orders". */
static Str
page_section(const Route *route)
{
    Str rest = str_of(route->pattern), part = {0};
    for (int i = 0; i < 4 && str_split(&rest, '/', &part); i++)
        ;
    return route_has_shop(route) && part.len && part.at[0] != ':' ? part : STR("");
}

/* What the frame around every page shows. */
static void
staff_show(RouteCtx *ctx, const Staff *staff)
{
    Arena *arena = ctx->arena;
    const Account *account = route_app(ctx)->account;
    page_set(ctx, "token", str_of(session_token(arena, account->keyring->forms, &staff->secret)));
    page_set(ctx, "section", page_section(ctx->route));
    liquid_map_set(arena, ctx->page, STR("signed_in"), liquid_bool(staff->user != 0));
    if (staff->user) {
        LiquidValue me = liquid_map(arena);
        liquid_map_set(arena, me, STR("name"), liquid_str(staff->name));
        liquid_map_set(arena, me, STR("email"), liquid_str(staff->email));
        liquid_map_set(arena, me, STR("owner"), liquid_bool(staff->role == ROLE_OWNER));
        liquid_map_set(arena, ctx->page, STR("me"), me);
    }
    if (staff->shop) {
        const Shop *shop = &staff->shop->shop;
        LiquidValue here = liquid_map(arena);
        liquid_map_set(arena, here, STR("name"), liquid_str(shop->name));
        liquid_map_set(arena, here, STR("slug"), liquid_str(shop->slug));
        liquid_map_set(arena, here, STR("live"), liquid_bool(shop->is_live));
        liquid_map_set(arena, here, STR("zone"), liquid_str(shop->zone));
        liquid_map_set(arena, here, STR("currency"), liquid_str(shop->currency));
        liquid_map_set(arena, ctx->page, STR("shop"), here);
        page_set(ctx, "base", str_of(route_shop_path(ctx, "")));
    }
}

bool
account_allow(RouteCtx *ctx, GError **error)
{
    const Account *account = route_app(ctx)->account;
    const Route *route = ctx->route;
    Staff *staff = arena_new_of(ctx->arena, Staff, 1);
    ctx->who = staff;
    staff->address = http_client_address(ctx->request);
    staff->agent = text_line(ctx->arena, http_header(ctx->request, "User-Agent"), AGENT_BYTES_MOST);
    bool has_secret = session_read(ctx->request, account->secure, &staff->secret);
    if (has_secret && !staff_find(ctx, staff, error))
        return false;
    if (!staff->user && route->access != GUEST)
        return request_changes(ctx->request)
                   ? fail(error, ERR_AUTH, "you are signed out; sign in and send it again")
                   : send_to_sign_in(ctx);
    if (request_changes(ctx->request) && !allow_form(ctx, staff, error))
        return false;
    if (!has_secret) {
        session_make(&staff->secret);
        session_give(ctx->request, account->secure, &staff->secret);
    }
    if (route_has_shop(route) && (!allow_shop(ctx, staff, error) || !allow_role(ctx, staff, error)))
        return false;
    if (route->template)
        staff_show(ctx, staff);
    return true;
}

static const Route routes[] = {
    {GET, "/sign-in", GUEST, account_sign_in_page, "dashboard/account/sign_in.liquid"},
    {POST, "/sign-in", GUEST, account_sign_in, "dashboard/account/sign_in.liquid", DESK_PASSWORD},
    {GET, "/set-up/:secret", GUEST, account_set_up_page, "dashboard/account/set_up.liquid"},
    {POST, "/set-up/:secret", GUEST, account_set_up, "dashboard/account/set_up.liquid",
     DESK_PASSWORD},
    {POST, "/sign-out", SELF, account_sign_out, NULL, DESK_WRITE},
    {GET, "/account", SELF, account_self_page, "dashboard/account/self.liquid"},
    {POST, "/account/password", SELF, account_password, "dashboard/account/self.liquid",
     DESK_PASSWORD},
    {POST, "/account/sessions", SELF, account_sessions_end, NULL, DESK_WRITE},
    {GET, "/s/:shop/users", OWNER, account_users_page, "dashboard/account/users.liquid"},
    {POST, "/s/:shop/users", OWNER, account_users_add, "dashboard/account/users.liquid",
     DESK_WRITE},
    {POST, "/s/:shop/users/:id", OWNER, account_users_change, "dashboard/account/users.liquid",
     DESK_WRITE},
    {0},
};

const Feature feature_account = {
    .title = "Accounts",
    .about = "Who may sign in, as owner or viewer of which shop.",
    .routes = routes,
};
