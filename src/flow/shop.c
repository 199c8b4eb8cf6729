/* shop.c - the book of shops; see shop.h. */
#include "flow/shop.h"

#include "base/color.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/money.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/clock.h"
#include "engine/log.h"
#include "flow/words.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct ShopBook {
    Store *store;
    SealKey columns;
    const HmacKey *fingerprints;
    const HmacKey *digests;
    pthread_rwlock_t lock; /* of the array */
    GPtrArray *entries;    /* ShopEntry, sorted by id */
    _Atomic int64_t version;
};

/* ---- entries --------------------------------------------------------------------------------------- */

static void
entry_free(ShopEntry *entry)
{
    for (size_t i = 0; i < SHOP_CONNECTORS_MOST; i++)
        hmac_key_free(entry->keys[i]);
    dkim_key_free(entry->dkim);
    shop_words_free(entry->words);
    arena_free(entry->arena);
    g_free(entry);
}

void
shop_unref(const ShopEntry *entry)
{
    ShopEntry *mine = (ShopEntry *)entry;
    if (mine && __atomic_sub_fetch(&mine->refs, 1, __ATOMIC_ACQ_REL) == 0)
        entry_free(mine);
}

static const ShopEntry *
shop_ref(ShopEntry *entry)
{
    __atomic_add_fetch(&entry->refs, 1, __ATOMIC_RELAXED);
    return entry;
}

void
shop_hold(const ShopEntry *entry)
{
    shop_ref((ShopEntry *)entry);
}

static SealPlace
setting_place(Arena *arena, int64_t shop, Setting setting)
{
    return (SealPlace){.shop = shop,
                       .column = arena_format(arena, "setting.%s", setting_row(setting)->key)};
}

static bool
entry_read_settings(const SealKey *columns, Db *db, ShopEntry *entry, GError **error)
{
    for (int i = 0; i < SETTINGS_END; i++)
        entry->settings[i] = str_of(setting_row((Setting)i)->value);
    g_autoptr(Rows) rows =
        db_rows(db, Q_setting_all, BINDS(bind_int("shop", entry->shop.id)), error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        Setting setting;
        if (!setting_find(rows_text(rows, 0), &setting))
            continue; /* of a version that knew more */
        if (!setting_row(setting)->secret)
            entry->settings[setting] = arena_copy(entry->arena, rows_text(rows, 1));
        else if (!seal_open(entry->arena, columns,
                            setting_place(entry->arena, entry->shop.id, setting),
                            rows_blob(rows, 2), &entry->settings[setting], error))
            return fail_at(error, "setting %s of shop " STR_FMT, setting_row(setting)->key,
                           STR_ARG(entry->shop.slug));
    }
    return rows_ok(rows, error);
}

/* What mails and pages stand on; the same values are in ui/mail/sections/head.liquid and app.css. */
static const Color paper_light = {0xff, 0xff, 0xff}, paper_dark = {0x22, 0x22, 0x20};

static Str
color_text(const ShopEntry *entry, Color color)
{
    return str_of(color_format(entry->arena, color));
}

/* Every mail asks for these, and contrast takes powers: once for each version of the shop. */
static void
entry_make_colors(ShopEntry *entry)
{
    Color color = {0x1d, 0x4f, 0x91};
    color_parse(shop_setting(entry, SETTING_BRAND_COLOR), &color);
    entry->colors = (ShopColors){
        .color = color_text(entry, color),
        .on_color = color_text(entry, color_on(color)),
        .link = color_text(entry, color_readable(color, paper_light)),
        .link_dark = color_text(entry, color_readable(color, paper_dark)),
    };
}

static bool
entry_make_dkim(ShopEntry *entry, GError **error)
{
    Str letters = shop_setting(entry, SETTING_DKIM_KEY), private;
    if (!letters.len)
        return true;
    if (!decode(entry->arena, ENCODE_BASE64, letters, &private))
        return fail(error, ERR_CONFIG, "it is not in base64");
    SignKey *key = sign_key_open(private, error);
    if (!key)
        return false;
    entry->dkim = dkim_key_new(key, shop_setting(entry, SETTING_DKIM_DOMAIN),
                               shop_setting(entry, SETTING_DKIM_SELECTOR), error);
    return entry->dkim != NULL;
}

/* Choices that an older version took and this one cannot keep are no reason to stand still: mails leave as usual. */
static void
entry_make_words(ShopEntry *entry)
{
    g_autoptr(GError) problem = NULL;
    Str choices = shop_setting(entry, SETTING_MAIL_SECTIONS);
    if (!choices.len)
        return;
    entry->words = shop_words_new(choices, &problem);
    if (!entry->words)
        log_warn("shop.sections", "shop=%" G_GINT64_FORMAT " error=%s cure=%s", entry->shop.id,
                 problem->message, "Correct mail.sections; until then mails leave as usual.");
}

static bool
entry_make_keys(ShopEntry *entry, GError **error)
{
    for (size_t i = 0; connector_nth(i); i++) {
        Setting setting;
        must(i < SHOP_CONNECTORS_MOST);
        if (!connector_nth(i)->secret)
            continue;
        must(setting_find(str_of(connector_nth(i)->secret), &setting));
        Str secret = entry->settings[setting];
        if (!secret.len)
            continue;
        entry->keys[i] = hmac_key_new(DIGEST_SHA256, secret);
        entry->secrets[i] = (ConnectorSecret){secret, entry->keys[i]};
    }
    entry_make_colors(entry);
    entry->zone = zone_get(entry->shop.zone.at, error);
    if (!entry->zone)
        return fail_at(error, "zone of shop " STR_FMT, STR_ARG(entry->shop.slug));
    entry_make_words(entry);
    return entry_make_dkim(entry, error) ||
           fail_at(error, "DKIM key of shop " STR_FMT, STR_ARG(entry->shop.slug));
}

static ShopEntry *
entry_new(Rows *rows)
{
    ShopEntry *entry = g_new0(ShopEntry, 1);
    Arena *arena = entry->arena = arena_new(LIMIT_ARENA_BYTES);
    entry->refs = 1;
    entry->shop = (Shop){
        .id = rows_int(rows, 0),
        .slug = arena_copy(arena, rows_text(rows, 1)),
        .name = arena_copy(arena, rows_text(rows, 2)),
        .currency = arena_copy(arena, rows_text(rows, 3)),
        .zone = arena_copy(arena, rows_text(rows, 4)),
        .locale = arena_copy(arena, rows_text(rows, 5)),
        .is_live = !rows_is_null(rows, 6),
        .live_since = rows_int(rows, 6),
        .version = rows_int(rows, 7),
    };
    return entry;
}

/* ---- the book ---------------------------------------------------------------------------------------- */

static Str
setting_named(const void *shop, const char *key)
{
    Setting setting;
    must(setting_find(str_of(key), &setting));
    return shop_setting(shop, setting);
}

PlugSettings
shop_settings(const ShopEntry *entry)
{
    return (PlugSettings){setting_named, entry};
}

ShopBook *
shopbook_new(Store *store, const Keyring *keyring)
{
    ShopBook *book = g_new0(ShopBook, 1);
    book->store = store;
    book->columns = keyring->columns;
    book->fingerprints = keyring->suppression;
    book->digests = keyring->digests;
    book->entries = g_ptr_array_new_with_free_func((GDestroyNotify)shop_unref);
    pthread_rwlock_init(&book->lock, NULL);
    return book;
}

void
shopbook_free(ShopBook *book)
{
    if (!book)
        return;
    g_ptr_array_unref(book->entries);
    pthread_rwlock_destroy(&book->lock);
    seal_key_clear(&book->columns);
    g_free(book);
}

/* The entry of this version that the book already has, or a new one. */
static bool
shopbook_take(ShopBook *book, Db *db, Rows *rows, GPtrArray *fresh, GError **error)
{
    const ShopEntry *known = shopbook_get(book, rows_int(rows, 0));
    if (known && known->shop.version == rows_int(rows, 7)) {
        g_ptr_array_add(fresh, (void *)known);
        return true;
    }
    shop_unref(known);
    ShopEntry *entry = entry_new(rows);
    entry->fingerprints = book->fingerprints;
    entry->digests = book->digests;
    g_ptr_array_add(fresh, entry);
    return entry_read_settings(&book->columns, db, entry, error) && entry_make_keys(entry, error);
}

static bool
shopbook_read(ShopBook *book, Db *db, GPtrArray *fresh, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_shop_all, NULL, error);
    if (!rows)
        return false;
    while (rows_next(rows))
        if (!shopbook_take(book, db, rows, fresh, error))
            return false;
    return rows_ok(rows, error);
}

bool
shopbook_load(ShopBook *book, GError **error)
{
    Db *db = store_reader(book->store, error);
    if (!db)
        return false;
    GPtrArray *fresh = g_ptr_array_new_with_free_func((GDestroyNotify)shop_unref);
    bool ok = shopbook_read(book, db, fresh, error);
    store_reader_return(book->store, db);
    if (ok) {
        pthread_rwlock_wrlock(&book->lock);
        GPtrArray *old = book->entries;
        book->entries = fresh;
        fresh = old;
        pthread_rwlock_unlock(&book->lock);
        atomic_fetch_add(&book->version, 1);
    }
    g_ptr_array_unref(fresh);
    return ok;
}

int64_t
shopbook_version(ShopBook *book)
{
    return atomic_load(&book->version);
}

const ShopEntry *
shopbook_find(ShopBook *book, Str slug)
{
    const ShopEntry *found = NULL;
    pthread_rwlock_rdlock(&book->lock);
    for (guint i = 0; i < book->entries->len && !found; i++) {
        ShopEntry *entry = book->entries->pdata[i];
        if (str_eq(entry->shop.slug, slug))
            found = shop_ref(entry);
    }
    pthread_rwlock_unlock(&book->lock);
    return found;
}

const ShopEntry *
shopbook_get(ShopBook *book, int64_t shop)
{
    const ShopEntry *found = NULL;
    pthread_rwlock_rdlock(&book->lock);
    /* Numbers count from 1 and shops are never removed, so the place is known. */
    if (shop >= 1 && shop <= (int64_t)book->entries->len)
        found = shop_ref(book->entries->pdata[shop - 1]);
    pthread_rwlock_unlock(&book->lock);
    must(!found || found->shop.id == shop);
    return found;
}

const ShopEntry *
shopbook_nth(ShopBook *book, size_t n)
{
    return shopbook_get(book, (int64_t)n + 1);
}

/* ---- changing ------------------------------------------------------------------------------------------ */

static bool
slug_check(Str slug, GError **error)
{
    bool good = slug.len >= 1 && slug.len <= 40 && g_ascii_isalnum(slug.at[0]);
    for (size_t i = 0; i < slug.len; i++)
        good = good &&
               (g_ascii_islower(slug.at[i]) || g_ascii_isdigit(slug.at[i]) || slug.at[i] == '-');
    return good || fail(error, ERR_INPUT,
                        "'" STR_FMT "' cannot stand in an address: a shop's short name has small "
                        "letters a-z, digits and hyphens, 40 at most",
                        STR_ARG(slug));
}

/* RFC 5646, of which all languages that are in use begin with two or three letters: "english" is none. */
static bool
locale_is(Str tag)
{
    enum { TAG_MOST = 35 };
    size_t language = 0;
    while (language < tag.len && g_ascii_isalpha(tag.at[language]))
        language++;
    bool good = (language == 2 || language == 3) && tag.len <= TAG_MOST && !str_ends(tag, "-");
    for (size_t i = language; i < tag.len; i++)
        good = good &&
               (i == language ? tag.at[i] == '-' : g_ascii_isalnum(tag.at[i]) || tag.at[i] == '-');
    return good;
}

static bool
shop_check(const ShopNew *shop, GError **error)
{
    Str name = shop->name;
    g_autofree char *currency = g_strndup(shop->currency.at, shop->currency.len);
    g_autofree char *zone = g_strndup(shop->zone.at, shop->zone.len);
    if (!name.len || name.len > 200 || !text_valid(name))
        return fail(error, ERR_INPUT, "the name of a shop is 1 to 200 bytes of UTF-8");
    if (money_digits(currency) < 0)
        return fail(error, ERR_INPUT, "'%s' is no ISO 4217 currency like EUR", currency);
    if (!zone_get(zone, error))
        return false;
    return locale_is(shop->locale) ||
           fail(error, ERR_INPUT, "'" STR_FMT "' is no language tag like en or pt-BR",
                STR_ARG(shop->locale));
}

static bool
shop_append_job(Db *db, void *arg, GError **error)
{
    const ShopNew *shop = arg;
    return db_run(db, Q_shop_append,
                  BINDS(bind_int("at", clock_now()), bind_text("slug", shop->slug),
                        bind_text("name", shop->name), bind_text("currency", shop->currency),
                        bind_text("zone", shop->zone), bind_text("locale", shop->locale)),
                  NULL, error);
}

bool
shop_add(Store *store, const ShopNew *shop, GError **error)
{
    if (!slug_check(shop->slug, error) || !shop_check(shop, error))
        return false;
    g_autoptr(GError) problem = NULL;
    if (store_write(store, STORE_RECEIPT, shop_append_job, (void *)shop, &problem))
        return true;
    if (error_is(problem, ERR_CONFLICT))
        return fail(error, ERR_CONFLICT,
                    "there is a shop " STR_FMT " already; `postlude shop set` changes it",
                    STR_ARG(shop->slug));
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

typedef struct SettingChange {
    Setting setting;
    Str value;
    Str sealed;
} SettingChange;

/* All that one call changes: it is written whole or not at all. */
typedef struct ShopChange {
    Shop shop;
    const SealKey *columns;
    bool has_fields; /* the shop's row changes too */
    SettingChange *settings;
    size_t setting_count;
} ShopChange;

/* Can the shop be made ready with what is set now? A change after which it cannot is refused as a whole: no server
 * starts on settings that do not fit together. */
static bool
shop_check_entry(Db *db, const ShopChange *change, GError **error)
{
    bool ok = true;
    g_autoptr(Rows) rows = db_rows(db, Q_shop_all, NULL, error);
    while (rows && ok && rows_next(rows)) {
        if (rows_int(rows, 0) != change->shop.id)
            continue;
        ShopEntry *entry = entry_new(rows);
        ok =
            entry_read_settings(change->columns, db, entry, error) && entry_make_keys(entry, error);
        shop_unref(entry);
    }
    return rows && ok && rows_ok(rows, error);
}

static bool
shop_write_fields(Db *db, const Shop *shop, GError **error)
{
    return db_run(
        db, Q_shop_update,
        BINDS(bind_text("name", shop->name), bind_text("currency", shop->currency),
              bind_text("zone", shop->zone), bind_text("locale", shop->locale),
              shop->is_live ? bind_int("live_since", shop->live_since) : bind_null("live_since"),
              bind_int("id", shop->id)),
        NULL, error);
}

static bool
shop_write_setting(Db *db, int64_t shop, const SettingChange *change, GError **error)
{
    Bind here = bind_int("shop", shop), key = bind_cstr("key", setting_row(change->setting)->key);
    if (!change->value.len)
        return db_run(db, Q_setting_drop, BINDS(here, key), NULL, error);
    bool sealed = change->sealed.len > 0;
    return db_run(db, Q_setting_save,
                  BINDS(here, key, bind_int("at", clock_now()),
                        sealed ? bind_null("value") : bind_text("value", change->value),
                        sealed ? bind_blob("sealed", change->sealed) : bind_null("sealed")),
                  NULL, error);
}

static bool
shop_change_job(Db *db, void *arg, GError **error)
{
    const ShopChange *change = arg;
    if (change->has_fields && !shop_write_fields(db, &change->shop, error))
        return false;
    for (size_t i = 0; i < change->setting_count; i++)
        if (!shop_write_setting(db, change->shop.id, &change->settings[i], error))
            return false;
    return db_run(db, Q_shop_touch, BINDS(bind_int("id", change->shop.id)), NULL, error) &&
           shop_check_entry(db, change, error);
}

static bool
live_since_parse(Str value, const Zone *zone, Shop *shop, GError **error)
{
    shop->is_live = !str_is(value, "never");
    shop->live_since = 0;
    if (!shop->is_live)
        return true;
    if (str_is(value, "now"))
        shop->live_since = clock_now();
    else if (!when_parse(value, zone, &shop->live_since, error))
        return fail_at(error, "live_since takes now, never or a moment");
    return true;
}

/* Puts the value into the field of that name. *ret_is_field false: there is no such field. */
static bool
field_set(const ShopEntry *entry, Str key, Str value, Shop *shop, bool *ret_is_field,
          GError **error)
{
    *ret_is_field = true;
    if (str_is(key, "live_since"))
        return live_since_parse(value, entry->zone, shop, error);
    if (str_is(key, "name"))
        shop->name = value;
    else if (str_is(key, "currency"))
        shop->currency = value;
    else if (str_is(key, "zone"))
        shop->zone = value;
    else if (str_is(key, "locale"))
        shop->locale = value;
    else
        *ret_is_field = false;
    return true;
}

static bool
setting_unknown(Str key, GError **error)
{
    const char *near = setting_nearest(key);
    if (str_is(key, "slug"))
        return fail(error, ERR_INPUT,
                    "the short name of a shop stands in addresses that were sent, and stays");
    if (near)
        return fail(error, ERR_INPUT, "there is no setting '" STR_FMT "'; did you mean %s?",
                    STR_ARG(key), near);
    return fail(error, ERR_INPUT,
                "there is no setting '" STR_FMT "'; `postlude list settings` shows all",
                STR_ARG(key));
}

/* Takes one value into the change. */
static bool
change_add(Arena *arena, ShopChange *change, const ShopEntry *entry, const ShopValue *value,
           GError **error)
{
    Str key = value->key;
    bool is_field = false;
    if (!text_valid(value->value) || value->value.len > LIMIT_TEMPLATE_BYTES)
        return fail(error, ERR_INPUT, STR_FMT ": the value is too long or no UTF-8", STR_ARG(key));
    if (!field_set(entry, key, value->value, &change->shop, &is_field, error))
        return false;
    change->has_fields |= is_field;
    if (is_field)
        return true;
    SettingChange *setting = &change->settings[change->setting_count++];
    setting->value = value->value;
    if (!setting_find(key, &setting->setting))
        return setting_unknown(key, error);
    if (setting_row(setting->setting)->secret && value->value.len)
        setting->sealed =
            seal_close(arena, change->columns,
                       setting_place(arena, entry->shop.id, setting->setting), value->value);
    return true;
}

bool
shop_set(Store *store, const SealKey *columns, const ShopEntry *entry, const ShopValue *values,
         size_t count, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    ShopChange change = {
        .shop = entry->shop,
        .columns = columns,
        .settings = arena_new_of(arena, SettingChange, count),
    };
    for (size_t i = 0; i < count; i++)
        if (!change_add(arena, &change, entry, &values[i], error))
            return false;
    const Shop *shop = &change.shop;
    ShopNew fields = {shop->slug, shop->name, shop->currency, shop->zone, shop->locale};
    return (!change.has_fields || shop_check(&fields, error)) &&
           store_write(store, STORE_RECEIPT, shop_change_job, &change, error);
}
