/* account.h - who is at the door: the router's `allow` hook, and what pages may know of whom it let in.
 *
 * Every route says whom it is for (engine/route.h); what that means is decided here and nowhere else:
 *   - GUEST, SELF, STAFF, OWNER: whatever changes something has to carry the token of the browser's own session, and
 *     to come from a page of ours as far as the browser tells (Sec-Fetch-Site);
 *   - SELF and up: a session; without one a page leads to the sign-in and back;
 *   - an address with :shop: a role in this shop, else there is nothing at this address, as for a shop that is not;
 *   - a viewer's POST: refused, except about themselves.
 */
#pragma once

#include "feature/account/user.h"
#include "feature/feature.h"

typedef struct Account Account;

Account *account_new(Store *store, const Keyring *keyring, const char *public_url);
void account_free(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)

/* Nobody can sign in yet: *ret_url is a link, good for 24 h and once, with which the first owner makes their account.
 * Else NULL. Free with g_free. */
bool account_first_link(Account *account, char **ret_url, GError **error);

/* RouterOptions.allow. */
bool account_allow(RouteCtx *ctx, GError **error);

/* Whom it let in; in the request's arena. */
typedef struct Staff {
    int64_t user; /* 0: not signed in (GUEST) */
    Str email;
    Str name;
    Role role;             /* in this shop */
    bool everywhere;       /* the role is one for every shop */
    int64_t session;       /* its row */
    Session secret;        /* of the browser, signed in or not */
    const char *address;   /* where the request came from */
    Str agent;             /* the browser's name for itself */
    const ShopEntry *shop; /* of the address; NULL where it has none. Held until the page is done */
} Staff;

const Staff *route_staff(const RouteCtx *ctx);

/* "/s/SLUG" and what comes behind, in the arena. */
const char *route_shop_path(const RouteCtx *ctx, const char *rest);
