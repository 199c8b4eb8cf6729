/* import_rows.c - how fast could it be at best? The rows of an import, written again by a loop that knows them all.
 *
 * Reads every row that an import made out of a store into memory, and then writes them, table after table and in the order
 * of their ids, into a fresh store of the same schema: prepared statements, the same indexes, the same safety (WAL,
 * synchronous=FULL), nothing parsed, looked up, hashed or compared. Prints one line of JSON.
 *
 *     import_rows ROOT STORE NEW_STORE [-g ROWS_PER_TRANSACTION]
 */
#include <err.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const tables[] = {"customer", "product", "orders", "order_line", "event"};
enum { TABLES = sizeof tables / sizeof *tables };

typedef struct Table {
    int columns;
    size_t rows;
    sqlite3_value **values; /* rows * columns */
    sqlite3_stmt *insert;
} Table;

static void
check(sqlite3 *db, int truth)
{
    if (!truth)
        errx(1, "%s", sqlite3_errmsg(db));
}

static double
now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Of this process, so far. */
static double
cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void
schema_make(sqlite3 *db, const char *root)
{
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/sql/schema/*.sql", root);
    if (glob(pattern, 0, NULL, &found) != 0)
        errx(1, "%s: nothing there", pattern);
    check(db, sqlite3_exec(db,
                           "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000",
                           NULL, NULL, NULL) == SQLITE_OK);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "re");
        char *text = NULL;
        size_t room = 0;
        if (!file || getdelim(&text, &room, '\0', file) <= 0)
            err(1, "%s", found.gl_pathv[i]);
        fclose(file);
        check(db, sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
        free(text);
    }
    globfree(&found);
}

static void
table_read(sqlite3 *from, sqlite3 *to, const char *name, Table *table)
{
    char sql[4096];
    sqlite3_stmt *all = NULL;
    size_t room = 0;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", name);
    check(from, sqlite3_prepare_v2(from, sql, -1, &all, NULL) == SQLITE_OK);
    table->columns = sqlite3_column_count(all);
    while (sqlite3_step(all) == SQLITE_ROW) {
        if (table->rows == room) {
            room = room ? 2 * room : 1024;
            table->values =
                realloc(table->values, room * (size_t)table->columns * sizeof *table->values);
            if (!table->values)
                err(1, "memory");
        }
        for (int i = 0; i < table->columns; i++)
            table->values[table->rows * (size_t)table->columns + (size_t)i] =
                sqlite3_value_dup(sqlite3_column_value(all, i));
        table->rows++;
    }
    sqlite3_finalize(all);
    int len = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", name);
    for (int i = 1; i < table->columns; i++)
        len += snprintf(sql + len, sizeof sql - (size_t)len, ",?");
    snprintf(sql + len, sizeof sql - (size_t)len, ")");
    check(to, sqlite3_prepare_v3(to, sql, -1, SQLITE_PREPARE_PERSISTENT, &table->insert, NULL) ==
                  SQLITE_OK);
}

static void
table_write(sqlite3 *db, Table *table, size_t group)
{
    for (size_t row = 0; row < table->rows; row++) {
        if (row % group == 0)
            check(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
        for (int i = 0; i < table->columns; i++)
            sqlite3_bind_value(table->insert, i + 1,
                               table->values[row * (size_t)table->columns + (size_t)i]);
        check(db, sqlite3_step(table->insert) == SQLITE_DONE);
        sqlite3_reset(table->insert);
        if (row % group == group - 1 || row + 1 == table->rows)
            check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    }
}

int
main(int argc, char **argv)
{
    static Table all[TABLES];
    sqlite3 *from = NULL, *to = NULL;
    size_t group = 65536, rows = 0;
    for (int option; (option = getopt(argc, argv, "g:")) != -1;) {
        if (option != 'g')
            errx(2, "usage: import_rows [-g ROWS] ROOT STORE NEW_STORE");
        group = strtoull(optarg, NULL, 10);
    }
    if (optind + 3 != argc || group < 1)
        errx(2, "usage: import_rows [-g ROWS] ROOT STORE NEW_STORE");
    if (access(argv[optind + 2], F_OK) == 0)
        errx(1, "%s exists", argv[optind + 2]);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    check(from, sqlite3_open_v2(argv[optind + 1], &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    check(to, sqlite3_open(argv[optind + 2], &to) == SQLITE_OK);
    schema_make(to, argv[optind]);
    for (int i = 0; i < TABLES; i++)
        table_read(from, to, tables[i], &all[i]);
    double start = now(), cpu = cpu_seconds();
    for (int i = 0; i < TABLES; i++) {
        table_write(to, &all[i], group);
        rows += all[i].rows;
    }
    for (int i = 0; i < TABLES; i++)
        sqlite3_finalize(all[i].insert);
    check(to, sqlite3_close(to) == SQLITE_OK);
    double seconds = now() - start;
    cpu = cpu_seconds() - cpu;
    sqlite3_close(from);
    printf("{\"rows\":%zu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n", rows, seconds, cpu);
    return 0;
}
