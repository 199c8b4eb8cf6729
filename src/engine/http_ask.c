/* http_ask.c - see http_ask.h. */
#include "engine/http_ask.h"
#include "base/limits.h"

#include <string.h>

enum { CONNECT_MS = 10000, TOTAL_MS = 30000 };

void
http_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

void
http_pair_clear(HttpPair *pair)
{
    http_wipe((char *)pair->name);
    http_wipe((char *)pair->value);
}

HttpAsk
http_ask_copy(const HttpAsk *ask)
{
    HttpAsk ret = *ask;
    HttpPair *pairs = g_new0(HttpPair, ask->header_count);
    must(!ask->user || !ask->bearer);
    must(ask->max_bytes < G_MAXINT);
    must(!ask->connect_to || ask->net.scope == NET_LOOPBACK);
    for (size_t i = 0; i < ask->header_count; i++)
        pairs[i] = (HttpPair){g_strdup(ask->headers[i].name), g_strdup(ask->headers[i].value)};
    ret.headers = pairs;
    ret.method = g_strdup(ask->method ? ask->method : ask->body.at ? "POST" : "GET");
    ret.url = g_strdup(ask->url);
    ret.body.at = ask->body.at ? g_memdup2(ask->body.at, MAX(ask->body.len, 1)) : NULL;
    ret.user = g_strdup(ask->user);
    ret.password = g_strdup(ask->password);
    ret.bearer = g_strdup(ask->bearer);
    ret.ca_file = g_strdup(ask->ca_file);
    ret.connect_ms = ask->connect_ms ? ask->connect_ms : CONNECT_MS;
    ret.total_ms = ask->total_ms ? ask->total_ms : TOTAL_MS;
    ret.max_bytes = ask->max_bytes ? ask->max_bytes : LIMIT_BODY_BYTES;
    ret.connect_to = g_strdup(ask->connect_to);
    return ret;
}

void
http_ask_clear(HttpAsk *ask)
{
    for (size_t i = 0; i < ask->header_count; i++)
        http_pair_clear((HttpPair *)&ask->headers[i]);
    g_free((void *)ask->headers);
    g_free((char *)ask->method);
    g_free((char *)ask->ca_file);
    g_free((char *)ask->connect_to);
    http_wipe((char *)ask->url);
    http_wipe((char *)ask->user);
    http_wipe((char *)ask->password);
    http_wipe((char *)ask->bearer);
    if (ask->body.len)
        explicit_bzero((char *)ask->body.at, ask->body.len);
    g_free((char *)ask->body.at);
}
