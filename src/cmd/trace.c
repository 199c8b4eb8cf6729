/* trace.c - `postlude trace`: why is this here, and what came of it?
 *
 * Every row names its cause, so the answer is a tree: from the delivery that began it down to the server's last
 * words. The same chain answers the owner, the support desk and the debugger.
 */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "engine/id.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MOST = 12 };

typedef struct Trace {
    Db *db;
    bool json;
    JsonWriter *out;
    int64_t asked;     /* the row that was asked for: it is marked */
    int64_t roots[64]; /* already printed: an order's events share their causes */
    size_t root_count;
} Trace;

typedef struct TraceRow {
    int64_t id, shop, at, cause;
    char *what; /* g_free */
} TraceRow;

/* How a row of each kind is read, and which kinds it can have caused. */
static const struct {
    IdKind kind;
    const char *noun;
    Query one;
    Query children[3];
    int child_count;
} kinds[] = {
    {KIND_INBOX, "inbox", Q_trace_inbox, {Q_trace_event_of}, 1},
    {KIND_EVENT, "event", Q_trace_event, {Q_trace_run_of}, 1},
    {KIND_RUN, "run", Q_trace_run, {Q_trace_run_step_of, Q_trace_event_of}, 2},
    {KIND_RUN_STEP, "step", Q_trace_run_step, {Q_trace_message_of}, 1},
    {KIND_MESSAGE, "message", Q_trace_message, {Q_trace_delivery_of}, 1},
    {KIND_DELIVERY, "delivery", Q_trace_delivery, {Q_trace_receipt_of}, 1},
    {KIND_RECEIPT, "receipt", Q_trace_receipt, {0}, 0},
    {KIND_SUPPRESSION, "suppression", Q_trace_suppression, {0}, 0},
    {KIND_ORDER, "order", Q_trace_order, {0}, 0},
    {KIND_CUSTOMER, "customer", Q_trace_customer, {0}, 0},
    {KIND_SHIPMENT, "shipment", Q_trace_shipment, {0}, 0},
    {KIND_REFUND, "refund", Q_trace_refund, {0}, 0},
    {KIND_PRODUCT, "product", Q_trace_product, {0}, 0},
    {KIND_CONSENT, "consent", Q_trace_consent, {0}, 0},
    {KIND_MERGE, "merge", Q_trace_merge, {0}, 0},
    {KIND_PRIVACY_ASK, "privacy", Q_trace_privacy, {0}, 0},
    {KIND_IMPORT, "import", Q_trace_import, {0}, 0},
};

static int
kind_at(int64_t id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind == id_kind(id))
            return (int)i;
    return -1;
}

static void
row_clear(TraceRow *row)
{
    g_free(row->what);
}

static TraceRow
row_of(Rows *rows)
{
    Str what = rows_text(rows, 4);
    return (TraceRow){rows_int(rows, 0), rows_int(rows, 1), rows_int(rows, 2), rows_int(rows, 3),
                      g_strndup(what.len ? what.at : "", what.len)};
}

static bool
trace_row(Trace *trace, int64_t id, TraceRow *ret, GError **error)
{
    int kind = kind_at(id);
    char text[ID_TEXT_BYTES];
    if (kind < 0)
        return fail(error, ERR_NOT_FOUND, "%s names nothing that can be traced",
                    id_format(id, text));
    g_autoptr(Rows) rows = db_rows(trace->db, kinds[kind].one, BINDS(bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) &&
               fail(error, ERR_NOT_FOUND, "there is no row %s", id_format(id, text));
    *ret = row_of(rows);
    return true;
}

/* ---- printing ------------------------------------------------------------------------------------------------------- */

static void
trace_print_json(const Trace *trace, const TraceRow *row, int depth)
{
    char text[ID_TEXT_BYTES], at[WHEN_BYTES];
    JsonWriter *out = trace->out;
    when_iso(row->at, at);
    json_put_object(out);
    json_put_key(out, "id");
    json_put_str(out, id_format(row->id, text));
    json_put_key(out, "kind");
    json_put_str(out, kinds[kind_at(row->id)].noun);
    json_put_key(out, "depth");
    json_put_int(out, depth);
    json_put_key(out, "at");
    json_put_str(out, at);
    json_put_key(out, "cause");
    json_put_str(out, row->cause ? id_format(row->cause, text) : NULL);
    json_put_key(out, "what");
    json_put_str(out, row->what);
    json_put_end(out);
}

static void
trace_print(const Trace *trace, const TraceRow *row, int depth)
{
    char text[ID_TEXT_BYTES], at[WHEN_BYTES];
    if (trace->json) {
        trace_print_json(trace, row, depth);
        return;
    }
    when_iso(row->at, at);
    at[19] = '\0'; /* seconds are enough for people */
    printf("%s  %-18s %*s%-9s %s%s\n", at, id_format(row->id, text), depth * 2, "",
           kinds[kind_at(row->id)].noun, row->what, row->id == trace->asked ? "   <--" : "");
}

static bool
trace_down(Trace *trace, const TraceRow *row, int depth, GError **error)
{
    trace_print(trace, row, depth);
    if (depth >= DEPTH_MOST)
        return true;
    int kind = kind_at(row->id);
    for (int i = 0; i < kinds[kind].child_count; i++) {
        g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(TraceRow));
        g_array_set_clear_func(children, (GDestroyNotify)row_clear);
        {
            g_autoptr(Rows) rows =
                db_rows(trace->db, kinds[kind].children[i],
                        BINDS(bind_int("shop", row->shop), bind_int("cause", row->id)), error);
            while (rows && rows_next(rows)) {
                TraceRow child = row_of(rows);
                g_array_append_val(children, child);
            }
            if (!rows || !rows_ok(rows, error))
                return false;
        }
        for (guint n = 0; n < children->len; n++)
            if (!trace_down(trace, &g_array_index(children, TraceRow, n), depth + 1, error))
                return false;
    }
    return true;
}

/* From the row up to what began it, then the whole tree down. */
static bool
trace_tree(Trace *trace, int64_t id, GError **error)
{
    TraceRow row;
    if (!trace_row(trace, id, &row, error))
        return false;
    for (int depth = 0; row.cause && depth < DEPTH_MOST; depth++) {
        int64_t cause = row.cause;
        row_clear(&row);
        if (!trace_row(trace, cause, &row, error))
            return false;
    }
    bool known = false;
    for (size_t i = 0; i < trace->root_count; i++)
        known |= trace->roots[i] == row.id;
    if (!known && trace->root_count < G_N_ELEMENTS(trace->roots))
        trace->roots[trace->root_count++] = row.id;
    bool ok = known || trace_down(trace, &row, 0, error);
    row_clear(&row);
    return ok;
}

/* ids of a query's first column. */
static GArray *
trace_ids(Trace *trace, Query query, const Bind *binds, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(Rows) rows = db_rows(trace->db, query, binds, error);
    while (rows && rows_next(rows)) {
        int64_t id = rows_int(rows, 0);
        if (id)
            g_array_append_val(ids, id);
    }
    return rows && rows_ok(rows, error) ? g_steal_pointer(&ids) : NULL;
}

static bool
trace_order(Trace *trace, int64_t id, GError **error)
{
    TraceRow order;
    if (!trace_row(trace, id, &order, error))
        return false;
    trace_print(trace, &order, 0);
    g_autoptr(GArray) causes =
        trace_ids(trace, Q_trace_order_causes,
                  BINDS(bind_int("shop", order.shop), bind_int("order_id", id)), error);
    row_clear(&order);
    for (guint i = 0; causes && i < causes->len; i++)
        if (!trace_tree(trace, g_array_index(causes, int64_t, i), error))
            return false;
    return causes != NULL;
}

static bool
trace_customer(Trace *trace, int64_t id, GError **error)
{
    TraceRow customer;
    if (!trace_row(trace, id, &customer, error))
        return false;
    trace_print(trace, &customer, 0);
    g_autoptr(GArray) orders =
        trace_ids(trace, Q_trace_customer_orders,
                  BINDS(bind_int("shop", customer.shop), bind_int("customer_id", id)), error);
    row_clear(&customer);
    for (guint i = 0; orders && i < orders->len; i++)
        if (!trace_order(trace, g_array_index(orders, int64_t, i), error))
            return false;
    return orders != NULL;
}

static bool
trace_any(Trace *trace, int64_t id, GError **error)
{
    trace->asked = id;
    if (id_kind(id) == KIND_ORDER)
        return trace_order(trace, id, error);
    return id_kind(id) == KIND_CUSTOMER ? trace_customer(trace, id, error)
                                        : trace_tree(trace, id, error);
}

/* An id, or the name of an order as people say it. */
static bool
trace_find(Trace *trace, Home *home, const char *word, int64_t *ret, GError **error)
{
    if (id_parse(str_of(word), ret) && id_kind(*ret))
        return true;
    *ret = 0;
    g_autofree char *hashed = g_strdup_printf("#%s", word);
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(home->shops, n);
        if (!shop)
            return fail(error, ERR_NOT_FOUND, "'%s' is no id, and no order has this name", word);
        const char *names[] = {word, hashed};
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            if (!db_int(trace->db, Q_trace_order_named,
                        BINDS(bind_int("shop", shop->shop.id), bind_cstr("name", names[i])), ret,
                        error))
                return false;
            if (*ret)
                return true;
        }
    }
}

int
cmd_trace(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "A JSON array", NULL},
        {0},
    };
    CmdOptions options = {
        .usage = "trace ID [--json]",
        .help = "Shows what caused a row, and all that it caused. ID is an id of any kind (or_..., "
                "msg_...), or the name of an order: 1001.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 2)
        return cmd_usage(&options, "trace takes one id");
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    Db *db = home ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf, .pretty = true};
    Trace trace = {.db = db, .json = json, .out = &out};
    int64_t id;
    if (json)
        json_put_array(&out);
    bool ok = trace_find(&trace, home, argv[1], &id, &error) && trace_any(&trace, id, &error);
    if (ok && json) {
        json_put_end(&out);
        json_put_done(&out);
        printf("%s\n", buf_cstr(&buf));
    }
    store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}
