/* user.c - see user.h. */
#include "feature/account/user.h"

#include "engine/clock.h"
#include "engine/id.h"

static const char *const roles[] = {
    [ROLE_NONE] = "", [ROLE_VIEWER] = "viewer", [ROLE_OWNER] = "owner"};

Role
role_find(Str slug)
{
    for (int i = ROLE_VIEWER; i <= ROLE_OWNER; i++)
        if (str_is(slug, roles[i]))
            return (Role)i;
    return ROLE_NONE;
}

const char *
role_slug(Role role)
{
    return roles[role];
}

static Bind
installation(void)
{
    return bind_int("shop", 0);
}

static Bind
secret_bind(const Session *secret)
{
    return bind_blob("hash", (Str){(const char *)secret->hash, DIGEST_BYTES});
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

static bool
user_read(Rows *rows, Arena *arena, User *ret, GError **error)
{
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (User){rows_int(rows, 0), arena_copy(arena, rows_text(rows, 1)),
                      arena_copy(arena, rows_text(rows, 2)), arena_copy(arena, rows_text(rows, 3))};
    return rows_ok(rows, error);
}

bool
user_find(Db *db, Arena *arena, Str email, User *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_user_find, BINDS(installation(), bind_text("email", email)), error);
    return user_read(rows, arena, ret, error);
}

bool
user_get(Db *db, Arena *arena, int64_t id, User *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_user_get, BINDS(installation(), bind_int("id", id)), error);
    return user_read(rows, arena, ret, error);
}

static bool
role_of_query(Db *db, Query query, int64_t shop, int64_t user, Role *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, query, BINDS(bind_int("shop", shop), bind_int("user_id", user)), error);
    if (!rows)
        return false;
    *ret = rows_next(rows) ? role_find(rows_text(rows, 0)) : ROLE_NONE;
    return rows_ok(rows, error);
}

bool
user_role(Db *db, int64_t shop, int64_t user, Role *ret, GError **error)
{
    return role_of_query(db, Q_user_role_get, shop, user, ret, error);
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

static bool
link_append(Db *db, int64_t user, Session *ret, GError **error)
{
    session_make(ret);
    int64_t now = clock_now();
    bool dropped = user ? db_run(db, Q_user_link_drop_of,
                                 BINDS(installation(), bind_int("user_id", user)), NULL, error)
                        : db_run(db, Q_user_link_drop_first, BINDS(installation()), NULL, error);
    return dropped &&
           db_run(db, Q_user_link_drop_old, BINDS(installation(), bind_int("now", now)), NULL,
                  error) &&
           db_run(db, Q_user_link_append,
                  BINDS(bind_int("id", id_new(KIND_USER_LINK)), installation(), bind_int("at", now),
                        bind_id("user_id", user), secret_bind(ret),
                        bind_int("expires_at", now + USER_LINK_MS)),
                  NULL, error);
}

typedef struct FirstLink {
    Session *secret;
    bool needed;
} FirstLink;

static bool
first_link_job(Db *db, void *arg, GError **error)
{
    FirstLink *first = arg;
    int64_t count = 0;
    if (!db_int(db, Q_user_count, BINDS(installation()), &count, error))
        return false;
    first->needed = count == 0;
    return !first->needed || link_append(db, 0, first->secret, error);
}

bool
user_first_link(Store *store, Session *ret, bool *ret_needed, GError **error)
{
    FirstLink first = {.secret = ret};
    if (!store_write(store, STORE_RECEIPT, first_link_job, &first, error))
        return false;
    *ret_needed = first.needed;
    return true;
}

bool
user_link_read(Db *db, Arena *arena, const Session *secret, UserLink *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_user_link_find, BINDS(installation(), secret_bind(secret)), error);
    if (!rows)
        return false;
    if (rows_next(rows) && rows_int(rows, 1) > clock_now()) {
        *ret = (UserLink){rows_int(rows, 0), arena_copy(arena, rows_text(rows, 2)),
                          arena_copy(arena, rows_text(rows, 3))};
        return true;
    }
    return rows_ok(rows, error) &&
           fail(error, ERR_NOT_FOUND, "this link was used already, or its day is over");
}

static bool
set_up_first(Db *db, UserSetup *setup, GError **error)
{
    int64_t count = 0, now = clock_now();
    if (!db_int(db, Q_user_count, BINDS(installation()), &count, error))
        return false;
    if (count > 0)
        return fail(error, ERR_CONFLICT, "somebody made the first account already");
    g_autoptr(Arena) arena = arena_new(64 * 1024);
    User known = {0};
    if (!user_find(db, arena, setup->email, &known, error))
        return false;
    setup->user = known.id ? known.id : id_new(KIND_USER);
    return (known.id ||
            db_run(db, Q_user_append,
                   BINDS(bind_int("id", setup->user), installation(), bind_int("at", now),
                         bind_text("email", setup->email), bind_text("name", setup->name)),
                   NULL, error)) &&
           db_run(db, Q_user_role_save,
                  BINDS(installation(), bind_int("user_id", setup->user), bind_int("at", now),
                        bind_cstr("role", role_slug(ROLE_OWNER))),
                  NULL, error);
}

bool
user_set_up(Db *db, UserSetup *setup, GError **error)
{
    g_autoptr(Arena) arena = arena_new(64 * 1024);
    UserLink link = {0};
    int64_t used = 0, now = clock_now();
    if (!user_link_read(db, arena, &setup->secret, &link, error) ||
        !db_run(db, Q_user_link_use,
                BINDS(installation(), secret_bind(&setup->secret), bind_int("now", now)), &used,
                error))
        return false;
    setup->user = link.user;
    if (!link.user && !set_up_first(db, setup, error))
        return false;
    Bind user = bind_int("user_id", setup->user);
    return db_run(db, Q_user_password,
                  BINDS(bind_text("password", setup->password), bind_int("at", now), installation(),
                        bind_int("id", setup->user)),
                  NULL, error) &&
           db_run(
               db, Q_user_name,
               BINDS(bind_text("name", setup->name), installation(), bind_int("id", setup->user)),
               NULL, error) &&
           db_run(db, Q_session_drop_others, BINDS(installation(), user, bind_int("id", 0)), NULL,
                  error) &&
           db_run(db, Q_user_link_drop_of, BINDS(installation(), user), NULL, error);
}

/* ---- roles ------------------------------------------------------------------------------------------------------- */

static bool
is_of_other_shops(Db *db, int64_t user, int64_t shop, bool *ret, GError **error)
{
    int64_t count = 0;
    if (!db_int(db, Q_user_role_elsewhere, BINDS(bind_int("user_id", user), bind_int("here", shop)),
                &count, error))
        return false;
    *ret = count > 0;
    return true;
}

static bool
invite_job(Db *db, void *arg, GError **error)
{
    UserInvite *invite = arg;
    g_autoptr(Arena) arena = arena_new(64 * 1024);
    User user = {0};
    bool elsewhere = false;
    int64_t now = clock_now();
    if (!user_find(db, arena, invite->email, &user, error))
        return false;
    if (!user.id) {
        user.id = id_new(KIND_USER);
        if (!db_run(db, Q_user_append,
                    BINDS(bind_int("id", user.id), installation(), bind_int("at", now),
                          bind_text("email", invite->email),
                          bind_text("name", invite->name.len ? invite->name : invite->email)),
                    NULL, error))
            return false;
    }
    if (!is_of_other_shops(db, user.id, invite->shop, &elsewhere, error))
        return false;
    /* Whoever invited the address first made its password, too: it must not open another shop. */
    if (elsewhere && !invite->everywhere)
        return fail(error, ERR_FORBIDDEN,
                    "this address has an account beside this shop; whoever runs the installation "
                    "lets it in with `postlude user add`");
    if (!db_run(db, Q_user_role_save,
                BINDS(bind_int("shop", invite->shop), bind_int("user_id", user.id),
                      bind_int("at", now), bind_cstr("role", role_slug(invite->role))),
                NULL, error))
        return false;
    invite->has_link = !user.password.len && (!elsewhere || invite->everywhere);
    return !invite->has_link || link_append(db, user.id, &invite->link, error);
}

bool
user_invite(Store *store, UserInvite *invite, GError **error)
{
    return store_write(store, STORE_RECEIPT, invite_job, invite, error);
}

typedef struct RoleJob {
    int64_t shop;
    int64_t user;
    Role role;
    bool everywhere;
    Session *link;
} RoleJob;

static bool
link_job(Db *db, void *arg, GError **error)
{
    const RoleJob *job = arg;
    g_autoptr(Arena) arena = arena_new(64 * 1024);
    User user = {0};
    bool elsewhere = false;
    Role role;
    if (!user_get(db, arena, job->user, &user, error) ||
        !role_of_query(db, Q_user_role_own, job->shop, job->user, &role, error) ||
        !is_of_other_shops(db, job->user, job->shop, &elsewhere, error))
        return false;
    if (!user.id || (role == ROLE_NONE && !job->everywhere))
        return fail(error, ERR_NOT_FOUND, "there is nobody of this name here");
    if (!job->everywhere && (elsewhere || user.password.len))
        return fail(error, ERR_FORBIDDEN,
                    "this account is not this shop's alone; whoever runs the installation makes a "
                    "link with `postlude user password`");
    return link_append(db, job->user, job->link, error);
}

bool
user_link(Store *store, int64_t shop, int64_t user, bool everywhere, Session *ret, GError **error)
{
    RoleJob job = {.shop = shop, .user = user, .everywhere = everywhere, .link = ret};
    return store_write(store, STORE_RECEIPT, link_job, &job, error);
}

/* Without a role anywhere there is no reason to keep somebody. */
static bool
user_leave(Db *db, int64_t user, GError **error)
{
    int64_t dropped = 0;
    Bind whom = bind_int("user_id", user);
    if (!db_run(db, Q_user_drop, BINDS(installation(), bind_int("id", user)), &dropped, error))
        return false;
    return !dropped || (db_run(db, Q_user_link_drop_of, BINDS(installation(), whom), NULL, error) &&
                        db_run(db, Q_session_drop_others,
                               BINDS(installation(), whom, bind_int("id", 0)), NULL, error));
}

static bool
role_job(Db *db, void *arg, GError **error)
{
    const RoleJob *job = arg;
    Role before;
    int64_t others = 0;
    Bind shop = bind_int("shop", job->shop), user = bind_int("user_id", job->user);
    if (!role_of_query(db, Q_user_role_own, job->shop, job->user, &before, error) ||
        !db_int(db, Q_user_owners, BINDS(shop, user), &others, error))
        return false;
    if (before == ROLE_NONE)
        return fail(error, ERR_NOT_FOUND, "there is nobody of this name here");
    if (before == ROLE_OWNER && job->role != ROLE_OWNER && others == 0)
        return fail(error, ERR_CONFLICT,
                    "this is the last owner who can sign in; make somebody else an owner first");
    if (job->role == ROLE_NONE)
        return db_run(db, Q_user_role_drop, BINDS(shop, user), NULL, error) &&
               user_leave(db, job->user, error);
    return db_run(
        db, Q_user_role_save,
        BINDS(shop, user, bind_int("at", clock_now()), bind_cstr("role", role_slug(job->role))),
        NULL, error);
}

bool
user_set_role(Store *store, int64_t shop, int64_t user, Role role, GError **error)
{
    RoleJob job = {.shop = shop, .user = user, .role = role};
    return store_write(store, STORE_RECEIPT, role_job, &job, error);
}

bool
user_floor_ids(Store *store, GError **error)
{
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_floor_account, NULL, error);
    bool ok = rows != NULL;
    if (ok && rows_next(rows))
        for (int i = 0; i < 3; i++)
            id_floor(rows_int(rows, i));
    ok = ok && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(store, db);
    return ok;
}
