/* rows.c - the wall of the store: only the rows of orders, from raw bytes to an accepted mail.
 *
 *   rows ROOT FILE [-n ORDERS] [-g ORDERS_PER_TRANSACTION] [-b INBOX_BYTES] [-m MESSAGE_BYTES]
 *
 * What SQLite (WAL, synchronous=FULL) does where nothing is received, parsed, rendered or sent: one
 * thread runs, for each order, the program's own statements (ROOT/src/flow/.../X.sql) on its own schema
 * (ROOT/sql/schema) with values of about the right size. A statement or parameter that is not known
 * here any more stops with its name, so that the wall moves with the program. Prints one line of JSON.
 */
#include "order.h"
#include "samples.h"

#include <err.h>
#include <glob.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARAMETERS = 40, LINES = 3, TEXT_BYTES = 256 };

/* Kinds of ids; any distinct numbers would do. */
enum {
    KIND_INBOX = 1,
    KIND_CUSTOMER,
    KIND_ORDER,
    KIND_LINE,
    KIND_EVENT,
    KIND_RUN,
    KIND_STEP,
    KIND_MESSAGE,
    KIND_DELIVERY
};

typedef struct Step {
    const char *query;
    int kind;          /* what :id names */
    int cause;         /* what :cause names */
    int times;         /* how often for one order */
    const char *state; /* what :state is, where the query has it */
} Step;

/* The path of one order. Products are few and known after the first orders, so they are left out. */
static const Step path[] = {
    {"inbox_append", KIND_INBOX, 0, 1, NULL},
    {"inbox_body_append", KIND_INBOX, 0, 1, NULL},
    {"customer_append", KIND_CUSTOMER, KIND_INBOX, 1, NULL},
    {"order_append", KIND_ORDER, KIND_INBOX, 1, NULL},
    {"order_line_append", KIND_LINE, KIND_ORDER, LINES, NULL},
    {"event_append", KIND_EVENT, KIND_INBOX, 1, "new"},
    {"inbox_finish", KIND_INBOX, 0, 1, "done"},
    {"run_append", KIND_RUN, KIND_EVENT, 1, NULL},
    {"event_finish", KIND_EVENT, 0, 1, "done"},
    {"run_step_append", KIND_STEP, KIND_RUN, 1, NULL},
    {"message_append", KIND_MESSAGE, KIND_STEP, 1, "new"},
    {"run_move", KIND_RUN, 0, 1, "done"},
    {"message_words", KIND_MESSAGE, 0, 1, "ready"},
    {"message_body_save", KIND_MESSAGE, 0, 1, NULL},
    {"outbox_claim", KIND_MESSAGE, 0, 1, NULL},
    {"delivery_append", KIND_DELIVERY, KIND_MESSAGE, 1, NULL},
    {"outbox_settle", KIND_MESSAGE, 0, 1, "accepted"},
    {"delivery_finish", KIND_DELIVERY, 0, 1, "accepted"},
};
enum { STEPS = sizeof path / sizeof *path };

/* Texts that are the same for all orders, and those that hold its number (with %). */
static const char *const texts[][2] = {
    {":connector", "shopify"},
    {":topic", "orders/create"},
    {":delivery", "ca22f778-d114-4496-a0c5-%012" PRIu64},
    {":source", "shopify"},
    {":foreign_id", "58%08" PRIu64 "371"},
    {":name", "#B%08" PRIu64},
    {":email", "ana.garcia.%08" PRIu64 "@example.com"},
    {":email_key", "ana.garcia.%08" PRIu64 "@example.com"},
    {":address", "ana.garcia.%08" PRIu64 "@example.com"},
    {":phone", "+34931234567"},
    {":first_name", "Ana"},
    {":last_name", "García i Muñoz"},
    {":locale", "es-ES"},
    {":currency", "EUR"},
    {":shipping_title", "Standard"},
    {":payment", "paid"},
    {":fulfilment", "none"},
    {":ship_to",
     "{\"name\":\"Ana García i Muñoz\",\"line1\":\"17 Carrer de Muntaner\",\"zip\":\"08001\","
     "\"city\":\"Barcelona\",\"country\":\"Spain\",\"country_code\":\"ES\"}"},
    {":bill_to",
     "{\"name\":\"Ana García i Muñoz\",\"line1\":\"17 Carrer de Muntaner\",\"zip\":\"08001\","
     "\"city\":\"Barcelona\",\"country\":\"Spain\",\"country_code\":\"ES\"}"},
    {":sku", "NOR-003"},
    {":title", "Walking boots \"Fjell\""},
    {":variant", "EU 42 / Black"},
    {":kind", "order.placed"},
    {":journey", "order_confirmation"},
    {":step", "send"},
    {":seen_step", "send"},
    {":outcome", "go"},
    {":why", "the order was placed"},
    {":class", "transactional"},
    {":channel", "email"},
    {":url", "https://bench.myshopify.com/6081234567/orders/%08" PRIu64 "/authenticate"},
    {":variant_foreign_id", "45%08" PRIu64 "118"},
    {":template", "order_confirmation"},
    {":skip", "cancelled"},
    {":subject_text", "Your order is confirmed"},
    {":sender", "smtp://127.0.0.1:2525"},
    {":enhanced", "2.0.0"},
    {":words", "2.0.0 Ok: queued as 4BCD"},
};

/* Numbers: a moment grows with the order's number, the rest stay. */
static const struct {
    const char *name;
    int64_t value;
    bool grows;
} numbers[] = {
    {":shop", 1, false},
    {":version", 1, false},
    {":at", 1772442000000, true},
    {":happened_at", 1772442000000, true},
    {":entered", 1772442000000, true},
    {":wake", 1772442000000, true},
    {":next_at", 1772442000000, true},
    {":not_after", 1772442000000 + 259200000, true},
    {":placed_at", 1772442000000, true},
    {":updated_at", 1772442000000, true},
    {":finished_at", 1772442000000, true},
    {":subtotal", 14900, false},
    {":shipping", 490, false},
    {":fees", 0, false},
    {":gift", 0, false},
    {":renewal", 0, false},
    {":in_person", 0, false},
    {":tax", 2565, false},
    {":discount", 0, false},
    {":total", 15390, false},
    {":tax_included", 1, false},
    {":test", 0, false},
    {":quantity", 1, false},
    {":price", 14900, false},
    {":ships", 1, false},
    {":lane", 0, false},
    {":attempt", 1, false},
    {":code", 250, false},
    {":counts", 0, false},
    {":visit", 1, false},
    {":seen_visit", 1, false},
    {":body_bytes", 11600, false},
};

static const char *const nulls[] = {
    ":cancelled_at", ":quiet",      ":deleted_at",     ":note",       ":reason",
    ":product_id",   ":company_id", ":addresses",      ":tags",       ":birthday",
    ":joined_at",    ":zone",       ":discount_codes", ":subject_id", ":promised_from",
    ":about",        ":legal_id",   ":promised_until",
};

typedef enum Binding {
    BIND_ID,
    BIND_CAUSE,
    BIND_ORDER,
    BIND_CUSTOMER,
    BIND_POSITION,
    BIND_STATE,
    BIND_TEXT,   /* which: row of texts */
    BIND_NUMBER, /* which: row of numbers */
    BIND_NULL,
    BIND_BODY,
    BIND_HASH,
} Binding;

typedef struct Parameter {
    Binding binding;
    size_t which;
} Parameter;

typedef struct Statement {
    sqlite3_stmt *prepared;
    Parameter parameters[PARAMETERS]; /* [0] is parameter 1 */
    int count;
} Statement;

typedef struct Rows {
    sqlite3 *db;
    Statement statements[STEPS];
    char *body;
    int inbox_bytes;
    int message_bytes;
} Rows;

/* ---- files ------------------------------------------------------------------------------ */

static char *
file_read(const char *name)
{
    FILE *file = fopen(name, "re");
    char *text = NULL;
    size_t room = 0;
    if (!file || getdelim(&text, &room, '\0', file) <= 0)
        err(1, "%s", name);
    fclose(file);
    return text;
}

/* The files of a pattern under root, joined. */
static char *
files_read(const char *root, const char *pattern)
{
    char *full = NULL, *all = NULL;
    size_t len = 0;
    glob_t found;
    if (asprintf(&full, "%s/%s", root, pattern) < 0 || glob(full, 0, NULL, &found) != 0)
        errx(1, "%s: nothing there", pattern);
    FILE *out = open_memstream(&all, &len);
    for (size_t i = 0; out && i < found.gl_pathc; i++) {
        char *text = file_read(found.gl_pathv[i]);
        fprintf(out, "%s\n", text);
        free(text);
    }
    if (!out || fclose(out) != 0)
        err(1, "memory");
    globfree(&found);
    free(full);
    return all;
}

/* The text of the query with that name, as a copy. */
static char *
query_find(const char *all, const char *name)
{
    char *head = NULL;
    if (asprintf(&head, "-- name: %s\n", name) < 0)
        err(1, "memory");
    const char *at = strstr(all, head);
    if (!at)
        errx(1, "no query is called %s any more", name);
    const char *end = strstr(at + 1, "-- name: ");
    char *query = end ? strndup(at, (size_t)(end - at)) : strdup(at);
    free(head);
    return query;
}

/* ---- parameters ------------------------------------------------------------------------- */

static Parameter
parameter_of(const Step *step, const char *name)
{
    static const struct {
        const char *name;
        Binding binding;
    } special[] = {
        {":id", BIND_ID},
        {":cause", BIND_CAUSE},
        {":order_id", BIND_ORDER},
        {":subject", BIND_ORDER},
        {":customer_id", BIND_CUSTOMER},
        {":position", BIND_POSITION},
        {":state", BIND_STATE},
        {":body", BIND_BODY},
        {":hash", BIND_HASH},
        {":body_hash", BIND_HASH},
    };
    Parameter found = {.binding = BIND_NULL};
    if (strcmp(name, ":subject") == 0 && step->kind == KIND_MESSAGE)
        name = ":subject_text"; /* of a mail; a run's is what it runs for */
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(name, special[i].name) == 0)
            return (Parameter){.binding = special[i].binding};
    for (found.which = 0; found.which < sizeof texts / sizeof *texts; found.which++)
        if (strcmp(name, texts[found.which][0]) == 0)
            return (Parameter){.binding = BIND_TEXT, .which = found.which};
    for (found.which = 0; found.which < sizeof numbers / sizeof *numbers; found.which++)
        if (strcmp(name, numbers[found.which].name) == 0)
            return (Parameter){.binding = BIND_NUMBER, .which = found.which};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(name, nulls[i]) == 0)
            return (Parameter){.binding = BIND_NULL};
    errx(1, "%s: no value for %s", step->query, name);
}

/* Ids as the program's: growing, kind inside. */
static int64_t
id_of(int kind, uint64_t order, int line)
{
    return (int64_t)((order * 16 + (uint64_t)line) << 22 | (uint64_t)kind << 16) +
           ((int64_t)1 << 58);
}

static void
text_bind(sqlite3_stmt *prepared, int place, const char *format, uint64_t order)
{
    char text[TEXT_BYTES];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are the table above */
    snprintf(text, sizeof text, format, order);
#pragma GCC diagnostic pop
    sqlite3_bind_text(prepared, place, text, -1, SQLITE_TRANSIENT);
}

static void
parameter_bind(const Rows *rows, int which, int place, uint64_t order, int line)
{
    const Step *step = &path[which];
    sqlite3_stmt *prepared = rows->statements[which].prepared;
    Parameter parameter = rows->statements[which].parameters[place - 1];
    int body_bytes = step->kind == KIND_INBOX ? rows->inbox_bytes : rows->message_bytes;
    switch (parameter.binding) {
    case BIND_ID:
        sqlite3_bind_int64(prepared, place, id_of(step->kind, order, line));
        break;
    case BIND_CAUSE:
        sqlite3_bind_int64(prepared, place, id_of(step->cause, order, 0));
        break;
    case BIND_ORDER:
        sqlite3_bind_int64(prepared, place, id_of(KIND_ORDER, order, 0));
        break;
    case BIND_CUSTOMER:
        sqlite3_bind_int64(prepared, place, id_of(KIND_CUSTOMER, order, 0));
        break;
    case BIND_POSITION:
        sqlite3_bind_int(prepared, place, line);
        break;
    case BIND_STATE:
        sqlite3_bind_text(prepared, place, step->state, -1, SQLITE_STATIC);
        break;
    case BIND_TEXT:
        text_bind(prepared, place, texts[parameter.which][1], order);
        break;
    case BIND_NUMBER:
        sqlite3_bind_int64(prepared, place,
                           numbers[parameter.which].value +
                               (numbers[parameter.which].grows ? (int64_t)order : 0));
        break;
    case BIND_BODY:
        sqlite3_bind_blob(prepared, place, rows->body, body_bytes, SQLITE_STATIC);
        break;
    case BIND_HASH:
        sqlite3_bind_blob(prepared, place, rows->body, 16, SQLITE_STATIC);
        break;
    case BIND_NULL:
        sqlite3_bind_null(prepared, place);
        break;
    }
}

/* ---- the run ---------------------------------------------------------------------------- */

static void
check(const Rows *rows, bool truth)
{
    if (!truth)
        errx(1, "%s", sqlite3_errmsg(rows->db));
}

static void
statement_prepare(Rows *rows, int which, const char *queries)
{
    Statement *statement = &rows->statements[which];
    char *query = query_find(queries, path[which].query);
    check(rows, sqlite3_prepare_v3(rows->db, query, -1, SQLITE_PREPARE_PERSISTENT,
                                   &statement->prepared, NULL) == SQLITE_OK);
    free(query);
    statement->count = sqlite3_bind_parameter_count(statement->prepared);
    if (statement->count > PARAMETERS)
        errx(1, "%s has more than %d parameters", path[which].query, PARAMETERS);
    for (int i = 0; i < statement->count; i++)
        statement->parameters[i] =
            parameter_of(&path[which], sqlite3_bind_parameter_name(statement->prepared, i + 1));
}

static void
rows_open(Rows *rows, const char *root, const char *name)
{
    if (access(name, F_OK) == 0)
        errx(1, "%s exists", name);
    check(rows, sqlite3_open(name, &rows->db) == SQLITE_OK);
    char *schema = files_read(root, "sql/schema/*.sql");
    check(rows, sqlite3_exec(rows->db,
                             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "PRAGMA cache_size = -65536",
                             NULL, NULL, NULL) == SQLITE_OK);
    check(rows, sqlite3_exec(rows->db, schema, NULL, NULL, NULL) == SQLITE_OK);
    free(schema);

    char *queries = files_read(root, "src/flow/*.sql");
    for (int i = 0; i < STEPS; i++)
        statement_prepare(rows, i, queries);
    free(queries);

    size_t bytes =
        (size_t)(rows->inbox_bytes > rows->message_bytes ? rows->inbox_bytes : rows->message_bytes);
    rows->body = malloc(bytes + sizeof(uint64_t));
    if (!rows->body)
        err(1, "memory");
    for (size_t i = 0; i < bytes;
         i += sizeof(uint64_t)) { /* does not compress, as what zstd leaves */
        uint64_t bits = order_scramble(i);
        memcpy(rows->body + i, &bits, sizeof bits);
    }
}

static void
rows_close(Rows *rows)
{
    for (int i = 0; i < STEPS; i++)
        sqlite3_finalize(rows->statements[i].prepared);
    check(rows, sqlite3_close(rows->db) == SQLITE_OK);
    free(rows->body);
}

static void
step_run(Rows *rows, int which, uint64_t order)
{
    Statement *statement = &rows->statements[which];
    for (int line = 0; line < path[which].times; line++) {
        for (int place = 1; place <= statement->count; place++)
            parameter_bind(rows, which, place, order, line);
        check(rows, sqlite3_step(statement->prepared) == SQLITE_DONE);
        if (sqlite3_changes(rows->db) != 1)
            errx(1, "%s changed %d rows, not 1", path[which].query, sqlite3_changes(rows->db));
        sqlite3_reset(statement->prepared);
    }
}

/* The stages' turns: each does its part for the whole group, as the path does in batches. */
static void
group_write(Rows *rows, uint64_t from, uint64_t to)
{
    check(rows, sqlite3_exec(rows->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    for (int which = 0; which < STEPS; which++)
        for (uint64_t order = from; order < to; order++)
            step_run(rows, which, order);
    check(rows, sqlite3_exec(rows->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
}

static void
usage_fail(void)
{
    errx(2, "usage: rows ROOT FILE [-n ORDERS] [-g ORDERS_PER_TRANSACTION] [-b INBOX_BYTES] [-m "
            "MESSAGE_BYTES]");
}

int
main(int argc, char **argv)
{
    Rows rows = {.inbox_bytes = 1200, .message_bytes = 650};
    uint64_t count = 20000, group = 128;
    for (int option; (option = getopt(argc, argv, "n:g:b:m:")) != -1;) {
        switch (option) {
        case 'n':
            count = strtoull(optarg, NULL, 10);
            break;
        case 'g':
            group = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            rows.inbox_bytes = atoi(optarg);
            break;
        case 'm':
            rows.message_bytes = atoi(optarg);
            break;
        default:
            usage_fail();
        }
    }
    if (optind + 2 != argc || count < 1 || group < 1 || rows.inbox_bytes < 16 ||
        rows.message_bytes < 16)
        usage_fail();

    rows_open(&rows, argv[optind], argv[optind + 1]);
    uint64_t start = now_ns();
    for (uint64_t from = 1; from <= count; from += group)
        group_write(&rows, from, from + group > count + 1 ? count + 1 : from + group);
    double seconds = (double)(now_ns() - start) / 1e9;
    rows_close(&rows);
    printf("{\"orders\":%" PRIu64 ",\"group\":%" PRIu64 ",\"inbox_bytes\":%d,\"message_bytes\":%d,"
           "\"seconds\":%.6f,\"rate\":%.1f}\n",
           count, group, rows.inbox_bytes, rows.message_bytes, seconds, (double)count / seconds);
    return 0;
}
