/* erase_list.c - see erase_list.h. */
#include "flow/erase_list.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/file.h"
#include "engine/id.h"
#include "flow/erase.h"
#include "flow/privacy.h"

#include <string.h>

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* Is there a file that begins with a line? One whose first line was cut off by a crash holds nothing else. One that cannot
 * be read is not ours to write over. */
static bool
head_look(const char *path, bool *ret_whole, GError **error)
{
    char begin[256];
    size_t len = 0;
    *ret_whole = false;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(FileIn) file = file_in_open(path, error);
    if (!file || !file_in_read(file, begin, sizeof begin, &len, error))
        return false;
    *ret_whole = len == sizeof begin || memchr(begin, '\n', len);
    return true;
}

bool
erase_list_make(const char *path, const Keyring *keyring, GError **error)
{
    g_autofree char *line =
        g_strdup_printf("{\"list\":\"erased\",\"key\":\"%s\"}\n", keyring->fingerprint);
    g_autoptr(GError) problem = NULL;
    bool whole;
    if (!head_look(path, &whole, error))
        return false;
    if (whole ||
        g_file_set_contents_full(path, line, -1, G_FILE_SET_CONTENTS_DURABLE, 0600, &problem))
        return true;
    return fail(error, ERR_IO, "cannot write %s: %s", path, problem->message);
}

/* Of what a person is known by beside the address. Names of kinds keep an order's id and a customer's apart. */
static Str
mark_of(Arena *arena, const Keyring *keyring, const char *kind, Str source, Str foreign_id)
{
    if (!foreign_id.len)
        return (Str){0};
    const char *whole =
        arena_format(arena, "%s " STR_FMT " " STR_FMT, kind, STR_ARG(source), STR_ARG(foreign_id));
    return erased_address(arena, keyring->suppression, str_of(whole));
}

static Str
mark_of_address(Arena *arena, const Keyring *keyring, Str address)
{
    return address.len ? erased_address(arena, keyring->suppression, address) : (Str){0};
}

static void
marks_put(JsonWriter *out, Arena *arena, const Keyring *keyring, const char *key,
          const char *before, const EraseNames *names)
{
    json_put_key(out, key);
    json_put_array(out);
    for (size_t i = 0; i < names->count; i++)
        json_put_text(out, erased_address(arena, keyring->suppression,
                                          str_of(arena_format(arena, "%s" STR_FMT, before,
                                                              STR_ARG(names->list[i])))));
    json_put_end(out);
}

bool
erase_list_add(const char *path, const Keyring *keyring, int64_t ask, int64_t at,
               const ErasePerson *person, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "ask");
    json_put_id(&out, ask);
    json_put_key(&out, "at");
    json_put_int(&out, at);
    json_put_key(&out, "shop");
    json_put_int(&out, person->shop);
    json_put_key(&out, "kind");
    json_put_str(&out, person->whole_shop ? "erase_shop" : "erase");
    json_put_key(&out, "source");
    json_put_text(&out, person->source);
    json_put_key(&out, "address");
    json_put_text(&out, mark_of_address(arena, keyring, person->email_key));
    json_put_key(&out, "customer");
    json_put_text(&out, mark_of(arena, keyring, "customer", person->source, person->foreign_id));
    marks_put(&out, arena, keyring, "customers", "customer ", &person->customers);
    marks_put(&out, arena, keyring, "addresses", "", &person->addresses);
    json_put_key(&out, "orders");
    json_put_array(&out);
    for (size_t i = 0; i < json_len(person->listed); i++)
        json_put_text(&out, mark_of(arena, keyring, "order", person->source,
                                    json_text(json_nth(person->listed, i))));
    json_put_end(&out);
    json_put_end(&out);
    json_put_done(&out);
    /* Where the last line was cut off, ours begins on a fresh one. */
    Buf line = {.arena = arena};
    buf_add_char(&line, '\n');
    buf_add_str(&line, buf_str(&buf));
    buf_add_char(&line, '\n');
    return erase_list_make(path, keyring, error) && file_append(path, buf_str(&line), error);
}

/* ---- asking again ------------------------------------------------------------------------------------------- */

typedef struct Line {
    int64_t ask;
    int64_t at;
    int64_t shop;
    Str kind;
    Str source;
    Str address;           /* its fingerprint */
    const Json *addresses; /* the others', too; only to be remembered */
    /* What the store has under the fingerprints: */
    Str email_key;
    Str customer;
    GPtrArray *orders; /* of char *, the arena's */
    GArray *others;    /* Other: who was one person with the customer when that was erased */
} Line;

typedef struct Other {
    Str source, foreign_id;
} Other;

typedef struct Again {
    Db *db;
    const Keyring *keyring;
    Arena *arena;
    GArray *lines;     /* Line */
    GHashTable *marks; /* "SHOP fingerprint" -> index + 1 of the newest line that names it */
} Again;

static char *
mark_key(const Again *again, int64_t shop, Str mark)
{
    return arena_format(again->arena, "%" G_GINT64_FORMAT " " STR_FMT, shop, STR_ARG(mark));
}

/* nth: of the line, from 1 on. */
static void
mark_note(Again *again, int64_t shop, Str mark, guint nth)
{
    if (mark.len)
        g_hash_table_replace(again->marks, mark_key(again, shop, mark), GUINT_TO_POINTER(nth));
}

static void
marks_note(Again *again, int64_t shop, const Json *marks, guint nth)
{
    for (size_t i = 0; i < json_len(marks); i++)
        mark_note(again, shop, json_text(json_nth(marks, i)), nth);
}

static Line *
mark_find(const Again *again, int64_t shop, Str mark)
{
    guint found =
        mark.len ? GPOINTER_TO_UINT(g_hash_table_lookup(again->marks, mark_key(again, shop, mark)))
                 : 0;
    return found ? &g_array_index(again->lines, Line, found - 1) : NULL;
}

/* An asking is one line of ours, however often it was noted: after a crash, or once more when its person had come back. */
static Line *
line_of(Again *again, int64_t shop, int64_t ask)
{
    char id[ID_TEXT_BYTES];
    Str name = str_of(id_format(ask, id));
    Line *known = mark_find(again, shop, name);
    if (known)
        return known;
    Line line = {.ask = ask,
                 .shop = shop,
                 .orders = g_ptr_array_new(),
                 .others = g_array_new(false, false, sizeof(Other))};
    g_array_append_val(again->lines, line);
    mark_note(again, shop, name, again->lines->len);
    return &g_array_index(again->lines, Line, again->lines->len - 1);
}

/* Does the store know of it already? */
static bool
line_is_known(const Again *again, const Line *line, bool *ret, GError **error)
{
    int64_t known = 0;
    if (!db_int(again->db, Q_erase_again_known,
                BINDS(bind_int("shop", line->shop), bind_int("id", line->ask),
                      bind_int("at", line->at)),
                &known, error))
        return false;
    *ret = known != 0;
    return true;
}

static bool
head_check(const Keyring *keyring, const Json *root, GError **error)
{
    if (!str_is(json_text(json_get(root, "list")), "erased"))
        return fail(error, ERR_INPUT, "it is no list of erasures (" ERASE_LIST_FILE ")");
    if (!str_is(json_text(json_get(root, "key")), keyring->fingerprint))
        return fail(error, ERR_AUTH, "the list of erasures is of another key");
    return true;
}

static bool
line_read(Again *again, Str text, GError **error)
{
    /* A line that was cut off by a crash: what it noted had not begun. */
    const Json *root = json_parse(again->arena, text.at, text.len, NULL);
    Line told = {.address = json_text(json_get(root, "address"))};
    bool known = false;
    if (json_get(root, "list"))
        return head_check(again->keyring, root, error);
    if (!id_parse(json_text(json_get(root, "ask")), &told.ask) ||
        !json_int(json_get(root, "at"), &told.at) || !json_int(json_get(root, "shop"), &told.shop))
        return true;
    if (!line_is_known(again, &told, &known, error) || known)
        return known;
    Line *line = line_of(again, told.shop, told.ask);
    guint nth = (guint)(line - (Line *)(void *)again->lines->data) + 1;
    line->at = MAX(line->at, told.at);
    line->kind = json_text(json_get(root, "kind"));
    line->source = json_text(json_get(root, "source"));
    line->address = told.address.len ? told.address : line->address;
    mark_note(again, line->shop, told.address, nth);
    line->addresses = json_get(root, "addresses");
    mark_note(again, line->shop, json_text(json_get(root, "customer")), nth);
    marks_note(again, line->shop, json_get(root, "customers"), nth);
    marks_note(again, line->shop, json_get(root, "orders"), nth);
    return true;
}

/* An asking names one customer; the others are asked for each by itself. */
static void
line_add_customer(const Again *again, Line *line, Str source, Str foreign_id)
{
    Other other = {arena_copy(again->arena, source), arena_copy(again->arena, foreign_id)};
    if (!line->customer.len && str_eq(source, line->source))
        line->customer = other.foreign_id;
    else
        g_array_append_val(line->others, other);
}

/* What the store has under an address, or under the ids of one kind: fills the lines that name them. */
static bool
rows_match(Again *again, Query query, const char *kind, GError **error)
{
    bool orders = *kind == 'o';
    g_autoptr(Arena) scratch = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows = db_rows(again->db, query, NULL, error);
    while (rows && rows_next(rows)) {
        int64_t shop = rows_int(rows, 0);
        Str source = rows_text(rows, 1), foreign_id = rows_text(rows, 2),
            email = rows_text(rows, 3);
        arena_reset(scratch);
        Line *by_address = mark_find(again, shop, mark_of_address(scratch, again->keyring, email));
        if (by_address)
            by_address->email_key = arena_copy(again->arena, email);
        Line *line =
            mark_find(again, shop, mark_of(scratch, again->keyring, kind, source, foreign_id));
        if (line && orders)
            g_ptr_array_add(line->orders, arena_cstr(again->arena, foreign_id));
        else if (line && line != by_address) /* else the address names this customer already */
            line_add_customer(again, line, source, foreign_id);
    }
    return rows && rows_ok(rows, error);
}

static Str
orders_json(Arena *arena, const GPtrArray *orders)
{
    if (!orders->len)
        return (Str){0};
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_array(&out);
    for (guint i = 0; i < orders->len; i++)
        json_put_str(&out, orders->pdata[i]);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

static bool
ask_append(const Again *again, const Line *line, int64_t id, const Other *customer, bool all,
           GError **error)
{
    char of[ID_TEXT_BYTES];
    int64_t due_at = line->at + (int64_t)PRIVACY_DUE_DAYS * 24 * 60 * 60 * 1000;
    const char *name =
        arena_format(again->arena, "again:%" G_GINT64_FORMAT ":%s", line->at, id_format(id, of));
    return db_run(
        again->db, Q_privacy_append,
        BINDS(bind_int("id", id), bind_int("shop", line->shop), bind_int("at", line->at),
              bind_null("cause"), bind_text("kind", line->kind),
              bind_text("source", customer->source), bind_cstr("foreign_id", name),
              bind_some("customer_foreign_id", customer->foreign_id),
              bind_some("email", all ? line->email_key : STR("")), bind_null("phone"),
              bind_some("orders", all ? orders_json(again->arena, line->orders) : STR("")),
              bind_int("due_at", due_at)),
        NULL, error);
}

/* No list brings the address back, also where nothing of the person is there. */
static bool
line_remember(const Again *again, const Line *line, Str mark, GError **error)
{
    return !mark.len || db_run(again->db, Q_erase_remember,
                               BINDS(bind_int("id", id_new(KIND_SUPPRESSION)),
                                     bind_int("shop", line->shop), bind_int("at", line->at),
                                     bind_int("cause", line->ask), bind_text("mark", mark)),
                               NULL, error);
}

/* Asked as it was asked then. */
static bool
line_ask(const Again *again, const Line *line, GError **error)
{
    const Other first = {line->source, line->customer};
    if (!db_run(again->db, Q_erase_again_drop,
                BINDS(bind_int("shop", line->shop), bind_int("id", line->ask)), NULL, error) ||
        !ask_append(again, line, line->ask, &first, true, error) ||
        !line_remember(again, line, line->address, error))
        return false;
    for (guint i = 0; i < line->others->len; i++)
        if (!ask_append(again, line, id_new(KIND_PRIVACY_ASK),
                        &g_array_index(line->others, Other, i), false, error))
            return false;
    for (size_t i = 0; i < json_len(line->addresses); i++)
        if (!line_remember(again, line, json_text(json_nth(line->addresses, i)), error))
            return false;
    return true;
}

static bool
lines_ask(Again *again, GError **error)
{
    if (!rows_match(again, Q_erase_again_customers, "customer", error) ||
        !rows_match(again, Q_erase_again_orders, "order", error))
        return false;
    for (guint i = 0; i < again->lines->len; i++)
        if (!line_ask(again, &g_array_index(again->lines, Line, i), error))
            return false;
    return true;
}

static void
lines_free(GArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        g_ptr_array_unref(g_array_index(lines, Line, i).orders);
        g_array_unref(g_array_index(lines, Line, i).others);
    }
    g_array_unref(lines);
}

bool
erase_list_ask(Db *db, const Keyring *keyring, Str list, int64_t *ret_count, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str text;
    *ret_count = 0;
    str_split(&list, '\n', &text);
    if (!head_check(keyring, json_parse(arena, text.at, text.len, NULL), error))
        return false;
    Again again = {
        .db = db,
        .keyring = keyring,
        .arena = arena,
        .lines = g_array_new(false, true, sizeof(Line)),
        .marks = g_hash_table_new(g_str_hash, g_str_equal),
    };
    bool ok = true;
    while (ok && str_split(&list, '\n', &text))
        ok = !text.len || line_read(&again, text, error);
    ok = ok && (!again.lines->len || lines_ask(&again, error));
    *ret_count = again.lines->len;
    g_hash_table_unref(again.marks);
    lines_free(again.lines);
    return ok;
}
