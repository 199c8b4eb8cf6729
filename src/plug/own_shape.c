/* own_shape.c - see own_shape.h. */
#include "plug/own_shape.h"

#include "base/address.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/money.h"
#include "base/text.h"
#include "base/when.h"
#include "plug/plug.h"

#include <string.h>

/* 9,999,999,999 units of any currency, a million times, is still an int64_t of its cents. */
#define AMOUNT_DIGITS "[0-9]{1,10}(\\.[0-9]{1,4})?$"
enum { AMOUNT_DIGITS_MOST = 10 };
static const double AMOUNT_MOST = 9999999999.0;

static const OwnTypeRow types[OWN_TYPES] = {
    [OWN_TEXT] = {"string", NULL, NULL, OWN_TEXT_CHARS, "a text of at most 1,000 characters"},
    [OWN_ID] = {"string", "^[!-~]([ -~]*[!-~])?$", NULL, OWN_ID_CHARS,
                "an id: a text of at most 200 ASCII letters, digits and signs"},
    [OWN_EMAIL] = {"string", NULL, "email", LIMIT_ADDRESS_BYTES,
                   "a mail address like ana@example.com"},
    [OWN_URL] = {"string", "^https?://[!-~]+$", NULL, OWN_URL_CHARS,
                 "an address that begins with https:// or http://"},
    [OWN_NAME] = {"string", "^[a-z0-9_-]+$", NULL, OWN_NAME_CHARS,
                  "a name of small letters, digits, - and _"},
    [OWN_KIND] = {"string", "^shop\\.[a-z0-9_]+$", NULL, OWN_NAME_CHARS,
                  "a name of yours behind `shop.`, like shop.fitting_booked"},
    [OWN_CURRENCY] = {"string", NULL, NULL, 0, "an ISO 4217 currency like EUR"},
    [OWN_AMOUNT] = {NULL, "^-?" AMOUNT_DIGITS, NULL, 0,
                    "an amount like \"19.90\", below ten thousand million"},
    [OWN_SUM] = {NULL, "^" AMOUNT_DIGITS, NULL, 0,
                 "an amount like \"19.90\", from 0 to below ten thousand million"},
    [OWN_MOMENT] = {"string", NULL, "date-time", 0, "a time like 2026-05-01T10:00:00Z"},
    [OWN_DAY] = {"string",
                 "^((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
                 "02-(0[1-9]|[12][0-9]))$",
                 NULL, 0, "month and day like 02-29"},
    [OWN_COUNT] = {"integer", NULL, NULL, 0, "a whole number from 0 to 1,000,000"},
    [OWN_YES] = {"boolean", NULL, NULL, 0, "true or false"},
    [OWN_WORD] = {"string", NULL, NULL, 0, NULL},
    [OWN_SLUG] = {"string", NULL, NULL, 0, NULL},
    [OWN_PROPERTIES] = {"object", NULL, NULL, 0,
                        "an object of at most 50 members and 16 kB of JSON"},
    [OWN_OBJECT] = {"object", NULL, NULL, 0, "an object"},
    [OWN_LIST] = {"array", NULL, NULL, 0, "a list"},
};

const OwnTypeRow *
own_type_row(OwnType type)
{
    must((int)type >= 0 && type < OWN_TYPES);
    return &types[type];
}

const char *const *
own_currencies(Arena *arena, size_t *ret_count)
{
    enum { LETTERS = 26, KNOWN_MOST = 400 };
    const char **list = arena_new_of(arena, const char *, KNOWN_MOST);
    *ret_count = 0;
    for (int i = 0; i < LETTERS * LETTERS * LETTERS && *ret_count < KNOWN_MOST; i++) {
        char code[] = {(char)('A' + i / (LETTERS * LETTERS)), (char)('A' + i / LETTERS % LETTERS),
                       (char)('A' + i % LETTERS), '\0'};
        if (money_digits(code) >= 0)
            list[(*ret_count)++] = arena_format(arena, "%s", code);
    }
    return list;
}

/* ---- what is wrong -------------------------------------------------------------------------------------------- */

bool
own_wrong(OwnReading *reading, const char *pointer, const char *format, ...)
{
    if (reading->problem_count == OWN_PROBLEMS_MOST)
        return false;
    va_list list;
    va_start(list, format);
    g_autofree char *words = g_strdup_vprintf(format, list);
    va_end(list);
    OwnProblem *problem = &reading->problems[reading->problem_count++];
    problem->pointer = pointer;
    problem->detail = arena_cstr(reading->arena, str_of(words));
    return false;
}

/* RFC 6901 3: ~ and / within a key. */
static const char *
pointer_below(Arena *arena, const char *pointer, Str key)
{
    enum { KEY_SHOWN = 100 };
    Buf below = {.arena = arena};
    Str shown = text_cut(key, KEY_SHOWN);
    buf_add_cstr(&below, pointer);
    buf_add_char(&below, '/');
    for (size_t i = 0; i < shown.len; i++)
        if (shown.at[i] == '~' || shown.at[i] == '/')
            buf_add_cstr(&below, shown.at[i] == '~' ? "~0" : "~1");
        else
            buf_add_char(&below, shown.at[i]);
    return buf_cstr(&below);
}

/* ---- one member ------------------------------------------------------------------------------------------------ */

typedef struct Member {
    const OwnField *field;
    const Json *value;
    const char *pointer;
    void *place; /* NULL: only look */
} Member;

static bool shape_read(OwnReading *reading, const OwnShape *shape, const Json *object,
                       const char *pointer, void *place);

static bool
member_wrong(OwnReading *reading, const Member *member)
{
    const OwnField *field = member->field;
    if (!field->words)
        return own_wrong(reading, member->pointer, "here stands %s", types[field->type].words);
    Buf known = {.arena = reading->arena};
    for (size_t i = 0; field->words[i]; i++)
        buf_format(&known, "%s%s", i ? ", " : "", field->words[i]);
    return own_wrong(reading, member->pointer, "here stands one of %s", buf_cstr(&known));
}

static bool
id_is(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    return text.len && text.at[0] != ' ' && text.at[text.len - 1] != ' ';
}

static bool
name_is(Str text, const char *signs)
{
    for (size_t i = 0; i < text.len; i++)
        if (!g_ascii_islower(text.at[i]) && !g_ascii_isdigit(text.at[i]) &&
            !strchr(signs, text.at[i]))
            return false;
    return text.len && !text_has(text, '\0');
}

static bool
url_is(Str text)
{
    Str rest = str_starts(text, "https://")  ? str_sub(text, 8, text.len)
               : str_starts(text, "http://") ? str_sub(text, 7, text.len)
                                             : (Str){0};
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] <= ' ' || rest.at[i] > '~')
            return false;
    return rest.len > 0;
}

static bool
email_is(OwnReading *reading, Str text)
{
    Address address;
    return address_parse_spec(reading->arena, text, &address, NULL);
}

static bool
currency_is(Str text)
{
    char code[4] = "";
    if (text.len != 3)
        return false;
    memcpy(code, text.at, 3);
    return money_digits(code) >= 0;
}

static bool
text_fits(OwnReading *reading, const OwnField *field, Str text)
{
    size_t most = types[field->type].chars;
    if (most && (text.len > 4 * most || text_count(text) > most))
        return false;
    switch (field->type) {
    case OWN_ID:
        return id_is(text);
    case OWN_EMAIL:
        return email_is(reading, text);
    case OWN_URL:
        return url_is(text);
    case OWN_NAME:
        return name_is(text, "-_");
    case OWN_KIND:
        return str_starts(text, "shop.") && name_is(str_sub(text, 5, text.len), "_");
    case OWN_CURRENCY:
        return currency_is(text);
    default:
        return true;
    }
}

/* Our own words are looked at, a table's texts are taken as they are. */
static bool
text_read_loose(OwnReading *reading, const Member *member)
{
    if (json_type(member->value) == JSON_OBJECT || json_type(member->value) == JSON_ARRAY)
        return member_wrong(reading, member);
    Str text = text_cut(str_trim(json_as_text(reading->arena, member->value)), LIMIT_TEXT_BYTES);
    if (member->place)
        *(Str *)member->place = text;
    return true;
}

static bool
text_read(OwnReading *reading, const Member *member)
{
    if (reading->loose)
        return text_read_loose(reading, member);
    Str text = json_text(member->value);
    if (json_type(member->value) != JSON_STRING || !text_fits(reading, member->field, text))
        return member_wrong(reading, member);
    if (member->place)
        *(Str *)member->place = str_trim(text);
    return true;
}

static bool
amount_form(Str text, bool signed_too)
{
    size_t at = signed_too && str_starts(text, "-"), units = 0, fraction = 0;
    for (; at < text.len && g_ascii_isdigit(text.at[at]); at++)
        units++;
    if (at < text.len && text.at[at] == '.')
        for (at++; at < text.len && g_ascii_isdigit(text.at[at]); at++)
            fraction++;
    bool pointed = units && units < text.len && text_has(text, '.');
    return at == text.len && units && units <= AMOUNT_DIGITS_MOST && fraction <= 4 &&
           (fraction || !pointed);
}

/* As a text of any length and number of digits. */
static bool
amount_read_loose(OwnReading *reading, const Member *member)
{
    Money money = {0};
    if (!money_parse_rounded(str_trim(json_as_text(reading->arena, member->value)),
                             reading->currency, &money, NULL))
        return member_wrong(reading, member);
    if (money.minor < 0 && member->field->type == OWN_SUM)
        return own_wrong(reading, member->pointer, "money that went back is told without a minus");
    if (member->place)
        *(int64_t *)member->place = money.minor;
    return true;
}

static bool
amount_read(OwnReading *reading, const Member *member)
{
    bool signed_too = member->field->type == OWN_AMOUNT;
    Money money = {0};
    double number = 0;
    if (reading->loose)
        return amount_read_loose(reading, member);
    bool fits = json_type(member->value) == JSON_STRING
                    ? amount_form(json_text(member->value), signed_too)
                    : json_double(member->value, &number) && number <= AMOUNT_MOST &&
                          number >= (signed_too ? -AMOUNT_MOST : 0);
    if (!fits || !money_parse_rounded(json_as_text(reading->arena, member->value),
                                      reading->currency, &money, NULL))
        return member_wrong(reading, member);
    if (member->place)
        *(int64_t *)member->place = money.minor;
    return true;
}

static bool
moment_read(OwnReading *reading, const Member *member)
{
    int64_t at = 0;
    if (json_type(member->value) != JSON_STRING ||
        !when_parse(json_text(member->value), reading->shop->zone, &at, NULL))
        return member_wrong(reading, member);
    if (member->place)
        *(int64_t *)member->place = at;
    return true;
}

static bool
day_read(OwnReading *reading, const Member *member)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    Str text = json_text(member->value);
    bool fits = text.len == 5 && text.at[2] == '-';
    for (size_t i = 0; fits && i < text.len; i++)
        fits = i == 2 || g_ascii_isdigit(text.at[i]);
    int month = fits ? (text.at[0] - '0') * 10 + text.at[1] - '0' : 0;
    int day = fits ? (text.at[3] - '0') * 10 + text.at[4] - '0' : 0;
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return member_wrong(reading, member);
    if (member->place)
        *(int32_t *)member->place = month * 100 + day;
    return true;
}

/* "3", and "3.0" as programs write a column in which a number is missing somewhere. */
static bool
digits_read(Str text, int64_t *ret)
{
    const size_t most = 9;
    size_t at = 0;
    for (*ret = 0; at < text.len && g_ascii_isdigit(text.at[at]); at++)
        *ret = *ret * 10 + g_ascii_digit_value(text.at[at]);
    bool read = at > 0 && at <= most;
    if (at < text.len && text.at[at] == '.')
        for (at++; at < text.len && text.at[at] == '0';)
            at++;
    return read && at == text.len;
}

static bool
count_read(OwnReading *reading, const Member *member)
{
    int64_t number = 0;
    bool read = json_int(member->value, &number) ||
                (reading->loose && digits_read(json_text(member->value), &number));
    if (!read || number < 0 || number > OWN_COUNT_MOST)
        return member_wrong(reading, member);
    if (member->place)
        *(int64_t *)member->place = number;
    return true;
}

static bool
yes_read(OwnReading *reading, const Member *member)
{
    bool truth = false;
    if (!json_bool(member->value, &truth))
        return member_wrong(reading, member);
    if (member->place)
        *(bool *)member->place = truth;
    return true;
}

static bool
word_read(OwnReading *reading, const Member *member)
{
    const OwnField *field = member->field;
    for (int i = 0; json_type(member->value) == JSON_STRING && field->words[i]; i++) {
        if (!str_is(json_text(member->value), field->words[i]))
            continue;
        if (member->place && field->type == OWN_WORD)
            *(int *)member->place = i;
        else if (member->place)
            *(Str *)member->place = str_of(field->words[i]);
        return true;
    }
    return member_wrong(reading, member);
}

static bool
properties_read(OwnReading *reading, const Member *member)
{
    Buf buf = {.arena = reading->arena};
    JsonWriter out = {.buf = &buf};
    if (json_type(member->value) != JSON_OBJECT || json_len(member->value) > OWN_PROPERTIES_MOST)
        return member_wrong(reading, member);
    json_put_value(&out, member->value);
    json_put_done(&out);
    if (buf.len > OWN_PROPERTIES_BYTES)
        return member_wrong(reading, member);
    if (member->place)
        *(Str *)member->place = buf_str(&buf);
    return true;
}

/* The list's own struct has the length beside it: `owner` is that struct. */
static bool
list_read(OwnReading *reading, const Member *member, char *owner)
{
    const OwnField *field = member->field;
    size_t count = json_len(member->value);
    bool fine = true;
    if (json_type(member->value) != JSON_ARRAY || count > field->most)
        return own_wrong(reading, member->pointer, "here stands a list of at most %zu objects",
                         field->most);
    char *all = member->place ? arena_alloc(reading->arena, field->shape->size * count) : NULL;
    for (size_t i = 0; i < count; i++)
        fine &= shape_read(reading, field->shape, json_nth(member->value, i),
                           arena_format(reading->arena, "%s/%zu", member->pointer, i),
                           all ? all + i * field->shape->size : NULL);
    if (all) {
        *(void **)member->place = all;
        *(size_t *)(void *)(owner + field->count_at) = count;
    }
    return fine;
}

static bool
member_read(OwnReading *reading, const Member *member, char *owner)
{
    switch (member->field->type) {
    case OWN_AMOUNT:
    case OWN_SUM:
        return amount_read(reading, member);
    case OWN_MOMENT:
        return moment_read(reading, member);
    case OWN_DAY:
        return day_read(reading, member);
    case OWN_COUNT:
        return count_read(reading, member);
    case OWN_YES:
        return yes_read(reading, member);
    case OWN_WORD:
    case OWN_SLUG:
        return word_read(reading, member);
    case OWN_PROPERTIES:
        return properties_read(reading, member);
    case OWN_OBJECT:
        return shape_read(reading, member->field->shape, member->value, member->pointer,
                          member->place);
    case OWN_LIST:
        return list_read(reading, member, owner);
    default:
        return text_read(reading, member);
    }
}

/* ---- one object -------------------------------------------------------------------------------------------------- */

/* A name that nobody knows is wrong, since a slip would lose a fact. */
static bool
names_check(OwnReading *reading, const OwnShape *shape, const Json *object, const char *pointer)
{
    bool fine = true;
    const char *names[128];
    size_t count = 0;
    for (; shape->fields[count].name; count++) {
        must(count < G_N_ELEMENTS(names));
        names[count] = shape->fields[count].name;
    }
    for (size_t i = 0; i < json_len(object); i++) {
        Str key = json_key(object, i);
        size_t known = 0;
        while (known < count && !str_is(key, names[known]))
            known++;
        if (known < count)
            continue;
        const char *below = pointer_below(reading->arena, pointer, key);
        fine = own_wrong(reading, below, "there is no such field");
        if (reading->problem_count == OWN_PROBLEMS_MOST)
            break;
    }
    return fine;
}

/* In a table an empty cell says nothing. */
static bool
member_missing(const OwnReading *reading, const Json *value)
{
    return json_missing(value) ||
           (reading->loose && json_type(value) == JSON_STRING && !str_trim(json_text(value)).len);
}

static void
preset(const OwnField *field, void *place)
{
    if (field->type == OWN_COUNT)
        *(int64_t *)place = field->preset;
    else if (field->type == OWN_YES)
        *(bool *)place = field->preset != 0;
}

static bool
shape_read(OwnReading *reading, const OwnShape *shape, const Json *object, const char *pointer,
           void *place)
{
    if (json_type(object) != JSON_OBJECT)
        return own_wrong(reading, pointer, "here stands an object, not %s", json_type_name(object));
    bool fine = names_check(reading, shape, object, pointer);
    for (const OwnField *field = shape->fields; field->name; field++) {
        Member member = {
            .field = field,
            .value = json_get(object, field->name),
            .pointer = arena_format(reading->arena, "%s/%s", pointer, field->name),
            .place = place ? (char *)place + field->offset : NULL,
        };
        if (place && field->preset)
            preset(field, member.place);
        if (!member_missing(reading, member.value))
            fine &= member_read(reading, &member, place);
        else if (field->needed)
            fine = own_wrong(reading, member.pointer, "this is missing");
    }
    return fine;
}

bool
own_shape_read(OwnReading *reading, const OwnShape *shape, const Json *object, void *place)
{
    Str currency = json_text(json_get(object, "currency"));
    memcpy(reading->currency, reading->shop->currency, sizeof reading->currency);
    if (currency_is(currency))
        memcpy(reading->currency, currency.at, 3);
    return shape_read(reading, shape, object, "", place) && !reading->problem_count;
}

bool
own_list_read(OwnReading *reading, const OwnField *field, const Json *list, void *owner)
{
    const Member member = {
        .field = field,
        .value = list,
        .pointer = arena_format(reading->arena, "/%s", field->name),
        .place = (char *)owner + field->offset,
    };
    return member_missing(reading, list) || list_read(reading, &member, owner);
}
