/* account_inside.h - what the files of this room share. */
#pragma once

#include "engine/guess.h"
#include "feature/account/account.h"

struct Account {
    Store *store;
    const Keyring *keyring;
    const char *public_url;
    bool secure; /* reached by https */
    GuessBook *guesses;
};

/* account_pages.c: sign in and out, set up. */
bool account_sign_in_page(RouteCtx *ctx, GError **error);
bool account_sign_in(RouteCtx *ctx, GError **error);
bool account_set_up_page(RouteCtx *ctx, GError **error);
bool account_set_up(RouteCtx *ctx, GError **error);
bool account_sign_out(RouteCtx *ctx, GError **error);

/* account_self.c: one's own. */
bool account_self_page(RouteCtx *ctx, GError **error);
bool account_password(RouteCtx *ctx, GError **error);
bool account_sessions_end(RouteCtx *ctx, GError **error);

/* account_users.c: who else may come in. */
bool account_users_page(RouteCtx *ctx, GError **error);
bool account_users_add(RouteCtx *ctx, GError **error);
bool account_users_change(RouteCtx *ctx, GError **error);

/* The link of a secret, in the arena. */
const char *account_link(Arena *arena, const Account *account, const Session *secret);

/* On the writer: a new session of this user, and what ran out goes. */
typedef struct SessionNew {
    int64_t user;
    Session secret;
    const char *address;
    Str agent;
} SessionNew;
bool account_session_append(Db *db, SessionNew *session, GError **error);

/* Sets a text of the page. */
void page_set(RouteCtx *ctx, const char *name, Str text);
