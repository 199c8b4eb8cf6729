/* http_body.c - what may come in: how long a body says it is, how long it turns out to be.
 *
 * A refused body is still read for a while and thrown away: a client that is cut off while it sends
 * sees a broken pipe and never reads why.
 */
#include "engine/http_inside.h"

enum {
    HTTP_BODY_WHOLE = 1024 * 1024, /* bodies up to here get their room at once */
    HTTP_DISCARD_TIMES = 4,        /* how much of a refused body is read, in body_bytes */
};

/* Takes bytes of the budget that all bodies share. */
static bool
http_body_claim(Request *request, size_t bytes)
{
    HttpServer *server = request->server;
    size_t before = atomic_fetch_add(&server->bodies, bytes);
    request->claimed += bytes;
    return before + bytes <= server->options.bodies_bytes;
}

static bool
http_body_check(Request *request, int statements, size_t length, GError **error)
{
    const HttpServerOptions *options = &request->server->options;
    /* How requests are smuggled past a proxy (RFC 9112 6.3, 11.2). */
    if (statements > 1)
        return fail(error, ERR_INPUT, "the request says in two ways how long its body is");
    if (length > options->body_bytes)
        return fail(error, ERR_TOO_BIG, "the body has %zu bytes, the limit is %zu", length,
                    options->body_bytes);
    if (!http_body_claim(request, length))
        return fail(error, ERR_BUSY, "too many large requests at once");
    return true;
}

bool
http_body_start(Request *request, int statements)
{
    Str text = http_header(&request->pub, "Content-Length");
    size_t length = text.len ? (size_t)g_ascii_strtoull(text.at, NULL, 10) : 0;
    if (http_body_check(request, statements, length, &request->refusal)) {
        if (length && length <= HTTP_BODY_WHOLE)
            buf_reserve(&request->body, length);
        return false;
    }
    /* Not to be waited for: what has no certain end, what waits for our 100, what is too long. */
    return statements > 1 || http_header(&request->pub, "Expect").len ||
           length > request->server->options.body_bytes * HTTP_DISCARD_TIMES;
}

bool
http_body_read(Request *request, Str piece)
{
    size_t most = request->server->options.body_bytes;
    if (!request->refusal) {
        size_t total = request->body.len + piece.len;
        if (total > most)
            fail(&request->refusal, ERR_TOO_BIG, "the body is larger than %zu bytes", most);
        else if (total > request->claimed && !http_body_claim(request, total - request->claimed))
            fail(&request->refusal, ERR_BUSY, "too many large requests at once");
        else
            buf_add_str(&request->body, piece);
    }
    if (request->refusal)
        request->discarded += piece.len;
    return request->discarded <= most * HTTP_DISCARD_TIMES;
}

void
http_body_finish(Request *request)
{
    atomic_fetch_sub(&request->server->bodies, request->claimed);
    g_clear_error(&request->refusal);
}
