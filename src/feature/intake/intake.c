/* intake.c - POST /in/SHOP/CONNECTOR: what shop systems tell us.
 *
 * The signature is checked over the raw bytes, the bytes are on the disk before we say yes, and everything else
 * happens later. Shopify wants its answer within 5 s and removes a webhook that fails for hours, so nothing here
 * depends on whether we understand the body.
 */
#include "feature/feature.h"

#include "base/json_write.h"
#include "engine/id.h"
#include "flow/inbox.h"

static Str
header_of(const void *request, const char *name)
{
    return http_header(request, name);
}

static void
intake_answer(HttpRequest *request, const InboxNew *delivery)
{
    char id[ID_TEXT_BYTES];
    Buf buf = {.arena = request->arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, delivery->repeated ? "repeated" : "kept");
    if (delivery->repeated)
        json_put_bool(&out, true);
    else
        json_put_str(&out, id_format(delivery->id, id));
    json_put_end(&out);
    json_put_done(&out);
    http_answer(request, 200, "application/json", buf_str(&buf));
}

typedef struct Intake {
    HttpRequest *request;
    Store *store;
    Flow *flow;
} Intake;

/* On the writer's thread, after the COMMIT. */
static void
intake_done(StoreTask *task, const GError *error)
{
    InboxNew *delivery = (InboxNew *)task;
    Intake *intake = delivery->caller;
    Flow *flow = intake->flow;
    if (error)
        http_answer_error(intake->request, error);
    else
        intake_answer(intake->request, delivery);
    if (!error)
        flow_wake_inbox(flow);
}

/* The provider knows that we want its deliveries, or does not: then it asks once more by itself. */
static void
intake_confirmed(const GError *error, void *arg)
{
    InboxNew *delivery = arg;
    const Intake *intake = delivery->caller;
    if (error)
        http_answer_error(intake->request, error);
    else
        inbox_post(intake->store, delivery);
}

static bool
intake_take(RouteCtx *ctx, GError **error)
{
    const App *app = route_app(ctx);
    HttpRequest *request = ctx->request;
    Str slug = route_param(ctx, "shop"), connector = route_param(ctx, "connector");
    g_autoptr(ShopHold) shop = shopbook_find(app->shops, slug);
    if (!shop)
        return fail(error, ERR_NOT_FOUND, "there is no shop '" STR_FMT "'", STR_ARG(slug));
    InboxAsk ask = {
        .store = ctx->store,
        .signers = flow_signers(app->flow),
        .shop = shop,
        .connector = connector,
        .headers = {header_of, request},
        .body = request->body,
    };
    InboxNew *delivery = NULL;
    if (!inbox_check(request->arena, &ask, &delivery, error))
        return false;
    if (!delivery) {
        http_answer(request, 200, "application/json", STR("{\"ping\":true}"));
        return true;
    }
    Intake *intake = arena_new_of(request->arena, Intake, 1);
    *intake = (Intake){request, ctx->store, app->flow};
    delivery->caller = intake;
    delivery->task.done = intake_done;
    http_suspend(request);
    if (delivery->confirm_url.len)
        signers_confirm(ask.signers, delivery->confirm_url, intake_confirmed, delivery);
    else
        inbox_post(ctx->store, delivery);
    return true;
}

static const Route routes[] = {
    {POST, "/in/:shop/:connector", ANYONE, intake_take, NULL},
    {0},
};

const Feature feature_intake = {
    .title = "Intake",
    .about = "Orders come in from the shop's system, genuine, durable, once.",
    .routes = routes,
};
