/* api.h - the door of the API's room: who may come in with a key. */
#pragma once

#include "feature/feature.h"

/* The router's `allow` for routes of KEY: finds the key of the request, what it may, and whether it asks too often. Fails
 * with ERR_AUTH, ERR_FORBIDDEN, ERR_RATE. */
bool api_allow(RouteCtx *ctx, GError **error);
