/* api_key.h - keys with which programs speak to the API: each of one shop, for some of its nouns.
 *
 * A key is `pk_` and 43 letters of base64url, 256 random bits. It is shown once; the store holds its SHA-256, which is
 * enough for what nobody can guess, and costs no time.
 *
 * A scope is NOUN:read or NOUN:write: orders:write. What was posted may be asked after with the same scope.
 */
#pragma once

#include "engine/store.h"
#include "flow/shop.h"

enum { API_KEY_CHARS = 3 + 43, API_KEY_NAME_BYTES = 100, API_SCOPES_BYTES = 400 };

typedef struct ApiKey {
    int64_t id;
    int64_t shop;
    Str name;
    Str scopes;      /* between blanks: " orders:read orders:write " */
    int64_t ends_at; /* from then on it opens nothing; 0: it has no end */
} ApiKey;

/* The scopes that there are, one after the other; NULL behind the last. In the arena. */
const char *api_scope_nth(Arena *arena, size_t n);

bool api_key_may(const ApiKey *key, const char *noun, bool write);

/* Makes one. scopes: "orders:read,orders:write", or "all". ERR_INPUT names what is wrong. *ret_key is the key itself. */
bool api_key_make(Arena *arena, Store *store, const ApiKey *key, char **ret_key, int64_t *ret_id,
                  GError **error);

/* ERR_NOT_FOUND if the shop has no such key that still opens. */
bool api_key_revoke(Store *store, int64_t shop, int64_t id, GError **error);

/* Whose key this is; ERR_AUTH for what is none. In the arena. */
bool api_key_find(Db *db, Arena *arena, Str key, ApiKey *ret, GError **error);
