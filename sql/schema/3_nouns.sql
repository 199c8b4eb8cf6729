-- The nouns: who bought what. Foreign ids are the shop system's, as text, exact.

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,                  -- the inbox row that told us first
    source TEXT NOT NULL,           -- connector; 'guest' for an address without an account
    foreign_id TEXT NOT NULL,       -- the shop system's id; a guest's address
    email TEXT,                     -- normalised
    phone TEXT,
    first_name TEXT,
    last_name TEXT,
    locale TEXT,
    updated_at INTEGER NOT NULL     -- version of these facts, by the sender's clock
) STRICT;
CREATE UNIQUE INDEX customer_foreign ON customer (shop, source, foreign_id);
CREATE INDEX customer_email ON customer (shop, email);

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,       -- the shop system's id; the SKU where a line has no product
    title TEXT NOT NULL,
    vendor TEXT
) STRICT;
CREATE UNIQUE INDEX product_foreign ON product (shop, source, foreign_id);

-- `order` is a word of SQL; so this one table has its noun in the plural.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    name TEXT NOT NULL,             -- as people say it: #1001
    customer_id INTEGER,
    email TEXT,                     -- where this order's mail goes: buyers may be guests
    phone TEXT,
    locale TEXT,                    -- frozen when the order was placed
    currency TEXT NOT NULL,         -- of all amounts below, which are in minor units
    subtotal INTEGER NOT NULL,
    shipping INTEGER NOT NULL,
    tax INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    total INTEGER NOT NULL,
    tax_included INTEGER NOT NULL,  -- 1: the prices of the lines hold the tax
    shipping_title TEXT,            -- as the buyer chose it: Standard
    payment TEXT NOT NULL,          -- orders.def: pending, paid, refunded ...
    fulfilment TEXT NOT NULL,       -- none, partial, fulfilled
    placed_at INTEGER NOT NULL,
    cancelled_at INTEGER,
    test INTEGER NOT NULL,          -- 1: never causes a mail
    ship_to TEXT,                   -- JSON of a PostalAddress
    bill_to TEXT,
    note TEXT,
    updated_at INTEGER NOT NULL,    -- version: the newest facts win, whatever order they come in
    hash BLOB NOT NULL,             -- of the facts: the same content twice is no news
    generation INTEGER NOT NULL     -- of its page's link; counting up makes old links void
) STRICT;
CREATE UNIQUE INDEX orders_foreign ON orders (shop, source, foreign_id);
CREATE INDEX orders_customer ON orders (shop, customer_id);

CREATE TABLE order_line (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    position INTEGER NOT NULL,      -- 0, 1, 2 ... as the buyer saw them
    foreign_id TEXT NOT NULL,
    product_id INTEGER,
    sku TEXT,
    title TEXT NOT NULL,
    variant TEXT,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,         -- of one, minor units of the order's currency
    discount INTEGER NOT NULL,      -- on the whole line
    ships INTEGER NOT NULL          -- 1: goes into a parcel
) STRICT;
CREATE UNIQUE INDEX order_line_order ON order_line (shop, order_id, position);

-- Consent belongs to an address, not to an account: most buyers are guests.
CREATE TABLE consent (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,          -- normalised
    topic TEXT NOT NULL,            -- marketing, reviews, ...; '' for all of marketing
    state TEXT NOT NULL,            -- given, withdrawn
    basis TEXT NOT NULL,            -- opt_in, double_opt_in, existing_customer
    proof TEXT                      -- where and when and under which words
) STRICT;
CREATE INDEX consent_address ON consent (shop, channel, address, id);

CREATE TABLE suppression (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    scope TEXT NOT NULL,            -- all: the address does not work; marketing: nothing but what is due
    reason TEXT NOT NULL,           -- hard_bounce, complaint, asked, by_hand
    lifted_at INTEGER               -- when somebody took it back
) STRICT;
CREATE INDEX suppression_address ON suppression (shop, channel, address) WHERE lifted_at IS NULL;
