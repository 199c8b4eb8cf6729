/* feature.h - what a room of the product shows the rest of the program.
 *
 * A room is src/feature/NAME/ with a `const Feature feature_NAME` as its table of contents, and a row in
 * features.def. cmd/serve.c hands the tables of all rooms to the engine and the flow at start.
 */
#pragma once

#include "engine/keyring.h"
#include "engine/route.h"
#include "engine/store.h"
#include "flow/flow.h"
#include "flow/shop.h"

typedef struct Account Account;
typedef struct Buckets Buckets;

typedef struct Feature {
    const char *title;
    const char *about;
    const Route *routes;
} Feature;

/* What every page may use: RouteCtx.app. */
typedef struct App {
    Store *store;
    ShopBook *shops;
    const Keyring *keyring;
    Flow *flow;
    Account *account;
    Buckets *api_rates;     /* how often each key of the API asks */
    const char *data;       /* the data folder */
    const char *public_url; /* of the installation */
    bool shows_catcher;     /* /dev/mail may be looked at (from this machine) */
    int64_t started_at;
} App;

static inline const App *
route_app(const RouteCtx *ctx)
{
    return ctx->app;
}

/* NULL behind the last. */
const Feature *feature_nth(size_t n, const char **ret_name);
