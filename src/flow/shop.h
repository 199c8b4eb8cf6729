/* shop.h - the shops of the installation with what they have set, ready to use.
 *
 * A ShopEntry is one version of a shop: its row, its settings with secrets opened, keys made. It never
 * changes; a change of the shop makes a new entry, and whoever still holds the old one finishes with it.
 * All threads share the book.
 */
#pragma once

#include "base/digest.h"
#include "base/seal.h"
#include "base/zone.h"
#include "engine/dkim.h"
#include "engine/keyring.h"
#include "engine/store.h"
#include "flow/setting.h"
#include "model.h"
#include "plug/connector/connector.h"

typedef struct ShopBook ShopBook;

enum { SHOP_CONNECTORS_MOST = 32 };

/* What the shop's colour makes of mails and pages, as #rrggbb. */
typedef struct ShopColors {
    Str color;
    Str on_color;  /* of text on it */
    Str link;      /* readable on white */
    Str link_dark; /* readable in dark mode */
} ShopColors;

typedef struct ShopEntry {
    Shop shop;
    ShopColors colors;
    const Zone *zone;
    Str settings[SETTINGS_END]; /* the default where nothing is set */
    /* By the order of connectors.def; text is empty where the shop has none. */
    ConnectorSecret secrets[SHOP_CONNECTORS_MOST];
    HmacKey *keys[SHOP_CONNECTORS_MOST];
    DkimKey *dkim;               /* NULL: mails are not signed */
    struct ShopWords *words;     /* mails as the shop chose (flow/words.h); NULL: as usual */
    const HmacKey *fingerprints; /* of erased addresses; the keyring's */
    const HmacKey *digests;      /* of what was told, to know it again; the keyring's */
    Arena *arena;                /* of all above */
    int refs;                    /* the book's */
} ShopEntry;

static inline Str
shop_setting(const ShopEntry *entry, Setting setting)
{
    return entry->settings[setting];
}

/* What the shop has set, for plugs: by key. Borrowed from the entry: for the call, not for its result. */
PlugSettings shop_settings(const ShopEntry *entry);

ShopBook *shopbook_new(Store *store, const Keyring *keyring);
void shopbook_free(ShopBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShopBook, shopbook_free)

/* Reads the shops again; entries whose version is the same stay. */
bool shopbook_load(ShopBook *book, GError **error);

/* Counts the times it was read: for those who keep what they made from settings. */
int64_t shopbook_version(ShopBook *book);

/* The present version of a shop, or NULL. Give it back with shop_unref. */
const ShopEntry *shopbook_find(ShopBook *book, Str slug);
const ShopEntry *shopbook_get(ShopBook *book, int64_t shop);
const ShopEntry *shopbook_nth(ShopBook *book, size_t n);
void shop_unref(const ShopEntry *entry);
/* For one more holder. */
void shop_hold(const ShopEntry *entry);
typedef const ShopEntry ShopHold;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShopHold, shop_unref)

/* ---- changing them --------------------------------------------------------------------------------- */

typedef struct ShopNew {
    Str slug; /* a-z, 0-9 and hyphens; stands in addresses */
    Str name;
    Str currency;
    Str zone;
    Str locale;
} ShopNew;

/* Checks the fields (ERR_INPUT names which and what it may be) and adds the shop; ERR_CONFLICT if the slug
 * is taken. */
bool shop_add(Store *store, const ShopNew *shop, GError **error);

/* One thing to set: a field of the shop or a row of settings.def; an empty value is the default again. */
typedef struct ShopValue {
    Str key;
    Str value; /* live_since takes `now`, `never` or a moment */
} ShopValue;

/* Sets all of them, or none. ERR_INPUT names the nearest key, or what the value may be. */
bool shop_set(Store *store, const SealKey *columns, const ShopEntry *entry, const ShopValue *values,
              size_t count, GError **error);
