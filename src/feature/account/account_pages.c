/* account_pages.c - signing in and out, and the page of a set-up link. */
#include "feature/account/account_inside.h"

#include "base/seal.h"
#include "engine/clock.h"
#include "engine/form.h"
#include "engine/log.h"
#include "engine/password.h"
#include "engine/url.h"

#include <string.h>

/* ---- signing in -------------------------------------------------------------------------------------------------- */

static const FormField sign_in_fields[] = {
    {"email", FORM_EMAIL, "Mail address", .needed = true},
    {"password", FORM_PASSWORD, "Password", .needed = true},
    {"to", FORM_LINE, "Page"},
    {0},
};

/* A page of ours, and nothing that a browser could take for another host. */
static bool
is_own_path(Str to)
{
    if (!str_starts(to, "/") || str_starts(to, "//") || to.len > 1000)
        return false;
    for (size_t i = 0; i < to.len; i++)
        if (to.at[i] <= ' ' || to.at[i] == '\\' || to.at[i] == 0x7f)
            return false;
    return true;
}

/* The token belongs to the secret that the browser holds now: in the page it comes from the cookie of the request. */
static bool
sign_in_show(RouteCtx *ctx, Form *form)
{
    if (!form_is_fine(form))
        ctx->status = 422;
    form_show(form, ctx->page);
    page_set(ctx, "title", form_is_fine(form) ? STR("Sign in") : STR("Sign in: that did not work"));
    return true;
}

bool
account_sign_in_page(RouteCtx *ctx, GError **error)
{
    Form form;
    Str to = {0};
    int64_t count = 0;
    Db *db = route_db(ctx, error);
    if (!db || !db_int(db, Q_user_count, BINDS(bind_int("shop", 0)), &count, error))
        return false;
    if (route_staff(ctx)->user) {
        route_redirect(ctx, "/");
        return true;
    }
    form_begin(ctx->arena, sign_in_fields, &form);
    if (http_query(ctx->request, "to", &to) && is_own_path(to))
        form_set(&form, "to", to);
    liquid_map_set(ctx->arena, ctx->page, STR("nobody_yet"), liquid_bool(count == 0));
    return sign_in_show(ctx, &form);
}

/* Where the waiting is told in words. */
static const char *
wait_words(Arena *arena, int64_t wait)
{
    int64_t seconds = (wait + SECOND_MS - 1) / SECOND_MS;
    return seconds <= 90 ? arena_format(arena, "%d second%s", (int)seconds, seconds == 1 ? "" : "s")
                         : arena_format(arena, "%d minutes", (int)(seconds + 59) / 60);
}

/* Counts this guess before it is looked at. False: it has to wait. */
static bool
guess_may(RouteCtx *ctx, Form *form, Str account_key, Str address_key)
{
    GuessBook *guesses = route_app(ctx)->account->guesses;
    int64_t now = clock_now();
    int64_t wait = MAX(guess_wait(guesses, GUESS_ACCOUNT, account_key, now),
                       guess_wait(guesses, GUESS_ADDRESS, address_key, now));
    if (wait > 0) {
        ctx->status = 429;
        return form_wrong(form, NULL,
                          "Too many wrong passwords in a row. The next try is possible in %s.",
                          wait_words(ctx->arena, wait));
    }
    guess_note(guesses, GUESS_ACCOUNT, account_key, now);
    guess_note(guesses, GUESS_ADDRESS, address_key, now);
    return true;
}

typedef struct SignIn {
    SessionNew session;
    const char *fresh; /* the password kept anew with today's costs; NULL: as it is */
} SignIn;

static bool
sign_in_job(Db *db, void *arg, GError **error)
{
    SignIn *sign_in = arg;
    return account_session_append(db, &sign_in->session, error) &&
           (!sign_in->fresh ||
            db_run(db, Q_user_password,
                   BINDS(bind_cstr("password", sign_in->fresh), bind_int("at", clock_now()),
                         bind_int("shop", 0), bind_int("id", sign_in->session.user)),
                   NULL, error));
}

/* A session with a secret that nobody knew before. */
static bool
sign_in_begin(RouteCtx *ctx, SignIn *sign_in, GError **error)
{
    const Account *account = route_app(ctx)->account;
    const Staff *staff = route_staff(ctx);
    session_make(&sign_in->session.secret);
    sign_in->session.address = staff->address;
    sign_in->session.agent = staff->agent;
    if (!store_write(ctx->store, STORE_RECEIPT, sign_in_job, sign_in, error))
        return false;
    session_give(ctx->request, account->secure, &sign_in->session.secret);
    return true;
}

/* Is it the password? Nobody's takes as long as somebody's. */
static bool
sign_in_check(RouteCtx *ctx, Form *form, User *user, GError **error)
{
    GuessBook *guesses = route_app(ctx)->account->guesses;
    Str email = form_value(form, "email"), password = form_value(form, "password");
    Str address = guess_address(ctx->arena, route_staff(ctx)->address);
    Db *db = route_db(ctx, error);
    if (!db || !user_find(db, ctx->arena, email, user, error))
        return false;
    if (!guess_may(ctx, form, email, address))
        return true;
    if (!password_is(ctx->arena, user->password, password)) {
        /* Which of the two is wrong is nobody's business. */
        form_wrong(form, NULL, "The mail address or the password is not right.");
        return true;
    }
    guess_right(guesses, GUESS_ACCOUNT, email);
    guess_right(guesses, GUESS_ADDRESS, address);
    return true;
}

bool
account_sign_in(RouteCtx *ctx, GError **error)
{
    Form form;
    User user = {0};
    if (!form_read(ctx->request, sign_in_fields, &form, error) ||
        (form_is_fine(&form) && !sign_in_check(ctx, &form, &user, error)))
        return false;
    if (!form_is_fine(&form)) {
        int status = ctx->status;
        sign_in_show(ctx, &form);
        ctx->status = status ? status : ctx->status;
        return true;
    }
    Str to = form_value(&form, "to");
    char *fresh = NULL;
    const char *kept = arena_cstr(ctx->arena, user.password);
    if (seal_password_is_old(kept) &&
        !seal_password(ctx->arena, form_value(&form, "password"), &fresh, error))
        return false;
    SignIn sign_in = {.session.user = user.id, .fresh = fresh};
    if (!sign_in_begin(ctx, &sign_in, error))
        return false;
    log_info("account.signed_in", "user=%" G_GINT64_FORMAT, user.id);
    route_redirect(ctx, is_own_path(to) ? arena_cstr(ctx->arena, to) : "/");
    return true;
}

typedef struct SignOut {
    int64_t user;
    int64_t session;
} SignOut;

static bool
sign_out_job(Db *db, void *arg, GError **error)
{
    const SignOut *who = arg;
    return db_run(
        db, Q_session_drop,
        BINDS(bind_int("shop", 0), bind_int("user_id", who->user), bind_int("id", who->session)),
        NULL, error);
}

bool
account_sign_out(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    SignOut who = {staff->user, staff->session};
    if (!store_write(ctx->store, STORE_RECEIPT, sign_out_job, &who, error))
        return false;
    session_take(ctx->request, route_app(ctx)->account->secure);
    route_redirect(ctx, "/sign-in");
    return true;
}

/* ---- setting up -------------------------------------------------------------------------------------------------- */

static const FormField set_up_fields[] = {
    {"email", FORM_EMAIL, "Mail address", .needed = true},
    {"name", FORM_LINE, "Name", .needed = true, .most_bytes = 100},
    {"password", FORM_PASSWORD, "Password", .needed = true},
    {0},
};

/* The link of the address; ERR_NOT_FOUND in one way for all that lead nowhere. */
static bool
set_up_link(RouteCtx *ctx, Session *ret_secret, UserLink *ret, GError **error)
{
    Str text = route_param(ctx, "secret");
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    *ret_secret = (Session){0};
    if (text.len == USER_SECRET_CHARS)
        memcpy(ret_secret->text, text.at, text.len);
    digest_sha256(str_of(ret_secret->text), ret_secret->hash);
    return user_link_read(db, ctx->arena, ret_secret, ret, error);
}

static void
set_up_show(RouteCtx *ctx, Form *form, const UserLink *link)
{
    ctx->status = form_is_fine(form) ? 200 : 422;
    form_show(form, ctx->page);
    page_set(ctx, "title",
             link->user ? STR("Choose your password") : STR("Make the first account"));
    page_set(ctx, "secret", route_param(ctx, "secret"));
    page_set(ctx, "email", link->email);
    liquid_map_set(ctx->arena, ctx->page, STR("first"), liquid_bool(link->user == 0));
    liquid_map_set(ctx->arena, ctx->page, STR("least"), liquid_int(PASSWORD_CHARS_LEAST));
}

bool
account_set_up_page(RouteCtx *ctx, GError **error)
{
    Session secret;
    UserLink link = {0};
    Form form;
    if (!set_up_link(ctx, &secret, &link, error))
        return false;
    form_begin(ctx->arena, set_up_fields, &form);
    form_set(&form, "email", link.email);
    form_set(&form, "name", str_eq(link.name, link.email) ? STR("") : link.name);
    set_up_show(ctx, &form, &link);
    return true;
}

typedef struct SetUpJob {
    UserSetup setup;
    SignIn sign_in;
} SetUpJob;

static bool
set_up_job(Db *db, void *arg, GError **error)
{
    SetUpJob *job = arg;
    if (!user_set_up(db, &job->setup, error))
        return false;
    job->sign_in.session.user = job->setup.user;
    return account_session_append(db, &job->sign_in.session, error);
}

bool
account_set_up(RouteCtx *ctx, GError **error)
{
    SetUpJob job = {0};
    UserLink link = {0};
    Form form;
    char *kept;
    const Staff *staff = route_staff(ctx);
    if (!set_up_link(ctx, &job.setup.secret, &link, error) ||
        !form_read(ctx->request, set_up_fields, &form, error))
        return false;
    if (link.user)
        form_set(&form, "email", link.email);
    const char *trouble =
        password_trouble(ctx->arena, form_value(&form, "password"), form_value(&form, "email"));
    if (trouble)
        form_wrong(&form, "password", "%s", trouble);
    if (!form_is_fine(&form)) {
        set_up_show(ctx, &form, &link);
        return true;
    }
    if (!seal_password(ctx->arena, form_value(&form, "password"), &kept, error))
        return false;
    job.setup.email = form_value(&form, "email");
    job.setup.name = form_value(&form, "name");
    job.setup.password = str_of(kept);
    job.sign_in.session.address = staff->address;
    job.sign_in.session.agent = staff->agent;
    session_make(&job.sign_in.session.secret);
    if (!store_write(ctx->store, STORE_RECEIPT, set_up_job, &job, error))
        return false;
    session_give(ctx->request, route_app(ctx)->account->secure, &job.sign_in.session.secret);
    log_info("account.set_up", "user=%" G_GINT64_FORMAT, job.setup.user);
    route_redirect(ctx, "/");
    return true;
}
