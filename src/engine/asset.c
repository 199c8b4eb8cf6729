/* asset.c - the files that are built into the program. */
#include "engine/asset.h"
#include "engine/asset_table.h"

#include <string.h>

#define ASSET_STATIC  "ui/static/"
#define ASSET_FOREVER "public, max-age=31536000, immutable"

/* The first row whose name is not below `name`. */
static size_t
asset_lower_bound(const char *name, size_t len)
{
    size_t from = 0, to = asset_table_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strncmp(asset_table[middle].name, name, len) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const Asset *
asset_find(const char *name)
{
    size_t at = asset_lower_bound(name, strlen(name) + 1);
    if (at == asset_table_count || strcmp(asset_table[at].name, name) != 0)
        return NULL;
    return &asset_table[at];
}

Str
asset_get(const char *name)
{
    const Asset *asset = asset_find(name);
    return asset ? asset->bytes : (Str){0};
}

size_t
asset_count(void)
{
    return asset_table_count;
}

const Asset *
asset_nth(size_t index)
{
    must(index < asset_table_count);
    return &asset_table[index];
}

size_t
asset_below(const char *prefix, size_t *ret_first)
{
    size_t len = strlen(prefix), at = asset_lower_bound(prefix, len);
    *ret_first = at;
    while (at < asset_table_count && strncmp(asset_table[at].name, prefix, len) == 0)
        at++;
    return at - *ret_first;
}

char *
asset_url(Arena *arena, const char *file)
{
    const Asset *asset = asset_find(arena_format(arena, ASSET_STATIC "%s", file));
    must(asset);
    return arena_format(arena, "/static/%s/%s", asset->hash, file);
}

/* RFC 9110 13.1.2; a weak validator matches too: a proxy that compresses makes ours weak. */
static bool
asset_is_cached(const HttpRequest *request, const char *etag)
{
    Str rest = http_header(request, "If-None-Match"), part;
    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (str_starts(part, "W/"))
            part = str_sub(part, 2, part.len);
        if (str_is(part, etag))
            return true;
    }
    return false;
}

void
asset_answer(HttpRequest *request, Str hash, Str file)
{
    Arena *arena = request->arena;
    const Asset *asset = asset_find(arena_format(arena, ASSET_STATIC STR_FMT, STR_ARG(file)));
    if (!asset) {
        g_autoptr(GError) error = NULL;
        fail(&error, ERR_NOT_FOUND, "there is no such file");
        http_answer_error(request, error);
        return;
    }
    const char *etag = arena_format(arena, "\"%s\"", asset->hash);
    http_header_add(request, "ETag", etag);
    http_header_add(request, "Cache-Control",
                    str_is(hash, asset->hash) ? ASSET_FOREVER : "no-cache");
    if (asset_is_cached(request, etag))
        http_answer(request, 304, NULL, (Str){0});
    else
        http_answer(request, 200, asset->type, asset->bytes);
}
