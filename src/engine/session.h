/* session.h - the secret in a browser's cookie: made, read, written, and what forms prove with it.
 *
 * The secret is 256 random bits; the store keeps its SHA-256 alone, so a copy of the store opens nothing. Before
 * anybody signed in the browser holds a secret that the store does not know: it is there so that the sign-in form
 * has something to be bound to, and it never becomes a session (a new one is made at sign-in, so a secret that
 * somebody planted in a browser opens nothing).
 *
 * Cookie: HttpOnly, SameSite=Lax (links in mails to a page of ours work, posts from elsewhere do not carry it); where
 * the installation is reached by https it is Secure and named __Host-session, which no other host and no plain http
 * can set (RFC 6265bis 4.1.3.2).
 *
 * A form carries a token, the HMAC of the secret: without the cookie's secret nobody can make one, and one of
 * another session is worth nothing.
 */
#pragma once

#include "base/civil.h"
#include "base/digest.h"
#include "engine/http_server.h"

enum {
    SESSION_BYTES = 32,
    SESSION_CHARS = 43,
    SESSION_TOKEN_CHARS = 43,
    SESSION_IDLE_MS = 12 * HOUR_MS,
    SESSION_TOUCH_MS = 5 * MINUTE_MS, /* seen_at is exact to this */
};
#define SESSION_MOST_MS (INT64_C(14) * DAY_MS)

typedef struct Session {
    char text[SESSION_CHARS + 1]; /* as the cookie holds it */
    uint8_t hash[DIGEST_BYTES];   /* as the store does */
} Session;

void session_make(Session *ret);

/* The one that this browser sent. False: none, or none that we can have made. Before http_suspend. */
bool session_read(const HttpRequest *request, bool secure, Session *ret);

/* Sets the cookie with the answer, or takes it away. */
void session_give(HttpRequest *request, bool secure, const Session *session);
void session_take(HttpRequest *request, bool secure);

/* Has it run out, by its sign-in or by the last time it was used? */
bool session_is_over(int64_t at, int64_t seen_at, int64_t now);

/* The token of this session's forms, in the arena. */
char *session_token(Arena *arena, const HmacKey *forms, const Session *session);
bool session_token_is(Arena *arena, const HmacKey *forms, const Session *session, Str token);
