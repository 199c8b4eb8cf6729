/* map.c - `postlude map try`: what a map makes of a document, and which places of it nobody reads. */
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "plug/map.h"
#include "plug/show.h"

#include <stdio.h>
#include <string.h>

enum { UNREAD_MOST = 200, VALUE_BYTES = 60 };

typedef struct Trial {
    Arena *arena;
    GHashTable *read; /* const Json *, as a set */
    size_t unread;
    Buf list; /* of the places that nobody reads */
} Trial;

static void
trial_read(void *me, const Json *value)
{
    Trial *trial = me;
    g_hash_table_add(trial->read, (void *)value);
}

/* ---- what is left over ---------------------------------------------------------------------------------------- */

static void
unread_add(Trial *trial, const char *place, const Json *value)
{
    if (++trial->unread > UNREAD_MOST)
        return;
    Str text = text_line(trial->arena, json_as_text(trial->arena, value), VALUE_BYTES);
    buf_format(&trial->list, "  %-40s " STR_FMT "\n", place, STR_ARG(text));
}

/* Each value that is no object or list, unless it was read itself or as a member of a list that was. */
static void
unread_walk(Trial *trial, const char *place, const Json *value, bool read)
{
    bool object = json_type(value) == JSON_OBJECT;
    read = g_hash_table_contains(trial->read, value) ||
           (read && !object && json_type(value) != JSON_ARRAY);
    if (!object && json_type(value) != JSON_ARRAY) {
        if (!read && !json_missing(value))
            unread_add(trial, place, value);
        return;
    }
    for (size_t i = 0; i < json_len(value); i++) {
        const char *below =
            object ? arena_format(trial->arena, "%s/" STR_FMT, place, STR_ARG(json_key(value, i)))
                   : arena_format(trial->arena, "%s/%zu", place, i);
        unread_walk(trial, below, json_nth(value, i), read && !object);
    }
}

/* ---- the verb ------------------------------------------------------------------------------------------------------ */

static bool
file_load(Arena *arena, const char *path, Str *ret, GError **error)
{
    g_autofree char *bytes = NULL;
    size_t len = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &bytes, &len, &cause))
        return fail(error, ERR_NOT_FOUND, "%s", cause->message);
    if (len > LIMIT_BODY_BYTES)
        return fail(error, ERR_TOO_BIG, "%s: %zu bytes; at most %d are taken", path, len,
                    LIMIT_BODY_BYTES);
    *ret = arena_copy(arena, (Str){bytes, len});
    return true;
}

static bool
map_named(const char *name)
{
    for (size_t n = 0; map_ready_nth(n); n++)
        if (strcmp(map_ready_nth(n), name) == 0)
            return true;
    return false;
}

static const Map *
map_load(Arena *arena, const char *name, GError **error)
{
    Str text = str_of(name);
    bool file = !map_named(name) && name[0] != '{';
    if (file && !g_file_test(name, G_FILE_TEST_EXISTS)) {
        fail(error, ERR_NOT_FOUND,
             "'%s' is neither a ready map, as `postlude list maps` shows them, nor a file", name);
        return NULL;
    }
    if (file && !file_load(arena, name, &text, error))
        return NULL;
    const Map *map = map_read(arena, text, error);
    if (!map)
        fail_at(error, "%s", map_named(name) || name[0] != '{' ? name : "the map");
    return map;
}

static void
trial_print(Trial *trial, const Json *document, const Facts *facts)
{
    Buf told = {.arena = trial->arena};
    show_facts(trial->arena, facts, true, &told);
    printf("%s", buf_cstr(&told));
    unread_walk(trial, "", document, false);
    if (!trial->unread) {
        printf("\nEach place of the document is read.\n");
        return;
    }
    printf("\nNobody reads these places of the document:\n%s", buf_cstr(&trial->list));
    if (trial->unread > UNREAD_MOST)
        printf("  ... and %zu more\n", trial->unread - UNREAD_MOST);
}

static bool
map_try(const char *file, const char *name, const char *currency, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GHashTable) read = g_hash_table_new(NULL, NULL);
    Trial trial = {.arena = arena, .read = read, .list = {.arena = arena}};
    const MapWatch watch = {trial_read, &trial};
    OwnShop shop = {.zone = zone_utc()};
    g_strlcpy(shop.currency, currency, sizeof shop.currency);
    Str bytes = {0};
    const Map *map = map_load(arena, name, error);
    if (!map || !file_load(arena, file, &bytes, error))
        return false;
    const Json *document = json_parse(arena, bytes.at, bytes.len, error);
    if (!document)
        return fail_at(error, "%s", file);
    Facts facts = {0};
    const MapAsk ask = {.map = map, .shop = &shop, .document = document, .watch = &watch};
    if (!map_facts(arena, &ask, &facts, error))
        return fail_at(error, "%s by the map", file);
    trial_print(&trial, document, &facts);
    return true;
}

int
cmd_map(int argc, char **argv)
{
    g_autofree char *name = NULL, *currency = NULL;
    const GOptionEntry entries[] = {
        {"map", 0, 0, G_OPTION_ARG_STRING, &name, "A ready map, or a file that holds one", "NAME"},
        {"currency", 0, 0, G_OPTION_ARG_STRING, &currency,
         "Where the document tells none, as the shop's would be (EUR)", "CODE"},
        {0},
    };
    CmdOptions options = {
        .usage = "map try FILE --map NAME|FILE [--currency CODE]",
        .help =
            "Shows what a map makes of a document that a program posted, and what nobody reads.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_free(options.data);
    if (argc != 3 || strcmp(argv[1], "try") != 0 || !name)
        return cmd_usage(&options, "map takes: try FILE --map NAME|FILE");
    g_autoptr(GError) error = NULL;
    return map_try(argv[2], name, currency ? currency : "EUR", &error) ? GUARD_OK : cmd_fail(error);
}
