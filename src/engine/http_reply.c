/* http_reply.c - see http_reply.h. */
#include "engine/http_reply.h"
#include "base/when.h"

typedef struct StatusRow {
    int status;
    ErrorCode code;
    const char *what;
} StatusRow;

/* Those that mean something of their own; the rest goes by their hundreds. */
static const StatusRow statuses[] = {
    {401, ERR_AUTH, "does not accept our key"},
    {403, ERR_FORBIDDEN, "forbids it"},
    {404, ERR_NOT_FOUND, "knows no such thing"},
    {408, ERR_BUSY, "did not get our request in time"},
    {409, ERR_CONFLICT, "says that it contradicts what is there"},
    {410, ERR_NOT_FOUND, "has it no more"},
    {412, ERR_CONFLICT, "says that it has changed"},
    {413, ERR_TOO_BIG, "says that it is too big"},
    {425, ERR_BUSY, "is not ready for it"},
    {429, ERR_THROTTLE, "wants fewer requests"},
};

Str
http_reply_header(const HttpReply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (g_ascii_strcasecmp(reply->headers[i].name, name) == 0)
            return str_of(reply->headers[i].value);
    return (Str){0};
}

static StatusRow
status_row(const HttpReply *reply)
{
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == reply->status)
            return statuses[i];
    switch (reply->status / 100) {
    case 3:
        return (StatusRow){0, ERR_CONFIG, "has moved to another address"};
    case 4:
        return (StatusRow){0, ERR_REFUSED, "refuses it"};
    case 5:
        if (reply->status == 503 && reply->retry_after_ms >= 0)
            return (StatusRow){0, ERR_THROTTLE, "has too much to do"};
        return (StatusRow){0, ERR_BUSY, "has trouble of its own"};
    default:
        return (StatusRow){0, ERR_BAD_REPLY, "answers what is no end of a request"};
    }
}

bool
http_reply_check(const HttpReply *reply, GError **error)
{
    if (reply->status / 100 == 2)
        return true;
    StatusRow row = status_row(reply);
    return fail(error, row.code, "%s %s (HTTP %d)", reply->peer, row.what, reply->status);
}

int64_t
http_retry_after(Str value, int64_t now)
{
    int64_t seconds = 0, at;
    Str digits = str_trim(value);
    size_t len = 0;
    while (len < digits.len && g_ascii_isdigit(digits.at[len])) {
        seconds = MIN(seconds * 10 + (digits.at[len] - '0'), HTTP_RETRY_MOST_MS / 1000);
        len++;
    }
    if (len && len == digits.len)
        return seconds * 1000;
    if (!when_parse_mail(digits, &at, NULL))
        return -1;
    return CLAMP(at - now, 0, HTTP_RETRY_MOST_MS);
}
