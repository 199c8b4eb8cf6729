/* erase_person.c - see erase_person.h. */
#include "flow/erase_person.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"

/* ---- gathering ---------------------------------------------------------------------------------------------- */

static void
names_put_in(EraseNames *names, Arena *arena, Str text)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->list[i], text))
            return;
    if (names->count == ERASE_NAMES_MOST)
        return;
    if (names->count == names->room) {
        Str *more = arena_new_of(arena, Str, MAX(16, names->room * 2));
        for (size_t i = 0; i < names->count; i++)
            more[i] = names->list[i];
        names->room = MAX(16, names->room * 2);
        names->list = more;
    }
    names->list[names->count++] = text;
}

static void
names_add(EraseNames *names, Arena *arena, Str text, size_t least)
{
    Str small = text_lower(arena, text);
    if (text.len >= least)
        names_put_in(names, arena, small);
}

static void
person_add(ErasePerson *person, Arena *arena, Str foreign_id, Str address, Str phone)
{
    /* A telephone number is an address, too: people choose about text messages. */
    names_add(&person->addresses, arena, address, 1);
    names_add(&person->addresses, arena, phone, 1);
    names_add(&person->names, arena, address, NEEDLE_LEAST);
    names_add(&person->names, arena, phone, NEEDLE_LEAST);
    names_add(&person->names, arena, foreign_id, NEEDLE_LEAST);
}

static void
customer_add(ErasePerson *person, Arena *arena, Str source, Str foreign_id)
{
    names_put_in(
        &person->customers, arena,
        str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(source), STR_ARG(foreign_id))));
}

/* The customers and the orders of the person: their ids and addresses are what raw deliveries are known by. */
static bool
rows_gather(ErasePerson *person, Arena *arena, Db *db, Query query, GError **error)
{
    bool customers = query == Q_erase_customers;
    g_autoptr(Rows) rows = db_rows(
        db, query,
        BINDS(bind_int("shop", person->shop), bind_text("source", person->source),
              bind_text("foreign_id", person->foreign_id),
              bind_text("email_key", person->email_key), bind_int("limit", ERASE_NAMES_MOST)),
        error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        person_add(person, arena, rows_text(rows, 0), rows_text(rows, 1), rows_text(rows, 2));
        if (customers)
            customer_add(person, arena, rows_text(rows, 3), rows_text(rows, 0));
    }
    return rows_ok(rows, error);
}

Rows *
erase_person_listed(const ErasePerson *person, Db *db, size_t i, GError **error)
{
    return db_rows(db, Q_erase_listed_order,
                   BINDS(bind_int("shop", person->shop), bind_text("source", person->source),
                         bind_text("foreign_id", json_text(json_nth(person->listed, i)))),
                   error);
}

static bool
listed_gather(ErasePerson *person, Arena *arena, Db *db, GError **error)
{
    for (size_t i = 0; i < json_len(person->listed); i++) {
        g_autoptr(Rows) rows = erase_person_listed(person, db, i, error);
        if (!rows)
            return false;
        if (rows_next(rows))
            person_add(person, arena, json_text(json_nth(person->listed, i)), rows_text(rows, 6),
                       rows_text(rows, 7));
        if (!rows_ok(rows, error))
            return false;
    }
    return true;
}

static void
person_look(ErasePerson *person)
{
    person->needles = needles_new(person->names.list, person->names.count);
}

bool
erase_person_gather(ErasePerson *person, Arena *arena, Db *db, GError **error)
{
    if (person->whole_shop)
        return true;
    person_add(person, arena, (Str){0}, person->email_key, person->phone);
    if (!rows_gather(person, arena, db, Q_erase_customers, error) ||
        !rows_gather(person, arena, db, Q_erase_order_traces, error) ||
        !listed_gather(person, arena, db, error))
        return false;
    person_look(person);
    return true;
}

void
erase_person_clear(ErasePerson *person)
{
    needles_free(person->needles);
    *person = (ErasePerson){0};
}

/* ---- kept with the asking ------------------------------------------------------------------------------------ */

static void
names_put(JsonWriter *out, const char *key, const EraseNames *names)
{
    json_put_key(out, key);
    json_put_array(out);
    for (size_t i = 0; i < names->count; i++)
        json_put_text(out, names->list[i]);
    json_put_end(out);
}

Str
erase_person_write(const ErasePerson *person, Arena *arena)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    names_put(&out, "addresses", &person->addresses);
    names_put(&out, "names", &person->names);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

static void
names_read(EraseNames *names, Arena *arena, const Json *list)
{
    for (size_t i = 0; i < json_len(list); i++)
        names_add(names, arena, json_text(json_nth(list, i)), 1);
}

bool
erase_person_read(ErasePerson *person, Arena *arena, Str gathered, GError **error)
{
    const Json *root = json_parse(arena, gathered.at, gathered.len, error);
    if (!root)
        return fail_at(error, "what an asking has gathered");
    names_read(&person->addresses, arena, json_get(root, "addresses"));
    names_read(&person->names, arena, json_get(root, "names"));
    person_look(person);
    return true;
}

/* ---- whose it is ----------------------------------------------------------------------------------------------- */

bool
erase_person_has(const ErasePerson *person, Arena *arena, Str address)
{
    Str small = text_lower(arena, address);
    for (size_t i = 0; i < person->addresses.count; i++)
        if (str_eq(small, person->addresses.list[i]))
            return true;
    return person->whole_shop;
}

typedef struct Cutting {
    const ErasePerson *person;
    Arena *arena;
    JsonWriter *out;
    size_t left; /* elements of lists that name somebody else */
} Cutting;

static bool
element_names(const Cutting *cutting, const Json *element)
{
    Buf buf = {.arena = cutting->arena};
    JsonWriter out = {.buf = &buf};
    json_put_value(&out, element);
    json_put_done(&out);
    return needles_found(cutting->person->needles, buf_str(&buf));
}

/* The outermost lists lose what names the person; what is in their elements stays as it is. */
static void
value_cut(Cutting *cutting, const Json *value)
{
    if (json_type(value) == JSON_OBJECT) {
        json_put_object(cutting->out);
        for (size_t i = 0; i < json_len(value); i++) {
            json_put_key_text(cutting->out, json_key(value, i));
            value_cut(cutting, json_nth(value, i));
        }
        json_put_end(cutting->out);
    } else if (json_type(value) == JSON_ARRAY) {
        json_put_array(cutting->out);
        for (size_t i = 0; i < json_len(value); i++) {
            if (element_names(cutting, json_nth(value, i)))
                continue;
            json_put_value(cutting->out, json_nth(value, i));
            cutting->left += json_type(json_nth(value, i)) == JSON_OBJECT;
        }
        json_put_end(cutting->out);
    } else
        json_put_value(cutting->out, value);
}

bool
erase_person_cut(const ErasePerson *person, Arena *arena, Str body, Str *ret)
{
    if (person->whole_shop)
        return false;
    const Json *root = json_parse(arena, body.at, body.len, NULL);
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    Cutting cutting = {.person = person, .arena = arena, .out = &out};
    if (!root)
        return false;
    value_cut(&cutting, root);
    json_put_done(&out);
    if (!cutting.left || needles_found(person->needles, buf_str(&buf)))
        return false;
    *ret = buf_str(&buf);
    return true;
}
