/* legal.c - see legal.h. */
#include "flow/legal.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"

static LegalText
legal_read(Rows *rows, Arena *arena)
{
    return (LegalText){
        .id = rows_int(rows, 0),
        .at = rows_int(rows, 1),
        .country = arena_copy(arena, rows_text(rows, 2)),
        .language = arena_copy(arena, rows_text(rows, 3)),
        .text = arena_copy(arena, rows_text(rows, 4)),
    };
}

bool
legal_find(Db *db, Arena *arena, const ShopEntry *shop, Str country, Str language, LegalText *ret,
           GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_legal_find,
                                   BINDS(bind_int("shop", shop->shop.id),
                                         bind_text("country", country.len ? country : STR("")),
                                         bind_text("language", language.len ? language : STR(""))),
                                   error);
    if (!rows)
        return false;
    *ret = rows_next(rows) ? legal_read(rows, arena)
                           : (LegalText){.text = shop_setting(shop, SETTING_LEGAL_TEXT)};
    return rows_ok(rows, error);
}

/* Two letters, as ISO 3166-1 and the languages of our words have them; or none. */
static bool
code_fits(Str code, bool upper)
{
    if (!code.len)
        return true;
    return code.len == 2 && (upper ? g_ascii_isupper(code.at[0]) && g_ascii_isupper(code.at[1])
                                   : g_ascii_islower(code.at[0]) && g_ascii_islower(code.at[1]));
}

bool
legal_append(Db *db, int64_t shop, const LegalText *legal, GError **error)
{
    if (!code_fits(legal->country, true))
        return fail(error, ERR_INPUT, "the country is two capital letters, like DE");
    if (!code_fits(legal->language, false))
        return fail(error, ERR_INPUT, "the language is two small letters, like de");
    if (!str_trim(legal->text).len || legal->text.len > LIMIT_TEMPLATE_BYTES ||
        !text_valid(legal->text))
        return fail(error, ERR_INPUT, "the legal text is empty, longer than %d kB or not in UTF-8",
                    LIMIT_TEMPLATE_BYTES / 1024);
    return db_run(db, Q_legal_append,
                  BINDS(bind_int("id", id_new(KIND_LEGAL_TEXT)), bind_int("shop", shop),
                        bind_int("at", clock_now()),
                        bind_text("country", legal->country.len ? legal->country : STR("")),
                        bind_text("language", legal->language.len ? legal->language : STR("")),
                        bind_text("text", str_trim(legal->text))),
                  NULL, error);
}

bool
legal_exists(Db *db, int64_t shop, bool *ret, GError **error)
{
    int64_t count = 0;
    if (!db_int(db, Q_legal_count, BINDS(bind_int("shop", shop)), &count, error))
        return false;
    *ret = count > 0;
    return true;
}

bool
legal_list(Db *db, Arena *arena, int64_t shop, LegalText **ret, size_t *ret_count, GError **error)
{
    LegalText *list = arena_new_of(arena, LegalText, LIMIT_PAGE_ROWS);
    size_t count = 0;
    g_autoptr(Rows) rows = db_rows(
        db, Q_legal_list, BINDS(bind_int("shop", shop), bind_int("limit", LIMIT_PAGE_ROWS)), error);
    if (!rows)
        return false;
    while (rows_next(rows))
        list[count++] = legal_read(rows, arena);
    *ret = list;
    *ret_count = count;
    return rows_ok(rows, error);
}
