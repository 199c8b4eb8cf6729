-- shop.sql: shops and their settings.

-- name: shop_all
-- Every shop of the installation.
-- any shop: this is the list of them
SELECT id, slug, name, currency, zone, locale, live_since, version FROM shop ORDER BY id;

-- name: shop_append
-- A new shop; its number is the next one.
-- any shop: makes one
INSERT INTO shop (id, at, slug, name, currency, zone, locale, live_since, version)
SELECT coalesce(max(id), 0) + 1, :at, :slug, :name, :currency, :zone, :locale, NULL, 1 FROM shop;

-- name: shop_update
-- What the owner sets of the shop itself.
-- any shop: this table is keyed by the shop's own number
UPDATE shop SET name = :name, currency = :currency, zone = :zone, locale = :locale, live_since = :live_since,
    version = version + 1
WHERE id = :id;

-- name: shop_touch
-- One of its settings changed.
-- any shop: this table is keyed by the shop's own number
UPDATE shop SET version = version + 1 WHERE id = :id;

-- name: setting_all
-- What a shop has set.
SELECT key, value, sealed FROM setting WHERE shop = :shop ORDER BY key;

-- name: setting_save
-- Sets one key.
INSERT INTO setting (shop, key, at, value, sealed) VALUES (:shop, :key, :at, :value, :sealed)
ON CONFLICT (shop, key) DO UPDATE SET at = excluded.at, value = excluded.value, sealed = excluded.sealed;

-- name: setting_drop
-- Back to the default.
DELETE FROM setting WHERE shop = :shop AND key = :key;
