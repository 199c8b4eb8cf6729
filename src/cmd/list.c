/* list.c - `postlude list`: the program's own tables with their help, and a shop's newest rows. */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/token.h"
#include "base/nearest.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "engine/id.h"
#include "feature/feature.h"
#include "flow/event.h"
#include "flow/journey.h"
#include "flow/reason.h"
#include "flow/section.h"
#include "flow/step.h"
#include "plug/connector/connector.h"
#include "plug/map.h"

#include <stdio.h>
#include <string.h>

typedef struct List {
    bool json;
    int64_t limit;
    Home *home; /* NULL for the program's own tables */
    const ShopEntry *shop;
    Db *db;
} List;

/* One row: names and values in turn, ended by NULL. */
static void
list_row(const List *list, ...)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    va_list args;
    va_start(args, list);
    if (list->json)
        json_put_object(&out);
    const char *name;
    bool first = true;
    while ((name = va_arg(args, const char *))) {
        const char *value = va_arg(args, const char *);
        if (list->json) {
            json_put_key(&out, name);
            json_put_str(&out, value);
        } else {
            buf_format(&buf, "%s%s", first ? "" : "\t", value ? value : "");
        }
        first = false;
    }
    va_end(args);
    if (list->json) {
        json_put_end(&out);
        json_put_done(&out);
    }
    printf("%s\n", buf_cstr(&buf));
}

/* ---- the program's own tables ------------------------------------------------------------------------------------ */

static bool
list_events(const List *list, GError **error)
{
    for (int kind = 0; kind < EVENT_COUNT; kind++)
        list_row(list, "name", event_slug((EventKind)kind), "help", event_help((EventKind)kind),
                 NULL);
    return true;
}

static bool
list_errors(const List *list, GError **error)
{
    for (int code = 0; code < ERR_COUNT; code++) {
        const GError example = {POSTLUDE_ERROR, code, NULL};
        const ErrorRow *row = error_row(&example);
        g_autofree char *http = g_strdup_printf("%d", row->http);
        list_row(list, "name", row->slug, "http", http, "again", row->again ? "yes" : "no", "help",
                 row->cure, NULL);
    }
    return true;
}

static bool
list_reasons(const List *list, GError **error)
{
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        list_row(list, "name", reason_slug((Reason)reason), "help", reason_words((Reason)reason),
                 NULL);
    return true;
}

static bool
list_settings(const List *list, GError **error)
{
    const char *field, *help;
    for (size_t n = 0; (field = setting_field_nth(n, &help)); n++)
        list_row(list, "name", field, "default", "", "kept", "open", "help", help, NULL);
    for (int i = 0; i < SETTINGS_END; i++) {
        const ShopSettingRow *row = setting_row((Setting)i);
        list_row(list, "name", row->key, "default", row->value, "kept",
                 row->secret ? "sealed" : "open", "help", row->help, NULL);
    }
    return true;
}

static bool
list_connectors(const List *list, GError **error)
{
    for (size_t n = 0; connector_nth(n); n++)
        list_row(list, "name", connector_nth(n)->name, "title", connector_nth(n)->title, "setting",
                 connector_nth(n)->secret, "help", connector_nth(n)->help, NULL);
    return true;
}

static bool
list_maps(const List *list, GError **error)
{
    for (size_t n = 0; map_ready_nth(n); n++)
        list_row(list, "name", map_ready_nth(n), "use", "shop set SLUG generic.map=NAME", NULL);
    return true;
}

/* Each section of mails, and below it what can be set of it. */
static bool
list_sections(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    SectionBook book;
    if (!section_book_read(arena, &book, error))
        return false;
    for (size_t i = 0; i < book.count; i++) {
        const Section *section = &book.list[i];
        const char *name = arena_cstr(arena, section->name);
        list_row(list, "section", name, "setting", "", "type",
                 section->fixed    ? "stays where it is"
                 : section->always ? "cannot be off"
                                   : "can be off",
                 "help", arena_cstr(arena, section->title), NULL);
        for (size_t j = 0; j < section->setting_count; j++) {
            const SectionSetting *setting = &section->settings[j];
            list_row(list, "section", name, "setting", arena_cstr(arena, setting->name), "type",
                     section_type_name(setting->type), "help", arena_cstr(arena, setting->help),
                     NULL);
        }
    }
    return true;
}

static bool
list_steps(const List *list, GError **error)
{
    const char *name;
    const Step *step;
    for (size_t n = 0; (step = step_nth(n, &name)); n++) {
        list_row(list, "name", name, "field", "", "help", step->help, NULL);
        for (const StepField *field = step->fields; field->name; field++)
            list_row(list, "name", name, "field", field->name, "help", field->help, NULL);
    }
    return true;
}

static bool
list_journeys(const List *list, GError **error)
{
    g_autoptr(JourneyBook) book = journeys_new(error);
    for (size_t n = 0; book && journey_nth(book, n); n++)
        list_row(list, "name", journey_nth(book, n)->name, "event",
                 event_slug(journey_nth(book, n)->event), "title", journey_nth(book, n)->title,
                 NULL);
    return book != NULL;
}

static bool
list_routes(const List *list, GError **error)
{
    const char *name;
    const Feature *feature;
    for (size_t n = 0; (feature = feature_nth(n, &name)); n++)
        for (const Route *route = feature->routes; route->pattern; route++)
            list_row(list, "room", name, "method", http_method_name(route->method), "pattern",
                     route->pattern, NULL);
    return true;
}

/* ---- a shop's rows -------------------------------------------------------------------------------------------------- */

static bool
list_orders(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows =
        db_rows(list->db, Q_order_page,
                BINDS(bind_int("shop", list->shop->shop.id), bind_int("before", INT64_MAX),
                      bind_int("limit", list->limit)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char id[ID_TEXT_BYTES], at[WHEN_BYTES];
        when_iso(rows_int(rows, 4), at);
        const char *page =
            arena_format(arena, "/o/%s",
                         token_make(arena, list->home->keyring->links, "order", rows_int(rows, 0),
                                    (uint32_t)rows_int(rows, 10)));
        list_row(list, "id", id_format(rows_int(rows, 0), id), "name",
                 arena_cstr(arena, rows_text(rows, 1)), "foreign_id",
                 arena_cstr(arena, rows_text(rows, 2)), "placed_at", at, "payment",
                 arena_cstr(arena, rows_text(rows, 7)), "page", page, NULL);
        arena_reset(arena);
    }
    return rows_ok(rows, error);
}

static bool
list_messages(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows =
        db_rows(list->db, Q_list_messages,
                BINDS(bind_int("shop", list->shop->shop.id), bind_int("before", INT64_MAX),
                      bind_int("limit", list->limit)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char id[ID_TEXT_BYTES], at[WHEN_BYTES];
        when_iso(rows_int(rows, 1), at);
        list_row(list, "id", id_format(rows_int(rows, 0), id), "at", at, "to",
                 arena_cstr(arena, rows_text(rows, 2)), "template",
                 arena_cstr(arena, rows_text(rows, 3)), "state",
                 arena_cstr(arena, rows_text(rows, 4)), "reason",
                 arena_cstr(arena, rows_text(rows, 5)), "words",
                 arena_cstr(arena, rows_text(rows, 6)), "subject",
                 arena_cstr(arena, rows_text(rows, 7)), NULL);
        arena_reset(arena);
    }
    return rows_ok(rows, error);
}

static bool
list_unread(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows =
        db_rows(list->db, Q_inbox_unread,
                BINDS(bind_int("shop", list->shop->shop.id), bind_int("before", INT64_MAX),
                      bind_int("limit", list->limit)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char id[ID_TEXT_BYTES], at[WHEN_BYTES];
        when_iso(rows_int(rows, 1), at);
        list_row(list, "id", id_format(rows_int(rows, 0), id), "at", at, "connector",
                 arena_cstr(arena, rows_text(rows, 2)), "topic",
                 arena_cstr(arena, rows_text(rows, 3)), "state",
                 arena_cstr(arena, rows_text(rows, 5)), "reason",
                 arena_cstr(arena, rows_text(rows, 6)), NULL);
        arena_reset(arena);
    }
    return rows_ok(rows, error);
}

static bool
list_aside(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows = db_rows(
        list->db, Q_list_aside,
        BINDS(bind_int("shop", list->shop->shop.id), bind_int("limit", list->limit)), error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char id[ID_TEXT_BYTES], at[WHEN_BYTES];
        when_iso(rows_int(rows, 1), at);
        list_row(list, "id", id_format(rows_int(rows, 0), id), "at", at, "what",
                 arena_cstr(arena, rows_text(rows, 2)), "words",
                 arena_cstr(arena, rows_text(rows, 3)), NULL);
        arena_reset(arena);
    }
    return rows_ok(rows, error);
}

/* Whom we ask for what webhooks did not bring. */
static bool
list_polls(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows = db_rows(
        list->db, Q_poll_list,
        BINDS(bind_int("shop", list->shop->shop.id), bind_int("limit", list->limit)), error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char polled[WHEN_BYTES] = "", wake[WHEN_BYTES], since[WHEN_BYTES];
        if (!rows_is_null(rows, 2))
            when_iso(rows_int(rows, 2), polled);
        when_iso(rows_int(rows, 3), wake);
        when_iso(rows_int(rows, 4), since);
        list_row(list, "connector", arena_cstr(arena, rows_text(rows, 0)), "noun",
                 arena_cstr(arena, rows_text(rows, 1)), "polled_at", polled, "next", wake, "since",
                 since, "failures", arena_format(arena, "%" G_GINT64_FORMAT, rows_int(rows, 5)),
                 "reason", arena_cstr(arena, rows_text(rows, 6)), "hidden",
                 arena_cstr(arena, rows_text(rows, 7)), NULL);
        arena_reset(arena);
    }
    return rows_ok(rows, error);
}

static bool
list_mailboxes(const List *list, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows =
        db_rows(list->db, Q_list_mailboxes, BINDS(bind_int("shop", list->shop->shop.id)), error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        char at[WHEN_BYTES] = "never";
        if (rows_int(rows, 2))
            when_iso(rows_int(rows, 2), at);
        list_row(list, "kind", arena_cstr(arena, rows_text(rows, 0)), "place",
                 arena_cstr(arena, rows_text(rows, 1)), "read_at", at, "taken",
                 arena_format(arena, "%" G_GINT64_FORMAT, rows_int(rows, 3)), "failures",
                 arena_format(arena, "%" G_GINT64_FORMAT, rows_int(rows, 4)), "reason",
                 arena_cstr(arena, rows_text(rows, 5)), NULL);
    }
    return rows_ok(rows, error);
}

/* ---- the verb ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    bool of_shop;
    bool (*run)(const List *list, GError **error);
} lists[] = {
    {"events", false, list_events},
    {"errors", false, list_errors},
    {"reasons", false, list_reasons},
    {"settings", false, list_settings},
    {"connectors", false, list_connectors},
    {"maps", false, list_maps},
    {"sections", false, list_sections},
    {"steps", false, list_steps},
    {"journeys", false, list_journeys},
    {"routes", false, list_routes},
    {"orders", true, list_orders},
    {"messages", true, list_messages},
    {"unread", true, list_unread},
    {"aside", true, list_aside},
    {"polls", true, list_polls},
    {"mailboxes", true, list_mailboxes},
};

/* With one shop nobody has to say which. */
static const ShopEntry *
shop_of(Home *home, const char *slug, GError **error)
{
    g_autoptr(ShopHold) first = shopbook_nth(home->shops, 0);
    g_autoptr(ShopHold) second = shopbook_nth(home->shops, 1);
    if (slug || !first)
        return home_shop(home, slug ? slug : "", error);
    if (!second)
        return home_shop(home, first->shop.slug.at, error);
    fail(error, ERR_USAGE, "there are several shops: say which with --shop, as " STR_FMT,
         STR_ARG(first->shop.slug));
    return NULL;
}

static int
list_of_shop(List *list, const char *data, const char *slug,
             bool (*run)(const List *list, GError **error))
{
    g_autoptr(GError) error = NULL;
    HomeOptions options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&options, &error);
    if (!home)
        return cmd_fail(error);
    g_autoptr(ShopHold) shop = shop_of(home, slug, &error);
    list->home = home;
    list->shop = shop;
    list->db = shop ? store_reader(home->store, &error) : NULL;
    bool ok = list->db && run(list, &error);
    store_reader_return(home->store, list->db);
    return ok ? GUARD_OK : cmd_fail(error);
}

int
cmd_list(int argc, char **argv)
{
    g_autofree char *slug = NULL;
    gboolean json = FALSE;
    List list = {.limit = 100};
    const GOptionEntry entries[] = {
        {"shop", 0, 0, G_OPTION_ARG_STRING, &slug, "Of this shop (the only one)", "SLUG"},
        {"limit", 0, 0, G_OPTION_ARG_INT64, &list.limit, "Rows at most (100)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON object a row", NULL},
        {0},
    };
    CmdOptions options = {
        .usage = "list "
                 "orders|messages|unread|aside|polls|mailboxes|settings|events|errors|reasons|"
                 "connectors|maps|"
                 "sections|steps|journeys|"
                 "routes [--shop SLUG]",
        .help = "Prints the newest rows of a shop, or a table of the program with its help.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    list.json = json;
    if (argc != 2)
        return cmd_usage(&options, "list takes one word: what to list");
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (strcmp(lists[i].what, argv[1]) != 0)
            continue;
        if (lists[i].of_shop)
            return list_of_shop(&list, data, slug, lists[i].run);
        g_autoptr(GError) error = NULL;
        return lists[i].run(&list, &error) ? GUARD_OK : cmd_fail(error);
    }
    const char *names[G_N_ELEMENTS(lists) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        names[i] = lists[i].what;
    const char *near = nearest_name(names, str_of(argv[1]));
    return cmd_usage(&options, "there is no list '%s'%s%s%s", argv[1],
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
