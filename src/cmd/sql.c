/* sql.c - `postlude sql`: a question to the store, on a connection that cannot write. */
#include "base/encode.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"

#include <stdio.h>

/* Bytes are for programs: people get the first of them and how many there are. */
static Str
value_text(Arena *arena, Rows *rows, int column)
{
    enum { SHOWN_BYTES = 32 };
    if (!rows_is_blob(rows, column))
        return rows_text(rows, column);
    Str bytes = rows_blob(rows, column);
    return str_of(arena_format(arena, "x'%s'%s (%zu bytes)",
                               encode(arena, ENCODE_HEX, str_sub(bytes, 0, SHOWN_BYTES)),
                               bytes.len > SHOWN_BYTES ? "..." : "", bytes.len));
}

static void
print_json(Arena *arena, Rows *rows)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    for (int i = 0; i < rows_columns(rows); i++) {
        json_put_key(&out, rows_column_name(rows, i));
        if (rows_is_null(rows, i))
            json_put_null(&out);
        else if (rows_is_text(rows, i))
            json_put_text(&out, value_text(arena, rows, i));
        else
            json_put_int(&out, rows_int(rows, i));
    }
    json_put_end(&out);
    json_put_done(&out);
    printf("%s\n", buf_cstr(&buf));
}

static void
print_line(Arena *arena, Rows *rows)
{
    for (int i = 0; i < rows_columns(rows); i++) {
        Str text = value_text(arena, rows, i);
        printf("%s" STR_FMT, i ? "\t" : "", STR_ARG(text));
    }
    putchar('\n');
}

int
cmd_sql(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON object a row", NULL},
        {0},
    };
    CmdOptions options = {
        .usage = "sql [--json] QUERY",
        .help = "Asks the store a question; nothing can be changed.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 2)
        return cmd_usage(&options, "sql takes one query, in quotes");
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    Db *db = home ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    Rows *rows = db_rows_of_text(db, argv[1], &error);
    while (rows && rows_next(rows)) {
        if (json)
            print_json(arena, rows);
        else
            print_line(arena, rows);
        arena_reset(arena);
    }
    bool ok = rows && rows_ok(rows, &error);
    rows_close(rows);
    store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}
