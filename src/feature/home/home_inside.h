/* home_inside.h - what the files of this room share. */
#pragma once

#include "feature/account/account.h"
#include "feature/feature.h"

/* today.c */
bool today_page(RouteCtx *ctx, GError **error);
