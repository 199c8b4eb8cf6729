/* catcher.c - /dev/mail: the mails that stay here, for whoever sets up a shop.
 *
 * Until a submission server is set every mail is caught; of a shop that is not live one sees what would have gone.
 * The pages hold customers' mails, so they are shown only to the machine itself: the listener is loopback, no public
 * address leads to it, and the browser asked for this machine by name (a page elsewhere cannot make a name of its own
 * point here). A request that came through a proxy is nobody's from here.
 */
#include "feature/feature.h"

#include "base/when.h"
#include "engine/id.h"
#include "engine/mime.h"
#include "flow/message.h"
#include "flow/reason.h"

#include <string.h>

enum { ROWS = 50 };

/* A page of somebody else's can make its own name lead to this machine (DNS rebinding) and read what it likes
 * under it; so the name asked for has to be no name at all, but an address, or localhost. */
static bool
host_is_address(Str host)
{
    static const char address[] = "0123456789abcdefABCDEF.:[]";
    if (str_eq_nocase(host, "localhost") ||
        (host.len > 10 && str_eq_nocase(str_sub(host, 0, 10), "localhost:")))
        return true;
    bool dotted = false;
    for (size_t i = 0; i < host.len; i++) {
        if (!strchr(address, host.at[i]))
            return false;
        dotted |= host.at[i] == '.' || host.at[i] == ':';
    }
    /* "face.cafe" is a name: without brackets only digits make an address. */
    return dotted && (host.at[0] == '[' || strspn(host.at, "0123456789.:") >= host.len);
}

static bool
catcher_allow(const RouteCtx *ctx, GError **error)
{
    static const char *const proxied[] = {"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"};
    bool allowed = route_app(ctx)->shows_catcher;
    allowed = allowed && host_is_address(http_header(ctx->request, "Host"));
    for (size_t i = 0; i < G_N_ELEMENTS(proxied); i++)
        allowed = allowed && !http_header(ctx->request, proxied[i]).at;
    return allowed || fail(error, ERR_NOT_FOUND, "there is no page at this address");
}

static LiquidValue
text_copy(Arena *arena, Str text)
{
    return text.len ? liquid_str(arena_copy(arena, text)) : LIQUID_OF_NIL;
}

static LiquidValue
mail_of(Arena *arena, Rows *rows)
{
    char id[ID_TEXT_BYTES];
    LiquidValue mail = liquid_map(arena);
    id_format(rows_int(rows, 0), id);
    liquid_map_set(arena, mail, STR("id"), text_copy(arena, str_of(id)));
    liquid_map_set(arena, mail, STR("at"), liquid_date(rows_int(rows, 1)));
    liquid_map_set(arena, mail, STR("to"), text_copy(arena, rows_text(rows, 2)));
    liquid_map_set(arena, mail, STR("subject"), text_copy(arena, rows_text(rows, 3)));
    liquid_map_set(arena, mail, STR("template"), text_copy(arena, rows_text(rows, 4)));
    liquid_map_set(arena, mail, STR("state"), text_copy(arena, rows_text(rows, 5)));
    liquid_map_set(arena, mail, STR("reason"), text_copy(arena, rows_text(rows, 6)));
    liquid_map_set(arena, mail, STR("words"), text_copy(arena, rows_text(rows, 7)));
    liquid_map_set(arena, mail, STR("shop"), text_copy(arena, rows_text(rows, 8)));
    return mail;
}

static bool
catcher_list(RouteCtx *ctx, GError **error)
{
    Db *db = NULL;
    int64_t before = INT64_MAX;
    Str older;
    if (!catcher_allow(ctx, error) || !(db = route_db(ctx, error)))
        return false;
    if (http_query(ctx->request, "before", &older) && !id_parse(older, &before))
        return fail(error, ERR_INPUT, "before is no id");
    LiquidValue list[ROWS];
    size_t count = 0;
    g_autoptr(Rows) rows = db_rows(
        db, Q_catcher_newest, BINDS(bind_int("before", before), bind_int("limit", ROWS)), error);
    if (!rows)
        return false;
    while (count < ROWS && rows_next(rows)) {
        before = rows_int(rows, 0);
        list[count++] = mail_of(ctx->arena, rows);
    }
    if (!rows_ok(rows, error))
        return false;
    LiquidValue *mails = arena_new_of(ctx->arena, LiquidValue, count);
    for (size_t i = 0; i < count; i++)
        mails[i] = list[i];
    char id[ID_TEXT_BYTES];
    liquid_map_set(ctx->arena, ctx->page, STR("title"), liquid_str(STR("Caught mails")));
    liquid_map_set(ctx->arena, ctx->page, STR("mails"), liquid_array(ctx->arena, mails, count));
    if (count == ROWS)
        liquid_map_set(ctx->arena, ctx->page, STR("older"),
                       text_copy(ctx->arena, str_of(id_format(before, id))));
    return true;
}

/* The message that the address names. */
static bool
catcher_message(RouteCtx *ctx, MessageKept *ret, int64_t *ret_id, GError **error)
{
    Db *db = NULL;
    int64_t shop = 0;
    if (!catcher_allow(ctx, error) || !(db = route_db(ctx, error)))
        return false;
    if (!id_parse(route_param(ctx, "id"), ret_id) || id_kind(*ret_id) != KIND_MESSAGE)
        return fail(error, ERR_NOT_FOUND, "there is no such mail");
    return db_int(db, Q_message_shop, BINDS(bind_int("id", *ret_id)), &shop, error) &&
           message_load(db, ctx->arena, shop, *ret_id, ret, error);
}

static bool
catcher_show(RouteCtx *ctx, GError **error)
{
    MessageKept mail = {0};
    MailParts parts = {0};
    int64_t id = 0;
    char text[ID_TEXT_BYTES];
    int64_t kept = 0;
    Db *db = NULL;
    if (!catcher_message(ctx, &mail, &id, error) || !(db = route_db(ctx, error)) ||
        !db_int(db, Q_catcher_kept, BINDS(bind_int("shop", mail.shop), bind_int("id", id)), &kept,
                error))
        return false;
    if (mail.body.len && !mail_parts(ctx->arena, mail.body, &parts, error))
        return false;
    LiquidValue page = ctx->page;
    liquid_map_set(ctx->arena, page, STR("title"),
                   liquid_str(mail.subject.len ? mail.subject : STR("A mail")));
    liquid_map_set(ctx->arena, page, STR("id"), text_copy(ctx->arena, str_of(id_format(id, text))));
    liquid_map_set(ctx->arena, page, STR("at"), liquid_date(mail.at));
    liquid_map_set(ctx->arena, page, STR("to"), liquid_str(mail.address));
    liquid_map_set(ctx->arena, page, STR("subject"), liquid_str(mail.subject));
    liquid_map_set(ctx->arena, page, STR("state"), liquid_str(kept ? STR("caught") : mail.state));
    liquid_map_set(ctx->arena, page, STR("reason"), text_copy(ctx->arena, mail.reason));
    liquid_map_set(ctx->arena, page, STR("words"), text_copy(ctx->arena, mail.words));
    liquid_map_set(ctx->arena, page, STR("text"), text_copy(ctx->arena, parts.text));
    liquid_map_set(ctx->arena, page, STR("header"), text_copy(ctx->arena, parts.header));
    liquid_map_set(ctx->arena, page, STR("has_html"), liquid_bool(parts.html.len > 0));
    return true;
}

/* The HTML part alone, for the frame on the page: it may run nothing and load nothing from elsewhere. */
static bool
catcher_html(RouteCtx *ctx, GError **error)
{
    MessageKept mail = {0};
    MailParts parts = {0};
    int64_t id = 0;
    if (!catcher_message(ctx, &mail, &id, error) ||
        !mail_parts(ctx->arena, mail.body, &parts, error))
        return false;
    http_header_add(ctx->request, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'; sandbox "
                    "allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'");
    http_answer(ctx->request, 200, "text/html; charset=utf-8", parts.html);
    return true;
}

static bool
catcher_raw(RouteCtx *ctx, GError **error)
{
    MessageKept mail = {0};
    int64_t id = 0;
    if (!catcher_message(ctx, &mail, &id, error))
        return false;
    if (!mail.body.len)
        return fail(error, ERR_NOT_FOUND,
                    "the words of this mail are not kept, or not written yet");
    http_answer(ctx->request, 200, "text/plain; charset=utf-8", mail.body);
    return true;
}

static const Route routes[] = {
    {GET, "/dev/mail", ANYONE, catcher_list, "dashboard/catcher/list.liquid"},
    {GET, "/dev/mail/:id", ANYONE, catcher_show, "dashboard/catcher/show.liquid"},
    {GET, "/dev/mail/:id/html", ANYONE, catcher_html, NULL},
    {GET, "/dev/mail/:id/raw", ANYONE, catcher_raw, NULL},
    {0},
};

const Feature feature_catcher = {
    .title = "Caught mails",
    .about = "Mails that stay here until a submission server is set, for whoever sets up the shop.",
    .routes = routes,
};
