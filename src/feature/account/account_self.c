/* account_self.c - one's own page: the password, and where one is signed in. */
#include "feature/account/account_inside.h"

#include "base/seal.h"
#include "engine/clock.h"
#include "engine/form.h"
#include "engine/id.h"
#include "engine/log.h"
#include "engine/password.h"

#include <string.h>

static const FormField password_fields[] = {
    {"old", FORM_PASSWORD, "Password until now", .needed = true},
    {"password", FORM_PASSWORD, "New password", .needed = true},
    {0},
};

/* The browser in two words, from what it calls itself: enough to know one's own telephone again. */
static const char *
agent_words(Arena *arena, Str agent)
{
    static const char *const browsers[][2] = {{"Edg", "Edge"},        {"OPR/", "Opera"},
                                              {"Firefox", "Firefox"}, {"Chrome", "Chrome"},
                                              {"Safari", "Safari"},   {"curl", "curl"}};
    static const char *const systems[][2] = {{"iPhone", "iPhone"},   {"iPad", "iPad"},
                                             {"Android", "Android"}, {"Windows", "Windows"},
                                             {"Mac OS", "Mac"},      {"Linux", "Linux"}};
    const char *browser = "A browser", *on = NULL;
    size_t at;
    for (size_t i = G_N_ELEMENTS(browsers); i-- > 0;)
        if (str_find(agent, str_of(browsers[i][0]), &at))
            browser = browsers[i][1];
    for (size_t i = G_N_ELEMENTS(systems); i-- > 0;)
        if (str_find(agent, str_of(systems[i][0]), &at))
            on = systems[i][1];
    return on ? arena_format(arena, "%s on %s", browser, on) : browser;
}

static LiquidValue
session_of(Arena *arena, Rows *rows, int64_t mine)
{
    char id[ID_TEXT_BYTES];
    LiquidValue map = liquid_map(arena);
    id_format(rows_int(rows, 0), id);
    liquid_map_set(arena, map, STR("id"), liquid_str(arena_copy(arena, str_of(id))));
    liquid_map_set(arena, map, STR("at"), liquid_date(rows_int(rows, 1)));
    liquid_map_set(arena, map, STR("seen_at"), liquid_date(rows_int(rows, 2)));
    liquid_map_set(arena, map, STR("address"), liquid_str(arena_copy(arena, rows_text(rows, 3))));
    liquid_map_set(arena, map, STR("browser"),
                   liquid_str(str_of(agent_words(arena, rows_text(rows, 4)))));
    liquid_map_set(arena, map, STR("mine"), liquid_bool(rows_int(rows, 0) == mine));
    return map;
}

static bool
self_show(RouteCtx *ctx, Form *form, GError **error)
{
    enum { MOST = 100 };
    const Staff *staff = route_staff(ctx);
    int64_t now = clock_now();
    Db *db = route_db(ctx, error);
    LiquidValue *sessions = arena_new_of(ctx->arena, LiquidValue, MOST);
    size_t count = 0;
    if (!db)
        return false;
    g_autoptr(Rows) rows = db_rows(db, Q_session_of,
                                   BINDS(bind_int("shop", 0), bind_int("user_id", staff->user),
                                         bind_int("since", now - SESSION_MOST_MS),
                                         bind_int("idle", now - SESSION_IDLE_MS)),
                                   error);
    while (rows && count < MOST && rows_next(rows))
        sessions[count++] = session_of(ctx->arena, rows, staff->session);
    if (!rows || !rows_ok(rows, error))
        return false;
    form_show(form, ctx->page);
    page_set(ctx, "title", STR("Your account"));
    liquid_map_set(ctx->arena, ctx->page, STR("sessions"),
                   liquid_array(ctx->arena, sessions, count));
    liquid_map_set(ctx->arena, ctx->page, STR("least"), liquid_int(PASSWORD_CHARS_LEAST));
    return true;
}

bool
account_self_page(RouteCtx *ctx, GError **error)
{
    Form form;
    Str done;
    form_begin(ctx->arena, password_fields, &form);
    if (http_query(ctx->request, "done", &done))
        page_set(ctx, "done", done);
    return self_show(ctx, &form, error);
}

typedef struct PasswordJob {
    SessionNew session;
    const char *kept;
} PasswordJob;

/* A new password ends every session, this one too, and begins another. */
static bool
password_job(Db *db, void *arg, GError **error)
{
    PasswordJob *job = arg;
    Bind shop = bind_int("shop", 0), user = bind_int("user_id", job->session.user);
    return db_run(db, Q_user_password,
                  BINDS(bind_cstr("password", job->kept), bind_int("at", clock_now()), shop,
                        bind_int("id", job->session.user)),
                  NULL, error) &&
           db_run(db, Q_session_drop_others, BINDS(shop, user, bind_int("id", 0)), NULL, error) &&
           db_run(db, Q_user_link_drop_of, BINDS(shop, user), NULL, error) &&
           account_session_append(db, &job->session, error);
}

/* Is the old one right, and will the new one do? */
static bool
password_check(RouteCtx *ctx, Form *form, GError **error)
{
    const Staff *staff = route_staff(ctx);
    GuessBook *guesses = route_app(ctx)->account->guesses;
    int64_t now = clock_now();
    User user = {0};
    Db *db = route_db(ctx, error);
    if (!db || !user_get(db, ctx->arena, staff->user, &user, error))
        return false;
    const char *trouble = password_trouble(ctx->arena, form_value(form, "password"), staff->email);
    if (trouble)
        form_wrong(form, "password", "%s", trouble);
    if (!form_is_fine(form))
        return true;
    if (guess_wait(guesses, GUESS_ACCOUNT, staff->email, now) > 0) {
        form_wrong(form, "old", "Too many wrong passwords in a row. Wait a minute.");
        return true;
    }
    guess_note(guesses, GUESS_ACCOUNT, staff->email, now);
    if (password_is(ctx->arena, user.password, form_value(form, "old")))
        guess_right(guesses, GUESS_ACCOUNT, staff->email);
    else
        form_wrong(form, "old", "This is not your password until now.");
    return true;
}

bool
account_password(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    Form form;
    char *kept;
    if (!form_read(ctx->request, password_fields, &form, error) ||
        !password_check(ctx, &form, error))
        return false;
    if (!form_is_fine(&form)) {
        ctx->status = 422;
        return self_show(ctx, &form, error);
    }
    if (!seal_password(ctx->arena, form_value(&form, "password"), &kept, error))
        return false;
    PasswordJob job = {
        .session = {.user = staff->user, .address = staff->address, .agent = staff->agent},
        .kept = kept,
    };
    session_make(&job.session.secret);
    if (!store_write(ctx->store, STORE_RECEIPT, password_job, &job, error))
        return false;
    session_give(ctx->request, route_app(ctx)->account->secure, &job.session.secret);
    log_info("account.password", "user=%" G_GINT64_FORMAT, staff->user);
    route_redirect(ctx, "/account?done=password");
    return true;
}

typedef struct SessionsEnd {
    int64_t user;
    int64_t mine;
    int64_t which; /* 0: all but mine */
} SessionsEnd;

static bool
sessions_end_job(Db *db, void *arg, GError **error)
{
    const SessionsEnd *end = arg;
    Query query = end->which ? Q_session_drop : Q_session_drop_others;
    return db_run(db, query,
                  BINDS(bind_int("shop", 0), bind_int("user_id", end->user),
                        bind_int("id", end->which ? end->which : end->mine)),
                  NULL, error);
}

bool
account_sessions_end(RouteCtx *ctx, GError **error)
{
    static const FormField fields[] = {{"session", FORM_LINE, "Session", .needed = true}, {0}};
    const Staff *staff = route_staff(ctx);
    SessionsEnd end = {.user = staff->user, .mine = staff->session};
    Form form;
    if (!form_read(ctx->request, fields, &form, error))
        return false;
    Str which = form_value(&form, "session");
    if (!str_is(which, "others") &&
        (!id_parse(which, &end.which) || id_kind(end.which) != KIND_SESSION))
        return fail(error, ERR_INPUT, "there is no such session");
    if (!store_write(ctx->store, STORE_RECEIPT, sessions_end_job, &end, error))
        return false;
    route_redirect(ctx, "/account?done=sessions");
    return true;
}
