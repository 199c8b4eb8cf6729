/* setup_mails_show.c - one mail as it is tried, alone, for the frame on its page. It may run nothing, send nothing and
 * load nothing from elsewhere, and is framed by our own pages only. */
#include "feature/setup/setup_inside.h"

#include "flow/sample.h"

static const char frame_csp[] =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self' https:; sandbox; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

static Str
query(RouteCtx *ctx, const char *name)
{
    Str value;
    return http_query(ctx->request, name, &value) ? value : STR("");
}

static bool
sample_of(RouteCtx *ctx, Sample *ret, GError **error)
{
    Mails mails;
    Str mail = route_param(ctx, "mail"), language = query(ctx, "language");
    if (!owed_find(mail))
        return fail(error, ERR_NOT_FOUND, "there is nothing at this address");
    if (!mails_open(ctx, mail, &mails, error))
        return false;
    SampleAsk ask = {.shop = mails.shop,
                     .mail = mail,
                     .choices = mails_text(ctx->arena, &mails.tried),
                     .locale = language.len <= 35 ? arena_copy(ctx->arena, language) : STR("")};
    Db *db = route_db(ctx, error);
    return db && sample_make(route_app(ctx)->flow, db, ctx->arena, &ask, ret, error);
}

bool
mails_html(RouteCtx *ctx, GError **error)
{
    Sample sample;
    if (!sample_of(ctx, &sample, error))
        return false;
    bool dark = str_is(query(ctx, "light"), "dark");
    http_header_add(ctx->request, "Content-Security-Policy", frame_csp);
    http_answer(ctx->request, 200, "text/html; charset=utf-8",
                sample_lit(ctx->arena, sample.words.html, dark));
    return true;
}

bool
mails_plain(RouteCtx *ctx, GError **error)
{
    Sample sample;
    if (!sample_of(ctx, &sample, error))
        return false;
    http_header_add(ctx->request, "Content-Security-Policy",
                    "default-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; "
                    "frame-ancestors 'self'");
    page_put(ctx, "text", liquid_str(sample.words.text));
    page_put(ctx, "sample_lang", liquid_str(sample.locale));
    page_put(ctx, "light",
             liquid_str(str_is(query(ctx, "light"), "dark") ? STR("dark") : STR("light")));
    return true;
}
