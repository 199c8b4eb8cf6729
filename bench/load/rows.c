/* rows.c - the wall of the store: only the rows of orders, from raw bytes to an accepted mail.
 *
 *   rows FILE [-n ORDERS] [-g ORDERS_PER_TRANSACTION] [-b BODY_BYTES]
 *
 * What SQLite (WAL, synchronous=FULL) does where nothing is received, parsed, rendered or sent: one
 * thread inserts for each order an inbox row with its raw body, an event, the customer, the order and
 * three lines, a run and its step, a message and a delivery, and updates the states of inbox,
 * event, run, message (claim, then finish) and delivery. Bodies do not compress and are 2.5 kB unless
 * told otherwise: what zstd leaves of 11.6 kB. Prints one line of JSON.
 */
#include "order.h"
#include "samples.h"

#include <err.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char schema[] =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -65536;"
    "CREATE TABLE inbox (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, source TEXT,"
    " delivery TEXT, hash BLOB, state INTEGER, body BLOB) STRICT;"
    "CREATE UNIQUE INDEX inbox_delivery ON inbox (shop, source, delivery);"
    "CREATE INDEX inbox_state ON inbox (state, id) WHERE state < 2;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER, kind "
    "TEXT,"
    " subject INTEGER, state INTEGER) STRICT;"
    "CREATE INDEX event_cause ON event (shop, cause);"
    "CREATE INDEX event_state ON event (state, id) WHERE state < 2;"
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " foreign_id INTEGER, email TEXT, name TEXT) STRICT;"
    "CREATE UNIQUE INDEX customer_foreign ON customer (shop, foreign_id);"
    "CREATE INDEX customer_email ON customer (shop, email);"
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " foreign_id INTEGER, customer INTEGER, name TEXT, total INTEGER, currency TEXT, address TEXT)"
    " STRICT;"
    "CREATE UNIQUE INDEX orders_foreign ON orders (shop, foreign_id);"
    "CREATE INDEX orders_customer ON orders (shop, customer, at);"
    "CREATE TABLE order_line (id INTEGER PRIMARY KEY, shop INTEGER, parent INTEGER, sku TEXT,"
    " title TEXT, quantity INTEGER, price INTEGER) STRICT;"
    "CREATE INDEX order_line_parent ON order_line (shop, parent);"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " journey TEXT, state INTEGER, wake INTEGER) STRICT;"
    "CREATE UNIQUE INDEX run_cause ON run (shop, cause, journey);"
    "CREATE TABLE run_step (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " step TEXT, why TEXT) STRICT;"
    "CREATE UNIQUE INDEX run_step_cause ON run_step (shop, cause, step);"
    "CREATE TABLE message (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " address TEXT, subject TEXT, lane INTEGER, state INTEGER, wake INTEGER, body BLOB) STRICT;"
    "CREATE UNIQUE INDEX message_cause ON message (shop, cause);"
    "CREATE INDEX message_state ON message (state, lane, wake) WHERE state < 2;"
    "CREATE TABLE delivery (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER,"
    " state INTEGER, answer TEXT) STRICT;"
    "CREATE INDEX delivery_cause ON delivery (shop, cause);";

typedef enum Statement {
    BEGIN,
    COMMIT,
    INBOX,
    INBOX_DONE,
    EVENT,
    EVENT_DONE,
    CUSTOMER,
    ORDER,
    LINE,
    RUN,
    RUN_DONE,
    STEP,
    MESSAGE,
    MESSAGE_CLAIM,
    MESSAGE_DONE,
    DELIVERY,
    DELIVERY_DONE,
    STATEMENTS
} Statement;

/* :id is the order's number, :sub a number unique over all lines, :body the raw bytes. */
static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [INBOX] = "INSERT INTO inbox VALUES (:id, 1, 1772442000000 + :id, 'shopify',"
              " printf('%08x-5f0b-41f2-91c9-%012x', :mix, :id), substr(:body, 1, 32), 0, :body)",
    [INBOX_DONE] = "UPDATE inbox SET state = 2 WHERE id = :id AND state = 0",
    [EVENT] =
        "INSERT INTO event VALUES (:id, 1, 1772442000000 + :id, :id, 'order.created', :id, 0)",
    [EVENT_DONE] = "UPDATE event SET state = 2 WHERE id = :id AND state = 0",
    [CUSTOMER] = "INSERT INTO customer VALUES (:id, 1, 1772442000000 + :id, :id, 7200000000 + :id,"
                 " printf('ana.garcia.%08d@example.com', :mix), 'Ana García i Muñoz')",
    [ORDER] =
        "INSERT INTO orders VALUES (:id, 1, 1772442000000 + :id, :id, 5800000000 + :id, :id,"
        " printf('#B%08d', :id), 12345, 'EUR', '17 rue de la République, 69002 Lyon, France')",
    [LINE] = "INSERT INTO order_line VALUES (:sub, 1, :id, 'NOR-003', 'Walking boots \"Fjell\"', "
             "1, 14900)",
    [RUN] =
        "INSERT INTO run VALUES (:id, 1, 1772442000000 + :id, :id, 'order_confirmation', 0, NULL)",
    [RUN_DONE] = "UPDATE run SET state = 2 WHERE id = :id AND state = 0",
    [STEP] =
        "INSERT INTO run_step VALUES (:id, 1, 1772442000000 + :id, :id, 'send', 'order.created')",
    [MESSAGE] = "INSERT INTO message VALUES (:id, 1, 1772442000000 + :id, :id,"
                " printf('ana.garcia.%08d@example.com', :mix), 'Your order is confirmed', 0, 0,"
                " 1772442000000 + :id, substr(:body, 1, 300))",
    [MESSAGE_CLAIM] = "UPDATE message SET state = 1 WHERE id = :id AND state = 0",
    [MESSAGE_DONE] = "UPDATE message SET state = 2 WHERE id = :id AND state = 1",
    [DELIVERY] = "INSERT INTO delivery VALUES (:id, 1, 1772442000000 + :id, :id, 0, NULL)",
    [DELIVERY_DONE] = "UPDATE delivery SET state = 1, answer = '250 2.0.0 Ok: queued as 4BCD'"
                      " WHERE id = :id",
};

typedef struct Rows {
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
    char *body;
    int body_bytes;
} Rows;

static void
check(const Rows *rows, bool truth)
{
    if (!truth)
        errx(1, "%s", sqlite3_errmsg(rows->db));
}

static void
bind(sqlite3_stmt *statement, const char *name, int64_t number)
{
    int place = sqlite3_bind_parameter_index(statement, name);
    if (place)
        sqlite3_bind_int64(statement, place, number);
}

static void
step(Rows *rows, Statement which, int64_t id, int64_t sub)
{
    sqlite3_stmt *statement = rows->prepared[which];
    bind(statement, ":id", id);
    bind(statement, ":sub", sub);
    bind(statement, ":mix", (int64_t)(order_scramble((uint64_t)id) % 100000000));
    int body = sqlite3_bind_parameter_index(statement, ":body");
    if (body)
        sqlite3_bind_blob(statement, body, rows->body, rows->body_bytes, SQLITE_STATIC);
    check(rows, sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
}

static void
rows_open(Rows *rows, const char *path)
{
    if (access(path, F_OK) == 0)
        errx(1, "%s exists", path);
    check(rows, sqlite3_open(path, &rows->db) == SQLITE_OK);
    check(rows, sqlite3_exec(rows->db, schema, NULL, NULL, NULL) == SQLITE_OK);
    for (int i = 0; i < STATEMENTS; i++)
        check(rows, sqlite3_prepare_v3(rows->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &rows->prepared[i], NULL) == SQLITE_OK);
    rows->body = malloc((size_t)rows->body_bytes + sizeof(uint64_t));
    if (!rows->body)
        err(1, "memory");
    for (int i = 0; i < rows->body_bytes; i += (int)sizeof(uint64_t)) {
        uint64_t bits = order_scramble((uint64_t)i);
        memcpy(rows->body + i, &bits, sizeof bits);
    }
}

static void
rows_close(Rows *rows)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(rows->prepared[i]);
    check(rows, sqlite3_close(rows->db) == SQLITE_OK);
    free(rows->body);
}

/* The stages' turns: each does its part for the whole group, as a path in batches would. */
static void
group_write(Rows *rows, int64_t from, int64_t to)
{
    static const Statement order[] = {
        INBOX, CUSTOMER, ORDER,    LINE,          EVENT,    INBOX_DONE,   RUN,          EVENT_DONE,
        STEP,  MESSAGE,  RUN_DONE, MESSAGE_CLAIM, DELIVERY, MESSAGE_DONE, DELIVERY_DONE};
    step(rows, BEGIN, 0, 0);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (int64_t id = from; id < to; id++)
            for (int64_t line = 0; line < (order[i] == LINE ? 3 : 1); line++)
                step(rows, order[i], id, id * 3 + line);
    step(rows, COMMIT, 0, 0);
}

int
main(int argc, char **argv)
{
    Rows rows = {.body_bytes = 2500};
    int64_t count = 20000, group = 128;
    for (int option; (option = getopt(argc, argv, "n:g:b:")) != -1;) {
        if (option == 'n')
            count = atoll(optarg);
        else if (option == 'g')
            group = atoll(optarg);
        else if (option == 'b')
            rows.body_bytes = atoi(optarg);
        else
            errx(2, "usage: rows FILE [-n ORDERS] [-g ORDERS_PER_TRANSACTION] [-b BODY_BYTES]");
    }
    if (optind + 1 != argc || count < 1 || group < 1 || rows.body_bytes < 300)
        errx(2, "usage: rows FILE [-n ORDERS] [-g ORDERS_PER_TRANSACTION] [-b BODY_BYTES]");

    rows_open(&rows, argv[optind]);
    uint64_t start = now_ns();
    for (int64_t from = 1; from <= count; from += group)
        group_write(&rows, from, from + group > count + 1 ? count + 1 : from + group);
    double seconds = (double)(now_ns() - start) / 1e9;
    rows_close(&rows);
    printf("{\"orders\":%" PRId64 ",\"group\":%" PRId64 ",\"body_bytes\":%d,\"seconds\":%.6f,"
           "\"rate\":%.1f}\n",
           count, group, rows.body_bytes, seconds, (double)count / seconds);
    return 0;
}
