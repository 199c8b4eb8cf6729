/* user.h - staff: who may sign in, what they may do in which shop, the links that let them set a password.
 *
 * Users belong to the installation (shop 0). What one may do is a role per shop; a role in shop 0 holds for every
 * shop, those to come too: the first owner has that one. Nobody's password is ever known to anybody else: who is
 * added gets a link that sets it once.
 *
 * A shop always keeps an owner who can sign in.
 */
#pragma once

#include "engine/session.h"
#include "engine/store.h"

enum { USER_LINK_MS = DAY_MS, USER_SECRET_CHARS = SESSION_CHARS };

typedef enum Role { ROLE_NONE, ROLE_VIEWER, ROLE_OWNER } Role;
Role role_find(Str slug);
const char *role_slug(Role role);

typedef struct User {
    int64_t id; /* 0: there is none */
    Str email;
    Str name;
    Str password; /* as kept; empty: none yet */
} User;

/* ret->id stays 0 when there is none. False on failure. email in its normal form. */
bool user_find(Db *db, Arena *arena, Str email, User *ret, GError **error);
bool user_get(Db *db, Arena *arena, int64_t id, User *ret, GError **error);
bool user_role(Db *db, int64_t shop, int64_t user, Role *ret, GError **error);

/* Gives somebody a role in a shop (0: in all), known or new. ret_link: the secret of a fresh link where they have no
 * password yet; ERR_CONFLICT where they were invited to another shop as well, whose invitation stands. */
typedef struct UserInvite {
    int64_t shop;
    Str email;
    Str name; /* empty: the address */
    Role role;
    bool everywhere; /* the caller may do so for every shop */
    /* results */
    bool has_link;
    Session link;
} UserInvite;
bool user_invite(Store *store, UserInvite *invite, GError **error);

/* A fresh link for somebody; older ones are void. everywhere false: ERR_FORBIDDEN for one who is of another shop, too,
 * or has a password. */
bool
user_link(Store *store, int64_t shop, int64_t user, bool everywhere, Session *ret, GError **error);

/* Changes or (ROLE_NONE) takes a role; without any they are gone, and their sessions. ERR_CONFLICT: the last owner. */
bool user_set_role(Store *store, int64_t shop, int64_t user, Role role, GError **error);

/* A link for the first owner, while nobody can sign in; *ret_needed tells. */
bool user_first_link(Store *store, Session *ret, bool *ret_needed, GError **error);

/* What a link leads to. */
typedef struct UserLink {
    int64_t user; /* 0: makes the first owner */
    Str email;
    Str name;
} UserLink;
/* ERR_NOT_FOUND: it was used, ran out, or never was. */
bool user_link_read(Db *db, Arena *arena, const Session *secret, UserLink *ret, GError **error);

/* On the writer: uses the link up, makes the user where it is the first, keeps the password, ends old sessions. */
typedef struct UserSetup {
    Session secret;
    Str email;
    Str name;
    Str password; /* as kept */
    int64_t user; /* the result */
} UserSetup;
bool user_set_up(Db *db, UserSetup *setup, GError **error);

/* Ids go on where they stopped. Once, at start. */
bool user_floor_ids(Store *store, GError **error);
