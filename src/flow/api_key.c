/* api_key.c - see api_key.h. */
#include "flow/api_key.h"

#include "base/encode.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "plug/own_noun.h"

#include <string.h>

/* Messages are ours: they can be read, never told. */
static const char *const only_read[] = {"messages"};

const char *
api_scope_nth(Arena *arena, size_t n)
{
    if (n < 2 * OWN_NOUNS)
        return arena_format(arena, "%s:%s", own_noun_name((OwnNoun)(n / 2)),
                            n % 2 ? "write" : "read");
    n -= 2 * OWN_NOUNS;
    return n < G_N_ELEMENTS(only_read) ? arena_format(arena, "%s:read", only_read[n]) : NULL;
}

bool
api_key_may(const ApiKey *key, const char *noun, bool write)
{
    g_autofree char *scope = g_strdup_printf(" %s:%s ", noun, write ? "write" : "read");
    size_t at;
    return str_find(key->scopes, str_of(scope), &at);
}

static bool
scope_is(Arena *arena, Str scope)
{
    const char *known;
    for (size_t n = 0; (known = api_scope_nth(arena, n)); n++)
        if (str_is(scope, known))
            return true;
    return false;
}

static bool
scopes_read(Arena *arena, Str told, Str *ret, GError **error)
{
    Buf scopes = {.arena = arena}, known = {.arena = arena};
    Str rest = told, scope;
    const char *name;
    for (size_t n = 0; (name = api_scope_nth(arena, n)); n++)
        buf_format(&known, "%s%s", n ? " " : "", name);
    if (str_is(told, "all"))
        buf_format(&scopes, " %s", buf_cstr(&known));
    while (!scopes.len && !told.len)
        return fail(error, ERR_INPUT, "--scopes takes all, or some of: %s", buf_cstr(&known));
    while (!str_is(told, "all") && str_split(&rest, ',', &scope)) {
        scope = str_trim(scope);
        if (!scope_is(arena, scope))
            return fail(error, ERR_INPUT, "'" STR_FMT "' is no scope; there are: %s",
                        STR_ARG(str_sub(scope, 0, 40)), buf_cstr(&known));
        buf_format(&scopes, " " STR_FMT, STR_ARG(scope));
    }
    buf_add_char(&scopes, ' ');
    *ret = buf_str(&scopes);
    return true;
}

typedef struct KeyJob {
    ApiKey key;
    uint8_t hash[DIGEST_BYTES];
    int64_t changed;
} KeyJob;

static bool
append_job(Db *db, void *arg, GError **error)
{
    KeyJob *job = arg;
    return db_run(
        db, Q_api_key_append,
        BINDS(bind_int("id", job->key.id), bind_int("shop", job->key.shop),
              bind_int("at", clock_now()), bind_text("name", job->key.name),
              bind_blob("hash", (Str){(const char *)job->hash, sizeof job->hash}),
              bind_text("scopes", job->key.scopes),
              job->key.ends_at ? bind_int("ends_at", job->key.ends_at) : bind_null("ends_at")),
        NULL, error);
}

bool
api_key_make(Arena *arena, Store *store, const ApiKey *key, char **ret_key, int64_t *ret_id,
             GError **error)
{
    uint8_t secret[32];
    KeyJob job = {.key = *key};
    job.key.name = text_line(arena, key->name, API_KEY_NAME_BYTES);
    if (!job.key.name.len)
        return fail(error, ERR_INPUT, "a key has a --name: that of the program which gets it");
    if (!scopes_read(arena, key->scopes, &job.key.scopes, error))
        return false;
    seal_random(secret, sizeof secret);
    char *text =
        arena_format(arena, "pk_%s",
                     encode(arena, ENCODE_BASE64URL, (Str){(const char *)secret, sizeof secret}));
    digest_sha256(str_of(text), job.hash);
    job.key.id = id_new(KIND_API_KEY);
    if (!store_write(store, STORE_FLOW, append_job, &job, error))
        return false;
    *ret_key = text;
    *ret_id = job.key.id;
    return true;
}

static bool
revoke_job(Db *db, void *arg, GError **error)
{
    KeyJob *job = arg;
    return db_run(db, Q_api_key_revoke,
                  BINDS(bind_int("at", clock_now()), bind_int("shop", job->key.shop),
                        bind_int("id", job->key.id)),
                  &job->changed, error);
}

bool
api_key_revoke(Store *store, int64_t shop, int64_t id, GError **error)
{
    KeyJob job = {.key = {.id = id, .shop = shop}};
    if (!store_write(store, STORE_FLOW, revoke_job, &job, error))
        return false;
    return job.changed || fail(error, ERR_NOT_FOUND, "the shop has no such key that still opens");
}

bool
api_key_find(Db *db, Arena *arena, Str key, ApiKey *ret, GError **error)
{
    char at[WHEN_BYTES];
    uint8_t hash[DIGEST_BYTES];
    if (key.len != API_KEY_CHARS)
        return fail(error, ERR_AUTH, "this is no key of the API");
    digest_sha256(key, hash);
    g_autoptr(Rows) rows =
        db_rows(db, Q_api_key_find,
                BINDS(bind_blob("hash", (Str){(const char *)hash, sizeof hash})), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) &&
               fail(error, ERR_AUTH, "this key of the API is unknown, or was revoked");
    *ret = (ApiKey){
        .id = rows_int(rows, 0),
        .shop = rows_int(rows, 1),
        .name = arena_copy(arena, rows_text(rows, 2)),
        .scopes = arena_copy(arena, rows_text(rows, 3)),
        .ends_at = rows_int(rows, 4),
    };
    if (!ret->ends_at || clock_now() < ret->ends_at)
        return true;
    when_iso(ret->ends_at, at);
    return fail(error, ERR_AUTH, "this key of the API ended at %s; the shop's owner makes another",
                at);
}
