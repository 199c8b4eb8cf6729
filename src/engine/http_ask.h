/* http_ask.h - an ask of our own: copied with its defaults filled in, and wiped in the end.
 *
 * Part of the HTTP client's room; others include http_client.h.
 */
#pragma once

#include "engine/http_client.h"

/* A copy whose texts are its own, down to the last header. */
HttpAsk http_ask_copy(const HttpAsk *ask);

/* Wipes and frees what the copy holds. */
void http_ask_clear(HttpAsk *ask);

void http_wipe(char *text); /* wipes and frees; NULL is fine */
void http_pair_clear(HttpPair *pair);
