/* session.c - see session.h. */
#include "engine/session.h"

#include "base/encode.h"
#include "base/seal.h"

#include <string.h>

static const char *
session_name(bool secure)
{
    return secure ? "__Host-session" : "session";
}

static void
session_hash(Session *session)
{
    digest_sha256((Str){session->text, SESSION_CHARS}, session->hash);
}

void
session_make(Session *ret)
{
    char bytes[SESSION_BYTES];
    seal_random(bytes, sizeof bytes);
    encode_to(ENCODE_BASE64URL, (Str){bytes, sizeof bytes}, ret->text);
    ret->text[SESSION_CHARS] = '\0';
    seal_wipe(bytes, sizeof bytes);
    session_hash(ret);
}

bool
session_read(const HttpRequest *request, bool secure, Session *ret)
{
    Str text;
    uint8_t bytes[SESSION_BYTES];
    size_t len;
    if (!http_cookie(request, session_name(secure), &text) || text.len != SESSION_CHARS ||
        !decode_to(ENCODE_BASE64URL, text, sizeof bytes, bytes, &len) || len != sizeof bytes)
        return false;
    memcpy(ret->text, text.at, SESSION_CHARS);
    ret->text[SESSION_CHARS] = '\0';
    session_hash(ret);
    return true;
}

void
session_give(HttpRequest *request, bool secure, const Session *session)
{
    http_header_add(request, "Set-Cookie",
                    arena_format(request->arena,
                                 "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                                 session_name(secure), session->text,
                                 (int)(SESSION_MOST_MS / SECOND_MS), secure ? "; Secure" : ""));
}

void
session_take(HttpRequest *request, bool secure)
{
    http_header_add(request, "Set-Cookie",
                    arena_format(request->arena, "%s=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0%s",
                                 session_name(secure), secure ? "; Secure" : ""));
}

bool
session_is_over(int64_t at, int64_t seen_at, int64_t now)
{
    return now - at >= SESSION_MOST_MS || now - seen_at >= SESSION_IDLE_MS;
}

char *
session_token(Arena *arena, const HmacKey *forms, const Session *session)
{
    uint8_t tag[DIGEST_BYTES];
    const char *about = arena_format(arena, "form|%s", session->text);
    size_t len = hmac_make(forms, str_of(about), tag);
    return encode(arena, ENCODE_BASE64URL, (Str){(const char *)tag, len});
}

bool
session_token_is(Arena *arena, const HmacKey *forms, const Session *session, Str token)
{
    return seal_same(token, str_of(session_token(arena, forms, session)));
}
