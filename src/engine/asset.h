/* asset.h - the files that are built into the program: everything below ui/, i18n/, journeys/ and
 * sql/schema/, under its path from the project's root ("ui/portal/order.liquid").
 *
 * So one file is the whole program, and a page can never be older or newer than the code that fills
 * it. tools/embed.py makes the table; a changed file is embedded again by the next build.
 */
#pragma once

#include "base/base.h"
#include "engine/http_server.h"

typedef struct Asset {
    const char *name;
    Str bytes;        /* NUL-terminated behind its len */
    const char *hash; /* 16 hex digits of the content's SHA-256 */
    const char *type; /* media type by the name's ending */
} Asset;

/* NULL if there is none. */
const Asset *asset_find(const char *name);
/* Its bytes; the empty Str if there is none. */
Str asset_get(const char *name);

/* All of them, sorted by name (byte order), so that a folder is a run of neighbours. */
size_t asset_count(void);
const Asset *asset_nth(size_t index);
/* The run of those whose name starts with prefix ("i18n/"): *ret_first and how many. */
size_t asset_below(const char *prefix, size_t *ret_first);

/* The address of a file below ui/static/: "/static/HASH/app.css" for "app.css". It changes with the
 * content, so browsers may keep it for ever. A file that does not exist is our bug (must). */
char *asset_url(Arena *arena, const char *file);

/* Answers with the file below ui/static/ that stands under this hash: far-future caching under its
 * own hash, none under another one (a page from before an upgrade still finds its style); 304 where
 * the client has it; 404. */
void asset_answer(HttpRequest *request, Str hash, Str file);
