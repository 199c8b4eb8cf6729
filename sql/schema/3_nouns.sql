-- The nouns: who bought what, and what became of it. Foreign ids are the shop system's, as text, exact.

CREATE TABLE company (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,       -- the shop system's id; the name in small letters where it has none
    name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX company_foreign ON company (shop, source, foreign_id);

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,                  -- the row that told us first
    source TEXT NOT NULL,           -- connector; 'guest' for an address without an account
    foreign_id TEXT NOT NULL,       -- the shop system's id; a guest's address
    email TEXT,                     -- as it is written to
    email_key TEXT,                 -- the same in small letters: for finding
    phone TEXT,
    first_name TEXT,
    last_name TEXT,
    locale TEXT,                    -- BCP 47
    zone TEXT,                      -- IANA; NULL: the shop's
    channel TEXT,                   -- preferred: email, sms, phone, paper
    company_id INTEGER,             -- whom the person buys for; a company may have several
    addresses TEXT,                 -- JSON list of postal addresses, the usual one first
    tags TEXT,
    note TEXT,
    birthday INTEGER,               -- month * 100 + day: 229
    joined_at INTEGER,              -- account opened
    deleted_at INTEGER,             -- the shop system has the account no more
    erased_at INTEGER,              -- nothing of the person is left here, and nothing is learned any more
    merged_into INTEGER,            -- the same person as this customer; NULL: stands for itself
    updated_at INTEGER NOT NULL     -- version of these facts, by the sender's clock; 0: none
) STRICT;
CREATE UNIQUE INDEX customer_foreign ON customer (shop, source, foreign_id);
CREATE INDEX customer_email ON customer (shop, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX customer_company ON customer (shop, company_id) WHERE company_id IS NOT NULL;
CREATE INDEX customer_merged ON customer (shop, merged_into) WHERE merged_into IS NOT NULL;

-- Each time that two customers were found to be one person, and each time that this was taken back.
CREATE TABLE merge (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    from_id INTEGER NOT NULL,       -- stands for itself no more
    into_id INTEGER NOT NULL,
    reason TEXT NOT NULL,           -- same_address (a guest who has an account), by_hand, shop_system
    undone_at INTEGER               -- taken back; the same two are not merged again by themselves
) STRICT;
CREATE INDEX merge_from ON merge (shop, from_id, id);

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,       -- the shop system's id; the SKU where a line has no product
    title TEXT NOT NULL,
    vendor TEXT,
    kind TEXT,                      -- the shop's own word: Boots
    url TEXT,
    image_url TEXT,
    tags TEXT,
    currency TEXT,                  -- of its variants' prices; NULL: the shop's
    offered INTEGER,                -- 1: can be bought today; NULL: known from an order only
    deleted_at INTEGER,
    updated_at INTEGER NOT NULL     -- version; 0: known from an order only
) STRICT;
CREATE UNIQUE INDEX product_foreign ON product (shop, source, foreign_id);

CREATE TABLE variant (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    position INTEGER NOT NULL,      -- 0, 1, 2 ... as the shop shows them
    foreign_id TEXT NOT NULL,
    sku TEXT,
    title TEXT,
    barcode TEXT,                   -- GTIN and the like
    image_url TEXT,
    price INTEGER NOT NULL,         -- minor units of the product's currency
    weight_grams INTEGER NOT NULL,
    ships INTEGER NOT NULL,
    updated_at INTEGER NOT NULL     -- version of what was told of it alone; 0: known by its product only
) STRICT;
CREATE UNIQUE INDEX variant_product ON variant (shop, product_id, position);

CREATE TABLE coupon (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,             -- percent, amount, shipping
    value TEXT,                     -- percent, or amount in the currency, as told
    currency TEXT,                  -- NULL: the shop's
    ends_at INTEGER,
    usage_limit INTEGER,
    used INTEGER NOT NULL,
    deleted_at INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX coupon_foreign ON coupon (shop, source, foreign_id);

-- `order` is a word of SQL; so this one table has its noun in the plural.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    name TEXT NOT NULL,             -- as people say it: #1001
    customer_id INTEGER,            -- as the shop system told it; whom that one was merged into stands there
    email TEXT,                     -- where this order's mail goes: buyers may be guests
    phone TEXT,
    locale TEXT,                    -- frozen when the order was placed
    currency TEXT NOT NULL,         -- of all amounts below, which are in minor units
    subtotal INTEGER NOT NULL,
    shipping INTEGER NOT NULL,
    fees INTEGER NOT NULL,          -- what is added beside: payment, gift wrap
    tax INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    total INTEGER NOT NULL,
    tax_included INTEGER NOT NULL,  -- 1: the prices of the lines hold the tax
    discount_codes TEXT,            -- as the buyer typed them: SPRING, ANA10
    shipping_title TEXT,            -- as the buyer chose it: Standard
    channel TEXT,                   -- where it was sold, by the shop's own word: web, pos
    url TEXT,                       -- the shop system's own page of it
    tags TEXT,
    payment TEXT NOT NULL,          -- payments.def: pending, paid, refunded ...
    fulfilment TEXT NOT NULL,       -- none, partial, fulfilled
    quiet TEXT,                     -- why it never causes a mail: test, draft, fraud, marketplace; NULL: it does
    gift INTEGER NOT NULL,          -- 1: prices stay off its page and what travels with it
    renewal INTEGER NOT NULL,       -- 1: of a subscription, no first order
    in_person INTEGER NOT NULL,     -- 1: over the counter or a service, nothing is shipped
    placed_at INTEGER NOT NULL,
    cancelled_at INTEGER,
    deleted_at INTEGER,             -- the shop system has it no more
    delivered_at INTEGER,           -- all that ships has arrived; ours, from the shipments
    erased_at INTEGER,              -- its sums are left, nothing of the person; nothing is learned any more
    promised_from INTEGER,          -- when the buyer was told it will arrive
    promised_until INTEGER,
    ship_to TEXT,                   -- JSON of a PostalAddress
    bill_to TEXT,
    note TEXT,
    updated_at INTEGER NOT NULL,    -- version: the newest facts win, whatever order they come in; 0: none
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
    variant_foreign_id TEXT,
    sku TEXT,
    title TEXT NOT NULL,
    variant TEXT,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,         -- of one, minor units of the order's currency
    discount INTEGER NOT NULL,      -- on the whole line
    ships INTEGER NOT NULL          -- 1: goes into a parcel
) STRICT;
CREATE UNIQUE INDEX order_line_order ON order_line (shop, order_id, position);

-- What leaves the shop at one time, in one or more parcels.
CREATE TABLE shipment (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    name TEXT,                      -- #1001.1
    state TEXT NOT NULL,            -- shipments.def
    state_at INTEGER NOT NULL,      -- when that was so, by the carrier's or the shop system's word
    shipped_at INTEGER,
    delivered_at INTEGER,
    expected_from INTEGER,
    expected_until INTEGER,
    updated_at INTEGER NOT NULL,    -- version; 0: none
    hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX shipment_foreign ON shipment (shop, source, foreign_id);
CREATE INDEX shipment_order ON shipment (shop, order_id, id);

CREATE TABLE parcel (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    shipment_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    carrier TEXT,                   -- as told: DHL Express
    number TEXT,
    url TEXT                        -- where the carrier shows it
) STRICT;
CREATE UNIQUE INDEX parcel_shipment ON parcel (shop, shipment_id, position);
CREATE INDEX parcel_number ON parcel (shop, number) WHERE number IS NOT NULL;

CREATE TABLE shipment_line (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    shipment_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    line_foreign_id TEXT,           -- of the order's line
    sku TEXT,
    quantity INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX shipment_line_shipment ON shipment_line (shop, shipment_id, position);

-- Each word of the carrier, once.
CREATE TABLE scan (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    shipment_id INTEGER NOT NULL,
    number TEXT NOT NULL,           -- of the parcel; '' for the whole shipment
    state TEXT NOT NULL,
    words TEXT,
    place TEXT,
    happened_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX scan_once ON scan (shop, shipment_id, happened_at, state, number);

CREATE TABLE refund (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,        -- all of it, minor units, positive
    refunded_at INTEGER NOT NULL,
    note TEXT
) STRICT;
CREATE UNIQUE INDEX refund_foreign ON refund (shop, source, foreign_id);
CREATE INDEX refund_order ON refund (shop, order_id, id);

CREATE TABLE refund_line (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    refund_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    line_foreign_id TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX refund_line_refund ON refund_line (shop, refund_id, position);

-- What the shop system had no more before anybody told us of it: a late copy of it does not bring it back.
CREATE TABLE gone (
    shop INTEGER NOT NULL,
    source TEXT NOT NULL,
    noun TEXT NOT NULL,             -- order, customer, product, coupon
    foreign_id TEXT NOT NULL,
    gone_at INTEGER NOT NULL,
    PRIMARY KEY (shop, source, noun, foreign_id)
) STRICT, WITHOUT ROWID;

-- Deliveries that speak of something which nobody has told us of yet; read again when it comes.
CREATE TABLE early (
    shop INTEGER NOT NULL,
    source TEXT NOT NULL,
    noun TEXT NOT NULL,             -- order, shipment, customer, product
    foreign_id TEXT NOT NULL,       -- whom it waits for
    inbox_id INTEGER NOT NULL,
    PRIMARY KEY (shop, source, noun, foreign_id, inbox_id)
) STRICT, WITHOUT ROWID;

-- Consent belongs to an address, not to an account: most buyers are guests. Nothing is overwritten: the newest choice
-- counts, the others are its history.
CREATE TABLE consent (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,          -- normalised
    topic TEXT NOT NULL,            -- marketing, reviews, ...; '' for all of marketing
    state TEXT NOT NULL,            -- given, withdrawn
    basis TEXT NOT NULL,            -- opt_in, double_opt_in, existing_customer; asked: withdrawn by its owner
    proof TEXT,                     -- where and when and under which words
    chosen_at INTEGER NOT NULL      -- when the choice was made: the newest counts
) STRICT;
CREATE INDEX consent_address ON consent (shop, channel, address, chosen_at, id);

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
CREATE INDEX suppression_address ON suppression (shop, channel, address, scope) WHERE lifted_at IS NULL;

-- What somebody asked by law of what we keep (GDPR articles 15 and 17), and what was done.
CREATE TABLE privacy_ask (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER,
    kind TEXT NOT NULL,             -- export, erase, erase_shop
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,       -- of the asking, or what it names: the same twice is one
    customer_foreign_id TEXT,       -- these five go when it is done
    email TEXT,
    phone TEXT,
    orders TEXT,                    -- JSON list of foreign ids; NULL: all
    gathered TEXT,                  -- JSON: what the person is known by, while the erasure is under way
    due_at INTEGER NOT NULL,        -- by law
    state TEXT NOT NULL,            -- new, done
    receipt TEXT,                   -- JSON: what was erased, table by table, and what is held; with every step, so far
    finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX privacy_ask_foreign ON privacy_ask (shop, source, kind, foreign_id);
CREATE INDEX privacy_ask_new ON privacy_ask (id) WHERE state = 'new';

-- What law obliges to keep of an erased order (setting privacy.hold_years), sealed and dated.
CREATE TABLE legal_hold (
    id INTEGER PRIMARY KEY,
    shop INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- the asking
    order_id INTEGER NOT NULL,
    until INTEGER NOT NULL,         -- then it goes by itself
    sealed BLOB NOT NULL            -- JSON of name, mail address and postal addresses, AEAD over (shop, order)
) STRICT;
CREATE INDEX legal_hold_until ON legal_hold (until);
CREATE UNIQUE INDEX legal_hold_order ON legal_hold (shop, order_id);
