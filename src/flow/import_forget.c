/* import_forget.c - an erased person leaves the files of rejected records, too; see import.h. */
#include "base/csv.h"
#include "base/limits.h"
#include "engine/file.h"
#include "flow/import_inside.h"

#include <unistd.h>

enum { FILES_MOST = 1000 };

static bool
row_names(const CsvRecord *record, const Needles *needles)
{
    for (size_t i = 0; i < record->count; i++)
        if (needles_found(needles, record->fields[i]))
            return true;
    return false;
}

static bool
source_read(void *arg, char *to, size_t room, size_t *ret_len, GError **error)
{
    return file_in_read(arg, to, room, ret_len, error);
}

/* Writes the rows that name nobody of them into `to`. */
static bool
rows_keep(FileIn *from, FileOut *to, const Needles *needles, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    CsvSource source = {source_read, from};
    g_autoptr(CsvReader) reader = csv_new(&source, ',');
    CsvRecord record;
    while (csv_next(reader, &record)) {
        arena_reset(arena);
        Buf buf = {.arena = arena};
        if (row_names(&record, needles))
            continue;
        csv_write(&buf, record.fields, record.count, ',');
        if (!file_out_write(to, buf_str(&buf), error))
            return false;
    }
    return csv_ok(reader, error);
}

/* A file that its owner took away, or moved, is nobody's business any more. */
static bool
file_forget(const char *path, const Needles *needles, GError **error)
{
    g_autofree char *fresh = g_strconcat(path, ".new", NULL);
    if (!needles) {
        unlink(path);
        return true;
    }
    g_autoptr(FileIn) from = file_in_open(path, NULL);
    if (!from)
        return true;
    g_autoptr(FileOut) to = file_out_open(fresh, 0, error);
    if (!to || !rows_keep(from, to, needles, error)) {
        unlink(fresh);
        return false;
    }
    return file_replace(fresh, path, error);
}

bool
import_forget(Store *store, int64_t shop, const Needles *needles, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_import_rejects,
                         BINDS(bind_int("shop", shop), bind_int("limit", FILES_MOST)), error);
    while (rows && rows_next(rows))
        g_ptr_array_add(paths, g_strndup(rows_text(rows, 0).at, rows_text(rows, 0).len));
    bool ok = rows && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(store, db);
    for (guint i = 0; ok && i < paths->len; i++)
        ok = file_forget(paths->pdata[i], needles, error);
    return ok;
}
