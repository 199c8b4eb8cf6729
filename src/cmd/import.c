/* import.c - `postlude import`: brings in tables of other programs, and takes them back.
 *
 * The work is done by a thread of flow/import.c, in this process or in the server that holds the data folder; this file
 * starts it, looks at it five times a second, and tells what became of it.
 */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/file.h"
#include "engine/guard.h"
#include "engine/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 200, PLAIN_MS = 5000, BAR_WIDTH = 30 };

/* ---- the working half: in this process or in the server's ----------------------------------------------- */

/* What `start` was asked, KEY=VALUE a word. */
static const char *
word_get(char **words, const char *key)
{
    size_t len = strlen(key);
    for (; *words; words++)
        if (strncmp(*words, key, len) == 0 && (*words)[len] == '=')
            return *words + len + 1;
    return NULL;
}

static bool
word_is(char **words, const char *key)
{
    return g_strcmp0(word_get(words, key), "1") == 0;
}

static const Format *
format_get(const char *name, GError **error)
{
    const Format *format = format_find(str_of(name));
    if (format)
        return format;
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t n = 0; format_nth(n); n++)
        g_string_append_printf(known, "%s%s", n ? ", " : "", format_nth(n)->name);
    fail(error, ERR_USAGE, "there is no format '%s'; there are %s", name ? name : "", known->str);
    return NULL;
}

static bool
write_start(Home *home, char **words, GString *out, GError **error)
{
    const Format *format = format_get(word_get(words, "format"), error);
    if (!format)
        return false;
    const char *map = word_get(words, "map"), *delimiter = word_get(words, "delimiter");
    g_autoptr(ShopHold) shop = home_shop(home, word_get(words, "shop"), error);
    if (!shop)
        return false;
    if (format->has_map && !map)
        return fail(error, ERR_USAGE, "the format %s needs --map FILE: which column is what",
                    format->name);
    ImportAsk ask = {
        .shop = shop,
        .format = format,
        .file = word_get(words, "file"),
        .spooled = word_is(words, "spooled"),
        .map = str_of(map),
        .charset = word_get(words, "encoding"),
        .delimiter = delimiter ? delimiter[0] : 0,
        .dry = word_is(words, "dry"),
        .as_live = word_is(words, "as_live"),
        .again = word_is(words, "again"),
        .waits = home->serves,
        .installation_smtp = home->smtp_url,
    };
    int64_t id = 0;
    char text[ID_TEXT_BYTES];
    if (!imports_start(home->imports, &ask, &id, error))
        return false;
    g_string_append(out, id ? id_format(id, text) : "");
    return true;
}

static bool
write_resume(Home *home, char **words, GString *out, GError **error)
{
    g_autoptr(ShopHold) shop = home_shop(home, words[0] ? words[0] : "", error);
    ImportAsk ask = {.shop = shop, .waits = home->serves, .installation_smtp = home->smtp_url};
    int64_t id = 0;
    char text[ID_TEXT_BYTES];
    if (!shop || !imports_resume(home->imports, &ask, &id, error))
        return false;
    g_string_append(out, id_format(id, text));
    return true;
}

static void
put_number(JsonWriter *json, const char *key, int64_t number)
{
    json_put_key(json, key);
    json_put_int(json, number);
}

static void
put_text(JsonWriter *json, const char *key, const char *text)
{
    json_put_key(json, key);
    json_put_str(json, text);
}

static bool
write_status(Home *home, char **words, GString *out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autofree ImportStatus *status = g_new0(ImportStatus, 1);
    char id[ID_TEXT_BYTES] = "";
    Buf buf = {.arena = arena};
    JsonWriter json = {.buf = &buf};
    imports_status(home->imports, status);
    json_put_object(&json);
    put_text(&json, "id", status->id ? id_format(status->id, id) : "");
    put_text(&json, "rejects", status->rejects);
    put_text(&json, "words", status->words);
    put_text(&json, "error", status->error);
    const struct {
        const char *key;
        int64_t number;
    } numbers[] = {
        {"phase", status->phase},
        {"nothing_to_do", status->nothing_to_do},
        {"finished_at", status->finished_at},
        {"bytes_read", status->bytes_read},
        {"bytes", status->bytes},
        {"records", status->records},
        {"made", status->made},
        {"changed", status->changed},
        {"same", status->same},
        {"older", status->older},
        {"rejected", status->rejected},
        {"resumed", status->resumed},
        {"left_mailed", status->left_mailed},
        {"error_code", status->error_code},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        put_number(&json, numbers[i].key, numbers[i].number);
    json_put_key(&json, "undone");
    json_put_array(&json);
    for (size_t i = 0; i < G_N_ELEMENTS(status->undone); i++)
        json_put_int(&json, status->undone[i]);
    json_put_end(&json);
    json_put_key(&json, "left");
    json_put_array(&json);
    for (size_t i = 0; i < G_N_ELEMENTS(status->left); i++)
        json_put_int(&json, status->left[i]);
    json_put_end(&json);
    json_put_end(&json);
    json_put_done(&json);
    g_string_append(out, buf_cstr(&buf));
    return true;
}

static bool
write_undo(Home *home, char **words, GString *out, GError **error)
{
    int64_t id = 0;
    if (!words[0] || !id_parse(str_of(words[0]), &id) || id_kind(id) != KIND_IMPORT)
        return fail(error, ERR_USAGE,
                    "--undo takes the id of an import, as `import --list` shows it");
    return imports_undo(home->imports, id, home->serves, error);
}

bool
import_write(Home *home, char **words, GString *out, GError **error)
{
    static const struct {
        const char *word;
        CmdWrite run;
    } verbs[] = {{"start", write_start},
                 {"resume", write_resume},
                 {"status", write_status},
                 {"undo", write_undo}};
    for (size_t i = 0; words[0] && i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(words[0], verbs[i].word) == 0)
            return verbs[i].run(home, words + 1, out, error);
    return fail(error, ERR_USAGE, "import takes start, resume, status or undo here");
}

/* ---- this side of the door ----------------------------------------------------------------------------------- */

typedef struct Door {
    const char *data;
    Home *home; /* NULL: a server holds the data folder */
} Door;

static bool
door_open(Door *door, GError **error)
{
    g_autoptr(GError) problem = NULL;
    HomeOptions options = {.data = door->data};
    door->home = home_open(&options, &problem);
    if (door->home || error_is(problem, ERR_LOCKED))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool
door_call(const Door *door, char **words, char **ret_out, GError **error)
{
    if (!door->home)
        return cmd_ask(door->data, "import", words, ret_out, error);
    GString *out = g_string_new(NULL);
    bool ok = import_write(door->home, words, out, error);
    *ret_out = g_string_free(out, FALSE);
    return ok;
}

/* What the status says, as numbers and texts. */
typedef struct Look {
    Arena *arena;
    const Json *json;
} Look;

static int64_t
look_int(const Look *look, const char *key)
{
    int64_t number = 0;
    json_int(json_get(look->json, key), &number);
    return number;
}

static const char *
look_str(const Look *look, const char *key)
{
    const char *text = json_str(json_get(look->json, key));
    return text ? text : "";
}

static bool
door_look(const Door *door, Look *look, GError **error)
{
    char *words[] = {(char *)"status", NULL};
    g_autofree char *out = NULL;
    arena_reset(look->arena);
    if (!door_call(door, words, &out, error))
        return false;
    look->json = json_parse(look->arena, out, strlen(out), error);
    return look->json != NULL;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

/* 1,234,567 */
static const char *
grouped(Arena *arena, int64_t number)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, number);
    Buf buf = {.arena = arena};
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
            buf_add_char(&buf, ',');
        buf_add_char(&buf, digits[i]);
    }
    return buf_cstr(&buf);
}

typedef struct Progress {
    bool bar;
    int64_t began, said;
    int64_t before; /* records done when it began */
} Progress;

static void
progress_tell(Progress *progress, const Look *look)
{
    int64_t now = clock_monotonic(), bytes = look_int(look, "bytes");
    int64_t records = look_int(look, "records"), read = look_int(look, "bytes_read");
    if (look_int(look, "phase") != IMPORT_READING ||
        now - progress->said < (progress->bar ? LOOK_MS : PLAIN_MS))
        return;
    int percent = bytes ? (int)MIN(read * 100 / bytes, 100) : 0;
    int64_t speed = (records - progress->before) * 1000 / MAX(now - progress->began, 1);
    progress->said = now;
    if (!progress->bar) {
        fprintf(stderr, "%d %%, %s records, %s a second\n", percent, grouped(look->arena, records),
                grouped(look->arena, speed));
        return;
    }
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i * 100 < percent * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3d %%  %s records, %s a second \033[K", bar, percent,
            grouped(look->arena, records), grouped(look->arena, speed));
}

/* Until the work is over. */
static bool
door_watch(const Door *door, Look *look, GError **error)
{
    Progress progress = {.bar = isatty(STDERR_FILENO), .began = clock_monotonic()};
    progress.said = progress.began;
    for (;;) {
        if (!door_look(door, look, error))
            return false;
        int64_t phase = look_int(look, "phase");
        if (!progress.before)
            progress.before = look_int(look, "resumed");
        progress_tell(&progress, look);
        if (phase == IMPORT_DONE || phase == IMPORT_FAILED || phase == IMPORT_IDLE) {
            if (progress.bar && progress.said != progress.began)
                fputs("\r\033[K", stderr);
            return phase != IMPORT_IDLE ||
                   fail(error, ERR_BUSY,
                        "the server was started again meanwhile; the same command goes on");
        }
        if (door->home)
            imports_wait(door->home->imports, LOOK_MS);
        else
            g_usleep(LOOK_MS * 1000);
    }
}

static void
summary_tell(const Look *look, bool dry, bool as_live)
{
    Arena *arena = look->arena;
    int64_t resumed = look_int(look, "resumed");
    fputs(look_str(look, "words"), stdout);
    printf("%s record%s read = %s new + %s changed + %s same + %s older + %s rejected.\n",
           grouped(arena, look_int(look, "records")), look_int(look, "records") == 1 ? "" : "s",
           grouped(arena, look_int(look, "made")), grouped(arena, look_int(look, "changed")),
           grouped(arena, look_int(look, "same")), grouped(arena, look_int(look, "older")),
           grouped(arena, look_int(look, "rejected")));
    if (resumed)
        printf("%s of them were done before; it went on behind them.\n", grouped(arena, resumed));
    if (*look_str(look, "rejects"))
        printf("Rejected records, each with line and reason: %s\n", look_str(look, "rejects"));
    if (dry)
        puts("This was a dry run: nothing was changed.");
    else if (as_live)
        printf("Import %s counts as new: journeys start from it.\n", look_str(look, "id"));
    else
        printf(
            "Import %s is history: it causes no mail. `postlude import --undo %s` takes it back.\n",
            look_str(look, "id"), look_str(look, "id"));
}

static int
look_fail(const Look *look)
{
    g_autoptr(GError) error = NULL;
    fail(&error, (ErrorCode)CLAMP(look_int(look, "error_code"), 0, ERR_COUNT - 1), "%s",
         look_str(look, "error"));
    return cmd_fail(error);
}

static int
result_tell(const Look *look, bool dry, bool as_live)
{
    if (look_int(look, "phase") == IMPORT_FAILED) {
        fputs(look_str(look, "words"), stdout);
        return look_fail(look);
    }
    if (look_int(look, "nothing_to_do")) {
        char when[WHEN_BYTES];
        when_iso(look_int(look, "finished_at"), when);
        printf("Nothing to do: this file was imported as %s, finished %s. --again reads it once "
               "more.\n",
               look_str(look, "id"), when);
        return GUARD_OK;
    }
    summary_tell(look, dry, as_live);
    return GUARD_OK;
}

static int64_t
nth_int(const Look *look, const char *key, size_t n)
{
    int64_t number = 0;
    json_int(json_nth(json_get(look->json, key), n), &number);
    return number;
}

static int
undo_tell(const Look *look)
{
    static const char *const nouns[] = {"orders", "customers", "products", "choices of consent",
                                        "stopped addresses"};
    if (look_int(look, "phase") == IMPORT_FAILED)
        return look_fail(look);
    for (size_t i = 0; i < G_N_ELEMENTS(nouns); i++)
        if (nth_int(look, "undone", i) || nth_int(look, "left", i))
            printf("%s: %s taken back, %s left.\n", nouns[i],
                   grouped(look->arena, nth_int(look, "undone", i)),
                   grouped(look->arena, nth_int(look, "left", i)));
    if (nth_int(look, "left", 0))
        printf("An order is left if mails were written for it (%s), or somebody else told of it "
               "since.\n",
               grouped(look->arena, look_int(look, "left_mailed")));
    if (nth_int(look, "left", 1) || nth_int(look, "left", 2))
        puts("A customer or a product is left if an order needs it, or somebody else told of it "
             "since.");
    puts("The import is taken back; the same file can be imported anew.");
    return GUARD_OK;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------ */

typedef struct Options {
    char *data, *shop, *format, *map, *encoding, *delimiter, *undo;
    gboolean dry, as_live, again, list, resume;
} Options;

static int
list_tell(const Options *options)
{
    g_autoptr(GError) error = NULL;
    HomeOptions home_options = {.data = options->data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    Db *db = home ? store_reader(home->store, &error) : NULL;
    bool ok = db != NULL;
    for (size_t n = 0; ok; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(home->shops, n);
        if (!shop)
            break;
        if (options->shop && !str_is(shop->shop.slug, options->shop))
            continue;
        g_autoptr(Rows) rows =
            db_rows(db, Q_import_all,
                    BINDS(bind_int("shop", shop->shop.id), bind_int("limit", 100)), &error);
        while (rows && rows_next(rows)) {
            char id[ID_TEXT_BYTES], at[WHEN_BYTES];
            when_iso(rows_int(rows, 1), at);
            printf("%s\t" STR_FMT "\t%s\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t%" G_GINT64_FORMAT
                   " records, %" G_GINT64_FORMAT " new, %" G_GINT64_FORMAT " rejected\n",
                   id_format(rows_int(rows, 0), id), STR_ARG(shop->shop.slug), at,
                   STR_ARG(rows_text(rows, 2)), STR_ARG(rows_text(rows, 4)),
                   STR_ARG(rows_text(rows, 3)), rows_int(rows, 5), rows_int(rows, 6),
                   rows_int(rows, 10));
        }
        ok = rows && rows_ok(rows, &error);
    }
    if (db)
        store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}

/* A file that came through a pipe is kept in the data folder, so that the import can be gone on with. */
static char *
file_get(const Options *options, const char *word, bool *ret_spooled, GError **error)
{
    *ret_spooled = strcmp(word, "-") == 0;
    if (*ret_spooled) {
        g_autofree char *folder = g_build_filename(options->data, "import", NULL);
        g_autofree char *name =
            g_strdup_printf("stdin-%" G_GINT64_FORMAT "-%d", clock_now(), getpid());
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_mkdir_with_parents(folder, 0700) != 0) {
            fail(error, ERR_IO, "cannot make %s: %s", folder, g_strerror(errno));
            return NULL;
        }
        if (!file_spool(STDIN_FILENO, path, error))
            return NULL;
        return realpath(path, NULL);
    }
    char *path = realpath(word, NULL);
    if (!path)
        fail(error, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", word, g_strerror(errno));
    return path;
}

static bool
map_get(const char *path, char **ret, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gsize len = 0;
    if (!path)
        return true;
    if (!g_file_get_contents(path, ret, &len, &problem))
        return fail(error, ERR_NOT_FOUND, "the map: %s", problem->message);
    if (len > LIMIT_IMPORT_MAP_BYTES)
        return fail(error, ERR_TOO_BIG, "the map %s is larger than %d bytes", path,
                    LIMIT_IMPORT_MAP_BYTES);
    return g_utf8_validate(*ret, (gssize)len, NULL) ||
           fail(error, ERR_ENCODING, "the map %s is not UTF-8", path);
}

static void
word_put(GPtrArray *words, const char *key, const char *value)
{
    if (value)
        g_ptr_array_add(words, g_strdup_printf("%s=%s", key, value));
}

/* tab, comma and their like have names, since a shell makes a tab hard to type. */
static const char *
delimiter_get(const char *word)
{
    static const struct {
        const char *name;
        const char *delimiter;
    } names[] = {{"tab", "\t"}, {"comma", ","}, {"semicolon", ";"}, {"bar", "|"}};
    for (size_t i = 0; word && i < G_N_ELEMENTS(names); i++)
        if (strcmp(word, names[i].name) == 0)
            return names[i].delimiter;
    return word;
}

static bool
start(const Door *door, const Options *options, const char *word, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *map = NULL, *out = NULL;
    bool spooled = false;
    if (!map_get(options->map, &map, error))
        return false;
    char *file = file_get(options, word, &spooled, error);
    if (!file)
        return false;
    g_ptr_array_add(words, g_strdup("start"));
    word_put(words, "shop", options->shop);
    word_put(words, "format", options->format);
    word_put(words, "file", file);
    word_put(words, "spooled", spooled ? "1" : "0");
    word_put(words, "map", map);
    word_put(words, "encoding", options->encoding);
    word_put(words, "delimiter", delimiter_get(options->delimiter));
    word_put(words, "dry", options->dry ? "1" : "0");
    word_put(words, "as_live", options->as_live ? "1" : "0");
    word_put(words, "again", options->again ? "1" : "0");
    g_ptr_array_add(words, NULL);
    bool ok = door_call(door, (char **)words->pdata, &out, error);
    if (!ok && spooled)
        unlink(file);
    free(file); /* realpath's */
    return ok;
}

static int
run(const Options *options, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Door door = {.data = options->data};
    Look look = {.arena = arena};
    g_autofree char *out = NULL;
    char *undo[] = {(char *)"undo", options->undo, NULL};
    char *resume[] = {(char *)"resume", options->shop, NULL};
    bool ok = door_open(&door, &error) &&
              (options->undo     ? door_call(&door, undo, &out, &error)
               : options->resume ? door_call(&door, resume, &out, &error)
                                 : start(&door, options, word, &error)) &&
              door_watch(&door, &look, &error);
    int code = !ok             ? cmd_fail(error)
               : options->undo ? undo_tell(&look)
                               : result_tell(&look, options->dry, options->as_live);
    home_free(door.home);
    return code;
}

static int
usage_check(const CmdOptions *help, const Options *options, int words)
{
    if (options->undo)
        return words == 0 ? 0 : cmd_usage(help, "--undo takes an id and nothing else");
    if (options->resume)
        return options->shop && words == 0
                   ? 0
                   : cmd_usage(help, "--resume takes --shop SLUG and nothing else");
    if (!options->shop || !options->format)
        return cmd_usage(help, "import takes --shop SLUG and --format FORMAT");
    if (words != 1)
        return cmd_usage(help, "import takes one file, or - for standard input");
    if (options->delimiter && strlen(delimiter_get(options->delimiter)) != 1)
        return cmd_usage(help, "--delimiter takes one character, or tab, comma, semicolon, bar");
    if (options->dry && options->as_live)
        return cmd_usage(help, "a dry run changes nothing: it cannot be --as-live");
    return 0;
}

static char *
formats_help(void)
{
    GString *help = g_string_new(
        "Brings in a table of another program: orders, customers, opt-outs. It causes no "
        "mail, can be gone on with (the same command again) and taken back.\n\nFormats:\n");
    for (size_t n = 0; format_nth(n); n++)
        g_string_append_printf(help, "  %-20s %s\n", format_nth(n)->name, format_nth(n)->help);
    return g_string_free(help, FALSE);
}

int
cmd_import(int argc, char **argv)
{
    Options options = {0};
    g_autofree char *help = formats_help();
    const GOptionEntry entries[] = {
        {"shop", 's', 0, G_OPTION_ARG_STRING, &options.shop, "The shop's short name", "SLUG"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &options.format, "What the table is", "FORMAT"},
        {"map", 'm', 0, G_OPTION_ARG_FILENAME, &options.map, "columns: which column is what",
         "FILE"},
        {"encoding", 0, 0, G_OPTION_ARG_STRING, &options.encoding,
         "utf-8, windows-1252, iso-8859-15, utf-16le, utf-16be (found out)", "NAME"},
        {"delimiter", 0, 0, G_OPTION_ARG_STRING, &options.delimiter, "Between fields (found out)",
         "CHAR"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry, "Read and check all, change nothing",
         NULL},
        {"as-live", 0, 0, G_OPTION_ARG_NONE, &options.as_live,
         "Count it as new, with mails; only where they stay on this machine", NULL},
        {"again", 0, 0, G_OPTION_ARG_NONE, &options.again, "Read it once more although it is done",
         NULL},
        {"resume", 0, 0, G_OPTION_ARG_NONE, &options.resume,
         "Go on with what was broken off; the same command as before does so, too", NULL},
        {"undo", 0, 0, G_OPTION_ARG_STRING, &options.undo, "Take an import back", "ID"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &options.list, "Show the imports", NULL},
        {0},
    };
    CmdOptions parse = {
        .usage = "import --shop SLUG --format FORMAT [--map FILE] FILE|- | import --resume --shop "
                 "SLUG | "
                 "import --undo ID | import --list",
        .help = help,
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&parse, &argc, &argv, &code))
        return code;
    options.data = parse.data;
    if (options.list)
        code = list_tell(&options);
    else if ((code = usage_check(&parse, &options, argc - 1)) == 0)
        code = run(&options, argc > 1 ? argv[1] : NULL);
    char *const own[] = {options.data,     options.shop,      options.format, options.map,
                         options.encoding, options.delimiter, options.undo};
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        g_free(own[i]);
    return code;
}
