/* setup_inside.h - what the files of this room share. */
#pragma once

#include "engine/form.h"
#include "feature/account/account.h"
#include "feature/list.h"

/* setup.c: settings by group. */
bool setup_page(RouteCtx *ctx, GError **error);
bool setup_save(RouteCtx *ctx, GError **error);

/* setup_live.c: what is missing to go live, going live, a test mail. */
bool live_page(RouteCtx *ctx, GError **error);
bool live_go(RouteCtx *ctx, GError **error);
bool live_test(RouteCtx *ctx, GError **error);

/* setup_senders.c: who sends what. */
bool senders_page(RouteCtx *ctx, GError **error);
bool senders_save(RouteCtx *ctx, GError **error);

/* How many mails the shop system sends as well, without a word from the owner on whose is to go. */
size_t senders_undecided(const ShopEntry *shop);

/* setup_legal.c: terms and withdrawal instruction, in versions. */
bool legal_page(RouteCtx *ctx, GError **error);
bool legal_save(RouteCtx *ctx, GError **error);

/* Has the shop any legal text? */
bool setup_has_legal(RouteCtx *ctx, bool *ret, GError **error);

/* Checks the values, sets them all or none, and makes them count at once. What cannot be is told in the form: beside
 * its field where the form has one of the key's name. False only when the store fails. *ret_saved tells. */
bool setup_set(RouteCtx *ctx, Form *form, const ShopValue *values, size_t count, bool *ret_saved,
               GError **error);
