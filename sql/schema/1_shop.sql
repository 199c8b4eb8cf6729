-- Shops and what they have set. Times are ms UTC; `shop` leads every key.

CREATE TABLE shop (
    id INTEGER PRIMARY KEY,         -- small number, the value of every other table's `shop`
    at INTEGER NOT NULL,            -- when it was added
    slug TEXT NOT NULL,             -- its name in addresses: /in/SLUG/shopify
    name TEXT NOT NULL,             -- as its customers know it
    currency TEXT NOT NULL,         -- ISO 4217
    zone TEXT NOT NULL,             -- IANA time zone of the shop
    locale TEXT NOT NULL,           -- BCP 47, the language of its pages and mails where the order has none
    live_since INTEGER,             -- orders placed before are history; NULL: not live, nothing leaves
    version INTEGER NOT NULL        -- counts every change of the shop or its settings, for caches
) STRICT;
CREATE UNIQUE INDEX shop_slug ON shop (slug);

CREATE TABLE setting (
    shop INTEGER NOT NULL,
    key TEXT NOT NULL,              -- a row of settings.def
    at INTEGER NOT NULL,            -- when it was last set
    value TEXT,                     -- as typed; NULL for a sealed one
    sealed BLOB,                    -- AEAD over (shop, key) for secrets; NULL for open ones
    PRIMARY KEY (shop, key)
) STRICT, WITHOUT ROWID;

-- What the installation remembers of itself.
CREATE TABLE installation (
    key TEXT NOT NULL,              -- key_fingerprint: whose secrets these are; hold: restored, nothing leaves yet
    at INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key)
) STRICT, WITHOUT ROWID;

-- How large the store was on a day, for the forecast of its disk.
CREATE TABLE disk_day (
    day INTEGER NOT NULL,           -- days since 1970, UTC
    bytes INTEGER NOT NULL,
    PRIMARY KEY (day)
) STRICT, WITHOUT ROWID;
